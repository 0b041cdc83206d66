"""The linear-quadratic world with a Gaussian policy, in closed form.  Discounted, infinite horizon.

x' = a x + b u + w, w ~ N(0, W), reward -(q x² + r u²), policy u ~ N(k x, σ²), θ = (k, log σ); with
c = a + b k,  V(x) = -(P x² + C). Returns are finite where γ c² < 1 and -∞ elsewhere. Gains and log σ
broadcast: whole grids of them at once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pgkit.types import Array, Float


@dataclass(frozen=True)
class LQR:
    """The constants.  noise: the variance W;  start: E x_0²."""

    a: float = 1.0
    b: float = 1.0
    q: float = 1.0
    r: float = 0.1
    gamma: float = 0.9
    noise: float = 0.01
    start: float = 1.0


Number = Float[Array, "..."] | float


def _series(task: LQR, k: Number) -> Number:
    """Σ_t (γc²)^t = 1/(1 - γc²), infinite where it does not converge."""
    left = 1 - task.gamma * np.square(task.a + task.b * np.asarray(k, dtype=np.float64))
    return np.divide(1.0, left, out=np.full(left.shape, np.inf), where=left > 0)


def lqr_value(task: LQR, k: Number) -> Number:
    """P = (q + r k²) / (1 - γ c²): what V(x) = -(P x² + C) loses with x²."""
    return (task.q + task.r * np.square(k)) * _series(task, k)


def lqr_return(task: LQR, k: Number, log_std: Number) -> Number:
    """J(k, log σ) = -(P E x_0² + C),  C = (r σ² + γ P (b² σ² + W)) / (1-γ)."""
    p, variance = lqr_value(task, k), np.exp(2 * np.asarray(log_std))
    c = task.r * variance + task.gamma * p * (task.b**2 * variance + task.noise)
    return -(p * task.start + c / (1 - task.gamma))


def lqr_moment(task: LQR, k: Number, log_std: Number) -> Number:
    """m = (1-γ) Σ_t γ^t E x_t² = ((1-γ) E x_0² + γ (b² σ² + W)) / (1 - γ c²)."""
    kick = task.b**2 * np.exp(2 * np.asarray(log_std)) + task.noise
    return ((1 - task.gamma) * task.start + task.gamma * kick) * _series(task, k)


def lqr_gradient(task: LQR, k: Number, log_std: Number) -> Float[Array, "... 2"]:
    """∂J/∂k = -2 (r k + γ b c P) m/(1-γ);  ∂J/∂log σ = -2 σ² (r + γ b² P)/(1-γ), negative always.

    Exploring costs: J has no maximum in log σ.
    """
    p, c = lqr_value(task, k), task.a + task.b * np.asarray(k)
    on_k = -2 * (task.r * k + task.gamma * task.b * c * p) * lqr_moment(task, k, log_std)
    on_log_std = -2 * np.exp(2 * np.asarray(log_std)) * (task.r + task.gamma * task.b**2 * p)
    return np.stack(np.broadcast_arrays(on_k, on_log_std), axis=-1) / (1 - task.gamma)


def lqr_fisher(task: LQR, k: Number, log_std: Number) -> Float[Array, "... 2"]:
    """The diagonal of the Fisher matrix averaged over (1-γ) Σ γ^t: m/σ² and 2; the rest is 0."""
    on_k = lqr_moment(task, k, log_std) / np.exp(2 * np.asarray(log_std))
    return np.stack(np.broadcast_arrays(on_k, np.float64(2.0)), axis=-1)


def lqr_optimum(task: LQR) -> tuple[float, float]:
    """(k*, P*) of the discounted Riccati equation P = q + γ a² P - (γ a b P)²/(r + γ b² P), noise or not.

    In one dimension it is the positive root of γ b² P² + (r - γ a² r - γ b² q) P - q r = 0.
    """
    two, one = task.gamma * task.b**2, task.r * (1 - task.gamma * task.a**2)
    one -= task.gamma * task.b**2 * task.q
    p = (-one + np.sqrt(one**2 + 4 * two * task.q * task.r)) / (2 * two)
    return float(-task.gamma * task.a * task.b * p / (task.r + two * p)), float(p)


def lqr_soft_optimum(task: LQR, temperature: float) -> tuple[float, float]:
    """(k*, σ*²) with entropy paid for: the same gain, and σ*² = temperature / (2 (r + γ b² P*))."""
    k, p = lqr_optimum(task)
    return k, temperature / (2 * (task.r + task.gamma * task.b**2 * p))


def lqr_soft_return(task: LQR, k: Number, log_std: Number, temperature: float) -> Number:
    """J + temperature · H/(1-γ), with the entropy H = ½ log(2πe σ²) of every step."""
    entropy = 0.5 * np.log(2 * np.pi * np.e) + np.asarray(log_std)
    return lqr_return(task, k, log_std) + temperature * entropy / (1 - task.gamma)
