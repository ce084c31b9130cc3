"""A user's function with extra arguments as a function of one vector of parameters: those that are Boxes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .. import tree
from ..core.graph import Array, Box
from ._mirror import operand


def parameters_of(args: Any) -> tuple[list[Array], Callable[[Array], Any]]:
    """The leaves of ``args`` that are Boxes, each as a vector, and the way back from their concatenation to ``args``."""
    leaves, structure = tree.flatten(args)
    chosen = [i for i, leaf in enumerate(leaves) if isinstance(leaf, Box)]
    likes = [(leaf.shape, leaf.dtype) for leaf in leaves if isinstance(leaf, Box)]
    ends = np.cumsum([leaves[i].size for i in chosen], dtype=int)
    plain = [None if i in chosen else leaf for i, leaf in enumerate(leaves)]

    def back(vector: Array) -> Any:
        full = list(plain)
        for i, (shape, dtype), end in zip(chosen, likes, ends, strict=True):
            piece = vector[int(end) - int(np.prod(shape, dtype=int)) : int(end)]
            piece = np.real(piece) if piece.dtype.kind == "c" and dtype.kind != "c" else piece
            full[i] = piece.reshape(shape) if shape else piece[0]
        return structure.unflatten(full)

    return [leaves[i].reshape(-1) for i in chosen], back


def joined(parts: Sequence[Any]) -> Array:
    """Numbers and vectors in a row."""
    vectors = [operand(part) for part in parts]
    return np.concatenate([v.reshape(-1) for v in vectors])
