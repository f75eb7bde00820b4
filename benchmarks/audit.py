"""How well the audit of notes does, end to end with the shipped references: the figures that the tests cannot take.

Usage: python -m benchmarks.audit [document] [slips] [matrix] [hostile] [fuzz] (all without arguments; -v lists misses)

`fuzz --first SEED --count N` takes a stretch of the documents.
"""

from __future__ import annotations

import random
import re
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gradproof.audit import Audit, audit
from gradproof.audit.auditing import audit_note, read_note
from gradproof.audit.both import with_what_it_says_itself
from gradproof.audit.judging.judge import judge
from gradproof.audit.judging.sides import Sides
from gradproof.audit.own.judging import audit_itself
from gradproof.audit.printing.latex import latex
from gradproof.audit.proofs import with_proofs
from gradproof.audit.reading.limits import Budget, Limits
from gradproof.audit.reading.read import Statement, read_document
from gradproof.audit.reading.tree import Call, Derivative, Node, Number, Product, Sum, Symbol, Transpose, walk
from gradproof.audit.truth import Bounded, NoteTruth
from gradproof.audit.values.evaluate import evaluation
from gradproof.audit.values.evaluation import Unjudged
from gradproof.audit.values.provider import Provider
from gradproof.audit.values.shapes import Misfit, alike
from gradproof.case.project import Project
from gradproof.case.reference import load_references
from gradproof.errors import GradproofError

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "audit"))

from document_strange import HOSTILE, mutated  # noqa: E402  the hostile documents of the tests

PROJECT = Project(ROOT)
SAMPLE, MATRICES = "parameter_update_2", "softmax_mlp"
DOCUMENTS = 10_000
_HANGS = 60  # seconds after which an input has no answer
PROVED_EACH = 10  # of so many fuzzed documents one is also proved
ALONE_EACH, BOTH_EACH = 20, 40  # of so many one is audited by itself, one against a reference and by itself
NOTES = Path(__file__).resolve().parent / "notes"
ALONE = (
    "rmsnorm_readme.md",
    "bilinear_indices.md",
    "batched_mlp.rst",
    "adam_two_steps.md",
    "attention_single_query.md",
)


def note_of(case: str) -> str:
    """The text of a shipped note."""
    return (ROOT / "manual" / f"{case}.md").read_text(encoding="utf-8")


def truth_of(case: str, trials: int, seed: int = 0) -> NoteTruth:
    """What a shipped reference knows."""
    return NoteTruth(load_references(PROJECT, case)[0], case, trials, seed)


@dataclass(frozen=True)
class Slip:
    """A slip in one side of a statement: the kind of slip and the whole document with it."""

    kind: str
    statement: int
    side: int
    text: str


def corrected(text: str) -> str:
    """The transcription with its six misprints put right."""
    return text.replace("+ \\eta", "- \\eta")


def slips(text: str, provider: Provider) -> Iterator[Slip]:
    """Every slip of every kind in every side, made on the printed text."""
    document = read_document(text, provider.names)
    symbols = [provider.names.symbol(key) for key in provider.names.declared()]
    for number, statement in enumerate(document.statements):
        for side, part in enumerate(statement.sides):
            assert part.node is not None
            seen = {text[part.start : part.end]}
            for kind, start, end, new in _changes(text, part.node, symbols):
                changed = text[part.start : start] + new + text[end : part.end]
                if changed not in seen:
                    seen.add(changed)
                    yield Slip(kind, number, side, text[: part.start] + changed + text[part.end :])


def _changes(text: str, tree: Node, symbols: list[Symbol]) -> Iterator[tuple[str, int, int, str]]:
    """Kind, and the characters to replace by what."""
    start = tree.span[0]
    yield "minus added", start, start, "-"
    for node in walk(tree):
        if isinstance(node, Sum):
            yield from _in_sum(text, node)
        elif isinstance(node, Product):
            yield from _in_product(text, node, symbols)
        elif isinstance(node, Symbol):
            for other in symbols:
                if other.name == node.name.upper() and other.sub and other.sub != node.sub:
                    yield "wrong index", *node.span, latex(other)
                elif other.sub == node.sub and other.sub and other.name != node.name.upper():
                    yield "wrong letter", *node.span, latex(other)
        elif isinstance(node, Transpose):
            yield "transpose dropped", node.argument.span[1], node.span[1], ""
        elif isinstance(node, Number):
            yield "wrong number", *node.span, str(int(node.text) + 1)
        elif isinstance(node, Call) and node.primes:
            at = text.index("'", node.span[0])
            yield "prime dropped", at, at + 1, ""
        elif isinstance(node, Derivative) and isinstance(node.of, Symbol) and isinstance(node.by, Symbol):
            turned = latex(Derivative(node.by, node.of))
            yield "derivative upside down", *node.span, turned


def _in_sum(text: str, node: Sum) -> Iterator[tuple[str, int, int, str]]:
    for at, (place, term) in enumerate(zip(node.places, node.terms, strict=True)):
        if place >= 0:
            yield "sign", place, place + 1, "+" if text[place] == "-" else "-"
        if len(node.terms) > 1 and at > 0:
            yield "term dropped", place, term.span[1], ""
    if node.span[0] < node.terms[0].span[0] and node.places[0] != node.span[0]:
        inner = text[slice(*node.span)].removeprefix("\\")
        yield "brackets dropped", *node.span, inner[1:-1].removesuffix("\\")


def _in_product(text: str, node: Product, symbols: list[Symbol]) -> Iterator[tuple[str, int, int, str]]:
    for at, factor in enumerate(node.factors):
        start, end = factor.span
        if at:
            yield "factor dropped", node.factors[at - 1].span[1], end, ""
        else:
            yield "factor dropped", start, node.factors[1].span[0], ""
        yield "factor doubled", end, end, r" \cdot " + text[start:end]
    for symbol in symbols[:: max(1, len(symbols) // 5)]:
        yield "factor added", node.span[1], node.span[1], r" \cdot " + latex(symbol)


def side_values(statement: Statement, provider: Provider) -> list[object] | None:
    """The values of all sides, None where one has none."""
    sides = Sides(statement, evaluation(provider, Budget(100_000), Limits()))
    return None if any(outcome.value is None for outcome in sides.outcomes) else [o.value for o in sides.outcomes]


def same(first: list[object] | None, second: list[object] | None, provider: Provider) -> bool:
    """Whether two printings of a statement have equal values, side by side."""
    if first is None or second is None or len(first) != len(second):
        return False
    try:
        pairs = [alike(a, b) for a, b in zip(first, second, strict=True)]
    except (Misfit, Unjudged):
        return False
    return all(provider.compare(a, b).status == "agree" for a, b in pairs)


def run_document() -> None:
    """Audit the shipped notes, the first one with a process's first audit before it; print counts and seconds."""
    audit_note("$$Loss = -\\log P_5$$", SAMPLE, project=PROJECT)  # torch imports its optimizers when one is made
    for case in (SAMPLE, MATRICES):
        started = time.perf_counter()
        found = audit_note(note_of(case), case, project=PROJECT)
        seconds = time.perf_counter() - started
        proofs = Counter(verdict.proof for verdict in found.verdicts)
        wordings = Counter(verdict.mend.wording if verdict.mend else "no mend" for verdict in found.wrong)
        print(f"{case}: {len(found.statements)} statements, {len(found.verdicts)} equalities, {counts_of(found)};")
        print(f"  {dict(proofs)}; mends {dict(wordings)}; {seconds:.3f} s")


def run_slips() -> None:
    """Plant every slip in the sample put right."""
    plant(corrected(note_of(SAMPLE)), SAMPLE, 64)


def run_matrix() -> None:
    """Plant every slip in the matrix note; statements with free index letters are left out."""
    plant(note_of(MATRICES), MATRICES, 64)


def plant(text: str, case: str, trials: int) -> None:
    """Plant every slip; print how many change a value, are noticed, and are mended to the original's values."""
    provider, referee = Bounded(truth_of(case, trials)), Bounded(truth_of(case, 1_000, seed=99))
    originals = read_document(text, provider.names).statements
    planted, changing, noticed, mended = Counter[str](), Counter[str](), Counter[str](), Counter[str]()
    started, judging = time.perf_counter(), 0.0
    misses: list[str] = []
    with np.errstate(all="ignore"):
        values = [side_values(statement, referee) for statement in originals]
        for slip in slips(text, provider):
            document = read_document(slip.text, provider.names)
            statement = document.statements[slip.statement]
            if values[slip.statement] is None or any(side.node is None for side in statement.sides):
                continue  # an index letter is free, or the slip tore a `\\left(` apart
            planted[slip.kind] += 1
            if same(side_values(statement, referee), values[slip.statement], referee):
                continue
            changing[slip.kind] += 1
            begun = time.perf_counter()
            verdicts = judge(document, provider, only=[slip.statement]).verdicts
            judging += time.perf_counter() - begun
            wrong = [v for v in verdicts if v.status == "WRONG"]
            noticed[slip.kind] += bool(wrong)
            found = next((v.mend for v in wrong if v.mend), None)
            again = read_document(f"$${found.latex}$$", provider.names).statements[0] if found else None
            if again and same(side_values(again, referee), values[slip.statement], referee):
                mended[slip.kind] += 1
            else:
                shown = " ".join(slip.text[statement.start : statement.end].split())
                misses.append(f"{slip.kind}: {shown[:150]} -> {found.latex[:150] if found else None}")
            if not wrong:
                print("NOT NOTICED", slip.kind, shown, [(v.status, v.reason) for v in verdicts])
    table(planted, changing, noticed, mended)
    total = sum(changing.values())
    print(f"{judging / total * 1e3:.0f} ms to judge and mend one; {time.perf_counter() - started:.0f} s in all")
    if "-v" in sys.argv:
        print("\n".join(misses))


def table(planted: Counter[str], changing: Counter[str], noticed: Counter[str], mended: Counter[str]) -> None:
    """One line for each kind of slip, one for all, and the shares."""
    print(f"{'kind':24}{'planted':>9}{'changing':>9}{'noticed':>9}{'mended':>9}")
    for kind in planted:
        print(f"{kind:24}{planted[kind]:9}{changing[kind]:9}{noticed[kind]:9}{mended[kind]:9}")
    sums = [counter.total() for counter in (planted, changing, noticed, mended)]
    print(f"{'all':24}" + "".join(f"{number:9}" for number in sums))
    print(f"noticed {sums[2] / sums[1]:.2%}, mended {sums[3] / sums[1]:.2%} of those that change a value")


def run_hostile() -> None:
    """Audit each hostile input, proofs included; print CPU seconds, MiB above those before it, and the answer."""
    print(f"{'input':34}{'seconds':>9}{'MiB':>7}  answer")
    wanted = sys.argv[sys.argv.index("--only") + 1] if "--only" in sys.argv else ""
    audit_note("$$Loss = -\\log P_5$$", SAMPLE, project=PROJECT)  # what is loaded and built only once
    signal.signal(signal.SIGALRM, signal.default_int_handler)
    slowest = largest = 0.0
    for name in (name for name in HOSTILE if wanted in name):
        text = HOSTILE[name]()
        Path("/proc/self/clear_refs").write_text("5")  # the peak counts from here
        before, started = peak_mebibytes(), time.process_time()  # the machine may be shared
        signal.alarm(_HANGS)
        try:
            answer = answer_of(text)
        except KeyboardInterrupt:
            answer = f"NO ANSWER in {_HANGS} s"
        signal.alarm(0)
        seconds, mebibytes = time.process_time() - started, peak_mebibytes() - before
        slowest, largest = max(slowest, seconds), max(largest, mebibytes)
        print(f"{name:34}{seconds:9.3f}{mebibytes:7.1f}  {answer}", flush=True)
    print(f"{len(HOSTILE)} inputs: slowest {slowest:.2f} CPU s, largest {largest:.0f} MiB")


def answer_of(text: str) -> str:
    """What the audit says of a document, in short."""
    try:
        found = audit_note(text, SAMPLE, project=PROJECT)
    except GradproofError as error:
        return str(error)[:110]
    reason = next((f": {v.reason}" for v in found.verdicts if v.reason), "")
    return (counts_of(found) or "no statement") + reason[:90]


def peak_mebibytes() -> float:
    """The largest resident memory since the last reset, from Linux's table of this process."""
    found = re.search(r"VmHWM:\s+([0-9]+)", Path("/proc/self/status").read_text(encoding="ascii"))
    return int(found[1]) / 1024 if found else float("nan")


def counts_of(found: Audit) -> str:
    """How many verdicts of each kind."""
    counts = Counter(verdict.status for verdict in found.verdicts)
    return ", ".join(f"{number} {status}" for status, number in counts.items())


def run_fuzz() -> None:
    """Audit mutated documents, some with proofs, some by themselves, some in both ways; print crashes and the slowest.

    A failure inside of the audit of one statement, which is contained there, counts as a crash, too.
    """
    cases = [(note_of(case), truth_of(case, trials=4)) for case in (MATRICES, SAMPLE)]
    notes = [read_note(NOTES / name) for name in ALONE]
    crashes, slowest, started = 0, 0.0, time.process_time()
    verdicts: Counter[str] = Counter()
    first, count = _number("--first", 0), _number("--count", DOCUMENTS)
    for seed in range(first, first + count):
        text, truth = cases[seed % 2]
        alone = seed % ALONE_EACH == 0
        document = mutated(notes[seed // ALONE_EACH % len(notes)] if alone else text, random.Random(seed))
        begun = time.process_time()
        try:
            found = audit_itself(document, mends=False) if alone else audit(document, Bounded(truth))
            if not alone and seed % PROVED_EACH in (0, 1):
                found = with_proofs(found, truth, seed, 1.0)
            if not alone and seed % BOTH_EACH == 1:
                found = with_what_it_says_itself(found, Bounded(truth), seed=seed)
            verdicts.update(verdict.proof or verdict.status for verdict in found.verdicts)
            failed = next((v.reason for v in found.verdicts if v.reason.startswith("gradproof failed")), "")
        except Exception as error:
            failed = repr(error)
        if failed:
            crashes += 1
            print(f"seed {seed}: {failed}"[:300], flush=True)
        slowest = max(slowest, time.process_time() - begun)
    seconds = time.process_time() - started
    print(f"{count:,} documents in {seconds:.0f} CPU s: {crashes} crashes, slowest {slowest:.2f} s; {dict(verdicts)}")


def _number(option: str, usual: int) -> int:
    """The number behind an option of the command line."""
    return int(sys.argv[sys.argv.index(option) + 1]) if option in sys.argv else usual


def main() -> None:
    """Run the parts named on the command line."""
    arguments = [a for a in sys.argv[1:] if not a.startswith("-") and not a.isdecimal()]
    parts = {
        "document": run_document,
        "slips": run_slips,
        "matrix": run_matrix,
        "hostile": run_hostile,
        "fuzz": run_fuzz,
    }
    for name in [a for a in arguments if a in parts] or parts:
        print(f"## {name}")
        parts[name]()


if __name__ == "__main__":
    main()
