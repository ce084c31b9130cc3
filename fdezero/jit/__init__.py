"""A compiler for what a pure function does to arrays: a program, passes over it, two backends, the entry.

Read `program` first, then `trace` (how a run becomes one), `variants` (which program a call uses, and what
happens where none holds), `calls` (jit inside other transforms), and the README of this folder.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from ..transforms.wrapping import decorator


@decorator
def jit(
    f: Callable[..., Any],
    static_argnums: int | Iterable[int] = (),
    static_argnames: str | Iterable[str] = (),
    backend: str | None = None,
) -> Any:
    """``f`` compiled: traced at the first call, run natively at the next ones.

    A program is made for each *signature*: the tree of the arguments, the shapes and dtypes of arrays, the types
    of numbers, and the values of everything else.  Python's control flow on values works: an ``if`` or a ``while``,
    ``int(n)``, ``a[mask]`` are noted down as decisions, and where a call would decide otherwise, it is traced again.

    Args:
        f: a pure function of trees of arrays and numbers; derivatives and other transforms may be taken inside
            it and around it.
        static_argnums: positions of arguments that are part of the signature by value, and need a hash; a negative one
            counts from the last that ``f`` takes by position.
        static_argnames: names of such arguments; one that can be passed by position and by name is static both ways.
        backend: "llvm" (needs llvmlite), "numpy" (needs nothing), or None for the former where it is installed.

    Returns:
        A function with the same results, dtypes and trees; arrays equal f's to rounding.  A closed-over array is
        read at each call, as f would; a closed-over number, and what is computed without any argument, is part of
        the program.

    Raises:
        ImpureFunction: at the second call, where f does not repeat what it did at the first (random numbers,
            counters, closed-over numbers that changed), or writes to an array from outside.
        TypeError: for an argument that is no array and cannot be hashed, and for an array of another library.
        ValueError: for static arguments that f does not take.

    Warns:
        UserWarning: once, where a signature is not compiled, for its decisions differ at nearly every call; it
            names the line.  The function is then called as it is.

    Example:
        >>> import numpy as np
        >>> from fdezero import grad, jit
        >>> slope = jit(grad(lambda x: np.sum(np.tanh(x) ** 2)), backend="numpy")
        >>> slope(np.zeros(2)), slope(np.array([0.0, 1.0]))
        (array([0., 0.]), array([0.        , 0.63970001]))
    """
    from .entry import Jitted  # on the first use, so that `import fdezero` stays quick
    from .signature import static_arguments

    return Jitted(f, static_arguments(f, static_argnums, static_argnames), backend)
