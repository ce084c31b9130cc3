"""What makes a Box behave like an ndarray: operators, methods, and NumPy's two protocols.

Every call ends in the table of implementations (`table`); nothing in this file knows a derivative or a
transform.

What cannot be differentiated through (``math.sin(x)``, ``a[0] = x``, ``np.asarray(x)`` ...) raises a
TypeError that says what to write instead; no value becomes a constant silently.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NoReturn

import numpy as np

from .operands import KNOWN, as_operand, foreign_caller, mirror_of, numpy_name
from .sparse import SparseFactor, as_factor
from .table import call, implementations

# -- operators and methods as functions ----------------------------------------------------------------


def _binary(ufunc: np.ufunc) -> Callable[[Any, Any], Any]:
    def operator(self: Any, other: Any) -> Any:
        other = _other_operand(self, other)
        return other if other is NotImplemented else implementations[ufunc].function(self, other)

    return operator


def _reflected(ufunc: np.ufunc) -> Callable[[Any, Any], Any]:
    def operator(self: Any, other: Any) -> Any:
        other = _other_operand(self, other)
        return other if other is NotImplemented else implementations[ufunc].function(other, self)

    return operator


def _product(operator: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """An operator of matrix products, which takes SciPy's sparse matrices as factors too."""

    def product(self: Any, other: Any) -> Any:
        return operator(self, as_factor(other) if hasattr(other.__class__, "tocsr") else other)

    return product


def _unary(ufunc: np.ufunc) -> Callable[[Any], Any]:
    def operator(self: Any) -> Any:
        return implementations[ufunc].function(self)

    return operator


def _method(function: Any) -> Callable[..., Any]:
    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        if not args and not kwargs and function in implementations:
            return implementations[function].function(self)
        return call(function, (self, *args), kwargs)

    return method


def _refuse(use: str, instead: str) -> Callable[..., NoReturn]:
    def refuse(self: Any, *args: Any, **kwargs: Any) -> NoReturn:
        if caller := foreign_caller():
            raise TypeError(_foreign(caller, self))
        raise TypeError(f"{use} with a {type(self).__name__} x would lose its derivative; {instead}")

    return refuse


def _foreign(caller: str, box: Any) -> str:
    instead = mirror_of(caller) or "it in NumPy (with x.to_numpy() for an operand x of another library)"
    return (
        f"{caller}, a function outside plain NumPy, makes a plain array or number of a {type(box).__name__}, which would "
        f"lose its derivative; write {instead}, or give it a derivative with fdezero.custom_jvp, fdezero.custom_vjp or a "
        "primitive declared in fdezero.primitives"
    )


#: Python leaves operators on these to its own rules, so that ``x + None`` says what ``1.0 + None`` says.
_NOT_ARRAYS = frozenset({type(None), str, bytes, dict, set})


def _other_operand(box: Any, other: Any) -> Any:
    """The other operand of an operator, as an array or Box; NotImplemented for what is no array.

    A class that says ``__array_ufunc__ = None`` has reflected operators that come first, as with an ndarray.

    Raises:
        TypeError: for an array type that has operators of its own (xarray), whose result could not be
            differentiated.
    """
    kind = other.__class__
    if kind in KNOWN:
        return _with_dtype(box, other) if kind is complex else other
    if isinstance(other, (ArrayLike, SparseFactor)):
        return other
    if kind in _NOT_ARRAYS or getattr(kind, "__array_ufunc__", kind) is None:
        return NotImplemented
    # pandas' operators are positional where the other operand is an array, and defer to a Box's.
    own = hasattr(kind, "__array_ufunc__") and not hasattr(kind, "__array_function__")
    if own and not hasattr(kind, "__pandas_priority__"):
        raise TypeError(
            f"an operator between a {type(box).__name__} and a {kind.__name__}, which has operators of its own, cannot be "
            "differentiated; write x.to_numpy() for the array x"
        )
    return as_operand(other)


def _with_dtype(box: Any, x: Any) -> Any:
    """``x``; Python's 1j * np.float64(2.0) is a Python complex, without shape and dtype, so beside a float64 a NumPy number."""
    return np.complex128(x) if x.__class__ is complex and box.dtype == np.float64 else x


class ArrayLike:
    """The operators, methods and protocols of an ndarray, for Boxes.  No state: `graph.Box` adds it."""

    __slots__ = ()

    #: Boxes are attrs classes, but to `tree` they are leaves.
    _fdezero_leaf = True

    #: False where the value is one of many that it will have: a decision must be made on the Box itself.
    is_open = True

    concrete: Callable[[], Any]  # of a Box that is not open: the value, for a decision of Python's
    lift: Callable[[Any], Any]  # likewise: a constant as a Box like it
    with_dtype: Callable[[], Any]  # likewise: itself, of a Python number the NumPy number

    #: pandas' operators return NotImplemented for a larger number, so that a Box's operators are asked.
    __pandas_priority__ = 1_000_000

    # -- the protocols: np.tanh(x), np.sum(x, axis=0) ... ----------------------------------------
    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if method == "__call__":
            if "out" in kwargs:
                _refuse_out(ufunc, inputs, kwargs)
            if complex in map(type, inputs):
                inputs = tuple([_with_dtype(self, x) for x in inputs])
            if not kwargs:
                return call(ufunc, inputs, kwargs)
        return call(getattr(np.ufunc, method), (ufunc, *inputs), kwargs)

    def __array_function__(self, function: Any, types: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
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
    __matmul__, __rmatmul__ = _product(_binary(np.matmul)), _product(_reflected(np.matmul))
    __neg__, __pos__, __abs__ = _unary(np.negative), _unary(np.positive), _unary(np.absolute)
    __lt__, __le__ = _binary(np.less), _binary(np.less_equal)
    __gt__, __ge__ = _binary(np.greater), _binary(np.greater_equal)
    __and__, __rand__ = _binary(np.bitwise_and), _reflected(np.bitwise_and)
    __or__, __ror__ = _binary(np.bitwise_or), _reflected(np.bitwise_or)
    __xor__, __rxor__ = _binary(np.bitwise_xor), _reflected(np.bitwise_xor)
    __lshift__, __rlshift__ = _binary(np.left_shift), _reflected(np.left_shift)
    __rshift__, __rrshift__ = _binary(np.right_shift), _reflected(np.right_shift)
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
    round = _method(np.round)
    argmax, argmin, argsort = _method(np.argmax), _method(np.argmin), _method(np.argsort)
    all, any, nonzero = _method(np.all), _method(np.any), _method(np.nonzero)
    searchsorted, argpartition = _method(np.searchsorted), _method(np.argpartition)
    __round__ = _method(np.round)
    __copy__ = _method(np.copy)
    choose = _method(np.choose)

    def __deepcopy__(self, memo: Any) -> Any:
        return self  # nothing writes to it, so it is its own copy; a copy of the graph would be another graph

    def copy(self, order: str = "C") -> Any:
        return call(np.copy, (self,), {} if order == "C" else {"order": order})  # of np.copy the default is another

    def astype(self, dtype: Any, order: str = "K", casting: str = "unsafe", subok: bool = True, copy: bool = True) -> Any:
        if casting != "unsafe" and not np.can_cast(self.dtype, dtype, casting):  # type: ignore[arg-type]  # NumPy checks it
            raise TypeError(f"cannot cast {self.dtype} to {np.dtype(dtype)} with casting={casting!r}; write casting='unsafe'")
        return call(np.astype, (self, dtype), {})

    def compress(self, condition: Any, axis: int | None = None, out: None = None) -> Any:
        return call(np.compress, (condition, self, axis, out), {})

    @property
    def flat(self) -> Any:
        """The entries in one row, to read: ``for v in x.flat`` and ``x.flat[3]``."""
        return call(np.ravel, (self,), {})

    def view(self, dtype: Any = None, type: Any = None) -> Any:  # noqa: A002  # NumPy's name
        if (dtype is None or np.dtype(dtype) == self.dtype) and type is None:
            return self
        raise TypeError(
            f"view(dtype) of a {self.__class__.__name__} would read the bytes of its numbers as others, which has no "
            "derivative; write x.astype(dtype) for the same numbers, or x.real and x.imag for the parts of complex ones"
        )

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

    def __contains__(self, value: Any) -> bool:
        return bool(np.any(self == value))

    # -- shape and dtype ------------------------------------------------------------------------
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
        return bool(implementations[truth].function(self))

    def __format__(self, spec: str) -> str:
        return format(self.value, spec) if spec else str(self)  # type: ignore[attr-defined]  # every Box has one

    # -- what would lose the derivative ---------------------------------------------------------
    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        if caller := foreign_caller():
            if caller.startswith("scipy.sparse.") and caller.rpartition(".")[2] in _PRODUCTS:
                return _no_array()
            raise TypeError(_foreign(caller, self))
        raise TypeError(
            f"np.array([x, y]), np.asarray(x), a[0] = x or a[x] with a {type(self).__name__} x makes a plain array of it, "
            f"which would lose its derivative; {_INSTEAD_OF_ARRAY}"
        )

    __float__ = _refuse(
        "float(x), math.sin(x) or a[0] = x",
        "write float(stop_gradient(x)), np.sin(x) or a = fdezero.at(a)[0].set(x)",
    )
    __complex__ = _refuse("complex(x) or cmath.exp(x)", "write 1j * x or np.exp(x)")
    __int__ = _refuse("int(x)", "write int(stop_gradient(x)), or np.floor(x)")
    __index__ = _refuse("range(x), a[x] or another use as an integer", "write int(stop_gradient(x)) for x")
    item = _refuse("x.item()", "use x itself, or stop_gradient(x).item()")
    tolist = _refuse("x.tolist()", "use x itself, or stop_gradient(x).tolist()")
    tobytes = tofile = dump = dumps = byteswap = _refuse("x.tobytes() or the like", "use stop_gradient(x).tobytes()")
    getfield = setfield = setflags = _refuse("x.setflags() or the like", "use x itself, or stop_gradient(x)")
    fill = sort = put = partition = resize = _refuse(
        "x.fill, x.sort or another change in place",
        "write np.full_like(x, v), np.sort(x), np.resize(x, shape) or x = fdezero.at(x)[index].set(v)",
    )

    def __setitem__(self, index: Any, value: Any) -> NoReturn:
        raise TypeError(f"x[index] = v writes into a {type(self).__name__} x, which cannot change; write {_ASSIGNMENT}")


#: The operators by which a sparse matrix of SciPy multiplies: asked for an array, a Box answers with
#: something that is none, so that SciPy leaves the product to the Box's operator.
_PRODUCTS = frozenset({"__matmul__", "__rmatmul__", "dot"})


def _no_array() -> Any:
    """What NumPy makes of an object that it cannot make an array of."""
    return np.array(None, dtype=object)


#: What to write for ``x[index] = v``.
_ASSIGNMENT = "x = fdezero.at(x)[index].set(v) (or, where x is never a plain array, x = x.at[index].set(v))"

_INSTEAD_OF_ARRAY = (
    "write np.stack([x, y]) or fdezero.array([[x, y], [y, x]]) for a new array, np.broadcast_to(x, shape) for np.full (or "
    "import fdezero.numpy as np, in which np.array([x, y]) and np.full work), "
    "fdezero.at(a)[0].set(x) for an assignment, fdezero.at(a)[x].get() for a[x], and a @ x for a.dot(x)"
)


#: The operators that write in place on plain arrays.
_SIGNS = {
    np.add: "+", np.subtract: "-", np.multiply: "*", np.divide: "/", np.floor_divide: "//", np.remainder: "%", np.power: "**",
    np.matmul: "@", np.bitwise_and: "&", np.bitwise_or: "|", np.bitwise_xor: "^",
}  # fmt: skip


def _refuse_out(ufunc: np.ufunc, inputs: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    """Refuse ``out=`` of a ufunc; ``a += x`` on a plain array arrives as ``np.add(a, x, out=a)``.

    Raises:
        TypeError: unless every entry of ``out`` is None.
    """
    outs = kwargs.pop("out")
    if all(out is None for out in outs):
        return
    sign, name = _SIGNS.get(ufunc), numpy_name(ufunc)
    if sign and outs[0] is inputs[0] and not isinstance(inputs[0], ArrayLike):
        raise TypeError(
            f"a {sign}= x writes a {type(inputs[-1]).__name__} x into the plain array a, which would lose its derivative; "
            f"write a = a {sign} x, or a = fdezero.at(a)[index].set(v) where a part of a changes"
        )
    raise TypeError(
        f"{name} with out= writes into an array, which cannot be differentiated; use the result, "
        f"y = {name.replace('numpy.', 'np.')}(x), or write {_ASSIGNMENT}"
    )


# Functions of the table that are no functions of NumPy.
def getitem(x: Any, index: Any) -> Any:
    """``x[index]``."""
    return x[index]


def at(x: Any) -> Any:
    """The functional form of assignment: ``at(x)[index].set(v)``; see `fdezero.rules.numpy.indexing`."""
    return implementations[at].function(x)


def truth(x: Any) -> Any:
    """``bool(x)``: the value that Python's ``if`` and ``while`` test."""
    return bool(x)


def raw(x: Any) -> Any:
    """What is inside all the boxes: a plain array, or what stands for the plain arrays of a program (`is_open`)."""
    while isinstance(x, ArrayLike) and x.is_open:
        x = x._value  # type: ignore[attr-defined]  # every Box has one
    return x


def lifted(x: Any, beside: Any) -> Any:
    """The constant ``x`` for use with ``beside``: a Box where that is one that is not open, whose trace then knows it."""
    inner = raw(beside)
    return inner.lift(x) if isinstance(inner, ArrayLike) else x
