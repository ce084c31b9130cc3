"""Step 2: functions that make variables.

In the book, ``Function`` is a class: ``Square`` and ``Exp`` inherit from it, override ``forward``, and
their objects remember the input they last saw.  Here a function with a derivative is a *primitive*,
declared by what it is.  These two act on each entry alone, so one derivative each says everything; and
a primitive remembers nothing, the graph does.
"""

import numpy as np

from fdezero import grad, record
from fdezero.primitives import elementwise

# The derivative's argument is named after what it needs: the input ``x``, or the output ``out``.
square = elementwise(lambda x: x * x, lambda x: 2 * x, name="square")
exp = elementwise(lambda x: np.exp(x), lambda out: out, name="exp")


def main() -> dict:
    x = np.array([1.0, 2.0, 3.0])
    facts = {
        "on_arrays": (square(x), exp(x)),  # on arrays a primitive is just its function
        "slopes": (grad(square)(3.0), grad(exp)(1.0)),
        "second": grad(grad(square))(3.0),  # the rule is differentiated in its turn
        "kept": {p.name: [r is not None for r in record(p)(1.0).nodes[-1].residuals] for p in (square, exp)},
    }
    print("square", x, "=", facts["on_arrays"][0])
    print("exp   ", x, "=", facts["on_arrays"][1])
    print("their slopes at 3 and at 1:", *facts["slopes"])
    print("the second derivative of square:", facts["second"])
    for name, (the_input, the_output) in facts["kept"].items():
        print(f"{name} keeps its input: {the_input}, its output: {the_output}")
    return facts


if __name__ == "__main__":
    main()
