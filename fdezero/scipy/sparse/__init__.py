"""`scipy.sparse` with derivatives: products with sparse matrices, in the vector and in the entries.

``A @ x`` and ``x @ A`` with a sparse matrix of SciPy and a Box x are differentiable as they are.  The
constructors here take entries that are Boxes too.  Every other name of the module is SciPy's own object.

>>> import numpy as np
>>> from fdezero import grad
>>> from fdezero.scipy.sparse import coo_array
>>> rows, columns = np.array([0, 1, 1]), np.array([0, 0, 1])
>>> grad(lambda data: (coo_array((data, (rows, columns))) @ np.array([1.0, 10.0])).sum())(np.ones(3))
array([ 1.,  1., 10.])
"""

import scipy.sparse as original

from .._mirror import others_of
from . import linalg
from ._matrices import SparseMatrix, coo_array, csc_array, csr_array

__all__ = ["SparseMatrix", "coo_array", "csc_array", "csr_array", "linalg"]

__getattr__ = others_of(original)
