"""The parts of the search: needed values, pairs, stacks, edits, the prior, analogies."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from repair_setup import NUMPY, derivation, formula, scalar_bench, written
from repair_strategies import formulas

from gradproof.case.names import ends
from gradproof.repair.budget import Budget
from gradproof.repair.equation import Context, definition_of
from gradproof.repair.evidence.confirm import compiled, holds
from gradproof.repair.formula_repair import FormulaRepair
from gradproof.repair.formulas.evaluate import evaluate
from gradproof.repair.formulas.formula import Formula, Name, at, nodes, replace, walk
from gradproof.repair.formulas.names import Phase, family, phase, readable
from gradproof.repair.formulas.parsed import Definition
from gradproof.repair.formulas.printing import show
from gradproof.repair.helpers import fused
from gradproof.repair.search.analogy import analogies
from gradproof.repair.search.batches import Stack, by_shape, distinct, single
from gradproof.repair.search.edits import REPLACE, Template, Vocabulary, fill, structural, templates
from gradproof.repair.search.pairs import pairs, spread
from gradproof.repair.search.prior import Prior, Target
from gradproof.repair.search.required import Need, meeting, needs, solved
from gradproof.repair.search.variants import Variants

Array = np.ndarray[Any, Any]


# Needed values --------------------------------------------------------------------------------------------------


def values_of(whole: Formula, values: dict[str, Array]) -> dict[int, Array]:
    found = {}
    for node in nodes(whole):
        with np.errstate(all="ignore"):
            found[id(node)] = evaluate(node, values, NUMPY)
    return found


@settings(derandomize=True, deadline=None, max_examples=200)
@given(formulas, st.data())
def test_needs_true_value_of_a_node_is_what_it_needs(right: Formula, data: st.DataObject) -> None:
    rng = np.random.default_rng(7)
    values = {name: rng.uniform(0.5, 2.0, (1, 6)) for name in "abcd"}
    path = data.draw(st.sampled_from([path for path, _ in walk(right)]))
    with np.errstate(all="ignore"):
        truth = np.broadcast_to(evaluate(right, values, NUMPY), (1, 6))
        own = np.broadcast_to(evaluate(at(right, path), values, NUMPY), (1, 6))
    if not np.isfinite(truth).all() or not np.isfinite(own).all():
        return
    wrong = replace(right, path, Name("a"))
    found = needs(wrong, truth, values_of(wrong, values)).get(path)
    if found is None:
        return
    known = found.known
    assert (np.abs(own - found.value)[known] <= 1e-6 * (np.abs(own) + found.size)[known]).all()


def test_needs_stop_at_what_cannot_be_inverted() -> None:
    values = {name: np.random.default_rng(1).uniform(0.5, 2.0, (1, 4)) for name in "abcd"}
    whole = formula("np.sin(a) + b")
    found = needs(whole, np.ones((1, 4)), values_of(whole, values))
    assert set(found) == {(), (0,), (1,)}


def test_needs_factor_that_is_zero_leaves_the_entry_open() -> None:
    values = {"a": np.ones((1, 4)), "b": np.array([[1.0, 0.0, 2.0, 0.0]])}
    whole = formula("a * b")
    found = needs(whole, np.array([[3.0, 0.0, 4.0, 0.0]]), values_of(whole, values))[0,]
    assert found.known.tolist() == [[True, False, True, False]]
    assert found.value[found.known].tolist() == [3.0, 2.0]


@pytest.mark.parametrize("template", [t for t in templates(Name("a"), Vocabulary(tensors=False)) if t.op])
def test_solved_hole_of_each_template_gives_the_need(template: Template) -> None:
    rng = np.random.default_rng(2)
    value, hidden = rng.uniform(1, 2, (1, 5)), rng.uniform(1, 2, (1, 5))
    with_hole = fill(template, Name("a"), Name("b"))
    need = evaluate(with_hole, {"a": value, "b": hidden}, NUMPY)
    found = solved(template, Need(need, np.ones((1, 5), dtype=np.bool_), np.abs(need)), value)
    assert np.allclose(found.value, hidden)
    assert meeting(np.concatenate([value, hidden]), found).tolist() == [1]


def test_meeting_ignores_open_entries_and_catches_known_ones() -> None:
    need = Need(np.array([[1.0, 5.0]]), np.array([[True, False]]), np.ones((1, 2)))
    assert meeting(np.array([[1.0, 9.0], [2.0, 5.0]]), need).tolist() == [0]


# Pairs ----------------------------------------------------------------------------------------------------------


def named(values: Array) -> Stack:
    return Stack(values, np.zeros(len(values)), np.zeros(len(values)), lambda i: Name(f"x{i}"))


@pytest.mark.parametrize("op", ["+", "-", "*", "/"])
def test_pairs_planted_pair_is_found_and_no_other(op: str) -> None:
    rng = np.random.default_rng(3)
    first, second = rng.normal(size=(300, 4)), rng.normal(size=(400, 4))
    need = {
        "+": first[17] + second[23],
        "-": first[17] - second[23],
        "*": first[17] * second[23],
        "/": first[17] / second[23],
    }[op]
    wanted = Need(need[None], np.ones((1, 4), dtype=np.bool_), np.abs(need)[None])
    left, right = spread([named(first)], wanted, 0), spread([named(second)], wanted, 0)
    assert left is not None
    assert right is not None
    rows, columns = pairs(left, right, op, wanted)
    assert list(zip(rows.tolist(), columns.tolist(), strict=True)) == [(17, 23)]


def test_pairs_of_masks_meet_where_the_need_is_zero() -> None:
    mask, value = np.array([[1.0, 0.0, 1.0, 0.0]]), np.array([[2.0, 3.0, 4.0, 5.0]])
    need = Need(mask * value, np.ones((1, 4), dtype=np.bool_), np.abs(value))
    left, right = spread([named(mask)], need, 0), spread([named(value)], need, 0)
    assert left is not None
    assert right is not None
    assert pairs(left, right, "*", need)[0].tolist() == [0]


def test_pairs_that_agree_on_the_direction_only_are_none() -> None:
    rng = np.random.default_rng(3)
    first, second = rng.normal(size=(5, 4)), rng.normal(size=(5, 4))
    exact = first[1] + second[2]
    wanted = Need(exact[None], np.ones((1, 4), dtype=np.bool_), np.abs(exact)[None])
    left, right = spread([named(first)], wanted, 0), spread([named(second)], wanted, 0)
    assert left is not None
    assert right is not None
    u, v, *_ = left.direction
    near = exact + np.array([v, -u, 0.0, 0.0])
    assert pairs(left, right, "+", Need(near[None], wanted.known, wanted.size))[0].size == 0


def test_solved_factor_that_is_zero_leaves_the_entry_open() -> None:
    need = Need(np.array([[0.0, 6.0]]), np.ones((1, 2), dtype=np.bool_), np.ones((1, 2)))
    with np.errstate(all="ignore"):
        found = solved(Template(0.0, "*"), need, np.array([[0.0, 2.0]]))
    assert found.known.tolist() == [[False, True]]
    assert meeting(np.array([[9.0, 3.0], [0.0, 4.0]]), found).tolist() == [0]


def test_spread_broadcasts_smaller_shapes_and_drops_larger_ones() -> None:
    need = Need(np.ones((1, 2, 3, 4)), np.ones((1, 2, 3, 4), dtype=np.bool_), np.ones((1, 2, 3, 4)))
    whole = spread([named(np.ones((5, 2))), named(np.ones((6, 2, 4))), named(np.ones((7, 2, 5)))], need, 0)
    assert whole is not None
    assert whole.rows.shape == (11, 24)
    assert spread([named(np.ones((7, 2, 5)))], need, 0) is None


# Stacks ---------------------------------------------------------------------------------------------------------


def test_distinct_keeps_the_cheapest_of_equal_values_and_nothing_useless() -> None:
    values = np.array([[1.0, 2.0], [1.0, 2.0], [0.0, 0.0], [np.nan, 1.0], [3.0, 4.0]])
    stack = Stack(values, np.array([2.0, 1.0, 0.0, 0.0, 5.0]), np.zeros(5), lambda i: Name(f"x{i}"))
    assert sorted(distinct(stack, np.random.default_rng(0)).tolist()) == [1, 4]


def test_by_shape_writes_each_candidate_as_its_own_formula() -> None:
    stacks = [single(np.full((1, 3), float(i)), Name(f"x{i}")) for i in range(5)]
    (whole,) = by_shape(stacks, 3).values()
    assert [show(whole.write(i)) for i in range(5)] == ["x0", "x1", "x2", "x3", "x4"]
    assert whole.values[:, 0].tolist() == [0, 1, 2, 3, 4]


# Variants -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["dLoss_dX", "dLoss_dZ1", "dLoss_dS", "Loss", "W1_new"])
def test_variants_values_are_those_of_the_formulas_they_write(name: str) -> None:
    bench = scalar_bench()
    equation = derivation_equation(name)
    definition = definition_of(equation)
    assert isinstance(definition, Definition)
    problem = FormulaRepair(bench, equation, fused(equation, definition, {}), Budget(math.inf)).problem()
    variants = Variants(problem.formula, problem.bank, problem.vocabulary, problem.budget)
    checked = 0
    with np.errstate(all="ignore"):
        for stack in variants.root.values():
            for place in range(0, len(stack), 7):
                again = evaluate(stack.write(place), problem.screen.lifted, NUMPY)
                assert np.allclose(
                    np.broadcast_to(again, stack.values[:1].shape),
                    stack.values[place],
                    rtol=1e-9,
                    atol=1e-12,
                    equal_nan=True,
                )
                checked += 1
    assert checked > 50


def derivation_equation(name: str) -> Any:
    from repair_setup import SCALAR

    return derivation(SCALAR)[name]


def test_structural_edits_keep_the_operands_as_the_same_objects() -> None:
    whole = formula("a * b + c")
    kept = {id(node) for node in nodes(whole)}
    for edit in structural(whole, Vocabulary(tensors=False)):
        if edit.formula.kind == "binary":
            assert any(id(node) in kept for node in nodes(edit.formula))


def test_fill_makes_the_templates() -> None:
    texts = [show(fill(t, Name("a"), Name("b"))) for t in templates(Name("a"), Vocabulary(tensors=True))]
    assert texts == ["b", "a + b", "a - b", "b - a", "a * b", "a / b", "b / a", "a @ b", "b @ a"]
    assert REPLACE in templates(formula("0"), Vocabulary(tensors=False))


# Names and prices -----------------------------------------------------------------------------------------------


def test_names_say_phase_family_and_ends() -> None:
    assert [phase(n) for n in ("Y5", "dLoss_dW35", "W35_new")] == [Phase.FORWARD, Phase.DERIVATIVE, Phase.UPDATE]
    assert family("W35") == family("W46") != family("b5")
    assert ends("dP5_dY6") == ("P5", "Y6")
    assert ends("Y5") is None


def test_readable_leaves_out_later_phases_and_circles() -> None:
    inputs = {"Z": ["X"], "Y": ["Z"], "dLoss_dY": ["Y"], "dLoss_dZ": ["dLoss_dY", "Z"], "W_new": ["W", "dLoss_dZ"]}
    known = ["X", "W", "Z", "Y", "dLoss_dY", "dLoss_dZ", "W_new"]
    assert readable("Y", known, inputs, {}) == ("X", "W", "Z")
    assert readable("dLoss_dY", known, inputs, {}) == ("X", "W", "Z", "Y")
    assert readable("dLoss_dZ", known, inputs, {}) == ("X", "W", "Z", "Y", "dLoss_dY")
    assert readable("W_new", known, inputs, {}) == ("X", "W", "Z", "Y", "dLoss_dY", "dLoss_dZ")


def test_readable_forward_values_read_their_ancestors_only() -> None:
    ancestors = {"A": frozenset({"X"}), "B": frozenset({"X"}), "X": frozenset[str]()}
    assert readable("B", ["X", "A", "B", "eta"], {}, ancestors) == ("X", "eta")


def test_readable_state_of_an_optimizer_where_others_read_it() -> None:
    inputs = {"m1_new": ["m1"], "W1_new": ["W1", "m1_new"], "m2_new": ["m2"], "W2_new": ["W2"]}
    assert "m2_new" in readable("W2_new", ["W2", "m2_new"], inputs, {})


def test_prior_prefers_what_right_siblings_read() -> None:
    right = {"dLoss_dW35": ["dLoss_dY5", "Y3"], "dLoss_dW45": ["dLoss_dY5", "Y4"], "dLoss_dW36": ["dLoss_dY6", "Y3"]}
    forward = {f"Y{k}": [f"W3{k}", "Y3", f"W4{k}", "Y4", f"b{k}"] for k in "567"}
    prior = Prior(right, forward)
    target = Target("dLoss_dW37", "dLoss_dW37")
    bits = {name: prior.name_bits(name, target) for name in ("dLoss_dY7", "dLoss_db7", "P7", "Y3", "Y4", "W14")}
    assert min(bits, key=lambda name: bits[name]) == "dLoss_dY7"
    assert bits["dLoss_dY7"] < bits["P7"]
    assert bits["Y3"] < bits["Y4"] < bits["W14"]


def test_prior_longer_formulas_cost_more() -> None:
    prior, target = Prior({}, {}), Target("q", "q")
    assert prior.formula_bits(formula("a * b"), target) < prior.formula_bits(formula("a * b * b"), target)


@pytest.mark.parametrize(
    ("sibling", "name", "text", "expected"),
    [
        ("dLoss_dW36", "dLoss_dW37", "dLoss_dY6 * Y3", "dLoss_dY7 * Y3"),
        ("dLoss_dW36", "dLoss_dW47", "dLoss_dY6 * Y3", "dLoss_dY7 * Y4"),
        ("dLoss_dzi", "dLoss_dzf", "dLoss_di * i * (1 - i)", "dLoss_df * f * (1 - f)"),
        ("dLoss_dWq", "dLoss_dWk", "X.T @ dLoss_dQq", "X.T @ dLoss_dQk"),
    ],
)
def test_analogies_are_written_with_the_indices_of_the_equation(
    sibling: str, name: str, text: str, expected: str
) -> None:
    known = "dLoss_dY6, dLoss_dY7, Y3, Y4, dLoss_di, dLoss_df, i, f, X, dLoss_dQq, dLoss_dQk"
    (found,) = analogies(name, {sibling: formula(text, known)}, known.split(", "))
    assert show(found) == expected


def test_analogies_inconsistent_indices_are_none() -> None:
    assert not list(analogies("W34_new", {"W33_new": formula("a")}, []))


# The user's function --------------------------------------------------------------------------------------------


def test_holds_runs_the_function_as_it_is() -> None:
    (group,) = scalar_bench().evidence
    right = written("def dLoss_dZ1(dLoss_dY1, Z1):\n    return dLoss_dY1 if Z1 > 0 else 0.0")
    wrong = written("def dLoss_dZ1(dLoss_dY1, Z1):\n    return dLoss_dY1 if Z1 > 9 else 0.0")
    raises = written("def dLoss_dZ1(dLoss_dY1, Z1):\n    return -(Z1 > 0) * dLoss_dY1")
    assert holds(right.function, right.inputs, "dLoss_dZ1", [group])
    assert not holds(wrong.function, wrong.inputs, "dLoss_dZ1", [group])
    assert not holds(raises.function, raises.inputs, "dLoss_dZ1", [group])


def test_compiled_leaves_the_namespace_as_it_was() -> None:
    namespace = {"k": 3}
    assert compiled("def f(a):\n    return a * k\n", "f", namespace)(2) == 6
    assert list(namespace) == ["k"]
    with pytest.raises(ValueError, match="defines no function g"):
        compiled("def f(a):\n    return a\n", "g", namespace)


def test_context_learns_from_passing_equations_only() -> None:
    right, wrong = written("def q1(a):\n    return np.exp(a)"), written("def q2(a):\n    return np.log(a)")
    context = Context((right, wrong), frozenset({"q1"}))
    assert list(context.formulas) == ["q1"]
    assert [show(part) for part in context.fragments] == ["np.exp(a)"]
