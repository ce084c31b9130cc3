"""What makes a Box feel like an ndarray: operators, methods, and NumPy's two protocols.

Everything here ends in one table, `implementations`: which function to call when a NumPy function
meets a Box.  The rules (`fdezero/rules/`) fill it when they are declared; nothing in this file knows
what a derivative is, or which transform a Box belongs to.

The second half of the file is the other side of the promise: what *cannot* be differentiated through
(``math.sin(x)``, ``a[0] = x``, ``np.asarray(x)`` ...) is refused with the line to write instead, and
never becomes a silent constant.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NoReturn

import attrs
import numpy as np


@attrs.frozen(eq=False)
class Implementation:
    """What a NumPy function does on Boxes, and the keyword arguments it takes there.

    ``unary`` and ``binary`` are the same function for one and for two arguments and no others: the
    doors of the hot path, where packing ``*args`` and ``**kwargs`` would cost 150 ns.  ``primitive``
    is the function if it is a primitive, and None if it is made of others.
    """

    function: Callable[..., Any]
    accepts: frozenset[str]
    unary: Callable[[Any], Any]
    binary: Callable[[Any, Any], Any]
    primitive: Any = None


NO_PARAMS: Mapping[str, Any] = {}

#: What to write for ``x[index] = v``.
_ASSIGNMENT = "x = fdezero.at(x)[index].set(v) (for short, and where x is never a plain array, x.at[index].set(v))"

#: NumPy function -> its implementation on Boxes; filled as the rules are declared.
implementations: dict[Any, Implementation] = {}


def numpy_name(function: Any) -> str:
    """The name a user would write: ``numpy.linalg.solve``."""
    name = getattr(function, "__name__", str(function))
    # A ufunc does not know its module: SciPy's are found to be none of NumPy's.
    module = getattr(function, "__module__", None) or ("numpy" if getattr(np, name, None) is function else None)
    return f"{module}.{name}" if module else name


def call(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Call NumPy's ``function`` on arguments of which some are Boxes."""
    implementation = implementations.get(function)
    if implementation is None:
        raise TypeError(
            f"{numpy_name(function)} has no derivative rule; see fdezero.custom_vjp or fdezero.stop_gradient"
        )
    if kwargs and not implementation.accepts.issuperset(kwargs):
        kwargs = _without_empty(function, kwargs, implementation.accepts)
    return implementation.function(*args, **kwargs)


def _without_empty(function: Any, kwargs: dict[str, Any], accepts: frozenset[str]) -> dict[str, Any]:
    """Leave out ``out=None`` and its like; refuse every other argument that has no rule."""
    kwargs = {k: v for k, v in kwargs.items() if k in accepts or not (v is None or v is np._NoValue)}
    for name in kwargs:
        if name == "out":
            raise TypeError(
                f"{numpy_name(function)}: out= writes into an array, which cannot be differentiated; "
                f"use the result instead: y = f(x), or {_ASSIGNMENT}"
            )
        if name not in accepts:
            raise TypeError(
                f"{numpy_name(function)} has no derivative rule for the argument {name}=; "
                "see fdezero.custom_vjp or fdezero.stop_gradient"
            )
    return kwargs


def _refuse(use: str, instead: str) -> Callable[..., NoReturn]:
    def refuse(self: Any, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError(f"{use} of a {type(self).__name__} would lose its derivative; {instead}")

    return refuse


def _binary(ufunc: np.ufunc) -> Callable[[Any, Any], Any]:
    def operator(self: Any, other: Any) -> Any:
        kind = other.__class__
        if kind in _PLAIN or (kind is self.__class__ and other.level == self.level):
            primitive = implementations[ufunc].primitive
            if primitive is not None:  # 100 ns saved: there is no doubt whose call it is
                return self.apply_binary(primitive, self, other, NO_PARAMS)
        elif kind in _NOT_ARRAYS:
            other = _operand(other, self)
            if other is NotImplemented:
                return other
        return implementations[ufunc].binary(self, other)

    return operator


def _reflected(ufunc: np.ufunc) -> Callable[[Any, Any], Any]:
    def operator(self: Any, other: Any) -> Any:
        kind = other.__class__
        if kind in _PLAIN:
            primitive = implementations[ufunc].primitive
            if primitive is not None:
                return self.apply_binary(primitive, other, self, NO_PARAMS)
        elif kind in _NOT_ARRAYS:
            other = _operand(other, self)
            if other is NotImplemented:
                return other
        return implementations[ufunc].binary(other, self)

    return operator


def _unary(function: Any) -> Callable[[Any], Any]:
    def operator(self: Any) -> Any:
        return implementations[function].unary(self)

    return operator


def _method(function: Any) -> Callable[..., Any]:
    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        if not args and not kwargs and function in implementations:
            return implementations[function].unary(self)
        return call(function, (self, *args), kwargs)

    return method


#: The usual constants.
_PLAIN = frozenset({float, int, np.ndarray, np.float64, np.float32})

_SEQUENCES = frozenset({list, tuple})

#: What an operator does not pass on as it is: a sequence becomes an array; the rest is left to
#: Python, so that ``x + None`` says what ``1.0 + None`` says.
_NOT_ARRAYS = _SEQUENCES | {complex, type(None), str, bytes, dict, set}


def _operand(other: Any, box: Any) -> Any:
    """The other operand as NumPy takes it, or NotImplemented."""
    kind = other.__class__
    if kind is complex:
        # Python's 1j * np.float64(2.0) is a Python complex, without shape and dtype.
        return np.complex128(other) if box.dtype == np.float64 else other
    return np.asarray(other) if kind in _SEQUENCES else NotImplemented


class ArrayLike:
    """The face of an ndarray, for Boxes.  Slots and no state: `graph.Box` adds those."""

    __slots__ = ()

    #: Boxes are attrs classes, but to `tree` they are leaves.
    _fdezero_leaf = True

    # -- the protocols: np.tanh(x), np.sum(x, axis=0) ... ----------------------------------------
    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if method == "__call__":
            implementation = implementations.get(ufunc)
            if implementation is not None and not kwargs:  # the usual case, without packing the arguments again
                if len(inputs) == 1:
                    return implementation.unary(inputs[0])
                if len(inputs) == 2 and type(inputs[0]) not in _NOT_ARRAYS and type(inputs[1]) not in _NOT_ARRAYS:
                    return implementation.binary(inputs[0], inputs[1])
            if not _NOT_ARRAYS.isdisjoint(map(type, inputs)):
                inputs = tuple(_operand(x, self) if type(x) in _SEQUENCES or type(x) is complex else x for x in inputs)
            return call(ufunc, inputs, kwargs)
        if method == "reduce" and ufunc in _REDUCTIONS:
            return call(_REDUCTIONS[ufunc], (inputs[0],), {"axis": 0} | _named(inputs[1:]) | kwargs)
        if method == "outer" and len(inputs) == 2 and not kwargs:
            x, y = (np.asarray(x) if type(x) in _SEQUENCES else x for x in inputs)
            return ufunc(np.reshape(x, np.shape(x) + (1,) * np.ndim(y)), y)
        raise TypeError(
            f"{numpy_name(ufunc)}.{method} has no derivative rule; see fdezero.custom_vjp or fdezero.stop_gradient"
        )

    def __array_function__(
        self, function: Any, types: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        return call(function, args, kwargs)

    # -- operators ------------------------------------------------------------------------------
    __add__, __radd__ = _binary(np.add), _reflected(np.add)
    __sub__, __rsub__ = _binary(np.subtract), _reflected(np.subtract)
    __mul__, __rmul__ = _binary(np.multiply), _reflected(np.multiply)
    __truediv__, __rtruediv__ = _binary(np.divide), _reflected(np.divide)
    __floordiv__, __rfloordiv__ = _binary(np.floor_divide), _reflected(np.floor_divide)
    __mod__, __rmod__ = _binary(np.remainder), _reflected(np.remainder)
    __divmod__, __rdivmod__ = _binary(np.divmod), _reflected(np.divmod)
    __pow__, __rpow__ = _binary(np.power), _reflected(np.power)
    __matmul__, __rmatmul__ = _binary(np.matmul), _reflected(np.matmul)
    __neg__, __pos__, __abs__ = _unary(np.negative), _unary(np.positive), _unary(np.absolute)
    __lt__, __le__ = _binary(np.less), _binary(np.less_equal)
    __gt__, __ge__ = _binary(np.greater), _binary(np.greater_equal)
    __and__, __rand__ = _binary(np.bitwise_and), _reflected(np.bitwise_and)
    __or__, __ror__ = _binary(np.bitwise_or), _reflected(np.bitwise_or)
    __xor__, __rxor__ = _binary(np.bitwise_xor), _reflected(np.bitwise_xor)
    __invert__ = _unary(np.invert)
    # As for an ndarray, == compares entry by entry, so a Box cannot be a key of a dictionary.
    __eq__, __ne__ = _binary(np.equal), _binary(np.not_equal)
    __hash__ = None  # type: ignore[assignment]  # Python's way to say so

    # -- methods --------------------------------------------------------------------------------
    sum, mean, prod = _method(np.sum), _method(np.mean), _method(np.prod)
    max, min = _method(np.max), _method(np.min)
    var, std = _method(np.var), _method(np.std)
    ravel, flatten = _method(np.ravel), _method(np.ravel)
    swapaxes, squeeze = _method(np.swapaxes), _method(np.squeeze)
    repeat, take, diagonal, trace = _method(np.repeat), _method(np.take), _method(np.diagonal), _method(np.trace)
    dot, clip, cumsum, cumprod = _method(np.dot), _method(np.clip), _method(np.cumsum), _method(np.cumprod)
    conj, conjugate = _method(np.conjugate), _method(np.conjugate)
    copy, astype, round = _method(np.copy), _method(np.astype), _method(np.round)
    argmax, argmin, argsort = _method(np.argmax), _method(np.argmin), _method(np.argsort)
    all, any, nonzero = _method(np.all), _method(np.any), _method(np.nonzero)
    searchsorted = _method(np.searchsorted)
    __round__ = _method(np.round)
    __copy__ = _method(np.copy)

    def __deepcopy__(self, memo: Any) -> Any:
        return self  # never written to, it is its own copy; a copy of the graph would be another graph

    def reshape(self, *shape: Any, **kwargs: Any) -> Any:
        return call(np.reshape, (self, shape[0] if len(shape) == 1 else shape), kwargs)

    def transpose(self, *axes: Any) -> Any:
        return call(np.transpose, (self, axes[0] if len(axes) == 1 else axes or None), {})

    @property
    def T(self) -> Any:
        return call(np.transpose, (self,), {})

    @property
    def mT(self) -> Any:
        return call(np.matrix_transpose, (self,), {})

    @property
    def real(self) -> Any:
        return call(np.real, (self,), {})

    @property
    def imag(self) -> Any:
        return call(np.imag, (self,), {})

    # -- indexing -------------------------------------------------------------------------------
    def __getitem__(self, index: Any) -> Any:
        return implementations[getitem].function(self, index)

    @property
    def at(self) -> Any:
        """``x.at[index].set(v)``: a copy of x with the entries at ``index`` changed."""
        return call(at, (self,), {})

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("len() of a 0-dimensional array")
        return self.shape[0]

    def __iter__(self) -> Iterator[Any]:
        return (self[i] for i in range(len(self)))

    # -- what it looks like ---------------------------------------------------------------------
    @property
    def shape(self) -> tuple[int, ...]:
        raise NotImplementedError

    @property
    def dtype(self) -> np.dtype[Any]:
        raise NotImplementedError

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        size = 1
        for n in self.shape:
            size *= n
        return size

    @property
    def itemsize(self) -> int:
        return self.dtype.itemsize

    @property
    def nbytes(self) -> int:
        return self.size * self.itemsize

    def __bool__(self) -> bool:
        return bool(call(truth, (self,), {}))

    def __format__(self, spec: str) -> str:
        return format(self.value, spec) if spec else str(self)  # type: ignore[attr-defined]  # every Box has one

    # -- what would lose the derivative ---------------------------------------------------------
    __float__ = _refuse(
        "a[0] = x, float() or a function of `math`",
        "write fdezero.at(a)[0].set(x) for a[0] = x, np.sin for math.sin, or float(stop_gradient(x))",
    )
    __complex__ = _refuse("complex() or a function of `cmath`", "write np.exp for cmath.exp, or 1j * x")
    __int__ = _refuse("int()", "write int(stop_gradient(x)), or np.floor(x)")
    __index__ = _refuse("Using as an index the value", "write int(stop_gradient(x))")
    item = _refuse("item()", "use x itself, or stop_gradient(x).item()")
    tolist = _refuse("tolist()", "use x itself, or stop_gradient(x).tolist()")
    __array__ = _refuse(
        "Making a plain NumPy array (np.array, np.asarray, a[0] = x, a[x])",
        "write np.stack([x, y]) or fdezero.array([[x, y], [y, x]]) for a new array, np.broadcast_to(x, shape) "
        "for np.full, fdezero.at(a)[0].set(x) for an assignment, fdezero.at(a)[x].get() for a[x], and a @ x for a.dot(x)",
    )
    __setitem__ = _refuse("x[index] = v: assignment into an entry", f"write {_ASSIGNMENT}")
    fill = sort = put = partition = _refuse("Changing in place", f"write np.full_like(x, v), np.sort(x), or {_ASSIGNMENT}")


# Functions of the table that are no functions of NumPy.
def getitem(x: Any, index: Any) -> Any:
    """``x[index]``."""
    return x[index]


def at(x: Any) -> Any:
    """The functional form of assignment: ``at(x)[index].set(v)``; see `fdezero.rules.indexing`."""
    return implementations[at].function(x)


def truth(x: Any) -> Any:
    """``bool(x)``: the value that Python's ``if`` and ``while`` go by."""
    return bool(x)


def raw(x: Any) -> Any:
    """What is inside all the boxes: a plain array."""
    while isinstance(x, ArrayLike):
        x = x._value  # type: ignore[attr-defined]  # every Box has one
    return x


_REDUCTIONS = {np.add: np.sum, np.multiply: np.prod, np.maximum: np.max, np.minimum: np.min}


def _named(positional: tuple[Any, ...]) -> dict[str, Any]:
    """The positional arguments of ``ufunc.reduce`` by name."""
    return dict(zip(("axis", "dtype", "out", "keepdims"), positional, strict=False))
