"""`np.r_` and `np.c_`: arrays side by side, by the syntax of an index; the entries may be Boxes."""

from __future__ import annotations

from typing import Any

import numpy

from ..rules.numpy.shaping import array, holds_box

_NUMBERS = (bool, int, float, complex)


class Rows:
    """What ``np.r_`` or ``np.c_`` is: ``np.r_[x, 0.0, 1:3]``.

    On plain data it is NumPy's.  Where an entry is a Box or a list that holds one, slices stand for the
    ranges that they stand for in NumPy.

    Raises:
        TypeError: for a directive, such as ``np.r_["0,2", x]``, beside a Box.
    """

    def __init__(self, original: Any, column: bool) -> None:
        self._original, self._column = original, column

    def __getitem__(self, key: Any) -> Any:
        entries = key if isinstance(key, tuple) else (key,)
        if not any(map(holds_box, entries)):
            return self._original[key]
        if any(isinstance(entry, str) for entry in entries):
            raise TypeError("np.r_ with a directive takes no Box; write np.concatenate, np.stack or np.column_stack")
        arrays = [numpy.r_[e] if isinstance(e, slice) else array(e) for e in entries]
        # Python's numbers take the dtype of the arrays, as in NumPy.
        dtype = numpy.result_type(*[e if type(e) in _NUMBERS else a.dtype for e, a in zip(entries, arrays, strict=True)])
        return numpy.concatenate([self._of_rank(a) for a in arrays], axis=-1 if self._column else 0, dtype=dtype)

    def _of_rank(self, x: Any) -> Any:
        """A row for ``r_``, where it is a number; a column for ``c_``, where it is a number or a row."""
        x = numpy.atleast_1d(x)
        return x[:, None] if self._column and x.ndim == 1 else x
