"""The graph: boxes, nodes and the tape; generations and the topological sort.

`Box` is step 1 of the book, a value in a box.  Each application of a primitive that is recorded makes
one `Node`.  Both are frozen attrs classes: a node points to its parents and nothing can be assigned
later, so no cycle can be built, and when the last reference to a graph goes, reference counting frees
all of it.

A Node knows which primitive made it; what its derivative is, the primitive's rules say (`primitives`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from operator import attrgetter
from typing import Any, NoReturn

import attrs
import numpy as np

from .. import show
from .boxes import ArrayLike
from .operands import read_only
from .recording import Level

#: An ndarray, a NumPy scalar, or a Box of some transform around this one.
Array = Any

#: The static parameters of a primitive call: ``axis``, ``index`` and the like.
Params = Mapping[str, Any]


@attrs.frozen(eq=False, repr=False)
class Box(ArrayLike):
    """A value in a box: what a transform passes into the user's function instead of an array.

    An interpreter (reverse mode, forward mode, batching, a counter of operations ...) is a subclass
    with one method, `apply`, which says what a primitive called on its boxes returns.
    """

    _value: Array
    level: Level

    @property
    def value(self) -> Array:
        """What is inside, read-only: an ndarray, a NumPy scalar, or a Box of an outer transform."""
        return read_only(self._value)

    @property
    def shape(self) -> tuple[int, ...]:
        return self._value.shape  # type: ignore[no-any-return]  # to mypy an Array is anything

    @property
    def dtype(self) -> np.dtype[Any]:
        return self._value.dtype  # type: ignore[no-any-return]  # likewise

    @property
    def parts(self) -> tuple[Any, ...]:
        """The arrays inside: the value, and what an interpreter carries along with it."""
        return (self._value,)

    def apply(self, primitive: Any, args: tuple[Any, ...], params: Params) -> Any:
        """The result of ``primitive(*args, **params)`` when this Box has the highest level.

        ``args`` may hold arrays, boxes of this level and boxes of lower ones.  An implementation
        unwraps its own, calls the primitive on what was inside, and wraps the result.
        """
        raise NotImplementedError(f"{type(self).__name__} does not define apply()")

    def unwrap(self, arg: Any) -> Any:
        """What is inside ``arg`` if it is a box of this level; ``arg`` itself otherwise."""
        return arg._value if isinstance(arg, Box) and arg.level == self.level else arg

    def escaped(self) -> RuntimeError:
        """The error for a Box that is used after its transform's run is over."""
        return RuntimeError(
            f"this {type(self).__name__} has escaped: the transform that made it has returned, and its derivative is lost. "
            "Return it from the function instead of storing it (has_aux=True passes it through), or store "
            "stop_gradient(x)"
        )

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            f"a {type(self).__name__} cannot be pickled, for its graph would have to go with it; pickle x.value, or return "
            "it from the function"
        )

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.value!r}, shape={self.shape})"


def unrecorded(out: Any, values: Sequence[Any]) -> Any:
    """The result of a call on ``values`` that is not recorded, as the user's function may have it.

    It is read-only where it shares memory with one of the values, which the graph or the caller owns.
    """
    if type(out) is tuple:
        return tuple([unrecorded(each, values) for each in out])
    if type(out) is np.ndarray and any(type(v) is np.ndarray and np.may_share_memory(out, v) for v in values):
        return read_only(out)
    return out


class Referable:
    """Allows weak references; a class of its own, so that `fast` can give another class a Node's memory layout."""

    __slots__ = ("__weakref__",)


@attrs.frozen(eq=False, repr=False)
class Node(Referable):
    """One application of a primitive, recorded.

    ``parents`` has an entry for each array argument: the Node that made it, or None where the
    argument was a constant.  ``residuals`` are the arrays that the pullback needs: an entry for each
    argument and one for the output, None where it is not needed.  ``generation`` is 0 for an input and
    1 + the largest generation among the parents otherwise.  ``shape`` and ``dtype`` are the output's
    (for a primitive with several outputs, a tuple of each).
    """

    primitive: Any
    parents: tuple[Node | None, ...]
    params: Params
    residuals: tuple[Any, ...]
    generation: int
    shape: tuple[Any, ...]
    dtype: Any

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            "a recorded graph (the result of record, vjp or linearize) cannot be pickled; pickle the function and its "
            "arguments, and call the transform again"
        )

    def __copy__(self) -> Node:
        return self  # nothing writes to it

    def __deepcopy__(self, memo: Any) -> Node:
        return self

    def __repr__(self) -> str:
        return f"Node({self.primitive.name}, shape={self.shape}, generation={self.generation})"


def topological_sort(outputs: Iterable[Node]) -> list[Node]:
    """Every node that the outputs reach, parents before children (the book's steps 15 and 16).

    A node's generation is larger than its parents', so sorting by generation is a topological sort.
    A loop and not a recursion: a graph may be a million nodes deep.
    """
    found = list(dict.fromkeys(outputs))
    seen: set[Node | None] = {None, *found}
    for node in found:  # which grows on the way
        for parent in node.parents:
            if parent not in seen:
                seen.add(parent)
                found.append(parent)  # type: ignore[arg-type]  # None has been seen
    found.sort(key=attrgetter("generation"))
    return found


@attrs.frozen(eq=False, repr=False)
class Tape:
    """What one pure forward pass recorded: the input nodes, the output nodes, and so the graph.

    ``inputs`` and ``outputs`` have an entry for each leaf of the arguments and of the result; an
    output that does not depend on any input has None.  ``value`` is what the function returned, and
    the structures say how the leaves make up the arguments and the result.
    """

    inputs: tuple[Node, ...]
    outputs: tuple[Node | None, ...]
    value: Any
    in_structure: Any
    out_structure: Any

    @property
    def nodes(self) -> list[Node]:
        """The inputs and the nodes that the outputs reach, sorted by generation."""
        return topological_sort([*self.inputs, *(node for node in self.outputs if node is not None)])

    def __str__(self) -> str:
        return show.text(self)

    def __repr__(self) -> str:
        return f"Tape({len(self.nodes)} nodes, {len(self.inputs)} inputs, {len(self.outputs)} outputs)"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        """How Jupyter shows a tape: as a Mermaid diagram, or as text where there are none."""
        return {"text/markdown": f"```mermaid\n{show.mermaid(self)}\n```", "text/plain": str(self)}
