"""Forward mode: tangents carried along with the values.

A `Dual` holds a value and its tangent.  What a primitive does to tangents follows from its kind (`push`):
an elementwise one applies the partial derivatives that it states, a linear one is its own derivative, a
multilinear one obeys the product rule, a general one states its Jacobian-vector product.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce, singledispatch
from typing import Any

import attrs
import numpy as np

from ..core.cotangents import cast
from ..core.graph import Array, Box, Params, unrecorded
from ..core.primitives import Constant, Elementwise, General, Linear, Multilinear, Primitive, TangentAware, zero_like
from ..core.recording import Level, quiet_level
from ..core.zeros import alarm_is_raised, strong_zero, watching

Values = Sequence[Any]


class ReverseOnly(TypeError):
    """Forward mode met a function that has a rule for reverse mode only."""


# -- what a primitive does to tangents ---------------------------------------------------------------


@singledispatch
def push(primitive: Primitive, tangents: Values, residuals: Values, likes: Values, params: Params) -> Any:
    """The tangent of a primitive's output, or None where it is zero.

    ``tangents`` has an entry for each argument, None for zero; ``residuals`` are (arguments ...,
    output), of which those that the rules need must be there; ``likes`` have the arguments' shapes
    and dtypes.
    """
    return None


@push.register
def push_elementwise(primitive: Elementwise, tangents: Values, residuals: Values, likes: Values, params: Params) -> Any:
    total = None
    for rule, t in zip(primitive.rules, tangents, strict=True):
        if rule is None or t is None:
            continue
        term = rule.apply(t, residuals, likes, params)
        if alarm_is_raised():
            term = strong_zero(t, term)
        total = term if total is None else total + term
    return total


@push.register
def _(primitive: Linear, tangents: Values, residuals: Values, likes: Values, params: Params) -> Any:
    if all(t is None for t in tangents):
        return None
    arguments = []
    for i, (t, r, like) in enumerate(zip(tangents, residuals, likes, strict=False)):
        if t is None:  # on a tape the shape of a constant is that of the zero which its node keeps
            t = r if primitive.rule_of(i) is None else zero_like(r if like is None else like)
        arguments.append(t)
    return primitive(*arguments, **params)


@push.register
def _(primitive: Multilinear, tangents: Values, residuals: Values, likes: Values, params: Params) -> Any:
    total = None
    for i, t in enumerate(tangents):
        if t is not None:
            term = primitive(*residuals[:i], t, *residuals[i + 1 : -1], **params)
            total = term if total is None else total + term
    return total


@push.register
def _(primitive: General, tangents: Values, residuals: Values, likes: Values, params: Params) -> Any:
    terms = [
        rule.apply(t, residuals, likes, params)
        for rule, t in zip(primitive.forward, tangents, strict=True)
        if rule is not None and t is not None
    ]
    if terms and type(terms[0]) is tuple:
        return tuple([reduce(np.add, each) for each in zip(*terms, strict=True)])
    return reduce(np.add, terms) if terms else None


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

    def apply(self, primitive: Primitive, args: tuple[Any, ...], params: Params) -> Any:
        level = self.level
        values = tuple([a._value if isinstance(a, Box) and a.level == level else a for a in args])
        out = primitive(*values, **params)
        tangents = [a.tangent if isinstance(a, Dual) and a.level == level else None for a in args]
        if isinstance(primitive, Constant):
            if isinstance(primitive, TangentAware):
                return primitive.join(out, *tangents)
            return unrecorded(out, values)
        if level <= quiet_level.get():
            return unrecorded(out, values)
        if level.over:
            raise self.escaped()
        along: Any = push_elementwise if isinstance(primitive, Elementwise) else push  # the usual kind without a search
        with watching():
            tangent = along(primitive, tangents, (*values, out), values, params)
        if tangent is None:
            return unrecorded(out, values)
        if type(out) is tuple:
            return tuple([dual(o, level, t) if o.dtype.kind in "fc" else o for o, t in zip(out, tangent, strict=True)])
        return dual(out, level, tangent)


def dual(value: Array, level: Level, tangent: Array) -> Dual:
    """A value with its tangent, in the value's shape and dtype."""
    return Dual(value, level, as_tangent(tangent, value.shape, value.dtype))


def tangent_of(out: Any, level: int) -> Array:
    """The tangent of a result: zeros where it does not depend on an input of this level."""
    return out.tangent if isinstance(out, Dual) and out.level == level else np.zeros(out.shape, out.dtype)[()]
