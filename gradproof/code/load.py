"""Existing code as a case's derivation: functions found, arguments bound, statements read, results held to account."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from types import ModuleType
from typing import Any

import numpy as np
import torch

from gradproof.case.derivation import Derivation, Equation, known_errata
from gradproof.case.reference import Reference, as_references
from gradproof.code.loader import Loader, ask_for_unknown
from gradproof.code.meanings import meanings_of
from gradproof.code.program.claim import agrees, is_real
from gradproof.code.program.whole import Whole, whole_of
from gradproof.code.quantities import Quantities
from gradproof.code.samples import Samples
from gradproof.code.spec import Code
from gradproof.errors import GradproofError
from gradproof.truth.binding import Binding
from gradproof.truth.sources import Leaf, Updated


def read_code(
    code: Code,
    reference: Reference | Sequence[Reference],
    *,
    name: str = "code",
    module: ModuleType | None = None,
    known: object = (),
    title: str = "",
    place: str = "reference",
) -> Derivation:
    """The derivation that existing code holds.

    Args:
        code: What is to be read, and what the names mean.
        reference: The torch side, at one size or at several; the code is tried on draws of the first.
        name: The case's name.
        module: Where functions that are given by name are found.
        known: Names of equations that are known to be wrong.
        title: The case's title.
        place: The reference's file, for messages.

    Raises:
        GradproofError: A function cannot be read, an argument has no meaning, or a gradient is missing.
    """
    samples, *others = (Samples(Binding(one, place, torch.float64)) for one in as_references(reference, place))
    quantities = Quantities(code, samples, others=[Quantities(code, other) for other in others])
    with np.errstate(all="ignore"):
        whole = whole_of(code, quantities, module, name)
        is_whole = code.opaque or whole.program.tensors
        equations = whole.equations if is_whole else _as_read(whole, quantities, samples)
        if is_whole:
            whole.meanings.extend(meanings_of(whole, {}, quantities))
    errata = known_errata(known, equations, f"manual/{name}.py")
    derivation = Derivation(name, equations, errata, title or name, whole=whole)
    _require_gradients(derivation, quantities)
    return derivation


def _require_gradients(derivation: Derivation, quantities: Quantities) -> None:
    """Every gradient of a parameter is there, or declared absent; nothing is lost in silence."""
    found = {equation.quantity for equation in derivation.equations}
    loss, binding = quantities.loss, quantities.binding
    if not found:
        raise GradproofError(
            "no variable of the code is a quantity of the reference; say which is which: "
            f'Code(names={{"dw": "d{loss}_dW"}}); the reference has: {", ".join(binding.roots)}'
        )
    for quantity in quantities.code.absent:
        if quantity in found:
            raise GradproofError(f"Code(absent=...): {quantity} is not absent: the code computes it")
        if binding.find(quantity) is None:
            raise GradproofError(f"Code(absent=...): {quantity} is no quantity here: {binding.why_unknown(quantity)}")
    names: dict[str, list[str]] = {}  # a parameter -> its symbols
    spoken = {*binding.symbols, *binding.parameters, *(derivation.whole.program.inputs if derivation.whole else ())}
    for name in quantities.parameters:
        source = binding.roots[name]
        if name in spoken and isinstance(source, Leaf):
            names.setdefault(source.path, []).append(name)
    given = found.union(quantities.code.absent)
    gives = any(quantity.startswith(f"d{loss}_d") for quantity in found)
    updates = any(isinstance(binding.find(quantity), Updated) for quantity in found)
    for has_any, made_of, other in ((gives, f"d{loss}_d{{}}", "{}_new"), (updates, "{}_new", "")):
        # A parameter that is updated has its gradient judged by that, whatever the variable is called.
        missing = [
            symbols[-1]
            for symbols in names.values()
            if not given.intersection(form.format(symbol) for symbol in symbols for form in (made_of, other) if form)
        ]
        if has_any and missing:
            wanted = ", ".join(map(made_of.format, missing))
            raise GradproofError(
                f"the code has no variable for {wanted}: name the variable in Code(names=...), what the last "
                "function returns in Code(results=...), or declare it in Code(absent=...)"
            )


def _as_read(whole: Whole, quantities: Quantities, samples: Samples) -> tuple[Equation, ...]:
    """The statements as equations, with the results of the whole where they are not read; the whole alone where no
    statement can be followed."""
    returned: list[Any] | None = None
    try:
        loader = Loader(whole, quantities, samples)
        returned = loader.read()
        read = loader.equations(returned)
    except Exception as problem:  # what this reader stumbles over is not the user's: the code runs as a whole
        if returned is not None and isinstance(problem, GradproofError):
            raise
        foreseen = isinstance(problem, (GradproofError, SyntaxError))
        fault = f"gradproof failed to read it, which is its own fault ({type(problem).__name__}: {problem})"
        whole.notes.append(str(problem) if foreseen else fault)
        whole.meanings.extend(meanings_of(whole, {}, quantities))
        ask_for_unknown(whole, quantities, {})
        return whole.equations
    if fault := _misread(read, whole, samples, loader.results):
        whole.notes.append(fault)  # the code itself has run: what fails is how it was read
        whole.meanings.extend(meanings_of(whole, {}, quantities))
        return whole.equations
    whole.meanings.extend(meanings_of(whole, loader.named, quantities))
    # A variable that is right does not speak for what is stored or returned in its place.
    lost = {
        quantity
        for quantity, claim in whole.claims.items()
        if not agrees(claim.pick(whole.outcome), quantities.samples.of(quantity))
    } - loader.results
    read = tuple(one for one in read if one.name not in lost)
    found = {equation.quantity for equation in read}
    beside = tuple(equation for equation in whole.equations if equation.quantity not in found)
    return (*read, *beside)


def _misread(read: Sequence[Equation], whole: Whole, samples: Samples, results: Collection[str]) -> str:
    """What is wrong with equations that were read, on the trial that the code was tried on: one raises, or gives
    another value as a result than the code itself gave. Empty where all of them are the code's."""
    values: dict[str, Any] = {}
    for one in read:
        inputs = [values[name] if name in values else samples.of(name) for name in one.inputs]
        if any(value is None for value in inputs):
            continue
        try:
            value = one.function(*map(_copy, inputs))
        except Exception as error:
            return f"{one.name}, read by itself, raises {type(error).__name__}: {error}"
        values.setdefault(one.quantity, value)
        claim = whole.claims.get(one.quantity)
        if claim is not None and one.quantity in results and one.name == one.quantity:
            given = claim.pick(whole.outcome)
            if is_real(value) and is_real(given) and not agrees(value, given):
                return f"{one.name}, read statement by statement, is not what the code gives when it is called"
    return ""


def _copy(value: Any) -> Any:
    return value.copy() if isinstance(value, np.ndarray) else value
