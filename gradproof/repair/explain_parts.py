"""Differences that lie in one node: a name, a constant, a reduction, a function."""

from __future__ import annotations

from collections.abc import Mapping

from gradproof.repair.canonical import canonical
from gradproof.repair.diagnosis import Diagnosis
from gradproof.repair.formula import Call, Compare, Constant, Formula, Name, Reduce
from gradproof.repair.names import UPDATED, Phase, family, phase
from gradproof.repair.printing import show

_NOUNS = {"sum": "sum", "mean": "mean", "max": "maximum", "min": "minimum", "prod": "product"}


def leaf(old: Formula, new: Formula, quantity: str, activations: Mapping[str, str]) -> Diagnosis | None:
    """One name or constant where another belongs."""
    if isinstance(old, Name) and isinstance(new, Name):
        return _name(old.id, new.id, quantity, activations)
    if isinstance(old, Constant) and isinstance(new, Constant):
        kind = "sign" if old.value == -new.value else "constant"
        return Diagnosis(kind, f"the constant {show(old)} should be {show(new)}")
    if isinstance(old, Name) and isinstance(new, Compare) and phase(quantity) == Phase.DERIVATIVE:
        argument = activations.get(old.id)
        if argument is not None and new.left in (Name(argument), Name(old.id)):
            return Diagnosis("activation", f"the activation {old.id} stands where its derivative {show(new)} belongs")
    return None


def _name(old: str, new: str, quantity: str, activations: Mapping[str, str]) -> Diagnosis:
    if old == new + UPDATED:
        return Diagnosis("ordering", f"{old} (already updated) where the old {new} is meant")
    if family(old) == family(new):
        return Diagnosis("index", f"{old} should be {new}")
    if phase(quantity) == Phase.DERIVATIVE:
        if activations.get(old) == new:
            return Diagnosis(
                "activation", f"derivative of the activation taken at the activated value {old}, not at {new}"
            )
        if activations.get(new) == old:
            return Diagnosis(
                "activation", f"derivative of the activation taken at its argument {old}, not at the value {new}"
            )
    return Diagnosis("name", f"{old} should be {new}")


def reduction(old: Formula, new: Formula) -> Diagnosis | None:
    """A reduction of another kind or axis, missing, or too many."""
    if isinstance(old, Reduce) and isinstance(new, Reduce) and canonical(old.operand) == canonical(new.operand):
        ours, theirs = (_NOUNS.get(some.function, some.function) for some in (old, new))
        if old.axis == new.axis and old.function != new.function:
            return Diagnosis("mean/sum", f"{ours} where a {theirs} belongs")
        if old.axis == new.axis:
            return Diagnosis("keepdims", f"the {ours} should {'keep' if new.keepdims else 'drop'} the reduced axis")
        if old.function == new.function:
            return Diagnosis("axis", f"the {ours} is {_axis(old)}, it should be {_axis(new)}")
        return Diagnosis("axis", f"{ours} {_axis(old)} where a {theirs} {_axis(new)} belongs")
    if isinstance(new, Reduce) and canonical(new.operand) == canonical(old):
        noun = _NOUNS.get(new.function, new.function)
        return Diagnosis("missing sum", f"the {noun} {_axis(new)} of {show(old)} is missing")
    if isinstance(old, Reduce) and canonical(old.operand) == canonical(new):
        noun = _NOUNS.get(old.function, old.function)
        return Diagnosis("extra sum", f"the {noun} {_axis(old)} of {show(new)} is too much")
    return None


def _axis(node: Reduce) -> str:
    return "over all axes" if node.axis is None else f"over axis {node.axis}"


def wrapped(old: Formula, new: Formula) -> Diagnosis | None:
    """Another function, or one that is missing or too many."""
    if isinstance(old, Call) and isinstance(new, Call) and old.function != new.function:
        before, after = ([canonical(part) for part in some.arguments] for some in (old, new))
        if before == after:
            return Diagnosis("function", f"{old.function} where {new.function} belongs")
    if isinstance(old, Compare) and isinstance(new, Compare) and old.op != new.op:
        sides = [(canonical(some.left), canonical(some.right)) for some in (old, new)]
        if sides[0] == sides[1]:
            return Diagnosis("mask", f"{old.op} should be {new.op} in {show(old)}")
    if isinstance(new, Call) and any(canonical(part) == canonical(old) for part in new.arguments):
        if new.function == "maximum" and Constant(0) in new.arguments:
            return Diagnosis("missing function", f"the ReLU of {show(old)} is missing")
        return Diagnosis("missing function", f"{new.function} of {show(old)} is missing")
    if isinstance(old, Call) and any(canonical(part) == canonical(new) for part in old.arguments):
        return Diagnosis("extra function", f"{old.function} of {show(new)} is too much")
    return None
