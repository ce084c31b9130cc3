"""The examples once more with their transforms jitted: the same facts come out.

Left out are `science/ode_fit.py`, whose solver chooses its steps by values, so that each call is another, long program,
and `transforms/minimize.py`, whose optimizer takes a step more or less as sums are rounded.
What an example imports from `fdezero` is replaced by the same transform under `jit`, so whatever it differentiates,
whichever way, is compiled.
"""

import functools
import importlib.util
import warnings
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import numpy as np
import pytest

import fdezero
from fdezero import jit, tree

from .backends import BACKENDS

for library in ("matplotlib", "scipy", "sklearn"):
    pytest.importorskip(library)

EXAMPLES = Path(__file__).parents[2] / "examples"

#: An example, what makes it short, and how close its facts are: optimizers take other ways for the last digits.
SHORT = {
    "tiny": ([], 1e-9),
    "science/deconvolution": (["--size", "32", "--iterations", "10"], 1e-5),
    "science/gaussian_process": (["--points", "12"], 1e-3),
    "science/spline_fit": ([], 1e-4),
    "science/survival": ([], 1e-5),
    "transforms/c_function": ([], 1e-9),
    "transforms/double_pendulum": (["--seconds", "0.2", "--step", "0.02"], 1e-8),
    "transforms/fixed_point_sensitivity": (["--points", "5"], 1e-8),
    "transforms/newton": (["--size", "10"], 1e-6),
    "transforms/per_example_gradients": (["--steps", "60"], 1e-8),
    "transforms/taylor_polynomials": (["--order", "5"], 1e-8),
}
SHORT |= {f"steps/step{k:02}": ([], 1e-9) for k in range(1, 19) if k not in (8, 17, 18)}  # long loops, and measurements

TRANSFORMS = ("grad", "value_and_grad", "hessian", "jacfwd", "jacrev", "vmap", "derivative", "jacobian")


def facts(name, picture):
    """What the example's ``main`` returns: the floating-point numbers in it."""
    spec = importlib.util.spec_from_file_location(f"example_{name.replace('/', '_')}", EXAMPLES / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    options = [] if name == "tiny" or name.startswith("steps") else [*SHORT[name][0], "--out", str(picture)]
    with redirect_stdout(StringIO()):
        found = module.main(options) if options else module.main()
    return [x for x in tree.leaves(found) if isinstance(x, (float, np.ndarray)) and np.asarray(x).dtype.kind in "fc"]


def jitted(transform, backend, count):
    """The transform with its functions compiled; a function that is transformed again is compiled once."""

    @functools.cache
    def made(f, *options, **named):
        count.append(f)
        return jit(transform(f, *options, **named), backend=backend)

    def compiled(f, *options, **named):
        return functools.partial(compiled, *options, **named) if f is None else made(f, *options, **named)

    return compiled


@pytest.mark.long
@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", SHORT)
def test_an_example_with_its_transforms_compiled(name, backend, tmp_path, monkeypatch):
    count = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what is not compiled
        wanted = facts(name, tmp_path / "picture.png")
        for transform in TRANSFORMS:
            monkeypatch.setattr(fdezero, transform, jitted(getattr(fdezero, transform), backend, count))
        found = facts(name, tmp_path / "picture.png")
    assert len(found) == len(wanted)
    for a, b in zip(found, wanted, strict=True):
        scale = np.max(np.abs(b), initial=0.0, where=np.isfinite(b))
        np.testing.assert_allclose(a, b, rtol=SHORT[name][1], atol=SHORT[name][1] * scale)
    imports = [line for line in (EXAMPLES / f"{name}.py").read_text().splitlines() if "from fdezero import" in line]
    uses = any(f" {transform}" in line for line in imports for transform in TRANSFORMS)
    assert bool(count) == uses
