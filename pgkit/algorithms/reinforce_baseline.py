"""REINFORCE (with baseline) (lecture, "REINFORCE (with baseline)"; Williams 1992; Greensmith, Bartlett & Baxter 2004)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pgkit.algorithms.shared import ALPHA, CRITIC_ALPHA, CRITIC_STEPS, EPISODES, GAMMA, HORIZON
from pgkit.draws import Draws, Stream
from pgkit.knobs import check_knobs, choice, knob, part
from pgkit.optim import Fitting
from pgkit.returns import dataset, leave_one_out, reward_to_go
from pgkit.rollout import rollout
from pgkit.types import Info, State
from pgkit.worlds.world import World


@dataclass(frozen=True)
class ReinforceBaseline:
    """REINFORCE (with baseline). Differs from Reinforce in TRAIN V and in the weight Q̂_t - V_φ(s_t).

    Does this bias the gradient? Not if the baseline does not depend on a_t: E_a[∇ log π(a|s)] = 0.
    V fitted on the batch that it is then subtracted from, the slide's order, does depend on it a
    little: with the exact fit (`critic_steps` = 0) the gradient shrinks by about 1 - 1/n in a state
    seen n times, to exactly nothing for one trajectory. Some steps from the V of before forget less
    and shrink less. "previous-batch" subtracts the V from before this batch (0 at the first), and
    "leave-one-out" the mean of the other trajectories at the same time; both leave no bias.
    In a finite horizon without discount V must know the time (ValueTable(horizon=T)).
    """

    alpha: float = knob(**ALPHA)
    gamma: float = knob(**GAMMA)
    episodes: int = knob(**EPISODES)
    horizon: int = knob(**HORIZON)
    critic_alpha: float = knob(**CRITIC_ALPHA)
    critic_steps: int = knob(**{**CRITIC_STEPS, "default": 0})
    baseline: str = choice("same-batch", options=("same-batch", "previous-batch", "leave-one-out"),
                           label="baseline", meaning="where the baseline comes from")
    critic: Any = part()
    __post_init__ = check_knobs

    def init(self, world: World, policy, draws: Draws) -> State:
        return State(policy.init(world, draws), self.critic.init(world, draws))     # START WITH RANDOM POLICY π_θ

    def iteration(self, state: State, world: World, policy, draws: Draws) -> tuple[State, Info]:
        theta = state.theta                                                         # WHILE NOT CONVERGED:
        tau   = rollout(world, policy, theta, draws, start=world.start,             # ROLLOUT π_θ
                        episodes=self.episodes, horizon=self.horizon)
        D     = dataset(tau, q_hat=reward_to_go(tau.r, self.gamma))                 # CREATE DATASET
        phi   = self.critic.fit(state.phi, D, target=D.q_hat, draws=draws.stream(Stream.CRITIC),
                                fitting=Fitting(self.critic_alpha, self.critic_steps)) # TRAIN V_φ(s)
        adv   = D.q_hat - self._b(state.phi, phi, D)                                # Q̂_t - V_φ(s_t)
        grad  = policy.grad_log_prob(theta, D, weight=adv)                          # COMPUTE GRADIENTS
        theta = theta + self.alpha * grad                                           # UPDATE θ ← θ + α ∇_θ J
        return State(theta, phi), Info(tau, D, grad)

    def _b(self, before, phi, D):
        """The baseline of each step."""
        if self.baseline == "leave-one-out":
            return leave_one_out(D)
        return self.critic.value(phi if self.baseline == "same-batch" else before, D.s, D.t)
