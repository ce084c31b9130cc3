"""Piecewise polynomials, differentiable in their coefficients, their knots and the points of evaluation.

The interval in which a point lies is constant; within it a value is a polynomial by Horner's rule, which is
ordinary NumPy.  At a knot the piece to the right counts, as in SciPy.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np

from ..core.declare import constant, general
from ..core.graph import Array, Box
from ._mirror import operand

_interval = constant(
    lambda x, *, knots: np.clip(np.searchsorted(knots, x, side="right") - 1, 0, len(knots) - 2), name="interval", core=(0,)
)


def interval(x: Array, knots: Array) -> Array:
    """The number of the interval between knots in which each point lies, or of the nearest."""
    if isinstance(knots, Box):
        return np.sum(x[..., None] >= knots[1:-1], axis=-1)
    return _interval(x, knots=knots)


_looked_up = constant(lambda x, *, table: table[x], name="look_up", core=(0,))


def _checked(x: Array, *, name: str, strictly: bool) -> Array:
    steps = np.diff(x, axis=-1)
    if np.any(steps <= 0 if strictly else steps < 0):
        raise ValueError(f"{name}: the knots are not {'strictly ' if strictly else ''}increasing; sort them")
    return np.zeros(x.shape[:-1], bool)


_check = constant(_checked, name="check_knots", core=(1,))


def increasing(name: str, x: Any, strictly: bool = True) -> Array:
    """The knots that SciPy's function ``name`` was given.

    Raises:
        ValueError: where they are out of order.
    """
    x = operand(x)
    _check(x, name=name, strictly=strictly)
    return x


def taken(table: Array, index: Array) -> Array:
    """``table[index]`` for whole numbers, of which either may be a Box."""
    return table[index] if isinstance(table, Box) else _looked_up(index, table=table)


class LinearMap:
    """A function of the samples that is linear in them, up to a constant: coefficients of an interpolant.

    ``function`` takes samples (n, ...) and returns coefficients (k, m, ...); ``linear`` does the same without
    the constant, for samples (n, n).
    """

    def __init__(self, function: Callable[[Array], Array], linear: Callable[[Array], Array], samples: Array) -> None:
        self.function, self._linear, self._samples = function, linear, samples

    @cached_property
    def matrix(self) -> Array:
        """(k, m, n): made when a derivative is wanted."""
        return self._linear(self._samples)


coefficients = general(
    lambda x, *, of: of.function(x),
    vjp=[lambda g, *, of: np.tensordot(of.matrix, g, axes=((0, 1), (0, 1)))],
    jvp=[lambda g, *, of: np.tensordot(of.matrix, g, axes=((2,), (0,)))],
    name="coefficients",
)


class Piecewise:
    """A piecewise polynomial: on ``[x[i], x[i + 1])`` the sum of ``c[k, i] * (t - x[i])**(K - k)``.

    Args:
        c: coefficients (K + 1, m, ...), highest power first; differentiated where it is a Box.
        x: knots (m + 1,), increasing; differentiated where it is a Box.
        extrapolate: evaluate outside the knots (True), return NaN there (False), or continue periodically ("periodic").
        axis: where the axis of interpolation is in the result.
    """

    def __init__(self, c: Array, x: Array, extrapolate: Any = True, axis: int = 0) -> None:
        self.pieces, self.x, self.extrapolate, self.axis = c, x, extrapolate, axis

    @property
    def c(self) -> Array:
        return self.pieces

    def __call__(self, x: Any, nu: int = 0, extrapolate: Any = None) -> Array:
        """The values, or the ``nu``-th derivatives, at points ``x`` of any shape."""
        extrapolate = self.extrapolate if extrapolate is None else extrapolate
        points, c = operand(x), self._differentiated(nu)
        first, last = self.x[0], self.x[-1]
        if isinstance(extrapolate, str):
            points = first + (points - first) % (last - first)
        ndim, rest = len(points.shape), c.shape[2:]
        distance = (points - taken(self.x, interval(points, self.x))).reshape(points.shape + (1,) * len(rest))
        pieces = taken(np.moveaxis(c, 1, 0), interval(points, self.x))
        total, *others = (pieces[(slice(None),) * ndim + (k,)] for k in range(c.shape[0]))
        for piece in others:
            total = total * distance + piece
        if not extrapolate:
            outside = ((points < first) | (points > last)).reshape(distance.shape)
            total = np.where(outside, np.nan, total)
        at = self.axis
        order = [*range(ndim, ndim + at), *range(ndim), *range(ndim + at, ndim + len(rest))]
        return np.transpose(total, order) if at else total

    def _differentiated(self, nu: int) -> Array:
        if nu < 0:
            return self.antiderivative(-nu).pieces
        c = self.pieces
        for _ in range(nu):
            if c.shape[0] == 1:
                return c * 0
            powers = np.arange(c.shape[0] - 1, 0, -1)
            c = c[:-1] * powers.reshape((-1,) + (1,) * (len(c.shape) - 1))
        return c

    def derivative(self, nu: int = 1) -> Piecewise:
        """The ``nu``-th derivative."""
        return Piecewise(self._differentiated(nu), self.x, self.extrapolate, self.axis)

    def antiderivative(self, nu: int = 1) -> Piecewise:
        """The ``nu``-th antiderivative, which is 0 at the first knot."""
        c = self.pieces
        for _ in range(nu):
            powers = np.arange(c.shape[0], 0, -1)
            ones = (1,) * (len(c.shape) - 2)
            raised = c / powers.reshape((-1, 1, *ones))
            steps = np.diff(self.x) ** powers[:, None]
            over = np.cumsum(np.sum(raised * steps.reshape(steps.shape + ones), axis=0), axis=0)
            start = np.concatenate([over[:1] * 0, over[:-1]])
            c = np.concatenate([raised, start[None]])
        extrapolate = False if self.extrapolate == "periodic" else self.extrapolate
        return Piecewise(c, self.x, extrapolate, self.axis)

    def integrate(self, a: Any, b: Any, extrapolate: Any = None) -> Array:
        """The integral from ``a`` to ``b``, both numbers; differentiable in them too."""
        whole = self.antiderivative()
        extrapolate = whole.extrapolate if extrapolate is None else extrapolate
        if isinstance(extrapolate, str) or self.extrapolate == "periodic":
            raise TypeError("integrate has no derivative rule for periodic splines; integrate over one period at a time")
        return whole(b, extrapolate=extrapolate) - whole(a, extrapolate=extrapolate)
