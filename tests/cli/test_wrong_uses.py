"""Wrong uses, each as somebody would make it: one clear answer, status 2, no traceback.

With the table of `test_cli_words.py` they are more than a hundred; none of them runs a trial.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest
from small_projects import NEURON, NEURON_REFERENCE, Run, Write

from gradproof.case.project import Project

WORDS = [
    ("check --budget 0s", "'0s' is no time: write it as 60s, 5m or 1h"),
    ("check --budget soon", "'soon' is no time"),
    ("check neuron --trials 5 --budget 5s", "give one of them"),
    ("check neuron --steps -1", "--steps"),
    ("check neuron --steps x", "--steps"),
    ("check neuron --reports note.md", "'note.md' is a file"),
    ("check neuron --tolerance 1", "No such option '--tolerance'"),
    ("check neuron --memory 5", "'5' is no amount of memory: write it as 512MB or 1.5GB"),
    ("check neuron --memory -5MB", "is no amount of memory"),
    ("check neuron --seed 1e3", "--seed"),
    ("check neuron --dtype double", "'float64', 'float32'"),
    ("check neuron --scale nan", "a scale is positive and finite"),
    ("check neuron --scale 0", "a scale is positive and finite"),
    ("check neuron --scale inf", "a scale is positive and finite"),
    ("check ''", "there is no case ''"),
    ("check manual", "there is no case 'manual'"),
    ("check reference/nothing.py", "there is no case 'nothing'"),
    ("check /etc/passwd", "there is no case '/etc/passwd'"),
    ("check neuron.txt", "(did you mean neuron?)"),
    ("fix", "Missing argument 'CASE'"),
    ("fix neuron extra", "unexpected extra argument"),
    ("fix neuron --nothing", "No such option"),
    ("audit", "Missing argument 'NOTE'"),
    ("audit binary.md", "save it as UTF-8"),
    ("audit .", "is a directory"),
    ("audit note.md --reference nothing", "write reference/nothing.py"),
    ("audit note.md --reference reference/nothing.py", "write reference/nothing.py"),
    ("prove neuron --deadline 0", "--deadline"),
    ("prove neuron --deadline x", "--deadline"),
    ("prove neuron --seed -5", "--seed"),
    ("same", "Missing argument"),
    ("same ok.py:f", "Missing argument"),
    ("same ok.py:f ok.py:h", "ok.py has no function 'h'"),
    ("same ok.py:f ok.py:z", "ok.py has no function 'z'"),
    ("same broken.py:f ok.py:f", "broken.py:2: this is not Python"),
    ("same ok.py:f ok.py:f --shape x=a", "is not of the form NAME=2,3"),
    ("same ok.py:f ok.py:f --shape 3", "is not of the form NAME=2,3"),
    ("same ok.py:f ok.py:f --shape x=0", "positive whole numbers"),
    ("same ok.py:f ok.py:f --shape q=2", "shapes names q, but the parameters are x"),
    ("mutate", "Missing argument"),
    ("mutate nothing.py", "there is no nothing.py"),
    ("mutate test_none.py --budget x", "'x' is no time"),
    ("mutate test_none.py --at-least 0", "--at-least"),
    ("mutate test_none.py --function backward", "--function takes MODULE:NAME or FILE:NAME"),
    ("show", "Missing argument 'CASE'"),
    ("show neuron extra", "unexpected extra argument"),
    ("show --case neuron", "No such option '--case'"),
    ("replay", "Missing argument 'CASE'"),
    ("replay neuron dLoss_dw", "Missing option '--trial'"),
    ("replay neuron dLoss_dw --trial x", "--trial"),
    ("replay neuron dLoss_dw --trial 1.5", "--trial"),
    ("replay neuron '' --trial 1", "neuron has no equation ''"),
    ("replay neuron dLoss_dw --trial 1 --script nofolder/x.py", "there is no folder nofolder"),
    ("replay neuron dLoss_dw --trial 1 --script note.md", "note.md exists already"),
    ("list extra", "unexpected extra argument"),
    ("list --trials 3", "No such option '--trials'"),
    ("new", "Missing argument 'NAME'"),
    ("new 1x", "cannot be the name of a case"),
    ("new a b", "unexpected extra argument"),
    ("new a/b", "cannot be the name of a case"),
    ("new _x", "cannot be the name of a case"),
    ("new x --from ok.py", "--from takes FILE:FUNCTION"),
    ("new x --from nothing.py:f", "there is no file nothing.py"),
    ("new x --from ok.py:nothing", "it has: f, g"),
    ("new x --from broken.py:f", "broken.py:2: this is not Python"),
    ("new x --example linaer", "there is no example 'linaer' (did you mean linear?)"),
    ("new x --example linear --from ok.py:f", "give one of them"),
    ("--nothing", "No such option '--nothing'"),
    ("check incode", "manual/incode.py has a Code(...): it belongs in reference/incode.py, as `code = Code(...)`"),
    ("check net.v2", "no dot in a case's name: call the file net_v2.py"),
    ("check folder", "manual/folder.py is a folder, not a file"),
    ("check link", "manual/link.py is a link to nowhere.py, which does not exist"),
    ("check half", "manual/half.py has no reference: reference/half.py is a folder, not a file"),
    ("check manual\\nothing.py", "there is no case 'nothing'"),
    ("check neuron other/manual/neuron.py manual/neuron.py", "these are cases of 2 projects"),
    ("check utf16", "manual/utf16.py: this is not Python: it has null bytes, as in UTF-16; save it as UTF-8"),
    ("check latin1", "save it as UTF-8"),
    ("check empty", "manual/empty.py has no equations"),
    ("check silent", "reference/silent.py: the value `reference` must be a Reference, or a list"),
    ("check silent", "found none"),
    ("check neuron --reports note.md/x", "reports cannot be written to note.md/x: Not a directory"),
    ("check neuron --reports /proc/x", "reports cannot be written to /proc/x"),
    ("campaign neuron --trials 10 --store note.md", "'note.md' is a file"),
    ("campaign neuron --trials 10 --store /proc/x", "the store /proc/x/campaign.sqlite cannot be opened"),
    ("campaign neuron --trials 10 --store junk", "cannot be opened: file is not a database"),
    ("campaign --status --store junk", "cannot be opened: file is not a database"),
    ("campaign neuron --trials 10 --store s --reports /proc/x", "reports cannot be written to /proc/x"),
    ("campaign neuron --trials 1e400 --store s", "'1e400' is no number of trials"),
    ("campaign neuron --trials 1.5 --store s", "'1.5' is no number of trials"),
    ("campaign neuron --trials 1e19 --store s", "at most 1e18"),
    ("campaign --trials 10 --store s", "s holds no campaign"),
    ("audit utf16.md", "iconv -f utf-16"),
    ("audit latin1.md", "iconv -f latin1"),
    ("audit empty.md", "empty.md is empty"),
    ("audit words.md", "it has no formulas"),
    ("audit note.docx", "export it as TeX or Markdown"),
    ("audit broken.ipynb", "is no notebook: it is not JSON"),
    ("audit list.ipynb", "is no notebook: it has no list of cells"),
    ("audit bare.ipynb", "a cell has no `cell_type` or no `source`"),
    ("replay neuron dLoss_dw --trial 99999999999999999999", "--trial"),
    ("replay neuron dLoss_dw --trial 1 --script manual", "'manual' is a directory"),
    ("new manual/net.py", "cannot be the name of a case"),
    ("new manual/net.py", "(such as `net`)"),
    ("new class", "is no word of the language"),
    ("new q --from manual:f", "is a folder; name the file in it"),
    ("new q --from list.ipynb:f", "list.ipynb has no f"),
    ("same manual:f ok.py:f", "there is no Python file 'manual'"),
]

MANUAL = [
    ("dLoss_dZ * x", "dLoss_dZ * q", "manual/neuron.py:21: dLoss_dw raises NameError: name 'q' is not defined"),
    ("dLoss_dZ * x", "dLoss_dZ *", "manual/neuron.py:21: this is not Python"),
    ("dLoss_dZ * x", "dLoss_dZ @ x", "dLoss_dw raises TypeError"),
    ("return dLoss_dZ * x", "return None", "dLoss_dw returns nothing (is there a `return`?)"),
    ("return dLoss_dZ * x", "return 'a'", "dLoss_dw returns a str"),
    ("return dLoss_dZ * x", "return [dLoss_dZ, [x]]", "write np.array([...])"),
    ("return dLoss_dZ * x", "raise ValueError('no')", "dLoss_dw raises ValueError: no"),
    ("dLoss_dw(dLoss_dZ, x)", "dLoss_dw(dLoss_dZ, y)", "the reference has no y"),
    ("dLoss_dw(dLoss_dZ, x)", "dLoss_dw(dLoss_dZ, x=1)", "the parameter `x=1` is not a plain name"),
    ("dLoss_dw(dLoss_dZ, x)", "dLoss_dw(*dLoss_dZ)", "the parameter `*dLoss_dZ` is not a plain name"),
    ("def w_new", "def W_new", "an update is named after a parameter: NAME_new; the reference has no W"),
    ("def dLoss_db(", "def dLoss_dw(", "is defined a second time"),
    ("def dLoss_dA(A, t)", "def dLoss_dQ(A, t)", "the reference has no Q"),
    ("def Z(w, x, b):\n        return w * x + b", "def Z(A):\n        return A", "in a circle: Z <- A <- Z"),
    ("import numpy as np", "import nonexistent", "the file does not run: ModuleNotFoundError"),
    ("import numpy as np", "raise SystemExit(3)", "manual/neuron.py:3: the file does not run"),
    ("import numpy as np", "import numpy as np; KNOWN_ERRATA = 'dLoss_dw'", "KNOWN_ERRATA is a tuple of names"),
    ("import numpy as np", "import numpy as np; KNOWN_ERRATA = ('dLoss_dv',)", "no equation here (did you mean"),
    ("import numpy as np", "import numpy as np; ACCEPTED = {'dLoss_dw': ''}", "an accepted deviation has a reason"),
]

REFERENCE = [
    ("reference = Reference(", "referenc = Reference(", "the value `reference` must be a Reference"),
    ("reference = Reference(", "reference = []\n    _ = Reference(", "found list"),
    ("model=Neuron", "model='Neuron'", "takes the module's class or a function, not 'Neuron'"),
    ("model=Neuron", "model=dict", "model() gives a dict, not a torch.nn.Module"),
    ('"x": normal()', '"x": None', "'x' is None, which is neither a distribution"),
    ('"x": normal()', '"y": normal()', "forward(y, t) fails on one trial"),
    ('"x": normal()', '"x": normal(-1)', "a shape is made of positive whole numbers"),
    ('"x": normal()', '"x": normal("a")', "a shape is made of positive whole numbers"),
    ('"x": normal()', '"x": normal(2)', "fails on one trial with shapes {'x': (2,)"),
    ("torch.optim.SGD", "'sgd'", "takes a class of torch.optim, such as torch.optim.SGD, not 'sgd'"),
    ("optimizer=torch.optim.SGD,", "", "hyperparameters=...) belongs to an optimizer"),
    ('"lr":', '"learning_rate":', "unexpected keyword argument 'learning_rate'"),
    ("log_uniform(1e-3, 1.0", "log_uniform(0, 1.0", "both ends must be positive"),
    ("log_uniform(1e-3, 1.0", "log_uniform(1.0, 1e-3", "the lower end must be below the upper one"),
    ("weight[0, 0]", "weight[0, 5]", "so it has no entry [0, 5]"),
    ("linear.weight", "lin.weight", "(did you mean linear.weight?)"),
    ('"linear.weight[0, 0]"', "3", "3 names no tensor"),
    ('"w":', '"w w":', "'w w' is no name that a parameter of a function can have"),
    ("weight[0, 0]", "weight[a]", "use whole numbers"),
    ('"t": normal()', "", "missing 1 required positional argument: 't'"),
    ("inputs={", "input={", "unexpected keyword argument 'input'"),
    ("** 2 / 2", "** 2 / 2, 1", "forward returns a tuple holding a int"),
    ("log_uniform, normal", "log_uniform, norml", "cannot import name 'norml'"),
    ("import torch\n", "import torc\n", "No module named 'torc'"),
]


CODE = """
import numpy as np


def backward(dout, x, w):
    dx = dout @ w
    dw = dout.T @ x
    db = dout.sum(0)
    return dx, dw, db
"""

CODE_REFERENCE = """
from torch import nn
from gradproof import Code, Reference, normal

reference = Reference(
    model=lambda: nn.Linear(3, 2),
    inputs={"input": normal(5, 3)},
    symbols={"x": "input", "w": "weight", "b": "bias"},
    output="out",
)
code = Code("backward")
"""

CODES = [
    ("code = Code", "c = Code", "the value `code` must be a gradproof.Code(...); it is called `c`"),
    ("code = Code", "code = c = str", "the value `code` must be a gradproof.Code(...); found str"),
    ('"backward")', '"backwrd")', "manual/lin.py has no backwrd (did you mean backward?)"),
    ('"backward")', "3)", 'one after the other: Code("forward", "backward"); not 3'),
    ('"backward")', '["backward"])', "one after the other"),
    ('"backward")', '"backward", names=["dw"])', "Code(names=...) takes a dictionary, not ['dw']"),
    ('"backward")', '"backward", names={"dq": "dLoss_dw"})', "no variable 'dq'"),
    ('"backward")', '"backward", values={"eps": 3})', "no function has an argument 'eps'; there are: dout, x, w"),
    ('"backward")', '"backward", values={"douts": 3})', "'douts' (did you mean dout?)"),
    ('"backward")', '"backward", arguments={"q": ["w"]})', "no function has an argument 'q'"),
    ('"backward")', '"backward", constructor={"n": 3})', "no constructor has an argument 'n'; there are none"),
    ('"backward")', '"backward", absent="dLoss_db")', "takes a tuple of quantities: ('dLoss_db',)"),
    ('"backward")', '"backward", absent=("dLoss_dq",))', "dLoss_dq is no quantity here: the reference has no q"),
    ('"backward")', '"backward", name={"dw": "W"})', "unexpected keyword argument 'name'"),
    ('"backward")', '"backward", results=("dLoss_dx",) * 4)', "names 4 quantities, but backward returns 3 arrays"),
    ("dout.T @ x", "dout @ x", "dw = dout @ x: ValueError: matmul"),
    ("dx = dout @ w", "raise SystemExit(0)", "SystemExit"),
    ("return dx, dw, db", "yield dx", "backward is a generator or a coroutine"),
    ("dx = dout @ w", "dx = backward(dout, x, w)", "RecursionError"),
]


def answered(run: Run, words: list[str], message: str) -> None:
    """One answer, without a traceback."""
    outcome = run(*words)
    assert outcome.exit_code == 2, outcome.output
    said = " ".join(outcome.stderr.split())
    assert message in said
    assert "Traceback" not in outcome.output
    assert len(outcome.stderr.strip().splitlines()) <= 4


@pytest.mark.parametrize(("line", "message"), WORDS)
def test_wrong_words(line: str, message: str, write: Write, run: Run, project: Project) -> None:
    write("neuron")
    root: Path = project.root
    (root / "note.md").write_text("# A note\n")
    (root / "binary.md").write_bytes(b"\xff\xfe\x00\x01")
    (root / "test_none.py").write_text("def test_nothing():\n    pass\n")
    (root / "ok.py").write_text("def f(x):\n    return x\n\n\ndef g(x, y):\n    return x + y\n\n\nz = 3\n")
    (root / "broken.py").write_text("def f(x):\n    return x +\n")
    write_odd_files(root)
    answered(run, ["" if word == "''" else word for word in line.split()], message)


@pytest.mark.parametrize(("old", "new", "message"), MANUAL)
def test_wrong_derivations(old: str, new: str, message: str, write: Write, run: Run) -> None:
    assert old in NEURON
    write("neuron", manual=NEURON.replace(old, new, 1))
    answered(run, ["check", "neuron", "--trials", "3", "--no-proof"], message)


@pytest.mark.parametrize(("old", "new", "message"), REFERENCE)
def test_wrong_references(old: str, new: str, message: str, write: Write, run: Run) -> None:
    assert old in NEURON_REFERENCE
    write("neuron", reference=NEURON_REFERENCE.replace(old, new, 1))
    answered(run, ["check", "neuron", "--trials", "3", "--no-proof"], message)


def write_odd_files(root: Path) -> None:
    """Files as they should not be, and another project."""
    for folder in ("manual/folder.py", "reference/half.py", "junk", "other/manual"):
        (root / folder).mkdir(parents=True)
    (root / "manual/link.py").symlink_to("nowhere.py")
    shutil.copy(root / "manual/neuron.py", root / "other/manual/neuron.py")
    note, python = "# Caf\xe9\n\n$$y = x^2$$\n", '"""Caf\xe9."""\n'
    files = {
        "manual/half.py": b"def Z(w):\n    return w\n",
        "manual/incode.py": b"from gradproof import Code\n\ncode = Code('f')\n",
        "manual/net.v2.py": b"",
        "manual/utf16.py": python.encode("utf-16"),
        "manual/latin1.py": python.encode("latin-1"),
        "manual/empty.py": b"",
        "manual/silent.py": b"def Z(w):\n    return w\n",
        "reference/silent.py": b"",
        "junk/campaign.sqlite": b"junk" * 100,
        "utf16.md": note.encode("utf-16"),
        "latin1.md": note.encode("latin-1"),
        "empty.md": b" \n",
        "words.md": b"# Words\n\nand no maths\n",
        "note.docx": b"PK\x03\x04junk",
        "broken.ipynb": b'{"cells": [',
        "list.ipynb": b"[]",
        "bare.ipynb": b'{"cells": [{"cell_type": "markdown"}]}',
    }
    for name, content in files.items():
        (root / name).write_bytes(content)


@pytest.mark.parametrize(("old", "new", "message"), CODES)
def test_wrong_words_of_existing_code(old: str, new: str, message: str, write: Write, run: Run) -> None:
    assert (old in CODE) != (old in CODE_REFERENCE)
    write("lin", manual=CODE.replace(old, new, 1), reference=CODE_REFERENCE.replace(old, new, 1))
    answered(run, ["check", "lin", "--trials", "3", "--no-proof"], message)


@pytest.mark.parametrize("text", ["\ufeff{}", "{}\r\n"])
@pytest.mark.parametrize("name", ["my net", "gr\xf6\xdfe", "class"])
def test_bytes_and_names_of_other_systems_are_no_mistake(
    name: str, text: str, write: Write, run: Run, project: Project
) -> None:
    write(name)
    path = project.root / "manual" / f"{name}.py"
    path.write_bytes(text.format(path.read_text("utf-8")).replace("\n", "\r\n").encode())
    outcome = run("check", f"manual\\{name}.py", "--trials", "3", "--no-proof")
    assert outcome.exit_code == 0, outcome.output


def test_file_of_another_project_is_checked_there(write: Write, run: Run, project: Project, tmp_path: Path) -> None:
    write("neuron")
    write("second", {"dLoss_dZ * x": "2 * dLoss_dZ * x"})
    other = tmp_path / "elsewhere"
    for folder in ("manual", "reference"):
        (other / folder).mkdir(parents=True)
        shutil.copy(project.root / folder / "second.py", other / folder / "neuron.py")
    outcome = run("check", str(other / "manual" / "neuron.py"), "--trials", "3", "--no-proof")
    assert (outcome.exit_code, "1 of 9 equations wrong: dLoss_dw" in outcome.output) == (1, True)


def test_a_reader_that_closes_the_pipe_is_no_fault_of_the_case(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def closed(**_: object) -> None:  # what rich makes of a pipe that is closed
        try:
            raise BrokenPipeError
        except BrokenPipeError:
            sys.exit(1)

    monkeypatch.setattr("gradproof.cli.commands.list.command.callback", closed)
    outcome = run("list")
    assert (outcome.exit_code, outcome.output) == (1, "")


@pytest.mark.parametrize("words", [["check", "lin"], ["fix", "lin"], ["show", "lin"], ["prove", "lin"]])
def test_code_that_ends_the_program_never_passes(words: list[str], write: Write, run: Run) -> None:
    write("lin", manual=CODE.replace("dx = dout @ w", "raise SystemExit(0)"), reference=CODE_REFERENCE)
    answered(run, words, "SystemExit")
