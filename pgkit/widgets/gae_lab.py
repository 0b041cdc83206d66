"""GaeLab: between TD and Monte Carlo. One rollout's TD errors, their weighted sum, and the error of the gradient."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import anywidget
import numpy as np
import traitlets

from pgkit import draw, exact
from pgkit.algorithms import ActorCritic
from pgkit.draws import Draws, run_keys
from pgkit.policies import SoftmaxTable
from pgkit.resets import uniform
from pgkit.returns import dataset, gae, td_error
from pgkit.rollout import rollout
from pgkit.run import Run
from pgkit.types import Array, Float, Trajectories
from pgkit.widgets.lab import bundle, styles, with_picture
from pgkit.worlds import World, load_world

GAMMA, T = 0.95, 30
NOW = 40  # iterations that the actor has behind it
LAGS = (0, 2, 5, 10, 20, NOW)  # iterations that the critic is behind; NOW: never trained, V = 0
BATCHES = (4, 16, 64, 256, 1024)
LAMBDAS = np.arange(21) / 20
ROLLOUTS = 2000  # for the variance; the bias is exact


class GaeLab(anywidget.AnyWidget):
    """Turn λ, let the critic lag: what each step of a rollout is credited with, and how wrong ∇J becomes.

    The world is the open Ring of Fire with uniform resets, γ = 0.95, rollouts of at most 30 steps; the
    policy is that of an actor-critic after 40 iterations, and V the exact value of an older policy of it.

    Parameters
    ----------
    lam : λ in [0, 1].
    lag : how many iterations V is behind, one of 0, 2, 5, 10, 20, 40 (V = 0).
    episodes : N rollouts for one gradient, one of 4, 16, 64, 256, 1024.
    seed : of the rollout that is shown.
    t : the step that is looked at, from 0.

    Raises
    ------
    ValueError : a number out of range.
    """

    _esm = bundle("lab.mjs", "plot.mjs", "gae_lab.mjs")
    _css = styles("lab.css")
    lam = traitlets.Float(0.5).tag(sync=True)
    lag = traitlets.Int(10).tag(sync=True)
    episodes = traitlets.Int(64).tag(sync=True)
    seed = traitlets.Int(0).tag(sync=True)
    t = traitlets.Int(0).tag(sync=True)
    scene = traitlets.Dict().tag(sync=True)  # what depends on lag and seed; the page does the rest

    def __init__(
        self, lam: float = 0.5, lag: int = 10, episodes: int = 64, seed: int = 0, t: int = 0
    ) -> None:
        super().__init__()
        with self.hold_sync():
            self.lam, self.lag, self.episodes, self.seed = float(lam), lag, episodes, seed
            self._look({})
            self.t = t

    # ---------------------------------------------------------------- what may be chosen

    @traitlets.validate("lam")
    def _check_lam(self, proposal: Any) -> float:
        given = proposal["value"]
        if not 0 <= given <= 1:
            raise ValueError(f"lam = {given!r}, but λ lies in [0, 1]; 0 is TD, 1 Monte Carlo")
        return given

    @traitlets.validate("lag")
    def _check_lag(self, proposal: Any) -> int:
        return _one_of("lag", "the critic's lag", proposal["value"], LAGS)

    @traitlets.validate("episodes")
    def _check_episodes(self, proposal: Any) -> int:
        return _one_of("episodes", "N", proposal["value"], BATCHES)

    @traitlets.validate("seed")
    def _check_seed(self, proposal: Any) -> int:
        if proposal["value"] < 0:
            raise ValueError(f"seed = {proposal['value']}, but a seed is 0 or larger")
        return proposal["value"]

    @traitlets.validate("t")
    def _check_t(self, proposal: Any) -> int:
        given, last = proposal["value"], len(self.delta) - 1
        if not 0 <= given <= last:
            raise ValueError(f"t = {given}, but this rollout has the steps 0 to {last}")
        return given

    # ---------------------------------------------------------------- what is seen

    @traitlets.observe("lag", "seed")
    def _look(self, change: Any) -> None:
        scene = _scene(self.lag, self.seed)
        with self.hold_sync():
            self.scene = scene
            self.t = min(self.t, len(scene["delta"]) - 1)

    @property
    def delta(self) -> Float[Array, "n"]:
        """δ_k of the rollout that is shown."""
        return np.array(self.scene["delta"])

    @property
    def advantage(self) -> Float[Array, "n"]:
        """Â_t = Σ_k (γλ)^(k-t) δ_k of each of its steps."""
        adv = self.delta
        for t in reversed(range(len(adv) - 1)):
            adv[t] += GAMMA * self.lam * adv[t + 1]
        return adv

    def error(self, lam: float | None = None) -> tuple[float, float, float]:
        """(bias, noise, both) of the gradient of N rollouts, in units of the exact one's length.

        both = sqrt(bias² + noise²); between the 21 values of λ that are computed, interpolated.
        """
        at = self.lam if lam is None else lam
        bias = float(np.interp(at, LAMBDAS, self.scene["bias"]))
        noise = float(np.interp(at, LAMBDAS, self.scene["noise"])) / np.sqrt(self.episodes)
        return bias, noise, float(np.hypot(bias, noise))

    @property
    def best(self) -> float:
        """The λ, of the 21, with the smallest error."""
        return float(LAMBDAS[np.argmin([self.error(lam)[2] for lam in LAMBDAS])])

    @property
    def sentence(self) -> str:
        """The lab in words."""
        bias, noise, both = self.error()
        adv, t = self.advantage, self.t
        return (
            f"λ = {self.lam:g}, {self.scene['words'][str(self.lag)]}, N = {self.episodes}. The gradient's "
            f"bias is {bias:.2f}, its noise {noise:.2f}, together {both:.2f} of the exact one's length; "
            f"the least is at λ = {self.best:g}. In the rollout shown step t = {t} of 0 to {len(adv) - 1} has "
            f"δ = {self.delta[t]:.2f}, Â = {adv[t]:.2f}, and the exact advantage {self.scene['exact'][t]:.2f}."
        )

    @property
    def table(self) -> str:
        """Bias, noise and error over λ, and the best λ for every N, as text."""
        rows = [f"{'λ':>5} {'bias':>6} {'noise':>6} {'both':>6}"]
        for lam in LAMBDAS[::4]:
            rows.append(f"{lam:5.1f} " + " ".join(f"{x:6.2f}" for x in self.error(lam)))
        return "\n".join(rows)

    def picture(self) -> bytes:
        """The three plots as PNG."""
        return draw.lab([_Error(self), _Credits(self)], None, self.sentence)

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        shown = super()._repr_mimebundle_(**kwargs)
        data, metadata = with_picture(shown, self.picture(), self.sentence)
        return data | {"text/plain": f"{self.sentence}\n{self.table}"}, metadata


def _one_of(name: str, word: str, given: int, known: tuple[int, ...]) -> int:
    if given not in known:
        raise ValueError(
            f"{name} = {given!r}, but {word} must be one of {', '.join(map(str, known))}"
        )
    return given


# ---------------------------------------------------------------- the actor, and its critics of various ages


@dataclass(frozen=True)
class _Learner:
    """The actor of now, exact values of all its ages, and many rollouts.

    probs [S, A];  values [NOW + 1, S], of the policy after each iteration;  adv [S, A];  tau: M runs of
    one rollout;  alike [M, T, T]: ψ_t·ψ_k, live steps only
    """

    world: World
    theta: Float[Array, "S A"]
    probs: Float[Array, "S A"]
    values: Float[Array, "K S"]
    adv: Float[Array, "S A"]
    tau: Trajectories
    alike: Float[Array, "M T T"]


@cache
def _learner() -> _Learner:
    world = load_world("ring-of-fire")
    world = world.starting_from(uniform(world, GAMMA))
    run = Run(ActorCritic(alpha=0.3, gamma=GAMMA, horizon=T), world, runs=1, seed=3, engine="text")
    thetas = [run.state.theta[0]]
    for _ in range(NOW):
        thetas.append(run.advance(1, record=False).state.theta[0])
    policy, theta = SoftmaxTable(), thetas[-1]
    values, q = exact.values(world, policy.table(np.stack(thetas)), GAMMA)
    probs = policy.table(theta)
    tau = _roll_out(world, theta, 0, ROLLOUTS)
    s, a, live = tau.s[:, 0], tau.a[:, 0], tau.live[:, 0]
    own = probs[s[:, :, None], a[:, None, :]]  # π(a_k|s_t) [M, T, T]
    other = probs[s[:, None, :], a[:, :, None]]
    square = (probs**2).sum(axis=-1)[s][:, :, None]
    alike = (a[:, :, None] == a[:, None, :]) - own - other + square
    here = (s[:, :, None] == s[:, None, :]) & live[:, :, None] & live[:, None, :]
    return _Learner(
        world, theta, probs, values, q[-1] - values[-1][:, None], tau, np.where(here, alike, 0.0)
    )


def _roll_out(world: World, theta: Array, seed: int, runs: int) -> Trajectories:
    many = np.broadcast_to(theta, (runs, *theta.shape))
    draws = Draws(run_keys(seed, runs))
    return rollout(world, SoftmaxTable(), many, draws, start=world.start, episodes=1, horizon=T)


def _critic(lag: int) -> Float[Array, "S"]:
    """V of the policy `lag` iterations ago; 0 if there was no training."""
    values = _learner().values
    return values[NOW - lag] if lag < NOW else np.zeros(values.shape[-1])


@cache
def _errors(lag: int) -> tuple[list[float], list[float]]:
    """(bias, noise of one rollout) of the gradient for each of LAMBDAS, in lengths of the exact one."""
    learner, v = _learner(), _critic(lag)
    true = _mean_gradient(np.broadcast_to(learner.adv, (T, *learner.adv.shape)))
    size = np.linalg.norm(true)
    D = dataset(learner.tau, q_hat=learner.tau.r)
    bias, noise = [], []
    for lam in LAMBDAS:
        mean = _mean_gradient(_expected(v, lam))
        adv = gae(D, v[D.s], v[D.s_next], GAMMA, lam)
        square = np.einsum("mt,mtk,mk->m", adv, learner.alike, adv, optimize=True).mean()
        bias.append(float(np.linalg.norm(mean - true) / size))
        noise.append(float(np.sqrt(max(square - (mean**2).sum(), 0.0)) / size))
    return bias, noise


def _expected(v: Float[Array, "S"], lam: float) -> Float[Array, "T S A"]:
    """E[Â_t | s_t, a_t] with T - t steps to go: the λ-return is r + γ ((1-λ) V + λ · the next λ-return)."""
    world, probs = _learner().world, _learner().probs
    target = np.zeros((T, *probs.shape))
    after = v  # what follows the last step: V itself
    for t in reversed(range(T)):
        target[t] = exact.backup(world, after, GAMMA)
        after = (1 - lam) * v + lam * (probs * target[t]).sum(axis=-1)
    return target - np.where(world.terminal, 0.0, v)[:, None]


def _mean_gradient(adv: Float[Array, "T S A"]) -> Float[Array, "S A"]:
    """E Σ_t ψ_t Â_t of one rollout, exact."""
    world, probs = _learner().world, _learner().probs
    step, mass = exact.transition(world, probs), np.where(world.terminal, 0.0, world.start)
    total = np.zeros(probs.shape)
    for each in adv:
        centred = each - (probs * each).sum(axis=-1, keepdims=True)
        total += mass[:, None] * probs * centred
        mass = mass @ step
    return total


def _scene(lag: int, seed: int) -> dict[str, Any]:
    """The rollout of that seed under that critic, and the errors of its gradient."""
    learner, v = _learner(), _critic(lag)
    tau = _roll_out(learner.world, learner.theta, 110 + seed, 1)
    D, live = dataset(tau, q_hat=tau.r), tau.live[0, 0]
    delta = td_error(D, v[D.s], v[D.s_next], GAMMA)[0][live]
    s, a = tau.s[0, 0][live], tau.a[0, 0][live]
    bias, noise = _errors(lag)
    return {
        "delta": delta.tolist(), "exact": learner.adv[s, a].tolist(), "rewards": tau.r[0, 0][live].tolist(),
        "ended": bool(tau.terminated[0, 0][live][-1]), "gamma": GAMMA, "lambdas": LAMBDAS.tolist(),
        "bias": bias, "noise": noise, "lags": list(LAGS), "batches": list(BATCHES), "now": NOW,
        "words": {str(k): _age(k) for k in LAGS},
    }  # fmt: skip


def _age(lag: int) -> str:
    if lag == NOW:
        return "the critic was never trained (V = 0)"
    return f"the critic is {lag} iterations behind" if lag else "the critic is up to date"


# ---------------------------------------------------------------- on paper


class _Error:
    height = 1.2

    def __init__(self, lab: GaeLab) -> None:
        self.lab = lab

    def paper(self, axes: Any, timeline: Any = None) -> None:
        lab = self.lab
        rows = np.array([lab.error(lam) for lam in LAMBDAS]).T
        looks = ((draw.AMBER, "-."), (draw.BLUE, "--"), (draw.INK, "-"))
        for row, name, (hue, dash) in zip(rows, ("bias", "noise", "both"), looks, strict=True):
            axes.plot(LAMBDAS, row, color=hue, ls=dash, lw=2, label=name)
        axes.plot(lab.lam, lab.error()[2], "o", color=draw.INK, ms=7)
        axes.axvline(lab.best, color=draw.GREEN, lw=1.2, ls=":", label=f"best λ = {lab.best:g}")
        axes.set(xlabel="λ", ylim=(0, None))
        axes.legend(frameon=False, fontsize=8)
        axes.set_title(f"error of ∇J, in its own length, N = {lab.episodes}",
                       loc="left", fontsize=9, color=draw.INK)  # fmt: skip


class _Credits:
    height = 1.0

    def __init__(self, lab: GaeLab) -> None:
        self.lab = lab

    def paper(self, axes: Any, timeline: Any = None) -> None:
        lab = self.lab
        adv, where = lab.advantage, np.arange(len(lab.delta))
        axes.bar(where, adv, 0.7, color=[draw.FIRE if x < 0 else draw.BLUE for x in adv])
        axes.plot(where, lab.delta, "_", color=draw.SOFT, ms=9, mew=2, label="δ$_t$")
        axes.plot(where, lab.scene["exact"], "o", color=draw.GREEN, ms=4, label="exact A")
        axes.axhline(0, color=draw.SOFT, lw=0.8)
        axes.legend(frameon=False, fontsize=8)
        axes.set_xlabel("time t")
        axes.set_title(f"one rollout: Â$_t$ with λ = {lab.lam:g} (bars)",
                       loc="left", fontsize=9, color=draw.INK)  # fmt: skip
