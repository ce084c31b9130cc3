"""Derivatives as linear maps: `linearize`, and the transpose of a linear function.

`linearize` runs the function once and keeps the tape; the linear map is a walk along the tape with
forward mode's `push`, from the inputs to the outputs.  On large arrays, elementwise nodes that follow each
other are passed together, a block of rows at a time (see `thunks`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import attrs
import numpy as np

from .. import tree
from ..cotangents import Alarm, derivative_errstate
from ..graph import Node, Params, Tape
from ..primitives import Elementwise
from .blocks import by_rows, cuttable
from .forward import as_tangent, flatten_tangents, push, push_elementwise
from .reverse import pullback, record_with_aux
from .thunks import Notes, Parts, Step, Thunk, is_large
from .wrapping import Function, as_input, finish


def linearize(f: Function, *primals: Any, has_aux: bool = False) -> Any:
    """The value of ``f`` and its derivative as a linear map, of which each use costs no more than a jvp.

    Args:
        f: a function of arrays or trees of them; it runs once.
        primals: where to linearize; each is differentiated.
        has_aux: ``f`` returns ``(out, aux)``, and ``aux`` is passed through.

    Returns:
        ``(out, f_jvp)`` or ``(out, f_jvp, aux)``; ``f_jvp(*tangents)`` returns a tangent like ``out``.

    Example:
        >>> import numpy as np
        >>> from fdezero import linearize
        >>> y, along = linearize(np.sin, 0.0)
        >>> along(1.0), along(2.0)
        (np.float64(1.0), np.float64(2.0))
    """
    tape, aux = record_with_aux(f, has_aux, primals, {})
    along = partial(push_along, tape, _passes(tape))
    return (tape.value, along, aux) if has_aux else (tape.value, along)


@attrs.frozen(eq=False)
class _Pass:
    """A node to be passed on the walk, with what is the same on every walk found out beforehand."""

    node: Node
    ended: tuple[Node, ...]  # the parents that no later node needs
    large: bool  # may its tangent be computed a block of rows at a time?


def _passes(tape: Tape) -> list[_Pass]:
    """The way from the inputs to the outputs."""
    nodes = tape.nodes[len(tape.inputs) :]
    last = {parent: node for node in nodes for parent in node.parents} | dict.fromkeys(tape.outputs)
    return [
        _Pass(node, tuple([p for p in node.parents if p is not None and last[p] is node]), _is_large(node)) for node in nodes
    ]


def _is_large(node: Node) -> bool:
    return (
        node.primitive.__class__ is Elementwise
        and is_large(node.shape)
        and by_rows(node.primitive)
        and all(map(cuttable, node.residuals))
    )


def push_along(tape: Tape, passes: Sequence[_Pass], *tangents: Any) -> Any:
    """Push the tangents of a tape's inputs along it to its outputs; each is dropped when nobody needs it any more."""
    directions = flatten_tangents(tape.in_structure, tangents, tape.inputs)
    needed = set(tape.inputs)
    known: dict[Node | None, Any] = {
        node: _noted(t, node, needed) for node, t in zip(tape.inputs, directions, strict=True)
    }
    alarm, notes = Alarm(), Notes()
    with derivative_errstate(alarm):
        for step in passes:
            node = step.node
            incoming = [known.get(parent) for parent in node.parents]
            for parent in step.ended:
                known.pop(parent, None)
                needed.discard(parent)
            needed.add(node)
            if step.large and notes.calm and _may_wait(node, incoming):
                known[node] = _put_off(node, incoming, needed, notes, alarm)
                continue
            incoming = [t.parts()[0] if t.__class__ is Thunk else t for t in incoming]
            alarm.raised = False  # each node for itself, as in a jvp
            t = push(node.primitive, incoming, node.residuals, node.parents, node.params, alarm)
            if t is not None:
                known[node] = t if node.primitive.multiple else _noted(as_tangent(t, node.shape, node.dtype), node, needed)
        outs = [known.get(node) for node in tape.outputs]
        outs = [t.parts()[0] if t.__class__ is Thunk else t for t in outs]
    results = [
        np.zeros(value.shape, value.dtype)[()] if t is None else t
        for t, value in zip(outs, tree.leaves(tape.value), strict=True)
    ]
    return tape.out_structure.unflatten(finish(results, [t for t in directions if type(t) is np.ndarray]))


def _noted(t: Any, node: Node, needed: set[Node]) -> Any:
    """A large tangent as a thunk, which has an owner as long as a node that is still to come needs it."""
    if t.__class__ is np.ndarray and is_large(t.shape):
        return Thunk.of(t, owner=lambda: node in needed or None)
    return t


def _may_wait(node: Node, incoming: Sequence[Any]) -> bool:
    """Are the tangents that come to a large node plain, and one of them of its own shape?"""
    moving = [t for rule, t in zip(node.primitive.rules, incoming, strict=True) if rule is not None and t is not None]
    return all(t.__class__ is Thunk or cuttable(t) for t in moving) and any(t.shape == node.shape for t in moving)


def _put_off(node: Node, incoming: Sequence[Any], needed: set[Node], notes: Notes, alarm: Alarm) -> Thunk:
    """The tangent of a node's output, as a thunk of its parents' tangents and of the residuals."""
    count = len(incoming)

    def evaluate(primitive: Any, operands: Sequence[Parts], params: Params, of_block: Alarm | None) -> Parts:
        known = [operand for (operand,) in operands]
        alarm.raised = False
        tangent = push_elementwise(primitive, known[:count], known[count:], (), params, of_block or alarm)
        return (as_tangent(tangent, tangent.shape, node.dtype),)

    tangents = [t if t.__class__ is Thunk else Thunk.of(t) for t in incoming]
    residuals = [Thunk.of(r, owner=lambda: node) for r in node.residuals]  # the tape holds them anyhow
    step = Step(notes, evaluate, node.primitive, (*tangents, *residuals), node.params, {})
    return Thunk.waiting(node.shape, node.dtype, step, lambda: node in needed or None)


def linear_transpose(f: Function, *primals: Any) -> Callable[[Any], tuple[Any, ...]]:
    """The transpose of a function that is linear in its arguments.

    Args:
        f: a linear function of arrays or trees of them.
        primals: arguments of the shapes and dtypes it takes; their values do not matter.

    Returns:
        A function from a cotangent like ``f``'s result to a tuple with a cotangent like each primal.

    Raises:
        ValueError: when ``f`` is not linear: it used its argument as a factor, or f(0) is not 0.

    Example:
        >>> import numpy as np
        >>> from fdezero import linear_transpose
        >>> linear_transpose(lambda x: np.array([[1.0, 2.0], [3.0, 4.0]]) @ x, np.zeros(2))(np.array([1.0, 0.0]))
        (array([1., 2.]),)
    """
    zeros = tree.map(lambda x: as_input(x, "a primal") * 0, primals)
    tape = record_with_aux(f, False, zeros, {})[0]
    for node in tape.nodes:
        used = [r is not None for r in node.residuals]
        if any(used[i] for i, p in enumerate(node.parents) if p is not None) or (used and used[-1]):
            raise ValueError(f"linear_transpose wants a linear function, and this one is not linear: see {node.primitive.name}")
    if any(np.any(value != 0) for value in tree.leaves(tape.value)):
        raise ValueError("linear_transpose wants a linear function, and this one is not 0 at 0")
    return partial(pullback, tape)
