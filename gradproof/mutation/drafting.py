"""The line that would replace the tests of a Function: drafted with their shapes, run, its resolution beside theirs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from gradproof.mutation.facts import Findings, Gradient
from gradproof.mutation.kinds import SCALED
from gradproof.mutation.ladder import STEPS, Ladder
from gradproof.mutation.result import DraftResult

if TYPE_CHECKING:
    from gradproof.mutation.campaign import Campaign

SECONDS = 300.0
"""A draft that runs longer is given up."""


class CannotDraft(Exception):
    """Why no line can be drafted."""


def drafted_checks(campaign: Campaign, findings: Findings) -> tuple[DraftResult, ...]:
    """A draft for each target of the tests, as far as the budget lasts."""
    made = []
    for target in dict.fromkeys(gradient.target for gradient in findings.gradients()):
        gradients = [one for one in findings.gradients() if one.target == target]
        try:
            imports, line = drafted(target, findings)
            made.append(_run(campaign, findings, target, imports, line, gradients))
        except CannotDraft as why:
            made.append(DraftResult(target, words=str(why)))
    return tuple(made)


def drafted(target: str, findings: Findings) -> tuple[tuple[str, ...], str]:
    """The imports and the line.

    Raises:
        CannotDraft: The target is no Function that can be imported, or an argument cannot be written down.
    """
    note = findings.targets[target]
    module, _, name = target.rpartition(":")
    if note["kind"] != "Function":
        raise CannotDraft(_other_way(note["kind"], target, note["place"]))
    if "<locals>" in name:
        raise CannotDraft("it is defined inside a function, where no other test can import it")
    signatures = findings.signatures.get(target, [])
    if not signatures:
        raise CannotDraft("its forward was never seen")
    used: set[str] = set()
    inputs = ", ".join(
        f'"{arg}": {_input(arg, [s[arg] for s in signatures if arg in s], used)}' for arg in signatures[0]
    )
    owner = name.partition(".")[0]
    own_forward = (
        f"{name}.forward" if note["has_setup_context"] else f"lambda *args: {name}.forward(MagicMock(), *args)"
    )
    mock = () if note["has_setup_context"] else ("from unittest.mock import MagicMock",)
    ours = ", ".join(["assert_function_agrees", *sorted(used)])
    imports = (*mock, f"from gradproof import {ours}", f"from {module} import {owner}")
    return imports, f"assert_function_agrees({name}.apply, {own_forward}, {{{inputs}}})"


def _other_way(kind: str, target: str, place: Sequence[Any]) -> str:
    if kind == "function":
        name = target.rpartition(":")[2]
        short = name.rpartition(".")[2]
        return f"`gradproof new {short} --from {place[0] or 'FILE'}:{name}` drafts the case that checks it"
    return f"lines are drafted for autograd.Functions; this is a {kind}: give `check_function` what calls it"


def _input(name: str, notes: Sequence[Mapping[str, Any]], used: set[str]) -> str:
    """An argument as the line has it: its first shape, and a distribution of the range that the tests use."""
    note = notes[0]
    if "shape" not in note:
        if not note["literal"]:
            raise CannotDraft(f"its argument {name} is {note['type']}, which has no text that could stand in a line")
        literal: str = note["literal"]
        return literal
    shape = ", ".join(map(str, note["shape"]))
    if note["dtype"] in ("float64", "float32", "float16", "bfloat16"):
        lows, highs = [n["low"] for n in notes if "low" in n], [n["high"] for n in notes if "high" in n]
        if lows and min(lows) >= 0 and max(highs) > 0:
            used.add("uniform")
            return f"uniform({max(min(lows), 0.01):.2g}, {max(max(highs), 0.1):.2g}, ({shape},))".replace("(,)", "()")
        used.add("normal")
        return f"normal({shape})"
    if note["dtype"].startswith(("int", "uint")) and "high" in note:
        used.add("integers")
        low, high = min(n["low"] for n in notes), max(n["high"] for n in notes)
        return f"integers({min(0, int(low))}, {int(high) + 1}, ({shape},))".replace("(,)", "()")
    raise CannotDraft(f"its argument {name} is a tensor of {note['dtype']}")


def _run(
    campaign: Campaign,
    findings: Findings,
    target: str,
    imports: tuple[str, ...],
    line: str,
    gradients: Sequence[Gradient],
) -> DraftResult:
    """Run the line as it is, and, where it agrees, with faults in each gradient."""
    suite = tuple((one.input, _of_suite(findings, one)) for one in gradients)
    code = "\n".join([*imports, line])
    if campaign.left <= 0:
        return DraftResult(target, imports, line, "", "not run: the budget was spent", suite=suite)
    campaign.progress(f"the check that would replace the tests of {target}")
    plain = _job(campaign, code, None)
    if plain is None or plain["outcome"] == "raises":
        words = "it did not come to its end" if plain is None else plain["words"]
        return DraftResult(target, words=f"the drafted line does not run: {_first_line(words)}")
    if plain["outcome"] == "disagrees":
        return DraftResult(target, imports, line, "disagrees", plain["words"], suite=suite)
    own = tuple((one.input, _resolution(campaign, code, one)) for one in gradients)
    return DraftResult(target, imports, line, "agrees", "", own, suite)


def _of_suite(findings: Findings, gradient: Gradient) -> float | None:
    known = [findings.resolution(gradient, test) for test in findings.judged(gradient)]
    finished = [one for one in known if one is not None]
    return min(finished, default=None) if len(finished) == len(known) else None


def _resolution(campaign: Campaign, code: str, gradient: Gradient) -> float | None:
    """The smallest fault that the line sees; the smallest step is tried first, since it usually is seen."""
    ladder = Ladder.over([0])
    step: tuple[float, list[int]] | None = (STEPS[0], [0])
    while step is not None:
        if campaign.left <= 0:
            return None
        plant = {"target": gradient.target, "input": gradient.input, "kind": SCALED, "size": step[0]}
        said = _job(campaign, code, plant)
        if said is None or not said["ran"]:
            return None
        ladder.note(0, step[0], was_seen=said["outcome"] != "agrees")
        step = ladder.next()
    return ladder.resolution(0)


def _job(campaign: Campaign, code: str, plant: dict[str, Any] | None) -> dict[str, Any] | None:
    number = campaign.watched.submit(items=[], plant=plant, draft=code, timeout=SECONDS)
    campaign.watched.wait()
    lines = campaign.watched.lines(number)
    return lines[-1]["draft"] if lines else None


def _first_line(text: str) -> str:
    return text.strip().splitlines()[0] if text.strip() else ""
