"""What grows with the number of equations, or with the depth of one."""

from __future__ import annotations

from small_projects import Write

from gradproof.case.project import Project
from gradproof.run import crosscheck

TERMS = 700
CHAIN = 600


def test_sum_of_many_terms_is_checked(write: Write, project: Project) -> None:
    """A sum is a tree as deep as it has terms."""
    terms = " + ".join(["dLoss_dZ * x"] + ["0.0"] * TERMS)
    write("neuron", {"return dLoss_dZ * x": f"return {terms}"})
    result = crosscheck("neuron", project=project, trials=20, proof=True)
    assert result.ok
    assert not result.failures


def test_wrong_sum_of_many_terms_disagrees_and_nothing_fails(write: Write, project: Project) -> None:
    terms = " + ".join(["dLoss_dZ * x"] + ["x"] * TERMS)
    write("neuron", {"return dLoss_dZ * x": f"return {terms}"})
    result = crosscheck("neuron", project=project, trials=20, repair=False)
    assert [one.equation for one in result.wrong] == ["dLoss_dw"]
    assert not result.failures


def test_long_chain_of_equations_is_checked(write: Write, project: Project) -> None:
    """Each reads the one before."""
    links = "".join(f"\ndef H{k}(H{k - 1}):\n    return H{k - 1} + 1\n" for k in range(1, CHAIN))
    write("neuron", end=f"\ndef H0(A):\n    return A\n{links}")
    result = crosscheck("neuron", project=project, trials=20)
    assert result.ok
    assert result.count("unchecked") == CHAIN
