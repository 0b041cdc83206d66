# %% [markdown]
# # Problem set 5: someone who says what to expect
#
# | | |
# |---|---|
# | **Points** | 35: exercises 25 (graded by checks), questions 10 (graded by a person) |
# | **Time** | about 135 minutes |
# | **Needs** | notebooks 09 and 10 |
#
# You will write one iteration of the batch actor-critic, from the TD error up, with the hole in the slide filled. Then the same gradient by
# torch, and three lines of algebra on which the *soft* actor-critic stands.
#
# **Rules**
# - Write between the signature and the end of each answer cell. Numpy is all you need, and torch in exercise 4; the functions
#   of `pgkit` that would *be* the answer are switched off inside the checks.
# - The checks compare your numbers with exact ones, not with our code. Loop or vectorise, in float64 or
#   float32, as arrays, tensors or lists. Your inputs are copies: you may write into them. Warnings and progress bars cost nothing.
# - Each check shows what it sees and says what is wrong. Grading repeats it on other data **by the same
#   rules**; "Validate" runs the visible half only.
# - Parts are worth points on their own, and an exercise that you leave out costs only its own points. Its check
#   stops "Run All": run the cells after it one by one.
#   A later answer may call an earlier one.
#
# | exercise | points | difficulty | importance | minutes |
# |---|---|---|---|---|
# | 1 The TD error | 3 | ●○○ | ●●● | 10 |
# | 2 GAE | 5 | ●●○ | ●●● | 20 |
# | 3 One iteration | 7 | ●●● | ●●● | 30 |
# | 4 The same gradient, by torch | 4 | ●●○ | ●●○ | 20 |
# | 5a The soft value | 2 | ●●○ | ●●○ | 10 |
# | 5b The soft policy | 2 | ●○○ | ●●● | 5 |
# | 5c What a policy is worth | 2 | ●○○ | ●●● | 10 |
# | 6 Two questions | 10 | ●●● | ●●● | 30 |
#
# **Symbols**
# - The data are $N$ rows of $T$ steps, arrays `[N, T]`; the entry `[i, t]` is step $t=0,1,\dots$ of row $i$. A row is a recording: it may hold several episodes one
#   after the other, and begin and stop in the midst of one. All steps happened, there is no padding.
# - $s_t,a_t,r_t$: state, action, reward. $s_t'$: the state to which that step led. After the end of an episode the next entry of
#   the row is the first step of *another* episode, so $s_{t+1}$ is not $s_t'$ there.
# - `terminated[i, t]`: with this step the episode ended for good. $d_t$ is 1 there, else 0. `truncated[i, t]`: with this step it was cut off, and would
#   have gone on. Never both.
# - $V(s)$: what the critic says. α: the actor's step size. $\mathcal T>0$: the temperature, in the code `temperature`. (Notebook 10 writes $T$ for it. Here $T$ is the length of a row.)

# %%
import numpy as np

from pgkit.check import check

# %% [markdown]
# ## 1 The TD error
# *Difficulty ●○○, importance ●●●, 10 minutes, 3 points: steps that go on 1, terminated 1, truncated 1.*
#
# Step 3 of the slide, with its hole filled:
#
# $$\delta_t=r_t+\gamma\,(1-d_t)\,V(s_t')-V(s_t).$$
#
# You are handed what the critic says of both states, also where that means nothing: for a state in which an episode has ended it says *some* number.
#
# *The check* allows an error of 0.0001 of the largest entry.

# %% tags=["answer:td_residual"]
def td_residual(r, v, v_next, terminated, truncated, gamma):
    """The TD error δ of each step.

    Parameters
    ----------
    r : array [N, T] of rewards.
    v : array [N, T], V(s_t).
    v_next : array [N, T], V(s'_t), of the state to which step t led.
    terminated : array [N, T] of bools, the step ended the episode for good.
    truncated : array [N, T] of bools, the episode was cut off after the step.
    gamma : discount.

    Returns
    -------
    array [N, T], δ
    """
    ### BEGIN SOLUTION
    return r + gamma * np.where(terminated, 0.0, v_next) - v
    ### END SOLUTION
    raise NotImplementedError("td_residual")

# %% [markdown] tags=["hints"]
# - nudge: A pole has fallen, and a pole still stands after 500 steps. In which case does something follow?
# - method: Only one of the two flags matters here, and it touches only one of the three terms.
# - almost code: `np.where(terminated, 0.0, v_next)` is what is still to come. Discount it, add the reward, take away `v`.

# %% tags=["check:td_residual:3"]
report = check("td_residual", td_residual)
### BEGIN HIDDEN TESTS
report += check("td_residual", td_residual, seed=58213)
### END HIDDEN TESTS
report.points(3)

# %% [markdown]
# ## 2 GAE
# *Difficulty ●●○, importance ●●●, 20 minutes, 5 points: steps that go on 2, terminated 1, truncated 1, λ = 0 and λ = 1 together 1.*
#
# One δ believes the critic after one step. Generalised advantage estimation adds up the later ones,
#
# $$\hat A_t=\sum_{k\ge0}(\gamma\lambda)^k\,\delta_{t+k},$$
#
# as far as the episode and the row go. Two rules, from the table in notebook 09:
#
# | step $t$ | $V(s_t')$ in $\delta_t$ | the sum goes on with $\delta_{t+1}$ |
# |---|---|---|
# | terminated | 0 | no |
# | truncated | as it is | no |
# | the last of its row | as it is, unless terminated | no |
# | any other | as it is | yes |
#
# *The check* allows an error of 0.0001 of the largest entry.

# %% tags=["answer:gae"]
def gae(r, v, v_next, terminated, truncated, gamma, lam):
    """Generalised advantage estimate of each step.

    Parameters
    ----------
    r, v, v_next, terminated, truncated, gamma : as in exercise 1.
    lam : λ, 0 ≤ λ ≤ 1.

    Returns
    -------
    array [N, T], Â
    """
    ### BEGIN SOLUTION
    adv = np.array(td_residual(r, v, v_next, terminated, truncated, gamma), dtype=float)
    for t in reversed(range(adv.shape[1] - 1)):
        goes_on = ~(terminated[:, t] | truncated[:, t])
        adv[:, t] += gamma * lam * goes_on * adv[:, t + 1]
    return adv
    ### END SOLUTION
    raise NotImplementedError("gae")

# %% [markdown] tags=["hints"]
# - nudge: Suppose you know $\hat A_{t+1}$, and no episode ends at $t$. What is $\hat A_t$? Take $\gamma\lambda$ out of all terms but the first.
# - method: $\hat A_t=\delta_t+\gamma\lambda\,\hat A_{t+1}$ if the sum goes on, else $\hat A_t=\delta_t$. Begin at the last step of the row and walk back.
# - almost code: Start from `adv = td_residual(...)`, a copy. For `t` from `T-2` down to 0, add to column `t` of it `gamma * lam * goes_on * adv[:, t + 1]`, where
#   `goes_on` is false where step `t` ended an episode, in either way.

# %% tags=["check:gae:5"]
report = check("gae", gae)
### BEGIN HIDDEN TESTS
report += check("gae", gae, seed=36940)
### END HIDDEN TESTS
report.points(5)

# %% [markdown]
# ## 3 One iteration
# *Difficulty ●●●, importance ●●●, 30 minutes, 7 points: the new V 2, the new θ 3, the whole world 2.*
#
# The five steps. Actor and critic are tables: row $s$ of θ holds the logits of state $s$, $\pi_\theta(a|s)=e^{\theta_{sa}}/\sum_{a'}e^{\theta_{sa'}}$, and $V$ has one number for each state.
#
# 1. **Sample.** Done: the batch is handed in.
# 2. **Fit V.** The targets are the λ-returns $y_t=\hat A_t+V(s_t)$, with $\hat A$ of exercise 2 from the $V$ that was handed in. (For λ = 0 that is $r+\gamma(1-d)V(s')$; for λ = 1
#    it is all rewards up to the end.) The new $V$ minimises $\sum(V(s_t)-y_t)^2$ over all steps of the batch, with the targets fixed: in each state the **mean** of its targets. A state that
#    was not visited keeps its number.
# 3. **Evaluate.** $\hat A$ anew, by exercise 2, now from the **new** $V$.
# 4. **Gradient.** $\displaystyle\hat g=\frac1N\sum_{i=1}^N\sum_{t=0}^{T-1}\psi_t^i\,\hat A_t^i$, where ψ is 0 but for row $s_t$, which is $\;\text{onehot}(a_t)-\pi_\theta(\cdot|s_t)$.
# 5. **Update.** $\theta\leftarrow\theta+\alpha\,\hat g$. No standardising, no Adam.
#
# *The check* compares $V$ (error at most 0.0001 of its largest entry) and the step that θ makes (at most 0.001 of the step's largest entry). The step is judged with the $V$ that you
# return, so a slip in step 2 costs step 2 only. Then comes the **whole world**: every step that a small world can make, in rows of one step, each as often as π takes it (the states as
# often as the discounted occupancy says), and $V=V^\pi$. The fit must leave $V$ as it is, and the step must be α times the slope of $J$, which the check has from $J$ alone: it moves θ a
# little, and solves for $V^\pi$ again.

# %% tags=["answer:actor_critic_iteration"]
def actor_critic_iteration(theta, v, s, a, r, s_next, terminated, truncated, gamma, lam, alpha):
    """One iteration of the batch actor-critic with tables.

    Parameters
    ----------
    theta : array [S, A], a row of logits for each state.
    v : array [S], the critic's table.
    s, a, r, s_next : arrays [N, T] of states, actions, rewards, next states s'.
    terminated, truncated : arrays [N, T] of bools.
    gamma, lam, alpha : discount, λ, step size of the actor.

    Returns
    -------
    theta_new, v_new : arrays [S, A] and [S]
    """
    ### BEGIN SOLUTION
    def advantage(v):
        return gae(r, v[s], v[s_next], terminated, truncated, gamma, lam)

    y = advantage(v) + v[s]
    v_new = np.array(v, dtype=float)
    for x in np.unique(s):
        v_new[x] = np.mean(y[s == x])
    adv = advantage(v_new)
    pi = np.exp(theta - theta.max(axis=1, keepdims=True))
    pi /= pi.sum(axis=1, keepdims=True)
    psi = np.eye(theta.shape[1])[a] - pi[s]
    grad = np.zeros(theta.shape)
    np.add.at(grad, s, adv[..., None] * psi)
    return theta + alpha * grad / len(s), v_new
    ### END SOLUTION
    raise NotImplementedError("actor_critic_iteration")

# %% [markdown] tags=["hints"]
# - nudge: The table `v` and the array `s` together are what exercise 2 wants: `v[s]` has the shape `[N, T]`.
# - method: Write a helper that takes a table and returns $\hat A$; you need it twice, with two tables. The fit is a mean for each state (problem set 4, exercise 1a), the gradient a sum
#   over all steps (there, exercise 3).
# - almost code: `y = gae(r, v[s], v[s_next], ...) + v[s]`. For each `x` in `np.unique(s)`: `v_new[x] = y[s == x].mean()`, in a copy of `v`. Then `adv` from `v_new`. For each `i`, `t`:
#   `grad[s[i, t]] += adv[i, t] * (onehot - pi[s[i, t]])`. Divide by `len(s)`; return `theta + alpha * grad, v_new`.

# %% tags=["check:actor_critic_iteration:7"]
report = check("actor_critic_iteration", actor_critic_iteration)
### BEGIN HIDDEN TESTS
report += check("actor_critic_iteration", actor_critic_iteration, seed=80467)
### END HIDDEN TESTS
report.points(7)

# %% [markdown]
# To see it at work, open a cell of your own: your iteration in the Ring of Fire, with resets. $J$ from the start begins at -1.4; after 50 updates it should be above 40, after 200 near 51
# (the best there is, 51.33). It takes some seconds.
# ```python
# from pgkit import exact, load_world, uniform
# world, rng = load_world("ring-of-fire"), np.random.default_rng(0)
# gamma, N, T, mu = 0.95, 16, 30, uniform(world, 0.95)
# S, A, dead = world.n_states, world.n_actions, world.terminal
# theta, v = np.zeros((S, A)), np.zeros(S)
# for update in range(201):
#     pi = np.exp(theta - theta.max(axis=1, keepdims=True))
#     pi /= pi.sum(axis=1, keepdims=True)
#     if update % 50 == 0:
#         print(update, exact.expected_return(world, pi, gamma).round(2))
#     s, a, s_next = np.zeros((3, N, T), dtype=int)
#     x = rng.choice(S, N, p=mu)
#     for t in range(T):  # step 1, sample: T steps of N walks
#         s[:, t], a[:, t] = x, [rng.choice(A, p=pi[y]) for y in x]
#         y = s_next[:, t] = world.next_state[x, a[:, t], 0]
#         x = np.where(dead[y], rng.choice(S, N, p=mu), y)
#     r, end = world.reward[s, a, 0], dead[s_next]
#     cut = np.zeros_like(end)  # nothing but the ends of the rows
#     theta, v = actor_critic_iteration(
#         theta, v, s, a, r, s_next, end, cut, gamma, lam=0.95, alpha=0.3)
# ```
# Then let `mu = world.start`: nobody helps it to find the +100. What does it reach, and which nightmare is that?

# %% [markdown]
# ## 4 The same gradient, by torch
# *Difficulty ●●○, importance ●●○, 20 minutes, 4 points: U 1.5; W, critic off, 1; W with its critic 1.5.*
#
# Torch differentiates whatever it can reach. The art is to say what it may *not* reach. Here actor and critic share a body, as they often do: a layer $h$ of hidden units, from which the actor reads
# its logits and the critic its value.
#
# $$h(x)=\tanh(xW),\qquad\pi(\cdot|x)=\text{softmax}\big(h(x)\,U\big),\qquad V(x)=h(x)\cdot u .$$
#
# The actor's objective for $n$ samples, and what you return, are
#
# $$J=\frac1n\sum_{k=1}^n\hat A_k\,\log\pi(a_k|x_k)\quad\text{with}\quad\hat A_k=\hat Q_k-V(x_k)\ \text{ a \textbf{number}},\qquad\text{and}\quad\nabla_WJ,\ \nabla_UJ .$$
#
# "A number": the gradient must not run through $\hat A$, though $V(x_k)$ is made of $W$. Otherwise $W$ would also be pulled towards a larger $V$: $\log\pi$ is negative, so $J$ grows when $\hat A$ shrinks, and no action has become any better.
#
# *The check* has both gradients worked out by hand in numpy, and allows an error of 0.001 of the largest entry. First with $u=0$, where $\hat A=\hat Q$; then with $u\ne0$. (The check cannot see whether it was torch. You
# may do it by hand, too.) The import takes a moment.

# %%
import torch


# %% tags=["answer:torch_gradient"]
def torch_gradient(W, U, u, x, a, q_hat):
    """Gradient of the actor's objective in the weights of a shared network.

    Parameters
    ----------
    W : array [F, H], from the features to the hidden layer.
    U : array [H, A], from there to the logits.
    u : array [H], from there to the value.
    x : array [n, F] of features.
    a : array [n] of actions.
    q_hat : array [n], Q̂ of each sample.

    Returns
    -------
    grad_W, grad_U : [F, H] and [H, A], arrays or tensors
    """
    ### BEGIN SOLUTION
    W, U = (torch.tensor(y, requires_grad=True) for y in (W, U))
    h = torch.tanh(torch.tensor(x) @ W)
    adv = (torch.tensor(q_hat) - h @ torch.tensor(u)).detach()
    log_pi = torch.log_softmax(h @ U, dim=1)
    J = (adv * log_pi[torch.arange(len(a)), torch.tensor(a)]).mean()
    return torch.autograd.grad(J, (W, U))
    ### END SOLUTION
    raise NotImplementedError("torch_gradient")

# %% [markdown] tags=["hints"]
# - nudge: There are two ways from $W$ to $J$: through the policy and through the critic. Which one is meant?
# - method: Make tensors of all inputs (`torch.tensor(W, requires_grad=True)` for the two that you differentiate). Write $h$, the log-softmax, $\hat A$ and $J$ as above, and cut $\hat A$ off with `.detach()`.
#   `J.backward()` leaves the gradients in `W.grad` and `U.grad`.
# - almost code: `log_pi = torch.log_softmax(h @ U, dim=1)[torch.arange(len(a)), a]`, `adv = (q_hat - h @ u).detach()`, `J = (adv * log_pi).mean()`: all with tensors. After `J.backward()`, return
#   `W.grad, U.grad`.

# %% tags=["check:torch_gradient:4"]
report = check("torch_gradient", torch_gradient)
### BEGIN HIDDEN TESTS
report += check("torch_gradient", torch_gradient, seed=14705)
### END HIDDEN TESTS
report.points(4)

# %% [markdown]
# ## 5 Soft values
# The soft actor-critic is paid $\mathcal T$ for every nat of entropy, on top of the reward. Look at one state and take $Q(s,a)$, what is to come after action $a$, as given. Then the best policy in this state maximises
#
# $$\sum_a\pi(a|s)\,Q(s,a)+\mathcal T\,H(\pi(\cdot|s)),\qquad H(\pi)=-\sum_a\pi(a)\log\pi(a).$$
#
# Three functions belong to it: its maximum, the policy where it is reached, and its value for any other policy.
#
# ### 5a The soft value
# *Difficulty ●●○, importance ●●○, 10 minutes, 2 points: ordinary 1, huge Q and low temperature 1.*
#
# The maximum is a soft version of $\max_aQ(s,a)$:
#
# $$V(s)=\mathcal T\,\log\sum_ae^{Q(s,a)/\mathcal T}.$$
#
# Values may be as large as ±1000, and temperatures as low as 0.001. $e^{1000}$ is no float, and $\log0$ no number. It must work all the same.
#
# *The check* allows an error of 0.01 of the temperature.

# %% tags=["answer:soft_value"]
def soft_value(q, temperature):
    """V = temperature · log Σ_a exp(Q / temperature) of each state.

    Parameters
    ----------
    q : array [S, A], Q(s,a); between -1000 and 1000.
    temperature : > 0.

    Returns
    -------
    array [S], V
    """
    ### BEGIN SOLUTION
    top = q.max(axis=1)
    return top + temperature * np.log(np.exp((q - top[:, None]) / temperature).sum(axis=1))
    ### END SOLUTION
    raise NotImplementedError("soft_value")

# %% [markdown] tags=["hints"]
# - nudge: If you add 5 to all $Q$ of a state, what happens to $V$?
# - method: It grows by 5 as well. So take the largest $Q$ of the state out, $m$, and put it back at the end. Then the largest exponent is 0 and the sum at least 1.
# - almost code: $m+\mathcal T\log\sum_ae^{(Q-m)/\mathcal T}$ with `m = q.max(axis=1)`, and `m[:, None]` where it is subtracted from `q`.

# %% tags=["check:soft_value:2"]
report = check("soft_value", soft_value)
### BEGIN HIDDEN TESTS
report += check("soft_value", soft_value, seed=92681)
### END HIDDEN TESTS
report.points(2)

# %% [markdown]
# ### 5b The soft policy
# *Difficulty ●○○, importance ●●●, 5 minutes, 2 points: ordinary 1, huge Q and low temperature 1.*
#
# The maximum is reached by
#
# $$\pi(a|s)=\frac{e^{Q(s,a)/\mathcal T}}{\sum_be^{Q(s,b)/\mathcal T}}.$$
#
# *The check* allows an error of 0.001 in a probability.

# %% tags=["answer:soft_policy"]
def soft_policy(q, temperature):
    """π(a|s) in proportion to exp(Q / temperature).

    Parameters
    ----------
    q : array [S, A], Q(s,a); between -1000 and 1000.
    temperature : > 0.

    Returns
    -------
    array [S, A], π; each row sums to 1
    """
    ### BEGIN SOLUTION
    weight = np.exp((q - q.max(axis=1, keepdims=True)) / temperature)
    return weight / weight.sum(axis=1, keepdims=True)
    ### END SOLUTION
    raise NotImplementedError("soft_policy")

# %% [markdown] tags=["hints"]
# - nudge: This is a softmax. Of what?
# - method: Subtract each state's largest $Q$ first; that cancels. (Or use exercise 5a: $\pi=e^{(Q-V)/\mathcal T}$.)
# - almost code: `weight = np.exp((q - q.max(axis=1, keepdims=True)) / temperature)`, divided by its sums over the rows, with `keepdims=True`.

# %% tags=["check:soft_policy:2"]
report = check("soft_policy", soft_policy)
### BEGIN HIDDEN TESTS
report += check("soft_policy", soft_policy, seed=47326)
### END HIDDEN TESTS
report.points(2)

# %% [markdown]
# ### 5c What a policy is worth
# *Difficulty ●○○, importance ●●●, 10 minutes, 2 points: any policy 1, zeros 0.5, the soft policy 0.5.*
#
# For any policy, the reward to come and the pay for the entropy of this state, together:
#
# $$V^\pi(s)=\sum_a\pi(a|s)\,\big(Q(s,a)-\mathcal T\log\pi(a|s)\big).$$
#
# An action with $\pi(a|s)=0$ adds nothing. For the soft policy of 5b the result must be the $V$ of 5a: that is the identity on which the critic's targets stand. (For all others it is less, by
# $\mathcal T\cdot\mathrm{KL}(\pi\|\pi_{\text{soft}})$.)
#
# *The check* allows an error of 0.001 of the temperature; for the soft policy, where Q is near ±1000, of 0.01.

# %% tags=["answer:value_with_entropy"]
def value_with_entropy(q, pi, temperature):
    """V = Σ_a π (Q - temperature · log π) of each state.

    Parameters
    ----------
    q : array [S, A], Q(s,a).
    pi : array [S, A], π(a|s); may hold zeros.
    temperature : > 0.

    Returns
    -------
    array [S], V
    """
    ### BEGIN SOLUTION
    log_pi = np.log(np.where(pi > 0, pi, 1.0))
    return (pi * (q - temperature * log_pi)).sum(axis=1)
    ### END SOLUTION
    raise NotImplementedError("value_with_entropy")

# %% [markdown] tags=["hints"]
# - nudge: With two actions of the same $Q$ and π = (½, ½), how much is the entropy worth at $\mathcal T=1$? (0.693.)
# - method: Both terms are means under π, so multiply the bracket by π and sum over the actions. $0\cdot\log0$ must be 0, not nan: see to it *before* numpy takes the logarithm.
# - almost code: `log_pi = np.log(np.where(pi > 0, pi, 1.0))`. Then the row sums of `pi * (q - temperature * log_pi)`.

# %% tags=["check:value_with_entropy:2"]
report = check("value_with_entropy", value_with_entropy)
### BEGIN HIDDEN TESTS
report += check("value_with_entropy", value_with_entropy, seed=23159)
### END HIDDEN TESTS
report.points(2)

# %% [markdown]
# To see all three at work, open a cell of your own. Two states, three temperatures. In each line the first two pairs should be equal, the third smaller. When does the third nearly catch up, and why?
# ```python
# q = np.array([[1.0, 1.2, -3.0, 0.5], [1000.0, 999.0, -1000.0, 0.0]])
# for temperature in (0.01, 1.0, 10.0):
#     best, pi = soft_value(q, temperature), soft_policy(q, temperature)
#     worth = value_with_entropy(q, pi, temperature)
#     even = value_with_entropy(q, np.full((2, 4), 0.25), temperature)
#     print(temperature, best.round(3), worth.round(3), even.round(3))
# ```

# %% [markdown]
# ## 6 Two questions
# *Difficulty ●●●, importance ●●●, 30 minutes, 5 points each. A few lines of formulas and a few sentences;
# a person reads them.*
#
# **6a.** The think-about-it of notebook 09. Take your exercise 3 as a loop: sample, fit, evaluate, gradient, update, and again. For each of the three nightmares (local optima, distribution shift, high variance) say
# - in which of the five steps it lives, and *how* it gets there (which factor, which data, which sum);
# - what in the loop fights it, if anything, and what would;
# - what that fight costs, if anything.
#
# One of them lives in *two* places, since now two things are learned. Which, and where is the second?

# %% [markdown] tags=["written:nightmares_in_the_loop:5"]
# **Model answer.**
#
# *Local optima: step 1.* The states are those that $\pi_\theta$ itself reaches from the nominal start. The gradient of a logit has the factor $d^\pi(s)\,\pi(a|s)$: where π does not go there are no data, no sum in step 4 has a
# term, and θ does not move there, however wrong it is. The critic makes it no better: it is fitted to the same states, and what it says of others is made up. **Nothing in the loop fights it.** A baseline,
# λ, Adam, a natural step, more data from the same place: none of them visits a new state. What does is another step 1: a start distribution μ that covers what a good policy visits (the constant is $\|d^{\pi^*}/\mu\|_\infty$). Entropy keeps $\pi(a|s)$ away from 0 where π is, which is less.
# The price: one must be able to set the world to any state, and the performance is measured from the nominal start all the same.
#
# *Distribution shift: step 5, and then step 2.* $\hat g$ is made of states and advantages of the old θ. A step changes $\pi$, and with it $d^\pi$ and $A^\pi$, so what was up need not be up after a long step. The loop fights it in three ways: **one** update, then the
# data are thrown away (step 1 again); a small α; and, in the natural actor, a step that is small in KL rather than in θ. It costs data (each is used once) or a linear solve. **The second place is the critic**: $V_\phi$ was fitted to the returns of *earlier* policies, and
# bootstraps from itself, so after step 5 it lags behind: it is the value of yesterday's actor. Fighting that: more sweeps in step 2, a faster critic than actor, larger λ. (The states may shift, too: $V$ is fitted where the old policy went.)
#
# *High variance: steps 3 and 4.* $\hat A$ of one sample holds the luck of all later actions and rewards, and step 4 sums $\psi\hat A$ of a few rows. What fights it is what the critic is there for: $V(s)$ as a **baseline** takes away what has nothing to do with $a$ (no price: $\mathbb E[\psi\,b(s)]=0$), and
# **bootstrapping**, λ < 1, replaces luck by a guess. That has a price: **bias**, $\gamma(1-\lambda)\sum_k(\gamma\lambda)^k\,\mathbb E[e(s_{t+1+k})|s_t,a_t]$, if the critic is wrong by $e$. Larger $N$ helps with $1/\sqrt N$. (Step 2 has variance of its own: the fit is from few samples.)
#
# So the critic cures the third nightmare, pays for it with a second place for the second one, and does nothing about the first.
#
# **Rubric (5).** 1 for local optima in step 1 *with the mechanism* (on-policy states, $d^\pi\pi$), and that nothing in the loop fights it. 1 for distribution shift in step 5 with the mechanism, and at least one of: one update for each batch, small α, KL or natural step. 1 for the second place, the lagging critic
# (step 2, or bootstraps in 3). 1 for variance in steps 3 and 4, fought by baseline and bootstrap. 1 for the costs: bias of λ < 1 when $V\ne V^\pi$ *and* that a baseline alone has none. Other places argued well are as good (variance in step 1, since there is sampled). Common wrong answers: "the critic
# explores" (0 for the first point); "distribution shift is cured since we are on-policy" (half: true of the data of *this* step, not of a long step, and not of the critic); "the critic removes the variance without bias" (0 of the last point).

# %% [markdown]
# **6b.** The entropy trap. In a world with $A$ actions in each state there is one reward, $R>0$: action 1 earns it and **terminates**. The other $A-1\ge2$ actions lead back to the same state and pay 0. The discount is γ, the temperature $\mathcal T$.
# - (i) Compare two policies by $\mathbb E\sum_t\gamma^t(r_t+\mathcal T\,H(\pi(\cdot|s_t)))$: "finish at once, surely", and "never finish, the other actions evenly". From which $\mathcal T$ on is the second better? Put in $R=100$, $\gamma=0.95$, $A=4$. In one sentence: is the algorithm wrong?
# - (ii) Ann drops the $(1-d)$ in the critic's target; after the end the critic keeps on saying what it says of the others, $V(s')=V(s)$. Is the trap gone for her? What else has she broken?
# - (iii) Bob adds a time limit of 200 steps, sets `terminated` there, and says "now it has to finish". What does his critic learn about a step at the limit, and why can no table $V(s)$ be right about it? What ought he to set?
# - (iv) Notebook 10 pays $\mathcal T\,(H-\log A)$ instead of $\mathcal T\,H$. Redo (i) with that pay, in letters and with the same numbers: which of the two is better now, and from which $\mathcal T$ on? The pay differs by a constant only.
#   Why does a constant change anything here, when it would change nothing in a world without an end?

# %% [markdown] tags=["written:entropy_trap:5"]
# **Model answer.**
#
# (i) *Finish*: $R$, with entropy 0, for π is sure, and nothing follows. *Never*: $\mathcal T\log(A-1)$ in every step, together $\dfrac{\mathcal T\log(A-1)}{1-\gamma}$. The second is better from
# $$\mathcal T>\frac{R\,(1-\gamma)}{\log(A-1)}=\frac{100\cdot0.05}{\log3}=4.55$$
# on. The algorithm is right: it maximises what it was told to. What is wrong is the objective, in which an end costs all later entropy. (The best policy mixes, $V=\mathcal T\log\big(e^{R/\mathcal T}+(A-1)e^{\gamma V/\mathcal T}\big)$; but its $\pi(1)=e^{(R-V)/\mathcal T}$ falls in the same way.)
#
# (ii) For this choice the trap is gone: with $V(s')=V(s)$ after the end, finishing is worth $R+\gamma V$, more than any other action, by $R$. But the critic now believes that the reward can be had **again and again**: it says up to
# $R/(1-\gamma)$, plus entropy, of a world that pays $R$ once. And what is true of good ends is true of bad ones: falling, burning, crashing no longer cost the future. In CartPole every state is then worth $1/(1-\gamma)$, whatever one does (notebook 09). The mask
# is not the trap: it says truly that nothing follows.
#
# (iii) He teaches it that $V(s')=0$ at the limit, so that step's target is its reward (and entropy) alone, while the *same* state a hundred steps earlier has the whole future as its target. $V(s)$ does not see the clock, so it fits a mean of both, and is wrong at all times: too low early, too high late. Staying
# becomes worth a little less, and the threshold moves, but nothing "has to finish". He ought to set `truncated`: the bootstrap stays, the sum of errors is cut. (Or give the clock to the state, if the limit is part of the task; then terminated is right.)
#
# (iv) *Finish* in one step, surely: $R-\mathcal T\log A$. *Never*: $\dfrac{\mathcal T\,(\log(A-1)-\log A)}{1-\gamma}$, which is negative. The first is better if
# $$R>\mathcal T\Big(\log A-\tfrac1{1-\gamma}\log\tfrac A{A-1}\Big)=\mathcal T\,(1.386-5.754) ,$$
# so with these numbers at **every** temperature: the bracket is negative. A constant $c$ in each step adds $c$ times the (discounted) *number* of steps to the return. Without an end that number is $\frac1{1-\gamma}$ for all policies, and a constant for all decides nothing. With an end the
# policy chooses how many steps there will be: one, or for ever. $\mathcal T\log A$ a step was a wage for being alive. (What is left is $-\mathcal T\,\mathrm{KL}(\pi\|\text{uniform})$, a penalty for being far from uniform.)
#
# **Rubric (5).** (i) 2: 1 for both values and the threshold (with $\log A$ instead of $\log(A-1)$: half), 1 for the number 4.55 and "the objective, not the algorithm". (ii) 1: gone, *and* a harm named: overestimates, or bad ends cost nothing. (iii) 1: target without a future at the limit against a full one earlier, which $V(s)$
# cannot tell apart, *and* truncated. (iv) 1: half for both values or the right conclusion from one bound, half for the number of steps being the policy's choice. Common wrong answers: "entropy is a form of exploration, so it will find the end sooner or later" (0 for the second point of (i): it knows the end and avoids it); "set done at the limit, since the episode is over" (0 for (iii): that is the mistake asked about); "a constant reward never changes the best policy" (0 of (iv): true only where all policies live equally long).
