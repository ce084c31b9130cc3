"""Machine code, what it refers to and what it returned: each lives as long as somebody can use it."""

import gc
import os
import subprocess
import sys
import threading

import numpy as np
import pytest

from fdezero import grad, jit

pytest.importorskip("llvmlite")

#: Two ways in which a function lies in a cycle that the garbage collector has to take apart.
IN_CYCLES = """
import gc
import numpy as np
from fdezero import jit

for k in range(20):
    double = jit(lambda x: np.sum(np.sin(x)) * k, backend="llvm")
    double(np.ones(9)), double(np.ones(9))
    double.itself = double
    native = double._made.popitem()[1].variants[0].compiled.run
    cycle = [native]
    cycle.append(cycle)
    del double, native, cycle
    gc.collect()
"""


def test_a_function_in_a_cycle_is_freed_without_a_look_at_freed_memory():
    # glibc fills what is freed, so that a later look at it does not find what was there.
    filled = os.environ | {"PYTHONMALLOC": "malloc", "MALLOC_PERTURB_": "255"}
    done = subprocess.run([sys.executable, "-X", "faulthandler", "-c", IN_CYCLES], env=filled, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def make(scale):
    weights = np.linspace(0.0, 1.0, 3000) * scale
    return jit(lambda x: (np.sum(np.tanh(weights * x)), weights * x), backend="llvm")


def test_results_outlive_the_function():
    kept = []
    for scale in range(5):
        f = make(float(scale))
        f(2.0)
        kept.append(f(2.0))
        del f
    gc.collect()
    junk = [np.full(3000, np.nan) for _ in range(20)]
    for scale, (total, products) in enumerate(kept):
        expected = np.linspace(0.0, 1.0, 3000) * float(scale) * 2.0
        np.testing.assert_allclose(products, expected)
        np.testing.assert_allclose(total, np.sum(np.tanh(expected)))
    del junk


def test_a_finalizer_may_call_the_function():
    results = []

    class Owner:
        def __init__(self):
            self.f = make(1.0)
            self.itself = self
            self.f(1.0), self.f(1.0)

        def __del__(self):
            results.append(self.f(2.0)[0])

    Owner()
    gc.collect()
    np.testing.assert_allclose(results, [np.sum(np.tanh(np.linspace(0.0, 1.0, 3000) * 2.0))])


@pytest.mark.long
def test_functions_are_dropped_while_other_threads_call_theirs():
    errors = []

    def work(seed):
        for k in range(8):
            f = jit(grad(lambda x, k=k: np.sum(np.exp(np.sin(x)) * (k + seed))), backend="llvm")
            x = np.linspace(0.0, 1.0, 5000)
            expected = np.cos(x) * np.exp(np.sin(x)) * (k + seed)
            for _ in range(10):
                try:
                    np.testing.assert_allclose(f(x), expected, rtol=1e-12)
                except Exception as error:
                    errors.append(error)
            del f
            gc.collect()

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
