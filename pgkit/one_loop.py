"""One loop, three knobs: where rollouts start, what each (s, a) counts, and in which norm a step is small.

Every algorithm of the lecture is one setting of these knobs; tests hold them equal, step by step. The
other settings are trained just the same, and `named` says what they are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from pgkit.algorithms import shared
from pgkit.critics import QTable
from pgkit.draws import Draws
from pgkit.knobs import check_knobs, choice, knob, part
from pgkit.optim import Fitting, kl_sized
from pgkit.returns import dataset, gae, joined, reward_to_go, standardised
from pgkit.rollout import rollout
from pgkit.types import Array, Dataset, Float, Info, State
from pgkit.worlds.world import World

STARTS = ("nominal", "uniform", "expert", "painted")
WEIGHTS = ("1", "r", "Q", "Q-V", "delta", "exp", "soft")
NORMS = ("L2", "KL", "solve")
SYMBOLS = {  # as on the page
    "1": "1 on a*", "r": "r", "Q": "Q̂", "Q-V": "Q̂ - V", "delta": "Σ (γλ)ᵏ δ", "exp": "exp(A/β)",
    "soft": "Q - T log π", "L2": "L2: θ + α g", "KL": "KL: θ + G⁻¹g", "solve": "KL: π ← argmax",
}  # fmt: skip
CLIP, DAMPING = 20.0, 1e-3
SUITS = {
    "1": 1.0,
    "r": 0.1,
    "Q": 0.1,
    "Q-V": 0.1,
    "delta": 0.3,
    "exp": 0.3,
    "soft": 0.3,
}  # α of an L2 step


@dataclass(frozen=True)
class OneLoop:
    """The loop of the whole lecture.  Finite worlds, tables.

    weight: "1" (the label is the expert's action), "r" (this step's reward), "Q" (the reward-to-go), "Q-V",
    "delta" (TD errors, summed with (γλ)^k), "exp" (exp(A/β), standardised and clipped at 20), "soft"
    (Q - T log π, all actions). norm: "L2" (θ + α g), "KL" (natural, KL ≤ ε), "solve" (the argmax over π).
    """

    weight: str = choice("Q", options=WEIGHTS, label="weight", meaning="what each (s, a) counts")
    norm: str = choice("L2", options=NORMS, label="norm", meaning="in which norm a step is small")
    alpha: float = knob(**shared.ALPHA)
    epsilon: float = knob(**{**shared.EPSILON, "default": 0.01, "low": 1e-4, "log": True})
    lam: float = knob(**shared.LAM)
    beta: float = knob(
        1.0,
        low=0.01,
        high=100.0,
        log=True,
        symbol="β",
        label="temperature",
        meaning="the temperature β in exp(A/β)",
    )
    temperature: float = knob(**{**shared.TEMPERATURE, "low": 1e-3, "log": True, "symbol": "T"})
    gamma: float = knob(**shared.GAMMA)
    episodes: int = knob(**shared.EPISODES)
    horizon: int = knob(**shared.HORIZON)
    replay: int = knob(**shared.REPLAY)
    critic: Any = part()
    teacher: Any = part()
    __post_init__ = check_knobs

    # fmt: off
    def init(self, world: World, policy, draws: Draws) -> State:
        phi = self.critic.init(world, draws), QTable().init(world, draws)
        return State(policy.init(world, draws), phi, memory=())                     # START WITH RANDOM POLICY π_θ

    def iteration(self, state: State, world: World, policy, draws: Draws) -> tuple[State, Info]:
        theta  = state.theta                                                        # WHILE NOT CONVERGED:
        tau    = rollout(world, policy, theta, draws, start=world.start,            # START: ROLLOUT π_θ FROM s_1 ~ μ
                         episodes=self.episodes, horizon=self.horizon)
        memory = (*state.memory, dataset(tau, q_hat=reward_to_go(tau.r, self.gamma)))
        D      = joined(memory := memory[-self.replay if keeps(self) else -1:])     # CREATE DATASET D
        phi, w = WEIGH[self.weight](self, policy, theta, state.phi, D)              # WEIGHT: OF EACH (s, a)
        after  = STEP[self.norm](self, policy, theta, D, w)                         # NORM: UPDATE θ
        return State(after, phi, memory=memory), Info(tau, memory[-1], after - theta)
    # fmt: on


def keeps(loop: Any) -> bool:
    """Whether the data of earlier iterations stay in D: a fit to the end, and positive or exact weights, bear it."""
    return loop.norm == "solve" or loop.weight in ("exp", "soft")


# ---------------------------------------------------------------- weights: (φ, w [B, n] or [B, n, A])


def _label(loop, policy, theta, phi, D):
    teacher, known = loop.teacher
    return phi, teacher.table(known)[0][D.s]


def _reward(loop, policy, theta, phi, D):
    return phi, D.r


def _reward_to_go(loop, policy, theta, phi, D):
    return phi, D.q_hat


def _minus_v(loop, policy, theta, phi, D):
    """Less V from before this batch."""
    v = loop.critic.fit(
        phi[0], D, target=D.q_hat, fitting=Fitting(shared.CRITIC_ALPHA["default"], 5)
    )
    return (v, phi[1]), D.q_hat - loop.critic.value(phi[0], D.s, D.t)


def _td(loop, policy, theta, phi, D):
    V, v = loop.critic, phi[0]
    for _ in range(shared.CRITIC_SWEEPS["default"]):
        now = V.value(v, D.s, D.t)
        target = now + gae(D, now, V.value(v, D.s_next, D.t + 1), loop.gamma, loop.lam)
        v = V.fit(v, D, target=target, fitting=Fitting(shared.CRITIC_ALPHA["default"], 1))
    return (v, phi[1]), gae(
        D, V.value(v, D.s, D.t), V.value(v, D.s_next, D.t + 1), loop.gamma, loop.lam
    )


def _exponential(loop, policy, theta, phi, D):
    """V is the mixture's mean return, fitted exactly."""
    v = loop.critic.fit(phi[0], D, target=D.q_hat, fitting=Fitting(0.0, 0))
    adv = standardised(D.q_hat - loop.critic.value(v, D.s, D.t), D.live)
    return (v, phi[1]), np.exp(np.minimum(adv / loop.beta, np.log(CLIP)))


def _soft(loop, policy, theta, phi, D):
    """π (Q - T log π) of every action; where the step is solved, exp(Q/T), which is where that leads."""
    Q, q, probs = QTable(), phi[1], policy.table(theta)
    toll = loop.temperature * np.log(np.maximum(probs, 1e-300))
    runs = np.arange(len(probs))[:, None]
    for _ in range(shared.CRITIC_SWEEPS["default"]):
        v = (probs * (q - toll)).sum(axis=-1)
        target = D.r + loop.gamma * np.where(D.terminated, 0.0, v[runs, D.s_next])
        q = Q.fit(q, D, target=target, fitting=Fitting(shared.CRITIC_ALPHA["default"], 1))
    if loop.norm == "solve":
        rows = q / loop.temperature
        return (phi[0], q), np.exp(rows - rows.max(axis=-1, keepdims=True))[runs, D.s]
    return (phi[0], q), (probs * (q - toll))[runs, D.s]


WEIGH: dict[str, Callable] = {
    "1": _label, "r": _reward, "Q": _reward_to_go, "Q-V": _minus_v, "delta": _td, "exp": _exponential,
    "soft": _soft,
}  # fmt: skip


# ---------------------------------------------------------------- norms: the next θ


def _plain(loop, policy, theta, D, weight):
    return theta + loop.alpha * _gradient(policy, theta, D, weight)


def _natural(loop, policy, theta, D, weight):
    grad = _gradient(policy, theta, D, weight)
    return theta + kl_sized(policy.natural(theta, D, grad, damping=DAMPING), grad, loop.epsilon)


def _solved(loop, policy, theta, D, weight):
    """argmax_π Σ_D w log π; of weights that may be negative the positive part, since with others there is none."""
    D, weight = _in_a_row(D, weight)
    return policy.fit(theta, D, weight=np.maximum(weight, 0.0), fitting=Fitting(pseudo=1.0))[0]


def _gradient(policy, theta, D, weight):
    D, weight = _in_a_row(D, weight)
    return policy.grad_log_prob(theta, D, weight=weight)


def _in_a_row(D: Dataset, weight: Array) -> tuple[Dataset, Float[Array, "B n"]]:
    """Weights of every action [B, n, A] as those of A data points for each state."""
    if weight.ndim == 2:
        return D, weight
    runs, steps, actions = weight.shape
    s, q_hat, live = (np.repeat(x, actions, axis=1) for x in (D.s, D.q_hat, D.live))
    a = np.broadcast_to(np.tile(np.arange(actions), steps), (runs, steps * actions))
    return Dataset(s, a, q_hat, live, D.episodes), weight.reshape(runs, -1)


STEP: dict[str, Callable] = {"L2": _plain, "KL": _natural, "solve": _solved}


# ---------------------------------------------------------------- what a setting is called


@dataclass(frozen=True)
class Setting:
    """One setting of the three knobs.

    name: what it is called;  short: the same for a small box;  lecture: it is on a slide;  registry: its name in
    ALGORITHMS, "" if it has none;  says: what one should know of it
    """

    name: str
    short: str
    lecture: bool
    registry: str
    says: str


def _lecture(name: str, registry: str, says: str, short: str = "") -> Setting:
    return Setting(name, short or name, True, registry, says)


def _other(name: str, says: str, short: str = "") -> Setting:
    return Setting(name, short or name, False, "", says)


RESETS = _lecture(
    "REINFORCE with resets", "reinforce_resets",
    "One word more than REINFORCE: where it starts. The cure for local optima.",
)  # fmt: skip
NAMES: dict[tuple[str, str], Setting] = {
    ("1", "L2"): _lecture("Supervised learning", "supervised",
        "The expert labels the states that π visits, and π imitates. "
        "(With the expert at hand while one learns, this is DAgger.)"),
    ("1", "KL"): _other("Supervised learning, natural",
        "Imitation with steps of one size in π.", "imitation, natural"),
    ("1", "solve"): _other("Supervised learning, solved",
        "Imitation at once: in a state that was seen often, π is the expert.", "imitation, solved"),
    ("r", "L2"): _lecture("Weighted classification", "weighted_classification",
        "Each action by its own reward, as if a rollout were one step long. Nobody credits the steps that led there."),
    ("r", "KL"): _other("Weighted classification, natural",
        "Larger steps do not see farther: only the last step before a reward is taught.", "classification, natural"),
    ("r", "solve"): _other("Clone what paid",
        "Rewards below zero count 0, since log π · (-10) has no maximum. So it does not even see the fire.",
        "clone what paid"),
    ("Q", "L2"): _lecture("REINFORCE", "reinforce", "The loop itself. All else is one line changed."),
    ("Q", "KL"): _lecture("REINFORCE with natural gradients", "reinforce_natural",
        "Steps of one size in π. The cure for plateaus, where g is small.", "REINFORCE, natural"),
    ("Q", "solve"): _other("Reward-weighted regression",
        "Peters & Schaal 2007: clone in proportion to the return; what is negative counts 0.",
        "reward-weighted regression"),
    ("Q-V", "L2"): _lecture("REINFORCE with a baseline", "reinforce_baseline",
        "Same mean, less noise. The cure for high variance.", "REINFORCE, baseline"),
    ("Q-V", "KL"): _lecture("Natural actor-critic, Monte Carlo", "natural_actor_critic",
        "Two cures in one: natural steps and a baseline. The critic's weights are the step (notebook 09).",
        "natural + baseline"),
    ("Q-V", "solve"): _other("Self-imitation",
        "Clone what went better than V, in proportion (Oh et al. 2018 climb it; here it is solved).",
        "self-imitation"),
    ("delta", "L2"): _lecture("Actor-critic", "actor_critic",
        "The critic judges each step at once. λ = 0 is TD, λ = 1 Monte Carlo."),
    ("delta", "KL"): _lecture("Natural actor-critic", "natural_actor_critic",
        "The lecture's general framework: natural gradient for the actor, TD or MC for the critic."),
    ("delta", "solve"): _other("Clone the steps that were good news",
        "Positive TD errors only. What the critic never saw coming is copied.", "clone good news"),
    ("exp", "L2"): _other("AWR, climbed",
        "AWR's objective, one gradient step an iteration instead of its maximum."),
    ("exp", "KL"): _other("AWR, climbed by natural steps",
        "The same objective again. α is gone, β still chooses who counts.", "AWR, natural"),
    ("exp", "solve"): _lecture("Advantage-weighted regression", "awr",
        "Two regressions. Near the data in KL, since β says so.", "AWR"),
    ("soft", "L2"): _lecture("Soft actor-critic", "soft_actor_critic",
        "Entropy is paid for, all actions are weighed, and old data serve."),
    ("soft", "KL"): _other("Soft actor-critic, natural",
        "On a table the natural step of the soft objective leads straight to exp(Q/T).", "soft, natural"),
    ("soft", "solve"): _other("Soft policy iteration",
        "π = exp(Q/T)/Z at once: the actor of notebook 10 in closed form.", "soft policy iteration"),
}  # fmt: skip


def named(start: str, weight: str, norm: str) -> Setting:
    """What this setting is called.  ValueError for one that is not there."""
    for argument, given, known in (
        ("start", start, STARTS),
        ("weight", weight, WEIGHTS),
        ("norm", norm, NORMS),
    ):
        if given not in known:
            raise ValueError(f"{argument} = {given!r}, but it must be one of {', '.join(known)}")
    if (weight, norm) == ("Q", "L2") and start != "nominal":
        return RESETS
    return NAMES[weight, norm]


_TRAIN = {
    "1": "ASK THE EXPERT: a* IN EVERY s_t",
    "Q-V": "TRAIN V: φ = argmin Σ_D (V(s_t) - Q̂_t)²",
    "delta": "TRAIN V: TOWARDS r + γ V(s') (TD … MC)",
    "exp": "TRAIN V: V^D = argmin Σ_D (R - V(s))²",
    "soft": "TRAIN Q: TOWARDS r + γ Σ_a π (Q - T log π)",
}
_IN_SUM = {
    "1": "∇_θ log π_θ(a*|s_t)", "r": "∇_θ log π_θ(a_t|s_t) r_t", "Q": "∇_θ log π_θ(a_t|s_t) Q̂_t",
    "Q-V": "∇_θ log π_θ(a_t|s_t) (Q̂_t - V(s_t))", "delta": "∇_θ log π_θ(a_t|s_t) Σ_k (γλ)^k δ_{t+k}",
    "exp": "∇_θ log π_θ(a_t|s_t) exp(A_t/β)", "soft": "Σ_a ∇_θ log π_θ(a|s_t) π (Q - T log π)",
}  # fmt: skip


def slide_of(start: str, weight: str, norm: str) -> list[tuple[str, str]]:
    """The slide of this setting: (line, the knob that changed it from REINFORCE's, or "")."""
    named(start, weight, norm)
    other = "weight" if weight != "Q" else ""
    where = "" if start == "nominal" else f" FROM s₁ ~ μ ({start.upper()})"
    kept = norm == "solve" or weight in ("exp", "soft")
    lines = [
        ("START WITH RANDOM POLICY π_θ", ""),
        ("WHILE NOT CONVERGED:", ""),
        (f"  ROLLOUT π_θ{where}", "start" if where else ""),
        ("  ADD (s_t, a_t, Q̂_t) TO DATASET D" if kept else "  CREATE DATASET D = (s_t, a_t, Q̂_t)",
         ("norm" if norm == "solve" else "weight") if kept else ""),
    ]  # fmt: skip
    if weight in _TRAIN:
        lines.append((f"  {_TRAIN[weight]}", "weight"))
    if norm == "solve":
        best = "π ← exp(Q/T) / Z" if weight == "soft" else (
            "π ← argmax_π " + _IN_SUM[weight].replace("∇_θ ", "Σ_D ").replace("π_θ", "π"))  # fmt: skip
        return [*lines, (f"  {best}", "norm")]
    step = "θ ← θ + α g" if norm == "L2" else "θ ← θ + G⁻¹ g, SO LONG THAT KL ≤ ε"
    return [
        *lines,
        (f"  COMPUTE g = Σ_D {_IN_SUM[weight]}", other),
        (f"  UPDATE {step}", "" if norm == "L2" else "norm"),
    ]
