"""A loss of which a note only takes derivatives: any function of the last things that the note computes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from gradproof.audit.own.names.chapters import instances
from gradproof.audit.own.names.definitions import Definition, Definitions
from gradproof.audit.own.names.families import Families, symbols_in, trees_of
from gradproof.audit.reading.names import form
from gradproof.audit.reading.read import Statement
from gradproof.audit.reading.tree import Call, Derivative, Label, Node, Sum, Symbol, walk
from gradproof.audit.values.indices import index_value


def add_losses(definitions: Definitions, statements: Sequence[Statement], families: Families) -> None:
    """Define each loss that is only differentiated as a random linear function of what nothing else is made of."""
    tops = _undefined_tops(definitions, statements)
    if not tops:
        return
    inner = _inner(definitions, families)
    sinks = _sinks(definitions, families, inner, {top.name for top in tops.values()})
    for of in tops.values():
        by = _differentiated_by(of, statements)
        if form(of) in inner and not any(key in definitions.quantities for key in by):
            continue  # what other things are made of, and nobody differentiates by anything that the note defines
        ends = [head for head in sinks.values() if form(head) != form(of)]
        named = [head for head in ends if (head.name, head.mark) in by]
        terms: tuple[Node, ...] = tuple(Call("contract", 0, (head,)) for head in named or ends)
        if terms:
            whole: Node = terms[0] if len(terms) == 1 else Sum(("+",) * len(terms), terms)
            definitions.quantities.setdefault((of.name, of.mark), []).append(Definition(-1, 0, of, (), whole))


def own_losses(definitions: Definitions) -> list[int]:
    """The statements that define what the losses which were added are functions of."""
    added = [d.tree for many in definitions.quantities.values() for d in many if d.statement < 0]
    calls = [node for tree in added for node in walk(tree) if isinstance(node, Call) and node.function == "contract"]
    ends = [head for call in calls for head in call.arguments if isinstance(head, Symbol)]
    return [d.statement for head in ends for d, _ in definitions.matches(head) if d.statement >= 0]


def _differentiated_by(top: Symbol, statements: Sequence[Statement]) -> set[tuple[str, str]]:
    """The names by which a note differentiates a loss; another function of its inputs, named beside it, is none."""
    found = set()
    for node in (below for tree in trees_of(statements) for below in walk(tree)):
        if isinstance(node, Derivative) and isinstance(node.of, Symbol) and form(node.of) == form(top):
            by = node.by.name if isinstance(node.by, Call) else node.by
            if isinstance(by, Symbol):
                found.add((by.name, by.mark))
        elif isinstance(node, Symbol) and len(node.name) > 1 and node.name[0] == "d":
            found.add((node.name[1:], node.mark))  # dO, where it is a derivative
    return found


def _undefined_tops(definitions: Definitions, statements: Sequence[Statement]) -> dict[object, Symbol]:
    tops: dict[object, Symbol] = {}
    for tree in trees_of(statements):
        for node in walk(tree):
            if isinstance(node, Derivative) and isinstance(node.of, Symbol):
                of = node.of
                plainly = not (of.sub or of.sup)
                defined = any(True for _ in definitions.matches(of)) or form(of) in definitions.functions
                if plainly and not defined:
                    tops[form(of)] = of
    return tops


def _sinks(definitions: Definitions, families: Families, inner: set[object], tops: set[str]) -> dict[object, Symbol]:
    """The quantities, each step and layer on its own, that nothing else is made of."""
    sinks: dict[object, Symbol] = {}
    for key, many in definitions.quantities.items():
        if " " in key[0] or _needs(definitions, key, tops):
            continue
        for definition in many:
            if _differentiates(definition) or definition.in_passing:
                continue
            if definition.axes and all(text.isdecimal() for text in definition.axes):
                continue
            for head in instances(definition.head, families.letters):
                beyond = any(label.text == str(families.letters.count + 1) for label in (*head.sub, *head.sup))
                if form(head) not in inner and not beyond:
                    sinks[form(head)] = head
    return sinks


def _inner(definitions: Definitions, families: Families) -> set[object]:
    """The quantities that some other one is made of: of a state in time all steps but the last."""
    inner: set[object] = set()
    for many in definitions.quantities.values():
        for definition in many:
            if _differentiates(definition):
                continue
            for head in instances(definition.head, families.letters):
                for matched, values in definitions.matches(head):
                    if matched is definition:
                        inner |= {form(used) for used in _used(definition, families, values)}
    return inner


def _used(definition: Definition, families: Families, values: dict[str, int]) -> Iterator[Symbol]:
    known = {**families.letters.fixed, **values}

    def put(label: Label) -> Label:
        number = index_value(label.text, known) if families.letters.is_index(label.text) else None
        return label if number is None else Label(str(number), label.bracket)

    for symbol in symbols_in(definition.tree):
        head = families.split(symbol).head
        yield from instances(
            replace(head, sub=tuple(map(put, head.sub)), sup=tuple(map(put, head.sup))), families.letters
        )


def _differentiates(definition: Definition) -> bool:
    return any(isinstance(node, Derivative) for node in walk(definition.tree))


def _needs(definitions: Definitions, key: tuple[str, str], names: set[str]) -> bool:
    """Whether a quantity is made of some names."""
    waiting, seen = [key], {key}
    while waiting:
        for definition in definitions.quantities.get(waiting.pop(), ()):
            for symbol in symbols_in(definition.tree):
                if symbol.name in names:
                    return True
                if (symbol.name, symbol.mark) not in seen:
                    seen.add((symbol.name, symbol.mark))
                    waiting.append((symbol.name, symbol.mark))
    return False
