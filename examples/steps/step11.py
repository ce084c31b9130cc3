"""Step 11: any number of arguments, forward.

In the book ``Function.__call__`` learns to take a list of Variables and to return a list of them, and a
``forward`` takes and returns lists.  Here it is the same first: a variable has a tuple of parents, and
`lifted` makes a function from lists to lists.  In the library a function of any number of arguments is
Python's ``*xs``, and one of several results returns a tuple.
"""

import attrs
import numpy as np

from fdezero import record


@attrs.frozen(eq=False)
class Var:
    value: np.ndarray
    parents: tuple = ()


def lifted(function):
    """From a function on lists of arrays to a function on lists of variables."""

    def recorded(xs):
        return [Var(y, tuple(xs)) for y in function([x.value for x in xs])]

    return recorded


add = lifted(lambda xs: [xs[0] + xs[1]])
split = lifted(lambda xs: np.split(xs[0], 3))


def total(*xs):
    return sum(xs)


def thirds(x):
    return tuple(np.split(x, 3))


def main() -> dict:
    x0, x1, array = Var(2.0), Var(3.0), Var(np.arange(6.0))
    (y,) = add([x0, x1])
    pieces = split([array])

    many_in = record(total)(1.0, 2.0, 3.0, 4.0)
    many_out = record(thirds)(np.arange(6.0))
    joined = record(lambda *xs: np.concatenate(xs))(np.zeros(2), np.ones(3))
    print("add([2, 3]):", y.value, "made from", *(x.value for x in y.parents))
    print("split([0 .. 5]):", *(piece.value for piece in pieces))
    print("the library, four numbers in, one out:", many_in, sep="\n")
    print("one array in, three out:", many_out, sep="\n")
    print("two arrays in one primitive:", joined, sep="\n")
    return {
        "my_sum": y.value,
        "my_parents": y.parents == (x0, x1),
        "my_pieces": [piece.value for piece in pieces],
        "my_common_parent": all(piece.parents == (array,) for piece in pieces),
        "inputs": len(many_in.inputs),
        "sum": many_in.value,
        "outputs": len(many_out.outputs),
        "pieces": many_out.value,
        "parents": joined.outputs[0].parents == joined.inputs,
    }


if __name__ == "__main__":
    main()
