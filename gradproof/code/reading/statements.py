"""What each kind of statement does, as a function is read: assignments, branches, and what is one step as a whole."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from gradproof.code.reading import blocks, targets, unrolling
from gradproof.code.reading.nodes import short
from gradproof.code.reading.reader import Reader, Scope
from gradproof.code.reading.steps import Compound, Origin, Ref
from gradproof.errors import GradproofError


@dataclass(eq=False)
class StatementReader(Reader):
    """A reader that knows the statements of the language."""

    def statement(self, node: ast.stmt, scope: Scope) -> None:
        """Read one statement."""
        origin = self.origin(node, scope)
        match node:
            case ast.Pass() | ast.Assert() | ast.Expr(value=ast.Constant()):
                return
            case ast.Return():
                scope.returned = self.ref(node.value or ast.Constant(None), scope, origin)
                scope.left = origin
            case ast.Assign():
                if not targets.assigned(self, node, scope, origin):
                    blocks.run(self, node, scope, origin)
            case ast.AnnAssign(value=ast.expr() as value):
                self.statement(ast.copy_location(ast.Assign([node.target], value), node), scope)
            case ast.AnnAssign():
                return
            case ast.AugAssign():
                if not targets.augmented(self, node, scope, origin):
                    blocks.run(self, node, scope, origin)
            case ast.With():
                self.statements(node.body, scope)
            case ast.If():
                self.branch(node, scope, origin)
            case ast.For() if unrolling.unrolled(self, node, scope, origin):
                return
            case ast.Expr(value=ast.Call() as call) if targets.appended(self, call, scope, origin):
                return
            case ast.Expr(value=ast.Call() as call) if self.inlined(call, scope, origin) is not None:
                return
            case ast.Raise():
                raise GradproofError(
                    f"{scope.text.place(node.lineno)}: in a trial with the drawn sizes the code comes to "
                    f"`{short(origin.text)}`"
                )
            case ast.Yield() | ast.YieldFrom() | ast.Global() | ast.Nonlocal():
                raise GradproofError(f"{scope.text.place(node.lineno)}: {short(origin.text)} cannot be followed")
            case _:
                blocks.run(self, node, scope, origin)

    def resolved(self, node: ast.expr, scope: Scope, origin: Origin) -> Ref | None:
        """What an expression names; a list made of objects that are read is one, too: `list(self.layers.values())`."""
        match node:
            case ast.Call(func=ast.Name(id="list" | "tuple" | "reversed")) | ast.Subscript(slice=ast.Slice()):
                items = unrolling.items_of(self, node, scope, origin)
                if items and any(map(unrolling.holds_object, items)):
                    return Compound("list", dict(enumerate(items)))
        return super().resolved(node, scope, origin)

    def branch(self, node: ast.If, scope: Scope, origin: Origin) -> None:
        """A condition on plain Python values is decided; one on values of arrays is a block."""
        test = self.rewritten(node.test, scope, origin)
        if self.is_static(test):
            self.statements(node.body if self.value(test, scope, origin) else node.orelse, scope)
        else:
            blocks.run(self, node, scope, origin)
