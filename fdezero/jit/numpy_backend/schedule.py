"""Passes that prepare a program for this backend: small arrays, loops over blocks, sums of products."""

from __future__ import annotations

from ..program import Program
from .blocks import in_blocks
from .products import dots
from .small import by_entries

#: BLAS adds up in many partial sums: so long a product of equal numbers had an error of 57 roundings, and that of pairs none.
LONGEST_DOT = 1 << 14


def schedule(program: Program) -> Program:
    """The program with small arrays entry by entry, large ones in loops, and sums of products as products of vectors."""
    return dots(in_blocks(by_entries(program)), LONGEST_DOT)
