"""The outcome of `gradproof mutate`, shown: in the terminal, as Markdown, HTML, JSON and CSV."""

from __future__ import annotations

from gradproof.report.mutation.terminal import print_mutation, status_line
from gradproof.report.mutation.write import write_mutation

__all__ = ["print_mutation", "status_line", "write_mutation"]
