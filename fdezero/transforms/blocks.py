"""Large arrays, a block of rows at a time: what a block is.

NumPy runs through memory once for every operation, and on a million numbers that is most of the time:
a product takes 870 us, and 340 us where its operands are in the processor's cache already.  But an
elementwise operation may be applied to any part of its arrays.  So where several follow each other, all
of them are done for one block of rows, then all for the next; what lies between two of them never leaves
the cache and is never allocated whole.  `block_fold` does so in reverse mode, `thunks` in forward mode,
along a tape and under `vmap`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from ..graph import Array
from ..primitives import Elementwise

#: How many numbers make a block.  160 kB of float64: a dozen of them fit in a cache of the second level.
BLOCK = 20_000

#: An array of this many numbers is large.
LARGE = 4 * BLOCK

#: How many operations are done together at most: what they need is held until then.
LONGEST = 16

#: Not a Box, and no subclass of an array.
PLAIN = frozenset({np.ndarray, int, float, complex, bool, type(None)})


def is_plain(x: Any) -> bool:
    """Is it an array or a number, and nothing that NumPy would hand the operation on to?"""
    return x.__class__ in PLAIN or isinstance(x, np.generic)


def cuttable(x: Any) -> bool:
    """May it be cut into rows, or used as it is?  An array in Fortran's order is read by columns: a tenth slower in blocks."""
    return is_plain(x) and not (x.__class__ is np.ndarray and x.flags.fnc)


def by_rows(primitive: Any) -> bool:
    """May the primitive, and its rules, be applied to some rows of the arrays alone?

    Not a user's: an array that it closes over has all the rows, and an error must come where it was called.
    """
    return (
        primitive.__class__ is Elementwise
        and primitive.trusted
        and not any(rule is not None and rule.asks_shape for rule in primitive.rules)
    )


def divisible(shape: tuple[int, ...]) -> bool:
    """Do the rows of an array of this shape fit in a block?"""
    return bool(shape) and math.prod(shape[1:]) <= BLOCK


def row_blocks(shape: tuple[int, ...]) -> Iterator[slice]:
    """The rows of an array of this shape, a block at a time."""
    rows = max(1, BLOCK // max(1, math.prod(shape[1:])))
    return (slice(start, start + rows) for start in range(0, shape[0], rows))


def has_rows(x: Array, shape: tuple[int, ...]) -> bool:
    """Has ``x`` the rows of an array of this shape, which it may be broadcast to?"""
    own: tuple[int, ...] = getattr(x, "shape", ())
    return len(own) == len(shape) and own[0] == shape[0]
