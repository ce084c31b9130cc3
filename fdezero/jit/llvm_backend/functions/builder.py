"""A writer of LLVM IR for straight-line arithmetic on numbers or vectors of them.

A `Builder` holds the lines of one function body; a `Value` is the name of one result in it.  The operators
and methods of a Value write the line that computes them, so that a body is built by writing its mathematics:

    b = Builder("float64", 8)
    x, y = b.parameters(2)
    z = b.fma(x, y, 1.0) / (x * x + 2.0)

A Python number next to a Value becomes a constant of the Value's kind, in every lane.  A kind is "f64",
"f32" or an integer of any width, such as "i64", or "i1" for the truth of a comparison.

Comparisons (``<``, ``>``, ``<=``, ``>=``, `equals`) of floating-point values raise the processor's invalid flag
at NaN on some processors; those of integers raise nothing.  IEEE numbers of one sign are ordered as their bits
are, so `Value.magnitude` compared with `Builder.pattern` serves where NaN may occur.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any

import attrs

#: The kinds of floating-point values and the integers with their bits, by the dtype's name.
KINDS = {"float64": ("f64", "i64"), "float32": ("f32", "i32")}
#: The type of each kind as LLVM writes it; integers are written as they are called.
TYPES = {"f64": "double", "f32": "float"}
#: The number of bits of the fraction, and the exponent's bias.
FRACTION = {"f64": (52, 1023), "f32": (23, 127)}


def hexadecimal(number: float) -> str:
    """A floating-point constant as LLVM reads it: the bits of the double, for float as for double."""
    return f"0x{struct.unpack('<Q', struct.pack('<d', number))[0]:016X}"


def nearest(number: float, kind: str) -> float:
    """The number of this kind that is nearest to `number`."""
    return number if kind == "f64" else float(struct.unpack("<f", struct.pack("<f", number))[0])


@attrs.frozen(eq=False)
class Value:
    """One result: the text that names it, its kind, and the builder in which it is."""

    builder: Builder = attrs.field(repr=False)
    text: str
    kind: str

    @property
    def type(self) -> str:
        return self.builder.type(self.kind)

    def _join(self, operation: str, first: Any, second: Any) -> Value:
        floating = "f" if self.kind in TYPES else ""
        first, second = self.builder.constant(first, self.kind), self.builder.constant(second, self.kind)
        return self.builder.line(f"{floating}{operation} {self.type} {first.text}, {second.text}", self.kind)

    def _compare(self, predicate: str, other: Any) -> Value:
        word = f"fcmp o{predicate}" if self.kind in TYPES else "icmp " + ("eq" if predicate == "eq" else f"s{predicate}")
        return self.builder.line(f"{word} {self.type} {self.text}, {self.builder.constant(other, self.kind).text}", "i1")

    def __add__(self, other: Any) -> Value:
        return self._join("add", self, other)

    def __radd__(self, other: Any) -> Value:
        return self._join("add", other, self)

    def __sub__(self, other: Any) -> Value:
        return self._join("sub", self, other)

    def __rsub__(self, other: Any) -> Value:
        return self._join("sub", other, self)

    def __mul__(self, other: Any) -> Value:
        return self._join("mul", self, other)

    def __rmul__(self, other: Any) -> Value:
        return self._join("mul", other, self)

    def __truediv__(self, other: Any) -> Value:
        return self._join("div", self, other)

    def __rtruediv__(self, other: Any) -> Value:
        return self._join("div", other, self)

    def __neg__(self) -> Value:
        return self.builder.line(f"fneg {self.type} {self.text}", self.kind) if self.kind in TYPES else 0 - self

    def __and__(self, other: Any) -> Value:
        return self._bits("and", other)

    def __or__(self, other: Any) -> Value:
        return self._bits("or", other)

    def __xor__(self, other: Any) -> Value:
        return self._bits("xor", other)

    def __lshift__(self, other: Any) -> Value:
        return self._bits("shl", other)

    def __rshift__(self, other: Any) -> Value:
        """The shift that keeps the sign."""
        return self._bits("ashr", other)

    def logical_shift(self, other: Any) -> Value:
        """The shift to the right that brings in zeros."""
        return self._bits("lshr", other)

    def _bits(self, operation: str, other: Any) -> Value:
        other = self.builder.constant(other, self.kind)
        return self.builder.line(f"{operation} {self.type} {self.text}, {other.text}", self.kind)

    def __invert__(self) -> Value:
        return self ^ (1 if self.kind == "i1" else -1)

    def __lt__(self, other: Any) -> Value:
        return self._compare("lt", other)

    def __gt__(self, other: Any) -> Value:
        return self._compare("gt", other)

    def __le__(self, other: Any) -> Value:
        return self._compare("le", other)

    def __ge__(self, other: Any) -> Value:
        return self._compare("ge", other)

    def equals(self, other: Any) -> Value:
        return self._compare("eq", other)

    def unsigned_above(self, other: int) -> Value:
        """Whether this integer without a sign is greater than another."""
        return self.builder.line(f"icmp ugt {self.type} {self.text}, {self.builder.constant(other, self.kind).text}", "i1")

    @property
    def bits(self) -> Value:
        """The bits of a floating-point value, as integers."""
        return self._cast("bitcast", {"f64": "i64", "f32": "i32"}[self.kind])

    @property
    def real(self) -> Value:
        """The floating-point value that has these bits."""
        return self._cast("bitcast", {"i64": "f64", "i32": "f32"}[self.kind])

    @property
    def magnitude(self) -> Value:
        """The bits without the sign: ordered as absolute values are, with NaN above infinity."""
        bits = self.bits
        return bits & ((1 << (int(bits.kind[1:]) - 1)) - 1)

    @property
    def is_nan(self) -> Value:
        return self.magnitude > self.builder.pattern(float("inf"))

    def converted(self, operation: str, kind: str) -> Value:
        """This value in another kind by an LLVM conversion, such as "fpext" or "zext"."""
        return self._cast(operation, kind)

    def _cast(self, operation: str, kind: str) -> Value:
        return self.builder.line(f"{operation} {self.type} {self.text} to {self.builder.type(kind)}", kind)


class Builder:
    """The lines of one function body, whose values are of one width and, by default, of one dtype.

    `declarations` holds the intrinsics that the lines call, `uses` the (name, dtype, width) of the functions.
    """

    def __init__(self, dtype: str, width: int, prefix: str = "v") -> None:
        self.dtype, self.width, self.prefix = dtype, width, prefix
        self.kind, self.integer = KINDS[dtype]
        self.fraction, self.bias = FRACTION[self.kind]
        self.integer_bits = int(self.integer[1:])
        self.lines: list[str] = []
        self.declarations: set[str] = set()
        self.uses: set[tuple[str, str, int]] = set()
        self._count = 0

    def type(self, kind: str) -> str:
        """A kind as LLVM writes it, as a vector where there are several lanes."""
        one = TYPES.get(kind, kind)
        return one if self.width == 1 else f"<{self.width} x {one}>"

    def fresh(self) -> str:
        """A name that the body does not have yet."""
        self._count += 1
        return f"{self.prefix}{self._count}"

    def line(self, text: str, kind: str) -> Value:
        """The result of an instruction, which this writes."""
        name = f"%{self.fresh()}"
        self.lines.append(f"  {name} = {text}")
        return Value(self, name, kind)

    def parameters(self, count: int) -> tuple[Value, ...]:
        """The arguments of the function."""
        return tuple(Value(self, f"%x{i}", self.kind) for i in range(count))

    def constant(self, number: Any, kind: str | None = None) -> Value:
        """A number in every lane; a Value is given back as it is."""
        if isinstance(number, Value):
            return number
        kind = kind or self.kind
        text = hexadecimal(nearest(number, kind)) if kind in TYPES else str(int(number))
        return Value(self, text if self.width == 1 else f"splat ({TYPES.get(kind, kind)} {text})", kind)

    def pattern(self, number: float) -> int:
        """The bits of a number, to compare with a `Value.magnitude`."""
        code = "d" if self.kind == "f64" else "f"
        return int.from_bytes(struct.pack(f"<{code}", number), "little")

    def by_dtype(self, double: Any, single: Any) -> Any:
        """The first for float64, the second for float32."""
        return double if self.kind == "f64" else single

    def pair(self, high: float, low: float) -> tuple[float, float]:
        """A constant given as the sum of two doubles, as the sum of two numbers of the builder's dtype."""
        first = nearest(high, self.kind)
        return first, nearest(high - first + low, self.kind)

    def intrinsic(self, name: str, *arguments: Any, flags: Sequence[int] = ()) -> Value:
        """A call of an intrinsic whose arguments and result are of one kind; `flags` are i1 constants."""
        kind = next(a.kind for a in arguments if isinstance(a, Value))
        values = [self.constant(a, kind) for a in arguments]
        suffix = kind if self.width == 1 else f"v{self.width}{kind}"
        of = self.type(kind)
        types = [*(of for _ in values), *("i1" for _ in flags)]
        self.declarations.add(f"declare {of} @llvm.{name}.{suffix}({', '.join(types)})")
        shown = [*(f"{of} {v.text}" for v in values), *(f"i1 {flag}" for flag in flags)]
        return self.line(f"call {of} @llvm.{name}.{suffix}({', '.join(shown)})", kind)

    def fma(self, x: Any, y: Any, z: Any) -> Value:
        """``x * y + z``, rounded once."""
        return self.intrinsic("fma", x, y, z)

    def sqrt(self, x: Value) -> Value:
        return self.intrinsic("sqrt", x)

    def fabs(self, x: Value) -> Value:
        return self.intrinsic("fabs", x)

    def copysign(self, x: Any, sign: Value) -> Value:
        return self.intrinsic("copysign", x, sign)

    def where(self, condition: Value, x: Any, y: Any) -> Value:
        """x where the condition holds, otherwise y."""
        kind = next((v.kind for v in (x, y) if isinstance(v, Value)), self.kind)
        first, second = self.constant(x, kind), self.constant(y, kind)
        of = self.type(kind)
        return self.line(f"select {self.type('i1')} {condition.text}, {of} {first.text}, {of} {second.text}", kind)

    def guarded(self, condition: Value, x: Value, number: float) -> Value:
        """x, but a harmless number where the condition holds, for operations that would raise a flag there.

        LLVM may see through a `where` to x if the result is selected by the same condition; not through "freeze".
        """
        safe = self.where(condition, number, x)
        return self.line(f"freeze {safe.type} {safe.text}", safe.kind)

    def nan_of(self, nan: Value, x: Value, y: Value) -> Value:
        """The NaN among x and y where the condition says that there is one; elsewhere y, and no flag is raised."""
        return self.guarded(~nan, x, 0.0) + y

    def polynomial(self, x: Value, coefficients: Sequence[Any]) -> Value:
        """The sum of ``coefficients[k] * x**k``, by Horner's rule in x**2 on the even and the odd powers."""
        if len(coefficients) < 5:
            return self._horner(x, coefficients)
        square = x * x
        return self.fma(self._horner(square, coefficients[1::2]), x, self._horner(square, coefficients[::2]))

    def _horner(self, x: Value, coefficients: Sequence[Any]) -> Value:
        total = self.constant(coefficients[-1], x.kind)
        for coefficient in reversed(coefficients[:-1]):
            total = self.fma(total, x, coefficient)
        return total

    def lanes(self, x: Value) -> list[Value]:
        """The lanes of x, as values of a builder of width 1 that writes to the same lines."""
        one = self.narrow()
        if self.width == 1:
            return [Value(one, x.text, x.kind)]
        return [one.line(f"extractelement {x.type} {x.text}, i32 {i}", x.kind) for i in range(self.width)]

    def joined(self, lanes: Sequence[Value]) -> Value:
        """The vector of these lanes."""
        kind = lanes[0].kind
        if self.width == 1:
            return Value(self, lanes[0].text, kind)
        vector = Value(self, "poison", kind)
        for i, lane in enumerate(lanes):
            vector = self.line(f"insertelement {vector.type} {vector.text}, {lane.type} {lane.text}, i32 {i}", kind)
        return vector

    def narrow(self) -> Builder:
        """A builder of width 1 that writes to the same lines."""
        one = object.__new__(Builder)
        one.__dict__.update(self.__dict__, width=1, prefix=f"{self.fresh()}.")
        return one

    def call(self, name: str, *arguments: Value, dtype: str | None = None) -> Value:
        """A call of another function of this package."""
        dtype = dtype or self.dtype
        self.uses.add((name, dtype, self.width))
        kind = KINDS[dtype][0]
        shown = ", ".join(f"{a.type} {a.text}" for a in arguments)
        return self.line(f"call {self.type(kind)} @{symbol(name, dtype, self.width)}({shown})", kind)

    def any(self, condition: Value) -> Value:
        """Whether a condition holds in any lane: one truth value, for a branch."""
        if self.width == 1:
            return condition
        of = self.type("i1")
        self.declarations.add(f"declare i1 @llvm.vector.reduce.or.v{self.width}i1({of})")
        return self.narrow().line(f"call i1 @llvm.vector.reduce.or.v{self.width}i1({of} {condition.text})", "i1")

    def rarely(self, condition: Value, usual: Value, name: str, *arguments: Value) -> Value:
        """`usual`, and the result of another function in the lanes of the condition.

        That function is called only where the condition holds in some lane.
        """
        entry, slow, after = (self.fresh() for _ in range(3))
        self.lines += [
            f"  br label %{entry}",
            f"{entry}:",
        ]
        any_lane = self.any(condition)
        self.lines += [f"  br i1 {any_lane.text}, label %{slow}, label %{after}", f"{slow}:"]
        other = self.where(condition, self.call(name, *arguments), usual)
        self.lines += [f"  br label %{after}", f"{after}:"]
        return self.line(f"phi {usual.type} [ {usual.text}, %{entry} ], [ {other.text}, %{slow} ]", usual.kind)


def symbol(name: str, dtype: str, width: int) -> str:
    """The name of a function in a module, without the leading @."""
    return f"fdezero.{name}.{KINDS[dtype][0]}x{width}"
