"""Tallies: bincount and histogram, in their weights.

Both add each weight to the entry that its value names, which `gathering.place_rows` does.  The places and bare
counts are constants; the edges of bins move with what they are made of: the smallest and the largest value, the
limits, or edges that were given.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...core.boxes import raw
from ...core.declare import constant, implements
from ...core.graph import Array, Box
from .gathering import place_rows
from .helpers import as_operand

counts = constant(np.bincount, name="bincount")


@implements(np.bincount)
def bincount(x: Array, /, weights: Any = None, minlength: int = 0) -> Array:
    places = as_operand(x)
    if weights is None:
        return counts(places, minlength=minlength)
    w = as_operand(weights)
    if len(places.shape) != 1 or places.dtype.kind not in "iu":
        raise TypeError(f"numpy.bincount takes a vector of integers; got {places.dtype} of shape {places.shape}")
    if w.shape != places.shape:
        raise ValueError(f"numpy.bincount: the weights of shape {w.shape} do not fit the list of shape {places.shape}")
    if w.dtype.kind == "c":
        raise TypeError("numpy.bincount takes real weights; write np.bincount(x, w.real) + 1j * np.bincount(x, w.imag)")
    w = w if w.dtype == np.float64 else w.astype(np.float64)
    return place_rows(w, places, length=max(int(np.max(raw(places), initial=-1)) + 1, minlength))


def _bin_of(x: Array, y: Array) -> Array:
    """The bin of each value, between two of the edges y; the number of bins for one that is in none."""
    bins = y.shape[0] - 1
    place = np.where(x == y[-1], bins - 1, np.searchsorted(y, x, side="right") - 1)  # the last bin has both its edges
    return np.where((x >= y[0]) & (x <= y[-1]), place, bins)


edges_of = constant(lambda x, *, bins: np.histogram_bin_edges(x, bins), name="histogram_bin_edges")
edges_between = constant(
    lambda x, first, last, *, bins: np.histogram_bin_edges(x, bins, (first, last)), name="histogram_bin_edges"
)
bin_of = constant(_bin_of, name="bin_of")


@implements(np.histogram_bin_edges)
def histogram_bin_edges(a: Any, bins: Any = 10, range: Any = None, weights: Any = None) -> Array:  # noqa: A002  # NumPy's name
    """As NumPy's, and differentiable in what they are made of."""
    x = as_operand(a).reshape(-1)
    if isinstance(bins, str) and weights is not None:
        raise TypeError("Automated estimation of the number of bins is not supported for weighted data")
    if not isinstance(bins, (str, int, np.integer)):
        edges = as_operand(bins)
        if np.any(raw(edges[1:] < edges[:-1])):
            raise ValueError("`bins` must increase monotonically, when an array")
        return edges
    plain = edges_of(x, bins=bins) if range is None else edges_between(x, *range, bins=bins)
    first, last = range if range is not None else (0.0, 1.0) if 0 in x.shape else (np.min(x), np.max(x))
    if not isinstance(first, Box) and not isinstance(last, Box):
        return plain
    beyond = np.where(first == last, 0.5, 0.0)  # as NumPy widens the range of equal values
    return np.astype(np.linspace(first - beyond, last + beyond, plain.shape[0]), plain.dtype)


@implements(np.histogram)
def histogram(
    a: Any, bins: Any = 10, range: Any = None, density: bool | None = None, weights: Any = None  # noqa: A002  # NumPy's names
) -> tuple[Array, Array]:
    values = as_operand(a)
    w = np.ones(values.shape, np.intp) if weights is None else as_operand(weights)
    if w.shape != values.shape:
        raise ValueError(f"numpy.histogram: the weights of shape {w.shape} do not fit the values of shape {values.shape}")
    values = values.reshape(-1)
    edges = histogram_bin_edges(values, bins, range, weights)
    number = edges.shape[0] - 1
    n = place_rows(w.reshape(-1), bin_of(values, edges), length=number + 1)[:number]
    return (n / np.diff(edges) / np.sum(n) if density else n), edges
