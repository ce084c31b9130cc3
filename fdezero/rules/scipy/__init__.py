"""Rules of the functions of SciPy; loaded when one of them first meets a Box."""

from . import (
    bessel,
    distributions,
    elementary,
    errors,
    gammas,
    hypergeometric,
    incomplete_beta,
    incomplete_gamma,
    integrals,
    refused,
    waves,
)

__all__ = [
    "bessel",
    "distributions",
    "elementary",
    "errors",
    "gammas",
    "hypergeometric",
    "incomplete_beta",
    "incomplete_gamma",
    "integrals",
    "refused",
    "waves",
]
