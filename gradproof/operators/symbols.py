"""Python's operators: the class that a syntax tree has, and the symbol that a text has."""

from __future__ import annotations

import ast

ARITHMETIC: dict[type[ast.operator], str] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.MatMult: "@", ast.Pow: "**", ast.FloorDiv: "//",
}  # fmt: skip

COMPARISONS: dict[type[ast.cmpop], str] = {
    ast.Gt: ">", ast.Lt: "<", ast.GtE: ">=", ast.LtE: "<=", ast.Eq: "==", ast.NotEq: "!=",
}  # fmt: skip

ARITHMETIC_NODES = {symbol: kind for kind, symbol in ARITHMETIC.items()}
COMPARISON_NODES = {symbol: kind for kind, symbol in COMPARISONS.items()}
