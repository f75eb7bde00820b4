"""Expressions as short text, for reasons and reports."""

from __future__ import annotations

from gradproof.proof.expressions.expression import Expression
from gradproof.proof.expressions.walking import topological

_SUM, _PRODUCT, _ATOM = range(3)


def described(expression: Expression, longest: int = 60) -> str:
    """Infix text; what is longer than `longest` characters ends in `...`."""
    memo: dict[int, tuple[str, int]] = {}
    for node in topological([expression]):
        text, strength = _text(node, [memo[a.id] for a in node.args])
        memo[node.id] = (text, strength) if len(text) <= longest else (text[: longest - 3] + "...", _ATOM)
    return memo[expression.id][0]


def _text(node: Expression, args: list[tuple[str, int]]) -> tuple[str, int]:
    match node.op:
        case "const":
            return str(node.data), _SUM if node.data < 0 else _PRODUCT if "/" in str(node.data) else _ATOM
        case "var":
            name, index = node.data
            return name + (str(list(index)) if index else ""), _ATOM
        case "add":
            (a, _), (b, _) = args[::-1] if node.args[0].op == "const" or args[0][0].startswith("-") else args
            return f"{a} - {b[1:]}" if b.startswith("-") else f"{a} + {b}", _SUM
        case "mul":
            if node.args[0].value == -1:
                return "-" + _bracketed(args[1], _PRODUCT), _SUM
            if node.args[1].op == "inv":
                return f"{_bracketed(args[0], _PRODUCT)} / {args[1][0].removeprefix('1 / ')}", _PRODUCT
            return " * ".join(_bracketed(part, _PRODUCT) for part in args), _PRODUCT
        case "inv":
            return f"1 / {_bracketed(args[0], _ATOM)}", _PRODUCT
        case "pos":
            return f"[{args[0][0]} > 0]", _ATOM
        case "pi":
            return "pi", _ATOM
    return f"{node.op}({args[0][0]})", _ATOM


def _bracketed(part: tuple[str, int], least: int) -> str:
    text, strength = part
    return text if strength >= least else f"({text})"
