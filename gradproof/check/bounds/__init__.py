"""How far two right results may differ: rounding bounds of both sides, trial by trial.

In come the draws, an equation and torch's recorded operations; out go values with a bound for each entry. Torch's
result may differ from the replay of its operations: what it differs by is added, so the bound holds for whatever
kernels torch used. What has no rule gets a sampled bound.
"""

from __future__ import annotations

from gradproof.check.bounds.bounded import Bounded, as_drawn, follows, settled_on
from gradproof.check.bounds.exploding import sizes
from gradproof.check.bounds.of_equations import EquationBounds, run_with_bounds
from gradproof.check.bounds.of_truth import TruthBounds

__all__ = ["Bounded", "EquationBounds", "TruthBounds", "as_drawn", "follows", "run_with_bounds", "settled_on", "sizes"]
