"""What the print of a note tells about its names before anything is read: words, functions, labels above."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from gradproof.audit.reading.lexing.functions import OWN
from gradproof.audit.reading.limits import Budget, Limits
from gradproof.audit.reading.macros import definitions, expand
from gradproof.audit.reading.read import tokens_of
from gradproof.audit.reading.rows import statements
from gradproof.audit.reading.scan import Flavour, blocks
from gradproof.audit.reading.tidy import tidy
from gradproof.audit.reading.tokens import Token
from gradproof.audit.reading.vocabulary import FUNCTIONS, GREEK, RELATIONS, STYLES, TRANSPOSES, WORDS

_LAYERS = frozenset({"l", r"\ell", "L"})
_PARAMETERS = frozenset({";", ",", "|", r"\mid", r"\|"})
_USUAL_FUNCTIONS = frozenset({"f", "g", "h", "S", r"\sigma", r"\phi", r"\varphi", r"\psi"})


@dataclass
class Learned:
    """Words of several letters, names of functions, and names of which a plain superscript is a label."""

    words: set[str] = field(default_factory=set)
    functions: dict[str, str] = field(default_factory=dict)
    raised: set[str] = field(default_factory=set)
    arguments: dict[str, str] = field(default_factory=dict)
    superscripts: dict[str, frozenset[str]] = field(default_factory=dict)
    factors: set[str] = field(default_factory=set)
    labelled: set[str] = field(default_factory=set)  # functions that are defined with a label: `h_\theta(x)`
    turns: bool = False


_TURNED = re.compile(r"(?i)\bprimes?\b[^.\n]{0,30}\btranspos|\btranspos\w{0,8}\b[^.\n]{0,40}\bprime")
_PRIMED = re.compile(
    r"(?<![A-Za-z\\])(?:[A-Z]|[a-z]_\{?[a-z]\}?|\\(?:mathbf|boldsymbol|bm)\s?\{\s?\\?[A-Za-z]{1,8}\s?\}|\\[a-z]{2,8})"
    r"'\s{0,2}(?:\\,)?\s{0,2}(?=[A-Za-z(\\])(?!\\(?:cdot|times|odot|right|in|to|approx|le|ge|sim|end|text|q?quad)\b|\\[)\]])"
)
_TRANSPOSED = re.compile(r"\^\s?\{?\s?(?:\\top|\\intercal|T\b|\\mathsf\s?\{?\s?T|\\mathrm\s?\{?\s?T)")
_BEHIND_BRACKET = re.compile(r"[)\]]'\s?(?=[A-Za-z(\\])")
_FEWEST = 3


def turns_by_primes(text: str) -> bool:
    """Whether a prime is a transpose: the note says so, or it prints no other transpose and products such as `x_i' b`.

    A prime of a function, `f'(x)`, stands behind a small letter or a command, and before a bracket.
    """
    if _TURNED.search(text):
        return True
    if _TRANSPOSED.search(text):
        return False
    if _BEHIND_BRACKET.search(text):
        return True
    found = [m for m in _PRIMED.finditer(text) if text[m.end()] != "(" or m[0][0].isupper()]
    return len(found) >= _FEWEST


def learned(text: str, flavour: Flavour | None, limits: Limits) -> Learned:
    """Look through the tokens of all maths of a note."""
    macros = definitions(text, limits)
    budget, spent = Budget(limits.macro_tokens), Budget(limits.document_tokens)
    out, uses = Learned(), _Uses()
    for block in blocks(text, flavour, limits):
        raw = expand(tokens_of(text, block, limits), macros, budget)
        if block.problem or not spent.spend(len(raw)):
            continue
        tokens, _ = tidy(raw)
        if len(tokens) > 1:  # "the logistic $\sigma$" says nothing of how it is used
            uses.look(tokens)
        for piece in statements(tokens):
            _left_side(piece.row, out)
            uses.left_side(piece.row)
    for name, by in uses.gradients.items():
        if len(by) == 1:
            out.arguments.setdefault(name, *by)
    out.turns = turns_by_primes(text)
    out.words |= uses.words
    out.raised |= uses.raised()
    numbers = uses.bare()
    for name, above in uses.superscripts.items():
        if labels := frozenset(text for text in above if text not in TRANSPOSES or text in numbers):
            out.superscripts[name] = labels
    out.factors = {name for name in set(out.functions) - out.labelled if uses.labelled[name] >= _FEWEST}
    for name in uses.functions(primed=not out.turns) - set(out.functions):
        out.functions[name] = OWN
    return out


def _left_side(row: Sequence[Token], out: Learned) -> None:
    """`f(x) =` makes f a function, `Loss =` or `dZ^{[2]} =` a word of a run of letters."""
    end = next((at for at, token in enumerate(row) if token.text in RELATIONS), len(row))
    side = list(row[:end])
    name, behind = _name_at(side, 0)
    if not name:
        return
    if behind == len(side) and len(name) > 1 and name.isalpha() and name.lower() not in FUNCTIONS:
        out.words.add(name)
    if behind < len(side) and side[behind].text == "'":
        while behind < len(side) and side[behind].text == "'":
            behind += 1
    if name.lower() in FUNCTIONS or name[1:] in FUNCTIONS:
        return
    if behind < len(side) and side[behind].text == "(" and side[-1].text == ")" and _are_names(side[behind + 1 : -1]):
        out.functions[name] = OWN
        out.labelled |= {name} if any(script == "_" for _, script in _scripts(row, 0)) else set()
        argument, closing = _name_at(side, behind + 1)
        if closing == len(side) - 1 and closing == _bare_end(side, behind + 1):
            out.arguments[name] = argument


def _bare_end(tokens: Sequence[Token], at: int) -> int:
    """The index behind a name without scripts."""
    return _group_end(tokens, at + 1) if tokens[at].text in STYLES else at + 1


def _are_names(tokens: Sequence[Token]) -> bool:
    at = 0
    while at < len(tokens):
        name, behind = _name_at(tokens, at)
        if not name or (behind < len(tokens) and tokens[behind].text not in _PARAMETERS):
            return False
        at = behind + 1
    return bool(tokens)


def _name_at(tokens: Sequence[Token], at: int) -> tuple[str, int]:
    """The base name of a symbol at a token and the index behind its scripts; empty for anything else."""
    if at >= len(tokens):
        return "", at
    token = tokens[at]
    if token.text in STYLES and at + 1 < len(tokens) and tokens[at + 1].text == "{":
        behind = _group_end(tokens, at + 1)
        inner = [t for t in tokens[at + 2 : behind - 1] if t.text not in STYLES and t.text not in "{}"]
        name = inner[0].text if len(inner) == 1 else ""
    elif token.kind == "letters" or token.text in GREEK:
        name, behind = token.text, at + 1
    else:
        return "", at
    return name, _behind_scripts(tokens, behind)


def _behind_scripts(tokens: Sequence[Token], at: int) -> int:
    while at + 1 < len(tokens) and tokens[at].text in ("_", "^") and tokens[at + 1].text == "{":
        at = _group_end(tokens, at + 1)
    return at


def _group_end(tokens: Sequence[Token], at: int) -> int:
    depth = 0
    for index in range(at, len(tokens)):
        depth += (tokens[index].text == "{") - (tokens[index].text == "}")
        if depth == 0:
            return index + 1
    return len(tokens)


class _Uses:
    """How names are used in all tokens: with what above, with a bracket behind, with primes, bare."""

    def __init__(self) -> None:
        self.words: set[str] = set()
        self.superscripts: dict[str, set[str]] = {}  # letters above names that stand alone on the left, with one below
        self.gradients: dict[str, set[str]] = {}  # by what each name is differentiated with a nabla
        self._alone: dict[str, set[str]] = {}  # the same without one below
        self._above: dict[str, set[str]] = {}
        self._called: Counter[str] = Counter()
        self._primed: Counter[str] = Counter()
        self._bare: Counter[str] = Counter()
        self.labelled: Counter[str] = Counter()  # bare, with a label below

    def look(self, tokens: Sequence[Token]) -> None:
        """Count the uses in the tokens of one block."""
        for at, token in enumerate(tokens):
            if token.kind == "letters" and len(token.text) > 1:
                self._run(tokens, at)
            if token.text == r"\nabla":
                self._nabla(tokens, at)
            name, behind = _name_at(tokens, at)
            if not name or (at and tokens[at - 1].text in ("{",) and token.text in STYLES):
                continue
            for start, script in _scripts(tokens, at):
                if script == "^":
                    self._above.setdefault(name, set()).add(
                        "".join(t.text for t in tokens[start + 2 : _group_end(tokens, start + 1) - 1])
                    )
            follows = tokens[behind].text if behind < len(tokens) else ""
            if follows == "'" or any("\\prime" in s or set(s) == {"'"} for s in self._above.get(name, ())):
                self._primed[name] += 1
            elif follows == "(":
                self._called[name] += 1
            else:
                self._bare[name] += 1
                self.labelled[name] += any(script == "_" for _, script in _scripts(tokens, at))

    def left_side(self, row: Sequence[Token]) -> None:
        """`a^i_t = W_i x_t`: no power is defined, so what stands above is a label."""
        end = next((at for at, token in enumerate(row) if token.text in RELATIONS), len(row))
        name, behind = _name_at(row, 0)
        scripts = list(_scripts(row, 0))
        signs = sorted(script for _, script in scripts)
        if not name or name == "e" or behind != end or signs not in (["^"], ["^", "_"]):
            return
        for start, script in scripts:
            text = "".join(t.text for t in row[start + 2 : _group_end(row, start + 1) - 1])
            if script == "^" and len(text) == 1 and text.isalpha():
                table = self.superscripts if len(signs) > 1 else self._alone
                table.setdefault(name, set()).add(text)
                if len(self._alone.get(name, ())) > 1:  # one power may be meant, but not a^z, a^r and a^h
                    self.superscripts.setdefault(name, set()).update(self._alone[name])

    def bare(self) -> set[str]:
        """Names that stand alone somewhere."""
        return set(self._bare)

    def _nabla(self, tokens: Sequence[Token], at: int) -> None:
        if at + 2 >= len(tokens) or tokens[at + 1].text != "_":
            return
        by, end = _name_at(tokens, at + 3)
        of, _ = _name_at(tokens, end + 1)
        if by and of and end == _bare_end(tokens, at + 3):
            self.gradients.setdefault(of, set()).add(by)

    def _run(self, tokens: Sequence[Token], at: int) -> None:
        """A run of letters is one word behind a differential, and where it is long and has a script."""
        run, follows = tokens[at].text, tokens[at + 1].text if at + 1 < len(tokens) else ""
        before = tokens[at - 1].text if at else ""
        if run.lower() in FUNCTIONS or run.lower() in WORDS:
            return
        ends = follows in ("}", "_", "^")
        if (before == r"\partial" and ends) or (len(run) > 2 and follows == "_"):
            self.words.add(run)
        elif run[0] == "d" and len(run) > 3 and before == "{" and ends:
            self.words.add(run[1:])

    def raised(self) -> set[str]:
        """Names that have a layer's letter above them: `w^l`, `a^{l-1}`."""
        return {name for name, above in self._above.items() if any(_is_layer(text) for text in above)}

    def functions(self, *, primed: bool = True) -> set[str]:
        """Names that are called with a prime, or that are usual for functions and stand before a bracket only.

        `primed`: whether a prime is that of a derivative.
        """
        called = {n for n in self._called if primed and self._primed[n] and not n[0].isdigit()}
        usual = {n for n in self._called if n in _USUAL_FUNCTIONS and not self._bare[n]}
        return {name for name in called | usual if name.lower().lstrip("\\") not in FUNCTIONS}


def _scripts(tokens: Sequence[Token], at: int) -> Iterator[tuple[int, str]]:
    token = tokens[at]
    behind = _group_end(tokens, at + 1) if token.text in STYLES else at + 1
    while behind + 1 < len(tokens) and tokens[behind].text in ("_", "^") and tokens[behind + 1].text == "{":
        yield behind, tokens[behind].text
        behind = _group_end(tokens, behind + 1)


def _is_layer(text: str) -> bool:
    return text in _LAYERS or (text[:-2] in _LAYERS and text[-2] in "+-" and text[-1].isdigit())
