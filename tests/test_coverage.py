"""Every public function of NumPy is classified, and is what it is classified as."""

import inspect
import runpy
import warnings
from operator import attrgetter
from pathlib import Path

import numpy as np
import pytest

import fdezero
from fdezero import coverage, grad
from fdezero.core import boxes
from fdezero.coverage import KINDS, as_markdown, faces
from fdezero.rules.numpy import refused
from fdezero.testing import check_grads

from .rules.numpy.cases import CASES, CONSTANT

KNOWN = coverage()
X = np.array([[0.5, 1.5], [2.5, 3.5]])
#: Those that newer versions of NumPy do not have.
GONE = {"in1d", "trapz"}


def found(name):
    """A function by its name, or None in a version of NumPy without it."""
    try:
        return attrgetter(name)(np)
    except AttributeError:
        return None


def test_nothing_is_unclassified():
    assert [f.name for f in KNOWN if f.kind == "unclassified"] == []


def test_each_name_is_there_once_in_one_of_the_kinds():
    names = [f.name for f in KNOWN]
    assert len(names) == len(set(names))
    assert {f.kind for f in KNOWN} <= {*KINDS, "unclassified"}
    assert all(f.note for f in KNOWN if f.kind in ("refused", "not of arrays"))


def test_no_name_is_in_two_tables():
    tables = (refused.REFUSED, refused.NOT_OF_ARRAYS, refused.RUNS_AS_IT_IS, refused.WITHOUT_DERIVATIVE, faces.FACES)
    names = [name for table in tables for text in table.values() for name in text.split()]
    assert {name for name in names if names.count(name) > 1} == set()


def test_what_the_tables_name_exists():
    tables = (refused.REFUSED, refused.NOT_OF_ARRAYS, refused.RUNS_AS_IT_IS, refused.WITHOUT_DERIVATIVE, faces.FACES)
    classified = {f.name.removeprefix("numpy.") for f in KNOWN}
    names = {name for table in tables for text in table.values() for name in text.split()}
    missing = names - classified - GONE - {"unstack", "__array_namespace_info__"}  # since NumPy 2.1
    # A name is in the table of constants before its function has an implementation here.
    assert missing == set()


def test_the_walk_finds_a_name_that_no_table_has(monkeypatch):
    monkeypatch.setattr(np, "brand_new", lambda x: x, raising=False)
    monkeypatch.setattr(np, "__all__", [*np.__all__, "brand_new"])
    assert ("numpy.brand_new", "unclassified") in {(f.name, f.kind) for f in coverage()}


# -- what is refused -----------------------------------------------------------------------------------
def dispatching():
    for name, reason in refused.refusals().items():
        function = found(name)
        if hasattr(function, "_implementation") or isinstance(function, np.ufunc):
            yield pytest.param(function, reason, id=name)


@pytest.mark.parametrize(("function", "reason"), list(dispatching()))
def test_a_refused_function_says_its_reason(function, reason):
    with pytest.raises(TypeError) as caught:
        grad(lambda x: boxes.call(function, (x, x), {"casting": "no"}))(X)
    assert str(caught.value).endswith(reason)


CALLS = {
    np.copyto: lambda x: np.copyto(np.zeros(2), x), np.put: lambda x: np.put(np.zeros(2), [0], x), np.save: lambda x: np.save("f", x),
    np.savetxt: lambda x: np.savetxt("f", x), np.savez: lambda x: np.savez("f", a=x), np.savez_compressed: lambda x: np.savez_compressed("f", x),
    np.packbits: lambda x: np.packbits(x), np.unpackbits: lambda x: np.unpackbits(x), np.is_busday: lambda x: np.is_busday(x),
    np.putmask: lambda x: np.putmask(np.zeros(2), [True, False], x), np.fill_diagonal: lambda x: np.fill_diagonal(x, 0.0),
}  # fmt: skip


@pytest.mark.parametrize("function", list(CALLS), ids=lambda f: f.__name__)
def test_calls_of_refused_functions(function):
    with pytest.raises(TypeError, match=f"numpy.{function.__name__} (writes|is of)"):
        grad(CALLS[function])(X)


NOT_INTERCEPTED = [
    np.array, np.asarray, np.asanyarray, np.asarray_chkfinite, np.ascontiguousarray, np.asfortranarray, np.asmatrix, np.matrix, np.require,
    np.broadcast, lambda x: np.kaiser(4, x), lambda x: np.full(3, x), lambda x: np.bmat([[x]]), lambda x: np.r_[x, 1.0], lambda x: np.c_[x, x],
    lambda x: list(np.ndenumerate(x)), np.vectorize(lambda t: t * t), np.frompyfunc(lambda t: t * t, 1, 1), np.nditer, np.arange, lambda x: np.mgrid[0:x],
    np.polynomial.Polynomial, lambda x: np.polynomial.polynomial.polymul(x[0], [1.0]), lambda x: np.polynomial.chebyshev.chebvander(x, 2),
]  # fmt: skip


@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")  # of np.matrix
@pytest.mark.parametrize("f", NOT_INTERCEPTED, ids=lambda f: getattr(f, "__name__", type(f).__name__))
def test_what_numpy_lets_nobody_intercept_is_an_error_all_the_same(f):
    with pytest.raises(TypeError):
        grad(f)(X)


# -- what runs as it is --------------------------------------------------------------------------------
def test_functions_that_run_as_they_are():
    def values(d):
        return [np.fromfunction(lambda i, j: i * d + j, (2, 2)), np.fft.fftfreq(4, d), np.fft.rfftfreq(4, d)]

    check_grads(values, (np.float64(0.7),), modes=("rev", "fwd"))
    for module, name in refused.SERIES.items():
        value = getattr(getattr(np.polynomial, module), f"{name}val")
        check_grads(lambda x, value=value: value(x, [1.0, 2.0, 3.0, 0.5]), (X,), modes=("rev", "fwd"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        check_grads(lambda x: np.row_stack([x, x[0]]), (X,))


@pytest.mark.skipif(np.polyval not in boxes.implementations, reason="np.polyval has no rule yet")
def test_a_poly1d_of_a_box():
    check_grads(lambda c, x: np.poly1d(c)(x), (np.array([1.0, 2.0, 3.0]), np.float64(0.5)))


# -- kinds -------------------------------------------------------------------------------------------
def by_function(kind):
    return {attrgetter(f.name.removeprefix("numpy."))(np): f.name for f in KNOWN if f.kind == kind}


def test_what_has_no_derivative_is_constant_and_the_other_way_round():
    constant, checked = by_function("constant"), set(CONSTANT)
    differentiated = {case.function for case in CASES}
    assert {f for f in checked if f not in constant} <= differentiated | {boxes.truth, np.sign, np.astype}
    assert [name for f, name in constant.items() if f not in checked] == []


def primitives_of(case):
    return [node.primitive for node in fdezero.record(case.f)(*case.args).nodes]


@pytest.mark.parametrize("name", list(faces.primitives()))
def test_a_face_applies_its_primitive(name):
    function = found(name)
    if function not in boxes.implementations:
        pytest.skip("it has no implementation of its own")
    wanted = faces.primitives()[name]
    assert any(wanted in primitives_of(case) for case in CASES if case.function is function)


# -- the table in the documentation --------------------------------------------------------------------
README = Path(inspect.getfile(fdezero)).parent / "rules" / "README.md"


def test_the_module_prints_the_table(capsys):
    runpy.run_module("fdezero.coverage", run_name="__main__")
    assert capsys.readouterr().out == as_markdown()


def test_the_table_is_current():
    text = README.read_text(encoding="utf-8")
    version = ".".join(np.__version__.split(".")[:2])
    if f"of NumPy {version}:" in text:
        assert text == as_markdown(), "run: python -m fdezero.coverage > fdezero/rules/README.md"
    else:
        assert not [f.name for f in KNOWN if f"`{f.name.removeprefix('numpy.')}`" not in text and f.name.removeprefix("numpy.") not in GONE]
