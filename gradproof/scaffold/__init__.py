"""The starter case that `gradproof new` writes; `starter/` is itself a project that passes its check."""

from __future__ import annotations

import keyword
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path, PurePath

from gradproof.case.project import find_project
from gradproof.errors import GradproofError
from gradproof.scaffold.examples import example_files

TEMPLATE = "starter"
"""The template's case, and the word in its texts and paths that the new case's name takes the place of."""

CASE_FILES = ("manual/starter.py", "reference/starter.py", "tests/test_starter.py")
PROJECT_FILES = ("README.md", "pyproject.toml")
KEEP = "reports/.gitkeep"


@dataclass(frozen=True)
class Written:
    """What `write_starter` has written.

    Attributes:
        root: The project's folder.
        files: The files, from that folder.
        is_new: Whether the project is new too.
    """

    root: Path
    files: tuple[str, ...]
    is_new: bool


def write_starter(name: str, folder: Path, example: str = "") -> Written:
    """Write a starter case: into the project that holds the folder, or with a whole project if the folder is empty.

    Args:
        name: The case's name.
        folder: Where the project is looked for.
        example: A case of the gallery that is copied; the starter's own where it is empty.

    Raises:
        GradproofError: The name cannot be a case's; a file exists; the folder is neither in a project nor empty; it
            cannot be written; there is no such example.
    """
    _check_name(name)
    root = _project_root(folder)
    is_new = root is None
    place = folder if root is None else root
    texts = {path.replace(TEMPLATE, name): _text(path, name) for path in CASE_FILES}
    if example:
        texts.update((f"{part}/{name}.py", text) for part, text in example_files(example).items())
    if is_new:
        texts.update({path: _text(path, name) for path in PROJECT_FILES}, **{KEEP: ""})
    _write(place, texts, name)
    return Written(place, tuple(texts), is_new)


def write_draft(name: str, sources: tuple[str, ...], folder: Path) -> tuple[Written, list[str]]:
    """Write a draft of the case for existing code into the project that holds the folder, or into the folder itself.

    Args:
        name: The case's name.
        sources: `FILE:FUNCTION` each.
        folder: Where the project is looked for.

    Returns:
        What was written, and what is left to fill in.

    Raises:
        GradproofError: The name cannot be a case's; there is no such function; a file exists or cannot be written.
    """
    from gradproof.scaffold.drafting import drafted

    _check_name(name)
    try:
        root = find_project(folder).root
    except GradproofError:
        root = folder  # the first case of a project that the code itself is
    texts, left = drafted(sources, root, name)
    _write(root, texts, name)
    return Written(root, tuple(texts), is_new=False), left


def write_note_draft(
    name: str, note: Path, folder: Path, shapes: tuple[str, ...] = (), section: str = ""
) -> tuple[Written, tuple[str, ...]]:
    """Write the reference that a note's forward equations make, into the project that holds the folder, or into it.

    Args:
        name: The case's name.
        note: The note.
        folder: Where the project is looked for.
        shapes: Sizes that the note leaves out, `W=4x3` each.
        section: The heading below which the objective is differentiated.

    Returns:
        What was written, and what the note leaves open.

    Raises:
        GradproofError: The name cannot be a case's; the note cannot be read, or differentiates nothing that it
            defines; a file exists or cannot be written.
    """
    from gradproof.audit.auditing import read_note
    from gradproof.audit.drafting.module import draft

    _check_name(name)
    try:
        root = find_project(folder).root
    except GradproofError:
        root = folder
    made = draft(read_note(note), name, shapes=shapes, section=section)
    texts = {f"reference/{name}.py": made.text}
    _write(root, texts, name)
    return Written(root, tuple(texts), is_new=False), made.left


NOTES = (".md", ".tex", ".ipynb", ".rst", ".html")
"""What `gradproof new --from` takes for a note, and not for code."""


def _write(place: Path, texts: Mapping[str, str], name: str) -> None:
    """Write files that do not exist yet.

    Raises:
        GradproofError: One does, or cannot be written.
    """
    _refuse_existing(place, texts, name)
    try:
        for path, text in texts.items():
            (place / path).parent.mkdir(parents=True, exist_ok=True)
            with (place / path).open("x", encoding="utf-8", newline="\n") as file:
                file.write(text)
    except OSError as error:
        raise GradproofError(f"{place} cannot be written: {error.strerror or error}") from error


def _check_name(name: str) -> None:
    if name.isidentifier() and not keyword.iskeyword(name) and not name.startswith("_"):
        return
    stem = PurePath(name.replace("\\", "/")).stem
    such = stem if stem.isidentifier() and not keyword.iskeyword(stem.strip("_")) and stem.strip("_") else "my_layer"
    raise GradproofError(
        f"{name!r} cannot be the name of a case: it becomes the name of a Python file, so it is made of letters, "
        "digits and underscores, starts with a letter, and is no word of the language "
        f"(such as `{such.strip('_')}`)"
    )


def _project_root(folder: Path) -> Path | None:
    """The project around the folder; None where there is none and the folder is empty.

    A folder with nothing but hidden entries, such as `.git` or `.venv`, is empty.
    """
    try:
        return find_project(folder).root
    except GradproofError as error:
        visible = sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))
        if not visible:
            return None
        found = ", ".join(visible[:3]) + (", ..." if len(visible) > 3 else "")
        raise GradproofError(
            f"{folder.name} is neither in a project nor empty (it has {found}); make a new folder and run this in "
            "it, or `mkdir manual` to make this folder the project"
        ) from error


def _text(path: str, name: str) -> str:
    template = files("gradproof.scaffold") / TEMPLATE / path
    return template.read_text(encoding="utf-8").replace(TEMPLATE, name)


def _refuse_existing(root: Path, texts: Mapping[str, str], name: str) -> None:
    existing = [path for path in texts if (root / path).exists()]
    if existing:
        raise GradproofError(
            f"{', '.join(existing)} exist{'s' if len(existing) == 1 else ''} already and would be overwritten by the "
            f"case {name!r}; give another name, or move {'it' if len(existing) == 1 else 'them'} away"
        )
