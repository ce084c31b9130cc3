"""Step 7: define-by-run.

In the book ``Variable.creator`` and ``Function.input`` link objects while the program runs, and
``y.backward()`` follows the links.  Here `record` runs the function once on Variables and returns the
graph, a frozen `Tape`.  It holds what *did* run: Python's ``if`` and ``while`` decide by the values,
and every input may have a graph of its own.
"""

from fdezero import grad, record


def branch(x):
    if x > 0:
        return x * x
    return -x


def halve(x):
    """Halve until below 1: how often depends on the value."""
    while x > 1:
        x = x / 2
    return x


def main() -> dict:
    print("branch at 3:", record(branch)(3.0), sep="\n")
    print("branch at -3:", record(branch)(-3.0), sep="\n")
    facts = {
        "positive": [node.primitive.name for node in record(branch)(3.0).nodes],
        "negative": [node.primitive.name for node in record(branch)(-3.0).nodes],
        "slopes": (grad(branch)(3.0), grad(branch)(-3.0)),
        "halvings": {x: len(record(halve)(x).nodes) - 1 for x in (0.5, 3.0, 100.0)},
        "halve_slopes": {x: grad(halve)(x) for x in (0.5, 3.0, 100.0)},
    }
    for x, n in facts["halvings"].items():
        print(f"halve at {x:5}: {n} divisions recorded, slope {facts['halve_slopes'][x]}")
    return facts


if __name__ == "__main__":
    main()
