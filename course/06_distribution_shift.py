# %% [markdown]
# # 06 · Nightmare 2: distribution shift
#
# > *Is gradient descent the best direction?* (the lecture)
#
# **After this you can**
# 1. name the terms of $\nabla_\theta J$ that depend on θ, and the one that everybody forgets;
# 2. derive the steepest step in any norm, with its length, and say why "small" should mean small in π;
# 3. read a Fisher matrix, take a natural step, and say what it does not depend on;
# 4. say what damping costs, where natural steps need help, and what they can cure.
#
# **Time** 45 minutes · **Needs** notebooks 01 (score), 04 (policy gradient), 05 (occupancy, Ring of Fire) · **Lecture**
# *Nightmare 2: Distribution Shift*, *Gradient Descent as Steepest Descent*, *REINFORCE (with natural gradients)*

# %%
from dataclasses import replace

import numpy as np

import pgkit as pg
from pgkit import ReinforceNatural, Run, exact, load_world, logistic
from pgkit.figures import curves, outcomes
from pgkit.widgets import NormLab, ThetaMarks, quiz, recap, slide, spot_the_bug
from pgkit.widgets.predict import predict

# %% [markdown]
# ## Play first
# Two states, i and j. In each you may **stay** or **switch**. To stay in i pays 1. To stay in j pays **2**. To switch pays nothing. The world never ends,
# and the score $J$ is what you earn per step in the long run. The best is obvious: go to j and stay there, $J^*=2$.
#
# The policy has one logit for each state: $\pi_\theta(\text{stay}|i)=1/(1+e^{-\theta_1})$, and $\theta_2$ does the same in j. It begins with a habit. It
# stays in i in 77.5 % of the cases, in j in 10 %. Two climbers start there. No sampling: both have the exact gradient. Press **Play**.

# %%
lab = NormLab(clock=0)
lab

# %% [markdown]
# - **The map.** Height is $J(\theta)$. Dashed is the way of $\theta\leftarrow\theta+\alpha\nabla J$, what you know. Solid is the *natural gradient*, what you will know soon.
# - **The curve.** $J$ after so many updates. Mind the axis: each mark is **ten times** as many.
#
# The plain one has climbed to $J=1$ and seems to be done. It is not done. It comes back from far off on the right, a *million* times later. Drag the orange dot: to the left, up,
# and further to the lower right. Then move α.

# %% [markdown] tags=["instructor"]
# **Minutes 0 to 6.** Play once without a word. When the dashed line lies flat, ask: "converged?" Everybody says yes, at J = 1, all gradients zero to five digits. Wait. Then let a student
# drag the start. Wanted: "the more it likes i, the worse". Expected and wrong: "a local optimum". It is none: J rises all the time, and the map has no other summit. Ask how one could tell the
# two apart from a learning curve alone. (One cannot.)

# %% [markdown]
# ## What happened
# With infinitely small steps, $d\theta/dt=\nabla J$, one can speak of *time* without speaking of α. Time $t$ is about $t/\alpha$ updates. From three starts, the time until
# $J=0.9\,J^*=1.8$, and how rarely the good state j is seen on the way:

# %%
A, B = np.array([np.log(4), -np.log(4)]), np.array([np.log(0.775 / 0.225), -np.log(9)])
starts = {"coin toss": np.zeros(2), "A": A, "B": B}
for name, theta in starts.items():
    for kind in ("plain", "natural"):
        flow = exact.two_state_flow(theta, natural=kind == "natural")
        rare = flow.rho[:, 1].min()
        print(f"{name:9} {kind:7}: time {flow.t[-1]:10.4g}   share of j at least {rare:.1e}")

# %% [markdown]
# Nearly a million times faster, from start B. From a coin toss, hardly worth the trouble. So the nightmare depends on *where you stand*. What is it about B?
#
# In i the policy earns something by staying, and in i it learns to stay more. But whoever stays in i more is in j **less**. What is seen less is learned less. And j is
# where the money is. The step was good for the places that the *old* policy visited. It has changed which places those are. That is [[distribution shift]], and the flat stretch
# it leads to is a [[plateau]].
#
# The lecture asks: "What assumption does it make that is breaking?" This: that a small step in θ leaves all else as it was, above all *where the policy goes*. "How can we make it choose a better direction?" By calling
# a step small when the *policy* changes little. That is the rest of this notebook.

# %% [markdown]
# ## Mark the θ's
# The lecture: "Note all the terms that depend on theta. If we change theta by a small amount, how do these terms change?" Here is the gradient, with the expectation written as
# sums. $d^\pi(s)$ is how often π is in state $s$, in the long run or with discount: the [[occupancy]] of notebook 05. Press what depends on θ.

# %%
marks = ThetaMarks()
marks

# %% [markdown]
# And by how much? We stand at B and make *one* parameter larger: $\theta_1$ by 1, "stay in i" a little more.

# %%
new = B + np.array([1.0, 0.0])
terms = {"π(stay|i)": lambda x: 1 / (1 + np.exp(-x[0])),
         "π(stay|j)": lambda x: 1 / (1 + np.exp(-x[1])),
         "d(j)": lambda x: exact.two_state_stationary(x)[1],
         "Q(j,stay) - Q(j,switch)": lambda x: exact.two_state_natural(x)[1],
         "∂J/∂θ₂": lambda x: exact.two_state_gradient(x)[1]}  # fmt: skip

# %%
for name, value in terms.items():
    before, after = value(B), value(new)
    print(f"{name:24} {before:.4f} -> {after:.4f}   {100 * (after / before - 1):+4.0f} %")

# %% [markdown]
# Nobody touched state j. Its policy is the same to the last digit. And still the gradient there has lost more than half, nearly all of it because of $d(j)$.
#
# Here nothing ends and nothing is discounted, so a sum of rewards would be infinite. One counts what is earned *beyond the usual*:
# $Q^\pi(s,a)=\mathbb E\big[\sum_{t\ge0}(r_t-J)\,\big|\,s_0=s,a_0=a\big]$. With that, and $d^\pi(s)$ the share of time in $s$, the theorem of notebook 04 holds with no factor in front.
# With two actions the whole gradient fits in a line. With $p_s=\pi(\text{stay}|s)$,
#
# $$\frac{\partial J}{\partial\theta_s}=d^\pi(s)\;p_s(1-p_s)\;\big[Q^\pi(s,\text{stay})-Q^\pi(s,\text{switch})\big].$$
#
# Three factors, and only the last one says what is *good*. The first two say how often you are there and how undecided you still are. On the plateau the last is
# large in both states. But in i the second is nearly zero (it is sure to stay), and in j the first (it is never there).

# %% [markdown] tags=["instructor"]
# **Minutes 6 to 13.** The marking: thirty seconds alone, then hands up for each term. d is missed by half of the room; some mark P ("the next state depends on what I do": it does, through a, and a is summed over
# separately). Then the table. Ask for a guess before each row. The point is row 5: the gradient of a parameter that nobody touched, in a state that nobody changed.

# %% [markdown]
# ## Would another α help?
# Exact gradients, start A, where the plateau is short enough to wait for its end. Four step sizes.

# %%
faster = predict(
    "Plain gradient from start A, exact. Which α reaches 0.9 J* with the fewest updates?",
    key="06-which-alpha", choices=["0.1", "1", "10", "100"],
)  # fmt: skip
faster

# %%
alphas = (0.1, 1, 10, 100)
counted = np.array([NormLab(theta=A, alpha=a).updates for a in alphas])  # as the lab does
plain, natural = counted.T

# %%
told = "; ".join(f"α = {a:g}: plain {p:.0f}, natural {n:.0f}"
                 for a, (p, n) in zip(alphas, counted, strict=True))  # fmt: skip
told += ". One bold step can throw you far out onto the plateau."
lines = {"plain": (alphas, plain), "natural": (alphas, natural)}
shown = curves(lines, x="step size α", y="updates until 0.9 J*", log=True, log_x=True)
faster.reveal(f"{alphas[int(np.argmin(plain))]:g}", explain=told, show=shown)

# %% [markdown]
# So "tune α" has a grain of truth. But what works from A fails from B (set it in the lab), and you do not know where you stand. There are two independent things to choose in a step: how *long*, and *where to*. α is only the first. Now the second.

# %% [markdown]
# ## Steepest, in which norm?
# Why go along $\nabla J$ at all? "Because it is the steepest." Steepest means: of all steps of the **same size**, it gains most. Size is where you have a choice. Let
# $g=\nabla J(\theta)$. For small steps $d$ (the slides write $\Delta\theta$; not to be confused with the occupancy $d^\pi$) $J(\theta+d)\approx J(\theta)+g^\top d$.
#
# **The ball.** Maximise $g^\top d$ over $\|d\|\le r$. By Cauchy and Schwarz $g^\top d\le\|g\|\,r$, and that is reached by $d=r\,g/\|g\|$. So the gradient is steepest *if* a
# step in $\theta_1$ is as large as an equal step in $\theta_2$.
#
# **Any other norm.** Let $G$ be symmetric with $x^\top Gx>0$, and call a step small if $d^\top Gd\le\delta$. This is an ellipse. With a multiplier $\nu>0$:
#
# $$\frac{\partial}{\partial d}\Big[g^\top d-\tfrac\nu2\,(d^\top Gd-\delta)\Big]=g-\nu Gd=0
# \quad\Longrightarrow\quad d=\tfrac1\nu\,G^{-1}g .$$
#
# The whole $\delta$ is spent, since more length is more gain: $\delta=d^\top Gd=\frac1{\nu^2}\,g^\top G^{-1}g$. Solve for ν:
#
# $$\boxed{\;d=\sqrt{\frac{\delta}{g^\top G^{-1}g}}\;\;G^{-1}g\;}\qquad\text{direction }G^{-1}g,\quad\text{gain }g^\top d=\sqrt{\delta\,g^\top G^{-1}g}.$$
#
# $G=I$ and $\delta=r^2$ give back the ball. Do not believe it. Ten thousand random steps on the same ellipse:

# %%
rng = np.random.default_rng(0)
g, G = exact.two_state_gradient(B), np.diag(exact.two_state_fisher(B))
d = exact.fisher_step(G, g, 0.02)  # the boxed formula with δ = 0.02
others = rng.normal(size=(10000, 2))
others *= np.sqrt(0.02 / np.einsum("nk,kl,nl->n", others, G, others))[:, None]
print(f"gain: ours {g @ d:.6f}, formula {np.sqrt(0.02 * g @ np.linalg.solve(G, g)):.6f}", end="")
print(f", best of 10000 others {(others @ g).max():.6f};  dᵀGd = {d @ G @ d:.6f}")

# %% [markdown]
# ## Which norm?
# The lecture: "Don't make small changes in θ, make small changes in the distribution $\pi_\theta(a|s)$." How far apart are two distributions? The usual answer is the
# [[KL divergence]], $\mathrm{KL}(p\|q)=\sum_ap(a)\log\frac{p(a)}{q(a)}$. It is 0 if they agree and positive if not. There is one for each state, so we average **over the states that π visits**:
#
# $$\overline{\mathrm{KL}}(d)=\sum_sd^\pi(s)\,\mathrm{KL}\big(\pi_\theta(\cdot|s)\,\|\,\pi_{\theta+d}(\cdot|s)\big).$$
#
# **To second order it is a norm.** Fix a state and expand $\log\pi_{\theta+d}(a)$ in $d$. With the score $\psi=\nabla_\theta\log\pi_\theta(a)$,
#
# $$\mathrm{KL}=-\mathbb E_a\big[\log\pi_{\theta+d}-\log\pi_\theta\big]
# =-\underbrace{\mathbb E_a[\psi]}_{0}{}^{\!\top}d-\tfrac12\,d^\top\,\mathbb E_a\big[\nabla^2_\theta\log\pi_\theta\big]\,d+O(\|d\|^3).$$
#
# The first term vanishes: a score has mean zero (notebook 01). For the second, differentiate $\sum_a\pi_\theta(a)\,\psi(a)=0$ once more:
# $\sum_a\pi_\theta\,\psi\psi^\top+\sum_a\pi_\theta\,\nabla^2\log\pi_\theta=0$. So minus the mean curvature *is* the mean outer product of scores, and
#
# $$\boxed{\;\overline{\mathrm{KL}}(d)=\tfrac12\,d^\top G(\theta)\,d+O(\|d\|^3),\qquad
# G(\theta)=\sum_sd^\pi(s)\sum_a\pi_\theta(a|s)\;\psi(s,a)\,\psi(s,a)^\top\;}$$
#
# $G$ is the [[Fisher information]]. No second derivative is needed, only scores, and you have those. KL is not symmetric, but to second order the same $G$ comes out in both directions:

# %%
world = load_world("two-state")
policy = logistic(world.features)
pi, d_pi = policy.table(B), exact.two_state_stationary(B)
G = exact.fisher(pi, exact.feature_scores(pi, policy.features), d_pi)

# %%
for size in (0.5, 0.25, 0.125, 0.0625):
    d = size * np.array([1.0, 1.0])
    moved = policy.table(B + d)
    there, back = exact.mean_divergence(pi, moved, d_pi), exact.mean_divergence(moved, pi, d_pi)
    half = d @ G @ d / 2
    print(f"{size:6}: ½ dᵀGd {half:.6f}   KL(π‖π') {there:.6f}   KL(π'‖π) {back:.6f}")

# %% [markdown]
# Halve the step, and what is left between the columns shrinks by eight: third order. Now put the two boxes together. $\mathrm{KL}\le\varepsilon$ means $d^\top Gd\le2\varepsilon$. So $\delta=2\varepsilon$:
#
# $$\boxed{\;d=\sqrt{\frac{2\varepsilon}{g^\top G^{-1}g}}\;\;G^{-1}g\;}$$
#
# The direction $G^{-1}\nabla J$ is the [[natural gradient]], and the set $\mathrm{KL}\le\varepsilon$ a [[trust region]]. In our two states $G$ is diagonal, with $d^\pi(s)\,p_s(1-p_s)$ on the diagonal. Divide the gradient by it:
#
# $$(G^{-1}\nabla J)_s=Q^\pi(s,\text{stay})-Q^\pi(s,\text{switch}).$$
#
# The two factors that made the plateau are **gone**. Only what is good is left.

# %% [markdown] tags=["instructor"]
# **Minutes 13 to 24.** The derivation fits one board: ball, ellipse, δ spent, box. Then ask: "and who chooses G?" Let them fight. Somebody says "the Hessian": that is Newton, of J, which need not be positive; ours is
# the Hessian of KL, which is. Ask what would happen to the formula with G → 10 G (the length changes, the direction does not). Common slip on the KL part: forgetting to average over states. Ask: "a state that you never visit, how much may the
# policy change there?" As much as it likes. That is strength and danger in one.

# %% [markdown]
# ## Ball and ellipse
# Left, all steps of one size around the orange dot: the dashed **ball** in θ and the solid **ellipse** of equal KL. Each has its best step as an arrow. We made the ball just so large that *both arrows change the policy
# equally*, $\frac12d^\top Gd=\varepsilon$. Right, the same sets as the policy's probabilities.

# %%
ball = NormLab("ball")
ball

# %% [markdown]
# Press **coin toss**. The ellipse is a circle, and both arrows are one. Press **start B**. The ellipse stands upright: state j is rarely seen, and nearly decided, so a change of $\theta_2$ hardly counts, and the natural step dares it. Now drag to the
# right, along $\theta_2=0$, onto the plateau, and compare what both gain. Then push ε up: at what size does the real KL stop being what was ordered?

# %%
places = {"coin toss": (0, 0), "A": A, "B": B, "on the plateau": (4, 0)}
for name, theta in places.items():
    best = NormLab("ball", theta=theta, epsilon=0.01).steps
    d, n = best["plain"]["d"], best["natural"]["d"]
    cosine = np.dot(d, n) / np.linalg.norm(d) / np.linalg.norm(n)
    gains = best["plain"]["gain"], best["natural"]["gain"]
    print(f"{name:14}: cosine {cosine:.3f}, J gains {gains[0]:.4f} plain, {gains[1]:.4f} natural")

# %% [markdown]
# **Why you may never have met this nightmare.** Most first exercises are a softmax *table*, begun at zero. There, all actions are equally likely and every state's block of $G$ is
# $\frac{d^\pi(s)}{A}\,(I-\frac1A\mathbf 1\mathbf 1^\top)$: the same in all directions that matter. Plain and natural differ only by how often a state is seen. If that, too, is even, they are the *same direction*, cosine 1, as you see in the first
# row. The nightmare needs a policy with a habit (B), or parameters on unequal scales. Both are what you get with real features, with a network, or after a while of training.

# %% [markdown]
# ## Length, or direction?
# One more look at these numbers. At equal KL the natural step gains more, or as much. But *half as much again* on the plateau is not a million. Where does the million come from? Take the **plain direction**, and give it the length that KL allows:


# %%
def kl_walk(direction, theta=B, epsilon=0.001):  # (updates, largest θ₁)
    updates, far = 0, theta[0]
    while exact.two_state_average(theta) < 1.8:
        d, G = direction(theta), exact.two_state_fisher(theta)
        theta = theta + np.sqrt(2 * epsilon / (G * d * d).sum()) * d
        updates, far = updates + 1, max(far, theta[0])
    return updates, far


# %%
both = {"plain": exact.two_state_gradient, "natural": exact.two_state_natural}
for name, direction in both.items():
    updates, far = kl_walk(direction)
    print(f"{name:7} direction, KL-sized: {updates} updates", end="")
    print(f"; π(switch|i) is down to {np.exp(-far):.0e}")

# %% [markdown]
# Surprise. With KL for a ruler, the plain direction leaves the plateau just as quickly. **The million was length**: $\alpha\nabla J$ is short where $\nabla J$ is small. KL knows that where little can change one may stride out.
#
# And the direction? Look at the last number. The plain one first becomes sure to *one in tens of billions* that it will stay in i. With exact gradients that does no harm. With samples it would be the end, for nobody would see a switch again. The natural one keeps a few per cent. For what else the direction does, another world.
#
# ## It does not matter how you write it
# A bandit now. It shows a context $x=(x_1,x_2)$ of two signs, and action 1 pays $x_2+0.3\,x_1$, action 0 nothing. So act 1 when $x_2=+1$: $J^*=\frac12$. The policy is
# $\pi_\theta(1|x)=\sigma(x_1\theta_1+c\,x_2\theta_2)$ with $\sigma(z)=1/(1+e^{-z})$. Somebody measured the important feature in *kilometres instead of metres*, and so it comes with a small factor $c$. That changes nothing about which policies there are. Drag $c$, and look at the right picture: what
# the policy *does*.

# %%
scaled = NormLab("scale", scale=0.3)
scaled

# %% [markdown]
# The solid way does not move. The dashed one bends, further and further: first it learns the feature that is large, then it takes that back. Now raise the **damping** λ from 0, and drag $c$ again.

# %%
for scale in (1, 0.3, 0.1, 0.05):
    found = NormLab("scale", scale=scale)
    tuned = [NormLab("scale", scale=scale, alpha=a).updates[0] for a in (1, 10, 100)]
    print(f"c = {scale:4}: natural {found.updates[1]:.0f} updates; plain {found.updates[0]:.0f}, "
          f"with the best α of 1, 10, 100: {min(tuned):.0f}")  # fmt: skip

# %% [markdown]
# (*inf* means: not within 20 000.) **Why.** Write $\theta=M\theta'$ with an invertible matrix $M$. By the chain rule scores and gradients get a factor $M^\top$ in front: $\psi'=M^\top\psi$, $g'=M^\top g$. So $G'=M^\top GM$, and
#
# $$M\,G'^{-1}g'=M\,(M^{-1}G^{-1}M^{-\top})\,(M^\top g)=G^{-1}g .$$
#
# The same step, exactly, for every step size. The plain one becomes $M\,M^\top g$: another direction. (If θ is a *curved* function of θ′, the same holds for infinitely small steps. For finite ones, the difference is of order α².)
#
# Now with damping, $(G+\lambda I)^{-1}$. The $I$ is the identity *in your coordinates*, and the cancellation is gone. Twenty steps in the two-state world, with $M=\mathrm{diag}(0.1,10)$ and with $M=I$. How far apart do the policies end?


# %%
def walk(M, damping=None, steps=20):  # θ = M u, steps taken in u; damping None: plain
    u = np.linalg.solve(M, B)
    for _ in range(steps):
        g = M.T @ exact.two_state_gradient(M @ u)
        G = M.T @ np.diag(exact.two_state_fisher(M @ u)) @ M
        u = u + 0.05 * (g if damping is None else exact.natural_gradient(G, g, damping))
    return policy.table(M @ u)[:, 1]


# %%
M = np.diag([0.1, 10.0])
for damping in (None, 0.0, 1e-6, 1e-4, 1e-2, 1.0):
    apart = np.abs(walk(M, damping) - walk(np.eye(2), damping)).max()
    print(f"{'plain        ' if damping is None else f'λ = {damping:<9g}'} policies {apart:.0e} apart")

# %% [markdown]
# At λ = 0 rounding errors. With damping the independence is gone, gradually, and for $\lambda\to\infty$ the step becomes $g/\lambda$: the plain gradient again, in small.
#
# ## Then why damp at all?
# Because $G$ may have no inverse. Write the same two-state policy as a softmax *table*, one logit for each state and action. Add 1 to both logits of a state: nothing changes. So $d=(1,1)$ has $d^\top Gd=0$, and $G$ is **singular**:

# %%
psi = exact.softmax_scores(pi)
G_table = exact.fisher(pi, psi, d_pi)
g_table = exact.parameter_gradient(exact.average_gradient(world, pi), pi, psi)
n = exact.natural_gradient(G_table, g_table).reshape(2, 2)  # the pseudo-inverse
print(f"4 parameters, rank of G: {np.linalg.matrix_rank(G_table)}")
print("stay minus switch:", (n[:, 1] - n[:, 0]).round(4), end="")
print("   with 2 parameters:", exact.two_state_natural(B).round(4))

# %% [markdown]
# Two ways out. The **pseudo-inverse** leaves out the directions in which nothing happens, and gives the very same change of the policy. Or damping. With exact $G$ take the first. With $G$ from a few samples, directions that merely were not *sampled* look as if
# nothing happened there, and there the smallest eigenvalues are noise. Then a little [[damping]] saves you from dividing by noise. It is a price, not a flaw of yours.
#
# ## How far is KL-sized?
# The box holds to second order. From B, steps of the promised size ε, and what they really cost:

# %%
g, G = exact.two_state_gradient(B), np.diag(exact.two_state_fisher(B))
for epsilon in (1.0, 0.1, 0.01, 0.001):
    d = exact.kl_step(G, g, epsilon)
    real = exact.mean_divergence(pi, policy.table(B + d), d_pi) / epsilon
    gain = exact.two_state_average(B + d) - exact.two_state_average(B)
    print(f"ε = {epsilon:5}: real KL {real:.3f} ε; J promises {g @ d:+.4f}, gains {gain:+.4f}")

# %% [markdown]
# For small ε the formula is right on the mark, for large ones it is not. So those who want to be sure (TRPO, a well-known algorithm) try the step, measure KL and, on the same batch, an estimate of the gain in $J$, and shorten it until both are fine: a **line search**. You will write one below.

# %% [markdown] tags=["instructor"]
# **Minutes 24 to 33.** The scale lab is the crispest picture of the day. Ask before dragging: "what will the right picture do?" Most expect both to move. Then λ: "why would anybody switch that on?" Wanted: inverse of a singular or noisy matrix. Expected and wrong: "damping makes it more
# stable, so more is better": at λ = 1 it *is* the plain gradient. Say the kilometres joke slowly; in networks nobody even knows the units.

# %% [markdown]
# ## The algorithm
# Back to samples. Beside the slide the code that the package runs; marked is what differs from REINFORCE. On the slide that is one line, UPDATE. Choose a line of the code to see what it makes.

# %%
P = {"gamma": 1.0, "episodes": 32, "horizon": 20}
shown_run = Run(ReinforceNatural(epsilon=0.03, **P), world, policy, runs=1, seed=1)
slide("reinforce_natural", run=shown_run, previous="reinforce")

# %% [markdown]
# $\hat G$ is the same mean of outer products, over the states that the rollouts visited. (The mean over *actions* need not be sampled: you know π.) Gradient and $\hat G$ must be averaged alike, or α is off by a factor.
#
# Does it cure the plateau, with 32 rollouts of 20 steps an update, from B? 64 runs each, 100 updates. "Arrived" is $J\ge0.9\,J^*$, exact; $J^*=38.4$ for 20 steps. *Baseline* is the cure of the **next** notebook: it subtracts from each $\hat Q_t$ what is usual, and so
# takes away noise. Here we only borrow it.


# %%
def arrived(algorithm):  # of 64 runs from start B
    run = Run(algorithm, world, policy, runs=64, seed=5)
    run.state = replace(run.state, theta=np.tile(B, (64, 1)))
    J = run.advance(100).history[-1].expected_return
    return f"{(J >= 0.9 * 38.4).sum():2} of 64 arrived, {(J < 20).sum():2} stuck below 20"


# %%
for alpha in (0.1, 1.0):
    print(f"plain,   α = {alpha:4}: {arrived(pg.Reinforce(alpha=alpha, **P))}")

# %%
for epsilon in (0.01, 0.1):
    print(f"natural, ε = {epsilon:4}: {arrived(ReinforceNatural(epsilon=epsilon, **P))}")

# %%
for alpha in (0.1, 1.0):
    leave = pg.ReinforceBaseline(alpha=alpha, baseline="leave-one-out", **P)
    print(f"plain with a baseline,   α = {alpha:4}: {arrived(leave)}")

# %%
for epsilon in (0.01, 0.1):
    both = pg.NaturalActorCritic(epsilon=epsilon, critic_sweeps=1, critic_steps=0, **P)
    print(f"natural with a baseline, ε = {epsilon:4}: {arrived(both)}")

# %% [markdown]
# Read it honestly.
# - **Natural alone is not enough.** Some runs are thrown, by a noisy gradient that $G^{-1}$ made *larger*, into "always stay in i", and there they sit. $G^{-1}$ amplifies exactly the directions that are seldom seen, and seldom seen means noisy.
# - **With a baseline every size works**: a decade of ε, all or nearly all of the runs. The plain gradient with a baseline works too, *if* α is right; a factor of ten less, and nobody is there yet.
# - So here the gain is not speed at the best setting. It is that you **need not know** the best setting.

# %% [markdown]
# ## Back to the Ring of Fire
# In notebook 05 the natural gradient was one of the bets on this map, and it lost: 0 of 100. There the step was estimated from rollouts. You know now what it does: it makes up for states that are *rarely* seen. So give it everything. No samples: the exact
# advantage in every state, and the exact $G$. From S as ever, 20 steps.

# %%
bet = predict(
    "Exact natural gradient, start S, 20 steps of α = 0.1: which J? (The exit: 0.95. The best: 51.33.)",
    key="06-ring", low=0, high=52,
)  # fmt: skip
bet

# %%
ring = load_world("ring-of-fire")
fire = {"KL ≤ 0.01": Run(ReinforceNatural(epsilon=0.01), ring, runs=100, seed=5).advance(300)}

# %%
fire["KL ≤ 0.1"] = Run(ReinforceNatural(epsilon=0.1), ring, runs=100, seed=5).advance(300)

# %%
table, theta = pg.SoftmaxTable(), np.zeros((ring.n_states, ring.n_actions))
for _ in range(20):  # and without samples: the exact advantage in every state
    theta = theta + 0.1 * exact.softmax_natural_gradient(ring, table.table(theta), 0.95)
J = exact.expected_return(ring, table.table(theta), 0.95)

# %%
home = max(int(run.history[-1].reached["G"].sum()) for run in fire.values())
why = (f"20 of its steps: J = {J:.1f} from S. It divides by how often a state is visited, and exactly "
       f"that is never 0. From rollouts: {home} of 100. A state that no rollout saw is 0 divided by 0: "
       "no sample, no step. Rare and never are two things, and never takes resets.")  # fmt: skip
bet.reveal(round(float(J), 2), explain=why, show=outcomes(fire))

# %% [markdown]
# Whatever you bet: say in one sentence what the sampled natural step does in a state that *no rollout* of the batch has visited. Then compare.

# %% [markdown] tags=["instructor"]
# **Minutes 33 to 39.** The ring was lost in 05, by samples. What if there are none? Let the optimists speak first: "it divides by d, d is tiny, so the step is huge!" It is a fine argument, and in exact arithmetic it is right (d > 0 everywhere for a
# softmax). With samples, what was not visited has no row in G at all. Then the table of samples: natural without a baseline loses runs. Say "cures are not interchangeable" and leave the rest to 07.

# %% [markdown]
# ## Spot the bug
# The badly scaled bandit, same seeds, one line differs. The orange curves are the wrong ones.

# %%
spot_the_bug("times_fisher")

# %% [markdown] tags=["hints"]
# - nudge: Both go up. So the sign is right, and so are the data.
# - method: The right one is at the top quickly, although its feature is small. What made up for the small feature? What would make it worse?
# - almost code: Compare with `NormLab("scale", scale=0.05)`. If $G^{-1}$ multiplies the slow direction by $1/c^2$, what does $G$ do to it?

# %% [markdown]
# ## Your turn: a step you can trust
# Bold KL-sized steps, $\varepsilon=0.3$, in the two-state world. `accept` gets the proposed step and may shorten it. At the moment it takes whatever comes. Make it a line search: **halve the step until the real KL is at most ε and $J$ does not fall.** (You will find that the step you took was far larger than the one you ordered, and that $J$ rose all the same, even faster. With exact gradients that went well; with samples nobody would see such a leap coming.)


# %%
def accept(theta, step, epsilon):
    return step  # yours: shorten it until real_kl(theta, step) and J are fine


def real_kl(theta, step):
    pair = policy.table(theta), policy.table(theta + step)
    return exact.mean_divergence(*pair, exact.two_state_stationary(theta))


# %%
def climb(epsilon, theta=B, updates=3):
    for k in range(updates):
        g, G = exact.two_state_gradient(theta), np.diag(exact.two_state_fisher(theta))
        step = accept(theta, exact.kl_step(G, g, epsilon), epsilon)
        kl, theta = real_kl(theta, step), theta + step
        J = exact.two_state_average(theta)
        print(f"update {k + 1}: real KL {kl / epsilon:5.2f} ε, J = {J:.3f}")


# %%
climb(epsilon=0.3)

# %% [markdown] tags=["hints"]
# - nudge: Look for the line in which the real KL is far above 1 ε.
# - method: A `while` loop around one condition with `or`. $J$ is `exact.two_state_average`. Small steps along an ascent direction always pass, so the loop ends; stop after 30 halvings all the same, for the top.
# - almost code: `J = exact.two_state_average`, then `for _ in range(30):`, inside it `fine = real_kl(theta, step) <= epsilon and J(theta + step) >= J(theta)`, `if fine: break`, and then `step = step / 2`. At the end `return step`.

# %% [markdown]
# ## Corrections to the slides
# - *"$\min_{\Delta\theta}J$ … $\Delta\theta=-\nabla_\theta J$"*, "gradient **descent**": the steepest-descent slides minimise, the algorithm's slides *ascend* with $+\alpha$. Our $J$ is a return. We ascend: all signs are plus.
# - *"$\|\Delta\theta\|\le\epsilon\longrightarrow\Delta\theta=-\nabla J$"* gives the direction only, after $J$ has been linearised. The solution is $\epsilon\,g/\|g\|$. For $\Delta^\top G\Delta\le\epsilon$ it is $\sqrt{\epsilon/(g^\top G^{-1}g)}\;G^{-1}g$ (one ε is a length, the other its square), and
#   for $\mathrm{KL}\le\epsilon$ there is a 2 under the root.
# - *"$KL(\pi_{\theta+\Delta\theta}\|\pi_\theta)$"* is one number for each state. It must be averaged over the states that π visits. Which of the two comes first does not matter to second order.
# - *"$G(\theta)=\sum\dots$"*: a mean, or both sums: gradient and $G$ need the same scale. The actions come from $\pi_\theta$ and the states from $d^\pi$.
# - *"$\hat G^{-1}$"* does not exist for a softmax table. Pseudo-inverse, or damping, and damping costs the independence of how θ is written.
# - It is spelled **Fisher**, after Ronald Fisher.

# %% [markdown]
# ## Quick quiz

# %%
quiz(
    "You double every entry of G by mistake. What happens to a KL-sized step?", key="06-double",
    choices=["nothing", "same direction, shorter", "another direction"],
    answer="same direction, shorter",
    explain={"same direction, shorter": "G⁻¹g halves and g·G⁻¹g halves: the length falls by √2.",
             "nothing": "The direction survives. But the ellipse is smaller, and the step with it.",
             "another direction": "(2G)⁻¹g is half of G⁻¹g: parallel."},
)  # fmt: skip

# %%
quiz(
    "On the plateau the natural gradient is large because …", key="06-why",
    answer="the factor d(s) cancels",
    choices=["it uses second derivatives of J", "the factor d(s) cancels", "its α is larger"],
    explain={"the factor d(s) cancels": "g has d(s) p(1-p) in front, and so has G. Q is left.",
             "it uses second derivatives of J": "No: G is KL's curvature. J enters through g alone.",
             "its α is larger": "Same α in the lab. It goes to another place, not only further."},
)  # fmt: skip

# %%
quiz(
    "A state that was not visited in this batch. How does the KL constraint limit the policy there?",
    key="06-unseen", choices=["not at all", "strictly", "as everywhere"], answer="not at all",
    explain={"not at all": "It has weight 0 in the average. Shared parameters may change it anyhow.",
             "strictly": "The other way round: what is rarely seen may change a lot.",
             "as everywhere": "The average has the weights d(s), so no."},
)  # fmt: skip

# %% [markdown]
# ## Recap in 60 seconds

# %%
recap(60, [
    "The gradient is weighted by where the policy goes, and each step changes where it goes",
    "So what is rarely seen is hardly learned: a plateau, a million times too slow",
    "Steepest depends on the norm: for the ellipse dᵀGd the direction is G⁻¹g",
    "Measure steps by KL and G is the Fisher matrix; how θ is written no longer matters",
    "Damping gives that up in part, samples need a baseline, and the Ring of Fire needs resets",
])  # fmt: skip

# %% [markdown] tags=["instructor"]
# **Minutes 39 to 45.** Spot the bug: expected wrong answer "a step too small"; then ask which of the two features is learned at all (the large one, and that slowly; along the small one $G$ multiplies by about $c^2/4$). The line search takes four minutes; who is done early tries ε = 5. Corrections: put only the signs and
# the root on the board. Recap against the clock. Exit question: "which factor of the gradient did today's cure remove, and which one did yesterday's?" (d(s) when rare; d(s) when zero, by resets.)

# %% [markdown] tags=["glossary"]
# ## Glossary
# - distribution shift
# - plateau
# - steepest descent
# - KL divergence
# - Fisher information
# - natural gradient
# - trust region
# - damping
#
# **Next** Problem set 3 lets you write Fisher, steepest and natural steps. Notebook 07: the noise, and what to subtract from it.
