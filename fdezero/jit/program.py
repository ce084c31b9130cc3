"""The program: what a function did to its arguments, as a list of instructions in the order of execution.

A program is in static single assignment form: every value is made once, by one instruction, and has a number.
It is never changed: a pass is a function from a program to another one.

An instruction applies an operation to values.  What the tracer records are applications of primitives
(`Apply`); `lower` translates those it knows into the operations below, for which passes and backends know
rules.  An `Apply` that is left is a call of the primitive's NumPy function.

==============  ======================================================================================
`Map`           a ufunc (or `np.where`) on each entry; its operands broadcast as in NumPy
`Cast`          the entries in another dtype
`Reshape`       the entries, in row-major order, in another shape
`Transpose`     the axes in another order
`Broadcast`     repeated along new axes, in front, and along axes of length 1
`Slice`         a basic index: integers, slices and new axes
`Reduce`        a ufunc over some axes, which the result lacks
`Scatter`       zeros, with the operands added, or put, at basic indices
`Matmul`        the product of two stacks of matrices, as `np.matmul` makes it of operands of two axes or more
`Apply`         a primitive
==============  ======================================================================================

In a program without `Apply`, dtypes are explicit: the operands of a `Map` have the dtypes of the loop that
NumPy would choose, and a `Reduce` has that of its operand.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import attrs
import numpy as np

from ..core.operands import is_users

# -- operations ----------------------------------------------------------------------------------------


@attrs.frozen(cache_hash=True)
class Map:
    """A function of each entry: a NumPy ufunc with one output, a ufunc of SciPy's, or `np.where`."""

    function: Any

    @property
    def name(self) -> str:
        return self.function.__name__  # type: ignore[no-any-return]  # of any ufunc, a str

    def run(self, *operands: Any) -> Any:
        return self.function(*operands)


@attrs.frozen
class Cast:
    dtype: np.dtype[Any]
    name = "cast"

    def run(self, x: Any) -> Any:
        return np.asarray(x).astype(self.dtype)[()]  # x may be a Python number


@attrs.frozen
class Reshape:
    shape: tuple[int, ...]
    name = "reshape"

    def run(self, x: Any) -> Any:
        return np.reshape(x, self.shape)


@attrs.frozen
class Transpose:
    axes: tuple[int, ...]
    name = "transpose"

    def run(self, x: Any) -> Any:
        return np.transpose(x, self.axes)


@attrs.frozen
class Broadcast:
    shape: tuple[int, ...]
    name = "broadcast"

    def run(self, x: Any) -> Any:
        return np.broadcast_to(x, self.shape)


@attrs.frozen
class Slice:
    """``x[index]`` with a basic index, always a tuple: ints, ``(start, stop, step)`` for a slice, None for a new axis.

    A slice is kept as a tuple, so that operations can be compared and hashed; `index` has it as NumPy takes it.
    """

    parts: tuple[Any, ...]
    name = "slice"

    @property
    def index(self) -> tuple[Any, ...]:
        return tuple(slice(*part) if isinstance(part, tuple) else part for part in self.parts)

    def run(self, x: Any) -> Any:
        return x[self.index]


@attrs.frozen
class Reduce:
    ufunc: Any
    axes: tuple[int, ...]

    @property
    def name(self) -> str:
        return f"reduce {self.ufunc.__name__}"

    def run(self, x: Any) -> Any:
        return self.ufunc.reduce(x, axis=self.axes)


@attrs.frozen
class Scatter:
    """Zeros of ``shape``, to which each operand is added at its slice (no slice names an entry twice).

    ``disjoint`` says that no two slices share an entry, and that the operands are put there instead of added: a
    negative zero stays one, which it does not when it is added to a zero.
    """

    slices: tuple[Slice, ...]
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    disjoint: bool = False
    name = "scatter"

    def run(self, *operands: Any) -> Any:
        out = np.zeros(self.shape, self.dtype)
        for each, x in zip(self.slices, operands, strict=True):
            if self.disjoint:
                out[each.index] = x
            else:
                out[each.index] += x
        return out


@attrs.frozen
class Matmul:
    name = "matmul"

    def run(self, x: Any, y: Any) -> Any:
        return np.matmul(x, y)


class OtherTypes(Exception):
    """A call whose result has another shape or dtype than the program has, which depended on values."""


@attrs.frozen(eq=False)
class Apply:
    """A primitive and its static parameters; the only operation with several outputs.

    ``types`` are those of the outputs, with None for an output that is None and no value of the program; where they are
    not given, nothing is checked.
    """

    primitive: Any
    params: Mapping[str, Any]
    types: tuple[Type | None, ...] = ()

    @property
    def name(self) -> str:
        return self.primitive.name  # type: ignore[no-any-return]  # a Primitive's is a str

    @property
    def may_keep(self) -> bool:
        """True for a function that may keep its operands: a backend gives it copies of what it will write over."""
        return is_users(self.primitive.function)

    def run(self, *operands: Any) -> Any:
        out = self.primitive.function(*operands, **self.params)
        outs = out if type(out) is tuple else (out,)
        if self.types:
            outs = tuple([o for o, type_ in zip(outs, self.types, strict=True) if type_ is not None and self._fits(o, type_)])
        return outs if len(outs) > 1 else outs[0]

    def _fits(self, out: Any, type_: Type) -> bool:
        """True; raises where it is not."""
        shape, dtype = (out.shape, out.dtype) if hasattr(out, "dtype") else ((), np.dtype(type(out)))
        if shape != type_.shape or dtype != type_.dtype:
            raise OtherTypes(f"{self.name} returned {dtype}{list(shape)} where the program has {type_}")
        return True


Operation = Map | Cast | Reshape | Transpose | Broadcast | Slice | Reduce | Scatter | Matmul | Apply

# -- the program ---------------------------------------------------------------------------------------


@attrs.frozen(cache_hash=True)
class Type:
    """Shape and dtype of a value; ``number`` for a Python number, whose dtype gives way to that of any array."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    number: bool = False

    def __str__(self) -> str:
        return f"{self.dtype}{list(self.shape)}" if not self.number else f"{self.dtype} number"


#: `Map` and `Type`, one object for all that are equal: a long program has few, and one for each of its instructions.
shared_map = functools.lru_cache(maxsize=4096)(Map)
shared_type = functools.lru_cache(maxsize=4096)(Type)


@attrs.frozen(eq=False)
class Instruction:
    """``outputs = operation(*operands)``; ``quiet`` where NumPy was told not to report floating-point errors."""

    operation: Any
    operands: tuple[int, ...]
    outputs: tuple[int, ...]
    quiet: bool = False


@attrs.frozen(eq=False)
class Guard:
    """The value that a decision of Python's was made on; at another value the program does not hold.

    ``position`` counts the instructions before it, ``line`` is where the decision stands in the source.
    """

    value: int
    expected: Any
    position: int
    line: str


@attrs.frozen(eq=False)
class Program:
    """Types of all values by number, the numbers of inputs and outputs, constants, instructions, guards.

    A constant is a number or an array; an array may be the caller's, and is read at each call.
    """

    types: Mapping[int, Type]
    inputs: tuple[int, ...]
    constants: Mapping[int, Any]
    instructions: tuple[Instruction, ...]
    outputs: tuple[int, ...]
    guards: tuple[Guard, ...] = ()

    def __str__(self) -> str:
        return text(self)

    def drawn(self) -> list[tuple[str, str, str, list[str]]]:
        """What a diagram shows of each value (`fdezero.show`)."""
        names = {number: f"v{i}" for i, number in enumerate(_in_order(self))}
        boxes: list[tuple[str, str, str, list[str]]] = [(names[i], "input", str(self.types[i]), []) for i in self.inputs]
        for each in self.instructions:
            parents = [names[i] for i in each.operands if i in names]
            boxes += [(names[i], each.operation.name, str(self.types[i]), parents) for i in each.outputs]
        return boxes


def evaluate(program: Program, arguments: Sequence[Any]) -> tuple[list[Any], list[Any]]:
    """Run a program with NumPy, an instruction at a time: what a compiled one must agree with.

    Returns:
        the outputs, and the values that the guards look at.
    """
    values: dict[int, Any] = dict(zip(program.inputs, arguments, strict=True)) | dict(program.constants)
    for instruction in program.instructions:
        out = instruction.operation.run(*[values[i] for i in instruction.operands])
        outs = out if type(out) is tuple else (out,)
        values.update(zip(instruction.outputs, outs, strict=True))
    return [values[i] for i in program.outputs], [values[guard.value] for guard in program.guards]


# -- as text -------------------------------------------------------------------------------------------


def text(program: Program) -> str:
    """The program line by line, in the manner of a tape.

    Example:
        >>> x, y = 0, 1
        >>> vector, number = Type((3,), np.dtype(float)), Type((), np.dtype(float))
        >>> add = Instruction(Reduce(np.add, (0,)), (x,), (y,))
        >>> print(text(Program({x: vector, y: number}, (x,), {}, (add,), (y,))))
        v0 = input   float64[3]
        v1 = reduce add(v0, axes=(0,))   float64[]
        return v1
    """
    names = {number: f"v{i}" for i, number in enumerate(_in_order(program))}
    names |= {number: _constant(value) for number, value in program.constants.items()}
    lines = [f"{names[i]} = input   {program.types[i]}" for i in program.inputs]
    guards = sorted(program.guards, key=lambda guard: guard.position)
    for position, each in enumerate(program.instructions):
        while guards and guards[0].position <= position:
            lines.append(_guard(guards.pop(0), names))
        arguments = [names[i] for i in each.operands] + _parameters(each.operation)
        left = ", ".join(names[i] for i in each.outputs)
        types = ", ".join(str(program.types[i]) for i in each.outputs)
        lines.append(f"{left} = {each.operation.name}({', '.join(arguments)})   {types}")
    lines += [_guard(guard, names) for guard in guards]
    return "\n".join([*lines, f"return {', '.join(names[i] for i in program.outputs)}"])


def _in_order(program: Program) -> list[int]:
    return [*program.inputs, *(i for each in program.instructions for i in each.outputs)]


def _guard(guard: Guard, names: Mapping[int, str]) -> str:
    return f"guard {names[guard.value]} is {_short(guard.expected)}   {guard.line}"


def _constant(value: Any) -> str:
    return _short(value) if np.ndim(value) == 0 else f"constant {np.asarray(value).dtype}{list(np.shape(value))}"


def _short(value: Any) -> str:
    written = str(value).replace("\n", " ")
    return written if len(written) <= 40 else f"<{type(value).__name__}>"


def _parameters(operation: Any) -> list[str]:
    if isinstance(operation, Apply):
        return [f"{name}={_short(value)}" for name, value in operation.params.items()]
    if isinstance(operation, Map):
        return []
    shown = [field.name for field in attrs.fields(type(operation)) if field.name != "ufunc"]
    return [f"{name}={_short(getattr(operation, name))}" for name in shown]


#: A pass: a function from a program to a program that returns the same.
Pass = Callable[[Program], Program]


@attrs.frozen(eq=False)
class Compiled:
    """A program made ready to run by a backend.

    ``run(*leaves)`` returns a tuple of the outputs; or ``k >= 0`` where guard number k does not hold; or, negative,
    the floating-point errors that came up: the sum of 1 for an invalid operation, 2 for a division by zero and 4 for
    an overflow.  ``unchecked`` returns the outputs whatever errors came up.  Outputs of no axes are NumPy's scalars, or
    Python's numbers where the backend was told so.  ``source`` is what was generated.
    """

    run: Callable[..., Any]
    unchecked: Callable[..., Any]
    source: str
