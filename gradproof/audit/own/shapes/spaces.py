"""What a note says of the sizes of its arrays in so many words: `X \\in \\mathbb{R}^{n \\times d}`."""

from __future__ import annotations

import re
from collections.abc import Iterator

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


_SYMMETRIC = re.compile(
    r"symmetric\s{1,3}(?:matri\w{1,4}\s{1,3})?((?:\$[^$\n]{1,24}\$[,\s]{0,3}(?:and\s{1,3})?){1,6})"
    r"|((?:\$[^$\n]{1,24}\$[,\s]{0,3}(?:and\s{1,3})?){1,6})(?:is|are|be)\s{1,3}(?:an?\s{1,3}|both\s{1,3}|all\s{1,3})?symmetric"
)
_NAME = re.compile(r"\\[A-Za-z]+|[A-Za-z]")


def symmetric_names(text: str) -> frozenset[str] | None:
    """The names of the matrices that a note calls symmetric; None where it does not say which it means."""
    found: set[str] = set()
    for match in _SYMMETRIC.finditer(text):
        found |= set(_NAME.findall(match[1] or match[2]))
    told = text.count("symmetric") - text.count("which is symmetric")
    return frozenset(found) if found or told <= 0 else None
