# ruff: noqa: E501
"""Problem set 4: right answers, misconceptions, answers borrowed from the package."""

from mutants import swap

POINTS = {
    "fit_value": 3.0,
    "fit_value_clock": 2.0,
    "advantage": 3.0,
    "baseline_gradient": 6.0,
    "leave_one_out": 4.0,
    "monte_carlo_update": 3.0,
    "td_update": 4.0,
}

# ---------------------------------------------------------------- right answers, differently written
# Each is complete: in a notebook of mutants, the earlier exercises are wrong.

FIT = """
def fit_value(v, s, q_hat):
    new = v.copy()
    for x in range(len(v)):
        here = s == x
        if here.any():
            new[x] = np.mean(q_hat[here])
    return new
"""
CLOCK = """
def fit_value_clock(v, s, q_hat, live):
    new = v.copy()
    N, T = s.shape
    for t in range(T):
        for x in range(v.shape[1]):
            here = live[:, t] & (s[:, t] == x)
            if here.any():
                new[t, x] = np.mean(q_hat[here, t])
    return new
"""
ADVANTAGE = """
def advantage(q_hat, s, live, v):
    N, T = s.shape
    adv = np.zeros((N, T))
    for i in range(N):
        for t in range(T):
            if live[i, t]:
                adv[i, t] = q_hat[i, t] - v[t, s[i, t]]
    return adv
"""
GRADIENT = """
def baseline_gradient(theta, s, a, q_hat, live, b):
    N, T = s.shape
    pi = np.exp(theta - theta.max(axis=1, keepdims=True))
    pi = pi / pi.sum(axis=1, keepdims=True)
    grad = np.zeros(theta.shape)
    for i in range(N):
        for t in range(T):
            if live[i, t]:
                x, y = s[i, t], a[i, t]
                w = q_hat[i, t] - b[t, x]
                psi = np.eye(theta.shape[1])[y] - pi[x]
                grad[x] += w * psi
    return grad / N
"""
OTHERS = """
def leave_one_out(q_hat, live):
    N, T = q_hat.shape
    b = np.zeros((N, T))
    for i in range(N):
        for t in range(T):
            others = [q_hat[j, t] for j in range(N) if j != i and live[j, t]]
            if others:
                b[i, t] = sum(others) / len(others)
    return b
"""
MC = """
def monte_carlo_update(v, s, r, gamma, alpha):
    T, new = len(s), v.copy()
    G = np.zeros(T + 1)
    for t in range(T - 1, -1, -1):
        G[t] = r[t] + gamma * G[t + 1]
    for t in range(T):
        new[s[t]] += alpha * (G[t] - new[s[t]])
    return new
"""
TD = """
def td_update(v, s, r, s_next, terminated, truncated, gamma, alpha):
    new = v.copy()
    for k in range(len(s)):
        after = 0.0 if terminated[k] else v[s_next[k]]
        delta = r[k] + gamma * after - v[s[k]]
        new[s[k]] += alpha * delta
    return new
"""
SOFTMAX = """
def _pi(x):
    e = np.exp(x - x.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)
"""

RIGHT = {
    "fit_value": {
        "masks": FIT,
        "bincount": """
def fit_value(v, s, q_hat):
    n = np.bincount(s, minlength=len(v))
    total = np.bincount(s, weights=q_hat, minlength=len(v))
    return np.where(n > 0, total / n, v)
""",
        "least squares of the residual": """
def fit_value(v, s, q_hat):
    X = np.eye(len(v))[s]
    return v + np.linalg.lstsq(X, q_hat - X @ v, rcond=None)[0]
""",
        "running means, lists": """
def fit_value(v, s, q_hat):
    mean, count = v.tolist(), [0] * len(v)
    for x, q in zip(s.tolist(), q_hat.tolist()):
        count[x] += 1
        mean[x] = q if count[x] == 1 else mean[x] + (q - mean[x]) / count[x]
    return mean
""",
        "float32, in place": """
def fit_value(v, s, q_hat):
    for x in set(s.tolist()):
        v[x] = np.float32(q_hat[s == x]).mean(dtype=np.float32)
    return v.astype(np.float32)
""",
        "gradient descent to the end": """
def fit_value(v, s, q_hat):
    for _ in range(2000):
        grad = np.zeros(len(v))
        np.add.at(grad, s, v[s] - q_hat)
        v = v - 0.1 * grad
    return v
""",
        "torch": """
def fit_value(v, s, q_hat):
    import torch
    V, S, Q = torch.tensor(v), torch.tensor(s), torch.tensor(q_hat)
    total = torch.zeros_like(V).index_add(0, S, Q)
    n = torch.bincount(S, minlength=len(V))
    return torch.where(n > 0, total / n.clamp(min=1), V)
""",
    },
    "fit_value_clock": {
        "loops over times and states": CLOCK,
        "add.at": """
def fit_value_clock(v, s, q_hat, live):
    total, count = np.zeros(v.shape), np.zeros(v.shape)
    t = np.broadcast_to(np.arange(s.shape[1]), s.shape)
    np.add.at(total, (t[live], s[live]), q_hat[live])
    np.add.at(count, (t[live], s[live]), 1)
    return np.divide(total, count, out=v.copy(), where=count > 0)
""",
        "einsum, float32": """
def fit_value_clock(v, s, q_hat, live):
    hot = (np.eye(v.shape[1])[s] * live[..., None]).astype(np.float32)
    n = hot.sum(0)
    return np.where(n > 0, np.einsum("nts,nt->ts", hot, np.float32(q_hat)) / np.maximum(n, 1), v)
""",
        "one long bincount": """
def fit_value_clock(v, s, q_hat, live):
    T, S = v.shape
    cell = (np.arange(T) * S + s)[live]
    n = np.bincount(cell, minlength=T * S)
    total = np.bincount(cell, q_hat[live], T * S)
    flat = v.ravel()
    flat[n > 0] = total[n > 0] / n[n > 0]
    return flat.reshape(T, S)
""",
        "dictionary, lists": """
def fit_value_clock(v, s, q_hat, live):
    found = {}
    for i in range(len(s)):
        for t in range(len(v)):
            if live[i][t]:
                found.setdefault((t, int(s[i][t])), []).append(float(q_hat[i][t]))
    return [[sum(found[t, x]) / len(found[t, x]) if (t, x) in found else v[t][x] for x in range(len(v[0]))] for t in range(len(v))]
""",
    },
    "advantage": {
        "loops": ADVANTAGE,
        "take_along_axis": """
def advantage(q_hat, s, live, v):
    return (q_hat - np.take_along_axis(v, s.T, axis=1).T) * live
""",
        "in place, float32": """
def advantage(q_hat, s, live, v):
    q_hat -= v[np.arange(len(v))[None, :], s]
    q_hat[~live] = 0
    return q_hat.astype(np.float32)
""",
        "one-hot, lists": """
def advantage(q_hat, s, live, v):
    b = np.einsum("nts,ts->nt", np.eye(v.shape[1])[s], v)
    return [[q - x if on else 0 for q, x, on in zip(*row)] for row in zip(q_hat.tolist(), b.tolist(), live.tolist())]
""",
        "masked array": """
def advantage(q_hat, s, live, v):
    flat = v.ravel()[(np.arange(s.shape[1]) * v.shape[1] + s)]
    return np.ma.masked_array(q_hat - flat, mask=~live).filled(0.0)
""",
        "negative zeros": """
def advantage(q_hat, s, live, v):
    b = np.stack([v[t][s[:, t]] for t in range(s.shape[1])], axis=1)
    return -(np.where(live, b, 0.0) - np.where(live, q_hat, 0.0))
""",
    },
    "baseline_gradient": {
        "loops": GRADIENT,
        "add.at, float32": SOFTMAX
        + """
def baseline_gradient(theta, s, a, q_hat, live, b):
    pi, grad = np.float32(_pi(theta)), np.zeros(theta.shape, dtype=np.float32)
    w = np.float32(live * (q_hat - b[np.arange(s.shape[1]), s]))
    np.add.at(grad, s, -w[..., None] * pi[s])
    np.add.at(grad, (s, a), w)
    return grad / np.float32(len(s))
""",
        "one-hot matrices": SOFTMAX
        + """
def baseline_gradient(theta, s, a, q_hat, live, b):
    S, A = theta.shape
    at, hot = np.eye(S)[s], np.eye(A)[a]
    w = np.where(live, q_hat - np.einsum("nts,ts->nt", at, b), 0)
    return np.einsum("nt,nts,nta->sa", w, at, hot - at @ _pi(theta)) / len(s)
""",
        "visits counted, lists": SOFTMAX
        + """
def baseline_gradient(theta, s, a, q_hat, live, b):
    pull = np.zeros(theta.shape)
    for i, t in zip(*np.nonzero(live)):
        pull[s[i, t], a[i, t]] += (q_hat[i, t] - b[t, s[i, t]]) / len(s)
    return (pull - pull.sum(axis=1, keepdims=True) * _pi(theta)).tolist()
""",
        "torch, differentiated": """
def baseline_gradient(theta, s, a, q_hat, live, b):
    import torch
    th = torch.tensor(theta, requires_grad=True)
    logp = torch.log_softmax(th, dim=1)[torch.tensor(s), torch.tensor(a)]
    w = torch.tensor(np.where(live, q_hat - b[np.arange(s.shape[1]), s], 0.0))
    return torch.autograd.grad((w * logp).sum() / len(s), th)[0]
""",
        "trajectory by trajectory, then a mean": SOFTMAX
        + """
def baseline_gradient(theta, s, a, q_hat, live, b):
    pi, each = _pi(theta), []
    for i in range(len(s)):
        T = live[i].sum()
        x, y = s[i, :T], a[i, :T]
        w = q_hat[i, :T] - b[np.arange(T), x]
        hot = np.eye(len(theta))[x]
        each.append(hot.T @ (w[:, None] * (np.eye(theta.shape[1])[y] - pi[x])))
    return np.mean(each, axis=0)
""",
        "differences of the surrogate": """
def baseline_gradient(theta, s, a, q_hat, live, b):
    w = np.where(live, q_hat - b[np.arange(s.shape[1]), s], 0.0)
    def surrogate(th):
        logp = th - np.log(np.exp(th).sum(axis=1, keepdims=True))
        return (w * logp[s, a]).sum() / len(s)
    grad = np.zeros(theta.shape)
    for at in np.ndindex(theta.shape):
        up = np.zeros(theta.shape)
        up[at] = 1e-5
        grad[at] = (surrogate(theta + up) - surrogate(theta - up)) / 2e-5
    return grad
""",
    },
    "leave_one_out": {
        "loops": OTHERS,
        "sum less own, with warnings": """
def leave_one_out(q_hat, live):
    q = q_hat * live
    b = (q.sum(axis=0) - q) / (live.sum(axis=0) - live.astype(float))
    return np.nan_to_num(b, nan=0.0, posinf=0.0, neginf=0.0)
""",
        "matrix with a zero diagonal, float32": """
def leave_one_out(q_hat, live):
    W = (1 - np.eye(len(live))).astype(np.float32)
    n = W @ live.astype(np.float32)
    total = W @ np.where(live, q_hat, 0).astype(np.float32)
    return np.divide(total, n, out=np.zeros_like(total), where=n > 0)
""",
        "delete the own row, lists": """
def leave_one_out(q_hat, live):
    rows = []
    for i in range(len(q_hat)):
        q, on = np.delete(q_hat, i, axis=0), np.delete(live, i, axis=0)
        rows.append([float(q[on[:, t], t].mean()) if on[:, t].any() else 0.0 for t in range(q.shape[1])])
    return rows
""",
        "from the batch mean": """
def leave_one_out(q_hat, live):
    q = np.where(live, q_hat, 0.0)
    n = live.sum(axis=0)
    mean = q.sum(axis=0) / n
    return np.where(live & (n > 1), mean - (q_hat - mean) / np.maximum(n - 1, 1), 0)
""",
        "nan in the own padding": """
def leave_one_out(q_hat, live):
    q_hat[~live] = np.nan
    b = np.full(q_hat.shape, np.nan)
    for i in range(len(q_hat)):
        others = np.arange(len(q_hat)) != i
        b[i] = np.nanmean(q_hat[others], axis=0) if others.any() else 0
    return np.where(live, np.where(np.isnan(b), 0, b), np.nan)
""",
    },
    "monte_carlo_update": {
        "two loops": MC,
        "by the definition, lists": """
def monte_carlo_update(v, s, r, gamma, alpha):
    new = v.tolist()
    for t in range(len(s)):
        G = sum(gamma ** (k - t) * r[k] for k in range(t, len(r)))
        new[s[t]] = (1 - alpha) * new[s[t]] + alpha * G
    return new
""",
        "in place, float32": """
def monte_carlo_update(v, s, r, gamma, alpha):
    lag = np.arange(len(r)) - np.arange(len(r))[:, None]
    G = np.where(lag >= 0, gamma ** np.abs(lag), 0).astype(np.float32) @ r.astype(np.float32)
    for x, g in zip(s, G):
        v[x] += np.float32(alpha) * (g - v[x])
    return v.astype(np.float32)
""",
        "closed form for each state": """
def monte_carlo_update(v, s, r, gamma, alpha):
    G = np.array([r[t:] @ gamma ** np.arange(len(r) - t) for t in range(len(r))])
    out = v.copy()
    for x in np.unique(s):
        g = G[s == x]
        n = len(g)
        out[x] = (1 - alpha) ** n * v[x] + alpha * sum((1 - alpha) ** (n - 1 - k) * g[k] for k in range(n))
    return out
""",
        "backwards sums, stack of visits": """
def monte_carlo_update(v, s, r, gamma, alpha):
    stack, g = [], 0.0
    for x, y in zip(s[::-1], r[::-1]):
        g = y + gamma * g
        stack.append((x, g))
    while stack:
        x, g = stack.pop()
        v[x] = v[x] + alpha * (g - v[x])
    return v
""",
    },
    "td_update": {
        "loop": TD,
        "add.at": """
def td_update(v, s, r, s_next, terminated, truncated, gamma, alpha):
    delta = r + gamma * v[s_next] * (1 - terminated) - v[s]
    new = v.copy()
    np.add.at(new, s, alpha * delta)
    return new
""",
        "bincount, float32": """
def td_update(v, s, r, s_next, terminated, truncated, gamma, alpha):
    v = v.astype(np.float32)
    ahead = np.where(terminated, np.float32(0), v[s_next])
    delta = np.float32(r) + np.float32(gamma) * ahead - v[s]
    return v + np.float32(alpha) * np.bincount(s, delta, len(v)).astype(np.float32)
""",
        "matrix, lists": """
def td_update(v, s, r, s_next, terminated, truncated, gamma, alpha):
    X = np.eye(len(v))[s]
    X_next = np.eye(len(v))[s_next] * ~terminated[:, None]
    return (v + alpha * X.T @ (r + gamma * X_next @ v - X @ v)).tolist()
""",
        "state by state, in place": """
def td_update(v, s, r, s_next, terminated, truncated, gamma, alpha):
    target = r + gamma * np.where(np.logical_not(terminated), v[s_next], 0)
    sums = [np.sum(target[s == x] - v[x]) for x in range(len(v))]
    for x, change in enumerate(sums):
        v[x] += alpha * change
    return v
""",
        "torch": """
def td_update(v, s, r, s_next, terminated, truncated, gamma, alpha):
    import torch
    V = torch.tensor(np.asarray(v, dtype=float))
    ahead = V[torch.tensor(s_next)] * ~torch.tensor(terminated)
    delta = torch.tensor(r) + gamma * ahead - V[torch.tensor(s)]
    return V.index_add(0, torch.tensor(s), alpha * delta)
""",
    },
}

# ---------------------------------------------------------------- misconceptions


def _fit(body: str) -> str:
    return f"def fit_value(v, s, q_hat):\n    {body}\n"


def _of(new: str) -> str:
    """The fit with another number than the mean of a state's Q̂."""
    return swap(FIT, "np.mean(q_hat[here])", new)


def _unseen(new: str) -> str:
    """The fit with another rule for states without data."""
    return swap(FIT, "            new[x] = np.mean(q_hat[here])\n", f"            new[x] = np.mean(q_hat[here])\n        else:\n            new[x] = {new}\n")  # fmt: skip


def _cell(new: str) -> str:
    """The fit with a clock, with other data in a cell."""
    return swap(CLOCK, "here = live[:, t] & (s[:, t] == x)", f"here = {new}")


def _of_cell(new: str) -> str:
    return swap(CLOCK, "np.mean(q_hat[here, t])", new)


def _adv(new: str) -> str:
    """The advantage with another weight of a live step."""
    return swap(ADVANTAGE, "q_hat[i, t] - v[t, s[i, t]]", new)


def _line(body: str) -> str:
    return f"def advantage(q_hat, s, live, v):\n    b = v[np.arange(s.shape[1]), s]\n    {body}\n"


def _w(new: str) -> str:
    """The gradient with another weight."""
    return swap(GRADIENT, "q_hat[i, t] - b[t, x]", new)


def _psi(new: str) -> str:
    """The gradient with another score."""
    return swap(GRADIENT, "np.eye(theta.shape[1])[y] - pi[x]", new)


def _divided(new: str) -> str:
    return swap(GRADIENT, "grad / N", new)


def _b(new: str) -> str:
    """The leave-one-out baseline with another number made of the others."""
    return swap(OTHERS, "sum(others) / len(others)", new)


def _who(new: str) -> str:
    """The leave-one-out baseline with other others."""
    return swap(OTHERS, "q_hat[j, t] for j in range(N) if j != i and live[j, t]", new)


def _alone(new: str) -> str:
    """Another rule for who is alone."""
    return swap(OTHERS, "len(others)\n", f"len(others)\n            else:\n                b[i, t] = {new}\n")  # fmt: skip


def _g(new: str) -> str:
    """Monte Carlo with another target."""
    return swap(MC, "alpha * (G[t] - new[s[t]])", f"alpha * ({new} - new[s[t]])")


def _step(new: str) -> str:
    """Monte Carlo with another step."""
    return swap(MC, "new[s[t]] += alpha * (G[t] - new[s[t]])", new)


def _visits(new: str) -> str:
    """Monte Carlo with other visits, or in another order."""
    return swap(MC, "for t in range(T):", f"for t in {new}:")


def _after(new: str) -> str:
    """TD with another value ahead."""
    return swap(TD, "0.0 if terminated[k] else v[s_next[k]]", new)


def _delta(new: str) -> str:
    """TD with another error."""
    return swap(TD, "r[k] + gamma * after - v[s[k]]", new)


ROWS = "D = SimpleNamespace(s=s[None, :, None], r=q_hat[None, :, None], live=np.ones((1, len(s), 1), dtype=bool), terminated=np.zeros((1, len(s), 1), dtype=bool), s_next=s[None, :, None])"
CELLS = "    t = np.arange(s.shape[1])\n    row = lambda x: x.reshape(1, -1)\n    flat, cells = row(v), row(t * v.shape[1] + s)\n"


def _scores(function: str, more: str = "") -> str:
    """The gradient from the package's score functions."""
    return f"{SOFTMAX}from pgkit.exact import {function}\ndef baseline_gradient(theta, s, a, q_hat, live, b):\n    psi = {function}(_pi(theta){more})[s, a]\n    w = np.where(live, q_hat - b[np.arange(s.shape[1]), s], 0)\n    return np.einsum('nt,ntk->k', w, psi).reshape(theta.shape) / len(s)\n"


NO_MASK = "            if live[i, t]:\n"
TO_END = "    for t in range(T):\n        new[s[t]] +="

MUTANTS = {
    "fit_value": {
        "sum": (_of("np.sum(q_hat[here])"), 0, "divide by how many there are"),
        "divided by all data": (_of("np.sum(q_hat[here]) / len(q_hat)"), 0, "number of all data points"),
        "divided by the number of states": (_of("np.sum(q_hat[here]) / len(v)"), 0, "state's own count"),
        "median (the slide's norm)": (_of("np.median(q_hat[here])"), 0, "plain distances"),
        "one mean for all": (_fit("return np.full(len(v), q_hat.mean())"), 0, "All states get the same number"),
        "last one wins": (_fit("v[s] = q_hat; return v"), 0, "overwrite what was there"),
        "first one wins": (_of("q_hat[here][0]"), 0, "overwrite what was there"),
        "equal ones counted once": (_of("np.mean(list(set(q_hat[here])))"), 0, "are taken for one"),
        "largest": (_of("np.max(q_hat[here])"), 0, "the largest (or the smallest)"),
        "old value as a data point": (_of("(v[x] + np.sum(q_hat[here])) / (1 + here.sum())"), 0, "mixed into the mean"),
        "sums begin at v": (_of("(v[x] + np.sum(q_hat[here])) / here.sum()"), 0, "Start the sums at 0"),
        "steps of size 0.1": (_fit("for x, q in zip(s, q_hat): v[x] += 0.1 * (q - v[x])\n    return v"), 0, "gradient steps of size α"),
        "residual": (_of("np.mean(q_hat[here]) - v[x]"), 0, "how far the mean lies"),
        "residuals everywhere": (_fit("n = np.bincount(s, minlength=len(v)); t = np.bincount(s, q_hat, len(v)); return np.where(n > 0, t / n - v, 0)"), 0, "how far the mean lies"),
        "unseen set to 0": (_unseen("0.0"), 2, "no data, no news"),
        "unseen set to the overall mean": (_unseen("q_hat.mean()"), 2, "gets the mean of all data"),
        "unseen nan": (_fit("return np.bincount(s, q_hat, len(v)) / np.bincount(s, minlength=len(v))"), 2, "a sum of 0 over a count of 0"),
        "a sum of 0 is no data": (_fit("n = np.bincount(s, minlength=len(v)); t = np.bincount(s, q_hat, len(v)); return np.where(t != 0, t / n, v)"), 2, "Look at the COUNT"),
        "half way": (_of("(v[x] + np.mean(q_hat[here])) / 2"), 0, "mixed into the mean"),
        "ends at the last state seen": (_fit("n = np.bincount(s); v = v[: len(n)]; return np.where(n > 0, np.bincount(s, q_hat) / n, v)"), 2, "one for every state, as many as v"),
        "lstsq without the old v": (_fit("return np.linalg.lstsq(np.eye(len(v))[s], q_hat, rcond=None)[0]"), 2, "no data, no news"),
        "only states in the data": (_fit("return [q_hat[s == x].mean() for x in np.unique(s)]"), 2, "only for the states in the data"),
        "prediction for each pair": (_fit("return np.array([q_hat[s == x].mean() for x in s])"), 0, "one number for each data point"),
        "never filled in": (_fit("new = v.copy(); return v"), 0, "comes back as it was"),
        "borrowed: batch_monte_carlo": ("from types import SimpleNamespace\nfrom pgkit.exact import batch_monte_carlo\n" + _fit(f"{ROWS}; mean = batch_monte_carlo(D, len(v), 1.0, np.nan)[0]; return np.where(np.isnan(mean), v, mean)"), 0, "write yourself"),
        "borrowed: batch_td": ("from types import SimpleNamespace\nfrom pgkit.exact import batch_td\n" + _fit(f"{ROWS}; return np.where(np.isin(np.arange(len(v)), s), batch_td(D, len(v), 0.0)[0], v)"), 0, "write yourself"),
        "borrowed: _cell_means": ("from pgkit.critics import _cell_means\n" + _fit("mean, n = _cell_means(v[None], s[None], q_hat[None], s[None] >= 0); return np.where(n > 0, mean, v)[0]"), 0, "write yourself"),
        "borrowed: _fit_table": ("from pgkit.critics import _fit_table\nfrom pgkit.optim import Fitting\n" + _fit("return _fit_table(v[None], s[None], q_hat[None], s[None] >= 0, Fitting(0.1, 0))[0]"), 0, "write yourself"),
        "nothing returned": (_fit("v[s] = q_hat"), 0, "Does it end with `return`?"),
    },
    "fit_value_clock": {
        "no clock": (swap(_cell("live & (s == x)"), "q_hat[here, t]", "q_hat[here]"), 0, "the times are thrown together"),
        "padding counted": (_cell("s[:, t] == x"), 1, "padding is counted as data"),
        "padding as zeros": (swap(_cell("s[:, t] == x"), "np.mean(q_hat[here, t])", "np.mean((q_hat * live)[here, t])"), 1, "padding is counted as data"),
        "mask inverted": (_cell("~live[:, t] & (s[:, t] == x)"), 0, "mask is the wrong way round"),
        "no state": (_cell("live[:, t]"), 0, "the time AND the state"),
        "divided by N": (_of_cell("np.sum(q_hat[here, t]) / N"), 0, "divided by the wrong number"),
        "divided by the live ones": (_of_cell("np.sum(q_hat[here, t]) / live[:, t].sum()"), 0, "divided by the wrong number"),
        "sum": (_of_cell("np.sum(q_hat[here, t])"), 0, "divide by how many there are"),
        "median": (_of_cell("np.median(q_hat[here, t])"), 0, "plain distances"),
        "last one wins": (_of_cell("q_hat[here, t][-1]"), 0, "overwrite what was there"),
        "whole return": (_of_cell("np.mean(q_hat[here, 0])"), 0, "is still to come"),
        "unseen set to 0": (swap(CLOCK, "v.copy()", "np.zeros_like(v)"), 1, "no data, no news"),
        "unseen nan": (swap(CLOCK, "            if here.any():\n    ", "            if True:\n    "), 1, "a sum of 0 over a count of 0"),
        "transposed": (swap(CLOCK, "return new", "return new.T"), 0, "transposed"),
        "time shifted": (_of_cell("np.mean(q_hat[here, t - 1])"), 0, "The times are shifted by one"),
        "one row": (swap(CLOCK, "return new", "return new[0]"), 0, "has a row for each time"),
        "first trajectories only": (_of_cell("q_hat[here, t][0]"), 0, "overwrite what was there"),
        "largest": (_of_cell("np.max(q_hat[here, t])"), 0, "the largest (or the smallest)"),
        "old value as a data point": (_of_cell("(v[t, x] + np.sum(q_hat[here, t])) / (1 + here.sum())"), 0, "mixed into the mean"),
        "sums begin at v": (_of_cell("(v[t, x] + np.sum(q_hat[here, t])) / here.sum()"), 0, "Start the sums at 0"),
        "steps of size 0.1": ("def fit_value_clock(v, s, q_hat, live):\n    for i, t in zip(*np.nonzero(live)): v[t, s[i, t]] += 0.1 * (q_hat[i, t] - v[t, s[i, t]])\n    return v\n", 0, "gradient steps of size α"),
        "residual": (_of_cell("np.mean(q_hat[here, t]) - v[t, x]"), 0, "how far the mean lies"),
        "equal ones counted once": (_of_cell("np.mean(list(set(q_hat[here, t])))"), 0, "are taken for one"),
        "a sum of 0 is no data": (swap(CLOCK, "if here.any():", "if q_hat[here, t].sum():"), 1, "Look at the COUNT"),
        "unseen set to the time's mean": (swap(CLOCK, "q_hat[here, t])\n", "q_hat[here, t])\n            else:\n                new[t, x] = np.mean(q_hat[live[:, t], t])\n"), 1, "gets the mean of all data"),
        "like the batch": (swap(CLOCK, "return new", "return new[np.arange(T), s]"), 0, "an array like the batch"),
        "never filled in": (swap(CLOCK, "return new", "return v"), 0, "comes back as it was"),
        "borrowed: _cell_means": (f"from pgkit.critics import _cell_means\ndef fit_value_clock(v, s, q_hat, live):\n{CELLS}    mean, n = _cell_means(flat, cells, row(q_hat), row(live))\n    return np.where(n > 0, mean, flat).reshape(v.shape)\n", 0, "write yourself"),
        "borrowed: _fit_table": (f"from pgkit.critics import _fit_table\nfrom pgkit.optim import Fitting\ndef fit_value_clock(v, s, q_hat, live):\n{CELLS}    return _fit_table(flat, cells, row(q_hat), row(live), Fitting(0.1, 0)).reshape(v.shape)\n", 0, "write yourself"),
    },
    "advantage": {
        "no baseline": (_adv("q_hat[i, t]"), 0, "Q̂ itself"),
        "plus the baseline": (_adv("q_hat[i, t] + v[t, s[i, t]]"), 0, "You ADD the baseline"),
        "sign flip": (_adv("v[t, s[i, t]] - q_hat[i, t]"), 0, "WORSE than expected"),
        "padding not masked": (_line("return q_hat - b"), 2, "The padding is not 0"),
        "only Q̂ masked": (_line("return q_hat * live - b"), 2, "The padding is not 0"),
        "padding nan": (_line("return np.where(live, q_hat - b, np.nan)"), 2, "fill in the live steps"),
        "mask inverted": (_line("return np.where(live, 0, q_hat - b)"), 0, "The mask is the wrong way round"),
        "no clock, first row": (_adv("q_hat[i, t] - v[0, s[i, t]]"), 0, "does not know the time"),
        "no clock, mean of rows": (_adv("q_hat[i, t] - v[:, s[i, t]].mean()"), 0, "does not know the time"),
        "no state": (_adv("q_hat[i, t] - v[t].mean()"), 0, "does not know the state"),
        "state of the start": (_adv("q_hat[i, t] - v[t, s[i, 0]]"), 0, "does not know the state"),
        "next state": (_adv("q_hat[i, t] - (v[t + 1, s[i, t + 1]] if t + 1 < T else 0)"), 0, "value at the NEXT step"),
        "clock one late": (_adv("q_hat[i, t] - v[t - 1, s[i, t]]"), 0, "The clock is off by one"),
        "clock one early": (_adv("q_hat[i, t] - v[(t + 1) % T, s[i, t]]"), 0, "The clock is off by one"),
        "best action's value": (_adv("q_hat[i, t] - v[t].max()"), 0, "does not know the state"),
        "only centred": (_line("x = q_hat - b; return np.where(live, x - x[live].mean(), 0)"), 0, "divide by its spread"),
        "mean at each time": (_line("return np.where(live, q_hat - np.where(live, q_hat, 0).sum(0) / live.sum(0), 0)"), 0, "mean of the batch's own"),
        "time indices swapped": (_adv("q_hat[i, t] - v[s[i, t], t]"), 0, "Idea to look at"),
        "standardised": (_line("x = np.where(live, q_hat - b, 0); m = x[live].mean(); return np.where(live, (x - m) / x[live].std(), 0)"), 0, "divide by its spread"),
        "mean of the batch": (_line("return np.where(live, q_hat - q_hat[live].mean(), 0)"), 0, "mean of the batch's own"),
        "size only": (_adv("abs(q_hat[i, t] - v[t, s[i, t]])"), 0, "The sign is dropped"),
        "positive part": (_adv("max(q_hat[i, t] - v[t, s[i, t]], 0)"), 0, "The sign is dropped"),
        "ratio": (_adv("q_hat[i, t] / v[t, s[i, t]]"), 0, "You divide by the baseline"),
        "the baseline itself": (_adv("v[t, s[i, t]]"), 0, "You return the baseline"),
        "padding cut out": (_line("return (q_hat - b)[live]"), 0, "Keep the shape [N, T]"),
        "every pair of steps": (_line("return q_hat[:, None] - v[:, s].swapaxes(0, 1)"), 0, "too many axes"),
        "transposed": (_line("return np.where(live, q_hat - b, 0).T"), 0, "transposed"),
        "zeros": (_line("return np.zeros(s.shape)"), 0, "All entries are 0"),
    },
    "baseline_gradient": {
        "no baseline": (_w("q_hat[i, t]"), 0, "The baseline has no effect"),
        "plus the baseline": (_w("q_hat[i, t] + b[t, x]"), 0, "You ADD the baseline"),
        "weight turned round": (_w("b[t, x] - q_hat[i, t]"), 0, "the weight b - Q̂"),
        "gradient of a loss": (_divided("-grad / N"), 0, "wrong sign"),
        "only the baseline": (_w("b[t, x]"), 0, "the baseline alone"),
        "baseline by the action": (_w("q_hat[i, t] - b[t, y % b.shape[1]]"), 0, "depends on the ACTION"),
        "mean Q̂ of the action": (_w("q_hat[i, t] - q_hat[live & (a == y)].mean()"), 0, "depends on the ACTION"),
        "own batch's mean": (_w("q_hat[i, t] - q_hat[live[:, t], t].mean()"), 0, "mean of the batch's own"),
        "baseline on the one-hot only": (swap(GRADIENT, "grad[x] += w * psi", "grad[x] -= q_hat[i, t] * pi[x]; grad[x, y] += w"), 0, "no longer sum to 0"),
        "padding not masked": (swap(GRADIENT, NO_MASK, "            if True:\n"), 5, "The padding pushes"),
        "no clock": (_w("q_hat[i, t] - b[:, x].mean()"), 0, "does not know the time"),
        "no state": (_w("q_hat[i, t] - b[t].mean()"), 0, "does not know the state"),
        "next step": (_w("q_hat[i, t] - (b[t + 1, s[i, t + 1]] if t + 1 < T else 0)"), 0, "the NEXT step"),
        "clock one late": (_w("q_hat[i, t] - b[t - 1, x]"), 0, "The clock is off by one"),
        "clock one early": (_w("q_hat[i, t] - b[(t + 1) % T, x]"), 0, "The clock is off by one"),
        "whole return": (_w("q_hat[i, 0] - b[t, x]"), 0, "what came before t is noise"),
        "π not subtracted": (_psi("np.eye(theta.shape[1])[y]"), 0, "π is missing"),
        "π twice": (_psi("pi[x, y] * (np.eye(theta.shape[1])[y] - pi[x])"), 0, "not that of log π"),
        "softmax over states": (swap(GRADIENT, "pi = pi / pi.sum(axis=1, keepdims=True)", "pi = np.exp(theta) / np.exp(theta).sum(axis=0)"), 0, "down the columns"),
        "softmax over everything": (swap(GRADIENT, "theta.max(axis=1, keepdims=True)", "theta.max()", "pi.sum(axis=1, keepdims=True)", "pi.sum()"), 0, "or over all of θ"),
        "exponentials not normalised": (swap(GRADIENT, "pi = np.exp(theta - theta.max(axis=1, keepdims=True))", "pi = np.exp(theta)", "pi = pi / pi.sum(axis=1, keepdims=True)", "pass"), 0, "logits, not probabilities"),
        "uniform policy": (_psi("np.eye(theta.shape[1])[y] - 1 / theta.shape[1]"), 0, "not that of log π"),
        "importance ratio": (_psi("np.eye(theta.shape[1])[y] / pi[x, y]"), 0, "not that of log π"),
        "own logit only": (_psi("np.eye(theta.shape[1])[y] * (1 - pi[x, y])"), 0, "not that of log π"),
        "nan where padded": (swap(GRADIENT, NO_MASK, "            w = 0.0 if live[i, t] else np.nan\n            grad[s[i, t]] += w\n" + NO_MASK), 5, "nan or ∞ appears"),
        "rows of the last trajectory": (swap(GRADIENT, "        for t in range(T):", "        grad = np.zeros(theta.shape)\n        for t in range(T):"), 3, "Only one trajectory"),
        "only good steps": (_w("max(q_hat[i, t] - b[t, x], 0)"), 0, "their sign is dropped"),
        "centred once more": (_w("q_hat[i, t] - b[t, x] - (q_hat - b[np.arange(T), s])[live].mean()"), 0, "standardised"),
        "mean within each trajectory": (_w("(q_hat[i, t] - b[t, x]) / live[i].sum()"), 0, "divide by the number of steps"),
        "no softmax": (swap(GRADIENT, "pi = pi / pi.sum(axis=1, keepdims=True)", "pi = theta"), 0, "logits, not probabilities"),
        "sum over trajectories": (_divided("grad"), 3, "Divide by N"),
        "mean over steps": (_divided("grad / live.sum()"), 0, "divide by the number of steps"),
        "mean over N T": (_divided("grad / s.size"), 0, "divide by the number of steps"),
        "last visit only": (SOFTMAX + "def baseline_gradient(theta, s, a, q_hat, live, b):\n    w = np.where(live, q_hat - b[np.arange(s.shape[1]), s], 0)\n    grad = np.zeros(theta.shape)\n    grad[s] += w[..., None] * (np.eye(theta.shape[1])[a] - _pi(theta)[s])\n    return grad / len(s)\n", 0, "np.add.at(grad, s"),
        "last visit only, in two": (SOFTMAX + "def baseline_gradient(theta, s, a, q_hat, live, b):\n    w = np.where(live, q_hat - b[np.arange(s.shape[1]), s], 0)\n    grad = np.zeros(theta.shape)\n    grad[s, a] += w\n    grad[s] -= w[..., None] * _pi(theta)[s]\n    return grad / len(s)\n", 0, "np.add.at(grad, s"),
        "returns inside the loop": (swap(GRADIENT, "    return grad / N", "        return grad / N"), 3, "Only one trajectory"),
        "standardised": ("def baseline_gradient(theta, s, a, q_hat, live, b):\n    w = q_hat - b[np.arange(s.shape[1]), s]\n    w = (w - w[live].mean()) / w[live].std()\n" + swap(GRADIENT, "\ndef baseline_gradient(theta, s, a, q_hat, live, b):\n", "", "q_hat[i, t] - b[t, x]", "w_[i, t]").replace("    N, T", "    w_ = w\n    N, T", 1), 0, "standardised"),
        "Q̂ subtracted from itself": (_w("q_hat[i, t] - q_hat[i, t]"), 0, "zero everywhere"),
        "size only": (_w("abs(q_hat[i, t] - b[t, x])"), 0, "their sign is dropped"),
        "transposed": (_divided("grad.T / N"), 0, "transposed"),
        "borrowed: softmax_scores": (_scores("softmax_scores"), 0, "write yourself"),
        "borrowed: feature_scores": (_scores("feature_scores", ", np.eye(theta.size).reshape(*theta.shape, -1)"), 0, "write yourself"),
    },
    "leave_one_out": {
        "own included": (_who("q_hat[j, t] for j in range(N) if live[j, t]"), 0, "mean of the whole batch"),
        "plain mean": ("def leave_one_out(q_hat, live):\n    return np.zeros_like(q_hat) + q_hat.mean(axis=0)\n", 0, "mean of the whole batch"),
        "divided by N": (_b("sum(others) / N"), 0, "as if there were one more"),
        "count holds the own one": (_b("sum(others) / (1 + len(others))"), 0, "as if there were one more"),
        "always divided by N-1": (_b("sum(others) / (N - 1)"), 3, "N - 1 at all times"),
        "own in the sum": (_b("(sum(others) + q_hat[i, t]) / len(others)"), 0, "The sum holds the own"),
        "padding counted": (_who("q_hat[j, t] for j in range(N) if j != i"), 2, "The padding is counted"),
        "padding as zeros": (_who("q_hat[j, t] * live[j, t] for j in range(N) if j != i"), 3, "N - 1 at all times"),
        "sum": (_b("sum(others)"), 0, "This is the sum of the others"),
        "median": (_b("np.median(others)"), 0, "the median (or the largest)"),
        "equal ones counted once": (_b("np.mean(list(set(others)))"), 0, "are taken for one"),
        "mask inverted": (_who("q_hat[j, t] for j in range(N) if j != i and not live[j, t]"), 0, "The mask is the wrong way round"),
        "transposed": (swap(OTHERS, "return b", "return b.T"), 0, "transposed"),
        "first other": (_b("others[0]"), 0, "Only one other trajectory"),
        "own steps, all": (_who("q_hat[i, k] for k in range(T) if live[i, k]"), 0, "other STEPS of the own"),
        "no time": (_who("q_hat[j, k] for j in range(N) for k in range(T) if j != i and live[j, k]"), 0, "at the SAME t"),
        "whole return": (_who("q_hat[j, 0] for j in range(N) if j != i"), 0, "at the SAME t"),
        "own other steps": (_who("q_hat[i, k] for k in range(T) if k != t and live[i, k]"), 0, "other STEPS of the own"),
        "advantage returned": (swap(OTHERS, "return b", "return np.where(live, q_hat - b, 0)"), 0, "You return the advantage"),
        "own Q̂": (_b("q_hat[i, t]"), 0, "every advantage is 0"),
        "alone: own Q̂": (_alone("q_hat[i, t]"), 3, "every advantage is 0"),
        "alone: mean over time": (_alone("q_hat[i, live[i]].mean()"), 3, "the rule is b = 0"),
        "alone: nan": (_alone("np.nan"), 3, "0 divided by 0"),
        "alone: divided": ("def leave_one_out(q_hat, live):\n    q = q_hat * live\n    return (q.sum(0) - q) / (live.sum(0) - live.astype(int))\n", 3, "0 divided by 0"),
        "N=1 stops": (swap(OTHERS, "            if others:\n    ", "            if True:\n    "), 3, "ZeroDivisionError"),
        "zeros": (swap(OTHERS, "b[i, t] = ", "q_hat[i, t] = "), 0, "All entries are 0"),
        "next trajectory": ("def leave_one_out(q_hat, live):\n    return np.roll(q_hat, -1, axis=0)\n", 0, "Only one other trajectory"),
        "one row": ("def leave_one_out(q_hat, live):\n    return np.where(live, q_hat, 0).sum(0) / live.sum(0)\n", 0, "Every trajectory has its own baseline"),
    },
    "monte_carlo_update": {
        "reward instead of return": (_g("r[t]"), 0, "target is the reward r_t alone"),
        "γ forgotten": (swap(MC, "gamma * G[t + 1]", "G[t + 1]"), 0, "without discount"),
        "G_0 for every visit": (_g("G[0]"), 0, "Every visit gets G_0"),
        "discounted from the start": (_g("gamma**t * G[t]"), 0, "counts from the start"),
        "off by one": (_g("G[t + 1]"), 0, "one step too late"),
        "own reward discounted": (swap(MC, "r[t] + gamma * G[t + 1]", "gamma * (r[t] + G[t + 1])"), 0, "one step too late"),
        "the past": (_g("r[: t + 1].sum()"), 0, "from t ON"),
        "TD target": (_g("(r[t] + gamma * (v[s[t + 1]] if t + 1 < T else 0))"), 0, "which bootstraps"),
        "mean of the rewards": (_g("r[t:].mean()"), 0, "discounted SUM"),
        "α forgotten": (_step("new[s[t]] = G[t]"), 0, "α has no effect"),
        "1/n for α": (_step("new[s[t]] += (G[t] - new[s[t]]) / sum(s[: t + 1] == s[t])"), 0, "divide by the number of visits"),
        "old value not taken back": (_step("new[s[t]] += alpha * G[t]"), 0, "grow for ever"),
        "sign flip": (_step("new[s[t]] -= alpha * (G[t] - new[s[t]])"), 0, "AWAY from the return"),
        "α and 1-α swapped": (_step("new[s[t]] = alpha * new[s[t]] + (1 - alpha) * G[t]"), 0, "α and 1 - α are swapped"),
        "first visits only": (_visits("[t for t in range(T) if s[t] not in s[:t]]"), 1.5, "Only the FIRST visit"),
        "last visits only": (_visits("[t for t in range(T) if s[t] not in s[t + 1 :]]"), 1.5, "Go through the visits in a loop"),
        "fancy index": (swap(MC, TO_END, "    if True:\n        t = np.arange(T)\n        new[s[t]] +="), 1.5, "Go through the visits in a loop"),
        "errors from the old V": (_g("G[t] + new[s[t]] - v[s[t]]"), 1.5, "sees what the first has done"),
        "mean of the visits": (swap(MC, TO_END + " alpha * (G[t] - new[s[t]])", "    for x in set(s):\n        new[x] += alpha * (G[:T][s == x].mean() - new[x])"), 1.5, "one step for each visit"),
        "backwards": (_visits("reversed(range(T))"), 1.5, "from the last visit to the first"),
        "last visit missing": (_visits("range(T - 1)"), 0, "one step too early"),
        "first visit missing": (_visits("range(1, T)"), 0, "one step too early"),
        "last reward missing": (swap(MC, "range(T - 1, -1, -1)", "range(T - 2, -1, -1)"), 0, "one step too early"),
        "discounted rewards, then summed": (swap(MC, "r[t] + gamma * G[t + 1]", "gamma**t * r[t] + G[t + 1]"), 0, "counts from the start"),
        "never filled in": (swap(MC, "return new", "return v"), 0, "comes back as it was"),
        "next state": (_step("if t + 1 < T: new[s[t + 1]] += alpha * (G[t] - new[s[t + 1]])"), 0, "the state that comes AFTER"),
        "the change only": (swap(MC, "return new", "return new - v"), 0, "Return the new table"),
        "returns": (swap(MC, "return new", "return G[:T]"), 0, "Return the new table"),
        "borrowed: _later": ("from pgkit.exact.estimators import _later\n" + swap(MC, "    for t in range(T):", "    G = r @ _later(T, gamma)\n    for t in range(T):"), 0, "write yourself"),
        "nothing returned": (swap(MC, "    return new\n", ""), 0, "Does it end with `return`?"),
    },
    "td_update": {
        "terminal not masked": (_after("v[s_next[k]]"), 1.5, "Nothing comes after the end"),
        "truncated as terminated": (_after("0.0 if terminated[k] or truncated[k] else v[s_next[k]]"), 1.5, "only the end of the recording"),
        "masks swapped": (_after("0.0 if truncated[k] else v[s_next[k]]"), 1.5, "two masks are swapped"),
        "mask inverted": (_after("v[s_next[k]] if terminated[k] else 0.0"), 0, "only where the episode ended"),
        "last step thrown away": (_delta("0 if terminated[k] else r[k] + gamma * after - v[s[k]]"), 1.5, "that step teaches most"),
        "V(s) masked": (swap(_delta("r[k] + gamma * after - (0 if terminated[k] else v[s[k]])"), "0.0 if terminated[k] else v[s_next[k]]", "v[s_next[k]]"), 1.5, "mask is at the wrong V"),
        "V(s) in the target": (_after("0.0 if terminated[k] else v[s[k]]"), 0, "one step AHEAD"),
        "γ forgotten": (_delta("r[k] + after - v[s[k]]"), 0, "γ is missing"),
        "γ on all of the target": (_delta("gamma * (r[k] + after) - v[s[k]]"), 0, "γ multiplies the wrong thing"),
        "γ on V(s)": (_delta("r[k] + after - gamma * v[s[k]]"), 0, "γ multiplies the wrong thing"),
        "no bootstrap": (_delta("r[k] - v[s[k]]"), 0, "the reward alone"),
        "reward forgotten": (_delta("gamma * after - v[s[k]]"), 0, "The reward is missing"),
        "in place": (swap(TD, "new = v.copy()", "new = v"), 0, "The rule here is a batch"),
        "value in place": (_delta("r[k] + gamma * after - new[s[k]]"), 0, "The rule here is a batch"),
        "fancy index": ("def td_update(v, s, r, s_next, terminated, truncated, gamma, alpha):\n    v[s] += alpha * (r + gamma * np.where(terminated, 0, v[s_next]) - v[s])\n    return v\n", 0, "v[s] += … with an array"),
        "mean instead of sum": (swap(TD, "alpha * delta", "alpha * delta / np.sum(s == s[k])"), 1, "moves three times"),
        "mean of the batch": (swap(TD, "alpha * delta", "alpha * delta / len(s)"), 1, "moves three times"),
        "end of the table emptied": (swap(TD, "    new = v.copy()\n", "    v[s_next[terminated]] = 0\n    new = v.copy()\n"), 1.5, "a matter of the STEP"),
        "every state where one ended": (_after("0.0 if s_next[k] in s_next[terminated] else v[s_next[k]]"), 1.5, "a matter of the STEP"),
        "loss minimised by a residual gradient": (swap(TD, "new[s[k]] += alpha * delta\n", "new[s[k]] += alpha * delta\n        if not terminated[k]:\n            new[s_next[k]] -= alpha * gamma * delta\n"), 0, "TD(0)"),
        "never filled in": (swap(TD, "return new", "return v"), 0, "comes back as it was"),
        "each step adds the whole sum": (swap(TD, "alpha * delta", "alpha * delta * np.sum(s == s[k])"), 0, "runs away"),
        "α forgotten": (swap(TD, "alpha * delta", "delta"), 0, "whole way to the target"),
        "old value not taken back": (_delta("r[k] + gamma * after"), 0, "take nothing away"),
        "sign flip": (swap(TD, "+= alpha", "-= alpha"), 0, "AWAY from the target"),
        "minus the value ahead": (_delta("r[k] - gamma * after - v[s[k]]"), 0, "AWAY from the target"),
        "next state updated": (swap(TD, "new[s[k]]", "new[s_next[k]]"), 0, "The error belongs to s"),
        "the change only": (swap(TD, "return new", "return new - v"), 0, "Return the new table"),
        "nothing returned": (swap(TD, "    return new\n", ""), 0, "Does it end with `return`?"),
    },
}  # fmt: skip

# ---------------------------------------------------------------- borrowed from the package

BORROWED = {
    "fit_value": (
        """
from types import SimpleNamespace
from pgkit.critics import ValueTable
from pgkit.optim import Fitting

def fit_value(v, s, q_hat):
    D = SimpleNamespace(s=s[None], t=0 * s[None], live=np.ones((1, len(s)), dtype=bool))
    return ValueTable().fit(v[None], D, target=q_hat[None], fitting=Fitting(0.1, 0))[0]
""",
        0,
    ),
    "fit_value_clock": (
        """
from pgkit import exact

def fit_value_clock(v, s, q_hat, live):
    tau = exact.Paths(s, s, q_hat, live, np.ones(len(s)))
    b = exact.fitted_baseline(tau, np.ones(len(s)), q_hat, "ts")
    t = np.broadcast_to(np.arange(s.shape[1]), s.shape)
    v[t[live], s[live]] = b[live]
    return v
""",
        0,
    ),
    "advantage": (
        """
from types import SimpleNamespace
from pgkit.returns import td_error

def advantage(q_hat, s, live, v):
    D = SimpleNamespace(live=live, r=q_hat, terminated=live)
    return td_error(D, v[np.arange(s.shape[1]), s], 0 * q_hat, 1.0)
""",
        0,
    ),
    "baseline_gradient": (
        """
from types import SimpleNamespace
from pgkit.policies import SoftmaxTable

def baseline_gradient(theta, s, a, q_hat, live, b):
    row = lambda x: x.reshape(1, -1)
    D = SimpleNamespace(s=row(s), a=row(a), live=row(live), episodes=len(s))
    w = row(q_hat - b[np.arange(s.shape[1]), s])
    return SoftmaxTable().grad_log_prob(theta[None], D, weight=w)[0]
""",
        0,
    ),
    "leave_one_out": (
        """
from types import SimpleNamespace
from pgkit.returns import leave_one_out as packaged

def leave_one_out(q_hat, live):
    D = SimpleNamespace(q_hat=q_hat.reshape(1, -1), live=live.reshape(1, -1), episodes=len(live))
    return packaged(D).reshape(live.shape)
""",
        0,
    ),
    "monte_carlo_update": (
        """
from pgkit.returns import reward_to_go

def monte_carlo_update(v, s, r, gamma, alpha):
    for x, g in zip(s, reward_to_go(r, gamma)):
        v[x] += alpha * (g - v[x])
    return v
""",
        0,
    ),
    "td_update": (
        """
from types import SimpleNamespace
from pgkit.returns import td_error

def td_update(v, s, r, s_next, terminated, truncated, gamma, alpha):
    D = SimpleNamespace(r=r, terminated=terminated, live=np.ones(len(s), dtype=bool))
    np.add.at(v, s, alpha * td_error(D, v[s], v[s_next], gamma))
    return v
""",
        0,
    ),
}
