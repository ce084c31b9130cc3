"""The table of rules: for each NumPy function that Boxes answer to, calls to check.

A function of `fdezero.core.boxes.implementations` that is not here fails a test, so a rule cannot be added
without its cases.  Every case is checked in every mode at every argument, to second order, and against
the same call on plain arrays.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs
import numpy as np

import fdezero
from fdezero.core import boxes
from fdezero.rules.numpy.refused import Refusal

from . import linalg_cases


@attrs.frozen
class Case:
    """``f(*args)``: every argument is differentiated."""

    function: Any
    f: Callable[..., Any]
    args: tuple[Any, ...]
    label: str

    @property
    def name(self) -> str:
        return f"{getattr(self.function, '__name__', self.function)}-{self.label}"


rng = np.random.default_rng(20260101)


def draw(*shape: int, low: float = -2.0, high: float = 2.0, dtype: Any = float) -> Any:
    """Numbers that are not near a kink: no two alike, none within 0.05 of zero."""
    x = rng.uniform(low, high, shape)
    x = np.where(np.abs(x) < 0.05, 0.3, x)
    if np.dtype(dtype).kind == "c":
        x = x + 1j * rng.uniform(low, high, shape)
    return np.asarray(x).astype(dtype)[()]


def distinct(*shape: int) -> Any:
    """Numbers at least 0.1 apart, for what depends on an order."""
    n = int(np.prod(shape))
    return (rng.permutation(n) * 0.3 - 0.1 * n + 0.05).reshape(shape)


CASES: list[Case] = []


def case(function: Any, *args: Any, f: Callable[..., Any] | None = None, label: str = "", **kwargs: Any) -> None:
    shapes = ",".join(f"{np.asarray(a).dtype}{list(np.shape(a))}" if not isinstance(a, (list, tuple)) else "tree" for a in args)
    g = f if f is not None else (lambda *xs: function(*xs, **kwargs))
    options = ",".join(f"{k}={v}" for k, v in kwargs.items())
    CASES.append(Case(function, g, args, " ".join(filter(None, [label, options, shapes])).replace("\n", " ")))


# -- elementwise: domains (low, high) ----------------------------------------------------------------
UNARY: dict[Any, tuple[float, float]] = {
    np.negative: (-2, 2), np.positive: (-2, 2), np.absolute: (-2, 2), np.fabs: (-2, 2),
    np.reciprocal: (0.5, 2), np.square: (-2, 2), np.sqrt: (0.5, 3), np.cbrt: (0.5, 3),
    np.exp: (-2, 2), np.exp2: (-2, 2), np.expm1: (-2, 2), np.log: (0.5, 3), np.log2: (0.5, 3),
    np.log10: (0.5, 3), np.log1p: (-0.5, 3), np.sin: (-2, 2), np.cos: (-2, 2), np.tan: (-1, 1),
    np.arcsin: (-0.8, 0.8), np.arccos: (-0.8, 0.8), np.arctan: (-2, 2), np.sinh: (-2, 2),
    np.cosh: (-2, 2), np.tanh: (-2, 2), np.arcsinh: (-2, 2), np.arccosh: (1.5, 3),
    np.arctanh: (-0.8, 0.8), np.deg2rad: (-2, 2), np.rad2deg: (-2, 2), np.radians: (-2, 2),
    np.degrees: (-2, 2), np.real: (-2, 2), np.imag: (-2, 2), np.conjugate: (-2, 2), np.copy: (-2, 2),
}  # fmt: skip
NOT_COMPLEX = {np.fabs, np.cbrt, np.deg2rad, np.rad2deg, np.radians, np.degrees}
for _f, (_low, _high) in UNARY.items():
    for _shape in ((), (3,), (2, 3), (0,)):
        case(_f, draw(*_shape, low=_low, high=_high))
    case(_f, draw(3, low=_low, high=_high, dtype=np.float32))
    if _f not in NOT_COMPLEX:
        case(_f, draw(2, low=0.3, high=0.8, dtype=complex))


def _root(x: Any) -> Any:
    with np.errstate(invalid="ignore"):
        return np.sqrt(x)


case(np.angle, draw(3, dtype=complex))
case(np.angle, draw(3, dtype=complex), deg=True)

BINARY = (
    np.add, np.subtract, np.multiply, np.divide, np.power, np.arctan2, np.hypot, np.maximum, np.minimum,
    np.fmax, np.fmin, np.logaddexp, np.logaddexp2, np.remainder, np.fmod, np.copysign, np.float_power,
)  # fmt: skip
_positive = (np.power, np.divide, np.remainder, np.fmod, np.float_power)
for _f in BINARY:
    _low = 0.5 if _f in _positive else -2.0
    for _a, _b in (((), ()), ((3,), ()), ((2, 3), (3,)), ((2, 1), (1, 3)), ((0, 3), (3,))):
        case(_f, draw(*_a, low=_low), draw(*_b, low=_low))
    if _f is not np.float_power:
        case(_f, draw(3, low=_low, dtype=np.float32), draw(3, low=_low, dtype=np.float32))
for _f in (np.add, np.subtract, np.multiply, np.divide, np.power):
    case(_f, draw(3, low=0.5, dtype=complex), draw(3, low=0.5, dtype=complex))
    case(_f, draw(3, low=0.5), draw(3, low=0.5, dtype=complex), label="mixed")
case(np.add, draw(3, dtype=np.float32), draw(3), label="mixed")
case(np.divmod, draw(3, low=2.2, high=2.8), draw(3, low=0.8, high=0.9))
for _n in (-2, -1, 0, 1, 2, 3, 4, 5, 7, 16, 17, 0.5, -1.5, 2.0):
    case(np.power, draw(3, low=0.5), f=lambda x, n=_n: x**n, label=f"**{_n}")
case(np.power, draw(3), f=lambda x: x**3, label="negative**3")
case(np.power, draw(2, dtype=complex), f=lambda x: x**3)
case(np.power, draw(3), f=lambda y: 2.0**y, label="2.0**y")
case(np.where, draw(2, 3), draw(3), f=lambda x, y: np.where(np.array([True, False, True]), x, y))
case(np.where, draw(), draw(2, 3), f=lambda x, y: np.where(np.array([[True], [False]]), x, y))
case(np.where, draw(3), f=lambda x: np.where(x > 0, x, 2.0))
case(np.where, draw(2, 3), f=lambda x: np.where(x > 0, _root(x), x * x), label="spoiled where it is not chosen")
case(np.where, draw(2, 3), f=lambda x: np.where(x < 0, x * x, _root(x)), label="spoiled where it is not chosen, second")
case(np.clip, np.array([-2.0, -0.5, 0.5, 2.0]), f=lambda x: np.clip(x, -1, 1))
case(np.clip, np.array([-2.0, -0.5, 0.5, 2.0]), np.array(-1.0), np.array(1.0))
case(np.clip, np.array([-2.0, 0.5]), f=lambda x: np.clip(x, None, 1.0) + np.clip(x, -1, None) + x.clip(min=0))
case(np.astype, draw(3, dtype=np.float32), f=lambda x: x.astype(float) * 2)
case(np.astype, draw(3), f=lambda x: np.astype(x, complex) * 1j)

# -- reductions --------------------------------------------------------------------------------------
_mask = np.array([[True, False, True], [False, True, True]])
for _f in (np.sum, np.mean, np.prod, np.max, np.min, np.amax, np.amin, np.var, np.std):
    for _options in ({}, {"axis": 0}, {"axis": -1}, {"axis": (0, 2)}, {"axis": 1, "keepdims": True}, {"keepdims": True}):
        case(_f, distinct(2, 3, 2), **_options)
    case(_f, draw(3, dtype=np.float32))
    case(_f, np.float64(0.7), label="0-d") if _f is not np.std else None
    if _f not in (np.max, np.min, np.amax, np.amin):
        case(_f, distinct(2, 3), where=_mask, axis=1)
    else:
        case(_f, distinct(2, 3), where=_mask, axis=1, initial=0.4)
    if _f in (np.sum, np.prod, np.mean, np.var, np.std):
        case(_f, draw(3, dtype=np.float32), dtype=float)
    if _f in (np.sum, np.mean, np.prod, np.var):
        case(_f, draw(2, 2, dtype=complex), axis=0)
    if _f in (np.var, np.std):
        case(_f, distinct(2, 3), axis=0, ddof=1)
        case(_f, distinct(2, 3), axis=0, correction=1)
        case(_f, distinct(2, 3), np.array([[0.1], [0.2]]), f=lambda x, m, h=_f: h(x, axis=1, mean=m), label="mean=")
    if _f in (np.sum, np.prod):
        case(_f, draw(0, 3), axis=0)
        case(_f, draw(3), initial=2.0)
case(np.prod, np.array([0.0, 2.0, 3.0]), label="a zero")
case(np.prod, np.array([0.0, 2.0, 0.0, 3.0]), label="two zeros")
case(np.prod, draw(7), label="odd")
case(np.sum, draw(2, 3), f=np.add.reduce)
case(np.max, distinct(4), f=lambda x: np.max(x, initial=0.33))

# -- shaping -----------------------------------------------------------------------------------------
case(np.reshape, draw(2, 3), f=lambda x: x.reshape(3, -1))
case(np.reshape, draw(2, 3), f=lambda x: np.reshape(x, 6))
case(np.reshape, draw(0, 3), f=lambda x: x.reshape(3, 0))
case(np.ravel, draw(2, 3))
case(np.ravel, draw(2, 3), f=lambda x: x.flatten())
case(np.ravel, draw(2, 3, 2), f=lambda x: x.ravel("F"), label="order F")
case(np.reshape, draw(2, 3, 2), f=lambda x: x.reshape(4, -1, order="F"), label="order F")
case(np.reshape, draw(2, 3), f=lambda x: np.reshape(x, 6, order="F"), label="order F, to a vector")
case(np.multiply, draw(2), draw(2, 3), f=lambda x, y: np.multiply.outer(x, y), label="outer")
case(np.subtract, draw(3), f=lambda x: np.subtract.outer(x, [1.0, 2.0]), label="outer")
case(np.squeeze, draw(1, 3, 1))
case(np.squeeze, draw(1, 3, 1), axis=0)
case(np.expand_dims, draw(2, 3), axis=(0, -1))
for _f in (np.atleast_1d, np.atleast_2d, np.atleast_3d):
    for _shape in ((), (3,), (2, 3)):
        case(_f, draw(*_shape))
case(np.atleast_2d, draw(), draw(3), label="two")
case(np.transpose, draw(2, 3, 4))
case(np.transpose, draw(2, 3, 4), axes=(1, -1, 0))
case(np.transpose, draw(2, 3), f=lambda x: x.T)
case(np.transpose, draw(3), f=lambda x: x.T)
case(np.transpose, draw(2, 3, 4), f=lambda x: x.transpose(2, 0, 1) + 0)
case(np.matrix_transpose, draw(2, 3, 4))
case(np.matrix_transpose, draw(2, 3), f=lambda x: x.mT)
case(np.swapaxes, draw(2, 3, 4), axis1=0, axis2=-1)
case(np.moveaxis, draw(2, 3, 4), source=0, destination=-1)
case(np.moveaxis, draw(2, 3, 4), source=(0, 1), destination=(-1, -2))
case(np.broadcast_to, draw(3), shape=(2, 3))
case(np.broadcast_to, draw(), shape=(2, 3))
case(np.broadcast_to, draw(2, 1), shape=(4, 2, 3))
case(np.broadcast_arrays, draw(3), draw(2, 1))
case(np.concatenate, draw(2, 3), draw(1, 3), f=lambda *xs: np.concatenate(xs))
case(np.concatenate, draw(2, 3), draw(2, 1), f=lambda *xs: np.concatenate(xs, axis=-1))
case(np.concatenate, draw(2, 2), draw(3), f=lambda *xs: np.concatenate(xs, axis=None))
case(np.concatenate, draw(2, dtype=np.float32), draw(3), f=lambda *xs: np.concatenate(xs), label="mixed")
case(np.concatenate, draw(2), f=lambda x: np.concatenate([x, [1.0, 2.0], x]))
case(np.stack, draw(3), draw(3), f=lambda *xs: np.stack(xs))
case(np.stack, draw(2, 3), draw(2, 3), f=lambda *xs: np.stack(xs, axis=1))
case(np.stack, draw(), draw(), f=lambda x, y: np.stack([x, y, 1.0]))
case(np.hstack, draw(3), draw(2), f=lambda *xs: np.hstack(xs))
case(np.hstack, draw(2, 3), draw(2, 1), f=lambda *xs: np.hstack(xs))
case(np.vstack, draw(3), draw(2, 3), f=lambda *xs: np.vstack(xs))
case(np.dstack, draw(3), draw(3), f=lambda *xs: np.dstack(xs))
case(np.column_stack, draw(3), draw(3, 2), f=lambda *xs: np.column_stack(xs))
for _f in (np.split, np.array_split):
    case(_f, draw(6), f=lambda x, h=_f: h(x, 3))
    case(_f, draw(2, 5), f=lambda x, h=_f: h(x, [1, 3], axis=1))
case(np.array_split, draw(5), f=lambda x: np.array_split(x, 3))
case(np.hsplit, draw(2, 4), f=lambda x: np.hsplit(x, 2))
case(np.vsplit, draw(4, 2), f=lambda x: np.vsplit(x, 2))
for _options in ({}, {"axis": 0}, {"axis": (0, -1)}):
    case(np.flip, draw(2, 3), **_options)
case(np.fliplr, draw(2, 3))
case(np.flipud, draw(2, 3))
case(np.roll, draw(2, 3), shift=1)
case(np.roll, draw(2, 3), shift=(1, 2), axis=(0, -1))
case(np.roll, draw(2, 3), shift=-1, axis=1)
case(np.tile, draw(3), reps=2)
case(np.tile, draw(2, 3), reps=(2, 1, 2))
case(np.repeat, draw(2, 3), repeats=2)
case(np.repeat, draw(2, 3), repeats=2, axis=-1)
case(np.repeat, draw(2, 3), repeats=[1, 0, 2], axis=1)
case(np.pad, draw(2, 3), pad_width=1)
case(np.pad, draw(2, 3), pad_width=((1, 0), (0, 2)), constant_values=1.5)
if np.lib.NumpyVersion(np.__version__) >= "2.1.0":
    case(np.pad, draw(4), f=lambda x: np.pad(x, {0: (1, 2)}))
for _mode in ("edge", "reflect", "symmetric", "wrap"):
    case(np.pad, draw(3, 4), pad_width=((1, 2), (2, 0)), mode=_mode)

# -- indexing ----------------------------------------------------------------------------------------
_INDICES = {
    "int": 1, "negative": -1, "slice": slice(None, None, 2), "backwards": slice(None, None, -1), "newaxis": None,
    "ellipsis": (..., 0), "two ints": (1, 2), "int and slice": (0, slice(1, 3)), "array": np.array([0, 2, 2]),
    "list": [2, 0], "mask": np.array([True, False, True]), "arrays": (np.array([0, 1]), np.array([2, 2])),
    "apart": (np.array([0, 1]), slice(None), np.array([1, 1])), "matrix of indices": np.array([[0, 1], [2, 2]]),
    "empty": np.array([], dtype=int), "numpy int": np.int64(1), "all": (),
}  # fmt: skip
for _label, _index in _INDICES.items():
    case(boxes.getitem, draw(3, 4, 2), f=lambda x, i=_index: x[i], label=_label)
case(boxes.getitem, distinct(5), f=lambda x: x[x > 0], label="mask of itself")
case(boxes.getitem, draw(3, 2), f=lambda x: sum(row[0] * row[1] for row in x), label="iteration")
case(np.take, draw(3, 4), f=lambda x: np.take(x, [0, 5, 5]))
case(np.take, draw(3, 4), f=lambda x: x.take(np.array([[0, -1]]), axis=-1))
case(np.take, draw(4), f=lambda x: np.take(x, [[], []]), label="nothing")
case(np.take, draw(4), f=lambda x: np.take(x, [5, -3], mode="wrap") + np.take(x, [5, -3], mode="clip"))
case(np.take_along_axis, draw(2, 3), f=lambda x: np.take_along_axis(x, np.array([[0, 0], [2, 1]]), axis=1))
case(np.take_along_axis, draw(2, 3), f=lambda x: np.take_along_axis(x, np.array([[1, 0, 1]]), axis=0))
case(np.diagonal, draw(3, 4))
case(np.diagonal, draw(3, 4), offset=1)
case(np.diagonal, draw(2, 3, 4), offset=-1, axis1=-1, axis2=0)
case(np.trace, draw(3, 4))
case(np.trace, draw(2, 3, 4), offset=1, axis1=1, axis2=2)
for _k in (-1, 0, 1):
    case(np.diag, draw(3), k=_k)
    case(np.diag, draw(3, 4), k=_k)
case(np.full_like, draw(3), f=lambda x: np.full_like(x, x[0]))


def _each(f: Callable[..., Any], *batched: Any) -> Callable[..., Any]:
    """``f`` of a row each, and of a batched index each."""
    return lambda *xs: fdezero.vmap(f)(*xs, *batched)


_places = np.array([[2, 0, 2], [1, 1, -3]])
case(boxes.getitem, draw(2, 3), f=_each(lambda x, i: x[i], _places), label="batched places")
case(boxes.getitem, draw(2, 3, 2), f=_each(lambda x, i: x[i, :1], _places), label="batched places and a slice")
case(boxes.at, draw(2, 3), draw(2, 3), f=_each(lambda x, v, i: fdezero.at(x)[i].set(v), _places), label="set batched places")
case(boxes.at, draw(2, 3), draw(2, 3), f=_each(lambda x, v, i: fdezero.at(x)[i].add(v), _places), label="add batched places")
case(
    boxes.at, draw(2, 2, 3), f=lambda x: _each(_each(lambda x, i: fdezero.at(x)[i].set(x * x)), np.stack([_places, _places[::-1]]))(x),
    label="set places batched twice",
)  # fmt: skip

_AT = {
    "int": 1, "slice": slice(0, 2), "array": np.array([0, 2]), "repeated": np.array([1, 1, 2]),
    "mask": np.array([True, False, True, True]), "pair": (np.array([0, 3]), np.array([1, 0])),
}  # fmt: skip
for _label, _index in _AT.items():
    _shape = np.zeros((4, 2))[_index].shape
    for _way in ("set", "add", "multiply", "max", "min"):
        case(boxes.at, distinct(4, 2), distinct(*_shape) + 0.11, f=lambda x, v, i=_index, w=_way: getattr(fdezero.at(x)[i], w)(v), label=f"{_way} {_label}")
case(boxes.at, draw(3), draw(), f=lambda x, v: fdezero.at(fdezero.at(x)[:2].set(v))[0].add(v * v))
case(boxes.at, draw(3), f=lambda x: fdezero.at(x + 0)[1].set(2.0) * 2)
case(boxes.at, draw(), f=lambda v: fdezero.at(np.zeros(3))[1].set(v), label="into a plain array")
case(boxes.at, draw(), f=lambda v: fdezero.at([1, 2, 3])[1].add(v), label="into integers")

# -- products ----------------------------------------------------------------------------------------
for _a, _b in (
    ((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 2)), ((2, 3), (3, 4)), ((5, 2, 3), (3, 4)), ((2, 3), (5, 3, 4)),
    ((5, 1, 2, 3), (4, 3, 2)), ((4, 2, 3), (3,)), ((3,), (4, 3, 2)), ((0, 3), (3, 2)),
):  # fmt: skip
    case(np.matmul, draw(*_a), draw(*_b))
case(np.matmul, draw(2, 3, dtype=np.float32), draw(3, 2, dtype=np.float32))
case(np.matmul, draw(2, 3, dtype=complex), draw(3, 2, dtype=complex))
case(np.matmul, draw(2, 3), draw(3, 2, dtype=complex), label="mixed")
for _a, _b in (((), (3,)), ((3,), (3,)), ((2, 3), (3,)), ((2, 3), (3, 2)), ((4, 2, 3), (3,)), ((2, 3), (4, 3, 2)), ((3,), (4, 3, 2))):
    case(np.dot, draw(*_a), draw(*_b))
case(np.vdot, draw(2, 3), draw(2, 3))
case(np.vdot, draw(3, dtype=complex), draw(3, dtype=complex))
case(np.inner, draw(2, 3), draw(4, 3))
case(np.inner, draw(3), draw(3))
case(np.inner, draw(), draw(3))
case(np.outer, draw(2), draw(3))
case(np.outer, draw(2, 2), draw(3))
case(np.linalg.outer, draw(2), draw(3))
case(np.tensordot, draw(2, 3, 4), draw(3, 4, 2))
case(np.tensordot, draw(2, 3), draw(3, 2), axes=1)
case(np.tensordot, draw(2), draw(3), axes=0)
case(np.tensordot, draw(2, 3, 4), draw(4, 2), axes=((-1, 0), (0, 1)))
case(np.linalg.tensordot, draw(2, 3), draw(3, 2), axes=1)
for _subscripts, *_shapes in (
    ("ij,jk->ik", (2, 3), (3, 2)), ("ij,jk", (2, 3), (3, 2)), ("i,i", (3,), (3,)), ("ij->ji", (2, 3)), ("ij->", (2, 3)),
    ("ij->i", (2, 3)), ("ba", (2, 3)), ("i,j,k->ijk", (2,), (3,), (2,)), ("->", ()), (",i->i", (), (3,)), ("ab,cd->", (2, 3), (3, 2)),
    ("ij,jk,kl->il", (2, 3), (3, 2), (2, 2)), ("ij,kj->i", (2, 3), (4, 3)), ("ij,jk->ik", (2, 0), (0, 3)), ("AB,BA->A", (2, 3), (3, 2)),
    # what stands for the leading axes
    ("...ij,...jk->...ik", (4, 2, 3), (3, 2)), ("b...,b...->b...", (2, 3), (2, 3)), ("i...->...", (2, 3)), ("...i->i...", (2, 3)),
    ("...ij,...jk", (4, 2, 3), (3, 2)), ("...,...->...", (2, 1), (1, 3)), ("...i,...i->...", (4, 1, 3), (2, 3)), ("..., ...", (2,), (2,)),
    # repeated labels
    ("ii", (3, 3)), ("ii->i", (3, 3)), ("iij->j", (2, 2, 3)), ("ii,i->", (3, 3), (3,)), ("iii->i", (2, 2, 2)), ("iji->j", (2, 3, 2)),
    ("...ii->...i", (2, 3, 3)), ("...ii->...", (2, 3, 3)), ("ij,ijij->", (2, 3), (2, 3, 2, 3)),
    # a size of 1 that is broadcast, kept or summed out
    ("ij,ij->ij", (1, 3), (2, 3)), ("ij,ij->j", (1, 3), (2, 3)), ("ij,ij->", (1, 3), (2, 3)), ("ij,jk->ik", (2, 1), (3, 2)),
    ("ij,jk->ik", (2, 3), (1, 2)), ("ii,ij->j", (1, 1), (3, 2)), ("ii,ij->ij", (3, 3), (1, 2)), ("ii,jj->ij", (1, 1), (2, 2)),
    ("iij,ii->ji", (1, 1, 3), (2, 2)), ("ij,ij,ij->j", (1, 3), (2, 1), (2, 3)), ("ij,ij->i", (2, 0), (2, 1)),
):  # fmt: skip
    case(np.einsum, *(draw(*s) for s in _shapes), f=lambda *xs, s=_subscripts: np.einsum(s, *xs), label=_subscripts)
for _optimize in (True, "greedy", "optimal", ["einsum_path", (0, 1), (0, 1)]):
    case(np.einsum, draw(2, 3), draw(3, 2), draw(2, 2), f=lambda *xs, o=_optimize: np.einsum("ij,jk,kl->il", *xs, optimize=o), label=f"{_optimize}")
case(np.einsum, draw(2, 1), draw(1, 3), f=lambda x, y: np.einsum("...,...->", x, y, optimize=True), label="... summed out")
for _lists in (([0, 1], [1, 2], [0, 2]), ([0, 1], [1, 2]), ([30, 26], [26, 51], [51, 30]), ([..., 0], [0, 1], [..., 1]), ((0, 1), [1, 0], [])):
    case(np.einsum, draw(2, 3), draw(3, 2), f=lambda x, y, i=_lists: np.einsum(x, i[0], y, *i[1:]), label=f"{_lists}")
case(np.einsum, draw(2, 3, dtype=np.float32), f=lambda x: np.einsum("ij->j", x, dtype=float), label="dtype")
case(np.einsum, draw(2, 2, dtype=complex), draw(2, 2, dtype=complex), f=lambda x, y: np.einsum("ij,jk->ik", x, y))

# -- linear algebra: of x x^T + 1 where the argument must be symmetric, of what does not turn otherwise
def _spd(x: Any) -> Any:
    return x @ np.conjugate(np.swapaxes(x, -1, -2)) + np.eye(x.shape[-1])


for _shape in ((3, 3), (2, 3, 3)):
    _x, _v = draw(*_shape) + 3 * np.eye(3), draw(*_shape[:-1], 2)
    case(np.linalg.solve, _x, _v)
    case(np.linalg.inv, _x)
    case(np.linalg.det, _x)
    case(np.linalg.slogdet, _x)
    case(np.linalg.cholesky, _x, f=lambda x: np.linalg.cholesky(_spd(x)))
    case(np.linalg.eigvalsh, _x, f=lambda x: np.linalg.eigvalsh(_spd(x)))
    case(np.linalg.eigh, _x, f=lambda x: np.abs(np.linalg.eigh(_spd(x)).eigenvectors))
    case(np.linalg.svdvals, _x)
    case(np.linalg.svd, _x, f=lambda x: [np.abs(a) for a in np.linalg.svd(x)])
case(np.linalg.solve, draw(3, 3) + 3 * np.eye(3), draw(3))
case(np.linalg.solve, draw(3, 3) + 3 * np.eye(3), draw(2, 3, 2))
case(np.linalg.cholesky, draw(3, 3), f=lambda x: np.linalg.cholesky(_spd(x), upper=True))
case(np.linalg.eigvalsh, draw(3, 3), f=lambda x: np.linalg.eigvalsh(_spd(x), UPLO="U"))
case(np.linalg.det, np.array([[1.0, 2.0, 3.0], [2.0, 4.0, 6.0], [1.0, 0.5, 1.0]]), label="singular")
case(np.linalg.det, np.array([[2.0]]))
for _shape in ((4, 2), (2, 4)):
    case(np.linalg.svd, draw(*_shape), f=lambda x: [np.abs(a) for a in np.linalg.svd(x, full_matrices=False)])
    case(np.linalg.svd, draw(*_shape), compute_uv=False)
_z = draw(2, 2, dtype=complex) + 3 * np.eye(2)
case(np.linalg.solve, _z, draw(2, 2, dtype=complex))
case(np.linalg.inv, _z)
case(np.linalg.det, _z)
case(np.linalg.slogdet, _z)
case(np.linalg.cholesky, _z, f=lambda x: np.linalg.cholesky(_spd(x)))
case(np.linalg.eigvalsh, _z, f=lambda x: np.linalg.eigvalsh(_spd(x)))
case(np.linalg.svdvals, _z)
for _ord in (None, 1, 2, 3, 1.5, np.inf, -np.inf, 0.5):
    case(np.linalg.norm, draw(4), ord=_ord)
    case(np.linalg.norm, draw(2, 3), ord=_ord, axis=0, keepdims=True)
for _ord in (None, "fro", "nuc", 1, -1, 2, -2, np.inf, -np.inf):
    case(np.linalg.norm, draw(3, 2), ord=_ord)
case(np.linalg.norm, draw(2, 3, 2), axis=(0, 2), keepdims=True, ord=1)
case(np.linalg.norm, draw(2, 3, 2))
case(np.linalg.norm, draw(3, dtype=complex))
case(np.linalg.norm, draw(3, dtype=np.float32))
case(np.linalg.vector_norm, draw(2, 3), axis=1)
case(np.linalg.vector_norm, draw(2, 3), ord=0)
case(np.linalg.matrix_norm, draw(2, 3, 3), ord="nuc", keepdims=True)

linalg_cases.declare(case, draw)

# -- sorting and scans -------------------------------------------------------------------------------
case(np.sort, distinct(5))
case(np.sort, distinct(3, 4), axis=0)
case(np.sort, distinct(3, 4), axis=None)
for _f in (np.cumsum, np.cumprod):
    case(_f, draw(5))
    case(_f, draw(2, 3))
    case(_f, draw(2, 3, 2), axis=1)
    case(_f, draw(2, 3, 2), axis=-1, dtype=float)
case(np.cumprod, np.array([2.0, 0.0, 3.0, 0.0]), label="zeros")

# -- no derivative: each function with a call whose result must be what plain NumPy gives ------------
_x = distinct(2, 3)
CONSTANT: dict[Any, Callable[[Any], Any]] = {
    **{f: f for f in (
        np.sign, np.floor, np.ceil, np.trunc, np.rint, np.isfinite, np.isinf, np.isnan, np.signbit, np.logical_not, np.spacing,
        np.argmax, np.argmin, np.argsort, np.argwhere, np.flatnonzero, np.nonzero, np.count_nonzero, np.all, np.any,
        np.iscomplex, np.isreal, np.iscomplexobj, np.isrealobj, np.result_type, np.shape, np.ndim, np.size, np.round, np.around,
        np.isposinf, np.isneginf, np.array_repr, np.array_str, np.array2string, np.min_scalar_type,
        np.zeros_like, np.ones_like,
    )},
    **{f: (lambda x, f=f: f(x, 0.5)) for f in (
        np.equal, np.not_equal, np.less, np.less_equal, np.greater, np.greater_equal, np.logical_and, np.logical_or,
        np.logical_xor, np.heaviside, np.floor_divide, np.isclose, np.allclose, np.array_equal, np.array_equiv,
    )},
    **{f: (lambda x, f=f: f(x > 0, x < 1)) for f in (np.bitwise_and, np.bitwise_or, np.bitwise_xor)},
    np.invert: lambda x: np.invert(x > 0),
    np.argpartition: lambda x: np.argpartition(x, 1, axis=1),
    np.searchsorted: lambda x: np.searchsorted(np.array([-0.5, 0.5]), x),
    np.digitize: lambda x: np.digitize(x, np.array([-0.5, 0.5])),
    np.isin: lambda x: np.isin(x, [0.5]),
    np.may_share_memory: lambda x: np.may_share_memory(x, np.zeros(2)),
    np.shares_memory: lambda x: np.shares_memory(x, np.zeros(2)),
    np.can_cast: lambda x: (np.can_cast(x.dtype, np.float32), np.can_cast(x, float)),
    np.empty_like: lambda x: np.empty_like(x).shape,
    boxes.truth: lambda x: bool(x[0, 0]),
    np.astype: lambda x: x.astype(int),
    np.linalg.matrix_rank: np.linalg.matrix_rank,
}  # fmt: skip
#: What is refused, with a reason; see tests/test_coverage.py.
REFUSED = {function for function, known in boxes.implementations.items() if isinstance(known.function, Refusal)}
#: Aliases and constructors that hand back a Box as it is.
SAME = {np.asarray, np.asanyarray, np.ascontiguousarray, np.ufunc.reduce, np.ufunc.outer}

# Files that add to the table, a file an area.
from . import (  # noqa: E402, F401
    calculus_cases,
    choosing_cases,
    emath_cases,
    fft_cases,
    histogram_cases,
    joining_cases,
    polynomial_cases,
    statistics_cases,
    ufunc_method_cases,
)
