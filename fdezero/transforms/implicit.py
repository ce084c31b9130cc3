"""Solutions of equations, differentiated by the implicit function theorem.

If x solves g(x, a) = 0, one Newton step from it, x - (dg/dx)^-1 g(x, a), is x again; but *written in
terms of a*, the step has the right first derivative with respect to a whatever x was told to be.  A
second step has the right second and third: Newton's method doubles the digits of a Taylor series as it
does those of a number.  So the solver runs on plain numbers, nothing of it is recorded, and two steps of
ordinary code behind it carry the derivatives, in both modes and in batches.

Source: Griewank and Walther, *Evaluating Derivatives* (2008), chapter 15; Blondel et al., Efficient and
modular implicit differentiation (2022).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import tree
from ..core.boxes import raw
from ..core.graph import Array
from ..core.operands import read_only
from ..core.recording import no_grad
from .derivatives import jacfwd
from .grad import stop_gradient
from .wrapping import Function, as_input, as_output

#: Newton steps that carry derivatives: two are right up to the third order.
_STEPS = 2


def _flat(x: Any) -> tuple[Array, list[Array], tree.Structure]:
    """A tree as one vector, its leaves, and its structure."""
    leaves, structure = tree.flatten(x)
    leaves = [as_input(leaf, f"x0{path}") for leaf, path in zip(leaves, structure.paths(), strict=True)]
    return np.concatenate([leaf.reshape(-1) for leaf in leaves]), leaves, structure


def _flat_result(out: Any) -> Array:
    """A function's result as one vector."""
    return np.concatenate([as_output(leaf).reshape(-1) for leaf in tree.leaves(out)])


def _unflat(vector: Array, leaves: list[Array], structure: tree.Structure) -> Any:
    ends = np.cumsum([leaf.size for leaf in leaves])
    pieces = [vector[int(end) - leaf.size : int(end)] for leaf, end in zip(leaves, ends, strict=True)]
    return structure.unflatten([p.reshape(leaf.shape) for p, leaf in zip(pieces, leaves, strict=True)])


def _step(residual: Function, x: Array) -> Array:
    """One Newton step towards residual(x) = 0."""
    return x - np.linalg.solve(jacfwd(residual)(x), residual(x))


def _size(x: Array) -> float:
    return float(np.max(np.abs(raw(x)), initial=0.0))


def root(f: Function, x0: Any, *args: Any, tol: float = 1e-12, max_steps: int = 100) -> Any:
    """The x with f(x, *args) = 0, by Newton's method, with derivatives with respect to ``args``.

    Args:
        f: a function of a tree of arrays x and of ``args``, whose result is a tree like x.
        x0: where to start.  The result does not depend on it, so its derivative is zero.
        args: whatever else ``f`` takes; gradients flow to these.
        tol: done when a step is at most ``tol * (1 + max|x|)``.
        max_steps: the largest number of steps.

    Returns:
        A tree like ``x0``; exact derivatives to third order, in every mode.

    Raises:
        RuntimeError: when it does not converge.

    Example:
        >>> from fdezero import grad, root
        >>> grad(lambda a: root(lambda x, a: x * x - a, 1.0, a))(4.0)   # d sqrt(a) / da
        np.float64(0.25)
    """
    start, leaves, structure = _flat(stop_gradient(x0))

    def residual(vector: Array, *args: Any) -> Array:
        return _flat_result(f(_unflat(read_only(vector), leaves, structure), *args))

    fixed = stop_gradient(args)
    with no_grad():
        x = before = start
        for _ in range(max_steps):
            x, before = _step(lambda v: residual(v, *fixed), x), x
            if _size(x - before) <= tol * (1 + _size(x)):
                break
        else:
            raise RuntimeError(f"root: no convergence in {max_steps} steps; the last one was {_size(x - before):.3g}")
    return _with_derivatives(lambda v: residual(v, *args), x, leaves, structure)


def fixed_point(f: Function, x0: Any, *args: Any, tol: float = 1e-12, max_steps: int = 10_000) -> Any:
    """The x with f(x, *args) = x, by iteration, with derivatives with respect to ``args``.

    Arguments, result and errors are those of `root`; ``f`` must be a contraction near the solution.

    Example:
        >>> import numpy as np
        >>> from fdezero import fixed_point, grad
        >>> round(float(fixed_point(lambda x, a: np.cos(a * x), 0.5, 1.0)), 6)
        0.739085
        >>> round(float(grad(lambda a: fixed_point(lambda x, a: np.cos(a * x), 0.5, a))(1.0)), 6)
        -0.297474
    """
    start, leaves, structure = _flat(stop_gradient(x0))

    def image(vector: Array, *args: Any) -> Array:
        return _flat_result(f(_unflat(read_only(vector), leaves, structure), *args))

    fixed = stop_gradient(args)
    with no_grad():
        x = before = start
        for _ in range(max_steps):
            x, before = image(x, *fixed), x
            if _size(x - before) <= tol * (1 + _size(x)):
                break
        else:
            raise RuntimeError(f"fixed_point: no convergence in {max_steps} steps; the last one was {_size(x - before):.3g}")
    return _with_derivatives(lambda v: v - image(v, *args), x, leaves, structure)


def _with_derivatives(residual: Function, x: Array, leaves: list[Array], structure: tree.Structure) -> Any:
    for _ in range(_STEPS):
        x = _step(residual, x)
    return _unflat(x, leaves, structure)
