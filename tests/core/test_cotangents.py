"""Cotangents: the shapes that rules return, and indices that name an entry twice."""

import numpy as np
import pytest

from fdezero import grad, vmap
from fdezero.core.cotangents import add_at, may_repeat
from fdezero.primitives import elementwise, general, linear
from fdezero.testing import check_grads

X = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])

#: Indices, and whether they may name an entry twice.
INDICES = {
    "number": (0, False),
    "slice": (slice(None), False),
    "ellipsis": ((..., 1), False),
    "new axis": ((None, 0), False),
    "mask": (X > 2.0, False),
    "array": (np.array([0, 0, 1]), True),
    "list": ([0, 0, 1], True),
    "tuple in a tuple": (((0, 0, 1),), True),
    "two tuples": (((0, 0, 1), (2, 2, 0)), True),
    "tuple behind a slice": ((slice(None), (1, 1)), True),
    "tuples apart": (((0, 0), None, (1, 1)), True),
    "tuple of booleans": (((True, False), 1), False),
}


@pytest.mark.parametrize("index, repeats", INDICES.values(), ids=INDICES)
def test_reads_at_indices(index, repeats):
    assert may_repeat(index) == repeats
    check_grads(lambda x: x[index] ** 2, (X,), modes=("rev", "fwd"))
    batch = np.stack([X, X + 1.0, 2 * X])
    np.testing.assert_array_equal(vmap(lambda x: x[index])(batch), np.stack([x[index] for x in batch]))


rng = np.random.default_rng(5)

#: A shape, and an index that names many of its entries more than once.
PLACES = {
    "of a vector": ((5,), rng.integers(0, 5, 50)),
    "from the end": ((5,), rng.integers(-5, 5, 50)),
    "in rows": ((5,), rng.integers(0, 5, (5, 9))),
    "of rows": ((5, 3), rng.integers(-5, 5, 50)),
    "of columns": ((5, 3), (slice(None), rng.integers(-3, 3, 50))),
    "apart": ((4, 3, 2), (rng.integers(0, 4, 60), slice(None), rng.integers(0, 2, 60))),
    "broadcast": ((5, 3), (rng.integers(0, 5, (9, 1)), rng.integers(0, 3, (1, 8)))),
    "list": ((5,), [1, 1, 2, 3, 4, 0, 0]),
    "unsigned": ((5,), rng.integers(0, 5, 50).astype(np.uint64)),
    "short": ((5,), rng.integers(0, 5, 50).astype(np.int8)),
    "few of many": ((100,), np.array([3, 3])),
}


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex64, np.complex128, np.longdouble])
@pytest.mark.parametrize(("shape", "index"), PLACES.values(), ids=PLACES)
def test_additions_at_places_that_repeat(shape, index, dtype):
    places = np.zeros(shape)[index].shape
    for values in (rng.normal(size=places), np.broadcast_to(1.5, places)):
        values = (values * (1 + 2j) if np.dtype(dtype).kind == "c" else values).astype(dtype)
        mine, wanted = np.ones(shape, dtype), np.ones(shape, dtype)
        np.add.at(wanted, index, values)
        add_at(mine, index, values)
        assert mine.dtype == dtype
        np.testing.assert_allclose(mine, wanted, rtol=1e-5, atol=1e-5)


#: Rules of which a cotangent does not fit, and what is said.
WRONG = {
    "too many axes": (elementwise(lambda x: 1.0 * x, lambda x: np.ones((2, 2, 3)), name="wrong"), r"returned .* \(2, 2, 3\)"),
    "too few axes": (elementwise(lambda x: 1.0 * x, lambda g: np.sum(g), name="wrong"), r"returned .* \(\) .* \(2, 3\)"),
    "number": (linear(np.sum, lambda g: 0.0, name="wrong"), r"returned .* \(\) .* \(2, 3\)"),
    "nothing": (general(np.sum, jvp=[lambda g: np.sum(g)], vjp=[lambda g: None], name="wrong"), "returned None"),
}


@pytest.mark.parametrize("function, message", WRONG.values(), ids=WRONG)
def test_cotangents_that_do_not_fit_are_refused(function, message):
    with pytest.raises((TypeError, ValueError), match=message):
        grad(lambda x: np.sum(function(x)))(X)


@pytest.mark.parametrize("shape", [(), (1,), (3,)])
def test_a_cotangent_of_two_arguments_with_too_few_axes_is_refused(shape):
    product = elementwise(lambda x, y: x * y, lambda g: np.sum(g), lambda g, x: np.sum(g * x), name="product")
    y = np.ones((2, 3))
    if shape == ():
        assert grad(lambda x: np.sum(product(x, y)))(1.0) == 6.0
    else:
        with pytest.raises(ValueError, match=r"the rule of product returned a cotangent of shape \(\)"):
            grad(lambda x: np.sum(product(x, y)))(np.ones(shape))
