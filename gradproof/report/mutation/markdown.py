"""`mutation.md`: the outcome of a mutation run as it reads in a pull request."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gradproof.mutation.result import DraftResult, SuiteResult
from gradproof.report.markdown import code, escape
from gradproof.report.mutation import words
from gradproof.report.wording import count

HOW_TO_READ = """\
The tests ran as they are, and then again with one mistake planted in one gradient. The `resolution` of a gradient is
the smallest relative fault, every entry off by that share of itself, that fails some test; `none` where no fault does.
A survivor is a mistake that ran, changed the gradient and failed no test. A mistake that no test lets run is not a
survivor."""


def mutation(result: SuiteResult) -> str:
    """The text of `mutation.md`."""
    parts = [
        f"# {code('gradproof mutate ' + ' '.join(result.arguments))}",
        f"**{escape(words.sentence(result))}**",
        f"{count(result.runs, 'planted run')}, seed {result.seed}.",
        "## Gradients",
        _gradients(result),
    ]
    held = [test for test in result.tests if test.code and not test.left_out]
    out = [test for test in result.tests if test.left_out]
    if held:
        rows = [(t, n, t.words) for t, n in words.grouped(held)]
        parts += ["## Tests that are held back", _bullets((words.of_test(t, n), t.place, w) for t, n, w in rows)]
    if out:
        rows = [(t, n, words.why_left_out(t)) for t, n in words.grouped(out)]
        parts += ["## Tests that were left out", _bullets((words.of_test(t, n), t.place, w) for t, n, w in rows)]
    if result.errors:
        parts += ["## Not judged", "\n".join(f"- {escape(error)}" for error in result.errors)]
    if result.drafts:
        parts += ["## What would do instead", *(_draft(draft) for draft in result.drafts)]
    parts += ["## How to read this", HOW_TO_READ]
    return "\n\n".join(parts) + "\n"


def _gradients(result: SuiteResult) -> str:
    header = ["gradient", "resolution", "compared by", "would pass: a gradient that", "not asked"]
    rows = [
        [
            code(one.name),
            words.resolution(one.resolution),
            f"{len(one.compared_by)} of {count(len(one.computed_by), 'test')}",
            escape(words.kinds(one.survivors)),
            escape(words.lacks(one)),
        ]
        for one in result.gradients
    ]
    return _table(header, rows)


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(header)} |", f"| {' | '.join('---' for _ in header)} |"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)])


def _bullets(rows: Iterator[tuple[str, str, str]]) -> str:
    return "\n".join(f"- {code(name)}, {code(place)}: {escape(said)}" for name, place, said in rows)


def _draft(draft: DraftResult) -> str:
    title = f"### {code(draft.target)}"
    if not draft.line:
        return f"{title}\n\nNo check was drafted: {escape(draft.words)}"
    block = "\n".join(["```python", *draft.imports, "", draft.line, "```"])
    if draft.outcome == "agrees":
        return f"{title}\n\n{block}\n\nResolution: {escape(words.draft_line(draft))}"
    if draft.outcome == "disagrees":
        return f"{title}\n\n{block}\n\nIt fails:\n\n```text\n{draft.words}\n```"
    return f"{title}\n\n{block}\n\n{escape(draft.words)}"
