# %% [markdown]
# # 09 · Actor-critic
#
# > *Actor: policy improvement of π. Critic: estimates value functions.* (the lecture)
#
# **After this you can**
# 1. say the five steps of the batch actor-critic, and point at the line of code that does each;
# 2. derive $\hat A$ for every λ between TD and Monte Carlo, and say what a critic that lags does to it;
# 3. find the hole in the slide's step 3, which costs almost every run;
# 4. explain why a natural actor can simply take over weights of its critic.
#
# **Time** 45 minutes · **Needs** notebook 07 (advantage, baseline) and 08 (TD, bootstrapping); 06 for the natural actor · **Lecture**
# *Actor-Critic Algorithms*, *The General Actor Critic Framework*

# %%
import time
from dataclasses import replace

import numpy as np

from pgkit import ActorCritic, Reinforce, Run, exact, fits, logistic, uniform
from pgkit.figures import bands
from pgkit.widgets import GaeLab, RunLab, quiz, recap, slide, spot_the_bug
from pgkit.widgets.predict import predict
from pgkit.worlds import load_world

# %% [markdown]
# ## Play first
# A pole stands on a cart. Push the cart left or right, fifty times a second, so that the pole stays up. Every step pays 1. It is over when the pole leans by more than 12°,
# when the cart leaves its track, or after 500 steps. Nobody tells the policy what a pole is. It sees four numbers: position, speed, angle, and how fast the angle turns.
#
# Press **Play**. Sixteen policies learn at once. The picture shows the one in the middle, as it is now.

# %%
lab = RunLab(
    "actor_critic", "cartpole", ["cart", "curve"], runs=16, title="CartPole, while it learns",
    controls=["alpha", "lam", "critic_alpha"],
    presets={"TD, λ = 0": {"lam": 0.0}, "Monte Carlo, λ = 1": {"lam": 1.0},
             "a critic that lags": {"critic_steps": 1}},
)  # fmt: skip
lab

# %% [markdown]
# - **On the left** one episode of the run in the middle, always from the same start. The curve on the right is the mean length of ten episodes; the band holds 80 % of the runs.
# - **α** is the actor's step size, as always. $\alpha_V$ is the critic's. **λ** is what this notebook is about.
# - Try this. Let it learn, then **Restart** with *a critic that lags* from the presets: the same actor, but $V_\phi$ now takes one step where it took twenty. Then λ = 0.
#
# How long does it take? Here it is without the page, sixteen new runs until the median is at 475:

# %%
run, begin = Run(lab.run.algorithm, lab.run.world, runs=16, seed=1), time.perf_counter()
while np.median(run.history[-1].expected_return) < 475 and run.iteration < 100:
    run.advance(2)
seconds, steps = time.perf_counter() - begin, run.steps // 16
print(f"{run.iteration} iterations, {seconds:.0f} s for 16 runs together")
print(f"each run has seen {steps} steps, {steps / 50 / 60:.1f} minutes of CartPole")

# %% [markdown]
# Seconds. Not one run in some minutes: sixteen of them, on two cores. What does it do that REINFORCE does not?

# %% [markdown] tags=["instructor"]
# **Minutes 0 to 6.** Start the lab on the projector and say nothing until the pole stands. Then rewind to iteration 8 and let the room describe what the policy does wrong (it pushes
# where the pole leans, too late, and swings up). Then the preset with the lagging critic. Question to leave open: "why does the actor need somebody who only watches?" Expected and wrong: "because two
# networks are more than one". The time printed is that of the machine at hand; do not promise digits.

# %% [markdown]
# ## Two roles
# In notebook 07 $V_\phi$ was a helper. It told REINFORCE what to expect, so that the noise went down. A return still came from a whole rollout. In 08 we learned to do without the rollout:
# $r+\gamma V(s')$ says what is to come after *one* step. Put both together.
#
# - The **actor** is $\pi_\theta$. It acts, and it improves.
# - The **critic** is $V_\phi$. It never acts. It says what is to be expected, so that each step can be judged at once.
#
# The algorithm has five steps. Press **Slow motion**: one iteration of a copy of your run goes by, line by line, with the numbers it makes. **Next line** does it at your own speed.

# %%
slide("actor_critic", run=lab.run)

# %% [markdown]
# Now the five again, in mathematics.
#
# **1. Sample.** Run $\pi_\theta$ for $T$ steps in $N$ copies of the world. Here $T=64$, $N=8$. A copy is not set back: the next iteration goes on where it stood. So
# $\mathcal D$ holds pieces of episodes, $N\,T$ tuples $(s_i,a_i,r_i,s_i')$, and most of them see no end.
#
# **2. Fit $V_\phi$.** To what? Both answers of notebook 08 will do:
#
# $$\phi\leftarrow\arg\min_\phi\sum_i\big(V_\phi(s_i)-y_i\big)^2,\qquad
# y_i=\underbrace{r_i+\gamma\,r_{i+1}+\gamma^2r_{i+2}+\dots}_{\text{Monte Carlo}}\quad\text{or}\quad y_i=\underbrace{r_i+\gamma\,V_\phi(s_i')}_{\text{TD}} .$$
#
# (In the code the target is `v + gae(...)`, a mixture of the two. It is explained below.)
#
# The $V_\phi$ inside of $y_i$ is a number. We do not differentiate through it. And there is no need to reach the minimum: twenty steps towards it, then go on. The next iteration brings a new policy, and with it another $V^\pi$.
#
# **3. Evaluate the advantage.** How much better than expected was $a_i$? On the slide:
#
# $$\hat A(s_i,a_i)=r_i+\gamma V_\phi(s_i')-V_\phi(s_i).$$
#
# This is the **TD error**, $\delta_i$. If $V_\phi=V^\pi$, its mean, given $s_i$ and $a_i$, is the advantage $A^\pi(s_i,a_i)$: the mean of $r+\gamma V^\pi(s')$ is $Q^\pi$, and $A^\pi=Q^\pi-V^\pi$. (There is a hole in
# this line, and the lab's code has filled it. You will find it below.)
#
# **4. Gradient.** As ever, $\nabla_\theta J\approx\frac1N\sum_i\nabla_\theta\log\pi_\theta(a_i|s_i)\,\hat A(s_i,a_i)$. Now $\hat A$ is a number, too.
#
# **5. Update.** $\theta\leftarrow\theta+\alpha\,\nabla_\theta J$. Once. Then these data are thrown away, since they came from the old θ.
#
# Two lines in the code are not on the slide, and make one α fit everywhere: the advantages of a batch are *standardised* (mean 0, standard deviation 1), and the step is one of *Adam*.

# %% [markdown]
# ## Is it the critic?
# Take it away. Same actor, same data, same α, but $V_\phi$ stays near 0, and $\hat A$ is the discounted sum of the rewards that were seen, up to the cut at 64 steps: REINFORCE.


# %%
def train(algorithm, iterations=32, runs=24):
    run = Run(algorithm, load_world("cartpole"), runs=runs, seed=5)
    while run.iteration < iterations:
        run.advance(8)
    J = np.array([s.expected_return for s in run.history])
    return run, [s.iteration for s in run.history], J


# %%
settings = fits.default_settings("actor_critic", load_world("cartpole"))
alone = predict("After 32 iterations nearly all are at 475. Without the critic, how many of 24?",
                key="09-alone", low=0, high=24, unit="runs")  # fmt: skip
alone

# %%
good, at, J = train(ActorCritic(**settings))
curves = {"actor-critic": (at, J)}
print(f"actor-critic: {(J[-1] >= 475).sum()} of 24 at 475 or more after {at[-1]} iterations")

# %%
blind = {"lam": 1.0, "critic_alpha": 1e-5, "critic_steps": 1}
_, at, J = train(ActorCritic(**settings | blind))
curves["without a critic"] = (at, J)
why = ("Cut at 64 steps, the first step of a row weighs up to 47 and the last 1, whatever they did. "
       "V takes that out, and says what is beyond the cut.")  # fmt: skip
alone.reveal((J[-1] >= 475).sum(), explain=why,
             show=bands(curves, x="iteration", y="steps upright"))  # fmt: skip

# %% [markdown] tags=["instructor"]
# **Minutes 6 to 16.** Let slow motion run once without comment; then go by hand and let students say for each line which of the five steps it is. Ask at step 1 "where do episodes end in
# this array?", at step 2 "what is differentiated?" (V(s), not the target), at step 5 "why only one step?" (on-policy). The bet on REINFORCE: typical 20 of 24 ("it only gets slower"). It is not only
# slower: returns cut at 64 steps can hardly tell a good push from a bad one. (It is not that returns are whole: λ = 1 *with* the critic gets about 21 of 24 there.) Somebody will say that standardising subtracts the batch mean, so there *is* a baseline. Right, one number for all states.

# %% [markdown]
# ## Between TD and Monte Carlo
# Step 3 looks *one* step ahead and asks the critic for the rest. Two steps would do as well, or three:
#
# $$\begin{aligned}
# \hat A^{(1)}_t&=r_t+\gamma V(s_{t+1})-V(s_t)&&=\delta_t\\
# \hat A^{(2)}_t&=r_t+\gamma r_{t+1}+\gamma^2V(s_{t+2})-V(s_t)&&=\delta_t+\gamma\,\delta_{t+1}\\
# \hat A^{(n)}_t&=r_t+\dots+\gamma^{n-1}r_{t+n-1}+\gamma^nV(s_{t+n})-V(s_t)&&=\sum_{k=0}^{n-1}\gamma^k\,\delta_{t+k}
# \end{aligned}$$
#
# In the sum of the δ every $V$ in the middle is added once and subtracted once: a telescope. With $n\to\infty$ the critic is asked about $s_t$ only. That is Monte Carlo with a baseline.
#
# Which $n$? Take all of them, each counting λ times as much as the one before. With $0\le\lambda<1$ the weights $(1-\lambda)\lambda^{n-1}$ sum to 1:
#
# $$\hat A_t=(1-\lambda)\sum_{n\ge1}\lambda^{n-1}\hat A^{(n)}_t .$$
#
# How often is $\delta_{t+k}$ in there? In every $\hat A^{(n)}$ with $n>k$, each time with $\gamma^k$. Their weights sum to $(1-\lambda)(\lambda^k+\lambda^{k+1}+\dots)=\lambda^k$. So
#
# $$\boxed{\;\hat A_t=\sum_{k\ge0}(\gamma\lambda)^k\,\delta_{t+k}\;}$$
#
# **Generalised advantage estimation**, GAE. λ = 0 is TD. λ = 1 is Monte Carlo. Where a rollout ends, the sum ends.
#
# The critic may have its share: the code fits it to $y_t=V_\phi(s_t)+\hat A_t$, the **λ-return**. That is TD's target at λ = 0, and the return at λ = 1 (up to the cut). So λ turns steps 2 and 3 alike.
#
# **What λ costs.** Let the critic be wrong by $e(s)=V_\phi(s)-V^\pi(s)$. Put $V_\phi=V^\pi+e$ into each δ. The mean of $\delta_{t+k}$, given the past, is then $\gamma\,\mathbb E[e(s_{t+k+1})]-e(s_{t+k})$,
# plus $A^\pi(s_t,a_t)$ for $k=0$. Weigh and collect:
#
# $$\mathbb E\big[\hat A_t\,|\,s_t,a_t\big]=A^\pi(s_t,a_t)\;-\;e(s_t)\;+\;\gamma(1-\lambda)\sum_{k\ge0}(\gamma\lambda)^k\,\mathbb E\big[e(s_{t+1+k})\,|\,s_t,a_t\big].$$
#
# The second term is a function of $s_t$ alone: a baseline, it moves no gradient. The third one does: it depends on where $a_t$ leads. It has a factor $1-\lambda$. **The larger λ, the less the critic's errors bias the gradient.**
# And the more random rewards are in the sum: the larger is its variance.

# %%
which = predict("A critic 10 iterations behind. Once N = 4 rollouts a gradient, once N = 1024. "
                "Where is the best λ larger?", key="09-lambda",
                choices=["with N = 4", "with N = 1024", "it is the same"])  # fmt: skip
which

# %% [markdown]
# The lab measures it where the truth is known. An actor in the Ring of Fire (uniform resets, 40 iterations old) and, as critic, the exact values of an *older* actor: that is what lagging means. Top left the TD errors of one
# rollout; click one, and drag λ. On the right bias, noise (the standard deviation) and both together, $\sqrt{\text{bias}^2+\text{noise}^2}$, of the gradient, as shares of its exact length. The bias is exact, the noise is from 2000 rollouts.

# %%
gae_lab = GaeLab(lam=0.5, lag=10, episodes=64)
gae_lab

# %%
best = {N: GaeLab(lag=10, episodes=N).best for N in (4, 16, 64, 256, 1024)}
told = "Noise shrinks with 1/√N, bias stays. The more data, the more it pays to be unbiased."
truth = "with N = 1024" if best[1024] > best[4] else "with N = 4"
which.reveal(truth, explain=f"{told} Best λ for N: {best}.")

# %% [markdown]
# Find these four in the lab.
# - **Up to date** (0 iterations behind): no bias, whatever λ is. Then nearly the smallest λ is best.
# - **20 behind, λ = 0**: the bias is nearly as long as the gradient. Drag λ to 1 and it goes, almost. (Almost: rollouts are cut after 30 steps, and what is cut off is still asked of the critic.)
# - **V = 0, λ = 0**: every $\hat A$ is the reward of one step. In a world that pays at the end, nothing is left but the last steps.
# - **The minimum is flat** on its left, and near λ = 1 the noise climbs steeply: with N = 64, λ = 0.95 has twice the noise of λ = 0. So one takes a λ below 1, and a guess is mostly good enough. Which one depends on the data and on the critic. CartPole above, another world with another critic, had 0.95.

# %% [markdown] tags=["instructor"]
# **Minutes 16 to 25.** The telescope on the board with three terms. Then the weights: let a student say how often δ_{t+2} occurs. The error formula is the heart; insist that −e(s_t) is harmless
# (notebook 07!) before anybody looks at the third term. Vote on the bet. The common wrong answer: "N = 4, since with few data one needs real rewards". In the lab go N = 4, 64, 1024 with the lag at 10 and watch the green line walk
# to the right. If somebody asks why the best λ is at 0.1 and not 0 with a perfect critic: up to 0.2 the noise differs in the
# third digit only, there is nothing to explain.

# %% [markdown]
# ## Spot the bug
# The lab's code differs from the slide's step 3 in one small thing. Here are twelve runs of it, and twelve of the same code with one line less careful. What happened?

# %%
spot_the_bug("no_terminal_mask")

# %% [markdown] tags=["hints"]
# - nudge: The bad runs do learn at first. When does it begin to go wrong: while they fall often, or when they fall seldom?
# - method: A wrong sign in the target would not get that far, and a wrong step size would not come down again. Ask what the critic learns about a state in which the pole has just fallen.
# - almost code: Every reward is 1. In which line could a *fallen* pole still expect more of them?

# %% [markdown]
# ## When nothing follows
# Look at the last tuple before the pole falls, $(s,a,1,s')$. The slide's advantage asks the critic for $V_\phi(s')$, the value of a pole that has fallen. But nothing follows. Its value is zero, and the critic cannot
# know it: no tuple ever *starts* there. So write what the slide leaves out. With $d=1$ if the step **terminated** the episode, else 0,
#
# $$\delta=r+\gamma\,(1-d)\,V_\phi(s')-V_\phi(s).$$
#
# The runs above forgot $d$ in the critic's target only. The slide forgets it in both places.

# %%
hole = predict("The slide as it stands: no (1-d) at all. How many of 24 runs reach 475?",
               key="09-mask", low=0, high=24, unit="runs")  # fmt: skip
hole

# %%
from pgkit.plug import plug
from pgkit.returns import gae


def as_on_the_slide(D, v, v_next, gamma, lam):
    D = replace(D, truncated=D.truncated | D.terminated, terminated=np.zeros_like(D.terminated))
    return gae(D, v, v_next, gamma, lam)


# %%
fooled, at, J = train(plug(ActorCritic(**settings), gae=as_on_the_slide))
curves["as on the slide"] = (at, J)


def judged(run):
    steps = np.median(run.history[-1].expected_return)
    V = np.median(run.algorithm.critic.value(run.state.phi, np.zeros((24, 1, 4))))
    worth = (1 - 0.99**steps) / (1 - 0.99)  # 1 + γ + γ² + ...
    return f"upright for {steps:.0f} steps, worth {worth:.0f}; the critic says {V:.0f}"


# %%
told = f"With (1-d): {judged(good)}. As on the slide: {judged(fooled)}."
hole.reveal((J[-1] >= 475).sum(), explain=told,
            show=bands(curves, x="iteration", y="steps upright"))  # fmt: skip

# %% [markdown]
# All rewards are 1, so without an end *every* state is worth $1+\gamma+\gamma^2+\dots=1/(1-\gamma)=100$. To a critic that knows no end, falling is free.
# Then $\hat A\approx0$ for all actions, and what the actor follows is noise.
#
# **Terminated is not truncated.** Two other things end a row of tuples: the time limit of 500 steps, and the end of our 64 steps. Both times the pole still stands. The world would have gone on, and $V_\phi(s')$ says what it
# would have paid. There $d=0$: keep the bootstrap. What *is* cut there is the sum over $k$, since the next tuple belongs to another episode, or has not happened yet.
#
# | the last step of a row | $V_\phi(s')$ | the sum goes on |
# |---|---|---|
# | terminated: the pole fell | 0 | no |
# | truncated: time limit, or end of the rollout | bootstrap | no |
# | any other | bootstrap | yes |

# %% [markdown] tags=["instructor"]
# **Minutes 25 to 32.** Let them find it; do not help for two minutes. Expected and wrong: "the critic overfits", "α is too large". The decisive question: "what does the critic say of a pole that lies on the floor?" Then the bet. Most
# say 10 ("it learns and forgets, as above"). Tell the story: gymnasium once returned one flag, `done`, for both ends, and half of all code got one of them wrong; that is why it returns two now. Board: the table.

# %% [markdown]
# ## Larger steps
# Back to the Ring of Fire, with uniform resets as in notebook 05, $\gamma=0.95$, $T=30$, $N=16$. Thirty-two runs each.

# %%
ring = load_world("ring-of-fire")


def in_the_ring(algorithm, updates=200):
    run = Run(algorithm, ring, mu=uniform(ring, 0.95), runs=32, seed=5, engine="numpy")
    while run.iteration < updates:
        run.advance(10)
    J = np.array([s.expected_return for s in run.history])
    return [s.iteration for s in run.history], J


# %%
in_ring = {"REINFORCE, α = 0.1": in_the_ring(Reinforce(alpha=0.1)),
           "REINFORCE, α = 0.3": in_the_ring(Reinforce(alpha=0.3))}  # fmt: skip

# %%
in_ring["actor-critic, α = 0.3"] = in_the_ring(ActorCritic(alpha=0.3))
for name, (_, J) in in_ring.items():
    print(f"{name:22} mean J after 50, 100, 200 updates:",
          ", ".join(f"{J[k].mean():.1f}" for k in (5, 10, 20)))  # fmt: skip
bands(in_ring, x="update", y="J from S", best=51.33)

# %% [markdown]
# Where rewards are few and far, the critic first has to carry the news backwards, one state each time its targets are made anew. So it starts late. Then it overtakes, with the same large step, and ends higher, since each action is judged by
# what lies one step ahead and not by everything that happened afterwards. For REINFORCE the larger step is no gain in the end.
#
# ## A natural actor
# The slide names two parts: *Policy improvement: natural gradient descent. Value: TD, MC.* The five steps above used the plain gradient. Take the natural one of notebook 06, $G^{-1}\nabla_\theta J$, and something lovely happens.
#
# Let the critic estimate the *advantage*, and let it be linear in the score, $A_w(s,a)=w\cdot\psi(s,a)$ with $\psi=\nabla_\theta\log\pi_\theta(a|s)$. (These features are called **compatible**. Their mean over the actions is 0, as that of
# an advantage must be.) Fit it by least squares:
#
# $$w=\arg\min_w\mathbb E\big[(w\cdot\psi-A)^2\big]\quad\Longrightarrow\quad\underbrace{\mathbb E[\psi\psi^\top]}_{G(\theta)}\,w=\underbrace{\mathbb E[\psi A]}_{\propto\,\nabla_\theta J}\quad\Longrightarrow\quad w\propto G^{-1}\nabla_\theta J.$$
#
# **The critic's weights are the natural gradient.** The actor's step is $\theta\leftarrow\theta+\alpha\,w$, and no matrix is in sight. (The factor is $1-\gamma$, if $\mathbb E$ is over $d^\pi$; α swallows it.) In Kakade's two states of notebook 06, exactly:

# %%
two, theta = load_world("two-state"), np.array([0.3, -1.0])
policy = logistic(two.features)
pi = policy.table(theta)
psi, d = exact.feature_scores(pi, policy.features), exact.occupancy(two, pi, 0.9)
V, Q = exact.values(two, pi, 0.9)
root = np.sqrt(d[:, None] * pi).ravel()  # how much each (s, a) counts in the regression
A = (Q - V[:, None]).ravel()
w = np.linalg.lstsq(root[:, None] * psi.reshape(-1, 2), root * A)[0]

# %%
slope = exact.parameter_gradient(exact.policy_gradient(two, pi, 0.9), pi, psi)
natural = (1 - 0.9) * np.linalg.solve(exact.fisher(pi, psi, d), slope)
print(f"the critic's weights {w}\nnatural gradient     {natural}")
print(f"they differ by {np.abs(w - natural).max():.0e}")

# %% [markdown]
# In the code steps 1 to 3 stay, letter for letter. Marked is what is new:

# %%
slide("natural_actor_critic", previous="actor_critic")

# %% [markdown]
# `policy.natural` is that regression, done on the batch. It has a small penalty $\eta\|w\|^2$ on the weights (a *ridge*), and so gives $(G+\eta I)^{-1}$: the damping of notebook 06, λ there.
#
# **Think about it.** Here is the whole loop. Where in its five steps does each of the three nightmares live? And what in the loop, if anything, fights it? You will write it down in problem set 5.

# %% [markdown] tags=["instructor"]
# **Minutes 32 to 39.** Grids: ask for the reason of the late start before you give it (five sweeps an iteration, so news travels five steps). Natural actor: normal equations on the board, one line. Ask: "what if the
# features were others?" (Then A_w is biased and the step is not the gradient. Compatible is the one choice that costs nothing.) The question on the three nightmares is a think-pair-share: let them talk, collect nothing, it is written work.

# %% [markdown]
# ## By hand, or by torch
# The networks in this notebook have 226 weights for the actor and 193 for the critic, and their gradients were written by hand in numpy: many runs at once, without overhead. That is why the lab is live. Most people write torch, which differentiates
# by itself. `pgkit.nets` is the same actor in torch, and the one to read. Do they agree? (The import takes a moment.)

# %%
from pgkit import nets

theta, D, policy = good.state.theta, good.preview()[1].D, good.policy
twin = nets.CategoricalMLP(4, 2, policy.hidden, policy.input_scale)
by_hand = policy.grad_log_prob(theta, D, weight=D.q_hat)
by_torch = twin.grad_log_prob(theta, D, weight=D.q_hat)
print(f"24 gradients of {by_hand.shape[1]} numbers, the largest {np.abs(by_hand).max():.0f}")
print(f"largest difference {np.abs(by_hand - by_torch).max():.0e}")

# %% [markdown]
# The same to the last digits. A gradient is mathematics, not a library.

# %% [markdown]
# ## Your turn: tune it on a budget
# You have 24 iterations: twelve thousand steps for each run, four minutes of CartPole. Somebody has left these settings. Change them until at least 12 of 24 runs are at 475. Change *one* thing at a time, and say before you run it what will happen.

# %%
mine = {"alpha": 0.001, "lam": 0.0, "critic_alpha": 0.001}

# %%
tuned, at, J = train(ActorCritic(**settings | mine), iterations=24)
print(f"yours: median {np.median(J[-1]):.0f} steps, {(J[-1] >= 475).sum()} of 24 at 475 or more")
bands({"yours": (at, J)}, x="iteration", y="steps upright", best=500)

# %% [markdown] tags=["hints"]
# - nudge: Is it the actor that is slow, or the critic? Make one of them ten times as fast and look.
# - method: A critic that lags biases a small λ. So either the critic becomes faster, or λ larger, or both. Only then does a large α pay.
# - almost code: `mine = {"alpha": 0.01, "lam": ..., "critic_alpha": 0.01}`, and from there a factor of two in α.

# %% [markdown]
# When it works, go on: `"episodes": 2` and `"horizon": 256` is as much data, from fewer poles. `"critic_steps": 1`, what does it cost? `"advantage": "as-it-is"`? Twenty-four runs are few: a difference of three is luck.

# %% [markdown]
# ## Corrections to the slides
# - *Step 3, "$\hat A=r+\gamma\hat V(s')-\hat V(s)$"*: $(1-d)$ is missing. Zero after a termination, bootstrap after a truncation.
# - *Step 2, "sampled reward sums (TD, MC)"*: sums are Monte Carlo. TD's target is $r+\gamma(1-d)V(s')$, one reward and a guess. And the fit is one of squares.
# - *Step 4, "$\nabla_\theta J\approx\sum_i$"*: a mean over rollouts, $1/N$. And with γ < 1 the gradient of the discounted $J$ has $\gamma^t$ in front of each term; nobody keeps it, since late steps count, too.
# - *γ appears from nowhere.* The theorem's slide has none. In the critic it is needed: without it a world that goes on has no finite values.
# - *"Natural gradient descent"* improves π by *ascent*, and the five steps on the next slide use the plain gradient.
# - *"sample $\{s_i,a_i\}$"*: and $r_i$, $s_i'$ and $d_i$.

# %% [markdown]
# ## Quick quiz

# %%
quiz(
    "CartPole, V = 0 everywhere and never trained, λ = 0. What does the actor learn?",
    key="09-blind", choices=["to balance, slowly", "nothing", "not to fall in the very next step"],
    answer="nothing",
    explain={"to balance, slowly": "From what? Write down Â of a good and of a bad push.",
             "nothing": "Every Â is 1, the reward. A constant weight pushes nowhere.",
             "not to fall in the very next step": "The step that falls pays 1 as well."},
)  # fmt: skip

# %%
quiz(
    "The time limit ends an episode at step 500, the pole upright. Its last target is …",
    key="09-limit", choices=["r", "r + γ V(s')", "0"], answer="r + γ V(s')",
    explain={"r": "That says the world ends here. But only our patience does.",
             "r + γ V(s')": "Truncated: the pole would have stood on.",
             "0": "The reward of the last step was paid."},
)  # fmt: skip

# %%
quiz(
    "The critic is wrong by the same number in every state, in a world that never terminates. "
    "For which λ does that bias the gradient?", key="09-shift",
    choices=["for every λ < 1", "for no λ", "only for λ = 0"], answer="for no λ",
    explain={"for every λ < 1": "Look at the third term: does it depend on the action?",
             "for no λ": "A constant e is the same wherever the action leads. It is a baseline.",
             "only for λ = 0": "There Â is δ, and γ e - e is one constant for all actions."},
)  # fmt: skip

# %% [markdown]
# ## Recap in 60 seconds

# %%
recap(60, [
    "The actor acts, the critic says what to expect: sample, fit, evaluate, gradient, update",
    "The TD error is an advantage: one step of truth, the rest is the critic's guess",
    "λ mixes from TD to Monte Carlo. A lagging critic biases, large λ makes noise",
    "After a termination nothing follows, after a truncation the critic is asked",
    "Fit the advantage with scores as features: the weights are the natural step",
])  # fmt: skip

# %% [markdown] tags=["instructor"]
# **Minutes 39 to 45.** The tuning is a contest in pairs: five minutes, the number of runs at 475 on the board. As left, almost none. The first quiz question is the best: let them compute Â of both pushes. Then the recap, one
# sentence for each of five students.

# %% [markdown] tags=["glossary"]
# ## Glossary
# - actor
# - critic
# - TD error
# - GAE
# - bootstrapping
# - termination
# - truncation
#
# **Next** Notebook 10: what if the critic also paid for staying undecided? Soft actor-critic.
