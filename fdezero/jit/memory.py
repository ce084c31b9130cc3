"""Where values live: whose memory a view shows, how long it is needed, and which values can share a place.

All functions here are pure.  `plan` puts the values that a program makes in one arena, such that no two that
are needed at the same time overlap; `faults` is its checker.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Container, Mapping
from typing import Any

import attrs

from .program import Apply, Broadcast, Instruction, Program, Reshape, Slice, Transpose, Type

#: The operations whose result shows (or may show) the memory of the operand.
VIEWS = (Reshape, Transpose, Broadcast, Slice)

#: Places begin at multiples of this: the length of a cache line, and of the longest vector register.
ALIGNMENT = 64


def roots(program: Program) -> dict[int, int]:
    """For each value, the value whose memory it shows: itself, unless it is a view.

    A `Reshape` may copy; it counts as a view all the same.

    Example:
        >>> import numpy as np
        >>> x, t, y = 0, 1, 2
        >>> square, vector = Type((2, 2), np.dtype(float)), Type((2,), np.dtype(float))
        >>> steps = (Instruction(Transpose((1, 0)), (x,), (t,)), Instruction(Slice((0,)), (t,), (y,)))
        >>> roots(Program({x: square, t: square, y: vector}, (x,), {}, steps, (y,)))
        {0: 0, 1: 0, 2: 0}
    """
    root = {i: i for i in (*program.inputs, *program.constants)}
    for each in program.instructions:
        shows = isinstance(each.operation, VIEWS)
        for out in each.outputs:
            root[out] = root[each.operands[0]] if shows else out
    return root


def last_uses(program: Program, root: Mapping[int, int]) -> dict[int, int]:
    """For each root, the position of the last instruction that reads it or a view of it.

    An output is read at the end, which is the number of instructions; so is a guarded value at the
    position of its guard.  What is never read is missing.
    """
    last: dict[int, int] = {}
    for position, each in enumerate(program.instructions):
        for i in each.operands:
            last[root[i]] = position
    for guard in program.guards:
        last[root[guard.value]] = max(guard.position, last.get(root[guard.value], 0))
    return last | {root[i]: len(program.instructions) for i in program.outputs}


# -- places --------------------------------------------------------------------------------------------


@attrs.frozen
class Interval:
    """A demand for ``size`` bytes from the instruction ``start`` to the instruction ``stop``, both included."""

    start: int
    stop: int
    size: int

    def meets(self, other: Interval) -> bool:
        return self.start <= other.stop and other.start <= self.stop


def pack(intervals: Mapping[Any, Interval]) -> tuple[dict[Any, int], int]:
    """An offset for each interval, such that those that meet do not overlap; and the length of the whole.

    First fit, in the order of the starts: what was freed last is often what fits first, and is in the cache.

    Example:
        >>> pack({"a": Interval(0, 1, 64), "b": Interval(1, 2, 64), "c": Interval(2, 3, 64)})
        ({'a': 0, 'b': 64, 'c': 0}, 128)
    """
    offsets: dict[Any, int] = {}
    free: list[tuple[int, int]] = []  # (begin, end) of the gaps below `total`, in order
    total = 0
    ends = sorted(intervals, key=lambda key: intervals[key].stop, reverse=True)
    for key in sorted(intervals, key=lambda key: intervals[key].start):
        while ends and intervals[ends[-1]].stop < intervals[key].start:
            done = ends.pop()
            _release(free, offsets[done], offsets[done] + _aligned(intervals[done].size))
        size = _aligned(intervals[key].size)
        at = next((i for i, (begin, end) in enumerate(free) if end - begin >= size), None)
        if at is not None:
            begin, end = free[at]
            free[at : at + 1] = [(begin + size, end)] if end - begin > size else []
        else:  # the last gap grows, if it ends where everything ends
            begin = free.pop()[0] if free and free[-1][1] == total else total
            total = begin + size
        offsets[key] = begin
    return offsets, total


def _aligned(size: int) -> int:
    return -(-max(size, 1) // ALIGNMENT) * ALIGNMENT


def _release(free: list[tuple[int, int]], begin: int, end: int) -> None:
    """Put a gap back in its place in the ordered list, joined with its neighbours."""
    at = next((i for i, gap in enumerate(free) if gap[0] > begin), len(free))
    if at < len(free) and free[at][0] == end:
        end = free.pop(at)[1]
    if at and free[at - 1][1] == begin:
        at -= 1
        begin = free.pop(at)[0]
    free.insert(at, (begin, end))


def faults(intervals: Mapping[Any, Interval], offsets: Mapping[Any, int]) -> list[tuple[Any, Any]]:
    """The pairs of intervals that meet and overlap: none, if the places are right."""
    keys = sorted(intervals, key=lambda key: offsets[key])
    wrong = []
    for i, a in enumerate(keys):
        for b in keys[i + 1 :]:
            if offsets[b] >= offsets[a] + max(intervals[a].size, 1):
                break
            if intervals[a].meets(intervals[b]):
                wrong.append((a, b))
    return wrong


# -- a program's plan ----------------------------------------------------------------------------------


@attrs.frozen(eq=False)
class Plan:
    """Where the values that a program makes are written.

    ``place`` has the place of each root that is planned: that of an operand which it overwrites, or one
    named like itself.  ``intervals`` says of each place how long it is needed, ``offsets`` where it is in
    the arena of ``total`` bytes.  A place without an offset holds an output, and is memory of its own.
    """

    root: Mapping[int, int]
    place: Mapping[int, int]
    intervals: Mapping[int, Interval]
    offsets: Mapping[int, int]
    total: int


def size_of(kind: Type) -> int:
    """The bytes of a value of this type."""
    return math.prod(kind.shape) * kind.dtype.itemsize


def plan(
    program: Program,
    writes: Callable[[Instruction], bool],
    overwrites: Callable[[Instruction, int], bool],
    owned: Container[int] | None = None,
) -> Plan:
    """A place for each array that is made by an instruction which ``writes`` where it is told to.

    Args:
        program: what is planned for.
        writes: whether an instruction takes memory for its outputs; what others return stays where it is.
        overwrites: whether an instruction may write its output over the operand at this position, which
            has the same shape and dtype and is not needed afterwards.
        owned: the roots that get memory of their own; by default those of all outputs.

    An operand of an `Apply` is not overwritten before the end: what a function returns may be a view of it.
    """
    root = roots(program)
    last = last_uses(program, root)
    end = len(program.instructions)
    for each in program.instructions:
        if isinstance(each.operation, Apply):
            last.update((root[i], end) for i in each.operands)
    kept = {root[i] for i in program.outputs}
    place: dict[int, int] = {}
    spans: dict[int, Interval] = {}
    for position, each in enumerate(program.instructions):
        if not writes(each):
            continue
        for out in each.outputs:
            kind, stop = program.types[out], last.get(out, position)
            found = _overwritten(each, position, out, program, root, last, kept, overwrites)
            if found is not None and found in place and len(each.outputs) == 1:
                place[out] = place[found]
                before = spans[place[out]]
                spans[place[out]] = Interval(before.start, stop, before.size)
            elif kind.shape != ():
                place[out] = out
                spans[out] = Interval(position, stop, size_of(kind))
    own = {place[i] for i in kept if i in place and (owned is None or i in owned)}
    offsets, total = pack({key: span for key, span in spans.items() if key not in own})
    return Plan(root, place, spans, offsets, total)


def _overwritten(
    each: Instruction,
    position: int,
    out: int,
    program: Program,
    root: Mapping[int, int],
    last: Mapping[int, int],
    kept: Container[int],
    overwrites: Callable[[Instruction, int], bool],
) -> int | None:
    """The operand in whose place the output can be written: a whole array that is needed only here."""
    for at, i in enumerate(each.operands):
        alone = all(j == i or root[j] != i for j in each.operands)
        dies = root[i] == i and alone and last[i] == position and i not in kept
        if dies and program.types[i] == program.types[out] and overwrites(each, at):
            return i
    return None
