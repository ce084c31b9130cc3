"""What of NumPy can be differentiated: every public function in exactly one class."""

from __future__ import annotations

from collections.abc import Mapping
from operator import attrgetter
from types import ModuleType

import attrs
import numpy as np

from ..core.primitives import Constant, Elementwise, General, Linear, Multilinear, Primitive, Reduction
from ..core.table import implementations
from ..rules.numpy import refused
from . import faces

#: The kinds that a function may be of, and what each means.
KINDS = {
    "elementwise": "acts on each entry alone; declared by its partial derivatives",
    "linear": "declared by its transpose",
    "multilinear": "linear in each argument; declared by its transpose in each",
    "reduction": "makes one number of many; declared by the partial derivative with respect to each",
    "general": "declared by its Jacobian-vector or vector-Jacobian product",
    "composite": "ordinary NumPy in terms of others, from which it has everything",
    "constant": "has no derivative: plain arrays come out",
    "not of arrays": "takes no array of numbers",
    "refused": "raises a TypeError that says what to write instead",
}

#: The kinds of primitives, the special before the general.
_PRIMITIVES = (
    (Constant, "constant"), (Linear, "linear"), (Multilinear, "multilinear"), (Elementwise, "elementwise"),
    (Reduction, "reduction"), (General, "general"),
)  # fmt: skip


_WITHOUT_DERIVATIVE = refused.reasons(refused.WITHOUT_DERIVATIVE)


@attrs.frozen
class Function:
    """A public function of NumPy: its name with the module's, one of `KINDS` or ``"unclassified"``, and a reason."""

    name: str
    kind: str
    note: str = ""


def coverage() -> tuple[Function, ...]:
    """Every public function, ufunc and class of NumPy, and what a derivative does with it.

    The modules are numpy, numpy.linalg, numpy.fft, numpy.emath and those of numpy.polynomial, as they are in the
    NumPy that is installed; beside them the methods of ufuncs, sliding_window_view, and the objects that make arrays
    when they are indexed.

    Example:
        >>> from fdezero import coverage
        >>> kinds = {function.name: function.kind for function in coverage()}
        >>> kinds["numpy.sin"], kinds["numpy.floor"], kinds["numpy.save"]
        ('elementwise', 'constant', 'refused')
        >>> [function.note for function in coverage() if function.name == "numpy.fft.fftfreq"]
        ['the spacing d may be a Box']
    """
    stated, primitives = _stated(), faces.primitives()
    return tuple(Function(f"numpy.{name}", *(stated.get(name) or (_kind(name, primitives), ""))) for name in _names())


def _names() -> list[str]:
    """The names of everything that is classified, relative to numpy."""
    modules: list[tuple[str, ModuleType]] = [("", np), ("linalg.", np.linalg), ("fft.", np.fft), ("emath.", np.emath)]
    modules += [(f"polynomial.{name}.", getattr(np.polynomial, name)) for name in (*refused.SERIES, "polyutils")]
    methods = [f"ufunc.{name}" for name in ("accumulate", "at", "outer", "reduce", "reduceat")]
    indexed = ["c_", "index_exp", "mgrid", "ogrid", "r_", "s_"]
    public = [prefix + name for prefix, module in modules for name in refused.public(module)]
    return [*public, *methods, "lib.stride_tricks.sliding_window_view", *indexed]


def _stated() -> dict[str, tuple[str, str]]:
    """Name -> kind and note, of what needs no implementation."""
    kinds = {
        "not of arrays": refused.reasons(refused.NOT_OF_ARRAYS),
        "composite": refused.reasons(refused.RUNS_AS_IT_IS),
        "refused": refused.refusals(),
    }
    return {name: (kind, note) for kind, notes in kinds.items() for name, note in notes.items()}


def _kind(name: str, primitives: Mapping[str, Primitive]) -> str:
    """What follows from a function's implementation."""
    found = implementations.get(attrgetter(name)(np))
    if found is None:
        return "unclassified"
    if name in _WITHOUT_DERIVATIVE:
        return "constant"
    implementation = primitives.get(name, found.function)
    return next((kind for primitive, kind in _PRIMITIVES if isinstance(implementation, primitive)), "composite")


def as_markdown() -> str:
    """The classification as text: for each kind its functions, and for those with a reason the reason."""
    known = coverage()
    version = ".".join(np.__version__.split(".")[:2])
    lines = [
        "# Derivative rules", "",
        f"What fdezero does with each public function of NumPy {version}: what `python -m fdezero.coverage` prints.",
        "", "| kind | which | how many |", "| --- | --- | ---: |",
    ]  # fmt: skip
    kinds = [*KINDS, *sorted({f.kind for f in known} - set(KINDS))]
    lines += [f"| {kind} | {KINDS.get(kind, '')} | {sum(f.kind == kind for f in known)} |" for kind in kinds]
    for kind in kinds:
        lines += ["", f"## {kind.capitalize()}", ""]
        for note in dict.fromkeys(f.note for f in known if f.kind == kind):
            names = ", ".join(f"`{f.name.removeprefix('numpy.')}`" for f in known if (f.kind, f.note) == (kind, note))
            lines += [f"* {note}: {names}" if note else names, ""]
        lines.pop()
    return "\n".join(lines) + "\n"
