"""The slips that an expression may hold: operators, constants, functions, axes, subscripts, signs and transposes."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from gradproof import operators as mistakes
from gradproof.operators import symbols, table
from gradproof.repair.code.slip import ORDER, Slip
from gradproof.repair.code.source import Source, function_name
from gradproof.repair.formulas.rewrite import Span

_BOUND = table.INDEX.bits + 0.5
_ANY_INDEX = table.INDEX.bits + 1.5
_UFUNCS = frozenset({"add", "subtract", "multiply", "divide"})
_REDUCTIONS = frozenset({"sum", "mean", "max", "min", "var", "std", "prod"})


def in_expression(source: Source, node: ast.expr) -> Iterator[Slip]:
    """The slips at one node of an expression, without those that put in another name."""
    match node:
        case ast.BinOp():
            yield from _operation(source, node)
        case ast.UnaryOp(op=ast.USub()):
            text = source.of_node(node)
            span = source.replaced(node, source.grouped(node.operand))
            yield Slip((span,), table.SIGN.bits + 0.5, table.SIGN.name, table.SIGN.says(text))
        case ast.UnaryOp(op=ast.Not()):
            yield _instead(source, node, source.grouped(node.operand), table.CONDITION.bits - 0.5, table.CONDITION.name)
        case ast.Compare():
            yield from _comparison(source, node)
        case ast.BoolOp():
            yield from _connective(source, node)
        case ast.Constant():
            yield from _constant(source, node)
        case ast.Attribute(attr="T"):
            bits = table.TRANSPOSED.bits
            yield _transposed(source, node, source.of_node(node.value), "should not be transposed", bits)
        case ast.Attribute(attr=name) if name in _UFUNCS:
            swap = mistakes.functions(name)[0]
            kind = table.SIGN if swap.operator is table.SIGN else table.OPERATOR
            text = source.of_node(node).removesuffix(name) + swap.other
            yield _instead(source, node, text, table.SIGN.bits + 0.5, kind.name)
        case ast.Call():
            yield from _call(source, node)
        case ast.Subscript():
            yield from _subscript(source, node)
        case ast.IfExp():
            yes, no = source.of_node(node.body), source.of_node(node.orelse)
            spans = (source.replaced(node.body, no), source.replaced(node.orelse, yes))
            yield Slip(
                spans,
                table.SWAPPED.bits + 1.0,
                table.SWAPPED.name,
                f"the two branches of {source.of_node(node)} are exchanged",
            )
    if id(node) not in source.bases and isinstance(getattr(node, "ctx", ast.Load()), ast.Load):
        yield from _as_value(source, node)


def _as_value(source: Source, node: ast.expr) -> Iterator[Slip]:
    """The sign and the transpose of what stands in the text as one value."""
    if isinstance(node, (ast.Name, ast.Attribute, ast.Call)) and not _is_transpose(node):
        yield _transposed(
            source, node, f"{source.of_node(node)}.T", "should be transposed", table.TRANSPOSED.bits + 0.5
        )
        text = f"{source.of_node(node)}.swapaxes(-1, -2)"
        yield _transposed(source, node, text, "should have its last two axes exchanged", table.TRANSPOSED.bits + 1.5)
    if isinstance(node, (ast.Name, ast.Call, ast.Subscript)):
        sentence = table.SIGN.says(source.of_node(node))
        yield Slip(source.negated(node), table.SIGN.bits + 1.5, table.SIGN.name, sentence)


def _instead(source: Source, node: ast.expr, text: str, bits: float, kind: str) -> Slip:
    return Slip((source.replaced(node, text),), bits, kind, f"{source.of_node(node)} should be {text}")


def _is_transpose(node: ast.expr) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == "T"


def _transposed(source: Source, node: ast.expr, text: str, what: str, bits: float) -> Slip:
    operand = source.of_node(node.value if isinstance(node, ast.Attribute) and node.attr == "T" else node)
    sentence = table.TRANSPOSED.says(operand, what)
    return Slip((source.replaced(node, text),), bits, table.TRANSPOSED.name, sentence)


def _operation(source: Source, node: ast.BinOp) -> Iterator[Slip]:
    whole, left, right = source.of_node(node), source.grouped(node.left), source.grouped(node.right)
    old = symbols.ARITHMETIC.get(type(node.op), "")
    for swap in mistakes.arithmetic(old):
        span = source.between(node.left, node.right, old, swap.other)
        if span is not None:
            sentence = swap.operator.says(right if swap.operator is table.SIGN else old, swap.other, whole)
            yield Slip((span,), swap.bits + 0.5 * (swap.operator is table.SIGN), swap.operator.name, sentence)
    if isinstance(node.op, (ast.Sub, ast.Div, ast.MatMult, ast.Pow)):
        text = f"{right} {old} {left}"
        sentence = table.SWAPPED.says(old, "", whole)
        yield Slip((source.replaced(node, text),), table.SWAPPED.bits, table.SWAPPED.name, sentence)
    if isinstance(node.op, ast.Pow):
        for rank, power in enumerate(mistakes.EXPONENTS):
            yield from _of_power(source, node, power, table.EXPONENT.bits + 0.1 * rank)
        yield from _kept_from_zero(source, node.left)
    if isinstance(node.op, ast.Div):
        yield from _kept_from_zero(source, node.right)
    is_sum = isinstance(node.op, (ast.Add, ast.Sub))
    extra = table.EXTRA_TERM if is_sum else table.EXTRA_FACTOR
    for kept, gone in dict.fromkeys(((left, right), (right, left))):
        too_much = extra.says(gone)
        bits = extra.bits - 0.5 * gone.replace(".", "").isdigit()
        if kept == right and isinstance(node.op, ast.Sub):
            yield Slip((source.replaced(node, f"(-{right})"),), bits, extra.name, too_much)
        elif kept == right and isinstance(node.op, ast.Div):
            yield Slip((source.replaced(node, f"(1 / {right})"),), bits + 1.0, extra.name, too_much)
        elif (span := _without(source, node, old, is_left_kept=kept == left)) is not None:
            yield Slip((span,), bits, extra.name, too_much)
    if isinstance(node.op, ast.Mult) and isinstance(node.right, ast.BinOp):
        return
    if isinstance(node.left, ast.BinOp) and isinstance(node.left.op, (ast.Add, ast.Sub)) != is_sum:
        yield from _regrouped(source, node, node.left)


def _of_power(source: Source, node: ast.BinOp, power: float, bits: float) -> Iterator[Slip]:
    text = mistakes.written_number(power)
    if source.of_node(node.right).strip("()") != text:
        sentence = table.EXPONENT.says(source.of_node(node.left), text)
        spans = (source.replaced(node.right, text if power >= 0 else f"({text})"),)
        yield Slip(spans, bits, table.EXPONENT.name, sentence)


def _kept_from_zero(source: Source, node: ast.expr) -> Iterator[Slip]:
    """An epsilon that is missing where something is divided by, or its root or logarithm taken."""
    if isinstance(node, ast.Constant):
        return
    for epsilon, bits in mistakes.EPSILONS.items():
        text = f" + {mistakes.written_number(epsilon)}"
        spans = source.plus(node, text, wrapped=True)
        sentence = table.EPSILON.says(source.of_node(node), text[3:])
        yield Slip(spans, table.EPSILON.bits + bits, table.EPSILON.name, sentence)


def _without(source: Source, node: ast.BinOp, operator: str, *, is_left_kept: bool) -> Span | None:
    """An operation without one of its operands; what is left keeps its parentheses."""
    found = source.between(node.left, node.right, operator, "")
    if found is None:
        return None
    if is_left_kept:
        return Span(len(source.text[: found.start].rstrip()), source.end(node), "")
    start = source.start(node)
    return Span(start, found.end + len(source.text[found.end :]) - len(source.text[found.end :].lstrip()), "")


def _regrouped(source: Source, node: ast.BinOp, inner: ast.BinOp) -> Iterator[Slip]:
    """`(a + b) * c` for `a + b * c` and the other way round."""
    a, b, c = (source.grouped(part) for part in (inner.left, inner.right, node.right))
    first, second = (symbols.ARITHMETIC.get(type(op), "") for op in (inner.op, node.op))
    if first and second:
        text = f"({a} {first} ({b} {second} {c}))"
        sentence = table.PARENTHESES.says(source.of_node(node), text[1:-1])
        yield Slip((source.replaced(node, text),), table.PARENTHESES.bits, table.PARENTHESES.name, sentence)


def _comparison(source: Source, node: ast.Compare) -> Iterator[Slip]:
    if len(node.ops) != 1:
        return
    old = symbols.COMPARISONS.get(type(node.ops[0]), "")
    for swap in mistakes.comparisons(old):
        span = source.between(node.left, node.comparators[0], old, swap.other)
        if span is not None:
            sentence = swap.operator.says(old, swap.other, source.of_node(node))
            yield Slip((span,), swap.bits, swap.operator.name, sentence)


def _connective(source: Source, node: ast.BoolOp) -> Iterator[Slip]:
    old, new = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
    text = f" {new} ".join(source.grouped(value) for value in node.values)
    sentence = f"{old} should be {new}"
    yield Slip((source.replaced(node, f"({text})"),), table.CONDITION.bits, table.CONDITION.name, sentence)


def _constant(source: Source, node: ast.Constant) -> Iterator[Slip]:
    value = node.value
    if isinstance(value, bool):
        yield _instead(source, node, str(not value), table.CONDITION.bits, table.CONSTANT.name)
    elif isinstance(value, str):
        yield from _letters(source, node, value)
    elif isinstance(value, (int, float)):
        for other, more in mistakes.numbers_near(value):
            # Half of an odd whole number is no whole number: an index or a length stays one.
            plain = value // 2 if isinstance(value, int) and other == value / 2 else other
            text = mistakes.written_number(plain)
            text = text if plain >= 0 else f"({text})"
            yield _instead(source, node, text, table.CONSTANT.bits - 1.0 + more, table.CONSTANT.name)


def _letters(source: Source, node: ast.Constant, value: str) -> Iterator[Slip]:
    """Subscripts of einsum: two letters exchanged in one operand, or one taken for another, or left out."""
    operands, arrow, result = value.partition("->")
    parts = [*operands.split(","), result] if arrow else operands.split(",")
    letters = sorted({letter for letter in value if letter.isalpha()})
    if not letters or len(value) > 40 or any(not (c.isalpha() or c in ",->. ") for c in value):
        return
    quote = source.of_node(node)[-1]
    for number, part in enumerate(parts):
        changed = [f"{part[:i]}{b}{part[i + 1 :]}" for i in range(len(part)) for b in ("", *letters) if b != part[i]]
        swapped = [
            f"{part[:i]}{part[j]}{part[i + 1 : j]}{part[i]}{part[j + 1 :]}" for j in range(len(part)) for i in range(j)
        ]
        for bits, texts in ((1.75, swapped), (3.0, changed)):
            for text in texts:
                new = [*parts[:number], text, *parts[number + 1 :]]
                joined = ",".join(new[:-1]) + "->" + new[-1] if arrow else ",".join(new)
                if joined != value:
                    yield _instead(source, node, f"{quote}{joined}{quote}", bits, "index")


def _call(source: Source, node: ast.Call) -> Iterator[Slip]:
    name = function_name(node)
    for swap in mistakes.functions(name):
        if name in _UFUNCS:
            continue  # as an attribute, whether it is called or not
        end = source.end(node.func)
        span = source.replaced(node.func, source.text[source.start(node.func) : end - len(name)] + swap.other)
        bits = swap.bits - 1.0 * (swap.operator is table.FUNCTION)
        yield Slip((span,), bits, swap.operator.name, swap.operator.says(name, swap.other))
    if name in mistakes.GUARDED and len(node.args) == 1:
        yield from _kept_from_zero(source, node.args[0])
    yield from _axis(source, node, name)
    if node.args and not isinstance(node.args[0], ast.Starred):
        yield Slip(
            (source.replaced(node, source.grouped(node.args[0])),),
            table.EXTRA_FUNCTION.bits,
            ORDER if name == "reversed" else table.EXTRA_FUNCTION.name,
            table.EXTRA_FUNCTION.says(name, "", source.of_node(node)),
        )
    if len(node.args) == 2:
        first, second = (source.of_node(argument) for argument in node.args)
        spans = (source.replaced(node.args[0], second), source.replaced(node.args[1], first))
        yield Slip(
            spans,
            table.SWAPPED.bits + 0.5,
            table.SWAPPED.name,
            f"the arguments are exchanged in {source.of_node(node)}",
        )
    if name == "range" and node.args:
        yield _instead(source, node, f"reversed({source.of_node(node)})", table.LOOP_ORDER.bits, ORDER)
        yield from _bounds(source, node)


def _axis(source: Source, node: ast.Call, name: str) -> Iterator[Slip]:
    given = next((keyword for keyword in node.keywords if keyword.arg == "axis"), None)
    if given is not None:
        old = source.of_node(given.value)
        for new in map(str, mistakes.AXES):
            sentence = f"the {name} is over axis {old}, it should be over axis {new}"
            if new != old:
                yield Slip((source.replaced(given.value, new),), table.AXIS.bits - 0.5, table.AXIS.name, sentence)
    elif name in _REDUCTIONS:
        start, end = source.start(node), source.end(node) - 1
        comma = ", " if node.args or node.keywords else ""
        for new in ("0", "1", "-1"):
            for keep, bits in (("", table.AXIS.bits + 0.5), (", keepdims=True", table.AXIS.bits + 1.0)):
                span = source.replaced(node, f"{source.text[start:end]}{comma}axis={new}{keep})")
                yield Slip((span,), bits, table.AXIS.name, f"the {name} should be over axis {new}")


def _bounds(source: Source, node: ast.Call) -> Iterator[Slip]:
    """The bounds of a range: one turn too many or too few at either end."""
    if len(node.args) == 1:
        text = source.of_node(node.args[0])
        yield Slip(
            (source.replaced(node.args[0], f"1, {text}"),), _BOUND, table.INDEX.name, "the loop should begin at 1"
        )
    if len(node.args) == 2:
        span = source.replaced(node, f"range({source.of_node(node.args[1])})")
        yield Slip((span,), _BOUND, table.INDEX.name, "the loop should begin at 0")
    for argument in node.args:
        yield from _shifted(source, argument, node, _BOUND)


def _shifted(source: Source, index: ast.expr, whole: ast.expr, bits: float) -> Iterator[Slip]:
    """An index or a bound that is one off."""
    text = source.of_node(index)
    others = []
    if isinstance(index, ast.BinOp) and isinstance(index.op, (ast.Add, ast.Sub)):
        if isinstance(index.right, ast.Constant):
            others = [source.of_node(index.left)]
    elif not isinstance(index, (ast.Constant, ast.Slice, ast.UnaryOp)):
        others = [f"{text} - 1", f"{text} + 1"]
    for new in others:
        sentence = table.INDEX.says(text, new, source.of_node(whole))
        yield Slip((source.replaced(index, new),), bits, table.INDEX.name, sentence)


def _subscript(source: Source, node: ast.Subscript) -> Iterator[Slip]:
    index = node.slice
    parts = list(index.elts) if isinstance(index, ast.Tuple) else [index]
    if len(parts) == 2:
        first, second = (source.of_node(part) for part in parts)
        spans = (source.replaced(parts[0], second), source.replaced(parts[1], first))
        yield Slip(spans, _BOUND, table.INDEX.name, f"the indices are exchanged in {source.of_node(node)}")
    for part in parts:
        yield from _shifted(source, part, node, table.INDEX.bits)
        if isinstance(part, ast.Slice) and (part.lower or part.upper):
            sentence = f"{source.of_node(part)} should be : in {source.of_node(node)}"
            yield Slip((source.replaced(part, ":"),), _ANY_INDEX, table.INDEX.name, sentence)
    if isinstance(node.ctx, ast.Load):
        sentence = f"{source.of_node(node)} should have no index"
        yield Slip((source.replaced(node, source.of_node(node.value)),), _ANY_INDEX, table.INDEX.name, sentence)
