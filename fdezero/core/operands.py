"""What reaches a primitive from outside: operands that are no Boxes, and arguments at their defaults.

An operand is an ndarray, a NumPy scalar, a Python number, a Box, or an array with the full protocols of
its own (CuPy).  Anything else is made an ndarray here (a list, a pandas Series) or refused in one
sentence (a MaskedArray), before any rule sees it: so no cotangent follows the arithmetic of another
library, which may align by labels or skip masked entries.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import sys
from collections.abc import Callable
from types import FrameType, FunctionType
from typing import Any

import numpy as np

#: The types that are passed on as they are.
KNOWN: frozenset[Any] = frozenset(
    {np.ndarray, bool, int, float, complex} | {kind for kind in np.sctypeDict.values() if np.dtype(kind).kind in "biufc"}
)


def as_operand(x: Any) -> Any:
    """``x`` as a primitive takes it: a known type, or an ndarray made of a list, Series or the like.

    Raises:
        TypeError: when its arithmetic differs from an ndarray's, or its entries are no numbers.

    Example:
        >>> as_operand([1.0, 2.0])
        array([1., 2.])
        >>> as_operand(np.ma.array([1.0, 2.0]))
        Traceback (most recent call last):
        ...
        TypeError: a MaskedArray has rules of arithmetic that a derivative would not follow; write np.asarray(x) for it
    """
    kind = x.__class__
    if kind is np.ndarray:
        return x if x.dtype.kind in "biufc" else _refuse_dtype(x)
    if kind in KNOWN or hasattr(kind, "_fdezero_leaf"):
        return x
    # CuPy and its like answer to NumPy's functions themselves.
    if hasattr(kind, "__array_function__") and not isinstance(x, np.ndarray):
        return x
    if has_own_arithmetic(x):
        raise TypeError(
            f"a {kind.__name__} has rules of arithmetic that a derivative would not follow; write np.asarray(x) for it"
        )
    if not (isinstance(x, (list, tuple, range, int, float, complex)) or hasattr(kind, "__array__")):
        raise TypeError(f"{describe(x)} is not an array or a number; write float(x), x.toarray() or np.asarray(x) for it")
    array = np.asarray(x)
    return array if array.dtype.kind in "biufc" else _refuse_dtype(array)


def has_own_arithmetic(x: Any) -> bool:
    """True for an ndarray of a subclass with arithmetic of its own: a MaskedArray, a matrix, a quantity with a unit."""
    if not isinstance(x, np.ndarray):
        return False
    return isinstance(x, (np.ma.MaskedArray, np.matrix)) or type(x).__array_ufunc__ is not np.ndarray.__array_ufunc__


def _refuse_dtype(x: Any) -> Any:
    if x.dtype.kind in "OmMVUS":
        raise TypeError(
            f"an array of dtype {x.dtype} has no derivative; write x.astype(float) for it, and x.to_numpy() for an operand x "
            "of another library"
        )
    return x


def as_operands(args: tuple[Any, ...]) -> tuple[Any, ...]:
    """The arguments of a NumPy call, with those that are arrays of another library made ndarrays.

    Lists, strings, functions and the like are left to the function's implementation.
    """
    for arg in args:
        kind = arg.__class__
        if kind not in KNOWN and kind not in _LEFT and hasattr(kind, "__array__"):
            return tuple([as_operand(a) if hasattr(a.__class__, "__array__") else a for a in args])
    return args


_LEFT = frozenset({list, tuple, str, type(None)})


def read_only(x: Any) -> Any:
    """``x``; for a writable ndarray, a view of it that is not writable; for a tuple or list of them, of each."""
    kind = x.__class__
    if kind is np.ndarray:
        if x.flags.writeable:
            x = x.view()
            x.flags.writeable = False
    elif kind is tuple or kind is list:
        return kind(map(read_only, x))
    return x


def is_users(function: Callable[..., Any]) -> bool:
    """True for a function that is neither NumPy's nor this package's."""
    module = getattr(function, "__module__", None) or ""
    return not (isinstance(function, np.ufunc) or module.partition(".")[0] in ("numpy", "operator", "_operator", "fdezero"))


def returning_arrays(function: Callable[..., Any]) -> Callable[..., Any]:
    """A user's function or derivative, made to return ndarrays, whatever library it computes with.

    Its arguments, which belong to the graph or the caller, are read-only to it.  NumPy's functions and those
    of this package are left as they are.
    """
    if not is_users(function):
        return function

    def returning(*args: Any, **params: Any) -> Any:
        out = function(*map(read_only, args), **params)
        if out is None:
            raise TypeError(f"{numpy_name(function)} returned None instead of a number or an array; is a `return` missing?")
        return _as_result(out)

    return returning


def _as_result(out: Any) -> Any:
    kind = out.__class__
    if kind is tuple or kind is list:
        return kind([_as_result(each) for each in out])
    if kind in _NUMBERS:
        return np.asarray(out)[()]
    return as_operand(out) if hasattr(kind, "__array__") else out


_NUMBERS = frozenset({bool, int, float, complex})


def describe(x: Any) -> str:
    """A value in the words of an error message: ``an array of dtype int64 and shape (3,)``."""
    kind = type(x)
    if hasattr(x, "shape") and not isinstance(x, np.generic):
        dtype = f"dtype {x.dtype} and " if hasattr(x, "dtype") else ""
        return f"{'an array' if kind is np.ndarray else f'a {kind.__name__}'} of {dtype}shape {x.shape}"
    if x is None:
        return "None"
    text = repr(x)
    article = "an" if kind.__name__[0] in "aeiouAEIOU" else "a"
    return f"{text if len(text) < 40 else text[:36] + ' ...'} ({article} {kind.__name__})"


# -- arguments at their defaults -----------------------------------------------------------------------


#: The type of the value by which NumPy knows that an argument was not given.
NOT_GIVEN = type(np._NoValue)


def without_not_given(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """``(args, kwargs)`` of a call, without arguments that are NumPy's value for "not given"."""
    count = next((i for i, arg in enumerate(args) if arg is np._NoValue), len(args))
    given = dict(zip([*defaults_of(function)][count:], args[count:], strict=False)) | kwargs
    return args[:count], {k: v for k, v in given.items() if v is not np._NoValue}


def without_defaults(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any], implementation: Any) -> Any:
    """``(args, kwargs)`` of a call, without arguments that equal NumPy's default and that no rule takes.

    Arguments go where the implementation takes them: by position where it knows their names not, and by name
    where there are more than it takes by position.

    Raises:
        TypeError: naming an argument that differs from its default and that no rule takes.
    """
    defaults = defaults_of(function)
    names = [*defaults]
    if len(args) > implementation.positional:
        count = int(implementation.positional)
        if len(args) > len(names):
            raise TypeError(f"{numpy_name(function)} takes at most {len(names)} arguments; got {len(args)}")
        kwargs = dict(zip(names[count:], args[count:], strict=False)) | kwargs
        args = args[:count]
    kept = dict(kwargs)
    while len(args) < min(implementation.positional, len(names)) and names[len(args)] in kept.keys() - implementation.accepts:
        args = (*args, kept.pop(names[len(args)]))
    kept = {k: v for k, v in kept.items() if k in implementation.accepts or not _is_default(v, defaults.get(k))}
    for name in kept:
        if name not in implementation.accepts:
            what = "which writes into an array" if name == "out" else "whose value is not its default"
            instead = "use the result, y = f(x)" if name == "out" else "see fdezero.custom_vjp or fdezero.stop_gradient"
            raise TypeError(f"{numpy_name(function)} has no derivative rule for the argument {name}=, {what}; {instead}")
    return args, kept


def _is_default(value: Any, default: Any) -> bool:
    if value is None:
        return default is None or default is np._NoValue
    plain = (bool, np.bool_, int, float, str)
    return value is default or (isinstance(value, plain) and isinstance(default, plain) and bool(value == default))


#: The keyword arguments of ufuncs and generalised ufuncs.
_OF_UFUNCS = {
    "out": None, "where": True, "casting": "same_kind", "order": "K", "dtype": None, "subok": True,
    "signature": None, "axes": None, "axis": None, "keepdims": False,
}  # fmt: skip

#: The arguments of functions written in C, for versions of NumPy in which `inspect` does not find them, and those
#: that a signature hides behind ``**kwargs``.
_IN_C: dict[str, dict[str, Any]] = {
    "numpy.concatenate": {"arrays": None, "axis": 0, "out": None, "dtype": None, "casting": "same_kind"},
    "numpy.dot": {"a": None, "b": None, "out": None},
    "numpy.where": {"condition": None, "x": None, "y": None},
    "numpy.inner": {"a": None, "b": None},
    "numpy.vdot": {"a": None, "b": None},
    "numpy.empty_like": {"prototype": None, "dtype": None, "order": "K", "subok": True, "shape": None, "device": None},
    "numpy.lexsort": {"keys": None, "axis": -1},
    "numpy.bincount": {"x": None, "weights": None, "minlength": 0},
    "numpy.copyto": {"dst": None, "src": None, "casting": "same_kind", "where": True},
    "numpy.putmask": {"a": None, "mask": None, "values": None},
    "numpy.result_type": {"arrays_and_dtypes": None},
    "numpy.can_cast": {"from_": None, "to": None, "casting": "safe"},
    "numpy.min_scalar_type": {"a": None},
    "numpy.may_share_memory": {"a": None, "b": None, "max_work": 0},
    "numpy.shares_memory": {"a": None, "b": None, "max_work": -1},
    "numpy.einsum": {"operands": None, "out": None, "optimize": False, "dtype": None, "order": "K", "casting": "safe"},
    "numpy.ufunc.reduce": {
        "self": None, "array": None, "axis": 0, "dtype": None, "out": None,
        "keepdims": False, "initial": np._NoValue, "where": True,
    },
    "numpy.ufunc.accumulate": {"self": None, "array": None, "axis": 0, "dtype": None, "out": None},
    "numpy.ufunc.reduceat": {"self": None, "array": None, "indices": None, "axis": 0, "dtype": None, "out": None},
    "numpy.ufunc.outer": {"self": None, "A": None, "B": None, "dtype": None, "out": None},
}  # fmt: skip


@functools.cache
def defaults_of(function: Any) -> dict[str, Any]:
    """The names of a NumPy function's arguments, in order, and their defaults (None where there is none)."""
    if isinstance(function, np.ufunc):
        return dict.fromkeys([f"x{i + 1}" for i in range(function.nin)]) | _OF_UFUNCS
    if known := _IN_C.get(numpy_name(function)):
        return known
    try:
        parameters = inspect.signature(function).parameters
    except (ValueError, TypeError):
        return {}
    return {name: None if p.default is p.empty else p.default for name, p in parameters.items()}


# -- names ---------------------------------------------------------------------------------------------


def numpy_name(function: Any) -> str:
    """The name a user would write: ``numpy.linalg.solve``."""
    name = getattr(function, "__name__", str(function))
    if getattr(np.ufunc, name, None) is function:
        return f"numpy.ufunc.{name}"
    # A ufunc does not know its module: those of SciPy are none of NumPy's attributes.
    module = getattr(function, "__module__", None) or ("numpy" if getattr(np, name, None) is function else None)
    return f"{module}.{name}" if module else name


def foreign_caller() -> str | None:
    """The installed function outside plain NumPy that asked a Box for an array or a number, or None.

    None says that it was the user's.  The name is that of the library's outermost function, which the user called; a
    private one only where there is no other.  To be called from a method of Box that refuses.
    """
    frame = sys._getframe(2)
    library, public, private = None, None, None
    while frame is not None:
        module = frame.f_globals.get("__name__", "")
        package = _package(module)
        if package != "numpy":
            if package != (library or package) or package == "fdezero" or "-packages" not in frame.f_code.co_filename:
                break
            library, name = package, frame.f_code.co_qualname
            if "<locals>" in name:
                module, name = _wrapped(frame, package) or (module, name.rpartition("<locals>.")[2])
            dotted = ".".join([part for part in module.split(".") if not part.startswith("_")] + [name])
            if name.startswith("_") and not name.startswith("__"):
                private = dotted
            else:
                public = dotted
        frame = frame.f_back  # type: ignore[assignment]  # None ends the loop
    return public or private


def _package(module: str) -> str:
    return "numpy.ma" if module.startswith("numpy.ma.") else module.partition(".")[0]


def _wrapped(frame: FrameType, package: str) -> tuple[str, str] | None:
    """Module and name of the function that a decorator's wrapper calls, which is one of its free variables."""
    for variable in frame.f_code.co_freevars:
        function = frame.f_locals.get(variable)
        if isinstance(function, FunctionType) and "<" not in function.__qualname__ and _package(function.__module__) == package:
            return function.__module__, function.__qualname__
    return None


def mirror_of(caller: str) -> str | None:
    """What of this package stands for a function of SciPy on Boxes: its name, or that of its module; or None.

    To be called where an error is made: it imports the module.
    """
    parts = caller.split(".")
    if parts[0] != "scipy":
        return None
    for depth in range(len(parts) - 1, 1, -1):
        name = ".".join(["fdezero", *parts[:depth]])
        try:
            offered = importlib.import_module(name).__all__
        except (ImportError, AttributeError):
            continue
        found = [part for part in parts[depth:] if part in offered]
        is_method = len(parts) - depth > 1
        return f"{name}.{found[-1]}" if found else f"a function of {name}" if is_method else None
    return None
