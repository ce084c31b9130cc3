"""B-splines by the recursion of Cox and de Boor: ordinary NumPy, so differentiable in the knots too.

Source: de Boor, *A Practical Guide to Splines* (2001), chapters IX, X and XIII.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..core.graph import Array
from ._mirror import operand, refuse
from ._piecewise import Piecewise, increasing, interval, taken


def basis(x: Array, t: Array, k: int) -> Array:
    """Each B-spline of degree ``k`` with knots ``t`` at each point (len(x), len(t) - k - 1)."""
    inner = t.shape[0] - 2 * k - 1
    values = np.pad(taken(np.eye(inner), interval(x, t[k : k + inner + 1])), [(0, 0), (k, k)])
    for degree in range(1, k + 1):
        width = t[degree:] - t[:-degree]
        rising = (x[:, None] - t[:-degree]) / np.where(width > 0, width, 1)  # of no width: a B-spline that is 0
        values = rising[:, :-1] * values[:, :-1] + (1 - rising[:, 1:]) * values[:, 1:]
    return values


def differentiated(t: Array, c: Array, k: int) -> tuple[Array, Array, int]:
    """Knots, coefficients and degree of a spline's derivative."""
    width = t[k + 1 : -1] - t[1 : -k - 1]
    scale = k / np.where(width > 0, width, 1)
    return t[1:-1], (c[1:] - c[:-1]) * scale.reshape((-1,) + (1,) * (len(c.shape) - 1)), k - 1


def design(x: Array, t: Array, k: int, nu: int = 0) -> Array:
    """The ``nu``-th derivative of each B-spline at each point."""
    c = np.eye(t.shape[0] - k - 1)
    for _ in range(nu):
        t, c, k = differentiated(t, c, k)
    return basis(x, t, k) @ c


class SplinePieces(Piecewise):
    """A B-spline as a piecewise polynomial: its ``t``, ``c`` and ``k`` are knots, coefficients and degree as of SciPy's."""

    def __init__(self, pieces: Array, x: Array, extrapolate: Any, axis: int, tck: tuple[Array, Array, int]) -> None:
        super().__init__(pieces, x, extrapolate, axis)
        self.tck = tck
        self.t, self._coefficients, self.k = tck

    @property
    def c(self) -> Array:
        return self._coefficients


def piecewise(t: Array, c: Array, k: int, extrapolate: Any = True, axis: int = 0) -> SplinePieces:
    """The spline as a piecewise polynomial, whatever is a Box."""
    last, tck = t.shape[0] - k - 1, (t, c, k)
    knots, powers = t[k : last + 1], []
    for m in range(k + 1):
        powers.append(np.tensordot(basis(knots[:-1], t, k), c, axes=1) / math.factorial(m))
        if k:
            t, c, k = differentiated(t, c, k)
    return SplinePieces(np.stack(powers[::-1]), knots, extrapolate, axis, tck)


# -- interpolation where more than the samples are Boxes -----------------------------------------------
def interpolating(name: str, x: Any, y: Array, k: int, t: Any, bc_type: Any, axis: int) -> Piecewise:
    """The spline through samples, from the linear system of its coefficients.

    Raises:
        TypeError: for a periodic spline.
        ValueError: for knots out of order, and when there are not as many conditions as coefficients.
    """
    if isinstance(bc_type, str) and bc_type == "periodic":
        raise refuse(name, "the knots of a periodic spline", "they are constants: write stop_gradient(x)")
    x, (left, right) = increasing(name, x), _conditions(bc_type)
    knots = _knots(x, k, left, right) if t is None else increasing(name, t, strictly=False)
    rows, values = [basis(x, knots, k)], [y]
    for end, conditions in ((x[:1], left), (x[-1:], right)):
        for order, value in conditions:
            rows.append(design(end, knots, k, order))
            values.append(np.broadcast_to(operand(value), y.shape[1:])[None])
    matrix, rest = np.concatenate(rows), y.shape[1:]
    if matrix.shape[0] != matrix.shape[1]:
        counts = f"{matrix.shape[0]} conditions for {matrix.shape[1]} coefficients"
        raise ValueError(f"{name} with knots to be differentiated has {counts}; give more samples, or another t= or bc_type=")
    c = np.linalg.solve(matrix, np.concatenate(values).reshape((matrix.shape[0], math.prod(rest))))
    return piecewise(knots, c.reshape((c.shape[0], *rest)), k, True, axis)


#: What SciPy's words say of derivatives at an end.
_WORDS: dict[str | None, list[tuple[int, Any]]] = {None: [], "not-a-knot": [], "clamped": [(1, 0.0)], "natural": [(2, 0.0)]}


def _conditions(bc_type: Any) -> list[list[tuple[int, Any]]]:
    """The (order, value) of the derivatives that are given at the left end and at the right one."""
    pair = (bc_type, bc_type) if bc_type is None or isinstance(bc_type, str) else bc_type
    return [_at_an_end(each) for each in pair]


def _at_an_end(condition: Any) -> list[tuple[int, Any]]:
    if condition is None or isinstance(condition, str):
        return _WORDS[condition]
    return [condition] if isinstance(condition[0], (int, np.integer)) else list(condition)


def _knots(x: Array, k: int, left: Sequence[Any], right: Sequence[Any]) -> Array:
    """SciPy's choice of knots: the samples, without those near an end that has too few conditions."""
    inner, start, stop = x, 1, x.shape[0] - 1
    if len(left) + len(right) != k - 1:
        inner, skipped = (x, (k + 1) // 2) if k % 2 else ((x[1:] + x[:-1]) / 2, k // 2)
        start, stop = 1 if left else skipped, inner.shape[0] - (1 if right else skipped)
    return np.concatenate([np.repeat(x[:1], k + 1), inner[start:stop], np.repeat(x[-1:], k + 1)])
