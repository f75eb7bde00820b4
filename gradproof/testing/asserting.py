"""One call for a test of one's own: a derivation agrees with its reference, or the test fails with the errata."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import FunctionType

from gradproof import defaults
from gradproof.case.derivation import Derivation
from gradproof.case.project import Project
from gradproof.case.reference import Reference
from gradproof.check.case import Case
from gradproof.check.result import CheckResult
from gradproof.errors import Disagreement
from gradproof.report.terminal import plain
from gradproof.run import crosscheck


def assert_agrees(
    case: str | Case | Derivation | Sequence[FunctionType] | Mapping[str, FunctionType],
    reference: Reference | Sequence[Reference] | None = None,
    *,
    trials: int | None = None,
    seed: int = defaults.SEED,
    dtype: str = defaults.DTYPE,
    scale: float = defaults.SCALE,
    project: Project | None = None,
) -> CheckResult:
    """Check a derivation, and fail if an equation is wrong that its case does not declare.

    Args:
        case: The name of a case of the project, a loaded case, or equations that come with a `reference`.
        reference: The torch side, where `case` is not a name.
        trials: How many random trials; default: 10,000, and fewer of a large case.
        seed: Where the random numbers start.
        dtype: `float64` or `float32`, of both sides.
        scale: A factor on the draws of parameters and inputs.
        project: The project that holds the case; default: the one around the working directory.

    Returns:
        The outcome, for those who want to assert more.

    Raises:
        Disagreement: An equation is wrong, or a declared erratum is not; the message has each with its fix.
        GradproofError: The case is broken.
    """
    __tracebackhide__ = True
    result = crosscheck(case, reference, trials=trials, seed=seed, dtype=dtype, scale=scale, project=project)
    if not result.ok:
        raise Disagreement(plain.disagreement(result))
    return result
