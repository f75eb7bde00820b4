"""`agreement.md` and `index.md`: a case's outcome as it reads in a pull request."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from gradproof.report import wording
from gradproof.result import VERDICTS, CheckResult, EquationResult

HOW_TO_READ = """\
An equation is compared with autograd, or with the optimizer's step, in every trial. It `agrees` where the difference
is never larger than rounding can explain; it `disagrees` if it is wrong on true inputs; it `inherits` if it is wrong
only because an equation that it reads is. `share of bound` is the largest difference as a share of what rounding can
explain in that trial. All columns and verdicts are explained in gradproof's `docs/reports.md`."""


def agreement(result: CheckResult) -> str:
    """The text of `agreement.md`."""
    parts = [
        f"# {escape(result.case)}",
        f"**{escape(wording.verdict_line(result))}**",
        f"{escape(result.title)}",
        f"{code(wording.check_command(result))}: {wording.run_line(result)}; "
        f"torch {wording.version_of('torch')}, NumPy {wording.version_of('numpy')}.",
    ]
    if result.wrong:
        parts.append("## Wrong equations")
        parts += [_erratum(result, one) for one in result.wrong]
    open_ones = [one for one in result.results if one.verdict not in VERDICTS[:2]]
    if open_ones:
        parts.append("## Neither right nor wrong by themselves")
        parts.append("\n".join(f"- {code(one.equation)} {one.verdict}: {escape(one.diagnosis)}" for one in open_ones))
    parts += ["## All equations", _equations(result.results)]
    if result.trajectory is not None:
        parts += ["## Training", _trajectory(result)]
    parts += ["## How to read this", HOW_TO_READ]
    return "\n\n".join(parts) + "\n"


def _erratum(result: CheckResult, one: EquationResult) -> str:
    worst = wording.worst_of(result, one.equation)
    lines = [
        f"### {code(one.equation)}{' (known erratum)' if one.known_erratum else ''}",
        f"{code(one.place)}: {wording.disagreement(one)}.",
        f"```python\n{one.equation} = {one.written}\n```",
    ]
    fix = f"{code(one.fix)}, {wording.confirmation(one)}" if one.fix else ""
    others = ", ".join(map(code, one.alternatives[:3]))
    facts = [("diagnosis", escape(one.diagnosis)), ("fix", fix), ("also right", others), ("proof", one.proof)]
    if worst is not None:
        entry = f", entry {worst.entry}" if worst.entry else ""
        facts += [
            ("worst trial", f"{worst.trial}{escape(entry)}"),
            ("manual", code(wording.exact(worst.manual))),
            ("truth", code(wording.exact(worst.truth))),
            ("difference", wording.difference(worst)),
            ("inputs", code(worst.inputs) if worst.inputs else ""),
        ]
    facts.append(("replay", code(result.replay_command(one))))
    lines.append("\n".join(f"- {name}: {text}" for name, text in facts if text))
    return "\n\n".join(lines)


def _equations(results: Sequence[EquationResult]) -> str:
    proved = any(one.proof for one in results)
    header = ["equation", "kind", "verdict", "trials", "disagreeing", "max abs error", "max ulp", "share of bound"]
    rows = [
        [
            code(one.equation),
            one.kind,
            f"{one.verdict}{', known erratum' if one.known_erratum else ''}",
            f"{one.trials:,}",
            f"{one.disagreeing_trials:,}",
            wording.short(one.max_abs_error),
            wording.short(one.max_ulp_error),
            wording.percent(one.bound_share),
            *([one.proof] if proved else []),
        ]
        for one in results
    ]
    return table([*header, *(["proof"] if proved else [])], rows, numbers=range(3, 8))


def _trajectory(result: CheckResult) -> str:
    run = result.trajectory
    assert run is not None
    rows = [
        [
            f"{step:,}",
            wording.short(run.max_difference[step - 1]),
            wording.short(run.median_difference[step - 1]),
            wording.short(run.largest_parameter[step - 1]),
        ]
        for step in wording.shown_steps(len(run.steps))
    ]
    header = ["after step", "largest difference", "median difference", "largest parameter"]
    intro = f"{wording.count(run.trials, 'trial')} trained by both sides; how far their parameters are apart:"
    return f"{intro}\n\n{table(header, rows, numbers=range(4))}"


@dataclass(frozen=True)
class CaseSummary:
    """One case in the index of a reports folder.

    Attributes:
        case: Its name, which is its folder's.
        problem: Why its report cannot be read; empty where it can.
        counts: How many equations have each verdict.
        wrong: The equations that disagree.
        trials, seed, dtype: How it was run.
    """

    case: str
    problem: str = ""
    counts: tuple[tuple[str, int], ...] = ()
    wrong: tuple[str, ...] = ()
    trials: int = 0
    seed: int = 0
    dtype: str = ""


def index(summaries: Sequence[CaseSummary]) -> str:
    """The text of `index.md`, over all cases of a reports folder."""
    header = ["case", "equations", *VERDICTS, "wrong", "trials", "seed", "dtype"]
    rows = []
    for one in summaries:
        name = f"[{escape(one.case)}]({one.case}/agreement.md)"
        counts = dict(one.counts)
        if one.problem:
            rows.append([name, *[""] * (len(VERDICTS) + 1), escape(one.problem), "", "", ""])
            continue
        numbers = [str(counts.get(verdict, 0)) for verdict in VERDICTS]
        wrong = ", ".join(map(code, one.wrong))
        total = str(sum(counts.values()))
        rows.append([name, total, *numbers, wrong, f"{one.trials:,}", str(one.seed), one.dtype])
    note = (
        "An erratum that a case declares counts as wrong here; the case's own page says which are declared and whether "
        "all is as expected."
    )
    return f"# Agreement reports\n\n{table(header, rows, numbers=range(1, len(VERDICTS) + 2))}\n\n{note}\n"


# Markdown itself -------------------------------------------------------------------------------------------------


def table(header: Sequence[str], rows: Sequence[Sequence[str]], numbers: Sequence[int] = ()) -> str:
    """A table; the columns counted in `numbers` are flush right. A pipe in a cell does not end it."""
    rule = ["---:" if k in numbers else "---" for k in range(len(header))]
    cells = [[cell.replace("|", "\\|").replace("\n", " ") for cell in row] for row in rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in [list(header), rule, *cells])


def escape(text: str) -> str:
    """Text whose characters mean themselves; an underscore within a word does so anyway, a pipe is left to `table`."""
    return re.sub(r"([\\`*\[\]<>#]|(?<!\w)_|_(?!\w))", r"\\\1", text)


def code(text: str) -> str:
    """A code span on one line, fenced by more backticks than it has in a row."""
    flat = " ".join(text.split())
    fence = "`" * (max((len(run) for run in re.findall(r"`+", flat)), default=0) + 1)
    pad = " " if flat.startswith("`") or flat.endswith("`") else ""
    return f"{fence}{pad}{flat}{pad}{fence}"
