"""Numerical derivatives, checking the exact ones against them (the book's steps 4 and 10), and `check_pure`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from . import tree
from .core.graph import Array
from .purity import check_pure as check_pure
from .transforms.grad import vjp
from .transforms.jvp import jvp
from .transforms.wrapping import as_input, as_output

#: Where the error of a difference quotient and its rounding balance, for float64 (Press et al.,
#: *Numerical Recipes*, section 5.7): the cube root of epsilon for central differences, the square
#: root for forward ones.
STEPS = {"central": float(np.finfo(float).eps) ** (1 / 3), "forward": float(np.finfo(float).eps) ** (1 / 2)}


def numerical_grad(f: Callable[[Any], Any], x: Any, eps: float | None = None, method: str = "central") -> Any:
    """The gradient of a scalar function by finite differences.

    Args:
        f: a function of one array (or number) whose value is one real number.
        x: where; a float or complex array of any shape, or a number.
        eps: the step, in the units of x; see `STEPS` for the default.
        method: ``"central"``, whose error is O(eps**2), or ``"forward"``, O(eps).

    Returns:
        An array of x's shape; for complex x, df/d(real part) - i df/d(imaginary part), as from `grad`.

    Raises:
        ValueError: for another method.

    Example:
        >>> round(float(numerical_grad(lambda x: x**3, 2.0)), 6)
        12.0
    """
    if method not in STEPS:
        raise ValueError(f"method is 'central' or 'forward', got {method!r}")
    x = np.asarray(x)
    x = x.astype(np.result_type(x, float))
    step = STEPS[method] if eps is None else eps
    here = f(x[()]) if method == "forward" else None
    gradient = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        for direction, factor in ((1.0, 1.0), (1j, -1j))[: 1 + (x.dtype.kind == "c")]:
            ahead = _moved(f, x, index, step * direction)
            if method == "central":
                slope = (ahead - _moved(f, x, index, -step * direction)) / (2 * step)
            else:
                slope = (ahead - here) / step
            gradient[index] += factor * slope
    return gradient[()]


def _moved(f: Callable[[Any], Any], x: Array, index: tuple[int, ...], by: Any) -> Any:
    y = x.copy()
    y[index] += by
    return f(y[()])


def check_grads(
    f: Callable[..., Any],
    args: Sequence[Any],
    order: int = 2,
    modes: Sequence[str] = ("rev",),
    eps: float | None = None,
    atol: float = 1e-6,
    rtol: float = 1e-5,
) -> None:
    """Check the derivatives of a function against finite differences, entry by entry.

    In reverse mode the results are contracted with fixed random numbers, and the gradient of what comes
    out is compared; in forward mode it is the derivative along a fixed random direction.  For the next
    order the derivative itself is checked in the same way.

    Args:
        f: a function of arrays or trees of them, which returns an array or a tree of them.
        args: its arguments; every leaf is differentiated.
        order: up to which order.
        modes: of ``"rev"``, reverse mode, and ``"fwd"``, forward mode.
        eps: the step of the differences, which are taken in float64 whatever the arguments are.
        atol: how far the two may be apart, in absolute terms ...
        rtol: ... and relative to the numerical one (1e-3 at least for float32 arguments).

    Raises:
        AssertionError: at the first entry that disagrees, naming the argument, the position and both
            numbers; or where a gradient has not its argument's shape or dtype.
        ValueError: for an unknown mode, or an order below 1.

    Example:
        >>> check_grads(lambda x: np.sin(x) * x, (np.array([0.5, 1.5]),))
        >>> check_grads(lambda x: np.sqrt(x * x), (np.zeros(1),), order=1)
        Traceback (most recent call last):
        ...
        AssertionError: order 1, reverse mode, argument 0 at (0,): exact nan, numerical 0.0
    """
    if set(modes) - {"rev", "fwd"} or order < 1:
        raise ValueError(f"modes are of ('rev', 'fwd') and order is at least 1; got {tuple(modes)}, {order}")
    leaves, structure = tree.flatten(tuple(args))
    leaves = [as_input(x, f"argument{path}") for x, path in zip(leaves, structure.paths(), strict=True)]

    def on_leaves(*leaves: Array) -> tuple[Array, ...]:
        outs = tree.leaves(f(*structure.unflatten(leaves)))
        return tuple(as_output(out) for out in outs)

    names = [f"argument {path[1:].replace(']', '', 1)}" for path in structure.paths()]
    for mode in modes:
        function = on_leaves
        for depth in range(1, order + 1):
            if mode == "rev":
                directions = _random_like(function(*leaves), depth)
                _check_reverse(function, leaves, directions, names, depth, eps, atol, rtol)
                function = _pulled_back(function, directions)
            else:
                directions = _random_like(leaves, depth)
                _check_forward(function, leaves, directions, depth, eps, atol, rtol)
                function = _pushed_forward(function, directions)


def _pulled_back(f: Callable[..., tuple[Array, ...]], cotangents: Any) -> Callable[..., tuple[Array, ...]]:
    """The gradient of ``f`` contracted with the cotangents, as a function of the same leaves."""

    def gradient(*leaves: Array) -> tuple[Array, ...]:
        outs, pull = vjp(f, *leaves)
        fitting = tuple(c.astype(out.dtype) for c, out in zip(cotangents, outs, strict=True))
        return pull(fitting)  # type: ignore[no-any-return]  # to mypy what comes back is Any

    return gradient


def _pushed_forward(f: Callable[..., tuple[Array, ...]], tangents: Any) -> Callable[..., tuple[Array, ...]]:
    """The derivative of ``f`` along the tangents, as a function of the same leaves."""

    def derivative(*leaves: Array) -> tuple[Array, ...]:
        fitting = tuple(t.astype(x.dtype) for t, x in zip(tangents, leaves, strict=True))
        return jvp(f, leaves, fitting)[1]  # type: ignore[no-any-return]  # to mypy what comes back is Any

    return derivative


def _random_like(outs: Sequence[Array], seed: int) -> tuple[Any, ...]:
    generator = np.random.default_rng(seed)

    def numbers(out: Array) -> Any:
        real = generator.uniform(0.5, 1.5, out.shape)
        return real + 1j * generator.uniform(0.5, 1.5, out.shape) if out.dtype.kind == "c" else np.asarray(real)

    return tuple(numbers(out) for out in outs)


def _check_reverse(
    f: Callable[..., tuple[Array, ...]],
    leaves: Sequence[Array],
    cotangents: tuple[Any, ...],
    names: Sequence[str],
    depth: int,
    eps: float | None,
    atol: float,
    rtol: float,
) -> None:
    exact = _pulled_back(f, cotangents)(*leaves)
    wide = [x.astype(np.result_type(x.dtype, np.float64)) for x in leaves]

    def contracted(*leaves: Array) -> Any:
        return sum(np.real(np.sum(c * out)) for c, out in zip(cotangents, f(*leaves), strict=True))

    for i, (x, found) in enumerate(zip(leaves, exact, strict=True)):
        where = f"order {depth}, reverse mode, {names[i]}"
        if found.shape != x.shape or found.dtype != x.dtype:
            raise AssertionError(f"{where}: the gradient is {found.dtype}{found.shape}, the argument {x.dtype}{x.shape}")

        def alone(y: Array, i: int = i) -> Any:
            return contracted(*wide[:i], y, *wide[i + 1 :])

        narrow = x.dtype in (np.float32, np.complex64)
        _compare(found, numerical_grad(alone, wide[i], eps), where, atol, max(rtol, 1e-3) if narrow else rtol)


def _check_forward(
    f: Callable[..., tuple[Array, ...]],
    leaves: Sequence[Array],
    tangents: tuple[Any, ...],
    depth: int,
    eps: float | None,
    atol: float,
    rtol: float,
) -> None:
    exact = _pushed_forward(f, tangents)(*leaves)
    step = STEPS["central"] if eps is None else eps
    wide = [x.astype(np.result_type(x.dtype, np.float64)) for x in leaves]
    ahead, behind = (f(*[x + s * t for x, t in zip(wide, tangents, strict=True)]) for s in (step, -step))
    if any(x.dtype in (np.float32, np.complex64) for x in leaves):
        rtol = max(rtol, 1e-3)
    for i, (found, a, b) in enumerate(zip(exact, ahead, behind, strict=True)):
        _compare(found, (a - b) / (2 * step), f"order {depth}, forward mode, result {i}", atol, rtol)


def _compare(exact: Any, numerical: Any, where: str, atol: float, rtol: float) -> None:
    exact, numerical = np.asarray(exact), np.asarray(numerical)
    wrong = ~np.isclose(exact, numerical, atol=atol, rtol=rtol)
    if wrong.any():
        index = tuple(int(i) for i in np.argwhere(wrong)[0])
        raise AssertionError(f"{where} at {index}: exact {exact[index]}, numerical {numerical[index]}")
