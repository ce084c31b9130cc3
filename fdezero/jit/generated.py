"""Functions of generated source, whose lines a traceback and a debugger show."""

from __future__ import annotations

import itertools
import linecache
import weakref
from collections.abc import Callable
from typing import Any

_counter = itertools.count()  # each source needs a file name of its own


def define(name: str, source: str, names: dict[str, Any], what: str) -> Callable[..., Any]:
    """The function ``name`` that ``source`` defines; its lines are kept as long as it is.

    Args:
        names: the function's globals, to which it is added.
        what: what a traceback calls the source.

    Example:
        >>> define("twice", "def twice(x):\\n    return 2 * x\\n", {}, "example")(3)
        6
    """
    filename = f"<fdezero jit: {what} {next(_counter)}>"
    exec(compile(source, filename, "exec"), names)
    function: Callable[..., Any] = names[name]
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    weakref.finalize(function, linecache.cache.pop, filename, None).atexit = False
    return function
