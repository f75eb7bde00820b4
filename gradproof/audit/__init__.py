"""The reader of lecture notes: printed maths to a tree, to values, to a verdict for every `=`.

`audit(text, provider)` reads and judges a Markdown or LaTeX document; `declare(symbols)` says what its names mean.
"""

from gradproof.audit.judging.advice import Addition, additions
from gradproof.audit.judging.annotate import annotate, errata
from gradproof.audit.judging.explain import explain, remark
from gradproof.audit.judging.judge import audit
from gradproof.audit.judging.results import Audit, Mend, Row, Verdict, Witness, rows
from gradproof.audit.reading.limits import Limits, TooLarge
from gradproof.audit.reading.names import Names
from gradproof.audit.values.declare import declare, printed
from gradproof.audit.values.provider import Agreement, NotAvailable, Provider, compare_numbers

__all__ = [
    "Addition",
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
    "additions",
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
