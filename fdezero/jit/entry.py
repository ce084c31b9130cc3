"""The function that `jit` returns, and what it looks up."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from types import MethodType
from typing import Any

from toolz import compose

from ..core.graph import Box
from ..core.operands import describe
from ..transforms.wrapping import global_name
from .calls import Inside
from .flattener import MISS
from .program import Program
from .signature import Static, signature_of
from .variants import Backend, Specialisation


class Jitted:
    """A function that is traced and compiled when it is called; see `jit`."""

    __name__: str

    def __init__(self, f: Callable[..., Any], static: tuple[Any, ...], backend: str | None) -> None:
        if not callable(f):
            raise TypeError(f"jit takes a function, and got {describe(f)}; write jit(f)(x), not jit(f(x))")
        functools.update_wrapper(self, f)
        self._f, self._static, self._backend = f, static, backend
        self._compilers = compilers(backend) if backend is not None else None
        self._made: dict[Any, Specialisation] = {}
        self._inside: dict[Any, Inside] = {}
        self._forget = functools.partial(_forget, (self._made, self._inside))
        self._enter: Callable[..., Any] = _miss
        self._lock = threading.Lock()

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        result = self._enter(args, kwargs)
        return self._by_signature(args, kwargs) if result is MISS else result

    def _by_signature(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """The result of a call that is not like the last one."""
        signature, leaves = signature_of(args, kwargs, self._static, self._forget)
        if any(isinstance(leaf, Box) for leaf in leaves):
            result = self._inside_of(signature).call(leaves)
            return self._f(*args, **kwargs) if result is None else result.value
        made = self._specialised(signature)
        result = made.call(leaves)
        self._enter = made.enter or _miss
        return result

    def _specialised(self, signature: Any) -> Specialisation:
        made = self._made.get(signature)
        if made is None:
            with self._lock:
                self._compilers = self._compilers or compilers(None)
                made = self._made.setdefault(signature, Specialisation(self._f, signature, *self._compilers))
        return made

    def _inside_of(self, signature: Any) -> Inside:
        """The forms for transforms around this function."""
        with self._lock:
            if signature not in self._inside:
                again = functools.partial(Jitted, static=(), backend=self._backend)
                self._inside[signature] = Inside(self._f, signature, again)
            return self._inside[signature]

    def program(self, *args: Any, **kwargs: Any) -> Program:
        """The optimised program for these arguments, which prints itself."""
        signature, leaves = signature_of(args, kwargs, self._static, self._forget)
        made = self._specialised(signature)
        return made.passes(made.retraced(leaves).program)

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        return self if instance is None else MethodType(self, instance)

    def __reduce__(self) -> Any:
        return global_name(self) or (Jitted, (self._f, self._static, self._backend))

    def __repr__(self) -> str:
        return f"<jit of {getattr(self._f, '__name__', self._f)}>"


def _miss(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    return MISS


def _forget(tables: tuple[dict[Any, Any], ...], reference: Any) -> None:
    """Drop what was compiled for a static value that is gone."""
    for table in tables:
        for signature in list(table):
            if any(isinstance(leaf, Static) and leaf.held is reference for leaf in signature.leaves):
                table.pop(signature, None)


def compilers(name: str | None) -> tuple[Callable[[Program], Program], Backend]:
    """The passes, and the backend of this name: "llvm", "numpy", or None for the best that is installed.

    Raises:
        ImportError: when llvmlite is asked for and not installed.
        ValueError: for another name.
    """
    from . import llvm_backend, numpy_backend
    from .lower import lower
    from .simplify import simplify

    if name not in (None, "llvm", "numpy"):
        raise ValueError(f'backend is "llvm", "numpy" or None; got {name!r}')
    if name == "llvm":
        llvm_backend.binding()  # an error where it is missing
    native = name == "llvm" or (name is None and llvm_backend.available())
    return compose(simplify, lower), (llvm_backend if native else numpy_backend).compile_program
