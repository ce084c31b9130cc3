"""The whole table of rules under jit, at other values than those traced, against the same without jit."""

import warnings

import numpy as np
import pytest

from fdezero import grad, jit, jvp, tree, vjp, vmap

from ..rules.numpy.cases import CASES
from .backends import BACKENDS

rng = np.random.default_rng(11)


def is_float(x):
    return np.asarray(x).dtype.kind in "fc"


def near(x):
    """Other values of the same type, near enough for the function to be defined there."""
    if not isinstance(x, (float, np.ndarray, np.generic)) or not is_float(x):
        return x
    moved = np.asarray(x) + 0.003 * rng.standard_normal(np.shape(x))
    return float(moved) if type(x) is float else moved.astype(np.asarray(x).dtype)[()]


def value(f):
    return f


def reverse(f):
    def gradient(*args):
        out, pull = vjp(f, *args)
        return pull(tree.map(np.ones_like, out))

    return gradient


def forward(f):
    return lambda *args: jvp(f, args, tuple(map(np.ones_like, args)))[1]


def scalar(f):
    def total(*args):
        return sum([np.sum(np.real(out)) for out in tree.leaves(f(*args)) if is_float_box(out)])

    return total


def is_float_box(x):
    return hasattr(x, "dtype") and x.dtype.kind in "fc"


def second(f):
    every = lambda args: tuple(range(len(args)))  # noqa: E731
    norm = lambda *args: sum([np.sum(np.abs(g) ** 2) for g in tree.leaves(grad(scalar(f), every(args))(*args))])  # noqa: E731
    return lambda *args: grad(norm, every(args))(*args)


def batched(f):
    def of_two(*args):
        pairs = [np.stack([x, x * 1.001]) for x in args]
        return vmap(grad(scalar(f), tuple(range(len(args)))))(*pairs)

    return of_two


MODES = [value, reverse, forward, second, batched]


def outcome(f, args):
    """The result, or the type of the error."""
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return f(*args)
        except Exception as error:
            return type(error)


def assert_same(found, wanted, tolerance):
    if isinstance(wanted, type):
        assert found is wanted
        return
    assert not isinstance(found, type), found
    assert tree.flatten(found)[1] == tree.flatten(wanted)[1]
    for a, b in zip(tree.leaves(found), tree.leaves(wanted), strict=True):
        if isinstance(b, (np.ndarray, np.generic)):
            assert a.dtype == b.dtype
            assert a.shape == b.shape
            assert type(a) is type(b) or not a.shape  # of no axes, always a scalar
            scale = np.max(np.abs(b), initial=1.0, where=np.isfinite(b))
            np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance * scale)
        else:
            assert a == b or (a != a and b != b)


def tolerance_of(case):
    return 1e-4 if any(np.asarray(a).dtype in (np.float32, np.complex64) for a in case.args) else 1e-9


def table():
    """Each case in each mode with each backend; to compile all of them takes minutes, so the ordinary run has a part."""
    for b, backend in enumerate(BACKENDS):
        for m, mode in enumerate(MODES):
            for k, case in enumerate(CASES):
                part = (k + m) % (8 + 32 * b) == 0
                yield pytest.param(case, mode, backend, id=f"{case.name}-{mode.__name__}-{backend}", marks=() if part else pytest.mark.long)


@pytest.mark.parametrize(("case", "mode", "backend"), [*table()])
def test_a_compiled_rule_is_the_rule(case, mode, backend):
    f = mode(case.f)
    compiled = jit(f, backend=backend)
    for args in (case.args, case.args, tuple(map(near, case.args)), tuple(map(near, case.args))):
        assert_same(outcome(compiled, args), outcome(f, args), tolerance_of(case))
