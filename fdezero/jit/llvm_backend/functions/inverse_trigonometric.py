"""arcsin, arccos, arctan, arctan2.

arctan(t) is an odd polynomial for |t| <= tan(pi/8), from where pi/4 + arctan((t - 1) / (t + 1)) and
pi/2 + arctan(-1 / t) reach the others.  arcsin(t) is an odd polynomial for |t| <= 1/2, from where
pi/2 - 2 arcsin(sqrt((1 - t) / 2)) reaches the others: Muller, *Elementary Functions*, section 11.2 and
Cody and Waite, *Software Manual for the Elementary Functions* (1980), chapters 10 and 11.

float32 is computed in float64.
"""

from __future__ import annotations

from .builder import Builder, Value
from .coefficients import ASIN, ATAN
from .definition import Definition
from .exponential import INFINITY

HALF_PI = (1.5707963267948966, 6.123233995736766e-17)
PI = (3.141592653589793, 1.2246467991473532e-16)
TAN_EIGHTH = 0.4142135623730951
TAN_THREE_EIGHTHS = 2.414213562373095


def angle(b: Builder, y: Value, x: Value, steep: Value, middle: Value) -> Value:
    """arctan(y / x) for y, x >= 0, where y / x is above tan(3 pi/8), or above tan(pi/8)."""
    top = b.where(steep, -x, b.where(middle, y - x, y))
    bottom = b.where(steep, y, b.where(middle, y + x, x))
    t = top / bottom
    z = t * t
    rest = b.fma(t * z, b.polynomial(z, ATAN), b.where(steep, HALF_PI[1], b.where(middle, HALF_PI[1] / 2, 0.0)))
    return b.where(steep, HALF_PI[0], b.where(middle, HALF_PI[0] / 2, 0.0)) + (t + rest)


def arctan(b: Builder, x: Value) -> Value:
    a = b.fabs(x)
    steep, middle = a.bits > b.pattern(TAN_THREE_EIGHTHS), a.bits > b.pattern(TAN_EIGHTH)
    return b.copysign(angle(b, a, b.constant(1.0), steep, middle), x)


def angle_of_point(b: Builder, y: Value, x: Value, ay: Value, ax: Value) -> Value:
    """arctan2 of a point with the signs of y and x, and the absolute values ay and ax."""
    first = angle(b, ay, ax, ay > ax * TAN_THREE_EIGHTHS, ay > ax * TAN_EIGHTH)
    return b.copysign(b.where(x.bits < 0, PI[0] - (first - PI[1]), first), y)


def arctan2(b: Builder, y: Value, x: Value) -> Value:
    most = b.pattern(2.0**1000) - 1
    special = (y.magnitude - 1).unsigned_above(most) | (x.magnitude - 1).unsigned_above(most)
    ay, ax = (b.fabs(b.guarded(special, v, 1.0)) for v in (y, x))
    return b.rarely(special, angle_of_point(b, y, x, ay, ax), "arctan2.rare", y, x)


def arctan2_rare(b: Builder, y: Value, x: Value) -> Value:
    """At infinities, the angle of the corners and axes that they stand for; near overflow, of a nearer point."""
    nan = y.is_nan | x.is_nan
    endless = (y.magnitude.equals(b.pattern(INFINITY))) | (x.magnitude.equals(b.pattern(INFINITY)))
    ay, ax = (
        b.where(endless, b.where(v.magnitude.equals(b.pattern(INFINITY)), 1.0, 0.0), b.fabs(b.guarded(nan, v, 1.0)))
        for v in (y, x)
    )
    scale = b.where((ay.bits > b.pattern(2.0**1000)) | (ax.bits > b.pattern(2.0**1000)), 0.125, 1.0)
    both_zero = (ay.bits | ax.bits).equals(0)
    return b.where(nan, b.nan_of(nan, y, x), angle_of_point(b, y, x, ay * scale, b.where(both_zero, 1.0, ax * scale)))


def arcsine_parts(b: Builder, x: Value) -> tuple[Value, Value, Value]:
    """Where |x| > 1/2; t and arcsin(t) - t for t = |x|, or there for t = sqrt((1 - |x|) / 2)."""
    a = b.fabs(x)
    large = a.bits > b.pattern(0.5)
    z = b.where(large, (1.0 - a) * 0.5, a * a)
    t = b.where(large, b.sqrt(z), a)
    return large, t, t * z * b.polynomial(z, ASIN)


def arcsin(b: Builder, x: Value) -> Value:
    special = x.magnitude > b.pattern(1.0)
    large, t, rest = arcsine_parts(b, b.guarded(special, x, 0.0))
    y = b.where(large, HALF_PI[0] - ((t + rest) * 2.0 - HALF_PI[1]), t + rest)
    return b.rarely(special, b.copysign(y, x), "arcsin.rare", x)


def arccos(b: Builder, x: Value) -> Value:
    special = x.magnitude > b.pattern(1.0)
    large, t, rest = arcsine_parts(b, b.guarded(special, x, 0.0))
    twice = (t + rest) * 2.0
    near_end = b.where(x.bits < 0, PI[0] - (twice - PI[1]), twice)
    middle = HALF_PI[0] - (b.copysign(t, x) - (HALF_PI[1] - b.copysign(rest, x)))
    return b.rarely(special, b.where(large, near_end, middle), "arcsin.rare", x)


def arcsin_rare(b: Builder, x: Value) -> Value:
    """NaN, which is invalid unless x is NaN."""
    return b.sqrt(1.0 - b.fabs(x))


DEFINITIONS = {
    "arctan": Definition(arctan),
    "arctan2": Definition(arctan2, arguments=2),
    "arctan2.rare": Definition(arctan2_rare, arguments=2),
    "arcsin": Definition(arcsin),
    "arccos": Definition(arccos),
    "arcsin.rare": Definition(arcsin_rare),
}
