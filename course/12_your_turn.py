# %% [markdown]
# # 12 · Your turn
#
# > *tl;dr* (the last slide of the lecture: a theorem and three nightmares)
#
# **After this you can**
# 1. write a world of your own as text, or take one of Gymnasium's, and choose start, weight and norm for it;
# 2. race two configurations over many seeds: interquartile mean, an interval for the difference, a verdict that may be *too close to call*;
# 3. name five ways to fool yourself with a learning curve, and say how often one of them does it;
# 4. hand the race on, as a figure and as a file that gives back the very numbers.
#
# **Time** 45 minutes · **Needs** notebooks 05, 06, 07 (the three nightmares) and 11 (one loop, three knobs) · **Lecture** *tl;dr*

# %%
import tempfile
from pathlib import Path

import numpy as np

from pgkit import Reinforce, Run, figures, grid_world, load_world, uniform
from pgkit.race import CONFIGURATIONS, Race, contender, load, save
from pgkit.statistics import difference, interval
from pgkit.widgets import RaceLab, quiz, recap, slide, spot_the_bug
from pgkit.widgets.predict import predict

# %% [markdown]
# ## Play first
# This lab has no lesson in it. The world is a text, and it is yours. The two contenders are yours. Choose, say who will win, press **Go**.

# %%
lab = RaceLab()
lab

# %% [markdown]
# - **Write in the box.** The map beside it is what Python understood. If it cannot be a world, it says in which line and column, and the old one stays. *Begin from* has some to change.
# - **A and B**: where rollouts start, what each $(s,a)$ counts, and what a small step is. What comes out is an algorithm of the lecture; its name stands beside the letter.
# - **The line** is an average over the runs. **The dark band** says how well we know that average. The faint band holds 80 % of the runs. Those are two different things; most of this notebook is about the first.
# - **The verdict** changes as they train. It does not always name a winner.
#
# Try this. Give A the best algorithm you know, started at S. Give B plain $\hat Q$, with uniform starts.

# %% [markdown] tags=["instructor"]
# **Minutes 0 to 6.** Let somebody from the room dictate a map of five lines. Then two teams, A and B; each chooses its three knobs in one minute, in secret if there are two keyboards. Bets on the board. Press Go and say
# nothing. Ask at the end: "if we typed another *seed*, would the same team win?" Try it. Expected: "yes, it was 64 runs". For close teams it flips.

# %% [markdown]
# ## The whole course in one picture
# Thirteen notebooks, one loop. *Start, roll out, weigh, step.* What we turned were three knobs:
#
# | knob | question | settings | nightmare it cures |
# |---|---|---|---|
# | **start** | where do rollouts begin? | nominal, uniform, expert, or any $\mu$ | local optima |
# | **weight** | what does each $(s,a)$ count? | $\hat Q$, $\hat Q-V$, $\hat A$, $e^{\hat A/\beta}$, or all actions with $Q-T\log\pi$ | high variance |
# | **norm** | what is a small step? | small in $\theta$, small in KL | distribution shift |
#
# And this is what each pair of weight and norm is called:

# %%
for (weight, norm), (name, _) in CONFIGURATIONS.items():
    print(f"weight {weight:7} norm {norm:6} -> {name}")

# %% [markdown]
# `Q-V` with KL is the natural actor-critic at λ = 1. AWR stands under KL, since its weights *are* a step that is small in KL, solved in closed form (notebook 11). Two pairs are missing, `exp(A)` with θ and `soft` with KL: they are dashed boxes on
# the map of notebook 11, and on no slide.
#
# How much code is a knob? Marked is all that it took to turn the norm of REINFORCE:

# %%
slide("reinforce_natural", previous="reinforce")

# %% [markdown]
# ## A world of your own
# A map is a text, a letter a cell. `S` start, `.` floor, `#` wall, `G` +100 and the end, `e` +1 and the end, `F` fire (−10, the end), `f` embers (−10, walk on). What does the kit say if one is wrong?

# %%
for text in ("S..\n..G.", "S.x\n..G", "...\n..G", "S#G\n.#."):
    try:
        grid_world(text)
    except ValueError as error:
        print(error)

# %% [markdown]
# And here is one that is right. Two steps from S there is +1. The +100 lies in a chamber, twenty steps away: one has to go all the way round.

# %%
mine = """..e....
.S.####
...#..G
...#.##
...#...
.#####.
......."""
figures.maps(grid_world(mine, "mine"), {"where episodes start": grid_world(mine).start})

# %% [markdown]
# Two contenders. The first has the best machinery of the course: a critic, λ = 0.9, natural steps. It starts at S. The second is REINFORCE as in notebook 04, no critic, no baseline, no natural anything. But its rollouts start
# anywhere: uniform $\mu$. Both have 150 iterations of 16 rollouts, $\gamma=0.95$, $T=40$.

# %%
machinery = predict(
    "Scored from S, 32 runs each: who wins?", key="12-machinery",
    choices=["natural critic", "plain, with resets", "too close to call"])  # fmt: skip
machinery

# %%
same = {"horizon": 40, "episodes": 16, "runs": 32, "iterations": 150}
race = Race({
    "natural critic": contender(mine, start="nominal", weight="A", norm="KL", **same),
    "plain, with resets": contender(mine, start="uniform", weight="Q", norm="theta", **same),
})  # fmt: skip
outcome = race.run()
verdict = outcome.verdict()

# %%
told = "Every run of the natural critic ends at +1: no norm and no weight help where no gradient is."
machinery.reveal(verdict.winner, explain=told, show=figures.race(outcome))

# %% [markdown]
# Of the three knobs, look at the first one first. If the runs never meet what they should learn, the other two polish a local optimum.
#
# The words under the figure are the verdict. We now go through them: *interquartile mean*, *interval*, *the difference*, *beats with probability*. Why so much fuss? The next section is why.

# %% [markdown] tags=["instructor"]
# **Minutes 6 to 14.** Wall the map errors up one by one: let the room say what is wrong before the cell is run. The bet splits: typically half say the natural critic. Ask a loser to explain: "all its data come from the exit's
# neighbourhood". Link to the Ring's zero in the table of cures (07). Note the last sentence of the verdict: runs that end at the near exit are short, so the winner took several times as many steps. Is that unfair? (It is why the sentence is there.)

# %% [markdown]
# ## Three seeds
# The Ring of Fire again, plain REINFORCE, $\mu_w=(1-w)\,\text{nominal}+w\,\text{uniform}$. Contender A has $w=0.12$, B has $w=0.15$. B is better: a hundred runs of each leave little doubt.

# %%
ring = load_world("ring-of-fire")
about = {"mu": uniform(ring, 0.95), "runs": 100, "seed": 3, "engine": "numpy"}
A = Run(Reinforce(), ring, mix=0.12, **about).advance(500).history[-1].expected_return

# %%
B = Run(Reinforce(), ring, mix=0.15, **about).advance(500).history[-1].expected_return
for name, J in (("A", A), ("B", B)):
    print(f"{name}: mean J {J.mean():.1f}; {(J > 30).sum()} of 100 runs found +100")

# %% [markdown]
# Nearly three standard errors apart. From here on these two hundreds of runs are *the world*, from which small studies are drawn. You have the time for **three** seeds of each, as many papers have. You compare the two means.

# %%
three = predict("How often does A, the worse one, have the larger mean of three?", key="12-three",
                low=0, high=50, unit="%")  # fmt: skip
three

# %%
rng = np.random.default_rng(0)
wrong = {}
for n in (3, 5, 10, 20, 50):
    a, b = (rng.choice(J, (10_000, n)).mean(axis=1) for J in (A, B))  # 10 000 small studies
    wrong[n] = 100 * (a > b).mean()
told = "In percent, for n seeds each: " + ", ".join(f"{n}: {x:.0f}" for n, x in wrong.items()) + "."
three.reveal(round(wrong[3]), explain=told)

# %% [markdown]
# More than one study in four has it backwards. And nobody lied. Each of them has a figure with two curves and a legend.
#
# So three things. **More seeds**: runs are cheap here, that is why the labs of this course train many at once, up to 64. **A better average** than the mean. And **an interval**, so that the reader can see what was not known.
#
# ## The middle half
# Sort the $n$ final returns, $x_{(1)}\le\dots\le x_{(n)}$, and leave out a quarter of them at each end, $k=\lfloor n/4\rfloor$. The mean of the others is the **interquartile mean**:
#
# $$\mathrm{IQM}=\frac1{n-2k}\sum_{i=k+1}^{n-k}x_{(i)} .$$
#
# One lucky run can move the mean as far as it likes. The median sees only the middle, and jumps when runs come in two lumps (stuck, and not stuck). The IQM listens to half of them. Here is one run that goes wrong:

# %%
x = np.random.default_rng(4).normal(50, 2, 16)
y = np.append(x[:-1], -1000)
for name, J in (("sixteen good runs", x), ("one of them broke", y)):
    print(f"{name}: mean {J.mean():.1f}, median {np.median(J):.1f}, IQM {interval(J).value:.1f}")

# %% [markdown]
# Do not conclude that the broken run is not worth mentioning! It has a number of its own: how many runs have diverged. And where the *worst* run matters, as with a robot, look at the worst run.
#
# ## An interval, from the runs alone
# If you repeated the study with other seeds, how much would the IQM move? You cannot repeat it. The **bootstrap** does the next best thing (Efron 1979): it takes your $n$ runs for the world and repeats the study there.
#
# 1. Draw $n$ runs from your $n$ runs, *with replacement*: some twice, some not at all.
# 2. Take their IQM.
# 3. Do it 2000 times. The middle 95 % of these IQMs is the interval.

# %%
def iqm(rows):
    k = rows.shape[-1] // 4
    return np.sort(rows, axis=-1)[..., k : rows.shape[-1] - k].mean(axis=-1)


drawn = iqm(B[np.random.default_rng(7).integers(0, 100, (2000, 100))])
low, high = np.quantile(drawn, (0.025, 0.975))
print(f"by hand: {iqm(B):.1f} [{low:.1f}, {high:.1f}]; the package: {interval(B)}")

# %% [markdown]
# For the *difference* do the same with both, and subtract: $\mathrm{IQM}(A)-\mathrm{IQM}(B)$ of each pair of resamples. **If that interval holds 0, it is too close to call.** Do not compare two intervals by eye: they may overlap and the
# difference be clear all the same.
#
# Does it do what it says? Here we know the truth about A and B, since the two hundreds are our world. Take 300 small studies, and count in how many of them the interval of the difference holds it.

# %%
truth = iqm(A) - iqm(B)
for n in (5, 10, 20, 50):
    small = [(rng.choice(A, n), rng.choice(B, n)) for _ in range(300)]
    got = [difference(a, b, paired=False, count=400, seed=k) for k, (a, b) in enumerate(small)]
    held, called = (np.mean([e.holds(t) for e in got]) for t in (truth, 0.0))
    print(f"n = {n:2}: {held:.0%} hold the truth, {called:.0%} say too close to call")

# %% [markdown]
# About what it says, a little less, and least for few runs: from five runs one cannot know much, not even how little one knows. And look at the second number. With few seeds the honest answer is nearly always *too close to call*. That is no failure of
# the method. It is the answer.
#
# ## The same seeds for both
# Run 7 of A and run 7 of B may get the same seed, that is, the same luck in where they start and which action the dice pick. Then they are a **pair**, and luck that both had cancels in the difference. A resample takes run 7 of both, or of neither.
# How much it helps depends on how much alike the two are. Early on, with nearly the same α:

# %%
near = Race({f"α = {alpha}": contender(start="uniform", alpha=alpha, runs=32, iterations=15)
             for alpha in (0.1, 0.105)}).run()  # fmt: skip
x, y = (J[-1] for J in near.scores)
print(f"correlation of the pairs {np.corrcoef(x, y)[0, 1]:.2f}")
for word, paired in (("as pairs", True), ("as strangers", False)):
    print(f"{word:13} difference {difference(x, y, paired=paired)}")

# %% [markdown]
# As pairs the difference is clear, as strangers it is lost in the noise. It costs nothing, so `Race` gives both the same seed unless you say otherwise.
#
# ## And how large is it?
# An interval that does not hold 0 says that there is a difference. Not that anybody should care. Two numbers help (all as in Agarwal et al. 2021, who rescored a good part of the field with them):
#
# - **Probability of improvement**: a run of A, drawn at random, beats one of B: $P(A>B)$, a tie counts half. 0.5 is a coin. It needs no units.
# - **Optimality gap**: how far the runs stay below the best there is, in the mean. Here we know the best: dynamic programming gives it.

# %%
print(verdict)

# %% [markdown] tags=["instructor"]
# **Minutes 14 to 27.** "Three" is the bet of the day; typical: 10 %. Let the winner of the bet read out the row for n = 20. Bootstrap with paper: write seven returns on seven slips, draw with replacement, three volunteers, three medians on the
# board. Then coverage: ask which number should be 95 and why it is not. Wrong answers to expect: "the band contains 95 % of the runs" (no, of the repeated *averages*; the faint band is about runs), "overlapping intervals mean no difference".

# %% [markdown]
# ## Five ways to fool yourself
# 1. **Look until it fits.** Add seeds until the interval leaves 0, then stop.
# 2. **Tune and tell with the same seeds.** The best of twenty settings is partly the luckiest. Choose with some seeds, report with others.
# 3. **Another yardstick.** Different γ or horizon, and $J$ counts something else. `Race` refuses that.
# 4. **Another budget.** Same iterations, five times the steps. The verdict says so, if it is more than 10 %.
# 5. **Score where you train.** See the bug below.
#
# How bad is the first? Race a contender *against itself*, other seeds. There is nothing to find. Look after 5 runs of each, after 10, 15, ... up to 100, and stop as soon as there is a winner. An interval of 95 % is wrong in one race of twenty, if one looks once.

# %%
peeking = predict("Of 100 such races, in how many do you find a winner?", key="12-peeking",
                  low=0, high=100, unit="races")  # fmt: skip
peeking


# %%
def winner_found(looks, rng):
    x, y = rng.choice(B, 100), rng.choice(B, 100)
    seen = (difference(x[:n], y[:n], paired=False, count=300) for n in looks)
    return any(not e.holds(0.0) for e in seen)


rng = np.random.default_rng(12)
once = sum(winner_found([100], rng) for _ in range(100))
often = sum(winner_found(range(5, 101, 5), rng) for _ in range(100))

# %%
told = f"Looked at once, after 100 runs: {once}. Decide the number of runs before you look."
peeking.reveal(often, explain=told)

# %% [markdown]
# The lab above shows the verdict *while* they train. Now you know what that is good for, and what not. Set the budget first. Then the verdict at the end counts.
#
# ## Spot the bug
# A colleague has solved the Ring of Fire, in no time, with a wonderful curve. The other curve is that of the same algorithm, the same world, the same seeds. What happened?

# %%
spot_the_bug("scored_from_mu")

# %% [markdown] tags=["hints"]
# - nudge: Compare the two curves at iteration 0, before anything was learned. The policies are the same there.
# - method: Both runs train alike. So the difference is not in what they learn. Where does a rollout begin that is *scored*?
# - almost code: `evaluate(world.starting_from(mu), ...)`. Which world should be asked?

# %% [markdown]
# ## Any environment
# Not all worlds are maps. `contender` takes the names of all worlds of the course, and with `pip install 'pgkit[gym]'` every environment of Gymnasium whose observations are numbers (*Box*, *Discrete*) and whose actions are one of a few or real numbers.

# %%
names = ("cartpole", "pendulum", "gymnasium:Acrobot-v1", "gymnasium:LunarLander-v3",
         "gymnasium:Blackjack-v1")  # fmt: skip
for name in names:
    try:
        world = load_world(name)
        print(f"{name}: {world.n_features} numbers, {world.n_actions or 'continuous'} actions")
    except ValueError as error:
        print(error)

# %% [markdown]
# Blackjack's observation is a tuple, and it says what to do about that. Now CartPole, the critic's λ of notebook 09: 0.95 against 0. Here $J$ is not known exactly; each run is scored by ten whole episodes, and the score is noisy, too.

# %%
poles = {"world": "cartpole", "weight": "A", "runs": 16, "iterations": 16}
cart = Race({"λ = 0.95": contender(lam=0.95, **poles), "λ = 0": contender(lam=0.0, **poles)},
            target=500).run()  # fmt: skip
figures.race(cart)

# %% [markdown]
# LunarLander takes minutes, not seconds, so a taste only: two runs, two iterations. (It needs Box2D: `pip install 'pgkit[box2d]'`.)

# %%
try:
    taste = contender("gymnasium:LunarLander-v3", weight="exp(A)", runs=2, iterations=2, steps=20)
    run = taste.prepare("numpy").advance(2)
    print(f"LunarLander after {run.steps} steps: {run.history[-1].expected_return.mean():.0f}")
except ValueError as error:
    print(error)

# %% [markdown]
# The real race is one line in a terminal. It shows its progress, and can be spread over processes or a cluster:
#
# ```sh
# pgkit race "awr" "actor_critic --episodes 16 --horizon 128" --world gymnasium:LunarLander-v3 --runs 8 --iterations 60 --workers 2 --save moon.json
# pgkit race "soft_actor_critic_continuous" "soft_actor_critic_continuous --alpha .001" --world pendulum --runs 8 --iterations 1500
# ```
#
# ## Hand it on
# A figure is for the eye. For everybody else there is the **settings file**: algorithm, every setting, map, start, seeds, versions, and what came out. Whoever gets it can run it again and is told whether it came out the same.

# %%
folder = Path(tempfile.mkdtemp())  # for yourself, take Path(".")
figures.export(figures.race(outcome), folder / "my-race.png")
save(folder / "my-race.json", race, outcome)
stored = load(folder / "my-race.json")
print(stored.compare(stored.race.run()))

# %% [markdown]
# *The very numbers*: draws are counted, not consumed, so nothing depends on how often one looked, or on what ran beside it. On another machine or with other versions the last digits of a sum may differ, and learning makes much of last digits. Then the same call says
# which versions differ and how many runs end otherwise. And neither file is ever overwritten: write it twice, and you are asked for another name.
#
# ```sh
# pgkit race my-race.json
# ```
#
# In the lab two buttons do the same, and number the files: `race.json`, `race-2.json`.

# %% [markdown] tags=["instructor"]
# **Minutes 27 to 37.** Peeking: let one student play it live in the lab with A = B and seeds of their own: "another seed until somebody wins" takes a minute and is remembered. Bug: they have seen wonderful curves in papers; ask what they would ask an author for. (From
# where was it scored? How many seeds? Who chose them?) Reproducing: have them exchange files with the neighbour.

# %% [markdown]
# ## Your turn
# The capstone. Change the map, and change both sides, until *all* of this holds:
# - A and B differ in **one** knob only;
# - you wrote down, before you pressed anything, who would win and *why*, naming a nightmare;
# - at least 32 runs each, the budget fixed beforehand;
# - the verdict names a winner, and with fresh seeds (`seed=1`) it names the same one.
#
# Then the hard one: a map on which the *norm* decides, all else alike. Here is a beginning, a slightly larger α, that decides nothing.

# %%
my_map = """S....
.###.
....G"""
one = {"start": "nominal", "weight": "Q", "norm": "theta", "alpha": 0.1}
other = {"start": "nominal", "weight": "Q", "norm": "theta", "alpha": 0.102}

# %%
for seed in (0, 1):
    budget = {"runs": 32, "iterations": 40, "seed": seed}
    sides = {"one": contender(my_map, **one, **budget),
             "other": contender(my_map, **other, **budget)}  # fmt: skip
    print(f"seed {seed}:", Race(sides).run().verdict().words)

# %% [markdown] tags=["hints"]
# - nudge: Each knob is the cure of one nightmare. So build the nightmare, and give the cure to one side only.
# - method: For *start*, a trap beside S and the prize behind it: `mine` above. For *norm*, ask what a plain step notices and a natural one does not: the *size* of the gradient. What makes gradients small? For *weight*, ask what makes returns noisy.
# - almost code: A map without any `G`: `my_map = "S....e\n"`. A reward of 1, and a gradient a hundredth of what α = 0.1 was made for. `"norm": "theta"` against `"norm": "KL"` (and no `"alpha"`), 30 iterations.

# %% [markdown]
# ## Corrections to the slides
# The *tl;dr* of the lecture is on one slide. Read it once more, with what you know.
# - *"Use exploration distribution"*: a **reset** distribution. It says where rollouts start, not how actions are chosen. And the score is still taken from the nominal start.
# - *"Natural gradient **descent**"*: we ascend $J$. It makes a step small in the policy. It does not get you out of a local optimum: see the race above.
# - *The theorem's first line* has the rewards of the past, $\sum_{t'<t}r$, in it, its second has not. The term is zero in the mean, not in each rollout.
# - *The last line has $Q^{\pi_\theta}(s_t,a_t)$*: with a horizon $Q$ depends on $t$, too; and nobody knows it, $\hat Q$ is what is used.
# - *No slide says how the curves were scored*, from how many seeds, and what the band is.

# %% [markdown]
# ## Quick quiz

# %%
quiz(
    "The 95 % intervals of the two IQMs overlap a little. So it is too close to call?",
    key="12-overlap", choices=["yes", "no, look at the difference", "no, the larger mean wins"],
    answer="no, look at the difference",
    explain={"yes": "Two intervals can overlap and the difference be clear, with pairs all the more.",
             "no, look at the difference": "If its interval does not hold 0, there is a winner.",
             "no, the larger mean wins": "One in four of such studies had it backwards."},
)  # fmt: skip

# %%
quiz(
    "You tried 20 step sizes with seeds 0 to 31 and report the best of them, with its interval.",
    key="12-tuned", choices=["honest, 32 runs are plenty", "too good: fresh seeds, please"],
    answer="too good: fresh seeds, please",
    explain={"honest, 32 runs are plenty": "The best of 20 is chosen for its luck, too.",
             "too good: fresh seeds, please": "Choose with some seeds, report with others."},
)  # fmt: skip

# %%
quiz(
    "P(A > B) = 0.52 [0.51, 0.53], with ten thousand runs each. What do you say?",
    key="12-matters", choices=["A wins, use A", "there is a difference, and it hardly matters"],
    answer="there is a difference, and it hardly matters",
    explain={"A wins, use A": "It does, 52 times of 100. Then ask which of them is simpler.",
             "there is a difference, and it hardly matters": "Sure is not the same as large."},
)  # fmt: skip

# %% [markdown]
# ## Recap in 60 seconds

# %%
recap(60, [
    "One loop, three knobs: where you start, what each action counts, what a small step is",
    "Start first: no weight and no norm help where no gradient is",
    "Three seeds have it backwards in one study of four. Take many, and say how many",
    "Middle half, bootstrap, difference: an interval that holds 0 is too close to call",
    "Fix the budget, tune on other seeds, score from the nominal start, hand on the file",
])  # fmt: skip

# %% [markdown]
# ## The end
# *START WITH RANDOM POLICY. WHILE NOT CONVERGED: ROLLOUT. DATASET. GRADIENTS. UPDATE.* Five lines, in notebook 04. Everything since was about what can go wrong in them, and there was always a line to change.
#
# Life is good again. Now you know when not to believe it.

# %% [markdown] tags=["instructor"]
# **Minutes 37 to 45.** The capstone is homework; start it in pairs, eight minutes, one map. The teams of the beginning may have their revenge, with fresh seeds. End with the recap: five students, one sentence each, and the lab still running.

# %% [markdown] tags=["glossary"]
# ## Glossary
# - interquartile mean
# - bootstrap interval
# - paired seeds
# - probability of improvement
# - optimality gap
