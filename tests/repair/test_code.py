"""Slips in code that is no formula: loops, stores, branches, comprehensions, functions with subscripts of their own."""

from __future__ import annotations

import numpy as np
import pytest
from repair_setup import scalar_bench, tensor_bench, written

from gradproof.repair import Context, Evidence, Repair, Workbench, patch
from gradproof.repair.budget import Budget
from gradproof.repair.code.running import MOST_TURNS, Counter, EndlessLoop, guarded, namespace_of, with_counter
from gradproof.repair.code.scope import Scope
from gradproof.repair.code.signature import with_parameters
from gradproof.repair.code.source import Source
from gradproof.repair.code.statements import slips
from gradproof.repair.formulas.rewrite import Span, substituted

CODE = {
    "dLoss_dW": """
def dLoss_dW(X, dLoss_dZ):
    dW = np.zeros((X.shape[1], dLoss_dZ.shape[1]))
    for i in range(X.shape[0]):
        for j in range(X.shape[1]):
            dW[j] += X[i, j] * dLoss_dZ[i]  # outer product
    return dW
""",
    "dLoss_db": """
def dLoss_db(dLoss_dZ):
    db = np.zeros(dLoss_dZ.shape[1])
    for row in dLoss_dZ:
        db += row
    return db
""",
    "dLoss_dZ": """
def dLoss_dZ(dLoss_dA, Z):
    out = np.zeros_like(Z)
    n, m = Z.shape
    for i in range(n):
        for j in range(m):
            if Z[i, j] > 0:
                out[i, j] = dLoss_dA[i, j]
    return out
""",
    "dLoss_dY": """
def dLoss_dY(Y, T):
    n = len(Y)
    return np.array([2 * (Y[i] - T[i]) / n for i in range(n)])
""",
    "Loss": """
def Loss(Y, T):
    total, n = 0.0, Y.shape[0]
    for i in range(n):
        d = Y[i] - T[i]
        total += d @ d
    return total / n
""",
    "dLoss_dA": """
def dLoss_dA(dLoss_dY, V):
    out = np.zeros((len(dLoss_dY), len(V)))
    out += np.einsum("ij,kj->ik", dLoss_dY, V)
    return out
""",
    "dLoss_dX": """
def dLoss_dX(dLoss_dZ, W):
    out = np.empty((dLoss_dZ.shape[0], W.shape[0]))
    out[:] = dLoss_dZ @ W.T
    return out
""",
}

SLIPS = [
    # The slip, and the statement that mends it where that is not the one that was right.
    ("dLoss_dW", "dW[j] +=", "dW[j] =", "accumulation"),
    ("dLoss_dW", "* dLoss_dZ[i]", "* dLoss_dZ[j]", "name"),
    ("dLoss_dW", "* dLoss_dZ[i]", "/ dLoss_dZ[i]", "operator"),
    ("dLoss_dW", "X[i, j] * dLoss_dZ[i]", "dLoss_dZ[i]", "missing factor"),
    ("dLoss_dW", "+= X", "-= X", "sign"),
    ("dLoss_dW", "X[i, j]", "X[j, i]", "index"),
    ("dLoss_dW", "return dW", "return dW / X.shape[0]", "extra factor"),
    ("dLoss_dW", "range(X.shape[0])", "range(1, X.shape[0])", "index"),
    ("dLoss_dW", "range(X.shape[0])", "range(X.shape[0] - 1)", "index"),
    ("dLoss_db", "+= row", "= row", "accumulation"),
    ("dLoss_db", "+= row", "-= row", "sign"),
    ("dLoss_db", "return db", "return db / len(dLoss_dZ)", "extra factor"),
    ("dLoss_db", "+= row", "+= 2 * row", "extra factor"),
    ("dLoss_db", "    return db", "        return db", "order"),
    ("dLoss_dZ", "> 0:", "< 0:", "mask"),
    ("dLoss_dZ", "= dLoss_dA[i, j]", "= dLoss_dA[i, j] * Z[i, j]", "extra factor"),
    ("dLoss_dZ", "= dLoss_dA[i, j]", "= Z[i, j]", "name"),
    ("dLoss_dZ", "zeros_like", "ones_like", "function"),
    ("dLoss_dZ", "= dLoss_dA[i, j]", "= -dLoss_dA[i, j]", "sign"),
    ("dLoss_dZ", "if Z[i, j] > 0", "if dLoss_dA[i, j] > 0", "name"),
    ("dLoss_dY", "- T[i]", "+ T[i]", "sign"),
    ("dLoss_dY", "Y[i] - T[i]", "T[i] - Y[i]", "swapped"),
    ("dLoss_dY", "2 * ", "3 * ", "constant"),
    ("Loss", "total / n", "total", "missing factor"),
    ("Loss", "+= d @ d", "= d @ d", "accumulation"),
    ("Loss", "- T[i]", "+ T[i]", "sign"),
    ("Loss", "d @ d", "d", "missing factor"),
    ("Loss", "total / n", "total / n / 2", "extra factor"),
    ("Loss", "    return total", "        return total", "order"),
    ("Loss", "Y.shape[0]", "Y.shape[1]", "constant"),
    ("dLoss_dX", "W.T", "W", "transposed"),
]


def repaired(name: str, old: str, new: str) -> tuple[Repair, str]:
    """The repair of a piece of code with a slip in it, and the text that it makes."""
    right = CODE[name].strip("\n") + "\n"
    assert old in right
    wrong = written(right.replace(old, new, 1))
    repair = tensor_bench(wrong).mend(wrong, Budget.of_seconds(60.0))
    assert repair.fix is not None, repair
    assert repair.fix.mends == (name,)
    assert patch(wrong.source, [repair.fix]) == repair.fix.body
    return repair, right


@pytest.mark.parametrize("name", CODE)
def test_code_that_is_right_is_left_alone(name: str) -> None:
    right = written(CODE[name])
    repair = tensor_bench(right).mend(right)
    assert repair.refusal == "in the trials of the search it is right up to rounding"


@pytest.mark.parametrize(("name", "old", "new", "kind"), SLIPS)
def test_code_with_one_slip_gets_its_text_back(name: str, old: str, new: str, kind: str) -> None:
    repair, right = repaired(name, old, new)
    assert repair.fix is not None
    assert repair.fix.body == right or kind == "missing factor"
    assert repair.fix.kind == kind


def test_code_fix_tells_statement_and_line() -> None:
    repair, _ = repaired("dLoss_dW", "dW[j] +=", "dW[j] =")
    fix = repair.fix
    assert fix is not None
    assert (fix.before, fix.expression) == (
        "dW[j] = X[i, j] * dLoss_dZ[i]",
        "dW[j] += X[i, j] * dLoss_dZ[i]",
    )
    assert fix.statement_line == 5
    assert fix.sentence == "= should be +=: what was there is lost"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"ij,kj->ik"', '"ij,jk->ik"'),
        ('"ij,kj->ik"', '"ij,kj->ki"'),
        ('"ij,kj->ik"', '"ij,kj->ij"'),
        ("len(V)", "len(V) - 1"),
        ("+= np", "+= 2 * np"),
    ],
)
def test_code_with_unknown_functions_is_mended_by_one_edit(old: str, new: str) -> None:
    repair, right = repaired("dLoss_dA", old, new)
    assert repair.fix is not None
    assert repair.fix.body == right


DERIVED = [
    # What is right, and the slip; every one is in one statement.
    ("an index that occurs more than once", "np.add.at(out, rows, dLoss_dZ)", "out[rows] += dLoss_dZ"),
    ("a ufunc of the other sign", "np.add.at(out, rows, dLoss_dZ)", "np.subtract.at(out, rows, dLoss_dZ)"),
    ("the other triangle", "out[:] = np.triu(Z, k=1)", "out[:] = np.tril(Z, k=1)"),
    ("a number of the module", "out[:] = np.sqrt(Z**2 + _EPSILON)", "out[:] = np.sqrt(Z**2)"),
    ("a misplaced point", "out[:] = Z + 0.0447 * Z**3", "out[:] = Z + 0.447 * Z**3"),
    ("a power", "out[:] = Z * (1 - mean**n)", "out[:] = Z * (1 - mean)"),
    ("the axes exchanged", "out[:] = (Z @ Z.swapaxes(-1, -2)) @ dLoss_dZ", "out[:] = (Z @ Z) @ dLoss_dZ"),
    ("what is computed but never read", "out[:] = (Z - mean - Z * spread) / 2", "out[:] = (Z - mean) / 2"),
    ("a sibling's factor", "out[:] = dLoss_dZ / (2 - Z) + A / (2 - A)", "out[:] = dLoss_dZ / (2 - Z) + A"),
]  # fmt: skip
BODY = """
def {name}(A, Z, dLoss_dA, dLoss_dZ):
    out, n = np.zeros_like(Z), Z.shape[0]
    mean, spread = Z.mean(axis=0), Z.std(axis=1, keepdims=True)
    rows = (Z[:, 0] > 0).astype(int)
    {statement}
    return out
"""


@pytest.mark.parametrize(("right", "wrong"), [pytest.param(r, w, id=what) for what, r, w in DERIVED])
def test_code_gets_what_stands_elsewhere(right: str, wrong: str) -> None:
    numbers = {"_EPSILON": 0.01}
    groups = []
    for group in tensor_bench().evidence + tensor_bench().fresh:
        values = dict(group.values)
        n = min(values["Z"].shape[1:])
        for name in ("A", "Z", "dLoss_dA", "dLoss_dZ"):
            values[name] = values[name][:, :n, :n]  # square
        function = written(BODY.format(name="Q", statement=right), numbers).function
        inputs = ("A", "Z", "dLoss_dA", "dLoss_dZ")
        values["Q"] = np.array([function(*(values[name][k] for name in inputs)) for k in range(group.trials)])
        groups.append(Evidence({name: values[name] for name in ("Q", *inputs)}))
    equation = written(BODY.format(name="Q", statement=wrong), numbers)
    bench = Workbench(tuple(groups[:2]), tuple(groups[2:]), Context((equation,)))
    repair = bench.mend(equation, Budget.of_seconds(60.0))
    assert repair.fix is not None, repair
    assert repair.fix.before == wrong


def test_code_that_forgets_a_quantity_gets_it_as_a_parameter() -> None:
    wrong = written("def dLoss_dZ1(Z1):\n    if Z1 > 0:\n        return 1.0\n    return 0.0")
    repair = scalar_bench(wrong).mend(wrong)
    assert repair.fix is not None
    assert repair.fix.parameters == ("Z1", "dLoss_dY1")
    assert repair.fix.before == "return 1.0"
    assert "dLoss_dY1" in repair.fix.expression


def test_code_that_reads_the_wrong_quantity_gets_the_right_one_in_its_place() -> None:
    wrong = written("def dLoss_dZ1(dLoss_dY2, Z1):\n    if Z1 > 0:\n        return dLoss_dY2\n    return 0.0")
    repair = scalar_bench(wrong).mend(wrong)
    assert repair.fix is not None
    assert repair.fix.body == wrong.source.replace("dLoss_dY2", "dLoss_dY1")
    assert repair.fix.sentence == "dLoss_dY2 should be dLoss_dY1"


def test_code_whose_branch_is_never_taken_is_not_mended_by_it() -> None:
    wrong = written("def dLoss_dH(H, T):\n    if H > 5:\n        return T - H\n    return np.sinh(H)**3 - T**5")
    repair = scalar_bench(wrong).mend(wrong, Budget.of_seconds(60.0))
    assert repair.fix is None
    assert repair.tried is not None
    assert repair.tried.exhausted


def test_code_with_no_time_left_says_that_it_was_not_searched_to_the_end() -> None:
    wrong = written(CODE["dLoss_dW"].replace("+=", "-="))
    repair = tensor_bench(wrong).mend(wrong, Budget(0))
    assert repair.fix is None
    assert repair.tried is not None
    assert not repair.tried.exhausted


def test_guarded_loop_without_an_end_is_stopped() -> None:
    source = Source.of("def f(x):\n    while x > 0:\n        x = x + 1\n    return x\n")
    assert source is not None
    function = guarded(source.function, with_counter({}, counter := Counter()))
    assert function(0) == 0
    with pytest.raises(EndlessLoop):
        function(1)
    assert counter.turns == MOST_TURNS + 1


def test_namespace_holds_what_the_functions_around_hold() -> None:
    scale = 3.0

    def function(x: float) -> float:
        return scale * x

    assert namespace_of(function)["scale"] == 3.0


def test_with_parameters_added_ones_come_last_and_a_replaced_one_keeps_its_place() -> None:
    source = Source.of("def f(a, b):\n    return a * b\n")
    assert source is not None
    start = source.text.index("b\n")
    replaced = with_parameters(source, [Span(start, start + 1, "c")], ["c"])
    assert substituted(source.text, replaced) == "def f(a, c):\n    return a * c\n"
    added = with_parameters(source, [Span(start + 1, start + 1, " * c")], ["c"])
    assert substituted(source.text, added) == "def f(a, b, c):\n    return a * b * c\n"


def test_slips_give_texts_of_functions() -> None:
    for text in CODE.values():
        source = Source.of(text.strip("\n") + "\n")
        assert source is not None
        found = [substituted(source.text, slip.spans) for slip in slips(source, Scope(source, {"V": 2}, {"X": 2}))]
        readable = [text for text in found if Source.of(text) is not None]
        assert len(readable) > 0.95 * len(found) > 50


def test_code_does_not_change_the_trials_it_is_run_on() -> None:
    wrong = written("def dLoss_dA(dLoss_dY, V):\n    dLoss_dY *= 2\n    return dLoss_dY @ V.T")
    bench = tensor_bench(wrong)
    before = [group.values["dLoss_dY"].copy() for group in bench.evidence]
    repair = bench.mend(wrong)
    assert all(np.array_equal(a, group.values["dLoss_dY"]) for a, group in zip(before, bench.evidence, strict=True))
    assert repair.fix is not None
