"""Threads and memory, and what cannot be compiled."""

import gc
import os
import resource
import threading
import tracemalloc
import weakref
from pathlib import Path

import numpy as np
import pytest

from fdezero.jit.program import Guard, Matmul, Reduce
from tests.jit.llvm_backend.programs import Maker

pytest.importorskip("llvmlite")

from fdezero.jit.llvm_backend import compile_program, engine, segments

from .checks import guarded, pair, same


def heavy():
    """A program with an arena too large for the stack."""
    make = Maker()
    x = make.input((60, 60))
    y = make.add(Matmul(), x, make.map(np.tanh, x))
    for _ in range(3):
        y = make.map(np.tanh, make.add(Matmul(), y, x))
    return make.program(y, make.add(Reduce(np.add, (0, 1)), y))


def test_eight_threads_at_once():
    program = heavy()
    compiled = compile_program(program)
    leaves = [np.random.default_rng(k).standard_normal((60, 60)) for k in range(8)]
    wanted = [compiled.run(leaf) for leaf in leaves]
    failures = []

    def work(k):
        for _ in range(50):
            outs = compiled.run(leaves[k])
            if not all(np.allclose(x, y, rtol=1e-12, atol=0) for x, y in zip(outs, wanted[k], strict=True)):
                failures.append(k)

    threads = [threading.Thread(target=work, args=(k,)) for k in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


def test_long_calls_let_other_threads_run():
    make = Maker()
    x = make.input((1000, 1000))
    y = make.add(Matmul(), x, x)
    compiled = compile_program(make.program(make.add(Matmul(), y, y)))
    leaf, counts, done = np.ones((1000, 1000)), [0], threading.Event()

    def count():
        while not done.is_set():
            counts[0] += 1

    thread = threading.Thread(target=count)
    thread.start()
    before = counts[0]
    compiled.run(leaf)
    after = counts[0]
    done.set()
    thread.join()
    assert after > before


@pytest.mark.parametrize("argument", [np.ones((60, 60)), np.ones((60, 60)).T[:, ::-1], -np.ones((60, 60))])
def test_memory_is_flat(argument):
    compiled = compile_program(heavy())
    failing = compile_program(guarded(("positive", True)))
    bad = compile_program(pair())
    for _ in range(200):
        compiled.run(argument)
    gc.collect()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    tracemalloc.start()
    start = tracemalloc.get_traced_memory()[0]
    for _ in range(2000):
        compiled.run(argument)
        failing.run(-np.ones(3))
        bad.run(np.full((6, 4), 1e300), np.full((6, 4), -1e300))
    gc.collect()
    grown = tracemalloc.get_traced_memory()[0] - start
    tracemalloc.stop()
    assert grown < 20_000
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000  # kilobytes


@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="resident memory is read from /proc")
def test_a_program_that_is_gone_leaves_no_memory_behind():
    def resident():
        gc.collect()
        return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()

    program = pair()
    for _ in range(100):
        compile_program(program).run(np.ones((6, 4)), np.ones((6, 4)))
    before = resident()
    for _ in range(200):
        compile_program(program).run(np.ones((6, 4)), np.ones((6, 4)))
    assert resident() - before < 200 * 5000


def test_programs_are_freed():
    compiled = compile_program(pair())
    compiled.run(np.ones((6, 4)), np.ones((6, 4)))
    alive = weakref.ref(compiled.run.__self__)
    del compiled
    gc.collect()
    assert alive() is None


def test_many_functions_of_one_program():
    make = Maker()
    x, y = make.input(()), make.input(())
    values = [x, y]
    rng = np.random.default_rng(0)
    for k in range(5000):
        other = values[-1 - int(rng.integers(1, min(60, len(values))))]
        operands = (values[-1],) if k % 3 == 2 else (values[-1], other)
        values.append(make.map([np.subtract, np.maximum, np.tanh][k % 3], *operands))
    guard = Guard(make.map(np.less, values[50], make.constant(1e9)), True, len(make.instructions), "line")
    program = make.program(values[-1], values[100], guards=[guard])
    same(program, 0.3, 0.4)


def test_unknown_features_are_refused():
    with pytest.raises(ValueError, match="avx2"):
        engine.target("quantum")


def test_an_unknown_symbol_is_an_error_not_an_abort():
    text = "declare double @nowhere(double)\ndefine double @f(double %x) {\n  %y = call double @nowhere(double %x)\n  ret double %y\n}"
    with pytest.raises(LookupError, match="nowhere"):
        engine.build([engine.Module(text)], ["f"], {}, engine.target())


def test_native_instructions_are_what_the_kernel_knows():
    make = Maker()
    x = make.input((3,))
    make.map(np.arctan2, x, x)
    make.map(np.nextafter, x, x)
    first, second = (segments.is_native(each, make.types) for each in make.instructions)
    assert first and not second
