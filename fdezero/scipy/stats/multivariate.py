"""Multivariate distributions: the normal, multinomial and Dirichlet ones."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.special as sc
import scipy.stats

from ...core.graph import Array
from .._boxes import as_double, has_box
from .base import Base

LN_2PI = float(np.log(2 * np.pi))


def _negligible(cov: Array) -> float:
    """The part of the largest eigenvalue that SciPy takes for 0."""
    return float(1e6 * np.finfo(cov.dtype).eps)


def _pseudo(cov: Array) -> tuple[Array, Array, Array]:
    """Of a positive semidefinite matrix the pseudoinverse, the log of the product of its other eigenvalues, the rank."""
    cov = 0.5 * (cov + np.swapaxes(cov, -1, -2))
    inverse = np.linalg.pinv(cov, rcond=_negligible(cov), hermitian=True)
    # The projection on the null space puts 1 in the place of each eigenvalue 0, whichever way the space turns.
    regular = cov + np.eye(cov.shape[-1], dtype=cov.dtype) - cov @ inverse
    rank = np.linalg.matrix_rank(cov, hermitian=True, rtol=_negligible(cov))
    return inverse, np.linalg.slogdet(regular)[1], rank


class MultivariateNormal(Base):
    """`scipy.stats.multivariate_normal`; ``logpdf`` and ``pdf`` are differentiable in x, mean and cov, ``entropy`` in cov.

    The derivative in cov is symmetric; at a singular one it is that along matrices of the same rank.
    """

    def logpdf(self, x: Array, mean: Any = None, cov: Any = 1, allow_singular: bool = False) -> Array:
        """The logarithm of the density of x, whose last axis are the components.

        Args:
            x: an array of shape (..., n), or of any shape for n = 1.
            mean: of shape (n,), or None for 0.
            cov: of shape (n, n); (n,) for a diagonal; or one number.
            allow_singular: whether cov may be singular; the density is that on its range, and 0 outside.

        Raises:
            LinAlgError: for a singular covariance, unless it may be.

        Example:
            >>> import numpy as np
            >>> from fdezero import grad
            >>> grad(multivariate_normal.logpdf)(np.array([1.0, 2.0]), np.zeros(2), np.eye(2))
            array([-1., -2.])
        """
        if not has_box(x, mean, cov):
            return self.original.logpdf(x, mean, cov, allow_singular)
        x, cov = as_double(x), as_double(cov)
        mean = None if mean is None else as_double(mean)
        n = self._dimension(mean, cov)
        deviation = self._components(x, n)
        deviation = deviation if mean is None else deviation - mean
        if allow_singular:
            return self._on_the_range(deviation, self._matrix(cov, n))
        if len(cov.shape) < 2:
            variance = np.broadcast_to(cov, (n,))
            square = np.sum(deviation * deviation / variance, axis=-1)
            return -0.5 * (n * LN_2PI + np.sum(np.log(variance)) + square)
        root = np.linalg.cholesky(cov)
        flat = deviation.reshape((-1, n))
        white = np.linalg.solve(root, flat.T)
        square = np.sum(white * white, axis=0).reshape(deviation.shape[:-1])
        return -0.5 * (n * LN_2PI + square) - np.sum(np.log(np.diagonal(root)))

    def entropy(self, mean: Any = None, cov: Any = 1, allow_singular: bool = True) -> Array:
        """The differential entropy; arguments as for `logpdf`.

        Example:
            >>> import numpy as np
            >>> from fdezero import grad
            >>> grad(lambda cov: multivariate_normal.entropy(np.zeros(2), cov))(np.diag([1.0, 2.0]))
            array([[0.5 , 0.  ],
                   [0.  , 0.25]])
        """
        if not has_box(mean, cov):
            return self.original.entropy(mean, cov)
        cov = as_double(cov)
        cov = self._matrix(cov, self._dimension(None if mean is None else as_double(mean), cov))
        _, log_determinant, rank = _pseudo(cov)
        return 0.5 * (rank * (LN_2PI + 1) + log_determinant)

    @staticmethod
    def _matrix(cov: Any, n: int) -> Any:
        return cov if len(cov.shape) > 1 else np.diag(np.broadcast_to(cov, (n,)))

    @staticmethod
    def _on_the_range(deviation: Any, cov: Any) -> Any:
        """The logarithm of the density on the range of a matrix that may be singular, -inf outside."""
        inverse, log_determinant, rank = _pseudo(cov)
        out = -0.5 * (rank * LN_2PI + log_determinant + np.sum((deviation @ inverse) * deviation, axis=-1))
        residual = np.linalg.norm(deviation - deviation @ (inverse @ cov), axis=-1)
        return np.where(residual < 1e3 * _negligible(cov) * np.linalg.norm(cov, 2), out, -np.inf)

    @staticmethod
    def _dimension(mean: Any, cov: Any) -> int:
        """As SciPy finds it: a vector ``cov`` is a diagonal only beside a mean."""
        if mean is not None:
            return int(mean.shape[-1]) if mean.shape else 1
        return int(cov.shape[-1]) if len(cov.shape) > 1 else 1

    @staticmethod
    def _components(x: Any, n: int) -> Any:
        """x with its components in the last axis: a vector is one point, or of one component each."""
        if not x.shape:
            return x.reshape((1,))
        return x.reshape((*x.shape, 1)) if len(x.shape) == 1 and n == 1 else x

    def pdf(self, x: Array, mean: Any = None, cov: Any = 1, allow_singular: bool = False) -> Array:
        """The density; arguments as for `logpdf`."""
        if not has_box(x, mean, cov):
            return self.original.pdf(x, mean, cov, allow_singular)
        return np.exp(self.logpdf(x, mean, cov, allow_singular))


class Multinomial(Base):
    """`scipy.stats.multinomial`; ``logpmf`` and ``pmf`` are differentiable in p.

    As in SciPy the last probability is 1 minus the others, whatever is given, so there is no derivative in it.
    """

    def logpmf(self, x: Array, n: Any, p: Array) -> Array:
        """The logarithm of the probability of the counts x, of shape (..., k), in n trials.

        Example:
            >>> import numpy as np
            >>> from fdezero import grad
            >>> grad(multinomial.logpmf, argnums=2)(np.array([1, 2]), 3, np.array([0.5, 0.5]))
            array([-2.,  0.])
        """
        if not has_box(x, n, p):
            return self.original.logpmf(x, n, p)
        x, n, p = as_double(x), as_double(n), as_double(p)
        others = p[..., :-1]
        p = np.concatenate([others, 1 - np.sum(others, axis=-1, keepdims=True)], axis=-1)
        terms = sc.xlogy(x, p) - sc.gammaln(x + 1)
        out = sc.gammaln(n + 1) + np.sum(terms, axis=-1)
        inside = np.equal(np.sum(x, axis=-1), n) & np.all((x >= 0) & np.equal(x, np.floor(x)), axis=-1)
        valid = np.all((p >= 0) & (p <= 1), axis=-1) & (n >= 0)
        return np.where(valid, np.where(inside, out, -np.inf), np.nan)

    def pmf(self, x: Array, n: Any, p: Array) -> Array:
        """The probability of the counts x; arguments as for `logpmf`."""
        if not has_box(x, n, p):
            return self.original.pmf(x, n, p)
        return np.exp(self.logpmf(x, n, p))


class Dirichlet(Base):
    """`scipy.stats.dirichlet`; ``logpdf`` and ``pdf`` are differentiable in x and alpha."""

    def logpdf(self, x: Array, alpha: Array) -> Array:
        """The logarithm of the density at x, of shape (k, ...), or (k - 1, ...) without the last component.

        Raises:
            ValueError: for another length.

        Example:
            >>> import numpy as np
            >>> from fdezero import grad
            >>> grad(dirichlet.logpdf, argnums=1)(np.array([0.5, 0.5]), np.array([1.0, 1.0])).round(6)
            array([0.306853, 0.306853])
        """
        if not has_box(x, alpha):
            return self.original.logpdf(x, alpha)
        x, alpha = as_double(x), as_double(alpha)
        k = alpha.shape[0]
        if x.shape[0] == k - 1:
            x = np.concatenate([x, 1 - np.sum(x, axis=0, keepdims=True)])
        if x.shape[0] != k:
            raise ValueError(f"x has {x.shape[0]} components and alpha {k}; x needs {k}, or {k - 1} without the last")
        column = alpha.reshape((k,) + (1,) * (len(x.shape) - 1))
        normalisation = sc.gammaln(np.sum(alpha)) - np.sum(sc.gammaln(alpha))
        return np.sum(sc.xlogy(column - 1, x), axis=0) + normalisation

    def pdf(self, x: Array, alpha: Array) -> Array:
        """The density; arguments as for `logpdf`."""
        if not has_box(x, alpha):
            return self.original.pdf(x, alpha)
        return np.exp(self.logpdf(x, alpha))


multivariate_normal = MultivariateNormal(scipy.stats.multivariate_normal, ("mean", "cov"))
multinomial = Multinomial(scipy.stats.multinomial, ("n", "p"))
dirichlet = Dirichlet(scipy.stats.dirichlet, ("alpha",))
