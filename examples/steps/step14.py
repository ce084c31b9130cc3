"""Step 14: the same variable twice.

In x + x the variable x gets a cotangent twice.  The book's ``x.grad = gx`` keeps the second one, so it
becomes ``x.grad + gx``; and since it is stored in x, a second ``backward`` adds to the first one's result,
which ``cleargrad`` must prevent.  Here cotangents for one variable are summed, by toolz's `merge_with`, in
a dict that is gone when the fold has returned: there is nothing to clear, and asked twice, the same comes
back twice.
"""

from functools import partial
from typing import Any

import attrs
import numpy as np
from toolz import merge, merge_with

from fdezero import grad, vjp


@attrs.frozen(eq=False)
class Var:
    value: float
    parents: tuple = ()
    pull: Any = None


def add(x, y):
    return Var(x.value + y.value, (x, y), lambda g: (g, g))


def backward(combine, output):
    """Pull back; ``combine`` makes one dict of cotangents of several."""
    cotangents, to_do = {output: 1.0}, [output]
    while to_do:
        node = to_do.pop()
        if node.parents:
            pairs = zip(node.parents, node.pull(cotangents[node]), strict=True)
            cotangents = combine(cotangents, *({parent: c} for parent, c in pairs))
            to_do.extend(dict.fromkeys(node.parents))
    return cotangents


overwriting = partial(backward, merge)  # of two cotangents the last one counts
summing = partial(backward, partial(merge_with, sum))


def main() -> dict:
    x = Var(3.0)
    y = add(x, x)

    array, g = np.array([1.0, 2.0]), np.ones(2)
    before = array.copy()
    _, pull = vjp(lambda x: x + x, array)
    cube = grad(lambda x: (x * x * x).sum())
    facts = {
        "overwriting": overwriting(y)[x],
        "summing": summing(y)[x],
        "again": summing(y)[x],
        "x + x": grad(lambda x: x + x)(3.0),
        "x + x + x": grad(lambda x: x + x + x)(3.0),
        "x * x": grad(lambda x: x * x)(3.0),
        "grad_twice": (cube(array), cube(array)),
        "pull_twice": (pull(g)[0], pull(g)[0]),
        "untouched": bool(np.array_equal(array, before) and np.array_equal(g, np.ones(2))),
    }
    print("the slope of x + x, the last cotangent kept:", facts["overwriting"], " the sum:", facts["summing"])
    print("and once more, with nothing cleared between:", facts["again"])
    print("grad of x + x, x + x + x, x * x at 3:", facts["x + x"], facts["x + x + x"], facts["x * x"])
    print("grad twice:    ", *facts["grad_twice"])
    print("pullback twice:", *facts["pull_twice"])
    return facts


if __name__ == "__main__":
    main()
