"""The generated way in: one flat function that checks a call's arguments, runs the program and builds the result.

For ``jit(f)(3.0, {"w": w})`` with a vector ``w`` it reads

    def enter(args, kwargs):
        if len(args) != 2: return MISS
        a0, a1, = args
        if a0.__class__ is not float: return MISS
        if a1.__class__ is not dict: return MISS
        if tuple(a1) != ("w",): return MISS
        a2, = a1.values()
        if a2.__class__ is not ndarray or a2.dtype is not float64 or a2.shape != (3,): return MISS
        if kwargs: return MISS
        try: outs = run(a0, a2)
        except Exception: outs = None
        if outs.__class__ is not tuple: return otherwise(outs, (a0, a2))
        return outs[0]

which takes a tenth of the time of flattening the arguments and looking up what was compiled for them.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from .. import tree
from .generated import define
from .signature import Signature, Static, Weak
from .trace import OBJECT, Trace

#: What a generated function returns for arguments that it is not for.
MISS = object()

#: The classes of static values of which equal ones are the same; those of others are compared with more care (`Static`).
_ATOMS = (str, bytes, bool, int)


def make_enter(signature: Signature, trace: Trace, run: Callable[..., Any], otherwise: Callable[..., Any]) -> Any:
    """The function described above, or None where the arguments are no tuples, lists, dicts, arrays and numbers.

    ``otherwise(outs, leaves)`` is called where the program does not hold (see `program.Compiled`) or raised an error.
    """
    source = _Source(signature)
    positional, keywords = signature.structure.children
    try:
        source.children("args", positional)
        source.children("kwargs", keywords)
    except _NoSource:
        return None
    leaves = ", ".join(source.leaves)
    result = source.result(trace)
    lines = [
        "def enter(args, kwargs):",
        *source.lines,
        f"    try: outs = run({leaves})",
        "    except Exception: outs = None",
        f"    if outs.__class__ is not tuple: return otherwise(outs, ({leaves}{',' if leaves else ''}))",
        f"    return {result}",
    ]
    space = source.space | {"MISS": MISS, "run": run, "otherwise": otherwise, "ndarray": np.ndarray}
    return define("enter", "\n".join(lines) + "\n", space, "entry")


class _NoSource(Exception):
    """A container that the generated function does not take apart."""


class _Source:
    """Lines of the function as they are generated, and the global names that they use."""

    def __init__(self, signature: Signature) -> None:
        self.types = iter(signature.leaves)
        self.lines: list[str] = []
        self.leaves: list[str] = []
        self.space: dict[str, Any] = {}
        self.names = _letters()

    def miss(self, condition: str) -> None:
        self.lines.append(f"    if {condition}: return MISS")

    def given(self, value: Any) -> str:
        """A global name for a value."""
        name = f"given_{len(self.space)}"
        self.space[name] = value
        return name

    def unpack(self, name: str, structure: tree.Structure) -> None:
        """Check that ``name`` has this structure, and its leaves the types of the signature."""
        kind = structure.kind
        if kind is None:
            self.leaf(name, next(self.types))
            return
        if kind not in (tuple, list, dict):
            raise _NoSource
        self.miss(f"{name}.__class__ is not {kind.__name__}")
        self.children(name, structure)

    def children(self, name: str, structure: tree.Structure) -> None:
        """Take apart a tuple, list or dict."""
        children, is_dict = structure.children, structure.kind is dict
        differs = f"tuple({name}) != {self.given(structure.keys)}" if is_dict else f"len({name}) != {len(children)}"
        self.miss(differs if children else name)
        parts = [next(self.names) for _ in children]
        if parts:
            self.lines.append(f"    {', '.join(parts)}, = {name}{'.values()' if is_dict else ''}")
        for part, child in zip(parts, children, strict=True):
            self.unpack(part, child)

    def leaf(self, name: str, kind: Any) -> None:
        if isinstance(kind, Static):
            given = self.given(kind.held)
            if isinstance(kind.held, Weak):
                self.miss(f"{name} is not {given}()")
                return
            equal = f" and ({name}.__class__ is not {given}.__class__ or {name} != {given})"
            self.miss(f"{name} is not {given}{equal if type(kind.value) in _ATOMS else ''}")
            return
        cls, shape, dtype = kind
        if cls is np.generic:
            self.miss(f"{name}.__class__ is not {self.given(dtype.type)}")
        elif cls is np.ndarray:
            self.miss(f"{name}.__class__ is not ndarray or {name}.dtype is not {self.given(dtype)} or {name}.shape != {shape}")
        else:
            self.miss(f"{name}.__class__ is not {self.given(cls)}")
        self.leaves.append(name)

    def result(self, trace: Trace) -> str:
        """An expression for the result, given ``outs``."""
        leaves = [self.given(place) if kind == OBJECT else f"outs[{place}]" for kind, place in trace.kinds]
        try:
            return self.build(trace.structure, iter(leaves))
        except _NoSource:
            return f"{self.given(trace.structure.unflatten)}([{', '.join(leaves)}])"

    def build(self, structure: tree.Structure, leaves: Iterator[str]) -> str:
        kind = structure.kind
        if kind is None:
            return next(leaves)
        if kind not in (tuple, list, dict):
            raise _NoSource
        parts = [self.build(child, leaves) for child in structure.children]
        if kind is dict:
            return "{" + ", ".join(f"{self.given(k)}: {part}" for k, part in zip(structure.keys, parts, strict=True)) + "}"
        return f"[{', '.join(parts)}]" if kind is list else f"({', '.join(parts)}{',' if parts else ''})"


def _letters() -> Iterator[str]:
    return (f"a{i}" for i in itertools.count())
