"""The README's blocks are run, and its claims about names, numbers and files are held to the code."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest
from small_projects import ROOT, Run, flat

from gradproof.case.project import Project
from gradproof.check.compare import PLAIN_ULPS
from gradproof.check.facts.verdict import Verdict
from gradproof.cli import COMMANDS
from gradproof.report.frames import EQUATION_COLUMNS, SCALES_COLUMNS, TRAJECTORY_COLUMNS, WORST_COLUMNS

README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
REPORTS_PAGE = (ROOT / "docs/reports.md").read_text(encoding="utf-8")


def block(info: str) -> str:
    """The fenced block with this info string."""
    (found,) = re.findall(rf"^```{re.escape(info)}\n(.*?)^```$", README, re.M | re.S)
    return found


def masked(text: str) -> str:
    """Text without what may differ between processors: digits of results, and which trial is worst."""
    text = re.sub(r"(trial|--trial) \d+", r"\1 #", flat(text))
    text = re.sub(r"\S+% of bound", "# of its bound", text)
    return re.sub(r"-?\d+(\.\d+)(e[-+]\d+)?|-?\d+e[-+]\d+", "#", text)


def shown_output(info: str) -> tuple[list[str], list[str]]:
    """The words of the command of a console block, and the parts of its output between marks of omission."""
    command, _, output = block(info).partition("\n")
    return command.removeprefix("$ gradproof ").split(), output.split("[...]")


def table_column(text: str, heading: str) -> list[str]:
    """The code spans in the first column of the first table below a heading."""
    section = text.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    spans = [re.findall(r"`([^`]+)`", line.split("|")[1]) for line in section.splitlines() if line.startswith("| `")]
    return [span for row in spans for span in row]


def test_readme_first_output_is_real(run_here: Run) -> None:
    words, parts = shown_output("console")
    real = masked(run_here(*words).stdout)
    assert len(parts) == 2
    for part in parts:
        assert masked(part) in real
    assert real.endswith(masked(parts[-1]))


def test_readme_own_derivation_gives_the_output_shown(project: Project, run: Run) -> None:
    for path in ("manual/swish.py", "reference/swish.py"):
        (project.root / path).write_text(block(f"python {path}"), encoding="utf-8")
    words, (shown,) = shown_output("console swish")
    outcome = run(*words)
    assert outcome.exit_code == 1
    assert masked(outcome.stdout) == masked(shown)


def test_readme_mended_derivation_agrees(project: Project, run: Run) -> None:
    wrong = block("python manual/swish.py")
    mended = wrong[: wrong.index("def dLoss_dx")] + block("python mended")
    (project.root / "manual/swish.py").write_text(mended, encoding="utf-8")
    (project.root / "reference/swish.py").write_text(block("python reference/swish.py"), encoding="utf-8")
    outcome = run("check", "swish", "--trials", "1000")
    assert outcome.exit_code == 0
    assert "ok: 2 of 2 equations agree" in outcome.stdout


def test_readme_python_example_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "example.py"
    path.write_text(block("python api"), encoding="utf-8")
    exec(compile(path.read_text(), path, "exec"), {})
    assert capsys.readouterr().out.startswith("derivation: ok: 2 of 2 equations agree\n")


@pytest.mark.parametrize("info", ["sh main", "sh test"])
def test_readme_command_installs_pinned_versions_and_runs(info: str) -> None:
    (line,) = block(info).splitlines()
    assert line.startswith("python3 -m venv .venv && .venv/bin/pip install -q -c constraints.txt ")
    assert ("gradproof check" if info == "sh main" else "pytest") in line


def test_readme_lists_the_commands_that_there_are() -> None:
    documented = [span.split()[1] for span in table_column(README, "Commands")]
    assert documented == list(COMMANDS)


def test_readme_options_of_check_exist(run: Run) -> None:
    row = next(line for line in README.splitlines() if line.startswith("| `gradproof check [CASE]...`"))
    options = re.findall(r"--[a-z]+", row)
    help_text = run("check", "--help").stdout
    assert options == re.findall(r"^  (--[a-z]+)", help_text, re.M)


@pytest.mark.parametrize(("text", "place"), [(README, "README.md"), (REPORTS_PAGE, "docs/reports.md")])
def test_page_explains_every_verdict(text: str, place: str) -> None:
    assert table_column(text, "Verdicts") == list(Verdict), place


@pytest.mark.parametrize(
    ("heading", "columns"),
    [
        ("Columns of `equations`", EQUATION_COLUMNS),
        ("Columns of `worst_trials`", WORST_COLUMNS),
        ("Columns of `trajectory`", TRAJECTORY_COLUMNS),
        ("Columns of `scales`", SCALES_COLUMNS),
    ],
)
def test_reports_page_explains_every_column_and_no_other(heading: str, columns: dict[str, str]) -> None:
    assert sorted(table_column(REPORTS_PAGE, heading)) == sorted(columns)


@pytest.mark.parametrize("text", [README, REPORTS_PAGE])
def test_pages_name_the_difference_that_always_counts_as_rounding(text: str) -> None:
    assert re.search(rf"\b{PLAIN_ULPS} units in the last place", flat(text))


def test_readme_layout_names_folders_that_exist() -> None:
    layout = README.partition("## Layout")[2]
    folders = re.findall(r"^([a-z]+)/ ", layout, re.M)
    assert len(folders) == 7
    assert [folder for folder in folders if not (ROOT / folder).is_dir()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_of_a_page_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#:]+)[^)]*\)", page.read_text(encoding="utf-8"))
    assert [target for target in targets if not (page.parent / target).exists()] == []


def unknown_words(text: str) -> list[str]:
    """The commands and the options that a page writes behind `gradproof` and that there are not."""
    unknown = []
    for command, rest in re.findall(r"\bgradproof ([a-z]+)((?:[^\S\n]+(?:[^\s`|]|\|(?!\s))+)*)", text):
        if command in COMMANDS:
            module = importlib.import_module(f"gradproof.cli.commands.{command}")
            options = {name for option in module.command.params for name in (*option.opts, *option.secondary_opts)}
            used = re.findall(r"(?<=\s)--?[a-z][a-z-]*", rest)
            unknown += [f"{command} {word}" for word in used if word not in {*options, "--help"}]
        elif rest.lstrip().startswith("-"):
            unknown.append(command)
    return unknown


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_of_a_page_exist(page: Path) -> None:
    assert unknown_words(page.read_text(encoding="utf-8")) == []


def test_command_or_option_that_is_not_there_is_found() -> None:
    assert unknown_words("`gradproof check a --reprots DIR -j 2`, `gradproof chekc --seed 1`") == [
        "check --reprots",
        "chekc",
    ]


def test_architecture_names_files_that_exist() -> None:
    """A path in it is one of the package or of the repository; a name alone stands in the folder named before it."""
    folder, missing = Path(), []
    text = (ROOT / "docs/architecture.md").read_text(encoding="utf-8").replace("NAME.py", "linear.py")
    for name in re.findall(r"`(\w+\.py|\w+/[\w/]*(?:\.py)?)`", text):
        places = [ROOT / "gradproof" / name, ROOT / name, folder / name]
        found = next((place for place in places if place.exists()), None)
        if found is None:
            missing.append(name)
        else:
            folder = found if found.is_dir() else found.parent
    assert missing == []


def test_constraints_pin_every_dependency_exactly() -> None:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]
    assert all(re.fullmatch(r"[A-Za-z0-9_.-]+==[0-9][\w.]*", pin) for pin in pins)
    pinned = {pin.partition("==")[0].lower().replace("_", "-") for pin in pins}
    declared = re.findall(r'"([a-z-]+)(?:>=|\[)', (ROOT / "pyproject.toml").read_text())
    assert {name for name in declared if name != "gradproof"} <= pinned


def test_ci_runs_the_commands_that_the_readme_prints() -> None:
    script = (ROOT / ".ci/run").read_text()
    assert "readme_command test" in script
    assert "readme_command main" in script
