"""Tables in Markdown, how long to measure for them, and how numbers are written in them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence

import attrs

#: Work -> peer -> seconds, of what has been measured so far.
Times = dict[str, dict[str, float]]


@attrs.frozen
class Effort:
    """How long to measure."""

    rounds: int
    seconds: float  # a burst
    lengths: tuple[int, ...]
    deep: int
    imports: int
    firsts: int  # first calls of a compiled function, of which the fastest counts
    straight: tuple[int, ...]  # operations of a program that is compiled


FULL = Effort(
    rounds=11,
    seconds=0.04,
    lengths=(10_000, 20_000, 40_000),
    deep=1_000_000,
    imports=9,
    firsts=3,
    straight=(1_000, 10_000, 100_000),
)
QUICK = Effort(
    rounds=3, seconds=0.005, lengths=(1_000, 2_000, 4_000), deep=100_000, imports=3, firsts=1, straight=(100, 1_000, 10_000)
)


@attrs.frozen
class Table:
    """A table: a title, a sentence or two about it, the head, and rows that are measured as they are asked for."""

    title: str
    about: str
    head: Sequence[str]
    rows: Iterable[Sequence[str]]

    def lines(self) -> Iterator[str]:
        yield from ("", f"## {self.title}", "", *((self.about, "") if self.about else ()))
        yield f"| {' | '.join(self.head)} |"
        yield f"| --- |{' ---: |' * (len(self.head) - 1)}"
        for row in self.rows:
            yield f"| {' | '.join(row)} |"


def duration(seconds: float) -> str:
    return f"{seconds * 1e6:.1f} us" if seconds < 1e-3 else f"{seconds * 1e3:.2f} ms"


def size(number: float) -> str:
    return f"{number / 1e6:.2f} MB" if number >= 1e6 else f"{number / 1e3:.1f} kB"


def geometric_mean(ratios: Sequence[float]) -> float:
    return math.exp(sum(map(math.log, ratios)) / len(ratios))
