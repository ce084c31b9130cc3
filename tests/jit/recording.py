"""A recorder of programs for the tests of passes: what a function does to its arguments, as `Apply` instructions."""

from __future__ import annotations

import itertools
import operator
from typing import Any

import attrs
import numpy as np

from fdezero import tree
from fdezero.core.boxes import truth
from fdezero.core.graph import Box
from fdezero.core.recording import new_level
from fdezero.jit.program import Apply, Guard, Instruction, Program, Type


@attrs.define(eq=False)
class Notes:
    """What was recorded so far."""

    types: dict[int, Type] = attrs.field(factory=dict)
    constants: dict[int, Any] = attrs.field(factory=dict)
    instructions: list[Instruction] = attrs.field(factory=list)
    guards: list[Guard] = attrs.field(factory=list)
    numbers: Any = attrs.field(factory=itertools.count)

    def value(self, x: Any) -> int:
        new = next(self.numbers)
        kind = x.__class__
        self.types[new] = Type(np.shape(x), np.asarray(x).dtype, kind in (int, float, complex))
        return new

    def constant(self, x: Any) -> int:
        new = self.value(x)
        self.constants[new] = x
        return new


@attrs.frozen(eq=False, repr=False)
class Recorded(Box):
    """A value, and its number in the program."""

    number: int
    notes: Notes

    def apply(self, primitive: Any, args: Any, params: Any) -> Any:
        notes = self.notes
        numbers = [a.number if isinstance(a, Recorded) and a.level == self.level else notes.constant(a) for a in args]
        out = primitive(*[self.unwrap(a) for a in args], **params)
        if primitive.function is truth:
            notes.guards.append(Guard(numbers[0], bool(out), len(notes.instructions), ""))
            return out
        outs = out if type(out) is tuple else (out,)
        if not all(isinstance(o, (np.ndarray, np.generic, int, float, complex)) for o in outs):
            return out
        made = tuple([notes.value(o) for o in outs])
        notes.instructions.append(Instruction(Apply(primitive, dict(params)), tuple(numbers), made))
        boxes = tuple([Recorded(o, self.level, n, notes) if hasattr(o, "shape") else o for o, n in zip(outs, made, strict=True)])
        return boxes if type(out) is tuple else boxes[0]

    def _known(self, kind: Any) -> Any:
        value = kind(self._value)
        self.notes.guards.append(Guard(self.number, value, len(self.notes.instructions), ""))
        return value

    def __float__(self) -> float:
        return self._known(float)

    def __int__(self) -> int:
        return self._known(int)

    def __index__(self) -> int:
        return self._known(operator.index)

    def item(self) -> Any:
        return self._known(lambda value: value.item())


def record(f: Any, *args: Any) -> Program:
    """What ``f(*args)`` does, with the leaves of the arguments as inputs."""
    level, notes = new_level(), Notes()
    leaves, structure = tree.flatten(args)
    boxes = []
    for x in leaves:
        x = np.asarray(x)[()]
        boxes.append(Recorded(x, level, notes.value(x), notes))
    out = f(*structure.unflatten(boxes))
    outputs = [
        o.number if isinstance(o, Recorded) else notes.constant(o)
        for o in tree.flatten(out)[0]
        if isinstance(o, (Recorded, np.ndarray, np.generic, int, float, complex))
    ]
    return Program(
        notes.types,
        tuple(b.number for b in boxes),
        notes.constants,
        tuple(notes.instructions),
        tuple(outputs),
        tuple(notes.guards),
    )
