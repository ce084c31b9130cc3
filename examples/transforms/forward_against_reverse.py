"""Forward against reverse mode: `jacfwd` takes time for each input, `jacrev` for each output.

    python forward_against_reverse.py --out forward_against_reverse.png --largest 1024

Both give the same Jacobian, of a small network with n inputs and m outputs.  Where one of the two grows,
the mode that carries a vector for each of them grows with it.
"""

import argparse
from pathlib import Path
from time import perf_counter

import numpy as np
from matplotlib.figure import Figure

from fdezero import jacfwd, jacrev

HIDDEN = 256


def network(n, m):
    """A function of n numbers with m results."""
    rng = np.random.default_rng(0)
    wide = rng.normal(0, n**-0.5, (HIDDEN, n))
    deep = rng.normal(0, HIDDEN**-0.5, (HIDDEN, HIDDEN))
    narrow = rng.normal(0, HIDDEN**-0.5, (m, HIDDEN))
    return lambda x: np.tanh(narrow @ np.tanh(deep @ np.tanh(wide @ x)))


def timed(jacobian, f, x):
    """The Jacobian, and the milliseconds that it took."""
    start = perf_counter()
    return jacobian(f)(x), 1e3 * (perf_counter() - start)


def measure(shapes, repeats):
    """Forward and reverse times for each (inputs, outputs), and how far apart the Jacobians are at most."""
    cases, rounds, apart = [(network(n, m), np.linspace(-1, 1, n)) for n, m in shapes], [], 0.0
    for _ in range(repeats):  # all of them in every round, so that a busy moment does not spoil one of them
        runs = [(timed(jacfwd, *case), timed(jacrev, *case)) for case in cases]
        rounds.append([(forward[1], reverse[1]) for forward, reverse in runs])
        apart = max(apart, *(float(np.abs(forward[0] - reverse[0]).max()) for forward, reverse in runs))
    return np.min(rounds, axis=0), apart


def draw(sizes, sweeps, path):
    figure = Figure(figsize=(12, 4.8), layout="constrained")
    for axes, (title, times) in zip(figure.subplots(1, 2, sharey=True), sweeps.items(), strict=True):
        for name, column, style in (("jacfwd", 0, "o-"), ("jacrev", 1, "s-")):
            axes.loglog(sizes, times[:, column], style, base=2, lw=2, label=name)
        axes.set(title=f"n {title}", xlabel=title.split(",")[0])
        axes.set_yscale("log")  # times in powers of ten, sizes of two
        axes.set_xticks(sizes, map(str, sizes))
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(alpha=0.3)
        axes.legend(frameon=False)
    figure.axes[0].set(ylabel="milliseconds", ylim=(0.05, 10 ** np.ceil(np.log10(max(t.max() for t in sweeps.values())))))
    figure.suptitle(f"The Jacobian of a network with two layers of {HIDDEN}")
    figure.savefig(path, dpi=120)


def main(argv=None) -> dict:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("forward_against_reverse.png"), help="the picture")
    parser.add_argument("--largest", type=int, default=1024, help="number of inputs or outputs (default: %(default)s)")
    parser.add_argument("--repeats", type=int, default=30, help="of which the best is taken (default: %(default)s)")
    options = parser.parse_args(argv)
    sizes = [2**k for k in range(options.largest.bit_length())]
    sweeps = {
        "inputs, 4 outputs": measure([(n, 4) for n in sizes], options.repeats),
        "outputs, 4 inputs": measure([(4, n) for n in sizes], options.repeats),
    }
    draw(sizes, {title: times for title, (times, _) in sweeps.items()}, options.out)
    for title, (times, _) in sweeps.items():
        print(f"{sizes[-1]} {title}: jacfwd {times[-1, 0]:.2f} ms, jacrev {times[-1, 1]:.2f} ms")
    return {"sizes": sizes, "sweeps": sweeps}


if __name__ == "__main__":
    main()
