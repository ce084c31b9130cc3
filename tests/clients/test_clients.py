"""Programs and idioms of the kind that were written for HIPS autograd: their gradients, and what they return.

The programs are those of the modules beside this one.  A gradient is compared with central differences
along a few directions; where HIPS autograd is installed, the same source runs with its names imported in
the place of fdezero's, and gives the same numbers.
"""

import importlib.util
from inspect import isfunction, signature
from operator import attrgetter
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from fdezero import grad, tree

from . import fitting, idioms, inference, networks, physics  # they import SciPy

MODULES = [fitting, networks, inference, physics]
OBJECTIVES = [(m, f) for m in MODULES for f in m.OBJECTIVES]
RESULTS = [(m, f) for m in MODULES for f in m.RESULTS]

#: What has another name in HIPS autograd.
NAMES_THERE = {
    "import odeint": "import odeint\nfrom autograd.builtins import tuple",
    "from fdezero.tree import ravel": "from autograd.misc.flatten import flatten as ravel",
    "from fdezero import custom_vjp, elementwise_grad, fixed_point, grad": """
from autograd.extend import defvjp, primitive
from autograd.misc import fixed_points

def fixed_point(f, x0, a):
    return fixed_points.fixed_point(lambda a: lambda x: f(x, a), a, x0, lambda x, y: np.abs(x - y), 1e-12)

def custom_vjp(f):
    function = primitive(f)
    function.defvjp = lambda fwd, bwd: defvjp(function, lambda out, *args: lambda g: bwd(fwd(*args)[1], g)[0])
    return function

from autograd import elementwise_grad, grad""",
    "from fdezero import grad, hvp, value_and_grad": (
        "from autograd import grad, value_and_grad, hessian_vector_product\n"
        "def hvp(f, x, v): return hessian_vector_product(f)(*x, *v)"
    ),
}

#: What HIPS autograd has no derivative of: a matrix exponential.
NOT_THERE = {physics.reaction}


def by_name(cases):
    return pytest.mark.parametrize(
        ("module", "program"), cases, ids=[f"{m.__name__.rpartition('.')[2]}.{f.__name__}" for m, f in cases]
    )


def gradient(objective, args, differentiate=grad):
    """The gradients with respect to every argument, as one vector."""
    found = differentiate(objective, tuple(range(len(args))))(*args)
    return np.concatenate([np.ravel(leaf) for leaf in tree.flatten(found)[0]])


def slopes(objective, args, directions, step=1e-5):
    flat, unravel = tree.ravel(args)
    ahead, behind = ([np.sum(objective(*unravel(flat + s * d))) for d in directions] for s in (step, -step))
    return (np.array(ahead) - np.array(behind)) / (2 * step)


@pytest.mark.parametrize("module", MODULES, ids=attrgetter("__name__"))
def test_every_program_is_in_a_table(module):
    own = [f for f in vars(module).values() if isfunction(f) and f.__module__ == module.__name__]
    assert {f for f in own if not signature(f).parameters} == {*module.OBJECTIVES, *module.RESULTS}


@by_name(OBJECTIVES)
def test_gradients_are_those_of_central_differences(module, program):
    objective, *args = program()
    args = tuple(args)
    found = gradient(objective, args)
    directions = np.random.default_rng(0).standard_normal((3, found.size))
    np.testing.assert_allclose(directions @ found, slopes(objective, args, directions), rtol=2e-5, atol=2e-6)
    assert np.abs(found).max() > 1e-3


@pytest.mark.parametrize("name", idioms.IDIOMS)
def test_idioms_keep_the_derivative(name):
    f, at = idioms.IDIOMS[name]
    found = gradient(f, (at,))
    directions = np.random.default_rng(0).standard_normal((3, found.size))
    np.testing.assert_allclose(directions @ found, slopes(f, (at,), directions), rtol=1e-6, atol=1e-6)
    assert np.abs(found).max() > 1e-3


@by_name(RESULTS)
def test_results_are_known(module, program):
    np.testing.assert_allclose(program(), np.broadcast_to(module.RESULTS[program], np.shape(program())), atol=2e-5)


# -- the same programs with HIPS autograd ----------------------------------------------------------------


def there(module):
    """A module of programs, with the names of HIPS autograd imported in the place of fdezero's."""
    source = Path(module.__file__).read_text()
    for here, name in NAMES_THERE.items():
        source = source.replace(here, name)
    made = ModuleType(module.__name__)
    exec(source.replace("fdezero", "autograd"), made.__dict__)
    return made


needs_autograd = pytest.mark.skipif(not importlib.util.find_spec("autograd"), reason="HIPS autograd is not installed")


@needs_autograd
@pytest.mark.filterwarnings("ignore")
@by_name([(m, f) for m, f in OBJECTIVES if f not in NOT_THERE])
def test_gradients_are_those_of_autograd(module, program):
    from autograd import grad as grad_there

    objective, *args = program()
    objective_there, *args_there = getattr(there(module), program.__name__)()
    np.testing.assert_allclose(objective(*args), objective_there(*args_there), rtol=1e-8)
    expected = gradient(objective_there, args_there, grad_there)
    np.testing.assert_allclose(gradient(objective, tuple(args)), expected, rtol=1e-6, atol=1e-8)


@needs_autograd
@pytest.mark.filterwarnings("ignore")
@by_name(RESULTS)
def test_results_are_those_of_autograd(module, program):
    np.testing.assert_allclose(program(), getattr(there(module), program.__name__)(), rtol=1e-5, atol=2e-5)
