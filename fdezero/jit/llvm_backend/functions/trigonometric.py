"""sin, cos, tan.

The argument is reduced by a multiple of pi (of pi/2 for tan), whose constant is the sum of three doubles: Cody
and Waite, *Software Manual for the Elementary Functions* (1980), chapters 8 and 9.  With a fused multiplication the
first of the three steps is exact, for it cancels what it subtracts from, and the others round once relative to
the remainder.  For |x| > 2**30 the remainder comes from an exact product with a long 2/pi (see `large_angle`).

float32 is computed in float64.
"""

from __future__ import annotations

from .builder import Builder, Value
from .coefficients import COS_QUARTER, SIN, SIN_QUARTER
from .definition import Definition
from .exponential import INFINITY, shifter

#: All positive, so that the remainder of -0 is -0.
PI = (3.141592653589793, 1.224646799147353e-16, 2.1657133478438278e-32)
HALF_PI = (1.5707963267948966, 6.123233995736765e-17, 1.0828566739219139e-32)
INVERSE_PI = 0.3183098861837907
TWO_OVER_PI = 0.6366197723675814
#: Above it, the reduction by three steps is not used.
LARGE = 2.0**30


def remainder(b: Builder, x: Value, n: Value, period: tuple[float, float, float]) -> Value:
    """x - n * period, for |n| <= 2**30."""
    minus_n = -n
    return b.fma(minus_n, period[2], b.fma(minus_n, period[1], b.fma(minus_n, period[0], x)))


def with_sign(y: Value, sign: Value) -> Value:
    """y, negated where the lowest bit of an integer is set."""
    return (y.bits ^ (sign << (y.builder.integer_bits - 1))).real


def sine_of_half(b: Builder, r: Value) -> Value:
    """sin(r), for |r| <= pi/2, with the sign of r at zero."""
    z = r * r
    return b.copysign(b.fma(r * z, b.polynomial(z, SIN), r), r)


def sine_and_cosine(b: Builder, r: Value, low: Value | float = 0.0) -> tuple[Value, Value]:
    """sin(r + low) and cos(r + low), for |r| <= pi/4 and a small low."""
    z = r * r
    half = z * 0.5
    near = 1.0 - half
    sine = r + b.fma(r * z, b.polynomial(z, SIN_QUARTER), low * near)
    rest = b.fma(z * z, b.polynomial(z, COS_QUARTER), ((1.0 - near) - half) - r * low)
    return b.copysign(sine, r), near + rest


def sin(b: Builder, x: Value) -> Value:
    special = x.magnitude > b.pattern(LARGE)
    safe = b.guarded(special, x, 0.0)
    z = b.fma(safe, INVERSE_PI, shifter(b))
    r = remainder(b, safe, z - shifter(b), PI)
    return b.rarely(special, with_sign(sine_of_half(b, r), z.bits), "sin.rare", x)


def cos(b: Builder, x: Value) -> Value:
    """-sin(r) or sin(r) with r = x - (k + 1/2) pi."""
    special = x.magnitude > b.pattern(LARGE)
    safe = b.guarded(special, x, 0.0)
    z = b.fma(safe, INVERSE_PI, -0.5) + shifter(b)
    r = remainder(b, safe, z - shifter(b) + 0.5, PI)
    return b.rarely(special, with_sign(sine_of_half(b, r), z.bits + 1), "cos.rare", x)


def tangent(b: Builder, quadrant: Value, r: Value, low: Value | float = 0.0) -> Value:
    sine, cosine = sine_and_cosine(b, r, low)
    odd = (quadrant & 1).equals(1)
    return b.where(odd, -cosine, sine) / b.where(odd, sine, cosine)


def tan(b: Builder, x: Value) -> Value:
    special = x.magnitude > b.pattern(LARGE)
    safe = b.guarded(special, x, 0.0)
    z = b.fma(safe, TWO_OVER_PI, shifter(b))
    minus_n = -(z - shifter(b))
    first, second = b.fma(minus_n, HALF_PI[0], safe), minus_n * HALF_PI[1]
    r = first + second
    low = b.fma(minus_n, HALF_PI[2], ((first - r) + second) + b.fma(minus_n, HALF_PI[1], -second))
    return b.rarely(special, tangent(b, z.bits, r, low), "tan.rare", x)


def large(b: Builder, x: Value) -> tuple[Value, Value, Value]:
    """Where x is infinite or NaN; its quadrant and remainder elsewhere, lane by lane."""
    endless = x.magnitude > b.pattern(INFINITY) - 1
    lanes = b.lanes(b.where(endless | (x.magnitude < b.pattern(LARGE)), 2.0 * LARGE, x))
    quadrant = b.joined([lane.builder.call("large_angle.quadrant", lane) for lane in lanes])
    return endless, quadrant.bits, b.joined([lane.builder.call("large_angle.remainder", lane) for lane in lanes])


def sin_rare(b: Builder, x: Value, shift: int = 0) -> Value:
    """The sine of a large x; x - x where it is infinite, which is invalid."""
    endless, quadrant, r = large(b, x)
    quadrant = quadrant + shift
    sine, cosine = sine_and_cosine(b, r)
    y = with_sign(b.where((quadrant & 1).equals(1), cosine, sine), quadrant >> 1)
    return b.where(endless, x - x, y)


def cos_rare(b: Builder, x: Value) -> Value:
    return sin_rare(b, x, 1)


def tan_rare(b: Builder, x: Value) -> Value:
    endless, quadrant, r = large(b, x)
    return b.where(endless, x - x, tangent(b, quadrant, r))


DEFINITIONS = {
    "sin": Definition(sin),
    "sin.rare": Definition(sin_rare),
    "cos": Definition(cos),
    "cos.rare": Definition(cos_rare),
    "tan": Definition(tan),
    "tan.rare": Definition(tan_rare),
}
