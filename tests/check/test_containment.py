"""What fails in gradproof itself costs that one thing: verdicts, other cases and files stand, and it is told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from small_projects import Run, Write, flat

from gradproof.case.project import Project
from gradproof.cli.status import AS_EXPECTED, DISAGREEMENT, INTERRUPTED, OWN_FAULT
from gradproof.errors import Disagreement
from gradproof.proof.identity import prove_equal
from gradproof.report.html.brief import status
from gradproof.report.markdown import agreement
from gradproof.run import crosscheck

WRONG = {"return dLoss_dZ * x": "return dLoss_dZ + x"}
PROOF = "gradproof.run.afterwards.prove_case"
REPAIR = "gradproof.repair.mend.Workbench.mend"
PICTURE = "gradproof.report.figures.draw.share_picture"


def failing_once(monkeypatch: pytest.MonkeyPatch, target: str, error: BaseException) -> None:
    """Let a function of gradproof raise when it is called for the first time, and work from then on."""
    module, _, name = target.rpartition(".")
    owner: Any = __import__(module, fromlist=["_"]) if "Workbench" not in module else None
    if owner is None:
        from gradproof.repair.mend import Workbench as owner
    original, waiting = getattr(owner, name), [error]

    def function(*args: Any, **kwargs: Any) -> Any:
        if waiting:
            raise waiting.pop()
        return original(*args, **kwargs)

    monkeypatch.setattr(owner, name, function)


def test_proof_that_raises_costs_the_proof_alone(write: Write, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    write("first")
    write("second")
    failing_once(monkeypatch, PROOF, KeyError("no such node"))
    outcome = run("check", "--trials", "100")
    first, second = outcome.stdout.split("\nsecond\n")
    assert outcome.exit_code == OWN_FAULT
    assert "FAILED: 9 of 9 equations agree" in first
    assert "gradproof failed in the proof (KeyError: 'no such node', at gradproof/run/afterwards.py:" in flat(first)
    assert "; the verdicts stand without it" in flat(first)
    assert "please report it with these lines and the case's two files" in flat(first)
    assert "proved" not in first
    assert "proved" in second
    assert "ok: " in second


def test_proof_of_one_equation_that_raises_costs_that_proof_alone(
    write: Write, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("neuron")
    calls: list[int] = []

    def prove(pairs: Sequence[Any], **options: Any) -> Any:
        calls.append(len(pairs))
        if len(pairs) > 1 or len(calls) == 4:
            raise KeyError("no such node")
        return prove_equal(pairs, **options)

    monkeypatch.setattr("gradproof.proof.proving.prove_equal", prove)
    result = crosscheck("neuron", trials=50, proof=True, project=project)
    assert [one.proof for one in result.results].count("PROVED") == len(result.results) - 1
    assert result.count("agrees") == len(result.results)
    (found,) = result.failures
    assert found.doing == "the proof of Loss"
    assert not result.ok


def test_repair_that_raises_costs_that_repair_alone(write: Write, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    write("first", WRONG | {"return w - eta * dLoss_dw": "return w + eta * dLoss_dw"})
    write("second")
    failing_once(monkeypatch, REPAIR, SyntaxError("unmatched ')'"))
    outcome = run("check", "--trials", "100")
    first, second = outcome.stdout.split("\nsecond\n")
    assert outcome.exit_code == DISAGREEMENT
    assert "2 of 9 equations wrong: dLoss_dw, w_new" in first
    assert "gradproof failed in the repair of dLoss_dw (SyntaxError: unmatched ')', at gradproof/" in flat(first)
    assert "fix: w - eta * dLoss_dw" in first
    assert "ok: " in second


def test_picture_that_raises_costs_the_picture_alone(
    write: Write, run: Run, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("first")
    write("second")
    failing_once(monkeypatch, PICTURE, ZeroDivisionError("float division by zero"))
    outcome = run("check", "--trials", "100", "--no-proof", "--reports", "reports")
    assert outcome.exit_code == OWN_FAULT
    assert "gradproof failed in the picture bounds of first (ZeroDivisionError: float division" in flat(outcome.stdout)
    assert outcome.stdout.count("\nok: ") == 2
    pages = [(project.root / f"reports/{case}/agreement.html").read_text() for case in ("first", "second")]
    assert ['id="bounds"' in page for page in pages] == [False, True]


def test_report_that_raises_leaves_those_of_other_cases(
    write: Write, run: Run, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("first")
    write("second")
    assert run("check", "--trials", "50", "--no-proof", "--reports", "reports").exit_code == AS_EXPECTED
    before = (project.root / "reports/first/equations.csv").read_bytes()
    failing_once(monkeypatch, "gradproof.report.write.csv_bytes", AttributeError("columns"))
    outcome = run("check", "--trials", "60", "--no-proof", "--reports", "reports")
    assert outcome.exit_code == OWN_FAULT
    assert "gradproof failed in the report of first (AttributeError: columns" in flat(outcome.stdout)
    assert (project.root / "reports/first/equations.csv").read_bytes() == before
    assert ",60," in (project.root / "reports/second/equations.csv").read_text()


def test_check_that_raises_leaves_the_other_cases(write: Write, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    write("first")
    write("second")
    failing_once(monkeypatch, "gradproof.run.trials.results_of", IndexError("out of range"))
    outcome = run("check", "--trials", "50", "--no-proof")
    assert outcome.exit_code == OWN_FAULT
    assert "gradproof failed in the check of first (IndexError: out of range" in flat(outcome.stdout)
    assert "1 case as expected; 1 broken: first" in outcome.stdout


def test_failure_names_the_line_of_gradproof(write: Write, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    write("neuron")
    monkeypatch.setattr("gradproof.proof.proving.leaf_expressions", lambda *_: {})
    (found,) = crosscheck("neuron", trials=50, proof=True, project=project).failures
    assert found.place.startswith("gradproof/proof/prov")


@pytest.mark.parametrize(("target", "wrong"), [(PROOF, {}), (REPAIR, WRONG)])
def test_ctrl_c_after_the_verdicts_keeps_them(
    write: Write, run: Run, monkeypatch: pytest.MonkeyPatch, target: str, wrong: dict[str, str]
) -> None:
    write("neuron", wrong)
    write("next")
    failing_once(monkeypatch, target, KeyboardInterrupt())
    outcome = run("check", "--trials", "100")
    assert outcome.exit_code == INTERRUPTED
    assert ("1 of 9 equations wrong" if wrong else "9 of 9 equations agree") in outcome.stdout
    assert "1 not run: next" in outcome.stdout


def test_reports_tell_what_is_missing(write: Write, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    write("neuron")
    monkeypatch.setattr("gradproof.proof.proving.leaf_expressions", lambda *_: {})
    result = crosscheck("neuron", trials=50, proof=True, project=project)
    missing = result.failures[0].sentence
    assert "Incomplete: " + missing in status(result)
    assert "## What gradproof could not do" in agreement(result)
    with pytest.raises(Disagreement, match="gradproof failed in the proof"):
        result.raise_on_disagreement()
