"""SciPy's functions that let nobody intercept them, under the same names; each module loads when it is first used.

>>> import fdezero.scipy as fsp
>>> round(float(fsp.special.logsumexp([0.0, 0.0])), 6)
0.693147
"""

from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType

import scipy  # noqa: F401  # so that where it is not installed, this import says so


def __getattr__(name: str) -> ModuleType:
    if name not in __dir__():
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}; SciPy's own is scipy.{name}")
    return import_module(f"{__name__}.{name}")


def __dir__() -> list[str]:
    return [module.name for module in iter_modules(__path__) if not module.name.startswith("_")]
