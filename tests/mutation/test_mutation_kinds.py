"""The planted mistakes, each with what it does to a gradient, and where it cannot be."""

from __future__ import annotations

import pytest
import torch

from gradproof.mutation.faults import Missing, Place, Unplantable, faulted
from gradproof.mutation.kinds import KINDS, SCALED

CONDITIONAL = {"non-contiguous", "half precision", "detached"}


def place(shape: tuple[int, ...] = (3, 3), dtype: torch.dtype = torch.float64) -> Place:
    """A gradient under a cotangent of its own shape, which it is three times."""
    u = torch.randn(shape, dtype=dtype, generator=torch.Generator().manual_seed(0))
    return Place(3 * u, (u,), lambda cotangents: 3 * cotangents[0])


@pytest.mark.parametrize("kind", [kind.name for kind in KINDS if kind.name not in CONDITIONAL | {"missing"}])
def test_every_kind_changes_the_gradient_and_keeps_its_form(kind: str) -> None:
    here = place()
    wrong = faulted(kind, here, 0.0)
    assert wrong.shape == here.gradient.shape
    assert wrong.dtype == here.gradient.dtype
    assert not torch.equal(wrong, here.gradient)


def test_scaled_is_off_by_its_share_in_every_entry_up_and_down() -> None:
    here = place((40,))
    share = faulted(SCALED, here, 0.25) / here.gradient - 1
    torch.testing.assert_close(share.abs(), torch.full((40,), 0.25, dtype=torch.float64))
    assert set(share.sign().tolist()) == {1.0, -1.0}


def test_missing_gradient_is_none() -> None:
    with pytest.raises(Missing):
        faulted("missing", place(), 0.0)


@pytest.mark.parametrize("kind", sorted(CONDITIONAL))
def test_condition_that_does_not_hold_plants_nothing(kind: str) -> None:
    with pytest.raises(Unplantable):
        faulted(kind, place(), 0.0)


def test_conditions_that_hold_plant() -> None:
    half, spread = place(dtype=torch.bfloat16), torch.ones(1, dtype=torch.float64).expand(3)
    assert not torch.equal(faulted("half precision", half, 0.0), half.gradient)
    gradient = torch.ones(3, dtype=torch.float64)
    assert not torch.equal(faulted("non-contiguous", Place(gradient, (spread,)), 0.0), gradient)
    again = torch.ones(3, dtype=torch.float64, requires_grad=True) * 2
    assert not faulted("detached", Place(again, (spread,)), 0.0).requires_grad


@pytest.mark.parametrize(("kind", "shape"), [("transposed", (2, 3)), ("one row", (3,)), ("shifted", (1,))])
def test_shape_that_does_not_allow_a_kind_plants_nothing(kind: str, shape: tuple[int, ...]) -> None:
    with pytest.raises(Unplantable):
        faulted(kind, place(shape), 0.0)


def test_zero_gradient_is_moved_by_its_cotangent() -> None:
    wrong = faulted("too large", Place(torch.full((4,), 1e-18), (torch.ones(4),)), 0.0)
    assert wrong.tolist() == [1.0] * 4
