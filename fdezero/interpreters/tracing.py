"""Tracing: values that are computed as usual, and noted down with how they were made.

A `Traced` holds an array of this run and the number under which a recorder knows it.  A primitive called on it
runs at once and is noted down too.  What Python decides on a value (``if x > 0``, ``int(n)``, ``a[mask]``)
holds for this value only: the recorder is told the decision, so that the program made of the run can
test at other arguments whether it is still the same.

It is the lowest Box of all: derivatives and batches inside the traced function are boxes around it, and what
they do to it is recorded like everything else.
"""

from __future__ import annotations

import operator
from typing import Any, Protocol

import attrs
import numpy as np

from ..core.boxes import truth
from ..core.declare import shape_depends_on_values
from ..core.graph import Array, Params
from ..core.operands import read_only
from ..core.primitives import Constant, Primitive
from .python_numbers import PythonNumber


class Recorder(Protocol):
    """What a Traced tells of its run."""

    def call(self, primitive: Primitive, args: tuple[Any, ...], params: Params, out: Any) -> tuple[int | None, ...]:
        """Note down a call; returns the numbers of its outputs, None for one that is None."""

    def constant(self, value: Any) -> int:
        """The number of a constant."""

    def decided(self, number: int, value: Any) -> None:
        """Note down that Python decided on this value."""

    def failed(self, error: Exception) -> None:
        """Note down that a call raised an error, which the function may have caught."""


@attrs.frozen(eq=False, repr=False)
class Traced(PythonNumber):
    """The Box of tracing; of a Python number, which has no dtype that counts, the value is one."""

    number: int
    recorder: Recorder

    is_open = False

    @property
    def shape(self) -> tuple[int, ...]:
        return getattr(self._value, "shape", ())

    @property
    def dtype(self) -> np.dtype[Any]:
        return self._value.dtype if hasattr(self._value, "dtype") else np.dtype(type(self._value))

    @property
    def value(self) -> Array:
        """The array, read-only, for code that reads it: a decision for this value."""
        return read_only(self.concrete())

    def apply(self, primitive: Primitive, args: tuple[Any, ...], params: Params) -> Any:
        """The result of the call, noted down; of one whose shape depends on values, the result for these."""
        if self.level.over:
            raise self.escaped()
        if getattr(primitive, "is_code", False):  # a user's function with a rule of its own
            return primitive.function(*args, **params)
        if primitive.function is truth:
            return bool(args[0])
        if shaped_by_values(primitive):
            args = tuple([a.concrete() if self.is_mine(a) else a for a in args])
            return primitive(*args, **params)
        try:
            out = primitive(*map(self.unwrap, args), **params)
        except Exception as error:
            self.recorder.failed(error)
            raise
        numbers = self.recorder.call(primitive, args, params, out)
        if type(out) is tuple:
            return tuple([self._box(o, n) for o, n in zip(out, numbers, strict=True)])
        return self._box(out, numbers[0])

    def _box(self, out: Any, number: int | None) -> Any:
        return None if number is None else Traced(out, self.level, number, self.recorder)

    def is_mine(self, x: Any) -> bool:
        """True for a box of this run."""
        return isinstance(x, Traced) and x.level == self.level

    def concrete(self) -> Any:
        """The plain value, on which something is decided."""
        self.recorder.decided(self.number, self._value)
        if self.dtype.kind in "fc" and not np.all(self._value):  # the zeros are equal, and a decision may depend on their signs
            for part in (self.real, self.imag) if self.dtype.kind == "c" else (self,):
                signs: Any = np.signbit(part)
                self.recorder.decided(signs.number, signs._value)
        return self._value

    def lift(self, x: Any) -> Traced:
        return Traced(x, self.level, self.recorder.constant(x), self.recorder)

    def with_dtype(self) -> Any:
        return self if hasattr(self._value, "dtype") else self * self.dtype.type(1)

    def __bool__(self) -> bool:
        is_true: Any = self if self.dtype.kind == "b" else np.not_equal(self, 0)
        return bool(is_true.concrete())

    def __int__(self) -> int:  # type: ignore[override]  # the others refuse
        is_short = not self.shape and self.dtype.kind == "f" and abs(self._value) < _SHORT
        return int((self.with_dtype().astype(np.int64) if is_short else self).concrete())

    def __float__(self) -> float:  # type: ignore[override]  # the others refuse
        return float(self.concrete())

    def __complex__(self) -> complex:  # type: ignore[override]  # the others refuse
        return complex(self.concrete())

    def __index__(self) -> int:  # type: ignore[override]  # the others refuse
        return operator.index(self.concrete())

    def item(self, *index: Any) -> Any:
        return np.asarray(self.concrete()).item(*index)

    def tolist(self) -> Any:
        return np.asarray(self.concrete()).tolist()

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        return np.array(self.concrete(), dtype)

    def __format__(self, spec: str) -> str:
        return format(self.concrete(), spec)

    def __str__(self) -> str:
        return str(self.concrete())

    def __getattr__(self, name: str) -> Any:
        """What numbers have and arrays have not, such as `is_integer`: a decision on the number."""
        if name.startswith("_") or self.shape or not hasattr(self._value, name):
            raise AttributeError(f"a traced {type(self._value).__name__} has no attribute {name!r}")
        return getattr(self.concrete(), name)

    def __repr__(self) -> str:
        return f"Traced({self._value!r}, shape={self.shape})"


#: Smaller floats are truncated as int64.
_SHORT = 2.0**62


def shaped_by_values(primitive: Primitive) -> bool:
    """True for what has another shape, or is no array, for other values: `np.nonzero`, `np.unique` and the like."""
    unknown = primitive.batch is None or primitive.batch is shape_depends_on_values
    return isinstance(primitive, Constant) and primitive.core is None and unknown
