"""The QR decomposition.

The derivatives are those of Walter and Lehmann, *Algorithmic differentiation of linear algebra functions
with application in optimum experimental design* (2012), and of Roberts and Roberts, *QR and LQ
decomposition matrix backpropagation algorithms for square, wide, and deep matrices* (2020), for wide
matrices.  The first columns, as many as there are rows, must be linearly independent.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...core.declare import constant, general, implements
from ...core.graph import Array
from ...core.primitives import General
from .linalg import solve_mm
from .matrices import adjoint, conjugate, diagonal, diagonal_matrix, named_like, transpose
from .svd import complement


def _qr_jvp(g: Array, out: Any) -> tuple[Array, Array]:
    q, r = out
    slope = transpose(solve_mm(transpose(r), transpose(g)))  # dA R^-1
    inside = adjoint(q) @ slope
    low = inside * np.tri(inside.shape[-1], k=-1, dtype=inside.dtype)
    turned = low - adjoint(low)
    if inside.dtype.kind == "c":  # the diagonal of R is real, so what is imaginary there turns Q
        turned = turned + 1j * np.imag(inside) * np.eye(inside.shape[-1])
    return slope + q @ (turned - inside), (inside - turned) @ r


def _qr_vjp(g: Any, out: Any) -> Array:
    """Not left to the transpose of the above, which takes 1.9 times as long (for a hundred matrices of 20 x 20)."""
    (g_q, g_r), (q, r) = g, out
    inside = 0.0 if g_q is None else -adjoint(q) @ conjugate(g_q)
    inside = inside if g_r is None else inside + conjugate(g_r) @ adjoint(r)
    high = inside * np.tri(r.shape[-1], dtype=r.dtype).T
    real = np.real(diagonal(high)).astype(r.dtype)
    total = q @ (high + adjoint(high) - diagonal_matrix(real))
    total = total if g_q is None else total + conjugate(g_q)
    return conjugate(adjoint(solve_mm(r, adjoint(total))))


#: ``qr_(x, q, r)`` is (q, r), the reduced decomposition of a matrix x that is not wide, as functions of x.
qr_: General = general(
    lambda x, q, r: (q, r), vjp=[_qr_vjp, None, None], jvp=[_qr_jvp, None, None], name="qr", core=(2, 2, 2)
)
_qr_of = constant(lambda x, *, mode: tuple(np.linalg.qr(x, mode)), name="qr", core=(2,))


@implements(np.linalg.qr)
def qr(a: Array, mode: str = "reduced") -> Any:
    """In mode 'complete' the additional columns of Q follow the space that they span without turning in it."""
    if mode not in ("reduced", "complete", "r"):
        raise TypeError(
            f"numpy.linalg.qr has no derivative rule for mode={mode!r}: the reflections of 'raw' are no function to be "
            "differentiated; write mode='reduced', 'complete' or 'r'"
        )
    m, n = a.shape[-2:]
    if mode == "complete" and m > n:
        all_q, all_r = _qr_of(a, mode="complete")
        q, r = qr_(a, all_q[..., :n], all_r[..., :n, :])
        q = np.concatenate([q, complement(q, all_q[..., n:])], axis=-1)
        r = np.concatenate([r, np.zeros_like(r, shape=(*r.shape[:-2], m - n, n))], axis=-2)
    else:
        square = a[..., :m]
        q, r = qr_(square, *_qr_of(square, mode="reduced"))
        if n > m:
            r = np.concatenate([r, adjoint(q) @ a[..., m:]], axis=-1)
    return r if mode == "r" else named_like(np.linalg.qr, (q, r))
