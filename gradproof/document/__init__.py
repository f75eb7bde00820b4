"""The reader of lecture notes: printed maths to a tree, to values, to a verdict for every `=`.

`audit(text, provider)` reads and judges a Markdown or LaTeX document; `declare(symbols)` says what its names mean.
"""

from gradproof.document.annotate import annotate, errata
from gradproof.document.declare import declare, printed
from gradproof.document.explain import explain, remark
from gradproof.document.judge import audit
from gradproof.document.limits import Limits, TooLarge
from gradproof.document.names import Names
from gradproof.document.provider import Agreement, NotAvailable, Provider, compare_numbers
from gradproof.document.results import Audit, Mend, Row, Verdict, Witness, rows

__all__ = [
    "Agreement",
    "Audit",
    "Limits",
    "Mend",
    "Names",
    "NotAvailable",
    "Provider",
    "Row",
    "TooLarge",
    "Verdict",
    "Witness",
    "annotate",
    "audit",
    "compare_numbers",
    "declare",
    "errata",
    "explain",
    "printed",
    "remark",
    "rows",
]
