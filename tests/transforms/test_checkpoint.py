"""checkpoint: the same derivatives in every mode, from less memory."""

import tracemalloc

import numpy as np
import pytest

from fdezero import checkpoint, grad, hessian, hvp, jacfwd, jvp, record, vjp, vmap
from fdezero.testing import check_grads

x = np.array([0.3, 0.7, -0.2])


def f(x, k=1.0):
    return np.sin(x * k) * np.exp(x).sum()


def test_the_same_in_every_mode():
    g = checkpoint(f)
    check_grads(g, (x,), modes=("rev", "fwd"))
    np.testing.assert_allclose(hessian(lambda x: g(x).sum())(x), hessian(lambda x: f(x).sum())(x))
    np.testing.assert_allclose(jacfwd(g)(x), jacfwd(f)(x))
    np.testing.assert_allclose(vmap(g)(np.stack([x, 2 * x])), vmap(f)(np.stack([x, 2 * x])))
    np.testing.assert_allclose(vmap(grad(lambda x: g(x).sum()))(np.stack([x, 2 * x]))[1], grad(lambda x: f(x).sum())(2 * x))
    np.testing.assert_allclose(grad(lambda s: vmap(g)(s).sum())(np.stack([x, 2 * x]))[0], grad(lambda x: f(x).sum())(x))
    np.testing.assert_allclose(jvp(g, (x,), (x,))[1], jvp(f, (x,), (x,))[1])
    assert g(x, k=2.0) == pytest.approx(f(x, k=2.0))
    np.testing.assert_allclose(grad(lambda x: g(x, k=2.0).sum())(x), grad(lambda x: f(x, k=2.0).sum())(x))


def test_trees_and_arguments_that_are_no_arrays():
    @checkpoint
    def layer(p, activation, n):
        return {"out": activation(p["w"] * n)}

    assert grad(lambda w: layer({"w": w, "b": None}, np.sin, 2)["out"])(0.3) == pytest.approx(2 * np.cos(0.6))


def test_it_runs_once_forward_and_once_more_backward():
    runs = []

    def counted(x):
        runs.append(1)
        return np.sin(x)

    _, pull = vjp(checkpoint(counted), 1.0)
    assert len(runs) == 1
    pull(1.0)
    assert len(runs) == 2


def test_a_closure_over_a_box_is_refused():
    with pytest.raises(TypeError, match="pass it as an argument"):
        grad(lambda w: checkpoint(lambda x: w * x)(w))(2.0)
    assert grad(lambda w: checkpoint(lambda x, w: w * x)(3.0, w))(2.0) == 3.0
    assert grad(lambda w: grad(checkpoint(lambda x: w * x * x))(3.0))(2.0) == 6.0


def chain(x, n):
    """sin, n times; by halves, each of them recomputed."""
    if n == 1:
        return np.sin(x)
    half = checkpoint(lambda x: chain(x, n // 2))
    return half(half(x))


def peak(g, x):
    tracemalloc.start()
    g(x)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most / x.nbytes


def test_memory_grows_with_the_logarithm():
    x = np.full(20_000, 0.5)

    def plain(x):
        for _ in range(256):
            x = np.sin(x)
        return x.sum()

    np.testing.assert_allclose(grad(lambda x: chain(x, 256).sum())(x[:3]), grad(plain)(x[:3]))
    whole = peak(grad(plain), x)
    sizes = [peak(grad(lambda x, n=n: chain(x, n).sum()), x) for n in (16, 64, 256)]
    steps = np.diff(sizes)
    assert whole > 256 > 4 * sizes[-1]
    assert steps[1] < 1.2 * steps[0]  # four times as long, the same number of arrays more


def test_the_tangent_is_recomputed_too():
    """Reverse over forward, as in `hvp`, keeps no more of a checkpointed function than its arguments."""

    def steps(x):
        return [x := np.sin(x) for _ in range(20)][-1]

    def nodes(f):
        return len(record(lambda x: jvp(f, (x,), (np.ones(3),))[1])(x).nodes)

    assert nodes(checkpoint(steps)) < 5 < 50 < nodes(steps)
    product = hvp(lambda x: checkpoint(steps)(x).sum(), (x,), (np.cos(x),))
    np.testing.assert_allclose(product, hvp(lambda x: steps(x).sum(), (x,), (np.cos(x),)), rtol=1e-12)
    np.testing.assert_allclose(product, hessian(lambda x: steps(x).sum())(x) @ np.cos(x), rtol=1e-12)
