"""Step 9: functions more useful.

The book makes three things easier: functions instead of ``Square()(x)``, a seed of ones filled in by
``backward``, and ``as_array``, which keeps everything an ndarray and refuses the rest.  Here
``grad(f)`` is a function already, its seed is implied (the result is one number), Python and NumPy
numbers go in and NumPy comes out, and what has no derivative is a TypeError that says what to write.
"""

import math

import numpy as np

from fdezero import grad


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
    results = {name: grad(f)(x) for name, x in given.items()}
    complaints = {
        "an integer": complaint(lambda: grad(f)(3)),
        "a string": complaint(lambda: grad(f)("three")),
        "no return": complaint(lambda: grad(lambda x: None)(3.0)),
        "no scalar": complaint(lambda: grad(np.square)(np.ones(3))),
        "math.sin": complaint(lambda: grad(math.sin)(3.0)),
    }
    for name, result in results.items():
        print(f"{name:15} -> {result!r}")
    for name, message in complaints.items():
        print(f"{name:15} -> TypeError: {message}")
    return {"results": results, "complaints": complaints}


if __name__ == "__main__":
    main()
