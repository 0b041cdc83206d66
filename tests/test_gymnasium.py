"""Gymnasium both ways: its environments as worlds, ours as its environments; and the oracle of our dynamics."""

import ast
import copy
import subprocess
import sys
import warnings
from pathlib import Path

import gymnasium
import numpy as np
import pytest
from gymnasium import spaces
from gymnasium.utils.env_checker import check_env

import pgkit
from pgkit import exact
from pgkit.draws import Draws, run_keys
from pgkit.rollout import continued, rollout
from pgkit.worlds import WORLDS, World, load_world
from pgkit.worlds.gymnasium import NO_LIMIT, WorldEnv, gymnasium_world

PACKAGE = Path(pgkit.__file__).parent


def draws(runs=2, seed=11):
    return Draws(run_keys(seed, runs))


class Uniform:
    """Every action equally likely; continuous ones normal, of spread 1.5."""

    def __init__(self, world):
        self.world = world

    def act(self, theta, s, draws, t):
        if self.world.n_actions:
            return (draws.actions(s.shape[1], t).astype(np.int64) * self.world.n_actions) >> 32
        return 1.5 * draws.stream(99).normal(s.shape[1], t, len(self.world.action_low))


def roll(world, draws, episodes=3, horizon=40):
    return rollout(world, Uniform(world), None, draws, episodes=episodes, horizon=horizon)


def same(one, other, runs=slice(None)):
    for field in ("s", "a", "r", "s_next", "terminated", "truncated", "live", "t"):
        np.testing.assert_array_equal(getattr(one, field), getattr(other, field)[runs])


# ---------------------------------------------------------------- the oracle of our own dynamics


def upright(x, t):
    return int(x[2] + 0.3 * x[3] + 0.05 * x[1] > 0)


def at_random(x, t):
    return int(np.random.default_rng(t).integers(2))


@pytest.mark.parametrize(("act", "seeds"), [(upright, 3), (at_random, 20)])
def test_cartpole_is_that_of_gymnasium_over_whole_episodes(act, seeds):
    """From their state in each step where the pole stays up for 500: an upright pole magnifies rounding."""
    ours, theirs = load_world("cartpole"), gymnasium.make("CartPole-v1")
    for seed in range(seeds):
        theirs.reset(seed=seed)
        x, t, over = np.array(theirs.unwrapped.state), 0, False
        while not over:
            a = act(x, t)
            x, r, terminated = ours.transition(x[None], np.array([a]), np.zeros((1, 0)))
            x, t = x[0], t + 1
            _, their_r, their_terminated, their_truncated, _ = theirs.step(a)
            np.testing.assert_allclose(x, theirs.unwrapped.state, atol=1e-9)
            assert (r[0], terminated[0]) == (their_r, their_terminated)
            over = their_terminated or their_truncated
            assert over == (terminated[0] or t == ours.time_limit)
            x = np.array(theirs.unwrapped.state) if act is upright else x
        assert (act is upright) == (t == 500)


def test_pendulum_is_that_of_gymnasium_over_whole_episodes():
    ours = load_world("pendulum")
    theirs = gymnasium.make("Pendulum-v1", disable_env_checker=True)
    for seed in range(5):
        rng, over, t = np.random.default_rng(seed), False, 0
        obs, _ = theirs.reset(seed=seed)
        x = np.array(theirs.unwrapped.state)
        while not over:
            np.testing.assert_allclose(ours.observe(x), obs, atol=1e-5)  # theirs are float32
            a = rng.uniform(-3, 3, 1)
            x, r, terminated = ours.transition(x[None], a[None], np.zeros((1, 0)))
            x, t = x[0], t + 1
            obs, their_r, their_terminated, over, _ = theirs.step(a)
            np.testing.assert_allclose(x, theirs.unwrapped.state, atol=1e-6)
            assert r[0] == pytest.approx(their_r, abs=1e-6)
            assert not terminated[0]
            assert not their_terminated
        assert t == ours.time_limit


def test_our_starts_have_the_range_of_gymnasiums():
    for name, id in (("cartpole", "CartPole-v1"), ("pendulum", "Pendulum-v1")):
        ours, theirs = load_world(name), gymnasium.make(id)
        x = []
        for seed in range(300):
            theirs.reset(seed=seed)
            x.append(theirs.unwrapped.state)
        mine = ours.begin(draws(1), 300).x[0]
        np.testing.assert_allclose(np.max(mine, axis=0), np.max(x, axis=0), rtol=0.05)
        np.testing.assert_allclose(np.min(mine, axis=0), np.min(x, axis=0), rtol=0.05)


# ---------------------------------------------------------------- an environment that tells all


class Tell(gymnasium.Env):
    """Observes (time, the last action, what was drawn at reset); ends after `length` steps."""

    def __init__(self, length=3, see=None, act=None):
        self.length = length
        self.observation_space = see or spaces.Box(-np.inf, np.inf, (3,), np.float64)
        self.action_space = act or spaces.Box(
            np.float32([-1, -np.inf]), np.float32([2, 0.5]), dtype=np.float32
        )

    def _obs(self):
        if isinstance(self.observation_space, spaces.Discrete):
            return int(self.observation_space.start + self.t)
        obs = np.array([self.t, self.last, self.luck])
        return np.resize(obs, self.observation_space.shape).astype(self.observation_space.dtype)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.t, self.last, self.luck = 0, 0.0, self.np_random.random()
        return self._obs(), {"what": "ever"}

    def step(self, action):
        assert self.action_space.contains(action), action
        self.t, self.last = self.t + 1, float(np.sum(action))
        return self._obs(), 10.0 + self.t, self.t >= self.length, False, {"t": self.t}


gymnasium.register("Tell-v0", Tell)


class Always:
    """The same action for ever."""

    def __init__(self, a):
        self.a = np.asarray(a)

    def act(self, theta, s, draws, t):
        return np.broadcast_to(self.a, (*s.shape[:2], *self.a.shape)).copy()


def test_an_episode_that_ends_makes_room_for_a_new_one_in_the_same_step():
    world = gymnasium_world("Tell-v0", length=3)
    tau, at = continued(world, Always([0.0, 0.0]), None, draws(), episodes=2, horizon=7)
    assert (tau.s[..., 0] == [0, 1, 2, 0, 1, 2, 0]).all()
    assert (tau.s_next[..., 0] == [1, 2, 3, 1, 2, 3, 1]).all()
    assert (tau.r == [11, 12, 13, 11, 12, 13, 11]).all()
    assert (tau.terminated == [False, False, True] * 2 + [False]).all()
    assert (tau.t == [0, 1, 2, 0, 1, 2, 0]).all()
    luck = tau.s[..., 2]
    assert (luck[..., 0] != luck[..., 3]).all()  # a start of its own
    assert (tau.s_next[..., 2, 2] == luck[..., 0]).all()  # the last view is of the old episode
    assert (world.observe_at(at)[..., 0] == 1).all()
    tau, _ = continued(world, Always([0.0, 0.0]), None, draws(), at, episodes=2, horizon=2)
    assert (tau.s[..., 0] == [1, 2]).all()
    assert (tau.t == [1, 2]).all()


def test_fresh_episodes_end_with_their_first_end():
    tau = rollout(
        gymnasium_world("Tell-v0", length=3),
        Always([0.0, 0.0]), None, draws(), episodes=2, horizon=7,
    )  # fmt: skip
    assert (tau.live == [True] * 3 + [False] * 4).all()
    assert tau.terminated.sum() == 4
    assert not tau.truncated.any()
    assert not tau.r[~tau.live].any()


def test_a_time_limit_truncates_and_an_end_at_the_limit_is_an_end():
    world = gymnasium_world("Tell-v0", length=9, max_episode_steps=2)
    assert world.time_limit == 2
    tau, _ = continued(world, Always([0.0, 0.0]), None, draws(), episodes=1, horizon=5)
    assert not tau.terminated.any()
    assert (tau.truncated == [False, True, False, True, True]).all()
    assert (tau.s_next[..., 0] == [1, 2, 1, 2, 1]).all()
    both = gymnasium_world("Tell-v0", length=2, max_episode_steps=2)
    tau, _ = continued(both, Always([0.0, 0.0]), None, draws(), episodes=1, horizon=4)
    assert (tau.terminated == [False, True, False, True]).all()
    assert not tau.truncated.any()
    assert gymnasium_world("Tell-v0").time_limit == NO_LIMIT


def test_continuous_actions_are_clipped_to_the_bounds():
    world = gymnasium_world("Tell-v0")
    assert world.action_low == (-1.0, -np.inf)
    assert world.action_high == (2.0, 0.5)
    assert world.n_actions == 0
    for a, done in (([5.0, 5.0], 2.5), ([-5.0, -5.0], -6.0), ([0.25, 0.25], 0.5)):
        tau, _ = continued(world, Always(a), None, draws(), episodes=1, horizon=1)
        assert (tau.s_next[..., 1] == done).all()
        assert (tau.a == a).all()  # what was asked for, as the policy's log-probability needs


def test_an_action_that_is_not_a_number_is_refused():
    with pytest.raises(ValueError, match="not a finite number; learning has diverged"):
        roll_one(gymnasium_world("Tell-v0"), [np.nan, 0.0])


def roll_one(world, a):
    return continued(world, Always(a), None, draws(), episodes=2, horizon=2)[0]


def test_discrete_actions_and_observations_count_from_zero():
    see, act = spaces.Discrete(4, start=7), spaces.Discrete(3, start=-1)
    world = gymnasium_world("Tell-v0", see=see, act=act)
    assert (world.n_actions, world.n_features) == (3, 4)
    tau = roll_one(world, 2)
    np.testing.assert_array_equal(tau.s[0, 0], np.eye(4)[:2])
    np.testing.assert_array_equal(tau.s_next[0, 0], np.eye(4)[1:3])


@pytest.mark.parametrize(
    ("shape", "dtype"), [((2, 3, 1), np.uint8), ((), np.float32), ((1, 1), float)]
)
def test_observations_of_any_shape_are_flattened_to_float64(shape, dtype):
    see = spaces.Box(0, 200, shape, dtype)
    world = gymnasium_world("Tell-v0", see=see)
    tau = roll_one(world, [0.0, 0.0])
    assert world.n_features == tau.s.shape[-1] == int(np.prod(shape))
    assert tau.s.dtype == np.float64
    assert (tau.s_next[..., 0] == [1, 2]).all()


def test_actions_of_any_shape_are_flattened():
    world = gymnasium_world("Tell-v0", act=spaces.Box(-1, 1, (2, 2), np.float64))
    assert world.action_high == (1.0,) * 4
    assert (roll_one(world, [1.0, 0.5, 7.0, 0.0]).s_next[..., 1] == 2.5).all()


# ---------------------------------------------------------------- repeatable, independent, alive


@pytest.mark.parametrize("id", ["CartPole-v1", "Pendulum-v1", "FrozenLake-v1", "MountainCar-v0"])
def test_a_run_repeats_and_does_not_depend_on_the_runs_beside_it(id):
    world = gymnasium_world(id)
    first = roll(world, draws(3))
    same(roll(world, draws(3)), first)
    same(roll(world, draws(1)), first, runs=slice(0, 1))
    assert (roll(world, draws(3).at_iteration(1)).s != first.s).any()


def test_each_trajectory_of_each_run_has_a_start_of_its_own():
    x = gymnasium_world("CartPole-v1").begin(draws(4), 8).s.reshape(32, 4)
    assert len(np.unique(x[:, 0])) == 32


def test_two_rollouts_at_once_do_not_disturb_each_other():
    world = gymnasium_world("CartPole-v1")
    one, other = world.begin(draws(), 3), world.begin(draws(), 3)
    before = one.s.copy()
    other, *_ = world.advance(other, np.zeros((2, 3), dtype=np.int64), draws(), 0)
    np.testing.assert_array_equal(world.observe_at(one), before)
    assert (world.observe_at(other) != before).any()


def test_a_place_that_was_left_cannot_be_returned_to_nor_copied():
    world = gymnasium_world("CartPole-v1")
    a = np.zeros((2, 3), dtype=np.int64)
    at = world.begin(draws(), 3)
    world.advance(at, a, draws(), 0)
    with pytest.raises(ValueError, match="gone on from step 0 to step 1"):
        world.advance(at, a, draws(), 1)
    with pytest.raises(TypeError, match="cannot be copied"):
        copy.deepcopy(at)


def test_cartpole_through_the_adapter_is_our_cartpole():
    theirs, ours = gymnasium_world("CartPole-v1"), load_world("cartpole")
    tau = roll(theirs, draws(), episodes=5, horizon=60)
    x, _, terminated = ours.transition(tau.s, tau.a, np.zeros((*tau.a.shape, 0)))
    np.testing.assert_allclose(x[tau.live], tau.s_next[tau.live], atol=1e-6)
    np.testing.assert_array_equal(terminated[tau.live], tau.terminated[tau.live])
    assert (theirs.n_features, theirs.n_actions, theirs.time_limit) == (4, 2, 500)


# ---------------------------------------------------------------- what cannot be had says why


@pytest.mark.parametrize(
    ("id", "message"),
    [
        ("Cartpole-v1", "did you mean CartPole-v1"),
        ("CartPole-v7", "did you mean CartPole-v1"),
        ("NothingLikeIt-v0", "no such environment.*pprint_registry"),
        ("", "Malformed environment ID"),
        ("no_such_module:X-v0", "no_such_module"),
        ("Blackjack-v1", r"observes Tuple\(.*only Box and Discrete.*FlattenObservation"),
    ],
)
def test_an_environment_that_cannot_be_had_is_refused_with_the_reason(id, message):
    with pytest.raises(ValueError, match=message) as caught:
        load_world(f"gymnasium:{id}")
    assert str(caught.value).startswith(f"world = 'gymnasium:{id}', but")


@pytest.mark.parametrize(
    "act", [spaces.MultiDiscrete([2, 2]), spaces.MultiBinary(3), spaces.Box(0, 9, (1,), np.int32)]
)
def test_actions_of_other_kinds_are_refused(act):
    with pytest.raises(ValueError, match=r"acts in .*only Box and Discrete"):
        gymnasium_world("Tell-v0", act=act)


def test_a_wrapper_makes_an_unsupported_space_supported():
    world = gymnasium_world("Blackjack-v1", wrappers=[gymnasium.wrappers.FlattenObservation])
    assert world.n_features == 32 + 11 + 2
    assert roll(world, draws()).live.any()


def test_a_missing_package_of_an_environment_is_named_with_the_way_out():
    def without_box2d(**_):
        raise gymnasium.error.DependencyNotInstalled("Box2D is not installed")

    gymnasium.register("NeedsBox2D-v0", without_box2d)
    with pytest.raises(ValueError, match=r"pip install 'pgkit\[box2d\]'.*Box2D is not installed"):
        load_world("gymnasium:NeedsBox2D-v0")


def run_python(code):
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return out.stdout.strip()


def test_without_gymnasium_everything_else_works_and_the_message_says_what_to_install():
    code = (
        "import sys; sys.modules['gymnasium'] = None\n"
        "import pgkit\n"
        "for name in pgkit.WORLDS: pgkit.load_world(name)\n"
        "try: pgkit.load_world('gymnasium:CartPole-v1')\n"
        "except ValueError as error: print(error)"
    )
    assert run_python(code) == (
        "world = 'gymnasium:CartPole-v1', but Gymnasium is not installed; pip install 'pgkit[gym]'"
    )


def test_importing_pgkit_and_its_worlds_does_not_import_gymnasium():
    code = (
        "import sys, pgkit.worlds; pgkit.load_world('cartpole'); print('gymnasium' in sys.modules)"
    )
    assert run_python(code) == "False"


def test_only_the_adapter_imports_gymnasium():
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            if any(name.split(".")[0] == "gymnasium" for name in names):
                assert path == PACKAGE / "worlds" / "gymnasium.py"


# ---------------------------------------------------------------- our worlds as environments

RINGS = ["pgkit/RingOfFire-v0", "pgkit/RingOfFireClosed-v0"]
FINITE = [name for name, make in WORLDS.items() if isinstance(make(), World)]


@pytest.mark.parametrize("id", RINGS)
def test_the_rings_pass_gymnasiums_own_check_without_a_warning(id):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        env = gymnasium.make(id)
        check_env(env.unwrapped)
    assert env.spec.max_episode_steps == 30


@pytest.mark.parametrize("name", FINITE)
def test_every_finite_world_passes_the_check(name):
    check_env(gymnasium.make("pgkit/RingOfFire-v0", world=name).unwrapped)


def test_gymnasium_finds_the_rings_by_the_name_of_the_module():
    code = (
        "import gymnasium\n"
        "print(gymnasium.make('pgkit.worlds.gymnasium:pgkit/RingOfFire-v0').observation_space)"
    )
    assert run_python(code) == "Discrete(81)"


@pytest.mark.parametrize("name", FINITE)
def test_an_environment_goes_where_its_world_says(name):
    world = load_world(name)
    env, rng = WorldEnv(world), np.random.default_rng(0)
    for episode in range(5):
        s, _ = env.reset(seed=episode)
        assert world.start[s] > 0
        for _ in range(20):
            a = int(rng.integers(world.n_actions))
            s_next, r, terminated, truncated, _ = env.step(a)
            outcomes = np.flatnonzero(world.next_state[s, a] == s_next)
            assert world.prob[s, a, outcomes].sum() > 0
            assert r in world.reward[s, a, outcomes]
            assert terminated == world.terminal[s_next]
            assert not truncated
            s = s_next
            if terminated:
                break


@pytest.mark.parametrize("id", RINGS)
def test_a_random_agents_return_agrees_with_the_exact_one(id):
    env, rng, returns = gymnasium.make(id), np.random.default_rng(3), []
    env.reset(seed=0)
    for _ in range(1500):
        env.reset()
        total, over = 0.0, False
        while not over:
            _, r, terminated, truncated, _ = env.step(int(rng.integers(4)))
            total, over = total + r, terminated or truncated
        returns.append(total)
    world = env.unwrapped.world
    uniform = np.full((world.n_states, 4), 0.25)
    j = exact.expected_return(world, uniform, 1.0, 30)
    assert np.mean(returns) == pytest.approx(j, abs=4 * np.std(returns) / np.sqrt(1500))


def test_there_and_back_again_is_the_same_world():
    """The ring as an environment as a world: the uniform policy's return is still the exact one."""
    world = load_world("gymnasium:pgkit/RingOfFire-v0")
    assert (world.n_features, world.n_actions, world.time_limit) == (81, 4, 30)
    returns = roll(world, draws(1), episodes=500, horizon=30).r.sum(axis=-1)[0]
    ring = load_world("ring-of-fire")
    j = exact.expected_return(ring, np.full((81, 4), 0.25), 1.0, 30)
    assert returns.mean() == pytest.approx(j, abs=4 * returns.std() / np.sqrt(500))


def test_an_episode_may_start_where_one_likes():
    env = WorldEnv("ring-of-fire")
    assert env.reset(seed=0, options={"state": 40})[0] == 40
    fire = int(np.flatnonzero(env.world.terminal)[0])
    for state in (fire, 81, -1, "S"):
        with pytest.raises(ValueError, match=r"state = .*neither terminal nor a wall"):
            env.reset(options={"state": state})


def test_the_picture_shows_where_one_is():
    env = WorldEnv("ring-of-fire", render_mode="ansi")
    env.reset(seed=0)
    assert env.render().splitlines()[7] == ".......@."
    assert WorldEnv("ring-of-fire").render() is None
    named = WorldEnv("random-walk", render_mode="ansi")
    named.reset(seed=0)
    assert named.render() == "C"


def test_what_is_no_finite_world_or_no_action_is_refused():
    with pytest.raises(ValueError, match="cartpole, but only finite worlds"):
        WorldEnv("cartpole")
    env = WorldEnv("ring-of-fire")
    env.reset(seed=0)
    with pytest.raises(ValueError, match=r"action = 4, but it must be in 0\.\.3"):
        env.step(4)


# ---------------------------------------------------------------- LunarLander, where Box2D is there


@pytest.mark.parametrize("id", ["LunarLander-v3", "LunarLanderContinuous-v3", "BipedalWalker-v3"])
def test_box2d_environments_are_worlds_too(id):
    pytest.importorskip("Box2D", reason="pip install 'pgkit[box2d]'")
    world = load_world(f"gymnasium:{id}")
    first = roll(world, draws(2), episodes=3, horizon=150)
    assert first.s.shape == (2, 3, 150, world.n_features)
    assert np.isfinite(first.s).all()
    same(roll(world, draws(2), episodes=3, horizon=150), first)
    same(roll(world, draws(1), episodes=3, horizon=150), first, runs=slice(0, 1))
    if id != "BipedalWalker-v3":
        assert first.terminated.any()  # most crash
        assert first.r[first.terminated].min() < -90
