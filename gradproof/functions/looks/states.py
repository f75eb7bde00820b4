"""What one call leaves for the next: results of earlier calls, new values in the same storage, changed weights."""

from __future__ import annotations

from collections.abc import Sequence, Set

import torch

from gradproof.check.facts.verdict import Verdict
from gradproof.functions.examining import Examiner, Trial
from gradproof.functions.result import Finding
from gradproof.functions.running.configurations import Configuration
from gradproof.functions.running.numbers import DTYPES
from gradproof.functions.running.runs import Outcome, outcome_of, request_of, same_bits

REPLAY = "new values in the same storage"


def of_replay(
    examiner: Examiner, trials: Sequence[Trial], rounds: int, wrong: Set[str], *, reentrant: bool
) -> tuple[list[Finding], int]:
    """Trials of one set of sizes in changing order, each in the tensors of the call before; and how many were made.

    A result that is kept from an earlier call must still be what it was, unless buffers are reused by design.

    Args:
        examiner: In what dtype, and where.
        trials: Two or more of one set of sizes.
        rounds: How many calls.
        wrong: What is known to be wrong anyway.
        reentrant: Whether results must outlive further calls.
    """
    configuration = Configuration(REPLAY, frozenset(examiner.wrt), kind="state")
    order = [k * (1 + k // len(trials)) % len(trials) for k in range(rounds)]
    order = [len(trials) - 1 - k if n % 3 == 2 else k for n, k in enumerate(order)]
    found: list[Finding] = []
    outcomes: list[tuple[Trial, Outcome]] = []
    for number, k in enumerate(order):
        trial = trials[k]
        request = request_of(
            trial.truth.values,
            configuration,
            DTYPES[examiner.dtype],
            trial.truth.cotangents,
            examiner.device,
            again=number > 0,
            kept=reentrant,
        )
        outcome = outcome_of(examiner.place.ask("perform", request), trial.truth.cotangents)
        found += examiner.findings(outcome, trial.truth, configuration, trial.draw, wrong)
        outcomes.append((trial, outcome))
        if any(one.verdict == Verdict.DISAGREES for one in found):
            break
    if reentrant:
        found += _overwritten(examiner, outcomes)
    return found, len(outcomes)


def _overwritten(examiner: Examiner, outcomes: Sequence[tuple[Trial, Outcome]]) -> list[Finding]:
    kept = examiner.place.ask("look_again", {})
    found: dict[str, Finding] = {}
    names = [f"gradient of {name}" for name in examiner.wrt]
    for (trial, before), now in zip(outcomes, kept, strict=False):
        if before.error:
            continue
        outputs = examiner.reference.names(len(before.outputs))
        pairs: list[tuple[str, torch.Tensor | None, torch.Tensor | None]]
        pairs = list(zip(outputs, before.outputs, now["outputs"], strict=True))
        pairs += list(zip(names, before.gradients.values(), now["gradients"], strict=True))
        for name, first, later in pairs:
            if first is not None and later is not None and not same_bits(first, later):
                sentence = f"a later call overwrites the {name} of an earlier call: they share a buffer"
                found[name] = examiner.failure(name, "changed", sentence, "results of several calls", trial.draw)
    return list(found.values())
