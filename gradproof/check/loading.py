"""The derivation of a project's case: equations, or existing code where the case says what is to be read."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from gradproof.case.derivation import Derivation, read_derivation, with_accepted
from gradproof.case.project import Project, load_module
from gradproof.case.reference import as_references
from gradproof.case.source_text import read_source
from gradproof.errors import GradproofError


@dataclass(frozen=True)
class Heading:
    """What a list of cases shows of one.

    Attributes:
        name: The case's name.
        title: The first line of the module's docstring.
        equations: How many there are; `None` for existing code.
        known_errata: How many of them are declared to be wrong.
    """

    name: str
    title: str
    equations: int | None = None
    known_errata: int = 0


def load_heading(project: Project, name: str) -> Heading:
    """What a list shows of a case: its equations are read, existing code is not run.

    Raises:
        GradproofError: A file does not exist, does not run, or holds no derivation.
    """
    if holds_code(project, name):
        path = project.manual_path(name)
        try:
            text = ast.get_docstring(ast.parse(read_source(path)))
        except SyntaxError as error:
            raise GradproofError(f"manual/{name}.py:{error.lineno}: this is not Python: {error.msg}") from error
        return Heading(name, _title(text, name))
    derivation = load_derivation(project, name)
    return Heading(name, derivation.title, len(derivation.equations), len(derivation.known_errata))


def load_derivation(project: Project, name: str) -> Derivation:
    """Read `manual/NAME.py`: as equations, or as `reference/NAME.py` says by `code = Code(...)`.

    Code is tried on a trial of its reference as it is read, so only then torch is loaded.

    Raises:
        GradproofError: A file does not exist, does not run, or holds no derivation.
    """
    path = project.manual_path(name)
    module = load_module(project.root, "manual", name)
    if not holds_code(project, name):
        return read_derivation(module, name, within=path.parent)
    from gradproof.code import Code
    from gradproof.code.load import read_code

    place = f"reference/{name}.py"
    beside = load_module(project.root, "reference", name)
    code = getattr(beside, "code", None)
    if not isinstance(code, Code):
        raise GradproofError(f"{place}: the value `code` is a {type(code).__name__}, not a gradproof.Code(...)")
    reference = as_references(getattr(beside, "reference", None), place)[0]
    title = _title(module.__doc__, name)
    known = getattr(module, "KNOWN_ERRATA", ())
    derivation = read_code(code, reference, name=name, module=module, known=known, title=title, place=place)
    return with_accepted(derivation, getattr(module, "ACCEPTED", {}), f"manual/{name}.py")


def holds_code(project: Project, name: str) -> bool:
    """Whether a case's reference says that its derivation is existing code: by a value `code`, seen without running."""
    path = project.root / "reference" / f"{name}.py"
    if not path.is_file():
        return False
    try:
        body = ast.parse(read_source(path)).body
    except SyntaxError:
        return False  # whoever loads the file says so
    return any(
        isinstance(target, ast.Name) and target.id == "code"
        for node in body
        if isinstance(node, ast.Assign)
        for target in node.targets
    )


def _title(docstring: str | None, name: str) -> str:
    return (docstring or "").strip().partition("\n")[0] or name
