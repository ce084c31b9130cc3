"""The user's own derivatives of a Python function: `custom_jvp` and `custom_vjp`, as in JAX.

Use them where the derivative of what is computed is not the derivative that is wanted: a numerically
safe form, a solver whose steps should not be recorded, a call into another library.  (A new NumPy-like
function is declared with `fdezero.primitives`, by one derivative an argument.)

A call is one primitive from flat arrays to a tuple of flat arrays, made for the occasion.  It differs
from the primitives of `fdezero.rules` only in its derivative, which is the user's function on trees.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn

import attrs
import numpy as np

from .. import tree
from ..core.cotangents import cast
from ..core.graph import Array, Box, Node, Params
from ..core.operands import as_operand, as_operands, describe, read_only
from ..core.primitives import Primitive, zero_like
from ..core.signatures import Rule
from ..interpreters.forward import ReverseOnly, push
from ..interpreters.reverse import pull, pull_through
from .vmap import vmap
from .wrapping import Function, global_name

#: The rule of a call: it stands for a derivative that is the user's, and is never applied.
_USERS = Rule(lambda *_: None, everything=True)

Flat = Callable[..., tuple[Array, ...]]


# -- one call as a primitive -------------------------------------------------------------------------


class CustomCall(Primitive):
    """A function of any number of flat arrays that returns a tuple; a node keeps the arguments for the user's rule."""

    __slots__ = ()

    def rule_of(self, i: int) -> Rule:
        return _USERS

    def residuals(self, values: Sequence[Any], out: Any, active: Sequence[bool]) -> tuple[Any, ...]:
        return (*values, None)


@attrs.frozen(eq=False, repr=False)
class WithJvp(CustomCall):
    """``along(primals, tangents)`` are flat tangents of the results; reverse mode transposes it."""

    along: Callable[[Sequence[Array], Sequence[Array]], tuple[Array, ...]] = attrs.field(kw_only=True)


@attrs.frozen(eq=False, repr=False)
class WithVjp(CustomCall):
    """The function is the user's ``fwd``: the results, and behind them what ``back`` wants kept.

    ``back(outputs, cotangents)`` are flat cotangents of the arguments, and ``plain`` is the user's
    function itself, for where nothing is differentiated.
    """

    plain: Flat = attrs.field(kw_only=True)
    back: Callable[[Sequence[Array], Sequence[Any]], list[Any]] = attrs.field(kw_only=True)

    def __call__(self, *args: Any, **params: Any) -> Any:
        # An interpreter runs ``fwd`` on what is inside its boxes as ordinary code, so that an outer
        # transform differentiates through ``fwd`` and ``bwd`` themselves.
        return self.function(*args)

    def residuals(self, values: Sequence[Any], out: Any, active: Sequence[bool]) -> tuple[Any, ...]:
        return (*[None] * len(values), out)


@pull.register
def _(primitive: WithJvp, node: Node, g: Any) -> list[Any]:
    primals = node.residuals[:-1]
    active = [i for i, parent in enumerate(node.parents) if parent is not None]

    def along(*tangents: Array) -> tuple[Array, ...]:
        full = [zero_like(x) for x in primals]
        for i, t in zip(active, tangents, strict=True):
            full[i] = t
        return primitive.along(primals, full)

    return pulled_through(along, active, [np.zeros_like(primals[i]) for i in active], node, g)


def pulled_through(f: Flat, active: Sequence[int], xs: Sequence[Array], node: Node, g: Any) -> list[Any]:
    """Cotangents of the arguments of a node, of which the ``active`` ones are ``f``'s arguments ``xs``."""
    smooth = [i for i, dtype in enumerate(node.dtype) if dtype.kind in "fc"]
    cotangents = tuple(_or_zeros(g[i], node.shape[i], node.dtype[i]) for i in smooth)

    def smooth_outputs(*xs: Array) -> tuple[Array, ...]:
        outs = f(*xs)
        return tuple(outs[i] for i in smooth)

    found = dict(zip(active, pull_through(smooth_outputs, xs, cotangents), strict=True))
    return [found.get(i) for i in range(len(node.parents))]


@pull.register
def _(primitive: WithVjp, node: Node, g: Any) -> list[Any]:
    cotangents = [_or_zeros(c, s, d) for c, s, d in zip(g, node.shape, node.dtype, strict=True)]
    found = primitive.back(node.residuals[-1], cotangents)
    return [None if p is None else _fitting(primitive, c, p) for c, p in zip(found, node.parents, strict=True)]


def _fitting(primitive: WithVjp, c: Any, parent: Node) -> Array:
    c = np.zeros(parent.shape, parent.dtype) if c is None else as_operand(c)
    c = c if hasattr(c, "shape") else np.asarray(c)[()]
    if c.shape != parent.shape:
        raise ValueError(
            f"the rule of {primitive.name} returned a cotangent of shape {c.shape} for an argument of shape {parent.shape}"
        )
    # Copied, for it may be an array that the rule keeps, and results belong to the caller.
    return c.astype(parent.dtype) if c.dtype.kind != "c" or parent.dtype.kind == "c" else cast(c, parent.dtype)


def _or_zeros(c: Any, shape: tuple[int, ...], dtype: Any) -> Array:
    return np.zeros(shape, dtype)[()] if c is None else c


@push.register
def _(primitive: WithJvp, tangents: Sequence[Any], residuals: Sequence[Any], likes: Sequence[Any], params: Params) -> Any:
    if all(t is None for t in tangents):
        return None
    primals = residuals[:-1]
    return primitive.along(primals, [zero_like(x) if t is None else t for t, x in zip(tangents, primals, strict=True)])


@push.register
def _(primitive: WithVjp, *args: Any) -> NoReturn:
    raise ReverseOnly(
        f"{primitive.name} has a rule for reverse mode only (defvjp), and forward mode met it; "
        "give it a rule with custom_jvp, which serves both modes"
    )


def _axes(batched: Sequence[bool]) -> tuple[int | None, ...]:
    return tuple(0 if b else None for b in batched)


def _batch_with_jvp(primitive: Any, values: Any, batched: Sequence[bool], size: int, params: Params) -> Any:
    axes = _axes(batched)
    many = WithJvp(
        primitive.name,
        vmap(primitive.function, in_axes=axes, axis_size=size),
        along=vmap(primitive.along, in_axes=(axes, axes), axis_size=size),
        batch=_batch_with_jvp,
    )
    return many(*values)


def _batch_with_vjp(primitive: Any, values: Any, batched: Sequence[bool], size: int, params: Params) -> Any:
    def back(outs: Sequence[Array], cotangents: Sequence[Array]) -> list[Any]:
        found = vmap(primitive.back, axis_size=size)(tuple(outs), list(cotangents))
        # What all the examples share gets the sum of what each would pay it.
        return [c if b or c is None else np.sum(c, axis=0) for c, b in zip(found, batched, strict=True)]

    plain, forward = (vmap(f, in_axes=_axes(batched), axis_size=size) for f in (primitive.plain, primitive.function))
    return _called(WithVjp(primitive.name, forward, plain=plain, back=back, batch=_batch_with_vjp), values)


def _called(primitive: WithVjp, values: Sequence[Any]) -> Any:
    """Pass a call to the Box with the highest level, or run ``plain`` where there is none."""
    boxes = [x for x in values if isinstance(x, Box)]
    if not boxes:
        return primitive.plain(*values)
    return max(boxes, key=lambda box: box.level).apply(primitive, tuple(values), {})


# -- trees and flat arrays ---------------------------------------------------------------------------


class Call:
    """The arguments of one call, cut into those that are differentiated, flat, and the rest."""

    def __init__(self, f: Function, nondiff: Sequence[int], args: Sequence[Any], kwargs: Mapping[str, Any]) -> None:
        bound = inspect.signature(f).bind(*args, **kwargs) if kwargs else None
        if bound is not None:
            bound.apply_defaults()
            args = bound.args
        self.args = tuple(args)
        self.nondiff = sorted(i % len(args) for i in nondiff)
        self.static = tuple(args[i] for i in self.nondiff)
        self.chosen = [i for i in range(len(args)) if i not in self.nondiff]
        self.leaves, self.structure = tree.flatten(tuple(args[i] for i in self.chosen))
        for leaf, path in zip(self.leaves, self.structure.paths(), strict=True):
            if not isinstance(leaf, (Box, np.ndarray, np.generic, int, float, complex)):
                raise TypeError(f"argument{path} is {describe(leaf)}, no array; name its position in nondiff_argnums")

    def primals(self, leaves: Sequence[Array]) -> tuple[Any, ...]:
        """The differentiated arguments with these leaves."""
        return self.structure.unflatten(leaves)  # type: ignore[no-any-return]  # to mypy what comes back is Any

    def full(self, leaves: Sequence[Array]) -> list[Any]:
        """All the arguments with these leaves, which are read-only to the user's function."""
        args = list(self.args)
        for i, value in zip(self.chosen, self.primals(read_only(list(leaves))), strict=True):
            args[i] = value
        return args

    @property
    def boxed(self) -> bool:
        return any(isinstance(leaf, Box) for leaf in self.leaves)


def flat(result: Any) -> tuple[tuple[Array, ...], tree.Structure]:
    leaves, structure = tree.flatten(result)
    return tuple(x if hasattr(x, "shape") else np.asarray(x)[()] for x in as_operands(tuple(leaves))), structure


def refuse_closures(name: str, called_with: Sequence[Any], leaves: Sequence[Any], outs: Sequence[Any]) -> None:
    """A result that is still a Box of the level being differentiated came in by a closure.

    Raises:
        TypeError: for the derivative with respect to it would be lost.
    """
    level = max(x.level for x in called_with if isinstance(x, Box))
    given = max((x.level for x in leaves if isinstance(x, Box)), default=0)
    for out in outs:
        if isinstance(out, Box) and out.level >= level and out.level > given:
            raise TypeError(
                f"{name}: the function uses a {type(out).__name__} from outside, whose derivative would be lost; "
                "pass it as an argument"
            )


class _Custom:
    """What `custom_jvp` and `custom_vjp` have in common: a function that keeps its name."""

    __name__: str

    def __new__(cls, f: Function | None = None, nondiff_argnums: Sequence[int] = ()) -> Any:
        # ``@custom_jvp(nondiff_argnums=(0,))`` waits for the function.
        return super().__new__(cls) if f is not None else functools.partial(cls, nondiff_argnums=nondiff_argnums)

    def __init__(self, f: Function, nondiff_argnums: Sequence[int] = ()) -> None:
        functools.update_wrapper(self, f)
        self._f = f
        self._nondiff = tuple(nondiff_argnums)

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        return self if instance is None else functools.partial(self, instance)

    def __reduce__(self) -> Any:
        return global_name(self) or (_rebuilt, (type(self), self.__dict__))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        call = Call(self._f, self._nondiff, args, kwargs)
        if not call.boxed:
            return self._f(*args, **kwargs)
        return self._differentiated(call)

    def _differentiated(self, call: Call) -> Any:
        raise NotImplementedError


def _rebuilt(cls: type[_Custom], state: dict[str, Any]) -> _Custom:
    """What pickle and `copy` make of a custom function that no module holds under its name."""
    made = object.__new__(cls)
    made.__dict__.update(state)
    return made


class custom_jvp(_Custom):
    """A function whose Jacobian-vector product is the user's; it serves both modes.

    Args:
        f: a function of arrays or trees of them.
        nondiff_argnums: positions of arguments that are no arrays (functions, strings, sizes); the
            rule gets them first.

    Then ``f.defjvp(rule)``, with ``rule(*nondiff, primals, tangents)`` returning ``(out, tangent)``;
    or ``f.defjvps(rule_x, rule_y, ...)``, a rule ``(tangent, out, *args)`` for each argument, or None.

    Raises:
        TypeError: when it is differentiated before it has a rule.

    Example:
        >>> import numpy as np
        >>> from fdezero import custom_jvp, grad
        >>> @custom_jvp
        ... def log1pexp(x):
        ...     return np.log1p(np.exp(x))
        >>> @log1pexp.defjvp
        ... def log1pexp_jvp(primals, tangents):
        ...     (x,), (t,) = primals, tangents
        ...     return log1pexp(x), (1 - 1 / (1 + np.exp(x))) * t
        >>> grad(log1pexp)(0.0)
        np.float64(0.5)
    """

    _rule: Function | None = None

    def defjvp(self, rule: Function) -> Function:
        """State the rule; see the class."""
        self._rule = rule
        return rule

    def defjvps(self, *rules: Function | None) -> None:
        """State a rule for each argument; see the class."""

        def rule(*args: Any) -> Any:
            *nondiff, primals, tangents = args
            full = list(primals)
            for i, value in zip(sorted(self._nondiff), nondiff, strict=True):
                full.insert(i, value)
            out = self(*full)
            terms = [r(t, out, *full) for r, t in zip(rules, tangents, strict=True) if r is not None]
            return out, tree.map(lambda *t: functools.reduce(np.add, t), *terms)

        self._rule = rule

    def _differentiated(self, call: Call) -> Any:
        if self._rule is None:
            raise TypeError(f"{self.__name__} is a custom_jvp function without a rule; state it with {self.__name__}.defjvp")
        rule = self._rule
        found: list[tree.Structure] = []

        def function(*leaves: Array) -> tuple[Array, ...]:
            outs, structure = flat(self._f(*call.full(leaves)))
            refuse_closures(self.__name__, call.leaves, leaves, outs)
            found.append(structure)
            return outs

        def along(leaves: Sequence[Array], tangents: Sequence[Array]) -> tuple[Array, ...]:
            result = rule(*call.static, *(call.primals(read_only(list(each))) for each in (leaves, tangents)))
            if not (isinstance(result, tuple) and len(result) == 2):
                raise TypeError(f"the rule of {self.__name__} must return (out, tangent), and returned {describe(result)}")
            tangent, structure = flat(result[1])
            if found and structure != found[0]:
                raise TypeError(f"the rule of {self.__name__} returned a tangent that is no tree like the result")
            return tuple(map(read_only, tangent))  # it may be an array that the rule keeps

        primitive = WithJvp(self.__name__, function, along=along, batch=_batch_with_jvp)
        outs = primitive(*call.leaves)
        return found[0].unflatten(outs)


class custom_vjp(_Custom):
    """A function whose pullback is the user's; for reverse mode.

    Args:
        f: a function of arrays or trees of them.
        nondiff_argnums: positions of arguments that are no arrays; ``bwd`` gets them first.

    Then ``f.defvjp(fwd, bwd)``, with ``fwd(*args)`` returning ``(out, residuals)``, a tree of arrays,
    and ``bwd(*nondiff, residuals, cotangent)`` a tuple with a cotangent like each differentiated
    argument (None for zero).

    Raises:
        TypeError: when it is differentiated before it has a rule, or in forward mode.

    Example:
        >>> import numpy as np
        >>> from fdezero import custom_vjp, grad
        >>> @custom_vjp
        ... def clipped(x):                       # the identity, with a gradient of at most 1
        ...     return x
        >>> clipped.defvjp(lambda x: (x, ()), lambda residuals, g: (np.clip(g, -1, 1),))
        >>> grad(lambda x: (clipped(x) ** 2).sum())(np.array([0.25, 3.0]))
        array([0.5, 1. ])
    """

    _fwd: Function | None = None
    _bwd: Function | None = None

    def defvjp(self, fwd: Function, bwd: Function) -> None:
        """State the two halves of the rule; see the class."""
        self._fwd, self._bwd = fwd, bwd

    def _differentiated(self, call: Call) -> Any:
        if self._fwd is None or self._bwd is None:
            raise TypeError(f"{self.__name__} is a custom_vjp function without a rule; state it with {self.__name__}.defvjp")
        fwd, bwd = self._fwd, self._bwd
        found: list[tuple[tree.Structure, tree.Structure]] = []

        def plain(*leaves: Array) -> tuple[Array, ...]:
            outs, structure = flat(self._f(*call.full(leaves)))
            found.append((structure, tree.LEAF))
            return outs

        def function(*leaves: Array) -> tuple[Array, ...]:
            result = fwd(*call.full(leaves))
            if not (isinstance(result, tuple) and len(result) == 2):
                raise TypeError(f"fwd of {self.__name__} must return (out, residuals), and returned {describe(result)}")
            outs, structure = flat(result[0])
            kept, kept_structure = flat(result[1])
            refuse_closures(self.__name__, call.leaves, leaves, (*outs, *kept))
            found.append((structure, kept_structure))
            return *outs, *kept

        def back(outputs: Sequence[Array], cotangents: Sequence[Array]) -> list[Any]:
            structure, kept_structure = found[-1]
            kept = kept_structure.unflatten(read_only(list(outputs[structure.size :])))
            given = structure.unflatten(read_only(list(cotangents[: structure.size])))
            result = bwd(*call.static, kept, given)
            if not (isinstance(result, tuple) and len(result) == len(call.chosen)):
                raise TypeError(
                    f"bwd of {self.__name__} must return a tuple of {len(call.chosen)} cotangents, one for each "
                    f"argument, and returned {describe(result)}"
                )
            cotangents_of: list[Any] = []
            for one, like in zip(result, call.structure.children, strict=True):
                cotangents_of += [None] * like.size if one is None else like.flatten_like(one)
            return cotangents_of

        primitive = WithVjp(self.__name__, function, plain=plain, back=back, batch=_batch_with_vjp)
        outs = _called(primitive, call.leaves)
        structure = found[0][0]
        return structure.unflatten(outs[: structure.size])
