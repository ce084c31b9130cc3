"""log, log2, log10, log1p.

x = 2**k (1 + f) with 1 + f between sqrt(1/2) and sqrt(2), and with s = f / (2 + f)

    log(1 + f) = f - f**2 / 2 + s (f**2 / 2 + R(s**2)),    R(s**2) = 2 (atanh(s) - s) / s,

where f stands first and exact, so that the relative error stays small near x = 1: Ng's method, described in
Muller, *Elementary Functions*, section 11.3.
"""

from __future__ import annotations

from collections.abc import Callable

from .builder import Builder, Value
from .coefficients import LOG, LOG_SINGLE
from .definition import Definition

INFINITY = float("inf")
SQRT_HALF = 0.7071067811865476
LN2 = (0.6931471805599453, 2.3190468138462996e-17)
LOG2E = (1.4426950408889634, 2.0355273740931033e-17)
LOG10E = (0.4342944819032518, 1.098319650216765e-17)
LOG10_2 = (0.3010299956639812, -2.8037281277851704e-18)
#: The smallest normal number.
NORMAL = {"f64": 2.0**-1022, "f32": 2.0**-126}

#: From k and f: the logarithm.
Ending = Callable[[Builder, Value, Value], Value]


def halves(b: Builder, x: Value) -> tuple[Value, Value, Value]:
    """k, 1 + f, and the bits of 2**k in the place of the exponent, of a positive normal x."""
    start = b.pattern(SQRT_HALF)
    t = x.bits + ((b.bias << b.fraction) - start)
    k = (t.logical_shift(b.fraction) | b.pattern(2.0**b.fraction)).real - (2.0**b.fraction + b.bias)
    m = ((t & ((1 << b.fraction) - 1)) + start).real
    return k, m, t & ~((1 << b.fraction) - 1)


def correction(b: Builder, f: Value) -> Value:
    """f - log(1 + f)."""
    s = f / (f + 2.0)
    z = s * s
    half_square = f * 0.5 * f
    rest = b.fma(z, b.polynomial(z, b.by_dtype(LOG, LOG_SINGLE)), half_square)
    return half_square - s * rest


def natural(b: Builder, k: Value, f: Value) -> Value:
    """k log(2) + log(1 + f)."""
    high, low = b.pair(*LN2)
    return b.fma(k, high, f - b.fma(-k, low, correction(b, f)))


def binary(b: Builder, k: Value, f: Value) -> Value:
    """k + log(1 + f) / log(2)."""
    high, low = b.pair(*LOG2E)
    first = f * high
    rest = b.fma(f, low, b.fma(f, high, -first))
    return (k + first) + b.fma(-correction(b, f), high, rest)


def decimal(b: Builder, k: Value, f: Value) -> Value:
    """k log10(2) + log(1 + f) / log(10)."""
    high, low = b.pair(*LOG10E)
    step, step_low = b.pair(*LOG10_2)
    first = f * high
    rest = b.fma(k, step_low, b.fma(f, low, b.fma(f, high, -first)))
    return b.fma(k, step, first) + b.fma(-correction(b, f), high, rest)


def logarithm(b: Builder, x: Value, ending: Ending, name: str) -> Value:
    """The logarithm of x by way of halves; another function where x is no positive normal number."""
    least = b.pattern(NORMAL[b.kind])
    special = (x.bits - least).unsigned_above(b.pattern(INFINITY) - least - 1)
    k, m, _ = halves(b, x)
    return b.rarely(special, ending(b, k, m - 1.0), name, x)


def logarithm_rare(b: Builder, x: Value, ending: Ending) -> Value:
    """The logarithm of any x; it divides by zero at zero and takes a square root where x is negative."""
    tiny = x.magnitude < b.pattern(NORMAL[b.kind])
    more = 2.0 ** (b.fraction + 2)
    scaled = x * b.where(tiny, more, 1.0)
    k, m, _ = halves(b, scaled)
    y = ending(b, b.where(tiny, k - float(b.fraction + 2), k), m - 1.0)
    y = b.where(x.magnitude.equals(b.pattern(INFINITY)), INFINITY, y)
    zero = x.magnitude.equals(0)
    y = b.where(zero, -1.0 / b.fabs(scaled), y)
    outside = ((x.bits < 0) & ~zero) | x.is_nan
    return b.where(outside, b.sqrt(b.guarded(~outside, x, 1.0)), y)


def log(b: Builder, x: Value) -> Value:
    return logarithm(b, x, natural, "log.rare")


def log_rare(b: Builder, x: Value) -> Value:
    return logarithm_rare(b, x, natural)


def log2(b: Builder, x: Value) -> Value:
    return logarithm(b, x, binary, "log2.rare")


def log2_rare(b: Builder, x: Value) -> Value:
    return logarithm_rare(b, x, binary)


def log10(b: Builder, x: Value) -> Value:
    return logarithm(b, x, decimal, "log10.rare")


def log10_rare(b: Builder, x: Value) -> Value:
    return logarithm_rare(b, x, decimal)


def log1p_kernel(b: Builder, x: Value, more: Value | None = None) -> Value:
    """log(1 + x + more) for a sum above -1 and up to 2**fraction, and 0 <= more <= x unless more is None.

    What the sum loses is added to f.  At zero it is zero.
    """
    total = x if more is None else x + more
    u = total + 1.0
    without = u - 1.0
    lost = (total - without) + (1.0 - (u - without))
    if more is not None:
        lost = lost + (more - (total - x))
    k, m, exponent = halves(b, u)
    scale = ((2 * b.bias << b.fraction) - exponent).real
    return natural(b, k, b.fma(lost, scale, m - 1.0))


def log1p(b: Builder, x: Value) -> Value:
    special = (x.bits > b.pattern(2.0**b.fraction)) | x.bits.unsigned_above((1 << (b.integer_bits - 1)) + b.pattern(1.0) - 1)
    return b.rarely(special, b.copysign(log1p_kernel(b, b.guarded(special, x, 0.0)), x), "log1p.rare", x)


def log1p_rare(b: Builder, x: Value) -> Value:
    return b.call("log", x + 1.0)


DEFINITIONS = {
    "log": Definition(log, single=True),
    "log.rare": Definition(log_rare, single=True),
    "log2": Definition(log2, single=True),
    "log2.rare": Definition(log2_rare, single=True),
    "log10": Definition(log10, single=True),
    "log10.rare": Definition(log10_rare, single=True),
    "log1p": Definition(log1p, single=True),
    "log1p.rare": Definition(log1p_rare, single=True),
}
