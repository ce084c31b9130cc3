"""Products of matrices by the BLAS that NumPy brings, where it is found."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from ..fuse import Node
from ..views import View, broadcast, contiguous, rows
from .code import literal

if TYPE_CHECKING:
    from fdezero.jit.llvm_backend.kernel import Function

ROW_MAJOR, PLAIN, TRANSPOSED = 101, 111, 112
#: Multiplications from which a call of BLAS costs less than loops: it has code for small matrices, too.
WORTH = 8


def by_blas(m: int, k: int, n: int, dtype: np.dtype[Any]) -> bool:
    """Whether a product of matrices of this size is given to BLAS: one of two matrices, not small."""
    return dtype.kind == "f" and m > 1 and n > 1 and m * k * n > WORTH


def _way(view: View) -> tuple[int, int]:
    """How BLAS is told to read a matrix: transposed or not, and the distance of its rows or columns."""
    found = rows(view)
    assert found is not None  # fusion copies what BLAS cannot read
    return (PLAIN if found[0] else TRANSPOSED), found[1]


def product(f: Function, node: Node) -> None:
    """A stack of products, one call each."""
    x, y = node.operands
    k, shape = f.kind(node.value), f.types[node.value].shape
    stack = shape[:-2]
    (m, inner), n = x.shape[-2:], y.shape[-1]
    if math.prod(shape) == 0 or inner == 0:
        f.fill(node.value, 0)
        return
    x, y = broadcast(x, (*stack, m, inner)), broadcast(y, (*stack, inner, n))
    strides = contiguous(shape)
    (trans_x, ld_x), (trans_y, ld_y) = _way(x), _way(y)
    name = f"scipy_cblas_{'d' if k.itemsize == 8 else 's'}gemm64_"
    f.calls.add(name)
    t = k.register

    def at(view_base: int, offset: int, steps: list[int], indices: list[str]) -> str:
        total = str(offset)
        for i, step in zip(indices, steps, strict=True):
            if step and i != "0":
                total = f.code.put(f"add nsw i64 {total}, {f.code.put(f'mul nsw i64 {i}, {step}')}")
        return f.address(view_base, total)

    def one(indices: list[str]) -> None:
        a = at(x.base, x.offset, list(x.strides[:-2]), indices)
        b = at(y.base, y.offset, list(y.strides[:-2]), indices)
        c = at(node.value, 0, list(strides[:-2]), indices)
        arguments = f"i32 {ROW_MAJOR}, i32 {trans_x}, i32 {trans_y}, i64 {m}, i64 {n}, i64 {inner}, {t} {literal(1.0, k)}, "
        arguments += f"ptr {a}, i64 {ld_x}, ptr {b}, i64 {ld_y}, {t} {literal(0.0, k)}, ptr {c}, i64 {n}"
        f.code.do(f"call void @{name}({arguments})")

    def nest(axis: int, indices: list[str]) -> list[str]:
        if axis == len(stack):
            one(indices)
            return []
        return f.code.loop(0, stack[axis], 1, (), lambda i, _: nest(axis + 1, [*indices, i]))

    nest(0, [])


def declaration(name: str) -> str:
    """The declaration of a BLAS function by its symbol."""
    t = "double" if "_dgemm" in name else "float"
    return f"declare void @{name}(i32, i32, i32, i64, i64, i64, {t}, ptr, i64, ptr, i64, {t}, ptr, i64)"
