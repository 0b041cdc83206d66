# %% [markdown]
# # 11 · From policy gradient to policy search: AWR
#
# > *V ← argmin, π ← argmax.* Two supervised regressions, and no gradient of $J$ in sight. (the lecture's Algorithm 1)
#
# **After this you can**
# 1. say AWR's loop in two regressions, and why its weights are never negative;
# 2. say what β does at both ends, and read an effective sample size;
# 3. derive $\exp(A/\beta)$ from a KL penalty, and find the natural gradient in it;
# 4. point at every algorithm of this lecture as one setting of three knobs.
#
# **Time** 45 minutes · **Needs** notebooks 02 (weighted classification), 06 (KL, natural gradient), 07 (V as baseline) · **Lecture**
# *Advantage-Weighted Regression, Algorithm 1*, and the whole lecture once more

# %%
import numpy as np

from pgkit import AWR, Run, exact, expert, load_world, sweet_spot
from pgkit.figures import bands, curves
from pgkit.widgets import BetaLab, LoopLab, RunLab, quiz, recap, slide, spot_the_bug
from pgkit.widgets.predict import predict

# %% [markdown]
# ## Play first
# The closed Ring of Fire of notebook 05: fire two cells thick, and one may walk through it for 10 a cell. Rollouts start where the best policy goes. Press **Play**. Then pause it, and drag **β**.

# %%
lab = RunLab(
    "awr", "ring-of-fire-closed", ["grid", "curve", "weights"], runs=32, reset="expert",
    title="AWR in the closed ring", controls=["beta", "clip"],
    presets={"sweet": {"beta": 1.0}, "hot": {"beta": 20.0},
             "cold, no clip": {"beta": 0.05, "clip": 0.0}},
)  # fmt: skip
lab

# %% [markdown]
# - **The histogram** shows what each sample of the next update counts. The line: how many samples have that weight. The blue bars: where the weight is. **ESS** is how many *equally* weighted samples would be as good.
# - **β small**: few samples have everything. **β large**: all count the same, and the policy goes on doing what it did. Press **Restart** with β = 20 and nothing is learned.
# - Look at the pace. After 40 iterations the map is solved. There is no step size α in this lab. Who decides how far a step goes?

# %% [markdown] tags=["instructor"]
# **Minutes 0 to 5.** Play at β = 1, pause at about 10, drag β slowly from end to end and say nothing but "watch the bars". Then Restart at 20. Somebody will ask where α went: that is the question of the chapter,
# leave it open. Expected and wrong: "β is a learning rate". It does play its part (below, 1/β is the α of a natural step), but it changes *who counts*, not how far one walks towards them.

# %% [markdown]
# ## Two regressions
# All algorithms so far have asked: in which direction does $J$ grow? AWR does not ask. It collects what was done, sees what went better than expected, and *imitates that*. In one sentence: **behaviour cloning of one's own better moments.**

# %%
slide("awr", run=lab.run)

# %% [markdown]
# **Line 4. $\mathcal D$ grows.** New trajectories $\tau_i$ are *added*. Old ones stay, here those of the last 5 iterations. So $\mathcal D$ is made by a mixture of policies, and the one of now is only one of them. REINFORCE must throw its data away. AWR need not, and pays for it: what it learns is relative to the mixture.
#
# **Line 5. First regression.** $R$ is the *return* from $(s,a)$ on, our $\hat Q$, not the reward. It is a number that was observed:
#
# $$V^{\mathcal D}=\arg\min_V\;\mathbb E_{(s,a)\sim\mathcal D}\big[(R-V(s))^2\big].$$
#
# The minimum is the mean return in $s$, of *all* policies that are in $\mathcal D$.
#
# **Line 6. Second regression.** With $A=R-V^{\mathcal D}(s)$ and a temperature $\beta>0$,
#
# $$\pi_{k+1}=\arg\max_\pi\;\mathbb E_{(s,a)\sim\mathcal D}\Big[\log\pi(a|s)\;\underbrace{\exp\!\big(A/\beta\big)}_{w(s,a)\,>\,0}\Big].$$
#
# You know this one. It is notebook 02, **weighted classification**: input $s$, label $a$, weight $w$. There a fixed batch with a negative weight had no minimum, and all the mass ran to the arm that nobody had tried. An exponential
# is never negative. So here one may go to the end, the argmax, and then sample again.
#
# **Is it the same?** Two actions, each tried once, with returns 3 and 1. Weighted classification gave $\pi(a_1)=R_1/(R_1+R_2)$. AWR puts $\exp(A/\beta)$ in the place of $R$:

# %%
R, beta = np.array([3.0, 1.0]), 1.0
weight = np.exp((R - R.mean()) / beta)
print("weighted classification", exact.classified(R).round(3))
print("AWR                    ", exact.classified(weight).round(3))
R = R + 100
print("AWR, returns + 100     ", exact.classified(np.exp((R - R.mean()) / beta)).round(3))

# %% [markdown]
# And what was a nuisance there is gone: add 100 to every return, and $V$ takes it away.
#
# In the lab the policy is a table, and the argmax has a closed form: $\pi(a|s)$ is the share of the weight in $s$ that lies on $a$ (plus a pseudo-count of ¼ for each action, so that nothing dies out). With a network it is some hundred gradient steps on the cross-entropy. That is all there is to implement.

# %% [markdown] tags=["instructor"]
# **Minutes 5 to 13.** Slow motion by hand. For each line: what is the input, what the target, what the loss? Students should notice that they have seen both regressions (05 to 07, and 02). Ask: "why may REINFORCE not do the argmax?" (its weights are negative, and its data
# are only right for the policy of now). Ask: "whose value is V?" Expected and wrong: "that of π_k". It is the mixture's.

# %% [markdown]
# ## One knob: β
# Take away everything but β. A bandit with ten arms, 200 pulls of arms chosen at random, given once. Arm $k$ pays $k/9$ on average, with noise of 0.3. So the data are worth 0.5, and the best is 1. The policy is fitted to the 200 pulls, each weighted by $\exp(A/\beta)$. First commit yourself, three times.

# %%
hot = predict("β = 100, no clip. J of the fitted policy? (the data have .5, the best arm 1)",
              key="11-hot", low=0, high=1)  # fmt: skip
hot

# %%
cold = predict("β = 0.01, no clip. How many of the 200 pulls count (effectively)?",
               key="11-cold", low=1, high=200, unit="pulls")  # fmt: skip
cold

# %%
clipped = predict("β = 0.01, but no weight may be larger than 20. How many pulls count now?",
                  key="11-clipped", low=1, high=200, unit="pulls")  # fmt: skip
clipped

# %%
beta_lab = BetaLab(beta=1.0)
beta_lab

# %%
hot.reveal(round(BetaLab(beta=100).expected_return, 2),
           explain="All weights are near 1: behaviour cloning. It does what the data did.")  # fmt: skip

# %%
cold.reveal(round(BetaLab(beta=0.01).effective),
            explain="Winner takes all: the luckiest pull decides for its arm.")  # fmt: skip

# %%
clipped.reveal(round(BetaLab(beta=0.01, clip=20).effective),
               explain="All pulls above V hit the clip: it clones the better half.")  # fmt: skip

# %% [markdown]
# - **β → ∞: behaviour cloning.** $\exp(A/\beta)\to1$. Good or bad, it is imitated. The policy is the data's own.
# - **β → 0: winner takes all.** The largest return has all the weight. One pull of 200 decides, and whatever luck was in it.
# - **β → 0 with a clip: cloning the better half.** Everything that is above $V$ has weight $w_{\max}$, everything below nearly none. A rather sober algorithm.
#
# How many samples count? The **effective sample size** of weights $w_i$ is
#
# $$\mathrm{ESS}=\frac{\big(\sum_iw_i\big)^2}{\sum_iw_i^2}.$$
#
# Equal weights: $n$. One weight alone: 1. If advantages are normal with mean 0 and standard deviation 1, then $\mathbb E\,w=e^{1/2\beta^2}$ and $\mathbb E\,w^2=e^{2/\beta^2}$, so that $\mathrm{ESS}/n\to e^{-1/\beta^2}$:

# %%
A = np.random.default_rng(0).standard_normal(100_000)
for beta in (1, 3, 10):
    share = exact.effective_sample_size(np.exp(A / beta)) / A.size
    print(f"β = {beta:2}: ESS/n {share:.3f}, theory {exact.gaussian_sample_share(beta):.3f}")

# %% [markdown]
# So with β = 1 you use a third of your data. With β = 0.3 it would be one sample in 67 thousand. That is bias against variance once more: a small β is greedy, and greedy on few samples.
#
# Look at the lab's lower curve, mean $J$ over a thousand data sets. Without a clip, and with the same noise on every arm, it only falls: the luckiest pull is nearly always one of a good arm. No sweet spot. **Set the clip to 20**, and it has one, at β = 0.2. Sweet spots are not a law. They come from what else is in the way.

# %% [markdown] tags=["instructor"]
# **Minutes 13 to 21.** Collect the three bets on the board before anybody opens the lab. Typical: hot 0.7 ("some better"), cold 20, clipped 5. The third is the good one: nearly everybody says "fewer or as many as before". Let them see that the clip makes *equal* weights out of all good samples.
# Then ESS on the board: 4 samples with weights 1, 1, 1, 1 and with 1, 0, 0, 0 and with 1, 1, 0, 0. Watch for: "small β is always better". It is, in this bandit. The next two sections take that away.

# %% [markdown]
# ## Where the exponential comes from
# Why exp, and not another positive function? Ask for the policy with the largest advantage that stays *near the data*. Near is measured in KL, as in notebook 06. Write $\mu$ for the policy that made the data (the paper's letter; elsewhere in this course μ is where rollouts start). In each state
#
# $$\max_\pi\;\sum_a\pi(a)\,A(a)\;-\;\beta\,\mathrm{KL}(\pi\,\|\,\mu),\qquad\sum_a\pi(a)=1 .$$
#
# A Lagrange multiplier ν for the sum, and the derivative for $\pi(a)$: $A(a)-\beta\big(\log\tfrac{\pi(a)}{\mu(a)}+1\big)-\nu=0$. Solve for $\pi$, and let the normalisation $Z$ take up what does not depend on $a$:
#
# $$\boxed{\;\pi^*(a)=\frac{\mu(a)\,\exp(A(a)/\beta)}{Z},\qquad Z=\sum_a\mu(a)\,e^{A(a)/\beta}\;}\qquad\text{with the value }\;\beta\log Z.$$
#
# Now find the member of your policy class that is nearest to $\pi^*$. Minimise $\mathbb E_s\,\mathrm{KL}(\pi^*\|\pi)$: what depends on π is $-\mathbb E_s\sum_a\pi^*(a)\log\pi(a)$, that is, $-\mathbb E_{a\sim\mu}[e^{A/\beta}\log\pi(a)]/Z$. Drop the $Z$, which depends on $s$ alone, and there is line 6. (The paper drops it. In a table nothing happens, since each state is fitted by itself.
# In a network that is torn between states, it does: states with a large $Z$ count more.)
#
# Three claims, each checked: it has the value $\beta\log Z$; nothing beats it; the weighted regression finds the same.

# %%
rng = np.random.default_rng(1)
mu, A, beta = rng.dirichlet(np.ones(4)), rng.normal(size=4), 0.7
best = exact.awr_policy(mu, A, beta)
value = exact.regularised_value(best, mu, A, beta)
others = exact.regularised_value(rng.dirichlet(np.ones(4), 100_000), mu, A, beta)

# %%
print(f"value {value:.6f}, β log Z {exact.awr_value(mu, A, beta):.6f}")
print(f"best of 100000 random policies {others.max():.6f}")
fit = exact.classified(mu * np.exp(A / beta))
print(f"the regression is off by {np.abs(fit - best).max():.0e}")

# %% [markdown]
# ### The natural gradient, found again
# Let the data come from a table of logits, $\mu=\mathrm{softmax}(\theta)$. Multiplying $e^{\theta_a}$ by $e^{A_a/\beta}$ is adding in the exponent:
#
# $$\pi^*=\mathrm{softmax}\big(\theta+\tfrac1\beta A\big).$$
#
# And $A$ is an old acquaintance. Notebook 06 had it for two actions: $G^{-1}\nabla_\theta J$ was $Q(\text{stay})-Q(\text{switch})$. On a table, in a state $s$, the gradient of $J$ is $\frac{d(s)}{1-\gamma}\,\pi(a)A(a)$, and the block of $G$ is
# $d(s)\,(\mathrm{diag}\,\pi-\pi\pi^\top)$. Since $\sum_a\pi A=0$, that block times $A$ is $d(s)\,\pi(a)A(a)$. So $G^{-1}\nabla_\theta J=\frac1{1-\gamma}A$, up to a constant in each state, which does not matter. Hence **AWR's ideal step is a natural step, with α = 1/β.** Not to first order: exactly. On the Ring, from a random policy, in all states at once:

# %%
ring = load_world("ring-of-fire")
theta = rng.normal(size=(ring.n_states, 4))
pi = exact.soft_policy(theta, 1.0)
V, Q = exact.values(ring, pi, 0.95)
A = Q - V[:, None]
step = exact.softmax_natural_gradient(ring, pi, 0.95) * (1 - 0.95)

# %%
awr, natural = exact.awr_policy(pi, A, 2.0), exact.soft_policy(theta + step / 2.0, 1.0)
here = ring.startable
print(f"AWR and the natural step differ by {np.abs(awr - natural)[here].max():.0e}")
for beta in (400, 800, 1600):
    kl = exact.divergence(exact.awr_policy(pi, A, beta), pi)[here]
    near = (pi * A**2).sum(axis=1)[here] / (2 * beta**2)
    print(f"β = {beta}: mean KL {kl.mean():.2e}, Var(A)/2β² {near.mean():.2e}")

# %% [markdown]
# So it was KL that decided how far a step goes, as in notebook 06. There a *constraint* KL ≤ ε set the length. Here a *penalty* β does, and how far one goes depends on what there is to gain: $\mathrm{KL}\approx\mathrm{Var}(A)/2\beta^2$. Twice the β, a quarter of the KL. No Fisher matrix is inverted. Supervised learning does it.

# %% [markdown] tags=["instructor"]
# **Minutes 21 to 29.** The Lagrangian on the board, four lines. Stop at the box: "where have you seen μ exp(·)/Z?" (Boltzmann; Bayes with a likelihood; the soft policy of notebook 10 is the one with μ uniform). Then softmax(θ + A/β) without a word; wait for somebody to see α = 1/β. The common objection: "then why not take the natural gradient?" Because A is not known: AWR estimates
# from data that are not its own policy's, with weights that stay positive, and needs no matrix. KL direction: the penalty is KL(π‖μ), the projection KL(π*‖π); do not let it pass.

# %% [markdown]
# ## Two betas
# The advantages of a world with returns of 100 are larger than those of one with returns of 1. One β cannot fit both. The authors' program therefore *standardises*: $\tilde A=(A-\bar A)/\sigma$ over all of $\mathcal D$, and clips the weights at 20. Neither is in Algorithm 1. Then
#
# $$\exp\!\big(\tilde A/\beta\big)\propto\exp\!\big(A/(\beta\,\sigma)\big):\qquad\beta_{\text{raw}}=\beta\cdot\sigma .$$
#
# The number that you find in a paper and the one that you find in a program may both be called β and be different things. First the identity, in the β lab's bandit: dividing $A$ by σ, or multiplying β by it. Then σ in the ring, early and late:

# %%
raw, scaled = BetaLab(beta=0.5), BetaLab(beta=0.5, scale="standardised")
sigma = np.std(raw.scene["returns"])
raw.beta = 0.5 * sigma
print(f"σ = {sigma:.2f}; weights differ by {np.abs(raw.weight - scaled.weight).max():.0e}")

# %%
run = Run(AWR(beta=1.0), lab.world, mu=expert(lab.world, 0.95), runs=24, seed=2)
for iteration in (1, 10, 40):
    D = run.advance(iteration - run.iteration).preview()[1].D
    A = D.q_hat - run.algorithm.critic.value(run.state.phi, D.s, D.t)
    sigma = np.mean([a[live].std() for a, live in zip(A, D.live, strict=True)])
    print(f"iteration {iteration:2}: σ = {sigma:4.1f}, so β = 1 on A/σ is β = {sigma:.1f} on A")

# %% [markdown]
# While the policy learns, the returns of a state become alike, and σ shrinks. A fixed β on $\tilde A$ is therefore a β on $A$ that cools down by itself.
#
# ## A sweet spot
# How sharp is the choice of β? The closed ring, 40 iterations of 64 rollouts, standardised advantages, clip 20. A hundred runs for each of nine β and three starts. That is 27 × 5 seconds, so it was measured once and is kept in `pgkit.sweet_spot`; `sweet_spot.measure("expert", 1.0)` runs any point again.

# %%
rows = {start: [n for n, _ in row] for start, row in sweet_spot.MEASURED.items()}
print("β       ", *(f"{beta:5g}" for beta in sweet_spot.BETAS))
for start, counts in rows.items():
    print(f"{start:8}", *(f"{n:5}" for n in counts))
curves({start: (sweet_spot.BETAS, counts) for start, counts in rows.items()},
       x="β, of standardised advantages", y="of 100 runs, at +100", log_x=True)  # fmt: skip

# %% [markdown]
# With resets: a plateau from 0.2 to 2, then a cliff. At 5 hardly a run gets there, at 20 none: that is behaviour cloning of a beginner. To the left it fades slowly. β = 1 is in the middle of the good part, and that is why it is the default. Live, 24 runs for each of three:


# %%
def climb(beta, seed=3):
    run = Run(AWR(beta=beta), lab.world, mu=expert(lab.world, 0.95), runs=24, seed=seed)
    for _ in range(10):
        run.advance(4)
    return [s.iteration for s in run.history], np.array([s.expected_return for s in run.history])


# %%
bands({f"β = {beta:g}": climb(beta) for beta in (0.05, 1.0, 5.0)},
      x="iteration", y="J from S", best=48.69)  # fmt: skip

# %% [markdown]
# Now the row *nominal*. In notebook 05 REINFORCE hardly ever left this ring from the nominal start. AWR with β = 2 leaves it in 71 of 100 runs. Nobody told it about resets. Why?

# %% [markdown] tags=["instructor"]
# **Minutes 29 to 35.** Before the table: "draw the curve of successes over β in the air". Most draw a hump, and that is right, but ask how wide it is: a factor of ten. Then the nominal row. Let them guess for a minute. Half will say "replay" (it makes no difference, the next section tries it), hardly anybody "because it likes luck". That leads to the trap.
# Numbers of the table have an error of up to ±10 (binomial, 100 runs): do not read 98 against 100.

# %% [markdown]
# ## The trap: AWR loves risk
# Two arms. One pays 1, for sure. The other pays 0.8 *on average*, with a standard deviation of 1. Which one does AWR prefer?

# %%
risk = predict("Safe: 1. Risky: 0.8 ± 1 (normal). Below which β does AWR prefer the risky arm?",
               key="11-risk", low=0, high=10)  # fmt: skip
risk

# %% [markdown]
# The regression sees returns, not their means. An arm's weight is $\mathbb E[\exp(R/\beta)]$, and for $R\sim\mathcal N(m,s^2)$
#
# $$\log\mathbb E\big[e^{R/\beta}\big]=\frac m\beta+\frac{s^2}{2\beta^2}.$$
#
# The spread counts *for* the arm. Risky has the larger weight as soon as $\frac{0.8}\beta+\frac1{2\beta^2}>\frac1\beta$, that is, $\beta<\frac{s^2}{2\,(1-0.8)}$:

# %%
for beta in (1, 2, 2.5, 3):
    ratio = np.exp(exact.gaussian_log_weight(0.8, 1, beta) - 1 / beta)
    print(f"β = {beta}: risky / safe {ratio:.3f}")
risk.reveal(round(1 / (2 * (1 - 0.8)), 2), explain="β < s²/(2·(m_safe - m_risky)) = 1/0.4.")

# %%
BetaLab(beta=1.0, task="safe or risky")

# %% [markdown]
# The derivation did not see this: it had $A(s,a)$, a mean. The program has $R-V(s)$, one draw. By Jensen's inequality the mean of an exponential is larger than the exponential of a mean, and the more so the wilder the draw is.
#
# How bad can it get? Make the *worst* of ten arms wild (spread 1.5), and look at J for a small β. Then for β = 1. Then set the clip.

# %%
wild = {clip: BetaLab(task="a wild arm", clip=clip).scene["mean"] for clip in (0, 20)}
ladder = BetaLab().scene["ladder"]
print(f"no clip: β = 0.01 {wild[0][0]:.3f}, β = 1 {wild[0][20]:.3f}, best {max(wild[0]):.3f}")
print(f"clip 20: β = 0.01 {wild[20][0]:.3f}, β = 1 {wild[20][20]:.3f}, best {max(wild[20]):.3f}")
curves({"no clip": (ladder[::4], wild[0][::4]), "clip 20": (ladder[::4], wild[20][::4])},
       x="β", y="mean J", log_x=True)  # fmt: skip

# %% [markdown]
# Without the clip a small β chooses the *worst* arm, and is far worse than pulling at random (0.5). The clip says: a jackpot counts as 20, no matter how large. It does not make AWR wise, but it takes away most of its love of luck.
#
# Back to the row *nominal* of the table. One rollout in many stumbles through two rows of fire onto +100. To AWR that is a jackpot, and counts up to 20 times as much as a mediocre step. Is this what gets it out? Or is it that $\mathcal D$ keeps old data? Take away one at a time, from the nominal start with β = 1:


# %%
def out(**changes):
    run = Run(AWR(beta=1.0, **changes), lab.world, runs=24, seed=5).advance(40)
    return int(run.history[-1].reached["G"].sum())


print(f"as it is: {out()} of 24 runs at +100")
print(f"without old data (replay 1): {out(replay=1)} of 24")
print(f"no sample counts more than twice (clip 2): {out(clip=2.0)} of 24")

# %% [markdown]
# It is the jackpots. Risk-seeking is a vice where the luck is noise in the rewards. It is a virtue where the luck can be repeated, and nobody else would have noticed it.

# %% [markdown] tags=["instructor"]
# **Minutes 35 to 40.** The bet: most say 0.1 or 0.5, few above 1. Derive m/β + s²/2β² by completing the square if they have not seen it. The sentence to leave them with: "a critic averages luck away, a return does not". So what would cure it? Using Q(s,a) learned by TD in place of R, which averages first (λ < 1 goes half of the way).
# Expected and wrong: "the clip makes it unbiased".

# %% [markdown]
# ## Spot the bug
# Century again, where every rollout returns around 507. Twelve lines of AWR, one of them written carelessly.

# %%
spot_the_bug("no_value")

# %% [markdown] tags=["hints"]
# - nudge: What do the weights look like if all runs neither rise nor fall, but drift?
# - method: Returns here are 500 and more, and β is 1. Compute one weight by hand, then a second one.
# - almost code: $\exp(507/1)$ and $\exp(512/1)$, and the clip is 20. What should have been subtracted in the line that makes `adv`?

# %% [markdown]
# ## Your turn: a bandit with one wild arm
# Somebody has left these settings. Mean $J$ over the thousand data sets is below 0.1. Bring it above 0.69. Say before each change what will happen to the ESS.

# %%
mine = {"beta": 0.05, "clip": 0}

# %%
trial = BetaLab(task="a wild arm", **mine)
J = np.interp(np.log(trial.beta), np.log(trial.scene["ladder"]), trial.scene["mean"])
print(f"yours: mean J {J:.3f}, ESS {trial.effective:.0f} of 200")
trial

# %% [markdown] tags=["hints"]
# - nudge: Which pulls have all the weight now? Look at the largest dots.
# - method: No β alone is enough: without a clip the best is 0.55. First limit what a single pull can count.
# - almost code: `mine = {"beta": ..., "clip": 20}`, with β somewhere between 0.07 and 0.2.

# %% [markdown]
# ## The map: one loop, three knobs
# Ten algorithms were on the slides. Here they are once more, all of them, and there is only one. It rolls out, it weighs, it steps, and it begins again:
#
# | knob | it asks | it was turned in |
# |---|---|---|
# | **start** | where do rollouts begin? | 05 |
# | **weight** | how much does each (s, a) count? | 01, 02, 03, 07, 08, 09, 10, 11 |
# | **norm** | what is a small step? | 06, 09, 11 |
#
# Click a box. Solid boxes are on a slide of the lecture, dashed ones on none. On the right is the slide, and marked in it is what differs from REINFORCE, in the colour of the knob that did it. Below, 24 runs of it learn, now, from the beginning, in the closed ring.

# %%
map_lab = LoopLab()
map_lab

# %% [markdown]
# **Fill the map** trains every box for the start that is chosen. The four bars in a box are what has been measured so far: the share of runs at +100, for each start.
#
# It is the same code for every box. This is one iteration, with the three knobs in capitals:

# %%
from pgkit import ActorCritic, Reinforce
from pgkit.bugs import source_of
from pgkit.one_loop import OneLoop

print(source_of(OneLoop))

# %% [markdown]
# Is that really actor-critic, or AWR? A test holds the solid boxes against the algorithms' own files: the same θ, to the last digit. Here for three:


# %%
def theta(algorithm):
    return Run(algorithm, ring, runs=4, seed=1, engine="text").advance(5).state.theta


# %%
for name, own, loop in (
    ("REINFORCE", Reinforce(), OneLoop()),
    ("actor-critic", ActorCritic(), OneLoop(weight="delta")),
    ("AWR", AWR(episodes=16), OneLoop(weight="exp", norm="solve")),
):  # fmt: skip
    print(f"{name:13} differs from its setting by {np.abs(theta(own) - theta(loop)).max():.0e}")

# %% [markdown]
# Some walks through the map:
# - **One knob at a time.** Begin at REINFORCE, start nominal. Turn only the weight, then only the norm, then only the start. Which one gets nearly every run out of the local optimum? (One weight does, too. It has somebody to ask.) A natural step gets about half of them out, since in this ring one can stumble onto +100. In the open ring of notebook 05 it got none.
# - **The row r**, from any start. Nothing gets to +100. Why? What is the reward of a step that is not the last one?
# - **The column argmax.** Weights that may be negative have no maximum there, so what is negative counts 0. Look at what the boxes are called then. Several papers live in them.
# - **AWR, and drag β** to 100. Which algorithm does it become? (It has no box on the map. You know its name from this notebook.)
# - **AWR, natural** is on no slide. Try it from *uniform*, and compare it with AWR.
# - **Now start it from *nominal*.** Most runs get out, and nobody has reset anything. Which two knobs did it take, and which of them loves luck?
# - **Paint** a μ on the grid, choose *painted*, and find the smallest one with which REINFORCE gets out.
#
# Nobody needs to learn ten algorithms. When you meet the eleventh in a paper, ask three questions: where does it start, what does it weigh with, in which norm does it step? Then you know its box, and mostly its nightmare.

# %% [markdown] tags=["instructor"]
# **Minutes 40 to 45.** This is the last picture of the lecture; give it the whole screen. Let students call out a start, a weight and a norm, and the others say what it is called *before* you click. Then press Fill the map and talk over it: the rows r and 1 first (nothing and everything), then column by column.
# In the worksheet version each student brings one box that is on no slide, and defends it. Expected and wrong: "the more to the right, the better". The argmax needs data enough in every state; with few rollouts it is the noisiest column. If somebody asks where Monte Carlo and TD are: they turn the weight's V, λ is their slider.

# %% [markdown]
# ## Corrections to the slides
# - *Algorithm 1 writes $\mathcal R$*: it is the **return** from $(s,a)$ on, not the reward.
# - *"$V^{\mathcal D}$"*: $\mathcal D$ holds several policies, so this is the value of their **mixture**, not of $\pi_k$. There are **no importance weights**: the step is away from the mixture, not from $\pi_k$.
# - *No clip, no standardisation* in Algorithm 1. The authors' program has both, and its β acts on standardised advantages.
# - *Line 6 uses $\mathcal R$, not its mean*: AWR is **risk-seeking** in returns.
# - *"argmax"* with a network is some gradient steps, and the answer depends on how many.
#
# ## Quick quiz

# %%
quiz(
    "You multiply all rewards by 10 and keep β. Advantages are not standardised. It is as if …",
    key="11-scale", answer="β were 10 times smaller",
    choices=["nothing had happened", "β were 10 times smaller", "α were 10 times larger"],
    explain={"nothing had happened": "True with standardised advantages. Here A/β grows by 10.",
             "β were 10 times smaller": "exp(10 A/β) = exp(A/(β/10)): greedier, fewer samples count.",
             "α were 10 times larger": "True for REINFORCE. AWR has no α on a table."},
)  # fmt: skip

# %%
quiz(
    "A table, one state, no clip, no pseudo-count: you forget V, use exp(R/β). What changes?",
    key="11-novalue",
    choices=["nothing", "β has to be larger", "the weights may be negative"], answer="nothing",
    explain={"nothing": "exp(-V/β) is one factor for all samples of the state: it cancels.",
             "β has to be larger": "A clip, pseudo-counts, shared parameters need V. Not this.",
             "the weights may be negative": "An exponential never is."},
)  # fmt: skip

# %%
quiz(
    "On a batch that stays, Σ Â log π may have no maximum. Line 6 always has one. Why?",
    key="11-why", answer="its weights are positive",
    choices=["it corrects with importance weights", "its weights are positive", "its V is exact"],
    explain={"it corrects with importance weights": "There are none in it. Look at line 6 once more.",
             "its weights are positive": "log π ≤ 0, times nothing negative: bounded, near the data.",
             "its V is exact": "V is the mixture's mean. Nothing exact about it."},
)  # fmt: skip

# %% [markdown]
# ## Recap in 60 seconds

# %%
recap(60, [
    "Two regressions: V to the returns, π to the actions, weighted by exp(A/β)",
    "D grows: it is a mixture of policies, and there are no importance weights",
    "β large: behaviour cloning. β small: winner takes all, or with a clip the better half",
    "The exponential is the best step under a KL penalty: a natural step with α = 1/β",
    "It sees returns, not their means: it loves risk, and the clip holds it back",
    "Every algorithm of the lecture: one loop, a start, a weight, a norm",
])  # fmt: skip

# %% [markdown] tags=["glossary"]
# ## Glossary
# - behaviour cloning
# - behaviour policy
# - AWR weights
# - AWR temperature
# - effective sample size
#
# **Next** Notebook 12: your own problem, your own start, weight and norm.
