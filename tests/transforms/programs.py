"""Sample programs: functions of an array of three numbers, each written as a user would write it.

They return an array or a tree of arrays, real and smooth near the place where they are tried.
"""

from collections import namedtuple

import attrs
import numpy as np

import fdezero
from fdezero import (
    at,
    checkpoint,
    custom_jvp,
    custom_vjp,
    fixed_point,
    grad,
    jet,
    jvp,
    root,
    stop_gradient,
    tree,
    vjp,
    vmap,
)

from .laws import ORDERS

A = np.array([[0.3, -1.2, 0.5], [0.8, 0.1, -0.7], [-0.4, 0.6, 0.9]])


@attrs.frozen
class Program:
    """``branches``: control flow depends on values, so `vmap` refuses; ``reverse``: no forward-mode rule;
    ``order``: how many derivatives are right."""

    f: object
    branches: bool = False
    reverse: bool = False
    order: int = 100

    def takes(self, names):
        """Do the types fit these transforms, the innermost first?"""
        if (self.branches and "vmap" in names) or sum(ORDERS.get(name, 1) for name in names) > self.order:
            return False
        first = next((name for name in names if name not in ("vmap", "checkpoint")), None)
        # A second derivative goes forward through the gradient, and so not through a checkpoint's function.
        backward = ("grad", "vjp", "jacrev") if "checkpoint" in names else ("grad", "vjp", "jacrev", "hessian", "hvp")
        return not self.reverse or first is None or first in backward


PROGRAMS = {}


def program(f=None, **flags):
    if f is None:
        return lambda f: program(f, **flags)
    PROGRAMS[f.__name__] = Program(f, **flags)
    return f


# -- arithmetic and products ---------------------------------------------------------------------------


@program
def polynomial(x):
    return x[0] ** 2 * x[1] + x[2] ** 3 * x[0] - 2.0 * x[1]


@program
def elementary(x):
    return np.exp(np.sin(x)) * np.tanh(x) / (1.0 + x * x)


@program
def broadcast(x):
    return x[:, None] * np.cos(x) + x


@program
def powers(x):
    return np.abs(x) ** (x + 1.5) + x**3


@program
def layers(x):
    return np.tanh(A @ np.tanh(x @ A + 0.1)) @ A


@program
def summation(x):
    return np.einsum("i,jk,k->j", x, A, np.sin(x))


@program
def statistics(x):
    return np.prod(x) + np.var(x) + np.mean(x * x) * np.std(x)


@program
def shifted_log_sum_exp(x):
    top = stop_gradient(x).max()  # shifting there and back again changes nothing
    return np.log(np.sum(np.exp(x - top))) + top


# -- control flow --------------------------------------------------------------------------------------


@program
def for_loop(x):
    for k in range(3):
        x = np.sin(x) + 0.5 * k * x[::-1]
    return x


@program(branches=True)
def if_else(x):
    return x * x[0] if x[0] > 0 else -x


@program(branches=True)
def while_loop(x):
    y = x
    while np.abs(y).sum() < 20.0:
        y = 1.5 * y + x * x
    return y


@program
def recursion(x):
    def power(y, n):
        return y if n == 1 else power(y, n // 2) ** 2 * (y if n % 2 else 1.0)

    return power(x, 5)


@program
def generator(x):
    def series(y):
        term = 1.0
        for k in range(1, 5):
            term = term * y / k
            yield term

    return sum(series(np.sin(x)))


@program
def list_of_steps(x):
    states = [x]
    for _ in range(2):
        states.append(states[-1] + 0.1 * np.sin(states[-1] * states[0]))
    return np.stack(states)


@program
def chosen_by_where(x):
    return np.where(x > 0, x**3, np.sin(x)) + np.maximum(x, 0.1 * x)


# -- functions of functions ------------------------------------------------------------------------------


@program
def closure(x):
    scale = np.sum(np.sin(x))
    return (lambda y: y * scale + x[0])(x * x)


@program
def returned_function(x):
    def polynomial_with(coefficients):
        return lambda y: coefficients[0] + y * (coefficients[1] + y * coefficients[2])

    return polynomial_with(x)(polynomial_with(x * x)(0.5) * x)


@program
def grad_inside(x):
    return grad(lambda y: np.sum(np.sin(y) * x * y[0]))(x * x)


@program
def jvp_inside(x):
    return jvp(lambda y: np.sin(y * x), (x,), (x * x,))


@program
def vjp_inside(x):
    value, pull = vjp(lambda y: np.tanh(A @ y) * x, np.cos(x))
    return pull(value * x)[0]


@program
def vmap_inside(x):
    return vmap(lambda row, each: np.sin(row @ x) * each)(A, x)


@program
def checkpoint_inside(x):
    return checkpoint(lambda y, x: np.sin(y) * x)(x * x, x)


@program(order=3)  # more would be right, and take long
def jet_inside(x):
    value, (first, second) = jet(lambda y: np.sin(y * x[0]) / (1.0 + y), (x,), ([x * x, np.cos(x)],))
    return value + first * second


@program(order=3)
def root_inside(x):
    return root(lambda y, x: y**3 + y * (2.0 + x * x) - np.sin(x), np.zeros(3), x) * x[0]


@program(order=3)
def fixed_point_inside(x):
    return fixed_point(lambda y, x: 0.1 * np.sin(y + x[::-1]) * x, np.zeros(3), x)


# -- trees and several outputs ---------------------------------------------------------------------------

Pair = namedtuple("Pair", "left right")


@program
def several_outputs(x):
    return np.sin(x), x[0] * x[1]


@program
def tree_out(x):
    return {"a": x[0] * x, "b": (np.exp(x[1]), Pair(x[2] ** 2, np.outer(x, x)))}


@program
def tree_inside(x):
    params = {"w": np.outer(x, x), "b": Pair(x[0], (x, np.sin(x)))}
    return sum(np.sum(leaf) * x for leaf in tree.leaves(tree.map(np.tanh, params)))


# -- complex numbers -------------------------------------------------------------------------------------


@program
def complex_inside(x):
    z = x + 1j * x[::-1]
    return np.abs(np.exp(z)) ** 2 * 0.1 + np.imag(z**3 * np.conj(z))


@program
def roots_of_unity(x):
    turns = np.exp(2j * np.pi * np.outer(np.arange(3), np.arange(3)) / 3)
    spectrum = turns @ (x * x)
    return np.real(spectrum * np.conj(spectrum)), np.angle(spectrum[1])


# -- indexing and shapes ---------------------------------------------------------------------------------


@program
def repeated_index(x):
    return x[np.array([2, 0, 0, 1])] ** 2 * x[-1]


@program
def mask_and_slices(x):
    return x[np.array([True, False, True])] * x[1:] + x[::2][::-1]


@program
def updates(x):
    return at(at(x)[1].set(x[0] * x[2]))[0:2].add(np.sin(x[1:]))


@program
def shaped(x):
    m = np.concatenate([x, x * x]).reshape(2, 3).T
    return np.roll(m, 1, axis=0)[:, ::-1] * fdezero.array([x[0], 1.0])


@program
def sorted_and_summed(x):
    return np.sort(x)[::-1] * np.cumsum(x * x)


# -- linear algebra ----------------------------------------------------------------------------------------


def definite(x):
    return 3.0 * np.eye(3) + np.outer(x, x) + np.diag(np.array([0.0, 1.0, 2.5]))


@program
def solution(x):
    return np.linalg.solve(definite(x) + A, np.sin(x))


@program
def determinants(x):
    return np.linalg.det(definite(x)), np.linalg.slogdet(definite(x) + A)[1], np.linalg.inv(definite(x))[0]


@program
def cholesky_factor(x):
    return np.linalg.cholesky(definite(x)) @ x


@program
def eigenvalues(x):
    return np.linalg.eigvalsh(definite(x))


@program
def singular_values(x):
    return np.linalg.svd(A * x + np.eye(3), compute_uv=False), np.linalg.norm(x) * x


# -- the user's own rules ------------------------------------------------------------------------------------


@custom_jvp
def soft(x):
    return np.log1p(np.exp(x))


@soft.defjvp
def soft_jvp(primals, tangents):
    (x,), (t,) = primals, tangents
    return soft(x), t / (1.0 + np.exp(-x))


@custom_vjp
def cube(x, scale):
    return scale * x**3


cube.defvjp(
    lambda x, scale: (scale * x**3, (x, scale)), lambda kept, g: (3 * kept[1] * kept[0] ** 2 * g, np.sum(kept[0] ** 3 * g))
)


@program
def custom_jvp_inside(x):
    return soft(np.sin(x) * x) * x


@program(reverse=True)
def custom_vjp_inside(x):
    return cube(np.sin(x), x[0] * x[2]) + x
