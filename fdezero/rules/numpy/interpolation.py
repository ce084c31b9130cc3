"""Piecewise linear interpolation: interp, in x, xp, fp, left, right and period.

The slope at a knot is that of the segment on its right, at the last knot that of the last segment; outside it
is 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...core.boxes import raw
from ...core.declare import constant, general, implements
from ...core.graph import Array
from ...core.primitives import General
from .gathering import rows
from .helpers import as_operand


def _batch(primitive: Any, values: list[Array], batched: Sequence[bool], size: int, params: Any) -> Array:
    """One call for all x where the knots are shared."""
    if not any(batched[1:]):
        return primitive(*values)
    return np.stack([primitive(*[v[i] if b else v for v, b in zip(values, batched, strict=True)]) for i in range(size)])


segment_of = constant(
    lambda x, y: np.clip(np.searchsorted(y, x, side="right") - 1, 0, max(y.shape[0] - 2, 0)), name="segment_of", batch=_batch
)


def _segment(x: Array, knots: Array) -> tuple[Array, Array, Array, Array]:
    """Of each x: the place of the knots on its left and on its right, its distance from the former, theirs."""
    left = segment_of(x, knots)
    right = np.minimum(left + 1, knots.shape[0] - 1)
    start = rows(knots, left)
    width = rows(knots, right) - start
    return left, right, x - start, np.where(width == 0, 1, width)  # there is no width where there is one knot


def _slope(x: Array, y: Array, z: Array) -> Array:
    """That of the segment of each x."""
    if y.shape[0] == 1:
        return np.zeros_like(z, shape=np.shape(x))
    widths = np.diff(y)
    slopes = np.diff(z) / np.where(widths == 0, 1, widths)  # no x is in a segment without a width
    outside = (x < y[0]) | (x > y[-1])
    return np.where(outside, 0, rows(slopes, segment_of(x, y)))


def _between(x: Array, knots: Array, values: Array) -> Array:
    """The interpolation itself, in terms of primitives: what moves if the values move."""
    left, right, distance, width = _segment(x, knots)
    share = np.clip(distance / width, 0, 1)
    return (1 - share) * rows(values, left) + share * rows(values, right)


interpolated: General = general(
    lambda x, y, z: np.interp(x, y, z),
    jvp=[
        lambda g, x, y, z: g * _slope(x, y, z),
        lambda g, x, y, z: -_slope(x, y, z) * _between(x, y, g),
        lambda g, x, y: _between(x, y, g),
    ],
    name="interp",
    batch=_batch,
)


@implements(np.interp)
def interp(x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None, period: Any = None) -> Array:
    x, xp, fp = as_operand(x), as_operand(xp), as_operand(fp)
    if len(xp.shape) != 1 or len(fp.shape) != 1:
        raise ValueError("Data points must be 1-D sequences")
    if xp.shape != fp.shape:
        raise ValueError("fp and xp are not of the same length.")
    if period is not None:
        x, xp, fp = _periodic(x, xp, fp, np.abs(period))
        left = right = None
    inside = interpolated(x, xp, fp)
    if left is not None:
        inside = np.where(x < xp[0], left, inside)
    return inside if right is None else np.where(x > xp[-1], right, inside)


def _periodic(x: Array, xp: Array, fp: Array, period: Any) -> tuple[Array, Array, Array]:
    """One period of the knots in order, and one more knot on either side."""
    if np.any(raw(period) == 0):
        raise ValueError("period must be a non-zero value")
    x, xp = x % period, xp % period
    order = np.argsort(xp)
    xp, fp = np.take_along_axis(xp, order, -1), np.take_along_axis(fp, order, -1)
    return x, np.concatenate((xp[-1:] - period, xp, xp[:1] + period)), np.concatenate((fp[-1:], fp, fp[:1]))
