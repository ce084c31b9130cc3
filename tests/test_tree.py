"""Trees: what is a leaf, and that flattening loses nothing."""

import dataclasses
from collections import OrderedDict, defaultdict, deque, namedtuple
from dataclasses import dataclass
from types import SimpleNamespace
from typing import NamedTuple

import attrs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fdezero import Box, custom_vjp, grad, hessian, jvp, tree, vjp, vmap

Point = namedtuple("Point", "x y")


@attrs.frozen
class Layer:
    w: object
    _scale: object
    name: str = tree.static(default="layer")


STATIC = {"static": True}


@dataclass
class Dense:
    w: object
    b: object
    name: str = dataclasses.field(default="dense", metadata=STATIC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Frozen:
    x: object


@dataclass
class Counted:
    """A static field that the class makes anew."""

    x: object
    count: int = dataclasses.field(init=False, metadata=STATIC, default=0)

    def __post_init__(self):
        self.count = 1


@attrs.define
class Cached:
    x: object
    size: int = tree.static(init=False, default=3)


@attrs.frozen
class Empty:
    name: str = tree.static(default="nothing")


class Typed(NamedTuple):
    x: object
    y: object = None


TREES = st.recursive(
    st.floats(allow_nan=False) | st.none(),
    lambda children: (
        st.lists(children, max_size=3)
        | st.lists(children, max_size=3).map(tuple)
        | st.dictionaries(st.text(max_size=3), children, max_size=3)
        | st.dictionaries(st.text(max_size=3), children, max_size=3).map(OrderedDict)
        | st.builds(Point, children, children)
        | st.builds(Typed, children, children)
        | st.builds(Layer, children, children, name=st.text(max_size=3))
        | st.builds(Dense, children, children, name=st.text(max_size=3))
        | st.builds(Frozen, x=children)
        | st.builds(Counted, children)
        | st.builds(Cached, children)
        | st.builds(Empty)
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


@given(TREES)
def test_map_keeps_the_tree(t):
    assert tree.map(lambda x: x, t) == t
    assert type(tree.map(lambda x: x, t)) is type(t)
    assert tree.map(lambda x, y: (x, y), t, t) == tree.map(lambda x: (x, x), t)
    assert tree.flatten(tree.map(lambda x: 0.0, t))[1] == tree.flatten(t)[1]


@given(TREES, TREES)
def test_flatten_like_takes_just_the_same_structure(t, u):
    structure, other = tree.flatten(t)[1], tree.flatten(u)[1]
    if structure.kind is None or structure == other:
        return
    try:
        leaves = structure.flatten_like(u)
    except ValueError:
        return
    assert len(leaves) == structure.size  # a dict in another order, a leaf where there is a tree, a static field


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


def test_dataclasses():
    layer = Dense(np.array([1.0, 2.0]), {"b": 3.0}, "first")

    def f(layer):
        assert layer.name == "first"
        return np.sum(layer.w**2) * layer.b["b"]

    g = grad(f)(layer)
    assert type(g) is Dense and g.name == "first" and g.b == {"b": 5.0}
    np.testing.assert_array_equal(g.w, [6.0, 12.0])
    value, tangent = jvp(f, (layer,), (dataclasses.replace(layer, b={"b": 0.0}),))
    assert (value, tangent) == (15.0, 30.0)
    batch = Dense(np.array([[1.0, 2.0], [3.0, 4.0]]), {"b": np.array([1.0, 2.0])}, "first")
    np.testing.assert_array_equal(vmap(f)(batch), [5.0, 50.0])
    assert type(hessian(lambda d: d.x**3)(Frozen(x=2.0)).x) is Frozen


def test_a_static_field_without_init_is_made_anew():
    assert grad(lambda c: c.x * c.count)(Counted(2.0)) == Counted(1.0)
    assert grad(lambda c: c.x * c.size)(Cached(2.0)) == Cached(3.0)


@attrs.frozen
class WithCache:
    x: object
    cache: object = attrs.field(init=False, default=0.0)


@dataclass
class WithDerived:
    x: float
    twice: float = dataclasses.field(init=False, default=2.0)


@pytest.mark.parametrize(
    ("kind", "words"),
    [(WithCache, ("WithCache.cache has init=False", "fdezero.tree.static() with init=False", "a factory function")),
     (WithDerived, ("WithDerived.twice has init=False", 'dataclasses.field(metadata={"static": True}) with init=False'))],
)  # fmt: skip
def test_a_field_without_init_is_named(kind, words):
    for use in (lambda: grad(lambda m: m.x)(kind(1.0)), lambda: tree.flatten({"a": kind(1.0)})):
        with pytest.raises(TypeError) as caught:
            use()
        assert all(word in str(caught.value) for word in words)


@attrs.frozen
class Converted:
    scale: object
    w: object = attrs.field(converter=np.asarray)


@attrs.frozen
class Validated:
    w: object = attrs.field(validator=attrs.validators.instance_of(np.ndarray))


@dataclass(init=False)
class OwnConstructor:
    w: object

    def __init__(self):
        self.w = 1.0


@dataclass
class OfShape:
    w: object

    def __post_init__(self):
        if isinstance(self.w, Box):
            raise RuntimeError("an array is wanted")


@pytest.mark.parametrize(
    ("model", "words"),
    [(Converted(1.0, 2.0), ("a Converted cannot be rebuilt", "the converter of w fails on a Variable", "a factory function", "fdezero.tree.static()")),
     (Validated(np.ones(2)), ("a Validated cannot be rebuilt", "its constructor fails", "factory")),
     (OwnConstructor(), ("a OwnConstructor cannot be rebuilt", "its constructor fails")),
     (OfShape(1.0), ("a OfShape cannot be rebuilt", "its constructor fails: an array is wanted", 'dataclasses.field(metadata={"static": True})'))],
)  # fmt: skip
def test_a_class_that_cannot_be_rebuilt_is_named(model, words):
    with pytest.raises(TypeError) as caught:
        grad(lambda m: np.sum(m.w))(model)
    assert all(word in str(caught.value) for word in words), str(caught.value)
    assert caught.value.__cause__ is not None


class Model:
    """An object of the user's, which is no tree."""

    def __init__(self):
        self.w = np.ones(2)


@pytest.mark.parametrize(
    "make", [Model, lambda: SimpleNamespace(w=1.0), lambda: defaultdict(float, w=1.0), lambda: deque([1.0]), lambda: {1.0, 2.0}, lambda: np.sin],
    ids=["object", "namespace", "defaultdict", "deque", "set", "function"],
)  # fmt: skip
@pytest.mark.parametrize("transform", [lambda f, m: grad(f)(m), lambda f, m: vjp(f, m), lambda f, m: jvp(f, (m,), (m,))], ids=["grad", "vjp", "jvp"])
def test_what_is_no_tree_is_told_what_is(make, transform):
    with pytest.raises(TypeError) as caught:
        transform(lambda m: 1.0, make())
    assert type(make()).__name__ in str(caught.value) and f"a tree is made of {tree.KINDS}" in str(caught.value)
    assert "3.0" not in str(caught.value)
    with pytest.raises(TypeError, match=r"\['model'\].*keep it out of the tree"):
        transform(lambda m: 1.0, {"model": make()})


def test_arrays_of_other_libraries_are_no_trees():
    pandas = pytest.importorskip("pandas")
    for make in (pandas.Series, pandas.DataFrame):
        with pytest.raises(TypeError, match=r"a \w+ of .*write x\.to_numpy\(\)"):
            grad(lambda m: 1.0)(make({"a": [1.0, 2.0]}))


def test_a_tree_that_contains_itself():
    loop = [1.0]
    loop.append(loop)
    knot = {"a": 1.0, "b": ()}
    knot["b"] = (knot,)
    for t in (loop, knot, (loop,), Layer(loop, 1.0)):
        for use in (tree.flatten, grad(lambda t: 1.0), lambda t: tree.map(abs, t), lambda t: vjp(lambda x: t, 1.0)):
            with pytest.raises(ValueError, match="contains itself"):
                use(t)


def test_static_fields_keep_out_of_custom_rules():
    f = custom_vjp(lambda d: d.w * d.b)
    f.defvjp(lambda d: (d.w * d.b, d), lambda d, g: (Dense(d.b * g, d.w * g, d.name),))
    assert grad(f)(Dense(2.0, 3.0, "a")) == Dense(3.0, 2.0, "a")


def test_ravel_and_back():
    tree_ = {"w": np.arange(6.0).reshape(2, 3), "b": (np.float32([1.5]), 2.0), "none": None}
    vector, unravel = tree.ravel(tree_)
    assert vector.shape == (8,) and vector.dtype == np.float64
    back = unravel(vector)
    assert list(back) == list(tree_) and back["b"][0].dtype == np.float32 and back["b"][1] == 2.0
    np.testing.assert_array_equal(back["w"], tree_["w"])
    with pytest.raises(ValueError, match="a vector of 8 numbers"):
        unravel(vector[1:])
    empty, unravel = tree.ravel(())
    assert empty.shape == (0,) and unravel(empty) == ()


def test_ravel_is_differentiated_both_ways():
    x = {"w": np.array([[1.0, 2.0]]), "b": 3.0}
    vector, unravel = tree.ravel(x)
    loss = lambda p: (p["w"] ** 2).sum() * p["b"]  # noqa: E731
    np.testing.assert_array_equal(grad(lambda v: loss(unravel(v)))(vector), tree.ravel(grad(loss)(x))[0])
    np.testing.assert_array_equal(grad(lambda p: (tree.ravel(p)[0] ** 2).sum())(x)["w"], [[2.0, 4.0]])
