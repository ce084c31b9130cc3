"""Fusion: from a program to groups of instructions, each of which runs as one loop nest, or one call.

A value is made *in memory* only where a later group needs it; within a group it stays in a register.  What moves no
entry (`Reshape`, `Transpose`, `Broadcast`, `Slice`) is no instruction here but a `View` of what is in memory.

The level of an instruction is the length of the longest chain of groups before it: an operand that is made entry by
entry over the same space costs no step, any other one costs one.  Instructions of one level and one space
form a group: that is the largest fusion that respects the dependencies, and takes linear time.  Axes of length
1 count for nothing, so that shapes (n,), (n, 1) and (1, n) are one space and (), (1,) and (1, 1) are scalars.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import attrs
import numpy as np

from .program import Cast, Map, Matmul, Program, Reduce, Scatter, Type
from .views import VIEWS, View, apply, broadcast, contiguous, is_whole, rows, sliced, squeezed, whole


class Fold(NamedTuple):
    """A reduction of its operand over the axes of the space that ``kept`` lacks."""

    ufunc: Any
    kept: tuple[int, ...]


class Add(NamedTuple):
    """The operand is added to entries of a value that began as zeros; or put there, where nothing else is."""

    target: View
    put: bool


class Node(NamedTuple):
    """What one member of a group does: ``value = operation(*operands)`` over a space without axes of length 1.

    An operation is a `Map` or a `Cast` (entry by entry), a `Fold`, an `Add` (which has no value of its own: its
    ``value`` is the target) or a `Matmul`; an operand is a view of the space's shape.
    """

    value: int
    operation: Any
    operands: tuple[View, ...]
    space: tuple[int, ...]


@attrs.frozen(eq=False)
class Group:
    """Nodes over one space, in order; ``cleared`` are the values to be filled before: with zeros, or as given."""

    space: tuple[int, ...]
    nodes: tuple[Node, ...]
    cleared: tuple[tuple[int, Any], ...] = ()


@attrs.frozen(eq=False)
class Fused:
    """A program as groups.

    ``types`` are those of all values, new ones included.  ``outputs`` and ``guards`` are numbers of values made here
    (in the order of the program's), no two outputs the same; ``stored`` are those needed outside their group.
    """

    types: Mapping[int, Type]
    inputs: tuple[int, ...]
    constants: Mapping[int, Any]
    groups: tuple[Group, ...]
    outputs: tuple[int, ...]
    guards: tuple[int, ...]
    stored: frozenset[int]


#: A group of more members is cut: what runs it has no more registers, and compiles longer.
LIMIT = 96


#: Says of a product of m x k and k x n matrices whether it is a node of its own, a `Matmul`.
Whole = Callable[[int, int, int, "np.dtype[Any]"], bool]


def fuse(program: Program, whole_product: Whole = lambda m, k, n, dtype: True, limit: int = LIMIT) -> Fused:
    """Group the instructions of a lowered program that has no `Apply`.

    A product that is no node of its own becomes what it means, a multiplication of entries and their sum.

    Example:
        >>> vector, number = Type((3,), np.dtype(float)), Type((), np.dtype(float))
        >>> from fdezero.jit.program import Instruction
        >>> square = Instruction(Map(np.square), (0,), (1,))
        >>> total = Instruction(Reduce(np.add, (0,)), (1,), (2,))
        >>> root = Instruction(Map(np.sqrt), (2,), (3,))
        >>> types = {0: vector, 1: vector, 2: number, 3: number}
        >>> fused = fuse(Program(types, (0,), {}, (square, total, root), (3,)))
        >>> [(group.space, [node.value for node in group.nodes]) for group in fused.groups]
        [((3,), [1, 2]), ((), [3])]
        >>> sorted(fused.stored)
        [2, 3]
    """
    builder = _Builder(program, whole_product)
    builder.run()
    groups = _groups(builder, limit)
    stored = _stored(groups, builder)
    return Fused(
        builder.types,
        program.inputs,
        program.constants,
        groups,
        tuple(builder.outputs),
        tuple(guard.value for guard in program.guards),
        stored,
    )


class _Builder:
    """Nodes with their levels, made instruction by instruction."""

    def __init__(self, program: Program, whole_product: Whole) -> None:
        self.program, self.whole_product = program, whole_product
        self.types = dict(program.types)
        self.fresh = itertools.count(max(self.types, default=-1) + 1)
        self.leaves = {*program.inputs, *program.constants}
        self.views = {i: whole(i, self.types[i].shape) for i in self.leaves}
        self.views |= {i: _of_constant(i, value) for i, value in program.constants.items()}
        self.level = dict.fromkeys(self.leaves, -1)  # of a value: that of the group after which it is in memory
        self.loops: dict[int, tuple[int, ...]] = {}  # values made entry by entry, with their spaces
        self.nodes: list[Node] = []
        self.levels: list[int] = []  # of the nodes
        self.cleared: dict[int, Any] = {}
        self.outputs: list[int] = []

    def run(self) -> None:
        for each in self.program.instructions:
            operation, out = each.operation, each.outputs[0]
            views = [self.views[i] for i in each.operands]
            if isinstance(operation, VIEWS):
                view = apply(operation, views[0])
                if view is None:  # a reshape of what is not in its order
                    view = apply(operation, self.copy(views[0]))
                assert view is not None
                self.views[out] = view
                continue
            self.views[out] = whole(out, self.types[out].shape)
            self.instruction(operation, out, views)
        for i in self.program.outputs:
            view = self.views[i]
            taken = view.base in self.leaves or view.base in self.outputs
            if taken or view.shape != self.types[view.base].shape or not is_whole(view, view.shape):
                view = self.copy(view)
            self.outputs.append(view.base)
        for guard in self.program.guards:
            if self.views[guard.value].base != guard.value:
                raise ValueError("A guard's value must be made by an instruction.")

    def instruction(self, operation: Any, out: int, views: Sequence[View]) -> None:
        shape = self.types[out].shape
        match operation:
            case Map() | Cast():
                self.elementwise(operation, out, [broadcast(view, shape) for view in views])
            case Reduce(ufunc, axes):
                self.reduce(ufunc, axes, out, views[0])
            case Scatter(slices, shape, _, disjoint):
                self.level[out] = -1
                targets = [sliced(whole(out, shape), each.parts) for each in slices]
                if not disjoint or sum(math.prod(each.shape) for each in targets) < math.prod(shape):
                    self.cleared[out] = 0
                for target, view in zip(targets, views, strict=True):
                    self.add(target, broadcast(view, target.shape), disjoint)
            case Matmul():
                self.product(operation, out, views[0], views[1])
            case _:
                raise TypeError(f"{operation.name} belongs to no group")

    def elementwise(self, operation: Any, out: int, views: Iterable[View]) -> None:
        views = tuple([squeezed(view) for view in views])
        space = views[0].shape
        self.loops[out] = space
        self.node(self.before(views, space), Node(out, operation, views, space))

    def reduce(self, ufunc: Any, axes: Sequence[int], out: int, view: View) -> None:
        reduced = {axis % len(view.shape) for axis in axes if view.shape[axis] != 1}
        left = [i for i, n in enumerate(view.shape) if n != 1]
        kept = tuple(k for k, i in enumerate(left) if i not in reduced)
        operand = squeezed(view)
        if len(kept) == len(operand.shape):
            self.elementwise(Cast(self.types[out].dtype), out, [operand])
        elif math.prod(operand.shape) == 0:
            self.cleared[out], self.level[out] = ufunc.identity, -1
        else:
            self.node(self.before([operand], operand.shape), Node(out, Fold(ufunc, kept), (operand,), operand.shape))

    def product(self, operation: Matmul, out: int, x: View, y: View) -> None:
        type_, (m, k), n = self.types[out], x.shape[-2:], y.shape[-1]
        if self.whole_product(m, k, n, type_.dtype):
            views = tuple(view if rows(view) else self.copy(view) for view in (x, y))
            self.node(self.before(views), Node(out, operation, views, type_.shape))
            return
        space = (*type_.shape[:-2], m, k, n)
        x = broadcast(x._replace(shape=(*x.shape, 1), strides=(*x.strides, 0)), space)
        lead, tail = len(y.shape) - 2, y.strides[-2:]
        y = View(y.base, y.offset, (*y.shape[:lead], 1, k, n), (*y.strides[:lead], 0, *tail))
        entries = next(self.fresh)
        self.types[entries] = Type(space, type_.dtype)
        self.views[entries] = whole(entries, space)
        self.elementwise(Map(np.multiply), entries, [x, broadcast(y, space)])
        self.reduce(np.add, (len(space) - 2,), out, self.views[entries])

    def add(self, target: View, view: View, put: bool) -> None:
        target, view = squeezed(target), squeezed(view)
        self.node(self.before([view], view.shape), Node(target.base, Add(target, put), (view,), view.shape))

    def copy(self, view: View) -> View:
        """The entries of a view as a value of their own."""
        out = next(self.fresh)
        self.types[out] = Type(view.shape, self.types[view.base].dtype)
        self.views[out] = whole(out, view.shape)
        self.elementwise(Cast(self.types[out].dtype), out, [view])
        return self.views[out]

    def before(self, views: Iterable[View], space: tuple[int, ...] | None = None) -> int:
        """The level of a node: that of operands it shares a loop with, one more than that of others."""
        level = 0
        for view in views:
            shared = space is not None and self.loops.get(view.base) == space and is_register(view)
            level = max(level, self.level[view.base] + (0 if shared else 1))
        return level

    def node(self, level: int, node: Node) -> None:
        self.nodes.append(node)
        self.levels.append(level)
        self.level[node.value] = max(level, self.level.get(node.value, -1))


def is_register(view: View) -> bool:
    """Whether a view over a loop's space names, at each step, the entry that this step of the loop made."""
    return view.offset == 0 and (not view.shape or view.strides == contiguous(view.shape))


def _of_constant(number: int, value: Any) -> View:
    """A view with the array's own strides: it is read where it lies."""
    if not isinstance(value, np.ndarray):
        return whole(number, ())
    strides = tuple(step // value.itemsize for step in value.strides)
    return View(number, 0, value.shape, strides)


def _groups(builder: _Builder, limit: int) -> tuple[Group, ...]:
    gathered: dict[Any, list[Node]] = {}
    for level, node in zip(builder.levels, builder.nodes, strict=True):
        alone = node.value if isinstance(node.operation, Matmul) else None
        gathered.setdefault((level, node.space, alone), []).append(node)
    pieces: list[tuple[tuple[int, ...], list[Node]]] = []
    for (_, space, _), nodes in sorted(gathered.items(), key=lambda item: item[0][0]):
        pieces += [(space, piece) for piece in _pieces(nodes, limit)]
    cleared: set[int] = set()
    groups = []
    for space, nodes in pieces:
        new = [node.value for node in nodes if node.value in builder.cleared and node.value not in cleared]
        new = list(dict.fromkeys(new))
        cleared.update(new)
        groups.append(Group(space, tuple(nodes), tuple((value, builder.cleared[value]) for value in new)))
    rest = [(value, fill) for value, fill in builder.cleared.items() if value not in cleared]
    first = [Group((), (), tuple(rest))] if rest else []
    return (*first, *groups)


def _pieces(nodes: Sequence[Node], limit: int) -> Iterable[list[Node]]:
    """Pieces of about ``limit`` nodes; what is reduced stays with its reduction."""
    start = 0
    while start < len(nodes):
        stop = start + limit
        made = {node.value for node in nodes[start:stop]} if stop < len(nodes) else ()
        while stop < len(nodes) and nodes[stop].space and _takes(nodes[stop], made):
            stop += 1
        yield list(nodes[start:stop])
        start = stop


def _takes(node: Node, made: Container[int]) -> bool:
    return isinstance(node.operation, Fold | Add) and node.operands[0].base in made


def _stored(groups: Sequence[Group], builder: _Builder) -> frozenset[int]:
    stored = {*builder.outputs, *(guard.value for guard in builder.program.guards)}
    for group in groups:
        stored.update(value for value, _ in group.cleared)
        here: set[int] = set()
        for node in group.nodes:
            for view in node.operands:
                if not (view.base in here and is_register(view)):
                    stored.add(view.base)
            if isinstance(node.operation, Map | Cast):
                here.add(node.value)
            else:
                stored.add(node.value)
    return frozenset(stored - builder.leaves)
