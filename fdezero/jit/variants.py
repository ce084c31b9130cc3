"""The programs of one signature, a *variant* for each way that Python's decisions went, and the choice among them.

A compiled program says at each call whether it holds (see `program.Compiled`).  Where a guard fails, another
variant is tried, or the call is traced.  Where a floating-point error came up, the call is made such that it
ends as an eager one: with NumPy's report where the caller's `np.errstate` asks for one, and with the
operations that keep a NaN of what counts nothing out of a derivative.
"""

from __future__ import annotations

import sys
import threading
import warnings
from collections.abc import Callable, Sequence, Set
from functools import partial
from typing import Any

import attrs
import numpy as np

from ..interpreters.python_numbers import OfNumbers
from .flattener import make_enter
from .program import Compiled, Program, evaluate
from .purity import entries, refuse_changes, refuse_writes
from .signature import Signature, arguments_of
from .simplify.dead import remove_dead
from .trace import OBJECT, Trace, Untraceable, UsesOuterBox, is_of_package, trace

#: More variants than this are not worth their compilation; the function is then called as it is.
MOST_VARIANTS = 16

#: The bits of the errors that a program reports, by NumPy's names of them.
ERRORS = {"invalid": 1, "divide": 2, "over": 4}

Backend = Callable[[Program, Set[int]], Compiled]
Passes = Callable[[Program], Program]


@attrs.define(eq=False)
class Variant:
    """A trace, and its program compiled; ``careful`` is the one for where a NaN comes up in a derivative, once needed."""

    trace: Trace
    program: Program
    compiled: Compiled
    enter: Any = None
    is_checked: bool = False
    careful: Variant | None = None
    in_python: Program = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self.in_python = in_python(self.trace.program)

    def result(self, outs: tuple[Any, ...]) -> Any:
        """The function's result, given the program's outputs."""
        leaves = [place if kind == OBJECT else outs[place] for kind, place in self.trace.kinds]
        return self.trace.structure.unflatten(leaves)

    @property
    def has_derivatives(self) -> bool:
        return any(each.quiet for each in self.trace.program.instructions)


@attrs.define(eq=False)
class Specialisation:
    """Everything that is compiled for one signature.

    ``variants`` is replaced and never changed, so that a call in another thread sees one or the other.
    """

    f: Callable[..., Any]
    signature: Signature
    passes: Passes
    backend: Backend
    variants: tuple[Variant, ...] = ()
    is_eager: bool = False
    is_next_careful: bool = False  # whether the next trace is; the last one met a NaN in a derivative
    enter: Any = None
    lock: Any = attrs.field(factory=threading.RLock)

    def call(self, leaves: Sequence[Any]) -> Any:
        """The result for these leaves; compiled where there is a program that holds for them."""
        for variant in self.variants:
            outs = self.run(variant, leaves)
            if outs is not None:
                self.enter = variant.enter if variant.is_checked else None
                return variant.result(outs) if type(outs) is tuple else outs.value
        return self.eager(leaves) if self.is_eager else self.traced(leaves)

    def otherwise(self, variant: Variant, outs: Any, leaves: Sequence[Any]) -> Any:
        """The result of a call that `flattener` made, whose program does not hold or raised an error (None)."""
        if outs is None:
            return self.eager(leaves)
        found = self.after_errors(variant, leaves, -outs) if outs < 0 else None
        return found.value if found is not None else self.call(leaves)

    def run(self, variant: Variant, leaves: Sequence[Any]) -> Any:
        """The outputs of a variant's program; `Eager` with the result of a plain call; None where a guard fails."""
        if not (variant.is_checked or variant.trace.program.guards):
            return Eager(self.checked(variant, leaves))
        try:
            outs = variant.compiled.run(*leaves)
        except Exception:  # the function may have caught it, and does so again
            return Eager(self.eager(leaves))
        if type(outs) is tuple:
            return outs if variant.is_checked else Eager(self.checked(variant, leaves))
        return self.after_errors(variant, leaves, -outs) if outs < 0 else None

    def after_errors(self, variant: Variant, leaves: Sequence[Any], errors: int) -> Any:
        """As `run`, of a call in which floating-point errors came up."""
        modes: Any = np.geterr()
        reported = sum([bit for name, bit in ERRORS.items() if modes[name] != "ignore"])
        loud = errors & reported and (not variant.has_derivatives or loud_errors(variant.program, leaves) & reported)
        if loud or is_an_error(variant.in_python, leaves):
            return Eager(self.eager(leaves))
        if errors & ERRORS["invalid"] and variant.has_derivatives and not variant.trace.is_careful:
            if variant.careful is None:
                found = self.retraced_or_none(leaves, careful=True)
                if found is None:
                    return Eager(self.eager(leaves))
                variant.careful = self.made(found)
                return Eager(found.result)
            variant = variant.careful
        outs = variant.compiled.unchecked(*leaves)
        return Eager(variant.result(outs)) if type(outs) is tuple else Eager(self.eager(leaves))

    def eager(self, leaves: Sequence[Any]) -> Any:
        """The function as it is."""
        args, kwargs = arguments_of(self.signature, leaves)
        return self.f(*args, **kwargs)

    # -- tracing -------------------------------------------------------------------------------------
    def retraced(self, leaves: Sequence[Any], careful: bool = False) -> Trace:
        return trace(self.f, leaves, lambda boxes: arguments_of(self.signature, boxes), careful)

    def retraced_or_none(self, leaves: Sequence[Any], careful: bool) -> Trace | None:
        """None where no program describes the run, or the function raises an error, and does so again."""
        try:
            return self.retraced(leaves, careful)
        except Exception:
            return None

    def made(self, found: Trace) -> Variant:
        program = self.passes(found.program)
        variant = Variant(found, program, self.backend(program, found.numbers))
        variant.enter = make_enter(self.signature, found, variant.compiled.run, partial(self.otherwise, variant))
        return variant

    def traced(self, leaves: Sequence[Any]) -> Any:
        """The result of a call that is traced and compiled for the next ones."""
        with self.lock:
            if len(self.variants) >= MOST_VARIANTS or self.decides_on_arrays():
                self.give_up(f"its decisions differ at nearly every call, most of all at {self.worst_line()}")
                return self.eager(leaves)
            try:
                found = self.retraced(leaves, self.is_next_careful)
            except UsesOuterBox:
                reason = ""
            except Untraceable as error:
                reason = str(error)
            except Exception as error:  # the function's own, which it raises again; or one that plain values do not raise
                reason = f"when it was traced, it raised {type(error).__name__}: {error}"
            else:
                self.is_next_careful = found.alarmed and not found.is_careful
                if not self.is_next_careful:
                    self.variants = (self.made(found), *self.variants)
                return found.result
            result = self.eager(leaves)
            if reason:
                self.give_up(reason)
            return result

    def checked(self, variant: Variant, leaves: Sequence[Any]) -> Any:
        """The result of a call that is traced a second time, and compared: a pure function gives the same program."""
        with self.lock:
            before = entries(variant.trace)
            found = self.retraced_or_none(leaves, variant.trace.is_careful)
            if found is None:
                return self.eager(leaves)
            refuse_writes(variant.trace, before, self.f)
            if found.alarmed and not found.is_careful:  # it has operations against NaNs, which the first one has not
                self.check_with_care(variant, leaves)
                return found.result
            variant.is_checked = refuse_changes(variant.trace, found, self.f)
        return found.result

    def check_with_care(self, variant: Variant, leaves: Sequence[Any]) -> None:
        """As `checked`, of the careful variant, which has such operations too; the first time it is made."""
        found = self.retraced_or_none(leaves, careful=True)
        if found is not None and variant.careful is None:
            variant.careful = self.made(found)
        elif found is not None and variant.careful is not None:
            variant.is_checked = refuse_changes(variant.careful.trace, found, self.f)

    # -- giving up -----------------------------------------------------------------------------------
    def decides_on_arrays(self) -> bool:
        """True where the last two variants differ in floating-point arrays that a decision was made on."""
        if len(self.variants) < 2:
            return False
        one, other = [
            [guard for guard in variant.trace.program.guards if np.ndim(guard.expected) and guard.expected.dtype.kind in "fc"]
            for variant in self.variants[:2]
        ]
        return any(a.line == b.line and not np.array_equal(a.expected, b.expected) for a, b in zip(one, other, strict=False))

    def worst_line(self) -> str:
        """Where the decision stands that went differently in most variants."""
        counts: dict[str, set[str]] = {}
        for variant in self.variants:
            for guard in variant.trace.program.guards:
                counts.setdefault(guard.line, set()).add(str(guard.expected))
        return max(counts, key=lambda line: len(counts[line]), default="an unknown line")

    def give_up(self, reason: str) -> None:
        self.is_eager = True
        name = getattr(self.f, "__name__", "the function")
        warnings.warn(f"{name} is not compiled for these arguments: {reason}", stacklevel=frames_below_user())


def frames_below_user() -> int:
    """The `stacklevel` with which the caller's warning shows the line that called the compiled function."""
    frame: Any = sys._getframe(1)
    level = 1
    while frame.f_back is not None and (is_of_package(frame) or frame.f_code.co_filename.startswith("<fdezero")):
        frame, level = frame.f_back, level + 1
    return level


@attrs.frozen(eq=False)
class Eager:
    """The result of a call that was made without the program."""

    value: Any


def in_python(program: Program) -> Program:
    """What a program does with Python's numbers alone, in arithmetic of their own."""
    steps = tuple([each for each in program.instructions if isinstance(each.operation.primitive, OfNumbers)])
    return attrs.evolve(program, instructions=steps, outputs=(), guards=())


def is_an_error(program: Program, leaves: Sequence[Any]) -> bool:
    """True where a program raises an exception, or has a value of another type: for Python, 1.0 / 0.0 is an error."""
    try:
        evaluate(program, leaves)
    except Exception:
        return True
    return False


def loud_errors(program: Program, leaves: Sequence[Any]) -> int:
    """The errors of the instructions in which NumPy would have reported them, found with NumPy."""
    found = [0]

    def note(kind: str, flag: int) -> None:
        found[0] |= {"invalid value": 1, "divide by zero": 2, "overflow": 4}.get(kind, 0)

    loud = [i for each in program.instructions if not each.quiet for i in each.outputs]
    program = remove_dead(attrs.evolve(program, outputs=tuple(loud), guards=()))
    values: dict[int, Any] = dict(zip(program.inputs, leaves, strict=True)) | dict(program.constants)
    with np.errstate(all="call", call=note):
        for each in program.instructions:
            before = found[0]
            out = each.operation.run(*[values[i] for i in each.operands])
            values.update(zip(each.outputs, out if type(out) is tuple else (out,), strict=True))
            if each.quiet:
                found[0] = before
    return found[0]
