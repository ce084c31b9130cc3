"""The elementary functions as LLVM IR: vector functions of any width, written as text.

`module_source` gives the definitions of the functions that a module calls, each of them once, with the parts
that they share and the intrinsics that they use.  Nothing of it is specific to a processor.

Errors are below 2.5 units of the last place; only where logaddexp and logaddexp2 cancel are they so large relative to
the larger argument, as NumPy's are.  Special values are those of C99, annex F, and of SciPy.

The flags of the processor for invalid operations, division by zero and overflow are raised where the ufunc would
warn, and a quiet NaN raises none.  The exceptions: NumPy's logaddexp and logaddexp2 warn at NaN; SciPy's functions
never warn, while the products of xlogy, xlog1py and entr, and erfcx and log_ndtr of a large negative number, raise the
flag of an overflow that occurs.

Each function has a path for ordinary arguments, which is inlined; where a lane holds another, it calls one that is
not inlined ("exp.rare") for all lanes, and selects.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from types import MappingProxyType

from . import (
    composite,
    error_function,
    exponential,
    inverse_hyperbolic,
    inverse_trigonometric,
    large_angle,
    logarithm,
    power,
    roots,
    trigonometric,
)
from .builder import Builder, Value, symbol
from .definition import Definition

__all__ = ["FUNCTIONS", "Builder", "Value", "module_source", "source", "symbol"]

_DEFINITIONS: Mapping[str, Definition] = MappingProxyType(
    {
        **composite.DEFINITIONS,
        **error_function.DEFINITIONS,
        **exponential.DEFINITIONS,
        **inverse_hyperbolic.DEFINITIONS,
        **inverse_trigonometric.DEFINITIONS,
        **large_angle.DEFINITIONS,
        **logarithm.DEFINITIONS,
        **power.DEFINITIONS,
        **roots.DEFINITIONS,
        **trigonometric.DEFINITIONS,
    }
)

#: The number of arguments of each function, by the ``__name__`` of the ufunc of NumPy or scipy.special.
FUNCTIONS: Mapping[str, int] = MappingProxyType({n: d.arguments for n, d in _DEFINITIONS.items() if "." not in n})


@cache
def _written(name: str, dtype: str, width: int) -> tuple[str, frozenset[str], tuple[tuple[str, str, int], ...]]:
    """The text of one function, the declarations that it needs, and the functions that it calls."""
    if name not in _DEFINITIONS:
        raise KeyError(f"there is no function {name!r}; FUNCTIONS holds the names of those that there are")
    definition = _DEFINITIONS[name]
    b = Builder(dtype, width)
    arguments = b.parameters(definition.arguments)
    if dtype == "float32" and not definition.single:
        wide = b.call(name, *(x.converted("fpext", "f64") for x in arguments), dtype="float64")
        result = wide.converted("fptrunc", "f32")
    else:
        result = definition.body(b, *arguments)
    how = "noinline cold nounwind" if "." in name else "alwaysinline nounwind"
    head = ", ".join(f"{x.type} {x.text}" for x in arguments)
    lines = [
        f"define internal {result.type} @{symbol(name, dtype, width)}({head}) {how} {{",
        "entry:",
        *b.lines,
        f"  ret {result.type} {result.text}",
        "}",
    ]
    return "\n".join(lines), frozenset(b.declarations), tuple(sorted(b.uses))


def source(name: str, dtype: str, width: int) -> str:
    """The definition of one function, without those that it calls.

    Parameters
    ----------
    name
        One of `FUNCTIONS`.
    dtype
        "float64" or "float32".
    width
        The number of lanes; the function takes and returns plain numbers where it is 1.
    """
    return _written(name, dtype, width)[0]


def module_source(wanted: Iterable[tuple[str, str, int]], declared: Iterable[str] = ()) -> str:
    """The definitions of functions, given as (name, dtype, width), and of all that they call.

    Intrinsics are declared as far as their lines are not among `declared`: a module may declare one only once.

    Examples
    --------
    >>> text = module_source([("exp", "float64", 8)])
    >>> "define internal <8 x double> @fdezero.exp.f64x8(<8 x double> %x0) alwaysinline nounwind {" in text
    True
    """
    waiting, texts, declarations = list(wanted), dict[tuple[str, str, int], str](), set[str]()
    while waiting:
        key = waiting.pop()
        if key not in texts:
            texts[key], needs, uses = _written(*key)
            declarations |= needs
            waiting += uses
    return "\n".join([*sorted(declarations - set(declared)), *(texts[key] for key in sorted(texts))]) + "\n"
