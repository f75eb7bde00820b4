"""docs/gallery.md lists every case, in the form that it has, and every form has a case."""

from __future__ import annotations

import re

import pytest
from harness import PROJECT, functions, gallery

PAGE = (PROJECT.root / "docs" / "gallery.md").read_text(encoding="utf-8")
ROWS = dict(re.findall(r"^\| \[(\w+)\]\(\.\./manual/\1\.py\) \| ([^|]+) \|", PAGE, re.M))
FORMS = {
    "equations",
    "two functions",
    "cache in a tuple",
    "cache in a dict",
    "class with state on `self`",
    "class with lists of layers",
    "one function",
    "in-place update",
    "loop over time",
    "loop over samples",
    "opaque",
    "autograd function",
}


def test_page_has_every_case() -> None:
    assert set(ROWS) == {*gallery(), *functions()}
    assert all(f"`{name}`" in PAGE for name in set(PROJECT.cases) - set(ROWS))


def test_page_has_every_form() -> None:
    assert {form for row in ROWS.values() for form in row.strip().split(", ")} == FORMS


def test_page_tells_which_cases_are_functions() -> None:
    assert {case for case, row in ROWS.items() if row.strip() == "autograd function"} == set(functions())


@pytest.mark.parametrize("case", gallery())
def test_page_tells_the_form_of_a_case(case: str) -> None:
    text = PROJECT.manual_path(case).read_text(encoding="utf-8")
    reference = PROJECT.reference_path(case).read_text(encoding="utf-8")
    forms = set(ROWS[case].strip().split(", "))
    assert ("equations" in forms) == ("code = Code(" not in reference)
    assert ("opaque" in forms) == ("opaque=True" in reference)
    assert any(form.startswith("class with ") for form in forms) == ("\nclass " in text)
    assert ("cache in a dict" in forms) == bool(re.search(r"cache = \{|return \w+, \{", text))
    assert any(form.startswith("loop") for form in forms) == bool(re.search(r"for (t|n) in ", text))
