"""Lab: what every live lab shares.  Training as a task on the kernel's loop, messages, knobs, time travel.

The page and the kernel exchange custom messages only.  The page sends {"kind": ..., "id": ...}; each
kind is a method `_on_<kind>`.  The kernel sends one kind of message, the frame: a JSON header and one
float32 buffer whose named parts the header lists.  A frame that answers a message carries its id, and
a sentence if the message was refused.  Nothing is acknowledged frame by frame: four times a second the
page says which frame it has drawn.

Callbacks may run in any thread (kernel subshells), so whoever touches the run holds `_lock`; the
training task belongs to the loop on which the lab was made and is only ever started there; it
trains in short slices in a thread of its own.
"""

from __future__ import annotations

import asyncio
import html
import re
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any

import anywidget
import numpy as np
import traitlets

from pgkit.knobs import Choice, Knob, settings_of
from pgkit.plug import place_of, plug, same_functions
from pgkit.run import MIX_KNOB, Run
from pgkit.types import Array
from pgkit.widgets.timeline import Timeline, curve, marks, single_runs

SLICE = 0.008  # seconds that training keeps a turned knob waiting, at most
NAP = 0.001  # seconds to wait when no iteration is due
WORDS_EVERY = 60  # frames between two descriptions in words while training
DEAD_MAN = 10.0  # seconds without a word from a page before training pauses
LAG = 0.35  # seconds that a page may be behind before frames come more slowly
SLOWEST = 2.0  # frames a second, at least
TRAINING = "Training."

SPEED = Knob("speed", 60, 1, 1000, "", "speed", "the number of iterations a second", log=True)
TEN_TIMES = 10.0  # "same seed, ten times the step size"
STEPS = Knob("n", 1, 1, 100_000, "n", "steps", "the number of iterations to train", whole=True)
FPS = Knob("fps", 30, 1, 60, "", "fps", "the number of frames a second")

_HERE = Path(__file__).parent


def bundle(*names: str) -> str:
    """Join modules that lie beside this file into one: anywidget takes a single module.

    Those in views/ share names with nobody: each becomes a block.
    """
    text = "\n".join(_module(name) for name in names)
    text = re.sub(r'^import [^;]*? from "\.[^"]+";\n', "", text, flags=re.MULTILINE)
    return re.sub(r"^export (?=(async )?(function|const|class) )", "", text, flags=re.MULTILINE)


def _module(name: str) -> str:
    text = (_HERE / name).read_text(encoding="utf-8")
    if not name.startswith("views/"):
        return text
    imports = r'^import [^;]*? from "\.[^"]+";\n'
    return "{\n" + re.sub(imports, "", text, flags=re.MULTILINE) + "}\n"


def styles(*names: str) -> str:
    return "\n".join((_HERE / name).read_text(encoding="utf-8") for name in names)


def with_picture(shown: Any, png: bytes, words: str) -> Any:
    """A widget's bundle with what readers without a kernel get: the picture, and the words that describe it."""
    assert shown is not None  # a widget with a front end always has a bundle
    data, metadata = shown
    image, alt = b64encode(png).decode("ascii"), html.escape(words)
    page = f'<img style="max-width:100%" alt="{alt}" src="data:image/png;base64,{image}">'
    return data | {"text/plain": words, "text/html": page, "image/png": image}, metadata


class Lab(anywidget.AnyWidget):
    """A live view of a Run.  It holds no learning state: all of that is in `timeline`.

    A lab says `setup()` (what the page needs once), `view()` (what a frame shows), `new_run(seed)`,
    `sentence`, `code` and `picture()`.
    """

    setting = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        run: Run,
        *,
        controls: tuple[str, ...],
        hide: tuple[str, ...] = (),
        fps: float = 30,
        presets: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> None:
        self.fps = FPS.check(fps)
        self.timeline = Timeline(run)
        self.playing = False
        self.speed: float | None = SPEED.default
        self.status, self.alarm = "Ready.", False
        self.version = 0  # rises with every change of a knob
        self._trained = 0  # the version that the last iteration was trained with
        self._shown = 0  # ... and the last one of these that a frame has shown
        self._controls = controls
        self._presets = dict(presets or {})
        self._defaults: dict[str, Any] = {name: self._value(name) for name in controls}
        self.singles = False  # every run's own curve is shown
        self._made = ""  # the line of Python that the lab was, when it was first shown
        self._lock = threading.RLock()
        self._loop = _running_loop()
        self._task: asyncio.Task | None = None
        self._heard = time.monotonic()
        self._rate, self._frame, self._sent_at = self.fps, 0, {}
        self._told = (-1, 0, 0)  # generation, curve points and marks that the pages have
        self._pace = (time.perf_counter(), run.iteration, 0.0)
        self._fits = (0, 1)  # at which version, how many iterations fit into half a slice
        knobs = [asdict(k) for k in self._settings().values() if isinstance(k, Knob)]
        choices = [asdict(c) for c in self._settings().values() if isinstance(c, Choice)]
        self.hidden = _known_parts(hide)
        given = {"knobs": knobs, "choices": choices, "hide": list(self.hidden)}
        super().__init__(setting=self.setup() | given | {"presets": list(self._presets)})
        self.on_msg(self._receive)
        self._place = _place(self)  # before anybody has touched it

    # ---------------------------------------------------------------- what a lab says of itself

    def setup(self) -> dict[str, Any]:
        raise NotImplementedError

    def view(self) -> tuple[dict[str, Any], dict[str, Array]]:
        raise NotImplementedError

    def new_run(self, seed: int) -> Run:
        """A fresh run with the knobs of now."""
        raise NotImplementedError

    @property
    def sentence(self) -> str:
        """The picture in words."""
        raise NotImplementedError

    @property
    def code(self) -> str:
        """One line of Python that rebuilds this lab as it stands."""
        raise NotImplementedError

    def picture(self) -> bytes:
        """The picture as PNG, for readers without a kernel."""
        raise NotImplementedError

    def turn(self, **changes: Any) -> None:
        """Turn knobs; ValueError changes nothing."""
        self.run.set(**changes)
        self._accept()

    def go_back(self, iteration: int) -> None:
        """Look at an earlier iteration, as it was."""
        self.timeline.rewind(iteration)
        self._accept()

    # ---------------------------------------------------------------- for notebooks and tests

    @property
    def run(self) -> Run:
        return self.timeline.run

    def set(self, **changes: Any) -> Lab:
        """Turn knobs.  Takes effect at the next iteration; ValueError changes nothing."""
        with self._lock:
            self.turn(**changes)
            self.frame()
        return self

    def train(self, iterations: int) -> Lab:
        """Train now, without a loop; what one gets from playing as long."""
        with self._lock:
            n = STEPS.check(iterations)
            self._advance(n)
            self.frame()
        return self

    tick = train

    def rewind(self, iteration: int) -> Lab:
        """Go back to an iteration.  Training goes on from there."""
        with self._lock:
            self.playing = False
            self.go_back(iteration)
            self.frame()
        return self

    def restart(self, seed: int | None = None) -> Lab:
        """Train from the beginning, with the knobs as they are; the curve so far stays as a ghost."""
        with self._lock:
            self.timeline.restart(self.new_run(self.run.seed if seed is None else seed))
            self._accept()
            self.frame()
        return self

    def compare(self, **changes: Any) -> Lab:
        """From here on draw a second run beside this one: same seed, these changes; by default 10 α.

        Without changes and with a rival already there, the rival goes.
        """
        with self._lock:
            if not changes and self.timeline.rival is not None:
                self.timeline.rival = None
            else:
                self.timeline.compare(**(changes or self._ten_times()))
            self.frame()
        return self

    def use(self, **functions: Callable) -> Lab:
        """Go on with your own functions inside the algorithm, by the names that its text calls.

        `lab.use(reward_to_go=my_reward_to_go)`.  When yours fails, training stops, what was learned stays, and
        the lab shows the line; mend it, `use` it again, play on.  ValueError lists what can be replaced.
        """
        with self._lock:
            algorithm = plug(self.run.algorithm, **functions)
            self.run.replace_algorithm(algorithm)
            self._accept()
            self.frame()
        return self

    def defaults(self) -> Lab:
        """Set every knob back to its default."""
        return self.set(**self._defaults)

    def play(self) -> Lab:
        """Train until `pause`, as a task on the kernel's loop."""
        loop = self._loop = self._loop or _running_loop()
        if loop is None:
            raise RuntimeError("there is no event loop to play on; call train(iterations) instead")
        with self._lock:
            self._heard = time.monotonic()
            self.playing = True
            self.status, self.alarm = TRAINING, False
            self._pace = (time.perf_counter(), self.run.iteration, 0.0)
        loop.call_soon_threadsafe(self._start)
        return self

    def pause(self) -> Lab:
        """Stop training after the current iteration."""
        with self._lock:
            self.playing = False
            self.frame()
        return self

    def close(self) -> None:
        self.playing = False
        super().close()

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        self._come_back()
        shown = super()._repr_mimebundle_(**kwargs)
        with self._lock:
            return with_picture(shown, self.picture(), self.sentence)

    def __repr__(self) -> str:
        return f"<{self.sentence}>"

    def _come_back(self) -> None:
        """When the cell that made a lab is run again unchanged, the lab goes on where it was.

        A function plugged into it that now reads differently is a change.
        """
        before = _LABS.get(self._place)
        made, mine = self.code, getattr(self.run.algorithm, "plugged", {})
        if (
            before is not None
            and before is not self
            and before._made == made
            and same_functions(getattr(before.run.algorithm, "plugged", {}), mine)
        ):
            with before._lock:
                before.playing = False
                self.timeline, self._presets = before.timeline, before._presets
                self.speed, self.singles = before.speed, before.singles
                self.take_over(before)
        self._made = made
        if self._place is not None:
            _LABS[self._place] = self

    def take_over(self, before: Any) -> None:
        """What else a lab keeps when its cell is run again."""

    # ---------------------------------------------------------------- the task

    def _start(self) -> None:
        """On the loop: start the task unless it runs."""
        if self._task is None or self._task.done():
            self._task = asyncio.ensure_future(self._play())

    async def _play(self) -> None:
        """Slices in a thread: compiled kernels let the loop run meanwhile, and it is never kept long."""
        loop = asyncio.get_running_loop()
        last, owed, next_frame = time.perf_counter(), 0.0, 0.0
        try:
            with ThreadPoolExecutor(1, thread_name_prefix="pgkit-lab") as thread:
                while self.playing:
                    now = time.perf_counter()
                    owed, last = self._owed(owed, now - last), now
                    if owed >= 1:
                        owed = await loop.run_in_executor(thread, self._slice, owed)
                    await asyncio.sleep(0 if owed >= 1 else NAP)
                    now = time.perf_counter()
                    if now >= next_frame or self._has_news():
                        next_frame = max(next_frame + 1 / self._rate, now)
                        self._frame_now()
                    if time.monotonic() - self._heard > DEAD_MAN:
                        self._stop(f"Paused: no page has been looking for {DEAD_MAN:g} s.")
        except Exception as error:  # whatever it is, it ends the training and the user is told
            self._stop(str(error), alarm=True)
        with self._lock:
            if self.status == TRAINING:
                self.status = "Paused."
            self.frame()

    def _has_news(self) -> bool:
        """Trained with a knob as it was just turned, and not shown yet: worth a frame out of turn."""
        return self._shown < self._trained == self.version

    def _frame_now(self) -> None:
        with self._lock:
            self.frame()

    def _owed(self, owed: float, seconds: float) -> float:
        """Iterations due at this speed; time lost is not made up for."""
        if self.speed is None:
            return float("inf")
        return min(owed if owed < float("inf") else 0.0, 1.0) + seconds * self.speed

    def _slice(self, owed: float) -> float:
        """Train what is due, for SLICE seconds at most; returns what is still due.

        A few long calls cost less than many short ones.  How many iterations fit is known from the last slice,
        unless a knob was turned since: then it begins with one.
        """
        with self._lock:
            deadline = time.perf_counter() + SLICE
            version, chunk = self._fits
            chunk = chunk if version == self.version else 1
            while owed >= 1 and self.playing:
                n = int(min(owed, chunk))
                began = time.perf_counter()
                self._advance(n)
                now = time.perf_counter()
                owed -= n
                each, left = (now - began) / n, deadline - now
                self._fits = self.version, max(1, int(SLICE / 2 / each))
                if each > left:
                    break
                chunk = min(int(left / each), 8 * n)
            return owed

    def _advance(self, iterations: int) -> None:
        """Raises TrainingError, with the line of the user's code if it is theirs; the history stays."""
        try:
            self.timeline.advance(iterations)
        except Exception as error:
            what = (
                str(error) if isinstance(error, ValueError) else f"{type(error).__name__}: {error}"
            )
            at = self.run.iteration
            raise TrainingError(
                f"Training stopped at iteration {at}: {what}{place_of(error)}"
            ) from error
        self._trained = self.version

    def _stop(self, status: str, *, alarm: bool = False) -> None:
        self.playing = False
        self.status, self.alarm = status, alarm

    # ---------------------------------------------------------------- frames

    def frame(self, *, fresh: bool = False, **extra: Any) -> None:
        """Send what there is to see now."""
        header, parts = self.view()
        told = (-1, 0, 0) if fresh else self._told
        start, curve_rows, line = self._news(told)
        parts = parts | {"curve": curve_rows, "now": curve([self.timeline.evaluation()])}
        if start == 0 and self.timeline.ghost is not None:
            parts["ghost"] = self.timeline.ghost
        if (rival := self.timeline.rival_curve()) is not None:
            parts["rival"] = rival
        if self.singles:
            parts["singles"] = single_runs(self.timeline.trunk.history[start:])
        self._frame, self._shown = self._frame + 1, self._trained
        self._sent_at[self._frame] = time.monotonic()
        self._sent_at.pop(self._frame - 600, None)
        header = {
            **header, **line, **extra, "kind": "frame", "n": self._frame, "from": start,
            "parts": [[name, int(part.size)] for name, part in parts.items()],
            "iteration": self.timeline.iteration, "head": self.timeline.head,
            "playing": self.playing, "speed": self.speed, "seed": self.run.seed,
            "pace": self._measured_pace(), "status": self.status, "alarm": self.alarm,
            "version": self.version, "trained": self._trained, "singles": self.singles,
            "rival": self._rival_words(), "values": {name: self._value(name) for name in self._controls},
        }  # fmt: skip
        if not self.playing or self._frame % WORDS_EVERY == 0:
            header["sentence"] = self.sentence
        buffer = np.concatenate([np.ravel(part) for part in parts.values()]).astype("<f4")
        self.send(header, [buffer.tobytes()])

    def _news(self, told: tuple[int, int, int]) -> tuple[int, Array, dict[str, Any]]:
        """Points of the curve that the pages do not have (from which index on), and the marks if new."""
        line, trunk = self.timeline, self.timeline.trunk
        fresh = told[0] != line.generation
        start = 0 if fresh else told[1]
        history = trunk.history[start:]
        rows = curve(history) if history else np.zeros((0, 0))
        found = marks(trunk.changes)
        key = hash(tuple(found))
        self._told = (line.generation, len(trunk.history), key)
        return start, rows, {"marks": found} if fresh or key != told[2] else {}

    def _measured_pace(self) -> float:
        """Iterations a second, over the last half second or so."""
        then, iteration, pace = self._pace
        now = time.perf_counter()
        if not self.playing:
            return 0.0
        if now - then > 0.5:
            pace = max(0.0, (self.run.iteration - iteration) / (now - then))
            self._pace = (now, self.run.iteration, pace)
        return pace

    def _value(self, name: str) -> Any:
        settings = self.run.settings
        return settings.mix if name == "mix" else getattr(settings.algorithm, name)

    def _settings(self) -> dict[str, Knob | Choice]:
        known = settings_of(self.run.algorithm) | {"mix": MIX_KNOB}
        return {name: known[name] for name in self._controls}

    def _ten_times(self) -> dict[str, Any]:
        """Ten times the step size, as far as its range goes; a tenth where it is at the end already."""
        name = "alpha" if "alpha" in settings_of(self.run.algorithm) else "epsilon"
        knob = settings_of(self.run.algorithm).get(name)
        if not isinstance(knob, Knob):
            raise ValueError(
                "this algorithm has no step size; say what to change: compare(name=value)"
            )
        now = getattr(self.run.algorithm, name)
        return {name: min(now * TEN_TIMES, knob.high) if now < knob.high else now / TEN_TIMES}

    def _rival_words(self) -> str:
        """What the rival does differently, as "α 1"."""
        rival = self.timeline.rival
        if rival is None:
            return ""
        found = []
        for name, setting in settings_of(rival.algorithm).items():
            value = getattr(rival.algorithm, name)
            if value != getattr(self.timeline.trunk.algorithm, name):
                symbol = setting.symbol if isinstance(setting, Knob) else setting.label
                found.append(
                    f"{symbol} {value if isinstance(value, str) else format(value, '.3g')}"
                )
        return ", ".join(found) or "same settings"

    # ---------------------------------------------------------------- messages from a page

    def _receive(self, _: Any, content: Any, buffers: list[Any]) -> None:
        """Do what the page asks; what it may not do is answered with the reason."""
        with self._lock:
            self._heard = time.monotonic()
            message = content if isinstance(content, Mapping) else {}
            action: Callable | None = getattr(self, f"_on_{message.get('kind')}", None)
            answer = message.get("id") if isinstance(message.get("id"), int | str) else None
            extra: dict[str, Any] | None
            try:
                if action is None:
                    raise ValueError(f"unknown message {message.get('kind')!r}")
                extra = action(message, buffers)
            except (ValueError, TrainingError) as error:
                self.status, self.alarm = str(error), True
                extra = {"refused": str(error)}
            if extra is not None:
                self.frame(answer=answer, **extra)

    def _on_hello(self, message: Mapping, buffers: list[Any]) -> None:
        self.frame(fresh=True, answer=message.get("id"))

    def _on_bye(self, message: Mapping, buffers: list[Any]) -> None:
        """Another page, or the same one drawn anew, has a second to say that it is there."""
        self._heard -= DEAD_MAN - 1

    def _on_seen(self, message: Mapping, buffers: list[Any]) -> None:
        """Slower frames for a page that cannot follow."""
        sent = self._sent_at.get(_whole(message, "n") + 1)
        behind = 0.0 if sent is None else time.monotonic() - sent
        factor = 0.6 if behind > LAG else 1.1
        self._rate = min(max(self._rate * factor, SLOWEST), self.fps)

    def _on_play(self, message: Mapping, buffers: list[Any]) -> dict:
        self.play()
        return {}

    def _on_pause(self, message: Mapping, buffers: list[Any]) -> dict:
        self._stop("Paused.")
        return {}

    def _on_step(self, message: Mapping, buffers: list[Any]) -> dict:
        n = STEPS.check(message.get("n"))
        self._stop("Paused.")
        self._advance(min(n, 1000))
        return {}

    def _on_rewind(self, message: Mapping, buffers: list[Any]) -> dict:
        self._stop("Paused.")
        self.go_back(_whole(message, "to"))
        return {}

    def _on_speed(self, message: Mapping, buffers: list[Any]) -> dict:
        value = message.get("value")
        self.speed = None if value is None else SPEED.check(value)
        return {}

    def _on_restart(self, message: Mapping, buffers: list[Any]) -> dict:
        seed = message.get("seed")
        self.timeline.restart(self.new_run(self.run.seed if seed is None else seed))
        self._accept()
        return {}

    def _on_set(self, message: Mapping, buffers: list[Any]) -> dict:
        changes = message.get("changes")
        if not isinstance(changes, Mapping):
            raise ValueError("a change must name its knobs")
        for name in changes:
            if name not in self._defaults:
                raise ValueError(f"unknown knob {name!r}; this lab has {', '.join(self._defaults)}")
        self.turn(**changes)
        return {}

    def _on_defaults(self, message: Mapping, buffers: list[Any]) -> dict:
        self.turn(**self._defaults)
        return {}

    def _on_preset(self, message: Mapping, buffers: list[Any]) -> dict:
        name = message.get("name")
        if not isinstance(name, str) or name not in self._presets:
            raise ValueError(
                f"preset = {name!r}, but this lab has {', '.join(self._presets) or 'none'}"
            )
        self.turn(**self._presets[name])
        return {}

    def _on_compare(self, message: Mapping, buffers: list[Any]) -> dict:
        self.compare()
        return {}

    def _on_singles(self, message: Mapping, buffers: list[Any]) -> None:
        self.singles = bool(message.get("on"))
        self.frame(fresh=True, answer=message.get("id"))

    def _on_copy(self, message: Mapping, buffers: list[Any]) -> dict:
        return {"code": self.code}

    def _accept(self) -> None:
        self.version += 1
        self.status, self.alarm = (TRAINING if self.playing else "Ready."), False


class TrainingError(RuntimeError):
    """Training stopped in the middle; the message says where, and the run is as before that iteration."""


PARTS = (
    "knobs", "reset", "paint", "rewards", "seed", "speed", "time", "copy", "compare", "presets", "penalty",
)  # fmt: skip
_LABS: dict[Any, Lab] = {}  # the lab of each place in a notebook, so that it can come back


def _known_parts(hide: tuple[str, ...]) -> tuple[str, ...]:
    for name in hide:
        if name not in PARTS:
            raise ValueError(f"hide = {name!r}, but what can be hidden is {', '.join(PARTS)}")
    return hide


def _place(lab: Lab) -> Any:
    """The cell that is being run, the lab's class and its turn in the cell; None outside a notebook."""
    from IPython import get_ipython

    shell: Any = get_ipython()
    parent = shell.get_parent() if hasattr(shell, "get_parent") else {}
    cell = (parent.get("metadata") or {}).get("cellId")
    if cell is None:
        return None
    message = parent.get("header", {}).get("msg_id")
    turn = _TURNS.get(cell, (None, 0))
    _TURNS[cell] = (message, turn[1] + 1 if turn[0] == message else 0)
    return cell, type(lab).__name__, _TURNS[cell][1]


_TURNS: dict[str, tuple[Any, int]] = {}


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def _whole(message: Mapping, name: str) -> int:
    value = message.get(name)
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(f"{name} = {value!r}, but it must be a whole number")
    return value
