"""Updates that a note prints, judged as a step of gradient descent on one of its own objectives."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from gradproof.arrays.trials import TrialArray
from gradproof.audit.own.draws import drawn
from gradproof.audit.own.names.families import VERSIONS, symbols_in
from gradproof.audit.own.provider import Own, lowered
from gradproof.audit.reading.limits import Budget, Limits
from gradproof.audit.reading.names import form, plain
from gradproof.audit.reading.read import Statement
from gradproof.audit.reading.tree import Call, Derivative, Symbol, walk
from gradproof.audit.values import lookup
from gradproof.audit.values.evaluate import evaluation
from gradproof.audit.values.evaluation import Unjudged
from gradproof.audit.values.forall import cases
from gradproof.audit.values.provider import Array, NotAvailable
from gradproof.audit.values.shapes import Misfit, alike
from gradproof.tolerances import OWN_PASS, Tolerance

_STEPS = 20_000
_NEAR = 90
_ASCENT = re.compile(r"(?i)\bascent\b(?!.{0,90}\bdescent\b)", re.S)  # said right before an update
_UPWARDS = ("ascent", "maximiz", "maximis", "likelihood", "reward")


@dataclass(frozen=True)
class Step:
    """What a printed update does: the new value it should give, or why that is not known."""

    key: str
    value: Array | None
    reason: str = ""
    note: str = ""


def updated_symbol(statement: Statement) -> Symbol | None:
    """The symbol that a statement gives a new value, made of its old one."""
    if len(statement.sides) < 2 or not isinstance(statement.sides[0].node, Symbol):
        return None
    first = statement.sides[0].node
    old = without_version(first)
    wanted = {form(first), form(old)}
    for side in statement.sides[1:]:
        if side.node is not None and any(form(without_version(s)) in wanted for s in symbols_in(side.node)):
            return old
    return old if form(old) != form(first) else None


def without_version(symbol: Symbol) -> Symbol:
    """A symbol without the label that says that it is the new or the old value."""
    from dataclasses import replace

    sub = tuple(label for label in symbol.sub if label.text not in VERSIONS)
    sup = tuple(label for label in symbol.sup if label.text not in VERSIONS)
    return replace(symbol, sub=sub, sup=sup)


def dummies(statement: Statement, own: Own) -> dict[object, Array]:
    """Numbers for the dummies of functions, where a statement is about functions of one number alone: `f'(x) = ...`."""
    trees = [side.node for side in statement.sides if side.node is not None]
    first = statement.sides[0].node if statement.sides else None
    if not isinstance(first, Call | Derivative):
        return {}
    calls = [n for tree in trees for n in walk(tree) if isinstance(n, Call) and n.name is not None]
    names = {form(call.name) for call in calls if call.name is not None}
    found: dict[object, Symbol] = {}
    for call in calls:
        definition = own.world.definitions.function(call.name) if call.name is not None else None
        if definition is not None and definition.parameters is not None and len(definition.parameters) == 1:
            (parameter,) = definition.parameters
            name = parameter.name, parameter.mark
            if name in own.world.definitions.quantities and own.world.is_number(plain(parameter)):
                continue
            if call.arguments == (parameter,) and all(
                form(s) in names or form(s) == form(parameter) or own.world.is_number(plain(s))
                for s in symbols_in(definition.tree)
            ):
                found[form(parameter)] = parameter
    others = {form(s): s for tree in trees for s in symbols_in(tree) if form(s) not in names and form(s) not in found}
    if not found or any(not own.world.is_number(plain(s)) for s in others.values()):
        return {}
    made = set[str]().union(*(own.world.leaves_under(plain(s)) for s in others.values()))
    if any(plain(parameter) in made for parameter in found.values()):
        return {}  # `d = \\sigma(x) + x^2`: the note's own x, and no dummy
    rows = {key: drawn(symbol, (), own.world.trials, own.world.seed, frozenset()) for key, symbol in found.items()}
    return {key: TrialArray(numbers) for key, numbers in rows.items()}


def objectives(statements: Sequence[Statement], own: Own) -> list[str]:
    """The numbers that the note differentiates, by key, in the order in which they are first differentiated."""
    found: dict[str, None] = {}
    for statement in statements:
        for node in (b for side in statement.sides if side.node is not None for b in walk(side.node)):
            if isinstance(node, Derivative):
                name = node.of.name if isinstance(node.of, Call) else node.of
                place = lookup.find(own, name, {}) if isinstance(name, Symbol) else None
                if place is not None and not place.index and own.world.is_number(place.key):
                    found[place.key] = None
    return list(found)


def step(statement: Statement, own: Own, candidates: Sequence[str], text: str) -> Step | None:
    """The step that a statement prints; None where it prints none."""
    symbol = updated_symbol(statement)
    if symbol is None:
        return None
    limits = Limits()
    assignments, _ = cases(evaluation(own, Budget(_STEPS), limits, own.letters), statement, 4)
    values = {**own.letters, **assignments[0]}
    place = lookup.find(own, symbol, values)
    if place is None:
        return None
    tree = statement.sides[1].node
    if tree is None:
        return Step(place.key, None, "its right side is not read")
    try:
        new = evaluation(own, Budget(_STEPS), limits, values).value(tree)
        old = own.value(place.key)
        at = old[place.index] if place.index else old
        new, at = alike(new, at)
    except (Unjudged, Misfit, NotAvailable) as error:
        return Step(place.key, None, str(error))
    change = new - at
    rates = list(_rates(tree, own, values, place.key))
    upwards = any(word in text.lower() for word in _UPWARDS)
    turned: Step | None = None
    wrong: dict[str, Array] = {}
    reason = "no objective of the note depends on it"
    leaves = own.world.leaves_of(tree, values)
    for key in reversed(candidates):
        slope = own.world.slope(key, place.key)
        if slope is None:
            continue
        whole = lowered(slope)
        here = whole[place.index] if place.index else whole
        try:
            change, here = alike(change, here)
        except Misfit:
            continue
        for rate, name in rates:
            if change.shape != here.shape:
                continue
            if _same(own, change, -1.0 * rate * here):
                if _ASCENT.search(text[max(0, statement.start - _NEAR) : statement.start]):
                    return Step(place.key, old + rate * whole, note=f"the note says that it ascends on {key}")
                return Step(place.key, old - rate * whole, note=f"judged as a step of gradient descent on {key}")
            if _same(own, change, rate * here):
                if upwards or key.startswith((r"\ell", r"\mathcal{L}(")):
                    return Step(place.key, old + rate * whole, note=f"judged as a step of gradient ascent on {key}")
                turned = turned or Step(place.key, old - rate * whole)
            elif _scaled(own, change, rate * here):
                reason = f"it is a multiple of the step of gradient descent on {key} with the step size {name}"
                return Step(place.key, None, reason)
            elif leaves is not None and leaves <= own.world.leaves_under(key) | {name, place.key}:
                wrong.setdefault(key, old - rate * whole)
            else:
                reason = "it is made of more than the objective and a step size"
    return turned or _of_the_last(wrong, own, place.key, reason)


def whole_side(statement: Statement, own: Own) -> Array | None:
    """The new value of a whole parameter as a statement prints it; None where it has none."""
    symbol, tree = updated_symbol(statement), statement.sides[1].node
    place = lookup.find(own, symbol, own.letters) if symbol is not None else None
    if tree is None or place is None or place.index:
        return None
    try:
        new, _ = alike(evaluation(own, Budget(_STEPS), Limits(), own.letters).value(tree), own.value(place.key))
    except (Unjudged, Misfit, NotAvailable):
        return None
    return new


def _of_the_last(wrong: Mapping[str, Array], own: Own, key: str, reason: str) -> Step:
    """The step on the one objective that no other is made of: no note descends on what its loss is computed from."""
    last = [top for top in wrong if all(own.world.slope(other, top) is None for other in wrong if other != top)]
    if not last:
        return Step(key, None, reason)
    first, *others = (wrong[top] for top in last)
    if any(first.shape != other.shape or not _same(own, first, other) for other in others):
        return Step(key, None, f"it may be a step on any of {', '.join(last)}")
    return Step(key, first)


def _rates(tree, own: Own, values, key: str) -> Iterator[tuple[Array, str]]:  # type: ignore[no-untyped-def]
    """Single numbers that stand in an update and that nothing defines."""
    seen = set()
    for symbol in symbols_in(tree):
        place = lookup.find(own, symbol, values)
        if place is None or place.index or place.key == key or place.key in seen:
            continue
        seen.add(place.key)
        try:
            value = own.value(place.key)
        except NotAvailable:
            continue
        if value.shape == () and place.key in own.world.open:
            yield value, place.key


def _same(own: Own, a: Array, b: Array) -> bool:
    agreement = own.compare(a, b)
    return agreement.status == "agree" and not agreement.zero


def _scaled(own: Own, a: Array, b: Array) -> bool:
    """Whether one value is the other times one number, the same in every trial and entry."""
    x, y = own.numbers(a), own.numbers(b)
    with np.errstate(all="ignore"):
        ratio = (x / y).ravel()
    return ratio.size > 1 and bool(abs(ratio[0]) > 0) and Tolerance(OWN_PASS).steady(ratio)


__all__ = ["Step", "objectives", "step", "torch", "updated_symbol"]
