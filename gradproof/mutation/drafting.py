"""The line that would replace the tests of a Function: drafted with their shapes, run, its resolution beside theirs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
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


@dataclass
class _Line:
    """A drafted line on its way: what it is, what it said, and the searches for its resolutions."""

    target: str
    imports: tuple[str, ...]
    line: str
    gradients: Sequence[Gradient]
    outcome: str = ""
    words: str = ""
    ladders: dict[Gradient, Ladder] = field(default_factory=dict)

    @property
    def code(self) -> str:
        """What is run."""
        return "\n".join([*self.imports, self.line])


def drafted_checks(campaign: Campaign, findings: Findings) -> tuple[DraftResult, ...]:
    """A draft for each target of the tests, run as far as the budget lasts."""
    made: dict[str, DraftResult] = {}
    lines = []
    for target in dict.fromkeys(gradient.target for gradient in findings.gradients()):
        made[target] = DraftResult(target)  # keeps the targets in order
        try:
            imports, line = drafted(target, findings)
            lines.append(_Line(target, imports, line, [g for g in findings.gradients() if g.target == target]))
        except CannotDraft as why:
            made[target] = DraftResult(target, words=str(why))
    if lines:
        campaign.progress("the checks that would replace the tests")
        _run_plainly(campaign, lines)
        _search(campaign, [line for line in lines if line.outcome == "agrees"])
    return tuple((made | {line.target: _result(line, findings) for line in lines}).values())


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


def _run_plainly(campaign: Campaign, lines: Sequence[_Line]) -> None:
    """Run every line as it is: the first alone, since what it imports is then loaded once for all others."""
    first, *rest = lines
    said = campaign.together([_job(first.code, None)])
    if said[0]:
        campaign.watched.load(said[0][-1]["modules"])
    said += campaign.together([_job(line.code, None) for line in rest])
    for line, found in zip(lines, said, strict=True):
        if found is None:
            line.words = "not run: the budget was spent"
        elif not found:
            line.outcome, line.words = "raises", "it did not come to its end"
        else:
            line.outcome, line.words = found[-1]["draft"]["outcome"], found[-1]["draft"]["words"]


def _search(campaign: Campaign, lines: Sequence[_Line]) -> None:
    """The smallest fault that each line sees; the smallest step is tried first, since it usually is seen."""
    searching = [(line, gradient) for line in lines for gradient in line.gradients]
    for line, gradient in searching:
        line.ladders[gradient] = Ladder.over([0])
    sizes = [STEPS[0]] * len(searching)
    while searching:
        jobs = [
            _job(line.code, {"target": g.target, "input": g.input, "kind": SCALED, "size": size})
            for (line, g), size in zip(searching, sizes, strict=True)
        ]
        following = []
        for (line, gradient), size, found in zip(searching, sizes, campaign.together(jobs), strict=True):
            if not found or not found[-1]["draft"]["ran"]:
                continue  # its search stays unfinished
            ladder = line.ladders[gradient]
            ladder.note(0, size, was_seen=found[-1]["draft"]["outcome"] != "agrees")
            if (step := ladder.next()) is not None:
                following.append((line, gradient, step[0]))
        searching, sizes = [(line, gradient) for line, gradient, _ in following], [size for _, _, size in following]


def _result(line: _Line, findings: Findings) -> DraftResult:
    suite = tuple((one.input, _of_suite(findings, one)) for one in line.gradients)
    if line.outcome == "raises":
        return DraftResult(line.target, words=f"the drafted line does not run: {_first_line(line.words)}")
    own = tuple((one.input, ladder.resolution(0)) for one, ladder in line.ladders.items())
    return DraftResult(line.target, line.imports, line.line, line.outcome, line.words, own, suite)


def _of_suite(findings: Findings, gradient: Gradient) -> float | None:
    known = [findings.resolution(gradient, test) for test in findings.judged(gradient)]
    finished = [one for one in known if one is not None]
    return min(finished, default=None) if len(finished) == len(known) else None


def _job(code: str, plant: dict[str, Any] | None) -> dict[str, Any]:
    return {"items": [], "plant": plant, "draft": code, "timeout": SECONDS}


def _first_line(text: str) -> str:
    return text.strip().splitlines()[0] if text.strip() else ""
