"""`np.vectorize`: a Python function of numbers, called for every entry; the entries may be of Boxes."""

from __future__ import annotations

from typing import Any

import numpy

from ..core.operands import as_operand
from ..rules.numpy.shaping import array, holds_box


class vectorize(numpy.vectorize):  # NumPy's name
    """`numpy.vectorize`, which also takes Boxes and nested lists that hold them.

    There the function is called once for each entry, in a Python loop, on what ``x[index]`` is; arguments that
    are ``excluded`` are passed on whole, and ``otypes`` converts the results.

    Raises:
        TypeError: for a ``signature`` beside a Box; `fdezero.vmap` calls a function for each row.
        ValueError: for a call without entries, whose results would have no dtype.

    Example:
        >>> from fdezero import grad
        >>> relu = vectorize(lambda v: v if v > 0 else 0.0 * v)
        >>> grad(lambda x: relu(x).sum())(numpy.array([2.0, -1.0]))
        array([1., 0.])
    """

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if not any(map(holds_box, (*args, *kwargs.values()))):
            return super().__call__(*args, **kwargs)
        if self.signature is not None:
            raise TypeError("np.vectorize with a signature takes no Box; write fdezero.vmap(f)(x)")
        held = self.excluded
        entries: dict[Any, Any] = {k: a for k, a in (*enumerate(args), *kwargs.items()) if k not in held}
        entries = dict(zip(entries, numpy.broadcast_arrays(*map(_operand, entries.values())), strict=True))
        shape = next(iter(entries.values())).shape
        if 0 in shape:
            raise ValueError("cannot call `vectorize` on size 0 inputs that are Boxes")

        def at(index: tuple[int, ...]) -> Any:
            here = {k: a[index] for k, a in entries.items()}
            positional = [here.get(i, a) for i, a in enumerate(args)]
            return self.pyfunc(*positional, **{k: here.get(k, a) for k, a in kwargs.items()})

        found = [at(index) for index in numpy.ndindex(*shape)]
        if not isinstance(found[0], tuple):
            return self._joined(found, shape, 0)
        return tuple(self._joined(each, shape, i) for i, each in enumerate(zip(*found, strict=True)))

    def _joined(self, results: Any, shape: tuple[int, ...], i: int) -> Any:
        """The results in the shape of the arguments, in the dtype that ``otypes`` names for the i-th result."""
        joined = numpy.stack([as_operand(r) for r in results]).reshape(shape)
        types = self.otypes or ""
        return joined.astype(types[i]) if i < len(types) else joined


def _operand(x: Any) -> Any:
    return array(x) if isinstance(x, (list, tuple)) else as_operand(x)
