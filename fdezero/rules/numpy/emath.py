"""numpy.emath: functions whose result is complex where a real argument has no real one.

Which it is is decided for the array as a whole, and for a batch as a whole too.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ...core.boxes import raw
from ...core.declare import implements
from ...core.graph import Array
from .helpers import as_operand


def _negative(x: Any) -> Any:
    return x < 0


def _beyond_one(x: Any) -> Any:
    return np.abs(x) > 1


def _complex_where(x: Any, outside: Callable[[Any], Any]) -> Array:
    """``x``; made complex if it is real and one of its entries is outside of the real function's domain."""
    x = as_operand(x)
    if x.dtype.kind == "c" or not np.any(outside(raw(x))):
        return x
    return x.astype(np.complex64 if x.dtype in (np.float32, np.int8, np.int16, np.uint8, np.uint16) else np.complex128)


def _declare(function: Any, ufunc: np.ufunc, outside: Callable[[Any], Any]) -> None:
    @implements(function)
    def extended(x: Array) -> Array:
        return ufunc(_complex_where(x, outside))


for _name, _outside in (
    *(("sqrt", _negative), ("log", _negative), ("log2", _negative), ("log10", _negative)),
    *(("arccos", _beyond_one), ("arcsin", _beyond_one), ("arctanh", _beyond_one)),
):
    _declare(getattr(np.emath, _name), getattr(np, _name), _outside)


@implements(np.emath.logn)
def logn(n: Any, x: Any) -> Array:
    return np.log(_complex_where(x, _negative)) / np.log(_complex_where(n, _negative))


@implements(np.emath.power)
def power(x: Any, p: Any) -> Array:
    return np.power(_complex_where(x, _negative), as_operand(p))
