"""Which parts of a program run in blocks: chains of entrywise operations over arrays that the cache does not hold."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import attrs
import numpy as np

from ..program import Broadcast, Cast, Instruction, Map, Program, Reduce
from .operations import Loop
from .products import dots

#: Arrays of fewer entries are faster as a whole.
LARGE = 1 << 17
#: The entries of a block: a dozen of its arrays fit in a cache of a megabyte.
BLOCK = 1 << 14

_REDUCTIONS = frozenset({np.add, np.multiply, np.maximum, np.minimum, np.logical_and, np.logical_or})


@attrs.define(eq=False)
class _Blocks:
    """The instructions so far, and the loops that may still grow, by their space."""

    program: Program
    users: dict[int, list[int]]  # the instructions that use a value, -1 for the outputs and guards
    makers: dict[int, Instruction]
    steps: list[Instruction] = attrs.field(factory=list)
    open: dict[tuple[int, ...], list[int]] = attrs.field(factory=dict)
    member: dict[int, tuple[int, ...]] = attrs.field(factory=dict)  # the space of the open loop that makes a value

    def close(self, values: Iterable[int]) -> None:
        """End the loops that make these values."""
        for i in values:
            if i in self.member:
                self.end(self.member[i])

    def end(self, space: tuple[int, ...]) -> None:
        positions = self.open.pop(space)
        instructions = [self.program.instructions[k] for k in positions]
        for each in instructions:
            self.member.pop(each.outputs[0])
        self.steps += self.looped(instructions, set(positions), space)

    def looped(self, instructions: list[Instruction], own: set[int], space: tuple[int, ...]) -> list[Instruction]:
        """The instructions as one loop, if that is possible and worthwhile."""
        instructions = self.needed(instructions, own)
        made = {each.outputs[0] for each in instructions}
        inside = [attrs.evolve(each, operands=self.sources(each, made)) for each in instructions]
        inputs = tuple(dict.fromkeys(i for each in inside for i in each.operands if i not in made))
        flat = all(self.program.types[i].shape in (space, ()) for i in inputs) and all(
            not isinstance(each.operation, Reduce) or len(each.operation.axes) == len(space) for each in inside
        )
        row = 1 if flat else math.prod(space[1:])
        if len(inside) < 2 or not row <= BLOCK:
            return instructions
        types = {i: self.program.types[i] for i in (*inputs, *made)}
        outputs = tuple(each.outputs[0] for each in instructions if not set(self.users[each.outputs[0]]) <= own)
        inner = dots(Program(types, inputs, {}, tuple(inside), outputs), math.inf if flat else 0, flat=True)
        loop = Loop(inner, space, BLOCK // row, flat)
        return [Instruction(loop, inputs, outputs, all(each.quiet for each in instructions))]

    def needed(self, instructions: list[Instruction], own: set[int]) -> list[Instruction]:
        """The instructions without those whose results nobody uses."""
        used, kept = set[int](), list[Instruction]()
        for each in reversed(instructions):
            if each.outputs[0] in used or not set(self.users[each.outputs[0]]) <= own:
                kept.append(each)
                used.update(each.operands)
        return kept[::-1]

    def sources(self, each: Instruction, made: set[int]) -> tuple[int, ...]:
        """The operands, or what is repeated to make them, which NumPy does as well if it knows the result's shape."""
        found = tuple(self.source(i, made) for i in each.operands)
        shapes = [self.program.types[i].shape for i in found]
        knows = not isinstance(each.operation, Map) or isinstance(each.operation.function, np.ufunc)
        return found if knows or np.broadcast_shapes(*shapes) == self.program.types[each.outputs[0]].shape else each.operands

    def source(self, i: int, made: set[int]) -> int:
        while i not in made and i in self.makers and isinstance(self.makers[i].operation, Broadcast):
            i = self.makers[i].operands[0]
        return i


def in_blocks(program: Program) -> Program:
    """The program with loops over blocks in the place of chains of operations over large arrays of one shape.

    A loop stands where its first result is needed outside it; what stood between its instructions comes before.
    """
    if all(math.prod(kind.shape) < LARGE for kind in program.types.values()):
        return program
    users: dict[int, list[int]] = {i: [] for i in program.types}
    for k, each in enumerate(program.instructions):
        for i in each.operands:
            users[i].append(k)
    for i in (*program.outputs, *(guard.value for guard in program.guards)):
        users[i].append(-1)
    state = _Blocks(program, users, {i: each for each in program.instructions for i in each.outputs})
    positions = []
    guards: dict[int, list[int]] = {}
    for guard in program.guards:
        guards.setdefault(guard.position, []).append(guard.value)
    for k, each in enumerate(program.instructions):
        state.close(guards.get(k, ()))
        positions.append(len(state.steps))
        _add(state, k, each)
    for space in list(state.open):
        state.end(space)
    positions.append(len(state.steps))
    moved = tuple(attrs.evolve(guard, position=positions[guard.position]) for guard in program.guards)
    return attrs.evolve(program, instructions=tuple(state.steps), guards=moved)


def _add(state: _Blocks, k: int, each: Instruction) -> None:
    space = _space(state, each)
    if space is None:
        state.close(each.operands)
        state.steps.append(each)
        return
    if not isinstance(each.operation, Reduce):  # a reduction is complete only when its loop is over
        reduced = [i for i in each.operands if state.program.types[i].shape != space]
        state.close(reduced)
    state.close(i for i in each.operands if state.member.get(i, space) != space)
    state.open.setdefault(space, []).append(k)
    state.member[each.outputs[0]] = space


def _space(state: _Blocks, each: Instruction) -> tuple[int, ...] | None:
    """The shape that a loop with this instruction runs over, or None for one that cannot be part of any."""
    operation: Any = each.operation
    types = state.program.types
    if isinstance(operation, (Map, Cast)):
        shape = types[each.outputs[0]].shape
        entrywise = isinstance(operation, Cast) or isinstance(operation.function, np.ufunc) or operation.function is np.where
        return shape if entrywise and math.prod(shape) >= LARGE else None
    if isinstance(operation, Reduce) and operation.ufunc in _REDUCTIONS:
        space = state.member.get(each.operands[0])
        return space if space is not None and types[each.operands[0]].shape == space else None
    return None
