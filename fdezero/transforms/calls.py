"""A primitive that is made for one call of a user's function.

It takes flat arrays to a tuple of flat arrays, and differs from the primitives of `fdezero.rules` only in
its derivative, which is the user's function on trees.  `custom` and `checkpoint` are built on it.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn

import attrs
import numpy as np

from .. import tree
from ..core.cotangents import cast
from ..core.graph import Array, Box, Node, Params
from ..core.operands import as_operand, as_operands, describe, read_only
from ..core.primitives import Primitive, zero_like
from ..core.signatures import Rule
from ..interpreters.forward import ReverseOnly, push
from ..interpreters.reverse import pull, pull_through
from .vmap import vmap
from .wrapping import Function

#: The rule of a call: it stands for a derivative that is the user's, and is never applied.
_USERS = Rule(lambda *_: None, everything=True)

Flat = Callable[..., tuple[Array, ...]]


# -- one call as a primitive -------------------------------------------------------------------------


class CustomCall(Primitive):
    """A function of any number of flat arrays that returns a tuple; a node keeps the arguments for the user's rule."""

    __slots__ = ()

    #: The function is ordinary code, which a trace goes through.
    is_code = True

    def rule_of(self, i: int) -> Rule:
        return _USERS

    def residuals(self, values: Sequence[Any], out: Any, active: Sequence[bool]) -> tuple[Any, ...]:
        return (*values, None)


@attrs.frozen(eq=False, repr=False)
class WithJvp(CustomCall):
    """``along(primals, tangents)`` are flat tangents of the results; reverse mode transposes it."""

    along: Callable[[Sequence[Array], Sequence[Array]], tuple[Array, ...]] = attrs.field(kw_only=True)


@attrs.frozen(eq=False, repr=False)
class WithVjp(CustomCall):
    """The function is the user's ``fwd``, which returns the results and, behind them, the residuals of ``back``.

    ``back(outputs, cotangents)`` are flat cotangents of the arguments, and ``plain`` is the user's
    function itself, for where nothing is differentiated.
    """

    plain: Flat = attrs.field(kw_only=True)
    back: Callable[[Sequence[Array], Sequence[Any]], list[Any]] = attrs.field(kw_only=True)

    def __call__(self, *args: Any, **params: Any) -> Any:
        # An interpreter runs ``fwd`` on what is inside its boxes as ordinary code, so that an outer
        # transform differentiates through ``fwd`` and ``bwd`` themselves.
        return self.function(*args)

    def residuals(self, values: Sequence[Any], out: Any, active: Sequence[bool]) -> tuple[Any, ...]:
        return (*[None] * len(values), out)


@pull.register
def _(primitive: WithJvp, node: Node, g: Any) -> list[Any]:
    primals = node.residuals[:-1]
    active = [i for i, parent in enumerate(node.parents) if parent is not None]

    def along(*tangents: Array) -> tuple[Array, ...]:
        full = [zero_like(x) for x in primals]
        for i, t in zip(active, tangents, strict=True):
            full[i] = t
        return primitive.along(primals, full)

    return pulled_through(along, active, [np.zeros_like(primals[i]) for i in active], node, g)


def pulled_through(f: Flat, active: Sequence[int], xs: Sequence[Array], node: Node, g: Any) -> list[Any]:
    """Cotangents of the arguments of a node, of which the ``active`` ones are ``f``'s arguments ``xs``."""
    smooth = [i for i, dtype in enumerate(node.dtype) if dtype.kind in "fc"]
    cotangents = tuple(_or_zeros(g[i], node.shape[i], node.dtype[i]) for i in smooth)

    def smooth_outputs(*xs: Array) -> tuple[Array, ...]:
        outs = f(*xs)
        return tuple(outs[i] for i in smooth)

    found = dict(zip(active, pull_through(smooth_outputs, xs, cotangents), strict=True))
    return [found.get(i) for i in range(len(node.parents))]


@pull.register
def _(primitive: WithVjp, node: Node, g: Any) -> list[Any]:
    cotangents = [_or_zeros(c, s, d) for c, s, d in zip(g, node.shape, node.dtype, strict=True)]
    found = primitive.back(node.residuals[-1], cotangents)
    return [None if p is None else _fitting(primitive, c, p) for c, p in zip(found, node.parents, strict=True)]


def _fitting(primitive: WithVjp, c: Any, parent: Node) -> Array:
    c = np.zeros(parent.shape, parent.dtype) if c is None else as_operand(c)
    c = c if hasattr(c, "shape") else np.asarray(c)[()]
    if c.shape != parent.shape:
        raise ValueError(
            f"the rule of {primitive.name} returned a cotangent of shape {c.shape} for an argument of shape {parent.shape}"
        )
    # Copied, for it may be an array that the rule keeps, and results belong to the caller.
    return c.astype(parent.dtype) if c.dtype.kind != "c" or parent.dtype.kind == "c" else cast(c, parent.dtype)


def _or_zeros(c: Any, shape: tuple[int, ...], dtype: Any) -> Array:
    return np.zeros(shape, dtype)[()] if c is None else c


@push.register
def _(primitive: WithJvp, tangents: Sequence[Any], residuals: Sequence[Any], likes: Sequence[Any], params: Params) -> Any:
    if all(t is None for t in tangents):
        return None
    primals = residuals[:-1]
    return primitive.along(primals, [zero_like(x) if t is None else t for t, x in zip(tangents, primals, strict=True)])


@push.register
def _(primitive: WithVjp, *args: Any) -> NoReturn:
    raise ReverseOnly(
        f"{primitive.name} has a rule for reverse mode only (defvjp), and forward mode met it; "
        "give it a rule with custom_jvp, which serves both modes"
    )


def _axes(batched: Sequence[bool]) -> tuple[int | None, ...]:
    return tuple(0 if b else None for b in batched)


def batch_with_jvp(primitive: Any, values: Any, batched: Sequence[bool], size: int, params: Params) -> Any:
    axes = _axes(batched)
    many = WithJvp(
        primitive.name,
        vmap(primitive.function, in_axes=axes, axis_size=size),
        along=vmap(primitive.along, in_axes=(axes, axes), axis_size=size),
        batch=batch_with_jvp,
    )
    return many(*values)


def batch_with_vjp(primitive: Any, values: Any, batched: Sequence[bool], size: int, params: Params) -> Any:
    def back(outs: Sequence[Array], cotangents: Sequence[Array]) -> list[Any]:
        found = vmap(primitive.back, axis_size=size)(tuple(outs), list(cotangents))
        # The cotangent of an argument that all examples share is the sum of theirs.
        return [c if b or c is None else np.sum(c, axis=0) for c, b in zip(found, batched, strict=True)]

    plain, forward = (vmap(f, in_axes=_axes(batched), axis_size=size) for f in (primitive.plain, primitive.function))
    return called(WithVjp(primitive.name, forward, plain=plain, back=back, batch=batch_with_vjp), values)


def called(primitive: WithVjp, values: Sequence[Any]) -> Any:
    """Pass a call to the Box with the highest level, or run ``plain`` where there is none."""
    boxes = [x for x in values if isinstance(x, Box)]
    if not boxes:
        return primitive.plain(*values)
    return max(boxes, key=lambda box: box.level).apply(primitive, tuple(values), {})


# -- trees and flat arrays ---------------------------------------------------------------------------


class Call:
    """The arguments of one call, cut into those that are differentiated, flat, and the rest."""

    def __init__(self, f: Function, nondiff: Sequence[int], args: Sequence[Any], kwargs: Mapping[str, Any]) -> None:
        bound = inspect.signature(f).bind(*args, **kwargs) if kwargs else None
        if bound is not None:
            bound.apply_defaults()
            args = bound.args
        self.args = tuple(args)
        if not all(-len(args) <= i < len(args) for i in nondiff):
            raise ValueError(f"nondiff_argnums={tuple(nondiff)} for a call with {len(args)} arguments")
        self.nondiff = sorted(i % len(args) for i in nondiff)
        self.static = tuple(args[i] for i in self.nondiff)
        self.chosen = [i for i in range(len(args)) if i not in self.nondiff]
        self.leaves, self.structure = tree.flatten(tuple(args[i] for i in self.chosen))
        for leaf, path in zip(self.leaves, self.structure.paths(), strict=True):
            if not isinstance(leaf, (Box, np.ndarray, np.generic, int, float, complex)):
                raise TypeError(f"argument{path} is {describe(leaf)}, no array; name its position in nondiff_argnums")
        by_keyword = [name for name in kwargs if bound is not None and name in bound.kwargs]
        if self.boxed and by_keyword:
            raise TypeError(
                f"{getattr(f, '__name__', 'the function')} takes {by_keyword[0]}= by keyword only, which no rule is given; let "
                "it take the argument by position too, and name its position in nondiff_argnums if it is no array"
            )

    def primals(self, leaves: Sequence[Array]) -> tuple[Any, ...]:
        """The differentiated arguments with these leaves."""
        return self.structure.unflatten(leaves)  # type: ignore[no-any-return]  # to mypy what comes back is Any

    def full(self, leaves: Sequence[Array]) -> list[Any]:
        """All the arguments with these leaves, which are read-only to the user's function."""
        args = list(self.args)
        for i, value in zip(self.chosen, self.primals(read_only(list(leaves))), strict=True):
            args[i] = value
        return args

    @property
    def boxed(self) -> bool:
        return any(isinstance(leaf, Box) for leaf in self.leaves)


def flat(result: Any) -> tuple[tuple[Array, ...], tree.Structure]:
    """The leaves of a tree of arrays and numbers, and its structure.

    Raises:
        TypeError: naming a leaf that is neither.
    """
    leaves, structure = tree.flatten(result)
    arrays = tuple(x if hasattr(x, "shape") else np.asarray(x)[()] for x in as_operands(tuple(leaves)))
    for x in arrays:
        if not hasattr(x, "shape"):
            raise TypeError(
                f"{describe(x)} is no array; the results and residuals of a function that has its own rule, or is in a "
                "checkpoint, are trees of arrays and numbers"
            )
    return arrays, structure


def refuse_closures(name: str, called_with: Sequence[Any], leaves: Sequence[Any], outs: Sequence[Any]) -> None:
    """Refuse results that depend on a Box from outside the call.

    Raises:
        TypeError: when a result is still a Box of the level being differentiated.
    """
    level = max(x.level for x in called_with if isinstance(x, Box))
    given = max((x.level for x in leaves if isinstance(x, Box)), default=0)
    for out in outs:
        if isinstance(out, Box) and out.level >= level and out.level > given:
            raise TypeError(
                f"{name}: the function uses a {type(out).__name__} from outside, whose derivative would be lost; "
                "pass it as an argument"
            )
