"""Existing code where it lies: a file loaded by its path, always from the text as it is now."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType

from gradproof.case.source_text import read_source
from gradproof.errors import GradproofError


def load_file(path: str | Path) -> ModuleType:
    """Execute a Python file and return it as a module; in its package, where it lies in one.

    For `manual/NAME.py`, so that the code that is checked is the code that is used and no copy of it:
    `layers = load_file(Path(__file__).parents[1] / "src" / "layers.py")`, with `Code("layers.backward")` beside it.

    Raises:
        GradproofError: There is no such file.
    """
    file = Path(path).resolve()
    if not file.is_file():
        raise GradproofError(f"there is no file {file.name} in {file.parent}")
    root = file.parent
    parts = [file.stem]
    while (root / "__init__.py").is_file():
        parts.insert(0, root.name)
        root = root.parent
    name = ".".join(parts)
    sys.path.insert(0, str(root))
    try:
        if len(parts) > 1:
            importlib.import_module(".".join(parts[:-1]))
        spec = importlib.util.spec_from_file_location(name, file)
        if spec is None or spec.loader is None:
            raise GradproofError(f"{file.name} is no Python file")
        module = importlib.util.module_from_spec(spec)
        previous = sys.modules.get(name)
        sys.modules[name] = module
        try:
            exec(compile(read_source(file), str(file), "exec"), module.__dict__)
        finally:
            if previous is not None:
                sys.modules[name] = previous
            else:
                del sys.modules[name]
        return module
    finally:
        sys.path.remove(str(root))
