"""MathML, marked changes, layout of the graph, pictures: each by itself."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from itertools import pairwise
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib import rcParams
from page_results import SWEEP, hostile
from report_results import INHERITS, RIGHT, TRAINING, WRONG, outcome
from small_projects import ROOT

from gradproof.case.project import Project
from gradproof.check.facts.measured import ScalePoint, ScaleSweep, SideErrors
from gradproof.check.loading import load_derivation
from gradproof.report.collect import Details
from gradproof.report.figures.dependencies import MOST, ROOM, graph_picture
from gradproof.report.figures.draw import NAMES, pictures
from gradproof.report.figures.graph import lay_out
from gradproof.report.figures.runs import scales_picture
from gradproof.report.figures.style import PALETTE, power_of_ten, svg
from gradproof.report.figures.values import share_picture
from gradproof.report.html.render import render, ticked
from gradproof.report.html.showing import Typesetter, changed, with_return
from gradproof.studies.spread import Spread


def shown(body: str, fix: str = "") -> tuple[str, str]:
    """An equation `Z(a, b)` and its fix as they are shown."""
    source = f"def Z(a, b):\n    return {body}\n"
    one = Typesetter([source]).show("Z", body, source, fix)
    return str(one.written), str(one.mended)


def plain(maths: str) -> str:
    """The characters of a formula, without what cannot be seen."""
    return re.sub(r"[\u2061\u2062]", "", "".join(ElementTree.fromstring(maths).itertext()))


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("a + b * 2", "Z=a+b2"),
        ("(a + b) * a", "Z=(a+b)a"),
        ("-a - b", "Z=\N{MINUS SIGN}a\N{MINUS SIGN}b"),
        ("a / (b + 1)", "Z=ab+1"),
        ("a ** 2", "Z=a2"),
        ("(a + b) ** 2", "Z=(a+b)2"),
        ("np.exp(-a)", "Z=exp(\N{MINUS SIGN}a)"),
        ("np.sqrt(a)", "Z=a"),
        ("_relu_prime(a)", "Z=relu\N{PRIME}(a)"),
        ("a @ b.T", "Z=ab\N{DOWN TACK}"),
        ("np.sum(a, axis=0)", "Z=\N{N-ARY SUMMATION}i(a)i"),
        ("np.where(a > 0, b, 0)", "Z={ba>00otherwise"),
        ("abs(a)", "Z=|a|"),
    ],
)
def test_mathml_shows_code_in_source_order(code: str, text: str) -> None:
    if text.endswith("(a)i"):
        text = "Z=\N{N-ARY SUMMATION}iai"
    assert plain(shown(code)[0]).replace("\N{DOWN TACK}", "T") == text.replace("\N{DOWN TACK}", "T")


def test_mathml_shows_every_equation_of_the_documents_cases() -> None:
    for name in ("parameter_update_2", "parameter_update_2_as_printed", "softmax_mlp"):
        derivation = load_derivation(Project(ROOT), name)
        typesetter = Typesetter(e.source for e in derivation.equations)
        for e in derivation.equations:
            written = typesetter.show(e.name, e.written, e.source).written
            assert written.startswith("<math>"), e.name
            ElementTree.fromstring(written)


def test_code_without_printed_form_is_shown_as_code() -> None:
    assert shown("np.fft.fft(a) < b")[0] == "<code>Z = np.fft.fft(a) &lt; b</code>"


def test_mathml_keeps_words_of_a_product_apart() -> None:
    source = "def Z(decay, W):\n    return decay * W\n"
    maths = str(Typesetter([source]).show("Z", "decay * W", source).written)
    assert '<mspace width="0.17em" />' in maths
    assert "mspace" not in shown("a * b")[0]


def test_fix_is_marked_where_it_differs() -> None:
    written, mended = shown("a + b", "a - b")
    assert written.count("changed") == mended.count("changed") == 1
    assert 'class="changed">+</mo>' in written


def test_fix_keeps_the_statements_that_it_needs() -> None:
    source = "def Z(a, b):\n    s = a + b\n    return s * a\n"
    assert with_return(source, "s * b") == "def Z(a, b):\n    s = a + b\n    return s * b"
    assert with_return(source, "a * b") == "def Z(a, b):\n    return a * b"
    assert with_return(source, "a *") == ""


@given(st.text("abc", max_size=12), st.text("abc", max_size=12))
@settings(deadline=None)
def test_changed_leaves_the_same_on_both_sides(first: str, second: str) -> None:
    gone, come = changed(first, second)
    left = [letter for k, letter in enumerate(first) if k not in gone]
    right = [letter for k, letter in enumerate(second) if k not in come]
    assert left == right


def test_layout_puts_each_after_what_it_reads_and_updates_last() -> None:
    layout = lay_out({"Z": ("w", "x"), "A": ("Z",), "dw": ("A", "x"), "w_new": ("w", "dw"), "Y": ("x",)}, ["w_new"])
    column = {name: node.column for name, node in layout.nodes.items()}
    assert column == {"w": 0, "x": 0, "Z": 1, "Y": 1, "A": 2, "dw": 3, "w_new": 4}


def test_layout_leaves_out_edges_that_follow_from_others() -> None:
    layout = lay_out({"Z": ("w", "x"), "A": ("Z",), "w_new": ("w", "A", "x")})
    assert set(layout.edges) == {("w", "Z"), ("x", "Z"), ("Z", "A"), ("A", "w_new")}


def test_layout_folds_a_tall_layer() -> None:
    layout = lay_out({f"Z{k}": ("x",) for k in range(10)}, tallest=4)
    assert layout.rows == 4
    assert layout.columns == 4


def test_layout_of_a_long_chain_needs_no_recursion() -> None:
    layout = lay_out({f"Z{k}": (f"Z{k - 1}",) for k in range(1, 3000)}, widest=3000)
    assert layout.columns == 3000


def test_layout_of_many_layers_goes_on_below() -> None:
    layout = lay_out({f"Z{k}": (f"Z{k - 1}",) for k in range(1, 7)}, widest=3)
    places = [(layout.nodes[f"Z{k}"].column, layout.nodes[f"Z{k}"].row) for k in range(7)]
    assert places == [(0, 0), (1, 0), (2, 0), (0, 2), (1, 2), (2, 2), (0, 4)]
    assert (layout.columns, layout.rows) == (3, 5)


@given(st.dictionaries(st.sampled_from("abcdef"), st.lists(st.sampled_from("uvwxyz"), max_size=4)))
@settings(deadline=None)
def test_layout_gives_every_node_a_place_of_its_own(inputs: dict[str, list[str]]) -> None:
    layout = lay_out(inputs)
    places = {(node.column, node.row) for node in layout.nodes.values()}
    assert len(places) == len(layout.nodes) == len({*inputs, *(name for read in inputs.values() for name in read)})


def test_pictures_are_there_for_all_that_was_measured() -> None:
    result, details = hostile()
    assert [picture.name for picture in pictures(result, details)] == list(NAMES)
    assert [picture.name for picture in pictures(outcome(RIGHT), Details({}, {}))] == ["bounds"]


def test_graph_of_very_many_equations_shows_what_is_about_a_wrong_one() -> None:
    inputs = {f"Z{k}": (f"Z{k - 1}",) for k in range(1, MOST + 2)}
    right = [replace(RIGHT, equation=name) for name in inputs]
    assert graph_picture(outcome(*right), inputs) is None
    wrong = [replace(one, verdict="disagrees") if one.equation == "Z9" else one for one in right]
    picture = graph_picture(outcome(*wrong), inputs)
    assert picture is not None
    assert picture.alternative.startswith("A graph of 3 equations")  # what it reads, itself, and what reads it
    assert f"of {MOST + 1} equations those about a wrong one" in picture.caption
    inputs.popitem()
    picture = graph_picture(outcome(*right[:-1]), inputs)
    assert picture is not None
    assert picture.alternative.startswith(f"A graph of {MOST} equations")


def test_pictures_use_only_the_palettes_colours() -> None:
    for picture in pictures(*hostile()):
        for number, panel in enumerate(picture.panels):
            text = svg(panel, f"{picture.name}{number}")
            assert re.findall(r"#[0-9a-f]{6}\b", text) == []
            assert "Date" not in text
            ElementTree.fromstring(text)
            assert picture.title
            assert picture.alternative


def test_pictures_leave_matplotlib_as_it_was() -> None:
    before = dict(rcParams)
    pictures(*hostile())
    assert dict(rcParams) == before


def test_palette_of_pictures_is_that_of_the_page() -> None:
    style = render("agreement.html.j2", page=_page())
    light = style[: style.index("prefers-color-scheme")]
    for role, colour in PALETTE.items():
        if role != "faint":
            assert f"--{role}: {colour}" in light


def test_graph_names_what_a_wrong_equation_taints() -> None:
    details = Details({"Z": ("w",), "dLoss_dw": ("Z",), "w_new": ("dLoss_dw",)}, {})
    graph = pictures(outcome(RIGHT, WRONG, INHERITS), details)[0]
    assert graph.title == "One equation is wrong; what it taints is marked"
    assert "dLoss_dw is wrong and taints w_new." in graph.alternative


@pytest.mark.parametrize(
    ("manual", "autograd", "title"),
    [
        ((1e-6, 0.0), (1e-6, 0.0), "By hand and by torch lose the same digits at every scale"),
        ((1e-3, 0.0), (1e-6, 0.0), "By hand at least 10 times as far off as torch at scale 10²"),
        ((1e-3, 0.5), (1e-6, 0.0), "By hand not finite at scale 10² where torch is"),
        ((math.nan, 1.0), (1e-6, 0.0), "By hand not finite at scale 10² where torch is"),
    ],
)
def test_scales_picture_says_what_there_is_to_see(
    manual: tuple[float, float], autograd: tuple[float, float], title: str
) -> None:
    sides = [SideErrors(largest, largest / 9, 90.0, undefined) for largest, undefined in (manual, autograd)]
    same = SideErrors(1e-6, 1e-7, 9.0, 0.0)
    sweep = ScaleSweep((ScalePoint(1.0, same, same, 0.0), ScalePoint(100.0, sides[0], sides[1], 0.0)), ("Z",), 9)
    picture = scales_picture(sweep)
    assert picture is not None
    assert picture.title == title


@pytest.mark.parametrize(
    ("share", "title"),
    [
        (0.5, "Every difference is smaller than what rounding explains"),
        (3.0, "1 equation above what rounding explains, the rest below"),
        (1e9, "1 equation far above what rounding explains, the rest below"),
    ],
)
def test_picture_of_bounds_says_how_far_above(share: float, title: str) -> None:
    picture = share_picture(outcome(RIGHT, replace(RIGHT, equation="A", bound_share=share)))
    assert picture is not None
    assert picture.title == title


def test_picture_of_bounds_shows_the_spread_of_what_agrees() -> None:
    spread = (Spread("Z", 0.01, 0.1, 0.2, 96),)
    with_lines, without = share_picture(outcome(RIGHT), spread), share_picture(outcome(RIGHT))
    assert with_lines is not None
    assert without is not None
    assert "the middle 90% of 96 trials" in with_lines.caption
    assert "96" not in without.caption
    assert "In an average trial it is 10% at most." in with_lines.alternative
    assert len(svg(with_lines.panels[0], "x")) > len(svg(without.panels[0], "x"))


@pytest.mark.parametrize("letters", [3, 20, 60])
def test_graph_is_no_wider_than_a_page_shows(letters: int) -> None:
    names = [f"{k:0{letters}}" for k in range(40)]
    results = [replace(RIGHT, equation=name) for name in names]
    chain = {name: (before,) for before, name in pairwise(["w", *names])}
    (panel,) = pictures(outcome(*results), Details(chain, {}))[0].panels
    assert panel.get_figwidth() * 72 <= (ROOM if letters < 60 else 5 * (60 * 4.25 + 60))


def test_training_picture_leaves_gaps_where_nothing_differs() -> None:
    run = replace(TRAINING, max_difference=(0.0, 0.2, np.inf))
    result = replace(outcome(RIGHT), trajectory=run, scales=SWEEP)
    assert [picture.name for picture in pictures(result, Details({}, {}))] == ["bounds", "scales", "training"]


def test_power_of_ten_is_written_without_markup() -> None:
    assert [power_of_ten(x) for x in (1e-6, 0.1, 1.0, 10.0, 1e3, 0.25)] == ["10⁻⁶", "10⁻¹", "1", "10", "10³", "0.25"]


def _page() -> object:
    from gradproof.report.html.page import page

    return page(outcome(RIGHT), Details({}, {}), ())


def test_words_between_backticks_are_code_and_all_else_is_escaped() -> None:
    assert ticked("Adam, as `torch.optim.Adam` does it.") == "Adam, as <code>torch.optim.Adam</code> does it."
    assert ticked("`<b>` & ` alone") == "<code>&lt;b&gt;</code> &amp; ` alone"
