"""One call for a test of one's own: a derivation agrees with its reference, or the test fails with the errata."""

from __future__ import annotations

from collections.abc import Sequence

from gradproof import defaults
from gradproof.case.project import Project
from gradproof.case.reference import Reference
from gradproof.check.facts.result import CheckResult
from gradproof.errors import Disagreement
from gradproof.report.terminal import plain
from gradproof.run import Checkable, crosscheck


def assert_agrees(
    case: Checkable,
    reference: Reference | Sequence[Reference] | None = None,
    *,
    trials: int | None = None,
    seed: int = defaults.SEED,
    dtype: object = defaults.DTYPE,
    scale: float = defaults.SCALE,
    only: str | Sequence[str] | None = None,
    strict: bool = False,
    tolerance: float = 0.0,
    project: Project | None = None,
) -> CheckResult:
    """Check a derivation, and fail if an equation is wrong that its case does not declare.

    Args:
        case: The name of a case of the project, a loaded case, or equations that come with a `reference`.
        reference: The torch side, where `case` is not a name.
        trials: How many random trials; default: 10,000, and fewer of a large case.
        seed: Where the random numbers start.
        dtype: `float64` or `float32` of both sides, also as `np.float32` or `torch.float32`.
        scale: A factor on the draws of parameters and inputs.
        only: Patterns of names, such as `"dLoss_*"`: which equations are reported; all by default.
        strict: Whether an unchecked equation, whose quantity the reference does not have, fails too.
        tolerance: Differences up to so much of a quantity's largest entry count as none; by default rounding decides.
        project: The project that holds the case; default: the one around the working directory.

    Returns:
        The outcome, for those who want to assert more.

    Raises:
        Disagreement: An equation is wrong, or a declared erratum is not; the message has each with its fix.
        GradproofError: The case is broken.

    Example:
        >>> import torch
        >>> from gradproof import Reference, assert_agrees, normal
        >>> class Square(torch.nn.Module):
        ...     def forward(self, x):
        ...         return x**2
        >>> def dLoss_dx(x, dLoss_dy):
        ...     return 2 * x * dLoss_dy
        >>> square = Reference(Square, inputs={"x": normal(3)}, output="y")
        >>> assert_agrees(dLoss_dx, square, trials=100).count("agrees")
        1
    """
    __tracebackhide__ = True
    result = crosscheck(
        case,
        reference,
        trials=trials,
        seed=seed,
        dtype=dtype,
        scale=scale,
        only=only,
        strict=strict,
        tolerance=tolerance,
        project=project,
    )
    if not result.ok:
        raise Disagreement(plain.disagreement(result), result)
    return result
