"""Pairs of functions that hand a cache on: affine, batch norm in five forms, layer and group norm, dropout."""

from strangers.spec import Case, Mistake

_BN = '''
class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.gamma, self.beta = nn.Parameter(torch.empty(4)), nn.Parameter(torch.empty(4))

    def forward(self, x):
        return F.batch_norm(x, None, None, self.gamma, self.beta, training=True, eps=1e-5)


reference = Reference(model=Model, inputs={"x": normal(6, 4)}, output="out")
'''

CASES = (
    Case(
        "affine_functions",
        '''
def affine_forward(x, w, b):
    out = None
    N = x.shape[0]
    out = x.reshape(N, -1).dot(w) + b
    cache = (x, w, b)
    return out, cache


def affine_backward(dout, cache):
    x, w, b = cache
    dx, dw, db = None, None, None
    dx = dout.dot(w.T).reshape(x.shape)
    dw = x.reshape(x.shape[0], -1).T.dot(dout)
    db = np.sum(dout, axis=0)
    return dx, dw, db
''',
        '''
class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.w, self.b = nn.Parameter(torch.empty(6, 4)), nn.Parameter(torch.empty(4))

    def forward(self, x):
        return x.reshape(len(x), -1) @ self.w + self.b


reference = Reference(model=Model, inputs={"x": normal(5, 2, 3)}, output="out")
code = Code("affine_forward", "affine_backward")
''',
        (
            Mistake("wrong reshape", "dw = x.reshape(x.shape[0], -1).T", "dw = x.transpose(0, 2, 1).reshape(x.shape[0], -1).T"),
            Mistake("sum over all", "db = np.sum(dout, axis=0)", "db = np.sum(dout) * np.ones_like(b)"),
        ),
    ),
    Case(
        "batchnorm_graph",
        '''
def batchnorm_forward(x, gamma, beta, eps=1e-5):
    N, D = x.shape
    mu = 1. / N * np.sum(x, axis=0)
    xmu = x - mu
    sq = xmu ** 2
    var = 1. / N * np.sum(sq, axis=0)
    sqrtvar = np.sqrt(var + eps)
    ivar = 1. / sqrtvar
    xhat = xmu * ivar
    gammax = gamma * xhat
    out = gammax + beta
    cache = (xhat, gamma, xmu, ivar, sqrtvar, var, eps)
    return out, cache


def batchnorm_backward(dout, cache):
    xhat, gamma, xmu, ivar, sqrtvar, var, eps = cache
    N, D = dout.shape
    dbeta = np.sum(dout, axis=0)
    dgammax = dout
    dgamma = np.sum(dgammax * xhat, axis=0)
    dxhat = dgammax * gamma
    divar = np.sum(dxhat * xmu, axis=0)
    dxmu1 = dxhat * ivar
    dsqrtvar = -1. / (sqrtvar ** 2) * divar
    dvar = 0.5 * 1. / np.sqrt(var + eps) * dsqrtvar
    dsq = 1. / N * np.ones((N, D)) * dvar
    dxmu2 = 2 * xmu * dsq
    dx1 = (dxmu1 + dxmu2)
    dmu = -1 * np.sum(dxmu1 + dxmu2, axis=0)
    dx2 = 1. / N * np.ones((N, D)) * dmu
    dx = dx1 + dx2
    return dx, dgamma, dbeta
''',
        _BN + 'code = Code("batchnorm_forward", "batchnorm_backward")\n',
        (
            Mistake("half forgotten", "dvar = 0.5 * 1. /", "dvar = 1. /"),
            Mistake("square forgotten", "dsqrtvar = -1. / (sqrtvar ** 2)", "dsqrtvar = -1. / sqrtvar"),
            Mistake("one path forgotten", "dx = dx1 + dx2", "dx = dx1"),
            Mistake("scaled after", "dgamma = np.sum(dgammax * xhat, axis=0)", "dgamma = np.sum(dgammax * xmu, axis=0)"),
        ),
    ),
    Case(
        "batchnorm_alt",
        '''
def batchnorm_forward(x, gamma, beta):
    mean = x.mean(axis=0)
    var = x.var(axis=0)
    std = np.sqrt(var + 1e-5)
    x_norm = (x - mean) / std
    out = gamma * x_norm + beta
    cache = x, mean, var, std, x_norm, gamma
    return out, cache


def batchnorm_backward_alt(dout, cache):
    x, mean, var, std, x_norm, gamma = cache
    m = dout.shape[0]
    dgamma = (dout * x_norm).sum(axis=0)
    dbeta = dout.sum(axis=0)
    dx_norm = dout * gamma
    dx = 1 / m / std * (m * dx_norm - dx_norm.sum(axis=0) - x_norm * (dx_norm * x_norm).sum(axis=0))
    return dx, dgamma, dbeta
''',
        _BN + 'code = Code("batchnorm_forward", "batchnorm_backward_alt")\n',
        (
            Mistake("m forgotten", "(m * dx_norm - dx_norm.sum", "(dx_norm - dx_norm.sum"),
            Mistake("plus for minus", "- x_norm * (dx_norm * x_norm)", "+ x_norm * (dx_norm * x_norm)"),
            Mistake("gamma forgotten", "dx_norm = dout * gamma", "dx_norm = dout"),
        ),
    ),
    Case(
        "batchnorm_dvar",
        '''
def bn_forward(X, gamma, beta):
    mu = np.mean(X, axis=0)
    var = np.var(X, axis=0)
    X_norm = (X - mu) / np.sqrt(var + 1e-5)
    out = gamma * X_norm + beta
    return out, (X, X_norm, mu, var, gamma, beta)


def bn_backward(dout, cache):
    X, X_norm, mu, var, gamma, beta = cache
    N, D = X.shape
    X_mu = X - mu
    std_inv = 1. / np.sqrt(var + 1e-5)
    dX_norm = dout * gamma
    dvar = np.sum(dX_norm * X_mu, axis=0) * -.5 * std_inv**3
    dmu = np.sum(dX_norm * -std_inv, axis=0) + dvar * np.mean(-2. * X_mu, axis=0)
    dX = (dX_norm * std_inv) + (dvar * 2 * X_mu / N) + (dmu / N)
    dgamma = np.sum(dout * X_norm, axis=0)
    dbeta = np.sum(dout, axis=0)
    return dX, dgamma, dbeta
''',
        _BN.replace('"x"', '"X"').replace("forward(self, x)", "forward(self, X)").replace("batch_norm(x", "batch_norm(X")
        + 'code = Code("bn_forward", "bn_backward")\n',
        (
            Mistake("power", "* -.5 * std_inv**3", "* -.5 * std_inv**2"),
            Mistake("divided once too few", "(dmu / N)", "dmu"),
            Mistake("sign", "dX_norm * -std_inv", "dX_norm * std_inv"),
        ),
    ),
    Case(
        "batchnorm_class",
        '''
class BatchNorm:
    def __init__(self, gamma, beta, momentum=0.9):
        self.gamma = gamma
        self.beta = beta
        self.momentum = momentum
        self.running_mean = None
        self.running_var = None
        self.batch_size = None
        self.xc = None
        self.std = None
        self.dgamma = None
        self.dbeta = None

    def forward(self, x, train_flg=True):
        if self.running_mean is None:
            N, D = x.shape
            self.running_mean = np.zeros(D)
            self.running_var = np.zeros(D)
        if train_flg:
            mu = x.mean(axis=0)
            xc = x - mu
            var = np.mean(xc**2, axis=0)
            std = np.sqrt(var + 1e-5)
            xn = xc / std
            self.batch_size = x.shape[0]
            self.xc = xc
            self.xn = xn
            self.std = std
            self.running_mean = self.momentum * self.running_mean + (1 - self.momentum) * mu
            self.running_var = self.momentum * self.running_var + (1 - self.momentum) * var
        else:
            xc = x - self.running_mean
            xn = xc / (np.sqrt(self.running_var + 1e-5))
        out = self.gamma * xn + self.beta
        return out

    def backward(self, dout):
        dbeta = dout.sum(axis=0)
        dgamma = np.sum(self.xn * dout, axis=0)
        dxn = self.gamma * dout
        dxc = dxn / self.std
        dstd = -np.sum((dxn * self.xc) / (self.std * self.std), axis=0)
        dvar = 0.5 * dstd / self.std
        dxc += (2.0 / self.batch_size) * self.xc * dvar
        dmu = np.sum(dxc, axis=0)
        dx = dxc - dmu / self.batch_size
        self.dgamma = dgamma
        self.dbeta = dbeta
        return dx
''',
        _BN + 'code = Code("BatchNorm.forward", "BatchNorm.backward", constructor={"gamma": np.ones(4), "beta": np.ones(4)})\n',
        (
            Mistake("in place forgotten", "dxc += (2.0", "dxc = (2.0"),
            Mistake("batch size forgotten", "(2.0 / self.batch_size)", "2.0"),
            Mistake("sign", "dx = dxc - dmu", "dx = dxc + dmu"),
            Mistake("mean for sum", "dgamma = np.sum(self.xn * dout, axis=0)", "dgamma = np.mean(self.xn * dout, axis=0)"),
        ),
    ),
    Case(
        "batchnorm_spatial",
        '''
def batchnorm_forward(x, gamma, beta, bn_param):
    eps = bn_param.get("eps", 1e-5)
    mean = np.mean(x, axis=0)
    var = np.var(x, axis=0)
    x_hat = (x - mean) / np.sqrt(var + eps)
    out = gamma * x_hat + beta
    cache = (x_hat, gamma, var, eps)
    return out, cache


def batchnorm_backward(dout, cache):
    x_hat, gamma, var, eps = cache
    dbeta = dout.sum(0)
    dgamma = (dout * x_hat).sum(0)
    t = 1 / np.sqrt(var + eps)
    m = dout.shape[0]
    dx = (gamma * t / m) * (m * dout - dgamma * x_hat - dbeta)
    return dx, dgamma, dbeta


def spatial_batchnorm_forward(x, gamma, beta, bn_param):
    N, C, H, W = x.shape
    x_flat = x.transpose(0, 2, 3, 1).reshape(-1, C)
    out_flat, cache = batchnorm_forward(x_flat, gamma, beta, bn_param)
    out = out_flat.reshape(N, H, W, C).transpose(0, 3, 1, 2)
    return out, cache


def spatial_batchnorm_backward(dout, cache):
    N, C, H, W = dout.shape
    dout_flat = dout.transpose(0, 2, 3, 1).reshape(-1, C)
    dx_flat, dgamma, dbeta = batchnorm_backward(dout_flat, cache)
    dx = dx_flat.reshape(N, H, W, C).transpose(0, 3, 1, 2)
    return dx, dgamma, dbeta
''',
        _BN.replace("normal(6, 4)", "normal(2, 4, 3, 5)")
        + '''code = Code("spatial_batchnorm_forward", "spatial_batchnorm_backward", values={"bn_param": {"eps": 1e-5}})
''',
        (
            Mistake("reshaped in the wrong order", "dx = dx_flat.reshape(N, H, W, C).transpose(0, 3, 1, 2)",
                    "dx = dx_flat.reshape(N, C, H, W)"),
            Mistake("number of rows of the images", "m = dout.shape[0]", "m = 2", ("dx = (gamma",)),
            Mistake("xhat forgotten", "- dgamma * x_hat - dbeta", "- dgamma - dbeta"),
        ),
    ),
    Case(
        "layernorm_functions",
        '''
def layernorm_forward(x, gamma, beta, ln_param={}):
    eps = ln_param.get("eps", 1e-5)
    x_T = x.T
    mean = np.mean(x_T, axis=0)
    var = np.var(x_T, axis=0)
    std = np.sqrt(var + eps)
    xn = ((x_T - mean) / std).T
    out = gamma * xn + beta
    cache = (xn, gamma, std)
    return out, cache


def layernorm_backward(dout, cache):
    xn, gamma, std = cache
    dgamma = np.sum(dout * xn, axis=0)
    dbeta = np.sum(dout, axis=0)
    g = (dout * gamma).T
    h = xn.T
    D = g.shape[0]
    dx = (g - g.sum(axis=0) / D - h * (g * h).sum(axis=0) / D) / std
    return dx.T, dgamma, dbeta
''',
        '''
reference = Reference(
    model=lambda: nn.LayerNorm(4),
    inputs={"input": normal(6, 4)},
    symbols={"x": "input", "gamma": "weight", "beta": "bias"},
    output="out",
)
code = Code("layernorm_forward", "layernorm_backward", results=("dLoss_dx", "dLoss_dgamma", "dLoss_dbeta"))
''',
        (
            Mistake("features and rows mixed up", "D = g.shape[0]", "D = g.shape[1]", ("dx =",)),
            Mistake("std forgotten", "(g * h).sum(axis=0) / D) / std", "(g * h).sum(axis=0) / D)"),
            Mistake("gamma forgotten", "g = (dout * gamma).T", "g = dout.T"),
        ),
    ),
    Case(
        "layernorm_numpy_loops",
        '''
def layernorm_forward(x, w, b):
    B, T, C = x.shape
    out = np.zeros_like(x)
    mean = np.zeros((B, T))
    rstd = np.zeros((B, T))
    for bb in range(B):
        for t in range(T):
            xi = x[bb, t]
            m = xi.sum() / C
            v = ((xi - m) ** 2).sum() / C
            s = 1.0 / np.sqrt(v + 1e-5)
            out[bb, t] = s * (xi - m) * w + b
            mean[bb, t] = m
            rstd[bb, t] = s
    return out, mean, rstd


def layernorm_backward(dout, x, w, mean, rstd):
    B, T, C = x.shape
    dx = np.zeros_like(x)
    dw = np.zeros_like(w)
    db = np.zeros_like(w)
    for bb in range(B):
        for t in range(T):
            norm = (x[bb, t] - mean[bb, t]) * rstd[bb, t]
            dnorm = w * dout[bb, t]
            dnorm_mean = dnorm.mean()
            dnorm_norm_mean = (dnorm * norm).mean()
            db += dout[bb, t]
            dw += norm * dout[bb, t]
            dval = dnorm - dnorm_mean - norm * dnorm_norm_mean
            dx[bb, t] += dval * rstd[bb, t]
    return dx, dw, db
''',
        '''
reference = Reference(
    model=lambda: nn.LayerNorm(4),
    inputs={"input": normal(2, 3, 4)},
    symbols={"x": "input", "w": "weight", "b": "bias"},
    output="out",
)
code = Code("layernorm_forward", "layernorm_backward")
''',
        (
            Mistake("norm forgotten", "- norm * dnorm_norm_mean", "- dnorm_norm_mean"),
            Mistake("assigned, not added", "dw += norm * dout[bb, t]", "dw = norm * dout[bb, t]"),
            Mistake("a term forgotten", "dval = dnorm - dnorm_mean - norm", "dval = dnorm - norm"),
        ),
    ),
    Case(
        "groupnorm_function",
        '''
def groupnorm_forward(x, gamma, beta, G):
    N, C, H, W = x.shape
    xg = x.reshape(N, G, C // G, H, W)
    mu = xg.mean(axis=(2, 3, 4), keepdims=True)
    var = xg.var(axis=(2, 3, 4), keepdims=True)
    ivar = 1.0 / np.sqrt(var + 1e-5)
    xn = ((xg - mu) * ivar).reshape(N, C, H, W)
    out = xn * gamma.reshape(1, C, 1, 1) + beta.reshape(1, C, 1, 1)
    return out, (xn, ivar, gamma, G)


def groupnorm_backward(dout, cache):
    xn, ivar, gamma, G = cache
    N, C, H, W = dout.shape
    dgamma = (dout * xn).sum(axis=(0, 2, 3))
    dbeta = dout.sum(axis=(0, 2, 3))
    dxn = (dout * gamma.reshape(1, C, 1, 1)).reshape(N, G, C // G, H, W)
    xg = xn.reshape(N, G, C // G, H, W)
    M = C // G * H * W
    s1 = dxn.sum(axis=(2, 3, 4), keepdims=True)
    s2 = (dxn * xg).sum(axis=(2, 3, 4), keepdims=True)
    dx = ivar / M * (M * dxn - s1 - xg * s2)
    dx = dx.reshape(N, C, H, W)
    return dx, dgamma, dbeta
''',
        '''
reference = Reference(
    model=lambda: nn.GroupNorm(2, 4),
    inputs={"input": normal(2, 4, 3, 2)},
    symbols={"x": "input", "gamma": "weight", "beta": "bias"},
    output="out",
)
code = Code("groupnorm_forward", "groupnorm_backward", values={"G": 2})
''',
        (
            Mistake("size of a group", "M = C // G * H * W", "M = C // G * H", ("dx = ivar",)),
            Mistake("axes", "dgamma = (dout * xn).sum(axis=(0, 2, 3))", "dgamma = (dout * xn).mean(axis=(0, 2, 3))"),
            Mistake("one sum forgotten", "(M * dxn - s1 - xg * s2)", "(M * dxn - xg * s2)"),
        ),
    ),
    Case(
        "rmsnorm_function",
        '''
def rms_norm(x, g, eps=1e-6):
    r = np.sqrt((x * x).mean(-1, keepdims=True) + eps)
    y = x / r * g
    return y, (x, g, r)


def rms_norm_bwd(gy, saved):
    x, g, r = saved
    gg = (gy * x / r).sum(0)
    t = gy * g
    gx = t / r - x * (t * x).mean(-1, keepdims=True) / r**3
    return gx, gg
''',
        '''
class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.g = nn.Parameter(torch.empty(4))

    def forward(self, x):
        return F.rms_norm(x, (4,), self.g, 1e-6)


reference = Reference(model=Model, inputs={"x": normal(5, 4)})
code = Code("rms_norm", "rms_norm_bwd")
''',
        (
            Mistake("power", "/ r**3", "/ r**2"),
            Mistake("sum for mean", "(t * x).mean(-1, keepdims=True)", "(t * x).sum(-1, keepdims=True)"),
            Mistake("gain forgotten", "t = gy * g\n", "t = gy\n"),
        ),
    ),
    Case(
        "two_layer_loss_dict",
        '''
class TwoLayerNet:
    def __init__(self, W1, b1, W2, b2, reg=0.0):
        self.params = {}
        self.reg = reg
        self.params["W1"] = W1
        self.params["b1"] = b1
        self.params["W2"] = W2
        self.params["b2"] = b2

    def loss(self, X, y=None):
        W1, b1 = self.params["W1"], self.params["b1"]
        W2, b2 = self.params["W2"], self.params["b2"]
        N, D = X.shape
        h1 = np.maximum(0, X.dot(W1) + b1)
        scores = h1.dot(W2) + b2
        if y is None:
            return scores
        scores = scores - np.max(scores, axis=1, keepdims=True)
        exp_scores = np.exp(scores)
        probs = exp_scores / np.sum(exp_scores, axis=1, keepdims=True)
        loss = -np.sum(np.log(probs[range(N), y])) / N
        loss += 0.5 * self.reg * (np.sum(W1 * W1) + np.sum(W2 * W2))
        grads = {}
        dscores = probs.copy()
        dscores[range(N), y] -= 1
        dscores /= N
        grads["W2"] = h1.T.dot(dscores) + self.reg * W2
        grads["b2"] = np.sum(dscores, axis=0)
        dh1 = dscores.dot(W2.T)
        dh1[h1 <= 0] = 0
        grads["W1"] = X.T.dot(dh1) + self.reg * W1
        grads["b1"] = np.sum(dh1, axis=0)
        return loss, grads
''',
        '''
class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.W1, self.b1 = nn.Parameter(torch.empty(4, 6)), nn.Parameter(torch.empty(6))
        self.W2, self.b2 = nn.Parameter(torch.empty(6, 3)), nn.Parameter(torch.empty(3))

    def forward(self, X, y):
        data = F.cross_entropy(torch.relu(X @ self.W1 + self.b1) @ self.W2 + self.b2, y)
        return data + 0.05 * ((self.W1**2).sum() + (self.W2**2).sum())


reference = Reference(model=Model, inputs={"X": normal(5, 4), "y": integers(0, 3, (5,))})
code = Code(
    "TwoLayerNet.loss",
    constructor={"W1": np.ones((4, 6)), "b1": np.ones(6), "W2": np.ones((6, 3)), "b2": np.ones(3), "reg": 0.1},
)
''',
        (
            Mistake("regularizer twice", "h1.T.dot(dscores) + self.reg * W2", "h1.T.dot(dscores) + 2 * self.reg * W2"),
            Mistake("regularizer forgotten", "X.T.dot(dh1) + self.reg * W1", "X.T.dot(dh1)"),
            Mistake("mask forgotten", "        dh1[h1 <= 0] = 0\n", ""),
            Mistake("mean forgotten", "        dscores /= N\n", ""),
        ),
    ),
    Case(
        "deep_net_str_keys",
        '''
def relu_backward(dA, cache):
    Z = cache
    dZ = np.array(dA, copy=True)
    dZ[Z <= 0] = 0
    return dZ


def sigmoid_backward(dA, cache):
    Z = cache
    s = 1 / (1 + np.exp(-Z))
    dZ = dA * s * (1 - s)
    return dZ


def linear_backward(dZ, cache):
    A_prev, W, b = cache
    m = A_prev.shape[1]
    dW = 1. / m * np.dot(dZ, A_prev.T)
    db = 1. / m * np.sum(dZ, axis=1, keepdims=True)
    dA_prev = np.dot(W.T, dZ)
    return dA_prev, dW, db


def linear_forward(A, W, b):
    Z = np.dot(W, A) + b
    cache = (A, W, b)
    return Z, cache


def L_model_forward(X, parameters):
    caches = []
    A = X
    L = len(parameters) // 2
    for l in range(1, L):
        A_prev = A
        Z, linear_cache = linear_forward(A_prev, parameters["W" + str(l)], parameters["b" + str(l)])
        A = np.maximum(0, Z)
        caches.append((linear_cache, Z))
    Z, linear_cache = linear_forward(A, parameters["W" + str(L)], parameters["b" + str(L)])
    AL = 1 / (1 + np.exp(-Z))
    caches.append((linear_cache, Z))
    return AL, caches


def L_model_backward(AL, Y, caches):
    grads = {}
    L = len(caches)
    Y = Y.reshape(AL.shape)
    dAL = -(np.divide(Y, AL) - np.divide(1 - Y, 1 - AL))
    linear_cache, activation_cache = caches[L - 1]
    dZ = sigmoid_backward(dAL, activation_cache)
    grads["dA" + str(L - 1)], grads["dW" + str(L)], grads["db" + str(L)] = linear_backward(dZ, linear_cache)
    for l in reversed(range(L - 1)):
        linear_cache, activation_cache = caches[l]
        dZ = relu_backward(grads["dA" + str(l + 1)], activation_cache)
        dA_prev_temp, dW_temp, db_temp = linear_backward(dZ, linear_cache)
        grads["dA" + str(l)] = dA_prev_temp
        grads["dW" + str(l + 1)] = dW_temp
        grads["db" + str(l + 1)] = db_temp
    return grads


def gradients(X, Y, parameters):
    AL, caches = L_model_forward(X, parameters)
    grads = L_model_backward(AL, Y, caches)
    return grads
''',
        '''
class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.W1, self.b1 = nn.Parameter(torch.empty(5, 4)), nn.Parameter(torch.empty(5, 1))
        self.W2, self.b2 = nn.Parameter(torch.empty(1, 5)), nn.Parameter(torch.empty(1, 1))

    def forward(self, X, Y):
        z = self.W2 @ torch.relu(self.W1 @ X + self.b1) + self.b2
        return F.binary_cross_entropy_with_logits(z, Y)


reference = Reference(model=Model, inputs={"X": normal(4, 6), "Y": uniform(0, 1, (1, 6))})
code = Code("gradients")
''',
        (
            Mistake("minus forgotten", "dAL = -(np.divide(Y, AL) -", "dAL = (np.divide(Y, AL) -"),
            Mistake("mean forgotten", "db = 1. / m * np.sum", "db = np.sum"),
            Mistake("mask the wrong way", "dZ[Z <= 0] = 0", "dZ[Z >= 0] = 0"),
            Mistake("twice", 'grads["db" + str(l + 1)] = db_temp', 'grads["db" + str(l + 1)] = db_temp * 2'),
        ),
    ),
    Case(
        "deferred_mean_planar",
        '''
def model(X, Y, W1, b1, W2, b2):
    m = X.shape[1]
    Z1 = np.dot(W1, X) + b1
    A1 = np.tanh(Z1)
    Z2 = np.dot(W2, A1) + b2
    A2 = 1 / (1 + np.exp(-Z2))
    cost = -np.sum(Y * np.log(A2) + (1 - Y) * np.log(1 - A2)) / m
    dZ2 = A2 - Y
    dW2 = np.dot(dZ2, A1.T) / m
    db2 = np.sum(dZ2, axis=1, keepdims=True) / m
    dZ1 = np.dot(W2.T, dZ2) * (1 - np.power(A1, 2))
    dW1 = np.dot(dZ1, X.T) / m
    db1 = np.sum(dZ1, axis=1, keepdims=True) / m
    grads = {"dW1": dW1, "db1": db1, "dW2": dW2, "db2": db2}
    return cost, grads
''',
        '''
class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.W1, self.b1 = nn.Parameter(torch.empty(5, 4)), nn.Parameter(torch.empty(5, 1))
        self.W2, self.b2 = nn.Parameter(torch.empty(1, 5)), nn.Parameter(torch.empty(1, 1))
        self.Z1, self.Z2 = nn.Identity(), nn.Identity()

    def forward(self, X, Y):
        z = self.Z2(self.W2 @ torch.tanh(self.Z1(self.W1 @ X + self.b1)) + self.b2)
        return F.binary_cross_entropy_with_logits(z, Y)


reference = Reference(
    model=Model,
    inputs={"X": normal(4, 6), "Y": uniform(0, 1, (1, 6))},
    symbols={"Z1": "Z1", "Z2": "Z2"},
    loss="cost",
)
code = Code("model")
''',
        (
            Mistake("mean forgotten once", "db2 = np.sum(dZ2, axis=1, keepdims=True) / m", "db2 = np.sum(dZ2, axis=1, keepdims=True)"),
            Mistake("sign", "dZ2 = A2 - Y", "dZ2 = Y - A2"),
            Mistake("slope", "(1 - np.power(A1, 2))", "(1 - A1)"),
            Mistake("wrong activation", "dW2 = np.dot(dZ2, A1.T) / m", "dW2 = np.dot(dZ2, Z1.T) / m"),
        ),
    ),
)
