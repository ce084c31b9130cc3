"""The solvers of initial value problems, `solve_ivp` and `odeint`, on plain numbers and in one form."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import attrs
import numpy as np
import scipy.integrate

from ..core.graph import Array


class Solver(Protocol):
    """Solves y' = fun(t, y) on plain numbers, from t0 to the ``ends``: the times, and the states as columns.

    With ``grid`` the times are the ends; without, there is one end and the times are the solver's steps.
    """

    @property
    def grid(self) -> bool: ...

    def __call__(self, fun: Callable[..., Any], t0: float, y0: Array, ends: Array) -> tuple[Array, Array]: ...

    def path(self, fun: Callable[..., Any], t0: float, y0: Array, end: float) -> Callable[[float], Array]:
        """The state at any time between t0 and the end."""

    def derived(self, copies: int, extra: int) -> Solver:
        """The solver for the state, ``copies`` of it in all, and ``extra`` numbers more."""


def _tolerance(atol: Any, copies: int, extra: int) -> Any:
    if np.ndim(atol) == 0:
        return atol
    return np.concatenate([np.tile(atol, copies), np.full(extra, np.min(atol))])


#: Options that describe the right-hand side, or the first step, and not the accuracy.
_OF_RHS = frozenset({"jac", "jac_sparsity", "lband", "uband", "first_step"})


def _derived_options(options: Mapping[str, Any], copies: int, extra: int) -> dict[str, Any]:
    kept = {k: v for k, v in options.items() if k not in _OF_RHS}
    return kept | {k: _tolerance(kept[k], copies, extra) for k in ("atol", "rtol") if kept.get(k) is not None}


@attrs.frozen(eq=False)
class Ivp:
    """`scipy.integrate.solve_ivp`; what it reports goes to ``reports``."""

    method: Any
    options: Mapping[str, Any]
    grid: bool = True
    end: float | None = None
    reports: list[Any] = attrs.field(factory=list)

    def __call__(self, fun: Callable[..., Any], t0: float, y0: Array, ends: Array) -> tuple[Array, Array]:
        span = (t0, ends[-1] if self.end is None else self.end)
        if span[0] == span[1]:  # SciPy returns no state at all
            return ends, np.repeat(y0[:, None], len(ends), axis=1)
        found = scipy.integrate.solve_ivp(fun, span, y0, self.method, ends if self.grid else None, **self.options)
        if not found.success:
            raise RuntimeError(f"scipy.integrate.solve_ivp has found no solution to differentiate: {found.message}")
        self.reports.append(found)
        return found.t, found.y

    def path(self, fun: Callable[..., Any], t0: float, y0: Array, end: float) -> Callable[[float], Array]:
        return _path(fun, t0, y0, end, self.method, self.options)

    def derived(self, copies: int, extra: int) -> Ivp:
        return Ivp(self.method, _derived_options(self.options, copies, extra))


@attrs.frozen(eq=False)
class Odeint:
    """`scipy.integrate.odeint`."""

    options: Mapping[str, Any]
    grid: bool = True

    def __call__(self, fun: Callable[..., Any], t0: float, y0: Array, ends: Array) -> tuple[Array, Array]:
        times = np.concatenate([[t0], ends])
        found, info = scipy.integrate.odeint(fun, y0, times, tfirst=True, full_output=True, **self.options)
        if info["message"] != "Integration successful.":
            raise RuntimeError(f"scipy.integrate.odeint has found no solution to differentiate: {info['message']}")
        return ends, found[1:].T

    def path(self, fun: Callable[..., Any], t0: float, y0: Array, end: float) -> Callable[[float], Array]:
        kept = {k: self.options[k] or 1.49e-8 for k in ("rtol", "atol")}  # odeint's defaults, and its method
        return _path(fun, t0, y0, end, "LSODA", kept)

    def derived(self, copies: int, extra: int) -> Odeint:
        return Odeint(_derived_options(self.options, copies, extra))


def _path(
    fun: Callable[..., Any], t0: float, y0: Array, end: float, method: Any, options: Mapping[str, Any]
) -> Callable[[float], Array]:
    if t0 == end:
        return lambda t: y0
    found = scipy.integrate.solve_ivp(fun, (t0, end), y0, method, dense_output=True, **options)
    if not found.success:
        raise RuntimeError(f"scipy.integrate.solve_ivp has found no solution to differentiate: {found.message}")
    return found.sol  # type: ignore[no-any-return]  # to mypy what comes back is Any
