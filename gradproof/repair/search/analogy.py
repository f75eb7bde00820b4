"""Right equations of the same kind, written for another quantity: dLoss_dW36 as dLoss_dW37, dLoss_dzi as dLoss_dzf."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping

from gradproof.repair.formulas.formula import Formula, Name, transform
from gradproof.repair.formulas.names import difference, family

_Rename = Callable[[str], str]


def analogies(name: str, right: Mapping[str, Formula], known: Collection[str]) -> Iterator[Formula]:
    """The formulas of siblings, written for this equation.

    Args:
        name: The equation's name.
        right: Formulas of right equations, without local names, by the equations' names.
        known: All quantities.

    Yields:
        The formula of each with the names exchanged.
    """
    known = frozenset(known)
    for sibling, formula in right.items():
        rename = _renaming(sibling, name, known)
        if rename is not None:
            yield _renamed(formula, rename)


def _renamed(formula: Formula, rename: _Rename) -> Formula:
    return transform(formula, lambda node: Name(rename(node.id)) if isinstance(node, Name) else None)


def _renaming(sibling: str, name: str, known: Collection[str]) -> _Rename | None:
    if sibling == name:
        return None
    if family(sibling) == family(name):
        exchange = _exchange(sibling, name)
        return None if exchange is None else lambda other: other.translate(exchange)
    old, new = difference(sibling, name)
    if not old or not new or len(old) > 2 or len(new) > 2:
        return None

    def rename(other: str) -> str:
        place = other.rfind(old)
        renamed = other[:place] + new + other[place + len(old) :]
        return renamed if place >= 0 and renamed in known else other

    return rename


def _exchange(sibling: str, name: str) -> dict[int, str] | None:
    """Which digits are exchanged between two names of one family; None if they are not exchanged consistently."""
    exchange: dict[str, str] = {}
    for old, new in zip(sibling, name, strict=True):
        if old.isdigit() and exchange.setdefault(old, new) != new:
            return None
    for old, new in list(exchange.items()):
        exchange.setdefault(new, old)
    return str.maketrans(exchange)
