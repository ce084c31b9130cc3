"""The public place to declare rules for functions of your own, and the kinds of primitives that an interpreter meets.

>>> import numpy as np
>>> from fdezero import grad
>>> from fdezero.primitives import elementwise
>>> tanh = elementwise(lambda x: np.tanh(x), lambda out: 1 - out * out, name="tanh")   # keeps only the output
>>> grad(tanh)(0.5) == 1 - np.tanh(0.5) ** 2
np.True_
"""

from .core.declare import (
    constant,
    elementwise,
    general,
    implements,
    linear,
    linear_in_all,
    multilinear,
    multilinear_in_all,
    reduction,
    register,
)
from .core.primitives import (
    Constant,
    Elementwise,
    General,
    Linear,
    LinearInAll,
    Multilinear,
    MultilinearInAll,
    Primitive,
    Reduction,
)

__all__ = [
    "Constant",
    "Elementwise",
    "General",
    "Linear",
    "LinearInAll",
    "Multilinear",
    "MultilinearInAll",
    "Primitive",
    "Reduction",
    "constant",
    "elementwise",
    "general",
    "implements",
    "linear",
    "linear_in_all",
    "multilinear",
    "multilinear_in_all",
    "reduction",
    "register",
]
