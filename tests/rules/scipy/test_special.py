"""Every rule of `scipy.special` against numerical derivatives, and every ufunc of it in one of the tables."""

import subprocess
import sys

import numpy as np
import pytest
import scipy.special as sc

import fdezero
from fdezero import grad, jvp, stop_gradient, vmap
from fdezero.core import boxes
from fdezero.rules.scipy.refused import REFUSED
from fdezero.testing import check_grads

from .cases import CASES, CONSTANT, Fixed
from .references import BETA, GAMMA

names = {"ids": lambda c: c.name}
TOLERANCE = {"rtol": 5e-4, "atol": 5e-5}


@pytest.mark.parametrize("mode", ["rev", "fwd"])
@pytest.mark.parametrize("case", CASES, **names)
def test_derivatives(case, mode):
    check_grads(case.f, case.args, order=case.order, modes=(mode,), **TOLERANCE)


@pytest.mark.parametrize("case", CASES, **names)
def test_value_on_boxes_is_scipy_s(case):
    plain = fdezero.tree.leaves(case.f(*case.args))
    boxed = fdezero.tree.leaves(fdezero.record(case.f)(*case.args).value)
    for p, b in zip(plain, boxed, strict=True):
        assert (np.shape(p), np.asarray(p).dtype) == (np.shape(b), np.asarray(b).dtype)
        np.testing.assert_allclose(b, p, rtol=1e-12)


@pytest.mark.parametrize("case", CASES, **names)
def test_vmap_is_the_stack(case):
    out = vmap(case.f)(*[np.stack([x, x]) for x in case.args])
    for batch, one in zip(fdezero.tree.leaves(out), fdezero.tree.leaves(case.f(*case.args)), strict=True):
        np.testing.assert_allclose(batch, np.stack([one, one]))


def is_single(x):
    return np.asarray(x).astype(np.float32)[()]


@pytest.mark.parametrize("case", CASES, **names)
def test_float32_stays(case):
    """Values and gradients in float32, near those in float64."""
    if any(np.iscomplexobj(x) for x in case.args) or case.name.startswith(("mathieu", "pro_", "obl_")):
        pytest.skip("complex, or NaN or without end in SciPy itself")
    args = tuple(map(is_single, case.args))

    def total(*xs):
        outs = fdezero.tree.leaves(case.f(*xs))
        return sum(np.sum(np.real(out)) for out in outs)

    every = tuple(range(len(args)))
    narrow = grad(total, argnums=every)(*args)
    wide = grad(total, argnums=every)(*[x.astype(float) for x in args])
    for x, g, w in zip(args, narrow, wide, strict=True):
        assert g.dtype == np.float32 and g.shape == x.shape
        np.testing.assert_allclose(g, w, rtol=5e-3, atol=5e-3 * np.abs(w).max())


def ufuncs():
    return {name: f for name in dir(sc) if isinstance(f := getattr(sc, name), np.ufunc)}


def test_every_ufunc_is_in_one_table():
    """Has rules and is checked, is constant, or is refused with a reason."""
    grad(sc.erf)(0.5)  # which loads the rules
    checked = {case.function for case in CASES}
    refused = {getattr(sc._ufuncs, name) for name in REFUSED}
    assert not checked & CONSTANT and not checked & refused and not CONSTANT & refused
    every = set(ufuncs().values())
    assert not [f.__name__ for f in every - checked - CONSTANT - refused]
    assert not [f.__name__ for f in every if f not in boxes.implementations]


#: Functions with an argument that the table holds fixed although it is differentiated, or that is a step.
NOT_REFUSED = {
    *(sc.elliprd, sc.bdtrik, sc.bdtrin, sc._ufuncs._lambertw),
    *(sc.pdtr, sc.pdtrc, sc.pdtri, sc.bdtr, sc.bdtrc, sc.bdtri, sc.nbdtr, sc.nbdtrc, sc.nbdtri),
}


@pytest.mark.parametrize("case", [c for c in CASES if c.function not in NOT_REFUSED], **names)
def test_an_argument_without_a_rule_is_refused(case):
    for i, a in enumerate(case.arguments):
        if not isinstance(a, Fixed):
            continue
        values = [b.value if isinstance(b, Fixed) else b[0] for b in case.arguments]

        def along(v, values=values, i=i):
            return case.function(*values[:i], v, *values[i + 1 :])

        with pytest.raises(TypeError, match=f"scipy.special.{case.function.__name__} has no derivative rule for the"):
            jvp(along, (float(a.value),), (1.0,))


#: Where the functions have values; (1, 2, 1.3, 1.5, 1.6) for the others.
REFUSED_AT = {
    "smirnov": (3, 0.4),
    "smirnovi": (3, 0.4),
    "chndtridf": (2.0, 0.4, 1.0),
    "ncfdtr": (3.0, 4.0, 1.0, 1.5),
    "ncfdtri": (3.0, 4.0, 1.0, 0.4),
    "ncfdtridfd": (3.0, 0.4, 1.0, 1.5),
    "ncfdtridfn": (0.4, 4.0, 1.0, 1.5),
    "ncfdtrinc": (3.0, 4.0, 0.4, 1.5),
    "nctdtr": (3.0, 1.0, 1.5),
    "nctdtridf": (0.6, 1.0, 1.5),
    "nctdtrinc": (3.0, 0.4, 1.5),
    "nctdtrit": (3.0, 1.0, 0.4),
}


@pytest.mark.filterwarnings("ignore:.*is deprecated:DeprecationWarning")
@pytest.mark.parametrize("name", REFUSED)
def test_refused(name):
    function = getattr(sc._ufuncs, name)
    args = REFUSED_AT.get(name, (1.0, 2.0, 1.3, 1.5, 1.6))[: function.nin]
    with pytest.raises(TypeError, match=f"scipy.special.{name} has no derivative rule: .*[a-z]"):
        grad(lambda x: fdezero.tree.leaves(function(*args[:-1], x))[0])(args[-1])
    constant = fdezero.tree.leaves(function(*args))

    def with_a_constant(x):
        outs = fdezero.tree.leaves(function(*args[:-1], stop_gradient(x)))
        np.testing.assert_array_equal(outs, constant)
        return x

    assert grad(with_a_constant)(args[-1]) == 1
    for batched, plain in zip(fdezero.tree.leaves(vmap(function)(*[np.full(2, a) for a in args])), constant, strict=True):
        np.testing.assert_array_equal(batched, [plain, plain])


@pytest.mark.parametrize("function", sorted(CONSTANT, key=lambda f: f.__name__), ids=lambda f: f.__name__)
def test_constant(function):
    assert grad(lambda x: x * function(x))(2.6) == function(2.6)


def test_an_order_may_be_batched_and_held_fixed():
    np.testing.assert_allclose(
        vmap(grad(sc.jv, argnums=1), in_axes=(0, None))(np.array([0.0, 1.0]), 1.5), [-sc.j1(1.5), sc.jvp(1, 1.5)]
    )
    assert grad(lambda x: sc.jv(stop_gradient(x), x))(1.0) == pytest.approx(sc.jvp(1, 1.0))


def test_what_is_not_holomorphic_is_refused():
    for f in (sc.ive, sc.jve, sc.yve):
        with pytest.raises(TypeError, match=f"scipy.special.{f.__name__} is not holomorphic"):
            jvp(lambda z, f=f: f(0.5, z), (1.0 + 1j,), (1.0 + 0j,))


EDGES = [
    ("xlogy(x, y) in y at x = 0", lambda y: sc.xlogy(0.0, y), 0.0, 0.0),
    ("xlogy(x, y) in x at x = 0", lambda x: sc.xlogy(x, 2.0), 0.0, np.log(2.0)),
    ("rel_entr in y at x = 0", lambda y: sc.rel_entr(0.0, y), 0.0, 0.0),
    ("entr at 0", sc.entr, 0.0, np.inf),
    ("huber on the bound", lambda r: sc.huber(1.0, r), 1.0, 1.0),
    ("expit far out", sc.expit, 800.0, 0.0),
    ("log_ndtr far out", sc.log_ndtr, -1e10, 1e10),
    ("log_expit far out", sc.log_expit, -1e10, 1.0),
    ("j1 at 0", sc.j1, 0.0, 0.5),
    ("jv at 0", lambda x: sc.jv(1.0, x), 0.0, 0.5),
    ("sin integral at 0", lambda x: sc.sici(x)[0], 0.0, 1.0),
    ("hyperbolic sine integral below 0", lambda x: sc.shichi(x)[0], -1.5, np.sinh(1.5) / 1.5),
    ("rgamma at a pole of gamma", sc.rgamma, -3.0, -6.0),
    ("lambertw at 0", lambda x: np.real(sc.lambertw(x)), 0.0, 1.0),
    ("gammainc at x = 0 in a", lambda a: sc.gammainc(a, 0.0), 2.0, 0.0),
    ("gammainc at infinity in a", lambda a: sc.gammainc(a, np.inf), 2.0, 0.0),
    ("gammainc at a = 0: -E1(x)", lambda a: sc.gammainc(a, 1.5), 0.0, -sc.exp1(1.5)),
    *[(f"gammainc at 0 in x, a = {a}", lambda x, a=a: sc.gammainc(a, x), 0.0, s) for a, s in ((0.5, np.inf), (1.0, 1.0), (2.5, 0.0))],
    ("gammaincc at infinity in x", lambda x: sc.gammaincc(2.0, x), np.inf, 0.0),
    ("pdtr at 0", lambda m: sc.pdtr(0.0, m), 0.0, -1.0),
    *[(f"betainc at 0, a = {a}", lambda x, a=a: sc.betainc(a, 3.0, x), 0.0, s) for a, s in ((0.5, np.inf), (1.0, 3.0), (2.5, 0.0))],
    *[(f"betainc at 1, b = {b}", lambda x, b=b: sc.betainc(3.0, b, x), 1.0, s) for b, s in ((0.5, np.inf), (1.0, 3.0), (2.5, 0.0))],
    ("betainc at 0 in a", lambda a: sc.betainc(a, 2.0, 0.0), 2.0, 0.0),
    ("betainc at 1 in b", lambda b: sc.betainc(2.0, b, 1.0), 2.0, 0.0),
    ("stdtr at 0 in df", lambda df: sc.stdtr(df, 0.0), 2.0, 0.0),
    ("stdtr at infinite df in t", lambda t: sc.stdtr(np.inf, t), 0.5, np.exp(-0.125) / np.sqrt(2 * np.pi)),
    ("tklmbda outside its support", lambda x: sc.tklmbda(x, 0.5), 3.0, 0.0),
]


@pytest.mark.parametrize(("function", "at", "slope"), [e[1:] for e in EDGES], ids=[e[0] for e in EDGES])
def test_edges(function, at, slope):
    assert grad(function)(at) == pytest.approx(slope, rel=1e-12)
    assert jvp(function, (at,), (1.0,))[1] == pytest.approx(slope, rel=1e-12)


def test_arguments_of_ufuncs_that_are_refused():
    with pytest.raises(TypeError, match=r"^erf with out= writes into an array.*; use the result, y = erf\(x\)"):
        grad(lambda x: sc.erf(x, out=np.zeros(2)).sum())(np.ones(2))
    with pytest.raises(TypeError, match="erf has no derivative rule for the argument where="):
        grad(lambda x: sc.erf(x, where=np.array([True, False])).sum())(np.ones(2))


# -- the incomplete gamma and beta functions in their shapes -----------------------------------------------
@pytest.mark.parametrize("sign", [1, -1])
def test_incomplete_gamma_in_its_shape(sign):
    """To 12 digits from a = 1e-8 to 1e8; the second derivative, which passes zero near x = a, of the first over a."""
    a, x, first, second = np.array(GAMMA).T
    f = sc.gammainc if sign > 0 else sc.gammaincc
    slope = fdezero.elementwise_grad(f)
    np.testing.assert_allclose(sign * slope(a, x), first, rtol=2e-13)
    curvature = sign * fdezero.elementwise_grad(slope)(a, x)
    assert (np.abs(curvature - second) <= 1e-10 * np.maximum(np.abs(second), np.abs(first) / (a + 1))).all()


@pytest.mark.parametrize("sign", [1, -1])
def test_incomplete_beta_in_its_shapes(sign):
    """To 11 digits for shapes from 1e-3 to 1e5."""
    a, b, x, in_a, in_b, in_both = np.array(BETA).T
    f = sc.betainc if sign > 0 else sc.betaincc
    slope = fdezero.elementwise_grad(f)
    np.testing.assert_allclose(sign * slope(a, b, x), in_a, rtol=1e-11)
    np.testing.assert_allclose(sign * fdezero.elementwise_grad(lambda b: f(a, b, x))(b), in_b, rtol=1e-11)
    mixed = sign * fdezero.elementwise_grad(lambda b: slope(a, b, x))(b)
    scale = 1e-11 * np.abs(in_both) + 1e-12 * np.maximum(np.abs(in_a), np.abs(in_b))
    assert (np.abs(mixed - in_both) <= scale).all()


def test_shapes_broadcast_and_may_be_empty():
    a, x = np.array([[0.5], [300.0]]), np.array([0.2, 290.0, 310.0])
    rows = [[grad(sc.gammainc)(p, q) for q in x] for p in a[:, 0]]
    np.testing.assert_allclose(grad(lambda a: sc.gammainc(a, x).sum())(a), np.sum(rows, axis=1, keepdims=True))
    assert grad(lambda a: sc.gammainc(a, np.zeros((0, 3))).sum())(np.ones(3)).shape == (3,)
    assert grad(lambda b: sc.betainc(2.0, b, np.zeros((0, 3))).sum())(np.ones(3)).shape == (3,)


def test_invalid_shapes_are_nan():
    assert np.isnan(grad(sc.gammainc)(-1.0, 1.0)) and np.isnan(grad(sc.gammainc)(1.0, -1.0))
    assert np.isnan(grad(sc.betainc)(-1.0, 1.0, 0.5)) and np.isnan(grad(sc.betainc)(1.0, 1.0, 1.5))


def test_scipy_is_loaded_on_first_use_only():
    program = """
import sys
import fdezero
assert not any(m.partition('.')[0] == 'scipy' for m in sys.modules)
import scipy.special
assert 'fdezero.rules.scipy' not in sys.modules
assert abs(fdezero.grad(scipy.special.erf)(0.0) - 1.1283791670955126) < 1e-15
assert 'fdezero.rules.scipy' in sys.modules
"""
    subprocess.run([sys.executable, "-c", program], check=True)


def test_polygamma_of_complex_numbers_is_refused():
    z = np.array([0.5 + 1j])
    for f in (lambda z: sc.digamma(z), lambda z: grad(lambda z: np.real(sc.gamma(z)).sum())(z)):
        with pytest.raises(TypeError, match="polygamma takes no complex numbers"):
            grad(lambda z, f=f: np.real(f(z)).sum())(z)
