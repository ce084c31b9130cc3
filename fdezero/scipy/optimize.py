"""`scipy.optimize` with derivatives: roots, fixed points and minima as functions of what they depend on.

The solvers are SciPy's and run on plain numbers, with the Jacobian matrix or gradient that they are given
or estimate themselves; what they find is differentiable with respect to the arrays in ``args``, which the
user's function takes and uses in NumPy (see `_implicit`).  The result does not depend on where a solver
starts, so that derivative is 0.  Every other name of the module is SciPy's own object.

>>> import numpy as np
>>> from fdezero import grad
>>> from fdezero.scipy.optimize import brentq
>>> round(float(grad(lambda a: brentq(lambda x, a: x * x - a, 0.0, 10.0, args=(a,)))(4.0)), 9)   # d sqrt(a) / da
0.25
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.optimize as original

from ..core.graph import Array
from ..transforms.derivatives import jacfwd
from ..transforms.grad import grad, stop_gradient
from ._implicit import solution
from ._mirror import mirrors, operand, others_of, plain_valued, public_name, refuse
from ._parameters import joined, parameters_of

__getattr__ = others_of(original)

Function = Callable[..., Any]


def _solved(
    function: Function,
    run: Callable[[Array, Any, Callable[[Any], Any]], tuple[Any, Any]],
    equation: Function,
    start: Any,
    args: Any,
    free: Callable[[Array], Array] | None = None,
) -> tuple[Array, list[Any], tuple[Any, ...]]:
    """The differentiable solution, SciPy's reports (one an example) and the arguments as a tuple.

    ``run(start, args, plain)`` calls SciPy on plain arguments and returns the solution and the report;
    ``plain(f)`` is a user's function that may return no Box.  ``equation(x, *args)`` is 0 at the solution.
    """
    name = public_name(function)
    args = args if isinstance(args, tuple) else (args,)
    vectors, back = parameters_of(args)
    reports: list[Any] = []

    def plain(f: Any) -> Any:
        return plain_valued(name, f) if callable(f) else f

    def solve(start: Array, p: Array) -> Array:
        x, report = run(start, back(p), plain)
        reports.append(report)
        return np.asarray(x)[()]

    p = joined(vectors) if vectors else np.zeros(0)
    x = solution(name, solve, lambda x, p: operand(equation(x, *back(p))), start, p, free)
    return x, reports, args


def _report(reports: list[Any], **fields: Any) -> Any:
    """A solver's report with these fields; of several examples, just the fields that tell for all of them."""
    if len(reports) > 1:
        return original.OptimizeResult(success=all(each.get("success", True) for each in reports), **fields)
    report = copy.copy(reports[0])
    report.update(fields)
    return report


def _first_of(f: Function, pair: bool) -> Function:
    """A user's function that returns its value, or a pair with the value in front."""
    return (lambda *each: f(*each)[0]) if pair else f


# -- roots ---------------------------------------------------------------------------------------------
@mirrors(original.root)
def root(
    fun: Function,
    x0: Any,
    args: Any = (),
    method: str = "hybr",
    jac: Any = None,
    tol: Any = None,
    callback: Any = None,
    options: Any = None,
) -> Any:
    """The x, of the shape of ``x0``, with ``fun(x, *args) = 0``; the result's x is differentiable in ``args``."""

    def run(start: Array, args: Any, plain: Any) -> tuple[Any, Any]:
        found = original.root(plain(fun), start, args, method, plain(jac), tol, callback, options)
        return found.x, found

    x, reports, _ = _solved(original.root, run, _first_of(fun, jac is True), x0, args)
    return _report(reports, x=x)


@mirrors(original.fsolve)
def fsolve(
    func: Function,
    x0: Any,
    args: Any = (),
    fprime: Any = None,
    full_output: bool = False,
    xtol: float = 1.49012e-08,
    maxfev: int = 0,
) -> Any:
    """The x, a vector, with ``func(x, *args) = 0``; differentiable in ``args``."""

    def run(start: Array, args: Any, plain: Any) -> tuple[Any, Any]:
        found = original.fsolve(plain(func), start, args, plain(fprime), full_output, xtol=xtol, maxfev=maxfev)
        return (found[0], found[1:]) if full_output else (found, ())

    x, reports, _ = _solved(original.fsolve, run, func, operand(x0).reshape(-1), args)
    return (x, *reports[0]) if full_output else x


def _bracketing(function: Function) -> Any:
    """The mirror of a solver that starts from a bracket."""

    def bracketed(f: Function, a: Any, b: Any, args: Any = (), full_output: bool = False, **options: Any) -> Any:
        def run(start: Array, args: Any, plain: Any) -> tuple[Any, Any]:
            return function(plain(f), *start, args, full_output=True, **options)  # type: ignore[no-any-return]  # a pair

        x, reports, _ = _solved(function, run, f, stop_gradient(joined([a, b])), args)
        return (x, reports[0]) if full_output else x

    def implementation(
        f: Function,
        a: Any,
        b: Any,
        args: Any = (),
        xtol: Any = None,
        rtol: Any = None,
        maxiter: int = 100,
        full_output: bool = False,
        disp: bool = True,
    ) -> Any:
        given = {"xtol": xtol, "rtol": rtol, "maxiter": maxiter, "disp": disp}
        return bracketed(f, a, b, args, full_output, **{k: v for k, v in given.items() if v is not None})

    implementation.__name__ = function.__name__
    implementation.__doc__ = "The x between ``a`` and ``b`` with ``f(x, *args) = 0``, a number; differentiable in ``args``."
    return mirrors(function)(implementation)


_BRACKETING = (original.brentq, original.brenth, original.ridder, original.bisect, original.toms748)
brentq, brenth, ridder, bisect, toms748 = map(_bracketing, _BRACKETING)


@mirrors(original.root_scalar)
def root_scalar(
    f: Function,
    args: Any = (),
    method: Any = None,
    bracket: Any = None,
    fprime: Any = None,
    fprime2: Any = None,
    x0: Any = None,
    x1: Any = None,
    xtol: Any = None,
    rtol: Any = None,
    maxiter: Any = None,
    options: Any = None,
) -> Any:
    """The number x with ``f(x, *args) = 0``; the result's root is differentiable in ``args``."""
    given = [part for part in (x0, x1) if part is not None]
    ends = stop_gradient(joined([*given, *([] if bracket is None else bracket)]))

    def run(start: Array, args: Any, plain: Any) -> tuple[Any, Any]:
        places = dict(zip([k for k, v in (("x0", x0), ("x1", x1)) if v is not None], start, strict=False))
        found = original.root_scalar(
            plain(f), args, method, None if bracket is None else start[-2:], plain(fprime), plain(fprime2),
            **places, xtol=xtol, rtol=rtol, maxiter=maxiter, options=options,
        )  # fmt: skip
        return found.root, found

    x, reports, _ = _solved(original.root_scalar, run, _first_of(f, fprime is True), ends, args)
    return _report(reports, root=x)


@mirrors(original.newton)
def newton(
    func: Function,
    x0: Any,
    fprime: Any = None,
    args: Any = (),
    tol: float = 1.48e-8,
    maxiter: int = 50,
    fprime2: Any = None,
    rtol: float = 0.0,
) -> Any:
    """The x near the number ``x0`` with ``func(x, *args) = 0``; differentiable in ``args``."""

    def run(start: Array, args: Any, plain: Any) -> tuple[Any, Any]:
        return original.newton(plain(func), start, plain(fprime), args, tol, maxiter, plain(fprime2), rtol=rtol), None

    return _solved(original.newton, run, func, stop_gradient(x0), args)[0]


@mirrors(original.fixed_point)
def fixed_point(
    func: Function, x0: Any, args: Any = (), xtol: float = 1e-8, maxiter: int = 500, method: str = "del2"
) -> Any:
    """The x, of the shape of ``x0``, with ``func(x, *args) = x``; differentiable in ``args``."""

    def run(start: Array, args: Any, plain: Any) -> tuple[Any, Any]:
        return original.fixed_point(plain(func), start, args, xtol, maxiter, method), None

    return _solved(original.fixed_point, run, lambda x, *args: x - operand(func(x, *args)), stop_gradient(x0), args)[0]


# -- minima --------------------------------------------------------------------------------------------
@mirrors(original.minimize)
def minimize(
    fun: Function,
    x0: Any,
    args: Any = (),
    method: Any = None,
    jac: Any = None,
    hess: Any = None,
    hessp: Any = None,
    bounds: Any = None,
    tol: Any = None,
    callback: Any = None,
    options: Any = None,
) -> Any:
    """The x (n,) at which ``fun(x, *args)`` is smallest; the result's x and fun are differentiable in ``args``.

    Derivatives take the gradient of ``fun``, which is written in NumPy, to be 0 at x, and the matrix of its
    second derivatives not to be singular; where x is at one of its ``bounds``, it stays there.  They are as
    accurate as x is, so give a small ``tol``.  As in SciPy, the solver has just the ``jac`` that it is given.
    """

    def run(start: Array, args: Any, plain: Any) -> tuple[Any, Any]:
        found = original.minimize(
            plain(fun), start, args, method, plain(jac), plain(hess), plain(hessp), bounds, (), tol, callback, options
        )
        return found.x, found

    value = _first_of(fun, jac is True)

    def scalar(x: Array, *args: Any) -> Array:
        return operand(value(x, *args)).reshape(())

    free = None if bounds is None else _away_from(bounds)
    x, reports, args = _solved(original.minimize, run, grad(scalar), stop_gradient(x0), args, free)
    return _report(reports, x=x, fun=scalar(x, *args))


#: How near to a bound a minimum counts as being there.
_AT_BOUND = 1e-10


def _away_from(bounds: Any) -> Callable[[Array], Array]:
    """From x, which of its entries are at none of their bounds."""
    if isinstance(bounds, original.Bounds):
        lower, upper = bounds.lb, bounds.ub
    else:
        pairs = [(-np.inf if a is None else a, np.inf if b is None else b) for a, b in bounds]
        lower, upper = np.array(pairs).T
    return lambda x: (x > lower + _AT_BOUND) & (x < upper - _AT_BOUND)


@mirrors(original.minimize_scalar)
def minimize_scalar(
    fun: Function,
    bracket: Any = None,
    bounds: Any = None,
    args: Any = (),
    method: Any = None,
    tol: Any = None,
    options: Any = None,
) -> Any:
    """The number x at which ``fun(x, *args)`` is smallest, between the bounds and at none of them.

    The result's x and fun are differentiable in ``args``; they are as accurate as x is.
    """

    def run(start: Array, args: Any, plain: Any) -> tuple[Any, Any]:
        found = original.minimize_scalar(plain(fun), bracket, bounds, args, method, tol, options)
        return found.x, found

    x, reports, args = _solved(original.minimize_scalar, run, grad(fun), np.zeros(0), args)
    return _report(reports, x=x, fun=fun(x, *args))


# -- least squares -------------------------------------------------------------------------------------
def _normal_equations(residuals: Callable[..., Array]) -> Function:
    """The gradient of half the sum of squares."""

    def half_square(x: Array, *args: Any) -> Array:
        r = residuals(x, *args)
        return np.sum(r * r) / 2

    return grad(half_square)


@mirrors(original.least_squares)
def least_squares(
    fun: Function,
    x0: Any,
    jac: Any = "2-point",
    method: str = "trf",
    ftol: Any = 1e-8,
    xtol: Any = 1e-8,
    gtol: Any = 1e-8,
    x_scale: Any = None,
    max_nfev: Any = None,
    args: Any = (),
) -> Any:
    """The x (n,) at which the sum of squares of ``fun(x, *args)`` (m,) is smallest.

    The result's x, fun and cost are differentiable in ``args``; they are as accurate as x is.
    """

    scale = {} if x_scale is None else {"x_scale": x_scale}  # SciPy's default was 1.0 before 1.16

    def run(start: Array, args: Any, plain: Any) -> tuple[Any, Any]:
        found = original.least_squares(
            plain(fun), start, plain(jac), method=method, ftol=ftol, xtol=xtol, gtol=gtol, max_nfev=max_nfev, args=args, **scale
        )
        return found.x, found

    def residuals(x: Array, *args: Any) -> Array:
        return operand(fun(x, *args)).reshape(-1)

    x, reports, args = _solved(original.least_squares, run, _normal_equations(residuals), stop_gradient(x0), args)
    rest = residuals(x, *args)
    return _report(reports, x=x, fun=rest, cost=np.sum(rest * rest) / 2)


@mirrors(original.curve_fit)
def curve_fit(
    f: Function,
    xdata: Any,
    ydata: Any,
    p0: Any = None,
    sigma: Any = None,
    absolute_sigma: bool = False,
    method: Any = None,
    jac: Any = None,
    **options: Any,
) -> Any:
    """The parameters with which ``f(xdata, *parameters)`` fits ``ydata`` (m,) best, and their covariances.

    Both are differentiable in ``xdata``, ``ydata`` and ``sigma`` (m,).  The covariances are made from exact
    derivatives of ``f``, where SciPy estimates these.
    """

    def run(start: Array, args: Any, plain: Any) -> tuple[Any, Any]:
        x, y, *rest = args
        first = start if start.size else None
        found = original.curve_fit(
            plain(f), x, y, first, *rest, absolute_sigma=absolute_sigma, method=method, jac=plain(jac), **options
        )
        return found[0], None

    def residuals(parameters: Array, x: Any, y: Array, *sigma: Array) -> Array:
        rest = operand(f(x, *parameters)) - y
        return rest / sigma[0] if sigma else rest

    args = (operand(xdata), operand(ydata), *([] if sigma is None else [operand(sigma)]))
    if sigma is not None and len(args[2].shape) != 1:
        raise refuse("scipy.optimize.curve_fit", f"a sigma of shape {args[2].shape}", "give a deviation for each sample, (m,)")
    start = np.zeros(0) if p0 is None else stop_gradient(operand(p0))
    fitted, _, _ = _solved(original.curve_fit, run, _normal_equations(residuals), start, args)
    slope = jacfwd(lambda p: residuals(p, *args))(fitted)
    covariances = np.linalg.inv(slope.mT @ slope)
    if not absolute_sigma:
        rest = residuals(fitted, *args)
        covariances = covariances * (np.sum(rest * rest) / (rest.shape[0] - fitted.shape[0]))
    return fitted, covariances


__all__ = [
    "bisect", "brenth", "brentq", "curve_fit", "fixed_point", "fsolve", "least_squares", "minimize", "minimize_scalar",
    "newton", "ridder", "root", "root_scalar", "toms748",
]  # fmt: skip
