"""What code returns, stores and writes in place, and which quantity each of that claims to be.

A claim comes from the case, from a key, a name or a place; the value never makes one, but it can acquit: what has no
claim and agrees with a truth is that.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from gradproof.code.program.calls import Given
from gradproof.code.program.claim import Claim, agrees, is_real
from gradproof.code.program.returned import of_position, returned_claims
from gradproof.code.program.running import Outcome, Program
from gradproof.code.program.stored import stored_claims
from gradproof.code.quantities import Quantities


def claims_of(program: Program, outcome: Outcome, quantities: Quantities) -> list[Claim]:
    """All claims, the surest first, one for each quantity.

    Raises:
        GradproofError: `results` does not fit what the last function returns.
    """
    found = [*returned_claims(program, outcome, quantities), *stored_claims(program, outcome, quantities)]
    firm: dict[str, Claim] = {}
    for claim in sorted(found, key=lambda one: not one.firm):
        if not claim.quantity:
            continue
        if not claim.firm and not agrees(claim.pick(outcome), quantities.samples.of(claim.quantity)):
            continue
        firm.setdefault(claim.quantity, claim)
    nameless = [claim for claim in found if not claim.quantity]
    return [*firm.values(), *_acquitted(nameless, firm, program, outcome, quantities)]


def _acquitted(
    nameless: list[Claim], firm: Mapping[str, Claim], program: Program, outcome: Outcome, quantities: Quantities
) -> Iterator[Claim]:
    """Values that nothing names, as the one quantity with which they agree."""
    loss = quantities.loss
    wanted = [name for name in (*quantities.binding.results, loss) if name not in firm]
    wanted += [f"d{loss}_d{root}" for root in quantities.binding.roots if f"d{loss}_d{root}" not in firm]
    for claim in nameless:
        value = claim.pick(outcome)
        fitting = [q for q in wanted if quantities.is_computed(q) and agrees(value, quantities.samples.of(q))]
        left = _left_over(value, wanted, program, quantities) or _beside(claim, firm, program, outcome, quantities)
        quantity, why = (fitting[0], "value") if fitting else (left, "place")
        if quantity in wanted:
            wanted.remove(quantity)
        yield Claim(claim.label, quantity, why, claim.pick, returned=claim.returned, path=claim.path)


def _left_over(value: Any, wanted: list[str], program: Program, quantities: Quantities) -> str:
    """The gradient of the one input, where a function that is handed what comes from above gives no other."""
    only = f"d{quantities.loss}_d{quantities.only_input}"
    return only if only in wanted and of_position(program.calls[-1], value, quantities) == only else ""


def _beside(claim: Claim, firm: Mapping[str, Claim], program: Program, outcome: Outcome, quantities: Quantities) -> str:
    """The gradient of the argument at that place, where every gradient that is named beside it stands at its own."""
    named = {one.path: one.quantity for one in firm.values() if one.returned}
    returned = outcome.returned[-1]
    paths = [f"[{place}]" for place in range(len(returned))] if isinstance(returned, (tuple, list)) else []
    if not claim.returned or not named or claim.path not in paths:
        return ""
    for call in program.calls:
        given = [one.structure for one in call.arguments.values() if isinstance(one, Given)]
        leaves = [leaf for leaf in given if isinstance(leaf, str) and is_real(outcome.given.get(leaf))]
        if len(leaves) != len(paths):
            continue
        at = {path: f"d{quantities.loss}_d{leaf}" for path, leaf in zip(paths, leaves, strict=True)}
        truth = quantities.samples.of(at[claim.path])
        if all(at.get(path) == quantity for path, quantity in named.items()) and truth is not None:
            return at[claim.path] if np.shape(truth) == np.shape(claim.pick(outcome)) else ""
    return ""
