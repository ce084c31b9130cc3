"""Python's own numbers while they are traced: operators between two of them are Python's, not NumPy's.

``1.0 / 0.0`` is an exception, ``2**-1`` is a float, ``1.0 < 2.0`` is a bool, and ints have no bounds.  NumPy's
functions make NumPy's numbers of them (`with_dtypes`); beside an array they give way to its dtype, as ever.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..core.graph import Box
from ..core.primitives import Constant


def is_number(x: Any) -> bool:
    """True for a Python number, traced or not."""
    return isinstance(x._value if isinstance(x, PythonNumber) else x, (bool, int, float, complex)) and not has_dtype(x)


def has_dtype(x: Any) -> bool:
    """True for what has a dtype that counts in arithmetic."""
    return hasattr(x._value if isinstance(x, PythonNumber) else x, "dtype")


def with_dtypes(args: Sequence[Any]) -> tuple[Any, ...]:
    """The arguments of a call of NumPy's; where no array is among them, traced Python numbers are NumPy's."""
    inside = [x for arg in args for x in (arg if isinstance(arg, (tuple, list)) else (arg,))]
    if any(has_dtype(x) for x in inside):
        return tuple(args)
    return tuple([type(arg)(map(_numpy_s, arg)) if type(arg) in (tuple, list) else _numpy_s(arg) for arg in args])


def _numpy_s(x: Any) -> Any:
    return x.with_dtype() if isinstance(x, PythonNumber) else x


class OfNumbers(Constant):
    """A function of Python numbers, to be noted down."""

    __slots__ = ()


def of_numbers(name: str, function: Callable[..., Any], count: int = 1) -> OfNumbers:
    return OfNumbers(name, function, core=(0,) * count)


def _binary(name: str, function: Callable[[Any, Any], Any], method: str) -> tuple[Any, Any]:
    """An operator and its reflection."""
    primitive = of_numbers(name, function, 2)
    usual: Any = getattr(Box, f"__{method}__")
    usual_reflected: Any = getattr(Box, f"__r{method}__", None)  # a comparison has none

    def forward(self: Any, other: Any) -> Any:
        return primitive(self, other) if is_number(self) and is_number(other) else usual(self, other)

    def reflected(self: Any, other: Any) -> Any:
        return primitive(other, self) if is_number(self) and is_number(other) else usual_reflected(self, other)

    return forward, reflected


def _comparison(name: str, function: Callable[[Any, Any], Any], method: str) -> Any:
    return _binary(name, function, method)[0]


def _unary(name: str, function: Callable[[Any], Any], method: str) -> Any:
    primitive, usual = of_numbers(name, function), getattr(Box, method)

    def unary(self: Any) -> Any:
        return primitive(self) if is_number(self) else usual(self)

    return unary


def _part(name: str) -> Any:
    primitive, usual = of_numbers(name, operator.attrgetter(name)), getattr(Box, name)
    return property(lambda self: primitive(self) if is_number(self) else usual.__get__(self))


_rounded = of_numbers("round", round, 2)


class PythonNumber(Box):
    """The operators of a Box that may hold a Python number."""

    __slots__ = ()

    __add__, __radd__ = _binary("add", operator.add, "add")
    __sub__, __rsub__ = _binary("subtract", operator.sub, "sub")
    __mul__, __rmul__ = _binary("multiply", operator.mul, "mul")
    __truediv__, __rtruediv__ = _binary("divide", operator.truediv, "truediv")
    __floordiv__, __rfloordiv__ = _binary("floor_divide", operator.floordiv, "floordiv")
    __mod__, __rmod__ = _binary("remainder", operator.mod, "mod")
    __pow__, __rpow__ = _binary("power", operator.pow, "pow")
    __and__, __rand__ = _binary("bitwise_and", operator.and_, "and")
    __or__, __ror__ = _binary("bitwise_or", operator.or_, "or")
    __xor__, __rxor__ = _binary("bitwise_xor", operator.xor, "xor")
    __lshift__, __rlshift__ = _binary("left_shift", operator.lshift, "lshift")
    __rshift__, __rrshift__ = _binary("right_shift", operator.rshift, "rshift")
    __lt__, __le__ = _comparison("less", operator.lt, "lt"), _comparison("less_equal", operator.le, "le")
    __gt__, __ge__ = _comparison("greater", operator.gt, "gt"), _comparison("greater_equal", operator.ge, "ge")
    __eq__, __ne__ = _comparison("equal", operator.eq, "eq"), _comparison("not_equal", operator.ne, "ne")
    __neg__, __pos__ = _unary("negative", operator.neg, "__neg__"), _unary("positive", operator.pos, "__pos__")
    __abs__, __invert__ = _unary("absolute", operator.abs, "__abs__"), _unary("invert", operator.invert, "__invert__")
    real, imag = _part("real"), _part("imag")
    conjugate = _unary("conjugate", operator.methodcaller("conjugate"), "conjugate")

    def __divmod__(self, other: Any) -> Any:
        return (self // other, self % other) if is_number(self) and is_number(other) else Box.__divmod__(self, other)

    def __rdivmod__(self, other: Any) -> Any:
        return (other // self, other % self) if is_number(self) and is_number(other) else Box.__rdivmod__(self, other)

    def __round__(self, digits: int | None = None) -> Any:
        if digits is not None and is_number(self):
            return _rounded(self, digits)
        rounded = np.round(self) if digits is None else np.round(self, digits)
        return int(rounded) if digits is None and not self.shape else rounded

    def __trunc__(self) -> int:
        return int(self)

    def __floor__(self) -> int:
        return int(np.floor(self))

    def __ceil__(self) -> int:
        return int(np.ceil(self))

    def __hash__(self) -> int:  # type: ignore[override]  # the others have none
        raise TypeError(
            "a traced number or array cannot be the key of a dictionary or in a set; write int(x) or float(x), or name the "
            "argument in static_argnums or static_argnames"
        )

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        return super().__array_ufunc__(ufunc, method, *with_dtypes(inputs), **kwargs)

    def __array_function__(self, function: Any, types: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        return super().__array_function__(function, types, with_dtypes(args), kwargs)
