"""`docs/mutation.md`: its example is run, and its tables are those of the code."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from rich.console import Console

from gradproof.cli import main
from gradproof.mutation import KINDS, SuiteResult, mutate_tests
from gradproof.report.mutation import print_mutation, write_mutation

PAGE = (Path(__file__).parents[2] / "docs/mutation.md").read_text(encoding="utf-8")


def block(info: str) -> str:
    """The fenced block with this info string."""
    (found,) = re.findall(rf"^```{re.escape(info)}\n(.*?)^```$", PAGE, re.M | re.S)
    return found


def flat(text: str) -> str:
    return " ".join(text.split())


pytestmark = pytest.mark.xdist_group("page of mutation")  # one process makes the fixture


@pytest.fixture(scope="module")
def softmax(tmp_path_factory: pytest.TempPathFactory) -> SuiteResult:
    folder = tmp_path_factory.mktemp("page")
    (folder / "test_softmax.py").write_text(block("python test_softmax.py"), encoding="utf-8")
    return mutate_tests("test_softmax.py", folder=folder, budget=600.0, drafts=False)


def test_page_output_is_real(softmax: SuiteResult) -> None:
    console = Console(width=80, record=True, highlight=False, markup=False, emoji=False)
    with console.capture() as captured:
        print_mutation(console, softmax, 1e-3)
    command, _, shown = block("console").partition("\n")
    assert command == "$ gradproof mutate test_softmax.py --at-least 1e-3"
    parts = [flat(part) for part in shown.split("[...]") if part.strip()]
    assert len(parts) == 2
    assert all(part in flat(captured.get()) for part in parts)
    assert not softmax.reaches(1e-3)


def test_page_kinds_are_those_of_the_table() -> None:
    rows = re.findall(r"^\| `([^`]+)` \| (.+) \|$", PAGE.partition("## What holds")[0], re.M)
    assert rows == [(kind.name, kind.words) for kind in KINDS]


def test_reports_are_written_and_say_the_same(softmax: SuiteResult, tmp_path: Path) -> None:
    names = [path.name for path in write_mutation(softmax, tmp_path)]
    assert all(name in PAGE for name in names)
    told = json.loads((tmp_path / "mutation.json").read_text())
    assert (told["format"], told["version"]) == ("gradproof.mutation", 1)
    assert told["gradients"][0]["survivors"][:3] == ["zero", "sign", "doubled"]
    assert told["tests"][0]["code"] == "zero gradient"
    for name in ("mutation.md", "mutation.html"):
        assert "its cotangent is all ones, under which the true gradient is zero" in (tmp_path / name).read_text()


def test_frames_have_a_row_for_each_gradient_test_and_plant(softmax: SuiteResult) -> None:
    assert list(softmax.frame["input"]) == ["x"]
    assert list(softmax.tests_frame["nodeid"]) == ["test_softmax.py::test_softmax"]
    outcomes = dict(zip(softmax.plants_frame["kind"], softmax.plants_frame["outcome"], strict=True))
    assert outcomes["zero"] == "green"
    assert outcomes["too large"] == "red"
    assert outcomes["half precision"] == "never ran"


def test_command_for_tests_that_are_not_there_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(main, ["mutate", "tests/test_nothing.py"])
    assert result.exit_code == 2
    assert "there is no tests/test_nothing.py" in result.output
