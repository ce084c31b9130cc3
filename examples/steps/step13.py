"""Step 13: any number of arguments, backward.

In the book ``backward`` learns to take a gradient for each output and to return one for each input.
Here ``argnums`` says which arguments to differentiate (a tuple of them gives a tuple), and with several
results `vjp` returns the pullback, which takes a cotangent for each and returns one for each argument.
"""

import numpy as np

from fdezero import grad, vjp


def f(x, y):
    return x * x + y * y * y


def ends(x):
    first, _, last = np.split(x, 3)
    return first, last


def polar(x, y):
    return np.hypot(x, y), np.arctan2(y, x)


def main() -> dict:
    x = np.arange(6.0)
    (first, last), pull_ends = vjp(ends, x)
    (_, _), pull_polar = vjp(polar, 3.0, 4.0)
    facts = {
        "first": grad(f)(2.0, 3.0),
        "second": grad(f, argnums=1)(2.0, 3.0),
        "both": grad(f, argnums=(0, 1))(2.0, 3.0),
        "ends": (first, last),
        "ends_cotangent": pull_ends((np.array([1.0, 2.0]), np.array([5.0, 6.0])))[0],
        "radius": pull_polar((1.0, 0.0)),
        "angle": pull_polar((0.0, 1.0)),
    }
    print("x^2 + y^3 at (2, 3), by x:", facts["first"], " by y:", facts["second"], " by both:", facts["both"])
    print("the ends of", x, "are", *facts["ends"])
    print("their cotangents [1 2] and [5 6] go back to", facts["ends_cotangent"])
    print("the radius at (3, 4) goes back to", *facts["radius"], "and the angle to", *facts["angle"])
    return facts


if __name__ == "__main__":
    main()
