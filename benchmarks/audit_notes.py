"""How well notes in other people's styles are read and judged without any reference: the notes of `benchmarks/notes`.

Usage: python -m benchmarks.audit_notes [NOTE ...] [-v] [--no-mends] [--right-only] (-v: with all misses)
"""

from __future__ import annotations

import sys
import time
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gradproof.audit import Audit
from gradproof.audit.auditing import read_note
from gradproof.audit.judging.results import Verdict
from gradproof.audit.own.judging import audit_itself

MENDS = "--no-mends" not in sys.argv
NOTES = Path(__file__).resolve().parent / "notes"


@dataclass(frozen=True)
class Slip:
    """A planted slip: `printed` stands once in the note and is replaced by `slip`; `wrong` is in the wrong line."""

    note: str
    kind: str
    printed: str
    slip: str
    wrong: str = ""

    def planted(self, text: str) -> str:
        """The note with the slip in it; raises `ValueError` where `printed` does not stand once in it."""
        if text.count(self.printed) != 1:
            raise ValueError(f"{self.note}: {self.printed!r} stands {text.count(self.printed)} times in it")
        return text.replace(self.printed, self.slip)

    def line(self, text: str) -> int:
        """The wrong line of the note with the slip in it."""
        wanted = self.wrong or self.slip
        return text.count("\n", 0, text.index(wanted)) + 1

    def last_line(self, text: str) -> int:
        """The last line that the slip touches."""
        return self.line(text) + (self.wrong or self.slip).count("\n")


@dataclass
class Figures:
    """What came of one note or of all."""

    equalities: int = 0
    read: int = 0
    judged: int = 0
    accusations: int = 0
    planted: int = 0
    found: int = 0
    mended: int = 0
    lines: int = 0
    misses: list[str] = field(default_factory=list)

    def add(self, other: Figures) -> None:
        """Add another note's."""
        for name in ("equalities", "read", "judged", "accusations", "planted", "found", "mended", "lines"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.misses += other.misses


def planted_slips() -> tuple[list[Slip], Mapping[str, Sequence[str]]]:
    """All slips, and the lines that a user has to write for each note."""
    table: dict[str, Any] = tomllib.loads((NOTES / "slips.toml").read_text(encoding="utf-8"))
    return [Slip(**one) for one in table["slip"]], table["given"]


def text_of(name: str) -> str:
    """A note's text."""
    return read_note(NOTES / name)


def judged(text: str, name: str, given: Sequence[str]) -> Audit:
    """The audit of a note against itself."""
    del name
    return audit_itself(text, given=given, mends=MENDS)


def figures(name: str, slips: Sequence[Slip], given: Sequence[str]) -> Figures:
    """Audit a note as it is, which is right, and once with each of its slips."""
    text = text_of(name)
    found = judged(text, name, given)
    out = Figures(
        len(found.verdicts),
        len(found.verdicts) - found.count("not read"),
        found.count("holds") + found.count("WRONG"),
        found.count("WRONG"),
        lines=len(given),
    )
    out.misses += [_told(name, v) for v in found.verdicts if v.status != "holds"]
    accused = {v.equation for v in found.verdicts if v.status == "WRONG"}
    for slip in slips:
        if slip.note != name:
            continue
        out.planted += 1
        changed = slip.planted(text)
        if "--right-only" in sys.argv:
            continue
        again = judged(changed, name, given)
        lines = range(slip.line(changed), slip.last_line(changed) + 1)
        wrong = [v for v in again.verdicts if v.status == "WRONG" and v.equation not in accused]
        hits = [v for v in wrong if v.line in lines]
        out.found += bool(hits)
        out.mended += any(v.mend is not None for v in hits)
        if not hits:
            out.misses.append(f"{name}: NOT FOUND {slip.kind}: {slip.slip}")
        out.misses += [f"{name}: ELSEWHERE {_told('', v)}" for v in wrong if v.line not in lines]
    return out


def _told(name: str, verdict: Verdict) -> str:
    return f"{name}:{verdict.line}: {verdict.status}: {verdict.reason}: {verdict.equation[:140]}"


def show(name: str, f: Figures, seconds: float) -> None:
    """One line of the table."""
    print(
        f"{name:30}{f.equalities:6}{_share(f.read, f.equalities):>7}{_share(f.judged, f.equalities):>7}"
        f"{f.accusations:6}{f.found:6}/{f.planted:<3}{f.mended:6}{f.lines:6}{seconds:8.1f}",
        flush=True,
    )


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.0%}" if whole else "-"


def main() -> None:
    """Audit the notes named on the command line, or all."""
    names = [a for a in sys.argv[1:] if not a.startswith("-")]
    names = names or sorted(
        p.name
        for p in NOTES.iterdir()
        if p.name != "README.md" and p.suffix in (".md", ".tex", ".rst", ".html", ".ipynb")
    )
    slips, given = planted_slips()
    total, started = Figures(), time.process_time()
    print(f"{'note':30}{'=':>6}{'read':>7}{'judged':>7}{'false':>6}{'found':>10}{'mended':>6}{'lines':>6}{'CPU s':>8}")
    for name in names:
        begun = time.process_time()
        one = figures(name, slips, given.get(name, ()))
        total.add(one)
        show(name, one, time.process_time() - begun)
    show("all", total, time.process_time() - started)
    if "-v" in sys.argv:
        print("\n".join(total.misses))


if __name__ == "__main__":
    main()
