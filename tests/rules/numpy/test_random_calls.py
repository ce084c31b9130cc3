"""Random calls: on Boxes a function gives what it gives on arrays, and its vjp is the transpose of its jvp.

Shapes, axes, dtypes and keyword arguments are drawn, at their defaults and off them.
"""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fdezero
from fdezero import jvp, tree, vjp

from .statistics_cases import METHODS as QUANTILE_METHODS

NORMS = st.sampled_from([None, "backward", "ortho", "forward"])
REAL = st.sampled_from([np.float32, np.float64])
ANY = st.sampled_from([np.float32, np.float64, np.complex64, np.complex128])


def draw_array(draw, shape, dtype=np.float64, distinct=False):
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    size = int(np.prod(shape))
    x = rng.permutation(size) * 0.3 - 0.1 * size + 0.05 if distinct else rng.uniform(0.2, 1.5, size) * rng.choice([-1, 1], size)
    x = x.reshape(shape)
    return (x + 1j * rng.uniform(-1, 1, shape)).astype(dtype) if np.dtype(dtype).kind == "c" else x.astype(dtype)


def draw_shape(draw, low=1, high=3, largest=5):
    return tuple(draw(st.lists(st.integers(1, largest), min_size=low, max_size=high)))


def some(draw, **options):
    """Each keyword argument is left out or drawn."""
    return {k: draw(v) for k, v in options.items() if draw(st.booleans())}


def axis_of(shape):
    return st.integers(-len(shape), len(shape) - 1)


def axes_of(shape):
    return st.lists(axis_of(shape), min_size=1, max_size=len(shape), unique_by=lambda i: i % len(shape)).map(tuple)


def any_axes_of(shape):
    return st.one_of(st.none(), axis_of(shape), axes_of(shape))


@st.composite
def transforms(draw):
    name = draw(st.sampled_from(["fft", "ifft", "rfft", "irfft", "hfft", "ihfft"]))
    shape = draw_shape(draw)
    options = some(draw, n=st.integers(1, 8), norm=NORMS, axis=axis_of(shape))
    if name in ("irfft", "hfft") and shape[options.get("axis", -1)] == 1:
        options.setdefault("n", 3)
    x = draw_array(draw, shape, draw(REAL if name in ("rfft", "ihfft") else ANY))
    return lambda x: getattr(np.fft, name)(x, **options), (x,), (name, options)


@st.composite
def transforms_of_several_axes(draw):
    name = draw(st.sampled_from(["fft2", "ifft2", "rfft2", "irfft2", "fftn", "ifftn", "rfftn", "irfftn"]))
    shape = draw_shape(draw, low=2)
    options = some(draw, norm=NORMS)
    if draw(st.booleans()):
        options["axes"] = draw(axes_of(shape))
        if draw(st.booleans()):
            sizes = st.sampled_from([-1, 2, 3, 4, 5])
            options["s"] = draw(st.lists(sizes, min_size=len(options["axes"]), max_size=len(options["axes"])).map(tuple))
    if name in ("irfft2", "irfftn") and "s" not in options:
        shape = tuple(n + 1 for n in shape)
    if name in ("irfft2", "irfftn") and "s" in options and options["s"][-1] == -1 and shape[options["axes"][-1]] == 1:
        options["s"] = (*options["s"][:-1], 2)
    x = draw_array(draw, shape, draw(REAL if name.startswith("rfft") else ANY))
    return lambda x: getattr(np.fft, name)(x, **options), (x,), (name, options)


@st.composite
def shifts(draw):
    f = draw(st.sampled_from([np.fft.fftshift, np.fft.ifftshift]))
    shape = draw_shape(draw)
    options = some(draw, axes=any_axes_of(shape))
    return lambda x: f(x, **options), (draw_array(draw, shape, draw(ANY)),), (f.__name__, options)


@st.composite
def slid(draw):
    f = draw(st.sampled_from([np.convolve, np.correlate]))
    options = some(draw, mode=st.sampled_from(["full", "same", "valid"]))
    a, v = (draw_array(draw, (draw(st.integers(1, 7)),), draw(ANY)) for _ in range(2))
    return lambda a, v: f(a, v, **options), (a, v), (f.__name__, options)


@st.composite
def differences(draw):
    shape = draw_shape(draw)
    options = some(draw, n=st.integers(0, 3), axis=axis_of(shape), prepend=st.just(0.5), append=st.just(1.5))
    return lambda x: np.diff(x, **options), (draw_array(draw, shape, draw(ANY)),), options


@st.composite
def gradients(draw):
    shape = tuple(n + 2 for n in draw_shape(draw))
    options = some(draw, axis=any_axes_of(shape), edge_order=st.sampled_from([1, 2]))
    axis = options.get("axis")
    axes = range(len(shape)) if axis is None else (axis,) if isinstance(axis, int) else axis
    spacings = [np.float64(0.7) if draw(st.booleans()) else np.cumsum(0.2 + np.abs(draw_array(draw, (shape[i],)))) for i in axes]
    x = draw_array(draw, shape, draw(ANY))
    if draw(st.booleans()):
        return lambda x: np.gradient(x, **options), (x,), options
    return lambda x, *h: np.gradient(x, *h, **options), (x, *spacings), options


@st.composite
def trapezoids(draw):
    shape = draw_shape(draw)
    axis = draw(axis_of(shape))
    y = draw_array(draw, shape, draw(ANY))
    at = draw(st.sampled_from([shape, (shape[axis],)]))
    return lambda y, x: np.trapezoid(y, x, axis=axis), (y, draw_array(draw, at)), axis


@st.composite
def unwrapped(draw):
    shape = draw_shape(draw)
    options = some(draw, axis=axis_of(shape), discont=st.just(4.5), period=st.just(1.7))
    return lambda x: np.unwrap(x, **options), (5 * draw_array(draw, shape, draw(REAL)),), options


@st.composite
def grids(draw):
    f = draw(st.sampled_from([np.linspace, np.logspace, np.geomspace]))
    shapes = draw(st.sampled_from([((), ()), ((2,), ()), ((2, 1), (3,))]))
    options = some(draw, num=st.integers(0, 6), endpoint=st.booleans(), axis=st.sampled_from([0, -1]))
    dtype = draw(REAL)
    return lambda a, b: f(a, b, **{"num": 4, **options}), tuple(draw_array(draw, s, dtype)[()] for s in shapes), (f.__name__, options)


@st.composite
def interpolations(draw):
    n = draw(st.integers(1, 5))
    knots = np.cumsum(0.2 + np.abs(draw_array(draw, (n,))))
    x = draw_array(draw, draw_shape(draw)) * knots[-1]
    options = some(draw, left=st.just(7.0), right=st.just(-7.0), period=st.sampled_from([1.3, -2.0]))
    fp = draw_array(draw, (n,), draw(ANY))
    return lambda x, xp, fp: np.interp(x, xp, fp, **options), (x, knots, fp), options


@st.composite
def reductions_without_nans(draw):
    names = ["nansum", "nanprod", "nanmean", "nanvar", "nanstd", "nanmax", "nanmin", "nanmedian"]
    f = getattr(np, draw(st.sampled_from(names)))
    shape = draw_shape(draw)
    options = some(draw, axis=any_axes_of(shape), keepdims=st.booleans())
    if f in (np.nanvar, np.nanstd):
        options |= some(draw, ddof=st.just(1))
    return f_of_missing(draw, f, shape, options)


def f_of_missing(draw, f, shape, options, distinct=True, dtypes=REAL):
    x = draw_array(draw, shape, draw(dtypes), distinct)
    missing = np.random.default_rng(draw(st.integers(0, 10**6))).uniform(size=shape) < draw(st.sampled_from([0.0, 0.3]))
    nan = x.dtype.type(np.nan)
    return lambda x: f(np.where(missing, nan, x), **options), (x,), (f.__name__, options)


@st.composite
def scans_without_nans(draw):
    f = draw(st.sampled_from([np.nancumsum, np.nancumprod]))
    shape = draw_shape(draw)
    return f_of_missing(draw, f, shape, some(draw, axis=axis_of(shape)), distinct=False)  # or they overflow


METHODS = st.sampled_from(QUANTILE_METHODS)


@st.composite
def quantiles(draw):
    name = draw(st.sampled_from(["quantile", "percentile", "nanquantile", "nanpercentile"]))
    f, scale = getattr(np, name), 100 if name.endswith("percentile") else 1
    shape = draw_shape(draw)
    options = some(draw, axis=any_axes_of(shape), keepdims=st.booleans(), method=METHODS)
    q = draw(st.sampled_from([0.37, 0, 1, [0.13, 0.91], [[0.29], [1.0]]]))
    q = q * scale if not isinstance(q, list) else (np.array(q) * scale).tolist()
    # With several q the dtype of NumPy's result for float32 depends on where there are NaNs.
    return f_of_missing(draw, lambda x, **o: f(x, q, **o), shape, options, dtypes=st.just(float) if isinstance(q, list) else REAL)


@st.composite
def medians(draw):
    shape = draw_shape(draw)
    return f_of_missing(draw, np.median, shape, some(draw, axis=any_axes_of(shape), keepdims=st.booleans()))


@st.composite
def averages(draw):
    shape = draw_shape(draw)
    options = some(draw, axis=any_axes_of(shape), keepdims=st.booleans(), returned=st.booleans())
    w = np.abs(draw_array(draw, shape, draw(REAL)))
    if isinstance(options.get("axis"), tuple) and draw(st.booleans()):
        w = np.abs(draw_array(draw, tuple(shape[i] for i in options["axis"])))
    return lambda x, w: np.average(x, weights=w, **options), (draw_array(draw, shape, draw(ANY)), w), options


@st.composite
def covariances(draw):
    shape = tuple(n + 2 for n in draw_shape(draw, low=2, high=2))
    options = some(draw, rowvar=st.booleans(), bias=st.booleans(), ddof=st.sampled_from([0, 1]))
    count = shape[1] if options.get("rowvar", True) else shape[0]
    options |= some(draw, fweights=st.just([1, 2, *[1] * (count - 2)]))
    x = draw_array(draw, shape, draw(ANY))
    if draw(st.booleans()):
        return lambda x, w: np.cov(x, aweights=w, **options), (x, np.abs(draw_array(draw, (count,)))), options
    return lambda x: np.cov(x, **options), (x,), options


@st.composite
def tallies(draw):
    n = draw(st.integers(1, 8))
    places = np.random.default_rng(draw(st.integers(0, 100))).integers(0, 5, n)
    w = draw_array(draw, (n,), draw(REAL))
    if draw(st.booleans()):
        options = some(draw, minlength=st.integers(0, 9))
        return lambda w: np.bincount(places, w, **options), (w,), options
    values = places / 4
    options = some(draw, bins=st.sampled_from([1, 4, 7, [0.0, 0.25, 0.7], np.array([0.0, 1.0])]), range=st.sampled_from([(0, 1), (-1, 2), (0.3, 0.6)]))
    return lambda w: np.histogram(values, weights=w, **options)[0], (w,), options


@st.composite
def polynomials(draw):
    p, q, x = (draw_array(draw, (draw(st.integers(1, 5)),), draw(ANY)) for _ in range(3))
    binary = {f.__name__: f for f in (np.polyval, np.polyadd, np.polysub, np.polymul, np.polydiv)}
    unary = {"polyder": np.polyder, "polyint": np.polyint, "vander": np.vander, "poly": np.poly}
    name = draw(st.sampled_from([*binary, *unary]))
    if name in binary:
        return binary[name], (p, x if name == "polyval" else q), name
    options = {
        "polyder": some(draw, m=st.integers(0, 3)),
        "polyint": some(draw, m=st.integers(0, 3), k=st.just(0.5)),
        "vander": some(draw, N=st.integers(0, 4), increasing=st.booleans()),
        "poly": {},
    }[name]
    return lambda p: unary[name](p, **options), (p,), (name, options)


@st.composite
def fits(draw):
    n = draw(st.integers(4, 7))
    deg = draw(st.integers(0, 2))
    x = np.cumsum(0.3 + np.abs(draw_array(draw, (n,)))) / n
    y = draw_array(draw, draw(st.sampled_from([(n,), (n, 2)])))
    options = some(draw, cov=st.sampled_from([True, "unscaled"]))
    w = 0.5 + np.abs(draw_array(draw, (n,)))
    return lambda x, y, w: np.polyfit(x, y, deg, w=w, **options), (x, y, w), (deg, options)


CALLS = [
    transforms, transforms_of_several_axes, shifts, slid, differences, gradients, trapezoids, unwrapped, grids, interpolations,
    reductions_without_nans, scans_without_nans, quantiles, medians, averages, covariances, tallies, polynomials, fits,
]  # fmt: skip


def outcome(f, *args):
    """The result, or the class of the error; a warning of NumPy's about NaNs is no error."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return tree.leaves(f(*args))
        except (ValueError, TypeError, IndexError, ZeroDivisionError) as error:
            return type(error)


def tolerance(*arrays):
    return 3e-4 if any(np.asarray(a).dtype in (np.float32, np.complex64) for a in arrays) else 1e-9


@pytest.mark.parametrize("calls", CALLS, ids=lambda c: c.__name__)
@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_random_calls(calls, data):
    f, args, _ = data.draw(calls())
    expected = outcome(f, *args)
    found = outcome(lambda *a: fdezero.record(f)(*a).value, *args)
    if isinstance(expected, type):
        assert isinstance(found, type), f"NumPy raises {expected.__name__}"
        return
    assert not isinstance(found, type), f"{found.__name__} is raised"
    for e, b in zip(expected, found, strict=True):
        assert np.shape(e) == np.shape(b)
        assert np.asarray(e).dtype == np.asarray(b).dtype
        scale = float(np.max(np.abs(e), initial=1.0, where=np.isfinite(e)))
        np.testing.assert_allclose(b, e, rtol=tolerance(e, *args) / 30, atol=scale * tolerance(e, *args) / 30)
    check_transpose(f, args)


def check_transpose(f, args):
    """<c, J t> = <J^T c, t>, where everything is finite."""
    rng = np.random.default_rng(0)

    def like(x):
        t = rng.uniform(0.5, 1.5, np.shape(x)) + (1j * rng.uniform(0.5, 1.5, np.shape(x)) if np.asarray(x).dtype.kind == "c" else 0)
        return np.asarray(t).astype(np.asarray(x).dtype)[()]

    tangents = tuple(map(like, args))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        along = jvp(f, args, tangents)[1]
        value, pull = vjp(f, *args)
        if not all(np.all(np.isfinite(v)) for v in tree.leaves((value, along))):
            return
        cotangents = tree.map(like, value)
        back = pull(cotangents)
    pushed = sum(np.real(np.sum(c * t)) for c, t in zip(tree.leaves(cotangents), tree.leaves(along), strict=True))
    pulled = sum(np.real(np.sum(c * t)) for c, t in zip(back, tangents, strict=True))
    size = sum(float(np.sum(np.abs(c * t))) for c, t in zip(back, tangents, strict=True))
    assert abs(pushed - pulled) <= tolerance(*args) * max(size, abs(pushed), 1.0)
    for c, x in zip(back, args, strict=True):
        assert np.shape(c) == np.shape(x)
        assert np.asarray(c).dtype == np.asarray(x).dtype
