"""What an edit may put in at a place of a function's body: its names, its entries, and other quantities."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import permutations

from gradproof.repair.code.source import Source
from gradproof.repair.formulas.names import UPDATED, family

MOST_ENTRIES = 24
LONGEST_FRAGMENT = 60
MOST_FRAGMENTS = 40
_JOINING = (ast.Mult, ast.Div, ast.MatMult, ast.Sub, ast.Pow)
_WORD = re.compile(r"[A-Za-z_]\w*")


@dataclass(frozen=True)
class Atom:
    """A short text that stands for a value.

    Attributes:
        text: The text.
        bits: What it costs to write it.
        names: The names that it reads.
    """

    text: str
    bits: float
    names: tuple[str, ...]


@dataclass(frozen=True)
class Scope:
    """What the body of a function can name.

    Attributes:
        source: The function.
        quantities: Other quantities that it may read, with the number of their axes.
        axes: Parameter -> the number of its axes, where that is known.
        numbers: Names of numbers that the module holds.
        ahead: Updated quantity -> its own formula taken from the updated value: one more step, with what it reads.
    """

    source: Source
    quantities: Mapping[str, int]
    axes: Mapping[str, int]
    numbers: tuple[str, ...] = ()
    ahead: Mapping[str, Atom] = field(default_factory=dict)

    @cached_property
    def parameters(self) -> tuple[str, ...]:
        """The parameters."""
        return tuple(argument.arg for argument in self.source.function.args.args)

    @cached_property
    def first_line(self) -> Mapping[str, int]:
        """Local name -> the line from which on it means something."""
        found: dict[str, int] = {}
        for node in ast.walk(self.source.function):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                found[node.id] = min(found.get(node.id, node.lineno), node.lineno)
        return found

    @cached_property
    def indices(self) -> tuple[str, ...]:
        """Names that stand alone in some subscript or count a loop."""
        found: dict[str, None] = {}
        for node in ast.walk(self.source.function):
            if isinstance(node, ast.For) and isinstance(node.target, ast.Name):
                found[node.target.id] = None
            if isinstance(node, ast.Subscript):
                found |= {part.id: None for part in ast.walk(node.slice) if isinstance(part, ast.Name)}
        return tuple(found)

    @cached_property
    def entries(self) -> tuple[ast.Subscript, ...]:
        """The entries that the body reads, each text once."""
        found = {
            self.source.of_node(node): node
            for node in ast.walk(self.source.function)
            if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name)
        }
        return tuple(found.values())[:MOST_ENTRIES]

    @cached_property
    def masks(self) -> tuple[str, ...]:
        """Comparisons that the body makes, each text once."""
        nodes = (node for node in ast.walk(self.source.function) if isinstance(node, ast.Compare))
        return tuple(dict.fromkeys(self.source.of_node(node) for node in nodes))

    @cached_property
    def is_exponentiated(self) -> bool:
        """Whether the body takes exponentials by NumPy, as a softmax does."""
        return "np.exp(" in self.source.text

    @cached_property
    def unused(self) -> tuple[str, ...]:
        """Local names that are computed but never read."""
        read = {n.id for n in ast.walk(self.source.function) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
        return tuple(name for name in self.first_line if name not in read and not name.startswith("_"))

    @cached_property
    def fragments(self) -> tuple[Atom, ...]:
        """Products, calls and differences of the body, as they are and with the indices of their names exchanged."""
        found: dict[str, Atom] = {}
        for node in ast.walk(self.source.function):
            if isinstance(node, ast.Call) or (isinstance(node, ast.BinOp) and isinstance(node.op, _JOINING)):
                text = self.source.of_node(node)
                for other, names in self._renamed(text, node) if len(text) <= LONGEST_FRAGMENT else ():
                    grouped = f"({other})" if isinstance(node, ast.BinOp) else other
                    found.setdefault(grouped, Atom(grouped, 1.5 if other == text else 2.0, names))
        return tuple(list(found.values())[:MOST_FRAGMENTS])

    def _renamed(self, text: str, node: ast.expr) -> Iterator[tuple[str, tuple[str, ...]]]:
        known = (*self.parameters, *self.first_line, *self.quantities)
        own = tuple(name for name in _names(node) if name in known)
        yield text, own
        for first in own:
            for other in known:
                pair = _one_character(first, other)
                if pair is not None:
                    renamed = {name: _exchanged(name, pair, known) for name in own} | {first: other}
                    yield substituted_names(text, renamed), tuple(renamed.values())

    def names(self, line: int) -> tuple[str, ...]:
        """The names that mean something at a line: parameters, then local names."""
        local = (name for name, first in self.first_line.items() if first <= line)
        return tuple(dict.fromkeys((*self.parameters, *local)))

    def atoms(self, line: int) -> tuple[Atom, ...]:
        """Names, entries and other quantities, what is at hand first."""
        here = self.names(line)
        found = [Atom(name, 1.0, (name,)) for name in here]
        found += [Atom(self.source.of_node(node), 1.0, _names(node)) for node in self._entries(here)]
        arrays = [name for name in (*here, *self.quantities) if self.axes.get(name, self.quantities.get(name, 0)) > 0]
        subscripts = dict.fromkeys(self.source.of_node(node.slice) for node in self._entries(here))
        for name in dict.fromkeys(arrays):
            for subscript in list(subscripts)[:4]:
                text = f"{name}[{subscript}]"
                found.append(Atom(text, 2.5, _names(ast.parse(text))))
        found += self._by_loops(here, arrays)
        found += [Atom(name, 2.0, ()) for name in self.numbers if name not in here]
        found += [Atom(name, 2.0, (name,)) for name in self.quantities if name not in here]
        return tuple({atom.text: atom for atom in reversed(found)}.values())[::-1]

    def _by_loops(self, here: Iterable[str], arrays: Iterable[str]) -> list[Atom]:
        """Entries of arrays at the indices of the loops."""
        counts = [name for name in self.indices if name in here][:3]
        axes = {name: self.axes.get(name, self.quantities.get(name, 0)) for name in arrays}
        return [
            Atom(f"{name}[{', '.join(chosen)}]", 2.5, (name, *chosen))
            for name, count in axes.items()
            if count in (1, 2)
            for chosen in permutations(counts, count)
        ]

    def _entries(self, here: Iterable[str]) -> list[ast.Subscript]:
        known = frozenset(here)
        return [node for node in self.entries if known.issuperset(_names(node))]


def _one_character(first: str, other: str) -> tuple[str, str] | None:
    """The one character in which two names differ, in either."""
    if first == other or len(first) != len(other):
        return None
    pairs = [(a, b) for a, b in zip(first, other, strict=True) if a != b]
    return pairs[0] if len(pairs) == 1 else None


def _exchanged(name: str, pair: tuple[str, str], known: Iterable[str]) -> str:
    """The name with one character for another, if there is such a name."""
    old, new = pair
    other = name.replace(old.lower(), new.lower()).replace(old.upper(), new.upper())
    return other if other in known else name


def substituted_names(text: str, names: Mapping[str, str]) -> str:
    """A text with other names."""
    return _WORD.sub(lambda word: names.get(word[0], word[0]), text)


def _names(node: ast.AST) -> tuple[str, ...]:
    return tuple(dict.fromkeys(part.id for part in ast.walk(node) if isinstance(part, ast.Name)))


def confusion(written: str, meant: str) -> float:
    """Bits for writing one name for another: a wrong index or an updated value is likelier than any other."""
    if family(written) == family(meant) or written.removesuffix(UPDATED) == meant.removesuffix(UPDATED):
        return 1.0
    short = min(len(written), len(meant))
    common = next((k for k in range(short) if written[k] != meant[k]), short)
    return 2.0 if common * 2 >= short else 2.5
