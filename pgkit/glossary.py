"""The words and symbols of the course, from one source: the glossary, the notation table, the tips in the text."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Term:
    """A word of the course.

    name, symbol   as in the text; symbol "" where there is none
    meaning        one sentence
    met            the notebook (0 to 12) that introduces it
    see            names of related terms
    code           the symbol's shape in code, "" where it has none
    """

    name: str
    symbol: str
    meaning: str
    met: int
    see: tuple[str, ...] = ()
    code: str = ""


def _t(name: str, symbol: str, meaning: str, met: int, see: str = "", code: str = "") -> Term:
    return Term(name, symbol, meaning, met, tuple(filter(None, see.split(", "))), code)


TERMS: tuple[Term, ...] = (
    _t(
        "policy",
        "π_θ(a|s)",
        "A rule that gives each action a probability in each state.",
        1,
        "logit, policy parameters",
        "policy.probs(theta, s): [B, n, A]",
    ),
    _t(
        "policy parameters",
        "θ",
        "The numbers that make the policy what it is; learning changes them.",
        1,
        "policy, step size",
        "theta: [B, ...], tables [B, S, A]",
    ),
    _t(
        "state",
        "s_t",
        "What the world is like at time t, as far as it matters for what comes next.",
        3,
        "action, trajectory",
        "s: [B, N, T]",
    ),
    _t("action", "a_t", "What the policy does at time t.", 3, "state, policy", "a: [B, N, T]"),
    _t(
        "logit",
        "",
        "A score for an action before the softmax; adding the same number to all logits of a state changes nothing.",
        1,
        "policy, temperature",
    ),
    _t(
        "softmax",
        "",
        "Turns logits into probabilities: exp of each, divided by the sum of all.",
        1,
        "logit, policy",
    ),
    _t(
        "maximum likelihood",
        "",
        "Choosing the parameters that make the observed data likeliest; for labels, the least classification loss.",
        1,
        "classification loss, score",
    ),
    _t(
        "score",
        "∇_θ log π_θ(a|s)",
        "The direction in θ in which the log-probability of a given action grows "
        "fastest; under the policy its mean is zero.",
        1,
        "policy gradient, Fisher information",
        "policy.grad_log_prob(theta, D, weight=w): [B, ...]",
    ),
    _t(
        "classification loss",
        "L(θ)",
        "Minus the log-probability of the wanted action, -log π_θ(a*|s).",
        1,
        "weighted classification, behaviour cloning",
    ),
    _t(
        "weighted classification",
        "",
        "Classification in which each data point counts as much as its weight.",
        2,
        "classification loss, AWR weights",
    ),
    _t(
        "step size",
        "α",
        "How far one update moves θ along the gradient.",
        1,
        "policy parameters",
        "alpha: number",
    ),
    _t(
        "reward",
        "r_t",
        "The number the world pays for an action in a state; here it is to be made large.",
        3,
        "return, reward-to-go",
        "r: [B, N, T]",
    ),
    _t(
        "trajectory",
        "ξ, τ",
        "What happened, in order: states, actions and rewards.",
        3,
        "rollout, episode",
        "tau: Trajectories [B, N, T]",
    ),
    _t(
        "rollout",
        "",
        "To roll out a policy is to let it act in the world and write down the trajectory.",
        3,
        "trajectory, episode",
    ),
    _t(
        "episode",
        "N",
        "A trajectory that reached its end; N trajectories are collected for one update.",
        3,
        "termination, truncation",
        "episodes: whole number",
    ),
    _t(
        "return",
        "G_t",
        "The discounted sum of the rewards from time t to the end of the episode.",
        3,
        "reward-to-go, expected return",
    ),
    _t(
        "reward-to-go",
        "Q̂_t",
        "The return that was observed from step t on, the reward of step t included: a sample of Q^π(s_t, a_t).",
        3,
        "return, action value Q, causality",
        "q_hat: [B, N, T] or [B, n]",
    ),
    _t(
        "expected return",
        "J(θ)",
        "The mean return of the policy from the start distribution; what learning makes large.",
        4,
        "return, policy gradient",
        "expected_return: [B]",
    ),
    _t(
        "horizon",
        "T",
        "The number of steps after which a rollout is cut off.",
        3,
        "truncation, discount",
        "horizon: whole number",
    ),
    _t(
        "discount",
        "γ",
        "The factor between 0 and 1 by which a reward counts less for each step that it lies ahead.",
        3,
        "return, horizon",
        "gamma: number",
    ),
    _t(
        "termination",
        "",
        "The world's own end of an episode: nothing follows, and the value after it is 0.",
        3,
        "truncation, bootstrapping",
        "terminated: [B, N, T]",
    ),
    _t(
        "truncation",
        "",
        "An end from outside, such as a time limit: the world would have gone on, so a critic may bootstrap.",
        3,
        "termination, bootstrapping",
        "truncated: [B, N, T]",
    ),
    _t(
        "dataset",
        "D",
        "The steps that are learned from, each with its weight.",
        3,
        "trajectory, replay",
        "D: Dataset [B, n]",
    ),
    _t(
        "policy gradient",
        "∇_θ J",
        "The gradient of the expected return: the mean of score times reward-to-go.",
        4,
        "score, REINFORCE",
        "grad: [B, ...]",
    ),
    _t(
        "REINFORCE",
        "",
        "The algorithm that estimates the policy gradient from whole rollouts and steps uphill.",
        4,
        "policy gradient, baseline",
    ),
    _t(
        "causality",
        "",
        "An action cannot change rewards of the past, so leaving them out leaves the mean gradient as it is.",
        4,
        "reward-to-go, variance",
    ),
    _t(
        "on-policy",
        "",
        "Learning from data of the policy that is being improved.",
        4,
        "off-policy, stale data",
    ),
    _t(
        "stale data",
        "",
        "Data of an earlier policy used as if they were from the present one.",
        4,
        "on-policy, replay",
    ),
    _t(
        "local optimum",
        "",
        "A policy that no small change improves, although a quite different one is better.",
        5,
        "reset distribution, exploration",
    ),
    _t(
        "exploration",
        "",
        "Doing what does not look best now, to learn about what is not known yet.",
        5,
        "reset distribution, entropy",
    ),
    _t(
        "start distribution",
        "",
        "Where the world lets episodes begin; the return is measured from there.",
        5,
        "reset distribution",
        "world.start: [S]",
    ),
    _t(
        "reset distribution",
        "μ",
        "Where training lets rollouts begin; it may differ from the world's own start distribution.",
        5,
        "start distribution, mismatch coefficient",
        "mu: [S]",
    ),
    _t(
        "occupancy",
        "d_π",
        "How often a policy visits each state from the start, discounted; divided by its sum it is a distribution.",
        5,
        "mismatch coefficient",
        "occupancy: [B, S]",
    ),
    _t(
        "mixture of starts",
        "μ_w",
        "A share w of the rollouts starts from the reset distribution, the others from the start distribution.",
        5,
        "reset distribution, start distribution",
        "mixture(world, mu, w): [S]",
    ),
    _t(
        "gradient gap",
        "𝒢_μ(π)",
        "The most that one step in the action probabilities promises, to first order and from μ; "
        "0 where no direction leads uphill.",
        5,
        "local optimum, mismatch coefficient",
        "exact.gradient_gap(...): [B]",
    ),
    _t(
        "phase transition",
        "",
        "A jump from hardly ever to nearly always over a small range of a knob, for a given budget of updates.",
        5,
        "mixture of starts",
    ),
    _t(
        "mismatch coefficient",
        "κ",
        "The largest ratio ‖d_π*/μ‖_∞ of where an optimal policy goes to where training "
        "starts; infinite where μ misses a state that the optimal policy visits.",
        5,
        "occupancy, reset distribution",
        "run.mismatch: number",
    ),
    _t(
        "distribution shift",
        "",
        "A change of the policy changes which states are visited, so that what was "
        "learned from the old visits may no longer hold.",
        6,
        "trust region, natural gradient",
    ),
    _t(
        "steepest descent",
        "",
        "The best small step where small is measured in a chosen norm; another norm gives another direction.",
        6,
        "natural gradient, trust region",
    ),
    _t(
        "KL divergence",
        "KL(p‖q)",
        "The mean under p of log p - log q: zero when p and q agree, positive otherwise, not symmetric.",
        6,
        "Fisher information, trust region",
        "policy.kl(theta, theta_new, D): [B]",
    ),
    _t(
        "Fisher information",
        "G(θ)",
        "The mean of the score times its transpose; half of ΔθᵀGΔθ is the KL divergence "
        "of a small step, to second order.",
        6,
        "natural gradient, KL divergence",
        "policy.fisher_product(theta, D, v): like theta",
    ),
    _t(
        "natural gradient",
        "G⁻¹∇_θ J",
        "The steepest direction when small means a small KL divergence; it does not depend on how θ is written.",
        6,
        "Fisher information, damping",
        "policy.natural(theta, D, grad): like theta",
    ),
    _t(
        "damping",
        "λ_d",
        "A multiple of the identity added to G so that it can be inverted; it gives up some of the invariance.",
        6,
        "Fisher information, natural gradient",
        "damping: number",
    ),
    _t(
        "trust region",
        "ε",
        "The set of policies within a chosen KL divergence ε, in which the local picture is believed.",
        6,
        "KL divergence, distribution shift",
        "epsilon: number",
    ),
    _t(
        "plateau",
        "",
        "A long stretch of training with hardly any gradient, though the policy is far from optimal.",
        6,
        "natural gradient, local optimum",
    ),
    _t(
        "variance",
        "Var",
        "How much an estimate differs from one batch to the next.",
        7,
        "baseline, bias",
    ),
    _t(
        "bias",
        "",
        "How far the mean of an estimate is from the truth.",
        7,
        "variance, bootstrapping",
    ),
    _t(
        "baseline",
        "b(s)",
        "A number subtracted from the reward-to-go; if it does not depend on the action, "
        "the mean gradient stays as it is.",
        7,
        "advantage, leave-one-out, variance",
        "b: [B, n]",
    ),
    _t(
        "leave-one-out",
        "",
        "A baseline for one trajectory made of the returns of all the others, so that it cannot depend on its actions.",
        7,
        "baseline, bias",
        "leave_one_out(D): [B, n]",
    ),
    _t(
        "state value",
        "V^π(s)",
        "The expected return from state s when π acts from there.",
        7,
        "action value Q, advantage, critic",
        "critic.value(phi, s, t): [B, n]",
    ),
    _t(
        "action value Q",
        "Q^π(s,a)",
        "The expected return after action a in state s when π acts from the next step on.",
        4,
        "state value, reward-to-go",
        "critic.q(phi, s): [B, n, A]",
    ),
    _t(
        "advantage",
        "A^π(s,a)",
        "How much better an action is than what the policy does on average there: Q^π(s,a) - V^π(s).",
        7,
        "baseline, GAE, TD error",
        "adv: [B, n]",
    ),
    _t(
        "Monte Carlo",
        "",
        "Estimating a value by the mean of observed returns; no bias, but much variance.",
        8,
        "TD error, bootstrapping",
    ),
    _t(
        "TD error",
        "δ_t",
        "r_t + γ V(s_{t+1}) - V(s_t), with V = 0 after a termination: how far two estimates of one value disagree.",
        8,
        "bootstrapping, GAE",
        "td_error(D, v, v_next, gamma): [B, n]",
    ),
    _t(
        "bootstrapping",
        "",
        "Using the estimate of a later value in the target of an earlier one; less variance, some bias.",
        8,
        "TD error, Monte Carlo, deadly triad",
    ),
    _t(
        "certainty equivalence",
        "",
        "Taking the world as it was counted for the true one; what TD comes to on a fixed batch of data.",
        8,
        "bootstrapping, Monte Carlo",
    ),
    _t(
        "deadly triad",
        "",
        "Function approximation, bootstrapping and off-policy data together, which may make learning diverge.",
        8,
        "off-policy, bootstrapping",
    ),
    _t(
        "off-policy",
        "",
        "Learning about one policy from the data of another.",
        8,
        "on-policy, replay, deadly triad",
    ),
    _t(
        "critic parameters",
        "φ",
        "The numbers that make the critic what it is.",
        7,
        "critic",
        "phi: [B, ...]",
    ),
    _t(
        "actor",
        "",
        "The policy in an actor-critic: it is improved by what the critic says.",
        9,
        "critic, policy",
    ),
    _t(
        "critic",
        "V_φ",
        "The learned estimate of a value, V or Q, that tells the actor what to expect.",
        9,
        "actor, state value, critic parameters",
    ),
    _t(
        "GAE",
        "λ",
        "Generalised advantage estimation: the sum of later TD errors weighted by "
        "(γλ)^k; λ = 0 is the TD error, λ = 1 Monte Carlo minus V.",
        9,
        "advantage, TD error",
        "lam: number, gae(...): [B, n]",
    ),
    _t(
        "entropy",
        "H(π)",
        "How undecided a policy is in a state: -Σ π log π.",
        10,
        "temperature, soft value",
        "policy.entropy(theta, s): [B, n]",
    ),
    _t(
        "temperature",
        "",
        "In soft actor-critic: how much one unit of entropy is worth in reward.",
        10,
        "entropy, soft value",
        "temperature: number",
    ),
    _t(
        "soft value",
        "V_soft(s)",
        "The expected return plus temperature times the entropy on the way.",
        10,
        "temperature, entropy",
    ),
    _t(
        "replay",
        "",
        "Keeping data of earlier iterations to learn from them again.",
        10,
        "off-policy, stale data",
        "memory: tuple of Datasets",
    ),
    _t(
        "reparameterisation",
        "f_θ(ε, s)",
        "An action written as a function of θ and of noise that does not depend on θ, so that the gradient passes "
        "through the action into the critic.",
        10,
        "score, critic",
        "policy.grad_through(theta, s, noise, ...)",
    ),
    _t(
        "target network",
        "φ̄",
        "A slow copy of the critic that targets are computed from, so that they do not chase themselves.",
        10,
        "critic, bootstrapping",
        "slow: like phi",
    ),
    _t(
        "behaviour cloning",
        "",
        "Classification of the actions found in data: doing what was done, good or bad.",
        11,
        "classification loss, AWR weights",
    ),
    _t(
        "behaviour policy",
        "",
        "The policy that made the data.",
        11,
        "off-policy, behaviour cloning",
    ),
    _t(
        "AWR weights",
        "exp(A/β)",
        "The weights of advantage-weighted regression: always positive, and larger for what was better than expected.",
        11,
        "AWR temperature, advantage, weighted classification",
        "algorithm.weight(adv): [B, n]",
    ),
    _t(
        "AWR temperature",
        "β",
        "How even the AWR weights are: large imitates the data, small takes the best that was seen.",
        11,
        "AWR weights",
        "beta: number",
    ),
    _t(
        "effective sample size",
        "ESS",
        "(Σw)² / Σw²: how many equally weighted samples would be as good as these unequal ones.",
        11,
        "AWR weights",
    ),
    _t(
        "interquartile mean",
        "IQM",
        "The mean of the middle half of the runs: a quarter is left out at each end.",
        12,
        "bootstrap interval, optimality gap",
        "interval(scores).value: number",
    ),
    _t(
        "bootstrap interval",
        "",
        "How far a statistic moves when the runs are drawn anew from themselves, with replacement; "
        "the middle 95 % of it.",
        12,
        "interquartile mean, paired seeds",
    ),
    _t(
        "paired seeds",
        "",
        "Run i of one contender and run i of the other share their luck, which cancels in the difference.",
        12,
        "bootstrap interval",
    ),
    _t(
        "probability of improvement",
        "P(A > B)",
        "How often a run of A, drawn at random, beats one of B; a tie counts half.",
        12,
        "interquartile mean",
        "improvement(x, y, paired=True): Estimate",
    ),
    _t(
        "optimality gap",
        "",
        "How far the runs stay below the best return there is, in the mean.",
        12,
        "interquartile mean, expected return",
    ),
)
_BY_NAME = {term.name.lower(): term for term in TERMS}


def look_up(name: str) -> Term:
    """The term of that name, capitals aside.  ValueError says which names are near."""
    import difflib

    if name.lower() not in _BY_NAME:
        near = difflib.get_close_matches(name.lower(), _BY_NAME, n=3, cutoff=0.4)
        hint = f"did you mean {' or '.join(near)}?" if near else "pgkit.glossary.TERMS lists them"
        raise ValueError(f"term = {name!r}, but the glossary has no such word; {hint}")
    return _BY_NAME[name.lower()]


def said(term: Term) -> str:
    """The term in one line of plain text."""
    symbol = f" ({term.symbol})" if term.symbol else ""
    see = f" See also: {', '.join(term.see)}." if term.see else ""
    return f"{term.name}{symbol}: {term.meaning} Notebook {term.met:02d}.{see}"


def glossary_markdown(*names: str) -> str:
    """The terms as a Markdown list, all of them unless some are named.  ValueError for an unknown one."""
    terms = (
        [look_up(name) for name in names] if names else sorted(TERMS, key=lambda t: t.name.lower())
    )
    return "\n".join(f"- **{_plain(t.name)}**{_plain(said(t)[len(t.name) :])}" for t in terms)


_CODE_OR_WORD = re.compile(
    r"(?P<ticks>`+).*?(?P=ticks)(?!`)|\[\[(?P<word>[^\[\]|]+)(?:\|(?P<written>[^\[\]|]+))?\]\]",
    re.DOTALL,
)


def with_meanings(markdown: str) -> str:
    """Text in which each [[word]] shows its meaning on hover; [[word|as written]] too.  ValueError as look_up.

    What stands between backquotes is code and stays as it is: there, [[0]] is a list.
    """

    def shown(found: re.Match[str]) -> str:
        if not found["word"]:
            return found[0]
        meaning = html.escape(said(look_up(found["word"])), quote=True)
        return f'<abbr title="{meaning}">{found["written"] or found["word"]}</abbr>'

    return _CODE_OR_WORD.sub(shown, markdown)


# a symbol, its accents, then what is lowered or raised: one sign, digits, a few words, or what brackets hold
_INDEXED = re.compile(
    r"(?P<base>(?<![A-Za-z_])[A-Za-zΑ-Ωα-ω][\u0300-\u036f']*|arg(?:max|min)|[∇Σ‖\d)])"
    r"(?P<what>[_^])"
    r"(?P<index>\{[^{}]+\}|\([^()]+\)|(?:soft|max|min)\b|\d+|[^\W\d_]\*?(?!\w)|∞)"
)


def typeset(text: str) -> str:
    """Text as HTML, in its symbols what follows _ lowered and what follows ^ raised: "π_θ", "V^π(s)", "π_{k+1}".

    Names of Python such as q_hat stay as they are.
    """

    def moved(found: re.Match[str]) -> str:
        tag = {"_": "sub", "^": "sup"}[found["what"]]
        return f"{found['base']}<{tag}>{found['index'].strip('{}()')}</{tag}>"

    return _INDEXED.sub(moved, html.escape(text, quote=False))


def _plain(text: str) -> str:
    """Text with its symbols typeset, and Markdown's own characters made harmless."""
    return "".join(f"\\{c}" if c in "\\*_|`[]$" else c for c in typeset(text))
