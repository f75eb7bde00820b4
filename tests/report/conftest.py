"""What several tests of reports share."""

from __future__ import annotations

import pytest
from small_projects import ROOT

from gradproof.case.project import Project
from gradproof.check.facts.result import CheckResult
from gradproof.run import crosscheck


@pytest.fixture(scope="session")
def as_printed() -> CheckResult:
    """The document's own errata; whoever reads it is of the group `as printed`, so that one process makes it."""
    return crosscheck("parameter_update_2_as_printed", trials=200, project=Project(ROOT))
