"""Special functions of NumPy and functions of the representation: sinc, i0, nan_to_num, modf, frexp, ldexp and the like.

sinc and i0 state their n-th derivative, so that all orders are exact also where a quotient of others would be
0 / 0.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...core.boxes import raw
from ...core.declare import constant, elementwise, implements, register
from ...core.graph import Array
from ...core.primitives import Elementwise
from .helpers import as_operand


# -- sinc ----------------------------------------------------------------------------------------------
def _sinc(x: Any, *, n: int) -> Any:
    """The n-th derivative of sin(pi x) / (pi x).

    For y = pi x small the series, beyond that the recurrence y s_n = sin(y + n pi / 2) - n s_(n - 1), which
    follows from y s_0 = sin(y).
    """
    if n == 0:
        return np.sinc(x)
    y = np.pi * np.asarray(x).astype(complex if x.dtype.kind == "c" else float)
    near = np.abs(y) < 1 + n / 2  # where the recurrence would lose digits
    out = np.empty_like(y)
    out[near] = _sinc_series(y[near], n)
    far = y[~near]
    s = np.sin(far) / far
    for k in range(1, n + 1):
        s = (np.sin(far + k * (np.pi / 2)) - k * s) / far
    out[~near] = s
    return (np.pi**n * out).astype(x.dtype)[()]


def _sinc_series(y: Array, n: int) -> Array:
    """Sum over k of (-1)^k y^j / ((2 k + 1) j!), where j = 2 k - n."""
    total = np.zeros_like(y)
    first = (n + 1) // 2
    power = y ** (2 * first - n)
    for k in range(first, first + 12 + n):
        total += (-1) ** k / (2 * k + 1) * power
        j = 2 * k - n
        power = power * y * y / ((j + 1) * (j + 2))
    return total


sinc_: Elementwise = elementwise(_sinc, lambda g, x, *, n: g * sinc_(x, n=n + 1), name="sinc")


@implements(np.sinc)
def sinc(x: Any) -> Array:
    return sinc_(as_operand(x), n=0)


# -- i0 ------------------------------------------------------------------------------------------------
#: Beyond this i0 overflows.
_LARGEST = 714.0


def _i0(x: Any, *, n: int) -> Any:
    """The n-th derivative of i0, by the midpoint rule for 1 / pi times the integral of cos(t)^n exp(x cos(t)), 0 <= t <= pi.

    Abramowitz and Stegun, *Handbook of Mathematical Functions* (1964), 9.6.16.  The integrand is periodic, so
    the rule converges faster than any power; 4.4 sqrt(x) midpoints are as good as double precision.
    """
    if n == 0:
        return np.i0(x)
    z = np.asarray(x, float)
    reach = np.max(np.abs(z), initial=0.0, where=np.abs(z) < _LARGEST)
    half = 16 + n + int(2.5 * math.sqrt(reach))
    total = np.zeros_like(z)
    for t in (np.arange(half) + 0.5) * (np.pi / (2 * half)):  # and the other half by symmetry
        c = math.cos(t)
        total += c**n * (np.sinh if n % 2 else np.cosh)(c * z)
    return (total / half).astype(x.dtype)[()]


i0_: Elementwise = elementwise(_i0, lambda g, x, *, n: g * i0_(x, n=n + 1), name="i0")


@implements(np.i0)
def i0(x: Any) -> Array:
    return i0_(as_operand(x), n=0)


# -- what is not finite --------------------------------------------------------------------------------
@implements(np.nan_to_num)
def nan_to_num(x: Any, copy: bool = True, nan: Any = 0.0, posinf: Any = None, neginf: Any = None) -> Array:
    """What is replaced is constant."""
    x = as_operand(x)
    if x.dtype.kind not in "fc":
        return x
    if x.dtype.kind == "c":
        parts = [nan_to_num(part, copy, nan, posinf, neginf) for part in (x.real, x.imag)]
        return (parts[0] + 1j * parts[1]).astype(x.dtype)
    largest = np.finfo(x.dtype).max
    x = np.where(np.isnan(x), np.asarray(nan, x.dtype), x)
    x = np.where(x == np.inf, np.asarray(largest if posinf is None else posinf, x.dtype), x)
    return np.where(x == -np.inf, np.asarray(-largest if neginf is None else neginf, x.dtype), x)


@implements(np.real_if_close)
def real_if_close(a: Any, tol: float = 100) -> Array:
    a = as_operand(a)
    if a.dtype.kind != "c":
        return a
    tolerance = np.finfo(a.dtype).eps * tol if tol > 1 else tol
    return a.real if np.all(np.absolute(raw(a).imag) < tolerance) else a  # a batch as one


# -- the representation of a number --------------------------------------------------------------------
fraction = elementwise(lambda x: np.modf(x)[0], 1, name="modf")
exponent = elementwise(lambda x: np.frexp(x)[1], None, name="frexp")
mantissa = elementwise(lambda x: np.frexp(x)[0], lambda g, x: np.ldexp(g, -exponent(x)), name="frexp")
ldexp = elementwise(np.ldexp, lambda g, y: np.ldexp(g, y), None)
#: A neighbour is a constant away.
nextafter = elementwise(np.nextafter, 1, None)


@implements(np.modf)
def modf(x: Array) -> tuple[Array, Array]:
    return fraction(x), np.trunc(x)


@implements(np.frexp)
def frexp(x: Array) -> tuple[Array, Array]:
    return mantissa(x), exponent(x)


for _of_integers in (np.gcd, np.lcm):
    elementwise(_of_integers, None, None)
register(np.fix, constant(np.fix, core=(0,)))
