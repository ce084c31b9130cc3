"""cbrt and hypot.

float32 is computed in float64.
"""

from __future__ import annotations

from .builder import Builder, Value
from .coefficients import CBRT
from .definition import Definition
from .exponential import INFINITY, shifter
from .logarithm import NORMAL, halves


def cbrt_kernel(b: Builder, x: Value) -> Value:
    """The cube root of |x|, for a normal number.

    |x| = 2**(3 n) m with m between 2**(-3/2) and 2**(3/2).  A polynomial for m**(-1/3) is improved by the
    series of (1 - e)**(-1/3) with e = 1 - m r**3, and the root m r**2, of which 29 bits are right, by one step of Newton's.
    """
    k, _, _ = halves(b, b.fabs(x))
    n = b.fma(k, 1.0 / 3.0, shifter(b)).bits << b.fraction
    m = (x.magnitude - (n + n + n)).real
    r = b.polynomial(m, CBRT)
    e = b.fma(-m * r, r * r, 1.0)
    r = b.fma(r * e, b.polynomial(e, (1 / 3, 2 / 9, 14 / 81, 35 / 243)), r)
    y = m * r * r
    square = y * y
    residual = b.fma(-square, y, m) - b.fma(y, y, -square) * y
    return (b.fma(residual, r * r * (1.0 / 3.0), y).bits + n).real


def cbrt(b: Builder, x: Value) -> Value:
    least = b.pattern(NORMAL[b.kind])
    special = (x.magnitude - least).unsigned_above(b.pattern(INFINITY) - least - 1)
    return b.rarely(special, b.copysign(cbrt_kernel(b, b.guarded(special, x, 1.0)), x), "cbrt.rare", x)


def cbrt_rare(b: Builder, x: Value) -> Value:
    same = x.magnitude.equals(0) | (x.magnitude > b.pattern(INFINITY) - 1)
    y = cbrt_kernel(b, b.guarded(same, x * 2.0**54, 1.0)) * 2.0**-18
    return b.where(same, x, b.copysign(y, x))


def hypot(b: Builder, x: Value, y: Value) -> Value:
    """sqrt(x**2 + y**2), scaled elsewhere where the squares might overflow, or be subnormal."""
    most = b.where(x.magnitude > y.magnitude, x.magnitude, y.magnitude)
    least = b.pattern(2.0**-450)
    special = (most - least).unsigned_above(b.pattern(2.0**500) - least)
    u, v = b.guarded(special, x, 0.0), b.guarded(special, y, 0.0)
    return b.rarely(special, b.sqrt(b.fma(u, u, v * v)), "hypot.rare", x, y)


def hypot_rare(b: Builder, x: Value, y: Value) -> Value:
    infinity = b.pattern(INFINITY)
    endless = x.magnitude.equals(infinity) | y.magnitude.equals(infinity)
    nan = x.is_nan | y.is_nan
    u, v = (b.guarded(endless | nan, w, 0.0) for w in (x, y))
    large = (u.magnitude > b.pattern(1.0)) | (v.magnitude > b.pattern(1.0))
    u, v = (w * b.where(large, 2.0**-600, 2.0**600) for w in (u, v))
    root = b.sqrt(b.fma(u, u, v * v)) * b.where(large, 2.0**600, 2.0**-600)
    return b.where(endless, INFINITY, b.where(nan, b.nan_of(nan, x, y), root))


DEFINITIONS = {
    "cbrt": Definition(cbrt),
    "cbrt.rare": Definition(cbrt_rare),
    "hypot": Definition(hypot, arguments=2),
    "hypot.rare": Definition(hypot_rare, arguments=2),
}
