"""Knobs that several algorithms share: said once, so that a slider means the same everywhere."""

from __future__ import annotations

ALPHA = {
    "default": 0.1, "low": 1e-4, "high": 10.0, "log": True,
    "symbol": "α", "label": "step size",
    "meaning": "the step size α in θ ← θ + α∇J",
}  # fmt: skip
GAMMA = {
    "default": 0.95, "low": 0.0, "high": 1.0,
    "symbol": "γ", "label": "discount",
    "meaning": "the discount γ in Q̂_t = Σ γ^(k-t) r_k",
}  # fmt: skip
EPISODES = {
    "default": 16, "low": 1, "high": 4096, "log": True, "whole": True,
    "symbol": "N", "label": "rollouts per update",
    "meaning": "the number N of rollouts in one update",
}  # fmt: skip
HORIZON = {
    "default": 30, "low": 1, "high": 10_000, "log": True, "whole": True,
    "symbol": "T", "label": "horizon",
    "meaning": "the horizon T, after which a rollout is cut off",
}  # fmt: skip
MIX = {
    "default": 1.0, "low": 0.0, "high": 1.0,
    "symbol": "w", "label": "mixture",
    "meaning": "the mixture w in μ_w = (1-w)·nominal + w·μ",
}  # fmt: skip
