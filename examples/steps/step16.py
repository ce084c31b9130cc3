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

    slope = grad(diamond)(2.0)
    tape = record(diamond)(2.0)
    generations = {node.primitive.name: node.generation for node in tape.nodes}
    print(tape)
    print("the fold ran", " ".join(log), "and the slope at 2 is", slope)
    return {"slope": slope, "order": log, "generations": generations}


if __name__ == "__main__":
    main()
