"""Reverse mode for users: `record`, `vjp`, `grad`, `value_and_grad`, `stop_gradient`.

Each runs the function on Variables and folds cotangents back along what they recorded; see
`fdezero.interpreters.reverse`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from .. import tree
from ..core.boxes import lifted
from ..core.declare import constant
from ..core.graph import Array, Box, Node, Tape
from ..core.operands import as_operands, describe
from ..core.recording import Level
from ..interpreters.reverse import Variable, input_variable, node_of, output_cotangents, pull_back
from .wrapping import (
    Function,
    Transformed,
    as_output,
    as_positions,
    copied,
    decorator,
    finish,
    flatten_inputs,
    flatten_outputs,
    plain_results,
    run_on_boxes,
    tuple_of,
    value_of,
    with_floats,
)

# -- recording ---------------------------------------------------------------------------------------


def record(f: Function) -> Callable[..., Tape]:
    """Run ``f`` once on Variables and keep what it did: ``record(f)(*args)`` is a `Tape`.

    Every positional argument is an input: a tree of floating-point arrays.  The tape owns copies of
    them, so changing an array afterwards does not change the tape.

    Raises:
        TypeError: when an argument or a result is not made of floating-point numbers.

    Example:
        >>> import numpy as np
        >>> from fdezero import record
        >>> print(record(lambda x: np.sin(x) * x)(2.0))
        v0 = input   float64[]   generation 0
        v1 = sin(v0)   float64[]   generation 1
        v2 = multiply(v1, v0)   float64[]   generation 2
        return v2
    """
    return Transformed(_record, f)


def _record(f: Function, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Tape:
    return record_with_aux(f, False, args, kwargs)[0]


def record_with_aux(f: Function, has_aux: bool, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Tape, Any]:
    positions = range(len(args))
    values, structures = flatten_inputs(args, positions)

    def boxes(level: Level) -> list[Any]:
        return [input_variable(copied(x), level) for x in values]

    level, inputs, result, aux = run_on_boxes(f, args, kwargs, positions, structures, boxes, has_aux)
    outs, out_structure = flatten_outputs(result)
    tape = Tape(
        tuple(variable.node for variable in inputs),
        tuple(node_of(out, level) for out in outs),
        out_structure.unflatten(finish(plain_results(outs, level))),
        tuple_of(structures),
        out_structure,
    )
    return tape, aux


def pullback(tape: Tape, cotangent: Any) -> Any:
    """Pull a cotangent of a tape's result back to its arguments.

    Args:
        tape: what `record` returned.
        cotangent: a tree like ``tape.value``, of its shapes and dtypes.

    Returns:
        A tuple with, for each argument, a tree like it.

    Raises:
        ValueError, TypeError: when the cotangent's tree, shape or dtype is not the result's.

    Example:
        >>> import numpy as np
        >>> from fdezero import record
        >>> from fdezero.transforms.grad import pullback
        >>> pullback(record(lambda x, y: x * y)(2.0, 3.0), 1.0)
        (np.float64(3.0), np.float64(2.0))
    """
    values = tree.flatten(tape.value)[0]
    try:
        given = tape.out_structure.flatten_like(cotangent)
    except ValueError as error:
        raise ValueError(f"the cotangent is not a tree like the result: {error}") from None
    cotangents = [_as_cotangent(c, value) for c, value in zip(given, values, strict=True)]
    at_inputs = pull_back(output_cotangents(tape.outputs, cotangents))
    found = [_cotangent_of(node, at_inputs) for node in tape.inputs]
    return tape.in_structure.unflatten(finish(found, foreign=given))


def _cotangent_of(node: Node, cotangents: dict[Node, Any]) -> Array:
    c = cotangents.get(node)
    return np.zeros(node.shape, node.dtype)[()] if c is None else c


def _as_cotangent(c: Any, value: Array) -> Array:
    """A user's cotangent, which must have the shape and dtype of the result it belongs to."""
    (c,) = as_operands((c,))
    if isinstance(c, (int, float, complex)) and not isinstance(c, bool):
        if isinstance(c, complex) and value.dtype.kind != "c":
            raise TypeError(f"a cotangent of dtype complex128 for a result of dtype {value.dtype}")
        c = value.dtype.type(c)
    if not hasattr(c, "shape"):
        raise TypeError(f"a cotangent is an array like the result, {describe(value)}; got {describe(c)}")
    if c.shape != value.shape:
        raise ValueError(f"a cotangent of shape {c.shape} for a result of shape {value.shape}")
    if c.dtype != value.dtype:
        raise TypeError(f"a cotangent of dtype {c.dtype} for a result of dtype {value.dtype}; write c.astype({value.dtype})")
    return c


# -- the transforms ---------------------------------------------------------------------------------


def vjp(f: Function, *primals: Any, has_aux: bool = False, **kwargs: Any) -> Any:
    """The value of ``f`` and its pullback: the vector-Jacobian product.

    Args:
        f: a function of arrays or trees of them.
        primals: where to evaluate it; each is differentiated.
        has_aux: ``f`` returns ``(out, aux)``, and ``aux`` is passed through.
        kwargs: keyword arguments of ``f``, which are not differentiated.

    Returns:
        ``(out, pullback)`` or ``(out, pullback, aux)``.  ``pullback(ct)`` takes a cotangent like
        ``out`` and returns a tuple with a cotangent like each primal; it may be called many times.

    Raises:
        TypeError: when a primal or a result is not made of floating-point numbers.

    Example:
        >>> import numpy as np
        >>> from fdezero import vjp
        >>> y, pullback = vjp(np.outer, np.array([1.0, 2.0]), np.array([3.0, 4.0]))
        >>> pullback(np.ones((2, 2)))
        (array([7., 7.]), array([3., 3.]))
    """
    tape, aux = record_with_aux(f, has_aux, primals, kwargs)
    pull = partial(pullback, tape)
    return (tape.value, pull, aux) if has_aux else (tape.value, pull)


@decorator
def value_and_grad(
    f: Function,
    argnums: int | Sequence[int] = 0,
    has_aux: bool = False,
    holomorphic: bool = False,
    allow_int: bool = False,
) -> Callable[..., Any]:
    """Like `grad`, and returns ``(value, gradient)``, or ``((value, aux), gradient)`` with ``has_aux``.

    Example:
        >>> from fdezero import value_and_grad
        >>> value_and_grad(lambda x: x**3)(2.0)
        (np.float64(8.0), np.float64(12.0))
    """
    return Transformed(_value_and_grad, f, argnums, has_aux, holomorphic, allow_int)


@decorator
def grad(
    f: Function,
    argnums: int | Sequence[int] = 0,
    has_aux: bool = False,
    holomorphic: bool = False,
    allow_int: bool = False,
) -> Callable[..., Any]:
    """The gradient of a function whose value is one real number.

    Args:
        f: the function; it may take and use anything, and is differentiated with respect to
            positional arguments that are floating-point numbers, arrays, or trees of them.
        argnums: which of them: a position, or a tuple of positions (then a tuple comes back);
            negative ones count from the end.
        has_aux: ``f`` returns ``(value, aux)``; the transformed function returns ``(gradient, aux)``.
        holomorphic: ``f`` is a holomorphic function of complex numbers with one complex result, and
            what is wanted is df/dz.
        allow_int: integers among the arguments are cast to float64, instead of being refused.

    Returns:
        A function of the same arguments.  Its result has the shape, dtype and tree of the argument.
        For a real function of complex z = x + iy it is df/dx - i df/dy, as in JAX.

    Raises:
        TypeError: when the result is not one real number, as a number or an array of one entry, or an argument has
            no derivative.
        ValueError: when ``argnums`` does not fit the call.

    Source: reverse accumulation, Linnainmaa (1976); Griewank and Walther, *Evaluating Derivatives*
    (2008), chapter 3.

    Example:
        >>> import numpy as np
        >>> from fdezero import grad
        >>> grad(lambda x: (x**2).sum())(np.array([1.0, 2.0]))
        array([2., 4.])
        >>> grad(grad(np.sin))(0.5) == -np.sin(0.5)
        np.True_
    """
    return Transformed(_grad, f, argnums, has_aux, holomorphic, allow_int)


def _grad(
    f: Function,
    argnums: int | Sequence[int],
    has_aux: bool,
    holomorphic: bool,
    allow_int: bool,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> Any:
    value, gradient = _value_and_grad(f, argnums, has_aux, holomorphic, allow_int, args, kwargs)
    return (gradient, value[1]) if has_aux else gradient


def _value_and_grad(
    f: Function,
    argnums: int | Sequence[int],
    has_aux: bool,
    holomorphic: bool,
    allow_int: bool,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> Any:
    positions = as_positions(argnums, len(args))
    if allow_int:
        args = with_floats(args, positions)
    values, structures = flatten_inputs(args, positions)

    def boxes(level: Level) -> list[Any]:
        return [input_variable(x, level) for x in values]

    level, inputs, out, aux = run_on_boxes(f, args, kwargs, positions, structures, boxes, has_aux)
    nodes = [variable.node for variable in inputs]
    del inputs
    cotangents: dict[Node, Any] = {}
    if isinstance(out, Variable) and out.level == level:
        value, node = out._value, out.node
        _check_scalar(node, nodes, holomorphic)
        # From here on the fold holds the graph alone, and frees it as it goes.
        seed = np.ones(node.shape, node.dtype) if node.shape else node.dtype.type(1)
        cotangents[node] = lifted(seed, value)
        del out, node
        cotangents = pull_back(cotangents)
    else:
        value = as_output(value_of(out, level))
        _check_scalar(value, nodes, holomorphic)
    gradients = finish([_cotangent_of(node, cotangents) for node in nodes])
    value = value[()] if type(value) is np.ndarray else value  # a number, as NumPy returns it
    structure = tuple_of(structures) if isinstance(argnums, (tuple, list)) else structures[0]
    gradient = structure.unflatten(gradients)
    return ((value, aux) if has_aux else value), gradient


def _check_scalar(out: Any, inputs: Sequence[Node], holomorphic: bool) -> None:
    """`grad` differentiates one real number, or one complex one where it is told so; an array of one entry is one."""
    if out.shape and math.prod(out.shape) != 1:
        raise TypeError(
            f"grad takes a function with a scalar result, and this one returned shape {out.shape}; "
            "reduce it (np.sum ...), or use jacobian(f), or vjp(f, x) with a cotangent of that shape"
        )
    if holomorphic:
        for x in (*inputs, out):
            if x.dtype.kind != "c":
                raise TypeError(
                    f"grad with holomorphic=True takes complex arguments and results; got dtype {x.dtype}"
                )
    elif out.dtype.kind == "c":
        raise TypeError(
            "grad takes a function with a real result, and this one returned a complex number; differentiate "
            "its real or imaginary part (np.real, np.imag), say holomorphic=True, or use vjp"
        )


_stop = constant(lambda x: x, name="stop_gradient", core=(0,))


def stop_gradient(x: Any) -> Any:
    """``x`` as a constant for every derivative that is being computed; `no_grad` for one value.

    Args:
        x: a tree; what is not a Box stays as it is.

    Example:
        >>> from fdezero import grad, stop_gradient
        >>> grad(lambda x: x * stop_gradient(x))(3.0)
        np.float64(3.0)
    """
    return tree.map(lambda leaf: _stop(leaf) if isinstance(leaf, Box) else leaf, x)
