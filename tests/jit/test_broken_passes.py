"""The tester is tested: what `jit` does between trace and call is broken on purpose, one thing at a time, and seen.

The check is the one of the other tests: a few calls, at other values than those traced, against the plain function.
"""

import attrs
import numpy as np
import pytest

from fdezero import grad, jit
from fdezero.jit import lower, simplify
from fdezero.jit.entry import compilers
from fdezero.jit.program import Cast, Map, Reduce, Slice, Transpose

from .backends import BACKENDS


def with_instruction(program, k, **changes):
    steps = list(program.instructions)
    steps[k] = attrs.evolve(steps[k], **changes)
    return attrs.evolve(program, instructions=tuple(steps))


def first(program, kind, test=lambda program, each: True):
    """The place of the first instruction of a kind."""
    return next((k for k, each in enumerate(program.instructions) if isinstance(each.operation, kind) and test(program, each)), None)


def exchanged_operands(program):
    k = first(program, Map, lambda p, each: each.operation.function in (np.subtract, np.divide, np.greater, np.less))
    return program if k is None else with_instruction(program, k, operands=program.instructions[k].operands[::-1])


def another_operand(program):
    """An operand that has the same type, as where two values are taken for one or a place is used again too early."""
    for k, each in enumerate(program.instructions):
        for j, i in enumerate(each.operands):
            before = [*program.inputs, *(o for earlier in program.instructions[:k] for o in earlier.outputs)]
            others = [o for o in before if o != i and program.types[o] == program.types[i] and i not in program.constants]
            if others and isinstance(each.operation, Map):
                return with_instruction(program, k, operands=(*each.operands[:j], others[0], *each.operands[j + 1 :]))
    return program


def another_function(program):
    k = first(program, Map, lambda p, each: each.operation.function in (np.multiply, np.exp, np.tanh))
    other = {np.multiply: np.add, np.exp: np.expm1, np.tanh: np.sin}
    return program if k is None else with_instruction(program, k, operation=Map(other[program.instructions[k].operation.function]))


def a_sum_less(program):
    k = first(program, Reduce, lambda p, each: each.operation.ufunc is np.add)
    return program if k is None else with_instruction(program, k, operation=Reduce(np.maximum, program.instructions[k].operation.axes))


def another_slice(program):
    k = first(program, Slice, lambda p, each: any(isinstance(part, int) for part in each.operation.parts))
    if k is None:
        return program
    parts = tuple(0 if isinstance(part, int) and part else part for part in program.instructions[k].operation.parts)
    return with_instruction(program, k, operation=Slice(parts))


def another_axis(program):
    k = first(program, Transpose, lambda p, each: len(set(p.types[each.outputs[0]].shape)) == 1)
    return program if k is None else with_instruction(program, k, operation=Transpose(tuple(range(len(program.instructions[k].operation.axes)))))


def another_constant(program):
    changed = {i: x * 1.0001 if np.asarray(x).dtype.kind == "f" and np.ndim(x) == 0 else x for i, x in program.constants.items()}
    return attrs.evolve(program, constants=changed)


def no_guards(program):
    return attrs.evolve(program, guards=())


def another_output(program):
    return attrs.evolve(program, outputs=program.outputs[::-1])


def in_single_precision(program):
    k = first(program, Map, lambda p, each: p.types[each.outputs[0]].dtype == np.float64 and p.types[each.outputs[0]].shape)
    if k is None:
        return program
    out = program.instructions[k].outputs[0]
    new, old = max(program.types) + 1, max(program.types) + 2
    narrow = attrs.evolve(program.types[out], dtype=np.dtype(np.float32))
    types = {**program.types, new: narrow, old: program.types[out]}
    made = attrs.evolve(program.instructions[k], outputs=(old,))
    casts = [attrs.evolve(made, operation=Cast(np.dtype(d)), operands=(a,), outputs=(b,)) for d, a, b in (("f4", old, new), ("f8", new, out))]
    steps = (*program.instructions[:k], made, *casts, *program.instructions[k + 1 :])
    guards = tuple(attrs.evolve(g, position=g.position + 2 if g.position > k else g.position) for g in program.guards)
    return attrs.evolve(program, types=types, instructions=steps, guards=guards)


def function(x, y):
    """A function in which each of these makes a difference."""
    scaled = np.exp(-x * 0.37) - np.tanh(y) * x / (2.0 + y * y)
    if np.sum(x) > 12.0:
        scaled = scaled * 1.7
    return np.sum(scaled * scaled[2] + scaled.T @ y), np.sum(np.sin(scaled - y), axis=0)


def slope(x, y):
    return grad(lambda x: function(x, y)[0] + np.sum(function(x, y)[1] ** 2))(x), function(x, y)[0]


def check(fast, f):
    rng = np.random.default_rng(0)
    for k in range(6):
        x, y = rng.random((4, 4)) * (1 + k % 2), rng.random((4, 4))
        for found, wanted in zip(fast(x, y), f(x, y), strict=True):
            np.testing.assert_allclose(found, wanted, rtol=1e-10)


BREAKS = [
    exchanged_operands, another_operand, another_function, a_sum_less, another_slice, another_axis, another_constant, no_guards,
    another_output, in_single_precision,
]  # fmt: skip


class Broken:
    """A pass that puts a fault into what is alive of its result; once a program, for the same fault twice may be none."""

    def __init__(self, step, fault):
        self.step, self.fault, self.is_done = step, fault, False

    def __call__(self, program):
        program = self.step(program)
        if self.is_done:
            return program
        self.is_done = True
        return self.fault(simplify.remove_dead(program))


#: Where a fault can be: after lowering, after each of the passes, and before the backend.
PLACES = {"lower": None} | {step.__name__: k for k, step in enumerate(simplify.PASSES)}


@pytest.mark.parametrize("f", [function, slope])
@pytest.mark.parametrize("backend", BACKENDS)
def test_the_check_holds_without_a_fault(f, backend):
    check(jit(f, backend=backend), f)


@pytest.mark.parametrize("place", [*PLACES])
@pytest.mark.parametrize("fault", BREAKS, ids=lambda fault: fault.__name__)
def test_a_fault_in_a_pass_is_seen(fault, place, monkeypatch):
    """In one of the two functions: where a pass has left nothing of the sort, the fault has nothing to do."""
    k = PLACES[place]
    broken = Broken(lower.lower if k is None else simplify.PASSES[k], fault)
    if k is not None:
        monkeypatch.setattr(simplify, "PASSES", (*simplify.PASSES[:k], broken, *simplify.PASSES[k + 1 :]))

    def passes(program):
        broken.is_done = False
        return simplify.simplify((broken if k is None else lower.lower)(program))

    seen = []
    for f in (function, slope):
        fast = jit(f, backend="numpy")
        fast._compilers = passes, compilers("numpy")[1]
        try:
            check(fast, f)
        except Exception as error:
            seen.append(error)
    assert seen
