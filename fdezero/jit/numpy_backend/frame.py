"""The memory that a compiled function works in, and the views of it that its source names.

A *frame* is a tuple of arrays, all parts of one arena: the places of intermediate results, and views of them.
It is made once and used again: a call takes one from a list, or makes one if all are in use, and puts it back.
So concurrent and nested calls have frames of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import attrs
import numpy as np

from ..memory import ALIGNMENT
from ..program import Type

#: A frame of more bytes than this is made for each call.
KEPT = 1 << 25


@attrs.frozen
class Place:
    """An array at an offset in the arena."""

    offset: int
    kind: Type


@attrs.frozen
class View:
    """What an operation makes of an array of the frame without copying."""

    source: str
    operation: Any


@attrs.frozen
class Filled:
    """An array outside the arena, filled with a number and never written to."""

    kind: Type
    value: int


@attrs.frozen
class Number:
    """An array of shape () in which one of the program's numbers is passed to ufuncs."""

    value: int
    kind: Type


Part = Place | View | Filled | Number


def arrays(parts: Mapping[str, Part], total: int) -> dict[str, np.ndarray[Any, Any]]:
    """The arrays of a new frame, by name."""
    memory = arena(total)
    made: dict[str, Any] = {}
    for name, part in parts.items():
        made[name] = made_of(part, made, memory)
    return made


def arena(total: int) -> np.ndarray[Any, Any]:
    """So many bytes, aligned."""
    memory = np.empty(total + ALIGNMENT, np.uint8)
    start = -memory.ctypes.data % ALIGNMENT
    return memory[start : start + total]


def made_of(part: Part, made: Mapping[str, Any], memory: Any) -> Any:
    """One array of a frame, of which those that came before it are ``made``."""
    if isinstance(part, View):
        return part.operation.run(made[part.source])
    if isinstance(part, Filled):
        return np.full(part.kind.shape, part.value, part.kind.dtype)
    if isinstance(part, Number):
        return np.zeros((), part.kind.dtype)
    return np.ndarray(part.kind.shape, part.kind.dtype, memory, part.offset)


def new_frames(parts: Mapping[str, Part], total: int) -> Callable[[], tuple[Any, ...]]:
    """A function that makes a frame: the arrays in the order of their names."""
    return lambda: tuple(arrays(parts, total).values())
