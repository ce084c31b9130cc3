"""The LLVM engine of this process: from LLVM's text to functions in memory.

Everything that needs llvmlite is here, and llvmlite is imported at the first use.
"""

from __future__ import annotations

import ctypes
import functools
import importlib
import importlib.util
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs
import numpy as np

from . import objects

#: An instruction set to compile for in place of the host's own: "avx2", or "baseline".
VARIABLE = "FDEZERO_JIT_FEATURES"
_MASKED = {"avx2": "avx512", "baseline": "avx"}


def available() -> bool:
    """True where llvmlite is installed, and Python's objects lie in memory as native code reads them."""
    return importlib.util.find_spec("llvmlite") is not None and objects.are_known()


@functools.cache
def binding() -> Any:
    """The module llvmlite.binding, made ready.

    Raises:
        ImportError: llvmlite is not installed, or this Python's objects are not as native code reads them.
    """
    if not objects.are_known():
        raise ImportError('native code does not know how this build of Python keeps its objects; write backend="numpy"')
    try:
        llvm = importlib.import_module("llvmlite.binding")
    except ImportError as error:
        message = 'The LLVM backend of jit needs llvmlite, which is not installed: pip install "fdezero[jit]".'
        raise ImportError(message) from error
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    return llvm


@attrs.frozen
class Target:
    """A processor: its name, its features as LLVM writes them, the size of a vector register in bytes."""

    cpu: str
    features: str
    vector_bytes: int
    triple: str


@functools.cache
def target(mask: str | None = None) -> Target:
    """The processor to compile for: the host, without what ``mask`` (or the environment) forbids."""
    llvm = binding()
    has = dict(llvm.get_host_cpu_features())
    mask = mask or os.environ.get(VARIABLE)
    if mask is not None:
        if mask not in _MASKED:
            raise ValueError(f"{VARIABLE}={mask!r} names no instruction set: it is one of {', '.join(_MASKED)}.")
        has = {name: on and not name.startswith(_MASKED[mask]) for name, on in has.items()}
        if mask == "baseline":
            has |= {name: False for name in ("fma", "f16c", "vaes", "vpclmulqdq") if name in has}
    if has.get("avx512f"):
        size = 64
        has["prefer-256-bit"] = False
    else:
        size = 32 if has.get("avx") else 16
    features = ",".join(f"{'+' if on else '-'}{name}" for name, on in sorted(has.items()))
    return Target(llvm.get_host_cpu_name(), features, size, llvm.get_process_triple())


@functools.cache
def _machine(where: Target, level: int) -> Any:
    llvm = binding()
    made = llvm.Target.from_triple(where.triple)
    return made.create_target_machine(cpu=where.cpu, features=where.features, opt=level, jit=True)


@functools.cache
def _pass_builder(where: Target, level: int) -> Any:
    llvm = binding()
    return llvm.create_pass_builder(_machine(where, level), llvm.create_pipeline_tuning_options(speed_level=0))


def _linker(where: Target) -> Any:
    """What puts one program into memory; one for all would keep a piece of each when the program is gone."""
    llvm = binding()
    machine = llvm.Target.from_triple(where.triple).create_target_machine(cpu=where.cpu, features=where.features, jit=True)
    return llvm.create_lljit_compiler(machine)


@attrs.frozen(eq=False)
class Library:
    """Code in memory, as long as this is kept; ``library[name]`` is the address of an exported symbol."""

    tracker: Any
    linker: Any

    def __getitem__(self, name: str) -> int:
        return self.tracker[name]  # type: ignore[no-any-return]  # an int


@attrs.frozen
class Module:
    """LLVM's text, the level at which the code generator works on it, whether some functions are to be inlined."""

    text: str
    level: int = 0
    inline: bool = False


def build(modules: Sequence[Module], exports: Sequence[str], imports: Mapping[str, int], where: Target) -> Library:
    """Compile modules and put them into memory together.

    Args:
        imports: the addresses of the symbols that no module defines.

    Raises:
        LookupError: a symbol is neither defined nor imported.
    """
    llvm = binding()
    builder = llvm.JITLibraryBuilder().add_current_process()
    named, defined = set(imports), set[str]()
    needed: set[str] = set()
    for each in modules:
        module = llvm.parse_assembly(each.text)
        machine = _machine(where, each.level)
        if each.inline:
            passes = llvm.create_new_module_pass_manager()
            passes.add_always_inliner_pass()
            passes.run(module, _pass_builder(where, each.level))
        for function in module.functions:
            if not function.name.startswith("llvm."):
                (needed if function.is_declaration else defined).add(function.name)
        builder.add_object_img(machine.emit_object(module))
    missing = needed - defined - named
    if missing:
        raise LookupError(f"The program needs {', '.join(sorted(missing))}, of which no address is known.")
    for name, address in imports.items():
        builder.import_symbol(name, address)
    for name in exports:
        builder.export_symbol(name)
    linker = _linker(where)
    return Library(builder.link(linker, "program"), linker)


def assembly(text: str, where: Target, level: int) -> str:
    """The machine code of a module as text, for people."""
    module = binding().parse_assembly(text)
    return _machine(where, level).emit_assembly(module)  # type: ignore[no-any-return]  # a str


# -- symbols -----------------------------------------------------------------------------------------------


def address_of(function: Any) -> int:
    """The address of a function that ctypes found."""
    found = ctypes.cast(function, ctypes.c_void_p).value
    assert found is not None
    return found


def python_symbols(names: Iterable[str]) -> dict[str, int]:
    """The addresses of functions of Python's C API."""
    return {name: address_of(getattr(ctypes.pythonapi, name)) for name in names}


@functools.cache
def blas(name: str) -> int | None:
    """The address of a function of the BLAS that NumPy brings along, None if there is none of this name."""
    library = _blas_library()
    found = getattr(library, name, None) if library is not None else None
    return None if found is None else address_of(found)


@functools.cache
def _blas_library() -> ctypes.CDLL | None:
    package = Path(np.__file__).parent
    for folder in (package.parent / "numpy.libs", package / ".dylibs"):
        for path in sorted(folder.glob("*openblas*")):
            try:
                return ctypes.CDLL(str(path))
            except OSError:  # of another processor, or damaged: as if it were not there
                continue
    return None


def has_products() -> bool:
    """Whether products of matrices of floats can be native."""
    return blas("scipy_cblas_dgemm64_") is not None


@functools.cache
def numpy_api(index: int) -> int:
    """The address of a function of NumPy's C API, by its place in the table (which never changes)."""
    get = ctypes.pythonapi.PyCapsule_GetPointer
    get.restype, get.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    table = get(np._core._multiarray_umath._ARRAY_API, None)  # type: ignore[attr-defined]  # the capsule for C extensions
    size = ctypes.sizeof(ctypes.c_void_p)
    found = ctypes.c_void_p.from_address(table + size * index).value
    assert found is not None
    return found


@functools.cache
def memory_function(name: str) -> int:
    """The address of one of C's functions that LLVM itself calls, or that tell floating-point errors."""
    return address_of(getattr(ctypes.CDLL(None), name))
