"""arcsinh, arccosh, arctanh: one log1p each.

The argument of log1p is formed so that it has a small relative error near 0; for large x, where it would
overflow, arcsinh and arccosh are log(x) + log(2).

float32 is computed in float64.
"""

from __future__ import annotations

from .builder import Builder, Value
from .definition import Definition
from .exponential import INFINITY
from .logarithm import halves, log1p_kernel, natural

LARGE = 2.0**28


def arcsinh(b: Builder, x: Value) -> Value:
    """log1p(a + a**2 / (1 + sqrt(1 + a**2))) with a = |x|."""
    special = x.magnitude > b.pattern(LARGE)
    a = b.fabs(b.guarded(special, x, 0.0))
    square = a * a
    y = log1p_kernel(b, a, square / (b.sqrt(square + 1.0) + 1.0))
    return b.rarely(special, b.copysign(y, x), "arcsinh.rare", x)


def doubled(b: Builder, a: Value) -> Value:
    """log(2 a) of a large a, and infinity or NaN where a is."""
    k, m, _ = halves(b, a)
    return b.where(a.bits > b.pattern(INFINITY) - 1, a, natural(b, k + 1.0, m - 1.0))


def arcsinh_rare(b: Builder, x: Value) -> Value:
    return b.copysign(doubled(b, b.fabs(x)), x)


def arccosh(b: Builder, x: Value) -> Value:
    """log1p(t + sqrt(2 t + t**2)) with t = x - 1."""
    special = (x.bits - b.pattern(1.0)).unsigned_above(b.pattern(LARGE) - b.pattern(1.0))
    t = b.guarded(special, x, 1.0) - 1.0
    return b.rarely(special, log1p_kernel(b, b.sqrt(b.fma(t, t, t + t)), t), "arccosh.rare", x)


def arccosh_rare(b: Builder, x: Value) -> Value:
    """The square root of x - 1, NaN and invalid, where x < 1."""
    below = x.bits < b.pattern(1.0)
    return b.where(below, b.sqrt(b.guarded(~below, x, 1.0) - 1.0), doubled(b, b.guarded(below, x, LARGE)))


def arctanh(b: Builder, x: Value) -> Value:
    """log1p(2 a + 2 a**2 / (1 - a)) / 2 with a = |x|."""
    special = x.magnitude > b.pattern(1.0) - 1
    a = b.fabs(b.guarded(special, x, 0.0))
    y = log1p_kernel(b, a + a, (a + a) * a / (1.0 - a)) * 0.5
    return b.rarely(special, b.copysign(y, x), "arctanh.rare", x)


def arctanh_rare(b: Builder, x: Value) -> Value:
    """An infinity, from a division by zero, at 1 and -1; otherwise NaN, which is invalid unless x is NaN."""
    one = x.magnitude.equals(b.pattern(1.0))
    a = b.fabs(x)
    return b.where(one, x / (1.0 - b.guarded(~one, a, 0.0)), b.sqrt(1.0 - b.guarded(one, a, 0.0)))


DEFINITIONS = {
    "arcsinh": Definition(arcsinh),
    "arcsinh.rare": Definition(arcsinh_rare),
    "arccosh": Definition(arccosh),
    "arccosh.rare": Definition(arccosh_rare),
    "arctanh": Definition(arctanh),
    "arctanh.rare": Definition(arctanh_rare),
}
