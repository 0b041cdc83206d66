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
DAMPING = {
    "default": 1e-3, "low": 0.0, "high": 10.0,
    "symbol": "λ", "label": "damping",
    "meaning": "the damping λ in (G + λI)⁻¹ ∇J",
}  # fmt: skip
EPSILON = {
    "default": 0.0, "low": 0.0, "high": 1.0,
    "symbol": "ε", "label": "KL radius",
    "meaning": "the trust-region radius ε of a step with KL ≤ ε (0: steps of size α instead)",
}  # fmt: skip
LAM = {
    "default": 0.0, "low": 0.0, "high": 1.0,
    "symbol": "λ", "label": "TD … MC",
    "meaning": "the λ of the advantage, from 0 (TD error) to 1 (Monte Carlo)",
}  # fmt: skip
CRITIC_ALPHA = {
    "default": 0.2, "low": 1e-5, "high": 1.0, "log": True,
    "symbol": "α_V", "label": "critic's step size",
    "meaning": "the critic's step size",
}  # fmt: skip
CRITIC_SWEEPS = {
    "default": 5, "low": 1, "high": 1000, "log": True, "whole": True,
    "symbol": "sweeps", "label": "critic's sweeps",
    "meaning": "how often the critic's targets are computed anew in one iteration",
}  # fmt: skip
CRITIC_STEPS = {
    "default": 1, "low": 0, "high": 10_000, "whole": True,
    "symbol": "steps", "label": "critic's steps",
    "meaning": "the critic's steps towards each target (0: the exact least-squares fit, on tables)",
}  # fmt: skip
TEMPERATURE = {
    "default": 0.1, "low": 1e-6, "high": 100.0, "log": True,
    "symbol": "temperature", "label": "of entropy",
    "meaning": "the temperature (the weight of the policy's entropy)",
}  # fmt: skip
BATCH = {
    "default": 0, "low": 0, "high": 100_000, "whole": True,
    "symbol": "batch", "label": "minibatch",
    "meaning": "the size of a minibatch (0: everything)",
}  # fmt: skip
REPLAY = {
    "default": 5, "low": 1, "high": 10_000, "log": True, "whole": True,
    "symbol": "replay", "label": "iterations kept",
    "meaning": "how many of the last iterations' data are kept",
}  # fmt: skip
