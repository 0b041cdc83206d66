# %% [markdown]
# # 08 · Monte Carlo and temporal difference
#
# > *If we are estimating values ... can we bring back MC and TD?* (the lecture)
#
# **After this you can**
# 1. write down both updates, and say what each waits for and what it believes;
# 2. say for every cell of the lecture's table *of what* it is true, and when;
# 3. tell what the two make of the same few data, and why TD's answer is that of a model;
# 4. make TD diverge on purpose, and name the three things it takes.
#
# **Time** 45 minutes · **Needs** notebook 03 (returns), 07 ($V$, and fitting it) · **Lecture** *If we are estimating values ... can we
# bring back MC and TD?*

# %%
import numpy as np

from pgkit import MonteCarlo, Reinforce, Run, TemporalDifference, exact, load_world
from pgkit.figures import bands
from pgkit.widgets import BatchLab, TriadLab, WalkLab, quiz, recap, slide, spot_the_bug
from pgkit.widgets.predict import predict
from pgkit.worlds.predictors import AB, RANDOM_WALK_TRUTH, A, B, baird_sweep, batch, w_to_2w

# %% [markdown]
# ## Play first
# Five states in a row, A to E. Start in C. Each step goes left or right, by the toss of a coin. Leaving on the right pays 1, everything else pays nothing. Nobody decides anything here. The only question is:
# **what is each state worth?** The chance to get out on the right: $V^\pi=\frac16,\frac26,\frac36,\frac46,\frac56$.
#
# We do not know that. We guess ½ everywhere, and watch. The first walk goes C B A B A, and out on the left. Temporal difference learns after every *step*: it moves the value of the
# state it leaves towards that of the state it comes to (out on the left: towards 0).

# %%
moved = predict("First guess ½ everywhere; the walk C B A B A, out. Which values has TD changed?",
                key="08-first", choices=["only A", "A and B", "A, B and C", "only C"])  # fmt: skip
moved

# %% [markdown]
# Commit. Then press **Next episode** once, look at the blue discs, and press **Play**.

# %%
lab = WalkLab(episode=0)
lab

# %% [markdown]
# - **On the left** one run: $V$ after this episode, Monte Carlo in red, TD in blue, the truth in green. **On the right** how wrong $V$ is, over 200 runs that saw the same walks.
# - **The table** is the lecture's. Each cell is measured, now, with your settings. Click a cell to see *what* is measured.
# - Turn the two α while you look at the right-hand curve. Then set the first guess to 0 and play again.
#
# Two things to find. Which α makes Monte Carlo best after 25 episodes, and which TD? And where does a larger α stop helping?

# %%
before, after = WalkLab().values("TD")[:2, 0]  # V(A..E) of run 1, as the lab began
changed = " and ".join(np.array(list("ABCDE"))[after != before])
told = f"C and B moved towards ½, which they had. Only the step out of {changed} brought news."
moved.reveal("only A" if changed == "A" else changed, explain=told)

# %% [markdown] tags=["instructor"]
# **Minutes 0 to 7.** Do the first walk on the board, step by step, and let the room say "changes" or "does not change". Common wrong answers: "A, B and C" (that is Monte Carlo) and "A and B" ("B leads to A, and
# A is worth less now": but B was left *before* A had changed). Then press Next episode four times. Wanted: "news travels backwards, one state a visit". Only then Play. Leave the table for later; somebody
# will click it anyway. If they ask why TD's curve goes up again after its best: α is constant, section "Convergence". The two things to find: 0.04 for Monte Carlo, about 0.12 for TD.

# %% [markdown]
# ## Two targets
# Notebook 07 fitted $V_\phi$ to whole returns, in a batch. Both updates of the slide do it one number at a time, and both have the same form: move $V$ a little towards a **target**.
#
# $$V(s_t)\leftarrow V(s_t)+\alpha\,\big(\,\text{target}-V(s_t)\,\big)$$
#
# | | target | has to wait for |
# |---|---|---|
# | **Monte Carlo** | $G_t=r_t+\gamma r_{t+1}+\gamma^2r_{t+2}+\dots$, the return that was seen | the end of the episode |
# | **temporal difference** | $r_t+\gamma\,V(s_{t+1})$, one reward, and the rest is *believed* | one step |
#
# Where do they come from? From the same sentence, read twice. $V^\pi(s)$ is the mean of $G_t$ after $s_t=s$. And since $G_t=r_t+\gamma\,G_{t+1}$, it is also the mean of $r_t+\gamma V^\pi(s_{t+1})$, which is Bellman's
# equation. Monte Carlo samples the first mean. TD samples the second, and puts in its own $V$ for the $V^\pi$ that it does not have. To use a guess in the target of another guess is called **bootstrapping**. The bracket,
# $\delta_t=r_t+\gamma V(s_{t+1})-V(s_t)$, is the **TD error**.
#
# In the code they differ in the target:

# %%
learner = Run(MonteCarlo(alpha=0.1, initial=0.5), load_world("random-walk"), runs=16)
slide("monte_carlo", run=learner)

# %%
walk = load_world("random-walk")
slide("temporal_difference", previous="monte_carlo",
      run=Run(TemporalDifference(alpha=0.1, initial=0.5), walk, runs=16))  # fmt: skip

# %% [markdown]
# (The code draws a whole episode and then goes through it. TD would not need to: no line looks further ahead than $s'$. So TD also learns where episodes never end.)
#
# The slide claims six things about these two lines, one in each cell of its table. It says of none of them *of what* it is true. Let us measure.

# %% [markdown] tags=["instructor"]
# **Minutes 7 to 13.** Write the target form first and let students fill in both targets. Ask: "which of the two could you run on a robot that never stops?" Then the one sentence read twice; it is worth a minute of silence. On the TD
# slide click the line `target =`, then `V[run, s] +=`. Ask what the `0.0` in `np.where` is for (after the end nothing follows); it is the bug of this notebook's gallery, and of notebook 09.

# %% [markdown]
# ## Bias
# Take the **target** first. How far is it off *on average*?
#
# Monte Carlo: $\mathbb E[G_t\,|\,s_t=s]=V^\pi(s)$. That is the definition. **Zero bias**, whatever $V$ is.
#
# TD: let $V$ be wrong by $e(s)=V(s)-V^\pi(s)$. By Bellman's equation
#
# $$\mathbb E\big[r_t+\gamma V(s_{t+1})\,\big|\,s_t=s\big]-V^\pi(s)=\gamma\,\mathbb E\big[e(s_{t+1})\,\big|\,s_t=s\big].$$
#
# **As wrong as the next state's value, times γ.** It can have bias, while $V$ is wrong. It has none when $V=V^\pi$. Four thousand walks, with $V=\frac12$ everywhere:

# %%
seen = Run(MonteCarlo(horizon=100), walk, runs=4000, seed=1).preview()[1].D
V = np.where(walk.terminal, 0.0, 0.5)
targets = {"Monte Carlo": seen.q_hat, "TD": seen.r + V[seen.s_next]}
for name, target in targets.items():
    at = [target[seen.live & (seen.s == s)] for s in range(1, 6)]
    print(f"{name:12} mean    ", "  ".join(f"{x.mean():.3f}" for x in at))
    print(f"{name:12} variance", "  ".join(f"{x.var():.3f}" for x in at))

# %% [markdown]
# The truth is 0.167, 0.333, 0.500, 0.667, 0.833. Monte Carlo has it, up to noise. TD's targets in B, C and D are ½, which is what $V$ says anyway. Only at the two ends a bit of the world comes in.
#
# But the target is not the estimate. We want to know whether **$V$** has a bias:

# %%
further = predict("Now V₀ = 0, and α = 0.05 for both, 100 episodes. Whose V is further off, "
                  "on average over 200 runs?", key="08-bias",
                  choices=["Monte Carlo's", "TD's", "both alike"])  # fmt: skip
further

# %%
low = WalkLab(alpha_mc=0.05, alpha_td=0.05, initial=0.0, episode=100)
for m, name in {"MC": "Monte Carlo", "TD": "TD"}.items():
    square, variance = low.bias(m, "V") ** 2, low.variance(m, "V")
    print(f"{name:12} bias² of V {square:.4f}   variance of V {variance:.4f}")
off = {m: low.bias(m, "V") for m in ("MC", "TD")}
told = f"Off by {off['TD']:.2f} (TD), {off['MC']:.2f} (Monte Carlo). TD still knows of the 0."
further.reveal("TD's" if off["TD"] > 2 * off["MC"] else "both alike", explain=told)

# %% [markdown]
# So far the table is right, and more right than it says. But go back with the slider. In the same setting, after *one* episode, **both** estimates are off by about ½: an estimate starts at $V_0$, and after $n$ updates towards independent targets
# $(1-\alpha)^n$ of that first guess is still in it. *Zero bias* is true of Monte Carlo's **target**. Its $V$ is biased, too, until the first guess is forgotten. It forgets sooner, since its news need not travel.

# %%
for k in (1, 10, 100):
    low.episode = k
    mc, td = (low.bias(m, "V") for m in ("MC", "TD"))
    print(f"after {k:3} episodes V is off by {mc:.3f} (MC), {td:.3f} (TD)")

# %% [markdown] tags=["instructor"]
# **Minutes 13 to 20.** Vote on the bet, then click *Can have bias* in the lab and drag the episode from 0 to 100: the arrows shrink as V gets right. Question: "in which states is TD's target unbiased from the very first
# step?" (C at V = ½: its neighbours are wrong by opposite amounts.) Expected and wrong: "MC has no bias, so V has none". Ask for V after zero episodes. If somebody objects that a mean over a random number of visits is itself a little
# biased: right, every-visit Monte Carlo has that, it vanishes with the data.

# %% [markdown]
# ## Variance
# Click *High variance*, then *Low variance*. Monte Carlo's targets are 0 or 1, and nothing between. TD's are the values of the two neighbours.
#
# Where does the noise of a return come from? From every step that is still to come. For $V=V^\pi$ this can be said exactly. $G_t=r_t+\gamma G_{t+1}$, and given $s_{t+1}$ the mean of $G_{t+1}$ is $V^\pi(s_{t+1})$. The
# variance of a sum of "mean, given the next state" and "the rest" splits:
#
# $$\operatorname{Var}(G_t|s)=\underbrace{\operatorname{Var}\big(r_t+\gamma V^\pi(s_{t+1})\,\big|\,s\big)}_{\text{TD's target: one step}}+\gamma^2\,\mathbb E\big[\underbrace{\operatorname{Var}(G_{t+1}|s_{t+1})}_{\text{all the later ones}}\,\big|\,s\big].$$
#
# The second term is never negative: **with $V=V^\pi$, TD's variance is never larger**. With another $V$ there is no such promise, since a wild $V$ makes a wild target. And in a world without chance both are 0.
#
# In a row of $n$ states, $V^\pi$ in the middle is ½, and a neighbour is $\frac1{n+1}$ away:

# %%
print("variance of the target, in the middle")
for n in (5, 19, 99):
    mc, td = 0.5 * (1 - 0.5), (1 / (n + 1)) ** 2  # G is 0 or 1; V(s') is ½ ± 1/(n+1)
    print(f"{n:2} states: {mc:.4f} (Monte Carlo), {td:.4f} (TD): {mc / td:.0f} times")
print(f"visits until the mean of G is known to ±0.01: {mc / 0.01**2:.0f}")

# %% [markdown]
# The longer the road, the more noise Monte Carlo collects on the way. To know *one* value to ±0.01 (one standard deviation of the mean) it needs 2500 visits. That is the lecture's *heat death of the universe*: not that it would not converge, but when.
#
# ## Convergence
# *Always convergence.* Look at the lab's cell: the error falls, and then it stays. With a **constant** α, $V$ goes on jumping at every target, for ever. To converge, α must fall; not too fast, or it stops before it is there:
# $\sum_n\alpha_n=\infty$ and $\sum_n\alpha_n^2<\infty$, such as $\alpha_n=1/n$, the plain mean. Then, with a **table** in which every state comes again and again, *both* methods converge to $V^\pi$.
#
# Which α is best? It depends on when you look. The error over 200 runs, from $V_0=\frac12$:

# %%
at = [1, 10, 25, 50, 100]
print("mean error after  ", "".join(f"{k:8}" for k in at), "  episodes")
for m, alphas in {"MC": (0.01, 0.02, 0.03, 0.04), "TD": (0.05, 0.1, 0.15)}.items():
    for alpha in alphas:
        errors = WalkLab(alpha_mc=alpha, alpha_td=alpha).errors(m).mean(axis=1)
        print(f"{m}, α = {alpha:4}      ", "".join(f"{errors[k]:8.3f}" for k in at))

# %%
runs = {
    "constant α": WalkLab(alpha_mc=0.03, alpha_td=0.1),
    "falling α": WalkLab(alpha_mc=0.1, alpha_td=0.3, falling=True),
}  # α · 10/(10 + k)
bands({f"{name}, {how}": (range(101), each.errors(m)) for how, each in runs.items()
       for m, name in {"TD": "TD", "MC": "Monte Carlo"}.items()},
      x="episodes", y="error of V")  # fmt: skip

# %% [markdown]
# From the tenth episode on TD is ahead, each of its α against each of Monte Carlo's. It can take larger steps at the same noise, since its targets have less. That is the trade: a bias that fades, against a variance that stays. The sixth claim is for later. First, what do the
# two *learn* from data that are few and fixed?

# %% [markdown] tags=["instructor"]
# **Minutes 20 to 27.** The variance formula on the board, as "mean given the next state, plus the rest". Ask why the mixed term vanishes. Then the lab: *High variance* against *Low variance* needs no words. The heat death: let them
# estimate the number of visits first; typical answers lie around 100. On convergence let them find in the lab: α_TD = 0.5. What happens? (Best after four episodes, then worse again.) Then "falling α".

# %% [markdown]
# ## The same data, twice
# You are the predictor. Somebody hands you eight episodes of a world with two states. Each is written as state, reward, state, reward.
#
# | | | | |
# |---|---|---|---|
# | A 0, B 0 | B 1 | B 1 | B 1 |
# | B 1 | B 1 | B 1 | B 0 |
#
# $V(B)$ is $\frac68$, everybody agrees. And $V(A)$? Both methods may go through these eight episodes as often as they like, until nothing changes any more.

# %%
after_a = predict("Batch TD goes through the eight episodes for ever, γ = 1. Where does V(A) end?",
                  key="08-ab", low=0, high=1)  # fmt: skip
after_a

# %%
V = {"Monte Carlo": np.zeros(3), "TD": np.zeros(3)}
s, r, s_next, live, last = (x[0] for x in (AB.s, AB.r, AB.s_next, AB.live, AB.terminated))
G = np.cumsum(r[:, ::-1], axis=1)[:, ::-1]  # what was still to come
for _ in range(2000):
    for name, target in {"Monte Carlo": G, "TD": r + np.where(last, 0, V["TD"][s_next])}.items():
        np.add.at(V[name], s[live], 0.01 * (target - V[name][s])[live])

# %%
for name, fixed_point in {"Monte Carlo": exact.batch_monte_carlo, "TD": exact.batch_td}.items():
    solved = fixed_point(AB, 3, 1.0)[0]
    print(f"{name:12} V(A) = {V[name][A]:.4f}, V(B) = {V[name][B]:.4f};  "
          f"solved at once: {solved[A]:.4f}, {solved[B]:.4f}")  # fmt: skip
told = "Monte Carlo says 0: the one time it saw A, nothing came. TD says: A led to B, and B is worth ¾."
after_a.reveal(round(float(V["TD"][A]), 3), explain=told)

# %% [markdown]
# Same data, two answers, and neither is a mistake. They answer different questions.
#
# - **Monte Carlo** ends at the mean of the returns that were seen. No table has a smaller sum of squares *on these data*. (It is the fit of notebook 07.)
# - **TD** ends where the TD errors of each state sum to 0. Write that down: $V(s)=\hat r(s)+\gamma\sum_{s'}\hat P(s'|s)V(s')$, with the mean reward $\hat r$ and the frequencies $\hat P$ that were *counted*. So TD ends at the true
#   values of the world that looks most like the data: A always goes to B; B pays 1 in six of eight cases. It never writes this model down, and comes to its answer all the same. That is called **certainty equivalence**.
#
# Change the data, one episode at a time. When do they agree about A? Can you make Monte Carlo say 1 and TD nearly 0?

# %%
BatchLab()

# %% [markdown]
# Whose guess about the *next* episode from A is the better bet? If the state says all there is to know (the world is Markov), TD's: it uses the seven visits of B that had nothing to do with A. In the random walk, both with all they can get out of $N$ episodes:


# %%
def errors_of(fixed_point, tau):
    V = fixed_point(tau, walk.n_states, 1.0, initial=0.5)[:, walk.startable]  # ½ where unseen
    return np.sqrt(((V - RANDOM_WALK_TRUTH) ** 2).mean(axis=1))


# %%
for N in (5, 25, 100):
    data = Run(Reinforce(gamma=1.0, episodes=N, horizon=100), walk, runs=200, seed=3).preview()[1]
    mc, td = (errors_of(f, data.tau) for f in (exact.batch_monte_carlo, exact.batch_td))
    print(f"{N:3} episodes: error {mc.mean():.3f} (MC), {td.mean():.3f} (TD); "
          f"TD nearer in {100 * (td < mc).mean():.0f} % of 200 data sets")  # fmt: skip

# %% [markdown]
# No α, nothing to tune, and no first guess (but for a state that was never seen): TD makes more of the same data. If the state hides something, it is the other way round. Suppose B *after A* were another place, which only looks like B. Then Monte Carlo is right, and TD's model is wrong for ever.

# %% [markdown] tags=["instructor"]
# **Minutes 27 to 33.** Do not let anybody compute: "what would *you* say, V(A)?" Half of the room says ¾ at once, and cannot say why; a few say 0. Let them argue. Wanted: "it depends on whether B is the same B when you come from A". That is the Markov property, in
# a student's words. The bet is on TD's answer only, so that there is one. In the lab add episodes A 0, B 0 one by one: Monte Carlo stays at 0, TD comes down slowly; ask why (B is visited, too).

# %% [markdown]
# ## May not converge
# Until now each state had its own number. Let two states share one: with **features** $x(s)$ and weights $w$, $V_w(s)=x(s)\cdot w$. TD moves $w$ along $x(s)$:
#
# $$w\leftarrow w+\alpha\,\big(r+\gamma V_w(s')-V_w(s)\big)\,x(s).$$
#
# It looks like a gradient step on a squared error. It is none: the target moves with $w$, too, and we do not differentiate through it.
#
# The smallest example there is. Two states with the features 1 and 2, so $V=w$ and $2w$. From the first one goes to the second, $r=0$. And we update **only the first** state. Put in the numbers:
#
# $$w\leftarrow w+\alpha\,(0+\gamma\cdot2w-w)\cdot1=\big(1+\alpha(2\gamma-1)\big)\,w .$$

# %%
border = predict("w starts at 1, α = 0.1. From which γ on does w grow without bound?",
                 key="08-gamma", low=0, high=1)  # fmt: skip
border

# %%
grid = np.linspace(0, 1, 1001)
first = grid[np.array([w_to_2w(0.1, gamma) for gamma in grid]) > 1 + 1e-12][0]
after = {gamma: w_to_2w(0.1, gamma) ** 100 for gamma in (0.4, 0.5, 0.6, 0.99)}
told = "; ".join(f"γ = {gamma}: w = {w:.2f}" for gamma, w in after.items())
told = f"The factor is above 1 for γ > ½. After 100 updates, {told}."
border.reveal(round(float(first), 2), explain=told)

# %% [markdown]
# The update lifts $V$ of the first state towards that of the second. But they share $w$, so the second is lifted *twice as much*. The target runs away, faster than it is followed. A smaller α does not help: the factor is above 1 for every α. It only takes longer. Press **Play**.

# %%
triad = TriadLab()
triad

# %% [markdown]
# Three switches. Turn one at a time, and play again.
# 1. **The target.** Monte Carlo's does not contain $w$. Nothing to run after.
# 2. **The values.** In a table nothing is shared. The second state is never updated, so its value stays what it was, and the first one comes to rest at γ times that. Wrong, but at rest.
# 3. **The data.** Drag *off-policy* to 0. Now each state is updated as often as it is visited: the second state leads to itself and ends with probability 0.1, so it gets ten updates for one of the first. Each pulls $w$ down.
#
# Only all three together make it grow: bootstrapping, function approximation, off-policy data. That is the **deadly triad**. Choose **Baird** for the classical example: seven states, eight weights, so many that every value can be said exactly.

# %%
grows, own = baird_sweep(0.01, 0.99), baird_sweep(0.01, 0.99, np.array([6 / 7, 1 / 7]))
for name, sweep in {"off-policy": grows, "on-policy": own}.items():
    radius = np.abs(np.linalg.eigvals(sweep)).max()
    print(f"Baird, {name:10}: a sweep multiplies w by up to {radius:.6f}")
w = np.linalg.matrix_power(grows, 1000) @ [1, 1, 1, 1, 1, 1, 10, 1]
print(f"off-policy, after 1000 sweeps: w1..6 = {w[0]:.1f}, w7 = {w[6]:.1f}, w8 = {w[7]:.1f}")

# %% [markdown]
# A quarter of a percent an update, with expected updates, without any noise, in a world where nothing is ever paid and $w=0$ is right. (On-policy the factor is 1, not less, since one direction of the eight weights changes no value, and stays where it is.)
#
# ## The correction
# The slide says *May not converge if using function approximation*. So it takes more than that. And the usual case, the one of the next notebook, is safe:
#
# > **Linear TD on the states that the policy itself visits converges** (for a small or falling α; Tsitsiklis and Van Roy 1997).
#
# **Why.** Let $d$ be the share of the time that is spent in each state, $P$ the transitions under π, and $D$ the diagonal matrix of $d$. The mean update is $w\leftarrow w+\alpha(Aw+b)$ with $A=X^\top D(\gamma P-I)X$. Measure values by
# $\|v\|_d^2=\sum_sd(s)\,v(s)^2$. One step of the policy does not make a value longer, since on-policy $d$ stays $d$ after a step, $\sum_sd(s)P(s'|s)=d(s')$:
#
# $$\begin{aligned}
# \|Pv\|_d^2=\sum_sd(s)\Big(\sum_{s'}P(s'|s)\,v(s')\Big)^2&\le\sum_sd(s)\sum_{s'}P(s'|s)\,v(s')^2&&\text{(the square of a mean)}\\
# &=\sum_{s'}d(s')\,v(s')^2=\|v\|_d^2&&\text{(}d\text{ stays)}
# \end{aligned}$$
#
# So with $v=Xw$, by Cauchy and Schwarz, $w^\top Aw=\gamma\,v^\top DPv-\|v\|_d^2\le(\gamma-1)\,\|v\|_d^2<0$: every mean update pulls $w$ towards its fixed point. The second line is where *off-policy* breaks it. With another $d$, one step may
# lead to where values count more. In the small example it leads to the state with twice the feature.

# %%
random_ones = predict("1000 random chains, 6 states, 3 random features, on-policy, γ = 0.99. "
                      "How many diverge?", key="08-own", low=0, high=1000, unit="chains")  # fmt: skip
random_ones

# %%
rng, diverged = np.random.default_rng(0), {"on-policy": 0, "off-policy": 0}
for _ in range(1000):
    P, x = rng.dirichlet(np.full(6, 0.1), size=6), rng.normal(size=(6, 3))
    own = np.linalg.matrix_power(0.01 * np.eye(6) + 0.99 * P, 5000)[0]  # d P = d
    for name, d in {"on-policy": own, "off-policy": rng.dirichlet(np.full(6, 0.1))}.items():
        A_mean = exact.linear_td(x, P, d, gamma=0.99)
        diverged[name] += np.linalg.eigvals(A_mean).real.max() > 1e-9

# %%
told = f"With states in other shares than the policy visits them, {diverged['off-policy']} do."
random_ones.reveal(diverged["on-policy"], explain=told)

# %% [markdown]
# Two things remain true. The fixed point is not the $V_w$ nearest to $V^\pi$: TD solves its own equation, with a bias that stays (the distance in $\|\cdot\|_d$ is at most $1/\sqrt{1-\gamma^2}$ times the smallest possible). And with a **network** in place of the features the
# proof is gone. There TD may diverge even on-policy. It mostly does not, and nobody can promise.

# %% [markdown] tags=["instructor"]
# **Minutes 33 to 40.** The factor on the board, let them find ½. Then the lab on the projector: Play, and let the axis explode; then each switch alone, votes before each. Common wrong answer at switch 2: "a table cannot help, the second state is still not updated". Right, and its value
# is wrong for ever; it does not *grow*. Drag off-policy slowly down: the factor crosses 1 at about a quarter. The proof needs two minutes; the one word to underline is *stays*. For the fast: where in Baird is the state that is
# updated too seldom? (The seventh: it is visited one time in seven, and the policy that is evaluated is always there.)

# %% [markdown]
# ## Spot the bug
# TD in the random walk, 48 runs of the shipped code and 48 with one line less careful. The curve is the error of $V$, so lower is better. What happened?

# %%
spot_the_bug("masked_reward")

# %% [markdown] tags=["hints"]
# - nudge: The wrong curve goes *up*, and stops. So $V$ goes somewhere, and stays there. Where?
# - method: The error of which constant table is 0.55? Try $V=0$ everywhere, and $V=1$: the root mean square of $\frac16,\dots,\frac56$ and of $\frac56,\dots,\frac16$. It cannot tell you which of them, but the story can.
# - almost code: This world pays in the last step and nowhere else. In which line does the last step differ from all others?

# %% [markdown]
# ## The table again
# Now with what it is about, and when.
#
# | | Monte Carlo | temporal difference |
# |---|---|---|
# | **bias** | zero: of the *target*, if episodes run to their end. $V$ itself keeps some of $V_0$ for a while | of the target: as wrong as $V(s')$, times γ. Fades with a table, a part stays with features |
# | **variance** | high: the noise of all steps to the end | low: the noise of one step, if $V$ is not wild |
# | **convergence** | always, with falling α. With constant α it stays near, and jumps | with a table, or linear and on-policy: as well. The deadly triad: may diverge |
#
# **Think about it.** Which column would you take when an episode has five steps? When it has five thousand? When the state is what a camera sees? Notebook 09 takes a mixture, and calls the slider λ. You will write down the conditions yourself in problem set 4.
#
# ## Your turn: data that divide them
# Write a batch of episodes of A and B for which **Monte Carlo says $V(A)=1$ and TD says $V(A)=\frac12$**. Three or four episodes are enough. Here is one to start from.

# %%
mine = batch(
    [(A, 0.0), (B, 0.0)],
    [(B, 1.0)],
    [(B, 0.0)],
)  # fmt: skip

# %%
mc, td = (f(mine, 3, 1.0)[0, A] for f in (exact.batch_monte_carlo, exact.batch_td))
print(f"yours: V(A) = {mc:.3f} (Monte Carlo), {td:.3f} (TD)")

# %% [markdown] tags=["hints"]
# - nudge: Monte Carlo only looks at the episodes that *begin* in A (or come through it). What must have happened in all of them?
# - method: Every time after A, the episode paid 1. TD believes $V(B)$ for what comes after A. So the other visits of B must pull $V(B)$ down to ½.
# - almost code: `[(A, 0.0), (B, 1.0)]`, and then as many episodes `[(B, 0.0)]` as it takes until half of all visits of B paid.

# %% [markdown]
# Then: a batch from which both say the same about A, although A leads to B. And one in which TD is right and Monte Carlo wrong, if B is really worth ½.

# %% [markdown] tags=["instructor"]
# **Minutes 40 to 45.** The exercise is for pairs, three minutes. First solution: one episode A 0, B 1 and one B 0. Who has it looks for the shortest batch in which V(A) is 0 for Monte Carlo and as near to 1 as possible for TD. Recap, one sentence each for five students.

# %% [markdown]
# ## Corrections to the slides
# - *"$V(s)\leftarrow V(s)+\alpha(c+\gamma V(s')-V(s))$"*: $c$ is a **cost**, everything else in the lecture is a **reward**. We write $r$. With a cost, $V$ is what is to be *paid*, small is good, and the advantage changes its sign.
# - *$V(s')$ after the end* is 0. The slide does not say so, and the table of a terminal state must not be asked. (Notebook 09 loses nearly every run to that.)
# - *"Zero bias"*: of the target $G_t$. With a constant α, $V$ keeps the bias of its first guess for a while.
# - *"Low variance"*: with a sensible $V$. It is a theorem for $V=V^\pi$ only.
# - *"Always convergence"*: with an α that falls as it should. With a constant α neither of the two ever comes to rest.
# - *"May not converge if using function approximation"*: **linear on-policy TD converges.** It takes bootstrapping *and* function approximation *and* states from elsewhere; or a network, for which nothing is promised.

# %% [markdown]
# ## Quick quiz

# %%
quiz(
    "Every episode of a world has exactly one step. How do the two targets differ?", key="08-one-step",
    choices=["TD's has less variance", "not at all", "TD's has a bias"], answer="not at all",
    explain={"TD's has less variance": "The noise of one step is all the noise there is.",
             "not at all": "After the step nothing follows: both targets are r.",
             "TD's has a bias": "After a termination TD believes nothing: V = 0 is known."},
)  # fmt: skip

# %%
quiz(
    "Monte Carlo, α = 0.1, a hundred thousand episodes. Where is V?", key="08-constant",
    choices=["at the true value", "near it, jumping", "at the first guess"], answer="near it, jumping",
    explain={"at the true value": "The last target still moves V by a tenth of its surprise.",
             "near it, jumping": "Each target has noise, and a tenth of it gets into V, for ever.",
             "at the first guess": "Of that, 0.9 to the number of visits is left: nothing."},
)  # fmt: skip

# %%
quiz(
    "w → 2w, γ = 0.99, only the first state is updated. Which change makes w come to rest at 0?",
    key="08-triad", choices=["α = 0.001", "γ = 0.9", "update both states as they are visited"],
    answer="update both states as they are visited",
    explain={"α = 0.001": "1 + α (2γ - 1) is above 1 for every α.",
             "γ = 0.9": "Above ½ all the same: it grows a little more slowly.",
             "update both states as they are visited": "On-policy. The second state pulls w down."},
)  # fmt: skip

# %% [markdown]
# ## Recap in 60 seconds

# %%
recap(60, [
    "Both move V towards a target: the whole return, or one reward and what V says of the rest",
    "Monte Carlo's target: no bias, and all the noise. TD's: as wrong as V, and one step's noise",
    "On fixed data Monte Carlo fits the returns, TD solves the world that was counted",
    "To converge α must fall; with a constant α both stay near and go on jumping",
    "Linear on-policy TD converges. Bootstrapping, shared weights and off-policy data may not",
])  # fmt: skip

# %% [markdown] tags=["glossary"]
# ## Glossary
# - Monte Carlo
# - TD error
# - bootstrapping
# - certainty equivalence
# - off-policy
# - deadly triad
#
# **Next** Notebook 09: an actor that learns from such a $V$ while $V$ learns from the actor.
