"""Edits of calls: another function, other axes, another range, a call too much, an epsilon in a root."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator
from itertools import permutations

from gradproof import operators as mistakes
from gradproof.operators import table
from gradproof.repair.program.dialect import AXES, NUMPY, reductions, torch_edits
from gradproof.repair.program.edit import WHOLE, Variant, attribute, called, parsed
from gradproof.repair.program.pool import Pool

PERMUTED = 4
"""So many axes are brought into another order at most."""

_REDUCTIONS = ("sum", "mean", "max", "min", "std", "var")


def call_edits(node: ast.Call, text: str, pool: Pool) -> Iterator[Variant]:
    """What may have been meant by a call."""
    if isinstance(node.func, ast.Attribute):
        yield from _of_method(node, node.func, pool.dialect.modules)
    if pool.dialect is not NUMPY:
        yield from torch_edits(node)
    if pool.dialect is not NUMPY and _is_reduction(node):
        yield from ((table.AXIS.bits + WHOLE, new, said) for said, new in reductions(node))
    yield from _other_functions(node, pool)
    yield from _permuted(node, pool)
    yield from _flagged(node, pool)
    if len(node.args) == 1 and not node.keywords:
        yield table.EXTRA_FUNCTION.bits + 1.5, node.args[0], f"{ast.unparse(node.func)} does not belong there"
        function = ast.unparse(node.func).rpartition(".")[2]
        if function in mistakes.GUARDED:
            for bits, new, said in kept_from_zero(node.args[0], pool):
                yield bits, ast.Call(node.func, [new], []), said
    if len(node.args) >= 2:
        first, second, *rest = node.args
        swapped = ast.Call(node.func, [second, first, *rest], node.keywords)
        yield table.SWAPPED.bits + WHOLE, swapped, f"the operands of {text} are exchanged"
    if isinstance(node.func, ast.Name) and node.func.id == "range":
        yield from _ranges(node)


def kept_from_zero(node: ast.expr, pool: Pool) -> Iterator[Variant]:
    """An expression with an epsilon, where it may need one: the code's own, where it has a name for it."""
    if not isinstance(node, ast.Constant) and not ast.unparse(node).endswith((".size", ".shape[0]", ".shape[1]")):
        for epsilon, bits in mistakes.EPSILONS.items():
            text = mistakes.written_number(epsilon)
            said = table.EPSILON.says(ast.unparse(node), text)
            name = pool.numbers.get(float(text))
            new = ast.BinOp(node, ast.Add(), parsed(name) if name else ast.Constant(float(text)))
            yield table.EPSILON.bits + WHOLE + bits - 2.0, new, said


def _other_functions(node: ast.Call, pool: Pool) -> Iterator[Variant]:
    """Another function of the file, or another method of the same object, that takes as many arguments."""
    match node.func:
        case ast.Name(id=name) | ast.Attribute(value=ast.Name(id="self"), attr=name) if name in pool.callables:
            for other, arguments in pool.callables.items():
                if other != name and len(node.args) + len(node.keywords) in arguments:
                    own = isinstance(node.func, ast.Name)
                    called_one = ast.Name(other, ast.Load()) if own else attribute(ast.Name("self", ast.Load()), other)
                    new = ast.Call(called_one, node.args, node.keywords)
                    yield table.FUNCTION.bits + WHOLE - 0.5, new, table.FUNCTION.says(name, other)
        case ast.Attribute(value=ast.Name(id=module), attr=name) if module in pool.dialect.modules:
            for other in pool.functions if len(node.args) == 1 else ():
                new = ast.Call(ast.Name(other, ast.Load()), node.args, [])
                yield table.FUNCTION.bits + WHOLE, new, table.FUNCTION.says(name, other)


def _flagged(node: ast.Call, pool: Pool) -> Iterator[Variant]:
    """A flag of a function of the file that is not given, or the other way round: `f(z)` for `f(z, deriv=True)`."""
    name = ast.unparse(node.func).rpartition(".")[2]
    given = {word.arg for word in node.keywords}
    for flag, value in pool.flags.get(name, {}).items():
        others = [word for word in node.keywords if word.arg != flag]
        if flag in given:
            yield table.FLAG.bits + WHOLE, ast.Call(node.func, node.args, others), table.FLAG.says(flag, str(value))
        else:
            word = ast.keyword(flag, ast.Constant(not value))
            new = ast.Call(node.func, node.args, [*others, word])
            yield table.FLAG.bits + WHOLE, new, table.FLAG.says(flag, str(not value))


def _permuted(node: ast.Call, pool: Pool) -> Iterator[Variant]:
    """A reshaping with its axes brought into another order before it, or behind it: the entries then lie otherwise."""
    if not isinstance(node.func, ast.Attribute) or node.func.attr != "reshape":
        return
    bits = table.TRANSPOSED.bits + WHOLE + 1.5
    before = len(pool.shape(ast.unparse(node.func.value)) or ())
    if len(node.args) < before <= PERMUTED:
        for order in list(permutations(range(before)))[1:]:
            turned = called(attribute(node.func.value, "transpose"), *map(ast.Constant, order))
            yield (
                bits,
                ast.Call(attribute(turned, "reshape"), node.args, []),
                f"{ast.unparse(node.func.value)} needs its axes in another order",
            )
    if before < len(node.args) <= PERMUTED:
        for order in list(permutations(range(len(node.args))))[1:]:
            lengths = [node.args[order.index(axis)] for axis in range(len(order))]
            shaped = ast.Call(node.func, lengths, [])
            yield (
                bits,
                called(attribute(shaped, "transpose"), *map(ast.Constant, order)),
                f"{ast.unparse(node)} puts the entries in another order",
            )


def _of_method(node: ast.Call, function: ast.Attribute, modules: Collection[str]) -> Iterator[Variant]:
    for swap in mistakes.functions(function.attr):
        new = ast.Call(ast.Attribute(function.value, swap.other, ast.Load()), node.args, node.keywords)
        bits = swap.bits + WHOLE - (1.5 if swap.operator is table.FUNCTION else 0.5)
        yield bits, new, swap.operator.says(function.attr, swap.other)
    if ast.unparse(function.value) not in modules:
        yield table.EXTRA_FUNCTION.bits + WHOLE, function.value, ""
    if function.attr in _REDUCTIONS:
        yield from _reductions(node)
    if function.attr == "flatten":
        new_text = f"{ast.unparse(function.value)}.reshape(-1)"
        said = table.COPY.says("flatten", "makes a copy, which is written into")
        yield table.COPY.bits + 1.0, parsed(new_text), said


def _ranges(node: ast.Call) -> Iterator[Variant]:
    """A loop that begins or ends one too early or too late, or goes the other way."""
    bits = table.INDEX.bits + WHOLE
    begin, end = (node.args[0], node.args[1]) if len(node.args) > 1 else (None, node.args[0] if node.args else None)
    if end is None:
        return
    for other in _one_off(end):
        yield bits, ast.Call(node.func, [*([begin] if begin else []), other, *node.args[2:]], []), ""
    if begin is None:
        yield bits, ast.Call(node.func, [ast.Constant(1), end], []), "the loop should begin at 1"
    else:
        yield bits, ast.Call(node.func, [end], []), "the loop should begin at 0"
        for other in _one_off(begin):
            yield bits, ast.Call(node.func, [other, end, *node.args[2:]], []), ""
    yield (
        table.LOOP_ORDER.bits + 1.0,
        called(ast.Name("reversed", ast.Load()), node),
        table.LOOP_ORDER.says("", "backwards"),
    )


def _one_off(bound: ast.expr) -> Iterator[ast.expr]:
    match bound:
        case ast.Constant(value=int() as number):
            yield from (ast.Constant(number + step) for step in (-1, 1))
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub(), right=ast.Constant()):
            yield left
        case _:
            yield ast.BinOp(bound, ast.Sub(), ast.Constant(1))
            yield ast.BinOp(bound, ast.Add(), ast.Constant(1))


def _is_reduction(node: ast.Call) -> bool:
    return isinstance(node.func, ast.Attribute) and node.func.attr in _REDUCTIONS


def _reductions(node: ast.Call) -> Iterator[Variant]:
    others = [word for word in node.keywords if word.arg != "axis"]
    axis = next((word.value for word in node.keywords if word.arg == "axis"), None)
    for wanted in AXES:
        if wanted != "None" and (axis is None or ast.unparse(axis) != wanted):
            new = ast.keyword("axis", parsed(wanted))
            yield table.AXIS.bits + WHOLE, ast.Call(node.func, node.args, [new, *others]), f"the axis is {wanted}"
    if axis is not None:
        yield table.AXIS.bits + WHOLE + 0.5, ast.Call(node.func, node.args, others), "it goes over all axes"
    kept = [word for word in node.keywords if word.arg != "keepdims"]
    bits = table.KEEPDIMS.bits + WHOLE
    if len(kept) < len(node.keywords):
        yield bits, ast.Call(node.func, node.args, kept), table.KEEPDIMS.says("", "does not belong there")
    else:
        words = [*kept, ast.keyword("keepdims", ast.Constant(value=True))]
        yield bits, ast.Call(node.func, node.args, words), table.KEEPDIMS.says("", "is missing")
