"""Mistakes planted into the statements of a right derivation, one at a time."""

from __future__ import annotations

import ast
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from benchmarks.judgement_cases.graph import SIZES, in_numbers
from benchmarks.judgement_cases.text import Line, Written

Edit = Callable[[ast.expr], Iterator[ast.expr]]


@dataclass(frozen=True)
class Mistake:
    """One wrong statement.

    Attributes:
        kind: What was done.
        lines: All statements, the wrong one among them.
        target: The variable that it assigns.
        before, after: The statement as it was (empty if it is superfluous) and as it is (empty if it is gone).
    """

    kind: str
    lines: tuple[Line, ...]
    target: str
    before: str
    after: str


def planted(written: Written, kind: str, rng: random.Random) -> Mistake | None:
    """A mistake of a kind somewhere in the derivation; None where it offers no place for it."""
    found = list(KINDS[kind](written, rng))
    if not found:
        return None
    number, after = rng.choice(found)
    line = written.lines[number]
    if after.startswith("\n"):  # a line more
        more = Line(line.target, after[1:], line.function)
        lines = (*written.lines[: number + 1], more, *written.lines[number + 1 :])
        return Mistake(kind, lines, line.target, "", after[1:])
    changed = () if not after else (replace(line, text=after),)
    return Mistake(
        kind, (*written.lines[:number], *changed, *written.lines[number + 1 :]), line.target, line.text, after
    )


Places = Iterator[tuple[int, str]]


def _edits(written: Written, edit: Edit, function: str = "backward") -> Places:
    """Every statement with one node of its expression changed."""
    for number, line in enumerate(written.lines):
        if line.function != function:
            continue
        statement = ast.parse(line.text).body[0]
        root = getattr(statement, "value", None)
        if isinstance(statement, ast.Expr):
            root = statement.value.args[2]  # type: ignore[attr-defined]  # np.add.at(array, index, value)
        for node in ast.walk(root):
            if isinstance(node, ast.expr):
                for new in edit(node):
                    yield number, _with(statement, node, new)


def _with(statement: ast.stmt, old: ast.expr, new: ast.expr) -> str:
    class Swap(ast.NodeTransformer):
        def visit(self, node: ast.AST) -> ast.AST:
            return new if node is old else self.generic_visit(node)

    copied = ast.parse(ast.unparse(statement)).body[0]
    pairs = dict(zip(map(id, ast.walk(statement)), ast.walk(copied), strict=True))
    old = pairs[id(old)]  # type: ignore[assignment]
    return ast.unparse(Swap().visit(copied))


def _expr(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


def _same_shape(written: Written) -> dict[str, list[str]]:
    """Names of one shape at both sizes: values with values, gradients with gradients."""
    values = [*written.graph.leaves, *(step.value for step in written.graph.steps)]
    groups: dict[tuple[object, ...], list[str]] = {}
    for value in values:
        key = tuple(in_numbers(value.shape, sizes) for sizes in SIZES)
        groups.setdefault(("", key), []).append(value.name)
        if value.is_real:
            groups.setdefault(("d", key), []).append(f"d{value.name}")
    return {name: [other for other in group if other != name] for group in groups.values() for name in group}


def sign(written: Written, rng: random.Random) -> Places:
    def edit(node: ast.expr) -> Iterator[ast.expr]:
        if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub)):
            op = ast.Sub() if isinstance(node.op, ast.Add) else ast.Add()
            yield ast.BinOp(node.left, op, node.right)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            yield node.operand
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
            yield ast.UnaryOp(ast.USub(), node)

    yield from _edits(written, edit)
    yield from _edits(written, edit, "forward")


def factor(written: Written, rng: random.Random) -> Places:
    def edit(node: ast.expr) -> Iterator[ast.expr]:
        if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Mult, ast.Div)):
            yield node.left
            yield ast.BinOp(ast.Constant(rng.choice((2, 0.5, 3))), ast.Mult(), node)
        if isinstance(node, ast.Constant) and isinstance(node.value, float):
            yield ast.Constant(node.value * rng.choice((2, 0.5, 10)))

    yield from _edits(written, edit)


def wrong_variable(written: Written, rng: random.Random) -> Places:
    same = _same_shape(written)
    assigned: dict[int, set[str]] = {}
    known: set[str] = set()
    for number, line in enumerate(written.lines):
        assigned[number] = set(known)
        if line.function == "backward":
            known.add(line.target)
    for number, line in enumerate(written.lines):
        if line.function != "backward":
            continue

        def edit(node: ast.expr, number: int = number) -> Iterator[ast.expr]:
            if isinstance(node, ast.Name) and same.get(node.id):
                others = [o for o in same[node.id] if not o.startswith("d") or o in assigned[number]]
                others = [o for o in others if o.startswith("d") or o in written.kept]
                if others:
                    yield ast.Name(rng.choice(others))

        only = replace(
            written, lines=tuple(x if k == number else Line("", "pass", "") for k, x in enumerate(written.lines))
        )
        yield from _edits(only, edit)


def missing_term(written: Written, rng: random.Random) -> Places:
    def edit(node: ast.expr) -> Iterator[ast.expr]:
        if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub)):
            yield node.left

    yield from _edits(written, edit)


def missing_sum(written: Written, rng: random.Random) -> Places:
    def edit(node: ast.expr) -> Iterator[ast.expr]:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("sum", "mean"):
            yield node.func.value

    yield from _edits(written, edit)


def wrong_axis(written: Written, rng: random.Random) -> Places:
    def edit(node: ast.expr) -> Iterator[ast.expr]:
        if isinstance(node, ast.Call) and any(k.arg == "axis" for k in node.keywords):
            keywords = [
                ast.keyword("axis", ast.Constant(1 - k.value.value)) if k.arg == "axis" else k  # type: ignore[attr-defined]
                for k in node.keywords
            ]
            yield ast.Call(node.func, node.args, keywords)
        if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Attribute) and node.value.attr == "shape":
            yield ast.Subscript(node.value, ast.Constant(1 - node.slice.value), ast.Load())  # type: ignore[attr-defined]

    yield from _edits(written, edit)


def transpose(written: Written, rng: random.Random) -> Places:
    def edit(node: ast.expr) -> Iterator[ast.expr]:
        if isinstance(node, ast.Attribute) and node.attr == "T":
            yield node.value
        product = isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult)
        if product and not isinstance(node.right, ast.Attribute):
            yield ast.BinOp(node.left, ast.MatMult(), ast.Attribute(node.right, "T", ast.Load()))

    square = {s.value.name for s in written.graph.steps if len(set(s.value.shape)) == 1 and len(s.value.shape) == 2}
    square |= {v.name for v in written.graph.leaves if len(set(v.shape)) == 1 and len(v.shape) == 2}
    for number, text in _edits(written, edit):
        if any(name in written.lines[number].text for name in square):
            yield number, text


def wrong_point(written: Written, rng: random.Random) -> Places:
    """A derivative at the operand instead of the result, or the other way round."""
    other = {}
    for step in written.graph.steps:
        for pull in step.pulls:
            if pull.operand.shape == step.value.shape:
                other[step.value.name], other[pull.operand.name] = pull.operand.name, step.value.name

    def edit(node: ast.expr) -> Iterator[ast.expr]:
        if isinstance(node, ast.Name) and other.get(node.id) in written.kept:
            yield ast.Name(other[node.id])

    yield from _edits(written, edit)


def missing_mask(written: Written, rng: random.Random) -> Places:
    masks = {s.pulls[0].operand.name for s in written.graph.steps} & {
        v.name for v in written.graph.leaves if v.draws.startswith("one_hot")
    }

    def edit(node: ast.expr) -> Iterator[ast.expr]:
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
            compares = any(isinstance(x, ast.Compare) for x in ast.walk(node.right))
            sign = isinstance(node.right, ast.Call) and ast.unparse(node.right.func) == "np.sign"
            drawn = isinstance(node.right, ast.Name) and node.right.id in masks
            if compares or sign or drawn:
                yield node.left
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "np.where":
            yield node.args[1]

    yield from _edits(written, edit)


def off_by_one(written: Written, rng: random.Random) -> Places:
    """An index or the end of a slice one too high or too low."""
    for number, line in enumerate(written.lines):
        if line.function != "backward":
            continue
        for old, new in (
            ("[:, 1:] +=", "[:, :-1] +="),
            ("[:-1] +=", "[1:] +="),
            ("[1:] +=", "[:-1] +="),
            ("[:, 0] +=", "[:, 1] +="),
            ("[1, 0, 1]", "[1, 0, 0]"),
            ("[1, 0, 1]", "[0, 0, 1]"),
        ):
            if old in line.text:
                yield number, line.text.replace(old, new)
        for name in ("shape[0]", "shape[1]", ".size"):
            if f"/ {line.text.split('/ ')[-1]}".endswith(name):
                head, _, last = line.text.rpartition("/ ")
                yield number, f"{head}/ ({last} - 1)"


def equals(written: Written, rng: random.Random) -> Places:
    for number, line in enumerate(written.lines):
        if " += " in line.text:
            yield number, line.text.replace(" += ", " = ")
        elif line.text.startswith(f"{line.target} = {line.target} + "):
            yield number, line.text.replace(f"{line.target} = {line.target} + ", f"{line.target} = ")


def missing_line(written: Written, rng: random.Random) -> Places:
    for number, line in enumerate(written.lines):
        added = " += " in line.text or line.text.startswith((f"{line.target} = {line.target} + ", "np.add.at("))
        if added and line.function == "backward":
            yield number, ""


def in_a_constant(written: Written, rng: random.Random) -> Places:
    def edit(node: ast.expr) -> Iterator[ast.expr]:
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
            yield ast.BinOp(ast.Constant(1.000000001), ast.Mult(), node)
        if isinstance(node, ast.Constant) and isinstance(node.value, (int, float)) and node.value in (2, 2.5, 0.5, 0.1):
            yield ast.Constant(node.value * 1.000000001)

    yield from _edits(written, edit)


def _after_last(written: Written, text: Callable[[str, int], str]) -> Places:
    """A line after the last one of a gradient."""
    last = {line.target: number for number, line in enumerate(written.lines) if line.function == "backward"}
    shapes = {v.name: v.shape for v in (*written.graph.leaves, *(s.value for s in written.graph.steps))}
    for target, number in last.items():
        if target.startswith("d") and shapes.get(target[1:]):
            yield number, "\n" + text(target, len(shapes[target[1:]]))


def one_entry(written: Written, rng: random.Random) -> Places:
    def text(target: str, axes: int) -> str:
        index = ", ".join(str(rng.randrange(2)) for _ in range(axes))
        if rng.random() < 0.7:
            return f"{target}[{index}] *= 1.5"
        here = f"np.arange({target}.size).reshape({target}.shape) == {rng.randrange(3)}"
        return f"{target} = np.where({here}, 1.5, 1.0) * {target}"

    for number, line in _after_last(written, text):
        name = written.lines[number].target
        previous = [x for x in written.lines[: number + 1] if x.target == name and x.function == "backward"]
        if "= 1.5" not in line or any("zeros_like" in x.text or "+=" in x.text or "copy" in x.text for x in previous):
            yield number, line


def rare_branch(written: Written, rng: random.Random) -> Places:
    lead = next(leaf for leaf in written.graph.leaves if leaf.draws == "normal" and leaf.name in written.kept)
    first = f"{lead.name}[{', '.join('0' for _ in lead.shape)}]"
    yield from _after_last(
        written, lambda target, axes: f"{target} = np.where({first} > 3.09, 1.1 * {target}, {target})"
    )


def tie(written: Written, rng: random.Random) -> Places:
    """`>=` for `>` and the like."""
    turned = {ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Lt: ast.LtE, ast.LtE: ast.Lt}

    def edit(node: ast.expr) -> Iterator[ast.expr]:
        if isinstance(node, ast.Compare) and type(node.ops[0]) in turned:
            yield ast.Compare(node.left, [turned[type(node.ops[0])]()], node.comparators)

    yield from _edits(written, edit)


def roundings(written: Written, rng: random.Random) -> Places:
    def edit(node: ast.expr) -> Iterator[ast.expr]:
        if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Mult, ast.MatMult)):
            yield ast.BinOp(ast.Constant(1 + 100 * 2.0**-52), ast.Mult(), node)

    yield from _edits(written, edit)


def epsilon(written: Written, rng: random.Random) -> Places:
    """A forgotten or different epsilon, forward."""
    for number, line in enumerate(written.lines):
        for text in (" + 1e-5", " + 1e-6"):
            if text in line.text:
                yield number, line.text.replace(text, "")
                yield number, line.text.replace(text, " + 1e-8")


KINDS: dict[str, Callable[[Written, random.Random], Places]] = {
    "sign": sign,
    "factor": factor,
    "wrong variable": wrong_variable,
    "missing term": missing_term,
    "missing sum": missing_sum,
    "wrong axis": wrong_axis,
    "transpose": transpose,
    "wrong point": wrong_point,
    "missing mask": missing_mask,
    "off by one": off_by_one,
    "= for +=": equals,
    "missing += line": missing_line,
    "1e-9 in a constant": in_a_constant,
    "one entry only": one_entry,
    "rare branch": rare_branch,
    "edge tie": tie,
    "100 roundings": roundings,
    "epsilon": epsilon,
}
