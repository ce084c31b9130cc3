"""Step 12: any number of arguments, made pleasant.

The book then gets rid of the lists: ``add(x0, x1)`` instead of ``Add()([x0, x1])``, and ``forward(self,
x0, x1)`` instead of ``forward(self, xs)``.  Here there were no lists to get rid of: a primitive of two
arguments is declared from a function of two, with a derivative for each, and an argument or a result
may also be a whole tree, kept in the shape in which it was written.
"""

import numpy as np

from fdezero import grad, record
from fdezero.primitives import elementwise

# Each derivative names what it needs: that in x needs y, that in y needs x; neither keeps the result.
multiply = elementwise(lambda x, y: x * y, lambda y: y, lambda x: x, name="multiply")


def line(parameters, x):
    return multiply(parameters["slope"], x) + parameters["offset"]


def mean_and_spread(x):
    mean = x.sum() / x.size
    return {"mean": mean, "spread": ((x - mean) ** 2).sum() / x.size}


def main() -> dict:
    parameters = {"slope": 2.0, "offset": 1.0}
    facts = {
        "product": multiply(3.0, 4.0),
        "line": line(parameters, 5.0),
        "line_gradient": grad(line)(parameters, 5.0),  # a dict in, a dict out
        "statistics": record(mean_and_spread)(np.array([1.0, 2.0, 3.0])).value,
        "kept": [r is not None for r in record(multiply)(3.0, 4.0).nodes[-1].residuals],
    }
    print("multiply(3, 4) =", facts["product"])
    print("line:", facts["line"], "  its gradient:", facts["line_gradient"])
    print("several results, by name:", facts["statistics"])
    print("multiply keeps (x, y, result):", facts["kept"])
    return facts


if __name__ == "__main__":
    main()
