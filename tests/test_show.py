"""A tape as text, Mermaid, DOT and a picture."""

import shutil

import numpy as np
import pytest

from fdezero import record, show


def program(w, x):
    return np.tanh(w @ x).sum() * 2.0, np.stack([x[0], 1.0])


@pytest.fixture
def tape():
    return record(program)(np.ones((2, 3)), np.ones(3))


def test_text(tape):
    lines = str(tape).splitlines()
    assert lines[:2] == ["v0 = input   float64[2, 3]   generation 0", "v1 = input   float64[3]   generation 0"]
    assert any(line.endswith("= matmul(v0, v1)   float64[2]   generation 1") for line in lines)
    assert any("= stack(v" in line and ", _, axis=-1)" in line for line in lines)
    assert any("= multiply(v" in line and ", _)" in line for line in lines)
    assert lines[-1].startswith("return v")
    assert len(lines) == len(tape.nodes) + 1


def test_a_constant_result():
    assert str(record(lambda x: (x, 2.0))(1.0)).splitlines()[-1] == "return v0, _"


def test_mermaid_and_dot(tape):
    edges = sum(p is not None for node in tape.nodes for p in node.parents)
    assert show.mermaid(tape).count("-->") == edges
    assert show.dot(tape).count("->") == edges
    assert show.dot(tape).startswith("digraph tape {") and show.dot(tape).endswith("}")


def test_jupyter(tape):
    bundle = tape._repr_mimebundle_()
    assert bundle["text/plain"] == str(tape)
    assert bundle["text/markdown"].startswith("```mermaid\nflowchart TD")


@pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz's dot program is not installed")
@pytest.mark.parametrize(("ending", "magic"), [("png", b"\x89PNG"), ("svg", b"<?xml")])
def test_pictures(tape, tmp_path, ending, magic):
    path = show.save(tape, tmp_path / f"tape.{ending}")
    assert path.read_bytes().startswith(magic)


def test_dot_that_fails(tape, tmp_path, monkeypatch):
    script = tmp_path / "dot"
    script.write_text("#!/bin/sh\necho 'no such thing' >&2\nexit 3\n")
    script.chmod(0o755)
    monkeypatch.setattr(shutil, "which", lambda name: str(script))
    with pytest.raises(RuntimeError, match="dot failed: no such thing"):
        show.save(tape, tmp_path / "tape.png")
