"""From the difference between a formula as it was written and as it was mended to a diagnosis.

The two are compared as sums of terms and products of factors, then part by part. How the search found the formula plays
no part: a factor may have been dropped by replacing it by 1.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from gradproof.case.names import ends
from gradproof.repair.explain.diagnosis import Diagnosis, joined
from gradproof.repair.explain.parts import leaf, reduction, wrapped, wrong_point
from gradproof.repair.formulas.canonical import canonical, tidy
from gradproof.repair.formulas.decompose import (
    Part,
    factor_text,
    factors,
    matched,
    product,
    term_text,
    terms,
    unshared,
)
from gradproof.repair.formulas.formula import (
    Binary,
    Compare,
    Constant,
    Formula,
    Local,
    Name,
    Negate,
    Transpose,
    children,
    head,
    names_in,
    nodes,
    size,
    substitute,
)
from gradproof.repair.formulas.names import Phase, phase
from gradproof.repair.formulas.printing import show

WHOLE = "subexpression"
"""The kind of a difference that has no name."""


@dataclass(frozen=True)
class Setting:
    """Where the formula stands.

    Attributes:
        quantity: What it yields.
        activations: Forward quantity that is computed from one other -> that other.
    """

    quantity: str = ""
    activations: Mapping[str, str] = field(default_factory=dict)


def explain(old: Formula, new: Formula, setting: Setting | None = None) -> Diagnosis:
    """What was wrong with the old formula, if the new one is right."""
    setting = Setting() if setting is None else setting
    for rule in (_same, _renamed_everywhere):
        found = rule(old, new, setting)
        if found is not None:
            return found
    return _difference(old, new, setting)


def _difference(old: Formula, new: Formula, setting: Setting) -> Diagnosis:
    for rule in _RULES:
        found = rule(old, new, setting)
        if found is not None:
            return found
    return Diagnosis(WHOLE, f"{show(old)} should be {show(new)}")


_Rule = Callable[[Formula, Formula, Setting], Diagnosis | None]


def _same(old: Formula, new: Formula, setting: Setting) -> Diagnosis | None:
    return Diagnosis("same", "the formula is the same") if canonical(old) == canonical(new) else None


def _renamed_everywhere(old: Formula, new: Formula, setting: Setting) -> Diagnosis | None:
    """One name stands for another, wherever it stands."""
    gone, come = names_in(old) - names_in(new), names_in(new) - names_in(old)
    if len(gone) != 1 or len(come) > 1:
        return None
    (name,) = gone
    uses = sum(node == Name(name) for node in nodes(old))
    for other in sorted(come or names_in(new)):
        if canonical(substitute(old, {name: Name(other)})) == canonical(new):
            at_point = wrong_point(old, name, other, setting.quantity, setting.activations)
            if at_point is not None:
                return at_point
            found = leaf(Name(name), Name(other), setting.quantity, setting.activations)
            if found is not None and uses > 1:
                return Diagnosis(found.kind, f"{found.sentence}, everywhere")
    return None


def _leaf(old: Formula, new: Formula, setting: Setting) -> Diagnosis | None:
    return leaf(old, new, setting.quantity, setting.activations)


def _local(old: Formula, new: Formula, setting: Setting) -> Diagnosis | None:
    if isinstance(old, Local) and isinstance(new, Local) and old.step == new.step:
        return _difference(old.definition, new.definition, setting)
    return None


def _negated(old: Formula, new: Formula, setting: Setting) -> Diagnosis | None:
    if canonical(Negate(old)) != canonical(new):
        return None
    return Diagnosis("sign", f"the sign of {show(old, least=11)} is wrong")


def _transposed(old: Formula, new: Formula, setting: Setting) -> Diagnosis | None:
    if isinstance(old, Transpose) and canonical(old.operand) == canonical(new):
        return Diagnosis("transposed", f"{show(new)} should not be transposed")
    turned = {canonical(tidy(Transpose(old))), canonical(Transpose(old))}
    if canonical(new) in turned:
        return Diagnosis("transposed", f"{show(old)} should be transposed")
    if canonical(old) in {canonical(tidy(Transpose(new))), canonical(Transpose(new))}:
        return Diagnosis("transposed", f"{show(new)} should not be transposed")
    return None


def _reduction(old: Formula, new: Formula, setting: Setting) -> Diagnosis | None:
    return reduction(old, new)


def _wrapped(old: Formula, new: Formula, setting: Setting) -> Diagnosis | None:
    return wrapped(old, new)


def _terms(old: Formula, new: Formula, setting: Setting) -> Diagnosis | None:
    """As sums: terms that are missing, too many, of the wrong sign, or different in one part."""
    before, after = terms(old), terms(new)
    if len(before) == len(after) == 1:
        return None
    gone, come = unshared(before, after)
    if len(gone) == len(before) and len(come) == len(after) and 1 not in (len(gone), len(come)):
        return _paired_terms(gone, come, setting) if len(gone) == len(come) else None
    if not gone or not come:
        word, parts = ("missing", come) if come else ("too much", gone)
        return _lone_terms(word, parts, before if come else after)
    if len(gone) == len(come):
        return _paired_terms(gone, come, setting)
    return None


def _lone_terms(word: str, parts: list[Part], others: list[Part]) -> Diagnosis:
    kind = "missing term" if word == "missing" else "extra term"
    if all(isinstance(term, Constant) for _, term in parts):
        kind = "constant offset"
    texts = ", ".join(term_text(part) for part in parts)
    return Diagnosis(kind, f"the term {texts} is {word}" if len(parts) == 1 else f"the terms {texts} are {word}")


def _paired_terms(gone: list[Part], come: list[Part], setting: Setting) -> Diagnosis | None:
    found = []
    for (sign, term), (other_sign, other) in matched(gone, come):
        if sign != other_sign and canonical(term) == canonical(other):
            found.append(_wrong_sign(term, other_sign, setting))
        else:
            found.append(_difference(term if sign == other_sign else Negate(term), other, setting))
    if len(found) > 1 and any(part.kind == WHOLE for part in found):
        return None
    return joined(found)


def _wrong_sign(term: Formula, sign: int, setting: Setting) -> Diagnosis:
    """A term whose sign should be the given one."""
    is_step = phase(setting.quantity) == Phase.UPDATE and f"{show(term)}_new" != setting.quantity
    if is_step and sign < 0 and not isinstance(term, Constant):
        return Diagnosis("sign", "the step has the wrong sign: it climbs the loss")
    return Diagnosis("sign", f"the sign of the term {show(term, least=11)} is wrong")


def _operator(old: Formula, new: Formula, setting: Setting) -> Diagnosis | None:
    if not isinstance(old, Binary) or not isinstance(new, Binary):
        return None
    before, after = ([canonical(part) for part in children(some)] for some in (old, new))
    if old.op != new.op and before == after:
        return Diagnosis("operator", f"{old.op} should be {new.op} in {show(old)}")
    if old.op == new.op and before == after[::-1]:
        return Diagnosis("swapped", f"the operands of {old.op} are exchanged in {show(old)}")
    return None


def _factors(old: Formula, new: Formula, setting: Setting) -> Diagnosis | None:
    """As products: factors that are missing, too many, inverted, or different in one part."""
    before, after = factors(old), factors(new)
    if len(before) == len(after) == 1:
        return None
    gone, come = unshared(before, after)
    if gone and not come:
        return _lone_factors("too much", gone, setting)
    if come and not gone:
        return _lone_factors("missing", come, setting)
    if len(gone) == len(before) and len(come) == len(after) and 1 not in (len(gone), len(come)):
        return None
    if len(gone) == len(come) == 1:
        (power, factor), (other_power, other) = gone[0], come[0]
        if canonical(factor) == canonical(other):
            verb = "divided by, not multiplied by" if other_power < 0 else "multiplied by, not divided by"
            return Diagnosis("operator", f"it must be {verb} {show(factor)}")
        if power == other_power:
            return _difference(factor, other, setting)
    rest, other_rest = product(gone), product(come)
    if size(rest) < size(old) and size(other_rest) < size(new):
        return _difference(rest, other_rest, setting)
    return None


def _lone_factors(word: str, parts: list[Part], setting: Setting) -> Diagnosis:
    if parts == [(1, Constant(-1))]:
        return Diagnosis("sign", "the sign is wrong")
    parts = [part for part in parts if part != (1, Constant(-1))]
    texts = ", ".join(factor_text(part) for part in parts)
    if all(isinstance(factor, Constant) for _, factor in parts):
        return Diagnosis("constant factor", f"the factor {texts} is {word}")
    if word != "missing":
        return Diagnosis("extra factor", f"the factor {texts} is too much")
    if len(parts) == 1:
        power, factor = parts[0]
        own = ends(setting.quantity)
        if isinstance(factor, Compare):
            return Diagnosis("mask", f"the mask {show(factor)} is missing")
        if isinstance(factor, Name) and (other := ends(factor.id)) is not None and power > 0:
            which = "upstream gradient" if own is not None and other.top == own.top else "derivative"
            return Diagnosis("missing factor", f"the {which} {factor.id} is forgotten")
    plural = "s" if len(parts) > 1 else ""
    return Diagnosis("missing factor", f"the factor{plural} {texts} {'are' if plural else 'is'} missing")


def _descend(old: Formula, new: Formula, setting: Setting) -> Diagnosis | None:
    """The same operation on operands of which some differ."""
    before, after = children(old), children(new)
    if head(old) != head(new) or not before:
        return None
    found = [_difference(a, b, setting) for a, b in zip(before, after, strict=True) if canonical(a) != canonical(b)]
    if not found or (len(found) > 1 and any(part.kind == WHOLE for part in found)):
        return None
    return joined(found)


def _parentheses(old: Formula, new: Formula, setting: Setting) -> Diagnosis | None:
    leaves = [sorted(repr(node) for node in nodes(some) if isinstance(node, (Name, Constant))) for some in (old, new)]
    operations = [sorted(repr(head(node)) for node in nodes(some) if children(node)) for some in (old, new)]
    if leaves[0] != leaves[1] or operations[0] != operations[1]:
        return None
    return Diagnosis("parentheses", f"parentheses: {show(old)} should be {show(new)}")


_RULES: tuple[_Rule, ...] = (
    _leaf,
    _local,
    _negated,
    _transposed,
    _reduction,
    _wrapped,
    _terms,
    _operator,
    _factors,
    _descend,
    _parentheses,
)
