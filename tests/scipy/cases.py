"""A case of a mirrored function, and the laws that each must obey."""

from __future__ import annotations

import inspect

import attrs
import numpy as np

from fdezero import tree, vjp, vmap
from fdezero.testing import check_grads


@attrs.frozen
class Case:
    """``call(module, *args)`` calls a function of SciPy's module, or of ours, on arrays that are differentiated."""

    call: object
    args: tuple
    order: int = 2
    modes: tuple = ("rev", "fwd")
    rtol: float = 1e-5
    atol: float = 1e-6
    eps: float | None = None
    batches: bool = True

    def __repr__(self):
        return inspect.getsource(self.call).strip()[:60] if callable(self.call) else "case"


def leaves(result):
    return [np.asarray(x) for x in tree.leaves(result if not isinstance(result, list) else tuple(result))]


def check_case(case, ours, scipys):
    plain, theirs = leaves(case.call(ours, *case.args)), leaves(case.call(scipys, *case.args))
    assert len(plain) == len(theirs)
    for a, b in zip(plain, theirs, strict=True):
        assert a.dtype == b.dtype and np.array_equal(a, b, equal_nan=True)  # the same function
    boxed = leaves(vjp(lambda *args: case.call(ours, *args), *case.args)[0])
    for a, b in zip(boxed, theirs, strict=True):
        assert a.shape == b.shape and a.dtype == b.dtype
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-10)
    check_grads(
        lambda *args: case.call(ours, *args), case.args, order=case.order, modes=case.modes, rtol=case.rtol, atol=case.atol, eps=case.eps
    )


def check_batched(case, ours):
    """vmap is the loop, of values and of gradients."""
    batch = tuple(np.stack([x, 1.01 * x]) for x in case.args)

    def f(*args):
        return tuple(tree.leaves(case.call(ours, *args)))

    def pulled(*args):
        outs, pull = vjp(f, *args)
        return pull(tuple(np.ones_like(out) for out in outs))

    for function in (f, pulled):
        together = vmap(function)(*batch)
        for i in range(2):
            apart = function(*(x[i] for x in batch))
            for a, b in zip(together, apart, strict=True):
                np.testing.assert_allclose(a[i], b, rtol=1e-9, atol=1e-10)


