"""Functions of the LLVM backend compiled for the tests: each in a loop over arrays, with the processor's flags."""

import ctypes
import platform
from functools import cache

import numpy as np
import scipy.special
from llvmlite import binding as llvm

from fdezero.jit.llvm_backend.functions import FUNCTIONS, module_source, symbol

NAMES = sorted(FUNCTIONS)
X86 = platform.machine() in ("x86_64", "AMD64")
HAS_AVX2 = X86 and all(llvm.get_host_cpu_features().get(feature) for feature in ("avx2", "fma"))
#: Target features to compile for, where the machine has them; None stands for all that it has.
AVX2 = "+avx2,+fma"
FEATURES = {"avx2": AVX2, "none": ""} if HAS_AVX2 else {"none": ""} if X86 else {}

READ_FLAGS = """
declare void @llvm.x86.sse.stmxcsr(ptr)
declare void @llvm.x86.sse.ldmxcsr(ptr)
define i32 @read_flags() {
  %p = alloca i32
  call void @llvm.x86.sse.stmxcsr(ptr %p)
  %v = load i32, ptr %p
  ret i32 %v
}
define void @clear_flags() {
  %p = alloca i32
  call void @llvm.x86.sse.stmxcsr(ptr %p)
  %v = load i32, ptr %p
  %w = and i32 %v, -64
  store i32 %w, ptr %p
  call void @llvm.x86.sse.ldmxcsr(ptr %p)
  ret void
}
"""
#: The bits of MXCSR, by NumPy's names in warnings.
FLAGS = {"invalid": 1, "divide": 4, "overflow": 8}


def ufunc(name):
    """The ufunc of NumPy or SciPy."""
    return getattr(np, name, None) or getattr(scipy.special, name)


def loop(name, dtype, width):
    """The IR of a loop that applies a function to arrays of a length that the width divides."""
    one = {"float64": "double", "float32": "float"}[dtype]
    of = one if width == 1 else f"<{width} x {one}>"
    size, count = np.dtype(dtype).itemsize, FUNCTIONS[name]
    loads = [
        f"  %p{i} = getelementptr {one}, ptr %a{i}, i64 %i\n  %v{i} = load {of}, ptr %p{i}, align {size}" for i in range(count)
    ]
    return "\n".join([
        f"define void @loop.{name}({', '.join(f'ptr %a{i}' for i in range(count))}, ptr %out, i64 %n) {{",
        "entry:\n  br label %head\nhead:\n  %i = phi i64 [0, %entry], [%j, %latch]",
        *loads,
        f"  %r = call {of} @{symbol(name, dtype, width)}({', '.join(f'{of} %v{i}' for i in range(count))})",
        f"  %q = getelementptr {one}, ptr %out, i64 %i\n  store {of} %r, ptr %q, align {size}\n  br label %latch",
        f"latch:\n  %j = add i64 %i, {width}\n  %c = icmp slt i64 %j, %n\n  br i1 %c, label %head, label %done",
        "done:\n  ret void\n}",
    ])  # fmt: skip


class Compiled:
    """All functions of one dtype and width, compiled for a set of target features at a level of optimization."""

    def __init__(self, dtype, width, features=None, level=0, names=NAMES):
        llvm.initialize_native_target()
        llvm.initialize_native_asmprinter()
        self.dtype, self.width = dtype, width
        text = module_source((name, dtype, width) for name in names) + "\n".join(loop(n, dtype, width) for n in names)
        module = llvm.parse_assembly(text + "\n" + READ_FLAGS * X86)
        module.verify()
        own = llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten()
        cpu, features = own if features is None else ("x86-64", features)
        target = llvm.Target.from_default_triple().create_target_machine(cpu=cpu, features=features, opt=2, jit=True)
        builder = llvm.create_pass_builder(target, llvm.create_pipeline_tuning_options(speed_level=level))
        builder.getModulePassManager().run(module, builder)
        self.target, self.engine = target, llvm.create_mcjit_compiler(module, target)
        self.engine.finalize_object()

    def _function(self, name, result, *types):
        return ctypes.CFUNCTYPE(result, *types)(self.engine.get_function_address(name))

    def __call__(self, name, *arguments):
        return self.with_flags(name, *arguments)[0]

    def with_flags(self, name, *arguments):
        """The values, and the names of the flags that computing them raised."""
        count = len(arguments[0])
        padded = [np.resize(np.asarray(a, self.dtype), -(-count // self.width) * self.width) for a in arguments]
        for p in padded:
            p[count:] = p[count - 1]
        out = np.empty_like(padded[0])
        run = self._function(f"loop.{name}", None, *(ctypes.c_void_p,) * (len(padded) + 1), ctypes.c_int64)
        pointers = [p.ctypes.data for p in (*padded, out)]
        if not X86:
            run(*pointers, len(out))
            return out[:count], None
        clear, read = self._function("clear_flags", None), self._function("read_flags", ctypes.c_uint32)
        clear()
        run(*pointers, len(out))
        flags = read()
        return out[:count], {name for name, bit in FLAGS.items() if flags & bit}


@cache
def compiled(dtype, width, features=None, level=0):
    """As `Compiled`, each made once."""
    return Compiled(dtype, width, features, level)
