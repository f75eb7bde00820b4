"""Edits of the expressions of a statement: the table of mutation operators, for the syntax trees of a program."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import partial
from itertools import combinations

from gradproof import operators as mistakes
from gradproof.operators import table
from gradproof.operators.products import undone_by
from gradproof.operators.symbols import ARITHMETIC, ARITHMETIC_NODES, COMPARISON_NODES, COMPARISONS
from gradproof.repair.program.calls import call_edits, kept_from_zero
from gradproof.repair.program.edit import WHOLE, Band, Edit, Slot, Variant, attribute, called, parsed, slots, written
from gradproof.repair.program.pool import Pool

FORGOTTEN = 1.5
"""By so many bits a factor is likelier that is computed and read nowhere."""

ONE_OVER = 0.5
"""By so many bits the 1 of `1 / x` is less likely to be wrong than another number."""

_NEUTRAL: dict[type[ast.operator], int] = {
    ast.Add: 0, ast.Sub: 0, ast.Mult: 1, ast.Div: 1, ast.Pow: 1, ast.FloorDiv: 1,
}  # fmt: skip
_FUNCTIONS = (
    ("the softmax", "np.exp({0}) / np.exp({0}).sum(axis=-1, keepdims=True)"),
    ("the sigmoid", "1 / (1 + np.exp(-{0}))"),
    ("np.tanh", "np.tanh({0})"),
    ("np.exp", "np.exp({0})"),
    ("np.sqrt", "np.sqrt({0})"),
    ("np.maximum", "np.maximum({0}, 0)"),
)
_INSTEAD = 6.0
"""A factor in the place of a divisor: a mean by a weight that holds the count."""

_NAME, _FACTOR, _TERM = (kind.bits + WHOLE for kind in (table.NAME, table.MISSING_FACTOR, table.MISSING_TERM))
_EXCHANGED = table.SWAPPED.bits + WHOLE + 0.5


def expression_edits(statement: ast.stmt, pool: Pool, band: Band) -> Iterator[Edit]:
    """Edits of the expressions of a statement whose cost is in a band."""
    for slot in slots(statement):
        is_top = slot.holder is statement or isinstance(slot.holder, (ast.Dict, ast.Tuple))
        for bits, new, sentence in _variants(slot, pool, band, is_top=is_top):
            if band.has(bits) and not _is_idle(new) and not _makes_idle(slot, new):
                yield _edit(slot, bits, new, sentence, statement.lineno)


def number_edits(slot: Slot, band: Band, line: int) -> Iterator[Edit]:
    """Other numbers in the place of one."""
    value = ast.literal_eval(slot.node)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        for bits, new, sentence in _numbers(value):
            if band.has(bits):
                yield _edit(slot, bits, new, sentence, line)


def _is_idle(node: ast.expr) -> bool:
    """Whether an expression computes nothing: `x * 1`, `x - 0`, `range(0, n)`, `x ** 1`; nobody writes that."""
    match node:
        case ast.BinOp(op=op, right=ast.Constant(value=value)) if value == _NEUTRAL.get(type(op)):
            return True
        case ast.BinOp(left=ast.Constant(value=value), op=ast.Add() | ast.Mult() as op):
            return bool(value == _NEUTRAL[type(op)])
        case ast.Call(func=ast.Name(id="range"), args=[ast.Constant(value=0), _]):
            return True
    return False


def _makes_idle(slot: Slot, new: ast.expr) -> bool:
    """Whether an expression makes one around it idle, put in the place of its operand."""
    if not isinstance(new, ast.Constant):
        return False
    holder = slot.holder
    if isinstance(holder, ast.AugAssign):  # `x *= 1`: the statement would be left out
        return new.value == _NEUTRAL.get(type(holder.op))
    undo = slot.put(new)()
    try:
        return isinstance(holder, ast.expr) and _is_idle(holder)
    finally:
        undo()


def _edit(slot: Slot, bits: float, new: ast.expr, sentence: str, line: int) -> Edit:
    return Edit(bits, partial(_said, slot.node, new, sentence), slot.put(new), line, slot.node, new)


def _said(old: ast.expr, new: ast.expr, sentence: str) -> str:
    return sentence or f"{written(old)} should be {written(new)}"


def _variants(slot: Slot, pool: Pool, band: Band, *, is_top: bool) -> Iterator[Variant]:
    node, text = slot.node, ast.unparse(slot.node)
    if band.low < 5.0:
        yield from _own(slot, node, text, pool)
        if lengths := list(_lengths(node)):
            yield from ((_NAME + 0.5, length, "") for length in lengths)
            yield from ((_NAME + 1.0, size, "") for said, size in pool.sizes if said != text)
        if slot.is_index:
            yield from _indices(node, text, pool)
    if isinstance(node, (ast.Name, ast.Attribute, ast.Subscript)):
        for said, atom in pool.atoms:
            if said == text or not pool.replaces(text, said) or (slot.is_stored_into and said in pool.given):
                continue
            yield _NAME + (type(atom) is not type(node)), atom, ""
        if isinstance(node, ast.Attribute) and node.attr in pool.attributes and ast.unparse(node.value) != "self":
            others = (name for name in pool.attributes if name != node.attr)
            yield from ((_NAME, ast.Attribute(node.value, name, ast.Load()), "") for name in others)
        if band.has(_FACTOR):
            yield from ((_FACTOR, count, "") for said, count in pool.counts if text in said)
    is_value = not isinstance(node, (ast.Tuple, ast.List, ast.Dict, ast.Slice, ast.Constant))
    if not is_value or slot.is_index or slot.is_stored_into or text in pool.dialect.modules or slot.is_called:
        return
    if band.low < 5.0:
        yield from _around(node, text, pool)
    if is_top and band.has(_EXCHANGED) and isinstance(node, ast.Call):
        yield from _exchanged(node, pool)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div) and band.has(_INSTEAD):
        for said, piece in pool.atoms:
            if pool.joins(ast.unparse(node.left), said):
                yield _INSTEAD, ast.BinOp(node.left, ast.Mult(), piece), ""
    if band.has(6.5):
        yield from ((6.5, phrase, "") for _, phrase in pool.phrases)
        if isinstance(node, (ast.Name, ast.Attribute, ast.Subscript)):
            for said, form in ((pool.dialect.words(one), pool.dialect.words(other)) for one, other in _FUNCTIONS):
                yield 6.5, parsed(form.format(text)), f"{said} of {text} is missing"
    yield from _with_factor(node, text, pool, band, is_top=is_top)
    yield from _with_term(node, text, pool, band, is_top=is_top)


def _around(node: ast.expr, text: str, pool: Pool) -> Iterator[Variant]:
    part = 0.25 * isinstance(node, ast.Name)  # a sign stands before a term rather than before a name in it
    yield table.SIGN.bits + WHOLE + 1.0 + part, ast.UnaryOp(ast.USub(), node), table.SIGN.says(text)
    yield table.TRANSPOSED.bits + WHOLE + 1.0, attribute(node, "T"), f"{text} is not transposed"
    yield table.COPY.bits + WHOLE - 0.5, called(attribute(node, pool.dialect.copy)), f"{text} is no copy"
    if any(".conj(" in said or "1j" in said for said, _ in pool.phrases):
        yield table.TRANSPOSED.bits + WHOLE, called(attribute(node, "conj")), f"{text} is not conjugated"
    yield table.SQUARE.bits, ast.BinOp(node, ast.Pow(), ast.Constant(2)), table.SQUARE.says(text)
    yield 5.0, ast.BinOp(ast.Constant(1), ast.Sub(), node), ""
    if isinstance(node, (ast.Name, ast.Attribute)):
        for index in ("[:, None]", "[None, :]", "[:, None, None]"):
            new = parsed(f"{text}{index}")
            yield table.BROADCAST.bits + WHOLE, new, table.BROADCAST.says(text, f"{text}{index}")
    for name in pool.functions:
        yield table.MISSING_FUNCTION.bits + 1.0, called(ast.Name(name, ast.Load()), node), f"{name} is forgotten"


def _exchanged(node: ast.Call, pool: Pool) -> Iterator[Variant]:
    """Two names of one shape, each where the other stands: sources and targets of edges."""
    read = (part.id for part in ast.walk(node) if isinstance(part, ast.Name) and part.id not in pool.dialect.modules)
    shaped = [name for name in dict.fromkeys(read) if pool.shape(name)]
    for first, second in combinations(shaped, 2):
        if pool.shape(first) == pool.shape(second):
            new = _Renamed({first: second, second: first}).visit(parsed(ast.unparse(node)))
            yield _EXCHANGED, new, f"{first} and {second} are exchanged"


class _Renamed(ast.NodeTransformer):
    def __init__(self, names: dict[str, str]) -> None:
        self.names = names

    def visit_Name(self, node: ast.Name) -> ast.Name:
        return ast.Name(self.names.get(node.id, node.id), node.ctx)


def _own(slot: Slot, node: ast.expr, text: str, pool: Pool) -> Iterator[Variant]:
    match node:
        case ast.BinOp():
            yield from _operation(node, text, pool)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            yield table.SIGN.bits + WHOLE, operand, table.SIGN.says(text)
        case ast.Constant(value=value) if isinstance(value, (int, float)) and not isinstance(value, bool):
            is_over = isinstance(slot.holder, ast.BinOp) and isinstance(slot.holder.op, ast.Div) and value == 1
            yield from ((bits + ONE_OVER * is_over, new, said) for bits, new, said in _numbers(value))
            if not slot.is_index:
                named = ((_NAME, atom, "") for text, atom in pool.atoms if isinstance(pool.value(text), (int, float)))
                yield from named
                yield from ((_NAME + 0.5, size, "") for _, size in pool.sizes if isinstance(value, int) and value > 1)
            if isinstance(slot.holder, ast.keyword) and slot.holder.arg == "axis":
                yield table.AXIS.bits + WHOLE, parsed("(0, 1)"), ""
        case ast.Compare(left=left, ops=[compared], comparators=[right]):
            for swap in mistakes.comparisons(COMPARISONS.get(type(compared), "")):
                new = ast.Compare(left, [COMPARISON_NODES[swap.other]()], [right])
                yield table.COMPARISON.bits + WHOLE - 0.5, new, ""
        case ast.Call():
            yield from call_edits(node, text, pool)
        case ast.Attribute(attr="T", value=value):
            yield table.TRANSPOSED.bits + WHOLE, value, f"{text} should not be transposed"
        case ast.Subscript(value=value, slice=index) if not isinstance(index, ast.Constant):
            yield table.INDEX.bits + WHOLE + 1.5, value, f"{text} should have no index"
        case ast.Tuple(elts=items) if 2 <= len(items) <= 6:
            for one in range(len(items)):
                for second in range(one + 1, len(items)):
                    swapped = list(items)
                    swapped[one], swapped[second] = swapped[second], swapped[one]
                    said = f"{ast.unparse(items[one])} and {ast.unparse(items[second])} are exchanged"
                    yield table.SWAPPED.bits + WHOLE - 0.5, ast.Tuple(swapped, ast.Load()), said


def _operation(node: ast.BinOp, text: str, pool: Pool) -> Iterator[Variant]:
    left, op, right = node.left, node.op, node.right
    for swap in mistakes.arithmetic(ARITHMETIC.get(type(op), "")):
        near = min(swap.bits, table.OPERATOR.bits) + WHOLE
        yield near - 1.0 * (near > 4.0), ast.BinOp(left, ARITHMETIC_NODES[swap.other](), right), ""
    if not isinstance(op, (ast.Add, ast.Mult)):
        said = f"the operands of {text} are exchanged"
        yield table.SWAPPED.bits + WHOLE, ast.BinOp(right, op, left), said
    extra = table.EXTRA_TERM if isinstance(op, (ast.Add, ast.Sub)) else table.EXTRA_FACTOR
    yield extra.bits + WHOLE, left, f"{ast.unparse(right)} does not belong there"
    yield extra.bits + WHOLE, right, f"{ast.unparse(left)} does not belong there"
    if isinstance(op, ast.Pow):
        for power in mistakes.EXPONENTS:
            said = table.EXPONENT.says(ast.unparse(left), mistakes.written_number(power))
            yield table.EXPONENT.bits + WHOLE - 1.5, ast.BinOp(left, op, ast.Constant(power)), said
        yield from ((bits, ast.BinOp(new, op, right), said) for bits, new, said in kept_from_zero(left, pool))
    if isinstance(op, ast.Div):
        yield from ((bits, ast.BinOp(left, op, new), said) for bits, new, said in kept_from_zero(right, pool))


def _lengths(node: ast.expr) -> Iterator[ast.expr]:
    """The other lengths of the array that an expression says a length of: `x.size` for `x.shape[0]` or `len(x)`."""
    match node:
        case ast.Subscript(value=ast.Attribute(value=array, attr="shape"), slice=ast.Constant(value=int(axis))):
            yield attribute(array, "size")
            others = range(axis - 1, axis + 2, 2)
        case ast.Call(func=ast.Name(id="len"), args=[array]):
            yield attribute(array, "size")
            others = range(1, 2)
        case ast.Attribute(value=array, attr="size"):
            others = range(2)
        case _:
            return
    for other in others:
        yield ast.Subscript(attribute(array, "shape"), ast.Constant(other), ast.Load())


def _numbers(value: float) -> Iterator[Variant]:
    for other, _ in mistakes.numbers_near(value):
        yield table.CONSTANT.bits + WHOLE - 1.0, ast.Constant(other), ""


def _indices(node: ast.expr, text: str, pool: Pool) -> Iterator[Variant]:
    """Another entry: one further on, one back, another piece."""
    bits = table.INDEX.bits + WHOLE + 1.0
    match node:
        case ast.Name():
            yield bits, ast.BinOp(node, ast.Sub(), ast.Constant(1)), ""
            yield bits, ast.BinOp(node, ast.Add(), ast.Constant(1)), ""
        case ast.BinOp(left=left, right=ast.Constant()):
            yield bits - 1.0, left, ""
        case ast.Slice(lower=lower, upper=upper):
            yield from ((bits, piece, "") for piece in _shifted(lower, upper, pool))
            pieces = (ast.Slice(), *(parsed(f"x[{one}]").slice for one in ("1:", ":-1", "2:", ":-2", "::-1")))  # type: ignore[attr-defined]
            yield from ((bits, piece, "") for piece in pieces if ast.unparse(piece) != text)


def _shifted(lower: ast.expr | None, upper: ast.expr | None, pool: Pool) -> Iterator[ast.expr]:
    """The piece that begins, or ends, by a whole number further in for which the function has a name."""
    for name in pool.whole:
        start = parsed(name)
        if lower is None:
            yield ast.Slice(start, ast.BinOp(start, ast.Add(), upper) if upper is not None else None)
            yield ast.Slice(start, upper if upper is not None else ast.UnaryOp(ast.USub(), start))
        elif upper is None:
            yield ast.Slice(lower, ast.UnaryOp(ast.USub(), start))


def _with_factor(node: ast.expr, text: str, pool: Pool, band: Band, *, is_top: bool) -> Iterator[Variant]:
    undone = undone_by(node)
    if band.has(table.CONSTANT_FACTOR.bits + WHOLE):
        for number in (2, 0.5, 3):
            new = ast.BinOp(ast.Constant(number), ast.Mult(), node)
            yield table.CONSTANT_FACTOR.bits + WHOLE, new, table.CONSTANT_FACTOR.says("", str(number))
    if band.has(_FACTOR - FORGOTTEN):
        for said, piece in pool.idle:  # of whatever shape: a factor may be what gives the product its own
            new = ast.BinOp(node, ast.Mult(), piece)
            yield _FACTOR - FORGOTTEN, new, table.MISSING_FACTOR.says("", said)
    for bits, pieces, op in (
        (_FACTOR - 0.5, pool.atoms, ast.Mult()),
        (_FACTOR, (*pool.atoms, *pool.sizes), ast.Div()),
        (_FACTOR + 0.5, pool.phrases, ast.Mult()),
        (_FACTOR + 0.5, (*pool.phrases, *pool.counts), ast.Div()),
        (_FACTOR + 1.0, (*pool.sizes, *pool.factors), ast.Mult()),
        (_FACTOR + 2.0, pool.compounds if is_top else (), ast.Mult()),
    ):
        sign = ARITHMETIC[type(op)]
        for said, piece in pieces if band.has(bits) else ():
            if not pool.joins(text, said) or (sign, said) in undone:
                continue
            factor = f"1/{said}" if isinstance(op, ast.Div) else said
            yield bits, ast.BinOp(node, op, piece), table.MISSING_FACTOR.says("", factor)


def _with_term(node: ast.expr, text: str, pool: Pool, band: Band, *, is_top: bool) -> Iterator[Variant]:
    for bits, pieces in (
        (_TERM - FORGOTTEN, pool.idle),
        (_TERM - 0.5, (*pool.atoms, *pool.matches)),
        (_TERM, pool.phrases),
        (_TERM + 1.0, pool.reduced),
        (_TERM + 1.5, pool.products if is_top else ()),
    ):
        for op, sign, more in ((ast.Add(), "+", 0.0), (ast.Sub(), "-", 0.5 if bits <= _TERM else 0.0)):
            kept = (one for one in pieces if pool.joins(text, one[0])) if band.has(bits + more) else ()
            for said, piece in kept:
                yield bits + more, ast.BinOp(node, op, piece), table.MISSING_TERM.says("", f"{sign} {said}")
