"""What all transforms have in common: how they wrap a function, and what they accept and return."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from types import MethodType
from typing import Any

import numpy as np

from ..graph import Array, Box
from ..recording import Level
from ..tree import LEAF, Structure, flatten
from ..tree import map as map_tree

Function = Callable[..., Any]


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
        self._run = functools.partial(rule, f, *options)  # 150 ns faster than unpacking the options in each call

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._run(args, kwargs)

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        return self if instance is None else MethodType(self, instance)

    def __reduce__(self) -> Any:
        return Transformed, (self._rule, self._f, *self._options)

    def __repr__(self) -> str:
        return f"<{self._rule.__name__.strip('_')} of {getattr(self._f, '__name__', self._f)}>"


def describe(x: Any) -> str:
    """A value in the words of an error message: ``an int64 array of shape (3,)``."""
    if isinstance(x, Box):
        return f"a {type(x).__name__} of dtype {x.dtype} and shape {x.shape}"
    if isinstance(x, np.ndarray):
        return f"an array of dtype {x.dtype} and shape {x.shape}"
    if x is None:
        return "None"
    text = repr(x)
    return f"{text if len(text) < 40 else text[:36] + ' ...'} (a {type(x).__name__})"


def flatten_input(arg: Any, position: int) -> tuple[list[Array], Structure]:
    """The leaves of an argument to be differentiated, as NumPy values.

    Raises:
        TypeError: naming a leaf that has no derivative.
    """
    kind = type(arg)
    if kind is np.ndarray and arg.dtype.kind in "fc":  # the usual case, without a walk
        return [arg], LEAF
    if kind is float:
        return [np.float64(arg)], LEAF
    leaves, structure = flatten(arg)
    for x in leaves:
        if type(x) is not np.ndarray or x.dtype.kind not in "fc":
            break
    else:
        return leaves, structure
    paths = structure.paths()
    return [as_input(x, f"argument {position}{path}") for x, path in zip(leaves, paths, strict=True)], structure


def as_input(x: Any, name: str) -> Array:
    """One leaf as something that can be differentiated."""
    if isinstance(x, (np.ma.MaskedArray, np.matrix)):
        raise TypeError(f"{name} is a {type(x).__name__}, whose rules of arithmetic differ; write np.asarray(x)")
    if isinstance(x, (Box, np.ndarray, np.generic)):
        if x.dtype.kind in "fc":
            return x
    elif isinstance(x, (float, complex)):
        return np.float64(x) if isinstance(x, float) else np.complex128(x)
    elif hasattr(x, "__array_function__") and getattr(x, "dtype", np.dtype(int)).kind in "fc":
        return x
    hint = "write 3.0 for 3, or x.astype(float)" if not isinstance(x, (str, bytes)) else "numbers are wanted"
    raise TypeError(
        f"cannot differentiate with respect to {name}: it is {describe(x)}, which has no derivative; {hint}, "
        + ("or keep it out of the tree: in another argument, or a static field" if "[" in name or "." in name
           else "or choose other arguments with argnums")
    )


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
    if isinstance(out, (Box, np.ndarray, np.generic)) and out.dtype.kind in "fc":
        return out
    if isinstance(out, (float, complex)):
        return np.asarray(out)[()]
    raise TypeError(
        f"{name} must return floating-point numbers to be differentiated, and returned {describe(out)}"
        + ("; is a `return` missing?" if out is None else "")
    )


def run(f: Function, args: Sequence[Any], kwargs: dict[str, Any], level: Level, has_aux: bool) -> tuple[Any, Any]:
    """``(result, aux)`` of the user's function, after which this level is over."""
    try:
        result = f(*args, **kwargs)
    finally:
        level.over = True
    if not has_aux:
        return result, None
    result, aux = split_aux(result)
    return result, map_tree(lambda x: value_of(x, level), aux)


def value_of(x: Any, level: int) -> Any:
    """What is inside a Box of this level; anything else as it is."""
    return x._value if isinstance(x, Box) and x.level == level else x


def split_aux(result: Any) -> tuple[Any, Any]:
    """``(out, aux)`` of a function with ``has_aux=True``."""
    if not (isinstance(result, tuple) and len(result) == 2):
        raise TypeError(f"with has_aux=True the function must return a pair (out, aux), and returned {describe(result)}")
    return result


def finish(cotangents: Sequence[Array], foreign: Sequence[np.ndarray[Any, Any]] = ()) -> list[Array]:
    """Results that belong to the caller: writable, and no two of them the same memory.

    ``foreign`` are arrays of the caller's that must not come back as results.
    """
    seen = {id(_owner(x)) for x in foreign}
    results = list(cotangents)
    for i, c in enumerate(results):
        if type(c) is np.ndarray and not c.ndim:
            results[i] = c[()]  # a number, as NumPy returns it
        elif type(c) is np.ndarray:
            owner = id(c if c.base is None else c.base)
            if owner in seen or not c.flags.writeable:
                results[i] = c = c.copy()
                owner = id(c)
            seen.add(owner)
    return results


def _owner(x: Any) -> Any:
    """The array whose memory this is (NumPy keeps no chain of views)."""
    return x if x.base is None else x.base
