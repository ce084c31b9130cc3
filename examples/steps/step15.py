"""Step 15: why the order matters.

The loop so far takes whichever variable was added to its list last.  In the diamond

    x --> A --+--> B --+--> D
              +--> C --+

that comes to A before B has been dealt with: a part of A's cotangent is passed on, and then all of it, so
that the first part counts twice.  The next step puts the order right; the library's is right already.
"""

from typing import Any

import attrs

from fdezero import grad


@attrs.frozen(eq=False)
class Var:
    value: float
    name: str = "x"
    parents: tuple = ()
    pull: Any = None


def square(name, x):
    return Var(x.value**2, name, (x,), lambda g: (2 * x.value * g,))


def add(name, x, y):
    return Var(x.value + y.value, name, (x, y), lambda g: (g, g))


def my_diamond(x):
    a = square("A", x)
    return add("D", square("B", a), square("C", a))


def last_added_first(output):
    """The cotangents, and the variables in the order of their steps."""
    cotangents, to_do, order = {output: 1.0}, [output], []
    while to_do:
        node = to_do.pop()
        if node.parents:
            order = [*order, node.name]
            for parent, c in zip(node.parents, node.pull(cotangents[node]), strict=True):
                cotangents = {**cotangents, parent: cotangents.get(parent, 0.0) + c}
                to_do.append(parent)
    return cotangents, order


def diamond(x):
    a = x**2
    return a**2 + a**2


def main() -> dict:
    x = Var(2.0)
    cotangents, order = last_added_first(my_diamond(x))
    facts = {"order": order, "wrong": cotangents[x], "right": grad(diamond)(2.0)}
    print("last added first:", " ".join(order), " slope:", facts["wrong"])
    print("grad:            ", " " * len(" ".join(order)), "slope:", facts["right"])
    return facts


if __name__ == "__main__":
    main()
