"""The layout: which room may import which, and how long a file may be."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import fdezero

ROOT = Path(fdezero.__file__).parent
FILES = sorted(ROOT.rglob("*.py"))

#: The rooms, from the bottom up; `tree` and `show` import nothing of fdezero's.
ORDER = ["tree", "show", "core", "rules", "interpreters", "transforms", "jit"]


def room(parts):
    """The room of a module, as a position in ORDER; what stands on top comes after all of them."""
    return ORDER.index(parts[0]) if parts and parts[0] in ORDER else len(ORDER)


def imported(path):
    """The modules of fdezero that a file imports, relative to the package."""
    package = path.relative_to(ROOT).with_suffix("").parts[:-1]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = package[: len(package) - node.level + 1]
            below = tuple(node.module.split(".")) if node.module else ()
            yield from ([base + below] if below or base else [(alias.name,) for alias in node.names])
        elif isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "fdezero":
            yield tuple(node.module.split(".")[1:])
        elif isinstance(node, ast.Import):
            yield from (tuple(a.name.split(".")[1:]) for a in node.names if a.name.partition(".")[0] == "fdezero")


def upward(path):
    """The imports of a file that point to a room above its own, or from the rules to an interpreter and back."""
    own = path.relative_to(ROOT).with_suffix("").parts
    for target in imported(path):
        if room(target) > room(own) or {own[0], target[0] if target else ""} == {"rules", "interpreters"}:
            yield ".".join(target)


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_point_downward(path):
    assert list(upward(path)) == []


def test_an_import_that_points_upward_is_found(tmp_path, monkeypatch):
    monkeypatch.setattr(f"{__name__}.ROOT", tmp_path)
    (tmp_path / "core").mkdir()
    (tmp_path / "rules").mkdir()
    bad, worse = tmp_path / "core" / "bad.py", tmp_path / "rules" / "worse.py"
    bad.write_text("from ..transforms.grad import grad\nfrom .graph import Box\n")
    worse.write_text("def f():\n    from ..interpreters import reverse\n")
    assert list(upward(bad)) == ["transforms.grad"]
    assert list(upward(worse)) == ["interpreters"]


def length(*names):
    return sum(len((ROOT / name).read_text().splitlines()) for name in names)


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_no_file_is_past_400_lines(path):
    assert length(path.relative_to(ROOT)) <= 400


def test_reverse_mode_is_read_in_600_lines():
    assert length("core/graph.py", "core/primitives.py", "interpreters/reverse.py") <= 600


def docstrings(path):
    """The docstrings of a file, with the names of what they describe."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) and (text := ast.get_docstring(node)):
            yield getattr(node, "name", path.name), text


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_docstrings_state_and_do_not_ask(path):
    assert [name for name, text in docstrings(path) if "?" in text] == []


#: What takes longer to import than a module of this package, and is there for few: loaded when it is used.
LOADED_LATER = ["numpy.ma", "numpy.polynomial", "scipy", "subprocess", "shutil", "pathlib", "toolz"]


def test_what_few_need_is_imported_when_it_is_used():
    program = "import sys, numpy; before = set(sys.modules); import fdezero; print(*(set(sys.modules) - before))"
    imported_too = subprocess.check_output([sys.executable, "-c", program], text=True, cwd=ROOT.parent).split()
    assert "attrs" in imported_too
    assert set(LOADED_LATER) & set(imported_too) == set()
