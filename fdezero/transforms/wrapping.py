"""What all transforms have in common: how they wrap a function, run it on Boxes, and return results.

A transform's rule is a few lines: flatten the arguments (`flatten_inputs`), run the function on Boxes of
their leaves (`run_on_boxes`), take what is inside the results (`flatten_outputs`, `finish`).
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Sequence
from types import MethodType
from typing import Any, TypeVar

import numpy as np

from ..core.graph import Array, Box
from ..core.operands import describe, has_own_arithmetic
from ..core.recording import Level, new_level
from ..tree import KINDS, LEAF, Structure, flatten
from ..tree import map as map_tree

Function = Callable[..., Any]
_F = TypeVar("_F", bound=Function)

# -- wrapping ------------------------------------------------------------------------------------------


def decorator(transform: _F) -> _F:
    """Let a transform be called without its function, as in ``@grad(argnums=1)``: it then waits for one.

    Raises:
        TypeError: on a call with a keyword argument that the transform has not; it names those that it has.

    Example:
        >>> @decorator
        ... def scaled(f, by=2):
        ...     return lambda x: by * f(x)
        >>> scaled(by=3)(abs)(-1)
        3
    """

    _, *names = transform.__code__.co_varnames[: transform.__code__.co_argcount]

    @functools.wraps(transform)
    def waiting(f: Function | None = None, *args: Any, **kwargs: Any) -> Any:
        for name in kwargs:
            if name not in names:
                takes = f"what it takes beside the function is {', '.join(names)}" if names else "it takes a function alone"
                raise TypeError(f"{transform.__name__}() got an unexpected keyword argument {name!r}; {takes}")
        return functools.partial(transform, *args, **kwargs) if f is None else transform(f, *args, **kwargs)

    return waiting  # type: ignore[return-value]  # mypy cannot say "the same signature as _F"


class Transformed:
    """A function under a transform: ``rule(f, options, args, kwargs)`` when it is called.

    It keeps the function's name, docstring and signature, binds as a method does, and pickles when
    the function does (which a closure would not).
    """

    __name__: str

    def __init__(self, rule: Callable[..., Any], f: Function, *options: Any) -> None:
        if not callable(f):
            raise TypeError(f"a transform takes a function, and got {describe(f)}; write grad(f)(x), not grad(f(x))")
        functools.update_wrapper(self, f)
        self._rule, self._f, self._options = rule, f, options
        self._run = functools.partial(rule, f, *options)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._run(args, kwargs)

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        return self if instance is None else MethodType(self, instance)

    def __reduce__(self) -> Any:
        return global_name(self) or (Transformed, (self._rule, self._f, *self._options))

    def __repr__(self) -> str:
        return f"<{self._rule.__name__.strip('_')} of {getattr(self._f, '__name__', self._f)}>"


def global_name(wrapper: Any) -> str | None:
    """The name under which a module holds ``wrapper``, which decorates the function of that name; or None.

    Pickle stores such a wrapper by its name, as it does a function.
    """
    found: Any = sys.modules.get(getattr(wrapper, "__module__", ""))
    name: str = getattr(wrapper, "__qualname__", "")
    for part in name.split("."):
        found = getattr(found, part, None)
    return name if found is wrapper else None


#: Errors of NumPy's that hide the error of the Box that they come from, and what that would say.
HIDING = frozenset({"Error setting single item of array."})
HIDDEN = (
    "a.flat[i] = x writes x into the plain array a; where x is a Variable or the like, it would lose its derivative: write "
    "a = fdezero.at(a)[index].set(x)"
)

# -- what goes in --------------------------------------------------------------------------------------

#: The classes of leaves that need no second look.
_USUAL: frozenset[Any] = frozenset({np.ndarray, np.float64})


def flatten_inputs(
    args: Sequence[Any], positions: Sequence[int], name: str = "argument"
) -> tuple[list[Array], list[Structure]]:
    """The leaves of the arguments at ``positions``, which are to be differentiated, and the tree of each.

    Raises:
        TypeError: naming a leaf that has no derivative.
    """
    values: list[Array] = []
    structures = []
    for position in positions:
        arg = args[position]
        kind = type(arg)
        if kind is np.ndarray and arg.dtype.kind in "fc":  # the usual cases, without a walk
            leaves, structure = [arg], LEAF
        elif kind is float:
            leaves, structure = [np.float64(arg)], LEAF
        else:
            leaves, structure = flatten(arg)
            leaves = list(map(_numpy_s, leaves))
            if not all(x.__class__ in _USUAL and x.dtype.kind in "fc" for x in leaves):
                paths = structure.paths()
                leaves = [as_input(x, f"{name} {position}{path}") for x, path in zip(leaves, paths, strict=True)]
        values += leaves
        structures.append(structure)
    return values, structures


def _numpy_s(x: Any) -> Any:
    return np.float64(x) if x.__class__ is float else x


def with_floats(args: tuple[Any, ...], positions: Sequence[int]) -> tuple[Any, ...]:
    """The arguments of a call, with integers in those at ``positions`` cast to float64 (``allow_int=True``)."""
    return tuple([map_tree(_as_float, arg) if i in positions else arg for i, arg in enumerate(args)])


def _as_float(x: Any) -> Any:
    if isinstance(x, (int, np.integer)) and not isinstance(x, bool):
        return np.float64(x)
    return x.astype(float) if isinstance(x, (Box, np.ndarray)) and x.dtype.kind in "iu" else x


def tuple_of(structures: Sequence[Structure]) -> Structure:
    """The tree of a tuple of trees."""
    return Structure(tuple, (), tuple(structures))


def run_on_boxes(
    f: Function,
    args: Sequence[Any],
    kwargs: dict[str, Any],
    positions: Sequence[int],
    structures: Sequence[Structure],
    boxes: Callable[[Level], list[Any]],
    has_aux: bool = False,
) -> tuple[Level, list[Any], Any, Any]:
    """Run ``f`` at a new level with ``boxes(level)`` as the leaves of the arguments at ``positions``.

    Returns:
        ``(level, boxes, result, aux)``; without ``has_aux``, aux is None.
    """
    level = new_level()
    inputs = boxes(level)
    arguments = list(args)
    leaves = iter(inputs)
    for position, structure in zip(positions, structures, strict=False):  # there are as many of each
        arguments[position] = structure._build(leaves)
    try:
        result = f(*arguments, **kwargs)
    except ValueError as error:
        if str(error) in HIDING:
            error.add_note(HIDDEN)
        raise
    finally:
        level.over = True
    if has_aux:
        result, aux = split_aux(result, level)
        return level, inputs, result, aux
    return level, inputs, result, None


def flatten_outputs(result: Any) -> tuple[list[Array], Structure]:
    """The leaves of a result, all of them floating-point numbers, and its tree.

    Raises:
        TypeError: saying what else was returned.
    """
    outs, structure = flatten(result)
    return [as_output(out) for out in outs] if outs else [as_output(result)], structure


def as_input(x: Any, name: str) -> Array:
    """One leaf as something that can be differentiated.

    Raises:
        TypeError: naming it and saying what to write.
    """
    if has_own_arithmetic(x):
        raise TypeError(f"{name} is a {type(x).__name__}, whose rules of arithmetic differ; write np.asarray(x)")
    if isinstance(x, (Box, np.ndarray, np.generic)):
        if x.dtype.kind in "fc":
            if isinstance(x, Box) and not x.is_open:
                return x.with_dtype()
            return np.asarray(x) if isinstance(x, np.ndarray) else x  # of a subclass (a memory map), the array
    elif isinstance(x, (float, complex)):
        return np.float64(x) if isinstance(x, float) else np.complex128(x)
    elif hasattr(x, "__array_function__") and getattr(x, "dtype", np.dtype(int)).kind in "fc":
        return x
    raise TypeError(
        f"cannot differentiate with respect to {name}: it is {describe(x)}, which has no derivative; {_advice(x, name)}"
    )


def _advice(x: Any, name: str) -> str:
    """What to write for an argument that is no floating-point array."""
    if isinstance(x, (int, np.ndarray, np.generic)):
        hint = "write 3.0 for 3, or x.astype(float) (allow_int=True casts)"
    elif hasattr(x, "__array__"):
        hint = "write x.to_numpy() or np.asarray(x)"
    elif isinstance(x, (str, bytes)):
        hint = "pass a number or an array"
    else:
        hint = f"a tree is made of {KINDS}"
    if "[" in name:  # a leaf of a tree
        return f"{hint}, or keep it out of the tree: in another argument, or a static field"
    return f"{hint}, or choose other arguments with argnums"


def as_positions(argnums: int | Sequence[int], count: int) -> tuple[int, ...]:
    """``argnums`` as positions from the left.

    Raises:
        TypeError: when it is no int or sequence of ints.
        ValueError: when a position is out of range or named twice.
    """
    if argnums.__class__ is int and 0 <= argnums < count:
        return (argnums,)
    wanted = argnums if isinstance(argnums, (tuple, list)) else (argnums,)
    if not all(isinstance(i, (int, np.integer)) and not isinstance(i, bool) for i in wanted):
        raise TypeError(f"argnums is an int or a tuple of ints; got {argnums!r}")
    if not all(-count <= i < count for i in wanted):
        raise ValueError(
            f"argnums={argnums} for a call with {count} positional argument{'s' * (count != 1)} "
            "(arguments to differentiate are passed by position)"
        )
    positions = tuple(int(i) % count for i in wanted)
    if len(set(positions)) != len(positions):
        raise ValueError(f"argnums={argnums} names an argument twice")
    return positions


def as_output(out: Any, name: str = "the function") -> Array:
    """One leaf of a result: a float or complex number or array.

    Raises:
        TypeError: saying what came back.
    """
    out = as_result(out, name)
    if isinstance(out, (Box, np.ndarray, np.generic)) and out.dtype.kind in "fc":
        return out
    if isinstance(out, (float, complex)):
        return np.asarray(out)[()]
    hint = "; is a `return` missing?" if out is None else ""
    raise TypeError(f"{name} must return floating-point numbers to be differentiated, and returned {describe(out)}{hint}")


def as_result(out: Any, name: str = "the function") -> Any:
    """One leaf of any result; an array is an ndarray (of a subclass: as one), or has NumPy's protocols.

    Raises:
        TypeError: for an array of another library, or with arithmetic of its own.
    """
    kind = type(out)
    if kind is np.ndarray or isinstance(out, (Box, np.generic)) or not hasattr(kind, "__array__"):
        return out
    if has_own_arithmetic(out):
        raise TypeError(f"{name} returned {describe(out)}, whose rules of arithmetic differ; write np.asarray(x) for it")
    if isinstance(out, np.ndarray):
        return np.asarray(out)
    if hasattr(kind, "__array_function__"):
        return out
    raise TypeError(f"{name} returned {describe(out)}, an array of another library; write x.to_numpy() for what it was made of")


# -- what comes out ------------------------------------------------------------------------------------


def value_of(x: Any, level: int) -> Any:
    """What is inside a Box of this level; anything else as it is.

    Raises:
        RuntimeError: for a Box of another transform that has returned.
    """
    if not isinstance(x, Box):
        return x
    if x.level == level:
        return x._value
    if x.level.over:
        raise x.escaped()
    return x


def split_aux(result: Any, level: int) -> tuple[Any, Any]:
    """``(out, aux)`` of a function with ``has_aux=True``; the arrays in ``aux`` are copies, which are the caller's.

    Raises:
        TypeError: when the result is no pair.
    """
    if not (isinstance(result, tuple) and len(result) == 2):
        raise TypeError(f"with has_aux=True the function must return a pair (out, aux), and returned {describe(result)}")
    out, aux = result
    return out, map_tree(lambda x: copied(value_of(x, level)), aux)


def copied(x: Any) -> Any:
    """``x``; of an ndarray, which may belong to the graph or the caller, a copy."""
    return x.copy() if isinstance(x, np.ndarray) else x


def plain_results(outs: Sequence[Any], level: int) -> list[Array]:
    """What is inside results, copied: it may be an argument, a constant or a part of the graph."""
    return [copied(value_of(out, level)) for out in outs]


def finish(results: Sequence[Array], foreign: Sequence[Any] = ()) -> list[Array]:
    """Results that belong to the caller: writable, and no two of them the same memory.

    ``foreign`` may hold arrays of the caller's, which must not come back as results.
    """
    seen = {id(_owner(x)) for x in foreign if type(x) is np.ndarray}
    finished = list(results)
    for i, c in enumerate(finished):
        if type(c) is np.ndarray and not c.ndim:
            finished[i] = c[()]  # a number, as NumPy returns it
        elif type(c) is np.ndarray:
            owner = id(c if c.base is None else c.base)
            if owner in seen or not c.flags.writeable:
                finished[i] = c = c.copy()
                owner = id(c)
            seen.add(owner)
    return finished


def _owner(x: Any) -> Any:
    """The array whose memory this is (NumPy keeps no chain of views)."""
    return x if x.base is None else x.base
