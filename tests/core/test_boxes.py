"""A Box's operators and conversions: what it answers, and what each use that would lose a derivative is told."""

import copy
import operator
import pickle
import traceback

import numpy as np
import pytest

import fdezero
from fdezero import Box, at, checkpoint, grad, jet, jvp, linearize, record, vjp, vmap

X = np.array([1.0, 2.0, 3.0])
A = np.diag([2.0, 3.0, 4.0]) + 0.1


def message(f, x=X, kind=TypeError):
    with pytest.raises(kind) as caught:
        grad(lambda x: np.sum(f(x)))(x)
    return str(caught.value)


# -- writing into plain arrays -------------------------------------------------------------------------
SIGNS = {
    operator.iadd: "+", operator.isub: "-", operator.imul: "*", operator.itruediv: "/", operator.ifloordiv: "//",
    operator.imod: "%", operator.ipow: "**", operator.imatmul: "@",
}  # fmt: skip


@pytest.mark.parametrize("f", SIGNS, ids=lambda f: f.__name__)
def test_an_operator_in_place(f):
    text = message(lambda x: f(np.ones((3, 3)), x[:, None] * x))
    assert text.startswith(f"a {SIGNS[f]}= x writes a Variable x into the plain array a, which would lose its derivative; ")
    assert f"write a = a {SIGNS[f]} x" in text


def assigned(index):
    def f(x):
        a = np.zeros((2, 3))
        a[index] = x
        return a

    return f


def assigned_flat(index, part):
    def f(x):
        a = np.zeros(3)
        a.flat[index] = x[part]
        return a

    return f


def added_at(x):
    a = np.zeros(3)
    np.add.at(a, [0, 0, 1], x)
    return a


def added_to_an_entry(x):
    a = np.zeros(3)
    a[0] += x[0]
    return a


def filled(x):
    a = np.zeros(3)
    a.fill(x[0])
    return a


def real_part(x):
    a = np.zeros(3, complex)
    a.real = x
    return a


WRITES = {
    "a[0] = x": assigned(0), "a[:] = x": assigned(slice(None)), "a[...] = x": assigned(...), "a[mask] = x": assigned(np.ones(2, bool)),
    "a.flat[:] = x": assigned_flat(slice(None), slice(None)), "a.flat[[0, 1]] = x": assigned_flat([0, 1], slice(2)),
    "np.add(a, 1, out=x)": lambda x: np.add(np.ones(3), 1.0, out=x), "np.add(x, 1, out=a)": lambda x: np.add(x, 1.0, out=np.ones(3)),
    "np.add(a, x, a)": lambda x: np.add(a := np.ones(3), x, a), "np.exp(x, out=a)": lambda x: np.exp(x, out=np.ones(3)),
    "np.hypot(a, x, out=a)": lambda x: np.hypot(a := np.ones(3), x, out=a),
    "np.matmul(out=)": lambda x: np.matmul(A, x, out=np.ones(3)), "np.add.at": added_at, "a.put": lambda x: np.zeros(3).put([0], x[:1]),
    "np.array([x, y])": lambda x: np.array([x, x]), "np.full": lambda x: np.full(3, x[0]), "a[x]": lambda x: np.ones(3)[x], "a.real = x": real_part,
}  # fmt: skip


@pytest.mark.parametrize("name", WRITES)
def test_what_writes_a_box_into_an_array_names_the_functional_form(name):
    assert "fdezero.at(" in message(WRITES[name])


@pytest.mark.parametrize("function", [np.dot, np.outer, np.inner, np.multiply, np.matmul], ids=lambda f: f.__name__)
@pytest.mark.parametrize("target", ["out", "positional"])
def test_no_function_leaves_out_alone(function, target):
    """`out=` is refused and not ignored, which would leave zeros in the array."""
    a = np.zeros((3, 3)) if function is np.outer else np.zeros(()) if function in (np.dot, np.matmul) else np.zeros(3)
    text = message(lambda x: function(x, x, a) if target == "positional" else function(x, x, out=a))
    assert "argument" in text or "out" in text


def test_take_has_its_mode_by_name_and_by_position():
    for f in (lambda x: np.take(x, [5], 0, None, "clip"), lambda x: np.take(x, [5], mode="clip"), lambda x: np.take(x, [5], 0, mode="wrap")):
        np.testing.assert_array_equal(np.sum(f(X)), 3.0)
        np.testing.assert_array_equal(grad(lambda x, f=f: np.sum(f(x)))(X), [0.0, 0.0, 1.0])
    assert "out" in message(lambda x: np.take(x, [0], out=np.zeros(1)))


@pytest.mark.parametrize("f", [lambda x: assigned((0, 0))(x[0]), added_to_an_entry, filled])
def test_an_entry_of_a_plain_array(f):
    """NumPy asks for float(x), and wraps the error."""
    with pytest.raises(ValueError, match="setting an array element") as caught:
        grad(lambda x: np.sum(f(x)))(X)
    assert "a = fdezero.at(a)[0].set(x)" in str(caught.value.__cause__)


@pytest.mark.parametrize("transform", [lambda f: grad(f)(X), lambda f: jvp(f, (X,), (X,)), lambda f: vmap(f)(A), lambda f: checkpoint(grad(f))(X)])
def test_an_entry_of_a_flat_array(transform):
    """NumPy hides the error of float(x); a note says what it was."""
    with pytest.raises(ValueError, match="Error setting single item of array") as caught:
        transform(lambda x: np.sum(assigned_flat(0, 0)(x)))
    assert "write a = fdezero.at(a)[index].set(x)" in "".join(traceback.format_exception(caught.value))


# -- functions outside NumPy ---------------------------------------------------------------------------
def scipy_functions():
    modules = ("special", "linalg", "stats", "fft", "signal", "integrate")
    special, linalg, stats, fft, signal, integrate = [pytest.importorskip(f"scipy.{name}") for name in modules]
    return {
        "scipy.special.logsumexp": special.logsumexp,
        "scipy.special.softmax": special.softmax,
        "scipy.linalg.solve": lambda x: linalg.solve(A, x),
        "scipy.linalg.svd": lambda x: linalg.svd(A * x)[1],
        "scipy.linalg.expm": lambda x: linalg.expm(A * x),
        "scipy.linalg.cho_solve": lambda x: linalg.cho_solve(linalg.cho_factor(A), x),
        "scipy.stats.skew": stats.skew,
        "scipy.stats.rv_continuous.logpdf": stats.norm.logpdf,
        "scipy.integrate.quad": lambda x: integrate.quad(lambda t: t * x[0], 0.0, 1.0)[0],
        "scipy.fft.fft": lambda x: fft.fft(x).real,
        "scipy.signal.convolve": lambda x: signal.convolve(x, x),
    }


def test_a_function_of_scipy_is_named():
    for name, f in scipy_functions().items():
        text = message(f)
        assert text.startswith(f"{name}, a function outside plain NumPy, makes a plain array or number of a Variable, which would lose")
        assert all(word in text for word in ("fdezero.custom_jvp", "fdezero.custom_vjp", "fdezero.primitives"))


def test_functions_of_pandas_and_of_masked_arrays_are_named():
    pandas = pytest.importorskip("pandas")
    assert message(lambda x: pandas.Series(X) @ x).startswith("pandas.core.series.Series.__matmul__, a function outside")
    assert message(lambda x: pandas.Series(x).sum()).startswith("pandas.core.series.Series.__init__, a function outside")
    assert message(lambda x: np.ma.array(X) - x).startswith("numpy.ma.core.MaskedArray.__sub__, a function outside")


@pytest.mark.parametrize("f", [np.asarray, np.array, lambda x: np.array([x, x]), lambda x: np.vectorize(abs)(x), lambda x: np.random.default_rng(0).normal(x)])
def test_the_users_own_conversion_is_told_what_to_write(f):
    text = message(f)
    assert text.startswith("np.array([x, y]), np.asarray(x)") and "np.stack([x, y])" in text


def test_the_users_own_conversion_inside_a_callback():
    """What a library calls back is the user's."""
    optimize = pytest.importorskip("scipy.optimize")
    assert message(lambda x: optimize.minimize(lambda u: np.sum(np.asarray(x) * u * u), X).x).startswith("np.array([x, y]), np.asarray(x)")


# -- pickling and copying ------------------------------------------------------------------------------
def boxes():
    seen = []
    for run in (
        lambda f: grad(f)(X), lambda f: jvp(f, (X,), (X,)), lambda f: vmap(f)(A), lambda f: jet(f, (X,), ([X],)),
        lambda f: fdezero.linear_transpose(lambda x: f(x) * 0, X),
    ):  # fmt: skip
        run(lambda x: seen.append(x) or np.sum(x * 1.0))
    return seen


def test_a_box_is_not_pickled():
    for box in boxes():
        with pytest.raises(TypeError, match=f"a {type(box).__name__} cannot be pickled, for its graph .*; pickle x.value"):
            pickle.dumps(box)
        with pytest.raises(TypeError, match="cannot be pickled"):
            pickle.dumps({"a": [box]})


def test_copies_of_a_box_are_differentiated():
    for copied in (copy.copy, copy.deepcopy, lambda x: copy.deepcopy([x])[0], lambda x: x.copy(), np.copy):
        np.testing.assert_array_equal(grad(lambda x, c=copied: np.sum(c(x) * x))(X), 2 * X)


@pytest.mark.parametrize("make", [lambda: vjp(np.sin, X)[1], lambda: linearize(np.sin, X)[1], lambda: record(np.sin)(X), lambda: record(np.sin)(X).nodes[0]])
def test_a_recorded_graph_is_not_pickled(make):
    with pytest.raises(TypeError, match=r"recorded graph \(the result of record, vjp or linearize\) cannot be pickled; pickle the function"):
        pickle.dumps(make())


def test_a_pullback_may_be_copied():
    for transform in (vjp, linearize):
        pull = transform(lambda x: x * x, X)[1]
        for copied in (copy.copy(pull), copy.deepcopy(pull)):
            np.testing.assert_array_equal(fdezero.tree.leaves(copied(np.ones(3)))[0], 2 * X)


def test_a_box_is_unhashable():
    def f(x):
        assert isinstance(x, Box)
        with pytest.raises(TypeError, match="unhashable"):
            hash(x)
        return np.sum(at(x)[0].set(0.0))

    grad(f)(X)
