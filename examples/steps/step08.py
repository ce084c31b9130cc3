"""Step 8: from recursion to a loop.

In the book ``backward`` first calls itself, which ends at Python's recursion limit, and then becomes a
loop over a list of functions.  A loop that carries one value from step to step is a *fold*, and `reduce`
writes it: the value is the cotangent, and a step pulls it back through one variable.  The library's own
is a fold as well; a graph of a million nodes in a row is recorded, pulled back and freed.
"""

from functools import reduce
from typing import Any

import attrs

from fdezero import grad

FACTOR = 0.999999


@attrs.frozen(eq=False)
class Var:
    value: float
    parent: Any = None
    slope: float = 1.0


def shrink(x):
    return Var(x.value * FACTOR, x, FACTOR)


def chain(depth, step):
    return lambda x: reduce(lambda x, _: step(x), range(depth), x)


def by_recursion(y, g=1.0):
    return g if y.parent is None else by_recursion(y.parent, g * y.slope)


def by_loop(y, g=1.0):
    while y.parent is not None:
        y, g = y.parent, g * y.slope
    return g


def history(y):
    """The variables that ``y`` was made through, the youngest first."""
    while y.parent is not None:
        yield y
        y = y.parent


def by_fold(y, g=1.0):
    return reduce(lambda g, variable: g * variable.slope, history(y), g)


def outcome(backward, y):
    try:
        return backward(y)
    except RecursionError as error:
        return type(error).__name__


def main(depth: int = 1_000_000) -> dict:
    ways = {"recursion": by_recursion, "loop": by_loop, "fold": by_fold}
    facts = {
        "short": {name: outcome(way, chain(100, shrink)(Var(2.0))) for name, way in ways.items()},
        "long": {name: outcome(way, chain(10_000, shrink)(Var(2.0))) for name, way in ways.items()},
        "depth": depth,
        "grad": grad(chain(depth, lambda x: x * FACTOR))(2.0),
    }
    for name in ways:
        print(f"by {name:9}: 100 in a row {facts['short'][name]}, 10,000 in a row {facts['long'][name]}")
    print(f"grad: {depth:,} in a row {facts['grad']}, and {FACTOR}**{depth} is {FACTOR**depth}")
    return facts


if __name__ == "__main__":
    main()
