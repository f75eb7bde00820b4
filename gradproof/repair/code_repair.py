"""The search among single edits of a function's text: each is run on true inputs until a trial disagrees.

What agrees in all trials of the search is run in the fresh ones too, with the user's own function around it; the
likeliest slips are tried first, and what agrees is ranked by how likely the slip is.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from gradproof.repair.bench import Bench
from gradproof.repair.budget import CALL, EDIT, LINE, SLIP, Budget
from gradproof.repair.code.resuming import Resuming
from gradproof.repair.code.running import Counter, Trial, guarded, namespace_of, trials_of, with_counter
from gradproof.repair.code.scope import Atom, Scope, substituted_names
from gradproof.repair.code.signature import with_parameters
from gradproof.repair.code.slip import ORDER, Slip
from gradproof.repair.code.source import Source
from gradproof.repair.code.statements import slips
from gradproof.repair.equation import Equation
from gradproof.repair.evidence.confirm import compiled, outputs
from gradproof.repair.formula_repair import MOST_ALTERNATIVES
from gradproof.repair.formulas.names import UPDATED, readable
from gradproof.repair.formulas.rewrite import Unwritable, substituted
from gradproof.repair.helpers import composite, upstream
from gradproof.repair.program.statements import BESIDE, beside_gradients
from gradproof.repair.results import Fix, MendedEquation, Repair
from gradproof.repair.search.problem import Counts

_WORD = re.compile(r"[A-Za-z_]\w*")
MOST_RUNS = 30_000
"""So many edits are run at most."""
MARGIN = 1.0
"""Edits that are less likely by more bits than this than one that agrees are not tried."""
MOST_FIXES = 8
_LINES_OF_A_TURN = 8
UNSHARED = 3.0
"""So many more bits costs the edit of a statement that only few of the wrong equations have."""


@dataclass(frozen=True)
class Candidate:
    """An edit of one text.

    Attributes:
        part: The equation whose text it is.
        source: Its text.
        slip: The edit.
    """

    part: Equation
    source: Source
    slip: Slip


@dataclass
class CodeRepair:
    """The search for the edit that mends one equation, in its own text or in that of a helper.

    Attributes:
        workbench: Trials and derivation.
        equation: The wrong equation.
        budget: How much work may be done.
        known: Names that other searches have tried: only edits that read others are run; empty for all edits.
    """

    workbench: Bench
    equation: Equation
    budget: Budget
    known: frozenset[str] = frozenset()
    counter: Counter = field(default_factory=Counter)
    runs: int = 0
    coincidental: int = 0
    elsewhere_wrong: list[Fix] = field(default_factory=list)

    def repair(self) -> Repair:
        """The likeliest edit that agrees in every trial, and others that do."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if not self._runs_as_written():
                reading = self.workbench.reading(self.equation)
                return Repair(None, (), reading, None, "its text does not give what the function gives")
            fixes = list(self._fixes())
        late = self.runs >= MOST_RUNS or self.budget.is_spent
        counts = Counts(self.runs, len(fixes), self.coincidental, 1, not late)
        # Of edits in several texts, that which mends most equations comes first.
        fixes.sort(key=lambda fix: self.workbench.sharing.rank(self.equation, fix))
        if not fixes:
            fixes = self.elsewhere_wrong[:1]
        fixes = list(self.workbench.trusted(fixes))
        if not fixes:
            return Repair(None, (), self.workbench.reading(self.equation), counts)
        return Repair(fixes[0], tuple(fixes[1 : 1 + MOST_ALTERNATIVES]), fixes[0].diagnosis, counts)

    def _runs_as_written(self) -> bool:
        """Whether the equation's text gives what its function gives, right or wrong."""
        source = Source.of(self.equation.source)
        if source is None:
            return False
        function = guarded(source.function, self._spaces[self.equation.name])
        inputs = self.equation.inputs
        group = self.workbench.screen
        if not all(name in group.values for name in inputs):
            return True
        given, read = (outputs(each, inputs, group) for each in (self.equation.function, function))
        if isinstance(given, Exception) or isinstance(read, Exception):
            return isinstance(given, Exception) and isinstance(read, Exception)
        return np.array_equal(given, read, equal_nan=True)

    def _fixes(self) -> Iterator[Fix]:
        seen = {part.source for part in self.parts}
        best, count = float("inf"), 0
        for bits, candidate in self.candidates():
            if bits > best + MARGIN or count == MOST_FIXES or self.runs >= MOST_RUNS:
                return
            self.budget.spend(self._cost + LINE * _LINES_OF_A_TURN * self.counter.turns)
            if self.budget.is_spent:
                return
            if self._is_refuted(candidate):
                self.runs += 1
                continue
            text = self._text(candidate)
            if text in seen:
                continue
            seen.add(text)
            fix = self._tried(candidate, text)
            if fix is not None:
                best, count = min(best, bits), count + 1
                yield fix

    def _is_refuted(self, candidate: Candidate) -> bool:
        own = candidate.part is self.equation
        return own and self._resuming.refutes(candidate.slip.spans, self._added(candidate))

    def candidates(self) -> list[tuple[float, Candidate]]:
        """All single edits of the equation's text and of its helpers', the likeliest first, with their prices.

        What equations that agree share is left out; what fewer wrong equations have than another statement costs more.
        """
        found = []
        for part in self.parts:
            source = Source.of(part.source)
            if source is None:
                continue
            sharing = self.workbench.sharing
            beside = beside_gradients(source.statements)
            settled, suspicion, dearer = sharing.settled(part), sharing.suspicion(part), sharing.dearer(part)
            for slip in slips(source, self._scope(part, source)):
                lines = {source.text.count("\n", 0, span.start) + 1 for span in slip.spans}
                self.budget.spend(SLIP)
                if self.budget.is_spent:
                    return []  # too many to look through: that a part of them has none says nothing
                if (slip.kind == ORDER or not lines & settled) and self._is_new(source, slip):
                    less = UNSHARED * (1.0 - min((suspicion.get(line, 1.0) for line in lines), default=1.0))
                    less += max((dearer.get(line, 0.0) for line in lines), default=0.0)
                    less += BESIDE if lines <= beside else 0.0
                    found.append((slip.bits + less, Candidate(part, source, slip)))
        return sorted(found, key=lambda item: item[0])

    def _is_new(self, source: Source, slip: Slip) -> bool:
        """Whether an edit reads what other searches did not know."""
        if not self.known:
            return True
        words = {word for span in slip.spans for word in _WORD.findall(span.text)}
        return bool(words & (source.bound - self.known))

    @cached_property
    def parts(self) -> tuple[Equation, ...]:
        """The equations whose text may hold the slip."""
        bench = self.workbench
        try:
            helpers = upstream(self.equation, bench.helpers)
        except Unwritable:
            helpers = ()
        return (self.equation, *(helper for helper in helpers if helper.name not in bench.context.settled))

    @cached_property
    def _spaces(self) -> dict[str, dict[str, Any]]:
        return {part.name: with_counter(namespace_of(part.function), self.counter) for part in self.parts}

    @cached_property
    def trials(self) -> list[Trial]:
        """The trials of the search, those in which the equation is wrong first."""
        bench = self.workbench
        every = trials_of(bench.groups[0], self.equation.quantity)
        right = [trial.agrees(self.equation.function, self.equation.inputs, self.counter) for trial in every]
        order = sorted(range(len(every)), key=lambda k: right[k])
        return [every[k] for k in order]

    @cached_property
    def _resuming(self) -> Resuming:
        source = Source.of(self.equation.source)
        assert source is not None
        return Resuming(source, self._spaces[self.equation.name], self.counter, self.trials[0])

    @cached_property
    def _cost(self) -> float:
        """What one edit costs: to make it, and to run the text once in a trial."""
        source = Source.of(self.equation.source)
        statements = len(source.statements) if source is not None else 1
        numbers = sum(np.size(value) for value in self.trials[0].values.values())
        return EDIT + statements * (2 * CALL + numbers / 4)

    @cached_property
    def _axes(self) -> Mapping[str, int]:
        group = self.workbench.groups[0][0]
        return {name: group.lifted[name].ndim - 2 for name in self.workbench.known}

    def _scope(self, part: Equation, source: Source) -> Scope:
        context = self.workbench.context
        pool = readable(part.quantity, self.workbench.known, context.inputs, context.ancestors)
        others = {name: self._axes[name] for name in pool if name not in part.inputs and name != part.quantity}
        space = namespace_of(part.function)
        numbers = tuple(name for name, value in space.items() if type(value) in (int, float) and name not in others)
        axes = {name: self._axes.get(name, 0) for name in part.inputs}
        return Scope(source, others, axes, numbers, self._ahead(part, {*others, *part.inputs}))

    def _ahead(self, part: Equation, readable: set[str]) -> dict[str, Atom]:
        """The formulas of updates that agree, with the updated value in the place of the old one."""
        found = {}
        for equation in self.workbench.context.equations:
            old = equation.quantity.removesuffix(UPDATED)
            source = Source.of(equation.source) if equation.name in self.workbench.context.passing else None
            if source is None or old == equation.quantity or old not in equation.inputs or equation is part:
                continue
            last = source.function.body[-1]
            if len(source.statements) == 1 and isinstance(last, ast.Return) and last.value is not None:
                names = tuple(equation.quantity if name == old else name for name in equation.inputs)
                text = substituted_names(source.of_node(last.value), {old: equation.quantity})
                if readable.issuperset(names):
                    found[equation.quantity] = Atom(f"({text})", 4.0, names)
        return found

    def _added(self, candidate: Candidate) -> list[str]:
        here = candidate.source.bound
        return [name for name in candidate.slip.reads if name not in here and name in self.workbench.known]

    def _text(self, candidate: Candidate) -> str:
        spans = with_parameters(candidate.source, candidate.slip.spans, self._added(candidate))
        return substituted(candidate.source.text, spans)

    def _tried(self, candidate: Candidate, text: str) -> Fix | None:
        """The fix that an edit is, if it agrees in every trial."""
        edited = Source.of(text)
        if edited is None:
            return None
        self.runs += 1
        parameters = tuple(argument.arg for argument in edited.function.args.args)
        try:
            function = guarded(edited.function, self._spaces[candidate.part.name])
        except ValueError:
            return None
        if not self._agrees(candidate.part, MendedEquation(*_like(candidate.part, parameters), text, function)):
            return None
        fix = self._fix(candidate, text, parameters)
        mends = self.workbench.mends(self.equation, candidate.part, fix)
        self.coincidental += not mends
        if not mends or not self.workbench.stands(self.equation, candidate.part, fix):
            return None
        if self.workbench.agrees_elsewhere(self.equation, candidate.part, fix):
            return replace(fix, mends=mends, one_size=bool(self.workbench.one_size))
        self.elsewhere_wrong.append(replace(fix, mends=mends, one_size=True))
        return None

    def _agrees(self, part: Equation, edited: Equation) -> bool:
        """Whether the equation gives the truth in the trials of the search, with an edited part."""
        if part is self.equation:
            function, inputs = edited.function, edited.inputs
        else:
            try:
                whole = composite(self.equation, {**self.workbench.helpers, part.quantity: edited})
            except Unwritable:
                return False
            function, inputs = whole.function, whole.inputs
        return all(trial.agrees(function, inputs, self.counter) for trial in self.trials)

    def _fix(self, candidate: Candidate, text: str, parameters: tuple[str, ...]) -> Fix:
        source, slip, bench = candidate.source, candidate.slip, self.workbench
        new = Source.of(text)
        assert new is not None
        number = _statement_at(source, slip.spans[0].start)
        before, after = source.statements[number], new.statements[number]
        whole = len(source.statements) == 1 and isinstance(before, ast.Return) and isinstance(after, ast.Return)
        expression = after.value if whole and isinstance(after, ast.Return) else None
        return Fix(
            equation=candidate.part.name,
            line=candidate.part.line,
            source=candidate.part.source,
            expression=_on_one_line(new, after) if expression is None else new.of_node(expression),
            body=text,
            parameters=parameters,
            edits=with_parameters(source, slip.spans, self._added(candidate)),
            kind=slip.kind,
            sentence=slip.sentence,
            bits=slip.bits,
            trials=sum(group.trials for group in bench.evidence),
            fresh_trials=sum(group.trials for group in bench.fresh),
            function=compiled(text, source.function.name, namespace_of(candidate.part.function)),
            before="" if expression is not None else _on_one_line(source, before),
            statement_line=0 if expression is not None else before.lineno,
        )


def _like(equation: Equation, parameters: tuple[str, ...]) -> tuple[str, str, tuple[str, ...], int]:
    return equation.name, equation.quantity, parameters, equation.line


def _statement_at(source: Source, offset: int) -> int:
    """The number of the innermost statement around a place."""
    around = [
        number
        for number, node in enumerate(source.statements)
        if source.start(node) <= offset <= source.end(node) or source.line_start(node) <= offset <= source.start(node)
    ]
    return around[-1]


def _on_one_line(source: Source, statement: ast.stmt) -> str:
    """A statement's text; of one that holds others, its first line."""
    text = source.of_node(statement)
    holds_others = hasattr(statement, "body")
    return text.splitlines()[0].rstrip() if holds_others else " ".join(text.split())
