"""Products of matrices and vectors, one or many, as products of stacks of matrices; outer products; einsum."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ...rules.numpy import products
from ..builder import Builder, broadcast_shape, loop_of
from ..program import Matmul, Type
from .elementwise import Emit

# -- matmul ------------------------------------------------------------------------------------------


def _product(b: Builder, x: int, y: int) -> int:
    """``x @ y`` of two stacks of matrices, in the dtype that NumPy chooses."""
    dtype = loop_of(np.matmul, ((b.dtype(x), False), (b.dtype(y), False)))[-1]
    (*many, rows, _), (*others, _, columns) = b.shape(x), b.shape(y)
    shape = (*broadcast_shape(tuple(many), tuple(others)), rows, columns)
    return b.emit(Matmul(), (b.cast(x, dtype), b.cast(y, dtype)), Type(shape, dtype))


def _column(b: Builder, x: int) -> int:
    return b.reshape(x, (*b.shape(x), 1))


def _row(b: Builder, x: int) -> int:
    return b.reshape(x, (*b.shape(x)[:-1], 1, b.shape(x)[-1]))


def _turned(b: Builder, x: int) -> int:
    """A matrix, transposed."""
    return b.transpose(x, (1, 0))


def _matrices(b: Builder, out: Type, xs: tuple[int, ...], params: Mapping[str, Any]) -> int:
    return _product(b, *xs)


def _matrix_vector(b: Builder, out: Type, xs: tuple[int, ...], params: Mapping[str, Any]) -> int:
    """One matrix times many vectors is one product of two matrices."""
    x, y = xs
    if len(b.shape(x)) == 2 and len(b.shape(y)) > 1:
        return _product(b, y, _turned(b, x))
    return b.reshape(_product(b, x, _column(b, y)), out.shape)


def _vector_matrix(b: Builder, out: Type, xs: tuple[int, ...], params: Mapping[str, Any]) -> int:
    x, y = xs
    if len(b.shape(y)) == 2 and len(b.shape(x)) > 1:
        return _product(b, x, y)
    return b.reshape(_product(b, _row(b, x), y), out.shape)


def _vectors(b: Builder, out: Type, xs: tuple[int, ...], params: Mapping[str, Any]) -> int:
    """One vector times many is one matrix times a vector."""
    x, y = xs if len(b.shape(xs[0])) >= len(b.shape(xs[1])) else xs[::-1]
    if len(b.shape(x)) > 1 and len(b.shape(y)) == 1:
        return b.reshape(_product(b, x, _column(b, y)), out.shape)
    return b.reshape(_product(b, _row(b, xs[0]), _column(b, xs[1])), out.shape)


def _outer(b: Builder, out: Type, xs: tuple[int, ...], params: Mapping[str, Any]) -> int:
    return b.map(np.multiply, _column(b, xs[0]), _row(b, xs[1]))


# -- einsum ------------------------------------------------------------------------------------------


def _einsum(b: Builder, out: Type, xs: tuple[int, ...], params: Mapping[str, Any]) -> int | None:
    """Of one or two operands, whose labels each stand once and for one size.

    The labels of two are of both and in the result, of one and in the result, or of both and summed over: a sum over a
    label of one alone before the product would differ where there are infinities.
    """
    inputs, output = params["inputs"], params["output"]
    sizes = {(label, n) for labels, x in zip(inputs, xs, strict=True) for label, n in zip(labels, b.shape(x), strict=True)}
    once = all(len({*labels}) == len(labels) for labels in (*inputs, output)) and len({k for k, _ in sizes}) == len(sizes)
    if len(xs) > 2 or not once or out.dtype.kind not in "fc":
        return None
    cast = [b.cast(x, out.dtype) for x in xs]
    if len(xs) == 1:
        summed = [a for a, label in enumerate(inputs[0]) if label not in output]
        total = b.reduce(np.add, cast[0], summed) if summed else cast[0]
        return _in_order(b, total, [c for c in inputs[0] if c in output], output)
    if not {*inputs[0]} ^ {*inputs[1]} <= {*output}:
        return None
    left, right = [(x, list(labels)) for x, labels in zip(cast, inputs, strict=True)]
    return _two(b, left, right, output)


Term = tuple[int, list[str]]


def _in_order(b: Builder, x: int, labels: Sequence[str], wanted: Sequence[str]) -> int:
    """The axes of ``x`` that have these labels, in another order."""
    return b.transpose(x, [labels.index(label) for label in wanted])


def _two(b: Builder, left: Term, right: Term, output: str) -> int:
    both = [c for c in left[1] if c in right[1]]
    many, summed = [c for c in both if c in output], [c for c in both if c not in output]
    rows, columns = [c for c in left[1] if c not in both], [c for c in right[1] if c not in both]
    sizes = dict(zip(left[1], b.shape(left[0]), strict=True)) | dict(zip(right[1], b.shape(right[0]), strict=True))
    if summed and (rows or columns):
        x = _grouped(b, left, (many, rows, summed), sizes)
        y = _grouped(b, right, (many, summed, columns), sizes)
        product, labels = _product(b, x, y), [*many, *rows, *columns]
        return _in_order(b, b.reshape(product, tuple([sizes[c] for c in labels])), labels, output)
    labels = [*many, *rows, *columns, *summed]
    product = b.map(np.multiply, *[_spread(b, *term, labels, sizes) for term in (left, right)])
    total = b.reduce(np.add, product, range(len(labels) - len(summed), len(labels))) if summed else product
    return _in_order(b, total, labels[: len(labels) - len(summed)], output)


def _grouped(b: Builder, term: Term, groups: tuple[list[str], ...], sizes: Mapping[str, int]) -> int:
    """A stack of matrices: the axes of the first group, then one axis each for the two others."""
    many, first, second = groups
    x = _in_order(b, *term, [*many, *first, *second])
    shape = (*[sizes[c] for c in many], math.prod(sizes[c] for c in first), math.prod(sizes[c] for c in second))
    return b.reshape(x, shape)


def _spread(b: Builder, x: int, labels: list[str], wanted: list[str], sizes: Mapping[str, int]) -> int:
    """The axes in the wanted order, with 1 for those that ``x`` has not."""
    there = [c for c in wanted if c in labels]
    return b.reshape(_in_order(b, x, labels, there), tuple([sizes[c] if c in labels else 1 for c in wanted]))


TABLE: dict[Any, Emit] = {
    products.matmul_mm: _matrices,
    products.matmul_mv: _matrix_vector,
    products.matmul_vm: _vector_matrix,
    products.matmul_vv: _vectors,
    products.outer_vv: _outer,
    products.contract: _einsum,
}
