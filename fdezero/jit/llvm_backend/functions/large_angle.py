"""The remainder of a large angle by pi/2, from integers.

A double is m * 2**e with an integer m.  Of 2/pi only those bits matter whose product with 2**e is less than 4, and of
these the first 192 suffice: a double comes no closer to a multiple of pi/2 than about 2**-61.  The product of m
with them, modulo 2**192, is x * 2/pi modulo 4 as a fixed-point number with 190 bits after the point: Payne and
Hanek, "Radian reduction for trigonometric functions", SIGNUM Newsletter 18 (1983), in one multiplication of
integers of 192 bits, which LLVM makes of smaller ones.
"""

from __future__ import annotations

from .builder import Builder, Value
from .definition import Definition

#: floor(2/pi * 2**1280).
TWO_OVER_PI = int(
    "a2f9836e4e441529fc2757d1f534ddc0db6295993c439041fe5163abdebbc561b7246e3a424dd2e0"
    "06492eea09d1921cfe1deb1cb129a73ee88235f52ebb4484e99c7026b45f7e413991d639835339f4"
    "9c845f8bbdf9283b1ff897ffde05980fef2f118b5a0a6d1f6d367ecf27cb09b74f463f669e5fea2d"
    "7527bac7ebe5f17b3d0739f78a5292ea6bfb5fb11f8d5d0856033046fc7b6babf0cfbc209af4361d",
    16,
)
HALF_PI = (1.5707963267948966, 6.123233995736766e-17)
WIDE, POINT = "i192", 190


def quotient(b: Builder, x: Value) -> tuple[Value, Value]:
    """The integer nearest to x * 2/pi, modulo 4, and what is left, in units of 2**-190, for one number x."""
    bits = x.magnitude
    m = (bits & (2**52 - 1)) | 2**52
    shift = (1075 + 1280 - POINT) - bits.logical_shift(52)
    window = b.constant(TWO_OVER_PI, "i1280").logical_shift(shift.converted("zext", "i1280")).converted("trunc", WIDE)
    product = m.converted("zext", WIDE) * window
    product = b.where(x.bits < 0, -product, product)
    nearest = (product + (1 << (POINT - 1))).logical_shift(POINT)
    return nearest, product - (nearest << POINT)


def quadrant(b: Builder, x: Value) -> Value:
    """The quadrant of x, as the bits of a number."""
    return quotient(b, x)[0].converted("trunc", "i64").real


def remainder(b: Builder, x: Value) -> Value:
    """x minus the nearest multiple of pi/2: the first 106 bits of what is left, times pi/2."""
    _, left = quotient(b, x)
    size = b.where(left < 0, -left, left)
    zeros = b.intrinsic("ctlz", size, flags=(0,))
    size = size << zeros
    high = size.logical_shift(139).converted("trunc", "i64").converted("sitofp", "f64")
    low = (size.logical_shift(86).converted("trunc", "i64") & (2**53 - 1)).converted("sitofp", "f64") * 2.0**-53
    r = b.fma(high, HALF_PI[0], b.fma(high, HALF_PI[1], low * HALF_PI[0]))
    scale = ((b.bias + 139 - POINT - zeros.converted("trunc", "i64")) << 52).real
    return b.where(left < 0, -r, r) * scale


DEFINITIONS = {
    "large_angle.quadrant": Definition(quadrant),
    "large_angle.remainder": Definition(remainder),
}
