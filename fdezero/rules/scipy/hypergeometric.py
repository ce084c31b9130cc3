"""Hypergeometric functions and orthogonal polynomials, in their argument.

Sources: DLMF sections 13.3, 15.5, 16.3, 18.9; Abramowitz and Stegun, chapter 22; Wright's function: DLMF 10.46.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.special as sc

from ...core.graph import Array
from .helpers import special

A, B, C = "the parameter a", "the parameter b", "the parameter c"


def _hyp2f1_slope(g: Array, xs: Any) -> Array:
    a, b, c, z = xs
    return g * a * b / c * sc.hyp2f1(a + 1, b + 1, c + 1, z)


special(sc.hyp0f1, "the parameter v", lambda g, x, y: g / x * sc.hyp0f1(x + 1, y))
special(sc.hyp1f1, A, B, lambda g, x, y, z: g * x / y * sc.hyp1f1(x + 1, y + 1, z))
special(sc.hyperu, A, B, lambda g, x, y, z: -g * x * sc.hyperu(x + 1, y + 1, z))
special(sc.hyp2f1, A, B, C, _hyp2f1_slope)
special(sc.wright_bessel, A, B, lambda g, x, y, z: g * sc.wright_bessel(x, x + y, z))
special(
    sc.log_wright_bessel, A, B, lambda g, x, y, z, out: g * np.exp(sc.log_wright_bessel(x, x + y, z) - out)
)


# -- orthogonal polynomials: the derivative is one of degree n - 1 -----------------------------------------------
def _lowered(slope: Callable[..., Any]) -> Callable[..., Any]:
    """``slope(n, n - 1, ...)`` and 0 for degree 0."""

    def rule(g: Array, xs: Any) -> Array:
        n, *others = xs
        constant = np.equal(n, 0)
        return g * np.where(constant, 0, slope(n, np.where(constant, 1, n) - 1, *others))

    return rule


N = "the degree n"
_gegenbauer = sc.eval_gegenbauer

special(sc.eval_chebyt, N, _lowered(lambda n, m, x: n * sc.eval_chebyu(m, x)))
special(sc.eval_chebyu, N, _lowered(lambda n, m, x: 2 * _gegenbauer(m, 2.0, x)))
special(sc.eval_chebyc, N, _lowered(lambda n, m, x: n * sc.eval_chebyu(m, 0.5 * x)))
special(sc.eval_chebys, N, _lowered(lambda n, m, x: _gegenbauer(m, 2.0, 0.5 * x)))
special(sc.eval_sh_chebyt, N, _lowered(lambda n, m, x: 2 * n * sc.eval_chebyu(m, 2 * x - 1)))
special(sc.eval_sh_chebyu, N, _lowered(lambda n, m, x: 4 * _gegenbauer(m, 2.0, 2 * x - 1)))
special(sc.eval_legendre, N, _lowered(lambda n, m, x: _gegenbauer(m, 1.5, x)))
special(sc.eval_sh_legendre, N, _lowered(lambda n, m, x: 2 * _gegenbauer(m, 1.5, 2 * x - 1)))
special(sc.eval_hermite, N, _lowered(lambda n, m, x: 2 * n * sc.eval_hermite(m, x)))
special(sc.eval_hermitenorm, N, _lowered(lambda n, m, x: n * sc.eval_hermitenorm(m, x)))
special(sc.eval_laguerre, N, _lowered(lambda n, m, x: -sc.eval_genlaguerre(m, 1.0, x)))
special(
    sc.eval_genlaguerre, N, "the parameter alpha", _lowered(lambda n, m, a, x: -sc.eval_genlaguerre(m, a + 1, x))
)
special(sc.eval_gegenbauer, N, "the parameter alpha", _lowered(lambda n, m, a, x: 2 * a * _gegenbauer(m, a + 1, x)))
special(
    sc.eval_jacobi,
    *(N, "the parameter alpha", "the parameter beta"),
    _lowered(lambda n, m, a, b, x: 0.5 * (n + a + b + 1) * sc.eval_jacobi(m, a + 1, b + 1, x)),
)
special(
    sc.eval_sh_jacobi,
    *(N, "the parameter p", "the parameter q"),
    _lowered(lambda n, m, p, q, x: (n + p) * sc.eval_jacobi(m, p - q + 1, q, 2 * x - 1) / sc.binom(2 * n + p - 1, n)),
)

#: Legendre's function of the first kind inside the cut: (1 - x^2) P' = (v + m) P_(v-1) - v x P (DLMF 14.10.5).
special(
    sc.lpmv,
    *("the order m", "the degree v"),
    lambda g, x, y, z, out: g * ((y + x) * sc.lpmv(x, y - 1, z) - y * z * out) / (1 - z * z),
)
