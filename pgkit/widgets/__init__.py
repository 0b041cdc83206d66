"""Live labs and panels for notebooks, imported when first asked for."""

from __future__ import annotations

from importlib import import_module
from typing import Any

WHERE = {
    "BaselineLab": "pgkit.widgets.baseline_lab",
    "BetaLab": "pgkit.widgets.beta_lab",
    "BatchLab": "pgkit.widgets.batch_lab",
    "GaeLab": "pgkit.widgets.gae_lab",
    "LoopLab": "pgkit.widgets.loop_lab",
    "LogitBars": "pgkit.widgets.views.bars",
    "RaceLab": "pgkit.widgets.race_lab",
    "RewardLab": "pgkit.widgets.reward_lab",
    "NormLab": "pgkit.widgets.norm_lab",
    "RingOfFire": "pgkit.widgets.ring_of_fire",
    "RunLab": "pgkit.widgets.run_lab",
    "TemperatureLab": "pgkit.widgets.temperature_lab",
    "ThetaMarks": "pgkit.widgets.norm_lab",
    "TrajectoryLab": "pgkit.widgets.trajectory_lab",
    "TriadLab": "pgkit.widgets.triad_lab",
    "WalkLab": "pgkit.widgets.walk_lab",
    "bug_gallery": "pgkit.widgets.cards",
    "glossary": "pgkit.widgets.cards",
    "notation": "pgkit.widgets.cards",
    "quiz": "pgkit.widgets.cards",
    "recap": "pgkit.widgets.timer",
    "slide": "pgkit.widgets.slides",
    "spot_the_bug": "pgkit.widgets.cards",
    "term": "pgkit.widgets.cards",
    "think_pair_share": "pgkit.widgets.timer",
    "view": "pgkit.widgets.views",
}


def __getattr__(name: str) -> Any:
    if name not in WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(WHERE[name]), name)


def __dir__() -> list[str]:
    return sorted(WHERE)
