"""A jitted function inside another transform: its derivatives and its batched form are jitted functions too.

- In forward mode the function's Jacobian-vector product is compiled.
- In reverse mode it is cut in two.  The function and its pullback are traced together, as one program whose
  inputs are the arguments and the cotangents.  What does not depend on a cotangent is the forward half, which
  also returns what the backward half needs of it (`split`).
- In a batch, ``vmap(f)`` is compiled.

Each of these is a `Jitted` function again, so higher derivatives need nothing more.  Where another jitted
function is being traced, the call is part of that trace.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import attrs
import numpy as np

from .. import tree
from ..core.boxes import lifted, raw
from ..core.graph import Array, Box, Params
from ..interpreters.batching import Batch
from ..interpreters.forward import Dual, push
from ..interpreters.python_numbers import is_number
from ..interpreters.reverse import Variable
from ..transforms.calls import WithVjp
from ..transforms.grad import vjp
from ..transforms.jvp import jvp
from ..transforms.vmap import vmap
from .program import Guard, Instruction, Program
from .purity import ImpureFunction
from .signature import Signature, arguments_of
from .trace import trace

Jit = Callable[[Callable[..., Any]], Callable[..., Any]]


@attrs.frozen
class Layout:
    """How the arrays of a result make up the result: its tree, and for each leaf None or the object that it is.

    ``are_numbers`` tells which arrays are Python numbers, which are made of Python numbers alone.
    """

    structure: tree.Structure
    leaves: tuple[Any, ...]
    are_numbers: tuple[bool, ...]
    _fdezero_leaf = True

    def filled(self, arrays: Sequence[Array]) -> Any:
        remaining = map(given_back, arrays, self.are_numbers)
        return self.structure.unflatten([next(remaining) if leaf is None else leaf[0] for leaf in self.leaves])


def given_back(x: Any, is_number: bool) -> Any:
    """A Python number as one: to cross a primitive it was NumPy's, and was boxed; in a batch it is the same for all."""
    return np.ravel(raw(x))[0].item() if is_number and np.size(raw(x)) else x


def flattened(f: Callable[..., Any], signature: Signature) -> Callable[..., Any]:
    """``f`` as a function of its leaves, which returns a tuple: the arrays of the result, and a `Layout`."""

    def flat(*leaves: Array) -> tuple[Any, ...]:
        args, kwargs = arguments_of(signature, leaves)
        outs, structure = tree.flatten(f(*args, **kwargs))
        is_array = [isinstance(out, (Box, np.ndarray, np.generic)) for out in outs]
        arrays = [out for out, a in zip(outs, is_array, strict=True) if a]
        objects = tuple([None if a else (out,) for out, a in zip(outs, is_array, strict=True)])
        return *arrays, Layout(structure, objects, tuple(map(is_number, arrays)))

    flat.__name__ = getattr(f, "__name__", "the function")
    return flat


@attrs.frozen(eq=False)
class Result:
    """What a call returned, which may be None."""

    value: Any


class OtherPath(Exception):
    """A recorded program that does not hold for the values it is run on."""


@attrs.frozen(eq=False, repr=False)
class JittedCall(WithVjp):
    """One call of a jitted function on boxes; ``along`` is its Jacobian-vector product, which takes arguments and tangents."""

    along: Callable[[Sequence[Array], Sequence[Array]], tuple[Array, ...]] = attrs.field(kw_only=True)

    def residuals(self, values: Sequence[Any], out: Any, active: Sequence[bool]) -> tuple[Any, ...]:
        return (*values, out)


@push.register
def _(primitive: JittedCall, tangents: Sequence[Any], residuals: Sequence[Any], likes: Sequence[Any], params: Params) -> Any:
    return None if all(t is None for t in tangents) else primitive.along(residuals[:-1], tangents)


class Inside:
    """The forms of one jitted function, for one signature, that transforms around it use."""

    def __init__(self, f: Callable[..., Any], signature: Signature, jit: Jit) -> None:
        self.name = getattr(f, "__name__", "the function")
        self.flat = flattened(f, signature)
        self.jit = jit
        self.plain = jit(self.flat)
        self.splits: dict[tuple[bool, ...], list[Split]] = {}
        self.others: dict[Any, Callable[..., Any]] = {}

    def call(self, leaves: Sequence[Any]) -> Any:
        """The result for leaves of which some are boxes; None where the function itself is to be run on them."""
        layers = [layer for leaf in leaves for layer in layers_of(leaf)]
        top = max(layers, key=lambda box: box.level)
        if any(not box.is_open for box in layers):
            return None
        if type(top) is Variable:
            return self.reverse(top, leaves)
        if type(top) is Dual or type(top) is Batch:
            return self.through(top, leaves, self.plain, 0)
        return None

    def through(self, top: Box, leaves: Sequence[Any], function: Callable[..., Any], extra: int, back: Any = None) -> Any:
        """The result of ``function`` as a primitive on the boxes; the last ``extra`` of its outputs are for ``back``."""
        found: list[Layout] = []

        def run(*values: Array) -> tuple[Array, ...]:
            *outs, layout = function(*values)
            found.append(layout)
            return tuple([out if hasattr(out, "dtype") else np.asarray(out)[()] for out in outs])

        primitive = JittedCall(self.name, run, plain=run, back=back, along=self.along, batch=self.batch(function, found))
        outs = top.apply(primitive, tuple(leaves), {})
        return Result(found[0].filled(outs[: len(outs) - extra]))

    def kept(self, key: Any, make: Callable[[], Callable[..., Any]]) -> Callable[..., Any]:
        """The jitted form of this key, made once."""
        if key not in self.others:
            self.others[key] = self.jit(make())
        return self.others[key]

    # -- forward mode and batches ----------------------------------------------------------------------
    def along(self, primals: Sequence[Array], tangents: Sequence[Array]) -> tuple[Array, ...]:
        active = tuple(t is not None for t in tangents)

        def make() -> Callable[..., Any]:
            def tangent(primals: tuple[Array, ...], moving: tuple[Array, ...]) -> Any:
                smooth: list[bool] = []

                def outputs(*xs: Array) -> Any:
                    given = iter(xs)
                    outs = self.flat(*[next(given) if on else x for x, on in zip(primals, active, strict=True)])[:-1]
                    smooth[:] = map(is_smooth, outs)
                    return *[out for out in outs if is_smooth(out)], xs[0]  # one result at least, whose tangent is not used

                found = iter(jvp(outputs, tuple(x for x, on in zip(primals, active, strict=True) if on), moving)[1])
                return tuple(next(found) if each else 0.0 for each in smooth)

            tangent.__name__ = self.name
            return tangent

        moving = tuple(t for t in tangents if t is not None)
        return tuple(self.kept(("along", active), make)(tuple(primals), moving))

    def batch(self, function: Callable[..., Any], found: list[Layout]) -> Callable[..., Any]:
        """How ``function`` is called on a batch; a half of a pullback is jitted and knows how to."""

        def batched(primitive: Any, values: Any, flags: Sequence[bool], size: int, params: Params) -> Any:
            axes = tuple(0 if flag else None for flag in flags)
            if function is self.plain:
                many = self.kept(("batch", axes, size), lambda: self.many(self.flat, axes, size))
            else:
                many = self.many(function, axes, size)
            *outs, layout = many(*values)
            found.append(layout)
            return tuple(outs)

        return batched

    def many(self, function: Callable[..., Any], axes: tuple[int | None, ...], size: int) -> Callable[..., Any]:
        """``vmap(function)``, which returns the `Layout` of one result beside the arrays."""

        def many(*leaves: Array) -> tuple[Any, ...]:
            layouts: list[Layout] = []

            def arrays(*leaves: Array) -> tuple[Array, ...]:
                *outs, layout = function(*leaves)
                layouts.append(layout)
                return tuple(outs)

            outs = vmap(arrays, in_axes=axes, axis_size=size)(*leaves)
            return *outs, layouts[-1]

        many.__name__ = self.name
        return many

    # -- reverse mode ------------------------------------------------------------------------------------
    def reverse(self, top: Variable, leaves: Sequence[Any]) -> Any:
        active = tuple(isinstance(x, Variable) and x.level == top.level for x in leaves)
        splits = self.splits.setdefault(active, [])
        for split in splits:
            try:
                return self.through(top, leaves, split.forward, split.extra, split.back)
            except OtherPath:
                continue
        if len(splits) >= _MOST_SPLITS:
            return None
        try:
            split = made(self, active, leaves)
            result = self.through(top, leaves, split.forward, split.extra, split.back)
        except ImpureFunction:
            raise
        except Exception:  # no program describes it, or the examples of a batch decide otherwise, or the function is to say
            return None
        splits.insert(0, split)
        return result


_MOST_SPLITS = 16


def is_smooth(x: Any) -> bool:
    """True for floating-point numbers, which have derivatives."""
    return getattr(x, "dtype", np.dtype(type(x))).kind in "fc"


def layers_of(x: Any) -> list[Box]:
    """The boxes around an array, the outermost first."""
    layers = []
    while isinstance(x, Box):
        layers.append(x)
        x = x._value if x.is_open else None
    return layers


def example_of(x: Any) -> Any:
    """The plain array in a Box; of a batch, its first example."""
    batches = sum([isinstance(box, Batch) for box in layers_of(x)])
    return raw(x)[(0,) * batches] if batches else raw(x)


# -- the two halves of a pullback ------------------------------------------------------------------------


@attrs.frozen(eq=False)
class Split:
    """The jitted halves: ``forward(*leaves)`` returns the outputs, ``extra`` values and a `Layout`."""

    forward: Callable[..., Any]
    extra: int
    backward: Callable[..., Any]
    active: tuple[bool, ...]
    smooth: tuple[int, ...]
    are_numbers: tuple[bool, ...]  # which of the extra values

    def back(self, outputs: Sequence[Array], cotangents: Sequence[Array]) -> list[Any]:
        """The cotangent of each leaf, None where it is not active."""
        kept = map(given_back, outputs[len(outputs) - self.extra :], self.are_numbers)
        found = iter(self.backward(*kept, *[cotangents[i] for i in self.smooth]))
        return [next(found) if on else None for on in self.active]


def made(inside: Inside, active: tuple[bool, ...], leaves: Sequence[Any]) -> Split:
    """Trace the function and its pullback at these leaves, and cut the program.

    Every alarm is raised: a program that is run inside another cannot be traced again with more care.
    """
    values = [example_of(leaf) for leaf in leaves]
    *outs, layout = inside.flat(*values)
    smooth = tuple(i for i, out in enumerate(outs) if is_smooth(out))
    seeds = [np.ones_like(outs[i]) for i in smooth]

    def both(*given: Array) -> Any:
        primals, cotangents = given[: len(values)], given[len(values) :]

        def outputs(*xs: Array) -> Any:
            moving = iter(xs)
            outs = inside.flat(*[next(moving) if on else x for x, on in zip(primals, active, strict=True)])[:-1]
            return tuple(outs[i] for i in smooth), [out for i, out in enumerate(outs) if i not in smooth]

        moved = [x for x, on in zip(primals, active, strict=True) if on]
        found, pull, rest = vjp(outputs, *moved, has_aux=True)
        return found, rest, pull(tuple(cotangents))

    program = trace(both, [*values, *seeds], lambda boxes: (boxes, {}), careful=True).program
    first, second, extra = split(program, len(values), len(outs))
    are_numbers = tuple([program.types[i].number for i in second.inputs[:extra]])
    order = [*smooth, *(i for i in range(len(outs)) if i not in smooth)]

    def forward(*leaves: Array) -> tuple[Any, ...]:
        results = replay(first, leaves)
        in_order = [results[order.index(i)] for i in range(len(outs))]
        return *in_order, *results[len(outs) :], layout

    def backward(*given: Array) -> tuple[Any, ...]:
        return tuple(replay(second, given))

    forward.__name__ = backward.__name__ = inside.name
    return Split(inside.jit(forward), extra, inside.jit(backward), active, smooth, are_numbers)


def split(program: Program, count: int, outputs: int) -> tuple[Program, Program, int]:
    """Cut a program in what its first ``count`` inputs and ``outputs`` outputs need, and the rest.

    Returns:
        the first program, with the values that the second needs as further outputs; the second, whose inputs
        are these and the program's other inputs; the number of these values.
    """
    late = set(program.inputs[count:])
    firsts: list[Instruction] = []
    seconds: list[Instruction] = []
    for each in program.instructions:
        if late.isdisjoint(each.operands):
            firsts.append(each)
        else:
            seconds.append(each)
            late.update(each.outputs)
    needed = [i for each in seconds for i in each.operands] + [*program.outputs[outputs:]]
    crossing = tuple(dict.fromkeys(i for i in needed if i not in late and i not in program.constants))
    guards: tuple[list[Guard], list[Guard]] = ([], [])
    for guard in program.guards:
        guards[guard.value in late].append(attrs.evolve(guard, position=0))
    first = attrs.evolve(
        program, inputs=program.inputs[:count], instructions=tuple(firsts), outputs=(*program.outputs[:outputs], *crossing),
        guards=tuple(guards[0]),
    )  # fmt: skip
    second = attrs.evolve(
        program, inputs=(*crossing, *program.inputs[count:]), instructions=tuple(seconds), outputs=program.outputs[outputs:],
        guards=tuple(guards[1]),
    )  # fmt: skip
    return first, second, len(crossing)


def replay(program: Program, arguments: Sequence[Any]) -> list[Any]:
    """Call the primitives of a recorded program on other arguments, which may be boxes.

    Raises:
        OtherPath: when a decision goes another way.
    """
    values: dict[int, Any] = dict(zip(program.inputs, arguments, strict=True)) | dict(program.constants)
    guarded = {guard.value: guard for guard in program.guards}
    for number in program.inputs:
        _hold(guarded, number, values)
    for number in guarded.keys() & program.constants.keys():  # arrays from outside, which index what is inside
        _hold(guarded, number, {number: lifted(values[number], arguments[0])})
    for each in program.instructions:
        out = each.operation.primitive(*[values[i] for i in each.operands], **each.operation.params)
        outs = [o for o in (out if type(out) is tuple else (out,)) if o is not None]
        for number, o in zip(each.outputs, outs, strict=True):
            values[number] = o
            _hold(guarded, number, values)
    return [values[i] for i in program.outputs]


def _hold(guarded: dict[int, Guard], number: int, values: dict[int, Any]) -> None:
    if number in guarded and not np.all(np.equal(raw(values[number]), guarded[number].expected)):
        raise OtherPath(guarded[number].line)
