"""A program cut where it calls NumPy: native segments, with calls between them.

Time counts 0, 1, 2, ...: native segments have the even times, the calls between them the odd ones.  A native instruction
runs at the time of the native values that it needs, or after the calls whose results it needs; a call runs after
what it needs, and after the guards before it in the program.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import attrs
import numpy as np

from ..program import Apply, Cast, Guard, Instruction, Map, Matmul, Program, Reduce, Scatter, Type
from ..views import VIEWS
from . import elementwise, engine, folds, products
from .code import kind


def is_native(instruction: Instruction, types: Mapping[int, Type]) -> bool:
    """Whether there is native code for an instruction; what there is none for NumPy does."""
    operation, out = instruction.operation, types[instruction.outputs[0]]
    operands = tuple([types[i].dtype for i in instruction.operands])
    if isinstance(operation, Map | Cast):
        return elementwise.supports(operation, operands, out.dtype)
    if isinstance(operation, Apply) or any(kind(dtype) is None for dtype in [*operands, out.dtype]):
        return False
    match operation:
        case Reduce(ufunc, axes):
            shape = types[instruction.operands[0]].shape
            size = int(np.prod([shape[axis] for axis in axes], dtype=np.int64))
            return folds.supports(ufunc, operands[0], out.dtype, size)
        case Scatter():
            return all(dtype == out.dtype for dtype in operands)
        case Matmul():
            (m, k), n = types[instruction.operands[0]].shape[-2:], out.shape[-1]
            possible = engine.has_products() or not products.by_blas(m, k, n, out.dtype)
            return out.dtype.kind in "fiu" and operands[0] == operands[1] == out.dtype and possible
    return isinstance(operation, VIEWS)


@attrs.frozen
class Equal:
    """Whether an array is what it was, as `np.array_equal` says."""

    expected: Any
    name = "equal"

    def run(self, x: Any) -> Any:
        return np.bool_(np.array_equal(x, self.expected))


@attrs.frozen
class Copy:
    """The entries in row-major order, in memory of their own."""

    name = "copy"

    def run(self, x: Any) -> Any:
        return np.array(x, x.dtype.newbyteorder("="), order="C")


def guarded(program: Program) -> Program:
    """The program with a bool for each guard, true where it holds; a guard's expected value is then True."""
    fresh = itertools.count(max(program.types, default=-1) + 1)
    types, constants = dict(program.types), dict(program.constants)
    instructions: list[Instruction] = []
    guards: list[Guard] = []
    waiting = sorted(program.guards, key=lambda guard: guard.position)
    order = [id(guard) for guard in program.guards]
    made = dict[int, Guard]()

    def add(operation: Any, operands: tuple[int, ...], shape: tuple[int, ...], dtype: Any) -> int:
        out = next(fresh)
        types[out] = Type(shape, np.dtype(dtype))
        instructions.append(Instruction(operation, operands, (out,), quiet=True))
        return out

    def hold(guard: Guard) -> None:
        type_ = types[guard.value]
        expected = np.asarray(guard.expected)
        same = expected.astype(type_.dtype)
        simple = kind(type_.dtype) is not None and expected.shape == type_.shape and np.array_equal(same, expected)
        if not simple:
            result = add(Equal(guard.expected), (guard.value,), (), bool)
        else:
            constant = next(fresh)
            types[constant] = Type(type_.shape, type_.dtype)
            constants[constant] = same[()] if same.shape == () else np.ascontiguousarray(same)
            result = add(Map(np.equal), (guard.value, constant), type_.shape, bool)
            if type_.shape:
                result = add(Reduce(np.logical_and, tuple(range(len(type_.shape)))), (result,), (), bool)
        made[id(guard)] = Guard(result, True, len(instructions), guard.line)

    for position, instruction in enumerate(program.instructions):
        while waiting and waiting[0].position <= position:
            hold(waiting.pop(0))
        instructions.append(instruction)
    for guard in waiting:
        hold(guard)
    guards = [made[key] for key in order]
    return attrs.evolve(program, types=types, constants=constants, instructions=tuple(instructions), guards=tuple(guards))


def readable(program: Program) -> Program:
    """The program with copies of arrays that native code cannot read where they lie, made at each call."""
    odd = {i for i, value in program.constants.items() if isinstance(value, np.ndarray) and not _is_plain(value)}
    if not odd:
        return program
    fresh = itertools.count(max(program.types, default=-1) + 1)
    types = dict(program.types)
    copies: dict[int, int] = {}
    first: list[Instruction] = []
    for i in sorted(odd):
        copies[i] = out = next(fresh)
        types[out] = Type(types[i].shape, types[i].dtype.newbyteorder("="))
        first.append(Instruction(Copy(), (i,), (out,)))
    swapped = [attrs.evolve(each, operands=tuple(copies.get(i, i) for i in each.operands)) for each in program.instructions]
    guards = [attrs.evolve(each, position=each.position + len(first)) for each in program.guards]
    return attrs.evolve(program, types=types, instructions=(*first, *swapped), guards=tuple(guards))


def _is_plain(array: np.ndarray[Any, Any]) -> bool:
    steps = all(step % array.itemsize == 0 for step in array.strides) if array.itemsize else False
    return steps and array.flags.aligned and array.dtype.isnative


@attrs.frozen(eq=False)
class Segment:
    """A program without calls, and the numbers that its outputs and guards have in the whole."""

    program: Program
    values: tuple[int, ...]  # of the first outputs
    results: tuple[int, ...]  # positions in the whole's outputs, of the other ones
    guards: tuple[int, ...]


@attrs.frozen(eq=False)
class Cut:
    """Segments and calls (instructions) in the order of execution; which results the calls give."""

    program: Program
    steps: tuple[Segment | Instruction, ...]


def cut(program: Program) -> Cut:
    """Cut a program (its guards as `guarded` makes them) into segments and calls."""
    plain = all(kind(program.types[i].dtype) is not None for i in program.outputs)
    if plain and all(is_native(each, program.types) for each in program.instructions):
        whole = Segment(program, (), tuple(range(len(program.outputs))), tuple(range(len(program.guards))))
        return Cut(program, (whole,))
    return Cut(program, _Cutter(program).steps())


class _Cutter:
    def __init__(self, program: Program) -> None:
        self.program = program
        self.maker = {out: each for each in program.instructions for out in each.outputs}
        self.time = dict.fromkeys([*program.inputs, *program.constants], -1)
        self.bases: dict[int, int] = {}  # of views: what they are of
        self.native: dict[int, list[Instruction]] = {}
        self.calls: dict[int, list[Instruction]] = {}
        self.guards: dict[int, list[int]] = {}
        self._when()

    def _when(self) -> None:
        barrier, latest = -1, -1
        waiting = sorted(range(len(self.program.guards)), key=lambda k: self.program.guards[k].position)
        for position, each in enumerate(self.program.instructions):
            while waiting and self.program.guards[waiting[0]].position <= position:
                barrier = latest = self._guard(waiting.pop(0), latest)
            before = max([self.time[i] for i in each.operands], default=-1)
            if is_native(each, self.program.types):
                if isinstance(each.operation, VIEWS):  # of what it looks at: it is made where it is needed
                    when = before
                    self.bases[each.outputs[0]] = self.base(each.operands[0])
                else:
                    when = max(0, before + before % 2)
                    self.native.setdefault(when, []).append(each)
            else:
                when = max(before + 1 - before % 2, barrier + 1, 1)
                self.calls.setdefault(when, []).append(each)
            self.time.update(dict.fromkeys(each.outputs, when))
        for k in waiting:
            latest = self._guard(k, latest)

    def _guard(self, k: int, latest: int) -> int:
        time = self.time[self.program.guards[k].value]
        when = max(latest, time + time % 2, 0)
        self.guards.setdefault(when, []).append(k)
        return when

    def path(self, value: int) -> list[Instruction]:
        """The views that lead from what is in memory to a value, in order."""
        found = []
        while value in self.bases:
            found.append(self.maker[value])
            value = found[-1].operands[0]
        return found[::-1]

    def base(self, value: int) -> int:
        return self.bases.get(value, value)

    def steps(self) -> tuple[Segment | Instruction, ...]:
        times = sorted({*self.native, *self.calls, *self.guards, 0})
        wanted: dict[int, set[int]] = {}  # by time of making: the values that are needed later
        results: dict[int, list[int]] = {}
        for when in times:
            for each in [*self.native.get(when, ()), *self.calls.get(when, ())]:
                for i in map(self.base, each.operands):
                    if self.time[i] < when:
                        wanted.setdefault(self.time[i], set()).add(i)
            for k in self.guards.get(when, ()):
                value = self.program.guards[k].value
                if self.time[value] < when:
                    wanted.setdefault(self.time[value], set()).add(value)
        for j, i in enumerate(self.program.outputs):
            time = self.time[i]
            if time >= 0 and time % 2 == 0:
                results.setdefault(time, []).append(j)
            else:
                wanted.setdefault(time, set()).add(self.base(i))
        steps: list[Segment | Instruction] = []
        done: set[int] = set()
        for when in times:
            if when % 2:
                for each in self.calls[when]:
                    views = [view for i in each.operands for view in self.path(i)]
                    for view in views:
                        if view.outputs[0] not in done:
                            steps.append(view)
                            done.add(view.outputs[0])
                    steps.append(each)
            elif when in wanted or when in results or when in self.guards:
                steps.append(self._segment(when, sorted(wanted.get(when, ())), results.get(when, [])))
        for i in self.program.outputs:
            if not (self.time[i] >= 0 and self.time[i] % 2 == 0):
                for view in self.path(i):
                    if view.outputs[0] not in done:
                        steps.append(view)
                        done.add(view.outputs[0])
        return tuple(steps)

    def _segment(self, when: int, values: Sequence[int], results: Sequence[int]) -> Segment:
        program = self.program
        guards = sorted(self.guards.get(when, ()))
        outputs = (*values, *(program.outputs[j] for j in results))
        instructions: list[Instruction] = []
        made: set[int] = set()
        used: dict[int, None] = {}

        def need(value: int) -> None:
            for view in self.path(value):
                if view.outputs[0] not in made:
                    made.add(view.outputs[0])
                    instructions.append(view)
            used[self.base(value)] = None

        for each in self.native.get(when, ()):
            for i in each.operands:
                if i not in made:
                    need(i)
            instructions.append(each)
            made.update(each.outputs)
        for i in outputs:
            need(i)
        for k in guards:
            need(program.guards[k].value)
        outer = [i for i in used if i not in made]
        inputs = tuple(i for i in outer if i not in program.constants)
        constants = {i: program.constants[i] for i in outer if i in program.constants}
        types = {i: program.types[i] for i in {*inputs, *constants, *made}}
        held = tuple(attrs.evolve(program.guards[k], position=len(instructions)) for k in guards)
        part = Program(types, inputs, constants, tuple(instructions), outputs, held)
        return Segment(part, tuple(values), tuple(results), tuple(guards))

