# %% [markdown]
# # 05 · Nightmare 1: local optima
#
# > *Life is good! This solves everything …* (the lecture, one slide before the nightmares)
#
# **After this you can**
# 1. say why REINFORCE stops at +1 with +100 on the map, and point at the factor in the gradient that does it;
# 2. change one line and get it out: start rollouts at $s_1\sim\mu(s)$;
# 3. compute the penalty $\|d_{\pi^*}/\mu\|_\infty$ and say exactly what it promises, and what it does not;
# 4. tell a learning curve that was measured in the wrong place from a good one.
#
# **Time** 40 minutes · **Needs** notebook 04 (REINFORCE, $\hat Q_t$, the policy gradient) · **Lecture** *The Ring
# of Fire*, *Think-Pair-Share*, *What if we had a "good reset distribution"?*, *REINFORCE (with resets)*

# %%
import numpy as np

from pgkit import Reinforce, ReinforceResets, Run, exact, expert, load_world, nominal, uniform
from pgkit.figures import bound, curves, maps, outcomes, slide_and_code, sweep
from pgkit.widgets import RingOfFire, recap, think_pair_share
from pgkit.widgets.predict import predict

world = load_world("ring-of-fire")

# %% [markdown]
# ## Play first
# You start at **S**. An exit two steps away pays **+1**. Far off, inside a ring of fire with one door, lies
# **+100**. Fire costs 10 and ends the episode.
#
# Below, 64 independent runs of REINFORCE learn at once. Press **Play** and watch where the arrows turn.

# %%
lab = RingOfFire(world="ring-of-fire", runs=64, seed=0)
lab

# %% [markdown]
# All of them run to +1. Not most. *All.* Change α. Change the number of rollouts. Press **New seed**.
# Then come back.
#
# Do not touch μ yet. That is the second half of the story.

# %% [markdown] tags=["instructor"]
# **Minutes 0 to 4.** Start the lab before you say anything. Ask: "who would have bet on this?" Let somebody
# call out values of α. Do not mention resets. Expected: "the learning rate is too small", "it just needs
# longer"; write these on the board, they come back as bets.

# %% [markdown]
# ## What happened
# Let us count, with 100 runs of our own. One iteration is one update from $N=16$ rollouts of at most $T=30$
# steps, $\gamma=0.95$, $\alpha=0.1$. After 500 iterations we take each run's policy and compute *exactly*, by pushing
# probability through the map, where its rollouts end. A run counts as arrived if that probability is over 0.9.

# %%
stuck = Run(Reinforce(), world, runs=100, seed=5).advance(500)
outcomes({"REINFORCE": stuck})

# %% [markdown]
# How often would the *untrained* policy, all four moves equally likely, have found +100 by luck?

# %%
random_walk = np.full((world.n_states, world.n_actions), 1 / 4)
_, _, ended = exact.push(world, random_walk, gamma=0.95, horizon=30)
jackpot, exit_ = (ended[world.goals[letter]].sum() for letter in "Ge")
print(f"+100: {jackpot:.1e}    +1: {exit_:.2f} of all rollouts")

# %% [markdown]
# Fifteen in a million against one in two. Long before a single run has seen the treasure, every run has found the
# exit and learned that the rest of the map burns. And what it has learned makes the treasure rarer still:
# the better it gets at +1, the less it looks anywhere else.
#
# This is a **local optimum**: no small change of the policy makes things better. The value of running to the
# exit is $\gamma\cdot1=0.95$. The best policy is worth 51.33.

# %% [markdown]
# ## Think-Pair-Share
# *How do we get policy gradients to break out of local optima?* The lecture's timings: think 30 seconds, find a
# partner, share 45 seconds.

# %%
think_pair_share("How do we get policy gradients to break out of local optima?")

# %% [markdown] tags=["instructor"]
# **Minutes 8 to 12.** Collect ideas without judging. Typical, and all on the list below or in a later chapter:
# bigger batch, bigger step, annealed step, more training, longer rollouts, entropy bonus, random restarts of θ,
# reward shaping ("cheating: then you know the answer"), curiosity. If somebody says "start somewhere
# else", write it down with the same face as all others.

# %% [markdown]
# Now bet. One of these, and nothing else changed.

# %%
bet = predict(
    "Which of these gets more than half of 100 runs to +100?", key="05-which-fix",
    choices=["16 times the batch", "10 times the step", "10 times the updates",
             "rollouts of 200 steps", "none of these"],
)  # fmt: skip
bet

# %% [markdown]
# We do not argue about it. We run all four, 100 runs each, from the nominal start S.

# %%
fixes = {
    "as before": stuck,
    "16 times the batch": Run(Reinforce(episodes=256), world, runs=100, seed=5).advance(500),
    "10 times the step": Run(Reinforce(alpha=1.0), world, runs=100, seed=5).advance(500),
    "10 times the updates": Run(Reinforce(), world, runs=100, seed=5).advance(5000),
    "rollouts of 200 steps": Run(Reinforce(horizon=200), world, runs=100, seed=5).advance(500),
}

# %%
escaped = {name: int(run.history[-1].reached["G"].sum()) for name, run in fixes.items()}
winners = [name for name, n in escaped.items() if n > 50] or ["none of these"]
bet.reveal(winners[0], explain=f"Escaped of 100: {escaped}.", show=outcomes(fixes))

# %% [markdown]
# Three more ideas come up in every room: pay the policy for staying random (an *entropy bonus*), subtract a
# *baseline*, step along the *natural gradient*. They need machinery that we do not have yet. Notebooks 10, 07 and
# 06 will build it and take each of them back to this map. Keep your bets; we claim nothing before it is computed.

# %% [markdown]
# ## Why none of them can
# Write $d^\pi(s)=(1-\gamma)\sum_{t\ge0}\gamma^t\Pr(s_t=s)$ for the share of discounted time that π spends in state
# $s$: its **occupancy**. In the action probabilities themselves, the gradient of $J$ is
#
# $$\frac{\partial J}{\partial\pi(a|s)}=\frac1{1-\gamma}\;d^{\pi}(s)\;Q^{\pi}(s,a).$$
#
# $Q^\pi(s,a)$ is what action $a$ in $s$ is worth. It may be 95. But it is multiplied by *how often you are there*.
# A policy that never goes near the ring has $d^\pi\approx0$ inside it. The gradient does not say "nothing to gain". It
# says nothing at all.
#
# So measure how much there is to gain, as seen from a start distribution μ. The **gradient gap** is
#
# $$\mathcal G_\mu(\pi)=\max_{\pi'}\;(\pi'-\pi)\cdot\nabla_\pi J_\mu(\pi)
# =\frac1{1-\gamma}\sum_s d_\mu^{\pi}(s)\,\max_a A^\pi(s,a),$$
#
# where $J_\mu$ is the return when episodes start at μ, $d^\pi_\mu$ the occupancy from there, and
# $A^\pi=Q^\pi-V^\pi$ the advantage. It is 0 exactly where no direction leads uphill. For our stuck policies:

# %%
policies = stuck.policy.table(stuck.state.theta)
for name, reset in {"S alone": nominal, "all cells": uniform}.items():
    seen = exact.gradient_gap(world, policies, 0.95, reset(world, 0.95))
    print(f"gradient gap seen from {name:10}: {np.median(seen):6.2f}   (median of 100 runs)")

# %% [markdown]
# Same policies, same world, same instant. From S the slope is all but flat. Seen from all cells it is
# more than two hundred times steeper. **The gradient was always there. We were not looking at it from where it shows.**

# %% [markdown]
# ## Idea: a good reset distribution
# The task says where episodes start when it *counts*. Nobody said where they must start while you *learn*. In a
# simulator, or with a robot arm that you can put back by hand, you choose. Choose a **reset distribution** $\mu(s)$.
# The lecture: *try your best to "cover" states the expert will visit.*

# %%
resets = {reset.__name__: reset(world, 0.95) for reset in (nominal, uniform, expert)}
captions = ("nominal: S and only S", "uniform: every cell alike", "expert: where π* goes")
maps(world, dict(zip(captions, resets.values(), strict=True)))

# %% [markdown]
# One line of the slide changes. Left the slide, right the code that runs, read from the package this very
# moment:

# %%
slide_and_code(ReinforceResets, before=Reinforce)

# %%
trained = {
    name: Run(ReinforceResets(), world, mu=mu, runs=100, seed=5).advance(500)
    for name, mu in resets.items()
}
outcomes({f"μ {name}": run for name, run in trained.items()})

# %% [markdown]
# Read this figure slowly. All three bars are scored **from S**, the nominal start. The resets were used to learn and
# then taken away. The policy now walks from S around the ring, through the door, to +100.
#
# Why does it work? Next to +100, one step in four finds it. So the cells beside it learn first. Then *their*
# neighbours find them. Value flows outwards, cell by cell, until it reaches S.
#
# Go back to the lab at the top now. **Paint μ** with the mouse, and watch the value creep.

# %% [markdown] tags=["instructor"]
# **Minutes 20 to 26.** The jump from 0 to 100 is the moment. Ask *why* before you scroll on. Wanted: "the
# gradient is weighted by where you are". Often heard and wrong: "it explores more" (each rollout is as random as
# before; only its beginning differs). Let two students paint μ on the projector: one as many cells as
# possible, one as few.

# %% [markdown]
# ## How much is enough?
# Full control over the start is a luxury. Suppose only a share $w$ of the rollouts may be reset, and the others
# start at S as always:
# $$\mu_w=(1-w)\cdot\text{nominal}+w\cdot\text{uniform}$$
# (or the same with expert in place of uniform).
# With $w=0$ nobody escapes, with $w=1$ all do. In between?

# %%
guess = predict(
    "Of 100 runs with w = 10 % uniform resets, how many escape to +100 (500 updates)?",
    key="05-escapes-at-10-percent", low=0, high=100, unit="runs",
)  # fmt: skip
guess

# %%
shares = (0.01, 0.02, 0.03, 0.05, 0.07, 0.1, 0.15, 0.2, 0.3, 0.5, 1.0)
families = {"uniform": [], "expert": []}
for name, rows in families.items():
    for w in shares:
        run = Run(ReinforceResets(), world, mu=resets[name], mix=w, runs=100, seed=5).advance(500)
        rows.append((w, run.mismatch, run.history[-1].reached["G"].mean()))

# %%
at_ten_percent = 100 * families["uniform"][shares.index(0.1)][2]
guess.reveal(at_ten_percent, explain="Not a slope but a step.", show=sweep(families))

# %% [markdown]
# One is tempted to draw a straight line: 10 % of the resets, 10 % of the runs. It is a **phase transition**. With 500
# updates, below some $w$ hardly a run escapes; a few times more, and nearly all do. One run would have told you "it
# works" or "it does not". A hundred show the step.
#
# The right half has another axis. It is the lecture's penalty, also called the **mismatch coefficient**:
# $$\kappa=\left\|\frac{d_{\pi^*}}{\mu}\right\|_\infty=\max_s\frac{d_{\pi^*}(s)}{\mu(s)},$$
# where $d_{\pi^*}$ is the occupancy of the optimal policy **from the nominal start**. It asks: in which
# state are you worst prepared for the expert's path, and by what factor? For the nominal μ it is ∞. (Where several moves are best, our
# $\pi^*$ takes them alike; the theorem below holds for any optimal one.)
#
# Along one family, smaller κ means more escapes. But compare the families: with κ near 12 about nine in
# ten uniform runs escape; with a better κ near 10, about two in ten expert ones. **κ is a guarantee, not a thermometer.** What it guarantees comes now.

# %% [markdown]
# ## The theorem, with its constants
# The slide says "suffer at most a penalty of $\|d_{\pi^*}/\mu\|_\infty$". A penalty *on what*? Here is the whole
# statement (Agarwal, Kakade, Lee and Mahajan 2021, gradient domination; Kakade and Langford 2002 is its
# ancestor). For every policy π and every μ,
#
# $$\boxed{\;J(\pi^*)-J(\pi)\;\le\;\frac{1}{1-\gamma}\,\left\|\frac{d_{\pi^*}}{\mu}\right\|_\infty\,\mathcal G_\mu(\pi)\;}$$
#
# Left, what is missing to the optimum, **from the nominal start**. Right, a product: the horizon factor, the penalty,
# and the gradient gap **from μ**. The penalty *multiplies*. Climb until $\mathcal G_\mu(\pi)=0$, and if κ is
# finite, nothing is missing. With κ = ∞ the right side promises nothing, even at $\mathcal G=0$.
#
# **Proof in three lines.** $J(\pi^*)-J(\pi)=\frac1{1-\gamma}\sum_s d_{\pi^*}(s)\sum_a\pi^*(a|s)A^\pi(s,a)$ (the performance
# difference lemma) $\le\frac1{1-\gamma}\sum_s d_{\pi^*}(s)\max_aA^\pi(s,a)$.
# Divide and multiply by $d_\mu^\pi(s)$, and pull out the largest ratio:
# $\le\max_s\frac{d_{\pi^*}(s)}{d_\mu^\pi(s)}\cdot\mathcal G_\mu(\pi)$, because $\max_aA^\pi\ge0$.
# Last, $d_\mu^\pi(s)\ge(1-\gamma)\mu(s)$: the first step alone visits $s$ that much. ∎
#
# Do not believe it. Try 300 policies, from random to nearly optimal, with 300 random reset distributions,
# everything exact:

# %%
rng = np.random.default_rng(0)
share = 1 - 10 ** rng.uniform(-3, 0, (300, 1, 1))  # how much of each policy is optimal
best = exact.optimal_policy(world, 0.95)
some_policies = share * best + (1 - share) * rng.dirichlet(np.ones(4), (300, world.n_states))
some_mus = np.zeros((300, world.n_states))
some_mus[:, world.startable] = rng.dirichlet(np.ones(world.startable.sum()), 300)

# %%
d_star, J = exact.occupancy(world, best, 0.95), exact.expected_return
missing = J(world, best, 0.95) - J(world, some_policies, 0.95)
kappas = np.array([exact.mismatch(d_star, mu) for mu in some_mus])
promise = kappas / (1 - 0.95) * exact.gradient_gap(world, some_policies, 0.95, some_mus)
bound(missing, promise)

# %% [markdown]
# Never violated, and far from tight. Now the case that makes the nightmare precise. No sampling, no noise: exact
# gradient ascent in the probabilities themselves, each row projected back onto "sums to 1".

# %%
ends = {}
for name in ("nominal", "uniform"):
    mu = resets[name]
    pi = ends[name] = exact.projected_ascent(world, 0.95, mu, iterations=400)
    gap, kappa = exact.gradient_gap(world, pi, 0.95, mu), exact.mismatch(d_star, mu)
    print(f"μ {name}:  κ = {kappa:.3g}  gradient gap {gap:.1e}  J from S {J(world, pi, 0.95):.3f}")

# %%
titles = {"nominal": "from S: J = 0.95,\nno direction leads uphill",
          "uniform": "from everywhere: J = 51.33,\nnothing is missing"}  # fmt: skip
maps(world, {titles[name]: resets[name] for name in ends}, np.stack(list(ends.values())))

# %% [markdown]
# Gradient gap exactly **0**, and **50 points** short of the optimum. So it was never the noise, the step size or the
# batch. With exact gradients and all the time in the world, ascent from S ends at +1. The theorem is not
# violated: κ = ∞. With uniform resets κ = 3.2, and gap 0 *must* mean optimal.

# %% [markdown]
# ## What it does not promise
# **Softmax.** The theorem speaks of the probabilities themselves. We step in logits θ, where the gradient has an
# extra factor: $\partial J/\partial\theta_{s,a}=\frac1{1-\gamma}d^\pi(s)\,\pi(a|s)\,A^\pi(s,a)$. A policy that is *sure*
# of a wrong action has $\pi(\text{right})\approx0$ and hardly moves, however large the gap. One state, two actions, the wrong
# one ahead by $L$ in the logits:

# %%
L = np.arange(0, 21, 2.0)
wrong = 1 / (1 + np.exp(-L))  # π(wrong action); the right one pays 1, the wrong one 0
slope = np.sqrt(2) * wrong * np.exp(-L) * wrong  # length of the gradient in θ
curves({"gradient gap / |∇θ J|": (L, wrong / slope)},
       x="lead L of the wrong logit", y="gap for each unit of slope", log=True)  # fmt: skip

# %% [markdown]
# At $L=20$ a slope of one stands for a gap of hundreds of millions. "The gradient is small" does not mean "we are
# done".
#
# **A budget.** The theorem is about where ascent *ends*, not when. With $w=5\,\%$ and the same κ:

# %%
for updates in (500, 2000):
    run = Run(ReinforceResets(), world, mu=resets["uniform"], mix=0.05, runs=100, seed=5)
    n = run.advance(updates).history[-1].reached["G"].sum()
    print(f"κ = {run.mismatch:.1f}, {updates:4} updates: {n:3} of 100 escape")

# %% [markdown]
# **Our own rollouts.** They stop after 30 steps and leave out the $\gamma^t$ of the exact gradient, as the lecture's do.
# The statement above is for discounted, unlimited time. (For a finite horizon one adds the time to the state, and μ has
# to cover state *and* time; then the horizon sits inside κ instead of $1/(1-\gamma)$.)

# %% [markdown]
# ## Coverage beats nearness
# A tempting shortcut: if +100 is the problem, start *next to it*. All resets inside the ring. Or half there, half
# at S. Or the very opposite, everywhere but inside. What do you expect?

# %%
block = np.zeros((9, 9))
block[2:5, 2:5] = 1  # the nine cells within the ring ...
inside = block.ravel() * world.startable / 8  # ... without +100 itself
outside = world.startable * (inside == 0)

# %%
places = {}
for name, mu in {"only inside": inside, "half inside, half S": (inside + world.start) / 2,
                 "all but inside": outside / outside.sum()}.items():  # fmt: skip
    run = Run(ReinforceResets(), world, mu=mu, runs=100, seed=5).advance(500)
    places[f"{name}\n{run.history[-1].reached['G'].sum()} of 100 escape"] = mu
maps(world, places)

# %% [markdown]
# Inside the ring you learn the last step or two to perfection, and never how to get there. The expert's path has
# fourteen steps; what counts is that **no stretch of it is left without a start nearby**. With "all but inside" κ is ∞, too,
# and yet it works: rollouts that begin at the door stumble in. A finite κ is enough. It is not necessary.

# %% [markdown]
# ## Spot the bug
# Two students hand in learning curves. Both trained with resets. Whose policy do you put on the robot?

# %%
def train_and_report(mu, report_from, seed=7):
    run, reported = Run(ReinforceResets(), world, mu=mu, runs=32, seed=seed), []
    for _ in range(21):
        probs = run.policy.table(run.state.theta)
        reported.append(np.median(J(world, probs, 0.95, 30, start=report_from)))
        run.advance(25)
    return np.arange(21) * 25, reported

# %%
student_a = train_and_report(resets["uniform"], report_from=world.start)
student_b = train_and_report(inside, report_from=inside)
students = {"student A": student_a, "student B": student_b}
curves(students, x="iteration", y="reported return", panels=True)

# %%
verdict = predict("Whose policy reaches +100 in the real task, from S?",
                  key="05-spot-the-bug", choices=["A", "B", "both", "neither"])  # fmt: skip
verdict

# %% [markdown] tags=["hints"]
# - nudge: The best policy there is has $J=51.33$ from S. Look at the axis of student B.
# - method: A return is a return *from somewhere*. Ask of each curve: where do the episodes start whose return is
#   plotted?
# - almost code: Plot `exact.expected_return(world, probs, 0.95, 30)` with no `start=`: that is from S. Compare with
#   `start=mu`.

# %%
both = {"A": resets["uniform"], "B": inside}
from_s = {name: train_and_report(mu, report_from=world.start) for name, mu in both.items()}
value = {name: round(float(curve[1][-1]), 1) for name, curve in from_s.items()}
verdict.reveal(
    max(value, key=value.get), explain=f"Both measured from S at the end: {value}.",
    show=curves({f"{k}, from S": v for k, v in from_s.items()}, x="iteration", y="return"),
)  # fmt: skip

# %% [markdown]
# One curve beats the best policy possible. That alone should ring a bell: it was measured from μ, beside +100. From S
# the same policies are worth less than nothing. **The algorithm climbs $J_\mu$. You are paid
# $J$.** Every count of escapes in this notebook, and the curve in the lab, is from the nominal start, always.

# %% [markdown] tags=["instructor"]
# **Minutes 34 to 38.** Expected wrong answer: "B, it is higher". Let B's defender speak first. Then ask for the
# value of the best policy from S. The same bug appears in papers as evaluation with the training
# environment's randomised starts.

# %% [markdown]
# ## Your turn: as few cells as you can
# Paint μ on as few cells as possible, so that at least 90 of 100 runs escape. Rows and columns count from 1, S is
# at (8, 8), the door at (2, 4). Three can be enough.

# %%
cells = [(8, 8), (3, 4)]  # S, and one cell inside the ring
mine = np.zeros((9, 9))
for row, column in cells:
    mine[row - 1, column - 1] = 1
run = Run(ReinforceResets(), world, mu=mine, runs=100, seed=5).advance(500)
print(f"{len(cells)} cells, κ = {run.mismatch:.3g}: {run.history[-1].reached['G'].sum()} of 100 escape")

# %% [markdown] tags=["hints"]
# - nudge: From a cell that is $k$ steps away, the random policy needs about $4^k$ rollouts to stumble on what is already
#   learned. How far apart may two cells be?
# - method: Walk the expert's path backwards from +100. Put a cell where the distance to the learned part becomes too
#   long for luck. Do not forget that fire ends a rollout, so luck is short beside the ring.
# - almost code: Begin with every second cell of the path, `cells = [(8, 8), (6, 8), (4, 8), ...]`, up the right side,
#   over the top, to the door and in. Then take cells away one at a time.

# %% [markdown]
# ## Corrections to the slides
# Good slides leave things out. So that nothing sticks that should not:
# - *"Suffer at most a penalty of $\|d_{\pi^*}/\mu\|_\infty$"*: a **factor** on the gradient gap, together with $1/(1-\gamma)$. It is not
#   the loss itself. It holds for directly parametrised policies. $d_{\pi^*}$ is from the **nominal** start.
# - *"Choose μ instead of the start state distribution"*: for training. The algorithm then climbs $J_\mu$; score it on $J$.
# - *"Starting from initial state $s_1\sim\mu$"*: the sums on the other slides begin at $t=0$, so there it is $s_0$.
# - *"$\nabla_\theta J=\sum_{\mathcal D}\dots$"*: an estimate of the gradient, divided by the number of rollouts, from fresh ones at
#   each update.
# - *"Start with random policy"*: all logits zero, so all actions equally likely.
# - The recap says *"exploration distribution"*. It is the reset distribution μ; each rollout explores no more than before.

# %% [markdown]
# ## Quick quiz
# **1.** REINFORCE is stuck at +1 and you quarter its variance with 4 times the batch. What changes?
# <details><summary>Answer</summary>
#
# Nothing that helps. The *mean* of the gradient points at +1 (the exact gradient does, too). Less noise gets there more surely.
# </details>
#
# **2.** μ puts 0 on one state that the expert visits. Does learning have to fail?
# <details><summary>Answer</summary>
#
# No. κ = ∞ only means that the theorem is silent. "All but inside" leaves out the inside and works.
# </details>
#
# **3.** You double every entry of μ on the expert's path (and take the mass from elsewhere). What happens to κ?
# <details><summary>Answer</summary>
#
# It halves: κ is the largest $d_{\pi^*}(s)/\mu(s)$, and states that the expert does not visit have no say.
# </details>
#
# **4.** Why is κ for expert resets 0.512 and not 1?
# <details><summary>Answer</summary>
#
# $\mu=d_{\pi^*}/\sum d_{\pi^*}$, so every ratio is $\sum d_{\pi^*}=1-0.95^{14}=0.512$. The rest of the discounted time the episode is
# over.
# </details>

# %% [markdown]
# ## Recap in 60 seconds

# %%
recap(60, [
    "The gradient is weighted by where the policy goes; where it never goes, it learns nothing",
    "So REINFORCE stops at +1, with any batch, step or patience",
    "Start rollouts at s_1 ~ μ that covers where the expert goes; one line changes",
    "What is missing is at most 1/(1-γ) · max d*/μ · gradient gap from μ",
    "Coverage of the whole path counts, and the score is always from the nominal start",
])  # fmt: skip

# %% [markdown]
# ## Glossary
# | word | meaning |
# |---|---|
# | local optimum | a policy from which no small change is an improvement, though a better one exists |
# | nominal start | where episodes of the task begin; where policies are scored |
# | reset distribution $\mu(s)$ | where rollouts begin while learning |
# | mixture $\mu_w$ | $(1-w)$ nominal $+\,w$ resets |
# | occupancy $d^\pi(s)$ | share of discounted time in $s$; here its sum is below 1, the rest is after the end |
# | gradient gap $\mathcal G_\mu(\pi)$ | the most that first order promises from μ; 0 at a local optimum |
# | mismatch coefficient κ | $\max_s d_{\pi^*}(s)/\mu(s)$, the lecture's "penalty" |
# | phase transition | success jumps from hardly any to nearly all over a small range of a knob (for a given budget of updates) |
#
# **Next** Problem set 2 lets you write every piece of this. Notebook 06: the *direction* of the step.
