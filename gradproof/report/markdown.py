"""`agreement.md` and `index.md`: a case's outcome as it reads in a pull request.

Only what every machine finds is in them, so that a report under version control changes where the outcome does.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from gradproof.check.facts.failures import REPORT
from gradproof.check.facts.result import CheckResult, EquationResult
from gradproof.check.facts.verdict import Verdict
from gradproof.report import wording
from gradproof.report.summaries import CaseSummary, headline

HOW_TO_READ = """\
An equation is compared with autograd, or with the optimizer's step, in every trial. It `agrees` where the difference
is never larger than rounding can explain; it `disagrees` if it is wrong on true inputs; it `inherits` if it is wrong
only because an equation that it reads is. `would show` is a relative fault that would have been seen in every entry.
How large the differences were, and how much of them rounding explains, stands in `equations.csv` on the machine that
ran the check. All columns and verdicts are explained in gradproof's `docs/reports.md`."""


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
    open_ones = [one for one in result.results if one.verdict not in (Verdict.AGREES, Verdict.DISAGREES)]
    if open_ones:
        parts.append("## Neither right nor wrong by themselves")
        parts.append("\n".join(f"- {code(one.equation)} {one.verdict}: {escape(one.diagnosis)}" for one in open_ones))
    if result.failures:
        parts += [
            "## What gradproof could not do",
            "\n".join(f"- {escape(one.sentence)}" for one in result.failures),
            REPORT,
        ]
    parts += ["## All equations", _equations(result.results)]
    if result.trajectory is not None:
        parts += ["## Training", _trajectory(result)]
    parts += ["## How to read this", HOW_TO_READ]
    return "\n\n".join(parts) + "\n"


def _erratum(result: CheckResult, one: EquationResult) -> str:
    worst = wording.worst_of(result, one.equation)
    lines = [
        f"### {code(one.equation)}{f' ({escape(wording.declared(one))})' if one.known_erratum else ''}",
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
            ("manual", code(wording.common(worst.manual))),
            ("truth", code(wording.common(worst.truth))),
            ("difference", wording.short(worst.abs_error)),
            ("inputs", code(_common_inputs(worst.inputs)) if worst.inputs else ""),
        ]
    facts.append(("replay", code(result.replay_command(one))))
    lines.append("\n".join(f"- {name}: {text}" for name, text in facts if text))
    return "\n\n".join(lines)


def _common_inputs(inputs: str) -> str:
    return re.sub(r"(?<==)-?\d[\d.e+-]*", lambda number: wording.common(float(number[0])), inputs)


def _equations(results: Sequence[EquationResult]) -> str:
    proved = any(one.proof for one in results)
    header = ["equation", "kind", "verdict", "trials", "disagreeing", "would show"]
    rows = [
        [
            code(one.equation),
            one.kind,
            f"{one.verdict}{f', {escape(wording.declared(one))}' if one.known_erratum else ''}",
            f"{one.trials:,}",
            f"{one.disagreeing_trials:,}",
            wording.would_show(one.resolution) if one.verdict == Verdict.AGREES else "",
            *([one.proof] if proved else []),
        ]
        for one in results
    ]
    return table([*header, *(["proof"] if proved else [])], rows, numbers=range(3, 6))


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


def index(summaries: Sequence[CaseSummary]) -> str:
    """The text of `index.md`, over all cases of a reports folder."""
    header = ["case", "as expected", "equations", *Verdict, "wrong", "trials", "seed", "dtype"]
    rows = []
    for one in summaries:
        name = f"[{escape(one.case)}]({one.case}/agreement.md)"
        counts = dict(one.counts)
        if one.problem:
            rows.append([name, "no", *[""] * (len(Verdict) + 1), escape(one.problem), "", "", ""])
            continue
        numbers = [str(counts.get(verdict, 0)) for verdict in Verdict]
        wrong = ", ".join(map(code, one.wrong))
        total = str(sum(counts.values()))
        state = "yes" if one.ok else "**no**"
        rows.append([name, state, total, *numbers, wrong, f"{one.trials:,}", str(one.seed), one.dtype])
    note = "A case is as expected where exactly the equations disagree that it declares in `KNOWN_ERRATA`."
    cells = table(header, rows, numbers=range(2, len(Verdict) + 3))
    return f"# Agreement reports\n\n**{headline(summaries)}** {note}\n\n{cells}\n"


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
