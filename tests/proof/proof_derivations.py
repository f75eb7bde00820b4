"""Derivations that the prover is measured on: a torch loss of one trial, and its hand-derived gradients in NumPy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from gradproof.aten.recording import record
from gradproof.proof.expressions.array import ExactArray, symbols
from gradproof.proof.expressions.branches import trace
from gradproof.proof.expressions.expression import Graph

Values = dict[str, Any]


@dataclass(frozen=True)
class Derivation:
    """`loss` of tensors by name, `backward` of arrays by name, and the leaves' shapes."""

    name: str
    loss: Callable[..., torch.Tensor]
    backward: Callable[..., Values]
    shapes: dict[str, tuple[int, ...]]

    def pairs(self, graph: Graph) -> dict[str, tuple[ExactArray, ExactArray]]:
        """(autograd's gradient, the hand-derived one) by leaf, as exact expressions."""
        leaves = {name: symbols(graph, name, shape) for name, shape in self.shapes.items()}
        manual = trace(graph, self.backward, **leaves)
        truth = self.autograd(leaves, tuple(manual))
        return {name: (truth[name], manual[name]) for name in manual}

    def autograd(self, leaves: Values, wanted: tuple[str, ...]) -> Values:
        """What autograd records for the wanted gradients, run on any arrays."""
        names = list(self.shapes)

        def gradients(*tensors: torch.Tensor) -> tuple[torch.Tensor, ...]:
            tensors = tuple(t.detach().requires_grad_() for t in tensors)
            loss = self.loss(**dict(zip(names, tensors, strict=True)))
            return torch.autograd.grad(loss, [tensors[names.index(name)] for name in wanted])

        generator = torch.Generator().manual_seed(1)
        sample = [torch.randn(shape, generator=generator, dtype=torch.float64) for shape in self.shapes.values()]
        results = record(gradients, *sample).run([leaves[name] for name in names])
        return dict(zip(wanted, results, strict=True))


def softmax(z: Any) -> Any:
    e = np.exp(z - np.max(z, axis=-1, keepdims=True))
    return e / np.sum(e, axis=-1, keepdims=True)


def sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def mlp_loss(X, W1, b1, W2, b2, T):
    return -(T * torch.log_softmax(torch.relu(X @ W1 + b1) @ W2 + b2, dim=-1)).sum() / X.shape[0]


def mlp_backward(X, W1, b1, W2, b2, T):
    Z1 = X @ W1 + b1
    A1 = np.maximum(Z1, 0)
    S = softmax(A1 @ W2 + b2)
    dZ2 = (S * np.sum(T, axis=-1, keepdims=True) - T) / X.shape[0]
    dZ1 = (dZ2 @ W2.T) * (Z1 > 0)
    return {"W2": A1.T @ dZ2, "b2": dZ2.sum(axis=0), "W1": X.T @ dZ1, "b1": dZ1.sum(axis=0), "X": dZ1 @ W1.T}


def layernorm_loss(x, g, b, G):
    return (G * torch.nn.functional.layer_norm(x, x.shape, g, b)).sum()


def layernorm_backward(x, g, b, G):
    n = x.shape[-1]
    mean = np.mean(x)
    scale = 1 / np.sqrt(np.var(x) + 1e-5)
    centred = (x - mean) * scale
    d = G * g
    return {"g": G * centred, "b": G, "x": scale / n * (n * d - np.sum(d) - centred * np.sum(d * centred))}


def batchnorm_loss(x, g, b, G):
    return (G * torch.nn.functional.batch_norm(x, None, None, g, b, training=True)).sum()


def batchnorm_backward(x, g, b, G):
    n = x.shape[0]
    centred = x - x.mean(axis=0)
    scale = 1 / np.sqrt(x.var(axis=0) + 1e-5)
    normal = centred * scale
    dg = (G * normal).sum(axis=0)
    db = G.sum(axis=0)
    return {"g": dg, "b": db, "x": g * scale / n * (n * G - db - normal * dg)}


def attention_loss(Q, K, V, G):
    return (G * (torch.softmax(Q @ K.T / 2.0, dim=-1) @ V)).sum()


def attention_backward(Q, K, V, G):
    S = softmax(Q @ K.T / 2.0)
    dS = G @ V.T
    dZ = S * (dS - np.sum(dS * S, axis=-1, keepdims=True))
    return {"V": S.T @ G, "Q": dZ @ K / 2.0, "K": dZ.T @ Q / 2.0}


def lstm_loss(x, h, c, W, b, G):
    i, f, g, o = (torch.cat([x, h]) @ W + b).chunk(4)
    state = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    return (G * torch.sigmoid(o) * torch.tanh(state)).sum()


def lstm_backward(x, h, c, W, b, G):
    u = np.concatenate([x, h])
    i, f, g, o = np.split(u @ W + b, 4)
    i, f, g, o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
    t = np.tanh(f * c + i * g)
    dc = G * o * (1 - t**2)
    dz = np.concatenate([dc * g * i * (1 - i), dc * c * f * (1 - f), dc * i * (1 - g**2), G * t * o * (1 - o)])
    return {"W": np.outer(u, dz), "b": dz, "c": dc * f, "x": (W @ dz)[: len(x)], "h": (W @ dz)[len(x) :]}


MLP = Derivation(
    "mlp", mlp_loss, mlp_backward, {"X": (4, 4), "W1": (4, 8), "b1": (8,), "W2": (8, 4), "b2": (4,), "T": (4, 4)}
)
LAYERNORM = Derivation("layernorm", layernorm_loss, layernorm_backward, {"x": (4,), "g": (4,), "b": (4,), "G": (4,)})
BATCHNORM = Derivation(
    "batchnorm", batchnorm_loss, batchnorm_backward, {"x": (4, 3), "g": (3,), "b": (3,), "G": (4, 3)}
)
ATTENTION = Derivation(
    "attention", attention_loss, attention_backward, {"Q": (4, 4), "K": (4, 4), "V": (4, 4), "G": (4, 4)}
)
LSTM = Derivation(
    "lstm", lstm_loss, lstm_backward, {"x": (2,), "h": (2,), "c": (2,), "W": (4, 8), "b": (8,), "G": (2,)}
)
DERIVATIONS = (MLP, LAYERNORM, BATCHNORM, ATTENTION, LSTM)
