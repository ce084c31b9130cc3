"""`scipy.stats`, with derivatives of the densities, distribution functions and quantiles of its distributions.

Each distribution has SciPy's methods and signatures, ``(x, *shapes, loc=0, scale=1)``.  Called on plain
arrays a method is SciPy's own; called on a Box it is the formula of `continuous`, `discrete` or
`multivariate`, which is differentiable in the argument, the shapes, ``loc`` and ``scale``.  Every other
method (``rvs``, ``fit``, ``mean`` ...) and every other name is SciPy's.

>>> import numpy as np
>>> from fdezero import grad
>>> from fdezero.scipy import stats
>>> data = np.array([1.0, 2.0, 4.0])
>>> grad(lambda mean: stats.norm.logpdf(data, loc=mean, scale=2.0).sum())(0.0).round(6)  # sum(data - mean) / scale**2
np.float64(1.75)
"""

from typing import Any

import scipy.stats

from .continuous import (
    beta,
    cauchy,
    chi2,
    expon,
    gamma,
    laplace,
    logistic,
    lognorm,
    norm,
    pareto,
    t,
    truncnorm,
    uniform,
    vonmises,
    weibull_min,
)
from .discrete import bernoulli, binom, geom, nbinom, poisson
from .multivariate import dirichlet, multinomial, multivariate_normal

__all__ = [
    "bernoulli",
    "beta",
    "binom",
    "cauchy",
    "chi2",
    "dirichlet",
    "expon",
    "gamma",
    "geom",
    "laplace",
    "logistic",
    "lognorm",
    "multinomial",
    "multivariate_normal",
    "nbinom",
    "norm",
    "pareto",
    "poisson",
    "t",
    "truncnorm",
    "uniform",
    "vonmises",
    "weibull_min",
]


def __getattr__(name: str) -> Any:
    return getattr(scipy.stats, name)


def __dir__() -> list[str]:
    return dir(scipy.stats)
