# ruff: noqa: E501
"""Problem set 3: right answers, misconceptions, answers borrowed from the package."""

from mutants import swap

POINTS = {
    "mean_kl": 4.0,
    "fisher": 5.0,
    "steepest_step": 6.0,
    "natural_step": 5.0,
    "kl_step": 5.0,
}

# ---------------------------------------------------------------- right answers, differently written
# Each is complete: in a notebook of mutants, the earlier exercises are wrong.

KL = """
def mean_kl(occupancy, pi, pi_new):
    weight = occupancy[:, None] * pi
    counts = weight > 0
    if np.any(pi_new[counts] == 0):
        return np.inf
    return np.sum(weight[counts] * (np.log(pi[counts]) - np.log(pi_new[counts])))
"""
FISHER = """
def fisher(occupancy, pi, scores):
    K = scores.shape[2]
    F = np.zeros((K, K))
    for s in range(len(occupancy)):
        for a in range(pi.shape[1]):
            F += occupancy[s] * pi[s, a] * np.outer(scores[s, a], scores[s, a])
    return F
"""
STEEPEST = """
def steepest_step(G, g, epsilon):
    n = np.linalg.solve(G, g)
    return np.sqrt(2 * epsilon / (g @ n)) * n
"""
NATURAL = """
def natural_step(F, g, damping):
    return np.linalg.solve(F + damping * np.eye(len(g)), g)
"""
KL_STEP = """
def kl_step(F, g, epsilon, damping):
    n = np.linalg.solve(F + damping * np.eye(len(g)), g)
    return np.sqrt(2 * epsilon / (n @ F @ n)) * n
"""
CONJUGATE = """
def _cg(product, g):
    x, r = np.zeros(len(g)), np.array(g, dtype=float)
    p, rr = r.copy(), r @ r
    for _ in range(4 * len(g)):
        if rr < 1e-22:
            break
        Ap = product(p)
        x += rr / (p @ Ap) * p
        r -= rr / (p @ Ap) * Ap
        p, rr = r + (r @ r) / rr * p, r @ r
    return x
"""
GAUSS = """
def _gauss(A, b):
    A, b, n = [list(map(float, row)) for row in A], list(map(float, b)), len(b)
    for i in range(n):
        j = max(range(i, n), key=lambda k: abs(A[k][i]))
        A[i], A[j], b[i], b[j] = A[j], A[i], b[j], b[i]
        for k in range(i + 1, n):
            f = A[k][i] / A[i][i]
            A[k] = [x - f * y for x, y in zip(A[k], A[i])]
            b[k] -= f * b[i]
    for i in reversed(range(n)):
        b[i] = (b[i] - sum(A[i][k] * b[k] for k in range(i + 1, n))) / A[i][i]
    return b
"""

RIGHT = {
    "mean_kl": {
        "mask": KL,
        "loops, Python floats": """
def mean_kl(occupancy, pi, pi_new):
    import math
    total = 0.0
    for d, p, q in zip(occupancy.tolist(), pi.tolist(), pi_new.tolist()):
        for x, y in zip(p, q):
            if d * x > 0:
                total += d * x * math.log(x / y) if y > 0 else math.inf
    return total
""",
        "where, with warnings, float32": """
def mean_kl(occupancy, pi, pi_new):
    d, p, q = (np.float32(x) for x in (occupancy, pi, pi_new))
    w = d[:, None] * p
    return np.where(w > 0, w * np.log(p / q), 0).sum()
""",
        "nansum": """
def mean_kl(occupancy, pi, pi_new):
    each = pi * np.log(pi / pi_new)
    each = np.where(np.isnan(each), 0, each).sum(axis=1)
    return np.nansum(occupancy * each, keepdims=True)
""",
        "entropy and cross-entropy": """
def mean_kl(occupancy, pi, pi_new):
    visited = occupancy > 0
    d, p, q = occupancy[visited], pi[visited], pi_new[visited]
    safe = np.where(p > 0, p, 1)
    cross = -np.einsum("s,sa->", d, np.where(p > 0, p * np.log(q), 0))
    return cross - -np.einsum("s,sa,sa->", d, p, np.log(safe))
""",
        "torch": """
def mean_kl(occupancy, pi, pi_new):
    import torch
    d, p, q = (torch.tensor(x) for x in (occupancy, pi, pi_new))
    each = torch.where(p > 0, p * (torch.log(p) - torch.log(q)), 0.0).sum(dim=1)
    return (d[d > 0] * each[d > 0]).sum()
""",
    },
    "fisher": {
        "loops": FISHER,
        "einsum, float32": """
def fisher(occupancy, pi, scores):
    d, p, z = (np.float32(x) for x in (occupancy, pi, scores))
    return np.einsum("s,sa,sak,sal->kl", d, p, z, z)
""",
        "matrix product": """
def fisher(occupancy, pi, scores):
    z = scores.reshape(-1, scores.shape[-1])
    return z.T @ np.diag((occupancy[:, None] * pi).ravel()) @ z
""",
        "roots of the weights, np.matrix": """
def fisher(occupancy, pi, scores):
    z = np.matrix((np.sqrt(occupancy[:, None] * pi)[:, :, None] * scores).reshape(-1, scores.shape[-1]))
    return z.T * z
""",
        "mean under π subtracted": """
def fisher(occupancy, pi, scores):
    F = 0
    for d, p, z in zip(occupancy, pi, scores):
        z = z - p @ z
        F = F + d * (z.T * p) @ z
    return F
""",
        "entry by entry, lists": """
def fisher(occupancy, pi, scores):
    S, A, K = scores.shape
    return [[sum(float(occupancy[s] * pi[s, a] * scores[s, a, k] * scores[s, a, m]) for s in range(S) for a in range(A))
             for m in range(K)] for k in range(K)]
""",
    },
    "steepest_step": {
        "solve": STEEPEST,
        "inverse, sized by its own form": """
def steepest_step(G, g, epsilon):
    step = np.linalg.inv(G) @ g
    return step * np.sqrt(epsilon / (0.5 * step @ G @ step))
""",
        "in coordinates where the ellipse is a ball": """
def steepest_step(G, g, epsilon):
    L = np.linalg.cholesky(G)
    b = np.linalg.solve(L, g)
    return np.linalg.solve(L.T, np.sqrt(2 * epsilon) * b / np.linalg.norm(b))
""",
        "least squares, float32": """
def steepest_step(G, g, epsilon):
    G, g = np.float32(G), np.float32(g)
    n = np.linalg.lstsq(G, g, rcond=None)[0]
    return np.float32(2 * epsilon / np.dot(g, n)) ** np.float32(0.5) * n
""",
        "multiplier by bisection": """
def steepest_step(G, g, epsilon):
    low, high = 1e-9, 1e9
    for _ in range(200):
        nu = (low * high) ** 0.5
        step = np.linalg.solve(nu * G, g)
        low, high = (nu, high) if step @ G @ step / 2 > epsilon else (low, nu)
    return step.tolist()
""",
        "eigenvectors, changes its input": """
def steepest_step(G, g, epsilon):
    values, axes = np.linalg.eig(G)
    g[:] = axes @ ((axes.T @ g) / values)
    g *= (2 * epsilon / (g @ G @ g)) ** 0.5
    return g
""",
        "conjugate gradients": CONJUGATE
        + """
def steepest_step(G, g, epsilon):
    n = _cg(lambda v: G @ v, g)
    return (2 * epsilon / (g @ n)) ** 0.5 * n
""",
    },
    "natural_step": {
        "solve": NATURAL,
        "inverse, float32": """
def natural_step(F, g, damping):
    return np.linalg.inv(np.float32(F) + np.float32(damping) * np.eye(len(F), dtype=np.float32)) @ np.float32(g)
""",
        "least squares": """
def natural_step(F, g, damping):
    return np.linalg.lstsq(F + damping * np.identity(F.shape[0]), g, rcond=None)[0]
""",
        "conjugate gradients": CONJUGATE
        + """
def natural_step(F, g, damping):
    return _cg(lambda v: F @ v + damping * v, g)
""",
        "Gauss, lists, in place": GAUSS
        + """
def natural_step(F, g, damping):
    for i in range(len(g)):
        F[i, i] += damping
    return _gauss(F.tolist(), g.tolist())
""",
        "eigenvalues": """
def natural_step(F, g, damping):
    values, axes = np.linalg.eigh(F)
    return sum((axes[:, k] @ g) / (values[k] + damping) * axes[:, k] for k in range(len(g)))
""",
        "torch": """
def natural_step(F, g, damping):
    import torch
    A = torch.tensor(F) + damping * torch.eye(len(g), dtype=torch.float64)
    return torch.cholesky_solve(torch.tensor(g)[:, None], torch.linalg.cholesky(A))[:, 0]
""",
    },
    "kl_step": {
        "solve": KL_STEP,
        "its own form, float32": """
def kl_step(F, g, epsilon, damping):
    F, g = np.float32(F), np.float32(g)
    step = np.linalg.inv(F + np.float32(damping) * np.eye(len(g), dtype=np.float32)) @ g
    step /= np.linalg.norm(step)
    return step * np.sqrt(np.float32(epsilon) / (step @ F @ step / 2))
""",
        "gᵀn less what the damping costs": """
def kl_step(F, g, epsilon, damping):
    n = np.linalg.lstsq(F + damping * np.eye(len(g)), g, rcond=None)[0]
    return (2 * epsilon / (g @ n - damping * n @ n)) ** 0.5 * n
""",
        "bisection on the size": """
def kl_step(F, g, epsilon, damping):
    n = np.linalg.solve(F + damping * np.eye(len(g)), g)
    low, high = 0.0, 1e6
    for _ in range(200):
        c = (low + high) / 2
        low, high = (low, c) if c * c * (n @ F @ n) / 2 > epsilon else (c, high)
    return [float(low * x) for x in n]
""",
        "conjugate gradients": CONJUGATE
        + """
def kl_step(F, g, epsilon, damping):
    n = _cg(lambda v: F @ v + damping * v, g)
    return np.sqrt(2 * epsilon) * n / np.sqrt(np.einsum("k,kl,l->", n, F, n))
""",
        "length by the root of F": """
def kl_step(F, g, epsilon, damping):
    values, axes = np.linalg.eigh(F)
    n = axes @ ((axes.T @ g) / (values + damping))
    length = np.linalg.norm(np.sqrt(np.maximum(values, 0)) * (axes.T @ n))
    return n / length * (2 * epsilon) ** 0.5
""",
    },
}

# ---------------------------------------------------------------- misconceptions


def _sum(body: str) -> str:
    return f"def mean_kl(occupancy, pi, pi_new):\n    {body}\n"


def _weights(new: str) -> str:
    """KL with the state weights changed."""
    return swap(KL, "    weight", f"    occupancy = {new}\n    weight")


def _outer(new: str) -> str:
    """Fisher with the weight of an outer product changed."""
    return swap(FISHER, "occupancy[s] * pi[s, a]", new)


def _after(new: str) -> str:
    """Fisher, and something done to it."""
    return swap(FISHER, "return F", f"return {new}")


def _c(new: str) -> str:
    """The steepest step with another factor."""
    return swap(STEEPEST, "np.sqrt(2 * epsilon / (g @ n))", new)


def _n(new: str) -> str:
    """The steepest step along another direction, sized by ½ΔᵀGΔ."""
    return f"def steepest_step(G, g, epsilon):\n    n = {new}\n    return np.sqrt(2 * epsilon / (n @ G @ n)) * n\n"


def _natural(new: str) -> str:
    return f"def natural_step(F, g, damping):\n    I = np.eye(len(g))\n    return {new}\n"


def _k(new: str) -> str:
    """The KL-sized step with another factor."""
    return swap(KL_STEP, "np.sqrt(2 * epsilon / (n @ F @ n))", new)


def _m(new: str) -> str:
    """The KL-sized step along another direction."""
    return swap(KL_STEP, "np.linalg.solve(F + damping * np.eye(len(g)), g)", new)


SOLVE = "np.linalg.solve"

MUTANTS = {
    "mean_kl": {
        "the wrong way round": (swap(KL, "(occupancy, pi, pi_new)", "(occupancy, pi_new, pi)"), 0, "the wrong way round"),
        "reversed weight": (_sum("return np.sum(occupancy[:, None] * pi_new * np.log(pi_new / pi))"), 0, "the wrong way round"),
        "sign flip": (swap(KL, "np.log(pi[counts]) - np.log(pi_new[counts])", "np.log(pi_new[counts]) - np.log(pi[counts])"), 0, "never negative"),
        "plain mean over states": (_weights("np.ones(len(pi)) / len(pi)"), 1, "All states count alike"),
        "sum over states": (_weights("np.ones(len(pi))"), 1, "All states count alike"),
        "mean of the weighted states": (_weights("occupancy / len(pi)"), 1, "divide by the number of states"),
        "mean over the table": (_sum("return np.mean(occupancy[:, None] * pi * np.log(pi / pi_new))"), 0, "divide by the number of actions"),
        "weights normalised": (_weights("occupancy / occupancy.sum()"), 2, "leave it missing"),
        "largest state": (_sum("return np.max(np.sum(pi * np.log(pi / pi_new), axis=1))"), 1, "the largest KL"),
        "one number for each state": (_sum("return occupancy * np.sum(pi * np.log(pi / pi_new), axis=1)"), 1, "one KL for each state"),
        "not weighted by π": (_sum("return np.sum(occupancy[:, None] * np.log(pi / pi_new))"), 0, "not weighted by π"),
        "both directions": (_sum("return np.sum(occupancy[:, None] * (pi - pi_new) * np.log(pi / pi_new))"), 0, "mix both directions"),
        "cross-entropy": (_sum("return -np.sum(occupancy[:, None] * pi * np.log(pi_new))"), 0, "cross-entropy"),
        "total variation": (_sum("return occupancy @ np.abs(pi - pi_new).sum(axis=1) / 2"), 0, "total variation"),
        "policies averaged first": (_sum("p, q = occupancy @ pi, occupancy @ pi_new; return np.sum(p * np.log(p / q))"), 1, "Opposite changes"),
        "log2": (swap(KL, "np.log(", "np.log2("), 0, "base 2 or 10"),
        "∞ wherever π' is 0": (_sum("v = occupancy > 0\n    if np.any(pi_new[v] == 0):\n        return np.inf\n    d, p, q = occupancy[v], pi[v], pi_new[v]\n    return np.sum(d[:, None] * p * np.where(p > 0, np.log(np.where(p > 0, p, 1) / q), 0))"), 3, "an action that π excludes"),
        "0 · ∞": (_sum("return np.sum(occupancy[:, None] * pi * np.log(pi / pi_new))"), 3, "multiply 0 by log 0"),
        "nansum": (_sum("return np.nansum(pi * np.log(pi / pi_new) * occupancy[:, None]) if (pi_new > 0).all() else np.inf"), 3, "nobody goes there"),
        "∞ hidden": (swap(KL, "weight > 0", "(weight > 0) & (pi_new > 0)"), 3, "leave out the actions that π' excludes"),
        "small number added": (_sum("return np.sum(occupancy[:, None] * pi * np.log((pi + 1e-10) / (pi_new + 1e-10)))"), 3, "turns ∞ into a finite number"),
        "clipped": (_sum("p, q = np.clip(pi, 1e-8, 1), np.clip(pi_new, 1e-8, 1); return np.sum(occupancy[:, None] * p * np.log(p / q))"), 3, "turns ∞ into a finite number"),
        "no return": (swap(KL, "return np.sum", "np.sum", "return np.inf", "pass"), 0, "returned None"),
    },
    "fisher": {
        "uniform over actions": (_outer("occupancy[s] / pi.shape[1]"), 0, "All actions count alike"),
        "sum over actions": (_outer("occupancy[s]"), 0, "All actions count alike"),
        "state weights forgotten": (_outer("pi[s, a]"), 2, "All states count alike"),
        "mean over states": (_outer("pi[s, a] / len(pi)"), 2, "All states count alike"),
        "d twice": (_outer("occupancy[s] ** 2 * pi[s, a]"), 2, "enter twice"),
        "weights normalised": (_outer("occupancy[s] / occupancy.sum() * pi[s, a]"), 2, "averaged alike"),
        "gradient of π": (_outer("occupancy[s] * pi[s, a] ** 2"), 0, "not of ∇ log π"),
        "np.mean over the table": (_outer("occupancy[s] * pi[s, a] / pi.size"), 0, "divide by the number of actions"),
        "never filled": (swap(FISHER, "range(len(occupancy))", "range(len(occupancy) - 1)", "range(pi.shape[1])", "range(1, 1)"), 0, "F is zero everywhere"),
        "outer product of the mean": ("def fisher(occupancy, pi, scores):\n    m = np.einsum('s,sa,sak->k', occupancy, pi, scores)\n    return np.outer(m, m)\n", 0, "average the scores first"),
        "outer product of each state's mean": ("def fisher(occupancy, pi, scores):\n    return sum(d * np.outer(z.mean(0), z.mean(0)) for d, z in zip(occupancy, scores))\n", 0, "average the scores first"),
        "mean subtracted": (swap(FISHER, "    K =", "    scores = scores - scores.mean(axis=1, keepdims=True)\n    K ="), 0, "nothing to subtract"),
        "np.cov": ("def fisher(occupancy, pi, scores):\n    return np.cov(scores.reshape(-1, scores.shape[2]).T)\n", 0, "nothing to subtract"),
        "diagonal only": (_after("np.diag(np.diag(F))"), 0, "Only the diagonal"),
        "squares of the scores": ("def fisher(occupancy, pi, scores):\n    return np.einsum('s,sa,sak->k', occupancy, pi, scores**2)\n", 0, "Only the diagonal"),
        "inner product": (swap(FISHER, "F = np.zeros((K, K))", "F = 0", "np.outer(scores[s, a], scores[s, a])", "np.dot(scores[s, a], scores[s, a])"), 0, "outer product ψψᵀ is"),
        "factor ½": (_after("F / 2"), 0, "not in F"),
        "Hessian's sign": (_after("-F"), 0, "mean of squares"),
        "greedy action": (_outer("occupancy[s] * (a == pi[s].argmax())"), 0, "Only the likeliest action"),
        "return in the loop": (_after("F").replace("    return F", "        return F"), 2, "return inside the loop"),
        "pseudo-inverse": (_after("np.linalg.pinv(F)"), 0, "Return F itself"),
        "one for each state": ("def fisher(occupancy, pi, scores):\n    return np.einsum('s,sa,sak,sal->skl', occupancy, pi, scores, scores)\n", 0, "one matrix for each state"),
        "over the wrong axes": ("def fisher(occupancy, pi, scores):\n    z = scores.reshape(-1, scores.shape[2])\n    return z @ z.T\n", 0, "for each PARAMETER"),
        "sampled": ("def fisher(occupancy, pi, scores):\n    rng = np.random.default_rng(0)\n    d = occupancy / occupancy.sum()\n    s = rng.choice(len(d), size=4000, p=d)\n    z = np.array([scores[i, rng.choice(pi.shape[1], p=pi[i])] for i in s])\n    return occupancy.sum() * z.T @ z / len(z)\n", 0, "estimated from sampled actions"),
    },
    "steepest_step": {
        "multiplied instead of solved": (_n("G @ g"), 3, "instead of solving"),
        "multiplied, its own product": ("def steepest_step(G, g, epsilon):\n    n = G @ g\n    return np.sqrt(2 * epsilon / (g @ n)) * n\n", 0, "instead of solving"),
        "plain gradient": (_n("g"), 3, "steepest direction of the ball"),
        "ball": ("def steepest_step(G, g, epsilon):\n    return np.sqrt(2 * epsilon) * g / np.linalg.norm(g)\n", 0, "steepest direction of the ball"),
        "descent": (swap(STEEPEST, "return ", "return -"), 0, "it descends"),
        "diagonal only": (_n("g / np.diag(G)"), 3, "Only the diagonal of G"),
        "1 / G": ("def steepest_step(G, g, epsilon):\n    n = (1 / G) @ g\n    return np.sqrt(2 * epsilon / abs(g @ n)) * n\n", 0, "divides entry by entry"),
        "root of the matrix": (_n("np.linalg.solve(np.linalg.cholesky(G), g)"), 3, "inverse ROOT"),
        "inverse twice": (_n("np.linalg.solve(G @ G, g)"), 3, "applied twice"),
        "sign": (_n("np.sign(g)"), 3, "Only the signs"),
        "direction only": (_c("1.0"), 3, "but not sized"),
        "unit vector": (_c("1 / np.linalg.norm(n)"), 3, "ordinary norm"),
        "factor 2 missing": (_c("np.sqrt(epsilon / (g @ n))"), 3, "the 2 under the root is missing"),
        "2 below": (_c("np.sqrt(epsilon / (2 * g @ n))"), 3, "in the wrong place"),
        "2 before the root": (_c("2 * np.sqrt(epsilon / (g @ n))"), 3, "in the wrong place"),
        "root missing": (_c("2 * epsilon / (g @ n)"), 3, "The root is missing"),
        "ε for √ε": (_c("epsilon * np.sqrt(2 / (g @ n))"), 3, "ε stands outside the root"),
        "ε as step size": (_c("epsilon"), 3, "ε stands outside the root"),
        "upside down": (_c("np.sqrt(g @ n / (2 * epsilon))"), 3, "upside down"),
        "multiplied under the root": (_c("np.sqrt(2 * epsilon * (g @ n))"), 3, "upside down"),
        "G in the length": (_c("np.sqrt(2 * epsilon / (g @ G @ g))"), 3, "is not gᵀG⁻¹g"),
        "norm of g in the length": (_c("np.sqrt(2 * epsilon / (g @ g))"), 3, "is not gᵀG⁻¹g"),
        "length of the ball": (_c("np.sqrt(2 * epsilon) / np.linalg.norm(n)"), 3, "ordinary norm"),
        "half of what is allowed": (swap(STEEPEST, "* n", "* n * 0.9"), 3, "not all of ε is spent"),
        "a column": (swap(STEEPEST, "return np.sqrt(2 * epsilon / (g @ n)) * n", "return (np.sqrt(2 * epsilon / (g @ n)) * n)[:, None]"), 0, "a matrix of one column"),
        "root of a negative number": (_c("(-2 * epsilon / (g @ n)) ** 0.5"), 0, "has nan or ∞"),
    },
    "natural_step": {
        "multiplied": (_natural("(F + damping * I) @ g"), 0, "instead of solving"),
        "F @ g": (_natural("F @ g"), 0, "instead of solving"),
        "F + λ": (_natural("np.linalg.solve(F + damping, g)"), 2, "EVERY entry"),
        "damping ignored": (_natural("np.linalg.solve(F, g)"), 2, "λ has no effect"),
        "pseudo-inverse": (_natural("np.linalg.pinv(F) @ g"), 2, "λ has no effect"),
        "damping on g": (_natural("np.linalg.pinv(F) @ (g + damping * g)"), 2, "not to F"),
        "mixed with g": (_natural("(1 - damping) * np.linalg.pinv(F) @ g + damping * g"), 2, "not to F"),
        "step shrunk": (_natural("np.linalg.pinv(F) @ g / (1 + damping)"), 2, "not to F"),
        "damped inverse": (_natural("(np.linalg.pinv(F) + damping * I) @ g"), 2, "not to F"),
        "λ times the trace": (_natural("np.linalg.solve(F + damping * np.trace(F) * I, g)"), 2, "scaled by the size of F"),
        "λ times the mean eigenvalue": (_natural("np.linalg.solve(F + damping * np.trace(F) / len(g) * I, g)"), 2, "scaled by the size of F"),
        "λ times the diagonal": (_natural("np.linalg.solve(F + damping * np.diag(np.diag(F)), g)"), 2, "diagonal of F (as Levenberg"),
        "mixed with I": (_natural("np.linalg.solve((1 - damping) * F + damping * I, g)"), 2, "mix F with the identity"),
        "λ²": (_natural("np.linalg.solve(F + damping**2 * I, g)"), 2, "has the wrong size"),
        "ridge regression": (_natural("np.linalg.solve(F.T @ F + damping**2 * I, F.T @ g)"), 2, "Idea to look at"),
        "subtracted": (_natural("np.linalg.solve(F - damping * I, g)"), 2, "You subtract λ"),
        "a constant λ": (_natural("np.linalg.solve(F + 1e-3 * I, g)"), 0, "a constant of yours"),
        "damped only if singular": (_natural("np.linalg.solve(F + damping * I, g) if np.linalg.matrix_rank(F) < len(g) else np.linalg.solve(F, g)"), 3, "λ has no effect"),
        "pseudo-inverse if singular": (_natural("np.linalg.pinv(F) @ g if np.linalg.matrix_rank(F) < len(g) else np.linalg.solve(F + damping * I, g)"), 4, "λ has no effect"),
        "by way of F⁻¹": (_natural("np.linalg.solve(I + damping * np.linalg.pinv(F), np.linalg.pinv(F) @ g)"), 4, "Idea to look at"),
        "diagonal only": (_natural("g / (np.diag(F) + damping)"), 0, "Only the diagonal of F"),
        "1 / F": (_natural("(1 / (F + damping * I)) @ g"), 0, "entry by entry"),
        "root": (_natural("np.linalg.solve(np.linalg.cholesky(F + damping * I), g)"), 0, "ROOT of F"),
        "Adam's root": (_natural("g / (np.sqrt(np.diag(F)) + damping)"), 0, "ROOT of F"),
        "twice": (_natural("np.linalg.solve(F + damping * I, np.linalg.solve(F + damping * I, g))"), 0, "applied twice"),
        "descent": (_natural("-np.linalg.solve(F + damping * I, g)"), 0, "exactly the wrong way"),
        "normalised": ("def natural_step(F, g, damping):\n    n = np.linalg.solve(F + damping * np.eye(len(g)), g)\n    return n / np.linalg.norm(n)\n", 0, "Return (F + λI)⁻¹g as it is"),
        "sized": ("def natural_step(F, g, damping):\n    n = np.linalg.solve(F + damping * np.eye(len(g)), g)\n    return np.sqrt(0.02 / (g @ n)) * n\n", 0, "Return (F + λI)⁻¹g as it is"),
        "the inverse": (_natural("np.linalg.inv(F + damping * I)"), 0, "You return a matrix"),
        "a column": (_natural("np.linalg.solve(F + damping * I, g[:, None])"), 0, "a matrix of one column"),
    },
    "kl_step": {
        "only ever shorter": (_k("min(1.0, np.sqrt(2 * epsilon / (n @ F @ n)))"), 2, "keep a short step short"),
        "conjugate gradients of the package": ("from pgkit.optim import conjugate_gradient, kl_sized\n\ndef kl_step(F, g, epsilon, damping):\n    n = conjugate_gradient(lambda v: v @ F, g[None], iterations=40, damping=damping)\n    return kl_sized(n, g[None], epsilon)[0]\n", 0, "write yourself"),
        "gᵀn": (_k("np.sqrt(2 * epsilon / (g @ n))"), 3.5, "You size with gᵀn"),
        "damped matrix in the length": (_k("np.sqrt(2 * epsilon / (n @ (F + damping * np.eye(len(g))) @ n))"), 3.5, "You size with gᵀn"),
        "length of the undamped step": (_k("np.sqrt(2 * epsilon / (g @ np.linalg.pinv(F) @ g))"), 3.5, "the damped one"),
        "damped twice": (_k("np.sqrt(2 * epsilon / (n @ (F + 2 * damping * np.eye(len(g))) @ n))"), 3.5, "enters twice"),
        "factor 2 missing": (_k("np.sqrt(epsilon / (n @ F @ n))"), 2, "the 2 under the root is missing"),
        "2 below": (_k("np.sqrt(epsilon / (2 * n @ F @ n))"), 2, "in the wrong place"),
        "root missing": (_k("2 * epsilon / (n @ F @ n)"), 2, "The root is missing"),
        "ε for √ε": (_k("epsilon * np.sqrt(2 / (n @ F @ n))"), 2, "ε stands outside the root"),
        "not sized": (_k("1"), 2, "but not sized"),
        "ε as step size": (_k("epsilon"), 2, "ε stands outside the root"),
        "upside down": (_k("np.sqrt(n @ F @ n / (2 * epsilon))"), 2, "upside down"),
        "length of the ball": (_k("np.sqrt(2 * epsilon) / np.linalg.norm(n)"), 2, "ordinary norm"),
        "nᵀFn outside": (_k("np.sqrt(2 * epsilon) / (n @ F @ n)"), 2, "outside the root"),
        "a bit too long": (_k("1.05 * np.sqrt(2 * epsilon / (n @ F @ n))"), 2, "exact mean KL is not ε"),
        "damping ignored": (_m("np.linalg.pinv(F, rcond=1e-9) @ g"), 3, "no effect on the direction"),
        "F + λ": (_m("np.linalg.lstsq(F + damping, g, rcond=1e-9)[0]"), 3, "EVERY entry"),
        "multiplied": (_m("(F + damping * np.eye(len(g))) @ g"), 3, "Idea to look at"),
        "F @ g": (_m("F @ g"), 3, "instead of solving"),
        "plain gradient": (_m("g"), 3, "steepest direction of the ball"),
        "descent": (swap(KL_STEP, "return ", "return -"), 0, "it descends"),
        "diagonal only": (_m("g / np.diag(F)"), 3, "Only the diagonal of F"),
        "a column": (_m("np.linalg.solve(F + damping * np.eye(len(g)), g[:, None])").replace("(n @ F @ n)", "(n.T @ F @ n)"), 0, "a matrix of one column"),
    },
}  # fmt: skip

# ---------------------------------------------------------------- borrowed from the package

BORROWED = {
    "mean_kl": (
        """
from pgkit.exact import mean_divergence

def mean_kl(occupancy, pi, pi_new):
    return mean_divergence(pi, pi_new, occupancy)
""",
        0,
    ),
    "fisher": (
        """
from pgkit import exact

def fisher(occupancy, pi, scores):
    return exact.fisher(pi, scores, occupancy)
""",
        0,
    ),
    "steepest_step": (
        """
from pgkit.exact import kl_step

def steepest_step(G, g, epsilon):
    return kl_step(G, g, epsilon)
""",
        0,
    ),
    "natural_step": (
        """
from pgkit.exact import natural_gradient as natural_step
""",
        0,
    ),
    "kl_step": (
        """
from pgkit.exact import natural_gradient

def kl_step(F, g, epsilon, damping):
    n = natural_gradient(F, g, damping)
    return np.sqrt(2 * epsilon / (n @ F @ n)) * n
""",
        0,
    ),
}
