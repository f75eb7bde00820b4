"""How many axes the values of a note's formulas have, by the rules of matrix notation, before any size is known."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from gradproof.audit.own.names.definitions import Definition, Definitions
from gradproof.audit.own.names.families import Families
from gradproof.audit.reading.names import form
from gradproof.audit.reading.tree import (
    Big,
    Call,
    Cases,
    Comparison,
    Derivative,
    Entry,
    Fraction,
    Inverse,
    Matrix,
    Node,
    Norm,
    Number,
    Power,
    Product,
    Sum,
    Symbol,
    Transpose,
)
from gradproof.audit.reading.vocabulary import WORDS
from gradproof.audit.values.grouping import by_quotients

Kind: TypeAlias = int | str
"""0 for a number, 1 for a vector, 2 for a matrix; `row` and `column` for a transposed vector; `?` where unknown."""

_MANY_AXES = 4.0
_BY_QUOTIENT = 1.5  # a quotient by a column times a column, where numbers would do as well
_MANY = 40  # questions within one: then what was not known is not asked again, among equations that go in circles
_OBJECTIVE = 3.0  # what is usually the name of a loss has one number
_OBJECTIVES = frozenset({"L", "J", "E", r"\ell"})
_REDUCING = frozenset({"sum", "mean", "tr", "det", "rows", "columns", "contract"})


class Mismatch(Exception):
    """Kinds that no reading brings together."""


@dataclass
class Kinds:
    """The kinds of trees, given the number of axes of what is not defined; `strain` counts what is unusual.

    `ranks`: axes of a leaf by name, mark and labels that are names. `known`: kinds of defined quantities so far.
    """

    definitions: Definitions
    families: Families
    ranks: Callable[[Symbol], int]
    strain: float = 0.0
    rows: bool = False
    dummies: Mapping[object, Kind] = field(default_factory=dict)
    told: Mapping[tuple[str, str], int] = field(default_factory=dict)  # axes of states that the note prints, by name
    _known: dict[object, Kind] = field(default_factory=dict)
    _open: set[object] = field(default_factory=set)
    _unknown: set[object] = field(default_factory=set)
    _asked: int = 0
    asked: int = 0  # how often the kind of a quantity was looked for, in all

    def of(self, node: Node) -> Kind:
        """The kind of a tree; raises `Mismatch`."""
        return _RULES[type(node)](self, node)

    def symbol(self, node: Symbol) -> Kind:
        """The kind of a symbol, its counted entries taken off."""
        key = form(node)
        if key in self.dummies:
            return self.dummies[key]
        letters = self.families.letters
        if not (node.sub or node.sup or node.mark) and (node.name in letters.indices or node.name in letters.fixed):
            return 0
        if node.name == r"\delta" and len("".join(label.text for label in node.sub)) == 2 and not node.sup:
            counted = all(letters.is_index(label.text) for label in node.sub)
            return 0 if counted and self.families.is_kronecker(node) else self._entry_of(node)
        return self._entry_of(node)

    def _entry_of(self, node: Symbol) -> Kind:
        """The kind of a quantity, its counted entries taken off."""
        split = self.families.split(node)
        whole = self._whole(split.head)
        if not split.axes:
            return whole
        if whole == "?":
            return "?"
        left = {"row": 1, "column": 1}.get(str(whole), whole)
        if not isinstance(left, int) or left < len(split.axes):
            raise Mismatch
        return left - len(split.axes)

    def _whole(self, head: Symbol) -> Kind:
        if (head.name, head.mark) in self.told:
            return self.told[head.name, head.mark]
        family = (head.name, head.mark, tuple(label.text for label in head.sub), len(head.sup))
        known = self._known.get(family)
        if known is not None:
            return known
        if not self._open:
            self._asked = 0
            self._unknown.clear()
        self._asked += 1
        self.asked += 1
        if family in self._open or (self._asked > _MANY and family in self._unknown):
            return "?"
        self._open.add(family)
        kind: Kind = "?"
        alternatives = self._alternatives(head)
        for definition in alternatives:
            try:
                one = self.of(definition.tree)
            except Mismatch:
                continue
            if one != "?":
                entry = {"row": 1, "column": 1}.get(str(one), one)
                one = entry + len(definition.axes) if isinstance(entry, int) and definition.axes else one
                if kind not in ("?", one) and {kind, one} != {1, "row"}:
                    self.strain += 6.0
                kind = one if kind == "?" else kind
        self._open.discard(family)
        if kind == "?":
            if alternatives:
                self._unknown.add(family)
                if not self._open:  # nothing that is being asked for stood in the way
                    self._known[family] = "?"
                return "?"
            kind = self.ranks(head)
        self._known[family] = kind
        return kind

    def _alternatives(self, head: Symbol) -> tuple[Definition, ...]:
        """The definitions that may be that of a name."""
        texts = tuple(label.text for label in head.sub), tuple(label.text for label in head.sup)
        key = head.name, head.mark, *texts
        found = self.definitions.alternatives.get(key)
        if found is None:
            many = self.definitions.quantities.get((head.name, head.mark), ())
            found = tuple(d for d in many if self.alike(d.head, head))
            self.definitions.alternatives[key] = found
        return found

    def axes_of(self, head: Symbol) -> int:
        """The number of axes of a defined quantity; 0 where nothing tells."""
        kind = self._whole(head)
        return kind if isinstance(kind, int) else 0 if kind == "?" else 1

    def alike(self, pattern: Symbol, head: Symbol) -> bool:
        """Whether a definition may be that of a name: the same labels that are names."""
        if len(pattern.sub) != len(head.sub) or len(pattern.sup) != len(head.sup):
            return False
        letters = self.families.letters
        pairs = zip((*pattern.sub, *pattern.sup), (*head.sub, *head.sup), strict=True)
        return all(a.text == b.text or (letters.is_index(a.text) and letters.is_index(b.text)) for a, b in pairs)

    def call(self, node: Call, arguments: list[Kind]) -> Kind:
        """The kind of a call."""
        if node.function in ("max", "min") and len(arguments) == 2:
            return self.entrywise(*arguments)
        if node.name is not None:
            definition = self.definitions.function(node.name)
            if definition is None or definition.parameters is None:
                return arguments[0] if arguments else 0
            if len(definition.parameters) != len(arguments):
                raise Mismatch
            inner = Kinds(self.definitions, self.families, self.ranks, 0.0, self.rows)
            inner.told = self.told
            inner.dummies = {form(p): k for p, k in zip(definition.parameters, arguments, strict=True)}
            inner._open, inner._known = self._open, self._known
            inner._unknown, inner._asked = self._unknown, self._asked
            mark = ("call", form(node.name))
            if mark in self._open:
                return "?"
            self._open.add(mark)
            try:
                return inner.of(definition.tree)
            finally:
                self._open.discard(mark)
        if node.function in _REDUCING or (node.function in ("max", "min") and len(arguments) == 1):
            return 0
        if node.function in ("inner", "set"):
            return 0 if node.function == "inner" else "?"
        if node.function == "concat":
            return next((kind for kind in arguments if kind not in (0, "?")), 1)
        if node.function == "diag":
            kind = arguments[0]
            return 3 - kind if isinstance(kind, int) and kind in (1, 2) else kind
        if not arguments:
            return "?"
        return arguments[0]

    def entrywise(self, a: Kind, b: Kind) -> Kind:
        """A sum or an entrywise product."""
        if "?" in (a, b):
            known = b if a == "?" else a
            return "?" if known == 0 else known  # what is not known may have more axes than a number
        if a == b:
            return a
        if a == 0 or b == 0:
            self.strain += 0.4
            return b if a == 0 else a
        if {a, b} <= {1, "row", "column"}:
            self.strain += 0.5
            return a if b == 1 else b
        self.strain += 0.6
        if {a, b} <= {1, 2, "row", "column"}:
            return 2
        raise Mismatch

    def product(self, operator: str, a: Kind, b: Kind) -> Kind:
        """A product by the operator between two factors."""
        if "?" in (a, b):
            return "?"
        if a == 0 or b == 0:
            return b if a == 0 else a
        if operator in ("odot", "slash"):
            return self.entrywise(a, b)
        if operator == "outer":
            return 2
        if a == 1 and b == 1:
            if operator == "juxt":
                raise Mismatch
            return 1
        try:
            return _PRODUCTS[(a, b)]
        except KeyError:
            raise Mismatch from None


_PRODUCTS: dict[tuple[Kind, Kind], Kind] = {
    ("row", 1): 0,
    ("row", 2): "row",
    (1, "row"): 2,
    ("column", "row"): 2,
    ("column", 1): 2,
    (1, "column"): 0,
    ("row", "column"): 0,
    (2, 1): 1,
    (1, 2): 1,
    (2, 2): 2,
    (2, "column"): "column",
}


def _sum(k: Kinds, node: Sum) -> Kind:
    total: Kind = k.of(node.terms[0])
    for term in node.terms[1:]:
        total = k.entrywise(total, k.of(term))
    return total


def _product(k: Kinds, node: Product) -> Kind:
    kinds = [k.of(factor) for factor in node.factors]
    axes = [kind if isinstance(kind, int) else 0 if kind == "?" else 2 for kind in kinds]
    operators = by_quotients(node, node.operators, axes, lambda below: int(k.of(below) == 1))
    k.strain += _BY_QUOTIENT if operators != node.operators else 0.0
    for order in (_from_left, _products_first):
        try:
            return order(k, kinds, list(operators))
        except Mismatch:
            continue
    raise Mismatch


def _from_left(k: Kinds, kinds: list[Kind], operators: list[str]) -> Kind:
    total = kinds[0]
    for operator, kind in zip(operators, kinds[1:], strict=True):
        total = k.product(operator, total, kind)
    return total


def _products_first(k: Kinds, kinds: list[Kind], operators: list[str]) -> Kind:
    """Matrix products before ⊙; where that fails as well, from the right."""
    runs: list[tuple[list[Kind], list[str]]] = [([kinds[0]], [])]
    for operator, kind in zip(operators, kinds[1:], strict=True):
        if operator == "odot":
            runs.append(([kind], []))
        else:
            runs[-1][0].append(kind)
            runs[-1][1].append(operator)
    total: Kind | None = None
    for inner, between in runs:
        try:
            value = _from_left(k, inner, between)
        except Mismatch:
            value = inner[-1]
            for operator, kind in zip(reversed(between), reversed(inner[:-1]), strict=True):
                value = k.product(operator, kind, value)
        total = value if total is None else k.entrywise(total, value)
    assert total is not None
    return total


def _power(k: Kinds, node: Power) -> Kind:
    if isinstance(node.base, Symbol) and node.base.name == "e":
        return k.of(node.exponent)
    k.of(node.exponent)
    return k.of(node.base)


def _derivative(k: Kinds, node: Derivative) -> Kind:
    of, by = k.of(node.of), k.of(node.by)
    if of == 0:
        return by
    name = node.of.name if isinstance(node.of, Call) else node.of
    if of != "?" and isinstance(name, Symbol) and is_objective(name):
        k.strain += _OBJECTIVE
    if by == 0:
        return of
    if of in (1, "row") and by in (1, "row"):
        return 2
    if "?" not in (of, by):
        k.strain += _MANY_AXES  # hardly anybody prints a derivative with three axes
    return "?"


def is_objective(symbol: Symbol) -> bool:
    """Whether a name is usual for a loss."""
    return symbol.name in _OBJECTIVES or symbol.name.lower() in WORDS


def _transpose(k: Kinds, node: Transpose) -> Kind:
    kind = k.of(node.argument)
    if kind == 0:
        k.strain += 2.0
        return 0
    if kind == 1:
        return "column" if k.rows else "row"
    return {"row": 1, "column": 1}.get(str(kind), kind)


def _entry(k: Kinds, node: Entry) -> Kind:
    kind = k.of(node.argument)
    if kind == "?":
        return kind
    left = {"row": 1, "column": 1}.get(str(kind), kind)
    taken = sum(len(label.text) if label.text.isalnum() else 1 for label in node.labels)
    if not isinstance(left, int) or left < taken:
        raise Mismatch
    return left - taken


def _norm(k: Kinds, node: Norm) -> Kind:
    kind = k.of(node.argument)
    if node.kind == "abs":
        return kind
    if kind == 0:
        k.strain += 1.0
    return 0


def _big(k: Kinds, node: Big) -> Kind:
    return k.of(node.body)


def _comparison(k: Kinds, node: Comparison) -> Kind:
    return k.entrywise(k.of(node.left), k.of(node.right))


def _cases(k: Kinds, node: Cases) -> Kind:
    kind: Kind = "?"
    for value in node.values:
        kind = k.entrywise(kind, k.of(value))
    return kind


def _call(k: Kinds, node: Call) -> Kind:
    return k.call(node, [k.of(argument) for argument in node.arguments])


_RULES: dict[type, Callable[..., Kind]] = {
    Number: lambda k, node: 0,
    Symbol: lambda k, node: k.symbol(node),
    Sum: _sum,
    Product: _product,
    Fraction: lambda k, node: k.entrywise(k.of(node.top), k.of(node.bottom)),
    Power: _power,
    Call: _call,
    Derivative: _derivative,
    Transpose: _transpose,
    Inverse: lambda k, node: k.of(node.argument),
    Entry: _entry,
    Big: _big,
    Norm: _norm,
    Comparison: _comparison,
    Cases: _cases,
    Matrix: lambda k, node: 1 if 1 in (len(node.rows), len(node.rows[0])) else 2,
}
