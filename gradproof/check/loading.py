"""The derivation of a project's case: equations, or existing code where the case says what is to be read."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from types import ModuleType

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
        equations: How many there are; `None` for existing code and for a function.
        known_errata: How many of them are declared to be wrong.
        is_function: Whether the case is a function.
    """

    name: str
    title: str
    equations: int | None = None
    known_errata: int = 0
    is_function: bool = False


def load_heading(project: Project, name: str) -> Heading:
    """What a list shows of a case: its equations are read, existing code is not run.

    Raises:
        GradproofError: A file does not exist, does not run, or holds no derivation.
    """
    if holds_code(project, name) or holds_function(project, name):
        path = project.manual_path(name)
        try:
            text = ast.get_docstring(ast.parse(read_source(path)))
        except SyntaxError as error:
            raise GradproofError(f"manual/{name}.py:{error.lineno}: this is not Python: {error.msg}") from error
        return Heading(name, _title(text, name), is_function=holds_function(project, name))
    derivation = load_derivation(project, name)
    return Heading(name, derivation.title, len(derivation.equations), len(derivation.known_errata))


def load_derivation(project: Project, name: str) -> Derivation:
    """Read `manual/NAME.py`: as equations, or as `reference/NAME.py` says by `code = Code(...)`.

    Code is tried on a trial of its reference as it is read, so only then torch is loaded.

    Raises:
        GradproofError: A file does not exist, does not run, or holds no derivation.
    """
    path = project.manual_path(name)
    if holds_function(project, name):
        raise GradproofError(
            f"{name} is a function, no derivation: `gradproof check {name}` compares its outputs and gradients; it has "
            "no equations that could be shown, proved, replayed or mended"
        )
    is_script = _called(_assigned(project, name).get("code")) == "script"
    module = ModuleType(name) if is_script else load_module(project.root, "manual", name)
    from gradproof.code import Code

    place = f"reference/{name}.py"
    if not holds_code(project, name):
        if any(isinstance(value, Code) for value in vars(module).values()):
            raise GradproofError(f"manual/{name}.py has a Code(...): it belongs in {place}, as `code = Code(...)`")
        return read_derivation(module, name, within=path.parent)
    from gradproof.code.load import read_code

    beside = load_module(project.root, "reference", name)
    code = getattr(beside, "code", None)
    if not isinstance(code, Code):
        raise GradproofError(f"{place}: the value `code` must be a gradproof.Code(...); {_instead(beside, code)}")
    if code.lines is not None:
        from gradproof.code.script import script_module

        names = [(variable, quantity) for variable, quantity in code.names.items() if quantity]
        module = script_module(path, code.lines, names, name)
    reference = as_references(getattr(beside, "reference", None), place)
    title = _title(module.__doc__, name)
    known = getattr(module, "KNOWN_ERRATA", ())
    derivation = read_code(code, reference, name=name, module=module, known=known, title=title, place=place)
    return with_accepted(derivation, getattr(module, "ACCEPTED", {}), f"manual/{name}.py")


def holds_code(project: Project, name: str) -> bool:
    """Whether a case's reference says that its derivation is existing code: by a value `code`, seen without running.

    A `Code(...)` under another name counts, so that whoever loads it can say what it must be called.
    """
    assigned = _assigned(project, name)
    return "code" in assigned or any(_called(value) in ("Code", "script") for value in assigned.values())


def holds_function(project: Project, name: str) -> bool:
    """Whether a case is a function: its reference is a `FunctionReference(...)`, here or in the reference that it is
    imported from, seen without running."""
    seen = set[str]()
    while name not in seen:
        seen.add(name)
        if _called(_assigned(project, name).get("reference")) == "FunctionReference":
            return True
        name = _imported(project, name) or name
    return False


def _imported(project: Project, name: str) -> str | None:
    """The reference beside a reference from which it imports its `reference`."""
    beside = (node for node in _body(project, name) if isinstance(node, ast.ImportFrom) and node.level == 1)
    for node in beside:
        if node.module and any(alias.name == "reference" and alias.asname is None for alias in node.names):
            return node.module
    return None


def _called(value: ast.expr | None) -> str:
    """The name of what a value is made by; empty where it is no call."""
    made = value.func if isinstance(value, ast.Call) else None
    return made.id if isinstance(made, ast.Name) else str(getattr(made, "attr", ""))


def _instead(module: ModuleType, code: object) -> str:
    """What a reference has in place of its value `code`."""
    from gradproof.code import Code

    names = [name for name, value in vars(module).items() if isinstance(value, Code)]
    return f"it is called `{names[0]}`" if code is None and names else f"found {type(code).__name__}"


def _assigned(project: Project, name: str) -> dict[str, ast.expr]:
    """What a reference's file gives names to, as it is written."""
    return {
        target.id: node.value
        for node in _body(project, name)
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name)
    }


def _body(project: Project, name: str) -> list[ast.stmt]:
    """The statements of a reference's file; none where it does not exist or cannot be parsed."""
    path = project.root / "reference" / f"{name}.py"
    try:
        return ast.parse(read_source(path)).body if path.is_file() else []
    except SyntaxError:
        return []  # whoever loads the file says so


def _title(docstring: str | None, name: str) -> str:
    return (docstring or "").strip().partition("\n")[0] or name
