"""Pages in a real browser: Debian's Chromium, driven by Playwright; without it these tests are skipped."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from page_results import hostile, long
from report_results import INHERITS, RIGHT, WRONG, outcome

from gradproof.check.facts.result import CheckResult
from gradproof.report.collect import Details
from gradproof.report.html import write as html
from gradproof.report.summaries import CaseSummary

sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
Visit = Callable[..., Any]
PHONE, SCREEN = (380, 760), (1280, 800)

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here (Debian: apt-get install chromium)"),
    pytest.mark.xdist_group("as printed"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """One Chromium for all tests."""
    with sync_api.sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield running
        running.close()


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory, whole: CheckResult, details: Details, page: str) -> dict[str, Path]:
    """Pages on disk by name."""
    folder = tmp_path_factory.mktemp("pages")
    taint = outcome(
        RIGHT, WRONG, INHERITS, replace(RIGHT, equation="B", verdict="unchecked", diagnosis="no such thing")
    )
    graph = Details({"Z": ("w",), "dLoss_dw": ("Z",), "w_new": ("dLoss_dw",), "B": ("Z",)}, {})
    bad = CaseSummary("neuron", counts=(("agrees", 3), ("disagrees", 1)), wrong=("A",), trials=10, dtype="float64")
    cases = [bad, replace(bad, case="known", declared=("A",)), CaseSummary("old", "no report")]
    written = " + ".join(f"w{k} * x{k}" for k in range(60))
    source = f"def Z({', '.join(f'w{k}, x{k}' for k in range(60))}):\n    return {written}\n"
    some = whole.wrong[:2] + tuple(one for one in whole.results if one.verdict == "agrees")[::24]
    texts = {
        "as_printed": page,
        "part": html.agreement(replace(whole, results=some), details),
        "taint": html.agreement(taint, graph),
        "hostile": html.agreement(*hostile()),
        "short": html.agreement(*long(14)),
        "long": html.agreement(*long()),
        "wide": html.agreement(outcome(replace(RIGHT, written=written)), Details({}, {"Z": source})),
        "index": html.index(cases),
    }
    for name, text in texts.items():
        (folder / f"{name}.html").write_text(text, encoding="utf-8")
    return {name: folder / f"{name}.html" for name in texts}


@pytest.fixture
def visit(browser: Any, pages: dict[str, Path]) -> Iterator[Visit]:
    """Open a page; what goes wrong while it is open, or any request that it makes, fails the test."""
    problems: list[str] = []
    contexts = []

    def open_page(name: str, size: tuple[int, int] = SCREEN, scheme: str = "light", script: bool = True) -> Any:
        context = browser.new_context(
            viewport={"width": size[0], "height": size[1]}, color_scheme=scheme, java_script_enabled=script
        )
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: problems.append(message.text))
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("request", lambda request: problems.extend(url for url in [request.url] if not url.startswith("file:")))
        page.goto(pages[name].as_uri())
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert problems == []


NAMES = ("as_printed", "taint", "hostile", "long", "index")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["taint", "hostile", "short", "index"])
def test_page_is_accessible(visit: Visit, name: str, scheme: str) -> None:
    page = visit(name, scheme=scheme)
    tags = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21aa", "best-practice"]}
    only = tags if scheme == "light" else ["color-contrast"]  # the schemes differ in colours alone
    found = axe.Axe().run(page, options={"runOnly": only}).response["violations"]
    assert [(one["id"], [node["html"][:120] for node in one["nodes"]][:3]) for one in found] == []


def test_page_of_the_document_has_enough_contrast(visit: Visit) -> None:
    for scheme in ("light", "dark"):
        page = visit("part", size=PHONE, scheme=scheme)  # with a row of each kind; more rows have no other colours
        found = axe.Axe().run(page, options={"runOnly": ["color-contrast"]}).response["violations"]
        assert [node["html"][:120] for one in found for node in one["nodes"]] == []


def test_table_keeps_its_width_whatever_a_formula_needs(visit: Visit) -> None:
    page = visit("wide")
    assert page.evaluate("document.documentElement.scrollWidth") <= SCREEN[0]
    box = page.locator("#equations .formula").first
    assert box.evaluate("box => box.scrollWidth > box.clientWidth")
    assert box.get_attribute("tabindex") == "0"  # so that it can be scrolled by keyboard
    assert page.locator("#equations td.num").last.bounding_box()["x"] < SCREEN[0]


@pytest.mark.parametrize("name", ["as_printed", "long"])
def test_table_of_the_shipped_cases_shows_every_formula_whole(visit: Visit, name: str) -> None:
    boxes = visit(name).locator("#equations .formula")
    assert boxes.evaluate_all("boxes => boxes.filter(box => box.scrollWidth > box.clientWidth + 1).length") == 0


def test_table_head_stays_in_sight(visit: Visit) -> None:
    page = visit("as_printed")
    page.locator("#equations tbody tr").nth(60).scroll_into_view_if_needed()
    assert page.locator("#equations thead th").first.bounding_box()["y"] >= 0


@pytest.mark.parametrize("name", NAMES)
def test_page_on_a_phone_does_not_scroll_sideways(visit: Visit, name: str) -> None:
    page = visit(name, size=PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["as_printed", "long"])
def test_page_renders_without_a_complaint(visit: Visit, name: str, scheme: str) -> None:
    assert visit(name, scheme=scheme).locator("h1").is_visible()  # the fixture looks at the console


def test_page_first_screen_shows_all_errata_and_their_fixes(visit: Visit) -> None:
    page = visit("as_printed")
    fixes = page.locator(".brief li .formula")
    assert fixes.count() == 6
    for box in (fixes.nth(k).bounding_box() for k in range(6)):
        assert box["y"] + box["height"] <= SCREEN[1]


def test_page_colours_differ_between_light_and_dark(visit: Visit) -> None:
    grounds = {
        scheme: visit("taint", scheme=scheme).evaluate("getComputedStyle(document.body).backgroundColor")
        for scheme in ("light", "dark")
    }
    assert grounds == {"light": "rgb(255, 255, 255)", "dark": "rgb(19, 21, 24)"}


def test_table_is_sorted_by_number_and_by_name(visit: Visit) -> None:
    page = visit("as_printed")
    first = page.locator("#equations tbody tr:first-child th")
    page.get_by_role("button", name="of bound").click()
    page.get_by_role("button", name="of bound").click()
    assert page.locator("#equations thead th[aria-sort]").inner_text() == "of bound"
    assert page.locator("#equations tbody tr:first-child").get_attribute("data-verdict") == "disagrees"
    page.get_by_role("button", name="no.").click()
    assert first.inner_text().startswith("P5")
    page.get_by_role("button", name="equation", exact=True).click()
    assert first.inner_text().startswith("Loss")


def test_table_is_filtered_by_verdict(visit: Visit) -> None:
    page = visit("as_printed")
    shown = page.locator("#equations tbody tr:visible")
    assert shown.count() == 92
    page.get_by_role("button", name="disagrees 6").click()
    assert shown.count() == 6
    page.get_by_role("button", name="all 92").click()
    assert shown.count() == 92


def test_page_without_script_shows_everything(visit: Visit) -> None:
    page = visit("as_printed", script=False)
    assert page.locator("#equations tbody tr:visible").count() == 92
    assert page.locator("#equations thead button").count() == 0
    assert not page.locator("#filters").is_visible()


def test_table_says_verdicts_in_words_and_shapes_not_only_in_colour(visit: Visit) -> None:
    page = visit("short")
    rows = page.locator("#equations tbody tr").all()[:14]
    seen = {(row.locator(".mark").inner_text(), row.locator(".verdict").inner_text()[1:].strip()) for row in rows}
    assert len(seen) == len({mark for mark, _ in seen}) == len({word for _, word in seen}) == 6


def test_page_on_paper_unfolds_and_shows_filtered_rows(visit: Visit) -> None:
    page = visit("as_printed")
    page.get_by_role("button", name="disagrees 6").click()
    page.emulate_media(media="print")
    assert page.locator("#equations tbody tr:visible").count() == 92
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert page.locator("details:not([open])").count() == 0
