"""How Python's and NumPy's objects lie in memory, which the native entry reads without asking them.

An object begins with a header; a float's value follows it, and the fields of an array (NumPy's binary interface).
"""

from __future__ import annotations

import ctypes
import functools

import numpy as np

#: The size of an object's header, whose last field is the type.
HEADER = object.__basicsize__
#: Offsets of the fields of an array.
DATA, AXES, SHAPE, DTYPE, FLAGS = (HEADER + k for k in (0, 8, 16, 40, 48))


@functools.cache
def are_known() -> bool:
    """True where the objects of this Python lie as the entry reads them; another build may have others."""
    number, array = 1.5, np.arange(6.0).reshape(2, 3)
    at = id(array)
    shape = ctypes.c_void_p.from_address(at + SHAPE).value or 0
    return bool(
        float.__basicsize__ == HEADER + 8
        and ctypes.c_double.from_address(id(number) + HEADER).value == number
        and ctypes.c_void_p.from_address(at + HEADER - 8).value == id(np.ndarray)
        and ctypes.c_void_p.from_address(at + DATA).value == array.ctypes.data
        and ctypes.c_int.from_address(at + AXES).value == 2
        and (ctypes.c_int64 * 2).from_address(shape)[:] == [2, 3]
        and ctypes.c_void_p.from_address(at + DTYPE).value == id(array.dtype)
        and ctypes.c_int.from_address(at + FLAGS).value == array.flags.num
    )
