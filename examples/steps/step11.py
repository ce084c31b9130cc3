"""Step 11: any number of arguments, forward.

In the book ``Function.__call__`` learns to take a list of Variables and to return a list of them.  Here
a function of any number of arguments is Python's ``*xs``, and one of several results returns a tuple.
The tape has an entry for each, and `record` differentiates every positional argument.
"""

import numpy as np

from fdezero import record


def total(*xs):
    return sum(xs)


def thirds(x):
    return tuple(np.split(x, 3))


def main() -> dict:
    many_in = record(total)(1.0, 2.0, 3.0, 4.0)
    many_out = record(thirds)(np.arange(6.0))
    joined = record(lambda *xs: np.concatenate(xs))(np.zeros(2), np.ones(3))
    print("four numbers in, one out:", many_in, sep="\n")
    print("one array in, three out:", many_out, sep="\n")
    print("two arrays in one primitive:", joined, sep="\n")
    return {
        "inputs": len(many_in.inputs),
        "sum": many_in.value,
        "outputs": len(many_out.outputs),
        "pieces": many_out.value,
        "parents": joined.outputs[0].parents == joined.inputs,
    }


if __name__ == "__main__":
    main()
