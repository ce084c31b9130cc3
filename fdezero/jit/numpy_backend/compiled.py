"""A whole function's source, and the function."""

from __future__ import annotations

from collections.abc import Callable, Set
from typing import Any

import attrs
import numpy as np

from ..generated import define
from ..memory import Plan, plan, roots, size_of
from ..program import Apply, Broadcast, Program, Scatter
from . import emit, loop, scalars
from .calls import overwrites, writes
from .careful import careful
from .errors import switches
from .frame import KEPT, arena, new_frames
from .operations import Loop
from .writer import Writer

#: An output of at most so many bytes, of which views are made, is made in the frame and copied.
_SMALL = 4096


@attrs.frozen(eq=False)
class Source:
    """Python source of a function ``run``, and the globals it needs."""

    text: str
    names: dict[str, Any]

    def function(self) -> Callable[..., Any]:
        """The function; tracebacks show its lines."""
        return define("run", self.text, dict(self.names), "NumPy")


def lazily(make: Callable[[], Callable[..., Any]]) -> Callable[..., Any]:
    """A function that is made at its first call."""
    made: list[Callable[..., Any]] = []

    def run(*leaves: Any) -> Any:
        if not made:
            made.append(make())
        return made[0](*leaves)

    return run


def source_of(program: Program, scheduled: Program, numbers: Set[int], checked: bool) -> Source:
    """The source of ``run``, or if not ``checked`` of ``unchecked``.

    Args:
        program: what is run an instruction at a time where an error comes up.
        scheduled: the same for the fast way.
        numbers: the places of the outputs that are Python's numbers.
        checked: whether errors count.
    """
    where = _plan(scheduled)
    loops = [each.operation for each in scheduled.instructions if isinstance(each.operation, Loop)]
    w = Writer(scheduled, where, arena(where.total + max(map(loop.scratch, loops), default=0)))
    _inputs(w)
    guards = sorted(enumerate(scheduled.guards), key=lambda pair: (pair[1].position, pair[0]))
    unseen, total = set(scalars.unseen(scheduled)) if checked else set(), ""
    for position, each in enumerate(scheduled.instructions):
        while guards and guards[0][1].position <= position:
            emit.guard(w, *guards.pop(0))
        emit.instruction(w, each)
        if each.outputs[0] in unseen:  # the total is finite only if all of them are
            w.write(f"total = {total}{w.numbers[each.outputs[0]]}")
            total = "total + "
        w.after(position)
    for number, guard in guards:
        emit.guard(w, number, guard)
    results = _results(w, numbers)
    returned = [f"if total * 0.0 == 0.0: return {results}"] if total else [f"return {results}"]
    body = [*w.lines, *[w.indent + line for line in returned]]
    names = scalars.NAMES | w.names.values | {"careful": lazily(lambda: careful(program, checked, numbers))}
    arguments = ", ".join(f"v{i}" for i in scheduled.inputs)
    head, tail = _around(w, checked, names)
    lines = [f"def run({arguments}):", *head, "    try:", *body]
    lines += ["    except (ArithmeticError, ValueError):", "        pass", *tail, f"    return careful({arguments})"]
    return Source("\n".join(lines), names)


def _plan(program: Program) -> Plan:
    """The plan; a small output of which views are made stays in the frame, where those are made once."""
    root = roots(program)
    viewed = {root[i] for i in root if root[i] != i}
    viewed |= {each.outputs[0] for each in program.instructions if isinstance(each.operation, Scatter)}
    owned = [root[i] for i in program.outputs]
    return plan(
        program,
        writes,
        overwrites,
        {i for i in owned if i not in viewed or size_of(program.types[i]) > _SMALL},
    )


def _inputs(w: Writer) -> None:
    for i in w.program.inputs:
        kind = w.kind(i)
        if kind.shape != ():
            w.arrays[i] = f"v{i}"
            continue
        held = kind.dtype in scalars.HELD
        w.write(f"v{i} = {scalars.as_held(kind.dtype, f'v{i}') if held else emit.as_scalar(w, i, f'v{i}')}")
        w.numbers[i] = f"v{i}"
        w.calls_numpy = w.calls_numpy or not held


def _around(w: Writer, checked: bool, names: dict[str, Any]) -> tuple[list[str], list[str]]:
    """The lines before and after the body that take and give back the frame and the error state."""
    head, tail = [], []
    if w.parts:
        make = new_frames(w.parts, w.memory.nbytes)
        if w.memory.nbytes <= KEPT:
            frames: list[Any] = []
            names |= {"take": frames.pop, "give": frames.append, "new_frame": make}
            head += ["    try:", "        frame = take()", "    except IndexError:", "        frame = new_frame()"]
            tail += ["        give(frame)"]
        else:
            names |= {"new_frame": make}
            head += ["    frame = new_frame()"]
        head += [f"    {', '.join(w.parts)}, = frame"]
    if w.calls_numpy:
        names["enter"], names["leave"] = switches(checked)
        head += ["    state = enter()"]
        tail = ["        leave(state)", *tail]
    return head, ["    finally:", *tail] if tail else []


# -- results -------------------------------------------------------------------------------------------


def _results(w: Writer, numbers: Set[int]) -> str:
    """The tuple of the outputs, each in memory of its own."""
    given: set[int] = set()
    written = [
        _number(w, i, place in numbers) if w.kind(i).shape == () else _array(w, i, given)
        for place, i in enumerate(w.program.outputs)
    ]
    return f"({', '.join(written)},)" if written else "()"


def _number(w: Writer, i: int, python: bool) -> str:
    held = w.kind(i).dtype in scalars.HELD
    if python:
        return w.number(i) if held else f"{w.number(i)}.item()"
    return emit.as_scalar(w, i, w.number(i)) if held else w.number(i)


def _array(w: Writer, i: int, given: set[int]) -> str:
    kind = w.kind(i)
    root = w.plan.root[i]
    maker = w.makers.get(root)
    whole = root not in given and size_of(kind) == size_of(w.kind(root)) and not _is_repeated(w, i)
    name = w.array(i)
    if whole and maker is not None:
        given.add(root)
        if isinstance(maker.operation, Apply):
            if root == i:
                operands = [w.array(j) for j in maker.operands if w.kind(j).shape]
                return f"{w.names.name(fresh, 'fresh')}({', '.join([name, *operands])})"
        elif root not in w.plan.place or w.plan.place[root] not in w.plan.offsets:
            return name
    return f"{name}.copy()"


def _is_repeated(w: Writer, i: int) -> bool:
    """True for a view in which an entry of memory may stand for several: NumPy does not write to such a one."""
    while i != w.plan.root[i]:
        if isinstance(w.makers[i].operation, Broadcast):
            return True
        i = w.makers[i].operands[0]
    return False


def fresh(x: Any, *operands: Any) -> Any:
    """What a primitive's function returned, copied if the memory may be somebody else's."""
    own = type(x) is np.ndarray and x.base is None and x.flags.writeable and all(x is not y for y in operands)
    return x if own else np.array(x)
