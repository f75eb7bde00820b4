"""Several wrong equations of one derivation."""

from __future__ import annotations

from collections import Counter
from unittest.mock import Mock

import numpy as np
from repair_setup import bench_of, scalar_bench, tensor_bench, written

from gradproof.repair import Context, Evidence, Workbench, mend_all, prepared
from gradproof.repair import equation as equations
from gradproof.repair.evidence.confirm import holds


def test_mend_all_each_is_mended_from_true_inputs() -> None:
    wrong = [
        written("def W1_new(W1, eta, dLoss_dW1):\n    return W1 + eta * dLoss_dW1"),
        written("def dLoss_dW1(dLoss_dZ1):\n    return dLoss_dZ1"),
        written("def dLoss_dZ1(dLoss_dY1, Z2):\n    return dLoss_dY1 * (Z2 > 0)"),
        written("def Y1(Z1):\n    return np.minimum(Z1, 0)"),
    ]
    bench = scalar_bench(*wrong)
    outcomes = mend_all(wrong, bench)
    fixes = {name: outcome.fix for name, outcome in outcomes.items()}
    assert {name: fix.expression for name, fix in fixes.items() if fix} == {
        "Y1": "np.maximum(Z1, 0)",
        "dLoss_dZ1": "dLoss_dY1 * (Z1 > 0)",
        "dLoss_dW1": "dLoss_dZ1 * X",
        "W1_new": "W1 - eta * dLoss_dW1",
    }


def test_mend_all_what_others_read_comes_first() -> None:
    wrong = [
        written("def dLoss_dW1(dLoss_dZ1):\n    return dLoss_dZ1"),
        written("def dLoss_dZ1(dLoss_dY1):\n    return dLoss_dY1"),
    ]
    assert list(mend_all(wrong, scalar_bench(*wrong))) == ["dLoss_dZ1", "dLoss_dW1"]


def test_mend_all_equations_that_read_each_other_in_a_circle_are_untied() -> None:
    wrong = [
        written("def Z1(X, W1, b1, H):\n    return W1 * X + b1 + H"),
        written("def Y1(H):\n    return np.maximum(H, 0)"),
        written("def dLoss_dX(W1_new, dLoss_dZ1):\n    return W1_new * dLoss_dZ1"),
    ]
    bench = scalar_bench(*wrong)
    outcomes = mend_all(wrong, bench)
    for equation in wrong:
        fix = outcomes[equation.name].fix
        assert fix is not None
        assert "H" not in fix.parameters
        assert holds(fix.function, fix.parameters, equation.quantity, bench.fresh)


def test_mend_all_the_same_slip_in_siblings() -> None:
    wrong = [written(f"def {p}_new({p}, dLoss_d{p}):\n    return {p} - dLoss_d{p}") for p in ("W1", "W2", "V1", "V2")]
    outcomes = mend_all(wrong, scalar_bench(*wrong))
    assert [outcome.fix and outcome.fix.sentence for outcome in outcomes.values()] == ["the factor eta is missing"] * 4


def test_mend_all_what_cannot_be_mended_does_not_hold_up_the_rest() -> None:
    wrong = [
        written("def dLoss_dZ(dLoss_dA, Z):\n    if Z.any():\n        return np.sinh(dLoss_dA)**3\n    return Z"),
        written("def dLoss_db(dLoss_dZ):\n    return dLoss_dZ.sum(axis=1)"),
    ]
    outcomes = mend_all(wrong, tensor_bench(*wrong))
    assert outcomes["dLoss_dZ"].fix is None
    assert outcomes["dLoss_db"].fix is not None


def test_mend_all_what_another_wrong_equation_forbids_is_tried_again() -> None:
    """Q should read P; but P, as it is written, reads R, and that reads Q: until P is mended Q may not read it."""
    texts = {
        "P": "np.sinh(a) * np.cosh(b)",
        "P2": "np.sinh(b) * np.cosh(a) + a",
        "Q": "P * np.sinh(P)",
        "R": "np.cos(Q)",
    }

    def evidence(seed: int) -> Evidence:
        rng = np.random.default_rng(seed)
        values = {name: rng.uniform(0.4, 1.6, 10) for name in "ab"}
        for name, text in texts.items():
            values[name] = eval(text, {"np": np}, values)
        return Evidence(values)

    wrong = [
        written("def Q(P2):\n    return P2 * np.sinh(P2)"),
        written("def P(a, b, R):\n    return np.sinh(a) * np.cosh(b) + R"),
    ]
    right = [written("def R(Q):\n    return np.cos(Q)")]
    bench = Workbench((evidence(0),), (evidence(1),), Context((*wrong, *right), frozenset({"R"})))
    outcomes = mend_all(wrong, bench)
    assert [outcomes[name].fix and outcomes[name].fix.expression for name in ("P", "Q")] == [texts["P"], texts["Q"]]


def test_mend_all_what_a_fix_leaves_as_it_was_is_prepared_once(monkeypatch) -> None:
    screens, read = Mock(wraps=prepared.screen), Mock(wraps=equations.definition_of)
    monkeypatch.setattr(prepared, "screen", screens)
    monkeypatch.setattr(equations, "definition_of", read)
    wrong = [written(f"def {p}_new({p}, dLoss_d{p}):\n    return {p} - dLoss_d{p}") for p in ("W1", "W2", "V1")]
    bench = scalar_bench(*wrong)
    mend_all(wrong, bench)
    assert screens.call_count == 1
    counts = Counter(call.args[0].name for call in read.call_args_list)
    assert {counts[one.name] for one in bench.context.equations if one not in wrong} == {1}


def test_mend_all_values_of_a_mended_helper_are_computed_again(monkeypatch) -> None:
    screens = Mock(wraps=prepared.screen)
    monkeypatch.setattr(prepared, "screen", screens)
    text = "def t(x, y): return x - y\ndef P(t, z): return t * z\ndef Q(t, w): return w + t"
    bench, every = bench_of(text, {"P": "(x + y) * z", "Q": "w - (x + y)"}, ("P", "Q"))
    outcomes = mend_all([every["P"], every["Q"]], bench)
    assert [(fix := outcomes[name].fix) and fix.expression for name in "PQ"] == ["x + y", "w - t"]
    assert screens.call_count == 2
