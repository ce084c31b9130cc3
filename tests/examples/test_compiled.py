"""The examples of jit, each with a short setting: compiled and eager results agree, and what is computed is so."""

import runpy
from pathlib import Path

import numpy as np
import pytest

from fdezero import grad, jit, value_and_grad, vmap

pytestmark = pytest.mark.long

pytest.importorskip("matplotlib")

EXAMPLES = Path(__file__).parents[2] / "examples" / "jit"


@pytest.fixture
def run(tmp_path, capsys):
    """Runs an example, sees that it draws and says something, and returns its facts."""

    def run(name, *options):
        picture = tmp_path / f"{name}.png"
        facts = runpy.run_path(str(EXAMPLES / f"{name}.py"))["main"]([*options, "--out", str(picture)])
        assert picture.read_bytes().startswith(b"\x89PNG") and picture.stat().st_size > 20_000
        assert str(picture) in capsys.readouterr().out
        return facts

    return run


# -- the double pendulum --------------------------------------------------------------------------------
def test_the_pendulum_and_its_tangent_are_those_of_the_eager_run(run):
    facts = run("double_pendulum", "--steps", "500", "--step", "0.004")
    eager, *compiled = facts["found"].values()
    assert len(compiled) == 2
    for found in compiled:
        for a, b in zip(found, eager, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-10)


def test_the_pendulum_keeps_its_energy_and_the_tangent_what_follows_from_it(run):
    facts = run("double_pendulum", "--steps", "500", "--step", "0.004")
    assert 1e-12 < facts["drift"] < 1e-4
    energy = runpy.run_path(str(EXAMPLES / "double_pendulum.py"))["energy"]
    slopes = np.array([grad(energy)(state) for state in facts["states"][::50]])  # of two starts, the energies' difference
    along = (slopes * facts["tangents"][::50]).sum(axis=1)  # stays as it is as well
    np.testing.assert_allclose(along, along[0], rtol=1e-5)
    assert np.linalg.norm(facts["tangents"][-1]) > 5 * np.linalg.norm(facts["tangents"][0])


# -- Hamiltonian Monte Carlo ----------------------------------------------------------------------------
@pytest.fixture(scope="module")
def monte_carlo():
    pytest.importorskip("sklearn")
    pytest.importorskip("tqdm")
    return runpy.run_path(str(EXAMPLES / "hamiltonian_monte_carlo.py"))


def test_the_posterior_is_close_to_laplace_s_approximation(run, monte_carlo):
    facts = run("hamiltonian_monte_carlo", "--draws", "300")
    draws = facts["draws"]
    assert draws.shape == (300, 4, 31)
    assert 0.6 < facts["accepted"] < 0.95
    assert facts["sizes"].min() > 300
    best, covariance = facts["laplace"]
    spread = np.sqrt(np.diagonal(covariance))
    assert np.abs((draws.mean(axis=(0, 1)) - best) / spread).max() < 0.6  # the posterior leans away from 0
    np.testing.assert_allclose(draws.std(axis=(0, 1)) / spread, 1.0, atol=0.25)


def test_the_compiled_chains_are_the_eager_ones(monte_carlo, monkeypatch):
    sample = monte_carlo["sample"]
    monkeypatch.setitem(sample.__globals__, "WARMUP", 10)  # a long run's rounding errors may decide an acceptance
    rows, benign, _ = monte_carlo["load"]()
    slope = vmap(value_and_grad(monte_carlo["log_posterior"](rows, benign)))
    start = np.random.default_rng(0).normal(size=(4, 31))
    (eager, chance), (compiled, other) = (sample(f, start, 10, np.random.default_rng(1)) for f in (slope, jit(slope)))
    assert np.abs(np.diff(eager, axis=0)).max() > 0.1
    np.testing.assert_allclose(compiled, eager, rtol=1e-9, atol=1e-12)
    assert other == pytest.approx(chance, rel=1e-9)


def test_the_mode_is_the_fit_of_scikit_learn(monte_carlo):
    from sklearn.linear_model import LogisticRegression

    rows, benign, names = monte_carlo["load"]()
    assert rows.shape == (569, len(names)) == (569, 31)
    best, _ = monte_carlo["mode"](monte_carlo["log_posterior"](rows, benign), 31)
    fit = LogisticRegression(C=1.0, tol=1e-10, max_iter=10_000).fit(rows[:, 1:], benign)
    np.testing.assert_allclose(best[1:], fit.coef_[0], atol=2e-3)  # whose intercept has no prior


def test_the_leapfrog_method_is_of_second_order_and_goes_back_the_way_it_came(monte_carlo):
    slope = jit(lambda x: value_and_grad(lambda x: -np.cosh(x).sum() - (x[0] * x[1]) ** 2)(x))
    position, momentum = np.array([0.3, -0.8]), np.array([1.0, 0.5])

    def energy(position, momentum):
        return 0.5 * momentum @ momentum - slope(position)[0]

    errors = []
    for steps in (20, 40, 80):
        *end, _, gradient = monte_carlo["leapfrog"](slope, position, momentum, slope(position)[1], 1.6 / steps, steps)
        errors.append(abs(energy(*end) - energy(position, momentum)))
        back, reversed_, _, _ = monte_carlo["leapfrog"](slope, end[0], -end[1], gradient, 1.6 / steps, steps)
        np.testing.assert_allclose([back, -reversed_], [position, momentum], rtol=1e-12)
    np.testing.assert_allclose(np.divide(errors[:-1], errors[1:]), 4.0, rtol=0.1)


@pytest.mark.parametrize("correlation", [0.0, 0.6])
def test_effective_sizes_are_those_of_an_autoregression(monte_carlo, correlation):
    rng = np.random.default_rng(0)
    noise = rng.normal(size=(4000, 4, 3))
    draws = [noise[0]]
    for each in noise[1:]:
        draws.append(correlation * draws[-1] + np.sqrt(1 - correlation**2) * each)
    wanted = 16_000 * (1 - correlation) / (1 + correlation)
    np.testing.assert_allclose(monte_carlo["effective_sizes"](np.array(draws)), wanted, rtol=0.15)
