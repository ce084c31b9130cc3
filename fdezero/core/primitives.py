"""Primitives: NumPy functions with derivative rules; their kinds, and how a call is dispatched.

A primitive is declared once (`declare.py`), by what it *is*, and each interpreter reads from its kind
what a call means:

===============  ==================================================  =======================================
kind             the author states                                   forward mode
===============  ==================================================  =======================================
`Constant`       nothing: plain arrays come out
`Elementwise`    one partial derivative for each argument            the partials times the tangents
`Linear`         the transpose                                       the function itself on the tangents
`Multilinear`    the transpose in each argument                      the product rule
`General`        the vector-Jacobian product, the Jacobian-vector    what is stated
                 product, or (for its transpose) the latter alone
===============  ==================================================  =======================================

`LinearInAll` and `MultilinearInAll` take any number of arguments and state all transposes in one rule.
A primitive whose function returns a tuple has several outputs.  A *composite* (`implements`) is no
primitive: it is ordinary NumPy in terms of primitives, and inherits everything.

A rule is plain NumPy.  On arrays it runs at NumPy's own speed; on the Boxes of an outer transform the
same line is recorded, which is all that higher derivatives need.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import attrs
import numpy as np

from . import fast
from .graph import Array, Box, Params
from .operands import as_operand
from .signatures import OUT, Rule
from .table import NO_PARAMS

#: ``batch(primitive, values, batched, size, params)``: a call on values of which those that are ``batched``
#: have a batch axis of length ``size`` in front; so has the result.
Batch = Callable[["Primitive", list[Array], Sequence[bool], int, Params], Any]


@attrs.frozen(eq=False, repr=False)
class Primitive:
    """A NumPy function with derivative rules; the subclasses are the kinds.

    ``function`` computes it on plain arrays; ``rules`` has reverse mode's rule for each argument, None
    where there is no derivative.

    How it batches: ``core`` says how many of the last axes of each argument the function acts on, where
    it broadcasts over the axes in front of them (for a primitive of one argument any number will do).
    Where it does not broadcast over them, ``core`` is None and ``batch`` makes the call; without either,
    `vmap` calls the function once for each example.
    """

    name: str
    function: Callable[..., Any]
    rules: tuple[Rule | None, ...] = ()
    core: tuple[int, ...] | None = None
    batch: Batch | None = attrs.field(default=None, kw_only=True)
    plans: Any = attrs.field(init=False)  # what `fast` finds out once about each primitive

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "plans", fast.plans_of(self))

    def __call__(self, *args: Any, **params: Any) -> Any:
        """Pass the call to the Box with the highest level, or to ``function`` where there is none."""
        top: Box | None = None
        for arg in args:
            if isinstance(arg, Box) and (top is None or arg.level > top.level):
                top = arg
        if top is None:
            return self.function(*args, **params)
        known = tuple([a if isinstance(a, Box) else as_operand(a) for a in args])
        return top.apply(self, known, params or NO_PARAMS)

    def rule_of(self, i: int) -> Rule | None:
        """Reverse mode's rule for the argument at this position."""
        return self.rules[i]

    def needs(self, active: Sequence[bool]) -> set[int]:
        """The positions of the residuals that the rules of the ``active`` arguments need."""
        rules = [rule for i, on in enumerate(active) if on and (rule := self.rule_of(i)) is not None]
        every = range(len(active)) if any(rule.everything for rule in rules) else ()
        return {*every, *(i for rule in rules for i in rule.needs)}

    def residuals(self, values: Sequence[Any], out: Any, active: Sequence[bool]) -> tuple[Any, ...]:
        """(arguments ..., output), None in the place of what a node does not keep."""
        needed = self.needs(active)
        return (*[v if i in needed else None for i, v in enumerate(values)], out if OUT in needed else None)

    def __repr__(self) -> str:
        return f"<primitive {self.name}>"


class Constant(Primitive):
    """A function without a derivative: comparisons, `argmax`, rounding, shape queries."""

    __slots__ = ()

    def rule_of(self, i: int) -> None:
        return None


@attrs.frozen(eq=False, repr=False)
class TangentAware(Constant):
    """A constant of one argument that looks at its tangent too: in forward mode it is ``join(result, tangent)``."""

    join: Callable[[Any, Array], Any] = attrs.field(kw_only=True)


class Elementwise(Primitive):
    """Acts on each entry alone; its arguments broadcast."""

    __slots__ = ()


class Bilinear(Elementwise):
    """Acts on each entry alone, and is linear in each of two arguments: multiplication."""

    __slots__ = ()


class Linear(Primitive):
    """Linear in its arguments that have a rule, together."""

    __slots__ = ()

    def residuals(self, values: Sequence[Any], out: Any, active: Sequence[bool]) -> tuple[Any, ...]:
        """What the function needs beside tangents: arguments without a rule, and zeros for constants."""
        kept = [
            v if self.rule_of(i) is None else None if on else zero_like(v)
            for i, (v, on) in enumerate(zip(values, active, strict=True))
        ]
        return (*kept, None)


class Multilinear(Primitive):
    """Linear in each of its arguments."""

    __slots__ = ()

    def needs(self, active: Sequence[bool]) -> set[int]:
        """Each active argument's rule, and the product rule, need all the others."""
        return {i for i in range(len(active)) if any(on for j, on in enumerate(active) if j != i)}


@attrs.frozen(eq=False, repr=False)
class General(Primitive):
    """Any other function; ``forward`` has the Jacobian-vector product for each argument.

    ``joint`` is one rule of reverse mode for all arguments, in place of ``rules``, where they share what
    costs most.  Where both are left out, reverse mode transposes those of ``forward``.
    """

    forward: tuple[Rule | None, ...] = attrs.field(default=(), kw_only=True)
    joint: Rule | None = attrs.field(default=None, kw_only=True)

    def rule_of(self, i: int) -> Rule | None:
        return self.rules[i] if self.rules else self.forward[i]

    def needs(self, active: Sequence[bool]) -> set[int]:
        rules = [rule for rule, on in zip(self.forward, active, strict=True) if on and rule is not None]
        rules += [self.joint] if self.joint is not None else []
        return super().needs(active) | {i for rule in rules for i in rule.needs}


class Reduction(General):
    """Makes one number of many, by the partial derivative with respect to each."""

    __slots__ = ()


@attrs.frozen(eq=False, repr=False)
class _InAll(Primitive):
    """Takes any number of arguments; ``transpose`` is one rule that returns a list of cotangents."""

    transpose: Rule = attrs.field(kw_only=True)

    def rule_of(self, i: int) -> Rule:
        return self.transpose


class LinearInAll(_InAll, Linear):
    """Linear in any number of arguments together."""

    __slots__ = ()


class MultilinearInAll(_InAll, Multilinear):
    """Linear in each of any number of arguments."""

    __slots__ = ()


def zero_like(like: Any) -> Array:
    """Zeros of a shape and dtype, in no memory: a view that repeats one number."""
    shape, dtype = (like.shape, like.dtype) if hasattr(like, "shape") else ((), np.dtype(float))
    return np.broadcast_to(np.zeros((), dtype if dtype.kind in "fc" else float), shape)


if fast.ENABLED:
    Primitive.__call__ = fast.call  # type: ignore[method-assign]
