"""Fixes put into files one check at a time: what makes anything worse is taken back, and what was done is said."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from gradproof.case.derivation import parts_of
from gradproof.check.case import Case
from gradproof.check.facts.result import CheckResult
from gradproof.check.facts.verdict import Verdict
from gradproof.errors import GradproofError
from gradproof.repair.mending import FilePatch, patches, put_back, write
from gradproof.repair.results import Repair


@dataclass(frozen=True)
class Applied:
    """What was written.

    Attributes:
        result: The check of what stands in the files now.
        told: What was written and what not, a line each.
    """

    result: CheckResult
    told: tuple[str, ...]


def applied(
    case: Case, repairs: Mapping[str, Repair], before: CheckResult, check: Callable[[], CheckResult]
) -> Applied:
    """Write fixes and check again; what spoils a right equation, or makes none right, is put back.

    All fixes are tried together; where they do not stand together, each by itself on top of those that were kept.

    Args:
        case: The case.
        repairs: The fixes, by the equations' names.
        before: The check of the files as they are.
        check: Checks the files as they are by then.
    """
    mended = {name: one for name, one in repairs.items() if one.fix is not None or one.patch is not None}
    together = _attempt(patches(case, mended), before, check)
    if not together.why or len(mended) < 2:
        return Applied(together.result, together.lines())
    kept: dict[str, Repair] = {}
    told: list[str] = []
    now = before
    for name, repair in mended.items():
        found = patches(case, {**kept, name: repair})
        if kept and all(one.new == other.new for one, other in zip(found, patches(case, kept), strict=False)):
            continue  # the same edit as one that is kept
        attempt = _attempt(found, now, check, original=patches(case, kept))
        if attempt.why:
            told.append(f"not kept: the fix of {name}: {attempt.why}")
        else:
            kept[name], now = repair, attempt.result
            told += attempt.lines(f" with the fix of {name}")
    return Applied(now, tuple(told))


@dataclass(frozen=True)
class _Attempt:
    files: tuple[str, ...]
    result: CheckResult
    why: str = ""

    def lines(self, what: str = "") -> tuple[str, ...]:
        if self.why:
            return tuple(f"not written: {name}{what}: {self.why}" for name in self.files)
        return tuple(f"written: {name}{what}; checked again: {self.result.sentence}" for name in self.files)


def _attempt(
    found: Sequence[FilePatch],
    before: CheckResult,
    check: Callable[[], CheckResult],
    original: Sequence[FilePatch] = (),
) -> _Attempt:
    """Patches written and checked; the files are as before where that makes nothing better, or whatever is raised."""
    base = {one.path: one.new for one in original}
    changed = [one for one in found if one.new != base.get(one.path, one.old)]
    files = tuple(f"{one.path.parent.name}/{one.path.name}" for one in changed)
    if not changed:
        return _Attempt(files, before)
    originals = []
    is_kept = False
    try:
        for one in changed:
            current = FilePatch(one.path, base.get(one.path, one.old), one.new)
            originals.append((one.path, write(current)))
        try:
            after = check()
        except GradproofError as error:
            return _Attempt(files, before, str(error))
        why = _worse(before, after)
        is_kept = not why
        return _Attempt(files, before if why else after, why)
    finally:
        if not is_kept:  # an interrupted check too leaves the files as they were
            for path, held in originals:
                put_back(path, held)


def _worse(before: CheckResult, after: CheckResult) -> str:
    """Why a check is no better than the one before; empty where it is."""
    right = {one.equation for one in before.results if one.verdict == Verdict.AGREES}
    verdicts = {one.equation: one.verdict for one in after.results}
    known = {parts_of(name)[0] for name in verdicts}
    # Two equations of one quantity may have become one.
    spoilt = {
        name
        for name in right
        if verdicts.get(name, Verdict.AGREES if parts_of(name)[0] in known else "") != Verdict.AGREES
    }
    if spoilt:
        return f"{', '.join(sorted(spoilt))} would no longer agree"
    return "it makes no wrong equation right" if len(after.wrong) >= len(before.wrong) else ""
