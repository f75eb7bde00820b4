"""Derivatives of expressions, and expressions with parts exchanged; both as loops over the graph."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gradproof.proof.expressions.errors import TraceError
from gradproof.proof.expressions.expression import Expression
from gradproof.proof.expressions.walking import topological


def gradient(output: Expression, wrt: Sequence[Expression]) -> list[Expression]:
    """d output / d w for each variable w, by reverse mode; an indicator counts as constant: it holds off the kinks."""
    graph = output.graph
    zero = graph.constant(0)
    adjoints = {output.id: graph.constant(1)}
    wanted = {w.id for w in wrt}
    found: dict[int, Expression] = {}
    for node in reversed(topological([output])):
        adjoint = adjoints.pop(node.id, None)
        if adjoint is None:
            continue
        if node.id in wanted:
            found[node.id] = adjoint
        for argument, factor in _partials(node):
            part = adjoint * factor
            adjoints[argument.id] = adjoints[argument.id] + part if argument.id in adjoints else part
    return [found.get(w.id, zero) for w in wrt]


def _partials(node: Expression) -> list[tuple[Expression, Expression]]:
    """(argument, partial derivative) of one node; arguments that occur twice come twice."""
    graph, args = node.graph, node.args
    one = graph.constant(1)
    match node.op:
        case "add":
            return [(args[0], one), (args[1], one)]
        case "mul":
            return [(args[0], args[1]), (args[1], args[0])]
        case "inv":
            return [(args[0], -node * node)]
        case "exp":
            return [(args[0], node)]
        case "log":
            return [(args[0], args[0].inverse())]
        case "sqrt":
            return [(args[0], (node * 2).inverse())]
        case "sin":
            return [(args[0], args[0].cos())]
        case "cos":
            return [(args[0], -args[0].sin())]
        case "erf":
            return [(args[0], (-args[0] * args[0]).exp() * 2 / graph.pi().sqrt())]
    return []


_REBUILD = {
    "inv": Expression.inverse,
    "exp": Expression.exp,
    "log": Expression.log,
    "sqrt": Expression.sqrt,
    "sin": Expression.sin,
    "cos": Expression.cos,
    "erf": Expression.erf,
    "pos": Expression.pos,
}


def exchanged(roots: Sequence[Expression], replacements: Mapping[int, Expression]) -> list[Expression]:
    """The roots with the nodes of these ids replaced, everything above them built anew."""
    new: dict[int, Expression] = {}
    for node in topological(roots):
        args = [new[a.id] for a in node.args]
        if node.id in replacements:
            new[node.id] = replacements[node.id]
        elif all(a is b for a, b in zip(args, node.args, strict=True)):
            new[node.id] = node
        elif node.op == "add":
            new[node.id] = args[0] + args[1]
        elif node.op == "mul":
            new[node.id] = args[0] * args[1]
        elif node.op in _REBUILD:
            new[node.id] = _REBUILD[node.op](args[0])
        else:
            raise TraceError(f"no way to rebuild {node.op}")
    return [new[root.id] for root in roots]
