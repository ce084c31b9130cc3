"""Views: which entries of an array in memory a value is, as an offset and strides counted in entries."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import NamedTuple

from .program import Broadcast, Operation, Reshape, Slice, Transpose


class View(NamedTuple):
    """``shape`` entries of the value ``base``, which lies in memory in row-major order."""

    base: int
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


@functools.lru_cache(maxsize=4096)
def contiguous(shape: tuple[int, ...]) -> tuple[int, ...]:
    """The strides of an array in row-major order.

    Example:
        >>> contiguous((2, 3, 4))
        (12, 4, 1)
    """
    strides, step = [], 1
    for n in reversed(shape):
        strides.append(step)
        step *= n
    return tuple(reversed(strides))


def whole(base: int, shape: tuple[int, ...]) -> View:
    return View(base, 0, shape, contiguous(shape))


def is_whole(view: View, shape: tuple[int, ...]) -> bool:
    """Whether the view is all of its base, whose shape is given, in the base's order."""
    kept = squeezed(view)
    size = math.prod(shape)
    return view.offset == 0 and math.prod(kept.shape) == size and kept.strides == contiguous(kept.shape)


def squeezed(view: View) -> View:
    """The view without its axes of length 1."""
    if 1 not in view.shape:
        return view
    kept = [(n, step) for n, step in zip(view.shape, view.strides, strict=True) if n != 1]
    return View(view.base, view.offset, tuple([n for n, _ in kept]), tuple([step for _, step in kept]))


def transposed(view: View, axes: Sequence[int]) -> View:
    order = [axis % len(view.shape) for axis in axes]
    return view._replace(shape=tuple(view.shape[i] for i in order), strides=tuple(view.strides[i] for i in order))


def broadcast(view: View, shape: tuple[int, ...]) -> View:
    """The view repeated: strides of 0 along axes that are new or had length 1."""
    if view.shape == shape:
        return view
    lead = len(shape) - len(view.shape)
    kept = [step if n == m else 0 for n, step, m in zip(view.shape, view.strides, shape[lead:], strict=True)]
    return View(view.base, view.offset, shape, (0,) * lead + tuple(kept))


def sliced(view: View, parts: Sequence[object]) -> View:
    """The view at a basic index, written as `Slice` writes it."""
    shape, strides, offset, axis = [], [], view.offset, 0
    for part in parts:
        if part is None:
            shape.append(1)
            strides.append(0)
            continue
        n, step = view.shape[axis], view.strides[axis]
        axis += 1
        if isinstance(part, tuple):
            taken = range(*slice(*part).indices(n))
            shape.append(len(taken))
            strides.append(step * taken.step)
            offset += step * taken.start if len(taken) else 0
        else:
            offset += step * (int(part) % n)  # type: ignore[call-overload]  # an int: what else a basic index has
    return View(view.base, offset, (*shape, *view.shape[axis:]), (*strides, *view.strides[axis:]))


def reshaped(view: View, shape: tuple[int, ...]) -> View | None:
    """The view in another shape, or None where strides cannot express it.

    Example:
        >>> reshaped(View(0, 0, (2, 3), (3, 1)), (3, 2)).strides
        (2, 1)
        >>> reshaped(View(0, 0, (3, 2), (1, 3)), (6,)) is None
        True
    """
    if math.prod(shape) == 0:
        return View(view.base, view.offset, shape, (0,) * len(shape))
    blocks = merged(view)
    strides, left, step = [], 1, 0
    for n in reversed(shape):
        if n == 1:
            strides.append(0)
            continue
        if left == 1:
            left, step = blocks.pop()
        if left % n:
            return None
        strides.append(step)
        left, step = left // n, step * n
    return View(view.base, view.offset, shape, tuple(reversed(strides)))


def merged(view: View) -> list[tuple[int, int]]:
    """Lengths and strides of the view, with neighbouring axes that make one joined."""
    blocks: list[tuple[int, int]] = []
    for n, step in zip(view.shape, view.strides, strict=True):
        if n == 1:
            continue
        if blocks and blocks[-1][1] == step * n:
            blocks[-1] = (blocks[-1][0] * n, step)
        else:
            blocks.append((n, step))
    return blocks


def rows(view: View) -> tuple[bool, int] | None:
    """Whether a matrix (the last two axes) lies in rows, else in columns, and their distance; None if in neither.

    Example:
        >>> rows(View(0, 0, (2, 3), (3, 1))), rows(View(0, 0, (2, 3), (1, 2))), rows(View(0, 0, (2, 3), (6, 2)))
        ((True, 3), (False, 2), None)
    """
    (m, n), (down, along) = view.shape[-2:], view.strides[-2:]
    if (along == 1 or n == 1) and (down >= n or m == 1):
        return True, max(down, n, 1)
    if (down == 1 or m == 1) and (along >= m or n == 1):
        return False, max(along, m, 1)
    return None


def apply(operation: Operation, view: View) -> View | None:
    """The view that an operation makes of a view; None where it needs a copy (a `Reshape` may)."""
    match operation:
        case Transpose(axes):
            return transposed(view, axes)
        case Broadcast(shape):
            return broadcast(view, shape)
        case Slice(parts):
            return sliced(view, parts)
        case Reshape(shape):
            return reshaped(view, shape)
    raise TypeError(f"{operation.name} makes no view")


#: The operations that move no entry.
VIEWS = (Reshape, Transpose, Broadcast, Slice)
