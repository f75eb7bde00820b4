"""How well notes in other people's styles are read and judged without any reference: the notes of `benchmarks/notes`.

Usage: python -m benchmarks.audit_notes [NOTE ...] [-v] [--no-mends] [--right-only] [--store FILE] [--seconds S]

With `--store` and `--seconds` a run can be cut into turns: each takes up what the last one left.
"""

from __future__ import annotations

import argparse
import json
import time
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from gradproof.audit.auditing import read_note
from gradproof.audit.judging.results import Verdict
from gradproof.audit.own.judging import audit_itself

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
    elsewhere: int = 0
    lines: int = 0
    seconds: float = 0.0
    misses: list[str] = field(default_factory=list)

    def add(self, other: Figures) -> None:
        """Add another job's or another note's."""
        for name in _COUNTS:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.misses += other.misses


_COUNTS = (
    "equalities",
    "read",
    "judged",
    "accusations",
    "planted",
    "found",
    "mended",
    "elsewhere",
    "lines",
    "seconds",
)


def planted_slips() -> tuple[list[Slip], Mapping[str, Sequence[str]]]:
    """All slips, and the lines that a user has to write for each note."""
    table: dict[str, Any] = tomllib.loads((NOTES / "slips.toml").read_text(encoding="utf-8"))
    return [Slip(**one) for one in table["slip"]], table["given"]


def text_of(name: str) -> str:
    """A note's text."""
    return read_note(NOTES / name)


def as_it_is(name: str, given: Sequence[str], mends: bool) -> Figures:
    """Audit a note as it is, which is right."""
    found = audit_itself(text_of(name), given=given, mends=mends)
    out = Figures(
        len(found.verdicts),
        len(found.verdicts) - found.count("not read"),
        found.count("holds") + found.count("WRONG"),
        found.count("WRONG"),
        lines=len(given),
    )
    out.misses = [_told(name, v) for v in found.verdicts if v.status != "holds"]
    return out


def with_slip(slip: Slip, given: Sequence[str], mends: bool) -> Figures:
    """Audit a note with one slip in it; an accusation of another line counts as `elsewhere`."""
    changed = slip.planted(text_of(slip.note))
    found = audit_itself(changed, given=given, mends=mends)
    lines = range(slip.line(changed), slip.last_line(changed) + 1)
    wrong = [v for v in found.verdicts if v.status == "WRONG"]
    hits = [v for v in wrong if v.line in lines]
    others = [v for v in wrong if v.line not in lines]
    mended = any(v.mend is not None for v in hits)
    out = Figures(planted=1, found=int(bool(hits)), mended=int(mended), elsewhere=len(others))
    if not hits:
        out.misses.append(f"{slip.note}: NOT FOUND {slip.kind}: {slip.slip}")
    out.misses += [f"{slip.note}: ELSEWHERE {_told('', v)}" for v in others]
    return out


def _told(name: str, verdict: Verdict) -> str:
    return f"{name}:{verdict.line}: {verdict.status}: {verdict.reason}: {verdict.equation[:140]}"


def show(name: str, f: Figures) -> None:
    """One line of the table."""
    print(
        f"{name:30}{f.equalities:6}{_share(f.read, f.equalities):>7}{_share(f.judged, f.equalities):>7}"
        f"{f.accusations:6}{f.found:6}/{f.planted:<3}{f.mended:6}{f.elsewhere:6}{f.lines:6}{f.seconds:8.1f}",
        flush=True,
    )


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.0%}" if whole else "-"


class Store:
    """Figures of jobs that are done, a line of JSON each, so that a run can be ended and taken up again."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.known: dict[str, Figures] = {}
        if path is not None and path.exists():
            for line in path.read_text(encoding="utf-8").splitlines():
                entry = json.loads(line)
                job = entry.pop("job")
                self.known[job] = Figures(**entry)

    def put(self, job: str, figures: Figures) -> None:
        """Keep the figures of a job."""
        self.known[job] = figures
        if self.path is not None:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"job": job, **asdict(figures)}) + "\n")


def options() -> argparse.Namespace:
    """What stands on the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("notes", nargs="*", help="files of benchmarks/notes; all by default")
    parser.add_argument("-v", action="store_true", help="print all misses")
    parser.add_argument("--no-mends", action="store_true", help="do not search mends")
    parser.add_argument("--right-only", action="store_true", help="leave out the slips")
    parser.add_argument("--store", type=Path, help="keep what is done here, and go on from there")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="stop after so many CPU seconds")
    return parser.parse_args()


def main() -> None:
    """Audit the notes named on the command line, or all."""
    told = options()
    names = told.notes or sorted(
        p.name
        for p in NOTES.iterdir()
        if p.name != "README.md" and p.suffix in (".md", ".tex", ".rst", ".html", ".ipynb")
    )
    slips, given = planted_slips()
    store = Store(told.store)
    jobs: list[tuple[str, str, Slip | None]] = [(name, name, None) for name in names]
    if not told.right_only:
        jobs += [(f"{s.note} #{at}", s.note, s) for at, s in enumerate(slips) if s.note in names]
    started, left = time.process_time(), 0
    for job, name, slip in jobs:
        if job in store.known:
            continue
        begun = time.process_time()
        if begun - started > told.seconds:
            left += 1
            continue
        lines = given.get(name, ())
        mends = not told.no_mends
        figures = as_it_is(name, lines, mends) if slip is None else with_slip(slip, lines, mends)
        figures.seconds = time.process_time() - begun
        store.put(job, figures)
    if left:
        print(f"{left} of {len(jobs)} audits are left: run it again")
    heads = f"{'false':>6}{'found':>10}{'mended':>6}{'other':>6}{'lines':>6}{'CPU s':>8}"
    print(f"{'note':30}{'=':>6}{'read':>7}{'judged':>7}{heads}")
    total = Figures()
    for name in names:
        of_note = Figures()
        for job, note, _ in jobs:
            if note == name and job in store.known:
                of_note.add(store.known[job])
        total.add(of_note)
        show(name, of_note)
    show("all", total)
    if told.v:
        print("\n".join(total.misses))


if __name__ == "__main__":
    main()
