"""Lifetimes, views and places."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fdezero.jit.memory import Interval, faults, last_uses, pack, plan, roots, size_of
from fdezero.jit.numpy_backend.calls import overwrites, writes
from fdezero.jit.program import Reduce, Reshape, Slice, Transpose

from .program_builder import Builder, Random

intervals = st.lists(
    st.tuples(st.integers(0, 20), st.integers(0, 10), st.integers(0, 500)).map(lambda t: Interval(t[0], t[0] + t[1], t[2])), max_size=30
).map(lambda found: dict(enumerate(found)))


@given(intervals)
def test_what_is_needed_at_the_same_time_does_not_overlap(found):
    offsets, total = pack(found)
    assert faults(found, offsets) == []
    assert all(offset % 64 == 0 for offset in offsets.values())
    assert all(offsets[key] + each.size <= total for key, each in found.items())


@given(intervals)
def test_memory_is_used_again(found):
    """No more than the sum of all is taken, and of intervals one after the other no more than the largest."""
    _, total = pack(found)
    assert total <= sum(-(-max(each.size, 1) // 64) * 64 for each in found.values())
    _, serial = pack({key: Interval(2 * key, 2 * key, 64) for key in found})
    assert serial <= 64


def test_the_checker_finds_an_overlap():
    found = {"a": Interval(0, 2, 64), "b": Interval(2, 3, 64), "c": Interval(3, 4, 64)}
    assert faults(found, {"a": 0, "b": 0, "c": 0}) == [("a", "b"), ("b", "c")]
    assert faults(found, {"a": 0, "b": 32, "c": 128}) == [("a", "b")]
    assert faults(found, {"a": 0, "b": 64, "c": 0}) == []


def test_a_view_of_a_view_has_the_memory_of_its_root():
    b = Builder(np.ones((2, 3)))
    y = b.map(np.tanh, 0)
    t = b(Transpose((1, 0)), y)
    flat = b(Reshape((6,)), t)
    item = b(Slice((2,)), flat)
    assert roots(b.program(item)) == {0: 0, y: y, t: y, flat: y, item: y}


def test_the_use_of_a_view_is_a_use_of_its_root():
    b = Builder(np.ones((2, 3)))
    y = b.map(np.tanh, 0)
    view = b(Slice((0,)), y)
    other = b.map(np.tanh, 0)
    total = b(Reduce(np.add, (0,)), view)
    program = b.program(total, other)
    assert last_uses(program, roots(program)) == {0: 2, y: 3, total: 4, other: 4}


def test_a_guarded_value_is_needed_until_its_guard():
    b = Builder(np.ones(3))
    y = b.map(np.tanh, 0)
    z = b.map(np.exp, 0)
    b.guard(y)
    program = b.program(b.map(np.negative, z))
    assert last_uses(program, roots(program))[y] == 2


def places(program):
    found = plan(program, writes, overwrites)
    return {i: found.place[i] for i in found.place}, found


def test_an_operand_that_is_not_needed_any_more_is_overwritten():
    b = Builder(np.ones(3))
    y = b.map(np.tanh, 0)
    z = b.map(np.exp, y)
    place, _ = places(b.program(b(Reduce(np.add, (0,)), z)))
    assert place == {y: y, z: y}


@pytest.mark.parametrize("why", ["it is an input", "a view is needed", "two views of it", "another dtype", "an output", "seen by a function"])
def test_an_operand_is_not_overwritten(why):
    b = Builder(np.ones((3, 3)))
    y = b.map(np.tanh, 0)
    outputs = []
    if why == "it is an input":
        z = b.map(np.exp, 0)
    elif why == "a view is needed":
        view = b(Transpose((1, 0)), y)
        z = b.map(np.exp, y)
        outputs.append(b.map(np.add, z, view))
    elif why == "two views of it":
        z = b.map(np.add, y, b(Transpose((1, 0)), y))
    elif why == "another dtype":
        z = b.map(np.isnan, y)
    elif why == "an output":
        z = b.map(np.exp, y)
        outputs.append(y)
    else:
        seen = b.apply(np.diagonal, y)
        z = b.map(np.exp, y)
        outputs.append(seen)
    place, _ = places(b.program(z, *outputs))
    assert place[z] == z


def test_outputs_have_memory_of_their_own():
    b = Builder(np.ones(3))
    y = b.map(np.tanh, 0)
    z = b.map(np.exp, y)
    place, found = places(b.program(z))
    assert place == {y: y, z: y} and found.offsets == {}  # the output is where y was


@given(st.integers(0, 10_000))
def test_no_instruction_reads_what_another_has_overwritten(seed):
    """The plan is carried out on names: each place holds, when it is read, the value that is asked for."""
    rng = np.random.default_rng(seed)
    b = Random(rng, int(rng.integers(1, 25)))
    program = b.program(*b.random_outputs())
    found = plan(program, writes, overwrites)
    assert faults({k: found.intervals[k] for k in found.offsets}, found.offsets) == []
    assert violations(program, found) == []


def violations(program, found):
    """The (position, operand) at which the memory of an operand holds another value."""
    root, wrong = found.root, []
    cells = {}  # the bytes of the arena, and of each output, and which value they hold

    def span(i):
        place, size = found.place[i], size_of(program.types[i])
        return (None, found.offsets[place], size) if place in found.offsets else (place, 0, size)

    def held(i):
        memory, start, size = span(i)
        return all(cells.get((memory, at)) == i for at in range(start, start + size))

    for position, each in enumerate(program.instructions):
        wrong += [(position, i) for i in each.operands if root[i] in found.place and not held(root[i])]
        for out in each.outputs:
            if out in found.place:
                memory, start, size = span(out)
                cells.update({(memory, at): out for at in range(start, start + size)})
    wrong += [(len(program.instructions), i) for i in program.outputs if root[i] in found.place and not held(root[i])]
    return wrong


def test_a_broken_plan_is_found():
    b = Builder(np.ones(3))
    y = b.map(np.tanh, 0)
    z = b.map(np.exp, 0)
    program = b.program(b(Reduce(np.add, (0,)), b.map(np.add, y, z)))
    found = plan(program, writes, overwrites)
    assert violations(program, found) == []
    found.offsets[z] = found.offsets[y]
    assert violations(program, found) == [(2, y)]


def test_a_long_program_is_planned_in_linear_time():
    """100,000 instructions; a quadratic algorithm would not end."""
    b = Builder(np.ones(3))
    i = 0
    for _ in range(50_000):
        i = b.map(np.negative, b.map(np.add, i, 0))
    found = plan(b.program(i), writes, overwrites)
    assert len(set(found.place.values())) == 1



