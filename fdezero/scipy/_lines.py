"""Any function of SciPy that is linear in an array along each line of one axis, as one primitive."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..core.declare import linear
from ..core.graph import Array
from ..core.primitives import Linear


def _along(x: Array, *, apply: Callable[..., Array], axis: int) -> Array:
    return apply(x, axis=axis)


def _transpose(g: Array, like: Any, *, apply: Callable[..., Array], axis: int) -> Array:
    """By the matrix of the function, which is made of what it does to each unit vector."""
    matrix = apply(np.eye(like.shape[axis]), axis=0)
    return np.moveaxis(np.moveaxis(g, axis, -1) @ matrix, -1, axis)


#: ``apply(x, axis=axis)``, which may change the length of that axis; the axis is counted from the end.
along_lines: Linear = linear(_along, _transpose, name="along_lines", core=(0,))


def trailing(axes: Any, ndim: int) -> list[int]:
    """Axes counted from the end; None for all of them."""
    chosen = range(ndim) if axes is None else [axes] if np.ndim(axes) == 0 else axes
    return [a - ndim if a >= 0 else a for a in chosen]
