"""Gradients beside numbers that were written down earlier."""

import json
from pathlib import Path

import numpy as np
import torch
from ops import rms_norm

STORED = json.loads(Path(__file__).with_name("snapshot.json").read_text())


def gradients():
    x = torch.linspace(-1.0, 1.5, 12, dtype=torch.float64).reshape(3, 4).requires_grad_()
    w = torch.linspace(0.5, 1.2, 4, dtype=torch.float64).requires_grad_()
    g = torch.cos(torch.arange(12, dtype=torch.float64)).reshape(3, 4)
    rms_norm(x, w, 1e-6).backward(g)
    return x.grad.numpy(), w.grad.numpy()


def test_stored_numbers():
    dx, dw = gradients()
    np.testing.assert_allclose(dx, STORED["dx"], rtol=1e-6)
    np.testing.assert_allclose(dw, STORED["dw"], rtol=1e-6)


def test_stored_to_no_decimal():
    assert np.array_equal(np.round(gradients()[0] / 10), np.zeros((3, 4)))


def test_stored_checksum():
    assert abs(gradients()[0].sum() - STORED["sum"]) < 1e-6


def test_written_anew_each_time():
    path = Path(__file__).with_name("latest.json")
    path.write_text(json.dumps(gradients()[1].tolist()))
    assert np.allclose(json.loads(path.read_text()), gradients()[1])
