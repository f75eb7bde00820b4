"""How an array library writes what an edit puts in: NumPy's words and torch's, and edits of what torch alone has."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from gradproof import operators as mistakes
from gradproof.operators import table
from gradproof.repair.program.edit import WHOLE, Variant, parsed

AXES = (*map(str, mistakes.AXES), "(0, 1)", "(0, 2, 3)", "(2, 3)")


@dataclass(frozen=True)
class Dialect:
    """The words of one library.

    Attributes:
        module: What its functions are taken from.
        axis, keepdims: The names of the arguments of a reduction.
        copy: The method that copies.
        modules: Names that stand for no value that an edit may read.
        owners: Names whose attributes are values.
        reduced: Sums and means of one value.
        paired: The same of a product of two.
        squares: Products of one value with itself, entry by entry of it.
        first: Functions that are run first and feed others: what is wrong is likelier in those.
    """

    module: str
    axis: str
    keepdims: str
    copy: str
    modules: frozenset[str]
    owners: tuple[str, ...]
    reduced: tuple[str, ...]
    paired: tuple[str, ...] = ()
    squares: tuple[str, ...] = ()
    first: frozenset[str] = frozenset()

    def dearer(self, function: str) -> float:
        """The bits by which an edit in a function is less likely."""
        return 1.0 if function in self.first else 0.0

    def words(self, text: str) -> str:
        """A text in NumPy's words in those of the library."""
        return (
            text.replace("np.", f"{self.module}.")
            .replace("axis=", f"{self.axis}=")
            .replace("keepdims=", f"{self.keepdims}=")
        )


NUMPY = Dialect(
    *("np", "axis", "keepdims", "copy"),
    modules=frozenset({"np", "numpy", "xp", "math", "self", "cls"}),
    owners=("self",),
    reduced=(
        *("{0}.mean(axis=0)", "{0}.sum(axis=0)"),
        *("{0}.mean(axis=1, keepdims=True)", "{0}.sum(axis=1, keepdims=True)"),
    ),
    squares=("np.outer({0}, {0})", "{0} @ {0}.T"),
)

TORCH = Dialect(
    *("torch", "dim", "keepdim", "clone"),
    modules=frozenset(
        {
            *("torch", "np", "numpy", "math", "F", "nn", "tl", "triton", "ctx", "self", "cls"),
            *("ctx.saved_tensors", "ctx.needs_input_grad", "ctx.save_for_backward"),
        }
    ),
    owners=("self", "ctx"),
    reduced=(
        *("{0}.mean(0)", "{0}.sum(0)", "{0}.mean(-1, keepdim=True)", "{0}.sum(-1, keepdim=True)"),
        *("{0}.unsqueeze(-1)", "{0}[..., None]"),
    ),
    paired=("({0} * {1}).sum(-1, keepdim=True)", "({0} * {1}).mean(-1, keepdim=True)"),
    first=frozenset({"forward", "setup_context"}),
)


def reductions(node: ast.Call) -> Iterator[tuple[str, ast.Call]]:
    """A reduction as torch writes it, over other axes, and with or without `keepdim`; what is changed, and the call."""
    function = node.func
    own = isinstance(function, ast.Attribute) and not (
        isinstance(function.value, ast.Name) and function.value.id == "torch"
    )
    before, given = ([], list(node.args)) if own else (node.args[:1], node.args[1:])
    by_name = {word.arg: word.value for word in node.keywords}
    axis = given[0] if given else by_name.pop("dim", None)
    keeps = given[1] if len(given) > 1 else by_name.pop("keepdim", None)
    if len(given) > 2 or by_name:
        return
    kept = keeps is not None and not (isinstance(keeps, ast.Constant) and not keeps.value)

    def call(dim: ast.expr | None, *, keepdim: bool) -> ast.Call:
        words = [ast.keyword("keepdim", ast.Constant(value=True))] if keepdim else []
        return ast.Call(function, [*before, *([dim] if dim is not None else [])], words)

    for wanted in AXES:
        if wanted != "None" and (axis is None or ast.unparse(axis) != wanted):
            yield f"the axis is {wanted}", call(ast.parse(wanted, mode="eval").body, keepdim=kept)
    if axis is not None:
        yield "it goes over all axes", call(None, keepdim=False)
        yield f"keepdim {'does not belong there' if kept else 'is missing'}", call(axis, keepdim=not kept)


_FLAGS = {
    "lu_solve": {"adjoint": False, "left": True},
    "solve": {"left": True},
    "solve_triangular": {"left": True, "unitriangular": False},
    "cholesky_solve": {"upper": False},
    "cholesky_inverse": {"upper": False},
}
"""What these do where nothing is said; the other way round is what is forgotten, or too much."""

_RUNNING = ("cumsum", "cumprod", "logcumsumexp")


def torch_edits(node: ast.Call) -> Iterator[Variant]:
    """What may have been meant by a call of torch."""
    name = ast.unparse(node.func).rpartition(".")[2]
    given = {word.arg for word in node.keywords}
    for flag, usual in _FLAGS.get(name, {}).items():
        others = [word for word in node.keywords if word.arg != flag]
        words = others if flag in given else [*others, ast.keyword(flag, ast.Constant(not usual))]
        said = table.FLAG.says(flag, str(usual if flag in given else not usual))
        yield table.FLAG.bits + WHOLE, ast.Call(node.func, node.args, words), said
    if name in _RUNNING and (parts := _parts(node)) is not None:
        value, axis = parts
        flipped = f"torch.flip(torch.{name}(torch.flip({value}, ({axis},)), {axis}), ({axis},))"
        yield table.LOOP_ORDER.bits + 1.0, parsed(flipped), f"{ast.unparse(node)} runs from the wrong end"
    if name == "flip" and (inner := _running_inside(node)) is not None:
        yield table.LOOP_ORDER.bits + 1.0, inner, f"{ast.unparse(inner)} is to run forwards"


def _parts(node: ast.Call) -> tuple[str, str] | None:
    """What a running sum is of, and along which axis, as text."""
    method = isinstance(node.func, ast.Attribute) and ast.unparse(node.func.value) != "torch"
    given = [*([node.func.value] if method and isinstance(node.func, ast.Attribute) else []), *node.args]
    given += [word.value for word in node.keywords if word.arg == "dim"]
    return (ast.unparse(given[0]), ast.unparse(given[1])) if len(given) == 2 else None


def _running_inside(node: ast.Call) -> ast.expr | None:
    """The running sum of what is flipped before it and behind it, without the flips."""
    outer = _operand(node)
    if not isinstance(outer, ast.Call) or ast.unparse(outer.func).rpartition(".")[2] not in _RUNNING:
        return None
    parts, inner = _parts(outer), _operand(outer)
    if parts is None or not isinstance(inner, ast.Call) or not ast.unparse(inner.func).endswith("flip"):
        return None
    name, below = ast.unparse(outer.func).rpartition(".")[2], _operand(inner)
    return None if below is None else parsed(f"torch.{name}({ast.unparse(below)}, {parts[1]})")


def _operand(node: ast.Call) -> ast.expr | None:
    """What a function of torch, or a method, is applied to."""
    if isinstance(node.func, ast.Attribute) and ast.unparse(node.func.value) != "torch":
        return node.func.value
    return node.args[0] if node.args else None
