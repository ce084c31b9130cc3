"""How a pass makes a program: it walks through one, and emits the instructions of another.

A `Builder` begins with the values of the program that is walked through; `rewrite` does the walk, and asks a rule at
each instruction.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import attrs
import numpy as np

from .program import (
    Broadcast,
    Cast,
    Instruction,
    Map,
    Program,
    Reduce,
    Reshape,
    Slice,
    Transpose,
    Type,
    shared_map,
    shared_type,
)

Shape = tuple[int, ...]


@attrs.define(eq=False)
class Builder:
    """The instructions emitted so far, with the types of all values and the constants.

    The methods emit an instruction and return the number of its result; where nothing is to be done they return the
    operand.  ``makers`` has the instruction that made each value, ``renamed`` what stands for a value of the old program,
    and ``notes`` what a rule found out about a value.
    """

    types: dict[int, Type]
    constants: dict[int, Any]
    numbers: Iterator[int]
    instructions: list[Instruction] = attrs.field(factory=list)
    makers: dict[int, Instruction] = attrs.field(factory=dict)
    renamed: dict[int, int] = attrs.field(factory=dict)
    notes: dict[Any, Any] = attrs.field(factory=dict)
    quiet: bool = False

    @classmethod
    def of(cls, program: Program) -> Builder:
        return cls(dict(program.types), dict(program.constants), itertools.count(max(program.types, default=-1) + 1))

    # -- what is there -------------------------------------------------------------------------
    def operation(self, value: int) -> Any:
        """The operation that made a value, None for an input or a constant."""
        maker = self.makers.get(value)
        return None if maker is None else maker.operation

    def shape(self, value: int) -> Shape:
        return self.types[value].shape

    def dtype(self, value: int) -> np.dtype[Any]:
        return self.types[value].dtype

    def number(self, value: int) -> Any:
        """The constant of one entry that a value is, as a NumPy number; None for another value."""
        known = self.constants.get(value)
        if known is None or isinstance(known, np.ndarray):
            return None
        return known if isinstance(known, np.generic) else np.asarray(known)[()]

    # -- what is added -------------------------------------------------------------------------
    def emit(self, operation: Any, operands: tuple[int, ...], type_: Type) -> int:
        """The result of an operation, as a new value of this type."""
        new = next(self.numbers)
        self.types[new] = type_
        self.makers[new] = made = Instruction(operation, operands, (new,), self.quiet)
        self.instructions.append(made)
        return new

    def append(self, instruction: Instruction) -> None:
        self.instructions.append(instruction)
        for value in instruction.outputs:
            self.makers[value] = instruction

    def forget(self, count: int) -> None:
        """Take back the instructions after the first ``count``."""
        for instruction in self.instructions[count:]:
            for value in instruction.outputs:
                del self.makers[value]
        del self.instructions[count:]

    def constant(self, value: Any) -> int:
        """A new constant: a Python or NumPy number, or a read-only array that belongs to the program."""
        new = next(self.numbers)
        array = np.asarray(value)
        self.types[new] = shared_type(array.shape, array.dtype, value.__class__ in WEAK)
        self.constants[new] = value
        return new

    def cast(self, x: int, dtype: np.dtype[Any]) -> int:
        """``x`` in ``dtype``; a number is cast here and now.

        Raises:
            OverflowError: for a Python number that the dtype has not.
        """
        type_ = self.types[x]
        if type_.dtype == dtype and not type_.number:
            return x
        if x in self.constants and not isinstance(self.constants[x], np.ndarray):
            if (x, dtype) not in self.notes:
                self.notes[x, dtype] = self.constant(in_dtype(self.constants[x], dtype))
            return self.notes[x, dtype]  # type: ignore[no-any-return]  # the number of a value
        if type_.number and type_.dtype.kind == "i" and dtype.kind in "iub" and dtype.itemsize < 8:
            raise OverflowError(f"a Python int may be no {dtype}")  # NumPy says so at the call
        return self.emit(Cast(dtype), (x,), shared_type(type_.shape, dtype))

    def map(self, function: Any, *operands: int) -> int:
        """A ufunc, or np.where, on operands of any dtypes, cast to those that NumPy would choose."""
        operation, dtypes, out = _mapped(function, tuple([self.types[x] for x in operands]))
        xs = operands if dtypes is None else tuple([self.cast(x, dtype) for x, dtype in zip(operands, dtypes, strict=True)])
        return self.emit(operation, xs, out)

    def plus_zero(self, x: int) -> int:
        """``0 + x``: 0 of a negative zero."""
        dtype = self.dtype(x)
        return self.map(np.add, x, self.constant(dtype.type(0))) if dtype.kind in "fc" else x

    def reshape(self, x: int, shape: Shape) -> int:
        type_ = self.types[x]
        if type_.shape == shape:
            return x
        if type(self.operation(x)) is Reshape:
            return self.reshape(self.makers[x].operands[0], shape)
        return self.emit(Reshape(shape), (x,), shared_type(shape, type_.dtype))

    def transpose(self, x: int, axes: Sequence[int]) -> int:
        """The axes in another order; ``axes`` are counted from the front."""
        type_, order = self.types[x], tuple(axes)
        if order == tuple(range(len(order))):
            return x
        return self.emit(Transpose(order), (x,), shared_type(tuple([type_.shape[a] for a in order]), type_.dtype))

    def broadcast(self, x: int, shape: Shape) -> int:
        type_ = self.types[x]
        return x if type_.shape == shape else self.emit(Broadcast(shape), (x,), shared_type(shape, type_.dtype))

    def slice(self, x: int, parts: tuple[Any, ...]) -> int:
        """``x[parts]`` for a normal index, as `indices.normal` makes it."""
        type_ = self.types[x]
        shape = shape_of_slice(type_.shape, parts)
        if shape == type_.shape and all(p == (0, n, 1) for p, n in zip(parts, shape, strict=False)):
            return x
        return self.emit(Slice(parts), (x,), shared_type(shape, type_.dtype))

    def reduce(self, ufunc: Any, x: int, axes: Sequence[int], keepdims: bool = False) -> int:
        """A ufunc over some axes, counted from either end; over none a sum is still added to 0, which -0 is not."""
        type_ = self.types[x]
        ndim = len(type_.shape)
        over = {a % ndim for a in axes}
        shape = tuple([n for a, n in enumerate(type_.shape) if a not in over])
        if over:
            out = self.emit(Reduce(ufunc, tuple(sorted(over))), (x,), shared_type(shape, type_.dtype))
        else:
            out = self.plus_zero(x) if ufunc is np.add else x
        kept = tuple([1 if a in over else n for a, n in enumerate(type_.shape)])
        return self.reshape(out, kept) if keepdims else out


#: Python's numbers, whose dtype gives way.
WEAK = frozenset({bool, int, float, complex})

#: A rule of a pass: from the builder, an instruction and its operands, as they are in the new program, to the value
#: that takes the place of the instruction's, or None to keep it.
Rule = Callable[[Builder, Instruction, tuple[int, ...]], int | None]


def rewrite(program: Program, rules: Mapping[Any, Rule], prepare: Callable[[Builder], None] = lambda builder: None) -> Program:
    """The program, with each instruction replaced as the rule for its operation says; itself, where no rule does.

    Args:
        rules: by the class of the operation.
        prepare: what is done to the builder first.

    Example:
        >>> from fdezero.jit.program import Apply
        >>> vector = Type((3,), np.dtype(float))
        >>> twice = tuple(Instruction(Map(np.negative), (i,), (i + 1,)) for i in range(2))
        >>> program = Program(dict.fromkeys(range(3), vector), (0,), {}, twice, (2,))
        >>> print(rewrite(program, {Map: lambda b, each, xs: b.map(np.square, *xs)}))
        v0 = input   float64[3]
        v1 = square(v0)   float64[3]
        v2 = square(v1)   float64[3]
        return v2
    """
    builder = Builder.of(program)
    prepare(builder)
    starts = []
    renamed, instructions, makers = builder.renamed, builder.instructions, builder.makers
    for each in program.instructions:
        starts.append(len(instructions))
        operands = tuple([renamed.get(x, x) for x in each.operands]) if renamed else each.operands
        rule = rules.get(each.operation.__class__)
        if rule is not None:
            builder.quiet = each.quiet
            new = rule(builder, each, operands)
            if new is not None:
                renamed[each.outputs[0]] = new
                continue
        kept = each if operands == each.operands else Instruction(each.operation, operands, each.outputs, each.quiet)
        instructions.append(kept)
        for value in kept.outputs:
            makers[value] = kept
    if not renamed and len(instructions) == len(starts):
        return program
    return finished(program, builder, [*starts, len(instructions)])


def finished(program: Program, builder: Builder, starts: Sequence[int]) -> Program:
    """The program that was built; ``starts`` says how many instructions stand before each of the old one's."""
    now = builder.renamed
    return Program(
        types=builder.types,
        inputs=program.inputs,
        constants=builder.constants,
        instructions=tuple(builder.instructions),
        outputs=tuple([now.get(x, x) for x in program.outputs]),
        guards=tuple([attrs.evolve(g, value=now.get(g.value, g.value), position=starts[g.position]) for g in program.guards]),
    )


# -- dtypes and shapes ---------------------------------------------------------------------------------


@functools.lru_cache(maxsize=4096)
def loop_of(function: Any, operands: tuple[tuple[np.dtype[Any], bool], ...]) -> tuple[np.dtype[Any], ...]:
    """The dtypes of operands and result of the loop that NumPy chooses; an operand is ``(dtype, is it Python's number)``.

    Example:
        >>> loop_of(np.multiply, ((np.dtype("float32"), False), (np.dtype(float), True)))
        (dtype('float32'), dtype('float32'), dtype('float32'))
        >>> loop_of(np.sin, ((np.dtype("int64"), False),))
        (dtype('float64'), dtype('float64'))
    """
    if function is np.where:
        out = np.result_type(*[dtype.type(0).item() if weak else dtype for dtype, weak in operands[1:]])
        return np.dtype(bool), out, out, out
    all_weak = all(weak for _, weak in operands)
    given = [_PYTHON_S[dtype.kind] if weak and not all_weak else dtype for dtype, weak in operands]
    return tuple(function.resolve_dtypes((*given, *(None,) * function.nout)))


#: A bool of Python's counts like NumPy's.
_PYTHON_S: dict[str, Any] = {"b": np.dtype(bool), "i": int, "f": float, "c": complex}


@functools.lru_cache(maxsize=4096)
def _mapped(function: Any, types: tuple[Type, ...]) -> tuple[Map, tuple[np.dtype[Any], ...] | None, Type]:
    """The operation, the dtypes that operands are cast to (None where they have these) and the type of the result."""
    *dtypes, out = loop_of(function, tuple([(t.dtype, t.number) for t in types]))
    fit = all(not t.number and t.dtype == dtype for t, dtype in zip(types, dtypes, strict=True))
    shape = broadcast_shape(*[t.shape for t in types])
    return shared_map(function), None if fit else tuple(dtypes), shared_type(shape, out)


def in_dtype(number: Any, dtype: np.dtype[Any]) -> Any:
    """A number, Python's or NumPy's, as a NumPy number of this dtype."""
    if number.__class__ in WEAK:
        if dtype.kind in "iub" and number != dtype.type(number):
            raise OverflowError(f"{number} is no {dtype}")
        return dtype.type(number)
    return number.astype(dtype)


@functools.lru_cache(maxsize=4096)
def broadcast_shape(*shapes: Shape) -> Shape:
    return np.broadcast_shapes(*shapes) if len({*shapes}) > 1 else shapes[0]


def shape_of_slice(shape: Shape, parts: Sequence[Any]) -> Shape:
    """The shape of ``x[parts]`` for an ``x`` of this shape and a normal index."""
    sizes: list[int] = []
    at = 0
    for part in parts:
        if part is None:
            sizes.append(1)
            continue
        if isinstance(part, tuple):
            sizes.append(len(range(*slice(*part).indices(shape[at]))))
        at += 1
    return (*sizes, *shape[at:])
