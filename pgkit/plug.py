"""Plug: a student's own function inside an algorithm's own text.

    mine = plug(Reinforce(), reward_to_go=my_reward_to_go)

`mine` runs the same lines as Reinforce, with that one name bound to the student's function. Nothing is
patched: other runs, also in other threads, keep the package's.
"""

from __future__ import annotations

import linecache
import traceback
from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path
from types import FunctionType
from typing import Any

import numpy as np

_PACKAGE = Path(__file__).resolve().parent
_METHODS = ("init", "iteration")


class PlugError(ValueError):
    """What a plugged-in function returned cannot be used; `place` says where the function stands."""

    def __init__(self, text: str, function: Callable) -> None:
        super().__init__(text)
        code = function.__code__ if isinstance(function, FunctionType) else None
        self.place = (code.co_filename, code.co_firstlineno) if code else None


def pluggable(algorithm: Any) -> list[str]:
    """The names of the package's functions that an algorithm's iteration calls and one can replace."""
    iteration = type(algorithm).iteration
    return sorted(
        name
        for name in set(iteration.__code__.co_names)
        if isinstance(function := iteration.__globals__.get(name), FunctionType)
        and function.__module__.startswith("pgkit.")
        and name != "rollout"  # it also takes the draws: replacing it would change every run's luck
    )


def plug(algorithm: Any, **functions: Callable) -> Any:
    """The algorithm with these functions in place of the package's of the same name.

    Each call is checked against the package's function: the result must be finite and of the same shape.

    Raises ValueError for a name that the algorithm does not call and for what cannot be called;
    PlugError (a ValueError), while training, for a result that cannot be used.
    """
    known = pluggable(algorithm)
    for name, function in functions.items():
        if name not in known:
            has = f"one can replace {', '.join(known)}" if known else "nothing can be replaced"
            raise ValueError(f"{name} is not called by {type(algorithm).__name__}; there, {has}")
        if not callable(function):
            raise ValueError(f"{name} = {function!r}, but it must be a function, without brackets")
    base = _unplugged(type(algorithm))
    ours = base.iteration.__globals__
    all_functions = {**getattr(type(algorithm), "plugged", {}), **functions}
    scope = {**ours, **{n: _checked(n, f, ours[n]) for n, f in all_functions.items()}}
    methods = {
        m: FunctionType(f.__code__, scope, m, f.__defaults__, f.__closure__)
        for m in _METHODS
        if isinstance(f := getattr(base, m), FunctionType)
    }
    family = type(base.__name__, (base,), {**methods, "plugged": all_functions})
    return family(**{f.name: getattr(algorithm, f.name) for f in fields(algorithm)})


def unplug(algorithm: Any) -> Any:
    """The algorithm with the package's own functions again."""
    family = _unplugged(type(algorithm))
    return family(**{f.name: getattr(algorithm, f.name) for f in fields(algorithm)})


def same_functions(some: Mapping[str, Callable], others: Mapping[str, Callable]) -> bool:
    """Whether two sets of plugged functions compute the same: the same objects, or defined again word for word."""
    return some.keys() == others.keys() and all(_same(some[n], others[n]) for n in some)


def _same(f: Any, g: Any) -> bool:
    if f is g:
        return True
    plain = all(isinstance(h, FunctionType) and not h.__closure__ for h in (f, g))
    return plain and f.__globals__ is g.__globals__ and _reads(f) == _reads(g)


def _reads(f: FunctionType) -> tuple:
    code = f.__code__
    return (
        code.co_code,
        code.co_consts,
        code.co_names,
        code.co_varnames,
        f.__defaults__,
        f.__kwdefaults__,
    )


def _unplugged(family: Any) -> Any:
    return family.__mro__[1] if "plugged" in vars(family) else family


def _checked(name: str, mine: Callable, ours: Callable) -> Callable:
    def call(*args: Any, **named: Any) -> Any:
        result, wanted = mine(*args, **named), np.shape(ours(*args, **named))
        if result is None:
            raise PlugError(f"your {name} returned None; does it end with `return`?", mine)
        try:
            array = np.asarray(result, dtype=np.float64)
        except (TypeError, ValueError):
            raise PlugError(
                f"your {name} returned {type(result).__name__}, not numbers", mine
            ) from None
        if array.shape != wanted:
            raise PlugError(
                f"your {name} returned numbers of shape {array.shape}, but {wanted} is needed here "
                "(runs, episodes, steps)",
                mine,
            )
        if not np.isfinite(array).all():
            at = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
            raise PlugError(f"your {name} returned {array[at]} at index {at}", mine)
        return array

    return call


def place_of(error: BaseException) -> str:
    """Where in the user's own code an error arose, as " (cell or file, line n: `source`)"; "" if not there."""
    place = getattr(error, "place", None)
    if place is None:
        frames = [
            (frame.f_code.co_filename, line)
            for frame, line in traceback.walk_tb(error.__traceback__)
        ]
        own = [(file, line) for file, line in frames if _is_users(file)]
        place = own[-1] if own else None
    if place is None:
        return ""
    file, line = place
    source = linecache.getline(file, line).strip()
    name = "your cell" if "ipykernel" in file or file.startswith("<") else Path(file).name
    return f" ({name}, line {line}: `{source}`)" if source else f" ({name}, line {line})"


def _is_users(file: str) -> bool:
    inside = Path(file).is_relative_to(_PACKAGE) or "site-packages" in file
    library = Path(file).is_relative_to(Path(linecache.__file__).parent)
    return not inside and not library
