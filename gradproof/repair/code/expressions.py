"""The slips that an expression may hold: operators, constants, functions, axes, subscripts, signs and transposes."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from gradproof.repair.code.slip import ORDER, Slip
from gradproof.repair.code.source import Source, function_name
from gradproof.repair.formulas.rewrite import Span

_OPERATORS: dict[type[ast.operator], tuple[str, tuple[tuple[str, float, str], ...]]] = {
    ast.Add: ("+", (("-", 1.5, "sign"), ("*", 3.5, "operator"))),
    ast.Sub: ("-", (("+", 1.5, "sign"), ("*", 3.5, "operator"))),
    ast.Mult: ("*", (("/", 2.0, "operator"), ("@", 2.0, "operator"), ("+", 3.5, "operator"))),
    ast.Div: ("/", (("*", 2.0, "operator"),)),
    ast.MatMult: ("@", (("*", 2.0, "operator"),)),
    ast.Pow: ("**", (("*", 3.0, "operator"),)),
    ast.FloorDiv: ("//", (("/", 2.0, "operator"),)),
}  # fmt: skip
_COMPARISONS: dict[type[ast.cmpop], tuple[str, tuple[str, ...]]] = {
    ast.Gt: (">", ("<", ">=", "<=")),
    ast.Lt: ("<", (">", "<=", ">=")),
    ast.GtE: (">=", ("<=", ">", "<")),
    ast.LtE: ("<=", (">=", "<", ">")),
    ast.Eq: ("==", ("!=",)),
    ast.NotEq: ("!=", ("==",)),
}
_FUNCTIONS = {
    "sum": ("mean", "max"), "mean": ("sum", "max", "min"), "max": ("min", "sum"), "min": ("max",),
    "maximum": ("minimum",), "minimum": ("maximum",), "zeros_like": ("ones_like",), "ones_like": ("zeros_like",),
    "zeros": ("ones",),
    "ones": ("zeros",), "argmax": ("argmin",), "argmin": ("argmax",), "exp": ("log",), "log": ("exp",),
    "sqrt": ("square",), "square": ("sqrt",), "tanh": ("cosh",), "cosh": ("tanh",), "sin": ("cos",), "cos": ("sin",),
    "std": ("var",), "var": ("std",), "outer": ("inner",), "dot": ("outer",), "cumsum": ("cumprod",), "log1p": ("log",),
    "expm1": ("exp",), "hstack": ("vstack",), "vstack": ("hstack",), "greater": ("less",), "less": ("greater",),
    "triu": ("tril",), "tril": ("triu",),
}  # fmt: skip
_UFUNCS = {"add": "subtract", "subtract": "add", "multiply": "divide", "divide": "multiply"}
_REDUCTIONS = frozenset({"sum", "mean", "max", "min", "var", "std", "prod"})


def in_expression(source: Source, node: ast.expr) -> Iterator[Slip]:
    """The slips at one node of an expression, without those that put in another name."""
    match node:
        case ast.BinOp():
            yield from _operation(source, node)
        case ast.UnaryOp(op=ast.USub()):
            text = source.of_node(node)
            yield Slip(
                (source.replaced(node, source.grouped(node.operand)),), 1.5, "sign", f"the sign of {text} is wrong"
            )
        case ast.UnaryOp(op=ast.Not()):
            yield _instead(source, node, source.grouped(node.operand), 2.0, "condition")
        case ast.Compare():
            yield from _comparison(source, node)
        case ast.BoolOp():
            yield from _connective(source, node)
        case ast.Constant():
            yield from _constant(source, node)
        case ast.Attribute(attr="T"):
            yield _transposed(source, node, source.of_node(node.value), "should not be transposed", 1.5)
        case ast.Attribute(attr=name) if name in _UFUNCS:
            text = source.of_node(node).removesuffix(name) + _UFUNCS[name]
            yield _instead(source, node, text, 1.5, "sign" if name in ("add", "subtract") else "operator")
        case ast.Call():
            yield from _call(source, node)
        case ast.Subscript():
            yield from _subscript(source, node)
        case ast.IfExp():
            yes, no = source.of_node(node.body), source.of_node(node.orelse)
            spans = (source.replaced(node.body, no), source.replaced(node.orelse, yes))
            yield Slip(spans, 3.0, "swapped", f"the two branches of {source.of_node(node)} are exchanged")
    if id(node) not in source.bases and isinstance(getattr(node, "ctx", ast.Load()), ast.Load):
        yield from _as_value(source, node)


def _as_value(source: Source, node: ast.expr) -> Iterator[Slip]:
    """The sign and the transpose of what stands in the text as one value."""
    if isinstance(node, (ast.Name, ast.Attribute, ast.Call)) and not _is_transpose(node):
        yield _transposed(source, node, f"{source.of_node(node)}.T", "should be transposed", 2.0)
        text = f"{source.of_node(node)}.swapaxes(-1, -2)"
        yield _transposed(source, node, text, "should have its last two axes exchanged", 3.0)
    if isinstance(node, (ast.Name, ast.Call, ast.Subscript)):
        yield Slip(source.negated(node), 2.5, "sign", f"the sign of {source.of_node(node)} is wrong")


def _instead(source: Source, node: ast.expr, text: str, bits: float, kind: str) -> Slip:
    return Slip((source.replaced(node, text),), bits, kind, f"{source.of_node(node)} should be {text}")


def _is_transpose(node: ast.expr) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == "T"


def _transposed(source: Source, node: ast.expr, text: str, what: str, bits: float) -> Slip:
    operand = source.of_node(node.value if isinstance(node, ast.Attribute) and node.attr == "T" else node)
    return Slip((source.replaced(node, text),), bits, "transposed", f"{operand} {what}")


def _operation(source: Source, node: ast.BinOp) -> Iterator[Slip]:
    whole, left, right = source.of_node(node), source.grouped(node.left), source.grouped(node.right)
    old, others = _OPERATORS.get(type(node.op), ("", ()))
    for new, bits, kind in others:
        span = source.between(node.left, node.right, old, new)
        if span is not None:
            sentence = f"the sign of {right} is wrong" if kind == "sign" else f"{old} should be {new} in {whole}"
            yield Slip((span,), bits, kind, sentence)
    if isinstance(node.op, (ast.Sub, ast.Div, ast.MatMult, ast.Pow)):
        text = f"{right} {old} {left}"
        yield Slip((source.replaced(node, text),), 2.0, "swapped", f"the operands of {old} are exchanged in {whole}")
    is_sum = isinstance(node.op, (ast.Add, ast.Sub))
    kind, word = ("extra term", "term") if is_sum else ("extra factor", "factor")
    for kept, gone in dict.fromkeys(((left, right), (right, left))):
        too_much = f"the {word} {gone} is too much"
        bits = 2.0 if gone.replace(".", "").isdigit() else 2.5
        if kept == right and isinstance(node.op, ast.Sub):
            yield Slip((source.replaced(node, f"(-{right})"),), bits, kind, too_much)
        elif kept == right and isinstance(node.op, ast.Div):
            yield Slip((source.replaced(node, f"(1 / {right})"),), bits + 1.0, kind, too_much)
        elif (span := _without(source, node, old, is_left_kept=kept == left)) is not None:
            yield Slip((span,), bits, kind, too_much)
    if isinstance(node.op, ast.Mult) and isinstance(node.right, ast.BinOp):
        return
    if isinstance(node.left, ast.BinOp) and isinstance(node.left.op, (ast.Add, ast.Sub)) != is_sum:
        yield from _regrouped(source, node, node.left)


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
    first, second = (_OPERATORS.get(type(op), ("", ()))[0] for op in (inner.op, node.op))
    if first and second:
        text = f"({a} {first} ({b} {second} {c}))"
        yield Slip((source.replaced(node, text),), 3.0, "parentheses", f"{source.of_node(node)} should be {text[1:-1]}")


def _comparison(source: Source, node: ast.Compare) -> Iterator[Slip]:
    if len(node.ops) != 1 or type(node.ops[0]) not in _COMPARISONS:
        return
    old, others = _COMPARISONS[type(node.ops[0])]
    for rank, new in enumerate(others):
        span = source.between(node.left, node.comparators[0], old, new)
        if span is not None:
            yield Slip((span,), 1.5 + rank, "mask", f"{old} should be {new} in {source.of_node(node)}")


def _connective(source: Source, node: ast.BoolOp) -> Iterator[Slip]:
    old, new = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
    text = f" {new} ".join(source.grouped(value) for value in node.values)
    yield Slip((source.replaced(node, f"({text})"),), 2.5, "condition", f"{old} should be {new}")


def _constant(source: Source, node: ast.Constant) -> Iterator[Slip]:
    value = node.value
    if isinstance(value, bool):
        yield _instead(source, node, str(not value), 2.5, "constant")
    elif isinstance(value, str):
        yield from _letters(source, node, value)
    elif isinstance(value, (int, float)):
        others = [0, 1, 2, value + 1, value - 1, 2 * value, value / 2 if value % 2 else value // 2, 0.5, 3, 4, -1]
        others += [float(f"{value * factor:.12g}") for factor in (10, 0.1)] if isinstance(value, float) else []
        for rank, other in enumerate(dict.fromkeys(o for o in others if o != value)):
            text = repr(other) if other >= 0 else f"({other!r})"
            yield _instead(source, node, text, 2.0 + 0.1 * rank, "constant")


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
    for rank, other in enumerate(_FUNCTIONS.get(name, ())):
        end = source.end(node.func)
        span = source.replaced(node.func, source.text[source.start(node.func) : end - len(name)] + other)
        kind = "mean/sum" if {name, other} == {"mean", "sum"} else "function"
        yield Slip((span,), 1.5 + rank, kind, f"{other} belongs where {name} stands")
    yield from _axis(source, node, name)
    if node.args and not isinstance(node.args[0], ast.Starred):
        yield Slip(
            (source.replaced(node, source.grouped(node.args[0])),),
            3.0,
            ORDER if name == "reversed" else "function",
            f"{name} is too much in {source.of_node(node)}",
        )
    if len(node.args) == 2:
        first, second = (source.of_node(argument) for argument in node.args)
        spans = (source.replaced(node.args[0], second), source.replaced(node.args[1], first))
        yield Slip(spans, 2.5, "swapped", f"the arguments are exchanged in {source.of_node(node)}")
    if name == "range" and node.args:
        yield _instead(source, node, f"reversed({source.of_node(node)})", 2.5, ORDER)
        yield from _bounds(source, node)


def _axis(source: Source, node: ast.Call, name: str) -> Iterator[Slip]:
    given = next((keyword for keyword in node.keywords if keyword.arg == "axis"), None)
    if given is not None:
        old = source.of_node(given.value)
        for new in ("0", "1", "-1", "None", "2"):
            sentence = f"the {name} is over axis {old}, it should be over axis {new}"
            if new != old:
                yield Slip((source.replaced(given.value, new),), 1.5, "axis", sentence)
    elif name in _REDUCTIONS:
        start, end = source.start(node), source.end(node) - 1
        comma = ", " if node.args or node.keywords else ""
        for new in ("0", "1", "-1"):
            for keep, bits in (("", 2.5), (", keepdims=True", 3.0)):
                span = source.replaced(node, f"{source.text[start:end]}{comma}axis={new}{keep})")
                yield Slip((span,), bits, "axis", f"the {name} should be over axis {new}")


def _bounds(source: Source, node: ast.Call) -> Iterator[Slip]:
    """The bounds of a range: one turn too many or too few at either end."""
    if len(node.args) == 1:
        text = source.of_node(node.args[0])
        yield Slip((source.replaced(node.args[0], f"1, {text}"),), 2.0, "index", "the loop should begin at 1")
    if len(node.args) == 2:
        span = source.replaced(node, f"range({source.of_node(node.args[1])})")
        yield Slip((span,), 2.0, "index", "the loop should begin at 0")
    for argument in node.args:
        yield from _shifted(source, argument, node, 2.0)


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
        sentence = f"{text} should be {new} in {source.of_node(whole)}"
        yield Slip((source.replaced(index, new),), bits, "index", sentence)


def _subscript(source: Source, node: ast.Subscript) -> Iterator[Slip]:
    index = node.slice
    parts = list(index.elts) if isinstance(index, ast.Tuple) else [index]
    if len(parts) == 2:
        first, second = (source.of_node(part) for part in parts)
        spans = (source.replaced(parts[0], second), source.replaced(parts[1], first))
        yield Slip(spans, 2.0, "index", f"the indices are exchanged in {source.of_node(node)}")
    for part in parts:
        yield from _shifted(source, part, node, 1.5)
        if isinstance(part, ast.Slice) and (part.lower or part.upper):
            sentence = f"{source.of_node(part)} should be : in {source.of_node(node)}"
            yield Slip((source.replaced(part, ":"),), 3.0, "index", sentence)
    if isinstance(node.ctx, ast.Load):
        sentence = f"{source.of_node(node)} should have no index"
        yield Slip((source.replaced(node, source.of_node(node.value)),), 3.0, "index", sentence)
