"""Trees: what is a leaf, and that flattening loses nothing."""

from collections import OrderedDict, namedtuple

import attrs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fdezero import grad, tree, vjp

Point = namedtuple("Point", "x y")


@attrs.frozen
class Layer:
    w: object
    _scale: object
    name: str = tree.static(default="layer")


TREES = st.recursive(
    st.floats(allow_nan=False) | st.none(),
    lambda children: (
        st.lists(children, max_size=3)
        | st.lists(children, max_size=3).map(tuple)
        | st.dictionaries(st.text(max_size=3), children, max_size=3)
        | st.dictionaries(st.text(max_size=3), children, max_size=3).map(OrderedDict)
        | st.builds(Point, children, children)
        | st.builds(Layer, children, children, name=st.text(max_size=3))
    ),
    max_leaves=10,
)


@given(TREES)
def test_unflatten_undoes_flatten(t):
    leaves, structure = tree.flatten(t)
    assert structure.unflatten(leaves) == t
    assert structure.size == len(leaves) == len(structure.paths())
    assert structure.flatten_like(t) == leaves
    assert tree.leaves(tree.map(lambda x: [x, x], t)) == [x for leaf in leaves for x in (leaf, leaf)]


def test_a_dictionary_is_read_by_key_and_keeps_its_order():
    assert tree.map(lambda a, b: a - b, {"x": 1.0, "y": 2.0}, {"y": 20.0, "x": 10.0}) == {"x": -9.0, "y": -18.0}
    assert list(tree.map(lambda a: a, {"z": 1, "a": 2})) == ["z", "a"]


@pytest.mark.parametrize(
    ("other", "words"),
    [({"x": 1.0}, "expected the entries"), ([1.0, 2.0], "expected a dict, got a list"),
     ({"x": 1.0, "y": (1.0,)}, None), ({"x": (1.0,), "z": 2.0}, "expected the entries")],
)  # fmt: skip
def test_structures_that_differ_are_named(other, words):
    first = {"x": 1.0, "y": 2.0}
    if words is None:
        assert tree.map(lambda a, b: b, first, other)["y"] == (1.0,)
        return
    with pytest.raises(ValueError, match=words):
        tree.map(lambda a, b: a, first, other)


def test_the_wrong_number_of_leaves():
    with pytest.raises(ValueError, match="a tree of 2 leaves cannot be made from 1"):
        tree.flatten((1.0, 2.0))[1].unflatten([1.0])


def test_gradients_of_trees():
    layer = Layer(np.ones(2), (2.0, None), "first")
    g = grad(lambda p: (p["a"].w * p["a"]._scale[0]).sum() + p["p"].x * p["p"].y)({"a": layer, "p": Point(2.0, 3.0)})
    np.testing.assert_array_equal(g["a"].w, [2.0, 2.0])
    assert g["a"]._scale == (2.0, None)
    assert g["a"].name == "first"
    assert g["p"] == Point(3.0, 2.0)


def test_results_that_are_trees():
    (y, (z,)), pull = vjp(lambda x: (x * 2, [x * x]), 3.0)
    assert (y, z) == (6.0, 9.0)
    assert pull((1.0, [1.0])) == (8.0,)
