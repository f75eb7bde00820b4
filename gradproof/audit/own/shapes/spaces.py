"""What a note says of the sizes of its arrays in so many words: `X \\in \\mathbb{R}^{n \\times d}`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from gradproof.audit.reading.limits import Limits
from gradproof.audit.reading.macros import definitions
from gradproof.audit.reading.read import Statement
from gradproof.audit.reading.tree import Symbol, Transpose

_SPACE = re.compile(r"\\in\s{0,3}(?:\\(?:mathbb|mathbf|bold)\s{0,3}\{?\s{0,3}R\s{0,3}\}?|\\R)\s{0,3}\^")
_ROW = re.compile(r"(?<![A-Za-z\\])(\\[A-Za-z]+|[A-Za-z])_\{?[a-z]\}?\s{0,2}$")
_TIMES = re.compile(r"\\times|\\cdot|,")


def declared_spaces(text: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Names and sizes of `X \\in \\mathbb{R}^{n \\times d}`, several names with one size too."""
    for match in _SPACE.finditer(text):
        behind = text[match.end() : match.end() + 60].lstrip()
        sizes = _sizes(behind)
        before = text[max(0, match.start() - 60) : match.start()]
        before = re.split(r"[$(]|\n\n|\.\s", before)[-1]
        names = re.findall(r"(?<![A-Za-z\\_^{])(?:\\[A-Za-z]+|[A-Za-z])(?![A-Za-z])", before)[-3:]
        for name in names if sizes else ():
            if not re.search(rf"{re.escape(name)}\s{{0,2}}[_^']", before):
                yield name, sizes


def declared_rows(text: str) -> dict[str, int]:
    """How many axes each row has of `x_i \\in \\mathbb{R}^d`, by the name without the index."""
    found = {}
    for match in _SPACE.finditer(text):
        named = _ROW.search(text[max(0, match.start() - 24) : match.start()])
        sizes = _sizes(text[match.end() : match.end() + 60].lstrip())
        if named and sizes:
            found[named[1]] = len([size for size in sizes if size != "1"])
    return found


def _sizes(text: str) -> tuple[str, ...]:
    """The sizes in what stands above the R: `{n_x \\times m}`, `d`; empty where they are no plain names."""
    inner, depth = "", 0
    for character in text:
        depth += (character == "{") - (character == "}")
        if depth == 0:
            inner += character if not inner else ""
            break
        inner += character
    parts = tuple(part.strip().strip("{}").strip() for part in _TIMES.split(inner.removeprefix("{")))
    plain = all(re.fullmatch(r"[A-Za-z0-9]{1,4}|\\[A-Za-z]+|[A-Za-z]_\{?[A-Za-z0-9]{1,3}", part) for part in parts)
    return parts if plain else ()


_SET = re.compile(
    r"(?<![A-Za-z\\])(\\[A-Za-z]+|[A-Za-z])(?:_\{?[A-Za-z0-9,]{1,4}\}?)?\s{0,3}\\in\s{0,3}\\\{((?:\s?[+-]?\d{1,2}\s?,?|\s?\\pm\s?1\s?){1,8})\\\}"
)


def declared_values(text: str) -> dict[str, tuple[float, ...]]:
    """The few values of a quantity, `y_i \\in \\{-1, +1\\}`, by its name without the index."""
    found = {}
    for match in _SET.finditer(text):
        printed = match[2].replace("\\pm", "-1, +").replace(" ", "")
        numbers = tuple(float(part) for part in printed.split(",") if part)
        if len(numbers) > 1:
            found[match[1]] = numbers
    return found


_SYMMETRIC = re.compile(
    r"\b(?:symmetric|covariance|precision\s{1,2}matri|kernel\s{1,2}matri|Gram\s{1,2}matri|self-adjoint)"
)
_ASIDE = re.compile(r"\b(?:which|that|it)\s{1,2}is\s{1,2}$")
_MARKED = re.compile(r"\\(?:hat|tilde|bar|widehat|widetilde)\s?\{\s?(\\?[A-Za-z]+)\s?\}")
_ONE_NAME = re.compile(r"\$\s?(\\[A-Za-z]+|[A-Za-z])(?:_\{?\w{1,3}\}?)?(?:\s?(?:\\in|\\succ|=)[^$\n]{1,60})?\s?\$")
_SAID_OF = re.compile(r"(?:\b(?:is|are|be|being|with|of)\b|\()[^$]{0,60}$")
_REACH = 90


def printed_symmetric(statements: Sequence[Statement]) -> Iterator[str]:
    """The names of which a note prints `A = A^T`."""
    for statement in statements:
        trees = [side.node for side in statement.sides]
        for tree, other in pairwise(trees):
            if isinstance(tree, Symbol) and isinstance(other, Transpose) and other.argument == tree:
                yield tree.name


def symmetric_names(text: str) -> frozenset[str] | None:
    """The names of the matrices that a note calls symmetric; None where it does not say which it means.

    A covariance is symmetric without being called so.
    """
    text, found = _MARKED.sub(lambda match: match[1], text), set[str]()
    for match in _SYMMETRIC.finditer(text):
        if _ASIDE.search(text[max(0, match.start() - 12) : match.start()]):
            continue
        names = _named_before(text, match.start()) or _named_behind(text, match.end())
        if not names and match[0] == "symmetric":
            return None
        found |= names
    return frozenset(found)


def _named_before(text: str, at: int) -> set[str]:
    """`$R$ be the symmetric ...`, `$A$ and $B$ are symmetric`, `$P$ (symmetric)`."""
    before = re.split(r"\n\s{0,9}\n|[.;:]\s", text[max(0, at - _REACH) : at])[-1]
    if not _SAID_OF.search(before):
        return set()
    names = list(_ONE_NAME.finditer(before))
    found = {names[-1][1]} if names else set()
    for one, other in zip(reversed(names[:-1]), reversed(names), strict=False):
        if not re.fullmatch(r"[,\s]{0,3}(?:and\s{1,2}|or\s{1,2})?", before[one.end() : other.start()]):
            break
        found.add(one[1])
    return found


def _named_behind(text: str, at: int) -> set[str]:
    """`symmetric positive definite $\\Omega$`, `the covariance matrix $\\Sigma$`, `symmetric $A$ and $B$`."""
    behind = re.split(r"\n\s{0,9}\n|[.;:]\s", text[at : at + _REACH])[0]
    names = list(_ONE_NAME.finditer(behind))
    if not names or names[0].start() > _REACH // 2 or "$" in behind[: names[0].start()]:
        return set()
    found = {names[0][1]}
    for one, other in pairwise(names):
        if not re.fullmatch(r"[,\s]{0,3}(?:and\s{1,2}|or\s{1,2})?", behind[one.end() : other.start()]):
            break
        found.add(other[1])
    return found


_BRACKETS = re.compile(r"(?<!\\)\\{1,2}[()]")
_STYLED = re.compile(
    r"\\(?:mathbf|boldsymbol|bm|vec|mathsf|mathit|mathrm|bold|vect|pmb)\s?(?:\{\s?(\\?[A-Za-z]+)\s?\}|\s(\\[A-Za-z]+))"
)


def plainly(text: str, limits: Limits) -> str:
    """A note's text with its macros without arguments written out, `\\(x\\)` as `$x$`, names without their style."""
    text = _BRACKETS.sub("$", text)
    for name, macro in definitions(text, limits).items():
        if macro.arguments == 0 and name[1:].isalpha() and len(macro.body) < 12:
            body = "".join(token.text for token in macro.body)
            text = re.sub(rf"{re.escape(name)}(?![A-Za-z])", lambda _, body=body: body, text)  # type: ignore[misc]
    return _STYLED.sub(lambda match: match[1] or match[2], text)
