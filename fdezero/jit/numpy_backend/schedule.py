"""Passes that prepare a program for this backend: loops over blocks, and sums of products."""

from __future__ import annotations

from ..program import Program
from .blocks import in_blocks
from .products import dots

#: BLAS adds up in 32 partial sums or more, so that up to this length a product's error is about that of NumPy's pairs.
LONGEST_DOT = 1 << 14


def schedule(program: Program) -> Program:
    """The program with its large entrywise parts in loops, and its sums of products as products of vectors."""
    return dots(in_blocks(program), LONGEST_DOT)
