"""One check of one derivation, judged from outside: by the right derivation's own numbers."""

from __future__ import annotations

import importlib.util
import re
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.judgement_cases.build import Graph
from benchmarks.judgement_cases.graph import SIZES, in_numbers
from benchmarks.judgement_cases.mistakes import Mistake
from benchmarks.judgement_cases.text import Written, reference_of
from gradproof import Code, Reference, crosscheck
from gradproof.case.derivation import Derivation
from gradproof.case.kinds import Distribution
from gradproof.check.case import make_case
from gradproof.check.facts.result import CheckResult, EquationResult
from gradproof.code.load import read_code
from gradproof.errors import GradproofError
from gradproof.proof.proving import CaseProof, prove_case, with_proofs
from gradproof.repair.mending import FilePatch, mend_case, patches, with_repairs

Array = NDArray[Any]
Values = dict[str, Array]

JUDGED = 64
"""So many draws tell, outside of gradproof, what a mistake changes and whether a fix is one."""

ROUNDING = 1e-9
"""A relative difference of a whole array above this is none of rounding, at the draws that are judged here."""

UNREACHED = "its other side was not checked"
"""What is said of a comparison that came out the same in all trials."""

RESOLUTION = {"float64": 1e-6, "float32": 1e-3}
"""What `agrees` promises to have seen where it names no resolution of its own."""


@dataclass(frozen=True)
class Outcome:
    """What a check has said, and what is true of it.

    Attributes:
        result: The check's result; None where the case was refused.
        refusal: Why it was.
        contradictions: Equations whose proof and numbers contradict each other.
        changed: By how much the mistake changes what it should, relative, at most.
        harm: By how much it changes a gradient that the code gives.
        accepted: The quantities at which the mistake may be named.
        fixed: `right`, `wrong`, `none`, or `shown`: what is shown is not what is written.
        fix: The text of the fix.
    """

    result: CheckResult | None
    refusal: str = ""
    contradictions: tuple[str, ...] = ()
    changed: float = 0.0
    harm: float = 0.0
    accepted: frozenset[str] = frozenset()
    fixed: str = ""
    fix: str = ""
    named: frozenset[str] = field(default=frozenset())

    @property
    def word(self) -> str:
        """`raises`, `refused`, `caught`, `blamed` (something right), `inconclusive`, `unseen` (no change), `remarked`
        (the run took no branch that it is in, and that is said beside the verdict), or `passed`."""
        if self.result is None:
            return "raises" if self.refusal == "the code raises" else "refused"
        if self.named - self.accepted:
            return "blamed"
        if self.named:
            return "caught"
        if self.changed <= ROUNDING * 1e-4:
            return "unseen"
        own = [one for one in self.result.results if one.equation in self.accepted]
        if any(one.verdict == "inconclusive" for one in own):
            return "inconclusive"
        if not own:  # a local that only leads to right results is right as far as these sizes can tell
            return "passed" if self.harm > ROUNDING else "unseen"
        if any(UNREACHED in one.diagnosis for one in own):
            return "remarked"
        finest = max((_resolution(one, self.result.dtype) for one in own), default=0.0)
        return "passed" if self.changed > finest else "unseen"


def _resolution(one: EquationResult, dtype: str) -> float:
    return float(getattr(one, "resolution", RESOLUTION[dtype]))


@dataclass(frozen=True)
class Opened:
    """A derivation as gradproof has read it.

    Attributes:
        written: The right one.
        mistake: What was planted into it.
        derivation: What was read; None where the case was refused, or its code raises.
        reference: The torch side.
        refusal: Why there is none.
    """

    written: Written
    mistake: Mistake | None
    derivation: Derivation | None
    reference: Reference
    refusal: str = ""


@contextmanager
def opened(written: Written, mistake: Mistake | None = None) -> Iterator[Opened]:
    """A derivation as it is or with a mistake in it, its file there for as long as this lasts."""
    text, reference = written.source(mistake.lines if mistake else None), reference_of(written.graph, SIZES[0])
    if mistake is not None and computed(written, text, 0, SIZES[0]) is None:
        yield Opened(written, mistake, None, reference, "the code raises")
        return
    with tempfile.TemporaryDirectory() as folder:
        module = _module(Path(folder) / "layer.py", text)
        try:
            derivation, refusal = read_code(Code(module.forward, module.backward), reference), ""
        except GradproofError as error:
            derivation, refusal = None, str(error)
        yield Opened(written, mistake, derivation, reference, refusal)


def checked(written: Written, *, mistake: Mistake | None = None, **options: Any) -> Outcome:
    """Check a derivation, as it is or with a mistake in it; options as those of `checked_once`."""
    with opened(written, mistake) as one:
        return checked_once(one, **options)


def checked_once(
    one: Opened,
    *,
    trials: int = 1000,
    seed: int = 0,
    dtype: str = "float64",
    scale: float = 1.0,
    repair: bool = True,
    proof: bool = False,
) -> Outcome:
    """Check what was opened, in one dtype and at one scale, and judge what is said of it."""
    if one.derivation is None:
        return Outcome(None, one.refusal)
    try:
        case = make_case(one.derivation, one.reference, dtype=dtype)
        result = crosscheck(case, trials=trials, seed=seed, scale=scale, repair=False)
        repairs = mend_case(case, result, seed=seed) if repair and result.wrong else {}
        result = with_repairs(result, repairs, case.derivation)
        against: tuple[str, ...] = ()
        if proof:
            proofs = prove_case(case, seed=seed)
            against = _contradictions(result, proofs)
            result = with_proofs(result, proofs)
        files = (
            patches(case, repairs)
            if any(one.fix is not None or one.patch is not None for one in repairs.values())
            else ()
        )
    except GradproofError as error:
        return Outcome(None, str(error))
    return replace(_judged(one, result, files), contradictions=against)


def _contradictions(result: CheckResult, proofs: CaseProof) -> tuple[str, ...]:
    """Where proof and numbers say opposite things, before either gives way to the other."""
    said = {found.equation: found.verdict for found in result.results}
    return tuple(
        f"{proof.equation}: {said[proof.equation]}, {proof.verdict}"
        for proof in proofs.equations
        if (said[proof.equation], proof.verdict) in (("agrees", "REFUTED"), ("disagrees", "PROVED"))
    )


def _judged(one: Opened, result: CheckResult, files: Sequence[FilePatch]) -> Outcome:
    named = frozenset(found.equation for found in result.wrong)
    written, mistake = one.written, one.mistake
    if mistake is None:
        return Outcome(result, named=named)
    text = written.source(mistake.lines)
    changes = [_change(written, text, k, mistake.target) for k in range(JUDGED)]
    changed, harm = (max(one) for one in zip(*changes, strict=True))
    fixed, fix = "none", ""
    if files and (files[0].new != files[0].old or any(found.fix for found in result.results)):
        (file,) = files
        fix = next((found.fix for found in result.results if found.fix), "")
        shown = all(_is_in(found.fix, file.new) for found in result.results if found.fix)
        right = all(_gradients_right(written, file.new, k, sizes) for sizes in SIZES for k in range(8))
        fixed = "wrong" if not right else "right" if shown else "shown"
    bound = frozenset(found.equation for found in result.results)
    return Outcome(result, "", (), changed, harm, _accepted(written, mistake, bound), fixed, fix, named)


def _module(path: Path, text: str) -> ModuleType:
    path.write_text(text, encoding="utf-8")
    spec = importlib.util.spec_from_file_location(f"judged_{abs(hash(text))}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def _accepted(written: Written, mistake: Mistake, bound: frozenset[str]) -> frozenset[str]:
    """The quantities of whose equation the wrong statement is a part: its own, or those that read its local.

    A variable that was bound to no quantity, since its value is that of none, is a local like any other.
    """
    known = {step.value.name for step in written.graph.steps} | {leaf.name for leaf in written.graph.leaves}

    def quantity(variable: str) -> str:
        if variable == "loss":
            return "Loss"
        if variable in known:
            return variable
        return f"dLoss_d{variable[1:]}" if variable[:1] == "d" and variable[1:] in known else ""

    found, waiting, seen = set(), [mistake.target], set()
    while waiting:
        variable = waiting.pop()
        if variable in seen:
            continue
        seen.add(variable)
        name = quantity(variable)
        if name:
            found.add(name)
        if name not in bound:
            waiting += [x.target for x in mistake.lines if re.search(rf"\b{variable}\b", x.text.partition("=")[2])]
    if not written.graph.parts and mistake.target == written.result:
        found.add("Y")
    return frozenset(found)


def draws(written: Written, k: int, sizes: Mapping[str, int]) -> tuple[Values, Array]:
    """Leaves of one draw, and numbers to make a cotangent of."""
    generator = np.random.default_rng([written.graph.seed, k])
    inputs = _inputs(written.graph, tuple(sizes.items()))
    values = {}
    for leaf in written.graph.leaves:
        shape = in_numbers(leaf.shape, sizes)
        values[leaf.name] = (
            inputs[leaf.name].sample(generator, 1)[0] if leaf.draws else generator.standard_normal(shape)
        )
    return values, generator.standard_normal(4096)


@cache
def _inputs(graph: Graph, sizes: tuple[tuple[str, int], ...]) -> Mapping[str, Distribution]:
    """How a derivation's inputs are drawn at given sizes."""
    return reference_of(graph, dict(sizes)).inputs


@lru_cache(maxsize=8)
def _space(text: str) -> dict[str, Any]:
    """What a module's text defines."""
    space: dict[str, Any] = {}
    exec(compile(text, "layer", "exec"), space)
    return space


def computed(written: Written, text: str, k: int, sizes: Mapping[str, int], values: bool = False) -> Any:
    """What a module's text computes at one draw: the gradients, or all variables of its backward; None if it raises."""
    leaves, numbers = draws(written, k, sizes)
    with np.errstate(all="ignore"):
        try:
            space = _space(text)
            result, kept = space["forward"](*(leaves[name].copy() for name in written.arguments))
            if written.graph.parts:
                return space["backward"](kept)
            return space["backward"](numbers[: np.size(result)].reshape(np.shape(result)), kept)
        except (ValueError, IndexError, TypeError, NameError):
            return None


def _variables(text: str) -> str:
    head, _, _ = text.rpartition("    return ")
    return head + "    return locals()\n"


def _change(written: Written, text: str, k: int, target: str) -> tuple[float, float]:
    """How far the statement's variable or a gradient, and how far a gradient, gets off the right one."""
    right = computed(written, _variables(written.source()), k, SIZES[0])
    found = computed(written, _variables(text), k, SIZES[0])
    if found is None:
        return np.inf, np.inf
    changes = {name: _apart(found.get(name), right[name]) for name in {target, *written.gradients} & set(right)}
    harm = max((changes[name] for name in written.gradients if name in changes), default=0.0)
    return max(changes.values(), default=0.0), harm


def _apart(found: Array | None, right: Array) -> float:
    """The largest difference as a share of the largest entry; infinite where there is none to compare."""
    if found is None or np.shape(found) != np.shape(right):
        return float("inf")
    with np.errstate(all="ignore"):
        apart = np.abs(np.subtract(found, right, dtype=float))
        size = float(np.max(np.abs(right), initial=0.0))
    return float(np.max(apart, initial=0.0)) / size if size > 1e-12 else 0.0


def _gradients_right(written: Written, text: str, k: int, sizes: Mapping[str, int]) -> bool:
    right, found = computed(written, written.source(), k, sizes), computed(written, text, k, sizes)
    if found is None or len(found) != len(right):
        return False
    return all(_close(a, b) for a, b in zip(found, right, strict=True))


def _close(found: Array, right: Array) -> bool:
    if np.shape(found) != np.shape(right):
        return False
    size = float(np.max(np.abs(right), initial=0.0))
    return bool(np.all(np.abs(found - right) <= ROUNDING * max(size, 1e-6)))


def _is_in(fix: str, text: str) -> bool:
    """Whether the shown text stands in the file, however it is broken into lines."""
    squeezed = re.sub(r"\s+", "", text)
    return re.sub(r"\s+", "", fix) in squeezed
