"""Optimizers and update loops: classes with state in dicts, functions with a config, in place and not."""

from strangers.spec import Case, Mistake

_LSQ = '''
class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.w = nn.Parameter(torch.empty(4))

    def forward(self, X, y):
        return ((X @ self.w - y) ** 2).sum() / 2


'''

CASES = (
    Case(
        "sgd_momentum_config",
        '''
def loss_grad(w, X, y):
    return X.T @ (X @ w - y)


def step(w, v, X, y, learning_rate, momentum):
    dw = loss_grad(w, X, y)
    v = momentum * v + dw
    next_w = w - learning_rate * v
    return next_w, v
''',
        _LSQ
        + '''reference = Reference(
    model=Model,
    inputs={"X": normal(6, 4), "y": normal(6)},
    optimizer=torch.optim.SGD,
    hyperparameters={"lr": uniform(0.01, 0.1, symbol="learning_rate"), "momentum": uniform(0.5, 0.9)},
    state={"momentum_buffer": normal()},
    symbols={"v": "w.momentum_buffer"},
)
code = Code("step", results=("w_new", "v_new"))
''',
        (
            Mistake("old velocity", "next_w = w - learning_rate * v", "next_w = w - learning_rate * dw"),
            Mistake("damped", "v = momentum * v + dw", "v = momentum * v + (1 - momentum) * dw"),
        ),
    ),
    Case(
        "adam_class",
        '''
class Adam:
    def __init__(self, lr=0.01, beta1=0.9, beta2=0.99):
        self.lr = lr
        self.beta1 = beta1
        self.beta2 = beta2
        self.iter = 0
        self.m = None
        self.v = None

    def update(self, params, grads):
        if self.m is None:
            self.m, self.v = {}, {}
            for key, val in params.items():
                self.m[key] = np.zeros_like(val)
                self.v[key] = np.zeros_like(val)
        self.iter += 1
        lr_t = self.lr * np.sqrt(1.0 - self.beta2 ** self.iter) / (1.0 - self.beta1 ** self.iter)
        for key in params.keys():
            self.m[key] += (1 - self.beta1) * (grads[key] - self.m[key])
            self.v[key] += (1 - self.beta2) * (grads[key] ** 2 - self.v[key])
            eps_t = 1e-2 * np.sqrt(1.0 - self.beta2 ** self.iter)
            params[key] -= lr_t * self.m[key] / (np.sqrt(self.v[key]) + eps_t)


def train(w, X, y):
    opt = Adam()
    params = {"w": w}
    grads = {"w": X.T @ (X @ w - y)}
    opt.update(params, grads)
    return params["w"]
''',
        _LSQ
        + '''reference = Reference(
    model=Model,
    inputs={"X": normal(6, 4), "y": normal(6)},
    optimizer=torch.optim.Adam,
    hyperparameters={"lr": 0.01, "betas": (0.9, 0.99), "eps": 1e-2},
)
code = Code("train")
''',
        (
            Mistake("square forgotten", "(grads[key] ** 2 - self.v[key])", "(grads[key] - self.v[key])"),
            Mistake("bias correction forgotten", "eps_t = 1e-2 * np.sqrt(1.0 - self.beta2 ** self.iter)", "eps_t = 1e-2"),
            Mistake("betas swapped", "self.m[key] += (1 - self.beta1)", "self.m[key] += (1 - self.beta2)"),
        ),
    ),
    Case(
        "adagrad_memory",
        '''
def adagrad_update(param, dparam, mem, learning_rate):
    mem += dparam * dparam
    param += -learning_rate * dparam / (np.sqrt(mem) + 1e-3)
''',
        _LSQ
        + '''reference = Reference(
    model=Model,
    inputs={"X": normal(6, 4), "y": normal(6)},
    optimizer=torch.optim.Adagrad,
    hyperparameters={"lr": uniform(0.01, 0.1, symbol="learning_rate"), "eps": 1e-3},
    state={"sum": uniform(0.1, 1.0), "step": 1},
)
code = Code("adagrad_update", names={"param": "w", "dparam": "dLoss_dw", "mem": "sum_w"})
''',
        (
            Mistake("square forgotten", "mem += dparam * dparam", "mem += dparam"),
            Mistake("root forgotten", "(np.sqrt(mem) + 1e-3)", "(mem + 1e-3)"),
            Mistake("ascent", "param += -learning_rate", "param += learning_rate"),
        ),
    ),
    Case(
        "train_loop_script",
        '''
def fit(w, b, X, y, lr):
    for i in range(1):
        y_pred = X @ w + b
        grad_y_pred = 2.0 * (y_pred - y)
        grad_w = X.T.dot(grad_y_pred)
        grad_b = grad_y_pred.sum()
        w = w - lr * grad_w
        b -= lr * grad_b
    return w, b
''',
        '''
class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.w, self.b = nn.Parameter(torch.empty(4)), nn.Parameter(torch.empty(1))

    def forward(self, X, y):
        return ((X @ self.w + self.b - y) ** 2).sum()


reference = Reference(
    model=Model,
    inputs={"X": normal(6, 4), "y": normal(6)},
    optimizer=torch.optim.SGD,
    hyperparameters={"lr": uniform(0.001, 0.01)},
)
code = Code("fit")
''',
        (
            Mistake("two forgotten", "grad_y_pred = 2.0 * (y_pred - y)", "grad_y_pred = (y_pred - y)"),
            Mistake("mean for sum", "grad_b = grad_y_pred.sum()", "grad_b = grad_y_pred.mean()"),
            Mistake("ascent", "b -= lr * grad_b", "b += lr * grad_b"),
        ),
    ),
    Case(
        "numpy_two_layer_relu_script",
        '''
def run(x, y, w1, w2, learning_rate):
    h = x.dot(w1)
    h_relu = np.maximum(h, 0)
    y_pred = h_relu.dot(w2)
    loss = np.square(y_pred - y).sum()
    grad_y_pred = 2.0 * (y_pred - y)
    grad_w2 = h_relu.T.dot(grad_y_pred)
    grad_h_relu = grad_y_pred.dot(w2.T)
    grad_h = grad_h_relu.copy()
    grad_h[h < 0] = 0
    grad_w1 = x.T.dot(grad_h)
    w1 -= learning_rate * grad_w1
    w2 -= learning_rate * grad_w2
    return loss
''',
        '''
class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.w1, self.w2 = nn.Parameter(torch.empty(4, 5)), nn.Parameter(torch.empty(5, 3))

    def forward(self, x, y):
        return ((torch.relu(x @ self.w1) @ self.w2 - y) ** 2).sum()


reference = Reference(
    model=Model,
    inputs={"x": normal(6, 4), "y": normal(6, 3)},
    optimizer=torch.optim.SGD,
    hyperparameters={"lr": uniform(0.001, 0.01, symbol="learning_rate")},
)
code = Code("run")
''',
        (
            Mistake("mask forgotten", "    grad_h[h < 0] = 0\n", "", ("grad_h = grad_h_relu",)),
            Mistake("the pre-activation", "grad_w2 = h_relu.T.dot(grad_y_pred)", "grad_w2 = h.T.dot(grad_y_pred)"),
            Mistake("two forgotten", "grad_y_pred = 2.0 * (y_pred - y)", "grad_y_pred = (y_pred - y)"),
        ),
    ),
    Case(
        "perceptron_delta_rule",
        '''
class ADALINE:
    def __init__(self, lr):
        self.eta = lr

    def fit_one(self, xi, target, w_, b_):
        output = self.net_input(xi, w_, b_)
        errors = target - output
        w_ += self.eta * 2.0 * xi.T.dot(errors) / xi.shape[0]
        b_ += self.eta * 2.0 * errors.mean()
        loss = (errors ** 2).mean()
        return loss

    def net_input(self, X, w, b):
        return np.dot(X, w) + b
''',
        '''
class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.w_, self.b_ = nn.Parameter(torch.empty(4)), nn.Parameter(torch.empty(1))

    def forward(self, xi, target):
        return ((xi @ self.w_ + self.b_ - target) ** 2).mean()


reference = Reference(
    model=Model,
    inputs={"xi": normal(6, 4), "target": normal(6)},
    optimizer=torch.optim.SGD,
    hyperparameters={"lr": 0.05},
)
code = Code("ADALINE.fit_one", constructor={"lr": 0.05})
''',
        (
            Mistake("sign", "errors = target - output", "errors = output - target"),
            Mistake("sum for mean", "2.0 * errors.mean()", "2.0 * errors.sum()"),
            Mistake("two forgotten", "w_ += self.eta * 2.0 * xi.T", "w_ += self.eta * xi.T"),
        ),
    ),
    Case(
        "layers_list_mlp_class",
        '''
class MLP:
    def __init__(self, W, b):
        self.W = W
        self.b = b

    def forward(self, x):
        self.h = [x]
        self.z = []
        for i in range(len(self.W)):
            z = self.h[-1] @ self.W[i] + self.b[i]
            self.z.append(z)
            a = np.maximum(z, 0) if i < len(self.W) - 1 else z
            self.h.append(a)
        return self.h[-1]

    def loss_and_grad(self, x, t):
        y = self.forward(x)
        e = y - t
        loss = (e ** 2).mean()
        g = 2 * e / e.size
        dW = [None] * len(self.W)
        db = [None] * len(self.b)
        for i in range(len(self.W) - 1, -1, -1):
            dW[i] = self.h[i].T @ g
            db[i] = g.sum(0)
            g = g @ self.W[i].T
            if i > 0:
                g = g * (self.z[i - 1] > 0)
        return loss, dW, db
''',
        '''
class Model(nn.Module):
    def __init__(self):
        super().__init__()
        for k, (i, o) in enumerate(((4, 6), (6, 5), (5, 3)), 1):
            setattr(self, f"W{k}", nn.Parameter(torch.empty(i, o)))
            setattr(self, f"b{k}", nn.Parameter(torch.empty(o)))

    def forward(self, x, t):
        h = torch.relu(torch.relu(x @ self.W1 + self.b1) @ self.W2 + self.b2)
        return ((h @ self.W3 + self.b3 - t) ** 2).mean()


reference = Reference(model=Model, inputs={"x": normal(5, 4), "t": normal(5, 3)})
code = Code(
    "MLP.loss_and_grad",
    constructor={"W": [np.ones((4, 6)), np.ones((6, 5)), np.ones((5, 3))], "b": [np.ones(6), np.ones(5), np.ones(3)]},
    names={f"self.{p}[{k - 1}]": f"{p}{k}" for p in "Wb" for k in (1, 2, 3)},
    results=("Loss", *(f"dLoss_d{p}{k}" for p in "Wb" for k in (1, 2, 3))),
)
''',
        (
            Mistake("mask of the wrong layer", "g = g * (self.z[i - 1] > 0)", "g = g * (self.h[i] < 0)"),
            Mistake("mean over the rows only", "g = 2 * e / e.size", "g = 2 * e / len(e)"),
            Mistake("the mask forgotten", "g = g * (self.z[i - 1] > 0)", "g = g * 1.0"),
        ),
    ),
)
