"""Derived operators: Jacobians, Hessians and products with them, composed of `vjp`, `jvp` and `vmap`.

A Jacobian is one pullback (or one pushforward) applied to every vector of a basis at once, by `vmap`;
no Python loop runs over its rows.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .. import tree
from ..core.boxes import lifted
from ..core.graph import Array
from ..core.operands import describe
from ..interpreters.forward import ReverseOnly
from .grad import grad, vjp
from .jvp import jvp
from .vmap import over_batch
from .wrapping import Function, Transformed, as_input, as_output, as_positions, decorator, finish, with_floats

ArgNums = int | Sequence[int]


# -- choosing the arguments --------------------------------------------------------------------------


def _of_selected(
    f: Function, argnums: ArgNums, args: tuple[Any, ...], kwargs: dict[str, Any], allow_int: bool = False
) -> tuple[Function, tuple[Any, ...]]:
    """``f`` as a function of the arguments to differentiate alone, and these."""
    positions = as_positions(argnums, len(args))
    if allow_int:
        args = with_floats(args, positions)

    def of_selected(*selected: Any) -> Any:
        full = list(args)
        for position, value in zip(positions, selected, strict=True):
            full[position] = value
        return f(*full, **kwargs)

    return of_selected, tuple(args[i] for i in positions)


def _one_or_tuple(argnums: ArgNums, selected: tuple[Any, ...]) -> Any:
    return selected if isinstance(argnums, (tuple, list)) else selected[0]


def _basis(leaves: Sequence[Array]) -> list[Array]:
    """The unit vectors of the space that the leaves span, along a new first axis of each leaf."""
    sizes = [math.prod(x.shape) for x in leaves]
    if len(leaves) == 1:
        return [lifted(np.eye(sizes[0], dtype=leaves[0].dtype), leaves[0]).reshape((sizes[0], *leaves[0].shape))]
    starts = np.cumsum([0, *sizes])
    vectors = []
    for x, start, size in zip(leaves, starts, sizes, strict=False):
        unit = np.zeros((int(starts[-1]), size), x.dtype)
        unit[start + np.arange(size), np.arange(size)] = 1
        vectors.append(lifted(unit, x).reshape((int(starts[-1]), *x.shape)))
    return vectors


def _cut(stacked: Array, leaves: Sequence[Array]) -> list[Array]:
    """Cut the first axis, which runs over the basis of some leaves, back into the leaves' shapes."""
    pieces = []
    start = 0
    for x in leaves:
        size = math.prod(x.shape)
        pieces.append(stacked[start : start + size].reshape((*x.shape, *stacked.shape[1:])))
        start += size
    return pieces


def _axes_last(x: Array, count: int) -> Array:
    """The first ``count`` axes moved behind the others."""
    return np.moveaxis(x, range(count), range(-count, 0)) if count else x


# -- Jacobians ---------------------------------------------------------------------------------------


@decorator
def jacrev(
    f: Function, argnums: ArgNums = 0, has_aux: bool = False, holomorphic: bool = False, allow_int: bool = False
) -> Callable[..., Any]:
    """The Jacobian of ``f``, by reverse mode: cheap where there are fewer results than arguments.

    Args:
        f: a function of arrays or trees of them, whose result is an array or a tree of them.
        argnums: which arguments to differentiate, as for `grad`.
        has_aux: ``f`` returns ``(out, aux)``, and so does the transformed function.
        holomorphic: ``f`` is holomorphic: its arguments and results are complex.
        allow_int: integers among the arguments are cast to float64, instead of being refused.

    Returns:
        A function of the same arguments.  Its result is a tree like ``f``'s, of trees like the
        argument, of arrays of the shape ``out.shape + argument.shape``.

    Raises:
        TypeError: when a result is complex and ``holomorphic`` is not said, or the other way round.

    Example:
        >>> import numpy as np
        >>> from fdezero import jacrev
        >>> jacrev(lambda x: x[:2] * x[2])(np.array([1.0, 2.0, 3.0]))
        array([[3., 0., 1.],
               [0., 3., 2.]])
    """
    return Transformed(_jacrev, f, argnums, has_aux, holomorphic, allow_int)


jacobian = jacrev


def _jacrev(
    f: Function,
    argnums: ArgNums,
    has_aux: bool,
    holomorphic: bool,
    allow_int: bool,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> Any:
    result = _value_and_jacrev(f, argnums, has_aux, holomorphic, allow_int, args, kwargs)
    return (result[1], result[0][1]) if has_aux else result[1]


@decorator
def value_and_jacobian(
    f: Function, argnums: ArgNums = 0, has_aux: bool = False, holomorphic: bool = False, allow_int: bool = False
) -> Callable[..., Any]:
    """Like `jacrev`, and returns ``(value, jacobian)``, or ``((value, aux), jacobian)`` with ``has_aux``.

    Example:
        >>> import numpy as np
        >>> from fdezero import value_and_jacobian
        >>> value_and_jacobian(lambda x: x * x)(np.array([1.0, 3.0]))
        (array([1., 9.]), array([[2., 0.],
               [0., 6.]]))
    """
    return Transformed(_value_and_jacrev, f, argnums, has_aux, holomorphic, allow_int)


def _value_and_jacrev(
    f: Function,
    argnums: ArgNums,
    has_aux: bool,
    holomorphic: bool,
    allow_int: bool,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> Any:
    of_selected, selected = _of_selected(f, argnums, args, kwargs, allow_int)
    value, pull, *aux = vjp(of_selected, *selected, has_aux=has_aux)
    outs, out_structure = tree.flatten(value)
    _check_holomorphic(holomorphic, tree.leaves(selected) if holomorphic else [], outs, "jacrev")
    if [out.shape for out in outs] == [()]:  # one row needs no batch
        rows = pull(out_structure.unflatten([outs[0].dtype.type(1)]))
        stacked = tree.map(lambda c: c.reshape((1, *c.shape)), rows)
    else:
        stacked = over_batch(pull, out_structure.unflatten(_basis(outs)))
    leaves, in_structure = tree.flatten(_one_or_tuple(argnums, stacked))
    pieces = [_cut(leaf, outs) for leaf in leaves]
    blocks = [in_structure.unflatten(finish([piece[k] for piece in pieces])) for k in range(len(outs))]
    jacobian = out_structure.unflatten(blocks)
    return ((value, aux[0]) if has_aux else value), jacobian


@decorator
def jacfwd(
    f: Function, argnums: ArgNums = 0, has_aux: bool = False, holomorphic: bool = False, allow_int: bool = False
) -> Callable[..., Any]:
    """The Jacobian of ``f``, by forward mode: cheap where there are fewer arguments than results.

    Arguments and results are those of `jacrev`; an argument must be real, unless ``holomorphic``.

    Example:
        >>> import numpy as np
        >>> from fdezero import jacfwd
        >>> jacfwd(lambda t: np.array([1.0, 2.0]) * t**2)(3.0)
        array([ 6., 12.])
    """
    return Transformed(_jacfwd, f, argnums, has_aux, holomorphic, allow_int)


def _jacfwd(
    f: Function,
    argnums: ArgNums,
    has_aux: bool,
    holomorphic: bool,
    allow_int: bool,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> Any:
    of_selected, selected = _of_selected(f, argnums, args, kwargs, allow_int)
    leaves, in_structure = tree.flatten(selected)
    leaves = [as_input(x, f"argument{path}") for x, path in zip(leaves, in_structure.paths(), strict=True)]
    if not holomorphic and any(x.dtype.kind == "c" for x in leaves):
        raise TypeError("jacfwd takes real arguments; for a holomorphic function say holomorphic=True, else use jacrev or jvp")

    def along(tangents: Any) -> Any:
        return jvp(of_selected, in_structure.unflatten(leaves), tangents, has_aux=has_aux)[1:]

    basis = in_structure.unflatten(_basis(leaves))
    stacked, *aux = over_batch(along, basis, out_axes=(0, None) if has_aux else (0,))
    columns, out_structure = tree.flatten(stacked)
    _check_holomorphic(holomorphic, leaves, columns if holomorphic else [], "jacfwd")
    blocks = []
    for column in columns:
        pieces = [_axes_last(piece, len(x.shape)) for piece, x in zip(_cut(column, leaves), leaves, strict=True)]
        blocks.append(_one_or_tuple(argnums, in_structure.unflatten(finish(pieces))))
    jacobian = out_structure.unflatten(blocks)
    return (jacobian, aux[0]) if has_aux else jacobian


def _check_holomorphic(holomorphic: bool, inputs: Sequence[Array], outs: Sequence[Array], name: str) -> None:
    for x in (*inputs, *outs):
        x = as_output(x)
        if holomorphic and x.dtype.kind != "c":
            raise TypeError(f"{name} with holomorphic=True takes complex arguments and results; got {describe(x)}")
        if not holomorphic and x.dtype.kind == "c":
            raise TypeError(
                f"{name} takes a function with real results, and this one returned {describe(x)}; for a holomorphic function "
                "of complex arguments say holomorphic=True"
            )


# -- second derivatives ------------------------------------------------------------------------------


@decorator
def hessian(f: Function, argnums: ArgNums = 0, has_aux: bool = False, allow_int: bool = False) -> Callable[..., Any]:
    """The Hessian of ``f``: forward mode over reverse mode.

    Where ``f`` has a part with a rule for reverse mode only (`custom_vjp`), it is reverse mode over reverse mode.

    Returns:
        A function of the same arguments, whose result is `jacfwd` of `jacrev` of ``f``: for an array x
        and a scalar result, an array of shape ``x.shape + x.shape``; for trees, a tree of trees.

    Source: Griewank and Walther, *Evaluating Derivatives* (2008), section 5.

    Example:
        >>> import numpy as np
        >>> from fdezero import hessian
        >>> hessian(lambda x: x[0] ** 2 * x[1])(np.array([3.0, 5.0]))
        array([[10.,  6.],
               [ 6.,  0.]])
    """
    return Transformed(_hessian, f, argnums, has_aux, allow_int)


def _hessian(
    f: Function, argnums: ArgNums, has_aux: bool, allow_int: bool, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    slope = jacrev(f, argnums, has_aux)
    try:
        return jacfwd(slope, argnums, has_aux, allow_int=allow_int)(*args, **kwargs)
    except ReverseOnly:  # f runs once more
        return jacrev(slope, argnums, has_aux, allow_int=allow_int)(*args, **kwargs)


def hvp(
    f: Function,
    primals: Sequence[Any],
    tangents: Sequence[Any],
    argnums: ArgNums | None = None,
    has_aux: bool = False,
    **kwargs: Any,
) -> Any:
    """The Hessian of a scalar function times a vector, without the Hessian.

    Args:
        f: a function of arrays or trees of them with one real result.
        primals: a tuple of its arguments.
        tangents: the vector: a tuple of trees like those of them that are differentiated.
        argnums: which are, a position or a tuple of positions; all of them unless it is given.
        has_aux: ``f`` returns ``(value, aux)``, and ``(product, aux)`` is returned.
        kwargs: keyword arguments of ``f``, which are not differentiated.

    Returns:
        A tree like the argument; for several arguments, a tuple of them.

    Raises:
        TypeError, ValueError: when the result is not one real number, or a tangent does not fit its primal.

    Source: Pearlmutter, Fast exact multiplication by the Hessian, Neural Computation 6 (1994).

    Example:
        >>> import numpy as np
        >>> from fdezero import hvp
        >>> hvp(lambda x: (x**3).sum(), (np.array([1.0, 2.0]),), (np.array([1.0, 1.0]),))
        array([ 6., 12.])
        >>> hvp(lambda w, x: ((x @ w) ** 2).sum(), (np.ones(2), np.eye(2)), (np.array([1.0, 3.0]),), argnums=0)
        array([2., 6.])
    """
    argnums = _checked(primals, argnums, "hvp(f, (x,), (v,))")
    of_selected, selected = _of_selected(f, argnums, tuple(primals), kwargs)
    every = tuple(range(len(selected)))

    def along(*xs: Any) -> Any:
        return jvp(of_selected, xs, tangents, has_aux)[1:] if has_aux else jvp(of_selected, xs, tangents)[1]

    try:
        # Reverse over forward: the gradient of one number, the derivative along the tangents.  It takes
        # a sixth less time than forward over reverse, which also computes the gradient of f (and
        # up to half as much more memory, for the tangents are on the tape).
        result = grad(along, every, has_aux)(*selected)
        products, *aux = result if has_aux else (result,)
    except ReverseOnly:  # f runs once more; the Hessian is symmetric, so its product is the pullback of the gradient
        _, pull, *aux = vjp(grad(of_selected, every, has_aux), *selected, has_aux=has_aux)
        products = pull(tuple(tangents))
    product = _one_or_tuple(argnums, products)
    return (product, aux[0]) if has_aux else product


def _checked(primals: Any, argnums: ArgNums | None, usage: str) -> ArgNums:
    """``argnums``, by default every position; of one argument just that, for the result is then no tuple."""
    if not isinstance(primals, (tuple, list)) or not primals:
        raise TypeError(f"the primals are a tuple of arguments: {usage}; got {describe(primals)}")
    if argnums is not None:
        return argnums
    return tuple(range(len(primals))) if len(primals) > 1 else 0


def ggnvp(
    model: Function,
    loss: Function,
    primals: Sequence[Any],
    tangents: Sequence[Any],
    argnums: ArgNums | None = None,
    has_aux: bool = False,
    **kwargs: Any,
) -> Any:
    """The generalised Gauss-Newton matrix times a vector: J^T H J v.

    J is the Jacobian of ``model`` at the primals, H the Hessian of ``loss`` at what it returns; unlike
    the Hessian of loss(model(x)) it is positive semidefinite where the loss is convex.

    Args:
        model: a function of arrays or trees of them; with ``has_aux`` it returns ``(out, aux)``.
        loss: a function of what ``model`` returns, with one real result.
        primals, tangents, argnums: the model's arguments, the vector, and which of the arguments are
            differentiated, as for `hvp`.
        kwargs: keyword arguments of ``model``.

    Returns:
        A tree like the argument; for several arguments, a tuple of them; with ``has_aux``, a pair of
        that and aux.

    Source: Schraudolph, Fast curvature matrix-vector products for second-order gradient descent, Neural
    Computation 14 (2002).

    Example:
        >>> import numpy as np
        >>> from fdezero import ggnvp
        >>> ggnvp(lambda x: x**2, lambda y: (y**2).sum(), (np.array([3.0]),), (np.array([1.0]),))
        array([72.])
    """
    argnums = _checked(primals, argnums, "ggnvp(model, loss, (x,), (v,))")
    of_selected, selected = _of_selected(model, argnums, tuple(primals), kwargs)
    outs, along, *aux = jvp(of_selected, selected, tangents, has_aux)
    curved = hvp(loss, (outs,), (along,))
    product = _one_or_tuple(argnums, vjp(of_selected, *selected, has_aux=has_aux)[1](curved))
    return (product, aux[0]) if has_aux else product


@decorator
def elementwise_grad(
    f: Function, argnums: ArgNums = 0, has_aux: bool = False, allow_int: bool = False
) -> Callable[..., Any]:
    """The derivative, entry by entry, of a function that acts on each entry alone.

    Arguments as for `grad`; the result of ``f`` may be an array or a tree of them.

    Example:
        >>> import numpy as np
        >>> from fdezero import elementwise_grad
        >>> elementwise_grad(lambda x: x**2)(np.array([1.0, 2.0, 3.0]))
        array([2., 4., 6.])
    """
    return Transformed(_elementwise_grad, f, argnums, has_aux, allow_int)


def _elementwise_grad(
    f: Function, argnums: ArgNums, has_aux: bool, allow_int: bool, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    of_selected, selected = _of_selected(f, argnums, args, kwargs, allow_int)
    out, pull, *aux = vjp(of_selected, *selected, has_aux=has_aux)
    slope = _one_or_tuple(argnums, pull(tree.map(np.ones_like, out)))
    return (slope, aux[0]) if has_aux else slope
