"""The gallery's cases as a start: their two files, copied under another name."""

from __future__ import annotations

import ast
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

from gradproof.case.project import suggestions
from gradproof.errors import GradproofError

FOLDERS = ("manual", "reference")


def example_files(example: str) -> dict[str, str]:
    """The texts of a case of the gallery, by folder.

    Raises:
        GradproofError: There is no such case, or it is written on top of another one.
    """
    known = examples()
    if example not in known:
        shown = ", ".join(sorted(known)) or "none that is installed"
        raise GradproofError(
            f"there is no example {example!r}{suggestions(example, sorted(known))}; there are: {shown}",
            name=example,
            known=sorted(known),
        )
    return {folder: path.read_text(encoding="utf-8") for folder, path in known[example].items()}


def examples() -> dict[str, dict[str, Path]]:
    """Every case that can be copied: its name -> folder -> file."""
    found: dict[str, dict[str, Path]] = {}
    for folder in FOLDERS:
        for path in _files(folder):
            found.setdefault(path.stem, {})[folder] = path
    return {name: paths for name, paths in found.items() if len(paths) == len(FOLDERS) and not _leans(paths)}


def _files(folder: str) -> list[Path]:
    """The gallery's files: beside the package where that is a checkout, else where the installation has put them."""
    beside = Path(__file__).resolve().parents[2] / folder
    if beside.is_dir() and (beside.parent / "pyproject.toml").is_file():
        return sorted(beside.glob("*.py"))
    try:
        installed = files("gradproof") or []
    except PackageNotFoundError:
        return []
    paths = [Path(str(one.locate())) for one in installed if one.match(f"share/gradproof/{folder}/*.py")]
    return sorted(path.resolve() for path in paths)


def _leans(paths: dict[str, Path]) -> bool:
    """Whether a case is written on top of another one, so that its files cannot be copied alone."""
    nodes = [node for path in paths.values() for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))]
    return any(isinstance(node, ast.ImportFrom) and node.level for node in nodes)
