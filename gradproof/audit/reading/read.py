"""A document read: every statement of it with its sides as trees, or why a side could not be read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from gradproof.audit.reading.lexing.brackets import change_of_depth
from gradproof.audit.reading.limits import Budget, Limits, Unreadable
from gradproof.audit.reading.macros import Macro, definitions, expand
from gradproof.audit.reading.names import Names
from gradproof.audit.reading.parse import parse
from gradproof.audit.reading.rows import statements
from gradproof.audit.reading.scan import Block, Flavour, blocks
from gradproof.audit.reading.tidy import tidy
from gradproof.audit.reading.tokens import Token, tokenize
from gradproof.audit.reading.tree import Comparison, Node
from gradproof.audit.reading.vocabulary import COMPARISONS, DOTS, RELATIONS

Note = tuple[int, str]
_INDEX_LETTERS = frozenset("ijklmnst")


@dataclass(frozen=True, slots=True)
class Problem:
    """Why something could not be read, and the offset of the character."""

    reason: str
    position: int


@dataclass(frozen=True, slots=True)
class Side:
    """One side of an equality: its tree, or the problem with it."""

    start: int
    end: int
    node: Node | None
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class Relation:
    """A sign between two sides: `=`, `:=` for an assignment, `~` for one that claims no equality."""

    kind: str
    printed: str
    position: int


@dataclass(frozen=True, slots=True)
class Condition:
    """What is said of an index letter behind a statement: `i != j`; with `high`, that it runs from `right` to it."""

    left: str
    operator: str
    right: str
    high: str = ""


@dataclass(frozen=True, slots=True)
class Statement:
    """One printed chain `A = B = C`: sides, the relations between them, and notes on how it was read.

    `conditions` are on index letters, `given` on values: "if L > 0".

    A statement that could not even be split into sides has a `problem` and no sides.
    """

    start: int
    end: int
    block: Block
    sides: tuple[Side, ...] = ()
    relations: tuple[Relation, ...] = ()
    notes: tuple[Note, ...] = ()
    problem: Problem | None = None
    conditions: tuple[Condition, ...] = ()
    given: tuple[Comparison, ...] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """The text and all its statements, in their order."""

    text: str
    statements: tuple[Statement, ...]


def read_document(text: str, names: Names, *, flavour: Flavour | None = None, limits: Limits | None = None) -> Document:
    """Read every statement of a Markdown or LaTeX document.

    Raises `TooLarge` for a document beyond the caps; anything smaller that cannot be read is a statement with
    a `problem`.
    """
    limits = limits or Limits()
    reader = _Reader(text, names, limits, definitions(text, limits))
    found: list[Statement] = []
    said: list[tuple[int, Condition]] = []
    until, given = 0, None
    for block in blocks(text, flavour, limits):
        condition = reader.condition(block)
        if condition is not None:
            said.append((block.closed, condition))
            continue
        if (told := reader.given(block)) is not None:
            until, given = _end_of_case(text, block.closed), told
            continue
        here = reader.block(block)
        if given is not None and block.opened < until:
            here = [replace(s, given=(*s.given, given)) for s in here]
        if here and block.kind == "display" and said and block.opened - said[-1][0] < _NEAR:
            met = tuple(c for at, c in said if block.opened - at < _NEAR)
            here = [replace(s, conditions=(*s.conditions, *met)) for s in here]
        if here and found and here[0].sides and here[0].sides[0].start == here[0].sides[0].end:
            here[0] = _continued(found[-1], here[0])
        found += here
    return Document(text, tuple(found))


_NEAR = 80  # characters between `if i = j` in the prose and the equation that it is about


_CASE = re.compile(
    r"(?:^|\W)(?:if|when|whenever|where|assuming|suppose|provided|case|while)(?:\s+that)?\s*$", re.IGNORECASE
)


def _end_of_case(text: str, at: int) -> int:
    """Where what is said of the case `if $L > 0$:` ends: behind the next block of formulas, list or table."""
    first = text.find("\n\n", at)
    return len(text) if first < 0 or (second := text.find("\n\n", first + 2)) < 0 else second


def _continued(before: Statement, statement: Statement) -> Statement:
    """A statement that starts with a sign of equality, with the last side of the one before it."""
    if not before.sides or before.sides[-1].node is None:
        return statement
    return replace(statement, sides=(before.sides[-1], *statement.sides[1:]))


def read_formula(text: str, names: Names, limits: Limits | None = None) -> Statement:
    """Read one formula without delimiters: `a = b`, or one side alone."""
    limits = limits or Limits()
    whole = Block("display", 0, len(text), 0, len(text))
    reader = _Reader(text, names, limits, {})
    tokens, notes = tidy(tokenize(text, 0, len(text), limits))
    return reader.statement(whole, tokens, notes)


class _Reader:
    """The names, caps and budgets that all blocks of one document share."""

    def __init__(self, text: str, names: Names, limits: Limits, macros: Mapping[str, Macro]) -> None:
        self.text, self.names, self.limits, self.macros = text, names, limits, macros
        self.expansions = Budget(limits.macro_tokens)
        self.tokens = Budget(limits.document_tokens)
        self._too_much = (
            f"not more than {limits.document_tokens:,} tokens of maths are read of one document: "
            "audit it chapter by chapter"
        )

    def block(self, block: Block) -> list[Statement]:
        if block.problem:
            return [self._lost(block, block.problem, block.opened)]
        if self.tokens.left == 0:
            return [self._lost(block, self._too_much, block.start)]
        if "=" not in self.text[block.start : block.end] and not self._has_relation(block):
            return []
        raw = expand(tokens_of(self.text, block, self.limits), self.macros, self.expansions)
        if not self.tokens.spend(len(raw)):
            return [self._lost(block, self._too_much, block.start)]
        tokens, notes = tidy(raw)
        return [
            replace(
                self.statement(block, piece.row, notes),
                conditions=tuple(map(_condition, piece.conditions)),
                given=tuple(node for row in piece.given if (node := self._comparison(row)) is not None),
            )
            for piece in statements(tokens)
        ]

    def given(self, block: Block) -> Comparison | None:
        """What a short formula in the prose says of values, `if $L > 0$`; None for any other block."""
        short = block.kind == "inline" and block.end - block.start < _NEAR
        if not short or not _CASE.search(self.text[max(0, block.opened - 20) : block.opened]):
            return None
        tokens = tokens_of(self.text, block, self.limits)
        if sum(token.text in COMPARISONS for token in tokens) != 1 or any(t.text in RELATIONS for t in tokens):
            return None
        return self._comparison(tidy(expand(tokens, self.macros, self.expansions))[0])

    def _comparison(self, row: list[Token]) -> Comparison | None:
        at = next(at for at, token in enumerate(row) if token.text in COMPARISONS)
        try:
            (left, _), (right, _) = (parse(side, self.names, self.limits) for side in (row[:at], row[at + 1 :]))
        except Unreadable:
            return None
        return Comparison(COMPARISONS[row[at].text], left, right)

    def condition(self, block: Block) -> Condition | None:
        """What a short formula in the prose says of index letters: `$i \\neq j$`; None for any other block."""
        if block.kind != "inline" or block.end - block.start > 20:
            return None
        tokens = tokens_of(self.text, block, self.limits)
        if len(tokens) != 3 or tokens[1].text not in COMPARISONS:
            return None
        usual = all(token.text in _INDEX_LETTERS for token in (tokens[0], tokens[2]))
        return _condition(tokens) if usual else None

    def _has_relation(self, block: Block) -> bool:
        return any(
            command in self.text[block.start : block.end] for command in (*RELATIONS, *self.macros, "←", "≔", "≈")
        )

    def _lost(self, block: Block, reason: str, position: int) -> Statement:
        return Statement(block.start, block.end, block, problem=Problem(reason, position))

    def statement(self, block: Block, row: list[Token], notes: list[Note]) -> Statement:
        start, end = min(token.start for token in row), max(token.end for token in row)
        if len(row) > self.limits.statement_tokens:
            reason = f"a statement of {len(row):,} tokens, the limit is {self.limits.statement_tokens:,}"
            return Statement(start, end, block, problem=Problem(reason, start))
        parts, relations = _split(row)
        if len(parts) > self.limits.chain_members:
            reason = f"a chain of {len(parts):,} sides, the limit is {self.limits.chain_members}"
            return Statement(start, end, block, problem=Problem(reason, relations[0].position))
        sides: list[Side] = []
        remarks = [note for note in notes if start <= note[0] < end]
        for number, part in enumerate(parts):
            where = part[0].start if part else relations[max(0, number - 1)].position
            sides.append(self._side(part, where, remarks))
        return Statement(start, end, block, tuple(sides), tuple(relations), tuple(remarks))

    def _side(self, part: list[Token], where: int, remarks: list[Note]) -> Side:
        if not part:
            return Side(where, where, None, Problem("nothing stands on one side of the sign", where))
        start, end = part[0].start, part[-1].end
        try:
            node, notes = parse(part, self.names, self.limits)
        except Unreadable as error:
            return Side(start, end, None, Problem(error.reason, error.position))
        remarks += notes
        return Side(start, end, node)


def tokens_of(text: str, block: Block, limits: Limits) -> list[Token]:
    """The tokens of a block as it is printed."""
    return tokenize(text, block.start, block.end, limits, doubled=block.doubled, quoted=block.quoted)


def _split(row: list[Token]) -> tuple[list[list[Token]], list[Relation]]:
    """The sides of a row and the relations between them, which stand outside of all brackets."""
    parts: list[list[Token]] = [[]]
    relations: list[Relation] = []
    depth = 0
    for token in row:
        depth = max(0, depth + change_of_depth(token.text))
        if depth == 0 and token.text in RELATIONS:
            relations.append(Relation(RELATIONS[token.text], token.text, token.start))
            parts.append([])
        else:
            parts[-1].append(token)
    return parts, relations


def _condition(row: list[Token]) -> Condition:
    """`i \\neq j` or `l = 1, \\dots, L-1` from its tokens."""
    texts = [token.text for token in row]
    dots = next((at for at, text in enumerate(texts) if text in DOTS), len(texts))
    return Condition(texts[0], COMPARISONS[texts[1]], "".join(texts[2:dots]), "".join(texts[dots + 1 :]))
