"""Functions made of an exponential and a logarithm: log_expit, logaddexp, logaddexp2, xlogy, xlog1py, entr."""

from __future__ import annotations

from .builder import Builder, Value
from .definition import Definition
from .exponential import INFINITY, binary, exp_kernel, limit
from .logarithm import LOG2E, log1p_kernel


def log_expit(b: Builder, x: Value) -> Value:
    """min(x, 0) - log1p(exp(-|x|))."""
    special = x.magnitude > b.pattern(limit(b))
    safe = b.where(special, 0.0, x)
    y = b.where(safe.bits < 0, safe, 0.0) - log1p_kernel(b, exp_kernel(b, -b.fabs(safe)))
    return b.rarely(special, y, "log_expit.rare", x)


def log_expit_rare(b: Builder, x: Value) -> Value:
    positive = (x.bits > 0) & ~x.is_nan
    return b.where(positive, -b.call("exp.rare", b.where(positive, -x, 0.0)), x)


def endless(b: Builder, x: Value, y: Value) -> Value:
    """Where one of two is infinite or NaN."""
    last = b.pattern(INFINITY) - 1
    return (x.magnitude > last) | (y.magnitude > last)


def logaddexp(b: Builder, x: Value, y: Value) -> Value:
    """max(x, y) + log1p(exp(-|x - y|))."""
    special = endless(b, x, y)
    u, v = b.where(special, 0.0, x), b.where(special, 0.0, y)
    gap = b.fabs(u - v)
    far = gap.bits > b.pattern(limit(b))
    small = b.where(far, 0.0, log1p_kernel(b, exp_kernel(b, -b.where(far, 1.0, gap))))
    return b.rarely(special, b.where(u > v, u, v) + small, "logaddexp.rare", x, y)


def logaddexp2(b: Builder, x: Value, y: Value) -> Value:
    """max(x, y) + log2(1 + 2**-|x - y|)."""
    special = endless(b, x, y)
    u, v = b.where(special, 0.0, x), b.where(special, 0.0, y)
    gap = b.fabs(u - v)
    far = gap.bits > b.pattern(1021.0)
    small = log1p_kernel(b, exp_kernel(b, -b.where(far, 1.0, gap), binary)) * LOG2E[0]
    return b.rarely(special, b.where(u > v, u, v) + b.where(far, 0.0, small), "logaddexp.rare", x, y)


def logaddexp_rare(b: Builder, x: Value, y: Value) -> Value:
    """NaN where one is, otherwise the infinity that is the larger, or x where y is the smaller infinity."""
    nan = x.is_nan | y.is_nan
    u, v = b.where(nan, 0.0, x), b.where(nan, 0.0, y)
    return b.where(nan, x + y, b.where(u > v, u, v))


def xlogy(b: Builder, x: Value, y: Value) -> Value:
    """x log(y), and 0 where x is 0 and y is not NaN."""
    none = x.magnitude.equals(0) & ~y.is_nan
    return b.where(none, 0.0, x * b.call("log", b.where(none, 1.0, y)))


def xlog1py(b: Builder, x: Value, y: Value) -> Value:
    """x log1p(y), and 0 where x is 0 and y is not NaN."""
    none = x.magnitude.equals(0) & ~y.is_nan
    return b.where(none, 0.0, x * b.call("log1p", b.where(none, 1.0, y)))


def entr(b: Builder, x: Value) -> Value:
    """-x log(x) where x > 0, 0 at 0, minus infinity below."""
    none = x.bits < 1
    y = -x * b.call("log", b.where(none, 1.0, x))
    return b.where(none & ~x.is_nan, b.where(x.magnitude.equals(0), 0.0, -INFINITY), b.where(none, x, y))


DEFINITIONS = {
    "log_expit": Definition(log_expit, single=True),
    "log_expit.rare": Definition(log_expit_rare, single=True),
    "logaddexp": Definition(logaddexp, arguments=2),
    "logaddexp2": Definition(logaddexp2, arguments=2),
    "logaddexp.rare": Definition(logaddexp_rare, arguments=2),
    "xlogy": Definition(xlogy, arguments=2),
    "xlog1py": Definition(xlog1py, arguments=2),
    "entr": Definition(entr),
}
