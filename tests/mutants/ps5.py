# ruff: noqa: E501
"""Problem set 5: right answers, misconceptions, answers borrowed from the package."""

from mutants import swap

POINTS = {
    "td_residual": 3.0,
    "gae": 5.0,
    "actor_critic_iteration": 7.0,
    "torch_gradient": 4.0,
    "soft_value": 2.0,
    "soft_policy": 2.0,
    "value_with_entropy": 2.0,
}

# ---------------------------------------------------------------- right answers, differently written
# Each is complete: in a notebook of mutants, the earlier exercises are wrong.

TD = """
def td_residual(r, v, v_next, terminated, truncated, gamma):
    N, T = r.shape
    delta = np.zeros((N, T))
    for i in range(N):
        for t in range(T):
            ahead = 0.0 if terminated[i, t] else v_next[i, t]
            delta[i, t] = r[i, t] + gamma * ahead - v[i, t]
    return delta
"""
GAE = """
def gae(r, v, v_next, terminated, truncated, gamma, lam):
    N, T = r.shape
    adv = np.zeros((N, T))
    for i in range(N):
        after = 0.0
        for t in reversed(range(T)):
            ahead = 0.0 if terminated[i, t] else v_next[i, t]
            delta = r[i, t] + gamma * ahead - v[i, t]
            if terminated[i, t] or truncated[i, t]:
                after = 0.0
            after = delta + gamma * lam * after
            adv[i, t] = after
    return adv
"""
ADV = """
def _adv(r, v, v_next, terminated, truncated, gamma, lam):
    adv = r + gamma * np.where(terminated, 0.0, v_next) - v
    for t in range(r.shape[1] - 2, -1, -1):
        adv[:, t] += gamma * lam * ~(terminated | truncated)[:, t] * adv[:, t + 1]
    return adv
"""
ITERATION = (
    ADV
    + """
def actor_critic_iteration(theta, v, s, a, r, s_next, terminated, truncated, gamma, lam, alpha):
    N, T = s.shape
    y = _adv(r, v[s], v[s_next], terminated, truncated, gamma, lam) + v[s]
    v_new = v.copy()
    for x in range(len(v)):
        if (s == x).any():
            v_new[x] = y[s == x].mean()
    adv = _adv(r, v_new[s], v_new[s_next], terminated, truncated, gamma, lam)
    pi = np.exp(theta - theta.max(axis=1, keepdims=True))
    pi = pi / pi.sum(axis=1, keepdims=True)
    grad = np.zeros(theta.shape)
    for i in range(N):
        for t in range(T):
            psi = np.eye(theta.shape[1])[a[i, t]] - pi[s[i, t]]
            grad[s[i, t]] += adv[i, t] * psi
    return theta + alpha * grad / N, v_new
"""
)
TORCH = """
def torch_gradient(W, U, u, x, a, q_hat):
    import torch
    W, U = (torch.tensor(y, requires_grad=True) for y in (W, U))
    u, x, a, q_hat = (torch.tensor(y) for y in (u, x, a, q_hat))
    h = torch.tanh(x @ W)
    adv = (q_hat - h @ u).detach()
    log_pi = torch.log_softmax(h @ U, dim=1)[torch.arange(len(a)), a]
    J = (adv * log_pi).mean()
    J.backward()
    return W.grad, U.grad
"""
SOFT = """
def soft_value(q, temperature):
    m = q.max(axis=1)
    z = (q - m[:, None]) / temperature
    return m + temperature * np.log(np.exp(z).sum(axis=1))
"""
POLICY = """
def soft_policy(q, temperature):
    z = (q - q.max(axis=1, keepdims=True)) / temperature
    w = np.exp(z)
    return w / w.sum(axis=1, keepdims=True)
"""
ENTROPY = """
def value_with_entropy(q, pi, temperature):
    log_pi = np.log(np.where(pi > 0, pi, 1.0))
    return (pi * (q - temperature * log_pi)).sum(axis=1)
"""

RIGHT = {
    "td_residual": {
        "loops": TD,
        "where, float32": """
def td_residual(r, v, v_next, terminated, truncated, gamma):
    r, v, v_next = (np.float32(x) for x in (r, v, v_next))
    return r + np.float32(gamma) * np.where(terminated, np.float32(0), v_next) - v
""",
        "one minus done, in place": """
def td_residual(r, v, v_next, terminated, truncated, gamma):
    r -= v
    r += gamma * (1 - terminated) * v_next
    return r
""",
        "lists": """
def td_residual(r, v, v_next, terminated, truncated, gamma):
    rows = zip(r.tolist(), v.tolist(), v_next.tolist(), terminated.tolist())
    return [[x + gamma * z * (not d) - y for x, y, z, d in zip(*row)] for row in rows]
""",
        "v_next zeroed first": """
def td_residual(r, v, v_next, terminated, truncated, gamma):
    v_next[terminated] = 0
    goes_on = truncated | ~terminated
    return np.ma.masked_array(r + gamma * v_next * goes_on - v)
""",
        "torch": """
def td_residual(r, v, v_next, terminated, truncated, gamma):
    import torch
    r, v, v_next, d = (torch.tensor(x) for x in (r, v, v_next, terminated))
    return r.add(v_next.masked_fill(d, 0.0), alpha=gamma) - v
""",
    },
    "gae": {
        "loops": GAE,
        "recursion over columns, float32": """
def gae(r, v, v_next, terminated, truncated, gamma, lam):
    r, v, v_next = (np.float32(x) for x in (r, v, v_next))
    delta = r + np.float32(gamma) * v_next * ~terminated - v
    adv, last = np.zeros_like(delta), np.zeros(len(r), dtype=np.float32)
    for t in range(r.shape[1])[::-1]:
        last = delta[:, t] + np.float32(gamma * lam) * last * ~(terminated | truncated)[:, t]
        adv[:, t] = last
    return adv
""",
        "by its definition": """
def gae(r, v, v_next, terminated, truncated, gamma, lam):
    delta = r + gamma * np.where(terminated, 0, v_next) - v
    adv = np.zeros_like(delta)
    for i, t in np.ndindex(r.shape):
        for k in range(t, r.shape[1]):
            adv[i, t] += (gamma * lam) ** (k - t) * delta[i, k]
            if terminated[i, k] or truncated[i, k]:
                break
    return adv
""",
        "mixture of n-step advantages": """
def gae(r, v, v_next, terminated, truncated, gamma, lam):
    N, T = r.shape
    adv = np.zeros((N, T))
    for i in range(N):
        for t in range(T):
            end = next((k for k in range(t, T) if terminated[i, k] or truncated[i, k]), T - 1)
            paid, steps = 0.0, []
            for k in range(t, end + 1):
                paid += gamma ** (k - t) * r[i, k]
                ahead = 0.0 if terminated[i, k] else v_next[i, k]
                steps.append(paid + gamma ** (k - t + 1) * ahead - v[i, t])
            n = len(steps)
            mix = [(1 - lam) * lam**j for j in range(n - 1)] + [lam ** (n - 1)]
            adv[i, t] = sum(w * x for w, x in zip(mix, steps))
    return adv
""",
        "linear system, lists": """
def gae(r, v, v_next, terminated, truncated, gamma, lam):
    delta = r + gamma * np.where(terminated, 0, v_next) - v
    ends = terminated | truncated
    rows = []
    for d, e in zip(delta, ends):
        A = np.eye(len(d)) - gamma * lam * np.diag(~e[:-1], 1)
        rows.append(np.linalg.solve(A, d).tolist())
    return rows
""",
        "λ-return less V": """
def gae(r, v, v_next, terminated, truncated, gamma, lam):
    T = r.shape[1]
    G = np.zeros((len(r), T + 1))
    G[:, T] = v_next[:, -1]
    for t in reversed(range(T)):
        later = np.where(truncated[:, t], v_next[:, t], (1 - lam) * v_next[:, t] + lam * G[:, t + 1])
        G[:, t] = r[:, t] + gamma * np.where(terminated[:, t], 0.0, later)
    return G[:, :-1] - v
""",
    },
    "actor_critic_iteration": {
        "loops": ITERATION,
        "one-hot matrices, float32": ADV
        + """
def actor_critic_iteration(theta, v, s, a, r, s_next, terminated, truncated, gamma, lam, alpha):
    theta, v, r = (np.float32(x) for x in (theta, v, r))
    gamma, lam, alpha = np.float32(gamma), np.float32(lam), np.float32(alpha)
    here = np.eye(len(v), dtype=np.float32)[s]
    y = _adv(r, v[s], v[s_next], terminated, truncated, gamma, lam) + v[s]
    n = here.sum((0, 1))
    v_new = np.where(n > 0, np.einsum("nts,nt->s", here, y) / np.maximum(n, 1), v).astype(np.float32)
    adv = _adv(r, v_new[s], v_new[s_next], terminated, truncated, gamma, lam)
    e = np.exp(theta)
    pi = e / e.sum(1, keepdims=True)
    psi = np.eye(theta.shape[1], dtype=np.float32)[a] - pi[s]
    return theta + alpha / len(s) * np.einsum("nts,nt,nta->sa", here, adv, psi), v_new
""",
        "least squares and torch": ADV
        + """
def actor_critic_iteration(theta, v, s, a, r, s_next, terminated, truncated, gamma, lam, alpha):
    import torch
    X = np.eye(len(v))[s.ravel()]
    err = _adv(r, v[s], v[s_next], terminated, truncated, gamma, lam).ravel()
    v = v + np.linalg.lstsq(X, err, rcond=None)[0]
    adv = torch.tensor(_adv(r, v[s], v[s_next], terminated, truncated, gamma, lam))
    th = torch.tensor(theta, requires_grad=True)
    log_pi = torch.log_softmax(th, dim=1)[torch.tensor(s), torch.tensor(a)]
    J = (adv * log_pi).sum(dim=1).mean()
    (grad,) = torch.autograd.grad(J, th)
    return th.detach() + alpha * grad, torch.tensor(v)
""",
        "in place, a list of two": ADV
        + """
def actor_critic_iteration(theta, v, s, a, r, s_next, terminated, truncated, gamma, lam, alpha):
    y = v[s] + _adv(r, v[s], v[s_next], terminated, truncated, gamma, lam)
    n, total = np.bincount(s.ravel(), minlength=len(v)), np.bincount(s.ravel(), y.ravel(), len(v))
    v[n > 0] = total[n > 0] / n[n > 0]
    w = _adv(r, v[s], v[s_next], terminated, truncated, gamma, lam) * (alpha / len(s))
    pi = np.exp(theta) / np.exp(theta).sum(axis=1)[:, None]
    np.add.at(theta, (s, a), w)
    pull = np.bincount(s.ravel(), w.ravel(), len(v))
    theta -= pull[:, None] * pi
    return [theta, v]
""",
        "step by step in one row, lists": GAE
        + """
def actor_critic_iteration(theta, v, s, a, r, s_next, terminated, truncated, gamma, lam, alpha):
    def adv(v):
        return gae(r, v[s], v[s_next], terminated, truncated, gamma, lam)
    found = {}
    for x, y in zip(s.ravel().tolist(), (adv(v) + v[s]).ravel().tolist()):
        found.setdefault(x, []).append(y)
    new = np.array([sum(found[x]) / len(found[x]) if x in found else v[x] for x in range(len(v))])
    th = theta.tolist()
    for x, b, w in zip(s.ravel(), a.ravel(), adv(new).ravel()):
        z = np.exp(theta[x] - theta[x].max())
        for c in range(len(z)):
            th[x][c] += alpha / len(s) * w * ((c == b) - z[c] / z.sum())
    return th, new.tolist()
""",
        "gradient descent on the critic, to the end": ADV
        + """
def actor_critic_iteration(theta, v, s, a, r, s_next, terminated, truncated, gamma, lam, alpha):
    y = v[s] + _adv(r, v[s], v[s_next], terminated, truncated, gamma, lam)
    v = v.copy()
    for _ in range(3000):
        g = np.zeros(len(v))
        np.add.at(g, s, v[s] - y)
        v = v - 0.02 * g
    adv = _adv(r, v[s], v[s_next], terminated, truncated, gamma, lam)
    def J(th):
        log_pi = th - np.log(np.exp(th).sum(axis=1, keepdims=True))
        return (adv * log_pi[s, a]).sum(axis=1).mean()
    grad = np.zeros(theta.shape)
    for at in np.ndindex(theta.shape):
        e = np.zeros(theta.shape)
        e[at] = 1e-5
        grad[at] = (J(theta + e) - J(theta - e)) / 2e-5
    return theta + alpha * grad, v
""",
    },
    "torch_gradient": {
        "backward": TORCH,
        "by hand, numpy": """
def torch_gradient(W, U, u, x, a, q_hat):
    h = np.tanh(x @ W)
    z = h @ U
    p = np.exp(z - z.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    push = (q_hat - h @ u)[:, None] * (np.eye(U.shape[1])[a] - p) / len(a)
    return x.T @ (push @ U.T * (1 - h * h)), h.T @ push
""",
        "Categorical, float32": """
def torch_gradient(W, U, u, x, a, q_hat):
    import torch
    W, U, u, x, q = (torch.FloatTensor(y) for y in (W, U, u, x, q_hat))
    W.requires_grad_(), U.requires_grad_()
    h = (x @ W).tanh()
    with torch.no_grad():
        adv = q - h @ u
    pi = torch.distributions.Categorical(logits=h @ U)
    return torch.autograd.grad((adv * pi.log_prob(torch.as_tensor(a))).mean(), [W, U])
""",
        "cross-entropy, sign turned back": """
def torch_gradient(W, U, u, x, a, q_hat):
    import torch
    import torch.nn.functional as F
    W, U = torch.nn.Parameter(torch.tensor(W)), torch.nn.Parameter(torch.tensor(U))
    h = torch.tanh(torch.from_numpy(x) @ W)
    V = (h.detach() * torch.from_numpy(u)).sum(dim=1)
    loss = F.cross_entropy(h @ U, torch.from_numpy(a), reduction="none")
    ((torch.from_numpy(q_hat) - V) * loss).sum().div(len(a)).backward()
    return -W.grad.numpy(), -U.grad.numpy()
""",
        "modules and an optimiser": """
def torch_gradient(W, U, u, x, a, q_hat):
    import torch
    body = torch.nn.Linear(*W.shape, bias=False).double()
    head = torch.nn.Linear(*U.shape, bias=False).double()
    with torch.no_grad():
        body.weight.copy_(torch.tensor(W).T)
        head.weight.copy_(torch.tensor(U).T)
    optimizer = torch.optim.SGD([*body.parameters(), *head.parameters()], lr=1.0, maximize=True)
    h = torch.tanh(body(torch.tensor(x)))
    adv = torch.tensor(q_hat - np.tanh(x @ W) @ u)
    logits = head(h)
    log_pi = logits.gather(1, torch.tensor(a)[:, None])[:, 0] - logits.logsumexp(dim=1)
    optimizer.zero_grad()
    (adv @ log_pi / len(a)).backward()
    optimizer.step()
    return (body.weight.T - torch.tensor(W)).detach(), (head.weight.T - torch.tensor(U)).tolist()
""",
        "sample by sample": """
def torch_gradient(W, U, u, x, a, q_hat):
    import torch
    W, U, u = torch.tensor(W, requires_grad=True), torch.tensor(U, requires_grad=True), torch.tensor(u)
    total = 0
    for xk, ak, qk in zip(x, a, q_hat):
        h = torch.tanh(torch.tensor(xk) @ W)
        total = total + (qk - float(h @ u)) * torch.log_softmax(h @ U, 0)[ak]
    (total / len(a)).backward()
    return [W.grad, U.grad]
""",
    },
    "soft_value": {
        "largest out": SOFT,
        "torch": """
def soft_value(q, temperature):
    import torch
    return temperature * torch.logsumexp(torch.tensor(q) / temperature, dim=1)
""",
        "logaddexp, reduced": """
def soft_value(q, temperature):
    return temperature * np.logaddexp.reduce(q / temperature, axis=1)
""",
        "logaddexp, action by action": """
def soft_value(q, temperature):
    v = q[:, 0] / temperature
    for a in range(1, q.shape[1]):
        v = np.logaddexp(v, q[:, a] / temperature)
    return temperature * v
""",
        "loops, Python floats": """
def soft_value(q, temperature):
    import math
    out = []
    for row in q.tolist():
        m = max(row)
        out.append(m + temperature * math.log(math.fsum(math.exp((x - m) / temperature) for x in row)))
    return out
""",
        "through the policy and its entropy": """
def soft_value(q, temperature):
    p = np.exp((q - q.max(axis=1, keepdims=True)) / temperature)
    p /= p.sum(axis=1, keepdims=True)
    h = -(p * np.log(np.where(p > 0, p, 1))).sum(axis=1)
    return (p * q).sum(axis=1) + temperature * h
""",
    },
    "soft_policy": {
        "largest out": POLICY,
        "torch, float64": """
def soft_policy(q, temperature):
    import torch
    return torch.softmax(torch.from_numpy(q) / temperature, -1)
""",
        "by V": """
def soft_policy(q, temperature):
    z = q / temperature
    m = z.max(axis=1, keepdims=True)
    v = m + np.log(np.exp(z - m).sum(axis=1, keepdims=True))
    return np.exp(z - v)
""",
        "by differences, lists": """
def soft_policy(q, temperature):
    with np.errstate(over="ignore"):
        return [[float(1 / np.exp((row - x) / temperature).sum()) for x in row] for row in q]
""",
        "float32 after the difference": """
def soft_policy(q, temperature):
    z = np.float32((q - q.max(axis=1)[:, None]) / temperature)
    return np.exp(z) / np.exp(z).sum(axis=1, dtype=np.float32)[:, None]
""",
        "Categorical": """
def soft_policy(q, temperature):
    import torch
    return torch.distributions.Categorical(logits=torch.tensor(q / temperature)).probs
""",
    },
    "value_with_entropy": {
        "where": ENTROPY,
        "loops": """
def value_with_entropy(q, pi, temperature):
    import math
    v = []
    for x, p in zip(q.tolist(), pi.tolist()):
        v.append(sum(b * (y - temperature * math.log(b)) for y, b in zip(x, p) if b > 0))
    return v
""",
        "nansum, with warnings": """
def value_with_entropy(q, pi, temperature):
    return np.nansum(pi * q - temperature * pi * np.log(pi), axis=1)
""",
        "less than the best by a KL": """
def value_with_entropy(q, pi, temperature):
    best = np.logaddexp.reduce(q / temperature, axis=1)
    log_soft = q / temperature - best[:, None]
    kl = [np.sum(x[x > 0] * (np.log(x[x > 0]) - p[x > 0])) for x, p in zip(pi, log_soft)]
    return temperature * (best - kl)
""",
        "maximum, float32": """
def value_with_entropy(q, pi, temperature):
    p = np.float32(pi)
    log_p = np.log(np.maximum(p, np.float32(1e-30)))
    return np.einsum("sa,sa->s", p, np.float32(q)) - np.float32(temperature) * (p * log_p).sum(axis=1)
""",
        "torch": """
def value_with_entropy(q, pi, temperature):
    import torch
    q, p = torch.tensor(q), torch.tensor(pi)
    return (p * q).sum(1) + temperature * torch.special.entr(p).sum(1)
""",
    },
}

# ---------------------------------------------------------------- misconceptions


def _delta(new: str) -> str:
    """The TD error, otherwise."""
    return swap(TD, "r[i, t] + gamma * ahead - v[i, t]", new)


def _ahead(new: str) -> str:
    """The TD error with another V(s')."""
    return swap(TD, "0.0 if terminated[i, t] else v_next[i, t]", new)


def _td(body: str) -> str:
    return f"def td_residual(r, v, v_next, terminated, truncated, gamma):\n    {body}\n"


def _g(*pairs: str) -> str:
    return swap(GAE, *pairs)


CUT = "terminated[i, t] or truncated[i, t]"
G_AHEAD = "0.0 if terminated[i, t] else v_next[i, t]"


def _gae(body: str) -> str:
    """GAE from the right δ, otherwise."""
    head = "def gae(r, v, v_next, terminated, truncated, gamma, lam):\n    N, T = r.shape\n    ends = terminated | truncated\n"
    return f"{head}    delta = r + gamma * np.where(terminated, 0.0, v_next) - v\n    {body}\n"


def _it(*pairs: str) -> str:
    return swap(ITERATION, *pairs)


FIRST = "y = _adv(r, v[s], v[s_next], terminated, truncated, gamma, lam) + v[s]"
SECOND = "adv = _adv(r, v_new[s], v_new[s_next], terminated, truncated, gamma, lam)"
MEAN = "v_new[x] = y[s == x].mean()"
PSI = "np.eye(theta.shape[1])[a[i, t]] - pi[s[i, t]]"
BACK = "return theta + alpha * grad / N, v_new"


def _t(*pairs: str) -> str:
    return swap(TORCH, *pairs)


J = "J = (adv * log_pi).mean()"


def _soft(new: str) -> str:
    return f"def soft_value(q, temperature):\n    T = temperature\n    return {new}\n"


def _pi(body: str) -> str:
    return f"def soft_policy(q, temperature):\n    T = temperature\n    {body}\n"


def _h(new: str) -> str:
    return f"def value_with_entropy(q, pi, temperature):\n    T = temperature\n    safe = np.where(pi > 0, pi, 1.0)\n    return {new}\n"


MUTANTS = {
    "td_residual": {
        "terminal not masked": (_ahead("v_next[i, t]"), 2, "Nothing follows"),
        "truncated as terminated": (_ahead("0.0 if terminated[i, t] or truncated[i, t] else v_next[i, t]"), 2, "Only our patience ended"),
        "flags swapped": (_ahead("0.0 if truncated[i, t] else v_next[i, t]"), 1, "Nothing follows"),
        "mask inverted": (_ahead("v_next[i, t] if terminated[i, t] else 0.0"), 0, "The mask is the wrong way round"),
        "error masked": (_td("return np.where(terminated, 0.0, r + gamma * v_next - v)"), 2, "still count"),
        "mask over both values": (_td("return r + (1 - terminated) * (gamma * v_next - v)"), 2, "still count"),
        "V(s) masked": (_td("return r + gamma * v_next - (1 - terminated) * v"), 2, "still count"),
        "next entry of v": (_ahead("0.0 if terminated[i, t] else (v[i, t + 1] if t + 1 < T else 0.0)"), 0, "the NEXT ENTRY of the row"),
        "next entry, end patched": (_ahead("0.0 if terminated[i, t] else (v[i, t + 1] if t + 1 < T else v_next[i, t])"), 2, "the NEXT ENTRY of the row"),
        "np.roll": (_td("return r + gamma * np.where(terminated, 0, np.roll(v, -1, axis=1)) - v"), 0, "the NEXT ENTRY of the row"),
        "end of a row": (_td("goes_on = ~terminated; goes_on[:, -1] = False; return r + gamma * goes_on * v_next - v"), 0, "only stops"),
        "end of a row, nothing masked": (_td("v_next[:, -1] = 0; return r + gamma * v_next - v"), 0, "only stops"),
        "end of a row, all masked": (_td("done = terminated | truncated; done[:, -1] = True; return r + gamma * ~done * v_next - v"), 0, "only stops"),
        "values exchanged": (_td("return r + gamma * np.where(terminated, 0, v) - v_next"), 0, "are exchanged"),
        "V(s) twice": (_ahead("0.0 if terminated[i, t] else v[i, t]"), 0, "one step AHEAD"),
        "no bootstrap": (_delta("r[i, t] - v[i, t]"), 0, "no effect"),
        "a target": (_delta("r[i, t] + gamma * ahead"), 0, "TARGET r + γ V(s')"),
        "γ forgotten": (_delta("r[i, t] + ahead - v[i, t]"), 0, "γ is missing"),
        "γ on all of the target": (_delta("gamma * (r[i, t] + ahead) - v[i, t]"), 0, "γ multiplies the wrong thing"),
        "γ on V(s)": (_delta("r[i, t] + ahead - gamma * v[i, t]"), 0, "γ multiplies the wrong thing"),
        "γ twice": (_delta("r[i, t] + gamma**2 * ahead - v[i, t]"), 0, "γ multiplies the wrong thing"),
        "reward forgotten": (_delta("gamma * ahead - v[i, t]"), 0, "The reward is missing"),
        "sign flip": (_delta("v[i, t] - r[i, t] - gamma * ahead"), 0, "A sign is turned round"),
        "value ahead subtracted": (_delta("r[i, t] - gamma * ahead - v[i, t]"), 0, "A sign is turned round"),
        "V(s) added": (_delta("r[i, t] + gamma * ahead + v[i, t]"), 0, "A sign is turned round"),
        "summed": (swap(TD, "return delta", "return delta.sum(axis=1)"), 0, "keep the shape [N, T]"),
        "nothing returned": (swap(TD, "    return delta\n", ""), 0, "Does it end with `return`?"),
    },
    "gae": {
        "trace not cut": (_g(CUT, "False"), 2, "errors of the NEXT episode"),
        "cut at terminations only": (_g(CUT, "terminated[i, t]"), 3, "errors of the NEXT episode"),
        "cut at truncations only": (_g(CUT, "truncated[i, t]"), 3, "errors of the NEXT episode"),
        "terminal not masked": (_g(G_AHEAD, "v_next[i, t]"), 3, "bootstrap from the state after a TERMINATION"),
        "truncated as terminated": (_g(G_AHEAD, "0.0 if terminated[i, t] or truncated[i, t] else v_next[i, t]"), 3, "Two rules for two things"),
        "cut too early": (_g(CUT, "t + 1 < T and (terminated[i, t + 1] or truncated[i, t + 1])"), 2, "one step too early"),
        "cut too late": (_g(CUT, "t > 0 and (terminated[i, t - 1] or truncated[i, t - 1])"), 2, "one step too early"),
        "last step erased": (_g("            after = delta + gamma * lam * after\n", "            else:\n                after = delta + gamma * lam * after\n"), 2, "has its own δ"),
        "λ ignored": (_g("gamma * lam * after", "gamma * after"), 0, "λ has no effect"),
        "only δ": (_gae("return delta"), 0, "λ has no effect"),
        "γ missing in the trace": (_g("gamma * lam * after", "lam * after"), 0, "weighed with λ alone"),
        "γ and λ swapped": (_g("(r, v, v_next, terminated, truncated, gamma, lam)", "(r, v, v_next, terminated, truncated, lam, gamma)"), 0, "γ and λ are swapped"),
        "γ missing in δ": (_g("+ gamma * ahead", "+ ahead"), 0, "γ is missing in δ"),
        "γ missing everywhere": (_g("+ gamma * ahead", "+ ahead", "gamma * lam * after", "lam * after"), 0, "γ is missing in δ"),
        "λ in δ": (_g("+ gamma * ahead", "+ gamma * lam * ahead"), 0, "λ stands inside of δ"),
        "forwards": (_g("reversed(range(T))", "range(T)", f"            if {CUT}:\n                after = 0.0\n", "", "            adv[i, t] = after\n", f"            adv[i, t] = after\n            if {CUT}:\n                after = 0.0\n"), 0, "the wrong way"),
        "one step ahead only": (_gae("adv = delta.copy()\n    for t in range(T - 1):\n        adv[:, t] += gamma * lam * ~ends[:, t] * adv[:, t + 1]\n    return adv"), 0, "Only δ_{t+1} is added"),
        "off by one": (_gae("adv = np.zeros((N, T))\n    for t in reversed(range(T - 1)):\n        adv[:, t] = gamma * lam * ~ends[:, t] * (delta[:, t + 1] + adv[:, t + 1])\n    return adv"), 0, "one step too late"),
        "last step missing": (_gae("adv = np.zeros((N, T))\n    for t in reversed(range(T - 1)):\n        adv[:, t] = delta[:, t] + gamma * lam * ~ends[:, t] * adv[:, t + 1]\n    return adv"), 0, "range stop one too early"),
        "first step missing": (_g("reversed(range(T))", "range(T - 1, 0, -1)"), 0, "range stop one too early"),
        "weights from the start": (_g("return adv", "return (gamma * lam) ** np.arange(T) * adv"), 0, "count from the start of the row"),
        "1 - λ too much": (_g("return adv", "return (1 - lam) * adv"), 0, "a factor 1 - λ"),
        "carried into the next row": (_g("    for i in range(N):\n        after = 0.0\n", "    after = 0.0\n    for i in reversed(range(N)):\n"), 0, "into the next row"),
        "over trajectories": (_gae("adv = delta.copy()\n    for i in reversed(range(N - 1)):\n        adv[i] += gamma * lam * ~ends[i] * adv[i + 1]\n    return adv"), 0, "SECOND axis"),
        "next entry of v": (_g(G_AHEAD, "0.0 if terminated[i, t] else (v[i, t + 1] if t + 1 < T else v_next[i, t])"), 3, "next entry of the row"),
        "end of a row": (_gae("delta[:, -1] = r[:, -1] - v[:, -1]\n    adv = delta.copy()\n    for t in reversed(range(T - 1)):\n        adv[:, t] += gamma * lam * ~ends[:, t] * adv[:, t + 1]\n    return adv"), 0, "only stops"),
        "end of a row, nothing masked": (_g(G_AHEAD, "v_next[i, t] if t + 1 < T else 0.0"), 0, "only stops"),
        "λ-return": (_g("return adv", "return adv + v"), 0, "That is the critic's target"),
        "sum of targets": (_g("+ gamma * ahead - v[i, t]", "+ gamma * ahead"), 0, "V(s) is not subtracted in δ"),
        "discounted rewards": (_gae("adv = r.copy()\n    for t in reversed(range(T - 1)):\n        adv[:, t] += gamma * ~ends[:, t] * adv[:, t + 1]\n    return adv"), 0, "You sum rewards"),
        "standardised": (_g("return adv", "return (adv - adv.mean()) / adv.std()"), 0, "are standardised"),
        "sign flip": (_g("return adv", "return -adv"), 0, "sign is turned round"),
        "nothing returned": (_g("    return adv\n", ""), 0, "Does it end with `return`?"),
    },
    "actor_critic_iteration": {
        "V not fitted": (_it(MEAN, "pass"), 5, "V comes back as it was"),
        "advantage from the old V": (_it(SECOND, "adv = y - v[s]"), 4, "that of the OLD V"),
        "target less the new V": (_it(SECOND, "adv = y - v_new[s]"), 4, "anew"),
        "fitted to the advantage": (_it(FIRST, FIRST[: -len(" + v[s]")]), 3, "V is fitted to Â"),
        "fitted to rewards": (_it(FIRST, "y = r"), 3, "V is fitted to what was paid"),
        "fitted to TD targets": (_it(FIRST, "y = r + gamma * np.where(terminated, 0, v[s_next])"), 5, "those of another λ"),
        "sum for mean in the fit": (_it(MEAN, "v_new[x] = y[s == x].sum()"), 3, "least at their MEAN"),
        "last target kept": (_it(MEAN, "v_new[x] = y[s == x][-1]"), 3, "keeps one of its targets"),
        "steps instead of the mean": (_it(MEAN, "v_new[x] += alpha * (y[s == x].mean() - v[x])"), 5, "Here the minimum is asked for"),
        "unvisited set to 0": (_it("v_new = v.copy()", "v_new = np.zeros(len(v))"), 3, "keeps the v that was handed in"),
        "fitted twice": (_it(SECOND, "y = _adv(r, v_new[s], v_new[s_next], terminated, truncated, gamma, lam) + v_new[s]\n    for x in np.unique(s):\n        v_new[x] = y[s == x].mean()\n    " + SECOND), 5, "fitted more than once"),
        "terminal not masked": (_it("np.where(terminated, 0.0, v_next)", "v_next"), 0, "V(s') counts as 0 there"),
        "truncated as terminated": (_it("np.where(terminated, 0.0, v_next)", "np.where(terminated | truncated, 0.0, v_next)"), 0, "Only a termination takes"),
        "end of a row": (_it("for t in range(r.shape[1] - 2", "adv[:, -1] = r[:, -1] - v[:, -1]\n    for t in range(r.shape[1] - 2"), 0, "In the targets of step 2: V(s') is missing at the last step"),
        "trace not cut": (_it("~(terminated | truncated)[:, t] * ", ""), 2, "Both ends cut it"),
        "trace cut at terminations only": (_it("~(terminated | truncated)[:, t]", "~terminated[:, t]"), 2, "Both ends cut it"),
        "γ missing": (_it("r + gamma * np.where", "r + np.where"), 0, "γ is missing"),
        "λ = 0": (_it("gamma * lam * ~", "0 * ~"), 2, "another λ"),
        "descent": (_it("theta + alpha", "theta - alpha"), 2, "ASCENDS"),
        "sum over trajectories": (_it("alpha * grad / N", "alpha * grad"), 2, "divide by N"),
        "mean over steps": (_it("alpha * grad / N", "alpha * grad / s.size"), 4, "the number of steps, N T"),
        "α forgotten": (_it("alpha * grad / N", "grad / N"), 2, "α is missing"),
        "no baseline": (_it("+= adv[i, t] * psi", "+= (adv[i, t] + v_new[s[i, t]]) * psi"), 4, "not an advantage"),
        "standardised": (_it(SECOND, SECOND + "\n    adv = (adv - adv.mean()) / (adv.std() + 1e-8)"), 2, "are standardised"),
        "γ^t in front": (_it("+= adv[i, t] * psi", "+= gamma**t * adv[i, t] * psi"), 4, "a factor γ^t"),
        "π not subtracted": (_it(PSI, "np.eye(theta.shape[1])[a[i, t]]"), 4, "In the score π is missing"),
        "gradient of π": (_it(PSI, f"pi[s[i, t], a[i, t]] * ({PSI})"), 2, "not that of log π"),
        "only the chosen entry": (_it(PSI, f"np.eye(theta.shape[1])[a[i, t]] * ({PSI})"), 2, "Only the entry of the chosen action"),
        "softmax over states": (_it("pi = pi / pi.sum(axis=1, keepdims=True)", "pi = np.exp(theta) / np.exp(theta).sum(axis=0)"), 4, "down the columns"),
        "one visit of each state": (_it("    for i in range(N):\n        for t in range(T):\n            psi = np.eye(theta.shape[1])[a[i, t]] - pi[s[i, t]]\n            grad[s[i, t]] += adv[i, t] * psi\n", "    grad[s] += adv[..., None] * (np.eye(theta.shape[1])[a] - pi[s])\n"), 2, "counts once"),
        "next state moved": (_it("grad[s[i, t]] +=", "grad[s_next[i, t]] +="), 2, "goes to the row of s'"),
        "only the step": (_it(BACK, "return alpha * grad / N, v_new"), 2, "Return the new θ"),
        "swapped": (_it(BACK, "return v_new, theta + alpha * grad / N"), 0, "The two results are swapped"),
        "θ unchanged": (_it(BACK, "return theta, v_new"), 2, "θ comes back as it was"),
        "only θ": (_it(BACK, "return theta + alpha * grad / N"), 0, "Return two things"),
    },
    "torch_gradient": {
        "not detached": (_t(".detach()", ""), 2.5, "torch differentiates all it can reach"),
        "critic's loss as well": (_t(J, "J = (adv * log_pi).mean() - ((q_hat - h @ u) ** 2).mean()"), 2.5, "The critic's loss is differentiated"),
        "loss": (_t(J, "J = -(adv * log_pi).mean()"), 0, "gradient of the LOSS"),
        "cross-entropy": (_t(J, "J = torch.nn.functional.cross_entropy(h @ U, a, reduction='none') @ adv / len(a)"), 0, "gradient of the LOSS"),
        "Â turned round": (_t("(q_hat - h @ u)", "(h @ u - q_hat)"), 0, "gradient of the LOSS"),
        "everything detached": (_t("return W.grad, U.grad", "return 0 * W, 0 * U"), 0, "The gradient is 0"),
        "sum for mean": (_t(".mean()", ".sum()"), 0, "the gradient of a SUM"),
        "mean over a table": (_t("[torch.arange(len(a)), a]", "", J, "J = (adv[:, None] * log_pi * torch.eye(U.shape[1])[a]).mean()"), 0, "divide by more than n"),
        "backward twice": (_t("J.backward()", "J.backward(retain_graph=True)\n    J.backward()"), 0, "ADDS UP"),
        "no baseline": (_t("(q_hat - h @ u)", "q_hat"), 1, "V is not subtracted"),
        "critic added": (_t("(q_hat - h @ u)", "(q_hat + h @ u)"), 1, "V is ADDED"),
        "no weight": (_t(J, "J = log_pi.mean()"), 0, "imitates all actions"),
        "all pairs": (_t(J, "J = (adv[:, None] * log_pi).mean()"), 0, "a table [n, n] of all pairs"),
        "mean of each": (_t(J, "J = adv.mean() * log_pi.mean()"), 0, "the mean of each is taken before"),
        "standardised": (_t("log_pi = ", "adv = (adv - adv.mean()) / adv.std()\n    log_pi = "), 0, "are standardised"),
        "gradient of π": (_t("log_softmax", "softmax"), 0, "is the logarithm missing"),
        "softmax twice": (_t("torch.log_softmax(h @ U, dim=1)", "torch.log_softmax(torch.softmax(h @ U, dim=1), dim=1)"), 0, "want LOGITS"),
        "softmax over samples": (_t("dim=1", "dim=0"), 0, "runs over the samples"),
        "no tanh": (_t("torch.tanh(x @ W)", "x @ W"), 0, "hidden layer is not"),
        "relu": (_t("torch.tanh(x @ W)", "torch.relu(x @ W)"), 0, "hidden layer is not"),
        "logits for log π": (_t("torch.log_softmax(h @ U, dim=1)", "(h @ U)"), 0, "log-softmax is missing"),
        "body detached": (_t("h = torch.tanh(x @ W)", "h = torch.tanh(x @ W).detach()"), 0, "torch did not come past W"),
        "log π detached": (_t("[torch.arange(len(a)), a]", "[torch.arange(len(a)), a].detach()"), 0, "RuntimeError"),
        "swapped": (_t("return W.grad, U.grad", "return U.grad, W.grad"), 0, "two gradients are swapped"),
        "transposed": (_t("return W.grad, U.grad", "return W.grad.T, U.grad.T"), 0, "transposed"),
        "weights after a step": (_t("return W.grad, U.grad", "return W + W.grad, U + U.grad"), 0, "You return weights"),
        "one gradient": (_t("return W.grad, U.grad", "return W.grad"), 0, "Return two things"),
    },
    "soft_value": {
        "overflow": (_soft("T * np.log(np.exp(q / T).sum(axis=1))"), 1, "beyond what a float can hold"),
        "largest of the whole table": (_soft("q.max() + T * np.log(np.exp((q - q.max()) / T).sum(axis=1))"), 1, "beyond what a float can hold"),
        "temperature forgotten": (_soft("q.max(axis=1) + np.log(np.exp(q - q.max(axis=1)[:, None]).sum(axis=1))"), 0, "temperature has no effect"),
        "𝒯 in front missing": (_soft("q.max(axis=1) / T + np.log(np.exp((q - q.max(axis=1)[:, None]) / T).sum(axis=1))"), 0, "The 𝒯 in front is missing"),
        "not divided": (_soft("q.max(axis=1) + T * np.log(np.exp(q - q.max(axis=1)[:, None]).sum(axis=1))"), 0, "Q is not divided by 𝒯"),
        "wrong side": (_soft("q.max(axis=1) + np.log(np.exp(T * (q - q.max(axis=1)[:, None])).sum(axis=1)) / T"), 0, "on the wrong side"),
        "hard maximum": (_soft("q.max(axis=1)"), 0, "plain maximum"),
        "maximum not put back": (_soft("T * np.log(np.exp((q - q.max(axis=1)[:, None]) / T).sum(axis=1))"), 0, "not put back"),
        "mean for sum": (_soft("q.max(axis=1) + T * np.log(np.exp((q - q.max(axis=1)[:, None]) / T).mean(axis=1))"), 0, "averaged over the actions"),
        "mean of Q": ("def soft_value(q, temperature):\n    p = np.exp((q - q.max(axis=1)[:, None]) / temperature)\n    return (p * q).sum(axis=1) / p.sum(axis=1)\n", 0, "its entropy is missing"),
        "clipped": (_soft("T * np.log(np.exp(np.clip(q / T, -700, 700)).sum(axis=1))"), 1, "A clip or a small number"),
        "small number": (_soft("np.clip(T * np.log(np.exp(np.minimum(q / T, 700)).sum(axis=1) + 1e-300), -1e9, 1e9)"), 1, "A clip or a small number"),
        "minimum": (_soft("-(-q).max(axis=1) - T * np.log(np.exp((-q - (-q).max(axis=1)[:, None]) / T).sum(axis=1))"), 0, "never below the largest Q"),
        "log2": (_soft("q.max(axis=1) + T * np.log2(np.exp((q - q.max(axis=1)[:, None]) / T).sum(axis=1))"), 0, "base 2 or 10"),
        "over the states": (_soft("q.max(axis=0) + T * np.log(np.exp((q - q.max(axis=0)) / T).sum(axis=0))"), 0, "one V for each state"),
        "keepdims": (_soft("q.max(axis=1, keepdims=True) + T * np.log(np.exp((q - q.max(axis=1)[:, None]) / T).sum(axis=1, keepdims=True))"), 0, "one V for each state"),
        "one maximum of all": (_soft("np.max(q)"), 0, "one V for each state"),
        "base 2": (_soft("q.max(axis=1) + T * np.log((2 ** ((q - q.max(axis=1)[:, None]) / T)).sum(axis=1))"), 0, "Idea to look at"),
        "one more": (_soft("q.max(axis=1) + T * np.log(1 + np.exp((q - q.max(axis=1)[:, None]) / T).sum(axis=1))"), 0, "Idea to look at"),
        "root of the temperature": (_soft("q.max(axis=1) + T * np.log(np.exp((q - q.max(axis=1)[:, None]) / T**0.5).sum(axis=1))"), 0, "Idea to look at"),
        "zeros": (_soft("np.zeros(len(q))"), 0, "Idea to look at"),
        "borrowed: log_softmax": ("from pgkit.policies import log_softmax\n" + _soft("T * (q / T - log_softmax(q / T))[:, 0]"), 0, "write yourself"),
        "borrowed: softmax of the checks": ("from pgkit.checks.ps5 import softmax\n" + _soft("q.max(axis=1) - T * np.log(softmax(q, T).max(axis=1))"), 0, "write yourself"),
    },
    "soft_policy": {
        "overflow": (_pi("return np.exp(q / T) / np.exp(q / T).sum(axis=1, keepdims=True)"), 1, "Subtract each state's largest Q first"),
        "temperature forgotten": (swap(POLICY, " / temperature", ""), 0, "temperature has no effect"),
        "multiplied": (swap(POLICY, " / temperature", " * temperature"), 0, "makes the policy even"),
        "sign flip": (_pi("w = np.exp(-(q - q.min(axis=1, keepdims=True)) / T); return w / w.sum(axis=1, keepdims=True)"), 0, "the worst action gets the most"),
        "greedy": (_pi("return np.eye(q.shape[1])[q.argmax(axis=1)]"), 0, "the greedy policy"),
        "over the states": (_pi("w = np.exp((q - q.max(axis=0)) / T); return w / w.sum(axis=0)"), 0, "over the states"),
        "not normalised": (swap(POLICY, "return w / w.sum(axis=1, keepdims=True)", "return w"), 0, "rows do not sum to 1"),
        "normalised over the table": (swap(POLICY, "w.sum(axis=1, keepdims=True)", "w.sum()"), 0, "rows do not sum to 1"),
        "log π": (swap(POLICY, "return w / w.sum(axis=1, keepdims=True)", "return z - np.log(w.sum(axis=1, keepdims=True))"), 0, "This is log π"),
        "clipped": (_pi("w = np.exp(np.clip(q / T, -700, 700)); return w / w.sum(axis=1, keepdims=True)"), 1, "A clip or a small number"),
        "small number": (_pi("w = np.exp(np.minimum(q / T, 700)) + 1e-30; return w / w.sum(axis=1, keepdims=True)"), 1, "A clip or a small number"),
        "divided afterwards": (_pi("p = np.exp(q - q.max(axis=1, keepdims=True)); p = (p / p.sum(axis=1, keepdims=True)) ** T; return p / p.sum(axis=1, keepdims=True)"), 0, "makes the policy even"),
        "likeliest only": (swap(POLICY, "return w / w.sum(axis=1, keepdims=True)", "return (w / w.sum(axis=1, keepdims=True)).max(axis=1)"), 0, "the shape of q"),
        "nothing returned": (swap(POLICY, "return w", "w"), 0, "Does it end with `return`?"),
        "base 2": (swap(POLICY, "np.exp(z)", "2**z"), 0, "Idea to look at"),
        "mixed with chance": (swap(POLICY, "return w / w.sum(axis=1, keepdims=True)", "return 0.95 * w / w.sum(axis=1, keepdims=True) + 0.05 / q.shape[1]"), 0, "Idea to look at"),
        "root of the temperature": (swap(POLICY, "/ temperature", "/ temperature**0.5"), 0, "Idea to look at"),
        "borrowed: softmax": ("from pgkit.policies import softmax\n" + _pi("return softmax(q / T)"), 0, "write yourself"),
        "borrowed: log_softmax": ("from pgkit.policies import log_softmax\n" + _pi("return np.exp(log_softmax(q / T))"), 0, "write yourself"),
        "borrowed: softmax of the checks": ("from pgkit.checks.ps5 import softmax\n" + _pi("return softmax(q, T)"), 0, "write yourself"),
        "borrowed: table_of of the checks": ("from pgkit.checks.ps3 import table_of\n" + _pi("return table_of(q[..., None], np.array([1 / T]))"), 0, "write yourself"),
        "borrowed: _exponent": ("from pgkit.exact.weighted import _exponent\n" + _pi("w = np.exp(_exponent(np.ones(q.shape), q, T)[0]); return w / w.sum(axis=1, keepdims=True)"), 0, "write yourself"),
        "borrowed: _log_softmax of the networks": ("from pgkit.fastnets.categorical import _log_softmax\n" + _pi("return np.exp(_log_softmax(q[..., None] / T))[..., 0]"), 0, "write yourself"),
    },
    "value_with_entropy": {
        "0 · ∞": (_h("(pi * (q - T * np.log(pi))).sum(axis=1)"), 1.5, "0 times log 0"),
        "small number, large": (_h("(pi * q - T * pi * np.log(pi + 0.1)).sum(axis=1)"), 0, "A small number is added"),
        "small number": (_h("(pi * (q - T * np.log(pi + 0.001))).sum(axis=1)"), 0.5, "A small number is added"),
        "clipped": (_h("(pi * (q - T * np.log(np.clip(pi, 0.01, 1)))).sum(axis=1)"), 0.5, "A small number is added"),
        "half the entropy": (_h("(pi * (q - T * np.log(safe) / 2)).sum(axis=1)"), 0, "Idea to look at"),
        "entropy sign": (_h("(pi * (q + T * np.log(safe))).sum(axis=1)"), 0, "log π is NEGATIVE"),
        "no entropy": (_h("(pi * q).sum(axis=1)"), 0, "entropy is missing"),
        "temperature forgotten": (_h("(pi * (q - np.log(safe))).sum(axis=1)"), 0, "not multiplied by 𝒯"),
        "divided by the temperature": (_h("(pi * (q - np.log(safe) / T)).sum(axis=1)"), 0, "not multiplied by 𝒯"),
        "soft maximum": (_h("q.max(axis=1) + T * np.log(np.exp((q - q.max(axis=1)[:, None]) / T).sum(axis=1))"), 0.5, "the value of the SOFT policy"),
        "log π not weighed": (_h("(pi * q - T * np.log(safe)).sum(axis=1)"), 0, "are means over π"),
        "Q not weighed": (_h("(q - T * pi * np.log(safe)).sum(axis=1)"), 0, "are means over π"),
        "np.mean": (_h("(pi * (q - T * np.log(safe))).mean(axis=1)"), 0, "sum over a"),
        "entropy of the uniform policy": (_h("(pi * q).sum(axis=1) + T * np.log(q.shape[1])"), 0, "largest entropy there is"),
        "log2": (_h("(pi * (q - T * np.log2(safe))).sum(axis=1)"), 0, "base 2 or 10"),
        "largest Q": (_h("q.max(axis=1) - T * (pi * np.log(safe)).sum(axis=1)"), 0, "not the mean under π"),
        "all states together": (_h("(pi * (q - T * np.log(safe))).sum(axis=1).mean()"), 0, "All states are averaged"),
        "not summed": (_h("pi * (q - T * np.log(safe))"), 0, "one V for each state"),
        "borrowed: entropy": ("from pgkit.policies import entropy\n" + _h("(pi * q).sum(axis=1) + T * entropy(np.log(pi))"), 0, "write yourself"),
        "borrowed: kl": ("from pgkit.policies import kl\n" + _h("(pi * q).sum(axis=1) + T * (np.log(q.shape[1]) - kl(np.log(pi), np.full(pi.shape, -np.log(q.shape[1]))))"), 0, "write yourself"),
    },
}  # fmt: skip

# ---------------------------------------------------------------- borrowed from the package

BORROWED = {
    "td_residual": (
        """
from types import SimpleNamespace
from pgkit.returns import td_error

def td_residual(r, v, v_next, terminated, truncated, gamma):
    D = SimpleNamespace(r=r, terminated=terminated, live=np.ones(r.shape, dtype=bool))
    return td_error(D, v, v_next, gamma)
""",
        0,
    ),
    "gae": (
        """
from types import SimpleNamespace
from pgkit.returns import gae as packaged

def gae(r, v, v_next, terminated, truncated, gamma, lam):
    row = lambda x: x.reshape(1, -1)
    D = SimpleNamespace(r=row(r), terminated=row(terminated), truncated=row(truncated), episodes=len(r),
                        live=np.ones((1, r.size), dtype=bool))
    return packaged(D, row(v), row(v_next), gamma, lam).reshape(r.shape)
""",
        0,
    ),
    "actor_critic_iteration": (
        ADV
        + """
from types import SimpleNamespace
from pgkit.policies import SoftmaxTable

def actor_critic_iteration(theta, v, s, a, r, s_next, terminated, truncated, gamma, lam, alpha):
    y = v[s] + _adv(r, v[s], v[s_next], terminated, truncated, gamma, lam)
    for x in np.unique(s):
        v[x] = y[s == x].mean()
    row = lambda x: x.reshape(1, -1)
    D = SimpleNamespace(s=row(s), a=row(a), live=np.ones((1, s.size), dtype=bool), episodes=len(s))
    w = row(_adv(r, v[s], v[s_next], terminated, truncated, gamma, lam))
    return theta + alpha * SoftmaxTable().grad_log_prob(theta[None], D, weight=w)[0], v
""",
        0,
    ),
    "torch_gradient": (
        """
from types import SimpleNamespace
from pgkit.nets import CategoricalMLP

def torch_gradient(W, U, u, x, a, q_hat):
    (F, H), A = W.shape, U.shape[1]
    theta = np.concatenate([W.ravel(), np.zeros(H), U.ravel(), np.zeros(A)])[None]
    D = SimpleNamespace(s=x[None], a=a[None], live=np.ones((1, len(a)), dtype=bool), episodes=len(a))
    weight = (q_hat - np.tanh(x @ W) @ u)[None]
    grad = CategoricalMLP(F, A, (H,)).grad_log_prob(theta, D, weight=weight)[0]
    return grad[: F * H].reshape(F, H), grad[F * H + H : -A].reshape(H, A)
""",
        0,
    ),
    "soft_value": (
        """
from types import SimpleNamespace
from pgkit.exact.soft import _soft_max

def soft_value(q, temperature):
    return _soft_max(SimpleNamespace(terminal=np.zeros(len(q), dtype=bool)), q, temperature)
""",
        0,
    ),
    "soft_policy": (
        """
from pgkit.exact import soft_policy
""",
        0,
    ),
    "value_with_entropy": (
        """
from pgkit.algorithms.soft_actor_critic import SoftActorCritic

def value_with_entropy(q, pi, temperature):
    return SoftActorCritic(temperature=temperature)._soft_value(pi, q)
""",
        0,
    ),
}
