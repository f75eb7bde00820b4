"""Tensors written in place: through views, through their base, out=, by autograd; and what cannot be followed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from aten_agreement import assert_replays, normal
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from gradproof.aten import NoRule, record


def base_written_then_view_read(x: Tensor) -> Any:
    y = x * 2
    row = y[0]
    y.mul_(3)
    return row + 1


def view_written_then_base_read(x: Tensor) -> Any:
    y = x * 2
    y[:, 1].add_(x[:, 0])
    return y * 1, y


def view_of_a_view(x: Tensor) -> Any:
    y = x.t().contiguous()
    flat = y.view(-1)
    part = flat[2:6:2]
    part.exp_()
    y[0] += 1
    turned = y.t()
    flat[1] = 7
    return turned.sum(0), y, flat, part


def rows_written_into_zeros(x: Tensor) -> Any:
    z = torch.zeros(3, 4, dtype=x.dtype)
    z[1] = x[0]
    z[:, 2] = z[:, 1] * 2
    kept = z.clone()
    z.zero_()
    return z, kept


def rows_written_into_empty(x: Tensor) -> Any:
    z = torch.empty(3, 4, dtype=x.dtype)
    for k in range(3):
        z[k] = x[k] * k
    return z


def constant_written_between_two_uses(x: Tensor) -> Any:
    c = torch.zeros(4, dtype=x.dtype)
    before = x[0] + c
    c.add_(1)
    return before, x[0] + c


def expanded_base_written(x: Tensor) -> Any:
    row = x[0] * 1
    both = row.expand(2, 4)
    row.add_(1)
    return both


def detached_alias_written(x: Tensor) -> Any:
    y = x * 1
    y.detach().mul_(5)
    return y


def data_replaced(x: Tensor) -> Any:
    y = x * 1
    y.data.add_(1)
    first = y * 1
    y.data = x * 7
    return first, y


def rows_exchanged(x: Tensor) -> Any:
    y = x.clone()
    y[[0, 1]] = y[[1, 0]]
    return y


def leaf_written(x: Tensor) -> Any:
    x.mul_(2)
    return x


def outputs_named(x: Tensor) -> Any:
    out = torch.empty(3, 4, dtype=x.dtype)
    torch.add(x, x, out=out)
    torch.maximum(out, x, out=out)
    return out


def running_averages(x: Tensor) -> Any:
    state = torch.zeros(4, dtype=x.dtype)
    for row in x:
        state.mul_(0.9).add_(row, alpha=0.1).lerp_(row, 0.3)
        state.addcmul_(row, row, value=2).addcdiv_(row, row.abs() + 9).abs_().sqrt_().neg_().clamp_(min=-1)
    return state


def diagonal_and_strided_written(x: Tensor) -> Any:
    y = x[:, :3].clone()
    y.diagonal().add_(1)
    y.as_strided((2, 2), (3, 1)).mul_(3)
    return y


def masks_written(x: Tensor) -> Any:
    y = x.clone()
    y[y < 0] = 0.5
    y[:, torch.tensor([True, False, True, False])] = 3
    return y


def shape_changed_in_place(x: Tensor) -> Any:
    y = x.clone()
    y.t_()
    y.unsqueeze_(0)
    y.squeeze_()
    z = y * 2
    y.add_(1)
    y.transpose_(0, 1)
    return z, y


def shrunk(x: Tensor) -> Any:
    return x.clone().resize_(2, 2)


def by_autograd(x: Tensor) -> Any:
    x = x.detach().requires_grad_()
    y = x * 1.5
    y[1] = y[0].clone() * y[2].detach().clone()
    y[:, 0].mul_(2)
    loss = (y * y).sum()
    return loss, torch.autograd.grad(loss, x)


def by_backward_twice(x: Tensor) -> Any:
    x = x.detach().requires_grad_()
    (x * x).sum().backward()
    x.exp().sum().backward()
    return x.grad


def gradients_clipped(x: Tensor) -> Any:
    x = x.detach().requires_grad_()
    (x**4).sum().backward()
    torch.nn.utils.clip_grad_norm_([x], 1.0)
    first = x.grad.clone()
    torch.nn.utils.clip_grad_value_([x], 0.1)
    return first, x.grad


@pytest.mark.parametrize(
    "function",
    [
        base_written_then_view_read,
        view_written_then_base_read,
        view_of_a_view,
        rows_written_into_zeros,
        rows_written_into_empty,
        constant_written_between_two_uses,
        expanded_base_written,
        detached_alias_written,
        data_replaced,
        rows_exchanged,
        leaf_written,
        outputs_named,
        running_averages,
        diagonal_and_strided_written,
        masks_written,
        shape_changed_in_place,
        shrunk,
        by_autograd,
        by_backward_twice,
        gradients_clipped,
    ],
)
def test_recording_of_writes_in_place_replays_as_torch(function: Callable[..., Any]) -> None:
    torch.manual_seed(1)
    assert_replays(function, [normal(3, 4)])


VIEWS: list[Callable[[Tensor], Tensor]] = [
    lambda t: t,
    lambda t: t.t(),
    lambda t: t.detach(),
    lambda t: t[1:],
    lambda t: t[:, ::2],
    lambda t: t.flatten()[: 2 * (t.numel() // 2)].view(2, -1) if t.is_contiguous() else t[:1],
    lambda t: t.diagonal()[:, None],
    lambda t: t.unsqueeze(0).transpose(0, 2)[:, :, 0],
    lambda t: t.flatten().as_strided((2,), (1,))[None] if t.is_contiguous() and t.numel() > 1 else t,
]
WRITES: list[Callable[[Tensor, Tensor], Any]] = [
    lambda t, s: t.add_(s.mean()),
    lambda t, s: t.mul_(0.5),
    lambda t, s: t.copy_(s.flatten()[0]),
    lambda t, s: t.zero_(),
    lambda t, s: t.fill_(0.25),
    lambda t, s: t.copy_(t.flip(0)),
    lambda t, s: t.lerp_(s.amax(), 0.3),
]


def program(steps: list[tuple[int, int, int, int]]) -> Callable[[Tensor], list[Tensor]]:
    """Views of a few tensors, each view written, all tensors read at the end: (of, view, write, source)."""

    def run(x: Tensor) -> list[Tensor]:
        tensors = [x.clone(), torch.ones(3, 4, dtype=x.dtype)]
        for of, view, write, source in steps:
            taken = VIEWS[view](tensors[of % len(tensors)])
            if taken.numel():
                WRITES[write](taken, tensors[source % len(tensors)].clone())
                tensors.append(taken if (of + view) % 3 else taken * 2)
        return [tensor * 1 for tensor in tensors]

    return run


@settings(deadline=None, derandomize=True, max_examples=150)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 8), st.integers(0, 6), st.integers(0, 9)), max_size=6))
def test_recording_of_random_programs_of_views_and_writes_replays_as_torch(
    steps: list[tuple[int, int, int, int]],
) -> None:
    torch.manual_seed(len(steps))
    assert_replays(program(steps), [normal(3, 4)], [[normal(3, 4)]])


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (lambda x: x[0].clone().expand(3, 4).copy_(x), "share memory"),
        (lambda x: (x * 1).view(torch.int64).to(torch.float64), "memory of torch.float64 is read as torch.int64"),
        (lambda x: torch.empty(3, 4, dtype=x.dtype) * x, "torch.empty is read before"),
        (lambda x: x.clone().resize_(5, 4) * 1, "never written"),
    ],
)
def test_recording_of_memory_that_cannot_be_followed_is_refused(function: Callable[..., Any], words: str) -> None:
    with pytest.raises(NoRule, match=words):
        record(function, normal(3, 4))


def test_partly_initialised_memory_is_nan_where_nothing_was_written() -> None:
    def two_of_three(x: Tensor) -> Tensor:
        z = torch.empty(3, dtype=x.dtype)
        z[0] = x[0]
        z[2] = x[1]
        return z

    first, second, third = record(two_of_three, normal(2)).run([normal(2).numpy()])
    assert second != second
    assert first == first
    assert third == third


def test_views_of_what_was_never_written_are_recorded_by_their_own_rules() -> None:
    tape = record(lambda x: x.t()[1:].reshape(-1) + 1, normal(3, 4))
    assert tape.operations == ("aten.t", "aten.slice", "aten._unsafe_view", "aten.add")
