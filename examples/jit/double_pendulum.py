"""A double pendulum and how far a small change of its start grows: 10,000 steps as they are, and compiled.

    python double_pendulum.py --out double_pendulum.png --steps 10000 --step 0.001

`jvp` of a step of Runge and Kutta moves the state, and a tangent: the derivative of the state with respect to the
first angle at the start.  `jit` unrolls a Python loop, so what it compiles grows with the steps that one call makes.
Its first call traces and compiles, its second traces again to check that the function is pure; the others are quick.
Two functions are compiled here, of the same 10,000 steps:

- `jit(with_tangent(1))`: one step a call, which compiles in an instant and pays for 10,000 calls;
- `jit(with_tangent(10))`: ten steps a call, which takes longer to compile and pays for 1,000 calls.

All steps in one call would take minutes to compile, for nothing: what is to be repeated is what is worth compiling.

The motion is chaotic: the tangent grows exponentially on average, at a rate that is the largest Lyapunov exponent.
Rounding errors grow likewise, so eager and compiled results, equal to rounding after one step, drift apart.
"""

import argparse
from functools import partial
from pathlib import Path
from time import perf_counter

import numpy as np
from matplotlib.figure import Figure

from fdezero import jit, jvp

GRAVITY = 9.81  # m/s^2; both rods are 1 m long and both bobs have 1 kg
START = np.array([2.2, 2.4, 0.0, 0.0])  # angles from straight down (rad), and their velocities (rad/s)
FIRST_ANGLE = np.array([1.0, 0.0, 0.0, 0.0])
CHUNK, NEARBY = 10, 1e-6  # steps a call, and how far apart two starts are (rad)


def motion(state):
    """The derivative of the state in time."""
    a, b, u, v = state
    sine, cosine = np.sin(a - b), np.cos(a - b)
    pull, push = -2 * GRAVITY * np.sin(a) - sine * v**2, -GRAVITY * np.sin(b) + sine * u**2  # the mass matrix times
    determinant = 2 - cosine**2  # the accelerations, where the matrix is [[2, cosine], [cosine, 1]]
    return np.stack([u, v, (pull - cosine * push) / determinant, (2 * push - cosine * pull) / determinant])


def energy(state):
    """In joules; zero where both bobs hang still."""
    a, b, u, v = state
    return u**2 + 0.5 * v**2 + np.cos(a - b) * u * v + GRAVITY * (3 - 2 * np.cos(a) - np.cos(b))


def advance(count, dt, state):
    """The state after some steps of the classical fourth-order method (Kutta, 1901)."""
    for _ in range(count):
        first = motion(state)
        second = motion(state + dt / 2 * first)
        third = motion(state + dt / 2 * second)
        state = state + dt / 6 * (first + 2 * second + 2 * third + motion(state + dt * third))
    return state


def with_tangent(count, dt):
    """A function from a state and a tangent to those after some steps."""
    return lambda state, tangent: jvp(partial(advance, count, dt), (state,), (tangent,))


def integrate(move, calls, state=START, tangent=FIRST_ANGLE):
    """The states and tangents after each of so many calls of ``move``, and the seconds of the first two calls and of all."""
    states, tangents, began = [state], [tangent], perf_counter()
    for call in range(calls):
        state, tangent = move(state, tangent)
        states.append(state)
        tangents.append(tangent)
        if call == 1:
            first = perf_counter() - began
    return np.array(states), np.array(tangents), first, perf_counter() - began


def draw(times, states, others, growth, seconds, path):
    """The paths of the lower bob from two starts, their distance beside the tangent's length, and the times taken."""
    figure = Figure(figsize=(13, 4.6), layout="constrained")
    left, middle, right = figure.subplots(1, 3, width_ratios=(1, 1.15, 0.8))
    for color, path_of, label in (("tab:blue", states, "one start"), ("tab:orange", others, f"{NEARBY:g} rad beside it")):
        x, y = np.sin(path_of[:, :2]).sum(axis=1), -np.cos(path_of[:, :2]).sum(axis=1)
        left.plot(x, y, color=color, lw=0.8, alpha=0.8, label=label)
        left.plot(x[-1], y[-1], "o", color=color, ms=8, mec="black")
    left.set(title=f"The lower bob, for {times[-1]:g} s", aspect="equal", xlabel="m", ylabel="m", ylim=(-2.2, 2.6))
    left.legend(frameon=False, loc="upper center", ncols=2)
    distance = np.linalg.norm(others - states, axis=1)
    middle.semilogy(times, distance, color="tab:orange", lw=1.2, label="distance of the two")
    middle.semilogy(times, NEARBY * growth, color="black", lw=1, ls="--", label=f"{NEARBY:g} times the tangent's length")
    middle.set(title="Growth of a small change", xlabel="seconds", ylabel="change of the state")
    middle.legend(frameon=False, loc="lower right")
    totals = {name: total for name, (_, total) in seconds.items()}
    bars = right.barh(list(totals), list(totals.values()), color=["0.6", "tab:green", "tab:green"])
    right.bar_label(bars, [f"{total:.2f} s" for total in totals.values()], padding=4)
    right.set(title=f"Time of {len(times) - 1:,} steps", xlabel="seconds", xlim=(0, 1.25 * max(totals.values())))
    right.invert_yaxis()
    for axes in (left, middle, right):
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=120)


def main(argv=None) -> dict:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("double_pendulum.png"), help="the picture (default: %(default)s)")
    parser.add_argument("--steps", type=int, default=10_000, help="of the integration (default: %(default)s)")
    parser.add_argument("--step", type=float, default=0.001, help="in seconds (default: %(default)s)")
    options = parser.parse_args(argv)

    chunks, dt = options.steps // CHUNK, options.step
    ways = {
        "eager": (with_tangent(1, dt), CHUNK * chunks),
        "compiled, 1 a call": (jit(with_tangent(1, dt)), CHUNK * chunks),
        f"compiled, {CHUNK} a call": (jit(with_tangent(CHUNK, dt)), chunks),
    }
    found, seconds = {}, {}
    for name, (move, calls) in ways.items():
        states, tangents, *seconds[name] = integrate(move, calls)
        found[name] = states[-1], tangents[-1]
        compiling = f", {seconds[name][0]:.2f} s of it for the first two calls" if name != "eager" else ""
        print(f"{name}: {seconds[name][1]:.2f} s{compiling}; the tangent grew to {np.linalg.norm(tangents[-1]):.6g}")

    step = ways["compiled, 1 a call"][0]
    states, tangents, _, _ = integrate(step, CHUNK * chunks)
    others, _, _, _ = integrate(step, CHUNK * chunks, START + NEARBY * FIRST_ANGLE)
    times, growth = dt * np.arange(len(states)), np.linalg.norm(tangents, axis=1)
    drift = np.abs(energy(states.T) - energy(START)).max()
    draw(times, states, others, growth, seconds, options.out)
    rate = np.log(growth[-1]) / times[-1]
    print(f"growth by a factor of e in {1 / rate:.2f} s on average; energy off by at most {drift:.0e} J; saved {options.out}")
    return {"states": states, "tangents": tangents, "drift": drift, "found": found, "seconds": seconds}


if __name__ == "__main__":
    main()
