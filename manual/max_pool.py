"""Max pooling of images and its backward pass, as a class that keeps its input.

    x (batch, channels, height, width)    y (batch, channels, rows, columns)

The gradient of a window's greatest entry goes to the place where it stands, the first one of several that are equal.

Source: I. Goodfellow, Y. Bengio, A. Courville, "Deep Learning", MIT Press 2016, section 9.3; torch.nn.MaxPool2d.
"""

import numpy as np


class MaxPool:
    def __init__(self, size, stride):
        self.size, self.stride = size, stride

    def windows(self, x):
        """(batch, channels, rows, columns, size * size): the entries of each window side by side, as a copy."""
        view = np.lib.stride_tricks.sliding_window_view(x, (self.size, self.size), axis=(2, 3))
        view = view[:, :, :: self.stride, :: self.stride]
        return view.reshape(*view.shape[:4], -1)

    def forward(self, x):
        self.x = x
        return self.windows(x).max(axis=-1)

    def backward(self, dy):
        places = self.windows(self.x).argmax(axis=-1)
        dx = np.zeros_like(self.x)
        for i in range(dy.shape[2]):
            for j in range(dy.shape[3]):
                for k in range(self.size * self.size):
                    row, column = i * self.stride + k // self.size, j * self.stride + k % self.size
                    dx[:, :, row, column] += dy[:, :, i, j] * (places[:, :, i, j] == k)
        return dx
