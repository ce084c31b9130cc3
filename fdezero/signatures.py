"""How a derivative says what it needs: by the names of its arguments.

``g`` is the cotangent or tangent; ``x``, ``y``, ``z`` the first, second and third argument of the
primitive; ``xs`` all of them; ``out`` the result; ``like`` the argument being differentiated (``likes``:
all of them), of which only ``.shape`` and ``.dtype`` may be asked; keyword-only arguments are the
primitive's static parameters.  The signature is read once, when the rule is declared; what comes of it
is a `Rule` that the hot path calls without a look at any name.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any

import attrs

from .graph import Array, Params

#: A derivative as an author may state it: the factor or the product, 1, -1, or None for no derivative.
Partial = Callable[..., Any] | int | None

_POSITIONS = {"x": 0, "y": 1, "z": 2}
OUT = -1


@attrs.frozen(eq=False)
class Rule:
    """A derivative made ready to be called, and the positions of what it needs kept.

    ``apply(g, residuals, likes, params)``, with the residuals in the order (arguments ..., output).
    ``everything``: it may need any of them; ``asks_shape``: it needs the ``likes``; ``passes``: it
    returns ``g`` as it is.
    """

    apply: Callable[[Array, Sequence[Any], Sequence[Any], Params], Any]
    needs: tuple[int, ...] = ()
    everything: bool = False
    asks_shape: bool = False
    passes: bool = False


def make_rule(partial: Partial, index: int) -> Rule | None:
    """Read a derivative's signature, once, and compile how it is to be called."""
    if partial is None:
        return None
    if not callable(partial):
        if partial == 1:
            return Rule(lambda g, residuals, likes, params: g, passes=True)
        if partial == -1:
            return Rule(lambda g, residuals, likes, params: -g)
        raise TypeError(f"a partial derivative is a function, 1, -1 or None; got {partial!r}")
    parameters = inspect.signature(partial).parameters.values()
    names = [p.name for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD]
    takes_params = any(p.kind in (p.KEYWORD_ONLY, p.VAR_KEYWORD) for p in parameters)
    for name in names:
        if name not in ("g", "xs", "out", "like", "likes", *_POSITIONS):
            raise TypeError(
                f"a derivative's arguments are named g, x, y, z, xs, out, like or likes; {name!r} is none of "
                "them (static parameters come after a *)"
            )
    needs = tuple(_POSITIONS.get(name, OUT) for name in names if name in _POSITIONS or name == "out")
    if not takes_params and len(names) == 3 and names[0] == "g" and names[1] in _POSITIONS and names[2] == "like":
        return Rule(_transpose(partial, needs[0], index), needs, asks_shape=True)
    plain = not takes_params and not {"xs", "like", "likes"} & set(names)
    if plain and "g" not in names:
        return Rule(_factor(partial, needs), needs)
    if plain and names[0] == "g" and len(needs) < 3:
        return Rule(_product(partial, needs), needs)
    return Rule(_named(partial, names, index, takes_params), needs, "xs" in names, not {"like", "likes"}.isdisjoint(names))


def _factor(partial: Callable[..., Any], needs: tuple[int, ...]) -> Any:
    if len(needs) == 1:
        (i,) = needs
        return lambda g, residuals, likes, params: g * partial(residuals[i])
    return lambda g, residuals, likes, params: g * partial(*[residuals[i] for i in needs])


def _product(partial: Callable[..., Any], needs: tuple[int, ...]) -> Any:
    if not needs:
        return lambda g, residuals, likes, params: partial(g)
    if len(needs) == 1:
        (i,) = needs
        return lambda g, residuals, likes, params: partial(g, residuals[i])
    pick = itemgetter(*needs)
    return lambda g, residuals, likes, params: partial(g, *pick(residuals))


def _transpose(partial: Callable[..., Any], i: int, index: int) -> Any:
    """The transpose of a multilinear function of two arguments: ``partial(g, y, like)``."""
    return lambda g, residuals, likes, params: partial(g, residuals[i], likes[index])


def _named(partial: Callable[..., Any], names: list[str], index: int, takes_params: bool) -> Any:
    """The general case, compiled from its two parts: fetch the arguments, pass them on."""
    if takes_params:
        if names == ["g"]:
            return lambda g, residuals, likes, params: partial(g, **params)
        if names == ["g", "like"]:
            return lambda g, residuals, likes, params: partial(g, likes[index], **params)
        if len(names) == 2 and names[0] == "g" and (names[1] in _POSITIONS or names[1] == "out"):
            i = _POSITIONS.get(names[1], OUT)
            return lambda g, residuals, likes, params: partial(g, residuals[i], **params)
    fetchers = [_fetcher(name, index) for name in names]

    def apply(g: Any, residuals: Sequence[Any], likes: Sequence[Any], params: Params) -> Any:
        arguments = [fetch(g, residuals, likes) for fetch in fetchers]
        return partial(*arguments, **params) if takes_params else partial(*arguments)

    if "g" in names:
        return apply
    return lambda g, residuals, likes, params: g * apply(g, residuals, likes, params)


def _fetcher(name: str, index: int) -> Callable[[Any, Sequence[Any], Sequence[Any]], Any]:
    match name:
        case "g":
            return lambda g, residuals, likes: g
        case "like":
            return lambda g, residuals, likes: likes[index]
        case "likes":
            return lambda g, residuals, likes: likes
        case "xs":
            return lambda g, residuals, likes: residuals[:-1]
        case _:
            position = _POSITIONS.get(name, OUT)
            return lambda g, residuals, likes: residuals[position]
