"""Histograms in several dimensions: linear in the weights; the edges of the bins and bare counts are constants."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...core.declare import constant, implements
from ...core.graph import Array
from .gathering import place_rows
from .helpers import as_operand


def _cells(x: Any, *, bins: Any, limits: Any) -> tuple[Any, ...]:
    """For each row the number of its cell, that of one more for a row in none; and the edges of each dimension."""
    edges = np.histogramdd(x, bins, limits)[1]
    cell, inside = np.zeros(len(x), np.intp), np.ones(len(x), bool)
    for column, ends in zip(x.T, edges, strict=True):
        place = np.where(column == ends[-1], len(ends) - 2, np.searchsorted(ends, column, side="right") - 1)
        inside &= (ends[0] <= column) & (column <= ends[-1])
        cell = cell * (len(ends) - 1) + place
    return np.where(inside, cell, math.prod(len(ends) - 1 for ends in edges)), *edges


def _batch_cells(primitive: Any, values: list[Array], batched: Any, size: int, params: Any) -> tuple[Array, ...]:
    """Each example has edges of its own, and so is counted by itself."""
    found = [primitive(x, **params) for x in values[0]]
    return tuple(np.stack(each) for each in zip(*found, strict=True))


cells = constant(_cells, name="histogramdd", batch=_batch_cells)


@implements(np.histogramdd)
def histogramdd(
    sample: Any, bins: Any = 10, range: Any = None, density: bool | None = None, weights: Any = None  # noqa: A002  # NumPy's
) -> tuple[Array, list[Array]]:
    x = np.stack([as_operand(c) for c in sample], axis=-1) if isinstance(sample, (list, tuple)) else as_operand(sample)
    x = x if len(x.shape) == 2 else np.atleast_2d(x).T
    w = np.ones(x.shape[0]) if weights is None else as_operand(weights)
    if w.shape != x.shape[:1]:
        raise ValueError(f"numpy.histogramdd: the weights of shape {w.shape} do not fit {x.shape[0]} points")
    cell, *edges = cells(x, bins=bins, limits=range)
    shape = tuple(len(ends) - 1 for ends in edges)
    total = math.prod(shape)
    sums = place_rows(w.astype(np.float64), cell, length=total + 1)[:total]
    counts = sums.reshape(shape)
    if density:
        counts = counts / np.sum(sums)
        for axis, ends in enumerate(edges):
            counts = counts / (ends[1:] - ends[:-1]).reshape([-1 if i == axis else 1 for i, _ in enumerate(edges)])
    return counts, edges


@implements(np.histogram2d)
def histogram2d(
    x: Array, y: Array, bins: Any = 10, range: Any = None, density: bool | None = None, weights: Any = None  # noqa: A002
) -> tuple[Array, Array, Array]:
    if isinstance(bins, (list, tuple, np.ndarray)) and len(bins) not in (1, 2):
        bins = [bins, bins]  # the edges of both
    if len(x) != len(y):
        raise ValueError("x and y must have the same length.")
    counts, edges = histogramdd([x, y], bins, range, density, weights)
    return counts, edges[0], edges[1]
