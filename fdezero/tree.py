"""Trees: nested tuples, lists, dicts, named tuples, None, attrs classes and dataclasses with arrays at the leaves.

A tree is flattened into its leaves and a `Structure` that can put them back.  Dictionaries keep
their own order; a second dictionary is read by the first one's keys, so order never matters.

>>> leaves, structure = flatten({"w": 1.0, "b": (2.0, None)})
>>> leaves
[1.0, 2.0]
>>> structure.unflatten([10.0, 20.0])
{'w': 10.0, 'b': (20.0, None)}
"""

from __future__ import annotations

import dataclasses
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import attrs
import numpy as np

Tree = Any


def static(**kwargs: Any) -> Any:
    """An `attrs.field` that is part of the structure and not a leaf.

    Takes the arguments of `attrs.field`.  In a dataclass it is ``dataclasses.field(metadata={"static": True})``.
    A static field with ``init=False`` is made anew by the class when a tree is rebuilt.

    Example:
        >>> @attrs.frozen
        ... class Layer:
        ...     w: float
        ...     name: str = static()
        >>> flatten(Layer(1.0, "first"))[0]
        [1.0]
    """
    return attrs.field(metadata={"static": True} | kwargs.pop("metadata", {}), **kwargs)


@attrs.frozen
class Structure:
    """The shape of a tree: its container's type, the keys of its children, and the children."""

    kind: type | None
    keys: tuple[Any, ...] = ()
    children: tuple[Structure, ...] = ()
    fixed: tuple[tuple[str, Any], ...] = ()

    @property
    def size(self) -> int:
        """The number of leaves."""
        return 1 if self.kind is None else sum(child.size for child in self.children)

    def unflatten(self, leaves: Sequence[Any]) -> Tree:
        """The tree with these leaves.

        Raises:
            ValueError: when their number is not the structure's.
        """
        if self.kind is None and len(leaves) == 1:
            return leaves[0]
        remaining = iter(leaves)
        try:
            tree = self._build(remaining)
        except StopIteration:
            tree = _MISSING
        if tree is _MISSING or next(remaining, _MISSING) is not _MISSING:
            raise ValueError(f"a tree of {self.size} leaves cannot be made from {len(leaves)}")
        return tree

    def _build(self, leaves: Iterator[Any]) -> Tree:
        kind = self.kind
        if kind is None:
            return next(leaves)
        children = [next(leaves) if child.kind is None else child._build(leaves) for child in self.children]
        if kind is list:
            return children
        if kind is tuple:
            return tuple(children)
        if kind in _DICTS:
            return kind(zip(self.keys, children, strict=True))
        if kind is type(None):
            return None
        if is_record(kind):
            return _construct(kind, dict(zip(self.keys, children, strict=True)) | dict(self.fixed))
        return kind._make(children)  # type: ignore[attr-defined]  # what is left is a named tuple

    def flatten_like(self, tree: Tree, path: str = "") -> list[Any]:
        """The leaves of ``tree``, which must have this structure (a dict's keys in any order).

        Raises:
            ValueError: naming the first place where the two differ.
        """
        if self.kind is None:
            return [tree]
        entries = children(tree)
        if type(tree) is not self.kind or entries is None:
            raise ValueError(f"{_at(path)}expected a {self.kind.__name__}, got a {type(tree).__name__}")
        found = dict(entries)
        if len(found) != len(self.children) or (self.keys and set(found) != set(self.keys)):
            raise ValueError(f"{_at(path)}expected the entries {_listed(self)}, got {list(found)}")
        keys = self.keys or range(len(self.children))
        leaves = []
        for key, child in zip(keys, self.children, strict=True):
            leaves += child.flatten_like(found[key], f"{path}[{key!r}]")
        return leaves

    def paths(self, path: str = "") -> list[str]:
        """Where each leaf stands, as one would write it: ``['w'][0]``."""
        if self.kind is None:
            return [path]
        keys = self.keys or range(len(self.children))
        children = zip(keys, self.children, strict=True)
        return [leaf for key, child in children for leaf in child.paths(f"{path}[{key!r}]")]


LEAF = Structure(None)

#: The kinds of trees, in the words of an error message.
KINDS = "nested tuples, lists, dicts, named tuples, None, attrs classes and dataclasses with arrays at the leaves"

_MISSING = object()

_LEAVES = frozenset({np.ndarray, np.float64, np.float32, float, int})

#: The dictionaries that are containers (a defaultdict could not be rebuilt from its entries).
_DICTS = (dict, OrderedDict)


def _listed(structure: Structure) -> list[Any]:
    return list(structure.keys) or list(range(len(structure.children)))


def _at(path: str) -> str:
    return f"at {path}: " if path else ""


def children(tree: Tree) -> list[tuple[Any, Any]] | None:
    """The children of a container with their keys, or None where ``tree`` is a leaf."""
    kind = type(tree)
    if kind is tuple or kind is list or (isinstance(tree, tuple) and hasattr(kind, "_fields")):
        return list(enumerate(tree))
    if kind in _DICTS:
        return list(tree.items())
    if tree is None:
        return []
    if is_record(kind):
        return [(field.name, getattr(tree, field.name)) for field in _fields(kind) if not _is_static(field)]
    return None


# -- attrs classes and dataclasses ---------------------------------------------------------------------


def is_record(kind: type) -> bool:
    """True for an attrs class and for a dataclass, whose fields are children."""
    return (attrs.has(kind) or dataclasses.is_dataclass(kind)) and not hasattr(kind, "_fdezero_leaf")


def _fields(kind: type) -> Sequence[Any]:
    """The fields of an attrs class or dataclass; both kinds have a ``name``, ``metadata`` and ``init``."""
    return attrs.fields(kind) if attrs.has(kind) else dataclasses.fields(kind)


def _is_static(field: Any) -> bool:
    return bool(field.metadata.get("static"))


def _fixed(tree: Any) -> tuple[tuple[str, Any], ...]:
    """The static fields that the constructor takes, and their values.

    Raises:
        TypeError: for a field with a leaf that the constructor does not take.
    """
    kind = type(tree)
    for field in _fields(kind):
        if not field.init and not _is_static(field):
            raise TypeError(
                f"{kind.__name__}.{field.name} has init=False, so a tree cannot be rebuilt with another value of it; make it "
                f"static, {_STATIC[attrs.has(kind)]} with init=False, or let a factory function compute it and pass it on"
            )
    return tuple((field.name, getattr(tree, field.name)) for field in _fields(kind) if field.init and _is_static(field))


#: What declares a static field, of a dataclass and of an attrs class.
_STATIC = ('dataclasses.field(metadata={"static": True})', "fdezero.tree.static()")


def _construct(kind: Any, values: dict[str, Any]) -> Any:
    """An object of a class from the values of its fields.

    Raises:
        TypeError: when its constructor does not take them, naming the field if it is a converter that fails.
    """
    fields = {field.name: field for field in _fields(kind)}
    try:
        return kind(**{getattr(fields[name], "alias", None) or name: value for name, value in values.items()})
    except Exception as error:
        raise TypeError(
            f"a {kind.__name__} cannot be rebuilt from its fields: {_failing(fields, values)}: {error}; convert in a factory "
            f"function, or make a field that is no array static, {_STATIC[attrs.has(kind)]}"
        ) from error


def _failing(fields: dict[str, Any], values: dict[str, Any]) -> str:
    """What fails: the converter of a field, or else the constructor."""
    for name, value in values.items():
        converter = getattr(fields[name], "converter", None)
        if converter is not None and not isinstance(converter, attrs.Converter):
            try:
                converter(value)
            except Exception:
                return f"the converter of {name} fails on a {type(value).__name__}"
    return "its constructor fails"


# -- flattening ----------------------------------------------------------------------------------------


def flatten(tree: Tree) -> tuple[list[Any], Structure]:
    """The leaves of a tree, and the structure that puts them back.

    Raises:
        ValueError: for a tree that contains itself.
        TypeError: for an attrs class or dataclass that could not be rebuilt.

    Example:
        >>> flatten([1.0, (2.0, 3.0)])[0]
        [1.0, 2.0, 3.0]
    """
    leaves: list[Any] = []
    try:
        return leaves, _flatten(tree, leaves)
    except RecursionError:
        raise ValueError("the tree contains itself, or is nested deeper than Python's recursion limit") from None


def _flatten(tree: Tree, leaves: list[Any]) -> Structure:
    kind = type(tree)
    if kind in _LEAVES:  # the usual leaves, before the slower tests
        leaves.append(tree)
        return LEAF
    if kind is tuple or kind is list:
        return Structure(kind, (), tuple([_flatten(child, leaves) for child in tree]))
    entries = children(tree)
    if entries is None:
        leaves.append(tree)
        return LEAF
    built = tuple([_flatten(child, leaves) for _, child in entries])
    if kind in _DICTS:
        return Structure(kind, tuple(tree), built)
    if not is_record(kind):
        return Structure(kind, (), built)
    return Structure(kind, tuple(key for key, _ in entries), built, _fixed(tree))


def ravel(tree: Tree) -> tuple[Any, Callable[[Any], Tree]]:
    """A tree of arrays as one vector, and the function that makes a tree of a vector.

    Args:
        tree: any tree; its leaves are arrays or numbers (Boxes too).

    Returns:
        ``(vector, unravel)``: the entries of all leaves, of their common dtype, and a function from a vector
        of that length to a tree with leaves of the original shapes and dtypes.

    Raises:
        ValueError: by ``unravel``, when the vector has another length.

    Example:
        >>> vector, unravel = ravel({"w": np.ones((2, 2)), "b": 3.0})
        >>> vector
        array([1., 1., 1., 1., 3.])
        >>> unravel(2 * vector)["b"]
        np.float64(6.0)
    """
    found, structure = flatten(tree)
    found = [x if hasattr(x, "shape") else np.asarray(x)[()] for x in found]
    ends = np.cumsum([x.size for x in found], dtype=int).tolist()
    length = ends[-1] if ends else 0

    def unravel(vector: Any) -> Tree:
        if vector.shape != (length,):
            raise ValueError(f"unravel takes a vector of {length} numbers; got an array of shape {vector.shape}")
        pieces = [vector[end - x.size : end].reshape(x.shape) for x, end in zip(found, ends, strict=True)]
        pieces = [(p if p.dtype == x.dtype else p.astype(x.dtype)) for p, x in zip(pieces, found, strict=True)]
        return structure.unflatten([p if p.shape else p[()] for p in pieces])

    return (np.concatenate([x.reshape(-1) for x in found]) if found else np.zeros(0)), unravel


def leaves(tree: Tree) -> list[Any]:
    """The leaves of a tree, left to right.

    Example:
        >>> leaves({"a": 1.0, "b": [2.0, None]})
        [1.0, 2.0]
    """
    return flatten(tree)[0]


def map(function: Callable[..., Any], tree: Tree, *others: Tree) -> Tree:  # noqa: A001  # JAX's name for it
    """Apply ``function`` to the leaves of one or several trees of the same structure.

    Raises:
        ValueError: naming the place where another tree's structure differs from the first's.

    Example:
        >>> map(lambda p, g: p - 0.5 * g, {"w": 1.0, "b": 2.0}, {"b": 2.0, "w": 4.0})
        {'w': -1.0, 'b': 1.0}
    """
    first, structure = flatten(tree)
    rest = [structure.flatten_like(other) for other in others]
    return structure.unflatten([function(*entry) for entry in zip(first, *rest, strict=True)])
