"""Step 16: generations.

In the book each call sets ``generation``, and ``backward`` keeps its list sorted by it.  Here a variable is
made with its generation, one more than the largest among its parents'.  Sorted by it, the youngest first,
everything that uses a variable comes before it, so each has one step and its cotangent is complete by
then.  With that the order is known before the first step, and backward is a fold over a list again.  The
library's `Node` has a generation too, and a `Tape` lists its nodes by it.
"""

from functools import partial, reduce
from types import SimpleNamespace
from typing import Any

import attrs
from toolz import dissoc, merge_with

from fdezero import grad, record
from fdezero.primitives import elementwise


@attrs.frozen(eq=False)
class Var:
    value: float
    name: str = "x"
    parents: tuple = ()
    pull: Any = None
    generation: int = 0


def recorded(value, name, parents, pull):
    return Var(value, name, parents, pull, 1 + max(parent.generation for parent in parents))


def square(name, x):
    return recorded(x.value**2, name, (x,), lambda g: (2 * x.value * g,))


def add(name, x, y):
    return recorded(x.value + y.value, name, (x, y), lambda g: (g, g))


def youngest_first(output):
    """All that the output was made from, the inputs apart."""
    found = [output]
    for node in found:  # which grows on the way
        found.extend(parent for parent in dict.fromkeys(node.parents) if parent not in found)
    return sorted((node for node in found if node.parents), key=lambda node: node.generation, reverse=True)


def step(cotangents, node):
    """The cotangent of ``node`` is pulled back, and added to those of its parents."""
    of_parents = ({parent: c} for parent, c in zip(node.parents, node.pull(cotangents[node]), strict=True))
    return merge_with(sum, dissoc(cotangents, node), *of_parents)


def backward(output):
    return reduce(step, youngest_first(output), {output: 1.0})


def diamond(f, x):
    a = f.A(x)
    return f.D(f.B(a), f.C(a))


def shortcut(f, x):
    """A's result also goes straight to the end."""
    a = f.A(x)
    return f.D(a, f.D(f.B(a), f.C(a)))


mine = SimpleNamespace(**{name: partial(square, name) for name in "ABC"}, D=partial(add, "D"))
library = SimpleNamespace(
    **{name: elementwise(lambda x: x * x, lambda x: 2 * x, name=name) for name in "ABC"},
    D=elementwise(lambda x, y: x + y, 1, 1, name="D"),
)


def main() -> dict:
    facts = {}
    for f in (diamond, shortcut):
        x = Var(2.0)
        y = f(mine, x)
        tape = record(partial(f, library))(2.0)
        facts[f.__name__] = {
            "order": [node.name for node in youngest_first(y)],
            "slope": backward(y)[x],
            "library_order": [node.primitive.name for node in reversed(tape.nodes) if node.parents],
            "library_slope": grad(partial(f, library))(2.0),
            "generations": {node.primitive.name: node.generation for node in tape.nodes},
        }
        print(f"{f.__name__}: order", *facts[f.__name__]["order"], " slope", facts[f.__name__]["slope"])
        print("    the library's:", *facts[f.__name__]["library_order"], " slope", facts[f.__name__]["library_slope"])
    print(record(partial(diamond, library))(2.0))
    return facts


if __name__ == "__main__":
    main()
