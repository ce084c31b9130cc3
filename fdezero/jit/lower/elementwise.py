"""Functions of each entry: NumPy's and SciPy's ufuncs, powers, choices, changes of dtype, parts of real numbers."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ...core import zeros
from ...core.table import implementations
from ...rules.numpy import elementwise as rules
from ...rules.numpy import matrices, reductions, special
from ...transforms import grad
from ..builder import Builder
from ..program import Type

#: What emits a primitive: from the builder, the recorded type of the result, the operands and the parameters.
Emit = Callable[[Builder, Type, tuple[int, ...], Mapping[str, Any]], int | None]

#: Python's operators, by which the rules call ufuncs, and those between Python's numbers.
_OPERATORS: dict[Any, Any] = {
    operator.add: np.add, operator.sub: np.subtract, operator.mul: np.multiply, operator.truediv: np.divide,
    operator.floordiv: np.floor_divide, operator.neg: np.negative, operator.mod: np.remainder, operator.abs: np.absolute,
    operator.pow: np.power, operator.lt: np.less, operator.le: np.less_equal, operator.gt: np.greater,
    operator.ge: np.greater_equal, operator.eq: np.equal, operator.ne: np.not_equal,
}  # fmt: skip


def of_ufunc(primitive: Any) -> Emit | None:
    """What emits a primitive whose function is a ufunc with one result, or an operator that calls one."""
    function = primitive.function
    ufunc = _OPERATORS.get(function) if function.__class__ is not np.ufunc else function
    if ufunc is None or ufunc.nout != 1 or ufunc.signature is not None:
        return None
    if function is operator.pow:
        return _python_s_power
    return lambda b, out, xs, params: None if params else b.map(ufunc, *xs)


def _mapped(*functions: Any) -> Emit:
    """A chain of ufuncs, the first of which takes all operands."""

    def emit(b: Builder, out: Type, xs: tuple[int, ...], params: Mapping[str, Any]) -> int:
        x = b.map(functions[0], *xs)
        for function in functions[1:]:
            x = b.map(function, x)
        return x

    return emit


def same(b: Builder, out: Type, xs: tuple[int, ...], params: Mapping[str, Any]) -> int:
    """The operand."""
    return xs[0]


def fill(b: Builder, value: Any, out: Type) -> int:
    """A value of this type that has one number everywhere."""
    return b.broadcast(b.constant(out.dtype.type(value)), out.shape)


# -- powers ------------------------------------------------------------------------------------------
def _integer_power(b: Builder, out: Type, xs: tuple[int, ...], params: Mapping[str, Any]) -> int:
    return _raised(b, xs[0], params["n"])


def _raised(b: Builder, x: int, n: int) -> int:
    """By repeated squaring, as the primitive does it."""
    if n < 0:
        return b.map(np.divide, b.constant(1), _raised(b, x, -n))
    if n == 0:
        return fill(b, 1, b.types[x])
    if n == 1:
        return x
    if n == 2:
        return b.map(np.multiply, x, x)
    half = _raised(b, x, n // 2)
    whole = b.map(np.multiply, half, half)
    return b.map(np.multiply, whole, x) if n % 2 else whole


def _power(b: Builder, out: Type, xs: tuple[int, ...], params: Mapping[str, Any]) -> int:
    """An array to the power of one half is NumPy's square root, which differs at -0.0 and at -inf."""
    exponent = b.number(xs[1])
    if exponent is not None and exponent == 0.5 and b.shape(xs[0]) and b.dtype(xs[0]) == out.dtype:
        return b.map(np.sqrt, xs[0])
    return b.map(np.power, *xs)


def _python_s_power(b: Builder, out: Type, xs: tuple[int, ...], params: Mapping[str, Any]) -> int:
    n = b.number(xs[1])
    if n is not None and abs(n) <= rules._LARGEST_EXPONENT and n == int(n):
        return _raised(b, xs[0], int(n))
    return b.map(np.power, *xs)


# -- choosing ----------------------------------------------------------------------------------------
def _clip(b: Builder, out: Type, xs: tuple[int, ...], params: Mapping[str, Any]) -> int | None:
    if out.dtype.kind != "f":
        return None
    x, lower, upper = [b.cast(x, out.dtype) for x in xs]
    return b.map(np.minimum, b.map(np.maximum, x, lower), upper)


def _over(b: Builder, out: Type, xs: tuple[int, ...], params: Mapping[str, Any]) -> int | None:
    x, y = xs
    if b.dtype(x) != out.dtype or b.dtype(y) != out.dtype or out.dtype.kind != "f":
        return None
    zero = b.constant(out.dtype.type(0))
    vanishing = b.map(np.equal, y, zero)
    undefined = b.map(np.where, b.map(np.equal, x, zero), x, b.constant(out.dtype.type(np.nan)))
    quotient = b.map(np.divide, x, b.map(np.where, vanishing, b.constant(out.dtype.type(1)), y))
    return b.map(np.where, vanishing, undefined, quotient)


def _vanishes(b: Builder, out: Type, xs: tuple[int, ...], params: Mapping[str, Any]) -> int:
    return b.map(np.equal, xs[0], b.constant(0))


# -- parts and dtypes --------------------------------------------------------------------------------
def _is_complex(b: Builder, x: int) -> bool:
    return b.dtype(x).kind == "c"


def _real(b: Builder, out: Type, xs: tuple[int, ...], params: Mapping[str, Any]) -> int | None:
    return None if _is_complex(b, xs[0]) else xs[0]


def _imag(b: Builder, out: Type, xs: tuple[int, ...], params: Mapping[str, Any]) -> int | None:
    return None if _is_complex(b, xs[0]) else fill(b, 0, out)


def _angle(b: Builder, out: Type, xs: tuple[int, ...], params: Mapping[str, Any]) -> int | None:
    """Of a real number 0 or pi."""
    return None if _is_complex(b, xs[0]) else b.map(np.arctan2, b.constant(0.0), xs[0])


def _astype(b: Builder, out: Type, xs: tuple[int, ...], params: Mapping[str, Any]) -> int | None:
    """Unless an imaginary part is dropped, of which NumPy warns."""
    return None if _is_complex(b, xs[0]) and out.dtype.kind != "c" else b.cast(xs[0], out.dtype)


def _floating(emit: Emit) -> Emit:
    """What is emitted for real floating-point numbers only."""

    def of_floats(b: Builder, out: Type, xs: tuple[int, ...], params: Mapping[str, Any]) -> int | None:
        return emit(b, out, xs, params) if all(b.dtype(x).kind == "f" for x in xs) else None

    return of_floats


def _round(b: Builder, out: Type, xs: tuple[int, ...], params: Mapping[str, Any]) -> int | None:
    return b.map(np.rint, xs[0]) if params["decimals"] == 0 else None


def _sinc(b: Builder, out: Type, xs: tuple[int, ...], params: Mapping[str, Any]) -> int | None:
    if params["n"]:
        return None
    x = b.map(np.multiply, b.constant(float(np.pi)), xs[0])
    safe = b.map(np.where, b.map(np.not_equal, x, b.constant(0)), x, b.constant(np.finfo(out.dtype).eps.item()))
    return b.map(np.divide, b.map(np.sin, safe), safe)


TABLE: dict[Any, Emit] = {
    rules.square: lambda b, out, xs, params: b.map(np.multiply, xs[0], xs[0]),
    rules.positive: same,
    rules.integer_power: _integer_power,
    rules.general_power: _power,
    rules._real_sign: _mapped(np.sign),
    rules.choice: _mapped(np.where),
    rules.careful_choice: _mapped(np.where),
    rules.bounded: _clip,
    rules.real: _real,
    rules.imag: _imag,
    rules.angle_: _floating(_angle),
    rules._as_float: _astype,
    rules._as_other: _astype,
    rules._round: _floating(_round),
    reductions.root_of_squares: _mapped(np.sqrt),
    matrices.over: _over,
    special.sinc_: _floating(_sinc),
    implementations[np.fix].function: _floating(_mapped(np.trunc)),
    zeros.vanishes: _vanishes,
    zeros.is_nan: _mapped(np.isnan),
    grad._stop: same,
}
