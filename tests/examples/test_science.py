"""The examples of science, each at a small size: the fit is the published one, or SciPy's or scikit-learn's own."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from fdezero import grad, jacfwd, jacrev
from fdezero.testing import check_grads

pytest.importorskip("matplotlib")
pytest.importorskip("scipy")

FOLDER = Path(__file__).parents[2] / "examples" / "science"


def program(name):
    spec = importlib.util.spec_from_file_location(name, FOLDER / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def run(tmp_path, capsys):
    """Runs a program, sees that it draws and says where, and returns its facts."""

    def run(module, *options):
        picture = tmp_path / "picture.png"
        facts = module.main([*options, "--out", str(picture)])
        assert picture.read_bytes().startswith(b"\x89PNG") and picture.stat().st_size > 20_000
        assert f"saved {picture}" in capsys.readouterr().out
        return facts

    return run


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.py")), ids=lambda path: path.stem)
def test_a_program_is_short(path):
    assert len(path.read_text().splitlines()) < 120


def test_gaussian_process_is_scikit_learns(run):
    regression, kernels = (pytest.importorskip(f"sklearn.gaussian_process{name}") for name in ("", ".kernels"))
    module = program("gaussian_process")
    fits = run(module, "--points", "30")
    assert [round(fit["length"], 1) for fit in fits] == [2.6, 23.7]
    y, new = module.FLOW - module.FLOW.mean(), np.linspace(1866.0, 1985.0, 30)
    for fit in fits:
        length, amplitude, noise = np.exp(fit["report"].x)
        kernel = kernels.ConstantKernel(amplitude**2) * kernels.RBF(length)
        theirs = regression.GaussianProcessRegressor(kernel, alpha=noise**2, optimizer=None).fit(module.YEAR[:, None], y)
        assert fit["evidence"] == pytest.approx(theirs.log_marginal_likelihood_value_, rel=1e-10)
        assert np.abs(fit["report"].jac).max() < 1e-3
        mean, deviation = theirs.predict(new[:, None], return_std=True)
        np.testing.assert_allclose(fit["mean"], mean + module.FLOW.mean(), rtol=1e-8)
        np.testing.assert_allclose(fit["deviation"], deviation, rtol=1e-6)


def test_gaussian_process_s_gradient_agrees_with_differences():
    module = program("gaussian_process")
    params = {"log_length": 1.1, "log_amplitude": 4.6, "log_noise": 4.9}
    x, y = module.YEAR[:25], module.FLOW[:25] - 1000.0
    check_grads(lambda params: module.log_marginal_likelihood(params, x, y), (params,), order=1)


def test_survival_is_the_published_fit(run):
    """Of the treatment alone: Venables and Ripley, Modern Applied Statistics with S (2002), section 13.2."""
    module = program("survival")
    alone, both = run(module).values()
    assert alone["params"].round(3).tolist() == [3.516, -1.267, -0.312]
    assert alone["errors"].round(3).tolist() == [0.252, 0.311, 0.147]
    assert alone["likelihood"] == pytest.approx(-106.6, abs=0.05)
    assert both["likelihood"] > alone["likelihood"] + 10
    assert len(both["params"]) == 4


def test_survival_s_data_are_the_published_ones():
    """21 patients each, 9 and 21 relapses in 359 and 182 weeks: Cox and Oakes, Analysis of Survival Data (1984)."""
    module = program("survival")
    for text, weeks, relapses in ((module.TREATED, 359, 9), (module.PLACEBO, 182, 21)):
        table = module.table(text)
        assert table.shape == (21, 3) and table[:, :2].sum(axis=0).tolist() == [weeks, relapses]


def test_kaplan_meier_is_scipys():
    from scipy.stats import CensoredData, ecdf

    module = program("survival")
    weeks, relapsed, _ = module.table(module.TREATED).T
    times, survivor = module.kaplan_meier(weeks, relapsed)
    theirs = ecdf(CensoredData(weeks[relapsed == 1], right=weeks[relapsed == 0])).sf
    np.testing.assert_allclose(survivor[1:-1], theirs.evaluate(times[1:-1]), rtol=1e-12)


def test_ode_fit_is_near_the_published_one(run):
    """The means of the posterior, and as many standard deviations: Carpenter (2018), whose priors move them little."""
    module = program("ode_fit")
    module.TOLERANCE = 1e-4
    facts = run(module, "--points", "11")
    a, b, c, d, hares, lynxes = facts["values"]
    for value, theirs, deviation in ((a, 0.55, 0.06), (b, 0.028, 0.004), (c, 0.80, 0.09), (d, 0.024, 0.004), (hares, 33.9, 2.9), (lynxes, 5.9, 0.5)):
        assert abs(value - theirs) < 0.5 * deviation
    np.testing.assert_allclose(facts["errors"][:4], [0.06, 0.004, 0.09, 0.004], rtol=0.2)
    assert np.abs(facts["report"].grad).max() < 1e-3


def test_ode_fit_s_jacobian_is_the_same_in_both_modes_and_by_differences():
    module = program("ode_fit")
    times, start = np.array([1900.0, 1903.0, 1906.0]), module.START

    def numbers(params):
        return module.populations(params, times)

    forward, reverse = jacfwd(numbers)(start), jacrev(numbers)(start)
    steps = 1e-4 * np.eye(6)
    differences = np.stack([(numbers(start + step) - numbers(start - step)) / 2e-4 for step in steps], axis=-1)
    np.testing.assert_allclose(forward, reverse, rtol=1e-4, atol=1e-3)
    np.testing.assert_allclose(forward, differences, rtol=1e-3, atol=1e-2)


def test_deconvolution_restores(run):
    pytest.importorskip("sklearn.datasets")
    facts = run(program("deconvolution"), "--size", "48", "--iterations", "60")
    assert facts["after"] > facts["before"] + 0.8
    assert (np.diff(facts["values"]) <= 0).all() and facts["values"][-1] < 0.1 * facts["values"][0]


def test_deconvolution_s_gradient_is_the_adjoint_convolution():
    module = program("deconvolution")
    rng = np.random.default_rng(0)
    scene, seen, spread = rng.uniform(size=(20, 20)), rng.uniform(size=(14, 14)), module.point_spread(3)
    check_grads(lambda scene: module.objective(scene, seen, spread), (scene,), order=1)
    residual = module.fftconvolve(scene, spread, mode="valid") - seen
    adjoint = module.fftconvolve(residual, spread[::-1, ::-1])
    gradient = grad(module.objective)(scene, seen, spread) - module.WEIGHT * grad(module.total_variation)(scene)
    np.testing.assert_allclose(gradient, adjoint, rtol=1e-9, atol=1e-12)


def test_spline_fit_is_scipys_and_its_knots_are_optimal(run):
    from scipy.interpolate import make_lsq_spline

    module = program("spline_fit")
    facts = run(module)
    x, y, ends = module.TEMPERATURE, module.HEAT, ([module.FIRST] * 4, [module.LAST] * 4)

    def rms(knots):
        return np.sqrt(((make_lsq_spline(x, y, np.r_[ends[0], knots, ends[1]])(x) - y) ** 2).mean())

    assert facts["errors"][0] == pytest.approx(rms(np.linspace(module.FIRST, module.LAST, 7)[1:-1]), rel=1e-9)
    assert facts["errors"][-1] == pytest.approx(rms(facts["knots"]), rel=1e-7)
    for step in (*np.eye(5), *-np.eye(5)):
        assert rms(facts["knots"] + step) > rms(facts["knots"])
    np.testing.assert_allclose(facts["knots"], [835.457, 876.506, 898.167, 916.280, 974.017], atol=0.05)  # differential evolution's


def test_spline_fit_s_gradient_agrees_with_differences():
    module = program("spline_fit")
    check_grads(module.squares, (np.array([0.1, -0.2, 0.05, 0.0, 0.3]),), order=2)


def test_the_readme_shows_what_survival_prints(tmp_path, capsys):
    program("survival").main(["--out", str(tmp_path / "survival.png")])
    said = capsys.readouterr().out.replace(str(tmp_path / "survival.png"), "survival.png")
    assert f"```text\n{said}```" in (FOLDER.parent / "README.md").read_text()
