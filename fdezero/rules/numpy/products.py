"""Products: matmul and its kin, dot, inner, outer, tensordot, einsum.  All are linear in each argument.

Each has the last one or two axes of its arguments as its own and broadcasts over the rest, as
NumPy's generalised ufuncs do.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from ...core.declare import implements, multilinear, multilinear_in_all
from ...core.graph import Array
from ...core.primitives import Multilinear
from .helpers import as_operand, trailing


def column(v: Array) -> Array:
    return v[..., None]


def row(v: Array) -> Array:
    return v[..., None, :]


def _matrix_vector(x: Array, y: Array) -> Array:
    """``x @ y`` of matrices and vectors, of either one or many.

    One matrix times many vectors is one product of two matrices: for a thousand vectors of 64 numbers
    that takes less than half the time of a thousand products.
    """
    if len(y.shape) == 1:
        return x @ y
    return y @ x.T if len(x.shape) == 2 else (x @ column(y))[..., 0]


matmul_mm = multilinear(operator.matmul, lambda g, y: g @ y.mT, lambda g, x: x.mT @ g, name="matmul", core=(2, 2))
matmul_mv: Multilinear = multilinear(
    lambda x, y: _matrix_vector(x, y),
    lambda g, y: outer_vv(g, y),
    lambda g, x: matmul_mv(x.mT, g),
    name="matmul",
    core=(2, 1),
)
matmul_vm = multilinear(
    # As for `_matrix_vector`: many vectors times one matrix are one product of two matrices.
    lambda x, y: x @ y if len(x.shape) == 1 or len(y.shape) == 2 else (row(x) @ y)[..., 0, :],
    lambda g, y: matmul_mv(y, g),
    lambda g, x: outer_vv(x, g),
    name="matmul",
    core=(1, 2),
)
matmul_vv = multilinear(
    lambda x, y: x @ y if len(y.shape) == 1 else y @ x if len(x.shape) == 1 else (row(x) @ column(y))[..., 0, 0],
    lambda g, y: column(g) * y if g.shape else g * y,
    lambda g, x: column(g) * x if g.shape else g * x,
    name="matmul",
    core=(1, 1),
)
#: One column times one row, or many: on 256 pairs of 32 numbers, einsum takes a third of the time of a product that broadcasts.
outer_vv: Multilinear = multilinear(
    lambda x, y: column(x) * y if len(x.shape) == 1 == len(y.shape) else np.einsum("...i,...j->...ij", x, y),
    lambda g, y: matmul_mv(g, y),
    lambda g, x: matmul_mv(g.mT, x),
    name="outer",
    core=(1, 1),
)


@implements(np.matmul)
def matmul(x: Array, y: Array) -> Array:
    try:  # `as_operand` asks for the shapes too, and a Box takes its time to tell
        m, n = len(x.shape), len(y.shape)
    except AttributeError:
        return matmul(as_operand(x), as_operand(y))
    if m > 1 and n > 1:
        return matmul_mm(x, y)
    if not (m and n):
        raise ValueError("matmul: an argument has no dimensions; use * to multiply by a scalar")
    return (matmul_vv if m == n == 1 else matmul_mv if n == 1 else matmul_vm)(x, y)


@implements(np.dot)
def dot(a: Array, b: Array) -> Array:
    a, b = as_operand(a), as_operand(b)
    m, n = len(a.shape), len(b.shape)
    if not (m and n):
        return a * b
    if (n <= 2 and m <= 2) or n == 1:
        return a @ b
    return np.tensordot(a, b, axes=((m - 1,), (n - 2,)))


@implements(np.vdot)
def vdot(a: Array, b: Array) -> Array:
    return np.dot(np.conjugate(as_operand(a)).reshape(-1), as_operand(b).reshape(-1))


@implements(np.inner)
def inner(a: Array, b: Array) -> Array:
    a, b = as_operand(a), as_operand(b)
    if not (len(a.shape) and len(b.shape)):
        return a * b
    return np.tensordot(a, b, axes=((-1,), (-1,)))


@implements(np.outer)
def outer(a: Array, b: Array) -> Array:
    return outer_vv(as_operand(a).reshape(-1), as_operand(b).reshape(-1))


@implements(np.tensordot, np.linalg.tensordot)
def tensordot(a: Array, b: Array, axes: Any = 2) -> Array:
    a, b = as_operand(a), as_operand(b)
    m, n = len(a.shape), len(b.shape)
    if isinstance(axes, (int, np.integer)):
        axes = (tuple(range(m - axes, m)), tuple(range(axes)))
    left, right = trailing(axes[0], m), trailing(axes[1], n)
    if [a.shape[i] for i in left] != [b.shape[i] for i in right]:
        raise ValueError("shape-mismatch for sum")
    keep_a = tuple(i for i in range(-m, 0) if i not in left)
    keep_b = tuple(i for i in range(-n, 0) if i not in right)
    inner_size = math.prod(a.shape[i] for i in left)
    rows = np.transpose(a, (*keep_a, *left)).reshape((-1 if inner_size else math.prod(a.shape[i] for i in keep_a), inner_size))
    columns = np.transpose(b, (*right, *keep_b)).reshape((inner_size, math.prod(b.shape[i] for i in keep_b)))
    return (rows @ columns).reshape([a.shape[i] for i in keep_a] + [b.shape[i] for i in keep_b])


# -- einsum ------------------------------------------------------------------------------------------
Labels = str

#: The labels that einsum takes.
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def _parse(subscripts: str, operands: Sequence[Array], sums_hidden: bool) -> tuple[list[Labels], Labels]:
    """The labels of each operand and of the result, with ``...`` spelled out in unused letters.

    NumPy sums over what ``...`` stands for (``sums_hidden``) only with ``optimize=``.
    """
    subscripts = subscripts.replace(" ", "")
    terms, arrow, result = subscripts.partition("->")
    inputs = terms.split(",")
    if len(inputs) != len(operands):
        raise ValueError(f"einsum: {len(inputs)} subscripts for {len(operands)} operands")
    unused = [c for c in LETTERS if c not in subscripts]
    hidden = [len(x.shape) - len(t.replace("...", "")) if "..." in t else 0 for t, x in zip(inputs, operands, strict=True)]
    letters = "".join(unused[: max(hidden, default=0)])
    inputs = [t.replace("...", letters[len(letters) - h :]) for t, h in zip(inputs, hidden, strict=True)]
    for t, x in zip(inputs, operands, strict=True):
        if len(t) != len(x.shape):
            raise ValueError(f"einsum: the subscripts {t!r} do not fit an operand of shape {x.shape}")
    if arrow:
        if letters and "..." not in result and not sums_hidden:
            raise ValueError(f"einsum: '...' stands for {len(letters)} axes, and is not in the result; write '->...{result}'")
        return inputs, result.replace("...", letters)
    joined = "".join(inputs)
    once = sorted(c for c in set(joined) if joined.count(c) == 1 and c not in letters)
    return inputs, letters + "".join(once)


def _einsum_transpose(
    g: Array, xs: Sequence[Array], likes: Sequence[Any], *, inputs: Sequence[Labels], output: Labels
) -> list[Any]:
    return [
        None if like is None else _operand_cotangent(g, xs, like.shape, k, inputs, output) for k, like in enumerate(likes)
    ]


def _operand_cotangent(
    g: Array, xs: Sequence[Array], shape: tuple[int, ...], k: int, inputs: Sequence[Labels], output: Labels
) -> Array:
    """The transpose in one operand: an einsum of the cotangent with the others.

    A label of this operand alone was summed over: its cotangent is repeated.  A label that it has
    twice was a diagonal: its cotangent is put there.  A size of 1 that was broadcast is summed out; one
    that all the others have is broadcast.
    """
    others = [(t, x) for i, (t, x) in enumerate(zip(inputs, xs, strict=True)) if i != k]
    mine = "".join(dict.fromkeys(inputs[k]))
    elsewhere = output + "".join(t for t, _ in others)
    shared = "".join(c for c in mine if c in elsewhere)
    c = _summed_products(g, *[x for _, x in others], inputs=[output, *[t for t, _ in others]], output=shared)
    sizes = dict(zip(inputs[k], shape, strict=True))
    summed = tuple(i for i, label in enumerate(shared) if sizes[label] == 1 and c.shape[i] != 1)
    if summed:
        c = np.sum(c, axis=summed, keepdims=True)
    if shared != mine:
        c = c[tuple(slice(None) if label in shared else None for label in mine)]
    wanted = tuple(sizes[label] for label in mine)
    if c.shape != wanted:
        c = np.broadcast_to(c, wanted)
    for label in mine:
        if inputs[k].count(label) > 1:
            return _on_diagonal(c, mine, inputs[k], sizes)
    return c


def _on_diagonal(c: Array, mine: Labels, wanted: Labels, sizes: dict[str, int]) -> Array:
    """Put the cotangent of a repeated label on the diagonal: multiply by the identity."""
    fresh = iter(x for x in LETTERS if x not in wanted)
    labels, eyes = [], []
    for i, label in enumerate(wanted):
        if label in wanted[:i]:
            new = next(fresh)
            eyes.append((label + new, np.eye(sizes[label], dtype=c.dtype)))
            labels.append(new)
        else:
            labels.append(label)
    return np.einsum(",".join([mine, *[t for t, _ in eyes]]) + "->" + "".join(labels), c, *[e for _, e in eyes])


#: From so many multiplications on, a product of matrices takes less time than np.einsum's own loop.
_WORTH_A_MATRIX_PRODUCT = 40_000


def _summed_products(*xs: Array, inputs: Sequence[Labels], output: Labels) -> Array:
    """np.einsum, which for two operands makes no products of matrices unless it is told to.

    For the scores of 4 heads of attention, 64 x 16 numbers each, they take a fifth of the time; for more than two
    operands it finds the order itself.
    """
    worth = len(xs) > 2
    if len(xs) == 2 and xs[0].size * xs[1].size >= _WORTH_A_MATRIX_PRODUCT:
        (x, y), (left, right) = xs, inputs
        sizes = dict(zip(left + right, x.shape + y.shape, strict=True))
        is_sum = any(label not in output for label in sizes)
        worth = is_sum and math.prod(sizes.values()) >= _WORTH_A_MATRIX_PRODUCT
        if worth and type(x) is type(y) is np.ndarray and _fit(left, right, output, x, y):
            return _matrix_product(x, y, left, right, output)
    return np.einsum(",".join(inputs) + "->" + output, *xs, optimize=worth)


def _fit(left: Labels, right: Labels, output: Labels, x: Array, y: Array) -> bool:
    """True where every label is there once, is in two of three terms, and has one size: what a product of matrices needs."""
    if any(len(set(term)) < len(term) for term in (left, right)) or not set(left) ^ set(right) <= set(output):
        return False
    return all(label not in right or n == y.shape[right.index(label)] for label, n in zip(left, x.shape, strict=True))


def _matrix_product(x: Array, y: Array, left: Labels, right: Labels, output: Labels) -> Array:
    """The einsum of two plain arrays as one product of two stacks of matrices.

    Of views where it can be: NumPy (2.4, with ``optimize=True``) copies both, which takes a fifth more.
    """
    stack = [label for label in output if label in left and label in right]
    rows = [label for label in output if label not in right]
    columns = [label for label in output if label not in left]
    summed = [label for label in left if label not in output]
    if rows and columns and output.index(columns[0]) < output.index(rows[0]):
        return _matrix_product(y, x, right, left, output)
    product = _matrices(x, left, stack, rows, summed) @ _matrices(y, right, stack, summed, columns)
    sizes = dict(zip(left + right, x.shape + y.shape, strict=True))
    labels = [*stack, *rows, *columns]
    return product.reshape([sizes[label] for label in labels]).transpose([labels.index(label) for label in output])


def _matrices(x: Array, labels: Labels, stack: list[str], first: list[str], second: list[str]) -> Array:
    """The axes of ``stack``, and one axis each for the labels of ``first`` and ``second``."""
    x = x.transpose([labels.index(label) for label in (*stack, *first, *second)])
    i, j = len(stack), len(stack) + len(first)
    x = x.reshape((*x.shape[:i], math.prod(x.shape[i:j]), math.prod(x.shape[j:])))
    (m, n), (down, across) = x.shape[-2:], x.strides[-2:]
    as_blas_takes_it = (across == x.itemsize and down >= n * across) or (down == x.itemsize and across >= m * down)
    return x if as_blas_takes_it else np.ascontiguousarray(x)


def _batch_contract(primitive: Any, values: list[Array], batched: Sequence[bool], size: int, params: Any) -> Array:
    """One more label in front, of the batch axis."""
    used = params["output"] + "".join(params["inputs"])
    label = next(c for c in LETTERS if c not in used)
    inputs = tuple(label * b + labels for labels, b in zip(params["inputs"], batched, strict=True))
    return primitive(*values, inputs=inputs, output=label + params["output"])


contract = multilinear_in_all(_summed_products, _einsum_transpose, name="einsum", batch=_batch_contract)


@implements(np.einsum)
def einsum(
    *operands: Any, optimize: Any = False, dtype: Any = None, order: str = "K", casting: Any = "safe"
) -> Array:
    """The order of contraction, and that of the result in memory, are not the caller's to choose here."""
    if not isinstance(operands[0], str):
        operands = _from_sublists(operands)
    xs = [as_operand(x) for x in operands[1:]]
    if dtype is not None:
        xs = [_cast(x, dtype, casting) for x in xs]
    inputs, output = _parse(operands[0], xs, optimize is not False)
    return contract(*xs, inputs=tuple(inputs), output=output)


def _cast(x: Array, dtype: Any, casting: Any) -> Array:
    if not np.can_cast(x.dtype, dtype, casting):
        raise TypeError(f"numpy.einsum: {x.dtype} cannot be cast to {np.dtype(dtype)} with casting={casting!r}")
    return x.astype(dtype)


def _from_sublists(operands: Sequence[Any]) -> tuple[Any, ...]:
    """``einsum(a, [0, 1], b, [1, 2], [0, 2])`` in letters."""
    pairs, result = operands[: len(operands) // 2 * 2], operands[len(operands) // 2 * 2 :]

    def letters(sublist: Sequence[Any]) -> str:
        if not all(i is Ellipsis or 0 <= i < len(LETTERS) for i in sublist):
            raise ValueError(f"einsum: the subscripts of a list are from 0 to {len(LETTERS) - 1}; got {sublist}")
        return "".join("..." if i is Ellipsis else LETTERS[i] for i in sublist)

    terms = ",".join(map(letters, pairs[1::2]))
    return (terms + "->" + letters(result[0]) if result else terms, *pairs[::2])
