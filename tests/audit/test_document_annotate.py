"""The note written back with remarks, and the errata list: what stands where, and that it is still the same note."""

from __future__ import annotations

import pytest
from document_networks import scalar_network
from tabulated import Tabulated

from gradproof.audit import annotate, audit, errata

MARKDOWN = r"""# A note

Inline $\frac{dLoss}{dP_5} = \frac{1}{P_5}$ is wrong.

$$
\begin{aligned}
\frac{dLoss}{dY_5} &= P_5 - 1 \\
\frac{dLoss}{dY_6} &= -P_6
\end{aligned}
$$

Last, $Q = P_5$ with `code` and $P_5 = \int P_6$.
"""
TEX = (
    r"""\documentclass{article}
\newcommand{\pd}[2]{\frac{\partial #1}{\partial #2}}
\begin{document}
Inline $\frac{dLoss}{dP_5} = \frac{1}{P_5}$ is wrong. % $P_5 = 1$
\begin{align}
\pd{Loss}{Y_5} &= P_5 - 1 \\
"""
    + r"\pd{Loss}{Y_3} &= (P_5 - 1) W_{35} + P_6 W_{36} + P_7 W_{36}"
    + r"""
\end{align}
\end{document}
"""
)


@pytest.fixture(scope="module")
def network() -> Tabulated:
    return scalar_network()


@pytest.mark.parametrize("text", [MARKDOWN, TEX], ids=["markdown", "tex"])
def test_annotate_adds_to_the_note_and_changes_no_verdict(text: str, network: Tabulated) -> None:
    judged = audit(text, network)
    annotated = annotate(text, judged)
    rest = iter(annotated)
    assert all(character in rest for character in text.rstrip())  # nothing is lost
    again = audit(annotated, network)
    assert [v.equation for v in again.verdicts] == [v.equation for v in judged.verdicts]
    assert [v.status for v in again.verdicts] == [v.status for v in judged.verdicts]


def test_annotate_markdown_marks_each_equation_where_it_stands(network: Tabulated) -> None:
    annotated = annotate(MARKDOWN, audit(MARKDOWN, network))
    assert r"\frac{1}{P_5}$ [✗ `WRONG: - is missing`] is wrong." in annotated
    assert "\n> ✓ line 7: `holds, in 256 trials`  \n" in annotated
    assert r"> ✗ line 8: `WRONG: - is too much`; should read `\frac{dLoss}{dY_6} = P_6`" in annotated
    assert "[? `not judged: no quantity is declared for Q`]" in annotated
    assert "[? `not read: '\\int' is not understood here`]" in annotated
    assert annotated.index("\n## Errata\n\n2 errata in 5 equalities (1 holds, 2 WRONG, 1 not judged, 1 not read).") > 0


def test_annotate_tex_quotes_verbatim_in_lines_that_fit_and_inside_the_document(network: Tabulated) -> None:
    annotated = annotate(TEX, audit(TEX, network))
    assert r"\verb|[WRONG: - is missing]| is wrong." in annotated
    assert r"\verb|line 7: WRONG: printed W_{36}, should be W_{37}|" in annotated
    assert annotated.index(r"\section*{Errata}") < annotated.index(r"\end{document}")
    quoted = [line for line in annotated.splitlines() if line.startswith(r"\verb")]
    assert len(quoted) > 8
    assert max(map(len, quoted)) < 110


def test_errata_lists_what_is_printed_what_it_should_be_and_the_worst_trial(network: Tabulated) -> None:
    listed = errata(audit(MARKDOWN, network), "note.md")
    heading, count, first, second = listed.rstrip().split("\n\n")
    assert heading == "# Errata of note.md"
    assert count == "2 errata in 5 equalities (1 holds, 2 WRONG, 1 not judged, 1 not read)."
    lines = first.split("\n   - ")
    assert lines[:3] == [
        "1. Line 3, column 30: WRONG: - is missing.",
        r"printed: `\frac{dLoss}{dP_5} = \frac{1}{P_5}`",
        r"should read: `\frac{dLoss}{dP_5} = -\frac{1}{P_5}`",
    ]
    assert "256 of 256 trials differ" in lines[3]
    assert r"printed: `\frac{dLoss}{dY_6} = -P_6`" in second


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("$Loss = P_5$", "1 erratum in 1 equality (1 WRONG)."),
        ("$P_5 = P_5$", "0 errata in 1 equality (1 holds)."),
        ("none", "0 errata in 0 equalities (nothing to judge)."),
    ],
)
def test_errata_count_reads_well_for_one_and_none(text: str, count: str, network: Tabulated) -> None:
    assert errata(audit(text, network)).startswith(count)
