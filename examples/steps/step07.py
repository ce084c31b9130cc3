"""Step 7: recording, so that backpropagation is automatic.

In the book ``Variable.creator`` and ``Function.input`` link objects while the program runs, and
``y.backward()`` follows the links.  Here a variable is made with its parent and never changed: calling a
function makes a new variable that points to the old one.  What is recorded is what *did* run, so Python's
``if`` and ``while`` decide the graph.  The library's `record` returns it, as a frozen `Tape`.
"""

from typing import Any

import attrs

from fdezero import grad, record


@attrs.frozen(eq=False)
class Var:
    value: float
    name: str = "input"
    parent: Any = None
    pull: Any = None  # from the cotangent of this variable to that of its parent


def lifted(name, function, slope):
    """A function from Var to Var that records its call."""
    return lambda x: Var(function(x.value), name, x, lambda g: g * slope(x.value))


square = lifted("square", lambda x: x * x, lambda x: 2 * x)
negative = lifted("negative", lambda x: -x, lambda x: -1.0)
half = lifted("half", lambda x: x / 2, lambda x: 0.5)


def backward(y, g=1.0):
    """The cotangent of the input that ``y`` was made from."""
    return g if y.parent is None else backward(y.parent, y.pull(g))


def names(y):
    return [*names(y.parent), y.name] if y.parent else [y.name]


def my_branch(x):
    return square(x) if x.value > 0 else negative(x)


def my_halve(x):
    while x.value > 1:
        x = half(x)
    return x


def branch(x):
    return x * x if x > 0 else -x


def halve(x):
    """Halve until at most 1: how often depends on the value."""
    while x > 1:
        x = x / 2
    return x


def main() -> dict:
    numbers = (0.5, 3.0, 100.0)
    facts = {
        "mine": {x: names(my_branch(Var(x))) for x in (3.0, -3.0)},
        "my_slopes": (backward(my_branch(Var(3.0))), backward(my_branch(Var(-3.0)))),
        "my_halvings": {x: names(my_halve(Var(x))).count("half") for x in numbers},
        "my_halve_slopes": {x: backward(my_halve(Var(x))) for x in numbers},
        "library": {x: [node.primitive.name for node in record(branch)(x).nodes] for x in (3.0, -3.0)},
        "slopes": (grad(branch)(3.0), grad(branch)(-3.0)),
        "halvings": {x: len(record(halve)(x).nodes) - 1 for x in numbers},
        "halve_slopes": {x: grad(halve)(x) for x in numbers},
    }
    for x, found in facts["mine"].items():
        print(f"branch at {x}: recorded", " -> ".join(found))
    print("slopes:", *facts["my_slopes"], "  the library's:", *facts["slopes"])
    for x in numbers:
        print(f"halve at {x}: {facts['my_halvings'][x]} divisions, slope {facts['my_halve_slopes'][x]}")
    print("the library's record of the last:", record(halve)(3.0), sep="\n")
    return facts


if __name__ == "__main__":
    main()
