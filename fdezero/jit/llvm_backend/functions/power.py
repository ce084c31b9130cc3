"""power: 2**(y log2(x)), with the logarithm as the sum of two doubles.

log(1 + f) = 2 s (1 + z/3 + z**2 P(z)) with s = f / (2 + f) and z = s**2; s, z/3 and the products with them are sums of two
doubles, for an error of the logarithm is multiplied by y log(x), up to 745: Muller, *Elementary Functions*, section
11.5, and Dekker's arithmetic ("A floating-point technique for extending the available precision", Numerische
Mathematik 18 (1971)) with fused multiplications.

float32 is computed in float64.
"""

from __future__ import annotations

from .builder import Builder, Value
from .coefficients import ATANH
from .definition import Definition
from .exponential import INFINITY, expm1_tail, power_of_two, shifter
from .logarithm import LN2, NORMAL, halves

THIRD = (0.3333333333333333, 1.850371707708594e-17)
TWO_LOG2E = (2.8853900817779268, 4.0710547481862066e-17)

#: A number as the sum of two values, the second small.
Pair = tuple[Value, Value]


def sum_of(large: Value, small: Value) -> Pair:
    """The sum of two numbers, exactly, where the first is the larger or 0."""
    total = large + small
    return total, small - (total - large)


def product(b: Builder, x: Pair, y: tuple[Value | float, Value | float]) -> Pair:
    """The product of two pairs."""
    high = x[0] * y[0]
    return high, b.fma(x[0], y[1], b.fma(x[1], y[0], b.fma(x[0], y[0], -high)))


def log2_pair(b: Builder, x: Value) -> Pair:
    """log2(x) of a positive normal x."""
    k, m, _ = halves(b, x)
    f, g = m - 1.0, m + 1.0
    inverse = 1.0 / g
    high = f * inverse
    low = (b.fma(-high, g, f) - high * (m - (g - 1.0))) * inverse
    z, z_low = product(b, (high, low), (high, low))
    third, third_low = product(b, (z, z_low), THIRD)
    third, rest = sum_of(third, z * z * b.polynomial(z, ATANH))
    one, one_low = sum_of(b.constant(1.0), third)
    log, log_low = product(b, product(b, (high, low), (one, one_low + (rest + third_low))), TWO_LOG2E)
    total, total_low = sum_of(k, log)
    return sum_of(total, total_low + log_low)


def exponent(b: Builder, x: Value, y: Value) -> Pair:
    """y log2(x)."""
    high, low = log2_pair(b, x)
    first = y * high
    return first, b.fma(y, low, b.fma(y, high, -first))


def exp2_parts(b: Builder, high: Value, low: Value) -> tuple[Value, Value]:
    """2**(high + low) as a number next to 1 and the bits that hold the exponent."""
    z = high + shifter(b)
    r = high - (z - shifter(b)) + low
    r = b.fma(r, LN2[0], r * LN2[1])
    return r + expm1_tail(b, r) + 1.0, z.bits


def power(b: Builder, x: Value, y: Value) -> Value:
    least = b.pattern(NORMAL[b.kind])
    outside = (x.bits - least).unsigned_above(b.pattern(INFINITY) - least - 1)
    outside = outside | (y.magnitude > b.pattern(2.0**64))
    high, low = exponent(b, b.guarded(outside, x, 1.0), b.guarded(outside, y, 1.0))
    special = outside | (high.magnitude > b.pattern(1021.0))
    p, n = exp2_parts(b, b.guarded(special, high, 0.0), b.guarded(special, low, 0.0))
    return b.rarely(special, (p.bits + (n << b.fraction)).real, "power.rare", x, y)


def power_rare(b: Builder, x: Value, y: Value) -> Value:
    """Any power, with the special values of C99, annex F.9.4.4."""
    infinity = b.pattern(INFINITY)
    nan, endless_y = x.is_nan | y.is_nan, y.magnitude.equals(infinity)
    zero, endless = x.magnitude.equals(0), x.magnitude.equals(infinity)
    exponent_ = b.guarded(nan | endless_y, y, 1.0)
    whole = b.intrinsic("rint", exponent_).equals(exponent_)
    half = exponent_ * 0.5
    odd = whole & ~b.intrinsic("rint", half).equals(half) & ~endless_y
    negative = x.bits < 0
    outside = negative & ~zero & ~endless & ~whole & ~nan & ~endless_y

    y_ = b.where(exponent_.magnitude > b.pattern(2.0**65), b.copysign(2.0**65, y), exponent_)
    base = b.fabs(b.guarded(nan | zero | endless | outside, x, 1.0))
    tiny = base.bits < b.pattern(NORMAL[b.kind])
    high, low = log2_pair(b, base * b.where(tiny, 2.0**54, 1.0))
    high, lost = sum_of(high, b.where(tiny, -54.0, 0.0))
    high, more = sum_of(high, low + lost)
    first = y_ * high
    far = first.magnitude > b.pattern(1200.0)
    low = b.where(far, 0.0, b.fma(y_, more, b.fma(y_, high, -first)))
    p, n = exp2_parts(b, b.where(far, b.copysign(1200.0, first), first), low)
    n = n - b.constant(shifter(b)).bits
    result = p * power_of_two(b, n >> 1) * power_of_two(b, n - (n >> 1))

    down = y.bits < 0
    at_zero = b.where(down, 1.0 / b.fabs(b.guarded(~(zero & down & ~nan & ~endless_y & ~y.magnitude.equals(0)), x, 1.0)), 0.0)
    result = b.where(zero, at_zero, b.where(endless, b.where(down, 0.0, INFINITY), result))
    unsigned = result
    result = b.where(odd & negative, -unsigned, unsigned)
    result = b.where(outside, b.sqrt(b.guarded(~outside, x, 1.0)), result)
    grows = down ^ (x.magnitude > b.pattern(1.0))
    at_end = b.where(x.magnitude.equals(b.pattern(1.0)), 1.0, b.where(grows, INFINITY, 0.0))
    result = b.where(nan, b.nan_of(nan, x, y), b.where(endless_y, at_end, result))
    return b.where(x.bits.equals(b.pattern(1.0)) | y.magnitude.equals(0), 1.0, result)


DEFINITIONS = {
    "power": Definition(power, arguments=2),
    "power.rare": Definition(power_rare, arguments=2),
}
