"""A two-dimensional convolution with stride and padding and its backward pass, as two functions with a cache.

As everywhere in deep learning the kernel is not flipped: it is a cross-correlation.

    x (batch, in, height, width)    w (out, in, kh, kw)    b (out,)    y (batch, out, rows, columns)

Source: V. Dumoulin, F. Visin, "A guide to convolution arithmetic for deep learning", arXiv:1603.07285, section 2;
torch.nn.Conv2d for the order of the axes.
"""

import numpy as np


def conv_forward(x, w, b, stride, padding):
    batch, _, height, width = x.shape
    out, _, kh, kw = w.shape
    rows = (height + 2 * padding - kh) // stride + 1
    columns = (width + 2 * padding - kw) // stride + 1
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    y = np.zeros((batch, out, rows, columns), dtype=x.dtype)
    for i in range(rows):
        for j in range(columns):
            window = padded[:, :, i * stride : i * stride + kh, j * stride : j * stride + kw]
            y[:, :, i, j] = np.einsum("ncuv,ocuv->no", window, w) + b
    return y, (x, w, stride, padding)


def conv_backward(dy, cache):
    x, w, stride, padding = cache
    _, _, rows, columns = dy.shape
    _, _, kh, kw = w.shape
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    dpadded, dw = np.zeros_like(padded), np.zeros_like(w)
    for i in range(rows):
        for j in range(columns):
            down, right = slice(i * stride, i * stride + kh), slice(j * stride, j * stride + kw)
            dw += np.einsum("no,ncuv->ocuv", dy[:, :, i, j], padded[:, :, down, right])
            dpadded[:, :, down, right] += np.einsum("no,ocuv->ncuv", dy[:, :, i, j], w)
    dx = dpadded[:, :, padding : padding + x.shape[2], padding : padding + x.shape[3]]
    db = dy.sum(axis=(0, 2, 3))
    return dx, dw, db
