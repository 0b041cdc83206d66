"""When a task is learned, and what that cost: one judge and one clock for every engine.

Engines learn in worlds of their own; what they have learned is seen in Gymnasium's. numpy and
gymnasium only: this file is read in both environments.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import gymnasium
import numpy as np

SEED = 20_000  # of the examination's first start; no engine trains with it
Act = Callable[[np.ndarray], np.ndarray]  # observations [n, F] -> greedy actions [n] or [n, K]


@dataclass(frozen=True)
class Task:
    """Learned is: a mean greedy return of `threshold` over fixed starts, `running` times running.

    every     steps that pass at least between two looks
    episodes  starts, the same ones at every look and for every engine
    """

    env: str
    threshold: float
    running: int
    every: int
    episodes: int

    def __str__(self) -> str:
        return (
            f"{self.env} to {self.threshold:g}: greedy mean of {self.episodes} fixed starts, "
            f"{self.running} times running, looks at least {self.every:,} steps apart"
        )


TASKS = {
    "cartpole": Task("CartPole-v1", 475, 3, 1_024, 100),
    "pendulum": Task("Pendulum-v1", -160, 3, 400, 100),
    "lunar_lander": Task("LunarLander-v3", 200, 2, 8_192, 32),
}


def examination(task: Task) -> Callable[[Act], float]:
    """A function from a greedy policy to its mean return over the task's starts."""
    if gymnasium.spec(task.env).vector_entry_point is not None:
        return _all_at_once(task)
    return _one_by_one(task)


def _all_at_once(task: Task) -> Callable[[Act], float]:
    worlds = gymnasium.make_vec(
        task.env, num_envs=task.episodes, vectorization_mode="vector_entry_point"
    )

    def mean_return(act: Act) -> float:
        s, _ = worlds.reset(seed=SEED)
        total, alive = np.zeros(task.episodes), np.ones(task.episodes, dtype=bool)
        while alive.any():  # worlds that are over begin anew, which no longer counts
            s, r, terminated, truncated, _ = worlds.step(np.asarray(act(s), dtype=np.int64))
            total += np.where(alive, r, 0.0)
            alive &= ~(terminated | truncated)
        return float(total.mean())

    return mean_return


def _one_by_one(task: Task) -> Callable[[Act], float]:
    worlds = [gymnasium.make(task.env, disable_env_checker=True) for _ in range(task.episodes)]

    def mean_return(act: Act) -> float:
        alive = {i: world.reset(seed=SEED + i)[0] for i, world in enumerate(worlds)}
        total = 0.0
        while alive:
            for i, a in zip(list(alive), act(np.stack(list(alive.values()))), strict=True):
                alive[i], r, terminated, truncated, _ = worlds[i].step(a)
                total += float(r)
                if terminated or truncated:
                    del alive[i]
        return total / task.episodes

    return mean_return


class Judge:
    """Counts an engine's CPU seconds, and stops the clock while it looks at what was learned.

    An engine calls it after every update, with the steps that one run has taken so far and the
    greedy policy of each run. True says that it may stop: every run has learned the task, or the
    CPU seconds are used up.
    """

    def __init__(self, task: Task, cap: float, runs: int = 1) -> None:
        self.task, self.cap, self.look = task, cap, examination(task)
        self.curve: list[dict] = []
        self.learned: list[dict | None] = [None] * runs
        self.steps = self.looked = 0
        self.cpu = self.wall = 0.0
        self._resume()

    def __call__(self, steps: int, policies: Sequence[Act]) -> bool:
        cpu, wall, self.steps = self.spent(), time.perf_counter() - self._wall, steps
        if steps - self.looked < self.task.every:
            return cpu >= self.cap
        self.cpu, self.wall, self.looked = cpu, self.wall + wall, steps
        scores = [self.look(act) for act in policies]
        now = {"steps": steps, "cpu": self.cpu, "wall": self.wall}
        self.curve.append({**now, "scores": scores})
        for run in range(len(scores)):
            if self.learned[run] is None and self._enough(run):
                self.learned[run] = now
        self._resume()
        return self.cpu >= self.cap or None not in self.learned

    def spent(self) -> float:
        """CPU seconds of this process, looks excepted."""
        return self.cpu + time.process_time() - self._cpu

    def _resume(self) -> None:
        self._cpu, self._wall = time.process_time(), time.perf_counter()

    def _enough(self, run: int) -> bool:
        last = [look["scores"][run] for look in self.curve[-self.task.running :]]
        return len(last) == self.task.running and min(last) >= self.task.threshold


@dataclass(frozen=True)
class Learner:
    """An engine with a task to learn.

    train  (seed, judge): learns and asks the judge after every update, until that says stop
    runs   how many it trains together; each of them has to learn the task
    warm   whether it trains shortly before the clock starts
    """

    train: Callable[[int, Callable[[int, Sequence[Act]], bool]], None]
    runs: int = 1
    warm: bool = True


def briefly(steps: int) -> Callable[[int, Sequence[Act]], bool]:
    """A judge for a warm-up: it looks at nothing and says stop after some steps."""
    return lambda taken, policies: taken >= steps
