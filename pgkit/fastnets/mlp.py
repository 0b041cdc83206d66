"""Multilayer perceptrons for many runs at once, forwards and backwards by hand.

Each run's weights are one row of a flat buffer θ [B, P]: for each layer its matrix [in, out] and then
its bias [out], which is the matrix's last row if the layer is told that there is always a 1 to see.
Layers are views of the buffer. Inside, samples come last, [B, features, n], so that numpy runs along
them; large batches go in blocks that fit the processor's cache, through the same few buffers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from pgkit.draws import Draws
from pgkit.types import Array, Float

BLOCK = 2**14  # numbers in the widest layer of a block: 128 KB
Block = tuple[slice, slice, slice]  # runs, everything, samples
Upstream = Callable[[Array, Block], Array]


@dataclass(frozen=True)
class MLP:
    """sizes: (inputs, hidden ..., outputs);  activation: "tanh" or "relu", of the hidden layers.

    input_scale   what each input is multiplied with, or None
    final_scale   factor on the last layer's first weights: small, so that a first policy is even
    """

    sizes: tuple[int, ...]
    activation: str = "tanh"
    input_scale: tuple[float, ...] | None = None
    final_scale: float = 0.1

    def __post_init__(self) -> None:
        if self.activation not in ("tanh", "relu"):
            raise ValueError(f"activation = {self.activation!r}, but it must be tanh or relu")
        if self.input_scale is not None and len(self.input_scale) != self.sizes[0]:
            raise ValueError(
                f"input_scale = {self.input_scale}, but it must have one number for each of the "
                f"{self.sizes[0]} inputs"
            )

    @cached_property
    def size(self) -> int:
        """P, the number of weights and biases."""
        return sum((i + 1) * o for i, o in zip(self.sizes, self.sizes[1:], strict=False))

    @cached_property
    def _places(self) -> list[tuple[int, int, int, int]]:
        """Where each layer lies in θ: (begin, end, in + 1, out)."""
        places, at = [], 0
        for i, o in zip(self.sizes, self.sizes[1:], strict=False):
            places.append((at, at + (i + 1) * o, i + 1, o))
            at = places[-1][1]
        return places

    def layers(self, theta: Float[Array, "B P"]) -> list[Array]:
        """Each layer's matrix with its bias below [B, in + 1, out], as views."""
        return [theta[:, begin:end].reshape(-1, i, o) for begin, end, i, o in self._places]

    def init(self, draws: Draws, copies: int = 1) -> Float[Array, "B P"]:
        """Weights N(0, 1/inputs of the layer), the last layer's times `final_scale`; biases 0.

        With `copies` networks for each run, those of a run follow one another: [B · copies, P].
        """
        theta = np.zeros((len(draws.keys) * copies, self.size))
        layers = self.layers(theta)
        for run, generator in enumerate(draws.generators()):
            for row in range(run * copies, (run + 1) * copies):
                for W in layers:
                    inputs = W.shape[1] - 1
                    scale = self.final_scale if W is layers[-1] else 1.0
                    noise = generator.standard_normal((inputs, W.shape[2]))
                    W[row, :-1] = scale / np.sqrt(inputs) * noise
        return theta

    def see(self, s: Float[Array, "B ... F"]) -> Float[Array, "B I n"]:
        """Inputs as the first layer takes them: scaled, samples last, and a row of ones, I = F + 1."""
        s = s.reshape(len(s), -1, self.sizes[0])
        x = np.empty((len(s), self.sizes[0] + 1, s.shape[1]))
        x[:, -1] = 1.0
        if self.input_scale is None:
            x[:, :-1] = s.swapaxes(-1, -2)
        else:
            np.multiply(s.swapaxes(-1, -2), np.array(self.input_scale)[:, None], out=x[:, :-1])
        return x

    def forward(
        self, theta: Float[Array, "B P"], x: Float[Array, "B I n"]
    ) -> Float[Array, "B O n"]:
        """The outputs of inputs x = see(s)."""
        if x.shape[0] * x.shape[2] * max(self.sizes) <= BLOCK:  # one block: acting must be quick
            trace = [x, *self.buffers(x.shape[0], x.shape[2])]
            self.run(self.layers(theta), trace)
            return trace[-1]
        y = np.empty((len(x), self.sizes[-1], x.shape[-1]))
        for block, buffers, _ in self.blocks(x, back=False):
            self.run(self.layers(theta[block[0]]), [x[block], *buffers[:-1], y[block]])
        return y

    def pull(
        self, theta: Float[Array, "B P"], x: Float[Array, "B I n"], upstream: Upstream
    ) -> Float[Array, "B P"]:
        """Σ over samples of upstream · ∂outputs/∂θ: one pass forwards and one back.

        upstream(outputs, block) says, for a block of outputs [b, O, m], by how much what is ascended
        changes with each of them. It may write over the outputs.
        """
        grad, part = np.empty_like(theta), None
        for block, buffers, deltas in self.blocks(x):
            layers, trace = self.layers(theta[block[0]]), [x[block], *buffers]
            self.run(layers, trace)
            delta, into = upstream(trace[-1], block), grad[block[0]]
            if block[2].start == 0:
                self._back(layers, trace, delta, deltas, self.layers(into))
                continue
            part = np.empty_like(into) if part is None else part
            self._back(layers, trace, delta, deltas, self.layers(part))
            into += part
        return grad

    def slope_inputs(
        self, theta: Float[Array, "B P"], x: Float[Array, "B I n"]
    ) -> tuple[Float[Array, "B 1 n"], Float[Array, "B F n"]]:
        """(output, ∂output/∂inputs) of a network with one output, the inputs taken before `input_scale`."""
        y = np.empty((len(x), 1, x.shape[-1]))
        grad = np.empty((len(x), self.sizes[0], x.shape[-1]))
        for block, buffers, deltas in self.blocks(x):
            layers, trace = self.layers(theta[block[0]]), [x[block], *buffers[:-1], y[block]]
            self.run(layers, trace)
            delta = self._back(layers, trace, np.ones(y[block].shape), deltas)
            np.matmul(layers[0][:, :-1], delta, out=grad[block])
        if self.input_scale is not None:
            grad *= np.array(self.input_scale)[:, None]
        return y, grad

    def blocks(
        self, x: Float[Array, "B I n"], *, back: bool = True
    ) -> Iterator[tuple[Block, list[Array], list[Array]]]:
        """Blocks of runs and samples, with the buffers that they go through forwards and back.

        The buffers are used again for the next block. Those of hidden layers have a last row of ones.
        """
        runs, samples, widest = x.shape[0], x.shape[2], max(self.sizes)
        some = min(max(1, BLOCK // max(samples * widest, 1)), runs)  # runs in a block
        few = (
            min(max(1, -(-samples // -(-samples * widest // BLOCK))), samples)
            if some == 1
            else samples
        )
        buffers = self.buffers(some, few)
        deltas = [np.empty((some, size, few)) for size in self.sizes[1:-1]] if back else []
        for run in range(0, runs, some):
            for sample in range(0, samples, few):
                b, m = min(some, runs - run), min(few, samples - sample)
                block = slice(run, run + b), slice(None), slice(sample, sample + m)
                if (b, m) == (some, few):
                    yield block, buffers, deltas
                else:
                    yield block, [h[:b, :, :m] for h in buffers], [d[:b, :, :m] for d in deltas]

    def buffers(self, runs: int, samples: int) -> list[Array]:
        """For hidden layers, with a last row of ones, and outputs."""
        buffers = [np.empty((runs, size + 1, samples)) for size in self.sizes[1:-1]]
        for h in buffers:
            h[:, -1] = 1.0
        return [*buffers, np.empty((runs, self.sizes[-1], samples))]

    def run(self, layers: list[Array], trace: list[Array]) -> None:
        """Fills the trace [x, hidden ..., outputs] from its first entry on."""
        last = len(layers) - 1
        for k, W in enumerate(layers):
            z = trace[k + 1] if k == last else trace[k + 1][:, :-1]
            np.matmul(W.swapaxes(-1, -2), trace[k], out=z)
            if k < last:
                np.tanh(z, out=z) if self.activation == "tanh" else np.maximum(z, 0.0, out=z)

    def slope(self, h: Array, out: Array) -> Array:
        """The activation's derivative, from its value."""
        if self.activation == "relu":
            return np.greater(h, 0.0, out=out)
        np.multiply(h, h, out=out)
        return np.subtract(1.0, out, out=out)

    def _back(
        self, layers: list[Array], trace: list[Array], delta: Array, deltas: list[Array],
        grads: list[Array] | None = None,
    ) -> Array:  # fmt: skip
        """Writes the weights' gradients, if wanted; returns δ of the first layer.  Writes over the trace."""
        for k in reversed(range(len(layers))):
            if grads is not None:
                np.matmul(trace[k], delta.swapaxes(-1, -2), out=grads[k])
            if k > 0:
                W, h = layers[k][:, :-1], trace[k][:, :-1]
                multiply = np.multiply if W.shape[2] == 1 else np.matmul  # an outer product
                delta = multiply(W, delta, out=deltas[k - 1])
                delta *= self.slope(h, h)
        return delta
