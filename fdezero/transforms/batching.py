"""Batching: `vmap`, a function of one example made into a function of many.

A `Batch` holds a value with one more axis than it shows, always in front.  The primitives count their
axes from the end and let leading axes be, so most of them need only that their arguments' leading
axes are lined up, as NumPy's own generalised ufuncs do (`batch`); those to which an axis in front
does make a difference say so below.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial, singledispatch
from typing import Any

import attrs
import numpy as np

from .. import tree
from ..boxes import raw
from ..cotangents import Alarm
from ..graph import Array, Box, Params
from ..primitives import Primitive, scatter
from ..recording import new_level
from ..rules import gathering, indexing, products, shaping, sorting
from .blocks import is_plain
from .thunks import Large, Parts, Thunk, is_worthwhile, kept_constant, run_noting
from .wrapping import Function, Transformed, describe, finish

# -- the interpreter ---------------------------------------------------------------------------------


@attrs.frozen(eq=False, repr=False)
class Batch(Box):
    """The Box of batching: a value whose first axis, of length ``size``, is not shown."""

    size_of_batch: int

    @property
    def shape(self) -> tuple[int, ...]:
        return self._value.shape[1:]  # type: ignore[no-any-return]  # to mypy what comes back is Any

    def apply(self, primitive: Any, args: tuple[Any, ...], params: Params) -> Any:
        batched = [isinstance(a, Batch) and a.level == self.level for a in args]
        return self.wrap_all(primitive, batch(primitive, list(map(self.unwrap, args)), batched, self.size_of_batch, params))

    # The hot path: one and two arguments of which the leading axes need no more than to be lined up.
    def apply_unary(self, primitive: Any, x: Any, params: Params) -> Any:
        if primitive.core is None:
            return self.apply(primitive, (x,), params)
        out = primitive.unary_with(self._value, params)
        return self.wrap_all(primitive, out) if primitive.multiple else self.wrap(out, primitive.trusted)

    def apply_binary(self, primitive: Any, x: Any, y: Any, params: Params) -> Any:
        core = primitive.core
        if core is None:
            return self.apply(primitive, (x, y), params)
        level = self.level
        x_batched = isinstance(x, Batch) and x.level == level
        y_batched = isinstance(y, Batch) and y.level == level
        if x_batched:
            x = x._value
        if y_batched:
            y = y._value
        lead_x, lead_y = _dimensions(x) - x_batched - core[0], _dimensions(y) - y_batched - core[1]
        if x_batched and lead_x < lead_y:
            x = _padded(x, lead_y - lead_x)
        elif y_batched and lead_y < lead_x:
            y = _padded(y, lead_x - lead_y)
        call = primitive if isinstance(x, Box) or isinstance(y, Box) else primitive.function
        out = call(x, y, **params)
        return self.wrap_all(primitive, out) if primitive.multiple else self.wrap(out, primitive.trusted)

    def wrap_all(self, primitive: Any, out: Any) -> Any:
        if primitive.multiple:
            return tuple([self.wrap(o, primitive.trusted) for o in out])
        return self.wrap(out, primitive.trusted)

    def wrap(self, out: Any, trusted: bool = True) -> Any:
        if self.level.over:
            raise self.escaped()
        if trusted and is_worthwhile(out):
            return LargeBatch(self.level, Thunk.of(out))
        return Batch(out, self.level, self.size_of_batch) if hasattr(out, "shape") else out

    def __bool__(self) -> bool:
        raise TypeError(_ONE_ANSWER)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.value!r}, shape={self.shape}, size={self.size_of_batch})"


class LargeBatch(Large, Batch):
    """A Batch of a large array, which may be yet to come."""

    __slots__ = ("thunk",)

    @property
    def shape(self) -> tuple[int, ...]:
        return self.thunk.shape[1:]

    @property
    def size_of_batch(self) -> int:
        return self.thunk.shape[0]

    def operand(self, arg: Any) -> Thunk | None:
        if isinstance(arg, Batch) and arg.level == self.level:
            missing = len(self.shape) - len(arg.shape)
            if isinstance(arg, LargeBatch):
                return None if missing else arg.thunk
            return Thunk.of(_padded(arg._value, missing)) if missing >= 0 and is_plain(arg._value) else None
        value = kept_constant(arg)
        return None if value is None or np.ndim(value) > len(self.shape) else Thunk.of(value)

    @staticmethod
    def evaluate(primitive: Any, operands: Sequence[Parts], params: Params, alarm: Alarm | None) -> Parts:
        return (primitive.function(*[value for (value,) in operands], **params),)


# -- what a primitive does to batches ----------------------------------------------------------------


@singledispatch
def batch(primitive: Primitive, values: list[Array], batched: Sequence[bool], size: int, params: Params) -> Any:
    """Apply a primitive to values of which some have a batch axis in front; so has the result.

    A primitive with a ``core`` has no rule of its own here (`Batch` does not come by for it).
    """
    rule = _RULES.get(primitive)
    if rule is not None:
        return rule(primitive, values, batched, size, params)
    if len(values) == 1 and primitive.core is not None:
        return primitive(*values, **params)
    if primitive.core is not None:
        return primitive(*_lined_up(values, batched, primitive.core), **params)
    return _one_by_one(primitive, values, batched, size, params)


def _lined_up(values: Sequence[Array], batched: Sequence[bool], core: Sequence[int]) -> list[Array]:
    """Put ones behind the batch axis where another argument has more leading axes to broadcast over."""
    counts = [_dimensions(v) - b - c for v, b, c in zip(values, batched, core, strict=True)]
    most = max(counts)
    return [_padded(v, most - n) if b and n < most else v for v, b, n in zip(values, batched, counts, strict=True)]


def _padded(v: Array, count: int) -> Array:
    """``v`` with ``count`` ones behind the batch axis."""
    return v.reshape((v.shape[0], *(1,) * count, *v.shape[1:]))


def _dimensions(v: Any) -> int:
    """np.ndim, which takes the protocol's long way on a Box, and on a number makes an array of it: 600 ns."""
    if hasattr(v, "shape"):
        return len(v.shape)
    return 0 if v.__class__ is float or v.__class__ is int else np.ndim(v)


def _one_by_one(primitive: Primitive, values: Sequence[Array], batched: Sequence[bool], size: int, params: Params) -> Any:
    """The last resort, for a function of which nothing is known: a Python loop."""
    outs = [primitive(*[v[i] if b else v for v, b in zip(values, batched, strict=True)], **params) for i in range(size)]
    if primitive.multiple or isinstance(outs[0], tuple):
        return tuple(np.stack(each) for each in zip(*outs, strict=True))
    return np.stack(outs) if hasattr(outs[0], "shape") or isinstance(outs[0], (bool, int, float)) else outs[0]


def _spread_over(values: Sequence[Array], batched: Sequence[bool], size: int) -> list[Array]:
    """Every value with a batch axis: those that had none are repeated, in no memory."""
    return [v if b else np.broadcast_to(v, (size, *np.shape(v))) for v, b in zip(values, batched, strict=True)]


def _all_batched(primitive: Primitive, values: list[Array], batched: Sequence[bool], size: int, params: Params) -> Any:
    return primitive(*_spread_over(values, batched, size), **params)


def _behind(index: Any) -> tuple[Any, ...]:
    """An index of one example as an index of all of them."""
    return (slice(None), *(index if isinstance(index, tuple) else (index,)))


def _advanced(index: Any) -> tuple[bool, int]:
    """Are an index's arrays apart, so that NumPy puts their axes in front; and how many axes are they?"""
    parts = index if isinstance(index, tuple) else (index,)
    arrays = [np.asarray(part) for part in parts if isinstance(part, (np.ndarray, list))]
    if not arrays:
        return False, 0
    # A mask stands for the places where it is true: one axis.
    return gathering.are_apart(parts), max(1 if gathering.is_mask(a) else a.ndim for a in arrays)


def _batch_read(primitive: Primitive, values: list[Array], batched: Any, size: int, params: Params) -> Any:
    index = params["index"]
    out = primitive(values[0], index=_behind(index))
    apart, count = _advanced(index)
    return np.moveaxis(out, count, 0) if apart else out


def _batch_put(primitive: Primitive, values: list[Array], batched: Sequence[bool], size: int, params: Params) -> Any:
    index = params["index"]
    x, v = _spread_over(values, batched, size)
    wanted = np.empty(x.shape[1:], bool)[index].shape
    v = np.broadcast_to(v.reshape((size, *(1,) * (len(wanted) - len(v.shape) + 1), *v.shape[1:])), (size, *wanted))
    apart, count = _advanced(index)
    return primitive(x, np.moveaxis(v, 0, count) if apart else v, index=_behind(index))


def _batch_scatter(primitive: Primitive, values: list[Array], batched: Sequence[bool], size: int, params: Params) -> Any:
    cotangents = _spread_over(values, batched, size)
    for i, index in enumerate(params["indices"]):
        apart, count = _advanced(index)
        if apart:
            cotangents[i] = np.moveaxis(cotangents[i], 0, count)
    return primitive(
        *cotangents,
        indices=[_behind(index) for index in params["indices"]],
        shape=(size, *params["shape"]),
        dtype=params["dtype"],
    )


def _batch_rows(primitive: Primitive, values: list[Array], batched: Sequence[bool], size: int, params: Params) -> Any:
    x, places = values
    if not batched[0]:
        return primitive(x, places)
    length = x.shape[1]
    places = _one_below_the_other(places, batched[1], size, length)
    return primitive(x.reshape((size * length, *x.shape[2:])), places)


def _batch_place_rows(primitive: Primitive, values: list[Array], batched: Sequence[bool], size: int, params: Params) -> Any:
    x, length = values[0] if batched[0] else np.broadcast_to(values[0], (size, *values[0].shape)), params["length"]
    out = primitive(x, _one_below_the_other(values[1], batched[1], size, length), length=size * length)
    return out.reshape((size, length, *out.shape[1:]))


def _batch_is_last(primitive: Primitive, values: list[Array], batched: Sequence[bool], size: int, params: Params) -> Any:
    length = int(np.max(raw(values[0]), initial=-1)) + 1
    return primitive(_one_below_the_other(values[0], True, size, length))


def _one_below_the_other(places: Array, batched: bool, size: int, length: int) -> Array:
    """Rows of each example as rows of all the examples, one below the other."""
    ndim = len(places.shape) - batched
    return places + length * np.arange(size).reshape((size, *(1,) * ndim))


def _batch_einsum(primitive: Primitive, values: list[Array], batched: Sequence[bool], size: int, params: Params) -> Any:
    used = params["output"] + "".join(params["inputs"])
    label = next(c for c in products.LETTERS if c not in used)
    inputs = tuple(label * b + labels for labels, b in zip(params["inputs"], batched, strict=True))
    return primitive(*values, inputs=inputs, output=label + params["output"])


def _refuse_truth(*args: Any) -> Any:
    raise TypeError(_ONE_ANSWER)


_ONE_ANSWER = (
    "an `if`, `while`, `and` or `or` on a batched value would need one answer for the whole batch; "
    "write np.where(condition, a, b)"
)

_RULES: dict[Primitive, Callable[..., Any]] = {
    indexing.read: _batch_read,
    indexing.put: _batch_put,
    indexing.put_add: _batch_put,
    indexing.truth: _refuse_truth,
    scatter: _batch_scatter,
    gathering.rows: _batch_rows,
    gathering.place_rows: _batch_place_rows,
    gathering.is_last: _batch_is_last,
    sorting.gather_along: _all_batched,
    sorting.scatter_along: _all_batched,
    shaping.join: _all_batched,
    shaping.pile: _all_batched,
    products.contract: _batch_einsum,
}


# -- the transform -----------------------------------------------------------------------------------


def vmap(f: Function | None = None, in_axes: Any = 0, out_axes: Any = 0, axis_size: int | None = None) -> Callable[..., Any]:
    """A function of one example as a function of a batch of them, without a loop over examples.

    Args:
        f: a function of arrays or trees of them, written for one example.
        in_axes: which axis of each argument is the batch: an int, None for an argument that all
            examples share, or a tuple with an entry for each argument, of which each may be a tree
            that is a prefix of the argument's.
        out_axes: where the batch axis goes in the results, in the same form.
        axis_size: the size of the batch; needed only where no argument has a batch axis.

    Returns:
        A function of the same positional arguments; keyword arguments are shared by all examples.

    Raises:
        ValueError: when the sizes of two batch axes differ, naming the leaves and the sizes.
        TypeError: when control flow in ``f`` depends on a batched value.

    Example:
        >>> import numpy as np
        >>> from fdezero import grad, vmap
        >>> vmap(np.dot, in_axes=(0, None))(np.eye(2), np.array([3.0, 4.0]))
        array([3., 4.])
        >>> vmap(grad(lambda w, x: (w @ x) ** 2), in_axes=(None, 0))(np.ones(2), np.array([[1.0, 2.0], [0.0, 1.0]]))
        array([[ 6., 12.],
               [ 0.,  2.]])
    """
    if f is None:
        return partial(vmap, in_axes=in_axes, out_axes=out_axes, axis_size=axis_size)
    return Transformed(_vmap, f, in_axes, out_axes, axis_size)


def _vmap(
    f: Function, in_axes: Any, out_axes: Any, axis_size: int | None, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    in_axes = in_axes if isinstance(in_axes, tuple) else (in_axes,) * len(args)
    if len(in_axes) != len(args):
        raise ValueError(f"vmap: in_axes={in_axes!r} is for {len(in_axes)} positional arguments, and the call has {len(args)}")
    mapped = [i for i, axis in enumerate(in_axes) if axis is not None]  # what all examples share stays as it is
    leaves, structure = tree.flatten([args[i] for i in mapped])
    axes = _axes_of([in_axes[i] for i in mapped], structure, "in_axes")
    size = _batch_size(leaves, axes, mapped, structure, axis_size)
    level = new_level()
    wrap = Batch(None, level, size).wrap
    boxed = structure.unflatten([x if axis is None else wrap(_to_front(x, axis)) for x, axis in zip(leaves, axes, strict=True)])
    inputs = list(args)
    for i, argument in zip(mapped, boxed, strict=True):
        inputs[i] = argument
    result, _ = run_noting(f, inputs, kwargs, level, False)
    outs, out_structure = tree.flatten(result)
    places = _axes_of(out_axes, out_structure, "out_axes")
    results = [_from_front(out, place, level, size) for out, place in zip(outs, places, strict=True)]
    foreign = tree.leaves(args) if None in places else leaves
    return out_structure.unflatten(finish(results, [x for x in foreign if type(x) is np.ndarray]))


def over_batch(f: Function, batch: Any, out_axes: Any = 0) -> Any:
    """``vmap(f, out_axes=out_axes)(batch)`` at once: that ``f`` keeps its name and docstring takes 10 us."""
    return _vmap(f, 0, out_axes, None, (batch,), {})


def _axes_of(axes: Any, structure: tree.Structure, name: str) -> list[int | None]:
    """An axis for each leaf, where ``axes`` is a prefix of the tree."""
    if axes is None or isinstance(axes, int):
        return [axes] * structure.size
    given = tree.children(axes)
    keys = list(structure.keys or range(len(structure.children)))
    if structure.kind is None or given is None or keys != [key for key, _ in given]:
        raise ValueError(f"{name}={axes!r} is no prefix of the tree {structure.unflatten(['*'] * structure.size)!r}")
    return [a for (_, axis), child in zip(given, structure.children, strict=True) for a in _axes_of(axis, child, name)]


def _batch_size(
    leaves: Sequence[Any], axes: Sequence[int | None], mapped: Sequence[int], structure: tree.Structure, axis_size: int | None
) -> int:
    """The one size that all batch axes must have."""

    def name(i: int) -> str:
        position, rest = structure.paths()[i][1:].split("]", 1)
        return f"argument {mapped[int(position)]}{rest}"

    found, first = axis_size, None
    for i, (x, axis) in enumerate(zip(leaves, axes, strict=True)):
        if axis is None:
            continue
        shape = x.shape if hasattr(x, "shape") else np.shape(x)
        if not -len(shape) <= axis < len(shape):
            raise ValueError(f"vmap: {name(i)} has no axis {axis}: it is {describe(x)}; give it None in in_axes")
        if found is None:
            found, first = shape[axis], i
        elif shape[axis] != found:
            raise ValueError(
                f"vmap: the batch axes differ: {'axis_size' if first is None else name(first)} has size {found}, "
                f"and {name(i)} has size {shape[axis]} along axis {axis}"
            )
    if found is None:
        raise ValueError("vmap: no argument has a batch axis; give axis_size=")
    return found


def _to_front(x: Any, axis: int) -> Array:
    x = x if hasattr(x, "shape") else np.asarray(x)
    return x if axis == 0 else np.moveaxis(x, axis, 0)


def _from_front(out: Any, place: int | None, level: int, size: int) -> Any:
    if isinstance(out, Batch) and out.level == level:
        if place is None:
            raise ValueError("vmap: out_axes is None for a result that differs from example to example")
        value = out._value
    elif place is None:
        return out
    else:
        value = np.broadcast_to(out, (size, *np.shape(out)))
    return value if place == 0 else np.moveaxis(value, 0, place)
