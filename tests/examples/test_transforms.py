"""The examples of composed transforms, each with a short setting: it draws, and what it claims is so."""

import runpy
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("matplotlib")

EXAMPLES = Path(__file__).parents[2] / "examples" / "transforms"


@pytest.fixture
def run(tmp_path, capsys):
    """Runs an example, sees that it draws and says something, and returns its facts."""

    def run(name, *options):
        picture = tmp_path / f"{name}.png"
        facts = runpy.run_path(str(EXAMPLES / f"{name}.py"))["main"]([*options, "--out", str(picture)])
        assert picture.read_bytes().startswith(b"\x89PNG") and picture.stat().st_size > 20_000
        assert capsys.readouterr().out.strip()
        return facts

    return run


def test_clipping_each_example_s_gradient_withstands_outliers(run):
    facts = run("per_example_gradients", "--steps", "600")
    truth, plain, clipped = facts["truth"]["slope"], *(fit["slope"] for fit in facts["fits"].values())
    assert abs(clipped - truth) < 0.15 < 0.8 < abs(plain - truth)
    assert facts["pulls"][facts["outliers"]].min() > 3 * facts["pulls"][~facts["outliers"]].max()


def test_newton_needs_few_steps_and_descent_many(run):
    paths, slopes = run("newton", "--size", "50").values()
    descent, whole, matrix_free = slopes.values()
    assert len(descent) == 2001 and descent[-1] > 1e-3
    assert len(whole) < 40 and whole[-1] <= 1e-10
    assert len(matrix_free) < 40 and matrix_free[-1] <= 1e-10
    for path in list(paths.values())[1:]:
        np.testing.assert_allclose(path[-1], 1.0, rtol=1e-8)


def test_the_pendulum_keeps_its_energy_to_the_order_of_the_method(run):
    coarse, fine = (run("double_pendulum", "--seconds", "0.6", "--step", step)["error"][-1] for step in ("0.02", "0.01"))
    assert coarse < 1e-3
    assert coarse / fine > 8


def test_the_pendulum_s_equations_are_the_textbook_s():
    motion = runpy.run_path(str(EXAMPLES / "double_pendulum.py"))["motion"]
    for state in np.random.default_rng(0).uniform(-2, 2, (20, 4)):
        (a, b), (u, v), g = state[:2], state[2:], 9.81
        mass = np.array([[2.0, np.cos(a - b)], [np.cos(a - b), 1.0]])
        force = np.array([-(v**2) * np.sin(a - b) - 2 * g * np.sin(a), u**2 * np.sin(a - b) - g * np.sin(b)])
        np.testing.assert_allclose(motion(state), [u, v, *np.linalg.solve(mass, force)], rtol=1e-9)


def test_forward_and_reverse_mode_agree(run):
    facts = run("forward_against_reverse", "--largest", "8", "--repeats", "1")
    assert facts["sizes"] == [1, 2, 4, 8]
    for times, apart in facts["sweeps"].values():
        assert times.shape == (4, 2) and (times > 0).all()
        assert apart < 1e-12


def test_scipy_with_exact_derivatives_needs_fewer_runs_and_gets_closer(run):
    pytest.importorskip("scipy")
    without, first, second = run("minimize", "--beads", "8").values()
    assert without["runs"] > 10 * first["runs"] > 10 * second["runs"]
    assert without["force"][-1] > 1e-6 > first["force"][-1] and second["force"][-1] < 1e-6
    np.testing.assert_allclose(first["x"], second["x"], atol=1e-6)
