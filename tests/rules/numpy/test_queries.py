"""What has no derivative answers for a whole batch at once, or says why it cannot."""

import numpy as np
import pytest

import fdezero
from fdezero import grad, tree, vmap
from fdezero.interpreters import batching

from .coverage import DECLARED

rng = np.random.default_rng(3)
X = np.round(rng.normal(size=(4, 3, 5)), 1)
X[0, 1, 2], X[1, 0, 0], X[2, 0] = np.nan, 0, 0
Y = np.round(rng.normal(size=(4, 3, 5)), 1)
Y[:2] = X[:2]
SORTED = np.sort(np.round(rng.normal(size=(4, 6)), 1))
SORTED[3, 2:4] = SORTED[3, 2]
V = np.concatenate([SORTED[:, ::2], rng.normal(size=(4, 3)), np.full((4, 1), np.nan)], axis=1)

#: name, function of examples, their batches.
QUERIES = [
    *[(f"{f.__name__} {options}", lambda x, f=f, o=options: f(x, **o), (X,)) for f in (np.argmax, np.argmin) for options in ({}, {"axis": 0}, {"axis": -1, "keepdims": True}, {"keepdims": True})],
    *[(f"{f.__name__} {options}", lambda x, f=f, o=options: f(x, **o), (X,)) for f in (np.all, np.any, np.count_nonzero) for options in ({}, {"axis": 0}, {"axis": (0, -1)}, {"axis": 1, "keepdims": True}, {"keepdims": True})],
    ("all where", lambda x: np.all(x, axis=0, where=np.arange(5) > 1), (X,)),
    ("any where", lambda x: np.any(x, where=np.arange(5) > 1), (X,)),
    *[(f.__name__, f, (X,)) for f in (np.iscomplex, np.isreal, np.isposinf, np.isneginf)],
    ("isclose", lambda x, y: np.isclose(x, y), (X, Y)),
    ("isclose equal_nan", lambda x, y: np.isclose(x, y, 1e-3, 0.1, equal_nan=True), (X, Y)),
    ("isclose one", lambda x: np.isclose(0.5, x, atol=0.2), (X,)),
    ("isclose broadcast", lambda x, y: np.isclose(x, y, atol=1), (X, Y[:, 0])),
    ("allclose", lambda x, y: np.allclose(x, y), (X, Y)),
    ("allclose equal_nan", lambda x, y: np.allclose(x, y, equal_nan=True), (X, Y)),
    ("array_equal", lambda x, y: np.array_equal(x, y), (X, Y)),
    ("array_equal equal_nan", lambda x, y: np.array_equal(x, y, equal_nan=True), (X, Y)),
    ("array_equal shapes", lambda x, y: np.array_equal(x, y), (X, Y[:, :2])),
    ("array_equiv", lambda x: np.array_equiv(x, x[:1]), (X,)),
    ("array_equiv shapes", lambda x: np.array_equiv(x, x[:, :2]), (X,)),
    *[(f"searchsorted {side}, {where}", lambda a, v, s=side: np.searchsorted(a, v, s), args) for side in ("left", "right")
      for where, args in {"both": (SORTED, V), "a matrix": (SORTED, X), "a number": (SORTED, V[:, 0])}.items()],
    ("searchsorted in one", lambda v: np.searchsorted(SORTED[0], v), (V,)),
    ("searchsorted of one", lambda a: np.searchsorted(a, V[0]), (SORTED,)),
    ("searchsorted sorter", lambda a: np.searchsorted(a[::-1], V[0], sorter=np.arange(6)[::-1]), (SORTED,)),
    ("searchsorted method", lambda a: a.searchsorted(V[0], side="right"), (SORTED,)),
    ("searchsorted in nothing", lambda a, v: np.searchsorted(a[:0], v), (SORTED, V)),
    ("digitize", lambda v: np.digitize(v, SORTED[0]), (V,)),
    ("digitize right", lambda v: np.digitize(v, SORTED[0], right=True), (V,)),
    ("digitize falling", lambda v: np.digitize(v, SORTED[0][::-1]), (V,)),
    ("digitize falling right", lambda v: np.digitize(v, SORTED[0][::-1], right=True), (V,)),
    ("digitize own bins", lambda v, b: np.digitize(v, b), (V, SORTED)),
    ("digitize own falling bins", lambda v, b: np.digitize(v, b[::-1], True), (V, SORTED)),
    ("isin", lambda x: np.isin(x, [0.5, -1.2, 0.0, np.nan]), (X,)),
    ("isin own", lambda x, y: np.isin(x, y), (X, Y)),
    ("isin of one", lambda y: np.isin(X[0], y), (Y,)),
    ("isin invert", lambda x, y: np.isin(x, y, invert=True), (X, Y[:, 0])),
    ("isin nothing", lambda x, y: np.isin(x, y[:0]), (X, Y)),
    *[(f"argpartition {axis}", lambda y, a=axis: np.argpartition(y, 2, axis=a), (rng.normal(size=(4, 3, 5)),)) for axis in (0, 1, -1, None)],
    ("argsort", lambda x: x.argsort(axis=0), (X,)),
]  # fmt: skip


@pytest.mark.parametrize(("f", "batches"), [q[1:] for q in QUERIES], ids=[q[0] for q in QUERIES])
def test_a_batch_is_answered_without_a_loop(f, batches, monkeypatch):
    def looped(*args):
        raise AssertionError("a Python loop over the examples")

    expected = np.stack([f(*each) for each in zip(*batches, strict=True)])
    monkeypatch.setattr(batching, "one_by_one", looped)
    found = vmap(f)(*batches)
    assert found.dtype == expected.dtype
    np.testing.assert_array_equal(found, expected)
    nested = vmap(vmap(f))(*[np.stack([b, b[::-1]]) for b in batches])
    np.testing.assert_array_equal(nested, np.stack([expected, expected[::-1]]))


@pytest.mark.parametrize(("f", "batches"), [q[1:] for q in QUERIES], ids=[q[0] for q in QUERIES])
def test_an_answer_inside_grad_is_numpy_s(f, batches):
    args = [b[0] for b in batches]
    seen = []

    def program(*args):
        seen.append(f(*args))
        return args[0].sum()

    grad(program)(*args)
    np.testing.assert_array_equal(seen[0], f(*args))
    assert type(seen[0]) is type(f(*args)) or np.shape(f(*args)) == ()


#: What NumPy computes for one example at a time, with no algorithm for many.
LOOPS = {"bincount", "bin_of", "histogram_bin_edges", "weighted_quantile_place", "roots"}


def test_every_rule_says_how_it_batches():
    assert len(DECLARED) > 100
    assert {p.name for p in DECLARED if p.core is None and p.batch is None} <= LOOPS


def message(f, x):
    with pytest.raises((TypeError, IndexError)) as caught:
        vmap(f)(x)
    return str(caught.value)


@pytest.mark.parametrize(
    "f",
    [
        lambda x: x[np.nonzero(x)].sum(), lambda x: x[x.nonzero()].sum(), lambda x: np.where(x > 0)[0], lambda x: np.argwhere(x),
        lambda x: np.flatnonzero(x), lambda x: x[x > 0].sum(), lambda x: fdezero.at(x)[x > 0].set(0.0),
    ],
)  # fmt: skip
@pytest.mark.parametrize("x", [np.ones((2, 3)), np.eye(2), np.zeros((1, 3))], ids=["ones", "eye", "zeros"])
def test_a_shape_that_depends_on_values_is_refused(f, x):
    """Also where it happens to be the same for all: that depends on the numbers."""
    assert "np.where(mask, x, 0)" in message(f, x)
    grad(lambda row: (f(row), row.sum())[1])(x[0])  # of one example it is answered


def test_counts_that_differ_are_refused():
    assert "np.where(mask, x, 0)" in message(lambda n: np.repeat(n * 1.0, n), np.array([[1, 1], [0, 2]]))


@pytest.mark.parametrize("f", [np.array_str, np.array_repr, np.array2string], ids=lambda f: f.__name__)
def test_a_text_of_a_batch_is_refused(f):
    text = message(f, np.ones((2, 3)))
    assert f.__name__ in text and "outside vmap" in text
    seen = []
    grad(lambda x: (seen.append(f(x, precision=2)), x.sum())[1])(np.full(2, 1 / 3))
    assert seen == [f(np.full(2, 1 / 3), precision=2)]


def test_shape_and_dtype_queries_do_not_depend_on_the_batch():
    seen = []

    def f(x, i):
        seen.append((
            np.result_type(x, np.float32(1)), np.result_type(x, 1j), np.can_cast(x, float), np.can_cast(i.dtype, x.dtype), np.iscomplexobj(x),
            np.isrealobj(x), np.ndim(x), np.shape(x), np.size(x), np.size(x, 0), np.min_scalar_type(x), len(x), x.nbytes,
        ))  # fmt: skip
        return x

    for x, i in ((np.ones((2, 3), np.float32), np.ones((2, 3), int)), (np.ones((2, 3, 1), complex), np.ones((2, 1), np.int8))):
        seen.clear()
        f(x[0], i[0])
        vmap(f)(x, i)
        grad(lambda v, i=i: np.real(f(v, i[0]).sum()))(x[0])
        assert seen[1] == seen[0] == seen[2]
    assert "min_scalar_type" in message(np.min_scalar_type, np.ones(3))


def test_the_answer_of_a_batch_decides_no_branch():
    with pytest.raises(TypeError, match=r"np\.where"):
        vmap(lambda x: x if np.allclose(x, 1) else -x)(X)
    assert all(type(a) is bool for a in tree.leaves([np.allclose(X[1], 1), np.array_equal(X[1], 1)]))
