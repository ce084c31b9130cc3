"""Elementwise functions: NumPy's ufuncs, `where` and `clip`, each by its partial derivatives.

The derivatives are those of any table (Abramowitz and Stegun, *Handbook of Mathematical Functions*,
chapters 4 and 6).  At points where there is none, the choice is stated beside the rule: the symmetric
value or the smallest subgradient where one is finite, infinity where the slope is infinite.

Where a slope may become infinite or NaN it is computed from the input and not from the output, so
that the invalid operation happens *here* and `zeros.strong_zero` sees it.
"""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from ...core.declare import constant, elementwise, implements, register
from ...core.graph import Array
from ...core.zeros import has_nonfinite, with_alarm
from .helpers import as_operand, is_number

LN2, LN10 = float(np.log(2.0)), float(np.log(10.0))

# -- arithmetic --------------------------------------------------------------------------------------
# Python's operators, not the ufuncs: on NumPy scalars they take 40 ns where np.multiply takes 500.
add = elementwise(operator.add, 1, 1, ufunc=np.add)
subtract = elementwise(operator.sub, 1, -1, ufunc=np.subtract)
multiply = elementwise(operator.mul, lambda g, y: g * y, lambda g, x: g * x, ufunc=np.multiply, bilinear=True)
divide = elementwise(
    operator.truediv, lambda g, y: g / y, lambda g, x, y: g * (x / y) / -y, ufunc=np.divide
)
negative = elementwise(operator.neg, -1, ufunc=np.negative)
positive = elementwise(operator.pos, 1, ufunc=np.positive)
absolute = elementwise(np.absolute, lambda x: _direction(x))
fabs = elementwise(np.fabs, lambda x: np.sign(x))
floor_divide = elementwise(operator.floordiv, None, None, ufunc=np.floor_divide)
remainder = elementwise(np.remainder, 1, lambda g, x, y: -g * np.floor(x / y))
fmod = elementwise(np.fmod, 1, lambda g, x, y: -g * np.trunc(x / y))
reciprocal = elementwise(np.reciprocal, lambda g, x: -g / x / x)
square = elementwise(lambda x: x * x, lambda g, x: g * (x + x), ufunc=np.square)  # x * x: see add
sqrt = elementwise(np.sqrt, lambda g, x: g * 0.5 / np.sqrt(x))
cbrt = elementwise(np.cbrt, lambda g, x: g / (3 * np.square(np.cbrt(x))))


def _direction(x: Array) -> Array:
    """df/dx - i df/dy of |x|: the sign of a real x (0 at 0), conj(x) / |x| of a complex one."""
    return np.sign(x) if x.dtype.kind != "c" else np.conjugate(sign(x))


_real_sign = elementwise(lambda x: np.sign(x), None, name="sign")


@implements(np.sign)
def sign(x: Array) -> Array:
    """Constant for real numbers; z / |z| for complex ones, which turns with z."""
    if x.dtype.kind != "c":
        return _real_sign(x)
    length = np.absolute(x)
    return x / np.where(length == 0, 1, length)


@implements(np.divmod)
def divmod_(x: Array, y: Array) -> tuple[Array, Array]:
    return np.floor_divide(x, y), np.remainder(x, y)


# -- powers ------------------------------------------------------------------------------------------
def _integer_power(x: Array, *, n: int) -> Array:
    """x**n by repeated squaring: np.power takes 50 ms on a million numbers where x * x * x takes 1 ms."""
    if n < 0:
        return 1 / _integer_power(x, n=-n)
    if n == 0:
        return np.ones_like(x)
    if n == 1:
        return x
    if n == 2:
        return x * x
    half = _integer_power(x, n=n // 2)
    return half * half * x if n % 2 else half * half


def _integer_power_slope(g: Array, x: Array, *, n: int) -> Array:
    match n:
        case 0:
            return np.zeros_like(g)
        case 1:
            return g
        case 2:
            return g * (x + x)
        case _:
            return g * (n * integer_power(x, n=n - 1))


def _power_x(g: Array, x: Array, y: Array) -> Array:
    """y x**(y-1); exactly 0 where y is 0, for the function is constant there, also at x = 0."""
    if is_number(y):
        return g * (y * x ** (y - 1))  # never 0: whole exponents are multiplied out
    return g * np.where(y == 0, 0, y * x ** np.where(y == 0, 1, y - 1))


def _power_y(g: Array, x: Array, y: Array, out: Array) -> Array:
    """log(x) x**y; at x = 0 the limits, which are 0 for y >= 0 and -inf below."""
    at_zero = (x == 0) & (np.real(y) >= 0)
    base = np.where(at_zero, 1, x).astype(out.dtype, copy=False)  # NumPy's log of an int8 is a float16
    return g * np.where(at_zero, 0, out * np.log(base))


integer_power = elementwise(_integer_power, _integer_power_slope, name="integer_power")
general_power = elementwise(operator.pow, _power_x, _power_y, name="power")


#: Beyond this, multiplying out loses more digits than np.power does.
_LARGEST_EXPONENT = 16


@implements(np.power, np.pow)
def power(x: Array, y: Array) -> Array:
    """A constant small whole exponent multiplies out, so that x**2.0 is as cheap and as exact as x * x."""
    if y.__class__ is int and y == 2 and x.dtype.kind in "fc":  # the usual one
        return square(x)
    if not is_number(y) or y != int(y) or abs(y) > _LARGEST_EXPONENT or x.dtype.kind not in "fc":
        return general_power(x, y)
    if y.__class__ not in _PYTHON_S:
        x = x.astype(np.result_type(x.dtype, y))
    return square(x) if y == 2 else integer_power(x, n=int(y))


#: Numbers that take on the dtype of the array they meet; NumPy's own have one that counts.
_PYTHON_S = frozenset({bool, int, float, complex})


@implements(np.float_power)
def float_power(x: Array, y: Array) -> Array:
    """The power in double precision at least."""
    return np.power(_as_double(x), _as_double(y))


def _as_double(x: Array) -> Array:
    if x.__class__ in _PYTHON_S:
        return x
    x = as_operand(x)
    return x.astype(np.result_type(x.dtype, np.float64))


# -- exponentials and logarithms ---------------------------------------------------------------------
exp = elementwise(np.exp, lambda g, out: g * out)
exp2 = elementwise(np.exp2, lambda g, out: g * out * LN2)
expm1 = elementwise(np.expm1, lambda g, out: g * out + g)
log = elementwise(np.log, lambda g, x: g / x)
log2 = elementwise(np.log2, lambda g, x: g / (x * LN2))
log10 = elementwise(np.log10, lambda g, x: g / (x * LN10))
log1p = elementwise(np.log1p, lambda g, x: g / (1 + x))


def _weight(a: Array, b: Array, out: Array) -> Array:
    """exp(a - out), the share of a: the two add up to 1, also of infinities, where a tie is one half each."""
    infinite = np.isinf(out)
    share = np.exp(np.where(infinite, 0, a) - np.where(infinite, 0, out))
    return np.where(infinite, np.where(a == b, 0.5, a == out).astype(share.dtype), share)


logaddexp = elementwise(
    np.logaddexp, lambda x, y, out: _weight(x, y, out), lambda x, y, out: _weight(y, x, out)
)
logaddexp2 = elementwise(
    np.logaddexp2,
    lambda x, y, out: _weight(x * LN2, y * LN2, out * LN2),
    lambda x, y, out: _weight(y * LN2, x * LN2, out * LN2),
)

# -- trigonometric and hyperbolic --------------------------------------------------------------------
sin = elementwise(np.sin, lambda g, x: g * np.cos(x))
cos = elementwise(np.cos, lambda g, x: -g * np.sin(x))
tan = elementwise(np.tan, lambda g, out: g * (out * out) + g)
arcsin = elementwise(np.arcsin, lambda g, x: g / _root_of_rest(x))
arccos = elementwise(np.arccos, lambda g, x: -g / _root_of_rest(x))
arctan = elementwise(np.arctan, lambda g, x: g / (1 + x * x))
sinh = elementwise(np.sinh, lambda g, x: g * np.cosh(x))
cosh = elementwise(np.cosh, lambda g, x: g * np.sinh(x))
tanh = elementwise(np.tanh, lambda g, out: g - g * (out * out))  # no constant: 1 - x takes 200 ns more than x - y
arcsinh = elementwise(np.arcsinh, lambda g, x: g / np.sqrt(x * x + 1))
arccosh = elementwise(np.arccosh, lambda g, x: g / (np.sqrt(x - 1) * np.sqrt(x + 1)))
arctanh = elementwise(np.arctanh, lambda g, x: g / (1 - x * x))


def _root_of_rest(x: Array) -> Array:
    """sqrt(1 - x * x), of complex numbers on the side of the cut where x is: 1 - x would lose the sign of a zero."""
    return np.sqrt(1 - x * x) if x.dtype.kind != "c" else np.sqrt(-(x - 1)) * np.sqrt(x + 1)


def _per_square(g: Array, a: Array, x: Array, y: Array) -> Array:
    """g a / (x^2 + y^2), and 0 at the origin: the mean over all directions."""
    square = x * x + y * y
    origin = square == 0
    return g * np.where(origin, 0, a / np.where(origin, 1, square))


arctan2 = elementwise(
    np.arctan2, lambda g, x, y: _per_square(g, y, x, y), lambda g, x, y: -_per_square(g, x, x, y)
)


def _per_length(g: Array, a: Array, out: Array) -> Array:
    """g a / out, and 0 at the origin: hypot is a norm, and this its smallest subgradient."""
    return g * np.where(out == 0, 0, a / np.where(out == 0, 1, out))


hypot = elementwise(
    np.hypot, lambda g, x, out: _per_length(g, x, out), lambda g, y, out: _per_length(g, y, out)
)
deg2rad = elementwise(np.deg2rad, lambda g: g * (np.pi / 180))
rad2deg = elementwise(np.rad2deg, lambda g: g * (180 / np.pi))
register(np.radians, deg2rad)
register(np.degrees, rad2deg)


# -- choosing ----------------------------------------------------------------------------------------
def _chosen(g: Array, x: Array, y: Array, out: Array) -> Array:
    """g where x is what came out (a NaN was chosen where a NaN came out), g / 2 at a tie, else 0.

    By choices and not by a factor of 0, which would make a NaN of an infinite g.
    """
    chosen = (x == out) | (x != x) & (out != out)
    return np.where(x == y, 0.5 * g, np.where(chosen, g, np.zeros_like(g)))


for _choice in (np.maximum, np.minimum, np.fmax, np.fmin):
    elementwise(_choice, _chosen, lambda g, x, y, out: _chosen(g, y, x, out))


choice = elementwise(
    np.where,
    None,
    lambda g, x: np.where(x, g, np.zeros_like(g)),
    lambda g, x: np.where(x, np.zeros_like(g), g),
    name="where",
)
careful_choice = elementwise(
    np.where,
    None,
    lambda g, x: with_alarm(np.where(x, g, np.zeros_like(g))),
    lambda g, x: with_alarm(np.where(x, np.zeros_like(g), g)),
    name="where",
)


@implements(np.where)
def where(condition: Array, x: Any = None, y: Any = None) -> Array:
    """A choice, with care where there is a NaN or an infinity to choose from.

    The cotangent of what is not chosen is zero, but further back a zero times a NaN is a NaN.
    """
    if x is None and y is None:
        return np.nonzero(condition)
    return (careful_choice if has_nonfinite(x) or has_nonfinite(y) else choice)(condition, x, y)


def _inside(x: Array, y: Array, z: Array) -> Array:
    """A value on a bound may still move; where the bounds meet the function is constant."""
    return (y <= x) & (x <= z) & (y < z)


bounded = elementwise(
    np.clip,
    lambda g, x, y, z: np.where(_inside(x, y, z), g, np.zeros_like(g)),
    lambda g, x, y, z: np.where((x < y) & (y < z), g, np.zeros_like(g)),
    lambda g, x, y, z: np.where((x > z) | (y >= z), g, np.zeros_like(g)),
    name="clip",
)


@implements(np.clip)
def clip(
    a: Array, a_min: Any = None, a_max: Any = None, *, min: Any = None, max: Any = None  # noqa: A002  # NumPy's names
) -> Array:
    lower = min if a_min is None else a_min
    upper = max if a_max is None else a_max
    kind = (a if hasattr(a, "dtype") else np.asarray(a)).dtype.kind  # a may be a list
    if kind in "iu" and (lower is None) != (upper is None):  # integers have no infinity
        return np.minimum(a, upper) if lower is None else np.maximum(a, lower)
    return bounded(a, -np.inf if lower is None else lower, np.inf if upper is None else upper)


#: |x| with the sign of y; its derivative is that of |x|, 0 at 0.
copysign = elementwise(np.copysign, lambda g, x, y: g * np.sign(x) * np.copysign(np.ones_like(x), y), None)

# -- complex numbers ---------------------------------------------------------------------------------
# For a real function of z = x + iy the partial is df/dx - i df/dy; a real tangent takes the real part.
real = elementwise(np.real, 1, ufunc=np.real)
imag = elementwise(np.imag, lambda g: g * -1j, ufunc=np.imag)
angle_ = elementwise(np.angle, lambda g, x: g * -1j / x, name="angle")
conjugate = elementwise(np.conjugate, lambda g: np.conjugate(g))


@implements(np.angle)
def angle(z: Array, deg: bool = False) -> Array:
    theta = angle_(z)
    return np.rad2deg(theta) if deg else theta


# -- dtype -------------------------------------------------------------------------------------------
_as_float = elementwise(lambda x, *, dtype: x.astype(dtype), lambda g, *, dtype: g, name="astype")
_as_other = constant(lambda x, *, dtype: x.astype(dtype), name="astype", core=(0,))


@implements(np.astype)
def astype(x: Array, dtype: Any, copy: bool = True) -> Array:
    """A change between float dtypes is differentiated; to an integer or bool it is a constant."""
    dtype = np.dtype(dtype)
    if dtype == x.dtype:
        return x
    if dtype.kind == "O":
        raise TypeError(f"an array of dtype object made of a {type(x).__name__} would lose its derivative; leave the dtype out")
    return _as_float(x, dtype=dtype) if dtype.kind in "fc" else _as_other(x, dtype=dtype)


@implements(np.copy, np.asarray, np.asanyarray, np.ascontiguousarray)
def copy(a: Array) -> Array:
    """A Box is never written to, so it is its own copy."""
    return a


# -- no derivative -----------------------------------------------------------------------------------
for _step in (
    *(np.floor, np.ceil, np.trunc, np.rint, np.spacing),
    *(np.isfinite, np.isinf, np.isnan, np.signbit, np.logical_not, np.invert),
):
    elementwise(_step, None)
for _comparison in (
    *(np.equal, np.not_equal, np.less, np.less_equal, np.greater, np.greater_equal),
    *(np.logical_and, np.logical_or, np.logical_xor, np.heaviside),
    *(np.bitwise_and, np.bitwise_or, np.bitwise_xor),
):
    elementwise(_comparison, None, None)
_round = elementwise(np.round, None, name="round")


@implements(np.round, np.around)
def round_(a: Array, decimals: int = 0) -> Array:
    return _round(a, decimals=decimals)
