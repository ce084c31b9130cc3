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
from ..core.graph import Array
from ..core.primitives import Multilinear
from ._mirror import mirrors, operand, public_name, refuse

#: How the numbers come about: SciPy's function, and its method where it has several.
How = tuple[str, str]


def _computed(x: Array, y: Array, mode: str, how: How) -> Array:
    function, method = how
    if function == "convolve":
        return scipy.signal.convolve(x, y, mode, method)
    return getattr(scipy.signal, function)(x, y, mode)


def flipped(x: Array) -> Array:
    """All axes the other way round."""
    return np.flip(x)


full: Multilinear = multilinear(
    lambda x, y, *, how: _computed(x, y, "full", how),
    lambda g, y, *, how: valid(g, flipped(y), how=how),
    lambda g, x, *, how: valid(g, flipped(x), how=how),
    name="convolve",
)
#: In every axis the first argument is at least as long as the second.
valid: Multilinear = multilinear(
    lambda x, y, *, how: _computed(x, y, "valid", how),
    lambda g, y, *, how: full(g, flipped(y), how=how),
    lambda g, x, *, how: valid(flipped(x), g, how=how),
    name="convolve_valid",
)


def convolved(name: str, x: Array, y: Array, mode: str, how: How) -> Array:
    """The convolution in one of SciPy's modes."""
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


def _centre(x: Array, shape: tuple[int, ...]) -> Array:
    starts = [(n - m) // 2 for n, m in zip(x.shape, shape, strict=True)]
    return x[tuple(slice(start, start + m) for start, m in zip(starts, shape, strict=True))]


# -- SciPy's functions -----------------------------------------------------------------------------------
@mirrors(scipy.signal.convolve)
def convolve(in1: Any, in2: Any, mode: str = "full", method: str = "auto") -> Any:
    """The convolution of two arrays of equally many axes, differentiable in both."""
    x, y = operand(in1), operand(in2)
    return convolved("scipy.signal.convolve", x, y, mode, ("convolve", method))


def _by_fft(function: Callable[..., Any]) -> Any:
    def implementation(in1: Any, in2: Any, mode: str = "full") -> Any:
        x, y = operand(in1), operand(in2)
        return convolved(public_name(function), x, y, mode, (function.__name__, ""))

    implementation.__name__ = function.__name__
    implementation.__doc__ = "The convolution of two arrays of equally many axes, by FFT; differentiable in both."
    return mirrors(function)(implementation)


fftconvolve, oaconvolve = map(_by_fft, (scipy.signal.fftconvolve, scipy.signal.oaconvolve))


@mirrors(scipy.signal.correlate)
def correlate(in1: Any, in2: Any, mode: str = "full", method: str = "auto") -> Any:
    """The correlation of two arrays of equally many axes, differentiable in both."""
    x, y = operand(in1), operand(in2)
    return convolved("scipy.signal.correlate", x, _reversed(y), mode, ("convolve", method))


def _reversed(y: Array) -> Array:
    return flipped(np.conjugate(y) if y.dtype.kind == "c" else y)


#: SciPy's boundaries in `numpy.pad`'s words.
_PADDING: dict[str, Any] = {"wrap": "wrap", "circular": "wrap", "symm": "symmetric", "symmetric": "symmetric"}


@mirrors(scipy.signal.convolve2d)
def convolve2d(in1: Any, in2: Any, mode: str = "full", boundary: str = "fill") -> Any:
    """The convolution of two matrices with SciPy's boundary conditions, differentiable in both."""
    x, y = operand(in1), operand(in2)
    how = ("convolve2d", "")
    name = "scipy.signal.convolve2d"
    if boundary in ("fill", "pad") or mode == "valid":
        return convolved(name, x, y, mode, how)
    if boundary not in _PADDING:
        raise refuse(name, f"boundary={boundary!r}", "write 'fill', 'wrap' or 'symm'")
    margins = [m - 1 for m in y.shape]
    if any(margin > n for margin, n in zip(margins, x.shape, strict=True)):
        raise refuse(name, f"boundary={boundary!r} and in2 larger than in1", "exchange them, or pad in1 with np.pad")
    padded = np.pad(x, [(margin, margin) for margin in margins], mode=_PADDING[boundary])
    out = valid(padded, y, how=how)
    return out if mode == "full" else _centre(out, x.shape)
