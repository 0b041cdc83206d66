"""Products of the Fisher matrix with vectors, G v = Jᵀ M J v, by hand (Schraudolph 2002; Martens 2010).

J is the Jacobian of a policy's outputs for θ, M the Fisher matrix of its distribution for those
outputs, sample by sample. For one sample, output and layer a row of J is an outer product: what enters
the layer times what the layer's sums do to the output. Both are kept, so that J v and Jᵀ u cost one
matrix product a layer each, half of what differentiating along v and back would cost.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pgkit.fastnets.mlp import MLP, Block
from pgkit.types import Array, Float


def gauss_newton(
    net: MLP,
    theta: Float[Array, "B P"],
    x: Float[Array, "B I n"],
    contrast: Float[Array, "R O"],
    metric: Callable[[Array, Block], Callable[[Array], Array]],
) -> Callable[[Float[Array, "B P"]], Float[Array, "B P"]]:
    """v -> Jᵀ M J v [B, P], where J = ∂(contrast · outputs)/∂θ, summed over the samples.

    metric(outputs [b, O, m], block) gives the function u [b, R, m] -> M u of a block of samples.
    """
    blocks, scratch = [], []
    for block, _, deltas in net.blocks(x):
        layers = net.layers(theta[block[0]])
        trace = [
            x[block],
            *net.buffers(block[0].stop - block[0].start, block[2].stop - block[2].start),
        ]
        net.run(layers, trace)
        back = _sensitivities(net, layers, trace, contrast, deltas)
        blocks.append((block[0], trace[:-1], back, metric(trace[-1], block)))
        scratch.append(deltas)

    def product(v: Float[Array, "B P"]) -> Float[Array, "B P"]:
        total, part, directions = np.zeros_like(v), np.empty_like(v), net.layers(v)
        for (runs, into, back, M), buffers in zip(blocks, scratch, strict=True):
            V, image = [d[runs] for d in directions], net.layers(part[runs])
            y = (contrast @ V[-1].swapaxes(-1, -2)) @ into[-1]  # J v: [b, R, m]
            for k, z in enumerate(buffers):
                np.matmul(V[k].swapaxes(-1, -2), into[k], out=z)
                y += np.einsum("bhm,rbhm->brm", z, back[k])
            u = M(y)
            np.matmul(into[-1] @ u.swapaxes(-1, -2), contrast, out=image[-1])  # Jᵀ u
            for k, z in enumerate(buffers):
                np.multiply(u[:, :1], back[k][0], out=z)
                for r in range(1, len(contrast)):
                    z += u[:, r : r + 1] * back[k][r]
                np.matmul(into[k], z.swapaxes(-1, -2), out=image[k])
            total[runs] += part[runs]
        return total

    return product


def _sensitivities(
    net: MLP,
    layers: list[Array],
    trace: list[Array],
    contrast: Float[Array, "R O"],
    scratch: list[Array],
) -> list[Array]:
    """∂(contrast · outputs)/∂(sums of each hidden layer), for each of the R."""
    back, delta = [], contrast[:, None, :, None]  # [R, 1, O, 1]
    for k in reversed(range(1, len(layers))):
        slope = net.slope(trace[k][:, :-1], scratch[k - 1])  # [b, H, m]
        delta = layers[k][:, :-1] @ delta
        delta = np.multiply(delta, slope, out=delta if delta.shape[1:] == slope.shape else None)
        back.insert(0, delta)
    return back
