"""Eigenvalues and eigenvectors of matrices that need not be Hermitian: eig, eigvals.

The derivatives are those of Boeddeker, Hanebrink, Drude, Heymann and Haeb-Umbach, *On the computation of
complex-valued gradients with application to statistically optimum beamforming* (2017), with the lengths and
phases of the vectors as LAPACK chooses them.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...core.declare import general, implements
from ...core.graph import Array
from .matrices import adjoint, conjugate, diagonal, diagonal_matrix, gaps, named_like, off_diagonal, over, undefined
from .products import row

#: Beyond this condition number, in units of 1 / epsilon, the eigenvectors are none: the matrix is defective.
_DEFECTIVE = 0.01


def _left_vectors(v: Array) -> Array:
    """The rows of V^-1, NaN where V has no inverse to speak of."""
    left = np.linalg.inv(v)
    condition = np.linalg.norm(left, axis=(-2, -1)) * np.linalg.norm(v, axis=(-2, -1))
    return undefined((condition > _DEFECTIVE / np.finfo(v.dtype).eps)[..., None, None], left)


def _of_largest(v: Array) -> Array:
    """1 / v where v is the largest entry of its column, which is real, and 0 elsewhere."""
    largest = np.arange(v.shape[-1])[:, None] == row(np.argmax(np.absolute(v), axis=-2))
    return largest / np.where(largest, np.real(v), np.ones_like(np.real(v)))


def _eig_jvp(g: Array, out: Any) -> tuple[Array, Array]:
    """Each vector keeps its length, 1, and its largest entry stays real: so LAPACK's geev scales them."""
    w, v = out
    inside = _left_vectors(v) @ g @ v
    turned = v @ over(off_diagonal(inside), gaps(w))
    along = np.real(np.sum(conjugate(v) * turned, axis=-2))
    turned = turned - v * row(along)
    if v.dtype.kind == "c":
        turned = turned - 1j * v * row(np.sum(_of_largest(v) * np.imag(turned), axis=-2))
    return diagonal(inside), turned


def _eig_vjp(g: Any, out: Any) -> Array:
    """Not left to the transpose of the above, which takes 1.4 times as long (for a hundred matrices of 20 x 20)."""
    (g_w, g_v), (w, v) = g, out
    left = _left_vectors(v)
    middle = 0.0 if g_w is None else diagonal_matrix(conjugate(g_w))
    if g_v is not None:
        c = conjugate(g_v)
        turned = c - v * row(np.real(np.sum(conjugate(v) * c, axis=-2)))
        if v.dtype.kind == "c":
            turned = turned - 1j * _of_largest(v) * row(np.imag(np.sum(conjugate(v) * c, axis=-2)))
        middle = middle + over(off_diagonal(adjoint(v) @ turned), conjugate(gaps(w)))
    return conjugate(adjoint(left) @ middle @ adjoint(v))


eig_ = general(lambda x: tuple(np.linalg.eig(x)), vjp=[_eig_vjp], jvp=[_eig_jvp], name="eig", core=(2,))


@implements(np.linalg.eig)
def eig(a: Array) -> Any:
    """The derivative of the vectors is that of what NumPy returns: of length 1, with a real largest entry.

    So it is what one wants of every function that does not depend on the phases, and of those that do
    it is the derivative of NumPy's convention.  Repeated eigenvalues: of the vectors NaN where it is
    asked for; of a defective matrix everything is NaN.
    """
    return named_like(np.linalg.eig, eig_(a))


@implements(np.linalg.eigvals)
def eigvals(a: Array) -> Array:
    return eig_(a)[0]
