"""The compiled kernels: REINFORCE on a softmax table, and the exact values beside it.

What they compute is the text of pgkit.rollout, pgkit.returns and pgkit.policies (tests hold them
equal in value); what is different is only the order of the work:

- One run at a time, so that its tables (about 20 KB for 121 states) stay in the first-level cache.
- Its trajectories step together, as lanes: the table look-ups of different lanes overlap. Lanes that
  have ended leave the front, and are put back where they were when the returns are summed backwards.
- Σ w·onehot(a) is summed step by step in G[s, a]; the softmax term of the gradient needs only its row
  sums, since Σ_t 1[s_t = s] π(·|s) w_t = π(·|s) Σ_a G[s, a].
- Only rows of θ that a trajectory touched change, and only they are exponentiated again.

One file, because numba's cache watches a kernel's own file and not the files of what it calls.
Imported only when a kernel is wanted: numba itself takes longer to import than the rest of pgkit.
float64 throughout; finite logits in, finite logits out.
"""

from __future__ import annotations

from typing import no_type_check

import numpy as np
from numba import njit

from pgkit.draws import GOLDEN

# Only `contract`, which rounds once where the source rounds twice: infinities and the order of sums
# keep their meaning, and a tail computed one by one rounds as the vectors do.
_OPTIONS = {"nogil": True, "error_model": "numpy", "fastmath": {"contract"}}
_U0, _U1, _U8, _U16, _U32 = (np.uint64(n) for n in (0, 1, 8, 16, 32))
_ENDED = np.uint32(1 << 31)  # in next_at: this step entered a terminal state
_ENDED_64 = np.uint64(1 << 31)
_INDEX = np.uint32((1 << 31) - 1)
_HISTORY = 1 << 16  # steps of history kept at a time, unless 16 lanes need more

_LOG2_E = 1.4426950408889634
_LN2_HIGH, _LN2_LOW = 0.6931471803691238, 1.9082149292705877e-10  # 32 bits, and the rest
_ROUND = 6755399441055744.0  # 1.5·2⁵²: adding it rounds to an integer, kept in the low bits
_SMALLEST = -708.0  # exp of less counts as 0
_COPIES = 4


def _compile(function):
    """Compile when first called, and keep the result on disk where there is a place for it."""
    try:
        return njit(cache=True, **_OPTIONS)(function)
    except RuntimeError:  # a read-only installation without a home directory
        return njit(**_OPTIONS)(function)


# ---------------------------------------------------------------- parts


@njit(forceinline=True, **_OPTIONS)
@no_type_check
def _mix(z):
    """splitmix64's output function (pgkit.draws.mix)."""
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


@njit(forceinline=True, **_OPTIONS)
@no_type_check
def _exp(x):
    """e^x for x ≤ 0 to the last digit or two, without a branch or a call so that it vectorises."""
    clamped = max(x, _SMALLEST)
    k = clamped * _LOG2_E + _ROUND
    whole = k - _ROUND
    r = (clamped - whole * _LN2_HIGH) - whole * _LN2_LOW  # |r| ≤ ½ ln 2
    y = 1.0 / 6227020800.0
    y = y * r + 1.0 / 479001600.0
    y = y * r + 1.0 / 39916800.0
    y = y * r + 1.0 / 3628800.0
    y = y * r + 1.0 / 362880.0
    y = y * r + 1.0 / 40320.0
    y = y * r + 1.0 / 5040.0
    y = y * r + 1.0 / 720.0
    y = y * r + 1.0 / 120.0
    y = y * r + 1.0 / 24.0
    y = y * r + 1.0 / 6.0
    y = y * r + 0.5
    y = y * r + 1.0
    y = y * r + 1.0
    scale = np.int64((np.float64(k).view(np.int64) + 1023) << 52).view(np.float64)  # 2^whole
    return y * scale if x >= _SMALLEST else 0.0


@njit(**_OPTIONS)
@no_type_check
def _refresh(width, rows, n, work, probs, limits):
    """π and its 32-bit thresholds for the n rows listed; work [A, S] holds their logits less the largest."""
    actions = len(width)
    for a in range(actions):
        for i in range(n):
            work[a, i] = _exp(work[a, i])
    for i in range(n):
        at = rows[i] * np.uint64(actions)
        total = 0.0
        for a in range(actions):
            total += work[a, i]
        each = 1.0 / total
        below = 0.0
        for a in range(actions):
            p = work[a, i] * each
            probs[at + np.uint64(a)] = p
            below += p
            limits[at + np.uint64(a)] = np.uint32(min(below * 4294967296.0, 4294967295.0))


# ---------------------------------------------------------------- training


@_compile
@no_type_check
def train(
    width,
    theta,
    next_at,
    reward,
    terminal,
    start,
    guide,
    keys,
    span,
    knobs,
    sizes,
    mean_return,
    steps,
):
    """Train runs in place.

    width        A zeros as a tuple: its length is a constant to the compiler
    theta        float64 [B, S·A]  changed in place
    next_at      uint32  [S·A]     A·s' of each step, plus 2³¹ where s' is terminal
    reward       float64 [S·A]
    terminal     bool    [S]
    start        uint32  [S-1]     thresholds of the start distribution
    guide        int64   [256]     how many of them are at most 2²⁴ times 0, 1, ... 255
    keys         uint64  [B]
    span         (first iteration, iterations)
    knobs        (alpha, gamma)
    sizes        (horizon, episodes)
    mean_return  float64 [B, iterations]  written
    steps        int64   [B]  world steps taken, added up
    """
    actions = len(width)
    first, iterations = span
    alpha, gamma = knobs
    horizon, episodes = sizes
    cells = theta.shape[1]
    states = cells // actions
    rate = alpha / episodes

    lanes = min(episodes, max(16, _HISTORY // horizon))
    key = np.empty(lanes, np.uint64)
    word = np.empty(lanes, np.uint64)
    now = np.empty(lanes, np.uint32)
    q = np.empty(lanes, np.float64)
    left = np.empty(lanes, np.uint32)  # where lanes were that have ended, in that order
    history = np.empty(lanes * horizon, np.uint32)
    alive = np.empty(horizon + 1, np.int64)

    # G, in several copies: lanes side by side are often in the same cell, and adding to what was just
    # written waits for it.
    total = np.zeros(_COPIES * cells, np.float64)
    probs = np.empty(cells, np.float64)
    limits = np.empty(cells, np.uint32)
    work = np.empty((actions, states), np.float64)
    rows = np.empty(states, np.uint64)
    seen = np.zeros(-(-states // 8) * 8, np.uint8)
    seen_8 = seen.view(np.uint64)

    for b in range(theta.shape[0]):
        logits = theta[b]
        for s in range(states):
            peak = logits[s * actions]
            for a in range(1, actions):
                peak = max(peak, logits[s * actions + a])
            for a in range(actions):
                work[a, s] = logits[s * actions + a] - peak
            rows[s] = np.uint64(s)
        _refresh(width, rows, states, work, probs, limits)

        for k in range(iterations):
            stream = np.uint64(first + k) << _U32
            mean = 0.0
            for lane in range(0, episodes, lanes):
                # -------- start states
                m = 0
                for i in range(min(lanes, episodes - lane)):
                    c = keys[b] + GOLDEN * (stream + (np.uint64(lane + i) << _U16))
                    u = np.uint32(_mix(c) >> _U32)
                    s = np.uint64(guide[u >> np.uint32(24)])
                    while s < np.uint64(states - 1) and start[s] <= u:
                        s += _U1
                    if not terminal[s]:
                        key[m] = c
                        now[m] = np.uint32(s) * np.uint32(actions)
                        m += 1
                # -------- roll out
                t = 0
                row = 0
                gone = 0
                while t < horizon and m > 0:
                    shift = _U32
                    if t % 2 == 0:
                        shift = _U0
                        step = GOLDEN * np.uint64(1 + t // 2)
                        for i in range(m):
                            word[i] = _mix(key[i] + step)
                    over = np.uint32(0)
                    for i in range(m):
                        u = np.uint32(word[i] >> shift)
                        s = np.uint64(now[i])
                        at = s
                        for a in range(actions - 1):
                            at += np.uint64(limits[s + np.uint64(a)] <= u)
                        history[row + i] = np.uint32(at)
                        after = next_at[at]
                        now[i] = after
                        over |= after
                    alive[t] = m
                    row += m
                    t += 1
                    if over & _ENDED:
                        for i in range(m - 1, -1, -1):
                            if now[i] & _ENDED:
                                m -= 1
                                now[i] = now[m]
                                key[i] = key[m]
                                word[i] = word[m]
                                left[gone] = i
                                gone += 1
                steps[b] += row
                # -------- rewards to go, backwards
                for i in range(m):
                    q[i] = 0.0
                while t > 0:
                    t -= 1
                    while m < alive[t]:
                        gone -= 1
                        i = np.int64(left[gone])
                        q[m] = q[i]
                        q[i] = 0.0
                        m += 1
                    row -= m
                    for i in range(m):
                        at = np.uint64(history[row + i])
                        to_go = reward[at] + gamma * q[i]
                        q[i] = to_go
                        total[at * np.uint64(_COPIES) + np.uint64(i % _COPIES)] += to_go
                        seen[at // np.uint64(actions)] = np.uint8(1)
                for i in range(m):
                    mean += q[i]
            mean_return[b, k] = mean / episodes

            # -------- step uphill in the rows that were visited
            n = 0
            for block in range(len(seen_8)):
                if seen_8[block] != _U0:
                    for s in range(8 * block, 8 * block + 8):
                        rows[n] = np.uint64(s)
                        n += np.int64(seen[s])
                        seen[s] = np.uint8(0)
            for i in range(n):
                at = rows[i] * np.uint64(actions)
                here = 0.0
                for a in range(actions):
                    first_copy = (at + np.uint64(a)) * np.uint64(_COPIES)
                    taken = 0.0
                    for copy in range(_COPIES):
                        taken += total[first_copy + np.uint64(copy)]
                        total[first_copy + np.uint64(copy)] = 0.0
                    work[a, i] = taken
                    here += taken
                peak = -np.inf
                for a in range(actions):
                    j = at + np.uint64(a)
                    logits[j] += rate * (work[a, i] - here * probs[j])
                    peak = max(peak, logits[j])
                for a in range(actions):
                    work[a, i] = logits[at + np.uint64(a)] - peak
            _refresh(width, rows, n, work, probs, limits)


# ---------------------------------------------------------------- exact values


@njit(**_OPTIONS)
@no_type_check
def _side_by_side(width, theta, first, block, probs):
    """π of `block` policies from `first` on, policies last [S·A, block]; the last one fills up."""
    actions = len(width)
    last = theta.shape[0] - 1
    work = np.empty((actions, block), np.float64)
    for s in range(theta.shape[1] // actions):
        for w in range(block):
            b = min(first + w, last)
            for a in range(actions):
                work[a, w] = theta[b, s * actions + a]
        for w in range(block):
            peak = work[0, w]
            for a in range(1, actions):
                peak = max(peak, work[a, w])
            total = 0.0
            for a in range(actions):
                work[a, w] = _exp(work[a, w] - peak)
                total += work[a, w]
            each = 1.0 / total
            for a in range(actions):
                probs[s * actions + a, w] = work[a, w] * each


@njit(**_OPTIONS)
@no_type_check
def _push(width, next_at, live, block, probs, mass, after, ended):
    """One step of the policies' mass [S, block]: into `after`, or `ended` where the step terminates."""
    actions = len(width)
    after[:] = 0.0
    for s in live:
        for a in range(actions):
            cell = s * actions + a
            there = np.int64(next_at[cell] & _INDEX) // actions
            if next_at[cell] & _ENDED:
                for w in range(block):
                    ended[there, w] += probs[cell, w] * mass[s, w]
            else:
                for w in range(block):
                    after[there, w] += probs[cell, w] * mass[s, w]


@_compile
@no_type_check
def evaluate(
    width, theta, next_at, reward, live, start, gamma, horizon, block, value, occupancy, absorbed
):
    """Push the start's mass through the policies (pgkit.exact.push).

    theta [B, S·A]; next_at, reward [S·A] as in `train`; live int64: the states that are not terminal;
    start float64 [S].  Written: value [B]; occupancy, absorbed [B, S], which come zeroed.
    """
    actions = len(width)
    cells = theta.shape[1]
    states = cells // actions
    probs = np.empty((cells, block), np.float64)
    mass, after = np.empty((states, block), np.float64), np.empty((states, block), np.float64)
    visits, ended = np.empty((states, block), np.float64), np.empty((states, block), np.float64)
    for first in range(0, theta.shape[0], block):
        _side_by_side(width, theta, first, block, probs)
        visits[:] = 0.0
        ended[:] = 0.0
        for s in range(states):
            mass[s] = start[s]
        discount = 1.0
        for _ in range(horizon):
            for s in live:
                for w in range(block):
                    visits[s, w] += discount * mass[s, w]
            _push(width, next_at, live, block, probs, mass, after, ended)
            mass, after = after, mass
            discount *= gamma
        for w in range(min(block, theta.shape[0] - first)):
            total = 0.0
            for s in live:
                occupancy[first + w, s] = visits[s, w]
                for a in range(actions):
                    cell = s * actions + a
                    total += visits[s, w] * probs[cell, w] * reward[cell]
            for s in range(states):
                absorbed[first + w, s] = ended[s, w]
            value[first + w] = total


@_compile
@no_type_check
def gradient(width, theta, next_at, reward, live, start, gamma, horizon, block, value, grad):
    """J and ∂J/∂θ[s, a] = Σ_t γ^t P(s_t = s) π(a|s) (Q_{T-t}(s, a) - V_{T-t}(s)), V_k with k steps to go.

    Arguments as in `evaluate`.  Written: value [B]; grad [B, S·A].
    """
    actions = len(width)
    cells = theta.shape[1]
    states = cells // actions
    probs, direct = np.empty((cells, block), np.float64), np.empty((cells, block), np.float64)
    v = np.zeros((horizon + 1, states, block), np.float64)  # 0 in terminal states
    mass, after = np.empty((states, block), np.float64), np.empty((states, block), np.float64)
    ended = np.zeros((states, block), np.float64)
    at = np.empty(actions, np.int64)
    for first in range(0, theta.shape[0], block):
        _side_by_side(width, theta, first, block, probs)
        for k in range(horizon):
            for s in live:
                for a in range(actions):
                    at[a] = np.int64(next_at[s * actions + a] & _INDEX) // actions
                for w in range(block):
                    total = 0.0
                    for a in range(actions):
                        cell = s * actions + a
                        total += probs[cell, w] * (reward[cell] + gamma * v[k, at[a], w])
                    v[k + 1, s, w] = total
        direct[:] = 0.0  # Σ_t γ^t P(s_t = s) Q_{T-t}(s, a) = ∂J/∂π(a|s)
        for s in range(states):
            mass[s] = start[s]
        discount = 1.0
        for t in range(horizon):
            k = horizon - 1 - t
            for s in live:
                for a in range(actions):
                    cell = s * actions + a
                    there = np.int64(next_at[cell] & _INDEX) // actions
                    for w in range(block):
                        q = reward[cell] + gamma * v[k, there, w]
                        direct[cell, w] += discount * mass[s, w] * q
            _push(width, next_at, live, block, probs, mass, after, ended)
            mass, after = after, mass
            discount *= gamma
        for w in range(min(block, theta.shape[0] - first)):
            total = 0.0
            for s in range(states):
                total += start[s] * v[horizon, s, w]
                mean = 0.0
                for a in range(actions):
                    mean += probs[s * actions + a, w] * direct[s * actions + a, w]
                for a in range(actions):
                    cell = s * actions + a
                    grad[first + w, cell] = probs[cell, w] * (direct[cell, w] - mean)
            value[first + w] = total
