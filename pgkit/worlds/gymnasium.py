"""Gymnasium, both ways: its environments as worlds, and our finite worlds as its environments.

    load_world("gymnasium:CartPole-v1")                             a world like any other
    gymnasium.make("pgkit.worlds.gymnasium:pgkit/RingOfFire-v0")    an environment like any other

The only module that imports gymnasium; nothing imports it before it is asked for.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

import gymnasium
import numpy as np
from gymnasium import spaces
from gymnasium.vector import AutoresetMode, SyncVectorEnv

from pgkit.draws import Draws, Stream
from pgkit.types import Array, Bool, Float, Int
from pgkit.worlds import load_world
from pgkit.worlds.world import World

NO_LIMIT = 1000  # steps: how long an episode is looked at where the environment never truncates
DEFAULTS = {"alpha": 0.01, "gamma": 0.99, "episodes": 8, "horizon": 64}


# ---------------------------------------------------------------- their environments as worlds


class Copies:
    """A row of running environments. It moves when it is stepped and cannot be copied or turned back."""

    def __init__(self, env: SyncVectorEnv) -> None:
        self.env = env
        self.steps = 0

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            "environments of Gymnasium are running and cannot be copied; "
            "run again from the beginning with the same seed instead"
        )


@dataclass(frozen=True, eq=False)
class At:
    """Where B·N environments stand: valid until they are stepped on.

    copies: the live handle;  steps: how far it had been stepped;  s: what is observed [B, N, F];
    t: steps since their episode began [B, N]
    """

    copies: Copies
    steps: int
    s: Float[Array, "B N F"]
    t: Int[Array, "B N"]


@dataclass(frozen=True, eq=False)
class GymnasiumWorld:
    """An environment of Gymnasium as a world; the attributes are those of VectorWorld.

    Discrete actions are 0..A-1 whatever the environment calls the first; continuous ones are in the
    environment's own units, flattened, and clipped to its bounds. Observations are flattened;
    those of finitely many states become one-hot vectors.

    Each copy has a seed of its own, made from its run's key, the iteration and the trajectory: a run
    is repeatable, and does not depend on the runs beside it.
    """

    id: str
    n_features: int
    time_limit: int
    observation_space: spaces.Space
    action_space: spaces.Space
    options: Mapping[str, Any] = field(default_factory=dict)
    n_actions: int = 0
    action_low: tuple[float, ...] = ()
    action_high: tuple[float, ...] = ()
    input_scale: tuple[float, ...] | None = None
    actions: tuple[str, ...] = ()
    defaults: Mapping[str, float] = field(default_factory=dict)
    copyable = False  # a run in it can be neither forked nor rewound

    @property
    def name(self) -> str:
        """What the command line calls it."""
        return f"gymnasium:{self.id}"

    @property
    def start(self) -> None:
        """No distribution over states to choose from: episodes begin where the environment begins."""

    def begin(self, draws: Draws, episodes: int) -> At:
        """N = `episodes` copies for each run, reset."""
        seeds = draws.stream(Stream.SEED).words(episodes, 0) >> np.uint64(33)  # fit a C int
        # New ones each time: some (Box2D's) remember what was before a reset, seeded or not.
        env = _made(self.id, seeds.size, self.options)
        obs, _ = env.reset(seed=[int(seed) for seed in seeds.ravel()])
        s = self._see(obs).reshape(*seeds.shape, -1)
        return At(Copies(env), 0, s, np.zeros(seeds.shape, dtype=np.int64))

    def observe_at(self, at: At) -> Float[Array, "B N F"]:
        return at.s

    def advance(
        self, at: At, a: Array, draws: Draws, t: int
    ) -> tuple[
        At, Float[Array, "B N"], Float[Array, "B N F"], Bool[Array, "B N"], Bool[Array, "B N"]
    ]:
        """One step of all copies: (at', r, s', terminated, truncated); those whose episode is over begin anew.

        s' is what is observed before the new beginning. An episode that ends at its time limit has
        ended: it is not truncated. The draws are not used, the copies draw for themselves.
        Raises ValueError for an `at` that has been stepped on already, or an action that is not a number.
        """
        copies = at.copies
        if at.steps != copies.steps:
            raise ValueError(
                f"at: these environments have gone on from step {at.steps} to step {copies.steps}, and "
                "Gymnasium's cannot be turned back; run again from the beginning with the same seed"
            )
        actions = self._actions(a)
        copies.steps += 1
        obs, r, terminated, truncated, info = copies.env.step(actions)
        shape = at.t.shape
        s = self._see(obs)
        s_next, over = s, terminated | truncated
        if over.any():
            s_next = s.copy()
            s_next[over] = self._see(np.stack(list(info["final_obs"][over])))
        terminated, truncated = terminated.reshape(shape), (truncated & ~terminated).reshape(shape)
        age = np.where(over.reshape(shape), 0, at.t + 1)
        after = At(copies, copies.steps, s.reshape(*shape, -1), age)
        return after, r.reshape(shape), s_next.reshape(*shape, -1), terminated, truncated

    def _see(self, obs: Array) -> Float[Array, "n F"]:
        """Observations of a row of copies as rows of float64."""
        if isinstance(self.observation_space, spaces.Discrete):
            which = obs[:, None] - self.observation_space.start
            return (which == np.arange(self.n_features)).astype(np.float64)
        return obs.reshape(len(obs), -1).astype(np.float64)

    def _actions(self, a: Array) -> Array:
        """Actions [B, N] or [B, N, K] as the row of copies takes them."""
        if isinstance(self.action_space, spaces.Discrete):
            return a.ravel() + self.action_space.start
        if not np.isfinite(a).all():
            raise ValueError(
                f"a: {self.name} was given an action that is not a finite number; learning has "
                "diverged: a smaller step size may help"
            )
        clipped = np.clip(a, self.action_low, self.action_high).astype(self.action_space.dtype)
        return clipped.reshape(-1, *(self.action_space.shape or ()))


def gymnasium_world(id: str, **make_options: Any) -> GymnasiumWorld:
    """The environment `id` as a world; the options are those of gymnasium.make_vec.

    Raises ValueError for an id that is not registered (with one that is like it), an environment
    whose own packages are missing, and spaces other than Box and Discrete.
    """
    options = {"disable_env_checker": True, **make_options}
    probe = _made(id, 1, options)
    see, act = probe.single_observation_space, probe.single_action_space
    probe.close()
    if isinstance(see, spaces.Box):
        n_features = int(np.prod(see.shape))
    elif isinstance(see, spaces.Discrete):
        n_features = int(see.n)
    else:
        raise ValueError(_unsupported(id, "observes", see, "FlattenObservation"))
    world: dict[str, Any] = {}
    if isinstance(act, spaces.Discrete):
        world["n_actions"] = int(act.n)
    elif isinstance(act, spaces.Box) and np.issubdtype(act.dtype, np.floating):
        world["action_low"] = tuple(act.low.ravel().tolist())
        world["action_high"] = tuple(act.high.ravel().tolist())
    else:
        raise ValueError(_unsupported(id, "acts in", act, "TransformAction"))
    spec = probe.envs[0].spec
    limit = spec.max_episode_steps if spec else None
    return GymnasiumWorld(
        id, n_features, limit or NO_LIMIT, see, act, options, defaults=DEFAULTS, **world
    )


def _made(id: str, count: int, options: Mapping[str, Any]) -> SyncVectorEnv:
    """A row of `count` copies; what goes wrong, in words."""
    mode = {"autoreset_mode": AutoresetMode.SAME_STEP}  # a new beginning costs no step of its own
    try:
        env = gymnasium.make_vec(
            id, count, vectorization_mode="sync", vector_kwargs=mode, **options
        )
    except (gymnasium.error.UnregisteredEnv, gymnasium.error.DeprecatedEnv) as error:
        near = difflib.get_close_matches(id, gymnasium.registry, 1, cutoff=0.7)
        hint = f"did you mean {near[0]}?" if near else "gymnasium.pprint_registry() lists them"
        raise ValueError(
            f"world = 'gymnasium:{id}', but Gymnasium has no such environment ({error}); {hint}"
        ) from error
    except (gymnasium.error.Error, ImportError) as error:
        way_out = "pip install 'pgkit[box2d]'; " if "box2d" in str(error).lower() else ""
        raise ValueError(
            f"world = 'gymnasium:{id}', but the environment cannot be made: {way_out}{error}"
        ) from error
    assert isinstance(env, SyncVectorEnv)
    return env


def _unsupported(id: str, does: str, space: spaces.Space, wrapper: str) -> str:
    return (
        f"world = 'gymnasium:{id}', but it {does} {space}, and only Box and Discrete spaces are "
        f"supported; pgkit.worlds.gymnasium.gymnasium_world({id!r}, wrappers=[...]) takes a wrapper, "
        f"such as gymnasium.wrappers.{wrapper}, that makes it one of them"
    )


# ---------------------------------------------------------------- our worlds as environments


class WorldEnv(gymnasium.Env[Any, Any]):
    """A finite world as an environment: the state's number is observed, the action's number is taken.

    world: a World or what load_world takes. reset(options={"state": s}) begins in a state of one's
    own choice: with it, reset distributions can be had outside too. Raises ValueError for a world
    that is not finite, an action out of range, and a state nobody can start in.
    """

    metadata = {"render_modes": ["ansi"], "render_fps": 4}  # noqa: RUF012 - Gymnasium's own form

    def __init__(self, world: World | str = "ring-of-fire", render_mode: str | None = None) -> None:
        self.world = load_world(world) if isinstance(world, str) else world
        if not isinstance(self.world, World):
            raise ValueError(
                f"world = {self.world.name}, but only finite worlds are made environments"
            )
        self.observation_space = spaces.Discrete(self.world.n_states)
        self.action_space = spaces.Discrete(self.world.n_actions)
        self.render_mode = render_mode
        self.s = int(self.world.start.argmax())

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[int, dict[str, Any]]:
        super().reset(seed=seed)
        if options and "state" in options:
            state = options["state"]
            if state not in np.flatnonzero(self.world.startable).tolist():
                raise ValueError(
                    f"state = {state!r}, but an episode of {self.world.name} starts in a state "
                    f"0..{self.world.n_states - 1} that is neither terminal nor a wall"
                )
            self.s = int(state)
        else:
            self.s = int(self.np_random.choice(self.world.n_states, p=self.world.start))
        return self.s, {}

    def step(self, action: Any) -> tuple[int, float, bool, bool, dict[str, Any]]:
        if not self.action_space.contains(action):
            raise ValueError(
                f"action = {action!r}, but it must be in 0..{self.world.n_actions - 1}"
            )
        here = self.s, int(action)
        outcome = self.np_random.choice(self.world.prob.shape[-1], p=self.world.prob[here])
        self.s = int(self.world.next_state[here][outcome])
        reward = float(self.world.reward[here][outcome])
        return self.s, reward, bool(self.world.terminal[self.s]), False, {}

    def render(self) -> str | None:
        """The map with @ where one is, or the state in words."""
        if self.render_mode is None:
            return None
        if self.world.layout is None:
            return self.world.describe(self.s)
        letters, cols = self.world.layout.letters, self.world.layout.cols
        drawn = letters[: self.s] + "@" + letters[self.s + 1 :]
        return "\n".join(drawn[i : i + cols] for i in range(0, len(drawn), cols))


def register(namespace: str = "pgkit") -> None:
    """Make the rings known to gymnasium.make, cut off after the 30 steps of the course.

    Importing this module does it. Gymnasium imports it for an id "pgkit.worlds.gymnasium:pgkit/RingOfFire-v0".
    """
    for name, world in (
        ("RingOfFire", "ring-of-fire"),
        ("RingOfFireClosed", "ring-of-fire-closed"),
    ):
        id = f"{namespace}/{name}-v0"
        if id not in gymnasium.registry:
            gymnasium.register(
                id,
                "pgkit.worlds.gymnasium:WorldEnv",
                max_episode_steps=30,
                kwargs={"world": world},
            )


register()
