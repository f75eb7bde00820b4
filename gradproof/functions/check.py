"""The check of a function with a backward of its own, and its one line for a test."""

from __future__ import annotations

import secrets
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch

from gradproof.aten.uncompiled import uncompiled
from gradproof.check.facts.verdict import Verdict
from gradproof.errors import Disagreement, GradproofError
from gradproof.functions import showing  # noqa: F401  # it registers how results show themselves
from gradproof.functions.course import run
from gradproof.functions.examining import Examiner
from gradproof.functions.looks.edges import of_edges, sizes_at_edges
from gradproof.functions.looks.extremes import checked_claims, of_extremes
from gradproof.functions.looks.growth import of_growth
from gradproof.functions.looks.second import of_seconds
from gradproof.functions.looks.transforms import checked_transforms, of_transforms
from gradproof.functions.program import Declared, Depth, Program
from gradproof.functions.result import Finding, FunctionResult, merged
from gradproof.functions.running.asked import Asked
from gradproof.functions.running.inputs import Inputs, checked_wrt
from gradproof.functions.running.numbers import DTYPES
from gradproof.functions.running.numpy_pair import check_pair, is_numpy_pair, refuse_gradient_options
from gradproof.functions.running.processes import Died, place
from gradproof.functions.running.target import title
from gradproof.functions.telling.diagnosing import diagnosed
from gradproof.functions.telling.line import with_line, wrong_statement
from gradproof.functions.work import GATE, USUAL, Budget
from gradproof.trials.draws import checked_seed

TRIALS = 3

DEPTHS = {
    "usual": Depth(apart=False, repeat=8, seconds=600.0, replay=4, work=USUAL),
    "gate": Depth(apart=True, repeat=2000, seconds=60.0, replay=24, work=GATE),
}

NUMPY_FUNCTION = (
    "it computes with NumPy: a backward written in NumPy is checked by crosscheck; a function that is compared with "
    "torch takes and gives tensors"
)

PRECISIONS = ("float32", "bfloat16", "float16")


def check_function(
    function: Callable[..., Any],
    reference: Callable[..., Any],
    inputs: Inputs,
    *,
    wrt: Sequence[str] | None = None,
    kwargs: Mapping[str, Any] | None = None,
    dtypes: Sequence[str | torch.dtype] = tuple(DTYPES),
    trials: int = TRIALS,
    seed: int | None = None,
    double_backward: bool = False,
    depth: str = "usual",
    edges: bool | int = True,
    precision: str = "",
    accumulate: str = "",
    claims: Sequence[str] = (),
    under: Sequence[str] = (),
    deterministic: bool = True,
    reentrant: bool = True,
    device: str = "cpu",
) -> FunctionResult:
    """Compare a function's outputs and all its gradients with those of a reference under autograd.

    Args:
        function: `Function.apply`, a module, or any callable, with a backward of its own inside.
        reference: A callable or a module that computes the same in plain torch; autograd differentiates it. Where both
            are plain NumPy functions, what they return is compared, and proved the same for all inputs if it can be.
        inputs: The arguments by name, in the order in which both are called: a distribution such as `normal(5, 3)`,
            an example tensor, any other value, or lists and dicts of these; a list of such dictionaries for several
            shapes; or a function of sizes that returns one, which draws the values itself where its first parameter
            is `rng`. A module's parameters are added, drawn at random, after them.
        wrt: The inputs whose gradients are checked; default: all of floating numbers.
        kwargs: Keyword arguments of every call of both; distributions and tensors among them are inputs.
        dtypes: The dtypes to check in; one in which the function raises is skipped, with the reason.
        trials: How many draws of each set of inputs.
        seed: Where the random numbers start; 0 where nothing is said, and a new one each time at the depth `gate`.
        double_backward: Whether to compare second derivatives too.
        depth: `usual`, or `gate` for functions that must not be believed: in a child process, and longer.
        edges: Whether one size at a time is put at the edges of tiles; the size of the largest tile, if it is not 128.
        precision: What the function is declared to compute in where it is given float64, such as `float32`.
        accumulate: What the function is declared to compute in where it is given half precision: `float32`.
        claims: Extreme values that the function is made for, some of `zero`, `equal`, `large`, `subnormal`, `infinite`,
            `masked` (a row of minus infinity), `least`, `most` (of whole numbers, masks); at others nothing is decided.
        under: Some of torch's transforms to call it under: `autocast`, `vmap`, `jvp`, `compile`, `opcheck`.
        deterministic: Whether two calls must give the same bits; if not, the same up to rounding.
        reentrant: Whether results must outlive further calls; if not, buffers are reused by design.
        device: Where the function's tensors are; the truth is computed on the CPU.

    Raises:
        GradproofError: An argument is not usable, the reference raises, or the function raises in every dtype.

    Example:
        >>> import torch
        >>> from gradproof import check_function, normal
        >>> class Scale(torch.autograd.Function):
        ...     @staticmethod
        ...     def forward(ctx, x):
        ...         return 3 * x
        ...     @staticmethod
        ...     def backward(ctx, dy):
        ...         return 2 * dy
        >>> check_function(Scale.apply, lambda x: 3 * x, {"x": normal(5, 3)}, trials=3).ok
        False
    """
    how = _depth(depth)
    seed = checked_seed((secrets.randbits(31) if how.apart else 0) if seed is None else seed)
    names = _dtype_names(dtypes)
    if not isinstance(trials, int) or trials < 1:
        raise GradproofError(f"trials is a whole number from 1 on, not {trials!r}")
    if precision and precision not in PRECISIONS:
        raise GradproofError(f"precision is one of {', '.join(PRECISIONS)}, not {precision!r}")
    if accumulate not in ("", "float32"):
        raise GradproofError(f"accumulate is float32, or nothing; it is {accumulate!r}")
    claimed, transforms = checked_claims(claims), checked_transforms(under, apart=how.apart)
    asked = Asked.of(function, reference, inputs, kwargs or {}, trials, seed)
    first = asked.draw(0, 0)
    if is_numpy_pair(function, reference, first.filled()):
        refuse_gradient_options({"wrt": wrt, "kwargs": kwargs, "double_backward": double_backward, "under": under})
        draws = [[asked.draw(group, trial).filled() for trial in range(trials)] for group in range(len(asked.sets))]
        return check_pair(function, reference, asked.sets, draws, seed)
    chosen = checked_wrt(first.values, wrt)
    sizes = sizes_at_edges(edges, deep=how.apart)
    with _unwarned(), place(asked.call, apart=how.apart) as where, uncompiled():
        examiner = Examiner(where, asked.true, chosen, names[0], names[0], device, deterministic)
        program = Program(examiner, how, asked, reentrant, Declared(precision, accumulate), Budget(how.work))
        try:
            run(program, names)
            of_edges(program, sizes)
            of_extremes(program, claimed)
            of_growth(program)
            of_seconds(program, asked_for=double_backward)
            of_transforms(program, transforms)
        except Died as died:
            program.findings.append(
                Finding("the call", program.examiner.dtype, "", Verdict.DISAGREES, "died", died.sentence)
            )
        if program.widest is None and not program.died:
            raise GradproofError(_raises_everywhere(title(function), program.skipped, first.shapes))
        return _told(program, title(function), asked)


@contextmanager
def _unwarned() -> Iterator[None]:
    """What a function warns of in ways of calling that nobody asked for is no fault, though warnings be errors."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _told(program: Program, name: str, asked: Asked) -> FunctionResult:
    """What a programme has found, with diagnoses and the statement that is wrong."""
    told = diagnosed(_merged(program.findings), program)
    fix = wrong_statement(told, program)
    notes = list(dict.fromkeys(program.notes))
    if program.budget.skipped:
        notes.append(program.budget.told)
    return FunctionResult(
        name,
        with_line(told, fix),
        program.skipped,
        asked.trials,
        asked.seed,
        groups=len(asked.sets),
        notes=tuple(notes),
        power=1 - 0.01 ** (1 / max(1, program.calls)),
        fix=fix,
        extremes=tuple(_merged(program.extremes)),
    )


def assert_function_agrees(
    function: Callable[..., Any], reference: Callable[..., Any], inputs: Inputs, **options: Any
) -> FunctionResult:
    """`check_function` as one line of a test.

    Args:
        function, reference, inputs: As for `check_function`.
        options: Its further arguments.

    Raises:
        Disagreement: Something is wrong, or nothing could be compared; the message is the outcome in words.
        GradproofError: As `check_function`.

    Example:
        >>> import torch
        >>> from gradproof import assert_function_agrees, normal
        >>> class Exp(torch.autograd.Function):
        ...     @staticmethod
        ...     def forward(ctx, x):
        ...         y = torch.exp(x)
        ...         ctx.save_for_backward(y)
        ...         return y
        ...     @staticmethod
        ...     def backward(ctx, dy):
        ...         return dy * ctx.saved_tensors[0]
        >>> assert_function_agrees(Exp.apply, torch.exp, {"x": normal(5, 3)}, trials=3).ok
        True
    """
    __tracebackhide__ = True
    result = check_function(function, reference, inputs, **options)
    if not result.ok:
        raise Disagreement(str(result), result)
    return result


def _raises_everywhere(name: str, skipped: Mapping[str, str], shapes: str) -> str:
    """A reason that all dtypes share is told once."""
    reasons = set(skipped.values())
    told = "; ".join(reasons if len(reasons) == 1 else [f"{dtype}: {why}" for dtype, why in skipped.items()])
    way = f"; {NUMPY_FUNCTION}" if all("call numpy() on Tensor" in why for why in reasons) else ""
    return f"{name} raises in every dtype: {told}; inputs: {shapes}{way}"


def _depth(depth: str) -> Depth:
    if depth not in DEPTHS:
        raise GradproofError(f"depth is one of {', '.join(DEPTHS)}, not {depth!r}")
    return DEPTHS[depth]


def _dtype_names(dtypes: Iterable[str | torch.dtype]) -> list[str]:
    given = [dtypes] if isinstance(dtypes, str | torch.dtype) else list(dtypes)
    asked = [str(dtype).removeprefix("torch.") for dtype in given]
    unknown = [name for name in asked if name not in DTYPES]
    if unknown or not asked:
        raise GradproofError(f"dtypes are some of {', '.join(DTYPES)}; asked for {', '.join(unknown) or 'none'}")
    return [name for name in DTYPES if name in asked]


def _merged(findings: Iterable[Finding]) -> list[Finding]:
    """One finding for each quantity, dtype, configuration and kind."""
    found: dict[tuple[str, str, str, str], Finding] = {}
    for one in findings:
        found[one.key] = merged(found[one.key], one) if one.key in found else one
    return list(found.values())
