# ruff: noqa: E501
"""Problem set 6: right answers, misconceptions, answers borrowed from the package."""

from mutants import swap

POINTS = {
    "add_to_dataset": 4.0,
    "value_of_dataset": 4.0,
    "awr_weights": 5.0,
    "weighted_log_likelihood": 3.0,
    "weighted_policy": 3.0,
    "effective_sample_size": 2.0,
    "awr": 4.0,
}

# ---------------------------------------------------------------- right answers, differently written
# Each is complete: in a notebook of mutants, the earlier exercises are wrong.

ADD = """
def add_to_dataset(D, s, a, r, live, gamma):
    R = np.where(live, r, 0.0)
    for t in reversed(range(R.shape[1] - 1)):
        R[:, t] += gamma * R[:, t + 1]
    return np.append(D[0], s[live]), np.append(D[1], a[live]), np.append(D[2], R[live])
"""
VALUE = """
def value_of_dataset(x, s, R):
    phi = np.linalg.lstsq(x[s], R, rcond=None)[0]
    return x @ phi
"""
WEIGHTS = """
def awr_weights(adv, beta, clip=None, normalise=False):
    if normalise:
        adv = (adv - np.mean(adv)) / np.std(adv)
    z = adv / beta
    if clip is None:
        return np.exp(z - np.max(z))
    return np.exp(np.minimum(z, np.log(clip)))
"""
LIKELIHOOD = """
def weighted_log_likelihood(theta, s, a, w):
    z = theta - theta.max(axis=1, keepdims=True)
    log_pi = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
    push = np.eye(theta.shape[1])[a] - np.exp(log_pi[s])
    grad = np.zeros(theta.shape)
    np.add.at(grad, s, w[:, None] * push)
    return np.mean(w * log_pi[s, a]), grad / len(s)
"""
POLICY = """
def weighted_policy(s, a, w, states, actions):
    votes = np.zeros((states, actions))
    for x, y, v in zip(s, a, w):
        votes[x, y] += v
    total = votes.sum(axis=1, keepdims=True)
    return np.where(total > 0, votes / np.where(total > 0, total, 1.0), 1 / actions)
"""
SIZE = """
def effective_sample_size(w):
    if w.max() == 0:
        return 0.0
    w = w / w.max()
    return w.sum() ** 2 / (w**2).sum()
"""
LOOP = """
def awr(rollout, states, actions, gamma, beta, clip, iterations):
    pi = np.full((states, actions), 1 / actions)
    S, A, G = [], [], []
    for k in range(iterations):
        s, a, r, live = rollout(pi)
        R = np.where(live, r, 0.0)
        for t in reversed(range(R.shape[1] - 1)):
            R[:, t] += gamma * R[:, t + 1]
        S, A, G = [*S, *s[live]], [*A, *a[live]], [*G, *R[live]]
        s, a, R = np.array(S), np.array(A), np.array(G)
        V = np.zeros(states)
        for x in set(S):
            V[x] = R[s == x].mean()
        adv = R - V[s]
        w = np.exp(np.minimum(adv / beta, np.log(clip)))
        votes = np.zeros((states, actions))
        np.add.at(votes, (s, a), w)
        total = votes.sum(axis=1, keepdims=True)
        pi = np.where(total > 0, votes / np.where(total > 0, total, 1), 1 / actions)
    return pi
"""

RIGHT = {
    "add_to_dataset": {
        "backwards over columns": ADD,
        "loops, lists, newest first": """
def add_to_dataset(D, s, a, r, live, gamma):
    new = []
    for i in range(len(s)):
        G = 0.0
        for t in reversed(range(int(live[i].sum()))):
            G = float(r[i, t]) + gamma * G
            new.append((int(s[i, t]), int(a[i, t]), G))
    new += list(zip(*D))
    return [list(column) for column in zip(*new)]
""",
        "matrix of discounts, float32": """
def add_to_dataset(D, s, a, r, live, gamma):
    t = np.arange(r.shape[1])
    M = np.float32(np.triu(float(gamma) ** np.abs(t[:, None] - t)))
    R = np.float32(r * live) @ M.T
    keep = np.flatnonzero(live)
    old = (np.asarray(x) for x in D)
    return [np.concatenate([o, n.ravel()[keep].astype(o.dtype)]) for o, n in zip(old, (s, a, R))]
""",
        "by time, sums of their definition": """
def add_to_dataset(D, s, a, r, live, gamma):
    S, A, R = (list(x) for x in D)
    N, T = r.shape
    for t in range(T):
        for i in range(N):
            if live[i, t]:
                S.append(s[i, t])
                A.append(a[i, t])
                R.append(sum(gamma ** (k - t) * r[i, k] for k in range(t, T) if live[i, k]))
    return np.array(S), np.array(A), np.array(R)
""",
        "torch, changes its input": """
def add_to_dataset(D, s, a, r, live, gamma):
    import torch
    r[~live] = 0
    R = torch.tensor(r)
    for t in range(R.shape[1] - 2, -1, -1):
        R[:, t] = R[:, t] + gamma * R[:, t + 1]
    on = torch.tensor(live)
    return tuple(torch.cat([torch.as_tensor(o), torch.as_tensor(n)[on]]) for o, n in zip(D, (s, a, R)))
""",
    },
    "value_of_dataset": {
        "least squares": VALUE,
        "pseudo-inverse": """
def value_of_dataset(x, s, R):
    return x @ (np.linalg.pinv(x[s]) @ R)
""",
        "float32": """
def value_of_dataset(x, s, R):
    x, R = np.float32(x), np.float32(R)
    return x @ np.linalg.lstsq(x[s], R, rcond=1e-5)[0]
""",
        "singular values": """
def value_of_dataset(x, s, R):
    U, d, W = np.linalg.svd(x[s], full_matrices=False)
    keep = d > 1e-8 * d[0]
    return (x @ (W[keep].T @ ((U[:, keep].T @ R) / d[keep]))).tolist()
""",
        "counts and means, pseudo-inverse of XᵀX": """
def value_of_dataset(x, s, R):
    n = np.bincount(s, minlength=len(x))
    total = np.bincount(s, weights=R, minlength=len(x))
    return x @ np.linalg.pinv(x.T @ (n[:, None] * x), rcond=1e-9, hermitian=True) @ x.T @ total
""",
        "the smallest of ridges": """
def value_of_dataset(x, s, R):
    X = x[s]
    return x @ np.linalg.solve(X.T @ X + 1e-7 * np.eye(X.shape[1]), X.T @ R)
""",
        "gradient descent from 0": """
def value_of_dataset(x, s, R):
    X, phi = x[s], np.zeros(x.shape[1])
    step = 1 / np.linalg.norm(X, 2) ** 2
    for _ in range(3000):
        phi -= step * X.T @ (X @ phi - R)
    return x @ phi
""",
    },
    "awr_weights": {
        "shifted, or the exponent cut": WEIGHTS,
        "minimum of the weight, with overflow": """
def awr_weights(adv, beta, clip=None, normalise=False):
    if normalise:
        adv = (adv - adv.mean()) / (adv.std() + 1e-8)
    if clip is not None:
        return np.minimum(np.exp(adv / beta), clip)
    return np.exp((adv - adv.max()) / beta)
""",
        "shares that sum to 1, lists": """
def awr_weights(adv, beta, clip=None, normalise=False):
    x = np.array(adv, dtype=float)
    if normalise:
        x -= x.mean()
        x /= np.sqrt((x**2).mean())
    z = x / beta
    if clip is not None:
        z = np.minimum(z, np.log(clip))
    w = np.exp(z - z.max())
    return (w / w.sum()).tolist()
""",
        "float32": """
def awr_weights(adv, beta, clip=None, normalise=False):
    x = np.float32(adv)
    if normalise:
        x = (x - x.mean()) / x.std()
    z = x / np.float32(beta)
    top = z.max() if clip is None else np.float32(np.log(clip))
    return np.exp(np.minimum(z - top, np.float32(0)))
""",
        "clip by where, the mean weight 1": """
def awr_weights(adv, beta, clip=None, normalise=False):
    z = (adv - adv.mean()) / adv.std() if normalise else adv
    z = z / beta
    if clip is None:
        w = np.exp(z - z.max())
        return w / w.mean()
    w = np.exp(z)
    return np.where(w > clip, clip, w)
""",
        "torch": """
def awr_weights(adv, beta, clip=None, normalise=False):
    import torch
    x = torch.tensor(adv)
    if normalise:
        x = (x - x.mean()) / x.std(unbiased=False)
    z = x.flatten() / beta
    w = torch.softmax(z, 0) if clip is None else torch.exp(z).clamp(max=clip)
    return w.reshape(x.shape)
""",
    },
    "weighted_log_likelihood": {
        "np.add.at": LIKELIHOOD,
        "loop, Python floats": """
def weighted_log_likelihood(theta, s, a, w):
    import math
    L, grad = 0.0, [[0.0] * theta.shape[1] for _ in theta]
    for x, y, v in zip(s.tolist(), a.tolist(), w.tolist()):
        row = theta[x].tolist()
        top = max(row)
        total = math.log(sum(math.exp(q - top) for q in row)) + top
        L += v * (row[y] - total) / len(s)
        for b, q in enumerate(row):
            grad[x][b] += v * ((b == y) - math.exp(q - total)) / len(s)
    return L, grad
""",
        "logaddexp, counts": """
def weighted_log_likelihood(theta, s, a, w):
    log_pi = theta - np.logaddexp.reduce(theta, axis=1, keepdims=True)
    votes = np.zeros(theta.shape)
    np.add.at(votes, (s, a), w / len(w))
    return (votes * log_pi).sum(keepdims=True), votes - votes.sum(axis=1, keepdims=True) * np.exp(log_pi)
""",
        "one-hot matrices, float32": """
def weighted_log_likelihood(theta, s, a, w):
    theta, w = np.float32(theta), np.float32(w)
    z = theta[s] - theta[s].max(axis=1, keepdims=True)
    log_pi = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
    hot = np.eye(theta.shape[1], dtype=np.float32)[a]
    states = np.eye(len(theta), dtype=np.float32)[s]
    return [np.mean(w * (hot * log_pi).sum(axis=1)), states.T @ (w[:, None] * (hot - np.exp(log_pi))) / len(s)]
""",
        "torch's own gradient": """
def weighted_log_likelihood(theta, s, a, w):
    import torch
    x = torch.tensor(theta, requires_grad=True)
    L = (torch.tensor(w) * torch.log_softmax(x, dim=1)[s, a]).mean()
    L.backward()
    return L, x.grad
""",
    },
    "weighted_policy": {
        "loop": POLICY,
        "bincount": """
def weighted_policy(s, a, w, states, actions):
    votes = np.bincount(s * actions + a, weights=w, minlength=states * actions).reshape(states, actions)
    votes[votes.sum(axis=1) == 0] = 1
    return votes / votes.sum(axis=1, keepdims=True)
""",
        "state by state, lists, float32": """
def weighted_policy(s, a, w, states, actions):
    pi = []
    for x in range(states):
        row = [np.float32(w[(s == x) & (a == y)].sum()) for y in range(actions)]
        pi.append([v / sum(row) for v in row] if sum(row) > 0 else [1 / actions] * actions)
    return pi
""",
        "one-hot matrices": """
def weighted_policy(s, a, w, states, actions):
    votes = np.eye(states)[:, s] @ np.diag(w) @ np.eye(actions)[a]
    pi = votes / votes.sum(axis=1, keepdims=True)
    return np.nan_to_num(pi, nan=1 / actions)
""",
        "climbed to the top": """
def weighted_policy(s, a, w, states, actions):
    votes = np.zeros((states, actions))
    np.add.at(votes, (s, a), w)
    pi = np.full((states, actions), 1 / actions)
    for x in range(states):
        if votes[x].sum() > 0:
            for _ in range(60):  # expectation maximisation, which is there at once
                pi[x] = votes[x] / votes[x].sum()
    return pi
""",
    },
    "effective_sample_size": {
        "divided by the largest": SIZE,
        "shares": """
def effective_sample_size(w):
    if not w.any():
        return 0
    p = w / w.max()
    p = p / p.sum()
    return np.array([1 / np.sum(p**2)])
""",
        "mean and spread": """
def effective_sample_size(w):
    if np.max(w) <= 0:
        return 0.0
    u = np.array(w) / np.max(w)
    return len(u) / (1 + u.var() / u.mean() ** 2)
""",
        "logarithms": """
def effective_sample_size(w):
    z = np.log(w[w > 0])
    if len(z) == 0:
        return 0.0
    return float(np.exp(2 * np.logaddexp.reduce(z) - np.logaddexp.reduce(2 * z)))
""",
        "float32, after scaling": """
def effective_sample_size(w):
    top = w.max()
    u = np.float32(w / top) if top > 0 else np.float32(w)
    return np.float32(u.sum() ** 2) / max((u**2).sum(), np.float32(1e-30))
""",
        "fractions": """
def effective_sample_size(w):
    from fractions import Fraction
    f = [Fraction(float(x)) for x in w]
    below = sum(x * x for x in f)
    return float(sum(f) ** 2 / below) if below else 0.0
""",
    },
    "awr": {
        "all in one": LOOP,
        "batches kept, float32, a last look": """
def awr(rollout, states, actions, gamma, beta, clip, iterations):
    pi, batches = np.ones((states, actions), dtype=np.float32) / actions, []
    for k in range(iterations):
        batches.append(rollout(pi))
        rows = []
        for s, a, r, live in batches:
            for i in range(len(s)):
                G = np.float32(0)
                for t in range(int(live[i].sum()) - 1, -1, -1):
                    G = np.float32(r[i, t] + gamma * G)
                    rows.append((s[i, t], a[i, t], G))
        V = {x: np.mean([G for y, _, G in rows if y == x]) for x in range(states) if any(y == x for y, _, _ in rows)}
        votes = np.zeros((states, actions), dtype=np.float32)
        for s, a, G in rows:
            votes[s, a] += min(np.exp((G - V[s]) / beta), clip)
        pi = votes / votes.sum(axis=1, keepdims=True)
        pi = np.where(np.isnan(pi), np.float32(1 / actions), pi)
    rollout(pi)
    return pi.tolist()
""",
        "running sums for V, weights up to a factor": """
def awr(rollout, states, actions, gamma, beta, clip, iterations):
    pi = np.full((states, actions), 1.0) / actions
    total, count = np.zeros(states), np.zeros(states)
    D = np.zeros((0, 3))
    while iterations > 0:
        s, a, r, live = rollout(pi)
        t = np.arange(r.shape[1])
        R = (r * live) @ np.tril(gamma ** np.abs(t[:, None] - t))
        new = np.column_stack([s[live], a[live], R[live]])
        np.add.at(total, s[live], R[live])
        np.add.at(count, s[live], 1)
        D = np.vstack([D, new])
        x, y = D[:, 0].astype(int), D[:, 1].astype(int)
        adv = D[:, 2] - (total / np.maximum(count, 1))[x]
        w = np.minimum(np.exp(adv / beta), clip)
        votes = np.zeros((states, actions))
        np.add.at(votes, (x, y), w / w.sum())
        votes[votes.sum(axis=1) == 0] = 1
        pi = votes / votes.sum(axis=1, keepdims=True)
        iterations -= 1
    return pi
""",
        "built from its parts": ADD + VALUE + WEIGHTS + POLICY
        + """
def awr(rollout, states, actions, gamma, beta, clip, iterations):
    pi = np.full((states, actions), 1 / actions)
    D = (np.zeros(0, dtype=int), np.zeros(0, dtype=int), np.zeros(0))
    for _ in range(iterations):
        D = add_to_dataset(D, *rollout(pi), gamma)
        s, a, R = D
        V = value_of_dataset(np.eye(states), s, R)
        pi = weighted_policy(s, a, awr_weights(R - V[s], beta, clip), states, actions)
    return pi
""",
    },
}  # fmt: skip

# ---------------------------------------------------------------- misconceptions


def _returns(body: str) -> str:
    """D with another way to the returns R."""
    return f"""
def add_to_dataset(D, s, a, r, live, gamma):
    {body}
    return np.append(D[0], s[live]), np.append(D[1], a[live]), np.append(D[2], R[live])
"""


def _rows(of: str) -> str:
    """D with R made from the live rewards `x` of each row."""
    return _returns(f"""R = np.zeros(r.shape)
    for i in range(len(r)):
        x = r[i, live[i]]
        n = np.arange(len(x))
        R[i, live[i]] = {of}""")


GO = "np.array([sum(gamma ** (k - t) * x[k] for k in n[t:]) for t in n])"


def _v(new: str) -> str:
    return f"def value_of_dataset(x, s, R):\n    X = x[s]\n    {new}\n"


def _table(of: str, unseen: str) -> str:
    return _v(f"return np.array([{of} if (s == k).any() else {unseen} for k in range(len(x))])")


def _w(*pairs: str) -> str:
    return swap(WEIGHTS, *pairs)


def _l(*pairs: str) -> str:
    return swap(LIKELIHOOD, *pairs)


def _p(*pairs: str) -> str:
    return swap(POLICY, *pairs)


def _votes(result: str) -> str:
    return swap(
        POLICY,
        "return np.where(total > 0, votes / np.where(total > 0, total, 1.0), 1 / actions)",
        f"return {result}",
    )


def _s(result: str) -> str:
    return swap(SIZE, "return w.sum() ** 2 / (w**2).sum()", f"return {result}")


def _a(*pairs: str) -> str:
    return swap(LOOP, *pairs)


NORMALISE = "adv = (adv - np.mean(adv)) / np.std(adv)"
NO_CLIP = "np.exp(z - np.max(z))"
CUT = "np.exp(np.minimum(z, np.log(clip)))"
V_LOOP = "        for x in set(S):\n            V[x] = R[s == x].mean()\n"
SHARES = "np.where(total > 0, votes / np.where(total > 0, total, 1), 1 / actions)"

MUTANTS = {
    "add_to_dataset": {
        "replaced instead of grown": (_returns("D = [x[:0] for x in D]\n    R = np.where(live, r, 0.0)\n    for t in reversed(range(R.shape[1] - 1)):\n        R[:, t] += gamma * R[:, t + 1]"), 2, "it replaces what was there"),
        "never grown": (swap(ADD, "    R = ", "    if len(D[0]):\n        return D\n    R = "), 2, "Only the first batch"),
        "D twice": (swap(ADD, "    R = ", "    D = [np.append(x, x) for x in D]\n    R = "), 2, "come up more than once"),
        "old returns discounted": (swap(ADD, "np.append(D[2], R[live])", "np.append(gamma * D[2], R[live])"), 2, "They are returns already"),
        "all of D converted again": ("def add_to_dataset(D, s, a, r, live, gamma):\n    new, G = [list(x) for x in D], np.where(live, r, 0.0)\n    for t in reversed(range(r.shape[1] - 1)):\n        G[:, t] += gamma * G[:, t + 1]\n    R = np.append(D[2], G[live])\n    if len(D[2]):\n        for t in reversed(range(len(R) - 1)):\n            R[t] += gamma * R[t + 1]\n    return np.append(D[0], s[live]), np.append(D[1], a[live]), R\n", 2, "D grows"),
        "leftovers leak in": (swap(ADD, "np.where(live, r, 0.0)", "np.array(r)"), 1, "rewards from the padding have got into"),
        "padding kept": ("def add_to_dataset(D, s, a, r, live, gamma):\n    R = np.where(live, r, 0.0)\n    for t in reversed(range(R.shape[1] - 1)):\n        R[:, t] += gamma * R[:, t + 1]\n    return np.append(D[0], s), np.append(D[1], a), np.append(D[2], R)\n", 1, "The padding is in D"),
        "mask inverted": (swap(ADD, "    R = ", "    live = ~live\n    R = "), 0, "the wrong way round: live is True"),
        "over the borders": ("def add_to_dataset(D, s, a, r, live, gamma):\n    R = r[live]\n    for t in reversed(range(len(R) - 1)):\n        R[t] += gamma * R[t + 1]\n    return np.append(D[0], s[live]), np.append(D[1], a[live]), np.append(D[2], R)\n", 0, "run on from one trajectory into the next"),
        "down the columns": (_returns("R = np.where(live, r, 0.0)\n    for i in reversed(range(len(R) - 1)):\n        R[i] += gamma * R[i + 1]"), 0, "added up over the trajectories"),
        "flattened in different orders": ("def add_to_dataset(D, s, a, r, live, gamma):\n    R = np.where(live, r, 0.0)\n    for t in reversed(range(R.shape[1] - 1)):\n        R[:, t] += gamma * R[:, t + 1]\n    return np.append(D[0], s[live]), np.append(D[1], a[live]), np.append(D[2], R.T[live.T])\n", 0, "do not belong together"),
        "states and actions swapped": (swap(ADD, "np.append(D[0], s[live]), np.append(D[1], a[live])", "np.append(D[0], a[live]), np.append(D[1], s[live])"), 0, "swapped"),
        "rewards": (_rows("x"), 0, "its own reward alone"),
        "whole return": (_rows("sum(gamma**n * x)"), 0, "the return of the whole trajectory"),
        "rewards so far": (_rows("np.cumsum(x)"), 0, "looks ahead"),
        "no discount": (swap(ADD, "gamma * R[:, t + 1]", "R[:, t + 1]"), 0, "without discount"),
        "γ^t from the start": (_rows(f"gamma**n * {GO}"), 0, "from the start of the trajectory"),
        "own reward left out": (_rows(f"np.append({GO}[1:], 0)"), 0, "begins one step too late"),
        "append to an array": ("def add_to_dataset(D, s, a, r, live, gamma):\n    D[0].append(s[live])\n    return D\n", 0, "D holds three ARRAYS"),
        "sign": (_rows(f"-{GO}"), 0, "sign is turned round"),
        "one step ahead": (_rows("x + gamma * np.append(x[1:], 0)"), 0, "one step ahead only"),
        "a set": ("def add_to_dataset(D, s, a, r, live, gamma):\n    entries = set(zip(*D))\n    for i in range(len(s)):\n        G = 0.0\n        for t in reversed(range(s.shape[1])):\n            if live[i, t]:\n                G = r[i, t] + gamma * G\n                entries.add((s[i, t], a[i, t], G))\n    return tuple(np.array(c) for c in zip(*entries))\n", 0, "counted once"),
        "last step left out": (swap(ADD, "    return", "    live = live & np.append(live[:, 1:], np.zeros((len(live), 1), dtype=bool), axis=1)\n    return"), 0, "One step of each trajectory is missing"),
        "every other step": (swap(ADD, "    return", "    live = live & (np.arange(live.shape[1]) % 2 == 0)\n    return"), 0, "The number of entries is wrong"),
        "one list of triples": ("def add_to_dataset(D, s, a, r, live, gamma):\n    R = np.where(live, r, 0.0)\n    return list(zip(s[live], a[live], R[live]))\n", 0, "Return three arrays"),
        "no return": (swap(ADD, "return ", ""), 0, "returned None"),
    },
    "value_of_dataset": {
        "mean of each state": (_table("R[s == k].mean()", "0.0"), 1, "ignore the features"),
        "states counted alike": (_v("k = np.unique(s)\n    mean = np.array([R[s == j].mean() for j in k])\n    return x @ np.linalg.lstsq(x[k], mean, rcond=None)[0]"), 1, "Each state counts once"),
        "inverse of XᵀX": (_v("return x @ np.linalg.solve(X.T @ X, X.T @ R)"), 2, "has no inverse here"),
        "inverse of XᵀX, pseudo-inverse if that fails": (_v("M = X.T @ X\n    return x @ (np.linalg.solve(M, X.T @ R) if np.linalg.matrix_rank(M) == len(M) else np.linalg.lstsq(X[:, :1], R, rcond=None)[0][0] * np.eye(len(M))[0])"), 2, "Idea to look at"),
        "ridge": (_v("return x @ np.linalg.solve(X.T @ X + 0.1 * np.eye(X.shape[1]), X.T @ R)"), 0, "pulls V towards 0"),
        "intercept": (_v("one = np.column_stack([x, np.ones(len(x))])\n    return one @ np.linalg.lstsq(one[s], R, rcond=None)[0]"), 0, "no intercept"),
        "centred": (_v("return R.mean() + x @ np.linalg.lstsq(X, R - R.mean(), rcond=None)[0]"), 0, "no intercept"),
        "unseen set to the mean": (_v("V = x @ np.linalg.lstsq(X, R, rcond=None)[0]\n    V[~np.isin(np.arange(len(x)), s)] = R.mean()\n    return V"), 0, "no intercept"),
        "φ returned": (_v("return np.linalg.lstsq(X, R, rcond=None)[0]"), 1, "You return φ"),
        "V at the entries": (_v("return X @ np.linalg.lstsq(X, R, rcond=None)[0]"), 0, "at each entry of D"),
        "residuals": (_v("return R - X @ np.linalg.lstsq(X, R, rcond=None)[0]"), 0, "at each entry of D"),
        "a column": (_v("return x @ np.linalg.lstsq(X, R[:, None], rcond=None)[0]"), 0, "a matrix of one column"),
        "XᵀR": (_v("return x @ (X.T @ R)"), 0, "has to be divided by XᵀX"),
        "XᵀR / n": (_v("return x @ (X.T @ R) / len(s)"), 0, "has to be divided by XᵀX"),
        "features one by one": (_v("return x @ (X.T @ R / np.maximum((X**2).sum(axis=0), 1e-9))"), 1, "Each feature is fitted by itself"),
        "one number": (_v("return np.full(len(x), R.mean())"), 0, "All states get the same V"),
        "superfluous features left out": (_v("keep = []\n    for k in range(x.shape[1]):\n        if np.linalg.matrix_rank(X[:, [*keep, k]]) > len(keep):\n            keep.append(k)\n    return x[:, keep] @ np.linalg.lstsq(X[:, keep], R, rcond=None)[0]"), 3, "the SHORTEST"),
        "median of each state": (_table("np.median(R[s == k])", "0.0"), 0, "has a square"),
        "sum of each state": (_table("R[s == k].sum()", "0.0"), 0, "not their sum"),
        "last of each state": (_table("R[s == k][-1]", "0.0"), 0, "nor the last"),
        "nan for unseen": (_table("R[s == k].mean()", "np.nan"), 0, "has no mean, 0/0"),
        "equal entries once": (_v("k, R = np.unique(np.stack([s, R], axis=1), axis=0).T\n    return x @ np.linalg.lstsq(x[k.astype(int)], R, rcond=None)[0]"), 0, "counted once"),
        "last batch only": (_v("m = len(s) // 2\n    return x @ np.linalg.lstsq(X[m:], R[m:], rcond=None)[0]"), 0, "Idea to look at"),
    },
    "awr_weights": {
        "times β": (_w("z = adv / beta", "z = adv * beta"), 0, "You multiply by β"),
        "β ignored": (_w("z = adv / beta", "z = adv"), 0, "β has no effect"),
        "β squared": (_w("z = adv / beta", "z = adv / beta**2"), 0, "temperature has the wrong size"),
        "sign flip": (_w("z = adv / beta", "z = -adv / beta"), 0, "sign is turned round"),
        "overflow for small β": (_w(NO_CLIP, "np.exp(z)"), 4, "overflows when β is small"),
        "exponent limited": (_w(NO_CLIP, "np.exp(np.clip(z, -50, 50))"), 4, "within limits of your own"),
        "clip of 20 always": (_w(NO_CLIP, "np.minimum(np.exp(z), 20)"), 1.5, "cut off though they need not be"),
        "clip before exp": (_w(CUT, "np.exp(np.minimum(z, clip))"), 2.5, "You clip before exp"),
        "advantage clipped": (_w("z = adv / beta", "z = np.minimum(adv, clip or np.inf) / beta", CUT, "np.exp(z - z.max())"), 2.5, "You clip before exp"),
        "shifted, then clipped": (_w(CUT, "np.minimum(np.exp(z - z.max()), clip)"), 2.5, "no clip reaches them"),
        "clip ignored": (_w(CUT, "np.exp(z - z.max())"), 2.5, "The clip has no effect"),
        "clip of shares": (_w(CUT, "np.minimum(np.exp(z - z.max()) / np.exp(z - z.max()).sum() * z.size, clip)"), 2.5, "and clip then"),
        "clip from below": (_w(CUT, "np.clip(np.exp(z), 1 / clip, clip)"), 2.5, "kept ABOVE something"),
        "clipped away": (_w(CUT, "np.where(np.exp(z) > clip, 0, np.exp(z))"), 2.5, "are dropped"),
        "log10 of the clip": (_w("np.log(clip)", "np.log10(clip)"), 2.5, "cut at the wrong place"),
        "normalised row by row": (_w(NORMALISE, "adv = (adv - adv.mean(axis=-1, keepdims=True)) / adv.std(axis=-1, keepdims=True)"), 4, "row by row (or column by column)"),
        "normalised column by column": (_w(NORMALISE, "adv = (adv - adv.mean(axis=0)) / adv.std(axis=0)"), 4, "row by row (or column by column)"),
        "not normalised": (_w(NORMALISE, "pass"), 4, "normalise=True has no effect"),
        "always normalised": (_w("if normalise:", "if True:"), 1, "though normalise is False"),
        "only centred": (_w(NORMALISE, "adv = adv - np.mean(adv)"), 4, "AND divide by the standard deviation"),
        "divided by the variance": (_w(NORMALISE, "adv = (adv - np.mean(adv)) / np.var(adv)"), 4, "variance is its square"),
        "n - 1": (_w(NORMALISE, "adv = (adv - np.mean(adv)) / np.std(adv, ddof=1)"), 4, "divided by n - 1"),
        "no exp": ("def awr_weights(adv, beta, clip=None, normalise=False):\n    return np.maximum(adv / beta, 0)\n", 0, "There is no exponential"),
        "power of 2": (_w(NO_CLIP, "2.0 ** (z - z.max())", CUT, "np.minimum(2.0**z, clip)"), 0, "power of 2"),
        "weights standardised": (_w("    if clip is None:", "    if normalise:\n        w = np.exp(adv / beta)\n        return (w - w.mean()) / w.std()\n    if clip is None:"), 4, "negative"),
        "flattened": (_w("z = adv / beta", "z = adv.ravel() / beta"), 4, "in another shape"),
        "shifted row by row": (_w("np.max(z)", "np.max(z, axis=-1, keepdims=True)"), 4, "subtracted row by row"),
    },
    "weighted_log_likelihood": {
        "loss": (_l("return np.mean(w * log_pi[s, a]), grad / len(s)", "return -np.mean(w * log_pi[s, a]), -grad / len(s)"), 0, "this is the LOSS"),
        "gradient of the loss": (_l("grad / len(s)", "-grad / len(s)"), 1, "this is the LOSS"),
        "sum": (_l("np.mean(", "np.sum(", "grad / len(s)", "grad"), 0, "This is the sum over D"),
        "divided by Σw": (_l("np.mean(w * log_pi[s, a])", "np.sum(w * log_pi[s, a]) / w.sum()", "grad / len(s)", "grad / w.sum()"), 0, "divide by the sum of the weights"),
        "weights ignored": (_l("w * log_pi", "log_pi", "w[:, None] * push", "push"), 0, "behaviour cloning"),
        "weights squared": (_l("w * log_pi", "w**2 * log_pi", "w[:, None] * push", "w[:, None] ** 2 * push"), 0, "enter twice"),
        "exp of the weights": (_l("    z =", "    w = np.exp(w)\n    z ="), 0, "an exponential once more"),
        "weights centred": (_l("    z =", "    w = w - w.mean()\n    z ="), 0, "must stay positive"),
        "probability": (_l("log_pi[s, a]", "np.exp(log_pi[s, a])", "w[:, None] * push", "(w * np.exp(log_pi[s, a]))[:, None] * push"), 0, "not its logarithm"),
        "importance weights": (_l("    push =", "    w = w * np.exp(log_pi[s, a])\n    push ="), 0, "Algorithm 1 has no importance weights"),
        "log π twice": (_l("w[:, None] * push", "(w * log_pi[s, a])[:, None] * push"), 1, "log π itself is not in it"),
        "minus π forgotten": (_l(" - np.exp(log_pi[s])", ""), 1, "The term π is missing"),
        "weight on the label only": (_l("np.eye(theta.shape[1])[a] - np.exp(log_pi[s])", "w[:, None] * np.eye(theta.shape[1])[a] - np.exp(log_pi[s])", "w[:, None] * push", "push"), 1, "stands on onehot(a) only"),
        "repeated states lost": (_l("np.add.at(grad, s, w[:, None] * push)", "grad[s] += w[:, None] * push"), 1, "keeps only the last"),
        "repeated pairs lost": (_l("np.add.at(grad, s, w[:, None] * push)", "np.add.at(grad, s, -w[:, None] * np.exp(log_pi[s]))\n    grad[s, a] += w"), 1, "keeps only the last"),
        "mean state by state": (_l("w[:, None] * push)", "(w / np.bincount(s)[s] * len(s))[:, None] * push)"), 1, "how often the STATE occurs"),
        "a row for each sample": (_l("grad / len(s)", "w[:, None] * push / len(s)"), 1, "one row for each sample"),
        "a value for each sample": (_l("np.mean(w * log_pi[s, a])", "w * log_pi[s, a]"), 1, "one value for each sample"),
        "every action for every sample": (_l("log_pi[s, a]), ", "log_pi[s][:, a]), "), 1, "an [n, n] table"),
        "softmax down the columns": (_l("theta - theta.max(axis=1, keepdims=True)", "theta - theta.max(axis=0)", "sum(axis=1, keepdims=True)", "sum(axis=0)"), 0, "Idea to look at"),
        "overflow": (_l("theta - theta.max(axis=1, keepdims=True)", "theta"), 2, "overflows"),
        "underflow": (_l("    push =", "    log_pi = np.log(np.exp(log_pi))\n    push ="), 2, "underflows to 0"),
        "small number added": (_l("    push =", "    log_pi = np.log(np.exp(log_pi) + 1e-8)\n    push ="), 2, "hides log 0"),
        "equal entries once": (_l("    z =", "    s, a, w = np.unique(np.stack([s, a, w], axis=1), axis=0).T\n    s, a = s.astype(int), a.astype(int)\n    z ="), 0, "counted once"),
        "gradient first": (_l("return np.mean(w * log_pi[s, a]), grad / len(s)", "return grad / len(s), np.mean(w * log_pi[s, a])"), 0, "the wrong way round"),
        "only the value": (_l("return np.mean(w * log_pi[s, a]), grad / len(s)", "return np.mean(w * log_pi[s, a])"), 0, "Return two things"),
        "transposed": (_l("grad / len(s)", "grad.T / len(s)"), 1, "transposed"),
    },
    "weighted_policy": {
        "weights ignored": (_p("+= v", "+= 1"), 0, "behaviour cloning"),
        "mean weight of each action": (_p("    total =", "    votes /= np.maximum(np.bincount(s * actions + a, minlength=states * actions).reshape(states, actions), 1)\n    total ="), 0, "the MEAN weight of each action"),
        "last entry wins": (_p("+= v", "= v"), 0, "only the last entry counts"),
        "buffered +=": (_p("    for x, y, v in zip(s, a, w):\n        votes[x, y] += v\n", "    votes[s, a] += w\n"), 0, "only the last entry counts"),
        "equal entries once": (_p("zip(s, a, w)", "set(zip(s, a, w))"), 0, "counted once"),
        "largest weight": (_p("+= v", "= max(v, votes[x, y])"), 0, "its largest weight"),
        "greedy": (_votes("np.where(total > 0, np.eye(actions)[votes.argmax(axis=1)], 1 / actions)"), 0, "goes to the best action"),
        "softmax": (_votes("np.exp(votes) / np.exp(votes).sum(axis=1, keepdims=True)"), 0, "go through a softmax"),
        "not divided": (_votes("np.where(total > 0, votes, 1 / actions)"), 0, "do not sum to 1"),
        "divided by all": (_votes("votes / votes.sum()"), 0, "do not sum to 1"),
        "down the columns": (_votes("votes / votes.sum(axis=0)"), 0, "The COLUMNS sum to 1"),
        "0 / 0": (_votes("votes / total"), 2, "0 divided by 0"),
        "zeros where unseen": (_votes("votes / np.maximum(total, 1e-300)"), 2, "not a policy, or not the uniform one"),
        "first action where unseen": (_votes("np.where(total > 0, votes / np.where(total > 0, total, 1.0), np.eye(actions)[0])"), 2, "not a policy, or not the uniform one"),
        "pseudo-counts": (_votes("(votes + 1 / actions) / (total + 1)"), 0, "Something is added to every action"),
        "small number added": (_votes("(votes + 0.01) / (total + 0.01 * actions)"), 0, "Something is added to every action"),
        "weights squared": (_p("+= v", "+= v**2"), 0, "An entry has w votes"),
        "log of the weights": (_p("+= v", "+= np.log1p(v)"), 0, "An entry has w votes"),
        "transposed": (_votes("np.where(total > 0, votes / np.where(total > 0, total, 1.0), 1 / actions).T"), 0, "transposed"),
        "only states in D": (_votes("(votes / total)[np.unique(s)]"), 2, "too few rows"),
    },
    "effective_sample_size": {
        "upside down": (_s("(w**2).sum() / w.sum() ** 2"), 0, "upside down"),
        "share": (_s("w.mean() ** 2 / (w**2).mean()"), 0, "the share of D"),
        "1 / Σw²": (_s("1 / (w**2).sum()"), 0, "for weights that sum to 1"),
        "square missing": (_s("w.sum() / (w**2).sum()"), 0, "A square is missing"),
        "root": (_s("w.sum() / np.sqrt((w**2).sum())"), 0, "A square is missing"),
        "Σw / max w": (_s("w.sum()"), 0, "how often the largest weight"),
        "number of weights": (_s("len(w)"), 0, "You count the weights"),
        "number above 0": (_s("np.count_nonzero(w)"), 0, "You count the weights"),
        "entropy": (_s("np.exp(-np.sum(w / w.sum() * np.log(np.maximum(w / w.sum(), 1e-300))))"), 0, "exp of the entropy"),
        "n - 1": (_s("len(w) / (1 + w.var(ddof=1) / w.mean() ** 2)"), 0, "by n - 1"),
        "equal weights once": (swap(SIZE, "w = w / w.max()", "w = np.unique(w / w.max())"), 0, "Equal weights are counted once"),
        "overflow": ("def effective_sample_size(w):\n    return w.sum() ** 2 / (w**2).sum() if w.any() else 0.0\n", 1, "The squares overflow or vanish"),
        "all zero": ("def effective_sample_size(w):\n    w = w / w.max()\n    return w.sum() ** 2 / (w**2).sum()\n", 1, "If all weights are 0"),
        "small number below": ("def effective_sample_size(w):\n    return w.sum() ** 2 / ((w**2).sum() + 1e-12)\n", 1, "The squares overflow or vanish"),
        "exp of the weights": ("def effective_sample_size(w):\n    w = np.exp(w - w.max())\n    return w.sum() ** 2 / (w**2).sum()\n", 0, "an exponential once more"),
        "shares returned": (_s("w / w.sum()"), 0, "one number"),
    },
    "awr": {
        "D replaced": (_a("[*S, *s[live]], [*A, *a[live]], [*G, *R[live]]", "list(s[live]), list(a[live]), list(R[live])"), 2.5, "D is replaced where it should grow"),
        "last five kept": (_a("    S, A, G = [], [], []\n", "    S, A, G, sizes = [], [], [], []\n", "        s, a, R = np.array(S)", "        sizes.append(len(R[live]))\n        m = sum(sizes[-5:])\n        S, A, G = S[-m:], A[-m:], G[-m:]\n        s, a, R = np.array(S)"), 2.5, "older ones have been dropped"),
        "last two kept": (_a("    S, A, G = [], [], []\n", "    S, A, G, sizes = [], [], [], []\n", "        s, a, R = np.array(S)", "        sizes.append(len(R[live]))\n        m = sum(sizes[-2:])\n        S, A, G = S[-m:], A[-m:], G[-m:]\n        s, a, R = np.array(S)"), 2.5, "older ones have been dropped"),
        "V fitted to the last batch only": (_a("        s, a, R = np.array(S), np.array(A), np.array(G)\n", "        last, back = s[live], R[live]\n        s, a, R = np.array(S), np.array(A), np.array(G)\n", V_LOOP, "        for x in set(last):\n            V[x] = back[last == x].mean()\n"), 2.5, "V is fitted to the last batch only"),
        "V never fitted again": (_a("        V = np.zeros(states)\n" + V_LOOP, "        if k == 0:\n            V = np.zeros(states)\n            for x in set(S):\n                V[x] = R[s == x].mean()\n"), 1.5, "Fit it anew"),
        "no V": (_a("adv = R - V[s]", "adv = R"), 0, "V is not subtracted"),
        "one V": (_a("adv = R - V[s]", "adv = R - R.mean()"), 1, "in every state"),
        "V after the weights": (_a("        V = np.zeros(states)\n" + V_LOOP, "        if k == 0:\n            V = np.zeros(states)\n", "        pi = np.where", "        for x in set(S):\n            V[x] = R[s == x].mean()\n        pi = np.where"), 1, "fitted only after the weights"),
        "numbers of the example": (_a("np.full((states, actions), 1 / actions)", "np.full((5, 3), 1 / 3)", "gamma * R[:, t + 1]", "0.9 * R[:, t + 1]", "V = np.zeros(states)", "V = np.zeros(5)", "np.zeros((states, actions))", "np.zeros((5, 3))"), 1, "must be (6, 3)"),
        "the example's γ": (_a("gamma * R[:, t + 1]", "0.9 * R[:, t + 1]"), 1, "with another γ than"),
        "times β": (_a("adv / beta", "adv * beta"), 1, "You multiply by β"),
        "β ignored": (_a("adv / beta", "adv"), 1, "β has no effect"),
        "sign flip": (_a("R - V[s]", "V[s] - R"), 0, "The sign is turned round"),
        "clip ignored": (_a("np.exp(np.minimum(adv / beta, np.log(clip)))", "np.exp((adv - adv.max()) / beta)"), 1, "clip has no effect"),
        "clip before exp": (_a("np.log(clip)", "clip"), 1, "You clip the advantage"),
        "normalised": (_a("        w =", "        adv = (adv - adv.mean()) / adv.std()\n        w ="), 1, "Not in this loop"),
        "weights ignored": (_a("(s, a), w)", "(s, a), 1)"), 0, "behaviour cloning of yourself"),
        "greedy": (_a("np.where(total > 0, votes / np.where(total > 0, total, 1), 1 / actions)", "np.where(total > 0, np.eye(actions)[votes.argmax(axis=1)], 1 / actions)"), 1, "All probability goes to the best action"),
        "the old policy once more": (_a("        total =", "        votes *= pi\n        total ="), 2.5, "multiplied by the old one"),
        "mixed": (_a("pi = np.where(", "pi = 0.5 * pi + 0.5 * np.where("), 1, "You average the old policy and the new"),
        "one update short": (_a("        pi = np.where", "        if k == iterations - 1:\n            return pi\n        pi = np.where"), 1, "the last update is missing"),
        "always uniform": (_a("rollout(pi)", "rollout(np.full((states, actions), 1 / actions))"), 1.5, "all data come from π_1"),
        "not uniform at first": (_a("pi = np.full((states, actions), 1 / actions)", "pi = np.random.default_rng(0).dirichlet(np.ones(actions), states)"), 0, "not the uniform one"),
        "twice in each iteration": (_a("        s, a, r, live = rollout(pi)", "        rollout(pi)\n        s, a, r, live = rollout(pi)"), 0, "Each iteration calls it once"),
        "no rollout": ("def awr(rollout, states, actions, gamma, beta, clip, iterations):\n    return np.full((states, actions), 1 / actions)\n", 0, "never called"),
        "mean weight of each action": (_a("        total =", "        votes /= np.maximum(np.bincount(s * actions + a, minlength=states * actions).reshape(states, actions), 1)\n        total ="), 0, "mean weight of each action"),
        "pseudo-counts": (_a("        total =", "        votes += 1 / actions\n        total ="), 1, "Something is added to every action"),
        "no discount": (_a("gamma * R[:, t + 1]", "R[:, t + 1]"), 0, "not discounted"),
        "rewards for returns": (_a("R[:, t] += gamma * R[:, t + 1]", "pass"), 0, "the reward of the step alone"),
        "padding in D": (_a("        R = np.where", "        live = np.ones_like(live)\n        R = np.where"), 0, "The padding is in D"),
        "0 / 0": (_a(SHARES, "votes / total"), 2.5, "nan or ∞"),
        "logits for probabilities": (_a(SHARES, "np.log(np.where(total > 0, votes / np.where(total > 0, total, 1), 1 / actions) + 1e-6)"), 0, "no probabilities"),
        "no return": (_a("    return pi", "    pass"), 0, "returned None"),
    },
}  # fmt: skip

# ---------------------------------------------------------------- borrowed from the package

BORROWED = {
    "add_to_dataset": (
        """
from pgkit.returns import reward_to_go

def add_to_dataset(D, s, a, r, live, gamma):
    R = reward_to_go(np.where(live, r, 0.0), gamma)
    return np.append(D[0], s[live]), np.append(D[1], a[live]), np.append(D[2], R[live])
""",
        0,
    ),
    "value_of_dataset": (
        """
from pgkit.critics import LinearValue
from pgkit.optim import Fitting
from pgkit.types import Dataset

def value_of_dataset(x, s, R):
    on = np.ones((1, len(s)), dtype=bool)
    D = Dataset(s=s[None], a=s[None], q_hat=R[None], live=on, episodes=1)
    critic = LinearValue(x)
    phi = critic.fit(np.zeros((1, x.shape[1])), D, target=R[None], fitting=Fitting(0.1, 0, 1))
    return x @ phi[0]
""",
        0,
    ),
    "awr_weights": (
        """
from pgkit.algorithms import AWR

def awr_weights(adv, beta, clip=None, normalise=False):
    return AWR(beta=beta, clip=clip or 0.0).weight(adv)
""",
        0,
    ),
    "weighted_log_likelihood": (
        """
from pgkit.policies import log_softmax

def weighted_log_likelihood(theta, s, a, w):
    log_pi = log_softmax(theta)
    grad = np.zeros(theta.shape)
    np.add.at(grad, s, w[:, None] * (np.eye(theta.shape[1])[a] - np.exp(log_pi[s])))
    return np.mean(w * log_pi[s, a]), grad / len(s)
""",
        0,
    ),
    "weighted_policy": (
        """
from pgkit.exact import classified

def weighted_policy(s, a, w, states, actions):
    votes = np.zeros((states, actions))
    np.add.at(votes, (s, a), w)
    return classified(np.where(votes.sum(axis=1, keepdims=True) > 0, votes, 1.0))
""",
        0,
    ),
    "effective_sample_size": (
        """
from pgkit import exact

def effective_sample_size(w):
    return exact.effective_sample_size(w / max(w.max(), 1e-300))
""",
        0,
    ),
    "awr": (
        swap(
            LOOP,
            "        votes = np.zeros((states, actions))\n",
            "        from pgkit.exact import classified\n        votes = np.zeros((states, actions))\n",
            SHARES,
            "classified(np.where(total > 0, votes, 1.0))",
        ),
        0,
    ),
}
