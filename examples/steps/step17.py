"""Step 17: memory, and the cycles that are not there.

In the book a Function points to its output and the output to its creator: a cycle, which only the
garbage collector can free, until a ``weakref`` breaks it.  Here a child points to its parents, nothing
points back, and nothing can be assigned later, so no cycle can be built.  Reference counting frees a
graph the moment it is dropped, and with the collector off the memory stays flat.
"""

import gc
import tracemalloc
import weakref

import attrs
import numpy as np

from fdezero import grad, record


class Mutable:
    """A variable or function of the mutable design: whatever is assigned to it."""


def cycle_survives() -> bool:
    """Is a creator <-> output pair alive after its last use?"""
    function, output = Mutable(), Mutable()
    function.output, output.creator = output, function
    watch = weakref.ref(output)
    del function, output
    return watch() is not None


def graph_survives() -> bool:
    tape = record(lambda x: np.tanh(x * x))(1.0)
    watch = weakref.ref(tape.nodes[-1])
    del tape
    return watch() is not None


def refusal(node, name) -> str | None:
    """What comes of making ``node`` its own ancestor."""
    try:
        setattr(node, name, (node,))
    except attrs.exceptions.FrozenInstanceError as error:
        return type(error).__name__
    return None


def memory_after(runs: int) -> int:
    """Bytes in use after so many gradients of a function of 10,000 numbers."""
    x = np.ones(10_000)
    for _ in range(runs):
        x = x - 0.01 * grad(lambda x: (np.tanh(x) * x).sum())(x)
    return tracemalloc.get_traced_memory()[0]


def main() -> dict:
    gc.disable()
    tracemalloc.start()
    try:
        node = record(np.exp)(1.0).nodes[-1]
        facts = {
            "assigning": [refusal(node, name) for name in ("parents", "residuals", "creator")],
            "cycle_survives": cycle_survives(),
            "graph_survives": graph_survives(),
            "memory": [memory_after(runs) for runs in (1, 10, 100, 1000)],
        }
    finally:
        tracemalloc.stop()
        gc.enable()
    print("node.parents = ... raises", facts["assigning"][0])
    print("with the collector off, a cycle outlives its last use:", facts["cycle_survives"])
    print("with the collector off, a graph outlives its last use:", facts["graph_survives"])
    print("bytes in use after 1, 10, 100, 1000 gradients:", *facts["memory"])
    return facts


if __name__ == "__main__":
    main()
