"""Step 2: functions from box to box.

In the book ``Function`` is a class: ``Square`` and ``Exp`` inherit from it and override ``forward``.  Here
it is a function, `lifted`, that makes a function on boxes of a function on arrays.  The library's word
for a lifted function is *primitive*.  It is declared together with its derivative, works on plain arrays
as well, and remembers nothing: what must be remembered for the derivative, the graph keeps.
"""

import attrs
import numpy as np

from fdezero import grad, record
from fdezero.primitives import elementwise


@attrs.frozen
class MyBox:
    value: np.ndarray


def lifted(function):
    """The function on boxes that does to what is inside what ``function`` does to arrays."""
    return lambda box: MyBox(function(box.value))


my_square = lifted(lambda x: x * x)
my_exp = lifted(np.exp)

# The library's.  A derivative names its argument after what it needs: the input ``x``, or the output ``out``.
square = elementwise(lambda x: x * x, lambda x: 2 * x, name="square")
exp = elementwise(lambda x: np.exp(x), lambda out: out, name="exp")


def main() -> dict:
    x = np.array([1.0, 2.0, 3.0])
    facts = {
        "on_boxes": (my_square(MyBox(x)), my_exp(MyBox(x))),
        "on_arrays": (square(x), exp(x)),  # on arrays a primitive is just its function
        "slopes": (grad(square)(3.0), grad(exp)(1.0)),
        "second": grad(grad(square))(3.0),  # a derivative is differentiated as any function is
        "kept": {p.name: [r is not None for r in record(p)(1.0).nodes[-1].residuals] for p in (square, exp)},
    }
    print("from box to box:   ", facts["on_boxes"][0], facts["on_boxes"][1])
    print("from array to array:", *facts["on_arrays"])
    print("slopes of the library's square at 3 and exp at 1:", *facts["slopes"])
    print("the second derivative of square:", facts["second"])
    for name, (the_input, the_output) in facts["kept"].items():
        print(f"for its derivative {name} keeps its input: {the_input}, its output: {the_output}")
    return facts


if __name__ == "__main__":
    main()
