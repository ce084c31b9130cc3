"""The examples of implicit functions, of Taylor mode and of a primitive of one's own."""

import importlib.util
from math import factorial
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("matplotlib")
FOLDER = Path(__file__).parents[2] / "examples" / "transforms"


def run(name, out, *options):
    spec = importlib.util.spec_from_file_location(name, FOLDER / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    facts = module.main(["--out", str(out), *options])
    assert out.read_bytes().startswith(b"\x89PNG")
    return facts


def test_fixed_point_sensitivity(tmp_path):
    facts = run("fixed_point_sensitivity", tmp_path / "a.png", "--points", "21")
    assert facts["error"] < 1e-12
    assert facts["nodes"][0.2] == facts["nodes"][0.8]
    assert facts["iterations"][0.8] > facts["iterations"][0.2]


def test_taylor_polynomials(tmp_path):
    facts = run("taylor_polynomials", tmp_path / "a.png", "--order", "8")
    assert facts["errors"][8] < 1e-2 * facts["errors"][4]
    assert facts["coefficients"][5] * factorial(5) == pytest.approx(facts["fifth"])


def test_c_function(tmp_path):
    facts = run("c_function", tmp_path / "a.png")
    assert facts["slope"] == pytest.approx(facts["exact"], rel=1e-12)
    assert facts["third at 0"] == pytest.approx(-4 / np.sqrt(np.pi), rel=1e-12)
