"""Mending an equation whose text can be read as a formula: candidates are searched for, written, and run."""

from __future__ import annotations

import inspect
from dataclasses import dataclass, field, replace
from functools import cached_property

from gradproof.repair.bench import Bench
from gradproof.repair.budget import Budget
from gradproof.repair.equation import Equation, functions_of
from gradproof.repair.evidence.confirm import compiled
from gradproof.repair.evidence.soundness import edited_statements
from gradproof.repair.explain.explain import Setting, explain
from gradproof.repair.formulas.formula import Formula, names_in
from gradproof.repair.formulas.functions import LEAD, Functions
from gradproof.repair.formulas.names import descendants, readable
from gradproof.repair.formulas.rewrite import Unwritable, rewrite
from gradproof.repair.helpers import Program
from gradproof.repair.results import Fix, Repair
from gradproof.repair.search.analogy import analogies
from gradproof.repair.search.edits import Vocabulary
from gradproof.repair.search.prior import Target
from gradproof.repair.search.problem import Candidate, Problem
from gradproof.repair.search.search import search
from gradproof.repair.search.term_bank import Bank

MOST_ALTERNATIVES = 3
WHOLLY = 30.0
"""Bits of a formula that has nothing of the one that stands there."""
LAST_LEVEL = 4


@dataclass(frozen=True)
class FormulaRepair:
    """The search for the formula of one equation, and of the helpers that it is computed from."""

    workbench: Bench
    equation: Equation
    program: Program
    budget: Budget
    fixes: dict[int, Fix] = field(default_factory=dict)
    elsewhere_wrong: list[Fix] = field(default_factory=list)

    @cached_property
    def functions(self) -> Functions:
        return functions_of(self.equation)

    def repair(self) -> Repair:
        candidates, counts = search(self.problem(), self.check)
        # Of edits in several texts, that which mends most equations comes first.
        sharing = self.workbench.sharing
        found = (self.fixes[id(candidate)] for candidate in candidates)
        fixes = sorted(found, key=lambda fix: sharing.rank(self.equation, fix))
        if not fixes:  # what agrees at the case's own sizes only is better than nothing, and said to be that
            fixes = sorted(self.elsewhere_wrong, key=lambda fix: fix.bits)[:1]
        fixes = list(self.workbench.trusted(fixes))
        if not fixes:
            return Repair(None, (), self.workbench.reading(self.equation), counts)
        return Repair(fixes[0], tuple(fixes[1 : 1 + MOST_ALTERNATIVES]), fixes[0].diagnosis, counts)

    def rewritten(self, formula: Formula) -> Repair | None:
        """The repair that is another formula altogether, written into the text and run; None where it is not right."""
        candidate = Candidate(formula, WHOLLY, WHOLLY, LAST_LEVEL)
        fix = self.fixes.get(id(candidate)) if self.check(candidate) else None
        return None if fix is None else Repair(fix, (), fix.diagnosis, None)

    def problem(self) -> Problem:
        bench, context = self.workbench, self.workbench.context
        formula = self.program.formula
        target = Target(self.equation.name, self.equation.quantity, names_in(formula))
        pool = readable(target.quantity, bench.known, context.inputs, context.ancestors)
        own = names_in(formula)
        legible = own.union(pool) - descendants(context.inputs, target.quantity) - {target.quantity}
        helpers = tuple(helper for helper in context.helpers if callable(self.functions.find(helper)))
        bank = Bank(
            target=target,
            pool=pool,
            own=own,
            screen=bench.screen,
            groups=bench.groups[0],
            functions=self.functions,
            helpers=helpers,
            fragments=tuple(part for part in context.fragments if names_in(part) <= legible),
            prior=context.prior,
            budget=self.budget,
            seed=bench.seed,
            known=bench.prepared.atoms,
        )
        siblings = analogies(self.equation.name, context.formulas, bench.known)
        return Problem(
            formula=formula,
            target=target,
            groups=bench.groups[0],
            fresh=bench.groups[1],
            legible=legible,
            screen=bench.screen,
            bank=bank,
            vocabulary=Vocabulary(any(bench.screen.lifted[n].ndim > LEAD for n in bench.known), helpers),
            functions=self.functions,
            prior=context.prior,
            siblings=tuple(other for other in siblings if names_in(other) <= legible),
            budget=self.budget,
            seed=bench.seed,
            place=self.program.place,
        )

    def check(self, candidate: Candidate) -> bool:
        """Write the candidate into the text that it changes and run that in all trials."""
        bench = self.workbench
        try:
            part, formula = self.program.changed(candidate.formula)
            written = rewrite(part.definition, formula, self.functions)
            space = getattr(inspect.unwrap(part.equation.function), "__globals__", {})
            function = compiled(written.text, part.definition.name, space)
        except (Unwritable, ValueError):
            return False
        diagnosis = explain(
            part.definition.formula, formula, Setting(part.equation.quantity, bench.context.activations)
        )
        fix = Fix(
            equation=part.equation.name,
            line=part.equation.line,
            source=part.equation.source,
            expression=written.expression,
            body=written.text,
            parameters=written.parameters,
            edits=written.spans,
            kind=diagnosis.kind,
            sentence=diagnosis.sentence,
            bits=candidate.bits,
            trials=sum(group.trials for group in bench.evidence),
            fresh_trials=sum(group.trials for group in bench.fresh),
            function=function,
        )
        mends = bench.mends(self.equation, part.equation, fix)
        if not mends or not bench.stands(self.equation, part.equation, fix):
            return False
        before, after, line = edited_statements(fix.source, fix.body)
        if line:
            fix = replace(fix, before=before, expression=after, statement_line=line)
        if not bench.agrees_elsewhere(self.equation, part.equation, fix):
            self.elsewhere_wrong.append(replace(fix, mends=mends, one_size=True))
            return False
        self.fixes[id(candidate)] = replace(fix, mends=mends, one_size=bool(bench.one_size))
        return True
