"""What a compiled function is compiled for: the tree of a call's arguments, the types of the arrays, the other values."""

from __future__ import annotations

import inspect
import weakref
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import attrs
import numpy as np

from .. import tree
from ..core.graph import Box
from ..core.operands import describe, has_own_arithmetic

#: What a leaf is when it is an array or a number that the program computes with; anything else is part of the signature.
ARRAYS = (np.ndarray, np.generic, float, complex, Box)


@attrs.frozen
class Signature:
    """The tree of ``(args, kwargs)``, and for each leaf its type, or, of what is no array, the value itself.

    Two calls of one signature differ in the values of arrays and numbers only.
    """

    structure: tree.Structure
    leaves: tuple[Any, ...]


class Weak(weakref.ref):  # type: ignore[type-arg]  # of any object
    """A reference that does not keep a static value alive."""

    __slots__ = ()


@attrs.frozen
class Static:
    """A leaf that is part of the signature: no array, or named in ``static_argnums`` or ``static_argnames``.

    ``key`` differs where the value does; 1 == 1.0 == True and 0.0 == -0.0 are equal for Python.  An object that is equal to
    itself alone, as the ``self`` of a method, is ``held`` by a weak reference: it goes when its owner drops it.
    """

    held: Any = attrs.field(eq=False)
    key: Any

    @classmethod
    def of(cls, value: Any, forget: Callable[[Any], Any]) -> Static:
        """``forget(reference)`` is called where an object that is not kept alive goes."""
        if _comparison(type(value)) == _comparison(object):
            try:
                return cls(Weak(value, forget), (type(value), id(value)))
            except TypeError:  # its class has no place for weak references
                pass
        return cls(value, _key(value))

    @property
    def value(self) -> Any:
        return self.held() if isinstance(self.held, Weak) else self.held


def _comparison(kind: type) -> tuple[Any, Any]:
    return kind.__eq__, kind.__hash__


def _key(value: Any) -> Any:
    if isinstance(value, (tuple, frozenset)):
        return type(value), type(value)(map(_key, value)) if type(value) is frozenset else tuple(map(_key, value))
    return type(value), repr(value) if isinstance(value, (float, complex)) else value


def static_arguments(f: Callable[..., Any], argnums: int | Iterable[int], argnames: str | Iterable[str]) -> tuple[Any, ...]:
    """Positions and names of the static arguments; one that can be passed both ways is static both ways.

    Raises:
        TypeError: for what is no position or no name.
        ValueError: for arguments that the function does not have.
    """
    positions = tuple(argnums) if isinstance(argnums, Iterable) else (argnums,)
    names = tuple(argnames) if isinstance(argnames, Iterable) and not isinstance(argnames, str) else (argnames,)
    if not all(isinstance(i, int) and not isinstance(i, bool) for i in positions):
        raise TypeError(f"static_argnums is an int or a tuple of ints; got {argnums!r} (names go in static_argnames)")
    if not all(isinstance(name, str) for name in names):
        raise TypeError(f"static_argnames is a name or a tuple of names; got {argnames!r} (positions go in static_argnums)")
    try:
        parameters = [*inspect.signature(f).parameters.values()] if positions or names else []
    except (TypeError, ValueError):  # of a function written in C
        return (*positions, *names)
    kinds = {p.kind for p in parameters}
    by_position = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    by_name = {p.name for p in parameters if p.kind in (p.KEYWORD_ONLY, p.POSITIONAL_OR_KEYWORD)}
    called = getattr(f, "__name__", "the function")
    if inspect.Parameter.VAR_POSITIONAL not in kinds:
        if not all(-len(by_position) <= i < len(by_position) for i in positions):
            raise ValueError(f"static_argnums={argnums} for {called}, which takes {len(by_position)} arguments by position")
        positions = tuple([i % len(by_position) for i in positions])
    if inspect.Parameter.VAR_KEYWORD not in kinds and not by_name.issuperset(names):
        raise ValueError(f"static_argnames={argnames!r} for {called}, which takes {sorted(by_name)} by name")
    both = [name for i, name in enumerate(by_position) if i in positions and name in by_name]
    return (*positions, *[i for i, name in enumerate(by_position) if name in names and i not in positions], *{*names, *both})


def signature_of(
    args: tuple[Any, ...], kwargs: dict[str, Any], static: tuple[Any, ...], forget: Callable[[Any], Any]
) -> tuple[Signature, list[Any]]:
    """The signature of a call, and the leaves that are arrays and numbers.

    ``static`` holds the positions and names of arguments that are taken whole as part of the signature; for ``forget``
    see `Static.of`.

    Raises:
        TypeError: when a part of the signature cannot be hashed, and for arrays of other libraries or with an arithmetic
            of their own.
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
        elif hasattr(leaf, "__array__") and not isinstance(leaf, (_Whole, type)):
            raise TypeError(
                f"{describe(leaf)} among the arguments of a jitted function is an array of another library, which would not "
                "come back as one; write x.to_numpy() or np.asarray(x) for it"
            )
        else:
            types.append(Static.of(leaf.value if isinstance(leaf, _Whole) else leaf, forget))
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
