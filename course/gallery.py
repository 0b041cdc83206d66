# %% [markdown]
# # The lab kit, part by part
# Everything that the course puts on the screen, once. Instructors copy cells from here; the browser tests
# drive this notebook.

# %% [markdown]
# ## A grid world, its learning curve, and where the runs end
# Press **Play**. Tick *values* or *episodes*. Paint where rollouts start.

# %%
from pgkit.widgets import RingOfFire, RunLab

ring = RingOfFire(runs=64, reset="uniform")
ring

# %% [markdown]
# ## Any algorithm, any world
# Presets make a point with one click; the spread shows every run of this iteration.

# %%
baseline = RunLab(
    "reinforce_baseline", "ring-of-fire", ["grid", "curve", "spread"], runs=32,
    reset="uniform", presets={"timid": {"alpha": 0.02}, "bold": {"alpha": 0.8}},
)  # fmt: skip
baseline

# %% [markdown]
# ## Two parameters: the landscape, the ball and the ellipse
# The plain gradient creeps along the plateau. Press **Compare 10 α**.

# %%
plateau = RunLab("reinforce", "two-state", ["contour", "curve", "ellipse"], runs=16)
plateau

# %% [markdown]
# ## The cloud of sample gradients, and what a baseline does to it

# %%
variance = RunLab("reinforce", "century", ["cloud", "curve", "variance"], runs=32)
variance

# %% [markdown]
# ## Weights: how many of the data does AWR really use?
# Turn β down and watch the effective sample size.

# %%
weights = RunLab("awr", "ring-of-fire-closed", ["weights", "curve"], runs=32, reset="expert", controls=["beta"])
weights

# %% [markdown]
# ## CartPole, while it learns
# The greedy policy of one run, played as it stands now.

# %%
pole = RunLab("actor_critic", "cartpole", ["cart", "curve"], runs=16)
pole

# %% [markdown]
# ## Labelled points, and the boundary that learns to part them
# The right label of an amber point counts nine times that of a blue one: the boundary moves away from amber.
# Hollow points have the wrong label, and weight 0.

# %%
clouds = RunLab(
    "weighted_classification", "clouds:points=300,weights=9/1", ["boundary", "curve"], runs=16,
    horizon=1, title="Two clouds, weights 9 to 1",
)  # fmt: skip
clouds

# %% [markdown]
# ## The probabilities of one state, with the gradient as arrows

# %%
arms = RunLab("reinforce", "bandit", ["probs", "curve"], runs=32, horizon=1, hide=("penalty",))
arms

# %% [markdown]
# ## A soft regulator: its gain and its noise, beside the closed form

# %%
regulator = RunLab("soft_actor_critic_continuous", "lqr", ["gains", "curve"], runs=16, title="A soft regulator")
regulator

# %% [markdown]
# ## Small labs: logits to drag, one trajectory under a lens
# They answer without Python where a few sums are enough.

# %%
from pgkit.widgets import (
    BaselineLab,
    BatchLab,
    BetaLab,
    GaeLab,
    LogitBars,
    LoopLab,
    NormLab,
    RaceLab,
    RewardLab,
    TemperatureLab,
    ThetaMarks,
    TrajectoryLab,
    TriadLab,
    WalkLab,
)

LogitBars(logits=[2.0, 0.5, -1.0], chosen=2)

# %%
RewardLab(R1=3, R2=-1)

# %%
TrajectoryLab(seed=24)

# %%
BaselineLab()

# %%
ThetaMarks()

# %%
NormLab("race")

# %%
NormLab("scale")

# %%
NormLab("ball")

# %%
WalkLab()

# %%
TriadLab()

# %%
BatchLab()

# %%
GaeLab()

# %%
TemperatureLab(temperature=3.0)

# %%
BetaLab()

# %% [markdown]
# ## One loop, three knobs: every algorithm of the lecture is a place on this map

# %%
LoopLab()

# %% [markdown]
# ## A race of two: the world is text, and Python is asked at every letter

# %%
RaceLab()

# %% [markdown]
# ## The slide beside the source
# Lines that are new against the algorithm before are marked. Click a line: one iteration of a copy of the run
# is made, and you see what the line computed. **Slow motion** goes through all of them.

# %%
from pgkit.widgets import (
    bug_gallery,
    glossary,
    notation,
    quiz,
    recap,
    slide,
    spot_the_bug,
    think_pair_share,
)
from pgkit.widgets.predict import predict

slide("reinforce_baseline", run=baseline.run)

# %% [markdown]
# ## Predict, then look

# %%
guess = predict("Of 100 runs from the nominal start, how many reach +100?", key="gallery", low=0, high=100)
guess

# %%
guess.reveal(0, explain="The exit is two steps away; nobody gets past it.")

# %% [markdown]
# ## A quiz, with a reason for every answer

# %%
quiz(
    "A baseline b(s) is subtracted from the return. What happens to the mean of the gradient?",
    ["nothing", "it shrinks by b", "its sign may change"],
    answer="nothing", key="gallery-baseline",
    explain={
        "nothing": "The score has zero mean in every state, so b(s) times the score has zero mean too.",
        "it shrinks by b": "That would be so if b were multiplied with something whose mean is not zero.",
        "its sign may change": "Single samples may change their sign. Their mean does not move.",
    },
)  # fmt: skip

# %% [markdown]
# ## Spot the bug

# %%
spot_the_bug("times_fisher")

# %%
bug_gallery()

# %% [markdown]
# ## Timers for the room

# %%
think_pair_share("How do we get policy gradients to break out of local optima?")

# %%
recap(60, ["resets for local optima", "natural gradient for distribution shift", "baselines for variance"])

# %% [markdown]
# ## Every word and every symbol

# %%
glossary()

# %%
notation()
