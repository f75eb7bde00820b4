"""From a printed symbol to a place in the truth: a quantity, or an entry of one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TypeAlias

from gradproof.audit.reading.names import plain
from gradproof.audit.reading.tree import Labels, Symbol
from gradproof.audit.values.indices import Assignment, index_value, labels_with, put_in
from gradproof.audit.values.provider import STEPPED, Array, NotAvailable, Provider

Index: TypeAlias = tuple[int | slice, ...]
OLD = frozenset({"old", "t", "k", "n", "prev"})
NEW = frozenset({"new", "t+1", "k+1", "n+1", "next", "+"})
_ALL = frozenset({":", "*", r"\cdot", r"\bullet", "."})


@dataclass(frozen=True, slots=True)
class Place:
    """A quantity, and which entries of it (all where `index` is empty); `note` where the name was not exact."""

    key: str
    index: Index = ()
    note: str = ""


def find(provider: Provider, symbol: Symbol, values: Assignment) -> Place | None:
    """The place that a symbol means, its index letters replaced by their values; None where nothing is declared."""
    concrete = put_in(symbol, values)
    bound = provider.names.resolve(concrete)
    if bound is not None:
        return Place(bound.key, (), bound.note)
    if concrete != symbol and (named := provider.names.resolve(symbol)) is not None and not named.note:
        return Place(named.key)  # the label of `\sigma_n` is a name, though n is a length as well
    return _old_value(provider, concrete) or _entry(provider, concrete)


def parameter_of(provider: Provider, symbol: Symbol, values: Assignment) -> tuple[Place, bool] | None:
    """The parameter that a symbol means, and whether it is marked as its new value (`W^{new}`, `W_{t+1}`)."""
    plainly = find(provider, symbol, values)
    if plainly is not None:
        return (plainly, False) if provider.role(plainly.key) in STEPPED else None
    for stripped in _without(put_in(symbol, values), NEW):
        place = find(provider, stripped, {})
        if place is not None and provider.role(place.key) in STEPPED:
            return place, True
    return None


def is_kronecker(provider: Provider, symbol: Symbol) -> bool:
    """Whether a symbol is Kronecker's `\\delta_{ij}`: two labels, in a document that declares no `\\delta`."""
    if symbol.name != r"\delta" or len(_pair(symbol)) != 2:
        return False
    told = provider.names.kronecker
    return not provider.names.knows_base(symbol.name) if told is None else told


def kronecker(provider: Provider, symbol: Symbol, values: Assignment) -> int | None:
    """1 or 0, whether the two labels of a Kronecker delta are equal; None where a label has no value, or for others."""
    if not is_kronecker(provider, symbol):
        return None
    first, second = (index_value(text, values) for text in _pair(symbol))
    return None if first is None or second is None else int(first == second)


def _pair(symbol: Symbol) -> list[str]:
    """The labels of `\\delta_{ij}` or `\\delta_{i,j}`, one by one."""
    if symbol.sup or symbol.mark:
        return []
    texts = [label.text for label in symbol.sub]
    return list(texts[0]) if len(texts) == 1 and len(texts[0]) == 2 and texts[0].isalnum() else texts


def value_at(provider: Provider, place: Place) -> Array:
    """The value at a place; raises `NotAvailable` where the provider has none."""
    value = provider.value(place.key)
    return value[place.index] if place.index else value


def updated_at(provider: Provider, place: Place) -> Array:
    """The new value of a parameter; raises `NotAvailable` where the provider has none."""
    value = provider.updated(place.key)
    return value[place.index] if place.index else value


def derivative_at(provider: Provider, of: Place, by: Place) -> Array:
    """The derivative of one place by another, shape of the first followed by shape of the second."""
    derivative = provider.derivative(of.key, by.key)
    if not (of.index or by.index):
        return derivative
    axes = len(derivative.shape)
    by_axes = len(provider.value(by.key).shape)
    whole = (slice(None),) * axes
    above = of.index or whole[: axes - by_axes]
    below = by.index or whole[:by_axes]
    return derivative[(*above, *below)]


def entries(labels: Labels, values: Assignment, shape: tuple[int, ...]) -> Index | None:
    """Labels as an index from 0 into a shape; None where they are no whole numbers in it."""
    texts = [label.text for label in labels_with(labels, values)]
    if len(texts) == 1 and len(shape) == len(texts[0]) > 1 and texts[0].isdecimal():
        texts = list(texts[0])  # W_{12}
    while len(texts) > len(shape) and texts[0] in _ALL:
        texts = texts[1:]  # the last axis of a quantity with one index
    if len(texts) > len(shape):
        return None
    index: list[int | slice] = []
    for text, length in zip(texts, shape, strict=False):
        if text in _ALL:
            index.append(slice(None))
        elif text.isdecimal() and len(text) < 9 and 1 <= int(text) <= length:
            index.append(int(text) - 1)
        else:
            return None
    return tuple(index)


def _entry(provider: Provider, symbol: Symbol) -> Place | None:
    """`z_2`, `W_{ij}`, `W_{1,ij}`: entries of a quantity that is declared without the last labels."""
    for kept in range(len(symbol.sub) - 1, -1, -1):
        bound = provider.names.resolve(replace(symbol, sub=symbol.sub[:kept]))
        if bound is None:
            continue
        try:
            shape = provider.value(bound.key).shape
        except NotAvailable:
            continue
        index = entries(symbol.sub[kept:], {}, shape)
        if index is not None:
            note = f"{plain(symbol)} is one row of its quantity" if len(index) < len(shape) else ""
            return Place(bound.key, index, bound.note or note)
    return None


def _old_value(provider: Provider, symbol: Symbol) -> Place | None:
    """`W^{old}`, `W_t`: the value of a parameter before the step."""
    entries: frozenset[str] = getattr(provider, "running", frozenset()) - getattr(provider, "counting", frozenset())
    for stripped in _without(symbol, OLD - entries):
        bound = provider.names.resolve(stripped)
        if bound and provider.role(bound.key) in STEPPED:
            return Place(bound.key, (), bound.note)
    return None


def _without(symbol: Symbol, marks: frozenset[str]) -> Iterator[Symbol]:
    """The symbol without a label that is one of the marks, above or below."""
    if symbol.sup and symbol.sup[-1].text in marks:
        yield replace(symbol, sup=symbol.sup[:-1])
    if symbol.sub and symbol.sub[-1].text in marks:
        yield replace(symbol, sub=symbol.sub[:-1])
