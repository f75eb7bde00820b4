"""Single edits of statements, such as would undo a slip of the pen: each with its cost in bits and what it says."""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

LARGEST = 14
"""Expressions of the code with more nodes than this are not offered as pieces."""

_SWAPPED = {
    "sum": ("mean",),
    "mean": ("sum",),
    "max": ("min", "sum"),
    "min": ("max",),
    "maximum": ("minimum",),
    "minimum": ("maximum",),
    "dot": ("outer", "multiply"),
    "outer": ("dot", "multiply"),
    "multiply": ("dot",),
    "argmax": ("argmin",),
    "exp": ("log",),
    "log": ("exp",),
    "sin": ("cos",),
    "cos": ("sin",),
    "flatten": ("ravel",),
    "zeros_like": ("ones_like",),
    "ones_like": ("zeros_like",),
}
_OPERATORS: dict[type, tuple[type, ...]] = {
    ast.Add: (ast.Sub, ast.Mult),
    ast.Sub: (ast.Add, ast.Mult),
    ast.Mult: (ast.Div, ast.MatMult, ast.Add),
    ast.Div: (ast.Mult,),
    ast.MatMult: (ast.Mult,),
}
_COMPARED: dict[type, tuple[type, ...]] = {
    ast.Gt: (ast.Lt, ast.GtE),
    ast.GtE: (ast.Lt, ast.LtE, ast.Gt),
    ast.Lt: (ast.Gt, ast.LtE),
    ast.LtE: (ast.Gt, ast.GtE, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
}


@dataclass(frozen=True)
class Edit:
    """One way to change a tree.

    Attributes:
        bits: How unlikely it is; the least comes first.
        said: What is wrong, should this be the fix.
        put: Makes the change, and gives what undoes it.
        line: The line of the statement.
        old, new: The node that is replaced, and what stands there instead; None where a statement is left out or put
            in.
        after: The statement behind which `new` is put in, where `old` is None.
    """

    bits: float
    said: Callable[[], str]
    put: Callable[[], Callable[[], None]]
    line: int
    old: ast.AST | None
    new: ast.AST | None
    after: ast.stmt | None = None

    @property
    def sentence(self) -> str:
        """What is wrong, should this be the fix."""
        return self.said()


@dataclass(frozen=True)
class Band:
    """The costs that are looked at in one pass: above the lower, up to the upper one."""

    low: float
    high: float

    def has(self, bits: float) -> bool:
        """Whether a cost is in it."""
        return self.low < bits <= self.high


@dataclass(frozen=True)
class Slot:
    """An expression and the field that holds it."""

    holder: ast.AST
    name: str
    index: int | None
    node: ast.expr

    def put(self, new: ast.expr) -> Callable[[], Callable[[], None]]:
        """What replaces the expression."""

        def change() -> Callable[[], None]:
            self._set(new)
            return lambda: self._set(self.node)

        return change

    def _set(self, node: ast.expr) -> None:
        if self.index is None:
            setattr(self.holder, self.name, node)
        else:
            getattr(self.holder, self.name)[self.index] = node


def slots(statement: ast.stmt) -> Iterator[Slot]:
    """Every expression in a statement that is read, its own head alone where it holds others."""
    for name, value in ast.iter_fields(statement):
        if name in ("body", "orelse", "finalbody", "handlers"):
            continue
        yield from _slots(statement, name, value, stored=name in ("targets", "target"))


def _slots(holder: ast.AST, name: str, value: Any, *, stored: bool) -> Iterator[Slot]:
    children = enumerate(value) if isinstance(value, list) else [(None, value)]
    for index, child in children:
        if not isinstance(child, ast.AST):
            continue
        if isinstance(child, ast.expr):
            is_read = isinstance(getattr(child, "ctx", ast.Load()), ast.Load)
            if is_read and not (stored and isinstance(child, (ast.Tuple, ast.List))):
                yield Slot(holder, name, index, child)
        for field, inner in ast.iter_fields(child):
            if field not in ("ctx", "op", "ops", "comparators" if False else "generators"):
                yield from _slots(child, field, inner, stored=False)


Piece = tuple[str, ast.expr]
"""An expression with its text."""


@dataclass(frozen=True)
class Pool:
    """Pieces that an edit may read.

    Attributes:
        atoms: Variables, attributes and entries that the function has.
        phrases: Larger expressions of it.
        sizes: How many there are of something.
        factors: Slopes and masks made of variables.
        products: Two variables multiplied.
        functions: Functions of one argument that the file has.
        statements: Statements of the file's functions that may have been forgotten elsewhere.
    """

    atoms: tuple[Piece, ...]
    phrases: tuple[Piece, ...]
    sizes: tuple[Piece, ...]
    factors: tuple[Piece, ...]
    products: tuple[Piece, ...]
    functions: tuple[str, ...]
    statements: tuple[ast.stmt, ...]

    @classmethod
    def of(cls, function: ast.FunctionDef, module: ast.AST, owner: ast.ClassDef | None) -> Pool:
        """The pieces of a function, of its class and of its file."""
        atoms: dict[str, ast.expr] = {}
        phrases: dict[str, ast.expr] = {}
        for argument in (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs):
            if argument.arg not in ("self", "cls"):
                atoms[argument.arg] = ast.Name(argument.arg, ast.Load())
        modules = {"np", "numpy", "xp", "math", "self", "cls"}
        for node in ast.walk(function):
            if not isinstance(node, ast.expr):
                continue
            text = ast.unparse(node)
            if isinstance(node, ast.Name) and node.id not in modules:
                atoms.setdefault(text, ast.Name(node.id, ast.Load()))
            elif (isinstance(node, ast.Attribute) and text.startswith("self.")) or (
                isinstance(node, ast.Subscript) and _count(node) <= LARGEST
            ):
                atoms.setdefault(text, _loaded(node))
            elif isinstance(node, (ast.BinOp, ast.Call, ast.UnaryOp, ast.Compare)) and _count(node) <= LARGEST:
                phrases.setdefault(text, node)
        if owner is not None:
            for node in ast.walk(owner):
                if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self":
                    atoms.setdefault(ast.unparse(node), _loaded(node))
        called = {ast.unparse(node.func) for node in ast.walk(function) if isinstance(node, ast.Call)}
        names = {node.name for node in ast.walk(module) if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
        atoms = {text: node for text, node in atoms.items() if text not in called and text not in names}
        names_of_plain = [text for text, node in atoms.items() if isinstance(node, (ast.Name, ast.Attribute))]
        texts = [f"{name}.{what}" for name in names_of_plain[:16] for what in ("shape[0]", "shape[1]", "size")]
        forms = ("(1 - {0})", "(1 - {0} ** 2)", "({0} * (1 - {0}))", "({0} > 0)", "{0}[:, None]")
        factors = [form.format(name) for name in atoms for form in forms]
        both = [f"{one} * {other}" for one in names_of_plain[:20] for other in names_of_plain[:20] if one <= other]
        one_argument = tuple(
            node.name
            for node in getattr(module, "body", [])
            if isinstance(node, ast.FunctionDef)
            and len(node.args.args) - len(node.args.defaults) <= 1
            and node.args.args
        )
        statements = tuple(
            node
            for node in ast.walk(module)
            if isinstance(node, ast.AugAssign)
            or (isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Subscript))
        )
        return cls(
            tuple(atoms.items()),
            tuple(phrases.items()),
            _pieces(texts),
            _pieces(factors),
            _pieces(both),
            one_argument,
            statements,
        )


def expression_edits(statement: ast.stmt, pool: Pool, band: Band) -> Iterator[Edit]:
    """Edits of the expressions of a statement."""
    for slot in slots(statement):
        top = slot.holder is statement
        for bits, new, sentence in _variants(slot, pool, band, top=top):
            if band.has(bits):
                said = partial(_said, slot.node, new, sentence)
                yield Edit(bits, said, slot.put(new), statement.lineno, slot.node, new)


def _said(old: ast.expr, new: ast.expr, sentence: str) -> str:
    return sentence or f"{ast.unparse(old)} should be {ast.unparse(new)}"


def _variants(slot: Slot, pool: Pool, band: Band, *, top: bool) -> Iterator[tuple[float, ast.expr, str]]:
    node = slot.node
    text = ast.unparse(node)
    if band.low < 5.0:
        yield from _own_variants(slot, node, text)
    if isinstance(node, (ast.Name, ast.Attribute, ast.Subscript)):
        for _, atom in pool.atoms:
            yield (4.5 if type(atom) is type(node) else 5.5), atom, ""
    if isinstance(node, (ast.Tuple, ast.List, ast.Dict, ast.Slice, ast.Constant)) or _is_index(slot):
        return
    if band.low < 5.0:
        yield 4.0, ast.UnaryOp(ast.USub(), node), f"the sign of {text} is wrong"
        yield 4.5, ast.Attribute(node, "T", ast.Load()), f"{text} is not transposed"
        yield 4.5, _call(ast.Attribute(node, "copy", ast.Load())), f"{text} is no copy"
        yield 4.5, ast.BinOp(node, ast.Pow(), ast.Constant(2)), f"the square of {text} is missing"
        yield 5.0, ast.BinOp(ast.Constant(1), ast.Sub(), node), ""
        for name in pool.functions:
            yield 5.0, _call(ast.Name(name, ast.Load()), node), f"{name} is forgotten"
    if band.has(6.5):
        for _, phrase in pool.phrases:
            yield 6.5, phrase, ""
    yield from _with_factor(node, pool, band)
    yield from _with_term(node, pool, band, top=top)


def _own_variants(slot: Slot, node: ast.expr, text: str) -> Iterator[tuple[float, ast.expr, str]]:
    match node:
        case ast.BinOp(left=left, op=op, right=right):
            for other in _OPERATORS.get(type(op), ()):
                yield 3.0, ast.BinOp(left, other(), right), ""
            if not isinstance(op, (ast.Add, ast.Mult)):
                yield 4.0, ast.BinOp(right, op, left), f"the operands of {text} are exchanged"
            yield 4.5, left, f"{ast.unparse(right)} does not belong there"
            yield 4.5, right, f"{ast.unparse(left)} does not belong there"
            if isinstance(op, ast.Pow):
                for power in (2, 3, 1, 0.5, -1, -2):
                    yield 3.5, ast.BinOp(left, op, ast.Constant(power)), f"the power of {ast.unparse(left)} is {power}"
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            yield 3.0, operand, f"the sign of {text} is wrong"
        case ast.Constant(value=value) if isinstance(value, (int, float)) and not isinstance(value, bool):
            for number in (
                0,
                1,
                2,
                -value,
                value + 1,
                value - 1,
                value / 2,
                value * 2,
                0.5,
                -1,
                1 / value if value else 0,
            ):
                whole = int(number) if isinstance(number, float) and number.is_integer() else number
                yield 4.0, ast.Constant(whole), ""
            if slot.name in ("value",) and isinstance(slot.holder, ast.keyword) and slot.holder.arg == "axis":
                yield 4.0, ast.Tuple([ast.Constant(0), ast.Constant(1)], ast.Load()), ""
        case ast.Compare(left=left, ops=[compared], comparators=[right]):
            for comparison in _COMPARED.get(type(compared), ()):
                yield 3.0, ast.Compare(left, [comparison()], [right]), ""
        case ast.Call():
            yield from _calls(node)
        case ast.Attribute(attr="T", value=value):
            yield 3.5, value, f"{text} should not be transposed"
        case ast.Subscript(value=value, slice=index):
            yield from ((bits + 1, ast.Subscript(value, new, ast.Load()), "") for bits, new in _indices(index))
        case ast.Tuple(elts=items) if 2 <= len(items) <= 6:
            for one in range(len(items)):
                for second in range(one + 1, len(items)):
                    swapped = list(items)
                    swapped[one], swapped[second] = swapped[second], swapped[one]
                    yield 3.5, ast.Tuple(swapped, ast.Load()), "two of them are exchanged"


def _is_index(slot: Slot) -> bool:
    return isinstance(slot.holder, ast.Subscript) and slot.name == "slice"


def _with_factor(node: ast.expr, pool: Pool, band: Band) -> Iterator[tuple[float, ast.expr, str]]:
    if band.has(4.5):
        for number in (2, 0.5, 3):
            yield 4.5, ast.BinOp(ast.Constant(number), ast.Mult(), node), f"the factor {number} is missing"
    if band.has(5.0):
        for said, atom in pool.atoms:
            yield 5.0, ast.BinOp(node, ast.Mult(), atom), f"the factor {said} is missing"
    if band.has(5.5):
        for said, piece in (*pool.atoms, *pool.sizes):
            yield 5.5, ast.BinOp(node, ast.Div(), piece), f"the factor 1/{said} is missing"
    if band.has(6.0):
        for said, phrase in pool.phrases:
            yield 6.0, ast.BinOp(node, ast.Mult(), phrase), f"the factor {said} is missing"
            yield 6.0, ast.BinOp(node, ast.Div(), phrase), f"the factor 1/({said}) is missing"
    if band.has(6.5):
        for said, size in pool.sizes:
            yield 6.5, ast.BinOp(node, ast.Mult(), size), f"the factor {said} is missing"
        for said, factor in pool.factors:
            yield 6.5, ast.BinOp(node, ast.Mult(), factor), f"the factor {said} is missing"


def _with_term(node: ast.expr, pool: Pool, band: Band, *, top: bool) -> Iterator[tuple[float, ast.expr, str]]:
    for bits, pieces in ((5.5, pool.atoms), (6.0, pool.phrases)):
        if band.has(bits):
            for said, piece in pieces:
                yield bits, ast.BinOp(node, ast.Add(), piece), f"the term + {said} is missing"
        if band.has(bits + 0.5):
            for said, piece in pieces:
                yield bits + 0.5, ast.BinOp(node, ast.Sub(), piece), f"the term - {said} is missing"
    if band.has(7.5) and top:
        for said, product in pool.products:
            yield 7.5, ast.BinOp(node, ast.Add(), product), f"the term + {said} is missing"
            yield 7.5, ast.BinOp(node, ast.Sub(), product), f"the term - {said} is missing"


def _calls(node: ast.Call) -> Iterator[tuple[float, ast.expr, str]]:
    text = ast.unparse(node)
    if isinstance(node.func, ast.Attribute):
        for other in _SWAPPED.get(node.func.attr, ()):
            said = f"{node.func.attr} where {other} belongs"
            yield 3.0, ast.Call(ast.Attribute(node.func.value, other, ast.Load()), node.args, node.keywords), said
        if node.func.attr in ("copy", "flatten", "ravel", "sum", "mean"):
            yield 5.0, node.func.value, ""
        if node.func.attr in ("sum", "mean", "max", "min", "std", "var"):
            yield from _reductions(node)
        if node.func.attr == "flatten":
            yield (
                4.0,
                _parsed(f"{ast.unparse(node.func.value)}.reshape(-1)"),
                "flatten makes a copy, which is written into",
            )
    if len(node.args) == 1 and not node.keywords:
        yield 4.5, node.args[0], f"{ast.unparse(node.func)} does not belong there"
    if len(node.args) >= 2:
        first, second, *rest = node.args
        swapped = ast.Call(node.func, [second, first, *rest], node.keywords)
        yield 4.0, swapped, f"the operands of {text} are exchanged"
    if isinstance(node.func, ast.Name) and node.func.id == "range":
        yield 3.5, ast.Call(node.func, node.args[:-1], []) if len(node.args) > 2 else node, ""
        if len(node.args) == 2:
            yield 3.5, ast.Call(node.func, node.args[1:], []), "the loop should begin at 0"
        yield 3.5, _call(ast.Name("reversed", ast.Load()), node), "the loop should go backwards"


def _reductions(node: ast.Call) -> Iterator[tuple[float, ast.expr, str]]:
    others = [word for word in node.keywords if word.arg != "axis"]
    axis = next((word.value for word in node.keywords if word.arg == "axis"), None)
    for wanted in ("0", "1", "-1", "2", "(0, 1)", "(0, 2, 3)", "(2, 3)"):
        new = ast.keyword("axis", _parsed(wanted))
        yield 4.0, ast.Call(node.func, node.args, [new, *others]), f"the axis is {wanted}"
    if axis is not None:
        yield 4.5, ast.Call(node.func, node.args, others), "it goes over all axes"
    kept = [word for word in node.keywords if word.arg != "keepdims"]
    if len(kept) < len(node.keywords):
        yield 4.5, ast.Call(node.func, node.args, kept), "keepdims does not belong there"
    else:
        words = [*kept, ast.keyword("keepdims", ast.Constant(value=True))]
        yield 4.5, ast.Call(node.func, node.args, words), "keepdims is missing"


def _indices(index: ast.expr) -> Iterator[tuple[float, ast.expr]]:
    match index:
        case ast.Name():
            yield 3.5, ast.BinOp(index, ast.Sub(), ast.Constant(1))
            yield 3.5, ast.BinOp(index, ast.Add(), ast.Constant(1))
        case ast.BinOp(left=left):
            yield 3.5, left
        case ast.Tuple(elts=items):
            if len(items) == 2:
                yield 3.5, ast.Tuple([items[1], items[0]], ast.Load())


def statement_edits(
    block: list[ast.stmt], place: int, pool: Pool, targets: Sequence[str], band: Band
) -> Iterator[Edit]:
    """A statement left out, moved, another in its place; and statements put in behind it."""
    if band.low < 5.0:
        yield from (edit for edit in _own_statement(block, place) if band.has(edit.bits))
    if not hasattr(block[place], "body"):
        for target in targets:
            yield from _put_in(block, place, target, pool, band)


def _own_statement(block: list[ast.stmt], place: int) -> Iterator[Edit]:
    node = block[place]
    text = ast.unparse(node).splitlines()[0]
    match node:
        case ast.Assign(targets=[target], value=value) if not isinstance(target, (ast.Tuple, ast.List)):
            added = ast.AugAssign(_stored(target), ast.Add(), value)
            yield _replaced(block, place, added, 3.0, f"= should be +=: what was there is lost in {text}")
            if isinstance(target, ast.Subscript):
                at = _parsed(
                    f"np.add.at({ast.unparse(target.value)}, {_index_text(target.slice)}, {ast.unparse(value)})"
                )
                yield _replaced(block, place, ast.Expr(at), 5.0, "entries that are named twice are added once only")
        case ast.AugAssign(target=target, op=op, value=value):
            plain = ast.Assign([_stored(target)], value, lineno=node.lineno)
            yield _replaced(block, place, plain, 4.0, f"{text} should be =")
            for other in (ast.Sub, ast.Add, ast.Div, ast.Mult):
                if not isinstance(op, other):
                    new = ast.AugAssign(target, other(), value)
                    yield _replaced(block, place, new, 3.0, f"the sign of {text} is wrong")
            if isinstance(target, ast.Subscript) and isinstance(op, ast.Add):
                at = _parsed(
                    f"np.add.at({ast.unparse(target.value)}, {_index_text(target.slice)}, {ast.unparse(value)})"
                )
                yield _replaced(block, place, ast.Expr(at), 4.5, "entries that are named twice are added once only")
    if len(block) > 1 and not hasattr(node, "body"):
        yield _left_out(block, place, 5.0, f"{text} does not belong there")
        for to in range(len(block)):
            if to not in (place, place + 1):
                yield _moved(block, place, to, 5.0)


def _put_in(block: list[ast.stmt], place: int, target: str, pool: Pool, band: Band) -> Iterator[Edit]:
    """Statements that change a variable, behind the statement at a place."""
    lines: list[str] = []
    for bits, forms in (
        (6.0, ("{0} /= {1}", "{0} += {1}", "{0}[{1} <= 0] = 0")),
        (6.5, ("{0} *= {1}", "{0} -= {1}", "{0}[np.arange(len({1})), {1}] -= 1", "{0}[{1}] -= 1")),
    ):
        if band.has(bits):
            lines = [form.format(target, name) for name, _ in pool.atoms for form in forms if name != target]
            if bits == 6.5:
                lines += [f"{target} /= {size}" for size, _ in pool.sizes]
            yield from _all_put_in(block, place, lines, bits)
    if band.has(5.5):
        yield from _all_put_in(block, place, [ast.unparse(one) for one in pool.statements], 5.5)
    if band.has(6.0):
        lines = [line for one in pool.statements for line in _alike(one, target)]
        yield from _all_put_in(block, place, lines, 6.0)
    if band.has(7.5):
        yield from _all_put_in(block, place, [f"{target} += {said}" for said, _ in pool.products], 7.5)


def _alike(statement: ast.stmt, target: str) -> list[str]:
    """A statement of the file for another variable, and with the other sign."""
    own = statement.target if isinstance(statement, ast.AugAssign) else statement.targets[0]  # type: ignore[attr-defined]
    root = own
    while isinstance(root, ast.Subscript) or (
        isinstance(root, ast.Attribute) and not ast.unparse(root).startswith("self.")
    ):
        root = root.value
    found = [ast.unparse(statement).replace(ast.unparse(root), target)]
    if isinstance(statement, ast.AugAssign):
        other = "-=" if isinstance(statement.op, ast.Add) else "+="
        head = ast.unparse(statement.target).replace(ast.unparse(root), target)
        found.append(f"{head} {other} {ast.unparse(statement.value)}")
    return found


def _all_put_in(block: list[ast.stmt], place: int, lines: Sequence[str], bits: float) -> Iterator[Edit]:
    for line in dict.fromkeys(lines):
        try:
            new = ast.parse(line).body[0]
        except SyntaxError:
            continue
        yield _inserted(block, place, new, bits, f"{line} is missing")


def _replaced(block: list[ast.stmt], place: int, new: ast.stmt, bits: float, sentence: str) -> Edit:
    old = block[place]
    made = ast.fix_missing_locations(ast.copy_location(new, old))

    def change() -> Callable[[], None]:
        block[place] = made

        def undo() -> None:
            block[place] = old

        return undo

    return Edit(bits, lambda: sentence, change, old.lineno, old, made)


def _left_out(block: list[ast.stmt], place: int, bits: float, sentence: str) -> Edit:
    old = block[place]

    def change() -> Callable[[], None]:
        del block[place]
        return lambda: block.insert(place, old)

    return Edit(bits, lambda: sentence, change, old.lineno, old, None)


def _moved(block: list[ast.stmt], place: int, to: int, bits: float) -> Edit:
    old = block[place]
    order = list(block)

    def change() -> Callable[[], None]:
        block.insert(to, old)
        del block[place if to > place else place + 1]

        def undo() -> None:
            block[:] = order

        return undo

    where = f"before line {block[to].lineno}"
    said = f"{ast.unparse(old).splitlines()[0]} stands in the wrong place: it belongs {where}"
    return Edit(bits, lambda: said, change, old.lineno, old, old, after=block[to - 1] if to > 0 else None)


def _inserted(block: list[ast.stmt], place: int, new: ast.stmt, bits: float, sentence: str) -> Edit:
    after = block[place]
    made = ast.fix_missing_locations(ast.copy_location(new, after))

    def change() -> Callable[[], None]:
        block.insert(place + 1, made)

        def undo() -> None:
            del block[place + 1]

        return undo

    return Edit(bits, lambda: sentence, change, after.lineno, None, made, after=after)


def _pieces(texts: Sequence[str]) -> tuple[Piece, ...]:
    return tuple((text.strip("()") if text.count("(") == 1 else text, _parsed(text)) for text in texts)


def _index_text(node: ast.expr) -> str:
    text = ast.unparse(node)
    return f"({text})" if isinstance(node, ast.Tuple) and not text.startswith("(") else text


def _stored(node: ast.expr) -> Any:
    return node


def _loaded(node: ast.expr) -> ast.expr:
    made = copy.deepcopy(node)
    if hasattr(made, "ctx"):
        made.ctx = ast.Load()
    return made


def _parsed(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


def _call(function: ast.expr, *arguments: ast.expr) -> ast.Call:
    return ast.Call(function, list(arguments), [])


def _count(node: ast.AST) -> int:
    return sum(1 for _ in ast.walk(node))
