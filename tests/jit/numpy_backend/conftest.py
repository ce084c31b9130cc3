"""What the tests of the NumPy backend share."""

import pytest

from fdezero.jit.numpy_backend import blocks


@pytest.fixture
def small_blocks(monkeypatch):
    """Blocks of a few entries, so that small programs have loops."""
    monkeypatch.setattr(blocks, "LARGE", 6)
    monkeypatch.setattr(blocks, "BLOCK", 4)
