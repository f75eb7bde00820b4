"""A project on disk: where its root is, which cases it has, and its Python files loaded by path.

A project is a folder with `manual/` and `reference/`. Its files are loaded under a package name of their own that
holds the root's path, so two projects in one process never share a module, and `sys.path` plays no part. Relative
imports between the files of one folder work. Files are compiled anew on every load: a file that was mended within
the same second is never mistaken for the old one.
"""

from __future__ import annotations

import difflib
import hashlib
import importlib
import importlib.machinery
import importlib.util
import sys
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.abc import MetaPathFinder
from pathlib import Path
from types import ModuleType

from gradproof.errors import GradproofError

_PREFIX = "_gradproof_project_"


@dataclass(frozen=True)
class Project:
    """A folder with `manual/` and `reference/`."""

    root: Path

    @property
    def cases(self) -> tuple[str, ...]:
        """The names of all cases, sorted: the files of `manual/` that do not start with an underscore."""
        files = (path for path in (self.root / "manual").glob("*.py") if not path.is_dir())
        return tuple(sorted(path.stem for path in files if not path.name.startswith("_")))

    def case_of(self, text: str) -> str:
        """The case that a word of a command names: by its name, or by one of its files, `manual/net.py`."""
        path = _as_path(text)
        folder = path.parent.name or Path.cwd().name
        return path.stem if path.suffix == ".py" and folder in ("manual", "reference") else text

    def manual_path(self, name: str) -> Path:
        """The file of a derivation.

        Raises:
            GradproofError: There is no such file; the close matches are listed.
        """
        path = self.root / "manual" / f"{name}.py"
        if not path.is_file():
            close = suggestions(name, [case for case in self.cases if case != name])
            raise GradproofError(
                f"there is no case {name!r}: {self.root.name}/manual/{name}.py {_why_no_file(path)}{close}; "
                "`gradproof list` shows the cases",
                name=name,
                known=self.cases,
            )
        return path

    def reference_path(self, name: str) -> Path:
        """The file of a reference.

        Raises:
            GradproofError: There is no such file.
        """
        path = self.root / "reference" / f"{name}.py"
        if not path.is_file():
            found = f"reference/{name}.py {_why_no_file(path)}: " if path.is_dir() or path.is_symlink() else ""
            raise GradproofError(
                f"manual/{name}.py has no reference: {found}write reference/{name}.py with a value "
                f"`reference = Reference(model=..., inputs=..., symbols=...)` (`gradproof new` shows one)"
            )
        return path


def find_project(start: Path | None = None) -> Project:
    """The project that holds `start` (default: the working directory), looking from there up.

    Raises:
        GradproofError: No folder from `start` up has a `manual/` in it.
    """
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        if (folder / "manual").is_dir():
            return Project(folder)
    raise GradproofError(
        f"no project here: neither {here} nor a folder above it has a `manual/` folder; `gradproof new NAME` writes one"
    )


def named_cases(words: Sequence[str]) -> tuple[Project, tuple[str, ...]]:
    """The project and the cases that the words of a command name; a file decides which project is meant.

    Raises:
        GradproofError: The files are of several projects, or there is no project here.
    """
    files = [path.resolve() for path in map(_as_path, words) if path.suffix == ".py" and path.is_file()]
    roots = {path.parent.parent for path in files if path.parent.name in ("manual", "reference")}
    if len(roots) > 1:
        several = ", ".join(sorted(map(str, roots)))
        raise GradproofError(f"these are cases of {len(roots)} projects: {several}; ask for one at a time")
    project = Project(roots.pop()) if roots else find_project()
    return project, tuple(dict.fromkeys(map(project.case_of, words)))


def _as_path(text: str) -> Path:
    """A path as it is written on any system."""
    return Path(text if "/" in text else text.replace("\\", "/"))


def _why_no_file(path: Path) -> str:
    """Why a path is not the file that it should be."""
    if path.is_dir():
        return "is a folder, not a file"
    return f"is a link to {path.readlink()}, which does not exist" if path.is_symlink() else "does not exist"


def suggestions(name: str, known: Sequence[str]) -> str:
    """The close matches of a misspelt name as a clause for a message, or an empty string."""
    close = difflib.get_close_matches(name, list(dict.fromkeys(known)), n=3, cutoff=0.6)
    return f" (did you mean {' or '.join(close)}?)" if close else ""


class _Loader(importlib.machinery.SourceFileLoader):
    """Loads source without the bytecode cache, whose time stamp is too coarse for a file just mended."""

    def path_stats(self, path: str) -> dict[str, float]:
        raise OSError(f"bytecode of {path} is not cached")


class _Finder(MetaPathFinder):
    """Finds the modules of loaded projects; each project's package name maps to its root."""

    def __init__(self) -> None:
        self.roots: dict[str, Path] = {}

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        package, *parts = fullname.split(".")
        if package not in self.roots:
            return None
        place = self.roots[package].joinpath(*parts)
        if place.is_dir():
            spec = importlib.machinery.ModuleSpec(fullname, None, is_package=True)
            spec.submodule_search_locations = [str(place)]
            return spec
        file = place.with_suffix(".py")
        if not file.is_file():
            return None
        return importlib.util.spec_from_file_location(fullname, file, loader=_Loader(fullname, str(file)))


_FINDER = _Finder()


def load_module(root: Path, folder: str, name: str) -> ModuleType:
    """Execute `root/folder/name.py` and return it as a module, always from the text as it is now.

    Raises:
        GradproofError: The file does not run; the message has its line and the reason.
    """
    if "." in name:
        raise GradproofError(f"{folder}/{name}.py: no dot in a case's name: call the file {name.replace('.', '_')}.py")
    if _FINDER not in sys.meta_path:
        sys.meta_path.append(_FINDER)
    package = _PREFIX + hashlib.blake2b(str(root).encode(), digest_size=6).hexdigest()
    _FINDER.roots[package] = root
    for loaded in [module for module in sys.modules if module.startswith(f"{package}.{folder}.")]:
        del sys.modules[loaded]
    importlib.invalidate_caches()
    try:
        return importlib.import_module(f"{package}.{folder}.{name}")
    except GradproofError as error:
        raise GradproofError(f"{folder}/{name}.py: {error}") from error
    except (Exception, SystemExit) as error:
        raise GradproofError(_why_not_loaded(error, root, f"{folder}/{name}.py")) from error


def _why_not_loaded(error: BaseException, root: Path, file: str) -> str:
    """The place in the project's own files at which loading failed, and the reason."""
    if isinstance(error, SyntaxError) and error.filename:
        way = "; save it as UTF-8" if "codec can't decode" in str(error.msg) else ""
        return f"{_relative(error.filename, root)}:{error.lineno}: this is not Python: {error.msg}{way}"
    if isinstance(error, SyntaxError) and "null bytes" in str(error):
        return f"{file}: this is not Python: it has null bytes, as in UTF-16; save it as UTF-8"
    places = [
        f"{_relative(frame.filename, root)}:{frame.lineno}"
        for frame in traceback.extract_tb(error.__traceback__)
        if Path(frame.filename).is_relative_to(root) and not Path(frame.filename).is_relative_to(_own_folder())
    ]
    place = places[-1] if places else file
    return f"{place}: the file does not run: {type(error).__name__}: {error}"


def _own_folder() -> Path:
    return Path(__file__).resolve().parents[1]


def _relative(filename: str, root: Path) -> str:
    path = Path(filename)
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name
