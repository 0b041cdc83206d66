# %% [markdown]
# # Problem set 3: steps that are small in the policy
#
# | | |
# |---|---|
# | **Points** | 35: exercises 25 (graded by checks), questions 10 (graded by a person) |
# | **Time** | about 110 minutes |
# | **Needs** | notebook 06 (and the score from 01, the occupancy from 05) |
#
# You will measure how far apart two policies are, turn that into a matrix, and use the matrix to take the best step
# of a given size: the natural gradient, damped, and as long as KL allows.
#
# **Rules**
# - Write between the signature and the end of each answer cell. Numpy is all you need; the functions
#   of `pgkit` that would *be* the answer are switched off inside the checks.
# - The checks compare your numbers with exact ones, not with our code. Loop or vectorise, solve as you like, in
#   float64 or float32, as arrays or lists. Warnings and progress bars cost nothing.
# - Each check shows what it sees and says what is wrong. Grading repeats it on other data **by the same
#   rules**; "Validate" runs the visible half only.
# - Parts are worth points on their own, and an exercise that you leave out costs only its own points.
#   A later answer may call an earlier one.
#
# | exercise | points | difficulty | importance | minutes |
# |---|---|---|---|---|
# | 1 How far apart are two policies? | 4 | ●○○ | ●●○ | 15 |
# | 2 The Fisher matrix | 5 | ●●○ | ●●● | 20 |
# | 3 The steepest step in any norm | 6 | ●●○ | ●●● | 20 |
# | 4 The natural step, damped | 5 | ●○○ | ●●● | 10 |
# | 5 A step sized by KL | 5 | ●●○ | ●●● | 15 |
# | 6 Two questions | 10 | ●●● | ●●● | 30 |
#
# **Symbols**
# - $\theta$: the $K$ parameters of the policy. $g=\nabla_\theta J$: the gradient of the return $J$, which we *ascend*.
# - $\Delta$: a step, $\theta\leftarrow\theta+\Delta$. (Notebook 06 writes $d$.)
# - $d^\pi(s)$: the part of its time that π spends in state $s$, its occupancy; in the code `occupancy`.
# - $F$: the Fisher matrix, $K\times K$. (The slide writes $G(\theta)$. Here $G$ is *any* matrix that says what a step costs.)
# - $\varepsilon$: how large a step may be, in KL from exercise 5 on. $\lambda\ge0$: the damping.

# %%
import numpy as np

from pgkit.check import check

# %% [markdown]
# ## 1 How far apart are two policies?
# *Difficulty ●○○, importance ●●○, 15 minutes, 4 points: one state 1, several states 2, zeros 1.*
#
# "Make small changes in the distribution." The change from π to π′ is measured by the KL divergence in each
# state, averaged over the states that the **old** policy visits:
#
# $$D(\pi,\pi')=\sum_s d^\pi(s)\;\mathrm{KL}\big(\pi(\cdot|s)\,\|\,\pi'(\cdot|s)\big),\qquad
# \mathrm{KL}(p\,\|\,q)=\sum_a p(a)\,\log\frac{p(a)}{q(a)} .$$
#
# The logarithm is the natural one. If episodes end, $d^\pi$ sums to less than 1: do not rescale it. Zeros need thought:
#
# - An action that π never takes, $\pi(a|s)=0$, adds nothing.
# - A state with $d^\pi(s)=0$ adds nothing, whatever happens in it.
# - If $\pi'(a|s)=0$ for an action that π does take, in a state that is visited, $D$ is **∞** (`np.inf`).
#
# *The check* allows an error of 0.0001 of $D$; ∞ must be ∞.

# %% tags=["answer:mean_kl"]
def mean_kl(occupancy, pi, pi_new):
    """KL divergence from π to π', averaged over the states that π visits.

    Parameters
    ----------
    occupancy : array [S], d^π(s) ≥ 0, sums to at most 1.
    pi : array [S, A], the old policy π(a|s).
    pi_new : array [S, A], the new policy π'(a|s).

    Returns
    -------
    a number ≥ 0, or infinity
    """
    ### BEGIN SOLUTION
    weight = occupancy[:, None] * pi
    counts = weight > 0
    if np.any(pi_new[counts] == 0):
        return np.inf
    return np.sum(weight[counts] * np.log(pi[counts] / pi_new[counts]))
    ### END SOLUTION
    raise NotImplementedError("mean_kl")

# %% [markdown] tags=["hints"]
# - nudge: Begin with one state and two actions, on paper: π = (½, ½), π′ = (¼, ¾). You should get 0.144.
# - method: Every pair $(s,a)$ has the weight $d^\pi(s)\,\pi(a|s)$, and adds weight times $\log(\pi/\pi')$. Pairs of weight 0 must be
#   left out *before* numpy sees their logarithm: $0\cdot\infty$ is nan.
# - almost code: `weight = occupancy[:, None] * pi`, `counts = weight > 0`. If any `pi_new[counts]` is 0, the answer is `np.inf`;
#   else the sum over `counts` of `weight` times the logarithm of the ratio.

# %% tags=["check:mean_kl:4"]
report = check("mean_kl", mean_kl)
### BEGIN HIDDEN TESTS
report += check("mean_kl", mean_kl, seed=29461)
### END HIDDEN TESTS
report.points(4)

# %% [markdown]
# ## 2 The Fisher matrix
# *Difficulty ●●○, importance ●●●, 20 minutes, 5 points: one state 2, several states 3.*
#
# The score $\psi(s,a)=\nabla_\theta\log\pi_\theta(a|s)$ says how $\log\pi$ answers to each of the $K$ parameters. For a small step Δ,
#
# $$D(\pi_\theta,\pi_{\theta+\Delta})\approx\tfrac12\,\Delta^\top F\,\Delta,\qquad
# F=\sum_s d^\pi(s)\sum_a\pi_\theta(a|s)\;\psi(s,a)\,\psi(s,a)^\top .$$
#
# $\psi\psi^\top$ is the outer product: the $K\times K$ matrix with the entries $\psi_k\psi_l$. Here the policy is known, so the mean over
# actions is a sum with exact probabilities; nothing is sampled. The result is symmetric, and $x^\top Fx\ge0$ for every $x$.
#
# *The check* allows an error of 0.0001 of the largest entry. The scores belong to π: their mean under π is 0 in every state.
# Some are those of a table, for which $F$ has no inverse.

# %% tags=["answer:fisher"]
def fisher(occupancy, pi, scores):
    """Fisher matrix of a policy.

    Parameters
    ----------
    occupancy : array [S], d^π(s); used as it is, also if it sums to less than 1.
    pi : array [S, A], π_θ(a|s).
    scores : array [S, A, K], scores[s, a] = ψ(s,a) = ∇_θ log π_θ(a|s).

    Returns
    -------
    array [K, K], F
    """
    ### BEGIN SOLUTION
    F = np.zeros((scores.shape[2], scores.shape[2]))
    for s in range(len(occupancy)):
        for a in range(pi.shape[1]):
            F += occupancy[s] * pi[s, a] * np.outer(scores[s, a], scores[s, a])
    return F
    ### END SOLUTION
    raise NotImplementedError("fisher")

# %% [markdown] tags=["hints"]
# - nudge: Suppose there is one state, one parameter and two actions. What number is $F$ then?
# - method: $F$ is a mean of outer products, with the weights $d^\pi(s)\,\pi(a|s)$. First the outer product, then the mean. The other way
#   round gives 0, for the mean of the scores is 0.
# - almost code: `F` of zeros, `K` by `K`. For each `s` and each `a` add `np.outer(scores[s, a], scores[s, a])`, multiplied by the two
#   weights. (In one line: `np.einsum` with `"s,sa,sak,sal->kl"`.)

# %% tags=["check:fisher:5"]
report = check("fisher", fisher)
### BEGIN HIDDEN TESTS
report += check("fisher", fisher, seed=65802)
### END HIDDEN TESTS
report.points(5)

# %% [markdown]
# ## 3 The steepest step in any norm
# *Difficulty ●●○, importance ●●●, 20 minutes, 6 points: direction 3, length 3.*
#
# For small steps $J(\theta+\Delta)\approx J(\theta)+g^\top\Delta$. Which step gains most, if all steps may cost equally much? Let
# the symmetric matrix $G$ say what a step costs, with $x^\top Gx>0$ for every $x\ne0$:
#
# $$\max_\Delta\; g^\top\Delta\qquad\text{subject to}\qquad\tfrac12\,\Delta^\top G\,\Delta\le\varepsilon .$$
#
# With $G=I$ this is a ball, and the answer is along $g$. In general it is along $G^{-1}g$. Find its length too:
# at the best step all of ε is spent. (Notebook 06 has $\Delta^\top G\Delta\le\delta$. Mind the ½: $\delta=2\varepsilon$.)
#
# *The check* judges direction and length apart. Direction: divided by its length, no entry of Δ may be off by more than 0.001 of the
# largest. Length: $\frac12\Delta^\top G\Delta$ within 1 % of ε, and $g^\top\Delta>0$. ε lies between 0.01 and 3; $g$ is never 0.

# %% tags=["answer:steepest_step"]
def steepest_step(G, g, epsilon):
    """The step of largest gain gᵀΔ among those with ½ΔᵀGΔ ≤ ε.

    Parameters
    ----------
    G : array [K, K], symmetric, xᵀGx > 0 for every x ≠ 0.
    g : array [K], the gradient of J, not 0.
    epsilon : ε > 0.

    Returns
    -------
    array [K], Δ
    """
    ### BEGIN SOLUTION
    direction = np.linalg.solve(G, g)
    return np.sqrt(2 * epsilon / (g @ direction)) * direction
    ### END SOLUTION
    raise NotImplementedError("steepest_step")

# %% [markdown] tags=["hints"]
# - nudge: Let $G$ be diagonal, with one large and one small entry. In which parameter would you take the larger part of the step?
# - method: With a multiplier ν, $g-\nu G\Delta=0$, so $\Delta=c\,n$ with $n=G^{-1}g$ and a number $c>0$. To get $n$, solve the linear
#   system $Gn=g$. To get the number, put $\Delta=c\,n$ into $\frac12\Delta^\top G\Delta=\varepsilon$. Note that $n^\top Gn=g^\top n$.
# - almost code: `n = np.linalg.solve(G, g)`. Then $c^2\cdot$ `(g @ n)` $=2\varepsilon$, and the step is `c * n`. Test it: `step @ G @ step / 2`
#   must print `epsilon`.

# %% tags=["check:steepest_step:6"]
report = check("steepest_step", steepest_step)
### BEGIN HIDDEN TESTS
report += check("steepest_step", steepest_step, seed=41273)
### END HIDDEN TESTS
report.points(6)

# %% [markdown]
# ## 4 The natural step, damped
# *Difficulty ●○○, importance ●●●, 10 minutes, 5 points: 2 for λ = 0, 2 for λ > 0, 1 for a singular F.*
#
# If the cost of a step is KL, then $G=F$, and the direction is the natural gradient $F^{-1}g$. But $F$ may have no inverse: two logits of
# a state can grow together without any effect on π. **Damping** adds a number $\lambda\ge0$ to the diagonal:
#
# $$n=(F+\lambda I)^{-1}\,g ,$$
#
# where $I$ is the identity matrix. Return $n$ as it is, not yet sized. At λ = 0 (only asked for when $F$ has an inverse) it is the
# natural gradient itself. With λ > 0 no pseudo-inverse is needed, also not for a singular $F$.
#
# *The check* allows an error of 0.001 of the largest entry. $g$ may be noisy: a part of it may lie along a direction $x$ with $Fx=0$.

# %% tags=["answer:natural_step"]
def natural_step(F, g, damping):
    """The damped natural gradient, not sized.

    Parameters
    ----------
    F : array [K, K], symmetric, xᵀFx ≥ 0; may be singular if damping > 0.
    g : array [K], the gradient of J.
    damping : λ ≥ 0.

    Returns
    -------
    array [K], n = (F + λI)⁻¹ g
    """
    ### BEGIN SOLUTION
    return np.linalg.solve(F + damping * np.eye(len(g)), g)
    ### END SOLUTION
    raise NotImplementedError("natural_step")

# %% [markdown] tags=["hints"]
# - nudge: What does numpy do when you write `F + 0.1`? Is that $F+0.1\,I$?
# - method: Do not compute the inverse. Look for the $n$ with $(F+\lambda I)\,n=g$: a linear system, for which numpy has a solver.
# - almost code: The matrix is `F + damping * np.eye(len(g))`. Give it and `g` to `np.linalg.solve`.

# %% tags=["check:natural_step:5"]
report = check("natural_step", natural_step)
### BEGIN HIDDEN TESTS
report += check("natural_step", natural_step, seed=93075)
### END HIDDEN TESTS
report.points(5)

# %% [markdown]
# ## 5 A step sized by KL
# *Difficulty ●●○, importance ●●●, 15 minutes, 5 points: 2 for the direction, 1.5 for the size at λ = 0, 1.5 for λ > 0.*
#
# Now a step that one can trust. Take the *direction* from exercise 4, $n=(F+\lambda I)^{-1}g$, and make it so long that the policy really
# changes by ε, to second order:
#
# $$\Delta=c\,n,\qquad c>0,\qquad \tfrac12\,\Delta^\top F\,\Delta=\varepsilon\approx D(\pi_\theta,\pi_{\theta+\Delta}).$$
#
# KL knows nothing of your damping: λ bends the direction, but the ruler is $F$ itself, **without** λ. For λ = 0 this is exercise 3 with
# $G=F$. For λ > 0 it is not.
#
# *The check* has a policy, moves it by your Δ, and measures the exact mean KL: it must lie within 2 % of ε. (Its ε are tiny, about
# 0.00001, because there the second order is exact to better than 1 %.) Also $g^\top\Delta>0$. The direction, divided by its length, may be off by
# 0.001 of its largest entry.

# %% tags=["answer:kl_step"]
def kl_step(F, g, epsilon, damping):
    """The damped natural step, so long that ½ΔᵀFΔ = ε.

    Parameters
    ----------
    F : array [K, K], Fisher matrix; may be singular if damping > 0.
    g : array [K], the gradient of J, not 0.
    epsilon : ε > 0, the mean KL to be reached.
    damping : λ ≥ 0, for the direction.

    Returns
    -------
    array [K], Δ
    """
    ### BEGIN SOLUTION
    n = natural_step(F, g, damping)
    return np.sqrt(2 * epsilon / (n @ F @ n)) * n
    ### END SOLUTION
    raise NotImplementedError("kl_step")

# %% [markdown] tags=["hints"]
# - nudge: If you double a step, what happens to $\frac12\Delta^\top F\Delta$?
# - method: Put $\Delta=c\,n$ into $\frac12\Delta^\top F\Delta=\varepsilon$ and solve for $c$. Do not replace $n^\top Fn$ by $g^\top n$ here: that
#   used $Fn=g$, and with damping it is $(F+\lambda I)\,n=g$.
# - almost code: `n = natural_step(F, g, damping)`, then the square root of `2 * epsilon / (n @ F @ n)`, times `n`.

# %% tags=["check:kl_step:5"]
report = check("kl_step", kl_step)
### BEGIN HIDDEN TESTS
report += check("kl_step", kl_step, seed=17738)
### END HIDDEN TESTS
report.points(5)

# %% [markdown]
# To see it at work, open a cell of your own. This is the two-state world of notebook 06 from start B, where the plain gradient
# needs about two million updates at α = 1 until $J=0.9\,J^*=1.8$. How many do you need? (The loop stops there: at the very top $g$ is 0, and a
# step of fixed size has nowhere to go.)
# ```python
# from pgkit import exact
# theta = np.array([np.log(0.775 / 0.225), -np.log(9)])
# for update in range(1, 31):
#     g, F = exact.two_state_gradient(theta), np.diag(exact.two_state_fisher(theta))
#     theta = theta + kl_step(F, g, epsilon=0.05, damping=0.0)
#     print(update, exact.two_state_average(theta))
#     if exact.two_state_average(theta) >= 1.8:
#         break
# ```

# %% [markdown]
# ## 6 Two questions
# *Difficulty ●●●, importance ●●●, 30 minutes, 5 points each. A few lines of formulas and a few sentences;
# a person reads them.*
#
# **6a.** The lecture constrains $\mathrm{KL}(\pi_{\theta+\Delta}\|\pi_\theta)$, exercise 1 measures $\mathrm{KL}(\pi_\theta\|\pi_{\theta+\Delta})$.
# Show, in one state, that both are $\frac12\Delta^\top F\Delta$ up to terms of third order in Δ, with the same $F$. Then say where they
# part: of which order is their difference, and what do the two do when the new policy gives an action (nearly) probability 0?

# %% [markdown] tags=["written:kl_directions:5"]
# **Model answer.** Move along a line, $p_t=\pi_{\theta+t\Delta}$, and let $u(a)=\frac{d}{dt}\log p_t(a)$ (at $t=0$: $u=\psi^\top\Delta$). So
# $\dot p_t=p_t\,u$, and $\sum_a\dot p_t=\sum_a\ddot p_t=0$.
#
# *Old to new.* $k(t)=\sum_ap_0(\log p_0-\log p_t)$ has $k(0)=0$, $\dot k(0)=-\sum_ap_0u=0$ (the score has mean 0), and
# $\ddot k(0)=-\sum_ap_0\,\dot u$. From $0=\sum_a\ddot p_t=\sum_ap_t(u^2+\dot u)$ follows $-\sum_ap_0\dot u=\sum_ap_0u^2=\Delta^\top F\Delta$.
#
# *New to old.* $m(t)=\sum_ap_t(\log p_t-\log p_0)$ has $m(0)=0$, $\dot m=\sum_a\dot p_t(\log p_t-\log p_0)+\sum_a\dot p_t$, which is 0 at
# $t=0$, and $\ddot m(0)=\sum_a\dot p_0\,u=\sum_ap_0u^2$: the same.
#
# Both are 0 with slope 0 and curvature $\Delta^\top F\Delta$, so both are $\frac12\Delta^\top F\Delta+O(\|\Delta\|^3)$.
#
# *Where they part.* Their difference is of **third** order. (Exactly: new to old minus old to new is
# $\frac16\,\mathbb E_\pi[(\psi^\top\Delta)^3]+O(\|\Delta\|^4)$, the skewness of the score. For a coin with π = ½ it vanishes, and they agree even
# better.) For large steps they differ in kind. If the new policy gives an action of the old one probability 0, then
# $\mathrm{KL}(\pi_\theta\|\pi_{\theta+\Delta})=\infty$: that direction forbids giving up an action. $\mathrm{KL}(\pi_{\theta+\Delta}\|\pi_\theta)$ stays
# finite, the term is $0\log0=0$: it forbids only what the old policy excludes, and lets the new one collapse onto a part of the old. (A softmax
# never reaches 0, but the first grows like $-\pi(a)\log\pi'(a)$ without bound.)
#
# **Rubric (5).** 1: first derivative 0, with the reason (mean score 0, or KL has its minimum there). 1: curvature of one direction, with
# $-\mathbb E[\nabla^2\log\pi]=\mathbb E[\psi\psi^\top]$ or an equal argument. 1: the same for the other direction. 1: difference of third order.
# 1: ∞ in one direction, finite in the other, the right way round. Other proofs are as good (expand both in $p'-p$: each is
# $\frac12\sum(p'-p)^2/p$ to second order). Common wrong answers: "KL is nearly symmetric because it is a distance" (0: it is what is to be
# shown); "because F is symmetric" (0: every Hessian is).

# %% [markdown]
# **6b.** A colleague writes the same policies with other parameters $\theta'$, where $\theta=M\theta'$ with an invertible matrix $M$, and
# damps with the same λ. Let $F$ have an inverse. Show that for λ = 0 both of you change the policy in the same way, and that for λ > 0 you do not. For which $M$ do you
# agree all the same? Then say what damping buys for this price: what does it do along an eigenvector of $F$ with eigenvalue $f$,
# and when is that worth having?

# %% [markdown] tags=["written:damping_cost:5"]
# **Model answer.** By the chain rule $\psi'=M^\top\psi$, so $g'=M^\top g$ and $F'=M^\top FM$. The colleague's step, in my parameters, is
# $$M(F'+\lambda I)^{-1}g'=M(M^\top FM+\lambda I)^{-1}M^\top g=\big(F+\lambda\,(MM^\top)^{-1}\big)^{-1}g ,$$
# since $M^\top FM+\lambda I=M^\top\big(F+\lambda M^{-\top}M^{-1}\big)M$. For λ = 0 this is $F^{-1}g$, my step, whatever $M$ is: the same θ, so the same policy.
# For λ > 0 mine has $I$ where the colleague's has $(MM^\top)^{-1}$. They agree for every $g$ and $F$ only if $MM^\top=I$, when $M$ is a
# rotation or a reflection. "Small" is measured partly in θ again, and θ has units.
#
# *What it buys.* Along an eigenvector of $F$ with eigenvalue $f$ the part of $g$ is multiplied by $\frac1{f+\lambda}$. Where $f\gg\lambda$ that is the natural
# step. Where $f\ll\lambda$ it is $\frac1\lambda$, the plain gradient with step size $\frac1\lambda$; never more, so a step has at most the length
# $\|g\|/\lambda$. (λ→∞: $g/\lambda$ everywhere.) It is worth it
# 1. when $F$ is singular, $f=0$: then $F^{-1}$ does not exist (a softmax table; features that say the same thing twice);
# 2. when $F$ and $g$ come from samples: small eigenvalues are then mostly noise, or directions not seen in this batch, and $1/f$ would blow the
#    noise in $g$ up;
# 3. when the quadratic picture fails: where $f$ is small a step is long, and $\mathrm{KL}\approx\frac12\Delta^\top F\Delta$ no longer holds out there.
#
# A pseudo-inverse also deals with $f=0$ but not with small noisy $f$.
#
# **Rubric (5).** 1: $F'=M^\top FM$ and $g'=M^\top g$. 1: cancellation for λ = 0. 1: no cancellation for λ > 0, with the term $\lambda(MM^\top)^{-1}$ or a
# numerical counterexample, and agreement for $MM^\top=I$. 1: factor $1/(f+\lambda)$ with both limits. 1: one good reason (singular, noisy, or beyond
# the quadratic range). Common wrong answers: "damping makes the step smaller" without more (0 of the last two: a smaller α does that
# too); "they agree if $M$ is diagonal" (wrong: a diagonal $M$ is a change of units, and units are what damping sees).
