"""The model of a reference as text that stands alone."""

from __future__ import annotations

import ast
import contextlib
from pathlib import Path
from types import FunctionType

from gradproof.case.project import find_project
from gradproof.case.reference import Reference
from gradproof.case.source_text import read_source
from gradproof.errors import GradproofError
from gradproof.studies.sending.own_source import NotAlone, OwnSource

REFERENCE = '''\
class Reference:  # stands in for gradproof's; only its model is used here
    def __init__(self, model, *others, **named):
        self.model = model


def drawn(*arguments, **named):
    """Stands in for a distribution: the numbers of the trial are given above."""


'''


def model_text(reference: Reference, place: str, own: OwnSource, beside: Path) -> str:
    """The text after which `model` is the model; definitions that it needs go into `own`.

    Args:
        reference: The reference.
        place: Its file in its project.
        own: Where definitions are gathered.
        beside: The file of the derivation, in the same project.

    Raises:
        NotAlone: The model stands in no file.
    """
    model = reference.model
    if isinstance(model, type) and model.__module__.startswith("torch.nn"):
        return f"model = torch.nn.{model.__name__}()"
    if isinstance(model, type):
        own.add_class(model)
        return f"\n\nmodel = {model.__name__}()"
    if isinstance(model, FunctionType) and not model.__closure__ and model.__name__ != "<lambda>":
        own.add_function(model.__name__, model)
        return f"\n\nmodel = {model.__name__}()"
    return _whole_file(reference, place, beside)


def _whole_file(reference: Reference, place: str, beside: Path) -> str:
    """The reference's file as it is, with stand-ins for what it takes from gradproof."""
    path = _path(place, beside)
    tree = ast.parse(read_source(path))
    names = []
    for node in list(tree.body):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "gradproof":
            names += [alias.asname or alias.name for alias in node.names]
            tree.body.remove(node)
    stand_ins = "".join(f"{name} = drawn\n" for name in names if name != "Reference")
    number = _number(reference, path)
    chosen = "reference" if number is None else f"reference[{number}]"
    return f"{REFERENCE}{stand_ins}\n\n{ast.unparse(tree)}\n\nmodel = {chosen}.model()"


def _path(place: str, beside: Path) -> Path:
    """The reference's file: of the project that the derivation's file stands in, or of the one around."""
    roots = [beside.parents[1]]
    with contextlib.suppress(GradproofError):
        roots.append(find_project().root)
    for root in roots:
        if place.endswith(".py") and (root / place).is_file():
            return root / place
    raise NotAlone("the model stands in no file of a project")


def _number(reference: Reference, path: Path) -> int | None:
    """Which of the references of a file it is, by its model; None where there is one."""
    scope = getattr(reference.model, "__globals__", {})
    found = scope.get("reference")
    if not isinstance(found, list | tuple):
        return None
    for number, other in enumerate(found):
        if other.model is reference.model:
            return number
    raise NotAlone(f"{path.name} has no reference of this size")
