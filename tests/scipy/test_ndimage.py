"""fdezero.scipy.ndimage: values are SciPy's, derivatives agree with differences in samples and coordinates."""

import numpy as np
import pytest
import scipy.ndimage

from fdezero import vjp
from fdezero.scipy import ndimage

from .cases import Case, check_batched, check_case

rng = np.random.default_rng(7)
LINE, IMAGE = rng.normal(size=7), rng.normal(size=(5, 4))
INSIDE = np.array([[0.3, 2.2, 3.9], [0.6, 1.4, 2.9]])
OUTSIDE = np.array([-9.3, -6.2, -2.7, -0.8, -0.3, 0.2, 5.7, 6.3, 7.4, 13.2, 20.6])
MODES = ["constant", "nearest", "reflect", "grid-mirror", "mirror", "wrap", "grid-wrap", "grid-constant"]

CASES = {
    **{
        f"map_coordinates, {order}, {mode}": Case(
            lambda m, x, at, order=order, mode=mode: m.map_coordinates(x, at[None], order=order, mode=mode, cval=2.0),
            (LINE, OUTSIDE), order=1,
        )
        for order in range(6)
        for mode in MODES
    },
    **{f"map_coordinates, {order}": Case(lambda m, x, at, order=order: m.map_coordinates(x, at, order=order), (IMAGE, INSIDE)) for order in range(6)},
    "map_coordinates, no prefilter": Case(lambda m, x, at: m.map_coordinates(x, at, prefilter=False, mode="mirror"), (IMAGE, INSIDE)),
    "spline_filter": Case(lambda m, x: m.spline_filter(x), (IMAGE,)),
    "gaussian_filter": Case(lambda m, x: m.gaussian_filter(x, (0.7, 1.1), order=(0, 1), mode=("mirror", "wrap")), (IMAGE,)),
    "gaussian_filter, an axis": Case(lambda m, x: m.gaussian_filter(x, 0.7, mode="constant", truncate=3, axes=0), (IMAGE,)),
    "gaussian_filter1d": Case(lambda m, x: m.gaussian_filter1d(x, 0.8, axis=0), (IMAGE,)),
    "uniform_filter": Case(lambda m, x: m.uniform_filter(x, size=(2, 3)), (IMAGE,)),
    "uniform_filter1d": Case(lambda m, x: m.uniform_filter1d(x, 3, mode="nearest", origin=1), (IMAGE,)),
    "correlate1d": Case(lambda m, x: m.correlate1d(x, [1.0, 2.0, -1.0], axis=0), (IMAGE,)),
    "convolve1d": Case(lambda m, x: m.convolve1d(x, [1.0, 2.0, -1.0, 0.5], mode="constant"), (IMAGE,)),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_laws(name):
    check_case(CASES[name], ndimage, scipy.ndimage)


@pytest.mark.parametrize("name", CASES)
def test_batches(name):
    check_batched(CASES[name], ndimage)


def test_the_dtype_of_the_image_stays():
    value, pull = vjp(lambda x: ndimage.map_coordinates(x, INSIDE), IMAGE.astype(np.float32))
    assert value.dtype == np.float32 and pull(np.ones(3, np.float32))[0].dtype == np.float32
    np.testing.assert_allclose(value, scipy.ndimage.map_coordinates(IMAGE.astype(np.float32), INSIDE), rtol=1e-6)


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda x: ndimage.map_coordinates(x, INSIDE, mode="circular"), "mode='circular'"),
        (lambda x: ndimage.map_coordinates(x, INSIDE, output=np.float32), "output="),
        (lambda x: ndimage.gaussian_filter(x, 1.0, mode="constant", cval=1.0), "cval=1.0"),
        (lambda x: ndimage.correlate1d(IMAGE, x[0]), "weights that are a Box"),
    ],
)
def test_what_is_refused(call, match):
    with pytest.raises(TypeError, match=match):
        vjp(call, IMAGE)
