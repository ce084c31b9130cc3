"""Reverse mode: Variables record a graph, and a fold pulls cotangents back along it.

The fold goes over the recorded nodes, sorted by generation, the youngest first.  Its state is the
cotangents of the nodes still to come; a node's step adds to those of its parents.  When a node's turn
comes, everything that uses it has been dealt with, so its cotangent is complete (the book's steps 13 to
16).  A node is dropped after its step, and its residuals with it, so memory use decreases during the fold.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import singledispatch
from typing import Any

import attrs
import numpy as np

from ..core import fast
from ..core.cotangents import SPARSE, added, cast, pick_output, total, unbroadcast
from ..core.graph import Array, Box, Node, Params, topological_sort, unrecorded
from ..core.primitives import Constant, Elementwise, General, LinearInAll, MultilinearInAll, Primitive
from ..core.recording import Level, new_level, quiet_level
from ..core.table import NO_PARAMS
from ..core.zeros import alarm_is_raised, strong_zero, watching

_INPUT = Constant("input", lambda x: x)


# -- recording ---------------------------------------------------------------------------------------


@attrs.frozen(eq=False, repr=False)
class Variable(Box):
    """The Box of reverse mode: a value, the transform's level, and the Node that made it."""

    node: Node

    @property
    def generation(self) -> int:
        return self.node.generation

    def apply(self, primitive: Primitive, args: tuple[Any, ...], params: Params) -> Any:
        """Call the primitive on what is inside, and record the call where an argument has a derivative."""
        values = tuple(map(self.unwrap, args))
        return self.recorded(primitive, args, values, primitive(*values, **params), params)

    def recorded(self, primitive: Primitive, args: tuple[Any, ...], values: tuple[Any, ...], out: Any, params: Params) -> Any:
        """The result ``out`` of a call, in a Variable with a node of its own."""
        parents = tuple(self._parent(primitive, i, arg) for i, arg in enumerate(args))
        if self.level <= quiet_level.get() or not any(parents):
            return unrecorded(out, values)
        if self.level.over:
            raise self.escaped()
        residuals = primitive.residuals(values, out, [p is not None for p in parents])
        generation = 1 + max(p.generation for p in parents if p is not None)
        if type(out) is not tuple:
            return Variable(out, self.level, Node(primitive, parents, params, residuals, generation, out.shape, out.dtype))
        # Several outputs: one node for the call, and one for each output that picks it out.
        shapes, dtypes = tuple(o.shape for o in out), tuple(o.dtype for o in out)
        node = Node(primitive, parents, params, residuals, generation, shapes, dtypes)
        return tuple([self._output(node, i, o) if o.dtype.kind in "fc" else o for i, o in enumerate(out)])

    def _parent(self, primitive: Primitive, i: int, arg: Any) -> Node | None:
        """The node of an argument, or None where nothing is to be pulled back to it."""
        mine = isinstance(arg, Variable) and arg.level == self.level
        return arg.node if mine and primitive.rule_of(i) is not None else None

    def _output(self, call: Node, i: int, out: Array) -> Variable:
        node = Node(pick_output, (call,), {"index": i}, (None, None), call.generation + 1, out.shape, out.dtype)
        return Variable(out, self.level, node)

    def __repr__(self) -> str:
        return f"Variable({self.value!r}, shape={self.shape}, generation={self.generation})"


def input_variable(value: Array, level: Level) -> Variable:
    """A Variable of generation 0."""
    return Variable(value, level, Node(_INPUT, (), NO_PARAMS, (), 0, value.shape, value.dtype))


# -- one node's step -----------------------------------------------------------------------------------


@singledispatch
def pull(primitive: Primitive, node: Node, g: Any) -> Sequence[Any]:
    """The cotangents of ``node``'s parents, given that of its output; None for zero.

    Each has its parent's shape and dtype, or is sparse.
    """
    cotangents = [
        rule.apply(g, node.residuals, node.parents, node.params) if parent is not None and rule is not None else None
        for rule, parent in zip(primitive.rules, node.parents, strict=True)
    ]
    return fitted(primitive, cotangents, g, node.parents)


@pull.register(LinearInAll)
@pull.register(MultilinearInAll)
def _(primitive: LinearInAll | MultilinearInAll, node: Node, g: Any) -> Sequence[Any]:
    cotangents = primitive.transpose.apply(g, node.residuals, node.parents, node.params)
    return fitted(primitive, cotangents, g, node.parents)


@pull.register
def _(primitive: General, node: Node, g: Any) -> Sequence[Any]:
    """Where only the Jacobian-vector product is stated, it is run on Variables and pulled back itself."""
    if primitive.rules:
        return pull.dispatch(Primitive)(primitive, node, g)
    if primitive.joint is not None:
        return fitted(primitive, primitive.joint.apply(g, node.residuals, node.parents, node.params), g, node.parents)
    active = [i for i, parent in enumerate(node.parents) if parent is not None]
    cotangents = g if type(g) is list else [g]

    def along(*tangents: Array) -> list[Array]:
        rules: list[Any] = [primitive.forward[i] for i in active]
        terms = [rule.apply(t, node.residuals, node.parents, node.params) for rule, t in zip(rules, tangents, strict=True)]
        sums = [sum(each) for each in zip(*[t if type(t) is tuple else (t,) for t in terms], strict=True)]
        return [s for s, c in zip(sums, cotangents, strict=True) if c is not None]

    zeros = [np.zeros(p.shape, p.dtype) for p in node.parents if p is not None]
    found = dict(zip(active, pull_through(along, zeros, [c for c in cotangents if c is not None]), strict=True))
    return fitted(primitive, [found.get(i) for i in range(len(node.parents))], g, node.parents)


def fitted(primitive: Primitive, cotangents: Sequence[Any], g: Any, parents: Sequence[Node | None]) -> list[Any]:
    """What the rules returned, in the shapes and dtypes of the parents.

    Raises:
        ValueError: when a cotangent has another shape and the primitive does not broadcast.
    """
    careful = isinstance(primitive, Elementwise) and alarm_is_raised()
    return [
        c if c is None or p is None or c.__class__ in SPARSE else fit(primitive, strong_zero(g, c) if careful else c, p)
        for c, p in zip(cotangents, parents, strict=True)
    ]


def fit(primitive: Primitive, c: Array, parent: Node) -> Array:
    """What a rule returned, with broadcasting summed out and in the parent's dtype."""
    if c.shape != parent.shape:
        broadcasts = primitive.core is not None and len(primitive.core) > 1
        if broadcasts and len(c.shape) >= len(parent.shape):
            c = unbroadcast(c, parent.shape)
    if c.shape != parent.shape:
        raise ValueError(
            f"the rule of {primitive.name} returned a cotangent of shape {c.shape} for an argument of shape {parent.shape}"
        )
    return cast(c, parent.dtype)


# -- the fold ------------------------------------------------------------------------------------------


def pull_back(cotangents: dict[Node, Any], inner: bool = False) -> dict[Node, Any]:
    """Fold the cotangents of some nodes back to the inputs of their graph.

    ``cotangents`` holds those of the output nodes; it is emptied by the fold, and returned with an entry
    for each input that they reach.  An ``inner`` fold is part of the step of another's node.
    """
    nodes = topological_sort(cotangents)
    with watching(inherit=inner):
        while nodes and nodes[-1].generation:  # the inputs are the oldest
            node = nodes.pop()
            g = cotangents.pop(node, None)
            if g is None:
                continue
            for parent, c in zip(node.parents, pull(node.primitive, node, total(node, g)), strict=True):
                if parent is not None and c is not None:
                    cotangents[parent] = added(parent, cotangents[parent], c) if parent in cotangents else c
        return {node: total(node, c) for node, c in cotangents.items()}


def pull_through(f: Callable[..., Sequence[Array]], xs: Sequence[Array], cotangents: Sequence[Array]) -> list[Array | None]:
    """The cotangents of ``xs``, given those of the results of ``f(*xs)``: a `vjp` for rules.

    Nothing is copied, and the graph is freed as the fold goes.  None stands for a cotangent of zero.
    """
    level = new_level()
    variables = [input_variable(x, level) for x in xs]
    inputs = [variable.node for variable in variables]
    try:
        outs: Any = f(*variables)
    finally:
        level.over = True
    at_outputs = output_cotangents([node_of(out, level) for out in outs], cotangents)
    del variables, outs
    found = pull_back(at_outputs, inner=True)
    return [found.get(node) for node in inputs]


def node_of(out: Any, level: int) -> Node | None:
    """The node of a result, or None where it does not depend on an input of this level."""
    return out.node if isinstance(out, Variable) and out.level == level else None


def output_cotangents(nodes: Sequence[Node | None], cotangents: Sequence[Array]) -> dict[Node, Any]:
    """The cotangent of each node; of a node that is there several times, their sum."""
    at_outputs: dict[Node, Any] = {}
    for node, c in zip(nodes, cotangents, strict=True):
        if node is not None:
            at_outputs[node] = c if node not in at_outputs else at_outputs[node] + c
    return at_outputs


if fast.ENABLED:  # the plain versions above are what it does; `fast` does it faster
    Variable.apply, input_variable, pull_back = fast.reverse_mode(Variable, input_variable, pull, fit)  # type: ignore[method-assign]
