"""Integrals: `quad`, by Leibniz's rule; the rules for samples, which are linear in them.

The derivative of an integral with respect to a parameter is the integral of the derivative, and with
respect to a limit the integrand there (Leibniz).  Both are integrals by the same primitive, so all
orders come out; each is as accurate as SciPy makes it, to epsabs and epsrel.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import attrs
import numpy as np
import scipy.integrate

from ..core.declare import general
from ..core.graph import Array, Box
from ..core.primitives import General
from ..transforms.grad import stop_gradient, vjp
from ..transforms.jvp import jvp
from ._mirror import mirrors, operand, plain_valued
from ._parameters import joined, parameters_of


@attrs.frozen(eq=False)
class Integrand:
    """``function(x, p)`` with its limits: numbers, or None for those that are the next of the parameters."""

    function: Callable[[Any, Array], Array]
    lower: float | None
    upper: float | None
    options: Mapping[str, Any]
    vector: bool = False
    reports: list[Any] = attrs.field(factory=list)

    def split(self, z: Array) -> tuple[Any, Any, Array]:
        """The limits and the parameters, which the primitive takes in one vector."""
        moving = [self.lower is None, self.upper is None]
        lower = z[0] if moving[0] else self.lower
        upper = z[int(moving[0])] if moving[1] else self.upper
        return lower, upper, z[sum(moving) :]

    def along(self, count: int) -> Integrand:
        """The derivative along a tangent of the parameters, which is a parameter too."""

        def function(x: Any, p: Array) -> Array:
            return jvp(lambda p: self.function(x, p), (p[:count],), (p[count:],))[1]

        return attrs.evolve(self, function=function, reports=[])

    def back(self, count: int) -> Integrand:
        """The cotangent of the parameters, given that of the value, which is a parameter too."""

        def function(x: Any, p: Array) -> Array:
            value, pull = vjp(lambda p: self.function(x, p), p[:count])
            return pull(p[count:].reshape(value.shape))[0]

        return attrs.evolve(self, function=function, vector=True, reports=[])


def _integral(z: Array, *, integrand: Integrand) -> Array:
    lower, upper, p = integrand.split(z)
    if not integrand.vector:
        function = plain_valued("scipy.integrate.quad", lambda x: integrand.function(x, p))
        found = scipy.integrate.quad(function, lower, upper, **integrand.options)
        integrand.reports.append(found[1])
        return np.float64(found[0])
    precision = {k: integrand.options[k] for k in ("epsabs", "epsrel")}
    return scipy.integrate.quad_vec(lambda x: integrand.function(x, p), float(lower), float(upper), norm="max", **precision)[0]


def _jvp(g: Array, x: Array, *, integrand: Integrand) -> Array:
    lower, upper, p = integrand.split(x)
    d_lower, d_upper, d_p = attrs.evolve(
        integrand, lower=None if integrand.lower is None else 0.0, upper=None if integrand.upper is None else 0.0
    ).split(g)
    limits = [v for v, fixed in ((lower, integrand.lower), (upper, integrand.upper)) if fixed is None]
    total: Any = 0.0
    if p.shape[0]:
        total = integral(joined([*limits, p, d_p]), integrand=integrand.along(p.shape[0]))
    if integrand.upper is None:
        total = total + integrand.function(upper, p) * d_upper
    if integrand.lower is None:
        total = total - integrand.function(lower, p) * d_lower
    return total


def _vjp(g: Array, x: Array, *, integrand: Integrand) -> Array:
    lower, upper, p = integrand.split(x)
    limits = [v for v, fixed in ((lower, integrand.lower), (upper, integrand.upper)) if fixed is None]
    parts: list[Any] = []
    if integrand.lower is None:
        parts.append(-np.sum(integrand.function(lower, p) * g))
    if integrand.upper is None:
        parts.append(np.sum(integrand.function(upper, p) * g))
    if p.shape[0]:
        parts.append(integral(joined([*limits, p, g]), integrand=integrand.back(p.shape[0])))
    return joined(parts)


integral: General = general(_integral, vjp=[_vjp], jvp=[_jvp], name="quad")


@mirrors(scipy.integrate.quad)
def quad(
    func: Callable[..., Any],
    a: Any,
    b: Any,
    args: Any = (),
    epsabs: float = 1.49e-8,
    epsrel: float = 1.49e-8,
    limit: int = 50,
    points: Any = None,
) -> Any:
    """The integral of ``func(x, *args)`` from ``a`` to ``b``, and an estimate of its error.

    The integral is differentiable with respect to the limits and the arrays in ``args``, in every mode.
    ``func`` is written in NumPy.
    """
    args = args if isinstance(args, tuple) else (args,)
    vectors, back = parameters_of(args)
    limits = [x for x in (a, b) if isinstance(x, Box)]
    fixed = [None if isinstance(x, Box) else float(x) for x in (a, b)]
    options = {"epsabs": epsabs, "epsrel": epsrel, "limit": limit}
    if points is not None:
        options["points"] = stop_gradient(points)
    integrand = Integrand(lambda x, p: operand(func(x, *back(p))), fixed[0], fixed[1], options)
    value = integral(joined([*limits, *vectors]), integrand=integrand)
    return value, max(integrand.reports)  # of several examples, the largest


# -- samples -------------------------------------------------------------------------------------------
def _spaced(y: Any, x: Any, axis: int) -> tuple[Array, Array | None]:
    """The samples with their axis last, and the steps between their abscissae, which broadcast; or None."""
    y = np.moveaxis(operand(y), axis, -1)
    if x is None:
        return y, None
    x = operand(x)
    if len(x.shape) > 1:
        x = np.moveaxis(x, axis, -1)
    return y, x[..., 1:] - x[..., :-1]


@mirrors(scipy.integrate.trapezoid)
def trapezoid(y: Any, x: Any = None, dx: Any = 1.0, axis: int = -1) -> Any:
    """The integral of samples ``y`` along an axis by the trapezoidal rule; differentiable in y, ``x`` and ``dx``."""
    y, steps = _spaced(y, x, axis)
    middle = (y[..., 1:] + y[..., :-1]) / 2
    return np.sum(middle, axis=-1) * dx if steps is None else np.sum(steps * middle, axis=-1)


@mirrors(scipy.integrate.cumulative_trapezoid)
def cumulative_trapezoid(y: Any, x: Any = None, dx: Any = 1.0, axis: int = -1, initial: float | None = None) -> Any:
    """The cumulative integral of samples ``y`` by the trapezoidal rule; differentiable in y, ``x`` and ``dx``."""
    if initial not in (None, 0):
        raise ValueError("`initial` must be `None` or `0`.")
    y, steps = _spaced(y, x, axis)
    total = np.cumsum((y[..., 1:] + y[..., :-1]) / 2 * (dx if steps is None else steps), axis=-1)
    if initial is not None:
        total = np.concatenate([np.zeros_like(total, shape=(*total.shape[:-1], 1)), total], axis=-1)
    return np.moveaxis(total, -1, axis)


def _simpson_pairs(y: Array, h: Array) -> Array:
    """Simpson's rule on consecutive pairs of steps, of which there is an even number."""
    h0, h1 = h[..., 0::2], h[..., 1::2]
    y0, y1, y2 = y[..., 0:-2:2], y[..., 1:-1:2], y[..., 2::2]
    total = h0 + h1
    return np.sum(total / 6 * (y0 * (2 - h1 / h0) + y1 * total * total / (h0 * h1) + y2 * (2 - h0 / h1)), axis=-1)


def _last_interval(y: Array, h: Array) -> Array:
    """The last step of an odd number, by the parabola through the last three samples (Cartwright, 2017)."""
    h0, h1 = h[..., -2], h[..., -1]
    of_last = (2 * h1 * h1 + 3 * h0 * h1) / (6 * (h1 + h0))
    of_middle = (h1 * h1 + 3 * h0 * h1) / (6 * h0)
    of_first = h1 * h1 * h1 / (6 * h0 * (h0 + h1))
    return of_last * y[..., -1] + of_middle * y[..., -2] - of_first * y[..., -3]


@mirrors(scipy.integrate.simpson)
def simpson(y: Any, x: Any = None, dx: Any = 1.0, axis: int = -1) -> Any:
    """The integral of samples ``y`` along an axis by Simpson's rule; differentiable in y, ``x`` and ``dx``."""
    y, h = _spaced(y, x, axis)
    count = y.shape[-1]
    if h is None:
        h = np.ones(count - 1) * dx
    if count == 2:
        return np.sum(h * (y[..., 1:] + y[..., :-1]) / 2, axis=-1)
    if count % 2:
        return _simpson_pairs(y, h)
    last = _last_interval(y, h)
    return last + _simpson_pairs(y[..., :-1], h[..., :-1])
