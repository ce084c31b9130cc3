"""Where each value lies in memory: an argument, an output, a constant, or a place in the arena of a call."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import attrs
import numpy as np

from ..fuse import Add, Fused, Group
from ..program import Matmul

#: Places in the arena begin at multiples of this: a line of the cache.
ALIGNMENT = 64
#: Nodes that an addition to memory counts as: the code generator compares it with all others of its function.
ADDING = 16


@attrs.frozen(eq=False)
class Layout:
    """The slots of the table that functions are given, the arena's size, and where values are.

    ``slots[value]`` is a position in the table, which holds addresses: of inputs, outputs, constants and, last, the arena;
    ``places[value]`` is an offset in the arena, in bytes.
    """

    slots: Mapping[int, int]
    places: Mapping[int, int]
    table: int
    arena: int
    chunks: tuple[tuple[Group, ...], ...]


def lay_out(fused: Fused, chunk: int) -> Layout:
    """A layout in which values whose lives do not meet share their place; ``chunk`` limits the nodes of a function."""
    chunks = _chunks(fused.groups, chunk)
    arrays = [i for i, value in fused.constants.items() if isinstance(value, np.ndarray)]
    listed = [*fused.inputs, *fused.outputs, *arrays]
    slots = {value: k for k, value in enumerate(listed)}
    needed = _in_memory(fused, chunks) - set(slots)
    places, size = _places(fused, needed)
    return Layout(slots, places, len(listed) + 1, size, chunks)


def _chunks(groups: Sequence[Group], limit: int) -> tuple[tuple[Group, ...], ...]:
    """The groups in sequences of at most ``limit`` nodes, each of which becomes a function."""
    chunks: list[list[Group]] = [[]]
    size = 0
    for group in groups:
        own = 4 + sum(ADDING if isinstance(node.operation, Add) else 1 for node in group.nodes)
        if size and size + own > limit:
            chunks.append([])
            size = 0
        chunks[-1].append(group)
        size += own
    return tuple(tuple(each) for each in chunks)


def _in_memory(fused: Fused, chunks: Sequence[Sequence[Group]]) -> set[int]:
    """The values that need memory: stored ones, but not a number that only its own function looks at."""
    home = {node.value: k for k, groups in enumerate(chunks) for group in groups for node in group.nodes}
    needed = {i for i in fused.stored if math.prod(fused.types[i].shape) != 1}
    for k, groups in enumerate(chunks):
        for group in groups:
            needed.update(value for value, _ in group.cleared)
            for node in group.nodes:
                product = isinstance(node.operation, Matmul)
                needed.update(view.base for view in node.operands if product or home.get(view.base, k) != k)
                if product:
                    needed.add(node.value)
    needed.update(value for value in fused.guards if home.get(value) != len(chunks) - 1)
    return {value for value in needed if value in home or value in fused.stored} - set(fused.inputs) - set(fused.constants)


def _places(fused: Fused, needed: set[int]) -> tuple[dict[int, int], int]:
    first: dict[int, int] = {}
    last: dict[int, int] = {}
    for k, group in enumerate(fused.groups):
        touched = [value for value, _ in group.cleared]
        for node in group.nodes:
            touched += [node.value, *(view.base for view in node.operands)]
        for value in touched:
            first.setdefault(value, k)
            last[value] = k
    last |= dict.fromkeys(fused.guards, len(fused.groups))
    begin: dict[int, list[int]] = {}
    end: dict[int, list[int]] = {}
    for value in needed:
        begin.setdefault(first.get(value, 0), []).append(value)
        end.setdefault(last.get(value, 0), []).append(value)
    free: dict[int, list[int]] = {}
    places: dict[int, int] = {}
    top = 0
    for k in range(len(fused.groups)):
        for value in sorted(begin.get(k, ())):
            size = _size(fused.types[value])
            if free.get(size):
                places[value] = free[size].pop()
            else:
                places[value], top = top, top + size
        for value in end.get(k, ()):
            free.setdefault(_size(fused.types[value]), []).append(places[value])
    return places, top


def _size(type_: Any) -> int:
    size = max(1, math.prod(type_.shape)) * type_.dtype.itemsize
    return 8 if size <= 8 else -(-size // ALIGNMENT) * ALIGNMENT
