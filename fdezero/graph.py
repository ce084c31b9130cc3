"""The graph: boxes, variables, nodes and the tape; generations and the topological sort.

`Box` is step 1 of the book, a value in a box.  `Variable` is the Box of reverse mode.  Each
application of a primitive to a Variable makes one `Node`.  All of them are frozen attrs classes:
a child points to its parents, nothing can be assigned later, so no cycle can ever be built, and the
moment the last reference goes the whole graph is freed by reference counting alone.

What may not stand here is a derivative: a Node knows *which* primitive made it, and the primitive
(see `primitives.py`) knows the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from operator import attrgetter
from typing import Any

import attrs
import numpy as np

from . import show
from .boxes import NO_PARAMS, ArrayLike
from .recording import Level, quiet_level

#: An ndarray, a NumPy scalar, or a Box of some transform around this one.
Array = Any

#: The static parameters of a primitive call: ``axis``, ``index`` and the like.
Params = Mapping[str, Any]


@attrs.frozen(eq=False, repr=False)
class Box(ArrayLike):
    """A value in a box: what a transform passes into the user's function instead of an array.

    An interpreter (reverse mode, forward mode, batching, a counter of operations ...) is a subclass
    with one method, `apply`, which says what becomes of a primitive called on its boxes.
    """

    _value: Array
    level: Level

    @property
    def value(self) -> Array:
        """What is inside, read-only: an ndarray, a NumPy scalar, or a Box of an outer transform."""
        value = self._value
        if type(value) is np.ndarray and value.flags.writeable:
            value = value.view()
            value.flags.writeable = False
        return value

    @property
    def shape(self) -> tuple[int, ...]:
        return self._value.shape  # type: ignore[no-any-return]  # to mypy an Array is anything

    @property
    def dtype(self) -> np.dtype[Any]:
        return self._value.dtype  # type: ignore[no-any-return]  # likewise

    @property
    def parts(self) -> tuple[Any, ...]:
        """Everything inside that came of arithmetic: the value, and what an interpreter carries along with it."""
        return (self._value,)

    def apply(self, primitive: Any, args: tuple[Any, ...], params: Params) -> Any:
        """What becomes of ``primitive(*args, **params)`` when this Box has the highest level.

        ``args`` may hold arrays, boxes of this level and boxes of lower ones; an implementation
        unwraps its own, calls the primitive on what was inside, and wraps the result.
        """
        raise NotImplementedError(f"{type(self).__name__} does not say what a primitive call means")

    def apply_unary(self, primitive: Any, x: Any, params: Params) -> Any:
        """`apply` to this Box alone; an interpreter in a hurry may override it."""
        return self.apply(primitive, (x,), params)

    def apply_binary(self, primitive: Any, x: Any, y: Any, params: Params) -> Any:
        """`apply` to two arguments; an interpreter in a hurry may override it."""
        return self.apply(primitive, (x, y), params)

    def unwrap(self, arg: Any) -> Any:
        """What is inside ``arg`` if it is a box of this level; ``arg`` itself otherwise."""
        return arg._value if isinstance(arg, Box) and arg.level == self.level else arg

    def escaped(self) -> RuntimeError:
        """What to raise when this Box is used and its transform's run is over."""
        return RuntimeError(
            f"this {type(self).__name__} has escaped: the transform that made it has returned, and its derivative is lost. "
            "Return it from the function instead of storing it (has_aux=True passes it through), or store "
            "stop_gradient(x)"
        )

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.value!r}, shape={self.shape})"


@attrs.define(eq=False, repr=False, init=False)
class _NodeDraft:
    """A Node that is being filled in.

    A frozen attrs class assigns its fields through ``object.__setattr__``, 570 ns for seven of them.
    `_recorded` fills a draft by plain assignment and then declares it to be a Node, after which
    nothing can be assigned to it: 130 ns, and a node is made for every operation.
    """

    primitive: Any
    parents: tuple[Node | None, ...]
    params: Params
    residuals: tuple[Any, ...]
    generation: int
    shape: tuple[Any, ...]
    dtype: Any


@attrs.frozen(eq=False, repr=False)
class Node(_NodeDraft):
    """One application of a primitive, recorded.

    ``parents`` has an entry for each array argument: the Node that made it, or None where the
    argument was a constant.  ``residuals`` are just those arrays that the pullback needs: an entry
    for each argument and one for the output, None where it is not needed.  ``generation`` is 0 for an
    input and 1 + the largest generation among the parents otherwise.  ``shape`` and ``dtype`` are the
    output's (for a primitive with several outputs, a tuple of each).
    """

    def __repr__(self) -> str:
        return f"Node({self.primitive.name}, shape={self.shape}, generation={self.generation})"


class _VariableDraft(Box):
    """A Variable that is being filled in; see `_NodeDraft`.

    Both methods of assignment must go back to the plain ones: with either of Box's two left, every
    assignment takes a Python call's way round, 300 ns in all.
    """

    __slots__ = ("node",)
    __init__ = object.__init__
    __setattr__ = object.__setattr__
    __delattr__ = object.__delattr__


@attrs.frozen(eq=False, repr=False)
class Variable(_VariableDraft):
    """The Box of reverse mode: a value, the transform's level, and the Node that made it."""

    node: Node

    @property
    def generation(self) -> int:
        return self.node.generation

    def apply(self, primitive: Any, args: tuple[Any, ...], params: Params) -> Any:
        if primitive.variadic is None:
            if len(args) == 1:
                return self.apply_unary(primitive, args[0], params)
            if len(args) == 2:
                return self.apply_binary(primitive, *args, params)
        values = tuple(map(self.unwrap, args))
        out = primitive(*values, **params)
        level = self.level
        if primitive.constant or level <= quiet_level.get():
            return out
        if level.over:
            raise self.escaped()
        parents = tuple(
            a.node if isinstance(a, Variable) and a.level == level and primitive.differentiable(i) else None
            for i, a in enumerate(args)
        )
        if not any(parents):
            return out
        residuals = primitive.residuals_of(values, out, tuple(p is not None for p in parents))
        generation = 1 + max(p.generation for p in parents if p is not None)
        return _recorded(primitive, parents, params, residuals, generation, out, level)

    # The hot path of the forward pass: one and two arguments are spelled out, a plain value goes
    # straight to NumPy.
    def apply_unary(self, primitive: Any, x: Any, params: Params) -> Any:
        x = self._value
        if isinstance(x, Box):
            out = primitive(x, **params)
        else:
            out = primitive.function(x, **params) if params else primitive.function(x)
        level = self.level
        if primitive.constant or level <= quiet_level.get():
            return out
        if level.over:
            raise self.escaped()
        keep_x, keep_out = primitive.keep[1]
        node = self.node
        residuals = (x if keep_x else None, out if keep_out else None) if keep_x or keep_out else _NOTHING_OF_ONE
        return _recorded(primitive, (node,), params, residuals, node.generation + 1, out, level)

    def apply_binary(self, primitive: Any, x: Any, y: Any, params: Params) -> Any:
        level = self.level
        x_node = y_node = None
        if x.__class__ is Variable and x.level == level:
            x_node = x.node
            x = x._value
        if y.__class__ is Variable and y.level == level:
            y_node = y.node
            y = y._value
        if isinstance(x, Box) or isinstance(y, Box):
            out = primitive(x, y, **params)
        else:
            out = primitive.function(x, y, **params) if params else primitive.function(x, y)
        if primitive.constant or level <= quiet_level.get():
            return out
        if level.over:
            raise self.escaped()
        if primitive.partly_constant:
            rule_x, rule_y = primitive.rules
            x_node, y_node = x_node if rule_x else None, y_node if rule_y else None
        if y_node is None:
            if x_node is None:
                return out
            keep_x, keep_y, keep_out = primitive.keep[1]
            generation = x_node.generation + 1
        elif x_node is None:
            keep_x, keep_y, keep_out = primitive.keep[2]
            generation = y_node.generation + 1
        else:
            keep_x, keep_y, keep_out = primitive.keep[3]
            generation = 1 + (x_node.generation if x_node.generation > y_node.generation else y_node.generation)
        if keep_x or keep_y or keep_out:
            residuals = (x if keep_x else None, y if keep_y else None, out if keep_out else None)
        else:
            residuals = _NOTHING_OF_TWO
        return _recorded(primitive, (x_node, y_node), params, residuals, generation, out, level)

    def __repr__(self) -> str:
        return f"Variable({self.value!r}, shape={self.shape}, generation={self.generation})"


#: Residuals of which nothing is kept: shared, for every tuple is one more thing for the garbage
#: collector to look at, which takes as long as all the rest in a graph of a million nodes.
_NOTHING_OF_ONE, _NOTHING_OF_TWO = (None, None), (None, None, None)


def _recorded(
    primitive: Any,
    parents: tuple[Node | None, ...],
    params: Params,
    residuals: tuple[Any, ...],
    generation: int,
    out: Any,
    level: int,
) -> Any:
    """The outcome of a primitive call in a Variable with a Node of its own."""
    if primitive.multiple:
        return _unpacked(primitive, parents, params, residuals, generation, out, level)
    node: Any = _NodeDraft()
    node.primitive = primitive
    node.parents = parents
    node.params = params
    node.residuals = residuals
    node.generation = generation
    node.shape = out.shape
    node.dtype = out.dtype
    node.__class__ = Node
    variable: Any = _VariableDraft()
    variable._value = out
    variable.level = level
    variable.node = node
    variable.__class__ = Variable
    return variable


def input_variable(primitive: Any, value: Array, level: int) -> Any:
    """A Variable of generation 0."""
    return _recorded(primitive, (), NO_PARAMS, (), 0, value, level)


def _unpacked(
    primitive: Any,
    parents: tuple[Node | None, ...],
    params: Params,
    residuals: tuple[Any, ...],
    generation: int,
    outs: tuple[Any, ...],
    level: int,
) -> tuple[Any, ...]:
    """Several outcomes: one Node for the call, and one for each that picks it out."""
    shapes, dtypes = zip(*((out.shape, out.dtype) for out in outs), strict=True)
    node = Node(primitive, parents, params, residuals, generation, shapes, dtypes)
    return tuple(
        _recorded(primitive.output, (node,), {"index": i}, (), generation + 1, out, level)
        if out.dtype.kind in "fc"
        else out
        for i, out in enumerate(outs)
    )


_by_generation = attrgetter("generation")


def topological_sort(outputs: Iterable[Node]) -> list[Node]:
    """Every node that the outputs reach, parents before children (the book's steps 15 and 16).

    A node's generation is larger than its parents', so sorting by generation is a topological sort.
    A loop and not a recursion: a graph may be a million nodes deep.
    """
    found = list(dict.fromkeys(outputs))
    seen: set[Node | None] = {None, *found}
    for node in found:  # which grows on the way
        for parent in node.parents:
            if parent not in seen:
                seen.add(parent)
                found.append(parent)  # type: ignore[arg-type]  # None has been seen
    found.sort(key=_by_generation)
    return found


@attrs.frozen(eq=False, repr=False)
class Tape:
    """What one pure forward pass recorded: the input nodes, the output nodes, and so the graph.

    ``inputs`` and ``outputs`` have an entry for each leaf of the arguments and of the result; an
    output that does not depend on any input has None.  ``value`` is what the function returned, and
    the structures say how the leaves make up the arguments and the result.
    """

    inputs: tuple[Node, ...]
    outputs: tuple[Node | None, ...]
    value: Any
    in_structure: Any
    out_structure: Any

    @property
    def nodes(self) -> list[Node]:
        """The inputs and the nodes that the outputs reach, sorted by generation."""
        return topological_sort([*self.inputs, *(node for node in self.outputs if node is not None)])

    def __str__(self) -> str:
        return show.text(self)

    def __repr__(self) -> str:
        return f"Tape({len(self.nodes)} nodes, {len(self.inputs)} inputs, {len(self.outputs)} outputs)"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        """How Jupyter shows a tape: as a Mermaid diagram, or as text where there are none."""
        return {"text/markdown": f"```mermaid\n{show.mermaid(self)}\n```", "text/plain": str(self)}
