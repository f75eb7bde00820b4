"""A note beside a reference: what it defines on top of it, derivatives inside of the model, steps with state."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from gradproof.audit.auditing import audit_alone, audit_note
from gradproof.audit.judging.results import Audit
from gradproof.case.project import Project
from gradproof.errors import GradproofError

LAYERS = """
import torch
from torch import nn

from gradproof import Reference, normal


class Layers(nn.Module):
    def __init__(self):
        super().__init__()
        self.U1, self.U2 = nn.Parameter(torch.zeros(3, 2)), nn.Parameter(torch.zeros(4, 3))
        self.s1, self.s2, self.h1, self.h2 = nn.Identity(), nn.Identity(), nn.Tanh(), nn.Tanh()

    def forward(self, x, y):
        h1 = self.h1(self.s1(self.U1 @ x))
        return ((self.h2(self.s2(self.U2 @ h1)) - y) ** 2).sum() / 2


reference = Reference(
    model=Layers,
    inputs={"x": normal(2), "y": normal(4)},
    loss="C",
    symbols={name: name for name in ("s1", "s2", "h1", "h2")},
    latex={f"{a}{n}": f"{a}^{{({n})}}" for a in "Ush" for n in (1, 2)} | {"x": ["x", "h^{(0)}"]},
    constants={"L": 2},
)
"""
MOMENTUM = """
import torch
from torch import nn

from gradproof import Reference, normal, uniform


class Unit(nn.Module):
    def __init__(self):
        super().__init__()
        self.w = nn.Parameter(torch.zeros(3))

    def forward(self, x, y):
        return (self.w @ x - y) ** 2 / 2


reference = Reference(
    model=Unit,
    inputs={"x": normal(3), "y": normal()},
    loss="C",
    optimizer=torch.optim.SGD,
    hyperparameters={"lr": uniform(0.01, 0.5, symbol="eta"), "momentum": uniform(0.1, 0.9, symbol="mu")},
    state={"momentum_buffer": normal()},
    symbols={"v": "w.momentum_buffer"},
)
"""
DELTA = r"$$\delta^{(2)} = \frac{\partial C}{\partial s^{(2)}}$$ with $\phi(u) = \tanh(u)$ "


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    folder = tmp_path_factory.mktemp("notes")
    (folder / "reference").mkdir()
    for name, text in {"layers": LAYERS, "momentum": MOMENTUM}.items():
        (folder / "reference" / f"{name}.py").write_text(text, encoding="utf-8")
    return Project(Path(folder))


def beside(project: Project, name: str, text: str) -> Audit:
    return audit_note(text, name, project=project, trials=16, proof_seconds=0.0)


def statuses(project: Project, name: str, text: str) -> list[str]:
    return [verdict.status for verdict in beside(project, name, text).verdicts]


@pytest.mark.parametrize(
    ("line", "slip"),
    [
        (r"\frac{\partial h^{(1)}_i}{\partial s^{(1)}_j} = [i = j] (1 - (h^{(1)}_j)^2)", ("1 - ", "1 + ")),
        (r"\frac{\partial h^{(2)}_j}{\partial h^{(1)}_k} = (1 - (h^{(2)}_j)^2) U^{(2)}_{jk}", ("_{jk}", "_{jk}^2")),
        (r"\frac{\partial \log h^{(2)}_3}{\partial s^{(2)}_3} = \frac{1}{h^{(2)}_3} - h^{(2)}_3", (r"} - h", r"} + h")),
        (
            r"\frac{\partial}{\partial s^{(2)}_1} \frac12 (h^{(2)}_1 - y_1)^2 = (h^{(2)}_1 - y_1)(1 - (h^{(2)}_1)^2)",
            ("1 - (", "("),
        ),
        (r"\sum_{\substack{k \\ k \ne i}} h^{(1)}_k = \sum_k h^{(1)}_k - h^{(1)}_i", (r"- h^{(1)}_i", r"+ h^{(1)}_i")),
        (r"s^{(2)}\_1 = \sum_k U^{(2)}_{1k} h^{(1)}_k", ("_{1k}", "_{2k}")),
    ],
)
def test_line_on_what_is_inside_of_the_model_is_judged(project: Project, line: str, slip: tuple[str, str]) -> None:
    assert statuses(project, "layers", f"$${line}$$") == ["holds"]
    assert "WRONG" in statuses(project, "layers", f"$${line.replace(*slip)}$$")


@pytest.mark.parametrize(
    ("line", "slip"),
    [
        (r"\delta^{(1)} = (U^{(2)})^T \delta^{(2)} \odot \phi'(s^{(1)})", (r"\phi'", r"\phi")),
        (r"\delta^{(l)} = (U^{(l+1)})^T \delta^{(l+1)} \odot \phi'(s^{(l)})", (")^T ", ") ")),
        (r"\delta^{(1)} = (U^{(2)})^T \delta^{(2)} \odot (1 - h^{(1)} \odot h^{(1)})", (r"(1 - ", r"(2 - ")),
    ],
)
def test_name_that_one_layer_defines_means_the_same_in_every_layer(
    project: Project, line: str, slip: tuple[str, str]
) -> None:
    assert statuses(project, "layers", f"{DELTA}$${line}$$")[-1] == "holds"
    assert statuses(project, "layers", f"{DELTA}$${line.replace(*slip)}$$")[-1] == "WRONG"


def test_entry_without_its_layer_is_taken_where_it_fits_and_never_accused(project: Project) -> None:
    line = r"$$\frac{\partial}{\partial s_1}\left(\frac12 (h_1 - y_1)^2\right) = (h_1 - y_1)(1 - h_1^2)$$"
    assert statuses(project, "layers", line) == ["holds"]
    assert statuses(project, "layers", line.replace("1 - h_1^2", "1 + h_1^2")) == ["not judged"]


def test_letter_that_is_not_declared_is_told_what_it_may_be(project: Project) -> None:
    (verdict,) = beside(project, "layers", r"$$s^{(2)}_j = u_j^T h^{(1)}$$").verdicts
    assert verdict.status == "not judged"
    assert "a row or a column of U^{(1)} or U^{(2)}" in verdict.reason


@pytest.mark.parametrize(
    "note",
    [
        r"$$v \leftarrow \mu v + \frac{\partial C}{\partial w}$$ and then $$w \leftarrow w - \eta v$$",
        r"$$v_{new} = \mu v + (w^T x - y) x$$ and then $$w_{new} = w - \eta v_{new}$$",
        r"$$v_{t+1} = \mu v_t + (w_t^T x - y) x, \quad w_{t+1} = w_t - \eta v_{t+1}$$",
        r"$$v^{(t+1)} = \mu v^{(t)} + \nabla_w C, \quad w^{(t+1)} = w^{(t)} - \eta v^{(t+1)}$$",
    ],
)
def test_step_with_state_is_judged_as_the_optimizer_takes_it(project: Project, note: str) -> None:
    assert statuses(project, "momentum", note) == ["holds", "holds"]
    assert statuses(project, "momentum", note.replace(r"\mu v", r"- \mu v"))[0] == "WRONG"
    assert statuses(project, "momentum", note.replace(r"- \eta", r"+ \eta"))[1] == "WRONG"


def test_model_that_takes_no_batches_is_audited_all_the_same(project: Project, tmp_path: Path) -> None:
    shutil.copytree(project.root / "reference", tmp_path / "reference")
    text = MOMENTUM.replace("return (", "return 0.0 * float(self.w.detach().sum()) + (")
    (tmp_path / "reference" / "alone.py").write_text(text, encoding="utf-8")
    found = beside(Project(tmp_path), "alone", r"$$\frac{\partial C}{\partial w} = (w^T x - y) x$$ and $q = 2$")
    assert found.verdicts[0].status == "holds"


def test_function_that_is_declared_as_one_of_torch_is_judged_with_its_derivative(
    project: Project, tmp_path: Path
) -> None:
    shutil.copytree(project.root / "reference", tmp_path / "reference")
    text = LAYERS.replace("nn.Tanh(), nn.Tanh()", "nn.GELU(), nn.GELU()")
    text = text.replace('constants={"L": 2}', 'functions={"f": torch.nn.functional.gelu}')
    (tmp_path / "reference" / "gelu.py").write_text(text, encoding="utf-8")
    note = r"$$\frac{\partial C}{\partial s^{(2)}} = (h^{(2)} - y) \odot f'(s^{(2)})$$"
    assert statuses(Project(tmp_path), "gelu", note) == ["holds"]
    assert statuses(Project(tmp_path), "gelu", note.replace("f'", "f")) == ["WRONG"]


@pytest.mark.parametrize("function", ["f=gelu", "f = tanh"])
def test_function_declared_beside_a_note_alone_is_that_function(function: str) -> None:
    note = r"$a = f(z)$, $E = \frac12 (a - y)^2$, $$\frac{\partial E}{\partial z} = (a - y) f'(z)$$"
    wrong = note.replace("f'(z)", "f(z)")
    assert [v.status for v in audit_alone(note, functions=[function]).verdicts][-1] == "holds"
    assert [v.status for v in audit_alone(wrong, functions=[function]).verdicts][-1] == "WRONG"
    assert [v.status for v in audit_alone(wrong).verdicts][-1] == "not judged"


@pytest.mark.parametrize(
    ("line", "told"),
    [("f=nosuch", "there is no function 'nosuch'. Allowed are abs, .* such as gelu"), ("f", "declares no function")],
)
def test_function_that_does_not_exist_is_refused_with_those_that_do(line: str, told: str) -> None:
    with pytest.raises(GradproofError, match=told):
        audit_alone("$x = 2$", functions=[line])
