"""How a rule is declared: `elementwise`, `linear`, `multilinear`, `reduction`, `general`, `constant`, `implements`.

Each makes a primitive of one kind (see `primitives`).  What a derivative needs is said by the names of
its arguments (see `signatures`), and only that is kept on the tape.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from math import inf
from typing import Any, NoReturn, TypeVar
from weakref import WeakSet

import numpy as np

from .graph import Array, Params
from .operands import numpy_name, returning_arrays
from .primitives import (
    Batch,
    Bilinear,
    Constant,
    Elementwise,
    General,
    Linear,
    LinearInAll,
    Multilinear,
    MultilinearInAll,
    Primitive,
    Reduction,
)
from .signatures import Partial, make_rule, parameters_of
from .table import Implementation, implementations
from .zeros import alarm_is_raised, strong_zero

_F = TypeVar("_F", bound=Callable[..., Any])
_P = TypeVar("_P", bound=Primitive)

#: Every primitive that was declared and is alive; the tests count that each of its rules is run.
declared: WeakSet[Primitive] = WeakSet()


def _declared(primitive: _P) -> _P:
    declared.add(primitive)
    return primitive


def register(
    function: Any, implementation: Callable[..., Any], accepts: Sequence[str] = (), any_keyword: bool = False
) -> None:
    """Let ``implementation`` answer when NumPy's ``function`` is called on a Box.

    Args:
        function: the NumPy function, or the ufunc.
        implementation: a primitive, or a function in terms of primitives.
        accepts: the keyword arguments that it takes; any other must be at NumPy's default.
        any_keyword: whether it takes all of them.

    Raises:
        ValueError: when the function has an implementation already.
    """
    if function in implementations:
        raise ValueError(f"{numpy_name(function)} has an implementation already")
    if isinstance(implementation, Primitive):
        count = len(implementation.rules or implementation.core or ()) or inf
    else:
        names, _, any_more, _ = parameters_of(implementation)
        count = inf if any_more else len(names)
    implementations[function] = Implementation(implementation, frozenset(accepts), count, any_keyword)


def implements(*functions: Any) -> Callable[[_F], _F]:
    """Declare a composite: ordinary NumPy that answers for NumPy's ``functions`` on Boxes.

    The keyword arguments it takes are those of its signature (with ``**kwargs``, all); any other must be at NumPy's default.
    """

    def declare(implementation: _F) -> _F:
        names, keywords, _, any_keyword = parameters_of(implementation)
        for function in dict.fromkeys(functions):  # NumPy has aliases
            register(function, implementation, (*names, *keywords), any_keyword)
        return implementation

    return declare


def in_one_dtype(ufunc: np.ufunc, answer: Callable[..., Any]) -> Callable[..., Any]:
    """``answer`` with its arguments in the dtypes in which ``ufunc`` computes.

    NumPy casts them there too, but a rule would compute with them as they came: ``-x`` of a uint8 wraps around,
    and ``np.log(x)`` of an int8 is a float16.
    """

    def known(a: Any) -> Any:
        return a.dtype if hasattr(a, "dtype") else np.dtype(bool) if isinstance(a, bool) else type(a)

    def cast(a: Any, dtype: np.dtype[Any]) -> Any:
        return a.astype(dtype) if hasattr(a, "dtype") and a.dtype != dtype else a

    def answer_in_one_dtype(*args: Any) -> Any:
        dtypes = [a.dtype for a in args if hasattr(a, "dtype")]
        if any(d != dtypes[0] for d in dtypes):
            wanted = ufunc.resolve_dtypes((*map(known, args), *[None] * ufunc.nout))
            args = tuple(map(cast, args, wanted))
        return answer(*args)

    return answer_in_one_dtype


def elementwise(
    function: Callable[..., Any],
    *partials: Partial,
    name: str | None = None,
    ufunc: Any = None,
    bilinear: bool = False,
    one_dtype: bool = False,
) -> Elementwise:
    """Declare a function that acts on each entry alone, by one partial derivative for each argument.

    Args:
        function: what computes it on plain arrays.
        partials: for each argument the factor, the product with ``g``, 1, -1, or None.
        name: what the tape shows; the function's own name unless given.
        ufunc: the NumPy function to answer for; ``function`` itself if that is a ufunc.
        bilinear: whether it is linear in each of its two arguments.
        one_dtype: whether the partials need all arguments as the ufunc casts them (`in_one_dtype`).

    Example:
        >>> import numpy as np
        >>> softplus = elementwise(lambda x: np.log1p(np.exp(x)), lambda x: 1 / (1 + np.exp(-x)), name="softplus")
        >>> from fdezero import grad
        >>> grad(softplus)(0.0)
        np.float64(0.5)
    """
    has_derivative = any(partial is not None for partial in partials)
    kind = Bilinear if bilinear else Elementwise if has_derivative else Constant
    primitive = kind(
        name or (ufunc or function).__name__,
        _numpy_valued(function),
        tuple(make_rule(p, i) for i, p in enumerate(partials)),
        core=(0,) * len(partials),
    )
    target = ufunc or (function if isinstance(function, np.ufunc) else None)
    if target is not None:
        register(target, in_one_dtype(target, primitive) if one_dtype else primitive)
    return _declared(primitive)  # type: ignore[return-value]  # a Constant has the same attributes


def linear(
    function: Callable[..., Any],
    *transposes: Partial,
    name: str,
    core: tuple[int, ...] | None = None,
    batch: Batch | None = None,
) -> Linear:
    """Declare a function that is linear in its array argument, by its transpose.

    Args:
        function: what computes it on plain arrays.
        transposes: for each argument, from a cotangent ``g`` of the result to one of the argument; None
            for an argument that is no part of the linearity (an index).
        name: what the tape shows.
        core, batch: see `Primitive`.
    """
    rules = tuple(make_rule(t, i) for i, t in enumerate(transposes))
    return _declared(Linear(name, _numpy_valued(function), rules, core, batch=batch))


def linear_in_all(
    function: Callable[..., Any], transpose: Callable[..., Any], *, name: str, batch: Batch | None = None
) -> LinearInAll:
    """Declare a function of any number of arrays that is linear in all of them together.

    ``transpose`` returns a list with a cotangent for each; ``batch`` as for `linear`.
    """
    rule = make_rule(transpose, 0)
    assert rule is not None
    return _declared(LinearInAll(name, _numpy_valued(function), batch=batch, transpose=rule))


def multilinear(
    function: Callable[..., Any],
    *transposes: Partial,
    name: str,
    core: tuple[int, ...] | None = None,
    batch: Batch | None = None,
) -> Multilinear:
    """Declare a function that is linear in each argument, by its transpose in each.

    ``core`` and ``batch`` as for `linear`.
    """
    rules = tuple(make_rule(t, i) for i, t in enumerate(transposes))
    return _declared(Multilinear(name, _numpy_valued(function), rules, core, batch=batch))


def multilinear_in_all(
    function: Callable[..., Any], transpose: Callable[..., Any], *, name: str, batch: Batch | None = None
) -> MultilinearInAll:
    """Declare a function that is linear in each of any number of arrays; ``transpose`` as for `linear_in_all`."""
    rule = make_rule(transpose, 0)
    assert rule is not None
    return _declared(MultilinearInAll(name, _numpy_valued(function), batch=batch, transpose=rule))


def reduction(function: Callable[..., Any], partial: Callable[..., Any], *, name: str) -> Reduction:
    """Declare a reduction, by the partial derivative of the result with respect to each entry.

    Args:
        function: ``function(x, *, axis, keepdims)`` on plain arrays, with ``axis`` a tuple of axes that
            are counted from the end.
        partial: the factor, or the product with ``g``; in it ``g`` and ``out`` have the reduced axes as 1.
        name: what the tape shows.

    Example:
        >>> import numpy as np
        >>> from fdezero import grad
        >>> squares = reduction(
        ...     lambda x, *, axis, keepdims: np.sum(x * x, axis=axis, keepdims=keepdims), lambda x: 2 * x, name="squares"
        ... )
        >>> grad(lambda x: squares(x, axis=(-1,), keepdims=False))(np.array([1.0, 3.0]))
        array([2., 6.])
    """
    rule = make_rule(partial, 0)
    assert rule is not None

    def terms(g: Array, x: Array, out: Array, params: Params) -> Array:
        c = rule.apply(g, (x, out), (x,), params)
        return strong_zero(g, c) if alarm_is_raised() else c

    def kept(a: Array, x: Array, axis: tuple[int, ...], keepdims: bool) -> Array:
        """A reduced array with the reduced axes as 1."""
        return a if keepdims else a.reshape([1 if i - len(x.shape) in axis else n for i, n in enumerate(x.shape)])

    def vjp(g: Array, x: Array, out: Array, *, axis: tuple[int, ...], keepdims: bool) -> Array:
        g, out = kept(g, x, axis, keepdims), kept(out, x, axis, keepdims)
        return terms(g, x, out, {"axis": axis, "keepdims": keepdims})

    def jvp(g: Array, x: Array, out: Array, *, axis: tuple[int, ...], keepdims: bool) -> Array:
        out = kept(out, x, axis, keepdims)
        return np.sum(terms(g, x, out, {"axis": axis, "keepdims": keepdims}), axis=axis, keepdims=keepdims)

    return _declared(Reduction(name, function, (make_rule(vjp, 0),), (0,), forward=(make_rule(jvp, 0),)))


def general(
    function: Callable[..., Any],
    *,
    jvp: Sequence[Partial],
    vjp: Sequence[Partial] | Callable[..., Any] = (),
    name: str,
    core: tuple[int, ...] | None = None,
    batch: Batch | None = None,
) -> General:
    """Declare any other function, by its Jacobian-vector and vector-Jacobian product for each argument.

    Where the latter share what costs most, ``vjp`` is one function that returns a list of them; in it
    ``likes`` has None for an argument that asks for none.  Without ``vjp``, reverse mode transposes
    ``jvp``.  A function that returns a tuple has several
    outputs: its ``g`` in reverse mode is a list, with None where no cotangent came, and its forward
    products are tuples.  ``core`` and ``batch`` as for `linear`.
    """
    joint = make_rule(vjp, 0) if callable(vjp) else None
    rules = () if callable(vjp) else tuple(make_rule(v, i) for i, v in enumerate(vjp))
    forward = tuple(make_rule(j, i) for i, j in enumerate(jvp))
    function = _numpy_valued(function)
    return _declared(General(name, function, rules, core, batch=batch, forward=forward, joint=joint))


def constant(
    function: Callable[..., Any], *, name: str | None = None, core: tuple[int, ...] | None = None, batch: Batch | None = None
) -> Constant:
    """Declare that a function has no derivative: plain arrays come out.  ``core`` and ``batch`` as for `linear`."""
    return _declared(Constant(name or function.__name__, function, core=core, batch=batch))


def _numpy_valued(function: Callable[..., Any]) -> Callable[..., Any]:
    """``function``, whose result has a shape and a dtype also where a user's function returns a list of numbers."""
    returning = returning_arrays(function)
    if returning is function:
        return function

    @wraps(function)  # it is still known as the user's
    def numpy_valued(*args: Any, **params: Any) -> Any:
        out = returning(*args, **params)
        return out if type(out) is tuple or hasattr(out, "shape") else np.asarray(out)[()]

    return numpy_valued


def shape_depends_on_values(primitive: Primitive, *_: Any) -> NoReturn:
    """How a primitive batches whose result has another shape for each example: not at all.

    Raises:
        TypeError: which says what to write instead.
    """
    raise TypeError(
        f"numpy.{primitive.name} of a batched value has a result of another shape for each example; write "
        "np.where(mask, x, 0) for x[mask], or call it outside vmap"
    )
