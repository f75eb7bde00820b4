"""The optimizer's state before a step is drawn, that after it is judged: both by what torch.optim does alone."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from gradproof import Reference, constant, crosscheck, integers, log_uniform, normal, uniform
from gradproof.check.case import make_case
from gradproof.errors import GradproofError
from gradproof.trials.draws import Block
from gradproof.truth.binding import Binding
from gradproof.truth.sources import Leaf, Updated
from gradproof.truth.truth import Truth


class Layer(nn.Module):
    """X (3,) -> loss."""

    def __init__(self):
        super().__init__()
        self.W, self.b = nn.Parameter(torch.zeros(2, 3)), nn.Parameter(torch.zeros(2))

    def forward(self, X):
        return torch.tanh(self.W @ X + self.b).sum()


RATE, DECAY = log_uniform(1e-2, 1.0), log_uniform(1e-2, 1.0)
POSITIVE, COUNT = uniform(0.1, 1.0), integers(0, 9)
BETAS = (uniform(0.5, 0.95), uniform(0.5, 0.999, symbol="rho"))
SETTINGS = {
    "sgd": (
        torch.optim.SGD,
        {"lr": RATE, "momentum": uniform(0.5, 0.95), "dampening": uniform(0.1, 0.5), "weight_decay": DECAY},
        {"momentum_buffer": normal()},
    ),
    "nesterov": (
        torch.optim.SGD,
        {"lr": RATE, "momentum": uniform(0.5, 0.95), "nesterov": True, "maximize": True},
        {"momentum_buffer": normal()},
    ),
    "rmsprop": (
        torch.optim.RMSprop,
        {"lr": RATE, "alpha": uniform(0.5, 0.95), "eps": RATE, "weight_decay": DECAY},
        {"square_avg": POSITIVE, "step": COUNT},
    ),
    "rmsprop centred": (
        torch.optim.RMSprop,
        {"lr": RATE, "momentum": uniform(0.5, 0.95), "centered": True},
        {"square_avg": uniform(1.0, 2.0), "grad_avg": uniform(0.0, 0.5), "momentum_buffer": normal()},
    ),
    "adagrad": (
        torch.optim.Adagrad,
        {"lr": RATE, "lr_decay": DECAY, "eps": RATE, "weight_decay": 0.25},
        {"sum": POSITIVE, "step": COUNT},
    ),
    "adam": (
        torch.optim.Adam,
        {"lr": RATE, "betas": BETAS, "eps": RATE, "weight_decay": DECAY},
        {"exp_avg": normal(), "exp_avg_sq": POSITIVE, "step": COUNT},
    ),
    "adam with amsgrad": (
        torch.optim.Adam,
        {"lr": 0.25, "betas": (0.75, 0.875), "amsgrad": True},
        {"exp_avg": normal(), "exp_avg_sq": POSITIVE, "max_exp_avg_sq": POSITIVE, "step": 3},
    ),
    "adamw": (
        torch.optim.AdamW,
        {"lr": RATE, "betas": (0.75, 0.875), "weight_decay": DECAY},
        {"exp_avg": normal(), "exp_avg_sq": POSITIVE, "step": COUNT},
    ),
    "adadelta": (torch.optim.Adadelta, {"lr": RATE, "rho": 0.75}, {"square_avg": POSITIVE, "acc_delta": POSITIVE}),
    "nadam": (
        torch.optim.NAdam,
        {"lr": RATE},
        {"exp_avg": normal(), "exp_avg_sq": POSITIVE, "mu_product": POSITIVE, "step": COUNT},
    ),
}


def reference(name="adam", **changes):
    factory, hyperparameters, state = SETTINGS[name]
    settings = {"optimizer": factory, "hyperparameters": hyperparameters, "state": state, **changes}
    return Reference(Layer, {"X": normal(3)}, **settings)


def truth_of(reference, names, dtype="float64", count=6):
    case = make_case([], reference, dtype=dtype)
    draws = case.draw(Block(0, 0, count), 0)
    truth = Truth(case.bindings[0], names, dtype)
    return truth, draws, truth.evaluate(draws)


def alone(reference, draws, trial):
    """One trial as anybody would write it: a model, an optimizer whose state is loaded, backward, step."""
    dtype = torch.from_numpy(draws["W"]).dtype
    model = Layer().to(dtype)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.copy_(torch.from_numpy(draws[name][trial]))

    def number(path, value):
        return float(draws[path][trial]) if path in draws else value

    settings = {
        name: tuple(number(f"{name}[{k}]", part) for k, part in enumerate(value))
        if isinstance(value, tuple)
        else number(name, value)
        for name, value in reference.hyperparameters.items()
    }
    optimizer = reference.optimizer(model.parameters(), **settings)
    for name, parameter in model.named_parameters():
        state = {key: torch.tensor(draws[f"{name}.{key}"][trial]) for key in reference.state if key != "step"}
        state["step"] = torch.tensor(float(draws["step"][trial]) if "step" in draws else 0.0)
        optimizer.state[parameter] = state
    model(torch.from_numpy(draws["X"][trial])).backward()
    optimizer.step()
    return {
        **{f"{name}_new": value.detach().numpy() for name, value in model.named_parameters()},
        **{
            f"{key}_{name}_new": optimizer.state[value][key].numpy()
            for name, value in model.named_parameters()
            for key in reference.state
            if key != "step"
        },
        "step_new": optimizer.state[model.W]["step"].numpy(),
    }


def after(reference):
    state = [key for key in reference.state if key != "step"]
    names = ["W_new", "b_new", *(f"{key}_{name}_new" for key in state for name in "Wb")]
    return [*names, "step_new"] if "step" in reference.state else names


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", SETTINGS)
def test_evaluate_with_state_gives_what_each_trial_gives_alone(name, dtype):
    case = reference(name)
    truth, draws, values = truth_of(case, after(case), dtype)
    assert truth.steps_batched
    tolerance = 32 * np.finfo(dtype).eps
    for trial in range(6):
        expected = alone(case, draws, trial)
        for key in after(case):
            assert values[key].dtype == dtype
            np.testing.assert_allclose(
                values[key][trial], expected[key], rtol=tolerance, atol=tolerance, err_msg=f"{key} of trial {trial}"
            )


def test_evaluate_of_an_optimizer_that_cannot_be_batched_steps_trial_by_trial():
    class Normed(torch.optim.SGD):
        """Its step depends on the norm of all of a parameter's gradient."""

        def step(self, closure=None):
            for group in self.param_groups:
                for parameter in group["params"]:
                    parameter.grad /= parameter.grad.norm()
            return super().step(closure)

    case = reference("sgd", optimizer=Normed)
    truth, draws, values = truth_of(case, after(case))
    assert not truth.steps_batched
    for trial in range(6):
        for key, expected in alone(case, draws, trial).items():
            if key in values:
                np.testing.assert_allclose(values[key][trial], expected, rtol=1e-13, atol=1e-14)


def test_evaluate_where_a_branch_differs_between_trials_steps_trial_by_trial():
    hyperparameters = {"lr": RATE, "momentum": 0.5, "weight_decay": integers(0, 2)}
    case = reference("sgd", hyperparameters=hyperparameters)
    truth, draws, values = truth_of(case, ["W_new"], count=40)
    assert set(draws["weight_decay"]) == {0, 1}
    assert not truth.steps_batched
    np.testing.assert_allclose(values["W_new"][7], alone(case, draws, 7)["W_new"], rtol=1e-13)


def test_trajectory_goes_on_where_trials_take_different_branches_later():
    class Halting(torch.optim.SGD):
        """Stands still from the fourth step on."""

        def step(self, closure=None):
            for group in self.param_groups:
                for parameter in group["params"]:
                    state = self.state[parameter]
                    state["step"] = state.get("step", torch.tensor(0.0)) + 1
                    if state["step"].item() > 3:
                        parameter.grad = torch.zeros_like(parameter)
            return super().step(closure)

    def W_new(W, lr, dLoss_dW, step_new):
        return W - lr * dLoss_dW * (step_new <= 3)

    def b_new(b, lr, dLoss_db, step_new):
        return b - lr * dLoss_db * (step_new <= 3)

    case = reference(optimizer=Halting, hyperparameters={"lr": RATE}, state={"step": integers(0, 2)})
    result = crosscheck([dLoss_dW, dLoss_db, step_new, W_new, b_new], case, trials=100, steps=6, repair=False)
    assert not result.wrong
    assert not result.checked.truths[0].steps_batched
    assert result.trajectory.max_difference[-1] < 1e-12


def test_evaluate_leaves_the_gradient_as_it_was():
    case = reference("sgd", hyperparameters={"lr": RATE, "momentum": 0.5, "weight_decay": DECAY, "maximize": True})
    _, draws, values = truth_of(case, ["dLoss_db", "b_new"])
    Z = np.einsum("nij,nj->ni", draws["W"], draws["X"]) + draws["b"]
    np.testing.assert_allclose(values["dLoss_db"], 1 - np.tanh(Z) ** 2, rtol=1e-10)


# Names ------------------------------------------------------------------------------------------------------------


def bind(*args, **changes):
    return Binding(reference(*args, **changes), "reference/layer.py", torch.float64)


def test_find_names_state_by_default_and_by_symbol():
    binding = bind(symbols={"m": "W.exp_avg", "v1": "b.exp_avg_sq[1]", "w": "W[0, 2]", "beta": "betas[0]"})
    assert binding.find("exp_avg_b") == Leaf("b.exp_avg")
    assert binding.find("exp_avg_b_new") == Updated("b.exp_avg")
    assert binding.find("m") == Leaf("W.exp_avg")
    assert binding.find("m_new") == Updated("W.exp_avg")
    assert binding.find("exp_avg_W") is None
    assert binding.find("v1") == Leaf("b.exp_avg_sq", (1,))
    assert binding.find("v1_new") == Updated("b.exp_avg_sq", (1,))
    assert binding.find("exp_avg_w") == Leaf("W.exp_avg", (0, 2))
    assert binding.find("step") == Leaf("step")
    assert binding.find("step_new") == Updated("step")
    assert binding.find("beta1") == Leaf("betas[0]") == binding.find("beta")
    assert binding.find("rho") == Leaf("betas[1]")
    assert binding.find("beta2") is None
    assert binding.leaves["b.exp_avg_sq"].shape == (2,)


def test_find_names_state_by_the_symbol_of_its_distribution():
    state = {"exp_avg": normal(symbol="m"), "exp_avg_sq": uniform(0.1, 1, symbol="v"), "step": constant(3, symbol="t")}
    binding = bind(state=state)
    assert binding.find("m_W") == Leaf("W.exp_avg")
    assert binding.find("v_b_new") == Updated("b.exp_avg_sq")
    assert binding.find("t_new") == Updated("step")
    assert binding.find("step") is None


def test_step_that_is_drawn_is_a_whole_number_among_reals():
    _, draws, values = truth_of(reference(), ["step", "step_new"], count=50)
    assert draws["step"].dtype == np.float64
    assert set(draws["step"]) == set(range(9))
    np.testing.assert_array_equal(values["step_new"], draws["step"] + 1)


def test_fresh_optimizer_has_no_state_to_name():
    binding = bind(state={})
    assert binding.find("exp_avg_W") is None
    assert binding.find("W_new") == Updated("W")


@pytest.mark.parametrize(
    ("name", "changes", "words"),
    [
        ("adam", {"state": {"exp_avg": normal()}}, ["gives exp_avg, but Adam also keeps exp_avg_sq", "zeros as 0.0"]),
        ("adam", {"state": {"exp_av": 0.0}}, ["names 'exp_av', which Adam", "did you mean exp_avg", "it has: step, "]),
        ("sgd", {"hyperparameters": {"lr": 0.1}}, ["'momentum_buffer', which SGD with these hyper", "it has none"]),
        ("adam", {"state": {"exp_avg": normal(3)}}, ["'exp_avg' is", "without a shape"]),
        ("adam", {"state": {"exp_avg": "zeros"}}, ["'exp_avg' is 'zeros'", "uniform(0.1, 1.0)"]),
        ("adam", {"optimizer": None, "hyperparameters": {}}, ["belongs to an optimizer"]),
        ("adam", {"state": {"exp_avg": 0.0, "exp_avg_sq": 0.0, "step": 1.5}}, ["'step' is how many steps", "not 1.5"]),
        ("adam", {"state": {"exp_avg": 0.0, "exp_avg_sq": 0.0, "step": normal()}}, ["integers(0, 9)"]),
        ("adam", {"hyperparameters": {"lr": -1.0}}, ["the optimizer cannot be made", "Invalid learning rate"]),
        ("adam", {"symbols": {"m": "W.exp_avgs"}}, ["'W.exp_avgs' names nothing", "did you mean W.exp_avg"]),
    ],
)
def test_state_mistake_says_what_the_optimizer_has(name, changes, words):
    with pytest.raises(GradproofError) as caught:
        bind(name, **changes)
    for word in words:
        assert word in str(caught.value)


# Judging ----------------------------------------------------------------------------------------------------------


def dLoss_dW(W, X, b):
    return np.outer(1 - np.tanh(W @ X + b) ** 2, X)


def dLoss_db(W, X, b):
    return 1 - np.tanh(W @ X + b) ** 2


def step_new(step):
    return step + 1


def exp_avg_W_new(exp_avg_W, beta1, dLoss_dW):
    return beta1 * exp_avg_W + (1 - beta1) * dLoss_dW


def exp_avg_sq_W_new(exp_avg_sq_W, rho, dLoss_dW):
    return rho * exp_avg_sq_W + (1 - rho) * dLoss_dW**2


def W_new(W, lr, eps, beta1, rho, exp_avg_W_new, exp_avg_sq_W_new, step_new):
    rate = lr / (1 - beta1**step_new)
    return W - rate * exp_avg_W_new / (np.sqrt(exp_avg_sq_W_new / (1 - rho**step_new)) + eps)


def exp_avg_b_new(exp_avg_b, beta1, dLoss_db):
    return beta1 * exp_avg_b + (1 - beta1) * dLoss_db


def exp_avg_sq_b_new(exp_avg_sq_b, rho, dLoss_db):
    return rho * exp_avg_sq_b + (1 - rho) * dLoss_db**2


def b_new(b, lr, eps, beta1, rho, exp_avg_b_new, exp_avg_sq_b_new, step_new):
    rate = lr / (1 - beta1**step_new)
    return b - rate * exp_avg_b_new / (np.sqrt(exp_avg_sq_b_new / (1 - rho**step_new)) + eps)


EQUATIONS = [
    dLoss_dW, dLoss_db, step_new, exp_avg_W_new, exp_avg_sq_W_new, W_new, exp_avg_b_new, exp_avg_sq_b_new, b_new,
]  # fmt: skip
PLAIN = reference(hyperparameters={"lr": RATE, "betas": BETAS, "eps": RATE})


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_crosscheck_accepts_adam_within_rigorous_bounds(dtype):
    result = crosscheck(EQUATIONS, PLAIN, trials=2000, dtype=dtype)
    assert {one.verdict for one in result.results} == {"agrees"}
    assert "sampled" not in {one.bound_kind for one in result.results}


def test_crosscheck_catches_the_old_state_in_place_of_the_new():
    def W_new(W, lr, eps, beta1, rho, exp_avg_W, exp_avg_sq_W_new, step_new):
        rate = lr / (1 - beta1**step_new)
        return W - rate * exp_avg_W / (np.sqrt(exp_avg_sq_W_new / (1 - rho**step_new)) + eps)

    result = crosscheck([*(e for e in EQUATIONS if e.__name__ != "W_new"), W_new], PLAIN, trials=100, repair=False)
    assert {one.equation for one in result.results if one.verdict != "agrees"} == {"W_new"}


def test_trajectory_carries_the_state_along():
    result = crosscheck(EQUATIONS, PLAIN, trials=100, steps=30, repair=False)
    assert result.trajectory.max_difference[-1] < 1e-8


def test_trajectory_parts_where_the_state_is_not_carried_along():
    def step_new(step):
        return step + 2

    wrong = [step_new if e.__name__ == "step_new" else e for e in EQUATIONS]
    result = crosscheck(wrong, PLAIN, trials=100, steps=30, repair=False)
    assert result.trajectory.max_difference[-1] > 1e-3


def test_trajectory_without_an_update_of_state_that_is_read_is_refused():
    def b_new(b, lr, eps, beta1, rho, exp_avg_b, exp_avg_sq_b_new, step_new):
        return b - lr * exp_avg_b

    some = [e for e in EQUATIONS if e.__name__ not in ("b_new", "exp_avg_b_new")]
    with pytest.raises(GradproofError, match=r"all optimizer state that is read.*b\.exp_avg"):
        crosscheck([*some, b_new], PLAIN, trials=100, steps=3, repair=False)
