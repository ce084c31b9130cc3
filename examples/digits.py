"""Handwritten digits, read by a two-layer network in plain NumPy.

    python digits.py --out digits.png --epochs 40 --seed 0

The 1,797 images of 8 x 8 pixels come with scikit-learn, so nothing is downloaded.  The network is a pure
function of its parameters, a dict of arrays; `fdezero.value_and_grad` gives a dict of the same keys back,
and Adam is a function from one state to the next.  Nothing is ever assigned to a parameter.  With `--jit` a
step of training is compiled: each is quicker, after the compilation that the first ones wait for.
"""

import argparse
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure  # a Figure of its own needs no display, pyplot may want one
from sklearn.datasets import load_digits
from tqdm import trange

from fdezero import jit, stop_gradient, tree, value_and_grad

HELD_OUT, HIDDEN, BATCH = 360, 256, 64


def load(rng):
    """Training and held-out (images, labels), the images as rows of 64 numbers from 0 to 1."""
    images, labels = load_digits(return_X_y=True)
    order = rng.permutation(len(labels))
    images, labels = images[order] / 16.0, labels[order]
    return (images[HELD_OUT:], labels[HELD_OUT:]), (images[:HELD_OUT], labels[:HELD_OUT])


def initial(rng):
    """He's initialisation: each layer keeps the variance of what passes through a ReLU."""
    return {
        "w1": rng.normal(0.0, np.sqrt(2 / 64), (64, HIDDEN)),
        "b1": np.zeros(HIDDEN),
        "w2": rng.normal(0.0, np.sqrt(2 / HIDDEN), (HIDDEN, 10)),
        "b2": np.zeros(10),
    }


def scores(params, images):
    hidden = np.maximum(images @ params["w1"] + params["b1"], 0.0)
    return hidden @ params["w2"] + params["b2"]


def loss(params, images, labels):
    """The mean cross-entropy."""
    s = scores(params, images)
    # Subtracting each row's largest score keeps exp from overflowing and changes nothing else, so to
    # the derivative it may as well be a constant.
    s = s - stop_gradient(s).max(axis=1, keepdims=True)
    log_p = s - np.log(np.exp(s).sum(axis=1, keepdims=True))
    return -log_p[np.arange(len(labels)), labels].mean()


def adam(params, gradient, mean, square, t, rate=3e-3, b1=0.9, b2=0.999):
    """One step of Adam (Kingma and Ba, 2015): the next (params, mean, square)."""
    mean = tree.map(lambda m, g: b1 * m + (1 - b1) * g, mean, gradient)
    square = tree.map(lambda v, g: b2 * v + (1 - b2) * g * g, square, gradient)
    rate = rate * np.sqrt(1 - b2**t) / (1 - b1**t)  # both averages start at zero, which this makes up for
    return tree.map(lambda p, m, v: p - rate * m / (np.sqrt(v) + 1e-8), params, mean, square), mean, square


def update(params, mean, square, t, images, labels):
    """One step of training: the loss before it, and the next (params, mean, square)."""
    value, gradient = value_and_grad(loss)(params, images, labels)
    return value, adam(params, gradient, mean, square, t)


def accuracy(params, images, labels):
    return float((scores(params, images).argmax(axis=1) == labels).mean())


def train(rng, training, held_out, epochs, update=update):
    """The parameters, and the losses (training, held-out) after every epoch."""
    images, labels = training
    params, step, curve = initial(rng), 0, []
    mean = square = tree.map(np.zeros_like, params)
    with trange(epochs, unit="epoch") as bar:
        for _ in bar:
            losses = []
            for batch in np.array_split(rng.permutation(len(labels)), len(labels) // BATCH):
                step += 1
                value, (params, mean, square) = update(params, mean, square, step, images[batch], labels[batch])
                losses.append(value)
            curve.append((float(np.mean(losses)), float(loss(params, *held_out))))
            bar.set_postfix(loss=f"{curve[-1][0]:.4f}", held_out=f"{accuracy(params, *held_out):.1%}", refresh=False)
    return params, np.array(curve)


def draw(params, curve, images, labels, path):
    """Held-out digits, those read wrong first and in red, beside the loss curves."""
    read = scores(params, images).argmax(axis=1)
    shown = np.argsort(read == labels, kind="stable")[:40]
    figure = Figure(figsize=(12, 5.6), layout="constrained")
    left, right = figure.subfigures(1, 2, width_ratios=(3, 2))
    left.suptitle(f"{np.mean(read == labels):.1%} of {len(labels)} held-out digits read right; the wrong ones first")
    for axes, i in zip(left.subplots(5, 8).flat, shown, strict=True):
        axes.imshow(images[i].reshape(8, 8), cmap="gray_r", interpolation="bilinear")
        right_or_wrong = ("tab:green", f"{read[i]}") if read[i] == labels[i] else ("tab:red", f"{read[i]}, is {labels[i]}")
        axes.set_title(right_or_wrong[1], color=right_or_wrong[0], fontsize=12, pad=3)
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set_color(right_or_wrong[0])
    axes = right.subplots()
    epochs = np.arange(1, len(curve) + 1)
    axes.semilogy(epochs, curve[:, 0], label="training (mean over the epoch)")
    axes.semilogy(epochs, curve[:, 1], label="held out")
    axes.set(title="Loss", xlabel="epoch", ylabel="mean cross-entropy (nats)")
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(alpha=0.3)
    axes.legend(frameon=False)
    figure.savefig(path, dpi=120)


def main(argv=None) -> float:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("digits.png"), help="the picture (default: %(default)s)")
    parser.add_argument("--epochs", type=int, default=40, help="passes over the training images (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of the split, the start and the batches (default: %(default)s)")
    parser.add_argument("--jit", action="store_true", help="compile the steps of the training")
    options = parser.parse_args(argv)

    rng = np.random.default_rng(options.seed)
    training, held_out = load(rng)
    params, curve = train(rng, training, held_out, options.epochs, jit(update) if options.jit else update)
    draw(params, curve, *held_out, options.out)
    reached = accuracy(params, *held_out)
    print(f"held-out accuracy {reached:.1%}; saved {options.out}")
    return reached


if __name__ == "__main__":
    main()
