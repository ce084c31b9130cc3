"""Convolution and correlation: bilinear, each the transpose of another.

Two primitives carry all of it: `full`, whose transpose is `valid`, and `valid`, whose transposes are
`full` in the longer argument and `valid` in the shorter.  Both take arrays of equally many axes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.signal

from ..core.declare import multilinear
from ..core.graph import Array, Box
from ..core.primitives import Multilinear
from ._mirror import mirrors, operand, public_name, refuse

#: How the numbers come about: SciPy's function, its method where it has several, and along which of the last axes.
How = tuple[str, str, tuple[int, ...] | None]


def _computed(x: Array, y: Array, mode: str, how: How) -> Array:
    function, method, axes = how
    if function == "convolve":
        return scipy.signal.convolve(x, y, mode, method)
    return getattr(scipy.signal, function)(x, y, mode, **({} if axes is None else {"axes": axes}))


def flipped(x: Array, how: How) -> Array:
    """The axes of the convolution the other way round."""
    return np.flip(x, how[2])


full: Multilinear = multilinear(
    lambda x, y, *, how: _computed(x, y, "full", how),
    lambda g, y, *, how: valid(g, flipped(y, how), how=how),
    lambda g, x, *, how: valid(g, flipped(x, how), how=how),
    name="convolve",
)
#: In every axis the first argument is at least as long as the second.
valid: Multilinear = multilinear(
    lambda x, y, *, how: _computed(x, y, "valid", how),
    lambda g, y, *, how: full(g, flipped(y, how), how=how),
    lambda g, x, *, how: valid(flipped(x, how), g, how=how),
    name="convolve_valid",
)


def convolved(name: str, x: Array, y: Array, mode: str, how: How) -> Array:
    """The convolution in one of SciPy's modes; along axes of which it is none, the arrays are equally long."""
    if len(x.shape) != len(y.shape):
        raise ValueError("in1 and in2 should have the same dimensionality")
    if not x.shape:
        return x * y
    if mode not in ("full", "same", "valid"):
        raise ValueError("acceptable mode flags are 'valid', 'same', or 'full'")
    if mode == "valid":
        if all(n >= m for n, m in zip(x.shape, y.shape, strict=True)):
            return valid(x, y, how=how)
        if all(n <= m for n, m in zip(x.shape, y.shape, strict=True)):
            return valid(y, x, how=how)
        raise ValueError(f"{name}: for mode='valid' one array must be at least as large as the other in every axis")
    out = full(x, y, how=how)
    return out if mode == "full" else _centre(out, x.shape)


def _lined_up(x: Array, y: Array, axes: Any) -> tuple[Array, Array, tuple[int, ...]]:
    """The arrays broadcast along the other axes than those of the convolution, and these counted from the end."""
    ndim = len(x.shape)
    chosen = tuple(axis - ndim if axis >= 0 else axis for axis in (axes if np.iterable(axes) else (axes,)))
    if len(y.shape) != ndim:
        raise ValueError("in1 and in2 should have the same dimensionality")
    rest = np.broadcast_shapes(*[tuple(1 if i - ndim in chosen else n for i, n in enumerate(a.shape)) for a in (x, y)])

    def wide(a: Array) -> Array:
        return np.broadcast_to(a, [a.shape[i] if i - ndim in chosen else n for i, n in enumerate(rest)])

    return wide(x), wide(y), chosen


def _centre(x: Array, shape: tuple[int, ...], late: bool = False) -> Array:
    """The middle of x of this shape; where it is not exactly in the middle, it is earlier by half an entry, or ``late``r."""
    starts = [(n - m + late) // 2 for n, m in zip(x.shape, shape, strict=True)]
    return x[tuple(slice(start, start + m) for start, m in zip(starts, shape, strict=True))]


# -- SciPy's functions -----------------------------------------------------------------------------------
@mirrors(scipy.signal.convolve)
def convolve(in1: Any, in2: Any, mode: str = "full", method: str = "auto") -> Any:
    """The convolution of two arrays of equally many axes, differentiable in both."""
    x, y = operand(in1), operand(in2)
    return convolved("scipy.signal.convolve", x, y, mode, ("convolve", method, None))


def _by_fft(function: Callable[..., Any]) -> Any:
    def implementation(in1: Any, in2: Any, mode: str = "full", axes: Any = None) -> Any:
        x, y = operand(in1), operand(in2)
        name, how = public_name(function), (function.__name__, "", None)
        if axes is None:
            return convolved(name, x, y, mode, how)
        wide, y, along = _lined_up(x, y, axes)
        out = convolved(name, wide, y, "full" if mode == "same" else mode, (*how[:2], along))
        return _centre(out, x.shape) if mode == "same" else out  # SciPy's is of in1's shape even where that was broadcast

    implementation.__name__ = function.__name__
    implementation.__doc__ = "The convolution of two arrays of equally many axes, by FFT; differentiable in both."
    return mirrors(function)(implementation)


fftconvolve, oaconvolve = map(_by_fft, (scipy.signal.fftconvolve, scipy.signal.oaconvolve))


@mirrors(scipy.signal.correlate)
def correlate(in1: Any, in2: Any, mode: str = "full", method: str = "auto") -> Any:
    """The correlation of two arrays of equally many axes, differentiable in both."""
    x, y = operand(in1), operand(in2)
    return convolved("scipy.signal.correlate", x, _reversed(y), mode, ("convolve", method, None))


def _reversed(y: Array) -> Array:
    return np.flip(np.conjugate(y) if y.dtype.kind == "c" else y)


#: SciPy's boundaries in `numpy.pad`'s words.
_PADDING: dict[str, Any] = {"wrap": "wrap", "circular": "wrap", "symm": "symmetric", "symmetric": "symmetric"}


@mirrors(scipy.signal.convolve2d)
def convolve2d(in1: Any, in2: Any, mode: str = "full", boundary: str = "fill", fillvalue: Any = 0) -> Any:
    """The convolution of two matrices with SciPy's boundary conditions, differentiable in both."""
    return _bordered("scipy.signal.convolve2d", operand(in1), operand(in2), mode, boundary, fillvalue)


@mirrors(scipy.signal.correlate2d)
def correlate2d(in1: Any, in2: Any, mode: str = "full", boundary: str = "fill", fillvalue: Any = 0) -> Any:
    """The correlation of two matrices with SciPy's boundary conditions, differentiable in both."""
    x, y = operand(in1), _reversed(operand(in2))
    if mode != "same":
        out = _bordered("scipy.signal.correlate2d", x, y, mode, boundary, fillvalue)
        exchanged = mode == "valid" and any(n < m for n, m in zip(x.shape, y.shape, strict=True))
        return np.conj(out) if exchanged else out  # SciPy exchanges them, and takes the conjugate of the other one
    return _centre(_bordered("scipy.signal.correlate2d", x, y, "full", boundary, fillvalue), x.shape, late=True)


def _bordered(name: str, x: Array, y: Array, mode: str, boundary: str, fillvalue: Any) -> Array:
    """The convolution of matrices, of which the first is continued beyond its border."""
    how = ("convolve2d", "", None)
    fills = boundary in ("fill", "pad")
    if mode == "valid" or (fills and not isinstance(fillvalue, Box) and fillvalue == 0):
        return convolved(name, x, y, mode, how)
    if not fills and boundary not in _PADDING:
        raise refuse(name, f"boundary={boundary!r}", "write 'fill', 'wrap' or 'symm'")
    margins = [m - 1 for m in y.shape]
    if not fills and any(margin > n for margin, n in zip(margins, x.shape, strict=True)):
        raise refuse(name, f"boundary={boundary!r} and in2 larger than in1", "exchange them, or pad in1 with np.pad")
    options: Any = {"constant_values": fillvalue} if fills else {"mode": _PADDING[boundary]}
    padded = np.pad(x, [(margin, margin) for margin in margins], **options)
    out = valid(padded, y, how=how)
    return out if mode == "full" else _centre(out, x.shape)
