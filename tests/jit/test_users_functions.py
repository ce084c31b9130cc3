"""Functions of the user's that a compiled program calls, and the lines that a traceback shows of what is generated."""

import gc
import linecache
import traceback

import numpy as np
import pytest

from fdezero import grad
from fdezero.primitives import constant, elementwise, general


@pytest.mark.parametrize(
    "declare",
    [
        lambda keep: elementwise(keep, lambda x: np.cos(x), name="keep"),
        lambda keep: constant(keep, core=(0,)),
        lambda keep: general(keep, jvp=[lambda x, g: np.cos(x) * g], name="keep"),
    ],
    ids=["elementwise", "constant", "general"],
)
def test_an_array_that_a_called_function_keeps_is_not_overwritten(compiled, declare):
    kept = []

    def keep(x):
        kept.append(x)
        return np.sin(x)

    called = declare(keep)
    fast = compiled(lambda x: (called(x * 2.0 + 1.0) + called(np.exp(x).T).T).sum())
    points = [np.full((2, 3), k / 4) for k in range(5)]
    for x in points:
        fast(x)
    for x, first, second in zip(points, kept[0::2], kept[1::2], strict=True):
        np.testing.assert_allclose(first, x * 2.0 + 1.0)
        np.testing.assert_allclose(second, np.exp(x).T)


def test_a_traceback_shows_the_lines_of_a_program_that_calls_functions(compiled):
    def fails(x):
        if x[0] > 5:
            raise KeyError("too large")
        return x * 1.0

    called = constant(fails, core=(0,))
    lines = []

    def f(x):
        return np.tanh(called(np.exp(x)))

    fast = compiled(f)
    for _ in range(3):
        fast(np.zeros(2))
    (made,) = fast._made.values()
    try:
        made.variants[0].compiled.run(np.full(2, 3.0))
    except KeyError as error:
        lines = [frame.line for frame in traceback.extract_tb(error.__traceback__)]
    assert any("# fails" in line or "call_fails(" in line for line in lines)


def test_the_lines_of_what_was_generated_go_with_it(compiled):
    def generated():
        gc.collect()
        return {name for name in linecache.cache if name.startswith("<fdezero jit")}

    before = generated()
    fast = compiled(grad(lambda x: np.linalg.norm(np.sort(x) * x)))
    for _ in range(3):
        fast(np.arange(3.0))
    assert generated() > before
    del fast
    assert generated() <= before
