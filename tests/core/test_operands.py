"""What a primitive takes from outside: arrays of other libraries become ndarrays, or are refused in one sentence."""

import enum
import operator
import warnings
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

import fdezero
from fdezero import array, at, custom_jvp, custom_vjp, grad, jet, jvp, linearize, no_grad, primitives, vjp, vmap
from fdezero.core.operands import as_operand, describe

X = np.array([1.0, 2.0, 3.0])
NUMBERS = [4.0, 1.5, 2.0]


def series():
    """A Series whose labels are in another order than those of other Series."""
    pandas = pytest.importorskip("pandas")
    return pandas.Series(NUMBERS, index=list("cab"))


def frame_column():
    pandas = pytest.importorskip("pandas")
    return pandas.DataFrame({"a": NUMBERS})["a"]


def nullable_series():
    pandas = pytest.importorskip("pandas")
    return pandas.Series(NUMBERS, dtype="Float64")


def data_array():
    xarray = pytest.importorskip("xarray")
    return xarray.DataArray(NUMBERS, dims="i")


class Subclass(np.ndarray):
    """An ndarray by another name, as a memory map is."""


class Metres(np.ndarray):
    """An ndarray whose arithmetic is another, as that of a quantity with a unit."""

    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        return NotImplemented


#: Operands that count as np.asarray of them.
CONVERTED = {
    "series": series,
    "column of a frame": frame_column,
    "nullable series": nullable_series,
    "list": lambda: list(NUMBERS),
    "tuple": lambda: tuple(NUMBERS),
    "range": lambda: range(1, 4),
    "subclass": lambda: np.array(NUMBERS).view(Subclass),
}

#: Operands that are refused, and a word of the message.
REFUSED = {
    "masked": (lambda: np.ma.array(NUMBERS, mask=[False, True, False]), "MaskedArray"),
    "matrix": (lambda: np.array(NUMBERS).view(np.matrix), "matrix"),
    "quantity": (lambda: np.array(NUMBERS).view(Metres), "Metres"),
    "object": (lambda: np.array([1, 2, 3], dtype=object), "dtype object"),
    "list of objects": (lambda: [1, None, 2], "dtype object"),
    "fraction": (lambda: Fraction(1, 2), "Fraction"),
    "decimal": (lambda: Decimal(2), "Decimal"),
    "dates": (lambda: np.array(["2020-01-01"] * 3, "M8[D]"), "datetime64"),
    "times": (lambda: np.array([1, 2, 3], "m8[s]"), "timedelta64"),
    "text": (lambda: np.array(["a", "b", "c"]), "dtype <U1"),
    "records": (lambda: np.zeros(3, [("a", float)]), "('a', '<f8')"),
}

OPERATORS = [operator.add, operator.sub, operator.mul, operator.truediv, operator.pow, operator.mod, operator.floordiv]

#: Functions of two arrays, whatever the order.
FUNCTIONS = {
    **{f"operator {f.__name__}": f for f in OPERATORS},
    **{f.__name__: f for f in (np.add, np.multiply, np.divide, np.power, np.maximum, np.arctan2, np.hypot, np.copysign)},
    **{f.__name__: f for f in (np.dot, np.inner, np.outer)},
    "concatenate": lambda a, b: np.concatenate([a, b]),
    "stack": lambda a, b: np.stack([a, b]),
    "hstack": lambda a, b: np.hstack([a, b]),
    "where": lambda a, b: np.where([True, False, True], a, b),
    "einsum": lambda a, b: np.einsum("i,i->i", a, b),
    "clip": lambda a, b: np.clip(a, b, 10.0),
    "clip with keywords": lambda a, b: np.clip(a, a_min=b, a_max=10.0),
    "sum of": lambda a, b: np.sum(np.multiply(a, b)),
}

#: Functions and methods of a Box x with another operand.
WITH = {
    "matmul": operator.matmul,
    "dot": lambda x, o: x.dot(o),
    "clip": lambda x, o: x.clip(o, 10.0),
    "at.set": lambda x, o: x.at[:].set(o),
    "at.multiply": lambda x, o: x.at[:].multiply(o),
    "at.max": lambda x, o: x.at[:].max(o),
    "at": lambda x, o: at(x)[:].add(o),
    "full_like": lambda x, o: np.full_like(x, o) * x,
}

LEFT = {**FUNCTIONS, **WITH}
RIGHT = {f"{name}, from the right": (lambda x, o, f=f: f(o, x)) for name, f in FUNCTIONS.items()}


def in_grad(f):
    return grad(lambda x: np.sum(f(x)))(X)


def in_jvp(f):
    return jvp(f, (X,), (np.ones(3),))


def in_vmap(f):
    return vmap(f)(np.stack([X, X + 1]))


def in_linearize(f):
    y, along = linearize(f, X)
    return y, along(np.ones(3))


def in_jet(f):
    y, terms = jet(f, (X,), ([np.ones(3)],))
    return y, terms[0]


def in_grad_of_jvp(f):
    return grad(lambda x: np.sum(jvp(f, (x,), (np.ones(3),))[1]))(X)


TRANSFORMS = [in_grad, in_jvp, in_vmap, in_linearize, in_jet, in_grad_of_jvp]


def assert_plain_and_equal(found, wanted):
    for a, b in zip(fdezero.tree.leaves(found), fdezero.tree.leaves(wanted), strict=True):
        assert type(a) is type(b) and type(a) in (np.ndarray, np.float64)
        np.testing.assert_array_equal(a, b)


# -- what is converted ---------------------------------------------------------------------------------
@pytest.mark.parametrize("transform", TRANSFORMS, ids=lambda t: t.__name__)
@pytest.mark.parametrize("kind", CONVERTED)
def test_other_arrays_count_as_ndarrays(kind, transform):
    other = CONVERTED[kind]()
    for f in (*LEFT.values(), *RIGHT.values()):
        with warnings.catch_warnings():  # np.copysign and others at their kinks
            warnings.simplefilter("ignore", RuntimeWarning)
            wanted = transform(lambda x, f=f: f(x, np.asarray(other, float)))
            assert_plain_and_equal(transform(lambda x, f=f: f(x, other)), wanted)


def test_labels_are_not_aligned():
    pandas = pytest.importorskip("pandas")
    s = pandas.Series([1.0, 2.0, 3.0], index=list("abc"))
    t = pandas.Series([10.0, 20.0, 30.0], index=list("cab"))
    for f in (lambda x: x @ s + x @ t, lambda x: (x * s).sum() + np.dot(t, x), lambda x: np.sum(s * x + t * x)):
        assert_plain_and_equal(grad(f)(X), np.array([11.0, 22.0, 33.0]))
        assert_plain_and_equal(jvp(f, (X,), (X,))[1], np.float64(11.0 + 44.0 + 99.0))


def test_frames():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(np.arange(6.0).reshape(3, 2), columns=["a", "b"], index=[2, 0, 1])
    wanted = frame.to_numpy().sum(axis=1)
    for f in (lambda x: (x @ frame).sum(), lambda x: np.sum(x[:, None] * frame), lambda x: np.sum(frame * x[:, None])):
        assert_plain_and_equal(grad(f)(X), wanted)


@pytest.mark.parametrize("name", ["dot", "stack", "where", "clip", "multiply", "concatenate", "einsum"])
def test_numpy_functions_of_a_data_array_on_the_right(name):
    other = data_array()
    assert_plain_and_equal(in_grad(lambda x: FUNCTIONS[name](x, other)), in_grad(lambda x: FUNCTIONS[name](x, other.to_numpy())))


class Size(enum.IntEnum):
    TWO = 2


def test_numbers_of_a_subclass():
    assert grad(lambda x: x * Size.TWO + Size.TWO * x)(3.0) == 4.0


@pytest.mark.parametrize("make", [series, data_array, lambda: range(1, 4), lambda: [1, 2, 3]])
def test_an_index_of_another_library_may_repeat(make):
    """A Series that names an entry twice collects both cotangents."""
    made = make()
    index = made * 0 + 1 if hasattr(made, "dtype") else [1, 1, 1]
    index = index.astype(int) if hasattr(index, "astype") else index
    assert_plain_and_equal(grad(lambda x: np.sum(x[index] * X))(X), np.array([0.0, 6.0, 0.0]))
    assert_plain_and_equal(grad(lambda x: np.sum(np.take(x, index) * X))(X), np.array([0.0, 6.0, 0.0]))


# -- what is refused -----------------------------------------------------------------------------------
@pytest.mark.parametrize("transform", TRANSFORMS, ids=lambda t: t.__name__)
@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_refused_is_refused_at_once(kind, transform):
    make, word = REFUSED[kind]
    other = make()
    for name, f in LEFT.items():
        with pytest.raises(TypeError) as caught:
            transform(lambda x, f=f: f(x, other))
        assert word in str(caught.value), (name, str(caught.value))


@pytest.mark.parametrize("transform", TRANSFORMS, ids=lambda t: t.__name__)
@pytest.mark.parametrize("kind", ["masked", "matrix", "quantity", "object", "dates", "times", "text", "records"])
def test_arrays_are_refused_from_the_right_too(kind, transform):
    """Where the other library's own operator comes first, it is its call for a plain array that is refused."""
    other = REFUSED[kind][0]()
    for f in RIGHT.values():
        with pytest.raises(TypeError):
            transform(lambda x, f=f: f(other, x))


def test_a_mask_is_never_dropped():
    masked = np.ma.array(NUMBERS, mask=[False, True, False])
    with pytest.raises(TypeError, match="MaskedArray"):
        grad(lambda x: array([x, masked]).sum())(X)
    with pytest.raises(TypeError, match=r"a MaskedArray has rules of arithmetic .*np\.asarray\(x\)"):
        grad(lambda x: (x - masked).sum())(X)
    with pytest.raises(TypeError, match=r"numpy\.ma\.core\.MaskedArray\.__sub__, a function outside plain NumPy"):
        grad(lambda x: (masked - x).sum())(X)


def test_object_arrays_say_what_to_write():
    with pytest.raises(TypeError, match=r"dtype object has no derivative; write x\.astype\(float\)"):
        grad(lambda x: (np.array([1, 2, 3], dtype=object) * x).sum())(X)


# -- xarray has operators of its own -------------------------------------------------------------------
@pytest.mark.parametrize("transform", TRANSFORMS, ids=lambda t: t.__name__)
@pytest.mark.parametrize("f", OPERATORS, ids=lambda f: f.__name__)
def test_operators_with_a_data_array_are_refused(f, transform):
    other = data_array()
    lines = []

    def on_the_left(x):
        lines.append("before")
        y = f(x, other)
        lines.append("after")
        return y

    with pytest.raises(TypeError, match=r"\.to_numpy\(\)"):
        transform(on_the_left)
    assert lines == ["before"]  # at the line itself
    for g in (lambda x: f(other, x), lambda x: f(other, x).sum(), lambda x: np.sum(np.add(other, x))):
        with pytest.raises(TypeError, match=r"\.to_numpy\(\)"):
            transform(g)


def test_a_number_taken_out_of_a_data_array():
    with pytest.raises(TypeError, match=r"xarray\.\S+, a function outside plain NumPy.*\.to_numpy\(\)"):
        grad(lambda x: float((data_array() * x).sum()))(X)


# -- results, cotangents, tangents ---------------------------------------------------------------------
#: Where an array of another library may come in beside an operand.
ENTRANCES = {
    "cotangent": lambda o: vjp(lambda x: x * 2, X)[1](o)[0],
    "tangent": lambda o: jvp(lambda x: x * 2, (X,), (o,))[1],
    "tangent of linearize": lambda o: linearize(lambda x: x * 2, X)[1](o),
    "batch": lambda o: vmap(lambda x: x * 2)(o),
    "shared by a batch": lambda o: vmap(lambda x: x * o, in_axes=0)(np.ones((2, 3)))[0] * 2,
    "partial": lambda o: grad(lambda x: primitives.elementwise(lambda x: x, lambda x: 2 * o, name="p")(x).sum())(X),
    "function": lambda o: jvp(primitives.elementwise(lambda x: o, lambda x: 2 * o, name="p"), (X,), (X * 0 + 1,))[1],
    "value of a function": lambda o: 2 * jvp(primitives.elementwise(lambda x: o, 1, name="p"), (X,), (X,))[0],
    "transpose": lambda o: grad(lambda x: primitives.linear(lambda x: x * 2, lambda g: 2 * g * o, name="p")(x).sum())(X),
    "bwd": lambda o: grad(lambda x: made_vjp(lambda g: 2 * o)(x).sum())(X),
    "fwd": lambda o: 2 * vjp(made_vjp(lambda g: g, o), X)[0],
    "rule of custom_jvp": lambda o: jvp(made_jvp(2 * o), (X,), (X,))[1],
}


def made_vjp(bwd, out=None):
    f = custom_vjp(lambda x: x)
    f.defvjp(lambda x: (x if out is None else out, ()), lambda residuals, g: (bwd(g),))
    return f


def made_jvp(tangent):
    f = custom_jvp(lambda x: x)
    f.defjvp(lambda primals, tangents: (primals[0], tangent))
    return f


@pytest.mark.parametrize("name", ENTRANCES)
@pytest.mark.parametrize("make", [series, data_array, lambda: np.array(NUMBERS).view(Subclass)])
def test_no_result_is_of_another_library(make, name):
    other = make()
    if name == "shared by a batch" and make is data_array:
        pytest.skip("an operator with a DataArray")
    assert_plain_and_equal(ENTRANCES[name](other), 2 * np.array(NUMBERS))


@pytest.mark.parametrize("name", ENTRANCES)
def test_no_result_is_masked(name):
    with pytest.raises(TypeError, match="MaskedArray"):
        ENTRANCES[name](np.ma.array(NUMBERS, mask=[True, False, False]))


@pytest.mark.parametrize(
    ("make", "words"),
    [(series, "a Series of dtype float64 and shape (3,), an array of another library; write x.to_numpy()"), (data_array, "write x.to_numpy()"),
     (lambda: np.ma.array(NUMBERS), "MaskedArray of dtype float64 and shape (3,), whose rules of arithmetic differ"), (lambda: np.array(NUMBERS).view(np.matrix), "matrix")],
)  # fmt: skip
def test_a_function_does_not_return_them(make, words):
    other = make()
    for transform in (lambda f: vjp(f, X), lambda f: grad(f)(X), lambda f: jvp(f, (X,), (X,)), lambda f: linearize(f, X), lambda f: vmap(f)(X),
                      lambda f: vmap(f, out_axes=None)(X), lambda f: jet(f, (X,), ([X],))):  # fmt: skip
        with pytest.raises(TypeError) as caught:
            transform(lambda x: other)
        assert words in str(caught.value)


def test_a_function_is_not_called_with_them():
    for make in (series, data_array):
        with pytest.raises(TypeError, match=r"of dtype float64 and shape \(3,\), which has no derivative; write x\.to_numpy\(\)"):
            grad(np.sum)(make())
    assert type(grad(np.sum)(np.array(NUMBERS).view(Subclass))) is np.ndarray
    assert type(vjp(np.sin, np.array(NUMBERS).view(Subclass))[0]) is np.ndarray


def test_under_no_grad_too():
    with no_grad():
        assert_plain_and_equal(in_jvp(lambda x: x * series())[0], X * np.array(NUMBERS))


# -- the functions themselves --------------------------------------------------------------------------
def test_as_operand_returns_what_it_knows():
    for x in (X, 1, 1.0, 1j, True, np.float32(1), np.int8(1)):
        assert as_operand(x) is x

    class OfAnotherLibrary:  # CuPy speaks all the protocols
        def __array_ufunc__(self):
            raise NotImplementedError

        __array_function__ = __array_ufunc__

    x = OfAnotherLibrary()
    assert as_operand(x) is x


def test_a_class_that_opts_out_of_numpy_is_asked_first():
    class Operator:
        __array_ufunc__ = None

        def __rmatmul__(self, x):
            return x * 3.0

    assert_plain_and_equal(grad(lambda x: (x @ Operator()).sum())(X), np.full(3, 3.0))
    with pytest.raises(TypeError, match="unsupported operand"):
        grad(lambda x: x + Operator())(X)


@pytest.mark.parametrize(
    ("x", "words"),
    [(X, "an array of dtype float64 and shape (3,)"), (np.ma.array(X), "a MaskedArray of dtype float64 and shape (3,)"),
     (None, "None"), (3, "3 (an int)"), ("a" * 50, "'" + "a" * 35 + " ... (a str)"), (np.float32(2), "np.float32(2.0) (a float32)")],
)  # fmt: skip
def test_describe(x, words):
    assert describe(x) == words


def test_describe_a_frame():
    pandas = pytest.importorskip("pandas")
    assert describe(pandas.DataFrame({"a": [1.0]})) == "a DataFrame of shape (1, 1)"


def test_solvers_name_what_the_function_returns():
    for solver in (fdezero.root, fdezero.fixed_point):
        with pytest.raises(TypeError, match=r"the function returned a Series .* write x\.to_numpy\(\)"):
            solver(lambda x, a: x * x - a, X, series())
        with pytest.raises(TypeError, match="with respect to x0: it is a Series"):
            solver(lambda x, a: x * x - a, series(), X)
