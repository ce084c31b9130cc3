"""The processor's floating-point flags: text that clears them, and text that reads them.

The three that count come as bits: 1 for an invalid operation, 2 for a division by zero, 4 for an overflow.
"""

from __future__ import annotations

import attrs

from .engine import memory_function


@attrs.frozen
class Flags:
    """Declarations, text before, text after (which makes the i64 ``%flags``), addresses of functions called."""

    declarations: tuple[str, ...]
    begin: tuple[str, ...]
    end: tuple[str, ...]
    imports: tuple[tuple[str, int], ...] = ()


def flags(triple: str) -> Flags:
    """The text for a processor; x86 has its register of flags, others are asked through C's library."""
    return _X86 if triple.startswith(("x86_64", "i386", "i686", "amd64")) else _c_library()


_X86 = Flags(
    ("declare void @llvm.x86.sse.stmxcsr(ptr)", "declare void @llvm.x86.sse.ldmxcsr(ptr)"),
    (
        "%mxcsr = alloca i32",
        "call void @llvm.x86.sse.stmxcsr(ptr %mxcsr)",
        "%mxcsr.old = load i32, ptr %mxcsr",
        "%mxcsr.clear = and i32 %mxcsr.old, -64",
        "store i32 %mxcsr.clear, ptr %mxcsr",
        "call void @llvm.x86.sse.ldmxcsr(ptr %mxcsr)",
    ),
    (
        "call void @llvm.x86.sse.stmxcsr(ptr %mxcsr)",
        "%mxcsr.new = load i32, ptr %mxcsr",
        "store i32 %mxcsr.old, ptr %mxcsr",
        "call void @llvm.x86.sse.ldmxcsr(ptr %mxcsr)",
        "%mxcsr.invalid = and i32 %mxcsr.new, 1",  # invalid 1, denormal 2, zero 4, overflow 8
        "%mxcsr.shifted = lshr i32 %mxcsr.new, 1",
        "%mxcsr.others = and i32 %mxcsr.shifted, 6",
        "%mxcsr.all = or i32 %mxcsr.invalid, %mxcsr.others",
        "%flags = zext i32 %mxcsr.all to i64",
    ),
)


def _c_library() -> Flags:
    """By C's fenv.h; the numbers of the exceptions are those of Arm (invalid 1, zero 2, overflow 4, all 31)."""
    return Flags(
        ("declare i32 @feclearexcept(i32)", "declare i32 @fetestexcept(i32)"),
        ("%fe.cleared = call i32 @feclearexcept(i32 31)",),
        ("%fe.raised = call i32 @fetestexcept(i32 7)", "%flags = zext i32 %fe.raised to i64"),
        tuple((name, memory_function(name)) for name in ("feclearexcept", "fetestexcept")),
    )
