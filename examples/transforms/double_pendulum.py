"""A double pendulum from its Lagrangian: `grad`, `jvp` and `hessian` write the equations of motion.

    python double_pendulum.py --out double_pendulum.png --seconds 20 --step 0.005

Euler and Lagrange: d/dt dL/dv = dL/dq.  By the chain rule that is M a + c = dL/dq, where M is the Hessian
of L in v, and c the change of dL/dv as q moves along v.
"""

import argparse
from itertools import accumulate
from pathlib import Path

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from fdezero import grad, hessian, jvp

LENGTHS, MASSES, GRAVITY = np.array([1.0, 1.0]), np.array([1.0, 1.0]), 9.81  # m, kg, m/s^2
START = np.array([2.2, 2.4, 0.0, 0.0])  # angles from straight down (rad), and their velocities (rad/s)


def positions(q):
    """The two bobs' coordinates (m), a row for x and a row for y."""
    return np.cumsum(np.stack([LENGTHS * np.sin(q), -LENGTHS * np.cos(q)]), axis=1)


def energies(q, v):
    """Kinetic and potential energy (J); the bobs' velocity is the derivative of where they are."""
    where, velocity = jvp(positions, (q,), (v,))
    return 0.5 * (MASSES * velocity**2).sum(), GRAVITY * (MASSES * where[1]).sum()


def lagrangian(q, v):
    return np.subtract(*energies(q, v))


def motion(state):
    q, v = np.split(state, 2)
    change = jvp(lambda q: grad(lagrangian, 1)(q, v), (q,), (v,))[1]
    return np.concatenate([v, np.linalg.solve(hessian(lagrangian, 1)(q, v), grad(lagrangian)(q, v) - change)])


def runge_kutta(f, state, dt):
    """One step of the classical fourth-order method (Kutta, 1901)."""
    first = f(state)
    second = f(state + dt / 2 * first)
    third = f(state + dt / 2 * second)
    return state + dt / 6 * (first + 2 * second + 2 * third + f(state + dt * third))


def draw(times, states, error, path):
    figure = Figure(figsize=(12, 5.2), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(1, 1.25))
    trace = np.array([positions(q)[:, 1] for q in states[:, :2]])
    line = left.add_collection(LineCollection(np.stack([trace[:-1], trace[1:]], axis=1), array=times[1:], lw=1.2))
    left.plot(*np.c_[np.zeros(2), positions(states[-1, :2])], "o-", color="black", lw=2.5, ms=9)
    left.set(title="The path of the lower bob", aspect="equal", xlabel="m", ylabel="m")
    figure.colorbar(line, ax=left, label="seconds", shrink=0.8)
    right.semilogy(times, np.maximum(error, 1e-15), lw=1, color="tab:red")
    right.set(title="The energy's error", xlabel="seconds", ylabel="J", ylim=(1e-11, None))
    figure.savefig(path, dpi=120)


def main(argv=None) -> dict:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("double_pendulum.png"), help="the picture (default: %(default)s)")
    parser.add_argument("--seconds", type=float, default=20.0, help="to simulate (default: %(default)s)")
    parser.add_argument("--step", type=float, default=0.005, help="of the integration, in seconds (default: %(default)s)")
    options = parser.parse_args(argv)
    times = np.arange(0, options.seconds, options.step)
    states = np.array(list(accumulate(times[1:], lambda state, _: runge_kutta(motion, state, options.step), initial=START)))
    energy = np.array([sum(energies(*np.split(state, 2))) for state in states])
    draw(times, states, error := np.abs(energy - energy[0]), options.out)
    print(f"energy {energy[0]:.3f} J, off by at most {error.max():.1e} J; saved {options.out}")
    return {"states": states, "error": error}


if __name__ == "__main__":
    main()
