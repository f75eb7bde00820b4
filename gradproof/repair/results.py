"""What mending an equation yields."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from gradproof.repair.equation import Equation
from gradproof.repair.explain.diagnosis import Diagnosis
from gradproof.repair.formulas.formula import Formula
from gradproof.repair.formulas.rewrite import Span
from gradproof.repair.program.search import FileFix
from gradproof.repair.search.problem import Counts


@dataclass(frozen=True)
class Fix:
    """A mended equation that gives the truth in every trial, run as the user would run it.

    Attributes:
        equation: Name of the equation whose text is edited: the wrong one, or a helper that it is computed from.
        line: The line of its `def` in its file.
        source: Its text as it was.
        expression: What it returns now, as text; the edited statement where `before` has one.
        body: Its text as it is now.
        parameters: Its parameters now.
        edits: The pieces of the old text that are replaced.
        kind: The class of the slip.
        sentence: The slip in one line.
        bits: Description length of slip and formula; the least comes first.
        trials: In how many trials of the search it agrees: in all of them.
        fresh_trials: In how many other trials, drawn otherwise, it agrees: in all of them.
        function: The mended function, in the original's namespace.
        mends: The wrong equations that are right with it.
        before: The statement that is edited, as it was, where the fix is that of one statement.
        statement_line: The line of the text at which that stands, the first being 1; 0 where there is none.
        one_size: Whether it was seen to agree at one set of sizes only, because it does not at others, or because the
            model has no others.
    """

    equation: str
    line: int
    source: str = field(repr=False)
    expression: str
    body: str = field(repr=False)
    parameters: tuple[str, ...]
    edits: tuple[Span, ...] = field(repr=False)
    kind: str
    sentence: str
    bits: float
    trials: int
    fresh_trials: int
    function: Callable[..., Any] = field(repr=False, compare=False)
    mends: tuple[str, ...] = ()
    before: str = ""
    statement_line: int = 0
    one_size: bool = False

    @property
    def diagnosis(self) -> Diagnosis:
        """Class and sentence."""
        return Diagnosis(self.kind, self.sentence)


@dataclass(frozen=True)
class Repair:
    """The outcome for one wrong equation.

    Attributes:
        fix: The simplest formula that agrees; None if none was found.
        alternatives: Others that agree too, the simplest first.
        diagnosis: What is wrong: of the fix, or read from the values alone; None if neither says.
        tried: How much was tried; None if the search was not begun.
        refusal: Why the search was not begun; empty if it was.
        patch: An edit of the file with which the code as a whole is right, where that was found.
        derived: The true formula, where no edit was found and torch's operations give one; it is right in all trials.
    """

    fix: Fix | None
    alternatives: tuple[Fix, ...]
    diagnosis: Diagnosis | None
    tried: Counts | None
    refusal: str = ""
    patch: FileFix | None = None
    derived: Formula | None = None


@dataclass(frozen=True)
class MendedEquation:
    """An equation after its repair; the attributes are those of `Equation`."""

    name: str
    quantity: str
    inputs: tuple[str, ...]
    line: int
    source: str = field(repr=False)
    function: Callable[..., Any] = field(repr=False)


def mended(equation: Equation, fix: Fix) -> MendedEquation:
    """The equation as its fix makes it."""
    return MendedEquation(equation.name, equation.quantity, fix.parameters, equation.line, fix.body, fix.function)
