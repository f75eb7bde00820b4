"""What each variable of existing code was taken for, and why: the table of `gradproof show CASE --bindings`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from gradproof.case.derivation import parts_of
from gradproof.code.program.calls import Argument, Given, Kept, Length, Plain
from gradproof.code.program.claim import agrees
from gradproof.code.program.whole import Whole
from gradproof.code.quantities import Quantities
from gradproof.code.reading.steps import Step
from gradproof.code.writing.emit import variable_after

_WHY = {
    "case": "the case says so",
    "key": "its key",
    "name": "its name",
    "place": "its place",
    "shape": "its shape, which nothing else that is returned has",
    "value": "its value agrees with the truth",
    "in place": "the drawn array, written in place",
}


@dataclass(frozen=True)
class Meaning:
    """A variable with the quantity that it was taken for.

    Attributes:
        variable: As the code writes it, with its function before it: `backward: dz`.
        quantity: The quantity; `-` where it is none.
        why: What says so.
    """

    variable: str
    quantity: str
    why: str


def meanings_of(whole: Whole, names: Mapping[Step, str], quantities: Quantities) -> tuple[Meaning, ...]:
    """All of a case, each once: arguments, attributes, results, variables on the way, and what was dropped.

    Args:
        whole: The functions as they were called.
        names: The variables that became equations; empty where nothing was read.
        quantities: The reference's names.
    """
    found = [
        *_handed(whole, quantities),
        *(Meaning(claim.label, quantity, _WHY[claim.why]) for quantity, claim in whole.claims.items()),
        *_variables(names, quantities),
        *(Meaning(claim.label, "-", "nothing says what it is") for claim in whole.unknown),
        *(Meaning("", "-", note) for note in whole.notes),
    ]
    return tuple(dict.fromkeys(found))


def _handed(whole: Whole, quantities: Quantities) -> Iterator[Meaning]:
    """Arguments of functions and of constructors, and attributes that are drawn."""
    for owner, arguments in whole.program.constructor.items():
        for name, argument in arguments.items():
            is_said = name in quantities.code.constructor
            yield _argument(f"{owner.__name__}(...): {name}", argument, whole, is_said=is_said)
    for call in whole.program.calls:
        for name, argument in call.arguments.items():
            is_said = quantities.listed(name, call.name) is not None or name in quantities.code.arguments
            yield _argument(f"{call.name}: {name}", argument, whole, is_said=is_said)
    for owner, attributes in whole.program.attributes.items():
        for path, quantity in attributes.items():
            is_said = quantities.listed(f"self.{path}", owner.__name__) is not None
            yield Meaning(f"{owner.__name__}: self.{path}", quantity, _WHY["case" if is_said else "name"])


def _argument(variable: str, argument: Argument, whole: Whole, *, is_said: bool) -> Meaning:
    match argument:
        case Given(structure=structure):
            return Meaning(variable, str(structure), _WHY["case" if is_said else "name"])
        case Kept(call=call, part=part):
            part_of = "what" if part is None or part == () else f"the part {part!r} of what"
            return Meaning(variable, "-", f"{part_of} {whole.program.calls[call].name} returned")
        case Plain(value=value):
            text = repr(value)
            return Meaning(variable, "-", f"the plain value {text if len(text) < 40 else type(value).__name__}")
        case Length(places=places):
            sizes = ", ".join(f"{quantity}.shape[{axis}]" for quantity, axis in places)
            return Meaning(variable, "-", f"a size that fits: {sizes}")
    raise AssertionError(argument)


def _variables(names: Mapping[Step, str], quantities: Quantities) -> Iterator[Meaning]:
    for step, name in sorted(names.items(), key=lambda item: item[0].number):
        function = step.origin.function if step.origin is not None else ""
        quantity = parts_of(name)[0]
        variable = step.variable or variable_after(step)
        if quantities.listed_as_computed(variable, function) == quantity:
            why = _WHY["case"]
        elif quantities.of_variable(variable, function) == quantity:
            why = _WHY["name"]
        else:
            why = "what is returned or stored"
        if agrees(step.sample, quantities.samples.of(quantity)):
            why += ", and its value agrees with the truth"
        yield Meaning(f"{function}: {variable}" if variable else function, name, why)
