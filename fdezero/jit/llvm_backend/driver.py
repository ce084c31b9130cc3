"""A program with calls of NumPy: a function, written as Python source, that runs segments and calls in turn.

The arrays that one segment makes for another or for a call are a *frame*, which a call of the function takes from a list
and gives back: memory that is new at each call costs more than what is done with it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence, Set
from functools import partial
from typing import Any

import numpy as np

from ..generated import define
from ..program import Apply, Compiled, Program, Type
from .engine import Target
from .native import Native, native
from .segments import Segment, cut, guarded, readable

#: A frame of more bytes than this is not kept: its arrays are made at each call.
KEPT = 1 << 25


def compile_program(program: Program, numbers: Set[int] = frozenset(), target: Target | None = None) -> Compiled:
    """Compile a lowered program to native code.

    Args:
        program: instructions for which there is no native code (`Apply` among them) are calls of NumPy.
        numbers: the places of the outputs that are to be Python's numbers.
        target: the processor, by default the host.

    Raises:
        ImportError: llvmlite is not installed.

    Example:
        >>> from fdezero.jit.program import Instruction, Map, Type
        >>> types = dict.fromkeys((0, 1), Type((3,), np.dtype(float)))
        >>> program = Program(types, (0,), {}, (Instruction(Map(np.square), (0,), (1,)),), (1,))
        >>> compiled = compile_program(program)  # doctest: +SKIP
        >>> compiled.run(np.arange(3.0))  # doctest: +SKIP
        (array([0., 1., 4.]),)
    """
    whole = guarded(readable(program))
    steps = cut(whole).steps
    if len(steps) == 1 and isinstance(steps[0], Segment) and steps[0].program is whole:
        made = native(steps[0].program, numbers, target=target)
        return Compiled(made.run, made.unchecked, made.source)
    writer = _Writer(whole, steps, numbers, target)
    return Compiled(_Checked(writer.function("run")), _Unchecked(writer.function("unchecked")), writer.source)


class _Writer:
    """The source of a driver, and the names in it."""

    def __init__(self, program: Program, steps: Any, numbers: Set[int], target: Target | None) -> None:
        self.program, self.steps, self.numbers = program, steps, numbers
        self.names: dict[str, Any] = {"array": np.array}
        self.frame = self._frame()
        self.segments = {k: self._native(step, target) for k, step in enumerate(steps) if isinstance(step, Segment)}
        self.source = self._write()

    def _frame(self) -> list[int]:
        """The values whose arrays are a frame."""
        values = [i for step in self.steps if isinstance(step, Segment) for i in step.values if self.program.types[i].shape]
        types = [self.program.types[i] for i in values]
        if sum([math.prod(type_.shape) * type_.dtype.itemsize for type_ in types]) > KEPT:
            return []
        frames: list[Any] = []
        self.names |= {"take": frames.pop, "give": frames.append, "new_frame": partial(_new_frame, types)}
        return values

    def _native(self, step: Segment, target: Target | None) -> Native:
        python = [self.program.types[i].number for i in step.values] + [j in self.numbers for j in step.results]
        given = {place for place, i in enumerate(step.values) if i in self.frame}
        return native(step.program, {place for place, is_number in enumerate(python) if is_number}, given, target)

    def function(self, way: str) -> Callable[..., Any]:
        names = self.names | {f"segment{k}": getattr(each, way) for k, each in self.segments.items()}
        names |= {f"unchecked{k}": each.unchecked for k, each in self.segments.items()}
        return define("run", self.source, names, "driver")

    def name(self, value: int) -> str:
        if value in self.program.constants:
            self.names[f"c{value}"] = self.program.constants[value]
            return f"c{value}"
        return f"v{value}"

    def _write(self) -> str:
        lines, given = list[str](), dict[int, str]()
        for k, step in enumerate(self.steps):
            if isinstance(step, Segment):
                lines += self._segment(k, step, given)
            else:
                lines.append(self._call(k, step))
        results = [given.get(j) or self._result(j, i) for j, i in enumerate(self.program.outputs)]
        self.names |= {f"t{i}": self.program.types[i].dtype for i in self.program.outputs}
        lines.append(f"return -raised if raised else ({''.join(f'{each}, ' for each in results)})")
        if self.frame:
            frame = "".join([f"v{i}, " for i in self.frame])
            head = ["try: frame = take()", "except IndexError: frame = new_frame()", f"{frame}= frame"]
            lines = [*head, "try:", *[f"    {line}" for line in lines], "finally:", "    give(frame)"]
        head = [f"def run({', '.join(self.name(i) for i in self.program.inputs)}):", "    raised = 0"]
        return "\n".join([*head, *[f"    {line}" for line in lines]]) + "\n"

    def _result(self, j: int, i: int) -> str:
        return f"array({self.name(i)}, t{i}){'.item()' if j in self.numbers else '[()]'}"

    def _segment(self, k: int, step: Segment, given: dict[int, str]) -> list[str]:
        arrays = [i for i in step.values if i in self.frame]
        arguments = ", ".join(self.name(i) for i in (*step.program.inputs, *arrays))
        self.names["guards"] = self.names.get("guards", {}) | {k: step.guards}
        lines = [
            f"out = segment{k}({arguments})",
            f"if type(out) is int and out < 0: raised, out = raised | -out, unchecked{k}({arguments})",  # others may raise more
            f"if type(out) is int: return guards[{k}][out]",
        ]
        names = [self.name(i) for i in step.values if i not in arrays] + [f"out{j}" for j in step.results]
        given |= {j: f"out{j}" for j in step.results}
        if names:
            lines.append(f"{', '.join(names)}, = out")
        return lines

    def _call(self, k: int, step: Any) -> str:
        self.names[f"call{k}"] = step.operation.run
        copied = ".copy()" if isinstance(step.operation, Apply) and step.operation.may_keep else ""
        arguments = ", ".join(self.name(i) + (copied if self.program.types[i].shape else "") for i in step.operands)
        return f"{', '.join(self.name(i) for i in step.outputs)} = call{k}({arguments})  # {step.operation.name}"


def _new_frame(types: Sequence[Type]) -> tuple[Any, ...]:
    return tuple([np.empty(type_.shape, type_.dtype) for type_ in types])


class _Checked:
    """A driver that returns, negative, the floating-point errors that NumPy's calls report."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function

    def __call__(self, *leaves: Any) -> Any:
        raised = [0]

        def record(_: str, status: int) -> None:  # NumPy's bits: 1 a division by zero, 2 an overflow, 8 an invalid operation
            raised[0] |= (status & 1) << 1 | (status & 2) << 1 | (status & 8) >> 3

        with np.errstate(divide="call", over="call", invalid="call", call=record):
            result = self.function(*leaves)
        found = raised[0] if type(result) is tuple else raised[0] | -result if result < 0 else 0
        return -found if found else result


class _Unchecked:
    """A driver that looks at no floating-point error."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function

    def __call__(self, *leaves: Any) -> Any:
        with np.errstate(all="ignore"):
            return self.function(*leaves)
