"""Numerical derivatives, and checking the exact ones against them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from . import tree
from .transforms.reverse import vjp


def numerical_grad(f: Callable[[Any], Any], x: Any, eps: float | None = None, method: str = "central") -> Any:
    """The gradient of a scalar function by finite differences (the book's step 4).

    Args:
        f: a function of one array (or number) whose value is one real number.
        x: where; a float array of any shape, or a number.
        eps: the step, in the units of x; by default the cube root of the machine's epsilon for
            central differences, the square root for forward ones, where error and rounding balance
            (Press et al., *Numerical Recipes*, section 5.7).
        method: ``"central"``, error O(eps**2), or ``"forward"``, error O(eps).

    Returns:
        An array of x's shape.

    Raises:
        ValueError: for another method.

    Example:
        >>> round(float(numerical_grad(lambda x: x**3, 2.0)), 6)
        12.0
    """
    if method not in ("central", "forward"):
        raise ValueError(f"method is 'central' or 'forward', got {method!r}")
    x = np.asarray(x, dtype=float)
    step = eps if eps is not None else float(np.finfo(float).eps) ** (1 / 3 if method == "central" else 1 / 2)

    def moved(index: tuple[int, ...], by: float) -> Any:
        y = x.copy()
        y[index] += by
        return f(y[()])

    gradient = np.empty(x.shape)
    here = f(x[()]) if method == "forward" else None
    for index in np.ndindex(x.shape):
        if method == "central":
            gradient[index] = (moved(index, step) - moved(index, -step)) / (2 * step)
        else:
            gradient[index] = (moved(index, step) - here) / step
    return gradient[()]
