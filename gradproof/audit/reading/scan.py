"""Find the maths in a document: blocks of Markdown or LaTeX with their offsets, in linear time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from gradproof.audit.reading.limits import Limits, TooLarge

Flavour = Literal["markdown", "tex", "rst"]

_ENVIRONMENTS = r"equation|align|gather|multline|eqnarray|displaymath|flalign|alignat|math|dmath"
_BEGIN = re.compile(rf"\\begin\{{((?:{_ENVIRONMENTS})\*?)\}}")
_VERBATIM = re.compile(r"\\begin\{(verbatim|lstlisting|minted|comment)(\*?)\}")
_VERB = re.compile(r"\\verb\*?([^\sA-Za-z])")
_BLANK_LINE = re.compile(r"\n[ \t]*\n")
# No alternative can backtrack: each is of fixed length or ends at the end of its line.
_MARKS: dict[Flavour, re.Pattern[str]] = {
    "markdown": re.compile(
        r"(?m)^[ \t]{0,3}(?:```|~~~)[^\n]*|\$`|`+|<!--|<(?:script|style|pre|code|svg)\b|\\\\[(\[]|\\.|\$\$|\$", re.S
    ),
    "tex": re.compile(r"(?<!\\)%[^\n]*|\\.|\$\$|\$", re.S),
}


@dataclass(frozen=True, slots=True)
class Block:
    """Maths between `start` and `end` (offsets of the inner text); `closed` is the offset behind its closer.

    `problem` is not empty where the block's end is missing: nothing in it can be read. `doubled` and `quoted` say
    how it is printed: with two backslashes for one, in lines that start with `>`.
    """

    kind: Literal["display", "inline"]
    start: int
    end: int
    opened: int
    closed: int
    problem: str = ""
    doubled: bool = False
    quoted: bool = False


def flavour_of(text: str) -> Flavour:
    """`tex` for a LaTeX document, `rst` for reStructuredText, else `markdown`."""
    if ".. math::" in text or ":math:`" in text:
        return "rst"
    return "tex" if "\\documentclass" in text or "\\begin{document}" in text else "markdown"


def blocks(text: str, flavour: Flavour | None = None, limits: Limits | None = None) -> tuple[Block, ...]:
    """The maths of a document in its order; code, comments and verbatim text are left out.

    Raises `TooLarge` for a document beyond the caps of `limits`.
    """
    limits = limits or Limits()
    if len(text) > limits.document_characters:
        raise TooLarge(
            f"the document has {len(text):,} characters, the limit is {limits.document_characters:,}: "
            "audit it chapter by chapter, or raise Limits.document_characters"
        )
    found: list[Block] = []
    flavour = flavour or flavour_of(text)
    for block in _scan_rst(text) if flavour == "rst" else _scan(text, flavour):
        if len(found) == limits.blocks:
            raise TooLarge(f"the document has more than {limits.blocks:,} blocks of maths: audit it in parts")
        found.append(block)
    return tuple(found)


class _Finder:
    """`find` that remembers its last answer, so that many openers before one closer stay linear."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._next: dict[str, int] = {}

    def __call__(self, closer: str, start: int) -> int:
        """Offset of the next `closer` at or behind `start`, or -1."""
        known = self._next.get(closer, -2)
        if known == -1 or known >= start:
            return known
        if closer == "":
            match = _BLANK_LINE.search(self._text, start)
            found = match.start() if match else -1
        else:
            found = self._text.find(closer, start)
            while closer == "$" and found > start and self._text[found - 1] == "\\":
                found = self._text.find(closer, found + 1)
        self._next[closer] = found
        return found


def _scan(text: str, flavour: Flavour) -> Iterator[Block]:
    find, marks, at = _Finder(text), _MARKS[flavour], 0
    while match := marks.search(text, at):
        mark, opened, at = match.group(), match.start(), match.end()
        if mark[0] in " \t`~<%" and mark != "$`":
            maths, at = _skip_code(text, match, find)
            if maths is not None:
                yield maths
            continue
        opener = _opener(text, match)
        if opener is None:
            at = _skip_verbatim(text, opened, find) or at
            continue
        kind, start, closer = opener
        block = _block(text, find, kind, opened, start, closer)
        if block is None:
            continue
        line = text.rfind("\n", 0, opened) + 1
        block = replace(
            block,
            doubled=closer in ("\\\\)", "\\\\]"),
            quoted=text[line:opened].lstrip().startswith(">"),
        )
        yield block
        at = block.closed


def _opener(text: str, match: re.Match[str]) -> tuple[Literal["display", "inline"], int, str] | None:
    """Kind, start and closer of the block that opens at a mark."""
    mark = match.group()
    if mark == "\\b" and (begin := _BEGIN.match(text, match.start())):
        return "display", begin.end(), f"\\end{{{begin[1]}}}"
    if mark in ("$$", "\\["):
        return "display", match.end(), "$$" if mark == "$$" else "\\]"
    if mark == "$`":
        return "inline", match.end(), "`$"
    if mark in ("\\\\(", "\\\\["):
        return "inline" if mark[-1] == "(" else "display", match.end(), "\\\\" + (")" if mark[-1] == "(" else "]")
    if mark in ("$", "\\("):
        return "inline", match.end(), "$" if mark == "$" else "\\)"
    return None


def _block(
    text: str, find: _Finder, kind: Literal["display", "inline"], opened: int, start: int, closer: str
) -> Block | None:
    end, blank = find(closer, start), find("", start)
    paragraph_ends = blank != -1 and (end == -1 or blank < end)
    if closer == "$" and (paragraph_ends or end == -1):
        # A lone dollar is a price; only one with an '=' behind it can hide a statement.
        stop = blank if blank != -1 else len(text)
        equals = find("=", start)
        if equals == -1 or equals >= stop:
            return None
        return Block(kind, start, stop, opened, stop, "'$' is not closed before the end of its paragraph")
    if end == -1:
        shown = text[opened:start]
        stop = blank if blank != -1 else len(text)
        return Block(kind, start, stop, opened, stop, f"'{shown}' is not closed: '{closer}' is missing")
    return Block(kind, start, end, opened, end + len(closer))


_ROLE = re.compile(r":math:`([^`]{1,4000})`|(?m:^)([ \t]*)\.\. math::[ \t]*([^\n]*)")
_DEFAULT = re.compile(r"(?m)^[ \t]{0,9}\.\.[ \t]{1,4}default-role::[ \t]{1,4}math\b")
_ROLES = re.compile(_ROLE.pattern + r"|``[^`]{0,4000}``|(?<![`:\w])`([^`]{1,4000})`(?![`_])")
_OPTION = re.compile(r"[ \t]+:[a-z-]{1,20}:[^\n]*\n")


def _scan_rst(text: str) -> Iterator[Block]:
    """The `:math:` roles and `math` directives of reStructuredText; an equation ends at a blank line."""
    at, role = 0, _ROLES if _DEFAULT.search(text) else _ROLE
    while match := role.search(text, at):
        at = match.end()
        inline = 1 if match[1] is not None else 4 if match.re is _ROLES and match[4] is not None else 0
        if inline:
            yield Block("inline", match.start(inline), match.end(inline), match.start(), match.end())
            continue
        if match[0].startswith("``"):
            continue
        if match[3].strip():
            yield Block("display", match.start(3), match.end(3), match.start(), match.end())
        indent, at = len(match[2].expandtabs()), min(match.end() + 1, len(text))
        while option := _OPTION.match(text, at):
            at = option.end()
        start = at
        while at < len(text):
            end = text.find("\n", at)
            end = len(text) if end == -1 else end
            line = text[at:end]
            inside = len(line.expandtabs()) - len(line.expandtabs().lstrip()) > indent
            if line.strip() and not inside:
                break
            if not line.strip():
                if text[start:at].strip():
                    yield Block("display", start, at, start, at)
                start = end + 1
            at = end + 1
        at = min(at, len(text))
        if text[start:at].strip():
            yield Block("display", start, at, start, at)


def _skip_code(text: str, match: re.Match[str], find: _Finder) -> tuple[Block | None, int]:
    """The offset behind code or a comment; a fence marked `math` is a block of its own."""
    mark = match.group()
    if mark[0] == "%":
        return None, match.end()
    if mark[0] == "<" and mark != "<!--":
        end = find(f"</{mark[1:]}", match.end())
        return None, match.end() if end == -1 else end
    if mark == "<!--":
        end = find("-->", match.end())
        return None, len(text) if end == -1 else end + 3
    if "`" in mark and not mark.strip("`"):
        end = find(mark, match.end())
        return None, match.end() if end == -1 else end + len(mark)
    fence, info = mark.strip()[:3], mark.strip()[3:].strip()
    end = find("\n" + fence, match.end())
    if end == -1:
        return None, len(text)
    closed = end + 4
    if info == "math":
        return Block("display", match.end(), end, match.start(), closed), closed
    return None, closed


def _skip_verbatim(text: str, at: int, find: _Finder) -> int | None:
    """The offset behind a verbatim environment or `\\verb`, where one starts at `at`."""
    if match := _VERBATIM.match(text, at):
        end = find(f"\\end{{{match[1]}{match[2]}}}", match.end())
        return len(text) if end == -1 else end
    if match := _VERB.match(text, at):
        end = text.find(match[1], match.end(), match.end() + 2_000)
        return None if end == -1 else end + 1
    return None
