"""What a function does to each entry: LLVM's instructions for the ufuncs, `np.where` and casts."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from ..program import Cast, Map
from . import functions
from .code import BOOL, Code, Kind, kind, of, splat, vector

#: The instructions for (code, kind of the first array operand, width, values).
Emitter = Callable[[Code, Kind, int, Sequence[str]], str]


@functools.lru_cache(4096)
def supports(operation: Map | Cast, operands: tuple[np.dtype[Any], ...], result: np.dtype[Any]) -> bool:
    """Whether there are instructions for an operation of operands and a result of these dtypes."""
    if kind(result) is None or any(kind(dtype) is None for dtype in operands):
        return False
    if isinstance(operation, Cast):
        return _can_cast(of(operands[0]), of(result))
    function = operation.function
    if function is np.where:
        return operands[0].kind == "b" and operands[1] == operands[2] == result
    if any(dtype != operands[0] for dtype in operands):
        return False
    sort = of(operands[0]).sort
    if is_elementary(operation):
        return sort == "f" and result == operands[0] and functions.FUNCTIONS[operation.name] == len(operands)
    if sort not in _TABLES or function not in _TABLES[sort]:
        return False
    return result == (bool if function in _TO_BOOL else operands[0])


def emit(code: Code, operation: Map | Cast, kinds: Sequence[Kind], result: Kind, width: int, values: Sequence[str]) -> str:
    """The name of the value of an operation that `supports` allows, in ``width`` lanes."""
    if isinstance(operation, Cast):
        return _cast(code, kinds[0], result, width, values[0])
    function = operation.function
    if function is np.where:
        return select(code, width, values[0], result, values[1], values[2])
    emitter = _TABLES[kinds[0].sort].get(function)
    if emitter is not None:
        return emitter(code, kinds[0], width, values)
    if is_elementary(operation):
        dtype = "float64" if result.itemsize == 8 else "float32"
        code.wanted.add((operation.name, dtype, width))
        t = vector(result.register, width)
        arguments = ", ".join(f"{t} {value}" for value in values)
        return code.put(f"call {t} @{CALLED}{functions.symbol(operation.name, dtype, width)}({arguments})")
    raise TypeError(f"{operation.name} has no native code")


#: Lets a product join the addition that uses it, where this allows it too: in accumulators of sums, and nowhere
#: else, for a difference of a product and a number that equals it is to be zero.
FUSES = "contract"
#: Goes before the name of an elementary function where it is called.
CALLED = "call."


def definitions(wanted: Iterable[tuple[str, str, int]], declared: Iterable[str], inline: bool) -> str:
    """The elementary functions that were called: to be inlined, or, where there are many calls, each once."""
    wanted = sorted(wanted)
    texts = [functions.module_source(wanted, declared=declared)]
    for name, dtype, width in wanted:
        t = vector("double" if dtype == "float64" else "float", width)
        symbol, count = functions.symbol(name, dtype, width), functions.FUNCTIONS[name]
        parameters = ", ".join(f"{t} %x{k}" for k in range(count))
        texts += [
            f"define internal {t} @{CALLED}{symbol}({parameters}) {'alwaysinline' if inline else 'noinline'} nounwind {{",
            f"  %y = call {t} @{symbol}({parameters})",
            f"  ret {t} %y",
            "}",
        ]
    return "\n".join(texts)


def is_elementary(operation: Any) -> bool:
    """Whether the function is one of those that LLVM has no instructions for, and this package does."""
    return (
        isinstance(operation, Map)
        and isinstance(operation.function, np.ufunc)
        and operation.function not in _FLOAT
        and operation.name in functions.FUNCTIONS
    )


def select(code: Code, width: int, condition: str, k: Kind, yes: str, no: str) -> str:
    t = vector(k.register, width)
    return code.put(f"select {vector('i1', width)} {condition}, {t} {yes}, {t} {no}")


# -- casts ---------------------------------------------------------------------------------------------


def _can_cast(old: Kind, new: Kind) -> bool:
    """All but floats to what is narrower than 32 bits or unsigned: what NumPy makes of numbers out of range varies."""
    return not (old.sort == "f" and (new.sort == "u" or (new.sort == "i" and new.itemsize < 4)))


def _cast(code: Code, old: Kind, new: Kind, width: int, x: str) -> str:
    before, after = vector(old.register, width), vector(new.register, width)
    if new.sort == "b":
        if old.sort == "b":
            return x
        return code.put(f"{'fcmp une' if old.sort == 'f' else 'icmp ne'} {before} {x}, {splat(0, old, width)}")
    if old.sort == "f" and new.sort == "f":
        return x if old == new else code.put(f"{'fptrunc' if new.itemsize < old.itemsize else 'fpext'} {before} {x} to {after}")
    if old.sort == "f":
        return code.put(f"fptosi {before} {x} to {after}")
    if new.sort == "f":
        return code.put(f"{'sitofp' if old.sort == 'i' else 'uitofp'} {before} {x} to {after}")
    if old.register == new.register:
        return x
    wider = "sext" if old.sort == "i" else "zext"
    return code.put(f"{'trunc' if new.itemsize < old.itemsize else wider} {before} {x} to {after}")


# -- one instruction -----------------------------------------------------------------------------------


def _binary(instruction: str) -> Emitter:
    return lambda code, k, w, x: code.put(f"{instruction} {vector(k.register, w)} {x[0]}, {x[1]}")


def _with(instruction: str, constant: float, first: bool = False) -> Emitter:
    """An instruction whose other operand is a constant."""

    def emitter(code: Code, k: Kind, w: int, x: Sequence[str]) -> str:
        c = splat(constant, k, w)
        return code.put(f"{instruction} {vector(k.register, w)} {f'{c}, {x[0]}' if first else f'{x[0]}, {c}'}")

    return emitter


def _intrinsic(name: str) -> Emitter:
    def emitter(code: Code, k: Kind, w: int, x: Sequence[str]) -> str:
        t = vector(k.register, w)
        suffix = k.suffix if w == 1 else f"v{w}{k.suffix}"
        return code.intrinsic(f"llvm.{name}.{suffix}", t, *[(t, value) for value in x])

    return emitter


def _same(code: Code, k: Kind, w: int, x: Sequence[str]) -> str:
    return x[0]


def _constant(value: Any, like: Kind | None = None) -> Emitter:
    return lambda code, k, w, x: splat(value, like or k, w)


def _negative(code: Code, k: Kind, w: int, x: Sequence[str]) -> str:
    return code.put(f"fneg {vector(k.register, w)} {x[0]}")


def _square(instruction: str) -> Emitter:
    return lambda code, k, w, x: code.put(f"{instruction} {vector(k.register, w)} {x[0]}, {x[0]}")


# -- some --------------------------------------------------------------------------------------------


def _absolute(code: Code, k: Kind, w: int, x: Sequence[str]) -> str:
    t = vector(k.register, w)
    negative = code.put(f"icmp slt {t} {x[0]}, {splat(0, k, w)}")
    return select(code, w, negative, k, code.put(f"sub {t} {splat(0, k, w)}, {x[0]}"), x[0])


def compare(code: Code, predicate: str, k: Kind, w: int, x: str, y: str) -> str:
    """``x predicate y`` ("lt", "le", "gt" or "ge").

    Processors count the comparison of a NaN as an invalid operation, which NumPy does not report: numbers are compared
    in the place of what has no order.
    """
    t = vector(k.register, w)
    if k.sort != "f":
        return code.put(f"icmp {'s' if k.sort == 'i' else 'u'}{predicate} {t} {x}, {y}")
    apart = code.put(f"fcmp uno {t} {x}, {y}")
    zero = splat(0.0, k, w)
    x, y = (select(code, w, apart, k, zero, each) if each.startswith("%") else each for each in (x, y))
    found, truths = code.put(f"fcmp o{predicate} {t} {x}, {y}"), vector("i1", w)
    return code.put(f"and {truths} {found}, {code.put(f'xor {truths} {apart}, {splat(1, BOOL, w)}')}")


def _comparison(predicate: str) -> Emitter:
    return lambda code, k, w, x: compare(code, predicate, k, w, x[0], x[1])


def _sign(code: Code, k: Kind, w: int, x: Sequence[str]) -> str:
    """1, -1, or the operand itself: a zero or a NaN."""
    t, zero = vector(k.register, w), splat(0, k, w)
    up = compare(code, "gt", k, w, x[0], zero)
    rest = code.put(f"fadd {t} {x[0]}, {zero}") if k.sort == "f" else x[0]  # never a negative zero
    if k.sort != "u":
        rest = select(code, w, compare(code, "lt", k, w, x[0], zero), k, splat(-1, k, w), rest)
    return select(code, w, up, k, splat(1, k, w), rest)


def _extreme(predicate: str, nan: int = 0) -> Emitter:
    """`maximum` ("ge") and `minimum` ("le"): of two floats, a NaN if there is one.

    With ``nan`` 1 they are `fmax` and `fmin`: of two floats, the one that is a number.
    """

    def emitter(code: Code, k: Kind, w: int, x: Sequence[str]) -> str:
        first = compare(code, predicate, k, w, x[0], x[1])
        if k.sort == "f":
            first = code.put(f"or {vector('i1', w)} {first}, {_nan(code, k, w, x[nan:])}")
        return select(code, w, first, k, x[0], x[1])

    return emitter


def _finite(comparison: str) -> Emitter:
    """A comparison of the magnitude with infinity."""

    def emitter(code: Code, k: Kind, w: int, x: Sequence[str]) -> str:
        magnitude = _intrinsic("fabs")(code, k, w, x)
        return code.put(f"fcmp {comparison} {vector(k.register, w)} {magnitude}, {splat(math.inf, k, w)}")

    return emitter


def _signbit(code: Code, k: Kind, w: int, x: Sequence[str]) -> str:
    if k.sort == "f":
        bits = vector(f"i{8 * k.itemsize}", w)
        x = [code.put(f"bitcast {vector(k.register, w)} {x[0]} to {bits}")]
    else:
        bits = vector(k.register, w)
    return code.put(f"icmp slt {bits} {x[0]}, {'zeroinitializer' if w > 1 else '0'}")


def _logical(instruction: str) -> Emitter:
    """Of truths: what is not zero."""

    def emitter(code: Code, k: Kind, w: int, x: Sequence[str]) -> str:
        truths = [_cast(code, k, BOOL, w, value) for value in x]
        return code.put(f"{instruction} {vector('i1', w)} {', '.join(truths)}")

    return emitter


def _not(code: Code, k: Kind, w: int, x: Sequence[str]) -> str:
    return code.put(f"xor {vector('i1', w)} {_cast(code, k, BOOL, w, x[0])}, {splat(1, BOOL, w)}")


def _nan(code: Code, k: Kind, w: int, x: Sequence[str]) -> str:
    return code.put(f"fcmp uno {vector(k.register, w)} {x[0]}, {splat(0.0, k, w)}")


def _heaviside(code: Code, k: Kind, w: int, x: Sequence[str]) -> str:
    t, zero = vector(k.register, w), splat(0.0, k, w)
    step = select(code, w, compare(code, "gt", k, w, x[0], zero), k, splat(1.0, k, w), zero)
    step = select(code, w, _nan(code, k, w, x), k, x[0], step)
    return select(code, w, code.put(f"fcmp oeq {t} {x[0]}, {zero}"), k, x[1], step)


def _comparisons(predicates: Mapping[Any, str], instruction: str) -> dict[Any, Emitter]:
    return {ufunc: _binary(f"{instruction} {predicate}") for ufunc, predicate in predicates.items()}


# -- the tables, by the sort of the operands ---------------------------------------------------------------

_ORDER: dict[Any, Emitter] = {
    np.less: _comparison("lt"),
    np.less_equal: _comparison("le"),
    np.greater: _comparison("gt"),
    np.greater_equal: _comparison("ge"),
}
_LOGIC: dict[Any, Emitter] = {
    np.logical_and: _logical("and"),
    np.logical_or: _logical("or"),
    np.logical_xor: _logical("xor"),
    np.logical_not: _not,
}
_FLOAT: dict[Any, Emitter] = {
    np.add: _binary("fadd"),
    np.subtract: _binary("fsub"),
    np.multiply: _binary(f"fmul {FUSES}"),
    np.divide: _binary("fdiv"),
    np.negative: _negative,
    np.positive: _same,
    np.conjugate: _same,
    np.square: _square(f"fmul {FUSES}"),
    np.reciprocal: _with("fdiv", 1.0, first=True),
    np.absolute: _intrinsic("fabs"),
    np.fabs: _intrinsic("fabs"),
    np.sqrt: _intrinsic("sqrt"),
    np.floor: _intrinsic("floor"),
    np.ceil: _intrinsic("ceil"),
    np.trunc: _intrinsic("trunc"),
    np.rint: _intrinsic("nearbyint"),
    np.copysign: _intrinsic("copysign"),
    np.sign: _sign,
    np.heaviside: _heaviside,
    np.maximum: _extreme("ge"),
    np.minimum: _extreme("le"),
    np.fmax: _extreme("ge", nan=1),
    np.fmin: _extreme("le", nan=1),
    np.isnan: _nan,
    np.isinf: _finite("oeq"),
    np.isfinite: _finite("one"),
    np.signbit: _signbit,
    np.deg2rad: _with("fmul", math.pi / 180),
    np.radians: _with("fmul", math.pi / 180),
    np.rad2deg: _with("fmul", 180 / math.pi),
    np.degrees: _with("fmul", 180 / math.pi),
    **_ORDER,
    **_comparisons({np.equal: "oeq", np.not_equal: "une"}, "fcmp"),
    **_LOGIC,
}
_INTEGER: dict[Any, Emitter] = {
    np.add: _binary("add"),
    np.subtract: _binary("sub"),
    np.multiply: _binary("mul"),
    np.negative: _with("sub", 0, first=True),
    np.positive: _same,
    np.conjugate: _same,
    np.square: _square("mul"),
    np.sign: _sign,
    np.maximum: _extreme("ge"),
    np.minimum: _extreme("le"),
    np.fmax: _extreme("ge"),
    np.fmin: _extreme("le"),
    np.bitwise_and: _binary("and"),
    np.bitwise_or: _binary("or"),
    np.bitwise_xor: _binary("xor"),
    np.invert: _with("xor", -1),
    np.isnan: _constant(0, BOOL),
    np.isinf: _constant(0, BOOL),
    np.isfinite: _constant(1, BOOL),
    **_ORDER,
    **_comparisons({np.equal: "eq", np.not_equal: "ne"}, "icmp"),
    **_LOGIC,
}
_SIGNED = _INTEGER | {np.absolute: _absolute}
_UNSIGNED = _INTEGER | {np.absolute: _same}
_BOOLEAN: dict[Any, Emitter] = {
    np.add: _binary("or"),
    np.multiply: _binary("and"),
    np.maximum: _binary("or"),
    np.minimum: _binary("and"),
    np.fmax: _binary("or"),
    np.fmin: _binary("and"),
    np.absolute: _same,
    np.bitwise_and: _binary("and"),
    np.bitwise_or: _binary("or"),
    np.bitwise_xor: _binary("xor"),
    np.invert: _not,
    np.isnan: _constant(0, BOOL),
    np.isinf: _constant(0, BOOL),
    np.isfinite: _constant(1, BOOL),
    **_ORDER,
    **_comparisons({np.equal: "eq", np.not_equal: "ne"}, "icmp"),
    **_LOGIC,
}
_TABLES = {"f": _FLOAT, "i": _SIGNED, "u": _UNSIGNED, "b": _BOOLEAN}
_TO_BOOL = {*_ORDER, np.equal, np.not_equal, np.isnan, np.isinf, np.isfinite, np.signbit, *_LOGIC}
