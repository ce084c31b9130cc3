"""The user's own derivatives of a Python function: `custom_jvp` and `custom_vjp`, as in JAX.

Use them where the derivative of what is computed is not the derivative that is wanted: a numerically
safe form, a solver whose steps should not be recorded, a call into another library.  (A new NumPy-like
function is declared with `fdezero.primitives`, by one derivative an argument.)
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import tree
from ..core.graph import Array
from ..core.operands import describe, read_only
from .calls import Call, WithJvp, WithVjp, batch_with_jvp, batch_with_vjp, called, flat, refuse_closures
from .wrapping import Function, global_name


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

        primitive = WithJvp(self.__name__, function, along=along, batch=batch_with_jvp)
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

        primitive = WithVjp(self.__name__, function, plain=plain, back=back, batch=batch_with_vjp)
        outs = called(primitive, call.leaves)
        structure = found[0][0]
        return structure.unflatten(outs[: structure.size])
