"""Taylor mode for users: `jet`, and `derivative`, the n-th derivative of a function of one number."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from ..core.graph import Array
from ..core.recording import Level
from ..interpreters.forward import as_tangent
from ..interpreters.taylor import Stream, forget
from .jvp import flatten_tangents
from .wrapping import (
    Function,
    Transformed,
    as_input,
    decorator,
    finish,
    flatten_inputs,
    flatten_outputs,
    plain_results,
    run_on_boxes,
    tuple_of,
)


def jet(f: Function, primals: Sequence[Any], series: Sequence[Any], **kwargs: Any) -> tuple[Any, list[Any]]:
    """The derivatives of f(x(t)) at t = 0, from those of a curve x(t): Taylor mode.

    Args:
        f: a function of arrays or trees of them.
        primals: a tuple of its arguments: x(0).
        series: for each argument the list of its derivatives x'(0), x''(0) ... (not divided by
            factorials), each a tree like it; all lists of one length n.
        kwargs: keyword arguments of ``f``, which are not differentiated.

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
    sequences = (tuple, list)
    if not (isinstance(primals, sequences) and isinstance(series, sequences) and all(isinstance(s, sequences) for s in series)):
        raise TypeError("jet takes its primals as a tuple and a list of derivatives for each: jet(f, (x,), ([first, second],))")
    if len(series) != len(primals) or len({len(s) for s in series}) != 1:
        raise ValueError(
            f"series has lists of the lengths {[len(s) for s in series]}; give a list of derivatives for each of the "
            f"{len(primals)} primals, all of one length"
        )
    order = len(series[0])
    positions = range(len(primals))
    values, structures = flatten_inputs(primals, positions, "primal")
    terms = [flatten_tangents(tuple_of(structures), tuple(s[k] for s in series), values) for k in range(order)]
    memory: dict[Any, Any] = {}

    def coefficient(i: int, k: int) -> Any:
        return terms[k - 1][i] / math.factorial(k) if k <= order else None

    def streams(level: Level) -> list[Any]:
        return [Stream(x, level, order, memory, partial(coefficient, i)) for i, x in enumerate(values)]

    level, _, result, _ = run_on_boxes(f, primals, kwargs, positions, structures, streams)
    outs, structure = flatten_outputs(result)
    value = structure.unflatten(finish(plain_results(outs, level)))

    def derivative(out: Array, k: int) -> Array:
        moving = isinstance(out, Stream) and out.level == level
        c = out.coefficient(k) if moving else None
        return np.zeros(out.shape, out.dtype)[()] if c is None else as_tangent(c * math.factorial(k), out.shape, out.dtype)

    found = [structure.unflatten(finish([derivative(out, k) for out in outs])) for k in range(1, order + 1)]
    forget(memory)
    return value, found


@decorator
def derivative(f: Function, n: int = 1) -> Callable[..., Any]:
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
    if n < 0:
        raise ValueError(f"n is at least 0, got {n}")
    return Transformed(_derivative, f, n)


def _derivative(f: Function, n: int, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    if not args:
        raise TypeError("derivative differentiates with respect to the first positional argument, and the call has none")
    x, *rest = args
    x = as_input(x, "argument 0")
    if x.shape != ():
        raise ValueError(
            f"derivative takes a function of one number, and the argument has shape {x.shape}; see elementwise_grad and jet"
        )
    one, zero = x.dtype.type(1), x.dtype.type(0)
    value, terms = jet(lambda x: f(x, *rest, **kwargs), (x,), ([one, *[zero] * (n - 1)][:n],))
    return terms[-1] if n else value
