"""`gradproof same`: whether two functions are the same function."""

from __future__ import annotations

import inspect

import click

from gradproof.cli.options import proof_options
from gradproof.cli.status import AS_EXPECTED, DISAGREEMENT
from gradproof.errors import GradproofError


@click.command("same", short_help="Prove that two functions are the same, or show where they differ.")
@click.argument("first", metavar="FILE:FUNCTION")
@click.argument("second", metavar="FILE:FUNCTION")
@click.option(
    "--shape",
    "shapes",
    multiple=True,
    metavar="NAME=2,3",
    help="The shape of a parameter; by default that of the case's quantity of this name, else a number.",
)
@proof_options
@click.pass_context
def command(
    ctx: click.Context, first: str, second: str, shapes: tuple[str, ...], seed: int | None, deadline: float
) -> None:
    """Prove that two plain NumPy functions give the same for all inputs; parameters of one name are one input.

    Exit status: 0 where it is proved, 1 where it is refuted or undecided, 2 for wrong usage.
    """
    given = dict(_shape(text) for text in shapes)
    from gradproof.proof.identity import ProofVerdict
    from gradproof.proof.same import find_function, known_shapes, same
    from gradproof.report.terminal.proofs import print_same
    from gradproof.report.terminal.tables import stdout

    (one, path), (other, other_path) = find_function(first), find_function(second)
    parameters = {name for function in (one, other) for name in inspect.signature(function).parameters}
    known = {**known_shapes(other_path), **known_shapes(path)}
    wanted = {**{name: known[name] for name in parameters & known.keys()}, **given}
    proof = same(one, other, wanted, seed=seed, deadline=deadline)
    print_same(stdout(), (first, second), proof)
    ctx.exit(AS_EXPECTED if proof.verdict is ProofVerdict.PROVED else DISAGREEMENT)


def _shape(text: str) -> tuple[str, tuple[int, ...]]:
    name, equals, sizes = text.partition("=")
    try:
        shape = tuple(int(size) for size in sizes.split(",") if size.strip())
    except ValueError:
        shape = (0,)
    if not equals or not name.isidentifier() or any(size < 1 for size in shape):
        raise GradproofError(f"--shape {text!r} is not of the form NAME=2,3: positive whole numbers, none for a number")
    return name, shape
