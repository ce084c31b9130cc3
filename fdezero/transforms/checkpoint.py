"""`checkpoint`: recompute instead of keep."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from .. import tree
from ..core.graph import Array, Box, Node, Params
from ..interpreters.reverse import pull
from .calls import Call, WithJvp, flat, pulled_through, refuse_closures
from .jvp import jvp
from .vmap import vmap
from .wrapping import Function, Transformed, decorator


class Recomputed(WithJvp):
    """A call of which a Node keeps the arguments only; its pullback runs the function again."""

    __slots__ = ()


@pull.register
def _(primitive: Recomputed, node: Node, g: Any) -> list[Any]:
    primals = node.residuals[:-1]
    active = [i for i, parent in enumerate(node.parents) if parent is not None]

    def of_active(*xs: Array) -> tuple[Array, ...]:
        full = list(primals)
        for i, x in zip(active, xs, strict=True):
            full[i] = x
        outs: tuple[Array, ...] = primitive.function(*full)  # itself, to be recorded this time
        return outs

    return pulled_through(of_active, active, [primals[i] for i in active], node, g)


def _batch(primitive: Any, values: Any, batched: Sequence[bool], size: int, params: Params) -> Any:
    axes = tuple(0 if b else None for b in batched)
    return _recomputed(primitive.name, vmap(primitive.function, in_axes=axes, axis_size=size))(*values)


def _recomputed(name: str, function: Callable[..., tuple[Array, ...]]) -> Recomputed:
    def tangents(*xs_and_ts: Array) -> tuple[Array, ...]:
        half = len(xs_and_ts) // 2
        outs: tuple[Array, ...] = jvp(function, xs_and_ts[:half], xs_and_ts[half:])[1]
        return outs

    def along(xs: Sequence[Array], ts: Sequence[Array]) -> tuple[Array, ...]:
        # The tangent of what is recomputed is recomputed too, so that reverse over forward keeps no more.
        outs: tuple[Array, ...] = _recomputed(f"tangent of {name}", tangents)(*xs, *ts)
        return outs

    return Recomputed(name, function, along=along, batch=_batch)


@decorator
def checkpoint(f: Function) -> Callable[..., Any]:
    """``f``, of which reverse mode keeps the arguments only, and recomputes what is between.

    Nested over a chain of n steps by halves, the memory of a gradient grows with log n and its time
    with n log n.

    Args:
        f: a function of arrays or trees of them.  Boxes that are to be differentiated must be among
            its arguments.

    Raises:
        TypeError: when ``f`` uses such a Box from outside (a closure), whose derivative would be lost.

    Source: Griewank, Achieving logarithmic growth of temporal and spatial complexity in reverse
    automatic differentiation, Optimization Methods and Software 1 (1992).

    Example:
        >>> import numpy as np
        >>> from fdezero import checkpoint, grad
        >>> grad(lambda x: checkpoint(np.sin)(x) ** 2)(0.5) == 2 * np.sin(0.5) * np.cos(0.5)
        np.True_
    """
    return Transformed(_checkpoint, f)


def _checkpoint(f: Function, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    static = [i for i, arg in enumerate(args) if not all(map(_is_array, tree.leaves(arg)))]
    call = Call(partial(f, **kwargs) if kwargs else f, static, args, {})
    if not call.boxed:
        return f(*args, **kwargs)
    found: list[tree.Structure] = []

    def function(*leaves: Array) -> tuple[Array, ...]:
        outs, structure = flat(f(*call.full(leaves), **kwargs))
        refuse_closures("checkpoint", call.leaves, leaves, outs)
        found.append(structure)
        return outs

    outs = _recomputed(getattr(f, "__name__", "checkpoint"), function)(*call.leaves)
    return found[0].unflatten(outs)


def _is_array(x: Any) -> bool:
    return isinstance(x, (Box, np.ndarray, np.generic, int, float, complex))
