"""Forward mode for users: `jvp`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import tree
from ..core.graph import Array
from ..core.operands import as_operands, describe
from ..core.recording import Level
from ..interpreters.forward import dual, tangent_of
from .wrapping import Function, finish, flatten_inputs, flatten_outputs, plain_results, run_on_boxes, tuple_of


def jvp(f: Function, primals: Sequence[Any], tangents: Sequence[Any], has_aux: bool = False, **kwargs: Any) -> Any:
    """The value of ``f`` and its derivative along a direction: the Jacobian-vector product.

    Args:
        f: a function of arrays or trees of them.
        primals: a sequence of its arguments; each is differentiated.
        tangents: the direction: a sequence of trees of the same shapes and dtypes.
        has_aux: ``f`` returns ``(out, aux)``, and ``aux`` is passed through.
        kwargs: keyword arguments of ``f``, which are not differentiated.

    Returns:
        ``(out, tangent)``, both trees like ``f``'s result; or ``(out, tangent, aux)``.

    Raises:
        TypeError, ValueError: when a primal is no floating-point number, or a tangent does not fit it.

    Source: forward accumulation, Wengert (1964).

    Example:
        >>> import numpy as np
        >>> from fdezero import jvp
        >>> jvp(lambda x: x * x, (np.array([1.0, 2.0]),), (np.array([1.0, 10.0]),))
        (array([1., 4.]), array([ 2., 40.]))
    """
    if not isinstance(primals, (tuple, list)) or not isinstance(tangents, (tuple, list)):
        raise TypeError("jvp takes its primals and its tangents as tuples: jvp(f, (x,), (t,))")
    positions = range(len(primals))
    values, structures = flatten_inputs(primals, positions, "primal")
    directions = flatten_tangents(tuple_of(structures), tuple(tangents), values)

    def boxes(level: Level) -> list[Any]:
        return [dual(x, level, t) for x, t in zip(values, directions, strict=True)]

    level, _, result, aux = run_on_boxes(f, primals, kwargs, positions, structures, boxes, has_aux)
    outs, structure = flatten_outputs(result)
    moved = [*plain_results(outs, level), *[tangent_of(out, level) for out in outs]]
    results = finish(moved, directions)
    value, tangent = structure.unflatten(results[: len(outs)]), structure.unflatten(results[len(outs) :])
    return (value, tangent, aux) if has_aux else (value, tangent)


def flatten_tangents(structure: tree.Structure, tangents: Any, values: Sequence[Array]) -> list[Array]:
    """The leaves of a user's tangents, which must fit the primals."""
    try:
        leaves = structure.flatten_like(tangents)
    except ValueError as error:
        raise ValueError(f"the tangents are not a tree like the primals: {error}") from None
    if all(
        type(t) is np.ndarray and t.shape == x.shape and t.dtype == x.dtype for t, x in zip(leaves, values, strict=True)
    ):  # the usual case: the paths, for the messages alone, would take longer than this
        return leaves
    return [
        _checked_tangent(t, x, path) for t, x, path in zip(leaves, values, structure.paths(), strict=True)
    ]


def _checked_tangent(t: Any, x: Array, path: str) -> Array:
    (t,) = as_operands((t,))
    if isinstance(t, (int, float, complex)) and not isinstance(t, (bool, np.generic)) and x.shape == ():
        if isinstance(t, complex) and x.dtype.kind != "c":
            raise TypeError(f"tangent{path} is complex, and its primal is of dtype {x.dtype}")
        return x.dtype.type(t)
    if not hasattr(t, "shape"):
        raise TypeError(f"tangent{path} is an array like its primal, {describe(x)}; got {describe(t)}")
    if t.shape != x.shape:
        raise ValueError(f"tangent{path} has shape {t.shape}, and its primal {x.shape}")
    if t.dtype != x.dtype:
        raise TypeError(f"tangent{path} has dtype {t.dtype}, and its primal {x.dtype}; write t.astype({x.dtype})")
    return t
