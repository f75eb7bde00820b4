"""Blocks of maths in Markdown and LaTeX: what is found, what is left out, what is not closed."""

from __future__ import annotations

import pytest

from gradproof.audit.reading.limits import Limits, TooLarge
from gradproof.audit.reading.scan import blocks, flavour_of


def found(text: str) -> list[tuple[str, str]]:
    return [(block.kind, text[block.start : block.end]) for block in blocks(text)]


@pytest.mark.parametrize(
    ("text", "kind", "inner"),
    [
        ("so $a = b$ holds", "inline", "a = b"),
        ("$$\na = b\n$$", "display", "\na = b\n"),
        (r"\[a = b\]", "display", "a = b"),
        (r"\(a = b\)", "inline", "a = b"),
        (r"\begin{align*}a &= b\end{align*}", "display", "a &= b"),
        (r"\begin{equation}a = b\end{equation}", "display", "a = b"),
        ("```math\na = b\n```", "display", "\na = b"),
    ],
)
def test_blocks_each_delimiter_finds_the_inner_text(text: str, kind: str, inner: str) -> None:
    assert found(text) == [(kind, inner)]


@pytest.mark.parametrize(
    "text",
    [
        "it costs $5, no more",
        "a `$a = b$` in code",
        "```\n$a = b$\n```",
        "~~~\n$a = b$\n~~~",
        "<!-- $a = b$ -->",
        r"escaped \$a = b\$ dollars",
    ],
)
def test_blocks_code_comments_and_prices_are_left_out(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    "text",
    ["% $a = b$", r"\begin{verbatim}$a = b$\end{verbatim}", r"\verb|$a = b$|", r"\begin{comment}$a = b$\end{comment}"],
)
def test_blocks_of_tex_leave_out_comments_and_verbatim_text(text: str) -> None:
    document = "\\begin{document}\n" + text + "\n\\end{document}"
    assert flavour_of(document) == "tex"
    assert blocks(document) == ()


def test_blocks_percent_in_markdown_hides_nothing() -> None:
    assert found("50% of $a = b$") == [("inline", "a = b")]


def test_blocks_dollar_does_not_reach_over_a_blank_line() -> None:
    text = "costs $5 and\n\nthen $a = b$"
    assert found(text)[-1] == ("inline", "a = b")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("$$a = b", "'$$' is not closed"),
        (r"\[a = b", r"'\[' is not closed"),
        (r"\begin{align}a = b", r"'\begin{align}' is not closed"),
        ("here $a = b\n\nis it", "'$' is not closed"),
    ],
)
def test_blocks_unclosed_maths_is_reported_not_dropped(text: str, problem: str) -> None:
    (block,) = blocks(text)
    assert problem in block.problem


def test_blocks_document_beyond_the_cap_says_the_limit_and_the_way_out() -> None:
    with pytest.raises(TooLarge, match=r"11 characters, the limit is 10: audit it chapter by chapter"):
        blocks("x" * 11, limits=Limits(document_characters=10))


def test_blocks_too_many_blocks_are_refused() -> None:
    with pytest.raises(TooLarge, match="more than 3 blocks"):
        blocks("$a$ " * 4, limits=Limits(blocks=3))
