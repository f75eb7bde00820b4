"""What is wrong with an equation, in the field's words."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Diagnosis:
    """What is wrong.

    Attributes:
        kind: The class of the slip: `sign`, `index`, `mask`, `transposed`, `missing factor`, ...
        sentence: One line that says it, without a full stop.
    """

    kind: str
    sentence: str


def joined(parts: list[Diagnosis]) -> Diagnosis:
    """Several slips as one diagnosis; equal ones are said once."""
    distinct = list(dict.fromkeys(parts))
    if len(distinct) == 1:
        return distinct[0]
    kinds = {part.kind for part in distinct}
    kind = kinds.pop() if len(kinds) == 1 else "several"
    return Diagnosis(kind, "; ".join(part.sentence for part in distinct))
