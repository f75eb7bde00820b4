"""From a function's text to a formula in which every node knows its place in the text.

Understood are a function (or a lambda bound to a name) whose body assigns local names and returns an expression made
of arithmetic, matrix products, comparisons, NumPy functions, reductions, transposes, constant indices and calls of
helpers. Anything else is unreadable, and says why.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection

from gradproof.operators.symbols import ARITHMETIC, COMPARISONS
from gradproof.repair.formulas.calls import read_call
from gradproof.repair.formulas.formula import (
    Binary,
    Compare,
    Constant,
    Formula,
    Item,
    Literally,
    Local,
    Name,
    Negate,
    Size,
    Transpose,
    Where,
)
from gradproof.repair.formulas.functions import Functions
from gradproof.repair.formulas.parsed import (
    ATOM,
    COMPARISON,
    LOWEST,
    PRECEDENCE,
    Definition,
    Parameter,
    Parsed,
    Unreadable,
    dotted_root,
    literal,
)

_OPERATORS = {node: symbol for node, symbol in ARITHMETIC.items() if node is not ast.FloorDiv}


def read(text: str, functions: Functions) -> Definition:
    """Read a function's text.

    Raises:
        Unreadable: It holds something that formulas do not know.
    """
    try:
        statement = ast.parse(text).body[0]
    except (SyntaxError, IndexError) as error:
        raise Unreadable(f"no Python function: {error}") from error
    return _Reader(text, functions).definition(statement)


class _Reader:
    """One pass over a function's syntax tree."""

    def __init__(self, text: str, functions: Functions) -> None:
        self.text = text
        self.functions = functions
        self.lines = text.splitlines(keepends=True)
        self.starts = [0]
        for line in self.lines:
            self.starts.append(self.starts[-1] + len(line))
        self.quantities: frozenset[str] = frozenset()
        self.locals: dict[str, Formula] = {}

    @property
    def bound(self) -> Collection[str]:
        return self.quantities | self.locals.keys()

    def offset(self, line: int, column: int) -> int:
        """Offset of a place that the syntax tree gives in bytes of a line."""
        return self.starts[line - 1] + len(self.lines[line - 1].encode()[:column].decode())

    def span(self, node: ast.expr | ast.arg) -> tuple[int, int]:
        if node.end_lineno is None or node.end_col_offset is None:
            raise Unreadable("a syntax tree without places")
        return self.offset(node.lineno, node.col_offset), self.offset(node.end_lineno, node.end_col_offset)

    # Statements -------------------------------------------------------------------------------------------------

    def definition(self, statement: ast.stmt) -> Definition:
        body: list[ast.stmt]
        if isinstance(statement, ast.FunctionDef):
            name, arguments, body = statement.name, statement.args, statement.body
            opening = self.text.index("(", self.offset(statement.lineno, statement.col_offset)) + 1
        elif isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Lambda):
            name, arguments = ast.unparse(statement.targets[0]), statement.value.args
            body = [ast.Return(statement.value.body)]
            opening = self.span(statement.value)[0] + len("lambda")
        else:
            raise Unreadable(f"no function but a statement of the kind {type(statement).__name__}")
        if arguments.vararg or arguments.kwarg or arguments.kwonlyargs or arguments.posonlyargs or arguments.defaults:
            raise Unreadable("parameters that are not plain names")
        parameters = tuple(Parameter(argument.arg, *self.span(argument)) for argument in arguments.args)
        self.quantities = frozenset(parameter.name for parameter in parameters)
        steps = {number: step for number, node in enumerate(body[:-1]) if (step := self.step(number, node))}
        last = body[-1]
        if not isinstance(last, ast.Return) or last.value is None:
            raise Unreadable(f"a last statement that returns nothing: {_first_line(last)}")
        return Definition(name, self.text, parameters, opening, steps, self.expression(last.value))

    def step(self, number: int, node: ast.stmt) -> Parsed | None:
        """A statement before the last: what it assigns, or None for a docstring and for sizes that are unpacked."""
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            return None
        if isinstance(node, ast.Assign) and len(node.targets) == 1:
            target, value = node.targets[0], node.value
            if isinstance(target, ast.Name):
                parsed = self.expression(value)
                self.locals[target.id] = Local(target.id, number, parsed.formula)
                return parsed
            if isinstance(target, ast.Tuple) and isinstance(value, ast.Attribute) and value.attr == "shape":
                of = self.expression(value.value).formula
                self.locals |= {ast.unparse(name): Size(of, axis) for axis, name in enumerate(target.elts)}
                return None
        raise Unreadable(f"a statement that formulas do not know: {_first_line(node)}")

    # Expressions ------------------------------------------------------------------------------------------------

    def expression(self, node: ast.expr) -> Parsed:
        """Read an expression."""
        match node:
            case ast.Name():
                return self.leaf(node, self.name(node.id))
            case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
                return self.leaf(node, Constant(value))
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as value)):
                return Parsed(Constant(-value), *self.span(node), PRECEDENCE["negate"])
            case ast.UnaryOp(op=ast.USub()):
                return self.node(node, lambda o: Negate(o[0]), [node.operand], PRECEDENCE["negate"])
            case ast.UnaryOp(op=ast.UAdd()):
                return self.expression(node.operand)
            case ast.BinOp() if type(node.op) in _OPERATORS:
                op = _OPERATORS[type(node.op)]
                return self.node(node, lambda o: Binary(op, o[0], o[1]), [node.left, node.right], PRECEDENCE[op])
            case ast.Compare(ops=[single], comparators=[right]) if type(single) in COMPARISONS:
                sign = COMPARISONS[type(single)]
                return self.node(node, lambda o: Compare(sign, o[0], o[1]), [node.left, right], COMPARISON)
            case ast.IfExp():
                return self.node(node, lambda o: Where(o[0], o[1], o[2]), [node.test, node.body, node.orelse], LOWEST)
            case ast.Attribute():
                return self.attribute(node)
            case ast.Subscript():
                return self.subscript(node)
            case ast.Call():
                return read_call(self, node)
        raise Unreadable(f"an expression that formulas do not know: {ast.unparse(node)}")

    def leaf(self, node: ast.expr, formula: Formula) -> Parsed:
        """A formula without operands in the text."""
        return Parsed(formula, *self.span(node), ATOM)

    def node(
        self,
        node: ast.expr,
        make: Callable[[tuple[Formula, ...]], Formula],
        operands: Collection[ast.expr],
        precedence: int = ATOM,
    ) -> Parsed:
        """A formula with operands."""
        parts = tuple(self.expression(operand) for operand in operands)
        return Parsed(make(tuple(part.formula for part in parts)), *self.span(node), precedence, parts)

    def name(self, text: str) -> Formula:
        if text in self.locals:
            return self.locals[text]
        return Name(text) if text in self.quantities else self.constant(text)

    def constant(self, text: str) -> Formula:
        """A number that the module holds."""
        try:
            value = self.functions.constant(text)
        except ValueError as error:
            raise Unreadable(f"a name that is no parameter and no number of the module: {text}") from error
        if isinstance(value, (str, bytes)) or not hasattr(value, "__float__"):
            raise Unreadable(f"a name that is no parameter and no number of the module: {text}")
        return Literally(text)

    def attribute(self, node: ast.Attribute) -> Parsed:
        if node.attr == "T":
            return self.node(node, lambda o: Transpose(o[0]), [node.value])
        root = dotted_root(node)
        if root is not None and root not in self.bound:
            return self.leaf(node, self.constant(ast.unparse(node)))
        if node.attr == "size":
            return self.node(node, lambda o: Size(o[0], None), [node.value])
        raise Unreadable(f"an attribute that formulas do not know: {ast.unparse(node)}")

    def subscript(self, node: ast.Subscript) -> Parsed:
        of, index = node.value, node.slice
        if isinstance(of, ast.Attribute) and of.attr == "shape":
            axis = literal(index)
            if not isinstance(axis, int):
                raise Unreadable(f"a size whose axis is not constant: {ast.unparse(node)}")
            return self.node(node, lambda o: Size(o[0], axis), [of.value])
        if any(isinstance(part, (ast.Name, ast.Call, ast.Attribute)) for part in ast.walk(index)):
            raise Unreadable(f"an index that is not constant: {ast.unparse(node)}")
        start, end = self.span(index)
        return self.node(node, lambda o: Item(o[0], self.text[start:end]), [of])


def _first_line(node: ast.stmt) -> str:
    return ast.unparse(node).splitlines()[0]
