# ruff: noqa: E501
"""Problem set 2: right answers, misconceptions, answers borrowed from the package."""

from mutants import swap

PREAMBLE = """
from pgkit.worlds import load_world
SAFE = load_world("ring-of-fire").startable
"""

POINTS = {
    "sample_resets": 4.0,
    "reinforce_update": 6.0,
    "reinforce_with_resets": 4.0,
    "occupancy": 6.0,
    "mismatch": 5.0,
}

# ---------------------------------------------------------------- right answers, differently written

SAMPLE = """
def sample_resets(mu, n, rng):
    return rng.choice(len(mu), size=n, p=mu)
"""
UPDATE = """
def reinforce_update(theta, trajectories, alpha, gamma):
    probs = np.exp(theta) / np.exp(theta).sum(axis=1, keepdims=True)
    grad = np.zeros_like(theta)
    for states, actions, rewards in trajectories:
        for t in range(len(rewards)):
            q_hat = sum(gamma ** (k - t) * rewards[k] for k in range(t, len(rewards)))
            score = np.eye(theta.shape[1])[actions[t]] - probs[states[t]]
            grad[states[t]] += q_hat * score
    return theta + alpha * grad / len(trajectories)
"""
TRAIN = """
def reinforce_with_resets(mu, rollout, rng, updates=500, episodes=16, alpha=0.1, gamma=0.95):
    theta = np.zeros((len(mu), 4))
    for _ in range(updates):
        starts = sample_resets(mu, episodes, rng)
        theta = reinforce_update(theta, rollout(theta, starts, rng), alpha, gamma)
    return theta
"""
HELPERS = SAMPLE + UPDATE  # what the training exercise is built on
OCCUPANCY = """
def occupancy(P, pi, start, gamma):
    step = (pi[:, :, None] * P).sum(axis=1)
    return (1 - gamma) * np.linalg.solve(np.eye(len(start)) - gamma * step.T, start)
"""
MISMATCH = """
def mismatch(d_star, mu):
    visited = d_star > 0
    if np.any(mu[visited] == 0):
        return np.inf
    return np.max(d_star[visited] / mu[visited])
"""


def _visits(add: str) -> str:
    """The update in which `add` adds a whole trajectory at once."""
    head, tail = UPDATE.split("    for states")[0], UPDATE[UPDATE.index("    return theta") :]
    return (
        head
        + "    for s, a, r in trajectories:\n"
        + "        q = np.array([sum(gamma ** (k - t) * r[k] for k in range(t, len(r))) for t in range(len(r))])\n"
        + add
        + tail
    )


def _train(*pairs: str) -> str:
    return HELPERS + swap(TRAIN, *pairs)


LOOK = """\
        if k % {} == 0:
            rollout(theta, np.full(16, 70), rng)
"""
RIGHT_UPDATES = {
    "by the definition": UPDATE,
    "backwards, float32": """
def reinforce_update(theta, trajectories, alpha, gamma):
    theta = np.asarray(theta, dtype=np.float32)
    z = np.exp(theta - theta.max(1, keepdims=True))
    probs, grad = z / z.sum(1, keepdims=True), np.zeros_like(theta)
    for s, a, r in reversed(trajectories):
        q = np.float32(0)
        for t in range(len(r) - 1, -1, -1):
            q = np.float32(r[t] + gamma * q)
            grad[s[t]] -= q * probs[s[t]]
            grad[s[t], a[t]] += q
    return theta + np.float32(alpha / len(trajectories)) * grad
""",
    "vectorised": """
def reinforce_update(theta, trajectories, alpha, gamma):
    probs, grad = np.exp(theta) / np.exp(theta).sum(1)[:, None], np.zeros(theta.shape)
    for s, a, r in trajectories:
        lag = np.subtract.outer(np.arange(len(r)), np.arange(len(r)))
        q = np.where(lag <= 0, gamma ** np.maximum(-lag, 0), 0) @ r
        np.add.at(grad, (s, a), q)
        np.add.at(grad, s, -q[:, None] * probs[s])
    return theta + alpha * grad / len(trajectories)
""",
    "torch, float32, autograd": """
def reinforce_update(theta, trajectories, alpha, gamma):
    import torch
    table = torch.tensor(theta, dtype=torch.float32, requires_grad=True)
    J = 0
    for s, a, r in trajectories:
        q = [sum(gamma ** (k - t) * r[k] for k in range(t, len(r))) for t in range(len(r))]
        log_pi = torch.log_softmax(table, dim=1)[torch.tensor(s), torch.tensor(a)]
        J = J + (log_pi * torch.tensor(np.array(q, dtype=np.float32))).sum() / len(trajectories)
    J.backward()
    return (table + alpha * table.grad).detach()
""",
    "Python lists": """
def reinforce_update(theta, trajectories, alpha, gamma):
    import math
    new, rows = [list(map(float, row)) for row in theta], [list(map(float, row)) for row in theta]
    for s, a, r in trajectories:
        q = 0.0
        for i, j, x in zip(list(s)[::-1], list(a)[::-1], list(r)[::-1]):
            q = float(x) + gamma * q
            norm = sum(map(math.exp, rows[i]))
            for b in range(len(rows[i])):
                new[i][b] += alpha / len(trajectories) * q * ((b == j) - math.exp(rows[i][b]) / norm)
    return new
""",
}
RIGHT = {
    "sample_resets": {
        "choice": SAMPLE,
        "cumulative sums": """
def sample_resets(mu, n, rng):
    return np.searchsorted(np.cumsum(mu), rng.random(n), side="right").clip(max=len(mu) - 1)
""",
        "a loop, Python ints": """
def sample_resets(mu, n, rng):
    out = []
    for _ in range(n):
        u, s = rng.random(), 0
        while s < len(mu) - 1 and u >= mu[s]:
            u, s = u - mu[s], s + 1
        out.append(s)
    return out
""",
        "multinomial counts, shuffled": """
def sample_resets(mu, n, rng):
    return rng.permutation(np.repeat(np.arange(len(mu)), rng.multinomial(n, mu))).astype(np.int32)
""",
        "Gumbel maximum": """
def sample_resets(mu, n, rng):
    return np.argmax(np.log(mu) + rng.gumbel(size=(n, len(mu))), axis=1)
""",
    },
    "reinforce_update": RIGHT_UPDATES,
    "reinforce_with_resets": {
        "plain": HELPERS + TRAIN,
        "starts inline": HELPERS
        + """
def reinforce_with_resets(mu, rollout, rng, updates=500, episodes=16, alpha=0.1, gamma=0.95):
    theta = np.zeros((mu.size, 4))
    for _ in range(updates):
        tau = rollout(theta, rng.choice(mu.size, episodes, p=mu), rng)
        theta += reinforce_update(theta, tau, alpha, gamma) - theta
    return theta
""",
        "a while loop, all starts drawn ahead": HELPERS
        + """
def reinforce_with_resets(mu, rollout, rng, updates=500, episodes=16, alpha=0.1, gamma=0.95):
    theta, starts = np.zeros((len(mu), 4)), list(sample_resets(mu, updates * episodes, rng))
    while starts:
        batch, starts = starts[:episodes], starts[episodes:]
        theta = reinforce_update(theta, rollout(theta, batch, rng), alpha, gamma)
    return theta.tolist()
""",
        "one rollout at a time, and a look at the end": HELPERS
        + """
def reinforce_with_resets(mu, rollout, rng, updates=500, episodes=16, alpha=0.1, gamma=0.95):
    theta = np.zeros((len(mu), 4))
    for _ in range(updates):
        tau = []
        for s in sample_resets(mu, episodes, rng):
            tau += rollout(theta, [s], rng)
        theta = reinforce_update(theta, tau, alpha, gamma)
    rollout(theta, sample_resets(mu, episodes, rng), rng)
    return theta
""",
        "100 looks from μ at the end": _train(
            "    return", "    rollout(theta, sample_resets(mu, 100, rng), rng)\n    return"
        ),
        "16 looks from S every 10 updates": _train(
            "for _", "for k", "        starts", LOOK.format(10) + "        starts"
        ),
        "greedy looks, from μ and from S": _train(
            "for _",
            "for k",
            "    return",
            "        if k % 50 == 0:\n            rollout(100 * theta, sample_resets(mu, 5, rng), rng)\n"
            "    rollout(100 * theta, [70], rng), rollout(theta, [70], rng)\n    return",
        ),
        "one rollout at a time, and looks from S": HELPERS
        + """
def reinforce_with_resets(mu, rollout, rng, updates=500, episodes=16, alpha=0.1, gamma=0.95):
    theta = np.zeros((len(mu), 4))
    for k in range(updates):
        if k % 10 == 0:
            rollout(theta, [70], rng)
        tau = [rollout(theta, [s], rng)[0] for s in sample_resets(mu, episodes, rng)]
        theta = reinforce_update(theta, tau, alpha, gamma)
    return theta
""",
        "float32, vectorised": SAMPLE
        + RIGHT_UPDATES["vectorised"]
        + swap(
            TRAIN,
            "4))",
            "4), dtype=np.float32)",
            "theta = reinforce_update(theta, rollout(theta, starts, rng), alpha, gamma)",
            "theta = np.float32(reinforce_update(theta, rollout(theta, starts, rng), alpha, gamma))",
        ),
    },
    "occupancy": {
        "solve": OCCUPANCY,
        "long sum": """
def occupancy(P, pi, start, gamma):
    mass, total, weight = np.array(start), np.zeros(len(start)), 1 - gamma
    for _ in range(3000):
        total = total + weight * mass
        mass, weight = np.einsum("s,sa,sat->t", mass, pi, P), weight * gamma
    return total
""",
        "loops, Python floats": """
def occupancy(P, pi, start, gamma):
    S, A = pi.shape
    d = [0.0] * S
    for _ in range(2500):
        new = [(1 - gamma) * float(start[t]) for t in range(S)]
        for s in range(S):
            if d[s] > 0:
                for a in range(A):
                    for t in range(S):
                        new[t] += gamma * d[s] * float(pi[s, a]) * float(P[s, a, t])
        if max(abs(x - y) for x, y in zip(d, new)) < 1e-9:
            return new
        d = new
    return d
""",
        "float32 inverse": """
def occupancy(P, pi, start, gamma):
    step = np.einsum("sa,sat->st", pi, P).astype(np.float32)
    return np.float32(1 - gamma) * start.astype(np.float32) @ np.linalg.inv(np.eye(len(step), dtype=np.float32) - np.float32(gamma) * step)
""",
    },
    "mismatch": {
        "cases": MISMATCH,
        "a loop": """
def mismatch(d_star, mu):
    worst = 0.0
    for d, m in zip(d_star.tolist(), mu.tolist()):
        if d > 0:
            worst = max(worst, d / m if m > 0 else float("inf"))
    return worst
""",
        "with warnings": """
def mismatch(d_star, mu):
    return np.nanmax(np.float32(d_star) / np.float32(mu))
""",
        "where": """
def mismatch(d_star, mu):
    with np.errstate(all="ignore"):
        return np.array([np.max(np.where(d_star > 0, d_star / mu, 0))])
""",
    },
}

# ---------------------------------------------------------------- misconceptions


BORROWED_ITERATION = """
from pgkit import ReinforceResets, load_world
from pgkit.draws import Draws
from pgkit.policies import SoftmaxTable

def reinforce_with_resets(mu, rollout, rng, updates=500, episodes=16, alpha=0.1, gamma=0.95):
    world, policy, algorithm = load_world("ring-of-fire"), SoftmaxTable(), ReinforceResets(mu=mu)
    draws = Draws(np.array([7], dtype=np.uint64))
    state = algorithm.init(world, policy, draws)
    for k in range(updates):
        rollout(state.theta[0], rng.choice(81, episodes, p=mu), rng)
        state, _ = algorithm.iteration(state, world, policy, draws.at_iteration(k))
    return state.theta[0]
"""

MUTANTS = {
    "sample_resets": {
        "uniform over the support": (swap(SAMPLE, "p=mu", "p=(mu > 0) / np.sum(mu > 0)"), 1, "three times the mass"),
        "mu ignored": (swap(SAMPLE, "rng.choice(len(mu), size=n, p=mu)", "rng.integers(len(mu), size=n)"), 1, "Where does your function use mu"),
        "off by one": (swap(SAMPLE, "return rng", "return -1 + rng"), 0, "states count from 0"),
        "shifted": (swap(SAMPLE, "p=mu)", "p=mu) - 1) % len(mu)", "rng.", "(rng."), 1, "shifted by one"),
        "always the likeliest": (swap(SAMPLE, "rng.choice(len(mu), size=n, p=mu)", "np.full(n, mu.argmax())"), 0, "mode of μ"),
        "without replacement": (swap(SAMPLE, "p=mu", "p=mu, replace=False"), 0, "without replacement"),
        "own seed inside": (swap(SAMPLE, "rng.choice", "np.random.default_rng(0).choice"), 3, "seed set inside"),
        "own generator": (swap(SAMPLE, "rng.choice", "np.random.default_rng().choice"), 3, "generator of its own"),
        "deterministic shares": ("def sample_resets(mu, n, rng):\n    s = np.repeat(np.arange(len(mu)), np.round(n * mu).astype(int))\n    return np.resize(s, n)\n", 3, "nothing drawn"),
        "fixed shares, shuffled": ("def sample_resets(mu, n, rng):\n    s = np.repeat(np.arange(len(mu)), np.round(n * mu).astype(int))\n    return rng.permutation(np.resize(s, n))\n", 1, "not independent"),
        "a walk over the states": ("def sample_resets(mu, n, rng):\n    out, s = [], 0\n    while len(out) < n:\n        if rng.random() < mu[s]:\n            out.append(s)\n        s = (s + 1) % len(mu)\n    return out\n", 1, "not independent"),
        "one dart, then even steps": ("def sample_resets(mu, n, rng):\n    return np.searchsorted(np.cumsum(mu), rng.permutation((rng.random() + np.arange(n)) / n)).clip(max=len(mu) - 1)\n", 1, "not independent"),
        "counts, not states": (swap(SAMPLE, "rng.choice(len(mu), size=n, p=mu)", "rng.multinomial(n, mu)"), 0, "state indices themselves"),
        "squared": (swap(SAMPLE, "p=mu", "p=mu**2 / np.sum(mu**2)"), 1, "used twice"),
        "softmax of mu": (swap(SAMPLE, "p=mu", "p=np.exp(mu) / np.exp(mu).sum()"), 1, "already is a distribution"),
        "no return": (swap(SAMPLE, "return ", ""), 0, "returned None"),
    },
    "reinforce_update": {
        "descent": (swap(UPDATE, "theta + alpha", "theta - alpha"), 0, "with a plus"),
        "alpha forgotten": (swap(UPDATE, "alpha * grad", "grad"), 0, "step size α is missing"),
        "returns the gradient": (swap(UPDATE, "theta + alpha * grad", "alpha * grad"), 0, "without the θ"),
        "minus π forgotten": (swap(UPDATE, " - probs[states[t]]", ""), 0, "all actions of that state pay"),
        "only the chosen logit": (swap(UPDATE, "grad[states[t]] += q_hat * score", "grad[states[t], actions[t]] += q_hat * score[actions[t]]"), 0, "The softmax has a denominator"),
        "softmax over the states": (swap(UPDATE, "sum(axis=1, keepdims=True)", "sum(axis=0)"), 0, "softmax along each row"),
        "softmax over all": (swap(UPDATE, "sum(axis=1, keepdims=True)", "sum()"), 0, "softmax along each row"),
        "fancy index": (_visits("        grad[s] += q[:, None] * (np.eye(theta.shape[1])[a] - probs[s])\n"), 2, "keeps only one of its visits"),
        "fancy index, in two": (_visits("        grad[s, a] += q\n        grad[s] -= q[:, None] * probs[s]\n"), 2, "keeps only one of its visits"),
        "onehot forgotten": (swap(UPDATE, "np.eye(theta.shape[1])[actions[t]] ", ""), 0, "onehot(a) is missing"),
        "gradient of π, not of log π": (swap(UPDATE, "q_hat * score", "q_hat * score * probs[states[t], actions[t]]"), 0, "not ∇ log π"),
        "G_0 everywhere": (swap(UPDATE, "(k - t)", "k", "range(t, len", "range(0, len"), 2, "whole trajectory"),
        "rewards so far": (swap(UPDATE, "gamma ** (k - t) * rewards[k] for k in range(t, len(rewards))", "rewards[k] for k in range(t + 1)"), 2, "not back"),
        "only the next reward": (swap(UPDATE, "range(t, len(rewards))", "range(t, t + 1)"), 2, "its own reward alone"),
        "off by one in time": (swap(UPDATE, "range(t, len", "range(t + 1, len"), 0, "one step too late"),
        "no discount": (swap(UPDATE, "gamma ** (k - t) * ", ""), 2, "without discount"),
        "discounted from time 0": (swap(UPDATE, "(k - t)", "k"), 2, "counts from time 0"),
        "sum for mean": (swap(UPDATE, " / len(trajectories)", ""), 4, "N times too long"),
        "mean over steps": (swap(UPDATE, "len(trajectories)", "sum(len(r) for _, _, r in trajectories)"), 2, "number of steps"),
        "θ moves within the batch": (swap(UPDATE, "    probs = ", "    theta = theta.copy()\n    for one in trajectories:\n        theta += (_one(theta, [one], alpha, gamma) - theta) / len(trajectories)\n    return theta\n\n\ndef _one(theta, trajectories, alpha, gamma):\n    probs = "), 4, "update once"),
        "writes into theta": (swap(UPDATE, "return theta + alpha * grad / len(trajectories)", "theta += alpha * grad / len(trajectories)\n    return theta"), 4, "writes into the θ"),
        "nothing moves": ("def reinforce_update(theta, trajectories, alpha, gamma):\n    return theta\n", 0, "Nothing moves"),
        "borrowed soft policy": (swap(UPDATE, "    probs = np.exp(theta) / np.exp(theta).sum(axis=1, keepdims=True)", "    from pgkit.exact import soft_policy\n    probs = soft_policy(theta, 1.0)"), 0, "write yourself"),
        "borrowed softmax": (swap(UPDATE, "np.exp(theta) / np.exp(theta).sum(axis=1, keepdims=True)", "__import__('pgkit.policies').policies.softmax(theta)"), 0, "write yourself"),
        "only the last trajectory": (swap(UPDATE, "trajectories:\n", "trajectories:\n        grad[:] = 0\n"), 4, "start again for each"),
    },
    "reinforce_with_resets": {
        "no resets": (_train("sample_resets(mu, episodes, rng)", "np.full(episodes, 70)"), 0, "without resets"),
        "uniform whatever μ says": (_train("sample_resets(mu,", "sample_resets((SAFE > 0) / np.sum(SAFE > 0),"), 0, "Where does the loop use mu"),
        "starts drawn once": (_train("    for _", "    starts = sample_resets(mu, episodes, rng)\n    for _", "        starts = sample_resets(mu, episodes, rng)\n", ""), 2, "drawn once and kept"),
        "only half of the batch": (_train("episodes, rng)\n", "episodes, rng)\n        starts[::2] = 70\n"), 2, "start at S than μ says"),
        "update not kept": (_train("        theta = reinforce", "        reinforce"), 2, "is not kept"),
        "θ from zero again": (_train("reinforce_update(theta,", "reinforce_update(0 * theta,"), 2, "from zero again"),
        "one update": (_train("range(updates)", "range(1)"), 0, "was called once for"),
        "return inside the loop": (_train("    return", "        return"), 0, "`return` inside the loop"),
        "always the likeliest cell": (_train("sample_resets(mu, episodes, rng)", "np.full(episodes, mu.argmax())"), 0, "in the same cell"),
        "μ squared": (_train("sample_resets(mu,", "sample_resets(mu**2 / np.sum(mu**2),"), 2, "squared, flattened"),
        "uniform over the support": (_train("sample_resets(mu,", "sample_resets((mu > 0) / np.sum(mu > 0),"), 2, "three times the mass"),
        "gamma 1": (_train("alpha, gamma)\n    return theta", "alpha, 1.0)\n    return theta"), 2, "γ = 1"),
        "alpha 1": (_train("alpha, gamma)\n    return theta", "1.0, gamma)\n    return theta"), 2, "10 times as long"),
        "alpha and gamma swapped": (_train("alpha, gamma)\n    return theta", "gamma, alpha)\n    return theta"), 2, "alpha and gamma swapped"),
        "θ drawn at the start": (_train("np.zeros((len(mu), 4))", "rng.normal(size=(len(mu), 4))"), 2, "Start with θ = 0"),
        "only good trajectories": (_train("rollout(theta, starts, rng)", "[one for one in rollout(theta, starts, rng) if one[2].sum() > 0]"), 2, "positive return"),
        "the mean of all θ": (_train("np.zeros((len(mu), 4))", "mean = np.zeros((len(mu), 4))", "\n    return theta", "\n        mean = mean + theta / updates\n    return mean"), 2, "no mean"),
        "borrowed iteration": (BORROWED_ITERATION, 0, "write yourself"),
        "descent": (_train("rng), alpha", "rng), -alpha"), 2, "sign of the step"),
        "rollout never called": (HELPERS + "\ndef reinforce_with_resets(mu, rollout, rng, updates=500):\n    return rng.normal(size=(len(mu), 4))\n", 0, "never called"),
    },
    "occupancy": {
        "transposed": (swap(OCCUPANCY, "step.T", "step"), 0, "flows backwards"),
        "factor missing": (swap(OCCUPANCY, "(1 - gamma) * np", "np"), 0, "factor (1-γ)"),
        "normalised": (swap(OCCUPANCY, "return ", "d = ", "start)\n", "start)\n    return d / d.sum()\n"), 2, "leave it missing"),
        "π ignored": (swap(OCCUPANCY, "(pi[:, :, None] * P).sum(axis=1)", "P.mean(axis=1)"), 0, "Average the transitions with π"),
        "greedy": (swap(OCCUPANCY, "(pi[:, :, None] * P).sum(axis=1)", "P[np.arange(len(pi)), pi.argmax(1)]"), 0, "all of its actions count"),
        "time starts at 1": (swap(OCCUPANCY, ", start)\n", ", start) - (1 - gamma) * start\n"), 0, "γ^0 = 1"),
        "start ignored": (swap(OCCUPANCY, ", start)\n", ", np.ones(len(start)) / len(start))\n"), 0, "It starts as the given"),
        "sum cut off at 100": ("def occupancy(P, pi, start, gamma):\n    step, d = np.einsum('sa,sat->st', pi, P), 0\n    for t in range(100):\n        d = d + (1 - gamma) * gamma**t * start\n        start = start @ step\n    return d\n", 5, "stops too early"),
        "sum until the change is small": ("def occupancy(P, pi, start, gamma):\n    step, d, new = np.einsum('sa,sat->st', pi, P), 0 * start, (1 - gamma) * start\n    while np.max(np.abs(new - d)) > 1e-5:\n        d, new = new, (1 - gamma) * start + gamma * new @ step\n    return new\n", 5, "stops too early"),
        "borrowed from the package": ("from pgkit import exact\ndef occupancy(P, pi, start, gamma):\n    return exact.occupancy(P, pi, gamma, start)\n", 0, "write yourself"),
    },
    "mismatch": {
        "0/0": ("def mismatch(d_star, mu):\n    return np.max(d_star / mu)\n", 4, "divide 0 by 0"),
        "0/0 is 1": ("def mismatch(d_star, mu):\n    ratio = d_star / mu\n    return np.max(np.where(np.isnan(ratio), 1.0, ratio))\n", 4, "count 0/0 as 1"),
        "the largest float for ∞": ("def mismatch(d_star, mu):\n    return np.max(np.nan_to_num(d_star / mu))\n", 3, "np.inf itself"),
        "a million for ∞": (swap(MISMATCH, "np.inf", "1e6"), 3, "np.inf itself"),
        "∞ wherever μ is 0": (swap(MISMATCH, "mu[visited] == 0", "mu == 0"), 4, "only hurts where d* > 0"),
        "holes skipped": ("def mismatch(d_star, mu):\n    return np.max(d_star[mu > 0] / mu[mu > 0])\n", 3, "promises nothing"),
        "small number added": ("def mismatch(d_star, mu):\n    return np.max(d_star / (mu + 1e-8))\n", 3, "case of its own"),
        "upside down": (swap(MISMATCH, "d_star[visited] / mu[visited]", "mu[visited] / d_star[visited]"), 0, "upside down"),
        "mean": (swap(MISMATCH, "np.max", "np.mean"), 0, "average the ratio"),
        "expectation": (swap(MISMATCH, "np.max(", "np.sum(d_star[visited] * "), 0, "average the ratio"),
        "sum": (swap(MISMATCH, "np.max", "np.sum"), 0, "maximum"),
        "maxima first": (swap(MISMATCH, "np.max(d_star[visited] / mu[visited])", "d_star.max() / mu[d_star.argmax()]"), 0, "First the ratio"),
        "normalised": (swap(MISMATCH, "    visited =", "    d_star = d_star / d_star.sum()\n    visited ="), 0, "uses d* as it is"),
        "argmax": (swap(MISMATCH, "np.max", "np.argmax"), 0, "Return the ratio itself"),
        "constant ∞": ("def mismatch(d_star, mu):\n    return np.inf\n", 0, "although μ covers"),
    },
}  # fmt: skip

# ---------------------------------------------------------------- borrowed from the package

BORROWED = {
    "mismatch": (
        """
from pgkit.exact import mismatch
""",
        0,
    ),
    "reinforce_update": (
        """
from pgkit.policies import SoftmaxTable
from pgkit.types import Dataset

def reinforce_update(theta, trajectories, alpha, gamma):
    grad = 0
    for s, a, r in trajectories:
        q = [sum(gamma ** (k - t) * r[k] for k in range(t, len(r))) for t in range(len(r))]
        D = Dataset(np.array([s]), np.array([a]), np.array([q]), np.ones((1, len(s)), bool), 1)
        grad = grad + SoftmaxTable().grad_log_prob(theta[None], D, weight=D.q_hat)[0]
    return theta + alpha * grad / len(trajectories)
""",
        0,
    ),
    "reinforce_with_resets": (
        """
from pgkit import ReinforceResets, Run, load_world

def reinforce_with_resets(mu, rollout, rng, updates=500, episodes=16, alpha=0.1, gamma=0.95):
    for _ in range(updates):
        rollout(np.zeros((81, 4)), rng.choice(81, episodes, p=mu), rng)
    run = Run(ReinforceResets(), load_world("ring-of-fire"), mu=mu, runs=1, engine="text")
    return run.advance(updates).state.theta[0]
""",
        0,
    ),
}
