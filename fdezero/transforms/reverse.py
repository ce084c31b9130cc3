"""Reverse mode: record a tape, and pull cotangents back along it.

`record` runs the function once on Variables.  The pullback is a fold over the recorded nodes, sorted
by generation, the youngest first: the state of the fold is the cotangents still *owed*, and a node's
step pays its parents.  When a node's turn comes, everything that uses it has been dealt with, so its
cotangent is complete (the book's steps 13 to 16).  `vjp`, `grad` and `value_and_grad` are a few lines
each on top.

A node is dropped as it is paid, and with it its residuals, so memory falls as the fold goes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from .. import tree
from ..cotangents import Alarm, derivative_errstate
from ..graph import Array, Box, Node, Tape, Variable, input_variable, topological_sort
from ..primitives import Primitive, constant
from ..recording import new_level
from .block_fold import pull_back_run
from .blocks import LARGE
from .debts import UNSETTLED, settled, together
from .wrapping import Function, Transformed, as_output, as_positions, describe, finish, flatten_input, run, value_of

_INPUT = Primitive("input", lambda x: x)


# -- the fold ----------------------------------------------------------------------------------------


def pull_back(owed: dict[Node, Any], alarm: Alarm | None = None) -> dict[Node, Any]:
    """Fold the cotangents of some nodes back to the inputs of their graph.

    ``owed`` holds the output nodes' cotangents; when all is paid it has an entry for each input that
    they reach, and is returned.  ``alarm`` is that of a fold around this one.
    """
    alarm = alarm or Alarm()
    nodes = topological_sort(owed)
    array = np.ndarray
    c: Any
    with derivative_errstate(alarm):
        while nodes:
            node = nodes.pop()
            if not node.generation:  # the inputs are the oldest
                break
            g = owed.pop(node, None)
            if g is None:
                continue
            if g.__class__ in UNSETTLED:
                g = settled(node, g)
            if g.__class__ is array and g.size >= LARGE and pull_back_run(node, g, nodes, owed, alarm):
                continue
            primitive, parents = node.primitive, node.parents
            if primitive.rules:
                # The hot path.  It is `Primitive.pullback` spelled out: with a call and a list of
                # cotangents in between, the fold takes a quarter longer.
                for rule, parent in zip(primitive.rules, parents):  # noqa: B905  # strict takes 100 ns
                    if parent is not None:
                        c = rule.apply(g, node.residuals, parents, node.params)
                        if c.shape != parent.shape or c.dtype is not parent.dtype or alarm.raised:
                            c = primitive.fitted(c, g, parent, alarm)
                        owed[parent] = c if parent not in owed else together(parent, owed[parent], c)
            else:
                for parent, c in zip(parents, primitive.pullback(node, g, alarm), strict=True):
                    if parent is not None and c is not None:
                        owed[parent] = c if parent not in owed else together(parent, owed[parent], c)
            c = None  # or the array would live until the next one is there
        for node, c in owed.items():
            if c.__class__ in UNSETTLED:
                owed[node] = settled(node, c)
    return owed


# -- recording ---------------------------------------------------------------------------------------


def _node_of(out: Any, level: int) -> Node | None:
    return out.node if isinstance(out, Variable) and out.level == level else None


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
    level = new_level()
    inputs: list[Variable] = []
    structures, boxed = [], []
    for position, arg in enumerate(args):
        leaves, structure = flatten_input(arg, position)
        variables = [input_variable(_INPUT, x.copy() if type(x) is np.ndarray else x, level) for x in leaves]
        inputs += variables
        structures.append(structure)
        boxed.append(structure.unflatten(variables))
    result, aux = run(f, boxed, kwargs, level, has_aux)
    outs, out_structure = tree.flatten(result)
    if not outs:
        as_output(result)
    outs = [as_output(out) for out in outs]
    values = [value_of(out, level) for out in outs]
    tape = Tape(
        tuple(v.node for v in inputs),
        tuple(_node_of(out, level) for out in outs),
        out_structure.unflatten([v.copy() if type(v) is np.ndarray else v for v in values]),
        tree.Structure(tuple, (), tuple(structures)),
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
        >>> from fdezero.transforms.reverse import pullback
        >>> pullback(record(lambda x, y: x * y)(2.0, 3.0), 1.0)
        (np.float64(3.0), np.float64(2.0))
    """
    values = tree.flatten(tape.value)[0]
    try:
        given = tape.out_structure.flatten_like(cotangent)
    except ValueError as error:
        raise ValueError(f"the cotangent is not a tree like the result: {error}") from None
    cotangents = [_as_cotangent(c, value) for c, value in zip(given, values, strict=True)]
    owed: dict[Node, Any] = {}
    for node, c in zip(tape.outputs, cotangents, strict=True):
        if node is not None:
            owed[node] = c if node not in owed else owed[node] + c
    paid = pull_back(owed) if owed else {}
    found = [_cotangent_of(node, paid) for node in tape.inputs]
    return tape.in_structure.unflatten(finish(found, foreign=[c for c in given if isinstance(c, np.ndarray)]))


def pull_through(
    f: Callable[..., Sequence[Array]], xs: Sequence[Array], cotangents: Sequence[Array], alarm: Alarm
) -> list[Array | None]:
    """Run ``f`` on flat arrays and pull the cotangents of its results back at once: a `vjp` for rules.

    Nothing is copied and the graph is freed as the fold goes.  None stands for a cotangent of zero.
    """
    level = new_level()
    variables = [input_variable(_INPUT, x, level) for x in xs]
    inputs = [variable.node for variable in variables]
    outs: Any = run(f, variables, {}, level, False)[0]
    owed: dict[Node, Any] = {}
    for node, c in zip([_node_of(out, level) for out in outs], cotangents, strict=True):
        if node is not None:
            owed[node] = c if node not in owed else owed[node] + c
    del variables, outs, node
    paid = pull_back(owed, alarm)
    return [paid.get(node) for node in inputs]


def _cotangent_of(node: Node, paid: dict[Node, Any]) -> Array:
    c = paid.get(node)
    return np.zeros(node.shape, node.dtype)[()] if c is None else c


def _as_cotangent(c: Any, value: Array) -> Array:
    """A user's cotangent, which must have the shape and dtype of the result it belongs to."""
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


# -- the transforms ----------------------------------------------------------------------------------


def vjp(f: Function, *primals: Any, has_aux: bool = False) -> Any:
    """The value of ``f`` and its pullback: the vector-Jacobian product.

    Args:
        f: a function of arrays or trees of them.
        primals: where to evaluate it; each is differentiated.
        has_aux: ``f`` returns ``(out, aux)``, and ``aux`` is passed through.

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
    tape, aux = record_with_aux(f, has_aux, primals, {})
    pull = partial(pullback, tape)
    return (tape.value, pull, aux) if has_aux else (tape.value, pull)


def value_and_grad(
    f: Function | None = None, argnums: int | Sequence[int] = 0, has_aux: bool = False, holomorphic: bool = False
) -> Callable[..., Any]:
    """Like `grad`, and returns ``(value, gradient)``, or ``((value, aux), gradient)`` with ``has_aux``.

    Example:
        >>> from fdezero import value_and_grad
        >>> value_and_grad(lambda x: x**3)(2.0)
        (np.float64(8.0), np.float64(12.0))
    """
    if f is None:
        return partial(value_and_grad, argnums=argnums, has_aux=has_aux, holomorphic=holomorphic)
    return Transformed(_value_and_grad, f, argnums, has_aux, holomorphic)


def grad(
    f: Function | None = None, argnums: int | Sequence[int] = 0, has_aux: bool = False, holomorphic: bool = False
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

    Returns:
        A function of the same arguments.  Its result has the shape, dtype and tree of the argument.
        For a real function of complex z = x + iy it is df/dx - i df/dy, as in JAX.

    Raises:
        TypeError: when the result is not one real number, or an argument has no derivative.
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
    if f is None:
        return partial(grad, argnums=argnums, has_aux=has_aux, holomorphic=holomorphic)
    return Transformed(_grad, f, argnums, has_aux, holomorphic)


def _grad(
    f: Function,
    argnums: int | Sequence[int],
    has_aux: bool,
    holomorphic: bool,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> Any:
    value, gradient = _value_and_grad(f, argnums, has_aux, holomorphic, args, kwargs)
    return (gradient, value[1]) if has_aux else gradient


def _value_and_grad(
    f: Function,
    argnums: int | Sequence[int],
    has_aux: bool,
    holomorphic: bool,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> Any:
    level = new_level()
    positions = as_positions(argnums, len(args))
    boxed = list(args)
    nodes: list[Node] = []
    structures = []
    for position in positions:
        leaves, structure = flatten_input(args[position], position)
        structures.append(structure)
        variables = [input_variable(_INPUT, x, level) for x in leaves]
        nodes += [variable.node for variable in variables]
        boxed[position] = structure.unflatten(variables)
    leaves, variables = [], []  # or the inputs would live as long as the call
    out, aux = run(f, boxed, kwargs, level, has_aux)
    value: Any
    if isinstance(out, Variable) and out.level == level:
        value, node = out._value, out.node
        _check_scalar(node, nodes, holomorphic)
        # From here on the fold holds the graph alone, and frees it as it goes.
        owed = {node: node.dtype.type(1)}
        del out, node, boxed
        paid = pull_back(owed)
    else:
        value = as_output(out)
        _check_scalar(value, nodes, holomorphic)
        paid = {}
    gradients = finish([paid[node] if node in paid else _cotangent_of(node, paid) for node in nodes])
    if isinstance(argnums, (tuple, list)):
        gradient = tree.Structure(tuple, (), tuple(structures)).unflatten(gradients)
    else:
        gradient = structures[0].unflatten(gradients)
    return ((value, aux) if has_aux else value), gradient


def _check_scalar(out: Any, inputs: Sequence[Node], holomorphic: bool) -> None:
    """`grad` differentiates one real number, or one complex one where it is told so."""
    if out.shape != ():
        raise TypeError(
            f"grad wants a function with a scalar result, and this one returned shape {out.shape}; "
            "reduce it (np.sum ...), or use jacobian(f), or vjp(f, x) with a cotangent of that shape"
        )
    if holomorphic:
        for x in (*inputs, out):
            if x.dtype.kind != "c":
                raise TypeError(
                    f"grad with holomorphic=True wants complex arguments and results, and met one of dtype {x.dtype}"
                )
    elif out.dtype.kind == "c":
        raise TypeError(
            "grad wants a function with a real result, and this one returned a complex number; differentiate "
            "its real or imaginary part (np.real, np.imag), say holomorphic=True, or use vjp"
        )


_stop = constant(lambda x: x, name="stop_gradient", core=(0,))


def stop_gradient(x: Any) -> Any:
    """``x`` as a constant for every derivative under way; `no_grad` for one value.

    Args:
        x: a tree; what is not a Box stays as it is.

    Example:
        >>> from fdezero import grad, stop_gradient
        >>> grad(lambda x: x * stop_gradient(x))(3.0)
        np.float64(3.0)
    """
    return tree.map(lambda leaf: _stop(leaf) if isinstance(leaf, Box) else leaf, x)
