"""fdezero.scipy.interpolate: values are SciPy's, derivatives agree with differences in samples, knots and points."""

import numpy as np
import pytest
import scipy.interpolate
from scipy.sparse.linalg import spsolve

from fdezero import grad, vjp
from fdezero.scipy import interpolate
from fdezero.testing import check_grads

from .cases import Case, check_batched, check_case

rng = np.random.default_rng(5)
KNOTS = np.array([0.0, 0.7, 1.5, 2.0, 3.1, 4.0])
Y = rng.normal(size=6)
ROWS = rng.normal(size=(2, 6))
P = np.array([[0.3, 1.6], [3.3, 4.2]])  # the last outside
GRID = (np.array([0.0, 1.0, 2.5]), np.array([-1.0, 0.0, 0.5, 2.0]))
VALUES = rng.normal(size=(3, 4))
INNER = np.array([0.9, 2.2])


def clamped(inner, k=3):
    """The knots of a B-spline of degree k on [0, 4]; only those between the ends may be moved."""
    return np.concatenate([np.zeros(k + 1), inner, np.full(k + 1, 4.0)])


CLAMPED = clamped(INNER)
MANY = np.linspace(0.05, 3.95, 15)
MANY_Y = rng.normal(size=15)
LONG = (np.array([0.0, 0.7, 1.1, 2.0, 2.6, 3.5]), np.linspace(-1.0, 4.0, 7))
XI = np.array([[0.3, -0.7], [1.9, 0.2], [2.2, 1.9]])

CASES = {
    **{
        f"CubicSpline, {bc}": Case(lambda m, y, p, bc=bc: m.CubicSpline(KNOTS, y, bc_type=bc)(p), (Y, P))
        for bc in ("not-a-knot", "clamped", "natural", ((1, 0.5), (2, -1.0)))
    },
    "CubicSpline, periodic": Case(lambda m, y, p: m.CubicSpline(KNOTS, np.concatenate([y, y[:1]]), bc_type="periodic")(p + 3), (Y[:5], P)),
    "CubicSpline, an axis": Case(lambda m, y, p: m.CubicSpline(KNOTS, y, axis=1)(p), (ROWS, P)),
    "CubicSpline, derivatives": Case(lambda m, y, p: m.CubicSpline(KNOTS, y)(p, 2), (Y, P)),
    "CubicSpline, a derivative": Case(lambda m, y, p: m.CubicSpline(KNOTS, y).derivative()(p), (Y, P)),
    "CubicSpline, an antiderivative": Case(lambda m, y, p: m.CubicSpline(KNOTS, y).antiderivative()(p), (Y, P)),
    "CubicSpline, an integral": Case(lambda m, y: m.CubicSpline(KNOTS, y).integrate(0.3, 3.3), (Y,)),
    "CubicSpline, inside": Case(lambda m, y, p: m.CubicSpline(KNOTS, y, extrapolate=False)(p), (Y, P[0])),
    "CubicSpline, plain samples": Case(lambda m, p: m.CubicSpline(KNOTS, Y)(p), (P,)),
    "CubicSpline, plain samples, a derivative": Case(lambda m, p: m.CubicSpline(KNOTS, Y).derivative()(p), (P,)),
    "CubicHermiteSpline": Case(lambda m, y, p: m.CubicHermiteSpline(KNOTS, y[0], y[1])(p), (ROWS, P)),
    **{
        f"PchipInterpolator, {shape}": Case(lambda m, y, p: m.PchipInterpolator(KNOTS, y)(p), (np.array(y), P))
        for shape, y in {
            "rising": [0.0, 0.3, 1.0, 1.1, 3.0, 3.5], "turning": [0.0, 2.0, 1.0, 1.4, -3.0, 0.5], "turning at its ends": [0.0, 0.1, -3.0, 1.0, 4.0, 3.9],
        }.items()
    },
    "PchipInterpolator, an axis": Case(lambda m, y, p: m.PchipInterpolator(KNOTS, y, axis=1)(p, 1), (ROWS, P)),
    "PchipInterpolator, two": Case(lambda m, y, p: m.PchipInterpolator(KNOTS[:2], y[:2])(p), (Y, P)),
    "PPoly": Case(lambda m, c, p: m.PPoly(c, KNOTS)(p), (rng.normal(size=(3, 5)), P)),
    **{
        f"make_interp_spline, {k}": Case(lambda m, y, p, k=k: m.make_interp_spline(KNOTS, y, k)(p), (Y, P))
        for k in (1, 2, 3, 5)
    },
    "make_interp_spline, derivatives": Case(lambda m, y, p: m.make_interp_spline(KNOTS, y, axis=1)(p, 1), (ROWS, P)),
    "make_interp_spline, conditions": Case(
        lambda m, y, p: m.make_interp_spline(KNOTS, y, bc_type=([(1, 0.5)], [(2, -1.0)]))(p), (Y, P)
    ),
    "make_interp_spline, plain samples": Case(lambda m, p: m.make_interp_spline(KNOTS, ROWS, axis=1)(p), (P,)),
    # The knots are differentiated too.
    **{
        f"CubicSpline, knots, {bc}": Case(lambda m, x, y, p, bc=bc: m.CubicSpline(x, y, bc_type=bc)(p), (KNOTS, Y, P))
        for bc in ("not-a-knot", "clamped", "natural", ((1, 0.5), (2, -1.0)), ("not-a-knot", "natural"))
    },
    "CubicSpline, knots, an axis": Case(lambda m, x, y, p: m.CubicSpline(x, y, axis=1, extrapolate=False)(p), (KNOTS, ROWS, P[0])),
    "CubicSpline, knots, plain samples": Case(lambda m, x: m.CubicSpline(x, Y)([0.3, 2.2]), (KNOTS,)),
    "CubicSpline, knots, an integral": Case(lambda m, x: m.CubicSpline(x, Y).integrate(0.3, 3.3), (KNOTS,)),
    "CubicHermiteSpline, knots": Case(lambda m, x, y, p: m.CubicHermiteSpline(x, y[0], y[1])(p), (KNOTS, ROWS, P)),
    "PchipInterpolator, knots": Case(lambda m, x, y, p: m.PchipInterpolator(x, y)(p), (KNOTS, Y, P)),
    "PPoly, knots": Case(lambda m, x, c, p: m.PPoly(c, x)(p), (KNOTS, rng.normal(size=(3, 5)), P)),
    "PPoly, knots, an antiderivative": Case(lambda m, x: m.PPoly(np.ones((3, 5)), x).antiderivative()(2.2), (KNOTS,)),
    **{
        f"make_interp_spline, abscissae, {k}": Case(lambda m, x, y, p, k=k: m.make_interp_spline(x, y, k)(p), (KNOTS, Y, P))
        for k in (1, 2, 3, 4, 5)
    },
    "make_interp_spline, abscissae, conditions": Case(
        lambda m, x, y: m.make_interp_spline(x, y, 5, bc_type=([(1, 0.5), (2, 0.0)], [(2, -1.0), (3, 0.1)]))(P, 1), (KNOTS, Y)
    ),
    "make_interp_spline, abscissae, conditions at one end": Case(
        lambda m, x, y: m.make_interp_spline(x, y, bc_type=([(1, 0.5), (2, 0.0)], None))(P), (KNOTS, Y)
    ),
    "make_interp_spline, abscissae, of even degree": Case(
        lambda m, x, y: m.make_interp_spline(x, y, 2, bc_type=([(1, 0.5)], None))(P), (KNOTS, Y)
    ),
    "make_interp_spline, values at the ends": Case(
        lambda m, a, b: m.make_interp_spline(KNOTS, Y, bc_type=([(1, a)], [(2, b)]))(P), (np.array(0.5), np.array(-1.0))
    ),
    "CubicSpline, a value at an end": Case(lambda m, a: m.CubicSpline(KNOTS, Y, bc_type=((1, a), "natural"))(P), (np.array(0.5),)),
    "make_interp_spline, t": Case(lambda m, t: m.make_interp_spline(KNOTS, Y, t=clamped(t))(P), (INNER,)),
    **{
        f"BSpline, {k}": Case(lambda m, t, c, p, k=k: m.BSpline(clamped(t, k), c, k)(p), (INNER, Y[: 3 + k], P))
        for k in (1, 2, 3)
    },
    "BSpline, of degree 0": Case(lambda m, c: m.BSpline(KNOTS, c, 0)(P), (Y[:5],)),
    "BSpline, coefficients": Case(lambda m, c: m.BSpline(CLAMPED, c, 3, axis=1)(P, 2), (ROWS,)),
    "BSpline, derivatives": Case(lambda m, t, c: m.BSpline(clamped(t), c, 3).derivative()(P), (INNER, Y)),
    "BSpline, a double knot": Case(lambda m, c: m.BSpline(np.r_[CLAMPED[:5], CLAMPED[4:]], c, 3)(P), (np.append(Y, 0.3),)),
    "BSpline, unclamped": Case(lambda m, t, c: m.BSpline(t, c, 2)([1.3, 2.9]), (np.arange(8.0) / 2, Y[:5])),
    "BSpline, a plain derivative": Case(lambda m, p: m.BSpline(CLAMPED, Y, 3).derivative()(p), (P,)),
    "BSpline, limits of an integral": Case(lambda m, a, b: m.BSpline(CLAMPED, Y, 3).integrate(a, b), (np.float64(0.3), np.float64(2.9))),
    "CubicSpline, limits of an integral": Case(lambda m, a, b: m.CubicSpline(KNOTS, Y).integrate(a, b), (np.float64(0.3), np.float64(2.9))),
    "BSpline, plain": Case(lambda m, p: m.BSpline(CLAMPED, Y, 3)(p), (P,)),
    "make_lsq_spline": Case(lambda m, x, y, t: m.make_lsq_spline(x, y, clamped(t))(P), (MANY, MANY_Y, INNER)),
    "make_lsq_spline, weights": Case(lambda m, w: m.make_lsq_spline(MANY, MANY_Y, CLAMPED, w=w)(P), (rng.uniform(0.5, 2, 15),)),
    "make_lsq_spline, columns": Case(
        lambda m, y, t: m.make_lsq_spline(MANY, y, clamped(t, 2), 2, axis=1)(P), (rng.normal(size=(2, 15)), INNER)
    ),
    "make_lsq_spline, plain": Case(lambda m, p: m.make_lsq_spline(MANY, MANY_Y, CLAMPED)(p), (P,)),
    "RegularGridInterpolator": Case(lambda m, v, p: m.RegularGridInterpolator(GRID, v)(p), (VALUES, XI)),
    "RegularGridInterpolator, outside": Case(
        lambda m, v, p: m.RegularGridInterpolator(GRID, v, bounds_error=False, fill_value=None)(p), (VALUES, XI * 1.5)
    ),
    "RegularGridInterpolator, filled": Case(
        lambda m, v, p: m.RegularGridInterpolator(GRID, v, bounds_error=False, fill_value=3.0)(p), (VALUES, XI * 1.5)
    ),
    "RegularGridInterpolator, nearest": Case(lambda m, v, p: m.RegularGridInterpolator(GRID, v, "nearest")(p), (VALUES, XI)),
    **{
        f"RegularGridInterpolator, {method}": Case(
            # SciPy's default solver is iterative, and stops at a relative error of 1e-5
            lambda m, v, p, method=method: m.RegularGridInterpolator(LONG, v, method, False, None, solver=spsolve)(p),
            (rng.normal(size=(6, 7, 2)), XI[None] * 2),
        )
        for method in ("slinear", "cubic", "quintic")
    },
    "interpn, cubic": Case(lambda m, v, p: m.interpn(LONG[:1], v, p, "cubic", False, 3.0), (rng.normal(size=6), XI[:, :1] * 9)),
    "RegularGridInterpolator, vectors": Case(
        lambda m, v, p: m.RegularGridInterpolator(GRID, np.stack([v, v * v], axis=-1))((p[:, 0], p[:, 1])), (VALUES, XI)
    ),
    "RegularGridInterpolator, plain values": Case(lambda m, p: m.RegularGridInterpolator(GRID, VALUES)(p), (XI,)),
    "interpn": Case(lambda m, v, p: m.interpn(GRID, v, p), (VALUES, XI)),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_laws(name):
    check_case(CASES[name], interpolate, scipy.interpolate)


@pytest.mark.parametrize("name", CASES)
def test_batches(name):
    check_batched(CASES[name], interpolate)


def test_plain_splines_are_scipys():
    assert isinstance(interpolate.CubicSpline(KNOTS, Y), scipy.interpolate.CubicSpline)
    assert isinstance(interpolate.make_interp_spline(KNOTS, Y), scipy.interpolate.BSpline)
    assert isinstance(interpolate.make_lsq_spline(MANY, MANY_Y, CLAMPED), interpolate.BSpline)
    assert isinstance(interpolate.RegularGridInterpolator(GRID, VALUES), scipy.interpolate.RegularGridInterpolator)


@pytest.mark.parametrize("boxed", ["y", "x"])
def test_a_spline_s_coefficients_are_scipys(boxed):
    """B-spline coefficients, and not those of the polynomials that the values are made of."""
    of = {"y": lambda m, v: m.make_interp_spline(KNOTS, v, 3), "x": lambda m, v: m.make_interp_spline(v, Y, 3)}[boxed]
    theirs = of(scipy.interpolate, {"y": Y, "x": KNOTS}[boxed])
    found, _ = vjp(lambda v: (of(interpolate, v).c, of(interpolate, v).t), {"y": Y, "x": KNOTS}[boxed])
    np.testing.assert_allclose(found[0], theirs.c, rtol=1e-10)
    np.testing.assert_allclose(found[1], theirs.t, rtol=1e-12)
    check_grads(lambda v: of(interpolate, v).c, ({"y": Y, "x": KNOTS}[boxed],), rtol=1e-4)


def test_points_outside_are_nan():
    value = vjp(lambda p: interpolate.CubicSpline(KNOTS, Y, extrapolate=False)(p), P)[0]
    assert np.isnan(value[1, 1]) and np.isfinite(value).sum() == 3


def test_equal_samples_have_finite_derivatives():
    g = grad(lambda y: interpolate.PchipInterpolator(KNOTS, y)(1.7))(np.ones(6))
    assert np.all(np.isfinite(g)) and np.isclose(g.sum(), 1)


def test_limits_of_an_integral():
    g = grad(lambda b: interpolate.CubicSpline(KNOTS, KNOTS**3).antiderivative()(b))(2.3)
    assert np.isclose(g, 2.3**3)


@pytest.mark.parametrize(
    ("call", "error", "match"),
    [
        (lambda x: interpolate.CubicSpline(x, Y, bc_type="periodic")(1.0), TypeError, "CubicSpline has no derivative rule for the knots of a periodic"),
        (lambda x: interpolate.CubicSpline(x[:3], Y[:3])(1.0), ValueError, "CubicSpline with knots to be differentiated has 3 conditions for 4"),
        *[
            (lambda x, call=call: call(x[::-1])(1.0), ValueError, "knots are not (strictly )?increasing")
            for call in (
                lambda x: interpolate.CubicSpline(x, Y), lambda x: interpolate.PchipInterpolator(x, Y), lambda x: interpolate.CubicHermiteSpline(x, Y, Y),
                lambda x: interpolate.make_interp_spline(x, Y), lambda x: interpolate.BSpline(x, Y[:3], 2), lambda x: interpolate.make_lsq_spline(MANY, MANY_Y, x, 1),
                lambda x: interpolate.make_interp_spline(KNOTS, Y, t=clamped(x[1:3])),
            )
        ],
        (lambda x: interpolate.RegularGridInterpolator((x,), Y)(np.ones((1, 1))), TypeError, "the grid"),
        (lambda x: interpolate.RegularGridInterpolator((KNOTS,), x, "pchip")(np.ones((1, 1))), TypeError, "method='pchip'"),
        (lambda x: interpolate.RegularGridInterpolator((KNOTS,), x)(np.array([[9.0]])), ValueError, "out of bounds in dimension 0"),
    ],
)  # fmt: skip
def test_what_is_refused(call, error, match):
    with pytest.raises(error, match=match):
        vjp(call, KNOTS)
