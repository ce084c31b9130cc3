"""Forward mode: tangents carried along with the values.

A `Dual` holds a value and its tangent.  What a primitive does to tangents follows from what it *is*
(`push`): an elementwise one applies the partial derivatives it stated, a linear one is its own
derivative, a multilinear one obeys the product rule, a general one stated its Jacobian-vector product.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import singledispatch
from typing import Any

import attrs
import numpy as np

from .. import tree
from ..cotangents import Alarm, cast, derivative_errstate, zero_like
from ..graph import Array, Box, Params
from ..primitives import Elementwise, General, Linear, Multilinear, Primitive, Test, strong_zero
from ..recording import Level, new_level, quiet_level
from .blocks import is_plain
from .thunks import Large, Parts, Thunk, is_worthwhile, kept_constant, run_noting
from .wrapping import Function, as_input, as_output, describe, finish, value_of

Values = Sequence[Any]


class ReverseOnly(TypeError):
    """Forward mode met a function that has a rule for reverse mode only."""


# -- what a primitive does to tangents ---------------------------------------------------------------


@singledispatch
def push(primitive: Primitive, tangents: Values, residuals: Values, likes: Values, params: Params, alarm: Alarm) -> Any:
    """The tangent of a primitive's output, or None where it is zero.

    ``tangents`` has an entry for each argument, None for zero; ``residuals`` are (arguments ...,
    output), of which those that the rules need must be there; ``likes`` have the arguments' shapes
    and dtypes.
    """
    return None


@push.register
def push_elementwise(
    primitive: Elementwise, tangents: Values, residuals: Values, likes: Values, params: Params, alarm: Alarm
) -> Any:
    total = None
    for rule, t in zip(primitive.rules, tangents, strict=True):
        if rule is None or t is None:
            continue
        term = rule.apply(t, residuals, likes, params)
        if alarm.raised:
            term = strong_zero(t, term)
        total = term if total is None else _sum(total, term, tangents, residuals)
    return total


@push.register
def _(primitive: Linear, tangents: Values, residuals: Values, likes: Values, params: Params, alarm: Alarm) -> Any:
    if all(t is None for t in tangents):
        return None
    if primitive.variadic is None:
        rest = [residuals[i] if rule is None else None for i, rule in enumerate(primitive.rules)]
    else:  # on a tape the shape of a constant is not known from a node, but its zero was kept
        rest = [r if like is None else None for like, r in zip(likes, residuals, strict=False)]
    arguments = [
        t if t is not None else r if r is not None else zero_like(like)
        for t, r, like in zip(tangents, rest, likes, strict=True)
    ]
    return primitive(*arguments, **params)


@push.register
def _(primitive: Multilinear, tangents: Values, residuals: Values, likes: Values, params: Params, alarm: Alarm) -> Any:
    total = None
    for i, t in enumerate(tangents):
        if t is not None:
            term = primitive(*residuals[:i], t, *residuals[i + 1 : -1], **params)
            total = term if total is None else _sum(total, term, tangents, residuals)
    return total


def _sum(total: Array, term: Array, *others: Sequence[Any]) -> Array:
    """``total + term``, in the memory of a large ``total`` that is nobody else's.

    On a million numbers a quarter off the time of two products and their sum, for what takes long is
    fresh memory; on small arrays the questions take longer.  (A rule may return its tangent or a view of something.)
    """
    if (
        type(total) is np.ndarray
        and type(term) is np.ndarray
        and total.size > _WORTH_REUSING
        and total.base is None
        and total.shape == term.shape
        and total.dtype == term.dtype
    ):
        for each in others:  # two loops: 400 ns less than a generator
            for other in each:
                if total is other:
                    return total + term
        total += term
        return total
    return total + term


_WORTH_REUSING = 10_000


@push.register
def _(primitive: General, tangents: Values, residuals: Values, likes: Values, params: Params, alarm: Alarm) -> Any:
    total: Any = None
    for rule, t in zip(primitive.forward, tangents, strict=True):
        if rule is None or t is None:
            continue
        term = rule.apply(t, residuals, likes, params)
        if total is None:
            total = term
        elif primitive.multiple:
            total = tuple(a + b for a, b in zip(total, term, strict=True))
        else:
            total = total + term
    return total


def as_tangent(t: Array, shape: tuple[int, ...], dtype: Any) -> Array:
    """A tangent in its output's shape and dtype."""
    if t.shape != shape:
        t = np.broadcast_to(t, shape)
    return t if t.dtype is dtype else cast(t, dtype)


# -- the interpreter ---------------------------------------------------------------------------------


@attrs.frozen(eq=False, repr=False)
class Dual(Box):
    """The Box of forward mode: a value and its tangent, which has the same shape and dtype."""

    tangent: Array

    @property
    def parts(self) -> tuple[Any, ...]:
        return self._value, self.tangent

    def apply(self, primitive: Any, args: tuple[Any, ...], params: Params) -> Any:
        level = self.level
        values = tuple(map(self.unwrap, args))
        out = primitive(*values, **params)
        if primitive.constant or level <= quiet_level.get():
            return out
        if level.over:
            raise self.escaped()
        tangents = [a.tangent if isinstance(a, Dual) and a.level == level else None for a in args]
        return _pushed(primitive, tangents, values, params, out, level)

    # The hot path: one and two arguments are spelled out, a plain value goes straight to NumPy.
    def apply_unary(self, primitive: Any, x: Any, params: Params) -> Any:
        x, level = self._value, self.level
        call = primitive if isinstance(x, Box) else primitive.function
        out = call(x, **params)
        if primitive.constant or level <= quiet_level.get():
            return primitive.join(out, primitive(self.tangent)) if primitive.__class__ is Test else out
        if level.over:
            raise self.escaped()
        return _pushed(primitive, (self.tangent,), (x,), params, out, level)

    def apply_binary(self, primitive: Any, x: Any, y: Any, params: Params) -> Any:
        level = self.level
        t_x = t_y = None
        if isinstance(x, Dual) and x.level == level:
            t_x = x.tangent
            x = x._value
        if isinstance(y, Dual) and y.level == level:
            t_y = y.tangent
            y = y._value
        call = primitive if isinstance(x, Box) or isinstance(y, Box) else primitive.function
        out = call(x, y, **params)
        if primitive.constant or level <= quiet_level.get():
            return out
        if level.over:
            raise self.escaped()
        return _pushed(primitive, (t_x, t_y), (x, y), params, out, level)


def _pushed(primitive: Any, tangents: Values, values: tuple[Any, ...], params: Params, out: Any, level: Level) -> Any:
    """The outcome of a primitive call with its tangent."""
    alarm = Alarm()
    # The usual kind without asking `push` which it is: 500 ns.
    along = push_elementwise if primitive.__class__ is Elementwise else push
    with derivative_errstate(alarm):
        tangent = along(primitive, tangents, (*values, out), values, params, alarm)
        if tangent is None:
            moved = out
        elif primitive.multiple:
            moved = tuple(_dual(o, level, t, False) if o.dtype.kind in "fc" else o for o, t in zip(out, tangent, strict=True))
        else:
            moved = _dual(out, level, tangent, primitive.trusted)
    if alarm.raised:
        alarm.pass_on()
    return moved


def _dual(value: Array, level: Level, tangent: Array, trusted: bool = True) -> Dual:
    tangent = as_tangent(tangent, value.shape, value.dtype)
    if trusted and is_worthwhile(value) and tangent.__class__ is np.ndarray:
        return LargeDual(level, Thunk.of(value, tangent))
    return Dual(value, level, tangent)


class LargeDual(Large, Dual):
    """A Dual of a large array, which may be yet to come."""

    __slots__ = ("thunk",)

    @property
    def tangent(self) -> Array:
        return self.thunk.parts()[1]

    @property
    def shape(self) -> tuple[int, ...]:
        return self.thunk.shape

    def may_wait(self, primitive: Any, args: Sequence[Any]) -> bool:
        return (
            super().may_wait(primitive, args)
            and self.level > quiet_level.get()
            and any(
                rule is not None and isinstance(arg, Dual) and arg.level == self.level
                for rule, arg in zip(primitive.rules, args, strict=True)
            )
        )

    def operand(self, arg: Any) -> Thunk | None:
        if isinstance(arg, LargeDual) and arg.level == self.level:
            return arg.thunk
        if isinstance(arg, Dual) and arg.level == self.level:
            return Thunk.of(*arg.parts) if all(map(is_plain, arg.parts)) else None
        value = kept_constant(arg)
        return None if value is None else Thunk.of(value, None)

    @staticmethod
    def evaluate(primitive: Any, operands: Sequence[Parts], params: Params, alarm: Alarm | None) -> Parts:
        values, tangents = [value for value, _ in operands], [tangent for _, tangent in operands]
        out = primitive.function(*values, **params)
        if alarm is None:
            with derivative_errstate(own := Alarm()):
                return out, _tangent(primitive, tangents, values, out, params, own)
        return out, _tangent(primitive, tangents, values, out, params, alarm)


def _tangent(primitive: Elementwise, tangents: Values, values: list[Any], out: Array, params: Params, alarm: Alarm) -> Array:
    tangent = push_elementwise(primitive, tangents, (*values, out), values, params, alarm)
    return as_tangent(tangent, out.shape, out.dtype)


def _tangent_of(out: Any, level: int) -> Array:
    return out.tangent if isinstance(out, Dual) and out.level == level else np.zeros(out.shape, out.dtype)[()]


# -- the transforms ----------------------------------------------------------------------------------


def jvp(f: Function, primals: Sequence[Any], tangents: Sequence[Any], has_aux: bool = False) -> Any:
    """The value of ``f`` and its derivative along a direction: the Jacobian-vector product.

    Args:
        f: a function of arrays or trees of them.
        primals: a sequence of its arguments; each is differentiated.
        tangents: the direction: a sequence of trees of the same shapes and dtypes.
        has_aux: ``f`` returns ``(out, aux)``, and ``aux`` is passed through.

    Returns:
        ``(out, tangent)``, both trees like ``f``'s result; or ``(out, tangent, aux)``.

    Raises:
        TypeError, ValueError: when a primal is no floating-point number, or a tangent does not fit it.

    Source: forward accumulation, Wengert (1964).

    Example:
        >>> import numpy as np
        >>> from fdezero import jvp
        >>> jvp(lambda x: x * x, (np.array([1.0, 2.0]),), (np.array([1.0, 10.0]),))
        (array([1., 4.]), array([ 2., 40.]))
    """
    if not isinstance(primals, (tuple, list)) or not isinstance(tangents, (tuple, list)):
        raise TypeError("jvp takes its primals and its tangents as tuples: jvp(f, (x,), (t,))")
    level = new_level()
    values, structure = tree.flatten(tuple(primals))
    if not all(type(x) is np.ndarray and x.dtype.kind in "fc" for x in values):
        values = [as_input(x, f"primal{path}") for x, path in zip(values, structure.paths(), strict=True)]
    directions = flatten_tangents(structure, tuple(tangents), values)
    duals = [_dual(x, level, t) for x, t in zip(values, directions, strict=True)]
    result, aux = run_noting(f, structure.unflatten(duals), {}, level, has_aux)
    outs, out_structure = tree.flatten(result)
    if not outs:
        as_output(result)
    outs = [as_output(out) for out in outs]
    foreign = [x for x in (*values, *directions) if type(x) is np.ndarray]
    results = finish([*[value_of(out, level) for out in outs], *[_tangent_of(out, level) for out in outs]], foreign)
    value, tangent = out_structure.unflatten(results[: len(outs)]), out_structure.unflatten(results[len(outs) :])
    return (value, tangent, aux) if has_aux else (value, tangent)


def flatten_tangents(structure: tree.Structure, tangents: Any, values: Sequence[Array]) -> list[Array]:
    """The leaves of a user's tangents, which must fit the primals."""
    try:
        leaves = structure.flatten_like(tangents)
    except ValueError as error:
        raise ValueError(f"the tangents are not a tree like the primals: {error}") from None
    if all(
        type(t) is np.ndarray and t.shape == x.shape and t.dtype == x.dtype for t, x in zip(leaves, values, strict=True)
    ):  # the usual case: the paths, for the messages alone, would take longer than this
        return leaves
    return [
        _checked_tangent(t, x, path) for t, x, path in zip(leaves, values, structure.paths(), strict=True)
    ]


def _checked_tangent(t: Any, x: Array, path: str) -> Array:
    if isinstance(t, (int, float, complex)) and not isinstance(t, (bool, np.generic)) and x.shape == ():
        if isinstance(t, complex) and x.dtype.kind != "c":
            raise TypeError(f"tangent{path} is complex, and its primal is of dtype {x.dtype}")
        return x.dtype.type(t)
    if not hasattr(t, "shape"):
        raise TypeError(f"tangent{path} is an array like its primal, {describe(x)}; got {describe(t)}")
    if t.shape != x.shape:
        raise ValueError(f"tangent{path} has shape {t.shape}, and its primal {x.shape}")
    if t.dtype != x.dtype:
        raise TypeError(f"tangent{path} has dtype {t.dtype}, and its primal {x.dtype}; write t.astype({x.dtype})")
    return t
