"""Results made by hand, for tests of how they are rendered."""

from __future__ import annotations

from gradproof.check.facts.measured import Trajectory, WorstEntry
from gradproof.check.facts.result import CheckResult, EquationResult

RIGHT = EquationResult(
    equation="Z",
    form="",
    kind="forward",
    shape="()",
    place="manual/demo.py:5",
    written="w * x",
    verdict="agrees",
    trials=1000,
    max_abs_error=2.5e-16,
    max_rel_error=1e-16,
    max_ulp_error=1.0,
    bound_share=0.25,
    bound_kind="rigorous",
    worst_trial=7,
)

WRONG = EquationResult(
    equation="dLoss_dw",
    form="",
    kind="derivative",
    shape="(2, 3)",
    place="manual/demo.py:9",
    written="dLoss_dZ * x | mask",
    verdict="disagrees",
    trials=1000,
    disagreeing_trials=990,
    max_abs_error=3.0,
    max_rel_error=2.0,
    max_ulp_error=1e16,
    bound_share=1.5e15,
    bound_kind="rigorous",
    worst_trial=12,
    diagnosis="the sign of the product is wrong",
    fix="-dLoss_dZ * x",
    alternatives=("-x * dLoss_dZ",),
    fix_trials=64,
    fresh_trials=256,
    proof="REFUTED",
)

INHERITS = EquationResult(
    equation="w_new",
    form="",
    kind="update",
    shape="(2, 3)",
    place="manual/demo.py:13",
    written="w - eta * dLoss_dw",
    verdict="inherits",
    trials=1000,
    disagreeing_trials=980,
    diagnosis="wrong only because of dLoss_dw",
    inherits_from=("dLoss_dw",),
)

WORST = WorstEntry(
    equation="dLoss_dw",
    verdict="disagrees",
    trial=12,
    entry="[1, 2]",
    manual=0.1,
    truth=-0.30000000000000004,
    bound=2e-16,
    inputs="dLoss_dZ=0.1, x=1.0",
)

TRAINING = Trajectory((1, 2, 3), (0.1, 0.2, 0.3), (0.01, 0.02, 0.03), (1.0, 1.5, 2.0), 64)


def outcome(*results: EquationResult, case: str = "demo", trajectory: Trajectory | None = None) -> CheckResult:
    """A check's outcome with these equations; known errata are those that say so."""
    return CheckResult(
        case=case,
        title="A demonstration.",
        results=results,
        trials=1000,
        seed=3,
        dtype="float64",
        find_worst=lambda: tuple(WORST for one in results if one.equation == WORST.equation),
        trajectory=trajectory,
        known_errata=frozenset(one.equation for one in results if one.known_erratum),
    )
