# %% [markdown]
# # 04 · REINFORCE and the policy gradient theorem
#
# > *Life is good! This solves everything …* (the lecture, right after the slide of this notebook)
#
# **After this you can**
# 1. write REINFORCE in five lines, and say which one makes it more than weighted classification;
# 2. derive the policy gradient theorem, and say where the dynamics of the world went;
# 3. tell what changes the *mean* of a sampled gradient from what changes only its *noise*;
# 4. choose a step size α and a number of rollouts N on purpose.
#
# **Time** 70 minutes, in two sittings · **Needs** notebooks 01 (score), 02 (weights), 03 (trajectories, $\hat Q_t$) · **Lecture**
# *REINFORCE*, *Life is good! This solves everything …*, *The Policy Gradient Theorem*

# %%
import numpy as np

from pgkit import Reinforce, Run, exact, grid_world, load_world, logistic, nominal
from pgkit.bugs import find
from pgkit.figures import bands, clouds, curves, maps
from pgkit.plug import plug
from pgkit.widgets import RunLab, quiz, recap, slide, spot_the_bug
from pgkit.widgets.predict import predict
from pgkit.worlds.century import century

# %% [markdown]
# ## Play first
# A world so small that you can see all of it. Two rooms. In room 1 every step pays 4, in room 0 nothing. Two
# actions: *work* earns 1 more, and the next room is room 1 with probability 0.7. After *rest* it is room 1 with
# probability 0.3. You begin in either room. After $T=5$ steps the day is over.
#
# So work. Always. You see that at once; can a policy find it from rewards alone? It has two parameters, θ₁ for
# room 0 and θ₂ for room 1: $\pi_\theta(\text{work}|\text{room }k)=1/(1+e^{-\theta_{k+1}})$. It begins at $\theta=(0,0)$, a coin toss. Press **Play**.

# %%
world = century(offset=0)
policy = logistic(world.features)
hide = ("copy", "reset", "paint", "penalty")
look = {"policy": policy, "controls": ["alpha", "episodes"], "hide": hide}
presets = {"timid": {"alpha": 0.02}, "bold": {"alpha": 1.0}, "one rollout": {"episodes": 1}}
lab = RunLab("reinforce", world, ["contour", "cloud", "curve"], title="REINFORCE in two rooms",
             runs=64, presets=presets, **look)  # fmt: skip
lab

# %% [markdown]
# - **The map.** Height is $J(\theta)$, the mean return. 64 independent runs walk uphill.
# - **The cloud.** The green arrow is the exact gradient $\nabla J$, turned so that it points to the right. Each blue dot is a
#   gradient as the algorithm *estimates* it, from $N$ rollouts. Whatever lies left of the middle would step downhill.
# - **The curve.** $J$ of all runs: the median, and a band in which 80 % of them are.
#
# Move $N$ to 1, then to 128, and watch the cloud. Press **Restart**, move α to 1 and play again: some runs
# rush into a corner and never come out.

# %% [markdown] tags=["instructor"]
# **Minutes 0 to 5.** Play before you explain. First N, with the run paused: the cloud breathes. Then α. Ask: "a cloud that is mostly
# noise, and still they all get there. How?" Wanted: the mean of the cloud points uphill, and noise averages out over many
# small steps. Expected and wrong: "because N is large enough" (set N = 1 and α = 0.02, they get there too).

# %% [markdown]
# ## What happened
# Let us count, with 200 runs of our own. $J$ is computed exactly: no sampling in the score, only in the learning.

# %%
run = Run(Reinforce(alpha=0.1, episodes=8, horizon=5, gamma=1.0), world, policy, runs=200, seed=1)
first = run.history[0].expected_return[0]
last = run.advance(200).history[-1].expected_return
work = exact.expected_return(world, np.array([[0.0, 1.0], [0.0, 1.0]]), 1.0, horizon=5)
best = exact.optimal_values_over_time(world, 1.0, 5)[0][0] @ world.start
print(f"coin toss J = {first:.1f}, always work {work:.1f}, best possible J* = {best:.1f}")
print(f"200 updates: median {np.median(last):.2f}, {(last > 17.7).sum()} of 200 runs above 17.7")

# %% [markdown]
# From 12.5 to within a hair of 18.2, and nobody told the policy how the rooms work.

# %% [markdown]
# ## The loop
# Here is all of it: the slide, and the code that the lab runs, read from the package this moment. Click a line to see what it makes.
# Marked is what is new against weighted classification, notebook 02.

# %%
slide("reinforce", run=lab.run, previous="weighted_classification")

# %% [markdown]
# COMPUTE GRADIENTS and UPDATE are old friends: weighted classification with the weights $\hat Q_t$, the
# **reward-to-go** of notebook 03. New is where the data come from. There, $\mathcal D$ was given, once and for all. Here
# every pass of WHILE NOT CONVERGED **rolls out the policy of now** and makes a new $\mathcal D$. The classifier
# makes its own data, with the policy that it has just become.
#
# Why should that climb? Classification had a loss. What is it that REINFORCE climbs?

# %% [markdown]
# ## What it climbs
# A **trajectory** is $\xi=(s_0,a_0,r_0,\dots,s_{T-1},a_{T-1},r_{T-1})$; it pays $R(\xi)=\sum_{t=0}^{T-1}r_t$. A policy makes some
# trajectories likely and others not: $p(\xi|\theta)$. What we want large is the **expected return**
#
# $$J(\theta)=\mathbb E_{p(\xi|\theta)}\big[R(\xi)\big]=\sum_\xi p(\xi|\theta)\,R(\xi).$$
#
# We want $\nabla_\theta J$. But look where θ is: not in $R$, only in the *probabilities*. Differentiate:
# $\sum_\xi\nabla_\theta p(\xi|\theta)\,R(\xi)$. That is no expectation any more, and what is no expectation cannot be
# estimated by rolling out. One line of calculus repairs it. Since $\nabla\log p=\nabla p/p$,
#
# $$\nabla_\theta p(\xi|\theta)=p(\xi|\theta)\,\nabla_\theta\log p(\xi|\theta)
# \quad\Longrightarrow\quad
# \nabla_\theta J=\mathbb E_{p(\xi|\theta)}\big[R(\xi)\,\nabla_\theta\log p(\xi|\theta)\big].$$
#
# This is the **log-derivative trick**. The sum is an expectation again: roll out, average.
#
# ## Where did the world go?
# $\log p(\xi|\theta)$ seems to need a model of the world. Write it down. A trajectory happens step by step, from the start
# distribution $\rho$, the policy and the dynamics $P$ in turn:
#
# $$p(\xi|\theta)=\rho(s_0)\prod_{t=0}^{T-1}\pi_\theta(a_t|s_t)\,P(s_{t+1},r_t|s_t,a_t).$$
#
# (We do not write down where the last step leads, $s_T$.) The logarithm makes the product a sum, and $\nabla_\theta$ deletes every term without θ. Gone is ρ. Gone is $P$.
#
# $$\nabla_\theta\log p(\xi|\theta)=\sum_{t=0}^{T-1}\nabla_\theta\log\pi_\theta(a_t|s_t).$$
#
# Only scores are left, the ones of notebook 01. We write $\psi_t=\nabla_\theta\log\pi_\theta(a_t|s_t)$ for short. Together:
#
# $$\nabla_\theta J=\mathbb E_{p(\xi|\theta)}\Big[\Big(\sum_{t=0}^{T-1}\psi_t\Big)\Big(\sum_{k=0}^{T-1}r_k\Big)\Big].
# \qquad(1)$$
#
# Do not believe it. Our world is small enough to write down *every* trajectory with its probability.

# %%
tau, theta = exact.paths(world, horizon=5), np.zeros(2)
probs = policy.table(theta)
p = exact.path_probability(tau, probs)
score = exact.path_scores(tau, exact.feature_scores(probs, policy.features))
print(f"{len(p)} trajectories, total probability {p.sum():.12f}, J = {p @ tau.r.sum(axis=1):.4f}")


# %%
def J(theta):
    return exact.path_probability(tau, policy.table(theta)) @ tau.r.sum(axis=1)


slope = np.array([(J(theta + h) - J(theta - h)) / 2e-4 for h in 1e-4 * np.eye(2)])
whole = exact.full_return(tau, gamma=1.0)  # R(ξ), the same at every t
trick = exact.weighted_score(score, whole)  # (Σ ψ_t) R(ξ), one vector for each trajectory
print(f"slope of J, measured by nudging θ: {slope.round(6)}    formula (1): {(p @ trick).round(6)}")

# %% [markdown] tags=["instructor"]
# **Minutes 5 to 16.** On the slide click the line `tau = rollout(...)` twice with a step of the lab in between: other numbers. Ask: "is this
# supervised learning?" Wanted: each single update is, the sequence is not, since the data depend on θ. Expected and wrong: "the difference is the weights" (02
# had weights). Then derive on the board; the three steps (∇ into the sum, the trick, the product becomes a sum) fit one board. Stop at $P$: "who deletes it?"
# Wanted: it does not contain θ. Often heard: "we assume we know the dynamics". Also: "but $s_t$ depends on θ". How *likely* $s_t$ is depends on θ, and that
# is what $p(\xi|\theta)$ carries; inside, ξ is a fixed list.

# %% [markdown]
# ## Past and future
# In (1) each score $\psi_t$ is multiplied by *all* rewards. Split them at $t$. This is the first line of the theorem's slide:
#
# $$\nabla_\theta J=\mathbb E\Big[\sum_{t=0}^{T-1}\psi_t\Big(
# \underbrace{\sum_{k=0}^{t-1}r_k}_{\text{past}}+\underbrace{\sum_{k=t}^{T-1}r_k}_{\hat Q_t}\Big)\Big].$$
#
# The past was paid before $a_t$ was chosen. On a given trajectory it is a number like any other, and it does multiply
# $\psi_t$. REINFORCE leaves it out. Suppose it did not.

# %%
options = ("only the mean moves", "only the cloud grows", "both", "neither")
past = predict(
    "Keep the past rewards in: scores times R(ξ), not Q̂_t. What happens to the cloud of gradients?",
    key="04-past-rewards", choices=options,
)  # fmt: skip
past

# %% [markdown]
# No sampling: all 1024 trajectories, each with its own gradient, under both weights. In the figure a dot is one trajectory's gradient; the larger
# the likelier.

# %%
ahead = exact.future_return(tau, gamma=1.0)
g = {"Q̂ₜ, from t on": exact.weighted_score(score, ahead), "R(ξ), past and all": trick}
m = {name: exact.moments(p, x) for name, x in g.items()}
ours, full = m.values()
apart = np.abs(ours.mean - full.mean).max()
moved, grew = apart > 1e-9, full.trace > 1.01 * ours.trace
told = f"Variance {ours.trace:.1f} and {full.trace:.1f}; means apart {apart:.0e}."

# %%
truth = options[3 if not (moved or grew) else 2 if moved and grew else 0 if moved else 1]
past.reveal(truth, explain=told, show=clouds(g, slope, p))

# %% [markdown] tags=["instructor"]
# **Minutes 16 to 22.** Collect the votes, then let one defender of each answer speak. The common wrong answer is "both": "you add something, so the sum
# changes". Ask back: "what is the mean of what you add?" The proof below is one line; let a student find $\mathbb E[\psi_t|s_t]=0$
# (they have it from 01). Then the sting: "zero for each rollout?" No. It is noise of mean zero.

# %% [markdown]
# **Why.** Take one past reward $r_k$, $k<t$. Look at everything that happened up to $s_t$, and average over $a_t$ alone. By then $r_k$ is a
# fixed number, so
#
# $$\mathbb E[\psi_t\,r_k]=\mathbb E\big[r_k\;\mathbb E[\psi_t\,|\,s_0,a_0,r_0,\dots,s_t]\big],\qquad
# \mathbb E[\psi_t\,|\,\dots,s_t]=\sum_a\pi_\theta(a|s_t)\,\frac{\nabla_\theta\pi_\theta(a|s_t)}{\pi_\theta(a|s_t)}
# =\nabla_\theta\sum_a\pi_\theta(a|s_t)=\nabla_\theta1=0.\;∎$$
#
# The score has mean zero, notebook 01. This is **causality**: an action cannot change what has been paid. For $k\ge t$ the
# proof breaks, as it must: $r_k$ depends on $a_t$ and cannot be pulled out.
#
# Mind the small print. The past vanishes **in expectation**, not on any one trajectory. There it is noise:

# %%
for offset in (0, 100):
    t100 = exact.paths(century(offset), horizon=5)
    before = exact.full_return(t100, 1.0) - exact.future_return(t100, 1.0)  # the past alone
    x = exact.moments(p, exact.weighted_score(score, before))
    print(f"{offset:3} more a step: past has mean {abs(x.mean).max():.0e}, variance {x.trace:.1f}")

# %% [markdown]
# With 100 more on every reward, whatever one does, the noise is in the tens of thousands and the mean still nothing. (That
# second world is called Century. We come back to it in notebook 07; noise is a nightmare of its own.)
#
# Is less noise a theorem? No. Let a first step pay 1 and a second one cost 1, always: then $R(\xi)=0$ and (1) has no
# noise at all, but $\hat Q_1=-1$ has some. It is the rule, not the law.

# %% [markdown]
# ## The policy gradient theorem
# One more step. Among all trajectories that pass through $s_t,a_t$, the mean of $\hat Q_t$ has a name, the **action value**:
#
# $$Q_t^{\pi}(s,a)=\mathbb E\Big[\sum_{k=t}^{T-1}r_k\;\Big|\;s_t=s,\;a_t=a\Big].$$
#
# Given $(s_t,a_t)$ the score is a constant. So we may replace $\hat Q_t$ by its mean:
#
# $$\boxed{\;\nabla_\theta J=\mathbb E_{p(\xi|\theta)}\Big[\sum_{t=0}^{T-1}\nabla_\theta\log\pi_\theta(a_t|s_t)\;\hat Q_t\Big]
# =\mathbb E_{p(\xi|\theta)}\Big[\sum_{t=0}^{T-1}\nabla_\theta\log\pi_\theta(a_t|s_t)\;Q_t^{\pi_\theta}(s_t,a_t)\Big]\;}$$
#
# Left what one can roll out, right what it means: push up the actions whose *future* is good. $\hat Q_t$ is a **sample** of
# $Q_t^\pi$. (With a clock that ends at $T$, $Q$ depends on $t$: four steps to go are worth more than one.) Three weights, one gradient:

# %%
_, q = exact.values_over_time(world, exact.at_all_times(probs, 5), gamma=1.0)
g["Qₜ(s, a), exact"] = exact.weighted_score(score, exact.look_up(tau, q))
for name, x in g.items():
    x = exact.moments(p, x)
    print(f"{name:18}  mean ({x.mean[0]:.9f}, {x.mean[1]:.9f})   variance {x.trace:6.2f}")

# %% [markdown]
# To the ninth decimal the same mean. The exact $Q$ has the least noise here. But it is not ours to have: it needs the world. Notebook
# 09 will *learn* it.

# %% [markdown]
# ## From an expectation to an estimate
# The slide writes $\nabla_\theta J=\sum_{\mathcal D}\dots$ Two things are missing. It is an **estimate**, and it has to be divided by the number $N$ of
# rollouts:
#
# $$\hat g=\frac1N\sum_{i=1}^{N}\sum_{t=0}^{T-1}\nabla_\theta\log\pi_\theta(a_t^i|s_t^i)\,\hat Q_t^i,\qquad
# \mathbb E[\hat g]=\nabla_\theta J .$$
#
# (Without $1/N$ the step would grow with the batch.) The mean is right for *every* $N$, also for $N=1$. Let us see. 4000
# gradients, each from 8 rollouts of the same coin-toss policy (± is the standard error of their mean):


# %%
def sampled(N, count=4000):  # `count` gradients at θ = 0, each from N rollouts of its own
    algorithm = Reinforce(episodes=N, horizon=5, gamma=1.0)
    return Run(algorithm, world, policy, runs=count, seed=2).preview()[1].grad


eight = sampled(8)
mean, error = eight.mean(axis=0), eight.std(axis=0, ddof=1) / np.sqrt(len(eight))
for k in (0, 1):
    print(f"θ{k + 1}: exact {slope[k]:.3f}, mean of samples {mean[k]:.3f} ± {error[k]:.3f}")

# %% [markdown]
# That is what **unbiased** means. What $N$ buys is a smaller cloud. Call its **radius** the typical distance from the truth,
# $\sqrt{\mathbb E\|\hat g-\nabla J\|^2}$.

# %%
shrink = predict(
    "From N = 4 to N = 64 rollouts: how many times smaller does the cloud's radius become?",
    key="04-radius", low=1, high=64, unit="times",
)  # fmt: skip
shrink

# %%
batches = {N: sampled(N) for N in (1, 4, 16, 64)}
radius = {N: np.sqrt(((x - slope) ** 2).sum(axis=1).mean()) for N, x in batches.items()}
few = {f"N = {N}": x[:400] for N, x in batches.items()}
rule = "The variance of a mean of N independent rollouts is 1/N of one's; the radius is its root."
shrink.reveal(round(radius[4] / radius[64], 2), explain=rule, show=clouds(few, slope))

# %%
inverse = [1 / np.sqrt(N) for N in radius]
predicted = [np.sqrt(ours.trace / N) for N in radius]  # from the enumeration, not from samples
lines = {"measured": (inverse, list(radius.values())), "from enumeration": (inverse, predicted)}
curves(lines, x="1/√N, for N = 1, 4, 16, 64 from right to left", y="radius of the cloud")

# %% [markdown]
# A straight line. To halve the radius costs four times the rollouts, always. The exact gradient here has length 2.02. Compare the radius at $N=1$:
# five times as long. One rollout knows next to nothing. And yet, one rollout an update, 800 updates, small steps:

# %%
tiny = Run(Reinforce(alpha=0.02, episodes=1, horizon=5, gamma=1.0), world, policy, runs=100, seed=3)
above = tiny.advance(800).history[-1].expected_return > 17.7
print(f"N = 1, α = 0.02: {above.sum()} of 100 runs above 17.7")

# %% [markdown]
# The next step corrects what the last one got wrong. Many small steps average the noise away on the move.

# %% [markdown] tags=["instructor"]
# **Minutes 22 to 28.** Expected wrong answers: 16 ("16 times the data") and 2. Write variance/N on the board. Then say it in money: each further bit of
# accuracy costs four times. Question for the fast ones: "is the estimate with N = 1 biased?" Many say yes; they mean noisy.

# %% [markdown]
# ## The missing $\gamma^t$
# So far $\gamma=1$. Discount, $J_\gamma=\mathbb E\sum_t\gamma^tr_t$. The same derivation leaves $\psi_t\sum_{k\ge t}\gamma^kr_k$, and a $\gamma^t$ can be pulled out:
#
# $$\nabla_\theta J_\gamma=\mathbb E\Big[\sum_{t=0}^{T-1}\gamma^t\,\psi_t\,\hat Q_t\Big],\qquad\hat Q_t=\sum_{k=t}^{T-1}\gamma^{k-t}r_k .$$
#
# There is a $\gamma^t$ in front. The slide's algorithm has none, ours has none, and hardly any program has. Is what is left still a gradient, of
# something else perhaps? Here is a test from calculus: the gradient of *any* smooth function has equal cross-derivatives,
# $\partial g_1/\partial\theta_2=\partial g_2/\partial\theta_1$. Our two rooms, $\gamma=0.5$, all exact:


# %%
def direction(theta, with_factor, gamma=0.5):
    pi = policy.table(theta)
    pushes = exact.gradient_over_time(world, exact.at_all_times(pi, 5), gamma, weighted=with_factor)
    psi = exact.feature_scores(pi, policy.features)
    return exact.parameter_gradient(pushes.sum(axis=0), pi, psi)


# %%
here = np.array([0.8, -0.5])
for name, kept in {"with γ^t": True, "without ": False}.items():
    by_1, by_2 = ((direction(here + h, kept) - direction(here - h, kept)) / 2e-4
                  for h in 1e-4 * np.eye(2))  # fmt: skip
    print(f"{name} g = {direction(here, kept).round(3)}", end="")
    print(f"   ∂g₁/∂θ₂ = {by_2[0]:+.4f}   ∂g₂/∂θ₁ = {by_1[1]:+.4f}")

# %% [markdown]
# Without the factor the two even have opposite signs. It is **the gradient of no function at all**. So why does everybody leave it out? On a map of
# 81 cells, the ring of fire without its fire, with $\gamma=0.95$ and $T=30$:

# %%
from pgkit.returns import reward_to_go
from pgkit.worlds.ring_of_fire import OPEN

meadow = grid_world(OPEN.replace("F", ".").replace("e", "."), "meadow")


def faithful(r, gamma):  # gamma^t times the reward-to-go
    return gamma ** np.arange(r.shape[-1]) * reward_to_go(r, gamma)


# %%
usual = Reinforce(alpha=0.05)
for name, algorithm in {"with γ^t": plug(usual, reward_to_go=faithful), "without ": usual}.items():
    run = Run(algorithm, meadow, runs=100, seed=5)
    scores = [np.median(run.advance(25).history[-1].expected_return) for _ in range(4)]
    print(f"{name}: median J after 25, 50, 75, 100 updates", np.round(scores, 1))

# %% [markdown]
# With the factor, what happens at $t=20$ counts only $0.95^{20}=0.36$ times as much as what happens at once, and is learned that much more slowly. To leave it
# out is a good habit here, and a habit it is. Say "policy gradient" of it only with a footnote.

# %% [markdown]
# ## On-policy: why the data must be fresh
# The expectation is over $p(\xi|\theta)$, with **the θ of now**. After one update the old rollouts come from another distribution, and their
# mean is no longer $\nabla J$. What if one saves the trouble, and always rolls out the *first* policy?

# %%
iterations, fresh, stale = find("stale_policy").curves()
both = {"data of the policy of now": fresh, "data of the first policy": stale}
bands({k: (iterations, J_of) for k, J_of in both.items()}, x="iteration", y="J", best=best)

# %% [markdown]
# It rises, and then it rests, far below. On what? Data from a fixed source, weights that do not react: this is
# weighted classification, and notebook 02 said where that ends. Each action gets its share of the total weight,
# $\pi(a|s)=W(s,a)/\sum_bW(s,b)$, where here $W(s,a)=\sum_t\Pr(s_t=s)\,\pi_0(a|s)\,Q_t^{\pi_0}(s,a)$ for the first policy $\pi_0$.

# %%
W = exact.gradient_over_time(world, exact.at_all_times(probs, 5), 1.0).sum(axis=0) * probs
shares = W / W.sum(axis=1, keepdims=True)
resting = exact.expected_return(world, shares, 1.0, horizon=5)
print(f"predicted: J = {resting:.2f}; the 48 stale runs: median {np.median(stale[-1]):.2f}")

# %% [markdown]
# Right to a tenth. The weights of a coin-toss policy say "working is somewhat better", so classification works *somewhat* more often.
# REINFORCE asks again from there, and hears it again, and again. **That loop is the difference between imitation and optimisation.**

# %% [markdown] tags=["instructor"]
# **Minutes 28 to 34.** For γ^t one sentence is enough in the room: "standard, useful, and not the gradient". Stale data deserve the time. Ask before you show
# the curve: "it saves rollouts, what does it cost?" Expected: "it is just slower". Then the fixed point of 02 comes back, to two digits. Mention that AWR (11) makes old data
# work by changing the weights. Let the meadow play while you talk on.

# %% [markdown]
# ## Life is good! This solves everything …
# Now something larger. The meadow again: 81 cells, start S at (8, 8), **+100** at (4, 4), nothing else. 64 runs.
# (The tile $\|d_{\pi^*}/\mu\|_\infty$ is for the next notebook.)

# %%
life = RunLab("reinforce", meadow, ["grid", "curve"], runs=64, alpha=0.05,
              title="Life is good", **(look | {"policy": None}))  # fmt: skip
life

# %%
run, steps = Run(Reinforce(alpha=0.05), meadow, runs=64, seed=4), [0]
while run.iteration < 300:
    steps.append(run.advance(5).iteration)
returns = np.array([s.expected_return for s in run.history])
top = exact.optimal_values(meadow, 0.95)[0] @ meadow.start
bands({"REINFORCE": (steps, returns)}, x="iteration", y="J, exact", best=top)

# %%
home = run.history[-1].reached["G"]
print(f"{home.sum()} of 64 runs reach +100; the worst has J = {returns[-1].min():.1f} of {top:.1f}")

# %% [markdown]
# Every run. No model of the world, no labels, no teacher: a score, a return, five lines.

# %% [markdown]
# ## Spot the bug
# Same world of two rooms, same seeds, one line differs. The orange curves are the wrong ones. Which bug is it?

# %%
spot_the_bug("mean_over_time")

# %% [markdown] tags=["hints"]
# - nudge: Does the wrong curve go up, or down, or nowhere? And is it still moving at the end?
# - method: For each choice ask what it does to the mean of the gradient and what to its noise. Right direction and right place, but late: what is
#   left?
# - almost code: Take `Reinforce(alpha=0.01, episodes=8, horizon=5, gamma=1.0)`, a fifth of the step, and compare its curve.

# %% [markdown]
# ## Your turn: your own reward-to-go
# This function credits every step with *all* rewards. Mend it: $\hat Q_t=\sum_{k\ge t}\gamma^{k-t}r_k$. The lab runs **your** function
# inside the algorithm. Watch the cloud before and after.


# %%
def my_reward_to_go(r, gamma):  # r [runs, episodes, steps]; give back the same shape
    total = r.sum(axis=-1, keepdims=True)
    return np.broadcast_to(total, r.shape)


print("yours ", my_reward_to_go(np.array([[[1.0, 2.0, 4.0]]]), 0.5)[0, 0])
print("wanted", reward_to_go(np.array([[[1.0, 2.0, 4.0]]]), 0.5)[0, 0])

# %%
mine = RunLab("reinforce", world, ["cloud", "curve"], runs=64, title="Your own Q̂", **look)
mine.use(reward_to_go=my_reward_to_go)
mine

# %%
plugged = plug(Reinforce(episodes=1, horizon=5, gamma=1.0), reward_to_go=my_reward_to_go)
theirs = Run(plugged, world, policy, runs=40000, seed=2).preview()[1].grad
for name, x in {"yours": theirs, "package": sampled(1, 40000)}.items():
    print(f"{name:8} mean {x.mean(axis=0).round(1)}, variance {x.var(axis=0).sum():.0f}")

# %% [markdown] tags=["hints"]
# - nudge: Start at the end. What is $\hat Q_{T-1}$? And how do $\hat Q_t$ and $\hat Q_{t+1}$ hang together?
# - method: $\hat Q_t=r_t+\gamma\,\hat Q_{t+1}$, so one loop backwards over the last axis is enough. Work on a copy: rollouts are not yours to change.
# - almost code: `q = r.copy()`, then for `t` from `r.shape[-1] - 2` down to 0: `q[..., t] += gamma * q[..., t + 1]`.

# %% [markdown]
# ## Your turn: 800 rollouts, well spent
# You may roll out 800 times, no more. A few large batches, or many small ones? `learned` trains 100 runs and counts those that end above
# $J=17.7$.


# %%
def learned(N, alpha, rollouts=800):
    algorithm = Reinforce(alpha=alpha, episodes=N, horizon=5, gamma=1.0)
    run = Run(algorithm, world, policy, runs=100, seed=3).advance(rollouts // N)
    return int((run.history[-1].expected_return > 17.7).sum())


print("N = 64, α = 0.1:", learned(64, 0.1), "of 100 runs")  # can you get 95?

# %%
wager = predict("At equal rollouts, which learns more often: N = 4 or N = 64?", key="04-n-and-alpha",
                choices=["N = 4", "N = 64", "it depends on α"])  # fmt: skip
wager

# %%
steps = (0.02, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2)
counts = {N: [learned(N, alpha) for alpha in steps] for N in (4, 64)}

# %%
lead = np.sign(np.subtract(counts[4], counts[64]))
verdict = "it depends on α" if {-1, 1} <= set(lead) else "N = 4" if 1 in lead else "N = 64"
tale = "; ".join(f"N = {N}: at best {max(c)} of 100, with α = {steps[np.argmax(c)]:g}"
                 for N, c in counts.items())  # fmt: skip
shown = curves({f"N = {N}": (steps, c) for N, c in counts.items()}, x="step size α",
               y="runs of 100 above 17.7", log_x=True)  # fmt: skip
wager.reveal(verdict, explain=f"{tale}. The larger N, the larger the α it needs.", show=shown)

# %% [markdown] tags=["hints"]
# - nudge: 800 rollouts are 200 updates with N = 4 and 12 with N = 64. How far can 12 steps of size 0.1 go?
# - method: As long as noise does no harm, what counts is the sum of all steps, about α · (800/N). Keep α/N fixed and change both. Then see where
#   noise begins to do harm.
# - almost code: `for N in (2, 8, 32): print(N, learned(N, alpha=0.025 * N))`.

# %% [markdown]
# ## Corrections to the slides
# - *"$\nabla_\theta J=\sum_{\mathcal D}\nabla_\theta\log\pi_\theta(a_t|s_t)\hat Q_t$"*: not equal but estimated, from $N$ **fresh** rollouts at each update, and
#   with $1/N$ in front. $\hat Q_t$ is never defined there: it is the reward-to-go. For a discounted $J$ there is a $\gamma^t$, see above.
# - *Indices.* Rollouts on that slide start at $s_1$, sums on the theorem's slide at $t=0$. We count from 0.
# - *The theorem's first inner sum* ($t'=0$ to $t-1$) vanishes in **expectation**, not on a single trajectory: you saw its variance. The
#   *second* starts **at** $t$: the action is credited with its own reward. With a fixed horizon, $Q^{\pi}$ is $Q_t^\pi$.
# - *"Start with random policy"*: all logits 0, every action equally likely. Random *logits* would be something else: a policy that is sure of things that it has not seen.
# - *"$\nabla_\theta J=\mathbb E_{d^{\pi}(s)}\mathbb E_{\pi(a|s)}[\dots]$"*, on a later slide: if $d^\pi$ is a distribution that sums to 1, a factor is
#   missing. A mean over the steps is not their sum: the factor is $T$, or $1/(1-\gamma)$ with discount and no end. At
#   $\theta=(0.8,-0.5)$:

# %%
pi = policy.table(here)
psi = exact.feature_scores(pi, policy.features)
over_time = exact.gradient_over_time(world, exact.at_all_times(pi, 5), 1.0)
slopes = [(J(here + h) - J(here - h)) / 2e-4 for h in 1e-4 * np.eye(2)]
as_mean = exact.parameter_gradient(over_time.mean(axis=0), pi, psi)  # s ~ d: a step drawn evenly
ratio = (slopes / as_mean).round(3)
print(f"slope of J {np.round(slopes, 4)}, d-form {as_mean.round(4)}, ratio {ratio}")


# %%
def J_discounted(theta, gamma=0.95):  # without an end
    return exact.expected_return(world, policy.table(theta), gamma)


d, (_, q) = exact.occupancy(world, pi, 0.95), exact.values(world, pi, 0.95)
as_mean = exact.parameter_gradient(d[:, None] * q, pi, psi)
slopes = [(J_discounted(here + h) - J_discounted(here - h)) / 2e-4 for h in 1e-4 * np.eye(2)]
print(f"discounted: d sums to {d.sum():.3f}, slope over d-form {(slopes / as_mean).round(3)}")

# %% [markdown]
# The factor does not turn the arrow, it only scales it, so α swallows it. In a theorem it must be there all the same.

# %% [markdown]
# ## Quick quiz

# %%
quiz(
    "Why does REINFORCE need no model of the world?", key="04-model", answer="ρ and P have no θ",
    choices=["the world is deterministic", "the model is learned", "ρ and P have no θ"],
    explain={"ρ and P have no θ": "In ∇ log p(ξ|θ) they are summands without θ: their gradient is 0.",
             "the model is learned": "Nothing but θ is learned. The rollouts carry what is needed.",
             "the world is deterministic": "Ours is not: work leads to room 1 only with 0.7."},
)  # fmt: skip

# %%
quiz(
    "The gradient from a single rollout, N = 1, is …", key="04-single", answer="unbiased and noisy",
    choices=["biased and noisy", "unbiased and noisy", "useless"],
    explain={"unbiased and noisy": "Its mean is ∇J for every N. Only the radius depends on N.",
             "biased and noisy": "Far off each time is not off on average: its mean is exact.",
             "useless": "You saw it learn, 800 small steps of one rollout each."},
)  # fmt: skip

# %%
quiz(
    "Ten updates on the same 64 rollouts: which of them are REINFORCE?", key="04-reuse",
    choices=["all ten", "only the first", "none"], answer="only the first",
    explain={"all ten": "The mean is over p(ξ|θ) with the θ of now. After the first, θ has changed.",
             "only the first": "Then the data are stale, a little more with each update.",
             "none": "The first one is: its data come from the policy that is being improved."},
)  # fmt: skip

# %% [markdown]
# ## Recap in 60 seconds

# %%
recap(60, [
    "J is an expectation over trajectories; the log-derivative trick makes its gradient one, too",
    "The dynamics drop out, since they do not contain θ; what is left are scores times rewards",
    "Past rewards vanish in expectation and leave only noise: weigh with the reward-to-go",
    "The estimate is unbiased for every N, its radius shrinks as 1/√N, and its data must be fresh",
])  # fmt: skip

# %% [markdown] tags=["instructor"]
# **Minutes 34 to 40.** Spot the bug is the one that deep learning libraries invite: `loss.mean()` over all steps, where a sum over time and a mean over
# rollouts belongs. Expected wrong answer: stale data (that curve rests, this one still climbs). The 800 rollouts: the room splits between "big batches" and
# "more updates"; both are right for some α. Tune α for each N, at equal rollouts, on many seeds, or you will "prove" either. One minute for the recap against the
# clock. Then the last picture. Say only: "same start, same +100, same algorithm. Write down how many of 100 runs will find it." Do not comment on the answers; the
# next notebook begins there.

# %% [markdown]
# ## Life is good … or is it?
# Same meadow, same start S, the same +100 in the same cell. Two things are added, and it is the map of notebook 03: fire around the treasure (it costs 10, and the episode is over) with one
# door in it, and near S an exit `e` that pays **+1**.

# %%
ring = load_world("ring-of-fire")
maps(ring, {"S in purple, +100 behind the door": nominal(ring, 0.95)})

# %% [markdown]
# The best policy is still the one that walks to +100. REINFORCE climbs, you have seen it. How many of 100 runs will get there? Write your number down.

# %% [markdown] tags=["glossary"]
# ## Glossary
# - expected return
# - dataset
# - policy gradient
# - REINFORCE
# - causality
# - action value Q
# - on-policy
# - stale data
#
# **Next** Notebook 05: the Ring of Fire.
