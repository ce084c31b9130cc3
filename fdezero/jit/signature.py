"""What a compiled function is compiled for: the tree of a call's arguments, the types of the arrays, the other values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs
import numpy as np

from .. import tree
from ..core.graph import Box
from ..core.operands import as_operand, describe, has_own_arithmetic

#: What a leaf is when it is an array or a number that the program computes with; anything else is part of the signature.
ARRAYS = (np.ndarray, np.generic, float, complex, Box)


@attrs.frozen
class Signature:
    """The tree of ``(args, kwargs)``, and for each leaf its type, or, of what is no array, the value itself.

    Two calls of one signature differ in the values of arrays and numbers only.
    """

    structure: tree.Structure
    leaves: tuple[Any, ...]


@attrs.frozen
class Static:
    """A leaf that is part of the signature: no array, or named in ``static_argnums`` or ``static_argnames``."""

    kind: type
    value: Any


def signature_of(args: tuple[Any, ...], kwargs: dict[str, Any], static: tuple[Any, ...]) -> tuple[Signature, list[Any]]:
    """The signature of a call, and the leaves that are arrays and numbers.

    ``static`` holds the positions and names of arguments that are taken whole as part of the signature.

    Raises:
        TypeError: when a part of the signature cannot be hashed, and for arrays with an arithmetic of their own.
    """
    if static:
        args = tuple([_Whole(a) if i in static or i - len(args) in static else a for i, a in enumerate(args)])
        kwargs = {name: _Whole(value) if name in static else value for name, value in kwargs.items()}
    leaves, structure = tree.flatten((args, kwargs))
    types: list[Any] = []
    dynamic: list[Any] = []
    for leaf in leaves:
        if has_own_arithmetic(leaf):
            raise TypeError(
                f"{describe(leaf)} among the arguments of a jitted function has rules of arithmetic that compiled code would "
                "not follow; write np.asarray(x) for it"
            )
        if isinstance(leaf, np.ndarray) and type(leaf) is not np.ndarray:
            leaf = np.asarray(leaf)  # np.memmap and the like
        if isinstance(leaf, ARRAYS) or (type(leaf) is int):
            types.append((_kind(leaf), getattr(leaf, "shape", ()), getattr(leaf, "dtype", None)))
            dynamic.append(leaf)
        elif hasattr(leaf, "__array__") and not isinstance(leaf, _Whole):
            leaf = as_operand(leaf)
            types.append((np.ndarray, leaf.shape, leaf.dtype))
            dynamic.append(leaf)
        else:
            value = leaf.value if isinstance(leaf, _Whole) else leaf
            types.append(Static(type(value), value))
    signature = Signature(structure, tuple(types))
    try:
        hash(signature)
    except TypeError:
        odd = next(each.value for each in types if isinstance(each, Static) and not _is_hashable(each.value))
        raise TypeError(
            f"{describe(odd)} among the arguments of a jitted function is no array and cannot be hashed, so the function "
            "cannot be compiled for it; pass an array, a number or a tree of them, or a static value that can be hashed "
            "(a tuple for a list)"
        ) from None
    return signature, dynamic


def arguments_of(signature: Signature, leaves: Sequence[Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """``(args, kwargs)`` of a call with this signature and these arrays and numbers."""
    remaining = iter(leaves)
    full = [each.value if isinstance(each, Static) else next(remaining) for each in signature.leaves]
    args, kwargs = signature.structure.unflatten(full)
    return args, kwargs


@attrs.frozen(eq=False)
class _Whole:
    """A static argument, which `tree` is not to look into."""

    value: Any
    _fdezero_leaf = True


def _kind(leaf: Any) -> type:
    return np.generic if isinstance(leaf, np.generic) else type(leaf)


def _is_hashable(value: Any) -> bool:
    try:
        hash(value)
    except TypeError:
        return False
    return True
