"""Code that nobody here wrote for gradproof: is the right never accused, is the wrong found, named and mended?

    python benchmarks/foreign_code.py [--only NAME] [--out FILE.json] [--quick] [--slice I/N]

What stands in the file of outcomes is not run again, so that the whole can be run in turns: `--slice 2/9` is every
ninth program from the second on, and the table is of all that the file holds.

Each case of `strangers/` is checked as it is, and with each of its mistakes: does the check disagree, does it name the
line that was edited, does it blame another one, does `gradproof fix --write` mend the file. What the table counts is
said in `Outcome`. The figures of every round stand in `foreign_code.md`.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import re
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from importlib import import_module
from pathlib import Path

from click.testing import CliRunner
from strangers.spec import CODE_PREAMBLE, REFERENCE_PREAMBLE, Case

from gradproof import crosscheck
from gradproof.case.project import Project
from gradproof.cli import main as cli
from gradproof.errors import GradproofError

STYLES = ("layers", "functional", "losses", "recurrent", "kernels", "updates")
TRIALS = 200
_PLACE = re.compile(r"[\w./]+\.py:(\d+)")


@dataclass
class Outcome:
    """What became of one program.

    Attributes:
        name: The case, with the label of its mistake after a colon.
        right: Whether it is right as it stands.
        read: Whether its statements were read, at least in part; not only called as a whole.
        refused: The message where the check refused it.
        traceback: The error where there was one that is no message to a user.
        wrong: The equations that disagree.
        unsure: Gradients and updates that are neither right nor wrong nor inherit.
        agrees: How many equations agree.
        named: Whether a statement that was edited is named as the one that is wrong.
        blamed: Equations of which a right line is called wrong.
        mended: Whether `fix --write` made the check pass.
        miswritten: Whether it wrote something after which the check is no better.
        seconds: Processor time.
    """

    name: str
    right: bool
    read: bool = False
    refused: str = ""
    traceback: str = ""
    wrong: list[str] = field(default_factory=list)
    unsure: list[str] = field(default_factory=list)
    agrees: int = 0
    named: bool = False
    blamed: list[str] = field(default_factory=list)
    mended: bool = False
    miswritten: str = ""
    seconds: float = 0.0


def cases(only: str = "") -> Iterator[Case]:
    """All cases, or those whose name has a text in it."""
    for style in STYLES:
        for case in import_module(f"strangers.{style}").CASES:
            if only in case.name:
                yield case


def project_of(case: Case, text: str, folder: Path) -> Project:
    """A project with the case alone."""
    for part in ("manual", "reference"):
        (folder / part).mkdir()
    (folder / "manual" / f"{case.name}.py").write_text(text)
    (folder / "reference" / f"{case.name}.py").write_text(REFERENCE_PREAMBLE + case.reference)
    return Project(folder)


def run(case: Case, text: str, label: str = "", roots: frozenset[int] = frozenset()) -> Outcome:
    """Check one program, and mend it where it is wrong."""
    outcome = Outcome(_title(case, label), right=not label)
    start = time.process_time()
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        project = project_of(case, text, folder)
        try:
            result = crosscheck(case.name, project=project, trials=TRIALS)
        except GradproofError as error:
            outcome.refused = str(error)
        except Exception:
            outcome.traceback = traceback.format_exc(limit=-3)
        else:
            definitions = {n.lineno for n in ast.walk(ast.parse(text)) if isinstance(n, ast.FunctionDef)}
            outcome.agrees = sum(one.verdict == "agrees" for one in result.results)
            outcome.unsure = [
                f"{one.equation} {one.verdict}: {one.diagnosis}"
                for one in result.results
                if one.kind != "forward" and one.verdict in ("inconclusive", "undefined", "unchecked")
            ]
            outcome.read = any(_line(one.place) not in definitions for one in result.results)
            for one in result.wrong:
                outcome.wrong.append(f"{one.equation} at {one.place}: {one.diagnosis} | {one.mended}")
                lines, exact = _blamed(text, one.place, one.diagnosis, one.fix_place, definitions)
                outcome.named |= exact and bool(lines & roots)
                if lines and not lines & roots:
                    outcome.blamed.append(one.equation)
            if label and any(one.fix for one in result.wrong):
                _mend(case, project, outcome, len(result.wrong))
    outcome.seconds = time.process_time() - start
    return outcome


def _line(place: str) -> int:
    return int(place.rpartition(":")[2])


def _blamed(text: str, place: str, diagnosis: str, fix_place: str, definitions: set[int]) -> tuple[set[int], bool]:
    """The lines that an equation's report calls wrong, and whether they are one plain statement."""
    said = [int(line) for line in _PLACE.findall(diagnosis)]
    line = said[0] if said else _line(fix_place) if fix_place else _line(place)
    if line in definitions and not said:
        return set(), False  # a function as a whole: nothing inside is called wrong
    statements = [n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.stmt) and n.lineno == line]
    if not statements:
        return {line}, True
    node = max(statements, key=lambda one: one.end_lineno or 0)
    if hasattr(node, "body") and said:
        return {line}, True
    return set(range(line, (node.end_lineno or line) + 1)), not hasattr(node, "body")


def _mend(case: Case, project: Project, outcome: Outcome, wrong: int) -> None:
    """Let `gradproof fix --write` mend the file, and check what it left."""
    path = project.root / "manual" / f"{case.name}.py"
    before, here = path.read_bytes(), Path.cwd()
    os.chdir(project.root)
    try:
        said = CliRunner().invoke(cli, ["fix", case.name, "--write", "--trials", str(TRIALS)])
    finally:
        os.chdir(here)
    if said.exception is not None and not isinstance(said.exception, SystemExit):
        outcome.traceback = "".join(traceback.format_exception(said.exception, limit=-3))
    if path.read_bytes() == before:
        if "written: " in said.output:
            outcome.miswritten = "said to be written, and nothing was"
        return
    try:
        again = crosscheck(case.name, project=project, trials=TRIALS, repair=False)
    except Exception as error:
        outcome.miswritten = f"{type(error).__name__}: {error}"
        return
    outcome.mended = again.ok
    if not again.ok and len(again.wrong) >= wrong:
        outcome.miswritten = again.sentence


def table(outcomes: list[Outcome], lines: list[int]) -> list[tuple[str, str]]:
    """The figures, as in the page."""
    right = [one for one in outcomes if one.right]
    wrong = [one for one in outcomes if not one.right]

    def of(number: int, whole: list[Outcome]) -> str:
        return f"{number} of {len(whole)} ({100 * number / max(1, len(whole)):.0f} %)"

    accused = sum(bool(one.wrong) or (bool(one.unsure) and not one.agrees) for one in right)
    passed = [one for one in right if one.agrees and not (one.wrong or one.unsure or one.refused or one.traceback)]
    caught = sum(bool(one.wrong) for one in wrong)
    return [
        ("right code called wrong, or with nothing agreeing", of(accused, right)),
        ("right code that passes as it stands", of(len(passed), right)),
        ("of it read, not only called", of(sum(one.read for one in passed), right)),
        ("wrong code caught", of(caught, wrong)),
        ("root named exactly", of(sum(one.named for one in wrong), wrong)),
        ("mended: fix --write, then check passes", of(sum(one.mended for one in wrong), wrong)),
        (
            "right lines blamed",
            f"{sum(len(o.blamed) for o in wrong)}, in {sum(bool(o.blamed) for o in wrong)} programs",
        ),
        ("wrong fixes written, or said to be written", str(sum(bool(one.miswritten) for one in wrong))),
        ("tracebacks", str(sum(bool(one.traceback) for one in outcomes))),
        ("refused", f"{sum(bool(o.refused) for o in right)} right, {sum(bool(o.refused) for o in wrong)} wrong"),
        ("lines that a user writes", f"{min(lines)} to {max(lines)}, {sum(lines) / len(lines):.1f} on average"),
        ("processor time", f"{sum(one.seconds for one in outcomes):.0f} s"),
    ]


def main() -> None:
    """Run the battery and print its table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", help="cases whose name has this text in it")
    parser.add_argument("--out", type=Path, help="every outcome as JSON")
    parser.add_argument("--quick", action="store_true", help="the right programs alone")
    parser.add_argument("--slice", default="1/1", help="I/N: every Nth program from the Ith on")
    asked = parser.parse_args()
    first, step = map(int, asked.slice.split("/"))
    outcomes = [Outcome(**one) for one in json.loads(asked.out.read_text())] if asked.out and asked.out.exists() else []
    done = {one.name for one in outcomes}
    programs: list[tuple[Case, str, str, frozenset[int]]] = []
    for case in cases(asked.only):
        programs.append((case, "", CODE_PREAMBLE + case.code, frozenset()))
        if not asked.quick:
            programs += [(case, mistake.label, *case.edited(mistake)) for mistake in case.mistakes]
    for case, label, text, roots in programs[first - 1 :: step]:
        if _title(case, label) in done:
            continue
        outcome = run(case, text, label, roots)
        outcomes.append(outcome)
        print(_short(outcome), file=sys.stderr, flush=True)
        if asked.out:
            part = asked.out.with_suffix(".part")
            part.write_text(json.dumps([asdict(one) for one in outcomes], indent=1))
            part.replace(asked.out)
    for what, figure in table(outcomes, [case.lines for case in cases(asked.only)]):
        print(f"| {what} | {figure} |")


def _title(case: Case, label: str) -> str:
    return f"{case.name}: {label}" if label else case.name


def _short(one: Outcome) -> str:
    said = [
        "REFUSED" if one.refused else "",
        "TRACEBACK" if one.traceback else "",
        f"{one.agrees} agree" if one.agrees else "",
        f"{len(one.wrong)} wrong" if one.wrong else "",
        f"{len(one.unsure)} unsure" if one.unsure else "",
        "named" if one.named else "",
        f"BLAMES {', '.join(one.blamed)}" if one.blamed else "",
        "mended" if one.mended else "",
        f"MISWRITTEN {one.miswritten}" if one.miswritten else "",
        f"{one.seconds:.1f} s",
    ]
    return f"{one.name}: {'; '.join(part for part in said if part)}"


if __name__ == "__main__":
    main()
