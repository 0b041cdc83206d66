# %% [markdown]
# # 00 · Start here
#
# > *Nightmares of Policy Optimization* (the lecture's title)
#
# **After this you can**
# 1. find your way: which notebook belongs to which slide, and what the three knobs are;
# 2. work a lab, a prediction, a hint, a check, a quiz and a timer;
# 3. look up a word or a symbol;
# 4. tell whether your installation is fine, and what to do if it is not.
#
# **Time** 10 minutes · **Needs** Python, numpy, a first course in probability · **Lecture** all of it, from far away

# %%
import numpy as np

from pgkit import Reinforce, Run, load_world
from pgkit.check import check
from pgkit.doctor import examine
from pgkit.figures import curves, lecture_map
from pgkit.widgets import RunLab, notation, quiz, recap, term, think_pair_share
from pgkit.widgets.predict import predict
from pgkit.widgets.views.probs import Probs

# %% [markdown]
# Run a cell with **Shift + Enter**. Start with the one above, then this one.
#
# ## Play first
# Ten slot machines. Machine 0 pays nothing, machine 9 pays 1, the others lie between. 64 players do not know that. Each
# learns from what it was paid. Press **Play**.

# %%
look = {"controls": ["alpha", "episodes"], "hide": ("copy", "reset", "paint", "penalty")}
machines = load_world("bandit")
lab = RunLab("reinforce", machines, [Probs(action="data"), "curve"], runs=64, alpha=0.3,
             title="Ten slot machines", **look)  # fmt: skip
lab

# %% [markdown]
# That is a **lab**: it is alive. What you see is computed while you look. Left, how often the players choose each machine, on
# average (π), with small arrows for where the next step pushes. Right, what they earn (the lab calls it $J$): the line is the median of the 64 players, the
# band holds 80 % of them.
#
# Try everything once. Nothing breaks.
# - **α**, the size of a learning step: drag it *while it plays*. Or type a number into the field beside it.
# - **N**, how many plays a player looks at before it learns from them.
# - **Restart** begins again. A new **seed** means new luck. The slider **iteration** goes back to any earlier moment.
# - **Compare 10 α** lets a second team run beside the first, with ten times the step.

# %% [markdown] tags=["instructor"]
# **Minutes 0 to 3.** Project the lab; let the room shout values of α. Two things should be seen: it moves while it learns, and 64
# runs are a crowd, not an anecdote. Do not explain the arrows. Expected question: "how does it learn?" Answer: notebooks 01 to 04.

# %% [markdown]
# | key | where | what it does |
# |---|---|---|
# | Space | anywhere in a lab | play, pause |
# | ← → ↑ ↓ | on a slider | a small turn; Page Up and Page Down: a large one |
# | Enter | in a field | takes the number |
# | Tab | anywhere | to the next control |
# | arrows, Space, E, U | on a map | move, paint, eraser, undo |
#
# ## Predict, then look
# Watching teaches little. Being wrong teaches. So before anything surprising you **commit** a prediction. It is written into
# `predictions.json` beside the notebook, the answer unlocks, and you see how far off you were. You may change your mind
# before the answer, not after. Practice:

# %%
guess = predict(
    "100 players learn for 100 updates with α = 1, and 100 others with α = 10. How many of the others "
    "end up choosing machine 9 more than half of the time?",
    key="00-ten-times-the-step", low=0, high=100, unit="players",
)  # fmt: skip
guess


# %%
def winners(alpha):  # how many of 100 players end up on machine 9
    run = Run(Reinforce(alpha=alpha, episodes=8, horizon=1), machines, runs=100, seed=5).advance(100)
    return int((run.policy.table(run.state.theta)[:, 0, 9] > 0.5).sum())


# %%
steps = [0.1, 0.3, 1, 3, 10]
won = [winners(alpha) for alpha in steps]
picture = curves({"on machine 9": (steps, won)}, x="step size α", y="of 100 players", log_x=True)
why = f"With α = 1 it is {won[2]}. Large steps run to the first good luck."
guess.reveal(won[-1], explain=why, show=picture)

# %% [markdown] tags=["instructor"]
# **Minutes 3 to 5.** Collect predictions by hand ("more than 50? less?") before you reveal. Nearly all say "all of them" or
# "none". Then let somebody try α = 10 in the lab and tick *every run*: half the players sit on machine 8 or 7, content.

# %% [markdown]
# ## The map
# The lecture is **one loop**. A policy, that is, a rule for acting, is tried out (*rolled out*). What happened becomes data. The
# data change the policy. Again. The loop has **three knobs**: where you *start*, what *weight* each piece of data gets, and in which
# *norm* a step counts as small. Every notebook turns one of them.

# %%
lecture_map()

# %% [markdown]
# The three "nightmares" of the title are what goes wrong when a knob stands badly: 05 (start), 06 (norm), 07 (weight). The notebooks build on each
# other; take them in order. Problem sets follow after 03, 05, 06, 08, 10 and 11 (those that are there lie in `assignments/`).
#
# ## Words and symbols
# Each notebook ends with the words that it introduced. A dotted word, such as [[policy]], shows its meaning when you point at it. From a
# cell you ask for one with `term`, for all words with `glossary()`, for all symbols with `notation()`.

# %%
term("policy")

# %%
notation()

# %% [markdown] tags=["instructor"]
# **Minutes 5 to 7.** One minute on the map: trace the loop with your finger, name the knobs, point at 05, 06 and 07. Do not read the
# symbols out; show that a dotted word explains itself.

# %% [markdown]
# ## Hints
# Where it says *your turn* you change code. There are always three hints, each inside the one before. Take as few as you can.
#
# **Your turn.** Find an α with which at least 85 of 100 players end up on machine 9. You may change `updates`, too.

# %%
alpha, updates = 3.0, 100
run = Run(Reinforce(alpha=alpha, episodes=8, horizon=1), machines, runs=100, seed=5).advance(updates)
best = run.policy.table(run.state.theta)[:, 0, 9]  # how often each player chooses machine 9
print(f"α = {alpha}, {updates} updates: {(best > 0.5).sum()} of 100 players on machine 9")

# %% [markdown] tags=["hints"]
# - nudge: The figure above shows two ways to fail. On the left the players are too slow. On the right they are too rash.
# - method: Small steps are safe and need time. Give them time.
# - almost code: Try `alpha, updates = 0.3, ...` with a few hundred updates or more.

# %% [markdown]
# ## Checks
# In the problem sets a **check** looks at what you wrote, at once. It says what is right, what is wrong, and which idea to look
# at. Here is somebody's answer to the first exercise. Never mind what it asks; see how a check talks.

# %%
def log_softmax(logits):
    return logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))


report = check("log_softmax", log_softmax)

# %% [markdown]
# ## A quiz, with a reason for every answer
# Nobody counts. Wrong answers are the more interesting ones.

# %%
quiz(
    "A lab shows 64 runs, not one. Why?",
    ["one run may be luck", "64 runs learn faster", "to make the picture fuller"],
    answer="one run may be luck", key="00-runs", explain={
        "one run may be luck": "With α = 10 some win and some lose. One alone tells you nothing.",
        "64 runs learn faster": "They learn side by side, each from what it was paid itself.",
        "to make the picture fuller": "It does. But the band is there since one curve proves little."},
)  # fmt: skip

# %% [markdown]
# ## Timers
# For the room, or for you. *Think, pair, share*: think alone, find a partner, exchange ideas. Your notes are kept in
# `notes.json`.

# %%
think_pair_share("You may pull ten arms, a hundred times in all. How would you find the best one?")

# %% [markdown]
# ## Does everything work?
# A look at Python, the packages, the compiled engine, the widgets and the disk. `pgkit doctor` in a terminal looks closer: it also
# loads every package.

# %%
checks = examine(quick=True)
for c in checks:
    if not c.ok:
        print(f"{c.name}: {c.found}. What to do: {c.advice}.")
print(f"{sum(c.ok for c in checks)} of {len(checks)} checks passed")

# %% [markdown]
# **Something does not work?**
#
# | what you see | what to do |
# |---|---|
# | `NameError` in a cell | run the cells above it first: menu *Run*, *Run All Above Selected Cell* |
# | a lab shows a picture but does not move | it is a saved picture; run its cell |
# | a lab says that Python does not answer | wait a moment; else menu *Kernel*, *Restart Kernel and Run All Cells* |
# | a lab is not there at all | reload the page; then `pgkit doctor` in a terminal |
# | the first Play is slow | the engine is being compiled, once; or do it now with `pgkit warmup` |
# | you broke the notebook | rename it, and start `pgkit lab` again: a fresh copy is laid in its place |
#
# **Where things are kept.** `make lab` or `pgkit lab` opens *your own copy*, the folder `work`. What you change there is never overwritten; new
# versions are laid beside yours. Next to a notebook you find `predictions.json` (what you committed) and `notes.json` (what you wrote under
# a timer). Nothing leaves your machine.

# %% [markdown] tags=["instructor"]
# **Minutes 7 to 10.** Everybody runs the self-test now, before the next lecture. Read out what fails and mend it together; by
# far the most frequent cause is a kernel of another installation. Start the timer once, so that its sound is known. `pgkit predictions FOLDER` shows
# later what the class predicted.

# %% [markdown]
# ## Recap in 60 seconds
# Every notebook ends like this. Say it aloud, before the clock runs out.

# %%
recap(60, [
    "Policy optimization is one loop: roll out, make data, update, again",
    "It has three knobs: start, weight and norm",
    "Predict before you look",
    "Many runs, never one",
])  # fmt: skip

# %% [markdown] tags=["glossary"]
# ## Glossary
# - policy
# - rollout
# - step size
#
# **Next** Notebook 01: the one gradient of this course.
