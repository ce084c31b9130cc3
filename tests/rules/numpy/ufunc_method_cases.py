"""Cases of the methods of ufuncs, and of calls with keyword arguments."""

import numpy as np

from .cases import CONSTANT, REFUSED, SAME, case, distinct, draw

_mask = np.array([True, False, True, True])
# Not np.power and np.arctan2: their own reduce depends on how the array lies in memory (NumPy 2.4, AVX-512).
UFUNCS = (
    np.add, np.multiply, np.maximum, np.minimum, np.fmax, np.fmin, np.logaddexp, np.logaddexp2, np.hypot, np.subtract, np.divide,
    np.copysign,
)  # fmt: skip
for _u in UFUNCS:
    _x = np.abs(distinct(3, 4)) * 0.4 + 0.5 + 0.01 * distinct(3, 4)
    case(np.ufunc.reduce, _x, f=lambda x, u=_u: u.reduce(x), label=_u.__name__)
    case(np.ufunc.reduce, _x, f=lambda x, u=_u: u.reduce(x, axis=1, keepdims=True, initial=1.26, where=_mask), label=f"{_u.__name__} where")
    if _u.identity is not None:
        case(np.ufunc.reduce, _x, f=lambda x, u=_u: u.reduce(x, axis=(0, -1), where=_mask), label=f"{_u.__name__} two axes, where")
        case(np.ufunc.reduce, draw(0, 3), f=lambda x, u=_u: np.exp(-u.reduce(x)), label=f"{_u.__name__} of nothing") if np.isfinite(_u.identity) else None
    case(np.ufunc.reduce, _x[0].astype(np.float32), f=lambda x, u=_u: u.reduce(x), label=_u.__name__)
    case(np.ufunc.accumulate, _x, f=lambda x, u=_u: u.accumulate(x, axis=-1), label=_u.__name__)
    case(np.ufunc.reduceat, _x, f=lambda x, u=_u: u.reduceat(x, [0, 2, 1, 3, 3], axis=1), label=_u.__name__)
    case(np.ufunc.outer, draw(2, low=0.5), draw(2, 3, low=0.5), f=lambda x, y, u=_u: u.outer(x, y), label=_u.__name__)
case(np.ufunc.reduce, draw(2, 3), f=lambda x: np.add.reduce(x, axis=None), label="add, all")
case(np.ufunc.reduce, draw(2, 3), f=lambda x: np.add.reduce(x, axis=()), label="add, no axis")
case(np.ufunc.reduce, draw(), f=lambda x: np.add.reduce(x), label="add")
case(np.ufunc.reduce, draw(3, dtype=np.float32), f=lambda x: np.subtract.reduce(x, dtype=float), label="dtype")
case(np.ufunc.reduce, draw(2, 3, dtype=complex), f=lambda x: np.divide.reduce(x, axis=1), label="divide")
case(np.ufunc.reduce, draw(2, 3, dtype=complex), f=lambda x: np.multiply.reduce(x, axis=1), label="multiply")
case(np.ufunc.accumulate, draw(3, dtype=np.float32), f=lambda x: np.add.accumulate(x, dtype=float), label="dtype")
case(np.ufunc.accumulate, draw(0, 3), f=lambda x: np.subtract.accumulate(x), label="of nothing")
case(np.ufunc.accumulate, draw(2, 3, dtype=complex), f=lambda x: np.subtract.accumulate(x, axis=1), label="subtract")
case(np.ufunc.reduceat, draw(3), f=lambda x: np.add.reduceat(x, []), label="no index")
case(np.ufunc.reduceat, draw(3, dtype=complex), f=lambda x: np.add.reduceat(x, [1, 2]), label="complex")
case(np.ufunc.outer, draw(2, dtype=np.float32), draw(3, dtype=np.float32), f=lambda x, y: np.add.outer(x, y, dtype=float), label="dtype")
case(np.ufunc.__call__, draw(3, dtype=np.float32), f=lambda x: np.sin(x, dtype=float), label="dtype")
case(np.ufunc.__call__, draw(3, dtype=np.float32), draw(3), f=lambda x, y: np.multiply(x, y, dtype=complex), label="dtype")
case(np.ufunc.__call__, draw(3, low=0.5), f=lambda x: np.power(x, 2, dtype=complex) + np.add(1, x, dtype=float), label="dtype and a number")
case(np.ufunc.__call__, draw(3), f=lambda x: np.add(x, x, None, where=True, casting="unsafe"), label="defaults")
case(np.ufunc.__call__, draw(3, low=2.2, high=2.8, dtype=np.float32), f=lambda x: np.divmod(x, 0.8, dtype=float)[1], label="two outputs")

CONSTANT.update({
    np.left_shift: lambda x: np.left_shift((x > 0).astype(int), 2),
    np.right_shift: lambda x: np.right_shift(8, (x > 0).astype(int)),
    np.bitwise_count: lambda x: np.bitwise_count((x > 0).astype(int)),
    np.ufunc.reduce: lambda x: np.logical_and.reduce(x, axis=-1, where=x < 2),
    np.ufunc.accumulate: lambda x: np.logical_xor.accumulate(x, axis=-1),
})  # fmt: skip
REFUSED.add(np.ufunc.at)
SAME -= {np.ufunc.reduce, np.ufunc.outer}
