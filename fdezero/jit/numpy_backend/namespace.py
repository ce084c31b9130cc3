"""The names that a source uses for things that are made before it runs."""

from __future__ import annotations

import re
from typing import Any

import attrs


@attrs.define(eq=False)
class Namespace:
    """What the globals of the generated function will be: each thing has one name."""

    values: dict[str, Any] = attrs.field(factory=dict)
    _known: dict[Any, str] = attrs.field(factory=dict)

    def name(self, thing: Any, wanted: str, key: Any = None) -> str:
        """The name of a thing: ``wanted``, or if that is another's, with a number appended.

        A thing is known again by its ``key``, by default its identity.
        """
        key = id(thing) if key is None else key
        if key not in self._known:
            wanted = re.sub(r"\W", "_", wanted)
            name, number = wanted, 1
            while name in self.values:
                number += 1
                name = f"{wanted}_{number}"
            self.values[name] = thing
            self._known[key] = name
        return self._known[key]

    def ufunc(self, function: Any, method: str = "") -> str:
        """The name of a ufunc, or of its method."""
        name = f"np_{function.__name__}"
        if not method:
            return self.name(function, name)
        return self.name(getattr(function, method), f"{name}_{method}", (id(function), method))

    def dtype(self, dtype: Any) -> str:
        """The name of a dtype."""
        return self.name(dtype, f"dtype_{dtype}", ("dtype", dtype))

    def type(self, type_: Any) -> str:
        """The name of the type of a NumPy scalar."""
        return self.name(type_, f"np_{type_.__name__}")
