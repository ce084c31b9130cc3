"""Arithmetic on single numbers in Python, which takes a tenth of the time of NumPy's.

A value of shape () and dtype float64, int64 or bool is held as Python's float, int or bool; one of another
dtype as a NumPy scalar.  The expressions agree with NumPy's to rounding or raise an exception: at a division
by zero, outside the domain of a function, at an overflow of a function.  Python's products and sums
overflow silently; `unseen` tells which results must be looked at for that.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..program import Instruction, Map, Program

#: How Python holds a number of a dtype.
HELD = {np.dtype(np.float64): "float", np.dtype(np.int64): "int", np.dtype(np.bool_): "bool"}

_COMPARISONS = {
    np.less: "{} < {}",
    np.less_equal: "{} <= {}",
    np.greater: "{} > {}",
    np.greater_equal: "{} >= {}",
    np.equal: "{} == {}",
    np.not_equal: "{} != {}",
}
_ARITHMETIC = {np.add: "{} + {}", np.subtract: "{} - {}", np.multiply: "{} * {}", np.negative: "-{}", np.positive: "{}"}
_CHOICES = {
    np.maximum: "{0} if {0} >= {1} or {0} != {0} else {1}",
    np.minimum: "{0} if {0} <= {1} or {0} != {0} else {1}",
    np.where: "{1} if {0} else {2}",
}
_MATH = {
    np.sqrt: "sqrt", np.exp: "exp", np.expm1: "expm1", np.log: "log", np.log1p: "log1p", np.log2: "log2",
    np.log10: "log10", np.sin: "sin", np.cos: "cos", np.tan: "tan", np.arcsin: "asin", np.arccos: "acos",
    np.arctan: "atan", np.arctan2: "atan2", np.sinh: "sinh", np.cosh: "cosh", np.tanh: "tanh", np.arcsinh: "asinh",
    np.arccosh: "acosh", np.arctanh: "atanh", np.hypot: "hypot", np.power: "pow", np.float_power: "pow",
    np.cbrt: "cbrt", np.exp2: "exp2", np.copysign: "copysign", np.fmod: "fmod",
    np.isfinite: "isfinite", np.isinf: "isinf", np.isnan: "isnan",
}  # fmt: skip
_FLOATS = {
    **_ARITHMETIC,
    np.divide: "{} / {}",
    np.floor_divide: "{} // {}",
    np.remainder: "{} % {}",
    np.absolute: "abs({})",
    np.fabs: "abs({})",
    np.square: "{0} * {0}",
    np.reciprocal: "1.0 / {}",
    np.conjugate: "{}",
    np.sign: "{0} if {0} != {0} else float(({0} > 0.0) - ({0} < 0.0))",
    **{f: f"{name}({', '.join(['{}'] * f.nin)})" for f, name in _MATH.items()},
}
_INTS = {
    **_ARITHMETIC,
    np.floor_divide: "{} // {}",
    np.remainder: "{} % {}",
    np.absolute: "abs({})",
    np.square: "{0} * {0}",
    np.sign: "({0} > 0) - ({0} < 0)",
    np.bitwise_and: "{} & {}",
    np.bitwise_or: "{} | {}",
    np.bitwise_xor: "{} ^ {}",
    np.invert: "~{}",
}
_BOOLS = {
    np.logical_and: "{} and {}",
    np.logical_or: "{} or {}",
    np.logical_not: "not {}",
    np.logical_xor: "{} != {}",
    np.bitwise_and: "{} and {}",
    np.bitwise_or: "{} or {}",
    np.bitwise_xor: "{} != {}",
    np.invert: "not {}",
    np.add: "{} or {}",
    np.multiply: "{} and {}",
    np.where: _CHOICES[np.where],
}
_PYTHON: dict[str, dict[Any, str]] = {
    "float": {**_COMPARISONS, **_FLOATS, **_CHOICES},
    "int": {**_COMPARISONS, **_INTS, **_CHOICES},
    "bool": {**_COMPARISONS, **_BOOLS},
}
#: What a NumPy scalar does faster by an operator than through the ufunc.
_OPERATORS = {**_ARITHMETIC, np.divide: "{} / {}"}

#: The functions by name, for the source's namespace.
NAMES: dict[str, Any] = {name: getattr(math, name) for name in _MATH.values()}

_BIGGEST = np.iinfo(np.int64).max


def held(dtype: np.dtype[Any]) -> str | None:
    """The name of the Python type that holds numbers of this dtype, or None for a NumPy scalar."""
    return HELD.get(dtype)


def as_held(dtype: np.dtype[Any], expression: str) -> str:
    """The expression's value as numbers of this dtype are held; it is a NumPy scalar or an equal number."""
    kind = HELD.get(dtype)
    return f"{kind}({expression})" if kind else expression


def python(function: Any, operands: Sequence[np.dtype[Any]], arguments: Sequence[str]) -> str | None:
    """A function of numbers as an expression of Python's, or None where there is none that agrees with NumPy's."""
    template = template_of(function, operands)
    return template.format(*arguments) if template else None


def template_of(function: Any, operands: Sequence[np.dtype[Any]]) -> str | None:
    """`python`, with the places of the arguments left open."""
    dtypes = set(operands[1:] if function is np.where else operands)
    if len(dtypes) != 1:
        return None
    return _PYTHON.get(HELD.get(dtypes.pop()) or "", {}).get(function)


def operator(function: Any, operands: Sequence[np.dtype[Any]], arguments: Sequence[str]) -> str | None:
    """A function of NumPy scalars as an operator, or None."""
    if len(set(operands)) != 1 or operands[0] in HELD or operands[0].kind not in "iufc" or function not in _OPERATORS:
        return None
    return _OPERATORS[function].format(*arguments)


def may_leave_int64(function: Any) -> bool:
    """True where Python's integer may be one that int64 cannot hold."""
    return function in (np.add, np.subtract, np.multiply, np.negative, np.absolute, np.square, np.floor_divide)


def within_int64(name: str) -> str:
    """A statement that notices an integer outside the range of int64."""
    return f"if not {-_BIGGEST - 1} <= {name} <= {_BIGGEST}: raise OverflowError"


def cast(source: np.dtype[Any], target: np.dtype[Any], x: str) -> str | None:
    """A number in another dtype, or None where only an array knows how."""
    if source.kind not in "biuf" or target.kind not in "biufc":
        return None
    return f"{HELD[target]}({x})" if target in HELD else f"np_{target.type.__name__}({x})"


# -- overflow ------------------------------------------------------------------------------------------

#: Functions of which no finite number makes one that is not, without an exception.
_FINITE = frozenset({
    np.negative, np.positive, np.absolute, np.fabs, np.sqrt, np.log, np.log1p, np.log2, np.log10, np.tanh, np.arctan,
    np.arcsin, np.arccos, np.arcsinh, np.arctan2, np.sin, np.cos, np.tan, np.exp, np.expm1, np.sinh, np.cosh, np.sign,
    np.copysign, np.conjugate, np.maximum, np.minimum, np.where, np.cbrt, np.exp2,
})  # fmt: skip
#: Functions whose result is not finite, or which raise, where one of the operands is not finite.
_TELLING = frozenset({
    np.add, np.subtract, np.multiply, np.negative, np.positive, np.absolute, np.fabs, np.sqrt, np.square, np.log,
    np.log1p, np.log2, np.log10, np.sin, np.cos, np.tan, np.sinh, np.cosh, np.arcsinh, np.conjugate, np.cbrt,
})  # fmt: skip


def unseen(program: Program) -> list[int]:
    """Numbers that, together, are all finite only if no arithmetic of Python's has made a number that is not.

    A result need not be looked at if another one that is cannot be finite without it: of ``x * y + z`` only
    the sum is.
    """
    seen: set[int] = set()
    chosen: list[int] = []
    for each in reversed(program.instructions):
        if not _in_python(program, each):
            continue
        out = each.outputs[0]
        if out not in seen and each.operation.function not in _FINITE:
            chosen.append(out)
            seen.add(out)
        if out in seen:
            told = each.operands if each.operation.function in _TELLING else ()
            seen.update(each.operands[:1] if each.operation.function is np.divide else told)
    return chosen[::-1]


def _in_python(program: Program, each: Instruction) -> bool:
    if not isinstance(each.operation, Map) or program.types[each.outputs[0]].shape != ():
        return False
    kinds = [program.types[i].dtype for i in each.operands]
    floats = program.types[each.outputs[0]].dtype == np.float64
    return floats and template_of(each.operation.function, kinds) is not None


def literal(value: Any, dtype: np.dtype[Any]) -> str | None:
    """A constant as it is written in the source, or None for one that must have a name."""
    if dtype not in HELD or isinstance(value, np.ndarray):
        return None
    number = dtype.type(value).item()
    if isinstance(number, float) and not math.isfinite(number):
        return None
    return repr(number) if repr(number)[0] != "-" else f"({number!r})"
