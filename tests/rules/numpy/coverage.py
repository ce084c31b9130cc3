"""Which rules of which primitives a run of the table's cases uses.

A *use* is (primitive, mode, position of the argument, order).  The order is 2 where the rule met the Box
of a transform around it, so that it was itself differentiated (or batched once more).
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from fdezero import grad, jvp, tree, vmap
from fdezero.core.declare import declared
from fdezero.core.graph import Box
from fdezero.core.primitives import Constant, General, LinearInAll, MultilinearInAll, Primitive
from fdezero.interpreters import batching, forward

Use = tuple[Primitive, str, int, int]

def rules_of(primitive: Primitive) -> list[tuple[int, Any]]:
    """The rules of reverse mode, with their positions; of a primitive of any number of arguments there is one."""
    if isinstance(primitive, Constant):
        return []
    if isinstance(primitive, (LinearInAll, MultilinearInAll)):
        return [(0, primitive.transpose)]
    rules = primitive.rules or (primitive.forward if isinstance(primitive, General) else ())
    return [(i, rule) for i, rule in enumerate(rules) if rule is not None]


def is_of_numpy(function: Any) -> bool:
    """False for a ufunc of another library: SciPy's are in the table once their rules are loaded."""
    return not isinstance(function, np.ufunc) or getattr(np, function.__name__, None) is function


def _modules(p: Primitive) -> list[str]:
    """The modules that a primitive's function and derivatives are defined in, as far as they tell."""
    derivatives = [cell.cell_contents for _, rule in rules_of(p) for cell in getattr(rule.apply, "__closure__", None) or ()]
    return [str(getattr(f, "__module__", "")) for f in (p.function, *derivatives)]


_ELSEWHERE = ("tests", "fdezero.core", "fdezero.transforms", "fdezero.rules.scipy", "fdezero.scipy", "examples", "__main__")

#: The primitives of fdezero/rules/numpy that are alive when the tests are collected.
DECLARED = [p for p in declared if is_of_numpy(p.function) and not any(m.startswith(_ELSEWHERE) for m in _modules(p))]


def wanted_uses(primitive: Primitive) -> set[Use]:
    """What is to be run of it: each rule in both modes and both orders, and the primitive itself in a batch."""
    derivatives = {
        (primitive, mode, i, order) for i, _ in rules_of(primitive) for mode in ("reverse", "forward") for order in (1, 2)
    }
    return derivatives | {(primitive, "batch", 0, 1), (primitive, "batch", 0, 2)}


def unused(primitives: Iterable[Primitive], used: set[Use]) -> list[str]:
    """What was not run, in words."""
    missing = set().union(*map(wanted_uses, primitives)) - used
    return sorted(f"{p.name} ({p.function}): {mode}, argument {i}, order {order}" for p, mode, i, order in missing)


@contextlib.contextmanager
def watched(primitives: Iterable[Primitive]) -> Iterator[set[Use]]:
    """The uses of these primitives in the block."""
    used: set[Use] = set()
    rules = {id(rule): (p, i, rule) for p in primitives for i, rule in rules_of(p)}
    plain = {key: rule.apply for key, (_, _, rule) in rules.items()}
    pushes, apply = (forward.push, forward.push_elementwise), batching.Batch.apply

    def watch_rule(p: Primitive, i: int, rule: Any) -> Any:
        run = rule.apply

        def watching(g: Any, residuals: Any, likes: Any, params: Any) -> Any:
            used.add((p, "reverse", i, 1 + _holds_box([g, residuals])))
            return run(g, residuals, likes, params)

        return watching

    def watch_push(push: Any) -> Any:
        def watching(p: Primitive, tangents: Any, residuals: Any, likes: Any, params: Any) -> Any:
            for i, t in enumerate(tangents):
                if t is not None:
                    at = 0 if isinstance(p, (LinearInAll, MultilinearInAll)) else i
                    used.add((p, "forward", at, 1 + _holds_box([tangents, residuals])))
            return push(p, tangents, residuals, likes, params)

        return watching

    def watch_batch(self: Any, p: Primitive, args: Any, params: Any) -> Any:
        used.add((p, "batch", 0, 1 + _holds_box([self.unwrap(a) for a in args])))
        return apply(self, p, args, params)

    for p, i, rule in rules.values():
        object.__setattr__(rule, "apply", watch_rule(p, i, rule))  # a rule is frozen
    forward.push, forward.push_elementwise = map(watch_push, pushes)
    batching.Batch.apply = watch_batch
    try:
        yield used
    finally:
        forward.push, forward.push_elementwise = pushes
        batching.Batch.apply = apply
        for key, (_, _, rule) in rules.items():
            object.__setattr__(rule, "apply", plain[key])


def _holds_box(x: Any) -> bool:
    return isinstance(x, Box) or (isinstance(x, (list, tuple)) and any(map(_holds_box, x)))


def weighted_square(f: Any) -> Any:
    """A number that depends on every entry of f's results, not linearly: so cotangents depend on the arguments."""

    def program(*args: Any) -> Any:
        total: Any = 0.0
        for out in tree.leaves(f(*args)):
            if out.dtype.kind in "fc":
                weights = np.arange(1.0, out.size + 1).reshape(out.shape)
                total = total + np.real(np.sum(weights * out * out))
        return total

    return program


def slope_of(f: Any) -> Any:
    """The gradient of `weighted_square`, in every argument."""
    return lambda *args: grad(weighted_square(f), argnums=tuple(range(len(args))))(*args)


def along(f: Any) -> Any:
    """The derivative of ``f`` along a direction that depends on the arguments, as a function of these."""
    return lambda *args: jvp(f, args, tuple(a + 1 for a in args))[1]


def run_reverse(f: Any, args: tuple[Any, ...]) -> None:
    """Both orders of reverse mode."""
    slope_of(slope_of(f))(*args)


def run_forward(f: Any, args: tuple[Any, ...]) -> None:
    """Both orders of forward mode, along ones."""
    directions = tuple(np.ones_like(np.asarray(a))[()] for a in args)
    square = weighted_square(f)
    jvp(lambda *xs: jvp(square, xs, directions)[1], args, directions)


def run_batch(f: Any, args: tuple[Any, ...]) -> None:
    """A batch, and a batch of batches; some functions have no answer for either."""
    for g, depth in ((vmap(f), 1), (vmap(vmap(f)), 2)):
        with contextlib.suppress(TypeError):
            g(*[np.broadcast_to(a, (2,) * depth + a.shape) for a in map(np.asarray, args)])
