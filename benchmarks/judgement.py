"""Whether its word holds on derivations that nobody wrote: random right ones, and mistakes planted into them.

    python -m benchmarks.judgement right wrong proof --into found.jsonl --seconds 300
    python -m benchmarks.judgement --into found.jsonl

`right`: right derivations in both dtypes and at three scales; nothing may disagree, little be inconclusive.
`wrong`: mistakes of all kinds; none may pass, nothing right may be blamed, no fix may be none.
`proof`: what is proved or refuted of both, beside what the numbers say.

What was found is appended to a file, a line for each derivation, and a later run goes on where that file ends: a slice
takes so many seconds of processor time, its parts in turn. Every run ends with the table of all that the file has.

Derivations are made of 10 to 40 steps (products, broadcasting, reductions, softmax, normalisations, masks, maxima,
choices, indices, pieces, running sums, erf, log-sum-exp, attention), written out as NumPy statements forward and
backward, and as a torch module in which every step has a name.
"""

from __future__ import annotations

import argparse
import json
import random
import time
import warnings
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from benchmarks.judgement_cases.build import MOST, graph_of
from benchmarks.judgement_cases.mistakes import KINDS, planted
from benchmarks.judgement_cases.outcome import Outcome, checked, checked_once, opened
from benchmarks.judgement_cases.text import written

DTYPES = ("float32", "float64")
SCALES = (30.0, 1.0, 1e-3)
MISTAKEN = 100_000
"""Mistakes are planted into the derivations of the seeds from here on."""

Line = dict[str, Any]


def right(number: int, options: argparse.Namespace) -> Iterator[Line]:
    """One right derivation, in every dtype and at every scale: a line for each."""
    with opened(written(graph_of(options.seed + number, options.most))) as one:
        for dtype in DTYPES:
            for scale in SCALES:
                outcome = checked_once(one, trials=options.trials, dtype=dtype, scale=scale, repair=False)
                yield {
                    "dtype": dtype,
                    "scale": scale,
                    "verdicts": _verdicts(outcome),
                    "refused": outcome.refusal,
                    "accused": _accused(outcome),
                }


def wrong(number: int, options: argparse.Namespace) -> Iterator[Line]:
    """One planted mistake, if the derivation has a place for it and Python does not tell of it."""
    yield from _mistaken(number, options, dtype=options.dtype, repair=not options.unmended)


def proof(number: int, options: argparse.Namespace) -> Iterator[Line]:
    """The proofs of a right derivation, and of one with a mistake in it."""
    outcome = checked(
        written(graph_of(options.seed + number, options.most)), trials=options.trials, repair=False, proof=True
    )
    yield {"kind": "right", "proofs": _proofs(outcome), "against": list(outcome.contradictions), "false": []}
    for line in _mistaken(number, options, repair=False, proof=True):
        if line["changed"] > 1e-9 and line["proved"]:
            line["false"] = line["proved"]
        yield line


PARTS: dict[str, Callable[[int, argparse.Namespace], Iterator[Line]]] = {"right": right, "wrong": wrong, "proof": proof}


def _mistaken(number: int, options: argparse.Namespace, **how: Any) -> Iterator[Line]:
    kind, graph = list(KINDS)[number % len(KINDS)], options.seed + MISTAKEN + number
    right_one = written(graph_of(graph, options.most))
    mistake = planted(right_one, kind, random.Random(graph))
    if mistake is None:
        return
    line: Line = {"kind": kind, "what": f"`{mistake.before}` -> `{mistake.after}`"}
    try:
        outcome = checked(right_one, mistake=mistake, trials=options.trials, **how)
    except Exception as error:  # whatever a checker may stumble over is what this is to find
        yield line | {"word": "crash", "fixed": "", "refused": f"{type(error).__name__}: {error}", "changed": 0.0}
        return
    if outcome.word == "raises":
        return
    results = outcome.result.results if outcome.result else ()
    yield line | {
        "word": outcome.word,
        "fixed": outcome.fixed if outcome.word == "caught" and how.get("repair", True) else "",
        "refused": outcome.refusal,
        "named": sorted(outcome.named),
        "accepted": sorted(outcome.accepted),
        "changed": outcome.changed,
        "fix": outcome.fix,
        "proofs": _proofs(outcome),
        "against": list(outcome.contradictions),
        "proved": [x.equation for x in results if x.proof == "PROVED" and {x.equation} == outcome.accepted],
    }


def _verdicts(outcome: Outcome) -> dict[str, int]:
    return dict(Counter(str(one.verdict) for one in outcome.result.results)) if outcome.result else {}


def _proofs(outcome: Outcome) -> dict[str, int]:
    return dict(Counter(one.proof or "none" for one in outcome.result.results)) if outcome.result else {}


def _accused(outcome: Outcome) -> list[str]:
    return [
        f"{one.written}: {one.diagnosis or one.disagreeing_trials}"
        for one in (outcome.result.results if outcome.result else ())
        if one.verdict in ("disagrees", "inherits")
    ]


def run(options: argparse.Namespace) -> None:
    """The parts in turn, each going on after the last derivation that the file has of it."""
    reached, spent = dict.fromkeys(options.parts, 0), Counter[str]()
    for line in _lines(options.into):
        if line["part"] in reached:
            reached[line["part"]] = max(reached[line["part"]], line["number"] + 1)
    start = time.process_time()
    with options.into.open("a", encoding="utf-8") as file:
        while time.process_time() - start < options.seconds:
            part = min(reached, key=lambda part: spent[part])
            began = time.process_time()
            lines = list(PARTS[part](reached[part], options)) or [{"none": True}]
            for line in lines:
                file.write(json.dumps({"part": part, "number": reached[part], "trials": options.trials} | line) + "\n")
                _tell(part, reached[part], line)
            file.flush()
            reached[part] += 1
            spent[part] += time.process_time() - began


def _lines(path: Path) -> Iterable[Line]:
    return map(json.loads, path.read_text(encoding="utf-8").splitlines()) if path.exists() else ()


def _tell(part: str, number: int, line: Line) -> None:
    """Print what went wrong."""
    if line.get("none"):
        return
    here = f"{part} {number} {line.get('kind', '')} {line.get('dtype', '')} {line.get('scale', '')}"
    if part == "right":
        told = [f"accused: {text}" for text in line["accused"][:5]] + [f"refused: {line['refused']}"] * bool(
            line["refused"]
        )
    else:
        told = [f"AGAINST THE NUMBERS: {text}" for text in line.get("against", [])]
        told += [f"FALSE PROOF: {text}" for text in line.get("false", [])]
        if line.get("word") in ("blamed", "passed", "refused", "crash") or line.get("fixed") in ("wrong", "shown"):
            told.append(
                f"{line['word']}, fix {line['fixed'] or '-'}: {line['what']}; named {line.get('named')}, may be "
                f"{line.get('accepted')}, changed {line['changed']:.1e} {line['refused']} {line.get('fix', '')}"
            )
    for text in told:
        print(f"  {here}: {text}", flush=True)


def table(lines: list[Line]) -> None:
    """Print what the file has."""
    found = [line for line in lines if line["part"] == "right"]
    for dtype in DTYPES:
        for scale in SCALES:
            here = [line for line in found if line["dtype"] == dtype and line["scale"] == scale]
            if here:
                _of_right(dtype, scale, here)
    words: dict[str, Counter[str]] = defaultdict(Counter)
    fixes: dict[str, Counter[str]] = defaultdict(Counter)
    for line in lines:
        if line["part"] == "wrong" and "word" in line:
            words[line["kind"]][line["word"]] += 1
            if line["fixed"]:
                fixes[line["kind"]][line["fixed"]] += 1
    if words:
        _table(words, ("caught", "inconclusive", "unseen", "remarked", "passed", "blamed", "refused", "crash"))
    if fixes:
        _table(fixes, ("right", "none", "wrong", "shown"))
    proofs = [line for line in lines if line["part"] == "proof" and "proofs" in line]
    counts: Counter[str] = sum((Counter(line["proofs"]) for line in proofs), Counter())
    if proofs:
        print(
            f"{counts.total():,} statements of proof: {dict(counts)}; {sum(len(x['against']) for x in proofs)} against "
            f"the numbers, {sum(len(x.get('false', [])) for x in proofs)} false"
        )


def _of_right(dtype: str, scale: float, here: list[Line]) -> None:
    counts: Counter[str] = sum((Counter(line["verdicts"]) for line in here), Counter())
    total = max(counts.total(), 1)
    trials = sorted({line["trials"] for line in here})
    print(
        f"{dtype}, scale {scale:g}: {len(here)} graphs x {' or '.join(map(str, trials))} trials, {total:,} verdicts: "
        f"{counts['disagrees']} disagree, {100 * counts['inconclusive'] / total:.1f} % inconclusive, "
        f"{sum(bool(line['refused']) for line in here)} refused; {dict(counts)}"
    )


def _table(rows: dict[str, Counter[str]], columns: tuple[str, ...]) -> None:
    print(f"{'':20s}" + "".join(f"{column:>14s}" for column in columns))
    for kind, counts in [*rows.items(), ("all", sum(rows.values(), Counter()))]:
        print(f"{kind:20s}" + "".join(f"{counts[column]:14d}" for column in columns), flush=True)


def main() -> None:
    """Run a slice of the parts that are asked for, and print the table of all that was found so far."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="part", choices=[*PARTS, []])
    parser.add_argument("--into", type=Path, required=True, help="where results are kept, a line each")
    parser.add_argument("--seconds", type=float, default=300.0, help="processor time of this slice")
    parser.add_argument("--trials", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--most", type=int, default=MOST, help="steps of a derivation at most")
    parser.add_argument("--dtype", default="float64", choices=DTYPES, help="of planted mistakes")
    parser.add_argument("--unmended", action="store_true", help="mistakes are found, not mended: many more of them")
    options = parser.parse_args()
    warnings.simplefilter("ignore", RuntimeWarning)
    if options.parts:
        run(options)
    table(list(_lines(options.into)))


if __name__ == "__main__":
    main()
