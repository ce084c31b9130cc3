"""How a derivative says what it needs: by the names of its arguments.

``g`` is the cotangent or tangent; ``x``, ``y``, ``z`` the first, second and third argument of the
primitive; ``xs`` all of them; ``out`` the result; ``like`` the argument being differentiated (``likes``:
all of them), of which only ``.shape`` and ``.dtype`` may be asked; keyword-only arguments are the
primitive's static parameters.

The signature is read once, when the rule is declared, and a function of one fixed signature is made
from it: ``lambda g, y: g / y`` becomes

    def rule(g, residuals, likes, params): return derivative(g, residuals[1])

Derivatives that need the same share its code, which is compiled once.  The source is registered with
`linecache`, so that a traceback shows it.
"""

from __future__ import annotations

import functools
import inspect
import linecache
from collections.abc import Callable, Sequence
from types import FunctionType
from typing import Any

import attrs

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
    names, keywords, _, any_keyword = parameters_of(partial)
    arguments = [_source_of(name, index) for name in names]
    if keywords or any_keyword:
        arguments.append("**params")
    factor = "" if "g" in names else "g * "
    own = returning_arrays(partial)
    # A user's rule may return an array that it keeps, or one that it was given.
    derivative = partial if own is partial else lambda *args, **params: read_only(own(*args, **params))
    return Rule(
        _compiled(f"{factor}derivative({', '.join(arguments)})")(derivative),
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


@functools.cache
def _compiled(call: str) -> Any:
    """What makes of a derivative the rule that returns ``call``, which names it."""
    lines = ["def rule_of(derivative):\n", f"    def rule(g, residuals, likes, params): return {call}\n", "    return rule\n"]
    source, filename = "".join(lines), f"<fdezero rule: {call}>"
    linecache.cache[filename] = (len(source), None, lines, filename)
    space: dict[str, Any] = {}
    exec(compile(source, filename, "exec"), space)
    return space["rule_of"]


def parameters_of(function: Callable[..., Any]) -> tuple[list[str], list[str], bool, bool]:
    """The names of the arguments by position and of those by keyword alone, and whether it takes any more of each.

    A function's own code says so; `inspect.signature`, which takes ten times as long, is for what has none.

    Example:
        >>> parameters_of(lambda x, /, y, *, axis, **others: x)
        (['x', 'y'], ['axis'], False, True)
    """
    if type(function) is FunctionType and not vars(function):  # where a wrapper would leave another signature
        code = function.__code__
        count, total = code.co_argcount, code.co_argcount + code.co_kwonlyargcount
        names, flags = [*code.co_varnames[:total]], code.co_flags
        return names[:count], names[count:], bool(flags & inspect.CO_VARARGS), bool(flags & inspect.CO_VARKEYWORDS)
    parameters = inspect.signature(function).parameters.values()
    kinds = {p.kind for p in parameters}
    positional = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    keywords = [p.name for p in parameters if p.kind is p.KEYWORD_ONLY]
    return positional, keywords, inspect.Parameter.VAR_POSITIONAL in kinds, inspect.Parameter.VAR_KEYWORD in kinds
