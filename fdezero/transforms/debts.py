"""What the fold of reverse mode still owes: cotangents, while their contributions come in.

A node that is used once is owed one cotangent, which is kept as it is.  `together` is what becomes of
a second one, and `settled` what there is to pull back when the node's turn has come.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..graph import Array, Node
from ..primitives import Sparse


class Debt:
    """A cotangent with several contributions, while they come in.

    A buffer that was made here is added into in place; one that came out of a rule may be somebody
    else's and is not.  Sparse contributions wait, until together they are as large as the array.
    """

    __slots__ = ("dense", "node", "owned", "sparse", "waiting")

    def __init__(self, node: Node) -> None:
        self.node = node
        self.dense: Array = None
        self.owned = False
        self.sparse: list[Any] = []
        self.waiting = 0

    def add(self, c: Any) -> None:
        if c.__class__ in Sparse:
            self.sparse.append(c)
            self.waiting += c.cotangent.size
            if self.waiting > _WORTH_ADDING and self.waiting > c.gather_size(self.node):
                self._gather()
        elif self.dense is None:
            self.dense = c
        elif self.owned and type(c) is np.ndarray:
            self.dense += c
        else:
            self.dense = self.dense + c
            self.owned = type(self.dense) is np.ndarray

    def _gather(self) -> None:
        parts, self.sparse, self.waiting = self.sparse, [], 0
        gathered = type(parts[0]).gather(parts, self.node)
        if self.dense is None:
            self.dense, self.owned = gathered, type(gathered) is np.ndarray
        else:
            self.add(gathered)

    def settle(self) -> Any:
        if self.sparse:
            self._gather()
        return self.dense


#: Below this many numbers, sparse contributions are kept whatever the size of the array.
_WORTH_ADDING = 1000

#: The classes of what is owed that is no cotangent yet.
UNSETTLED = frozenset({Debt, *Sparse})


def together(node: Node, known: Any, c: Any) -> Any:
    """What ``node`` is owed when ``c`` comes to what is ``known`` already."""
    if isinstance(known, np.generic) and isinstance(c, np.generic):
        return known + c  # type: ignore[operator]  # two numbers: no buffer to save
    if known.__class__ is not Debt:
        debt = Debt(node)
        debt.add(known)
        known = debt
    known.add(c)
    return known


def settled(node: Node, c: Any) -> Any:
    """The cotangent that has come together for ``node``."""
    if c.__class__ is Debt:
        return c.settle()
    return type(c).gather([c], node) if c.__class__ in Sparse else c
