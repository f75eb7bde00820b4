"""The draft of `reference/NAME.py`: a torch module with the note's symbols, each equation run beside the note's own."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch

from gradproof.audit.drafting.emitting import Emitter, NotDrafted
from gradproof.audit.judging.section import bounds
from gradproof.audit.own.judging import chapters_alone
from gradproof.audit.own.names.chapters import Chapter
from gradproof.audit.own.provider import Own
from gradproof.audit.own.steps import objectives
from gradproof.audit.printing.latex import latex
from gradproof.audit.reading.names import form, plain
from gradproof.audit.reading.tree import Call, Derivative, Node, Symbol, walk
from gradproof.audit.values import lookup
from gradproof.audit.values.provider import NotAvailable
from gradproof.errors import GradproofError

_MARKS = {"'": "_prime", "*": "_star"}


@dataclass(frozen=True)
class Draft:
    """The text of the reference, and what the note leaves open, a line each."""

    text: str
    left: tuple[str, ...]


def draft(text: str, name: str, *, shapes: Sequence[str] = (), section: str = "") -> Draft:
    """The reference that a note's forward equations make.

    Args:
        text: The note.
        name: The case's name.
        shapes: Sizes that the note leaves out, `W=4x3` each.
        section: A heading; the objective is one that is differentiated below it. All of the note where it is empty.

    Raises:
        GradproofError: The note differentiates no number that it defines; a shape is not understood.
    """
    told = "".join(f"\n\n${symbol} \\in \\mathbb{{R}}^{{{sizes}}}$" for symbol, sizes in map(_shape, shapes))
    where = bounds(text, section) if section else range(len(text))
    found = [
        (top, chapter, own)
        for chapter, own in chapters_alone(text + told)
        for top in objectives([s for s in chapter.statements if s.start in where], own)
    ]
    if not found:
        raise GradproofError(
            "the note differentiates no number that it defines, so there is no forward pass to draft: "
            "write the loss as an equation, `L = ...`, and its derivatives as \\frac{\\partial L}{\\partial w}"
        )
    top, chapter, own = max(found, key=lambda one: len(one[2].world.leaves_under(one[0])))
    others = [key for key, *_ in found if key != top]
    return _Drafting(chapter, own, top).written(name, list(dict.fromkeys(others)))


def _shape(told: str) -> tuple[str, str]:
    match = re.fullmatch(r"\s*(\\?[A-Za-z]+)\s*=\s*([0-9]+(?:x[0-9]+)*)\s*", told)
    if match is None:
        raise GradproofError(f"--shape {told!r} is not understood: write it as W=4x3, or b=4 for a vector")
    return match[1], match[2].replace("x", r" \times ")


@dataclass
class _Drafting:
    """One chapter on its way into a file."""

    chapter: Chapter
    own: Own
    top: str
    lines: list[str] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    drafted: dict[str, str] = field(default_factory=dict)  # quantities with an equation, by key
    inputs: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    _emitter: Emitter | None = None

    @property
    def emitter(self) -> Emitter:
        """What writes formulas."""
        if self._emitter is None:
            self._emitter = Emitter(self.own.world, self.named)
        return self._emitter

    def named(self, key: str) -> str:
        """The identifier of a quantity, whose line is written where there is none yet."""
        if key not in self.names:
            self.names[key] = self._identifier(self.own.world.heads[key])
            if (key not in self.own.world.open and not self._equation(key)) or key in self.own.world.open:
                self.inputs.append(key)
        return self.names[key]

    def _identifier(self, head: Symbol) -> str:
        parts = [head.name.removeprefix("\\"), *(label.text for label in (*head.sub, *head.sup)), head.mark]
        raw = "_".join(re.sub(r"[^A-Za-z0-9]", "", _MARKS.get(part, part)) for part in parts if part)
        raw = raw.strip("_") or "value"
        raw = f"{raw}_" if keyword.iskeyword(raw) or not raw[0].isalpha() else raw
        taken = set(self.names.values())
        return next(n for n in (raw, *(f"{raw}_{k}" for k in range(2, 99))) if n not in taken)

    def _equation(self, key: str) -> bool:
        """Write the equation of a quantity, if it has one that gives what the note's own does."""
        world, head = self.own.world, self.own.world.heads[key]
        function = world.definitions.functions.get(form(head))
        choices: list[tuple[Node, tuple[str, ...], dict[str, int]]] = []
        if function:
            choices.append((world.definitions.named.get(form(head), function.tree), (), {}))
        choices += [(d.tree, d.axes, values) for d, values in world.definitions.matches(head)]
        for tree, axes, values in choices:
            if isinstance(tree, Derivative):
                continue
            try:
                emitter = self.emitter
                before = emitter.values
                emitter.values = values
                try:
                    term = emitter.of(tree)
                finally:
                    emitter.values = before
            except (NotDrafted, NotAvailable) as error:
                self.left.append(f"{plain(head)} has an equation that is not drafted ({error}): it is an input")
                continue
            if set(term.letters) != set(axes):
                self.left.append(f"{plain(head)} has indices that its equation lacks: it is an input")
                continue
            code = term.code
            if term.letters != tuple(axes):
                order = [term.letters.index(letter) for letter in axes]
                order += range(len(order), len(order) + term.rank)
                code = f"{term.within(2)}.permute({', '.join(map(str, order))})"
            if "linspace" not in code and not self._agrees(key, code):
                self.left.append(f"{plain(head)} does not come out as the note has it: it is an input")
                continue
            if "linspace" in code:
                self.left.append(f"{plain(head)} is never defined: a weighted sum stands in its place")
            self.drafted[key] = code
            self.lines.append(f"{self.names[key]} = self.{self.names[key]}({code})")
            return True
        return False

    def _agrees(self, key: str, code: str) -> bool:
        """Whether an expression gives the note's own value, on the note's own values of what it is made of."""
        world = self.own.world
        space: dict[str, object] = {"torch": torch}
        for other, name in self.names.items():
            if other != key:
                space[name] = world.value(other).tensor[0].detach()
        for function, body in self.emitter.functions.items():
            exec(f"def {function}(x):\n{body}", space)  # our own text, from trees and not from the note's
        try:
            value = eval(code, space)
        except Exception:  # the sizes that were guessed do not go together
            return False
        wanted = world.value(key).tensor[0].detach()
        got = torch.as_tensor(value, dtype=torch.float64)
        return got.shape == wanted.shape and bool(np.allclose(got, wanted, rtol=1e-9, atol=1e-12))

    def written(self, name: str, others: Sequence[str]) -> Draft:
        """The file."""
        loss = self.named(self.top)
        world = self.own.world
        if self.top not in self.drafted:
            raise GradproofError(
                f"{self.top} cannot be drafted: {self.left[-1] if self.left else 'it has no equation'}"
            )
        by = {key for key in map(self._key, self._differentiated_by()) if key}
        rates = [key for key in world.open if world.heads[key].name in (r"\eta", r"\alpha") and key not in self.inputs]
        positive = {
            key for key in self.inputs if (world.value(key).tensor > 0).all() and world.open.get(key) is not None
        }
        labels = {key for key in positive if (world.heads[key].name, world.heads[key].mark) in world.labels}
        parameters = [key for key in self.inputs if key in by | self.own.parameters and key not in positive]
        inputs = [key for key in self.inputs if key not in parameters]
        self.left += [f"{key} is never defined: it is {text}" for key, text in world.assumed.items() if key != "I"]
        self.left += [f"{key} is differentiated as well: draft it with --section, or as another case" for key in others]
        shape = {key: tuple(world.value(key).tensor.shape[1:]) for key in self.inputs}
        sizes = ", ".join(f"{self.names[key]} {'x'.join(map(str, shape[key])) or 'a number'}" for key in self.inputs)
        self.left.append(
            f"the shapes are guessed from how things are multiplied: {sizes}; change them with --shape W=4x3"
        )
        names, drawn = self.names, {key: self._draw(key, shape[key], labels, positive) for key in inputs}
        taps = [names[key] for key in self.drafted if key != self.top]
        kinds = {"Reference", *(text.partition("(")[0] for text in drawn.values())}
        optimizer = ""
        if rates and parameters:
            kinds.add("log_uniform")
            optimizer = _OPTIMIZER.format(rate=world.heads[rates[0]].name[1:])
        constants = {str(s.name): int(n) for s, n in world.names.constants if s.name.isalpha() and n.denominator == 1}
        text = _FILE.format(
            constants=f"    constants={constants!r},\n".replace("'", '"') if constants else "",
            name=name,
            imports=", ".join(sorted(kinds)),
            functions="".join(f"def {f}(x):\n{body}\n\n\n" for f, body in self.emitter.functions.items()),
            parameters=_lines(
                f"self.{names[key]} = nn.Parameter(torch.zeros({', '.join(map(str, shape[key])) or '()'}))"
                for key in parameters
            ),
            taps=_lines(f"self.{tap} = nn.Identity()" for tap in taps),
            arguments="".join(f", {names[key]}" for key in inputs),
            local=_lines(f"{names[key]} = self.{names[key]}" for key in parameters),
            lines=_lines(self.lines[:-1]),
            loss=self.drafted[self.top],
            inputs=_lines(f'"{names[key]}": {drawn[key]},' for key in inputs),
            loss_name=loss,
            optimizer=optimizer,
            symbols=_lines(f'"{tap}": "{tap}",' for tap in taps),
            latex=_lines(f'"{names[key]}": {latex(world.heads[key])!r},' for key in names),
        )
        return Draft(text, tuple(dict.fromkeys(self.left)))

    def _draw(self, key: str, shape: tuple[int, ...], labels: set[str], positive: set[str]) -> str:
        sizes = ", ".join(map(str, shape))
        if key in labels and shape:
            return f"simplex({sizes})"
        return f"uniform(0.2, 0.9{', ' if sizes else ''}{sizes})" if key in positive else f"normal({sizes})"

    def _differentiated_by(self) -> list[Symbol]:
        found = []
        for tree in (side.node for s in self.chapter.statements for side in s.sides if side.node is not None):
            for node in walk(tree):
                if isinstance(node, Derivative):
                    by = node.by.name if isinstance(node.by, Call) else node.by
                    found += [by] if isinstance(by, Symbol) else []
        return found

    def _key(self, symbol: Symbol) -> str:
        place = lookup.find(self.own, symbol, self.own.letters)
        return place.key if place is not None else plain(self.own.world.families.split(symbol).head)


def _lines(lines: Iterable[str]) -> str:
    return "".join(f"        {line}\n" for line in lines)


_OPTIMIZER = """    optimizer=torch.optim.SGD,
    hyperparameters={{"lr": log_uniform(1e-3, 1.0, symbol="{rate}")}},
"""

_FILE = '''"""{name}: drafted from a note's forward equations; see that it says what the note means."""

import torch
from torch import nn

from gradproof import {imports}


{functions}class Note(nn.Module):
    """The note's forward pass with its own symbols; the result is {loss_name}."""

    def __init__(self):
        super().__init__()
{parameters}{taps}
    def forward(self{arguments}):
{local}{lines}        return {loss}


reference = Reference(
    model=Note,
    inputs={{
{inputs}    }},
    loss="{loss_name}",
{optimizer}    symbols={{
{symbols}    }},
    latex={{
{latex}    }},
{constants})
'''
