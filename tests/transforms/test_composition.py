"""Every transform of every other, to depth three, over sample programs, each got another way too.

Every composition is compared with central differences of what is inside the outermost transform; and a
part of depth three with the same by other means too (the other mode, Python loops for batches), which is
exact and takes ten times as long.  And the checks themselves are checked: a rule of each kind, broken on purpose, is caught.
"""

import itertools

import numpy as np
import pytest

from fdezero.primitives import elementwise, general, linear, multilinear

from .laws import (
    CORE,
    TRANSFORMS,
    check_all,
    check_batched,
    check_mixed_derivatives,
    check_numerically,
    check_otherwise,
    check_transpose,
)
from .programs import PROGRAMS

X = np.array([0.6, -0.4, 1.3])

every_program = pytest.mark.parametrize("name", PROGRAMS)


def compositions(depth, of=TRANSFORMS):
    return list(itertools.product(of, repeat=depth))


def share(compositions, of):
    """A share of the compositions for each program; together they are half of all."""
    place = list(PROGRAMS).index(of)
    return compositions[2 * place + place % 2 :: 2 * len(PROGRAMS)]


def depths():
    """Each program at each depth: at depth two the ordinary run has every other one, at depth three none."""
    for k, name in enumerate(PROGRAMS):
        for depth in (1, 2, 3):
            yield pytest.param(name, depth, marks=[pytest.mark.long] if depth == 3 or (depth == 2 and k % 2) else [])


@pytest.mark.parametrize(("name", "depth"), [*depths()])
def test_against_differences(name, depth):
    program = PROGRAMS[name]
    for names in compositions(depth, CORE if depth == 3 else TRANSFORMS):
        if program.takes(names):
            check_numerically(names, program.f, X)


@pytest.mark.long
@every_program
def test_depth_three_by_other_means(name):
    program = PROGRAMS[name]
    for names in share(compositions(3, CORE), of=name):
        if program.takes(names) and not program.reverse:  # without a forward mode there is but one way
            check_otherwise(names, program.f, X)


@pytest.mark.long
def test_all_of_depth_three_on_one_program():
    for names in compositions(3, CORE):
        check_otherwise(names, lambda x: np.sin(x) * x[0] * x[1], X[:2])


# -- testing the testers ---------------------------------------------------------------------------------


def kinds(wrong):
    """A primitive of each kind; with ``wrong`` other than 1, in one mode or in both its rule is off by that factor."""
    sine = elementwise(lambda x: np.sin(x), lambda x: wrong * np.cos(x), name="sine")
    ends = linear(lambda x: x[..., ::-1] * 2.0, lambda g: wrong * 2.0 * g[..., ::-1], name="ends")
    dot = multilinear(
        lambda x, y: (x * y).sum(axis=-1),
        lambda g, y: np.expand_dims(g, -1) * y,
        lambda g, x: wrong * np.expand_dims(g, -1) * x,
        name="dot",
        core=(1, 1),
    )
    forward = general(
        lambda x: x**2, vjp=(lambda g, x: 2 * g * x,), jvp=(lambda g, x: wrong * 2 * g * x,), name="square", core=(0,)
    )
    reverse = general(
        lambda x: x**2, vjp=(lambda g, x: wrong * 2 * g * x,), jvp=(lambda g, x: 2 * g * x,), name="square", core=(0,)
    )
    return {
        "elementwise": sine,
        "linear": ends,
        "multilinear": lambda x: dot(np.cos(x), x),
        "general, jvp": lambda x: forward(np.sin(x)),
        "general, vjp": lambda x: reverse(np.sin(x)),
    }


@pytest.mark.parametrize("kind", kinds(1.0))
def test_a_right_rule_passes(kind):
    check_all(kinds(1.0)[kind], X)


@pytest.mark.parametrize("kind", kinds(1.0))
def test_a_wrong_rule_is_caught(kind):
    with pytest.raises(AssertionError):
        check_all(kinds(1.01)[kind], X)


@pytest.mark.parametrize("kind", ["linear", "multilinear", "general, jvp", "general, vjp"])
def test_a_rule_that_is_wrong_in_one_mode_is_caught_by_the_other(kind):
    with pytest.raises(AssertionError, match="transpose"):
        check_transpose(kinds(1.01)[kind], X)


@pytest.mark.parametrize("kind", ["general, jvp", "general, vjp"])
def test_mixed_derivatives_catch_it_too(kind):
    with pytest.raises(AssertionError):
        check_mixed_derivatives(kinds(1.01)[kind], X)


def test_a_rule_that_reads_its_shape_wrongly_is_caught_by_batching():
    # Told to be elementwise on its last axes (core 0) although it sums over all there are.
    total = linear(lambda x: np.sum(x), lambda g, like: np.broadcast_to(g, like.shape), name="total", core=(0,))
    with pytest.raises((AssertionError, IndexError)):
        check_batched(total, X)


def test_a_composition_in_which_one_transform_is_wrong_is_caught(monkeypatch):
    right = TRANSFORMS["jvp"]
    monkeypatch.setitem(TRANSFORMS, "jvp", lambda f: lambda x: 1.001 * right(f)(x))
    f = PROGRAMS["elementary"].f
    for names in [("jvp",), ("grad", "jvp"), ("jacrev", "jvp")]:
        with pytest.raises(AssertionError):
            check_numerically(names, f, X)
        with pytest.raises(AssertionError):
            check_otherwise(names, f, X)
    with pytest.raises(AssertionError):
        check_otherwise(("jvp", "vmap", "grad"), f, X)
