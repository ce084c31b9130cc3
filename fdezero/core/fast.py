"""Accelerated versions of a few functions, which stand in place of the plain ones of the same names.

What one reads is the plain version: `primitives.Primitive.__call__`, and in `interpreters.reverse`
`Variable.apply`, `input_variable` and `pull_back`.  Each does here the same with less of Python's
overhead, and the tests run both: with ``FDEZERO_REFERENCE=1`` in the environment this file is left out.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from .graph import Box, Node, Referable, topological_sort, unrecorded
from .operands import as_operand
from .recording import quiet_level
from .table import NO_PARAMS, implementations

if TYPE_CHECKING:
    from .primitives import Primitive

ENABLED = os.environ.get("FDEZERO_REFERENCE", "") in ("", "0")


# -- plans ---------------------------------------------------------------------------------------------


def plans_of(primitive: Primitive) -> tuple[tuple[bool, ...], ...] | None:
    """Which of (arguments ..., output) a node keeps, at the index whose bits are its active arguments.

    Empty for a primitive that is called the plain way: of more than two arguments, with an argument that
    has no derivative, or where what is kept is not the arrays themselves.  None for a kind of which only
    the plain versions know how to pull back.
    """
    from .primitives import Bilinear, Elementwise, General, Linear, Multilinear, Reduction  # built on this file

    if type(primitive) not in (Elementwise, Bilinear, Linear, Multilinear, General, Reduction) or not primitive.rules:
        return None
    count = len(primitive.rules)
    if count > 2 or None in primitive.rules:
        return ()
    values, out = tuple(object() for _ in range(count)), object()
    plans = []
    for bits in range(1 << count):
        kept = primitive.residuals(values, out, [bool(bits >> i & 1) for i in range(count)])
        if bits and any(k is not None and k is not v for k, v in zip(kept, (*values, out), strict=True)):
            return ()
        plans.append(tuple(k is v for k, v in zip(kept, (*values, out), strict=True)))
    return tuple(plans)


# -- dispatch ------------------------------------------------------------------------------------------


def call(self: Primitive, *args: Any, **params: Any) -> Any:
    """`Primitive.__call__` without a loop over one or two arguments."""
    if len(args) == 1:
        x = args[0]
        return x.apply(self, args, params or NO_PARAMS) if isinstance(x, Box) else self.function(x, **params)
    if len(args) == 2:
        x, y = args
        if isinstance(x, Box):
            if isinstance(y, Box):
                return (y if y.level > x.level else x).apply(self, args, params or NO_PARAMS)
            if y.__class__ in _PLAIN or (y.__class__ is np.ndarray and y.dtype is _FLOAT64):
                return x.apply(self, args, params or NO_PARAMS)
        elif isinstance(y, Box) and (x.__class__ in _PLAIN or (x.__class__ is np.ndarray and x.dtype is _FLOAT64)):
            return y.apply(self, args, params or NO_PARAMS)
    top: Box | None = None
    for arg in args:
        if isinstance(arg, Box) and (top is None or arg.level > top.level):
            top = arg
    if top is None:
        return self.function(*args, **params)
    for arg in args:
        if arg.__class__ not in _PLAIN and not isinstance(arg, Box):
            args = tuple([a if isinstance(a, Box) else as_operand(a) for a in args])
            break
    return top.apply(self, args, params or NO_PARAMS)


_PLAIN = frozenset({float, int, np.float64, np.float32, bool, np.bool_})
_FLOAT64 = np.dtype(np.float64)


# -- recording -----------------------------------------------------------------------------------------


class _NodeDraft(Referable):
    """A Node that is being filled in.

    A frozen attrs class assigns its fields through ``object.__setattr__``, 570 ns for seven of them.
    `recorded` fills a draft by plain assignment and then declares it to be a Node: 130 ns.
    """

    __slots__ = Node.__slots__


class _VariableDraft(Box):
    """A Variable that is being filled in; see `_NodeDraft`."""

    __slots__ = ("node",)
    # Both must be the plain ones: with either of Box's left, every assignment costs a Python call.
    __init__ = object.__init__
    __setattr__ = object.__setattr__
    __delattr__ = object.__delattr__


#: Residuals of which nothing is kept, shared: the garbage collector visits every tuple, which takes as long
#: as all the rest in a graph of a million nodes.
_NOTHING_OF_ONE, _NOTHING_OF_TWO = (None, None), (None, None, None)


def reverse_mode(
    Variable: Any, plain_input: Callable[..., Any], pull: Callable[..., Any], fit: Callable[..., Any]
) -> tuple[Any, Any, Any]:
    """`Variable.apply`, `input_variable` and `pull_back`, accelerated."""
    # These are built on `primitives`, which is built on this file.
    from .cotangents import PARTIAL, SPARSE, added, total
    from .primitives import Constant, Elementwise
    from .zeros import strong_zero, watching

    plain_apply = Variable.apply
    input_primitive = plain_input(np.float64(0), 0).node.primitive

    def recorded(primitive: Any, parents: Any, params: Any, residuals: Any, generation: int, out: Any, level: Any) -> Any:
        node: Any = _NodeDraft()
        node.primitive = primitive
        node.parents = parents
        node.params = params
        node.residuals = residuals
        node.generation = generation
        node.shape = out.shape
        node.dtype = out.dtype
        node.__class__ = Node
        variable: Any = _VariableDraft()
        variable._value = out
        variable.level = level
        variable.node = node
        variable.__class__ = Variable
        return variable

    def input_variable(value: Any, level: Any) -> Any:
        return recorded(input_primitive, (), NO_PARAMS, (), 0, value, level)

    def apply(self: Any, primitive: Any, args: tuple[Any, ...], params: Any) -> Any:
        """`Variable.apply`, with one and two arguments spelled out."""
        plans, level = primitive.plans, self.level
        if not plans:
            if primitive.__class__ is Constant:
                values = [a._value if a.__class__ is Variable and a.level == level else a for a in args]
                return unrecorded(primitive(*values, **params), values)
            return plain_apply(self, primitive, args, params)
        if len(args) == 2:
            return apply_two(self, primitive, args[0], args[1], params)
        x = self._value
        if isinstance(x, Box):
            out = primitive(x, **params)
        else:  # a plain value goes straight to NumPy
            out = primitive.function(x, **params) if params else primitive.function(x)
        if level <= quiet_level.get():
            return unrecorded(out, (x,))
        if level.over:
            raise self.escaped()
        if out.__class__ is tuple:
            return self.recorded(primitive, args, (x,), out, params)
        keep_x, keep_out = plans[1]
        residuals: Any = _NOTHING_OF_ONE
        if keep_x or keep_out:
            residuals = (x if keep_x else None, out if keep_out else None)
        node = self.node
        return recorded(primitive, (node,), params, residuals, node.generation + 1, out, level)

    def apply_two(self: Any, primitive: Any, a: Any, b: Any, params: Any) -> Any:
        x, y, level = a, b, self.level
        x_node: Any = None
        y_node: Any = None
        if x.__class__ is Variable and x.level == level:
            x_node = x.node
            x = x._value
        if y.__class__ is Variable and y.level == level:
            y_node = y.node
            y = y._value
        if isinstance(x, Box) or isinstance(y, Box):
            out = primitive(x, y, **params)
        else:
            out = primitive.function(x, y, **params) if params else primitive.function(x, y)
        if level <= quiet_level.get():
            return unrecorded(out, (x, y))
        if level.over:
            raise self.escaped()
        if out.__class__ is tuple:
            return self.recorded(primitive, (a, b), (x, y), out, params)
        if y_node is None:
            keep_x, keep_y, keep_out = primitive.plans[1]
            generation = x_node.generation + 1
        elif x_node is None:
            keep_x, keep_y, keep_out = primitive.plans[2]
            generation = y_node.generation + 1
        else:
            keep_x, keep_y, keep_out = primitive.plans[3]
            generation = 1 + (x_node.generation if x_node.generation > y_node.generation else y_node.generation)
        residuals: Any = _NOTHING_OF_TWO
        if keep_x or keep_y or keep_out:
            residuals = (x if keep_x else None, y if keep_y else None, out if keep_out else None)
        return recorded(primitive, (x_node, y_node), params, residuals, generation, out, level)

    def operator(ufunc: np.ufunc, plain: Any, reflected: bool, composite: bool) -> Callable[[Any, Any], Any]:
        """An operator of `ArrayLike`, without a check of the usual operands."""

        def operate(self: Any, other: Any) -> Any:
            kind = other.__class__
            if (
                kind in _PLAIN
                or (kind is Variable and other.level == self.level)
                or (kind is np.ndarray and other.dtype is _FLOAT64)
            ):
                function = implementations[ufunc].function
                if composite:
                    return function(other, self) if reflected else function(self, other)
                if reflected:
                    return apply_two(self, function, other, self, NO_PARAMS)
                return apply_two(self, function, self, other, NO_PARAMS)
            return plain(self, other)

        return operate

    def array_ufunc(self: Any, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        """`ArrayLike.__array_ufunc__`, without a check of the usual operands."""
        if method == "__call__" and not kwargs:
            if len(inputs) == 1 and ufunc in implementations:
                return implementations[ufunc].function(self)
            for x in inputs:
                kind = x.__class__
                if not (kind is Variable or kind in _PLAIN or (kind is np.ndarray and x.dtype is _FLOAT64)):
                    break
            else:
                implementation = implementations.get(ufunc)
                if implementation is not None:
                    return implementation.function(*inputs)
        return plain_array_ufunc(self, ufunc, method, *inputs, **kwargs)

    def pull_back(cotangents: dict[Node, Any], inner: bool = False) -> dict[Node, Any]:
        """`pull_back`, with the step of the usual kinds spelled out: through `pull`, a fold takes a quarter longer."""
        nodes = topological_sort(cotangents)
        c: Any
        with watching(inherit=inner) as alarm:
            while nodes:
                node = nodes.pop()
                if not node.generation:
                    break
                g = cotangents.pop(node, None)
                if g is None:
                    continue
                if g.__class__ in PARTIAL:
                    g = total(node, g)
                primitive, parents = node.primitive, node.parents
                if primitive.plans is not None:
                    residuals, params = node.residuals, node.params
                    for rule, parent in zip(primitive.rules, parents):  # noqa: B905  # strict takes 100 ns
                        if parent is not None:
                            c = rule.apply(g, residuals, parents, params)
                            unfit = c.shape != parent.shape or c.dtype is not parent.dtype or alarm.raised
                            if unfit and c.__class__ not in SPARSE:
                                if alarm.raised and isinstance(primitive, Elementwise):
                                    c = strong_zero(g, c)
                                c = fit(primitive, c, parent)
                            cotangents[parent] = c if parent not in cotangents else added(parent, cotangents[parent], c)
                else:
                    for parent, c in zip(parents, pull(primitive, node, g), strict=True):
                        if parent is not None and c is not None:
                            cotangents[parent] = c if parent not in cotangents else added(parent, cotangents[parent], c)
                c = None  # or the array would live until the next one is there
            for node, c in cotangents.items():
                if c.__class__ in PARTIAL:
                    cotangents[node] = total(node, c)
        return cotangents

    plain_array_ufunc = Variable.__array_ufunc__
    Variable.__array_ufunc__ = array_ufunc
    for ufunc, (name, composite) in _OPERATORS.items():
        for method, reflected in ((f"__{name}__", False), (f"__r{name}__", True)):
            setattr(Variable, method, operator(ufunc, getattr(Variable, method), reflected, composite))
    return apply, input_variable, pull_back


#: Ufunc -> the name of its operator, and whether it is a composite.
_OPERATORS = {
    np.add: ("add", False),
    np.subtract: ("sub", False),
    np.multiply: ("mul", False),
    np.divide: ("truediv", False),
    np.power: ("pow", True),
    np.matmul: ("matmul", True),
}
