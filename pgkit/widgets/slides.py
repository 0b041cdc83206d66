"""The slide beside the code that runs: the lecture's loop, the live source, and what each line makes.

A click on a line runs one iteration of a fork of the run under a line tracer; the run itself stays as it is.
Slow motion walks through that iteration, line by line.
"""

from __future__ import annotations

import ast
import difflib
import html
import inspect
import sys
import textwrap
from collections.abc import Mapping
from copy import copy
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import anywidget
import numpy as np
import traitlets

from pgkit.algorithms import ALGORITHMS
from pgkit.glossary import typeset
from pgkit.run import Run
from pgkit.widgets.cards import CSS, bundle

_START, _WHILE = ("START WITH RANDOM POLICY π_θ", ()), ("WHILE NOT CONVERGED:", ())
_ROLLOUT = ("ROLLOUT π_θ TO COLLECT (s₁, a₁, r₁, s₂, a₂, r₂, …)", ("tau   = rollout(",))
_CREATE = ("CREATE DATASET D = (s₁, a₁, Q̂₁, s₂, a₂, Q̂₂, …)", ("D     = dataset(",))
_COMPUTE = (
    "COMPUTE GRADIENTS ∇_θ J = Σ_D ∇_θ log π_θ(a_t|s_t) Q̂_t",
    ("grad  = policy.grad_log_prob(",),
)
_UPDATE = ("UPDATE θ ← θ + α ∇_θ J", ("theta = theta + self.alpha * grad",))

# name -> the slide's lines, each with the starts of the statements that it stands for
SLIDES: dict[str, tuple[tuple[str, tuple[str, ...]], ...]] = {
    "supervised": (
        ("GIVEN A DATA POINT (s, a*)", ("theta, (tau, D) = state.theta, state.memory",)),
        ("GRADIENT: ∇_θ L(θ) = -∇_θ log π_θ(a*|s)", ("grad  = policy.grad_log_prob(",)),
        ("UPDATE θ ← θ - α ∇_θ L", ("theta = theta + self.alpha * grad",)),
    ),
    "weighted_classification": (
        ("GIVEN (s₁, a₁, R₁) (s₂, a₂, R₂) …", ("theta, (tau, D) = state.theta, state.memory",)),
        ("GRADIENT: ∇_θ L(θ) = -R₁ ∇_θ log π_θ(a₁|s₁) - R₂ ∇_θ log π_θ(a₂|s₂) - …", ("grad  = policy.grad_log_prob(",)),
        ("UPDATE θ ← θ - α ∇_θ L", ("theta = theta + self.alpha * grad",)),
    ),
    "reinforce": (_START, _WHILE, _ROLLOUT, _CREATE, _COMPUTE, _UPDATE),
    "reinforce_resets": (
        _START, _WHILE, _ROLLOUT,
        ("(STARTING FROM INITIAL STATE s₁ ~ μ(s))", ("mu    = world.start", "tau   = rollout(")),
        _CREATE, _COMPUTE, _UPDATE,
    ),
    "reinforce_natural": (
        _START, _WHILE, _ROLLOUT, _CREATE, _COMPUTE,
        ("UPDATE θ ← θ + α Ĝ⁻¹(θ) ∇_θ J", ("step  = policy.natural(", "step  = kl_sized(", "theta = theta + step")),
        ("G(θ) = E[∇_θ log π_θ(a|s) ∇_θ log π_θ(a|s)ᵀ]", ("step  = policy.natural(",)),
    ),
    "reinforce_baseline": (
        _START, _WHILE, _ROLLOUT, _CREATE,
        ("TRAIN V_φ: φ = argmin Σ_D (V_φ(s_t) - Q̂_t)²", ("phi   = self.critic.fit(",)),
        ("COMPUTE GRADIENTS ∇_θ J = Σ_D ∇_θ log π_θ(a_t|s_t) (Q̂_t - V_φ(s_t))",
         ("adv   = D.q_hat - self._b(", "grad  = policy.grad_log_prob(")),
        _UPDATE,
    ),
    "monte_carlo": (
        ("AFTER EACH EPISODE OF π", ("tau = rollout(",)),
        ("G_t = r_t + γ r_{t+1} + γ² r_{t+2} + …", ("D   = dataset(", "target = D.q_hat")),
        ("V(s) ← V(s) + α (G_t - V(s))", ("V[run, s] += ",)),
    ),
    "temporal_difference": (
        ("AFTER EACH STEP OF π", ("tau = rollout(", "s, s_next = ")),
        ("r_t + γ V(s_{t+1}), AND V = 0 AFTER THE END", ("target = D.r",)),
        ("V(s) ← V(s) + α (r + γ V(s') - V(s))", ("V[run, s] += ",)),
    ),
    "actor_critic": (
        ("1. SAMPLE {s_i, a_i} FROM π_θ(a|s)", ("tau, at = continued(", "D       = dataset(")),
        ("2. FIT V̂_φ(s) TO SAMPLED REWARD SUMS (TD, MC)", ("target = v + gae(", "phi    = V.fit(")),
        ("3. EVALUATE Â(s_i, a_i) = r + γ V̂_φ(s'_i) - V̂_φ(s_i)", ("v, v_next = V.value(", "adv   = gae(")),
        ("4. ∇_θ J ≈ Σ_i ∇_θ log π_θ(a_i|s_i) Â(s_i, a_i)", ("grad  = policy.grad_log_prob(",)),
        ("5. θ ← θ + α ∇_θ J", ("step, moments = adam(", "theta = theta + self.alpha * step")),
    ),
    "natural_actor_critic": (
        ("1. SAMPLE {s_i, a_i} FROM π_θ(a|s)", ("tau, at = continued(", "D       = dataset(")),
        ("2. FIT V̂_φ(s) TO SAMPLED REWARD SUMS (TD, MC)", ("target = v + gae(", "phi    = V.fit(")),
        ("3. EVALUATE Â(s_i, a_i) = r + γ V̂_φ(s'_i) - V̂_φ(s_i)", ("v, v_next = V.value(", "adv   = gae(")),
        ("4. ∇_θ J ≈ Σ_i ∇_θ log π_θ(a_i|s_i) Â(s_i, a_i)", ("grad  = policy.grad_log_prob(",)),
        ("5. θ ← θ + α G⁻¹(θ) ∇_θ J", ("w     = policy.natural(", "step  = kl_sized(", "theta = theta + step")),
    ),
    "soft_actor_critic": (
        ("ACT WITH π_θ, KEEP (s, a, r, s') IN D", ("tau, at = continued(", "memory  = (", "D       = joined(")),
        ("V(s') = Σ_a π (Q - temperature · log π)", ("v_next = self._soft_value(",)),
        ("CRITIC: Q ← r + γ V(s')", ("target = D.r + self.gamma", "phi    = Q.fit(")),
        ("ACTOR: ∇_θ E_D[V(s)]", ("weight = probs *", "grad   = policy.grad_probs(")),
        ("UPDATE θ ← θ + α ∇_θ J", ("step, moments = adam(", "theta  = theta + self.alpha * step")),
    ),
    "soft_actor_critic_continuous": (
        ("FOR EACH ENVIRONMENT STEP: a ~ π_θ(a|s), s' ~ p(s'|s,a)", ("tau, at = continued(",)),
        ("D ← D ∪ (s, a, r, s')", ("new    = dataset(", "memory = memory.add(")),
        ("FOR EACH GRADIENT STEP:", ("for update in range(", "D = memory.sample(")),
        ("CRITIC: φ_i ← argmin E_D (Q_i(s,a) - r - γ V(s'))²",
         ("a_next, log_prob = policy.sample(", "v_next = Q.q(", "target = D.r", "phi    = Q.fit(")),
        ("ACTOR: θ ← θ + α ∇_θ E_D[min Q_i(s,a) - temperature · log π(a|s)]",
         ("a, log_prob = policy.sample(", "grad = policy.grad_through(", "step, moments = adam(",
          "theta = theta + self.alpha")),
        ("TEMPERATURE: UP WHILE H(π) IS BELOW ITS TARGET",
         ("lacking =", "step, heat = adam(", "log_temperature = log_temperature +")),
        ("SLOW COPY: φ̄_i ← polyak φ_i + (1 - polyak) φ̄_i", ("slow = polyak(",)),
    ),
    "awr": (
        ("3: FOR ITERATION k = 1, …, k_max DO", ()),
        ("4: ADD TRAJECTORIES {τ_i} SAMPLED VIA π_k TO D", ("tau, at  = continued(", "memory = (", "D      = joined(")),
        ("5: V^D ← argmin_V E_D ‖R - V(s)‖²", ("R      = self._returns(", "phi    = V.fit(")),
        ("6: π_{k+1} ← argmax_π E_D[log π(a|s) exp((R - V^D(s)) / β)]",
         ("adv    = self._returns(", "weight = self.weight(", "theta, moments = policy.fit(")),
    ),
}  # fmt: skip


class _Page(anywidget.AnyWidget):
    _esm = (Path(__file__).parent / "slides.mjs").read_text(encoding="utf-8")
    _css = CSS
    card = traitlets.Dict().tag(sync=True)
    values = traitlets.Dict().tag(sync=True)


class Slide:
    """The lecture's lines, the source of `iteration`, and how they belong together.  Made by `slide`."""

    def __init__(self, name: str, run: Run | None, previous: str | None) -> None:
        self.name, self.run, self.previous = name, run, previous
        self.code = _code(name)
        old = [line for line, _ in _code(previous)] if previous else None
        new = [line for line, _ in self.code]
        self.changed = _changed(old, new) if old is not None else set()
        self.links = [
            [i for i, (line, _) in enumerate(self.code) if line.strip().startswith(codes)]
            if codes
            else []
            for _, codes in SLIDES[name]
        ]
        self.view = _Page(
            card={
                "title": ALGORITHMS[name].__name__,
                "previous": ALGORITHMS[previous].__name__ if previous else "",
                "slide": [typeset(text) for text, _ in SLIDES[name]],
                "links": self.links,
                "code": new,
                "statement": [statement for _, statement in self.code],
                "changed": sorted(self.changed),
                "live": run is not None,
            }
        )
        self.view.on_msg(lambda _, content, __: self._asked(content))

    def values(self, line: int) -> list[dict[str, str]]:
        """What the statement on this line (from 0) assigns in the run's next iteration, in words and numbers.

        Raises ValueError without a run, for a line that is not there, and where the run cannot be forked.
        """
        if self.run is None:
            raise ValueError("run = None, but only a run has values; write slide(name, run=run)")
        if not 0 <= line < len(self.code):
            raise ValueError(f"line = {line}, but the code has the lines 0 to {len(self.code) - 1}")
        return _table(trace(self.run).get(self.code[line][1], {}))

    def walk(self) -> list[dict[str, Any]]:
        """The run's next iteration in slow motion: the lines in the order in which they ran, each with its values.

        {"line": where the statement begins, "rows": as from `values`}; a line in a loop comes once.

        Raises ValueError without a run, and where the run cannot be forked.
        """
        if self.run is None:
            raise ValueError(
                "run = None, but only a run can be walked through; write slide(name, run=run)"
            )
        begins = {statement: i for i, (_, statement) in reversed([*enumerate(self.code)])}
        return [
            {"line": begins[statement], "rows": _table(made)}
            for statement, made in trace(self.run).items()
            if statement in begins
        ]

    def _asked(self, content: Any) -> None:
        asked = content if isinstance(content, Mapping) else {}
        line = asked.get("line")
        if not isinstance(line, int) and not asked.get("walk"):
            return
        try:
            found = (
                {"line": line, "rows": self.values(line)}
                if isinstance(line, int)
                else {"walk": self.walk()}
            )
            answer = found | {"iteration": self.run.iteration}  # type: ignore[union-attr]
        except ValueError as error:
            answer = {"line": line, "rows": [], "problem": str(error)}
        count = self.view.values.get("count", 0) + 1  # so that the same answer again is sent again
        self.view.values = {**answer, "count": count}

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None):
        slide = "\n".join(text for text, _ in SLIDES[self.name])
        typed = "\n".join(typeset(text) for text, _ in SLIDES[self.name])
        marks = ("+ " if i in self.changed else "  " for i in range(len(self.code)))
        code = "\n".join(mark + line for mark, (line, _) in zip(marks, self.code, strict=True))
        note = f", + where it differs from {self.previous}" if self.previous else ""
        title = f"{ALGORITHMS[self.name].__name__}: the slide and the code{note}"
        page = f"<p><b>{html.escape(title)}</b></p><pre>{typed}</pre><pre>{html.escape(code)}</pre>"
        return bundle(self.view, page, f"{title}\n\n{slide}\n\n{code}")


def slide(name: str, *, run: Run | None = None, previous: str | None = None) -> Slide:
    """The slide of an algorithm beside its source; with a run, a click on a line shows what the line makes.

    Parameters
    ----------
    name : one of SLIDES.
    run : a Run of that algorithm; it is never changed.
    previous : the algorithm to compare with; lines that are new get a "+".

    Raises
    ------
    ValueError : an unknown name, or a run of another algorithm.
    """
    for argument, value in (("name", name), ("previous", previous)):
        if value not in SLIDES and not (argument == "previous" and value is None):
            raise ValueError(f"{argument} = {value!r}, but a slide is one of {', '.join(SLIDES)}")
    if run is not None and type(run.algorithm) is not ALGORITHMS[name]:
        raise ValueError(
            f"run is of {type(run.algorithm).__name__}, but slide({name!r}) shows {ALGORITHMS[name].__name__}; "
            "give a Run of that algorithm"
        )
    return Slide(name, run, previous)


def trace(run: Run) -> dict[int, dict[str, Any]]:
    """statement -> the names that it assigned, in one iteration of a fork; in a loop the last time counts.

    A statement's number is the line on which it begins, counted from that of `def iteration`. Only this thread
    and only the code of `iteration` is traced; a tracer that was there before is put back.
    """
    method = inspect.unwrap(type(run.algorithm).iteration)
    code, starts, written = method.__code__, _starts(method), _written_into(method)
    made: dict[int, dict[str, Any]] = {}
    before: dict[str, Any] = {}
    at: int | None = None

    def local(frame: Any, event: str, _: Any) -> Any:
        nonlocal at
        if event in ("line", "return"):
            here = frame.f_locals
            if at is not None:
                new = {k: v for k, v in here.items() if k not in before or before[k] is not v}
                new |= {k: copy(here[k]) for k in written.get(at, ()) if k in here}
                made.setdefault(at, {}).update(new)
            before.clear()
            before.update(here)
            at = starts.get(frame.f_lineno - code.co_firstlineno, at)
        return local

    def entered(frame: Any, event: str, _: Any) -> Any:
        if frame.f_code is not code:
            return None
        before.update(frame.f_locals)
        return local

    twin, kept = run.fork(), sys.gettrace()
    sys.settrace(entered)
    try:
        twin.preview()
    finally:
        sys.settrace(kept)
    return made


def _starts(method: Any) -> dict[int, int]:
    """Each line of a function -> the line on which its statement begins, both from that of `def`."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(method))).body[0]
    found: dict[int, int] = {}
    for node in ast.walk(tree):  # outer statements before what is inside them
        if isinstance(node, ast.stmt) and node is not tree:
            last = (
                node.body[0].lineno - 1 if isinstance(node, ast.For | ast.If) else node.end_lineno
            )
            for line in range(node.lineno, (last or node.lineno) + 1):
                found[line - 1] = node.lineno - 1
    return found


def _written_into(method: Any) -> dict[int, list[str]]:
    """The line on which a statement begins -> the arrays that it writes into, V of `V[s] += ...`."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(method)))
    found: dict[int, list[str]] = {}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Assign | ast.AugAssign):
            continue
        for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
            if isinstance(target, ast.Subscript) and isinstance(target.value, ast.Name):
                found.setdefault(node.lineno - 1, []).append(target.value.id)
    return found


def _code(name: str) -> list[tuple[str, int]]:
    """(line without its comment, the number of its statement) of the body of `iteration`, dedented."""
    method = inspect.unwrap(ALGORITHMS[name].iteration)
    starts = _starts(method)
    lines = textwrap.dedent(inspect.getsource(method)).splitlines()
    return [(lines[i][4:].partition(" # ")[0].rstrip(), starts[i]) for i in sorted(starts) if i > 0]


def _changed(old: list[str], new: list[str]) -> set[int]:
    """The numbers of the lines of `new` that are not in `old`."""
    same = difflib.SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks()
    return set(range(len(new))) - {i for b in same for i in range(b.b, b.b + b.size)}


def _table(made: Mapping[str, Any]) -> list[dict[str, str]]:
    return [row for name, value in made.items() for row in _rows(name, value)]


def _rows(name: str, value: Any, deep: bool = True) -> list[dict[str, str]]:
    """A value in words: arrays with shape, type, first numbers of run 1 and their mean over the runs."""
    if is_dataclass(value) and not isinstance(value, type) and deep:
        inside = [(f.name, getattr(value, f.name)) for f in fields(value)]
        arrays = [(n, x) for n, x in inside if isinstance(x, np.ndarray)]
        rows = [row for n, x in arrays for row in _rows(f"{name}.{n}", x, deep=False)]
        return rows or [
            {"name": name, "shape": type(value).__name__, "dtype": "", "first": "", "mean": ""}
        ]
    if isinstance(value, np.ndarray):
        run_1 = value[0] if value.ndim else value
        with np.errstate(all="ignore"):
            mean = value.mean(axis=0) if value.ndim else value
        shape = f"[{', '.join(map(str, value.shape))}]"
        return [
            {
                "name": name,
                "shape": shape,
                "dtype": str(value.dtype),
                "first": _few(run_1),
                "mean": _few(mean),
            }
        ]
    if isinstance(value, bool | int | float | np.number):
        kind = type(value).__name__
        return [
            {"name": name, "shape": "number", "dtype": kind, "first": f"{value:.4g}", "mean": ""}
        ]
    if isinstance(value, tuple | list):
        return [
            {
                "name": name,
                "shape": f"{type(value).__name__} of {len(value)}",
                "dtype": "",
                "first": "",
                "mean": "",
            }
        ]
    return [
        {
            "name": name,
            "shape": type(value).__name__,
            "dtype": "",
            "first": str(value)[:40] if value is None else "",
            "mean": "",
        }
    ]


def _few(x: Any, count: int = 4) -> str:
    flat = np.ravel(x)
    more = ", …" if flat.size > count else ""
    return (
        ", ".join(f"{v:.3g}" if not isinstance(v, np.bool_) else str(v) for v in flat[:count])
        + more
    )
