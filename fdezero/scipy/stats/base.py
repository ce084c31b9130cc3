"""What all distributions share: SciPy's signatures, location and scale, the support, and which arguments are valid.

A distribution is a record of functions of the *standard* one (location 0, scale 1).  Where one of them may
be NaN or infinite it is evaluated at a point inside the support instead, and the result replaced: so the
derivative outside the support is 0 and not NaN.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from importlib import import_module
from typing import Any

import attrs
import numpy as np

from ...core.graph import Array, Box
from .._boxes import as_double, has_box, quiet_log
from .location import less, over

#: A function of the standardised argument and the shapes.
Standard = Callable[..., Any]


@attrs.frozen(eq=False, repr=False)
class Base:
    """A distribution of `scipy.stats`, ``original``, and the names of its shapes."""

    original: Any
    shapes: tuple[str, ...] = ()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.original, name)

    def __repr__(self) -> str:
        return f"<distribution {self._name()}>"

    def _name(self) -> str:
        return type(self.original).__name__.removesuffix("_gen")

    def __reduce__(self) -> Any:
        return _named, (self._name(),)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The distribution with its parameters held."""
        if not has_box(*args, *kwargs.values()):
            self.original(*args, **kwargs)  # which checks them
        return Frozen(self, args, kwargs)

    def parameters(self, args: tuple[Any, ...], kwargs: dict[str, Any], names: tuple[str, ...]) -> list[Any]:
        """The values of ``names``, given by position or by name; None for one that is not given.

        Raises:
            TypeError: for one too many, an unknown one, or a shape that is missing.
        """
        given = dict(zip(names, args, strict=False))
        repeated = [n for n in kwargs if n in given or n not in names]
        missing = [n for n in self.shapes if n not in given and n not in kwargs]
        if len(args) > len(names) or repeated or missing:
            got = f"{len(args)} by position and {sorted(kwargs)}"
            raise TypeError(f"{self._name()} takes the parameters {', '.join(names)}; got {got}")
        given.update(kwargs)
        return [given.get(n) for n in names]


def _named(name: str) -> Any:
    return getattr(import_module("fdezero.scipy.stats"), name)


@attrs.frozen(eq=False)
class Frozen:
    """A distribution with its parameters held; what it has no derivative for is SciPy's."""

    distribution: Base
    args: tuple[Any, ...]
    kwargs: dict[str, Any]

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")
        if not hasattr(type(self.distribution), name):
            return getattr(self.distribution.original(*self.args, **self.kwargs), name)
        method = getattr(self.distribution, name)
        return lambda *args, **kwargs: method(*args, *self.args, **self.kwargs, **kwargs)


def where_valid(valid: Any, x: Any) -> Any:
    """``x``, and NaN where a parameter is not valid."""
    return x if valid is True else np.where(valid, x, np.nan)


def _is_true(condition: Any) -> bool:
    if isinstance(condition, (bool, np.bool_)):
        return bool(condition)
    return not isinstance(condition, Box) and bool(np.all(condition))


def both(*conditions: Any) -> Any:
    """Their conjunction; True if each is true of plain numbers."""
    left = [c for c in conditions if not _is_true(c)]
    if not left:
        return True
    total = left[0]
    for c in left[1:]:
        total = np.logical_and(total, c)
    return total


def _outside(beyond: Any, value: Any, inside: Any, standard: Standard) -> Standard:
    """``standard``, but a constant where ``beyond`` is true, where it is called at a point inside the support."""
    return lambda z, *shapes: np.where(beyond, value, standard(np.where(beyond, inside, z), *shapes))


def _is_infinite(end: Any) -> bool:
    if end.__class__ is float:
        return math.isinf(end)
    return not isinstance(end, Box) and bool(np.all(np.isinf(end)))


def _standardized(x: Any, loc: Any, scale: Any) -> Any:
    """``(x - loc) / scale``, in which None stands for the default."""
    z = as_double(x)
    if loc is not None:
        z = less(z, loc)
    return z if scale is None else over(z, scale)


@attrs.frozen(eq=False, repr=False)
class Continuous(Base):
    """A continuous distribution, by functions of the standard one.

    Attributes:
        original, shapes: SciPy's distribution; the names of its shapes.
        log_density: log of the density.
        below, above: the distribution function and its complement.
        log_below, log_above: their logarithms, where there is a better way than np.log.
        quantile, upper_quantile: the inverses of ``below`` and ``above``.
        support: the ends of the support, as functions of the shapes.
        log_density_at: that of any location and scale, ``(x, loc, scale)``, where one primitive for all of it pays.
        valid: whether the shapes are valid.
        inside: a point inside the support, as a function of the shapes.
        open_below: whether the lower end is no part of the support, for the density.
    """

    original: Any
    shapes: tuple[str, ...] = ()
    log_density: Standard = attrs.field(kw_only=True)
    below: Standard = attrs.field(kw_only=True)
    above: Standard = attrs.field(kw_only=True)
    log_below: Standard | None = None
    log_above: Standard | None = None
    quantile: Standard = attrs.field(kw_only=True)
    upper_quantile: Standard = attrs.field(kw_only=True)
    support: tuple[Any, Any] = (-np.inf, np.inf)
    valid: Standard = lambda *shapes: both(*[s > 0 for s in shapes])
    inside: Standard = lambda *shapes: 0.5
    open_below: bool = False
    log_density_at: Standard | None = None

    # -- arguments -------------------------------------------------------------------------------------
    def _given(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[list[Any], Any, Any]:
        """The shapes, loc and scale; these are None at their defaults, and scale is NaN where anything is not valid."""
        *shapes, loc, scale = self.parameters(args, kwargs, (*self.shapes, "loc", "scale"))
        shapes = [as_double(s) for s in shapes]
        loc = None if loc is None or (loc.__class__ in (int, float) and loc == 0) else as_double(loc)
        valid = self.valid(*shapes)
        shapes = [where_valid(valid, s) for s in shapes]
        if scale is None:
            return shapes, loc, None if valid is True else np.where(valid, 1.0, np.nan)
        scale = as_double(scale)
        return shapes, loc, where_valid(both(valid, scale > 0), scale)

    def _ends(self, shapes: list[Any]) -> list[Any]:
        return [end(*shapes) if callable(end) else end for end in self.support]

    # -- functions of x ----------------------------------------------------------------------------------
    def _at(self, standard: Standard, z: Any, shapes: list[Any], left: Any, right: Any, closed: bool) -> Any:
        """A standard function of z, and constants left and right of the support."""
        low, high = self._ends(shapes)
        for end, value, is_low in ((low, left, True), (high, right, False)):
            if _is_infinite(end) and not callable(self.support[not is_low]):
                continue  # where the formulas are right at infinity
            if closed and not (is_low and self.open_below):
                beyond = z < end if is_low else z > end
            else:
                beyond = z <= end if is_low else z >= end
            standard = _outside(beyond, value, self.inside(*shapes), standard)
        return standard(z, *shapes)

    def logpdf(self, x: Array, *args: Any, **kwargs: Any) -> Array:
        """The logarithm of the density, of the shape to which x and the parameters broadcast; -inf outside the support."""
        if not has_box(x, *args, *kwargs.values()):
            return self.original.logpdf(x, *args, **kwargs)
        shapes, loc, scale = self._given(args, kwargs)
        if self.log_density_at is not None and not (loc is None and scale is None):
            return self.log_density_at(as_double(x), 0.0 if loc is None else loc, 1.0 if scale is None else scale)
        out = self._at(self.log_density, _standardized(x, loc, scale), shapes, -np.inf, -np.inf, True)
        return out if scale is None else less(out, np.log(scale))

    def pdf(self, x: Array, *args: Any, **kwargs: Any) -> Array:
        """The density; 0 outside the support."""
        if not has_box(x, *args, *kwargs.values()):
            return self.original.pdf(x, *args, **kwargs)
        return np.exp(self.logpdf(x, *args, **kwargs))

    def _function(self, name: str, standard: Standard, left: float, right: float, x: Any, args: Any, kwargs: Any) -> Any:
        if not has_box(x, *args, *kwargs.values()):
            return getattr(self.original, name)(x, *args, **kwargs)
        shapes, loc, scale = self._given(args, kwargs)
        return self._at(standard, _standardized(x, loc, scale), shapes, left, right, False)

    def cdf(self, x: Array, *args: Any, **kwargs: Any) -> Array:
        """The distribution function."""
        return self._function("cdf", self.below, 0.0, 1.0, x, args, kwargs)

    def sf(self, x: Array, *args: Any, **kwargs: Any) -> Array:
        """1 - cdf."""
        return self._function("sf", self.above, 1.0, 0.0, x, args, kwargs)

    def logcdf(self, x: Array, *args: Any, **kwargs: Any) -> Array:
        """The logarithm of the distribution function."""
        standard = self.log_below or (lambda z, *shapes: quiet_log(self.below(z, *shapes)))
        return self._function("logcdf", standard, -np.inf, 0.0, x, args, kwargs)

    def logsf(self, x: Array, *args: Any, **kwargs: Any) -> Array:
        """The logarithm of 1 - cdf."""
        standard = self.log_above or (lambda z, *shapes: quiet_log(self.above(z, *shapes)))
        return self._function("logsf", standard, 0.0, -np.inf, x, args, kwargs)

    # -- functions of a probability ----------------------------------------------------------------------
    def _inverse(self, name: str, standard: Standard, q: Any, args: Any, kwargs: Any) -> Any:
        if not has_box(q, *args, *kwargs.values()):
            return getattr(self.original, name)(q, *args, **kwargs)
        shapes, loc, scale = self._given(args, kwargs)
        q = as_double(q)
        within = (q > 0) & (q < 1)
        low, high = self._ends(shapes)
        first, last = (low, high) if name == "ppf" else (high, low)
        at_end = np.where(q == 0, first, np.where(q == 1, last, np.nan))
        z = np.where(within, standard(np.where(within, q, 0.5), *shapes), at_end)
        if scale is not None:
            z = z * scale
        return z if loc is None else z + loc

    def ppf(self, q: Array, *args: Any, **kwargs: Any) -> Array:
        """The quantile, the inverse of cdf; NaN unless 0 <= q <= 1."""
        return self._inverse("ppf", self.quantile, q, args, kwargs)

    def isf(self, q: Array, *args: Any, **kwargs: Any) -> Array:
        """The inverse of sf."""
        return self._inverse("isf", self.upper_quantile, q, args, kwargs)


