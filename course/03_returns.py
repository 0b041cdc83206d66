# %% [markdown]
# # 03 · From trajectories to returns
#
# > *Given trajectory. Convert to returns.* (the lecture: "multi-step classification")
#
# **After this you can**
# 1. turn the rewards of a trajectory into the $\hat Q_t$ of every step, by hand and in three lines of code;
# 2. say what the discount γ weighs, and how far it looks;
# 3. write down the dataset, the multi-step loss and its gradient, and say what the *value* of that loss means: little;
# 4. tell an episode that *ended* from one that was *cut*, and say what a cut does to $\hat Q_t$.
#
# **Time** 35 minutes · **Needs** notebooks 01 (the score $\nabla_\theta\log\pi_\theta$) and 02 (weights) · **Lecture** *Policy gradient
# (multi-step classification)*

# %%
import numpy as np

from pgkit import Reinforce, Run, SoftmaxTable, exact, grid_world, load_world
from pgkit.figures import curves, steps
from pgkit.returns import dataset, reward_to_go
from pgkit.widgets import RunLab, TrajectoryLab, quiz, recap, slide, spot_the_bug
from pgkit.widgets.predict import predict

# %% [markdown]
# ## Play first
# So far somebody handed you data points *with* their weights. Now nobody does. An agent starts at **S** and moves up, right, down or left, each with
# probability ¼. Most moves pay nothing. Fire costs 10 and ends the walk. An exit two steps away pays **+1**, and far off lies **+100**.
#
# Here is one such walk. Press **Play**. It ends badly. Whose fault was it? The last move's alone? Drag **γ** and watch the lower bars share out the blame.

# %%
lab = TrajectoryLab(seed=24)
lab

# %% [markdown]
# - **Upper bars**: the rewards. **Lower bars**: the *credit* of each step, blue for praise and red for blame. Arrows on the map have the same
#   colours.
# - **Grey band**: the moment $t$ that you look at. The filled part of each reward is what counts for it. The sum is written out below.
#
# Try three things. γ all the way to 0, then to 1. **New path**, a few times. Then the path of an expert: move **T** below 14 and see what is left.

# %% [markdown] tags=["instructor"]
# **Minutes 0 to 5.** Play the walk once without a word. Ask: "which move was the mistake?" Let them disagree (the last one; the turn
# towards the ring; "none, it was luck"). Then drag γ slowly from 0 to 1: each position is one answer to the question. Finish with the expert and T = 10: all bars
# vanish. Do not explain yet; say "cut" and go on.

# %% [markdown]
# ## What happened
# The walk in writing. It is always the same four things: a time, a state, an action, a reward.

# %%
world, s, a, r = load_world("ring-of-fire"), lab.states, lab.actions, lab.rewards
for t in (0, 1, 2, len(r) - 1):
    print(f"t = {t:2}   {world.describe(s[t])}   {world.actions[a[t]]:5}   reward {r[t]:g}")

# %% [markdown]
# Such a list is a [[trajectory]],
# $$\xi=(s_0,a_0,r_0,\;s_1,a_1,r_1,\;\dots,\;s_{n-1},a_{n-1},r_{n-1}),$$
# with [[state|states]] $s_t$, [[action|actions]] $a_t\sim\pi_\theta(\cdot|s_t)$ and [[reward|rewards]] $r_t$. It has $n$ steps, and $n$ is at most the
# [[horizon]] $T$. To make one is to [[rollout|roll out]] the policy. We count time from 0, here and in all later notebooks.
#
# To learn from it as in notebook 02 we need data points $(s_t,a_t,\text{weight})$. The states and actions are there. The
# weight is missing. The reward $r_t$ itself will not do: thirteen of these fourteen moves paid 0, and one of them walked up to the fire.
#
# ## Convert to returns
# Credit each action with **everything that it can still have an influence on**: its own reward and all later ones. Rewards far ahead count a little less, by a
# factor $\gamma\in[0,1]$ for each step, the [[discount]]:
#
# $$\boxed{\;\hat Q_t=r_t+\gamma\,r_{t+1}+\gamma^2r_{t+2}+\dots=\sum_{k=t}^{n-1}\gamma^{\,k-t}\,r_k\;}$$
#
# This is the [[reward-to-go]] of step $t$. From the very first step, $G_0=\hat Q_0$ is the [[return]] of the whole trajectory. Why the hat? It is one sample of what $a_t$ in
# $s_t$ is worth. Roll out again from there and you get another number.
#
# Written like this it takes $n(n+1)/2$ products. But look at two neighbours. What step $t$ sees is its own reward, and then what step $t+1$ sees, one step later:
#
# $$\boxed{\;\hat Q_t=r_t+\gamma\,\hat Q_{t+1},\qquad\hat Q_{n-1}=r_{n-1}\;}$$
#
# So begin at the **end** and walk backwards. Take rewards 0, -10, 0, 100 and $\gamma=\frac12$. On a napkin, from the right: $100$; then $0+50$; then $-10+25$; then
# $0+7.5$.

# %%
q, napkin = 0.0, []
for reward in reversed([0, -10, 0, 100]):
    q = reward + 0.5 * q
    napkin.insert(0, q)
print("backwards:", napkin, "   package:", reward_to_go([0, -10, 0, 100], 0.5))

# %%
rng, gamma = np.random.default_rng(0), 0.95
rewards = rng.normal(size=(1000, 30))  # 1000 trajectories of 30 steps
power = gamma ** np.maximum(np.arange(30)[None] - np.arange(30)[:, None], 0)
double_sum = rewards @ np.triu(power).T  # the definition: every γ^(k-t) with k ≥ t
off = np.abs(double_sum - reward_to_go(rewards, gamma)).max()
print(f"definition against recursion, 1000 trajectories: at most {off:.0e} apart")

# %% [markdown]
# Now without computing. The second map of the lab is a closed ring that one can walk *through*, at 10 a step.

# %%
options = ("t = 0, at the start", "t = 6, the first into the fire",
           "t = 8, the first without fire again", "t = 9, into +100")  # fmt: skip
largest = predict(
    "Ten steps: t = 6 and 7 pay -10, t = 9 pays +100, the others 0. γ = 0.95. Whose Q̂ is largest?",
    key="03-largest", choices=options,
)  # fmt: skip
largest

# %%
through = TrajectoryLab("ring-of-fire-closed", path="fire", t=6)
where = dict(zip((0, 6, 8, 9), options, strict=True))
told = "Each step backwards from +100 costs 5 %, and each fire 10 more. All fires lie before it."
largest.reveal(where[int(through.q_hat.argmax())], explain=told,
               show=steps({"r": through.rewards, "Q̂": through.q_hat}))  # fmt: skip

# %% [markdown] tags=["instructor"]
# **Minutes 5 to 13.** Do the napkin on the board, from the right. For the prediction expect "t = 0, it has the most rewards ahead of it" and "t = 8". Ask
# the first group for the sum at t = 0 with γ = 1: 80, the fires are in it. Wanted: the fires burden every step *before* them, and none after. Then the surprise
# that matters: the step into the fire gets a *large positive* credit. Let somebody say why that is right.

# %% [markdown]
# And the step *into the fire*? It cost 10. Is it praised or blamed? That is for γ to decide.

# %%
for gamma in (0.3, 0.5, 0.6, 0.8, 0.95):
    through.gamma = gamma
    print(f"γ = {gamma:4}: credit of the step into the fire, Q̂_6 = {through.q_hat[6]:+.1f}")

# %% [markdown]
# A short-sighted agent learns to fear the fire. A far-sighted one learns to walk through it. Find the exact γ where the bar turns over: choose
# *ring-of-fire-closed* in the lab above, the path *straight through fire*, $t=6$, and drag.
#
# ## What γ weighs
# A reward $k$ steps ahead counts $\gamma^k$. All weights together, $\sum_{k\ge0}\gamma^k=\frac1{1-\gamma}$: as much as $\frac1{1-\gamma}$ rewards in full.
# One calls this the **effective horizon**. For $\gamma=0.95$ it is 20 steps. How sharp is that edge?

# %%
share = predict(
    "γ = 0.95. Of all the weight 1 + γ + γ² + ..., how much lies on the first 20 steps?",
    key="03-horizon-share", low=0, high=100, unit="%",
)  # fmt: skip
share

# %%
first = np.arange(0, 101, 5)
weighed = {f"γ = {g}": (first, 1 - g**first) for g in (0.5, 0.9, 0.95, 0.99)}
why = (f"Half lies on the first {np.log(0.5) / np.log(0.95):.1f} steps. The edge is soft. For any γ "
       "near 1 the share is about 1 - 1/e = 63 %.")  # fmt: skip
picture = curves(weighed, x="the first so many steps", y="their share of the weight")
share.reveal(round(100 * (1 - 0.95**20), 1), explain=why, show=picture)

# %% [markdown]
# $\gamma=0$ sees only the reward of now. $\gamma=1$ counts everything in full, which is fine as long as trajectories have an end. In between, γ says *how patient* the agent
# is, and it is part of the task: change it enough, and another policy is best (on the first map, below $\gamma\approx0.68$ the exit at +1). (It also tames noise. That is notebook 07.)
#
# ## Why not simply the whole return?
# One could credit *every* step with $G_0$: good walk, good moves. Here is a walk of 18 steps through the closed ring. It burns itself once, and
# then it finds the exit.

# %%
walk = TrajectoryLab("ring-of-fire-closed", seed=38, gamma=0.95)
r, q = walk.rewards, walk.q_hat
steps({"reward": r, "Q̂: from t on": q, "G₀ for every step": np.full(len(q), q[0])})

# %%
burnt = int(np.flatnonzero(r < 0)[0])
print(f"burnt at t = {burnt}; the last step pays +1: Q̂ = {q[-1]:+.2f}, but G_0 = {q[0]:+.2f}")

# %% [markdown]
# With $G_0$ the step onto the exit is blamed for a burn that happened before it. That is not fair: **no action can change what has been paid already.** This
# is *causality*, and it is why $\hat Q_t$ starts at $t$.
#
# Does it matter? On average over many walks it will turn out that both give *the same* gradient; $\hat Q_t$, as a rule, with less noise. Notebook 04 proves it.
# Until then, flip the switch **G₀** in the lab and look for bars that are simply unfair.

# %% [markdown] tags=["instructor"]
# **Minutes 13 to 18.** On γ: expected answers to the 20-step question are 95 % ("nearly all") and 50 %. Draw the curve freehand: no edge anywhere. On $G_0$: ask "is the
# whole return *wrong*?" Most say yes. The right answer is "no, but noisy", and that is all you should say today.

# %% [markdown]
# ## The dataset
# Every step of every trajectory gives one triple. With $N$ trajectories in a row:
#
# $$\mathcal D=\big\{(s_0,a_0,\hat Q_0),\;(s_1,a_1,\hat Q_1),\;\dots\big\}.$$
#
# That is all that is left of time. After this line, nobody knows any more which triple came first. We need a room small enough to see everything:
# six cells. **+100** lies behind one fire that can be walked through, **+1** is two steps from S.

# %%
room = grid_world(".fG\nS.e", "room")  # f: costs 10, the walk goes on
policy, theta = SoftmaxTable(), np.zeros((1, room.n_states, room.n_actions))
run = Run(Reinforce(episodes=16, horizon=6, gamma=0.95), room, policy, runs=1, seed=4)
tau = run.preview()[1].tau  # 16 rollouts of at most 6 steps
D = dataset(tau, q_hat=reward_to_go(tau.r, 0.95))
for i in np.flatnonzero(D.live[0])[:5]:
    print(f"({room.describe(D.s[0, i])}, {room.actions[D.a[0, i]]:5}, Q̂ = {D.q_hat[0, i]:6.2f})")

# %% [markdown]
# ## The loss, and its gradient
# Now the lecture's third line is nothing new. It is *weighted classification* with the weights $\hat Q_t$:
#
# $$\mathcal L(\theta)=-\frac1N\sum_{i=1}^N\sum_{t}\hat Q^i_t\,\log\pi_\theta(a^i_t|s^i_t),\qquad
# \nabla_\theta\mathcal L(\theta)=-\frac1N\sum_{i=1}^N\sum_{t}\hat Q^i_t\;\nabla_\theta\log\pi_\theta(a^i_t|s^i_t).$$
#
# A sum over the steps, a mean over the trajectories. The $\hat Q$ are **numbers**, taken from the data; nothing is differentiated through them. In a table of logits the
# score is $\mathbf 1[a]-\pi$, as in notebook 01. Check the package by nudging each logit:

# %%
grad = policy.grad_log_prob(theta, D, weight=D.q_hat)  # -∇L


def L(theta):
    return -(D.q_hat * policy.log_prob(theta, D.s, D.a))[D.live].sum() / D.episodes


nudges = 1e-5 * np.eye(theta.size).reshape(-1, *theta.shape)
nudged = np.array([L(theta + e) - L(theta - e) for e in nudges]).reshape(theta.shape) / 2e-5
print(f"-∇L and nudging differ by at most {np.abs(grad + nudged).max():.0e}")

# %% [markdown]
# And with **one step**, $T=1$? Then $\hat Q_0=r_0$, there is no time left, and it *is* notebook 02. Three arms that pay 1, 0 and -1, 50 pulls; left the machinery of this
# notebook, right the sum of notebook 02, $\frac1N\sum_iR_i\,(\mathbf 1[a_i]-\pi)$:

# %%
from pgkit.worlds.bandit import bandit

pulls = Run(Reinforce(episodes=50, horizon=1), bandit((1, 0, -1)), runs=1, seed=0).preview()[1]
a, R = pulls.tau.a[0, :, 0], pulls.tau.r[0, :, 0]
book_02 = (R[:, None] * (np.eye(3)[a] - 1 / 3)).mean(axis=0)
print("multi-step:", pulls.grad[0, 0].round(4), "   notebook 02:", book_02.round(4))

# %% [markdown] tags=["instructor"]
# **Minutes 18 to 23.** Write the three lines of the slide on the board and under each one the line of code. Ask: "what is new against weighted classification?" Wanted: only where the
# weights come from. Expected and wrong: "the data are not independent any more" (true, but the sum does not care), "one must differentiate $\hat Q$, too".

# %% [markdown]
# ## What that loss is not
# In supervised learning the loss *means* something: smaller is better. Here? Let us be exact. The room is so small that one can write down *every* trajectory of at most 6 steps, with its probability $p_0(\xi)$ under
# the present $\theta_0$. Then the loss on *all the data that $\theta_0$ can ever produce* is
#
# $$\bar{\mathcal L}(\theta)=-\sum_\xi p_0(\xi)\sum_t\hat Q_t\log\pi_\theta(a_t|s_t),$$
#
# and what we really want large is the mean return $J(\theta)$. Take a step of size α along $-\nabla\bar{\mathcal L}$. What does the loss promise, and what does $J$ do? (Here $\gamma=1$.)

# %%
every = exact.paths(room, horizon=6)
start = policy.table(theta)[0]
p0, go = exact.path_probability(every, start), exact.future_return(every, gamma=1.0)


def L_bar(theta):
    logs = policy.log_prob(theta, every.s[None], every.a[None])[0]
    return -p0 @ (go * logs * every.live).sum(axis=1)


# %%
def J(theta):
    return exact.expected_return(room, policy.table(theta)[0], 1.0, horizon=6)


print(f"{len(p0)} trajectories; at θ₀: loss = {L_bar(theta):.2f}, and -J = {-J(theta):.2f}")

# %%
downhill = -np.array([L_bar(theta + e) - L_bar(theta - e) for e in nudges]).reshape(theta.shape) / 2e-5
for alpha in (0.001, 0.01, 0.1, 1.0):
    new = theta + alpha * downhill
    promised, got = L_bar(theta) - L_bar(new), J(new) - J(theta)
    print(f"α = {alpha:5}: loss falls by {promised:7.3f}, J grows by {got:7.3f}, "
          f"ratio {got / promised:5.2f}")  # fmt: skip

# %% [markdown]
# Two lessons. The *value* says nothing: the loss is 49, and what we want large is 7. And for a **tiny** step, promise and gain agree. For larger ones they part. At α = 1 the loss is *higher*
# than at 0.1, and $J$ is three times as large.
#
# $\mathcal L$ is a **surrogate**: it has the right *slope*, at the present θ, to first order. Why it has is notebook 04. After the step, the data and the $\hat Q_t$
# belong to a policy that exists no more. So never plot this loss to see whether you are learning. Plot the return.
#
# ## The slide, and the code that runs
# All of this is **one line**. Here is the next notebook's algorithm beside its slide, read from the package; marked is what is new against weighted classification. Click **CREATE
# DATASET** to see what it makes of a rollout. The other lines can wait.

# %%
slide("reinforce", run=run, previous="weighted_classification")

# %% [markdown]
# ## Ended, or cut?
# A trajectory can stop for two reasons that look alike in the data and are not.
# - [[termination|Termination]]: the *world* says so. +100, the exit, the fire. Nothing follows, ever. $\hat Q_t$ is complete.
# - [[truncation|Truncation]]: *we* stopped looking, after $T$ steps. The world would have gone on. $\hat Q_t$ lacks the rest.
#
# How much is missing? By the recursion, carried on past the cut: $\gamma^{T-t}$ times what the last state is still worth. In the mean that is
#
# $$\gamma^{\,T-t}\;V^\pi(s_T),\qquad V^\pi(s)=\text{the mean return of π from }s\text{ on, with no cut}.$$
#
# In the lab it is drawn dashed. Here we can compute $V^\pi$ exactly, since we know the map. First the expert, whose way to +100 takes 14 steps; then the random
# policy, exactly and from 4000 rollouts.

# %%
expert, random = exact.optimal_policy(world, 0.95), np.full((world.n_states, 4), 1 / 4)
for T in (5, 13, 14, 30, 100, None):
    two = [exact.expected_return(world, pi, 0.95, horizon=T) for pi in (expert, random)]
    print(f"cut at T = {T or 'never':>5}: expert {two[0]:6.2f}, random policy {two[1]:7.4f}")

# %%
algorithm = Reinforce(episodes=4000, horizon=30, gamma=0.95)
tau = Run(algorithm, world, runs=1, seed=1).preview()[1].tau
q, cut = reward_to_go(tau.r, 0.95)[0], tau.truncated[0, :, -1]
V, _ = exact.values(world, random, 0.95)
rest = cut * V[tau.s_next[0, :, -1]]  # what the last state is worth, where the walk was cut
for name, G in {"as cut": q[:, 0], "with the rest": q[:, 0] + 0.95**30 * rest}.items():
    print(f"{name:14} mean of Q̂_0 = {G.mean():.2f} ± {G.std() / np.sqrt(len(G)):.2f}")

# %%
print(f"{cut.mean():.0%} of the walks were cut; the exact value is {V @ world.start:.2f}")

# %% [markdown]
# Cut the expert one step too early, and the best walk on the map is worth **nothing**. The random walk looks better than it is, by about a tenth: some of its fires lie behind the cut. That error does not go away with more rollouts: it is a **bias**. For a given policy and
# cut it has always the same sign.
#
# It also depends on *when*. Be in the same cell S, with the same policy, late instead of early:

# %%
t = np.arange(30)
left = [exact.expected_return(world, random, 0.95, horizon=int(30 - k)) for k in t]
true = np.full(30, V @ world.start)
curves({"mean of Q̂ₜ, cut at T = 30": (t, left), "no cut": (t, true)},
       x="time t at which the walk is in S", y="mean return from there")  # fmt: skip

# %% [markdown]
# Near the cut S even looks pleasant: the exit is two steps away, and the fire too far to matter. All of this is the clock's doing. Three ways to live with it:
# 1. Choose $T$ several times the effective horizon. Then $\gamma^{T-t}$ is small for all but the last $\frac2{1-\gamma}$ steps or so. (Notebook 05 takes $T=30$ with $\gamma=0.95$, and $0.95^{30}=0.21$. A compromise.)
# 2. Make the clock part of the task. If the day really is over after $T$ steps, a cut is an end and nothing is missing; then the worth of a state depends on $t$.
# 3. *Estimate* $V$, and add it where the walk was cut. This is called bootstrapping: notebooks 08 and 09. (And only where it was *cut*. Add it after an end, and you count a
#    life after death. That bug waits in notebook 09.)

# %% [markdown] tags=["instructor"]
# **Minutes 23 to 29.** The two loss numbers first: "loss 49, wish 7, who is right?" Then cover the ratio column and let them guess for α = 1. For the cut go back to the lab: expert, drag T from 20 down
# to 13 and watch the bars drop to nothing in one step. Ask "which data points are wrong, all or some?" (All, by $\gamma^{T-t}$: the last ones most.) Expected and wrong: "more rollouts
# help".

# %% [markdown]
# ## Spot the bug
# A bandit with three arms, $T=1$. One line of REINFORCE differs. The orange runs do not learn a thing. Which line?

# %%
spot_the_bug("off_by_one")

# %% [markdown]
# ## Your turn: `reward_to_go`
# Write it yourself. `r` has the shape [runs, trajectories, steps]; time is the last axis, so index it as `r[..., t]`. Give back the same shape. As it stands, the function credits each step with its own
# reward and nothing else.


# %%
def my_reward_to_go(r, gamma):
    q = np.array(r, dtype=float)  # a copy: rollouts are not yours to change
    return q


print("yours ", my_reward_to_go(np.array([[[0.0, -10, 0, 100]]]), 0.5)[0, 0])
print("wanted", reward_to_go(np.array([[[0.0, -10, 0, 100]]]), 0.5)[0, 0])

# %% [markdown] tags=["hints"]
# - nudge: Which $\hat Q_t$ do you know without any computation? Start there.
# - method: $\hat Q_t=r_t+\gamma\hat Q_{t+1}$. One loop over $t$, backwards; `q` holds the rewards already.
# - almost code: `for t in reversed(range(q.shape[-1] - 1)):` and in it, add γ times the entry at $t+1$ to the entry at $t$.

# %% [markdown]
# Now let it *learn*. This lab lives in the room where +100 lies behind a fire. It rolls out 16 times, credits each step, takes a step along $-\nabla\mathcal L$, and begins again. (Why that
# works is the next notebook. The curve is $J$, the mean return from S; what the lab says of $\mu$ and $d_\pi$ is for notebook 05.)

# %%
learn = {"runs": 64, "alpha": 0.05, "horizon": 6, "gamma": 0.95, "controls": ["gamma", "alpha"]}
hide = ("reset", "paint", "compare", "copy", "penalty")
mine = RunLab("reinforce", room, ["grid", "curve", "goals"], title="Your own Q̂", hide=hide, **learn)
mine

# %% [markdown]
# The cell below puts **your function** into it, in the place of ours. Run it again after each change of yours, then press **Play**.

# %%
mine = mine.restart().use(reward_to_go=my_reward_to_go)
print("The lab above now runs on your reward_to_go.")

# %%
judge = RunLab("reinforce", room, **learn)
for name, function in {"yours": my_reward_to_go, "the package's": reward_to_go}.items():
    judge.restart(seed=3).use(reward_to_go=function).train(300)
    found = judge.run.history[-1].reached["G"].sum()
    print(f"{name:14} {found:2} of 64 runs learn to reach +100")

# %% [markdown]
# With credit for the reward of now alone, the step into the fire is only ever blamed. Nobody learns that something lies behind it.
#
# What if you make a mistake? Make one on purpose: give back one number for each trajectory, not one for each step. The lab stops, keeps what was learned, and says what it got, and from
# where:


# %%
def too_little(r, gamma):
    return r.sum(axis=-1)


try:
    judge.restart(seed=3).use(reward_to_go=too_little).train(1)
except RuntimeError as said:
    print(said)

# %% [markdown] tags=["instructor"]
# **Minutes 29 to 35.** Five minutes at the keyboards. Two mistakes to expect: the loop runs forwards (then each step sees only one reward ahead: let them find a row of rewards that shows it), and `q[t]` instead of `q[..., t]`,
# which walks over the runs. Both run without an error. So: "how would you *test* it?" On a row whose answer you know.
# Then the corrections in one breath, the quiz by show of hands (for the third: what *should* one plot?), the recap in pairs. Last sentence: "we have a slope, and do not know yet of what."

# %% [markdown]
# ## Corrections to the slides
# - *"$(s_1,a_1,\hat Q_1)$"*: $\hat Q$ is never defined there. It is the reward-to-go: discounted, from step $t$ on, $r_t$ **included**.
# - *Indices.* These slides begin at 1; the sums on the theorem's slide begin at $t=0$. Same thing, two clocks. We count from 0.
# - *"$\mathcal L(\theta)=-\hat Q_1\log\pi_\theta(a_1|s_1)-\dots$"*: a surrogate. Right to first order at the present θ, with $\hat Q$ held fixed. Its value is not $-J$. With negative weights
#   and fixed data it has no minimum at all (notebook 02). And with $N$ trajectories, divide by $N$.
# - Nothing is said about trajectories that are **cut**, and nothing about γ.

# %% [markdown]
# ## Quick quiz

# %%
quiz(
    "Rewards 1, 0, 4 and γ = 0.5. What is Q̂ at t = 0?",
    ["2", "3", "5", "1"], answer="2", key="03-napkin", explain={
        "2": "From the back: 4, then 0 + 2, then 1 + 1.",
        "3": "The last reward is two steps ahead: it counts 0.25 times, not 0.5 times.",
        "5": "That is γ = 1: nothing is discounted.",
        "1": "That is the reward alone, γ = 0."},
)  # fmt: skip

# %%
quiz(
    "A walk is cut at T. Which of its credits are wrong, compared with no cut?",
    ["all, the last ones most", "only the last one", "none, if γ < 1"],
    answer="all, the last ones most", key="03-cut", explain={
        "all, the last ones most": "Step t lacks γ^(T-t) V(s_T), and γ^(T-t) grows towards the cut.",
        "only the last one": "The recursion hands the gap on to every earlier step, γ times as large.",
        "none, if γ < 1": "γ makes the gap smaller for early steps. It does not close it."},
)  # fmt: skip

# %%
quiz(
    "After an update the loss on the old data has grown. What follows?",
    ["nothing", "the policy got worse", "the step was in the wrong direction"],
    answer="nothing", key="03-surrogate", explain={
        "nothing": "Its slope at the old θ was right; its value means nothing. Look at the return.",
        "the policy got worse": "In the room the loss grew from α = 0.1 to 1, and J did, too.",
        "the step was in the wrong direction": "Downhill at the old θ is right, for a short step."},
)  # fmt: skip

# %% [markdown]
# ## Recap in 60 seconds

# %%
recap(60, [
    "A trajectory becomes data points (s, a, Q̂): each action is credited with what came after it",
    "From the back: Q̂_t = r_t + γ Q̂_{t+1}; γ looks about 1/(1-γ) steps ahead, with a soft edge",
    "The loss is weighted classification with weights Q̂; with one step it is notebook 02",
    "It is a surrogate: right slope at the present θ, and a value that means nothing",
    "An episode that ended lacks nothing; one that was cut lacks γ^(T-t) V(s_T), a bias",
])  # fmt: skip

# %% [markdown] tags=["glossary"]
# ## Glossary
# - state
# - action
# - reward
# - trajectory
# - rollout
# - episode
# - return
# - reward-to-go
# - discount
# - horizon
# - termination
# - truncation
# - dataset
#
# **Next** Notebook 04: a slope of what? REINFORCE, and the theorem behind it.
