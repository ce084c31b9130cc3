"""fdezero: exact derivatives of ordinary NumPy code.

Start reading at `fdezero.graph` (boxes, nodes, the tape), then `fdezero.primitives` (how a derivative
is declared and a call is dispatched), then `fdezero.transforms.reverse` (the fold).  That is reverse
mode.  The derivatives themselves are in `fdezero.rules`.

>>> import numpy as np
>>> from fdezero import grad
>>> grad(lambda x: np.tanh(x).sum())(np.zeros(3))
array([1., 1., 1.])
"""

from . import rules, show, testing, tree
from .graph import Box, Node, Tape, Variable
from .recording import no_grad
from .rules.indexing import at
from .rules.shaping import array
from .transforms.batching import vmap
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
from .transforms.forward import jvp
from .transforms.implicit import fixed_point, root
from .transforms.linear import linear_transpose, linearize
from .transforms.reverse import grad, record, stop_gradient, value_and_grad, vjp
from .transforms.taylor import derivative, jet

__version__ = "0.1.0"

__all__ = [
    "Box",
    "Node",
    "Tape",
    "Variable",
    "array",
    "at",
    "checkpoint",
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
    "jvp",
    "linear_transpose",
    "linearize",
    "no_grad",
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
