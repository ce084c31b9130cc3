"""Cases of joining, padding, grids, triangles, windows and functions applied along axes."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from fdezero.core import boxes

from .cases import CONSTANT, case, distinct, draw

# -- joining -----------------------------------------------------------------------------------------
case(np.block, draw(2, 2), draw(2, 1), f=lambda x, y: np.block([[x, y], [y.T, np.ones((1, 1))]]))
case(np.block, draw(3), draw(), f=lambda x, y: np.block([x, y, 1.0]))
case(np.block, draw(2, 3), f=lambda x: np.block([[x[0]], [x]]), label="dimensions added")
case(np.block, draw(2), f=lambda x: np.block(x), label="no list")
case(np.block, draw(1, 2, dtype=complex), draw(1, 2), f=lambda x, y: np.block([[x], [y]]), label="complex")
case(np.block, draw(2, dtype=np.float32), f=lambda x: np.block([x, x]), label="float32")
case(np.append, draw(2, 3), draw(2))
case(np.append, draw(2, dtype=np.float32), draw(2, dtype=np.float32))
case(np.append, draw(2, dtype=complex), draw(2))
case(np.append, draw(2, 3), draw(1, 3), f=lambda x, y: np.append(x, y, axis=0))
case(np.append, draw(2), f=lambda x: np.append(x, [1.0, 2.0]), label="a list")
for _obj in (1, [1, 3], [0, 0], slice(0, 2)):
    case(np.insert, draw(2, 4), draw(2, 1), f=lambda x, y, o=_obj: np.insert(x, o, y, axis=1), label=f"{_obj}")
    case(np.delete, draw(2, 4), f=lambda x, o=_obj: np.delete(x, o, axis=-1), label=f"{_obj}")
case(np.insert, draw(2, 2), draw(), f=lambda x, y: np.insert(x, 3, y))
case(np.insert, draw(3, dtype=np.float32), draw(), f=lambda x, y: np.insert(x, 3, y))
case(np.insert, draw(3, dtype=complex), draw(), f=lambda x, y: np.insert(x, 0, y), label="complex")
case(np.delete, draw(2, 2), f=lambda x: np.delete(x, [0, -1]))
case(np.delete, draw(2, 3), f=lambda x: np.delete(x, np.array([True, False, True]), axis=1), label="a mask")
case(np.resize, draw(2, 3), f=lambda x: np.resize(x, (5, 2)))
case(np.resize, draw(2, 3), f=lambda x: np.resize(x, 2))
case(np.resize, draw(0, 3), f=lambda x: np.resize(x, 2))
case(np.trim_zeros, draw(5), f=lambda x: np.trim_zeros(x * [0, 1, 0, 1, 0]), label="as a mask of itself")
case(np.trim_zeros, draw(3), f=lambda x: np.trim_zeros(x * [0, 1, 0], "b"), label="as a mask of itself")
if np.lib.NumpyVersion(np.__version__) >= "2.2.0":
    case(np.trim_zeros, draw(2, 3), f=lambda x: np.trim_zeros(x * [0, 1, 1], axis=-1), label="as a mask of itself")
    case(np.trim_zeros, draw(2, 3), f=lambda x: np.trim_zeros(x * [0, 1, 1] * [[1], [0]]), label="both axes, as a mask of itself")
for _axis, _start in ((2, 0), (0, 3), (1, -1), (-1, 1)):
    case(np.rollaxis, draw(2, 3, 4), axis=_axis, start=_start)
for _k in range(-1, 3):
    case(np.rot90, draw(2, 3), k=_k)
case(np.rot90, draw(2, 3, 2), axes=(2, 0))
case(np.dsplit, draw(2, 1, 4), f=lambda x: np.dsplit(x, 2))
if hasattr(np, "unstack"):
    case(np.unstack, draw(2, 3), f=lambda x: np.unstack(x, axis=1))

# -- padding -----------------------------------------------------------------------------------------
# NumPy asks the array alone whether it is a Box, not the values.
case(np.pad, draw(2, 3), draw(), f=lambda x, v: np.pad(x + v, ((1, 2), (0, 1)), constant_values=v), label="a value")
case(np.pad, draw(2, 3), draw(2, 2), f=lambda x, v: np.pad(x + v[0, 0], ((1, 2), (3, 1)), constant_values=v), label="values")
case(np.pad, draw(2, 3), f=lambda x: np.pad(x, ((1, 2), (3, 1)), constant_values=((1, 2), (3, 4))), label="plain values")
case(np.pad, draw(2, 3), draw(2), f=lambda x, v: np.pad(x + v[0], ((1, 2), (3, 0)), mode="linear_ramp", end_values=v), label="ramp")
#: Medians of medians of it are no ties.
APART = np.array([[0.3, -1.1, 0.9, 2.0], [1.7, 0.2, -0.6, -2.1], [-0.4, 1.25, 2.6, 0.7]])
for _mode in ("mean", "maximum", "minimum", *(("median",) if np.median in boxes.implementations else ())):
    case(np.pad, distinct(3, 4), pad_width=((1, 2), (2, 0)), mode=_mode)
    case(np.pad, APART, pad_width=2, mode=_mode, stat_length=((2, 9), (1, 3)))
    case(np.pad, distinct(3).astype(np.float32), pad_width=1, mode=_mode)
for _mode in ("reflect", "symmetric"):
    case(np.pad, draw(3, 4), pad_width=((1, 8), (7, 2)), mode=_mode, reflect_type="odd")
    case(np.pad, draw(1, dtype=complex), pad_width=2, mode=_mode, reflect_type="odd")

# -- made of others' values or shapes ------------------------------------------------------------------
for _options in ({}, {"sparse": True}, {"indexing": "ij"}):
    case(np.meshgrid, draw(3), draw(2), **_options)
    case(np.meshgrid, draw(3), draw(2), draw(1), **_options)
case(np.meshgrid, draw(2, dtype=np.float32), draw(2, dtype=complex))
case(np.meshgrid, draw(3), f=lambda x: np.meshgrid(x, [1.0, 2.0]), label="a list")
for _f in (np.tril, np.triu):
    for _k in (-1, 0, 1):
        case(_f, draw(3, 4), k=_k)
    case(_f, draw(2, 3, 3, dtype=np.float32))
    case(_f, draw(2, 2, dtype=complex))
    case(_f, draw(3), label="a vector")
case(np.diagflat, draw(2, 2), k=1)
case(np.diagflat, draw())
case(np.ix_, draw(2), draw(3))
for _window, _axis in ((2, 0), ((2, 3), None), ((2, 2), (1, 1)), ((), ()), (1, -1), (4, 1)):
    case(sliding_window_view, draw(3, 4), f=lambda x, w=_window, a=_axis: sliding_window_view(x, w, a), label=f"{_window} {_axis}")
case(sliding_window_view, draw(2, 3, 2, dtype=np.float32), f=lambda x: sliding_window_view(x, (2, 2), (0, 1)), label="float32")
case(sliding_window_view, draw(4, dtype=complex), f=lambda x: sliding_window_view(x, 2), label="complex")

# -- applied along axes --------------------------------------------------------------------------------
case(np.apply_along_axis, draw(2, 3), f=lambda x: np.apply_along_axis(np.sum, 1, x), label="sum")
case(np.apply_along_axis, draw(2, 3), f=lambda x: np.apply_along_axis(lambda r: r[:2] * r[-1], 1, x), label="a vector of a row")
case(np.apply_along_axis, draw(2, 3, 2), f=lambda x: np.apply_along_axis(np.outer, 1, x, [1.0, 2.0]), label="a matrix of a row")
case(np.apply_along_axis, draw(2, 2), f=lambda x: np.apply_along_axis(lambda r, c=1: c * r, 0, x, c=3.0), label="a keyword argument")
case(np.apply_over_axes, draw(2, 3, 2), f=lambda x: np.apply_over_axes(np.sum, x, [0, 2]), label="sum")
case(np.apply_over_axes, draw(2, 3), f=lambda x: np.apply_over_axes(np.cumsum, x, -1), label="cumsum")

CONSTANT.update({
    np.trim_zeros: lambda x: np.trim_zeros(x[0]).shape,  # which a batch refuses
    np.tril_indices_from: np.tril_indices_from,
    np.triu_indices_from: lambda x: np.triu_indices_from(x, 1),
    np.diag_indices_from: lambda x: np.diag_indices_from(x[:, :2]),
    np.unravel_index: lambda x: np.unravel_index((x > 0).astype(int), (2, 2)),
    np.ravel_multi_index: lambda x: np.ravel_multi_index([(x > 0).astype(int), [1, 0, 1]], (2, 2)),
    np.einsum_path: lambda x: np.einsum_path("ij,kj->ik", x, x)[0][1],
    np.common_type: lambda x: np.common_type(x, np.zeros(2, np.float32)),
})  # fmt: skip
