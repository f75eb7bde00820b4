"""Mending wrong equations: the simplest edit of an equation's own text that agrees with the truth in every trial."""

from __future__ import annotations

from gradproof.repair.equation import Context, Equation
from gradproof.repair.evidence.groups import Evidence
from gradproof.repair.explain.diagnosis import Diagnosis
from gradproof.repair.explain.values import diagnose_values
from gradproof.repair.formulas.rewrite import Span
from gradproof.repair.mend import Workbench, mend
from gradproof.repair.mend_all import mend_all
from gradproof.repair.patch import patch, unified_diff
from gradproof.repair.results import Fix, Repair
from gradproof.repair.search.problem import Counts

__all__ = [
    "Context",
    "Counts",
    "Diagnosis",
    "Equation",
    "Evidence",
    "Fix",
    "Repair",
    "Span",
    "Workbench",
    "diagnose_values",
    "mend",
    "mend_all",
    "patch",
    "unified_diff",
]
