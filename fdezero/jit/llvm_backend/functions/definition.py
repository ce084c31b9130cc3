"""How a function is declared to this package."""

from __future__ import annotations

from collections.abc import Callable

import attrs

from .builder import Value

#: Writes the lines of a function to a builder: body(builder, *arguments) is the result.
Body = Callable[..., Value]


@attrs.frozen
class Definition:
    """A function: what writes its body, how many arguments it has, and whether it computes in float32.

    Where it does not, its float32 version converts to float64 and back.  A function whose name has a dot, as
    "exp.rare", is a part of others: they call it for a few arguments, and it is never inlined.
    """

    body: Body
    arguments: int = 1
    single: bool = False
