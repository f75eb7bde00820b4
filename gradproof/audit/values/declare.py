"""Names of a document from the symbols of a reference: `W35` is printed `W_{35}` unless said otherwise."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction

from gradproof.audit.printing.latex import latex
from gradproof.audit.reading.lexing.functions import OWN
from gradproof.audit.reading.limits import Limits
from gradproof.audit.reading.names import Names
from gradproof.audit.reading.read import read_formula
from gradproof.audit.reading.tree import Label, Symbol
from gradproof.audit.reading.vocabulary import FUNCTIONS, GREEK, WORDS
from gradproof.errors import GradproofError

_RUN = re.compile(r"\\[A-Za-z]+|[A-Za-z]{2,}")
_PLAIN_LABEL_ABOVE = re.compile(r"\^\{?[A-Za-z0-9]")
_PARTS = re.compile(r"([A-Za-z]+?)_?([0-9]+)?$")


def declare(
    symbols: Iterable[str],
    *,
    written: Mapping[str, str | Sequence[str]] | None = None,
    functions: Mapping[str, str] | None = None,
    indices: Mapping[str, Sequence[int]] | None = None,
    constants: Mapping[str, int | float | Fraction] | None = None,
) -> Names:
    """The names that a reader of the document needs.

    `symbols`: the reference's symbols (`W35`, `Loss`, `eta`). `written`: how the document writes one, in LaTeX,
    where that is not `printed(symbol)`: `{"W1": "W^{(1)}"}`; several ways are a list. `functions`: names of
    functions in the document (`{r"\\sigma": "sigmoid"}`). `indices`: values of index letters. `constants`:
    numbers behind symbols (`{"N": 5}`). Raises `GradproofError` for a name that is no symbol.
    """
    ways: list[tuple[str, str]] = []
    written = written or {}
    symbols = list(symbols)
    if strange := sorted(set(written) - set(symbols)):
        raise GradproofError(
            f"'{strange[0]}' is given a printed name, but is no symbol; the symbols are {', '.join(symbols)}"
        )
    for symbol in symbols:
        given = written.get(symbol)
        texts = [latex(printed(symbol))] if given is None else [given] if isinstance(given, str) else given
        ways += [(text, symbol) for text in texts]
    numbers = {text: Fraction(value) for text, value in (constants or {}).items()}
    quantities = tuple((read_symbol(text), key) for text, key in ways)
    words = {run.lower() for text in (*(t for t, _ in ways), *numbers) for run in _runs(text)}
    raised = {read_symbol(t).name for t, _ in ways if _PLAIN_LABEL_ABOVE.search(t) and read_symbol(t).sup}
    return Names(
        quantities,
        _known_functions(functions or {}),
        {letter: tuple(values) for letter, values in (indices or {}).items()},
        tuple((read_symbol(text), number) for text, number in numbers.items()),
        WORDS | words,
        frozenset(raised),
    )


def printed(symbol: str) -> Symbol:
    """How a symbol of a reference is printed: `W35` as `W_{35}`, `eta` as `\\eta`, `W35_new` as `W_{35}^{new}`."""
    base, _, new = symbol.partition("_new")
    match = _PARTS.match(base)
    if match is None or new:
        return Symbol(symbol)
    name, digits = match.groups()
    name = f"\\{name}" if f"\\{name}" in GREEK else name
    return Symbol(name, (Label(digits),) if digits else (), (Label("new"),) if "_new" in symbol else ())


def is_printable(symbol: str) -> bool:
    """Whether a symbol of a reference has a usual printed form: not `dLoss_dY`, which is printed as a derivative."""
    return _PARTS.match(symbol.removesuffix("_new")) is not None


def read_symbol(text: str) -> Symbol:
    """The one symbol that a LaTeX text prints; raises `GradproofError` for anything else."""
    raised = text.partition("^")[0].strip("{} ") if _PLAIN_LABEL_ABOVE.search(text) else ""
    names = Names(words=WORDS | frozenset(_runs(text)), raised=frozenset({raised}))
    statement = read_formula(text, names, Limits(statement_tokens=60))
    side = statement.sides[0] if len(statement.sides) == 1 else None
    if side is None or not isinstance(side.node, Symbol):
        why = side.problem.reason if side and side.problem else "it is a formula"
        raise GradproofError(
            f"'{text}' cannot be the printed name of a quantity: {why}. "
            "Allowed is one symbol with its scripts, such as 'W_{35}' or 'W^{(1)}'"
        )
    return side.node


def _runs(text: str) -> list[str]:
    """Runs of letters that a declared name takes as words, lower case, commands and labels left out."""
    head = re.split(r"[_^]", text, maxsplit=1)[0]
    return [run.lower() for run in _RUN.findall(head) if run[0] != "\\"]


def _known_functions(functions: Mapping[str, str]) -> dict[str, str]:
    for name, function in functions.items():
        if function not in FUNCTIONS.values() and function != OWN:
            raise GradproofError(
                f"'{name}' is declared as the function '{function}', which is not known; "
                f"known are {', '.join(sorted(set(FUNCTIONS.values())))}"
            )
    return dict(functions)
