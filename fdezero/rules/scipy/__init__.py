"""Rules of the functions of SciPy; loaded when one of them first meets a Box."""

from . import (
    bessel,
    elementary,
    errors,
    gammas,
    hypergeometric,
    integrals,
    waves,
)
