"""What is looked into once the verdicts stand: the mistake in each wrong equation, and proof.

Loaded where it is needed: most checks find nothing wrong, and then repair does not have to be loaded.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gradproof.check.case import Case
from gradproof.check.facts.failures import contained
from gradproof.check.facts.result import CheckResult
from gradproof.proof.proving import prove_case, with_fix_proofs, with_proofs

if TYPE_CHECKING:
    from gradproof.repair import Repair

PROOF_SECONDS = 3.0
"""How much work the proof that nobody asked for may do; `gradproof prove` takes its time."""


def looked_into(result: CheckResult, case: Case, *, repair: bool, proof: bool) -> CheckResult:
    """What is looked into once the verdicts stand: a part that fails, or that the user stops, costs itself alone."""
    failures, seed, interrupted = list(result.failures), result.seed, False
    repairs: dict[str, Repair] = {}
    try:
        if repair and result.wrong:
            from gradproof.repair.mending import mend_case, with_repairs  # most checks find nothing wrong

            with contained(failures, "the search for what is wrong"):
                repairs = mend_case(case, result, seed=seed, failures=failures)
                result = with_repairs(result, repairs, case.derivation)
        if proof:
            with contained(failures, "the proof"):
                doubted = [one.equation for one in result.wrong]
                result = with_proofs(
                    result, prove_case(case, seed=seed, deadline=PROOF_SECONDS, failures=failures, doubted=doubted)
                )
        mended = [one.equation for one in result.results if one.fix]
        if proof and mended:
            from gradproof.repair.mending import mended_case

            with contained(failures, "the proof of the fixes"):
                mended_one = mended_case(case, repairs)
                proofs = prove_case(mended_one, seed=seed, deadline=PROOF_SECONDS, failures=failures, only=mended)
                result = with_fix_proofs(result, proofs)
    except KeyboardInterrupt:
        interrupted = True
    return replace(result, interrupted=interrupted, failures=tuple(failures))
