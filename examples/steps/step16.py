"""Step 16: generations.

In the book ``backward`` sorts its list by ``Function.generation``, which each call sets.  Here a node is
born with its generation, 1 + the largest among its parents', so sorting by it puts children before
parents.  The fold thus comes to A once, when B and C have both paid: shown by rules that note when they
run.
"""

from fdezero import grad, record
from fdezero.primitives import elementwise


def noted(name, log, function, *partials):
    """A primitive whose derivatives write its name into ``log`` when they run."""

    def noting(partial):
        def rule(g, x):
            log.append(name)
            return g * partial(x)

        return rule

    return elementwise(function, *map(noting, partials), name=name)


def main() -> dict:
    log = []
    A, B, C = (noted(name, log, lambda x: x * x, lambda x: 2 * x) for name in "ABC")
    D = elementwise(lambda x, y: x + y, lambda g: log.append("D") or g, 1, name="D")

    def diamond(x):
        a = A(x)
        return D(B(a), C(a))

    def shortcut(x):
        """A's result also goes straight to the end, where a search finds A before B and C."""
        a = A(x)
        return a + D(B(a), C(a))

    facts = {}
    for f in (diamond, shortcut):
        log.clear()
        slope = grad(f)(2.0)
        facts[f.__name__] = {"slope": slope, "order": tuple(log)}
        print(f"{f.__name__}: the fold ran", *log, f"and the slope at 2 is {slope}")
    tape = record(diamond)(2.0)
    print(tape)
    return facts | {"generations": {node.primitive.name: node.generation for node in tape.nodes}}


if __name__ == "__main__":
    main()
