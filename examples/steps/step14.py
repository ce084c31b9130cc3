"""Step 14: the same variable twice.

In the book ``x.grad = gx`` overwrites when x is used twice, so it becomes ``x.grad + gx``; and then a
second ``backward`` adds to the first one's result, so ``cleargrad`` is needed.  Here cotangents that
arrive at one node are summed in the fold, which ends with the call.  There is nothing to clear: asked
twice, the same comes back twice.
"""

import numpy as np

from fdezero import grad, vjp


def main() -> dict:
    x = np.array([1.0, 2.0])
    _, pull = vjp(lambda x: x + x, x)
    g = np.ones(2)
    cube = grad(lambda x: (x * x * x).sum())
    before = x.copy()
    facts = {
        "x + x": grad(lambda x: x + x)(3.0),
        "x + x + x": grad(lambda x: x + x + x)(3.0),
        "x * x": grad(lambda x: x * x)(3.0),
        "grad_twice": (cube(x), cube(x)),
        "pull_twice": (pull(g)[0], pull(g)[0]),
        "untouched": bool(np.array_equal(x, before) and np.array_equal(g, np.ones(2))),
    }
    print("slopes at 3 of x + x, x + x + x, x * x:", facts["x + x"], facts["x + x + x"], facts["x * x"])
    print("grad twice:    ", *facts["grad_twice"])
    print("pullback twice:", *facts["pull_twice"])
    return facts


if __name__ == "__main__":
    main()
