"""What has no derivative rule and why, as tables: the rest of NumPy's public namespace.

A reason stands once, with the names that it is for: relative to ``numpy``, a module's own with its name in front.
What is refused says its reason when it is called on a Box, where NumPy lets a function be intercepted at all.
"""

from __future__ import annotations

from collections.abc import Iterator
from operator import attrgetter
from typing import Any, NoReturn

import attrs
import numpy as np

from ...core.declare import register
from ...core.table import implementations, loaders

#: Series of polynomials in numpy.polynomial, and how their functions' names begin.
SERIES = {
    "polynomial": "poly", "chebyshev": "cheb", "hermite": "herm", "hermite_e": "herme", "laguerre": "lag", "legendre": "leg",
}  # fmt: skip

#: Reason -> names of functions that take no array of numbers.
NOT_OF_ARRAYS: dict[str, str] = {
    "makes an array of a shape, a range or a count; multiply it by what is differentiated": """
        arange empty eye identity indices mgrid ogrid ones tri zeros bartlett blackman hamming hanning
        diag_indices mask_indices tril_indices triu_indices""",
    "reads an array from a file, a buffer or an iterator": """
        frombuffer fromfile fromiter fromregex fromstring from_dlpack genfromtxt load loadtxt memmap""",
    "is of dtypes and kinds of objects": """
        datetime_data dtype finfo iinfo isdtype isscalar issubdtype iterable mintypecode promote_types typename
        __array_namespace_info__ ufunc""",
    "is of shapes and indices": "broadcast_shapes index_exp ndindex s_",
    "is a setting": """
        errstate geterr seterr geterrcall seterrcall getbufsize setbufsize printoptions get_printoptions set_printoptions""",
    "writes a plain number as a text": "base_repr binary_repr format_float_positional format_float_scientific",
    "is of the installation": "get_include info show_config show_runtime test",
    "is of dates": "busdaycalendar",
}

#: Reason, with what to write instead -> names of functions that cannot be differentiated through.
REFUSED: dict[str, str] = {
    "writes into an array, which would lose the derivative (np.full and np.full_like do so too); write "
    "fdezero.at(a)[index].set(v), fdezero.array([x, y]) or np.broadcast_to(x, shape)": """
        copyto fill_diagonal full place put put_along_axis putmask""",
    "makes a plain array, and NumPy lets nobody intercept it; write fdezero.array([[x, y], [y, x]]), np.stack, np.concatenate "
    "or x itself": """
        array asarray asanyarray asarray_chkfinite ascontiguousarray asfortranarray asmatrix bmat c_ matrix ndarray r_
        recarray require""",
    "is a window of a parameter that may be a Box, made in a plain array; write np.i0(beta * np.sqrt(1 - t * t)) / np.i0(beta) "
    "with t = np.linspace(-1, 1, m)": "kaiser",
    "calls a Python function on plain numbers; write the function in terms of NumPy, fdezero.numpy.vectorize(f)(x), or "
    "fdezero.vmap(f)(x)": """
        frompyfunc vectorize""",
    "iterates over plain arrays; write np.broadcast_arrays(x, y), x.flat or x[index] for index in np.ndindex(x.shape)": """
        broadcast flatiter ndenumerate nditer nested_iters""",
    "asks how an array lies in memory, which a Box does not say; write np.isfortran(stop_gradient(x))": "isfortran",
    "writes a file, through which nothing can be differentiated; write stop_gradient(x) for x, or save the result": """
        save savetxt savez savez_compressed""",
    "is of the bits of integers, which have no derivative; write stop_gradient(x).astype(np.uint8) for x": """
        packbits unpackbits""",
    "of a ufunc writes into an array, which would lose the derivative; write a = fdezero.at(a)[i].add(b)": "ufunc.at",
    "is of dates, which have no derivative; keep them out of what is differentiated": """
        busday_count busday_offset datetime_as_string is_busday isnat""",
}

_SERIES_REASON = (
    "makes plain arrays of coefficients; write np.polyval, np.polymul, np.polyder and the like, whose coefficients begin "
    "with the highest power, on np.flip(c)"
)

#: Reason -> names of functions that NumPy does not let be intercepted, and that need not be: on Boxes they run as they are.
RUNS_AS_IT_IS: dict[str, str] = {
    "calls the function once, on plain indices; it may close over Boxes": "fromfunction",
    "calls np.vstack": "row_stack",
    "calls np.trapezoid": "trapz",
    "the spacing d may be a Box": "fft.fftfreq fft.rfftfreq",
    "the coefficients may be a Box, where np.polyval and the like are called on it": "poly1d",
    "of x, for coefficients that are a plain vector": " ".join(f"polynomial.{m}.{name}val" for m, name in SERIES.items()),
}

#: Names of composites whose results have no derivative.
WITHOUT_DERIVATIVE: dict[str, str] = {
    "": """
        all allclose any argmax argmin argpartition argsort around array2string array_equal array_equiv array_repr array_str
        can_cast common_type count_nonzero diag_indices_from digitize einsum_path empty_like in1d isclose
        iscomplex iscomplexobj isin isneginf isposinf isreal isrealobj lexsort linalg.matrix_rank may_share_memory
        min_scalar_type nanargmax nanargmin ndim ones_like ravel_multi_index result_type round searchsorted shape
        shares_memory size tril_indices_from triu_indices_from unravel_index zeros_like"""
}


def public(module: Any) -> list[str]:
    """The names of a module's public functions, ufuncs and classes; those of scalar types and exceptions are left out."""
    names = [name for name in module.__all__ if not name.startswith("_") and callable(getattr(module, name))]
    return sorted(name for name in names if not _is_type_of_values(getattr(module, name)))


def _is_type_of_values(x: Any) -> bool:
    return isinstance(x, type) and issubclass(x, (np.generic, Exception))


def _of_series() -> Iterator[str]:
    """The functions of series that are refused."""
    running = RUNS_AS_IT_IS["of x, for coefficients that are a plain vector"].split()
    for module in (*SERIES, "polyutils"):
        for name in public(getattr(np.polynomial, module)):
            if f"polynomial.{module}.{name}" not in running:
                yield f"polynomial.{module}.{name}"


def reasons(table: dict[str, str]) -> dict[str, str]:
    """Name -> reason, of a table."""
    return {name: reason for reason, names in table.items() for name in names.split()}


def _refused_series() -> dict[str, str]:
    return dict.fromkeys(_of_series(), _SERIES_REASON)


def refusals() -> dict[str, str]:
    """Name -> reason of everything that is refused."""
    return reasons(REFUSED) | _refused_series()


@attrs.frozen
class Refusal:
    """Answers for a function that is refused: with its reason."""

    name: str
    reason: str

    def __call__(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError(f"numpy.{self.name} {self.reason}")


def _register(refused: dict[str, str]) -> None:
    for name, reason in refused.items():
        try:
            function = attrgetter(name)(np)
        except AttributeError:  # of another version of NumPy
            continue
        intercepted = isinstance(function, np.ufunc) or hasattr(function, "_implementation")
        if intercepted and function not in implementations:
            register(function, Refusal(name, reason), any_keyword=True)


_register(reasons(REFUSED))
loaders["numpy.polynomial"] = lambda: _register(_refused_series())  # NumPy imports it when somebody asks for it
