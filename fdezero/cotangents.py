"""Cotangents and tangents as every mode needs them: in the right shape and dtype; and the alarm for NaNs."""

from __future__ import annotations

from typing import Any

import numpy as np

from .graph import Array


class Alarm:
    """Raised by NumPy when an operation makes a NaN out of other numbers (see `primitives.strong_zero`)."""

    __slots__ = ("raised",)

    def __init__(self) -> None:
        self.raised = False

    def __call__(self, kind: str, flag: int) -> None:
        self.raised = True

    def pass_on(self) -> None:
        """Raise that of the derivatives around these: a fold whose cotangents have tangents must know of a NaN there."""
        around = np.geterrcall()
        if isinstance(around, Alarm):
            around.raised = True


def ringing(c: Array) -> Array:
    """``c``; and the alarm of the derivatives under way is raised, by an invalid operation.

    For a rule that knows of a NaN which no operation will make, for it is there already.
    """
    np.subtract(np.inf, np.inf)
    return c


def derivative_errstate(alarm: Alarm) -> np.errstate:
    """What is in force while derivatives are computed.

    A slope may well be infinite, and that is an answer and not worth a warning.  The hardware's
    *invalid* flag, which comes for free, tells when a NaN is made, so that the common case needs no
    second look at the data.
    """
    return np.errstate(divide="ignore", over="ignore", under="ignore", invalid="call", call=alarm)


def unbroadcast(c: Array, shape: tuple[int, ...]) -> Array:
    """Sum out what broadcasting from ``shape`` to ``c.shape`` has repeated."""
    extra = len(c.shape) - len(shape)
    if extra:  # np.add.reduce: what c.sum calls after 400 ns of its own
        c = np.add.reduce(c, axis=0 if extra == 1 else tuple(range(extra)))
    if c.shape == shape:
        return c
    stretched = tuple([i for i, n in enumerate(shape) if n == 1 and c.shape[i] != 1])
    return np.add.reduce(c, axis=stretched, keepdims=True)


def cast(c: Array, dtype: np.dtype[Any]) -> Array:
    """``c`` in ``dtype``; where that is real, the imaginary part is dropped."""
    if c.dtype.kind == "c" and dtype.kind != "c":
        c = c.real
    return c if c.dtype == dtype else c.astype(dtype)


def fit(c: Array, like: Any) -> Array:
    """A cotangent in the shape and dtype of the argument it belongs to."""
    if c.shape != like.shape:
        c = unbroadcast(c, like.shape)
    return cast(c, like.dtype)


def zero_like(like: Any) -> Array:
    """Zeros of a shape and dtype, in no memory: a view that repeats one number."""
    shape, dtype = (like.shape, like.dtype) if hasattr(like, "shape") else ((), np.dtype(float))
    return np.broadcast_to(np.zeros((), dtype if dtype.kind in "fc" else float), shape)
