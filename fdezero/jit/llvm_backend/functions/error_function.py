"""erf, erfc, erfcx, ndtr, log_ndtr.

erf is an odd polynomial for |x| <= 1.  Elsewhere, erfc(x) = exp(-x**2) erfcx(x), and (1 + 2 x) erfcx(x) is a polynomial
in (x - c) / (x + c) for all x >= 0: Shepherd and Laframboise, "Chebyshev approximation of (1 + 2x) exp(x**2) erfc(x)",
Mathematics of Computation 36 (1981).  x**2 is the sum of two doubles.

float32 is computed in float64.
"""

from __future__ import annotations

from .builder import Builder, Value
from .coefficients import ERF, ERFCX
from .definition import Definition
from .exponential import INFINITY, beyond, exp_kernel, expm1_tail, natural
from .logarithm import halves, log1p_kernel
from .logarithm import natural as log_of

CENTRE = 3.75
SQRT_HALF = (0.7071067811865476, -4.833646656726457e-17)
#: Up to this argument erfc is a normal number, and ndtr at its negative.
LIMIT, NDTR_LIMIT = 26.5, 37.5
EXTRA = 200
#: Where erfcx and log_ndtr are asymptotic: beyond it, squares overflow.
FAR = 2.0**500
INVERSE_ROOT_PI = 0.5641895835477563


def erfcx_pair(b: Builder, x: Value, low: Value | float = 0.0) -> tuple[Value, Value]:
    """exp(x**2) erfc(x) as the sum of two numbers, for 0 <= x <= 2**1000, of an argument that lacks low."""
    t = (x - CENTRE) / (x + CENTRE)
    rest = t * b.polynomial(t, ERFCX[1:])
    p = rest + ERFCX[0]
    p_low = rest - (p - ERFCX[0])
    double = x + x
    d = double + 1.0
    d_low = b.fma(low, 2.0, b.where(x.bits > b.pattern(0.5), 1.0 - (d - double), double - (d - 1.0)))
    inverse = 1.0 / d
    q = p * inverse
    return q, (b.fma(-q, d, p) + b.fma(-q, d_low, p_low)) * inverse


def square(b: Builder, x: Value) -> tuple[Value, Value]:
    """x**2 as the sum of two numbers."""
    high = x * x
    return high, b.fma(x, x, -high)


def tail(b: Builder, high: Value, low: Value, factor: tuple[Value, Value]) -> Value:
    """exp(-high - low) times the sum of two numbers, for a normal result."""
    n, r, _ = natural(b, -high)
    r = r - low
    e = r + 1.0
    e_low = (r - (e - 1.0)) + expm1_tail(b, r)
    y = b.fma(e, factor[0], b.fma(e_low, factor[0], e * factor[1]))
    return (y.bits + (n << b.fraction)).real


def erfc_kernel(b: Builder, x: Value) -> Value:
    """erfc(x), for 0 <= x <= LIMIT."""
    return tail(b, *square(b, x), erfcx_pair(b, x))


def half_width(b: Builder, x: Value) -> tuple[Value, Value]:
    """x / sqrt(2), and what it lacks."""
    high = x * SQRT_HALF[0]
    return high, b.fma(x, SQRT_HALF[1], b.fma(x, SQRT_HALF[0], -high))


def erf_kernel(b: Builder, x: Value) -> Value:
    """erf(x), for |x| <= 1."""
    return b.fma(x, b.polynomial(x * x, ERF), x)


def erf(b: Builder, x: Value) -> Value:
    large = x.magnitude > b.pattern(1.0)
    safe = b.guarded(large, x, 0.0)
    return b.rarely(large, b.copysign(erf_kernel(b, safe), x), "erf.tail", x)


def erf_tail(b: Builder, x: Value) -> Value:
    a = b.where(x.magnitude > b.pattern(6.0), 6.0, b.fabs(x))
    return b.where(x.is_nan, x, b.copysign(1.0 - erfc_kernel(b, a), x))


def erfc(b: Builder, x: Value) -> Value:
    special = x.magnitude > b.pattern(LIMIT)
    safe = b.guarded(special, x, 0.0)
    y = erfc_kernel(b, b.fabs(safe))
    y = b.where(x.bits < 0, 2.0 - y, y)
    small = safe.magnitude < b.pattern(0.5)
    return b.rarely(special, b.where(small, 1.0 - erf_kernel(b, b.where(small, safe, 0.0)), y), "erfc.rare", x)


def tail_rare(b: Builder, high: Value, low: Value, factor: tuple[Value, Value]) -> Value:
    """exp(-high - low) times the sum of two numbers, rounded once where it is subnormal."""
    e = beyond(b, -high, extra=EXTRA)
    return b.fma(e, -low, e) * (factor[0] + factor[1]) * 2.0**-EXTRA


def erfc_rare(b: Builder, x: Value) -> Value:
    a = b.where(x.magnitude > b.pattern(40.0), 40.0, b.fabs(x))
    y = tail_rare(b, *square(b, a), erfcx_pair(b, a))
    return b.where(x.is_nan, x, b.where(x.bits < 0, 2.0, y))


def ndtr(b: Builder, x: Value) -> Value:
    """erfc(-x / sqrt(2)) / 2, with x**2 / 2 from x itself."""
    special = x.magnitude > b.pattern(NDTR_LIMIT)
    safe = b.guarded(special, x, 0.0)
    high, low = square(b, safe)
    y = tail(b, high * 0.5, low * 0.5, erfcx_pair(b, *half_width(b, b.fabs(safe)))) * 0.5
    y = b.where(x.bits < 0, y, 1.0 - y)
    small = safe.magnitude < b.pattern(0.6)
    near = b.fma(erf_kernel(b, b.where(small, safe, 0.0) * SQRT_HALF[0]), 0.5, 0.5)
    return b.rarely(special, b.where(small, near, y), "ndtr.rare", x)


def ndtr_rare(b: Builder, x: Value) -> Value:
    a = b.where(x.magnitude > b.pattern(50.0), 50.0, b.fabs(x))
    high, low = square(b, a)
    y = tail_rare(b, high * 0.5, low * 0.5, erfcx_pair(b, *half_width(b, a))) * 0.5
    return b.where(x.is_nan, x, b.where(x.bits < 0, y, 1.0))


def erfcx(b: Builder, x: Value) -> Value:
    """Where x < 0, 2 exp(x**2) - erfcx(-x)."""
    special = (x.bits > b.pattern(FAR)) | x.bits.unsigned_above(b.pattern(-26.0))
    safe = b.guarded(special, x, 0.0)
    below = b.guarded(safe.bits > 0, safe, 0.0)
    high, low = square(b, below)
    q, q_low = erfcx_pair(b, b.fabs(safe))
    twice = tail(b, -high, -low, (b.constant(2.0), b.constant(0.0)))
    y = b.where(x.bits < 0, twice - q, q + q_low)
    small = safe.magnitude < b.pattern(0.5)
    inner = b.guarded(~small, safe, 0.0)
    near = exp_kernel(b, inner * inner) * (1.0 - erf_kernel(b, inner))
    return b.rarely(special, b.where(small, near, y), "erfcx.rare", x)


def erfcx_rare(b: Builder, x: Value) -> Value:
    """1 / (sqrt(pi) x) of a large x, and 2 exp(x**2) where x is negative."""
    positive = (x.bits > 0) | x.is_nan
    a = b.where(x.magnitude > b.pattern(40.0), 40.0, b.fabs(b.guarded(positive, x, 40.0)))
    high, low = square(b, a)
    e = beyond(b, b.guarded(positive, high, 0.0), extra=1)
    endless = e.magnitude.equals(b.pattern(INFINITY))
    below = b.where(endless, e, b.fma(b.guarded(endless, e, 0.0), low, e))
    return b.where(x.is_nan, x, b.where(positive, INVERSE_ROOT_PI / b.guarded(~positive, x, 1.0), below))


def log_ndtr(b: Builder, x: Value) -> Value:
    """log1p(-ndtr(-x)), and where x < 0, log(erfcx(-x / sqrt(2)) / 2) - x**2 / 2."""
    special = (x.bits > b.pattern(NDTR_LIMIT)) | x.bits.unsigned_above(b.pattern(-FAR))
    safe = b.guarded(special, x, 0.0)
    factor = erfcx_pair(b, *half_width(b, b.fabs(safe)))
    small = safe.magnitude < b.pattern(0.75)
    near = b.fma(erf_kernel(b, b.fabs(b.guarded(~small, safe, 0.0)) * SQRT_HALF[0]), -0.5, 0.5)
    k, m, _ = halves(b, b.where(small, near, factor[0] * 0.5))
    high, low = square(b, safe)
    below = log_of(b, k, m - 1.0) - b.where(small, 0.0, b.fma(high, 0.5, low * 0.5))
    high, low = square(b, b.guarded(safe.bits < 0, safe, 0.0))
    above = log1p_kernel(b, -b.where(small, near, tail(b, high * 0.5, low * 0.5, factor) * 0.5))
    return b.rarely(special, b.where(safe.bits < 0, below, above), "log_ndtr.rare", x)


def log_ndtr_rare(b: Builder, x: Value) -> Value:
    positive = x.bits > 0
    below = b.guarded(positive, x, 1.0)
    return b.where(positive, -b.call("ndtr.rare", -x), below * below * -0.5)


DEFINITIONS = {
    "erf": Definition(erf),
    "erf.tail": Definition(erf_tail),
    "erfc": Definition(erfc),
    "erfc.rare": Definition(erfc_rare),
    "ndtr": Definition(ndtr),
    "ndtr.rare": Definition(ndtr_rare),
    "erfcx": Definition(erfcx),
    "erfcx.rare": Definition(erfcx_rare),
    "log_ndtr": Definition(log_ndtr),
    "log_ndtr.rare": Definition(log_ndtr_rare),
}
