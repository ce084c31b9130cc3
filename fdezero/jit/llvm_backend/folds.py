"""Reductions: what an accumulator begins with, what it does with an entry, how its lanes are joined."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..program import Map
from . import elementwise
from .code import Code, Kind, kind, vector


def identity(ufunc: Any, k: Kind) -> Any:
    """The number that changes no other one; that of a sum of floats is -0.0, of an extremum the farthest one."""
    if ufunc in (np.maximum, np.minimum, np.fmax, np.fmin):
        top = ufunc in (np.minimum, np.fmin)
        match k.sort:
            case "f":
                return np.inf if top else -np.inf
            case "b":
                return top
        limits = np.iinfo(f"{k.sort}{k.itemsize}")
        return limits.max if top else limits.min
    if ufunc is np.add:
        return -0.0 if k.sort == "f" else 0
    return {np.multiply: 1, np.logical_and: 1, np.logical_or: 0, np.logical_xor: 0,
            np.bitwise_and: -1, np.bitwise_or: 0, np.bitwise_xor: 0}[ufunc]  # fmt: skip


_FOLDS = {np.add, np.multiply, np.maximum, np.minimum, np.fmax, np.fmin}
_LOGICAL = {np.logical_and, np.logical_or, np.logical_xor}
_BITWISE = {np.bitwise_and, np.bitwise_or, np.bitwise_xor}


def supports(ufunc: Any, operand: np.dtype[Any], result: np.dtype[Any], size: int) -> bool:
    """Whether a reduction of ``size`` entries can be native; an extremum of no entry is an error that NumPy names."""
    k = kind(operand)
    if k is None or operand != result or (size == 0 and ufunc.identity is None):
        return False
    if ufunc in _LOGICAL:
        return k.sort == "b"
    if ufunc in _BITWISE:
        return k.sort in "iub" and not (k.sort == "b" and ufunc is np.bitwise_and)
    return ufunc in _FOLDS


def combine(code: Code, ufunc: Any, k: Kind, width: int, x: str, y: str) -> str:
    if ufunc is np.add and k.sort == "f":
        return code.put(f"fadd {elementwise.FUSES} {vector(k.register, width)} {x}, {y}")
    return elementwise.emit(code, Map(ufunc), (k, k), k, width, (x, y))


def across(code: Code, ufunc: Any, k: Kind, width: int, x: str) -> str:
    """All lanes of an accumulator joined, half with half."""
    while width > 1:
        wide, half = vector(k.register, width), width // 2
        low, high = (
            code.put(f"shufflevector {wide} {x}, {wide} poison, <{half} x i32> <{', '.join(f'i32 {i}' for i in lanes)}>")
            for lanes in (range(half), range(half, width))
        )
        if half == 1:
            narrow = f"<1 x {k.register}>"
            low, high = (code.put(f"extractelement {narrow} {each}, i32 0") for each in (low, high))
        x, width = combine(code, ufunc, k, half, low, high), half
    return x
