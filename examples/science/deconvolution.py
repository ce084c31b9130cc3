"""A blurred, noisy photograph restored: total variation, and the gradient of a convolution.

    python deconvolution.py --out deconvolution.png --size 192

The camera sees the valid part of a convolution, so the scene is larger than the photograph and nothing is
assumed beyond its edges.  The restored scene minimises the squared residuals and the total variation, which
prefers flat areas with sharp edges: one smooth function of some 40,000 pixels, whose gradient takes as long as
a few convolutions.

Method: Rudin, Osher and Fatemi, Physica D 60 (1992); smoothed as by Vogel and Oman, SIAM J. Sci. Comput. 17 (1996).
Data: a photograph that comes with scikit-learn, blurred and made noisy by the program.
"""

import argparse
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from scipy.optimize import minimize
from sklearn.datasets import load_sample_image

from fdezero import tree, value_and_grad
from fdezero.scipy.signal import fftconvolve

BLUR, NOISE = 2.0, 0.004  # standard deviations: of the blur in pixels, of the noise in a range of grey from 0 to 1
RADIUS = 8  # of the point spread, in pixels
WEIGHT, EDGE = 8e-5, 0.01  # of the total variation, and the step of grey below which it is smoothed


def photograph(size):
    """The grey values (size, size), from 0 to 1, of a part of a photograph of a temple."""
    grey = load_sample_image("china.jpg").mean(axis=2) / 255.0
    return grey[50 : 50 + size, 150 : 150 + size]


def point_spread(radius):
    """What the camera makes of one point."""
    x = np.arange(-radius, radius + 1)
    spread = np.exp(-0.5 * (x[:, None] ** 2 + x**2) / BLUR**2)
    return spread / spread.sum()


def total_variation(scene):
    """The sum of the lengths of the gradient, smoothed where it is nearly zero."""
    down, across = scene[1:, :-1] - scene[:-1, :-1], scene[:-1, 1:] - scene[:-1, :-1]
    return (np.sqrt(down**2 + across**2 + EDGE**2) - EDGE).sum()


def objective(scene, seen, spread):
    residual = fftconvolve(scene, spread, mode="valid") - seen
    return 0.5 * (residual**2).sum() + WEIGHT * total_variation(scene)


def restore(seen, spread, iterations):
    """The scene, and the value of the objective after each iteration."""
    start, unravel = tree.ravel(np.pad(seen, len(spread) // 2, mode="edge"))
    loss = value_and_grad(lambda pixels: objective(unravel(pixels), seen, spread))
    values = []

    def watch(intermediate_result):
        values.append(intermediate_result.fun)

    settings = {"method": "L-BFGS-B", "bounds": [(0, 1)] * start.size, "options": {"maxiter": iterations}}
    report = minimize(loss, start, jac=True, callback=watch, **settings)
    return unravel(report.x), values


def quality(image, truth):
    """The ratio of the largest value to the root mean square error (dB)."""
    return float(-10 * np.log10(((image - truth) ** 2).mean()))


def draw(images, row, path):
    """The images, and their grey values along a row."""
    figure = Figure(figsize=(12, 7), layout="constrained")
    *above, profile = figure.subplot_mosaic("abc;ddd", height_ratios=(2, 1)).values()
    for axes, (name, image), color in zip(above, images.items(), ("black", "tab:orange", "tab:blue"), strict=True):
        axes.imshow(image, cmap="gray", vmin=0, vmax=1)
        axes.axhline(row, color=color, lw=1)
        axes.set(title=name, xticks=[], yticks=[])
        profile.plot(image[row], color=color, lw=1.5, label=name)
    profile.set(title="Along the marked row", xlabel="column (pixel)", ylabel="grey value", xlim=(-0.5, len(image) - 0.5))
    profile.spines[["top", "right"]].set_visible(False)
    profile.legend(frameon=False, loc="upper left")
    figure.savefig(path, dpi=120)


def main(argv=None) -> dict:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("deconvolution.png"), help="the picture (default: %(default)s)")
    parser.add_argument("--size", type=int, default=192, help="of the photograph, at most 361 pixels (default: %(default)s)")
    parser.add_argument("--iterations", type=int, default=60, help="at most (default: %(default)s)")
    options = parser.parse_args(argv)
    spread = point_spread(RADIUS)
    truth = photograph(options.size + 2 * RADIUS)
    noise = np.random.default_rng(0).normal(0.0, NOISE, (options.size, options.size))
    seen = fftconvolve(truth, spread, mode="valid") + noise
    scene, values = restore(seen, spread, options.iterations)
    inside = slice(RADIUS, -RADIUS)
    truth, restored = truth[inside, inside], scene[inside, inside]
    before, after = quality(seen, truth), quality(restored, truth)
    names = ("the scene", f"seen: {before:.1f} dB", f"restored: {after:.1f} dB")
    draw(dict(zip(names, (truth, seen, restored), strict=True)), options.size * 9 // 20, options.out)
    print(f"{scene.size:,} pixels, objective {values[0]:.3f} after 1 iteration, {values[-1]:.3f} after {len(values)}")
    print(f"peak signal to noise: {before:.1f} dB seen, {after:.1f} dB restored; saved {options.out}")
    return {"before": before, "after": after, "values": values}


if __name__ == "__main__":
    main()
