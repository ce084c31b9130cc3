"""What the source of a program is written with: its lines, the names of values, and the frame they live in."""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np

from ..memory import VIEWS, Plan
from ..program import Broadcast, Instruction, Program, Reshape, Slice, Transpose, Type
from . import scalars
from .frame import Filled, Number, Part, Place, View, made_of
from .namespace import Namespace

#: A source of more instructions is one in which variables are used again.
LONG = 200


@attrs.define(eq=False)
class Writer:
    """The state of writing one function.

    A value of shape () is a *number*, held as `scalars` says; every other one is an *array*.  A view is made
    when it is first used: with the frame where it shows memory of the frame, else by an expression.
    """

    program: Program
    plan: Plan
    memory: Any
    names: Namespace = attrs.field(factory=Namespace)
    parts: dict[str, Part] = attrs.field(factory=dict)
    lines: list[str] = attrs.field(factory=list)
    indent: str = "        "
    calls_numpy: bool = False
    numbers: dict[int, str] = attrs.field(factory=dict)
    arrays: dict[int, str] = attrs.field(factory=dict)
    makers: dict[int, Instruction] = attrs.field(init=False)
    _template: dict[str, Any] = attrs.field(factory=dict)  # the arrays of one frame
    _parts_by_content: dict[Part, str] = attrs.field(factory=dict)
    _lists: dict[int, str] = attrs.field(factory=dict)
    _items: dict[int, int] = attrs.field(init=False)
    _ending: dict[int, list[int]] = attrs.field(factory=dict)  # the numbers that are last used at a position
    _free: list[str] = attrs.field(factory=list)
    _registers: dict[int, str] = attrs.field(factory=dict)

    def __attrs_post_init__(self) -> None:
        self.makers = {i: each for each in self.program.instructions for i in each.outputs}
        self._items = _items(self.program)
        if len(self.program.instructions) > LONG:
            for root, position in _last_uses_of_numbers(self.program).items():
                self._ending.setdefault(position, []).append(root)

    def write(self, line: str) -> None:
        self.lines.append(self.indent + line)

    def kind(self, i: int) -> Type:
        return self.program.types[i]

    def makers_in(self, operation: Any) -> dict[int, Instruction]:
        """The instructions of a loop, by what they make."""
        return {i: each for each in operation.program.instructions for i in each.outputs}

    # -- the frame -------------------------------------------------------------------------------------

    def part(self, letter: str, part: Part) -> str:
        """The name of an array of the frame; the name of a new one begins with this letter."""
        name = self._parts_by_content.get(part)
        if name is None:
            name = self._parts_by_content[part] = f"{letter}{len(self.parts)}"
            self._template[name] = made_of(part, self._template, self.memory)
            self.parts[name] = part
        return name

    def ones(self, length: int, dtype: np.dtype[Any]) -> str:
        """The name of a vector of ones."""
        return self.part("ones", Filled(Type((length,), dtype), 1))

    def target(self, i: int) -> str:
        """The name of the array that the value ``i`` is to be written to."""
        place = self.plan.place[i]
        if place in self.plan.offsets:
            name = self.part("m", Place(self.plan.offsets[place], self.kind(i)))
        elif place != i:
            name = self.arrays[place]
        else:
            name = f"v{i}"
            self.write(f"{name} = {self.empty(self.kind(i))}")
        self.arrays[i] = name
        return name

    def empty(self, kind: Type) -> str:
        """An expression for a new array."""
        shape = f"{kind.shape[0]}" if len(kind.shape) == 1 else f"{kind.shape}"
        dtype = "" if kind.dtype == np.float64 else f", {self.names.dtype(kind.dtype)}"
        return f"{self.names.name(np.empty, 'empty')}({shape}{dtype})"

    # -- names of numbers ------------------------------------------------------------------------------

    def variable(self, i: int) -> str:
        """The variable for a number.  In a long source one is used again when its number is not needed any more.

        So the numbers stay in the cache, and most variables are among the first 256, which Python reaches sooner.
        """
        if not self._ending:
            return f"v{i}"
        self._registers[i] = name = self._free.pop() if self._free else f"s{len(self._registers)}"
        return name

    def after(self, position: int) -> None:
        """Take back the variables of the numbers that were last used at this position."""
        self._free += [self._registers.pop(i) for i in self._ending.get(position, ()) if i in self._registers]

    # -- values ----------------------------------------------------------------------------------------

    def number(self, i: int) -> str:
        """The expression for a value of shape ()."""
        if i not in self.numbers:
            value, kind = self.program.constants[i], self.kind(i)
            written = scalars.literal(value, kind.dtype)
            if written is None and isinstance(value, np.ndarray):  # it may be the caller's, who may change it
                self.write(f"v{i} = {scalars.as_held(kind.dtype, self.names.name(value, f'k{i}') + '[()]')}")
                written = f"v{i}"
            elif written is None:
                number = kind.dtype.type(value)
                written = self.names.name(number.item() if kind.dtype in scalars.HELD else number, f"n{i}")
            self.numbers[i] = written
        return self.numbers[i]

    def array(self, i: int) -> str:
        """The expression for a value as an array; a number's is an array of shape (), filled when it is asked for."""
        if i not in self.arrays:
            self.arrays[i] = self._array(i)
        return self.arrays[i]

    def _array(self, i: int) -> str:
        kind = self.kind(i)
        if i in self.program.constants:
            value = self.program.constants[i]
            return self.names.name(value if isinstance(value, np.ndarray) else np.array(value, kind.dtype), f"k{i}")
        if kind.shape == ():
            name = self.part("number", Number(i, kind))
            self.write(f"{name}[()] = {self.number(i)}")
            return name
        each = self.makers[i]
        return self.view(f"v{i}", self.array(each.operands[0]), self.kind(each.operands[0]), each.operation)

    def view(self, name: str, source: str, kind: Type, operation: Any) -> str:
        """The expression for a view of the array named ``source``."""
        known = self._template.get(source, self.names.values.get(source))
        if known is not None:
            made = operation.run(known)
            if made.size == 0 or np.may_share_memory(made, known):
                if source in self.parts:
                    return self.part("view", View(source, operation))
                return self.names.name(made, name)
        self.write(f"{name} = {expression(operation, source, kind, self.names)}")
        return name

    def vector(self, i: int) -> str:
        """The expression for the entries of an array in one row."""
        return self.flattened(i, self.array(i))

    def flattened(self, i: int, name: str) -> str:
        """The expression for the entries, in one row, of an array that has a name."""
        kind = self.kind(i)
        return name if len(kind.shape) == 1 else self.view(f"v{i}_flat", name, kind, Reshape((-1,)))

    def seen_through(self, i: int) -> int:
        """The value that is repeated to make this one, which NumPy does as well."""
        while i in self.makers and isinstance(self.makers[i].operation, Broadcast):
            i = self.makers[i].operands[0]
        return i

    def item(self, i: int) -> None:
        """Make a number of one entry of an array, or of a number another name."""
        each = self.makers[i]
        source = each.operands[0]
        kind = self.kind(source)
        if kind.shape == ():
            self.numbers[i] = self.number(source)
            return
        index = each.operation.parts if isinstance(each.operation, Slice) else (0,) * len(kind.shape)
        python = kind.dtype in scalars.HELD
        if python and self._items[source] * 5 > 2 * int(np.prod(kind.shape)) + 6:
            if source not in self._lists:
                self._lists[source] = f"l{source}"
                self.write(f"l{source} = {self.vector(source)}.tolist()")
            at = int(np.ravel_multi_index([k % n for k, n in zip(index, kind.shape, strict=True)], kind.shape))
            entry = f"l{source}[{at}]"
        else:
            written = ", ".join(map(str, index))
            entry = f"{self.array(source)}.item({written})" if python else f"{self.array(source)}[{written}]"
        self.set_number(i, entry)

    def set_number(self, i: int, expression: str) -> None:
        """Write the line that makes a number."""
        name = self.variable(i)
        self.write(f"{name} = {expression}")
        self.numbers[i] = name


def _last_uses_of_numbers(program: Program) -> dict[int, int]:
    """For each number that is made, the last position at which it, or another name of it, is used."""
    root = {i: i for i in program.types}
    last: dict[int, int] = {}
    for position, each in enumerate(program.instructions):
        if isinstance(each.operation, VIEWS):
            source, out = each.operands[0], each.outputs[0]
            if program.types[source].shape == () or program.types[out].shape != ():  # not an entry taken out
                root[out] = root[source]
        for i in (*each.operands, *each.outputs):
            last[root[i]] = position
    kept = [*program.outputs, *(guard.value for guard in program.guards)]
    last.update((root[i], len(program.instructions)) for i in kept)
    return {i: position for i, position in last.items() if program.types[i].shape == ()}


def _items(program: Program) -> dict[int, int]:
    """How many entries are taken out of each array."""
    count: dict[int, int] = {}
    for each in program.instructions:
        if isinstance(each.operation, VIEWS) and program.types[each.outputs[0]].shape == ():
            count[each.operands[0]] = count.get(each.operands[0], 0) + 1
    return count


def expression(operation: Any, x: str, kind: Type, names: Namespace) -> str:
    """A view as it is written in Python."""
    if isinstance(operation, Reshape):
        shape = operation.shape
        return f"{x}.reshape({shape[0] if len(shape) == 1 else shape})"
    if isinstance(operation, Transpose):
        backwards = operation.axes == tuple(range(len(kind.shape)))[::-1]
        return f"{x}.T" if backwards else f"{x}.transpose({operation.axes})"
    if isinstance(operation, Broadcast):
        return f"{names.name(np.broadcast_to, 'broadcast_to')}({x}, {operation.shape})"
    return f"{x}[{index(operation)}]"


def index(part: Slice) -> str:
    """A basic index as it is written in Python."""
    if not part.parts:
        return "()"
    written = []
    for each in part.parts:
        if isinstance(each, tuple):
            start, stop, step = ("" if bound is None else str(bound) for bound in each)
            written.append(f"{start}:{stop}" + (f":{step}" if step not in ("", "1") else ""))
        else:
            written.append(str(each))
    return ", ".join(written) + ("," if len(written) == 1 and part.parts[0] is None else "")
