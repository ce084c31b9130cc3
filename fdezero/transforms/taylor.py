"""Taylor mode: derivatives of any order along a curve, at a cost that is polynomial in the order.

A `Stream` is a power series: the coefficients of t**0, t**1 ... of a value that moves with t.  That of
an elementwise or general primitive comes from the one derivative that its rule states: if y = f(x), then
y' = f'(x) x', so the k-th coefficient of y is the (k-1)-th of f'(x) x', divided by k.  What stands on
the right is a stream as well, made by running the rule on streams; it is asked for its coefficients one
by one, each of which needs only lower ones of y.  (The derivative of sin is cos and that of cos is -sin:
each operation is remembered, so these two streams feed each other, and no third is made.)

Source: Griewank and Walther, *Evaluating Derivatives* (2008), chapter 13.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from functools import partial
from typing import Any

import attrs
import numpy as np

from .. import tree
from ..cotangents import Alarm, derivative_errstate
from ..graph import Array, Box, Params
from ..primitives import Multilinear, Primitive
from ..recording import new_level, quiet_level
from ..rules.elementwise import multiply
from .forward import as_tangent, flatten_tangents, push
from .wrapping import Function, Transformed, as_input, as_output, run

#: The levels of which a rule is being run: there coefficients wait until they are asked for.  Otherwise
#: each operation computes its own at once, and a long program needs no deep recursion.
_waiting: ContextVar[frozenset[int]] = ContextVar("fdezero_taylor_waiting", default=frozenset())


@attrs.frozen(eq=False, repr=False)
class Stream(Box):
    """The Box of Taylor mode: a value and the coefficients of higher powers of t, as they are needed.

    ``following(k)`` computes the k-th from lower ones; None stands for zero.  ``memory`` holds what
    has been computed from the streams of this run, so that nothing is computed twice.
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
        if primitive.constant or self.level <= quiet_level.get():
            return primitive(*values, **params)
        if self.level.over:
            raise self.escaped()
        key = (primitive, tuple(map(_name, args)), tuple((k, _name(v)) for k, v in params.items()))
        if key not in self.memory:
            # The call remembers its arguments too: an id is no name for an object that is gone.
            call = _Operation(primitive, args, values, params, self)
            self.memory[key] = (self._outcome(call), call)
            if self.level not in _waiting.get():
                call.compute(self.order)
        return self.memory[key][0]

    def _outcome(self, call: _Operation) -> Any:
        out = call.primitive(*call.values, **call.params)
        if call.primitive.multiple:
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
    """What tells a value from others: itself where it is small and fixed, else which object it is."""
    return x if x.__class__ in (int, float, bool, str) else id(x)


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
        streams = self.out[0] if self.primitive.multiple else self.out
        for k in range(1, order + 1):
            for stream in filter(self._moving, streams):
                stream.coefficient(k)

    def _moving(self, arg: Any) -> bool:
        return isinstance(arg, Stream) and arg.level == self.of.level

    def _is_affine(self) -> bool:
        """Do the rules need nothing that moves?  Then the coefficients do not meet each other."""
        if self.primitive.variadic is not None:
            return not isinstance(self.primitive, Multilinear)
        moving = {i for i, arg in enumerate(self.args) if self._moving(arg)}
        rules = [self.primitive.rules[i] for i in moving]
        return all(rule is None or not (moving | {-1}) & set(rule.needs) for rule in rules)

    def coefficient(self, k: int) -> Any:
        if self._is_affine():
            return self._pushed([arg.coefficient(k) if self._moving(arg) else None for arg in self.args], self.values)
        if len(self.args) == 2 and (self.primitive is multiply or isinstance(self.primitive, Multilinear)):
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
        alarm = Alarm()
        with derivative_errstate(alarm):
            return push(self.primitive, tangents, (*arguments, self.out[0]), arguments, self.params, alarm)

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


def _forget(memory: dict[Any, Any]) -> None:
    """Undo the knot of streams that feed each other, so that they are freed without the garbage collector."""
    for _, origin in memory.values():
        if isinstance(origin, _Operation):
            origin.out.clear()
            origin.slope.clear()
    memory.clear()


# -- the transforms ----------------------------------------------------------------------------------


def jet(f: Function, primals: Sequence[Any], series: Sequence[Any]) -> tuple[Any, list[Any]]:
    """The derivatives of f(x(t)) at t = 0, from those of a curve x(t): Taylor mode.

    Args:
        f: a function of arrays or trees of them.
        primals: a tuple of its arguments: x(0).
        series: for each argument the list of its derivatives x'(0), x''(0) ... (not divided by
            factorials), each a tree like it; all lists of one length n.

    Returns:
        ``(f(x(0)), [first, second, ... n-th derivative of f(x(t))])``, as `jax.experimental.jet`.

    Raises:
        ValueError: when the lists are of different lengths, or do not fit the primals.

    Example:
        >>> import numpy as np
        >>> from fdezero import jet
        >>> y, (first, second) = jet(lambda x: x**3, (2.0,), ([1.0, 0.0],))
        >>> float(y), float(first), float(second)
        (8.0, 12.0, 12.0)
    """
    if len(series) != len(primals) or len({len(s) for s in series}) != 1:
        raise ValueError(f"jet wants for each of the {len(primals)} primals a list of derivatives, all of one length")
    order = len(series[0])
    values, structure = tree.flatten(tuple(primals))
    values = [as_input(x, f"primal{path}") for x, path in zip(values, structure.paths(), strict=True)]
    terms = [flatten_tangents(structure, tuple(s[k] for s in series), values) for k in range(order)]
    level = new_level()
    memory: dict[Any, Any] = {}

    def stream(i: int) -> Stream:
        def coefficient(k: int) -> Any:
            return terms[k - 1][i] / math.factorial(k) if k <= order else None

        return Stream(values[i], level, order, memory, coefficient)

    result, _ = run(f, structure.unflatten([stream(i) for i in range(len(values))]), {}, level, False)
    outs, out_structure = tree.flatten(result)
    outs = [as_output(out) for out in outs]
    moving = [isinstance(out, Stream) and out.level == level for out in outs]
    value = out_structure.unflatten([out._value if m else out for out, m in zip(outs, moving, strict=True)])

    def derivatives(k: int) -> Any:
        found = [out.coefficient(k) if m else None for out, m in zip(outs, moving, strict=True)]
        return out_structure.unflatten(
            [
                np.zeros(out.shape, out.dtype)[()] if c is None else as_tangent(c * math.factorial(k), out.shape, out.dtype)
                for c, out in zip(found, outs, strict=True)
            ]
        )

    found = [derivatives(k) for k in range(1, order + 1)]
    _forget(memory)
    return value, found


def derivative(f: Function | None = None, n: int = 1) -> Callable[..., Any]:
    """The n-th derivative of a function of one number, by Taylor mode.

    Nesting a gradient n times costs time that grows exponentially with n; this grows polynomially.

    Args:
        f: a function of one number; its result may be an array or a tree.
        n: which derivative; 0 is the function itself.

    Raises:
        TypeError: when the argument is no floating-point number.
        ValueError: when n is negative, or the argument is an array.

    Example:
        >>> import numpy as np
        >>> from fdezero import derivative
        >>> round(float(derivative(np.exp, 10)(1.0)), 12)
        2.718281828459
    """
    if f is None:
        return partial(derivative, n=n)
    if n < 0:
        raise ValueError(f"n is at least 0, got {n}")
    return Transformed(_derivative, f, n)


def _derivative(f: Function, n: int, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    x, *rest = args
    x = as_input(x, "argument 0")
    if x.shape != ():
        raise ValueError(
            f"derivative wants a function of one number, and the argument has shape {x.shape}; see elementwise_grad and jet"
        )
    one, zero = x.dtype.type(1), x.dtype.type(0)
    value, terms = jet(lambda x: f(x, *rest, **kwargs), (x,), ([one, *[zero] * (n - 1)][:n],))
    return terms[-1] if n else value
