"""Simulations: fluids, orbits, waves, circuits; differential equations and Fourier transforms."""

import numpy
from scipy.optimize import minimize

import fdezero.numpy as np
import fdezero.numpy.random as npr
from fdezero import elementwise_grad, grad, hessian, jacobian, value_and_grad
from fdezero.numpy.fft import fft2, ifft2
from fdezero.numpy.linalg import eigh
from fdezero.scipy.integrate import odeint
from fdezero.scipy.linalg import expm


def project(vx, vy, solid=0.0):
    """A velocity field with (almost) as much flowing into each cell as out of it."""
    p = np.zeros(vx.shape)
    div = -0.5 * (np.roll(vx, -1, axis=1) - np.roll(vx, 1, axis=1) + np.roll(vy, -1, axis=0) - np.roll(vy, 1, axis=0))
    for _ in range(4):
        p = (div + np.roll(p, 1, axis=1) + np.roll(p, -1, axis=1) + np.roll(p, 1, axis=0) + np.roll(p, -1, axis=0)) / 4.0
    vx = vx - 0.5 * (np.roll(p, -1, axis=1) - np.roll(p, 1, axis=1))
    vy = vy - 0.5 * (np.roll(p, -1, axis=0) - np.roll(p, 1, axis=0))
    return vx * (1 - solid), vy * (1 - solid)


def advect(f, vx, vy):
    """The field f, moved along the velocity by looking backward."""
    rows, cols = f.shape
    ys, xs = np.meshgrid(np.arange(rows), np.arange(cols), indexing="ij")
    center_ys, center_xs = (ys - vy).ravel(), (xs - vx).ravel()
    top, left = np.floor(center_ys).astype(int), np.floor(center_xs).astype(int)
    bw, rw = center_ys - top, center_xs - left
    top, left = np.mod(top, rows), np.mod(left, cols)
    bottom, right = np.mod(top + 1, rows), np.mod(left + 1, cols)
    flat = (1 - bw) * ((1 - rw) * f[top, left] + rw * f[top, right]) + bw * ((1 - rw) * f[bottom, left] + rw * f[bottom, right])
    return np.reshape(flat, (rows, cols))


def fluid():
    rs = npr.RandomState(0)
    smoke, target = rs.rand(5, 6), rs.rand(5, 6)

    def loss(params):
        vx, vy, now = np.reshape(params[:30], (5, 6)), np.reshape(params[30:], (5, 6)), smoke
        for _ in range(3):
            vx, vy = project(advect(vx, vx, vy), advect(vy, vx, vy))
            now = advect(now, vx, vy)
        return np.mean((target - now) ** 2)

    return loss, 0.4 * rs.randn(60)


def wing():
    """The lift over the drag of an obstacle whose shape is free."""
    rs = npr.RandomState(1)
    allowed = np.zeros((5, 6))
    allowed[1:4, 1:4] = 1.0

    def loss(shape):
        solid = 0.5 * (np.tanh(shape) + 1.0) * allowed
        vx, vy = project(np.ones((5, 6)) * 0.7, np.ones((5, 6)) * 0.1, solid)
        for _ in range(2):
            vx, vy = project(advect(vx, vx, vy), advect(vy, vx, vy), solid)
        return -np.mean(vy - 0.1) / np.mean(0.7 - vx)

    return loss, rs.randn(5, 6)


def network_in_an_equation():
    """The right side of a differential equation is a network: its weights come as a list of tuples."""
    rs = npr.RandomState(2)
    t, y0 = np.linspace(0.0, 1.0, 5), np.array([2.0, 0.3])
    target = rs.randn(5, 2)

    def right_side(y, t, params):
        for w, b in params:
            outputs = np.dot(y, w) + b
            y = np.tanh(outputs)
        return outputs

    def loss(params):
        path = odeint(right_side, y0, t, tuple((params,)), rtol=1e-9, atol=1e-9)
        return np.mean(np.abs(path - target))

    return loss, [(0.5 * rs.randn(2, 4), 0.1 * rs.randn(4)), (0.5 * rs.randn(4, 2), 0.1 * rs.randn(2))]


def double_pendulum():
    """The Lagrangian gives the acceleration, by its derivatives."""

    def lagrangian(q, v):
        kinetic = v[0] ** 2 + 0.5 * v[1] ** 2 + v[0] * v[1] * np.cos(q[0] - q[1])
        return kinetic + 9.8 * (2 * np.cos(q[0]) + np.cos(q[1]))

    def acceleration(q, v):
        mass = hessian(lagrangian, 1)(q, v)
        mixed = jacobian(jacobian(lagrangian, 1), 0)(q, v)
        return np.linalg.solve(mass, grad(lagrangian, 0)(q, v) - np.dot(mixed, v))

    q, v, step = np.array([0.5, -0.2]), np.array([0.1, 0.3]), 1e-3

    def energy(q, v):
        return np.dot(v, grad(lagrangian, 1)(q, v)) - lagrangian(q, v)

    start = energy(q, v)
    for _ in range(50):
        half = v + 0.5 * step * acceleration(q, v)
        q = q + step * half
        v = half + 0.5 * step * acceleration(q, half)
    return np.array([energy(q, v) - start])


def orbit():
    """Leapfrog steps of planets that attract each other; where they end, as a function of how they start."""
    rs = npr.RandomState(3)
    masses = np.array([10.0, 0.1, 0.2])

    def loss(state):
        x, v = state
        for _ in range(5):
            apart = x[None, :, :] - x[:, None, :]
            distance = np.sqrt(np.sum(apart**2, axis=-1) + 0.1)
            v = v + 0.05 * np.sum(masses[None, :, None] * apart / distance[..., None] ** 3, axis=1)
            x = x + 0.05 * v
        return np.linalg.norm(x[1] - x[2]) + np.min(distance + 10 * np.eye(3))

    return loss, (rs.randn(3, 2), rs.randn(3, 2))


def thin_film():
    """The reflection of a stack of layers, by products of complex matrices."""
    index = [1.0, 1.45, 2.3, 1.45, 1.5]

    def reflection(thickness, wavelength):
        total = np.eye(2) * (1.0 + 0.0j)
        for n, d in zip(index[1:-1], thickness):
            phase = 2 * np.pi * n * d / wavelength
            layer = np.array([[np.cos(phase) + 0j, 1j * np.sin(phase) / n], [1j * n * np.sin(phase), np.cos(phase) + 0j]])
            total = np.dot(total, layer)
        b, c = np.dot(total, np.array([1.0, index[-1]]))
        r = (index[0] * b - c) / (index[0] * b + c)
        return np.real(r * np.conj(r))

    def loss(thickness):
        return sum(np.abs(reflection(thickness, w)) ** 2 for w in (0.45, 0.55, 0.65)) / 3

    return loss, np.array([0.11, 0.07, 0.2])


def blurred_image():
    """A phase mask in front of a lens; what comes through, by Fourier transforms."""
    rs = npr.RandomState(4)
    image, target = rs.rand(4, 6), rs.rand(4, 6)

    def loss(phase):
        field = fft2(image * np.exp(1j * phase))
        field = np.fft.fftshift(field) * np.hanning(6)
        out = np.abs(ifft2(np.fft.ifftshift(field))) ** 2
        return np.sum((out - target) ** 2) + np.sum(np.abs(np.fft.rfft(phase, axis=1)[:, 1:]) ** 2)

    return loss, rs.randn(4, 6)


def heat():
    """A material is found from temperatures: implicit steps with a matrix that depends on it."""
    measured = np.linspace(0, 1, 8) ** 2

    def loss(log_conductivity):
        k = np.exp(log_conductivity)
        flow = 0.5 * (k[1:] + k[:-1])
        lower = np.concatenate([flow, np.zeros(1)])
        upper = np.concatenate([np.zeros(1), flow])
        laplacian = np.diag(lower + upper) - np.diag(flow, 1) - np.diag(flow, -1)
        u = np.sin(np.pi * np.linspace(0, 1, 8))
        for _ in range(3):
            u = np.linalg.solve(np.eye(8) + 0.1 * laplacian, u)
        return np.sum((u - measured) ** 2)

    return loss, 0.3 * npr.RandomState(5).randn(8)


def energy_levels():
    """The ground state of a particle in a potential, and what is measured in it."""
    x = np.linspace(-3, 3, 9)
    kinetic = 2 * np.eye(9) - np.eye(9, k=1) - np.eye(9, k=-1)

    def loss(params):
        levels, states = eigh(kinetic + np.diag(params[0] * x**2 + params[1] * x + params[2] * x**4))
        ground = states[:, 0]
        return levels[1] - levels[0] + np.dot(ground**2, x)

    return loss, np.array([0.5, 0.2, 0.1])


def reaction():
    """Concentrations by a matrix exponential, and their logarithmic sensitivity."""

    def loss(rates):
        a, b, c = rates
        generator = np.array([[-a, b, 0.0], [a, -b - c, 0.0], [0.0, c, 0.0]])
        later = expm(0.7 * generator) @ np.array([1.0, 0.0, 0.0])
        return np.log(later[2]) + np.prod(later)

    return loss, np.array([0.5, 0.3, 0.8])


def spins():
    """The free energy of a mean field, by its fixed point; a symmetric array is made of a vector."""
    upper = numpy.triu_indices(4, 1)

    def loss(couplings, field):
        rows = [[0.0] * 4 for _ in range(4)]
        for c, (i, k) in zip(couplings, zip(*upper)):
            rows[i][k] = rows[k][i] = c
        j = np.array(rows)
        m = np.tanh(field)
        for _ in range(15):
            m = np.tanh(np.dot(j, m) + field)
        p = 0.5 * (1 + m)
        entropy = -np.sum(p * np.log(p) + (1 - p) * np.log(1 - p))
        return -0.5 * np.einsum("i,ij,j", m, j, m) - np.dot(field, m) - entropy

    rs = npr.RandomState(6)
    return loss, 0.3 * rs.randn(6), 0.5 * rs.randn(4)


def pulse():
    """A pulse that is filtered, sampled and cut off."""
    rs = npr.RandomState(7)
    kernel = rs.rand(3)

    def loss(samples, width):
        smooth = sum(kernel[i] * samples[i : len(samples) - 2 + i] for i in range(3)) / np.sum(kernel)
        padded = np.pad(smooth, (1, 2), mode="constant")
        window = np.exp(-((np.arange(len(padded)) / width) ** 2))
        cut = np.clip(padded * window, -0.5, 0.5)
        return np.std(cut) + np.var(np.diff(np.cumsum(cut))) + np.sum(np.sinc(cut[:3] + 0.1))

    return loss, rs.randn(9), 4.0


def catenary():
    """A hanging chain, by its energy and penalties, in two dimensions."""

    def loss(points):
        ends = np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]])
        chain = np.vstack([ends[0], points.reshape((-1, 2)), ends[1]])
        links = np.linalg.norm(np.diff(chain, axis=0), axis=1)
        return np.sum(chain[:, 1]) + 50 * np.sum((links - 0.3) ** 2)

    return loss, 0.2 * npr.RandomState(8).randn(8)


def chain_at_rest():
    """In equilibrium the chain is symmetric."""
    loss, start = catenary()
    fit = minimize(value_and_grad(loss), np.abs(start) * -1, jac=True, method="BFGS", options={"gtol": 1e-9})
    points = fit.x.reshape((4, 2))
    return points[:2, 1] - points[:1:-1, 1]


def pressure():
    """The van der Waals gas: derivatives of its free energy, entry by entry."""

    def free_energy(v, t):
        return -t * np.log(v - 0.1) - 0.3 / v - 1.5 * t * np.log(t)

    v, t = np.linspace(0.5, 2.0, 7), np.full(7, 1.2)
    return elementwise_grad(free_energy, 0)(v, t)


OBJECTIVES = [
    *(fluid, wing, network_in_an_equation, orbit, thin_film, blurred_image, heat, energy_levels, reaction, spins, pulse),
    catenary,
]

v = numpy.linspace(0.5, 2.0, 7)

#: What a program returns, where it is known.
RESULTS = {
    double_pendulum: numpy.zeros(1),
    chain_at_rest: numpy.zeros(2),
    pressure: -1.2 / (v - 0.1) + 0.3 / v**2,
}
