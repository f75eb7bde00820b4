"""How an array library writes what an edit puts in: NumPy's words, and torch's."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from gradproof import operators as mistakes

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
