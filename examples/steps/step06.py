"""Step 6: backpropagation by hand.

In the book each Function gets a ``backward``, and the user calls ``C.backward``, ``B.backward`` and
``A.backward`` one after another, writing every result into ``.grad``.  Here the same is done over a
recorded tape: a node's primitive pulls the output's cotangent back to the inputs', and the cotangents
are values with names.  Nothing is written into the graph.
"""

import numpy as np

from fdezero import grad, record
from fdezero.interpreters.reverse import pull


def f(x):
    return np.square(np.exp(np.square(x)))


def pulled(node, g):
    """The cotangent of a node's only parent."""
    (c,) = pull(node.primitive, node, g)
    return c


def main() -> dict:
    x = 0.5
    _, a, b, y = record(f)(x).nodes  # the input, then the three functions
    gy = np.float64(1.0)
    gb = pulled(y, gy)
    ga = pulled(b, gb)
    gx = pulled(a, ga)

    for node, g in ((y, gy), (b, gb), (a, ga)):
        print(f"{g:8.5f}  goes back through  {node}")
    print(f"{gx:8.5f}  arrives at x;  grad(f)(x) is {grad(f)(x):.5f}")
    return {"gb": gb, "ga": ga, "gx": gx, "grad": grad(f)(x), "again": pulled(a, pulled(b, pulled(y, gy)))}


if __name__ == "__main__":
    main()
