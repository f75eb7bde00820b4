"""Right equations are never accused, small errors are: the document's case at several scales, and planted errors.

    python benchmarks/false_alarms.py [--trials 10000000] [--seed 0]

For each scale of the draws and each dtype: accused equations, trials left out because the truth is not finite, the
largest share of a bound that was used, memory. Then for relative errors planted into each of the 15 gradients in turn,
in a run of default size: how many are caught, and in how many of the trials.
"""

from __future__ import annotations

import argparse
import resource
import statistics
from pathlib import Path
from types import FunctionType

from gradproof import crosscheck, defaults
from gradproof.case.derivation import Derivation, equations_of
from gradproof.case.project import Project
from gradproof.check.case import Case, load_case

PROJECT = Project(Path(__file__).resolve().parent.parent)
SCALES = (1.0, 100.0, 1e-6)
ERRORS = {"float64": (1e-10, 1e-11, 1e-12, 1e-13), "float32": (1e-2, 1e-3, 1e-4)}


def accused(trials: int, seed: int) -> None:
    """Print what right equations are accused of."""
    for scale in SCALES:
        for dtype in defaults.DTYPES:
            result = crosscheck(
                "parameter_update_2", trials=trials, seed=seed, scale=scale, dtype=dtype, project=PROJECT
            )
            share = max(one.bound_share for one in result.results)
            undefined = max(one.undefined_trials for one in result.results)
            memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            print(
                f"scale {scale:g}, {dtype}: {len(result.wrong)} of {len(result.results)} equations accused in "
                f"{trials:,} trials; {undefined:,} undefined; share of the bound {share:.2f}; {memory:.0f} MiB"
            )


def planted(case: Case, name: str, error: float) -> Derivation:
    """The derivation with a relative error in one equation."""
    right = case.derivation.by_name[name]

    def wrong(*values: float) -> float:
        return right.function(*values) * (1 + error)

    space: dict[str, FunctionType] = {"_wrong": wrong}  # type: ignore[dict-item]  # a function like any other
    exec(f"def {name}({', '.join(right.inputs)}):\n    return _wrong({', '.join(right.inputs)})", space)
    functions = {equation.name: equation.function for equation in case.derivation.equations}
    return Derivation("planted", equations_of({**functions, name: space[name]}))


def caught() -> None:
    """Print how many planted errors are caught."""
    for dtype, errors in ERRORS.items():
        case = load_case("parameter_update_2", dtype=dtype, project=PROJECT)
        gradients = [
            e.name for e in case.derivation.equations if e.name.startswith(("dLoss_dW", "dLoss_db")) and not e.form
        ]
        for error in errors:
            shares = []
            for name in gradients:
                result = crosscheck(planted(case, name, error), case.references, dtype=dtype, repair=False)
                found = [one for one in result.wrong if one.equation == name]
                shares.append(found[0].disagreeing_trials / found[0].trials if found else 0.0)
            number = sum(share > 0 for share in shares)
            print(
                f"{dtype}, relative error {error:g}: caught in {number} of {len(gradients)} gradients, "
                f"in {statistics.median(shares):.0%} of the trials"
            )


def main() -> None:
    """Run both."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=10_000_000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    accused(options.trials, options.seed)
    caught()


if __name__ == "__main__":
    main()
