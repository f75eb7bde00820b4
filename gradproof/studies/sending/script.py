"""A failing trial as one file of NumPy and torch, for somebody who does not have gradproof.

The file has the numbers, the equation as it is written with its helpers, and the model; it prints what the equation
gives, what autograd (or the optimizer) gives, and the difference. It is run here before it is shown: a file whose
numbers are not those of the check is not handed out.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch

from gradproof.aten.uncompiled import uncompiled
from gradproof.check.case import Case
from gradproof.errors import GradproofError
from gradproof.studies.sending.own_source import NotAlone, OwnSource, literal
from gradproof.studies.sending.small_trial import Sizes, SmallTrial, small_trial
from gradproof.studies.sending.stand_ins import model_text
from gradproof.studies.sending.torch_text import TorchText
from gradproof.tolerances import WRITTEN_OUT

MOST = 4_000
"""A trial of more numbers is none to read."""

SHOWN = (("manual", "manual"), ("truth", "truth"), ("difference", "manual - truth"))


@dataclass(frozen=True)
class Script:
    """The file, and what it printed when it was run.

    Attributes:
        text: The file.
        output: What it prints.
    """

    text: str
    output: str


def script_of(case: Case | Sizes, equation: str, trial: int, *, seed: int, scale: float = 1.0) -> Script:
    """The file for an equation that is wrong in a trial, on the smallest trial that shows it.

    Raises:
        GradproofError: It cannot stand alone, and why.
    """
    sizes = case if isinstance(case, Sizes) else Sizes(case)
    small = small_trial(sizes, equation, trial, seed=seed, scale=scale)
    if sum(np.size(value) for value in small.numbers.values()) > MOST:
        raise GradproofError(f"{equation}: a trial has more than {MOST:,} numbers, too many for a file to read")
    try:
        text = _text(small)
    except NotAlone as why:
        raise GradproofError(f"{equation}: no file of its own can be written: {why}") from why
    return Script(text, _run(text, small))


def _run(text: str, small: SmallTrial) -> str:
    """Run the file as its reader will; what it finds must be what the check has found."""
    out, scope = io.StringIO(), {"__name__": "trial"}
    state = torch.get_rng_state()
    try:
        with contextlib.redirect_stdout(out), uncompiled():
            exec(compile(text, "<trial>", "exec"), scope)
    except Exception as error:
        raise GradproofError(
            f"{small.equation.name}: the file of this trial does not run: {type(error).__name__}: {error}"
        ) from error
    finally:
        torch.set_rng_state(state)
    values = small.values
    for name, wanted in (("manual", values.computed), ("truth", values.truth)):
        found = np.asarray(scope[name])
        eps = np.finfo(small.case.dtype).eps
        if wanted is None or not WRITTEN_OUT.times(float(eps)).holds(found, wanted):
            raise GradproofError(f"{small.equation.name}: the file of this trial gives another {name} than the check")
    return out.getvalue()


def _text(small: SmallTrial) -> str:
    """The file.

    Raises:
        NotAlone: Some part cannot be written down.
    """
    case, equation, by_torch = small.case, small.equation, TorchText(small)
    manual, model = OwnSource(), OwnSource()
    manual.add_function(equation.function.__name__, equation.function, equation.source)
    made = model_text(by_torch.reference, case.place, model, equation.path)
    imports = dict.fromkeys(["import numpy as np", "import torch", *manual.imports, *model.imports])
    numbers = "".join(f"    {path!r}: {literal(np.asarray(value))},\n" for path, value in small.numbers.items())
    parts = [
        f'"""{equation.name} of {case.name} in one small trial: what the equation gives, what torch gives, and how\n'
        'they differ. It needs NumPy and torch, nothing else."""',
        "\n".join(sorted(imports, key=lambda line: (line.startswith("from"), line))),
        f"# The numbers of the trial.\nnumbers = {{\n{numbers}}}",
        f"# The equation as it is written: {equation.place}\n\n\n{manual.text}",
        f"\n# The same computation in torch: {case.place}\n{model.text + made}",
        by_torch.forward(),
        by_torch.read(),
        by_torch.truth(),
        f"manual = np.asarray({equation.function.__name__}(**read))",
        *(f'print("{name}", {value}, sep="\\n")' for name, value in SHOWN),
    ]
    return "\n\n".join(part.rstrip("\n") for part in parts) + "\n"


def scripts_of(case: Case, trials: Mapping[str, int], *, seed: int, scale: float = 1.0) -> dict[str, Script]:
    """The files of several wrong equations; those that cannot be written are left out."""
    found, sizes = {}, Sizes(case)
    for name, trial in trials.items():
        with contextlib.suppress(Exception):  # a file that cannot be made costs itself alone
            found[name] = script_of(sizes, name, trial, seed=seed, scale=scale)
    return found
