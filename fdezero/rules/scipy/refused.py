"""The ufuncs of `scipy.special` without a derivative rule, each with the reason and what to use instead."""

from __future__ import annotations

from typing import Any, NoReturn

import scipy.special as sc

from ...core.declare import constant, register
from .helpers import is_differentiated

_CUSTOM = "see fdezero.custom_jvp for a rule of your own"

_INEXACT = "SciPy's values do not satisfy its differential equation to two digits; use the function of the first kind"
_NO_DENSITY = f"the density of the distribution has no closed form; {_CUSTOM}"

#: Name -> why there is no rule, and the alternative.
REFUSED: dict[str, str] = {
    "zetac": "its derivative in the exponent has no closed form; zeta(x, q) is differentiable in q",
    "_riemann_zeta": "its derivative in the exponent has no closed form; zeta(x, q) is differentiable in q",
    "smirnov": f"it is made of polynomials that meet at multiples of 1/n; kolmogorov is its smooth limit, or {_CUSTOM}",
    "smirnovi": f"it is the inverse of smirnov; kolmogi is its smooth limit, or {_CUSTOM}",
    "elliprj": "its derivatives are integrals that SciPy does not have; elliprd is its case p = z",
    "mathieu_a": f"its derivative in q is an integral of mathieu_cem squared; {_CUSTOM}",
    "mathieu_b": f"its derivative in q is an integral of mathieu_sem squared; {_CUSTOM}",
    "pro_cv": f"its derivative in c is an integral of pro_ang1 squared; {_CUSTOM}",
    "obl_cv": f"its derivative in c is an integral of obl_ang1 squared; {_CUSTOM}",
    "chndtridf": "its derivatives need that of chndtr in df, which has no closed form; chndtrinc solves for nc",
    "pro_rad2": _INEXACT,
    "pro_rad2_cv": _INEXACT,
    "obl_rad2": _INEXACT,
    "obl_rad2_cv": _INEXACT,
    "ncfdtr": _NO_DENSITY,
    "ncfdtri": _NO_DENSITY,
    "ncfdtridfd": _NO_DENSITY,
    "ncfdtridfn": _NO_DENSITY,
    "ncfdtrinc": _NO_DENSITY,
    "nctdtr": _NO_DENSITY,
    "nctdtridf": _NO_DENSITY,
    "nctdtrinc": _NO_DENSITY,
    "nctdtrit": _NO_DENSITY,
    "sph_harm": f"it is gone from SciPy 1.17; {_CUSTOM}",
}
REFUSED = {name: reason for name, reason in REFUSED.items() if hasattr(sc._ufuncs, name)}  # versions have others


def _declare(name: str, reason: str) -> None:
    function: Any = getattr(sc._ufuncs, name)
    constants = constant(lambda *args: function(*args), name=name, core=(0,) * function.nin)

    def answer(*args: Any) -> Any:
        if not any(map(is_differentiated, args)):
            return constants(*args)
        _raise(name, reason)

    register(function, answer)


def _raise(name: str, reason: str) -> NoReturn:
    raise TypeError(f"scipy.special.{name} has no derivative rule: {reason}")


for _name, _reason in REFUSED.items():
    _declare(_name, _reason)
