"""What the README files refer to is there, and `.ci/run` finds the commands that it runs."""

import re
import subprocess
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]
PAGES = ("README.md", "fdezero/README.md", "fdezero/jit/README.md", "examples/README.md", "examples/steps/README.md", "tests/benchmarks/README.md")


def targets(page):
    """The files that a page links to or shows."""
    return re.findall(r"\]\(([^)#:]+)\)", (TOP / page).read_text())


@pytest.mark.parametrize("page", PAGES)
def test_every_link_to_a_file_leads_somewhere(page):
    missing = [target for target in targets(page) if not (TOP / page).parent.joinpath(target).exists()]
    assert not missing


def test_the_links_are_found():
    assert "examples/digits.png" in targets("README.md") and "core/graph.py" in targets("fdezero/README.md")


def test_every_example_is_on_its_page():
    folder = TOP / "examples"
    assert {str(path.relative_to(folder)) for path in folder.glob("*.py")} <= set(targets("examples/README.md"))
    for part in ("jit", "transforms"):
        assert {f"{part}/{path.name}" for path in folder.glob(f"{part}/*.py")} <= set(targets("examples/README.md"))
    assert {f"science/{path.name}" for path in folder.glob("science/*.py")} <= set(targets("examples/README.md"))
    assert {path.name for path in folder.glob("steps/*.py")} <= set(targets("examples/steps/README.md"))


@pytest.mark.parametrize(("number", "command"), [(1, "examples/digits.py"), (2, "-m pytest -q -n 2")])
def test_ci_runs_the_commands_of_the_readme(number, command):
    extract = next(line for line in (TOP / ".ci" / "run").read_text().splitlines() if line.startswith("readme()"))
    found = subprocess.run(["bash", "-c", f"{extract}; readme {number}"], cwd=TOP, capture_output=True, text=True, check=True)
    assert len(found.stdout.splitlines()) == 1 and found.stdout.strip().endswith(command)
