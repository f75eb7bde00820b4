"""Recurrent networks: the char-RNN script, back-propagation through time, LSTM gates, GRU."""

from strangers.spec import Case, Mistake

CASES = (
    Case(
        "char_rnn",
        '''
vocab_size, hidden_size = 4, 5


def lossFun(inputs, targets, hprev, Wxh, Whh, Why, bh, by):
    xs, hs, ys, ps = {}, {}, {}, {}
    hs[-1] = np.copy(hprev)
    loss = 0
    for t in range(len(inputs)):
        xs[t] = np.zeros((vocab_size, 1))
        xs[t][inputs[t]] = 1
        hs[t] = np.tanh(np.dot(Wxh, xs[t]) + np.dot(Whh, hs[t - 1]) + bh)
        ys[t] = np.dot(Why, hs[t]) + by
        ps[t] = np.exp(ys[t]) / np.sum(np.exp(ys[t]))
        loss += -np.log(ps[t][targets[t], 0])
    dWxh, dWhh, dWhy = np.zeros_like(Wxh), np.zeros_like(Whh), np.zeros_like(Why)
    dbh, dby = np.zeros_like(bh), np.zeros_like(by)
    dhnext = np.zeros_like(hs[0])
    for t in reversed(range(len(inputs))):
        dy = np.copy(ps[t])
        dy[targets[t]] -= 1
        dWhy += np.dot(dy, hs[t].T)
        dby += dy
        dh = np.dot(Why.T, dy) + dhnext
        dhraw = (1 - hs[t] * hs[t]) * dh
        dbh += dhraw
        dWxh += np.dot(dhraw, xs[t].T)
        dWhh += np.dot(dhraw, hs[t - 1].T)
        dhnext = np.dot(Whh.T, dhraw)
    return loss, dWxh, dWhh, dWhy, dbh, dby, hs[len(inputs) - 1]
''',
        '''
class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.Wxh, self.Whh = nn.Parameter(torch.empty(5, 4)), nn.Parameter(torch.empty(5, 5))
        self.Why, self.bh = nn.Parameter(torch.empty(4, 5)), nn.Parameter(torch.empty(5, 1))
        self.by = nn.Parameter(torch.empty(4, 1))

    def forward(self, inputs, targets, hprev):
        h, loss = hprev, 0
        for t in range(3):
            x = F.one_hot(inputs[t], 4).to(h.dtype)[:, None]
            h = torch.tanh(self.Wxh @ x + self.Whh @ h + self.bh)
            loss = loss - torch.log_softmax((self.Why @ h + self.by)[:, 0], 0)[targets[t]]
        return loss


reference = Reference(
    model=Model, inputs={"inputs": integers(0, 4, (3,)), "targets": integers(0, 4, (3,)), "hprev": normal(5, 1)}
)
code = Code("lossFun")
''',
        (
            Mistake("recurrent path missing", "dh = np.dot(Why.T, dy) + dhnext", "dh = np.dot(Why.T, dy)"),
            Mistake("state of the same step", "dWhh += np.dot(dhraw, hs[t - 1].T)", "dWhh += np.dot(dhraw, hs[t].T)"),
            Mistake("slope without the square", "(1 - hs[t] * hs[t])", "(1 - hs[t])"),
            Mistake("assigned", "dby += dy", "dby = dy"),
            Mistake("target forgotten", "        dy[targets[t]] -= 1\n", "", ("dy = np.copy",)),
        ),
    ),
    Case(
        "char_rnn_script_clip",
        '''
def bptt(xs, ys, h0, U, V, W):
    T = len(ys)
    s = np.zeros((T + 1, len(h0)))
    s[-1] = h0
    o = np.zeros((T, V.shape[0]))
    for t in np.arange(T):
        s[t] = np.tanh(U[:, xs[t]] + W.dot(s[t - 1]))
        e = np.exp(V.dot(s[t]))
        o[t] = e / e.sum()
    dLdU = np.zeros(U.shape)
    dLdV = np.zeros(V.shape)
    dLdW = np.zeros(W.shape)
    delta_o = o
    delta_o[np.arange(len(ys)), ys] -= 1.
    for t in np.arange(T)[::-1]:
        dLdV += np.outer(delta_o[t], s[t].T)
        delta_t = V.T.dot(delta_o[t]) * (1 - (s[t] ** 2))
        for bptt_step in np.arange(0, t + 1)[::-1]:
            dLdW += np.outer(delta_t, s[bptt_step - 1])
            dLdU[:, xs[bptt_step]] += delta_t
            delta_t = W.T.dot(delta_t) * (1 - s[bptt_step - 1] ** 2)
    return [dLdU, dLdV, dLdW]
''',
        '''
class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.U, self.V = nn.Parameter(torch.empty(5, 4)), nn.Parameter(torch.empty(4, 5))
        self.W = nn.Parameter(torch.empty(5, 5))

    def forward(self, xs, ys, h0):
        s, loss = h0, 0
        for t in range(3):
            s = torch.tanh(self.U[:, xs[t]] + self.W @ s)
            loss = loss - torch.log_softmax(self.V @ s, 0)[ys[t]]
        return loss


reference = Reference(
    model=Model, inputs={"xs": integers(0, 4, (3,)), "ys": integers(0, 4, (3,)), "h0": normal(5)}, loss="L"
)
code = Code("bptt")
''',
        (
            Mistake("wrong state", "dLdW += np.outer(delta_t, s[bptt_step - 1])", "dLdW += np.outer(delta_t, s[bptt_step])"),
            Mistake("dot for outer", "dLdV += np.outer(delta_o[t], s[t].T)", "dLdV += np.dot(delta_o[t], o[t])"),
            Mistake("transpose forgotten", "delta_t = W.T.dot(delta_t)", "delta_t = W.dot(delta_t)"),
        ),
    ),
    Case(
        "rnn_step_functions",
        '''
def rnn_step_forward(x, prev_h, Wx, Wh, b):
    next_h = np.tanh(x.dot(Wx) + prev_h.dot(Wh) + b)
    cache = (x, prev_h, Wx, Wh, b, next_h)
    return next_h, cache


def rnn_step_backward(dnext_h, cache):
    x, prev_h, Wx, Wh, b, next_h = cache
    dtanh = (1 - next_h ** 2) * dnext_h
    dx = dtanh.dot(Wx.T)
    dprev_h = dtanh.dot(Wh.T)
    dWx = x.T.dot(dtanh)
    dWh = prev_h.T.dot(dtanh)
    db = dtanh.sum(axis=0)
    return dx, dprev_h, dWx, dWh, db


def rnn_forward(x, h0, Wx, Wh, b):
    N, T, D = x.shape
    H = h0.shape[1]
    h = np.zeros((N, T, H))
    cache = []
    prev = h0
    for t in range(T):
        prev, c = rnn_step_forward(x[:, t, :], prev, Wx, Wh, b)
        h[:, t, :] = prev
        cache.append(c)
    return h, cache


def rnn_backward(dh, cache):
    N, T, H = dh.shape
    x, _, Wx, Wh, b, _ = cache[0]
    D = x.shape[1]
    dx = np.zeros((N, T, D))
    dWx, dWh, db = np.zeros_like(Wx), np.zeros_like(Wh), np.zeros_like(b)
    dprev_h = np.zeros((N, H))
    for t in range(T - 1, -1, -1):
        dcurr = dh[:, t, :] + dprev_h
        dx_t, dprev_h, dWx_t, dWh_t, db_t = rnn_step_backward(dcurr, cache[t])
        dx[:, t, :] = dx_t
        dWx += dWx_t
        dWh += dWh_t
        db += db_t
    dh0 = dprev_h
    return dx, dh0, dWx, dWh, db
''',
        '''
class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.Wx, self.Wh = nn.Parameter(torch.empty(4, 5)), nn.Parameter(torch.empty(5, 5))
        self.b = nn.Parameter(torch.empty(5))

    def forward(self, x, h0):
        hs, h = [], h0
        for t in range(3):
            h = torch.tanh(x[:, t] @ self.Wx + h @ self.Wh + self.b)
            hs.append(h)
        return torch.stack(hs, 1)


reference = Reference(model=Model, inputs={"x": normal(2, 3, 4), "h0": normal(2, 5)}, output="h")
code = Code("rnn_forward", "rnn_backward")
''',
        (
            Mistake("upstream of the step only", "dcurr = dh[:, t, :] + dprev_h", "dcurr = dh[:, t, :]"),
            Mistake("assigned", "dWh += dWh_t", "dWh = dWh_t"),
            Mistake("slope by the old state", "dtanh = (1 - next_h ** 2)", "dtanh = (1 - prev_h ** 2)"),
            Mistake("first step left out", "for t in range(T - 1, -1, -1):", "for t in range(T - 1, 0, -1):"),
        ),
    ),
    Case(
        "lstm_step_functions",
        '''
def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def lstm_step_forward(x, prev_h, prev_c, Wx, Wh, b):
    N, H = prev_h.shape
    a = x.dot(Wx) + prev_h.dot(Wh) + b
    ai, af, ao, ag = a[:, :H], a[:, H:2 * H], a[:, 2 * H:3 * H], a[:, 3 * H:]
    i, f, o, g = sigmoid(ai), sigmoid(af), sigmoid(ao), np.tanh(ag)
    next_c = f * prev_c + i * g
    next_h = o * np.tanh(next_c)
    cache = (x, prev_h, prev_c, Wx, Wh, b, i, f, o, g, next_c)
    return next_h, next_c, cache


def lstm_step_backward(dnext_h, dnext_c, cache):
    x, prev_h, prev_c, Wx, Wh, b, i, f, o, g, next_c = cache
    t = np.tanh(next_c)
    do = dnext_h * t
    dc = dnext_c + dnext_h * o * (1 - t ** 2)
    df = dc * prev_c
    dprev_c = dc * f
    di = dc * g
    dg = dc * i
    dai = di * i * (1 - i)
    daf = df * f * (1 - f)
    dao = do * o * (1 - o)
    dag = dg * (1 - g ** 2)
    da = np.hstack((dai, daf, dao, dag))
    dx = da.dot(Wx.T)
    dprev_h = da.dot(Wh.T)
    dWx = x.T.dot(da)
    dWh = prev_h.T.dot(da)
    db = da.sum(axis=0)
    return dx, dprev_h, dprev_c, dWx, dWh, db
''',
        '''
class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.Wx, self.Wh = nn.Parameter(torch.empty(4, 12)), nn.Parameter(torch.empty(3, 12))
        self.b = nn.Parameter(torch.empty(12))

    def forward(self, x, prev_h, prev_c):
        i, f, o, g = (x @ self.Wx + prev_h @ self.Wh + self.b).chunk(4, 1)
        c = torch.sigmoid(f) * prev_c + torch.sigmoid(i) * torch.tanh(g)
        return torch.sigmoid(o) * torch.tanh(c), c


reference = Reference(
    model=Model,
    inputs={"x": normal(2, 4), "prev_h": normal(2, 3), "prev_c": normal(2, 3)},
    output=("next_h", "next_c"),
)
code = Code("lstm_step_forward", "lstm_step_backward")
''',
        (
            Mistake("path through the cell forgotten", "dc = dnext_c + dnext_h * o * (1 - t ** 2)", "dc = dnext_c"),
            Mistake("slope of the wrong gate", "dag = dg * (1 - g ** 2)", "dag = dg * g * (1 - g)"),
            Mistake("gates in the wrong order", "np.hstack((dai, daf, dao, dag))", "np.hstack((dai, dao, daf, dag))"),
            Mistake("wrong factor", "df = dc * prev_c", "df = dc * next_c"),
        ),
    ),
    Case(
        "lstm_concat_params_class",
        '''
class LSTM:
    def __init__(self, Wf, Wi, Wc, Wo, bf, bi, bc, bo):
        self.Wf, self.Wi, self.Wc, self.Wo = Wf, Wi, Wc, Wo
        self.bf, self.bi, self.bc, self.bo = bf, bi, bc, bo

    @staticmethod
    def _sig(v):
        return 1 / (1 + np.exp(-v))

    def forward(self, x, h, c):
        z = np.row_stack((h, x)) if hasattr(np, "row_stack") else np.vstack((h, x))
        f = self._sig(self.Wf @ z + self.bf)
        i = self._sig(self.Wi @ z + self.bi)
        c_bar = np.tanh(self.Wc @ z + self.bc)
        o = self._sig(self.Wo @ z + self.bo)
        c_new = f * c + i * c_bar
        h_new = o * np.tanh(c_new)
        self.saved = (z, f, i, c_bar, c_new, o, c, len(h))
        return h_new

    def backward(self, dh):
        z, f, i, c_bar, c, o, c_prev, n = self.saved
        do = dh * np.tanh(c)
        do = o * (1 - o) * do
        self.dWo = do @ z.T
        self.dbo = do
        dc = dh * o * (1 - np.tanh(c) ** 2)
        dc_bar = dc * i
        dc_bar = dc_bar * (1 - c_bar ** 2)
        self.dWc = dc_bar @ z.T
        self.dbc = dc_bar
        di = dc * c_bar
        di = i * (1 - i) * di
        self.dWi = di @ z.T
        self.dbi = di
        df = dc * c_prev
        df = f * (1 - f) * df
        self.dWf = df @ z.T
        self.dbf = df
        dz = self.Wf.T @ df + self.Wi.T @ di + self.Wc.T @ dc_bar + self.Wo.T @ do
        dh_prev = dz[:n, :]
        dc_prev = f * dc
        return dh_prev, dc_prev
''',
        '''
class Model(nn.Module):
    def __init__(self):
        super().__init__()
        for g in "fico":
            setattr(self, "W" + g, nn.Parameter(torch.empty(3, 7)))
            setattr(self, "b" + g, nn.Parameter(torch.empty(3, 1)))

    def forward(self, x, h, c):
        z = torch.cat([h, x])
        f, i = torch.sigmoid(self.Wf @ z + self.bf), torch.sigmoid(self.Wi @ z + self.bi)
        o = torch.sigmoid(self.Wo @ z + self.bo)
        return o * torch.tanh(f * c + i * torch.tanh(self.Wc @ z + self.bc))


reference = Reference(
    model=Model, inputs={"x": normal(4, 1), "h": normal(3, 1), "c": normal(3, 1)}, output="h_new"
)
code = Code(
    "LSTM.forward",
    "LSTM.backward",
    constructor={k + g: np.ones((3, 7 if k == "W" else 1)) for k in "Wb" for g in "fico"},
    names={"dh": "dLoss_dh_new"},
    results=("dLoss_dh", "dLoss_dc"),
)
''',
        (
            Mistake("a gate's path forgotten", " + self.Wo.T @ do", ""),
            Mistake("slope of the sigmoid for the tanh", "dc_bar = dc_bar * (1 - c_bar ** 2)", "dc_bar = dc_bar * c_bar * (1 - c_bar)"),
            Mistake("the new cell for the old", "df = dc * c_prev", "df = dc * c"),
        ),
    ),
    Case(
        "gru_cell_class",
        '''
class GRUCell:
    def __init__(self, Wz, Wr, Wh, Uz, Ur, Uh):
        self.Wz, self.Wr, self.Wh = Wz, Wr, Wh
        self.Uz, self.Ur, self.Uh = Uz, Ur, Uh

    def sigma(self, v):
        return 1.0 / (1.0 + np.exp(-v))

    def forward(self, x, h):
        self.x, self.h = x, h
        self.z = self.sigma(x @ self.Wz + h @ self.Uz)
        self.r = self.sigma(x @ self.Wr + h @ self.Ur)
        self.hh = np.tanh(x @ self.Wh + (self.r * h) @ self.Uh)
        return (1 - self.z) * h + self.z * self.hh

    def backward(self, dy):
        dz = dy * (self.hh - self.h)
        dhh = dy * self.z
        dh = dy * (1 - self.z)
        dahh = dhh * (1 - self.hh ** 2)
        drh = dahh @ self.Uh.T
        dr = drh * self.h
        dh = dh + drh * self.r
        daz = dz * self.z * (1 - self.z)
        dar = dr * self.r * (1 - self.r)
        dh = dh + daz @ self.Uz.T + dar @ self.Ur.T
        dx = daz @ self.Wz.T + dar @ self.Wr.T + dahh @ self.Wh.T
        dWz, dWr, dWh = self.x.T @ daz, self.x.T @ dar, self.x.T @ dahh
        dUz, dUr, dUh = self.h.T @ daz, self.h.T @ dar, (self.r * self.h).T @ dahh
        return dx, dh, dWz, dWr, dWh, dUz, dUr, dUh
''',
        '''
class Model(nn.Module):
    def __init__(self):
        super().__init__()
        for g in "zrh":
            setattr(self, "W" + g, nn.Parameter(torch.empty(4, 3)))
            setattr(self, "U" + g, nn.Parameter(torch.empty(3, 3)))

    def forward(self, x, h):
        z = torch.sigmoid(x @ self.Wz + h @ self.Uz)
        r = torch.sigmoid(x @ self.Wr + h @ self.Ur)
        return (1 - z) * h + z * torch.tanh(x @ self.Wh + (r * h) @ self.Uh)


reference = Reference(model=Model, inputs={"x": normal(2, 4), "h": normal(2, 3)})
code = Code(
    "GRUCell.forward",
    "GRUCell.backward",
    constructor={"W" + g: np.ones((4, 3)) for g in "zrh"} | {"U" + g: np.ones((3, 3)) for g in "zrh"},
)
''',
        (
            Mistake("reset gate forgotten", "dh = dh + drh * self.r", "dh = dh + drh"),
            Mistake("sign", "dz = dy * (self.hh - self.h)", "dz = dy * (self.h - self.hh)"),
            Mistake("state not gated", "(self.r * self.h).T @ dahh", "self.h.T @ dahh"),
        ),
    ),
)
