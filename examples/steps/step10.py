"""Step 10: tests.

As in the book, a derivative is checked against numerical differentiation.  A check that cannot fail is
none, so it is shown a derivative that is wrong on purpose, and one whose own derivative is wrong: that
is found by checking the derivative as a function of its own.  The library's `check_grads` does so, to any
order, in both modes and for any number of arguments, and names the entry that is off.
"""

import numpy as np

from fdezero import grad, stop_gradient
from fdezero.primitives import elementwise
from fdezero.testing import check_grads

right = elementwise(lambda x: x**3, lambda x: 3 * x**2, name="cube")
wrong = elementwise(lambda x: x**3, lambda x: 2 * x**2, name="wrong_cube")
# The right slope, as a constant: only differentiating it a second time can tell.
wrong_in_second = elementwise(lambda x: x**3, lambda x: 3 * stop_gradient(x) ** 2, name="second_wrong_cube")


def my_check(f, x, order, step=1e-5):
    """Does the exact derivative agree with the central difference, and (order 2) that of the derivative?"""
    slope = grad(f)
    numerical = (f(x + step) - f(x - step)) / (2 * step)
    agrees = bool(np.isclose(slope(x), numerical, rtol=1e-5))
    return agrees and (order == 1 or my_check(slope, x, order - 1))


def library_check(f, order):
    """None where the derivatives agree, and otherwise what the check says."""
    try:
        check_grads(f, (np.array([0.5, -1.0, 2.0]),), order=order, modes=("rev",))
    except AssertionError as error:
        return str(error)
    return None


def main() -> dict:
    cases = [(f, order) for f in (right, wrong, wrong_in_second) for order in (1, 2)]
    facts = {
        "mine": {(f.name, order): my_check(f, 0.5, order) for f, order in cases},
        "library": {(f.name, order): library_check(f, order) for f, order in cases},
    }
    for (name, order), message in facts["library"].items():
        mine = "agrees" if facts["mine"][name, order] else "differs"
        print(f"{name}, order {order}: my_check {mine}; check_grads {message or 'agrees'}")
    return facts


if __name__ == "__main__":
    main()
