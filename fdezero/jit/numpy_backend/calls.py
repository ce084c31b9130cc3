"""Calls of ufuncs with a place for the result."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..program import Cast, Instruction, Map, Matmul, Reduce, Scatter
from .operations import Entries, Loop
from .writer import Writer


def writes(each: Instruction) -> bool:
    """True for an instruction that writes its arrays where it is told to."""
    if isinstance(each.operation, Map):
        return isinstance(each.operation.function, np.ufunc)
    return isinstance(each.operation, (Cast, Reduce, Scatter, Matmul, Entries, Loop))


def overwrites(each: Instruction, at: int) -> bool:
    """True for an instruction that may write its result over an operand."""
    return isinstance(each.operation, Map)


def call(w: Writer, function: Any, arguments: Sequence[str], target: str) -> str:
    """A call of a ufunc with the place of its result, which two ufuncs do not take by position."""
    out = f"out={target}" if function in (np.maximum, np.minimum) else target
    return f"{w.names.ufunc(function)}({', '.join([*arguments, out])})"
