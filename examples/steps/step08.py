"""Step 8: from recursion to a loop.

In the book ``backward`` first calls itself, which ends at Python's recursion limit, and then becomes a
loop over a list of functions.  Here the loop is a fold: its state is the cotangents still *owed*, and a
node's step pays its parents.  The library's own is the same with the speed looked after; a graph of a
million nodes in a row is recorded, pulled back and freed.
"""

from functools import reduce

import numpy as np
from toolz import dissoc, merge_with

from fdezero import grad, record
from fdezero.interpreters.reverse import pull


def chain(depth):
    def f(x):
        for _ in range(depth):
            x = x * 0.999999
        return x

    return f


def recursive(node, g):
    """Backward that calls itself, for a chain."""
    if not node.generation:
        return g
    return recursive(node.parents[0], pull(node.primitive, node, g)[0])


def pay(owed, node):
    """One step of the fold: what ``node`` is owed becomes what its parents are owed."""
    paid = dict(zip(node.parents, pull(node.primitive, node, owed[node]), strict=True))
    return merge_with(sum, dissoc(owed, node), dissoc(paid, None))  # None: a constant argument


def fold(tape):
    (x,), (y,) = tape.inputs, tape.outputs
    return reduce(pay, [node for node in reversed(tape.nodes) if node.generation], {y: np.float64(1.0)})[x]


def main(depth: int = 1_000_000) -> dict:
    tape = record(chain(10_000))(2.0)
    try:
        recursive(tape.outputs[0], np.float64(1.0))
        outcome = "returned"
    except RecursionError as error:
        outcome = type(error).__name__
    facts = {"recursive": outcome, "folded": fold(tape), "deep": grad(chain(depth))(2.0), "depth": depth}
    print("10,000 nodes in a row, by recursion:", outcome)
    print("10,000 nodes in a row, by the fold: ", facts["folded"], "and 0.999999**10000 is", 0.999999**10_000)
    print(f"{depth:,} nodes in a row, by grad:", facts["deep"], f"and 0.999999**{depth} is", 0.999999**depth)
    return facts


if __name__ == "__main__":
    main()
