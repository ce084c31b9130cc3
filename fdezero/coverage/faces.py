"""Functions of NumPy that are the faces of one primitive: they check and rearrange arguments, and apply it.

Their kind is the primitive's.  What is here not named, and is no primitive itself, is a composite.
"""

from __future__ import annotations

from operator import attrgetter

from ..core.primitives import Primitive
from ..rules import numpy as rules

#: Primitive -> the functions that apply it and nothing else with a derivative of its own.
FACES: dict[str, str] = {
    "reductions.sum_over": "sum",
    "reductions.mean_over": "mean",
    "reductions.max_over": "max amax",
    "reductions.min_over": "min amin",
    "reductions.product_over": "prod",
    "fft.fourier": "fft.fft fft.ifft",
    "fft.fourier_of_real": "fft.rfft fft.ihfft",
    "fft.real_from_half": "fft.irfft fft.hfft",
    "linalg.solve_mm": "linalg.solve",
    "shaping.reshape_to": "reshape ravel squeeze expand_dims atleast_1d atleast_2d atleast_3d ix_",
    "shaping.permute": "transpose permute_dims matrix_transpose swapaxes moveaxis rollaxis linalg.matrix_transpose",
    "shaping.broadcast": "broadcast_to broadcast_arrays full_like meshgrid tile",
    "shaping.join": "append block column_stack concat concatenate dstack hstack insert vstack",
    "shaping.pile": "stack",
    "shaping.reverse": "flip fliplr flipud rot90",
    "shaping.shift_by": "roll",
    "indexing.read": """
        array_split compress delete diagonal dsplit extract hsplit linalg.diagonal repeat resize split take take_along_axis
        unstack vsplit""",
    "indexing.put": "diag diagflat",
    "sorting.running_sum": "cumsum",
    "windows.windows": "lib.stride_tricks.sliding_window_view",
    "elementwise.bounded": "clip",
    "elementwise.choice": "choose tril triu where",
    "elementwise.angle_": "angle",
    "elementwise.general_power": "float_power pow power",
    "products.matmul_mm": "matmul linalg.matmul dot",
    "products.matmul_vv": "vdot",
    "products.outer_vv": "outer linalg.outer",
    "products.contract": "einsum",
}


def primitives() -> dict[str, Primitive]:
    """Name of a function -> the primitive that it is the face of."""
    return {name: attrgetter(path)(rules) for path, names in FACES.items() for name in names.split()}
