"""An audit: a note's text, and the reference that knows the truth, to a verdict and a proof for every `=`."""

from __future__ import annotations

from pathlib import Path

from gradproof import defaults
from gradproof.audit import Audit, audit
from gradproof.audit.proofs import with_proofs
from gradproof.audit.truth import Bounded, NoteTruth
from gradproof.case.project import Project
from gradproof.case.reference import load_references
from gradproof.errors import GradproofError


def audit_note(
    text: str,
    name: str,
    *,
    project: Project,
    seed: int = 0,
    trials: int = defaults.AUDIT_TRIALS,
    proof_seconds: float = defaults.AUDIT_PROOF_SECONDS,
) -> Audit:
    """Read a note and judge every `=` in it against the reference of a case.

    Args:
        text: The note, Markdown or LaTeX.
        name: The case whose `reference/NAME.py` knows the truth.
        project: The project that holds it.
        seed: For the trials and for the proofs.
        trials: How many trials.
        proof_seconds: What proofs for all inputs may take; 0 for none.

    Raises:
        GradproofError: The reference is broken, or the note is beyond the reader's limits.
    """
    reference = load_references(project, name)[0]
    truth = NoteTruth(reference, name, trials, seed)
    found = audit(text, Bounded(truth))
    return with_proofs(found, truth, seed, proof_seconds) if proof_seconds and truth.bounds.tape is not None else found


def read_note(path: Path) -> str:
    """The text of a note.

    Raises:
        GradproofError: It cannot be read, or is no text.
    """
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise GradproofError(f"there is no note {path}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise GradproofError(f"{path} cannot be read as UTF-8 text: {error}") from error
