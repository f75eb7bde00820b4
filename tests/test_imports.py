"""What is loaded when: a help text and a list of cases must not wait for torch."""

from __future__ import annotations

import subprocess
import sys

import pytest
from small_projects import ROOT

HEAVY = ("torch", "pandas", "pyarrow", "torch._dynamo", "sympy", "gradproof.repair")


def loaded_by(code: str) -> set[str]:
    """Which of the heavy packages some code has loaded, in a Python of its own."""
    report = f"import sys\n{code}\nprint('loaded:', *[name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", report], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.rpartition("loaded:")[2].split())


def command(*words: str) -> str:
    """Code that runs `gradproof` and goes on."""
    return (
        f"from gradproof.cli import main\ntry:\n    main({list(words)!r}, prog_name='gradproof')\n"
        "except SystemExit as stop:\n    assert stop.code == 0, stop.code"
    )


def test_importing_the_package_loads_nothing_heavy() -> None:
    assert loaded_by("import gradproof") == set()


@pytest.mark.parametrize("words", [("--help",), ("check", "--help"), ("mutate", "--help"), ("list",), ("--version",)])
def test_command_that_runs_no_case_loads_nothing_heavy(words: tuple[str, ...]) -> None:
    assert loaded_by(command(*words)) == set()


def test_check_loads_torch_so_the_test_above_can_fail() -> None:
    assert "torch" in loaded_by(command("check", "parameter_update_2", "--trials", "50"))


def test_check_with_proof_loads_no_compiler_of_torch() -> None:
    code = "from gradproof import crosscheck\ncrosscheck('parameter_update_2', trials=10, proof=True)"
    assert loaded_by(code) == {"torch"}


def test_derivative_inside_of_a_forward_pass_loads_no_compiler_of_torch() -> None:
    """`reference/logistic_regression.py` calls `torch.func.grad`."""
    assert loaded_by("from gradproof import crosscheck\ncrosscheck('logistic_regression', trials=10)") == {"torch"}


def test_torch_compiler_is_loaded_for_whoever_asks_for_more_of_it() -> None:
    code = """
import torch
from gradproof.aten.uncompiled import uncompiled
with uncompiled():
    import torch._dynamo
    torch._dynamo.graph_break()
    assert type(sys.modules["torch._dynamo"]).__name__ == "_Standing"
    torch._dynamo.reset()
assert sys.modules["torch._dynamo"].__file__
"""
    assert "torch._dynamo" in loaded_by(code)
