"""Whose memory a result is: the caller's, who may write to it, and nobody else's.

A result shares memory with no argument, no constant, no aux, nothing that a tape keeps and no other result.
"""

from itertools import combinations

import numpy as np
import pytest

from fdezero import (
    checkpoint,
    custom_jvp,
    elementwise_grad,
    ggnvp,
    grad,
    hessian,
    hvp,
    jacfwd,
    jacrev,
    jet,
    jvp,
    linearize,
    record,
    stop_gradient,
    tree,
    value_and_grad,
    value_and_jacobian,
    vjp,
    vmap,
)  # fmt: skip
from fdezero.transforms.grad import pullback
from tests.rules.numpy.cases import CASES

C = np.array([4.0, 5.0, 6.0])

#: Functions of a vector whose results are awkward: arguments, constants, views of either, each other.
RETURNS = {
    "the argument": lambda x: x,
    "a constant": lambda x: C,
    "a view of a constant": lambda x: C[::-1],
    "a stopped argument": lambda x: stop_gradient(x),
    "a view of the argument": lambda x: x[::-1],
    "the same twice": lambda x: (x, x),
    "a value and its view": lambda x: [y := x * 2.0, y[:], y],
    "the argument, a constant and more": lambda x: {"x": x, "c": C, "again": C, "y": x * C},
    "the argument added to nothing": lambda x: x + 0.0,
    "a checkpoint's constant": checkpoint(lambda x: (C, x)),
    "a custom function's constant": lambda x: constant_of(x),
    "a number": lambda x: np.array(3.0),
    "a number in an array": lambda x: x[:1].reshape(()),
    "sums": lambda x: (x.sum(), C.sum()),
    "a matrix and its transpose": lambda x: (m := x[:, None] * x, m.T),
}


@custom_jvp
def constant_of(x):
    return C, x


constant_of.defjvp(lambda primals, tangents: ((C, primals[0]), (C, tangents[0])))


def ones_like(out):
    return tree.map(np.ones_like, out)


def aux_of(f):
    return lambda x: (f(x), {"x": x, "c": C, "again": C, "stopped": stop_gradient(x), "view": stop_gradient(x)[:]})


def vjp_results(f, x):
    out, pull = vjp(f, x)
    ct = ones_like(out)
    return [out, pull(ct), pull(ct)], [ct]


def vjp_results_with_aux(f, x):
    out, pull, aux = vjp(aux_of(f), x, has_aux=True)
    ct = ones_like(out)
    return [out, aux, pull(ct)], [ct]


def jvp_results(f, x):
    t = np.full_like(x, 2.0)
    return [jvp(f, (x,), (t,)), jvp(aux_of(f), (x,), (t,), has_aux=True)], [t]


def linearize_results(f, x):
    t = np.full_like(x, 2.0)
    out, along, aux = linearize(aux_of(f), x, has_aux=True)
    return [out, along(t), along(t), aux], [t]


def record_results(f, x):
    tape = record(f)(x)
    ct = ones_like(tape.value)
    return [tape.value, pullback(tape, ct)], [ct, [r for n in tape.nodes for r in n.residuals]]


def jet_results(f, x):
    t = np.full_like(x, 2.0)
    return [jet(f, (x,), ([t, t],))], [t]


def vmap_results(f, x):
    xs = np.stack([x, x + 1])
    results = [vmap(f)(xs), vmap(f, in_axes=1)(xs.T)]
    return results, [xs]


def unbatched_results(f, x):
    xs = np.stack([x, x + 1])
    return [vmap(lambda _: f(x), out_axes=None)(xs), vmap(lambda _, x: f(x), in_axes=(0, None))(xs, x)], [xs]


def jacobian_results(f, x):
    return [jacrev(f)(x), jacfwd(f)(x), value_and_jacobian(f)(x), jacrev(aux_of(f), has_aux=True)(x), jacfwd(aux_of(f), has_aux=True)(x)], []


def gradient_results(f, x):
    def total(x):
        return sum([np.sum(leaf) for leaf in tree.leaves(f(x))])

    return [
        grad(total)(x), value_and_grad(total)(x), grad(aux_of(total), has_aux=True)(x), value_and_grad(aux_of(total), has_aux=True)(x),
        hessian(total)(x), hvp(total, (x,), (x,)), grad(lambda x: np.sum(grad(total)(x)))(x), vmap(grad(total))(np.stack([x, x])),
    ], []  # fmt: skip


def first_result(f, x):
    def alone(x):
        return tree.leaves(f(x))[0]

    t = np.ones_like(x)
    return [elementwise_grad(alone)(x), ggnvp(alone, lambda y: (y**2).sum(), (x,), (t,)), hvp(lambda x: (alone(x) ** 2).sum(), (x,), (t,))], [t]


RESULTS = [
    vjp_results, vjp_results_with_aux, jvp_results, linearize_results, record_results, jet_results, vmap_results, unbatched_results,
    jacobian_results, gradient_results, first_result,
]  # fmt: skip


def assert_the_callers(results, others, name=""):
    """Every array of the results is writable and shares memory with no other one and none of ``others``."""
    arrays = [a for a in tree.leaves(results) if isinstance(a, np.ndarray)]
    for a in tree.leaves(results):
        assert type(a) is np.ndarray or isinstance(a, np.generic), (name, type(a))
    for a in arrays:
        assert a.flags.writeable, name
        for other in tree.leaves(others):
            assert not np.shares_memory(a, other), name
    for a, b in combinations(arrays, 2):
        assert not np.shares_memory(a, b), name


@pytest.mark.parametrize("results", RESULTS, ids=lambda r: r.__name__)
@pytest.mark.parametrize("name", RETURNS)
def test_results_are_the_callers(name, results):
    x = np.array([1.0, 2.0, 3.0])
    found, others = results(RETURNS[name], x)
    assert_the_callers(found, [x, C, *others])


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.name)
def test_results_of_every_rule_are_the_callers(case):
    """Of every function in the table of rules; nor do they share memory with what the tape keeps."""
    try:
        tape = record(lambda *xs: [leaf for leaf in tree.leaves(case.f(*xs)) if leaf.dtype.kind in "fc"])(*case.args)
    except TypeError:
        pytest.skip("an argument or a result that is no floating-point number")
    ct = ones_like(tape.value)
    others = [ct, case.args, [[r for r in n.residuals if isinstance(r, np.ndarray)] for n in tape.nodes]]
    assert_the_callers([tape.value, pullback(tape, ct), pullback(tape, ct)], others)


def kept_from(transform):
    """A Box that a function stored, of a transform that has returned."""
    kept = []
    transform(lambda x: kept.append(x) or x * x)
    return kept[0]


@pytest.mark.parametrize(
    "use",
    [
        lambda box: grad(lambda x: box)(2.0),
        lambda box: vjp(lambda x: box, 2.0),
        lambda box: jvp(lambda x: (x, box), (2.0,), (1.0,)),
        lambda box: grad(lambda x: (x, {"kept": box}), has_aux=True)(2.0),
        lambda box: vmap(lambda x: box)(np.ones(2)),
    ],
    ids=["grad", "vjp", "jvp", "aux", "vmap"],
)
@pytest.mark.parametrize("transform", [lambda f: grad(f)(1.0), lambda f: jvp(f, (1.0,), (1.0,))], ids=["Variable", "Dual"])
def test_a_box_of_a_transform_that_has_returned_is_no_result(transform, use):
    box = kept_from(transform)
    with pytest.raises(RuntimeError, match=f"this {type(box).__name__} has escaped"):
        use(box)
