"""What a note defines: quantities by an equation, functions by their value at a dummy, in the order of print."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from gradproof.audit.own.names.families import Families, Letters, symbols_in
from gradproof.audit.reading.names import form
from gradproof.audit.reading.read import Condition, Statement
from gradproof.audit.reading.tree import Call, Derivative, Node, Number, Symbol, walk
from gradproof.audit.values.indices import index_value

_MOST_NODES = 99


@dataclass(frozen=True)
class Definition:
    """One equation that says what a name is.

    `head`: the name, its layers as printed; `axes`: the labels of its entries, where it is defined entry by entry.
    `side`: which side of the statement gives the value. `parameters`: of a function, the dummies in their order.
    """

    statement: int
    side: int
    head: Symbol
    axes: tuple[str, ...]
    tree: Node
    parameters: tuple[Symbol, ...] | None = None
    conditions: tuple[Condition, ...] = ()
    target: int = 0  # which side of the statement the name stands on

    @property
    def in_passing(self) -> bool:
        """Whether the name stands behind what defines it: `y - w x = r`."""
        return self.target > self.side

    @property
    def by_derivative(self) -> bool:
        """Whether the name is a name of a derivative."""
        return isinstance(self.tree, Derivative)


@dataclass
class Definitions:
    """All definitions that hold in one chapter of a note, by the name and mark of what they define."""

    letters: Letters
    quantities: dict[tuple[str, str], list[Definition]] = field(default_factory=dict)
    functions: dict[tuple[str, str, str, str], Definition] = field(default_factory=dict)
    alternatives: dict[object, tuple[Definition, ...]] = field(default_factory=dict)  # found once, by what is asked
    named: dict[tuple[str, str, str, str], Node] = field(default_factory=dict)  # functions at their own dummies

    def matches(self, head: Symbol) -> Iterator[tuple[Definition, dict[str, int]]]:
        """The definitions of a quantity whose layers have numbers, the letters' values with each.

        Those by a derivative come first, then exact ones: what is said of a derivative elsewhere is a claim.
        """
        found = []
        for definition in self.quantities.get((head.name, head.mark), ()):
            values = self._matched(definition, head)
            if values is not None:
                found.append((definition, values))
        yield from sorted(found, key=lambda pair: (not pair[0].by_derivative, bool(pair[1])))

    def _matched(self, definition: Definition, head: Symbol) -> dict[str, int] | None:
        values: dict[str, int] = {}
        pattern = definition.head
        if len(pattern.sub) != len(head.sub) or len(pattern.sup) != len(head.sup):
            return None
        for printed, wanted in zip((*pattern.sub, *pattern.sup), (*head.sub, *head.sup), strict=True):
            if not self._label(printed.text, wanted.text, values):
                return None
        return values

    def _label(self, printed: str, wanted: str, values: dict[str, int]) -> bool:
        if printed == wanted:
            return True
        if not wanted.isdecimal() or not self.letters.is_index(printed):
            return False
        fixed = index_value(printed, self.letters.fixed)
        if fixed is not None:
            return fixed == int(wanted)
        free = [letter for letter in self.letters.layered | self.letters.indices if letter in printed]
        if len(free) != 1:
            return False
        offset = index_value(printed, {**self.letters.fixed, free[0]: 0})
        if offset is None:
            return False
        number = int(wanted) - offset
        most = self.letters.count if free[0] in self.letters.layered else _MOST_NODES
        least = 0 if free[0] in self.letters.from_zero else 1
        if values.get(free[0], number) != number or not least <= number <= most:
            return False
        values[free[0]] = number
        return True

    def function(self, name: Symbol) -> Definition | None:
        """The definition of a function; by its name alone where it is defined with other scripts."""
        exact = self.functions.get(form(name))
        if exact is not None or name.sub or name.sup:
            return exact
        return None


def candidates(number: int, statement: Statement, families: Families) -> Iterator[Definition]:
    """What a statement defines, if the names in it are not defined yet: the first side, else a side of its own name."""
    sides = statement.sides
    if len(sides) < 2 or any(relation.kind == "~" for relation in statement.relations[:1]):
        return
    first, second = sides[0].node, sides[1].node
    if isinstance(first, Call) and first.name is not None and second is not None and not first.primes:
        if all(isinstance(argument, Symbol) for argument in first.arguments):
            parameters = tuple(a for a in first.arguments if isinstance(a, Symbol))
            yield Definition(number, 1, first.name, (), second, parameters, statement.conditions)
        return
    if isinstance(first, Call) and first.function == "log" and isinstance(first.arguments[0], Symbol):
        name = first.arguments[0]
        if second is not None and not first.primes and not mentions(second, name):
            split = families.split(name)
            yield Definition(number, 1, split.head, split.axes, Call("exp", 0, (second,), "exp"), None)
        return
    if isinstance(first, Symbol):
        readable = [at for at in range(1, len(sides)) if sides[at].node is not None]
        readable = [at for at in readable if not _is_of_what_is_not_printed(sides[at].node)] or readable
        given = next((at for at in readable if isinstance(sides[at].node, Derivative)), (readable or [1])[0])
        tree = sides[given].node
        if tree is not None and not mentions(tree, first) and form(first) not in families.letters.zeros:
            split = families.split(first)
            yield Definition(number, given, split.head, split.axes, tree, None, statement.conditions)
        yield from _within_chain(number, statement, families)
        return
    for at in range(len(sides) - 1, 0, -1):
        node = sides[at].node
        if isinstance(node, Symbol) and first is not None and not mentions(first, node):
            if _is_of_what_is_not_printed(first):
                continue  # `Var(e) = h` says what is drawn, and not what h is
            split = families.split(node)
            yield Definition(number, 0, split.head, split.axes, first, None, statement.conditions, at)


def _is_of_what_is_not_printed(tree: Node | None) -> bool:
    """Whether an expectation or another function of which nothing is known stands in a tree."""
    return tree is not None and any(isinstance(n, Call) and n.function.startswith("?") for n in walk(tree))


def _within_chain(number: int, statement: Statement, families: Families) -> Iterator[Definition]:
    """`\\hat y = a = \\sigma(z)` defines `a`, too."""
    sides = statement.sides
    for at in range(1, len(sides) - 1):
        name, tree = sides[at].node, sides[at + 1].node
        if isinstance(name, Symbol) and tree is not None and not isinstance(tree, Number) and not mentions(tree, name):
            split = families.split(name)
            yield Definition(number, at + 1, split.head, split.axes, tree, None, statement.conditions, at)


def mentions(tree: Node, symbol: Symbol) -> bool:
    """Whether a tree holds a symbol as it is printed."""
    wanted = form(symbol)
    return any(form(other) == wanted for other in symbols_in(tree))


def made_of(trees: Sequence[Node | None], definitions: Definitions) -> set[tuple[str, str]]:
    """The names in some trees, and those that their definitions are made of."""
    waiting = [(s.name, s.mark) for tree in trees if tree is not None for s in symbols_in(tree)]
    found: set[tuple[str, str]] = set()
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found.add(name)
        several = [d.tree for d in definitions.quantities.get(name, ())]
        several += [d.tree for key, d in definitions.functions.items() if key[:2] == name]
        waiting += [(s.name, s.mark) for tree in several for s in symbols_in(tree)]
    return found


def is_literal(node: Node | None) -> bool:
    """Whether a side is made of numbers only."""
    if node is None:
        return False
    leaves: Sequence[Node] = [below for below in walk(node) if isinstance(below, Symbol | Number | Call)]
    return any(isinstance(n, Number) for n in leaves) and not any(
        (isinstance(n, Symbol) and n != Symbol("e")) or (isinstance(n, Call) and n.name is not None) for n in leaves
    )


def is_numeric(node: Node | None) -> bool:
    """Whether a side is made of numbers and of functions of them, such as `\\sigma(0.5)`."""
    if node is None or not any(isinstance(below, Number) for below in walk(node)):
        return False
    functions = {id(below.name) for below in walk(node) if isinstance(below, Call)}
    return all(id(symbol) in functions or symbol == Symbol("e") for symbol in symbols_in(node))
