"""The programs that passes are tested with: what a function does to its arguments, as `Apply` instructions."""

from __future__ import annotations

from typing import Any

import numpy as np

from fdezero import tree
from fdezero.jit.program import Program
from fdezero.jit.trace import trace


def record(f: Any, *args: Any) -> Program:
    """What ``f(*args)`` does, with the leaves of the arguments as inputs."""
    leaves, structure = tree.flatten(args)
    return trace(f, [np.asarray(x)[()] for x in leaves], lambda boxes: (structure.unflatten(boxes), {})).program
