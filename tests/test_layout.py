"""The package explains itself: folders that can be taken in at a glance, each with a sentence of what it is for."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from small_projects import ROOT

PACKAGE = ROOT / "gradproof"
FOLDERS = sorted({path.parent for path in PACKAGE.rglob("*.py") if "starter" not in path.parts})
MOST_MODULES, MOST_ON_TOP = 14, 5


def modules(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("*.py") if folder == PACKAGE or path.name != "__init__.py")


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: str(folder.relative_to(ROOT)))
def test_folder_holds_few_modules_and_says_what_it_is_for(folder: Path) -> None:
    assert len(modules(folder)) <= (MOST_ON_TOP if folder == PACKAGE else MOST_MODULES)
    assert ast.get_docstring(ast.parse((folder / "__init__.py").read_text(encoding="utf-8")))
