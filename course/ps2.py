# %% [markdown]
# # Problem set 2: REINFORCE, and where to start
#
# | | |
# |---|---|
# | **Points** | 35: exercises 25 (graded by checks), questions 10 (graded by a person) |
# | **Time** | about 100 minutes |
# | **Needs** | notebooks 04 and 05 |
#
# You will sample start states from a reset distribution, write the REINFORCE update, join the two and
# escape the Ring of Fire, and then measure *how well* a reset distribution covers where an expert goes.
#
# **Rules**
# - Write between the signature and the end of each answer cell. Numpy is all you need; the functions
#   of `pgkit` that would *be* the answer are switched off inside the checks.
# - The checks compare your numbers with exact ones, not with our code. Loop or vectorise, in float64 or
#   float32, as you like. Warnings and progress bars cost nothing.
# - Each check shows what it sees and says what is wrong. Grading repeats it on other data **by the same
#   rules**; "Validate" runs the visible half only.
# - Parts are worth points on their own. An exercise that you leave out costs only its own points, but
#   exercise 3 uses your answers to 1 and 2.
#
# | exercise | points | difficulty | importance | minutes |
# |---|---|---|---|---|
# | 1 Sample from μ | 4 | ●○○ | ●●○ | 10 |
# | 2 The REINFORCE update | 6 | ●●○ | ●●● | 25 |
# | 3 REINFORCE with resets | 4 | ●○○ | ●●● | 10 |
# | 4 Where does a policy go? | 6 | ●●○ | ●●○ | 20 |
# | 5 The penalty | 5 | ●●○ | ●●● | 15 |
# | 6 Two questions | 10 | ●●● | ●●● | 20 |

# %%
import numpy as np

from pgkit.check import check

# %% [markdown]
# ## 1 Sample from μ
# *Difficulty ●○○, importance ●●○, 10 minutes, 4 points: frequencies 3, draws from `rng` 1.*
#
# The lecture's fix is one phrase: start at $s_1\sim\mu(s)$. Here it is as a function. States are numbered
# $0,\dots,S-1$; `mu[s]` is the probability of starting in state $s$.
#
# *The check* draws 8000 starts and asks that each state's frequency lies within 6 standard errors of
# $\mu(s)$. It then draws two starts, 2000 times: each pair must come as often as with independent draws. It
# also asks that the randomness comes from `rng`: same seed, same draws. Any method that does so will do.

# %% tags=["answer:sample_resets"]
def sample_resets(mu, n, rng):
    """Draw n start states s_1 ~ μ, independently.

    Parameters
    ----------
    mu : array [S], probabilities that sum to 1; some may be 0.
    n : how many to draw.
    rng : numpy.random.Generator, the only source of randomness.

    Returns
    -------
    array [n] of state indices in 0..S-1
    """
    ### BEGIN SOLUTION
    cumulative = np.cumsum(mu)
    return np.searchsorted(cumulative / cumulative[-1], rng.random(n), side="right")
    ### END SOLUTION
    raise NotImplementedError("sample_resets")

# %% [markdown] tags=["hints"]
# - nudge: Lay the probabilities end to end on a stick of length 1. Throw a dart at the stick.
# - method: A uniform draw $u$ lands in the piece of the first state $s$ with $u < \mu(0)+\dots+\mu(s)$. Or look
#   for a method of `rng` that does this for you.
# - almost code: `c = np.cumsum(mu)`, `u = rng.random(n)`, and for each `u` the number of entries of `c` that
#   are ≤ `u`. Mind which side a tie falls on: a state with μ = 0 must never come out.

# %% tags=["check:sample_resets:4"]
report = check("sample_resets", sample_resets)
### BEGIN HIDDEN TESTS
report += check("sample_resets", sample_resets, seed=70512)
### END HIDDEN TESTS
report.points(4)

# %% [markdown]
# ## 2 The REINFORCE update
# *Difficulty ●●○, importance ●●●, 25 minutes, 6 points: one step 2, reward-to-go 2, batch 2.*
#
# From $N$ trajectories collected with the softmax policy $\pi_\theta(a|s)=e^{\theta[s,a]}/\sum_{a'}e^{\theta[s,a']}$,
#
# $$\theta \;\leftarrow\; \theta + \alpha\,\frac1N\sum_{i=1}^{N}\sum_{t}\nabla_\theta\log\pi_\theta(a_t^i|s_t^i)\;\hat Q_t^i,
# \qquad \hat Q_t=\sum_{k\ge t}\gamma^{\,k-t}\,r_k .$$
#
# The slide writes the sum without $1/N$; with it, $\alpha$ means the same for every batch size. As on the
# slide there is no extra factor $\gamma^t$. All trajectories were collected with the *old* $\theta$.
#
# *The check* compares your new table with the exact one: no entry may be off by more than 0.0001 of the
# largest change (or of 0.02 where that is more). The table you are given must stay as it is.

# %% tags=["answer:reinforce_update"]
def reinforce_update(theta, trajectories, alpha, gamma):
    """One REINFORCE update of a softmax table.

    Parameters
    ----------
    theta : array [S, A], the logits that collected the trajectories; it stays as it is.
    trajectories : list of N tuples (states, actions, rewards), arrays of equal length within a tuple.
    alpha, gamma : step size and discount.

    Returns
    -------
    array [S, A], the new θ
    """
    ### BEGIN SOLUTION
    probs = np.exp(theta - theta.max(axis=1, keepdims=True))
    probs /= probs.sum(axis=1, keepdims=True)
    grad = np.zeros_like(theta)
    for states, actions, rewards in trajectories:
        q_hat = 0.0
        for s, a, r in zip(states[::-1], actions[::-1], rewards[::-1], strict=True):
            q_hat = r + gamma * q_hat
            grad[s] -= q_hat * probs[s]
            grad[s, a] += q_hat
    return theta + alpha * grad / len(trajectories)
    ### END SOLUTION
    raise NotImplementedError("reinforce_update")

# %% [markdown] tags=["hints"]
# - nudge: Do it first for one trajectory of one step. Which entries of $\theta$ change at all?
# - method: Only the row of the visited state changes, by $\alpha\,\hat Q\,(\text{onehot}(a)-\pi_\theta(\cdot|s))$. For
#   the $\hat Q_t$, walk through the rewards from the last to the first: $\hat Q_t=r_t+\gamma\,\hat Q_{t+1}$.
# - almost code: Compute `probs` from `theta` once. For each trajectory, `q = 0`; for t from the end: `q = r[t] +
#   gamma * q`; take `q * probs[s]` from the row of `grad`, give `q` to `grad[s, a]`. After all trajectories,
#   one single update.

# %% tags=["check:reinforce_update:6"]
report = check("reinforce_update", reinforce_update)
### BEGIN HIDDEN TESTS
report += check("reinforce_update", reinforce_update, seed=31876)
### END HIDDEN TESTS
report.points(6)

# %% [markdown]
# ## 3 REINFORCE with resets
# *Difficulty ●○○, importance ●●●, 10 minutes, 4 points: starts 2, trained 2.*
#
# Now the slide *REINFORCE (with resets)*, on the Ring of Fire. Start with $\theta=0$ ($S=$ `len(mu)` states, 4
# actions) and repeat `updates` times: draw $N=16$ start states from μ, roll out, update.
#
# `rollout(theta, starts, rng)` is given to you. It runs the softmax policy of `theta` once from each start
# state and returns the trajectories in the form that exercise 2 takes.
#
# *The check* looks at how often your rollouts start in each cell; a look at the policy now and then, from S
# or from μ, costs nothing. With uniform μ it compares your first update and your last with the exact ones, and
# the θ that you return must be the last one's. Then it looks at what your policy does **from the nominal start
# S**: trained with uniform μ, more than half of its rollouts must reach +100 (a right answer reaches nearly
# all); trained with μ = "always S", more than half must end at +1, because REINFORCE gets stuck there. It takes
# a few seconds; grading stops it after 60 s.

# %% tags=["answer:reinforce_with_resets"]
def reinforce_with_resets(mu, rollout, rng, updates=500, episodes=16, alpha=0.1, gamma=0.95):
    """Train a softmax table with REINFORCE, rollouts starting at s_1 ~ μ.

    Parameters
    ----------
    mu : array [S], the reset distribution.
    rollout : function (theta, starts, rng) -> list of (states, actions, rewards), one for each start.
    rng : numpy.random.Generator.
    updates, episodes, alpha, gamma : number of updates, rollouts in each, step size, discount.

    Returns
    -------
    array [S, 4], the trained θ
    """
    ### BEGIN SOLUTION
    theta = np.zeros((len(mu), 4))
    for _ in range(updates):
        starts = sample_resets(mu, episodes, rng)
        theta = reinforce_update(theta, rollout(theta, starts, rng), alpha, gamma)
    return theta
    ### END SOLUTION
    raise NotImplementedError("reinforce_with_resets")

# %% [markdown] tags=["hints"]
# - nudge: Only one line of the loop differs from plain REINFORCE. Which?
# - method: Inside the loop, every time anew: starts from exercise 1, trajectories from `rollout`, update from
#   exercise 2. Keep what the update returns.
# - almost code: `theta = np.zeros((len(mu), 4))`; in the loop `tau = rollout(theta, <16 draws from mu>, rng)` and
#   `theta = <your update>(theta, tau, alpha, gamma)`.

# %% tags=["check:reinforce_with_resets:4"]
report = check("reinforce_with_resets", reinforce_with_resets)
### BEGIN HIDDEN TESTS
report += check("reinforce_with_resets", reinforce_with_resets, seed=90241)
### END HIDDEN TESTS
report.points(4)

# %% [markdown]
# To play with it, open a cell of your own: `from pgkit.checks.ps2 import roll_out`, then
# `reinforce_with_resets(mu, roll_out, np.random.default_rng(0))` with any `mu` over the 81 cells of the map
# (numbered row by row, 9 in a row).

# %% [markdown]
# ## 4 Where does a policy go?
# *Difficulty ●●○, importance ●●○, 20 minutes, 6 points: never-ending chain 2, ending chain 3, γ near 1 1.*
#
# To cover what the expert visits, one has to know where a policy goes. Its **discounted occupancy** is
#
# $$d^{\pi}(s)=(1-\gamma)\sum_{t=0}^{\infty}\gamma^{t}\,\Pr(s_t=s\mid s_0\sim\rho,\;\pi).$$
#
# `P[s, a, s']` is the probability that action $a$ leads from $s$ to $s'$. If the $P[s,a,\cdot]$ sum to less than
# 1, the missing part is the probability that the episode *ends* there. Then $d^\pi$ sums to less than 1,
# and it should: do not rescale it.
#
# *The check* allows 0.0001 of the largest entry, also at γ = 0.99. An exact solve or a long sum will do.

# %% tags=["answer:occupancy"]
def occupancy(P, pi, start, gamma):
    """Discounted occupancy d^π of a policy.

    Parameters
    ----------
    P : array [S, A, S], P[s, a, s'] = probability of going from s to s' with action a.
    pi : array [S, A], π(a|s).
    start : array [S], ρ(s), where the episode starts.
    gamma : discount, 0 ≤ γ < 1.

    Returns
    -------
    array [S], d^π(s)
    """
    ### BEGIN SOLUTION
    step = np.einsum("sa,sat->st", pi, P)
    return (1 - gamma) * np.linalg.solve(np.eye(len(start)) - gamma * step.T, start)
    ### END SOLUTION
    raise NotImplementedError("occupancy")

# %% [markdown] tags=["hints"]
# - nudge: Put one unit of mass on the states, as `start` says. Where is it after one step?
# - method: Average the actions away: $P_\pi[s,s']=\sum_a\pi(a|s)P[s,a,s']$. Mass moves as $m\leftarrow m\,P_\pi$ (row times
#   matrix). Either add up $(1-\gamma)\gamma^t m_t$, or note that $d=(1-\gamma)\rho+\gamma\,d\,P_\pi$ and solve.
# - almost code: `step = (pi[:, :, None] * P).sum(axis=1)`; then `np.linalg.solve(I - gamma * step.T, (1 - gamma) *
#   start)`. Ask yourself why the transpose.

# %% tags=["check:occupancy:6"]
report = check("occupancy", occupancy)
### BEGIN HIDDEN TESTS
report += check("occupancy", occupancy, seed=55029)
### END HIDDEN TESTS
report.points(6)

# %% [markdown]
# ## 5 The penalty
# *Difficulty ●●○, importance ●●●, 15 minutes, 5 points: covered 2, a state that μ misses 2, unvisited states 1.*
#
# "Suffer at most a penalty of" $\left\|\dfrac{d_{\pi^*}}{\mu}\right\|_\infty=\max_s\dfrac{d_{\pi^*}(s)}{\mu(s)}$. Two cases need thought:
#
# - If $d_{\pi^*}(s)>0$ but $\mu(s)=0$, the expert goes where you never start: the penalty is **∞**.
# - If $d_{\pi^*}(s)=0$, that state puts no demand on μ, also when $\mu(s)=0$.
#
# $d_{\pi^*}$ sums to at most 1 (the rest of the time the episode is over). Take it as it is.
#
# *The check* allows a relative error of 0.0001; ∞ must be ∞ (`np.inf`).

# %% tags=["answer:mismatch"]
def mismatch(d_star, mu):
    """The mismatch coefficient ‖d_π*/μ‖_∞.

    Parameters
    ----------
    d_star : array [S], occupancy of the optimal policy from the nominal start; may contain zeros.
    mu : array [S], the reset distribution; may contain zeros.

    Returns
    -------
    a number, or infinity
    """
    ### BEGIN SOLUTION
    visited = d_star > 0
    if np.any(mu[visited] == 0):
        return np.inf
    return np.max(d_star[visited] / mu[visited])
    ### END SOLUTION
    raise NotImplementedError("mismatch")

# %% [markdown] tags=["hints"]
# - nudge: What does numpy make of 1/0, and of 0/0? Which of the two do you want?
# - method: First throw away the states that the expert never visits. What is left has $d_{\pi^*}>0$, so a zero of μ
#   now really means ∞.
# - almost code: `visited = d_star > 0`; if any `mu[visited]` is 0, the answer is `np.inf`; else the largest of
#   `d_star[visited] / mu[visited]`.

# %% tags=["check:mismatch:5"]
report = check("mismatch", mismatch)
### BEGIN HIDDEN TESTS
report += check("mismatch", mismatch, seed=12683)
### END HIDDEN TESTS
report.points(5)

# %% [markdown]
# ## 6 Two questions
# *Difficulty ●●●, importance ●●●, 20 minutes, 5 points each. A few sentences and a formula where it helps;
# a person reads them.*
#
# **6a.** The policy gradient theorem writes $\nabla_\theta J$ with $\nabla_\theta\log\pi_\theta(a_t|s_t)$ alone: the transition
# probabilities do not appear. Where in the proof is it used that the dynamics do not depend on $\theta$? What
# would be added if they did?

# %% [markdown] tags=["written:dynamics:5"]
# **Model answer.** $J(\theta)=\sum_\xi p(\xi|\theta)R(\xi)$ with
# $p(\xi|\theta)=\rho(s_0)\prod_t\pi_\theta(a_t|s_t)\,P(s_{t+1}|s_t,a_t)$. The gradient is
# $\mathbb E[\nabla_\theta\log p(\xi|\theta)\,R(\xi)]$, and
# $\log p=\log\rho(s_0)+\sum_t\log\pi_\theta(a_t|s_t)+\sum_t\log P(s_{t+1}|s_t,a_t)$. Only the middle sum depends on
# $\theta$; the first and the last drop out **because ρ and P do not depend on θ**. That is why one can do it
# without knowing P. If P depended on θ, a term $\sum_t\nabla_\theta\log P_\theta(s_{t+1}|s_t,a_t)$ would join the score, and
# one would need a model to compute it. (The same holds for ρ: choosing μ by θ would add $\nabla_\theta\log\mu_\theta(s_0)$.)
#
# **Rubric (5).** 1: trajectory probability as a product with policy and dynamics. 1: logarithm turns it into
# a sum. 2: says that the gradient of the dynamics terms is zero because they do not depend on θ, at this
# line. 1: names the extra term (or that a model would be needed).
# Common wrong answers: "because the expectation is over trajectories" (0 of the 2); "because the world is
# deterministic" (it need not be; 0 of the 2).

# %% [markdown]
# **6b.** Someone proposes to judge a reset distribution by the *mean* of the ratio, taken under μ itself:
# $\sum_s\mu(s)\,\dfrac{d_{\pi^*}(s)}{\mu(s)}$. Show that this number cannot tell a good μ from a bad one. Give a μ on the
# Ring of Fire whose mean ratio is small and with which learning fails all the same (notebook 05 has the
# measurements). Why does the theorem need the maximum?

# %% [markdown] tags=["written:mean_ratio:5"]
# **Model answer.** μ cancels: the mean is $\sum_s d_{\pi^*}(s)\le 1$ for *every* μ that is positive where
# $d_{\pi^*}$ is; on the Ring of Fire it is 0.512, the part of (discounted) time before the episode ends. So it is the
# same number for uniform resets and for $\mu_w=(1-w)\,\text{nominal}+w\,\text{uniform}$ with $w=1\,\%$. But with
# $w=1\,\%$ one of 100 runs escapes within 500 updates (notebook 05), with $w=20\,\%$ 89 do. The maximum tells them apart: 244 against 12.
#
# The proof bounds $\sum_s d_{\pi^*}(s)\max_aA^\pi(s,a)$ by
# $\left(\max_s\frac{d_{\pi^*}(s)}{d_\mu^{\pi}(s)}\right)\sum_s d_\mu^{\pi}(s)\max_aA^\pi(s,a)$. Nothing is known about *where* the
# advantage sits. All of it may sit in the worst covered state, and then the factor is exactly that state's ratio; a mean would
# let the well covered states hide it.
#
# **Rubric (5).** 1: μ cancels, the mean is $\sum d_{\pi^*}\le1$. 2: a concrete μ that fails (small $w$; or nearly all
# mass inside the ring with a little elsewhere), with its mean ratio. 1: contrasts it with the maximum.
# 1: change of measure, the advantage may all sit in the worst covered state.
# An example with μ = 0 on the expert's way is half right (1 of the 2): there the ratio is ∞ and every mean shows it.
