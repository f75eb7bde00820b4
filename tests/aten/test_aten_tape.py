"""Recording and replaying: nesting, pruning, constants, numbers, branches, and the words of refusals."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from aten_agreement import assert_equal, assert_replays, flatten, normal
from torch import Tensor, nn

from gradproof.arrays.trials import TrialArray
from gradproof.aten import FlowChanged, NoRule, record
from gradproof.errors import GradproofError


class Network(nn.Module):
    """Two inputs, two hidden ReLU units, three classes."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden, self.relu = nn.Linear(2, 2), nn.ReLU()
        self.output, self.softmax = nn.Linear(2, 3), nn.Softmax(dim=-1)

    def forward(self, x: Tensor) -> Tensor:
        return -self.softmax(self.output(self.relu(self.hidden(x))))[0].log()


TAPS = {"hidden": 2, "relu": 2, "output": 3, "softmax": 3}


def truth_of_network() -> tuple[Callable[..., Any], list[Tensor]]:
    """Loss, outputs of submodules, all gradients by autograd and one SGD step; leaves end with the zero taps and lr."""
    network = Network().double()
    parameters = list(dict(network.named_parameters()))

    def run(*leaves: Tensor) -> Any:
        live = [leaf.detach().requires_grad_() for leaf in leaves[:-1]]
        taps, outputs = dict(zip(TAPS, live[5:], strict=True)), {}

        def tapped(name: str) -> Callable[..., Tensor]:
            def hook(module: nn.Module, inputs: Any, output: Tensor) -> Tensor:
                outputs[name] = output + taps[name]
                return outputs[name]

            return hook

        handles = [getattr(network, name).register_forward_hook(tapped(name)) for name in TAPS]
        loss = torch.func.functional_call(network, dict(zip(parameters, live[:4], strict=True)), (live[4],))
        for handle in handles:
            handle.remove()
        gradients = torch.autograd.grad(loss, live)
        moved = [leaf.detach().clone() for leaf in live[:4]]
        optimizer = torch.optim.SGD(moved, 0.1, momentum=0.9)
        optimizer.param_groups[0]["lr"] = leaves[-1]
        for leaf, gradient in zip(moved, gradients, strict=False):
            leaf.grad = gradient
        optimizer.step()
        return {"loss": loss, "outputs": outputs, "gradients": gradients, "new": moved}

    shapes = [tuple(p.shape) for p in network.parameters()] + [(2,)]
    taps = [torch.zeros(size, dtype=torch.float64) for size in TAPS.values()]
    return run, [*(normal(*shape) for shape in shapes), *taps, torch.tensor(0.1, dtype=torch.float64)]


def test_network_with_taps_and_optimizer_replays_as_torch() -> None:
    torch.manual_seed(3)
    run, leaves = truth_of_network()
    zeros = leaves[5:9]
    others = [[*(normal(*leaf.shape) for leaf in leaves[:5]), *zeros, leaves[-1] * k] for k in (2, 3)]
    tape = assert_replays(run, leaves, others)
    assert len(tape) < 50


def test_outputs_keep_their_nesting() -> None:
    class Pair(NamedTuple):
        first: Any
        second: Any

    def nested(x: Tensor) -> Any:
        return {"pair": Pair(x * 2, None), "list": [x + 1, (x.sum(),)], "number": 3}

    result = record(nested, normal(2)).run([np.array([1.0, 2.0])])
    assert isinstance(result["pair"], Pair)
    assert result["pair"].second is None
    assert result["number"] == 3
    np.testing.assert_array_equal(result["pair"].first, [2.0, 4.0])
    np.testing.assert_array_equal(result["list"][1][0], 3.0)


def test_operations_that_no_output_needs_are_dropped() -> None:
    def wasteful(x: Tensor) -> Tensor:
        x.exp().sum()
        return x * 2

    assert record(wasteful, normal(2)).operations == ("aten.mul",)


def test_run_of_some_outputs_computes_only_these() -> None:
    tape = record(lambda x: {"a": x.exp(), "b": [x.sin(), x.exp() + 1]}, normal(2))
    (sine,) = tape.run([np.zeros(2)], only=[1])
    np.testing.assert_array_equal(sine, np.zeros(2))
    assert tape.restrict([1]).operations == ("aten.sin",)
    assert len(tape) == 4


def test_run_of_an_output_that_is_not_there_says_how_many_there_are() -> None:
    with pytest.raises(GradproofError, match=r"asked for output 2; it has 2"):
        record(lambda x: (x, x + 1), normal(2)).run([np.zeros(2)], only=[2])


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ([np.zeros(3)], r"leaf 0 .* shape \(2,\); an array of shape \(3,\)"),
        ([np.zeros(2), np.zeros(2)], "recorded for 1 leaves; 2 were given"),
    ],
)
def test_run_with_other_leaves_than_recorded_is_refused(arrays: list[Any], words: str) -> None:
    with pytest.raises(GradproofError, match=words):
        record(lambda x: x * 2, normal(2)).run(arrays)


def test_tensors_that_do_not_depend_on_the_leaves_become_constants() -> None:
    weight = torch.tensor([1.0, 2.0], dtype=torch.float64)

    def scaled(x: Tensor) -> Any:
        grid = torch.arange(2, dtype=x.dtype) + torch.ones_like(x) * 0.5
        return x * (weight * grid), grid

    tape = record(scaled, normal(2))
    weight.zero_()
    assert tape.operations == ("aten.mul",)
    product, grid = tape.run([np.array([1.0, 1.0])])
    np.testing.assert_array_equal(product, [0.5, 3.0])
    np.testing.assert_array_equal(grid, [0.5, 1.5])


def test_leaves_are_not_changed_by_recording() -> None:
    x = normal(2)
    before = x.clone()
    record(lambda x: x.mul_(2), x)
    assert torch.equal(x, before)


def test_number_taken_from_a_leaf_by_torch_stays_a_leaf() -> None:
    tape = assert_replays(lambda x, a: torch.add(x, x, alpha=a).addcdiv_(x, x + 9, value=-a), [normal(2), normal()])
    assert tape.operations.count("aten.add") == 2
    assert_replays(
        lambda x: torch.full((2,), x[0], dtype=x.dtype) * torch.full_like(x, 3.0) + x.new_full((2,), 2.0), [normal(2)]
    )


def loss_of_one_class(scores: Tensor, target: Tensor) -> Any:
    """scores (2, 3, 4), target () in 0..2; the target is an index in several places."""
    scores = scores.detach().requires_grad_()
    loss = (
        -scores.log_softmax(1)[0, target, 3] + scores[..., target, :2].exp().sum() + scores[1, None, target - 3].sum()
    )
    return loss, torch.autograd.grad(loss, scores)


def test_target_that_is_a_single_class_is_an_index_in_each_trial() -> None:
    draws = [[normal(2, 3, 4), torch.tensor(k)] for k in (0, 2, 1)]
    tape = assert_replays(loss_of_one_class, draws[0], draws[1:])
    stacked = [TrialArray(np.stack([draw[k].numpy() for draw in draws])) for k in range(2)]
    loss, (gradient,) = tape.run(stacked)
    for k, draw in enumerate(draws):
        want, (want_gradient,) = loss_of_one_class(*draw)
        assert_equal(loss.values[k], want)
        assert_equal(gradient.values[k], want_gradient)


def test_transforms_of_torch_func_are_recorded() -> None:
    def transformed(x: Tensor) -> Any:
        cube = lambda z: (z**3).sum() * z  # noqa: E731
        doubled = torch.func.vmap(lambda row: row * 2 + x.sum())(x)
        return torch.func.jacrev(cube)(x), torch.func.jacrev(torch.func.grad(lambda z: cube(z).sum()))(x), doubled

    assert_replays(transformed, [normal(3)])


def test_gather_inside_vmap_is_recorded() -> None:
    def losses(scores: Tensor, targets: Tensor) -> Any:
        pick = lambda row, target: row.log_softmax(-1).gather(0, target[None])[0]  # noqa: E731
        return torch.func.vmap(pick)(scores, targets), torch.func.vmap(torch.func.grad(pick))(scores, targets)

    assert_replays(losses, [normal(3, 4), torch.tensor([1, 0, 3])], [[normal(3, 4), torch.tensor([2, 2, 0])]])


def test_value_read_inside_a_transform_is_refused() -> None:
    with pytest.raises(NoRule, match=r"Tensor\.__float__ reads"):
        record(lambda x: torch.func.grad(lambda z: z.sum() * float(z[0]))(x), normal(2))


def test_custom_autograd_function_is_recorded() -> None:
    class Square(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Tensor) -> Tensor:
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        def backward(ctx: Any, grad: Tensor) -> Tensor:
            (x,) = ctx.saved_tensors
            return 3 * x * grad

    def run(x: Tensor) -> Any:
        x = x.detach().requires_grad_()
        return torch.autograd.grad(Square.apply(x).sum(), x)

    x = normal(2)
    (gradient,) = record(run, x).run([x.numpy()])
    assert_equal(gradient, 3 * x)


def branching(x: Tensor) -> Tensor:
    return x * 2 if x.sum() > 0 else -x


def test_branch_is_required_to_go_as_recorded() -> None:
    tape = record(branching, torch.tensor([1.0, 2.0], dtype=torch.float64))
    np.testing.assert_array_equal(tape.run([np.array([3.0, 1.0])]), [6.0, 2.0])
    with pytest.raises(FlowChanged, match="was True; here it is False"):
        tape.run([np.array([-3.0, 1.0])])
    with pytest.raises(FlowChanged, match="differs from trial to trial"):
        tape.run([TrialArray(np.array([[3.0, 1.0], [-3.0, 1.0]]))])


def test_branch_by_is_nonzero_is_required_to_go_as_recorded() -> None:
    tape = record(lambda x: x * 2 if torch.is_nonzero(x[0]) else x, torch.tensor([2.0]))
    np.testing.assert_array_equal(tape.run([np.array([5.0])]), [10.0])
    with pytest.raises(FlowChanged):
        tape.run([np.array([0.0])])


def test_number_that_no_operation_takes_is_refused() -> None:
    def hidden(x: Tensor) -> Tensor:
        y = x * 2
        with torch._C.DisableTorchFunction():
            y[0].item()
        return y

    with pytest.raises(NoRule, match=r"into the number 2\.0 for Python"):
        record(hidden, torch.ones(2))


def test_branch_is_required_even_for_outputs_before_it() -> None:
    def late(x: Tensor) -> Any:
        first = x + 1
        return first, branching(x)

    tape = record(late, torch.tensor([1.0, 2.0], dtype=torch.float64))
    assert "gradproof.require" in tape.restrict([0]).operations


def test_printing_inside_the_function_is_allowed(capsys: pytest.CaptureFixture[str]) -> None:
    def chatty(x: Tensor) -> Tensor:
        print(x, f"{x[0]:.1f}")
        return x * 2

    assert record(chatty, torch.ones(1)).operations == ("aten.mul",)
    assert "1.0" in capsys.readouterr().out


@pytest.mark.parametrize(
    "function",
    [
        lambda x: x * float(x[0]),
        lambda x: x * x[0].item(),
        lambda x: x + torch.from_numpy(x.numpy() * 2),
        lambda x: x * torch.tensor(np.asarray(x)),
        lambda x: x * torch.tensor([x[0], x[1]]),
        lambda x: x * torch.tensor(x.tolist()),
        lambda x: x[int(x[0])] * 2,
        lambda x: copy.deepcopy(x) * 2,
    ],
)
def test_values_taken_out_of_torch_by_python_are_refused(function: Callable[..., Any]) -> None:
    with pytest.raises(NoRule, match="reads the values of a tensor that depends on the leaves"):
        record(function, torch.ones(2, dtype=torch.float64))


def put(x: Tensor, index: Tensor) -> Tensor:
    x[index] = 3.0
    return x


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (lambda x: x * torch.rand_like(x), r"aten\.rand_like\.default draws random numbers: a mask or a noise must"),
        (lambda x: nn.functional.dropout(x), "draws random numbers"),
        (lambda x: x + torch.randn(2), "draws random numbers"),
        (lambda x: torch.linalg.inv(x[:, None] @ x[None]), r"aten\.linalg_inv_ex\.default has no rule and no decompos"),
        (torch.special.i0, r"aten\.i0\.default is made of others: prims\.bessel_i0"),
        (lambda x: x[x > 0], "a mask that depends on the leaves"),
        (lambda x: x.unique(), "a tensor of a shape, that depends on the leaves"),
        (lambda x: put(x.clone(), x.argmax()), r"into the number 0 for aten\.select\.int"),
        (lambda x: torch.add(x.requires_grad_(), x, alpha=x.detach()[1]), "autograd would keep the number"),
        (lambda x: torch.add(x, 1.0, alpha=x[0]), "into the number 1.0 for aten.add"),
        (lambda x: x.sum(dtype=torch.float32), r"aten\.sum rounds its result to torch\.float32"),
        (lambda x: torch.full((2,), x[0], dtype=torch.float32), r"aten\.full rounds its result to torch\.float32"),
        (lambda x: torch.full((2,), x[0], dtype=torch.int64), r"aten\.full rounds its result to torch\.int64"),
        (lambda x: x.float().double(), "converted to torch.float32"),
        (lambda x: torch.fft.fft(x).abs(), "aten._fft_r2c.default has no rule"),
        (lambda x: x.to(torch.complex128).abs(), "converted to torch.complex128"),
    ],
)
def test_what_has_no_rule_is_refused_by_name(function: Callable[..., Any], words: str) -> None:
    with pytest.raises(NoRule, match=words):
        record(function, torch.ones(2, dtype=torch.float64))


def test_fused_optimizer_is_refused() -> None:
    def step(x: Tensor) -> Tensor:
        x.grad = torch.ones_like(x) * x
        torch.optim.Adam([x], fused=True).step()
        return x

    with pytest.raises(NoRule, match=r"aten\._fused_adam_.* writes its arguments"):
        record(step, torch.ones(2))


def test_leaf_of_a_dtype_without_numpy_is_refused() -> None:
    with pytest.raises(NoRule, match=r"a leaf of torch\.bfloat16"):
        record(lambda x: x * 2, torch.ones(2, dtype=torch.bfloat16))


def test_settings_of_torch_are_restored_after_a_failure() -> None:
    before = torch.backends.mha.get_fastpath_enabled(), torch.backends.cuda.flash_sdp_enabled()
    with pytest.raises(ZeroDivisionError):
        record(lambda x: 1 // 0, torch.ones(2))
    assert (torch.backends.mha.get_fastpath_enabled(), torch.backends.cuda.flash_sdp_enabled()) == before


def test_single_precision_is_replayed_in_single_precision() -> None:
    weight = torch.tensor([1.5, 2.5])
    tape = record(lambda x: nn.functional.softmax(x * weight, -1)[0] * (x > 0), torch.ones(2))
    assert tape.run([np.ones(2, dtype=np.float32)]).dtype == np.float32


def test_infinite_values_are_replayed_without_warnings() -> None:
    tape = record(lambda x: (x.exp(), 1 / x), torch.ones(2, dtype=torch.float64))
    power, inverse = tape.run([np.array([1e4, 0.0])])
    assert power[0] == math.inf
    assert inverse[1] == math.inf


def test_tape_is_printed_as_a_list_of_operations() -> None:
    tape = record(lambda x: {"y": (x * 2).sum()}, torch.ones(2))
    assert str(tape) == "%0: leaf (2,)\n%1 = aten.mul(%0, 2)\n%2 = aten.sum(%1)\nreturn {y: %2}"


def test_intermediate_arrays_are_freed_after_their_last_use() -> None:
    def chain(x: Tensor) -> Tensor:
        for _ in range(50):
            x = x + 1
        return x

    tape = record(chain, torch.ones(2))
    freed = [slot for slots in tape._last_uses for slot in slots]
    assert len(freed) == len(set(freed)) == 50


def test_flattened_outputs_count_every_leaf_of_the_nesting() -> None:
    tape = record(lambda x: {"a": (x, None), "b": [x * 2]}, torch.ones(2))
    assert len(list(flatten(tape.run([np.ones(2)])))) == 2
    (last,) = tape.run([np.ones(2)], only=[2])
    np.testing.assert_array_equal(last, [2.0, 2.0])


def test_operations_that_are_whole_in_inference_mode_only_are_taken_apart_there() -> None:
    def function(x: torch.Tensor) -> Any:
        with torch.inference_mode():
            y = x.reshape(2, 8).square()
            product, corner = torch.max(y, y * 2).matmul(torch.min(y, -y).T), x.contiguous()[:2, :2]
            products = torch.true_divide(product, 3), product.argsort(0), product * corner.isfinite()
            return products, torch.outer(x[0], x[1]), x.t().contiguous(), x.t().flatten() / 3

    assert_replays(function, [normal(4, 4)])
