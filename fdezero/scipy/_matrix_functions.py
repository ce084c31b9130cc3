"""Functions of a matrix: expm, logm, sqrtm, the trigonometric and hyperbolic ones.

The derivative of a matrix function f at A along E is the block above the diagonal of f([[A, E], [0, A]])
(Higham, *Functions of Matrices* (2008), theorem 3.6).  It is a primitive of its own, linear in E, whose
derivatives come from the same theorem; so all orders and modes follow from f alone.  That of expm is
computed by the algorithm of Al-Mohy and Higham, Computing the Frechet derivative of the matrix
exponential (2009), and that of sqrtm from a Sylvester equation.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.linalg

from ..core.declare import general
from ..core.graph import Array
from ..core.primitives import Primitive
from ._mirror import mirrors, operand
from ._solvers import sylvester


def block(a: Array, e: Array, d: Array) -> Array:
    """[[a, e], [0, d]]."""
    below = np.concatenate([np.zeros_like(a), d], axis=-1)
    return np.concatenate([np.concatenate([a, e], axis=-1), below], axis=-2)


def above(x: Array) -> Array:
    """The block above the diagonal."""
    n = x.shape[-1] // 2
    return x[..., :n, n:]


def frechet_derivative(derivative: Callable[[Array, Array], Array], name: str) -> Primitive:
    """The primitive L(A, E): the derivative of a matrix function at A along E."""

    def second(a: Array, e: Array, f: Array) -> Array:
        """The second derivative at A along E and F, which is symmetric in them."""
        return above(primitive(block(a, e, a), block(f, np.zeros_like(f), f)))

    primitive = general(
        derivative,
        vjp=[lambda g, x, y: second(x.mT, y.mT, g), lambda g, x: primitive(x.mT, g)],
        jvp=[lambda g, x, y: second(x, y, g), lambda g, x: primitive(x, g)],
        name=f"{name}_frechet",
    )
    return primitive


def matrix_function(
    function: Callable[[Array], Array], name: str, derivative: Callable[[Array, Array], Array] | None = None
) -> tuple[Primitive, Primitive]:
    """The primitive of a function of a square matrix, and that of its derivative."""
    frechet = frechet_derivative(derivative or (lambda a, e: above(function(block(a, e, a)))), name)
    primitive = general(
        function, vjp=[lambda g, x: frechet(x.mT, g)], jvp=[lambda g, x: frechet(x, g)], name=name
    )
    return primitive, frechet


def _stacked(function: Callable[..., Array]) -> Callable[..., Array]:
    """``function`` of matrices, for stacks of them too, whatever SciPy's version."""

    def stacked(*xs: Array) -> Array:
        if all(x.ndim == 2 for x in xs):
            return function(*xs)
        xs = np.broadcast_arrays(*xs)
        lead = xs[0].shape[:-2]
        results = [function(*(x[i] for x in xs)) for i in np.ndindex(lead)]
        return np.stack(results).reshape(*lead, *results[0].shape) if results else np.zeros_like(xs[0])

    return stacked


_expm, _expm_frechet = matrix_function(
    scipy.linalg.expm, "expm", _stacked(lambda a, e: scipy.linalg.expm_frechet(a, e, compute_expm=False))
)


@mirrors(scipy.linalg.expm)
def expm(A: Any) -> Any:  # SciPy's name
    """The exponential of ``A`` (..., n, n), differentiable."""
    return _expm(operand(A))


@mirrors(scipy.linalg.expm_frechet)
def expm_frechet(A: Any, E: Any, compute_expm: bool = True) -> Any:  # SciPy's names
    """``expm(A)`` and its derivative along ``E``, both (n, n), differentiable with respect to both."""
    A, E = operand(A), operand(E)
    return (_expm(A), _expm_frechet(A, E)) if compute_expm else _expm_frechet(A, E)


def _mirrored(function: Callable[..., Any], domain: str = "") -> Any:
    primitive, _ = matrix_function(_stacked(function), function.__name__)

    def implementation(A: Any) -> Any:  # SciPy's name
        return primitive(operand(A))

    implementation.__name__ = function.__name__
    implementation.__doc__ = f"The matrix function {function.__name__} of ``A`` (n, n), differentiable{domain}."
    return mirrors(function)(implementation)


logm = _mirrored(scipy.linalg.logm, " where no eigenvalue is 0 or negative")
sinm, cosm, tanm = map(_mirrored, (scipy.linalg.sinm, scipy.linalg.cosm, scipy.linalg.tanm))
sinhm, coshm, tanhm = map(_mirrored, (scipy.linalg.sinhm, scipy.linalg.coshm, scipy.linalg.tanhm))

_sqrtm = general(
    _stacked(scipy.linalg.sqrtm),
    vjp=[lambda g, out: sylvester(out.mT, out.mT, g)],
    jvp=[lambda g, out: sylvester(out, out, g)],
    name="sqrtm",
)


@mirrors(scipy.linalg.sqrtm)
def sqrtm(A: Any) -> Any:  # SciPy's name
    """The principal square root of ``A`` (n, n), differentiable where no eigenvalue is 0 or negative."""
    return _sqrtm(operand(A))


