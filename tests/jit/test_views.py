"""Views agree with what NumPy makes of the same operations."""

import numpy as np
import pytest
from numpy.lib.stride_tricks import as_strided

from fdezero.jit import views
from fdezero.jit.program import Broadcast, Reshape, Slice, Transpose
from fdezero.jit.views import View


def entries(view, base):
    """The array that a view is of a flat one."""
    return as_strided(base[view.offset :], view.shape, [8 * step for step in view.strides])


OPERATIONS = [
    Transpose((2, 0, 1)),
    Broadcast((2, 4, 6, 5)),
    Slice(((None, None, -1), (1, 5, 2), 3)),
    Slice((None, (None, None, None), -1)),
    Slice((0, 1, 2)),
    Reshape((24, 5)),
    Reshape((1, 4, 2, 3, 1, 5)),
    Reshape((120,)),
]


@pytest.mark.parametrize("first", OPERATIONS)
@pytest.mark.parametrize("second", [Transpose((1, 0)), Reshape((-1,)), Slice(((None, None, 2),)), Broadcast((7, 24, 5))])
def test_a_view_of_a_view(first, second):
    base = np.arange(120.0)
    made, array = views.apply(first, views.whole(0, (4, 6, 5))), first.run(base.reshape(4, 6, 5))
    np.testing.assert_array_equal(entries(made, base), array)
    if isinstance(second, Reshape):
        second = Reshape((array.size,))
    try:
        array = second.run(array)
    except (ValueError, IndexError):
        return
    made = views.apply(second, made)
    if made is None:  # a copy is needed: NumPy made one, too
        assert isinstance(second, Reshape) and not np.shares_memory(array, base)
    else:
        np.testing.assert_array_equal(entries(made, base), array)


@pytest.mark.parametrize(
    ("view", "shape", "strides"),
    [
        (View(0, 0, (2, 3), (3, 1)), (3, 2), (2, 1)),
        (View(0, 0, (3, 2), (1, 3)), (6,), None),
        (View(0, 0, (4,), (0,)), (2, 2), (0, 0)),
        (View(0, 5, (2, 1, 6), (12, 7, 2)), (12,), (2,)),
        (View(0, 0, (2, 3), (1, 2)), (2, 3, 1), (1, 2, 0)),
    ],
)
def test_reshaped_strides(view, shape, strides):
    made = views.reshaped(view, shape)
    assert (made and made.strides) == strides


def test_whole_and_register_views():
    assert views.is_whole(View(0, 0, (1, 6), (9, 1)), (2, 3))
    assert not views.is_whole(View(0, 1, (6,), (1,)), (7,))
    assert not views.is_whole(View(0, 0, (3, 2), (1, 3)), (3, 2))
