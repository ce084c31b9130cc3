"""fdezero.scipy.fft: values are SciPy's, derivatives agree with differences in every mode."""

import numpy as np
import pytest
import scipy.fft

from fdezero import vjp
from fdezero.core.boxes import implementations
from fdezero.scipy import fft

from .cases import Case, check_batched, check_case

rng = np.random.default_rng(4)
X, GRID = rng.normal(size=6), rng.normal(size=(3, 4))
Z = X + 1j * rng.normal(size=6)

CASES = {
    f"{name}, {kind}, {norm}": Case(lambda m, x, name=name, kind=kind, norm=norm: getattr(m, name)(x, kind, norm=norm), (X,), order=1)
    for name in ("dct", "idct", "dst", "idst")
    for kind in (1, 2, 3, 4)
    for norm in (None, "ortho", "forward")
} | {
    "dct, second order": Case(lambda m, x: m.dct(x) ** 2, (X,)),
    "dct, complex": Case(lambda m, x: m.dct(x, 1), (Z,)),
    "dct, longer": Case(lambda m, x: m.dct(x, n=7, axis=0), (GRID,)),
    "dct, shorter": Case(lambda m, x: m.dct(x, 3, n=2, axis=0), (GRID,)),
    "dctn": Case(lambda m, x: m.dctn(x), (GRID,)),
    "idctn": Case(lambda m, x: m.idctn(x, 1, norm="ortho"), (GRID,)),
    "dstn": Case(lambda m, x: m.dstn(x, s=(2, 5), axes=(1, 0)), (GRID,)),
    "idstn": Case(lambda m, x: m.idstn(x, 3, s=3), (GRID,)),
}  # fmt: skip

FOURIER = {
    **{f"{name}, {norm}": Case(lambda m, x, name=name, norm=norm: getattr(m, name)(x, norm=norm), (Z,), order=1)
       for name in ("fft", "ifft", "irfft", "hfft") for norm in (None, "ortho", "forward")},
    "rfft": Case(lambda m, x: m.rfft(x, 5), (X,)),
    "ihfft": Case(lambda m, x: m.ihfft(x, workers=1), (X,)),
    "fft, axis": Case(lambda m, x: m.fft(x, axis=0, overwrite_x=False), (GRID,)),
    **{f"{name}, {norm}": Case(lambda m, x, name=name, norm=norm: getattr(m, name)(x, norm=norm), (GRID * (1 if name[0] == "i" else 1 + 0.5j),), order=1)
       for name in ("hfft2", "hfftn", "ihfft2", "ihfftn") for norm in (None, "ortho", "forward")},
    "hfftn, axes": Case(lambda m, x: m.hfftn(x, s=(5, 2), axes=(1, 0)), (GRID + 1j,)),
    "fft2": Case(lambda m, x: m.fft2(x), (GRID,)),
    "ifft2": Case(lambda m, x: m.ifft2(x, s=(2, 3)), (GRID,)),
    "fftn": Case(lambda m, x: m.fftn(x, s=(5,)), (GRID,)),
    "ifftn": Case(lambda m, x: m.ifftn(x, axes=(0,)), (GRID,)),
    "rfft2": Case(lambda m, x: m.rfft2(x), (GRID,)),
    "rfftn": Case(lambda m, x: m.rfftn(x), (GRID,)),
    "irfft2": Case(lambda m, x: m.irfft2(x + 0j), (GRID,)),
    "irfftn": Case(lambda m, x: m.irfftn(x + 0j), (GRID,)),
    "fftshift": Case(lambda m, x: m.fftshift(x), (GRID,)),
    "ifftshift": Case(lambda m, x: m.ifftshift(x, axes=1), (GRID,)),
}  # fmt: skip
needs_numpy_rules = pytest.mark.skipif(np.fft.fft not in implementations, reason="numpy.fft has no rules")


@pytest.mark.parametrize("name", CASES)
def test_laws(name):
    check_case(CASES[name], fft, scipy.fft)


@pytest.mark.parametrize("name", CASES)
def test_batches(name):
    check_batched(CASES[name], fft)


@needs_numpy_rules
@pytest.mark.parametrize("name", FOURIER)
def test_laws_of_fourier_transforms(name):
    check_case(FOURIER[name], fft, scipy.fft)


@needs_numpy_rules
@pytest.mark.parametrize("name", FOURIER)
def test_batches_of_fourier_transforms(name):
    check_batched(FOURIER[name], fft)


@pytest.mark.parametrize(
    ("call", "error", "match"),
    [
        (lambda x: fft.dct(x, orthogonalize=True), TypeError, "scipy.fft.dct .* orthogonalize=True"),
        (lambda x: fft.dct(x, 5), ValueError, "type is 1, 2, 3 or 4"),
        (lambda x: fft.idst(x, norm="other"), ValueError, "norm is"),
    ],
)
def test_what_is_refused(call, error, match):
    with pytest.raises(error, match=match):
        vjp(call, X)
