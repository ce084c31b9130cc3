"""A function of the C library made a primitive: declared by one derivative, differentiated in every mode.

    python c_function.py --out c_function.png

NumPy has no error function; C's mathematics library has `erf`.  Told its one derivative, fdezero takes it
into gradients, Hessians, batches and Taylor series, as it does NumPy's own functions.
"""

import argparse
import ctypes
import ctypes.util
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from fdezero import derivative, grad, vmap
from fdezero.primitives import elementwise

LIBRARY = ctypes.CDLL(ctypes.util.find_library("m"))
LIBRARY.erf.restype, LIBRARY.erf.argtypes = ctypes.c_double, [ctypes.c_double]

#: d erf(x) / dx = 2 / sqrt(pi) exp(-x^2) (Abramowitz and Stegun, 7.1.1).
erf = elementwise(np.vectorize(LIBRARY.erf, otypes=[float]), lambda x: 2 / np.sqrt(np.pi) * np.exp(-x * x), name="erf")


def draw(x, curves, path):
    figure = Figure(figsize=(8, 4.5), layout="constrained")
    axes = figure.subplots()
    for n, curve in enumerate(curves):
        axes.plot(x, curve, label=("erf", "first derivative", "second", "third")[n])
    axes.set(title="C's error function and its derivatives", xlabel="x", ylabel="value")
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(alpha=0.3)
    axes.legend(frameon=False)
    figure.savefig(path, dpi=120)


def main(argv=None) -> dict:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("c_function.png"), help="the picture (default: %(default)s)")
    options = parser.parse_args(argv)

    x = np.linspace(-3, 3, 201)
    curves = [erf(x)] + [vmap(derivative(erf, n))(x) for n in (1, 2, 3)]
    draw(x, curves, options.out)
    # The chance that a normal variable of deviation s lies within 1, and how it falls as s grows.
    slope = grad(lambda s: erf(1 / (s * np.sqrt(2.0))))(1.0)
    exact = -np.sqrt(2 / np.pi) * np.exp(-0.5)
    facts = {"slope": float(slope), "exact": float(exact), "third at 0": float(curves[3][100])}
    print(f"d/ds of the chance to lie within 1: {slope:.12f}, exactly {exact:.12f}")
    print(f"third derivative of erf at 0: {facts['third at 0']:.12f}, exactly {-4 / np.sqrt(np.pi):.12f}; saved {options.out}")
    return facts


if __name__ == "__main__":
    main()
