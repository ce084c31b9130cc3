"""What programs write between the mathematics: conversions, copies, lists, loops, masks, checks, prints."""

import functools

import numpy

import fdezero.numpy as np
from fdezero import elementwise_grad, grad, hessian, jacobian

A = np.random.RandomState(0).randn(4, 3)
VECTOR = np.array([0.7, -1.2, 2.1])
MATRIX = np.array([[2.0, 0.3, 0.1], [0.3, 1.5, 0.2], [0.1, 0.2, 1.1]])


def in_place(x):
    y = x * 1
    y += x
    y *= 2
    y -= 1
    y /= 3
    y **= 2
    return np.sum(y)


def added_up(x):
    total = 0
    for v in x:
        total += v**2
    return total


def without_warnings(x):
    with np.errstate(all="ignore"):
        return np.sum(np.log(np.abs(x)))


def logged(x):
    text = f"{x} {x[0]:.3f} %s {len(x)} {x.shape}" % (x,)
    return np.sum(x**2) * (len(text) > 0)


class Scaled:
    def __init__(self, x):
        self.x = np.asarray(x)
        self.norm = np.linalg.norm(self.x)

    def value(self):
        return self.norm * self.x[0]


#: Of a vector of three numbers.
OF_VECTOR = {
    "array of an array": lambda x: np.sum(np.array(x, dtype=float) ** 2),
    "array of numbers": lambda x: np.sum(np.array([x[0], 1.0, 2]) ** 2),
    "array of rows": lambda x: np.sum(np.array([x, 2 * x, [1, 2, 3]]).prod(axis=0)),
    "array of nested lists": lambda x: np.linalg.det(np.array([[x[0], 1], [x[1], x[2]]], dtype=float)),
    "array of a generator's": lambda x: np.sum(np.array(tuple(v**2 for v in x))),
    "asarray": lambda x: np.sum(np.asarray(x, dtype=float) ** 2) + np.sum(np.asarray([x[0], x[1]]) ** 2),
    "astype and copy": lambda x: np.sum(x.astype(float) ** 2) + np.sum(x.copy()) + np.sum(np.copy(x) ** 3),
    "builtins": lambda x: sum(x**2) + max(x[0], x[1]) * min(list(x)) + sorted(x)[0] + abs(x[1]),
    "zip and enumerate": lambda x: sum(a * b for a, b in zip(x, A[0])) + sum([v * i for i, v in enumerate(x)]),
    "unpacking": lambda x: (lambda a, b, c: a * b + c)(*x),
    "reduce": lambda x: functools.reduce(np.logaddexp, x),
    "a dict of numbers": lambda x: sum({str(i): v**2 for i, v in enumerate(x)}.values()),
    "functions of lists": lambda x: np.max([x[0], x[1]]) + np.mean([x[0], x[1] * 2]) + np.sum([v**2 for v in x]),
    "append": lambda x: np.sum(np.append(x, 1.0) ** 2) + np.sum(np.append(x, x[0]) ** 2),
    "joined with numbers": lambda x: np.sum(np.hstack([x, 1.0]) ** 2) + np.sum(np.hstack([x, [1.0, x[0]]]) ** 2),
    "joined with lists": lambda x: np.sum(np.concatenate((x, [1.0])) ** 2) + np.sum(np.vstack([x[0], x[1]]) ** 2),
    "joined by an index": lambda x: np.sum(np.r_[x, 1.0] ** 2) + np.sum(np.c_[x, x] ** 2),
    "in place": in_place,
    "a total": added_up,
    "an error state": without_warnings,
    "a text": logged,
    "an object": lambda x: Scaled(x).value(),
    "a partial function": functools.partial(lambda k, x: np.sum(k * x**2), 2.0),
    "a closure's default": lambda x, k=3: np.sum(x) * k * x[0],
    "matrix times vector": lambda x: np.sum((A @ x) ** 2) + np.sum(np.dot(A, x)) + x.T.dot(x),
    "lists as operands": lambda x: ([1.0, 2.0, 3.0] @ x) + (x @ [1.0, 2.0, 3.0]) * np.sum([1, 2, 3] * x),
    "masks": lambda x: np.sum(x[x > 0] ** 2) + np.sum(x[numpy.array([True, False, True])] ** 3),
    "positions": lambda x: np.sum(x[[0, 0, 1]] ** 2) + x[np.argmax(x)] ** 2 + np.sum(x[np.where(x > 0)]),
    "differences of all pairs": lambda x: np.sum((x[:, None] - x[np.newaxis, :]) ** 2) + np.sum(x[..., None][::-1][:2]),
    "outer": lambda x: np.sum(np.outer(x, x) ** 2) + np.sum(np.add.outer(x, x) ** 2) + np.sum(np.kron(x, x)),
    "identity times vector": lambda x: np.sum(np.eye(len(x)) * x) * np.linalg.inv(np.diag(x)).sum(),
    "full and like": lambda x: np.sum(np.full((2, 2), x[0])) * np.sum(np.ones_like(x) * x) + np.sum(np.zeros(x.shape) * x),
    "linspace and meshgrid": lambda x: np.sum(np.linspace(0, x[0], 5) ** 2) + np.sum(np.meshgrid(x, x)[0] ** 2),
    "arange": lambda x: np.sum(np.arange(3) * x) ** 2,
    "select": lambda x: np.sum(np.select([x > 1, x < 0], [x**2, x**3], 0.0)),
    "piecewise": lambda x: np.sum(np.piecewise(x, [x > 0, x <= 0], [lambda v: v**2, lambda v: -v])),
    "where": lambda x: np.sum(np.where((x > 0) & (x < 1), x**2, 0)) + np.sum(np.where(np.logical_or(x > 0, x < -2), x, x**3)),
    "clip": lambda x: np.sum(np.clip(x, -1, 1) ** 2) + np.sum(np.clip(x, None, 1)) + np.sum(x.clip(min=0) ** 2),
    "nan_to_num": lambda x: np.sum(np.nan_to_num(x) ** 2) + np.sum(np.where(np.isnan(x), 0.0, x)),
    "type checks": lambda x: np.sum(x**2) if isinstance(x, np.ndarray) or not np.isscalar(x) else np.sum(x),
    "questions": lambda x: np.sum(x**2) if np.any(x > 0) and not np.all(x > 0) and np.allclose(x, x) else x[0],
    "shapes": lambda x: np.sum(x**2) / len(x) * np.ndim(x) * x.ndim * np.size(x) * x.size * np.shape(x)[0],
    "atleast": lambda x: np.sum(np.atleast_1d(x[0]) ** 2) + np.sum(np.atleast_2d(x) ** 2),
    "an if": lambda x: x[0] ** 2 if x[0] > 0 else x[1],
    "steps": lambda x: np.sum(np.sign(x) * x + np.floor(x) * x + np.round(x) * x) + np.sum(x) * np.count_nonzero(x),
    "bins": lambda x: np.sum(x * np.digitize(x, [0.0, 1.0])) + np.sum(x * np.searchsorted([0.0, 1.0], x)),
    "statistics": lambda x: np.std(x, ddof=1) + np.var(x) + x.mean() * x.std() + np.median(x) * np.ptp(x),
    "weights": lambda x: np.average(x, weights=[1, 2, 3]) ** 2 + np.sum(np.cov(np.outer(x, x**2))),
    "order": lambda x: np.sort(x)[0] ** 2 + np.sum(x[np.argsort(x)] * np.arange(3)),
    "sums along": lambda x: np.sum(np.cumsum(x) ** 2) + np.prod(x) + np.sum(np.diff(x) ** 2) + np.sum(np.gradient(x) ** 2),
    "powers": lambda x: np.sum(np.abs(x) ** 1.5 + abs(x) ** -0.5 + 2.0**x + 1 / x) + np.arctan2(x[0], x[1]),
    "complex": lambda x: np.abs(np.sum(x * np.exp(1j * x))) ** 2 + np.real(np.sum((x + 1j * x[::-1]) ** 2)),
    "spectra": lambda x: np.sum(np.abs(np.fft.fft(x)) ** 2) + np.sum(np.abs(np.fft.rfft(np.concatenate([x, x]))[1:])),
    "pieces": lambda x: sum(np.sum(p**2) for p in np.split(x, 3)) + sum(np.prod(p) for p in np.array_split(x, 2)),
    "shaping": lambda x: np.sum(x.reshape(-1, 1) @ x.reshape((1, -1))) + np.sum(np.tile(x, 2) ** 2) + np.sum(np.roll(x, 1) * x),
    "sums of products": lambda x: np.einsum("i,ij,j->", x, MATRIX, x) + np.tensordot(x, x, axes=1) + np.inner(x, x),
    "constants by chance": lambda x: np.sum(x**2 * np.random.RandomState(0).randn(*x.shape)),
    "filters": lambda x: (
        np.sum(np.convolve(x, [1.0, 2.0]) ** 2) + np.sum(np.pad(x, 1, mode="constant") ** 2) + np.polyval(x, 2.0)
    ),
    "least squares": lambda x: np.sum(np.linalg.lstsq(A, A @ x, rcond=None)[0] ** 2),
    "derivatives inside": lambda x: (
        np.sum(grad(lambda y: np.sum(y**3))(x)) + np.sum(jacobian(lambda y: y**3)(x)) + np.sum(elementwise_grad(np.tanh)(x))
    ),
    "a Hessian inside": lambda x: np.sum(hessian(lambda y: np.sum(y**4))(x)),
    "smallest numbers": lambda x: np.sum(x**2 / (np.finfo(x.dtype).eps + np.abs(x))),
}

#: Of a matrix of 3 x 3.
OF_MATRIX = {
    "decompositions": lambda X: np.sum(np.linalg.qr(X)[1] ** 3) + np.sum(np.linalg.cholesky(X @ X.T) ** 2),
    "singular values": lambda X: np.sum(np.linalg.svd(X, compute_uv=False) ** 3),
    "a product of factors": lambda X: np.sum((lambda u, s, v: (u * s) @ v)(*np.linalg.svd(X, full_matrices=False)) ** 3),
    "determinants": lambda X: np.linalg.slogdet(X)[1] + np.linalg.slogdet(X).logabsdet + np.log(np.linalg.det(X)),
    "eigenvalues": lambda X: np.sum(np.linalg.eigh(X @ X.T)[0] ** 2) + np.sum(np.linalg.eigvalsh((X + X.T) / 2) ** 3),
    "solutions": lambda X: np.sum(np.linalg.solve(X, VECTOR) ** 2) + np.sum(np.linalg.inv(X) ** 2) + np.sum(np.linalg.pinv(X)),
    "norms": lambda X: (
        np.linalg.norm(X) + np.linalg.norm(X, "nuc") + np.linalg.norm(X[0], 1) + np.sum(np.linalg.norm(X, axis=1))
    ),
    "triangles": lambda X: np.sum(np.triu(X, 1) ** 2 + np.tril(X)) + np.sum(X[np.triu_indices(3)] ** 2),
    "blocks": lambda X: np.sum(X[np.ix_([0, 1], [1, 2])] ** 2) + sum(r @ r for r in X) * X.shape[0],
    "powers": lambda X: np.sum(np.linalg.matrix_power(X, 3)) + np.trace(X @ X) + np.sum(X.T.sum(axis=0, keepdims=True) ** 2),
    "orders": lambda X: np.sum(np.ravel(X, order="F") * np.arange(9) * X.flatten()) + np.sum(np.moveaxis(X, 0, 1)[0] ** 2),
    "batches": lambda X: np.sum(np.matmul(np.stack([X, X]), X)) + np.sum(np.rot90(X) * np.flipud(X) + np.fliplr(X)),
    "rows": lambda X: np.sum(np.apply_along_axis(lambda r: r * r, 0, X)) + np.sum(np.delete(X, 0, axis=0) ** 2),
}

#: Of trees of parameters: what is done, and to what.
OF_TREES = {
    "a tuple": (lambda p: np.sum(p[0] * p[1][0]), (VECTOR, (VECTOR * 2,))),
    "a dict": (lambda p: np.sum(p["a"] * p["b"]), {"a": VECTOR, "b": VECTOR * 2}),
    "a list that grows": (lambda p: sum([*p, p[0] * 3.0]) * sum(p + [1.0]), [1.0, 2.0]),
    "a list's slices": (lambda p: sum(p[1:]) * p[0], [1.0, 2.0, 3.0]),
    "a dict's items": (lambda p: sum(v**2 for k, v in p.items()) if "a" in p else p.get("b"), {"a": 1.0, "b": 2.0}),
    "keywords": (lambda p: (lambda a, b: a * b)(**p), {"a": 1.0, "b": 2.0}),
    "an array of no axes": (lambda x: np.sin(x) * x, np.array(0.7)),
    "a number": (lambda x: np.sin(x) * x + np.array(x) ** 2 + np.float64(2.0) * x, 0.7),
}

IDIOMS = {
    **{f"vector, {name}": (f, VECTOR) for name, f in OF_VECTOR.items()},
    **{f"matrix, {name}": (f, MATRIX) for name, f in OF_MATRIX.items()},
    **{f"tree, {name}": case for name, case in OF_TREES.items()},
}
