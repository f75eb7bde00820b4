"""The slips of whole statements: `=` for `+=`, a sign, a branch, an early return; and all slips of a function."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from gradproof import operators as mistakes
from gradproof.operators import table
from gradproof.repair.code.expressions import in_expression
from gradproof.repair.code.names import missing_parts, wrong_names
from gradproof.repair.code.scope import Scope
from gradproof.repair.code.slip import ORDER, Slip
from gradproof.repair.code.source import Source, own_expressions
from gradproof.repair.formulas.rewrite import Span

_NEUTRAL = {"+=": 0, "-=": 0, "*=": 1, "/=": 1}
_SYMBOLS: dict[type[ast.operator], str] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}


def slips(source: Source, scope: Scope) -> Iterator[Slip]:
    """Every single slip that the text of a function may hold."""
    for statement in source.statements:
        yield from _in_statement(source, scope, statement)
        stored = _stored_into(statement)
        for root in own_expressions(statement):
            for node in ast.walk(root):
                if isinstance(node, ast.expr):
                    changed = in_expression(source, node)
                    if id(node) not in stored:
                        yield from (slip for slip in changed if not _makes_idle(statement, node, slip))
                    names = wrong_names(source, scope, node)
                    yield from (slip for slip in names if id(node) not in stored or not _is_given(source, slip))
        yield from missing_parts(source, scope, statement)


def _stored_into(statement: ast.stmt) -> set[int]:
    """The arrays that a statement stores into, as `id`s of their nodes: `-x` in the place of one is another array."""
    targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
    found = set[int]()
    for target in targets:
        while isinstance(target, (ast.Subscript, ast.Attribute)):
            target = target.value
            found.add(id(target))
    return found


def _is_given(source: Source, slip: Slip) -> bool:
    """Whether a slip puts a parameter there: what is stored into it would change the caller's array."""
    given = {one.arg for one in ast.walk(source.function.args) if isinstance(one, ast.arg)}
    return any(span.text.split("[")[0].strip("()") in given for span in slip.spans)


def _makes_idle(statement: ast.stmt, node: ast.expr, slip: Slip) -> bool:
    """Whether a slip turns a statement into one that does nothing: nobody writes that, it is one too much."""
    if not isinstance(statement, ast.AugAssign) or node is not statement.value or len(slip.spans) != 1:
        return False
    try:
        value = ast.parse(slip.spans[0].text, mode="eval").body
    except SyntaxError:
        return False
    return _is_idle(f"{_SYMBOLS.get(type(statement.op), '')}=", value)


def _is_idle(operator: str, value: ast.expr) -> bool:
    """Whether `x *= 1`, `x += 0` or the like is what an assignment comes to."""
    return isinstance(value, ast.Constant) and value.value == _NEUTRAL.get(operator, ...)


def _in_statement(source: Source, scope: Scope, statement: ast.stmt) -> Iterator[Slip]:
    match statement:
        case ast.AugAssign():
            too_much = table.EXTRA_STATEMENT
            said = too_much.says(source.of_node(statement))
            yield Slip((source.replaced(statement, "pass"),), too_much.bits + 1.0, too_much.name, said)
            old = _SYMBOLS.get(type(statement.op), "")
            swaps = [(f"{swap.other}=", swap.bits, swap.operator) for swap in mistakes.arithmetic(old)]
            for new, bits, kind in (*swaps, ("=", table.OVERWRITTEN.bits, table.OVERWRITTEN)) if old else ():
                span = source.between(statement.target, statement.value, f"{old}=", new)
                if span is not None and not _is_idle(new, statement.value):
                    name = kind.name if kind is table.SIGN else table.OVERWRITTEN.name
                    yield Slip((span,), bits + 0.5 * (kind is table.SIGN), name, f"{old}= should be {new}")
        case ast.Assign(targets=[target]) if isinstance(target, (ast.Name, ast.Subscript)):
            span = source.between(target, statement.value, "=", "+=")
            if span is not None:
                kind = table.ACCUMULATION
                yield Slip((span,), kind.bits, kind.name, kind.says())
            yield from _stored(source, scope, target)
        case ast.If() | ast.While():
            text = source.of_node(statement.test)
            span = source.replaced(statement.test, f"not ({text})")
            yield Slip((span,), table.CONDITION.bits, table.CONDITION.name, table.CONDITION.says(text))
    if isinstance(statement, ast.AugAssign):
        yield from _stored(source, scope, statement.target)
    if isinstance(statement, (ast.Assign, ast.AugAssign)):
        yield from _repeated(source, statement)
    if isinstance(statement, ast.Return):
        yield from _early_return(source, statement)


def _stored(source: Source, scope: Scope, target: ast.expr) -> Iterator[Slip]:
    """The result stored into another local name than it should be."""
    base = target.value if isinstance(target, ast.Subscript) else target
    if isinstance(base, ast.Name) and isinstance(target, ast.Subscript):
        given = {one.arg for one in ast.walk(source.function.args) if isinstance(one, ast.arg)}
        for name in scope.names(base.lineno):
            if name != base.id and name not in scope.indices and name not in given:
                sentence = f"the result belongs into {name}, not {base.id}"
                yield Slip((source.replaced(base, name),), table.NAME.bits + 0.5, table.NAME.name, sentence)


def _repeated(source: Source, statement: ast.Assign | ast.AugAssign) -> Iterator[Slip]:
    """A store through an array of indices in which one may occur more than once."""
    target = statement.targets[0] if isinstance(statement, ast.Assign) else statement.target
    adds = isinstance(statement, ast.Assign) or isinstance(statement.op, ast.Add)
    if isinstance(target, ast.Subscript) and adds and not any(isinstance(x, ast.Slice) for x in ast.walk(target.slice)):
        base, index, value = (source.of_node(node) for node in (target.value, target.slice, statement.value))
        text = f"np.add.at({base}, {index if not isinstance(target.slice, ast.Tuple) else f'({index})'}, {value})"
        sentence = f"rows that occur more than once in {index} must add up: np.add.at"
        yield Slip((source.replaced(statement, text),), table.REPEATED.bits, table.REPEATED.name, sentence)


def _early_return(source: Source, statement: ast.Return) -> Iterator[Slip]:
    """A return inside a loop that belongs behind it."""
    start = source.start(statement)
    indent = start - (source.text.rfind("\n", 0, start) + 1)
    outer = sorted({s.col_offset for s in source.statements if s.col_offset < indent}, reverse=True)
    for column in outer:
        span = Span(start - indent, start, " " * column)
        yield Slip((span,), table.ORDER.bits - 0.5, ORDER, "the return stands inside the loop; it belongs behind it")
