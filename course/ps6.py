# %% [markdown]
# # Problem set 6: two regressions and a temperature
#
# | | |
# |---|---|
# | **Points** | 35: exercises 25 (graded by checks), questions 10 (graded by a person) |
# | **Time** | about 125 minutes |
# | **Needs** | notebook 11 |
#
# Advantage-weighted regression has no policy gradient in it. Everything is supervised learning on a pile of data that only grows. You
# will write its parts, one by one, put them together in eight lines, and let them learn a world that you cannot see.
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
# | 1 Add to D | 4 | ●●○ | ●●○ | 15 |
# | 2 Fit V | 4 | ●●○ | ●●○ | 15 |
# | 3 The weights | 5 | ●●○ | ●●● | 20 |
# | 4a The weighted log-likelihood | 3 | ●●○ | ●●○ | 15 |
# | 4b The best policy, in closed form | 3 | ●○○ | ●●● | 10 |
# | 5 The effective sample size | 2 | ●○○ | ●●○ | 5 |
# | 6 The loop | 4 | ●●○ | ●●● | 15 |
# | 7 Two questions | 10 | ●●● | ●●● | 30 |
#
# **Symbols**
# - $D$: all the data so far, $n$ entries $(s_k,a_k,R_k)$, one for each step that was ever taken. In the code three arrays of equal length.
# - $R$: the return from a step on, $r_t+\gamma\,r_{t+1}+\gamma^2r_{t+2}+\dots$; earlier problem sets write $\hat Q_t$.
# - $\mathbb E_D$: the mean over the $n$ entries of $D$, each with the same weight $1/n$.
# - $V(s)$: the mean return in $D$ from $s$ on, as far as a fit can tell. $A=R-V(s)$: the advantage of an entry.
# - $\beta>0$: the temperature. $w=e^{A/\beta}$: the weight of an entry.
# - States are numbered $0,\dots,S-1$, actions $0,\dots,A-1$.

# %%
import numpy as np

from pgkit.check import check

# %% [markdown]
# ## 1 Add to D
# *Difficulty ●●○, importance ●●○, 15 minutes, 4 points: all steps live 1, unequal lengths 1, D grows 2.*
#
# "ADD TRAJECTORIES TO D." A batch of $N$ trajectories comes in as arrays `[N, T]`. Where `live` is `False` the trajectory is over, and
# what lies there (some state, some reward) is **padding**: left over from something else, it means nothing. Convert the rewards to
# returns, trajectory by trajectory,
#
# $$R_t=r_t+\gamma\,R_{t+1},\qquad\text{and nothing comes after the last live step,}$$
#
# and add an entry $(s_t,a_t,R_t)$ for each live step to what is in $D$ already. The old entries stay as they are: their $R$ are
# returns already. At the start $D$ is three arrays of length 0.
#
# *The check* feeds your $D$ back in with the next batch. The order of the entries is up to you. It allows an error of 0.0001 of the largest $R$.

# %% tags=["answer:add_to_dataset"]
def add_to_dataset(D, s, a, r, live, gamma):
    """D with the steps of a batch of trajectories added to it.

    Parameters
    ----------
    D : tuple (s, a, R) of three arrays [n], the data so far; n = 0 at the start.
    s, a : arrays [N, T] of states and actions.
    r : array [N, T] of rewards.
    live : array [N, T] of bools, False in the padding; each row is live up to its end.
    gamma : discount.

    Returns
    -------
    s, a, R : three arrays of equal length, the old entries and the new ones
    """
    ### BEGIN SOLUTION
    R = np.where(live, r, 0.0)
    for t in reversed(range(R.shape[1] - 1)):
        R[:, t] += gamma * R[:, t + 1]
    return tuple(np.append(old, new[live]) for old, new in zip(D, (s, a, R), strict=True))
    ### END SOLUTION
    raise NotImplementedError("add_to_dataset")

# %% [markdown] tags=["hints"]
# - nudge: What must the rewards of the padding be, so that they do no harm when you add up from behind?
# - method: Set $r$ to 0 in the padding. Walk through time from the last column to the first, all trajectories at once:
#   $R_t=r_t+\gamma R_{t+1}$. Then pick out the live steps, with the same mask for $s$, $a$ and $R$, and append them.
# - almost code: `R = np.where(live, r, 0.0)`; for `t` from `T - 2` down to 0: `R[:, t] += gamma * R[:, t + 1]`. Then `s[live]`,
#   `a[live]`, `R[live]` are the new entries, and `np.append(D[0], s[live])` is the first of the three arrays.

# %% tags=["check:add_to_dataset:4"]
report = check("add_to_dataset", add_to_dataset)
### BEGIN HIDDEN TESTS
report += check("add_to_dataset", add_to_dataset, seed=52917)
### END HIDDEN TESTS
report.points(4)

# %% [markdown]
# ## 2 Fit V
# *Difficulty ●●○, importance ●●○, 15 minutes, 4 points: features 2, a table 1, features that say the same twice 1.*
#
# The first regression, line 5: $V\leftarrow\arg\min_V\mathbb E_D\big[(R-V(s))^2\big]$. Let $V$ be linear in $K$ features, $V(s)=x(s)\cdot\varphi$:
#
# $$\varphi=\arg\min_\varphi\sum_{k=1}^{n}\big(x(s_k)\cdot\varphi-R_k\big)^2 .$$
#
# With a table of features, $x=I$, feature $j$ is "I am in state $j$", and $V$ is a table. Some states may not be in $D$, and some features may say what
# others say already. Then *many* φ are best. The rule: of all best φ take the **shortest**, $\|\varphi\|$ as small as can be. (In a table
# that gives $V=0$ where there are no data.)
#
# *The check* allows an error of 0.001 of the largest value.

# %% tags=["answer:value_of_dataset"]
def value_of_dataset(x, s, R):
    """V(s) = x(s)·φ with the shortest φ that fits D best, in the sense of least squares.

    Parameters
    ----------
    x : array [S, K], the features of each state.
    s : array [n] of states, one for each entry of D.
    R : array [n], their returns.

    Returns
    -------
    array [S], V of each state, also of those that are not in D
    """
    ### BEGIN SOLUTION
    phi = np.linalg.lstsq(x[s], R, rcond=None)[0]
    return x @ phi
    ### END SOLUTION
    raise NotImplementedError("value_of_dataset")

# %% [markdown] tags=["hints"]
# - nudge: A state that comes ten times in $D$: how many rows has it in the regression?
# - method: It is the system $X\varphi\approx R$ with one row $x(s_k)$ for each entry, `x[s]`, solved by least squares. Numpy has a function for exactly
#   this, and when many φ are best it returns the shortest.
# - almost code: `phi = np.linalg.lstsq(x[s], R, rcond=None)[0]`, and $V$ is `x @ phi`. (Not $(X^\top X)^{-1}$: in parts two and three it does not exist.)

# %% tags=["check:value_of_dataset:4"]
report = check("value_of_dataset", value_of_dataset)
### BEGIN HIDDEN TESTS
report += check("value_of_dataset", value_of_dataset, seed=38164)
### END HIDDEN TESTS
report.points(4)

# %% [markdown]
# ## 3 The weights
# *Difficulty ●●○, importance ●●●, 20 minutes, 5 points: exp(A/β) 1.5, clip 1.5, normalised 1, tiny β 1.*
#
# How loudly does an entry of $D$ speak? With the weight
#
# $$w=e^{A/\beta},\qquad\text{and with a clip}\qquad w=\min\big(e^{A/\beta},\;\text{clip}\big).$$
#
# If `normalise` is true, all of $A$ is standardised first: $A\leftarrow(A-\text{mean})/\text{std}$, mean and standard deviation (the one of
# `np.std`) over **all** entries together. Only the ratios of the weights matter to an argmax, so **a common factor is free**: the check divides your
# weights by the largest of them. You need that freedom when β is tiny: $e^{1000}$ is too large for any computer, and if all $A/\beta$ lie near $-1000$, all
# weights come out as 0.
#
# *The check* allows an error of 0.001 of the largest weight. $A$ may have any shape (say, a row for each batch); the weights
# have the same. It will not ask for a clip when all $A/\beta$ are far below 0.

# %% tags=["answer:awr_weights"]
def awr_weights(adv, beta, clip=None, normalise=False):
    """Weights exp(A/β), up to a common factor.

    Parameters
    ----------
    adv : array of any shape, A of each entry of D.
    beta : β > 0.
    clip : the largest weight, at least 1, or None for no limit.
    normalise : whether A is standardised over all entries first.

    Returns
    -------
    array like adv, the weights
    """
    ### BEGIN SOLUTION
    if normalise:
        adv = (adv - np.mean(adv)) / np.std(adv)
    z = adv / beta
    return np.exp(z - np.max(z)) if clip is None else np.exp(np.minimum(z, np.log(clip)))
    ### END SOLUTION
    raise NotImplementedError("awr_weights")

# %% [markdown] tags=["hints"]
# - nudge: What happens to $e^{z_1}/e^{z_2}$ if you subtract the same number from $z_1$ and $z_2$?
# - method: Without a clip, subtract the largest exponent from all; the largest weight is then 1. With a clip you must not: the clip compares
#   $e^{A/\beta}$ itself with a number. But there nothing can overflow, if you cut the *exponent*, at the logarithm of the clip.
# - almost code: `z = adv / beta` (standardised before that, if asked). No clip: `np.exp(z - z.max())`. Clip:
#   `np.exp(np.minimum(z, np.log(clip)))`.

# %% tags=["check:awr_weights:5"]
report = check("awr_weights", awr_weights)
### BEGIN HIDDEN TESTS
report += check("awr_weights", awr_weights, seed=80426)
### END HIDDEN TESTS
report.points(5)

# %% [markdown]
# ## 4 The second regression
# ### 4a The weighted log-likelihood
# *Difficulty ●●○, importance ●●○, 15 minutes, 3 points: value 1, gradient 1, huge logits 1.*
#
# Line 6 maximises
#
# $$L(\theta)=\mathbb E_D\big[w\,\log\pi_\theta(a|s)\big]=\frac1n\sum_{k=1}^{n}w_k\,\log\pi_\theta(a_k|s_k),\qquad
# \pi_\theta(a|s)=\frac{e^{\theta_{sa}}}{\sum_{b}e^{\theta_{sb}}} .$$
#
# The weights are constants. They were computed before, and θ is not in them. Return $L$ and its gradient, which points *uphill*: it is to be ascended. Divide by $n$, not by the
# sum of the weights. A state may come many times.
#
# *The check* allows an error of 0.0001 of the largest entry. In its last part logits of ±1000 come up.

# %% tags=["answer:weighted_log_likelihood"]
def weighted_log_likelihood(theta, s, a, w):
    """L(θ) = E_D[w log π_θ(a|s)] of a softmax table, and its gradient.

    Parameters
    ----------
    theta : array [S, A], a row of logits for each state.
    s, a : arrays [n] of states and actions.
    w : array [n], the weight of each entry; constants.

    Returns
    -------
    L : a number
    grad : array [S, A], ∇L
    """
    ### BEGIN SOLUTION
    z = theta - theta.max(axis=1, keepdims=True)
    log_pi = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
    push = np.eye(theta.shape[1])[a] - np.exp(log_pi[s])
    grad = np.zeros(theta.shape)
    np.add.at(grad, s, w[:, None] * push)
    return np.mean(w * log_pi[s, a]), grad / len(s)
    ### END SOLUTION
    raise NotImplementedError("weighted_log_likelihood")

# %% [markdown] tags=["hints"]
# - nudge: It is the weighted classification of notebook 02 with the sign turned round. Which row of θ does entry $k$ pull at?
# - method: $\nabla\log\pi_\theta(a|s)$ has one row that is not zero, row $s$: $\text{onehot}(a)-\pi_\theta(\cdot|s)$. Add it up with the weights, and divide by
#   $n$. For $\log\pi$ subtract each row's largest logit first.
# - almost code: `z = theta - theta.max(axis=1, keepdims=True)`, `log_pi = z - np.log(np.exp(z).sum(axis=1, keepdims=True))`. For each `k`:
#   `grad[s[k]] -= w[k] * np.exp(log_pi[s[k]])`, `grad[s[k], a[k]] += w[k]`, and `L += w[k] * log_pi[s[k], a[k]]`. Divide both by `len(s)`.

# %% tags=["check:weighted_log_likelihood:3"]
report = check("weighted_log_likelihood", weighted_log_likelihood)
### BEGIN HIDDEN TESTS
report += check("weighted_log_likelihood", weighted_log_likelihood, seed=14703)
### END HIDDEN TESTS
report.points(3)

# %% [markdown]
# ### 4b The best policy, in closed form
# *Difficulty ●○○, importance ●●●, 10 minutes, 3 points: all states seen 2, states without weight 1.*
#
# For a table nobody needs to climb. Let $\pi$ be any table of probabilities, and maximise $\mathbb E_D[w\log\pi(a|s)]$ over all of them. The
# answer is a formula. Find it, state by state. (The lecture has it for one state and two actions.)
#
# A state **without weight**, because it is not in $D$ or because all its weights are 0, may do anything. The rule here: it gets
# the **uniform** policy. (Notebook 11 adds a pseudo-count to each action. Here nothing is added.)
#
# *The check* allows an error of 0.0001.

# %% tags=["answer:weighted_policy"]
def weighted_policy(s, a, w, states, actions):
    """The table π that maximises E_D[w log π(a|s)].

    Parameters
    ----------
    s, a : arrays [n] of states and actions.
    w : array [n] of weights, none below 0.
    states, actions : how many there are, S and A.

    Returns
    -------
    array [S, A], π(a|s); uniform in a state without weight
    """
    ### BEGIN SOLUTION
    votes = np.zeros((states, actions))
    np.add.at(votes, (s, a), w)
    total = votes.sum(axis=1, keepdims=True)
    return np.where(total > 0, votes / np.where(total > 0, total, 1.0), 1 / actions)
    ### END SOLUTION
    raise NotImplementedError("weighted_policy")

# %% [markdown] tags=["hints"]
# - nudge: If all weights were 1, what would the most likely coin be for 3 heads and 1 tail?
# - method: In one state maximise $\sum_aW_a\log p_a$ with $\sum_ap_a=1$, where $W_a$ is the sum of the weights of the entries with action $a$. A
#   multiplier gives $W_a/p_a=\nu$ for every $a$: $p$ is proportional to $W$.
# - almost code: `votes` of zeros, `[S, A]`; for each `k`: `votes[s[k], a[k]] += w[k]`. Divide each row by its sum; where the sum is 0 put
#   `1 / actions`.

# %% tags=["check:weighted_policy:3"]
report = check("weighted_policy", weighted_policy)
### BEGIN HIDDEN TESTS
report += check("weighted_policy", weighted_policy, seed=67250)
### END HIDDEN TESTS
report.points(3)

# %% [markdown]
# Your two answers can check each other. If each action has been tried in each state, the gradient of 4a must vanish at the policy of 4b. In a cell of your own:
# ```python
# rng = np.random.default_rng(0)
# s, a = np.repeat([0, 1], 30), np.tile([0, 1, 2], 20)
# w = awr_weights(rng.normal(size=60), beta=1.0)
# pi = weighted_policy(s, a, w, 2, 3)
# print(weighted_log_likelihood(np.log(pi), s, a, w)[1])
# ```

# %% [markdown]
# ## 5 The effective sample size
# *Difficulty ●○○, importance ●●○, 5 minutes, 2 points: ordinary 1, huge, tiny and all zero 1.*
#
# How many entries of $D$ really have a say? A common answer:
#
# $$n_\text{eff}=\frac{\big(\sum_kw_k\big)^2}{\sum_kw_k^2} .$$
#
# Equal weights give $n$, one dominant weight gives 1. A common factor changes nothing. So weights of $10^{200}$ or $10^{-200}$ (in float64) are weights like any
# others, although their squares are not numbers that a computer can hold. If **all** weights are 0, nobody has a say: return 0.
#
# *The check* allows a relative error of 0.0001.

# %% tags=["answer:effective_sample_size"]
def effective_sample_size(w):
    """(Σw)² / Σw².

    Parameters
    ----------
    w : array [n] of weights, none below 0.

    Returns
    -------
    a number between 1 and n; 0 if all weights are 0
    """
    ### BEGIN SOLUTION
    largest = np.max(w)
    if largest == 0:
        return 0.0
    w = w / largest
    return np.sum(w) ** 2 / np.sum(w**2)
    ### END SOLUTION
    raise NotImplementedError("effective_sample_size")

# %% [markdown] tags=["hints"]
# - nudge: Which of two equal fractions would you rather compute, the one with huge numbers or the one with numbers up to 1?
# - method: Divide all weights by the largest. Then every square lies between 0 and 1, and at least one is 1.
# - almost code: If `w.max()` is 0, return 0. Else `w = w / w.max()`, and then the fraction as it stands.

# %% tags=["check:effective_sample_size:2"]
report = check("effective_sample_size", effective_sample_size)
### BEGIN HIDDEN TESTS
report += check("effective_sample_size", effective_sample_size, seed=93518)
### END HIDDEN TESTS
report.points(2)

# %% [markdown]
# ## 6 The loop
# *Difficulty ●●○, importance ●●●, 15 minutes, 4 points: one iteration 1.5, D grows 1.5, it learns 1.*
#
# **Algorithm 1**, with your own parts:
#
# 1. $\pi_1\leftarrow$ the **uniform** policy, $\pi_1(a|s)=1/A$
# 2. $D\leftarrow\varnothing$
# 3. for $k=1,\dots,k_\max$ (`iterations`), lines 4 to 6:
# 4. roll out $\pi_k$, add the trajectories to $D$ (exercise 1)
# 5. fit $V$ to **all** of $D$ (exercise 2, as a table: $x=I$)
# 6. $\pi_{k+1}\leftarrow$ the best policy for all of $D$ (exercise 4b) with the weights $\min\big(e^{(R-V(s))/\beta},\text{clip}\big)$ (exercise 3, not normalised)
#
# and return the last policy, $\pi_{k_\max+1}$. Nothing is thrown away: $D$ keeps every trajectory from the first iteration on (notebook 11 keeps those of the last five).
#
# `rollout(pi)` is given to you: it rolls out the table `pi` in a world that you do not see, and returns the batch
# `s, a, r, live` in the form that exercise 1 takes. Call it once in each iteration.
#
# *The check* rolls out each of your policies in its own copy of the world. From those data it computes what your *next* policy must be, to 0.001 of a
# probability: with one iteration, then with three and with seven, in worlds of several sizes and with several γ. So one early mistake is not counted twice. At last it lets you learn for 10
# iterations (β = 0.6, clip = 20), in three worlds, and computes the exact return $J$ of your policy. It must reach 85 % of the best possible in each; a right answer reaches about 95 %.

# %% tags=["answer:awr"]
def awr(rollout, states, actions, gamma, beta, clip, iterations):
    """Advantage-weighted regression for tables.

    Parameters
    ----------
    rollout : function (pi) -> (s, a, r, live), arrays [N, T]; pi is π(a|s), [S, A].
    states, actions : how many there are, S and A.
    gamma, beta, clip : discount, temperature, largest weight.
    iterations : how many times to roll out and fit.

    Returns
    -------
    array [S, A], the policy after the last fit
    """
    ### BEGIN SOLUTION
    pi = np.full((states, actions), 1 / actions)
    D = (np.zeros(0, dtype=int), np.zeros(0, dtype=int), np.zeros(0))
    for _ in range(iterations):
        D = add_to_dataset(D, *rollout(pi), gamma)
        s, a, R = D
        V = value_of_dataset(np.eye(states), s, R)
        pi = weighted_policy(s, a, awr_weights(R - V[s], beta, clip), states, actions)
    return pi
    ### END SOLUTION
    raise NotImplementedError("awr")

# %% [markdown] tags=["hints"]
# - nudge: Which of the things in the loop are made anew in each iteration, and which one only grows?
# - method: Before the loop: a uniform table, and three empty arrays (two of integers). In the loop four lines, one for each of the exercises 1, 2, 3 and 4b. The weights see
#   $A=R-V(s)$ of every entry of $D$, old or new.
# - almost code: `D = add_to_dataset(D, *rollout(pi), gamma)`, `s, a, R = D`, `V = value_of_dataset(np.eye(states), s, R)`, `w = awr_weights(R - V[s], beta,
#   clip)`, `pi = weighted_policy(s, a, w, states, actions)`. Empty arrays of integers: `np.zeros(0, dtype=int)`.

# %% tags=["check:awr:4"]
report = check("awr", awr)
### BEGIN HIDDEN TESTS
report += check("awr", awr, seed=26089)
### END HIDDEN TESTS
report.points(4)

# %% [markdown]
# To play with it, open a cell of your own. The world is a corridor of five states. You start in the middle; leaving it at the far end pays 10, at the near end 1.
# Which action leads where differs from state to state, and no row tells you. How small may β be, and how large, before learning stops?
# ```python
# from pgkit.checks.ps6 import corridor, sampler
# world = corridor(np.random.default_rng(0))
# for beta in (0.1, 1.0, 10.0, 100.0):
#     pi = awr(sampler(world, 0), 5, 3, 0.9, beta, 20.0, 10)
#     _, _, r, _ = sampler(world, 1, episodes=2000)(pi)
#     print(beta, "reaches the far end:", (r == world.goal).any(axis=1).mean())
# ```

# %% [markdown]
# ## 7 Two questions
# *Difficulty ●●●, importance ●●●, 30 minutes, 5 points each. A few lines of formulas and a few sentences;
# a person reads them.*
#
# **7a.** *AWR as a KL-constrained step.* Notebook 11 puts a *price* β on KL. Take the *constraint* of notebook 06 instead. In state $s$, which has the share
# $d(s)$ of the data, the data were made by $\mu(a|s)>0$; $A(s,a)$ is known, and $\sum_a\mu(a|s)A(s,a)=0$:
# $$\max_\pi\;\sum_sd(s)\sum_a\pi(a|s)\,A(s,a)\qquad\text{subject to}\qquad\sum_sd(s)\,\mathrm{KL}\big(\pi(\cdot|s)\,\|\,\mu(\cdot|s)\big)\le\varepsilon .$$
# 1. Show that the best $\pi$ is $\mu e^{A/\beta}/Z(s)$, with **one** β for all states, and that its mean KL falls as β grows. (So ε decides β.)
# 2. What is β for a small ε, to leading order? Write $\mathrm{Var}=\sum_sd(s)\sum_a\mu(a|s)A(s,a)^2$.
# 3. Somebody doubles all rewards. What happens to the step if ε is kept, and what if β is kept? Which of the two does standardising $A$ imitate?
# 4. With a small ε, is the new policy near $\pi_k$, the one that was rolled out last?

# %% [markdown] tags=["written:awr_small_step:5"]
# **Model answer.** *1.* With a multiplier β ≥ 0 for the constraint and $\nu(s)$ for $\sum_a\pi(a|s)=1$, the derivative in $\pi(a|s)$ is
# $d(s)\big[A-\beta\big(\log\frac\pi\mu+1\big)\big]-\nu(s)=0$, so $\log\frac{\pi(a|s)}{\mu(a|s)}=\frac{A(s,a)}\beta+$ something of $s$ alone: $\pi=\mu e^{A/\beta}/Z(s)$. There is one constraint, so there is one β; $d(s)$ has
# dropped out. (The objective is linear and the set of allowed π convex, so this is the maximum.)
#
# Write $t=1/\beta$ and $\kappa_s(t)=\log\sum_a\mu(a|s)e^{tA}$. Then $\sum_a\pi A=\kappa_s'(t)$, $\mathrm{Var}_\pi(A)=\kappa_s''(t)$, and the KL in state $s$ is $\sum_a\pi\,(tA-\kappa_s)=t\kappa_s'-\kappa_s$. Its derivative is
# $t\kappa_s''(t)=t\,\mathrm{Var}_\pi(A)\ge0$: KL grows with $t$, so it falls with β, and each ε belongs to one β. (If ε is larger than the KL of the greedy policy, the limit $t\to\infty$, the constraint does not bind.)
#
# *2.* Near $t=0$: $\kappa_s(t)=\frac{t^2}2\mathrm{Var}_\mu(A)+O(t^3)$, as the mean of $A$ is 0. So the mean KL is $t\kappa'-\kappa\approx\frac{t^2}2\mathrm{Var}$, and $\varepsilon\approx\frac{\mathrm{Var}}{2\beta^2}$:
# $$\beta\approx\sqrt{\frac{\mathrm{Var}}{2\varepsilon}} .$$
# (The same from notebook 06: the logits move by $\Delta=A/\beta$, a natural step, and $\frac12\Delta^\top F\Delta=\varepsilon$.) A state takes the part $\mathrm{Var}_s/2\beta^2$: where advantages spread more, π moves more.
#
# *3.* Rewards doubled: $A$ doubles. With ε kept, β doubles too, $A/\beta$ stays, and the new policy is the same. With β kept, $A/\beta$ doubles: a greedier policy, for large β with four times the KL. Standardising imitates the **constraint**: dividing by $\sigma=\sqrt{\mathrm{Var}}$ makes β
# a $\beta\sigma$ on $A$, so $\varepsilon\approx\frac1{2\beta^2}$ whatever the units are. (Late in learning, when advantages shrink, a constraint and standardising go on with steps of the same size; a fixed β on raw $A$ comes to rest by itself.)
#
# *4.* Not in general. KL is measured from μ, the policy that made **all** of $D$: a mixture of $\pi_1,\dots,\pi_k$. The step leads away from the mixture, and for ε → 0 (β → ∞) it leads *back* from $\pi_k$ to the mixture. Only if $D$ held nothing but $\pi_k$'s data, μ would be $\pi_k$.
#
# **Rubric (5).** 1: the form of π with one β, derived. 1: mean KL is monotone in β, with a reason (derivative, or: a larger price never buys more). 1: $\beta\approx\sqrt{\mathrm{Var}/2\varepsilon}$ (½ for the right power of ε alone). 1: ε kept: same step; β kept: twice the exponent; standardising = constraint. 1: μ is the
# mixture, so no. Common wrong answers: "a small β is a small step" (the other way round); "π ∝ exp(A/β)" without μ (that is an entropy bonus: 0 for the first point); "yes, since KL ≤ ε" for 4.

# %% [markdown]
# **7b.** *AWR likes risk.* One state, two actions, one step. **Safe** pays 2. **Lottery** pays 10 with probability 0.1, else 0. $D$ holds each of them equally often, and
# very often. What policy does AWR make of it at β = 1, without a clip? (Three digits. How much does $V$ matter here?) Which action does the true return $J$ prefer? For which β does AWR prefer the lottery? (Give the equation,
# and solve it roughly.) Which of these help, and why: more data; a better $V$; a clip; a $\hat Q(s,a)$ in place of $R$?

# %% [markdown] tags=["written:awr_likes_risk:5"]
# **Model answer.** The share of an action is the sum of its weights, so the *mean* weight decides, $\mathbb E[e^{(R-V)/\beta}\,|\,a]$. $V$ is the same for both, the factor $e^{-V/\beta}$ cancels:
# $V$ does not matter at all. At β = 1: safe $e^2=7.39$; lottery $0.9+0.1\,e^{10}=0.9+2202.6=2203.5$. So
# $$\pi(\text{lottery})=\frac{2203.5}{2203.5+7.39}=0.997.$$
# But the lottery's mean is $0.1\cdot10=1$, the safe action's is 2: $J$ prefers the safe one, and AWR plays the lottery in more than 99 % of cases.
#
# *The threshold.* The lottery is preferred if $0.9+0.1\,e^{10/\beta}>e^{2/\beta}$. With $x=e^{2/\beta}>1$: $0.1\,x^5+0.9>x$. Beside $x=1$ (β = ∞) there is a root at $x\approx1.352$, so
# $\beta\approx2/\ln1.352=6.6$: below 6.6 AWR prefers the lottery, above it the safe action (and for β → ∞ hardly, since then it just imitates $D$). In general
# $\log\mathbb E\,e^{R/\beta}=\frac m\beta+\frac{s^2}{2\beta^2}+\dots$ with mean $m$ and variance $s^2$: variance counts as a bonus, the more the smaller β. (These two terms alone give the threshold $\frac{s^2}{2\,(2-1)}=\frac92=4.5$; the
# skewness of a lottery makes it worse.) The reason: the exponential is convex and stands *inside* the mean. A policy gradient weighs linearly with $R-V$, and there luck averages out.
#
# *What helps.* **More data: no.** The numbers above are those of infinitely much; it is a bias, not noise. **A better $V$: no**, it cancels (without a clip). **A clip: yes, in part.** It cuts the jackpot's weight. (With clip 20 and
# $V=1.5$, at β = 1 the safe weights are $e^{0.5}=1.65$, the lottery's $0.1\cdot20+0.9\,e^{-1.5}=2.20$: still preferred, 0.57, no longer 0.997. With clip 5: $0.70$ against 1.65, the safe action wins.) It is a bias against rare large
# returns instead. **$\hat Q(s,a)$: yes.** Average over the luck *before* the exponential, $e^{(\hat Q(s,a)-V(s))/\beta}$, with a critic fitted to the returns of each action. That needs an action-value fit, which Algorithm 1 spares itself.
# (A larger β helps as well, and learns more slowly.)
#
# **Rubric (5).** 1: mean of weights with numbers, about 0.997. 1: $V$ cancels. 1: $J$ prefers safe, and the exponential inside the mean (convexity) as the reason. 1: the equation, and a threshold between 6 and 7 (½ for $4.5$ from mean and variance).
# 1: more data no, better $V$ no, clip partly, $\hat Q$ yes (½ if one is wrong). Common wrong answers: "with more data the average comes out right" (0 for the last); "$e^{10}$ is so large that it is always chosen" (not for β > 6.6).
