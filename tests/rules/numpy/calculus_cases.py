"""The table of rules: differences, sums along an axis, grids, sliding products, interpolation, special functions, tallies."""

import numpy as np

from .cases import CONSTANT, case, distinct, draw

# -- differences -------------------------------------------------------------------------------------
for _options in ({}, {"n": 2, "axis": 0}, {"n": 0}, {"n": 3, "axis": -1}):
    case(np.diff, draw(3, 4), **_options)
case(np.diff, draw(4, dtype=complex))
case(np.diff, draw(1), n=2)
case(np.diff, draw(2, 0))
case(np.diff, draw(4, dtype=np.float32))
case(np.diff, draw(3), draw(), f=lambda x, v: np.diff(x, prepend=v, append=1.0), label="ends")
case(np.diff, draw(2, 3), draw(2, 2), f=lambda x, v: np.diff(x, 2, append=v), label="ends")
case(np.diff, draw(2, 3), draw(2, 3), f=lambda x, v: np.diff(x, axis=0, prepend=v), label="ends")
case(np.ediff1d, draw(2, 3))
case(np.ediff1d, draw(3), draw(), draw(2), f=lambda x, a, b: np.ediff1d(x, to_begin=a, to_end=b))
for _edge_order in (1, 2):
    case(np.gradient, draw(4), edge_order=_edge_order)
    case(np.gradient, draw(4), np.array([0.0, 0.5, 1.1, 2.0]), edge_order=_edge_order)
    case(np.gradient, draw(3, 4), edge_order=_edge_order, axis=0)
case(np.gradient, draw(2), label="two")
case(np.gradient, draw(2, 3))
case(np.gradient, draw(3, 2, 3), draw(), axis=(0, -1))
case(np.gradient, draw(3, 2, 3), np.array(0.7), np.array([0.0, 0.5, 1.1]), f=lambda f, h, x: np.gradient(f, h, x, axis=(0, 2)))
case(np.gradient, draw(3), np.array([0.0, 0.5, 1.0]), label="even steps")
case(np.gradient, draw(3, dtype=np.float32))
case(np.gradient, draw(3, dtype=complex), draw())
case(np.gradient, np.array([0.0, 0.5, 1.1]), f=lambda x: np.gradient([1, 4, 9], x), label="of integers")

# -- sums along an axis ------------------------------------------------------------------------------
case(np.trapezoid, draw(4))
case(np.trapezoid, draw(4), draw(4))
case(np.trapezoid, draw(3, 2), draw(3), axis=0)
case(np.trapezoid, draw(3, 2), draw(3, 2), axis=0)
case(np.trapezoid, draw(3, 2), draw(), f=lambda y, h: np.trapezoid(y, dx=h))
case(np.trapezoid, draw(3, dtype=complex), draw(3))
case(np.trapezoid, draw(3), f=lambda x: np.trapezoid([1, 2, 4], x), label="of integers")
for _name in ("cumulative_sum", "cumulative_prod"):
    if _f := getattr(np, _name, None):  # NumPy 2.1
        case(_f, draw(4))
        case(_f, draw(), include_initial=True)
        case(_f, draw(2, 3), axis=0, include_initial=True)
        case(_f, draw(2, 3), axis=-1, include_initial=True)
        case(_f, draw(3, dtype=np.float32), dtype=float)
_angles = np.array([0.1, 2.0, 6.0, 0.3, -6.2, 4.0, 16.9])
case(np.unwrap, _angles)
case(np.unwrap, np.stack([_angles, _angles[::-1]]), axis=0)
case(np.unwrap, _angles, f=lambda x: np.unwrap(x, discont=5.0))
case(np.unwrap, _angles, np.array(5.0), f=lambda x, p: np.unwrap(x + 0 * p, period=p), label="period")
case(np.unwrap, _angles.astype(np.float32))

# -- grids -------------------------------------------------------------------------------------------
for _options in ({}, {"num": 1}, {"num": 0}, {"num": 3, "endpoint": False}, {"num": 4, "retstep": True}):
    case(np.linspace, draw(), draw(), **{"num": 5, **_options})
case(np.linspace, draw(2), draw(), num=3, axis=-1)
case(np.linspace, draw(2, 1), draw(3), num=3, axis=1)
case(np.linspace, draw(dtype=np.float32), draw(dtype=np.float32), num=3)
case(np.linspace, draw(dtype=complex), draw(dtype=complex), num=3)
case(np.linspace, draw(dtype=np.float32), f=lambda x: np.linspace(0, x, 4), label="from a number")
case(np.linspace, draw(), f=lambda x: np.linspace(0, x, 4, dtype=complex), label="dtype")
case(np.logspace, draw(), draw(), num=4)
case(np.logspace, draw(2), draw(), np.array([2.0, 3.0]), f=lambda a, b, c: np.logspace(a, b, 3, base=c, axis=-1))
case(np.logspace, draw(), draw(), np.array(2.0), f=lambda a, b, c: np.logspace(a, b, 3, False, c, complex))
case(np.geomspace, np.array(2.0), np.array(9.0), num=4)
case(np.geomspace, np.array([-2.0, 3.0]), np.array([-9.0, 0.5]), num=4, axis=1, endpoint=False)
case(np.geomspace, np.array(1 + 1j), np.array(-2 + 3j), num=4)
case(np.geomspace, np.array(2.0), f=lambda x: np.geomspace(x, 9.0, 1), label="one")

# -- sliding products --------------------------------------------------------------------------------
for _f in (np.convolve, np.correlate):
    for _mode in ("full", "same", "valid"):
        for _a, _v in ((4, 4), (5, 2), (2, 5), (6, 3), (3, 6), (1, 3), (3, 1)):
            case(_f, draw(_a), draw(_v), mode=_mode)
        case(_f, draw(4, dtype=complex), draw(3, dtype=complex), mode=_mode)
        case(_f, draw(2, dtype=complex), draw(3), mode=_mode)
    case(_f, draw(4, dtype=np.float32), draw(3, dtype=np.float32))
    case(_f, draw(4), f=lambda x, h=_f: h(x, [1.0, 2.0]), label="with a list")
    case(_f, draw(2), f=lambda x, h=_f: h(x, x), label="with itself")

# -- interpolation -----------------------------------------------------------------------------------
_x, _xp, _fp = np.array([[0.3, 1.2, -0.5], [2.9, 3.3, 1.9]]), np.array([0.0, 1.0, 1.5, 3.0]), draw(4)
case(np.interp, _x, _xp, _fp)
case(np.interp, np.float64(0.7), _xp, _fp)
case(np.interp, _x, _xp, draw(4, dtype=complex))
case(np.interp, _x.astype(np.float32), _xp.astype(np.float32), _fp.astype(np.float32))
case(np.interp, _x, _fp, draw(), draw(), f=lambda x, fp, a, b: np.interp(x + 0 * a * b, _xp, fp, left=a, right=b), label="left, right")
case(np.interp, _x, np.array([0.2, 1.6, 0.95, 5.1]), _fp, period=2.0)
case(np.interp, _x, np.array([0.2, 1.6, 0.95, 5.1]), np.array(2.0), f=lambda x, xp, p: np.interp(x + 0 * p, xp, _fp, period=p), label="period")
case(np.interp, draw(2), np.array([0.4]), draw(1), label="one knot")
case(np.interp, _fp, f=lambda fp: np.interp([0.3, 2.0], [0, 1, 2, 3], fp), label="of lists")

# -- special functions -------------------------------------------------------------------------------
case(np.sinc, np.array([-3.3, -1.0, -0.4, 0.0, 1e-9, 0.02, 0.7, 1.9]))
case(np.sinc, draw(3, dtype=np.float32))
case(np.sinc, draw(3, dtype=complex))
case(np.sinc, np.float64(0.3))
case(np.i0, np.array([-3.7, -2.3, -0.4, 0.0, 0.02, 0.7, 1.9, 3.1]))
case(np.i0, draw(3, dtype=np.float32))
case(np.i0, np.float64(0.3))
case(np.nan_to_num, draw(3))
case(np.nan_to_num, draw(3, dtype=complex))
case(np.nan_to_num, draw(2, dtype=np.float32), nan=1.0, posinf=2.0, neginf=3.0)
case(np.real_if_close, draw(2, dtype=complex))
case(np.real_if_close, draw(2), f=lambda x: np.real_if_close(x + 1e-20j), label="close")
case(np.modf, draw(3) + 3)
case(np.frexp, draw(3) * 5, f=lambda x: np.frexp(x)[0])
case(np.frexp, draw(3, dtype=np.float32), f=lambda x: np.frexp(x)[0] * np.frexp(x)[1], label="both")
case(np.ldexp, draw(3), f=lambda x: np.ldexp(x, np.array([-1, 0, 3])))
case(np.ldexp, draw(3, dtype=np.float32), f=lambda x: np.ldexp(x, 2))
case(np.nextafter, draw(3), f=lambda x: np.nextafter(x, 5.0))
CONSTANT |= {
    np.fix: np.fix,
    np.gcd: lambda x: np.gcd(x.astype(int), 6),
    np.lcm: lambda x: np.lcm(x.astype(int), 6),
}

# -- tallies -----------------------------------------------------------------------------------------
_places = np.array([1, 0, 3, 1])
case(np.bincount, draw(4), f=lambda w: np.bincount(_places, w))
case(np.bincount, draw(4), f=lambda w: np.bincount(_places, weights=w, minlength=6))
case(np.bincount, draw(4, dtype=np.float32), f=lambda w: np.bincount(_places, w))
_values = np.array([[0.3, -0.2, 1.0], [0.9, 1.4, 0.55]])
for _bins in (3, [0.0, 0.5, 1.0]):
    case(np.histogram, draw(2, 3), f=lambda w, b=_bins: np.histogram(_values, b, weights=w)[0], label=f"bins={_bins}")
    case(np.histogram, draw(2, 3, low=0.5), f=lambda w, b=_bins: np.histogram(_values, b, (0, 1), True, w)[0], label=f"density, bins={_bins}")
case(np.histogram, draw(2, 3, dtype=complex), f=lambda w: np.histogram(_values, weights=w)[0])
case(np.histogram, distinct(5), draw(5, low=0.5), f=lambda x, w: np.histogram(x, 3, weights=w, density=True), label="edges of the values")
case(np.histogram, distinct(5), draw(5), f=lambda x, w: np.histogram(x + 0.02, [-9.0, 0.0, 9.0], weights=w), label="edges given")
case(np.histogram, np.array([-1.0, 0.3, 2.0]), f=lambda y: np.histogram(distinct(5), y, density=True), label="differentiable edges")
case(np.histogram_bin_edges, distinct(5), bins=4)
case(np.histogram_bin_edges, distinct(2, 3).astype(np.float32), bins=2, label="float32")
case(np.histogram_bin_edges, distinct(5), np.float64(9.0), f=lambda x, b: np.histogram_bin_edges(x * b, 3, (x[0], 9 * b)), label="limits")
CONSTANT |= {
    np.histogram: lambda x: np.histogram(x, 4)[0],
    np.histogram_bin_edges: lambda x: np.histogram_bin_edges(x, bins=4, range=(0, 1)),
    np.bincount: lambda x: np.bincount((x > 0).astype(int).ravel()),
}
case(np.bincount, distinct(3), f=lambda x: x * np.bincount((x > 0).astype(int), minlength=3), label="counts")
