"""Words of a command that mean nothing, or are written another way: one clear answer, status 2, no traceback."""

from __future__ import annotations

import pytest
from small_projects import Run, Write

from gradproof.cli import error_text
from gradproof.errors import GradproofError

WRONG = [
    (("chekc", "neuron"), "there is no command 'chekc' (did you mean check?)"),
    (("frobnicate",), "there is no command 'frobnicate'; gradproof --help lists them"),
    (("check", "neuorn"), "there is no case 'neuorn'"),
    (("check", "neuorn"), "(did you mean neuron?)"),
    (("check", "neuron", "--trials", "0"), "--trials"),
    (("check", "neuron", "--trials", "many"), "--trials"),
    (("check", "neuron", "--seed", "-1"), "--seed"),
    (("check", "neuron", "--dtype", "float16"), "--dtype"),
    (("check", "neuron", "--scale", "x"), "--scale"),
    (("check", "neuron", "--scale", "-1"), "a scale is positive"),
    (("check", "neuron", "--memory", "0MB"), "memory"),
    (("check", "neuron", "--figures"), "give --reports DIR as well"),
    (("check", "neuron", "--no-such"), "--no-such"),
    (("replay", "neuron"), "Missing"),
    (("replay", "neuron", "dLoss_dv", "--trial", "0"), "neuron has no equation 'dLoss_dv' (did you mean"),
    (("replay", "neuron", "dLoss_dw", "--trial", "-1"), "--trial"),
    (("replay", "nothing", "dLoss_dw", "--trial", "1"), "there is no case 'nothing'"),
    (("show", "nothing"), "there is no case 'nothing'"),
    (("fix", "nothing"), "there is no case 'nothing'"),
    (("prove", "nothing"), "there is no case 'nothing'"),
    (("same", "a.py", "b.py:f"), "is not of the form FILE:FUNCTION"),
    (("same", "a.py:f", "b.py:g"), "there is no Python file 'a.py'"),
    (("new", "my-layer"), "cannot be the name of a case"),
    (("new", "class"), "cannot be the name of a case"),
    (("new", "neuron"), "exist already"),
    (("audit", "nothing.md"), "nothing.md"),
]


@pytest.mark.parametrize(("words", "message"), WRONG)
def test_wrong_words_get_one_answer(words: tuple[str, ...], message: str, write: Write, run: Run) -> None:
    write("neuron")
    outcome = run(*words)
    assert outcome.exit_code == 2, outcome.output
    assert message in " ".join(outcome.stderr.split())
    assert "Traceback" not in outcome.output


@pytest.mark.parametrize("word", ["neuron", "manual/neuron.py", "./manual/neuron.py", "reference/neuron.py"])
def test_case_is_named_by_its_file_as_well(word: str, write: Write, run: Run) -> None:
    write("neuron")
    outcome = run("check", word, "--trials", "20", "--no-proof")
    assert outcome.exit_code == 0, outcome.output
    assert "9 of 9 equations agree" in outcome.stdout


def test_version_tells_what_decides_the_numbers(run: Run) -> None:
    line = run("--version").stdout
    assert line.startswith("gradproof ")
    assert all(word in line for word in ("torch ", "numpy ", "Python "))


def test_control_characters_never_reach_a_terminal() -> None:
    text = error_text(GradproofError("a\x1b[31mred\x07 name\nnext"))
    assert "\x1b" not in text
    assert "\x07" not in text
    assert text.endswith("\n       next")


def test_shell_completes_cases_equations_and_examples(write: Write, run: Run) -> None:
    write("neuron")

    def completed(*words: str) -> list[str]:
        from click.testing import CliRunner

        from gradproof.cli import main

        environment = {
            "_GRADPROOF_COMPLETE": "bash_complete",
            "COMP_WORDS": " ".join(["gradproof", *words]),
            "COMP_CWORD": str(len(words)),
        }
        return CliRunner().invoke(main, env=environment, prog_name="gradproof").output.split()

    assert completed("check", "ne") == ["plain,neuron"]
    assert completed("replay", "neuron", "dLoss_d") == [f"plain,dLoss_d{one}" for one in ("A", "Z", "w", "b")]
    assert "plain,linear" in completed("new", "mine", "--example", "li")


def test_example_of_the_gallery_passes_under_its_new_name(write: Write, run: Run) -> None:
    write("neuron")
    assert run("new", "mine", "--example", "linear").exit_code == 0
    outcome = run("check", "mine", "--trials", "20", "--no-proof")
    assert outcome.exit_code == 0, outcome.output
    assert "4 of 4 equations agree" in outcome.stdout
