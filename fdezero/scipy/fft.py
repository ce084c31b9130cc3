"""`scipy.fft` with derivatives: the Fourier transforms by NumPy's rules, the sine and cosine transforms here.

The values are SciPy's.  Every other name of the module is SciPy's own object.

>>> import numpy as np
>>> from fdezero import grad
>>> from fdezero.scipy import fft
>>> grad(lambda x: fft.dct(x, norm="ortho")[0])(np.zeros(4))
array([0.5, 0.5, 0.5, 0.5])
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.fft as original

from ..core.declare import linear
from ..core.graph import Array
from ..core.primitives import Linear
from ._mirror import mirrors, operand, others_of, public_name, refuse

__getattr__ = others_of(original)


# -- Fourier transforms --------------------------------------------------------------------------------
def _fourier(name: str) -> Any:
    function = getattr(np.fft, name)

    def implementation(x: Any, n: Any = None, axis: int = -1, norm: Any = None) -> Any:
        return function(x, n=n, axis=axis, norm=norm)

    return _documented(name, implementation)


def _fourier_of_axes(name: str, default: Any = None) -> Any:
    function = getattr(np.fft, name)

    def implementation(x: Any, s: Any = None, axes: Any = default, norm: Any = None) -> Any:
        if s is not None and axes is None:
            axes = tuple(range(-len(s), 0))
        return function(x, s=s, axes=axes, norm=norm)

    return _documented(name, implementation)


def _shift(name: str) -> Any:
    function = getattr(np.fft, name)

    def implementation(x: Any, axes: Any = None) -> Any:
        return function(x, axes=axes)

    return _documented(name, implementation)


def _documented(name: str, implementation: Callable[..., Any]) -> Any:
    implementation.__name__ = name
    implementation.__doc__ = f"``numpy.fft.{name}``, differentiable."
    return mirrors(getattr(original, name))(implementation)


fft, ifft, rfft, irfft, hfft, ihfft = map(_fourier, ("fft", "ifft", "rfft", "irfft", "hfft", "ihfft"))
fftn, ifftn, rfftn, irfftn = map(_fourier_of_axes, ("fftn", "ifftn", "rfftn", "irfftn"))
fft2, ifft2, rfft2, irfft2 = (_fourier_of_axes(name, (-2, -1)) for name in ("fft2", "ifft2", "rfft2", "irfft2"))


def _hermitian(function: Callable[..., Any], transform: Any, inverse: bool, default: Any = None) -> Any:
    """A transform between Hermitian and real numbers, by one of real numbers with the scale the other way round."""

    def implementation(x: Any, s: Any = None, axes: Any = default, norm: Any = None) -> Any:
        x, norm = operand(x), _SWAPPED[norm or "backward"]
        return np.conj(transform(x, s, axes, norm)) if inverse else transform(np.conj(x), s, axes, norm)

    implementation.__name__ = function.__name__
    implementation.__doc__ = f"``{public_name(function)}``, differentiable."
    return mirrors(function)(implementation)


_SWAPPED = {"backward": "forward", "forward": "backward", "ortho": "ortho"}
hfftn, hfft2 = _hermitian(original.hfftn, irfftn, False), _hermitian(original.hfft2, irfft2, False, (-2, -1))
ihfftn, ihfft2 = _hermitian(original.ihfftn, rfftn, True), _hermitian(original.ihfft2, rfft2, True, (-2, -1))
fftshift, ifftshift = map(_shift, ("fftshift", "ifftshift"))


# -- sine and cosine transforms ------------------------------------------------------------------------
#: The matrix of type 2 is that of type 3 transposed, up to a factor of 2 at one end; the others are symmetric,
#: type 1 of the cosines up to a factor of 2 at both ends.
_TRANSPOSED = {1: 1, 2: 3, 3: 2, 4: 4}


def _ends(n: int, first: float, last: float) -> Array:
    factors = np.ones(n)
    factors[0] *= first
    factors[-1] *= last
    return factors


def _factors(cosine: bool, kind: int, n: int) -> tuple[Any, Any]:
    """What to multiply with before and behind the transform that is the transpose."""
    if kind == 1 and cosine:
        return _ends(n, 2.0, 2.0), _ends(n, 0.5, 0.5)
    if kind == 2:
        return (_ends(n, 2.0, 1.0) if cosine else _ends(n, 1.0, 2.0)), 1.0
    if kind == 3:
        return 1.0, (_ends(n, 0.5, 1.0) if cosine else _ends(n, 1.0, 0.5))
    return 1.0, 1.0


def _computed(x: Array, *, cosine: bool, kind: int, norm: str, axis: int) -> Array:
    return (original.dct if cosine else original.dst)(x, kind, axis=axis, norm=norm)


def _transpose(g: Array, *, cosine: bool, kind: int, norm: str, axis: int) -> Array:
    if norm == "ortho":  # the matrix is orthogonal
        return _transform(g, cosine=cosine, kind=_TRANSPOSED[kind], norm=norm, axis=axis)
    n = g.shape[axis]
    before, behind = (np.reshape(f, (-1,) + (1,) * (-1 - axis)) for f in _factors(cosine, kind, n))
    return _transform(g * before, cosine=cosine, kind=_TRANSPOSED[kind], norm=norm, axis=axis) * behind


_transform: Linear = linear(_computed, _transpose, name="trigonometric_transform", core=(0,))


def _transformed(
    name: str, x: Array, kind: int, n: Any, axis: int, norm: Any, orthogonalize: Any, inverse: bool
) -> Array:
    """One of the transforms along an axis; the inverse is the transform of the transposed type, scaled otherwise."""
    norm = norm or "backward"
    if kind not in _TRANSPOSED:
        raise ValueError(f"{name}: type is 1, 2, 3 or 4; got {kind}")
    if norm not in _SWAPPED:
        raise ValueError(f"{name}: norm is 'backward', 'ortho' or 'forward'; got {norm!r}")
    if orthogonalize not in (None, norm == "ortho"):
        raise refuse(name, f"orthogonalize={orthogonalize} with norm={norm!r}", 'write norm="ortho", or leave it out')
    axis = axis - len(x.shape) if axis >= 0 else axis
    if n is not None and n != x.shape[axis]:
        x = _resized(x, n, axis)
    if inverse:
        kind, norm = _TRANSPOSED[kind], _SWAPPED[norm]
    return _transform(x, cosine="ct" in name.rpartition(".")[2], kind=kind, norm=norm, axis=axis)


def _resized(x: Array, n: int, axis: int) -> Array:
    """The first n entries along an axis, with zeros behind where there are fewer."""
    if n < x.shape[axis]:
        return x[(..., slice(n), *[slice(None)] * (-1 - axis))]
    widths = [(0, 0)] * len(x.shape)
    widths[axis] = (0, n - x.shape[axis])
    return np.pad(x, widths)


def _along_one(function: Callable[..., Any]) -> Any:
    name = public_name(function)

    def implementation(
        x: Any, type: int = 2, n: Any = None, axis: int = -1, norm: Any = None, orthogonalize: Any = None  # noqa: A002
    ) -> Any:
        return _transformed(name, operand(x), type, n, axis, norm, orthogonalize, "id" in name)

    implementation.__name__ = function.__name__
    implementation.__doc__ = "The sine or cosine transform of ``x`` along an axis, or its inverse; differentiable."
    return mirrors(function)(implementation)


def _along_several(function: Callable[..., Any]) -> Any:
    name = public_name(function)

    def implementation(
        x: Any, type: int = 2, s: Any = None, axes: Any = None, norm: Any = None, orthogonalize: Any = None  # noqa: A002
    ) -> Any:
        x = operand(x)
        sizes = None if s is None else [s] if np.ndim(s) == 0 else list(s)
        if axes is None:
            chosen = list(range(-(len(x.shape) if sizes is None else len(sizes)), 0))
        else:
            chosen = [axes] if np.ndim(axes) == 0 else list(axes)
        for axis, n in zip(chosen, sizes or [None] * len(chosen), strict=True):
            x = _transformed(name, x, type, n, axis, norm, orthogonalize, "id" in name)
        return x

    implementation.__name__ = function.__name__
    implementation.__doc__ = "The sine or cosine transform of ``x`` along several axes, or its inverse; differentiable."
    return mirrors(function)(implementation)


dct, idct, dst, idst = map(_along_one, (original.dct, original.idct, original.dst, original.idst))
dctn, idctn, dstn, idstn = map(_along_several, (original.dctn, original.idctn, original.dstn, original.idstn))

__all__ = [
    "dct", "dctn", "dst", "dstn", "fft", "fft2", "fftn", "fftshift", "hfft", "hfft2", "hfftn", "idct", "idctn", "idst", "idstn",
    "ifft", "ifft2", "ifftn", "ifftshift", "ihfft", "ihfft2", "ihfftn", "irfft", "irfft2", "irfftn", "rfft", "rfft2", "rfftn",
]  # fmt: skip
