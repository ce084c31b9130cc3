"""What every transform of a function keeps: its name, its docstring, its signature; and that it pickles."""

import inspect
import pickle

import numpy as np
import pytest

import fdezero
from fdezero import (
    checkpoint,
    derivative,
    elementwise_grad,
    grad,
    hessian,
    jacfwd,
    jacobian,
    jacrev,
    no_grad,
    record,
    tree,
    value_and_grad,
    value_and_jacobian,
    vmap,
)

from .laws import assert_close


def f(x, scale=2.0):
    """A number from an array."""
    return np.sum(np.sin(x) * scale)


TRANSFORMS = {
    "grad": grad,
    "value_and_grad": value_and_grad,
    "jacobian": jacobian,
    "jacfwd": jacfwd,
    "jacrev": jacrev,
    "value_and_jacobian": value_and_jacobian,
    "hessian": hessian,
    "elementwise_grad": elementwise_grad,
    "vmap": vmap,
    "checkpoint": checkpoint,
    "derivative": lambda f: derivative(f, 2),
    "record": record,
    "no_grad": lambda f: no_grad()(f),
    "grad of vmap": lambda f: grad(lambda_free_sum(vmap(f))),
    "vmap of grad": lambda f: vmap(grad(f)),
}

X = np.linspace(0.1, 1.0, 4).reshape(2, 2)


class lambda_free_sum:
    """A sum around a function, which pickles as no lambda does, and is called by its name."""

    def __init__(self, f):
        self.f = f
        self.__name__, self.__doc__, self.__signature__ = f.__name__, f.__doc__, inspect.signature(f)

    def __call__(self, *args):
        return np.sum(self.f(*args))

    def __getstate__(self):
        return {k: v for k, v in self.__dict__.items() if k != "__signature__"}


@pytest.mark.parametrize("transform", TRANSFORMS.values(), ids=TRANSFORMS)
def test_name_docstring_and_signature_are_kept(transform):
    g = transform(f)
    assert (g.__name__, g.__doc__) == ("f", "A number from an array.")
    assert inspect.signature(g) == inspect.signature(f)


@pytest.mark.parametrize("name", [name for name in TRANSFORMS if name not in ("no_grad", "record")])
def test_what_is_made_of_a_function_that_pickles_pickles(name):
    g = TRANSFORMS[name](f)
    place = 0.3 if name == "derivative" else X
    again = pickle.loads(pickle.dumps(g))
    assert_close(tree.leaves(again(place)), tree.leaves(g(place)), 1e-15)


@pytest.mark.parametrize("name", ["grad", "value_and_grad", "jacobian", "jacfwd", "jacrev", "value_and_jacobian", "hessian", "elementwise_grad"])
def test_as_a_decorator_with_arguments(name):
    @getattr(fdezero, name)(argnums=1)
    def g(scale, x):
        """With an argument in front."""
        return np.sum(np.sin(x) * scale)

    wanted = getattr(fdezero, name)(lambda x: np.sum(np.sin(x) * 2.0))(X)
    assert_close(tree.leaves(g(2.0, X)), tree.leaves(wanted), 1e-14)
    assert (g.__name__, g.__doc__) == ("g", "With an argument in front.")


@pytest.mark.parametrize("transform", [grad, jacfwd, hessian, vmap, checkpoint, elementwise_grad], ids=lambda t: t.__name__)
def test_what_is_no_function_is_refused(transform):
    with pytest.raises(TypeError, match="takes a function"):
        transform(3.0)
