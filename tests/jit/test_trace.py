"""Which arrays of a trace its program may count on."""

import numpy as np
import pytest

from fdezero.jit.trace import trace

HELD, KEPT = np.arange(6.0), []
READ_ONLY = HELD[:3]
READ_ONLY.flags.writeable = False


def kept(array):
    KEPT.append(array)
    return array


#: What makes an array, and whether nobody can change it.
ARRAYS = {
    "made in the function": (lambda: np.arange(3.0), True),
    "a view of one": (lambda: np.arange(6.0)[:3], True),
    "of one number": (lambda: np.broadcast_to(np.float64(2.0), 3), True),
    "of bytes": (lambda: np.frombuffer(bytes(24)), True),
    "of memory that is another's": (lambda: np.frombuffer(kept(bytearray(24))), False),
    "closed over": (lambda: HELD, False),
    "a view of one closed over": (lambda: HELD[::2], False),
    "a read-only view of one that is not": (lambda: READ_ONLY, False),
    "held in a list": (lambda: kept(np.arange(3.0)), False),
    "with a view that is held": (lambda: kept(np.arange(3.0)[:]).base, False),
}


@pytest.mark.parametrize("name", ARRAYS)
def test_an_array_is_a_constant_for_ever_where_nobody_else_holds_it(name):
    make, is_constant = ARRAYS[name]
    found = trace(lambda x: (np.sum(make()) * x, np.sum(x) * make()), [np.float64(2.0)], lambda boxes: (boxes, {}))
    arrays = [value for value in found.program.constants.values() if isinstance(value, np.ndarray)]
    assert [not value.flags.writeable for value in arrays] == [is_constant]


def test_what_is_in_one_memory_is_one_constant():
    """A transpose is another array each time that it is made, and would be kept as often."""
    weights = np.eye(3)

    def f(x):
        for _ in range(10):
            x = weights.T @ np.tanh(weights @ x)
        return x

    found = trace(f, [np.ones(3)], lambda boxes: (boxes, {}))
    assert len([value for value in found.program.constants.values() if np.shape(value) == (3, 3)]) == 2
