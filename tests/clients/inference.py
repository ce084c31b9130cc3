"""Bayesian programs: variational inference, Gaussian processes, mixtures, hidden Markov models, filters."""

from functools import partial

import numpy
from scipy.optimize import minimize

import fdezero.numpy as np
import fdezero.numpy.random as npr
from fdezero import grad, hvp, value_and_grad
from fdezero.numpy.linalg import cholesky, inv, slogdet, solve
from fdezero.scipy.special import gammaln, logsumexp
from fdezero.scipy.stats import beta, dirichlet, norm
from fdezero.scipy.stats import multivariate_normal as mvn
from fdezero.tree import ravel


def funnel(x):
    """The density of Neal's funnel at the rows of x."""
    mean, log_std = x[:, 0], x[:, 1]
    return norm.logpdf(log_std, 0, 1.35) + norm.logpdf(mean, 0, np.exp(log_std))


def lower_bound(logprob, dimensions, samples, rs):
    """The evidence bound of a diagonal Gaussian, by draws that are a function of its parameters."""
    draws = rs.randn(samples, dimensions)

    def bound(params):
        mean, log_std = params[:dimensions], params[dimensions:]
        entropy = 0.5 * dimensions * (1.0 + np.log(2 * np.pi)) + np.sum(log_std)
        return entropy + np.mean(logprob(draws * np.exp(log_std) + mean))

    return bound


def variational_inference():
    return lower_bound(funnel, 2, 20, npr.RandomState(0)), np.array([-1.0, 0.2, -0.5, -0.3])


def bayesian_network():
    """A network for each draw of the weights at once."""
    rs = npr.RandomState(1)
    sizes = [(1, 4), (4, 4), (4, 1)]
    count = sum((m + 1) * n for m, n in sizes)
    x = np.concatenate([np.linspace(-1, -0.5, 4), np.linspace(0.5, 1, 4)]).reshape((8, 1))
    y = np.cos(4 * x) + 0.1 * rs.randn(8, 1)

    def unpacked(weights):
        for m, n in sizes:
            yield weights[:, : m * n].reshape((-1, m, n)), weights[:, m * n : m * n + n].reshape((-1, 1, n))
            weights = weights[:, (m + 1) * n :]

    def logprob(weights):
        h = np.expand_dims(x, 0)
        for w, b in unpacked(weights):
            outputs = np.einsum("mnd,mdo->mno", h, w) + b
            h = np.exp(-(outputs**2))
        return -0.1 * np.sum(weights**2, axis=1) - np.sum((outputs - y) ** 2, axis=1)[:, 0] / 0.01

    return lower_bound(logprob, count, 3, rs), np.concatenate([rs.randn(count), -3 * np.ones(count)])


def natural_gradient():
    """Steps along the gradient, with the metric of the variational family."""
    rs = npr.RandomState(2)
    y = rs.randn(5, 5).dot(rs.randn(5))

    def logprob(x):
        mean, log_std = x[:, :5], x[:, 5:]
        return np.sum(norm.logpdf(log_std, 0, 1.35), axis=1) + np.sum(norm.logpdf(y, mean, np.exp(log_std)), axis=1)

    bound, params = lower_bound(logprob, 10, 10, rs), np.concatenate([0.1 * rs.randn(10), -np.ones(10)])
    before = bound(params)
    for _ in range(30):
        log_std = params[10:]
        fisher = np.concatenate([np.exp(-2.0 * log_std), np.ones(len(log_std)) * 2])
        params = params + 0.02 * grad(bound)(params) / fisher
    return np.array([bound(params) > before + 1.0])


def mixture_of_posteriors():
    rs = npr.RandomState(3)
    draws = rs.randn(4, 8, 2)

    def log_q(components, x):
        each = [np.sum(norm.logpdf(x, p[:2], np.exp(p[2:])), axis=-1) for p in components]
        return np.vstack(each).T

    def bound(params):
        log_weights = params[:4] - logsumexp(params[:4])
        components = np.reshape(params[4:], (4, -1))

        def of(component, draw):
            x = draw * np.exp(component[2:]) + component[:2]
            log_ps = np.reshape(np.logaddexp(funnel(x), funnel(x - 0.5)), (8, -1))
            return np.mean(log_ps - np.reshape(logsumexp(log_q(components, x) + log_weights, axis=1, keepdims=False), (8, -1)))

        return np.sum(np.stack([of(c, d) for c, d in zip(components, draws)]) * np.exp(log_weights))

    return bound, 0.3 * rs.randn(4 + 4 * 4)


# -- Gaussian processes ----------------------------------------------------------------------------------


def covariance(params, x, xp):
    scales = np.exp(params[1:])
    diffs = np.expand_dims(x / scales, 1) - np.expand_dims(xp / scales, 0)
    return np.exp(params[0]) * np.exp(-0.5 * np.sum(diffs**2, axis=2))


def evidence(params, x, y):
    noisy = covariance(params[2:], x, x) + (np.exp(params[1]) + 0.01) * np.eye(len(y))
    return mvn.logpdf(y, params[0] * np.ones(len(y)), noisy)


def predicted(params, x, y, xstar):
    cross = covariance(params[2:], x, xstar)
    noisy = covariance(params[2:], x, x) + (np.exp(params[1]) + 0.01) * np.eye(len(y))
    mean = params[0] + np.dot(solve(noisy, cross).T, y - params[0])
    return mean, covariance(params[2:], xstar, xstar) - np.dot(solve(noisy, cross).T, cross)


X = np.concatenate([np.linspace(-2, 0, 5), np.linspace(1, 2, 4)]).reshape((9, 1))
Y = np.cos(2 * X).ravel() / 2


def gaussian_process():
    return lambda params: -evidence(params, X, Y), np.array([0.1, -1.0, 0.2, -0.3])


def gaussian_process_fitted():
    """The gradient at the optimum that SciPy finds, which is zero."""
    objective = value_and_grad(lambda params: -evidence(params, X, Y) - np.sum(norm.logpdf(params, 0.0, 2.0)))
    fit = minimize(objective, np.array([0.1, -1.0, 0.2, -0.3]), jac=True, method="BFGS", options={"gtol": 1e-6})
    return objective(fit.x)[1]


def deep_gaussian_process():
    def loss(params):
        hidden = params[8:]
        return -evidence(params[:4], X, hidden) - evidence(params[4:8], np.atleast_2d(hidden).T, Y)

    return loss, 0.5 * npr.RandomState(4).randn(8 + 9)


def latent_variables():
    rs = npr.RandomState(5)
    data = rs.randn(7, 2)

    def loss(params):
        processes, latents = np.reshape(params[:10], (2, 5)), np.reshape(params[10:], (7, 2))
        return -sum([evidence(processes[i], latents, data[:, i]) for i in range(2)]) - np.sum(norm.logpdf(latents))

    return loss, 0.5 * rs.randn(10 + 14)


def acquisition():
    """Expected improvement, as a function of where to look next."""
    params = np.array([0.1, -2.0, 0.2, -0.3])

    def improvement(x):
        mean, cov = predicted(params, X, Y, np.atleast_2d(x))
        std = np.sqrt(np.diag(cov))
        best = np.max(Y)
        value = (mean - best) * norm.cdf(mean, best, std) + std * norm.pdf(mean, best, std)
        return value + 0.01 * norm.logcdf(best, mean, std)  # an array of one entry

    return improvement, np.array([0.4])


def next_point():
    """Where the acquisition is largest, within bounds."""
    improvement, start = acquisition()
    objective = value_and_grad(lambda x: -improvement(x))
    found = [
        minimize(objective, x0=x0, jac=True, method="L-BFGS-B", bounds=[(-2.0, 2.0)], options={"ftol": 1e-14, "gtol": 1e-9})
        for x0 in (start, start + 0.1)
    ]
    best = np.argmax([-each.fun for each in found])
    return np.array([found[best].jac[0]]) * (abs(found[best].x[0]) < 2.0)


def whitened_process():
    """A prior by its Cholesky factor, and a determinant by its diagonal."""
    rs = npr.RandomState(6)
    z = rs.randn(9)

    def logprob(params, z):
        factor = cholesky(covariance(params, X, X) + 1e-3 * np.eye(9))
        f = np.dot(factor, z)
        return np.sum(Y * f - np.logaddexp(0.0, f)) - np.sum(np.log(np.diag(factor))) - 0.5 * np.dot(z, z)

    return logprob, np.array([0.2, -0.3]), z


# -- mixtures and sequences --------------------------------------------------------------------------------


def mixture(data):
    def loss(params):
        log_proportions = params["log proportions"] - logsumexp(params["log proportions"])
        parts = []
        for log_proportion, mean, root in zip(log_proportions, params["means"], params["roots"]):
            parts.append(log_proportion + mvn.logpdf(data, mean, np.dot(root.T, root)))
        return -np.sum(logsumexp(np.vstack(parts), axis=0))

    return loss


def mixture_of_gaussians():
    rs = npr.RandomState(7)
    params = {
        "log proportions": rs.randn(3),
        "means": rs.randn(3, 2),
        "roots": np.zeros((3, 2, 2)) + np.eye(2) + 0.1 * rs.randn(3, 2, 2),
    }
    return mixture(rs.randn(12, 2)), params


def mixture_by_newton():
    """Newton's method with products of the Hessian, on a flat vector."""
    rs = npr.RandomState(8)
    data = np.concatenate([rs.randn(20, 1) - 3, rs.randn(20, 1) + 3])
    loss = mixture(data)
    start = {"log proportions": np.zeros(2), "means": np.array([[-1.0], [1.0]]), "roots": np.ones((2, 1, 1))}
    flat, unflatten = ravel(start)

    def objective(x):
        return loss(unflatten(x)) + 0.5 * np.sum(x[:2] ** 2)

    gradient = grad(objective)
    fit = minimize(
        objective,
        flat,
        jac=gradient,
        hessp=lambda x, v: hvp(objective, (x,), (v,)),
        method="Newton-CG",
        options={"xtol": 1e-10},
    )
    return gradient(fit.x)


def partition_function(natural_params, data):
    if isinstance(data, list):
        return sum(map(partial(partition_function, natural_params), data))
    log_pi, log_a, log_b = natural_params
    log_alpha = log_pi
    for y in data:
        log_alpha = logsumexp(log_alpha[:, None] + log_a, axis=0) + log_b[:, y]
    return logsumexp(log_alpha)


def hidden_markov_model():
    rs = npr.RandomState(9)
    params = [np.log(p / p.sum(-1, keepdims=True)) for p in (rs.rand(3), rs.rand(3, 3), rs.rand(3, 4))]
    return partial(partition_function, data=[rs.randint(0, 4, 5), rs.randint(0, 4, 4)]), params


def expectation_maximization():
    """The expected statistics are a gradient; each step raises the likelihood."""
    rs = npr.RandomState(10)
    data = [rs.randint(0, 4, 12), rs.randint(0, 3, 12)]

    def normalize(a):
        total = a.sum(-1, keepdims=True)
        return a / np.where(total > 0.0, total, 1.0)

    params, values = list(map(normalize, [rs.rand(2), rs.rand(2, 2), rs.rand(2, 4)])), []
    for _ in range(30):
        value, statistics = value_and_grad(partition_function)(list(map(np.log, params)), data)
        values.append(value)
        params = list(map(normalize, statistics))
    return np.array([np.all(np.diff(values) > -1e-9), np.allclose(params[0].sum(), 1.0), values[-1] > values[0] + 1.0])


def kalman_filter():
    rs = npr.RandomState(11)
    observed = rs.randn(6, 1)
    h = np.array([[1.0, 0.0]])

    def loss(params):
        a = np.array([[1.0, params["step"]], [0.0, params["decay"]]])
        q, r = np.exp(params["log_q"]) * np.eye(2), np.exp(params["log_r"]) * np.eye(1)
        mean, cov, total = np.zeros(2), np.eye(2), 0.0
        for y in observed:
            mean, cov = a @ mean, a @ cov @ a.T + q
            s = h @ cov @ h.T + r
            gain = cov @ h.T @ inv(s)
            error = y - h @ mean
            total = total + 0.5 * (error @ solve(s, error) + slogdet(s)[1])
            mean, cov = mean + gain @ error, cov - gain @ h @ cov
        return total

    return loss, {"step": 0.3, "decay": 0.9, "log_q": -1.0, "log_r": -0.5}


def topic_proportions():
    def logprob(log_alpha, z):
        alpha = np.exp(log_alpha)
        p = np.exp(z - logsumexp(z))
        weights = gammaln(np.sum(alpha)) - np.sum(gammaln(alpha))
        return dirichlet.logpdf(p, alpha) - 0.5 * weights + beta.logpdf(p[0], alpha[0], 2.0 + alpha[1])

    return logprob, np.array([0.3, -0.1, 0.5]), np.array([0.1, 0.4, -0.2])


OBJECTIVES = [
    *(variational_inference, bayesian_network, mixture_of_posteriors, gaussian_process, deep_gaussian_process),
    *(latent_variables, acquisition, whitened_process, mixture_of_gaussians, hidden_markov_model, kalman_filter),
    topic_proportions,
]

#: What a program returns, where it is known.
RESULTS = {
    natural_gradient: True,
    gaussian_process_fitted: numpy.zeros(4),
    next_point: numpy.zeros(1),
    mixture_by_newton: numpy.zeros(6),
    expectation_maximization: True,
}
