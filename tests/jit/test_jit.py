"""What `jit` promises: the same results, decisions of Python's, purity, trees, methods, threads, memory."""

import gc
import pickle
import threading
import tracemalloc
import warnings

import attrs
import numpy as np
import pytest

import fdezero
from fdezero import grad, jit, tree, value_and_grad
from fdezero.jit.flattener import MISS

X = np.arange(3.0)


def counted(f):
    """``f``, with a list of its calls: a compiled call makes none."""
    calls = []

    def counting(*args, **kwargs):
        calls.append(args)
        return f(*args, **kwargs)

    counting.calls = calls
    return counting


def variants(fast):
    return [len(made.variants) for made in fast._made.values()]


# -- results ------------------------------------------------------------------------------------------
def test_the_third_call_does_not_run_the_function(compiled):
    f = counted(lambda x: (np.tanh(x) * x).sum())
    fast = compiled(f)
    x = np.linspace(-1, 1, 7)
    for k in range(5):
        assert fast(x * k) == pytest.approx((np.tanh(x * k) * x * k).sum(), rel=1e-14)
    assert len(f.calls) == 2  # traced, and traced once more to compare


def test_trees_go_in_and_come_out(compiled):
    def f(params, pair, *, scale):
        w, b = params["w"], params["b"]
        return {"y": (w @ b * scale, [pair[0] - pair[1]]), "n": None, "name": "sum", "k": 3}

    args = {"w": np.ones((2, 3)), "b": np.arange(3.0)}, (2.0, np.float32(1.0))
    fast = compiled(f)
    for _ in range(3):
        found, wanted = fast(*args, scale=2.0), f(*args, scale=2.0)
        assert tree.flatten(found)[1] == tree.flatten(wanted)[1]
        for a, b in zip(tree.leaves(found), tree.leaves(wanted), strict=True):
            np.testing.assert_array_equal(a, b)
            assert np.asarray(a).dtype == np.asarray(b).dtype
        assert type(found["y"][1][0]) is type(wanted["y"][1][0])


@pytest.mark.parametrize(
    "args",
    [
        (np.ones(3, np.float32), 2.0),
        (np.ones(3, np.float32), np.float64(2.0)),
        (np.arange(3), 2),
        (np.arange(3, dtype=np.int8), 2),
        (np.ones(3, bool), 1.5),
        (1j * np.ones(2), 2.0),
        (2, 3),
        (2.0, 3),
        (2.0, 3j),
        (np.float32(2), 3.0),
        (True, np.ones(2)),
    ],
    ids=str,
)
def test_numbers_give_way_to_arrays_as_in_numpy(compiled, args):
    def f(x, y):
        return x * y + y, x - y * 2

    fast = compiled(f)
    for _ in range(3):
        for a, b in zip(fast(*args), f(*args), strict=True):
            assert type(a) is type(b)
            assert np.asarray(a).dtype == np.asarray(b).dtype
            np.testing.assert_allclose(a, b, rtol=1e-6)


def test_results_belong_to_the_caller(compiled):
    w = np.ones(3)
    fast = compiled(lambda x: (x, x, w, x[1:], x.reshape(3, 1), x * 1))
    x = np.arange(3.0)
    for _ in range(3):
        results = fast(x)
        for k, result in enumerate(results):
            assert result.flags.writeable
            assert not any(np.may_share_memory(result, other) for other in (x, w, *results[:k]))


def test_strides_and_order_do_not_matter(compiled):
    f = grad(lambda x: (np.tanh(x) @ x.T).sum())
    fast = compiled(f)
    x = np.random.default_rng(0).standard_normal((4, 6))
    for given in (x, np.asfortranarray(x), x[::-1], np.repeat(x, 2, 1)[:, ::2], np.broadcast_to(x[0], (4, 6)), x.copy()):
        np.testing.assert_allclose(fast(given), f(given), rtol=1e-13)
    read_only = x.copy()
    read_only.flags.writeable = False
    np.testing.assert_allclose(fast(read_only), f(x), rtol=1e-13)


@pytest.mark.parametrize("size", [0, 1, 7, 8, 9, 1000])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_sizes(compiled, size, dtype):
    f = value_and_grad(lambda x: (np.exp(-x * x) * np.where(x > 0, x, 0.1 * x)).sum() / (1 + np.sum(x * x)))
    fast = compiled(f)
    rng = np.random.default_rng(size)
    for _ in range(4):
        x = rng.standard_normal(size).astype(dtype)
        for a, b in zip(fast(x), f(x), strict=True):
            assert a.dtype == b.dtype
            np.testing.assert_allclose(a, b, rtol=1e-5 if dtype is np.float32 else 1e-12, atol=1e-6 if dtype is np.float32 else 0)


# -- decisions ----------------------------------------------------------------------------------------
def test_an_if_takes_two_programs(compiled):
    def f(x):
        s = (x * x).sum()
        return np.tanh(x).sum() if s > 2.0 else (x * s).sum()

    fast = compiled(grad(f))
    for scale in (0.1, 3.0, 0.2, 4.0, 0.3, 5.0):
        np.testing.assert_allclose(fast(np.ones(3) * scale), grad(f)(np.ones(3) * scale), rtol=1e-13)
    assert variants(fast) == [2]


@pytest.mark.parametrize("x", [1.5, 1e200, -np.inf], ids=str)
def test_results_are_python_s_numbers_where_the_function_s_are(compiled, x):
    def f(x, v):
        s = np.sin(v)
        return x * x, (x, {"x": -x, "constant": 2.0}), np.float64(x) * 2.0, s, np.linalg.norm(v * x), x * 1.0

    fast, v = compiled(f), np.ones(3)
    with np.errstate(all="ignore"):
        for _ in range(4):  # traced, compared, and twice as compiled or where errors came up
            for got, want in zip(tree.leaves(fast(x, v)), tree.leaves(f(x, v)), strict=True):
                assert type(got) is type(want)
                np.testing.assert_allclose(got, want, rtol=1e-14)


@pytest.mark.parametrize(
    "kwargs",
    [{}, {"w": 2.0}, {"w": 2.0, "p": {"b": X, "a": X}}, {"p": {"a": X, "b": X}, "w": 2.0}, {"mode": "other"}],
    ids=["none", "one", "a tree", "in another order", "of no array"],
)
def test_keywords_are_checked_by_the_generated_function(compiled, kwargs):
    def f(x, w=1.5, p=None, mode="sum"):
        return x * w + (0.0 if p is None else p["a"] - 2.0 * p["b"]) + (mode == "sum")

    fast = compiled(f)
    for _ in range(3):
        fast(X, **kwargs)
    np.testing.assert_allclose(fast(X, w=np.float32(2.0)), f(X, w=np.float32(2.0)))  # not what was compiled
    np.testing.assert_allclose(fast(X, **kwargs), f(X, **kwargs))
    np.testing.assert_allclose(fast._enter((X,), kwargs), f(X, **kwargs))
    for other in ({"p": 1.0}, {"w": "2"}, {**kwargs, "q": 1.0}, {"mode": "no"}):
        assert fast._enter((X,), other) is MISS
    assert fast._enter((X, 1.0), kwargs) is MISS


def test_a_while_takes_a_program_for_each_number_of_rounds(compiled):
    def newton(a):
        x = a * 1.0
        while abs(x * x - a) > 1e-9:
            x = 0.5 * (x + a / x)
        return x

    fast = compiled(grad(newton))
    for a in (2.0, 2.1, 3.0, 50.0, 2.2, 1e4, 2.05, 51.0):
        assert fast(a) == pytest.approx(0.5 / np.sqrt(a), rel=1e-6)
    assert variants(fast)[0] <= 5


def test_a_recursion(compiled):
    def power(x, n):
        return x if n == 1 else x * power(x, n - 1)

    fast = compiled(grad(power))
    for n in (1, 4, 2, 4, 1, 3, 4):
        assert fast(1.5, n) == pytest.approx(n * 1.5 ** (n - 1))


@pytest.mark.parametrize(
    "f",
    [
        lambda x: x[int(fdezero.stop_gradient(x.sum()))] ** 2,
        lambda x: x[x > 0].sum(),
        lambda x: x[np.nonzero(fdezero.stop_gradient(x) > 0.5)].prod(),
        lambda x: np.unique(np.round(fdezero.stop_gradient(x) * 2)).size * x.sum(),
        lambda x: x.sum() * fdezero.stop_gradient(x)[0].item(),
        lambda x: sum(x[i] for i in range(int(abs(fdezero.stop_gradient(x[0]))) + 1)),
    ],
)
def test_what_depends_on_values_is_never_wrong(compiled, f):
    fast = compiled(grad(f))
    rng = np.random.default_rng(3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for _ in range(40):
            x = rng.uniform(-0.4, 0.7, 4)
            np.testing.assert_allclose(fast(x), grad(f)(x), rtol=1e-13)


def test_a_decision_that_always_differs_is_reported_once_with_its_line(compiled):
    def f(x):
        scale = float(x)  # a different number at each call
        return x * scale

    fast = compiled(f)
    with pytest.warns(UserWarning, match=r"scale = float\(x\)") as found:
        for k in range(40):
            assert fast(1.0 + k) == (1.0 + k) ** 2
    assert [warning.filename for warning in found] == [__file__]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert fast(100.0) == 100.0**2


def test_an_error_that_the_function_catches_is_not_compiled(compiled):
    def f(a):
        try:
            return np.linalg.cholesky(a).sum()
        except np.linalg.LinAlgError:
            return (a + 10 * np.eye(2)).sum()

    fast = compiled(f)
    good, bad = np.array([[2.0, 0.5], [0.5, 1.0]]), np.array([[1.0, 2.0], [2.0, 1.0]])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for a in (good, good, good, bad, good, bad):
            assert fast(a) == pytest.approx(f(a))
    fast = compiled(f)
    with pytest.warns(UserWarning, match="went on after an error") as found:
        for a in (bad, good, bad):
            assert fast(a) == pytest.approx(f(a))
    assert {warning.filename for warning in found} == {__file__}


@pytest.mark.parametrize("kind", [np.ma.MaskedArray, np.matrix])
def test_arrays_with_an_arithmetic_of_their_own_are_refused(compiled, kind):
    x = np.ones((1, 2)).view(kind)
    with pytest.raises(TypeError, match=rf"{kind.__name__}.* write np.asarray\(x\)"):
        compiled(lambda x: x * 2)([x])


def test_other_arrays_are_what_is_in_them(compiled):
    class Named(np.ndarray):
        pass

    fast = compiled(lambda x: x * 2)
    for _ in range(3):
        assert type(fast(np.ones(2).view(Named))) is np.ndarray


# -- what wraps -----------------------------------------------------------------------------------------
@attrs.frozen
class Model:
    w: np.ndarray

    @jit
    def predict(self, x):
        """The prediction."""
        return np.tanh(x @ self.w).sum()


@jit(backend="numpy")
def module_level(x):
    return x * 2


def test_as_a_method_and_a_decorator():
    model = Model(np.ones(3))
    x = np.ones((2, 3))
    assert [float(model.predict(x * k)) for k in range(4)] == pytest.approx([2 * np.tanh(3 * k) for k in range(4)])
    assert Model.predict.__name__ == "predict"
    assert Model.predict.__doc__ == "The prediction."


def test_pickles():
    assert pickle.loads(pickle.dumps(module_level)) is module_level
    fast = pickle.loads(pickle.dumps(jit(np.tanh)))
    assert fast(0.0) == 0.0


def test_static_arguments(compiled):
    def f(x, how, *, n):
        return x * n if how == "times" else x + n

    fast = compiled(f, static_argnums=1, static_argnames="n")
    for _ in range(3):
        assert fast(2.0, "times", n=3) == 6.0
        assert fast(2.0, "plus", n=3) == 5.0
        assert fast(2.0, "plus", n=4) == 6.0
    assert len(fast._made) == 3
    with pytest.raises(TypeError, match="cannot be hashed"):
        fast(2.0, ["plus"], n=3)


def test_bad_input_says_what_to_write():
    with pytest.raises(TypeError, match=r"write jit\(f\)\(x\)"):
        jit(3.0)
    with pytest.raises(ValueError, match='"llvm", "numpy" or None'):
        jit(np.sin, backend="gpu")


def test_program_prints_itself(compiled):
    fast = compiled(grad(lambda x: np.sum(x * x)))
    assert "return" in str(fast.program(np.ones(3)))


# -- threads and memory -----------------------------------------------------------------------------------
def test_eight_threads_one_function(compiled):
    f = grad(lambda x: (np.tanh(x) * np.exp(-x)).sum())
    fast, wrong = compiled(f), []

    def work(seed):
        rng = np.random.default_rng(seed)
        for n in (3, 100, 1000, 3, 100, 1000) * 5:
            x = rng.standard_normal(n)
            if not np.allclose(fast(x), f(x), rtol=1e-12):
                wrong.append(seed)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


@pytest.mark.parametrize("n", [3, 1000])
def test_memory_is_flat_over_many_calls(compiled, n):
    fast = compiled(grad(lambda x: (np.tanh(x) * x).sum()))
    x = np.ones(n)
    tracemalloc.start()
    for _ in range(5_000):  # NumPy keeps some memory of its own
        fast(x)
    gc.collect()
    before = tracemalloc.get_traced_memory()[0]
    for _ in range(10_000):
        fast(x)
    assert tracemalloc.get_traced_memory()[0] - before < 20_000
    tracemalloc.stop()


def test_an_exception_inside_a_trace_leaves_nothing_behind(compiled):
    def f(x):
        if x > 1:
            raise KeyError("too large")
        return x * 2

    fast = compiled(f)
    for _ in range(3):
        with pytest.raises(KeyError):
            fast(2.0)
        assert fast(1.0) == 2.0
    assert np.geterr()["invalid"] == "warn"


def test_a_program_is_drawn(compiled):
    program = compiled(lambda x: np.sum(np.tanh(x))).program(np.ones(3))
    diagram = fdezero.show.mermaid(program)
    assert diagram.startswith("flowchart TD")
    assert "tanh<br>float64[3]" in diagram
    assert "v0 -> v1" in fdezero.show.dot(program)


def test_a_dtype_that_depends_on_values(compiled):
    fast = compiled(np.roots)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for p in ([1.0, -3.0, 2.0], [1.0, -3.0, 2.0], [1.0, 0.0, 1.0], [1.0, -5.0, 6.0]):
            np.testing.assert_allclose(fast(np.array(p)), np.roots(p))
            assert fast(np.array(p)).dtype == np.roots(p).dtype


def test_outputs_that_are_none(compiled):
    f = grad(lambda a: (np.linalg.eigvalsh(a + a.T) ** 2).sum() + np.linalg.norm(a, 2) + np.linalg.svd(a, compute_uv=False).sum())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fast = compiled(f)
        for seed in range(3):
            a = np.random.default_rng(seed).standard_normal((3, 3))
            np.testing.assert_allclose(fast(a), f(a), rtol=1e-10)
