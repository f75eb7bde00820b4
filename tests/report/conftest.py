"""What several tests of reports share."""

from __future__ import annotations

from dataclasses import replace

import pytest
from page_results import SWEEP
from report_results import TRAINING
from small_projects import ROOT

from gradproof.case.project import Project
from gradproof.check.facts.result import CheckResult
from gradproof.report.collect import Details, collect
from gradproof.report.html import write as html
from gradproof.run import crosscheck


@pytest.fixture(scope="session")
def as_printed() -> CheckResult:
    """The document's own errata; whoever reads it is of the group `as printed`, so that one process makes it."""
    return crosscheck("parameter_update_2_as_printed", trials=200, project=Project(ROOT))


@pytest.fixture(scope="session")
def details(as_printed: CheckResult) -> Details:
    """What its reports show besides."""
    return collect(as_printed)


@pytest.fixture(scope="session")
def whole(as_printed: CheckResult) -> CheckResult:
    """The same with a training and a sweep of scales."""
    return replace(as_printed, trajectory=TRAINING, scales=SWEEP)


@pytest.fixture(scope="session")
def page(whole: CheckResult, details: Details) -> str:
    """Its page, with everything that a page can have."""
    return html.agreement(whole, details)
