"""What may be said against an accusation: where only one doubtful reading makes a line wrong, it is not judged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from gradproof.audit.judging.judge import is_wrong
from gradproof.audit.judging.results import Verdict
from gradproof.audit.own.names.chapters import Chapter
from gradproof.audit.own.names.definitions import is_literal, made_of
from gradproof.audit.own.names.families import symbols_in
from gradproof.audit.own.numerals import numbers_given
from gradproof.audit.own.provider import Own
from gradproof.audit.own.shapes.kinds import is_objective
from gradproof.audit.own.weighing.conditions import NOT_FOR_EVERY, conditions
from gradproof.audit.own.weighing.words import of_another_case
from gradproof.audit.reading.names import form, plain
from gradproof.audit.reading.read import Statement
from gradproof.audit.reading.tree import Call, Derivative, Entry, Node, Number, Product, Symbol, Transpose, walk
from gradproof.audit.values.evaluation import Unjudged
from gradproof.audit.values.provider import NotAvailable

CROWDED = "if this part is read"
"""How the reason of an accusation begins that stands with others against the way in which a part was read."""
_CROWD, _SHARE = 3, 0.15  # so many accusations, and so many for one line that holds, speak against our reading
_MANY, _MOST = 4, 0.25  # so many accusations, and such a share of a part, mended or not: no author slips so often
_FEWEST_TRIALS = 2  # in so many an accusation must be compared
_SHAPES = "the shapes"
_SUPPORT = 3  # so many lines must fit for every one whose shapes do not


@dataclass
class Doubts:
    """The verdicts of one chapter looked through once more."""

    chapter: Chapter
    own: Own
    statements: Sequence[Statement]
    text: str
    misread: bool = False  # more lines cannot be computed, as shapes do not fit, than hold

    def weighed(self, verdicts: Sequence[Verdict], objectives: Sequence[str]) -> Iterator[Verdict]:
        """The verdicts, the doubtful accusations among them taken back with the reason."""
        linked: set[str] = set()
        for key in objectives:
            linked |= self.own.world.leaves_under(key)
        holding = [v for v in verdicts if v.status == "holds"]
        misfits = sum(v.status == "WRONG" and v.witness is None for v in verdicts)
        open_ones = sum(v.status == "not judged" and _SHAPES in v.reason for v in verdicts)
        self.misread = open_ones > len(holding) and self.own.world.backing is None
        reasons = {
            at: doubt
            for at, verdict in enumerate(verdicts)
            if verdict.status == "WRONG" and (doubt := self._doubt(verdict, linked, holding, misfits))
        }
        asked = list(conditions(verdicts, self.statements, reasons))
        weighed = []
        for at, verdict in enumerate(verdicts):
            doubt = reasons.get(at, "")
            if verdict.status == "WRONG" and verdict.trials != 1 and self._holds_where_said(verdict):
                weighed.append(replace(verdict, status="holds", reason="", mend=None, witness=None, side=-1))
                continue
            if verdict.status == "WRONG" and not doubt and verdict.trials != 1:
                doubt = (
                    self._under_condition(verdict, asked)
                    or self._beside(verdict, verdicts)
                    or self._if_symmetric(verdict)
                )
            weighed.append(_taken_back(verdict, doubt) if doubt else verdict)
        crowd = [verdict for verdict in weighed if _is_unexplained(verdict)]
        crowded = len(crowd) >= _CROWD and len(crowd) > _SHARE * len(holding)
        many = [v for v in weighed if v.status == "WRONG" and v.trials != 1 and v.kind != "update"]
        if len(many) >= _MANY and len(many) > _MOST * (len(many) + len(holding)):
            crowd, crowded = many, True
        for verdict in weighed:
            yield _taken_back(verdict, self._of_a_crowd(crowd)) if crowded and verdict in crowd else verdict

    def _under_condition(self, verdict: Verdict, asked: Sequence[tuple[int, set[tuple[str, str]], str]]) -> str:
        """What the note asks of the names of an equality, which was not done."""
        statement = self.statements[verdict.statement]
        names = made_of([side.node for side in statement.sides], self.chapter.definitions)
        for number, others, printed in asked:
            if number <= verdict.statement + 1 and number != verdict.statement and others & names:
                return f"the note says {printed.strip()[:60]}, which was not made use of"
        return ""

    def _beside(self, verdict: Verdict, verdicts: Sequence[Verdict]) -> str:
        """What the words beside an equality, the sign before it or another line like it say against an accusation."""
        statement = self.statements[verdict.statement]
        if verdict.witness is not None and verdict.witness.trials < min(_FEWEST_TRIALS, self.own.world.trials):
            return "too few of the trials are finite to tell"
        if rows := self._of_one_of_many([side.node for side in statement.sides[verdict.equality :][:2]]):
            return f"{rows} may be one of the many that are printed with an index"
        if any(relation.kind == "~" for relation in statement.relations[: verdict.equality]):
            return "it stands behind an approximation"
        if said := of_another_case(self.text, statement.block.opened):
            return f"it may be meant of another case: '{said}'"
        first = statement.sides[0].node
        for other in verdicts:
            rival = self.statements[other.statement]
            if (
                rival is statement
                or not rival.sides
                or (other.status, other.equality, verdict.equality) != ("WRONG", 0, 0)
            ):
                continue
            between = self.text[min(statement.end, rival.end) : max(statement.start, rival.start)]
            inline = {rival.block.kind, statement.block.kind} == {"inline"} and "\n\n" not in between
            if inline and rival.sides[0].node == first and rival.sides[1].node != statement.sides[1].node:
                return "several lines say what it is, and none of them holds: they may be meant of different cases"
        return ""

    def _of_one_of_many(self, pair: Sequence[Node | None]) -> str:
        """A small letter without an index, beside which vectors of its name stand with one: `u` beside `u_i`."""
        world = self.own.world
        rows = {
            symbol.name
            for tree in (side.node for s in self.chapter.statements for side in s.sides if side.node is not None)
            for symbol in symbols_in(tree)
            if not symbol.sup and len(world.families.split(symbol).axes) == 1
        }
        for symbol in (s for tree in pair if tree is not None for s in symbols_in(tree)):
            bare = not (symbol.sub or symbol.sup or symbol.mark) and symbol.name.islower() and len(symbol.name) == 1
            if bare and symbol.name in rows and (place := world.evaluation({}).find(symbol)) is not None:
                with suppress(NotAvailable):
                    if len(world.value(place.key).shape) > 1:
                        return symbol.name
        return ""

    def _if_symmetric(self, verdict: Verdict) -> str:
        """The matrices of quadratic forms `x^T A x` with which an equality holds if they are meant to be symmetric."""
        world, trees = self.own.world, [side.node for s in self.statements for side in s.sides if side.node is not None]
        names = {name for tree in trees for node in walk(tree) if (name := _in_the_middle(node))}
        turned = {
            n.argument.name
            for t in trees
            for n in walk(t)
            if isinstance(n, Transpose) and isinstance(n.argument, Symbol)
        }
        if not names - turned or world.symmetric is None or world.backing is not None:
            return ""
        own = replace(self.own, world=replace(world.with_numbers({}), symmetric=world.symmetric | (names - turned)))
        if is_wrong(self.statements[verdict.statement], verdict.equality, own, world.limits):
            return ""
        return f"it is right if {', '.join(sorted(names - turned))} is symmetric"

    def _holds_where_said(self, verdict: Verdict) -> bool:
        """Whether an equality holds with the numbers that its paragraph gives to leaves: `for $\\epsilon = 0$`."""
        statement, world = self.statements[verdict.statement], self.own.world
        start = self.text.rfind("\n\n", 0, statement.start) + 1
        end = self.text.find("\n\n", statement.end)
        near = [s for s in self.statements if start <= s.start < (end if end >= 0 else len(self.text))]
        numbers = {key: value for key, value in numbers_given(near).items() if key in world.shapes}
        if not numbers or statement not in near or world.backing is not None:
            return False
        own = replace(self.own, world=world.with_numbers(numbers))
        return not is_wrong(statement, verdict.equality, own, world.limits)

    def _of_a_crowd(self, crowd: Sequence[Verdict]) -> str:
        lines = ", ".join(str(line) for line in sorted({v.line for v in crowd})[:6])
        return (
            f"{CROWDED} as its author means it, this is wrong; {len(crowd)} equalities of it disagree "
            f"(lines {lines}), so one of its definitions is a slip or was understood otherwise"
        )

    def _doubt(self, verdict: Verdict, linked: set[str], holding: Sequence[Verdict], misfits: int) -> str:
        statement = self.statements[verdict.statement]
        trees = [side.node for side in statement.sides]
        pair = [trees[verdict.equality], trees[verdict.equality + 1]]
        indices = dict(self.own.letters)
        if verdict.compared:
            compared = verdict.compared[0]
            pair = [trees[compared.left], trees[compared.right]]
            indices |= dict(compared.indices)
        if verdict.trials == 1 and any(is_literal(tree) for tree in pair):
            return ""  # printed numbers that do not come out
        if statement.given and self.own.meets(statement) is None:
            return "it is said under a condition that was not understood"
        if self.misread:
            return f"{verdict.reason}; but {_SHAPES} do not fit in most of this part, as its sizes were guessed"
        weak = len(holding) < _SUPPORT * misfits or self._is_broken()
        if verdict.witness is None and weak and not self._is_of_printed_sizes(pair, indices):
            return f"{verdict.reason}; but too little of the note fits the sizes that were guessed"
        if verdict.witness is None and self._has_identity(pair):
            return f"{verdict.reason}; I stands for identities of several sizes"
        if unknown := self._unknown_functions(pair):
            return f"if {unknown} is any function, this is wrong; the note does not say which function it is"
        for symbol in (s for tree in pair if tree is not None for s in symbols_in(tree)):
            if (last := self.own.world.families.letters.entry_of(symbol)) is not None:
                return f"if {plain(symbol)} is an entry of {plain(last)}, this is wrong"
        if verdict.kind == "update":
            return ""  # whoever found the step has weighed what it is made of
        if odd := self._odd_sides(pair):
            return odd
        if several := self._objective_of_many(pair):
            return f"{several} is an array with the sizes that were guessed, and it is differentiated as a loss is"
        if self._is_of_sizes(pair) or _multiplies_sizes(pair):
            return "it says which sizes go together, and other sizes were taken"
        if doubt := self._of_one_letter(pair, indices):
            return doubt
        if all(node is not None for node in pair) and (doubt := self._of_leaves(statement, pair, linked, indices)):
            return doubt
        if verdict.kind == "derivative" and any(isinstance(n, Number) and n.text == "0" for n in pair):
            return "a derivative that is set to zero: an equation to be solved"
        return self._of_a_second_definition(verdict, statement, holding)

    def _has_identity(self, pair: Sequence[Node | None]) -> bool:
        identity = Symbol("I")
        assumed = self.own.world.assumed.get("I") == "the identity"
        return assumed and any(identity in walk(tree) for tree in pair if tree is not None)

    def _is_of_printed_sizes(self, pair: Sequence[Node | None], indices: Mapping[str, int]) -> bool:
        """Whether no size was guessed of all that both sides are made of: the note prints it, or a reference has it."""
        world = self.own.world
        found = [world.leaves_of(tree, indices) for tree in pair if tree is not None]
        keys = set[str]().union(*(keys for keys in found if keys is not None))
        if None in found or not (keys or world.backing is not None):
            return False
        return all(form(world.heads[key]) in world.printed for key in keys)

    def _is_broken(self) -> bool:
        """Whether a quantity of the chapter cannot be computed because shapes do not fit."""
        values = self.own.world.failures()
        return any(_SHAPES in reason for reason in values)

    def _objective_of_many(self, pair: Sequence[Node | None]) -> str:
        """The name of a loss that is no single number as it was read; empty where there is none."""
        for node in (below for tree in pair if tree is not None for below in walk(tree)):
            if isinstance(node, Derivative) and isinstance(node.of, Symbol) and is_objective(node.of):
                place = self.own.world.evaluation({}).find(node.of)
                if place is not None and not place.index and not self.own.world.is_number(place.key):
                    return place.key
        return ""

    def _is_of_sizes(self, pair: Sequence[Node | None]) -> bool:
        """Whether both sides are made of the sizes of arrays alone."""
        symbols = [symbol for tree in pair if tree is not None for symbol in symbols_in(tree)]
        names = self.own.world.names
        return bool(symbols) and all(names.constant(symbol) is not None for symbol in symbols)

    def _odd_sides(self, pair: Sequence[Node | None]) -> str:
        """Why a side cannot be compared: a name that nothing defines, or no name at all."""
        for tree, other in (pair, pair[::-1]):
            if isinstance(tree, Symbol) and other is not None and not isinstance(other, Derivative):
                place = self.own.world.evaluation({}).find(tree)
                if place is not None and place.key in self.own.world.open and not is_literal(other):
                    return f"{place.key} is never defined in the note"
            if isinstance(tree, Product) and any(isinstance(factor, Entry) for factor in tree.factors):
                return "a side that names no quantity"
        return ""

    def _unknown_functions(self, pair: Sequence[Node | None]) -> str:
        assumed = self.own.world.assumed
        for node in (below for tree in pair if tree is not None for below in walk(tree)):
            if isinstance(node, Call) and node.name is not None:
                name = plain(node.name)
                if assumed.get(name, "").startswith("any"):
                    return name
        return ""

    def _of_one_letter(self, pair: Sequence[Node | None], indices: Mapping[str, int]) -> str:
        """`x_n` beside `X`, neither of which the note defines: rows or columns of it, as words may say."""
        world = self.own.world
        below = [world.leaves_of(tree, indices) for tree in pair if tree is not None]
        leaves = set[str]().union(*(found for found in below if found is not None))
        if None in below:  # what has no value may be made of anything of its name
            printed = {symbol.name for tree in pair if tree is not None for symbol in symbols_in(tree)}
            for key in [key for key, head in world.heads.items() if head.name in printed]:
                leaves |= {key} | world.leaves_under(key)
        axes: dict[str, int] = {}
        for key in leaves & world.open.keys() & world.heads.keys():
            name = world.heads[key].name
            axes[name] = max(axes.get(name, 0), len(world.open[key]))
        for name in sorted(axes):
            if len(name) == 1 and name.islower() and axes.get(name.upper(), 0) >= max(1, axes[name]):
                return (
                    f"{name} and {name.upper()} are two quantities as far as formulas say; if {name} is a row or a "
                    f"column of {name.upper()} this may hold: write ${name.upper()}_{{ij}} = {name}_{{ij}}$"
                )
        return ""

    def _of_leaves(
        self, statement: Statement, pair: Sequence[Node | None], linked: set[str], indices: Mapping[str, int]
    ) -> str:
        below = [self._leaves(tree, indices) for tree in pair if tree is not None]
        if len(below) != 2 or None in below:
            return ""
        left, right = (found or set() for found in below)
        first = statement.sides[0].node
        claims = any(isinstance(node, Derivative) for tree in pair if tree is not None for node in walk(tree))
        claims = claims or (isinstance(first, Call) and first.name is not None)
        named = isinstance(first, Symbol) and self._is_defined(first)
        if isinstance(first, Derivative) or named:
            allowed = linked | left if isinstance(first, Derivative) or linked else right
            rates = self.own.parameters
            updated = isinstance(first, Symbol) or self._is_update(statement)
            strange = sorted(right - allowed - left - (rates if updated else set()))
            if strange and not self._is_update(statement):
                names = ", ".join(strange[:3])
                return f"{names} is never defined in the note, and what is differentiated does not depend on it"
            return ""
        if not claims and left != right:
            odd = sorted(left ^ right)
            return f"{NOT_FOR_EVERY} {', '.join(odd[:3])}: a condition, or a choice, or a slip"
        if not claims and any(is_literal(tree) for tree in pair):
            return "it does not hold for all values: a condition, or a slip"
        return ""

    def _is_update(self, statement: Statement) -> bool:
        from gradproof.audit.own.steps import updated_symbol

        return updated_symbol(statement) is not None

    def _leaves(self, tree: Node, indices: Mapping[str, int]) -> set[str] | None:
        try:
            return self.own.world.leaves_of(tree, indices)
        except Unjudged:
            return None

    def _is_defined(self, symbol: Symbol) -> bool:
        return (symbol.name, symbol.mark) in self.chapter.definitions.quantities

    def _of_a_second_definition(self, verdict: Verdict, statement: Statement, holding: Sequence[Verdict]) -> str:
        """A line that gives a name another value: accused only where other lines bear the first one out."""
        first = statement.sides[0].node
        if verdict.kind != "value" or not isinstance(first, Symbol) or verdict.equality != 0:
            return ""
        many = self.chapter.definitions.quantities.get((first.name, first.mark), [])
        others = [d for d in many if d.statement not in (verdict.statement, -1)]
        if not others or any(d.by_derivative for d in others):
            return ""
        other_tree = statement.sides[1].node
        if other_tree is not None:
            made = [self._leaves(tree, self.own.letters) for tree in (first, other_tree)]
            if None not in made and not (made[1] or set()) <= (made[0] or set()):
                return "another line says what it is, made of other things"
        for other in holding:
            if other.statement in (verdict.statement, *(d.statement for d in others)):
                continue
            sides = self.statements[other.statement].sides
            trees = [side.node for side in sides if side.node is not None]
            if any(form(s)[:2] == form(first)[:2] for tree in trees for s in symbols_in(tree)):
                return ""
        return "two lines say what it is, and they disagree; nothing else in the note tells which is meant"


def _in_the_middle(node: Node) -> str:
    """The `A` of `x^T A x`; empty for anything else."""
    if isinstance(node, Product):
        for left, middle, right in zip(node.factors, node.factors[1:], node.factors[2:], strict=False):
            if isinstance(left, Transpose) and left.argument == right and isinstance(middle, Symbol):
                return middle.name
    return ""


def _multiplies_sizes(pair: Sequence[Node | None]) -> bool:
    """`(d \\times n)(n \\times H) = d \\times H`: shapes, and no numbers."""
    nodes = [node for tree in pair if tree is not None for node in walk(tree)]
    plain = all(isinstance(node, Product | Symbol | Number) for node in nodes)
    return plain and any(isinstance(node, Product) and "times" in node.operators for node in nodes)


def _is_unexplained(verdict: Verdict) -> bool:
    """Whether a verdict is an accusation of which no one edit is the mend, and not of printed numbers."""
    return verdict.status == "WRONG" and verdict.mend is None and verdict.trials != 1


def _taken_back(verdict: Verdict, doubt: str) -> Verdict:
    return replace(verdict, status="not judged", reason=doubt, mend=None, witness=None)
