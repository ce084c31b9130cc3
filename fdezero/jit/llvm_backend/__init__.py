"""The LLVM backend of jit: a program as native code, made by llvmlite.

`compile_program` is what the rest of jit uses.  Importing this package does not import llvmlite.
"""

from __future__ import annotations

from .driver import compile_program
from .engine import available, binding

__all__ = ["available", "binding", "compile_program"]
