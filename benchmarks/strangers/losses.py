"""Losses and small models: SVM, softmax, logistic regression, VAE, triplet, matrix factorisation, word vectors."""

from strangers.spec import Case, Mistake

CASES = (
    Case(
        "svm_loss_naive",
        '''
def svm_loss_naive(W, X, y, reg):
    dW = np.zeros(W.shape)
    num_classes = W.shape[1]
    num_train = X.shape[0]
    loss = 0.0
    for i in range(num_train):
        scores = X[i].dot(W)
        correct_class_score = scores[y[i]]
        for j in range(num_classes):
            if j == y[i]:
                continue
            margin = scores[j] - correct_class_score + 1
            if margin > 0:
                loss += margin
                dW[:, j] += X[i]
                dW[:, y[i]] -= X[i]
    loss /= num_train
    dW /= num_train
    loss += reg * np.sum(W * W)
    dW += 2 * reg * W
    return loss, dW
''',
        '''
class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.W = nn.Parameter(torch.empty(4, 3))

    def forward(self, X, y):
        s = X @ self.W
        m = torch.clamp(s - s.gather(1, y[:, None]) + 1, min=0)
        return (m.sum() - len(X)) / len(X) + 0.1 * (self.W**2).sum()


reference = Reference(model=Model, inputs={"X": normal(5, 4), "y": integers(0, 3, (5,))})
code = Code("svm_loss_naive", values={"reg": 0.1})
''',
        (
            Mistake("factor of the regularizer", "dW += 2 * reg * W", "dW += reg * W"),
            Mistake("line of accumulation missing", "                dW[:, y[i]] -= X[i]\n", "", ("dW[:, j] += X[i]",)),
            Mistake("mean forgotten", "    dW /= num_train\n", ""),
            Mistake("sign", "dW[:, y[i]] -= X[i]", "dW[:, y[i]] += X[i]"),
        ),
    ),
    Case(
        "svm_loss_vectorized",
        '''
def svm_loss(x, y):
    N = x.shape[0]
    correct_class_scores = x[np.arange(N), y]
    margins = np.maximum(0, x - correct_class_scores[:, np.newaxis] + 1.0)
    margins[np.arange(N), y] = 0
    loss = np.sum(margins) / N
    num_pos = np.sum(margins > 0, axis=1)
    dx = np.zeros_like(x)
    dx[margins > 0] = 1
    dx[np.arange(N), y] -= num_pos
    dx /= N
    return loss, dx
''',
        '''
class Model(nn.Module):
    def forward(self, x, y):
        return F.multi_margin_loss(x, y) * 3


reference = Reference(model=Model, inputs={"x": normal(5, 3), "y": integers(0, 3, (5,))})
code = Code("svm_loss")
''',
        (
            Mistake("count forgotten", "dx[np.arange(N), y] -= num_pos", "dx[np.arange(N), y] -= 1"),
            Mistake("mean forgotten", "    dx /= N\n", ""),
        ),
    ),
    Case(
        "softmax_loss_naive",
        '''
def softmax_loss_naive(W, X, y, reg):
    loss = 0.0
    dW = np.zeros_like(W)
    num_train = X.shape[0]
    num_class = W.shape[1]
    for i in range(num_train):
        scores = X[i].dot(W)
        scores -= np.max(scores)
        p = np.exp(scores) / np.sum(np.exp(scores))
        loss += -np.log(p[y[i]])
        for k in range(num_class):
            dW[:, k] += (p[k] - (k == y[i])) * X[i]
    loss /= num_train
    loss += 0.5 * reg * np.sum(W * W)
    dW /= num_train
    dW += reg * W
    return loss, dW
''',
        '''
class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.W = nn.Parameter(torch.empty(4, 3))

    def forward(self, X, y):
        return F.cross_entropy(X @ self.W, y) + 0.05 * (self.W**2).sum()


reference = Reference(model=Model, inputs={"X": normal(5, 4), "y": integers(0, 3, (5,))})
code = Code("softmax_loss_naive", values={"reg": 0.1})
''',
        (
            Mistake("the target forgotten", "(p[k] - (k == y[i])) * X[i]", "p[k] * X[i]"),
            Mistake("assigned", "dW[:, k] += (p[k]", "dW[:, k] = (p[k]"),
            Mistake("regularizer forgotten", "    dW += reg * W\n", ""),
        ),
    ),
    Case(
        "softmax_loss_function",
        '''
def softmax_loss(x, y):
    shifted_logits = x - np.max(x, axis=1, keepdims=True)
    Z = np.sum(np.exp(shifted_logits), axis=1, keepdims=True)
    log_probs = shifted_logits - np.log(Z)
    probs = np.exp(log_probs)
    N = x.shape[0]
    loss = -np.sum(log_probs[np.arange(N), y]) / N
    dx = probs.copy()
    dx[np.arange(N), y] -= 1
    dx /= N
    return loss, dx
''',
        '''
class Model(nn.Module):
    def forward(self, x, y):
        return F.cross_entropy(x, y)


reference = Reference(model=Model, inputs={"x": normal(5, 3), "y": integers(0, 3, (5,))})
code = Code("softmax_loss")
''',
        (
            Mistake("log for the probabilities", "dx = probs.copy()", "dx = log_probs.copy()"),
            Mistake("mean forgotten", "    dx /= N\n", ""),
            Mistake("target forgotten", "    dx[np.arange(N), y] -= 1\n", ""),
        ),
    ),
    Case(
        "logistic_regression_script",
        '''
def sigmoid(z):
    s = 1 / (1 + np.exp(-z))
    return s


def propagate(w, b, X, Y):
    m = X.shape[1]
    A = sigmoid(np.dot(w.T, X) + b)
    cost = -1 / m * np.sum(Y * np.log(A) + (1 - Y) * np.log(1 - A))
    dw = 1 / m * np.dot(X, (A - Y).T)
    db = 1 / m * np.sum(A - Y)
    cost = np.squeeze(cost)
    grads = {"dw": dw, "db": db}
    return grads, cost
''',
        '''
class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.w, self.b = nn.Parameter(torch.empty(4, 1)), nn.Parameter(torch.empty(()))

    def forward(self, X, Y):
        return F.binary_cross_entropy_with_logits(self.w.T @ X + self.b, Y)


reference = Reference(model=Model, inputs={"X": normal(4, 6), "Y": uniform(0, 1, (1, 6))})
code = Code("propagate")
''',
        (
            Mistake("mean forgotten", "db = 1 / m * np.sum(A - Y)", "db = np.sum(A - Y)"),
            Mistake("sign", "np.dot(X, (A - Y).T)", "np.dot(X, (Y - A).T)"),
        ),
    ),
    Case(
        "sigmoid_mse_delta",
        '''
class NeuralNetwork:
    def __init__(self, x, y):
        self.input = x
        self.y = y
        self.output = np.zeros(y.shape)

    def feedforward(self, weights1, weights2):
        self.layer1 = sigmoid(np.dot(self.input, weights1))
        self.output = sigmoid(np.dot(self.layer1, weights2))

    def backprop(self, weights1, weights2):
        d_weights2 = np.dot(self.layer1.T, (2 * (self.y - self.output) * sigmoid_derivative(self.output)))
        d_weights1 = np.dot(self.input.T, (np.dot(2 * (self.y - self.output) * sigmoid_derivative(self.output),
                                                  weights2.T) * sigmoid_derivative(self.layer1)))
        return -d_weights1, -d_weights2


def sigmoid(x):
    return 1.0 / (1 + np.exp(-x))


def sigmoid_derivative(x):
    return x * (1.0 - x)
''',
        '''
class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.weights1, self.weights2 = nn.Parameter(torch.empty(3, 4)), nn.Parameter(torch.empty(4, 1))

    def forward(self, x, y):
        return ((torch.sigmoid(torch.sigmoid(x @ self.weights1) @ self.weights2) - y) ** 2).sum()


reference = Reference(model=Model, inputs={"x": normal(5, 3), "y": uniform(0, 1, (5, 1))})
code = Code(
    "NeuralNetwork.feedforward",
    "NeuralNetwork.backprop",
    constructor={"x": np.ones((5, 3)), "y": np.ones((5, 1))},
    names={"self.input": "x"},
    results=("dLoss_dweights1", "dLoss_dweights2"),
)
''',
        (
            Mistake("derivative of the wrong variable", "return x * (1.0 - x)", "return sigmoid(x) * (1.0 - sigmoid(x))"),
            Mistake("two forgotten", "self.layer1.T, (2 * (self.y", "self.layer1.T, ((self.y"),
            Mistake("sign", "return -d_weights1, -d_weights2", "return -d_weights1, d_weights2"),
        ),
    ),
    Case(
        "nested_lists_nielsen",
        '''
def sigmoid(z):
    return 1.0 / (1.0 + np.exp(-z))


def sigmoid_prime(z):
    return sigmoid(z) * (1 - sigmoid(z))


class Network:
    def __init__(self, weights, biases):
        self.num_layers = len(weights) + 1
        self.weights = weights
        self.biases = biases

    def backprop(self, x, y):
        nabla_b = [np.zeros(b.shape) for b in self.biases]
        nabla_w = [np.zeros(w.shape) for w in self.weights]
        activation = x
        activations = [x]
        zs = []
        for b, w in zip(self.biases, self.weights):
            z = np.dot(w, activation) + b
            zs.append(z)
            activation = sigmoid(z)
            activations.append(activation)
        delta = self.cost_derivative(activations[-1], y) * sigmoid_prime(zs[-1])
        nabla_b[-1] = delta
        nabla_w[-1] = np.dot(delta, activations[-2].transpose())
        for l in range(2, self.num_layers):
            z = zs[-l]
            sp = sigmoid_prime(z)
            delta = np.dot(self.weights[-l + 1].transpose(), delta) * sp
            nabla_b[-l] = delta
            nabla_w[-l] = np.dot(delta, activations[-l - 1].transpose())
        return (nabla_b, nabla_w)

    def cost_derivative(self, output_activations, y):
        return (output_activations - y)
''',
        '''
class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.w1, self.b1 = nn.Parameter(torch.empty(5, 3)), nn.Parameter(torch.empty(5, 1))
        self.w2, self.b2 = nn.Parameter(torch.empty(2, 5)), nn.Parameter(torch.empty(2, 1))

    def forward(self, x, y):
        a = torch.sigmoid(self.w2 @ torch.sigmoid(self.w1 @ x + self.b1) + self.b2)
        return ((a - y) ** 2).sum() / 2


reference = Reference(model=Model, inputs={"x": normal(3, 1), "y": uniform(0, 1, (2, 1))})
code = Code(
    "Network.backprop",
    constructor={"weights": [np.ones((5, 3)), np.ones((2, 5))], "biases": [np.ones((5, 1)), np.ones((2, 1))]},
    names={"self.weights[0]": "w1", "self.weights[1]": "w2", "self.biases[0]": "b1", "self.biases[1]": "b2"},
    results=("dLoss_db1", "dLoss_db2", "dLoss_dw1", "dLoss_dw2"),
)
''',
        (
            Mistake("slope forgotten", "delta) * sp", "delta)"),
            Mistake("wrong activation", "nabla_w[-l] = np.dot(delta, activations[-l - 1].transpose())",
                    "nabla_w[-l] = np.dot(delta, sigmoid(activations[-l - 1]).transpose())"),
            Mistake("sign", "return (output_activations - y)", "return (y - output_activations)"),
        ),
    ),
    Case(
        "nn_from_scratch_update",
        '''
def train_step(model, X, y, epsilon, reg_lambda):
    W1, b1, W2, b2 = model["W1"], model["b1"], model["W2"], model["b2"]
    num_examples = len(X)
    z1 = X.dot(W1) + b1
    a1 = np.tanh(z1)
    z2 = a1.dot(W2) + b2
    exp_scores = np.exp(z2)
    probs = exp_scores / np.sum(exp_scores, axis=1, keepdims=True)
    delta3 = probs
    delta3[range(num_examples), y] -= 1
    dW2 = (a1.T).dot(delta3)
    db2 = np.sum(delta3, axis=0, keepdims=True)
    delta2 = delta3.dot(W2.T) * (1 - np.power(a1, 2))
    dW1 = np.dot(X.T, delta2)
    db1 = np.sum(delta2, axis=0)
    dW2 += reg_lambda * W2
    dW1 += reg_lambda * W1
    W1 += -epsilon * dW1
    b1 += -epsilon * db1
    W2 += -epsilon * dW2
    b2 += -epsilon * db2
    model = {"W1": W1, "b1": b1, "W2": W2, "b2": b2}
    return model
''',
        '''
class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.W1, self.b1 = nn.Parameter(torch.empty(4, 5)), nn.Parameter(torch.empty(1, 5))
        self.W2, self.b2 = nn.Parameter(torch.empty(5, 3)), nn.Parameter(torch.empty(1, 3))

    def forward(self, X, y):
        data = F.cross_entropy(torch.tanh(X @ self.W1 + self.b1) @ self.W2 + self.b2, y, reduction="sum")
        return data + 0.005 * ((self.W1**2).sum() + (self.W2**2).sum())


reference = Reference(
    model=Model,
    inputs={"X": normal(6, 4), "y": integers(0, 3, (6,))},
    optimizer=torch.optim.SGD,
    hyperparameters={"lr": log_uniform(1e-3, 0.1, symbol="epsilon")},
)
code = Code(
    "train_step",
    values={"reg_lambda": 0.01},
    names={f'model["{p}"]': p for p in ("W1", "b1", "W2", "b2")},
)
''',
        (
            Mistake("regularizer forgotten", "    dW1 += reg_lambda * W1\n", ""),
            Mistake("ascent", "b1 += -epsilon * db1", "b1 += epsilon * db1"),
            Mistake("update before use", "    delta2 = delta3.dot(W2.T) * (1 - np.power(a1, 2))\n    dW1",
                    "    W2 += -epsilon * dW2\n    delta2 = delta3.dot(W2.T) * (1 - np.power(a1, 2))\n    dW1",
                    ("W2 += -epsilon * dW2", "delta2 =", "dW2 += reg_lambda")),
        ),
    ),
    Case(
        "vae_loss",
        '''
def vae_loss_and_grads(x, x_hat, mu, logvar):
    n = x.shape[0]
    rec = 0.5 * np.sum((x_hat - x) ** 2) / n
    kl = -0.5 * np.sum(1 + logvar - mu ** 2 - np.exp(logvar)) / n
    loss = rec + kl
    d_x_hat = (x_hat - x) / n
    d_mu = mu / n
    d_logvar = -0.5 * (1 - np.exp(logvar)) / n
    return loss, d_x_hat, d_mu, d_logvar
''',
        '''
class Model(nn.Module):
    def forward(self, x, x_hat, mu, logvar):
        rec = 0.5 * ((x_hat - x) ** 2).sum() / len(x)
        return rec - 0.5 * (1 + logvar - mu**2 - torch.exp(logvar)).sum() / len(x)


reference = Reference(
    model=Model, inputs={"x": normal(5, 3), "x_hat": normal(5, 3), "mu": normal(5, 2), "logvar": normal(5, 2)}
)
code = Code("vae_loss_and_grads")
''',
        (
            Mistake("sign of the variance", "d_logvar = -0.5 * (1 - np.exp(logvar))", "d_logvar = 0.5 * (1 - np.exp(logvar))"),
            Mistake("half forgotten", "d_logvar = -0.5 * (1 - np.exp(logvar)) / n", "d_logvar = -(1 - np.exp(logvar)) / n"),
            Mistake("two too many", "d_mu = mu / n", "d_mu = 2 * mu / n"),
        ),
    ),
    Case(
        "vae_reparametrized",
        '''
class VAE:
    def encode(self, mu, log_var, eps):
        self.mu, self.log_var, self.eps = mu, log_var, eps
        self.std = np.exp(0.5 * log_var)
        self.z = mu + self.std * eps
        return self.z

    def backward(self, dz):
        dmu = dz
        dlog_var = dz * self.eps * self.std * 0.5
        return dmu, dlog_var
''',
        '''
class Model(nn.Module):
    def forward(self, mu, log_var, eps):
        return mu + torch.exp(log_var / 2) * eps


reference = Reference(
    model=Model, inputs={"mu": normal(5, 2), "log_var": normal(5, 2), "eps": normal(5, 2)}, output="z"
)
code = Code("VAE.encode", "VAE.backward")
''',
        (
            Mistake("half forgotten", "self.eps * self.std * 0.5", "self.eps * self.std"),
            Mistake("std forgotten", "self.eps * self.std * 0.5", "self.eps * 0.5"),
        ),
    ),
    Case(
        "matrix_factorisation",
        '''
class MF:
    def __init__(self, P, Q, bu, bi, mu, alpha, beta):
        self.P, self.Q = P, Q
        self.b_u, self.b_i = bu, bi
        self.b = mu
        self.alpha, self.beta = alpha, beta

    def sgd(self, i, j, r):
        prediction = self.get_rating(i, j)
        e = (r - prediction)
        self.b_u[i] += self.alpha * (e - self.beta * self.b_u[i])
        self.b_i[j] += self.alpha * (e - self.beta * self.b_i[j])
        P_i = self.P[i, :].copy()
        self.P[i, :] += self.alpha * (e * self.Q[j, :] - self.beta * self.P[i, :])
        self.Q[j, :] += self.alpha * (e * P_i - self.beta * self.Q[j, :])

    def get_rating(self, i, j):
        prediction = self.b + self.b_u[i] + self.b_i[j] + self.P[i, :].dot(self.Q[j, :].T)
        return prediction
''',
        '''
class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.P, self.Q = nn.Parameter(torch.empty(4, 3)), nn.Parameter(torch.empty(5, 3))
        self.b_u, self.b_i = nn.Parameter(torch.empty(4)), nn.Parameter(torch.empty(5))

    def forward(self, i, j, r):
        e = r - (0.4 + self.b_u[i] + self.b_i[j] + self.P[i] @ self.Q[j])
        pen = (self.P[i] ** 2).sum() + (self.Q[j] ** 2).sum() + self.b_u[i] ** 2 + self.b_i[j] ** 2
        return (e**2 + 0.02 * pen) / 2


reference = Reference(
    model=Model,
    inputs={"i": integers(0, 4, ()), "j": integers(0, 5, ()), "r": normal()},
    optimizer=torch.optim.SGD,
    hyperparameters={"lr": 0.1},
)
code = Code(
    "MF.sgd",
    constructor={
        "P": np.ones((4, 3)), "Q": np.ones((5, 3)), "bu": np.ones(4), "bi": np.ones(5),
        "mu": 0.4, "alpha": 0.1, "beta": 0.02,
    },
)
''',
        (
            Mistake("a view, not a copy", "P_i = self.P[i, :].copy()", "P_i = self.P[i, :][:]",
                    ("self.Q[j, :] += self.alpha",)),
            Mistake("regularizer forgotten", "(e * P_i - self.beta * self.Q[j, :])", "(e * P_i)"),
            Mistake("sign of the regularizer", "(e - self.beta * self.b_i[j])", "(e + self.beta * self.b_i[j])"),
        ),
    ),
    Case(
        "word2vec_neg_sampling",
        '''
def sigmoid(x):
    s = 1 / (1 + np.exp(-x))
    return s


def negSamplingLossAndGradient(centerWordVec, outsideWordIdx, outsideVectors, negSampleWordIndices):
    gradCenterVec = np.zeros(centerWordVec.shape)
    gradOutsideVecs = np.zeros(outsideVectors.shape)
    loss = 0.0
    u_o = outsideVectors[outsideWordIdx]
    z = sigmoid(np.dot(u_o, centerWordVec))
    loss -= np.log(z)
    gradCenterVec += u_o * (z - 1)
    gradOutsideVecs[outsideWordIdx] += centerWordVec * (z - 1)
    for k in range(len(negSampleWordIndices)):
        samp = negSampleWordIndices[k]
        u_k = outsideVectors[samp]
        zk = sigmoid(-np.dot(u_k, centerWordVec))
        loss -= np.log(zk)
        gradCenterVec += u_k * (1.0 - zk)
        gradOutsideVecs[samp] += centerWordVec * (1.0 - zk)
    return loss, gradCenterVec, gradOutsideVecs
''',
        '''
class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.outsideVectors = nn.Parameter(torch.empty(6, 3))

    def forward(self, centerWordVec, outsideWordIdx, negSampleWordIndices):
        pos = F.logsigmoid(self.outsideVectors[outsideWordIdx] @ centerWordVec)
        return -pos - F.logsigmoid(-self.outsideVectors[negSampleWordIndices] @ centerWordVec).sum()


reference = Reference(
    model=Model,
    inputs={
        "centerWordVec": normal(3), "outsideWordIdx": integers(0, 6, ()), "negSampleWordIndices": integers(0, 6, (8,))
    },
)
code = Code(
    "negSamplingLossAndGradient", results=("Loss", "dLoss_dcenterWordVec", "dLoss_doutsideVectors")
)
''',
        (
            Mistake("repeated samples lost", "gradOutsideVecs[samp] += centerWordVec", "gradOutsideVecs[samp] = centerWordVec"),
            Mistake("sign", "gradCenterVec += u_k * (1.0 - zk)", "gradCenterVec -= u_k * (1.0 - zk)"),
            Mistake("line of accumulation missing", "        gradCenterVec += u_k * (1.0 - zk)\n", "",
                    ("gradCenterVec += u_o",)),
            Mistake("the probability of the wrong word", "gradOutsideVecs[samp] += centerWordVec * (1.0 - zk)",
                    "gradOutsideVecs[samp] += centerWordVec * (1.0 - z)"),
        ),
    ),
    Case(
        "word2vec_naive_softmax",
        '''
def softmax(x):
    e = np.exp(x - np.max(x))
    return e / np.sum(e)


def naive_softmax_loss(v_c, o, U):
    y_hat = softmax(np.dot(U, v_c))
    loss = -np.log(y_hat[o])
    delta = y_hat.copy()
    delta[o] -= 1
    grad_v_c = np.dot(U.T, delta)
    grad_U = np.outer(delta, v_c)
    return loss, grad_v_c, grad_U
''',
        '''
class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.U = nn.Parameter(torch.empty(5, 3))

    def forward(self, v_c, o):
        return -torch.log_softmax(self.U @ v_c, 0)[o]


reference = Reference(model=Model, inputs={"v_c": normal(3), "o": integers(0, 5, ())})
code = Code("naive_softmax_loss")
''',
        (
            Mistake("outer the wrong way", "grad_U = np.outer(delta, v_c)", "grad_U = np.outer(y_hat, v_c)"),
            Mistake("copy forgotten and loss after", "    delta[o] -= 1\n", ""),
            Mistake("softmax forgotten", "y_hat = softmax(np.dot(U, v_c))", "y_hat = np.exp(np.dot(U, v_c))"),
        ),
    ),
    Case(
        "triplet_loss",
        '''
class TripletLoss:
    def __init__(self, margin):
        self.margin = margin

    def __call__(self, a, p, n):
        return self.forward(a, p, n)

    def forward(self, a, p, n):
        self.dp, self.dn = a - p, a - n
        d = (self.dp ** 2).sum(1) - (self.dn ** 2).sum(1) + self.margin
        self.active = d > 0
        return np.maximum(d, 0).sum()

    def backward(self):
        act = self.active[:, None]
        ga = 2 * (self.dp - self.dn) * act
        gp = -2 * self.dp * act
        gn = 2 * self.dn * act
        return ga, gp, gn
''',
        '''
class Model(nn.Module):
    def forward(self, a, p, n):
        return torch.relu(((a - p) ** 2).sum(1) - ((a - n) ** 2).sum(1) + 0.3).sum()


reference = Reference(model=Model, inputs={"a": normal(5, 3), "p": normal(5, 3), "n": normal(5, 3)})
code = Code(
    "TripletLoss.forward", "TripletLoss.backward", constructor={"margin": 0.3},
    results=("dLoss_da", "dLoss_dp", "dLoss_dn"),
)
''',
        (
            Mistake("mask forgotten", "gn = 2 * self.dn * act", "gn = 2 * self.dn"),
            Mistake("sign", "gp = -2 * self.dp * act", "gp = 2 * self.dp * act"),
            Mistake("two results swapped", "return ga, gp, gn", "return ga, gn, gp"),
        ),
    ),
    Case(
        "softmax_layer_jacobian",
        '''
class Activation_Softmax:
    def forward(self, inputs):
        self.inputs = inputs
        exp_values = np.exp(inputs - np.max(inputs, axis=1, keepdims=True))
        probabilities = exp_values / np.sum(exp_values, axis=1, keepdims=True)
        self.output = probabilities

    def backward(self, dvalues):
        self.dinputs = np.empty_like(dvalues)
        for index, (single_output, single_dvalues) in enumerate(zip(self.output, dvalues)):
            single_output = single_output.reshape(-1, 1)
            jacobian_matrix = np.diagflat(single_output) - np.dot(single_output, single_output.T)
            self.dinputs[index] = np.dot(jacobian_matrix, single_dvalues)
''',
        '''
reference = Reference(
    model=lambda: nn.Softmax(dim=1), inputs={"input": normal(5, 3)}, symbols={"inputs": "input"}, output="output"
)
code = Code("Activation_Softmax.forward", "Activation_Softmax.backward")
''',
        (
            Mistake("plus for minus", "np.diagflat(single_output) - np.dot(", "np.diagflat(single_output) + np.dot("),
            Mistake("off-diagonal forgotten", "np.diagflat(single_output) - np.dot(single_output, single_output.T)",
                    "np.diagflat(single_output)"),
            Mistake("upstream forgotten", "np.dot(jacobian_matrix, single_dvalues)", "np.dot(jacobian_matrix, single_output)[:, 0]"),
        ),
    ),
    Case(
        "dense_dvalues",
        '''
class Layer_Dense:
    def __init__(self, n_inputs, n_neurons, weight_regularizer_l2=0):
        self.weights = 0.01 * np.ones((n_inputs, n_neurons))
        self.biases = np.zeros((1, n_neurons))
        self.weight_regularizer_l2 = weight_regularizer_l2

    def forward(self, inputs):
        self.inputs = inputs
        self.output = np.dot(inputs, self.weights) + self.biases

    def backward(self, dvalues):
        self.dweights = np.dot(self.inputs.T, dvalues)
        self.dbiases = np.sum(dvalues, axis=0, keepdims=True)
        if self.weight_regularizer_l2 > 0:
            self.dweights += 2 * self.weight_regularizer_l2 * self.weights
        self.dinputs = np.dot(dvalues, self.weights.T)
''',
        '''
class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.weights, self.biases = nn.Parameter(torch.empty(4, 3)), nn.Parameter(torch.empty(1, 3))

    def forward(self, inputs):
        return inputs @ self.weights + self.biases


reference = Reference(model=Model, inputs={"inputs": normal(5, 4)}, output="output")
code = Code("Layer_Dense.forward", "Layer_Dense.backward", constructor={"n_inputs": 4, "n_neurons": 3})
''',
        (
            Mistake("transpose of the other", "self.dinputs = np.dot(dvalues, self.weights.T)",
                    "self.dinputs = np.dot(dvalues, self.dweights.T)"),
            Mistake("summed over the wrong thing", "np.sum(dvalues, axis=0, keepdims=True)", "np.sum(self.output, axis=0, keepdims=True)"),
            Mistake("divided", "self.dweights = np.dot(self.inputs.T, dvalues)", "self.dweights = np.dot(self.inputs.T, dvalues) / len(dvalues)"),
        ),
    ),
    Case(
        "categorical_cross_entropy_dvalues",
        '''
class Loss_CategoricalCrossentropy:
    def forward(self, y_pred, y_true):
        samples = len(y_pred)
        y_pred_clipped = np.clip(y_pred, 1e-7, 1 - 1e-7)
        if len(y_true.shape) == 1:
            correct_confidences = y_pred_clipped[range(samples), y_true]
        elif len(y_true.shape) == 2:
            correct_confidences = np.sum(y_pred_clipped * y_true, axis=1)
        negative_log_likelihoods = -np.log(correct_confidences)
        return np.mean(negative_log_likelihoods)

    def backward(self, dvalues, y_true):
        samples = len(dvalues)
        labels = len(dvalues[0])
        if len(y_true.shape) == 1:
            y_true = np.eye(labels)[y_true]
        self.dinputs = -y_true / dvalues
        self.dinputs = self.dinputs / samples
''',
        '''
class Model(nn.Module):
    def forward(self, y_pred, y_true):
        return -torch.log(y_pred.gather(1, y_true[:, None])).mean()


reference = Reference(
    model=Model, inputs={"y_pred": uniform(0.1, 0.9, (5, 3)), "y_true": integers(0, 3, (5,))}
)
code = Code(
    "Loss_CategoricalCrossentropy.forward",
    "Loss_CategoricalCrossentropy.backward",
    names={"dvalues": "y_pred", "self.dinputs": "dLoss_dy_pred"},
)
''',
        (
            Mistake("sign", "self.dinputs = -y_true / dvalues", "self.dinputs = y_true / dvalues"),
            Mistake("normalisation forgotten", "        self.dinputs = self.dinputs / samples\n", "",
                    ("self.dinputs = -y_true",)),
            Mistake("normalized by the labels", "self.dinputs = self.dinputs / samples", "self.dinputs = self.dinputs / labels"),
        ),
    ),
    Case(
        "linear_regression_loop",
        '''
def compute_gradient(X, y, w, b):
    m, n = X.shape
    dj_dw = np.zeros((n,))
    dj_db = 0.
    for i in range(m):
        err = (np.dot(X[i], w) + b) - y[i]
        for j in range(n):
            dj_dw[j] = dj_dw[j] + err * X[i, j]
        dj_db = dj_db + err
    dj_dw = dj_dw / m
    dj_db = dj_db / m
    return dj_db, dj_dw
''',
        '''
class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.w, self.b = nn.Parameter(torch.empty(3)), nn.Parameter(torch.empty(()))

    def forward(self, X, y):
        return ((X @ self.w + self.b - y) ** 2).mean() / 2


reference = Reference(model=Model, inputs={"X": normal(5, 3), "y": normal(5)}, loss="j")
code = Code("compute_gradient")
''',
        (
            Mistake("index swapped with its range", "dj_dw[j] = dj_dw[j] + err * X[i, j]", "dj_dw[j] = dj_dw[j] + err * X[j, j]"),
            Mistake("added inside the wrong loop", "        dj_db = dj_db + err\n", "            dj_db = dj_db + err\n"),
            Mistake("mean forgotten", "    dj_db = dj_db / m\n", ""),
            Mistake("bias forgotten", "err = (np.dot(X[i], w) + b) - y[i]", "err = np.dot(X[i], w) - y[i]"),
        ),
    ),
    Case(
        "gaussian_nll",
        '''
def gaussian_nll(mu, sigma, t):
    z = (t - mu) / sigma
    nll = np.sum(np.log(sigma) + 0.5 * z * z)
    g_mu = -z / sigma
    g_sigma = (1 - z * z) / sigma
    return nll, (g_mu, g_sigma)
''',
        '''
class Model(nn.Module):
    def forward(self, mu, sigma, t):
        return (torch.log(sigma) + 0.5 * ((t - mu) / sigma) ** 2).sum()


reference = Reference(
    model=Model, inputs={"mu": normal(5), "sigma": uniform(0.5, 2, (5,)), "t": normal(5)}, loss="nll"
)
code = Code("gaussian_nll")
''',
        (
            Mistake("sign", "g_mu = -z / sigma", "g_mu = z / sigma"),
            Mistake("the square forgotten", "g_sigma = (1 - z * z) / sigma", "g_sigma = (1 - z) / sigma"),
        ),
    ),
)
