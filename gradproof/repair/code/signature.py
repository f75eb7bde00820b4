"""The parameters of a function whose body reads other quantities than before."""

from __future__ import annotations

import ast
from collections.abc import Collection, Sequence

from gradproof.repair.code.source import Source
from gradproof.repair.formulas.rewrite import Span


def with_parameters(source: Source, spans: Sequence[Span], added: Collection[str]) -> tuple[Span, ...]:
    """The edits with those of the signature: a name that replaces the only use of another takes its place."""
    arguments = source.function.args.args
    if not added:
        return tuple(spans)
    new = tuple(dict.fromkeys(added))
    gone = _no_longer_read(source, spans)
    if len(new) == len(gone) == 1:
        (argument,) = (argument for argument in arguments if argument.arg == gone[0])
        start = source.start(argument)
        return (*spans, Span(start, start + len(argument.arg), new[0]))
    if arguments:
        end = source.end(arguments[-1])
        return (*spans, Span(end, end, "".join(f", {name}" for name in new)))
    opening = source.text.index("(", source.start(source.function)) + 1
    return (*spans, Span(opening, opening, ", ".join(new)))


def _no_longer_read(source: Source, spans: Sequence[Span]) -> list[str]:
    """Parameters of which every use is replaced."""
    nodes = [node for node in ast.walk(source.function) if isinstance(node, ast.Name)]
    gone = []
    for argument in source.function.args.args:
        uses = [node for node in nodes if node.id == argument.arg]
        covered = [any(span.start <= source.start(n) and source.end(n) <= span.end for span in spans) for n in uses]
        if uses and all(covered) and not any(argument.arg in span.text for span in spans):
            gone.append(argument.arg)
    return gone
