"""The search for one edit that mends a wrong side of an equality."""

from gradproof.audit.judging.mending.changes import Material, parts_of
from gradproof.audit.judging.mending.search import Attempt, Case, mend

__all__ = ["Attempt", "Case", "Material", "mend", "parts_of"]
