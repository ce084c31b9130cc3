"""Forward against reverse mode: `jacfwd` pays for each input, `jacrev` for each output.

    python forward_against_reverse.py --out forward_against_reverse.png --largest 512

Both give the same Jacobian, of a small network with n inputs and m outputs.  Where one of the two grows,
the mode that carries a vector for each of them grows with it.
"""

import argparse
from pathlib import Path
from timeit import repeat

import numpy as np
from matplotlib.figure import Figure

from fdezero import jacfwd, jacrev

HIDDEN = 512


def network(n, m):
    """A function of n numbers with m results."""
    rng = np.random.default_rng(0)
    wide = rng.normal(0, n**-0.5, (HIDDEN, n))
    deep = rng.normal(0, HIDDEN**-0.5, (HIDDEN, HIDDEN))
    narrow = rng.normal(0, HIDDEN**-0.5, (m, HIDDEN))
    return lambda x: np.tanh(narrow @ np.tanh(deep @ np.tanh(wide @ x)))


def best(function, x, repeats):
    """Milliseconds: the best of a few runs is the one that was disturbed least."""
    function(x)
    return 1e3 * min(repeat(lambda: function(x), number=1, repeat=repeats))


def measure(n, m, repeats):
    """(forward, reverse) times, and how far apart the two Jacobians are."""
    f, x = network(n, m), np.linspace(-1, 1, n)
    apart = float(np.abs(jacfwd(f)(x) - jacrev(f)(x)).max())
    return best(jacfwd(f), x, repeats), best(jacrev(f), x, repeats), apart


def draw(sizes, sweeps, path):
    figure = Figure(figsize=(12, 4.8), layout="constrained")
    for axes, (title, times) in zip(figure.subplots(1, 2, sharey=True), sweeps.items(), strict=True):
        for name, column, style in (("jacfwd", 0, "o-"), ("jacrev", 1, "s-")):
            axes.loglog(sizes, times[:, column], style, base=2, lw=2, label=name)
        axes.set(title=f"n {title}", xlabel=title.split(",")[0])
        axes.set(yscale="log", ylim=(0.1, None))  # times in powers of ten, sizes of two
        axes.set_xticks(sizes, map(str, sizes))
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(alpha=0.3)
        axes.legend(frameon=False)
    figure.axes[0].set_ylabel("milliseconds")
    figure.suptitle(f"The Jacobian of a network with two layers of {HIDDEN}")
    figure.savefig(path, dpi=120)


def main(argv=None) -> dict:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("forward_against_reverse.png"), help="the picture")
    parser.add_argument("--largest", type=int, default=512, help="number of inputs or outputs (default: %(default)s)")
    parser.add_argument("--repeats", type=int, default=30, help="of which the best is taken (default: %(default)s)")
    options = parser.parse_args(argv)
    sizes = [2**k for k in range(options.largest.bit_length())]
    sweeps = {
        "inputs, 4 outputs": np.array([measure(n, 4, options.repeats) for n in sizes]),
        "outputs, 4 inputs": np.array([measure(4, n, options.repeats) for n in sizes]),
    }
    draw(sizes, sweeps, options.out)
    for title, times in sweeps.items():
        print(f"{sizes[-1]} {title}: jacfwd {times[-1, 0]:.2f} ms, jacrev {times[-1, 1]:.2f} ms")
    print(f"saved {options.out}")
    return {"sizes": sizes, "apart": max(float(times[:, 2].max()) for times in sweeps.values()), "milliseconds": sweeps}


if __name__ == "__main__":
    main()
