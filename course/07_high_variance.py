# %% [markdown]
# # 07 · Nightmare 3: high variance
#
# > *Is this a good roll-out or a bad roll-out?* (the lecture)
#
# **After this you can**
# 1. say how much one return tells an algorithm, and put a number on it;
# 2. subtract a baseline, prove in four lines that the mean gradient stays, and say which "baseline" breaks the proof;
# 3. fit $V_\phi$ without three classical slips: the wrong norm, no clock, the same batch;
# 4. tell the three nightmares apart, and which cure is for which.
#
# **Time** 40 minutes · **Needs** notebook 04 (causality, the cloud of gradients), 05 and 06 for the recap · **Lecture** *Nightmare 3:
# High Variance*, *Subtract a baseline!*, *REINFORCE (with baseline)*, *Recap (again) in 60 seconds!*

# %%
import numpy as np

from pgkit import Reinforce, ReinforceBaseline, Run, ValueTable, exact, load_world, logistic
from pgkit.cures import cures, measure
from pgkit.figures import bands, clouds, curves
from pgkit.widgets import BaselineLab, quiz, recap, slide, spot_the_bug
from pgkit.widgets.predict import predict
from pgkit.worlds.century import century

# %% [markdown]
# ## Play first
# The two rooms of notebook 04 again, with 100 more on every reward. *Work* earns 1 more than *rest*, room 1 pays 4 more than room 0, and after
# *work* the next room is room 1 with probability 0.7 (after *rest* 0.3). The day has $T=5$ steps. This world is called **Century**.
# Somebody tossed a coin at each step, and this came out:
#
# | $t$ | 0 | 1 | 2 | 3 | 4 | |
# |---|---|---|---|---|---|---|
# | room | 0 | 0 | 0 | 0 | 1 | |
# | action | rest | rest | work | work | work | |
# | reward | 100 | 100 | 101 | 101 | 105 | **507** |

# %%
rollout = predict("This roll-out scored 507. Good or bad?", key="07-good-or-bad",
                  choices=["good", "bad", "one cannot say from it alone"])  # fmt: skip
rollout

# %% [markdown]
# Commit. Then play: drag the offset $c$, which is the 100 in every reward, down to 0 and up again. Choose another baseline. Drag again.

# %%
lab = BaselineLab()
lab

# %% [markdown]
# - **Upper right.** The rollout from above, and the weight with which REINFORCE pushes each of its actions up (blue) or down (orange).
# - **Lower right.** 400 sampled gradients at the coin toss. Green is the exact gradient, the same for every $c$. What lies in the shade points downhill.
# - **The table.** For each baseline the mean of the gradient $\hat g$, as a share of the exact one, and its variance, both exact (≈: from samples). The scale is logarithmic:
#   the same length more is the same factor more. Last, how many of 100 runs learn, with 200 updates from $N$ rollouts each, $\alpha=0.1$.
#
# Three things to find. Which rows do not care about $c$ at all? Which one has a tiny variance and still learns nothing? And what happens to the table at $N=1$?

# %% [markdown] tags=["instructor"]
# **Minutes 0 to 6.** Hands up for good, for bad. Let somebody defend "good" ("all weights are positive, it will be reinforced"). Then drag c to 0: same
# rollout, score 7, same hands? Then c back to 100 and choose leave-one-out: the weights change sign. Wanted: "it depends on other trajectories". Do not explain the rows yet; let them
# find the three things. Expected and wrong: "larger rewards mean faster learning".

# %% [markdown]
# ## One rollout
# What would the gradient at $s_t$ be? REINFORCE multiplies the score $\psi_t=\nabla_\theta\log\pi_\theta(a_t|s_t)$ with $\hat Q_t$: 507, 407, 307, 206, 105. All positive.
# So it pushes up *everything that was done*, the two rests included. Of any other rollout it would say the same. Let us ask all of them.

# %%
world, T = load_world("century"), 5
policy, theta = logistic(world.features), np.zeros(2)
tau, probs = exact.paths(world, T), policy.table(theta)
p = exact.path_probability(tau, probs)
psi = exact.path_scores(tau, exact.feature_scores(probs, policy.features))
q = exact.future_return(tau, gamma=1.0)  # Q̂ₜ of every trajectory [1024, 5]
slope = p @ exact.weighted_score(psi, q)  # ∇J

# %%
score, raw = tau.r.sum(axis=1), exact.weighted_score(psi, q)
print(
    f"J = {p @ score:.1f}; {100 * p[score < 506.5].sum():.0f} % of all rollouts score less than 507"
)
print(f"one rollout's gradient points uphill with probability {exact.uphill(p, raw, slope):.4f}")

# %%
told = (
    "507 is below the mean, 512.5. But that you know from the others. Alone, 507 is only a number. "
    "The lecture: it depends on other trajectories!"
)
rollout.reveal("one cannot say from it alone", explain=told)

# %% [markdown]
# A half. To four digits. A rollout's gradient is as good as a coin. Its mean is right, notebook 04 proved that. It drowns.

# %% [markdown]
# ## Where the noise comes from
# An offset changes no decision. With $c$ more on every reward, $J$ becomes $J+cT$ for *every* policy. The best one stays the best, and $\nabla J$ stays, too.
# The samples do not. Each $\hat Q_t$ grows by $c\,(T-t)$, so
#
# $$g=\sum_{t=0}^{T-1}\psi_t\,\hat Q_t\quad\text{becomes}\quad g+c\,h,\qquad h=\sum_{t=0}^{T-1}(T-t)\,\psi_t,\qquad\mathbb E[h]=0 .$$
#
# The mean of $h$ is zero since scores have mean zero. Its size is not. The variance (the trace of the covariance, $\operatorname{tr}\operatorname{Cov}$) is a parabola in $c$:
#
# $$\operatorname{tr}\operatorname{Cov}(g+ch)=\operatorname{tr}\operatorname{Cov}(g)+2c\,\mathbb E[g\cdot h]+c^2\,\mathbb E\|h\|^2 .$$

# %%
for c in (0, 1, 10, 100, 200):
    more = exact.future_return(exact.paths(century(c), T), gamma=1.0)
    m = exact.moments(p, exact.weighted_score(psi, more))
    print(f"c = {c:3}: mean ({m.mean[0]:.6f}, {m.mean[1]:.6f})   variance {m.trace:11.2f}")

# %% [markdown]
# From 105 to 144 480, and the mean does not move. From 100 to 200 it is nearly four times as much: $c^2$. What does that do to learning? One update moves θ by about
# $\alpha\sqrt{\operatorname{tr}\operatorname{Cov}/N}$, in a random direction:

# %%
jump = 0.1 * np.sqrt(exact.moments(p, raw).trace / 8)
up, down = policy.table(np.array([1, -1]) * jump / np.sqrt(2))[:, 1]  # θ moved in each room
print(f"with α = 0.1 and N = 8 the first step has length {jump:.0f}")
print(f"in a room π(work) goes from 0.5 to {up:.4f}, or to {down:.4f}")
level = exact.moments(p, raw).trace / (slope @ slope)
print(f"rollouts until the noise of their mean is as short as the slope: {level:.0f}")

# %% [markdown]
# After a single update the policy is *sure*, of whatever the noise said. Two rooms, two coins: one run in four is right by luck. That is the 22 of 100 in the lab's first row. A smaller
# α does not save it: it makes the signal as much slower as the noise, and 200 updates of 8 rollouts are 1600 rollouts, not 36 000. (The lab of notebook 04 had $c=0$. That was the whole secret of "life is good".)

# %% [markdown] tags=["instructor"]
# **Minutes 6 to 13.** The parabola is three lines on the board. Ask first: "is the best policy another one with c = 100?" All say no. "And the gradient?" Half say yes. Let them differentiate
# $J+cT$. Expected and wrong on learning: "just take a smaller α". With 0.01, 0.1 and 1 it is the coins, 22 to 29 of 100; with 0.001 and 0.0001 nobody gets anywhere in 200 updates. One rollout's noise is 380 long, the slope 2.

# %% [markdown]
# ## Relative information
# The noise is a constant that was *added*. So subtract one:
#
# $$\hat g_b=\sum_{t=0}^{T-1}\psi_t\,\big(\hat Q_t-b(s_t)\big).$$
#
# $b$ is called a **baseline**. Better than expected: push up. Worse: push down. What should be expected from $s$, at time $t$, is the **state value**
#
# $$V_t^{\pi}(s)=\mathbb E\big[\hat Q_t\,\big|\,s_t=s\big]=\sum_a\pi(a|s)\,Q_t^{\pi}(s,a),$$
#
# and with $b=V$ the mean weight of $(s,a)$ is $A_t^{\pi}(s,a)=Q_t^{\pi}(s,a)-V_t^{\pi}(s)$, the **advantage**. But the slide has two question marks:
#
# > *Does this bias the gradient ??*

# %%
moves = predict("Subtract V_t(s) from every Q̂_t. What happens to the cloud of gradients?",
                choices=["its mean moves", "it shrinks, mean fixed", "both", "neither"],
                key="07-bias")  # fmt: skip
moves

# %% [markdown]
# No sampling. All 1024 trajectories, each with its probability:

# %%
v, q_exact = exact.values_over_time(world, exact.at_all_times(probs, T), gamma=1.0)
baselined = exact.weighted_score(psi, q - v[tau.t, tau.s])
m = {name: exact.moments(p, x) for name, x in {"none": raw, "V": baselined}.items()}
apart = np.abs(m["V"].mean - m["none"].mean).max()
shrunk, moved = m["V"].trace < 0.99 * m["none"].trace, apart > 1e-6
truth = "both" if shrunk and moved else "it shrinks, mean fixed" if shrunk else "its mean moves"

# %%
told = f"Variance {m['none'].trace:.2f} and {m['V'].trace:.3f}; means apart {apart:.0e}."
moves.reveal(truth if shrunk or moved else "neither", explain=told,
             show=clouds({"no baseline": raw, "minus V_t(s)": baselined}, slope, p))  # fmt: skip

# %% [markdown]
# **The proof, in four lines.** Take one $t$. Fix everything that happened up to $s_t$, and average over $a_t$ alone. Then $b(s_t)$ is a fixed number:
#
# $$\begin{aligned}
# \mathbb E\big[\psi_t\,b(s_t)\big]&=\mathbb E\big[\,b(s_t)\;\mathbb E[\psi_t\,|\,s_t]\,\big]\\
# \mathbb E[\psi_t\,|\,s_t]&=\sum_a\pi_\theta(a|s_t)\,\frac{\nabla_\theta\pi_\theta(a|s_t)}{\pi_\theta(a|s_t)}\\
# &=\nabla_\theta\sum_a\pi_\theta(a|s_t)\\
# &=\nabla_\theta\,1=0.\qquad∎
# \end{aligned}$$
#
# Where did we use that $b$ is a *value*? Nowhere. Any function of $s_t$ will do, of $t$, of the past, of *other* rollouts, of the weather. One thing it may not do: look at $a_t$. You know this proof. It
# is causality from notebook 04: the past rewards were nothing but a baseline, and a bad one.
#
# Every kind of baseline, with its mean and its variance, and how often a single rollout then points uphill. ($b_t$ is one number for each time, whatever the state.)

# %%
looks = {"none": None, "one constant": "", "V(s), no clock": "s", "b_t": "t", "V_t(s)": "ts",
         "b(s,a)": "tsa"}  # fmt: skip
for name, by in looks.items():
    b = 0 if by is None else exact.fitted_baseline(tau, p, q, by)  # the mean Q̂ of each cell
    x = exact.weighted_score(psi, q - b)
    m = exact.moments(p, x)
    print(f"{name:15} mean ({m.mean[0]:6.3f}, {m.mean[1]:6.3f})   variance {m.trace:10.3f}"
          f"   uphill {exact.uphill(p, x, slope):.3f}")  # fmt: skip

# %% [markdown]
# Read it from the top. One constant helps, but $\hat Q_t$ is about 510 at $t=0$ and about 100 at $t=4$: no constant fits both. $V(s)$ *without a clock* has the same
# trouble, although no function of $s$ fits $\hat Q_t$ better. With a clock the noise falls below that of $c=0$ without a baseline. The last row has less noise still, but look at its mean.

# %% [markdown] tags=["instructor"]
# **Minutes 13 to 21.** The second vote. Common wrong answer: "both: you changed the weights, so the mean changes". Ask the defender for the mean of what was subtracted. Let a student
# write the proof; each of the four lines needs a reason (tower rule, log-derivative, finite sum, probabilities sum to 1). Then ask: "may b look at the *next* state? at the room's temperature? at the other
# rollouts?" (No, it depends on $a_t$. Yes. Yes.) A good trap: "the baseline is subtracted from the return, so J is smaller now". J is not touched; only the estimate of its gradient.

# %% [markdown]
# ## The trap: b(s, a)
# Surely the best prediction of $\hat Q_t$ is $Q_t^\pi(s_t,a_t)$, which also knows the action? It is. It has the smallest variance of the table. And the mean is **zero**. In the proof $b$ can no longer be pulled out of the mean over
# $a_t$, and what we subtract has a mean after all:
#
# $$\mathbb E\Big[\sum_t\psi_t\,Q_t^{\pi}(s_t,a_t)\Big]=\nabla_\theta J .$$
#
# That is the policy gradient theorem, and we have just subtracted all of it. What is left is pure noise, beautifully small. If your variance drops and your runs stop learning, look for an action in your baseline.

# %% [markdown]
# ## Which baseline is best?
# Take one constant $b$ for the whole return, $g=R(\xi)\,u$ with $u=\sum_t\psi_t$. The mean does not depend on $b$, so the least variance is the least second moment, a parabola:
#
# $$\frac{d}{db}\,\mathbb E\big\|(R-b)\,u\big\|^2=-2\,\mathbb E\big[(R-b)\,\|u\|^2\big]=0\quad\Longrightarrow\quad
# b^*=\frac{\mathbb E\big[R\,\|u\|^2\big]}{\mathbb E\,\|u\|^2}.$$
#
# A mean of the return, but weighted with how strongly each trajectory pushes. Where all push alike, $b^*=J$. At $\theta=(0.8,-0.5)$ they do not:

# %%
here = policy.table(np.array([0.8, -0.5]))
p2 = exact.path_probability(tau, here)
psi2 = exact.path_scores(tau, exact.feature_scores(here, policy.features))
size = (psi2.sum(axis=1) ** 2).sum(axis=1)  # ‖u‖²
best, J = p2 @ (score * size) / (p2 @ size), p2 @ score
for name, b in {"J ": J, "b*": best}.items():
    x = exact.moments(p2, exact.weighted_score(psi2, exact.full_return(tau, 1.0) - b))
    print(f"b = {name} = {b:.3f}: variance {x.trace:.5f}")

# %% [markdown]
# The fourth decimal. So everybody takes the plain mean, and is right. The same sum for each state and time, $b_t^*(s)=\mathbb E[\|\psi_t\|^2Q_t\,|\,s_t=s]\,/\,\mathbb E[\|\psi_t\|^2\,|\,s_t=s]$, is a little better than $V_t(s)$, and nobody bothers.
# $V$ has another merit: one can *learn* it.

# %% [markdown]
# ## REINFORCE (with baseline)
# One line is new, TRAIN $V_\phi$, and one weight is different. φ are the numbers that make $V$ what it is; here simply a table. Click a line to see what it makes.

# %%
usual = {"alpha": 0.1, "gamma": 1.0, "episodes": 8, "horizon": T}
learner = Run(ReinforceBaseline(**usual, critic=ValueTable(horizon=T)), world, policy, runs=64)
slide("reinforce_baseline", run=learner, previous="reinforce")

# %% [markdown]
# The slide writes $V_\phi(s)=\sum\|V_\phi(s)-\hat Q_t\|$. Read: $\phi=\arg\min_\phi\sum_t\big(V_\phi(s_t)-\hat Q_t\big)^2$. The **square** matters. The least sum of squares is at the *mean*; the least sum
# of plain distances is at the *median*. Returns are rarely symmetric:

# %%
rng = np.random.default_rng(0)
returns = 1000 * (rng.random(20_000) < 0.05) + rng.exponential(0.1, 20_000)  # 5 % jackpots
guesses = np.linspace(0, 100, 1001)
for name, power in {"squares": 2, "distances": 1}.items():
    loss = [(np.abs(returns - v) ** power).mean() for v in guesses]
    print(f"least sum of {name:9}: V = {guesses[np.argmin(loss)]:.1f}")

# %% [markdown]
# As a baseline a median is still unbiased, since it does not look at $a_t$. As a *value* it is wrong, and from the next notebook on we need values.
#
# ## V needs a clock
# The slide's $V_\phi(s)$ knows the state and not the time. How many of 100 runs learn with it? (200 updates, $N=8$, $\alpha=0.1$, a run has learned if $J>517.7$; the best is 518.2.)


# %%
def train(algorithm, updates=200):
    run = Run(algorithm, world, policy, runs=100, seed=5)
    while run.iteration < updates:
        run.advance(10)
    return [s.iteration for s in run.history], np.array([s.expected_return for s in run.history])


# %%
timeless = predict("Of 100 runs, how many learn with the slide's V_φ(s), fitted perfectly?",
                   key="07-timeless", low=0, high=100, unit="runs")  # fmt: skip
timeless

# %%
ways = {"no baseline": Reinforce(**usual),
        "V(s)": ReinforceBaseline(**usual, critic=ValueTable()),
        "V_t(s)": ReinforceBaseline(**usual, critic=ValueTable(horizon=T)),
        "leave-one-out": ReinforceBaseline(**usual, baseline="leave-one-out")}  # fmt: skip
runs = {name: train(algorithm) for name, algorithm in ways.items()}
learned = {name: int((J[-1] > 517.7).sum()) for name, (_, J) in runs.items()}

# %%
told = (
    f"Of 100 runs learn: {learned}. At t = 0 V(s) is about 200 too low, at t = 4 as much too high."
)
shown = bands({name: runs[name] for name in ("no baseline", "V(s)", "V_t(s)")}, x="iteration", y="J",
              best=518.2)  # fmt: skip
timeless.reveal(learned["V(s)"], explain=told, show=shown)

# %% [markdown]
# With a fixed end and no discount, what is still to come depends on the time. Give $V$ the time, and every run learns. (With $\gamma<1$ and long rollouts the clock hardly matters, and one drops it.) The band of
# "no baseline" and that of $V(s)$ are the coins again: a run is at one of four corners.

# %% [markdown] tags=["instructor"]
# **Minutes 21 to 28.** Let them commit to a number for V(s). Typical: 80 ("a bit worse than with time"). The slide is not wrong in general; it is wrong here, and here is where people debug for a week. Money quote: "a
# perfectly fitted baseline that is as good as none". If somebody asks for the median: look at the cell before, 49.7 against 0.1 in the same data.

# %% [markdown]
# ## One's own batch
# Second slip of the slide's order: first TRAIN $V_\phi$ on $\mathcal D$, then subtract it from *the same* $\mathcal D$. Now $b$ contains $\hat Q_t$ of this very rollout, which depends on $a_t$. Proof broken, a little. How much?
# The simplest case is the mean of the batch at each time. With $\bar Q_t=\frac1N\sum_j\hat Q_t^j$:
#
# $$\hat Q_t^i-\bar Q_t=\Big(1-\frac1N\Big)\Big(\hat Q_t^i-\underbrace{\tfrac1{N-1}\textstyle\sum_{j\ne i}\hat Q_t^j}_{\text{mean of the others}}\Big).$$
#
# The mean of the *others* is independent of $a_t^i$, so it is a clean baseline: **leave-one-out**. One's own batch is the same thing times $1-1/N$.

# %%
alone = predict("N = 1: one rollout per update, V_φ,t fitted on it and subtracted. What does it learn?",
                choices=["the best, slowly", "nothing at all", "a coin flip"],
                key="07-own-batch")  # fmt: skip
alone

# %%
sizes = (1, 2, 4, 8, 16, 32)
own = {name: [exact.same_batch_mean(tau, p, psi, q, N, by)[0] / slope[0] for N in sizes]
       for name, by in {"batch mean": "t", "V_t(s) fitted on the batch": "ts"}.items()}  # fmt: skip
one = ReinforceBaseline(**(usual | {"episodes": 1}), critic=ValueTable(horizon=T))
moved = np.abs(Run(one, world, policy, runs=100, seed=5).advance(100).state.theta).max()

# %%
kept = "; ".join(f"{name}: {', '.join(f'{x:.2f}' for x in shares)}" for name, shares in own.items())
alone.reveal("nothing at all" if moved == 0 else "the best, slowly",
             explain=f"100 runs, 100 updates: θ moved by {moved:g}. ∇J left at N = 1, 2, … 32: {kept}.",
             show=curves({name: (sizes, y) for name, y in own.items()}, x="rollouts N",
                         y="share of ∇J in the mean", log_x=True))  # fmt: skip

# %% [markdown]
# At $N=1$ the fit is perfect: $V$ *is* the one return there is, the advantage is zero, the gradient is zero. At $N=8$ three quarters are left, and the direction is right: α swallows the factor, which is why the slide's
# order works so well in practice. A state seen by $n$ rollouts loses about $1/n$. So it is the *rarely seen* states that are silenced. Two clean ways out: leave-one-out, or the $V$ of the batches before. The latter has a trap of its own:

# %%
for name in ("same-batch", "leave-one-out", "previous-batch"):
    algorithm = ReinforceBaseline(**usual, baseline=name, critic=ValueTable(horizon=T))
    print(f"{name:15} {(train(algorithm)[1][-1] > 517.7).sum():3} of 100 learn")

# %% [markdown]
# At the first update there *is* no batch before, so $V=0$: no baseline. One such step is enough to be lost, you saw its length. Warm $V$ up on a few batches before θ moves.

# %% [markdown] tags=["instructor"]
# **Minutes 28 to 33.** N = 1 is the best quiz question of the day; "a coin flip" is the common answer. Ask what the optimiser's log would show: loss of V is 0, perfect fit, no learning. For the fast: why is V_t(s) at N = 2 only a quarter? (Two
# rollouts share a cell in half of the cases, and then half is left.) Then the bet of notebook 05; have its list of bets on the board.

# %% [markdown]
# ## Back to the Ring of Fire
# One of the bets of notebook 05 was a *baseline*. We ran it for you, and you did not know what it was. Now you do. Leave-one-out, 100 runs from the nominal start S, all knobs as there. Two hundred updates will do: nobody leaves the exit again.

# %%
ring = Run(
    ReinforceBaseline(baseline="leave-one-out"), load_world("ring-of-fire"), runs=100, seed=5
)
ring = ring.advance(100)

# %%
ends = {letter: int(there.sum()) for letter, there in ring.advance(100).history[-1].reached.items()}
print(f"with a baseline {ends['G']} of 100 runs reach +100, {ends['e']} the exit at +1")

# %% [markdown]
# Of course. Less noise around a mean that points at +1 goes to +1 more surely. Each nightmare is another disease. Here is the whole ward: three worlds, each with its nightmare, and what each cure does for it. (100 runs in every cell, measured
# once and stored; the plateau is Kakade's two-state world of notebook 06.)

# %%
cures()

# %% [markdown]
# - **The three cures are not interchangeable.** On the Ring only resets help. In Century only the baseline does.
# - **The natural gradient needs the baseline.** Alone, in sampled runs, it is no better than nothing: it takes a step of *fixed size* in KL, along an arrow that is noise. With both, the plateau and Century are cured.
# - On the plateau a baseline alone is enough at this α, 0.3. At a third of it none of 100 gets through; with natural steps and a baseline all do, with ε = 0.01, 0.03 and 0.1. Resets (start in both rooms alike) hardly help there.
#
# Do not take it from a table. Run a cell again (names as in the table):

# %%
print("variance, natural gradient alone:", measure("3 variance", "natural gradient"), "of 100")
print("variance, with a baseline:", measure("3 variance", "natural + baseline"), "of 100")

# %% [markdown]
# ## Spot the bug
# Leave-one-out in two rooms, $c=0$. One line differs. The orange runs are the wrong ones. Which bug is it?

# %%
spot_the_bug("action_baseline")

# %% [markdown] tags=["hints"]
# - nudge: Does the wrong curve fall, does it rise slowly, or does it rest where it began?
# - method: A wrong sign goes down. A small step goes up late. What makes the *mean* of the gradient vanish?
# - almost code: In the lab, go through the rows at $c=0$ and look for one whose runs stay at the coin toss.

# %% [markdown]
# ## Your turn: a baseline by hand
# No fitting, no code: think. Write down ten numbers, what you expect from room 0 and room 1 at each time when everybody tosses coins. The next cell gives the exact mean and variance. As they stand, only the hundreds are out. Can you get below 13? (The exact $V_t$ gives 12.061.)

# %%
expected = np.array([  # room 0, room 1
    [500.0, 500.0],  # t = 0: five rewards to come
    [400.0, 400.0],
    [300.0, 300.0],
    [200.0, 200.0],
    [100.0, 100.0],  # t = 4: one reward to come
])  # fmt: skip

# %%
m = exact.moments(p, exact.weighted_score(psi, q - expected[tau.t, tau.s]))
print(f"yours: mean ({m.mean[0]:.3f}, {m.mean[1]:.3f}), variance {m.trace:.2f}")

# %% [markdown] tags=["hints"]
# - nudge: Begin at the end. At $t=4$ one reward is left: what does a coin toss earn in room 0, and what in room 1?
# - method: After a coin toss the next room is room 0 or 1 with one half each, whatever the room. So each *later* step earns the same on average, and only the step of now depends on the room.
# - almost code: A row is `[100.5 + k * later, 104.5 + k * later]` with `k` steps after this one, and `later` the mean of 100.5 and 104.5.

# %% [markdown]
# Now break the proof. `b` below may look at the action, too. Make the mean *larger* than $\nabla J=(1.425, 1.425)$. Then ask yourself whether you would like that.

# %%
by_action = np.array([0.0, 0.0])  # subtracted after rest, after work
m = exact.moments(p, exact.weighted_score(psi, q - v[tau.t, tau.s] - by_action[tau.a]))
print(f"mean ({m.mean[0]:.3f}, {m.mean[1]:.3f}), true slope ({slope[0]:.3f}, {slope[1]:.3f})")

# %% [markdown] tags=["hints"]
# - nudge: What is subtracted after *work* is a punishment for working. What would a reward be?
# - method: The mean moves by $-\mathbb E[\psi_t\,b(a_t)]$. For a coin toss ψ is $+\frac12$ after work and $-\frac12$ after rest.
# - almost code: `[1.0, 0.0]` fines every rest: the mean grows. `[0.0, 1.0]` fines work: it shrinks. Either way it is the slope of another task.

# %% [markdown]
# ## Corrections to the slides
# - *"$V_\phi(s)=\sum\|V_\phi(s)-\hat Q_t\|$"*: $\phi=\arg\min_\phi\sum_t(V_\phi(s_t)-\hat Q_t)^2$. With argmin, with the square (else it fits medians), at $s_t$.
# - *$V_\phi(s)$ has no clock.* With a fixed horizon and no discount it needs one, or it is as bad as none.
# - *Fit and subtract on the same $\mathcal D$*: shrinks the gradient by about $1-1/n$; with one rollout to zero. Leave one out, or warm up $V$.
# - *"Does this bias the gradient ??"* No, if and only if what is subtracted is uncorrelated with the score. Enough: it does not depend on $a_t$.
# - *"$\nabla_\theta J=\mathbb E_{d^{\pi}(s)}\mathbb E_{\pi(a|s)}[\dots]$"*: with $d^\pi$ a distribution a factor is missing ($T$ here), as in notebook 04; and $Q$, $V$ and $A$ have the time in them.
# - *"the algorithm does not know how well the trajectories perform compared to others"*: right, and "others" is meant literally. The mean of the others is a baseline.
# - The recap says *"exploration distribution"* for the reset distribution μ.

# %% [markdown]
# ## Quick quiz

# %%
quiz(
    "You add 1000 to every reward and use leave-one-out. The variance of the gradient …",
    key="07-offset", choices=["grows with 1000²", "stays exactly as it was", "falls"],
    answer="stays exactly as it was",
    explain={"grows with 1000²": "That is the case without a baseline.",
             "stays exactly as it was": "Own and others' Q̂_t grow by the same 1000 (T-t): it cancels.",
             "falls": "Nothing was learned about the actions."},
)  # fmt: skip

# %%
quiz(
    "Which of these may a baseline for step t look at?", key="07-may-look",
    choices=["s_t and all rewards so far", "s_{t+1}", "a_t, if only a little"],
    answer="s_t and all rewards so far",
    explain={"s_t and all rewards so far": "They were there before a_t was chosen.",
             "s_{t+1}": "It depends on a_t, and so does the baseline then.",
             "a_t, if only a little": "Then there is a little bias."},
)  # fmt: skip

# %%
quiz(
    "All 64 runs of a colleague end at the same poor policy, with any seed. Try a baseline?",
    key="07-which", choices=["yes", "no, it is another nightmare"],
    answer="no, it is another nightmare",
    explain={"yes": "Noise scatters runs. These agree with each other: the mean leads them there.",
             "no, it is another nightmare": "A local optimum or a plateau: look at starts and slopes."},
)  # fmt: skip

# %% [markdown]
# ## Recap (again) in 60 seconds!
# The slide of the lecture, against the clock. Say each line aloud, with the reason.

# %%
recap(60, [
    "Local optima: no gradient where you never are. Start from resets that cover the expert's path",
    "Distribution shift: a small step in θ may be large in π. Natural gradient: measure in KL",
    "High variance: one return says nothing. Subtract a baseline that cannot see the action",
    "Give V a clock, square its loss, and leave your own rollout out",
    "One cure for each nightmare, and the natural gradient needs the baseline",
])  # fmt: skip

# %% [markdown] tags=["instructor"]
# **Minutes 33 to 40.** The table of cures: cover the cells and let the room bet row by row before you show it. Expected: "natural + baseline cures everything". The Ring's zero is the punch line. Then a baseline by hand in pairs (3
# minutes, the variance on the board as a high score), and the recap with the timer: three volunteers, twenty seconds each.

# %% [markdown] tags=["glossary"]
# ## Glossary
# - variance
# - bias
# - baseline
# - state value
# - advantage
# - leave-one-out
# - critic parameters
#
# **Next** Notebook 08: if we are estimating values, can we bring back Monte Carlo and TD?
