"""Batching: values with one more axis than they show.

A `Batch` holds a value with a batch axis in front.  Most primitives act on their last axes and broadcast
over the others, as NumPy's generalised ufuncs do, so it is enough to line up the leading axes of their
arguments.  For a primitive that does not, its declaration states how it is called on a batch (`batch=`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs
import numpy as np

from ..core.graph import Array, Box, Params
from ..core.primitives import Primitive


@attrs.frozen(eq=False, repr=False)
class Batch(Box):
    """The Box of batching: a value whose first axis, of length ``size_of_batch``, is not shown."""

    size_of_batch: int

    @property
    def shape(self) -> tuple[int, ...]:
        return self._value.shape[1:]  # type: ignore[no-any-return]  # to mypy what comes back is Any

    def apply(self, primitive: Primitive, args: tuple[Any, ...], params: Params) -> Any:
        level = self.level
        batched = [isinstance(a, Batch) and a.level == level for a in args]
        values = [a._value if b else a for a, b in zip(args, batched, strict=True)]
        if primitive.core is not None:
            out = primitive(*(values if len(values) == 1 else lined_up(values, batched, primitive.core)), **params)
        elif primitive.batch is not None:
            out = primitive.batch(primitive, values, batched, self.size_of_batch, params)
        else:
            out = one_by_one(primitive, values, batched, self.size_of_batch, params)
        return tuple([self.wrap(o) for o in out]) if type(out) is tuple else self.wrap(out)

    def wrap(self, out: Any) -> Any:
        """A value with a batch axis in front, in a Batch of this level."""
        if self.level.over:
            raise self.escaped()
        return out if isinstance(out, np.dtype) or not hasattr(out, "shape") else Batch(out, self.level, self.size_of_batch)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.value!r}, shape={self.shape}, size={self.size_of_batch})"


def lined_up(values: Sequence[Array], batched: Sequence[bool], core: Sequence[int]) -> list[Array]:
    """The values, with ones behind the batch axis where another has more leading axes to broadcast over."""
    counts = [_dimensions(v) - b - c for v, b, c in zip(values, batched, core, strict=True)]
    most = max(counts)
    if min(counts) == most:
        return list(values)
    return [
        v.reshape((v.shape[0], *(1,) * (most - n), *v.shape[1:])) if b and n < most else v
        for v, b, n in zip(values, batched, counts, strict=True)
    ]


def _dimensions(v: Any) -> int:
    """The number of axes, without NumPy's protocols where a Box or a number is asked."""
    if hasattr(v, "shape"):
        return len(v.shape)
    return 0 if v.__class__ is float or v.__class__ is int else np.ndim(v)


def one_by_one(primitive: Primitive, values: Sequence[Array], batched: Sequence[bool], size: int, params: Params) -> Any:
    """A call for each example, in a Python loop, for a primitive that does not say how it batches.

    Raises:
        TypeError: when the results are no arrays or numbers.
    """
    outs = [primitive(*[v[i] if b else v for v, b in zip(values, batched, strict=True)], **params) for i in range(size)]
    if outs and isinstance(outs[0], tuple):
        return tuple(_stacked(primitive, each) for each in zip(*outs, strict=True))
    return _stacked(primitive, outs)


def _stacked(primitive: Primitive, outs: Sequence[Any]) -> Array:
    for out in outs:
        if not (hasattr(out, "shape") or isinstance(out, (bool, int, float, complex))):
            raise TypeError(
                f"{primitive.name} of a batched value returns a {type(out).__name__} for each example, which vmap cannot "
                "stack; call it outside vmap, or on stop_gradient(x).value"
            )
    return np.stack(outs)
