"""Histograms in several dimensions: linear in the weights; bare counts are constants, and edges move as in `tallies`."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...core.declare import implements
from ...core.graph import Array
from .gathering import place_rows
from .helpers import as_operand
from .tallies import bin_of


@implements(np.histogramdd)
def histogramdd(
    sample: Any, bins: Any = 10, range: Any = None, density: bool | None = None, weights: Any = None  # noqa: A002  # NumPy's
) -> tuple[Array, list[Array]]:
    x = np.stack([as_operand(c) for c in sample], axis=-1) if isinstance(sample, (list, tuple)) else as_operand(sample)
    x = x if len(x.shape) == 2 else np.atleast_2d(x).T
    w = np.ones(x.shape[0]) if weights is None else as_operand(weights)
    if w.shape != x.shape[:1]:
        raise ValueError(f"numpy.histogramdd: the weights of shape {w.shape} do not fit {x.shape[0]} points")
    columns = np.moveaxis(x, -1, 0)
    each = _of_each(bins, len(columns), "bins") if np.iterable(bins) else [bins] * len(columns)
    limits = [None] * len(columns) if range is None else _of_each(range, len(columns), "range")
    edges = [np.histogram_bin_edges(*of_one) for of_one in zip(columns, each, limits, strict=True)]
    shape = tuple(len(ends) - 1 for ends in edges)
    total = math.prod(shape)
    cell: Any = 0
    inside: Any = True
    for column, ends, n in zip(columns, edges, shape, strict=True):
        place = bin_of(as_operand(column), as_operand(ends))
        cell, inside = cell * n + place, inside & (place < n)
    cell = np.where(inside, cell, total)
    sums = place_rows(w.astype(np.float64), cell, length=total + 1)[:total]
    counts = sums.reshape(shape)
    if density:
        counts = counts / np.sum(sums)
        for axis, ends in enumerate(edges):
            counts = counts / (ends[1:] - ends[:-1]).reshape([-1 if i == axis else 1 for i, _ in enumerate(edges)])
    return counts, edges


def _of_each(values: Any, count: int, name: str) -> Any:
    if len(values) != count:
        raise ValueError(f"numpy.histogramdd: {name} of {len(values)} for {count} dimensions")
    return values


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
