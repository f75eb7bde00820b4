"""Whether its word holds on derivations that nobody wrote: random right ones, and mistakes planted into them.

    python -m benchmarks.judgement [right] [wrong] [proof] [--graphs 60] [--mistakes 180] [--trials 2000] [--most 40]

`right`: right derivations in both dtypes and at three scales; nothing may disagree, little be inconclusive.
`wrong`: mistakes of all kinds; none may pass, nothing right may be blamed, no fix may be none.
`proof`: what is proved or refuted of both, beside what the numbers say.

Derivations are made of 10 to 40 steps (products, broadcasting, reductions, softmax, normalisations, masks, maxima,
choices, indices, pieces, running sums, erf, log-sum-exp, attention), written out as NumPy statements forward and
backward, and as a torch module in which every step has a name.
"""

from __future__ import annotations

import argparse
import random
import time
import warnings
from collections import Counter, defaultdict
from collections.abc import Iterable

from benchmarks.judgement_cases.build import MOST, graph_of
from benchmarks.judgement_cases.mistakes import KINDS, planted
from benchmarks.judgement_cases.outcome import Outcome, checked
from benchmarks.judgement_cases.text import written

DTYPES = ("float64", "float32")
SCALES = (1e-3, 1.0, 30.0)


def right(graphs: int, trials: int, seed: int, most: int) -> None:
    """Right derivations: one line for each dtype and scale, one for each that is accused or refused."""
    print(f"right derivations: {graphs} graphs, {trials:,} trials each")
    for dtype in DTYPES:
        for scale in SCALES:
            verdicts, refused, accused = Counter[str](), 0, []
            for k in range(graphs):
                outcome = checked(
                    written(graph_of(seed + k, most)), trials=trials, dtype=dtype, scale=scale, repair=False
                )
                if outcome.result is None:
                    refused += 1
                    print(f"  graph {seed + k}, {dtype}, {scale:g}: refused: {outcome.refusal}")
                    continue
                verdicts.update(str(one.verdict) for one in outcome.result.results)
                accused += [
                    f"  graph {seed + k}: {one.written}: {one.diagnosis or one.disagreeing_trials}"
                    for one in outcome.result.results
                    if one.verdict in ("disagrees", "inherits")
                ]
            total = max(verdicts.total(), 1)
            print(
                f"{dtype}, scale {scale:g}: {total:,} verdicts, {verdicts['disagrees']} disagree, "
                f"{100 * verdicts['inconclusive'] / total:.1f} % inconclusive, {refused} refused; {dict(verdicts)}",
                flush=True,
            )
            print("\n".join(accused[:20]), flush=True)


def wrong(mistakes: int, trials: int, seed: int, most: int, dtype: str) -> None:
    """Planted mistakes, the kinds in turn: one line for each kind, and one for each that went wrong."""
    print(f"planted mistakes: {mistakes}, {trials:,} trials each, {dtype}")
    words: dict[str, Counter[str]] = defaultdict(Counter)
    fixes: dict[str, Counter[str]] = defaultdict(Counter)
    for kind, graph, outcome, what in _planted(mistakes, trials, seed, most, dtype, proof=False):
        words[kind][outcome.word] += 1
        if outcome.word == "caught":
            fixes[kind][outcome.fixed] += 1
        if outcome.word in ("blamed", "passed", "refused") or outcome.fixed in ("wrong", "shown"):
            print(f"  {outcome.word}, fix {outcome.fixed or '-'}, graph {graph}, {kind}: {what}", flush=True)
            print(f"    named {sorted(outcome.named)}, changed {outcome.changed:.1e} {outcome.refusal} {outcome.fix}")
        elif outcome.word == "caught" and outcome.fixed == "none":
            print(f"  no fix, graph {graph}, {kind}: {what}", flush=True)
    _table(words, ("caught", "inconclusive", "unseen", "passed", "blamed", "refused"))
    _table(fixes, ("right", "none", "wrong", "shown"))


def proof(graphs: int, mistakes: int, trials: int, seed: int, most: int) -> None:
    """Proofs of right derivations and of wrong ones, held against the numbers."""
    verdicts, statements, contradictions, false = Counter[str](), 0, 0, 0
    start = time.process_time()
    for k in range(graphs):
        outcome = checked(written(graph_of(seed + k, most)), trials=trials, repair=False, proof=True)
        for one in outcome.result.results if outcome.result else ():
            statements += 1
            verdicts[one.proof or "none"] += 1
        contradictions += len(outcome.contradictions)
        for text in outcome.contradictions:
            print(f"  CONTRADICTION, graph {seed + k}: {text}", flush=True)
    print(f"right: {statements} statements, {dict(verdicts)}, {time.process_time() - start:.0f} s", flush=True)
    for kind, graph, outcome, what in _planted(mistakes, trials, seed, most, "float64", proof=True):
        for one in outcome.result.results if outcome.result else ():
            statements += 1
            verdicts[one.proof or "none"] += 1
            if one.proof == "PROVED" and {one.equation} == outcome.accepted and outcome.changed > 1e-9:
                false += 1
                print(f"  FALSE PROOF, graph {graph}, {kind}: {what}", flush=True)
        contradictions += len(outcome.contradictions)
        for text in outcome.contradictions:
            print(f"  CONTRADICTION, graph {graph}, {kind}, {what}: {text}", flush=True)
    print(f"{statements} statements of proof: {dict(verdicts)}; {contradictions} contradict the numbers, {false} false")


def _planted(
    count: int, trials: int, seed: int, most: int, dtype: str, *, proof: bool
) -> Iterable[tuple[str, int, Outcome, str]]:
    kinds = list(KINDS)
    done, k = 0, 0
    while done < count:
        graph, kind = seed + 100_000 + k, kinds[k % len(kinds)]
        k += 1
        right_one = written(graph_of(graph, most))
        mistake = planted(right_one, kind, random.Random(graph))
        if mistake is None:
            continue
        what = f"`{mistake.before}` -> `{mistake.after}`"
        try:
            outcome = checked(right_one, mistake=mistake, trials=trials, dtype=dtype, repair=not proof, proof=proof)
            if outcome.word != "raises":  # Python tells of those
                done += 1
                yield kind, graph, outcome, what
        except Exception as error:
            done += 1
            print(f"  CRASH, graph {graph}, {kind}: {what}: {type(error).__name__}: {error}", flush=True)


def _table(rows: dict[str, Counter[str]], columns: tuple[str, ...]) -> None:
    print(f"{'':20s}" + "".join(f"{column:>14s}" for column in columns))
    total = Counter[str]()
    for kind, counts in rows.items():
        total += counts
        print(f"{kind:20s}" + "".join(f"{counts[column]:14d}" for column in columns))
    print(f"{'all':20s}" + "".join(f"{total[column]:14d}" for column in columns), flush=True)


def main() -> None:
    """Run the parts that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="part")
    parser.add_argument("--graphs", type=int, default=60)
    parser.add_argument("--mistakes", type=int, default=180)
    parser.add_argument("--trials", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--most", type=int, default=MOST, help="steps of a derivation at most")
    parser.add_argument("--dtype", default="float64", choices=DTYPES)
    options = parser.parse_args()
    warnings.simplefilter("ignore", RuntimeWarning)
    parts = options.parts or ["right", "wrong", "proof"]
    if "right" in parts:
        right(options.graphs, options.trials, options.seed, options.most)
    if "wrong" in parts:
        wrong(options.mistakes, options.trials, options.seed, options.most, options.dtype)
    if "proof" in parts:
        proof(options.graphs, options.mistakes, options.trials, options.seed, options.most)


if __name__ == "__main__":
    main()
