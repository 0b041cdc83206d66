"""The bug gallery: real bugs, each one line of a shipped algorithm replaced, and how its curve gives it away.

A bug is the two lines. The wrong algorithm is a subclass whose method is compiled from the shipped source
with that one line replaced, so that the diff that is shown is the code that runs. Nothing global changes.
"""

from __future__ import annotations

import inspect
import sys
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import numpy as np

from pgkit.algorithms import (
    AWR,
    ActorCritic,
    Reinforce,
    ReinforceBaseline,
    ReinforceNatural,
    ReinforceResets,
    SoftActorCritic,
    Supervised,
    TemporalDifference,
    WeightedClassification,
)
from pgkit.critics import QTable
from pgkit.evaluation import value_error
from pgkit.fits import default_settings
from pgkit.optim import Fitting
from pgkit.resets import uniform
from pgkit.run import Run
from pgkit.types import Array, Dataset, Float
from pgkit.worlds import WORLDS, load_world
from pgkit.worlds.bandit import bandit
from pgkit.worlds.century import century
from pgkit.worlds.clouds import clouds_world
from pgkit.worlds.scaled_bandit import scaled_bandit
from pgkit.worlds.world import World

RUNS, SEED, POINTS = 48, 7, 40


@dataclass(frozen=True)
class Bug:
    """One bug.

    key, title        its name in code, and in words (the right choice of its quiz)
    algorithm         the class from pgkit.algorithms, `method` of which is changed
    right_line, wrong_line   code of that method, without indentation; right_line occurs there once
    make_world, settings, iterations   where it is shown
    symptom           what the curve shows
    explanation       why
    distractors       other bugs in words -> why the curve rules them out
    make_mu           world -> reset distribution, or None for the nominal start
    scored_from_mu    the bug is not in the algorithm: the return is measured from μ
    every             iterations between two measurements (0: as many as make a smooth curve)
    runs              seeds
    helpers           names that wrong_line needs
    curve             what the curves show: "J", or "error of V" where the policy stays as it is
    """

    key: str
    title: str
    algorithm: type
    right_line: str
    wrong_line: str
    make_world: Callable[[], World]
    settings: Mapping[str, Any]
    iterations: int
    symptom: str
    explanation: str
    distractors: Mapping[str, str]
    method: str = "iteration"
    make_mu: Callable[[World], Array] | None = None
    scored_from_mu: bool = False
    every: int = 0
    runs: int = RUNS
    helpers: Mapping[str, Any] = field(default_factory=dict)
    curve: str = "J"

    def right(self) -> Run:
        """The algorithm as it is shipped, before learning."""
        return self._run(self.algorithm, self.make_world())

    def wrong(self) -> Run:
        """The same with the bug: same world, same settings, same seeds."""
        world = self.make_world()
        if self.scored_from_mu and self.make_mu is not None:
            return self._run(self.algorithm, world.starting_from(self.make_mu(world)))
        return self._run(self.broken(), world)

    def broken(self) -> type:
        """The algorithm's class with the bug in it.  ValueError if the shipped source no longer has the right line."""
        return _broken(
            self.algorithm,
            self.method,
            self.right_line,
            self.wrong_line,
            tuple(self.helpers.items()),
        )

    def curves(
        self,
    ) -> tuple[list[int], Float[Array, "K B"], Float[Array, "K B"]]:
        """(iterations [K], J of the right runs [K, B], J of the wrong ones), or what `curve` says instead of J.

        Trained when first asked for.
        """
        return _curves(self.key)

    def _run(self, family: type, world: World) -> Run:
        mu = self.make_mu(world) if self.make_mu is not None else None
        return Run(family(**self.settings), world, mu=mu, runs=self.runs, seed=SEED, engine="numpy")


def source_of(family: type, method: str = "iteration") -> str:
    """The source text of one method, dedented."""
    return textwrap.dedent(inspect.getsource(inspect.unwrap(getattr(family, method))))


@cache
def _broken(family: type, method: str, right: str, wrong: str, helpers: tuple) -> type:
    text = source_of(family, method)
    if text.count(right) != 1:
        raise ValueError(
            f"right_line = {right!r}, but {family.__name__}.{method} has it {text.count(right)} times; "
            "copy the line from the source"
        )
    names = {**vars(sys.modules[family.__module__]), "np": np, "replace": replace, **dict(helpers)}
    text = "from __future__ import annotations\n" + text.replace(right, wrong)
    exec(compile(text, f"<{family.__name__} with a bug>", "exec"), names)
    return type(f"{family.__name__}WithABug", (family,), {method: names[method]})


@cache
def _curves(key: str) -> tuple[list[int], Array, Array]:
    bug = find(key)
    every = bug.every or max(1, bug.iterations // POINTS)
    at = [*range(0, bug.iterations, every), bug.iterations]
    both = []
    for run in (bug.right(), bug.wrong()):
        rows = []
        for k in at:
            run.advance(k - run.iteration, record=bug.curve == "J")
            rows.append(run.history[-1].expected_return if bug.curve == "J" else _value_error(run))
        both.append(np.array(rows))
    return at, both[0], both[1]


def _value_error(run: Run) -> Float[Array, "B"]:
    horizon = run.algorithm.horizon
    return value_error(run.world, run.policy, run.state, gamma=run.gamma, horizon=horizon)


def find(key: str) -> Bug:
    """The bug of that name.  ValueError lists the names there are."""
    if key not in BUGS:
        raise ValueError(f"key = {key!r}, but a bug is one of {', '.join(BUGS)}")
    return BUGS[key]


def mean_of_action(D: Dataset, world: World) -> Float[Array, "B n"]:
    """The batch's mean Q̂ of each state and action: a "baseline" that depends on the action."""
    phi = np.zeros((len(D.s), world.n_states, world.n_actions))
    phi = QTable().fit(phi, D, target=D.q_hat, fitting=Fitting())
    return np.take_along_axis(QTable().q(phi, D.s), D.a[..., None], axis=-1)[..., 0]


def taken_features(policy: Any, D: Dataset) -> Float[Array, "B K"]:
    """(1/N) Σ features of the actions that were taken: the score of a logistic policy without its -π."""
    taken = np.where(D.live[..., None], policy.features[D.s, D.a], 0.0)
    return taken.sum(axis=1) / D.episodes


# ---------------------------------------------------------------- where they are shown


def _open_ring() -> World:
    return WORLDS["ring-of-fire"]()


def _uniform_ring() -> World:
    world = _open_ring()
    return world.starting_from(uniform(world, 0.95))


def _clouds_off_centre() -> World:
    """Label 0 around the origin, label 1 two to the right of it."""
    world, right = clouds_world(200), np.array([0.0, 1.0, 0.0])
    features = np.asarray(world.features) + right
    return replace(world, name="clouds:off-centre", features=features)


def _plain_century() -> World:
    return century(0)


def _three_arms() -> World:
    return bandit([0.0, 1.0, 2.0])


def _small_feature() -> World:
    return scaled_bandit(0.05)


def _two_exits() -> World:
    """+1 next to the start, +100 six steps away."""
    return load_world(".........\n.eS.....G\n.........")


def _beside_the_goal(world: World) -> Array:
    """All of μ one step from +100, inside the ring."""
    return np.eye(world.n_states)[int(np.flatnonzero(world.goals["G"])[0]) - 1]


PLAIN = {"alpha": 0.05, "gamma": 1.0, "episodes": 8, "horizon": 5}
SEARCH = {"gamma": 1.0, "episodes": 16, "horizon": 5, "replay": 1}

SIGN = "The sign of the update is wrong"
PAST = "Every step is credited with the whole return, rewards of the past included"
SHIFT = "The return starts one step too late"
TIME = "The gradient is averaged over time, not summed"
EPISODES = "The gradient is summed over the episodes, not averaged"
STALE = "The data come from the first policy, not from the one of now"
ACTION = "The baseline depends on the action"
CRITIC = "The critic's target has the wrong sign"
ENTROPY = "Indecision is charged, not paid: log π has the wrong sign in the soft value"
MASK = "The critic expects something after the end of an episode"
FISHER = "The gradient is multiplied by the Fisher matrix, not by its inverse"
BETA = "The advantage is multiplied by the temperature β, not divided"
NO_V = "The weights use the return, not the advantage"
NO_PI = "The score has lost its -π: the gradient is 1[a*] alone"
NO_WEIGHTS = "The weights are gone: every data point counts the same"
SCORE = "The return is measured from μ, not from the nominal start"
SWALLOWED = "At the end of an episode the mask wipes out the reward, too"
STAYS = "The target bootstraps from s, not from s'"
UNUSED = "The rollouts start at S all the same: μ is never used"

_GRAD = "grad  = policy.grad_log_prob(theta, D, weight=D.q_hat)"
_RETURN = "q_hat=reward_to_go(tau.r, self.gamma))"

_ALL = (
    Bug(
        "no_minus_pi", NO_PI, Supervised,
        "policy.grad_log_prob(theta, D, weight=np.ones(D.live.shape))", "taken_features(policy, D)",
        _clouds_off_centre, {"alpha": 0.3, "episodes": 100, "horizon": 1}, 120,
        "It starts as fast as the right one, or faster. Then it stops far below, while the right one goes on.",
        "1[a*] says where to push, -π says how much of that is done already. Without it every step is "
        "the same step: θ grows for ever along the sum of the label-1 points, right or wrong.",
        {
            SIGN: "With the wrong sign the curve would fall below the coin toss at once.",
            STALE: "In supervised learning the data are given once, in the right curve too.",
            TIME: "With one step, the mean over time is the sum. That bug would not show here.",
        },
        helpers={"taken_features": taken_features},
    ),
    Bug(
        "no_weights", NO_WEIGHTS, WeightedClassification,
        "weight=D.q_hat", "weight=np.ones(D.live.shape)",
        _three_arms, {"alpha": 0.3, "episodes": 16, "horizon": 1}, 60,
        "The wrong runs drift apart, some up and some down, and their middle stays at the coin toss.",
        "With equal weights the policy imitates its data: each arm as often as it was tried. The tries were drawn "
        "evenly, so what it imitates is chance.",
        {
            SIGN: "With the wrong sign the better arm would be pushed down, and all runs would fall.",
            STALE: "In weighted classification the data are given once, in the right curve too.",
            SHIFT: "Then every weight would be 0 here, and no run would move at all.",
        },
    ),
    Bug(
        "sign", SIGN, Reinforce,
        "theta = theta + self.alpha * grad", "theta = theta - self.alpha * grad",
        _plain_century, PLAIN, 200,
        "The return falls below that of the random policy and settles at the worst there is.",
        "J is a return and we ascend it. With a minus every good action becomes rarer. The minus belongs to a loss.",
        {
            FISHER: "This is REINFORCE without a Fisher matrix. That bug would still go uphill, only slowly.",
            STALE: "Old data still come with the right sign. The curve would rise a little and stop.",
            TIME: "A step too small is slow, but it goes up.",
        },
    ),
    Bug(
        "past_rewards", PAST, Reinforce,
        _RETURN,
        "q_hat=np.repeat(reward_to_go(tau.r, self.gamma)[..., :1], self.horizon, axis=-1))",
        _plain_century, {"alpha": 0.02, "gamma": 1.0, "episodes": 16, "horizon": 20}, 100,
        "The median is nearly as good, but the band is wide: some runs end far below the others.",
        "An action cannot change the rewards before it. They leave the mean of the "
        "gradient as it is and only add variance.",
        {
            SIGN: "With the wrong sign all runs would fall. Here most of them rise.",
            TIME: "A small step makes a narrow, slow band. This band is wide.",
            SHIFT: "Without its own reward an action of the last step would teach nothing, but noise would not grow.",
        },
    ),
    Bug(
        "off_by_one", SHIFT, Reinforce,
        _RETURN, "q_hat=reward_to_go(tau.r, self.gamma) - tau.r)",
        _three_arms, {"alpha": 0.1, "gamma": 1.0, "episodes": 16, "horizon": 1}, 100,
        "Nothing is learned in a task of one step. The curve does not move at all.",
        "Q̂_t starts with the reward of (s_t, a_t) itself. In one step nothing else is "
        "left, so the gradient is exactly 0.",
        {
            TIME: "With one step, the mean over time is the sum. That bug would not show here.",
            SIGN: "The wrong sign would make the curve fall.",
            PAST: "There is no past in the first step. That bug would not show here.",
        },
    ),
    Bug(
        "mean_over_time", TIME, Reinforce,
        _GRAD, "grad  = policy.grad_log_prob(theta, D, weight=D.q_hat / self.horizon)",
        _plain_century, PLAIN, 200,
        "The curve has the right shape and goes to the right place, but it needs several times as long.",
        "∇J sums over the steps of a trajectory. Dividing by T = 5 makes the step five times too small.",
        {
            EPISODES: "Summing over episodes makes the step too large: fast, with runs that freeze early.",
            STALE: "Data of the first policy stop teaching. That curve stays low; this one is still rising.",
            SIGN: "The wrong sign would make the curve fall.",
        },
    ),
    Bug(
        "sum_over_episodes", EPISODES, Reinforce,
        _GRAD, "grad  = policy.grad_log_prob(theta, D, weight=D.q_hat) * self.episodes",
        _plain_century, {**PLAIN, "alpha": 0.1, "episodes": 16}, 120,
        "Most runs jump to the top at once, but some freeze where they were at the start and never leave.",
        "The step is N = 16 times too large. One noisy step makes the policy "
        "deterministic, and then it explores no more.",
        {
            TIME: "That makes the step too small: slow, and no run freezes.",
            SIGN: "With the wrong sign no run would get to the top.",
            SHIFT: "The last reward missing costs a little everywhere. It does not split the runs in two.",
        },
    ),
    Bug(
        "stale_policy", STALE, Reinforce,
        "rollout(world, policy, theta, draws,",
        "rollout(world, policy, policy.init(world, draws), draws,",
        _plain_century, PLAIN, 200,
        "The curve rises a little and stops far below the best.",
        "The policy gradient holds for data of the policy of now. With data of the first policy it becomes weighted "
        "classification, which mixes actions in proportion to their rewards and goes no further.",
        {
            TIME: "A step too small goes on rising. This curve has come to rest.",
            SIGN: "With the wrong sign it would fall below the start.",
            EPISODES: "A step too large splits the runs. These all stop at the same place.",
        },
    ),
    Bug(
        "action_baseline", ACTION, ReinforceBaseline,
        "adv   = D.q_hat - self._b(state.phi, phi, D)",
        "adv   = D.q_hat - mean_of_action(D, world)",
        _plain_century, {**PLAIN, "baseline": "leave-one-out"}, 200,
        "Nothing is learned: the curve stays where it began.",
        "The mean of (s, a) takes away what distinguishes the actions. A baseline may depend on s, never on a.",
        {
            SIGN: "The wrong sign would make the curve fall.",
            TIME: "A step too small would still rise in 200 iterations.",
            CRITIC: "The right baseline here is leave-one-out, which needs no critic's target.",
        },
        helpers={"mean_of_action": mean_of_action},
    ),
    Bug(
        "critic_sign", CRITIC, ActorCritic,
        "target = v + gae(", "target = v - gae(",
        _uniform_ring, {"alpha": 0.3}, 100,
        "The curve rises at first and then stays low, while the right one goes on to climb.",
        "The target is V + Â, the λ-return. With V - Â the critic moves away from what was observed, and the actor "
        "believes the critic.",
        {
            SIGN: "The actor's sign wrong would make the return fall below the start.",
            MASK: "A table never learns anything about terminal states; their V stays 0, so that "
                "bug would not show here.",
            TIME: "A step too small would be slow but steady. This curve has come to rest.",
        },
    ),
    Bug(
        "no_terminal_mask", MASK, ActorCritic,
        "target = v + gae(D, v,",
        "target = v + gae(replace(D, terminated=np.zeros_like(D.terminated)), v,",
        WORLDS["cartpole"],
        {**default_settings("actor_critic", WORLDS["cartpole"]())}, 32,
        "Both learn to balance. Then the wrong one forgets: its return falls again.",
        "After a fall nothing follows, so the target is r alone. Without the mask the critic adds γ V of the fallen "
        "pole, a state it never sees from inside. Falling looks as good as standing, and the values inflate.",
        {
            CRITIC: "With the wrong sign in the target the actor would hardly learn to balance in the first place.",
            SIGN: "The wrong sign would never reach the return seen in the middle.",
            TIME: "A step too small does not make the curve come down again.",
        },
        every=4, runs=12,
    ),
    Bug(
        "entropy_sign", ENTROPY, SoftActorCritic,
        "(q - self.temperature * _log(probs))", "(q + self.temperature * _log(probs))",
        _two_exits,
        {"critic": QTable(), "alpha": 0.1, "temperature": 0.5, "episodes": 4, "horizon": 12}, 160,
        "The right one finds +100 in most runs. The wrong one makes up its mind at once: +1, in nearly every run.",
        "-log π is what an undecided step is paid. With a plus every such step costs, so the way to be rid of the bill "
        "is to end the episode. The nearest end is +1. It is the trap of high temperatures, turned round.",
        {
            SIGN: "With the wrong sign the actor would run away from +1. It goes there without a detour.",
            CRITIC: "Then the critic would think ill of +1 and of +100, and the actor would keep away from both.",
            STALE: "The right curve learns from old data, too. That is what off-policy means.",
        },
        method="_soft_value", every=8, runs=12,
    ),
    Bug(
        "masked_reward", SWALLOWED, TemporalDifference,
        "target = D.r[:, t] + self.gamma * np.where(D.terminated[:, t], 0.0, V[run, s_next])",
        "target = np.where(D.terminated[:, t], 0.0, D.r[:, t] + self.gamma * V[run, s_next])",
        WORLDS["random-walk"], {"alpha": 0.15, "gamma": 1.0, "initial": 0.5}, 100,
        "The error of the right one falls. That of the wrong one rises, in all runs alike, to 0.55. That is the error "
        "of V = 0.",
        "After a termination V(s') is 0. The reward of the last step was paid all the same. With the bracket in the "
        "wrong place the target of every last step is 0; the walk pays at the end only, so no reward ever comes in.",
        {
            MASK: "A table never learns anything about terminal states; their V stays 0, so that "
                "bug would not show here.",
            SIGN: "With a minus V would run away from its target, without bound. This error levels off.",
            STAYS: "Then only A and E would ever change; the others would be their own targets. The error would "
                "fall, a little.",
        },
        curve="error of V",
    ),
    Bug(
        "times_fisher", FISHER, ReinforceNatural,
        "policy.natural(theta, D, grad, damping=self.damping)",
        "policy.fisher_product(theta, D, grad)",
        _small_feature,
        {"alpha": 0.1, "gamma": 1.0, "episodes": 64, "horizon": 1, "damping": 1e-4}, 200,
        "The right curve is at the top in 50 iterations. The wrong one creeps.",
        "The feature that matters is small, and G is small along it. G⁻¹ makes up for that, G makes it twice as bad.",
        {
            SIGN: "The curve does rise, if slowly.",
            STALE: "With one step and data of the first policy, learning would start as fast and stop early.",
            EPISODES: "A step too large is fast, not slow.",
        },
    ),
    Bug(
        "times_beta", BETA, AWR,
        "adv / self.beta", "adv * self.beta",
        _plain_century, {**SEARCH, "beta": 0.2}, 40,
        "The policy improves, but slowly and unevenly: it is closer to imitation of its own data.",
        "exp(A/β) with a small β is greedy. exp(A·β) with a small β gives every sample nearly the same weight, and "
        "equal weights are behaviour cloning.",
        {
            NO_V: "These weights differ little from each other. Without V they would differ as much as the returns do.",
            SIGN: "AWR has no sign to turn; its weights are never negative, and the curve rises.",
            STALE: "Only the newest batch is kept here (replay = 1).",
        },
        method="weight",
    ),
    Bug(
        "no_value", NO_V, AWR,
        "adv    = self._returns(D, phi) - V.value(phi, D.s, D.t)", "adv    = self._returns(D, phi)",
        lambda: WORLDS["century"](), {**SEARCH, "beta": 1.0, "advantage": "as-it-is"}, 40,
        "No progress on average: the runs drift apart, some up and some down.",
        "All returns are in the hundreds, so exp(R/β) hits the clip for every sample. Equal weights are behaviour "
        "cloning of one's own noise.",
        {
            BETA: "β is 1 here. Multiplied or divided, it is the same.",
            SIGN: "There is no systematic fall; some runs even improve.",
            TIME: "AWR fits in closed form here. There is no step to be too small.",
        },
    ),
    Bug(
        "resets_unused", UNUSED, ReinforceResets,
        "start=mu,", "start=world.start,",
        _open_ring, {"alpha": 0.3}, 150,
        "The wrong curve comes to rest just below 0.95. That is the value of the exit at +1.",
        "μ was worked out and then not handed to the rollouts. What is left is plain REINFORCE, and it ends in "
        "the local optimum beside S. No message, no crash: only the value where it rests gives it away.",
        {
            SIGN: "With the wrong sign the curve would fall. This one rises, a little.",
            TIME: "A step too small would still be on its way. This curve has come to rest.",
            SCORE: "Measured from μ the return would look too good. This one is too bad.",
        },
        make_mu=lambda world: uniform(world, 0.95),
    ),
    Bug(
        "scored_from_mu", SCORE, ReinforceResets,
        "run = Run(algorithm, world, mu=mu)", "run = Run(algorithm, world.starting_from(mu))",
        _open_ring, {"alpha": 0.3}, 200,
        "It looks solved: the wrong curve reaches +100. The right one says that nothing was learned from the start S.",
        "μ lies beside the goal. From there the task is easy, but the task was to come from S. Train from μ, and "
        "always measure from the nominal start.",
        {
            STALE: "Both runs train on the same fresh data. Only the measurement differs.",
            EPISODES: "A step too large cannot make the measured return this good.",
            PAST: "Noise from past rewards does not lift a curve to +100.",
        },
        make_mu=_beside_the_goal, scored_from_mu=True,
    ),
)  # fmt: skip
BUGS: dict[str, Bug] = {bug.key: bug for bug in _ALL}
