"""What the rules of `scipy.special` share: arguments without a derivative, and functions that are refused."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ...core.declare import constant, elementwise, general, in_one_dtype, register
from ...core.graph import Array, Box
from ...core.signatures import Partial

SQRT_PI, SQRT_2, SQRT_2PI = float(np.sqrt(np.pi)), float(np.sqrt(2.0)), float(np.sqrt(2 * np.pi))

_fixed = constant(lambda x: x, name="fixed", core=(0,))


def _depth(x: Any) -> int:
    """How many boxes are around an array."""
    depth = 0
    while isinstance(x, Box):
        x, depth = x._value, depth + 1
    return depth


def is_differentiated(x: Any) -> bool:
    """True where a transform differentiates with respect to ``x`` (a box of a batch stays one as a constant)."""
    return isinstance(x, Box) and _depth(_fixed(x)) < _depth(x)


def refuse(name: str, what: str, x: Any, instead: str = "write stop_gradient(x) for it if it is to be held fixed") -> None:
    """Refuse to differentiate with respect to an argument.

    Raises:
        TypeError: if ``x`` is differentiated.
    """
    if is_differentiated(x):
        raise TypeError(f"scipy.special.{name} has no derivative rule for {what}, which has no closed form; {instead}")


def special(function: Callable[..., Any], *partials: Partial | str, name: str | None = None) -> Callable[..., Any]:
    """Declare an elementwise function, as `declare.elementwise` does.

    A text in the place of a partial derivative names an argument whose derivative is refused, where the
    function is called.

    Example:
        >>> import numpy as np
        >>> from fdezero import grad
        >>> power = special(lambda n, x: x**n, "the exponent n", lambda g, x, y: g * x * y ** (x - 1), name="power")
        >>> grad(power, argnums=1)(3, 2.0)
        np.float64(12.0)
        >>> grad(power)(3.0, 2.0)
        Traceback (most recent call last):
        ...
        TypeError: scipy.special.power has no derivative rule for the exponent n, which has no closed form; write stop_gradient(x) for it if it is to be held fixed
    """  # noqa: E501  # a doctest's message is one line
    texts = [p if isinstance(p, str) else None for p in partials]
    known: list[Partial] = [None if isinstance(p, str) else p for p in partials]
    if not any(texts):
        return elementwise(function, *known, name=name, one_dtype=len(partials) > 1)
    label = name or function.__name__
    primitive = elementwise(lambda *args: function(*args), *known, name=label)
    if not isinstance(function, np.ufunc):
        return guarded(primitive, label, texts)
    answer = guarded(in_one_dtype(function, primitive), label, texts)
    register(function, answer)
    return answer


def several(function: np.ufunc, *slopes: Callable[..., tuple[Any, ...]] | str, name: str | None = None) -> None:
    """Declare a ufunc with several outputs, by the derivatives of all of them in each argument.

    ``slopes`` takes arguments named as a rule's, and returns a tuple; a text as for `special`.
    """
    label = name or function.__name__
    rules = [None if isinstance(s, str) else _products(s) for s in slopes]
    primitive = general(
        lambda *args: function(*args),
        vjp=[r and r[0] for r in rules],
        jvp=[r and r[1] for r in rules],
        name=label,
        core=(0,) * len(slopes),
    )
    texts = [s if isinstance(s, str) else None for s in slopes]
    answer = in_one_dtype(function, primitive) if function.nin > 1 else primitive
    register(function, guarded(answer, label, texts) if any(texts) else answer)


_POSITIONS = ("x", "y", "z")


def _products(slopes: Callable[..., tuple[Any, ...]]) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """The vector-Jacobian and the Jacobian-vector product, of one argument."""
    names = list(inspect.signature(slopes).parameters)

    def of(xs: Sequence[Any], out: Any) -> tuple[Any, ...]:
        return slopes(*[out if n == "out" else xs if n == "xs" else xs[_POSITIONS.index(n)] for n in names])

    def vjp(g: Sequence[Any], xs: Sequence[Any], out: Any) -> Array:
        terms = [c * s for c, s in zip(g, of(xs, out), strict=True) if c is not None]
        return sum(terms[1:], terms[0])

    def jvp(g: Array, xs: Sequence[Any], out: Any) -> tuple[Array, ...]:
        return tuple([g * s for s in of(xs, out)])

    return vjp, jvp


def guarded(function: Callable[..., Any], name: str, texts: list[str | None]) -> Callable[..., Any]:
    """``function`` with a refusal of derivatives in the arguments that have a text."""

    def answer(*args: Any) -> Any:
        for arg, text in zip(args, texts, strict=True):
            if text is not None:
                refuse(name, text, arg)
        return function(*args)

    return answer


def is_complex(x: Any) -> bool:
    """np.iscomplexobj, which of a batched value is one answer for each example."""
    return x.dtype.kind == "c" if hasattr(x, "dtype") else isinstance(x, complex)


def real_only(name: str, x: Any) -> None:
    """Refuse the derivative of a function that is not holomorphic.

    Raises:
        TypeError: if ``x`` is complex.
    """
    if is_complex(x):
        raise TypeError(
            f"scipy.special.{name} is not holomorphic, so it has no derivative rule for complex numbers; use the function "
            "without the exponential scaling"
        )


def safe_quotient(a: Array, b: Array, at_zero: Any = 0) -> Array:
    """a / b, and ``at_zero`` where b is 0."""
    zero = b == 0
    return np.where(zero, at_zero, a / np.where(zero, 1, b))
