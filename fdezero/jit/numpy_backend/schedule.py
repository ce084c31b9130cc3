"""Passes that prepare a program for this backend."""

from __future__ import annotations

from ..program import Program


def schedule(program: Program) -> Program:
    return program
