"""`gradproof show`: the equations of a case, as code or as LaTeX."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

import click

from gradproof.case.project import named_cases
from gradproof.cli.completing import CaseName
from gradproof.errors import GradproofError

if TYPE_CHECKING:
    from gradproof.case.derivation import Derivation


@click.command("show", short_help="Show the equations of a case, as code or as LaTeX.")
@click.argument("case", type=CaseName())
@click.option("--latex", is_flag=True, help="As LaTeX, in source order, to lay beside the note.")
@click.option("--bindings", is_flag=True, help="Of existing code: what each variable was taken for, and why.")
def command(case: str, latex: bool, bindings: bool) -> None:
    """Show every equation of CASE in the document's order, with its line.

    What has no printed form, such as a loop, is named with the reason.
    """
    project, (case,) = named_cases([case])
    from gradproof.check.loading import load_derivation

    derivation = load_derivation(project, case)
    if bindings:
        _show_bindings(derivation, case)
        return
    if not latex:
        for equation in derivation.equations:
            click.echo(f"{equation.place}  {equation.name} = {equation.written}")
        return
    from gradproof.audit.show import CannotShow, latex_of
    from gradproof.audit.show.arrays import array_names
    from gradproof.audit.truth import NoteTruth
    from gradproof.case.reference import load_references

    reference = load_references(project, case)[0]
    written = {name: ways if isinstance(ways, str) else ways[0] for name, ways in reference.latex.items()}
    known = NoteTruth(reference, case, trials=1, seed=0).arrays
    for equation in derivation.equations:
        try:
            arrays = array_names(ast.parse(equation.source), known)
            text = f"$${latex_of(equation.source, written=written, arrays=arrays)}$$"
        except SyntaxError:
            text = f"% {equation.name} cannot be shown: it is no whole statement"
        except CannotShow as error:
            text = f"% {equation.name} cannot be shown: {error}"
        click.echo(f"% {equation.place}\n{text}\n")


def _show_bindings(derivation: Derivation, case: str) -> None:
    if derivation.whole is None:
        raise GradproofError(
            f"{case} is written as equations, whose names are the quantities; --bindings is for a case with Code(...)"
        )
    rows = [("variable", "quantity", "why")] + [(m.variable, m.quantity, m.why) for m in derivation.whole.meanings]
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    for variable, quantity, why in rows:
        click.echo(f"{variable.ljust(widths[0])}  {quantity.ljust(widths[1])}  {why}".rstrip())
