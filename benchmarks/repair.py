"""How well wrong equations are located, mended and explained, and how fast.

Usage: python -m benchmarks.repair [PART ...] [--sample N] [--seed N]
Parts: single, document, several, double, typical, heldout, values
(all parts without arguments; `--sample` bounds the mutants of `single` and `values` and the combinations of the others)
"""

from __future__ import annotations

import argparse
import random
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from benchmarks.repair_cases.bench import Bench, Outcome, document_bench, runs_right, scalar_bench, tensor_bench
from benchmarks.repair_cases.heldout import HELDOUT
from benchmarks.repair_cases.mistakes import TYPICAL, Mistake
from benchmarks.repair_cases.mutants import Mutant, mutants
from benchmarks.repair_cases.written import rewritten
from gradproof.case.derivation import Equation
from gradproof.repair import Evidence, diagnose_values
from gradproof.repair.equation import functions_of
from gradproof.repair.evidence.confirm import outputs
from gradproof.repair.formulas.formula import names_in
from gradproof.repair.formulas.syntax import read

COMBINATIONS = 300
DOCUMENT_SAMPLE = 1000
SAME_KIND = {
    "sign": {"sign"},
    "index": {"index", "name"},
    "name": {"name", "activation", "subexpression"},
    "ordering": {"ordering", "name"},
    "operator": {"operator", "sign"},
    "missing factor": {"missing factor", "mask", "sign", "constant factor"},
}


def faults(bench: Bench, rng: random.Random, sample: int | None) -> Iterator[tuple[str, Mutant, Equation]]:
    """Mutants that change a value, in random order."""
    every = [(name, mutant) for name in bench.equations for mutant in bench.mutants(name)]
    rng.shuffle(every)
    count = 0
    for name, mutant in every:
        equation = bench.with_formula(name, mutant.formula)
        if not bench.is_right(equation):
            yield name, mutant, equation
            count += 1
            if count == sample:
                return


def report(title: str, outcomes: Sequence[Outcome], labels: Sequence[str]) -> None:
    """Print counts, times and what was not mended."""
    verdicts = Counter(outcome.verdict for outcome in outcomes)
    seconds = np.array([outcome.seconds for outcome in outcomes])
    mended = sum(verdicts[v] for v in ("exact", "equivalent"))
    print(f"{title}: {len(outcomes)} wrong equations, {100 * mended / len(outcomes):.2f} % mended ({dict(verdicts)})")
    quantiles = ", ".join(f"{q} % {1e3 * np.percentile(seconds, q):.1f}" for q in (50, 90, 99, 100))
    print(f"  ms a repair: {quantiles}")
    for outcome, label in zip(outcomes, labels, strict=True):
        if outcome.verdict in ("spurious", "none"):
            print(f"  {outcome.verdict}: {label}")


def single(bench: Bench, rng: random.Random, sample: int | None) -> None:
    """Every single slip of a scalar derivation."""
    outcomes, labels, located, kinds = [], [], 0, Counter[bool]()
    for name, mutant, equation in faults(bench, rng, sample):
        located += bench.located([equation]) == {name}
        outcome = bench.mended(equation)
        outcomes.append(outcome)
        labels.append(f"{name}: {mutant.text}")
        if outcome.repair.fix is not None and outcome.verdict == "exact":
            kinds[outcome.repair.fix.kind in _undoing(mutant.kind)] += 1
    print(f"located: {located} of {len(outcomes)}")
    report("one slip", outcomes, labels)
    print(f"  class of the slip named as the mutation's: {kinds[True]} of {kinds.total()}")


def _undoing(kind: str) -> set[str]:
    """The classes under which undoing a mutation may be named."""
    swapped = {"missing": "extra", "extra": "missing"}
    first, _, rest = kind.partition(" ")
    return SAME_KIND.get(kind, {kind}) | {f"{swapped.get(first, first)} {rest}".strip()}


def several(bench: Bench, rng: random.Random, sample: int | None) -> None:
    """Two, three, five wrong equations at once."""
    for count in (2, 3, 5):
        total = sample or COMBINATIONS
        located = right = 0
        times = []
        for _ in range(total):
            wrong = [random_fault(bench, name, rng) for name in rng.sample(list(bench.equations), count)]
            located += bench.located(wrong) == {equation.name for equation in wrong}
            module, seconds = bench.mended_together(wrong)
            times.append(seconds)
            right += runs_right(module, bench.judge)
        print(
            f"{count} wrong equations: {total} combinations, all located in {located}, module right in {right}, "
            f"median {1e3 * np.median(times):.0f} ms a module"
        )


def random_fault(bench: Bench, name: str, rng: random.Random) -> Equation:
    while True:
        by_kind: dict[str, list[Mutant]] = {}
        for mutant in bench.mutants(name):
            by_kind.setdefault(mutant.kind, []).append(mutant)
        mutant = rng.choice(by_kind[rng.choice(sorted(by_kind))])
        equation = bench.with_formula(name, mutant.formula)
        if not bench.is_right(equation):
            return equation


def double(bench: Bench, rng: random.Random, sample: int | None) -> None:
    """Two slips in one equation."""
    outcomes, labels = [], []
    while len(outcomes) < (sample or COMBINATIONS):
        name = rng.choice(list(bench.equations))
        first = random_fault(bench, name, rng)
        formula = read(first.source, functions_of(first)).formula
        by_kind: dict[str, list[Mutant]] = {}
        for mutant in mutants(formula, first.inputs, list(bench.search[0].values)):
            by_kind.setdefault(mutant.kind, []).append(mutant)
        mutant = rng.choice(by_kind[rng.choice(sorted(by_kind))])
        equation = bench.with_formula(name, mutant.formula)
        if not bench.is_right(equation):
            outcomes.append(bench.mended(equation))
            labels.append(f"{name}: {equation.source.splitlines()[-1].strip()}")
    report("two slips in one equation", outcomes, labels)


def wrong_equation(bench: Bench, mistake: Mistake) -> Equation:
    """The equation with the mistake."""
    right = bench.equations[mistake.equation]
    known = [name for name in bench.search[0].values if name != right.quantity]
    text = f"def {right.name}({', '.join(known)}):\n    return {mistake.expression}\n"
    formula = read(text, functions_of(right)).formula
    return rewritten(right, mistake.expression, tuple(name for name in known if name in names_in(formula)))


def mistakes(title: str, listed: Sequence[Mistake]) -> None:
    """Mistakes in tensor derivations."""
    benches = {case: tensor_bench(case) for case in dict.fromkeys(mistake.case for mistake in listed)}
    outcomes, labels, located = [], [], 0
    for mistake in listed:
        bench = benches[mistake.case]
        equation = wrong_equation(bench, mistake)
        located += bench.located([equation]) == {mistake.equation}
        outcomes.append(bench.mended(equation))
        labels.append(f"{mistake.case} {mistake.equation}: {mistake.slip}")
    for outcome, mistake in zip(outcomes, listed, strict=True):
        fix = outcome.repair.fix
        said = f"{fix.expression}   [{fix.kind}] {fix.sentence}" if fix else "-"
        print(
            f"  {mistake.case} {mistake.equation} ({mistake.slip}): {outcome.verdict}, {outcome.seconds:.2f} s: {said}"
        )
    print(f"located: {located} of {len(listed)}")
    report(title, outcomes, labels)


def values(bench: Bench, rng: random.Random, sample: int | None) -> None:
    """Diagnosis from values alone: how often it says something, and whether that holds in trials it has not seen."""
    said = held = count = 0
    for name, mutant, equation in faults(bench, rng, sample):
        count += 1
        found = _readings(bench.search, equation)
        if found:
            said += 1
            again = _readings(bench.judge, equation)
            if {kind for kind, _ in found} <= {kind for kind, _ in again} or _condition_holds(bench, equation, found):
                held += 1
            else:
                print(f"  not confirmed: {name}: {mutant.text}: {found} / {again}")
    print(f"values alone, scalar: {said} of {count} slips named, {held} of {said} hold in other trials")
    said = held = 0
    for mistake in TYPICAL:
        tensor = tensor_bench(mistake.case)
        equation = wrong_equation(tensor, mistake)
        found = _readings(tensor.search, equation)
        said += bool(found)
        held += bool(found) and {kind for kind, _ in found} <= {kind for kind, _ in _readings(tensor.judge, equation)}
    print(f"values alone, tensors: {said} of {len(TYPICAL)} mistakes named, {held} of {said} hold in other trials")


def _condition_holds(bench: Bench, equation: Equation, found: set[tuple[str, str]]) -> bool:
    """Whether every wrong trial of the judge meets a condition that was read; a tiny factor may make others right."""
    if any(kind == "not finite" for kind, _ in found):
        return True  # said of these trials, not of others
    condition = re.search(r"trials with (\w+) (>|<=) 0", " ".join(sentence for _, sentence in found))
    if condition is None:
        return False
    for group in bench.judge:
        computed = outputs(equation.function, equation.inputs, group)
        if isinstance(computed, Exception):
            return False
        wrong = ~(np.abs(computed - group.values[equation.quantity]) <= group.allowed(equation.quantity))
        positive = group.values[condition[1]] > 0
        if (wrong & (positive != (condition[2] == ">"))).any():
            return False
    return True


def _readings(groups: Sequence[Evidence], equation: Equation) -> set[tuple[str, str]]:
    computed = [outputs(equation.function, equation.inputs, group) for group in groups]
    truths = [group.values[equation.quantity] for group in groups]
    found = diagnose_values(computed, truths, [group.values for group in groups], quantity=equation.quantity)
    return {(diagnosis.kind, diagnosis.sentence) for diagnosis in found}


PARTS: dict[str, Callable[[random.Random, int | None], None]] = {
    "single": lambda rng, sample: single(scalar_bench(), rng, sample),
    "document": lambda rng, sample: single(document_bench(), rng, sample or DOCUMENT_SAMPLE),
    "several": lambda rng, sample: several(scalar_bench(), rng, sample),
    "double": lambda rng, sample: double(scalar_bench(), rng, sample),
    "typical": lambda rng, sample: mistakes("typical mistakes", TYPICAL[:sample]),
    "heldout": lambda rng, sample: mistakes("mistakes thought up beforehand", HELDOUT[:sample]),
    "values": lambda rng, sample: values(scalar_bench(), rng, sample),
}


def main() -> None:
    """Run the parts that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], metavar="part")
    parser.add_argument("--sample", type=int)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    for part in options.parts or PARTS:
        print(f"== {part}")
        PARTS[part](random.Random(options.seed), options.sample)


if __name__ == "__main__":
    main()
