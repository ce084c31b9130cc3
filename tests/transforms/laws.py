"""What must hold of any function: helpers that raise AssertionError where it does not.

A *law* takes a function of one float64 array and the place, and compares what fdezero says with the same
mathematical thing got another way.
"""

import numpy as np

from fdezero import checkpoint, grad, hessian, hvp, jacfwd, jacrev, jet, jvp, linearize, tree, vjp, vmap

STEP = 1e-5  # of central differences: their error is near 1e-10, their rounding near 1e-11


def weights(x):
    """Fixed numbers in an array's shape: a cotangent, a direction."""
    return np.cos(1.0 + np.arange(np.size(x))).reshape(np.shape(x))


def contracted(f):
    """``f`` with the sum of its weighted results for a value: what `grad` and `hessian` can take."""
    return lambda x: sum(np.sum(weights(out) * out) for out in tree.leaves(f(x)))


def assert_close(found, wanted, tolerance, what=""):
    found_leaves, structure = tree.flatten(found)
    wanted_leaves, wanted_structure = tree.flatten(wanted)
    assert structure == wanted_structure, f"{what}: {structure} is not {wanted_structure}"
    for a, b in zip(found_leaves, wanted_leaves, strict=True):
        assert type(a) is not object and np.shape(a) == np.shape(b), f"{what}: shape {np.shape(a)} is not {np.shape(b)}"
        scale = max(1.0, float(np.max(np.abs(b), initial=0.0)))
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance * scale, err_msg=what)


# -- the transforms, each as a function from functions of an array to functions of an array -----------

TRANSFORMS = {
    "grad": lambda f: grad(contracted(f)),
    "jvp": lambda f: lambda x: jvp(f, (x,), (weights(x),))[1],
    "vjp": lambda f: lambda x: _pulled(f, x),
    "linearize": lambda f: lambda x: linearize(f, x)[1](weights(x)),
    "jacfwd": jacfwd,
    "jacrev": jacrev,
    "hessian": lambda f: hessian(contracted(f)),
    "hvp": lambda f: lambda x: hvp(contracted(f), (x,), (weights(x),)),
    "vmap": lambda f: lambda x: vmap(f)(_batch(x)),
    "jet": lambda f: lambda x: jet(f, (x,), ([weights(x), np.zeros_like(weights(x))],))[1][1],
    "checkpoint": checkpoint,
}

#: How many derivatives each takes; one unless it says otherwise.
ORDERS = {"hessian": 2, "hvp": 2, "jet": 2, "vmap": 0, "checkpoint": 0}

#: Those that are multiplied to depth three: the others are made of them, or do nothing but to memory.
CORE = [name for name in TRANSFORMS if name not in ("jet", "checkpoint")]


def _pulled(f, x):
    out, pull = vjp(f, x)
    return pull(tree.map(weights, out))[0]


def _batch(x):
    return np.stack([x, 1.1 * x])


# -- the same by other means ---------------------------------------------------------------------------


def numerical_jacobian(f):
    """Central differences, the axes of the argument last, as `jacrev` has them."""

    def jacobian(x):
        columns = []
        for index in np.ndindex(x.shape):
            step = np.zeros_like(x)
            step[index] = STEP
            columns.append(tree.map(lambda a, b: (a - b) / (2 * STEP), f(x + step), f(x - step)))
        return tree.map(lambda *c: np.stack(c, axis=-1).reshape((*np.shape(c[0]), *x.shape)), *columns)

    return jacobian


def _numerical_direction(f):
    return lambda x: tree.map(lambda a, b: (a - b) / (2 * STEP), f(x + STEP * weights(x)), f(x - STEP * weights(x)))


def _looped(f):
    return lambda x: tree.map(lambda *rows: np.stack(rows), *[f(example) for example in _batch(x)])


#: By differences, and a loop for `vmap`; second derivatives are differences of the exact first ones.
NUMERICAL = {
    "grad": lambda f: numerical_jacobian(contracted(f)),
    "jvp": _numerical_direction,
    "vjp": lambda f: numerical_jacobian(contracted(f)),
    "linearize": _numerical_direction,
    "jacfwd": numerical_jacobian,
    "jacrev": numerical_jacobian,
    "hessian": lambda f: numerical_jacobian(grad(contracted(f))),
    "hvp": lambda f: _numerical_direction(grad(contracted(f))),
    "vmap": _looped,
    "jet": lambda f: _numerical_direction(TRANSFORMS["jvp"](f)),
    "checkpoint": lambda f: f,
}


def _columns(f):
    """The Jacobian by one `jvp` for each entry, in a Python loop."""

    def jacobian(x):
        units = np.eye(x.size).reshape((x.size, *x.shape))
        columns = [jvp(f, (x,), (unit,))[1] for unit in units]
        return tree.map(lambda *c: np.stack(c, axis=-1).reshape((*np.shape(c[0]), *x.shape)), *columns)

    return jacobian


def _rows(f):
    """The Jacobian by one `vjp` for each result, in a Python loop."""

    def jacobian(x):
        out, pull = vjp(f, x)
        leaves, structure = tree.flatten(out)

        def block(i):
            units = np.eye(leaves[i].size).reshape((leaves[i].size, *leaves[i].shape))
            others = [0.0 * leaf for leaf in leaves]
            rows = [pull(structure.unflatten([*others[:i], unit[()], *others[i + 1 :]]))[0] for unit in units]
            return np.stack(rows).reshape((*leaves[i].shape, *x.shape))

        return structure.unflatten([block(i) for i in range(len(leaves))])

    return jacobian


#: By the other mode, and loops instead of batches.
OTHERWISE = {
    "grad": lambda f: _columns(contracted(f)),
    "jvp": lambda f: lambda x: tree.map(lambda j: (j * weights(x)).sum(axis=-1), _rows(f)(x)),
    "vjp": lambda f: _columns(contracted(f)),
    "linearize": TRANSFORMS["jvp"],
    "jacfwd": _rows,
    "jacrev": _columns,
    "hessian": lambda f: _rows(_columns(contracted(f))),
    "hvp": lambda f: lambda x: jvp(grad(contracted(f)), (x,), (weights(x),))[1],
    "vmap": _looped,
    "jet": lambda f: TRANSFORMS["jvp"](TRANSFORMS["jvp"](f)),
    "checkpoint": lambda f: f,
}


def compose(names, f, table=TRANSFORMS):
    """``f`` under the transforms of these names, the innermost first."""
    for name in names:
        f = table[name](f)
    return f


# -- laws ----------------------------------------------------------------------------------------------


def check_numerically(names, f, x):
    """The outermost transform against central differences of what is inside it."""
    *inside, outermost = names
    g = compose(inside, f)
    assert_close(TRANSFORMS[outermost](g)(x), NUMERICAL[outermost](g)(x), 2e-6, " of ".join(reversed(names)))


def check_otherwise(names, f, x):
    """All of a composition against the same by other means."""
    assert_close(compose(names, f)(x), compose(names, f, OTHERWISE)(x), 1e-9, " of ".join(reversed(names)))


def check_transpose(f, x):
    """vjp is the transpose of jvp: <c, J t> = <J^T c, t>."""
    t = weights(x)
    out, along = jvp(f, (x,), (t,))
    pushed = sum(np.sum(weights(a) * a) for a in tree.leaves(along))
    pulled = np.sum(TRANSFORMS["vjp"](f)(x) * t)
    assert_close(pushed, pulled, 1e-9, "vjp is the transpose of jvp")
    assert_close(out, f(x), 1e-12, "the value under jvp")


def check_mixed_derivatives(f, x):
    """Second derivatives in any order of the modes are the same, and symmetric."""
    g = contracted(f)
    wanted = hessian(g)(x)
    assert_close(wanted, np.swapaxes(wanted, 0, 1), 1e-9, "the Hessian is symmetric")
    for outer in (jacfwd, jacrev):
        for inner in (jacfwd, jacrev):
            assert_close(outer(inner(g))(x), wanted, 1e-9, f"{outer.__name__} of {inner.__name__}")


def check_batched(f, x):
    """vmap is the stacked loop, of values and of gradients."""
    assert_close(TRANSFORMS["vmap"](f)(x), _looped(f)(x), 1e-12, "vmap")
    assert_close(compose(("grad", "vmap"), f)(x), compose(("grad", "vmap"), f, OTHERWISE)(x), 1e-9, "vmap of grad")


def check_all(f, x):
    """Every law, to second order."""
    for name in TRANSFORMS:
        check_numerically((name,), f, x)
    check_transpose(f, x)
    check_mixed_derivatives(f, x)
    check_batched(f, x)
