"""Step 3: chaining functions.

In the book ``C(B(A(x)))`` chains three Function objects through the Variables between them.  With
functions from box to box that is composition: a loop over functions, which `reduce` writes in one line
and toolz has as `pipe` and `compose`.  A transform takes a function and returns one, so transforms
compose in the same way.
"""

from functools import reduce

import attrs
import numpy as np
from toolz import compose, pipe

from fdezero import grad, record


@attrs.frozen
class MyBox:
    value: np.ndarray


def lifted(function):
    return lambda box: MyBox(function(box.value))


def chained_by_loop(functions, x):
    for function in functions:
        x = function(x)
    return x


def chained(functions, x):
    """The same: `reduce` goes from one value to the next."""
    return reduce(lambda x, function: function(x), functions, x)


f = compose(np.square, np.exp, np.square)  # right to left: x -> exp(x^2)^2, as in the book
second_derivative = compose(grad, grad)


def main() -> dict:
    x = 0.5
    functions = (np.square, np.exp, np.square)
    boxes = [lifted(function) for function in functions]
    facts = {
        "loop": chained_by_loop(boxes, MyBox(x)).value,
        "reduce": chained(boxes, MyBox(x)).value,
        "piped": pipe(x, *functions),  # left to right
        "composed": f(x),
        "by_hand": np.exp(x**2) ** 2,
        "names": [node.primitive.name for node in record(f)(x).nodes],
        "second": second_derivative(f)(x),
        "second_by_hand": (4 + 16 * x**2) * np.exp(2 * x**2),
    }
    for name in ("loop", "reduce", "piped", "composed", "by_hand"):
        print(f"{name:9}", facts[name])
    print("recorded by the library:", " -> ".join(facts["names"]))
    print("compose(grad, grad)(f):", facts["second"], "  by hand:", facts["second_by_hand"])
    return facts


if __name__ == "__main__":
    main()
