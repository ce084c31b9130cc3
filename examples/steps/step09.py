"""Step 9: functions that are easier to use.

The book makes three things easier: Python functions instead of ``Square()(x)``, a first cotangent of ones
filled in by ``backward``, and ``as_array``, which makes arrays of numbers and refuses everything else.
Here all three are in one function, `my_grad`: it takes a function and returns the function that gives its
gradient.  The library's `grad` is that, with more kinds of arguments, and errors that say what to write.
"""

import math
from typing import Any

import attrs
import numpy as np

from fdezero import grad


@attrs.frozen(eq=False)
class Var:
    value: np.ndarray
    parent: Any = None
    pull: Any = None


def square(x):
    return Var(x.value * x.value, x, lambda g: g * 2 * x.value)


def total(x):
    return Var(x.value.sum(), x, lambda g: g * np.ones_like(x.value))


def as_array(x):
    array = np.asarray(x)
    if array.dtype.kind != "f":
        raise TypeError(f"an array of floating-point numbers is needed, got {x!r}")
    return array


def my_grad(f):
    def gradient(x):
        y, g = f(Var(as_array(x))), 1.0
        while y.parent is not None:
            y, g = y.parent, y.pull(g)
        return g[()]  # NumPy's number instead of an array of no dimensions

    return gradient


def f(x):
    return np.sum(x**2)


def complaint(action):
    """The TypeError's message, or None where there was none."""
    try:
        action()
    except TypeError as error:
        return str(error)
    return None


def main() -> dict:
    given = {
        "a Python float": 3.0,
        "a NumPy number": np.float32(3.0),
        "a 0-d array": np.array(3.0),
        "an array": np.array([1.0, 2.0]),
    }
    facts = {
        "mine": {name: my_grad(lambda x: total(square(x)))(x) for name, x in given.items()},
        "results": {name: grad(f)(x) for name, x in given.items()},
        "my_complaint": complaint(lambda: my_grad(square)("three")),
        "complaints": {
            "an integer": complaint(lambda: grad(f)(3)),
            "a string": complaint(lambda: grad(f)("three")),
            "no return": complaint(lambda: grad(lambda x: None)(3.0)),
            "no scalar": complaint(lambda: grad(np.square)(np.ones(3))),
            "math.sin": complaint(lambda: grad(math.sin)(3.0)),
        },
    }
    for name, result in facts["mine"].items():
        print(f"{name:15} -> {result!r}, the library's {facts['results'][name]!r}")
    print("my_grad of a string:", facts["my_complaint"])
    for name, message in facts["complaints"].items():
        print(f"the library's, {name:10} -> TypeError: {message}")
    return facts


if __name__ == "__main__":
    main()
