"""Which arguments are Boxes: without any, a function of these namespaces is SciPy's own."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.boxes import raw
from ..core.graph import Box
from ..rules.numpy.shaping import array


def has_box(*values: Any) -> bool:
    """True where a Box is among the values, or in a list or tuple among them."""
    return any(isinstance(v, Box) or (isinstance(v, (list, tuple)) and has_box(*v)) for v in values)


def as_array(x: Any) -> Any:
    """A Box, or an array of floating-point numbers."""
    if isinstance(x, Box):
        return x
    if isinstance(x, (list, tuple)) and has_box(*x):
        return array(x)
    x = np.asarray(x)[()]
    return x if x.dtype.kind in "fc" else x.astype(float)


def as_double(x: Any) -> Any:
    """`as_array` in double precision, in which all of scipy.stats computes whatever it is given."""
    x = as_array(x)
    return x.astype(np.float64) if x.dtype == np.float32 else x


def holds(condition: Any) -> bool:
    """True where a condition holds for every entry, whatever boxes are around it."""
    return bool(np.all(raw(condition)))


def quiet_log(x: Any) -> Any:
    """np.log without a warning for what SciPy does not warn of either: log 0, and the log of rounding below 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.log(x)
