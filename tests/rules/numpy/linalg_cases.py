"""The cases of linear algebra, for the table in `cases`: batched, wide and tall, complex and float32."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np


def adjoint(x: Any) -> Any:
    return np.conjugate(np.swapaxes(x, -1, -2))


def hermitian(x: Any) -> Any:
    """A Hermitian matrix with different eigenvalues of both signs, for any x near what is drawn here."""
    return x + adjoint(x) + np.diag(np.arange(x.shape[-1]) * 4.0 - 3.0).astype(x.dtype)


def spread(x: Any) -> Any:
    """A matrix with different eigenvalues."""
    return x + np.diag(np.arange(x.shape[-1]) * 3.0 + 1.0).astype(x.dtype)


def same_phases(x: Any) -> Any:
    return [np.abs(a) for a in x]


def projector(basis: Any) -> Any:
    return basis @ adjoint(basis)


def declare(case: Callable[..., None], draw: Callable[..., Any]) -> None:
    """Add the cases of every function of numpy.linalg to the table."""
    _solving(case, draw)
    _products(case, draw)
    _decompositions(case, draw)
    _eigenvalues(case, draw)
    _singular_values(case, draw)
    _norms(case, draw)


def _solving(case: Any, draw: Any) -> None:
    la = np.linalg
    for dtype in (np.float32, complex):
        x = spread(draw(2, 3, 3, dtype=dtype) / 2)
        case(la.solve, x, draw(2, 3, 2, dtype=dtype))
        case(la.inv, x)
        case(la.det, x)
        case(la.slogdet, x)
    case(la.solve, spread(draw(3, 3) / 2), draw(3, 2, dtype=complex), label="mixed")
    case(la.det, np.diag([0.0, 0.0, 2.0]), label="rank 1")
    case(la.det, np.stack([np.diag([0.0, 1.0, 2.0]), spread(draw(3, 3) / 2)]), label="one of two singular")
    case(la.tensorsolve, draw(2, 3, 6) + np.eye(6).reshape(2, 3, 6) * 4, draw(2, 3))
    case(la.tensorsolve, draw(2, 6, 3) + np.eye(6).reshape(2, 3, 6).swapaxes(1, 2) * 4, draw(2, 3), axes=(1,))
    case(la.tensorinv, draw(4, 2, 2) + np.eye(4).reshape(4, 2, 2) * 4, ind=1)
    case(la.tensorinv, draw(2, 3, 6) + np.eye(6).reshape(2, 3, 6) * 4)
    for n in (-3, -1, 0, 1, 2, 5):
        case(la.matrix_power, draw(2, 2) + 2 * np.eye(2), f=lambda x, n=n: la.matrix_power(x, n), label=str(n))
    case(la.matrix_power, draw(2, 2, 2, dtype=complex), n=3)
    for shape in ((3, 3), (4, 2), (2, 4), (2, 3, 2)):
        case(la.pinv, draw(*shape))
    case(la.pinv, draw(3, 2, dtype=complex))
    case(la.pinv, draw(3, 2, dtype=np.float32))
    case(la.pinv, draw(3, 3), f=lambda x: la.pinv(hermitian(x), hermitian=True), label="hermitian")
    case(la.pinv, draw(4, 2), draw(2, 3), f=lambda x, y: la.pinv(x @ y, rcond=1e-10), label="rank 2")
    for shape in ((3, 2), (2, 3)):
        drop = np.array([[3.0, 0.2, 0.1], [0.1, 0.05, 0.4]]).reshape(shape) + draw(*shape) / 20
        case(la.pinv, drop, rtol=0.3)
    for m, n in ((4, 2), (2, 4), (3, 3)):
        case(la.lstsq, draw(m, n), draw(m), f=lambda a, b: _without_rank(la.lstsq(a, b)))
        case(la.lstsq, draw(m, n), draw(m, 2), f=lambda a, b: _without_rank(la.lstsq(a, b)))
    case(la.lstsq, draw(3, 2, dtype=complex), draw(3, dtype=complex), f=lambda a, b: _without_rank(la.lstsq(a, b)))
    case(la.lstsq, draw(4, 2), draw(2, 3), draw(4), f=lambda x, y, b: la.lstsq(x @ y, b, rcond=1e-10)[0], label="rank 2")
    case(la.lstsq, np.array([[3.0, 0.2], [0.1, 0.3], [0.5, 0.1]]), draw(3), f=lambda a, b: la.lstsq(a, b, rcond=0.3)[0], label="rcond")


def _without_rank(result: Any) -> Any:
    return result[0], result[1], result[3]


def _products(case: Any, draw: Any) -> None:
    la = np.linalg
    case(la.matmul, draw(2, 3), draw(4, 3, 2))
    case(la.trace, draw(2, 3, 4))
    case(la.trace, draw(2, 3, 4), offset=1)
    case(la.trace, draw(3, 3, dtype=np.float32), dtype=float)
    case(la.diagonal, draw(2, 3, 4))
    case(la.diagonal, draw(2, 3, 4), offset=-1)
    case(la.matrix_transpose, draw(2, 3, 4))
    for function in (np.vecdot, la.vecdot):
        case(function, draw(3), draw(3))
        case(function, draw(2, 3), draw(3))
        case(function, draw(2, 3), draw(2, 1), axis=0)
        case(function, draw(2, 3, dtype=complex), draw(3, dtype=complex))
    if hasattr(np, "matvec"):
        for dtype in (float, complex):
            case(np.matvec, draw(4, 2, 3, dtype=dtype), draw(3, dtype=dtype))
            case(np.vecmat, draw(4, 2, dtype=dtype), draw(2, 3, dtype=dtype))
    for a, b in (((3,), (3,)), ((2, 3), (3,)), ((4, 1, 3), (2, 3))):
        case(np.cross, draw(*a), draw(*b))
        case(la.cross, draw(*a), draw(*b))
    case(np.cross, draw(3, 2), draw(2, 3), axisa=0, axisc=0)
    case(la.cross, draw(3, 2), draw(3, 1), axis=0)
    case(np.kron, draw(2, 3), draw(3, 2))
    case(np.kron, draw(2), draw(3, 2))
    case(np.kron, draw(2, 1, 2), draw(2))
    case(np.kron, draw(), draw(2))
    case(la.outer, draw(2, dtype=complex), draw(3))
    case(la.multi_dot, draw(2, 3), draw(3, 4), draw(4, 1), draw(1, 3), f=lambda *xs: la.multi_dot(xs))
    case(la.multi_dot, draw(2), draw(2, 3), draw(3), f=lambda *xs: la.multi_dot(xs), label="vectors")
    case(la.multi_dot, draw(2, 3), draw(3), f=lambda *xs: la.multi_dot(list(xs)), label="two")


def _decompositions(case: Any, draw: Any) -> None:
    la = np.linalg
    for shape in ((3, 3), (4, 2), (2, 4), (2, 3, 2)):
        case(la.qr, draw(*shape))
        case(la.qr, draw(*shape), mode="r")
    case(la.qr, draw(3, 3), mode="complete")
    case(la.qr, draw(2, 3), mode="complete")
    case(la.qr, draw(4, 2), f=lambda x: [projector(q := la.qr(x, "complete").Q[:, 2:]), q.shape[0] * la.qr(x, "complete").R], label="complete")
    case(la.qr, draw(3, 2, dtype=complex))
    case(la.qr, draw(2, 3, dtype=complex))
    case(la.qr, draw(3, 2, dtype=complex), f=lambda x: projector(la.qr(x, "complete").Q[:, 2:]), label="complete")
    case(la.qr, draw(3, 2, dtype=np.float32))


def _eigenvalues(case: Any, draw: Any) -> None:
    la = np.linalg
    for shape in ((3, 3), (2, 3, 3)):
        x = draw(*shape) / 2
        case(la.eigh, x, f=lambda x: [la.eigh(hermitian(x)).eigenvalues, np.abs(la.eigh(hermitian(x), "U").eigenvectors)])
        case(la.eigvalsh, x, f=lambda x: la.eigvalsh(hermitian(x), "U"))
        case(la.eig, x, f=lambda x: [la.eig(spread(x)).eigenvalues, np.abs(la.eig(spread(x)).eigenvectors)])
        case(la.eigvals, x, f=lambda x: la.eigvals(spread(x)))
    for dtype in (np.float32, complex):
        x = draw(3, 3, dtype=dtype) / 2
        case(la.eigh, x, f=lambda x: np.abs(la.eigh(hermitian(x)).eigenvectors))
        case(la.eigvalsh, x, f=lambda x: la.eigvalsh(hermitian(x)))
        case(la.eig, x, f=lambda x: same_phases(la.eig(spread(x))))
        case(la.eigvals, x, f=lambda x: la.eigvals(spread(x)))
    turning = np.array([[0.2, -1.5, 0.3], [1.2, 0.1, 0.4], [0.3, 0.2, 3.0]])
    case(la.eigvals, turning, label="complex pair")
    case(la.eig, turning, f=lambda x: [la.eig(x).eigenvalues, la.eig(x).eigenvectors], label="complex pair")
    case(la.eig, draw(3, 3, dtype=complex) / 2, f=lambda x: la.eig(spread(x)).eigenvectors, label="with phases")


def _singular_values(case: Any, draw: Any) -> None:
    la = np.linalg
    for shape in ((3, 3), (4, 2), (2, 4), (2, 3, 2)):
        x = draw(*shape)
        case(la.svd, x, f=lambda x: same_phases(la.svd(x, full_matrices=False)))
        case(la.svd, x, f=lambda x: [(r := la.svd(x)).S, np.abs(r.U[..., :2]), np.abs(r.Vh[..., :2, :])], label="full")
        case(la.svdvals, x)
    case(la.svd, draw(4, 2), f=lambda x: projector(la.svd(x).U[:, 2:]), label="what is orthogonal")
    case(la.svd, draw(2, 4, dtype=complex), f=lambda x: projector(adjoint(la.svd(x).Vh)[:, 2:]), label="what is orthogonal")
    for dtype in (complex, np.float32):
        x = draw(3, 2, dtype=dtype)
        case(la.svd, x, f=lambda x: same_phases(la.svd(x, full_matrices=False)))
        case(la.svd, x, f=lambda x: (lambda u, s, vh: (u * np.sqrt(s)) @ vh)(*la.svd(x, full_matrices=False)), label="a product")
        case(la.svdvals, x)
    for dtype in (float, complex):
        x = draw(3, 3, dtype=dtype) / 2
        case(la.svd, x, f=lambda x: same_phases(la.svd(hermitian(x), hermitian=True)), label="hermitian")
        case(la.svd, x, f=lambda x: la.svd(hermitian(x), compute_uv=False, hermitian=True), label="hermitian")


def _norms(case: Any, draw: Any) -> None:
    la = np.linalg
    for p in (None, 2, -2, "fro", "nuc", 1, -1, np.inf, -np.inf):
        case(la.cond, draw(3, 3) + 2 * np.eye(3), f=lambda x, p=p: la.cond(x, p), label=str(p))
    case(la.cond, draw(2, 4, 3))
    if la.cond(np.eye(2) * 1j, 1).dtype.kind == "f":  # in NumPy 2.0 it is complex
        case(la.cond, draw(2, 3, 3, dtype=complex), p=1)
    for ord_ in ("fro", "nuc", 1, -1, 2, -2, np.inf, -np.inf):
        case(la.matrix_norm, draw(2, 3, 2), ord=ord_)
    case(la.matrix_norm, draw(2, 3, dtype=complex), ord="nuc")
    for ord_ in (0.5, 1, 2, 3, np.inf, -np.inf):
        case(la.vector_norm, draw(2, 3), ord=ord_, axis=-1, keepdims=True)
    case(la.vector_norm, draw(2, 3, dtype=complex), ord=3)
    case(la.norm, draw())
    case(la.vector_norm, draw(3), axis=())
