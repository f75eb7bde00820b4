"""What a docstring says that a class has, the class has."""

from __future__ import annotations

import ast
import doctest
import re
from pathlib import Path

import pytest
from small_projects import ROOT

import gradproof


def documented(docstring: str) -> set[str]:
    """The names under `Attributes:`."""
    _, found, section = docstring.partition("Attributes:\n")
    if not found:
        return set()
    section = re.split(r"\n\s*\n|\n\s*[A-Z]\w+:\n", section)[0]
    indent = min((len(line) - len(line.lstrip()) for line in section.splitlines() if line.strip()), default=0)
    heads = [line[indent:] for line in section.splitlines() if line.strip() and not line[indent:].startswith(" ")]
    return {name.strip() for head in heads for name in head.partition(":")[0].split(",") if name.strip().isidentifier()}


def owned(node: ast.ClassDef) -> set[str]:
    """The names that a class gives to itself: fields, properties, methods, and what it sets on `self`."""
    names = {item.name for item in node.body if isinstance(item, ast.FunctionDef)}
    for item in ast.walk(node):
        match item:
            case (
                ast.AnnAssign(target=ast.Name(id=name))
                | ast.Attribute(value=ast.Name(id="self"), attr=name, ctx=ast.Store())
            ):
                names.add(name)
            case ast.Assign(targets=targets):
                names |= {target.id for target in targets if isinstance(target, ast.Name)}
    return names


def unknown(tree: ast.Module) -> list[str]:
    """`Class.attribute` for all that is documented and not there; what a class inherits in the module counts."""
    classes = {node.name: node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}
    found = []
    for node in classes.values():
        names = owned(node)
        for base in node.bases:
            if isinstance(base, ast.Name) and base.id in classes:
                names |= owned(classes[base.id])
        found += [f"{node.name}.{name}" for name in sorted(documented(ast.get_docstring(node) or "") - names)]
    return found


@pytest.mark.parametrize("wing", sorted(path.name for path in (ROOT / "gradproof").iterdir() if path.is_dir()))
def test_documented_attributes_exist(wing: str) -> None:
    modules: list[Path] = [p for p in (ROOT / "gradproof" / wing).rglob("*.py") if "starter" not in p.parts]
    wrong = [f"{p.relative_to(ROOT)}: {name}" for p in modules for name in unknown(ast.parse(p.read_text("utf-8")))]
    assert not wrong


def test_attribute_that_is_not_there_is_found() -> None:
    text = 'class A:\n    """One.\n\n    Attributes:\n        here, gone: Two.\n    """\n\n    here: int\n'
    assert unknown(ast.parse(text)) == ["A.gone"]


@pytest.mark.parametrize("name", gradproof.__all__)
def test_example_of_every_public_name_gives_what_it_says(name: str) -> None:
    examples = doctest.DocTestFinder(recurse=False).find(getattr(gradproof, name), name, globs={})
    told: list[str] = []
    outcome = doctest.DocTestRunner(verbose=False).run(examples[0], out=told.append)
    assert outcome.attempted, f"{name} has no example"
    assert not outcome.failed, "".join(told)
