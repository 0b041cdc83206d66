# %% [markdown]
# # Problem set 1: from classification to returns
#
# | | |
# |---|---|
# | **Points** | 35: exercises 25 (graded by checks), questions 10 (graded by a person) |
# | **Time** | about 110 minutes |
# | **Needs** | notebooks 01, 02 and 03 |
#
# You will write, step by step, everything that stands between a classifier and REINFORCE: a softmax that
# survives huge logits, the classification loss with its gradient, weights, returns, and at the end the gradient
# of a batch of trajectories.
#
# **Rules**
# - Write between the signature and the end of each answer cell. Numpy is all you need; the functions
#   of `pgkit` that would *be* the answer are switched off inside the checks.
# - The checks compare your numbers with exact ones, not with our code. Loop or vectorise, in float64 or
#   float32, as arrays or lists, as you like. Warnings and progress bars cost nothing.
# - Each check shows what it sees and says what is wrong. Grading repeats it on other data **by the same
#   rules**; nbgrader's button "Validate" runs the visible half only.
# - Parts are worth points on their own, and an exercise that you leave out costs only its own points. Its check
#   stops "Run All": run the cells after it one by one.
#   A later answer may call an earlier one.
#
# | exercise | points | difficulty | importance | minutes |
# |---|---|---|---|---|
# | 1 Stable log-softmax | 4 | ●○○ | ●●○ | 10 |
# | 2a Classification, in the logits | 4 | ●●○ | ●●● | 15 |
# | 2b Classification, in θ | 3 | ●●○ | ●●○ | 10 |
# | 3 Weighted classification | 5 | ●●○ | ●●● | 15 |
# | 4 Reward-to-go | 4 | ●○○ | ●●● | 10 |
# | 5a From trajectories to triples | 2 | ●○○ | ●●○ | 10 |
# | 5b Multi-step classification | 3 | ●●○ | ●●● | 15 |
# | 6 Three questions | 10 | ●●● | ●●● | 25 |

# %%
import numpy as np

from pgkit.check import check

# %% [markdown]
# ## 1 Stable log-softmax
# *Difficulty ●○○, importance ●●○, 10 minutes, 4 points: rows 2, one row or a stack of tables 1, huge logits 1.*
#
# A softmax policy turns logits $x$ into $\pi(a)=e^{x_a}/\sum_{a'}e^{x_{a'}}$. Everything in this course needs its
# logarithm,
#
# $$\log\pi(a)=x_a-\log\sum_{a'}e^{x_{a'}} .$$
#
# Computed just so, it breaks: $e^{1000}$ is ∞ in floating point, and $e^{-1000}$ is 0. But adding the same number to
# all logits of a row changes nothing. Use that.
#
# *The check* allows an error of 0.001 in any entry. Actions are along the **last** axis, whatever the shape:
# one row `[A]`, a table `[N, A]`, a stack `[B, N, A]`. Huge logits go up to ±1000, also in float32.

# %% tags=["answer:log_softmax"]
def log_softmax(logits):
    """Logarithm of the softmax over the last axis.

    Parameters
    ----------
    logits : array [..., A]; a row may hold numbers like 1000 and -1000 at once.

    Returns
    -------
    array [..., A], log π(a), finite
    """
    ### BEGIN SOLUTION
    shifted = logits - np.max(logits, axis=-1, keepdims=True)
    return shifted - np.log(np.sum(np.exp(shifted), axis=-1, keepdims=True))
    ### END SOLUTION
    raise NotImplementedError("log_softmax")

# %% [markdown] tags=["hints"]
# - nudge: Which number can you add to all logits of a row so that no exponential is larger than 1?
# - method: Subtract each row's maximum. Then one exponential in the sum is exactly 1, so its logarithm is
#   harmless. Do not compute π first: a π of 0 has no logarithm, although log π = -2000 is a fine number.
# - almost code: `shifted = logits - <maximum over the last axis, keepdims=True>`, and from `shifted` take the logarithm of
#   the sum of its exponentials over the last axis, again with `keepdims=True`.

# %% tags=["check:log_softmax:4"]
report = check("log_softmax", log_softmax)
### BEGIN HIDDEN TESTS
report += check("log_softmax", log_softmax, seed=48163)
### END HIDDEN TESTS
report.points(4)

# %% [markdown]
# ## 2 The classification loss and its gradient
# ### 2a In the logits
# *Difficulty ●●○, importance ●●●, 15 minutes, 4 points: loss 1, gradient 2, huge logits 1.*
#
# Data point $i$ is a state with its right action $a_i$, and row $i$ of `logits` holds what the policy says in that
# state. The loss is the slide's, as a **mean** over the $N$ data points:
#
# $$\mathcal L=-\frac1N\sum_{i=1}^{N}\log\pi(a_i|s_i).$$
#
# Return the loss and its gradient in the logits, a table of the same shape as `logits`.
#
# *The check* allows an error of 0.0001 of the largest entry. With huge logits (up to ±1000), loss and gradient
# must stay exact.

# %% tags=["answer:loss_of_logits"]
def loss_of_logits(logits, a):
    """Mean classification loss and its gradient in the logits.

    Parameters
    ----------
    logits : array [N, A], one row for each data point.
    a : array [N] of the right actions, 0..A-1.

    Returns
    -------
    (loss, gradient) : a number, and an array [N, A]
    """
    ### BEGIN SOLUTION
    log_pi = log_softmax(logits)
    onehot = np.eye(logits.shape[1])[a]
    loss = -np.mean(np.sum(onehot * log_pi, axis=1))
    return loss, (np.exp(log_pi) - onehot) / len(a)
    ### END SOLUTION
    raise NotImplementedError("loss_of_logits")

# %% [markdown] tags=["hints"]
# - nudge: Write $-\log\pi(a^*)$ out as two terms in the logits, and differentiate each by $x_{a^*}$ and by another
#   $x_b$.
# - method: $-\log\pi(a^*)=-x_{a^*}+\log\sum_a e^{x_a}$. The first term gives -1 at $a^*$, the second gives $\pi(a)$ at
#   every action. Check yours by moving one logit by 0.00001 and looking at what the loss does.
# - almost code: `log_pi = log_softmax(logits)`, then `log_pi[np.arange(N), a]` picks one number a row. For the gradient
#   start with `np.exp(log_pi)`, take 1 away at the right actions in the same way, and divide everything by N.

# %% tags=["check:loss_of_logits:4"]
report = check("loss_of_logits", loss_of_logits)
### BEGIN HIDDEN TESTS
report += check("loss_of_logits", loss_of_logits, seed=23917)
### END HIDDEN TESTS
report.points(4)

# %% [markdown]
# ### 2b In θ
# *Difficulty ●●○, importance ●●○, 10 minutes, 3 points: loss 1, gradient 2.*
#
# Now the logits come from parameters: data point $i$ has the features $\varphi_i$ (row $i$ of `phi`), and
#
# $$x_i=\varphi_i\,\theta,\qquad x_{ia}=\sum_f\varphi_{if}\,\theta_{fa} .$$
#
# A table with one row of logits for each state is the special case where $\varphi_i$ is the one-hot vector of $s_i$. Return
# the same loss, and its gradient in θ.
#
# *The check* allows an error of 0.0001 of the largest entry. Some of its data are a table.

# %% tags=["answer:loss_of_theta"]
def loss_of_theta(theta, phi, a):
    """Mean classification loss of a linear softmax policy and its gradient in θ.

    Parameters
    ----------
    theta : array [F, A].
    phi : array [N, F], the features of each data point.
    a : array [N] of the right actions.

    Returns
    -------
    (loss, gradient) : a number, and an array [F, A]
    """
    ### BEGIN SOLUTION
    loss, on_logits = loss_of_logits(phi @ theta, a)
    return loss, phi.T @ on_logits
    ### END SOLUTION
    raise NotImplementedError("loss_of_theta")

# %% [markdown] tags=["hints"]
# - nudge: How much does the logit $x_{ia}$ change if $\theta_{fa}$ grows by 1? And which data points does
#   $\theta_{fa}$ touch?
# - method: Chain rule: $\partial\mathcal L/\partial\theta_{fa}=\sum_i\varphi_{if}\;\partial\mathcal L/\partial x_{ia}$. A sum over
#   $i$ of a product is a matrix product; the shapes $[F,N]$ and $[N,A]$ tell you which.
# - almost code: Call your answer to 2a with `phi @ theta`, keep the loss, and multiply the gradient it returns from the left
#   by `phi` transposed.

# %% tags=["check:loss_of_theta:3"]
report = check("loss_of_theta", loss_of_theta)
### BEGIN HIDDEN TESTS
report += check("loss_of_theta", loss_of_theta, seed=60428)
### END HIDDEN TESTS
report.points(3)

# %% [markdown]
# ## 3 Weighted classification
# *Difficulty ●●○, importance ●●●, 15 minutes, 5 points: loss 1, gradient 2, negative, zero and large weights 2.*
#
# Each data point is now a triple $(s_i,a_i,R_i)$, and its term counts $R_i$ times. (The slide's second triple should read
# $(s_2,a_2,R_2)$, as its loss does.)
#
# $$\mathcal L(\theta)=-\frac1N\sum_{i=1}^{N}R_i\,\log\pi_\theta(a_i|s_i).$$
#
# $N$ is the number of data points, not the sum of the weights: doubling all weights doubles the loss. A weight may be
# **negative**: then the data point says "not this". It may be 0, and it may be in the hundreds. Take it as it is.
#
# *The check* allows an error of 0.0001 of the largest entry, measured before terms of both signs cancel.

# %% tags=["answer:weighted_loss"]
def weighted_loss(theta, phi, a, weight):
    """Weighted classification loss of a linear softmax policy and its gradient in θ.

    Parameters
    ----------
    theta : array [F, A].
    phi : array [N, F], the features of each data point.
    a : array [N] of the actions taken.
    weight : array [N], R_i, of any sign and size.

    Returns
    -------
    (loss, gradient) : a number, and an array [F, A]
    """
    ### BEGIN SOLUTION
    log_pi = log_softmax(phi @ theta)
    onehot = np.eye(theta.shape[1])[a]
    loss = -np.mean(weight * np.sum(onehot * log_pi, axis=1))
    push = weight[:, None] * (np.exp(log_pi) - onehot)
    return loss, phi.T @ push / len(a)
    ### END SOLUTION
    raise NotImplementedError("weighted_loss")

# %% [markdown] tags=["hints"]
# - nudge: What would you do if all weights were whole numbers, and you were only allowed to copy data points?
# - method: A weight is a constant factor in front of a term: it multiplies that term of the loss and that term of the
#   gradient, nothing else. In particular it multiplies π *and* onehot.
# - almost code: As in 2b, but row `i` of the table `(pi - onehot)` is multiplied by `weight[i]`: `weight[:, None] * (...)`
#   before the product with `phi.T`. In the loss, `weight * <log π of the actions taken>` before the mean.

# %% tags=["check:weighted_loss:5"]
report = check("weighted_loss", weighted_loss)
### BEGIN HIDDEN TESTS
report += check("weighted_loss", weighted_loss, seed=81350)
### END HIDDEN TESTS
report.points(5)

# %% [markdown]
# ## 4 Reward-to-go
# *Difficulty ●○○, importance ●●●, 10 minutes, 4 points: 0 < γ < 1 2, γ = 0 and γ = 1 1, a long trajectory 1.*
#
# Where do the weights come from? From what followed. For one trajectory with the rewards $r_0,\dots,r_{T-1}$,
#
# $$\hat Q_t=\sum_{k=t}^{T-1}\gamma^{\,k-t}\,r_k .$$
#
# At γ = 1 nothing is discounted; at γ = 0 each step gets its own reward (take $0^0=1$).
#
# *The check* allows an error of 0.0001 of the largest entry. The long trajectory has up to 800 steps, once with
# γ near 0.3 and once with γ near 0.99.

# %% tags=["answer:reward_to_go"]
def reward_to_go(rewards, gamma):
    """Discounted reward-to-go of one trajectory.

    Parameters
    ----------
    rewards : array [T], r_t.
    gamma : discount, 0 ≤ γ ≤ 1.

    Returns
    -------
    array [T], Q̂_t
    """
    ### BEGIN SOLUTION
    q_hat, after = np.zeros(len(rewards)), 0.0
    for t in reversed(range(len(rewards))):
        after = rewards[t] + gamma * after
        q_hat[t] = after
    return q_hat
    ### END SOLUTION
    raise NotImplementedError("reward_to_go")

# %% [markdown] tags=["hints"]
# - nudge: What is $\hat Q$ of the last step? Which one is easiest to find from it?
# - method: $\hat Q_t=r_t+\gamma\,\hat Q_{t+1}$: split off the first term of the sum. So walk from the last step to the first.
#   Dividing by $\gamma^t$ looks elegant and fails in long trajectories: $\gamma^t$ becomes 0.
# - almost code: `after = 0.0`; for `t` from `T-1` down to 0: `after = rewards[t] + gamma * after`, and keep it as entry `t`.

# %% tags=["check:reward_to_go:4"]
report = check("reward_to_go", reward_to_go)
### BEGIN HIDDEN TESTS
report += check("reward_to_go", reward_to_go, seed=37594)
### END HIDDEN TESTS
report.points(4)

# %% [markdown]
# ## 5 Multi-step classification
# ### 5a From trajectories to triples
# *Difficulty ●○○, importance ●●○, 10 minutes, 2 points: one trajectory 1, unequal lengths 1.*
#
# "Convert to returns": a batch of trajectories becomes one dataset of triples $(s,a,\hat Q)$, one for each step of each
# trajectory. The trajectories may have different lengths.
#
# *The check* asks for each step once, in any order, with an error of at most 0.0001 of the largest number.

# %% tags=["answer:multi_step_dataset"]
def multi_step_dataset(trajectories, gamma):
    """All steps of all trajectories as triples (s, a, Q̂).

    Parameters
    ----------
    trajectories : list of N tuples (states, actions, rewards), arrays of equal length within a tuple.
    gamma : discount.

    Returns
    -------
    (s, a, q_hat) : three arrays [n], where n is the number of steps in all trajectories together
    """
    ### BEGIN SOLUTION
    s = np.concatenate([states for states, _, _ in trajectories])
    a = np.concatenate([actions for _, actions, _ in trajectories])
    q_hat = np.concatenate([reward_to_go(rewards, gamma) for _, _, rewards in trajectories])
    return s, a, q_hat
    ### END SOLUTION
    raise NotImplementedError("multi_step_dataset")

# %% [markdown] tags=["hints"]
# - nudge: Does a reward in the second trajectory follow from an action in the first?
# - method: Convert each trajectory by itself with exercise 4, and join afterwards. The other way round, returns would run
#   over the border between two trajectories.
# - almost code: Three empty lists. For each `states, actions, rewards`: extend the first by `states`, the second by `actions`, the
#   third by `reward_to_go(rewards, gamma)`.

# %% tags=["check:multi_step_dataset:2"]
report = check("multi_step_dataset", multi_step_dataset)
### BEGIN HIDDEN TESTS
report += check("multi_step_dataset", multi_step_dataset, seed=74206)
### END HIDDEN TESTS
report.points(2)

# %% [markdown]
# ### 5b The gradient
# *Difficulty ●●○, importance ●●●, 15 minutes, 3 points: one trajectory 1, unequal lengths 2.*
#
# The policy is a table: `theta[s]` is the row of logits of state $s$. The loss of $N$ trajectories is
#
# $$\mathcal L(\theta)=-\frac1N\sum_{i=1}^{N}\sum_{t}\hat Q_t^i\,\log\pi_\theta(a_t^i|s_t^i).$$
#
# Mind what is divided by what: a mean over **trajectories**, a sum over the steps within one. The weights $\hat Q$ count as
# constants, as $R$ did in exercise 3. Return the gradient of the **loss**. (One step $\theta\leftarrow\theta-\alpha\nabla\mathcal L$ with it is
# REINFORCE, and you have written it.)
#
# *The check* allows an error of 0.0001 of the largest entry.

# %% tags=["answer:multi_step_gradient"]
def multi_step_gradient(theta, trajectories, gamma):
    """Gradient of the multi-step classification loss of a softmax table.

    Parameters
    ----------
    theta : array [S, A], a row of logits for each state.
    trajectories : list of N tuples (states, actions, rewards), arrays of equal length within a tuple.
    gamma : discount.

    Returns
    -------
    array [S, A], ∇L
    """
    ### BEGIN SOLUTION
    pi, grad = np.exp(log_softmax(theta)), np.zeros(theta.shape)
    for states, actions, rewards in trajectories:
        for s, a, q in zip(states, actions, reward_to_go(rewards, gamma), strict=True):
            grad[s] += q * pi[s]
            grad[s, a] -= q
    return grad / len(trajectories)
    ### END SOLUTION
    raise NotImplementedError("multi_step_gradient")

# %% [markdown] tags=["hints"]
# - nudge: Suppose there is one trajectory of one step. Which exercise is it then, and which row of θ has a gradient?
# - method: Each step adds $\hat Q_t\,(\pi_\theta(\cdot|s_t)-\text{onehot}(a_t))$ to row $s_t$. A state may occur many times; every
#   visit counts.
# - almost code: `pi = np.exp(log_softmax(theta))`, `grad` of zeros. For each triple `s, a, q` of each trajectory: `grad[s] += q *
#   pi[s]` and `grad[s, a] -= q`. At the end divide by `len(trajectories)`.

# %% tags=["check:multi_step_gradient:3"]
report = check("multi_step_gradient", multi_step_gradient)
### BEGIN HIDDEN TESTS
report += check("multi_step_gradient", multi_step_gradient, seed=15937)
### END HIDDEN TESTS
report.points(3)

# %% [markdown]
# ## 6 Three questions
# *Difficulty ●●●, importance ●●●, 25 minutes, 3, 3 and 4 points. A few sentences and a formula where it helps;
# a person reads them.*
#
# **6a.** A classifier gives the right action the probability $\pi(a^*|s)=0.01$ and another action 0.98. Why is the gradient of
# the loss in the logits large there, and how large is its largest entry at most? Compare with a data point that has $\pi(a^*|s)=0.99$. What
# would happen if the loss were $1-\pi(a^*|s)$ instead of $-\log\pi(a^*|s)$?

# %% [markdown] tags=["written:confident_wrong:3"]
# **Model answer.** In the logits the gradient of $-\log\pi(a^*)$ is $\pi-\text{onehot}(a^*)$: $-(1-\pi(a^*))$ at the right action and
# $+\pi(b)$ at the others. At $\pi(a^*)=0.01$ that is -0.99 at $a^*$ and +0.98 at the wrong favourite, nearly the
# largest it can be (each entry is at most 1 in size, the length at most $\sqrt2$). At $\pi(a^*)=0.99$ it is -0.01: about 99 times
# smaller. The loss pushes with the probability that is *missing*, so it learns most where it is most wrong.
# (In the probability itself the slope is $-1/\pi(a^*)$: -100 against -1.01.)
#
# The gradient of $1-\pi(a^*)$ has the extra factor $\pi(a^*)$: $-\pi(a^*)(1-\pi(a^*))$ at the right action, 0.0099 for *both*
# data points. A confident wrong answer would learn as slowly as a confident right one; with $\pi(a^*)\to0$ it would never
# recover. The logarithm cancels that factor.
#
# **Rubric (3).** 1: gradient $\pi-\text{onehot}$, so size $1-\pi(a^*)$ at the right action (or slope $1/\pi$ in the probability).
# 1: bounded (by 1 an entry), and the comparison 0.99 against 0.01. 1: for $1-\pi$ the factor $\pi(a^*)$ makes the gradient
# vanish. Common wrong answers: "because the loss is large" (0 for the first point: a large value is not a
# large slope); "it is infinite" (in the logits it is not).

# %% [markdown]
# **6b.** Suppose all weights are $R=+100$, whatever the action: every rollout "was good". What does the weighted
# classification loss teach on a *fixed batch* of data? What is the gradient *on average* if the actions are drawn from
# $\pi_\theta$ itself? What does it do in a single finite batch then? Name a change to the weights that helps.

# %% [markdown] tags=["written:all_plus_100:3"]
# **Model answer.** On a fixed batch it is plain classification with a step size 100 times as large: all actions that occur are made more
# likely, in proportion to how often they occur; at the minimum $\pi(a|s)$ is the frequency of $a$ in the data. It imitates
# whoever collected them and learns nothing about good or bad.
#
# If $a\sim\pi_\theta$, the expected gradient is $100\,\mathbb E_{a\sim\pi_\theta}[\nabla_\theta\log\pi_\theta(a|s)]=100\,\nabla_\theta\sum_a\pi_\theta(a|s)=100\,\nabla_\theta1=0$: all
# pushes cancel, since pushing all actions up alike leaves the softmax where it is. In a finite batch they do not cancel: the actions that
# happened to be drawn are pushed up with weight 100, by luck. That is noise, of size proportional to 100, and no signal
# (a policy may even collapse onto an action that it drew by chance). Subtracting a number from all weights helps, such as their
# mean: here all become 0, and nothing moves. That is a baseline (notebook 07).
#
# **Rubric (3).** 1: fixed batch: imitates the data's frequencies, no preference. 1: expected gradient under $\pi_\theta$ is 0, with the
# reason. 1: finite batch: noise that scales with 100, and a baseline (or centred weights) removes it.
# Common wrong answer: "nothing happens, as all are equal" (true for the mean only: half of the second point).

# %% [markdown]
# **6c.** Multi-step classification looks like supervised learning with weights. Name **two** things that are different, so that what one
# knows about supervised learning no longer holds, and what each of them means for an algorithm.

# %% [markdown] tags=["written:not_supervised:4"]
# **Model answer.** Any two of these, each with its consequence:
# - *The data come from the policy itself.* After an update, states and actions are distributed differently; the old batch belongs to the
#   old policy. So one collects afresh after every update (or corrects for it). In supervised learning one data set is
#   used for many epochs. The policy also decides what it never sees: no data, no learning there.
# - *There is no right action in the data*, only a number for what was done. The label is the action that the policy itself took, and
#   $\hat Q$ says how much to believe it. Actions that were not tried have no label: one must explore.
# - *The weights may be negative.* On a fixed batch the loss then has no minimum: $-R\log\pi$ with $R<0$ falls without bound as
#   $\pi\to0$, and the mass goes to whatever was never tried. Training "to convergence" on one batch is wrong.
# - *The weights are noisy and depend on what was done later* (and so on the policy): $\hat Q_t$ is one sample of a sum. So the gradient has
#   high variance: large batches, baselines.
# - *The value of the loss means nothing.* It is not $-J$; only its gradient at the current θ is that of $-J$. A falling loss does not say that
#   the policy is getting better: watch the return.
# - *The steps of a trajectory are not independent data points.* The mean is over trajectories.
#
# **Rubric (4).** For each of two differences: 1 for naming it correctly, 1 for a consequence for the algorithm. "RL uses rewards"
# without more is 0; "it is sequential" is 1 only if it is said what follows from it.
