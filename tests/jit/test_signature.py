"""What is compiled for an object goes with the object."""

import weakref

import numpy as np

from fdezero import grad

V = np.array([1.0, 2.0, 3.0])


def test_a_method_does_not_keep_its_objects(compiled):
    class Model:
        def __init__(self, w):
            self.w = w

        @compiled
        def predict(self, x):
            return (x * self.w).sum() if self.w[0] > 0 else x.sum()

    for k in range(4):
        model = Model(np.full(3, float(k)))
        for _ in range(4):
            assert model.predict(V) == (6.0 * k if k else 6.0)
        np.testing.assert_array_equal(grad(model.predict)(V), np.full(3, float(k or 1)))
        gone = weakref.ref(model)
        del model
        assert gone() is None
        assert not Model.predict._made and not Model.predict._inside


def test_a_function_that_is_an_argument_is_not_kept(compiled):
    fast = compiled(lambda g, x: g(x))
    for k in range(4):
        g = lambda x, k=k: x * k  # noqa: E731
        for _ in range(3):
            np.testing.assert_array_equal(fast(g, V), V * k)
    assert len(fast._made) == 1  # of the last, which is still there


def test_an_object_without_room_for_weak_references(compiled):
    class Plain:
        __slots__ = ("k",)

        def __init__(self, k):
            self.k = k

    fast = compiled(lambda p, x: x * p.k)
    kept = [Plain(2.0), Plain(3.0)]
    for _ in range(3):
        for p in kept:
            np.testing.assert_array_equal(fast(p, V), V * p.k)
    assert len(fast._made) == 2
