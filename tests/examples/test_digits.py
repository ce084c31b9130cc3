"""The digits example, with a short setting."""

import runpy
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("sklearn")
pytest.importorskip("matplotlib")
pytest.importorskip("tqdm")

DIGITS = Path(__file__).parents[2] / "examples" / "digits.py"


def test_digits_reads_held_out_digits_and_draws_them(tmp_path, capsys):
    picture = tmp_path / "picture.png"
    main = runpy.run_path(str(DIGITS))["main"]
    accuracy = main(["--epochs", "8", "--seed", "1", "--out", str(picture)])
    assert accuracy > 0.93
    assert picture.read_bytes().startswith(b"\x89PNG") and picture.stat().st_size > 20_000
    said = capsys.readouterr().out
    assert f"{accuracy:.1%}" in said and str(picture) in said


def test_the_same_seed_gives_the_same_network(tmp_path):
    main = runpy.run_path(str(DIGITS))["main"]
    first, second = (main(["--epochs", "1", "--seed", "2", "--out", str(tmp_path / "picture.png")]) for _ in range(2))
    assert first == second


def test_compiled_training_ends_where_eager_training_does(tmp_path, monkeypatch):
    main = runpy.run_path(str(DIGITS))["main"]
    parts, ends = main.__globals__, []
    train = parts["train"]

    def kept(*args):
        ends.append((args[-1], train(*args)))
        return ends[-1][1]

    monkeypatch.setitem(parts, "train", kept)
    first, second = (main(["--epochs", "2", "--seed", "3", "--out", str(tmp_path / "picture.png"), *more]) for more in ([], ["--jit"]))
    (plain, (params, curve)), (compiled, (other_params, other_curve)) = ends
    assert plain is parts["update"] and "jit" in repr(compiled)
    assert first == second
    np.testing.assert_allclose(other_curve, curve, rtol=1e-9)
    for name, value in params.items():
        np.testing.assert_allclose(other_params[name], value, rtol=1e-6, atol=1e-9)
