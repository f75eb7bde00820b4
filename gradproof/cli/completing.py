"""Shell completion of the words that a project gives meaning to: its cases and their equations."""

from __future__ import annotations

import ast
from typing import Any

import click
from click.shell_completion import CompletionItem

from gradproof.case.project import find_project, named_cases
from gradproof.errors import GradproofError


class CaseName(click.ParamType[str]):
    """A case of the project."""

    name = "case"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """The project's cases that begin so; none outside of a project."""
        try:
            cases = find_project().cases
        except GradproofError:
            return []
        return [CompletionItem(case) for case in cases if case.startswith(incomplete)]

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The word as it is; what it means is found out later."""
        return str(value)


class EquationName(CaseName):
    """An equation of the case that was named before it."""

    name = "equation"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """The functions of the derivation that begin so, from its text alone."""
        try:
            project, (case,) = named_cases([ctx.params["case"]])
            path = project.root / "manual" / f"{case}.py"
            nodes = ast.parse(path.read_text(encoding="utf-8")).body
        except (GradproofError, OSError, SyntaxError, KeyError, ValueError):
            return []
        names = [node.name for node in nodes if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")]
        return [CompletionItem(name) for name in names if name.startswith(incomplete)]


class ExampleName(CaseName):
    """A case of the gallery."""

    name = "example"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """The gallery's cases that begin so."""
        from gradproof.scaffold.examples import examples

        return [CompletionItem(name) for name in sorted(examples()) if name.startswith(incomplete)]
