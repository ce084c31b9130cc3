"""Algebra that IEEE arithmetic allows: forms that are cheaper and have the same result, to the last bit.

What it does not allow is left: x + 0 makes 0 of -0, x * 0 is NaN for an infinite x, a (b x) is rounded twice, and the
product with an identity matrix is NaN in a whole row where x has an infinity (a finite x cannot be told from its
program).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..builder import Builder, rewrite
from ..program import Broadcast, Cast, Instruction, Map, Program

#: What simplifies a ufunc: from the builder and the operands to the value of the result, or None.  Operands have the
#: dtype of the loop; the value is broadcast to the result's shape afterwards.
Simplify = Callable[..., "int | None"]


def simplify_algebra(program: Program) -> Program:
    """The program with cheaper arithmetic, and choices made that are known.

    Example:
        >>> from fdezero.jit.program import Type
        >>> types = dict.fromkeys(range(9), Type((3,), np.dtype(float))) | dict.fromkeys((2, 3), Type((), np.dtype(float)))
        >>> steps = ((np.negative, (0,), 4), (np.subtract, (1, 4), 5), (np.multiply, (5, 2), 6), (np.divide, (6, 3), 7))
        >>> steps = tuple(Instruction(Map(f), x, (i,)) for f, x, i in steps)
        >>> program = Program(types, (0, 1), {2: np.float64(-1.0), 3: np.float64(4.0)}, steps, (7,))
        >>> print(program)
        v0 = input   float64[3]
        v1 = input   float64[3]
        v2 = negative(v0)   float64[3]
        v3 = subtract(v1, v2)   float64[3]
        v4 = multiply(v3, -1.0)   float64[3]
        v5 = divide(v4, 4.0)   float64[3]
        return v5
        >>> print(simplify_algebra(program))
        v0 = input   float64[3]
        v1 = input   float64[3]
        v2 = negative(v0)   float64[3]
        v3 = add(v1, v0)   float64[3]
        v4 = negative(v3)   float64[3]
        v5 = multiply(v4, 0.25)   float64[3]
        return v5
    """
    return rewrite(program, {Map: _map, Cast: _cast})


def _map(b: Builder, each: Instruction, xs: tuple[int, ...]) -> int | None:
    rule = TABLE.get(each.operation.function)
    new = None if rule is None else rule(b, *xs)
    return None if new is None else b.broadcast(new, b.shape(each.outputs[0]))


def _cast(b: Builder, each: Instruction, xs: tuple[int, ...]) -> int | None:
    """Two casts are one where the first loses nothing."""
    (x,), dtype = xs, each.operation.dtype
    if b.types[x].number:
        return None
    if b.dtype(x) == dtype:
        return x
    if type(b.operation(x)) is Cast:
        source = b.makers[x].operands[0]
        type_ = b.types[source]
        if not type_.number and _holds_all(b.dtype(x), type_.dtype):
            return b.cast(source, dtype)
    return None


def _holds_all(wide: np.dtype[Any], narrow: np.dtype[Any]) -> bool:
    """True where every number of one dtype is one of the other, with the same sign of zero."""
    same_kind = wide.kind == narrow.kind and wide.itemsize >= narrow.itemsize
    return same_kind or (narrow.kind == "b" and wide.kind in "iuf")


# -- what an operand is ------------------------------------------------------------------------------


def known(b: Builder, x: int) -> Any:
    """The number that a value is everywhere, or None."""
    maker = b.makers.get(x)
    if maker is not None:
        if type(maker.operation) is not Broadcast:
            return None
        x = maker.operands[0]
    return b.number(x)


def _is(b: Builder, x: int, number: float) -> bool:
    """True for this number everywhere, and this sign of zero, of a real dtype."""
    value = known(b, x)
    if value is None or b.dtype(x).kind not in "iuf" or value != number:
        return False
    return value != 0 or b.dtype(x).kind != "f" or bool(np.signbit(value)) == (math.copysign(1, number) < 0)


def _argument(b: Builder, x: int, *functions: Any) -> int | None:
    """What one of these functions was applied to, to make ``x``; None for something else."""
    maker = b.makers.get(x)
    if maker is None or type(maker.operation) is not Map:
        return None
    return maker.operands[0] if maker.operation.function in functions else None


def _is_neutral_term(b: Builder, x: int, number: float) -> bool:
    """A zero that changes nothing when it is added: of floats the one with this sign only."""
    return _is(b, x, number) or (b.dtype(x).kind in "iu" and _is(b, x, 0))


# -- rules -------------------------------------------------------------------------------------------


def _add(b: Builder, x: int, y: int) -> int | None:
    if b.dtype(x).kind not in "iuf":
        return None
    if _is_neutral_term(b, y, -0.0):
        return x
    if _is_neutral_term(b, x, -0.0):
        return y
    if (taken := _argument(b, y, np.negative)) is not None:
        return b.map(np.subtract, x, taken)
    if (taken := _argument(b, x, np.negative)) is not None:
        return b.map(np.subtract, y, taken)
    return None


def _subtract(b: Builder, x: int, y: int) -> int | None:
    if b.dtype(x).kind not in "iuf":
        return None
    if _is_neutral_term(b, y, 0.0):
        return x
    added = _argument(b, y, np.negative)
    return None if added is None else b.map(np.add, x, added)


def _multiply(b: Builder, x: int, y: int) -> int | None:
    if b.dtype(x).kind not in "iuf":
        return None
    for one, other in ((x, y), (y, x)):
        factor = known(b, one)
        if factor is None:
            continue
        if factor == 1:
            return other
        if factor == -1 and b.dtype(x).kind != "u":
            return b.map(np.negative, other)
    return _signs_taken_out(b, np.multiply, x, y)


def _divide(b: Builder, x: int, y: int) -> int | None:
    if b.dtype(x).kind != "f":
        return None
    if _is(b, y, 1):
        return x
    if _is(b, y, -1):
        return b.map(np.negative, x)
    divisor = known(b, y)
    if divisor is not None and _is_power_of_two(divisor):
        return b.map(np.multiply, x, b.constant(1 / divisor))
    return _signs_taken_out(b, np.divide, x, y)


def _is_power_of_two(number: Any) -> bool:
    """True where both the number and its reciprocal are, without a loss of digits: the quotient is the product then."""
    return bool(math.isfinite(number) and abs(math.frexp(number)[0]) == 0.5 and 2.0**-100 <= abs(number) <= 2.0**100)


def _signs_taken_out(b: Builder, ufunc: Any, x: int, y: int) -> int | None:
    """Two signs cancel, and the sign of what a number multiplies is the number's."""
    signs = [_argument(b, z, np.negative) for z in (x, y)]
    if signs == [None, None]:
        return None
    plain = [z if sign is None else sign for z, sign in zip((x, y), signs, strict=True)]
    if None not in signs:
        return b.map(ufunc, *plain)
    for i, j in ((0, 1), (1, 0)):
        number = b.number((x, y)[i])
        if number is not None and signs[j] is not None and b.dtype(x).kind == "f":
            plain[i] = b.constant(-number)
            return b.map(ufunc, *plain)
    return None


def _power(b: Builder, x: int, y: int) -> int | None:
    return x if b.dtype(x).kind in "iuf" and _is(b, y, 1) else None


def _negative(b: Builder, x: int) -> int | None:
    return _argument(b, x, np.negative)


def _absolute(b: Builder, x: int) -> int | None:
    if b.dtype(x).kind == "c":
        return None
    if _argument(b, x, np.absolute, np.fabs) is not None:
        return x
    inner = _argument(b, x, np.negative)
    return None if inner is None or b.dtype(x).kind != "f" else b.map(np.absolute, inner)


def _conjugate(b: Builder, x: int) -> int | None:
    return x if b.dtype(x).kind != "c" else _argument(b, x, np.conjugate)


def _not(b: Builder, x: int) -> int | None:
    inner = _argument(b, x, np.logical_not)
    return inner if inner is not None and b.dtype(inner).kind == "b" else None


def _either(b: Builder, x: int, y: int) -> int | None:
    """The larger, the smaller, both, one: of twice the same it is that."""
    return x if x == y else None


def _junction(decided_by: bool) -> Simplify:
    """``logical_and``, decided by False, or ``logical_or``, decided by True."""

    def simplify(b: Builder, x: int, y: int) -> int | None:
        if b.dtype(x).kind != "b" or b.dtype(y).kind != "b":
            return None
        for one, other in ((x, y), (y, x)):
            value = known(b, one)
            if value is not None:
                return b.constant(np.bool_(decided_by)) if value == decided_by else other
        return _either(b, x, y)

    return simplify


def _where(b: Builder, condition: int, x: int, y: int) -> int | None:
    if x == y:
        return x
    chosen = known(b, condition)
    if chosen is not None:
        return x if chosen else y
    inner = _argument(b, condition, np.logical_not)
    if inner is not None and b.dtype(inner).kind == "b":
        return b.map(np.where, inner, y, x)
    return None


TABLE: dict[Any, Simplify] = {
    np.add: _add,
    np.subtract: _subtract,
    np.multiply: _multiply,
    np.divide: _divide,
    np.power: _power,
    np.negative: _negative,
    np.absolute: _absolute,
    np.conjugate: _conjugate,
    np.logical_not: _not,
    np.maximum: _either,
    np.minimum: _either,
    np.bitwise_and: _junction(False),
    np.logical_and: _junction(False),
    np.bitwise_or: _junction(True),
    np.logical_or: _junction(True),
    np.where: _where,
}
