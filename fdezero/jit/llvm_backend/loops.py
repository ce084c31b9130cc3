"""A group as a loop nest: loads, what is done to each entry, stores, reductions."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from ..fuse import Add, Fold, Group, Node, is_register
from ..views import View, contiguous
from . import elementwise, folds
from .code import Kind, of, splat, vector
from .nests import Axis, Piece, axes, ordered, pieces

if TYPE_CHECKING:
    from fdezero.jit.llvm_backend.kernel import Function

#: Steps of a reduction before its sums are added to those of the steps before: keeps the rounding of long sums small.
BLOCK = 64
#: Registers of which a step handles the entries: they hide each other's latencies.
UNROLL = 4
#: Bytes of the rows that sums down columns go through at a time.
ROWS = 16384


def scalars(f: Function, group: Group) -> None:
    """A group of numbers: registers, one instruction after the other."""
    for node in group.nodes:
        values = [f.number(view) for view in node.operands]
        k = f.kind(node.value)
        match node.operation:
            case Add(target, put):
                at = f.address(target.base, str(target.offset))
                new = values[0] if put else folds.combine(f.code, np.add, k, 1, f.read(at, k, 1), values[0])
                f.write(new, at, k, 1)
            case Fold():
                f.define(node.value, values[0])
            case operation:
                kinds = [f.kind(view.base) for view in node.operands]
                f.define(node.value, elementwise.emit(f.code, operation, kinds, k, 1, values))


def loop(f: Function, group: Group) -> None:
    """A group over entries."""
    if math.prod(group.space):
        Nest(f, group).emit()


@attrs.frozen
class Access:
    """Where a loop reads or writes: a base, an offset, a stride for each axis of the space."""

    base: int
    offset: int
    strides: tuple[int, ...]


@attrs.define
class Sum:
    """A reduction of the nest: its access, and how many of the loops lie outside its accumulators."""

    access: int
    ufunc: Any
    kind: Kind
    depth: int = 0
    partial: bool = False  # a loop outside the accumulators is reduced too


class Nest:
    """The text of one group's loops."""

    def __init__(self, f: Function, group: Group) -> None:
        self.f, self.code, self.group = f, f.code, group
        self.accesses: list[Access] = []
        self.loads: dict[View, int] = {}
        self.stores: list[tuple[int, Node]] = []  # entries of a value
        self.sums: list[tuple[Sum, Node]] = []
        self.adds: list[tuple[int, Node]] = []
        self._find()
        written = [k for k, _ in self.stores] + [k for k, _ in self.adds] + [s.access for s, _ in self.sums]
        found = axes(group.space, [access.strides for access in self.accesses])
        self.axes = ordered(found, written)
        self.deep: Axis | None = None
        self._place_sums()
        self.totals: dict[int, str] = {}  # accumulators as they stand, by access
        self.fixed: dict[int, str] = {}  # loads that no loop moves

    # -- what the group reads and writes

    def _find(self) -> None:
        here: set[int] = set()
        stored = self.f.stored
        for node in self.group.nodes:
            for view in node.operands:
                if not (view.base in here and is_register(view)) and view not in self.loads:
                    self.loads[view] = self._access(view.base, view.offset, view.strides)
            match node.operation:
                case Fold(ufunc, kept):
                    sizes = contiguous(tuple([node.space[i] for i in kept]))
                    strides = [0] * len(node.space)
                    for i, step in zip(kept, sizes, strict=True):
                        strides[i] = step
                    access = self._access(node.value, 0, tuple(strides))
                    self.sums.append((Sum(access, ufunc, self.f.kind(node.value)), node))
                case Add(target, _):
                    self.adds.append((self._access(target.base, target.offset, target.strides), node))
                case _:
                    here.add(node.value)
                    if node.value in stored:
                        self.stores.append((self._access(node.value, 0, contiguous(node.space)), node))

    def _access(self, base: int, offset: int, strides: tuple[int, ...]) -> int:
        self.accesses.append(Access(base, offset, strides))
        return len(self.accesses) - 1

    def _place_sums(self) -> None:
        """Say of each sum where its accumulators begin; find the axis to sum along inside the vectors, if there is one.

        That is an axis along which all sums go, where the vectors go along one that all of them keep: the
        accumulators are then registers, one entry of the sum a lane, and nothing is added up across lanes.
        """
        along = self.axes[-1]
        if self.sums and all(along.strides[each.access] for each, _ in self.sums):
            common = [axis for axis in self.axes[:-1] if not any(axis.strides[each.access] for each, _ in self.sums)]
            if common:
                self.deep = common[-1]
                self.axes.remove(self.deep)
        for each, _ in self.sums:
            kept = [i for i, axis in enumerate(self.axes) if axis.strides[each.access]]
            each.depth = kept[-1] + 1 if kept else 0
            each.partial = any(not axis.strides[each.access] for axis in self.axes[: each.depth])

    # -- the loops

    def emit(self) -> None:
        self.unit, self.width, self.least = self._widths()
        self.lanes = self.width  # of the accumulators
        for view, k in self.loads.items():
            if not any(view.strides):
                self.fixed[k] = self.f.number(view)
        offsets = [str(access.offset) for access in self.accesses]
        if self.deep is not None:
            self._columns(self.deep, offsets)
            return
        for each, node in self.sums:
            if each.partial or each.depth == len(self.axes):
                self.f.fill(node.value, folds.identity(each.ufunc, each.kind))
        self._axis(0, offsets)

    def _columns(self, deep: Axis, offsets: list[str]) -> None:
        """The nest for sums down columns, a block of rows at a time: as many as stay in the nearest cache."""
        width = self.axes[-1].length * max(each.kind.itemsize for each, _ in self.sums)
        block = min(deep.length, max(8, ROWS // width))
        whole, rest = divmod(deep.length, block)
        for each, node in self.sums:
            each.partial = each.partial or whole > 1 or rest > 0
            if each.partial:
                self.f.fill(node.value, folds.identity(each.ufunc, each.kind))
        axes, steps = self.axes, tuple(step * block for step in deep.strides)
        self.deep, self.axes = Axis(block, deep.strides), [Axis(whole, steps), *axes]
        self._axis(0, offsets)
        if rest:
            self.deep, self.axes = Axis(rest, deep.strides), axes
            self._axis(0, [self._moved(o, str(whole), step) for o, step in zip(offsets, steps, strict=True)])

    def _widths(self) -> tuple[int, int, int]:
        """The lanes of a register, those that one step handles (more where there is room for it), and the fewest.

        A vector of less than 16 bytes is no machine's: LLVM would fill it up, and what it computes in the other lanes
        raises flags.
        """
        nodes, inner = self.group.nodes, self.axes[-1]
        kinds = {self.f.kind(i) for node in nodes for i in (node.value, *[view.base for view in node.operands])}
        least = max([16 // k.itemsize for k in kinds if k.sort == "f"], default=2)
        unit = max(least, self.f.target.vector_bytes // max([k.itemsize for k in kinds]))
        strided = any(abs(step) > 1 or step < 0 for step in inner.strides)
        return unit, unit * (1 if strided else UNROLL), least

    def _axis(self, depth: int, offsets: list[str]) -> None:
        """The loops from one axis inward, at offsets that the loops outside have made."""
        axis, inner = self.axes[depth], depth == len(self.axes) - 1
        opened = [each for each, _ in self.sums if each.depth == depth and self.deep is None]
        for each in opened:
            self._begin(each)
        self._steps(depth, axis, offsets, inner)
        for each in opened:
            self._close(each, offsets[each.access])

    def _begin(self, each: Sum) -> None:
        self.totals[each.access] = self._neutral(each)

    def _neutral(self, each: Sum) -> str:
        return splat(folds.identity(each.ufunc, each.kind), each.kind, self.lanes)

    def _close(self, each: Sum, offset: str) -> None:
        """Join the lanes of an accumulator and put the sum where it belongs."""
        k, access = each.kind, self.accesses[each.access]
        total = folds.across(self.code, each.ufunc, k, self.width, self.totals.pop(each.access))
        if each.depth == 0:
            self.f.define(access.base, total)
            return
        at = self.f.address(access.base, offset)
        if each.partial:
            total = folds.combine(self.code, each.ufunc, k, 1, self.f.read(at, k, 1), total)
        self.f.write(total, at, k, 1)

    def _live(self) -> list[Sum]:
        return [each for each, _ in self.sums if each.access in self.totals]

    def _sub(self, start: int, stop: int, step: int, body: Callable[[str], None]) -> None:
        """A loop with accumulators of its own, added to those outside at its end."""
        live = self._live()
        if start + step >= stop:
            body(str(start))
            return
        before = {each.access: self.totals[each.access] for each in live}
        first = [(vector(each.kind.register, self.lanes), self._neutral(each)) for each in live]

        def run(i: str, carried: list[str]) -> list[str]:
            for each, value in zip(live, carried, strict=True):
                self.totals[each.access] = value
            body(i)
            return [self.totals[each.access] for each in live]

        ends = self.code.loop(start, stop, step, first, run)
        for each, end in zip(live, ends, strict=True):
            old = before[each.access]
            fresh = old.startswith("splat") or not old.startswith("%")
            self.totals[each.access] = end if fresh else folds.combine(self.code, each.ufunc, each.kind, self.lanes, old, end)

    def _steps(self, depth: int, axis: Axis, offsets: list[str], inner: bool) -> None:
        if not inner:
            def row(i: str) -> None:
                self._axis(depth + 1, [self._moved(o, i, step) for o, step in zip(offsets, axis.strides, strict=True)])

            self._sub(0, axis.length, 1, row)
            return
        if self.deep is not None:
            for piece in pieces(axis.length, self.width, self.unit, self.least):
                self.code.loop(piece.start, piece.stop, piece.width, (), partial(self._column, piece, axis, offsets))
            return
        self.rows = [self._row(k, offsets[k]) for k in range(len(self.accesses))]
        for piece in pieces(axis.length, self.width, self.unit, self.least):
            steps = (piece.stop - piece.start) // piece.width
            whole = steps // BLOCK if self._live() else 0
            if whole > 1:
                size = BLOCK * piece.width

                def block(start: str, piece: Piece = piece, size: int = size) -> None:
                    def step(i: str) -> None:
                        self._body(piece, axis, self.code.put(f"add nuw nsw i64 {start}, {i}"))

                    self._sub(0, size, piece.width, step)

                self._sub(piece.start, piece.start + whole * size, size, block)
                piece = piece._replace(start=piece.start + whole * size)
            if piece.start < piece.stop:
                self._sub(piece.start, piece.stop, piece.width, partial(self._body, piece, axis))

    def _column(self, piece: Piece, axis: Axis, offsets: list[str], i: str, _: list[str]) -> list[str]:
        """Sums down one vector's width of columns."""
        assert self.deep is not None
        deep, self.lanes = self.deep, piece.width
        for each, _node in self.sums:
            self._begin(each)

        def row(k: str) -> None:
            moved = [self._moved(o, k, step) for o, step in zip(offsets, deep.strides, strict=True)]
            self.rows = [self._row(k, offset) for k, offset in enumerate(moved)]
            self._body(piece, axis, i)

        self._sub(0, deep.length, 1, row)
        for each, _node in self.sums:
            total, k, step = self.totals.pop(each.access), each.kind, axis.strides[each.access]
            start = self.f.address(self.accesses[each.access].base, offsets[each.access])
            at = self.f.moved(start, self._moved("0", i, step), k)
            if each.partial:
                total = self._masked(piece, k, total, self._neutral(each))
                total = folds.combine(self.code, each.ufunc, k, piece.width, self.f.read(at, k, piece.width, step), total)
            self.f.write(total, at, k, piece.width, step)
        return []

    def _moved(self, offset: str, i: str, step: int) -> str:
        if step == 0 or i == "0":
            return offset
        if i.isdigit():
            i = str(int(i) * step)
        elif step != 1:
            i = self.code.put(f"mul nsw i64 {i}, {step}")
        if offset == "0":
            return i
        if _is_number(offset) and _is_number(i):
            return str(int(offset) + int(i))
        return self.code.put(f"add nsw i64 {offset}, {i}")

    def _row(self, k: int, offset: str) -> str:
        idle = k in self.fixed or any(each.access == k and self._is_register(each) for each, _ in self.sums)
        return "" if idle else self.f.address(self.accesses[k].base, offset)

    # -- one step of the innermost loop

    def _body(self, piece: Piece, axis: Axis, i: str) -> None:
        w, f = piece.width, self.f
        made: dict[int, str] = {}
        loaded: dict[int, str] = {}
        sums = {id(node): each for each, node in self.sums}
        adds = {id(node): access for access, node in self.adds}

        def value(view: View) -> str:
            if view.base in made and is_register(view):
                return made[view.base]
            k = self.loads[view]
            if k not in loaded:
                loaded[k] = self._load(k, axis.strides[k], i, w, of_(view))
            return loaded[k]

        def of_(view: View) -> Kind:
            return f.kind(view.base)

        for node in self.group.nodes:
            values = [value(view) for view in node.operands]
            if id(node) in sums:
                self._fold(sums[id(node)], piece, axis, i, values[0])
            elif id(node) in adds:
                k = adds[id(node)]
                if node.operation.put:
                    f.write(values[0], self._at(k, axis.strides[k], i), f.kind(node.value), w, axis.strides[k])
                    continue
                self._accumulate(np.add, of(f.types[node.value].dtype), k, piece, axis.strides[k], i, values[0])
            else:
                kinds = [of_(view) for view in node.operands]
                made[node.value] = elementwise.emit(self.code, node.operation, kinds, f.kind(node.value), w, values)
        for k, node in self.stores:
            f.write(made[node.value], self._at(k, axis.strides[k], i), f.kind(node.value), w, axis.strides[k])

    def _at(self, k: int, step: int, i: str) -> str:
        of_ = self.f.kind(self.accesses[k].base)
        return self.f.moved(self.rows[k], self._moved("0", i, step), of_)

    def _load(self, k: int, step: int, i: str, w: int, kind: Kind) -> str:
        if k in self.fixed:
            return self.f.spread(self.fixed[k], kind, w)
        if step == 0:
            return self.f.spread(self.f.read(self.rows[k], kind, 1), kind, w)
        return self.f.read(self._at(k, step, i), kind, w, step)

    def _fold(self, each: Sum, piece: Piece, axis: Axis, i: str, value: str) -> None:
        if not self._is_register(each):
            self._accumulate(each.ufunc, each.kind, each.access, piece, axis.strides[each.access], i, value)
            return
        w, k = piece.width, each.kind
        fill = splat(folds.identity(each.ufunc, k), k, w)
        if self.deep is None:  # else whole sums are masked
            value = self._masked(piece, k, value, fill)
        if w < self.lanes:
            lanes = [*range(w), *[w] * (self.lanes - w)]
            t = vector(k.register, w)
            if w == 1:
                t, one = f"<1 x {k.register}>", value
                value = self.code.put(f"insertelement {t} poison, {k.register} {one}, i32 0")
                fill = f"splat ({k.register} {fill})"
            order = ", ".join(f"i32 {lane}" for lane in lanes)
            value = self.code.put(f"shufflevector {t} {value}, {t} {fill}, <{self.lanes} x i32> <{order}>")
        old = self.totals[each.access]
        self.totals[each.access] = folds.combine(self.code, each.ufunc, k, self.lanes, old, value)

    def _is_register(self, each: Sum) -> bool:
        """Whether the accumulators of a sum are registers, not memory."""
        return self.deep is not None or each.depth < len(self.axes)

    def _accumulate(self, ufunc: Any, k: Kind, access: int, piece: Piece, step: int, i: str, value: str) -> None:
        """Add to what is in memory."""
        at, w = self._at(access, step, i), piece.width
        value = self._masked(piece, k, value, splat(folds.identity(ufunc, k), k, w))
        old = self.f.read(at, k, w, step)
        self.f.write(folds.combine(self.code, ufunc, k, w, old, value), at, k, w, step)

    def _masked(self, piece: Piece, k: Kind, value: str, fill: str) -> str:
        """The value with the lanes that were done before replaced by what changes nothing."""
        if not piece.done:
            return value
        lanes = ", ".join(f"i1 {'false' if lane < piece.done else 'true'}" for lane in range(piece.width))
        return elementwise.select(self.code, piece.width, f"<{lanes}>", k, value, fill)


def _is_number(text: str) -> bool:
    return not text.startswith("%")


