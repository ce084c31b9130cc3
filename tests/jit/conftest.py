"""What the tests of jit share."""

from functools import partial

import pytest

from fdezero import jit

from .backends import BACKENDS


@pytest.fixture(params=BACKENDS)
def compiled(request):
    """`jit` with each backend."""
    return partial(jit, backend=request.param)
