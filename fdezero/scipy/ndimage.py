"""`scipy.ndimage` with derivatives: interpolation at coordinates, and filters along axes.

The values are SciPy's.  Every other name of the module is SciPy's own object.

>>> import numpy as np
>>> from fdezero import grad
>>> from fdezero.scipy.ndimage import map_coordinates
>>> image = np.arange(12.0).reshape(3, 4)                       # 4 i + j
>>> grad(lambda at: map_coordinates(image, at, order=1).sum())(np.array([[0.5], [1.5]]))
array([[4.],
       [1.]])
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import product
from typing import Any

import numpy as np
import scipy.ndimage as original

from ..core.declare import constant
from ..core.graph import Array
from ._lines import along_lines, trailing
from ._mirror import has_boxes, mirrors, operand, others_of, public_name, refuse
from ._piecewise import taken

__getattr__ = others_of(original)


# -- filters along an axis -----------------------------------------------------------------------------
def _no_constant(name: str, mode: Any, cval: float) -> None:
    """A filter is linear only where what lies outside is 0."""
    if cval != 0 and mode in ("constant", "grid-constant"):
        raise refuse(name, f"cval={cval}", "write cval=0, or filter x - cval and add it again")


def _filter(function: Callable[..., Any], x: Any, axis: int, mode: str, cval: float, **options: Any) -> Array:
    """SciPy's filter of one axis."""
    _no_constant(public_name(function), mode, cval)
    x = operand(x)
    return along_lines(x, apply=partial(function, mode=mode, **options), axis=trailing(axis, len(x.shape))[0])


@mirrors(original.correlate1d)
def correlate1d(
    input: Any, weights: Any, axis: int = -1, mode: str = "reflect", cval: float = 0.0, origin: int = 0  # noqa: A002
) -> Any:
    """``input`` correlated along an axis with ``weights`` (k,), which are constant; differentiable in input."""
    return _filter(original.correlate1d, input, axis, mode, cval, weights=_constant(weights), origin=origin)


@mirrors(original.convolve1d)
def convolve1d(
    input: Any, weights: Any, axis: int = -1, mode: str = "reflect", cval: float = 0.0, origin: int = 0  # noqa: A002
) -> Any:
    """``input`` convolved along an axis with ``weights`` (k,), which are constant; differentiable in input."""
    return _filter(original.convolve1d, input, axis, mode, cval, weights=_constant(weights), origin=origin)


def _constant(weights: Any) -> Array:
    if has_boxes(weights):
        raise refuse("scipy.ndimage", "weights that are a Box", "write fdezero.scipy.signal.convolve")
    return np.asarray(weights)


@mirrors(original.gaussian_filter1d)
def gaussian_filter1d(
    input: Any,  # noqa: A002
    sigma: float,
    axis: int = -1,
    order: int = 0,
    mode: str = "reflect",
    cval: float = 0.0,
    truncate: float = 4.0,
    radius: Any = None,
) -> Any:
    """``input`` smoothed along an axis by a Gaussian of the constant width ``sigma``; differentiable in input."""
    options = {"sigma": _constant(sigma)[()], "order": order, "truncate": truncate, "radius": radius}
    return _filter(original.gaussian_filter1d, input, axis, mode, cval, **options)


@mirrors(original.gaussian_filter)
def gaussian_filter(
    input: Any,  # noqa: A002
    sigma: Any,
    order: Any = 0,
    mode: Any = "reflect",
    cval: float = 0.0,
    truncate: float = 4.0,
    radius: Any = None,
    axes: Any = None,
) -> Any:
    """``input`` smoothed along axes by Gaussians of the constant widths ``sigma``; differentiable in input."""
    x = operand(input)
    chosen = trailing(axes, len(x.shape))
    widths, orders, modes, radii = (_each(v, len(chosen)) for v in (_constant(sigma), order, mode, radius))
    for axis, width, each_order, each_mode, each_radius in zip(chosen, widths, orders, modes, radii, strict=True):
        if width > 1e-15:
            x = gaussian_filter1d(
                x, width, axis, each_order, mode=each_mode, cval=cval, truncate=truncate, radius=each_radius
            )
    return x


def _each(value: Any, count: int) -> list[Any]:
    """A value for each axis."""
    return [value] * count if value is None or isinstance(value, str) or np.ndim(value) == 0 else list(value)


@mirrors(original.uniform_filter1d)
def uniform_filter1d(
    input: Any, size: int, axis: int = -1, mode: str = "reflect", cval: float = 0.0, origin: int = 0  # noqa: A002
) -> Any:
    """The means of ``size`` neighbours along an axis; differentiable."""
    return _filter(original.uniform_filter1d, input, axis, mode, cval, size=size, origin=origin)


@mirrors(original.uniform_filter)
def uniform_filter(
    input: Any, size: Any = 3, mode: Any = "reflect", cval: float = 0.0, origin: Any = 0, axes: Any = None  # noqa: A002
) -> Any:
    """The means of ``size`` neighbours along axes; differentiable."""
    x = operand(input)
    chosen = trailing(axes, len(x.shape))
    for axis, n, each_mode, start in zip(chosen, *(_each(v, len(chosen)) for v in (size, mode, origin)), strict=True):
        if n > 1:
            x = uniform_filter1d(x, n, axis, mode=each_mode, cval=cval, origin=start)
    return x


# -- interpolation ---------------------------------------------------------------------------------------
@mirrors(original.spline_filter)
def spline_filter(input: Any, order: int = 3, mode: str = "mirror") -> Any:  # noqa: A002  # SciPy's name
    """The coefficients of the spline through ``input``; differentiable."""
    x = operand(input)
    if order in (0, 1):
        return x
    apply = partial(original.spline_filter1d, order=order, mode=mode)
    for axis in trailing(None, len(x.shape)):
        x = along_lines(x, apply=apply, axis=axis)
    return x


#: How many samples SciPy puts around the array for a spline that goes on with its outermost value.
_MARGIN = 12

#: Which symmetry the samples go on with outside; "constant" and "wrap" look at points inside only.
_SYMMETRY = {"constant": "mirror", "wrap": "mirror", "mirror": "mirror", "reflect": "reflect", "grid-mirror": "reflect"}


def _place(x: Array, *, order: int, offset: int, mode: str, size: int) -> Array:
    """The sample that is the ``offset``-th neighbour of each coordinate, by the symmetry of the mode."""
    first = np.floor(x) - order // 2 if order % 2 else np.floor(x + 0.5) - order // 2
    at = first.astype(int) + offset
    symmetry = _SYMMETRY.get(mode, mode)
    if symmetry == "nearest" or size == 1:
        return np.clip(at, 0, size - 1)
    if symmetry == "grid-wrap":
        return at % size
    period = 2 * size - 2 if symmetry == "mirror" else 2 * size
    at = at % period
    return np.where(at >= size, (period if symmetry == "mirror" else period - 1) - at, at)


_neighbour = constant(_place, name="neighbour", core=(0,))
_inside = constant(lambda x, *, size: (x >= 0) & (x <= size - 1), name="inside", core=(0,))
_fraction_start = constant(lambda x, *, order: np.floor(x) if order % 2 else np.floor(x + 0.5), name="floor", core=(0,))


def _weights(x: Array, order: int) -> list[Array]:
    """The B-spline's weight of each neighbour of a coordinate, by the recursion of Cox and de Boor for whole knots."""
    t = x - _fraction_start(x, order=order) + (0 if order % 2 else 0.5)
    weights = [t * 0 + 1]
    for k in range(1, order + 1):
        rising = [(t + (k - 1 - j)) * w / k for j, w in enumerate(weights)]
        falling = [(j + 1 - t) * w / k for j, w in enumerate(weights)]
        weights = [falling[0], *(a + b for a, b in zip(rising, falling[1:], strict=False)), rising[-1]]
    return weights


def _folded(x: Array, mode: str, size: int) -> Array:
    """Coordinates moved into the range where the mode defines values; others go on by what their neighbours are."""
    if mode == "wrap" and size > 1:
        return np.where(_inside(x, size=size), x, x % (size - 1))
    return x


@mirrors(original.map_coordinates)
def map_coordinates(
    input: Any,  # noqa: A002  # SciPy's name
    coordinates: Any,
    order: int = 3,
    mode: str = "constant",
    cval: float = 0.0,
    prefilter: bool = True,
) -> Any:
    """The values of ``input`` at ``coordinates`` (dimensions, ...), between its samples by splines.

    Differentiable in both, for every order and mode.
    """
    name = "scipy.ndimage.map_coordinates"
    if not 0 <= order <= 5:
        raise RuntimeError("spline order not supported")
    if mode not in (*_SYMMETRY, "nearest", "grid-wrap", "grid-constant"):
        raise refuse(name, f"mode={mode!r}", "write mode='constant', or 'grid-mirror' or 'grid-wrap'")
    x, at = operand(input), operand(coordinates)
    if at.shape[0] != len(x.shape):
        raise RuntimeError("invalid shape for coordinate array")
    samples = x.astype(np.complex128 if x.dtype.kind == "c" else np.float64)
    edges: dict[str, Any] = {"nearest": {"mode": "edge"}, "grid-constant": {"constant_values": cval}}
    margin, edge = 0, edges.get(mode)
    if prefilter and order > 1:
        margin = 0 if edge is None else _MARGIN
        samples = spline_filter(samples if edge is None else np.pad(samples, margin, **edge), order, mode=mode)
    if mode == "grid-constant":  # a border is what there is everywhere beyond
        samples, margin, mode = np.pad(samples, 1, constant_values=cval), margin + 1, "nearest"
    total = _sum_of_neighbours(samples, [at[i] + margin for i in range(at.shape[0])], order, mode)
    if mode == "constant":
        within: Any = True
        for i, n in enumerate(x.shape):
            within = within & _inside(at[i], size=n)
        total = np.where(within, total, cval)
    return total.astype(x.dtype)


def _sum_of_neighbours(samples: Array, coordinates: Sequence[Array], order: int, mode: str) -> Array:
    flat, sizes = samples.reshape(-1), samples.shape
    points = [_folded(x, mode, n) for x, n in zip(coordinates, sizes, strict=True)]
    weights = [_weights(x, order) for x in points]
    total: Any = 0.0
    for offsets in product(range(order + 1), repeat=len(sizes)):
        index: Any = 0
        weight: Any = 1.0
        for x, n, offset, each in zip(points, sizes, offsets, weights, strict=True):
            index = index * n + _neighbour(x, order=order, offset=offset, mode=mode, size=n)
            weight = weight * each[offset]
        total = total + weight * taken(flat, index)
    return total


__all__ = [
    "convolve1d", "correlate1d", "gaussian_filter", "gaussian_filter1d", "map_coordinates", "spline_filter",
    "uniform_filter", "uniform_filter1d",
]  # fmt: skip
