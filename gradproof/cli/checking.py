"""One case checked for the command line, in this process or in another: its result, and its reports' bytes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from gradproof.case.project import Project
from gradproof.check.facts.failures import Failure, failure
from gradproof.check.loading import holds_function
from gradproof.cli import error_text
from gradproof.errors import GradproofError

if TYPE_CHECKING:
    from gradproof.check.facts.result import CheckResult

OUT_OF_MEMORY = (
    "{name}: the memory of this machine is not enough; --memory 128MB computes fewer trials at a time (a single trial "
    "of a large case may need more than that by itself: then make the reference's sizes smaller)"
)


ENDS = "{name}: its code ends the program, SystemExit({code!r}), so nothing can be compared; let it return or raise"


@dataclass(frozen=True)
class Settings:
    """How a case is run, and what is written of it.

    Attributes:
        reports: Whether the bytes of its report are wanted.
        figures: Whether the report's pictures are wanted as files too.
    """

    trials: int | None
    budget: float | None
    seed: int
    dtype: str
    scale: float
    memory: int
    steps: int
    proof: bool | None
    mutate: bool
    scales: bool
    strict: bool
    reports: bool
    figures: bool


@dataclass(frozen=True)
class Finished:
    """What became of one case.

    Attributes:
        name: The case's name.
        result: Its outcome; None where there is none.
        broken: Why it could not run, as it is printed.
        failures: What gradproof itself could not do, over and above those that the result names.
        contents: The files of its report by their names.
        mutations: What became of the mistakes planted into it, where that was asked for.
    """

    name: str
    result: CheckResult | None = None
    broken: str = ""
    failures: tuple[Failure, ...] = ()
    contents: dict[str, bytes] = field(default_factory=dict)
    mutations: Any = None


def checked(project: Project, name: str, settings: Settings, advance: Callable[[int], None]) -> Finished:
    """Check one case; what stops it is in the outcome. Ctrl-C goes on."""
    try:
        return Finished(name, _checked(project, name, settings, advance))
    except GradproofError as error:
        return Finished(name, broken=error_text(error))
    except SystemExit as error:
        return Finished(name, broken=error_text(GradproofError(ENDS.format(name=name, code=error.code))))
    except Exception as error:
        if isinstance(error, MemoryError) or "can't allocate memory" in str(error):
            return Finished(name, broken=error_text(GradproofError(OUT_OF_MEMORY.format(name=name))))
        return Finished(name, failures=(failure(f"the check of {name}", error),))


def with_extras(finished: Finished, project: Project, settings: Settings) -> Finished:
    """The outcome with what is asked for beyond the verdicts: planted mistakes, the report."""
    result = finished.result
    if result is None or result.interrupted:
        return finished
    failures: list[Failure] = []
    if settings.mutate:
        from gradproof.check.case import load_case
        from gradproof.studies.mutants import mutate_case

        planted = mutate_case(load_case(finished.name, project=project), settings.seed)
        finished = replace(finished, mutations=planted)
    if settings.reports:
        from gradproof.report.write import report_contents

        contents = report_contents(result, figures=settings.figures, failures=failures)
        finished = replace(finished, contents=contents, failures=tuple(failures))
    return finished


def _checked(project: Project, name: str, settings: Settings, advance: Callable[[int], None]) -> CheckResult:
    project.manual_path(name)  # a misspelt name is told before torch is loaded
    from gradproof.check.case import load_case
    from gradproof.check.effort import is_quick
    from gradproof.run import crosscheck

    if holds_function(project, name):
        if settings.mutate or settings.scales:
            raise GradproofError(f"{name} is a function: --mutate and --scales are for equations")
        result = crosscheck(
            name,
            trials=settings.trials,
            budget=settings.budget,
            seed=settings.seed,
            steps=settings.steps,
            proof=bool(settings.proof),
            project=project,
        )
        advance(result.trials)
        return result
    case = load_case(name, dtype=settings.dtype, memory=settings.memory, project=project)
    result = crosscheck(
        case,
        trials=settings.trials,
        budget=settings.budget,
        seed=settings.seed,
        scale=settings.scale,
        steps=settings.steps,
        proof=is_quick(case) if settings.proof is None else settings.proof,
        strict=settings.strict,
        progress=advance,
    )
    if not settings.scales or result.interrupted:
        return result
    from gradproof.studies.scales import with_scales

    return with_scales(result)
