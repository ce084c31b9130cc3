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
    assert facts["is_box"] and facts["is_variable"]
    assert facts["box"].generation == 0
    assert facts["holds"] is np.ndarray
    assert facts["assigning"] == "FrozenInstanceError"
    assert facts["writing"] == "ValueError"
    assert facts["mine_is_writable"]


def test_step02_one_derivative_declares_a_function():
    facts = step(2)
    squares, exponentials = facts["on_arrays"]
    np.testing.assert_array_equal(squares, [1.0, 4.0, 9.0])
    np.testing.assert_array_equal(exponentials, np.exp([1.0, 2.0, 3.0]))
    assert facts["slopes"] == (6.0, pytest.approx(np.e))
    assert facts["second"] == 2.0
    assert facts["kept"] == {"square": [True, False], "exp": [False, True]}


def test_step03_composition_chains():
    facts = step(3)
    assert facts["composed"] == facts["piped"] == pytest.approx(facts["by_hand"])
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


def test_step04_central_differences_are_the_better():
    errors = step(4)["errors"]
    assert min(errors["central"]) < min(errors["forward"])


def test_step05_one_pullback_against_a_run_for_every_input():
    facts = step(5)
    for (n, method), runs in facts["numerical"].items():
        assert runs == {"forward": n + 1, "central": 2 * n}[method]
    assert facts["n"] == 1_000_000
    assert (facts["forward_runs"], facts["pullbacks"]) == (1, 1)
    assert facts["correct"]


def test_step06_by_hand_is_what_grad_does():
    facts, x = step(6), 0.5
    assert facts["gb"] == pytest.approx(2 * np.exp(x**2))
    assert facts["ga"] == pytest.approx(2 * np.exp(2 * x**2))
    assert facts["gx"] == pytest.approx(4 * x * np.exp(2 * x**2))
    assert facts["gx"] == facts["grad"] == facts["again"]


def test_step07_running_defines_the_graph():
    facts = step(7)
    assert facts["positive"] == ["input", "multiply"]
    assert facts["negative"] == ["input", "negative"]
    assert facts["slopes"] == (6.0, -1.0)
    assert facts["halvings"] == {0.5: 0, 3.0: 2, 100.0: 7}
    assert facts["halve_slopes"] == {x: 0.5**n for x, n in facts["halvings"].items()}


def test_step08_a_million_nodes_deep():
    facts = step(8)
    assert facts["recursive"] == "RecursionError"
    assert facts["folded"] == pytest.approx(0.999999**10_000)
    assert facts["depth"] == 1_000_000
    assert facts["deep"] == pytest.approx(0.999999**1_000_000)


def test_step09_numbers_in_numpy_out():
    results = step(9)["results"]
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
    message = step(10)[rule, order]
    assert agrees == (message is None)
    assert agrees or "(0,)" in message  # the entry that is off


def test_step11_any_number_of_arguments_and_results():
    facts = step(11)
    assert (facts["inputs"], facts["sum"]) == (4, 10.0)
    assert facts["outputs"] == 3
    np.testing.assert_array_equal(facts["pieces"], [[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]])
    assert facts["parents"]


def test_step12_arguments_and_results_as_they_are_written():
    facts = step(12)
    assert facts["product"] == 12.0
    assert facts["line"] == 11.0
    assert facts["line_gradient"] == {"slope": 5.0, "offset": 1.0}
    assert facts["statistics"] == {"mean": 2.0, "spread": pytest.approx(2 / 3)}
    assert facts["kept"] == [True, True, False]


def test_step13_a_cotangent_for_each_result_and_one_for_each_argument():
    facts = step(13)
    assert facts["both"] == (facts["first"], facts["second"]) == (4.0, 27.0)
    np.testing.assert_array_equal(facts["ends_cotangent"], [1.0, 2.0, 0.0, 0.0, 5.0, 6.0])
    assert facts["radius"] == pytest.approx((3 / 5, 4 / 5))
    assert facts["angle"] == pytest.approx((-4 / 25, 3 / 25))


def test_step14_fan_out_sums_and_nothing_needs_clearing():
    facts = step(14)
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


@pytest.mark.parametrize(("graph", "slope"), [("diamond", 64.0), ("shortcut", 68.0)])
def test_step16_a_runs_once_after_b_and_c(graph, slope):
    facts = step(16)[graph]
    assert facts["order"][0] == "D" and facts["order"][-1] == "A"
    assert sorted(facts["order"]) == ["A", "B", "C", "D"]
    assert facts["slope"] == slope


def test_step16_a_node_is_born_with_its_generation():
    assert step(16)["generations"] == {"input": 0, "A": 1, "B": 2, "C": 2, "D": 3}


def test_step17_no_cycle_and_flat_memory():
    facts = step(17)
    assert facts["assigning"] == ["FrozenInstanceError"] * 3
    assert facts["cycle_survives"]  # the mutable design, for comparison
    assert not facts["graph_survives"]
    once, *more = facts["memory"]
    assert max(more) < once + 10_000  # one gradient's arrays are 80,000 bytes each


def test_step18_just_what_is_needed_is_held_and_freed_on_the_way():
    facts = step(18)
    assert facts["held"]["x + 1"] < 1.5  # MB, for arrays of 0.5 MB
    assert 9.5 < facts["held"]["tanh"] < 11.0
    fold = np.array(facts["fold"])
    assert len(fold) == 20
    assert (np.diff(fold[1:]) < -0.45).all()  # an array less at every step
    assert fold[-1] < 2.0


@pytest.mark.parametrize(("where", "slope"), [("no_grad", 9.0), ("threads", 6.0), ("tasks", 6.0)])
def test_step18_no_grad_is_a_context_variable(where, slope):
    assert step(18)[where] == slope
