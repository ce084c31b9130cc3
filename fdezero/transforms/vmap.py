"""Batching for users: `vmap`, a function of one example made into a function of many."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .. import tree
from ..core.graph import Array
from ..core.operands import as_operand, describe
from ..core.recording import Level
from ..interpreters.batching import Batch
from .wrapping import Function, Transformed, as_result, decorator, finish, run_on_boxes


@decorator
def vmap(f: Function, in_axes: Any = 0, out_axes: Any = 0, axis_size: int | None = None) -> Callable[..., Any]:
    """A function of one example as a function of a batch of them, without a loop over examples.

    Args:
        f: a function of arrays or trees of them, written for one example.
        in_axes: which axis of each argument is the batch: an int, None for an argument that all
            examples share, or a tuple with an entry for each argument, of which each may be a tree
            that is a prefix of the argument's.
        out_axes: where the batch axis goes in the results, in the same form.
        axis_size: the size of the batch; needed only where no argument has a batch axis.

    Returns:
        A function of the same positional arguments; keyword arguments are shared by all examples.

    Raises:
        ValueError: when the sizes of two batch axes differ, naming the leaves and the sizes.
        TypeError: when control flow in ``f`` depends on a batched value.

    Example:
        >>> import numpy as np
        >>> from fdezero import grad, vmap
        >>> vmap(np.dot, in_axes=(0, None))(np.eye(2), np.array([3.0, 4.0]))
        array([3., 4.])
        >>> vmap(grad(lambda w, x: (w @ x) ** 2), in_axes=(None, 0))(np.ones(2), np.array([[1.0, 2.0], [0.0, 1.0]]))
        array([[ 6., 12.],
               [ 0.,  2.]])
    """
    return Transformed(_vmap, f, in_axes, out_axes, axis_size)


def _vmap(
    f: Function, in_axes: Any, out_axes: Any, axis_size: int | None, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    in_axes = in_axes if isinstance(in_axes, tuple) else (in_axes,) * len(args)
    if len(in_axes) != len(args):
        raise ValueError(f"vmap: in_axes={in_axes!r} is for {len(in_axes)} positional arguments, and the call has {len(args)}")
    mapped = [i for i, axis in enumerate(in_axes) if axis is not None]  # what all examples share stays as it is
    leaves, structure = tree.flatten([args[i] for i in mapped])
    axes = _axes_of([in_axes[i] for i in mapped], structure, "in_axes")
    size = _batch_size(leaves, axes, mapped, structure, axis_size)
    places_of = list(zip(leaves, axes, strict=True))

    def boxes(level: Level) -> list[Any]:
        return [x if axis is None else Batch(_to_front(x, axis), level, size) for x, axis in places_of]

    level, _, result, _ = run_on_boxes(f, args, kwargs, mapped, structure.children, boxes)
    outs, out_structure = tree.flatten(result)
    places = _axes_of(out_axes, out_structure, "out_axes")
    results = [_from_front(out, place, level, size) for out, place in zip(outs, places, strict=True)]
    return out_structure.unflatten(finish(results, leaves))


def over_batch(f: Function, batch: Any, out_axes: Any = 0) -> Any:
    """``vmap(f, out_axes=out_axes)(batch)``, without giving the batched function a name and docstring first."""
    return _vmap(f, 0, out_axes, None, (batch,), {})


def _axes_of(axes: Any, structure: tree.Structure, name: str) -> list[int | None]:
    """An axis for each leaf, where ``axes`` is a prefix of the tree."""
    if axes is None or isinstance(axes, int):
        return [axes] * structure.size
    given = tree.children(axes)
    keys = list(structure.keys or range(len(structure.children)))
    if structure.kind is None or given is None or keys != [key for key, _ in given]:
        shown = structure.unflatten(["*"] * structure.size)
        raise ValueError(f"vmap: {name}={axes!r} is neither an int or None nor a prefix of the tree {shown!r}")
    return [a for (_, axis), child in zip(given, structure.children, strict=True) for a in _axes_of(axis, child, name)]


def _batch_size(
    leaves: Sequence[Any], axes: Sequence[int | None], mapped: Sequence[int], structure: tree.Structure, axis_size: int | None
) -> int:
    """The one size that all batch axes must have."""

    def name(i: int) -> str:
        position, rest = structure.paths()[i][1:].split("]", 1)
        return f"argument {mapped[int(position)]}{rest}"

    found, first = axis_size, None
    for i, (x, axis) in enumerate(zip(leaves, axes, strict=True)):
        if axis is None:
            continue
        shape = x.shape if hasattr(x, "shape") else np.shape(x)
        if not -len(shape) <= axis < len(shape):
            raise ValueError(f"vmap: {name(i)} has no axis {axis}: it is {describe(x)}; give it None in in_axes")
        if found is None:
            found, first = shape[axis], i
        elif shape[axis] != found:
            raise ValueError(
                f"vmap: the batch axes differ: {'axis_size' if first is None else name(first)} has size {found}, "
                f"and {name(i)} has size {shape[axis]} along axis {axis}"
            )
    if found is None:
        raise ValueError("vmap: no argument has a batch axis; give axis_size=")
    return found


def _to_front(x: Any, axis: int) -> Array:
    x = as_operand(x)
    x = x if hasattr(x, "shape") else np.asarray(x)
    return x if axis == 0 else np.moveaxis(x, axis, 0)


def _from_front(out: Any, place: int | None, level: int, size: int) -> Any:
    if isinstance(out, Batch) and out.level == level:
        if place is None:
            raise ValueError("vmap: out_axes is None for a result that differs from example to example")
        value = out._value
    elif place is None:
        out = as_result(out)
        return out.copy() if type(out) is np.ndarray else out
    else:
        value = np.broadcast_to(as_result(out), (size, *np.shape(out)))
    return value if place == 0 else np.moveaxis(value, 0, place)
