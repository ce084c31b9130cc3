"""Checking that a function is pure: that it depends on its arguments alone, and changes nothing.

A derivative is computed after the function has run, from arrays that it used.  If one of them is written to
in between, the derivative is wrong and no error is raised, since NumPy does not report writes.  `check_pure`
runs the function on Boxes that copy every constant that a primitive uses, and compares afterwards.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from itertools import combinations
from typing import Any

import attrs
import numpy as np

from . import tree
from .core.graph import Array, Box, Params, unrecorded
from .core.primitives import Primitive
from .core.recording import new_level, quiet_level
from .transforms.checkpoint import Recomputed
from .transforms.wrapping import Function, Transformed, copied

# -- constants and where they were used ----------------------------------------------------------------

#: The folders of the code that stands between a user's line and `Watched.apply`, and what rules are compiled as.
_BETWEEN = (*[os.path.dirname(file) for file in (__file__, np.__file__)], "<fdezero rule")


@attrs.frozen(eq=False)
class Use:
    """A constant that a primitive used: the array, what it held, and in words by what and where it was used."""

    array: Array
    held: Array
    words: str

    def was_written_to(self) -> bool:
        return not _equal(self.array, self.held)


@attrs.frozen(eq=False)
class Uses:
    """The constants that one run used, and those that were written to before they were used again."""

    first: dict[int, Use] = attrs.field(factory=dict)  # by the id of the array, which is kept alive here
    changed: list[Use] = attrs.field(factory=list)

    def add(self, array: Array, primitive: Primitive) -> None:
        use = self.first.get(id(array))
        if use is None:
            self.first[id(array)] = Use(array, array.copy(), _words(array, primitive))
        elif use.was_written_to() and use not in self.changed:
            self.changed.append(use)

    def written_to(self) -> list[Use]:
        return self.changed + [use for use in self.first.values() if use.was_written_to() and use not in self.changed]


def _words(array: Array, primitive: Primitive) -> str:
    """``the constant buf of shape (3,), which multiply used at model.py:12``."""
    frame: Any = sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_BETWEEN):
        frame = frame.f_back
    name = next((f"{name} " for name, value in frame.f_locals.items() if value is array), "")
    place = f"{frame.f_code.co_filename}:{frame.f_lineno}"
    return f"the constant {name}of shape {array.shape}, which {primitive.name} used at {place},"


@attrs.frozen(eq=False, repr=False)
class Watched(Box):
    """The Box of `check_pure`: a value, and the constants that were used with it."""

    uses: Uses

    def apply(self, primitive: Primitive, args: tuple[Any, ...], params: Params) -> Any:
        """The result, in a Box wherever a derivative would be recorded; the constants are added to ``uses``."""
        if isinstance(primitive, Recomputed):
            return primitive.function(*args)  # to see what is used inside a checkpoint
        values = tuple(map(self.unwrap, args))
        out = primitive(*values, **params)
        mine = [isinstance(arg, Watched) and arg.level == self.level for arg in args]
        if self.level <= quiet_level.get() or not any(on and primitive.rule_of(i) is not None for i, on in enumerate(mine)):
            return unrecorded(out, values)
        if self.level.over:
            raise self.escaped()
        for array in (*args, *params.values()):
            if type(array) is np.ndarray:
                self.uses.add(array, primitive)
        return tuple(map(self._watched, out)) if type(out) is tuple else self._watched(out)

    def _watched(self, out: Any) -> Any:
        return Watched(out, self.level, self.uses) if getattr(out, "dtype", np.dtype(int)).kind in "fc" else out


# -- runs ----------------------------------------------------------------------------------------------


@attrs.frozen(eq=False)
class Outcome:
    """What one run did: its result, and copies of the result's leaves as they were then.

    ``others`` are its arguments and the constants that it used, with their names; ``findings`` says what
    was impure about it.
    """

    result: Any
    held: list[Any]
    others: list[tuple[Any, str]]
    findings: list[str]


def _run(f: Function, args: tuple[Any, ...], kwargs: dict[str, Any], watch: bool) -> Outcome:
    """Run ``f`` on copies of the arguments, in Boxes if it is to ``watch`` what it uses."""
    leaves, structure = tree.flatten((args, kwargs))
    own = [copied(x) for x in leaves]
    level, uses, quiet = new_level(), Uses(), quiet_level.get()
    given = [Watched(_number(x), level, uses) if watch and _is_differentiable(x) else x for x in own]
    boxed_args, boxed_kwargs = structure.unflatten(given)
    try:
        result = f(*boxed_args, **boxed_kwargs)
    finally:
        level.over = True
    findings = [f"{use.words} was written to afterwards; make a new array instead" for use in uses.written_to()]
    if quiet_level.get() != quiet:
        quiet_level.set(quiet)
        findings.append("a generator is suspended inside `with no_grad()`, which stays on; leave the block before the yield")
    names = list(map(_argument, structure.paths()))
    for old, x, name in zip(leaves, own, names, strict=True):
        if isinstance(x, np.ndarray) and not _equal(x, old):  # neither what was given nor the caller's own
            findings.append(f"{name} was written to; write to a copy of it")
    constants = [(use.array, "a constant that it uses") for use in uses.first.values()]
    result = tree.map(lambda x: copied(x._value) if isinstance(x, Box) and x.level == level else x, result)
    return Outcome(result, list(map(copied, tree.leaves(result))), [*zip(own, names, strict=True), *constants], findings)


def _is_differentiable(x: Any) -> bool:
    if isinstance(x, (np.ndarray, np.generic, Box)):
        return bool(x.dtype.kind in "fc")
    return isinstance(x, (float, complex))


def _number(x: Any) -> Any:
    return x if hasattr(x, "shape") else np.asarray(x)[()]


def _argument(path: str) -> str:
    """In words, the leaf at a path in ``(args, kwargs)``."""
    name, rest = path[4:].split("]", 1)
    return f"argument {name.strip(chr(39))}{rest}"


def _equal(a: Any, b: Any) -> bool:
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        return a.dtype == b.dtype and np.array_equal(a, b, equal_nan=a.dtype.kind in "fc")
    if isinstance(a, (int, float, complex, str, np.generic)) and type(a) is type(b):
        return bool(a == b or (a != a and b != b))
    return type(a) is type(b)  # of other objects nothing is known


# -- the check -----------------------------------------------------------------------------------------


def check_pure(f: Function) -> Callable[..., Any]:
    """``f``, and a check that it depends on its arguments alone and changes nothing.

    ``check_pure(f)(*args)`` runs ``f`` twice as a transform does, on Boxes, and once on copies of the
    arguments, if it takes plain arrays.

    Args:
        f: a function of trees of anything.

    Returns:
        A function of the same arguments that returns what ``f`` does.

    Raises:
        AssertionError: naming what ``f`` does: it writes to a constant that a primitive has used (which and
            where) or to an argument; its result differs between the runs, or shares memory with an argument,
            a constant or the result of another run; it leaves a generator suspended inside `no_grad`.

    Example:
        >>> import numpy as np
        >>> from fdezero.testing import check_pure
        >>> def f(x):
        ...     total, buffer = 0.0, np.empty(3)
        ...     for k in range(2):
        ...         buffer[:] = k
        ...         total = total + (x * buffer).sum()
        ...     return total
        >>> check_pure(f)(np.ones(3))  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        ...
        AssertionError: f is not pure: the constant buffer of shape (3,), which multiply used at <doctest ...>:5, was written \
to afterwards; make a new array instead
        >>> check_pure(lambda x: np.sum(x * x))(np.ones(3))
        np.float64(3.0)
    """
    return Transformed(_check_pure, f)


def _check_pure(f: Function, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    from toolz import concat  # here, for importing toolz takes a tenth of the time that this package does

    first, second = (_run(f, args, kwargs, watch=True) for _ in range(2))
    try:
        runs = [first, second, _run(f, args, kwargs, watch=False)]
    except Exception:  # a function that is written for Boxes alone, with x.at
        runs = [first, second]
    findings = [*concat(run.findings for run in runs), *_differences(first, second)]
    findings += list(concat(map(_sharing, runs))) or list(_kept(runs))
    if findings:
        raise AssertionError(f"{getattr(f, '__name__', 'the function')} is not pure: {'; and '.join(dict.fromkeys(findings))}")
    return tree.map(copied, first.result)


def _differences(first: Outcome, second: Outcome) -> Iterator[str]:
    """Where the results of two runs differ."""
    structures = [tree.flatten(outcome.result)[1] for outcome in (first, second)]
    if structures[0] != structures[1]:
        yield "two runs return different trees"
        return
    for a, b, path in zip(first.held, second.held, structures[0].paths(), strict=True):
        if not _equal(a, b):
            yield (
                f"result{path} differs between two runs, {_short(a)} and {_short(b)}; pass what changes (a generator of random "
                "numbers, a counter) as an argument"
            )


def _short(x: Any) -> str:
    text = " ".join(repr(x).split())
    return text if len(text) < 60 else f"{text[:56]} ..."


def _sharing(run: Outcome) -> Iterator[str]:
    """Which leaves of the result share memory with arguments or constants."""
    leaves, structure = tree.flatten(run.result)
    for leaf, path in zip(leaves, structure.paths(), strict=True):
        for other, name in run.others:
            if _share_memory(leaf, other):
                yield f"result{path} shares memory with {name}; return a copy"


def _kept(runs: Sequence[Outcome]) -> Iterator[str]:
    """Which arrays come back from more than one run."""
    for a, b in combinations(runs, 2):
        leaves, structure = tree.flatten(a.result)
        for leaf, path in zip(leaves, structure.paths(), strict=True):
            if any(_share_memory(leaf, other) for other in tree.leaves(b.result)):
                yield f"result{path} shares memory with the result of another run; return a copy of what is kept"


def _share_memory(a: Any, b: Any) -> bool:
    return isinstance(a, np.ndarray) and isinstance(b, np.ndarray) and bool(np.shares_memory(a, b))
