"""LLVM's text, line by line: names, types, literals, loops."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np


class Kind(NamedTuple):
    """How LLVM names a dtype: in registers, in memory, and in the names of intrinsics."""

    register: str
    memory: str
    suffix: str
    itemsize: int
    sort: str  # "f" float, "i" signed, "u" unsigned, "b" bool


def kind(dtype: np.dtype[Any]) -> Kind | None:
    """The kind of a dtype, None for one that no native code is made for (complex, float16, objects, ...)."""
    return _KINDS.get((dtype.kind, dtype.itemsize)) if dtype.isnative else None


_KINDS = {("f", 8): Kind("double", "double", "f64", 8, "f"), ("f", 4): Kind("float", "float", "f32", 4, "f")}
_KINDS |= {(sort, n): Kind(f"i{8 * n}", f"i{8 * n}", f"i{8 * n}", n, sort) for sort in "iu" for n in (1, 2, 4, 8)}
_KINDS["b", 1] = Kind("i1", "i8", "i1", 1, "b")
BOOL, INT64 = _KINDS["b", 1], _KINDS["i", 8]


def of(dtype: np.dtype[Any]) -> Kind:
    found = kind(dtype)
    if found is None:
        raise TypeError(f"{dtype} has no native code")
    return found


def vector(scalar: str, width: int) -> str:
    return scalar if width == 1 else f"<{width} x {scalar}>"


def literal(value: Any, of: Kind) -> str:
    """A number as LLVM writes it: a float by its bits, so that no digit is lost."""
    match of.sort:
        case "f":
            number = float(np.float32(value)) if of.itemsize == 4 else float(value)
            return f"0x{struct.unpack('<Q', struct.pack('<d', number))[0]:016X}"
        case "b":
            return "true" if value else "false"
    return str(int(value))


def splat(value: Any, of: Kind, width: int) -> str:
    """A number in every lane."""
    return literal(value, of) if width == 1 else f"splat ({of.register} {literal(value, of)})"


class Code:
    """The body of one function, as it grows."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.declared: set[str] = set()  # intrinsics
        self.wanted: set[tuple[str, str, int]] = set()  # elementary functions
        self.label = "entry"
        self._count = 0

    def name(self) -> str:
        self._count += 1
        return f"%v{self._count}"

    def put(self, expression: str) -> str:
        """The name of an expression's value."""
        self._count += 1
        self.lines.append(f"  %v{self._count} = {expression}")
        return f"%v{self._count}"

    def do(self, line: str) -> None:
        self.lines.append("  " + line)

    def intrinsic(self, name: str, result: str, *arguments: tuple[str, str]) -> str:
        """A call of an intrinsic with (type, value) pairs."""
        self.declared.add(f"declare {result} @{name}({', '.join(kind for kind, _ in arguments)})")
        return self.put(f"call {result} @{name}({', '.join(f'{kind} {value}' for kind, value in arguments)})")

    def block(self, label: str) -> None:
        self.lines.append(f"{label}:")
        self.label = label

    def loop(
        self,
        start: int,
        stop: int,
        step: int,
        carried: Sequence[tuple[str, str]],
        body: Callable[[str, list[str]], list[str]],
    ) -> list[str]:
        """Run the body at start, start + step, ... below stop, at least once; what it returns is carried on.

        ``carried`` are types and first values; without more than one step there is no loop.
        """
        if start + step >= stop:
            return body(str(start), [value for _, value in carried])
        before, number = self.label, self._count
        head, done, i = f"head{number}", f"done{number}", self.name()
        self.do(f"br label %{head}")
        self.block(head)
        slot = len(self.lines)
        names = [self.name() for _ in carried]
        new = body(i, list(names))
        following = self.put(f"add nuw nsw i64 {i}, {step}")
        more = self.put(f"icmp ult i64 {following}, {stop}")
        self.do(f"br i1 {more}, label %{head}, label %{done}")
        phis = [("i64", i, str(start), following)]
        phis += [(t, name, first, last) for (t, first), name, last in zip(carried, names, new, strict=True)]
        self.lines[slot:slot] = [
            f"  {name} = phi {t} [ {first}, %{before} ], [ {last}, %{self.label} ]" for t, name, first, last in phis
        ]
        self.block(done)
        return new
