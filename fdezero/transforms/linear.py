"""Derivatives as linear maps: `linearize`, and the transpose of a linear function.

`linearize` runs the function once and keeps the tape; the linear map goes along the tape with forward
mode's `push`, from the inputs to the outputs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from .. import tree
from ..core.graph import Node, Tape
from ..core.zeros import watching
from ..interpreters.forward import as_tangent, push
from .grad import pullback, record_with_aux
from .jvp import flatten_tangents
from .wrapping import Function, as_input, finish


def linearize(f: Function, *primals: Any, has_aux: bool = False, **kwargs: Any) -> Any:
    """The value of ``f`` and its derivative as a linear map, of which each use costs no more than a jvp.

    Args:
        f: a function of arrays or trees of them; it runs once.
        primals: where to linearize; each is differentiated.
        has_aux: ``f`` returns ``(out, aux)``, and ``aux`` is passed through.
        kwargs: keyword arguments of ``f``, which are not differentiated.

    Returns:
        ``(out, f_jvp)`` or ``(out, f_jvp, aux)``; ``f_jvp(*tangents)`` returns a tangent like ``out``.

    Example:
        >>> import numpy as np
        >>> from fdezero import linearize
        >>> y, along = linearize(np.sin, 0.0)
        >>> along(1.0), along(2.0)
        (np.float64(1.0), np.float64(2.0))
    """
    tape, aux = record_with_aux(f, has_aux, primals, kwargs)
    along = partial(push_along, tape, _steps(tape))
    return (tape.value, along, aux) if has_aux else (tape.value, along)


def _steps(tape: Tape) -> list[tuple[Node, tuple[Node, ...]]]:
    """The nodes from the inputs to the outputs, each with those of its parents that no later node needs."""
    nodes = tape.nodes[len(tape.inputs) :]
    last = {parent: node for node in nodes for parent in node.parents} | dict.fromkeys(tape.outputs)
    return [(node, tuple(p for p in dict.fromkeys(node.parents) if p is not None and last[p] is node)) for node in nodes]


def push_along(tape: Tape, steps: Sequence[tuple[Node, tuple[Node, ...]]], *tangents: Any) -> Any:
    """Push the tangents of a tape's inputs along it to its outputs; each is dropped after its last use."""
    directions = flatten_tangents(tape.in_structure, tangents, tape.inputs)
    known: dict[Node | None, Any] = dict(zip(tape.inputs, directions, strict=True))
    with watching() as alarm:
        for node, ended in steps:
            alarm.raised = False  # each node for itself, as in a jvp
            t = push(node.primitive, [known.get(p) for p in node.parents], node.residuals, node.parents, node.params)
            for parent in ended:
                known.pop(parent, None)
            if t is not None:
                known[node] = t if type(node.dtype) is tuple else as_tangent(t, node.shape, node.dtype)
    results = [
        known[node] if node in known else np.zeros(value.shape, value.dtype)[()]
        for node, value in zip(tape.outputs, tree.leaves(tape.value), strict=True)
    ]
    return tape.out_structure.unflatten(finish(results, directions))


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
    zeros = tree.map(lambda x: np.zeros_like(as_input(x, "a primal"))[()], primals)
    tape = record_with_aux(f, False, zeros, {})[0]
    for node in tape.nodes:
        used = [r is not None for r in node.residuals]
        if any(used[i] for i, p in enumerate(node.parents) if p is not None) or (used and used[-1]):
            raise ValueError(
                "linear_transpose takes a linear function, and this one is not linear: the derivative of "
                f"{node.primitive.name} depends on the argument; use vjp"
            )
    if any(np.any(value != 0) for value in tree.leaves(tape.value)):
        raise ValueError("linear_transpose takes a linear function, and this one is not 0 at 0; use vjp")
    return partial(pullback, tape)
