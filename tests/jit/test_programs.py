"""Whole programs under jit: those that the transforms are tested with, random ones, and the edge points."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fdezero import grad, hessian, jacfwd, jacrev, jit, jvp, tree, vjp
from fdezero.jit.entry import Jitted, compilers
from fdezero.jit.program import Instruction, Map

from ..rules.numpy.test_edge_points import POINTS, SINGULAR, WRONG_ELSEWHERE
from ..transforms.programs import PROGRAMS
from ..transforms.test_composition import X
from ..transforms.test_random_programs import checked, places, programs, run
from .backends import BACKENDS
from .test_table import assert_same, outcome

#: In a NaN that no operation of the derivative made, a compiled forward mode takes a tangent of 0 for 0, whatever the slope.
EDGES = [p for p in POINTS + SINGULAR + WRONG_ELSEWHERE if p[0] != "std of no degrees of freedom"]


def pulled(f):
    def gradient(*args):
        out, pull = vjp(f, *args)
        return out, pull(tree.map(np.cos, out))

    return gradient


def pushed(f):
    return lambda x: jvp(f, (x,), (np.cos(x),))


def in_turns(**modes):
    """Each mode with one backend; with the others it is long."""
    for k, (name, mode) in enumerate(modes.items()):
        for b, backend in enumerate(BACKENDS):
            yield pytest.param(mode, backend, id=f"{name}-{backend}", marks=[pytest.mark.long] if (k + b) % len(BACKENDS) else [])


@pytest.mark.parametrize(("mode", "backend"), [*in_turns(value=lambda f: f, vjp=pulled, jvp=pushed)])
@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_of_every_sort(name, mode, backend):
    f, rng = mode(PROGRAMS[name].f), np.random.default_rng(0)
    fast = jit(f, backend=backend)
    for k in range(4):
        point = X if k < 2 else X + 0.01 * rng.standard_normal(np.shape(X))
        assert_same(outcome(fast, (point,)), outcome(f, (point,)), 1e-9)


@pytest.mark.long
@pytest.mark.parametrize("backend", BACKENDS)
@checked(60)
@given(programs, places, places)
def test_random_programs(backend, lines, x, y):
    for f in (run(lines), pulled(run(lines)), pushed(run(lines))):
        fast = jit(f, backend=backend)
        for point in (x, x, y):
            assert_same(outcome(fast, (point,)), outcome(f, (point,)), 1e-9)


@pytest.mark.parametrize(("transform", "backend"), [*in_turns(jacfwd=jacfwd, grad=grad)])
@pytest.mark.parametrize(("f", "x"), [p[1:3] for p in EDGES], ids=[p[0] for p in EDGES])
def test_edge_points(f, x, transform, backend):
    """Traced at another place, and then asked for the point; and the other way round."""
    slow = transform(f)
    clean = np.linspace(0.3, 0.7, np.size(x)).reshape(np.shape(x)).astype(np.asarray(x).dtype)[()]
    for first, then in ((clean, x), (x, clean)):
        fast = jit(slow, backend=backend)
        for point in (first, first, then, first, then):
            assert_same(outcome(fast, (point,)), outcome(slow, (point,)), 1e-9)


@pytest.mark.parametrize("backend", BACKENDS)
@settings(max_examples=25, deadline=None, derandomize=True)
@given(
    st.lists(st.sampled_from([0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, np.nan, 1e-310, 1e300, 0.5]), min_size=1, max_size=5),
    st.sampled_from(["where", "clip", "max", "product", "norm", "log", "division"]),
)
def test_special_values(backend, entries, name):
    f = {
        "where": lambda x: np.where(x > 0, np.sqrt(x), x * x).sum(),
        "clip": lambda x: np.clip(x, -0.5, 0.5).sum(),
        "max": lambda x: np.max(x) * np.min(x),
        "product": lambda x: np.prod(x),
        "norm": lambda x: np.linalg.norm(x),
        "log": lambda x: np.log(np.abs(x) + 1e-3).sum() * np.exp(x[0]),
        "division": lambda x: (x / (x - 1)).sum(),
    }[name]
    x = np.array(entries)
    for slow in (f, grad(f), hessian(f), jacrev(f)):
        fast = jit(slow, backend=backend)
        for point in (np.full(len(x), 0.4), np.full(len(x), 0.4), x, x):
            found, wanted = outcome(fast, (point,)), outcome(slow, (point,))
            if slow is not f:  # where a NaN came up, a compiled derivative may have 0 for 0 times NaN
                found = np.where(np.isnan(wanted), np.nan, found)[()]
            assert_same(found, wanted, 1e-9)


# -- the tester is tested ---------------------------------------------------------------------------------


def with_sums_for_products(program):
    """A pass that is wrong: every multiplication becomes an addition."""
    return type(program)(
        program.types,
        program.inputs,
        program.constants,
        tuple(
            Instruction(Map(np.add), each.operands, each.outputs, each.quiet) if each.operation == Map(np.multiply) else each
            for each in program.instructions
        ),
        program.outputs,
        program.guards,
    )


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_pass_that_is_broken_on_purpose_is_caught(backend):
    f = grad(lambda x: np.sum(np.tanh(x) * x))
    fast = jit(f, backend=backend)
    passes, compile_program = compilers(backend)
    fast._compilers = lambda program: with_sums_for_products(passes(program)), compile_program
    x = np.array([0.3, 0.5])
    for _ in range(2):  # traced, and traced again
        fast(x)
    with pytest.raises(AssertionError), warnings.catch_warnings():
        assert isinstance(fast, Jitted)
        assert_same(fast(x), f(x), 1e-9)
