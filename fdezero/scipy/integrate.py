"""`scipy.integrate` with derivatives: initial value problems, integrals of functions and of samples.

The values are SciPy's.  Every other name of the module is SciPy's own object.

>>> import numpy as np
>>> from fdezero import grad
>>> from fdezero.scipy.integrate import solve_ivp
>>> def decayed(rate):                       # exp(-rate) at time 1
...     return solve_ivp(lambda t, y, k: -k * y, (0.0, 1.0), [1.0], args=(rate,), rtol=1e-8, atol=1e-8).y[0, -1]
>>> round(float(grad(decayed)(2.0)), 5)       # -exp(-2)
-0.13534
"""

import scipy.integrate as original

from ._mirror import others_of
from ._ode import odeint, solve_ivp
from ._quadrature import cumulative_trapezoid, quad, simpson, trapezoid

__all__ = ["cumulative_trapezoid", "odeint", "quad", "simpson", "solve_ivp", "trapezoid"]

__getattr__ = others_of(original)
