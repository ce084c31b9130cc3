"""Programs that fit the parameters of a formula: maximum likelihood, least squares, component analysis."""

from functools import partial

import numpy
from scipy.optimize import minimize, newton

import fdezero.numpy as np
import fdezero.numpy.random as npr
from fdezero import custom_vjp, elementwise_grad, fixed_point, grad, jacobian, value_and_grad
from fdezero.numpy.linalg import norm as length
from fdezero.scipy.special import expit, gammaln, logsumexp
from fdezero.scipy.stats import gamma as gamma_distribution
from fdezero.scipy.stats import norm, poisson, t


def rosenbrock():
    def valley(x):
        return 100 * (x[1] - x[0] ** 2) ** 2 + (1 - x[0]) ** 2

    return valley, np.array([0.3, -0.7])


def rosenbrock_minimized():
    def valley(x):
        return np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)

    return minimize(value_and_grad(valley), x0=np.zeros(4), jac=True, method="BFGS", options={"gtol": 1e-8}).x


def tanh_and_its_derivatives():
    def tanh(x):
        return (1.0 - np.exp(-2 * x)) / (1.0 + np.exp(-2 * x))

    d = elementwise_grad
    x = np.linspace(-3, 3, 13)
    return np.array([f(x) for f in (tanh, d(tanh), d(d(tanh)), d(d(d(tanh))))])


def sine_by_its_series():
    """A loop that stops when a term is small enough."""

    def sine(x):
        term = total = x
        for i in range(1000):
            term = -term * x**2 / ((2 * i + 3) * (2 * i + 2))
            total = total + term
            if np.abs(term) < 1e-12:
                break
        return total

    return np.array([[sine(x), grad(sine)(x), grad(grad(sine))(x)] for x in np.linspace(-4.0, 4.0, 9)])


def square_root_by_descent():
    """A fixed point, and its derivatives by the implicit function theorem."""

    def root(a):
        return fixed_point(lambda x, a: x - 0.05 * (x**2 - a), 10.0, a)

    return np.array([root(2.0), grad(root)(2.0), grad(grad(root))(2.0)])


def gradient_of_ones_own():
    """A function whose gradient is stated, and is not that of the steps that compute it."""

    @custom_vjp
    def log_of_sum(x):
        largest = np.max(x)
        return largest + np.log(np.sum(np.exp(x - largest)))

    def with_residuals(x):
        out = log_of_sum(x)
        return out, (x, out)

    log_of_sum.defvjp(with_residuals, lambda kept, g: (g * np.exp(kept[0] - kept[1]),))

    def twice(y):
        return log_of_sum(y**2) + np.sum(np.sin(y))

    return twice, np.array([0.3, -1.2, 2.0, 0.7])


def logistic_regression():
    inputs = np.array([[0.5, 1.1, 0.8], [0.9, -1.1, 0.2], [0.5, 0.1, -1.3], [0.7, -2.5, 1.4]])
    targets = np.array([True, True, False, True])

    def loss(weights):
        p = 0.5 * (np.tanh(np.dot(inputs, weights)) + 1)
        return -np.sum(np.log(p * targets + (1 - p) * (1 - targets)))

    weights = np.array([0.0, 0.1, 0.0])
    gradient = grad(loss)
    for _ in range(20):
        weights -= gradient(weights) * 0.01
    return loss, weights


class SoftmaxRegression:
    """A classifier that keeps its weights in attributes of its own."""

    def __init__(self, inputs, labels):
        self.inputs, self.labels = inputs, labels
        self.one_hot = np.eye(labels.max() + 1)[labels]

    def loss(self, weights, offsets, decay=0.01):
        self.scores = self.inputs @ weights + offsets
        log_p = self.scores - logsumexp(self.scores, axis=1, keepdims=True)
        return -np.mean(np.sum(self.one_hot * log_p, axis=1)) + decay * length(weights) ** 2


def softmax_regression():
    rs = npr.RandomState(0)
    model = SoftmaxRegression(rs.randn(12, 3), rs.randint(0, 4, 12))
    return model.loss, 0.3 * rs.randn(3, 4), 0.1 * rs.randn(4)


def negative_binomial():
    counts = npr.RandomState(1).poisson(4.0, size=30)

    def loglike(r, p):
        terms = gammaln(r + counts) - gammaln(r) - gammaln(counts + 1) + counts * np.log(p) + r * np.log(1 - p)
        return np.sum(terms)

    return loglike, 3.2, 0.4


def negative_binomial_by_newton():
    """The likelihood's stationary point, by Newton's and Halley's method with exact derivatives."""
    counts = npr.RandomState(0).negative_binomial(5, 0.4, size=300)

    def loglike(r, p):
        return np.sum(gammaln(r + counts) - gammaln(r) + counts * np.log(p) + r * np.log(1 - p))

    def slope(r):
        return grad(loglike)(r, np.sum(counts) / np.sum(r + counts))

    return slope(newton(slope, 4.0, fprime=grad(slope), fprime2=grad(grad(slope))))


def poisson_regression():
    rs = npr.RandomState(2)
    x = np.c_[np.ones(15), rs.randn(15)]
    y = rs.poisson(np.exp(x @ np.array([0.5, 0.3])))

    def loss(params):
        return -poisson.logpmf(y, np.exp(np.dot(x, params["w"]) + params["b"])).sum()

    return loss, {"w": np.array([0.2, 0.1]), "b": 0.1}


def independent_components():
    rs = npr.RandomState(3)
    observed = rs.randn(20, 5)

    def loss(params):
        weights = np.reshape(params[:10], (5, 2))
        latents = np.reshape(params[10:-1], (2, 20))
        return -np.sum(t.logpdf(np.dot(weights, latents).T, 2.4, observed, np.exp(params[-1]))) / 20

    return loss, 0.5 * rs.randn(10 + 40 + 1)


def levenberg_marquardt():
    x = np.linspace(0, 3, 20)
    y = 1.5 * np.exp(-0.7 * x) + 0.25

    def residual(p):
        return p[0] * np.exp(-p[1] * x) + p[2] - y

    p, damping = np.array([1.0, 1.0, 0.0]), 1e-2
    for _ in range(40):
        j, r = jacobian(residual)(p), residual(p)
        p = p - np.linalg.solve(j.T @ j + damping * np.eye(3), j.T @ r)
        damping *= 0.3
    return p


def robust_line():
    rs = npr.RandomState(4)
    x, y = np.linspace(0, 1, 25), rs.standard_t(2, 25)

    def huber(r, width=0.5):
        r = np.abs(r)
        return np.where(r <= width, 0.5 * r**2, width * (r - 0.5 * width))

    def loss(params):
        slope, offset = params
        return np.sum(huber(y - slope * x - offset)) + 1e-3 * np.hypot(slope, offset)

    return loss, (0.7, -0.2)


def censored_survival_times():
    """A Weibull model of durations, of which some are only known to be longer."""
    rs = npr.RandomState(5)
    durations, observed = rs.weibull(1.5, 30) + 0.1, rs.rand(30) < 0.7
    covariates = rs.randn(30, 2)

    def loss(params, durations, observed):
        beta, log_rho = params["beta"], params["log_rho"]
        rho = np.exp(np.clip(log_rho, -5, 5))
        log_scale = np.dot(covariates, beta)
        hazard = np.clip((durations / np.exp(log_scale)) ** rho, 1e-25, 1e25)
        log_rate = log_rho - log_scale + (rho - 1) * (np.log(durations) - log_scale)
        return -np.sum(np.where(observed, log_rate, 0.0) - hazard) / len(durations)

    return partial(loss, durations=durations, observed=observed), {"beta": np.array([0.1, -0.2]), "log_rho": 0.3}


def proportional_hazards():
    rs = npr.RandomState(6)
    x = rs.randn(15, 3)[np.argsort(rs.rand(15))]

    def loss(beta):
        risk = x @ beta
        at_risk = np.log(np.cumsum(np.exp(risk[::-1]))[::-1])
        return -np.mean(risk - at_risk) + 0.05 * np.sum(np.sqrt(beta**2 + 1e-4))

    return loss, 0.3 * rs.randn(3)


def gamma_durations():
    rs = npr.RandomState(7)
    x = rs.gamma(2.0, 1.5, 20)

    def loss(log_params):
        shape, rate = np.exp(log_params)
        return -np.mean(gamma_distribution.logpdf(x * rate, shape) + np.log(rate))

    return loss, np.array([0.4, -0.3])


def item_response():
    """Ability of students and difficulty of questions."""
    rs = npr.RandomState(8)
    right = rs.rand(6, 5) < 0.6

    def loss(params):
        ability, difficulty = params[:6], params[6:]
        p = expit(np.expand_dims(ability, 1) - np.expand_dims(difficulty, 0))
        prior = np.sum(norm.logpdf(params, 0.0, 2.0))
        return -np.sum(np.log(np.where(right, p, 1 - p))) - prior

    return loss, rs.randn(11)


def matrix_factorization():
    rs = npr.RandomState(9)
    ratings, known = rs.rand(6, 5), numpy.array(rs.rand(6, 5) < 0.7, dtype=float)

    def loss(factors):
        u, v = factors
        return np.sum(known * (ratings - np.einsum("ik,jk->ij", u, v)) ** 2) + 0.1 * (np.sum(u**2) + np.trace(v.T @ v))

    return loss, [rs.randn(6, 2), rs.randn(5, 2)]


OBJECTIVES = [
    *(rosenbrock, logistic_regression, softmax_regression, negative_binomial, poisson_regression, independent_components),
    *(robust_line, censored_survival_times, proportional_hazards, gamma_durations, item_response, matrix_factorization),
    gradient_of_ones_own,
]

x = numpy.linspace(-3, 3, 13)
y = numpy.tanh(x)
x4 = numpy.linspace(-4.0, 4.0, 9)

#: What a program returns, where it is known.
RESULTS = {
    rosenbrock_minimized: numpy.ones(4),
    tanh_and_its_derivatives: numpy.array([y, 1 - y**2, -2 * y * (1 - y**2), (1 - y**2) * (6 * y**2 - 2)]),
    sine_by_its_series: numpy.array([numpy.sin(x4), numpy.cos(x4), -numpy.sin(x4)]).T,
    square_root_by_descent: numpy.array([2**0.5, 2**-0.5 / 2, -(2**-1.5) / 4]),
    negative_binomial_by_newton: 0.0,
    levenberg_marquardt: numpy.array([1.5, 0.7, 0.25]),
}
