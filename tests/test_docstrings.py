"""What a docstring says that a class has, the class has."""

from __future__ import annotations

import ast
import dataclasses
import doctest
import inspect
import re
from pathlib import Path

import pytest
from small_projects import ROOT

import gradproof
from gradproof import GradproofError


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


def sections(docstring: str) -> dict[str, str]:
    """The parts of a docstring by their heads; what comes before the first head is under the empty one."""
    parts = re.split(r"^(Args|Attributes|Returns|Raises|Example):\n", docstring, flags=re.MULTILINE)
    return {"": parts[0], **dict(zip(parts[1::2], parts[2::2], strict=True))}


def undescribed(thing: object) -> list[str]:
    """What the docstring of a public class or function leaves out: a sentence, an argument, a field, an example."""
    told = sections(inspect.getdoc(thing) or "")
    missing = [] if told[""].partition("\n")[0].endswith((".", ",", ":")) else ["a first sentence"]
    missing += [] if "Example" in told else ["an example"]
    described = {name for part in ("Args", "Attributes") for name in heads(told.get(part, ""))}
    takes = dict(inspect.signature(thing).parameters) if callable(thing) else {}
    missing += [name for name in takes if name not in described and not isinstance(thing, type)]
    if dataclasses.is_dataclass(thing):
        missing += [field.name for field in dataclasses.fields(thing) if field.name not in described]
    if isinstance(thing, type):
        members = {
            n: m for n, m in vars(thing).items() if not n.startswith("_") and (callable(m) or hasattr(m, "__get__"))
        }
        missing += [n for n, m in members.items() if not inspect.getdoc(m) and n not in described]
    elif inspect.isfunction(thing):
        raised = re.search(r"^ +raise (GradproofError|Disagreement)", inspect.getsource(thing), flags=re.MULTILINE)
        missing += ["what it raises"] if raised and raised[1] not in told.get("Raises", "") else []
    return missing


def heads(section: str) -> set[str]:
    """The names before the colons of a section, at its own indent."""
    lines = [line[4:] for line in section.splitlines() if re.match(r"    \S", line)]
    return {name.strip() for line in lines for name in line.partition(":")[0].split(",")}


@pytest.mark.parametrize("name", gradproof.__all__)
def test_every_public_name_says_what_it_takes_holds_and_raises(name: str) -> None:
    assert undescribed(getattr(gradproof, name)) == []


def test_docstring_that_leaves_something_out_is_found() -> None:
    def half(told: int, untold: int) -> None:
        """Half of it.

        Args:
            told: One.
        """
        raise GradproofError("no")

    assert undescribed(half) == ["an example", "untold", "what it raises"]


@pytest.mark.parametrize("name", gradproof.__all__)
def test_example_of_every_public_name_gives_what_it_says(name: str) -> None:
    examples = doctest.DocTestFinder(recurse=False).find(getattr(gradproof, name), name, globs={})
    told: list[str] = []
    outcome = doctest.DocTestRunner(verbose=False).run(examples[0], out=told.append)
    assert outcome.attempted, f"{name} has no example"
    assert not outcome.failed, "".join(told)
