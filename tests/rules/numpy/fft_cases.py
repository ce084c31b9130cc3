"""The table of rules: numpy.fft."""

import numpy as np

from .cases import case, draw

NORMS = ("backward", "ortho", "forward")

for _f in (np.fft.fft, np.fft.ifft):
    for _dtype in (float, complex, np.float32, np.complex64):
        case(_f, draw(5, dtype=_dtype))
    for _norm in NORMS:
        case(_f, draw(2, 3, dtype=complex), norm=_norm, axis=0)
for _f in (np.fft.rfft, np.fft.ihfft):
    case(_f, draw(5, dtype=np.float32))
    for _n in (4, 5):
        for _norm in NORMS:
            case(_f, draw(2, _n), norm=_norm)
for _f in (np.fft.irfft, np.fft.hfft):
    case(_f, draw(3, dtype=np.complex64))
    case(_f, draw(3), label="of real numbers")
    for _n in (4, 5):
        for _norm in NORMS:
            case(_f, draw(3, dtype=complex), norm=_norm, n=_n)
for _f in (np.fft.fft, np.fft.ifft, np.fft.rfft, np.fft.irfft, np.fft.hfft, np.fft.ihfft):
    for _n in (1, 2, 3, 6, 7):
        case(_f, draw(4, 2, dtype=float if _f in (np.fft.rfft, np.fft.ihfft) else complex), n=_n, axis=0)

for _f in (np.fft.fft2, np.fft.ifft2, np.fft.fftn, np.fft.ifftn, np.fft.rfft2, np.fft.rfftn, np.fft.irfft2, np.fft.irfftn):
    _dtype = float if _f in (np.fft.rfft2, np.fft.rfftn) else complex
    case(_f, draw(2, 3, 3, dtype=_dtype))
    case(_f, draw(2, 3, 3, dtype=_dtype), axes=(0, -1), norm="ortho")
    case(_f, draw(2, 3, 3, dtype=_dtype), axes=(-1, 1), s=(3, 4), norm="forward")
    case(_f, draw(3, 3, dtype=_dtype), axes=(0, 1), s=(-1, 2))
    case(_f, draw(3, dtype=_dtype), axes=(0,))
    case(_f, draw(2, 3, dtype=np.float32 if _dtype is float else np.complex64))
case(np.fft.fftn, draw(3, dtype=complex), axes=(0, 0), label="an axis twice")

for _f in (np.fft.fftshift, np.fft.ifftshift):
    for _axes in (None, 0, (0, -1)):
        case(_f, draw(3, 4), axes=_axes)
    case(_f, draw(5, dtype=complex))
case(np.fft.fftfreq, draw(), f=lambda d: np.fft.fftfreq(5, d))
case(np.fft.rfftfreq, draw(), f=lambda d: np.fft.rfftfreq(6, d))
