"""A user's Python file as text: in the encoding that the file declares, with or without a byte order mark."""

from __future__ import annotations

import re
import tokenize
from pathlib import Path

from gradproof.errors import GradproofError


def shown(path: Path) -> str:
    """A user's file as messages name it, with its folder; what Jupyter runs a notebook's cell from is the cell."""
    return "cell" if re.fullmatch(r"ipykernel_\d+", path.parent.name) else f"{path.parent.name}/{path.name}"


def read_source(path: Path) -> str:
    """The text of a Python file.

    Raises:
        GradproofError: Its bytes are not in the encoding that it declares, or in UTF-8 where it declares none.
    """
    try:
        with tokenize.open(path) as file:
            return file.read()
    except (SyntaxError, UnicodeDecodeError) as error:
        raise GradproofError(
            f"{shown(path)}: {error}; save it as UTF-8, or declare its encoding in the first line: "
            "`# -*- coding: latin-1 -*-`"
        ) from error
