"""The outcome of a check in words, on one screen."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from gradproof.check.facts.rendering import register
from gradproof.check.facts.verdict import Verdict
from gradproof.functions.result import REMARKS, ZERO, Finding, FunctionResult
from gradproof.repair.program.search import FileFix

WIDTH = 100
EXTREMES = 2
"""So many differences at extreme values are told; the rest are counted."""

SHOWN = 6
"""So many different mistakes are shown with their numbers; the rest are counted."""


def text(result: FunctionResult) -> str:
    """The verdict, each kind of mistake once with its worst numbers, what was skipped."""
    groups = _groups(result.wrong)
    lines = [f"{result.name}: {sentence(result)}"]
    for group in list(groups.values())[:SHOWN]:
        lines += _of_group(group)
    if len(groups) > SHOWN:
        lines.append(f"  ... and {len(groups) - SHOWN} more; all of them: result.frame")
    lines += _of_fix(result.fix) if result.fix is not None else []
    unsure = {one.quantity: one for one in result.findings if _untested(one)}
    for one in (*unsure.values(), *result.untested):
        words = "its true value is zero in every trial" if one.sentence == ZERO else f"{one.sentence} ({one.dtype})"
        line = _wrapped("  inconclusive: ", f"{one.quantity}: {words}")
        lines += [] if line[0] in lines else line
    remarks = dict.fromkeys(_remark(one) for one in _once(result.findings))
    for note in (*remarks, *result.notes, *_of_extremes(result.extremes)):
        lines += _wrapped("  note: ", note)
    return "\n".join(
        lines + [line for dtype, why in result.skipped.items() for line in _wrapped(f"  skipped: {dtype}: ", why)]
    )


def sentence(result: FunctionResult) -> str:
    """The verdict over all in one sentence."""
    wrong = list(dict.fromkeys(one.quantity for one in result.wrong))
    dtypes = ", ".join(dict.fromkeys(one.dtype for one in result.findings))
    if wrong:
        return f"disagrees with its reference ({dtypes}): {', '.join(wrong)}"
    if result.untested:
        return (
            f"inconclusive: {', '.join(dict.fromkeys(one.quantity for one in result.untested))} could not be compared"
        )
    if not result.gradients and result.ok:
        return f"gives the same as its reference; relative errors that would have been seen: {_seen(result)}"
    if not result.ok and not result.gradients:
        return (
            f"inconclusive: {next((one.sentence for one in result.findings if one.sentence), 'nothing was compared')}"
        )
    if not result.ok:
        return "inconclusive: no gradient was compared whose true value is not zero"
    ways = len({one.configuration for one in result.findings})
    return (
        f"agrees with its reference, called in {ways} ways; relative errors that would have been seen: {_seen(result)}"
    )


def _seen(result: FunctionResult) -> str:
    """The smallest relative error that the coarsest comparison of each dtype would have shown."""
    coarsest: dict[str, float] = {}
    for one in result.findings:
        if one.verdict == Verdict.AGREES and not one.configuration and one.bound not in ("", "exact"):
            coarsest[one.dtype] = max(coarsest.get(one.dtype, 0.0), one.resolution)
    return ", ".join(f"{size:.0e} in {dtype}" for dtype, size in coarsest.items())


def _untested(one: Finding) -> bool:
    zero = one.verdict == Verdict.INCONCLUSIVE and one.sentence == ZERO
    return zero and not one.configuration and one.quantity.startswith("gradient")


def _once(findings: Sequence[Finding]) -> list[Finding]:
    """The remarks; of digits that are lost in several ways of calling the most."""
    lost: dict[tuple[str, str], Finding] = {}
    for one in findings:
        key = one.quantity, one.dtype
        if one.kind == "digits" and (key not in lost or one.share > lost[key].share):
            lost[key] = one
    return [one for one in findings if one.kind in REMARKS and one.kind != "digits"] + list(lost.values())


def _remark(one: Finding) -> str:
    return one.sentence if one.kind == "refused" else f"{one.quantity.removeprefix('form of ')}: {one.sentence}"


def _of_extremes(extremes: Sequence[Finding]) -> list[str]:
    """What differs at extreme values, in one line."""
    odd = [one for one in extremes if one.verdict == Verdict.DISAGREES]
    if not odd:
        return []
    told = [f"{one.configuration}: {one.quantity}: {one.sentence}" for one in odd[:EXTREMES]]
    more = f"; and {len(odd) - EXTREMES} more" if len(odd) > EXTREMES else ""
    return [f"at extreme values, which decide nothing (result.table_of_extremes): {'; '.join(told)}{more}"]


def _groups(wrong: Sequence[Finding]) -> dict[tuple[str, str, str], list[Finding]]:
    """The same mistake in several dtypes or configurations is told once; plain calls first."""
    plainly = {(one.quantity, one.dtype) for one in wrong if not one.configuration}
    if any(quantity.startswith("gradient") for quantity, _ in plainly):
        wrong = [one for one in wrong if not one.quantity.startswith("second")]  # they follow from the first
    groups: dict[tuple[str, str, str], list[Finding]] = {}
    for one in sorted(wrong, key=lambda one: bool(one.configuration)):
        if one.configuration and (one.quantity, one.dtype) in plainly:
            continue
        groups.setdefault((one.quantity, one.kind, one.diagnosis if one.configuration else ""), []).append(one)
    return groups


def _of_group(group: Sequence[Finding]) -> list[str]:
    first = max(group, key=lambda one: (one.dtype == group[0].dtype, one.share))
    where = ", ".join(dict.fromkeys(one.dtype for one in group))
    ways = list(dict.fromkeys(one.configuration for one in group if one.configuration))
    how = f"; {'; '.join(ways[:3])}{f'; and {len(ways) - 3} more' if len(ways) > 3 else ''}" if ways else ""
    lines = _wrapped("  ", f"{first.quantity} ({where}{how})")
    if first.sentence:
        lines += _wrapped("    ", first.sentence)
    if first.kind in ("value", "missing"):
        entry = f"entry {first.entry}" if first.entry else "the number"
        lines += _wrapped(
            "    ",
            f"{entry} is {first.computed:.9g}, the truth {first.truth:.9g}: rounding explains {first.allowed:.2g} "
            f"({first.bound}); wrong in {first.wrong:,} of {first.entries:,} entries",
        )
    if first.shapes:
        lines += _wrapped("    inputs: ", first.shapes)
    diagnosis = next((one.diagnosis for one in [first, *group] if one.diagnosis), "")
    return lines + (_wrapped("    diagnosis: ", diagnosis) if diagnosis else [])


def _of_fix(fix: FileFix) -> list[str]:
    sizes = f"at {fix.sizes} sets of sizes" if fix.sizes > 1 else "at these sizes only"
    tried = f"right in {fix.trials} trials and {fix.fresh_trials} further ones, {sizes}: {', '.join(fix.mends)}"
    return [
        *_wrapped("  fix: ", f"line {fix.line} of {fix.path.name}: {fix.sentence}"),
        *_wrapped("    - ", fix.before),
        *_wrapped("    + ", fix.after),
        *_wrapped("    ", tried),
    ]


def _wrapped(label: str, words: str) -> list[str]:
    lines = textwrap.wrap(words, WIDTH - len(label), break_long_words=False) or [""]
    return [(label if not number else " " * len(label)) + line for number, line in enumerate(lines)]


register("function text", text)
