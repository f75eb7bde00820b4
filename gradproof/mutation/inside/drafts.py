"""A drafted check, run once in the tests' own process, where what it imports can be imported."""

from __future__ import annotations

from typing import Any

from gradproof.mutation.inside.ledger import Ledger


def run_draft(code: str, ledger: Ledger) -> dict[str, Any]:
    """Run a draft, with what the ledger plants.

    Returns:
        `outcome` (`agrees`, `disagrees`, `raises`), `words`, and how often the plant `ran` and how far it `moved`.
    """
    from gradproof.errors import Disagreement

    outcome, words = "agrees", ""
    ledger.holders = ["draft"]
    try:
        exec(compile(code, "<draft>", "exec"), {"__name__": "draft"})
    except Disagreement as found:
        outcome, words = "disagrees", str(found)
    except Exception as error:  # whatever the function, its forward or an import raises is the answer
        outcome, words = "raises", f"{type(error).__name__}: {error}"
    done = ledger.accounts["draft"].planted
    return {"outcome": outcome, "words": words, "ran": done.ran, "moved": done.moved}
