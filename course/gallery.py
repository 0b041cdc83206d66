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
