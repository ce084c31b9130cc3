"""An argument at NumPy's default passes everywhere: calls generated from NumPy's own signatures."""

import inspect
import warnings
from operator import attrgetter

import numpy as np
import pytest

from fdezero import jvp, record, tree
from fdezero.core import boxes
from fdezero.core.operands import _IN_C, defaults_of, numpy_name
from fdezero.core.primitives import Primitive

from .cases import CASES, CONSTANT, REFUSED, distinct
from .coverage import is_of_numpy

OURS = {boxes.getitem, boxes.at, boxes.truth}
X = distinct(2, 3)


def with_call(function, check):
    """``check(args, kwargs)`` of the first call of ``function`` on Boxes in its program, inside the program."""
    program, program_args = PROGRAMS[function]
    found = []
    plain = boxes.call

    def watched(called, args, kwargs):
        if called is function:
            found.append((args, dict(kwargs)))
        return plain(called, args, kwargs)

    def inside(*args):
        boxes.call = watched
        try:
            program(*args)
        finally:
            boxes.call = plain
        check(*found[0])
        return args[0]

    jvp(inside, program_args, tuple(map(np.zeros_like, program_args)))  # no operator or ufunc of a Dual has a short cut


def programs():
    """For every function a program that calls it."""
    found = {f: (CONSTANT[f], (X,)) for f in CONSTANT}
    found |= {case.function: (case.f, case.args) for case in reversed(CASES)}
    found[np.ufunc.reduce] = (np.add.reduce, (X,))
    found[np.ufunc.outer] = (np.add.outer, (X, X))
    return found


PROGRAMS = programs()
#: NumPy asks them of no Box; and what meets booleans only meets no Variable.
NOT_ASKED = {np.asarray, np.asanyarray, np.ascontiguousarray, np.invert, np.bitwise_and, np.bitwise_or, np.bitwise_xor}
NOT_ASKED |= {np.gcd, np.lcm, np.left_shift, np.right_shift, np.bitwise_count, np.unravel_index, np.ravel_multi_index}
FUNCTIONS = [f for f in boxes.implementations if is_of_numpy(f) and f not in REFUSED | OURS | NOT_ASKED]


def call(function, args, kwargs):
    """The call as a user writes it; a method of ufuncs belongs to the first argument."""
    if getattr(np.ufunc, getattr(function, "__name__", ""), None) is function:
        return getattr(args[0], function.__name__)(*args[1:], **kwargs)
    return function(*args, **kwargs)


def variants(function, args, kwargs):
    """(label, args, kwargs) of calls that say what the given one leaves out."""
    defaults = defaults_of(function)
    names = [*defaults]
    given = {*names[: len(args)], *kwargs}
    optional = {name: defaults[name] for name in names if name not in given}
    for name, default in optional.items():
        if default is not np._NoValue and _may_be_given(function, name):
            yield f"{name}={default}", args, kwargs | {name: default}
    if not kwargs:
        filled = list(args)
        for name in names[len(args) :]:
            if not _may_be_given(function, name, by_position=True):
                break
            filled.append(defaults[name])
            yield f"{name} by position", tuple(filled), {}
    by_name = {n: a for n, a in zip(names, args, strict=False) if _may_be_given(function, n)}
    if by_name and len(by_name) == len(args):
        yield "all by name", (), by_name | kwargs


def _may_be_given(function, name, by_position=False):
    """Has NumPy such an argument with a default, and can it be given so?"""
    if isinstance(function, np.ufunc):
        core = function.signature is not None
        hidden = {"axes", "axis", "signature", *(("where",) if core else ("keepdims",))}
        return name not in hidden and not name.startswith("x") and (not by_position or name == "out")
    if name == "self":
        return False
    try:
        parameter = inspect.signature(function).parameters.get(name)
    except ValueError:  # before NumPy 2.4, of functions written in C
        parameter = None
    if parameter is None:
        return not by_position
    if by_position:
        return parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD) and parameter.default is not parameter.empty
    return parameter.kind not in (parameter.POSITIONAL_ONLY, parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)


def assert_same(a, b):
    for x, y in zip(tree.leaves(a), tree.leaves(b), strict=True):
        x, y = np.asarray(boxes.raw(x)), np.asarray(boxes.raw(y))
        assert (x.shape, x.dtype) == (y.shape, y.dtype)
        if x.dtype.kind in "fc":
            np.testing.assert_allclose(x, y, rtol=1e-13, strict=True)
        else:
            assert np.all(x == y)


@pytest.mark.parametrize("function", FUNCTIONS, ids=numpy_name)
def test_what_equals_the_default_passes(function):
    failed = []

    def check(args, kwargs):
        expected = call(function, args, kwargs)
        for label, more_args, more_kwargs in variants(function, args, kwargs):
            plain = outcome(function, *tree.map(boxes.raw, (more_args, more_kwargs)))
            found = outcome(function, more_args, more_kwargs)
            if isinstance(plain, Exception):
                continue
            if isinstance(found, Exception):
                failed.append(f"{label}: {found}")
            elif function is not np.empty_like:
                assert_same(found, expected)

    with_call(function, check)
    assert not failed, "\n".join(failed)


def outcome(function, args, kwargs):
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # NumPy's, of what is deprecated
            return call(function, args, kwargs)
    except (TypeError, ValueError) as error:
        return error


def test_there_are_many_such_calls():
    counts = []
    for function in FUNCTIONS:
        with_call(function, lambda args, kwargs, f=function: counts.append(len([*variants(f, args, kwargs)])))
    assert sum(counts) > 600 and len(counts) == len(FUNCTIONS)


@pytest.mark.parametrize("function", FUNCTIONS, ids=numpy_name)
def test_arguments_by_position_are_numpy_s(function):
    """Of the optional ones at least the names, or one would be taken for another."""
    implementation = boxes.implementations[function]
    if isinstance(implementation.function, Primitive) or implementation.positional == float("inf"):
        return
    optional = [
        (i, p.name) for i, p in enumerate(inspect.signature(implementation.function).parameters.values())
        if p.default is not p.empty and p.kind is p.POSITIONAL_OR_KEYWORD
    ]  # fmt: skip
    names = [{"newshape": "shape"}.get(name, name) for name in defaults_of(function)]  # of reshape, in NumPy 2.0
    assert names and [name for i, name in optional if i < len(names)] == [names[i] for i, _ in optional if i < len(names)]


METHODS = {
    "sum": {"axis": None, "dtype": None, "out": None, "keepdims": False, "initial": 0, "where": True},
    "prod": {"axis": None, "dtype": None, "out": None, "keepdims": False, "initial": 1, "where": True},
    "mean": {"axis": None, "dtype": None, "out": None, "keepdims": False, "where": True},
    "max": {"axis": None, "out": None, "keepdims": False, "where": True},
    "min": {"axis": None, "out": None, "keepdims": False, "where": True},
    "var": {"axis": None, "dtype": None, "out": None, "ddof": 0, "keepdims": False, "where": True},
    "std": {"axis": None, "dtype": None, "out": None, "ddof": 0, "keepdims": False, "where": True},
    "all": {"axis": None, "out": None, "keepdims": False, "where": True},
    "any": {"axis": None, "out": None, "keepdims": False, "where": True},
    "argmax": {"axis": None, "out": None, "keepdims": False},
    "argmin": {"axis": None, "out": None, "keepdims": False},
    "argsort": {"axis": -1, "kind": None, "order": None, "stable": None},
    "argpartition": {"kth": 1, "axis": -1, "kind": "introselect", "order": None},
    "astype": {"dtype": np.float32, "order": "K", "casting": "unsafe", "subok": True, "copy": True},
    "clip": {"min": -0.5, "max": 0.5, "out": None},
    "copy": {"order": "C"},
    "flatten": {"order": "C"},
    "ravel": {"order": "C"},
    "cumsum": {"axis": None, "dtype": None, "out": None},
    "cumprod": {"axis": None, "dtype": None, "out": None},
    "diagonal": {"offset": 0, "axis1": 0, "axis2": 1},
    "trace": {"offset": 0, "axis1": 0, "axis2": 1, "dtype": None, "out": None},
    "dot": {"other": np.ones(3), "out": None},
    "repeat": {"repeats": 2, "axis": None},
    "round": {"decimals": 0, "out": None},
    "take": {"indices": [0], "axis": None, "out": None, "mode": "raise"},
    "squeeze": {"axis": None},
    "swapaxes": {"axis1": 0, "axis2": 1},
    "nonzero": {}, "conj": {}, "conjugate": {}, "transpose": {},
}  # fmt: skip
#: How many of them come by position only, and how many may.
REQUIRED = {"argpartition": 1, "astype": 1, "clip": 2, "dot": 1, "repeat": 1, "take": 1, "swapaxes": 2}
KEYWORD_ONLY = {"keepdims", "initial", "where", "correction", "stable"}


@pytest.mark.parametrize("name", METHODS)
def test_methods_take_their_defaults(name):
    defaults = METHODS[name]
    required = [*defaults.values()][: REQUIRED.get(name, 0)]
    plain = getattr(X, name)(*required)
    calls = [(required, {})]
    calls += [(required, {k: v}) for k, v in [*defaults.items()][len(required) :]]
    calls += [(required, dict([*defaults.items()][len(required) :]))]
    positional = [v for k, v in defaults.items() if k not in KEYWORD_ONLY or (k == "keepdims" and name in ("all", "any"))]
    calls += [(positional[:n], {}) for n in range(len(required), len(positional) + 1)]
    if name in ("transpose", "squeeze"):
        calls += [([], {})]
    for args, kwargs in calls:
        known = outcome(getattr(np.ndarray, name), (X, *args), kwargs)
        if isinstance(known, TypeError):  # all(None, None) is not NumPy's
            continue
        assert_same(known, plain)  # it is the default
        seen = []
        record(lambda x, a=args, k=kwargs: (seen.append(getattr(x, name)(*a, **k)), x)[1])(X)  # noqa: B023  # called at once
        assert_same(seen[0], plain)


def test_reshape_takes_its_defaults():
    def f(x):
        return [x.reshape(3, 2, order="C"), x.reshape((3, 2), copy=None), x.reshape(3, 2, order="C", copy=None), x.reshape([3, -1])]

    for found in record(f)(X).value:
        np.testing.assert_array_equal(found, X.reshape(3, 2))


def test_every_method_is_in_the_list():
    refused = {"item", "tolist", "fill", "sort", "put", "partition", "resize", "setfield", "setflags", "byteswap", "view", "getfield"}
    refused |= {"dump", "dumps", "tobytes", "tofile"}
    methods = {n for n in dir(np.ndarray) if not n.startswith("_") and callable(getattr(np.ndarray, n)) and hasattr(boxes.ArrayLike, n)}
    assert methods - refused - {"reshape", "searchsorted", "choose", "compress"} == set(METHODS)


@pytest.mark.parametrize("name", _IN_C)
def test_the_signatures_kept_for_older_versions_are_numpy_s(name):
    function = attrgetter(name.removeprefix("numpy."))(np)
    try:
        parameters = inspect.signature(function).parameters.values()
    except ValueError:
        pytest.skip("this NumPy has no signature for it")
    named = [p for p in parameters if p.kind is not p.VAR_KEYWORD]
    kept = _IN_C[name]
    assert [p.name for p in named] == [*kept][: len(named)]
    assert {p.name: None if p.default is p.empty else p.default for p in named}.items() <= kept.items()
    assert len(named) == len(kept) or len(named) < len([*parameters])


NOWHERE = {
    "exp by position": lambda x: np.exp(x, None),
    "exp, a tuple": lambda x: np.exp(x, out=(None,)),
    "add by position": lambda x: np.add(x, 1.0, None),
    "divmod": lambda x: np.divmod(x, 2.0, out=(None, None)),
    "divmod by position": lambda x: np.divmod(x, 2.0, None, None),
    "add.reduce": lambda x: np.add.reduce(x, 0, None, None, False, initial=0.0, where=True),
    "add.reduce by name": lambda x: np.add.reduce(x, axis=0, dtype=None, out=None, keepdims=False),
    "not given": lambda x: np.sum(x, 0, None, None, np._NoValue, np._NoValue, np._NoValue),
    "not given by name": lambda x: np.max(x, axis=0, keepdims=np._NoValue, initial=np._NoValue, where=np._NoValue),
    "not given in the middle": lambda x: np.sum(x, 0, None, None, np._NoValue, 2.0),
    "several": lambda x: np.exp(x, out=None, where=True, casting="same_kind", order="K", dtype=None, subok=True),
}  # fmt: skip


@pytest.mark.parametrize("f", NOWHERE.values(), ids=NOWHERE)
def test_nothing_to_write_into(f):
    assert_same(record(f)(X).value, f(X))


def test_what_differs_from_the_default_is_refused():
    for f in (
        lambda x: np.dot(x, x, np.zeros(())), lambda x: np.sum(x, 0, None, np.zeros(())), lambda x: x.argsort(order="f"),
    ):  # fmt: skip
        with pytest.raises(TypeError, match="no derivative rule for the argument"):
            record(f)(np.ones(2))
