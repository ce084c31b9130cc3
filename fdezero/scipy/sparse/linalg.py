"""`scipy.sparse.linalg` with derivatives: `spsolve`, in the entries and in the right-hand side, and `factorized`.

>>> import numpy as np
>>> import scipy.sparse
>>> from fdezero import grad
>>> from fdezero.scipy.sparse.linalg import spsolve
>>> a = scipy.sparse.csc_array(np.array([[2.0, 1.0], [0.0, 4.0]]))
>>> grad(lambda b: spsolve(a, b).sum())(np.ones(2))
array([0.5  , 0.125])
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.sparse
import scipy.sparse.linalg as original

from ...core.declare import general, linear
from ...core.graph import Array, Box
from ...core.primitives import General, Linear
from .._mirror import has_boxes, operand, others_of
from ._matrices import SparseMatrix, Structure, product

__getattr__ = others_of(original)


def _solved(x: Array, y: Array, *, structure: Structure) -> Array:
    found = original.spsolve(structure.matrix(x), y)
    return found.reshape(y.shape)  # SciPy returns a vector for one column


#: The entries of the matrix, and the right-hand sides (n, k).
solved: General = general(
    _solved,
    vjp=[
        lambda g, x, out, *, structure: -structure.part(solved(x, g, structure=structure.T), out),
        lambda g, x, *, structure: solved(x, g, structure=structure.T),
    ],
    jvp=[
        lambda g, x, out, *, structure: -solved(x, product(g, out, structure=structure), structure=structure),
        lambda g, x, *, structure: solved(x, g, structure=structure),
    ],
    name="spsolve",
)


def _entries(a: Any) -> tuple[Array, Structure]:
    if isinstance(a, SparseMatrix):
        return a.data, a.structure
    triples = scipy.sparse.coo_array(a)
    return operand(triples.data), Structure(triples.row, triples.col, triples.shape)


def spsolve(A: Any, b: Any, permc_spec: str | None = None, use_umfpack: bool = True) -> Any:  # SciPy's names
    """The x with ``A x = b``, for a sparse A (n, n) and b of shape (n,) or (n, k).

    Differentiable with respect to b, and to the entries of a `fdezero.scipy.sparse.SparseMatrix`.
    """
    if not has_boxes(b) and not isinstance(A, SparseMatrix):
        return original.spsolve(A, b, permc_spec, use_umfpack)
    b = operand(b)
    data, structure = _entries(A)
    if len(b.shape) == 1 or b.shape[1] == 1:  # SciPy returns a vector for one column too
        return solved(data, b.reshape(-1, 1), structure=structure)[:, 0]
    return solved(data, b, structure=structure)


#: ``solve(y, trans)`` of a factorization that was made once.
_with_factors: Linear = linear(
    lambda x, *, solve, trans: solve(x, trans),
    lambda g, *, solve, trans: _with_factors(g, solve=solve, trans="T" if trans == "N" else "N"),
    name="factorized_solve",
)


def factorized(A: Any) -> Callable[[Any], Any]:  # SciPy's name
    """A function that solves ``A x = b`` for a sparse A (n, n), which is factorized once; differentiable in b.

    ``b`` has the shape (n,).  A is a constant; see `spsolve` for derivatives with respect to its entries.
    """
    plain = original.factorized(A)
    factors: list[Any] = []

    def solve(b: Array, trans: str) -> Array:
        if not factors:
            factors.append(original.splu(scipy.sparse.csc_array(A)))
        return np.asarray(factors[0].solve(np.ascontiguousarray(b), trans))

    def solver(b: Any) -> Any:
        return _with_factors(b, solve=solve, trans="N") if isinstance(b, Box) else plain(b)

    return solver


__all__ = ["factorized", "spsolve"]
