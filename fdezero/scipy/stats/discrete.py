"""Discrete distributions (Johnson, Kemp and Kotz, *Univariate Discrete Distributions* (2005)).

The argument k and ``loc`` move in steps, so there is no derivative in them; there is one in the shapes.
"""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np
import scipy.special as sc
import scipy.stats

from ...core.declare import constant
from ...core.graph import Array
from .._boxes import as_double, has_box, quiet_log
from .base import Base, Standard, both, where_valid


@attrs.frozen(eq=False, repr=False)
class Discrete(Base):
    """A discrete distribution, by functions of whole numbers k inside the support and of the shapes.

    Attributes:
        original, shapes: SciPy's distribution; the names of its shapes.
        log_mass: log of the probability of k.
        below, above: the probability of at most k, and of more than k, for first <= k < last.
        first, last: the ends of the support; ``last`` is a function of the shapes, or infinite.
        valid: whether the shapes are valid.
    """

    original: Any
    shapes: tuple[str, ...]
    log_mass: Standard = attrs.field(kw_only=True)
    below: Standard = attrs.field(kw_only=True)
    above: Standard = attrs.field(kw_only=True)
    valid: Standard = attrs.field(kw_only=True)
    first: float = 0.0
    last: Any = np.inf

    def _given(self, k: Any, args: Any, kwargs: Any) -> tuple[Array, Array, list[Any], Any]:
        *shapes, loc = self.parameters(args, kwargs, (*self.shapes, "loc"))
        shapes = [as_double(s) for s in shapes]
        k = as_double(k) if loc is None else as_double(k) - loc
        valid = self.valid(*shapes)
        if valid is not True:  # a NaN goes wherever the shape does
            shapes = [where_valid(valid, s) for s in shapes]
        return np.floor(k), np.equal(k, np.floor(k)), shapes, valid

    def logpmf(self, k: Array, *args: Any, **kwargs: Any) -> Array:
        """The logarithm of the probability of k, of the shape to which k and the shapes broadcast."""
        if not has_box(k, *args, *kwargs.values()):
            return self.original.logpmf(k, *args, **kwargs)
        k, whole, shapes, valid = self._given(k, args, kwargs)
        last = self.last(*shapes) if callable(self.last) else self.last
        inside = whole & (k >= self.first) & (k <= last)
        out = np.where(inside, self.log_mass(np.where(inside, k, self.first), *shapes), -np.inf)
        return where_valid(both(valid, k == k), out)  # NaN for a k that is NaN

    def pmf(self, k: Array, *args: Any, **kwargs: Any) -> Array:
        """The probability of k."""
        if not has_box(k, *args, *kwargs.values()):
            return self.original.pmf(k, *args, **kwargs)
        return np.exp(self.logpmf(k, *args, **kwargs))

    def _function(self, name: str, standard: Standard, left: float, right: float, k: Any, args: Any, kwargs: Any) -> Any:
        if not has_box(k, *args, *kwargs.values()):
            return getattr(self.original, name)(k, *args, **kwargs)
        k, _, shapes, valid = self._given(k, args, kwargs)
        before = k < self.first
        after = k >= (self.last(*shapes) if callable(self.last) else self.last)
        inside = np.logical_not(before | after) & (k == k)
        out = np.where(inside, standard(np.where(inside, k, self.first), *shapes), np.where(before, left, right))
        return where_valid(both(valid, k == k), out)  # NaN for a k that is NaN

    def cdf(self, k: Array, *args: Any, **kwargs: Any) -> Array:
        """The probability of at most k."""
        return self._function("cdf", self.below, 0.0, 1.0, k, args, kwargs)

    def sf(self, k: Array, *args: Any, **kwargs: Any) -> Array:
        """The probability of more than k."""
        return self._function("sf", self.above, 1.0, 0.0, k, args, kwargs)

    def logcdf(self, k: Array, *args: Any, **kwargs: Any) -> Array:
        """The logarithm of the probability of at most k."""
        return self._function("logcdf", lambda *xs: quiet_log(self.below(*xs)), -np.inf, 0.0, k, args, kwargs)

    def logsf(self, k: Array, *args: Any, **kwargs: Any) -> Array:
        """The logarithm of the probability of more than k."""
        return self._function("logsf", lambda *xs: quiet_log(self.above(*xs)), 0.0, -np.inf, k, args, kwargs)

    def _step(self, name: str, q: Any, args: Any, kwargs: Any) -> Any:
        if not has_box(q, *args, *kwargs.values()):
            return getattr(self.original, name)(q, *args, **kwargs)
        *shapes, loc = self.parameters(args, kwargs, (*self.shapes, "loc"))
        step = constant(lambda *xs: getattr(self.original, name)(*xs), name=name, core=(0,) * (len(shapes) + 2))
        return step(q, *shapes, 0 if loc is None else loc)

    def ppf(self, q: Array, *args: Any, **kwargs: Any) -> Array:
        """The quantile, a step function: a plain array, without derivative."""
        return self._step("ppf", q, args, kwargs)

    def isf(self, q: Array, *args: Any, **kwargs: Any) -> Array:
        """The inverse of sf, a step function: a plain array, without derivative."""
        return self._step("isf", q, args, kwargs)


def _is_probability(p: Array) -> Any:
    return both(p >= 0, p <= 1)


poisson = Discrete(
    scipy.stats.poisson,
    ("mu",),
    log_mass=lambda k, mu: sc.xlogy(k, mu) - sc.gammaln(k + 1) - mu,
    below=lambda k, mu: sc.pdtr(k, mu),
    above=lambda k, mu: sc.pdtrc(k, mu),
    valid=lambda mu: both(mu >= 0),
)


def _log_choices(n: Array, k: Array) -> Array:
    return sc.gammaln(n + 1) - (sc.gammaln(k + 1) + sc.gammaln(n - k + 1))


binom = Discrete(
    scipy.stats.binom,
    ("n", "p"),
    log_mass=lambda k, n, p: _log_choices(n, k) + sc.xlogy(k, p) + sc.xlog1py(n - k, -p),
    below=lambda k, n, p: sc.betaincc(k + 1, np.maximum(n - k, 0), p),
    above=lambda k, n, p: sc.betainc(k + 1, np.maximum(n - k, 0), p),
    last=lambda n, p: n,
    valid=lambda n, p: both(n >= 0, np.equal(n, np.floor(n)), _is_probability(p)),
)
bernoulli = Discrete(
    scipy.stats.bernoulli,
    ("p",),
    log_mass=lambda k, p: sc.xlogy(k, p) + sc.xlog1py(1 - k, -p),
    below=lambda k, p: 1 - p + 0 * k,
    above=lambda k, p: p + 0 * k,
    last=1.0,
    valid=_is_probability,
)
nbinom = Discrete(
    scipy.stats.nbinom,
    ("n", "p"),
    log_mass=lambda k, n, p: (
        sc.gammaln(n + k) - sc.gammaln(k + 1) - sc.gammaln(n) + sc.xlogy(n, p) + sc.xlog1py(k, -p)
    ),
    below=lambda k, n, p: sc.betainc(n, k + 1, p),
    above=lambda k, n, p: sc.betaincc(n, k + 1, p),
    valid=lambda n, p: both(n > 0, p > 0, p <= 1),
)
geom = Discrete(
    scipy.stats.geom,
    ("p",),
    log_mass=lambda k, p: np.log(p) + sc.xlog1py(k - 1, -p),
    below=lambda k, p: -np.expm1(sc.xlog1py(k, -p)),
    above=lambda k, p: np.exp(sc.xlog1py(k, -p)),
    first=1.0,
    valid=lambda p: both(p > 0, p <= 1),
)
