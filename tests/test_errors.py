"""What bad use gets: an error at the line that is wrong, that says what to write instead."""

import cmath
import math

import attrs
import numpy as np
import pytest

import fdezero
from fdezero import checkpoint, elementwise_grad, grad, hessian, jacobian, no_grad, record, value_and_grad, vjp
from fdezero.core import boxes

X = np.array([1.0, 2.0])


def message(kind, f, *args, **kwargs):
    with pytest.raises(kind) as caught:
        f(*args, **kwargs)
    return str(caught.value)


# -- results that cannot be differentiated -----------------------------------------------------------
def test_grad_of_an_array():
    text = message(TypeError, grad(lambda x: x * 2), X)
    assert "shape (2,)" in text and "jacobian" in text and "vjp" in text
    assert "shape (0,)" in message(TypeError, grad(lambda x: x[:0]), X)
    assert "shape (2,)" in message(TypeError, grad(lambda x: np.ones(2)), X)


@pytest.mark.parametrize(
    ("result", "words"),
    [(None, "None"), ("text", "'text'"), (3, "3 (an int)"), (np.array([1, 2]), "dtype int64"), (True, "True"), ({}, "{}"), ((), "()")],
)
def test_results_that_are_no_numbers(result, words):
    assert words in message(TypeError, grad(lambda x: result), 1.0)
    if not isinstance(result, (dict, tuple)):
        assert words in message(TypeError, vjp, lambda x: result, 1.0)


def test_a_missing_return_is_guessed():
    assert "`return` missing" in message(TypeError, grad(lambda x: None), 1.0)


def test_grad_of_a_complex_result():
    assert "np.real" in message(TypeError, grad(lambda x: x * 1j), 1.0)


def test_has_aux_wants_a_pair():
    assert "(out, aux)" in message(TypeError, grad(lambda x: x, has_aux=True), 1.0)


# -- arguments that cannot be differentiated ---------------------------------------------------------
@pytest.mark.parametrize(
    "x", [3, True, np.array([1, 2]), np.array([True]), np.array([None]), np.int32(2)], ids=lambda x: str(np.asarray(x).dtype) + repr(x)
)
def test_arguments_without_a_derivative(x):
    for transform in (grad, value_and_grad, record):
        text = message(TypeError, transform(lambda x: 1.0), x)
        assert ".astype(float)" in text and "argnums" in text


def test_a_string_is_no_argument():
    text = message(TypeError, grad(lambda x: 1.0), "a")
    assert "argument 0: it is 'a' (a str)" in text and "argnums" in text


def test_a_leaf_is_named_by_its_place():
    assert "argument 0['step'][1]" in message(TypeError, grad(lambda p: p["w"]), {"w": 1.0, "step": (0.5, 3)})


def test_a_setting_in_a_tree_is_to_be_kept_out_of_it():
    assert "keep it out of the tree" in message(TypeError, grad(lambda p: p["w"]), {"w": 1.0, "n": 3})


def test_an_order_that_depends_on_memory():
    assert "order='F'" in message(TypeError, grad(lambda x: x.reshape(2, 1, order="A").sum()), X[:2])


def test_a_ufunc_of_another_library_is_not_numpy_s():
    ufunc = np.frompyfunc(math.erf, 1, 1)
    assert message(TypeError, grad(lambda x: ufunc(x).sum()), X).startswith("erf (vectorized) has no derivative rule")


def test_masked_arrays_and_matrices_are_refused():
    assert "np.asarray" in message(TypeError, grad(np.sum), np.ma.array([1.0, 2.0]))


@pytest.mark.parametrize("transform", [grad, value_and_grad, jacobian, hessian, elementwise_grad])
def test_an_argument_that_a_transform_has_not(transform):
    for call in (lambda: transform(np.sin, argnum=1), lambda: transform(argnum=1)):  # with its function, and waiting for it
        text = message(TypeError, call)
        assert text.startswith(f"{transform.__name__}() got an unexpected keyword argument 'argnum'") and "is argnums, has_aux" in text
    assert message(TypeError, lambda: checkpoint(np.sin, policy=None)).endswith("'policy'; it takes a function alone")


@pytest.mark.parametrize(
    ("argnums", "kind", "words"),
    [(2, ValueError, "argnums=2 for a call with 2"), (-3, ValueError, "argnums=-3"), ((0, 0), ValueError, "twice"),
     ((0, -2), ValueError, "twice"), (1.0, TypeError, "got 1.0"), ("x", TypeError, "got 'x'"), (True, TypeError, "got True")],
)  # fmt: skip
def test_wrong_argnums(argnums, kind, words):
    assert words in message(kind, grad(lambda x, y: x * y, argnums=argnums), 1.0, 2.0)


def test_arguments_to_differentiate_are_positional():
    assert "passed by position" in message(ValueError, grad(lambda x: x), x=1.0)


def test_a_transform_takes_a_function():
    assert "grad(f)(x)" in message(TypeError, grad, 3.0)


# -- leaving NumPy -----------------------------------------------------------------------------------
@pytest.mark.parametrize("f", [math.sin, float, math.floor, cmath.exp, complex, int, lambda x: [1, 2, 3][x]])
def test_leaving_numpy(f):
    text = message(TypeError, grad(f), 1.0)
    assert "would lose its derivative" in text
    assert "np." in text or "stop_gradient" in text


@pytest.mark.parametrize("f", [lambda x: x[0].item(), lambda x: x.tolist(), lambda x: list(map(float, x))])
def test_taking_numbers_out(f):
    assert "stop_gradient" in message(TypeError, grad(f), X)


def _assign(a, x):
    a[0] = x
    return a.sum()


@pytest.mark.parametrize(
    "f",
    [lambda x: np.array([x, x]), lambda x: np.asarray([x, 1.0]), lambda x: np.array(x), lambda x: _assign(np.zeros((2, 1)), x[None]),
     lambda x: np.zeros(2).__iadd__([x, x]), lambda x: np.add([x, x], 1.0)],
)  # fmt: skip
def test_making_plain_arrays(f):
    text = message(TypeError, grad(f), 1.0)
    assert "fdezero.array" in text and "fdezero.at(a)" in text


def test_assigning_a_scalar_into_a_plain_array():
    """NumPy asks for float(x) and wraps the answer in an error of its own; ours is its cause."""
    with pytest.raises(ValueError, match="setting an array element") as caught:
        grad(lambda x: _assign(np.zeros(2), x))(1.0)
    assert isinstance(caught.value.__cause__, TypeError)
    assert "fdezero.at(a)[0].set(x)" in str(caught.value.__cause__)


def test_filling_with_a_box():
    assert "np.broadcast_to(x, shape)" in message(TypeError, grad(lambda x: np.full(3, x).sum()), 1.0)


def test_asarray_of_a_box_is_the_box():
    """np.asarray dispatches on its argument only through `like=`; what reaches __array__ is refused."""
    assert "np.stack" in message(TypeError, grad(lambda x: np.asarray(x)), 1.0)


def test_assigning_to_a_box():
    def f(x):
        x[0] = 1.0
        return x.sum()

    text = message(TypeError, grad(f), X)
    assert "fdezero.at(x)[index].set(v)" in text and "x.at[index].set(v)" in text
    text = message(TypeError, grad(lambda x: np.multiply(x, 2.0, out=np.zeros(2)).sum()), X)
    assert "out=" in text and "fdezero.at(x)[index].set(v)" in text
    assert "out=" in message(TypeError, grad(lambda x: np.sum(x, out=np.zeros(()))), X)
    assert "write a = a + x" in message(TypeError, grad(lambda x: np.zeros(2).__iadd__(x).sum()), X)
    assert "write np." in message(TypeError, grad(lambda x: x.sort()), X)


@pytest.mark.parametrize("function", [np.copyto, np.put, np.place, np.putmask, np.fill_diagonal])
def test_functions_that_write(function):
    arguments = {np.put: ([0],), np.place: ([True, False],), np.putmask: ([True, False],)}.get(function, ())
    target = np.zeros((2, 2)) if function is np.fill_diagonal else np.zeros(2)
    assert "fdezero.at(a)" in message(TypeError, grad(lambda x: function(target, *arguments, x)), X)


def test_what_a_box_shows_is_read_only():
    def f(x):
        x.value[0] = 5.0
        return x.sum()

    assert "read-only" in message(ValueError, grad(f), X)
    assert X[0] == 1.0


def test_a_box_is_frozen():
    def f(x):
        x.level = 7
        return x

    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        grad(f)(1.0)


# -- what has no rule --------------------------------------------------------------------------------
def test_a_function_without_a_rule():
    text = message(TypeError, grad(lambda x: boxes.call(np.char.upper, (x,), {})), 1.0)
    assert text.startswith("numpy.") and text.endswith(" has no derivative rule; see fdezero.custom_vjp or fdezero.stop_gradient")


@pytest.mark.parametrize(
    ("f", "words"),
    [
        (lambda x: np.exp(x, where=np.array([True, False])), "numpy.exp has no derivative rule for the argument where="),
        (lambda x: np.exp(x, order="F"), "numpy.exp has no derivative rule for the argument order="),
        (lambda x: np.pad(x, 1, mode="empty"), "mode='empty'"),
        (lambda x: np.pad(x, 1, mode=lambda *a: None), "mode=a function"),
        (lambda x: x.copy(order="F"), "order="),
    ],
)
def test_an_argument_without_a_rule(f, words):
    assert words in message(TypeError, grad(f), X)


def test_operators_with_other_things():
    for other in (None, "text", {}, set()):
        with pytest.raises(TypeError, match="unsupported operand"):
            grad(lambda x, o=other: x + o)(1.0)


# -- cotangents --------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("cotangent", "kind", "words"),
    [
        (np.ones(3), ValueError, ("(3,)", "(2,)")),
        (np.ones(2, np.float32), TypeError, ("float32", "float64")),
        (np.ones(2, complex), TypeError, ("complex128", "float64")),
        (np.ones(2, int), TypeError, ("int64", "float64")),
        ([1.0, 1.0], TypeError, ("list", "(2,)")),
        (None, TypeError, ("None", "(2,)")),
        (1.0, ValueError, ("()", "(2,)")),
    ],
)
def test_wrong_cotangents(cotangent, kind, words):
    pull = vjp(lambda x: x * 2, X)[1]
    text = message(kind, pull, cotangent)
    assert all(word in text for word in words)


def test_a_cotangent_of_the_wrong_tree():
    pull = vjp(lambda x: {"a": x, "b": (x, x)}, 1.0)[1]
    assert "at ['b']: expected a tuple, got a list" in message(ValueError, pull, {"a": 1.0, "b": [1.0, 1.0]})
    assert "expected the entries ['a', 'b']" in message(ValueError, pull, {"a": 1.0})


# -- exceptions --------------------------------------------------------------------------------------
def test_an_exception_inside_passes_unchanged_and_leaves_nothing_behind():
    class Mine(Exception):
        pass

    def f(x):
        with no_grad():
            raise Mine("here")

    with pytest.raises(Mine, match=r"^here$"):
        grad(grad(f))(1.0)
    assert grad(lambda x: x * x)(3.0) == 6.0
    assert fdezero.core.recording.quiet_level.get() == 0


def test_no_grad_refuses_what_runs_later():
    async def coroutine():
        pass

    def generator():
        yield 1

    for f in (coroutine, generator):
        assert "write `with no_grad():` inside it" in message(TypeError, no_grad(), f)


def test_saving_without_dot(monkeypatch, tmp_path):
    tape = record(np.sin)(1.0)
    monkeypatch.setattr("shutil.which", lambda name: None)
    assert "Graphviz" in message(RuntimeError, fdezero.show.save, tape, tmp_path / "a.png")
    assert ".png or .svg" in message(ValueError, fdezero.show.save, tape, tmp_path / "a.txt")
