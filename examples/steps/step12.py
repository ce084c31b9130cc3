"""Step 12: any number of arguments, made easier to use.

The book then gets rid of the lists: ``add(x0, x1)`` instead of ``add([x0, x1])``, and ``x0 + x1`` in the
function itself instead of ``xs[0] + xs[1]``.  Here both are one change of `lifted`, ``*xs`` for ``xs``.  In
the library a primitive of two arguments is declared from a function of two, with a derivative for each;
and an argument or result may be a whole tree (a dict, here), kept in the shape in which it was written.
"""

import attrs
import numpy as np

from fdezero import grad, record
from fdezero.primitives import elementwise


@attrs.frozen(eq=False)
class Var:
    value: np.ndarray
    parents: tuple = ()


def lifted(function):
    def recorded(*xs):
        out = function(*(x.value for x in xs))
        if isinstance(out, tuple):
            return tuple(Var(y, xs) for y in out)
        return Var(out, xs)

    return recorded


my_multiply = lifted(lambda x, y: x * y)
my_divmod = lifted(divmod)

# The library's.  The derivative in x needs y, that in y needs x; neither needs the result, which is not kept.
multiply = elementwise(lambda x, y: x * y, lambda y: y, lambda x: x, name="multiply")


def line(parameters, x):
    return multiply(parameters["slope"], x) + parameters["offset"]


def mean_and_spread(x):
    mean = x.sum() / x.size
    return {"mean": mean, "spread": ((x - mean) ** 2).sum() / x.size}


def main() -> dict:
    parameters = {"slope": 2.0, "offset": 1.0}
    x, y = Var(7.0), Var(2.0)
    facts = {
        "my_product": my_multiply(x, y),
        "my_quotient": my_divmod(x, y),
        "my_parents": my_multiply(x, y).parents == (x, y),
        "product": multiply(3.0, 4.0),
        "line": line(parameters, 5.0),
        "line_gradient": grad(line)(parameters, 5.0),  # a dict in, a dict out
        "statistics": record(mean_and_spread)(np.array([1.0, 2.0, 3.0])).value,
        "kept": [r is not None for r in record(multiply)(3.0, 4.0).nodes[-1].residuals],
    }
    print("my_multiply(7, 2) =", facts["my_product"].value, "  my_divmod(7, 2) =", *(v.value for v in facts["my_quotient"]))
    print("multiply(3, 4) =", facts["product"])
    print("line:", facts["line"], "  its gradient:", facts["line_gradient"])
    print("several results, by name:", facts["statistics"])
    print("multiply keeps (x, y, result):", facts["kept"])
    return facts


if __name__ == "__main__":
    main()
