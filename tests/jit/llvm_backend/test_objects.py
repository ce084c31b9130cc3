"""How objects lie in memory is checked before native code relies on it."""

import pytest

from fdezero import jit
from fdezero.jit.llvm_backend import available, objects


def test_the_objects_of_this_python_are_known():
    assert objects.are_known()


def test_where_they_are_not_the_numpy_backend_is_taken(monkeypatch):
    objects.are_known.cache_clear()
    monkeypatch.setattr(objects, "DATA", objects.DATA + 8)
    try:
        assert not objects.are_known()
        assert not available()
        double = jit(lambda x: x * 2)
        assert double(1.0) == double(1.0) == 2.0
    finally:
        monkeypatch.undo()
        objects.are_known.cache_clear()


def test_a_backend_that_is_not_installed_is_an_error_with_the_install_line(monkeypatch):
    import importlib

    from fdezero.jit.llvm_backend import engine

    engine.binding.cache_clear()

    def missing(name):
        raise ImportError(name)

    monkeypatch.setattr(importlib, "import_module", missing)
    try:
        with pytest.raises(ImportError, match=r'pip install "fdezero\[jit\]"'):
            jit(lambda x: x * 2, backend="llvm")(1.0)
    finally:
        monkeypatch.undo()
        engine.binding.cache_clear()
