"""One thread: on tensors this small more threads only wait for each other. Dear looks are taken where asked."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

OF_EXTREMES = ("test_extremes", "test_functions_page", "test_right_of_other_kinds")
"""The modules whose tests look at extreme values, which are a table apart."""

OF_STATEMENTS = ("test_wrong_line", "test_functions_page")
"""The modules whose tests look for the wrong statement, which takes seconds: others look at verdicts and diagnoses."""


@pytest.fixture(autouse=True, scope="package")
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(autouse=True)
def statements(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.module.__name__ not in OF_STATEMENTS:
        monkeypatch.setattr("gradproof.functions.check.wrong_statement", lambda *_: None)


@pytest.fixture(autouse=True)
def extremes(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.module.__name__ not in OF_EXTREMES:
        monkeypatch.setattr("gradproof.functions.check.of_extremes", lambda *_: None)
