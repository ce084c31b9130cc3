"""The table of `scipy.special`: for each ufunc that has a derivative, the arguments at which it is checked.

Arguments are intervals, from which numbers are drawn, arrays, or constants (`Fixed`: an argument in which
there is no derivative).
"""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np
import scipy.special as sc

rng = np.random.default_rng(20260301)
A = np.array


@attrs.frozen
class Fixed:
    """An argument that is not differentiated."""

    value: Any


@attrs.frozen(eq=False)
class Case:
    """``function`` of the arguments, as a function of those that are differentiated."""

    function: Any
    arguments: tuple[Any, ...]
    order: int = 2

    @property
    def args(self) -> tuple[Any, ...]:
        return tuple(a for a in self.arguments if not isinstance(a, Fixed))

    def f(self, *xs: Any) -> Any:
        moving = iter(xs)
        return self.function(*[a.value if isinstance(a, Fixed) else next(moving) for a in self.arguments])

    @property
    def name(self) -> str:
        fixed = ",".join(str(a.value) for a in self.arguments if isinstance(a, Fixed))
        return f"{self.function.__name__}({fixed})"


CASES: list[Case] = []


def case(function: Any, *arguments: Any, order: int = 2) -> None:
    drawn = [rng.uniform(*a, size=4) if isinstance(a, tuple) else a for a in arguments]
    CASES.append(Case(function, tuple(a if isinstance(a, (np.ndarray, Fixed)) else Fixed(a) for a in drawn), order))


POSITIVE = (0.3, 3.0)
SYMMETRIC = (-2.0, 2.0)
INSIDE = (0.1, 0.8)

# -- elementary ----------------------------------------------------------------------------------------
for _f in (sc.cbrt, sc.exp2, sc.expm1, sc.log1p, sc.cosm1, sc.entr, sc.wrightomega):
    case(_f, POSITIVE)
for _f in (sc.powm1, sc.xlogy, sc.xlog1py, sc.rel_entr, sc.kl_div):
    case(_f, POSITIVE, POSITIVE)
case(sc.exp10, (0, 1))
case(sc.sindg, (0, 90))
case(sc.cosdg, (0, 90))
case(sc.tandg, (0, 60))
case(sc.cotdg, (20, 60))
case(sc.radian, POSITIVE, POSITIVE, POSITIVE)
case(sc.expit, SYMMETRIC)
case(sc.log_expit, SYMMETRIC)
case(sc.logit, INSIDE)
case(sc.huber, (1, 1.1), A([-2, -0.5, 0.3, 1.5]))
case(sc.pseudo_huber, POSITIVE, SYMMETRIC)
case(sc.exprel, A([-60.0, -30.0, -0.6, -0.4, 0.0, 1e-5, 0.4, 0.6, 8.0]))
case(sc.boxcox, POSITIVE, SYMMETRIC)
case(sc.boxcox, POSITIVE, A([-1e-6, 0, 1e-6, 1]))
case(sc.boxcox1p, POSITIVE, SYMMETRIC)
case(sc.inv_boxcox, (0.1, 1), INSIDE)
case(sc.inv_boxcox1p, (0.1, 1), INSIDE)
case(sc.tklmbda, (-0.5, 0.5), (-0.5, 0.5))
case(sc.tklmbda, A([0.3, 3.0]), A([0.5, 0.5]))
case(sc._ufuncs._lambertw, A([-0.2, 0.0, 0.1, 2.0]), 0, 1e-8)
case(sc._ufuncs._lambertw, A([-0.2, 0.1, 2.0]), 1, 1e-8)

# -- gamma functions -----------------------------------------------------------------------------------
for _f in (sc.digamma, sc.gammaln, sc.loggamma, sc.gamma, sc.rgamma):
    case(_f, POSITIVE)
case(sc.gamma, A([0.5 + 1j, 2 - 1j]), order=1)
case(sc.rgamma, A([-2.0, -1.0, 0.0, -0.5]), order=1)
for _f in (sc.betaln, sc.beta, sc.poch, sc.agm):
    case(_f, POSITIVE, POSITIVE)
case(sc.binom, (3, 5), POSITIVE)
case(sc.agm, A([2.0, -3.0]), A([2.0, -0.1]))
case(sc._ufuncs._zeta, 2.5, POSITIVE)

# -- error functions -----------------------------------------------------------------------------------
for _f in (sc.erf, sc.erfc, sc.dawsn, sc.fresnel, sc.modfresnelm, sc.modfresnelp):
    case(_f, POSITIVE)
for _f in (sc.erf, sc.erfc, sc.erfcx, sc.erfi, sc.dawsn, sc.wofz, sc.log_ndtr, sc.ndtr):
    case(_f, A([0.5 + 1j, 1 - 0.3j]))
case(sc.erfi, (-1, 1))
case(sc.erfinv, (-0.9, 0.9))
case(sc.erfcinv, (0.1, 1.9))
case(sc.erfcx, A([-2.0, 0.0, 2.0, 24.0, 25.1, 100.0]))
case(sc.ndtr, SYMMETRIC)
case(sc.log_ndtr, A([-30.0, -2.0, 1.0]))
case(sc.ndtri, (0.1, 0.9))
case(sc.ndtri_exp, A([-40.0, -2.0, -0.1]))
case(sc.owens_t, POSITIVE, POSITIVE)
case(sc.voigt_profile, POSITIVE, POSITIVE, POSITIVE)

# -- Bessel functions ----------------------------------------------------------------------------------
for _f in (sc.j0, sc.j1, sc.y0, sc.y1, sc.i0, sc.i1, sc.k0, sc.k1, sc.i0e, sc.i1e, sc.k0e, sc.k1e, sc.airy, sc.airye):
    case(_f, POSITIVE)
for _f in (sc.j0, sc.j1, sc.i0, sc.i1, sc.airy):
    case(_f, A([0.0, -1.0]))
for _f in (sc.jv, sc.yv, sc.iv, sc.kv, sc.jve, sc.yve, sc.ive, sc.kve, sc.hankel1, sc.hankel2, sc.hankel1e, sc.hankel2e):
    case(_f, 1.3, POSITIVE)
for _f in (sc.jv, sc.yv, sc.iv, sc.kv, sc.kve, sc.hankel1, sc.hankel1e, sc.hankel2e):
    case(_f, 0.4, A([0.5 + 1j, 2 - 1j]))
_spherical = [getattr(sc._ufuncs, f"_spherical_{kind}{d}") for kind in ("jn", "yn", "in", "kn") for d in ("", "_d")]
for _f in (sc.yn, sc.kn, sc.expn, *_spherical):
    for _n in (0, 1, 3):
        case(_f, _n, POSITIVE)

# -- waves and integrals -------------------------------------------------------------------------------
for _f in (sc.ber, sc.bei, sc.ker, sc.kei, sc.berp, sc.beip, sc.kerp, sc.keip, sc.kelvin):
    case(_f, POSITIVE)
for _f in (sc.itstruve0, sc.it2struve0, sc.itmodstruve0, sc.itj0y0, sc.iti0k0, sc.it2j0y0, sc.it2i0k0, sc.itairy):
    case(_f, POSITIVE)
for _f in (sc.struve, sc.modstruve, sc.pbdv, sc.pbvv, sc.pbwa):
    case(_f, 1.3, POSITIVE)
case(sc.besselpoly, POSITIVE, 1.2, 0.5)
case(sc.mathieu_cem, 2, 1.3, (10, 50))
case(sc.mathieu_sem, 2, 1.3, (10, 50))
for _f in (sc.mathieu_modcem1, sc.mathieu_modcem2, sc.mathieu_modsem1, sc.mathieu_modsem2):
    case(_f, 2, 1.3, (0.1, 1))
for _kind, _interval in (("ang1", INSIDE), ("rad1", (1.4, 2))):
    for _name, _cv in (("pro", sc.pro_cv), ("obl", sc.obl_cv)):
        case(getattr(sc, f"{_name}_{_kind}"), 1, 2, 1.3, _interval)
        case(getattr(sc, f"{_name}_{_kind}_cv"), 1, 2, 1.3, float(_cv(1, 2, 1.3)), _interval)
for _f in (sc.exp1, sc.expi, sc.sici, sc.shichi):
    case(_f, POSITIVE)
case(sc.sici, A([-1.0 + 1j]))
case(sc.shichi, A([-1.0 + 1j, 0.4 - 0.3j]))
case(sc.spence, A([0.3, 0.8, 1.0, 1.2, 3.0]))
case(sc.ellipk, A([-3, -0.1, 0.0, 0.1, 0.2, 0.7]))
case(sc.ellipe, A([-3, -0.1, 0.0, 0.1, 0.2, 0.7]))
case(sc.ellipkm1, A([0.1, 0.4, 0.7, 0.9, 1.0, 2]))
_angles, _parameters = A([0.4, 1.2, 2.0, 5.0, -4, 0.3]), A([0.5, 0.3, 0.7, 0.8, 0.2, 0.0])
case(sc.ellipkinc, _angles, _parameters)
case(sc.ellipeinc, _angles, _parameters)
case(sc.ellipj, A([0.4, 1.5, 3.0, -2.0]), A([0.5, 0.3, 0.7, 0.2]))
case(sc.elliprc, A([1.0, 2.0, 0.5]), A([1.0, 2.02, 3.0]))
case(sc.elliprc, A([0.3, 1.0]), A([-0.4, -2.0]))
for _f in (sc.elliprf, sc.elliprg, sc.elliprd):
    case(_f, A([1.0, 2.0, 0.3]), A([2.0, 3.0, 1.0]), A([3.5, 2.5, 4.0]))
case(sc.elliprd, A([2.0, 1.0, 2.0]), A([1.0, 2.0, 2.0]), 2.0)
case(sc.elliprd, 0.0, POSITIVE, 2.0)

# -- hypergeometric functions and polynomials ----------------------------------------------------------
case(sc.hyp0f1, 1.2, POSITIVE)
case(sc.hyp1f1, 0.7, 1.2, POSITIVE)
case(sc.hyperu, 0.7, 1.2, POSITIVE)
case(sc.hyp2f1, 0.7, 1.2, 2.0, (-0.5, 0.5))
case(sc.wright_bessel, 0.7, 1.2, POSITIVE)
case(sc.log_wright_bessel, 0.7, 1.2, POSITIVE)
case(sc.lpmv, 1, 2.5, INSIDE)
_polynomials = ("chebyc", "chebys", "chebyt", "chebyu", "hermite", "hermitenorm", "laguerre", "legendre")
for _n in (0, 1, 2, 5):
    for _name in (*_polynomials, "sh_chebyt", "sh_chebyu", "sh_legendre"):
        case(getattr(sc, f"eval_{_name}"), _n, INSIDE)
    case(sc.eval_gegenbauer, _n, 0.7, INSIDE)
    case(sc.eval_genlaguerre, _n, 0.7, INSIDE)
    case(sc.eval_jacobi, _n, 0.7, 0.4, INSIDE)
    case(sc.eval_sh_jacobi, _n, 2.7, 1.4, INSIDE)

# -- incomplete gamma and beta functions, distributions and their inverses ---------------------------------
_shapes = A([0.3, 1.0, 2.5, 7.0, 30.0])
for _f in (sc.gammainc, sc.gammaincc):
    case(_f, _shapes, A([0.2, 0.7, 4.0, 6.0, 33.0]))
for _f in (sc.gammaincinv, sc.gammainccinv):
    case(_f, _shapes, A([0.2, 0.7, 0.4, 0.9, 0.5]))
for _f in (sc.betainc, sc.betaincc):
    case(_f, A([0.3, 1.5, 2.5, 7.0, 30.0]), A([0.6, 0.5, 3.5, 2.0, 9.0]), A([0.1, 0.9, 0.4, 0.7, 0.76]))
for _f in (sc.betaincinv, sc.betainccinv):
    case(_f, A([0.8, 1.5, 2.5]), A([0.6, 1.5, 3.5]), A([0.3, 0.7, 0.4]))
_probabilities = A([0.2, 0.5, 0.8, 0.6])
for _f in (sc.gdtr, sc.gdtrc):
    case(_f, POSITIVE, POSITIVE, POSITIVE)
for _f in (sc.gdtria, sc.gdtrib):
    case(_f, *((_probabilities, POSITIVE, (0.5, 2)) if _f is sc.gdtria else ((0.5, 2), _probabilities, (0.5, 2))))
case(sc.gdtrix, POSITIVE, (0.5, 2), _probabilities)
for _f in (sc.chdtr, sc.chdtrc):
    case(_f, POSITIVE, POSITIVE)
case(sc.chdtri, (1, 5), _probabilities)
case(sc.chdtriv, _probabilities, (1, 4))
for _f in (sc.pdtr, sc.pdtrc):
    case(_f, 2.0, POSITIVE)
case(sc.pdtri, 2, _probabilities)
case(sc.pdtrik, _probabilities, (2, 5))
for _f in (sc.bdtr, sc.bdtrc):
    case(_f, 2.0, np.int64(7), (0.2, 0.7))
case(sc.bdtri, 2.0, np.int64(7), _probabilities)
case(sc.bdtrik, _probabilities, A([7.0, 9.0, 8.5, 6.0]), (0.4, 0.6))
case(sc.bdtrin, 2.0, _probabilities, (0.3, 0.5))
for _f in (sc.nbdtr, sc.nbdtrc):
    case(_f, 2, 4, (0.2, 0.7))
case(sc.nbdtri, 2, 4, _probabilities)
case(sc.nbdtrik, _probabilities, A([4.0, 5.0, 6.5, 8.0]), (0.3, 0.5))
case(sc.nbdtrin, (3, 4), _probabilities, (0.4, 0.6))
for _f in (sc.fdtr, sc.fdtrc):
    case(_f, (1, 5), (1, 5), A([0.2, 0.8, 1.7, 6.0]))
case(sc.fdtri, (2, 5), (2, 5), _probabilities)
case(sc.fdtridfd, A([2.0, 3.0]), sc.fdtr([2.0, 3.0], [3.0, 4.0], [1.5, 2.0]), A([1.5, 2.0]), order=1)
case(sc.stdtr, (0.6, 6), A([-3.0, -0.2, 0.1, 2.0]))
case(sc.stdtrit, (1, 6), _probabilities + 0.05)
case(sc.stdtridf, sc.stdtr([3.0, 4.0], [1.5, 2.0]), A([1.5, 2.0]), order=1)
case(sc.btdtria, _probabilities, (1, 2), (0.3, 0.7))
case(sc.btdtrib, (1, 2), _probabilities, (0.3, 0.7))
case(sc.chndtr, POSITIVE, 3.0, POSITIVE)
case(sc.chndtr, POSITIVE, 1.2, POSITIVE)
case(sc.chndtrix, _probabilities, 3.0, POSITIVE)
case(sc.chndtrinc, (1, 2), 3.0, A([0.2, 0.3, 0.15, 0.25]))
case(sc.nrdtrimn, A([0.2, 0.6]), A([1.0, 2.0]), A([0.3, 0.7]))
case(sc.nrdtrisd, A([0.1, -0.2]), A([0.2, 0.6]), A([0.3, 0.7]))
case(sc.kolmogorov, A([0.02, 0.4, 0.9, 1.1, 2.0]))
case(sc.kolmogi, A([0.9, 0.5, 0.1]))

#: Without derivative: rounding and signs.
CONSTANT = {sc.round, sc.gammasgn}
