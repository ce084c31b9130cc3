"""Tallies: bincount and histogram, in their weights.

Both add each weight to the entry that its value names, which `gathering.place_rows` does.  The places, the edges
of bins and bare counts are constants.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...core.boxes import raw
from ...core.declare import constant, implements, register
from ...core.graph import Array
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


edges_of = constant(lambda x, *, bins, limits: np.histogram_bin_edges(x, bins, limits), name="histogram_bin_edges")
bin_of = constant(_bin_of, name="bin_of")
register(np.histogram_bin_edges, constant(np.histogram_bin_edges), ("bins", "range"))


@implements(np.histogram)
def histogram(
    a: Any, bins: Any = 10, range: Any = None, density: bool | None = None, weights: Any = None  # noqa: A002  # NumPy's names
) -> tuple[Array, Array]:
    values = as_operand(a)
    w = np.ones(values.shape, np.intp) if weights is None else as_operand(weights)
    if w.shape != values.shape:
        raise ValueError(f"numpy.histogram: the weights of shape {w.shape} do not fit the values of shape {values.shape}")
    if isinstance(bins, str) and weights is not None:
        raise TypeError("Automated estimation of the number of bins is not supported for weighted data")
    values = values.reshape(-1)
    if isinstance(bins, (str, int, np.integer)):
        edges = edges_of(values, bins=bins, limits=range)
    else:
        edges = as_operand(bins)
        if np.any(edges[1:] < edges[:-1]):
            raise ValueError("`bins` must increase monotonically, when an array")
    number = edges.shape[0] - 1
    n = place_rows(w.reshape(-1), bin_of(values, edges), length=number + 1)[:number]
    return (n / np.diff(edges) / np.sum(n) if density else n), edges
