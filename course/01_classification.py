# %% [markdown]
# # 01 · Classification: the gradient behind everything
#
# > *What is the classification loss?* (the lecture's first question)
#
# **After this you can**
# 1. write the classification loss $-\log\pi_\theta(a^*|s)$ and say why it is this one;
# 2. read its gradient off the probabilities, $\mathbf 1[a^*]-\pi$, and check it by nudging;
# 3. compute it with logits of ±1000;
# 4. carry it through a model to its parameters θ, and train.
#
# **Time** 35 minutes · **Needs** notebook 00; Python, numpy, a derivative · **Lecture** *Supervised learning
# (classification)*

# %%
import numpy as np

from pgkit import Run, Supervised
from pgkit.figures import curves
from pgkit.policies import log_softmax, softmax
from pgkit.widgets import LogitBars, RunLab, quiz, recap, slide, spot_the_bug
from pgkit.widgets.predict import predict
from pgkit.worlds import clouds_world

# %% [markdown]
# ## Play first
# A robot stands at a fork. It can go *left*, *stay*, or go *right*. Its mind is made up: left. Somebody who knows says:
# *right*.
#
# Press **Take a step**. Again. Watch the arrows while the bars move. Then drag a bar, or turn α, the size of a step.

# %%
lab = LogitBars(logits=[2.0, 0.5, -1.0], chosen=2, alpha=1.0)
lab

# %% [markdown]
# - **Bars**: the probability $\pi(a)$ of each action. They add up to 1.
# - **Sliders**: a number for each action, its [[logit]]. The larger it is *compared with the others*, the likelier the action.
# - **Arrows**: where a step wants to go. One points up. All others point down.
#
# Three things to find out before you read on. When are the arrows long? What do the numbers beside them add up to? What does
# **Add 1 to all** do?

# %% [markdown] tags=["instructor"]
# **Minutes 0 to 4.** Play before you explain. Take steps slowly and let the room say what shrinks. Then ask for the three
# findings: long when the robot is wrong; the signed lengths add up to 0; adding 1 to all does nothing. Expected and wrong:
# "the arrows shrink because the step size shrinks" (α stays; turn it to show that).

# %% [markdown]
# ## What happened
# The same steps, in numbers:

# %%
bars = LogitBars(logits=[2.0, 0.5, -1.0], chosen=2, alpha=1.0)
for step in range(9):
    if step in (0, 1, 2, 4, 8):
        print(f"step {step}: π = {bars.probs.round(3)}   loss {bars.loss:.3f}")
    bars.step()

# %% [markdown]
# From 4 % to nearly 90 % in eight steps. The arrows were longest at the beginning, when the robot was most wrong. *How much*
# longer? Commit yourself, before we derive anything.
#
# The arrow on $a^*$ is the slope of $\log\pi(a^*)$ when you turn the logit of $a^*$ alone.

# %%
guess = predict(
    "How many times longer is the arrow on a* when π(a*) = 0.1 than when π(a*) = 0.9?",
    key="01-gradient-ratio", low=0, high=1000, unit="times",
)  # fmt: skip
guess


# %%
def slope(p, h=1e-5):  # of log π(a*) in the logit of a*, where π(a*) = p: nudge it and look
    z, nudge = np.log([p, 1 - p]), np.array([h, 0])
    return (log_softmax(z + nudge)[0] - log_softmax(z - nudge)[0]) / (2 * h)


# %%
p = np.arange(0.1, 0.95, 0.1)
arrow = [slope(x) for x in p]
picture = curves({"the arrow on a*": (p, arrow)}, x="π(a*)", y="length of the arrow on a*")
why = "The arrow is what π(a*) lacks to 1."
guess.reveal(round(arrow[0] / arrow[-1], 3), explain=why, show=picture)

# %% [markdown] tags=["instructor"]
# **Minutes 4 to 8.** Collect guesses aloud. Expected wrong answers: "about 2" (the ratio of $\log 0.1$ to something), "22"
# (the ratio of the losses, $\log 0.1/\log 0.9$): loss and slope of the loss are two things. "81" comes from squaring.

# %% [markdown]
# ## The loss
# Names for what you have just seen. A **data point** is a pair $(s,a^*)$: a state, and the action that is right there. A
# **policy** $\pi_\theta(a|s)$ gives each action $a$ a probability in state $s$; $\theta$ are its parameters, the numbers that
# learning may change. Ours makes probabilities from logits $z_a$ by the **softmax**:
#
# $$\pi(a)=\frac{e^{z_a}}{\sum_b e^{z_b}}.$$
#
# In the lab, θ *is* the three logits. The lecture asks: what is the classification loss? And answers
#
# $$\boxed{\;\mathcal L(\theta)=-\log\pi_\theta(a^*|s)\;}$$
#
# Zero when the policy is sure of $a^*$. Large when it is surprised. But why the logarithm?
#
# **Because data points multiply.** Given $N$ independent data points $(s_i,a_i^*)$, the probability that the policy says *all* of
# them is $\prod_i\pi_\theta(a_i^*|s_i)$. Take the θ that makes this largest: **maximum likelihood**. The logarithm does not move
# the maximum and turns the product into a sum. A minus makes it a loss, and $1/N$ makes it comparable:
#
# $$\mathcal L(\theta)=-\frac1N\sum_{i=1}^N\log\pi_\theta(a_i^*|s_i).$$

# %% [markdown]
# ## Its gradient
# Take one data point. With the softmax, $\log\pi(a^*)=z_{a^*}-\log\sum_be^{z_b}$. Turn the logit $z_a$. The first term notices only if $a$ is
# $a^*$. The second has the derivative $e^{z_a}/\sum_be^{z_b}$, and that is $\pi(a)$ again:
#
# $$\boxed{\;\frac{\partial}{\partial z_a}\log\pi(a^*)=\mathbf 1[a=a^*]-\pi(a)\;}$$
#
# $\mathbf 1[a=a^*]$ is 1 for the right action and 0 for all others. So *what should be*, minus *what is*. The arrow on
# $a^*$ has length $1-\pi(a^*)$ and points up. The others have length $\pi(a)$ and point down. The likelier a wrong action,
# the harder it is pushed.
#
# The gradient of the *loss* is the box with its sign turned, $\pi(a)-\mathbf 1[a=a^*]$; the vector $\mathbf 1[a=a^*]$ alone, a 1 at $a^*$ and 0 elsewhere, is called
# **one-hot**. A step *down* the loss is a step *up* $\log\pi$, with step size α:
# $$\theta\leftarrow\theta-\alpha\nabla_\theta\mathcal L=\theta+\alpha\,\nabla_\theta\log\pi_\theta(a^*|s).$$
#
# The direction $\nabla_\theta\log\pi_\theta(a|s)$ has a name: the [[score]] of action $a$. It is the one gradient of this course.
# From here to the last notebook, only what multiplies it will change.
#
# Do not believe the box. Nudge each of 5 logits, for 1000 random policies:

# %%
rng = np.random.default_rng(0)
z, h = rng.normal(scale=2, size=(1000, 5)), 1e-5
nudges = h * np.eye(5)[:, None]  # one logit at a time
up, down = log_softmax(z + nudges)[..., 0], log_softmax(z - nudges)[..., 0]  # a* = action 0
box = np.eye(5)[0] - softmax(z)
off = np.abs((up - down).T / (2 * h) - box).max()
print(f"largest difference between nudging and the box: {off:.0e}")

# %% [markdown] tags=["instructor"]
# **Minutes 8 to 15.** Derive on the board; it fits in two lines. Go back to the lab and point: "what should be, minus what is".
# Let somebody predict the three numbers at $\pi=(0.7,0.2,0.1)$, $a^*$ the last: $-0.7,-0.2,+0.9$. Often heard: "only the right
# action gets a gradient". No: the wrong ones are pushed down, each as far as it is believed.

# %% [markdown]
# ## Three facts to keep
# **1. The score has mean zero.** Not the score of $a^*$: the score of an action that *the policy itself* draws. Whatever the
# parameters,
# $$\sum_a\pi_\theta(a|s)\,\nabla_\theta\log\pi_\theta(a|s)=\sum_a\nabla_\theta\pi_\theta(a|s)=\nabla_\theta\sum_a\pi_\theta(a|s)=\nabla_\theta 1=0.$$
# (First step: $\nabla\log\pi=\nabla\pi/\pi$.) A policy that is taught its own guesses learns, on average, nothing. Notebook 07
# lives on this line.
#
# **2. A shift changes nothing.** Add the same $c$ to all logits: $e^c$ cancels in the softmax. That is why the arrows add up to 0.
#
# **3. So shift, before you exponentiate.** $e^{1000}$ is too large for a computer. Subtract the largest logit first; then the
# largest exponential is $e^0=1$. And stay in logarithms: a probability of $e^{-2000}$ is 0 on a computer, but its logarithm is
# a harmless −2000.

# %%
pi = softmax(z)
scores = np.eye(5) - pi[:, None]  # the score of each action, for each of the 1000 policies
print(f"mean score, at most   {np.abs(np.einsum('ka,kab->kb', pi, scores)).max():.0e}")
print(f"shift by 7, at most   {np.abs(softmax(z + 7) - pi).max():.0e}")

# %%
huge = np.array([1000.0, 0.0, -1000.0])
with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
    print("as the formula says:", np.log(np.exp(huge) / np.exp(huge).sum()))
print("shifted, in logs:   ", log_softmax(huge))

# %% [markdown]
# Now type 1000 into a logit of the lab at the top. It holds. Exercise 1 of problem set 1 is yours: write this function.

# %% [markdown]
# ## Why not simply count mistakes?
# "Share of wrong answers" is what we care about. Two things are wrong with it as a loss. If the policy always takes its
# likeliest action, the count does not change at all when you nudge a logit: slope 0. One can repair that and let the policy *draw*
# its action. Then the expected share of mistakes is $1-\pi(a^*)$, and it has a slope. It has another defect.
#
# Suppose the same state was labelled by several people, and 70 % said *right*, 30 % said *left*. With labels drawn from such a
# $q$, the mean *steps*, $-\nabla$, are for the two losses (the second by $\nabla\pi=\pi\,\nabla\log\pi$),
#
# $$-\log\pi:\quad \sum_{a^*}q(a^*)\big(\mathbf 1[a=a^*]-\pi(a)\big)=q(a)-\pi(a)
# \qquad\qquad 1-\pi:\quad \pi(a)\Big(q(a)-\sum_b\pi(b)\,q(b)\Big).$$
#
# Read where each comes to rest.

# %%
q, z_log, z_count = np.array([0.7, 0.3]), np.zeros(2), np.zeros(2)
for _ in range(2000):
    z_log += 0.5 * (q - softmax(z_log))
    pi = softmax(z_count)
    z_count += 0.5 * pi * (q - pi @ q)
print(f"down -log π: π = {softmax(z_log).round(3)}    down 1 - π: π = {softmax(z_count).round(3)}")

# %% [markdown]
# The first stops exactly at $\pi=q$. It says *how sure the data are*. The second runs to the majority and claims to be
# certain. As a prediction that is a lie.
#
# As a *plan* it is the best there is: if $q(a)$ is what action $a$ pays, one should always take the better one. Keep the second formula.
# It is the policy gradient (notebook 04) of a world with one step, with $q$ a reward; notebook 05 writes it for many steps, $\pi(a|s)\,A(s,a)$.

# %% [markdown]
# ## From logits to a model
# A table of logits knows nothing about states that it has not seen. Let the logits be computed from the state. The simplest
# model: a state is a point $x=(x_1,x_2)$ in the plane, there are two labels, and
#
# $$z_1=\theta_1+\theta_2x_1+\theta_3x_2=\theta\cdot(1,x_1,x_2),\qquad z_0=0.$$
#
# By the chain rule, each logit hands its share on. In any model whatsoever, small or a network with a million weights,
#
# $$\nabla_\theta\log\pi_\theta(a^*|s)=\sum_a\big(\mathbf 1[a=a^*]-\pi_\theta(a|s)\big)\,\nabla_\theta z_a .$$
#
# In ours only $z_1$ moves, with $\nabla_\theta z_1=(1,x_1,x_2)$:
#
# $$\nabla_\theta\mathcal L=-\frac1N\sum_{i=1}^N\big(\mathbf 1[a_i^*=1]-\pi_\theta(1|x_i)\big)\,(1,x_{i1},x_{i2}).$$
#
# Every point pulls θ along its own features, as hard as it is misjudged. Here are two clouds of points. Press **Play**.

# %%
world = clouds_world(500)
look = {"controls": ["alpha"], "hide": ("copy", "reset", "paint", "penalty")}
clouds = RunLab("supervised", world, ["boundary", "curve"], runs=32, episodes=100, alpha=1.0,
                title="Two clouds", **look)  # fmt: skip
clouds

# %% [markdown]
# - **The plane.** 100 points of run 0: circles are label 0, triangles label 1. The shading is $\pi_\theta(1|x)$; on the black line it
#   is ½. The green arrow $-\nabla\mathcal L$ says where the next step takes $(\theta_2,\theta_3)$.
# - **Thin lines.** 31 more runs, each with its own 100 points, drawn from the same 500. They do not agree. Why should they? They
#   have seen different data.
# - **The curve.** The mean probability of the right label over *all* 500 points (the lab calls it $J$; notebook 04 tells you why).
#
# The clouds overlap, so no line gets all points right. Press **Restart** and set α to 0.05: slow. Now to 10. After *one* step the
# curve is higher than it will ever be again, and then it comes down. Is the algorithm broken?

# %%
for updates in (1, 2, 5, 20, 60):
    run = Run(Supervised(episodes=100, horizon=1, alpha=10.0), world, runs=32).advance(updates)
    _, D = run.state.memory
    loss = -run.policy.log_prob(run.state.theta, D.s, D.a).mean()
    right = run.history[-1].expected_return.mean()
    print(f"{updates:2} updates: loss {loss:.3f}   mean probability of the right label {right:.3f}")

# %% [markdown]
# No. It minimises the *loss*, and the loss falls all the way. The curve shows one minus the expected mistakes, and you have just
# read which of the two likes a policy that is too sure of itself.

# %% [markdown] tags=["instructor"]
# **Minutes 15 to 24.** The three facts with the lab at the top (Add 1 to all; type 1000). On "count mistakes" ask which of the two
# policies they would want from a doctor who says "70 % healthy", and which from one who must pick a treatment. Then Play on the clouds. Ask
# why the thin lines differ. Expected: "noise of the algorithm"; no, there is none: the data differ, the algorithm is
# deterministic.

# %% [markdown]
# The gradient of this model, three ways: nudged, by the package, and by the sum above.

# %%
run = Run(Supervised(episodes=100, horizon=1), world, runs=1, seed=3).advance(3)
policy, theta, (tau, D) = run.policy, run.state.theta, run.state.memory
package = -policy.grad_log_prob(theta, D, weight=np.ones(D.a.shape))[0]
lacks = D.a[0] - policy.probs(theta, D.s)[0, :, 1]  # what should be, minus what is, of label 1
by_hand = -(lacks[:, None] * world.features[D.s[0]]).mean(axis=0)


# %%
def L(theta):
    return -policy.log_prob(theta, D.s, D.a).mean()


nudged = np.array([(L(theta + e) - L(theta - e)) / 2e-5 for e in 1e-5 * np.eye(3)])
for name, g in {"nudged": nudged, "package": package, "sum": by_hand}.items():
    print(f"{name:8}{g.round(6)}")

# %% [markdown]
# That sum is all there is to supervised learning. Here it trains 200 runs at once, in two lines, each run with $N$ points of its own. For
# clouds like these (two apart, spread 1, equally many) the best boundary for *all* data that could ever come is $x_1=0$.

# %%
def boundaries(N, runs=200, alpha=2.0):  # where each run draws its line, x₁ = -θ₁/θ₂
    label, theta = np.tile(np.arange(N) % 2, (runs, 1)), np.zeros((runs, 3))
    x = np.insert(rng.normal(size=(runs, N, 2)) + [2, 0] * (label - 0.5)[..., None], 0, 1, axis=-1)
    for _ in range(200):
        lacks = label - 1 / (1 + np.exp(-np.einsum("rik,rk->ri", x, theta)))
        theta = theta + alpha * (lacks[..., None] * x).mean(axis=1)
    return -theta[:, 0] / theta[:, 1]


# %%
for N in (20, 80, 320):
    at = boundaries(N)
    print(f"N = {N:3}: boundary at x₁ = {at.mean():+.3f} ± {at.std():.3f}   (200 runs)")

# %% [markdown]
# Right on average, and four times the data make it about twice as sharp. So one picture with 100 points
# proves little about where *the* boundary is. Keep that in mind whenever you see one learning curve.

# %% [markdown]
# ## The slide, and the code that runs
# Left the lecture, right the algorithm of the lab above, read from the package this very moment. Click a line to see what it computes.

# %%
slide("supervised", run=clouds.run)

# %% [markdown]
# Two lines that matter. `grad` is $-\nabla_\theta\mathcal L$, a mean over the data points, with weight 1 for each. The next line adds
# it, with a plus. The 1 is the only thing that notebook 02 will touch.

# %% [markdown]
# ## Spot the bug
# Somebody has broken one line. The data are two clouds again, one around 0 and one around 2; the curve is the
# mean probability of the right label, as in the lab. What did they do?

# %%
spot_the_bug("no_minus_pi")

# %% [markdown] tags=["instructor"]
# **Minutes 24 to 29.** Click `grad` and `theta` on the slide and let the room name the shapes. For the bug: collect votes before
# you click. Most say "wrong sign"; ask them where such a curve would start to go. The loss, were it plotted, would grow
# without bound, while the accuracy looks merely disappointing. A lesson: plot the thing you minimise, too.

# %% [markdown]
# ## Your turn: change the loss
# Two actions; the wrong one leads by 6 logits. Only the logit of $a^*$ moves; the other is fixed at 0. How many steps until the right one has 90 %? First as it is, with the slope of
# $\log\pi(a^*)$. Then change `push` to the slope of $\pi(a^*)$ itself, that is, to the loss $1-\pi(a^*)$ from above.
# Guess the factor before you run it.

# %%
def push(p):  # how far a step with α = 1 moves the logit of a*, where π(a*) = p
    return 1 - p


lead, steps = -6.0, 0
while (p := 1 / (1 + np.exp(-lead))) < 0.9:
    lead, steps = lead + push(p), steps + 1
print(f"{steps} steps")

# %% [markdown] tags=["hints"]
# - nudge: With two actions, $\pi(a^*)=1/(1+e^{-z})$ where $z$ is the lead of $a^*$. What is its derivative in $z$?
# - method: You know the slope of $\log\pi$. By the chain rule the slope of $\pi$ is $\pi$ times that.
# - almost code: `return p * <what was there before>`. Then try leads of -8 and -10 with both.

# %% [markdown]
# Whoever is confidently wrong and learns by $1-\pi$ hardly moves at all: π in front kills the slope. You will meet
# this factor again: in a plateau (notebook 06), and as the reason why a policy that is sure is slow to change its mind (end of notebook 05).

# %% [markdown]
# ## Corrections to the slides
# - *"$\mathcal L(\theta)=-\log\pi_\theta(a^*|s)$"* is the loss of **one** data point. For many we take the **mean**. The next slides write sums; then
#   α would have to shrink as the data grow.
# - *Gradient descent or ascent?* Here we **descend** $\mathcal L$. From REINFORCE on we **ascend** a return $J$. No contradiction:
#   $-\nabla\mathcal L=\nabla\log\pi$, and the code says $\theta+\alpha\dots$ in both. The later slides that say "descent" on $J$ have the sign wrong.
# - *"What is the classification loss?"* It is not the only one. It is the one whose rest point is $\pi=q$.
# - Here the *value* of $\mathcal L$ means something. Once weights may be negative (notebook 02), or come from a policy's own rollouts (03), only its gradient at the present θ does.

# %% [markdown]
# ## Quick quiz

# %%
quiz(
    "π = (0.7, 0.2, 0.1) and a* is the last action. What is the gradient of log π(a*) in the logits?",
    ["(-0.7, -0.2, +0.9)", "(0, 0, +0.9)", "(0, 0, 1/0.1)"], answer="(-0.7, -0.2, +0.9)", key="01-read",
    explain={"(-0.7, -0.2, +0.9)": "What should be, (0, 0, 1), minus what is. It adds up to 0.",
             "(0, 0, +0.9)": "The wrong actions are pushed down, too, through the sum in the softmax.",
             "(0, 0, 1/0.1)": "That is the slope in π(a*). The logits pass through the softmax, too."},
)  # fmt: skip

# %%
quiz(
    "You label each state with an action drawn from the policy itself and train on that. On average, θ",
    ["stays where it is", "moves to the likeliest action", "moves to equal probabilities"],
    answer="stays where it is", key="01-own-labels", explain={
        "stays where it is": "The score's mean under the policy is 0. Single steps move it, at random.",
        "moves to the likeliest action": "Its steps are frequent but short, the others rare and long.",
        "moves to equal probabilities": "Rare labels push hard, but they are rare. All cancels."},
)  # fmt: skip

# %%
quiz(
    "All logits of a state grow by 1000. What happens to the policy, the loss and its gradient?",
    ["nothing", "π moves towards 0 and 1", "the loss becomes infinite"],
    answer="nothing", key="01-shift", explain={
        "nothing": "Only differences of logits count. (Naive code overflows; mathematics does not.)",
        "π moves towards 0 and 1": "That is multiplying all logits. Adding cancels in the softmax.",
        "the loss becomes infinite": "Only if you exponentiate before you subtract the maximum."},
)  # fmt: skip

# %% [markdown] tags=["instructor"]
# **Minutes 29 to 35.** Give the room two minutes for "change the loss"; the jump in the number of steps is the point. Then the corrections: ask
# for the sign first ("do we go down or up?"). Quiz aloud, recap in pairs.

# %% [markdown]
# ## Recap in 60 seconds

# %%
recap(60, [
    "The loss is minus the log-probability of the right action: maximum likelihood",
    "A step moves the logits along 1[a*] - π: what should be, minus what is",
    "Under the policy's own actions the score has mean zero, and shifting all logits changes nothing",
    "Compute in logarithms, after subtracting the largest logit",
    "The chain rule carries it to any θ; from now on only what multiplies the score will change",
])  # fmt: skip

# %% [markdown] tags=["glossary"]
# ## Glossary
# - policy
# - policy parameters
# - logit
# - softmax
# - classification loss
# - maximum likelihood
# - score
# - step size
#
# **Next** Notebook 02: some data points count more than others. Some count less than nothing.
