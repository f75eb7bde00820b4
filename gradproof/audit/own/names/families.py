"""The quantities of a note: which printed symbols are one array, which labels count its entries, which are names."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from gradproof.audit.reading.names import form
from gradproof.audit.reading.read import Statement
from gradproof.audit.reading.tree import (
    Big,
    Call,
    Comparison,
    Derivative,
    Entry,
    Label,
    Node,
    Number,
    Power,
    Symbol,
    walk,
)
from gradproof.audit.values.indices import free_letters

LAYERS = 3
"""So many layers, time steps or samples a note is tried with where it does not say how many."""

_LETTER = re.compile(r"\\[A-Za-z]+|[A-Za-z]")
_INDEX = re.compile(r"(?:\\ell|[A-Za-z0-9])(?:[+-]?(?:\\ell|[A-Za-z0-9])){0,5}")
_USUAL = frozenset({"i", "j", "k", "l", "m", "n", "t", "s", r"\ell"})
_LAST = {"L": "l", "T": "t", "N": "n", "K": "k"}
VERSIONS = frozenset({"new", "old", "*", "+", r"\ast", r"\star", "next", "prev", "init"})


@dataclass
class Letters:
    """What single letters in labels are.

    `indices` count entries; `layered` are those that stand in arithmetic such as `l-1`, or above in brackets: they
    count whole quantities; `fixed` are constants, such as the last layer L or the class y, with a number for each.
    `count`: how many layers or steps there are. `zeros`: forms of the first of many quantities, which are set to zero.
    `from_zero`: letters for steps that begin with step 0.
    `is_known`: whether a quantity has its value from elsewhere, so that no line defines it. `entry_of`: of which
    such quantity a name without the layer may be an entry.
    """

    indices: set[str] = field(default_factory=set)
    layered: set[str] = field(default_factory=set)
    fixed: dict[str, int] = field(default_factory=dict)
    count: int = LAYERS
    zeros: set[object] = field(default_factory=set)
    from_zero: set[str] = field(default_factory=set)
    is_known: Callable[[Symbol], bool] = lambda _: False
    entry_of: Callable[[Symbol], Symbol | None] = lambda _: None

    @property
    def steps(self) -> frozenset[str]:
        """The letters that count steps in time, rather than layers."""
        return frozenset(self.layered - {"l", r"\ell"})

    def is_index(self, text: str) -> bool:
        """Whether a label is index arithmetic: `i`, `jk`, `t-1`, `3`."""
        if not _INDEX.fullmatch(text):
            return False
        known = self.indices | self.layered | set(self.fixed)
        return all(letter in known for letter in _LETTER.findall(text)) and not (
            text.isalpha() and text in ("new", "old")
        )

    def is_layered(self, text: str) -> bool:
        """Whether a label holds a letter that counts layers or steps."""
        return any(letter in self.layered for letter in _LETTER.findall(text))


def trees_of(statements: Iterable[Statement]) -> Iterator[Node]:
    """All sides that were read."""
    return (side.node for statement in statements for side in statement.sides if side.node is not None)


def is_number(node: Node | None) -> bool:
    """Whether a side is one printed number."""
    return isinstance(node, Number)


def letters_of(
    statements: Sequence[Statement], count: int = LAYERS, constants: Mapping[str, int] | None = None
) -> Letters:
    """The index letters of some statements, with so many layers or steps; `constants`: letters that have a number."""
    out = Letters(count=count)
    names: set[str] = set()
    defined: set[str] = set()
    labelled: dict[str, set[str]] = {}
    pairs: list[tuple[str, str]] = []
    for node in (below for tree in trees_of(statements) for below in walk(tree)):
        if isinstance(node, Big):
            out.indices.add(node.index)
        elif isinstance(node, Derivative):
            names |= {part.name for part in (node.of, node.by) if isinstance(part, Symbol)}
        elif isinstance(node, Comparison) and node.operator in ("==", "!="):
            if isinstance(node.left, Symbol) and isinstance(node.right, Symbol):
                pairs.append((node.left.name, node.right.name))
        elif isinstance(node, Symbol | Entry):
            labels = (*node.sub, *node.sup) if isinstance(node, Symbol) else node.labels
            if isinstance(node, Symbol):
                if node.sub or node.sup or len(node.name) > 1:
                    names.add(node.name)
                if node.name == r"\delta" and not node.sup:
                    letters = [letter for label in node.sub for letter in _LETTER.findall(label.text)]
                    pairs += [(letters[0], letters[1])] if len(letters) == 2 else []
            for label in labels:
                _look(label, node, out, labelled)
    for statement in statements:
        first = statement.sides[0].node
        if isinstance(first, Symbol) and len(statement.sides) > 1 and not is_number(statement.sides[1].node):
            names.add(first.name)
            defined |= {first.name} if not (first.sub or first.sup) else set()
    conditions = [c for statement in statements for c in statement.conditions]
    out.indices |= {c.left for c in conditions if c.operator == "==" and (c.high or c.right.isdigit())}
    pairs += [(c.left, c.right) for c in conditions if not c.high and c.operator in ("==", "!=")]
    compared = {letter for pair in pairs for letter in pair}
    for letter, bases in labelled.items():
        if letter in _USUAL and letter not in names and (len(bases) > 1 or letter in compared):
            out.indices.add(letter)
    out.indices -= {name for name in names if name in defined}
    out.indices |= out.layered
    for node in (below for tree in trees_of(statements) for below in walk(tree)):
        for label in (*node.sub,) if isinstance(node, Symbol) else node.labels if isinstance(node, Entry) else ():
            if isinstance(node, Symbol) and node.name == r"\delta":
                continue
            pair = _LETTER.findall(label.text) if label.text.isalpha() and len(label.text) == 2 else []
            if len(set(pair) & out.indices) == 1:
                out.indices |= {letter for letter in pair if letter.islower() and letter not in names}
    for one, another in pairs:
        for letter, other in ((one, another), (another, one)):
            if other in out.indices and letter not in out.indices and len(letter) == 1 and letter.isalpha():
                out.fixed[letter] = 2
    ones = _of_one_example(statements, out)
    out.indices -= {letter for letter in ones if not _is_one_of_many(letter, statements)}
    for letter in sorted({*(ones & out.indices), *_named_entries(statements, out, names)}):
        out.indices.discard(letter)
        out.fixed.setdefault(letter, next(n for n in (2, 1, 3, 4, 5, 6) if n == 6 or n not in out.fixed.values()))
    for last, counted in _LAST.items():
        if last in labelled and counted in out.layered and last not in names:
            out.fixed[last] = count
    for node in (below for tree in trees_of(statements) for below in walk(tree)):
        if isinstance(node, Big) and node.index in out.layered and node.low in ("0", "1"):
            out.from_zero |= {node.index} if node.low == "0" else set()
            last = node.high.removesuffix("-1")
            if len(last) == 1 and last.isupper() and last in labelled and last not in names:
                out.indices.discard(last)
                out.fixed[last] = count  # the last step, of which `x_N` is the state
    for letter in labelled.keys() & (constants or {}).keys():
        out.indices.discard(letter)
        out.fixed[letter] = (constants or {})[letter]
    out.zeros = set(_first_zeros(statements, out))
    return out


def _first_zeros(statements: Sequence[Statement], letters: Letters) -> Iterator[object]:
    """`h^{(0)} = 0` beside `h^{(t)} = ...`: an array of zeros, of the shape that the others have."""
    printed = [side.node for statement in statements for side in statement.sides[:1] if isinstance(side.node, Symbol)]
    counted = {
        (symbol.name, symbol.mark)
        for symbol in printed
        if any(letters.is_layered(label.text) for label in (*symbol.sub, *symbol.sup))
    }
    for statement in statements:
        first = statement.sides[0].node if len(statement.sides) == 2 else None
        if not isinstance(first, Symbol) or statement.sides[1].node != Number("0"):
            continue
        if (first.name, first.mark) in counted and any(label.text.isdecimal() for label in (*first.sub, *first.sup)):
            yield form(first)


def binding(statement: Statement, letters: Letters) -> list[Node]:
    """The sides of a statement that were read and tell of each other's shape: a zero that stands for zeros does not."""
    sides = [side.node for side in statement.sides if side.node is not None]
    is_zero = bool(sides) and isinstance(sides[0], Symbol) and form(sides[0]) in letters.zeros
    return sides[:1] if is_zero else sides


def _of_one_example(statements: Sequence[Statement], letters: Letters) -> set[str]:
    """Letters of one user and one item: `L = e_{ui}^2` has no indices, and no sum runs over `u` and `i`."""
    summed = {node.index for tree in trees_of(statements) for node in walk(tree) if isinstance(node, Big)}
    found: set[str] = set()
    for statement in statements:
        first = statement.sides[0].node if len(statement.sides) > 1 else None
        if isinstance(first, Symbol) and not (first.sub or first.sup):
            trees = [side.node for side in statement.sides[1:]]
            if any(isinstance(tree, Symbol) or (isinstance(tree, Call) and tree.function == "set") for tree in trees):
                continue  # W = {w_ij}
            found |= set[str]().union(*(free_letters(tree, lambda _: False) for tree in trees if tree is not None))
    told = {c.left for statement in statements for c in statement.conditions}
    return {letter for letter in found & letters.indices if letter not in summed | letters.layered | told}


def _is_one_of_many(letter: str, statements: Sequence[Statement]) -> bool:
    """Whether the entries that a letter counts are also printed with other labels, or all together."""
    printed: dict[str, set[tuple[str, ...]]] = {}
    for symbol in (s for tree in trees_of(statements) for s in symbols_in(tree) if not s.sup):
        printed.setdefault(f"{symbol.mark} {symbol.name}", set()).add(tuple(label.text for label in symbol.sub))
    return any(len(ways) > 1 for ways in printed.values() if any(letter in text for way in ways for text in way))


def _named_entries(statements: Sequence[Statement], letters: Letters, names: set[str]) -> set[str]:
    """Letters of one entry: the positive key `k_p` and its score `s_p` beside `\\sum_j s_j` and `k_j`."""
    summed = {node.index for tree in trees_of(statements) for node in walk(tree) if isinstance(node, Big)}
    counted: set[str] = set()
    beside: dict[str, set[str]] = {}
    for symbol in (s for tree in trees_of(statements) for s in symbols_in(tree)):
        text = symbol.sub[0].text if len(symbol.sub) == 1 and not symbol.sup else ""
        if text in summed - letters.layered:
            counted.add(symbol.name)
        elif len(text) == 1 and text.islower() and not letters.is_index(text) and text not in names:
            beside.setdefault(text, set()).add(symbol.name)
    return {letter for letter, bases in beside.items() if len(bases & counted) > 1}


def _look(label: Label, node: Symbol | Entry, out: Letters, labelled: dict[str, set[str]]) -> None:
    text = label.text
    if not _INDEX.fullmatch(text):
        return
    letters = _LETTER.findall(text)
    if isinstance(node, Symbol) and text.isalpha() and len(text) > 1 and text in VERSIONS:
        return
    arithmetic = ("+" in text or "-" in text) and len(letters) == 1
    if arithmetic or (label.bracket and isinstance(node, Symbol) and label in node.sup and len(letters) == 1):
        out.layered |= {letter for letter in letters if letter not in _LAST}
    for letter in letters:
        labelled.setdefault(letter, set()).add(node.name if isinstance(node, Symbol) else "")


@dataclass
class Family:
    """All symbols of one name: how many labels count entries, and how it is used.

    `letters`: the most labels with index letters; `digits`: the tuples of digits that occur as labels; `bare`: whether
    it occurs with no label that counts.
    """

    name: str
    mark: str
    letters: int = 0
    digits: set[tuple[int, ...]] = field(default_factory=set)
    bare: bool = False
    layer_below: bool = False
    defined_digits: bool = False
    defined_letters: bool = False

    @property
    def counts_digits(self) -> bool:
        """Whether digits below are entries of one array, rather than part of a name."""
        if self.defined_digits and not self.defined_letters:
            return False
        if any(0 in digits for digits in self.digits):
            return False
        if self.names_digits:
            return False
        return bool(self.letters or (self.bare and self.digits))

    @property
    def names_digits(self) -> bool:
        """Whether digits below are names that do not start at one: the nodes P_5, P_6, P_7."""
        return len(self.digits) > 1 and min(min(digits) for digits in self.digits) > 1 and self.letters <= 1

    @property
    def axes(self) -> int:
        """How many axes its labels count."""
        if self.names_digits or (self.defined_digits and not self.defined_letters and self.letters):
            return 0
        most = max((len(d) for d in self.digits), default=0) if self.counts_digits else 0
        return max(self.letters, most)


@dataclass(frozen=True)
class Split:
    """A symbol taken apart: the quantity with its layers still as printed, and the labels that count its entries."""

    head: Symbol
    axes: tuple[str, ...]


FamilyKey = tuple[str, str, tuple[str, ...], tuple[str, ...], int]


class Families:
    """The families of a note's symbols, and symbols taken apart by them."""

    def __init__(self, letters: Letters) -> None:
        self.letters = letters
        self.kronecker = True
        self._splits: dict[int, tuple[Symbol, Split]] = {}
        self.known: dict[FamilyKey, Family] = {}

    def add(self, symbol: Symbol, *, defines: bool = False) -> None:
        """Count one use of a symbol."""
        if self.is_kronecker(symbol):
            return
        self._splits.clear()
        family = self.known.setdefault(self._key(symbol), Family(symbol.name, symbol.mark))
        counting = self._counting(symbol)
        by_rows = defines and counting[:1] and counting[0].isdecimal() and not all(map(str.isdecimal, counting))
        if by_rows or (counting and self.letters.is_layered(counting[0])):  # `a_{1,k} = ...`, then `a_{2,k} = ...`
            family.layer_below = True
            counting = counting[1:]
        elif family.layer_below:
            counting = counting[1:]
        if not counting:
            family.bare = True
        elif all(text.isdecimal() for text in counting):
            family.digits.add(tuple(map(int, counting)))
            family.defined_digits |= defines
        else:
            family.letters = max(family.letters, len(counting))
            family.defined_letters |= defines

    def begin_anew(self) -> None:
        """Forget all uses but which labels count layers."""
        self._splits.clear()
        self.known = {k: Family(f.name, f.mark, layer_below=f.layer_below) for k, f in self.known.items()}

    def is_kronecker(self, symbol: Symbol) -> bool:
        """Whether a symbol is Kronecker's delta."""
        return (
            self.kronecker
            and symbol.name == r"\delta"
            and not symbol.sup
            and len(self._counting(symbol)) == 2
            and len(symbol.sub) == len([x for x in symbol.sub if self.letters.is_index(x.text)])
        )

    def counts_steps(self, name: str) -> bool:
        """Whether the one label of a name counts steps or layers, each of which is a quantity of its own."""
        found = [family for key, family in self.known.items() if key[:3] == (name, "", ())]
        return any(family.layer_below for family in found) and all(family.axes == 0 for family in found)

    def of(self, symbol: Symbol) -> Family | None:
        """The family of a symbol."""
        return self.known.get(self._key(symbol))

    def split(self, symbol: Symbol) -> Split:
        """A symbol taken apart."""
        known = self._splits.get(id(symbol))
        if known is not None and known[0] is symbol:
            return known[1]
        split = self._split(symbol)
        self._splits[id(symbol)] = symbol, split
        return split

    def _split(self, symbol: Symbol) -> Split:
        family = self.of(symbol)
        names = [label for label in symbol.sub if not self.letters.is_index(label.text)]
        counting = self._counting(symbol)
        whole = replace(symbol, sub=tuple(names))
        if counting and not self.letters.is_known(symbol) and self.letters.is_known(whole):
            return Split(whole, tuple(counting))
        if counting and (last := self.letters.entry_of(symbol)) is not None:
            return Split(last, tuple(counting))
        layer = counting[:1] if family is not None and family.layer_below else []
        axes = counting[len(layer) :]
        if family is not None and not family.counts_digits:
            named = family.names_digits or (family.defined_digits and not family.defined_letters)
            if named or all(text.isdecimal() for text in axes):
                layer, axes = [*layer, *axes], []
        return Split(replace(symbol, sub=(*names, *map(Label, layer))), tuple(axes))

    def _counting(self, symbol: Symbol) -> list[str]:
        """The labels below that are index arithmetic, one for each letter or digit of `ij`."""
        out: list[str] = []
        for label in symbol.sub:
            if self.letters.is_index(label.text):
                text = label.text
                alone = "+" in text or "-" in text or text == r"\ell"
                out += [text] if alone else re.findall(r"\\ell|.", text)
        return out

    def _key(self, symbol: Symbol) -> FamilyKey:
        names = tuple(label.text for label in symbol.sub if not self.letters.is_index(label.text))
        above = tuple(label.text for label in symbol.sup if not self.letters.is_index(label.text))
        return symbol.name, symbol.mark, names, above, len(symbol.sup)


def symbols_in(node: Node) -> Iterator[Symbol]:
    """The symbols of a tree, and the names of the functions that a note defines itself; no Euler's number."""
    eulers = {
        id(below.base)
        for below in walk(node)
        if isinstance(below, Power)
        and isinstance(below.base, Symbol)
        and below.base.name == "e"
        and not below.base.sub
        and not isinstance(below.exponent, Number)
    }
    for below in walk(node):
        if id(below) in eulers:
            continue
        if isinstance(below, Symbol):
            yield below
        elif isinstance(below, Call) and below.name is not None:
            yield below.name
