"""Every step of the book runs, and what it claims is so."""

import importlib.util
from contextlib import redirect_stdout
from functools import cache
from io import StringIO
from pathlib import Path

import numpy as np
import pytest

STEPS = Path(__file__).parents[2] / "examples" / "steps"


@cache
def run(number):
    """What the step's ``main`` returned, and what it printed; each step is run once."""
    spec = importlib.util.spec_from_file_location(f"step{number:02}", STEPS / f"step{number:02}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    with redirect_stdout(StringIO()) as printed:
        facts = module.main()
    return facts, printed.getvalue()


def step(number):
    return run(number)[0]


@pytest.mark.parametrize("number", range(1, 19))
def test_a_step_says_what_it_shows(number):
    assert run(number)[1].strip()


def test_every_step_is_here():
    assert [path.name for path in sorted(STEPS.glob("*.py"))] == [f"step{i:02}.py" for i in range(1, 19)]


def test_step01_a_box_is_frozen_and_holds_a_read_only_array():
    facts = step(1)
    for about in (facts, facts["library"]):
        assert about["assigning"] == "FrozenInstanceError"
        assert about["writing"] == "ValueError"
    assert facts["mine_is_writable"]
    np.testing.assert_array_equal(facts["box"].value, [1.0, 2.0])
    np.testing.assert_array_equal(facts["doubled"].value, [2.0, 4.0])
    library = facts["library"]
    assert library["is_box"] and library["is_variable"] and library["holds"] is np.ndarray
    assert library["shown"] == "Variable(array([1., 2.]), shape=(2,), generation=0)"


def test_step02_a_function_on_arrays_becomes_one_on_boxes():
    facts = step(2)
    for squares, exponentials in ([box.value for box in facts["on_boxes"]], facts["on_arrays"]):
        np.testing.assert_array_equal(squares, [1.0, 4.0, 9.0])
        np.testing.assert_array_equal(exponentials, np.exp([1.0, 2.0, 3.0]))
    assert facts["slopes"] == (6.0, pytest.approx(np.e))
    assert facts["second"] == 2.0
    assert facts["kept"] == {"square": [True, False], "exp": [False, True]}


def test_step03_composition_chains():
    facts = step(3)
    assert facts["loop"] == facts["reduce"] == facts["composed"] == facts["piped"] == pytest.approx(facts["by_hand"])
    assert facts["names"] == ["input", "square", "exp", "square"]
    assert facts["second"] == pytest.approx(facts["second_by_hand"])


@pytest.mark.parametrize(("method", "order", "rounding"), [("forward", 1, 1e-8), ("central", 2, 1e-5)])
def test_step04_the_error_falls_with_its_order_and_rises_again(method, order, rounding):
    facts = step(4)
    steps, errors = np.array(facts["steps"]), np.array(facts["errors"][method])
    falling = (steps <= 1e-2) & (steps > rounding)
    slope = np.polyfit(np.log(steps[falling]), np.log(errors[falling]), 1)[0]
    assert slope == pytest.approx(order, abs=0.05)
    assert errors[-1] > 100 * errors.min()  # rounding
    assert 1000 * facts["exact"] < errors.min()
    assert facts["mine"][method] == pytest.approx(facts["library"][method], rel=1e-12)


def test_step04_central_differences_are_the_better():
    errors = step(4)["errors"]
    assert min(errors["central"]) < min(errors["forward"])


def test_step05_one_pullback_against_a_run_for_every_input():
    facts = step(5)
    for gradient in facts["gradients"]:
        np.testing.assert_allclose(gradient, facts["gradients"][-1], rtol=1e-12)
    backward, forward = (facts["multiplications"][f"from the {end}"] for end in ("output", "input"))
    assert backward == 40 * 40 + 40 * 50
    assert forward == 50 * 40 * 40 + 50 * 40
    for (n, method), runs in facts["numerical"].items():
        assert runs == {"forward": n + 1, "central": 2 * n}[method]
    assert (facts["n"], facts["runs"], facts["operations"]) == (1_000_000, 1, 2)
    assert facts["correct"]


def test_step06_by_hand_is_what_grad_does():
    facts, x = step(6), 0.5
    assert facts["y"] == pytest.approx(np.exp(2 * x**2))
    assert facts["gb"] == pytest.approx(2 * np.exp(x**2))
    assert facts["ga"] == pytest.approx(2 * np.exp(2 * x**2))
    assert facts["gx"] == pytest.approx(4 * x * np.exp(2 * x**2))
    assert facts["then"] == facts["vjp"] == (facts["y"], facts["gx"])
    assert facts["gx"] == facts["grad"]


def test_step07_running_defines_the_graph():
    facts = step(7)
    assert facts["mine"] == {3.0: ["input", "square"], -3.0: ["input", "negative"]}
    assert facts["library"] == {3.0: ["input", "multiply"], -3.0: ["input", "negative"]}
    assert facts["my_slopes"] == facts["slopes"] == (6.0, -1.0)
    assert facts["my_halvings"] == facts["halvings"] == {0.5: 0, 3.0: 2, 100.0: 7}
    assert facts["my_halve_slopes"] == facts["halve_slopes"] == {x: 0.5**n for x, n in facts["halvings"].items()}


def test_step08_recursion_has_a_limit_and_the_fold_has_none():
    facts = step(8)
    assert facts["short"]["recursion"] == facts["short"]["loop"] == facts["short"]["fold"] == pytest.approx(0.999999**100)
    assert facts["long"]["recursion"] == "RecursionError"
    assert facts["long"]["loop"] == facts["long"]["fold"] == pytest.approx(0.999999**10_000)
    assert facts["depth"] == 1_000_000
    assert facts["grad"] == pytest.approx(0.999999**1_000_000)


@pytest.mark.parametrize("whose", ["mine", "results"])
def test_step09_numbers_in_numpy_out(whose):
    results = step(9)[whose]
    assert {name: type(x) for name, x in results.items()} == {
        "a Python float": np.float64,
        "a NumPy number": np.float32,
        "a 0-d array": np.float64,
        "an array": np.ndarray,
    }
    assert [results[name] for name in list(results)[:3]] == [6.0, 6.0, 6.0]
    np.testing.assert_array_equal(results["an array"], [2.0, 4.0])


@pytest.mark.parametrize(
    ("use", "words"),
    [
        ("an integer", "3.0"),
        ("a string", "'three'"),
        ("no return", "None"),
        ("no scalar", "shape (3,)"),
        ("math.sin", "np.sin"),
    ],
)
def test_step09_the_rest_is_a_type_error(use, words):
    assert words in step(9)["complaints"][use]


def test_step09_my_own_refuses_too():
    assert "'three'" in step(9)["my_complaint"]


@pytest.mark.parametrize(
    ("rule", "order", "agrees"),
    [
        ("cube", 1, True),
        ("cube", 2, True),
        ("wrong_cube", 1, False),
        ("wrong_cube", 2, False),
        ("second_wrong_cube", 1, True),
        ("second_wrong_cube", 2, False),
    ],
)
def test_step10_the_check_passes_the_right_rule_and_catches_the_wrong_ones(rule, order, agrees):
    facts = step(10)
    message = facts["library"][rule, order]
    assert facts["mine"][rule, order] == agrees == (message is None)
    assert agrees or "(0,)" in message  # the entry that is off


def test_step11_any_number_of_arguments_and_results():
    facts = step(11)
    assert facts["my_sum"] == 5.0 and facts["my_parents"] and facts["my_common_parent"]
    assert (facts["inputs"], facts["sum"]) == (4, 10.0)
    assert facts["outputs"] == 3
    for pieces in (facts["my_pieces"], facts["pieces"]):
        np.testing.assert_array_equal(pieces, [[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]])
    assert facts["parents"]


def test_step12_arguments_and_results_as_they_are_written():
    facts = step(12)
    assert facts["my_product"].value == 14.0 and facts["my_parents"]
    assert [v.value for v in facts["my_quotient"]] == [3.0, 1.0]
    assert facts["product"] == 12.0
    assert facts["line"] == 11.0
    assert facts["line_gradient"] == {"slope": 5.0, "offset": 1.0}
    assert facts["statistics"] == {"mean": 2.0, "spread": pytest.approx(2 / 3)}
    assert facts["kept"] == [True, True, False]


def test_step13_a_cotangent_for_each_result_and_one_for_each_argument():
    facts = step(13)
    assert facts["mine"] == facts["both"] == (facts["first"], facts["second"]) == (24.0, 9.0)
    np.testing.assert_array_equal(facts["ends"], [[0.0, 1.0], [4.0, 5.0]])
    np.testing.assert_array_equal(facts["ends_cotangent"], [1.0, 2.0, 0.0, 0.0, 5.0, 6.0])
    assert facts["radius"] == pytest.approx((3 / 5, 4 / 5))
    assert facts["angle"] == pytest.approx((-4 / 25, 3 / 25))


def test_step14_fan_out_sums_and_nothing_needs_clearing():
    facts = step(14)
    assert facts["overwriting"] == 1.0  # the fault that the step removes
    assert facts["summing"] == facts["again"] == 2.0
    assert (facts["x + x"], facts["x + x + x"], facts["x * x"]) == (2.0, 3.0, 6.0)
    for first, second in (facts["grad_twice"], facts["pull_twice"]):
        np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(facts["grad_twice"][0], [3.0, 12.0])
    np.testing.assert_array_equal(facts["pull_twice"][0], [2.0, 2.0])
    assert facts["untouched"]


def test_step15_the_wrong_order_gives_a_wrong_gradient():
    facts = step(15)
    assert facts["order"] == ["D", "C", "A", "B", "A"]
    assert (facts["wrong"], facts["right"]) == (96.0, 64.0)


@pytest.mark.parametrize(("graph", "slope", "names"), [("diamond", 64.0, "ABCD"), ("shortcut", 68.0, "ABCDD")])
def test_step16_a_has_one_step_after_b_and_c(graph, slope, names):
    facts = step(16)[graph]
    for order in (facts["order"], facts["library_order"]):
        assert order[0] == "D" and order[-1] == "A"
        assert "".join(sorted(order)) == names
    assert facts["slope"] == facts["library_slope"] == slope


def test_step16_a_node_is_born_with_its_generation():
    assert step(16)["diamond"]["generations"] == {"input": 0, "A": 1, "B": 2, "C": 2, "D": 3}


def test_step17_no_cycle_and_flat_memory():
    facts = step(17)
    assert facts["assigning"] == ["FrozenInstanceError"] * 4
    assert facts["a cycle"]  # the mutable design, for comparison
    assert not facts["a cycle with a weakref"]  # and the book's remedy
    assert not facts["a frozen variable"]
    assert not facts["a node of the library"]
    once, *more = facts["memory"]
    # Python keeps freed tuples for later use, some 100 kB in all; the arrays of a thousand graphs would be 160 MB.
    assert max(more) < once + 200_000


def test_step18_just_what_is_needed_is_held():
    memory = step(18)["memory"]  # in MB, for arrays of 8 MB
    held, most = memory["x + 1"]
    assert held < 20 and most < 40
    held, most = memory["tanh"]
    assert 86 < held < 92  # the argument and ten results
    assert most < held + 4 * 8  # of the ten cotangents, no more than the fold is at


@pytest.mark.parametrize(("setting", "recorded"), [("config", [False, False]), ("context", [False, True])])
def test_step18_a_global_is_seen_by_the_other_thread_and_a_context_variable_is_not(setting, recorded):
    assert step(18)[setting] == recorded


@pytest.mark.parametrize(("where", "slope"), [("no_grad", 9.0), ("threads", 6.0)])
def test_step18_no_grad_is_a_context_variable(where, slope):
    assert step(18)[where] == slope
