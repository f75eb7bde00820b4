"""Classes with forward and backward: lists of parameters, dicts of gradients, layers that hold layers."""

from strangers.spec import Case, Mistake

CASES = (
    Case(
        "sigmoid_layer",
        '''
class Sigmoid:
    def __init__(self):
        self.params, self.grads = [], []
        self.out = None

    def forward(self, x):
        out = 1 / (1 + np.exp(-x))
        self.out = out
        return out

    def backward(self, dout):
        dx = dout * (1.0 - self.out) * self.out
        return dx
''',
        '''
reference = Reference(model=nn.Sigmoid, inputs={"input": normal(5, 3)}, symbols={"x": "input"})
code = Code("Sigmoid.forward", "Sigmoid.backward")
''',
        (
            Mistake("square for product", "(1.0 - self.out) * self.out", "(1.0 - self.out) * self.out ** 2"),
            Mistake("upstream forgotten", "dout * (1.0 - self.out)", "(1.0 - self.out)"),
            Mistake("the input saved for the output", "self.out = out", "self.out = x", ("dx = dout",)),
        ),
    ),
    Case(
        "affine_params_list",
        '''
class Affine:
    def __init__(self, W, b):
        self.params = [W, b]
        self.grads = [np.zeros_like(W), np.zeros_like(b)]
        self.x = None

    def forward(self, x):
        W, b = self.params
        out = np.dot(x, W) + b
        self.x = x
        return out

    def backward(self, dout):
        W, b = self.params
        dx = np.dot(dout, W.T)
        dW = np.dot(self.x.T, dout)
        db = np.sum(dout, axis=0)
        self.grads[0][...] = dW
        self.grads[1][...] = db
        return dx
''',
        '''
class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.W, self.b = nn.Parameter(torch.empty(4, 3)), nn.Parameter(torch.empty(3))

    def forward(self, x):
        return x @ self.W + self.b


reference = Reference(model=Model, inputs={"x": normal(5, 4)})
code = Code(
    "Affine.forward", "Affine.backward", constructor={"W": np.ones((4, 3)), "b": np.ones(3)}, results=("dLoss_dx",)
)
''',
        (
            Mistake("mean for sum", "db = np.sum(dout, axis=0)", "db = np.mean(dout, axis=0)"),
            Mistake("gradient stored as the other", "self.grads[0][...] = dW", "self.grads[0][...] = W"),
            Mistake("averaged", "dW = np.dot(self.x.T, dout)", "dW = np.dot(self.x.T, dout) / len(dout)"),
        ),
    ),
    Case(
        "two_layer_net_of_layers",
        '''
class Affine:
    def __init__(self, W, b):
        self.W, self.b = W, b
        self.x = None
        self.dW = None
        self.db = None

    def forward(self, x):
        self.x = x
        return np.dot(x, self.W) + self.b

    def backward(self, dout):
        dx = np.dot(dout, self.W.T)
        self.dW = np.dot(self.x.T, dout)
        self.db = np.sum(dout, axis=0)
        return dx


class Relu:
    def __init__(self):
        self.mask = None

    def forward(self, x):
        self.mask = (x <= 0)
        out = x.copy()
        out[self.mask] = 0
        return out

    def backward(self, dout):
        dout[self.mask] = 0
        return dout


def softmax(x):
    x = x - np.max(x, axis=-1, keepdims=True)
    return np.exp(x) / np.sum(np.exp(x), axis=-1, keepdims=True)


class SoftmaxWithLoss:
    def __init__(self):
        self.y, self.t = None, None

    def forward(self, x, t):
        self.t = t
        self.y = softmax(x)
        return -np.sum(np.log(self.y[np.arange(len(t)), t])) / len(t)

    def backward(self, dout=1):
        batch_size = self.t.shape[0]
        dx = self.y.copy()
        dx[np.arange(batch_size), self.t] -= 1
        dx = dx / batch_size
        return dx * dout


class TwoLayerNet:
    def __init__(self, W1, b1, W2, b2):
        self.params = {"W1": W1, "b1": b1, "W2": W2, "b2": b2}
        self.layers = {}
        self.layers["Affine1"] = Affine(self.params["W1"], self.params["b1"])
        self.layers["Relu1"] = Relu()
        self.layers["Affine2"] = Affine(self.params["W2"], self.params["b2"])
        self.lastLayer = SoftmaxWithLoss()

    def predict(self, x):
        for layer in self.layers.values():
            x = layer.forward(x)
        return x

    def loss(self, x, t):
        y = self.predict(x)
        return self.lastLayer.forward(y, t)

    def gradient(self, x, t):
        self.loss(x, t)
        dout = 1
        dout = self.lastLayer.backward(dout)
        layers = list(self.layers.values())
        layers.reverse()
        for layer in layers:
            dout = layer.backward(dout)
        grads = {}
        grads["W1"], grads["b1"] = self.layers["Affine1"].dW, self.layers["Affine1"].db
        grads["W2"], grads["b2"] = self.layers["Affine2"].dW, self.layers["Affine2"].db
        return grads
''',
        '''
class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.W1, self.b1 = nn.Parameter(torch.empty(4, 6)), nn.Parameter(torch.empty(6))
        self.W2, self.b2 = nn.Parameter(torch.empty(6, 3)), nn.Parameter(torch.empty(3))

    def forward(self, x, t):
        return F.cross_entropy(torch.relu(x @ self.W1 + self.b1) @ self.W2 + self.b2, t)


reference = Reference(model=Model, inputs={"x": normal(5, 4), "t": integers(0, 3, (5,))})
code = Code(
    "TwoLayerNet.loss",
    "TwoLayerNet.gradient",
    constructor={"W1": np.ones((4, 6)), "b1": np.ones(6), "W2": np.ones((6, 3)), "b2": np.ones(3)},
)
''',
        (
            Mistake("batch mean forgotten", "dx = dx / batch_size", "dx = dx / 1"),
            Mistake("mask the wrong way", "self.mask = (x <= 0)", "self.mask = (x > 0)", ("out[self.mask]",)),
            Mistake("averaged again", "self.dW = np.dot(self.x.T, dout)",
                    "self.dW = np.dot(self.x.T, dout) / len(dout)"),
            Mistake("the other layer's gradient", 'self.layers["Affine2"].dW, self.layers["Affine2"].db',
                    'self.layers["Affine2"].dW, self.layers["Affine2"].b'),
        ),
    ),
    Case(
        "net_with_module_list",
        '''
class Linear:
    def __init__(self, w, b):
        self.w = w
        self.b = b
        self.dw = np.zeros_like(w)
        self.db = np.zeros_like(b)

    def __call__(self, x):
        return self.forward(x)

    def forward(self, x):
        self.x = x
        return x @ self.w.T + self.b

    def backward(self, d):
        self.dw += d.T @ self.x
        self.db += d.sum(axis=0)
        return d @ self.w


class Tanh:
    def __call__(self, x):
        self.y = np.tanh(x)
        return self.y

    def backward(self, d):
        return d * (1 - self.y * self.y)


class Sequential:
    def __init__(self, w1, b1, w2, b2):
        self.layers = [Linear(w1, b1), Tanh(), Linear(w2, b2)]

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return x

    def backward(self, dout):
        for layer in reversed(self.layers):
            dout = layer.backward(dout)
        return dout
''',
        '''
class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Linear(4, 6), nn.Linear(6, 3)

    def forward(self, x):
        return self.b(torch.tanh(self.a(x)))


reference = Reference(
    model=Model,
    inputs={"x": normal(5, 4)},
    symbols={"w1": "a.weight", "b1": "a.bias", "w2": "b.weight", "b2": "b.bias"},
)
code = Code(
    "Sequential.forward",
    "Sequential.backward",
    constructor={"w1": np.ones((6, 4)), "b1": np.ones(6), "w2": np.ones((3, 6)), "b2": np.ones(3)},
    names={
        "self.layers[0].dw": "dLoss_dw1",
        "self.layers[0].db": "dLoss_db1",
        "self.layers[2].dw": "dLoss_dw2",
        "self.layers[2].db": "dLoss_db2",
    },
    results=("dLoss_dx",),
)
''',
        (
            Mistake("square forgotten", "1 - self.y * self.y", "1 - self.y"),
            Mistake("one layer skipped", "for layer in reversed(self.layers):", "for layer in reversed(self.layers[::2]):"),
            Mistake("mean for sum", "self.db += d.sum(axis=0)", "self.db += d.mean(axis=0)"),
        ),
    ),
    Case(
        "dense_accum_grad",
        '''
class Layer:
    trainable = True

    def parameters(self):
        return 0


class Dense(Layer):
    def __init__(self, n_units, input_shape=None):
        self.layer_input = None
        self.n_units = n_units
        self.input_shape = input_shape

    def forward_pass(self, X, training=True):
        self.layer_input = X
        return X.dot(self.W) + self.w0

    def backward_pass(self, accum_grad):
        W = self.W
        if self.trainable:
            grad_w = self.layer_input.T.dot(accum_grad)
            grad_w0 = np.sum(accum_grad, axis=0, keepdims=True)
            self.gW = grad_w
            self.gw0 = grad_w0
        accum_grad = accum_grad.dot(W.T)
        return accum_grad
''',
        '''
class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.W, self.w0 = nn.Parameter(torch.empty(4, 3)), nn.Parameter(torch.empty(1, 3))

    def forward(self, X):
        return X @ self.W + self.w0


reference = Reference(model=Model, inputs={"X": normal(5, 4)})
code = Code(
    "Dense.forward_pass",
    "Dense.backward_pass",
    constructor={"n_units": 3},
    names={"self.W": "W", "self.w0": "w0"},
    results=("dLoss_dX",),
)
''',
        (
            Mistake("wrong axis of the sum kept", "np.sum(accum_grad, axis=0, keepdims=True)",
                    "np.mean(accum_grad, axis=0, keepdims=True)"),
            Mistake("gradient passed on before the weight", "accum_grad = accum_grad.dot(W.T)", "accum_grad = accum_grad.dot(grad_w.T)"),
            Mistake("never stored", "self.gw0 = grad_w0", "self.gw0 = 0 * grad_w0", ("grad_w0 =",)),
        ),
    ),
    Case(
        "leaky_relu_class",
        '''
class LeakyReLU():
    def __init__(self, alpha=0.2):
        self.alpha = alpha

    def __call__(self, x):
        return np.where(x >= 0, x, self.alpha * x)

    def gradient(self, x):
        return np.where(x >= 0, 1, self.alpha)


class Activation:
    def __init__(self):
        self.activation_func = LeakyReLU()

    def forward_pass(self, X):
        self.layer_input = X
        return self.activation_func(X)

    def backward_pass(self, accum_grad):
        return accum_grad * self.activation_func.gradient(self.layer_input)
''',
        '''
reference = Reference(model=lambda: nn.LeakyReLU(0.2), inputs={"input": normal(5, 4)}, symbols={"X": "input"})
code = Code("Activation.forward_pass", "Activation.backward_pass", results=("dLoss_dX",))
''',
        (
            Mistake("upstream forgotten", "return accum_grad * self.activation_func.gradient(self.layer_input)",
                    "return self.activation_func.gradient(self.layer_input)"),
            Mistake("zero below zero", "np.where(x >= 0, 1, self.alpha)", "np.where(x >= 0, 1, 0)"),
        ),
    ),
    Case(
        "elu_inherited",
        '''
class Base:
    def forward(self, z):
        self._z = z
        return self.fn(z)

    def backward(self, dLdy):
        return dLdy * self.grad(self._z)


class ELU(Base):
    def __init__(self, alpha=0.7):
        self.alpha = alpha

    def fn(self, z):
        return np.where(z > 0, z, self.alpha * (np.exp(z) - 1))

    def grad(self, x):
        return np.where(x > 0, np.ones_like(x), self.alpha * np.exp(x))
''',
        '''
reference = Reference(model=lambda: nn.ELU(0.7), inputs={"input": normal(5, 4)}, symbols={"z": "input"})
code = Code("ELU.forward", "ELU.backward", results=("dLoss_dz",))
''',
        (
            Mistake("alpha forgotten", "self.alpha * np.exp(x))", "np.exp(x))"),
            Mistake("the function for its slope", "return dLdy * self.grad(self._z)", "return dLdy * self.fn(self._z)"),
        ),
    ),
    Case(
        "fully_connected_dldy",
        '''
class FullyConnected:
    def __init__(self, n_out, act_fn=None):
        self.n_out = n_out
        self.act_fn = act_fn
        self.X = []
        self.gradients = {}
        self.parameters = {"W": None, "b": None}
        self.is_initialized = False

    def forward(self, X, retain_derived=True):
        Y, Z = self._fwd(X)
        if retain_derived:
            self.X.append(X)
        return Y

    def _fwd(self, X):
        W = self.parameters["W"]
        b = self.parameters["b"]
        Z = X @ W + b
        Y = np.tanh(Z)
        return Y, Z

    def backward(self, dLdy, retain_grads=True):
        if not isinstance(dLdy, list):
            dLdy = [dLdy]
        dX = []
        self.gradients = {"W": 0, "b": 0}
        for dy, x in zip(dLdy, self.X):
            dx, dw, db = self._bwd(dy, x)
            dX.append(dx)
            if retain_grads:
                self.gradients["W"] += dw
                self.gradients["b"] += db
        return dX[0] if len(self.X) == 1 else dX

    def _bwd(self, dLdy, X):
        W = self.parameters["W"]
        b = self.parameters["b"]
        Z = X @ W + b
        dZ = dLdy * (1 - np.tanh(Z) ** 2)
        dX = dZ @ W.T
        dW = X.T @ dZ
        dB = dZ.sum(axis=0, keepdims=True)
        return dX, dW, dB
''',
        '''
class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.W, self.b = nn.Parameter(torch.empty(4, 3)), nn.Parameter(torch.empty(1, 3))

    def forward(self, X):
        return torch.tanh(X @ self.W + self.b)


reference = Reference(model=Model, inputs={"X": normal(5, 4)})
code = Code(
    "FullyConnected.forward",
    "FullyConnected.backward",
    constructor={"n_out": 3},
    names={"self.parameters['W']": "W", "self.parameters['b']": "b"},
    results=("dLoss_dX",),
)
''',
        (
            Mistake("bias forgotten in the recomputation", "        Z = X @ W + b\n        dZ", "        Z = X @ W\n        dZ"),
            Mistake("slope of the sigmoid", "(1 - np.tanh(Z) ** 2)", "np.tanh(Z) * (1 - np.tanh(Z))"),
            Mistake("gradient set, not added", 'self.gradients["b"] += db', 'self.gradients["b"] -= db'),
        ),
    ),
    Case(
        "dropout_layer",
        '''
class Dropout:
    def __init__(self, p):
        self.p = p
        self.mask = None

    def forward(self, x, u, training=True):
        if training:
            self.mask = (u < self.p) / self.p
            return x * self.mask
        return x

    def backward(self, dout):
        dx = dout * self.mask
        return dx
''',
        '''
class Model(nn.Module):
    def forward(self, x, u):
        return x * (u < 0.7).to(x.dtype) / 0.7


reference = Reference(model=Model, inputs={"x": normal(5, 4), "u": uniform(0, 1, (5, 4))})
code = Code("Dropout.forward", "Dropout.backward", constructor={"p": 0.7})
''',
        (
            Mistake("scale forgotten in the backward", "dx = dout * self.mask", "dx = dout * (self.mask > 0)"),
            Mistake("scaled twice", "dx = dout * self.mask", "dx = dout * self.mask / self.p"),
        ),
    ),
    Case(
        "static_loss_class",
        '''
class MSE:
    @staticmethod
    def loss(pred, target):
        return np.mean((pred - target) ** 2)

    @staticmethod
    def dloss(pred, target):
        return 2 * (pred - target) / pred.size


class Huber:
    delta = 0.5

    @classmethod
    def loss(cls, pred, target):
        d = pred - target
        quad = np.minimum(np.abs(d), cls.delta)
        return np.mean(0.5 * quad ** 2 + cls.delta * (np.abs(d) - quad))

    @classmethod
    def grad(cls, pred, target):
        d = pred - target
        return np.where(np.abs(d) <= cls.delta, d, cls.delta * np.sign(d)) / d.size
''',
        '''
reference = Reference(
    model=lambda: nn.HuberLoss(delta=0.5),
    inputs={"input": normal(5, 3), "target": normal(5, 3)},
    symbols={"pred": "input"},
)
code = Code("Huber.loss", "Huber.grad", results=("dLoss_dpred",))
''',
        (
            Mistake("sign forgotten", "cls.delta * np.sign(d))", "cls.delta * d)"),
            Mistake("divided by the rows only", "np.sign(d)) / d.size", "np.sign(d)) / len(d)"),
            Mistake("minus", "return np.where(np.abs(d)", "return -np.where(np.abs(d)"),
        ),
    ),
    Case(
        "class_with_optimizer",
        '''
class SGD:
    def __init__(self, lr, momentum):
        self.lr, self.momentum = lr, momentum
        self.v = None

    def update(self, w, grad):
        if self.v is None:
            self.v = np.zeros_like(w)
        self.v = self.momentum * self.v + grad
        return w - self.lr * self.v


class Regression:
    def __init__(self, lr, momentum, W):
        self.W = W
        self.opt = SGD(lr, momentum)

    def step(self, X, y):
        n = X.shape[0]
        err = X @ self.W - y
        dW = 2 * X.T @ err / n
        self.W = self.opt.update(self.W, dW)
        return np.mean(err ** 2)
''',
        '''
class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.W = nn.Parameter(torch.empty(4))

    def forward(self, X, y):
        return ((X @ self.W - y) ** 2).mean()


reference = Reference(
    model=Model,
    inputs={"X": normal(6, 4), "y": normal(6)},
    optimizer=torch.optim.SGD,
    hyperparameters={"lr": 0.05, "momentum": 0.9},
)
code = Code("Regression.step", constructor={"lr": 0.05, "momentum": 0.9, "W": np.ones(4)}, results=("Loss",))
''',
        (
            Mistake("factor of the square forgotten", "dW = 2 * X.T @ err / n", "dW = X.T @ err / n"),
            Mistake("ascent", "return w - self.lr * self.v", "return w + self.lr * self.v"),
            Mistake("divided by the features", "n = X.shape[0]", "n = X.shape[1]", ("dW =",)),
        ),
    ),
    Case(
        "embedding_layer",
        '''
class Embedding:
    def __init__(self, W):
        self.params = [W]
        self.grads = [np.zeros_like(W)]
        self.idx = None

    def forward(self, idx):
        W, = self.params
        self.idx = idx
        out = W[idx]
        return out

    def backward(self, dout):
        dW, = self.grads
        dW[...] = 0
        np.add.at(dW, self.idx, dout)
        return None
''',
        '''
class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.W = nn.Parameter(torch.empty(5, 3))

    def forward(self, idx):
        return self.W[idx]


reference = Reference(model=Model, inputs={"idx": integers(0, 5, (8,))})
code = Code("Embedding.forward", "Embedding.backward", constructor={"W": np.ones((5, 3))}, names={"dW": "dLoss_dW"})
''',
        (
            Mistake("repeated rows lost", "np.add.at(dW, self.idx, dout)", "dW[self.idx] = dout"),
            Mistake("buffered addition", "np.add.at(dW, self.idx, dout)", "dW[self.idx] += dout"),
        ),
    ),
    Case(
        "time_rnn_layer",
        '''
class RNN:
    def __init__(self, Wx, Wh, b):
        self.params = [Wx, Wh, b]
        self.grads = [np.zeros_like(Wx), np.zeros_like(Wh), np.zeros_like(b)]
        self.cache = None

    def forward(self, x, h_prev):
        Wx, Wh, b = self.params
        t = np.dot(h_prev, Wh) + np.dot(x, Wx) + b
        h_next = np.tanh(t)
        self.cache = (x, h_prev, h_next)
        return h_next

    def backward(self, dh_next):
        Wx, Wh, b = self.params
        x, h_prev, h_next = self.cache
        dt = dh_next * (1 - h_next ** 2)
        db = np.sum(dt, axis=0)
        dWh = np.dot(h_prev.T, dt)
        dh_prev = np.dot(dt, Wh.T)
        dWx = np.dot(x.T, dt)
        dx = np.dot(dt, Wx.T)
        self.grads[0][...] = dWx
        self.grads[1][...] = dWh
        self.grads[2][...] = db
        return dx, dh_prev
''',
        '''
class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.Wx, self.Wh = nn.Parameter(torch.empty(4, 3)), nn.Parameter(torch.empty(3, 3))
        self.b = nn.Parameter(torch.empty(3))

    def forward(self, x, h_prev):
        return torch.tanh(h_prev @ self.Wh + x @ self.Wx + self.b)


reference = Reference(model=Model, inputs={"x": normal(5, 4), "h_prev": normal(5, 3)}, output="h_next")
code = Code(
    "RNN.forward",
    "RNN.backward",
    constructor={"Wx": np.ones((4, 3)), "Wh": np.ones((3, 3)), "b": np.ones(3)},
)
''',
        (
            Mistake("square transposed weight", "dh_prev = np.dot(dt, Wh.T)", "dh_prev = np.dot(dt, Wh)"),
            Mistake("old state for new", "(1 - h_next ** 2)", "(1 - h_prev ** 2)"),
            Mistake("wrong gradient stored", "self.grads[1][...] = dWh", "self.grads[1][...] = dWh.T"),
        ),
    ),
)
