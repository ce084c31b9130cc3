"""Solutions that SciPy's solvers find, differentiated by the implicit function theorem.

The solver runs on plain numbers, and what it finds is the value, to the last bit.  Behind it come Newton
steps for the equation that this value solves exactly, g(x, p) = g(x*, p*) with the right-hand side held
fixed: they change nothing in the value and carry the derivatives, two of them to third order (see
`fdezero.root`).  So the derivatives are those of the exact solution as far as the solver's tolerance lets
x* be near it.

Source: Griewank and Walther, *Evaluating Derivatives* (2008), chapter 15.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..core.declare import constant
from ..core.graph import Array
from ..transforms.derivatives import jacfwd
from ..transforms.grad import stop_gradient
from ._mirror import operand

#: Newton steps that carry derivatives: two are right up to the third order.
_STEPS = 2

#: The solver's answer for one example: ``solve(start, p)`` on plain numbers.
_answer = constant(lambda start, p, *, solve: solve(start, p), name="scipy_solution")


def solution(
    name: str,
    solve: Callable[[Array, Array], Any],
    equation: Callable[[Array, Array], Array],
    start: Any,
    p: Array,
    free: Callable[[Array], Any] | None = None,
) -> Array:
    """The x that ``solve(start, p)`` finds on plain numbers, with the derivatives of the solution of an equation.

    Args:
        name: SciPy's function.
        solve: the solver; it returns an array or a number.
        equation: ``equation(x, p)``, of x's size, which is 0 at the solution.
        start: where the solver starts, on which the solution does not depend.
        p: the parameters.
        free: from a plain x, where it may move: None for everywhere.

    Raises:
        RuntimeError: when the equation does not determine the solution.
    """
    x = _answer(operand(start), p, solve=solve)
    shape = x.shape
    moves = None if free is None else free(x)

    def residual(v: Array) -> Array:
        return equation(v.reshape(shape), p).reshape(-1)

    v = x.reshape(-1)
    left = stop_gradient(residual(v))
    for _ in range(_STEPS):
        slope, right = jacfwd(residual)(v), residual(v) - left
        if moves is not None:  # where x is at a bound it stays there
            eye = np.eye(slope.shape[-1])
            slope, right = np.where(moves[:, None] & moves, slope, eye), np.where(moves, right, 0.0)
        try:
            v = v - np.linalg.solve(slope, right)
        except np.linalg.LinAlgError:
            raise RuntimeError(
                f"{name}: the solution has no derivative, for the Jacobian matrix of the equation is singular there; "
                "differentiate a problem whose solution is isolated"
            ) from None
    return v.reshape(shape)
