"""Neural networks: parameters in lists, dicts and flat vectors, loops over layers and time steps, convolutions."""

import itertools

import fdezero.numpy as np
import fdezero.numpy.random as npr
from fdezero import checkpoint, grad
from fdezero.scipy.signal import convolve
from fdezero.scipy.special import expit as sigmoid
from fdezero.scipy.special import logsumexp
from fdezero.scipy.stats import norm
from fdezero.tree import ravel


def layers(scale, sizes, rs):
    """A list of (weights, offsets), one for each layer."""
    return [(scale * rs.randn(m, n), scale * rs.randn(n)) for m, n in zip(sizes[:-1], sizes[1:])]


def relu(x):
    return np.maximum(0, x)


def log_softmax(x):
    return x - logsumexp(x, axis=1, keepdims=True)


def normalized(x):
    return (x - np.mean(x, axis=0, keepdims=True)) / (np.std(x, axis=0, keepdims=True) + 1)


def affine(weights, *args):
    """Inputs side by side, with a column of ones for the offsets, times one matrix of weights."""
    return np.dot(np.hstack(args + (np.ones((args[0].shape[0], 1)),)), weights)


def one_hot(labels, count):
    return np.array(labels[:, None] == np.arange(count)[None, :], dtype=int)


def classifier():
    rs = npr.RandomState(0)
    x, labels = rs.randn(10, 4), one_hot(rs.randint(0, 3, 10), 3)

    def loss(params):
        h = x
        for w, b in params:
            outputs = np.dot(h, w) + b
            h = np.tanh(outputs)
        flat, _ = ravel(params)
        return 0.5 * np.dot(flat, flat) - np.sum(log_softmax(outputs) * labels)

    return loss, layers(0.5, [4, 5, 3], rs)


def regression_network():
    rs = npr.RandomState(1)
    x = np.linspace(-2, 2, 12)[:, np.newaxis]
    y = np.cos(x) + 0.1 * rs.randn(12, 1)

    def loss(params):
        h = x
        for w, b in params:
            outputs = np.dot(h, w) + b
            h = np.tanh(outputs)
        flat, _ = ravel(params)
        return -np.sum(norm.logpdf(outputs, y, 0.1)) - np.sum(norm.logpdf(flat, 0, 10.0))

    return loss, layers(0.3, [1, 4, 4, 1], rs)


def adversarial_networks():
    rs = npr.RandomState(2)
    real, noise = rs.rand(8, 6), rs.rand(8, 3)

    def predict(params, h):
        w, b = params[0]
        h = relu(np.dot(h, w) + b)
        for w, b in params[1:-1]:
            h = relu(normalized(np.dot(h, w) + b))
        w, b = params[-1]
        return np.dot(h, w) + b

    def log_sigmoid(x):
        return x - np.logaddexp(0, x)

    def objective(generator, critic):
        fake = 0.5 * (np.tanh(predict(generator, noise)) + 1.0)
        return np.mean(log_sigmoid(predict(critic, real))) - np.mean(log_sigmoid(predict(critic, fake)))

    return objective, layers(0.6, [3, 7, 6], rs), layers(0.6, [6, 7, 5, 1], rs)


def variational_autoencoder():
    rs = npr.RandomState(3)
    images = np.where(rs.rand(9, 6) < 0.5, 1, -1)
    draws = rs.randn(9, 2)

    def predict(params, h):
        for w, b in params[:-1]:
            h = relu(normalized(np.dot(h, w) + b))
        w, b = params[-1]
        return np.dot(h, w) + b

    def density(x, mean, log_std):
        return np.sum(norm.logpdf(x, mean, np.exp(log_std)), axis=-1)

    def loss(params):
        decoder, encoder = params
        out = predict(encoder, images)
        half = np.shape(out)[-1] // 2
        mean, log_std = out[:, :half], out[:, half:]
        latents = draws * np.exp(log_std) + mean
        likelihood = np.sum(-np.logaddexp(0, -predict(decoder, latents) * images), axis=-1)
        return -np.mean(density(latents, 0, 0) + likelihood - density(latents, mean, log_std))

    return loss, (layers(0.5, [2, 5, 6], rs), layers(0.5, [6, 5, 4], rs))


def text(rs, steps, examples, letters):
    return np.array([one_hot(rs.randint(0, letters, examples), letters) for _ in range(steps)])


def recurrent_network():
    rs = npr.RandomState(4)
    inputs = text(rs, 4, 3, 5)

    def loss(params):
        hidden = np.repeat(params["init hidden"], inputs.shape[1], axis=0)
        output = [log_softmax(affine(params["predict"], hidden))]
        for step in inputs:
            hidden = np.tanh(affine(params["change"], step, hidden))
            output.append(log_softmax(affine(params["predict"], hidden)))
        total = 0.0
        for t in range(len(inputs)):
            total += np.sum(output[t] * inputs[t])
        return -total / (inputs.shape[0] * inputs.shape[1])

    params = {"init hidden": rs.randn(1, 4), "change": rs.randn(5 + 4 + 1, 4) * 0.5, "predict": rs.randn(5, 5) * 0.5}
    return loss, params


def long_short_term_memory():
    rs = npr.RandomState(5)
    inputs = text(rs, 4, 3, 5)

    def step(params, letters, hidden, cells):
        change = np.tanh(affine(params["change"], letters, hidden))
        forget, take, give = (sigmoid(affine(params[gate], letters, hidden)) for gate in ("forget", "in", "out"))
        cells = cells * forget + take * change
        return np.hstack([give * np.tanh(cells), cells])

    def loss(params):
        hidden = np.repeat(params["init hidden"], 3, axis=0)
        cells = np.repeat(params["init cells"], 3, axis=0)
        logprobs = []
        for letters in inputs:
            logprobs.append(log_softmax(affine(params["predict"], hidden)))
            hidden, cells = np.hsplit(checkpoint(step)(params, letters, hidden, cells), 2)
        return -np.mean(np.sum(np.array(logprobs) * inputs, axis=(1, 2)))

    params = {gate: 0.5 * rs.randn(10, 4) for gate in ("change", "forget", "in", "out")}
    params |= {"predict": 0.5 * rs.randn(5, 5), "init hidden": rs.randn(1, 4), "init cells": rs.randn(1, 4)}
    return loss, params


class Slots:
    """Where in a flat vector of weights each array lies."""

    def __init__(self):
        self.places, self.size = {}, 0

    def add(self, name, shape):
        start, self.size = self.size, self.size + int(np.prod(shape))
        self.places[name] = slice(start, self.size), shape

    def get(self, vector, name):
        place, shape = self.places[name]
        return np.reshape(vector[place], shape)


def convolutional_network():
    rs = npr.RandomState(6)
    images, labels = rs.rand(2, 6, 6), one_hot(np.array([0, 2]), 3)
    slots = Slots()
    slots.add("kernels", (2, 3, 3))
    slots.add("offsets", (1, 2, 1, 1))
    slots.add("dense", (2 * 2 * 2, 3))

    def loss(vector):
        kernels = slots.get(vector, "kernels")
        maps = np.array([[convolve(image, kernel, mode="valid") for kernel in kernels] for image in images])
        maps = maps + slots.get(vector, "offsets")
        pooled = np.max(np.max(maps.reshape((2, 2, 2, 2, 2, 2)), axis=3), axis=4)
        outputs = np.dot(pooled.reshape((2, -1)), slots.get(vector, "dense"))
        return np.dot(vector, vector) - np.sum(log_softmax(outputs) * labels)

    return loss, rs.randn(slots.size)


def attention():
    rs = npr.RandomState(7)
    x, target = rs.randn(2, 4, 6), rs.randn(2, 4, 6)

    def loss(params):
        q, k, v = (np.einsum("bti,ihd->bhtd", x, params[name]) for name in ("q", "k", "v"))
        scores = np.matmul(q, np.swapaxes(k, -1, -2)) / np.sqrt(q.shape[-1])
        scores = np.where(np.tril(np.ones((4, 4))) > 0, scores, -1e9)
        weights = np.exp(scores - np.max(scores, axis=-1, keepdims=True))
        weights = weights / np.sum(weights, axis=-1, keepdims=True)
        mixed = np.transpose(np.matmul(weights, v), (0, 2, 1, 3)).reshape(x.shape)
        return np.mean((np.dot(mixed, params["o"]) - target) ** 2)

    return loss, {**{name: 0.5 * rs.randn(6, 2, 3) for name in "qkv"}, "o": 0.5 * rs.randn(6, 6)}


def embedding():
    """Rows of a table that are read more than once, and two tensors that are contracted."""
    rs = npr.RandomState(8)
    words = np.array([0, 2, 2, 1, 0])

    def loss(table, mixing):
        pairs = np.tensordot(table[words], mixing, axes=([1], [0]))
        return np.sum(np.tanh(pairs[:-1] * pairs[1:])) + np.sum(np.square(table)).astype(float)

    return loss, rs.randn(3, 4), rs.randn(4, 2)


def gradient_penalty():
    """A loss with a gradient in it."""
    rs = npr.RandomState(9)
    x = rs.randn(5, 3)

    def critic(x, params):
        for w, b in params:
            x = np.tanh(np.dot(x, w) + b)
        return np.sum(x)

    def loss(params):
        slopes = grad(critic)(x, params)
        return critic(x, params) + 10.0 * np.mean((np.sqrt(np.sum(slopes**2, axis=1)) - 1) ** 2)

    return loss, layers(0.7, [3, 4, 1], rs)


def trained_by_adam():
    """Adam on a flat vector; a list of tuples is what the loss takes."""
    rs = npr.RandomState(10)
    x = np.linspace(-1, 1, 20)[:, None]
    y = x**2

    def loss(params):
        h = x
        for w, b in params:
            outputs = np.dot(h, w) + b
            h = np.tanh(outputs)
        return np.mean((outputs - y) ** 2)

    flat, unflatten = ravel(layers(0.5, [1, 8, 1], rs))
    m, v = np.zeros(len(flat)), np.zeros(len(flat))
    for i in itertools.count():
        g, _ = ravel(grad(loss)(unflatten(flat)))
        m, v = 0.1 * g + 0.9 * m, 0.001 * g**2 + 0.999 * v
        flat -= 0.02 * (m / (1 - 0.9 ** (i + 1))) / (np.sqrt(v / (1 - 0.999 ** (i + 1))) + 1e-8)
        if i == 300:
            return np.array([loss(unflatten(flat)) < 2e-3])


OBJECTIVES = [
    *(classifier, regression_network, adversarial_networks, variational_autoencoder, recurrent_network),
    *(long_short_term_memory, convolutional_network, attention, embedding, gradient_penalty),
]

#: What a program returns, where it is known.
RESULTS = {trained_by_adam: True}
