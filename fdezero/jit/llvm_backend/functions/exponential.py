"""exp, exp2, expm1 and what is made of one exponential: tanh, sinh, cosh, expit.

exp(x) = 2**n exp(r) with n the integer nearest to x / log(2), and r = x - n log(2), with log(2) as the sum of
two numbers: Cody and Waite, *Software Manual for the Elementary Functions* (1980), chapter 6.  With a fused
multiplication the first step, ``x - n * high``, is exact.  n stands in the low bits of x / log(2) + 1.5 * 2**52,
from where a shift moves it to the exponent (Muller, *Elementary Functions*, section 11.1).

Where 2**n or its product with exp(r) is no normal number, a function "....rare" multiplies by 2**(n/2) twice:
there the product overflows, or is rounded once to a subnormal number.
"""

from __future__ import annotations

from collections.abc import Callable

from .builder import Builder, Value
from .coefficients import EXPM1, EXPM1_SINGLE
from .definition import Definition

LOG2E = 1.4426950408889634
LN2 = (0.6931471805599453, 2.3190468138462996e-17)
INFINITY = float("inf")

#: From an argument: the bits that hold n, the remainder, and what the remainder lacks.
Reduction = Callable[[Builder, Value], tuple[Value, Value, Value]]


def shifter(b: Builder) -> float:
    """The number to which a small number is added so that its sum's low bits are the nearest integer."""
    return 1.5 * 2.0**b.fraction


def limit(b: Builder) -> float:
    """The absolute value up to which exp is a normal number."""
    return float(b.by_dtype(708.0, 87.0))


def natural(b: Builder, x: Value) -> tuple[Value, Value, Value]:
    """x as n log(2) + r + low."""
    high, low = b.pair(*LN2)
    z = b.fma(x, LOG2E, shifter(b))
    minus_n = shifter(b) - z
    first = b.fma(minus_n, high, x)
    r = b.fma(minus_n, low, first)
    return z.bits, r, b.fma(minus_n, low, first - r)


def binary(b: Builder, x: Value) -> tuple[Value, Value, Value]:
    """x log(2) as n log(2) + r."""
    z = x + shifter(b)
    r = (x - (z - shifter(b))) * LN2[0]
    return z.bits, r, r


def expm1_tail(b: Builder, r: Value) -> Value:
    """expm1(r) - r, for |r| <= log(2)/2."""
    return r * r * b.polynomial(r, b.by_dtype(EXPM1, EXPM1_SINGLE))


def exp_kernel(b: Builder, x: Value, reduction: Reduction = natural) -> Value:
    """exp(x), for |x| <= limit(b)."""
    n, r, _ = reduction(b, x)
    p = r + expm1_tail(b, r) + 1.0
    return (p.bits + (n << b.fraction)).real


def expm1_kernel(b: Builder, x: Value) -> Value:
    """expm1(x), for |x| <= limit(b): exactly x near 0, but for the sign of 0."""
    n, r, low = natural(b, x)
    power = power_of_two(b, n)
    first = b.fma(power, r, power - 1.0)
    lost = b.fma(power, r, power - 1.0 - first)
    return first + b.fma(power, expm1_tail(b, r) + low, lost)


def power_of_two(b: Builder, n: Value) -> Value:
    """2**n, for a normal number, of an integer in the low bits of n."""
    return ((n << b.fraction) + (b.bias << b.fraction)).real


def beyond(b: Builder, x: Value, reduction: Reduction = natural, extra: int = 0) -> Value:
    """exp(x) * 2**extra for any x: with overflow, subnormal results, infinities and NaN."""
    farthest = float(b.by_dtype(1200.0, 160.0))
    endless = x.magnitude > b.pattern(INFINITY) - 1
    near = b.where(x.magnitude > b.pattern(farthest), b.copysign(farthest, x), x)
    n, r, _ = reduction(b, b.guarded(endless, near, 0.0))
    n = n - b.constant(shifter(b)).bits + extra
    half = n >> 1
    y = (r + expm1_tail(b, r) + 1.0) * power_of_two(b, half) * power_of_two(b, n - half)
    at_end = b.where(x.is_nan, x, b.where(x.bits < 0, 0.0, INFINITY))
    return b.where(endless, at_end, y)


def exp(b: Builder, x: Value) -> Value:
    special = x.magnitude > b.pattern(limit(b))
    return b.rarely(special, exp_kernel(b, b.guarded(special, x, 0.0)), "exp.rare", x)


def exp2(b: Builder, x: Value) -> Value:
    special = x.magnitude > b.pattern(float(b.by_dtype(1021.0, 125.0)))
    return b.rarely(special, exp_kernel(b, b.guarded(special, x, 0.0), binary), "exp2.rare", x)


def exp2_rare(b: Builder, x: Value) -> Value:
    return beyond(b, x, binary)


def half_exp_rare(b: Builder, x: Value) -> Value:
    return beyond(b, x, extra=-1)


def expm1(b: Builder, x: Value) -> Value:
    special = x.magnitude > b.pattern(limit(b))
    y = expm1_kernel(b, b.guarded(special, x, 0.0))
    return b.rarely(special, b.copysign(y, x), "expm1.rare", x)


def expm1_rare(b: Builder, x: Value) -> Value:
    negative = (x.bits < 0) & ~x.is_nan
    return b.where(negative, -1.0, beyond(b, b.guarded(negative, x, 0.0)))


def tanh(b: Builder, x: Value) -> Value:
    """E / (E + 2) with E = expm1(2 |x|) where that is small, otherwise 1 - 2 / (E + 2).

    Where it is small, what E + 2 loses is divided by 2 instead of E + 2.
    """
    special = x.magnitude > b.pattern(float(b.by_dtype(22.0, 10.0)))
    a = b.fabs(b.guarded(special, x, 1.0))
    e = expm1_kernel(b, a + a)
    small = a.bits < b.pattern(0.5)
    divisor = e + 2.0
    lost = (e - (divisor - 2.0)) * b.where(small, 0.5, 0.0)
    quotient = b.where(small, e, -2.0) / divisor
    y = b.where(small, 0.0, 1.0) + b.fma(-quotient, lost, quotient)
    return b.rarely(special, b.copysign(y, x), "tanh.rare", x)


def tanh_rare(b: Builder, x: Value) -> Value:
    return b.where(x.is_nan, x, b.copysign(1.0, x))


def sinh(b: Builder, x: Value) -> Value:
    """(E + E / (E + 1)) / 2 with E = expm1(|x|)."""
    special = x.magnitude > b.pattern(limit(b))
    e = expm1_kernel(b, b.fabs(b.guarded(special, x, 0.0)))
    return b.rarely(special, b.copysign((e + e / (e + 1.0)) * 0.5, x), "sinh.rare", x)


def sinh_rare(b: Builder, x: Value) -> Value:
    return b.where(x.is_nan, x, b.copysign(b.call("half_exp.rare", b.fabs(x)), x))


def cosh(b: Builder, x: Value) -> Value:
    special = x.magnitude > b.pattern(limit(b))
    e = exp_kernel(b, b.guarded(special, x, 0.0)) * 0.5
    return b.rarely(special, e + 0.25 / e, "half_exp.rare", b.fabs(x))


def expit(b: Builder, x: Value) -> Value:
    """1 / (exp(-x) + 1), where the sum is 2**n + 1 and 2**n expm1(r)."""
    special = x.magnitude > b.pattern(limit(b))
    n, r, _ = natural(b, -b.guarded(special, x, 0.0))
    power = power_of_two(b, n)
    return b.rarely(special, 1.0 / b.fma(power, r + expm1_tail(b, r), power + 1.0), "expit.rare", x)


def expit_rare(b: Builder, x: Value) -> Value:
    return b.where(x.bits > b.pattern(limit(b)), b.where(x.is_nan, x, 1.0), beyond(b, b.guarded(x.bits > 0, x, 0.0)))


DEFINITIONS = {
    "exp": Definition(exp, single=True),
    "exp.rare": Definition(beyond, single=True),
    "exp2": Definition(exp2, single=True),
    "exp2.rare": Definition(exp2_rare, single=True),
    "half_exp.rare": Definition(half_exp_rare, single=True),
    "expm1": Definition(expm1, single=True),
    "expm1.rare": Definition(expm1_rare, single=True),
    "tanh": Definition(tanh, single=True),
    "tanh.rare": Definition(tanh_rare, single=True),
    "sinh": Definition(sinh, single=True),
    "sinh.rare": Definition(sinh_rare, single=True),
    "cosh": Definition(cosh, single=True),
    "expit": Definition(expit, single=True),
    "expit.rare": Definition(expit_rare, single=True),
}
