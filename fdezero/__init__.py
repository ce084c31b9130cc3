"""fdezero: exact derivatives of ordinary NumPy code.

Start reading at `fdezero.core.graph` (boxes, nodes, the tape), then `fdezero.core.primitives` (how a call
is dispatched), then `fdezero.interpreters.reverse` (recording and the fold).  That is reverse mode.  The
derivatives themselves are in `fdezero.rules`.

>>> import numpy as np
>>> from fdezero import grad
>>> grad(lambda x: np.tanh(x).sum())(np.zeros(3))
array([1., 1., 1.])
"""

from . import primitives, rules, show, testing, tree
from .core.graph import Box, Node, Tape
from .core.recording import no_grad
from .coverage import coverage
from .interpreters.reverse import Variable
from .jit import jit
from .rules.numpy.indexing import at
from .rules.numpy.shaping import array
from .transforms.checkpoint import checkpoint
from .transforms.custom import custom_jvp, custom_vjp
from .transforms.derivatives import (
    elementwise_grad,
    ggnvp,
    hessian,
    hvp,
    jacfwd,
    jacobian,
    jacrev,
    value_and_jacobian,
)
from .transforms.grad import grad, record, stop_gradient, value_and_grad, vjp
from .transforms.implicit import fixed_point, root
from .transforms.jet import derivative, jet
from .transforms.jvp import jvp
from .transforms.linear import linear_transpose, linearize
from .transforms.vmap import vmap

__version__ = "0.1.0"

__all__ = [
    "Box",
    "Node",
    "Tape",
    "Variable",
    "array",
    "at",
    "checkpoint",
    "coverage",
    "custom_jvp",
    "custom_vjp",
    "derivative",
    "elementwise_grad",
    "fixed_point",
    "ggnvp",
    "grad",
    "hessian",
    "hvp",
    "jacfwd",
    "jacobian",
    "jacrev",
    "jet",
    "jit",
    "jvp",
    "linear_transpose",
    "linearize",
    "no_grad",
    "primitives",
    "record",
    "root",
    "rules",
    "show",
    "stop_gradient",
    "testing",
    "tree",
    "value_and_grad",
    "value_and_jacobian",
    "vjp",
    "vmap",
]
