"""Differences that lie in one node: a name, a constant, a reduction, a function."""

from __future__ import annotations

from collections.abc import Mapping

from gradproof.repair.explain.diagnosis import Diagnosis
from gradproof.repair.formulas.canonical import canonical
from gradproof.repair.formulas.formula import Binary, Call, Compare, Constant, Formula, Name, Reduce, Size, nodes
from gradproof.repair.formulas.names import UPDATED, Phase, family, phase
from gradproof.repair.formulas.printing import show

_NOUNS = {"sum": "sum", "mean": "mean", "max": "maximum", "min": "minimum", "prod": "product"}


def leaf(old: Formula, new: Formula, quantity: str, activations: Mapping[str, str]) -> Diagnosis | None:
    """One name or constant where another belongs."""
    if isinstance(old, Name) and isinstance(new, Name):
        return _name(old.id, new.id)
    if isinstance(old, Constant) and isinstance(new, Constant):
        kind = "sign" if old.value == -new.value else "constant"
        return Diagnosis(kind, f"the constant {show(old)} should be {show(new)}")
    if isinstance(old, Size) and isinstance(new, Size):
        return Diagnosis("axis", f"the size {show(old)} should be {show(new)}")
    if isinstance(old, Name) and isinstance(new, Compare) and phase(quantity) == Phase.DERIVATIVE:
        argument = activations.get(old.id)
        if argument is not None and new.left in (Name(argument), Name(old.id)):
            return Diagnosis("activation", f"the activation {old.id} stands where its derivative {show(new)} belongs")
    return None


def _name(old: str, new: str) -> Diagnosis:
    if old == new + UPDATED:
        return Diagnosis("ordering", f"{old} (already updated) where the old {new} is meant")
    if family(old) == family(new):
        return Diagnosis("index", f"{old} should be {new}")
    return Diagnosis("name", f"{old} should be {new}")


def wrong_point(old: Formula, name: str, other: str, quantity: str, activations: Mapping[str, str]) -> Diagnosis | None:
    """An activation's derivative that is taken at the activation's value in place of its argument, or the other way.

    Only where the formula has a derivative of an activation at the name; else one name just stands for another.
    """
    if phase(quantity) != Phase.DERIVATIVE or not any(_is_activation_derivative(n, Name(name)) for n in nodes(old)):
        return None
    if activations.get(name) == other:
        sentence = f"derivative of the activation taken at the activated value {name}, not at {other}"
    elif activations.get(other) == name:
        sentence = f"derivative of the activation taken at its argument {name}, not at the value {other}"
    else:
        return None
    return Diagnosis("activation", sentence)


def _is_activation_derivative(node: Formula, point: Name) -> bool:
    """n (1 - n), 1 - n**2, 1 - tanh(n)**2, n > 0, or a helper whose name says that it is a derivative."""
    if isinstance(node, Call):
        says = any(word in node.function.lower() for word in ("prime", "deriv", "grad"))
        return says and node.arguments == (point,)
    one, two, tanh = Constant(1), Constant(2), Call("tanh", (point,))
    shapes = (
        Binary("-", one, point),
        Binary("-", one, Binary("**", point, two)),
        Binary("-", one, Binary("**", tanh, two)),
        Compare(">", point, Constant(0)),
    )
    return canonical(node) in {canonical(shape) for shape in shapes}


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
