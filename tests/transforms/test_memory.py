"""Whose memory an array is: what belongs to the graph or the caller is read-only to the user's function.

What comes back is the caller's: see `test_results`.
"""

import gc
from functools import partial

import numpy as np
import pytest

import fdezero
from fdezero import (
    Box,
    checkpoint,
    custom_jvp,
    custom_vjp,
    fixed_point,
    grad,
    hessian,
    hvp,
    jet,
    jvp,
    linearize,
    no_grad,
    primitives,
    root,
    stop_gradient,
    tree,
    value_and_grad,
    vjp,
    vmap,
)

# -- what the user's function may write to -------------------------------------------------------------

#: Transforms of a function of one vector whose result is a number.
RUNS = {
    "grad": lambda f, x: grad(f)(x),
    "jvp": lambda f, x: jvp(f, (x,), (np.ones_like(x),)),
    "vjp": lambda f, x: vjp(f, x)[1](1.0),
    "linearize": lambda f, x: linearize(f, x)[1](np.ones_like(x)),
    "jet": lambda f, x: jet(f, (x,), ([np.ones_like(x), np.ones_like(x)],)),
    "vmap": lambda f, x: vmap(f)(np.stack([x, x + 1])),
    "hessian": lambda f, x: hessian(f)(x),
    "hvp": lambda f, x: hvp(f, (x,), (np.ones_like(x),)),
    "gradients of a batch": lambda f, x: vmap(grad(f))(np.stack([x, x + 1])),
    "gradient of a gradient": lambda f, x: grad(lambda x: np.sum(grad(f)(x)))(x),
    "gradient of a checkpoint": lambda f, x: grad(checkpoint(f))(x),
    "tangent of a checkpoint": lambda f, x: jvp(checkpoint(f), (x,), (np.ones_like(x),))[1],  # the value is computed on plain arrays
}


def quiet(view):
    def constant(x):
        with no_grad():
            return view(x)

    return constant


VIEWS = {
    "itself": lambda z: z, "slice": lambda z: z[1:], "all": lambda z: z[...], "reversed": lambda z: z[::-1],
    "transposed": lambda z: z[None].T, "column": lambda z: z.reshape(3, 1), "same shape": lambda z: z.reshape(3),
    "ravel": lambda z: np.ravel(z), "real": np.real, "squeeze": lambda z: np.squeeze(z[None]), "copy": np.copy,
    "expand_dims": lambda z: np.expand_dims(z, 0), "first of a split": lambda z: np.split(z, 3)[0], "diagonal": lambda z: np.diagonal(z[None] * z[:, None]),
    "positive": lambda z: +z, "conj": np.conj, "maximum": lambda z: np.maximum(z, z), "sorted": np.sort, "broadcast": lambda z: np.broadcast_to(z, (2, 3)),
    "astype": lambda z: z.astype(float), "floor": np.floor, "first of an iteration": lambda z: next(iter(z[None])), "clip": lambda z: np.clip(z, -99.0, 99.0),
}  # fmt: skip

CONSTANTS = {
    **{f"stop_gradient, {name}": (lambda z, view=view: stop_gradient(view(z))) for name, view in VIEWS.items()},
    **{f"stop_gradient first, {name}": (lambda z, view=view: view(stop_gradient(z))) for name, view in VIEWS.items()},
    **{f"no_grad, {name}": quiet(view) for name, view in VIEWS.items()},
    "value": lambda z: z.value if isinstance(z, Box) else z,
}


def written(array):
    """Write to an array if NumPy lets one; say if it does."""
    if type(array) is not np.ndarray or not array.ndim:
        return False
    try:
        array[...] = 1e6
    except ValueError as error:
        assert "read-only" in str(error)
        return False
    return True


@pytest.mark.parametrize("run", RUNS)
def test_writing_to_a_constant_changes_no_derivative(run):
    x = np.array([1.0, 2.0, 3.0])

    def f(x, constant=None):
        z = np.sin(x) * x
        if constant is not None:
            written(constant(x))
            written(constant(z))
        return np.sum(z * z) + np.sum(x**3)

    wanted = tree.leaves(RUNS[run](f, x))
    for name, constant in CONSTANTS.items():
        found = tree.leaves(RUNS[run](partial(f, constant=constant), x))
        for a, b in zip(found, wanted, strict=True):
            np.testing.assert_array_equal(a, b, err_msg=name)
        np.testing.assert_array_equal(x, [1.0, 2.0, 3.0], err_msg=name)


@pytest.mark.parametrize("view", ["itself", "slice", "real", "column", "transposed"])
@pytest.mark.parametrize("run", ["grad", "jvp", "vjp", "linearize", "jet", "hvp"])
def test_writing_in_place_is_numpy_s_own_error(run, view):
    def softmax(x):
        z = x * 2.0
        m = stop_gradient(VIEWS[view](z if run != "hvp" else z.value))
        m = raw(m)
        m -= m.max()
        return np.sum(z)

    with pytest.raises(ValueError, match="read-only"):
        RUNS[run](softmax, np.array([1.0, 2.0, 3.0]))


def raw(x):
    return x.value if isinstance(x, Box) else x


def test_the_batch_is_read_only():
    def f(x):
        m = x.value
        m -= 1.0
        return x

    with pytest.raises(ValueError, match="read-only"):
        vmap(f)(np.ones((2, 3)))


def test_what_is_computed_without_sharing_is_the_users():
    """Only views are read-only: a new array may be written to."""

    def f(x):
        with no_grad():
            m = x * 2.0
        m -= m.max()
        return np.sum(x * m)

    np.testing.assert_array_equal(grad(f)(np.array([1.0, 2.0])), [-2.0, 0.0])


# -- what custom rules and checkpoints get -------------------------------------------------------------


def vjp_with(look):
    f = custom_vjp(lambda x, y: look((x, y)) or x * y)
    f.defvjp(lambda x, y: look((x, y)) or (x * y, (x, {"y": y}, np.ones(2))), lambda r, g: look((r, g)) or (r[1]["y"] * g, r[0] * g))
    return f


def jvp_with(look):
    f = custom_jvp(lambda x, y: look((x, y)) or x * y)
    f.defjvp(lambda p, t: look((p, t)) or (p[0] * p[1], p[1] * t[0] + p[0] * t[1]))
    return f


def jvps_with(look):
    f = custom_jvp(lambda x, y: look((x, y)) or x * y)
    f.defjvps(lambda t, out, x, y: look((t, x, y)) or t * y, lambda t, out, x, y: look((t, x, y)) or x * t)
    return f


def elementwise_with(look):
    return primitives.elementwise(
        lambda x, y: look((x, y)) or x * y, lambda g, y: look((g, y)) or g * y, lambda g, x: look((g, x)) or g * x, name="f"
    )


def general_with(look):
    rules = (lambda g, y: look((g, y)) or g * y, lambda g, x: look((g, x)) or g * x)
    return primitives.general(lambda x, y: look((x, y)) or x * y, jvp=rules, vjp=rules, name="f")


def linear_with(look):
    f = primitives.linear_in_all(lambda x, y: look((x, y)) or x + y, lambda g: look(g) or [g, g], name="f")
    return lambda x, y: f(x, y) * f(x, y)


def checkpoint_with(look):
    return checkpoint(lambda x, y: look((x, y)) or x * y)


@pytest.mark.parametrize("make", [vjp_with, jvp_with, jvps_with, elementwise_with, general_with, linear_with, checkpoint_with], ids=lambda m: m.__name__)
def test_what_users_rules_get_is_read_only(make):
    x, y = np.array([1.0, 2.0]), np.array([3.0, 4.0])
    seen = []

    def look(arrays):
        for array in tree.leaves(arrays):
            seen.append(type(array))
            assert type(array) is not np.ndarray or not array.flags.writeable

    f = make(look)

    def total(x, y):
        return np.sum(f(x, y))

    grad(total, (0, 1))(x, y)
    grad(total)(x, y)
    grad(lambda x: np.sum(grad(total)(x, y) * x))(x)
    vmap(grad(total), in_axes=(0, None))(np.stack([x, x]), y)
    if make is not vjp_with:
        jvp(f, (x, y), (x, y))
        linearize(lambda x: f(x, y), x)[1](x)
        jvp(grad(total), (x, y), (x, y))
    assert np.ndarray in seen


def test_what_solvers_give_to_the_residual_is_read_only():
    def residual(x, a):
        x -= a
        return x

    for solver in (root, fixed_point):
        with pytest.raises(ValueError, match="read-only"):
            solver(lambda x, a: residual(stop_gradient(x), a), np.ones(2), np.zeros(2))


def test_a_rule_may_return_an_array_that_it_keeps():
    """It is neither added into nor handed out."""
    kept = np.ones(20_000)
    wanted = kept.copy()
    twice = custom_jvp(lambda x, y: x + y)
    twice.defjvp(lambda primals, tangents: (primals[0] + primals[1], kept))
    declared = primitives.elementwise(lambda x: x * 1, lambda g: kept, name="declared")
    transposed = primitives.linear(lambda x: x * 1, lambda g: kept, name="transposed")
    pulled = custom_vjp(lambda x: x * 1)
    pulled.defvjp(lambda x: (x * 1, ()), lambda residuals, g: (kept,))
    x = np.zeros(20_000)
    for f in (lambda x: twice(x, x), declared, lambda x: declared(x) + declared(x), transposed, lambda x: transposed(x) + declared(x), pulled):
        results = list(vjp(f, x)[1](np.ones_like(x)))
        if f is not pulled and f is not transposed:
            results += tree.leaves([jvp(f, (x,), (x + 1,)), linearize(f, x)[1](x + 1)])
        for result in results:
            assert not np.shares_memory(result, kept)
            result[...] = -1.0
            np.testing.assert_array_equal(kept, wanted)


# -- aux -----------------------------------------------------------------------------------------------
@pytest.mark.parametrize("transform", [vjp, linearize], ids=lambda t: t.__name__)
def test_writing_to_aux_changes_no_pullback(transform):
    c = np.array([4.0, 5.0, 6.0])

    def f(x):
        z = np.sin(x)
        return z * z * c, {"z": z, "c": c, "stopped": stop_gradient(z), "x": x, "view": stop_gradient(z)[1:]}

    x = np.array([1.0, 2.0, 3.0])
    _, pull, aux = transform(f, x, has_aux=True)
    for array in tree.leaves(aux):
        array[...] = 1e6
    (result,) = tree.leaves(pull(np.ones(3)))
    np.testing.assert_allclose(result, 2 * np.sin(x) * np.cos(x) * np.array([4.0, 5.0, 6.0]), rtol=1e-14)
    np.testing.assert_array_equal(c, [4.0, 5.0, 6.0])


def test_writing_to_the_arguments_or_the_value_changes_no_pullback():
    x = np.array([1.0, 2.0, 3.0])
    for transform in (vjp, linearize):
        y, pull = transform(lambda x: x * x, x)
        x[...], y[...] = 0.0, 0.0
        np.testing.assert_array_equal(tree.leaves(pull(np.ones(3)))[0], [2.0, 4.0, 6.0])
        x[...] = [1.0, 2.0, 3.0]


def test_aux_that_is_no_array_is_passed_on():
    thing = object()
    assert grad(lambda x: (x * x, (thing, "text", None)), has_aux=True)(3.0) == (6.0, (thing, "text", None))


def test_nothing_is_kept_after_all():
    """The copies for the caller are the only ones: no array of a finished gradient is alive."""
    x = np.ones(100_000)
    gc.collect()
    before = sum(isinstance(o, fdezero.Node) for o in gc.get_objects())
    value_and_grad(lambda x: ((x * x).sum(), x), has_aux=True)(x)
    assert sum(isinstance(o, fdezero.Node) for o in gc.get_objects()) == before
