# ruff: noqa: E501
"""Problem set 1: right answers, misconceptions, answers borrowed from the package."""

from mutants import swap

POINTS = {
    "log_softmax": 4.0,
    "loss_of_logits": 4.0,
    "loss_of_theta": 3.0,
    "weighted_loss": 5.0,
    "reward_to_go": 4.0,
    "multi_step_dataset": 2.0,
    "multi_step_gradient": 3.0,
}

# ---------------------------------------------------------------- right answers, differently written
# Each is complete: in a notebook of mutants, the earlier exercises are wrong.

STABLE = """
def _ls(x):
    x = x - x.max(axis=-1, keepdims=True)
    return x - np.log(np.exp(x).sum(axis=-1, keepdims=True))
"""
TO_GO = """
def _to_go(r, gamma):
    q = np.zeros(len(r) + 1)
    for t in range(len(r) - 1, -1, -1):
        q[t] = r[t] + gamma * q[t + 1]
    return q[:-1]
"""
LOG_SOFTMAX = """
def log_softmax(logits):
    x = logits - logits.max(axis=-1, keepdims=True)
    return x - np.log(np.exp(x).sum(axis=-1, keepdims=True))
"""
LOGITS = (
    STABLE
    + """
def loss_of_logits(logits, a):
    rows = np.arange(len(a))
    logp = _ls(logits)
    grad = np.exp(logp)
    grad[rows, a] -= 1
    return -logp[rows, a].mean(), grad / len(a)
"""
)
THETA = (
    STABLE
    + """
def loss_of_theta(theta, phi, a):
    rows = np.arange(len(a))
    logp = _ls(phi @ theta)
    grad = np.exp(logp)
    grad[rows, a] -= 1
    return -logp[rows, a].mean(), phi.T @ grad / len(a)
"""
)
WEIGHTED = (
    STABLE
    + """
def weighted_loss(theta, phi, a, weight):
    rows = np.arange(len(a))
    logp = _ls(phi @ theta)
    grad = np.exp(logp)
    grad[rows, a] -= 1
    grad = weight[:, None] * grad
    return -(weight * logp[rows, a]).mean(), phi.T @ grad / len(a)
"""
)
REWARD_TO_GO = """
def reward_to_go(rewards, gamma):
    q = np.zeros(len(rewards))
    after = 0.0
    for t in range(len(rewards) - 1, -1, -1):
        after = rewards[t] + gamma * after
        q[t] = after
    return q
"""
DATASET = (
    TO_GO
    + """
def multi_step_dataset(trajectories, gamma):
    s, a, q_hat = [], [], []
    for states, actions, rewards in trajectories:
        s.extend(states)
        a.extend(actions)
        q_hat.extend(_to_go(rewards, gamma))
    return np.array(s), np.array(a), np.array(q_hat)
"""
)
GRADIENT = (
    STABLE
    + TO_GO
    + """
def multi_step_gradient(theta, trajectories, gamma):
    pi = np.exp(_ls(theta))
    grad = np.zeros(theta.shape)
    for states, actions, rewards in trajectories:
        q_hat = _to_go(rewards, gamma)
        for t in range(len(rewards)):
            grad[states[t]] += q_hat[t] * pi[states[t]]
            grad[states[t], actions[t]] -= q_hat[t]
    return grad / len(trajectories)
"""
)

RIGHT = {
    "log_softmax": {
        "subtract the maximum": LOG_SOFTMAX,
        "logaddexp": """
def log_softmax(logits):
    return logits - np.logaddexp.reduce(logits, axis=-1, keepdims=True)
""",
        "Python lists, recursion": """
def log_softmax(logits):
    import math
    x = logits.tolist() if hasattr(logits, "tolist") else logits
    if isinstance(x[0], list):
        return [log_softmax(row) for row in x]
    top = max(x)
    norm = top + math.log(math.fsum(math.exp(v - top) for v in x))
    return [v - norm for v in x]
""",
        "float32, in place": """
def log_softmax(logits):
    logits = logits.astype(np.float32)
    logits -= np.max(logits, -1)[..., None]
    return logits - np.log(np.sum(np.exp(logits), -1))[..., None]
""",
        "changes its input": """
def log_softmax(logits):
    logits -= logits.max(-1, keepdims=True)
    logits -= np.log(np.exp(logits).sum(-1, keepdims=True))
    return logits
""",
        "log1p of the others": """
def log_softmax(logits):
    flat = np.atleast_2d(logits).reshape(-1, np.shape(logits)[-1])
    out = np.empty(flat.shape)
    for i, row in enumerate(flat):
        best = np.argmax(row)
        out[i] = row - row[best] - np.log1p(sum(np.exp(x - row[best]) for j, x in enumerate(row) if j != best))
    return out.reshape(np.shape(logits))
""",
        "torch": """
def log_softmax(logits):
    import torch
    x = torch.tensor(logits)
    return x - torch.logsumexp(x, dim=-1, keepdim=True)
""",
    },
    "loss_of_logits": {
        "fancy indices": LOGITS,
        "onehot, float32": """
def loss_of_logits(logits, a):
    x = logits.astype(np.float32)
    logp = x - np.logaddexp.reduce(x, axis=1, keepdims=True)
    hot = np.eye(x.shape[1], dtype=np.float32)[a]
    return np.float32(-1 / len(a)) * np.sum(hot * logp), (np.exp(logp) - hot) / len(a)
""",
        "loops, lists": """
def loss_of_logits(logits, a):
    import math
    loss, grad = 0.0, []
    for x, right in zip(logits.tolist(), a.tolist()):
        top = max(x)
        norm = top + math.log(sum(math.exp(v - top) for v in x))
        loss += norm - x[right]
        grad.append([(math.exp(v - norm) - (j == right)) / len(a) for j, v in enumerate(x)])
    return [loss / len(a), grad]
""",
        "torch, differentiated": """
def loss_of_logits(logits, a):
    import torch
    x = torch.tensor(logits, requires_grad=True)
    loss = torch.nn.functional.cross_entropy(x, torch.tensor(a))
    loss.backward()
    return loss, x.grad
""",
        "loss in an array, input changed": """
def loss_of_logits(logits, a):
    n = len(a)
    logits -= logits.max(axis=1, keepdims=True)
    loss = np.array([0.0])
    for i in range(n):
        loss += (np.log(np.sum(np.exp(logits[i]))) - logits[i, a[i]]) / n
        logits[i] = np.exp(logits[i]) / np.exp(logits[i]).sum()
        logits[i, a[i]] -= 1
    logits /= n
    return loss, logits
""",
    },
    "loss_of_theta": {
        "matrix product": THETA,
        "data point by data point": STABLE
        + """
def loss_of_theta(theta, phi, a):
    loss, grad = 0, np.zeros_like(theta)
    for x, right in zip(phi, a):
        logp = _ls(theta.T @ x)
        loss -= logp[right] / len(a)
        grad += np.outer(x, np.exp(logp) - np.eye(len(logp))[right]) / len(a)
    return loss, grad
""",
        "einsum, float32": STABLE
        + """
def loss_of_theta(theta, phi, a):
    theta, phi = theta.astype(np.float32), phi.astype(np.float32)
    logp = _ls(np.einsum("fa,nf->na", theta, phi))
    hot = np.equal.outer(a, np.arange(theta.shape[1]))
    return (-logp[hot]).mean(), np.einsum("nf,na->fa", phi, np.exp(logp) - hot) / np.float32(len(a))
""",
        "central differences": STABLE
        + """
def loss_of_theta(theta, phi, a):
    def loss(th):
        return -np.mean([_ls(phi[i] @ th)[a[i]] for i in range(len(a))])
    grad = np.zeros(theta.shape)
    for at in np.ndindex(theta.shape):
        up = np.zeros(theta.shape)
        up[at] = 1e-5
        grad[at] = (loss(theta + up) - loss(theta - up)) / 2e-5
    return loss(theta), grad
""",
    },
    "weighted_loss": {
        "rows scaled": WEIGHTED,
        "loops, lists": """
def weighted_loss(theta, phi, a, weight):
    import math
    F, A, N = len(theta), len(theta[0]), len(a)
    loss, grad = 0.0, [[0.0] * A for _ in range(F)]
    for x, right, w in zip(phi, a, weight):
        logits = [sum(x[f] * theta[f][j] for f in range(F)) for j in range(A)]
        top = max(logits)
        norm = top + math.log(sum(math.exp(v - top) for v in logits))
        loss -= w * (logits[right] - norm) / N
        for j in range(A):
            for f in range(F):
                grad[f][j] += w * x[f] * (math.exp(logits[j] - norm) - (j == right)) / N
    return loss, grad
""",
        "diagonal matrix, float32": STABLE
        + """
def weighted_loss(theta, phi, a, weight):
    theta, phi, weight = (np.asarray(x, dtype=np.float32) for x in (theta, phi, weight))
    logp = _ls(phi @ theta)
    hot = np.eye(theta.shape[1], dtype=np.float32)[a]
    W = np.diag(weight)
    return -np.trace(W @ logp @ hot.T) / len(a), phi.T @ W @ (np.exp(logp) - hot) / len(a)
""",
        "torch, differentiated": """
def weighted_loss(theta, phi, a, weight):
    import torch
    th = torch.tensor(theta, requires_grad=True)
    logp = torch.log_softmax(torch.from_numpy(phi) @ th, dim=1)
    loss = -(torch.from_numpy(weight) * logp[torch.arange(len(a)), torch.from_numpy(a)]).mean()
    loss.backward()
    return loss.item(), th.grad.numpy()
""",
        "positive and negative apart": STABLE
        + """
def weighted_loss(theta, phi, a, weight):
    loss, grad = 0.0, np.zeros(theta.shape)
    for mask in (weight > 0, weight < 0):
        if mask.any():
            logp = _ls(phi[mask] @ theta)
            hot = np.eye(theta.shape[1])[a[mask]]
            loss -= (weight[mask][:, None] * hot * logp).sum()
            grad -= (weight[mask][:, None] * phi[mask]).T @ (hot - np.exp(logp))
    return loss / weight.size, grad / weight.size
""",
    },
    "reward_to_go": {
        "backwards": REWARD_TO_GO,
        "by the definition": """
def reward_to_go(rewards, gamma):
    T = len(rewards)
    return [sum(gamma ** (k - t) * rewards[k] for k in range(t, T)) for t in range(T)]
""",
        "matrix, float32": """
def reward_to_go(rewards, gamma):
    lag = np.arange(len(rewards)) - np.arange(len(rewards))[:, None]
    return np.where(lag >= 0, np.float64(gamma) ** np.abs(lag), 0).astype(np.float32) @ rewards.astype(np.float32)
""",
        "in place, doubling": """
def reward_to_go(rewards, gamma):
    step, factor = 1, gamma
    while step < len(rewards):
        rewards[:-step] = rewards[:-step] + factor * rewards[step:]
        step, factor = 2 * step, factor * factor
    return rewards
""",
        "recursion": """
def reward_to_go(rewards, gamma):
    import sys
    sys.setrecursionlimit(5000)
    if len(rewards) == 1:
        return np.array(rewards)
    rest = reward_to_go(rewards[1:], gamma)
    return np.concatenate([[rewards[0] + gamma * rest[0]], rest])
""",
        "itertools.accumulate": """
def reward_to_go(rewards, gamma):
    from itertools import accumulate
    return list(accumulate(reversed(rewards.tolist()), lambda q, r: r + gamma * q))[::-1]
""",
        "dot with the powers": """
def reward_to_go(rewards, gamma):
    powers = gamma ** np.arange(len(rewards))
    return np.array([np.dot(rewards[t:], powers[: len(rewards) - t]) for t in range(len(rewards))])
""",
    },
    "multi_step_dataset": {
        "three lists": DATASET,
        "rewards written over": """
def multi_step_dataset(trajectories, gamma):
    s, a, q = [], [], []
    for states, actions, rewards in trajectories:
        for t in range(len(rewards) - 2, -1, -1):
            rewards[t] += gamma * rewards[t + 1]
        s.extend(states)
        a.extend(actions)
        q.extend(rewards)
    return np.array(s), np.array(a), np.array(q)
""",
        "zip of triples, float32": TO_GO
        + """
def multi_step_dataset(trajectories, gamma):
    triples = []
    for s, a, r in trajectories:
        triples += zip(s, a, np.float32(_to_go(r, gamma)))
    return tuple(map(np.array, zip(*triples)))
""",
        "a list of triples": TO_GO
        + """
def multi_step_dataset(trajectories, gamma):
    return [(x, y, z) for s, a, r in trajectories for x, y, z in zip(s, a, _to_go(r, gamma))]
""",
        "from the last step to the first, integers kept": """
def multi_step_dataset(trajectories, gamma):
    s, a, q_hat = [], [], []
    for states, actions, rewards in reversed(trajectories):
        q = 0
        for x, y, r in zip(states[::-1].tolist(), actions[::-1].tolist(), rewards[::-1].tolist()):
            q = r + gamma * q
            s.append(x), a.append(y), q_hat.append(q)
    return s, a, q_hat
""",
        "joined, with a reset at each end": """
def multi_step_dataset(trajectories, gamma):
    s, a, r = (np.concatenate(x) for x in zip(*trajectories))
    ends = set(np.cumsum([len(t[2]) for t in trajectories]) - 1)
    q = r.copy()
    for t in range(len(r) - 2, -1, -1):
        if t not in ends:
            q[t] += gamma * q[t + 1]
    return s, a, q
""",
    },
    "multi_step_gradient": {
        "loops": GRADIENT,
        "add.at, float32": STABLE
        + TO_GO
        + """
def multi_step_gradient(theta, trajectories, gamma):
    pi, grad = np.exp(_ls(theta.astype(np.float32))), np.zeros(theta.shape, dtype=np.float32)
    for s, a, r in trajectories:
        q = _to_go(r, gamma).astype(np.float32)
        np.add.at(grad, s, q[:, None] * pi[s])
        np.subtract.at(grad, (s, a), q)
    return grad / len(trajectories)
""",
        "one-hot matrices": STABLE
        + TO_GO
        + """
def multi_step_gradient(theta, trajectories, gamma):
    s, a = (np.concatenate([tau[i] for tau in trajectories]) for i in (0, 1))
    q = np.concatenate([_to_go(tau[2], gamma) for tau in trajectories])
    phi, hot = np.eye(len(theta))[s], np.eye(theta.shape[1])[a]
    return phi.T @ (q[:, None] * (np.exp(_ls(phi @ theta)) - hot)) / len(trajectories)
""",
        "visits counted": STABLE
        + TO_GO
        + """
def multi_step_gradient(theta, trajectories, gamma):
    pull = np.zeros(theta.shape)
    for s, a, r in trajectories:
        for i, j, q in zip(s, a, _to_go(r, gamma)):
            pull[i, j] += q / len(trajectories)
    return pull.sum(axis=1, keepdims=True) * np.exp(_ls(theta)) - pull
""",
        "torch, differentiated, lists": TO_GO
        + """
def multi_step_gradient(theta, trajectories, gamma):
    import torch
    th = torch.tensor(theta, requires_grad=True)
    logp, loss = torch.log_softmax(th, dim=1), 0.0
    for s, a, r in trajectories:
        for i, j, q in zip(s, a, _to_go(r, gamma)):
            loss = loss - q * logp[i, j] / len(trajectories)
    return torch.autograd.grad(loss, th)[0].tolist()
""",
    },
}

# ---------------------------------------------------------------- misconceptions


def _log(body: str) -> str:
    return f"def log_softmax(logits):\n    {body}\n"


PICK = "logp[rows, a]"
PUSH = "    grad = np.exp(logp)\n    grad[rows, a] -= 1\n"
PROB = """
    pi = np.exp(logp)
    hot = np.eye(logp.shape[1])[a]
    chosen = pi[rows, a]
"""

MUTANTS = {
    "log_softmax": {
        "first logit subtracted": ("def log_softmax(logits):\n    x = logits - logits[..., :1]\n    return x - np.log(np.exp(x).sum(axis=-1, keepdims=True))\n", 3, "overflow"),
        "softmax of the package": ("from pgkit.exact import soft_policy\n\ndef log_softmax(logits):\n    return np.log(soft_policy(logits, 1.0))\n", 0, "write yourself"),
        "no maximum subtracted": (_log("return logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))"), 3, "Subtract each row's maximum"),
        "log of naive softmax": (_log("return np.log(np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True))"), 3, "Subtract each row's maximum"),
        "log of stable softmax underflows": (_log("p = np.exp(logits - logits.max(-1, keepdims=True)); return np.log(p / p.sum(-1, keepdims=True))"), 3, "take its logarithm afterwards"),
        "log(π + 1e-8)": (_log("p = np.exp(logits - logits.max(-1, keepdims=True)); return np.log(p / p.sum(-1, keepdims=True) + 1e-8)"), 3, "bends every unlikely action"),
        "π clipped": (_log("p = np.exp(logits - logits.max(-1, keepdims=True)); return np.log(np.clip(p / p.sum(-1, keepdims=True), 1e-12, 1))"), 3, "bends every unlikely action"),
        "mean subtracted": (swap(LOG_SOFTMAX, "logits.max", "logits.mean"), 3, "Subtract each row's maximum"),
        "probabilities": (_log("p = np.exp(logits - logits.max(-1, keepdims=True)); return p / p.sum(-1, keepdims=True)"), 0, "not their logarithms"),
        "axis 0": (swap(LOG_SOFTMAX, "axis=-1", "axis=0"), 0, "over the wrong axis"),
        "axis 1": (swap(LOG_SOFTMAX, "axis=-1", "axis=1"), 3, "LAST axis"),
        "whole array": (swap(LOG_SOFTMAX, "axis=-1, keepdims=True", ""), 0, "wrong axis"),
        "one maximum for all rows": (swap(LOG_SOFTMAX, "logits.max(axis=-1, keepdims=True)", "logits.max()"), 3, "Subtract each row's own maximum"),
        "normaliser forgotten": (_log("return logits - logits.max(axis=-1, keepdims=True)"), 0, "normaliser log Σ exp is missing"),
        "sign flip": (swap(LOG_SOFTMAX, "return x - np", "return -x + np"), 0, "sign is turned round"),
        "log2": (swap(LOG_SOFTMAX, "return x - np.log(np.exp(x).sum(axis=-1, keepdims=True))", "p = np.exp(x); return np.log2(p / p.sum(-1, keepdims=True))"), 0, "base 2 or 10"),
        "maximum not put back": (swap(LOG_SOFTMAX, "return x -", "return logits -"), 0, "do not cancel"),
        "mean of the exponentials": (swap(LOG_SOFTMAX, ".sum(", ".mean("), 0, "not of their mean"),
        "logits clipped": (swap(LOG_SOFTMAX, "x = logits", "logits = np.clip(logits, -50, 50)\n    x = logits"), 3, "clip or squash"),
        "no return": (swap(LOG_SOFTMAX, "return ", ""), 0, "returned None"),
    },
    "loss_of_logits": {
        "gradient first": (swap(LOGITS, "return -logp[rows, a].mean(), grad / len(a)", "return grad / len(a), -logp[rows, a].mean()"), 0, "The loss comes first"),
        "log-likelihood": (swap(LOGITS, "return -logp[rows, a].mean(), grad", "return logp[rows, a].mean(), -grad"), 0, "which one maximises"),
        "gradient of the log-likelihood": (swap(LOGITS, "(), grad", "(), -grad"), 1, "which one maximises"),
        "sum for mean": (swap(LOGITS, ".mean()", ".sum()", "grad / len(a)", "grad"), 0, "divide by N"),
        "gradient not divided": (swap(LOGITS, "grad / len(a)", "grad"), 1, "divide by N"),
        "mean over the table": (swap(LOGITS, "return -logp[rows, a].mean(), grad / len(a)", "hot = np.eye(logp.shape[1])[a]\n    return -np.mean(hot * logp), grad / grad.size"), 0, "over the N data points only"),
        "minus π forgotten": (swap(LOGITS, "grad = np.exp(logp)", "grad = np.zeros(logp.shape)"), 1, "The term π is missing"),
        "onehot forgotten": (swap(LOGITS, "    grad[rows, a] -= 1\n", ""), 1, "onehot(a*) is missing"),
        "onehot added": (swap(LOGITS, "-= 1", "+= 1"), 1, "subtracted, not added"),
        "probability, not its logarithm": (swap(LOGITS, "    return -logp[rows, a].mean(), grad / len(a)\n", PROB + "    return 1 - chosen.mean(), -chosen[:, None] * (hot - pi) / len(a)\n"), 0, "uses π(a*|s) itself"),
        "gradient of π": (swap(LOGITS, "grad / len(a)", "np.exp(logp[rows, a])[:, None] * grad / len(a)"), 1, "uses π(a*|s) itself"),
        "only the right action's entry": (swap(LOGITS, "grad = np.exp(logp)\n    grad[rows, a] -= 1", "grad = np.zeros(logp.shape)\n    grad[rows, a] = np.exp(logp[rows, a]) - 1"), 1, "Only the right action's entry"),
        "softmax over the data": (swap(LOGITS, "_ls(logits)", "_ls(logits.T).T"), 0, "over the data instead of"),
        "argmax for a": (swap(LOGITS, "    rows =", "    a = logits.argmax(1)\n    rows ="), 0, "likes best"),
        "logp[:, a]": (swap(LOGITS, "[rows, a]", "[:, a]"), 0, "Pair them"),
        "naive softmax": (swap(LOGITS, "_ls(logits)", "np.log(np.exp(logits) / np.exp(logits).sum(1, keepdims=True))"), 3, "Subtract each row's maximum"),
        "log of an underflow": (swap(LOGITS, "_ls(logits)", "np.log(np.exp(_ls(logits)))"), 3, "underflows to 0"),
        "small number added": (swap(LOGITS, "-logp[rows, a].mean()", "-np.log(np.exp(logp[rows, a]) + 1e-10).mean()"), 3, "hides log 0"),
        "squared error": (swap(LOGITS, "-logp[rows, a].mean()", "(grad**2).sum(1).mean()", "grad / len(a)", "2 * grad / len(a)"), 0, "squared error"),
        "one loss for each data point": (swap(LOGITS, ".mean()", ""), 2, "Return their mean"),
        "transposed": (swap(LOGITS, "grad / len(a)", "grad.T / len(a)"), 1, "transposed"),
        "loss alone": (swap(LOGITS, ", grad / len(a)", ""), 0, "Return two things"),
    },
    "loss_of_theta": {
        "log-likelihood": (swap(THETA, "return -logp[rows, a].mean(), phi", "return logp[rows, a].mean(), -phi"), 0, "which one maximises"),
        "gradient of the log-likelihood": (swap(THETA, "(), phi", "(), -phi"), 1, "which one maximises"),
        "gradient in the logits": (swap(THETA, "phi.T @ ", ""), 1, "gradient in the logits"),
        "transposed": (swap(THETA, "phi.T @ grad", "grad.T @ phi"), 1, "transposed"),
        "features forgotten": (swap(THETA, "phi.T @ grad", "grad.sum(0)"), 1, "features are missing"),
        "sum for mean": (swap(THETA, ".mean()", ".sum()", " / len(a)", ""), 0, "divide by N"),
        "divided twice": (swap(THETA, "/ len(a)", "/ len(a) ** 2"), 1, "divided by N twice"),
        "minus π forgotten": (swap(THETA, "grad = np.exp(logp)", "grad = np.zeros(logp.shape)"), 1, "The term π is missing"),
        "mean features": (swap(THETA, "phi.T @ grad", "np.outer(phi.mean(0), grad.sum(0))"), 1, "its own features"),
        "softmax over the data": (swap(THETA, "_ls(phi @ theta)", "_ls((phi @ theta).T).T"), 0, "over the data instead of"),
        "gradient of π": (swap(THETA, "phi.T @ grad", "phi.T @ (np.exp(logp[rows, a])[:, None] * grad)"), 1, "uses π(a*|s) itself"),
        "argmax for a": (swap(THETA, "    rows =", "    a = (phi @ theta).argmax(1)\n    rows ="), 0, "likes best"),
        "logp[:, a]": (swap(THETA, "[rows, a]", "[:, a]"), 0, "Pair them"),
    },
    "weighted_loss": {
        "weights ignored": (swap(WEIGHTED, "    rows =", "    weight = np.ones(len(a))\n    rows ="), 0, "no effect here"),
        "weights in the loss only": (swap(WEIGHTED, "weight[:, None] * grad", "grad"), 1, "no effect here"),
        "weights normalised": (swap(WEIGHTED, "    rows =", "    weight = weight / weight.sum()\n    rows ="), 0, "You normalise the weights"),
        "divided by the sum of the weights": (swap(WEIGHTED, ".mean()", ".sum() / weight.sum()", "/ len(a)", "/ weight.sum()"), 0, "You normalise the weights"),
        "np.average": (swap(WEIGHTED, "(weight * logp[rows, a]).mean()", "np.average(logp[rows, a], weights=weight)"), 2, "You normalise the weights"),
        "abs": (swap(WEIGHTED, "    rows =", "    weight = np.abs(weight)\n    rows ="), 3, "pushes AWAY"),
        "negative dropped": (swap(WEIGHTED, "    rows =", "    weight = np.maximum(weight, 0)\n    rows ="), 3, "They do count"),
        "squared": (swap(WEIGHTED, "    rows =", "    weight = weight**2\n    rows ="), 0, "enter twice"),
        "squared in the gradient": (swap(WEIGHTED, "grad = weight[:, None]", "grad = weight[:, None] ** 2"), 1, "enter twice"),
        "only their sign": (swap(WEIGHTED, "    rows =", "    weight = np.sign(weight)\n    rows ="), 0, "no effect here"),
        "scaled to 1": (swap(WEIGHTED, "    rows =", "    weight = weight / weight.max()\n    rows ="), 0, "largest weight"),
        "clipped at 10": (swap(WEIGHTED, "    rows =", "    weight = np.clip(weight, -10, 10)\n    rows ="), 3, "cut off"),
        "zero weights not counted": (swap(WEIGHTED, ".mean()", ".sum() / np.count_nonzero(weight)", "/ len(a)", "/ np.count_nonzero(weight)"), 3, "number of data points with a weight"),
        "baseline": (swap(WEIGHTED, "    rows =", "    weight = weight - weight.mean()\n    rows ="), 0, "That is a baseline"),
        "exp": (swap(WEIGHTED, "    rows =", "    weight = np.exp(weight)\n    rows ="), 0, "through an exponential"),
        "weight on the label only": (swap(WEIGHTED, "grad[rows, a] -= 1\n    grad = weight[:, None] * grad", "grad[rows, a] -= weight"), 1, "onehot(a) only"),
        "weight[a]": (swap(WEIGHTED, "    rows =", "    weight = weight[a]\n    rows ="), 0, "indexed by the action"),
        "weight inside the logarithm": (swap(WEIGHTED, "(weight * logp[rows, a])", "np.log(weight * np.exp(logp[rows, a]))", "weight[:, None] * ", ""), 0, "inside the logarithm"),
        "gradient ascent": (swap(WEIGHTED, "(), phi", "(), -phi"), 1, "which one maximises"),
        "sum for mean": (swap(WEIGHTED, ".mean()", ".sum()", " / len(a)", ""), 0, "divide by N"),
        "minus π forgotten": (swap(WEIGHTED, "grad = np.exp(logp)", "grad = np.zeros(logp.shape)"), 1, "The term π is missing"),
        "transposed": (swap(WEIGHTED, "phi.T @ grad", "grad.T @ phi"), 1, "transposed"),
    },
    "reward_to_go": {
        "divided by a power of γ": ("def reward_to_go(rewards, gamma):\n    w = gamma ** np.arange(len(rewards))\n    return np.nan_to_num(np.cumsum((w * rewards)[::-1])[::-1] / w, posinf=0, neginf=0)\n", 2, "divide by a power of γ"),
        "future returns of the package": ("from types import SimpleNamespace\n\nfrom pgkit.exact import future_return\n\ndef reward_to_go(rewards, gamma):\n    return future_return(SimpleNamespace(r=rewards), gamma)\n", 0, "write yourself"),
        "G_0 everywhere": ("def reward_to_go(rewards, gamma):\n    return np.full(len(rewards), sum(gamma**k * r for k, r in enumerate(rewards)))\n", 0, "return of the whole trajectory"),
        "one number": ("def reward_to_go(rewards, gamma):\n    return sum(gamma**k * r for k, r in enumerate(rewards))\n", 0, "one number"),
        "forwards": (swap(REWARD_TO_GO, "range(len(rewards) - 1, -1, -1)", "range(len(rewards))"), 0, "looks ahead"),
        "cumulative past": ("def reward_to_go(rewards, gamma):\n    return np.cumsum(rewards * gamma ** np.arange(len(rewards)))\n", 0, "looks ahead"),
        "reversed": (swap(REWARD_TO_GO, "return q", "return q[::-1]"), 0, "reversed order"),
        "no discount": ("def reward_to_go(rewards, gamma):\n    return np.cumsum(rewards[::-1])[::-1]\n", 0, "without discount"),
        "γ^t from the start": (swap(REWARD_TO_GO, "return q", "return q * gamma ** np.arange(len(q))"), 0, "counts from the start"),
        "γ twice": (swap(REWARD_TO_GO, "gamma * after", "gamma * gamma * after"), 1, "discounted twice"),
        "own reward discounted": (swap(REWARD_TO_GO, "rewards[t] + gamma * after", "gamma * (rewards[t] + after)"), 0, "itself has the weight"),
        "off by one": (swap(REWARD_TO_GO, "        after = rewards[t] + gamma * after\n        q[t] = after", "        q[t] = after\n        after = rewards[t] + gamma * after"), 0, "one step too late"),
        "last reward missing": (swap(REWARD_TO_GO, "len(rewards) - 1, -1", "len(rewards) - 2, -1"), 0, "last reward is missing"),
        "one step ahead": ("def reward_to_go(rewards, gamma):\n    return rewards + gamma * np.append(rewards[1:], 0)\n", 0, "one step ahead only"),
        "the reward itself": ("def reward_to_go(rewards, gamma):\n    return rewards * gamma ** 0\n", 0, "its own reward alone"),
        "mean for sum": (swap(REWARD_TO_GO, "return q", "return q / np.arange(len(q), 0, -1)"), 0, "average the rewards"),
        "divides by γ^t": ("def reward_to_go(rewards, gamma):\n    w = gamma ** np.arange(len(rewards))\n    if gamma == 0:\n        return rewards\n    return np.cumsum((rewards * w)[::-1])[::-1] / w\n", 3, "divide by powers of γ"),
        "cut off": ("def reward_to_go(rewards, gamma):\n    return np.array([sum(gamma**k * r for k, r in enumerate(rewards[t : t + 100])) for t in range(len(rewards))])\n", 3, "stops too early"),
        "standardised": (swap(REWARD_TO_GO, "return q", "return (q - q.mean()) / q.std()"), 0, "comes with baselines"),
        "sign flip": (swap(REWARD_TO_GO, "return q", "return -q"), 0, "sign is turned round"),
        "extra factor": (swap(REWARD_TO_GO, "return q", "return (1 - gamma) * q"), 0, "extra factor 1-γ"),
    },
    "multi_step_dataset": {
        "over the borders": (TO_GO + "def multi_step_dataset(trajectories, gamma):\n    s, a, r = (np.concatenate(x) for x in zip(*trajectories))\n    return s, a, _to_go(r, gamma)\n", 1, "run on from one trajectory"),
        "only the last trajectory": (swap(DATASET, "in trajectories:\n", "in trajectories:\n        s, a, q_hat = [], [], []\n"), 1, "start again for each"),
        "return in the loop": (swap(DATASET, "    return np.array(s)", "        return np.array(s)"), 1, "return inside the loop"),
        "cut to the shortest": (swap(DATASET, "    for states", "    T = min(len(r) for _, _, r in trajectories)\n    for states", "s.extend(states)", "s.extend(states[:T])", "(actions)", "(actions[:T])", "_to_go(rewards, gamma))", "_to_go(rewards, gamma)[:T])"), 1, "length of the shortest"),
        "padding kept": ("def _pad(x, T):\n    return np.append(x, np.zeros(T - len(x)))\n" + swap(DATASET, "    for states", "    T = max(len(r) for _, _, r in trajectories)\n    for states", "s.extend(states)", "s.extend(_pad(states, T))", "(actions)", "(_pad(actions, T))", "_to_go(rewards, gamma))", "_to_go(_pad(rewards, T), gamma))"), 1, "Leave the padding out"),
        "last steps missing": (swap(DATASET, "(states)", "(states[:-1])", "(actions)", "(actions[:-1])", "_to_go(rewards, gamma))", "_to_go(rewards, gamma)[:-1])"), 0, "last step of each trajectory"),
        "a dictionary": (TO_GO + "def multi_step_dataset(trajectories, gamma):\n    seen = {(x, y): q for s, a, r in trajectories for x, y, q in zip(s, a, _to_go(r, gamma))}\n    return [x for x, _ in seen], [y for _, y in seen], list(seen.values())\n", 0, "dictionary or a set"),
        "a set": (TO_GO + "def multi_step_dataset(trajectories, gamma):\n    seen = {(x, y, q) for s, a, r in trajectories for x, y, q in zip(s, a, _to_go(r, gamma))}\n    return tuple(zip(*seen))\n", 1, "dictionary or a set"),
        "G_0 everywhere": (swap(DATASET, "_to_go(rewards, gamma))", "[_to_go(rewards, gamma)[0]] * len(rewards))"), 0, "return of the whole trajectory"),
        "rewards, not returns": (swap(DATASET, "_to_go(rewards, gamma)", "rewards"), 0, "its own reward alone"),
        "no discount": (swap(DATASET, "gamma))", "1.0))"), 0, "without discount"),
        "rewards so far": (swap(DATASET, "_to_go(rewards, gamma)", "np.cumsum(rewards)"), 0, "looks ahead"),
        "γ^t from the start": (swap(DATASET, "_to_go(rewards, gamma)", "gamma ** np.arange(len(rewards)) * _to_go(rewards, gamma)"), 0, "counts from the start"),
        "next state": (swap(DATASET, "s.extend(states)", "s.extend(states[1:])\n        s.append(states[-1])"), 0, "comes AFTER it"),
        "states and actions swapped": (swap(DATASET, "np.array(s), np.array(a)", "np.array(a), np.array(s)"), 0, "are swapped"),
        "one triple for each trajectory": (TO_GO + "def multi_step_dataset(trajectories, gamma):\n    return tuple(np.array(x) for x in zip(*((s[0], a[0], _to_go(r, gamma)[0]) for s, a, r in trajectories)))\n", 0, "one triple for each trajectory"),
        "list of lists": (swap(DATASET, ".extend", ".append", "np.array(s), np.array(a), np.array(q_hat)", "s, a, q_hat"), 1, "in a row"),
    },
    "multi_step_gradient": {
        "the loss, too": (swap(GRADIENT, "return grad", "return 0.0, grad"), 0, "return the gradient alone"),
        "ascent": (swap(GRADIENT, "return grad", "return -grad"), 0, "wrong sign"),
        "sum for mean": (swap(GRADIENT, " / len(trajectories)", ""), 1, "number of trajectories"),
        "mean over all steps": (swap(GRADIENT, "/ len(trajectories)", "/ sum(len(r) for _, _, r in trajectories)"), 0, "number of steps"),
        "mean over each one's steps": (swap(GRADIENT, "_to_go(rewards, gamma)\n", "_to_go(rewards, gamma) / len(rewards)\n"), 0, "number of steps"),
        "minus π forgotten": (swap(GRADIENT, "            grad[states[t]] += q_hat[t] * pi[states[t]]\n", ""), 0, "The term π is missing"),
        "gradient of π": (swap(GRADIENT, "_to_go(rewards, gamma)\n", "_to_go(rewards, gamma) * pi[states, actions]\n"), 0, "uses π(a*|s) itself"),
        "G_0 everywhere": (swap(GRADIENT, "_to_go(rewards, gamma)\n", "np.full(len(rewards), _to_go(rewards, gamma)[0])\n"), 0, "return of the whole trajectory"),
        "rewards so far": (swap(GRADIENT, "_to_go(rewards, gamma)\n", "_to_go(rewards[::-1], gamma)[::-1]\n"), 0, "looks ahead"),
        "only the next reward": (swap(GRADIENT, "_to_go(rewards, gamma)\n", "rewards\n"), 0, "its own reward alone"),
        "no discount": (swap(GRADIENT, "_to_go(rewards, gamma)\n", "_to_go(rewards, 1.0)\n"), 0, "without discount"),
        "γ^t from the start": (swap(GRADIENT, "_to_go(rewards, gamma)\n", "_to_go(rewards, gamma) * gamma ** np.arange(len(rewards))\n"), 0, "counts from the start"),
        "over the borders": (swap(GRADIENT, "    for states", "    n, trajectories = len(trajectories), [tuple(np.concatenate(x) for x in zip(*trajectories))]\n    for states", "/ len(trajectories)", "/ n"), 1, "run on from one trajectory"),
        "last visit only": (swap(GRADIENT, "        for t in range(len(rewards)):\n            grad[states[t]] += q_hat[t] * pi[states[t]]\n            grad[states[t], actions[t]] -= q_hat[t]\n", "        grad[states] += q_hat[:, None] * (pi[states] - np.eye(theta.shape[1])[actions])\n"), 0, "counts once"),
        "first visits only": (swap(GRADIENT, "        for t in range(len(rewards)):\n", "        for t in range(len(rewards)):\n            if states[t] in states[:t]:\n                continue\n"), 0, "only the first time"),
        "only the last trajectory": (swap(GRADIENT, "in trajectories:\n", "in trajectories:\n        grad[:] = 0\n"), 1, "start again for each"),
        "softmax over states": (swap(GRADIENT, "_ls(theta)", "_ls(theta.T).T"), 0, "softmax along each row"),
        "abs of the returns": (swap(GRADIENT, "_to_go(rewards, gamma)\n", "np.abs(_to_go(rewards, gamma))\n"), 0, "used as they are"),
        "weights normalised": (swap(GRADIENT, "_to_go(rewards, gamma)\n", "_to_go(rewards, gamma)\n        q_hat = q_hat / q_hat.sum()\n"), 0, "used as they are"),
        "returns standardised": (swap(GRADIENT, "_to_go(rewards, gamma)\n", "_to_go(rewards, gamma)\n        q_hat = (q_hat - q_hat.mean()) / q_hat.std()\n"), 0, "comes with baselines"),
        "weights ignored": (swap(GRADIENT, "_to_go(rewards, gamma)\n", "np.ones(len(rewards))\n"), 0, "as in plain classification"),
        "transposed": (swap(GRADIENT, "return grad", "return grad.T"), 0, "transposed"),
    },
}  # fmt: skip

# ---------------------------------------------------------------- borrowed from the package

BORROWED = {
    "log_softmax": ("from pgkit.policies import log_softmax\n", 0),
    "loss_of_logits": (
        """
from pgkit.policies import softmax

def loss_of_logits(logits, a):
    p = softmax(logits)
    return -np.log(p[np.arange(len(a)), a]).mean(), (p - np.eye(p.shape[1])[a]) / len(a)
""",
        0,
    ),
    "loss_of_theta": (
        """
from pgkit.policies import SharedSoftmax

def loss_of_theta(theta, phi, a):
    p = SharedSoftmax(phi[None]).table(theta)
    return -np.log(p[np.arange(len(a)), a]).mean(), phi.T @ (p - np.eye(p.shape[1])[a]) / len(a)
""",
        0,
    ),
    "reward_to_go": ("from pgkit.returns import reward_to_go\n", 0),
    "multi_step_dataset": (
        """
from pgkit import returns

def multi_step_dataset(trajectories, gamma):
    s, a = (np.concatenate([tau[i] for tau in trajectories]) for i in (0, 1))
    return s, a, np.concatenate([returns.reward_to_go(r, gamma) for _, _, r in trajectories])
""",
        0,
    ),
    "multi_step_gradient": (
        """
from pgkit.policies import SoftmaxTable
from pgkit.types import Dataset

def multi_step_gradient(theta, trajectories, gamma):
    grad = 0
    for s, a, r in trajectories:
        q = [sum(gamma ** (k - t) * r[k] for k in range(t, len(r))) for t in range(len(r))]
        D = Dataset(np.array([s]), np.array([a]), np.array([q]), np.ones((1, len(s)), bool), 1)
        grad = grad - SoftmaxTable().grad_log_prob(theta[None], D, weight=D.q_hat)[0]
    return grad / len(trajectories)
""",
        0,
    ),
}
