"""Tracing a call: the function is run on `Traced` boxes, and what they note down becomes a program."""

from __future__ import annotations

import functools
import gc
import linecache
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Literal

import attrs
import numpy as np

from .. import tree
from ..core import zeros
from ..core.graph import Box, Params
from ..core.primitives import Primitive
from ..core.recording import new_level
from ..interpreters.python_numbers import OfNumbers
from ..interpreters.tracing import Traced
from .program import Apply, Guard, Instruction, Program, Type, shared_type

#: What a leaf of a result is: a value of the program, as a Python number or as NumPy's (of no axes a scalar), or an object.
NUMBER, ARRAY, OBJECT = range(3)

_NUMBERS = (bool, int, float, complex)


class Untraceable(Exception):
    """A run that no program describes, and why."""


class UsesOuterBox(Untraceable):
    """A run that uses a Box of a transform around it, which is another one at each call."""


class Recorder:
    """The program of a run, while it is made (`interpreters.tracing.Recorder`).

    With ``careful`` the alarm of every derivative is raised from the start (see `core.zeros`): the program then
    has the operations in it that keep a NaN of what counts nothing out of the result.
    """

    def __init__(self, careful: bool = False) -> None:
        self.careful = careful
        self.types: dict[int, Type] = {}
        self.constants: dict[int, Any] = {}
        self.instructions: list[Instruction] = []
        self.guards: dict[int, Guard] = {}
        self.error: Exception | None = None
        self._numbers: dict[Any, int] = {}  # the constants by what they are
        self._arrays: dict[Any, tuple[int, bytearray]] = {}  # by their memory: the number, and the entries that were used

    def new(self, value: Any) -> int:
        """The number of a new value."""
        number = len(self.types)
        self.types[number] = type_of(value)
        return number

    def constant(self, value: Any) -> int:
        """The number of a constant: a number is known by its type and bits, an array by its memory and what is in it."""
        if isinstance(value, np.ndarray):
            return self._array(value)
        key = (type(value), value if type(value) is int else np.asarray(value).tobytes())  # NumPy may have no room for an int
        if key not in self._numbers:
            self._numbers[key] = number = self.new(value)
            self.constants[number] = value
        return self._numbers[key]

    def _array(self, value: Any) -> int:
        place = (type(value), value.ctypes.data, value.shape, value.strides, value.dtype)
        number, used = self._arrays.get(place, (-1, None))
        if used is None or not _is_as_used(value, used):  # a new one, or one that the function has written to
            if used is not None:
                self.constants[number] = _frozen(value, used)
            number = self.new(value)
            self.constants[number] = value
            self._arrays[place] = number, bytearray(_entries(value))
        return number

    def keep_what_was_used(self) -> None:
        """Replace the arrays that the function has written to after it used them."""
        for number, used in self._arrays.values():
            if not _is_as_used(self.constants[number], used):
                self.constants[number] = _frozen(self.constants[number], used)

    def operand(self, x: Any) -> int:
        if isinstance(x, Traced) and x.recorder is self:
            return x.number
        if isinstance(x, (np.ndarray, np.generic, *_NUMBERS)):
            return self.constant(x)
        if isinstance(x, Box):
            raise UsesOuterBox(f"a {type(x).__name__} of a transform around the compiled function is used in it")
        raise Untraceable(f"a {type(x).__name__} is used in it")

    def call(self, primitive: Primitive, args: tuple[Any, ...], params: Params, out: Any) -> tuple[int | None, ...]:
        if self.careful:
            zeros.raise_alarm()
        operands = tuple([self.operand(a) for a in args])
        outs = out if type(out) is tuple else (out,)
        outputs = tuple([None if o is None else self.new(o) for o in outs])
        made = tuple([i for i in outputs if i is not None])
        types = _shared(*[None if i is None else self.types[i] for i in outputs])
        quiet = not isinstance(primitive, OfNumbers) and _is_quiet()  # Python raises its errors whatever NumPy is told
        self.instructions.append(Instruction(Apply(primitive, params, types), operands, made, quiet))
        return outputs

    def decided(self, number: int, value: Any) -> None:
        if number not in self.guards:
            held = value.copy() if isinstance(value, np.ndarray) else value  # the caller may write to an argument
            self.guards[number] = Guard(number, held, len(self.instructions), _users_line())

    def failed(self, error: Exception) -> None:
        self.error = error


def _entries(value: Any) -> memoryview:
    """The entries in the order of `_order`, without a copy where they are in one piece."""
    flat = np.ascontiguousarray(value.view(np.ndarray).reshape(-1, order=_order(value)))
    return flat.view(np.uint8).data


def _order(value: Any) -> Literal["C", "F"]:
    return "F" if value.flags.f_contiguous and not value.flags.c_contiguous else "C"


def _is_as_used(value: Any, used: bytearray) -> bool:
    """Whether the entries are those; a bytearray compares itself with any memory, at the speed at which it is read."""
    return used == _entries(value)


def _frozen(like: Any, used: bytearray) -> Any:
    """A read-only array of these entries."""
    return np.frombuffer(bytes(used), like.dtype).reshape(like.shape, order=_order(like))


@functools.lru_cache(maxsize=4096)
def _shared(*types: Type | None) -> tuple[Type | None, ...]:
    """The types, as one tuple for all calls whose outputs have them."""
    return types


def type_of(value: Any) -> Type:
    """The type of an array or a number.

    Raises:
        Untraceable: for anything else.
    """
    if isinstance(value, (np.ndarray, np.generic)):
        return shared_type(value.shape, value.dtype)
    if isinstance(value, _NUMBERS):
        return shared_type((), np.dtype(type(value)), type(value) is not bool)  # NumPy gives a bool a dtype that counts
    raise Untraceable(f"a {type(value).__name__} is made in it")


def _is_quiet() -> bool:
    """True where NumPy is told not to report floating-point errors, but to the alarm of a derivative."""
    modes = set(np.geterr().values())
    return modes <= {"ignore"} or (modes <= {"ignore", "call"} and isinstance(np.geterrcall(), zeros.watching))


def _users_line() -> str:
    """The line outside this package and NumPy that is being run."""
    frame: Any = sys._getframe(2)
    while frame.f_back is not None and is_of_package(frame):
        frame = frame.f_back
    file, number = frame.f_code.co_filename, frame.f_lineno
    return f"{file}:{number}: {linecache.getline(file, number).strip()}"


def is_of_package(frame: Any) -> bool:
    """True for code of this package, and of those that it calls the user's function through."""
    return frame.f_globals.get("__name__", "").partition(".")[0] in ("fdezero", "numpy", "toolz")


@attrs.frozen(eq=False)
class Trace:
    """One run: its program, the tree of the result and what each leaf is, whether a NaN came up in a derivative.

    ``kinds`` has a pair for each leaf: what it is, and the place among the program's outputs or the object.
    """

    program: Program
    structure: tree.Structure
    kinds: tuple[tuple[int, Any], ...]
    result: Any
    alarmed: bool
    is_careful: bool

    @property
    def numbers(self) -> frozenset[int]:
        """The places of the outputs that are Python's numbers."""
        return frozenset([place for kind, place in self.kinds if kind == NUMBER])


def trace(f: Callable[..., Any], leaves: Sequence[Any], arguments: Callable[[list[Any]], Any], careful: bool = False) -> Trace:
    """Run ``f`` on arguments that ``arguments(leaves)`` makes: ``(args, kwargs)``.

    Raises:
        Untraceable: when no program describes the run.
    """
    recorder, level = Recorder(careful), new_level()
    boxes = [Traced(x, level, recorder.new(x), recorder) for x in leaves]
    args, kwargs = arguments(list(boxes))
    try:
        with _listening() as alarm:
            result = f(*args, **kwargs)
    finally:
        level.over = True
    if recorder.error is not None:
        raise Untraceable(f"it went on after an error: {recorder.error!r}")
    outs, structure = tree.flatten(result)
    numbers: list[int] = []
    kinds = tuple([_kind(out, recorder, numbers) for out in outs])
    values = [out._value if isinstance(out, Traced) else out for out in outs]
    inputs = tuple([box.number for box in boxes])
    del result, outs, args, kwargs, boxes
    _refuse_hidden_boxes(kinds, recorder)
    recorder.keep_what_was_used()
    constants = _with_own_ones_read_only(recorder.constants)
    program = Program(
        recorder.types,
        inputs,
        constants,
        tuple(recorder.instructions),
        tuple(numbers),
        tuple([guard for guard in recorder.guards.values() if not _is_fixed(constants.get(guard.value))]),
    )
    finished = [value.copy()[()] if isinstance(value, np.ndarray) else value for value in values]
    return Trace(program, structure, kinds, structure.unflatten(finished), alarm.raised, careful)


def _kind(out: Any, recorder: Recorder, numbers: list[int]) -> tuple[int, Any]:
    value = out._value if isinstance(out, Traced) else out
    if isinstance(out, Box) and not (isinstance(out, Traced) and out.recorder is recorder):
        raise UsesOuterBox(f"a {type(out).__name__} of a transform around the compiled function is returned from it")
    if not isinstance(value, (np.ndarray, np.generic)) and not isinstance(out, Traced):
        return OBJECT, out
    numbers.append(recorder.operand(out))
    return (ARRAY if isinstance(value, (np.ndarray, np.generic)) else NUMBER), len(numbers) - 1


#: Objects that hold no boxes.
_PLAIN = (str, bytes, type, np.dtype, slice, range, *_NUMBERS)


def _refuse_hidden_boxes(kinds: Sequence[tuple[int, Any]], recorder: Recorder) -> None:
    """Notice a result that is no tree and has boxes in it: each refers to the recorder, which the caller alone should.

    Raises:
        Untraceable: where there is one.
    """
    objects = [value for kind, value in kinds if kind == OBJECT and not isinstance(value, _PLAIN)]
    if objects and sys.getrefcount(recorder) > _REFERENCES:
        gc.collect()  # of cycles that the function made
        if sys.getrefcount(recorder) > _REFERENCES:
            raise Untraceable(f"it returned a {type(objects[0]).__name__}, which is no tree and keeps arrays of the trace")


#: Those of `trace`, of the argument of `_refuse_hidden_boxes`, and of the one that counts them.
_REFERENCES = 3


@contextmanager
def _listening() -> Iterator[zeros.watching]:
    """An alarm for what the derivatives of a run raise theirs for; NumPy's error state stays as it is."""
    alarm = zeros.watching()
    token = zeros._alarm.set(alarm)
    try:
        yield alarm
    finally:
        zeros._alarm.reset(token)
        if alarm.raised:
            zeros.raise_alarm()


def _with_own_ones_read_only(constants: dict[int, Any]) -> dict[int, Any]:
    """The constants; an array that nobody else holds can no longer change, and is marked so: as read-only.

    Passes may look at the entries of such an array; others are read at each call, as the function would.
    """
    probe = {0: np.empty(1), 1: np.empty(1)[:0]}
    alone, base_alone = _holders(probe, 0), _holders_of_base(probe, 1)
    for number in [n for n in constants if type(constants[n]) is np.ndarray]:
        base = type(constants[number].base)  # no variable holds the array while its holders are counted
        owns = base is type(None) or (base is np.ndarray and _holders_of_base(constants, number) == base_alone)
        owns = owns and _holders(constants, number) == alone
        value = constants[number]
        if owns:
            value.flags.writeable = False
        elif not value.flags.writeable and base is np.ndarray and value.base.flags.writeable:
            constants[number] = value = value.view()  # read-only to the function, but the caller's
            value.flags.writeable = True
        del value
    return constants


def _is_fixed(constant: Any) -> bool:
    """True for a constant that nobody can change, on which a decision is always the same."""
    return constant is not None and not (isinstance(constant, np.ndarray) and constant.flags.writeable)


def _holders(constants: Mapping[int, Any], number: int) -> int:
    return sys.getrefcount(constants[number])


def _holders_of_base(constants: Mapping[int, Any], number: int) -> int:
    return sys.getrefcount(constants[number].base)
