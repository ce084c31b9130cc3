"""How a derivative says what it needs: by the names of its arguments.

``g`` is the cotangent or tangent; ``x``, ``y``, ``z`` the first, second and third argument of the
primitive; ``xs`` all of them; ``out`` the result; ``like`` the argument being differentiated (``likes``:
all of them), of which only ``.shape`` and ``.dtype`` may be asked; keyword-only arguments are the
primitive's static parameters.

The signature is read once, when the rule is declared, and a function of one fixed signature is compiled
from it: ``lambda g, y: g / y`` becomes

    def rule(g, residuals, likes, params): return derivative(g, residuals[1])

The source is registered with `linecache`, so that a traceback shows it.
"""

from __future__ import annotations

import inspect
import linecache
from collections.abc import Callable, Sequence
from typing import Any

import attrs
from toolz import compose

from .graph import Array, Params
from .operands import read_only, returning_arrays

#: A derivative as an author may state it: the factor or the product, 1, -1, or None for no derivative.
Partial = Callable[..., Any] | int | None

#: The position of the output among the residuals, which are (arguments ..., output).
OUT = -1

_POSITIONS = {"x": 0, "y": 1, "z": 2, "out": OUT}


@attrs.frozen(eq=False)
class Rule:
    """A derivative made ready to be called, and the positions of the residuals that it needs.

    ``apply(g, residuals, likes, params)`` with the residuals in the order (arguments ..., output);
    ``everything`` says that it may need any of the arguments.
    """

    apply: Callable[[Array, Sequence[Any], Sequence[Any], Params], Any]
    needs: frozenset[int] = frozenset()
    everything: bool = False


def make_rule(partial: Partial, index: int) -> Rule | None:
    """Compile the derivative with respect to the argument at position ``index``.

    Raises:
        TypeError: when it is no derivative, or an argument's name is not one of those above.

    Example:
        >>> import numpy as np
        >>> rule = make_rule(lambda y: np.cos(y), 1)
        >>> rule.needs, rule.apply(2.0, (None, 0.0, None), (), {})
        (frozenset({1}), np.float64(2.0))
    """
    if partial is None:
        return None
    if partial == 1:
        return Rule(lambda g, residuals, likes, params: g)
    if partial == -1:
        return Rule(lambda g, residuals, likes, params: -g)
    if not callable(partial):
        raise TypeError(f"a partial derivative is a function, 1, -1 or None; got {partial!r}")
    parameters = inspect.signature(partial).parameters.values()
    names = [p.name for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD]
    arguments = [_source_of(name, index) for name in names]
    if any(p.kind in (p.KEYWORD_ONLY, p.VAR_KEYWORD) for p in parameters):
        arguments.append("**params")
    factor = "" if "g" in names else "g * "
    source = f"def rule(g, residuals, likes, params): return {factor}derivative({', '.join(arguments)})\n"
    return Rule(
        _compiled(source, partial),
        needs=frozenset(_POSITIONS[name] for name in names if name in _POSITIONS),
        everything="xs" in names,
    )


def _source_of(name: str, index: int) -> str:
    """The expression that fetches an argument of this name."""
    if name in _POSITIONS:
        return f"residuals[{_POSITIONS[name]}]"
    others = {"g": "g", "xs": "residuals[:-1]", "like": f"likes[{index}]", "likes": "likes"}
    if name not in others:
        raise TypeError(
            f"a derivative's arguments are named g, x, y, z, xs, out, like or likes; {name!r} is none of them (static "
            "parameters come after a *)"
        )
    return others[name]


def _compiled(source: str, derivative: Callable[..., Any]) -> Any:
    """The function that ``source`` defines, with ``derivative`` as its only global name."""
    name = getattr(derivative, "__qualname__", repr(derivative))
    filename = f"<fdezero rule: {name} in {getattr(derivative, '__module__', '?')}: {source}>"
    linecache.cache[filename] = (len(source), None, [source], filename)
    own = returning_arrays(derivative)
    # A user's rule may return an array that it keeps, or one that it was given.
    space = {"derivative": derivative if own is derivative else compose(read_only, own)}
    exec(compile(source, filename, "exec"), space)
    return space["rule"]
