"""The LLVM backend of jit: a program as native code, made by llvmlite.

`compile_program` is what the rest of jit uses.  Importing this package does not import llvmlite.
"""

from __future__ import annotations

from fdezero.jit.llvm_backend.driver import compile_program
from fdezero.jit.llvm_backend.engine import available

__all__ = ["available", "compile_program"]
