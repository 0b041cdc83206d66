# %% [markdown]
# # 05 · Nightmare 1: local optima
#
# > *Life is good! This solves everything …* (the lecture, one slide before the nightmares)
#
# **After this you can**
# 1. say why REINFORCE stops at +1 with +100 on the map, and point at the factor in the gradient that does it;
# 2. get it out by changing one line of the algorithm (which one? you will be asked first);
# 3. compute the *penalty* that the lecture attaches to this cure, and say exactly what it promises, and what it does not;
# 4. tell a learning curve that was measured in the wrong place from a good one.
#
# **Time** 45 minutes · **Needs** notebook 04 (REINFORCE, $\hat Q_t$, the policy gradient) · **Lecture** *The Ring
# of Fire*, *Think-Pair-Share*, and the three slides after it

# %%
import numpy as np

from pgkit import Reinforce, ReinforceResets, Run, exact, expert, load_world, nominal, uniform
from pgkit.figures import bound, curves, maps, outcomes, sweep
from pgkit.widgets import RingOfFire, quiz, recap, slide, spot_the_bug, think_pair_share
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
# At the end of notebook 04 you wrote down how many of 100 would find +100. Now look. All of them run to +1. Not most. *All.* Change α.
# Change the number of rollouts. Press **New seed**. Then come back.
#
# Leave the lower left part of the lab alone for now. That is the second half of the story. (The number ∞ above the curve belongs to it, too.)

# %% [markdown] tags=["instructor"]
# **Minutes 0 to 4.** Start the lab before you say anything. Then compare with the numbers from the end of 04. Ask: "who would have bet on this?" Let somebody
# call out values of α. Do not mention resets. Expected: "the learning rate is too small", "it just needs
# longer"; write these on the board, they come back as bets. Then the activity, with the lecture's timings: think 30 seconds, pair, share 45 seconds.

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
# This is a [[local optimum]]: no small change of the policy makes things better. The value of running to the
# exit is $\gamma\cdot1=0.95$. The best policy is worth 51.33.

# %% [markdown]
# ## Think-Pair-Share
# *How do we get policy gradients to break out of local optima?* The lecture's timings: think 30 seconds, find a
# partner, share 45 seconds. Note one idea each that you would put money on.

# %%
think_pair_share("How do we get policy gradients to break out of local optima?")

# %% [markdown] tags=["instructor"]
# **Minutes 4 to 9.** Think 30 seconds in silence, find a partner, share 45 seconds; the card keeps time. Then collect ideas without judging. Typical:
# bigger batch, bigger step, annealed step, more training, longer rollouts, ε-greedy, entropy bonus, random restarts of θ, reward shaping ("cheating: then
# you know the answer"), curiosity. If somebody says "start somewhere else", write it down with the same face as all others.

# %% [markdown]
# ## Place your bets
# Eight ideas that come up in every room. Each is tried alone, with 100 runs from the nominal start S; nothing else is changed.
#
# - **16 times the batch**: 256 rollouts for each update. Less noise.
# - **10 times the step**: α = 1. Leap.
# - **10 times the updates**: 5000 of them. Patience.
# - **rollouts of 200 steps**: enough time to get there.
# - **ε-greedy**: while it learns, each move is drawn blindly with probability ε = 0.3, whatever the policy says.
# - **entropy bonus**: pay the policy for staying undecided. [[entropy|Entropy]] measures how undecided it is.
# - **baseline**: weigh an action not with $\hat Q_t$ but with how much *better than usual* $\hat Q_t$ was.
# - **natural gradient**: measure the length of a step in π and not in θ.
#
# The last three need machinery that we do not have yet. We run them for you now; notebook 10 explains entropy, 07 the [[baseline]], 06 the [[natural gradient]].

# %%
bet = predict(
    "Which of these gets more than half of 100 runs to +100?", key="05-which-fix",
    choices=["16 times the batch", "10 times the step", "10 times the updates", "rollouts of 200 steps",
             "ε-greedy", "entropy bonus", "baseline", "natural gradient", "none of these"],
)  # fmt: skip
bet

# %% [markdown]
# We do not argue about it. We run all eight. First the four that need no new line of code.

# %%
fixes = {
    "as before": stuck,
    "16 times the batch": Run(Reinforce(episodes=256), world, runs=100, seed=5).advance(500),
    "10 times the step": Run(Reinforce(alpha=1.0), world, runs=100, seed=5).advance(500),
    "10 times the updates": Run(Reinforce(), world, runs=100, seed=5).advance(5000),
    "rollouts of 200 steps": Run(Reinforce(horizon=200), world, runs=100, seed=5).advance(500),
}

# %% [markdown]
# ε-greedy changes how actions are drawn, and nothing else: the score takes them for the policy's own, as everybody's first ε-greedy does. At the end the
# policy itself is scored, without ε. (What follows is not compiled and takes some seconds, so we train in parts.)

# %%
from pgkit import ReinforceBaseline, ReinforceNatural, SoftmaxTable
from pgkit.draws import draw_index


class EpsilonGreedy(SoftmaxTable):  # as always, but for how it acts
    def act(self, theta, s, draws, t):
        probs = 0.7 * self.probs(theta, s) + 0.3 / 4
        return draw_index(probs, draws.actions(s.shape[1], t))


# %%
blind = Run(Reinforce(), world, EpsilonGreedy(), runs=100, seed=5).advance(200)

# %%
blind = blind.advance(150)

# %%
fixes["ε-greedy"] = blind.advance(150)

# %% [markdown]
# The bonus adds 0.1 times the gradient of the entropy $H=-\sum_a\pi\log\pi$, in every state that a rollout visits. That gradient is
# $-\sum_a\pi\log\pi\;\nabla\log\pi$, since the rest, $-\sum_a\pi\,\nabla\log\pi$, is 0: the score has mean zero.


# %%
class Undecided(SoftmaxTable):  # as always, but for its gradient
    def grad_log_prob(self, theta, D, *, weight):
        p = self.probs(theta, D.s)
        bonus = self.grad_probs(theta, D, weight=-p * np.log(p))
        return super().grad_log_prob(theta, D, weight=weight) + 0.1 * bonus


# %%
undecided = Run(Reinforce(), world, Undecided(), runs=100, seed=5).advance(200)

# %%
undecided = undecided.advance(150)

# %%
fixes["entropy bonus"] = undecided.advance(150)

# %% [markdown]
# Baseline and natural gradient, as the package has them. The natural step is as long as a KL divergence of 0.01 allows; 06 says what that is.

# %%
compared = Run(ReinforceBaseline(), world, runs=100, seed=5).advance(200)

# %%
compared = compared.advance(150)

# %%
fixes["baseline"] = compared.advance(150)

# %%
natural = Run(ReinforceNatural(epsilon=0.01), world, runs=100, seed=5).advance(250)

# %%
fixes["natural gradient"] = natural.advance(250)

# %%
escaped = {name: int(run.history[-1].reached["G"].sum()) for name, run in fixes.items()}
winner = next((name for name, n in escaped.items() if n > 50), "none of these")
most = max(escaped.values())
why = (f"The best of them: {most} of 100 at +100. They all roll out from S. Larger, longer, "
       "smoother, measured otherwise: each makes more of what is seen, and +100 hardly ever is. "
       f"A wholly random policy sees it in {1e6 * jackpot:.0f} of a million rollouts.")  # fmt: skip
bet.reveal(winner, explain=why, show=outcomes(fixes))

# %% [markdown]
# Would another ε do better, or another bonus? Change the 0.3, the 0.1, and run the cells again. Whatever you bet on: say in one sentence what it does for a
# state that *no rollout has visited*. Then read on.

# %% [markdown] tags=["instructor"]
# **Minutes 9 to 17.** Hands up for each bet; count, write the counts down, only then run the cells, one at a time. Let each bet's defender say what should happen. Zero comes up eight
# times: let it become boring. "You chose a bad ε": also 0 of 100 with ε = 0.1 and 0.5, with bonuses of 0.01, 1 and 10 (with 10 nobody even takes the exit), and with natural steps of KL 0.001
# and 0.1. Do not say "resets" yet. Then ask the question that ends the section, and let the room answer it: nothing.

# %% [markdown]
# ## What the gradient sees
# Write $d^\pi(s)=(1-\gamma)\sum_{t\ge0}\gamma^t\Pr(s_t=s)$ for the share of discounted time that π spends in state
# $s$: its [[occupancy]]. In the action probabilities themselves, the gradient of $J$ is
#
# $$\frac{\partial J}{\partial\pi(a|s)}=\frac1{1-\gamma}\;d^{\pi}(s)\;Q^{\pi}(s,a).$$
#
# $Q^\pi(s,a)=\mathbb E\big[\sum_{k\ge0}\gamma^kr_k\,\big|\,s_0=s,a_0=a\big]$ is what action $a$ in $s$ is worth. (Here and below $J$, $Q$ and $V$ are discounted, and nothing is cut after $T$ steps.)
# It may be 95. But it is multiplied by *how often you are there*.
# A policy that never goes near the ring has $d^\pi\approx0$ inside it. The gradient does not say "nothing to gain". It
# says nothing at all.
#
# So measure how much there is to gain, as seen from a start distribution μ. The [[gradient gap]] is
#
# $$\mathcal G_\mu(\pi)=\max_{\pi'}\;(\pi'-\pi)\cdot\nabla_\pi J_\mu(\pi)
# =\frac1{1-\gamma}\sum_s d_\mu^{\pi}(s)\,\max_a A^\pi(s,a),$$
#
# where $J_\mu$ is the return when episodes start at μ, $d^\pi_\mu$ the occupancy from there, and
# $A^\pi=Q^\pi-V^\pi$ the [[advantage]], by how much an action is better than what π does on average. It is 0 exactly where no direction leads uphill. For our stuck policies:

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
# The task says where episodes start when it *counts*: the [[start distribution]], here S, is **nominal**. Nobody said where they must start while you *learn*. In a
# simulator, or with a robot arm that you can put back by hand, you choose. Choose a [[reset distribution]] $\mu(s)$.
# The lecture: *try your best to "cover" states the expert will visit.*

# %%
resets = {reset.__name__: reset(world, 0.95) for reset in (nominal, uniform, expert)}
captions = ("nominal: S and only S", "uniform: every cell alike", "expert: where π* goes")
maps(world, dict(zip(captions, resets.values(), strict=True)))

# %% [markdown]
# One line of the slide changes: rollouts are "starting from initial state $s_1\sim\mu(s)$". Beside it, the code that runs, read from the package this very
# moment; the marks show what is new against REINFORCE. Click a line to see what it makes in the lab above.

# %%
slide("reinforce_resets", run=lab.run, previous="reinforce")

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
# See it happen. Tick **values**, press **Play** and watch from where they grow. Then **Restart**, and paint a μ of your own into the map, with mouse, finger or
# keyboard. The slider $w$ says how many of the rollouts start there; the others start at S.

# %%
painter = RingOfFire(runs=64, seed=0, reset="uniform", title="Paint μ")
painter

# %% [markdown] tags=["instructor"]
# **Minutes 17 to 27.** The formula first: cover $Q$ with your hand and ask what is left where nobody goes. Then resets. The jump from 0 to 100 is the moment. Ask *why* before you
# scroll on. Wanted: "the gradient is weighted by where you are". Often heard and wrong: "it explores more" (each rollout is as random as
# before; only its beginning differs). Then let two students paint μ on the projector: one as many cells as
# possible, one as few.

# %% [markdown]
# ## How good is a μ?
# Two things can be asked of a μ before anything is trained. Where would the best policy go, **from the nominal start**? That is its occupancy $d_{\pi^*}$. And how rarely does μ
# start there? The worst ratio is the lecture's penalty, also called the [[mismatch coefficient]]:
# $$\kappa=\left\|\frac{d_{\pi^*}}{\mu}\right\|_\infty=\max_s\frac{d_{\pi^*}(s)}{\mu(s)}.$$
# It asks: in which state are you worst prepared for the expert's path, and by what factor? Where μ misses a state of the path altogether, κ is ∞. (Where several moves are best, our
# $\pi^*$ takes them alike; the theorem below holds for any optimal one.) The lab shows κ while you paint.

# %%
best = exact.optimal_policy(world, 0.95)
d_star, J = exact.occupancy(world, best, 0.95), exact.expected_return
for name, mu in resets.items():
    print(f"μ {name:8} κ = {exact.mismatch(d_star, mu):.3f}")

# %% [markdown]
# ## How much is enough?
# Full control over the start is a luxury. Suppose only a share $w$ of the rollouts may be reset, and the others
# start at S as always. This is the [[mixture of starts]]
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
few = max(w for w, _, share in families["uniform"] if share < 0.1)
many = min(w for w, _, share in families["uniform"] if share > 0.9)
why = (f"Not a slope but a step, a phase transition: under 10 runs at w = {few:.0%}, over 90 at "
       f"{many:.0%}. One run would tell you that it works, or that it does not.")  # fmt: skip
guess.reveal(at_ten_percent, explain=why, show=sweep(families))

# %% [markdown]
# Is that the curve that you would have drawn? The left half of the figure has the share $w$ on its axis, the right half κ. Along one family of mixtures, a
# smaller κ means more escapes.

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
# **Proof in three lines.** $J(\pi^*)-J(\pi)=\frac1{1-\gamma}\sum_s d_{\pi^*}(s)\sum_a\pi^*(a|s)A^\pi(s,a)$ (the *performance
# difference lemma*: walk with π\*; at each step $A^\pi(s_t,a_t)$ is the mean of $r_t+\gamma V^\pi(s_{t+1})-V^\pi(s_t)$;
# summed with $\gamma^t$, all $V^\pi$ cancel but the first, and $J(\pi^*)-J(\pi)$ is left)
# $\le\frac1{1-\gamma}\sum_s d_{\pi^*}(s)\max_aA^\pi(s,a)$.
# Divide and multiply by $d_\mu^\pi(s)$, and pull out the largest ratio:
# $\le\max_s\frac{d_{\pi^*}(s)}{d_\mu^\pi(s)}\cdot\mathcal G_\mu(\pi)$, because $\max_aA^\pi\ge0$.
# Last, $d_\mu^\pi(s)\ge(1-\gamma)\mu(s)$: the first step alone visits $s$ that much. ∎
#
# Do not believe it. Try 300 policies, from random to nearly optimal, with 300 random reset distributions,
# everything exact:

# %%
rng = np.random.default_rng(0)
share = 1 - 10 ** rng.uniform(-3, 0, (300, 1, 1))  # how much of each policy is optimal
some_policies = share * best + (1 - share) * rng.dirichlet(np.ones(4), (300, world.n_states))
some_mus = np.zeros((300, world.n_states))
some_mus[:, world.startable] = rng.dirichlet(np.ones(world.startable.sum()), 300)

# %%
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
words = {"nominal": "from S", "uniform": "from everywhere"}
titles = {name: f"{words[name]},\nJ = {J(world, pi, 0.95):.2f}" for name, pi in ends.items()}
maps(world, {titles[name]: resets[name] for name in ends}, np.stack(list(ends.values())))

# %% [markdown]
# Gradient gap exactly **0**, and **50 points** short of the optimum. So it was never the noise, the step size or the
# batch. With exact gradients and all the time in the world, ascent from S ends at +1. The theorem is not
# violated: κ = ∞. With uniform resets κ = 3.2, and gap 0 *must* mean optimal.

# %% [markdown] tags=["instructor"]
# **Minutes 27 to 38.** The prediction first (27 to 31): most say 10, some 100. Ask for the *shape* of the curve before the number. Then the theorem, one line of proof at a time
# (31 to 35). Expected: "so the loss is at most κ". No: κ multiplies, and what it multiplies can be 0. For the fast: where does the proof use that the dynamics do not depend
# on θ? The exact ascent is the punch line of the hour: a gap of exactly 0, and 50 points missing. Close with what it does not promise (35 to 38); coverage against nearness as a quick show
# of hands for each of the three maps.

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
# **A budget.** The theorem is about where ascent *ends*, not when. The [[phase transition]] comes at a smaller $w$ if there is more time. With $w=5\,\%$ and the same κ:

# %%
for updates in (500, 2000):
    run = Run(ReinforceResets(), world, mu=resets["uniform"], mix=0.05, runs=100, seed=5)
    n = run.advance(updates).history[-1].reached["G"].sum()
    print(f"κ = {run.mismatch:.1f}, {updates:4} updates: {n:3} of 100 escape")

# %% [markdown]
# **A comparison.** Between two *families* of μ, κ does not say which is better. Here are the two mixtures where their κ comes nearest to 11:

# %%
for name, rows in families.items():
    w, kappa, share = min(rows, key=lambda row: abs(np.log(row[1] / 11)))
    print(f"{name:8} w = {w:4.0%}  κ = {kappa:.1f}  {100 * share:3.0f} of 100 escape")

# %% [markdown]
# The better κ, and far fewer escapes. **κ is a guarantee, not a thermometer.**
#
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
# and yet it works: rollouts that begin at the door stumble in. For exact ascent in the probabilities, and with time enough, a finite κ is enough. It is not necessary.

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
why = (f"From S, at the end: A {value['A']}, B {value['B']}. B's curve was measured from μ, beside "
       "+100. It beats the best policy possible; that should ring a bell. The algorithm climbs J_μ. "
       "You are paid J.")  # fmt: skip
shown = curves({f"{k}, from S": v for k, v in from_s.items()}, x="iteration", y="return")
verdict.reveal(max(value, key=value.get), explain=why, show=shown)

# %% [markdown]
# Every count of escapes in this notebook, and the curve in the lab, is measured from the nominal start, always. Now one with an answer in code. Same world, uniform resets, same
# seeds, one line differs.

# %%
spot_the_bug("resets_unused")

# %% [markdown] tags=["instructor"]
# **Minutes 38 to 43.** Students A and B: the expected wrong answer is "B, it is higher". Let B's defender speak first. Then ask for the
# value of the best policy from S. The same bug appears in papers as evaluation with the training
# environment's randomised starts. The second bug, if there is time: ask which value the flat curve has. 0.95, they know it by now. The exercise below is homework, or a race between two halves
# of the room: fewest cells wins.

# %% [markdown]
# ## And if the world changes?
# Resets brought the runs to +100. Now let the exit pay 200: the near goal is worth 190, the far one still 51. In the lab in which you painted μ, that is one field: under the map, *entering pays*, the yellow one.
# Choose *uniform* there, let it train, and change the field while it runs; training need not stop. Now with 100 runs, once after 100 iterations and once after 300, and each time 300 more after the
# change:

# %%
for age in (100, 300):
    run = Run(ReinforceResets(), world, mu=uniform(world, 0.95), runs=100, seed=5).advance(age)
    run.set(pay={"e": 200})
    there = run.advance(300).history[-1].reached["e"]
    print(f"after {age} iterations of the old world: {there.sum()} of 100 now go to the exit")

# %%
behind = run.policy.table(run.state.theta)[there == 0]
gap = exact.gradient_gap(run.world, behind, 0.95, run.start)
print(f"the others: gradient gap from μ {gap.min():.0f} to {gap.max():.0f}; ", end="")
later = run.advance(2000).history[-1].reached["e"].sum()
print(f"2000 updates later {later} of 100 go to the exit")

# %% [markdown]
# The young ones turn round. Of those that had been sure for long, half still run for the lesser goal. It looks like the local optimum once more. It is none: μ covers every cell, and seen from μ
# there is much to gain, as the gap says. So they do turn, but slowly. It is the other factor, that of *What it does not promise*: the gradient of a logit has $\pi_\theta(a|s)$ in front,
# and a move that is hardly ever tried is hardly ever learned. What keeps it tried? Notebook 10 pays for that.

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
escaped = run.history[-1].reached["G"].sum()
print(f"{len(cells)} cells, κ = {run.mismatch:.3g}: {escaped} of 100 escape")

# %% [markdown] tags=["hints"]
# - nudge: Inside the ring each further step away makes it two to three times as rare that the random policy stumbles on
#   what is already learned: once in 3 rollouts from one step, once in 20 from three, once in 200 or 300 from six. How far apart may two cells be?
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
# - The recap says *"exploration distribution"*. It is the reset distribution μ; each rollout has no more [[exploration]] in it than before.

# %% [markdown]
# ## Quick quiz

# %%
quiz(
    "REINFORCE is stuck at +1, and you take 4 times the batch. What changes?", key="05-batch",
    choices=["it finds +100", "it runs to +1 more surely", "it learns nothing any more"],
    answer="it runs to +1 more surely",
    explain={"it finds +100": "Only if some rollout gets there. Four times hardly ever is hardly ever.",
             "it runs to +1 more surely": "The mean gradient points at +1. Less noise, straighter.",
             "it learns nothing any more": "It learns the exit, and better than before."},
)  # fmt: skip

# %%
quiz(
    "μ puts 0 on one state that the expert visits. Does learning have to fail?", key="05-zero",
    choices=["yes, κ = ∞ says so", "yes, nobody learns there", "no"], answer="no",
    explain={"yes, κ = ∞ says so": "With κ = ∞ the theorem is silent. Silence is not a no.",
             "yes, nobody learns there": "Rollouts come by, too. They need not start there.",
             "no": "All but inside leaves out the inside, and works."},
)  # fmt: skip

# %%
quiz(
    "You double every entry of μ on the expert's path, and take the mass from elsewhere. κ …",
    key="05-double", choices=["doubles", "halves", "stays"], answer="halves",
    explain={"doubles": "μ stands below the line: more μ, less κ.",
             "halves": "Each d_π*(s)/μ(s) on the path halves; off the path d_π* is 0 and has no say.",
             "stays": "Off the path μ may shrink, but there d_π* is 0 and has no say."},
)  # fmt: skip

# %%
quiz(
    "Why is κ for expert resets 0.512 and not 1?", key="05-expert", answer="Σ d_π* is not 1",
    choices=["Σ d_π* is not 1", "the expert is not optimal", "it was rounded"],
    explain={"Σ d_π* is not 1": "After 14 steps the episode is over: Σ d_π* = 1 - 0.95^14 = 0.512."
             " Divided by this sum, it is μ.",
             "the expert is not optimal": "It is: μ is made of the optimal policy's own occupancy.",
             "it was rounded": "No sampling here: both d_π* and μ are exact."},
)  # fmt: skip

# %% [markdown]
# ## Recap in 60 seconds

# %%
recap(60, [
    "The gradient is weighted by where the policy goes; where it never goes, it learns nothing",
    "So REINFORCE stops at +1, with any batch, step or patience",
    "Start rollouts at s_0 ~ μ that covers where the expert goes; one line changes",
    "What is missing is at most 1/(1-γ) · max d*/μ · gradient gap from μ",
    "Coverage of the whole path counts, and the score is always from the nominal start",
])  # fmt: skip

# %% [markdown] tags=["instructor"]
# **Minutes 43 to 45.** Recap in pairs, against the clock. Leave the room with a question for next time: "the natural gradient failed here. Is it good for anything?"

# %% [markdown] tags=["glossary"]
# ## Glossary
# - local optimum
# - exploration
# - start distribution
# - reset distribution
# - mixture of starts
# - occupancy
# - gradient gap
# - mismatch coefficient
# - phase transition
#
# **Next** Problem set 2 lets you write every piece of this. Notebook 06: the *direction* of the step.
