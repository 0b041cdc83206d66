# %% [markdown]
# # 02 · Weighted classification: some data points count more
#
# > *What is the weighted classification loss?* (the lecture, second question)
#
# **After this you can**
# 1. write the weighted loss and its gradient, and say what a weight does: copies of a data point, or a longer step;
# 2. say where learning comes to rest, before you run it: each action gets its share of the weight;
# 3. say what adding a constant to all weights changes, and what it does not;
# 4. explain why a negative weight on data that stay has no minimum, and where the probability goes then.
#
# **Time** 35 minutes · **Needs** notebook 01 (the score $\mathbf 1[a]-\pi$) · **Lecture** *Supervised learning (weighted
# classification)*

# %%
from dataclasses import replace

import numpy as np

from pgkit import Reinforce, Run, WeightedClassification
from pgkit.figures import bands, curves
from pgkit.policies import softmax
from pgkit.widgets import RewardLab, RunLab, quiz, recap, slide, spot_the_bug
from pgkit.widgets.predict import predict
from pgkit.worlds import bandit, clouds_world

# %% [markdown]
# ## Play first
# The robot is back at its fork. This time nobody knows what is right. But somebody has tried both ways and wrote down
# what each was worth: action $a_1$, left, **3**. Action $a_2$, right, **1**.
#
# So there are two data points, and each has a weight. The robot begins with a coin toss. Press **Run**. How sure will it become of the better way? Then drag
# **R₂**. All the way down, slowly, past 0.

# %%
lab = RewardLab(R1=3, R2=1)
lab

# %% [markdown]
# - **Left**: the two logits. The blue arrow is what the first data point wants, the amber one what the second wants. The thick one is their
#   sum, and a step goes along it, α of its length. Along each grey diagonal π is the same.
# - **Upper right**: the same for the probability $\pi(a_1)$, and where one step would take it.
# - **Lower right**: the loss, a sum of two terms. The ball is where you are.
#
# Three things to find out before you read on. With weights 3 and 1, does the robot ever become sure? With 4.5 and 1.5, what changes, and what does not? And what has
# become of the valley once R₂ is below 0? (Press **Run** there, too.)

# %% [markdown] tags=["instructor"]
# **Minutes 0 to 4.** Run it once with 3 and 1 and stop: "is it done? Why is it not sure?" Then drag R₂ down without a word. The valley becomes a slope at the very moment
# the weight turns negative. Expected and wrong: "it would be sure if we ran longer" (run again: nothing moves), "α is too small".

# %% [markdown]
# ## What happened

# %%
for R1, R2 in ((3, 1), (4.5, 1.5), (1, 3), (9, 1)):
    end = RewardLab(R1, R2, alpha=0.1).step(500)
    print(f"weights {R1} and {R2}: π(a₁) ends at {end.probs[0, 0]:.4f}")

# %% [markdown]
# With 3 and 1 the robot goes left three times out of four. Left pays *three times as much*, and still it goes right every fourth
# time. It does not take the better way. It **shares**. Hold on to that; we shall derive it, and in notebook 04 it will be the whole difference.
#
# ## The loss
# A data point is now a triple: state, action, weight. The lecture gives two of them, $(s_1,a_1,R_1)$ and $(s_2,a_2,R_2)$, and the loss
#
# $$\boxed{\;\mathcal L(\theta)=-R_1\log\pi_\theta(a_1|s_1)-R_2\log\pi_\theta(a_2|s_2)-\dots=-\sum_iR_i\log\pi_\theta(a_i|s_i)\;}$$
#
# A weight is a number in front of a term. So it is a number in front of that term's gradient. With the score from notebook 01:
#
# $$-\nabla_\theta\mathcal L=\sum_iR_i\,\nabla_\theta\log\pi_\theta(a_i|s_i).$$
#
# In a table of logits, a row for each state, data point $i$ pushes the logit of $a$ in its own row $s_i$ by
#
# $$R_i\,\big(\mathbf 1[a=a_i]-\pi(a|s_i)\big).$$
#
# *What should be, minus what is*, times what it is worth. That is the blue arrow, and the amber one. With all weights 1 it is notebook 01. Nothing else in this notebook is new, and yet
# two readings of it are worth having.
#
# **A weight is a number of copies.** Weight 3 is the same as finding the data point three times.
#
# **A common factor is a step size.** Ten times the weights and a tenth of α: the same path, step by step.
#
# Check both. First 1000 random policies with three actions, each with 20 random data points and whole-number weights:

# %%
rng, copies = np.random.default_rng(0), 0.0
for z in rng.normal(scale=2, size=(1000, 3)):
    a, R = rng.integers(3, size=20), rng.integers(1, 6, size=20)
    score = np.eye(3)[a] - softmax(z)  # of each data point
    weighted, copied = R @ score, np.repeat(score, R, axis=0).sum(axis=0)
    copies = max(copies, np.abs(weighted - copied).max())
print(f"weights against copies: at most {copies:.0e} apart")

# %%
once, tenfold = RewardLab(3, 1, alpha=0.3), RewardLab(30, 10, alpha=0.03)
off = np.abs(once.step(50).theta - tenfold.step(50).theta).max()
print(f"ten times the weights, a tenth of the step: after 50 steps {off:.0e} apart")

# %% [markdown]
# (So it does not matter that the slide *sums* over the data and our package takes the *mean*, as in notebook 01: $1/N$ is such a factor.)
#
# ## Who pushes whom?
# Look closely at the lecture's slide (its words are: "Given a data point", and then two triples). It announces the data $(s_1,a_1,R_1)\;(s_1,a_1,R_2)$, and then writes the loss of $(s_1,a_1,R_1)\;(s_2,a_2,R_2)$. One of
# the two is a slip of the pen. But it is a good question: *what would each mean?* The lab has a switch for it, above the pictures.
#
# Before you touch it, take the data as they are printed: one pair, twice.

# %%
net = predict(
    "The same pair twice, with weights +3 and -1. Which weight on a single data point pushes the same?",
    key="02-same-pair", low=-10, high=10,
)  # fmt: skip
net

# %%
pair, single = RewardLab(3, -1, "same pair"), RewardLab(1, 0, "same pair")
ratio = pair.gradient[0, 0] / single.gradient[0, 0]  # how many pushes of weight 1
told = f"{pair.pushes[0, 0, 0]:+.2g} and {pair.pushes[1, 0, 0]:+.2g} on the logit of a₁, at π = ½."
net.reveal(ratio, explain=f"{told} Both push the same logits; only their sum counts.")

# %% [markdown]
# Now go through the switch of the lab.
# - **The same pair twice**: one line. Two opinions about one action.
# - **Two states**: the arrows are at right angles. In a table of logits, what one state learns is nothing to the other. This is the slide's loss.
# - **Two actions of one state**: one line again. They compete: what pushes $a_2$ up, pushes $a_1$ down.

# %% [markdown] tags=["instructor"]
# **Minutes 4 to 12.** Write the loss, let the room write the gradient. Then ask what the slide's data mean as they are printed. Somebody will say "a typo"; ask for the meaning all the
# same: one action, tried twice, once well and once badly. That is what noisy rewards look like, and it is the normal case from notebook 03 on. Expected wrong answers to the prediction: 4
# (sizes added), 3 ("the negative one is ignored"), 1 (the mean; with a mean over the data that is even true, up to the step size).

# %% [markdown]
# ## Where it comes to rest
# Add up all weights of the same pair: $W(s,a)$ is the sum of the $R_i$ with $s_i=s$ and $a_i=a$. In a table of logits each state can be looked at alone:
#
# $$\mathcal L=-\sum_aW(a)\log\pi(a),$$
#
# $$-\frac{\partial\mathcal L}{\partial z_a}=\sum_bW(b)\big(\mathbf 1[a=b]-\pi(a)\big)=W(a)-\pi(a)\sum_bW(b).$$
#
# At rest this is 0 for every $a$. So
#
# $$\boxed{\;\pi(a|s)=\frac{W(s,a)}{\sum_bW(s,b)}\;}$$
#
# Every action gets its **share of the weight**. With two actions, $R_1/(R_1+R_2)$: the dashed line in the lab. It is the $\pi=q$ of notebook 01, where 70 % of the
# labels said *right*. Labels are weights.
#
# Is it a minimum? Suppose first that **all $W$ are positive**. Each $-\log\pi(a)=\log\sum_be^{z_b}-z_a$ is a convex function of the logits: curved upwards, or straight, but never downwards. A sum
# with positive factors is convex, too. And where a convex function is flat, there it is lowest. So this is *the* minimum, from wherever you start (with steps that are
# not too long).

# %%
W = rng.uniform(0.1, 5, size=(200, 4))  # 200 states, 4 actions, random positive weights
z, total = rng.normal(scale=3, size=W.shape), W.sum(axis=1, keepdims=True)  # random starts
for _ in range(3000):
    z += 0.1 * (W - total * softmax(z))
off = np.abs(softmax(z) - W / total).max()
print(f"200 random starts: at most {off:.0e} away from the share of the weight")

# %% [markdown]
# Two remarks. If some $W$ is **exactly 0**, for instance since nobody tried that action, its share is 0: the logit sinks for ever, ever more slowly. And $W$ is a *sum*: an action that was tried nine times
# for 1 weighs as much as one that was tried once for 9.
#
# ## Add ten to everybody
# "Let us be kind", says somebody, "and count every try as 10 better than it was. Everybody gets the same, so who could mind?"

# %%
shifted = predict(
    "Two actions of one state with +3 and -1. Add 10 to both. Where does π(a₁) end then?",
    key="02-plus-ten", low=0, high=1,
)  # fmt: skip
shifted

# %%
plus = range(0, 41, 2)
ends = [RewardLab(3 + c, c - 1, alpha=1 / (1 + c)).step(200).probs[0, 0] for c in plus]
before, after = RewardLab(3, -1, "same pair"), RewardLab(13, 9, "same pair")
times = after.gradient[0, 0] / before.gradient[0, 0]
told = ("13/(13+9). Before, it ran towards 1. The more is added, the closer to a coin toss. On the "
        f"same pair: +{after.weights[0, 0]:g}, the old push {times:.3g} times as strong.")  # fmt: skip
show = curves({"end": (plus, ends)}, x="what is added to both weights", y="π(a₁) at the end")
shifted.reveal(round(ends[5], 3), explain=told, show=show)

# %% [markdown]
# Nothing in the world has changed: $a_1$ is better by 4, before and after. But learning sees shares, not differences. Add more and more, and in the end only *how often* an action was tried counts, whatever it paid. That is plain
# imitation, [[behaviour cloning]].
#
# So for data that stay, **the zero of the weights means something**: it divides "do that more" from "do that less", and somebody has to choose it. (For data that a policy has *just* drawn itself,
# adding a constant changes nothing on average: the score has mean zero, notebook 01. Notebook 07 makes a method of it.)

# %% [markdown] tags=["instructor"]
# **Minutes 12 to 19.** Derive the share on the board, two lines. Before "add ten", vote: nearer to 1, the same, nearer to ½. Most say "the same, only differences matter". They are thinking of
# *logits*, where that is true. Let the lab answer: +3 and −1, then press **Add 1 to both** ten times and watch the valley appear and move to the middle.

# %% [markdown]
# ## The same with a model
# In a table every state learns for itself. Now back to the two clouds of notebook 01, where three parameters serve all points. One change: a point of label 0, the circles, weighs **9**, a point of label 1 weighs 1. (Think of
# a doctor: to miss an illness is worse than a false alarm.) The data are 200 *tries*: somebody tossed a coin for each label. A right guess has the weight of its point. A wrong one
# paid nothing: weight 0, no push, drawn hollow. Press **Play**. Where does the black line go?

# %%
world = clouds_world(500, weights=(9, 1))
look = {"title": "Circles weigh 9", "controls": ["alpha"], "hide": ("reset", "paint", "penalty")}
views = ["boundary", "curve"]
heavy = RunLab("weighted_classification", world, views, runs=32, episodes=200, alpha=0.5, **look)
heavy

# %% [markdown]
# It moves into the triangles. How far? The share of the weight says it, point by point. The clouds are two apart, around $x_1=\mp1$, with spread 1, so at a point $x$ the label 1 is
# $e^{2x_1}$ times as frequent as label 0. Its share of the weight there is
#
# $$\frac{1\cdot e^{2x_1}}{1\cdot e^{2x_1}+w}=\frac1{1+e^{-(2x_1-\log w)}}.$$
#
# That is exactly what our model can say, with $z_1=2x_1-\log w$. Half and half is at $x_1=\tfrac12\log w$. For $w=9$ that is 1.10. Three weights, 100 data sets of 1000 points each:


# %%
def boundaries(w, runs=100, n=1000):  # one line for each data set: x₁ = -θ₁/θ₂
    label, theta = np.tile(np.arange(n) % 2, (runs, 1)), np.zeros((runs, 3))
    x = np.insert(rng.normal(size=(runs, n, 2)) + [2, 0] * (label - 0.5)[..., None], 0, 1, axis=-1)
    for _ in range(150):
        lacks = label - 1 / (1 + np.exp(-np.einsum("rik,rk->ri", x, theta)))
        push = np.where(label == 0, w, 1) * lacks  # the new factor
        theta = theta + 4 / (w + 1) * (push[..., None] * x).mean(axis=1)
    return -theta[:, 0] / theta[:, 1]


# %%
for w in (1, 3, 9):
    at, say = boundaries(w), np.log(w) / 2
    print(f"w = {w}: boundary {at.mean():.3f} ± {at.std():.3f}, predicted log(w)/2 = {say:.3f}")

# %% [markdown] tags=["instructor"]
# **Minutes 19 to 23.** One minute for the picture: ask for the direction first (into the cloud that counts less), then for the size. Nine times the weight moves the line by little more than one: a logarithm. Then point at one circle far
# left: "weight 9, and it hardly pulls. Why?" (It is right already: $1-\pi$ is nearly 0.)

# %% [markdown]
# ## The trap
# Three doors. Door 0 costs 1, door 1 costs ½, and door 2 costs **5**. All rewards are negative, as so often: time, fuel, pain. Somebody opened doors 0 and 1, eight times in all, and wrote it down. Nobody
# ever opened door 2, so nothing of it is in the data.
#
# The best policy is door 1, at −0.5 a time. Imagine 200 such notes, each with its own eight tries, and a learner for each. It does what you know: small steps down the weighted loss of its note, 2000 of them.

# %%
trap = predict(
    "Which door do nearly all of the 200 learners end at?",
    key="02-never-tried", choices=("door 0", "door 1", "door 2", "no single one"),
)  # fmt: skip
trap

# %%
doors, settings = bandit((-1, -0.5, -5)), {"alpha": 0.1, "episodes": 8, "horizon": 1}
notes = Run(WeightedClassification(**settings), bandit((-1, -0.5)), runs=200).state.memory
fixed = Run(WeightedClassification(**settings), doors, runs=200)
fixed.state = replace(fixed.state, memory=notes)
steps, pi = (0, 1, 10, 20, 40, 60, 80, 100, 2000), []
for k in steps:
    pi.append(fixed.advance(k - fixed.iteration).policy.table(fixed.state.theta)[:, 0])

# %%
ends = np.bincount(pi[-1].argmax(axis=1), minlength=3)  # learners at each door
J = fixed.history[-1].expected_return.mean()  # exact; no learner ever sees it
told = f"{ends[2]} of 200, at a mean reward of {J:.2f}. Their data say nothing of this door."
lines = {f"door {d}": (steps[:-1], [x[:, d].mean() for x in pi[:-1]]) for d in range(3)}
show = curves(lines, x="steps", y="π, mean over the learners")
most = f"door {ends.argmax()}" if ends.max() > 180 else "no single one"
trap.reveal(most, explain=told, show=show)

# %% [markdown]
# Look at the arrows. Each data point pushes its own door down. But scores add up to 0: what a try takes from its door, it gives to the two others. Door 1 loses by its own tries about what those of door 0 give to it, and hardly moves at first. Door 2 is given by all, and nothing takes from it: it **goes up**. In symbols, for an action that nobody has
# tried, $-\partial\mathcal L/\partial z_a=0-\pi(a)\sum_bW(b)$, and with negative weights that is positive.
#
# > A negative weight says where *not* to go. It does not say where to go instead.
#
# And it does not stop. Let a single $W(s,a)$ be negative. Send the logit $z_a$ to $-\infty$ and leave the others. Then $-W(s,a)\log\pi(a|s)\to-\infty$, while all other terms stay finite. So in a table **the loss is bounded below
# exactly if no $W(s,a)$ is negative** (if none is, every term is at least 0). The share $W/\sum W$ may still be a place where the gradient vanishes. With only negative weights it is the top of a hill; in the lab, the red dashed line. One data point
# with $R=-1$ and two actions, a step size of 0.1, as in the lab with R₂ = 0:

# %%
for steps in (100, 1000, 4000):
    down = RewardLab(-1, 0, alpha=0.1).step(steps)
    lead = down.theta[0, 0] - down.theta[0, 1]
    print(f"{steps:6} steps: loss {down.loss:9.2f}, lead of a₁ {lead:9.2f}")

# %% [markdown]
# After a short while the loss falls by the same amount with every step. A curve of that loss would look like a great success.
#
# ## What helps?
# Are negative weights forbidden, then? No. What is wrong is that the data **stay**. They are [[stale data|stale]]. The learner walks away from what was tried, and nobody tells it what it finds there. So let it *look*: after each step throw the eight
# tries away, and take eight new ones with the policy of **now**, [[on-policy]]. That is another algorithm. It has a name, and notebook 04 is about it.

# %%
fresh = Run(Reinforce(**settings), doors, runs=200).advance(2000)  # new data at every step
J, end = fresh.history[-1].expected_return, fresh.policy.table(fresh.state.theta)[:, 0]
best = (end.argmax(axis=1) == 1).sum()
print(f"fresh data: {best} of 200 choose door 1; mean reward {J.mean():.4f}")

# %%
stay, fresh = (Run(f(**settings), doors, runs=200) for f in (WeightedClassification, Reinforce))
stay.state, paths = replace(stay.state, memory=notes), {}
for name, run in {"data that stay": stay, "fresh data": fresh}.items():
    for _ in range(50):
        run.advance(4)
    paths[name] = (range(0, 201, 4), np.array([score.expected_return for score in run.history]))
bands(paths, x="steps", y="mean reward", best=-0.5)

# %% [markdown]
# The same weights, the same negative numbers, the same update. With fresh data, whoever slips towards door 2 opens it, pays 5, and is pushed back ten times as hard as from door 1.
#
# So there are two ways out. **Fresh data**: notebook 04. Or **weights that are never negative**: that way you find yourself, further below. It leads to notebook 11.

# %% [markdown] tags=["instructor"]
# **Minutes 23 to 28.** Do this one slowly, and collect the votes aloud. Nearly everybody says door 1: "they know that door 0 is bad and door 1 is less bad". After the reveal, let somebody explain it with the arrows of
# notebook 01 (they add up to 0). Expected and wrong: "because −5 is not in the data, so it counts as 0, and 0 is best". Half right, and worth a minute: add a constant, and another number would be "0". Then the question
# "what would *you* change?", and collect: fresh data, add a constant, leave out the negative ones. All three come back.

# %% [markdown]
# ## The slide, and the code that runs
# Left the lecture, right the algorithm of the lab with the clouds, read from the package this very moment. Marked is what is new against notebook 01. Click a line to see what it computes.

# %%
slide("weighted_classification", run=heavy.run, previous="supervised")

# %% [markdown]
# In notebook 01 `weight` was an array of ones. Now it is `D.q_hat`, the third number of each data point. (Why the code calls it $\hat Q$ and passes it through `reward_to_go`: with data of one step that is the reward itself. Notebook 03 takes
# more steps.)
#
# ## Spot the bug
# Three doors that pay 0, 1 and 2, each learner with its own 16 tries. One line differs; the orange runs are the wrong ones. What is it?

# %%
spot_the_bug("no_weights")

# %% [markdown]
# ## Your turn: mend the trap
# The same 200 notes, still eight old tries each, no new data. The function below says which weight a reward becomes. As it stands the weight *is* the reward, and nearly all run to door 2. (A note with eight tries of door 0 and none of door 1 can be helped by no function: hence 190 and not 200.) Change it so that at least 190 learners
# end with $\pi(\text{door }1)>0.95$.


# %%
def weight(r):  # r: the rewards of the tries, an array of numbers such as -1 and -0.5
    return r


log, D = notes
mended = Run(WeightedClassification(**{**settings, "alpha": 1.0}), doors, runs=200)
mended.state = replace(mended.state, memory=(log, replace(D, q_hat=weight(D.q_hat))))
end = mended.advance(3000).policy.table(mended.state.theta)[:, 0]
saved = (end[:, 1] > 0.95).sum()
print(f"{saved} of 200 learners choose door 1; mean π = {end.mean(axis=0).round(3)}")

# %% [markdown] tags=["hints"]
# - nudge: Which weights have a minimum? And what share of the total must the good door have there, so that its probability is above 0.95?
# - method: First try to add a constant. Positive weights keep everybody away from door 2. But then the share of door 1 is too small, unless you choose the constant with great care. You want a function that is never negative and
#   *grows steeply*, so that a reward which is better by ½ counts much more.
# - almost code: `return np.exp((r - r.max()) / beta)` with a small number `beta`. (Subtracting the largest reward is only a common factor: a step size.)

# %% [markdown]
# Did you get there? Then you have invented the heart of *advantage-weighted regression*, the last algorithm of this course. Now see what your function does when the tries are noisy: how it treats one lucky try among seven bad ones. Notebook 11 does.

# %% [markdown] tags=["instructor"]
# **Minutes 28 to 35.** The bug by show of hands: "stale data" is the popular wrong answer; the right curve has stale data, too. Then four minutes at the keyboards. Let those who add a constant tell what they got (at −1 + c to −½ + c: shares; c = 1 gives weights 0 and ½ and works,
# by leaving out the worse tries; ask how they would have known c). A few learners cannot be helped: their eight tries contain only door 0. Corrections in one breath, quiz aloud, recap in pairs. Last sentence: "who
# gives us the weights?"

# %% [markdown]
# ## Corrections to the slides
# - *"$(s_1,a_1,R_1)\;(s_1,a_1,R_2)$"*: the second triple must be $(s_2,a_2,R_2)$. The loss below it says so. Read literally it would be one pair with the weight $R_1+R_2$.
# - *"Given **a** data point"*: two of them, and then "…". With $N$, sum or mean; the factor belongs to α.
# - *"Loss"*: for weights $\ge0$ it is one, and its value means something. With a negative weight it is not bounded below, and a falling curve means nothing. It is a **surrogate**: its gradient at the present θ is what we want of it. Notebook 03 says
#   more, and notebook 04 says *of what* it is the gradient.
# - Nothing is said of where the data come from. It decides everything: the trap above and its cure have the same loss.

# %% [markdown]
# ## Quick quiz

# %%
quiz(
    "One state, data (a₁, 2), (a₂, 1), (a₁, 1). Where does π(a₁) come to rest?",
    ["3/4", "2/3", "1", "1/2"], answer="3/4", key="02-share", explain={
        "3/4": "a₁ has the weight 2 + 1 = 3 of 4.",
        "2/3": "That forgets the second try of a₁. Weights of the same pair add up.",
        "1": "Sharing, not choosing: a₂ has a positive weight and keeps its share.",
        "1/2": "That would be the logits at the start, or equal weights."},
)  # fmt: skip

# %%
quiz(
    "Data that stay: a₁ with weight -1, a₂ with weight -2, and a₃ never tried. Start: all logits 0.",
    ["π(a₃) → 1", "π(a₁) → 1", "π = (1/3, 2/3, 0)"], answer="π(a₃) → 1", key="02-never", explain={
        "π(a₃) → 1": "Pushes are W - π ΣW: 0, -1, 1 at the start. Only a₃ rises; later a₁ falls, too.",
        "π(a₁) → 1": "Less bad is not good: its push is 0 at first, negative as soon as a₃ has grown.",
        "π = (1/3, 2/3, 0)": "The share. With negative weights one is driven away from it."},
)  # fmt: skip

# %%
quiz(
    "All weights are positive. You add 1000 to each of them, and make α smaller. Learning now ends",
    ["near how often each was tried", "where it did before", "at the best action"],
    answer="near how often each was tried", key="02-constant", explain={
        "near how often each was tried": "Next to 1000 the differences vanish: all tries count alike.",
        "where it did before": "True of a common factor. A common summand changes the shares.",
        "at the best action": "The differences became smaller against the total, not larger."},
)  # fmt: skip

# %% [markdown]
# ## Recap in 60 seconds

# %%
recap(60, [
    "Each data point's score is multiplied by its weight: like copies of it, or a longer step",
    "Weights of the same pair add up; in a state actions compete, in a table states ignore each other",
    "With positive weights learning rests at the share, π = W/ΣW: it imitates, it does not choose",
    "Adding a constant to all weights moves that place; multiplying them does not",
    "A negative weight on data that stay: no minimum. All negative: even logits run to the untried",
])  # fmt: skip

# %% [markdown] tags=["glossary"]
# ## Glossary
# - weighted classification
# - reward
# - behaviour cloning
# - stale data
# - on-policy
#
# **Next** Notebook 03: nobody hands us the weights. We make them out of what happened.
