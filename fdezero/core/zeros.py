"""Strong zeros: a cotangent or tangent that is exactly zero gives exactly zero, whatever the slope.

So the branch that ``np.where`` did not take never makes a NaN of the one it took, as an infinite slope
times zero would.  To find such NaNs costs a second look at the data; it is taken only after the
processor's *invalid* flag, which NumPy reads anyway, has been raised by some operation (`watching`).
"""

from __future__ import annotations

import math
from contextvars import ContextVar
from typing import Any

import numpy as np

from .graph import Array, Box
from .primitives import Constant, TangentAware

#: The alarm of the derivatives that are being computed.
_alarm: ContextVar[watching | None] = ContextVar("fdezero_alarm", default=None)


class watching:
    """The error state in which derivatives are computed, and its alarm: ``with watching() as alarm:``.

    In it an infinite slope is a valid result and gives no warning, and an invalid operation raises the
    alarm.  On leaving, the alarm of the enclosing derivatives is raised too: a fold whose cotangents have
    tangents must know of a NaN among them.  With ``inherit`` the alarm begins raised if the enclosing one
    is: for a fold that is part of another's step.
    """

    __slots__ = ("_state", "_token", "raised")

    def __init__(self, inherit: bool = False) -> None:
        self.raised = inherit and alarm_is_raised()

    def __call__(self, kind: str, flag: int) -> None:
        """What NumPy calls when an operation makes a NaN out of other numbers."""
        self.raised = True

    def __enter__(self) -> watching:
        self._token = _alarm.set(self)
        self._state: Any = np.errstate(divide="ignore", over="ignore", under="ignore", invalid="call", call=self)
        self._state.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        self._state.__exit__(*error)
        self._state = None  # it refers to this object
        _alarm.reset(self._token)
        if self.raised:
            raise_alarm()


def raise_alarm() -> None:
    """Raise the alarm of the derivatives that are being computed, if any."""
    alarm = _alarm.get()
    if alarm is not None:
        alarm.raised = True


def alarm_is_raised() -> bool:
    """True where an operation has made a NaN since the innermost `watching` began."""
    alarm = _alarm.get()
    return alarm is not None and alarm.raised


def with_alarm(c: Array) -> Array:
    """``c``, after raising the alarm: for a rule whose slope is a NaN that no invalid operation made."""
    raise_alarm()
    return c


vanishes: TangentAware = TangentAware("vanishes", lambda x: x == 0, core=(0,), join=lambda out, t: out & vanishes(t))
is_nan: TangentAware = TangentAware("is_nan", np.isnan, core=(0,), join=lambda out, t: out | is_nan(t))


def strong_zero(g: Array, c: Array) -> Array:
    """``c``, the product of ``g`` with a slope, with zero where ``g`` is zero and ``c`` is NaN."""
    kept = np.where(vanishes(g) & is_nan(c), np.zeros_like(c), c)
    return kept[()] if type(kept) is np.ndarray and not kept.ndim else kept  # a number stays one


def has_nonfinite(x: Any) -> bool:
    """True for a Box that holds, in its value or a tangent, a number that is not finite.

    A number whose square overflows counts too; the caller then takes a slower path with the same result.
    """
    return isinstance(x, Box) and x.is_open and any(map(_holds_nonfinite, x.parts))


def _holds_nonfinite(part: Any) -> bool:
    if not isinstance(part, Box):
        return _is_nonfinite(part)
    return has_nonfinite(part) if part.is_open else bool(nonfinite(part))


def _is_nonfinite(x: Any) -> bool:
    return getattr(x, "dtype", _FLOAT).kind in "fc" and not math.isfinite(abs(np.vdot(x, x)))


_FLOAT = np.dtype(float)
#: What `has_nonfinite` asks of a Box that is not open; of a batch it is asked of all examples together.
nonfinite = Constant(
    "nonfinite",
    lambda x: np.bool_(_is_nonfinite(x)),
    batch=lambda primitive, values, batched, size, params: np.broadcast_to(primitive(*values), (size,)),
)
