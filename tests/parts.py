"""Parts of the tables for the ordinary run; the whole of them is among the long tests."""

import pytest


def every(n, cases):
    """The cases as parameters: each n-th is in the ordinary run, the others are long.

    >>> [len(parameter.marks) for parameter in every(3, [max, min, abs, sum])]
    [0, 1, 1, 0]
    """
    named = ((case, getattr(case, "name", None)) for case in cases)
    return [pytest.param(case, id=name, marks=[pytest.mark.long] if k % n else []) for k, (case, name) in enumerate(named)]
