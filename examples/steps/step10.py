"""Step 10: tests.

The book checks a ``backward`` against numerical differentiation with ``np.allclose``, one function and
one input at a time.  Here that is one call, `fdezero.testing.check_grads`, which goes to second order
and names the entry that is off.  A check that cannot fail is no check, so this one is shown a rule made
wrong on purpose, and another that is wrong in the second derivative alone.
"""

import numpy as np

from fdezero import stop_gradient
from fdezero.primitives import elementwise
from fdezero.testing import check_grads

right = elementwise(lambda x: x**3, lambda x: 3 * x**2, name="cube")
wrong = elementwise(lambda x: x**3, lambda x: 2 * x**2, name="wrong_cube")
# The right slope, as a constant: only differentiating it a second time can tell.
wrong_in_second = elementwise(lambda x: x**3, lambda x: 3 * stop_gradient(x) ** 2, name="second_wrong_cube")


def verdict(f, order):
    """None where the derivatives agree, and otherwise what the check says."""
    try:
        check_grads(f, (np.array([0.5, -1.0, 2.0]),), order=order, modes=("rev",))
    except AssertionError as error:
        return str(error)
    return None


def main() -> dict:
    facts = {(f.name, order): verdict(f, order) for f in (right, wrong, wrong_in_second) for order in (1, 2)}
    for (name, order), message in facts.items():
        print(f"{name}, order {order}: {'agrees' if message is None else message}")
    return facts


if __name__ == "__main__":
    main()
