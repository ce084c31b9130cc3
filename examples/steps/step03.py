"""Step 3: chaining functions.

In the book, ``C(B(A(x)))`` chains three Function objects through the Variables between them.  Here it
is composition of functions and nothing else, so `toolz.compose` (right to left) and `toolz.pipe` (left
to right) write it; and since a transform takes a function and returns one, it composes as well.
"""

import numpy as np
from toolz import compose, pipe

from fdezero import grad, record

f = compose(np.square, np.exp, np.square)  # x -> exp(x^2)^2, as in the book
second_derivative = compose(grad, grad)


def main() -> dict:
    x = 0.5
    facts = {
        "composed": f(x),
        "piped": pipe(x, np.square, np.exp, np.square),
        "by_hand": np.exp(x**2) ** 2,
        "names": [node.primitive.name for node in record(f)(x).nodes],
        "second": second_derivative(f)(x),
        "second_by_hand": (4 + 16 * x**2) * np.exp(2 * x**2),
    }
    print("compose:", facts["composed"], "  pipe:", facts["piped"], "  by hand:", facts["by_hand"])
    print("recorded:", " -> ".join(facts["names"]))
    print("compose(grad, grad)(f):", facts["second"], "  by hand:", facts["second_by_hand"])
    return facts


if __name__ == "__main__":
    main()
