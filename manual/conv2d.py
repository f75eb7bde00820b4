"""A two-dimensional convolution with stride and padding and its backward pass, as two functions with a cache.

As everywhere in deep learning the kernel is not flipped: it is a cross-correlation.

    x (batch, in, height, width)    w (out, in, kh, kw)    b (out,)    y (batch, out, rows, columns)

Source: V. Dumoulin, F. Visin, "A guide to convolution arithmetic for deep learning", arXiv:1603.07285, section 2;
torch.nn.Conv2d for the order of the axes.
"""

import numpy as np


def conv_forward(x, w, b, stride, padding):
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, w.shape[2:], axis=(2, 3))
    windows = windows[:, :, ::stride, ::stride]  # (batch, in, rows, columns, kh, kw)
    y = np.einsum("ncijuv,ocuv->noij", windows, w) + b[:, None, None]
    return y, (x, w, windows, stride, padding)


def conv_backward(dy, cache):
    x, w, windows, stride, padding = cache
    batch, channels, height, width = x.shape
    _, _, kh, kw = w.shape
    db = dy.sum(axis=(0, 2, 3))
    dw = np.einsum("noij,ncijuv->ocuv", dy, windows)
    dwindows = np.einsum("noij,ocuv->ncijuv", dy, w)
    dpadded = np.zeros((batch, channels, height + 2 * padding, width + 2 * padding), dtype=x.dtype)
    for i in range(dy.shape[2]):
        for j in range(dy.shape[3]):
            top, left = i * stride, j * stride
            dpadded[:, :, top : top + kh, left : left + kw] += dwindows[:, :, i, j]
    dx = dpadded[:, :, padding : padding + height, padding : padding + width]
    return dx, dw, db
