"""From a program without calls to two built-in functions of Python's: with and without a look at the flags."""

from __future__ import annotations

import ctypes
import weakref
from collections.abc import Callable, Set
from typing import Any

import attrs

from ..fuse import fuse
from ..program import Program
from . import elementwise, engine, entry, products
from .flags import flags
from .kernel import kernel
from .layout import lay_out

#: Nodes of one function: the code generator's time for a function grows faster than its length.
CHUNK = 1000
#: Calls of elementary functions up to which each is inlined.
INLINE = 8
#: The code generator's level.  The next one orders instructions once more: 15 % more of its time, for nothing measured.
LEVEL = 1
#: Lines of one function above which the code generator works at its lowest level.
LONG = 4000
#: Lines in all above which it does so, too: it takes a third of the time, and what it makes twice as long to run.
MANY = 40_000


@attrs.frozen(eq=False)
class Native:
    run: Callable[..., Any]
    unchecked: Callable[..., Any]
    source: str


def native(
    program: Program, numbers: Set[int] = frozenset(), given: Set[int] = frozenset(), target: engine.Target | None = None
) -> Native:
    """Compile a program whose instructions are all native and whose guards expect True.

    Args:
        program: the program.
        numbers: the places of the outputs that are to be Python's numbers.
        given: the places of the outputs that are written to arrays, which are further arguments, and not returned.
        target: the processor, by default the host.
    """
    target = target or engine.target()
    fused = fuse(program, products.by_blas)
    layout = lay_out(fused, CHUNK)
    parts = kernel(fused, layout, target)
    checks = flags(target.triple)
    head = entry.entry(fused, layout, checks, numbers, given)
    calls = sum(elementwise.is_elementary(node.operation) for group in fused.groups for node in group.nodes)
    inline = calls <= INLINE
    imports = entry.imports() | dict(checks.imports)
    for name in parts[0].calls:
        address = engine.blas(name)
        assert address is not None  # else the product would be no native instruction
        imports[name] = address
    texts = [part.text(inline) for part in parts]
    modules = [
        engine.Module(text, 0 if part.longest > LONG or part.size > MANY else LEVEL, bool(part.wanted))
        for part, text in zip(parts, texts, strict=True)
        if part.texts
    ]
    modules.append(engine.Module(head))
    library = engine.build(modules, ("run", "unchecked", "pool"), imports, target)
    owned = _Owned(library, tuple(fused.constants.values()), tuple(fused.types.values()))
    types = [fused.types[i] for i in fused.inputs] + [fused.types[i] for j, i in enumerate(fused.outputs) if j in given]
    made = [entry.Conversion(types, library[name], owned) for name in ("run", "unchecked")]
    return Native(made[0].native, made[1].native, "\n".join([*texts, head]))


class _Owned:
    """What machine code refers to: itself, the constants, the dtypes; and the memory that it keeps for the next call."""

    def __init__(self, library: Any, *kept: Any) -> None:
        self.library, self.kept = library, kept
        weakref.finalize(self, _free, library, library["pool"]).atexit = False


def _free(library: Any, pool: int) -> None:
    place = ctypes.c_void_p.from_address(pool)
    memory, place.value = place.value, None  # a finalizer may call the function once more
    if memory:
        release = ctypes.pythonapi.PyMem_RawFree
        release.argtypes, release.restype = [ctypes.c_void_p], None
        release(memory)
