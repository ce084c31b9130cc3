"""Taylor mode: power series of values that move with a number t.

A `Stream` is a power series: the coefficients of t**0, t**1 ... of a value that moves with t.  That of
an elementwise or general primitive comes from the one derivative that its rule states: if y = f(x), then
y' = f'(x) x', so the k-th coefficient of y is the (k-1)-th of f'(x) x', divided by k.  What stands on
the right is a stream as well, made by running the rule on streams; it is asked for its coefficients one
by one, each of which needs only lower ones of y.  (The derivative of sin is cos and that of cos is -sin:
each operation is remembered, so each of these two streams computes its coefficients from the other's.)

Source: Griewank and Walther, *Evaluating Derivatives* (2008), chapter 13.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextvars import ContextVar
from functools import partial
from typing import Any

import attrs
import numpy as np

from ..core.graph import Array, Box, Params, unrecorded
from ..core.primitives import Bilinear, Multilinear, Primitive
from ..core.recording import quiet_level
from ..core.zeros import watching
from .forward import as_tangent, push

#: The levels of which a rule is being run: there coefficients wait until they are asked for.  Otherwise
#: each operation computes its own at once, and a long program needs no deep recursion.
_waiting: ContextVar[frozenset[int]] = ContextVar("fdezero_taylor_waiting", default=frozenset())


@attrs.frozen(eq=False, repr=False)
class Stream(Box):
    """The Box of Taylor mode: a value and the coefficients of higher powers of t, as they are needed.

    ``following(k)`` computes the k-th from lower ones; None stands for zero.  ``memory`` holds the
    operations of this run, so that a rule which repeats one gets the stream that there is.
    """

    order: int
    memory: dict[Any, Any]
    following: Callable[[int], Any]
    known: list[Any] = attrs.field(factory=list)

    def coefficient(self, k: int) -> Any:
        """That of t**k, or None for zero."""
        if k == 0:
            return self._value
        while len(self.known) < k:
            self.known.append(self.following(len(self.known) + 1))
        return self.known[k - 1]

    def apply(self, primitive: Primitive, args: tuple[Any, ...], params: Params) -> Any:
        values = tuple(map(self.unwrap, args))
        moving = any(
            isinstance(a, Stream) and a.level == self.level and primitive.rule_of(i) is not None for i, a in enumerate(args)
        )
        if not moving or self.level <= quiet_level.get():
            return unrecorded(primitive(*values, **params), values)
        if self.level.over:
            raise self.escaped()
        key = (primitive, tuple(map(_name, args)), tuple((k, _name(v)) for k, v in params.items()))
        in_rule = self.level in _waiting.get()
        if key in self.memory and not in_rule:  # the user's function may have written to a constant since
            earlier = self.memory.pop(key)
            self.memory["replaced", id(earlier)] = earlier
        if key not in self.memory:
            # The call remembers its arguments too: an id is no name for an object that is gone.
            call = _Operation(primitive, args, values, params, self)
            self.memory[key] = (self._outcome(call), call)
            if not in_rule:
                call.compute(self.order)
        return self.memory[key][0]

    def _outcome(self, call: _Operation) -> Any:
        out = call.primitive(*call.values, **call.params)
        if type(out) is tuple:
            parts = enumerate(out)
            call.out.append(tuple(self._stream(o, partial(call.part, i)) if o.dtype.kind in "fc" else o for i, o in parts))
        else:
            call.out.append(self._stream(out, call.coefficient))
        return call.out[0]

    def _stream(self, value: Array, following: Callable[[int], Any]) -> Stream:
        def fitted(k: int) -> Any:
            c = following(k)
            return None if c is None else as_tangent(c, value.shape, value.dtype)

        return Stream(value, self.level, self.order, self.memory, fitted)

    def derivative(self) -> Stream | None:
        """The stream of x'(t)."""
        first = self.coefficient(1)
        if first is None:
            if all(self.coefficient(k) is None for k in range(2, self.order + 1)):
                return None
            first = np.zeros_like(self._value)
        key = ("derivative", id(self))
        if key not in self.memory:
            self.memory[key] = (self._stream(first, lambda k: _times(self.coefficient(k + 1), k + 1)), self)
        return self.memory[key][0]  # type: ignore[no-any-return]  # to mypy what comes back is Any


def _name(x: Any) -> Any:
    """What tells a value from others: its text where that is short (0.0 and -0.0 are equal), else which object it is."""
    return repr(x) if x.__class__ in (int, float, bool, str) else id(x)


def _times(c: Any, factor: float) -> Any:
    return None if c is None else c * factor


@attrs.frozen(eq=False)
class _Operation:
    """A primitive call on streams, and how the coefficients of its outcome come about."""

    primitive: Primitive
    args: tuple[Any, ...]
    values: tuple[Any, ...]
    params: Params
    of: Stream
    out: list[Any] = attrs.field(factory=list)
    slope: list[Any] = attrs.field(factory=list)

    def compute(self, order: int) -> None:
        """All coefficients now, order by order."""
        streams = self.out[0] if type(self.out[0]) is tuple else self.out
        for k in range(1, order + 1):
            for stream in filter(self._moving, streams):
                stream.coefficient(k)

    def _moving(self, arg: Any) -> bool:
        return isinstance(arg, Stream) and arg.level == self.of.level

    def _is_affine(self) -> bool:
        """True where the rules need nothing that moves: each coefficient then depends on those of its own order alone."""
        moving = [self._moving(arg) for arg in self.args]
        positions = {i for i, on in enumerate(moving) if on}
        return not (positions | {-1}) & self.primitive.needs(moving)

    def coefficient(self, k: int) -> Any:
        if self._is_affine():
            return self._pushed([arg.coefficient(k) if self._moving(arg) else None for arg in self.args], self.values)
        if len(self.args) == 2 and isinstance(self.primitive, (Bilinear, Multilinear)):
            return self._product(k)
        slope = self._slope()
        return _divided(slope.coefficient(k - 1) if self._moving(slope) else slope if k == 1 else None, k)

    def part(self, i: int, k: int) -> Any:
        """Of one output among several."""
        slope = self._slope()
        if slope is None:
            return None
        return _divided(slope[i].coefficient(k - 1) if self._moving(slope[i]) else slope[i] if k == 1 else None, k)

    def _pushed(self, tangents: Sequence[Any], arguments: Sequence[Any]) -> Any:
        with watching():
            return push(self.primitive, tangents, (*arguments, self.out[0]), arguments, self.params)

    def _product(self, k: int) -> Any:
        """Cauchy's: the sum over i of x_i times y_(k - i)."""
        x, y = (arg.coefficient if self._moving(arg) else partial(_still, arg) for arg in self.args)
        total = None
        for i in range(k + 1):
            a, b = x(i), y(k - i)
            if a is not None and b is not None:
                term = self.primitive(a, b, **self.params)
                total = term if total is None else total + term
        return total

    def _slope(self) -> Any:
        """The stream of dy/dt, by running the rule on streams."""
        if not self.slope:
            token = _waiting.set(_waiting.get() | {self.of.level})
            try:
                tangents = [arg.derivative() if self._moving(arg) else None for arg in self.args]
                self.slope.append(self._pushed(tangents, self.args))
            finally:
                _waiting.reset(token)
        return self.slope[0]


def _still(value: Array, k: int) -> Any:
    """The coefficients of a constant."""
    return value if k == 0 else None


def _divided(c: Any, k: int) -> Any:
    return None if c is None else c / k


def forget(memory: dict[Any, Any]) -> None:
    """Clear the references between streams and operations, which are cycles, so that reference counting frees all of them."""
    for _, origin in memory.values():
        if isinstance(origin, _Operation):
            origin.out.clear()
            origin.slope.clear()
    memory.clear()
