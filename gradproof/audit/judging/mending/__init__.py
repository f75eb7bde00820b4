"""The search for one edit that mends a wrong side of an equality."""

from gradproof.audit.judging.mending.changes import Material, exponents_of, labels_of, parts_of, printed_symbols
from gradproof.audit.judging.mending.search import Attempt, Case, mend

__all__ = ["Attempt", "Case", "Material", "exponents_of", "labels_of", "mend", "parts_of", "printed_symbols"]
