"""Every transform over the whole table of rules, against the same thing got another way."""

import numpy as np
import pytest

from fdezero import at, jvp, linearize, tree, vjp, vmap
from fdezero.testing import check_grads

from ..parts import every
from ..rules.numpy.cases import CASES

rng = np.random.default_rng(7)


def draw_like(x):
    x = np.asarray(x)
    t = rng.uniform(0.5, 1.5, x.shape) + (1j * rng.uniform(0.5, 1.5, x.shape) if x.dtype.kind == "c" else 0)
    return t.astype(x.dtype)[()]


def inner(a, b):
    return sum(np.real(np.sum(x * y)) for x, y in zip(tree.leaves(a), tree.leaves(b), strict=True))


def assert_trees_close(a, b, tolerance):
    for x, y in zip(tree.leaves(a), tree.leaves(b), strict=True):
        assert np.shape(x) == np.shape(y)
        assert np.asarray(x).dtype == np.asarray(y).dtype
        np.testing.assert_allclose(x, y, rtol=tolerance, atol=tolerance)


def tolerance_of(case):
    return 2e-5 if any(np.asarray(a).dtype in (np.float32, np.complex64) for a in case.args) else 1e-9


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.name)
def test_vjp_is_the_transpose_of_jvp(case):
    tangents = tuple(map(draw_like, case.args))
    out, along = jvp(case.f, case.args, tangents)
    value, pull = vjp(case.f, *case.args)
    assert_trees_close(out, value, tolerance_of(case))
    cotangent = tree.map(draw_like, value)
    assert inner(cotangent, along) == pytest.approx(inner(pull(cotangent), tangents), rel=tolerance_of(case), abs=tolerance_of(case))


@pytest.mark.parametrize("case", every(2, CASES))
def test_linearize_is_jvp(case):
    tangents = tuple(map(draw_like, case.args))
    value, push = linearize(case.f, *case.args)
    assert_trees_close((value, push(*tangents)), jvp(case.f, case.args, tangents), tolerance_of(case))


@pytest.mark.parametrize("case", every(2, CASES))
def test_forward_mode_to_second_order(case):
    check_grads(case.f, case.args, order=2, modes=("fwd",), rtol=2e-4, atol=2e-5)


def batches(case):
    """The arguments with a batch axis: all of them, each alone."""
    full = tuple(range(len(case.args)))
    for chosen in dict.fromkeys((full, *((i,) for i in full))):
        args = [
            np.stack([x, x * np.asarray(1.01, np.asarray(x).dtype), x]) if i in chosen else x for i, x in enumerate(map(np.asarray, case.args))
        ]
        yield args, tuple(0 if i in chosen else None for i in full)


def example(args, axes, i):
    return [x[i] if axis == 0 else x for x, axis in zip(args, axes, strict=True)]


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.name)
def test_vmap_is_the_stacked_loop(case):
    if "mask of itself" in case.label:
        pytest.skip("the shape of the result depends on the values")
    for args, axes in batches(case):
        out = vmap(case.f, in_axes=axes)(*args)
        rows = [case.f(*example(args, axes, i)) for i in range(3)]
        assert_trees_close(out, tree.map(lambda *r: np.stack(r), *rows), tolerance_of(case))


@pytest.mark.parametrize("case", every(2, CASES))
def test_vmap_of_a_pullback_and_a_pullback_of_vmap(case):
    if "mask of itself" in case.label:
        pytest.skip("the shape of the result depends on the values")
    args, axes = next(batches(case))
    value, pull = vjp(vmap(case.f), *args)
    cotangent = tree.map(draw_like, value)
    outside = pull(cotangent)
    inside = vmap(lambda args, c: vjp(case.f, *args)[1](c))(tuple(args), cotangent)
    rows = [
        vjp(case.f, *example(args, axes, i))[1](tree.map(lambda c, i=i: c[i], cotangent)) for i in range(3)
    ]
    stacked = tree.map(lambda *r: np.stack(r), *rows)
    assert_trees_close(outside, stacked, tolerance_of(case))
    assert_trees_close(inside, stacked, tolerance_of(case))


def test_at_in_a_batch():
    x = rng.normal(size=(3, 4))
    np.testing.assert_array_equal(vmap(lambda r: at(r)[1].set(r[0]))(x)[:, 1], x[:, 0])
