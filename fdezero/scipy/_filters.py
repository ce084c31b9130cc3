"""Filters: lfilter and sosfilt, differentiable in their coefficients too; others that are linear in the signal.

``lfilter`` is a convolution with b and then a recursion with a; its initial conditions are added to
what goes into the recursion.  The recursion y_n = u_n - sum_k a_k y_{n-k} is linear in u, and its
transpose is the recursion backwards; along da it obeys the same recursion, with -sum_k da_k y_{n-k} as u.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import scipy.signal

from ..core.declare import general, linear, multilinear
from ..core.graph import Array
from ..core.primitives import General, Linear, Multilinear
from ._lines import along_lines, trailing
from ._mirror import has_boxes, mirrors, operand, public_name, refuse


def _reversed(x: Array) -> Array:
    return np.flip(x, axis=-1)


# -- moving averages: y_n = sum_k b_k x_{n-k}, along the last axis, as long as x ---------------------------
def _lags(g: Array, x: Array, count: int) -> Array:
    """The sums of g_n x_{n-k} over n and all leading axes, for k below ``count``."""
    n = x.shape[-1]
    lags = [np.sum(g[..., k:] * x[..., : n - k]) if k < n else np.sum(g[..., :0]) for k in range(count)]
    return np.stack(lags)


averaged: Multilinear = multilinear(
    lambda x, y: scipy.signal.lfilter(x, [1.0], y),
    lambda g, y, like: _lags(g, y, like.shape[0]),
    lambda g, x: _reversed(averaged(x, _reversed(g))),
    name="moving_average",
)


# -- recursions ----------------------------------------------------------------------------------------
def _delayed(a: Array, y: Array) -> Array:
    """sum over k >= 1 of a_k y_{n-k}, for the coefficients a_1, a_2 ..."""
    return averaged(np.pad(a, (1, 0)), y)


recursed: General = general(
    lambda x, y: scipy.signal.lfilter([1.0], np.concatenate([[1.0], x]), y),
    vjp=[
        lambda g, x, out, like: -_lags(_reversed(recursed(x, _reversed(g))), out, like.shape[0] + 1)[1:],
        lambda g, x: _reversed(recursed(x, _reversed(g))),
    ],
    jvp=[
        lambda g, x, out: -recursed(x, _delayed(g, out)),
        lambda g, x: recursed(x, g),
    ],
    name="recursive_filter",
)


def _longer(x: Array, count: int) -> Array:
    """With zeros behind the last axis."""
    return np.pad(x, [(0, 0)] * (len(x.shape) - 1) + [(0, count)])


def filtered(b: Array, a: Array, x: Array, zi: Array | None) -> tuple[Array, Array | None]:
    """``lfilter`` along the last axis, and the final conditions where there are initial ones."""
    b, a = b / a[0], a[1:] / a[0]
    order = max(b.shape[0] - 1, a.shape[0])
    if zi is None:
        return recursed(a, averaged(b, x)) if a.shape[0] else averaged(b, x), None
    n = x.shape[-1]
    inflow = averaged(b, _longer(x, order)) + _longer(zi, n)
    y = recursed(a, inflow[..., :n]) if a.shape[0] else inflow[..., :n]
    left = inflow[..., n:]
    return y, left - _delayed(a, _longer(y, order))[..., n:] if a.shape[0] else left


@mirrors(scipy.signal.lfilter)
def lfilter(b: Any, a: Any, x: Any, axis: int = -1, zi: Any = None) -> Any:
    """``x`` filtered along an axis by the rational filter with the coefficients ``b`` and ``a``.

    Differentiable in b, a, x and ``zi``; with zi the result is a pair with the final conditions.
    """
    b, a, x = (operand(each) for each in (b, a, x))
    moved = np.moveaxis(x, axis, -1)
    first = None if zi is None else np.moveaxis(operand(zi), axis, -1)
    y, last = filtered(b.reshape(-1), a.reshape(-1), moved, first)
    y = np.moveaxis(y, -1, axis)
    return y if last is None else (y, np.moveaxis(last, -1, axis))


@mirrors(scipy.signal.sosfilt)
def sosfilt(sos: Any, x: Any, axis: int = -1, zi: Any = None) -> Any:
    """``x`` filtered along an axis by sections of second order, ``sos`` (sections, 6).

    Differentiable in sos, x and ``zi``; with zi the result is a pair with the final conditions.
    """
    sos, x = operand(sos), operand(x)
    x, ends = np.moveaxis(x, axis, -1), []
    for i in range(sos.shape[0]):
        first = None if zi is None else np.moveaxis(operand(zi)[i], axis, -1)
        x, last = filtered(sos[i, :3], sos[i, 3:], x, first)
        if last is not None:
            ends.append(np.moveaxis(last, -1, axis))
    y = np.moveaxis(x, -1, axis)
    return (y, np.stack(ends)) if ends else y


# -- linear in the signal alone ------------------------------------------------------------------------
_detrended: Linear = linear(
    lambda x, *, kind, breaks: scipy.signal.detrend(x, axis=-1, type=kind, bp=breaks),
    lambda g, *, kind, breaks: _detrended(g, kind=kind, breaks=breaks),  # an orthogonal projection
    name="detrend",
    core=(1,),
)


@mirrors(scipy.signal.detrend)
def detrend(data: Any, axis: int = -1, type: str = "linear", bp: Any = 0) -> Any:  # noqa: A002  # SciPy's name
    """``data`` without its linear or constant trend along an axis; differentiable."""
    breaks = tuple(np.atleast_1d(bp).tolist())
    return np.moveaxis(_detrended(np.moveaxis(operand(data), axis, -1), kind=type, breaks=breaks), -1, axis)


def _linear(function: Callable[..., Any], x: Any, axis: int, *constants: Any, **options: Any) -> Array:
    """``function(*constants, x, axis=axis, **options)``, where x stands behind the constants."""
    if has_boxes((constants, options)):
        raise refuse(public_name(function), "its coefficients", "it has one for the signal alone; write stop_gradient(b)")
    x = operand(x)
    return along_lines(x, apply=partial(function, *constants, **options), axis=trailing(axis, len(x.shape))[0])


@mirrors(scipy.signal.filtfilt)
def filtfilt(
    b: Any, a: Any, x: Any, axis: int = -1, padtype: Any = "odd", padlen: Any = None, method: str = "pad", irlen: Any = None
) -> Any:
    """``x`` filtered forwards and backwards along an axis; differentiable in x."""
    return _linear(scipy.signal.filtfilt, x, axis, b, a, padtype=padtype, padlen=padlen, method=method, irlen=irlen)


@mirrors(scipy.signal.sosfiltfilt)
def sosfiltfilt(sos: Any, x: Any, axis: int = -1, padtype: Any = "odd", padlen: Any = None) -> Any:
    """``x`` filtered forwards and backwards along an axis by sections of second order; differentiable in x."""
    return _linear(scipy.signal.sosfiltfilt, x, axis, sos, padtype=padtype, padlen=padlen)


@mirrors(scipy.signal.savgol_filter)
def savgol_filter(
    x: Any,
    window_length: int,
    polyorder: int,
    deriv: int = 0,
    delta: float = 1.0,
    axis: int = -1,
    mode: str = "interp",
    cval: float = 0.0,
) -> Any:
    """``x`` smoothed along an axis by polynomials through its neighbours; differentiable."""
    if mode == "constant" and cval != 0:
        raise refuse("scipy.signal.savgol_filter", f"cval={cval}", "write cval=0, or filter x - cval and add it again")
    options = {"window_length": window_length, "polyorder": polyorder, "deriv": deriv, "delta": delta, "mode": mode}
    return _linear(scipy.signal.savgol_filter, x, axis, **options)


@mirrors(scipy.signal.hilbert)
def hilbert(x: Any, N: Any = None, axis: int = -1) -> Any:  # SciPy's name
    """The analytic signal of a real ``x``, by FFT along an axis; differentiable."""
    return _linear(scipy.signal.hilbert, x, axis, N=N)


@mirrors(scipy.signal.resample)
def resample(x: Any, num: int, axis: int = 0, window: Any = None) -> Any:
    """``x`` at ``num`` points along an axis, by FFT; differentiable."""
    return _linear(scipy.signal.resample, x, axis, num=num, window=window)


@mirrors(scipy.signal.resample_poly)
def resample_poly(x: Any, up: int, down: int, axis: int = 0, window: Any = ("kaiser", 5.0)) -> Any:
    """``x`` at ``up / down`` times as many points along an axis, by a filter; differentiable."""
    return _linear(scipy.signal.resample_poly, x, axis, up=up, down=down, window=window)
