# %% [markdown]
# # 10 · Soft actor-critic
#
# > *“Soft” actor critic* (the lecture; the slide says no more)
#
# **After this you can**
# 1. say what a policy does that is paid for its entropy, and derive $\pi\propto e^{Q/T}$;
# 2. predict at which temperature an agent stops wanting to arrive, and mend it;
# 3. write the actor's gradient as $\log\pi$ times a weight once more, and say where the reparameterised one differs;
# 4. check a learner against a closed form, and then trust it where there is none.
#
# **Time** 45 minutes · **Needs** notebook 09 (critic, TD target, $(1-d)$) and 06 (KL) · **Lecture** *“Soft” Actor Critic*

# %%
import numpy as np

from pgkit import Run, SoftActorCritic, exact, load_world, uniform
from pgkit.figures import bands
from pgkit.widgets import RunLab, TemperatureLab, quiz, recap, slide, spot_the_bug
from pgkit.widgets.predict import predict
from pgkit.widgets.temperature_lab import optimum

# %% [markdown]
# ## Play first
# The Ring of Fire again. This time nobody learns: what you see is the *best* policy, computed exactly, forty times a second if need be. But what is best has changed. On top of its rewards, a policy is paid for being **undecided**. One
# number says how much: the **temperature** $T$.
#
# Drag $T$ slowly from left to right. Press **Walk**, and drag it again while the forty-eight are on their way.

# %%
lab = TemperatureLab(temperature=0.3)
lab

# %% [markdown]
# - **Cold** ($T=0.3$): everybody takes the shortest way to +100. Where two ways are equally short, both are taken.
# - **Warm** ($T=1$ to $2$): the arrows spread. People dawdle, keep away from the fire, and still come home.
# - **Hot** ($T=3$): they hang around. After sixty steps most have not arrived. At $T=10$ nobody does, and nobody wants to: look at the arrows next to +100. They point *away*.
# - Click a cell. On the right are its four $Q(s,a)$, and what becomes of them.
#
# Why would anybody run away from a hundred? And is this a defect of the world, of the method, or of us? Keep both questions.

# %% [markdown] tags=["instructor"]
# **Minutes 0 to 6.** Let the walkers go at 0.3, then drag to 3 while they are in the corridor: they turn round at the door. Nobody forgets that. Ask for a reason, collect, do not judge. Expected: "too random to find the door" (no:
# drag back to 2, nearly uniform arrows, and everybody arrives), "the fire is dangerous" (nobody burns), "it is a bug". The right one comes rarely: "arriving ends the income". If it comes, ask how large the income is.

# %% [markdown]
# ## What is paid
# How undecided is a policy in a state? Its [[entropy]],
#
# $$H\big(\pi(\cdot|s)\big)=-\sum_a\pi(a|s)\log\pi(a|s),$$
#
# is 0 if it is sure and $\log 4=1.39$ if all four actions are equally likely. The new objective pays $T$ for each unit of it, in every step. ($T$ is the temperature here, and in this notebook only; no horizon appears in it.)
#
# $$J_T(\pi)=\mathbb E\sum_t\gamma^t\Big[r_t+T\,H\big(\pi(\cdot|s_t)\big)\Big].$$
#
# With it come values, as ever. The **soft value** counts what is still to come, entropy included, and $Q$ is one step of reward and then soft value:
#
# $$\begin{aligned}
# V(s)&=\sum_a\pi(a|s)\,Q(s,a)+T\,H\big(\pi(\cdot|s)\big)=\sum_a\pi(a|s)\big[Q(s,a)-T\log\pi(a|s)\big],\\
# Q(s,a)&=r+\gamma\,V(s')\quad\text{(in the mean over what happens).}
# \end{aligned}$$
#
# After a terminal state nothing follows, no reward and no entropy: $V=0$ there. Remember this sentence.
#
# ### The best policy
# Fix a state and its four numbers $Q(s,a)$. Which $\pi$ makes $V(s)$ largest? Maximise $\sum_a\pi_a(Q_a-T\log\pi_a)$ with $\sum_a\pi_a=1$. The derivative by $\pi_a$, with a multiplier $\lambda$ for the sum, is
#
# $$Q_a-T\log\pi_a-T-\lambda=0\quad\Longrightarrow\quad\boxed{\;\pi(a|s)=\frac{e^{Q(s,a)/T}}{\sum_be^{Q(s,b)/T}}\;}\quad\text{and}\quad\boxed{\;V(s)=T\log\sum_ae^{Q(s,a)/T}\;}$$
#
# (put $T\log\pi_a=Q_a-V$ into the sum: every bracket is $V$.) So the softmax of notebook 01 comes back with $Q/T$ as logits. And where the Bellman equation had a hard $\max_aQ$, there is a soft one. That is what is soft:
#
# $$\max_aQ(s,a)\;\le\;T\log\sum_ae^{Q(s,a)/T}\;\le\;\max_aQ(s,a)+T\log 4 .$$

# %%
ring, gamma, T = load_world("ring-of-fire"), 0.95, 1.0
V, Q = exact.soft_values(ring, gamma, T)
pi = exact.soft_policy(Q, T)
paid, _ = exact.soft_policy_values(ring, pi, gamma, T)  # what that policy is really paid
open_cells = ring.startable
bracket = (Q - T * np.log(pi))[open_cells]  # the same number for all four actions
print(f"largest |V - V of π|     {np.abs(V - paid)[open_cells].max():.0e}")
print(f"largest |Q - T log π - V| {np.abs(bracket - V[open_cells, None]).max():.0e}")

# %% [markdown]
# ### Getting there
# As with hard values: **evaluate, improve, again**. Take any π, compute its $Q^\pi$, and let $\pi'=e^{Q^\pi/T}/\sum$. Is π' better? In each state it maximises the bracket for these $Q^\pi$, so
#
# $$V^\pi(s)\;\le\;\sum_a\pi'(a|s)\big[Q^\pi(s,a)-T\log\pi'(a|s)\big],\qquad Q^\pi(s,a)=r+\gamma V^\pi(s').$$
#
# The $V^\pi(s')$ on the right is again at most the same thing one step later. Put it in, and again: reward by reward and entropy by entropy the right side becomes $V^{\pi'}(s)$. So $V^{\pi'}\ge V^\pi$ **in every state**. This is soft policy iteration.

# %%
_, history = exact.soft_policy_iteration(ring, gamma, T)
print(f"{len(history)} policies; V(S) =", ", ".join(f"{v @ ring.start:.2f}" for v in history))
print(f"smallest rise of any state {np.diff(history, axis=0).min():.0e}")
print(f"it ends {np.abs(history[-1] - V).max():.0e} from soft value iteration")

# %% [markdown] tags=["instructor"]
# **Minutes 6 to 14.** The Lagrange line on the board; let a student find the step "put T log π = Q - V back". Then in the lab, T = 1, a cell in the corridor: the four brackets are equal. Ask what happens at T → 0 (argmax, ties shared)
# and T → ∞ (uniform?). Most say uniform; the lab at 30 says no, next to an end the arrows still point away, since Q/T does not go to 0: V itself grows with T. Expected question: "why not simply ε-greedy?" Because ε does not know what a
# mistake costs; the softmax does.

# %% [markdown]
# ## The trap
# Now the second plot of the lab. What could one do with one's life at temperature $T$?
#
# - **Finish.** Fourteen steps, and the last one pays +100: $\gamma^{13}\cdot100=51.3$. And some entropy on the way.
# - **Never finish.** Walk about at random for ever. That pays $T\log 4$ in every step: $\;T\log 4/(1-\gamma)=27.7\,T$ at most.
#
# At $T=1.85$ the two are equal. There is no malice in it, and no mistake of the optimiser. We pay a wage for being undecided, and **arriving ends the employment**.

# %%
print(f"{'T':>5} {'+100':>6} {'V(S)':>7} {'reward in it':>13} {'never finishing':>16}")
for T in (0.3, 1, 2, 3, 5, 10):
    best, never = optimum("ring-of-fire", "entropy", T), T * np.log(4) / (1 - gamma)
    arrive = best.ends[0]
    print(f"{T:5} {arrive:6.3f} {best.worth:7.2f} {best.expected_return:13.2f} {never:16.1f}")

# %%
patient = predict("γ = 0.95: half of the walks arrive up to T = 2.78. A patient agent, γ = 0.99: "
                  "up to which T?", key="10-patient", low=0, high=20)  # fmt: skip
patient


# %%
def half_way(gamma, low=0.01, high=30.0):
    for _ in range(30):
        T = np.sqrt(low * high)
        pi, _ = exact.soft_policy_iteration(ring, gamma, T)
        arrive = exact.push(ring, pi, gamma, 60)[2][ring.goals["G"]].sum()
        low, high = (T, high) if arrive > 0.5 else (low, T)
    return T


# %%
print(f"γ = 0.95: T = {half_way(0.95):.2f}")
told = "Never finishing pays T log 4/(1-γ): five times as much. Patience makes it worse."
patient.reveal(round(half_way(0.99), 2), explain=told)

# %% [markdown]
# ### What to do about it
# Three ways out. The first is to **cool down**: only the ratio of $T$ to the rewards counts, since $\pi\propto e^{Q/T}$. Double all rewards, and $T$ may be twice as high.
#
# The second is to look at what exactly we pay. Compare π with the uniform policy $u$, as in notebook 06:
#
# $$\mathrm{KL}(\pi\,\|\,u)=\sum_a\pi(a)\log\frac{\pi(a)}{1/4}=\log 4-H(\pi),\qquad\text{so}\qquad T\,H(\pi)=T\log 4-T\,\mathrm{KL}(\pi\,\|\,u).$$
#
# Entropy is two things in one: a penalty for being far from $u$, which we wanted, and a **wage of $T\log 4$ a step for being alive**, which we did not. In a task without an end the wage is a constant and changes nothing. In a task with an
# end it is a bribe. Take it away: in the lab above set *paid for* to $T\,(H-\log 4)$ and drag again. At $T=3$ all arrive. When it is hotter still, they wander, but then into whatever end comes first: nobody stays for the money.

# %%
rows = {pay: [optimum("ring-of-fire", pay, T).ends[0] for T in (1, 2, 3, 5, 10)]
        for pay in ("entropy", "above uniform")}  # fmt: skip
for pay, shares in rows.items():
    print(f"paid for {pay:14} at T = 1, 2, 3, 5, 10:", ", ".join(f"{x:.2f}" for x in shares))

# %% [markdown]
# The third is to use it where there is no end to run away from. Soft actor-critic became famous on robots that walk, and are paid for every step that they do not fall; there wage and reward pull the same way. Its homeland is the second half of this notebook.

# %% [markdown] tags=["instructor"]
# **Minutes 14 to 22.** Board: two columns, finish and never finish, let the room fill in the numbers. The bet on γ = 0.99: most say "higher, a patient agent values the goal more". It does, 0.99^13 is 0.88 instead of 0.51, not twice as much,
# and the wage is five times as large. The KL identity is the moment of the chapter: one line, and the mystery is gone. Show T = 3 with both ways of paying, walkers on. Somebody asks about the reward for surviving in CartPole:
# there, staying is the task, so the bribe does no harm.

# %% [markdown]
# ## Learning it
# Without the model we need an actor and a critic. The slide has no formula, so here is the algorithm for finitely many actions, in the notation of notebook 09. Three things change. The critic is a $Q$, not a $V$. Its target has the
# entropy in it. And the data may be **old**: $Q(s,a)=r+\gamma V(s')$ holds for whatever $(s,a)$ it was, so old data are kept in a [[replay]] memory $\mathcal D$ (here those of the last five iterations) and used again. That is [[off-policy]] learning.

# %%
run = Run(SoftActorCritic(temperature=0.3, alpha=0.5), ring, mu=uniform(ring, gamma), runs=8, seed=5)
slide("soft_actor_critic", run=run)

# %% [markdown]
# Now the actor's gradient. We climb $\mathbb E_{\mathcal D}[V(s)]$ with the critic's $Q$ held fixed. All actions are known, so there is nothing to sample:
#
# $$\begin{aligned}
# \nabla_\theta\sum_a\pi_a\big(Q_a-T\log\pi_a\big)&=\sum_a\nabla_\theta\pi_a\,\big(Q_a-T\log\pi_a\big)-T\underbrace{\sum_a\pi_a\nabla_\theta\log\pi_a}_{=\,0}\\
# &=\sum_a\pi_a\,\nabla_\theta\log\pi_a\,\underbrace{\big(Q_a-T\log\pi_a\big)}_{\text{the weight}} .
# \end{aligned}$$
#
# **$\log\pi$ times a weight.** Again. In REINFORCE the weight was the reward-to-go of the one action that was taken. Here it is $Q_a-T\log\pi_a$, for each action, each counted as often as π takes it. $-T\log\pi_a$ is never negative: it raises
# every weight, that of a rare action most. So an action that is likelier than its $Q$ deserves weighs less than the others, and loses. And when it is over? At the optimum all weights of a state are equal, you printed it above: $Q_a-T\log\pi_a=V$. Equal weights push nowhere.

# %%
for _ in range(4):
    run.advance(30, record=False)
print(f"T = 0.3: {run.evaluate().reached['G'].sum()} of 8 runs go to +100")

# %%
hot = Run(SoftActorCritic(temperature=3.0, alpha=0.5), ring, mu=uniform(ring, gamma), runs=8, seed=5)
for _ in range(3):
    hot.advance(30, record=False)
ends = hot.evaluate().absorbed.sum(axis=-1)
print(f"T = 3: {hot.evaluate().reached['G'].sum()} of 8; at most {ends.max():.0%} of their walks end")

# %% [markdown]
# The learner walks into the same trap, as it should. It has understood what we pay for.
#
# ## Spot the bug
# A corridor: +1 right beside the start, +100 six steps on the other side. No resets, so somebody has to *find* the hundred. Twelve runs of soft actor-critic, and twelve with one sign wrong.

# %%
spot_the_bug("entropy_sign")

# %% [markdown] tags=["hints"]
# - nudge: The wrong runs are not confused. They are in a hurry. Who is in a hurry to leave?
# - method: Write down what a step pays that is neither here nor there, in the right code and in yours. Which sign would make you end the episode as fast as you can?
# - almost code: In `_soft_value` there is $\sum_a\pi(a|s)\,[Q(s,a)\;\square\;T\log\pi(a|s)]$. Is $\log\pi$ positive?

# %% [markdown] tags=["instructor"]
# **Minutes 22 to 30.** Slow motion through one iteration of soft actor-critic; ask at each line what has changed against 09. "Why may the data be old?" is the question of this part: because Q is about a given (s,a), and the actor's
# sum is over all actions at a state, whoever brought us there. (What is still not right: the states of D are not those of π. SAC lives with it.) The bug is the trap's mirror image; if they see that by themselves, do not say it.

# %% [markdown]
# ## Infinitely many actions
# A motor takes any torque between $-2$ and $2$. The sum over $a$ becomes an integral, and there are two ways to estimate its gradient from samples.
#
# **The score, once more.** Draw $a\sim\pi_\theta$ and take $\nabla_\theta\log\pi_\theta(a|s)\cdot\big(Q(s,a)-T\log\pi_\theta(a|s)\big)$. That is REINFORCE with a critic. It needs the *number* $Q(s,a)$.
#
# **Through the action.** Write the action as a function of θ and of noise that knows nothing of θ, for a Gaussian $a=f_\theta(\varepsilon,s)=m_\theta(s)+\sigma_\theta\,\varepsilon$ with $\varepsilon\sim\mathcal N(0,1)$. Now the expectation is over ε,
# and the gradient goes straight in:
#
# $$\nabla_\theta\,\mathbb E_\varepsilon\big[Q(s,f_\theta(\varepsilon,s))-T\log\pi_\theta(f_\theta(\varepsilon,s)|s)\big]=\mathbb E_\varepsilon\Big[\frac{\partial Q}{\partial a}\,\frac{\partial f_\theta}{\partial\theta}-T\,\frac{d}{d\theta}\log\pi_\theta\big(f_\theta(\varepsilon,s)|s\big)\Big].$$
#
# ($d/d\theta$ is the whole derivative, through $f_\theta$ too. The score alone has mean 0, and the entropy would be lost.)
#
# This is the **reparameterised** gradient. There is no weight in it any more. The critic does not say "that was worth 7". It says "a little more to the left": it is asked for its *slope*. So it needs a critic that can be differentiated, and a continuous
# action. Both estimates have the same mean. How noisy are they? One state, one known $Q(a)=-(a+0.9)^2$, a Gaussian policy with mean $-0.5$:

# %%
noise, m, T = np.random.default_rng(0).normal(size=200_000), -0.5, 0.1
print(f"{'σ':>5} {'mean':>16} {'noise: score':>14} {'score - V':>10} {'through a':>10}")
for std in (0.3, 0.1, 0.03, 0.01):
    a, log_pi = m + std * noise, -(noise**2) / 2 - np.log(std) - np.log(2 * np.pi) / 2
    weight, slope = -((a + 0.9) ** 2) - T * log_pi, -2 * (a + 0.9)
    both = noise / std * weight, noise / std * (weight - weight.mean()), slope  # all ∂/∂m
    means, sizes = [g.mean() for g in both[::2]], [g.std() for g in both]
    print(f"{std:5} {means[0]:7.3f} {means[1]:8.3f} {sizes[0]:14.2f} {sizes[1]:10.2f} {sizes[2]:10.2f}")

# %% [markdown]
# Same mean. The score is $\varepsilon/\sigma$: whatever in the weight does not shrink with $\sigma$ is multiplied by that. First a constant, which a baseline takes out. Then the spread of $-T\log\pi$, which is about $T$ for every $\sigma$. (Set `T = 0`, and *score - V* stays
# near 1.1: differences of $Q$ shrink as fast as $\sigma$ does. An error of the critic's need not.) Through the action nothing is multiplied: with ε held fixed $\log\pi$ does not depend on $m$ at all, and the surer the policy, the less the slope of $Q$ varies.
#
# ## A case we can solve
# Before we trust this on a motor, a world where we know the answer. $x'=x+u+w$ with noise $w$ of variance 0.01, reward $-(x^2+0.1\,u^2)$, $\gamma=0.9$. It never ends. An actor pushes back in proportion to $x$, with noise of its own: $u\sim\mathcal N(kx,\sigma^2)$. The number $k$ is its **gain**.

# %%
gain = predict("A learner has settled at T = 0.1. Now T goes up to 1. What happens to its gain k?",
               key="10-gain", choices=["it goes towards 0: hot agents do less", "nothing",
                                       "it grows, against its own noise"])  # fmt: skip
gain

# %% [markdown]
# Commit, then compute. The best $V$ is a parabola, $-(Px^2+C)$, so
#
# $$Q(x,u)=-x^2-0.1\,u^2-\gamma P\,(x+u)^2+\dots=-(0.1+\gamma P)\,(u-k^*x)^2+\dots,\qquad k^*=-\frac{\gamma P}{0.1+\gamma P}$$
#
# (the dots do not depend on $u$). And $\pi\propto e^{Q/T}$ is a parabola in the exponent: a **Gaussian**, with mean $k^*x$ and
#
# $$\frac{1}{2\sigma^{*2}}=\frac{0.1+\gamma P}{T}\quad\Longrightarrow\quad\sigma^{*2}=\frac{T}{2\,(0.1+\gamma P)} .$$
#
# $P$ does not know about $T$: noise that we add on purpose costs the same wherever we are, and so it goes into $C$. The answer:

# %%
task = exact.LQR()
P = exact.lqr_optimum(task)[1]
print(f"P = {P:.6f}")
for T in (0.01, 0.1, 1.0):
    k, variance = exact.lqr_soft_optimum(task, T)
    formula = T / (2 * (0.1 + 0.9 * P))
    print(f"T = {T:<5} k* = {k:.6f}   σ*² = {variance:.6f}   by the formula {formula:.6f}")

# %% [markdown]
# Sixteen learners. They know nothing of any formula: they have a memory, a critic with four numbers, and an actor $u\sim\mathcal N(kx,\sigma^2)$. Press **Play**. When they sit on the star, turn the temperature, and watch them go after it.

# %%
soft_lqr = RunLab(
    "soft_actor_critic_continuous", "lqr", ["gains", "curve"], runs=16, title="A soft regulator",
    controls=["temperature", "alpha", "updates"],
    presets={"cold, T = 0.01": {"temperature": 0.01}, "hot, T = 1": {"temperature": 1.0}},
)  # fmt: skip
soft_lqr

# %%
twin, settled = Run(soft_lqr.run.algorithm, load_world("lqr"), runs=12, seed=1), {}
for T in (0.1, 1.0):
    twin.set(temperature=T)
    k, log_std = twin.advance(40, record=False).state.theta.T
    settled[T] = k.mean()
    print(f"T = {T}: k = {k.mean():.3f} ± {k.std():.3f}   σ² = {np.exp(2 * log_std).mean():.4f} ± "
          f"{np.exp(2 * log_std).std():.4f} over 12 runs")  # fmt: skip

# %%
moved = settled[1.0] - settled[0.1]
toward, away = gain.choices[0], gain.choices[2]
truth = "nothing" if abs(moved) < 0.03 else toward if moved > 0 else away
gain.reveal(truth, explain="π ∝ exp(Q/T): T scales the parabola, and leaves its top where it is.")

# %% [markdown] tags=["instructor"]
# **Minutes 30 to 38.** The table of noises is worth a pause: ask which columns grow like 1/σ and why (the entropy term keeps its spread T and is multiplied by ε/σ; Q's own difference shrinks with σ; try T = 0). For the regulator, complete the square on the board. Vote: most say "towards 0". In the lab turn T while it
# plays: the cloud goes straight up, a little too far, and comes back. The J curve falls, of course: J is the reward alone, and exploring costs. What it does not show is what the agent is paid in entropy.

# %% [markdown]
# ## A pendulum
# Now without a net. A pendulum hangs; the motor is too weak to lift it. One has to swing. The reward is $-(\text{angle}^2+0.1\,\text{speed}^2+0.001\,\text{torque}^2)$, 20 steps a second, never an end. (No end: no trap.) The policy sees cosine and sine of the angle, and the speed.
#
# Press **Play**. Four learners at once; the picture shows the median one.

# %%
swing = RunLab(
    "soft_actor_critic_continuous", "pendulum", ["cart", "curve"], runs=4, title="Swinging up",
    controls=["alpha", "critic_alpha", "temperature_alpha", "polyak"],
    presets={"T fixed at 0.5": {"tuning": "fixed"}, "no slow copy": {"polyak": 1.0}},
)  # fmt: skip
swing

# %% [markdown]
# Some seconds, and it stands. Here is the text that does it. Nearly every line is marked, since the memory is another one and $Q$ now takes the action as a number. So read it by the capitals beside it: act, keep, critic, actor.

# %%
slide("soft_actor_critic_continuous", previous="soft_actor_critic")

# %% [markdown]
# The loop is the one you know. Four things were added, each against a sickness:
# - **Squashing.** The torque has bounds, so $a=2\tanh u$ with $u$ Gaussian. Its density is corrected by the slope of $\tanh$: that is part of $\log\pi$.
# - **Two critics, and the smaller counts.** The actor looks for actions whose $Q$ is *over*estimated, and finds them. The smaller of two errs less often upwards.
# - **Slow copies** $\bar\varphi$. The critic's target contains the critic. A copy that follows slowly, by 2 % in each update, keeps it from chasing its own tail.
# - **A thermostat.** Who knows the right $T$? Say how undecided the policy should be on average, and let $T$ rise while it is less and fall while it is more.
#
# How long does it take? Sixteen runs, measured once and stored with the course, since it takes a minute:

# %%
from pgkit.swings import STEP, swings

how_long = predict("How much pendulum does the median run see before it swings up (return above -250)?",
                   key="10-swing", low=0, high=60, unit="minutes")  # fmt: skip
how_long

# %%
at, returns = swings()
first = at[np.argmax(np.median(returns, axis=1) > -250)]
minutes = first * 8 * STEP / 60
told = f"{first} iterations of 8 steps. {(returns[-1] > -250).sum()} of 16 are there at the end."
how_long.reveal(round(minutes, 1), explain=told,
                show=bands({"16 runs": (at, returns)}, x="iteration", y="return"))  # fmt: skip

# %% [markdown]
# ### By hand, or by torch
# As in notebook 09 the gradients were written by hand, and `pgkit.nets` is the same in torch, the one to read. The gradient through the action, of both:

# %%
from pgkit import nets

actor, theta, D = swing.run.policy, swing.run.state.theta, swing.run.preview()[1].D
torch_actor = nets.SquashedGaussianMLP(3, 1, actor.hidden, actor.input_scale, low=(-2.0,), high=(2.0,))
eps = np.random.default_rng(0).normal(size=D.a.shape)
up = {"upstream_action": np.cos(3 * D.a), "upstream_log_prob": np.full(D.a.shape[:-1], -0.2)}
by_hand, by_torch = (p.grad_through(theta, D.s, eps, **up) for p in (actor, torch_actor))
off = np.abs(by_hand - by_torch).max()
print(f"{by_hand.shape[0]} gradients of {by_hand.shape[1]} numbers, largest difference {off:.0e}")

# %% [markdown] tags=["instructor"]
# **Minutes 38 to 42.** Start the pendulum before you explain the four additions; it is up by the time you are at the third. The preset without the slow copy is worth the wait: where the others stand, hardly one of these does. Bets on the time: typical 30 minutes. If you have the
# time, ask which of the four is needed in the soft regulator (none: unbounded actions, a critic that is solved exactly, and a T that we chose).

# %% [markdown]
# ## Your turn: build a thermostat
# Somebody wants a policy in the Ring of Fire that is undecided by a given amount: a mean entropy of 0.6 over the cells. Nobody wants to choose a temperature. Fill in the function: it finds $T$. (On this side of the trap the mean entropy rises with $T$.)


# %%
def thermostat(wanted):
    low, high = 0.05, 3.0
    T = np.sqrt(low * high)  # yours: close in on it
    return T


# %%
T = thermostat(0.6)
best = optimum("ring-of-fire", "entropy", T)
print(f"yours: T = {T:.3f}, mean entropy {best.entropy:.3f}, {best.ends[0]:.0%} of the walks arrive")

# %% [markdown] tags=["hints"]
# - nudge: You know an interval in which $T$ lies. Which question halves it?
# - method: Look at the middle (the geometric one, temperatures are ratios). Too little entropy there: the answer is above. Thirty times.
# - almost code: `for _ in range(30): T = np.sqrt(low * high)`, then `low, high = (T, high) if optimum("ring-of-fire", "entropy", T).entropy < wanted else (low, T)`

# %% [markdown]
# Then ask your thermostat for 1.1, and look at how many arrive. Whoever sets a target for the entropy in a world that ends should know what he asks for.
#
# ## Corrections to the slides
# - *“Soft” Actor Critic* is a title and a picture. The objective is missing: reward **plus temperature times entropy**. What is soft is the maximum: $T\log\sum e^{Q/T}$.
# - The paper calls the temperature α. In this course α is the step size, always.
# - A warning is missing: **entropy pays for staying alive**. In a task that ends, $T\log 4/(1-\gamma)$ must be small against the prize.
# - The critic is a $Q$, fitted to $r+\gamma(1-d)\,V(s')$. The $(1-d)$ of notebook 09 is needed here, too: nothing is paid after the end, not even entropy.
#
# ## Quick quiz

# %%
quiz(
    "All rewards of a world are multiplied by 10. What keeps the soft optimal policy as it is?",
    key="10-scale", choices=["T stays", "10 T", "T / 10"], answer="10 T",
    explain={"T stays": "Then Q/T is ten times as large: a much colder policy.",
             "10 T": "π ∝ exp(Q/T), and Q is ten times as large. Only the ratio counts.",
             "T / 10": "That makes Q/T a hundred times as large."},
)  # fmt: skip

# %%
quiz(
    "At the soft optimum, which action of a state has the largest weight Q - T log π?",
    key="10-weight", choices=["the likeliest", "the rarest", "all the same"], answer="all the same",
    explain={"the likeliest": "It has the largest Q. But its log π takes away just as much.",
             "the rarest": "Its -T log π is large, and its Q is small by as much.",
             "all the same": "Each is V. Equal weights push nowhere, and so it is an optimum."},
)  # fmt: skip

# %%
quiz(
    "CartPole pays 1 a step for standing. Does a hot soft agent fall into the trap there?",
    key="10-pole", choices=["yes, it lets the pole fall", "no: staying is the task"],
    answer="no: staying is the task",
    explain={"yes, it lets the pole fall": "Falling ends the entropy, too. Nobody is bribed to fall.",
             "no: staying is the task": "Wage and reward pull the same way. (It may stand less well.)"},
)  # fmt: skip

# %% [markdown]
# ## Recap in 60 seconds

# %%
recap(60, [
    "Pay temperature times entropy, and the best policy is exp(Q/T), its value a soft maximum",
    "Evaluate, then take the softmax: better in every state, every time",
    "Entropy is a wage for staying alive: too hot, and nobody wants to arrive",
    "The actor's gradient is log π times Q - T log π; through the action it is the critic's slope",
    "Check a learner where the answer is known, then let it swing",
])  # fmt: skip

# %% [markdown] tags=["instructor"]
# **Minutes 42 to 45.** The thermostat is homework if time is short. The first quiz question comes back in notebook 11, where β scales advantages. Recap, one sentence for each of five students.

# %% [markdown] tags=["glossary"]
# ## Glossary
# - entropy
# - temperature
# - soft value
# - replay
# - off-policy
# - reparameterisation
# - target network
#
# **Next** Notebook 11: keep the loop, drop the gradient. Two regressions, and a policy search: AWR.
