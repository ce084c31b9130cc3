"""Random lowered programs, for tests of what runs them."""

from __future__ import annotations

import numpy as np

from fdezero.jit.program import (
    Broadcast,
    Cast,
    Instruction,
    Map,
    Matmul,
    Program,
    Reduce,
    Reshape,
    Scatter,
    Slice,
    Transpose,
    Type,
    evaluate,
)


class Maker:
    """A program under construction: each method adds an instruction and returns the number of its value."""

    def __init__(self):
        self.types, self.inputs, self.constants, self.instructions = {}, [], {}, []

    def value(self, shape, dtype):
        number = len(self.types)
        self.types[number] = Type(tuple(int(n) for n in shape), np.dtype(dtype))
        return number

    def input(self, shape, dtype=float):
        self.inputs.append(self.value(shape, dtype))
        return self.inputs[-1]

    def constant(self, value):
        number = self.value(np.shape(value), np.asarray(value).dtype)
        self.constants[number] = value
        return number

    def add(self, operation, *operands):
        """The type of the value is what NumPy makes of zeros and ones."""
        sample = operation.run(*[np.ones(self.types[i].shape, self.types[i].dtype) for i in operands])
        outs = sample if type(sample) is tuple else (sample,)
        numbers = tuple(self.value(np.shape(out), np.asarray(out).dtype) for out in outs)
        self.instructions.append(Instruction(operation, tuple(operands), numbers))
        return numbers if type(sample) is tuple else numbers[0]

    def map(self, function, *operands):
        return self.add(Map(function), *operands)

    def program(self, *outputs, guards=()):
        return Program(
            self.types, tuple(self.inputs), self.constants, tuple(self.instructions), tuple(outputs), tuple(guards)
        )


FLOAT_UNARY = [np.negative, np.square, np.absolute, np.sqrt, np.sign, np.floor, np.exp, np.tanh, np.reciprocal, np.positive]
FLOAT_BINARY = [np.add, np.subtract, np.multiply, np.divide, np.maximum, np.minimum, np.fmax, np.copysign]
COMPARISONS = [np.less, np.less_equal, np.greater, np.greater_equal, np.equal, np.not_equal]
INTEGER_BINARY = [np.add, np.subtract, np.multiply, np.maximum, np.minimum, np.bitwise_and, np.bitwise_xor]
LOGIC = [np.logical_and, np.logical_or, np.logical_xor]
DTYPES = [np.dtype(t) for t in ("float64", "float32", "int64", "int32", "bool")]


def random_program(rng, length=12, sizes=(0, 1, 2, 3, 7, 8, 9, 17)):
    """A program of all operations over arrays of up to three axes."""
    make = Maker()
    live = []
    for _ in range(rng.integers(1, 4)):
        shape = tuple(rng.choice(sizes, rng.integers(0, 4)))
        live.append(make.input(shape, rng.choice(DTYPES[:3]) if rng.random() < 0.3 else float))
    if rng.random() < 0.5:
        live.append(make.constant(rng.standard_normal(tuple(rng.choice(sizes, rng.integers(0, 3))))))
    for _ in range(length):
        new = _step(make, rng, live)
        live += [] if new is None else [new]
    outputs = [int(rng.choice(live)) for _ in range(rng.integers(1, 5))] + [live[-1]]
    return make.program(*outputs)


def _step(make, rng, live):
    x = int(rng.choice(live))
    type_ = make.types[x]
    shape, dtype = type_.shape, type_.dtype
    alike = [i for i in live if make.types[i].dtype == dtype and _broadcast(make.types[i].shape, shape) is not None]
    y = int(rng.choice(alike))
    match rng.choice(["map", "map", "map", "pair", "pair", "pair", "where", "cast", "reshape", "transpose", "broadcast", "slice",
                      "reduce", "reduce", "scatter", "matmul"]):  # fmt: skip
        case "map":
            if dtype.kind == "f":
                return make.map(rng.choice(FLOAT_UNARY), x)
            return make.map(np.logical_not if dtype.kind == "b" else np.negative, x)
        case "pair":
            table = {"f": FLOAT_BINARY + COMPARISONS, "i": INTEGER_BINARY + COMPARISONS, "b": LOGIC + COMPARISONS}
            return make.map(rng.choice(table[dtype.kind]), x, y)
        case "where":
            flags = [i for i in live if make.types[i].dtype == bool and _broadcast(make.types[i].shape, shape, make.types[y].shape)]
            return make.map(np.where, int(rng.choice(flags)), x, y) if flags else None
        case "cast":
            return make.add(Cast(DTYPES[rng.integers(5)]), x) if dtype.kind != "f" else make.add(Cast(np.dtype("float32")), x)
        case "reshape":
            size = int(np.prod(shape, dtype=int))
            options = [(size,), (1, size), (size, 1), shape[::-1], (*shape, 1)]
            return make.add(Reshape(options[rng.integers(len(options))]), x)
        case "transpose":
            return make.add(Transpose(tuple(int(i) for i in rng.permutation(len(shape)))), x)
        case "broadcast":
            if len(shape) > 2:
                return None
            return make.add(Broadcast((int(rng.integers(1, 4)), *(n if n != 1 else 3 for n in shape))), x)
        case "slice":
            return make.add(_slice(rng, shape), x)
        case "reduce":
            if dtype.kind not in "fi" or not shape or 0 in shape:
                return None
            axes = tuple(int(i) for i in np.flatnonzero(rng.random(len(shape)) < 0.6))
            ufunc = rng.choice([np.add, np.add, np.maximum, np.minimum, np.multiply]) if dtype.kind == "f" else np.maximum
            return make.add(Reduce(ufunc, axes), x) if axes else None
        case "scatter":
            if dtype.kind != "f":
                return None
            whole = tuple(n + int(rng.integers(0, 3)) for n in shape)
            first = Slice(tuple((None, n, None) for n in shape))
            last = Slice(tuple((m - n, None, None) for n, m in zip(shape, whole, strict=True)))
            if rng.random() < 0.5 and shape:
                halves = [Slice(((start, start + shape[0], None),)) for start in (0, shape[0])]
                return make.add(Scatter(tuple(halves), (2 * shape[0] + int(rng.integers(2)), *shape[1:]), dtype, True), x, x)
            return make.add(Scatter((first, last), whole, dtype), x, x)
        case "matmul":
            if len(shape) != 2 or dtype.kind != "f":
                return None
            return make.add(Matmul(), x, make.add(Transpose((1, 0)), x))


def _slice(rng, shape):
    parts = []
    for n in shape:
        if rng.random() < 0.2:
            parts.append(None)
        if n and rng.random() < 0.3:
            parts.append(int(rng.integers(-n, n)))
        else:
            parts.append([(None, None, None), (None, None, -1), (1, None, 2), (None, -1, None)][rng.integers(4)])
    return Slice(tuple(parts))


def _broadcast(*shapes):
    try:
        return np.broadcast_shapes(*shapes)
    except ValueError:
        return None


def arguments(program, rng, extreme=False):
    """Leaves for a program; an extreme one has NaNs, infinities and zeros among them."""
    leaves = []
    for i in program.inputs:
        shape, dtype = program.types[i].shape, program.types[i].dtype
        x = rng.standard_normal(shape) * 3 if dtype.kind == "f" else rng.integers(-5 if dtype.kind == "i" else 0, 5, shape)
        x = np.asarray(x).astype(dtype)
        if extreme and dtype.kind == "f" and x.size:
            x.flat[rng.integers(x.size, size=1 + x.size // 8)] = rng.choice([np.nan, np.inf, -np.inf, 0.0, -0.0])
        leaves.append(x)
    return leaves


def expected(program, leaves):
    with np.errstate(all="ignore"):
        return evaluate(program, leaves)[0]


def agree(got, want, program, ulps=400):
    """Fail unless outputs are those that are wanted: to rounding, and dtype, shape, kind of number."""
    assert type(got) is tuple and len(got) == len(want)
    for x, y, i in zip(got, want, program.outputs, strict=True):
        y = np.asarray(y)
        assert x.dtype == y.dtype and x.shape == y.shape == program.types[i].shape
        assert isinstance(x, np.ndarray) == (x.shape != ())
        if y.dtype.kind == "f":
            eps = np.finfo(y.dtype).eps
            finite = np.abs(y[np.isfinite(y)])
            np.testing.assert_allclose(x, y, rtol=ulps * eps, atol=100 * eps * (finite.max() if finite.size else 0))
        else:
            np.testing.assert_array_equal(x, y)
    arrays = [x for x in got if isinstance(x, np.ndarray) and x.size]
    assert all(x.flags.writeable for x in arrays)
    for k, x in enumerate(arrays):
        assert not any(np.shares_memory(x, y) for y in arrays[:k])
