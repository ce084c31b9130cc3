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
    if hasattr(kind, "__array_function__") and not isinstance(x, np.ndarray):  # CuPy's arrays answer to rules themselves
        return x
    if isinstance(x, (np.ma.MaskedArray, np.matrix)):
        raise TypeError(
            f"a {kind.__name__} has rules of arithmetic that a derivative would not follow; write np.asarray(x) for it"
        )
    if not (kind is list or kind is tuple or hasattr(kind, "__array__")):
        raise TypeError(f"{describe(x)} is no array; write float(x), x.toarray() or np.asarray(x) for it")
    array = np.asarray(x)
    return array if array.dtype.kind in "biufc" else _refuse_dtype(array)


def _refuse_dtype(x: Any) -> Any:
    if x.dtype.kind in "OmMVUS":
        raise TypeError(f"an array of dtype {x.dtype} has no derivative; write x.astype(float) for it")
    return x


def as_operands(args: tuple[Any, ...]) -> tuple[Any, ...]:
    """The arguments of a NumPy call, with those that are arrays of another library made ndarrays.

    Lists, texts, functions and the like are left to the function's implementation.
    """
    for arg in args:
        kind = arg.__class__
        if kind not in KNOWN and kind not in _LEFT and hasattr(kind, "__array__"):
            return tuple([as_operand(a) if hasattr(a.__class__, "__array__") else a for a in args])
    return args


_LEFT = frozenset({list, tuple, str, type(None)})


def describe(x: Any) -> str:
    """A value in the words of an error message: ``an array of dtype int64 and shape (3,)``."""
    if hasattr(type(x), "_fdezero_leaf"):
        return f"a {type(x).__name__} of dtype {x.dtype} and shape {x.shape}"
    if isinstance(x, np.ndarray):
        return f"an array of dtype {x.dtype} and shape {x.shape}"
    if x is None:
        return "None"
    text = repr(x)
    return f"{text if len(text) < 40 else text[:36] + ' ...'} (a {type(x).__name__})"


# -- arguments at their defaults -----------------------------------------------------------------------


def without_defaults(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any], implementation: Any) -> Any:
    """``(args, kwargs)`` of a call, without arguments that equal NumPy's default and that no rule takes.

    Raises:
        TypeError: naming an argument that differs from its default and that no rule takes.
    """
    defaults = defaults_of(function)
    if len(args) > implementation.positional:
        count = int(implementation.positional)
        names = list(defaults)
        if len(args) > len(names):
            raise TypeError(f"{numpy_name(function)} takes at most {len(names)} arguments; got {len(args)}")
        kwargs = dict(zip(names[count:], args[count:], strict=False)) | kwargs
        args = args[:count]
    kept = {k: v for k, v in kwargs.items() if k in implementation.accepts or not _is_default(v, defaults.get(k))}
    for name in kept:
        if name not in implementation.accepts:
            what = "which writes into an array" if name == "out" else "whose value is not its default"
            instead = "use the result, y = f(x)" if name == "out" else "see fdezero.custom_vjp or fdezero.stop_gradient"
            raise TypeError(f"{numpy_name(function)} has no derivative rule for the argument {name}=, {what}; {instead}")
    return args, kept


def _is_default(value: Any, default: Any) -> bool:
    if value is None or value is np._NoValue:
        return True
    return isinstance(value, (bool, np.bool_, int, float, str)) and type(default) is not type and bool(value == default)


#: The keyword arguments of ufuncs and generalised ufuncs.
_OF_UFUNCS = {
    "out": None, "where": True, "casting": "same_kind", "order": "K", "dtype": None, "subok": True,
    "signature": None, "axes": None, "axis": None, "keepdims": False,
}  # fmt: skip

#: The arguments of functions written in C, for versions of NumPy in which `inspect` does not find them.
_IN_C: dict[str, dict[str, Any]] = {
    "concatenate": {"arrays": None, "axis": 0, "out": None, "dtype": None, "casting": "same_kind"},
    "dot": {"a": None, "b": None, "out": None},
    "where": {"condition": None, "x": None, "y": None},
    "inner": {"a": None, "b": None},
    "vdot": {"a": None, "b": None},
    "empty_like": {"prototype": None, "dtype": None, "order": "K", "subok": True, "shape": None, "device": None},
    "lexsort": {"keys": None, "axis": -1},
    "bincount": {"x": None, "weights": None, "minlength": 0},
    "copyto": {"dst": None, "src": None, "casting": "same_kind", "where": True},
}


@functools.cache
def defaults_of(function: Any) -> dict[str, Any]:
    """The names of a NumPy function's arguments, in order, and their defaults (None where there is none)."""
    if isinstance(function, np.ufunc):
        return dict.fromkeys([f"x{i + 1}" for i in range(function.nin)]) | _OF_UFUNCS
    try:
        parameters = inspect.signature(function).parameters
    except (ValueError, TypeError):
        return _IN_C.get(getattr(function, "__name__", ""), {})
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
    """The installed function outside NumPy that asked a Box for a plain array, or None where it was the user.

    To be called from ``Box.__array__``.
    """
    frame = sys._getframe(2)
    found = None
    while frame is not None:
        module = frame.f_globals.get("__name__", "")
        package = module.partition(".")[0]
        if found is not None and package != found.partition(".")[0]:
            break
        if package != "numpy":
            if package == "fdezero" or "-packages" not in frame.f_code.co_filename:
                break
            public = [part for part in module.split(".") if not part.startswith("_")]
            within = f"{module}.".startswith(f"{package}._lib.")  # SciPy's decorators: no function that a user calls
            if found is None or not within:
                found = package if within else ".".join([*public, frame.f_code.co_qualname.rpartition("<locals>.")[2]])
        frame = frame.f_back  # type: ignore[assignment]  # None ends the loop
    return found


def mirror_of(caller: str) -> str | None:
    """What of this package stands for a function of SciPy on Boxes: its name, or that of its module; or None.

    To be called where an error is made: it imports the module.
    """
    parts = caller.split(".")
    if parts == ["scipy"]:
        return "a function of fdezero.scipy"
    for depth in range(len(parts) - 1, 1, -1):
        name = ".".join(["fdezero", *parts[:depth]])
        try:
            offered = importlib.import_module(name).__all__
        except (ImportError, AttributeError):
            continue
        found = [part for part in parts[depth:] if part in offered]
        inner = parts[depth].startswith("_")  # SciPy's inner workings do not tell which function was called
        return f"{name}.{found[-1]}" if found else f"a function of {name}" if inner else None
    return None
