"""A fused program as LLVM functions: chunks of its groups, which work on memory that a table points to, and loops.

Each loop nest is a function of its own, whose parameters are addresses and numbers: those that differ in nothing
else are one function, so that the steps of a recurrence are compiled once.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..fuse import Fused, Group
from ..program import Matmul
from ..views import View
from . import elementwise, loops, products
from .code import Code, Kind, literal, of, splat, vector
from .engine import Target
from .layout import Layout


class Function:
    """One function as it is written: its code, and where the values are that it knows."""

    def __init__(self, fused: Fused, layout: Layout, target: Target) -> None:
        self.fused, self.layout, self.target = fused, layout, target
        self.types, self.stored = fused.types, fused.stored
        self.kinds: dict[int, Kind] = {}
        self.code = Code()
        self.prologue = Code()
        self.pointers: dict[int, str] = {}
        self.registers: dict[tuple[int, int], str] = {}  # numbers, by base and offset
        self.calls: set[str] = set()  # symbols of other libraries
        self.nests: Nests

    def kind(self, value: int) -> Kind:
        found = self.kinds.get(value)
        if found is None:
            found = self.kinds[value] = of(self.types[value].dtype)
        return found

    # -- numbers

    def number(self, view: View) -> str:
        """A register with the one entry that a view is, or repeats."""
        key = (view.base, view.offset)
        if key not in self.registers:
            constant = self.fused.constants.get(view.base)
            if constant is not None and not isinstance(constant, np.ndarray):
                self.registers[key] = literal(constant, self.kind(view.base))
            else:
                self.registers[key] = self.read(self.address(view.base, str(view.offset)), self.kind(view.base), 1)
        return self.registers[key]

    def define(self, value: int, register: str) -> None:
        """Say which register a number is in, and write it where others look for it."""
        self.registers[value, 0] = register
        if value in self.layout.slots or value in self.layout.places:
            self.write(register, self.pointer(value), self.kind(value), 1)

    def spread(self, number: str, k: Kind, width: int) -> str:
        """A number in all lanes."""
        if width == 1:
            return number
        if not number.startswith("%"):
            return f"splat ({k.register} {number})"
        t = vector(k.register, width)
        lane = self.code.put(f"insertelement {t} poison, {k.register} {number}, i32 0")
        return self.code.put(f"shufflevector {t} {lane}, {t} poison, <{width} x i32> zeroinitializer")

    # -- memory

    def pointer(self, value: int) -> str:
        if value not in self.pointers:
            self.pointers[value] = name = f"%p{value}"
            slot = self.layout.slots.get(value)
            if slot is None:
                self.prologue.do(f"{name} = getelementptr i8, ptr %arena, i64 {self.layout.places[value]}")
            else:
                self.prologue.do(f"{name}.slot = getelementptr ptr, ptr %table, i64 {slot}")
                self.prologue.do(f"{name} = load ptr, ptr {name}.slot")
        return self.pointers[value]

    def address(self, value: int, offset: str) -> str:
        return self.moved(self.pointer(value), offset, self.kind(value))

    def moved(self, pointer: str, offset: str, k: Kind) -> str:
        return pointer if offset == "0" else self.code.put(f"getelementptr {k.memory}, ptr {pointer}, i64 {offset}")

    def read(self, pointer: str, k: Kind, width: int, step: int = 1) -> str:
        """A register with ``width`` entries that lie ``step`` apart."""
        t = vector(k.memory, width)
        if step == 1 or width == 1:
            found = self.code.put(f"load {t}, ptr {pointer}, align {k.itemsize}")
        else:
            found = "poison"
            for lane in range(width):
                at = self.moved(pointer, str(lane * step), k)
                entry = self.code.put(f"load {k.memory}, ptr {at}, align {k.itemsize}")
                found = self.code.put(f"insertelement {t} {found}, {k.memory} {entry}, i32 {lane}")
        if k.sort == "b":
            return self.code.put(f"icmp ne {t} {found}, {'0' if width == 1 else 'zeroinitializer'}")
        return found

    def write(self, register: str, pointer: str, k: Kind, width: int, step: int = 1) -> None:
        t = vector(k.memory, width)
        if k.sort == "b":
            register = self.code.put(f"zext {vector('i1', width)} {register} to {t}")
        if step == 1 or width == 1:
            self.code.do(f"store {t} {register}, ptr {pointer}, align {k.itemsize}")
            return
        for lane in range(width):
            entry = self.code.put(f"extractelement {t} {register}, i32 {lane}")
            self.code.do(f"store {k.memory} {entry}, ptr {self.moved(pointer, str(lane * step), k)}, align {k.itemsize}")

    def fill(self, value: int, number: Any) -> None:
        """Set all entries of a value to a number."""
        k, size, start = self.kind(value), math.prod(self.types[value].shape), self.pointer(value)
        self.registers.pop((value, 0), None)
        if number == 0 and not (k.sort == "f" and math.copysign(1.0, number) < 0):
            self.code.declared.add("declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)")
            self.code.do(f"call void @llvm.memset.p0.i64(ptr {start}, i8 0, i64 {size * k.itemsize}, i1 false)")
            return
        width = max(1, self.target.vector_bytes // k.itemsize)
        for lanes, first, stop in ((width, 0, size // width * width), (1, size // width * width, size)):
            if first < stop:

                def step(i: str, _: list[str], lanes: int = lanes) -> list[str]:
                    self.write(splat(number, k, lanes), self.moved(start, i, k), k, lanes)
                    return []

                self.code.loop(first, stop, lanes, (), step)

    # -- groups

    def group(self, group: Group) -> None:
        for value, number in group.cleared:
            self.fill(value, number)
        if group.nodes and isinstance(group.nodes[0].operation, Matmul):
            products.product(self, group.nodes[0])
        elif group.space == ():
            loops.scalars(self, group)
        elif math.prod(group.space):
            self.nests.call(self, group)

    def text(self, head: str, end: Sequence[str]) -> str:
        lines = [f"define internal {head} nounwind {{", "entry:"]
        if self.layout.arena:
            lines.append(f"  %arena.slot = getelementptr ptr, ptr %table, i64 {self.layout.table - 1}")
            lines.append("  %arena = load ptr, ptr %arena.slot")
        return "\n".join([*lines, *self.prologue.lines, *self.code.lines, *end, "}"])


class Loops(Function):
    """A function of addresses and numbers that runs the loops of one group, and returns sums over all of them."""

    def __init__(self, outer: Function, group: Group) -> None:
        super().__init__(outer.fused, outer.layout, outer.target)
        self.kinds = outer.kinds
        self.outer = outer
        self.parameters: list[tuple[str, str]] = []  # types, and the caller's values
        self.results: list[tuple[int, str]] = []
        loops.loop(self, group)

    def number(self, view: View) -> str:
        key = (view.base, view.offset)
        if key not in self.registers:
            found = self.outer.number(view)
            written = not found.startswith("%") and not self.outer.nests.general
            self.registers[key] = found if written else self._parameter(self.kind(view.base).register, found)
        return self.registers[key]

    def pointer(self, value: int) -> str:
        if value not in self.pointers:
            self.pointers[value] = self._parameter("ptr", self.outer.pointer(value))
        return self.pointers[value]

    def _parameter(self, kind: str, given: str) -> str:
        self.parameters.append((kind, given))
        return f"%a{len(self.parameters) - 1}"

    def define(self, value: int, register: str) -> None:
        self.results.append((value, register))

    @property
    def result(self) -> str:
        kinds = [self.kind(value).register for value, _ in self.results]
        return "void" if not kinds else kinds[0] if len(kinds) == 1 else f"{{ {', '.join(kinds)} }}"

    def body(self) -> str:
        """The function's text from its parameters on."""
        kinds = ["ptr noalias" if kind == "ptr" else kind for kind, _ in self.parameters]
        parameters = ", ".join(f"{kind} %a{k}" for k, kind in enumerate(kinds))
        registers = [register for _, register in self.results]
        last = f"  ret {self.result}"
        if len(registers) == 1:
            last += f" {registers[0]}"
        elif registers:
            whole = "poison"
            for k, (value, register) in enumerate(self.results):
                whole = self.code.put(f"insertvalue {self.result} {whole}, {self.kind(value).register} {register}, {k}")
            last += f" {whole}"
        return "\n".join([f"({parameters}) noinline nounwind {{", "entry:", *self.code.lines, last, "}"])


#: Nodes in loops above which constants are parameters too: steps that differ in them alone are then compiled once.
STEPS = 2000


class Nests:
    """The loop functions of a program, by their text; where they are ``general``, no constant number is written in them."""

    def __init__(self, fused: Fused) -> None:
        self.general = sum([len(group.nodes) for group in fused.groups if group.space]) > STEPS
        self.part = Part()
        self.names: dict[tuple[str, str], str] = {}

    def call(self, f: Function, group: Group) -> None:
        """Write a call of a group's loops."""
        nest = Loops(f, group)
        key = (nest.result, nest.body())
        if key not in self.names:
            self.names[key] = f"loops{len(self.names)}"
            self.part.add(nest.code, set(), f"define {key[0]} @{self.names[key]}{key[1]}")
        name = self.names[key]
        kinds = ", ".join(kind for kind, _ in nest.parameters)
        f.code.declared.add(f"declare {nest.result} @{name}({kinds})")
        call = f"call {nest.result} @{name}({', '.join(f'{kind} {given}' for kind, given in nest.parameters)})"
        if not nest.results:
            f.code.do(call)
            return
        whole = f.code.put(call)
        for k, (value, _) in enumerate(nest.results):
            f.define(value, whole if len(nest.results) == 1 else f.code.put(f"extractvalue {nest.result} {whole}, {k}"))


class Part:
    """The text of a module, and what it needs."""

    def __init__(self) -> None:
        self.declared: set[str] = set()
        self.wanted: set[tuple[str, str, int]] = set()
        self.calls: set[str] = set()
        self.texts: list[str] = []
        self.size = self.longest = 0  # in lines: of all functions, of the longest one

    def add(self, code: Code, calls: set[str], text: str) -> None:
        self.texts.append(text)
        self.declared |= code.declared
        self.wanted |= code.wanted
        self.calls |= calls
        self.size += len(code.lines)
        self.longest = max(self.longest, len(code.lines))

    def text(self, inline: bool) -> str:
        declared = sorted(self.declared)
        blas = [products.declaration(name) for name in sorted(self.calls)]
        return "\n".join([*declared, *blas, elementwise.definitions(self.wanted, declared, inline), *self.texts])


def kernel(fused: Fused, layout: Layout, target: Target) -> tuple[Part, Part]:
    """The chunks, with ``i64 @kernel(ptr %table)``, which returns a failed guard's position or -1; and the loops."""
    nests, chunks = Nests(fused), Part()
    last = len(layout.chunks) - 1
    for number, groups in enumerate(layout.chunks):
        f = Function(fused, layout, target)
        f.nests = nests
        for group in groups:
            f.group(group)
        end = ["  ret void"]
        if number == last:
            status = "-1"
            for position, value in reversed([*enumerate(fused.guards)]):
                holds = f.number(View(value, 0, (), ()))
                status = f.code.put(f"select i1 {holds}, i64 {status}, i64 {position}")
            end = [f"  ret i64 {status}"]
        head = f"{'i64' if number == last else 'void'} @chunk{number}(ptr %table)"
        chunks.add(f.code, f.calls, f.text(head, end))
    body = [f"  call void @chunk{number}(ptr %table)" for number in range(last)]
    body += [f"  %status = call i64 @chunk{last}(ptr %table)", "  ret i64 %status"]
    chunks.texts.append("\n".join(["define i64 @kernel(ptr %table) nounwind {", *body, "}"]))
    return chunks, nests.part
