r"""A mend is LaTeX that TeX sets."""

from __future__ import annotations

import pytest

from gradproof.audit.judging.mending.rewrite import tidied


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (r"w - \eta \left\left(x + \lambda w\right)", r"w - \eta \left(x + \lambda w\right)"),
        (r"\sum_t \delta^{(t)} h^{(t-1)}^\top", r"\sum_t \delta^{(t)} {h^{(t-1)}}^\top"),
        (r"x_i^2^\top", r"{x_i^2}^\top"),
        (r"{h^{(t)}}^\top \left(a\right)", r"{h^{(t)}}^\top \left(a\right)"),
    ],
)
def test_text_of_a_mend_is_tidy(text: str, wanted: str) -> None:
    assert tidied(text) == wanted
