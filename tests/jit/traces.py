"""The programs that the laws of passes are tested with: every case of the tables of rules, in every mode."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np

from fdezero import tree, vmap
from fdezero.jit.program import Program
from fdezero.jit.trace import Untraceable
from tests.rules.numpy.coverage import along, slope_of

from .recording import record


def functions_of(case: Any) -> Iterator[tuple[str, Any, tuple[Any, ...]]]:
    """The case's function, its gradient, its derivative along a direction, and a batch of gradients."""
    args = tuple(np.asarray(a)[()] for a in case.args)
    yield "value", case.f, args
    yield "reverse", slope_of(case.f), args
    yield "forward", along(case.f), args
    pairs = tuple(np.stack([a, (a * 0.9 + 0.01).astype(a.dtype)]) for a in map(np.asarray, args))
    yield "batch", vmap(slope_of(case.f)), pairs


def programs_of(case: Any) -> Iterator[tuple[str, Program, list[Any]]]:
    """The traces of a case, and the leaves they were traced at; some have no answer for a batch."""
    for mode, f, args in functions_of(case):
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                program = record(f, *args)
            except Untraceable:
                continue  # a call is made as it is
            except (TypeError, IndexError, ValueError):
                assert mode == "batch" or "mask" in case.label, case.name
                continue
        yield mode, program, [np.asarray(x)[()] for x in tree.flatten(args)[0]]


def arguments_like(leaves: list[Any]) -> Iterator[list[Any]]:
    """The leaves, others near them, and some with a NaN and an infinity in them."""
    yield leaves
    yield [np.asarray(x * 1.25 + 0.01).astype(x.dtype)[()] if x.dtype.kind in "fc" else x for x in leaves]
    spoiled = [np.array(x) for x in leaves]
    for x in spoiled:
        if x.dtype.kind in "fc" and x.size:
            x.flat[0], x.flat[-1] = np.nan, np.inf
    yield [x[()] for x in spoiled]
