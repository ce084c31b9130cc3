"""The accelerated versions in `fdezero.core.fast` do what the plain ones do: values, dtypes, errors and warnings."""

import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from fdezero.core import fast

from . import two_versions

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """The outcomes of all programs, here and with the other version in a process of its own."""
    path = tmp_path_factory.mktemp("outcomes") / "other"
    environment = os.environ | {"FDEZERO_REFERENCE": "1" if fast.ENABLED else "0"}
    script = f"from tests.core import two_versions; two_versions.write({str(path)!r})"
    other = subprocess.Popen([sys.executable, "-c", script], env=environment, cwd=ROOT)
    here = two_versions.outcomes()
    assert other.wait() == 0
    return here, pickle.loads(path.read_bytes())


def test_both_versions_do_the_same(both):
    here, other = both
    assert here.keys() == other.keys()
    different = {name: (here[name], other[name]) for name in here if here[name] != other[name]}
    assert not different


def test_most_programs_have_a_result_and_some_an_error(both):
    failed = [name for name, (result, _) in both[0].items() if isinstance(result, tuple) and result[0].endswith("Error")]
    assert 0.05 < len(failed) / len(both[0]) < 0.6
