"""Location and scale, which usually are one number each for a large array.

Their cotangents are summed where they are made, and what is computed on the way stays in the memory of one
array: in a likelihood of a hundred thousand numbers most of the time is fresh memory.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...core.declare import general
from ...core.graph import Array

LN_2PI = float(np.log(2 * np.pi))


def _times(a: Any, b: Any) -> Any:
    """``a * b`` in the memory of ``a``, an array that nothing else refers to, where the result is such an array."""
    if type(a) is not np.ndarray:
        return a * b
    one_number = isinstance(b, (float, np.float32, np.float64))
    if one_number or (type(b) is np.ndarray and b.dtype == a.dtype and b.shape == a.shape):
        return np.multiply(a, b, out=a)
    return a * b


def _minus(a: Any, b: Any) -> Any:
    """``a - b`` in the memory of ``a``, as `_times`."""
    if type(a) is np.ndarray and isinstance(b, (float, np.float32, np.float64)):
        return np.subtract(a, b, out=a)
    return a - b


def _repeated(g: Any) -> Any:
    """The number that a cotangent is everywhere, as that of a sum is; else the cotangent as it is."""
    return g[(0,) * g.ndim] if type(g) is np.ndarray and g.size and not any(g.strides) else g


def _total(c: Any, like: Any) -> Any:
    """The sum of a cotangent that belongs to one number; any other is summed after the rule."""
    return np.add.reduce(c, axis=None) if like.shape == () and type(c) is np.ndarray else c


def _total_product(g: Any, z: Any, like: Any) -> Any:
    """`_total` of ``g * z``, in one pass where g is one number."""
    g = _repeated(g)
    return g * _total(z, like) if isinstance(g, np.generic) else _total(g * z, like)


less = general(
    lambda x, c: x - c,
    vjp=[lambda g: g, lambda g, like: -_total(g, like)],
    jvp=[lambda g: g, lambda g: -g],
    name="less",
    core=(0, 0),
)
over = general(
    lambda x, s: x / s,
    vjp=[lambda g, y: g / y, lambda g, y, out, like: -_total_product(g, out, like) / y],
    jvp=[lambda g, y: g / y, lambda g, y, out: -g * out / y],
    name="over",
    core=(0, 0),
)


# -- the normal density --------------------------------------------------------------------------------------
def _standard_normal(z: Any) -> Any:
    return _minus(_times(z * z, -0.5), 0.5 * LN_2PI)


standard_normal = general(
    _standard_normal, vjp=[lambda g, x: x * -_repeated(g)], jvp=[lambda g, x: x * -_repeated(g)],
    name="standard_normal", core=(0,),
)  # fmt: skip


_ROOT_2 = math.sqrt(2.0)


def _normal(x: Any, loc: Any, scale: Any) -> tuple[Any, Any]:
    """The log density, -w^2 - log(scale sqrt(2 pi)), and w = (x - loc) / (scale sqrt(2)), of which the derivatives are made.

    From z = w sqrt(2), by z * z * -0.5, it would take one more pass over the array.
    """
    w = _over(x - loc, scale * _ROOT_2)
    return _from(-(np.log(scale) + 0.5 * LN_2PI), w * w), w


def _over(a: Any, b: Any) -> Any:
    """``a / b`` in the memory of ``a``, as `_times`."""
    if type(a) is np.ndarray and isinstance(b, (float, np.float32, np.float64)):
        return np.divide(a, b, out=a)
    return a / b


def _from(a: Any, b: Any) -> Any:
    """``a - b`` in the memory of ``b``, as `_times`."""
    if type(b) is np.ndarray and isinstance(a, (float, np.float32, np.float64)):
        return np.subtract(a, b, out=b)
    return a - b


def _in_x(g: Array, w: Array, scale: Array) -> Array:
    return w * (-_ROOT_2 * _repeated(g) / scale)


def _in_scale(g: Array, w: Array) -> Array:
    return _times(_minus(_times(w * w, 2.0), 1.0), g)


def _narrower(loc: Any, scale: Any) -> Any:
    """What tells `_total` to sum: the location, unless the scale, which divides the sum, has entries of its own."""
    return scale if getattr(scale, "shape", ()) else loc


def _total_in_scale(g: Any, w: Any, like: Any) -> Any:
    g = _repeated(g)
    if isinstance(g, np.generic) and like.shape == () and w.dtype == np.float64:
        return g * (2.0 * np.vdot(w, w) - w.size)
    return _total(_in_scale(g, w), like)


def _sum(density: Any, of_density: Any, w: Any, of_w: Any) -> Any:
    """The sum of two contributions, of which either may be absent."""
    if w is None:
        return of_density(density)
    return of_w(w) if density is None else of_density(density) + of_w(w)


_normal_and_w = general(
    _normal,
    vjp=[
        lambda g, z, out: _sum(g[0], lambda c: _in_x(c, out[1], z), g[1], lambda c: c / (z * _ROOT_2)),
        lambda g, z, out, like: _sum(
            g[0],
            lambda c: _total_product(c, out[1], _narrower(like, z)) * _ROOT_2 / z,
            g[1],
            lambda c: -_total(c, _narrower(like, z)) / (z * _ROOT_2),
        ),
        lambda g, z, out, like: _sum(
            g[0], lambda c: _total_in_scale(c, out[1], like) / z, g[1], lambda c: -_total_product(c, out[1], like) / z
        ),
    ],
    jvp=[
        lambda g, z, out: (_in_x(g, out[1], z), g / (z * _ROOT_2)),
        lambda g, z, out: (-_in_x(g, out[1], z), -g / (z * _ROOT_2)),
        lambda g, z, out: (_in_scale(g, out[1]) / z, -g * out[1] / z),
    ],
    name="normal",
    core=(0, 0, 0),
)


def normal(x: Array, loc: Array, scale: Array) -> Array:
    """The logarithm of the normal density."""
    return _normal_and_w(x, loc, scale)[0]
