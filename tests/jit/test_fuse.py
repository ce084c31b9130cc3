"""Groups respect the order of what depends on what, and are as large as they can be."""

import numpy as np
import pytest

from fdezero.jit.fuse import Fold, fuse, is_register
from fdezero.jit.program import Cast, Map, Matmul, Reduce, Reshape, Scatter, Slice, Transpose
from tests.jit.llvm_backend.programs import Maker, random_program


def shapes(fused):
    return [(group.space, len(group.nodes)) for group in fused.groups]


def check(fused):
    """Every operand is a leaf, in memory since an earlier group, or made before in this one and still in a register."""
    done = {*fused.inputs, *fused.constants}
    cleared = set()
    for group in fused.groups:
        cleared.update(value for value, _ in group.cleared)
        here = set()
        for node in group.nodes:
            for view in node.operands:
                if view.base in here:
                    assert is_register(view)
                else:
                    assert view.base in done, "an operand is used before it is there"
                    assert view.base in fused.stored or view.base in fused.inputs or view.base in fused.constants
            if isinstance(node.operation, Map | Cast):
                here.add(node.value)
        done.update(node.value for node in group.nodes)
        done.update(value for value, _ in group.cleared)
    assert {*fused.outputs} <= done
    assert len({*fused.outputs}) == len(fused.outputs) and not {*fused.outputs} & {*fused.inputs, *fused.constants}


@pytest.mark.parametrize("seed", range(150))
def test_random_programs(seed):
    with np.errstate(all="ignore"):
        program = random_program(np.random.default_rng(seed), length=15)
    check(fuse(program))
    check(fuse(program, lambda m, k, n, dtype: False))
    check(fuse(program, limit=2))


def test_a_chain_and_its_sum_are_one_loop():
    make = Maker()
    x = make.input((10, 3))
    y = make.map(np.tanh, make.map(np.multiply, x, x))
    total = make.add(Reduce(np.add, (0, 1)), y)
    fused = fuse(make.program(total))
    assert shapes(fused) == [((10, 3), 3)]
    assert fused.stored == {total}


def test_lengths_of_one_do_not_part_loops():
    make = Maker()
    x = make.input((10,))
    y = make.map(np.exp, x)
    column = make.add(Reshape((10, 1)), y)
    out = make.map(np.negative, column)
    assert shapes(fuse(make.program(out))) == [((10,), 2)]


def test_what_needs_a_sum_comes_after_it():
    make = Maker()
    x = make.input((10,))
    total = make.add(Reduce(np.add, (0,)), x)
    out = make.map(np.divide, x, make.map(np.sqrt, total))
    fused = fuse(make.program(out))
    assert shapes(fused) == [((10,), 1), ((), 1), ((10,), 1)]


def test_a_transpose_is_read_from_memory():
    make = Maker()
    x = make.input((3, 3))
    y = make.map(np.exp, x)
    out = make.map(np.add, y, make.add(Transpose((1, 0)), y))
    fused = fuse(make.program(out))
    assert shapes(fused) == [((3, 3), 1), ((3, 3), 1)]
    assert y in fused.stored


def test_a_scatter_is_added_in_the_loops_that_make_its_parts():
    make = Maker()
    x = make.input((5,))
    y = make.map(np.exp, x)
    out = make.add(Scatter((Slice(((0, 5, 1),)), Slice(((1, 6, 1),))), (6,), np.dtype(float)), y, y)
    fused = fuse(make.program(out))
    assert shapes(fused) == [((5,), 3)]
    assert fused.groups[0].cleared == ((out, 0),)


def test_small_products_are_loops_and_large_ones_nodes():
    make = Maker()
    x = make.input((4, 4))
    out = make.add(Matmul(), x, x)
    program = make.program(out)
    assert isinstance(fuse(program).groups[0].nodes[0].operation, Matmul)
    nodes = fuse(program, lambda m, k, n, dtype: False).groups[0].nodes
    assert [type(node.operation) for node in nodes] == [Map, Fold] and nodes[0].space == (4, 4, 4)


def test_a_large_group_is_cut_before_no_reduction():
    make = Maker()
    x = make.input((10,))
    totals = []
    for _ in range(20):
        x = make.map(np.negative, x)
        totals.append(make.add(Reduce(np.add, (0,)), x))
    fused = fuse(make.program(*totals), limit=5)
    check(fused)
    for group in fused.groups:
        assert not isinstance(group.nodes[0].operation, Fold)


def test_outputs_are_values_of_their_own():
    make = Maker()
    x = make.input((3,))
    y = make.map(np.negative, x)
    fused = fuse(make.program(x, y, y, make.add(Reshape((3, 1)), y)))
    check(fused)
    assert fused.outputs[1] == y
