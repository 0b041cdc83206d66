# %% [markdown]
# # Problem set 4: something to compare with
#
# | | |
# |---|---|
# | **Points** | 35: exercises 25 (graded by checks), questions 10 (graded by a person) |
# | **Time** | about 125 minutes |
# | **Needs** | notebooks 07 and 08 |
#
# "Is this a good roll-out or a bad roll-out?" You will write what answers that: fit $V$, subtract it, and see with all
# trajectories at once that the mean gradient stays. Then a baseline that needs no fit, and two ways to learn $V$ step by
# step.
#
# **Rules**
# - Write between the signature and the end of each answer cell. Numpy is all you need; the functions
#   of `pgkit` that would *be* the answer are switched off inside the checks.
# - The checks compare your numbers with exact ones, not with our code. Loop or vectorise, in float64 or
#   float32, as arrays or lists. Your inputs are copies: you may write into them. Warnings and progress bars cost nothing.
# - Each check shows what it sees and says what is wrong. Grading repeats it on other data **by the same
#   rules**; "Validate" runs the visible half only.
# - Parts are worth points on their own, and an exercise that you leave out costs only its own points. Its check
#   stops "Run All": run the cells after it one by one.
#   A later answer may call an earlier one.
#
# | exercise | points | difficulty | importance | minutes |
# |---|---|---|---|---|
# | 1a Fit V | 3 | ●○○ | ●●○ | 10 |
# | 1b V with a clock | 2 | ●○○ | ●●● | 10 |
# | 2 The advantage | 3 | ●○○ | ●●● | 10 |
# | 3 The gradient with a baseline | 6 | ●●○ | ●●● | 25 |
# | 4 Leave one out | 4 | ●●○ | ●●○ | 15 |
# | 5 The Monte Carlo update | 3 | ●○○ | ●●○ | 10 |
# | 6 The TD update | 4 | ●●○ | ●●● | 15 |
# | 7 Two questions | 10 | ●●● | ●●● | 30 |
#
# **Symbols**
# - $N$ trajectories of at most $T$ steps, in arrays `[N, T]`. The entry `[i, t]` is step $t=0,1,\dots$ of trajectory $i$.
# - $s_t^i,\,a_t^i,\,r_t^i$: state, action, reward there. States are numbered $0,\dots,S-1$, actions $0,\dots,A-1$.
# - $\hat Q_t^i$: the reward-to-go from step $t$ on, the sum of the (discounted) rewards that followed; in the code `q_hat`.
# - `live[i, t]` is `True` if the step happened. Trajectories may end early; the rest of their row is **padding**. What lies there
#   (some state, some number) is left over from something else and means nothing.
# - $V(s)$, $V_t(s)$: the table of state values, without and with the time; `v`. $b$: any baseline.

# %%
import numpy as np

from pgkit.check import check

# %% [markdown]
# ## 1 Fit V
# ### 1a State by state
# *Difficulty ●○○, importance ●●○, 10 minutes, 3 points: all states seen 2, states without data 1.*
#
# TRAIN $V_\phi$. Here φ is the table itself, one number for each state, and the data are $n$ pairs $(s_k,\hat Q_k)$, in a row:
#
# $$V=\arg\min_V\sum_{k=1}^{n}\big(V(s_k)-\hat Q_k\big)^2 .$$
#
# The slide forgets the argmin and the square. With the square, it is a question you can answer state by state. A state
# **without data** can be anything, as far as the sum goes. The rule here: it **keeps** its old value.
#
# *The check* allows an error of 0.0001 of the largest entry.

# %% tags=["answer:fit_value"]
def fit_value(v, s, q_hat):
    """The table V that fits the pairs (s, Q̂) best, in the sense of least squares.

    Parameters
    ----------
    v : array [S], the table so far; a state without data keeps its v[s].
    s : array [n] of states.
    q_hat : array [n], Q̂ of each of them.

    Returns
    -------
    array [S], the new table
    """
    ### BEGIN SOLUTION
    new = np.array(v, dtype=float)
    for x in np.unique(s):
        new[x] = np.mean(q_hat[s == x])
    return new
    ### END SOLUTION
    raise NotImplementedError("fit_value")

# %% [markdown] tags=["hints"]
# - nudge: Suppose all data are from one state. Which single number $V$ makes $\sum_k(V-\hat Q_k)^2$ smallest? Differentiate.
# - method: No state shares a number with another, so the sum falls apart into one for each state, and each is least at the
#   **mean** of that state's $\hat Q$. (With $|V-\hat Q|$ in place of the square it would be the median.)
# - almost code: Copy `v`. For each state `x` that occurs in `s` put the mean of `q_hat[s == x]` into the copy.

# %% tags=["check:fit_value:3"]
report = check("fit_value", fit_value)
### BEGIN HIDDEN TESTS
report += check("fit_value", fit_value, seed=50817)
### END HIDDEN TESTS
report.points(3)

# %% [markdown]
# ### 1b With a clock
# *Difficulty ●○○, importance ●●●, 10 minutes, 2 points: all steps live 1, unequal lengths 1.*
#
# With a fixed end and no discount, what is still to come depends on the time, and $V$ needs a clock: a table $V_t(s)$ with a row for
# each time. The data are a whole batch now, `[N, T]`, with padding:
#
# $$V=\arg\min_V\sum_{i=1}^{N}\;\sum_{t:\,\text{live}}\big(V_t(s_t^i)-\hat Q_t^i\big)^2 .$$
#
# Padding is no data. A pair $(t,s)$ without data keeps its old value.
#
# *The check* allows an error of 0.0001 of the largest entry.

# %% tags=["answer:fit_value_clock"]
def fit_value_clock(v, s, q_hat, live):
    """The table V_t(s) that fits a batch best, in the sense of least squares.

    Parameters
    ----------
    v : array [T, S], the table so far; a pair (t, s) without data keeps its v[t, s].
    s : array [N, T] of states.
    q_hat : array [N, T], Q̂_t of each step.
    live : array [N, T] of bools, False in the padding.

    Returns
    -------
    array [T, S], the new table
    """
    ### BEGIN SOLUTION
    new = np.array(v, dtype=float)
    for t in range(len(v)):
        here = live[:, t]
        new[t] = fit_value(new[t], s[here, t], q_hat[here, t])
    return new
    ### END SOLUTION
    raise NotImplementedError("fit_value_clock")

# %% [markdown] tags=["hints"]
# - nudge: Does the data of time 3 say anything about $V_2$?
# - method: Each time is a fit of its own, exercise 1a with the live steps of one column.
# - almost code: Copy `v`. For each `t` let `here = live[:, t]`, and put `fit_value(v[t], s[here, t], q_hat[here, t])` into row `t`.

# %% tags=["check:fit_value_clock:2"]
report = check("fit_value_clock", fit_value_clock)
### BEGIN HIDDEN TESTS
report += check("fit_value_clock", fit_value_clock, seed=19462)
### END HIDDEN TESTS
report.points(2)

# %% [markdown]
# ## 2 The advantage
# *Difficulty ●○○, importance ●●●, 10 minutes, 3 points: all steps live 2, unequal lengths 1.*
#
# Better than expected, or worse? What step $t$ of trajectory $i$ brought, compared with what is expected there:
#
# $$\hat A_t^i=\hat Q_t^i-V_t(s_t^i),\qquad\text{and}\quad\hat A_t^i=0\ \text{ in the padding.}$$
#
# *The check* allows an error of 0.0001 of the largest entry.

# %% tags=["answer:advantage"]
def advantage(q_hat, s, live, v):
    """Estimated advantage Q̂_t - V_t(s_t) of each step.

    Parameters
    ----------
    q_hat : array [N, T], Q̂_t of each step.
    s : array [N, T] of states.
    live : array [N, T] of bools, False in the padding.
    v : array [T, S], the table V_t(s); the time comes first.

    Returns
    -------
    array [N, T], 0 in the padding
    """
    ### BEGIN SOLUTION
    expected = v[np.arange(s.shape[1]), s]
    return np.where(live, q_hat - expected, 0.0)
    ### END SOLUTION
    raise NotImplementedError("advantage")

# %% [markdown] tags=["hints"]
# - nudge: Which one entry of `v` belongs to step `[i, t]`?
# - method: Step `[i, t]` is compared with `v[t, s[i, t]]`. Begin with zeros `[N, T]`, and fill in the live steps.
# - almost code: Two loops, over `i` and `t`: `if live[i, t]`, entry `[i, t]` is `q_hat[i, t]` less `v[t, s[i, t]]`. Without loops: the array of
#   times `np.arange(T)` and `s` together are an index into `v`; then `np.where(live, ..., 0.0)`.

# %% tags=["check:advantage:3"]
report = check("advantage", advantage)
### BEGIN HIDDEN TESTS
report += check("advantage", advantage, seed=87034)
### END HIDDEN TESTS
report.points(3)

# %% [markdown]
# ## 3 The gradient with a baseline
# *Difficulty ●●○, importance ●●●, 25 minutes, 6 points: all steps live 2, unequal lengths 1, all trajectories 3.*
#
# COMPUTE GRADIENTS. The policy is a softmax table: row $s$ of θ holds the logits of state $s$,
# $\pi_\theta(a|s)=e^{\theta_{sa}}/\sum_{a'}e^{\theta_{sa'}}$. Its score has one row that is not zero, that of $s_t$:
#
# $$\psi_t=\nabla_\theta\log\pi_\theta(a_t|s_t):\qquad\text{row }s_t\text{ is }\;\text{onehot}(a_t)-\pi_\theta(\cdot|s_t).$$
#
# Any table $b_t(s)$ may be the baseline. The estimate of $\nabla_\theta J$, which we *ascend*, is a mean over trajectories of sums over their live
# steps:
#
# $$\hat g=\frac1N\sum_{i=1}^{N}\;\sum_{t:\,\text{live}}\psi_t^i\,\big(\hat Q_t^i-b_t(s_t^i)\big).$$
#
# *The check* compares $\hat g$ for some batches (error at most 0.0001 of the largest entry). Then it does what no experiment can: it gives you **all** trajectories of
# a small world, one by one, each as a batch with $N=1$, and weighs your 64 estimates with the exact probabilities. Their mean must be
# $\nabla_\theta J$, which the check has from $J$ alone, for a sensible baseline and for a silly one; their variance must be the
# exact one (both to 0.001).

# %% tags=["answer:baseline_gradient"]
def baseline_gradient(theta, s, a, q_hat, live, b):
    """Estimate of ∇J for a softmax table, with a baseline.

    Parameters
    ----------
    theta : array [S, A], a row of logits for each state.
    s, a : arrays [N, T] of states and actions.
    q_hat : array [N, T], Q̂_t of each step.
    live : array [N, T] of bools, False in the padding.
    b : array [T, S], the baseline b_t(s).

    Returns
    -------
    array [S, A], ĝ
    """
    ### BEGIN SOLUTION
    weight = advantage(q_hat, s, live, b)
    pi = np.exp(theta - theta.max(axis=1, keepdims=True))
    pi /= pi.sum(axis=1, keepdims=True)
    psi = np.eye(theta.shape[1])[a] - pi[s]
    grad = np.zeros(theta.shape)
    np.add.at(grad, s, weight[..., None] * psi)
    return grad / len(s)
    ### END SOLUTION
    raise NotImplementedError("baseline_gradient")

# %% [markdown] tags=["hints"]
# - nudge: You have written the weights already, in exercise 2. What is left is problem set 1, exercise 5b, with a plus.
# - method: Take the softmax of each row of θ once. Each live step with the weight $w=\hat Q_t-b_t(s_t)$ adds $-w\,\pi(\cdot|s_t)$ to row $s_t$, and $+w$ to
#   the entry $(s_t,a_t)$. At the end divide by $N$, not by the number of steps.
# - almost code: `w = advantage(q_hat, s, live, b)` and `grad` of zeros. For each `i` and `t`: `grad[s[i, t]] -= w[i, t] * pi[s[i, t]]` and
#   `grad[s[i, t], a[i, t]] += w[i, t]`. Divide by `len(s)`.

# %% tags=["check:baseline_gradient:6"]
report = check("baseline_gradient", baseline_gradient)
### BEGIN HIDDEN TESTS
report += check("baseline_gradient", baseline_gradient, seed=34721)
### END HIDDEN TESTS
report.points(6)

# %% [markdown]
# To see it at work, open a cell of your own. This is the Century world of notebook 07 at the coin toss, all 1024 trajectories. The mean should be ±1.425 in
# each row, whatever `b` is. And the variance? (Notebook 07 has one parameter for each state. Here a row has two logits, and what pushes one up
# pushes the other down: your variances are twice those of the notebook.)
# ```python
# from pgkit import exact, load_world
# world, T, coin = load_world("century"), 5, np.full((2, 2), 0.5)
# tau = exact.paths(world, T)
# p, q_hat = exact.path_probability(tau, coin), exact.future_return(tau, gamma=1.0)
# V = exact.values_over_time(world, exact.at_all_times(coin, T), gamma=1.0)[0][:T]
# batch = tau.s, tau.a, q_hat, tau.live
# for b in (0 * V, V):
#     g = [baseline_gradient(np.zeros((2, 2)), *(x[m : m + 1] for x in batch), b)
#          for m in range(len(p))]
#     mean = np.tensordot(p, g, 1)
#     variance = p @ ((g - mean) ** 2).sum(axis=(1, 2))
#     print(mean.round(3).tolist(), "variance", variance.round(2))
# ```

# %% [markdown]
# ## 4 Leave one out
# *Difficulty ●●○, importance ●●○, 15 minutes, 4 points: all steps live 2, unequal lengths 1, nobody else 1.*
#
# "It depends on other trajectories!" A baseline that needs no $V$ at all: for trajectory $i$ at time $t$ the mean of what the **others** got from time $t$
# on. Let $M_t^i$ be the set of the other trajectories ($j\ne i$) that are live at time $t$. Then
#
# $$b_t^i=\frac{1}{|M_t^i|}\sum_{j\in M_t^i}\hat Q_t^j,\qquad\text{and}\quad b_t^i=0\ \text{ if }M_t^i\text{ is empty.}$$
#
# So with $N=1$ the baseline is 0 everywhere, and so it is where all the others have ended. The own $\hat Q_t^i$ never enters: it depends on
# $a_t^i$.
#
# *The check* allows an error of 0.0001 of the largest $\hat Q$. It looks at the entries where trajectory $i$ is live itself; in its padding you may leave
# anything.

# %% tags=["answer:leave_one_out"]
def leave_one_out(q_hat, live):
    """For each trajectory and time the mean Q̂_t of the other trajectories.

    Parameters
    ----------
    q_hat : array [N, T], Q̂_t of each step; leftovers in the padding.
    live : array [N, T] of bools, False in the padding.

    Returns
    -------
    array [N, T], b; 0 where no other trajectory is live
    """
    ### BEGIN SOLUTION
    q = np.where(live, q_hat, 0.0)
    total = q.sum(axis=0) - q
    count = live.sum(axis=0) - live.astype(int)
    return np.where(count > 0, total / np.maximum(count, 1), 0.0)
    ### END SOLUTION
    raise NotImplementedError("leave_one_out")

# %% [markdown] tags=["hints"]
# - nudge: If you know the sum over *all* trajectories at time $t$, how do you get the sum over all but one?
# - method: Sum and count over the live ones, for each time. From both take away what trajectory $i$ itself put in. Then divide, but
#   only where the count is not 0. Set the padding to 0 *before* you add.
# - almost code: `q = np.where(live, q_hat, 0.0)`, `total = q.sum(axis=0) - q`, and the count in the same way from `live`. Then `total / count` where
#   `count > 0`, else 0.

# %% tags=["check:leave_one_out:4"]
report = check("leave_one_out", leave_one_out)
### BEGIN HIDDEN TESTS
report += check("leave_one_out", leave_one_out, seed=70295)
### END HIDDEN TESTS
report.points(4)

# %% [markdown]
# ## 5 The Monte Carlo update
# *Difficulty ●○○, importance ●●○, 10 minutes, 3 points: each state once 1.5, states again 1.5.*
#
# The slide's left column: $V(s)\leftarrow V(s)+\alpha\,\big(G_t-V(s)\big)$. There is one episode, and it has ended: $s_0,r_0,s_1,r_1,\dots,s_{T-1},r_{T-1}$. The
# target is what was still to come,
#
# $$G_t=r_t+\gamma\,r_{t+1}+\gamma^2r_{t+2}+\dots+\gamma^{T-1-t}r_{T-1}.$$
#
# A state may come more than once, so we need a rule. Ours: **every visit** counts, **one after the other** in the order $t=0,1,\dots,T-1$, and each
# update starts from what the updates before it have left.
#
# *The check* allows an error of 0.0001 of the largest entry.

# %% tags=["answer:monte_carlo_update"]
def monte_carlo_update(v, s, r, gamma, alpha):
    """The table V after the Monte Carlo updates of one episode.

    Parameters
    ----------
    v : array [S], the table before.
    s : array [T] of states.
    r : array [T], r_t, the reward after leaving s_t.
    gamma : discount.
    alpha : step size.

    Returns
    -------
    array [S], the new table
    """
    ### BEGIN SOLUTION
    G, after = np.zeros(len(r)), 0.0
    for t in reversed(range(len(r))):
        after = r[t] + gamma * after
        G[t] = after
    new = np.array(v, dtype=float)
    for t in range(len(s)):
        new[s[t]] += alpha * (G[t] - new[s[t]])
    return new
    ### END SOLUTION
    raise NotImplementedError("monte_carlo_update")

# %% [markdown] tags=["hints"]
# - nudge: You need all $G_t$ before the first update. In which direction are they easy to compute?
# - method: Two loops. The first walks backwards, $G_t=r_t+\gamma G_{t+1}$, and only fills an array. The second walks forwards and updates.
# - almost code: In the second loop, for `t` from 0 to `T-1`: `new[s[t]] += alpha * (G[t] - new[s[t]])`, where `new` is a copy of `v`.

# %% tags=["check:monte_carlo_update:3"]
report = check("monte_carlo_update", monte_carlo_update)
### BEGIN HIDDEN TESTS
report += check("monte_carlo_update", monte_carlo_update, seed=26580)
### END HIDDEN TESTS
report.points(3)

# %% [markdown]
# ## 6 The TD update
# *Difficulty ●●○, importance ●●●, 15 minutes, 4 points: steps that go on 1.5, terminated and truncated 1.5, many sweeps 1.*
#
# The slide's right column, with a reward $r$ where it has a cost $c$: $V(s)\leftarrow V(s)+\alpha\,\big(r+\gamma V(s')-V(s)\big)$. It does not wait for the end; it
# believes $V(s')$. The data are $n$ single steps $(s_k,r_k,s'_k)$, from anywhere. The TD error of step $k$ is
#
# $$\delta_k=r_k+\gamma\,V(s'_k)-V(s_k),$$
#
# and $V(s'_k)$ **counts as 0 where the step terminated** the episode: nothing comes after the end, whatever number the table holds for that state. The step
# decides, not the state: other steps may go on from there. A step that was only **truncated** (the recording stopped, the world would have gone on) keeps its $V(s'_k)$.
#
# This time the rule is a **batch**: compute all $\delta_k$ from the table that was handed in, and only then change it, each state by α
# times the **sum** of its errors:
#
# $$V(s)\leftarrow V(s)+\alpha\sum_{k:\,s_k=s}\delta_k .$$
#
# *The check* allows an error of 0.0001 of the largest entry. Then it applies your update 500 times to one batch, and compares the table
# with the one at which the errors of every state sum to 0, from a linear solve; here 0.001 is allowed.

# %% tags=["answer:td_update"]
def td_update(v, s, r, s_next, terminated, truncated, gamma, alpha):
    """The table V after one TD(0) update with a batch of steps.

    Parameters
    ----------
    v : array [S], the table before.
    s : array [n] of states.
    r : array [n] of rewards.
    s_next : array [n], the states s' that followed.
    terminated : array [n] of bools, the step ended the episode for good.
    truncated : array [n] of bools, the episode was cut off after the step.
    gamma : discount.
    alpha : step size.

    Returns
    -------
    array [S], the new table
    """
    ### BEGIN SOLUTION
    ahead = np.where(terminated, 0.0, v[s_next])
    delta = r + gamma * ahead - v[s]
    new = np.array(v, dtype=float)
    np.add.at(new, s, alpha * delta)
    return new
    ### END SOLUTION
    raise NotImplementedError("td_update")

# %% [markdown] tags=["hints"]
# - nudge: Which of the two masks matters? And which of the three terms of δ does it touch?
# - method: First an array of all δ, from the old table, with `np.where(terminated, 0.0, v[s_next])` for the value ahead. Then a copy of the table, to
#   which each step adds its part.
# - almost code: `for k in range(n): new[s[k]] += alpha * delta[k]`. (Beware of `new[s] += alpha * delta`: if a state is in `s` twice, it moves once.)

# %% tags=["check:td_update:4"]
report = check("td_update", td_update)
### BEGIN HIDDEN TESTS
report += check("td_update", td_update, seed=61359)
### END HIDDEN TESTS
report.points(4)

# %% [markdown]
# ## 7 Two questions
# *Difficulty ●●●, importance ●●●, 30 minutes, 5 points each. A few lines of formulas and a few sentences;
# a person reads them.*
#
# **7a.** "Does this bias the gradient ??" Take one time $t$, and let $b$ be any number that is fixed *before* $a_t$ is drawn. Show in about five lines, with the reason
# beside each, that subtracting $b$ from $\hat Q_t$ leaves the mean of $\psi_t\,\hat Q_t$ as it is. Then go through these four: which of them bias the
# gradient, and which line of your proof breaks there?
# - (i) $b=r_{t-1}$, the reward one step before. (ii) $b=V(s_{t+1})$, with a $V$ from earlier batches.
# - (iii) the leave-one-out mean of exercise 4. (iv) the mean of $\hat Q_t$ over all $N$ trajectories, the own one among them; here say also by what factor the
#   mean gradient changes. (All $N$ are live at $t$, and independent.)

# %% [markdown] tags=["written:bias_proof:5"]
# **Model answer.** Let $h_t$ be everything that is fixed before $a_t$ is drawn: the state $s_t$, the past, other trajectories. Then $b=b(h_t)$, and
# $$\begin{aligned}
# \mathbb E[\psi_t(\hat Q_t-b)]&=\mathbb E[\psi_t\hat Q_t]-\mathbb E[\psi_t\,b]&&\text{(1) a mean is linear}\\
# \mathbb E[\psi_t\,b]&=\mathbb E\big[\,b\;\mathbb E[\psi_t\,|\,h_t]\,\big]&&\text{(2) given }h_t,\ b\text{ is a number: it comes out of the inner mean}\\
# \mathbb E[\psi_t\,|\,h_t]&=\sum_a\pi_\theta(a|s_t)\,\nabla_\theta\log\pi_\theta(a|s_t)=\sum_a\nabla_\theta\pi_\theta(a|s_t)&&\text{(3) given }h_t,\ a_t\sim\pi_\theta(\cdot|s_t);\ \nabla\log\pi=\nabla\pi/\pi\\
# &=\nabla_\theta\sum_a\pi_\theta(a|s_t)=\nabla_\theta1=0&&\text{(4) finite sum; probabilities sum to 1}\\
# \mathbb E[\psi_t(\hat Q_t-b)]&=\mathbb E[\psi_t\hat Q_t].&&\text{(5)}
# \end{aligned}$$
# Nothing is said about what $b$ *means*. It need not be a value.
#
# (i) No bias: $r_{t-1}$ is in the past, part of $h_t$. (ii) **Bias.** $s_{t+1}$ depends on $a_t$, so line (2) breaks: given $h_t$, $V(s_{t+1})$ is no fixed number, and
# $\mathbb E[\psi_tV(s_{t+1})|h_t]=\sum_a\nabla_\theta\pi_\theta(a|s_t)\,\mathbb E[V(s_{t+1})|s_t,a]$ is not 0 in general: all that the action does for the future is subtracted. (iii) No
# bias: the other trajectories are independent of $a_t^i$ and can be put into $h_t$. (iv) **Bias**, in line (2) again: the mean holds the own
# $\hat Q_t^i$, which depends on $a_t^i$. With $\bar Q_t=\frac1N\hat Q_t^i+\frac1N\sum_{j\ne i}\hat Q_t^j$ the second part drops out as in (iii), so
# $\mathbb E[\psi_t^i(\hat Q_t^i-\bar Q_t)]=(1-\frac1N)\,\mathbb E[\psi_t\hat Q_t]$. The direction stays, the size shrinks by $1-\frac1N$; with $N=1$ nothing is left.
#
# **Rubric (5).** Proof, 3: 1 for conditioning on what is fixed before $a_t$, and $b$ coming out *because* it does not depend on $a_t$ (said, not only done); 1 for
# $\mathbb E[\psi_t|s_t]=\sum_a\nabla\pi$; 1 for $\nabla\sum_a\pi=\nabla1=0$. The four, 2: half a point each for verdict *and* reason; (iv) needs the factor. Common wrong answers: "the baseline is the
# mean, so it cancels on average" (0 for the first point: it does not matter what $b$ is); "$\mathbb E[b]=0$" (it is not); "(ii) is fine, since $V$ is a function of the state" (of the
# wrong state); "(iv) is fine, as it does not look at the action" (it does, through the own return).

# %% [markdown]
# **7b.** Under the lecture's table stand no conditions. For each of its five claims, say under which conditions it is true, and of *what* (the target? the
# table after some updates? the limit?). Name a case in which it fails, or in which it says nothing.
#
# | | Monte Carlo | temporal difference |
# |---|---|---|
# | bias | (1) zero | (2) can have bias |
# | variance | (3) high | (3) low |
# | convergence | (4) always | (5) may *not*, with function approximation |

# %% [markdown] tags=["written:table_conditions:5"]
# **Model answer.**
# 1. *Zero bias* is true of the **target**: $\mathbb E[G_t|s_t=s]=V^\pi(s)$, if the episode runs to its real end and the actions are π's. It fails when episodes are cut off (a
#    truncated $G_t$ lacks the rest) and for data of another policy without correction. And the **table** after $n$ updates at constant α does have bias: the part $(1-\alpha)^n$ of the first
#    guess is still in it. (A mean over a random number of visits to a state has a little, too; it vanishes with the data.)
# 2. *Can have bias* is again about the target: $\mathbb E[r+\gamma V(s')|s]-V^\pi(s)=\gamma\,\mathbb E[V(s')-V^\pi(s')|s]$. As wrong as $V$ is, times γ. No bias where $V=V^\pi$ at all
#    successors, after a termination (the target is $r$), or at γ = 0. With a table it goes away in the limit. With function approximation a part stays.
# 3. *Variance*, of the target for a given $s$: $G_t$ has the noise of all steps to the end, $r+\gamma V(s')$ that of one. For $V=V^\pi$ the law of total variance makes it precise:
#    $\operatorname{Var}(G_t|s)=\operatorname{Var}(r+\gamma V^\pi(s')|s)+\gamma^2\,\mathbb E[\operatorname{Var}(G_{t+1}|s')|s]$, so TD's is never larger. For another $V$ there is no such promise: a wild $V$ makes a
#    noisy target. In a world and a policy without chance both are 0; in episodes of one step they are equal.
# 4. *Always converges*: with a table, to $V^\pi$, if every state is visited again and again, episodes end, returns have finite variance, and α falls properly
#    ($\sum\alpha=\infty$, $\sum\alpha^2<\infty$, such as $1/n$). At constant α it never comes to rest: it keeps the variance $\frac{\alpha}{2-\alpha}\operatorname{Var}(G)$ around $V^\pi$. With function approximation
#    it is stochastic gradient descent on a fixed squared error: a linear $V$ goes to the least-squares fit, a network to some stationary point, not to $V^\pi$. The
#    heat death is about how *many* episodes, which grows with the variance.
# 5. *May not converge* needs more than function approximation. TD with a **table** converges under the conditions of 4. So does a **linear** $V$ on the states that π itself visits
#    (**on-policy**; Tsitsiklis and Van Roy 1997), to a fixed point that is in general not the least-squares fit. It can diverge when the states come from another distribution
#    (**off-policy**: Baird's example; features 1 and 2 with only the first state updated, $w\to2w$, for $\gamma>\frac12$), or with a **non-linear** $V$. Function approximation, bootstrapping and
#    off-policy data together are the deadly triad; Monte Carlo lacks the second.
#
# **Rubric (5).** One point for each claim: half for what it is about and when it is true, half for a case where it fails or does not hold as said. (2) needs that the bias comes from $V\ne V^\pi$; (5)
# needs that linear on-policy TD converges, or that the data distribution is what matters. Common wrong answers: "MC has no bias, so it is always better with enough data" (at constant α neither
# holds); "TD diverges with neural networks" (it may; no point without a condition); "low variance, because γ < 1" (at γ = 1 as well).
