"""The idea of fdezero in about a hundred lines: `grad`, of any order, of functions written in NumPy.

    python tiny.py

The library does the same for NumPy's functions at large, for every shape and dtype, and has further modes
of differentiation; its parts have the names that they have here.  Numbers and arrays of one shape can be
mixed here; general broadcasting is left to the library.
"""

from contextlib import contextmanager
from contextvars import ContextVar
from itertools import count
from typing import Any

import attrs
import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

levels = count(1)  # each run of `grad` draws one, so that of an inner run is larger
quiet_level = ContextVar("quiet_level", default=0)  # nothing of this level or a lower one is recorded


@attrs.frozen(eq=False)  # frozen: a node can only point to older nodes, so no cycle of references can be built
class Node:
    """One call of a primitive, recorded."""

    primitive: Any  # the NumPy function
    values: tuple  # its arguments, without their boxes of this level
    out: Any
    parents: tuple  # for each argument the Node that made it, None for a constant
    generation: int  # 0 for an input; otherwise one more than the largest among the parents


@attrs.frozen(eq=False)
class Box(NDArrayOperatorsMixin):  # which makes x + y call np.add(x, y), and so on
    """What the user's function is called with instead of an array."""

    value: Any  # an array or a number; under nested `grad`s possibly a Box of a lower level
    level: int
    node: Node

    def __array_ufunc__(self, ufunc, method, *args):  # NumPy calls this for np.add, np.sin ...
        return call(ufunc, args)

    def __array_function__(self, function, types, args, kwargs):  # ... and this for np.sum
        return call(function, args, **kwargs)


def shape_of(x):
    return shape_of(x.value) if isinstance(x, Box) else np.shape(x)


# The ten primitives: for each argument the rule from g, the cotangent of the result, to that of the
# argument.  Rules are NumPy too.  Where g or x is a Box of an outer `grad`, the rule's own operations are
# recorded by it, which is all that higher derivatives need.
rules = {
    np.add: (lambda g, out, x, y: g, lambda g, out, x, y: g),
    np.subtract: (lambda g, out, x, y: g, lambda g, out, x, y: -g),
    np.multiply: (lambda g, out, x, y: g * y, lambda g, out, x, y: g * x),
    np.divide: (lambda g, out, x, y: g / y, lambda g, out, x, y: -g * out / y),
    np.negative: (lambda g, out, x: -g,),
    np.exp: (lambda g, out, x: g * out,),
    np.sin: (lambda g, out, x: g * np.cos(x),),
    np.cos: (lambda g, out, x: -g * np.sin(x),),
    np.tanh: (lambda g, out, x: g * (1.0 - out * out),),
    np.sum: (lambda g, out, x: g * np.ones(shape_of(x)),),
}
constants = {np.greater, np.less, np.equal}  # these have no derivative: plain booleans come out


def call(primitive, args):
    """Call a primitive on arguments of which at least one is a Box, and record the call."""
    if primitive not in rules and primitive not in constants:
        raise TypeError(f"{primitive.__name__} has no derivative rule")
    # Only the boxes of the highest level are opened.  Those of outer levels stay inside, so the call
    # below comes back here for them: that is how `grad(grad(f))` works.
    level = max(arg.level for arg in args if isinstance(arg, Box))
    mine = [isinstance(arg, Box) and arg.level == level for arg in args]
    values = tuple(arg.value if m else arg for arg, m in zip(args, mine, strict=True))
    out = primitive(*values)
    if primitive in constants or level <= quiet_level.get():
        return out
    parents = tuple(arg.node if m else None for arg, m in zip(args, mine, strict=True))
    generation = 1 + max(parent.generation for parent in parents if parent is not None)
    return Box(out, level, Node(primitive, values, out, parents, generation))


def reached(node):
    """The node and all that it was made from; a loop and not a recursion, for a graph may be deep."""
    found = {node: None}  # a dict in place of a set, for it keeps an order
    to_do = [node]
    while to_do:
        new = [parent for parent in to_do.pop().parents if parent is not None and parent not in found]
        found.update(dict.fromkeys(new))
        to_do.extend(new)
    return found


def pull_back(output):
    """Fold the cotangent 1.0 of the output back; those of the inputs are left."""
    cotangents = {output: 1.0}
    # By generation, the youngest first: when a node's turn comes, everything that uses it has had its
    # own, so its cotangent is complete.
    for node in sorted(reached(output), key=lambda node: node.generation, reverse=True):
        if node.parents:
            g = cotangents.pop(node)
            for parent, rule, x in zip(node.parents, rules[node.primitive], node.values, strict=True):
                if parent is not None:
                    c = rule(g, node.out, *node.values)
                    c = c if shape_of(c) == shape_of(x) else np.sum(c)  # a number that met an array
                    cotangents[parent] = cotangents[parent] + c if parent in cotangents else c  # a value used twice: the sum
    return cotangents


def grad(f):
    """The function that returns the gradient of ``f``, whose result is one number, in its first argument."""

    def gradient(x, *others):
        level, start = next(levels), Node(None, (), None, (), 0)
        y = f(Box(x, level, start), *others)
        if shape_of(y) != ():
            raise TypeError(f"grad is for functions that return one number; this one returned shape {shape_of(y)}")
        depends = isinstance(y, Box) and y.level == level
        return pull_back(y.node)[start] if depends else 0.0 * x

    return gradient


@contextmanager
def no_grad():
    """A block in which nothing is recorded; a `grad` that starts inside has a newer level and records."""
    token = quiet_level.set(next(levels))
    try:
        yield
    finally:
        quiet_level.reset(token)


def main():
    def energy(x):
        return np.sum(np.tanh(x) * np.tanh(x)) + np.sum(np.exp(-x))

    def half_constant(x):
        with no_grad():
            scale = x * x
        return scale * x

    print("gradient:                ", grad(energy)(np.array([0.5, -1.0, 2.0])))
    print("derivatives of sin at 1: ", grad(np.sin)(1.0), grad(grad(np.sin))(1.0), grad(grad(grad(np.sin)))(1.0))
    print("x * x * x at 3:          ", grad(lambda x: x * x * x)(3.0))
    print("the same, x * x constant:", grad(half_constant)(3.0))
    print("a gradient in a function:", grad(lambda x: x * grad(lambda y: x + y)(1.0))(1.0))


if __name__ == "__main__":
    main()
