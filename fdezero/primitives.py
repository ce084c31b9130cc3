"""Primitives: NumPy functions that have derivative rules, and how the rules are declared.

A primitive is declared once, by what it *is*, and every mode of differentiation follows:

* `elementwise`: one partial derivative for each argument.  The factor of the chain rule,
  ``lambda out: 1 - out * out`` for tanh; or, where the product can be had more cheaply, the product
  itself, with an argument ``g``: ``lambda g, y: g / y``; or the number 1 or -1.
* `linear`: the transpose.  Forward mode is the function itself on the tangent.
* `multilinear`: the transpose in each argument.  Forward mode is the product rule.
* `general`: the vector-Jacobian and the Jacobian-vector product in each argument.
* `constant`: nothing; plain arrays come out.
* a *composite* (`implements`) is ordinary NumPy in terms of other primitives, and inherits everything.

What a rule needs is said by the names of its arguments (`signatures.py` lists them), and only that is
kept on the tape.

The body of a rule is plain NumPy.  On arrays it runs at NumPy's own speed; on the Boxes of an outer
transform the same line is recorded, which is all that higher derivatives need.
"""

from __future__ import annotations

import inspect
import math
import operator
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, TypeVar

import attrs
import numpy as np

from .boxes import NO_PARAMS, Implementation, implementations, numpy_name
from .cotangents import Alarm, cast, fit, unbroadcast, zero_like
from .graph import Array, Box, Node, Params
from .signatures import OUT, Partial, Rule, make_rule

_F = TypeVar("_F", bound=Callable[..., Any])


# -- primitives --------------------------------------------------------------------------------------


def _keep_plans(rules: tuple[Rule | None, ...]) -> tuple[tuple[bool, ...], ...]:
    """Which of (arguments ..., output) to keep, at the index whose bits are the differentiated arguments."""
    return tuple(
        _keep_plan([rule for i, rule in enumerate(rules) if active >> i & 1 and rule], len(rules))
        for active in range(1 << len(rules))
    )


def _keep_plan(rules: Sequence[Rule], arity: int) -> tuple[bool, ...]:
    needed = {i for rule in rules for i in rule.needs}
    everything = any(rule.everything for rule in rules)
    return (*[everything or i in needed for i in range(arity)], OUT in needed)


def _is_trusted(function: Callable[..., Any]) -> bool:
    """Is it a ufunc of NumPy's, one of Python's operators, or one of the functions made of them in `rules`?"""
    if isinstance(function, np.ufunc):
        return getattr(np, function.__name__, None) is function
    module = getattr(function, "__module__", None) or ""
    return module in ("_operator", "operator") or module.startswith("fdezero.rules.")


@attrs.frozen(eq=False, repr=False)
class Primitive:
    """A NumPy function with derivative rules; the subclasses are the kinds of the table above.

    ``rules`` are reverse mode's, one for each argument (for any number of arguments, ``variadic``
    holds the only one).  A ``multiple`` primitive returns a tuple.  ``core`` says how many of its last
    axes are each argument's own, where it broadcasts over the axes in front of them (for a primitive
    of one argument any number will do); None where it does not let leading axes be.  A ``trusted`` one
    takes any numbers without an error, and returns memory that nobody writes to: NumPy's and ours do.
    """

    name: str
    function: Callable[..., Any]
    rules: tuple[Rule | None, ...] = ()
    variadic: Rule | None = None
    multiple: bool = False
    core: tuple[int, ...] | None = None
    trusted: bool = attrs.field(
        kw_only=True, default=attrs.Factory(lambda self: _is_trusted(self.function), takes_self=True)
    )
    keep: tuple[tuple[bool, ...], ...] = attrs.field(
        init=False, default=attrs.Factory(lambda self: _keep_plans(self.rules), takes_self=True)
    )
    constant: bool = attrs.field(
        init=False,
        default=attrs.Factory(lambda self: not any(self.rules) and self.variadic is None, takes_self=True),
    )

    partly_constant: bool = attrs.field(
        init=False,
        default=attrs.Factory(lambda self: any(self.rules) and not all(self.rules), takes_self=True),
    )

    def __call__(self, *args: Any, **params: Any) -> Any:
        """Hand the call to the Box with the highest level, or to NumPy where there is none."""
        if self.variadic is None:  # the usual cases without a loop
            if len(args) == 1:
                (x,) = args
                return x.apply_unary(self, x, params or NO_PARAMS) if isinstance(x, Box) else self.function(x, **params)
            if len(args) == 2 and not params:
                x, y = args
                return self.binary(x, y) if isinstance(x, Box) or isinstance(y, Box) else self.function(x, y)
        top: Box | None = None
        for arg in args:
            if isinstance(arg, Box) and (top is None or arg.level > top.level):
                top = arg
        if top is None:
            return self.function(*args, **params)
        return top.apply(self, args, params or NO_PARAMS)

    def unary(self, x: Any) -> Any:
        """``self(x)``, for a Box."""
        return x.apply_unary(self, x, NO_PARAMS)

    def unary_with(self, x: Any, params: Params) -> Any:
        """``self(x, **params)``, without packing the parameters again, which takes 150 ns."""
        return x.apply_unary(self, x, params) if isinstance(x, Box) else self.function(x, **params)

    def binary(self, x: Any, y: Any) -> Any:
        """``self(x, y)``, where one of the two is a Box."""
        if isinstance(x, Box) and not (isinstance(y, Box) and y.level > x.level):
            return x.apply_binary(self, x, y, NO_PARAMS)
        return y.apply_binary(self, x, y, NO_PARAMS)

    def differentiable(self, index: int) -> bool:
        """Has the argument at this position a derivative?"""
        return self.variadic is not None or self.rules[index] is not None

    def residuals_of(self, values: tuple[Any, ...], out: Any, active: tuple[bool, ...]) -> tuple[Any, ...]:
        """(arguments ..., output) with what the rules of the ``active`` arguments do not need left out."""
        if self.variadic is not None:
            keep = _keep_plan([self.variadic], len(active))
        else:
            keep = self.keep[sum(1 << i for i, on in enumerate(active) if on)]
        return tuple(v if k else None for v, k in zip((*values, out), keep, strict=True))

    def pullback(self, node: Node, g: Any, alarm: Alarm) -> Sequence[Any]:
        """The cotangents of ``node``'s parents; None for zero, and anything for a parent that is None."""
        residuals, parents, params = node.residuals, node.parents, node.params
        if self.variadic is not None:
            cotangents = self.variadic.apply(g, residuals, parents, params)
        else:  # an argument with a parent has a rule
            cotangents = [
                rule.apply(g, residuals, parents, params) if rule and parent is not None else None
                for rule, parent in zip(self.rules, parents, strict=True)
            ]
        return [
            None if parent is None else self.fitted(c, g, parent, alarm)
            for c, parent in zip(cotangents, parents, strict=True)
        ]

    def fitted(self, c: Any, g: Array, parent: Node, alarm: Alarm) -> Any:
        """What a rule returned, in its parent's shape and dtype.

        Where the arguments broadcast over the axes in front of their own, broadcasting is summed out;
        otherwise the shape must be right already.
        """
        if c.__class__ in Sparse:
            return c
        if c.shape != parent.shape and self.core is not None and len(self.rules) > 1:
            c = unbroadcast(c, parent.shape)
        if c.shape != parent.shape:
            raise ValueError(
                f"the rule of {self.name} returned a cotangent of shape {c.shape} for an argument of shape {parent.shape}"
            )
        return cast(c, parent.dtype)

    @property
    def output(self) -> Primitive:
        """The primitive that picks one output out of several."""
        return pick_output

    def __repr__(self) -> str:
        return f"<primitive {self.name}>"


@attrs.frozen(eq=False, repr=False)
class Test(Primitive):
    """A constant that asks something of each entry; in forward mode of its tangent too.

    ``join`` puts the two answers together.
    """

    join: Callable[[Any, Any], Any] = attrs.field(kw_only=True)


vanishes = Test("vanishes", lambda x: x == 0, core=(0,), join=operator.and_)
is_nan = Test("is_nan", np.isnan, core=(0,), join=operator.or_)


def strong_zero(g: Array, c: Array) -> Array:
    """Zero where the cotangent or tangent ``g`` is exactly zero and the slope made a NaN of it.

    So the branch that ``np.where`` did not take never spoils the one it took.  (`ringing`, which its rule
    calls where that branch holds a NaN, sees to the products with it further back.)
    """
    kept = np.where(vanishes(g) & is_nan(c), np.zeros_like(c), c)
    return kept[()] if type(kept) is np.ndarray and not kept.ndim else kept  # a number stays one


@attrs.frozen(eq=False, repr=False)
class Elementwise(Primitive):
    """Acts on each entry alone; its arguments broadcast."""

    def fitted(self, c: Any, g: Array, parent: Node, alarm: Alarm) -> Any:
        """What a rule returned, with broadcasting summed out, and strong zeros where an invalid operation was seen."""
        return fit(strong_zero(g, c) if alarm.raised else c, parent)


@attrs.frozen(eq=False, repr=False)
class Linear(Primitive):
    """Linear in its one argument, or in all of its arguments together."""

    def residuals_of(self, values: tuple[Any, ...], out: Any, active: tuple[bool, ...]) -> tuple[Any, ...]:
        """Of a constant among several arguments, a zero: what it adds to a tangent.  It takes no memory."""
        return (*[None if on else zero_like(v) for v, on in zip(values, active, strict=True)], None)


@attrs.frozen(eq=False, repr=False)
class Multilinear(Primitive):
    """Linear in each of its arguments."""


@attrs.frozen(eq=False, repr=False)
class General(Primitive):
    """Anything else: both modes are stated."""

    forward: tuple[Rule | None, ...] = attrs.field(default=(), kw_only=True)


@attrs.frozen(eq=False)
class Slot:
    """A `Sparse` cotangent: that of one output among several."""

    index: int
    cotangent: Array
    shape: ClassVar[None] = None  # never that of the parent, which the fold asks of every cotangent

    def gather_size(self, like: Any) -> float:
        """How many numbers the gathered cotangent has (a slot is never worth adding early)."""
        return float("inf")

    @staticmethod
    def gather(parts: Sequence[Slot], like: Any) -> list[Array | None]:
        """The cotangent of each output, None where nothing came back."""
        outs: list[Array | None] = [None] * len(like.shape)
        for part in parts:
            known = outs[part.index]
            outs[part.index] = part.cotangent if known is None else known + part.cotangent
        return outs


@attrs.define(eq=False)  # not frozen: that takes 150 ns more, and every x[i] makes one
class Scatter:
    """A `Sparse` cotangent: that of the entries at ``index``, zero everywhere else."""

    index: Any
    cotangent: Array
    shape: ClassVar[None] = None

    def gather_size(self, like: Any) -> float:
        """How many numbers the gathered cotangent has."""
        return float(math.prod(like.shape))

    @staticmethod
    def gather(parts: Sequence[Scatter], like: Any) -> Array:
        """One dense cotangent, made by adding every part into one buffer."""
        cotangents = [part.cotangent for part in parts]
        return scatter(*cotangents, indices=[p.index for p in parts], shape=like.shape, dtype=like.dtype)


#: Cotangents that are zero nearly everywhere; the fold keeps them so until they are needed.
Sparse: frozenset[Any] = frozenset({Slot, Scatter})


def _scatter(*cotangents: Array, indices: Sequence[Any], shape: tuple[int, ...], dtype: Any) -> Array:
    first = cotangents[0]
    # np.zeros_like would do for NumPy too, but takes 1.5 us where np.zeros takes 0.2.
    plain = isinstance(first, (np.ndarray, np.generic))
    total = np.zeros(shape, dtype) if plain else np.zeros_like(first, shape=shape, dtype=dtype)
    for c, index in zip(cotangents, indices, strict=True):
        if c.dtype is not dtype:
            c = cast(c, dtype)
        if index.__class__ is int or index.__class__ is slice or not may_repeat(index):
            total[index] += c
        else:
            np.add.at(total, index, c)
    return total


def may_repeat(index: Any) -> bool:
    """May an index name one entry twice?  Only integer arrays can."""
    if index.__class__ is slice or index.__class__ is int:
        return False
    parts = index if isinstance(index, tuple) else (index,)
    return any(isinstance(i, (np.ndarray, list)) and np.asarray(i).dtype.kind != "b" for i in parts)


pick_output = Linear("output", lambda outs, *, index: outs[index], (make_rule(lambda g, *, index: Slot(index, g), 0),))
scatter = Linear(
    "scatter",
    _scatter,
    variadic=make_rule(
        lambda g, likes, *, indices, **_: [None if n is None else g[i] for n, i in zip(likes, indices, strict=True)], 0
    ),
)


# -- declaring ---------------------------------------------------------------------------------------


def register(function: Any, implementation: Callable[..., Any], accepts: Sequence[str] = ()) -> None:
    """Let ``implementation`` answer when NumPy's ``function`` is called on a Box.

    Raises:
        ValueError: when the function is implemented already; a rule is said once.
    """
    if function in implementations:
        raise ValueError(f"{numpy_name(function)} has an implementation already")
    names = frozenset(accepts)
    if isinstance(implementation, Primitive):
        made = Implementation(implementation, names, implementation.unary, implementation.binary, implementation)
    else:
        made = Implementation(implementation, names, implementation, implementation)
    implementations[function] = made


def implements(*functions: Any) -> Callable[[_F], _F]:
    """Declare a composite: ordinary NumPy that answers for NumPy's ``functions`` on Boxes.

    The keyword arguments it takes are those of its signature; any other is refused by name.
    """

    def declare(implementation: _F) -> _F:
        names = inspect.signature(implementation).parameters
        for function in dict.fromkeys(functions):  # NumPy has aliases
            register(function, implementation, tuple(names))
        return implementation

    return declare


def elementwise(function: Callable[..., Any], *partials: Partial, name: str | None = None, ufunc: Any = None) -> Elementwise:
    """Declare a function that acts on each entry alone, by one partial derivative an argument.

    Args:
        function: what computes it on plain arrays.
        partials: for each argument the factor, the product with ``g``, 1, -1, or None.
        name: what the tape shows; the function's own name unless given.
        ufunc: the NumPy function to answer for; ``function`` itself if that is a ufunc.

    Example:
        >>> import numpy as np
        >>> softplus = elementwise(lambda x: np.log1p(np.exp(x)), lambda x: 1 / (1 + np.exp(-x)), name="softplus")
        >>> from fdezero import grad
        >>> grad(softplus)(0.0)
        np.float64(0.5)
    """
    primitive = Elementwise(
        name or (ufunc or function).__name__,
        _numpy_valued(function),
        tuple(make_rule(p, i) for i, p in enumerate(partials)),
        core=(0,) * len(partials),
        trusted=all(_is_trusted(f) for f in (function, *partials) if callable(f)),
    )
    target = ufunc or (function if isinstance(function, np.ufunc) else None)
    if target is not None:
        register(target, primitive)
    return primitive


def linear(
    function: Callable[..., Any],
    transpose: Callable[..., Any],
    *,
    name: str,
    variadic: bool = False,
    core: tuple[int, ...] | None = None,
) -> Linear:
    """Declare a function that is linear in its array argument, by its transpose.

    Args:
        function: what computes it on plain arrays.
        transpose: from a cotangent ``g`` of the result to one of the argument; of a ``variadic`` one,
            which takes any number of arrays, to a list with one for each.
        name: what the tape shows.
        variadic: does it take any number of arrays?
        core: see `Primitive`; without it `vmap` loops over the examples.
    """
    rule = make_rule(transpose, 0)
    return Linear(name, function, () if variadic else (rule,), variadic=rule if variadic else None, core=core)


def multilinear(
    function: Callable[..., Any], *transposes: Partial, name: str, core: tuple[int, ...] | None = None
) -> Multilinear:
    """Declare a function that is linear in each argument, by its transpose in each.

    ``core`` as for `linear`.
    """
    return Multilinear(name, function, tuple(make_rule(t, i) for i, t in enumerate(transposes)), core=core)


def general(
    function: Callable[..., Any],
    *,
    vjp: Sequence[Partial],
    jvp: Sequence[Partial],
    name: str,
    multiple: bool = False,
    core: tuple[int, ...] | None = None,
) -> General:
    """Declare any other function, by its vector-Jacobian and Jacobian-vector product for each argument.

    A ``multiple`` one returns a tuple; its ``g`` in reverse mode is a list, None where nothing came
    back, and its forward products are tuples.  ``core`` as for `linear`.
    """
    rules = tuple(make_rule(v, i) for i, v in enumerate(vjp))
    forward = tuple(make_rule(j, i) for i, j in enumerate(jvp))
    return General(name, function, rules, multiple=multiple, core=core, forward=forward)


def constant(function: Callable[..., Any], *, name: str | None = None, core: tuple[int, ...] | None = None) -> Primitive:
    """Declare that a function has no derivative: plain arrays come out."""
    return Primitive(name or function.__name__, function, core=core)


def as_operand(x: Any) -> Array:
    """A list or number as an array; a list that holds Boxes is refused by ``Box.__array__``."""
    return x if hasattr(x, "shape") else np.asarray(x)


def _numpy_valued(function: Callable[..., Any]) -> Callable[..., Any]:
    """A user's function may return a Python number; what goes on the tape has a shape and a dtype."""
    module = getattr(function, "__module__", None) or ""
    if isinstance(function, np.ufunc) or _is_trusted(function) or module.startswith("fdezero."):
        return function

    def numpy_valued(*args: Any, **params: Any) -> Any:
        out = function(*args, **params)
        return out if hasattr(out, "shape") else np.asarray(out)[()]

    return numpy_valued
