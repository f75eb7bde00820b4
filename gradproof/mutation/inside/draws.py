"""The random numbers of the tests: each planted run starts a test with the states that it had in the plain run."""

from __future__ import annotations

import pickle
import random
import sys
from pathlib import Path
from typing import Any

import torch


def seed_all(seed: int) -> None:
    """Start the global generators; what a test module seeds itself is not touched by it."""
    random.seed(seed)
    torch.manual_seed(seed)
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed(seed % 2**32)


def states() -> Any:
    """The states of the global generators."""
    numpy = sys.modules.get("numpy")
    of_torch = torch.get_rng_state().numpy().tobytes()  # a tensor takes long to pickle
    return random.getstate(), of_torch, None if numpy is None else numpy.random.get_state()


def restore(states: Any) -> None:
    """Put the global generators back."""
    python, of_torch, of_numpy = states
    random.setstate(python)
    torch.set_rng_state(torch.frombuffer(bytearray(of_torch), dtype=torch.uint8))
    if of_numpy is not None:
        sys.modules["numpy"].random.set_state(of_numpy)


def keep(folder: Path, item: int, found: Any) -> None:
    """Keep the states before a test for later runs."""
    (folder / f"{item}.draws").write_bytes(pickle.dumps(found))


def bring_back(folder: Path, item: int) -> None:
    """Start a test as the plain run started it, where that is known."""
    path = folder / f"{item}.draws"
    if path.exists():
        restore(pickle.loads(path.read_bytes()))
