"""The function that Python calls: it checks its arguments, makes the outputs and calls the kernel.

It is a built-in function (METH_FASTCALL) whose machine code is made here.  An argument that is not as the kernel reads
it (another memory order, another type of number) leads to a call of the function's ``self``, a Python object that
copies what it must and calls again.

It relies on the layout of Python's and NumPy's objects (`objects`).
"""

from __future__ import annotations

import ctypes
import math
from collections.abc import Sequence, Set
from typing import Any

import numpy as np

from ..fuse import Fused
from ..program import Matmul, Type
from .engine import numpy_api, python_symbols
from .flags import Flags
from .layout import Layout
from .objects import AXES, DATA, DTYPE, FLAGS, HEADER, SHAPE

#: Row-major and aligned.
WELL = 0x1 | 0x100
#: An arena of at most this many bytes is on the stack.
STACK = 16384
#: Operations on entries above which other threads may run Python meanwhile.
LONG = 200_000

_PYTHON = {
    "PyTuple_New": "ptr (i64)",
    "PyTuple_SetItem": "i32 (ptr, i64, ptr)",
    "PyFloat_FromDouble": "ptr (double)",
    "PyLong_FromLongLong": "ptr (i64)",
    "PyBool_FromLong": "ptr (i64)",
    "PyObject_Vectorcall": "ptr (ptr, ptr, i64, ptr)",
    "Py_DecRef": "void (ptr)",
    "PyMem_RawMalloc": "ptr (i64)",
    "PyMem_RawFree": "void (ptr)",
    "PyErr_NoMemory": "ptr ()",
    "PyEval_SaveThread": "ptr ()",
    "PyEval_RestoreThread": "void (ptr)",
}


def imports() -> dict[str, int]:
    """The addresses of the symbols that an entry names."""
    return python_symbols(_PYTHON) | {"PyArray_New": numpy_api(93), "PyArray_Scalar": numpy_api(60)}


def entry(fused: Fused, layout: Layout, flags: Flags, numbers: Set[int], given: Set[int]) -> str:
    """The text of ``@run`` and ``@unchecked``, ``ptr (ptr %self, ptr %arguments, i64 %count)``.

    The outputs at the places ``numbers`` are returned as Python's numbers.  Those at the places ``given`` are written to
    arrays that are further arguments, and are not returned.
    """
    return _Entry(fused, layout, flags, numbers, given).text()


def work(fused: Fused) -> int:
    """About how many operations on entries a program makes."""
    total = 0
    for group in fused.groups:
        size = math.prod(group.space) if group.nodes else 0
        for node in group.nodes:
            total += size * (node.operands[0].shape[-1] if isinstance(node.operation, Matmul) else 1)
    return total


class _Entry:
    def __init__(self, fused: Fused, layout: Layout, flags: Flags, numbers: Set[int], given: Set[int]) -> None:
        self.fused, self.layout, self.flags, self.numbers = fused, layout, flags, numbers
        first, places = len(fused.inputs), range(len(fused.outputs))
        self.outputs = [(first + j, j, fused.types[fused.outputs[j]]) for j in places if j not in given]
        self.arguments = [(k, fused.types[value]) for k, value in enumerate(fused.inputs)]
        self.arguments += [(first + j, fused.types[fused.outputs[j]]) for j in places if j in given]
        self.lines: list[str] = []
        self.count = 0

    def put(self, expression: str) -> str:
        self.count += 1
        self.lines.append(f"  %e{self.count} = {expression}")
        return f"%e{self.count}"

    def do(self, *lines: str) -> None:
        self.lines += [f"  {line}" for line in lines]

    def block(self, label: str) -> None:
        self.lines.append(f"{label}:")

    def branch(self, condition: str, yes: str, no: str) -> None:
        self.do(f"br i1 {condition}, label %{yes}, label %{no}")

    def field(self, pointer: str, offset: int, kind: str) -> str:
        return self.put(f"load {kind}, ptr {self.put(f'getelementptr i8, ptr {pointer}, i64 {offset}')}")

    def slot(self, k: int, pointer: str) -> None:
        self.do(f"store ptr {pointer}, ptr {self.put(f'getelementptr ptr, ptr %table, i64 {k}')}")

    def text(self) -> str:
        kinds = [f"declare {kind.split(' ')[0]} @{name}{kind[kind.index('(') :]}" for name, kind in _PYTHON.items()]
        self.do(f"%table = alloca [{self.layout.table} x ptr], align 16")
        self.do(f"%numbers = alloca [{max(1, len(self.outputs))} x i64], align 16")
        if 0 < self.layout.arena <= STACK:
            self.do(f"%small = alloca [{self.layout.arena} x i8], align 64")
        self.branch(self.put(f"icmp eq i64 %count, {len(self.arguments)}"), "in0", "other")
        for k, (slot, type_) in enumerate(self.arguments):
            self.block(f"in{k}")
            self.argument(k, slot, type_)
        self.block(f"in{len(self.arguments)}")
        self.results()
        self.constants()
        self.arena()
        long = work(self.fused) > LONG
        if long:
            self.do("%thread = call ptr @PyEval_SaveThread()")
        self.do(*self.flags.begin)
        self.do("%status = call i64 @kernel(ptr %table)")
        self.do(*self.flags.end)
        if long:
            self.do("call void @PyEval_RestoreThread(ptr %thread)")
        self.release()
        self.finish()
        lines = [
            *kinds,
            *self.flags.declarations,
            "declare ptr @PyArray_New(ptr, i32, ptr, i32, ptr, ptr, i32, i32, ptr)",
            "declare ptr @PyArray_Scalar(ptr, ptr, ptr)",
            "declare i64 @kernel(ptr)",
            "@pool = global ptr null",
            "@true = private constant i8 1",
            "@false = private constant i8 0",
            *self.globals(),
            "define internal ptr @entry(ptr %self, ptr %arguments, i64 %count, i64 %mask) nounwind {",
            "begin:",
            *self.lines,
            "}",
        ]
        for name, mask in (("run", 7), ("unchecked", 0)):
            lines += [
                f"define ptr @{name}(ptr %self, ptr %arguments, i64 %count) nounwind {{",
                f"  %result = tail call ptr @entry(ptr %self, ptr %arguments, i64 %count, i64 {mask})",
                "  ret ptr %result",
                "}",
            ]
        return "\n".join(lines)

    # -- arguments

    def argument(self, k: int, slot: int, type_: Type) -> None:
        self.do(f"%o{k} = load ptr, ptr {self.put(f'getelementptr ptr, ptr %arguments, i64 {k}')}")
        self.do(f"%t{k} = load ptr, ptr {self.put(f'getelementptr i8, ptr %o{k}, i64 {HEADER - 8}')}")
        if type_.shape == ():
            self.number(k, slot, type_.dtype)
        else:
            self.array(k, slot, type_)

    def number(self, k: int, slot: int, dtype: np.dtype[Any]) -> None:
        """A number as Python or NumPy boxes it, or an array without axes."""
        if dtype.kind == "b":
            for name, value in (("true", True), ("false", False)):
                self.branch(self.put(f"icmp eq ptr %o{k}, {_literal(value)}"), f"in{k}.{name}", f"in{k}.not.{name}")
                self.block(f"in{k}.{name}")
                self.slot(slot, f"@{name}")
                self.do(f"br label %in{k + 1}")
                self.block(f"in{k}.not.{name}")
        for kind in [dtype.type, *([float] if dtype is np.dtype(float) else [])]:
            name = f"in{k}.{kind.__name__}"
            self.branch(self.put(f"icmp eq ptr %t{k}, {_literal(kind)}"), name, f"{name}.not")
            self.block(name)
            self.slot(slot, self.put(f"getelementptr i8, ptr %o{k}, i64 {HEADER}"))
            self.do(f"br label %in{k + 1}")
            self.block(f"{name}.not")
        self.array(k, slot, Type((), dtype))

    def array(self, k: int, slot: int, type_: Type) -> None:
        self.branch(self.put(f"icmp eq ptr %t{k}, {_literal(np.ndarray)}"), f"in{k}.array", "other")
        self.block(f"in{k}.array")
        flags = self.put(f"and i32 {self.field(f'%o{k}', FLAGS, 'i32')}, {WELL}")
        checks = [
            self.put(f"icmp eq ptr {self.field(f'%o{k}', DTYPE, 'ptr')}, {_literal(type_.dtype)}"),
            self.put(f"icmp eq i32 {self.field(f'%o{k}', AXES, 'i32')}, {len(type_.shape)}"),
            self.put(f"icmp eq i32 {flags}, {WELL}"),
        ]
        self.branch(self.all(checks), f"in{k}.shape", "other")
        self.block(f"in{k}.shape")
        shape = self.field(f"%o{k}", SHAPE, "ptr") if type_.shape else ""
        lengths = [self.put(f"icmp eq i64 {self.field(shape, 8 * i, 'i64')}, {n}") for i, n in enumerate(type_.shape)]
        self.branch(self.all(lengths), f"in{k}.good", "other")
        self.block(f"in{k}.good")
        self.slot(slot, self.field(f"%o{k}", DATA, "ptr"))
        self.do(f"br label %in{k + 1}")

    def all(self, conditions: Sequence[str]) -> str:
        result = "true"
        for condition in conditions:
            result = condition if result == "true" else self.put(f"and i1 {result}, {condition}")
        return result

    # -- memory

    def results(self) -> None:
        self.do(f"%result = call ptr @PyTuple_New(i64 {len(self.outputs)})")
        self.branch(self.put("icmp ne ptr %result, null"), "out0", "none")
        for k, (slot, j, type_) in enumerate(self.outputs):
            self.block(f"out{k}")
            if type_.shape == ():
                self.slot(slot, self.put(f"getelementptr i64, ptr %numbers, i64 {k}"))
                self.do(f"br label %out{k + 1}")
                continue
            rest = "ptr null, ptr null, i32 0, i32 0, ptr null"
            head = f"ptr {_literal(np.ndarray)}, i32 {len(type_.shape)}, ptr @shape{j}, i32 {type_.dtype.num}"
            array = self.put(f"call ptr @PyArray_New({head}, {rest})")
            self.branch(self.put(f"icmp ne ptr {array}, null"), f"out{k}.made", "failed")
            self.block(f"out{k}.made")
            self.put(f"call i32 @PyTuple_SetItem(ptr %result, i64 {k}, ptr {array})")
            self.slot(slot, self.field(array, DATA, "ptr"))
            self.do(f"br label %out{k + 1}")
        self.block(f"out{len(self.outputs)}")

    def globals(self) -> list[str]:
        shapes = [(j, type_.shape) for _, j, type_ in self.outputs]
        return [
            f"@shape{j} = private constant [{len(shape)} x i64] [{', '.join(f'i64 {n}' for n in shape)}]"
            for j, shape in shapes
            if shape
        ]

    def constants(self) -> None:
        """The addresses of arrays' entries, asked for at each call."""
        for value, array in self.fused.constants.items():
            if isinstance(array, np.ndarray):
                self.slot(self.layout.slots[value], self.field(_literal(array), DATA, "ptr"))

    def arena(self) -> None:
        """The memory of intermediate values: from the stack, or the pool (one piece, that who needs it takes)."""
        size, last = self.layout.arena, self.layout.table - 1
        if size == 0:
            return
        if size <= STACK:
            self.slot(last, "%small")
            return
        self.do("br label %arena.begin")
        self.block("arena.begin")
        self.do("%pooled = atomicrmw xchg ptr @pool, ptr null acq_rel")
        self.branch(self.put("icmp ne ptr %pooled, null"), "arena.pooled", "arena.new")
        self.block("arena.new")
        self.do(f"%new = call ptr @PyMem_RawMalloc(i64 {size + 64})")
        self.branch(self.put("icmp ne ptr %new, null"), "arena.made", "arena.failed")
        self.block("arena.failed")
        self.put("call ptr @PyErr_NoMemory()")
        self.do("br label %failed")
        self.block("arena.made")
        self.do("br label %arena.pooled")
        self.block("arena.pooled")
        self.do("%memory = phi ptr [ %pooled, %arena.begin ], [ %new, %arena.made ]")
        up = self.put(f"add i64 {self.put('ptrtoint ptr %memory to i64')}, 63")
        self.slot(last, self.put(f"inttoptr i64 {self.put(f'and i64 {up}, -64')} to ptr"))

    def release(self) -> None:
        if self.layout.arena <= STACK:
            self.do("br label %done")
        else:
            self.do("%surplus = atomicrmw xchg ptr @pool, ptr %memory acq_rel")
            self.branch(self.put("icmp eq ptr %surplus, null"), "done", "surplus.free")
            self.block("surplus.free")
            self.do("call void @PyMem_RawFree(ptr %surplus)", "br label %done")
        self.block("done")

    # -- the end

    def finish(self) -> None:
        self.do("%raised = and i64 %flags, %mask", "%answer = sub i64 0, %raised")
        self.do("%held = icmp slt i64 %status, 0", "%code = select i1 %held, i64 %answer, i64 %status")
        clean = self.put("icmp eq i64 %raised, 0")
        self.branch(self.put(f"and i1 %held, {clean}"), "number0", "report")
        for k, (slot, j, type_) in enumerate(self.outputs):
            self.block(f"number{k}")
            if type_.shape != ():
                self.do(f"br label %number{k + 1}")
                continue
            data = self.put(f"load ptr, ptr {self.put(f'getelementptr ptr, ptr %table, i64 {slot}')}")
            number = self.boxed(data, type_.dtype, j in self.numbers)
            self.branch(self.put(f"icmp ne ptr {number}, null"), f"number{k}.made", "failed")
            self.block(f"number{k}.made")
            self.put(f"call i32 @PyTuple_SetItem(ptr %result, i64 {k}, ptr {number})")
            self.do(f"br label %number{k + 1}")
        self.block(f"number{len(self.outputs)}")
        self.do("ret ptr %result")
        self.report()

    def boxed(self, data: str, dtype: np.dtype[Any], python: bool) -> str:
        """The number in memory as an object of NumPy's or Python's; of Python's there are three kinds."""
        if not python:
            return self.put(f"call ptr @PyArray_Scalar(ptr {data}, ptr {_literal(dtype)}, ptr null)")
        if dtype.kind == "f":
            return self.put(f"call ptr @PyFloat_FromDouble(double {self.put(f'load double, ptr {data}')})")
        if dtype.kind == "i":
            return self.put(f"call ptr @PyLong_FromLongLong(i64 {self.put(f'load i64, ptr {data}')})")
        wide = self.put(f"zext i8 {self.put(f'load i8, ptr {data}')} to i64")
        return self.put(f"call ptr @PyBool_FromLong(i64 {wide})")

    def report(self) -> None:
        """The ways out on which there is no result."""
        self.block("report")
        self.do("call void @Py_DecRef(ptr %result)", "%number = call ptr @PyLong_FromLongLong(i64 %code)", "ret ptr %number")
        self.block("failed")
        self.do("call void @Py_DecRef(ptr %result)", "br label %none")
        self.block("none")
        self.do("ret ptr null")
        self.block("other")
        self.do("%converted = call ptr @PyObject_Vectorcall(ptr %self, ptr %arguments, i64 %count, ptr null)")
        self.do("ret ptr %converted")


def _literal(thing: Any) -> str:
    """The address of an object as a constant; whoever keeps the code keeps the object."""
    return f"inttoptr (i64 {id(thing)} to ptr)"


# -- what Python sees ------------------------------------------------------------------------------------------


class _Method(ctypes.Structure):
    """PyMethodDef."""

    _fields_ = (("name", ctypes.c_char_p), ("function", ctypes.c_void_p), ("flags", ctypes.c_int), ("doc", ctypes.c_char_p))


_NAME = b"compiled"


def built_in(address: int, itself: Any) -> Any:
    """A built-in function of the machine code at an address, whose first argument is ``itself``.

    Python reads the PyMethodDef when it frees the function, and may have emptied ``itself`` by then, if both were in
    a cycle.  So it lies in bytes that the function owns as its ``__module__``: nothing empties bytes, and Python
    gives them up last.
    """
    definition = bytes(_Method(_NAME, address, 0x80, None))
    make = ctypes.pythonapi.PyCFunction_NewEx
    make.restype, make.argtypes = ctypes.py_object, [ctypes.c_void_p, ctypes.py_object, ctypes.py_object]
    return make(id(definition) + bytes.__basicsize__ - 1, itself, definition)


class Conversion:
    """What an entry calls with arguments that it cannot read: copies them as it needs them and calls it again.

    It owns everything that the machine code refers to.
    """

    def __init__(self, types: Sequence[Type], address: int, owned: Any) -> None:
        self.types, self.owned = tuple(types), owned
        self.native = built_in(address, self)

    def __call__(self, *leaves: Any) -> Any:
        if len(leaves) != len(self.types):
            raise TypeError(f"The program takes {len(self.types)} arguments; it was given {len(leaves)}.")
        return self.native(*[_readable(leaf, type_) for leaf, type_ in zip(leaves, self.types, strict=True)])


def _readable(leaf: Any, type_: Type) -> Any:
    """The argument as an array of exactly the dtype, in row-major order and aligned."""
    array = np.asarray(leaf)
    if array.shape != type_.shape:
        raise ValueError(f"An argument has shape {array.shape}; the program was compiled for {type_.shape}.")
    if type(leaf) is np.ndarray and array.dtype is type_.dtype and array.flags.c_contiguous and array.flags.aligned:
        return array
    copy = np.empty(type_.shape, type_.dtype)
    copy[...] = array
    return copy

