"""Programs that the plain and the accelerated versions must run alike."""

import itertools
import pickle
import random
import warnings

import numpy as np

from fdezero import grad, jacrev, jvp, linearize, no_grad, primitives, stop_gradient, value_and_grad, vjp, vmap

X = np.array([0.5, 1.25, 2.0])


class Subclass(np.ndarray):
    """An ndarray by another name."""


#: What may stand beside a Box.
OPERANDS = {
    "float": lambda: 1.5,
    "int": lambda: 2,
    "large int": lambda: 2**70,
    "bool": lambda: True,
    "complex": lambda: 1.0 + 2.0j,
    "None": lambda: None,
    "text": lambda: "text",
    "list": lambda: [1.0, 2.0, 3.0],
    "tuple": lambda: (1.0, 2.0, 3.0),
    **{name: lambda name=name: np.dtype(name).type(2) for name in ("float16", "float32", "float64", "longdouble")},
    **{name: lambda name=name: np.dtype(name).type(2) for name in ("int8", "int32", "uint64", "bool", "complex64")},
    "0-d": lambda: np.array(2.0),
    "0-d float32": lambda: np.array(2.0, np.float32),
    "0-d int": lambda: np.array(2),
    "array": lambda: np.array([1.0, 2.0, 3.0]),
    "rows": lambda: np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]),
    "wrong shape": lambda: np.ones(2),
    "empty": lambda: np.ones((0, 3)),
    **{f"array {d}": lambda d=d: np.array([1, 2, 3], d) for d in ("float16", "float32", "int32", "bool", "complex64", ">f8")},
    "object": lambda: np.array([1.0, 2.0, 3.0], object),
    "dates": lambda: np.array([1, 2, 3], "M8[D]"),
    "subclass": lambda: np.array([1.0, 2.0, 3.0]).view(Subclass),
    "masked": lambda: np.ma.array([1.0, 2.0, 3.0]),
    "read-only": lambda: np.broadcast_to(np.array([1.0, 2.0, 3.0]), (3,)),
}

#: Those that a random program may use.
SMOOTH = ("float", "int", "bool", "float16", "float32", "longdouble", "int32", "0-d", "array", "array float32", "array >f8")

#: Each of two arguments, of which one or both hold Boxes.
BINARY = {
    "+": lambda x, y: x + y,
    "-": lambda x, y: x - y,
    "*": lambda x, y: x * y,
    "/": lambda x, y: x / y,
    "**": lambda x, y: x**y,
    "@": lambda x, y: x @ y,
    "<": lambda x, y: np.where(x < y, x, y),
    "add": np.add,
    "multiply": np.multiply,
    "power": np.power,
    "matmul": np.matmul,
    "arctan2": np.arctan2,
    "maximum": np.maximum,
    "with defaults": lambda x, y: np.multiply(x, y, where=True, casting="same_kind"),
    "with dtype": lambda x, y: np.add(x, y, dtype=np.float32),
}

#: Of one argument.
UNARY = {
    "sin": np.sin,
    "sqrt at 0": lambda x: np.sqrt(x - x[0]),
    "branches": lambda x: np.where(x > 1.0, np.log(x - 1.0), x),
    "shared": lambda x: x * x + x * x,
    "reads": lambda x: x[0] * x[1] + x[0] * x[-1] + x[[0, 0, 1]],
    "sum": np.sum,
    "mean": lambda x: np.mean(x, axis=0, keepdims=True),
    "max": np.max,
    "several outputs": lambda x: np.linalg.eigh(np.outer(x, x) + np.diag(x))[0],
    "three arguments": lambda x: np.where(x > 1.0, x, np.clip(x, 0.6, 1.0)),
    "no_grad": no_grad()(np.tanh),
    "stop_gradient": lambda x: stop_gradient(x) * x,
    "views": lambda x: np.real(stop_gradient(x))[1:] * x[1:],
    "concatenate": lambda x: np.concatenate([x, 2.0 * x, X]),
    "inner": lambda x: x * grad(lambda y: (x * y * y).sum())(x),
    "inner jvp": lambda x: jvp(lambda y: x * y * y, (x,), (X,))[1],
    "inner vmap": lambda x: vmap(lambda a: a * x)(x),
    "write": lambda x: np.add(x, 1.0, out=np.zeros(3)),
    "write to a constant": lambda x: stop_gradient(x).__setitem__(0, 1.0),
    "an error of the user's": lambda x: [][1],
    "no rule": lambda x: np.apply_along_axis(np.sum, 0, x),
    "wrong shape": primitives.elementwise(lambda x: 1.0 * x, lambda x: np.ones((2, 3)), name="wrong"),
    "wrong shape of two": lambda x: primitives.elementwise(
        lambda x, y: x * y, lambda g: np.sum(g), lambda g: np.sum(g), name="wrong"
    )(x, X),
    "a number for a cotangent": primitives.linear(np.sum, lambda g, like: 0.0, name="number"),
    "nothing for a cotangent": primitives.general(np.sum, jvp=[lambda g: np.sum(g)], vjp=[lambda g: None], name="nothing"),
    "keeps both": primitives.elementwise(lambda x: np.exp(x), lambda x, out: out + 0 * x, name="both"),
    "too many": lambda x: primitives.linear(lambda x: x, lambda g: g, name="one")(x, 1.0),
}

#: Functions of a function and its point.
MODES = {
    "value_and_grad": lambda f: value_and_grad(lambda x: total(f(x)))(X),
    "float32": lambda f: value_and_grad(lambda x: total(f(x)))(X.astype(np.float32)),
    "complex": lambda f: value_and_grad(lambda x: total(f(x)))(X + 0.5j),
    "big-endian": lambda f: value_and_grad(lambda x: total(f(x)))(X.astype(">f8")),
    "twice": lambda f: jacrev(grad(lambda x: total(f(x))))(X),
    "jvp": lambda f: jvp(f, (X,), (X,)),
    "forward over reverse": lambda f: jvp(grad(lambda x: total(f(x))), (X,), (X,)),
    "reverse over forward": lambda f: grad(lambda x: total(jvp(f, (x,), (X,))[1]))(X),
    "linearize": lambda f: linearize(f, X)[1](X),
    "vmap": lambda f: vmap(grad(lambda x: total(f(x))))(np.stack([X, 2 * X])),
    "vjp": lambda f: pulled(*vjp(f, X)),
}


def total(out):
    """A real number that depends on every entry."""
    out = np.sum(out)
    return np.real(out) + np.imag(out) if out.dtype.kind == "c" else out


def pulled(out, pullback):
    return out, pullback(np.ones_like(out)), pullback(np.ones_like(out))


def random_program(seed):
    """A function of an array that mixes operations and operands at random."""
    choices = random.Random(seed)

    def step(kind):
        if kind == 0:
            function = choices.choice([np.sin, np.tanh, np.exp, np.abs, lambda x: x[::-1], lambda x: x[[0, 0, 2]], np.sqrt])
            return lambda xs: function(xs[-1])
        function = choices.choice([*BINARY.values()])
        if kind == 1:
            i = choices.random()
            return lambda xs: function(xs[-1], xs[int(i * len(xs))])
        operand, first = OPERANDS[choices.choice(SMOOTH)], choices.random() < 0.5
        return lambda xs: function(operand(), xs[-1]) if first else function(xs[-1], operand())

    steps = [step(choices.randrange(3)) for _ in range(8)]

    def program(x):
        xs = [x]
        for each in steps:
            xs.append(each(xs))
        return xs[-1] + 0.0 * xs[0]

    return program


def programs():
    """Each program by its name."""
    beside = [(name, operand, function) for (name, function), operand in itertools.product(BINARY.items(), OPERANDS)]
    for name, operand, function in beside:
        for mode in ("value_and_grad", "float32", "complex", "twice", "jvp"):
            left = lambda x, f=function, o=operand: f(x, OPERANDS[o]())  # noqa: E731
            right = lambda x, f=function, o=operand: f(OPERANDS[o](), x)  # noqa: E731
            yield f"{mode} of {name}, {operand} on the right", lambda f=left, m=mode: MODES[m](f)
            yield f"{mode} of {name}, {operand} on the left", lambda f=right, m=mode: MODES[m](f)
    for (name, function), mode in itertools.product(UNARY.items(), MODES):
        yield f"{mode} of {name}", lambda f=function, m=mode: MODES[m](f)
    for (name, function), mode in itertools.product(BINARY.items(), MODES):
        both = lambda x, f=function: f(x, 2.0 * x) + f(x, x)  # noqa: E731
        yield f"{mode} of {name} of two Boxes", lambda f=both, m=mode: MODES[m](f)
    for seed, mode in itertools.product(range(60), MODES):
        yield f"{mode} of random program {seed}", lambda s=seed, m=mode: MODES[m](random_program(s))


def plain(result):
    """A result in a form that compares bit for bit."""
    if isinstance(result, (tuple, list)):
        return [plain(each) for each in result]
    if isinstance(result, (np.ndarray, np.generic)):
        # NaNs are one and the same, whatever their bits.
        data = np.where(np.isnan(result), np.nan, result) if result.dtype.kind in "fc" else np.asarray(result)
        entries = [repr(each) for each in data.ravel().tolist()]
        flags = result.flags.writeable if isinstance(result, np.ndarray) else None
        return type(result).__name__, result.dtype.str, result.shape, entries, flags
    return type(result).__name__, repr(result)


def outcome(program):
    """What a program returns, or its error, and its warnings."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            result = plain(program())
        except Exception as error:
            result = type(error).__name__, str(error)
    return result, sorted({str(w.message) for w in caught})


def outcomes():
    return {name: outcome(program) for name, program in programs()}


def write(path):
    with open(path, "wb") as file:
        pickle.dump(outcomes(), file)
