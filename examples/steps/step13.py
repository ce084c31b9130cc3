"""Step 13: any number of arguments, backward.

In the book ``backward`` learns to pass a gradient on to each of a function's inputs.  Here a variable
keeps a pullback that returns a cotangent for each parent, and the loop carries a dict from variables to
their cotangents.  In the library ``argnums`` says which arguments to differentiate, and for several
results `vjp` returns the pullback, which takes a cotangent for each.
"""

from typing import Any

import attrs
import numpy as np

from fdezero import grad, vjp


@attrs.frozen(eq=False)
class Var:
    value: float
    parents: tuple = ()
    pull: Any = None  # from the cotangent of this variable to a tuple of those of its parents


def square(x):
    return Var(x.value**2, (x,), lambda g: (2 * x.value * g,))


def multiply(x, y):
    return Var(x.value * y.value, (x, y), lambda g: (g * y.value, g * x.value))


def backward(output):
    cotangents, to_do = {output: 1.0}, [output]
    while to_do:
        node = to_do.pop()
        if node.parents:
            # A parent that is there twice is wrong here; the next step deals with it.
            cotangents = {**cotangents, **dict(zip(node.parents, node.pull(cotangents[node]), strict=True))}
            to_do.extend(node.parents)
    return cotangents


def f(x, y):
    return x**2 * y


def ends(x):
    first, _, last = np.split(x, 3)
    return first, last


def polar(x, y):
    return np.hypot(x, y), np.arctan2(y, x)


def main() -> dict:
    x, y = Var(3.0), Var(4.0)
    cotangents = backward(multiply(square(x), y))

    array = np.arange(6.0)
    (first, last), pull_ends = vjp(ends, array)
    (_, _), pull_polar = vjp(polar, 3.0, 4.0)
    facts = {
        "mine": (cotangents[x], cotangents[y]),
        "first": grad(f)(3.0, 4.0),
        "second": grad(f, argnums=1)(3.0, 4.0),
        "both": grad(f, argnums=(0, 1))(3.0, 4.0),
        "ends": (first, last),
        "ends_cotangent": pull_ends((np.array([1.0, 2.0]), np.array([5.0, 6.0])))[0],
        "radius": pull_polar((1.0, 0.0)),
        "angle": pull_polar((0.0, 1.0)),
    }
    print("the slopes of x^2 y at (3, 4):", *facts["mine"])
    print("grad, by x:", facts["first"], " by y:", facts["second"], " by both:", *facts["both"])
    print("the ends of", array, "are", *facts["ends"])
    print("their cotangents [1 2] and [5 6] go back to", facts["ends_cotangent"])
    print("of (radius, angle) at (3, 4), (1, 0) goes back to", *facts["radius"])
    print("                              (0, 1) goes back to", *facts["angle"])
    return facts


if __name__ == "__main__":
    main()
