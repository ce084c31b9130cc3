"""Initial value problems: `solve_ivp` and `odeint`, differentiable in the state, the times and the parameters.

The solution is one primitive, and its derivatives are solutions of other initial value problems, by the
same solver with the same tolerances, so derivatives of any order come out.  Forward mode integrates the
sensitivity equations s' = f_y s + f_p dp beside y.  Reverse mode integrates the adjoint equations
w' = -f_y^T w and q' = -f_p^T w backwards along y, from each time of the solution to the one before,
where the cotangent of the state is added to w.  A derivative is as accurate as the solver makes it:
its error is of the order of rtol and atol, and it is not the derivative of the solver's own steps.

For a first derivative y is what SciPy interpolates between its steps.  For derivatives of it y is
integrated backwards beside w, which a stiff problem does not bear: there, give the times between which
y stays near its values in ``t_eval``, or take forward mode over forward mode.

Source: Pontryagin et al., *The Mathematical Theory of Optimal Processes* (1962); Chen et al., Neural
ordinary differential equations (2018); Hairer, Norsett and Wanner, *Solving Ordinary Differential
Equations I* (1993), section I.14, for the derivatives with respect to times and initial values.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import attrs
import numpy as np
import scipy.integrate

from ..core.declare import general
from ..core.graph import Array, Params
from ..core.primitives import General, Primitive
from ..interpreters.batching import one_by_one
from ..transforms.grad import stop_gradient, vjp
from ..transforms.jvp import jvp
from ._mirror import mirrors, operand, plain_valued
from ._ode_solvers import Ivp, Odeint, Solver
from ._parameters import joined, parameters_of

Rhs = Callable[[Any, Array, Array], Array]


# -- the primitive -------------------------------------------------------------------------------------
@attrs.frozen(eq=False)
class Problem:
    """y' = rhs(t, y, p) for y of ``size`` numbers, and what solves it."""

    name: str
    rhs: Rhs
    size: int
    solver: Solver

    def split(self, z: Array) -> tuple[Any, Array, Array]:
        """The first time, the first state and the parameters, which the primitive takes in one vector."""
        return np.real(z[0]), z[1 : 1 + self.size], z[1 + self.size :]

    def forward(self, count: int) -> Problem:
        """The problem of y and its sensitivity, with the parameters and their tangents as parameters."""
        n = self.size

        def rhs(t: Any, w: Array, p: Array) -> Array:
            slope, tangent = jvp(lambda y, p: self.rhs(t, y, p), (w[:n], p[:count]), (w[n:], p[count:]))
            return np.concatenate([slope, tangent])

        return Problem(self.name, rhs, 2 * n, self.solver.derived(2, 0))

    def backward(self, count: int) -> Problem:
        """The problem of y, its adjoint, and the cotangent of the parameters."""
        n = self.size

        def rhs(t: Any, w: Array, p: Array) -> Array:
            slope, pull = vjp(lambda y, p: self.rhs(t, y, p), w[:n], p)
            of_y, of_p = pull(w[n : 2 * n])
            return np.concatenate([slope, -of_y, -of_p])

        return Problem(self.name, rhs, 2 * n + count, self.solver.derived(2, count))

    def slopes(self, t: Array, y: Array, p: Array) -> Array:
        """The right-hand side at each of the times."""
        return np.stack([self.rhs(t[i], y[:, i], p) for i in range(t.shape[0])], axis=-1)


def _solution(ends: Array, z: Array, *, problem: Problem) -> tuple[Array, Array]:
    t0, y0, p = problem.split(z)
    return problem.solver(plain_valued(problem.name, lambda t, y: problem.rhs(t, y, p)), float(t0), y0, ends)


def _jvp_ends(g: Array, y: Array, out: Any, *, problem: Problem) -> tuple[Array, Array]:
    (times, states), p = out, problem.split(y)[2]
    if problem.solver.grid:
        return g, problem.slopes(times, states, p) * g
    last = problem.slopes(times[-1:], states[:, -1:], p) * g[-1]
    return np.pad(g[-1:], (times.shape[0] - 1, 0)), np.pad(last, [(0, 0), (times.shape[0] - 1, 0)])


def _vjp_ends(g: Any, y: Array, out: Any, like: Any, *, problem: Problem) -> Array:
    (times, states), p = out, problem.split(y)[2]
    g_t, g_y = g
    if not problem.solver.grid:
        times, states = times[-1:], states[:, -1:]
        g_t, g_y = (None if c is None else c[..., -1:] for c in (g_t, g_y))
    total: Any = np.zeros(like.shape, like.dtype) if g_t is None else g_t
    return total if g_y is None else total + np.real(np.sum(g_y * problem.slopes(times, states, p), axis=0))


def _jvp_start(g: Array, y: Array, out: Any, *, problem: Problem) -> tuple[Array, Array]:
    times = out[0]
    (t0, y0, p), (d_t0, d_y0, d_p) = problem.split(y), problem.split(g)
    moved = d_t0 * problem.rhs(t0, y0, p)
    z = joined([t0, y0, d_y0 - moved, p, d_p])
    sensitivity = solution(times, z, problem=problem.forward(p.shape[0]))[1][problem.size :]
    if problem.solver.grid:
        return np.zeros_like(times), sensitivity
    rest = times.shape[0] - 1  # the first of the solver's times is t0 itself
    return np.pad(d_t0.reshape(1), (0, rest)), sensitivity + np.pad(moved[:, None], [(0, 0), (0, rest)])


def _vjp_start(g: Any, y: Array, out: Any, *, problem: Problem) -> Array:
    times, states = out
    g_t, g_y = g
    t0, y0, p = problem.split(y)
    of_t0: Any = 0.0 if g_t is None or problem.solver.grid else g_t[0]
    if g_y is None:
        return joined([of_t0, np.zeros_like(y0), np.zeros_like(p)])
    x = joined([times, states, g_y, y])
    cotangents = adjoint(x, problem=problem, count=times.shape[0])
    if problem.solver.grid:
        return joined([of_t0, 0 * y0, 0 * p]) + cotangents
    return joined([of_t0 + np.real(np.sum(g_y[:, 0] * problem.rhs(t0, y0, p))), 0 * y0, 0 * p]) + cotangents


# -- the adjoint equations -----------------------------------------------------------------------------
def _unpacked(x: Array, problem: Problem, count: int) -> tuple[Array, Array, Array, Array]:
    """The times, the states and their cotangents as columns, and what the solution started from."""
    size = problem.size * count
    times, states, g, z = x[:count], x[count : count + size], x[count + size : count + 2 * size], x[count + 2 * size :]
    return np.real(times), states.reshape(-1, count), g.reshape(-1, count), z


def _backwards(x: Array, *, problem: Problem, count: int) -> Array:
    """The cotangent of z, by the adjoint equations along the solution, between whose steps SciPy interpolates."""
    times, _, g, z = _unpacked(x, problem, count)
    t0, y0, p = problem.split(z)
    n, stops = problem.size, _stops(g)
    w, q = np.zeros_like(y0), np.zeros_like(p)
    if stops:
        path = problem.solver.path(lambda t, y: problem.rhs(t, y, p), t0, y0, times[stops[0]])
        solver = problem.solver.derived(1, p.shape[0])

        def slope(t: float, wq: Array) -> Array:
            _, pull = vjp(lambda y, p: problem.rhs(t, y, p), path(t), p)
            return -np.concatenate(pull(wq[:n]))

        for stop, before in zip(stops, [*stops[1:], None], strict=True):
            end = t0 if before is None else times[before]
            wq = solver(slope, times[stop], np.concatenate([w + g[:, stop], q]), np.array([end]))[1][:, -1]
            w, q = wq[:n], wq[n:]
    return joined([-np.real(np.sum(w * problem.rhs(t0, y0, p))), w, q])


def _backwards_on_boxes(x: Array, problem: Problem, count: int) -> Array:
    """The same, with the state integrated backwards too, by the primitive; so this can be differentiated."""
    times, states, g, z = _unpacked(x, problem, count)
    t0, y0, p = problem.split(z)
    n, back = problem.size, problem.backward(p.shape[0])
    w, q = np.zeros_like(g[:, 0]), np.zeros_like(p)
    stops = _stops(g)
    for stop, before in zip(stops, [*stops[1:], None], strict=True):
        w = w + g[:, stop]
        start = joined([times[stop], states[:, stop], w, q, p])
        end = t0 if before is None else times[before]
        final = solution(end.reshape(1), start, problem=back)[1][:, 0]
        w, q = final[n : 2 * n], final[2 * n :]
    return joined([-np.real(np.sum(w * problem.rhs(t0, y0, p))), w, q])


adjoint: General = general(
    _backwards,
    vjp=[lambda g, x, *, problem, count: vjp(lambda x: _backwards_on_boxes(x, problem, count), x)[1](g)[0]],
    jvp=[lambda g, x, *, problem, count: jvp(lambda x: _backwards_on_boxes(x, problem, count), (x,), (g,))[1]],
    name="ode_adjoint",
)


def _stops(g: Array) -> list[int]:
    """From the last to the first, the times at which a cotangent comes in; of a Box, which may move, all of them."""
    count = g.shape[1]
    needed = np.any(g != 0, axis=0) if isinstance(g, np.ndarray) else np.ones(count, bool)
    return [i for i in reversed(range(count)) if needed[i]]


def _batch(primitive: Primitive, values: list[Array], batched: Sequence[bool], size: int, params: Params) -> Any:
    problem = params["problem"]
    if not problem.solver.grid:
        raise TypeError(
            f"{problem.name} under vmap takes other steps for each example, and their times cannot be stacked; give t_eval="
        )
    return one_by_one(primitive, values, batched, size, params)


#: ``solution(ends, z, problem=...)`` are the times and the states; z is the first time, the first state, and the parameters.
solution: General = general(
    _solution, vjp=[_vjp_ends, _vjp_start], jvp=[_jvp_ends, _jvp_start], name="ode_solution", batch=_batch
)


# -- SciPy's functions -----------------------------------------------------------------------------------
@mirrors(scipy.integrate.solve_ivp)
def solve_ivp(
    fun: Callable[..., Any],
    t_span: Any,
    y0: Any,
    method: Any = "RK45",
    t_eval: Any = None,
    vectorized: bool = False,
    args: Any = (),
    **options: Any,
) -> Any:
    """The solution of ``y' = fun(t, y, *args)`` from ``t_span[0]`` to ``t_span[1]``, with y(t_span[0]) = ``y0`` (n,).

    Differentiable with respect to ``t_span``, ``y0``, ``t_eval`` and the arrays in ``args``, in every mode,
    to the accuracy of rtol and atol (of which SciPy's defaults, 1e-3 and 1e-6, make derivatives that are a few
    per cent off); under `fdezero.vmap` where ``t_eval`` is given.  ``fun`` is written in NumPy; a function
    given as ``jac`` is not used.  The result has SciPy's fields, of which t and y carry derivatives.
    """
    options = {k: v for k, v in options.items() if k != "jac" or not callable(v)}
    y0 = operand(y0)
    vectors, back = parameters_of(tuple(args or ()))
    grid = t_eval is not None
    end = t_span[1]
    ends = operand(t_eval if grid else end).reshape(-1)
    solver = Ivp(method, options, grid, float(_plain(end)) if grid else None)
    problem = Problem("scipy.integrate.solve_ivp", lambda t, y, p: operand(fun(t, y, *back(p))), y0.shape[0], solver)
    t, y = solution(ends, joined([t_span[0], y0, *vectors]), problem=problem)
    report = solver.reports[-1]
    return type(report)(**{**report, "t": t, "y": y})


def _plain(x: Any) -> Any:
    """The number at which integration ends where it is none of the times of the result."""
    return stop_gradient(x)


@mirrors(scipy.integrate.odeint)
def odeint(
    func: Callable[..., Any],
    y0: Any,
    t: Any,
    args: Any = (),
    Dfun: Any = None,
    rtol: Any = None,
    atol: Any = None,
    tcrit: Any = None,
    hmax: float = 0.0,
    hmin: float = 0.0,
    mxstep: int = 0,
    tfirst: bool = False,
) -> Any:
    """The states (m, n) at the times ``t`` (m,) of ``y' = func(y, t, *args)``, with y(t[0]) = ``y0`` (n,).

    Differentiable with respect to ``y0``, ``t`` and the arrays in ``args``, in every mode, to the accuracy of
    rtol and atol.  ``func`` is written in NumPy.  ``Dfun`` is not used.
    """
    options = {"rtol": rtol, "atol": atol, "tcrit": tcrit, "hmax": hmax, "hmin": hmin, "mxstep": mxstep}
    y0, t = operand(y0).reshape(-1), operand(t)
    vectors, back = parameters_of(tuple(args) if isinstance(args, (tuple, list)) else (args,))

    def rhs(time: Any, y: Array, p: Array) -> Array:
        return operand(func(time, y, *back(p)) if tfirst else func(y, time, *back(p)))

    problem = Problem("scipy.integrate.odeint", rhs, y0.shape[0], Odeint(options))
    _, states = solution(t[1:], joined([t[0], y0, *vectors]), problem=problem)
    return np.concatenate([y0[None], states.T])
