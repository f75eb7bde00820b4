"""The verdict on every `=` of a document, and the mend of every wrong one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from gradproof.audit.judging.definitions import with_definitions
from gradproof.audit.judging.findings import Finding, findings, in_usual_reading
from gradproof.audit.judging.mending import Material, exponents_of, labels_of, mend, parts_of, printed_symbols
from gradproof.audit.judging.mending.attempts import attempt_at, steps_of_descent, suspects
from gradproof.audit.judging.results import Audit, Compared, Mend, Verdict, Witness
from gradproof.audit.judging.sides import BOTH_ZERO, Sides
from gradproof.audit.printing.latex import latex
from gradproof.audit.reading.limits import Budget, Limits, Lines
from gradproof.audit.reading.quoting import quoted
from gradproof.audit.reading.read import Document, Statement, read_document
from gradproof.audit.reading.scan import Flavour
from gradproof.audit.reading.tree import Call, Comparison, Derivative, Node, Product, Symbol, walk
from gradproof.audit.values import lookup
from gradproof.audit.values.evaluate import evaluation
from gradproof.audit.values.forall import cases
from gradproof.audit.values.indices import index_letters
from gradproof.audit.values.provider import Array, Provider
from gradproof.audit.values.readings import Reading

_SYMBOLS_SHOWN = 12
CONDITIONAL = "if it is meant for"
"""How the reason of an accusation begins that does not stand in all cases of the indices."""


def audit(
    text: str,
    provider: Provider,
    *,
    flavour: Flavour | None = None,
    limits: Limits | None = None,
    mends: bool = True,
) -> Audit:
    """Read a Markdown or LaTeX document and judge every `=` in it against the provider's truth.

    `mends`: search one edit that mends each wrong side. Raises `TooLarge` for a document beyond the caps.
    """
    limits = limits or Limits()
    document = read_document(text, provider.names, flavour=flavour, limits=limits)
    return judge(with_definitions(document, provider), provider, limits=limits, mends=mends)


def judge(
    document: Document,
    provider: Provider,
    *,
    limits: Limits | None = None,
    mends: bool = True,
    only: Sequence[int] | None = None,
) -> Audit:
    """Judge the statements of a document that has been read with the provider's names; `only` these if given."""
    limits = limits or Limits()
    bench = _Bench(document, provider, limits, mends)
    numbers = range(len(document.statements)) if only is None else only
    with np.errstate(all="ignore"):  # what is not finite is a finding, not a warning
        verdicts = [verdict for number in numbers for verdict in bench.contained(number)]
    return Audit(document.text, document.statements, tuple(verdicts))


@dataclass
class _Bench:
    """What all statements of one document share: the provider, the caps, what is left of the budgets."""

    document: Document
    provider: Provider
    limits: Limits
    mends: bool
    steps: Budget = field(init=False)
    mend_steps: Budget = field(init=False)
    lines: Lines = field(init=False)
    fixed: dict[str, int] = field(init=False)

    def __post_init__(self) -> None:
        self.lines = Lines(self.document.text)
        self.fixed = fixed_letters(self.provider)
        self.steps = Budget(self.limits.document_steps)
        self.mend_steps = Budget(self.limits.mend_document_steps)

    def contained(self, number: int) -> list[Verdict]:
        """The verdicts on one statement; what breaks inside of us costs this statement alone."""
        try:
            return list(self.statement(number))
        except Exception as error:
            return self.failed(number, error)

    def failed(self, number: int, error: Exception) -> list[Verdict]:
        """That a statement could not be judged, which is our fault and not the author's."""
        statement = self.document.statements[number]
        return [failure(self.document, number, equality, error) for equality in range(max(1, len(statement.relations)))]

    def statement(self, number: int) -> Iterator[Verdict]:
        """The verdicts on one statement."""
        statement = self.document.statements[number]
        if statement.problem is not None:
            position = statement.problem.position
            line, column = self.lines.place(position)
            shown = quoted(self.document.text, statement.start, statement.end)
            yield Verdict("not read", "", number, 0, position, line, column, shown, statement.problem.reason)
            return
        if hasattr(self.provider, "enter"):
            self.provider.enter(statement)
        bound: Mapping[object, Array] = getattr(self.provider, "bound", {})
        budget = Budget(min(self.limits.statement_steps, self.steps.left))
        before = budget.left
        first = evaluation(self.provider, budget, self.limits, self.fixed)
        assignments, complete = cases(first, statement, self.limits.cases)
        judged = [
            findings(
                Sides(statement, evaluation(self.provider, budget, self.limits, {**self.fixed, **case}, bound=bound))
            )
            for case in assignments
        ]
        self.steps.spend(before - budget.left)
        mended: dict[int, Mend | None] = {}
        for equality in range(len(statement.relations)):
            yield self._verdict(number, [case[equality] for case in judged], complete, mended)

    def _verdict(
        self, number: int, found: Sequence[Finding], complete: bool, mended: dict[int, Mend | None]
    ) -> Verdict:
        statement = self.document.statements[number]
        decided = [finding for finding in found if finding.status in ("holds", "WRONG")]
        shown = next((finding for finding in decided if finding.status == "WRONG"), None)
        shown = shown or (decided[0] if decided else found[0])
        if shown.status == "WRONG":
            shown = self._unless_doubtful(_unless_of_another_name(shown), found)
        equality = shown.equality
        relation = statement.relations[equality]
        edit = None
        if shown.status == "WRONG" and self.mends:
            if shown.fault not in mended:
                mended[shown.fault] = self._mend(statement, shown, decided)
            edit = mended[shown.fault]
            if edit is not None and _is_entrywise(edit, statement):
                reason = r"it holds where the values of functions are multiplied entry by entry: write \odot"
                shown, edit = replace(shown, status="not judged", reason=reason), None
        position = edit.position if edit else shown.position if shown.position >= 0 else relation.position
        line, column = self.lines.place(position)
        left, right = statement.sides[equality], statement.sides[equality + 1]
        agreement = shown.agreement
        return Verdict(
            shown.status,
            shown.sides.kind,
            number,
            equality,
            position,
            line,
            column,
            quoted(self.document.text, left.start, right.end),
            shown.reason,
            shown.fault,
            self._notes(shown, found, complete),
            self._case(shown),
            max(1, len(decided)),
            agreement.trials if agreement else 0,
            self._witness(shown) if shown.status == "WRONG" else None,
            edit,
            _compared(decided if shown.status == "holds" else [shown]),
        )

    def _unless_doubtful(self, wrong: Finding, found: Sequence[Finding]) -> Finding:
        """An accusation, but where the note is its own reference only if it is wrong in every case of its indices.

        What is wrong in one case, and right or open in another, may be meant for the other alone: one step, the last.
        """
        wrong_ones = [finding for finding in found if finding.status == "WRONG"]
        others = [finding for finding in found if finding.status != "WRONG"]
        if len(wrong_ones) > 1:  # no line with a letter for the step is about what lies before or behind all steps
            others = [finding for finding in others if not self._is_at_an_end(finding, found)]
        others = [finding for finding in others if finding.reason != BOTH_ZERO]  # nothing is said there
        other = next(iter(others), None)
        if other is not None and self._is_of_entries(wrong, found):
            return wrong
        if other is None or not getattr(self.provider, "is_own", False):
            return wrong
        there = "right" if other.status == "holds" else "not judged"
        reason = f"{CONDITIONAL} {self._case(wrong)} it is wrong; it is {there} for {self._case(other)}"
        return replace(wrong, status="not judged", reason=reason)

    def _is_at_an_end(self, finding: Finding, found: Sequence[Finding]) -> bool:
        """Whether a case is about step 0, before the first, or is open at the last, behind which there is none."""
        counting: frozenset[str] = getattr(self.provider, "counting", frozenset())
        for letter in counting & finding.sides.evaluation.indices.keys():
            value = finding.sides.evaluation.indices[letter]
            last = max(other.sides.evaluation.indices.get(letter, 0) for other in found)
            if value == 0 or (value == last and finding.status == "not judged"):
                return True
        return False

    def _is_of_entries(self, wrong: Finding, found: Sequence[Finding]) -> bool:
        """Whether an equality claims all entries of an array, so that some wrong ones are enough.

        Not so where letters count layers or steps, or where it is a table of derivatives whose diagonal may be meant.
        """
        counting: frozenset[str] = getattr(self.provider, "counting", frozenset())
        letters = set(wrong.sides.evaluation.indices) - set(self.fixed)
        if letters & counting or any(finding.status not in ("holds", "WRONG") for finding in found):
            return False
        first = wrong.sides.statement.sides[0].node
        if not isinstance(first, Derivative):
            return False
        above, below = (index_letters(part) for part in (first.of, first.by))
        if not (above and below) or self._tells_equal_from_unequal(wrong.sides.statement):
            return True
        printed = [index_letters(s.node) for s in wrong.sides.statement.sides[1:] if s.node is not None]
        both = any(above <= letters and below <= letters for letters in printed)
        return not _is_of_equal_or_unequal(found, above, below, both=both)

    def _tells_equal_from_unequal(self, statement: Statement) -> bool:
        """Whether a statement holds Kronecker's delta or an indicator of indices, so that it speaks of all of them."""
        nodes = [node for side in statement.sides if side.node is not None for node in walk(side.node)]
        deltas = (isinstance(n, Symbol) and lookup.is_kronecker(self.provider, n) for n in nodes)
        return any(deltas) or any(isinstance(n, Comparison) and n.operator in ("==", "!=") for n in nodes)

    def _notes(self, finding: Finding, found: Sequence[Finding], complete: bool) -> tuple[str, ...]:
        """The notes on the two sides of a sign, each once, and what was not judged of the cases."""
        statement = finding.sides.statement
        start = statement.sides[finding.equality].start
        end = statement.sides[finding.equality + 1].end
        remarks = sorted([*statement.notes, *finding.sides.evaluation.remarks.notes])
        notes = [text for position, text in remarks if position < 0 or start <= position <= end]
        if getattr(self.provider, "is_own", False):  # which labels count rows is what the note itself says
            notes = [text for text in notes if not text.endswith("is one row of its quantity")]
        notes += [finding.note] if finding.note else []
        open_case = next((f for f in found if f.status not in ("holds", "WRONG")), None)
        if finding.status in ("holds", "WRONG") and open_case is not None:
            notes.append(f"not judged for {self._case(open_case)}: {open_case.reason}")
        notes += [] if complete else [f"only the first {self.limits.cases} values of the index letters are judged"]
        return tuple(dict.fromkeys(notes))

    def _case(self, finding: Finding) -> str:
        """The values of the index letters of a case: `i = 1, j = 2`."""
        values = finding.sides.evaluation.indices.items()
        return ", ".join(f"{letter} = {value}" for letter, value in values if letter not in self.fixed)

    def _witness(self, finding: Finding) -> Witness | None:
        agreement = finding.agreement
        if agreement is None or agreement.trial < 0:
            return None
        statement, evaluated = finding.sides.statement, finding.sides.evaluation
        numbers: dict[str, float] = {}
        for side in finding.pair:
            tree = statement.sides[side].node
            for node in walk(tree) if tree is not None else ():
                place = lookup.find(self.provider, node, evaluated.indices) if isinstance(node, Symbol) else None
                if place is None or len(numbers) == _SYMBOLS_SHOWN:
                    continue
                value = lookup.value_at(self.provider, place)
                if value.shape == ():
                    rows = self.provider.numbers(value)
                    numbers[latex(node)] = float(rows[agreement.trial if len(rows) > 1 else 0])
        return Witness(
            agreement.trial,
            agreement.entry,
            agreement.left,
            agreement.right,
            agreement.differing,
            agreement.trials,
            tuple(numbers.items()),
        )

    def _mend(self, statement: Statement, wrong: Finding, decided: Sequence[Finding]) -> Mend | None:
        """The mend of the side at fault or, where the rest of the chain agrees, of the other side of the sign."""
        if self.mend_steps.left == 0:
            return None
        near = sorted(self.document.statements, key=lambda other: abs(other.start - statement.start))
        trees = [side.node for other in near for side in other.sides if side.node is not None]
        here = [side.node for side in statement.sides if side.node is not None]
        names = self.provider.names
        symbols = tuple(names.symbol(key) for key in names.declared())
        if getattr(self.provider, "is_own", False):  # what stands for all steps, and not each step on its own
            symbols = printed_symbols(trees)
        parts = (*parts_of(here), *steps_of_descent(wrong.sides), *parts_of(trees))
        letters = {letter for tree in here for letter in index_letters(tree)}
        material = Material(
            symbols,
            tuple(dict.fromkeys(parts)),
            tuple(sorted(letters)),
            labels_of(trees),
            exponents_of(trees),
            any(len(x.text) == 2 and x.text[0] == x.text[1] for symbol in symbols for x in symbol.sub),
        )
        budget = Budget(min(self.limits.mend_steps, self.mend_steps.left))
        before = budget.left
        read = (
            [decided]
            if wrong.sides.evaluation.reading == Reading()
            else [list(map(in_usual_reading, decided)), decided]
        )
        tried = [attempt_at(statement, side, found, budget) for side in suspects(wrong) for found in read]
        attempts = [attempt for attempt in tried if attempt is not None]
        confirms = getattr(self.provider, "confirms", None)
        seen = None if confirms is None else lambda changed: confirms(changed, wrong.equality)
        edit = mend(self.document.text, statement, attempts, material, budget, seen)
        self.mend_steps.spend(before - budget.left)
        return edit


def failure(document: Document, number: int, equality: int, error: Exception) -> Verdict:
    """What is said of an equality at which gradproof itself broke."""
    statement = document.statements[number]
    position = statement.relations[equality].position if statement.relations else statement.start
    line, column = Lines(document.text).place(position)
    sides = statement.sides
    span = (sides[equality].start, sides[equality + 1].end) if sides else (statement.start, statement.end)
    reason = f"gradproof failed here, which is a fault of its own ({type(error).__name__}: {str(error)[:100]})"
    return Verdict("not judged", "", number, equality, position, line, column, quoted(document.text, *span), reason)


def _unless_of_another_name(wrong: Finding) -> Finding:
    """An accusation of shapes, but not where a name was taken for one printed otherwise: `a_1` for `a^{(1)}`."""
    taken = [text for _, text in wrong.sides.evaluation.remarks.notes if " is read as " in text and "^" in text]
    if not wrong.misfit or not taken:
        return wrong
    return replace(wrong, status="not judged", reason=f"{taken[0]}, with which it does not fit: {wrong.reason}")


def _is_of_equal_or_unequal(found: Sequence[Finding], above: set[str], below: set[str], *, both: bool) -> bool:
    """Whether a table is right just where two of its indices are equal, or just where they are not.

    `both`: its formula prints both indices, so that no diagonal alone is meant.
    """
    equal = set[bool]()
    for finding in found:
        values = finding.sides.evaluation.indices
        pairs = [(values.get(a), values.get(b)) for a in above for b in below if a != b]
        same = any(a == b for a, b in pairs if a is not None)
        equal.add(same == (finding.status == "holds"))
    return equal == {False} if both else len(equal) < 2


def is_wrong(statement: Statement, equality: int, provider: Provider, limits: Limits) -> bool:
    """Whether an equality of a statement is wrong in some case of its indices."""
    if hasattr(provider, "enter"):
        provider.enter(statement)
    bound: Mapping[object, Array] = getattr(provider, "bound", {})
    fixed = fixed_letters(provider)
    budget = Budget(limits.statement_steps)
    assignments, _ = cases(evaluation(provider, budget, limits, fixed), statement, limits.cases)
    for case in assignments:
        sides = Sides(statement, evaluation(provider, budget, limits, {**fixed, **case}, bound=bound))
        if findings(sides)[equality].status == "WRONG":
            return True
    return False


def fixed_letters(provider: Provider) -> dict[str, int]:
    """Letters in labels that are constants: the last layer L."""
    own: Mapping[str, int] = getattr(provider, "letters", {})
    bare = [(s, n) for s, n in provider.names.constants if not (s.sub or s.sup or s.mark) and n.denominator == 1]
    return {**{symbol.name: int(number) for symbol, number in bare}, **own}


def _compared(found: Sequence[Finding]) -> tuple[Compared, ...]:
    """The comparisons of values that decided some findings."""
    return tuple(
        Compared(*finding.pair, tuple(evaluated.indices.items()), evaluated.reading)
        for finding in found
        if finding.status in ("holds", "WRONG") and not finding.misfit
        for evaluated in (finding.sides.evaluation,)
    )


def _is_entrywise(edit: Mend, statement: Statement) -> bool:
    r"""Whether a mend only multiplies values of functions entry by entry, as `\sigma(z)(1 - \sigma(z))` is meant."""
    if edit.should != r"\odot" or edit.printed != "a matrix product":
        return False
    nodes = [node for side in statement.sides if side.node is not None for node in walk(side.node)]
    return any(
        operator == "juxt" and _has_values(left) and _has_values(right)
        for node in nodes
        if isinstance(node, Product)
        for left, operator, right in zip(node.factors, node.operators, node.factors[1:], strict=False)
    )


def _has_values(node: Node) -> bool:
    """Whether a factor is made of values of functions."""
    return any(isinstance(part, Call) for part in walk(node))
