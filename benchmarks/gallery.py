"""The gallery: how long all cases take in both dtypes, and what becomes of the known-wrong variants.

Usage: python -m benchmarks.gallery [cases] [variants] [--trials N]
(both parts without arguments; `--trials` is for the right cases)
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import defaultdict
from pathlib import Path

from gradproof import crosscheck, defaults

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "gallery"))

from harness import PROJECT, Outcome, gallery, tried, variants


def cases(trials: int) -> None:
    """Check every case in both dtypes."""
    total, start_of_all = 0.0, time.process_time()
    largest = dict.fromkeys(defaults.DTYPES, (0.0, ""))
    print(f"{'case':28} {'equations':>9} {'float64':>9} {'float32':>9}   not in agreement")
    for case in gallery():
        seconds, odd, count = [], [], 0
        for dtype in defaults.DTYPES:
            start = time.perf_counter()
            result = crosscheck(case, project=PROJECT, trials=trials, dtype=dtype)
            seconds.append(time.perf_counter() - start)
            odd += [f"{one.equation} {one.verdict} in {dtype}" for one in result.results if one.verdict != "agrees"]
            count = len(result.results)
            shares = [(one.bound_share, f"{case}: {one.equation}") for one in result.results]
            largest[dtype] = max(largest[dtype], *shares)
        total += sum(seconds)
        print(f"{case:28} {count:9} {seconds[0]:7.2f} s {seconds[1]:7.2f} s   {', '.join(odd)}")
    print(
        f"{len(gallery())} cases, {trials} trials, both dtypes: {total:.1f} s in all, "
        f"{time.process_time() - start_of_all:.1f} s of them on the processor"
    )
    for dtype, (share, where) in largest.items():
        print(f"largest share of a bound in {dtype}: {100 * share:.0f}% ({where})")
    print()


def known_wrong() -> None:
    """Plant every slip and count what is caught, blamed on the right equation, and mended."""
    found: dict[str, list[Outcome]] = defaultdict(list)
    for variant in variants():
        found[variant.case].append(tried(variant))
    print(f"{'case':28} {'variants':>9} {'caught':>9} {'named':>9} {'mended':>9}")
    for case, outcomes in found.items():
        print(_row(case, outcomes))
    every = [outcome for outcomes in found.values() for outcome in outcomes]
    print(_row("all", every))
    for outcome in every:
        if not outcome.named:
            print(f"not named: {outcome.variant.label}: {', '.join(outcome.blamed) or 'nothing'} is blamed")
        elif not outcome.mended:
            print(f"not mended: {outcome.variant.label}")


def _row(title: str, outcomes: list[Outcome]) -> str:
    caught = sum(outcome.caught for outcome in outcomes)
    named = sum(outcome.named for outcome in outcomes)
    mended = sum(outcome.mended for outcome in outcomes)
    return f"{title:28} {len(outcomes):9} {caught:9} {named:9} {mended:9}"


def main() -> None:
    """Run the parts that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", choices=["cases", "variants", []], metavar="part")
    parser.add_argument("--trials", type=int, default=defaults.TRIALS)
    options = parser.parse_args()
    if "cases" in options.parts or not options.parts:
        cases(options.trials)
    if "variants" in options.parts or not options.parts:
        known_wrong()


if __name__ == "__main__":
    main()
