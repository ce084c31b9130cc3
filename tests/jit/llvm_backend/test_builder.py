"""The builder: what its operators write, computed."""

import ctypes

import numpy as np
import pytest

pytest.importorskip("llvmlite")

from llvmlite import binding as llvm

from fdezero.jit.llvm_backend.functions import Builder


def run(write, *arguments, width=4):
    """The value of an expression of float64 vectors, written by a function of a builder and its parameters."""
    b = Builder("float64", width)
    result = write(b, *b.parameters(len(arguments)))
    of = b.type("f64")
    text = "\n".join([
        *sorted(b.declarations),
        f"define void @f({', '.join(f'ptr %p{i}' for i in range(len(arguments)))}, ptr %out) {{",
        "entry:",
        *(f"  %x{i} = load {of}, ptr %p{i}, align 8" for i in range(len(arguments))),
        *b.lines,
        f"  store {result.type} {result.text}, ptr %out, align 8\n  ret void\n}}",
    ])  # fmt: skip
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    module = llvm.parse_assembly(text)
    target = llvm.Target.from_default_triple().create_target_machine(jit=True)
    engine = llvm.create_mcjit_compiler(module, target)
    engine.finalize_object()
    out = np.empty(width, np.int64 if result.kind == "i64" else np.float64)
    given = [np.asarray(a, np.float64) for a in arguments]
    function = ctypes.CFUNCTYPE(None, *(ctypes.c_void_p,) * (len(given) + 1))(engine.get_function_address("f"))
    function(*(a.ctypes.data for a in (*given, out)))
    return out


X = np.array([1.5, -2.25, 0.1, 7.0])
Y = np.array([3.0, 0.5, -4.0, 7.0])

EXPRESSIONS = [
    ("sum", lambda b, x, y: x + y - 1 + (2 - x), X + Y - 1 + (2 - X)),
    ("product", lambda b, x, y: 3 * x * y / 7 + 1 / y, 3 * X * Y / 7 + 1 / Y),
    ("negation", lambda b, x, y: -x, -X),
    ("where", lambda b, x, y: b.where((x < y) & ~(x > 1), x, 5.0), np.where((X < Y) & ~(X > 1), X, 5.0)),
    (
        "guarded",
        lambda b, x, y: b.guarded(x.equals(y) | (x <= 0) | (y >= 3), x, 0.5),
        np.where((X == Y) | (X <= 0) | (Y >= 3), 0.5, X),
    ),
    ("polynomial", lambda b, x, y: b.polynomial(x, [1, 2, 3, 4, 5, 6, 7]), np.polyval([7, 6, 5, 4, 3, 2, 1], X)),
    ("short polynomial", lambda b, x, y: b.polynomial(x, [1, 2, y]), 1 + 2 * X + Y * X**2),
    ("intrinsics", lambda b, x, y: b.copysign(b.sqrt(b.fabs(x)), y), np.copysign(np.sqrt(abs(X)), Y)),
    ("bits", lambda b, x, y: x.bits + 1, X.view(np.int64) + 1),
    ("magnitude", lambda b, x, y: x.magnitude, abs(X).view(np.int64)),
    ("shifts", lambda b, x, y: (x.bits >> 3) ^ (x.bits << 2), (X.view(np.int64) >> 3) ^ (X.view(np.int64) << 2)),
    ("logical shift", lambda b, x, y: x.bits.logical_shift(60), (X.view(np.uint64) >> 60).view(np.int64)),
    ("lanes", lambda b, x, y: b.joined([a + 1 for a in b.lanes(x)]), X + 1),
    ("constant", lambda b, x, y: x * 0 + 0.1, np.full(4, 0.1)),
]


@pytest.mark.parametrize(("write", "expected"), [e[1:] for e in EXPRESSIONS], ids=[e[0] for e in EXPRESSIONS])
def test_expressions(write, expected):
    np.testing.assert_allclose(run(write, X, Y), expected, rtol=1e-15)


def test_a_constant_of_float32_is_rounded():
    b = Builder("float32", 1)
    assert b.constant(0.1).text == "0x3FB99999A0000000"
    assert b.pair(0.1, 1e-18) == (float(np.float32(0.1)), float(np.float32(0.1 - float(np.float32(0.1)))))


def test_a_pattern_is_the_bits_of_a_number():
    assert Builder("float64", 2).pattern(1.0) == 0x3FF0000000000000
    assert Builder("float32", 2).pattern(1.0) == 0x3F800000


def test_names_are_not_given_twice():
    b = Builder("float64", 4)
    x, y = b.parameters(2)
    b.joined([a * a for a in b.lanes(x + y)])
    b.joined([a * a for a in b.lanes(x - y)])
    names = [line.split(" = ")[0] for line in b.lines]
    assert len(names) == len(set(names))
