"""Functions made of an exponential and a logarithm: log_expit, logaddexp, logaddexp2, xlogy, xlog1py, entr."""

from __future__ import annotations

from .builder import Builder, Value
from .definition import Definition
from .exponential import INFINITY, binary, exp_kernel, limit
from .logarithm import LOG2E, log1p_kernel

NAN = float("nan")


def log_expit(b: Builder, x: Value) -> Value:
    """min(x, 0) - log1p(exp(-|x|))."""
    special = x.magnitude > b.pattern(limit(b))
    safe = b.guarded(special, x, 0.0)
    y = b.where(safe.bits < 0, safe, 0.0) - log1p_kernel(b, exp_kernel(b, -b.fabs(safe)))
    return b.rarely(special, y, "log_expit.rare", x)


def log_expit_rare(b: Builder, x: Value) -> Value:
    positive = (x.bits > 0) & ~x.is_nan
    return b.where(positive, -b.call("exp.rare", b.guarded(~positive, -x, 0.0)), x)


def endless(b: Builder, x: Value, y: Value) -> Value:
    """Where one of two is infinite or NaN."""
    last = b.pattern(INFINITY) - 1
    return (x.magnitude > last) | (y.magnitude > last)


def logaddexp(b: Builder, x: Value, y: Value) -> Value:
    """max(x, y) + log1p(exp(-|x - y|))."""
    special = endless(b, x, y)
    u, v = b.guarded(special, x, 0.0), b.guarded(special, y, 0.0)
    gap = b.fabs(u - v)
    far = gap.bits > b.pattern(limit(b))
    small = b.where(far, 0.0, log1p_kernel(b, exp_kernel(b, -b.guarded(far, gap, 1.0))))
    return b.rarely(special, b.where(u > v, u, v) + small, "logaddexp.rare", x, y)


def logaddexp2(b: Builder, x: Value, y: Value) -> Value:
    """max(x, y) + log2(1 + 2**-|x - y|)."""
    special = endless(b, x, y)
    u, v = b.guarded(special, x, 0.0), b.guarded(special, y, 0.0)
    gap = b.fabs(u - v)
    far = gap.bits > b.pattern(1021.0)
    small = log1p_kernel(b, exp_kernel(b, -b.guarded(far, gap, 1.0), binary)) * LOG2E[0]
    return b.rarely(special, b.where(u > v, u, v) + b.where(far, 0.0, small), "logaddexp.rare", x, y)


def logaddexp_rare(b: Builder, x: Value, y: Value) -> Value:
    """NaN where one is, otherwise the infinity that is the larger, or x where y is the smaller infinity."""
    nan = x.is_nan | y.is_nan
    u, v = b.guarded(nan, x, 0.0), b.guarded(nan, y, 0.0)
    return b.where(nan, b.nan_of(nan, x, y), b.where(u > v, u, v) + 0.0)


def times_log(b: Builder, x: Value, y: Value, name: str, pole: float) -> Value:
    """x log(y) or x log1p(y) with the logarithm's pole; 0 where x is 0 and y is not NaN.

    As in SciPy, neither the pole nor what is beyond it raises a flag; overflow and infinity times 0 do.
    """
    none = x.magnitude.equals(0) & ~y.is_nan
    nan = x.is_nan | y.is_nan
    y_ = b.guarded(none | nan, y, 1.0)
    at, beyond = y_.equals(pole), y_ < pole
    log = b.where(beyond, NAN, b.where(at, -INFINITY, b.call(name, b.guarded(at | beyond, y_, 1.0))))
    return b.where(none, 0.0, b.where(nan, b.nan_of(nan, x, y), b.guarded(none | nan, x, 1.0) * log))


def xlogy(b: Builder, x: Value, y: Value) -> Value:
    return times_log(b, x, y, "log", 0.0)


def xlog1py(b: Builder, x: Value, y: Value) -> Value:
    return times_log(b, x, y, "log1p", -1.0)


def entr(b: Builder, x: Value) -> Value:
    """-x log(x) where x > 0, 0 at 0, minus infinity below."""
    none = x.bits < 1
    y = b.guarded(none, x, 1.0)
    outside = b.where(x.magnitude.equals(0), 0.0, b.where(x.is_nan, x, -INFINITY))
    return b.where(none, outside, -y * b.call("log", y))


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
