"""Programs for the tests of the backends: a builder, and random ones."""

import numpy as np

from fdezero.jit.program import (
    Apply,
    Broadcast,
    Cast,
    Guard,
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


class Function:
    """What an `Apply` needs of a primitive."""

    def __init__(self, function, name="function"):
        self.function, self.name = function, name


class Builder:
    """Builds a program, finding out types by running each instruction on the ``leaves``."""

    def __init__(self, *leaves):
        self.values, self.types, self.constants, self.instructions, self.guards = [], {}, {}, [], []
        self.inputs = tuple(self._new(leaf) for leaf in leaves)

    def _new(self, value, number=False):
        self.values.append(value)
        i = len(self.values) - 1
        self.types[i] = Type(np.shape(value), np.asarray(value).dtype, number)
        return i

    def constant(self, value):
        i = self._new(value)
        self.constants[i] = value
        return i

    def __call__(self, operation, *operands, quiet=False):
        with np.errstate(all="ignore"):
            out = operation.run(*[self.values[i] for i in operands])
        outs = tuple(self._new(np.asarray(x)[()]) for x in (out if type(out) is tuple else (out,)))
        self.instructions.append(Instruction(operation, operands, outs, quiet))
        return outs if len(outs) > 1 else outs[0]

    def map(self, function, *operands, quiet=False):
        return self(Map(function), *operands, quiet=quiet)

    def apply(self, function, *operands, **params):
        return self(Apply(Function(function), params), *operands)

    def guard(self, i, expected=None):
        expected = self.values[i] if expected is None else expected
        self.guards.append(Guard(i, expected, len(self.instructions), "a line"))

    def program(self, *outputs):
        return Program(
            self.types, self.inputs, self.constants, tuple(self.instructions), tuple(outputs), tuple(self.guards)
        )


FLOATS = [np.float64, np.float32]
UNARY = [np.negative, np.tanh, np.exp, np.sqrt, np.log, np.sin, np.square, np.absolute, np.sign, np.reciprocal]
BINARY = [np.add, np.subtract, np.multiply, np.divide, np.maximum, np.minimum, np.arctan2, np.power]
INTEGER = [np.add, np.subtract, np.multiply, np.maximum, np.minimum, np.bitwise_and, np.floor_divide, np.remainder]
COMPARE = [np.less, np.greater_equal, np.equal, np.not_equal]


def leaf(rng, shape, dtype, layout):
    """A random array in one of several layouts, or a number."""
    x = rng.normal(size=shape) * 2
    if np.dtype(dtype).kind == "c":
        x = x + 1j * rng.normal(size=shape)
    x = np.asarray(x * (3 if np.dtype(dtype).kind in "iu" else 1)).astype(dtype)
    if shape == ():
        return [x[()], x[()].item() if np.dtype(dtype) in (np.float64, np.int64, np.bool_) else x[()], x][layout % 3]
    if layout == 1:
        return np.asfortranarray(x)
    if layout == 2:
        wide = np.zeros((*shape[:-1], 2 * shape[-1]), dtype)
        wide[..., ::2] = x
        return wide[..., ::2]
    if layout == 3:
        x.flags.writeable = False
    return x


class Random(Builder):
    """A random program over all operations; all choices are made by ``rng``."""

    def __init__(self, rng, count, sizes=(0, 1, 2, 3, 7, 8, 9), special=False):
        self.rng = rng
        a, b = (int(rng.choice(sizes)) for _ in range(2))
        shapes = [(), (a,), (a, b), (b, a), (1, a)]
        leaves = []
        for _ in range(rng.integers(1, 5)):
            dtype = [np.float64, np.float64, np.float64, np.float32, np.int64, np.bool_, np.int32, np.complex128][rng.integers(8)]
            shape = shapes[rng.integers(len(shapes))]
            x = leaf(rng, shape, dtype, int(rng.integers(4)))
            if special and np.shape(x) and np.size(x) and x.dtype.kind == "f" and x.flags.writeable:
                x[tuple(rng.integers(n) for n in x.shape)] = rng.choice([np.nan, np.inf, -np.inf, 0.0])
            leaves.append(x)
        super().__init__(*leaves)
        self.leaves = leaves
        for _ in range(2):
            self.constant(leaf(rng, shapes[rng.integers(len(shapes))], np.float64, int(rng.integers(4))))
        self.constant(2.0), self.constant(-1.5), self.constant(np.inf), self.constant(3)
        while len(self.instructions) < count:
            self.step()

    def pick(self, *kinds, where=lambda value: True):
        """A random value of one of these kinds of dtype, the newer the likelier."""
        found = [i for i, x in enumerate(self.values) if np.asarray(x).dtype.kind in kinds and where(x)]
        if not found:
            return None
        return found[-1 - min(int(self.rng.exponential(4)), len(found) - 1)]

    def same(self, i):
        """A value that broadcasts with this one and has its dtype."""
        x = np.asarray(self.values[i])

        def fits(y):
            try:
                np.broadcast_shapes(x.shape, np.shape(y))
            except ValueError:
                return False
            return np.asarray(y).dtype == x.dtype

        return self.pick(x.dtype.kind, where=fits)

    def step(self):
        steps = [self.unary, self.binary, self.binary, self.integer, self.compare, self.where, self.cast, self.reshape, self.transpose,
                 self.broadcast, self.slice, self.reduce, self.scatter, self.matmul, self.some_apply, self.complex, self.logical, self.entry]  # fmt: skip
        steps[self.rng.integers(len(steps))]()

    def unary(self):
        if (i := self.pick("f")) is not None:
            self.map(UNARY[self.rng.integers(len(UNARY))], i)

    def binary(self):
        if (i := self.pick("f")) is not None:
            j = self.same(i)
            self.map(BINARY[self.rng.integers(len(BINARY))], *([i, j] if self.rng.integers(2) else [j, i]))

    def integer(self):
        if (i := self.pick("i")) is not None:
            self.map(INTEGER[self.rng.integers(len(INTEGER))], i, self.same(i))

    def complex(self):
        if (i := self.pick("c")) is not None:
            self.map([np.add, np.multiply, np.subtract, np.divide][self.rng.integers(4)], i, self.same(i))
            self.map([np.absolute, np.negative, np.conjugate, np.exp][self.rng.integers(4)], i) if self.rng.integers(2) else None

    def compare(self):
        if (i := self.pick("f", "i")) is not None:
            self.map(COMPARE[self.rng.integers(len(COMPARE))], i, self.same(i))

    def logical(self):
        if (i := self.pick("b")) is not None:
            self.map([np.logical_and, np.logical_or, np.logical_xor][self.rng.integers(3)], i, self.same(i))

    def where(self):
        if (c := self.pick("b")) is None or (i := self.pick("f", "i")) is None:
            return
        j = self.same(i)
        try:
            np.broadcast_shapes(*(np.shape(self.values[k]) for k in (c, i, j)))
        except ValueError:
            return
        self.map(np.where, c, i, j)

    def cast(self):
        if (i := self.pick("f", "i", "b")) is not None:
            dtype = [np.float64, np.float32, np.int64, np.bool_, np.int32, np.complex128][self.rng.integers(6)]
            x = np.asarray(self.values[i])
            if dtype in (np.int64, np.int32) and x.dtype.kind == "f" and not (np.isfinite(x).all() and (abs(x) < 1e9).all()):
                return
            if isinstance(self.values[i], (float, int)):
                return
            self(Cast(np.dtype(dtype)), i)

    def reshape(self):
        if (i := self.pick("f", "i", "b", where=lambda x: np.ndim(x))) is not None:
            shape = np.shape(self.values[i])
            n = int(np.prod(shape))
            options = [(n,), (1, n), (n, 1), shape[::-1], (1, *shape)] + ([()] if n == 1 else [])
            self(Reshape(options[self.rng.integers(len(options))]), i)

    def transpose(self):
        if (i := self.pick("f", "i", where=lambda x: np.ndim(x))) is not None:
            self(Transpose(tuple(int(k) for k in self.rng.permutation(np.ndim(self.values[i])))), i)

    def broadcast(self):
        if (i := self.pick("f", "b")) is not None:
            shape = np.shape(self.values[i])
            self(Broadcast((*(int(k) for k in self.rng.integers(1, 4, size=self.rng.integers(0, 2))), *(3 if n == 1 else n for n in shape))), i)

    def index(self, shape):
        parts = []
        for n in shape:
            kind = self.rng.integers(5)
            if kind == 0 and n:
                parts.append(int(self.rng.integers(-n, n)))
            elif kind == 1:
                parts.append((None, None, -1))
            elif kind == 2:
                parts.append((1, None, 2))
            elif kind == 3:
                parts += [None, (None, int(self.rng.integers(0, n + 1)), None)]
            else:
                parts.append((None, None, None))
        return Slice(tuple(parts))

    def slice(self):
        if (i := self.pick("f", "i", where=lambda x: np.ndim(x))) is not None:
            self(self.index(np.shape(self.values[i])), i)

    def entry(self):
        if (i := self.pick("f", "i", "b", where=np.size)) is not None and np.ndim(self.values[i]):
            self(Slice(tuple(int(self.rng.integers(n)) for n in np.shape(self.values[i]))), i)

    def reduce(self):
        if (i := self.pick("f", "i", where=lambda x: np.ndim(x) and np.asarray(x).dtype != np.int32)) is not None:
            n = np.ndim(self.values[i])
            axes = tuple(int(k) for k in np.flatnonzero(self.rng.integers(0, 2, size=n))) or tuple(range(n))
            self(Reduce([np.add, np.add, np.maximum, np.multiply][self.rng.integers(4) if np.size(self.values[i]) else 0], axes), i)

    def scatter(self):
        dtype = FLOATS[self.rng.integers(2)]
        shape = [(3,), (4, 3), (), (3, 1)][self.rng.integers(4)]
        slices, operands = [], []
        for _ in range(self.rng.integers(1, 4)):
            part = self.index(shape)
            if None in part.parts:
                continue
            like = np.zeros(shape)[part.index].shape
            i = self.pick("f", where=lambda x, like=like: np.shape(x) == like and np.asarray(x).dtype == dtype)
            if i is None:
                i = self.constant(np.full(like, 0.5, dtype) if like else dtype(0.5))
            slices.append(part)
            operands.append(i)
        if slices:
            self(Scatter(tuple(slices), shape, np.dtype(dtype)), *operands)

    def matmul(self):
        if (i := self.pick("f", "i", "c", where=lambda x: np.ndim(x) >= 2)) is not None:
            x = self.values[i]
            j = self.pick(x.dtype.kind, where=lambda y: np.ndim(y) == np.ndim(x) == 2 and y.shape[0] == x.shape[-1] and y.dtype == x.dtype)
            if j is None:
                j = self(Transpose((*range(np.ndim(x) - 2), np.ndim(x) - 1, np.ndim(x) - 2)), i)
            self(Matmul(), i, j)

    def some_apply(self):
        if (i := self.pick("f", where=lambda x: np.ndim(x))) is not None:
            function = [np.cumsum, lambda x: x, lambda x: x.T, lambda x: (x[..., ::-1], x * 2), lambda x: x.sum(), np.sort][self.rng.integers(6)]
            self.apply(function, i)

    def random_outputs(self):
        """Some values, among them inputs, constants, views and values that are asked for twice."""
        count = len(self.values)
        chosen = [int(i) for i in self.rng.integers(0, count, size=self.rng.integers(1, 6))]
        return [*chosen, count - 1, count - 1]


def expected(program, leaves):
    """What `evaluate` returns, without warnings."""
    with np.errstate(all="ignore"):
        return evaluate(program, [x[()] if np.ndim(x) == 0 and isinstance(x, np.ndarray) else x for x in leaves])[0]
