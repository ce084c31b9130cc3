"""Sliding products: convolve and correlate, in every mode.

One bilinear primitive is enough: `slide(x, y)` moves y along x and sums the products at each position.  Its
transposes are itself on other arguments, so higher derivatives need no more.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...core.declare import implements, multilinear
from ...core.graph import Array
from ...core.primitives import Multilinear
from .helpers import as_operand


def _slide(x: Array, y: Array, *, before: int, after: int) -> Array:
    """Sum over j of ``x[k + j - before] * y[j]``, where x has ``before`` zeros in front and ``after`` behind."""
    lead = np.broadcast_shapes(x.shape[:-1], y.shape[:-1])
    if not lead:
        return _slide_vectors(x, y, before, after)
    n, m = x.shape[-1], y.shape[-1]
    positions = n + before + after - m + 1
    x, y = np.broadcast_to(x, (*lead, n)), np.broadcast_to(y, (*lead, m))
    out = np.zeros((*lead, positions), np.result_type(x, y))
    if m <= out[..., 0].size:
        for j in range(m):  # all rows at once
            first, last = max(before - j, 0), min(n + before - j, positions)
            out[..., first:last] += x[..., first + j - before : last + j - before] * y[..., j : j + 1]
    else:
        for row in np.ndindex(lead):
            out[row] = _slide_vectors(x[row], y[row], before, after)
    return out


def _slide_vectors(x: Array, y: Array, before: int, after: int) -> Array:
    """By np.convolve; the positions beyond an end of x, where they are not those of one of its modes, one by one."""
    n, m = x.shape[0], y.shape[0]
    if m > n:  # slide x along y, in the other direction
        return _slide_vectors(y, x, n + after - m, n + before - m)[::-1]
    if before == after == m - 1:
        return np.convolve(x, y[::-1])
    if before == m // 2 and after == m - 1 - m // 2:
        return np.convolve(x, y[::-1], "same")
    out = np.empty(n + before + after - m + 1, np.result_type(x, y))
    out[before : before + n - m + 1] = np.convolve(x, y[::-1], "valid")
    for k in range(before):
        out[k] = np.dot(x[: m + k - before], y[before - k :])
    for k in range(after):
        out[len(out) - 1 - k] = np.dot(x[n - m + after - k :], y[: m - after + k])
    return out


def _slide_x(g: Array, y: Array, *, before: int, after: int) -> Array:
    m = y.shape[-1]
    return slide(g, np.flip(y, -1), before=m - 1 - before, after=m - 1 - after)


slide: Multilinear = multilinear(
    _slide,
    _slide_x,
    lambda g, x, *, before, after: slide(x, g, before=before, after=after),
    name="slide",
    core=(1, 1),
)


def _two_vectors(a: Any, v: Any, name: str) -> tuple[Array, Array]:
    a, v = as_operand(a), as_operand(v)
    for x in (a, v):
        if len(x.shape) != 1 or not x.shape[0]:
            raise ValueError(f"numpy.{name} takes two vectors that are not empty; got one of shape {x.shape}")
    return a, v


def _slid(a: Array, v: Array, mode: str) -> Array:
    """The shorter ``v`` slid along ``a``; ``mode`` says how far beyond its ends."""
    m = v.shape[0]
    match mode:
        case "valid":
            return slide(a, v, before=0, after=0)
        case "same":
            return slide(a, v, before=m // 2, after=m - 1 - m // 2)
        case "full":
            return slide(a, v, before=m - 1, after=m - 1)
    raise ValueError(f"mode must be one of 'valid', 'same', or 'full' (got {mode!r})")


@implements(np.convolve)
def convolve(a: Any, v: Any, mode: str = "full") -> Array:
    a, v = _two_vectors(np.atleast_1d(a), np.atleast_1d(v), "convolve")
    if v.shape[0] > a.shape[0]:
        a, v = v, a
    return _slid(a, np.flip(v), mode)


@implements(np.correlate)
def correlate(a: Any, v: Any, mode: str = "valid") -> Array:
    a, v = _two_vectors(a, v, "correlate")
    v = np.conjugate(v) if v.dtype.kind == "c" else v
    return _slid(a, v, mode) if a.shape[0] >= v.shape[0] else np.flip(_slid(v, a, mode))
