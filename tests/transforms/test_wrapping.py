"""What every transform of a function keeps: its name, its docstring, its signature; and that it pickles."""

import copy
import inspect
import pickle

import numpy as np
import pytest

import fdezero
from fdezero import (
    checkpoint,
    custom_jvp,
    custom_vjp,
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


# -- as decorators of a module's functions -------------------------------------------------------------
@grad
def slope(x):
    """The derivative of a square."""
    return np.sum(x * x)


@vmap
def doubled(x):
    return 2 * x


@jacfwd
@checkpoint
def jacobian_of_cubes(x):
    return x**3


@custom_jvp
def cubed(x):
    return x**3


cubed.defjvp(lambda primals, tangents: (cubed(*primals), 3 * primals[0] ** 2 * tangents[0]))


@custom_vjp
def halved_gradient(x):
    return x


halved_gradient.defvjp(lambda x: (x, ()), lambda residuals, g: (g / 2,))


class Holder:
    @grad
    def method(x):
        return x * x

    @custom_jvp
    def custom(x):
        return x * x


Holder.custom.defjvp(lambda primals, tangents: (primals[0] ** 2, 2 * primals[0] * tangents[0]))

DECORATED = [slope, doubled, jacobian_of_cubes, cubed, halved_gradient, Holder.method, Holder.custom]


def restored(f):
    yield "pickle", pickle.loads(pickle.dumps(f))
    yield "old pickle", pickle.loads(pickle.dumps(f, protocol=2))
    yield "copy", copy.copy(f)
    yield "deepcopy", copy.deepcopy(f)
    yield "within", copy.deepcopy({"f": [f]})["f"][0]


@pytest.mark.parametrize("f", DECORATED, ids=lambda f: f.__qualname__)
def test_a_decorated_function_pickles_by_name(f):
    for name, again in restored(f):
        assert again is f, name


def test_what_no_module_holds_is_copied():
    """A custom function within a function cannot be pickled, as no function can, but copied."""

    @custom_jvp
    def local(x):
        return x * x

    local.defjvp(lambda primals, tangents: (primals[0] ** 2, 7 * tangents[0]))

    @custom_vjp
    def other(x):
        return x * x

    other.defvjp(lambda x: (x * x, ()), lambda residuals, g: (7 * g,))
    for f in (local, other):
        for copied in (copy.copy(f), copy.deepcopy(f)):
            assert copied is not f and type(copied) is type(f)
            assert grad(copied)(3.0) == 7.0
            assert (copied.__name__, copied(3.0)) == (f.__name__, 9.0)
        with pytest.raises((AttributeError, pickle.PicklingError)):
            pickle.dumps(f)


def test_a_wrapper_under_another_name_pickles_by_its_parts():
    again = pickle.loads(pickle.dumps(grad(f)))
    assert again is not f and again._f is f
    for copied in (copy.copy(again), copy.deepcopy(again)):
        assert_close([copied(X)], [grad(f)(X)], 0)


def square(x):
    return x * x


def seven_fold(primals, tangents):
    return primals[0] ** 2, 7 * tangents[0]


renamed = custom_jvp(square)
renamed.defjvp(seven_fold)


def test_a_custom_function_under_another_name_pickles_with_its_rule():
    for name, again in restored(renamed):
        assert again is not renamed and (again(3.0), grad(again)(3.0)) == (9.0, 7.0), name


@pytest.mark.parametrize("made", [grad(cubed), vmap(grad(halved_gradient)), value_and_grad(renamed), hessian(slope)], ids=repr)
def test_a_transform_of_a_decorated_function_pickles(made):
    x = np.array([0.5, 1.5]) if made.__name__ == "halved_gradient" else 0.5
    for _, again in restored(made):
        assert_close(tree.leaves(again(x)), tree.leaves(made(x)), 0)
