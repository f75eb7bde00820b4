"""Results with many entries: judged piece by piece, by what their like entries move, and without copies."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch.autograd import Function

from gradproof import check_function, integers, normal
from gradproof.functions.running import inputs
from gradproof.functions.running.calling import mark
from gradproof.functions.running.inputs import case_sets, draw
from gradproof.functions.truth.pooling import Pooled


class LayerNorm(Function):
    factor = 1.0

    @staticmethod
    def forward(ctx, x, w, b):
        centred = x - x.mean(1, keepdim=True)
        scale = (centred.square().mean(1, keepdim=True) + 1e-5).rsqrt()
        ctx.save_for_backward(centred * scale, scale, w)
        return centred * scale * w + b

    @classmethod
    def backward(cls, ctx, g):
        h, scale, w = ctx.saved_tensors
        gh = g * w
        dx = (gh - gh.mean(1, keepdim=True) - h * (gh * h).mean(1, keepdim=True) * cls.factor) * scale
        return dx, (g * h).sum(0), g.sum(0)


class SlightlyOff(LayerNorm):
    factor = 1.001


def layer_norm(x, w, b):
    return F.layer_norm(x, w.shape, w, b)


LAYER = {"x": normal(40, 500), "w": normal(500), "b": normal(500)}


def test_right_function_of_many_entries_is_told_to_agree_in_float32():
    result = check_function(LayerNorm.apply, layer_norm, LAYER, trials=1, dtypes=["float32"])
    assert result.ok, str(result)
    plain = [one for one in result.findings if not one.configuration and one.quantity.startswith("gradient")]
    assert {str(one.verdict) for one in plain} == {"agrees"}
    assert max(one.resolution for one in plain) < 1e-3


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_small_fault_among_many_entries_is_caught(dtype):
    result = check_function(SlightlyOff.apply, layer_norm, LAYER, trials=1, dtypes=[dtype])
    assert {one.quantity for one in result.wrong} == {"gradient of x"}


class CrossEntropy(Function):
    writes = False

    @staticmethod
    def forward(ctx, z, t):
        top = z.amax(1, keepdim=True)
        total = (z - top).exp().sum(1, keepdim=True)
        ctx.save_for_backward(z, t, top, total)
        return (total.log() + top - z.gather(1, t[:, None])).mean()

    @classmethod
    def backward(cls, ctx, g):
        z, t, top, total = ctx.saved_tensors
        p = (z - top).exp_().div_(total)
        p[torch.arange(len(z)), t] -= 1
        if cls.writes:
            z.detach()[0, 0] += 1
        return p.mul_(g / len(z)), None


class WritesIntoItsInput(CrossEntropy):
    writes = True


LOGITS = {"z": normal(20, 100), "t": integers(0, 100, (20,))}


@pytest.fixture
def _few_are_many(monkeypatch):
    monkeypatch.setattr(inputs, "LARGE", 1000)


@pytest.mark.usefixtures("_few_are_many")
def test_large_inputs_are_looked_at_in_plain_calls_and_fresh_memory():
    result = check_function(CrossEntropy.apply, F.cross_entropy, LOGITS, dtypes=["float32"])
    assert result.ok, str(result)
    assert "fresh memory filled with NaN" in set(result.frame["configuration"])


@pytest.mark.usefixtures("_few_are_many")
def test_large_input_that_is_written_into_is_caught():
    result = check_function(WritesIntoItsInput.apply, F.cross_entropy, LOGITS, dtypes=["float32"])
    assert ("the input z", "changed") in {(one.quantity, one.kind) for one in result.wrong}
    assert not {one.quantity for one in result.wrong if one.kind == "value"}


def test_emptied_draw_is_filled_with_the_same_numbers():
    def made():
        return draw(case_sets({"x": normal(3, 2)}, 0)[0], 0, 0, 0)

    hollow = made().emptied(made)
    assert hollow.shapes == made().shapes
    assert hollow.values["x"].is_meta
    assert torch.equal(hollow.filled().values["x"], made().values["x"])


def test_mark_of_long_memory_sees_one_changed_byte_and_two_exchanged_numbers():
    value = torch.arange(2**23, dtype=torch.float64)
    before = mark(value)
    assert mark(value.clone()) == before
    value[[5, 6]] = value[[6, 5]]
    assert mark(value) != before
    value[[5, 6]] = value[[6, 5]]
    value.view(torch.uint8)[-1] += 1
    assert mark(value) != before


def test_pooled_spread_is_that_of_like_entries_and_none_of_what_never_moves():
    generator = torch.Generator().manual_seed(0)
    true = torch.randn(20_000, generator=generator, dtype=torch.float64)
    sizes = torch.where(torch.arange(20_000) % 2 == 0, 1e-6, 0.0)
    pooled = Pooled(true)
    for _ in range(3):
        pooled.learn(torch.randn(20_000, generator=generator, dtype=torch.float64) * sizes, slice(0, 20_000))
        pooled.end()
    spread = pooled.spread(slice(0, 20_000))
    assert bool((spread[1::2] == 0).all())
    assert 0.4e-6 < float(spread[::2].min()) < float(spread[::2].max()) < 4e-6
