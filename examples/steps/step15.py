"""Step 15: why the order matters.

The book's loop takes whichever function was added to its list last.  In the diamond

    x --> A --+--> B --+--> D
              +--> C --+

that comes to A before B has been dealt with: A's share is passed on too early, and then once more with
what came before it.  Here the book's early loop is run over a recorded tape, to see it go wrong; the
next step puts it right.
"""

import numpy as np

from fdezero import grad, record
from fdezero.interpreters.reverse import pull
from fdezero.primitives import elementwise

A, B, C = (elementwise(lambda x: x * x, lambda x: 2 * x, name=name) for name in "ABC")
D = elementwise(lambda x, y: x + y, 1, 1, name="D")


def diamond(x):
    a = A(x)
    return D(B(a), C(a))


def last_added_first(tape):
    """Backward in the order of a stack, with no eye for generations."""
    (output,) = tape.outputs
    gradients, stack, order = {output: np.float64(1.0)}, [output], []
    while stack:
        node = stack.pop()
        order.append(node.primitive.name)
        for parent, c in zip(node.parents, pull(node.primitive, node, gradients[node]), strict=True):
            gradients[parent] = gradients.get(parent, 0.0) + c
            if parent.generation:
                stack.append(parent)
    return gradients[tape.inputs[0]], order


def main() -> dict:
    wrong, order = last_added_first(record(diamond)(2.0))
    right = grad(diamond)(2.0)
    print("last added first:", " ".join(order), " slope:", wrong)
    print("grad:            ", " " * len(" ".join(order)), "slope:", right)
    return {"order": order, "wrong": wrong, "right": right}


if __name__ == "__main__":
    main()
