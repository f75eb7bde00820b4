"""What `gradproof mutate` says of suites whose right diagnosis is known, and how long a suite of 40 tests takes.

python benchmarks/mutation.py battery [SUITE]...   # the suites of tests/mutation/suites, each test's diagnosis
python benchmarks/mutation.py time [SECONDS]       # 40 tests over 6 Functions

The figures stand in mutation.md.
"""

from __future__ import annotations

import resource
import shutil
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests/mutation"))

from expected import EXPECTED  # noqa: E402  # the tests' own table

from gradproof.mutation import SuiteResult, mutate_tests  # noqa: E402

SUITES = ROOT / "tests/mutation/suites"


def laid_out(folder: Path, names: list[str]) -> None:
    """Copy suites so that pytest collects them."""
    for path in SUITES.iterdir():
        if path.suffix == ".py" and path.stem in names:
            shutil.copy(path, folder / f"test_{path.name}")
        elif path.name in ("ops.py", "snapshot.json"):
            shutil.copy(path, folder / path.name)


def diagnoses(result: SuiteResult) -> dict[tuple[str, str], set[str]]:
    """Suite and test function -> the codes that its parametrisations have."""
    found: dict[tuple[str, str], set[str]] = {}
    for test in result.tests:
        file, *_, name = test.nodeid.split("::")
        key = Path(file).stem.removeprefix("test_"), name.partition("[")[0]
        found.setdefault(key, set()).add(test.left_out or test.code)
    return found


def battery(*names: str) -> None:
    """Every suite by itself, or those that are named."""
    right = wrong = accused = good = 0
    for suite, expected in EXPECTED.items():
        if names and suite not in names:
            continue
        with tempfile.TemporaryDirectory() as folder:
            laid_out(Path(folder), [suite])
            found = diagnoses(mutate_tests(".", folder=Path(folder), budget=600.0, drafts=False))
        for name, code in expected.items():
            said = found.get((suite, name), {"not there"})
            good += not code
            accused += not code and said != {""}
            right, wrong = right + (said == {code}), wrong + (said != {code})
            if said != {code}:
                print(f"  {suite}::{name}: {sorted(said)}, expected {code!r}")
        print(f"{suite}: done", flush=True)
    print(f"{right} of {right + wrong} tests diagnosed rightly; {accused} of {good} good ones accused")


FORTY = """
import pytest, torch
import torch.nn.functional as F
from ops import cross_entropy, linear, rms_norm, softmax, square, swish

LABELS = torch.tensor([0, 3, 6, 1, 1])


def norm(x, w):
    return x * torch.rsqrt(x.square().mean(-1, keepdim=True) + 1e-6) * w


CASES = {
    "swish": (swish, F.silu, [(6, 5)]),
    "linear": (linear, F.linear, [(5, 3), (4, 3), (4,)]),
    "softmax": (softmax, lambda x: F.softmax(x, -1), [(4, 6)]),
    "norm": (lambda x, w: rms_norm(x, w, 1e-6), norm, [(4, 8), (8,)]),
    "entropy": (lambda x: cross_entropy(x, LABELS), lambda x: F.cross_entropy(x, LABELS), [(5, 7)]),
    "square": (square, torch.square, [(3, 4)]),
}


def check(name, dtype, **tolerance):
    torch.manual_seed(1)
    function, reference, shapes = CASES[name]
    own = [torch.randn(s, dtype=dtype, requires_grad=True) for s in shapes]
    theirs = [x.detach().clone().requires_grad_() for x in own]
    y, z = function(*own), reference(*theirs)
    g = torch.randn_like(y)
    y.backward(g)
    z.backward(g)
    for a, b in zip(own, theirs):
        torch.testing.assert_close(a.grad, b.grad, **tolerance)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_close(name, dtype):
    check(name, dtype)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("atol", [1e-4, 1e-2, 1.0])
def test_with_tolerance(name, atol):
    check(name, torch.float32, rtol=0.0, atol=atol)


@pytest.mark.parametrize("name", CASES)
def test_gradcheck(name):
    torch.manual_seed(2)
    function, _, shapes = CASES[name]
    assert torch.autograd.gradcheck(function, [torch.randn(s, dtype=torch.float64, requires_grad=True) for s in shapes])


@pytest.mark.parametrize("name", ["swish", "softmax", "square", "entropy"])
def test_sum(name):
    function, reference, shapes = CASES[name]
    own = [torch.randn(s, requires_grad=True) for s in shapes]
    function(*own).sum().backward()
    assert all(torch.isfinite(x.grad).all() for x in own)
"""


def forty(seconds: str = "170") -> None:
    """40 tests over 6 Functions, with a resolution for each gradient."""
    with tempfile.TemporaryDirectory() as folder:
        laid_out(Path(folder), [])
        (Path(folder) / "test_forty.py").write_text(FORTY)
        start = time.perf_counter()
        result = mutate_tests(".", folder=Path(folder), budget=float(seconds))
        wall = time.perf_counter() - start
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    for one in result.gradients:
        print(f"{one.name}: resolution {one.resolution}, {len(one.compared_by)} of {len(one.computed_by)} tests")
    for draft in result.drafts:
        print(draft.target, draft.outcome, draft.words[:80], dict(draft.resolution))
    left = sum(len(one.open) for one in result.gradients)
    print(f"{len(result.tests) + result.others} tests, {result.runs} planted runs, {left} plants left open")
    print(f"{wall:.0f} s on the clock, {used.ru_utime + used.ru_stime:.0f} s of the processor")


if __name__ == "__main__":
    {"battery": battery, "time": forty}[sys.argv[1]](*sys.argv[2:])
