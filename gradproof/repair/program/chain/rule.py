"""What a statement of the forward pass makes of the derivative by its result, for each variable that it reads."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from gradproof.repair.program.chain.slopes import Array, Variable, array_of
from gradproof.repair.program.running import Editable

_ELEMENTWISE = {
    "exp": "({g}) * np.exp({x})",
    "log": "({g}) / ({x})",
    "sqrt": "({g}) / (2 * np.sqrt({x}))",
    "tanh": "({g}) * (1 - np.tanh({x}) ** 2)",
    "square": "2 * ({g}) * ({x})",
    "abs": "({g}) * np.sign({x})",
    "sin": "({g}) * np.cos({x})",
    "cos": "-({g}) * np.sin({x})",
    "log1p": "({g}) / (1 + ({x}))",
    "expm1": "({g}) * np.exp({x})",
}
_PRODUCTS: dict[tuple[int, ...], tuple[str, str]] = {
    (2, 2): ("({g}) @ ({other}).T", "({one}).T @ ({g})"),
    (2, 1): ("np.outer({g}, {other})", "({one}).T @ ({g})"),
    (1, 2): ("({other}) @ ({g})", "np.outer({one}, {g})"),
    (1, 1): ("({g}) * ({other})", "({g}) * ({one})"),
}
"""The derivatives by both operands of a product, by their numbers of axes."""
_BY_VALUE = (
    (lambda x: 1 / (1 + np.exp(-x)), "({g}) * {u} * (1 - {u})"),
    (lambda x: np.tanh(x), "({g}) * (1 - {u} ** 2)"),
    (lambda x: np.exp(x), "({g}) * {u}"),
    (lambda x: np.maximum(x, 0), "({g}) * ({u} > 0)"),
    (lambda x: _softmax(x), "{u} * (({g}) - (({g}) * {u}).sum(axis=-1, keepdims=True))"),
)
"""Functions of one argument, known by what they give, and their derivatives by that."""


@dataclass(frozen=True)
class Leaf:
    """A variable in a statement of the forward pass, and what the statement makes of a derivative for it."""

    text: str
    formula: str


@dataclass(frozen=True)
class Reading:
    """Statements of a function of the forward pass, read as the chain rule reads them."""

    function: Editable

    def leaves(self, node: ast.expr | None, g: str, result: Variable | None = None) -> Iterator[Leaf]:
        """What an expression makes of the derivative by its value for each of its variables.

        Args:
            node: The expression.
            g: The derivative by its value, as text.
            result: The variable that has its value, where one has.
        """
        if node is not None and result is not None and not isinstance(node, (ast.Name, ast.Attribute)):
            by_value = self._known(node, result)
            if by_value is not None:
                argument, form = by_value
                yield from self.leaves(argument, form.format(g=g, u=result.text))
                return
        match node:
            case ast.Attribute(value=inner, attr="T"):
                yield from self.leaves(inner, f"({g}).T")
            case ast.Name() | ast.Attribute(value=ast.Name()):
                yield Leaf(ast.unparse(node), g)
            case ast.UnaryOp(op=ast.USub(), operand=inner):
                yield from self.leaves(inner, f"-({g})")
            case ast.BinOp(left=left, op=ast.MatMult(), right=right):
                yield from self._product(left, right, g)
            case ast.BinOp():
                yield from self._operation(node, g)
            case ast.Call():
                yield from self._call(node, g)

    def _known(self, node: ast.expr, result: Variable) -> tuple[ast.expr, str] | None:
        """The argument of a function that is known by its values, and the derivative by it."""
        value = result.value
        for part in ast.walk(node) if value is not None else ():
            if part is node or not isinstance(part, (ast.Name, ast.Attribute, ast.BinOp)):
                continue
            given = value_of(self.function, ast.unparse(part))
            if given is None or value is None or given.shape != value.shape:
                continue
            with np.errstate(all="ignore"):
                for function, form in _BY_VALUE:
                    if np.allclose(function(given), value, rtol=1e-12, atol=0.0):
                        return part, form
        return None

    def _operation(self, node: ast.BinOp, g: str) -> Iterator[Leaf]:
        left, right = ast.unparse(node.left), ast.unparse(node.right)
        one, other = "", ""
        match node.op:
            case ast.Add():
                one, other = g, g
            case ast.Sub():
                one, other = g, f"-({g})"
            case ast.Mult():
                one, other = f"({g}) * ({right})", f"({g}) * ({left})"
            case ast.Div():
                one, other = f"({g}) / ({right})", f"-({g}) * ({left}) / ({right}) ** 2"
            case ast.Pow() if isinstance(node.right, ast.Constant) and isinstance(node.right.value, (int, float)):
                power = node.right.value
                one = f"{power} * ({g}) * ({left})" + (f" ** {power - 1}" if power != 2 else "")
        shapes = self.function.shape(left), self.function.shape(right)
        for part, text, shape in ((node.left, one, shapes[0]), (node.right, other, shapes[1])):
            if text and not isinstance(part, ast.Constant):
                known = shape is not None and None not in shapes
                yield from self.leaves(part, summed(text, np.broadcast_shapes(*shapes), shape) if known else text)  # type: ignore[arg-type]

    def _product(self, left: ast.expr, right: ast.expr, g: str) -> Iterator[Leaf]:
        """A product of matrices and vectors; of more axes nothing is said."""
        one, other = ast.unparse(left), ast.unparse(right)
        shapes = self.function.shape(one), self.function.shape(other)
        forms = _PRODUCTS.get(tuple(len(shape) if shape is not None else 0 for shape in shapes))
        if forms is not None:
            yield from self.leaves(left, forms[0].format(g=g, one=one, other=other))
            yield from self.leaves(right, forms[1].format(g=g, one=one, other=other))

    def _call(self, node: ast.Call, g: str) -> Iterator[Leaf]:
        if not isinstance(node.func, ast.Attribute):
            return
        method, owner, given = node.func.attr, node.func.value, node.args
        if isinstance(owner, ast.Name) and owner.id == "np":
            if not given:
                return
            owner, given = given[0], given[1:]
            if method in _ELEMENTWISE and not given:
                yield from self.leaves(owner, _ELEMENTWISE[method].format(g=g, x=ast.unparse(owner)))
            elif method == "maximum" and len(given) == 1:
                for one, other in ((owner, given[0]), (given[0], owner)):
                    yield from self.leaves(one, f"({g}) * ({ast.unparse(one)} > {ast.unparse(other)})")
        if method in ("dot", "matmul") and len(given) == 1:
            yield from self._product(owner, given[0], g)
        elif method in ("sum", "mean"):
            yield from self._reduction(method, owner, given, node.keywords, g)
        elif method in ("reshape", "flatten", "ravel"):
            yield from self.leaves(owner, f"({g}).reshape(({ast.unparse(owner)}).shape)")

    def _reduction(
        self, method: str, inner: ast.expr, places: Sequence[ast.expr], keywords: Sequence[ast.keyword], g: str
    ) -> Iterator[Leaf]:
        words = {one.arg: ast.unparse(one.value) for one in keywords}
        axis = words.get("axis") or (ast.unparse(places[0]) if places else "None")
        text = ast.unparse(inner)
        spread = g if axis == "None" or words.get("keepdims") == "True" else f"np.expand_dims({g}, {axis})"
        count = f"({text}).size" if axis == "None" else f"({text}).shape[{axis}]"
        whole = f"({spread}) * np.ones_like({text})"
        if set(words) <= {"axis", "keepdims"} and len(places) <= 1:
            yield from self.leaves(inner, whole if method == "sum" else f"{whole} / {count}")


def summed(text: str, shape: Sequence[int], wanted: Sequence[int]) -> str:
    """What is added up along the axes along which a smaller array was spread."""
    for _ in range(len(shape) - len(wanted)):
        text = f"({text}).sum(axis=0)"
    for axis, (size, length) in enumerate(zip(shape[len(shape) - len(wanted) :], wanted, strict=True)):
        if size != length:
            text = f"({text}).sum(axis={axis}, keepdims=True)"
    return text


def _softmax(x: Array) -> Array:
    grown = np.exp(x - x.max(axis=-1, keepdims=True)) if x.ndim else np.ones_like(x)
    return np.asarray(grown / grown.sum(axis=-1, keepdims=True) if x.ndim else grown)


def value_of(function: Editable, text: str) -> Array | None:
    """What an expression of a function stands for when it is left; None where that is no array of real numbers."""
    return array_of(function.value(text))
