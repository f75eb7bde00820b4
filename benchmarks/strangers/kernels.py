"""Convolution, pooling, attention, activations, flash tiles."""

from strangers.spec import Case, Mistake

_CONV = '''
class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.W, self.b = nn.Parameter(torch.empty(3, 2, 3, 3)), nn.Parameter(torch.empty(3))

    def forward(self, x):
        return F.conv2d(x, self.W, self.b, padding=1)


reference = Reference(model=Model, inputs={"x": normal(2, 2, 5, 4)}, output="out")
'''

_ATTENTION = '''
class Model(nn.Module):
    def forward(self, Q, K, V):
        return torch.softmax(Q @ K.T / 4**0.5, 1) @ V


reference = Reference(model=Model, inputs={"Q": normal(5, 4), "K": normal(6, 4), "V": normal(6, 3)}, output="O")
'''

CASES = (
    Case(
        "conv_im2col_class",
        '''
def im2col(input_data, filter_h, filter_w, stride=1, pad=0):
    N, C, H, W = input_data.shape
    out_h = (H + 2 * pad - filter_h) // stride + 1
    out_w = (W + 2 * pad - filter_w) // stride + 1
    img = np.pad(input_data, [(0, 0), (0, 0), (pad, pad), (pad, pad)], "constant")
    col = np.zeros((N, C, filter_h, filter_w, out_h, out_w))
    for y in range(filter_h):
        y_max = y + stride * out_h
        for x in range(filter_w):
            x_max = x + stride * out_w
            col[:, :, y, x, :, :] = img[:, :, y:y_max:stride, x:x_max:stride]
    col = col.transpose(0, 4, 5, 1, 2, 3).reshape(N * out_h * out_w, -1)
    return col


def col2im(col, input_shape, filter_h, filter_w, stride=1, pad=0):
    N, C, H, W = input_shape
    out_h = (H + 2 * pad - filter_h) // stride + 1
    out_w = (W + 2 * pad - filter_w) // stride + 1
    col = col.reshape(N, out_h, out_w, C, filter_h, filter_w).transpose(0, 3, 4, 5, 1, 2)
    img = np.zeros((N, C, H + 2 * pad + stride - 1, W + 2 * pad + stride - 1))
    for y in range(filter_h):
        y_max = y + stride * out_h
        for x in range(filter_w):
            x_max = x + stride * out_w
            img[:, :, y:y_max:stride, x:x_max:stride] += col[:, :, y, x, :, :]
    return img[:, :, pad:H + pad, pad:W + pad]


class Convolution:
    def __init__(self, W, b, stride=1, pad=0):
        self.W = W
        self.b = b
        self.stride = stride
        self.pad = pad

    def forward(self, x):
        FN, C, FH, FW = self.W.shape
        N, C, H, W = x.shape
        out_h = 1 + int((H + 2 * self.pad - FH) / self.stride)
        out_w = 1 + int((W + 2 * self.pad - FW) / self.stride)
        col = im2col(x, FH, FW, self.stride, self.pad)
        col_W = self.W.reshape(FN, -1).T
        out = np.dot(col, col_W) + self.b
        out = out.reshape(N, out_h, out_w, -1).transpose(0, 3, 1, 2)
        self.x = x
        self.col = col
        self.col_W = col_W
        return out

    def backward(self, dout):
        FN, C, FH, FW = self.W.shape
        dout = dout.transpose(0, 2, 3, 1).reshape(-1, FN)
        self.db = np.sum(dout, axis=0)
        self.dW = np.dot(self.col.T, dout)
        self.dW = self.dW.transpose(1, 0).reshape(FN, C, FH, FW)
        dcol = np.dot(dout, self.col_W.T)
        dx = col2im(dcol, self.x.shape, FH, FW, self.stride, self.pad)
        return dx
''',
        _CONV
        + '''code = Code(
    "Convolution.forward",
    "Convolution.backward",
    constructor={"W": np.ones((3, 2, 3, 3)), "b": np.ones(3), "stride": 1, "pad": 1},
)
''',
        (
            Mistake("not added in col2im", ":stride, x:x_max:stride] += col", ":stride, x:x_max:stride] = col"),
            Mistake("reshaped before the transposition", "self.dW.transpose(1, 0).reshape(FN, C, FH, FW)", "self.dW.reshape(FN, C, FH, FW)"),
            Mistake("mean for sum", "self.db = np.sum(dout, axis=0)", "self.db = np.mean(dout, axis=0)"),
        ),
    ),
    Case(
        "conv_naive_loops",
        '''
def conv_forward_naive(x, w, b, conv_param):
    stride, pad = conv_param["stride"], conv_param["pad"]
    N, C, H, W = x.shape
    F, _, HH, WW = w.shape
    Ho, Wo = 1 + (H + 2 * pad - HH) // stride, 1 + (W + 2 * pad - WW) // stride
    xp = np.pad(x, ((0,), (0,), (pad,), (pad,)), "constant")
    out = np.zeros((N, F, Ho, Wo))
    for n in range(N):
        for f in range(F):
            for i in range(Ho):
                for j in range(Wo):
                    hs, ws = i * stride, j * stride
                    out[n, f, i, j] = np.sum(xp[n, :, hs:hs + HH, ws:ws + WW] * w[f]) + b[f]
    cache = (x, w, b, conv_param)
    return out, cache


def conv_backward_naive(dout, cache):
    x, w, b, conv_param = cache
    stride, pad = conv_param["stride"], conv_param["pad"]
    N, C, H, W = x.shape
    F, _, HH, WW = w.shape
    _, _, Ho, Wo = dout.shape
    xp = np.pad(x, ((0,), (0,), (pad,), (pad,)), "constant")
    dxp = np.zeros_like(xp)
    dw = np.zeros_like(w)
    db = np.zeros_like(b)
    for n in range(N):
        for f in range(F):
            for i in range(Ho):
                for j in range(Wo):
                    hs, ws = i * stride, j * stride
                    dw[f] += xp[n, :, hs:hs + HH, ws:ws + WW] * dout[n, f, i, j]
                    db[f] += dout[n, f, i, j]
                    dxp[n, :, hs:hs + HH, ws:ws + WW] += w[f] * dout[n, f, i, j]
    dx = dxp[:, :, pad:-pad, pad:-pad]
    return dx, dw, db
''',
        '''
class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.w, self.b = nn.Parameter(torch.empty(2, 2, 3, 2)), nn.Parameter(torch.empty(2))

    def forward(self, x):
        return F.conv2d(x, self.w, self.b, padding=1)


reference = Reference(model=Model, inputs={"x": normal(2, 2, 3, 4)}, output="out")
code = Code("conv_forward_naive", "conv_backward_naive", values={"conv_param": {"stride": 1, "pad": 1}})
''',
        (
            Mistake("padding not cut off right", "dx = dxp[:, :, pad:-pad, pad:-pad]", "dx = dxp[:, :, :H, :W]"),
            Mistake("assigned", "dxp[n, :, hs:hs + HH, ws:ws + WW] += w[f]", "dxp[n, :, hs:hs + HH, ws:ws + WW] = w[f]"),
            Mistake("weights of another filter", "+= w[f] * dout[n, f, i, j]", "+= w[0] * dout[n, f, i, j]"),
        ),
    ),
    Case(
        "max_pool_loops",
        '''
class MaxPool:
    def __init__(self, size=2, stride=2):
        self.size = size
        self.stride = stride

    def forward(self, x):
        self.x = x
        N, C, H, W = x.shape
        s, k = self.stride, self.size
        out = np.zeros((N, C, H // s, W // s))
        for i in range(H // s):
            for j in range(W // s):
                out[:, :, i, j] = x[:, :, i * s:i * s + k, j * s:j * s + k].max(axis=(2, 3))
        return out

    def backward(self, dout):
        dx = np.zeros_like(self.x)
        N, C, H, W = dout.shape
        s, k = self.stride, self.size
        for n in range(N):
            for c in range(C):
                for i in range(H):
                    for j in range(W):
                        window = self.x[n, c, i * s:i * s + k, j * s:j * s + k]
                        mask = (window == np.max(window))
                        dx[n, c, i * s:i * s + k, j * s:j * s + k] += mask * dout[n, c, i, j]
        return dx
''',
        '''
reference = Reference(
    model=lambda: nn.MaxPool2d(2), inputs={"input": normal(2, 2, 4, 6)}, symbols={"x": "input"}, output="out"
)
code = Code("MaxPool.forward", "MaxPool.backward")
''',
        (
            Mistake("spread over the window", "+= mask * dout[n, c, i, j]", "+= dout[n, c, i, j]"),
            Mistake("minimum", "(window == np.max(window))", "(window == np.min(window))"),
        ),
    ),
    Case(
        "avg_pool_class",
        '''
class AvgPool2D:
    def __init__(self, k):
        self.k = k

    def forward(self, x):
        self._shape = x.shape
        n, c, h, w = x.shape
        return x.reshape(n, c, h // self.k, self.k, w // self.k, self.k).mean(axis=(3, 5))

    def backward(self, g):
        k = self.k
        dx = np.repeat(np.repeat(g, k, axis=2), k, axis=3) / (k * k)
        return dx
''',
        '''
reference = Reference(model=lambda: nn.AvgPool2d(2), inputs={"input": normal(2, 3, 4, 6)}, symbols={"x": "input"})
code = Code("AvgPool2D.forward", "AvgPool2D.backward", constructor={"k": 2})
''',
        (
            Mistake("divided by the side", "axis=3) / (k * k)", "axis=3) / k"),
            Mistake("not divided", "axis=3) / (k * k)", "axis=3)"),
        ),
    ),
    Case(
        "attention_functions",
        '''
def softmax(s):
    e = np.exp(s - s.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def attention(Q, K, V):
    d = Q.shape[-1]
    S = Q @ K.T / np.sqrt(d)
    P = softmax(S)
    O = P @ V
    return O, (Q, K, V, P)


def attention_backward(dO, cache):
    Q, K, V, P = cache
    d = Q.shape[-1]
    dV = P.T @ dO
    dP = dO @ V.T
    dS = P * (dP - (dP * P).sum(axis=-1, keepdims=True))
    dQ = dS @ K / np.sqrt(d)
    dK = dS.T @ Q / np.sqrt(d)
    return dQ, dK, dV
''',
        _ATTENTION + 'code = Code("attention", "attention_backward")\n',
        (
            Mistake("scale forgotten", "dK = dS.T @ Q / np.sqrt(d)", "dK = dS.T @ Q"),
            Mistake("sum over the wrong axis", "(dP * P).sum(axis=-1, keepdims=True)", "(dP * P).sum(axis=0, keepdims=True)"),
            Mistake("softmax backward as a sigmoid", "P * (dP - (dP * P).sum(axis=-1, keepdims=True))", "dP * P * (1 - P)"),
        ),
    ),
    Case(
        "flash_attention_tiles",
        '''
def flash_forward(Q, K, V, Br, Bc):
    N, d = Q.shape
    M = K.shape[0]
    O = np.zeros((N, V.shape[1]))
    L = np.zeros(N)
    for i in range(0, N, Br):
        q = Q[i:i + Br]
        m = np.full(len(q), -np.inf)
        l = np.zeros(len(q))
        acc = np.zeros((len(q), V.shape[1]))
        for j in range(0, M, Bc):
            s = q @ K[j:j + Bc].T / np.sqrt(d)
            m_new = np.maximum(m, s.max(axis=1))
            p = np.exp(s - m_new[:, None])
            a = np.exp(m - m_new)
            l = a * l + p.sum(axis=1)
            acc = a[:, None] * acc + p @ V[j:j + Bc]
            m = m_new
        O[i:i + Br] = acc / l[:, None]
        L[i:i + Br] = m + np.log(l)
    return O, L


def flash_backward(Q, K, V, O, L, dO, Br, Bc):
    N, d = Q.shape
    M = K.shape[0]
    dQ, dK, dV = np.zeros_like(Q), np.zeros_like(K), np.zeros_like(V)
    D = np.sum(dO * O, axis=1)
    for j in range(0, M, Bc):
        Kj, Vj = K[j:j + Bc], V[j:j + Bc]
        dKj, dVj = np.zeros_like(Kj), np.zeros_like(Vj)
        for i in range(0, N, Br):
            Qi, dOi = Q[i:i + Br], dO[i:i + Br]
            S = Qi @ Kj.T / np.sqrt(d)
            P = np.exp(S - L[i:i + Br, None])
            dVj += P.T @ dOi
            dP = dOi @ Vj.T
            dS = P * (dP - D[i:i + Br, None]) / np.sqrt(d)
            dQ[i:i + Br] += dS @ Kj
            dKj += dS.T @ Qi
        dK[j:j + Bc] = dKj
        dV[j:j + Bc] = dVj
    return dQ, dK, dV
''',
        _ATTENTION + 'code = Code("flash_forward", "flash_backward", values={"Br": 2, "Bc": 3})\n',
        (
            Mistake("assigned over the tiles", "dQ[i:i + Br] += dS @ Kj", "dQ[i:i + Br] = dS @ Kj"),
            Mistake("scale forgotten", "(dP - D[i:i + Br, None]) / np.sqrt(d)", "(dP - D[i:i + Br, None])"),
            Mistake("a correction forgotten", "dS = P * (dP - D[i:i + Br, None])", "dS = P * dP", ("dS =",)),
            Mistake("D of the wrong product", "D = np.sum(dO * O, axis=1)", "D = np.sum(O * O, axis=1)"),
        ),
    ),
    Case(
        "multi_head_attention_module",
        '''
class MultiHeadSelfAttention:
    def __init__(self, Wq, Wk, Wv, Wo, n_heads):
        self.W = {"q": Wq, "k": Wk, "v": Wv, "o": Wo}
        self.dW = {}
        self.n_heads = n_heads

    def _split(self, x):
        T, C = x.shape
        return x.reshape(T, self.n_heads, C // self.n_heads).transpose(1, 0, 2)

    def _merge(self, x):
        H, T, D = x.shape
        return x.transpose(1, 0, 2).reshape(T, H * D)

    def forward(self, x):
        self.x = x
        self.q = self._split(x @ self.W["q"])
        self.k = self._split(x @ self.W["k"])
        self.v = self._split(x @ self.W["v"])
        s = self.q @ self.k.transpose(0, 2, 1) / np.sqrt(self.q.shape[-1])
        e = np.exp(s - s.max(-1, keepdims=True))
        self.a = e / e.sum(-1, keepdims=True)
        self.y = self._merge(self.a @ self.v)
        return self.y @ self.W["o"]

    def backward(self, grad):
        scale = 1 / np.sqrt(self.q.shape[-1])
        self.dW["o"] = self.y.T @ grad
        dy = self._split(grad @ self.W["o"].T)
        da = dy @ self.v.transpose(0, 2, 1)
        dv = self.a.transpose(0, 2, 1) @ dy
        ds = self.a * (da - (da * self.a).sum(-1, keepdims=True)) * scale
        dq = self._merge(ds @ self.k)
        dk = self._merge(ds.transpose(0, 2, 1) @ self.q)
        dv = self._merge(dv)
        self.dW["q"] = self.x.T @ dq
        self.dW["k"] = self.x.T @ dk
        self.dW["v"] = self.x.T @ dv
        return dq @ self.W["q"].T + dk @ self.W["k"].T + dv @ self.W["v"].T
''',
        '''
class Model(nn.Module):
    def __init__(self):
        super().__init__()
        for g in "qkvo":
            setattr(self, "W" + g, nn.Parameter(torch.empty(4, 4)))

    def forward(self, x):
        q, k, v = ((x @ w).reshape(5, 2, 2).transpose(0, 1) for w in (self.Wq, self.Wk, self.Wv))
        a = torch.softmax(q @ k.transpose(1, 2) / 2**0.5, -1)
        return (a @ v).transpose(0, 1).reshape(5, 4) @ self.Wo


reference = Reference(model=Model, inputs={"x": normal(5, 4)}, parameters=normal(std=0.5))
code = Code(
    "MultiHeadSelfAttention.forward",
    "MultiHeadSelfAttention.backward",
    constructor={"W" + g: np.ones((4, 4)) for g in "qkvo"} | {"n_heads": 2},
    names={"self.dW['" + g + "']": "dLoss_dW" + g for g in "qkvo"},
    results=("dLoss_dx",),
)
''',
        (
            Mistake("scale forgotten", ".sum(-1, keepdims=True)) * scale", ".sum(-1, keepdims=True))"),
            Mistake("a path forgotten", " + dk @ self.W[\"k\"].T", ""),
            Mistake("transposition of the weight", 'dy = self._split(grad @ self.W["o"].T)', 'dy = self._split(grad @ self.W["o"])'),
        ),
    ),
    Case(
        "gelu_functions",
        '''
GELU_SCALING_FACTOR = np.sqrt(2.0 / np.pi)


def gelu_forward(x):
    cube = 0.044715 * x ** 3
    return 0.5 * x * (1.0 + np.tanh(GELU_SCALING_FACTOR * (x + cube)))


def gelu_backward(dout, inp):
    x = inp
    cube = 0.044715 * x * x * x
    tanh_arg = GELU_SCALING_FACTOR * (x + cube)
    tanh_out = np.tanh(tanh_arg)
    coshf_out = np.cosh(tanh_arg)
    sech_out = 1.0 / (coshf_out * coshf_out)
    local_grad = 0.5 * (1.0 + tanh_out) + x * 0.5 * sech_out * GELU_SCALING_FACTOR * (1.0 + 3.0 * 0.044715 * x * x)
    dinp = local_grad * dout
    return dinp
''',
        '''
reference = Reference(
    model=lambda: nn.GELU(approximate="tanh"), inputs={"input": normal(5, 3)}, symbols={"inp": "input", "x": "input"}
)
code = Code("gelu_forward", "gelu_backward", results=("dLoss_dinp",))
''',
        (
            Mistake("three forgotten", "(1.0 + 3.0 * 0.044715 * x * x)", "(1.0 + 0.044715 * x * x)"),
            Mistake("sech not squared", "1.0 / (coshf_out * coshf_out)", "1.0 / coshf_out"),
            Mistake("half forgotten", "+ x * 0.5 * sech_out", "+ x * sech_out"),
        ),
    ),
    Case(
        "swish_property",
        '''
class Swish:
    def __init__(self, beta_=1.5):
        self.beta_ = beta_

    @property
    def slope(self):
        return self.beta_

    def __sig(self, x):
        return 1.0 / (1.0 + np.exp(-self.slope * x))

    def forward(self, x):
        self.__x = x
        return x * self.__sig(x)

    def backward(self, dy):
        s = self.__sig(self.__x)
        return dy * (s + self.slope * self.__x * s * (1 - s))
''',
        '''
class Model(nn.Module):
    def forward(self, x):
        return x * torch.sigmoid(1.5 * x)


reference = Reference(model=Model, inputs={"x": normal(5, 3)})
code = Code("Swish.forward", "Swish.backward")
''',
        (
            Mistake("slope forgotten", "(s + self.slope * self.__x * s", "(s + self.__x * s"),
            Mistake("first term forgotten", "(s + self.slope * self.__x * s * (1 - s))", "(self.slope * self.__x * s * (1 - s))"),
        ),
    ),
    Case(
        "cross_entropy_fused_numpy",
        '''
def fused_cross_entropy(h, W, t):
    logits = h @ W.T
    m = logits.max(axis=1, keepdims=True)
    lse = m[:, 0] + np.log(np.exp(logits - m).sum(axis=1))
    n = len(t)
    loss = (lse - logits[np.arange(n), t]).mean()
    p = np.exp(logits - lse[:, None])
    p[np.arange(n), t] -= 1.0
    p /= n
    grad_h = p @ W
    grad_W = p.T @ h
    return loss, grad_h, grad_W
''',
        '''
class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.W = nn.Parameter(torch.empty(4, 3))

    def forward(self, h, t):
        return F.cross_entropy(h @ self.W.T, t)


reference = Reference(model=Model, inputs={"h": normal(5, 3), "t": integers(0, 4, (5,))})
code = Code("fused_cross_entropy")
''',
        (
            Mistake("mean forgotten", "    p /= n\n", ""),
            Mistake("one for n", "p[np.arange(n), t] -= 1.0\n    p /= n", "p[np.arange(n), t] -= 1.0 / n\n    p /= n", ("p /= n",)),
            Mistake("wrong order", "grad_W = p.T @ h", "grad_W = p.T @ h * n"),
        ),
    ),
    Case(
        "linear_chain_modules_xp",
        '''
def get_array_module(x):
    return np


class LinearFunction:
    def forward(self, inputs):
        x, W = inputs[0], inputs[1]
        self.retained = (x, W)
        return x.dot(W.T),

    def backward(self, indexes, grad_outputs):
        x, W = self.retained
        gy, = grad_outputs
        xp = get_array_module(x)
        gx = xp.dot(gy, W)
        gW = xp.dot(gy.T, x)
        return gx, gW


class Chain:
    def __init__(self):
        self.f = LinearFunction()

    def __call__(self, x, W):
        y, = self.f.forward((x, W))
        return y

    def backprop(self, gy):
        gx, gW = self.f.backward((0, 1), (gy,))
        return gx, gW
''',
        '''
class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.W = nn.Parameter(torch.empty(3, 4))

    def forward(self, x):
        return x @ self.W.T


reference = Reference(model=Model, inputs={"x": normal(5, 4)})
code = Code("Chain.__call__", "Chain.backprop")
''',
        (
            Mistake("scaled", "gW = xp.dot(gy.T, x)", "gW = xp.dot(gy.T, x) / len(x)"),
            Mistake("sign", "gx = xp.dot(gy, W)", "gx = -xp.dot(gy, W)"),
        ),
    ),
)
