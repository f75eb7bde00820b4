"""Right functions of kinds that look wrong at first, each beside a wrong one of its kind."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch.autograd import Function

from gradproof import check_function, normal, uniform

WIDE = ("float64", "float32")


class Averaged(Function):
    """A mean whose mask divided by whole numbers is of float32, whatever it is given."""

    factor = 1.0

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x.square().sum() / len(x)

    @classmethod
    def backward(cls, ctx, g):
        (x,) = ctx.saved_tensors
        share = torch.ones(len(x), dtype=torch.bool)[:, None] / torch.tensor(len(x))
        return cls.factor * 2 * x * share * g


class HalfAveraged(Averaged):
    factor = 0.5


def averaged(x):
    return x.square().sum() / len(x)


def test_check_float32_made_by_promotion_is_judged_by_its_rounding():
    result = check_function(Averaged.apply, averaged, {"x": normal(5, 3)}, dtypes=WIDE)
    assert result.ok, str(result)
    assert "numbers of float32 are made inside" in result.notes[0]
    wrong = check_function(HalfAveraged.apply, averaged, {"x": normal(5, 3)}, dtypes=WIDE)
    assert not wrong.ok
    assert {one.diagnosis for one in wrong.wrong} == {"it is 0.5 times the true value in every trial"}


class Rescaled(Function):
    """Computes in float32; one of its gradients is wrong besides."""

    @staticmethod
    def forward(ctx, x, w):
        ctx.save_for_backward(x.float(), w.float())
        return (x.float().tanh() * w.float()).to(x.dtype)

    @staticmethod
    def backward(ctx, g):
        x, w = ctx.saved_tensors
        g, y = g.float(), x.tanh()
        return (g * w * (1 + y * y)).to(torch.float64), (g * y).to(torch.float64)


def test_check_rounding_of_a_wrong_function_accuses_none_of_its_right_results():
    inputs = {"x": normal(5, 3), "w": normal(5, 3)}
    result = check_function(Rescaled.apply, lambda x, w: x.tanh() * w, inputs, dtypes=["float64"])
    assert {one.quantity for one in result.wrong} == {"gradient of x"}


class Reversed(Function):
    """Hands its input on as it is, a view of it."""

    @staticmethod
    def forward(ctx, x):
        return x.view_as(x)

    @staticmethod
    def backward(ctx, g):
        return -g


class Kept(Reversed):
    buffers: dict[torch.Size, torch.Tensor] = {}  # noqa: RUF012  the fault is that they are shared

    @staticmethod
    def forward(ctx, x):
        return Kept.buffers.setdefault(x.shape, torch.empty_like(x)).copy_(x)


def reversed_gradient(x):
    return 2 * x.detach() - x


def test_check_output_that_is_a_view_of_its_input_shares_no_buffer_with_later_calls():
    inputs = {"x": normal(5, 3)}
    right = check_function(Reversed.apply, reversed_gradient, inputs, dtypes=["float64"])
    assert right.ok, str(right)
    wrong = check_function(Kept.apply, reversed_gradient, inputs, dtypes=["float64"])
    assert any("share a buffer" in one.sentence for one in wrong.wrong)


class Strict(Function):
    @staticmethod
    def forward(ctx, x):
        if not x.is_contiguous():
            raise ValueError("x must be contiguous")
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return 2 * x * g


class Viewing(Strict):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return (x.view(-1) ** 2).view(x.shape)


def test_check_layout_that_a_function_refuses_by_itself_is_a_note():
    right = check_function(Strict.apply, torch.square, {"x": normal(5, 3)}, dtypes=["float64"])
    assert right.ok, str(right)
    assert "refuses inputs in some layouts by itself: ValueError: x must be contiguous" in " ".join(str(right).split())
    wrong = check_function(Viewing.apply, torch.square, {"x": normal(5, 3)}, dtypes=["float64"])
    assert {(one.quantity, one.kind) for one in wrong.wrong} == {("forward", "raises")}


class Largest(Function):
    """The largest of each column; among equal ones the first has the gradient."""

    @staticmethod
    def forward(ctx, x):
        top, place = x.max(0)
        ctx.save_for_backward(place)
        ctx.shape = x.shape
        return top

    @staticmethod
    def backward(ctx, g):
        (place,) = ctx.saved_tensors
        return g.new_zeros(ctx.shape).scatter(0, place[None], g[None])


class LargestByStride(Largest):
    @staticmethod
    def forward(ctx, x):
        return Largest.forward(ctx, torch.as_strided(x, x.shape, (x.shape[1], 1)) if x.stride(0) else x + 1)


def test_check_ties_of_repeated_rows_decide_nothing():
    inputs = {"x": normal(5, 3)}
    right = check_function(Largest.apply, lambda x: x.amax(0), inputs, dtypes=WIDE)
    assert right.ok, str(right)
    assert "which is a tie" in " ".join(str(right).split())
    wrong = check_function(LargestByStride.apply, lambda x: x.amax(0), inputs, dtypes=WIDE)
    assert ("output", "x expanded") in {(one.quantity, one.configuration) for one in wrong.wrong}


def test_bags_of_rows_are_right_where_an_empty_table_would_be_read_beyond_its_end():
    class Bags(Function):
        """Sums of rows of a table, as `embedding_bag` makes them."""

        @staticmethod
        def forward(ctx, table, places, offsets):
            bag = torch.bucketize(torch.arange(len(places)), offsets, right=True) - 1
            ctx.save_for_backward(places, bag)
            ctx.rows = len(table)
            return table.new_zeros(len(offsets), table.shape[1]).index_add_(0, bag, table[places])

        @staticmethod
        def backward(ctx, g):
            places, bag = ctx.saved_tensors
            return g.new_zeros(ctx.rows, g.shape[1]).index_add_(0, places, g[bag]), None, None

    def inputs(rng, rows, width, places, bags):
        offsets = np.sort(rng.integers(0, places, bags))
        offsets[0] = 0
        table = rng.standard_normal((rows, width))
        return {"table": table, "places": rng.integers(0, rows, places), "offsets": offsets}

    def reference(table, places, offsets):
        return F.embedding_bag(places, table, offsets.contiguous(), mode="sum")

    result = check_function(Bags.apply, reference, inputs, dtypes=["float64"], trials=1)
    assert result.ok, str(result)


class RaggedSoftmax(Function):
    """A softmax along each segment of rows; how many rows there are differs from draw to draw."""

    rolled = 0

    @staticmethod
    def forward(ctx, x, offsets):
        y = torch.cat([part.softmax(0) for part in x.tensor_split(offsets[1:-1])])
        ctx.save_for_backward(y, offsets)
        return y

    @classmethod
    def backward(cls, ctx, g):
        y, offsets = ctx.saved_tensors
        segment = torch.bucketize(torch.arange(len(y)), offsets[1:], right=True)
        dot = torch.zeros(len(offsets) - 1, y.shape[1], dtype=y.dtype).index_add_(0, segment, g * y)
        return y * (g - dot.roll(cls.rolled, 0)[segment]), None


class OfTheNextSegment(RaggedSoftmax):
    rolled = 1


def ragged_softmax(x, offsets):
    return torch.cat([part.softmax(0) for part in x.tensor_split(offsets[1:-1])])


def segments(rng, n, d):
    lengths = rng.integers(1, 6, size=n)
    offsets = torch.from_numpy(np.concatenate([[0], np.cumsum(lengths)]))
    return {"x": rng.standard_normal((int(lengths.sum()), d)), "offsets": offsets}


def test_check_draws_of_one_set_may_have_several_shapes():
    options = {"edges": False, "dtypes": ["float64"]}
    result = check_function(RaggedSoftmax.apply, ragged_softmax, segments, **options)
    assert result.ok, str(result)
    wrong = check_function(OfTheNextSegment.apply, ragged_softmax, segments, **options)
    assert {one.quantity for one in wrong.wrong} == {"gradient of x"}


class WeightedMean(Function):
    """Of no rows at all it is 0/0."""

    @staticmethod
    def forward(ctx, x, w):
        total = w.sum()
        mean = (w[:, None] * x).sum(0) / total
        ctx.save_for_backward(x, w, mean, total)
        return mean

    @staticmethod
    def backward(ctx, g):
        x, w, mean, total = ctx.saved_tensors
        return w[:, None] * g / total, ((x - mean) * g).sum(1) / total


class OneOfNothing(WeightedMean):
    @staticmethod
    def forward(ctx, x, w):
        mean = WeightedMean.forward(ctx, x, w)
        return mean if len(x) else torch.ones_like(mean)


def weighted_mean(x, w):
    return (w / w.sum()) @ x


def rows(n, d):
    return {"x": normal(n, d), "w": uniform(0.5, 2.0, (n,))}


def test_check_quotient_of_no_rows_is_a_convention():
    result = check_function(WeightedMean.apply, weighted_mean, rows, dtypes=["float64"])
    assert result.ok, str(result)
    assert "for n = 0 its output is NaN" in str(result)
    wrong = check_function(OneOfNothing.apply, weighted_mean, rows, dtypes=["float64"])
    assert {(one.quantity, one.configuration) for one in wrong.wrong} == {("output", "n = 0")}
