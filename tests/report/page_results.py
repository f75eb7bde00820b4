"""Results for the tests of pages: a hostile one, a long one, and a small real one."""

from __future__ import annotations

from dataclasses import replace

from report_results import RIGHT, TRAINING, WRONG, outcome

from gradproof.check.facts.measured import ScalePoint, ScaleSweep, SideErrors
from gradproof.check.facts.result import CheckResult
from gradproof.report.collect import Details
from gradproof.studies.scatter import Scatter

HOSTILE = "<script>alert('x')</script>\"&<b>$x_{1}$"

SWEEP = ScaleSweep(
    tuple(
        ScalePoint(10.0**k, SideErrors(1e-5, 1e-7, 90.0, 0.0), SideErrors(2e-5, 2e-7, 150.0, share), share)
        for k, share in ((-3, 0.0), (0, 0.0), (3, 0.25))
    ),
    ("Z",),
    256,
)


def hostile() -> tuple[CheckResult, Details]:
    """A result in which every text wants to be markup."""
    wrong = replace(
        WRONG, equation=HOSTILE, place=f"{HOSTILE}:3", written=HOSTILE, diagnosis=HOSTILE, fix=HOSTILE, shape=HOSTILE
    )
    unchecked = replace(RIGHT, verdict="unchecked", diagnosis=HOSTILE, trials=0)
    result = replace(outcome(RIGHT, wrong, unchecked, case=HOSTILE), title=HOSTILE, trajectory=TRAINING, scales=SWEEP)
    inputs = {"Z": (HOSTILE + "2",), HOSTILE: ("Z", HOSTILE + "3")}
    return result, Details(inputs, {}, (Scatter(HOSTILE, HOSTILE, (1.0, 2.0), (-1.0, -2.0)),))


def long(count: int = 300) -> tuple[CheckResult, Details]:
    """A chain of many equations with all verdicts among them."""
    verdicts = ("agrees",) * 9 + ("disagrees", "inherits", "inconclusive", "undefined", "unchecked")
    source = "def {}(W13, X1, W23, X2, b3):\n    return W13 * X1 + W23 * X2 + b3 + np.exp(-W13) / (1 + X1)\n"
    written = "W13 * X1 + W23 * X2 + b3 + np.exp(-W13) / (1 + X1)"
    results, inputs, sources = [], {}, {}
    for k in range(count):
        name, verdict = f"dLoss_dW{k}", verdicts[k % len(verdicts)]
        base = WRONG if verdict == "disagrees" else RIGHT
        results.append(replace(base, equation=name, verdict=verdict, written=written, fix=written * (base is WRONG)))
        inputs[name] = tuple(f"dLoss_dW{j}" for j in (k - 1, k - 7, k - 20) if j >= 0) or ("W13",)
        sources[name] = source.format(name)
    return outcome(*results), Details(inputs, sources)
