"""An audit: a note's text, and the reference that knows the truth, to a verdict and a proof for every `=`."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path

from gradproof import defaults
from gradproof.audit import Audit, audit
from gradproof.audit.both import with_what_it_says_itself
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
    provider = Bounded(truth)
    found = audit(text, provider)
    if proof_seconds and truth.bounds.tape is not None:
        found = with_proofs(found, truth, seed, proof_seconds)
    return with_what_it_says_itself(found, provider, seed=seed)


def audit_alone(text: str, *, given: Sequence[str] = (), functions: Sequence[str] = (), seed: int = 0) -> Audit:
    """Read a note and judge every `=` in it by what the note itself defines.

    Args:
        text: The note.
        given: Lines of LaTeX that the note leaves out, such as `P_j = ...`.
        functions: Which functions names are that the note does not define, such as `f=tanh` or `g=gelu`.
        seed: For the trials.

    Raises:
        GradproofError: The note is beyond the reader's limits, or a function is not known.
    """
    from gradproof.audit.own.judging import audit_itself

    return audit_itself(text, given=given, functions=functions, seed=seed)


def read_note(path: Path) -> str:
    """The text of a note: Markdown, LaTeX with what it inputs, reStructuredText, a web page, a notebook's cells.

    Raises:
        GradproofError: It cannot be read, or is no text.
    """
    if path.suffix.lower() == ".pdf":
        raise GradproofError(
            f"{path} is a PDF, which holds printed glyphs and no equations: audit the TeX or Markdown that it was "
            "made from, or what an OCR of equations makes of it; pandoc turns Word and HTML into Markdown"
        )
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise GradproofError(f"there is no note {path}") from error
    except UnicodeDecodeError as error:
        raise GradproofError(
            f"{path} is no UTF-8 text (byte {error.start} cannot be read): save it as UTF-8, for example with "
            f"iconv -f {'utf-16' if error.object[:2] in _UTF16 else 'latin1'} -t utf-8 {path.name}"
        ) from error
    except OSError as error:
        raise GradproofError(f"{path} cannot be read: {error.strerror or error}") from error
    if not text.strip():
        raise GradproofError(f"{path} is empty")
    if "\0" in text or text.startswith("PK\x03\x04"):
        raise GradproofError(f"{path} holds control bytes, so it is no text: export it as TeX or Markdown")
    if path.suffix.lower() == ".ipynb":
        return cells_of(path, text)
    return with_inputs(path, text) if path.suffix.lower() == ".tex" else text


def cells_of(path: Path, text: str) -> str:
    """The Markdown cells of a notebook, each behind a comment with its number.

    Raises:
        GradproofError: It is no notebook.
    """
    try:
        cells = json.loads(text)["cells"]
    except ValueError as error:
        raise GradproofError(f"{path} is no notebook: it is not JSON ({error})") from error
    except (KeyError, TypeError) as error:
        raise GradproofError(f"{path} is no notebook: it has no list of cells") from error
    try:
        sources = [(number, "".join(c["source"])) for number, c in enumerate(cells, 1) if c["cell_type"] == "markdown"]
    except (KeyError, TypeError) as error:
        raise GradproofError(f"{path} is no notebook: a cell has no `cell_type` or no `source`") from error
    return "\n\n".join(f"<!-- cell {number} -->\n{source}" for number, source in sources) + "\n"


_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_INPUT = re.compile(r"(?<!\\)\\(?:input|include)\s{0,3}\{([^{}\n]{1,200})\}")
_MOST_INPUTS = 100


def with_inputs(path: Path, text: str) -> str:
    """A LaTeX text with the files that it inputs in their places; what is not there or elsewhere is left as it is."""
    folder, left = path.parent.resolve(), _MOST_INPUTS

    def put(match: re.Match[str]) -> str:
        nonlocal left
        left -= 1
        file = (folder / match[1]).resolve()
        file = file if file.suffix else file.with_suffix(".tex")
        if left < 0 or folder not in file.parents or not file.is_file():
            return match[0]
        try:
            return file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            return match[0]

    return _INPUT.sub(put, _INPUT.sub(put, text))
