"""Problem-set checks: a probe calls the student's function, a judge compares the values with an exact oracle.

The two halves are apart on purpose. `probe` runs beside the student's code and only emits values;
`judge` needs nothing but those values, so that in grading it can run elsewhere, on inputs drawn from a
secret seed. `check` is one after the other, which is what a student sees. Each set has two files:
`pgkit.checks.psN` (inputs and probes) and `pgkit.checks.psN_judge` (oracles, misconceptions, hints),
and only `judge` imports the second.
"""

from __future__ import annotations

import contextlib
import copy
import importlib
import io
import os
import sys
import tempfile
import textwrap
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from types import FunctionType
from typing import Any

import numpy as np

SETS = ("ps1", "ps2", "ps3", "ps4", "ps5", "ps6")
VISIBLE_SEED = 1  # the inputs a student sees; grading draws others by the same rules


# ---------------------------------------------------------------- what an exercise consists of


@dataclass(frozen=True)
class Case:
    """One call of the student's function.  part: what it counts for;  args: the inputs."""

    part: str
    args: tuple


@dataclass(frozen=True)
class Exercise:
    """What `probe` needs to know.

    Parameters
    ----------
    parts : the share of the points that each part is worth; the shares sum to 1.
    cases : draws the inputs; every seed follows the same rules.
    call : calls the student's function on the inputs and returns named arrays.
    withdrawn : "module:name" of package functions that would be the answer.
    """

    parts: dict[str, float]
    cases: Callable[[np.random.Generator], list[Case]]
    call: Callable[..., dict[str, Any]] = lambda answer, *args: {"value": answer(*args)}
    withdrawn: tuple[str, ...] = ()


@dataclass(frozen=True)
class Value:
    """What the student's function gave for one case: named arrays, or in words what went wrong."""

    arrays: dict[str, np.ndarray] = field(default_factory=dict)
    problem: str = ""

    def __getitem__(self, name: str) -> np.ndarray:
        return self.arrays[name]


@dataclass(frozen=True)
class Part:
    """The verdict on one part.  message: empty when it is right."""

    name: str
    share: float
    message: str = ""


class Misfit(ValueError):
    """Raised by a probe when what the student's function returned has the wrong form; says which is right."""


class CheckFailed(AssertionError):
    """No part of the exercise is right yet."""

    def _render_traceback_(self) -> list[str]:
        return [f"CheckFailed: {self}"]


@dataclass(frozen=True)
class Report:
    """The verdict on one exercise, part by part.  `report + other` keeps what is right in both."""

    exercise: str
    parts: tuple[Part, ...]

    def __add__(self, other: Report) -> Report:
        both = zip(self.parts, other.parts, strict=True)
        return Report(
            self.exercise, tuple(replace(a, message=a.message or b.message) for a, b in both)
        )

    @property
    def score(self) -> float:
        """The share of the points that is earned, in [0, 1]."""
        return sum(part.share for part in self.parts if not part.message)

    def points(self, out_of: float) -> float:
        """The points earned, said in words, too: for the last line of a check cell, where nbgrader reads the number.

        Raises
        ------
        CheckFailed : when nothing is earned: nbgrader gives full points to a cell that does not fail.
        """
        if self.score == 0:
            first = self.parts[0].message.split("\n")[0]
            raise CheckFailed(f"{self.exercise}: 0 of {out_of:g} points so far. {first}")
        earned = round(min(self.score, 1.0) * out_of, 2)
        print(f"  points so far, for nbgrader: {earned:g} of {out_of:g}")
        return earned

    def __str__(self) -> str:
        if all(part.message == NOT_WRITTEN for part in self.parts):
            return f"{self.exercise}: {NOT_WRITTEN}"
        right = sum(not part.message for part in self.parts)
        lines = [f"{self.exercise}: {right} of {len(self.parts)} parts right"]
        for part in self.parts:
            lines.append(f"  {'✗' if part.message else '✓'} {part.name}")
            for paragraph in part.message.split("\n") if part.message else []:
                lines += textwrap.wrap(
                    paragraph, 92, initial_indent="      ", subsequent_indent="      "
                )
        return "\n".join(lines)


# ---------------------------------------------------------------- check = judge after probe


def check(name: str, answer: Callable, *, seed: int | None = None) -> Report:
    """Check an answer, print what is right and what is not, and return the report.

    Parameters
    ----------
    name : the exercise, for example "mismatch".
    answer : your function.
    seed : None for the visible inputs; grading gives another one.
    """
    report = judge(name, probe(name, answer, seed=seed), seed=seed)
    where = "the visible inputs" if seed is None else "other inputs"
    print(f"{report}\n  ({where}; warnings and progress bars cost nothing)")
    return report


def exercises(ps: str) -> dict[str, Exercise]:
    """The exercises of a problem set, by name."""
    return importlib.import_module(f"pgkit.checks.{ps}").EXERCISES


def exercise(name: str) -> Exercise:
    """The exercise of that name; ValueError lists the names there are."""
    return _find(name, "")


def probe(name: str, answer: Callable, *, seed: int | None = None) -> list[Value]:
    """Call `answer` on the inputs that follow from the seed, and return its values, judging nothing."""
    task = exercise(name)
    values = []
    with quiet_stderr(), _judges_away(), _withdrawn(task.withdrawn):
        for case in draw_cases(name, seed):
            values.append(_call(name, task, answer, case))
            if values[-1].problem == NOT_WRITTEN:
                break
    return values + [values[-1]] * (len(draw_cases(name, seed)) - len(values))


def judge(name: str, values: Sequence[Value], *, seed: int | None = None) -> Report:
    """Compare the values of a probe with the exact oracle."""
    messages = _find(name, "_judge")(draw_cases(name, seed), values)
    parts = exercise(name).parts.items()
    return Report(name, tuple(Part(part, share, messages.get(part, "")) for part, share in parts))


def draw_cases(name: str, seed: int | None = None) -> list[Case]:
    """The inputs that follow from the seed."""
    return exercise(name).cases(np.random.default_rng(VISIBLE_SEED if seed is None else seed))


def _find(name: str, half: str) -> Any:
    known = []
    for ps in SETS:
        table = importlib.import_module(f"pgkit.checks.{ps}{half}").EXERCISES
        if name in table:
            return table[name]
        known += table
    raise ValueError(f"there is no exercise {name!r}; the exercises are {', '.join(known)}")


# ---------------------------------------------------------------- the probe's precautions

NOT_WRITTEN = "Not written yet: replace the line that raises NotImplementedError by your answer."


def _call(name: str, task: Exercise, answer: Callable, case: Case) -> Value:
    try:
        given = task.call(answer, *copy.deepcopy(case.args))
    except NotImplementedError as error:
        other = str(error)  # the placeholder of an earlier exercise that the answer builds on
        if other != name and other.isidentifier():
            return Value(problem=f"Your function calls {other}, which is not written yet.")
        return Value(problem=NOT_WRITTEN)
    except Misfit as error:
        return Value(problem=str(error))
    except (Exception, SystemExit) as error:
        return Value(problem=f"Your function stopped with {type(error).__name__}: {error}")
    arrays = {}
    for key, thing in given.items():
        if thing is None:
            return Value(problem="Your function returned None. Does it end with `return`?")
        try:
            arrays[key] = np.array(unwrapped(thing), dtype=np.float64)
        except Exception:  # whatever a student's object raises when it is read is the same finding
            kind = type(thing).__name__
            return Value(problem=f"Your function returned a {kind} that is no array of numbers.")
    return Value(arrays)


def unwrapped(thing: Any) -> Any:
    """A torch tensor as an array; anything else as it is."""
    return thing.detach().cpu().numpy() if hasattr(thing, "detach") else thing


@contextlib.contextmanager
def quiet_stderr() -> Iterator[io.StringIO]:
    """Keep everything that is written on stderr out of the cell, also by compiled code and old handlers.

    nbgrader takes any text on stderr for a failure: a warning or a progress bar would cost all points.
    """
    sink, stream = io.StringIO(), sys.stderr
    with contextlib.ExitStack() as stack:
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")
        stack.enter_context(np.errstate(all="ignore"))
        stack.enter_context(contextlib.redirect_stderr(sink))
        with contextlib.suppress(AttributeError, TypeError):
            stream.write = sink.write  # whoever kept the old stream writes into the sink too
            stack.callback(delattr, stream, "write")
        stack.enter_context(_file_descriptor_2_aside())
        yield sink


@contextlib.contextmanager
def _file_descriptor_2_aside() -> Iterator[None]:
    try:
        keep = os.dup(2)
    except OSError:  # no file descriptor 2: nothing can be written there
        yield
        return
    try:
        with tempfile.TemporaryFile() as file:
            os.dup2(file.fileno(), 2)
            yield
    finally:
        os.dup2(keep, 2)
        os.close(keep)


@contextlib.contextmanager
def _withdrawn(names: Sequence[str]) -> Iterator[None]:
    """Package functions that would be the answer say so instead of answering."""
    with _refusing([f for entry in names for f in _functions(entry)]):
        yield


@contextlib.contextmanager
def _judges_away() -> Iterator[None]:
    """The oracles can be neither imported nor, where they have been, called."""
    names = [f"pgkit.checks.{ps}_judge" for ps in SETS]
    kept = {name: sys.modules[name] for name in names if name in sys.modules}
    oracles = [
        f
        for name, module in kept.items()
        for f in vars(module).values()
        if isinstance(f, FunctionType) and f.__module__ == name
    ]
    try:
        for name in names:
            sys.modules[name] = None  # pyright: ignore[reportArgumentType]  an import stops here
        with _refusing(oracles):
            yield
    finally:
        for name in names:
            sys.modules.pop(name, None)
        sys.modules.update(kept)


@contextlib.contextmanager
def _refusing(functions: Sequence[FunctionType]) -> Iterator[None]:
    kept = [(f, f.__code__) for f in functions]
    try:
        for function, code in kept:  # the code and not the name: it may have been imported before
            function.__code__ = _refuse.__code__.replace(co_freevars=code.co_freevars)
        yield
    finally:
        for function, code in kept:
            function.__code__ = code


WITHDRAWN = "this package function is what the exercise asks you to write yourself"


def _refuse(*_: Any, **__: Any) -> None:
    from pgkit.check import WITHDRAWN  # its code runs with the globals of the function it replaces

    raise RuntimeError(WITHDRAWN)


def _functions(entry: str) -> list[FunctionType]:
    """The function that "module:name" names, or the public methods of the class."""
    module, name = entry.split(":")
    thing = getattr(importlib.import_module(module), name)
    if isinstance(thing, FunctionType):
        return [thing]
    public = (f for n, f in vars(thing).items() if not n.startswith("_"))
    return [f for f in public if isinstance(f, FunctionType)]


# ---------------------------------------------------------------- what judges share


@dataclass(frozen=True)
class Slip:
    """A named misconception: what it computes (one way or several), and what to say about it.

    looks : tells the misconception from (given, truth, *inputs) where no formula does, such as nan.
    """

    name: str
    hint: str
    ways: tuple[Callable[..., Any], ...] = ()
    looks: Callable[..., bool] | None = None


def close(value: Any, truth: Any, tolerance: float, scale: float | None = None) -> bool:
    """|value - truth| ≤ tolerance · largest finite |truth|, entry by entry; ∞ and nan must be met exactly."""
    value, truth = np.asarray(value, dtype=np.float64), np.asarray(truth, dtype=np.float64)
    if value.shape != truth.shape:
        return False
    finite = np.isfinite(truth)
    if not np.array_equal(value[~finite], truth[~finite], equal_nan=True):
        return False
    if not np.all(np.isfinite(value[finite])):
        return False
    size = np.max(np.abs(truth[finite]), initial=0.0) if scale is None else scale
    return bool(np.all(np.abs(value[finite] - truth[finite]) <= tolerance * size))


def compare(
    cases: Sequence[Case],
    values: Sequence[Value],
    exact: Callable[..., Any],
    slips: Sequence[Slip],
    *,
    tolerance: float,
    idea: str,
    show: Callable[..., str] = lambda *args: "",
    scale: Callable[..., float | None] = lambda truth, *args: None,
    of: str = " of the largest",
) -> dict[str, str]:
    """Messages, part by part, for a function whose value is compared with `exact` on each case.

    scale : what the tolerance refers to, if not the largest entry of the truth;  of : the same in words.
    """
    wrong: dict[str, list[tuple[Case, Value, np.ndarray]]] = {}
    with np.errstate(all="ignore"):
        for case, value in zip(cases, values, strict=True):
            truth = np.asarray(exact(*case.args), dtype=np.float64)
            good = "value" in value.arrays and close(
                value["value"], truth, tolerance, scale(truth, *case.args)
            )
            if not good:
                wrong.setdefault(case.part, []).append((case, value, truth))
        return {
            part: _explain(failures, slips, tolerance, idea, show, scale, of)
            for part, failures in wrong.items()
        }


def _explain(failures, slips, tolerance, idea, show, scale, of) -> str:
    case, value, truth = failures[0]
    if value.problem:
        return f"{value.problem}\n{idea if value.problem != NOT_WRITTEN else ''}".strip()
    given = value["value"]
    for slip in slips:
        if _explains(slip, failures, tolerance, scale):
            return f"{slip.hint}\n{show(*case.args)}{_difference(given, truth)}"
    if given.shape != truth.shape:
        return f"The shape is {given.shape}, but it must be {truth.shape}.\n{idea}"
    return f"{show(*case.args)}{_difference(given, truth)} (tolerance {tolerance:g}{of}).\n{idea}"


def _explains(slip: Slip, failures, tolerance, scale) -> bool:
    """Does one way of the slip, or its looks, fit all failures?"""
    if any("value" not in v.arrays for _, v, _ in failures):
        return False
    looks = slip.looks
    if looks is not None and all(looks(v["value"], t, *c.args) for c, v, t in failures):
        return True
    return any(
        all(close(v["value"], way(*c.args), tolerance, scale(t, *c.args)) for c, v, t in failures)
        for way in slip.ways
    )


def _difference(given: np.ndarray, truth: np.ndarray) -> str:
    if given.shape != truth.shape:
        return f"You give shape {given.shape}; it must be {truth.shape}"
    if given.ndim == 0:
        return f"You give {given:.6g}; exactly it is {truth:.6g}"
    off = np.where(np.isfinite(given), np.abs(given - truth), np.inf)
    at = np.unravel_index(int(np.argmax(off)), truth.shape)
    where = ", ".join(map(str, at))
    return f"At [{where}] you give {given[at]:.6g}; exactly it is {truth[at]:.6g}"
