"""`scipy.linalg` with derivatives: solvers, factorizations, functions of matrices, special matrices.

The values are SciPy's.  Every other name of the module is SciPy's own object.

>>> import numpy as np
>>> from fdezero import grad
>>> from fdezero.scipy import linalg
>>> round(float(grad(lambda t: linalg.expm(t * np.array([[0.0, 1.0], [0.0, 0.0]]))[0, 1])(2.0)), 6)
1.0
"""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.linalg as original

from ._factorizations import cho_factor, cholesky, eigh, eigvalsh, lu, lu_factor, polar, qr, svd, svdvals
from ._matrix_functions import coshm, cosm, expm, expm_frechet, logm, sinhm, sinm, sqrtm, tanhm, tanm
from ._mirror import mirrors, operand, others_of
from ._solvers import (
    cho_solve,
    lu_solve,
    solve,
    solve_banded,
    solve_continuous_lyapunov,
    solve_sylvester,
    solve_toeplitz,
    solve_triangular,
)
from ._special_matrices import block_diag, circulant, hankel, toeplitz

__getattr__ = others_of(original)


@mirrors(original.inv)
def inv(a: Any) -> Any:
    """The inverse of ``a`` (..., n, n), differentiable."""
    return np.linalg.inv(operand(a))


@mirrors(original.det)
def det(a: Any) -> Any:
    """The determinant of ``a`` (..., n, n), differentiable also where it is 0."""
    return np.linalg.det(operand(a))


@mirrors(original.eigvals)
def eigvals(a: Any) -> Any:
    """The eigenvalues of ``a`` (..., n, n), complex numbers, differentiable."""
    return _complex(np.linalg.eigvals(operand(a)))


@mirrors(original.eig)
def eig(a: Any, right: bool = True) -> Any:
    """The eigenvalues of ``a`` (..., n, n), complex numbers, and with ``right`` the eigenvectors; differentiable."""
    if not right:
        return eigvals(a)
    w, v = np.linalg.eig(operand(a))
    return _complex(w), v


def _complex(w: Any) -> Any:
    return w.astype(np.result_type(w.dtype, np.complex64))


@mirrors(original.pinv)
def pinv(a: Any, rtol: Any = None) -> Any:
    """The pseudo-inverse of ``a`` (..., m, n), differentiable where the rank does not change."""
    a = operand(a)
    if rtol is None:
        rtol = max(a.shape[-2:]) * np.finfo(a.dtype).eps
    return np.linalg.pinv(a, rtol=rtol)


@mirrors(original.lstsq)
def lstsq(a: Any, b: Any, cond: Any = None) -> Any:
    """``(x, residues, rank, s)`` of the least-squares problem; x, residues and s are differentiable.

    ``a`` has shape (m, n), ``b`` (m,) or (m, k).
    """
    a, b = operand(a), operand(b)
    x, residues, rank, s = np.linalg.lstsq(a, b, rcond=np.finfo(a.dtype).eps if cond is None else cond)
    return x, (residues[0] if len(b.shape) == 1 and residues.size else residues), rank, s


@mirrors(original.norm)
def norm(a: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:  # noqa: A002  # SciPy's name
    """The norm of ``a``, differentiable; at a zero vector its derivative is 0."""
    return np.linalg.norm(operand(a), ord=ord, axis=axis, keepdims=keepdims)


__all__ = [
    "block_diag", "cho_factor", "cho_solve", "cholesky", "circulant", "coshm", "cosm", "det", "eig", "eigh",
    "eigvals", "eigvalsh", "expm", "expm_frechet", "hankel", "inv", "logm", "lstsq", "lu", "lu_factor", "lu_solve",
    "norm", "pinv", "polar", "qr", "sinhm", "sinm", "solve", "solve_banded", "solve_continuous_lyapunov",
    "solve_sylvester", "solve_toeplitz", "solve_triangular", "sqrtm", "svd", "svdvals", "tanhm", "tanm", "toeplitz",
]  # fmt: skip
