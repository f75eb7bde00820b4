"""The slips that another name mends: a wrong one, a factor or a term that is missing."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import NamedTuple

from gradproof.operators.products import undone_by
from gradproof.repair.code.scope import Atom, Scope, confusion
from gradproof.repair.code.slip import Slip
from gradproof.repair.code.source import Source, function_name, own_expressions
from gradproof.repair.formulas.names import UPDATED

_TAKEN_BACK = 4.0
"""Bits that speak against a factor which takes back what the statement does with it."""

_CONSTANTS = (("* 2", "2"), ("/ 2", "1/2"))
_TAKES_NO_FACTOR = frozenset({
    "zeros", "ones", "empty", "full", "eye", "arange", "range", "reshape", "transpose", "swapaxes", "len", "enumerate",
    "zip", "zeros_like", "ones_like", "empty_like", "expand_dims", "squeeze", "int", "reversed", "isinstance", "astype",
})  # fmt: skip


def wrong_names(source: Source, scope: Scope, node: ast.expr) -> Iterator[Slip]:
    """Another name, or another entry, in the place of one."""
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
        here = scope.names(node.lineno)
        if node.id not in (*here, *scope.quantities):
            return
        for name in dict.fromkeys((*here, *scope.quantities)):
            if name != node.id:
                bits = confusion(node.id, name) + (0.0 if name in here else 0.75)
                ordering = node.id.removesuffix(UPDATED) == name
                sentence = (
                    f"{node.id} (already updated) where the old {name} is meant"
                    if ordering
                    else f"{node.id} should be {name}"
                )
                kind = "ordering" if ordering else "name"
                yield Slip((source.replaced(node, name),), bits, kind, sentence, (name,))
        if node.id in scope.ahead:
            step = scope.ahead[node.id]
            sentence = f"{node.id} should look one step ahead: {step.text[1:-1]}"
            yield Slip((source.replaced(node, step.text),), 4.0, "look ahead", sentence, step.names)
        for mask in scope.masks:
            yield Slip((source.replaced(node, f"({mask})"),), 3.5, "mask", f"{node.id} should be the mask {mask}")
        if scope.axes.get(node.id) == 2 and scope.is_exponentiated:
            text = f"np.where(np.triu(np.ones_like({node.id}), k=1) > 0, -np.inf, {node.id})"
            sentence = f"the causal mask is missing: {node.id} ahead of the diagonal should count as minus infinity"
            yield Slip((source.replaced(node, text),), 5.0, "mask", sentence)
        if id(node) not in source.bases:
            for name in here:
                if name != node.id and name not in scope.indices:
                    sentence = f"the power {name} of {node.id} is missing"
                    yield Slip((source.replaced(node, f"{node.id}**{name}"),), 3.5, "power", sentence)
    elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load) and isinstance(node.value, ast.Name):
        old = source.of_node(node)
        for atom in scope.atoms(node.lineno):
            if atom.text != old:
                bits = 2.0 + atom.bits
                yield Slip(
                    (source.replaced(node, atom.text),), bits, "name", f"{old} should be {atom.text}", atom.names
                )


def missing_parts(source: Source, scope: Scope, statement: ast.stmt) -> Iterator[Slip]:
    """Factors and terms that are missing at the places of a statement where one can stand."""
    atoms = scope.atoms(statement.lineno)
    derived = (*atoms, *_derived(scope, atoms))
    yield from _in_all_parts(source, scope, statement)
    yield from _out_of_step(source, statement)
    for part in _factors(statement) if scope.unused else ():
        for name in scope.unused:
            for operator in "+-":
                spans = source.plus(part, f" {operator} {name}", wrapped=True)
                yield Slip(spans, 4.0, "missing term", f"the term {operator} {name} is missing", (name,))
    # A factor that is the same in every turn is likelier to be forgotten behind the loop.
    turns = 0.2 * source.depth(statement)
    undone = undone_by(*own_expressions(statement))
    for place in _term_places(statement):
        for suffix, factor in _CONSTANTS:
            spans = source.times(place.node, f" {suffix}", wrapped=place.wrapped)
            bits = 2.5 + place.bits + turns + _TAKEN_BACK * (tuple(suffix.split()) in undone)
            yield Slip(spans, bits, "constant factor", f"the factor {factor} is missing")
        yield Slip(
            source.negated(place.node), 2.0 + place.bits, "sign", f"the sign of {source.of_node(place.node)} is wrong"
        )
        for atom in _sizes(scope):
            yield from _missing_factor(source, place, atom, ("/", "*"), undone, turns)
        for atom in derived:
            more = 0.0 if "[" in atom.text else turns
            yield from _missing_factor(source, place, atom, ("*", "/", "@"), undone, more)
        for atom in scope.fragments:
            yield from _missing_factor(source, place, atom, ("/", "*"), undone, turns)
        for atom in (*atoms, *scope.fragments, *_of_unused(scope, atoms)) if place.takes_terms else ():
            for operator in "+-":
                spans = source.plus(place.node, f" {operator} {atom.text}", wrapped=place.wrapped)
                bits = 2.0 + atom.bits + place.bits
                yield Slip(spans, bits, "missing term", f"the term {operator} {atom.text} is missing", atom.names)


def _in_all_parts(source: Source, scope: Scope, statement: ast.stmt) -> Iterator[Slip]:
    """The same factor missing in all parts of a tuple."""
    value = statement.value if isinstance(statement, ast.Assign) else None
    if isinstance(value, ast.Tuple) and len(value.elts) > 1:
        for name in scope.names(statement.lineno):
            for operator, factor in (("*", name), ("/", f"1/{name}")):
                spans = [
                    span for part in value.elts for span in source.times(part, f" {operator} {name}", wrapped=False)
                ]
                sentence = f"the factor {factor} is missing in all of {source.of_node(value)}"
                yield Slip(tuple(spans), 3.5, "missing factor", sentence, (name,))


def _out_of_step(source: Source, statement: ast.stmt) -> Iterator[Slip]:
    """What belongs to a step and to the one before it, taken at the same step."""
    for root in own_expressions(statement):
        for node in ast.walk(root):
            pair: list[ast.expr] = []
            if isinstance(node, ast.Call):
                pair = [part for part in node.args if isinstance(part, (ast.Name, ast.Attribute))]
            elif isinstance(node, ast.BinOp):
                pair = [part for part in (node.left, node.right) if isinstance(part, (ast.Name, ast.Attribute))]
            if len(pair) == 2:
                for first, second in (("[1:]", "[:-1]"), ("[:-1]", "[1:]")):
                    texts = [source.of_node(part) + cut for part, cut in zip(pair, (first, second), strict=True)]
                    spans = tuple(source.replaced(part, text) for part, text in zip(pair, texts, strict=True))
                    yield Slip(spans, 3.5, "index", f"{texts[0]} belongs to {texts[1]}: they are one step apart")


def _of_unused(scope: Scope, atoms: tuple[Atom, ...]) -> Iterator[Atom]:
    """Products with what is computed but never read."""
    for name in scope.unused:
        for atom in atoms:
            yield Atom(f"{name} * {atom.text}", 0.5 + atom.bits, (name, *atom.names))


class _TermPlace(NamedTuple):
    """A place where a factor, and perhaps a term, can be put behind what stands there."""

    node: ast.expr
    wrapped: bool
    takes_terms: bool
    bits: float


def _missing_factor(
    source: Source,
    place: _TermPlace,
    atom: Atom,
    operators: tuple[str, ...],
    undone: frozenset[tuple[str, str]],
    more: float,
) -> Iterator[Slip]:
    for rank, operator in enumerate(operators):
        spans = source.times(place.node, f" {operator} {atom.text}", wrapped=place.wrapped)
        factor = f"1/{atom.text}" if operator == "/" else atom.text
        kind = "mask" if operator == "*" and any(sign in atom.text for sign in "<>") else "missing factor"
        what = "mask" if kind == "mask" else "factor"
        bits = 1.0 + 0.5 * rank + atom.bits + place.bits + more + _TAKEN_BACK * ((operator, atom.text) in undone)
        yield Slip(spans, bits, kind, f"the {what} {factor} is missing", atom.names)


def _sizes(scope: Scope) -> Iterator[Atom]:
    """Lengths of the parameters that are arrays."""
    for name in scope.parameters:
        for axis in range(min(scope.axes.get(name, 0), 3)):
            yield Atom(f"{name}.shape[{axis}]", 2.0, (name,))


def _derived(scope: Scope, atoms: tuple[Atom, ...]) -> Iterator[Atom]:
    """Masks, and derivatives of activations by their values."""
    yield from (Atom(f"({mask})", 2.0, ()) for mask in scope.masks)
    for atom in atoms:
        if atom.text.isidentifier() or "[" in atom.text:
            yield Atom(f"({atom.text} > 0)", 1.5 + atom.bits, atom.names)
            yield Atom(f"(1 - {atom.text})", 2.0 + atom.bits, atom.names)
            yield Atom(f"(1 - {atom.text}**2)", 2.0 + atom.bits, atom.names)
            yield Atom(f"{atom.text} * (1 - {atom.text})", 2.5 + atom.bits, atom.names)


def _term_places(statement: ast.stmt) -> Iterator[_TermPlace]:
    for root in own_expressions(statement):
        if isinstance(statement, (ast.Assign, ast.AugAssign, ast.Return)) and root is statement.value:
            if isinstance(root, (ast.Tuple, ast.List)):
                yield from (_TermPlace(part, False, True, 0.5) for part in root.elts)
            elif not isinstance(root, ast.Dict):
                yield _TermPlace(root, False, True, 0.0)
            yield from _inner_places(root)
        elif isinstance(statement, ast.Expr):
            yield from _inner_places(root)


def _inner_places(root: ast.expr) -> Iterator[_TermPlace]:
    for node in ast.walk(root):
        if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Mult, ast.Div, ast.MatMult)):
            # Sums that are operands of products stand in parentheses.
            sums = (part for part in (node.left, node.right) if _is_sum(part))
            yield from (_TermPlace(part, False, True, 0.5) for part in sums)
        if isinstance(node, ast.BinOp) and _is_sum(node):
            yield _TermPlace(node.left, False, False, 0.5)
            yield _TermPlace(node.right, False, False, 0.5)
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult):
            yield _TermPlace(node.left, True, False, 1.0)
            yield _TermPlace(node.right, True, False, 1.0)
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
            yield _TermPlace(node.right, True, True, 1.0)
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
            yield _TermPlace(node.left, True, True, 1.5)
        elif isinstance(node, ast.Call):
            yield from _arguments(node)
        elif isinstance(node, (ast.ListComp, ast.GeneratorExp)):
            yield _TermPlace(node.elt, False, True, 0.5)


def _factors(statement: ast.stmt) -> Iterator[ast.expr]:
    """Factors that are no sums."""
    for root in own_expressions(statement):
        for node in ast.walk(root):
            if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Mult, ast.Div, ast.MatMult)):
                for part in (node.left, node.right):
                    if isinstance(part, (ast.Name, ast.Subscript, ast.Attribute)):
                        yield part


def _arguments(call: ast.Call) -> Iterator[_TermPlace]:
    """What a function is applied to: its arguments, or the object of a method without any."""
    function = call.func
    if isinstance(function, ast.Attribute) and not call.args and isinstance(function.value, (ast.BinOp, ast.Call)):
        yield _TermPlace(function.value, True, False, 1.0)
    if function_name(call) not in _TAKES_NO_FACTOR:
        for argument in call.args:
            if isinstance(argument, (ast.BinOp, ast.UnaryOp, ast.Name, ast.Subscript, ast.Call, ast.Attribute)):
                yield _TermPlace(argument, False, True, 1.0)


def _is_sum(node: ast.expr) -> bool:
    return isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub))
