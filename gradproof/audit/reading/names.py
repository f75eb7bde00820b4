"""What the names of a document mean: printed symbols bound to quantities, functions, indices, constants."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import NamedTuple

from gradproof.audit.reading.tree import Label, Labels, Symbol
from gradproof.audit.reading.vocabulary import CALLIGRAPHIC, WORDS

_Form = tuple[str, str, str, str]  # name, mark, labels below, labels above


class Bound(NamedTuple):
    """The quantity that a symbol means, and a note where that was not the letter of it."""

    key: str
    note: str


@dataclass(frozen=True)
class Names:
    """Printed symbols and the quantities they mean.

    `quantities`: printed symbol -> key of the quantity. `functions`: printed name of a function -> the function
    (`\\sigma` -> `sigmoid`). `indices`: index letter -> its values. `constants`: printed symbol -> number.
    Built by `gradproof.audit.values.declare`.
    """

    quantities: tuple[tuple[Symbol, str], ...] = ()
    functions: Mapping[str, str] = field(default_factory=dict)
    indices: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    constants: tuple[tuple[Symbol, Fraction], ...] = ()
    words: frozenset[str] = WORDS
    raised: frozenset[str] = frozenset()  # base names of which a plain superscript is a label: W^1
    superscripts: Mapping[str, frozenset[str]] = field(default_factory=dict)  # labels above, by base name: a^i_t
    factors: frozenset[str] = frozenset()  # functions whose labelled names are quantities: \pi_a (1 - b), \pi(a | s)
    turns: bool = False  # whether a prime is a transpose: x' b
    folds: bool = True  # whether a letter in another case is taken where only one quantity fits
    euler: bool = False  # whether `e` to the power of a formula is the exponential, also where e is a quantity
    arguments: Mapping[str, str] = field(default_factory=dict)  # what a function of one quantity is one of: `E(w)`
    kronecker: bool | None = None  # whether a delta with two labels is Kronecker's; by default where none is declared

    _exact: dict[_Form, str] = field(init=False, repr=False, compare=False)
    _alike: dict[_Form, frozenset[str]] = field(init=False, repr=False, compare=False)
    _numbers: dict[_Form, Fraction] = field(init=False, repr=False, compare=False)
    _bases: frozenset[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        alike: dict[_Form, frozenset[str]] = {}
        for symbol, key in self.quantities if self.folds else ():
            for variant in (_folded(symbol), _labels_together(symbol)):
                alike[variant] = alike.get(variant, frozenset()) | {key}
        object.__setattr__(self, "_exact", {form(symbol): key for symbol, key in self.quantities})
        object.__setattr__(self, "_alike", alike)
        object.__setattr__(self, "_numbers", {form(symbol): number for symbol, number in self.constants})
        object.__setattr__(self, "_bases", frozenset(symbol.name.lower() for symbol, _ in self.quantities))

    def resolve(self, symbol: Symbol) -> Bound | None:
        """The quantity of a symbol: by its letters, else by its letters in another case where only one fits."""
        key = self._exact.get(form(symbol))
        if key is not None:
            return Bound(key, "")
        if self.is_index(symbol):
            return None
        for variant in (_folded(symbol), _labels_together(symbol)):
            keys = self._alike.get(variant, frozenset())
            if len(keys) == 1:
                (key,) = keys
                return Bound(key, f"{plain(symbol)} is read as {plain(self.symbol(key))}")
        return None

    def constant(self, symbol: Symbol) -> Fraction | None:
        """The number that a symbol stands for, where it was declared as one."""
        return self._numbers.get(form(symbol))

    def symbol(self, key: str) -> Symbol:
        """How a quantity is printed; raises `KeyError` for one that has no printed name."""
        for symbol, known in self.quantities:
            if known == key:
                return symbol
        raise KeyError(key)

    def is_index(self, symbol: Symbol) -> bool:
        """Whether a symbol is a bare index letter, which is never another quantity in another case."""
        return symbol.name in self.indices and not (symbol.sub or symbol.sup or symbol.mark)

    def knows_base(self, name: str) -> bool:
        """Whether some quantity has this base name, in any case."""
        return name.lower() in self._bases

    def leading_word(self, run: str) -> str:
        """The longest declared word at the start of a run of letters, else its first letter."""
        longest = max(map(len, self.words), default=1)
        for length in range(min(len(run), longest), 1, -1):
            if run[:length].lower() in self.words or run[:length] in self.words:
                return run[:length]
        return run[0]

    def declared(self) -> Iterable[str]:
        """The quantities that have a printed name, in the order they were declared."""
        return dict.fromkeys(key for _, key in self.quantities)


def joined(labels: Labels) -> str:
    """Labels as one text in which `W_{3,5}` and `W_{35}` are the same."""
    if len(labels) < 2:
        return labels[0].text if labels else ""
    texts = [label.text for label in labels]
    return "".join(texts) if all(len(text) == 1 for text in texts) else ",".join(texts)


def form(symbol: Symbol) -> _Form:
    """What two printings of one quantity share."""
    return symbol.name, symbol.mark, joined(symbol.sub), joined(symbol.sup)


def _folded(symbol: Symbol) -> _Form:
    # The case of labels is never folded: they are mostly index letters.
    mark = "" if f"\\{symbol.mark}" in CALLIGRAPHIC else symbol.mark
    return symbol.name.lower(), mark, joined(symbol.sub), joined(symbol.sup)


def _labels_together(symbol: Symbol) -> _Form:
    """`W_1` and `W^{(1)}` in one form, told apart from every other by an impossible mark."""
    return symbol.name, f"{symbol.mark} any", joined(symbol.sub + symbol.sup), ""


def plain(symbol: Symbol) -> str:
    """A symbol in a message: `W_{35}`, `W^{(1)}`."""
    text = marked(symbol.mark, symbol.name)
    if symbol.sub:
        text += "_" + _script(symbol.sub)
    if symbol.sup:
        text += "^" + _script(symbol.sup)
    return text


def marked(marks: str, name: str) -> str:
    """A name under its marks, the outermost first: `\\dot{\\hat{x}}`."""
    for mark in reversed(marks.split()):
        name = f"\\{mark}{{{name}}}"
    return name


def _script(labels: Labels) -> str:
    text = ",".join(_in_bracket(label) for label in labels)
    return text if len(text) == 1 else f"{{{text}}}"


def _in_bracket(label: Label) -> str:
    return {"[": f"[{label.text}]", "(": f"({label.text})"}.get(label.bracket, label.text)
