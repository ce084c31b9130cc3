"""Fourier transforms: all of numpy.fft.

Three linear primitives along one axis carry the rest: `fourier` (fft and ifft), `fourier_of_real` (rfft) and
`real_from_half` (irfft).  A cotangent here is not conjugated, and the matrix of fft is symmetric, so `fourier` is
its own transpose; that of rfft is an irfft without its scale, of which every frequency but the first and the
middle one stands for two.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from ...core.declare import implements, linear
from ...core.graph import Array
from ...core.primitives import Linear
from .helpers import trailing, trailing_one

Norm = Literal["backward", "ortho", "forward"] | None

#: The norm with which an inverse has the scale that the forward transform has with this one.
_SWAPPED: dict[Any, Norm] = {None: "forward", "backward": "forward", "ortho": "ortho", "forward": "backward"}


def _resized(x: Array, size: int, axis: int) -> Array:
    """``x`` cut, or with zeros behind it, along one axis: what a transform of n numbers does to its argument."""
    n = x.shape[axis]
    if n == size:
        return x
    after = (slice(None),) * (-axis - 1)
    if n > size:
        return x[(..., slice(0, size), *after)]
    width = [(0, 0)] * len(x.shape)
    width[axis] = (0, size - n)
    return np.pad(x, width)


def _fourier(x: Array, *, n: int, axis: int, norm: Norm, inverse: bool) -> Array:
    return (np.fft.ifft if inverse else np.fft.fft)(x, n, axis, norm)


def _fourier_transpose(g: Array, like: Any, *, n: int, axis: int, norm: Norm, inverse: bool) -> Array:
    return _resized(fourier(g, n=n, axis=axis, norm=norm, inverse=inverse), like.shape[axis], axis)


fourier: Linear = linear(_fourier, _fourier_transpose, name="fft", core=(0,))


def _weights(first: float, others: float, like: Array, n: int, axis: int) -> Array:
    """For each frequency of half a spectrum ``first`` where it stands for itself, ``others`` where for two."""
    weights = np.full(n // 2 + 1, others, np.finfo(like.dtype).dtype)
    weights[0] = first
    if n % 2 == 0:
        weights[-1] = first
    return weights.reshape((-1, *(1,) * (-axis - 1)))


def _real_transpose(g: Array, like: Any, *, n: int, axis: int, norm: Norm) -> Array:
    half = np.conjugate(g) * _weights(1.0, 0.5, g, n, axis)
    return _resized(real_from_half(half, n=n, axis=axis, norm=_SWAPPED[norm]), like.shape[axis], axis)


def _half_transpose(g: Array, like: Any, *, n: int, axis: int, norm: Norm) -> Array:
    half = np.conjugate(fourier_of_real(g, n=n, axis=axis, norm=_SWAPPED[norm]))
    return _resized(half * _weights(1.0, 2.0, g, n, axis), like.shape[axis], axis)


fourier_of_real: Linear = linear(
    lambda x, *, n, axis, norm: np.fft.rfft(x, n, axis, norm), _real_transpose, name="rfft", core=(0,)
)
real_from_half: Linear = linear(
    lambda x, *, n, axis, norm: np.fft.irfft(x, n, axis, norm), _half_transpose, name="irfft", core=(0,)
)


# -- along one axis ----------------------------------------------------------------------------------
def _declare_one(function: Any, inverse: bool) -> None:
    @implements(function)
    def transform(a: Array, n: int | None = None, axis: int = -1, norm: Norm = None) -> Array:
        at = trailing_one(axis, len(a.shape))
        return fourier(a, n=a.shape[at] if n is None else int(n), axis=at, norm=norm, inverse=inverse)


_declare_one(np.fft.fft, inverse=False)
_declare_one(np.fft.ifft, inverse=True)


@implements(np.fft.rfft)
def rfft(a: Array, n: int | None = None, axis: int = -1, norm: Norm = None) -> Array:
    at = trailing_one(axis, len(a.shape))
    return fourier_of_real(a, n=a.shape[at] if n is None else int(n), axis=at, norm=norm)


@implements(np.fft.irfft)
def irfft(a: Array, n: int | None = None, axis: int = -1, norm: Norm = None) -> Array:
    at = trailing_one(axis, len(a.shape))
    return real_from_half(a, n=2 * (a.shape[at] - 1) if n is None else int(n), axis=at, norm=norm)


def _swapped(norm: Norm) -> Norm:
    if norm not in _SWAPPED:
        raise ValueError(f'Invalid norm value {norm}; should be "backward", "ortho" or "forward".')
    return _SWAPPED[norm]


@implements(np.fft.hfft)
def hfft(a: Array, n: int | None = None, axis: int = -1, norm: Norm = None) -> Array:
    return irfft(np.conjugate(a), n, axis, _swapped(norm))


@implements(np.fft.ihfft)
def ihfft(a: Array, n: int | None = None, axis: int = -1, norm: Norm = None) -> Array:
    return np.conjugate(rfft(a, n, axis, _swapped(norm)))


# -- along several -----------------------------------------------------------------------------------
def _sizes(a: Array, s: Any, axes: Any, half: bool = False) -> list[tuple[int, int]]:
    """The size of the transform along each axis, and the axis counted from the end, which may be there twice.

    ``half`` says that the last of them is half a spectrum.
    """
    ndim = len(a.shape)
    if axes is None:
        axes = range(-(ndim if s is None else len(s)), 0)
    along = [trailing_one(axis, ndim) for axis in axes]
    if s is None:
        sizes = [a.shape[axis] for axis in along]
        if half:
            sizes[-1] = 2 * (sizes[-1] - 1)
    else:
        if len(s) != len(along):
            raise ValueError("Shape and axes have different lengths.")
        sizes = [a.shape[axis] if n is None or n == -1 else int(n) for n, axis in zip(s, along, strict=True)]
    return list(zip(sizes, along, strict=True))


def _declare_several(function: Any, one: Any, default: Any) -> None:
    @implements(function)
    def transform(a: Array, s: Any = None, axes: Any = default, norm: Norm = None) -> Array:
        for n, axis in reversed(_sizes(a, s, axes)):  # NumPy's order
            a = one(a, n, axis, norm)
        return a


def _declare_several_of_real(function: Any, default: Any) -> None:
    @implements(function)
    def transform(a: Array, s: Any = None, axes: Any = default, norm: Norm = None) -> Array:
        *others, (n, axis) = _sizes(a, s, axes)
        a = rfft(a, n, axis, norm)
        for n, axis in reversed(others):
            a = np.fft.fft(a, n, axis, norm)
        return a


def _declare_several_to_real(function: Any, default: Any) -> None:
    @implements(function)
    def transform(a: Array, s: Any = None, axes: Any = default, norm: Norm = None) -> Array:
        *others, last = _sizes(a, s, axes, half=True)
        for n, axis in others:
            a = np.fft.ifft(a, n, axis, norm)
        return irfft(a, *last, norm)


for _two, _many, _one in ((np.fft.fft2, np.fft.fftn, np.fft.fft), (np.fft.ifft2, np.fft.ifftn, np.fft.ifft)):
    _declare_several(_two, _one, (-2, -1))
    _declare_several(_many, _one, None)
_declare_several_of_real(np.fft.rfft2, (-2, -1))
_declare_several_of_real(np.fft.rfftn, None)
_declare_several_to_real(np.fft.irfft2, (-2, -1))
_declare_several_to_real(np.fft.irfftn, None)


# -- order of the frequencies ------------------------------------------------------------------------
def _declare_shift(function: Any, shift: Any) -> None:
    @implements(function)
    def shifted(x: Array, axes: Any = None) -> Array:
        along = trailing(axes, len(x.shape))
        return np.roll(x, [shift(x.shape[axis]) for axis in along], along)


_declare_shift(np.fft.fftshift, lambda n: n // 2)
_declare_shift(np.fft.ifftshift, lambda n: -(n // 2))
