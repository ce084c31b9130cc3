"""What must hold over many calls, at all sizes, in several threads, and when a call is interrupted."""

import gc
import os
import subprocess
import sys
import textwrap
import threading
import tracemalloc

import numpy as np
import pytest

from fdezero import grad, value_and_grad

from .backends import BACKENDS


def resident():
    """The memory of this process in bytes."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def growth(work, rounds):
    """The bytes by which Python's memory and that of the process grow in the second half of the rounds."""
    for _ in range(rounds // 2):
        work()
    gc.collect()
    tracemalloc.start()
    work()
    gc.collect()
    before = tracemalloc.get_traced_memory()[0], resident()
    for _ in range(rounds // 2):
        work()
    gc.collect()
    after = tracemalloc.get_traced_memory()[0], resident()
    tracemalloc.stop()
    return after[0] - before[0], after[1] - before[1]


needs_statm = pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="the size of the process is read from /proc")


@needs_statm
@pytest.mark.long
@pytest.mark.parametrize("n", [1, 1000, 100_000])
def test_memory_is_flat_over_calls(compiled, n):
    """Of all sorts: whole, with an error, with another decision, inside a derivative."""
    f = lambda x: np.where(x.sum() > 0, np.tanh(x), np.log(x)).sum() if x[0] < 5 else x.sum()  # noqa: E731
    fast, slope = compiled(f), grad(compiled(f))
    points = [np.ones(n), -np.ones(n), np.full(n, 7.0)]

    def work():
        with np.errstate(all="ignore"):
            for x in points:
                fast(x)
            slope(points[0])

    python, process = growth(work, 10_000 // 4 if n < 100_000 else 40)
    assert python < 50_000
    assert process < 3_000_000


@needs_statm
@pytest.mark.long
def test_memory_is_flat_over_traces(compiled):
    """A thousand functions, each traced, compiled, called and dropped."""
    x = np.linspace(0.1, 1.0, 10)

    def work():
        fast = compiled(grad(lambda x: (np.tanh(x) * x).sum()))
        for _ in range(3):
            fast(x)

    python, process = growth(work, 1000)
    assert python < 150_000
    assert process < 12_000_000


@needs_statm
@pytest.mark.long
def test_memory_is_flat_over_variants_and_signatures_that_are_dropped(compiled):
    def work():
        fast = compiled(lambda x: x.sum() if x[0] > 0 else np.exp(x).sum())
        for n in (2, 3):
            for sign in (1.0, -1.0, 1.0):
                fast(sign * np.ones(n))
        grad(fast)(np.ones(2))

    python, process = growth(work, 100)
    assert python < 500_000
    assert process < 12_000_000


# -- sizes and layouts ----------------------------------------------------------------------------------
def f(x):
    return (np.exp(-x * x) * np.where(x > 0, x, 0.1 * x)).sum() / (1 + np.sum(x * x)) + np.max(x, initial=0.0)


def layouts(x):
    """Arrays equal to x, in other memory orders."""
    yield x
    yield np.repeat(x, 2)[::2]
    yield x[::-1].copy()[::-1]
    odd = np.empty(x.nbytes + 1, np.uint8)[1:].view(x.dtype)  # not aligned
    odd[...] = x
    yield odd
    read_only = x.copy()
    read_only.flags.writeable = False
    yield read_only


def special(x):
    """x, and x with NaNs, infinities and subnormal numbers in it."""
    yield x
    for values in ([np.nan], [np.inf, -np.inf], [1e-310, 0.0, -0.0]):
        spoiled = x.copy()
        for k, value in enumerate(values):
            spoiled[k : k + 1] = value
        yield spoiled


@pytest.mark.parametrize("size", [0, 1, 7, 8, 9, 1000, 10**6 + 3])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_sizes_layouts_and_special_values(compiled, size, dtype):
    slow = value_and_grad(f)
    fast = compiled(slow)
    x = np.random.default_rng(size).standard_normal(size).astype(dtype)
    small = {"rtol": 2e-4 if dtype is np.float32 else 1e-11, "atol": 1e-6 if dtype is np.float32 else 1e-13}
    with np.errstate(all="ignore"):
        for values in special(x):
            wanted = slow(values)
            for given in layouts(values) if size < 10**6 else [values]:
                found = fast(given)
                for a, b in zip(found, wanted, strict=True):
                    assert a.dtype == b.dtype
                    # where a NaN came up, a compiled derivative may have 0 or a number for 0 times NaN
                    np.testing.assert_allclose(np.where(np.isnan(b), b, a), b, **small)


@pytest.mark.parametrize("size", [1, 8, 1001])
def test_arguments_that_share_memory(compiled, size):
    g = lambda x, y, z: (x @ y * z + y, (x - z).sum(axis=0) * y)  # noqa: E731
    fast = compiled(g)
    a = np.random.default_rng(0).standard_normal((size, size))
    for args in ((a, a, a), (a, a.T, a), (a, a[::-1], a[:, ::-1]), (np.asfortranarray(a), a, a.T)):
        for _ in range(3):
            for found, wanted in zip(fast(*args), g(*args), strict=True):
                np.testing.assert_allclose(found, wanted, rtol=1e-10, atol=1e-12)


# -- threads ----------------------------------------------------------------------------------------------
def test_eight_threads_trace_decide_and_fail_at_once(compiled):
    def g(x):
        if x.sum() > 100:
            raise KeyError("too large")
        return np.tanh(x).sum() if x[0] > 0 else np.log(x).sum()

    fast, slope, wrong = compiled(g), grad(compiled(g)), []
    start = threading.Barrier(8)

    def work(seed):
        start.wait()
        rng = np.random.default_rng(seed)
        with np.errstate(all="ignore"):
            for k in range(60):
                x = rng.standard_normal(3 + k % 2)
                try:
                    fast(x + 1000)
                    wrong.append("no error")
                except KeyError:
                    pass
                if not np.allclose(fast(x), g(x), equal_nan=True) or not np.allclose(slope(x), grad(g)(x), equal_nan=True):
                    wrong.append(x)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


# -- interrupts ---------------------------------------------------------------------------------------------
INTERRUPTED = """
    import os, signal, threading, time, sys
    import numpy as np
    from fdezero import grad, jit

    fast = jit(grad(lambda x: (np.tanh(x) * np.exp(-x) * np.sin(x) / (1 + x * x)).sum()), backend=sys.argv[1])
    x = np.linspace(-1, 1, 3_000_000)
    for _ in range(3):
        expected = fast(x)
    start, calls, served = time.monotonic(), 0, False
    threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()
    try:
        while time.monotonic() < start + 20:
            fast(x)
            calls += 1
    except KeyboardInterrupt:
        served = True
    assert served
    assert (fast(x) == expected).all()
    (made,) = fast._made.values()
    assert made.lock.acquire(blocking=False) and len(made.variants) == 1
    print("served")
"""


@pytest.mark.parametrize("backend", BACKENDS)
def test_an_interrupt_during_a_native_call_is_served_after_it(backend):
    command = [sys.executable, "-c", textwrap.dedent(INTERRUPTED), backend]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.stdout.split() == ["served"], done.stderr
