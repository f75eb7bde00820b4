"""Proofs as a person sees them in a terminal."""

from __future__ import annotations

import numpy as np
from rich.console import Console
from rich.text import Text

from gradproof.case.derivation import Derivation
from gradproof.proof.identity import Proof, ProofVerdict
from gradproof.proof.proving import CaseProof
from gradproof.proof.witness import Witness
from gradproof.report import wording
from gradproof.report.terminal.tables import print_hanging
from gradproof.studies.conventions import Conventions

STYLES = {"PROVED": "bold green", "REFUTED": "bold red", "UNDECIDED": "yellow"}


def print_proofs(console: Console, proofs: CaseProof, derivation: Derivation) -> None:
    """The outcome of one case: counts, then every equation that is not proved."""
    console.print(Text(proofs.case, style="bold"))
    print_hanging(console, "", derivation.title)
    shapes = ", ".join(f"{name} {shape}" for name, shape in proofs.shapes.items() if shape)
    print_hanging(console, "", f"seed {proofs.seed}; for all inputs off the kinks, at {shapes or 'one size'}")
    total = sum(bool(one.verdict) for one in proofs.equations)
    parts = [f"{proofs.count(verdict)} {verdict}" for verdict in STYLES if proofs.count(verdict)]
    risk = max((one.error_probability for one in proofs.equations), default=0.0)
    chance = f"; the chance that a PROVED is wrong is below {wording.short(risk)}" if risk else ""
    good = proofs.refuted == derivation.known_errata
    console.print(
        Text(f"{', '.join(parts)} of {wording.count(total, 'equation')}{chance}", style="green" if good else "red")
    )
    for one in proofs.equations:
        if one.verdict in ("", "PROVED"):
            continue
        equation = derivation.by_name[one.equation]
        console.print(Text(f"\n{equation.place}  {one.verdict}", style=STYLES[one.verdict]))
        print_hanging(console, "  ", f"{one.equation} = {equation.written}")
        print_hanging(console, "  ", one.reason)
        _print_witness(console, one.witness)
    console.print()


def print_conventions(console: Console, found: Conventions) -> None:
    """What both sides give exactly on the kinks: how many alike, and each place where they do not."""
    same = len(found.reached) - len(found.different)
    rest = f"; no exact input was found for {found.unreached} more" if found.unreached else ""
    console.print(Text(f"on {wording.count(len(found.reached), 'kink')} both sides give the same in {same}{rest}"))
    for one in found.different:
        console.print(Text(f"  {one.equation}: another convention than torch's where {one.kink.where}", style="yellow"))
        print_hanging(console, "    manual  ", str(one.kink.found.tolist()))
        print_hanging(console, "    torch   ", str(one.kink.expected.tolist()))
    console.print()


def print_same(console: Console, names: tuple[str, str], proof: Proof) -> None:
    """Whether two functions are the same, and where they are not."""
    words = {ProofVerdict.PROVED: "are the same function", ProofVerdict.REFUTED: "differ"}
    word = words.get(proof.verdict, "may differ")
    style = STYLES[proof.verdict]
    console.print(Text(f"{proof.verdict}: {names[0]} and {names[1]} {word}", style=style), soft_wrap=True)
    if proof.verdict is ProofVerdict.PROVED:
        console.print(f"for all inputs off the kinks; error probability below {wording.short(proof.error_probability)}")
    elif proof.witness is None:
        print_hanging(console, "  ", proof.reason)
    else:
        print_hanging(console, "  first   ", wording.exact(proof.witness.expected))
        print_hanging(console, "  second  ", wording.exact(proof.witness.found))
        _print_witness(console, proof.witness)
    console.print(f"seed {proof.seed}")


def _print_witness(console: Console, witness: Witness | None) -> None:
    if witness is not None:
        values = [f"{name}={np.asarray(value).tolist()!r}" for name, value in witness.inputs.items()]
        print_hanging(console, "  at ", ", ".join(values))
