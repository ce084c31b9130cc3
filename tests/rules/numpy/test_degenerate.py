"""Numbers where an axis is named, and arrays and indices of no entries: values, errors and warnings as NumPy's."""

import warnings

import numpy as np
import pytest

import fdezero
from fdezero import grad, jvp, record, tree, vmap
from fdezero.core import boxes

from .test_dtypes import assert_as_numpy, on_box, outcome


def options_of(*names):
    """Every combination of an axis and keepdims, where the function takes it."""
    axes = [{"axis": a} for a in (0, -1, 1, None, (0,), ())]
    return [a | k for a in axes for k in ([{}, {"keepdims": True}] if "keepdims" in names else [{}])]


REDUCTIONS = (np.sum, np.prod, np.max, np.min, np.mean, np.var, np.std, np.all, np.any, np.count_nonzero)
SCANS = (np.cumsum, np.cumprod, np.argsort, np.sort, np.squeeze, np.expand_dims, np.flip)
WITH_MORE = {
    "argpartition": lambda x, **o: np.argpartition(x, 0, **o),
    "repeat": lambda x, **o: np.repeat(x, 2, **o),
    "take": lambda x, **o: np.take(x, 0, **o),
    "take of two": lambda x, **o: np.take(x, [0, 0], **o),
    "roll": lambda x, **o: np.roll(x, 1, **o),
    "concatenate": lambda x, **o: np.concatenate([x, x], **o),
    "stack": lambda x, **o: np.stack([x, x], **o),
    "norm": lambda x, **o: np.linalg.norm(x, **o),
}
AXES = [
    *[(f.__name__, f, options_of("keepdims")) for f in (*REDUCTIONS, np.argmax, np.argmin)],
    *[(f.__name__, f, options_of()) for f in SCANS],
    *[(name, f, options_of()) for name, f in WITH_MORE.items()],
]


@pytest.mark.parametrize(("f", "options"), [a[1:] for a in AXES], ids=[a[0] for a in AXES])
def test_an_axis_of_a_number(f, options):
    for o in options:
        assert_as_numpy(lambda x, o=o: f(x, **o), np.float64(0.7), str(o))


@pytest.mark.parametrize("f", [np.sum, np.prod, np.max, np.min, np.cumsum, np.cumprod, np.squeeze, WITH_MORE["repeat"], WITH_MORE["take"]])
@pytest.mark.parametrize("axis", [0, -1])
def test_the_derivative_along_an_axis_of_a_number(f, axis):
    slope = 2.0 if f is WITH_MORE["repeat"] else 1.0
    assert grad(lambda x: f(x, axis=axis).sum())(0.7) == slope
    assert jvp(lambda x: f(x, axis=axis).sum(), (0.7,), (1.0,))[1] == slope
    np.testing.assert_array_equal(vmap(lambda x: f(x, axis=axis))(np.array([0.5, 2.0])), [f(0.5, axis=axis), f(2.0, axis=axis)])


@pytest.mark.parametrize("index", [[], [[]], ([],), ([], slice(None)), (slice(None), []), ([], []), (0, []), ([[]], 0), (..., []), (None, [])], ids=str)
def test_an_empty_list_is_an_index(index):
    x = np.arange(6.0).reshape(2, 3)
    for read in (lambda x: x[index], lambda x: fdezero.at(x)[index].get()):
        assert_as_numpy(read, x, str(index))
        np.testing.assert_array_equal(grad(lambda x, r=read: r(x).sum() + x.sum())(x), np.ones((2, 3)))
    np.testing.assert_array_equal(vmap(lambda x: x[index])(np.stack([x, x])), np.stack([x[index]] * 2))
    np.testing.assert_array_equal(record(lambda x: fdezero.at(x)[index].set(5.0))(x).value, x)


def test_an_empty_list_beside_a_batched_index():
    x = np.arange(6.0).reshape(2, 3)
    assert vmap(lambda i: fdezero.at(x)[i, []].get())(np.array([0, 1])).shape == (2, 0)


@pytest.mark.parametrize("index", [np.array([]), [0.5], 1.0, "a"], ids=repr)
def test_what_is_no_index_is_none_for_a_box(index):
    for error in (outcome(lambda x: _read(x, index), np.ones(2)), on_box(lambda x: _read(x, index), np.ones(2))):
        assert isinstance(error, TypeError)


def _read(x, index):
    try:
        return x[index]
    except IndexError as error:
        raise TypeError from error


# -- arrays of no entries ------------------------------------------------------------------------------
EMPTY = [np.zeros(shape) for shape in ((0,), (0, 3), (3, 0))]
NORMS = {
    **{f"norm of a vector, {o}": (lambda x, o=o: np.linalg.norm(x.reshape(-1), o)) for o in (None, 1, 2, 3, 0.5, 0, np.inf)},
    **{f"norm of columns, {o}": (lambda x, o=o: np.linalg.norm(x, o, axis=0)) for o in (None, 1, 2, 3, 0.5, 0)},
    **{f"norm of a matrix, {o}": (lambda x, o=o: np.linalg.norm(x.reshape(-1, max(1, *x.shape)), o)) for o in (None, "fro", "nuc", 1, 2, np.inf)},
}


def watched(f, x):
    """The leaves of ``f(x)`` or the error, and the texts of its warnings."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            found = [np.asarray(boxes.raw(leaf)) for leaf in tree.leaves(f(x))]
        except (ValueError, TypeError) as error:
            found = error
    return found, {str(w.message) for w in caught}


@pytest.mark.parametrize("x", EMPTY, ids=lambda x: str(x.shape))
@pytest.mark.parametrize("f", [*REDUCTIONS, np.cumsum, np.cumprod, np.sort, np.argsort, np.argmax], ids=lambda f: f.__name__)
def test_reductions_of_nothing(f, x):
    for o in ({}, {"axis": 0}, {"axis": -1}):
        seen = []
        expected, texts = watched(lambda x, o=o: f(x, **o), x)
        record(lambda x, o=o: (seen.append(watched(lambda x: f(x, **o), x)), x)[1])(x)  # noqa: B023  # called at once
        found, found_texts = seen[0]
        if isinstance(expected, Exception):
            assert type(found) is type(expected) and str(found) == str(expected)
            continue
        for e, b in zip(expected, found, strict=True):
            assert (e.shape, e.dtype) == (b.shape, b.dtype)
            np.testing.assert_array_equal(b, e)
        told = {"Mean of empty slice", "Degrees of freedom <= 0 for slice"}
        assert {t.rstrip(".") for t in texts} & told == found_texts & told and bool(texts) == bool(found_texts)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("x", EMPTY, ids=lambda x: str(x.shape))
@pytest.mark.parametrize("f", [np.sum, np.prod, np.mean, np.var, np.std, np.cumsum, np.cumprod, *NORMS.values()])
def test_derivatives_of_nothing(f, x):
    for o in ({}, {"axis": 0}, {"axis": -1}) if f not in NORMS.values() else ({},):

        def program(x, o=o):
            return f(x, **o).sum()

        if isinstance(watched(program, x)[0], Exception):
            pytest.skip("this NumPy has no norm of nothing")
        slope = grad(program)(x)
        assert slope.shape == x.shape and slope.dtype == x.dtype
        out, along = jvp(program, (x,), (x,))
        np.testing.assert_array_equal(out, program(x))
        assert along == 0 or (np.isnan(out) and np.isnan(along))


@pytest.mark.parametrize("x", EMPTY[1:], ids=lambda x: str(x.shape))
@pytest.mark.parametrize("f", NORMS.values(), ids=NORMS)
def test_norms_of_nothing(f, x):
    """NumPy before 2.3 knows no largest of no values; here it is 0 everywhere, as the norm of the zero vector."""
    expected = outcome(f, x)
    if isinstance(expected, Exception):
        expected = outcome(lambda x: np.zeros(()), x)
    found = on_box(f, x)
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("ddof", [1, 2])
def test_no_degrees_of_freedom_are_warned_of(ddof):
    with pytest.warns(RuntimeWarning, match="Degrees of freedom <= 0"), np.errstate(all="ignore"):
        assert np.isnan(grad(lambda x: np.var(x, ddof=ddof))(np.array([1.0]))).all()
