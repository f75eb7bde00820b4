"""`gradproof prove`: every equation against autograd and the optimizer, for all inputs."""

from __future__ import annotations

import click

from gradproof.case.project import named_cases
from gradproof.cli import error_text
from gradproof.cli.completing import CaseName
from gradproof.cli.options import proof_options
from gradproof.cli.status import AS_EXPECTED, DISAGREEMENT, USER_MISTAKE
from gradproof.errors import GradproofError


@click.command("prove", short_help="Prove equations for all inputs, or refute them.")
@click.argument("cases", type=CaseName(), nargs=-1, metavar="[CASE]...")
@click.option("--kinks", is_flag=True, help="Also compare both sides exactly on the kinks, where no proof holds.")
@proof_options
@click.pass_context
def command(ctx: click.Context, cases: tuple[str, ...], kinks: bool, seed: int | None, deadline: float) -> None:
    """Prove that each equation of the cases, all by default, equals what autograd and the optimizer compute.

    PROVED holds for all inputs off the kinks, at the sizes of the case's smallest reference; REFUTED comes with an
    input at which the difference exceeds rounding; UNDECIDED with the reason. See docs/proof.md.

    Exit status: 0 where exactly the declared errata are refuted, 1 otherwise, 2 for a broken case.
    """
    project, names = named_cases(cases)
    from gradproof.check.case import load_case
    from gradproof.check.loading import holds_function
    from gradproof.proof.proving import prove_case
    from gradproof.report.terminal.proofs import print_conventions, print_proofs
    from gradproof.report.terminal.tables import stdout
    from gradproof.studies.conventions import conventions_of

    status = AS_EXPECTED
    for name in names or [name for name in project.cases if not holds_function(project, name)]:
        try:
            case = load_case(name, project=project)
            proofs = prove_case(case, seed=seed, deadline=deadline)
        except GradproofError as error:
            click.echo(error_text(error), err=True)
            status = USER_MISTAKE
            continue
        print_proofs(stdout(), proofs, case.derivation)
        if kinks:
            print_conventions(stdout(), conventions_of(case, seed=proofs.seed))
        if proofs.refuted != case.derivation.known_errata:
            status = max(status, DISAGREEMENT)
    ctx.exit(status)
