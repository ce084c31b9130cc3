"""Step 17: memory, and the cycles that are not there.

In the book a Function points to its output and the output to its creator: a cycle, which only the garbage
collector can free, until a ``weakref`` breaks it.  Here a variable points to its parents, nothing points
back, and nothing can be assigned later, so no cycle can be built.  Reference counting frees a graph the
moment it is dropped, and with the collector off the memory stays flat.
"""

import gc
import tracemalloc
import weakref

import attrs
import numpy as np

from fdezero import grad, record


@attrs.define(eq=False)  # not frozen: anything can be assigned
class Mutable:
    creator: object = None
    output: object = None


@attrs.frozen(eq=False)
class Var:
    value: float
    parents: tuple = ()


def cycle():
    """A variable and the function that made it, as in the book before this step."""
    function, output = Mutable(), Mutable()
    function.output, output.creator = output, function
    return output


def broken_cycle():
    """The same with the book's remedy."""
    function, output = Mutable(), Mutable()
    function.output, output.creator = weakref.ref(output), function
    return output


def survives(make) -> bool:
    """Is what ``make`` returns still in memory when nobody refers to it?"""
    return weakref.ref(make())() is not None


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
            "assigning": [refusal(Var(1.0), "parents"), *(refusal(node, name) for name in ("parents", "residuals", "creator"))],
            "a cycle": survives(cycle),
            "a cycle with a weakref": survives(broken_cycle),
            "a frozen variable": survives(lambda: Var(2.0, (Var(1.0),))),
            "a node of the library": survives(lambda: record(lambda x: np.tanh(x * x))(1.0).nodes[-1]),
            "memory": [memory_after(runs) for runs in (1, 10, 100, 1000)],
        }
    finally:
        tracemalloc.stop()
        gc.enable()
    print("assigning to a variable's or a node's parents raises", facts["assigning"][0])
    for name in ("a cycle", "a cycle with a weakref", "a frozen variable", "a node of the library"):
        print(f"with the collector off, {name} outlives its last use: {facts[name]}")
    print("bytes in use after 1, 10, 100, 1000 gradients:", *facts["memory"])
    return facts


if __name__ == "__main__":
    main()
