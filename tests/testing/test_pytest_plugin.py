"""Equations as tests: collected if asked for, chosen, failed with their erratum, known errata expected to fail."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path
from textwrap import dedent
from xml.etree import ElementTree

import pytest
from small_projects import NEURON, NEURON_REFERENCE, ROOT

pytest_plugins = ["pytester"]

INSTALLED = any(entry.value == "gradproof.testing.plugin" for entry in entry_points(group="pytest11"))
LOADED = () if INSTALLED else ("-p", "gradproof.testing.plugin")
FEW = ("--gradproof-trials", "60")
WRONG = {"return dLoss_dZ * x": "return dLoss_dZ + x"}


def write_case(pytester: pytest.Pytester, changes: dict[str, str] | None = None, end: str = "") -> None:
    """A neuron with something replaced, as the case `neuron`."""
    manual = NEURON
    for old, new in (changes or {}).items():
        assert manual.count(old) == 1
        manual = manual.replace(old, new)
    for folder, text in (("manual", dedent(manual) + dedent(end)), ("reference", dedent(NEURON_REFERENCE))):
        (pytester.path / folder).mkdir(exist_ok=True)
        (pytester.path / folder / "neuron.py").write_text(text.lstrip(), encoding="utf-8")


def run(pytester: pytest.Pytester, *words: str) -> pytest.RunResult:
    """pytest in this process, with the plugin as if it were installed."""
    return pytester.runpytest_inprocess(*LOADED, *FEW, *words)


def test_plugin_collects_nothing_unless_asked(pytester: pytest.Pytester) -> None:
    write_case(pytester)
    run(pytester, "--collect-only", "-q").assert_outcomes()
    assert run(pytester, "manual").ret == pytest.ExitCode.NO_TESTS_COLLECTED


def test_plugin_collects_an_item_for_each_equation_in_the_documents_order(pytester: pytest.Pytester) -> None:
    write_case(pytester)
    lines = run(pytester, "--gradproof", "--collect-only", "-q").outlines
    names = ["Z", "A", "Loss", "dLoss_dA", "dLoss_dZ", "dLoss_dw", "dLoss_db", "w_new", "b_new"]
    assert [line for line in lines if "::" in line] == [f"manual/neuron.py::{name}" for name in names]


def test_plugin_obeys_the_ini_option_beside_testpaths(pytester: pytest.Pytester) -> None:
    write_case(pytester)
    pytester.makeini("[pytest]\ngradproof = true\ntestpaths = tests\n")
    (pytester.mkdir("tests") / "test_other.py").write_text("def test_it():\n    pass\n", encoding="utf-8")
    run(pytester).assert_outcomes(passed=10)
    run(pytester, "tests").assert_outcomes(passed=1)  # what was asked for, no more


def test_plugin_passes_what_is_right(pytester: pytest.Pytester) -> None:
    write_case(pytester)
    run(pytester, "--gradproof").assert_outcomes(passed=9)


def test_plugin_fails_the_wrong_equation_with_its_erratum_and_blames_no_other(pytester: pytest.Pytester) -> None:
    write_case(pytester, WRONG)
    done = run(pytester, "--gradproof")
    done.assert_outcomes(passed=7, failed=1, xfailed=1)
    done.stdout.fnmatch_lines(
        [
            "*manual/neuron.py:20: dLoss_dw disagrees in 60 of 60 trials",
            "*written    dLoss_dw = dLoss_dZ + x",
            "*diagnosis  ?*",
            "*fix        dLoss_dw = dLoss_dZ [*] x",
            "*by hand    *",
            "*by torch   *",
            "*replay     gradproof replay neuron dLoss_dw --trial * --seed 0",
            "*FAILED manual/neuron.py::dLoss_dw*",
        ]
    )
    done.stdout.no_fnmatch_line("*Traceback*")


def test_plugin_expects_known_errata_to_fail(pytester: pytest.Pytester) -> None:
    write_case(pytester, WRONG, end='\nKNOWN_ERRATA = ("dLoss_dw",)\n')
    run(pytester, "--gradproof").assert_outcomes(passed=7, xfailed=2)


def test_plugin_fails_a_known_erratum_that_is_right(pytester: pytest.Pytester) -> None:
    write_case(pytester, end='\nKNOWN_ERRATA = ("dLoss_dw",)\n')
    done = run(pytester, "--gradproof")
    done.assert_outcomes(passed=8, failed=1)
    done.stdout.fnmatch_lines(["*XPASS(strict)*known erratum*"])


def test_plugin_never_passes_what_could_not_be_compared(pytester: pytest.Pytester) -> None:
    write_case(pytester, end="\ndef mystery(Z):\n    return Z\n")
    done = run(pytester, "--gradproof", "-rs")
    done.assert_outcomes(passed=9, skipped=1)
    done.stdout.fnmatch_lines(["*SKIPPED*unchecked:*"])


def test_plugin_items_are_chosen_by_name_by_node_and_by_last_failure(pytester: pytest.Pytester) -> None:
    write_case(pytester, WRONG)
    run(pytester, "--gradproof", "-k", "dLoss_dZ or dLoss_db").assert_outcomes(passed=2)
    run(pytester, "--gradproof", "manual/neuron.py::b_new").assert_outcomes(passed=1)
    run(pytester, "--gradproof", "-m", "gradproof", "-x").assert_outcomes(passed=5, failed=1)
    run(pytester, "--gradproof", "--lf").assert_outcomes(failed=1)


def test_plugin_runs_a_case_once_for_all_its_equations(pytester: pytest.Pytester) -> None:
    write_case(pytester)
    counter = '\nfrom pathlib import Path\nwith Path("loaded.txt").open("a") as file:\n    file.write("x")\n'
    path = pytester.path / "reference/neuron.py"
    path.write_text(path.read_text(encoding="utf-8") + counter, encoding="utf-8")
    run(pytester, "--gradproof").assert_outcomes(passed=9)
    assert (pytester.path / "loaded.txt").read_text(encoding="utf-8") == "x"


def test_plugin_broken_case_fails_with_its_message(pytester: pytest.Pytester) -> None:
    write_case(pytester, {"def Z(w, x, b):": "def Z(w, x, bb):", "w * x + b": "w * x + bb"})
    done = run(pytester, "--gradproof", "-k", "Z")
    done.assert_outcomes(failed=2)
    done.stdout.fnmatch_lines(["*Z takes 'bb', which is neither an equation nor a quantity*did you mean b*"])
    done.stdout.no_fnmatch_line("*Traceback*")


def test_plugin_derivation_that_is_no_python_is_an_error_of_collection(pytester: pytest.Pytester) -> None:
    write_case(pytester, {"return w * x + b": "return w * x +"})
    done = run(pytester, "--gradproof")
    done.assert_outcomes(errors=1)
    done.stdout.fnmatch_lines(["*manual/neuron.py:6: this is not Python*"])


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--gradproof-trials", "0"), "--gradproof-trials: at least one trial"),
        (("--gradproof-seed", "-1"), "--gradproof-seed: from 0"),
    ],
)
def test_plugin_refuses_options_that_mean_nothing(
    pytester: pytest.Pytester, words: tuple[str, ...], message: str
) -> None:
    write_case(pytester)
    done = run(pytester, "--gradproof", *words)
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    assert message in done.stderr.str()


def test_plugin_draws_as_it_is_told(pytester: pytest.Pytester) -> None:
    write_case(pytester, WRONG)
    words = ("--gradproof-trials", "40", "--gradproof-seed", "7", "--gradproof-dtype", "float32")
    done = run(pytester, "--gradproof", *words)
    done.stdout.fnmatch_lines(["*disagrees in 40 of 40 trials", "*--seed 7 --dtype float32"])


def test_plugin_writes_junit(pytester: pytest.Pytester) -> None:
    write_case(pytester, WRONG)
    run(pytester, "--gradproof", "--junitxml", "out.xml")
    cases = ElementTree.parse(pytester.path / "out.xml").getroot().findall(".//testcase")
    assert [case.get("name") for case in cases][:2] == ["Z", "A"]
    failed = [case for case in cases if case.find("failure") is not None]
    assert [case.get("name") for case in failed] == ["dLoss_dw"]
    assert "fix        dLoss_dw = dLoss_dZ * x" in (failed[0].find("failure").text or "")  # type: ignore[union-attr]


def test_plugin_works_under_xdist(pytester: pytest.Pytester) -> None:
    pytest.importorskip("xdist")
    write_case(pytester, WRONG)
    done = pytester.runpytest_subprocess(*LOADED, *FEW, "--gradproof", "-n", "2", "--dist", "loadfile")
    done.assert_outcomes(passed=7, failed=1, xfailed=1)


def test_plugin_loads_neither_torch_nor_pandas_before_a_case_runs(tmp_path: Path) -> None:
    paths = [str(ROOT / f"manual/{name}.py") for name in ("parameter_update_2", "softmax_mlp", "linear")]
    code = (
        "import sys, pytest\n"
        f"status = pytest.main(['-q', '--collect-only', '--gradproof', *{paths!r}, "
        f"'--rootdir', {str(ROOT)!r}, '-c', '/dev/null', '-p', 'no:cacheprovider', *{list(LOADED)!r}])\n"
        "print('status:', int(status), 'loaded:', *[n for n in ('torch', 'pandas', 'matplotlib') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert "manual/parameter_update_2.py::dLoss_dW13" in done.stdout
    assert done.stdout.splitlines()[-1] == "status: 0 loaded:"
