"""Problem set 5's oracles against what defines them: n-step advantages, all continuations, J, differences, search."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pytest
from mutants import ps5 as bank

from pgkit.check import Value, check, draw_cases, judge, probe
from pgkit.checks import ps5, ps5_judge

ROOT = Path(__file__).resolve().parent.parent
SEEDS = (None, 5, 6)
MANY_SEEDS = range(100, 200)


def cases_of(exercise, part, seeds=SEEDS):
    return [c.args for seed in seeds for c in draw_cases(exercise, seed) if c.part == part]


# ---------------------------------------------------------------- 1, 2  TD errors and GAE


def n_step_mixture(r, v, v_next, terminated, truncated, gamma, lam):
    """GAE from its derivation: advantages of 1, 2, ... steps, each counting λ times as much as the one before."""
    adv = np.zeros(r.shape)
    for i, t in np.ndindex(r.shape):
        paid, each = 0.0, []
        for k in range(t, r.shape[1]):
            paid += gamma ** (k - t) * r[i, k]
            rest = 0.0 if terminated[i, k] else gamma ** (k - t + 1) * v_next[i, k]
            each.append(paid + rest - v[i, t])
            if terminated[i, k] or truncated[i, k]:
                break
        shares = [(1 - lam) * lam**n for n in range(len(each) - 1)] + [lam ** (len(each) - 1)]
        adv[i, t] = np.dot(shares, each)
    return adv


@pytest.mark.parametrize("seed", SEEDS)
def test_gae_is_the_mixture_of_n_step_advantages(seed):
    for case in draw_cases("gae", seed):
        np.testing.assert_allclose(
            ps5_judge._gae(*case.args), n_step_mixture(*case.args), atol=1e-12
        )


def test_gae_is_the_td_error_at_0_and_the_rest_of_the_rewards_less_v_at_1():
    for *steps, gamma, lam in cases_of("gae", ps5.BETWEEN):
        r, v, v_next, terminated, truncated = steps
        found = ps5_judge._gae(*steps, gamma, lam)
        if lam == 0:
            np.testing.assert_allclose(found, ps5_judge._td(*steps, gamma), atol=1e-12)
        else:
            for i, t in np.ndindex(r.shape):
                ends = np.flatnonzero((terminated | truncated)[i, t:])
                k = t + ends[0] if len(ends) else r.shape[1] - 1
                paid = r[i, t : k + 1] @ gamma ** np.arange(k + 1 - t)
                rest = (not terminated[i, k]) * gamma ** (k + 1 - t) * v_next[i, k]
                assert found[i, t] == pytest.approx(paid + rest - v[i, t], abs=1e-12)


@pytest.mark.parametrize("lam", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("seed", [1, 2])
def test_with_the_true_v_the_mean_of_gae_is_the_advantage_for_every_lambda(seed, lam):
    """All continuations of three steps in a small world, weighed with their exact probabilities."""
    rng, gamma = np.random.default_rng(seed), 0.8
    prob, reward = rng.dirichlet(np.ones(3), (2, 2)), rng.normal(size=(2, 2, 3))  # s' = 2: the end
    pi = rng.dirichlet(np.ones(2), 2)
    paid = (prob * reward).sum(axis=2)
    P = np.einsum("sa,sax->sx", pi, prob[:, :, :2])
    V = np.append(np.linalg.solve(np.eye(2) - gamma * P, (pi * paid).sum(axis=1)), 0.0)
    A = paid + gamma * prob @ V - V[:2, None]
    says = np.append(V[:2], 9.0)  # the critic knows nothing of the end

    def mean(s, a, chance, past):
        total = 0.0
        for x in range(3):
            p, steps = chance * prob[s, a, x], [*past, (reward[s, a, x], s, x)]
            if x == 2 or len(steps) == 3:
                r, here, there = (np.array([column]) for column in zip(*steps, strict=True))
                over = there == 2
                adv = ps5_judge._gae(r, says[here], says[there], over, ~over & False, gamma, lam)
                total += p * adv[0, 0]
            else:
                total += sum(mean(x, b, p * pi[x, b], steps) for b in range(2))
        return total

    for s, a in np.ndindex(2, 2):
        assert mean(s, a, 1.0, []) == pytest.approx(A[s, a], abs=1e-12)


# ---------------------------------------------------------------- 3  one iteration


@pytest.mark.parametrize("seed", SEEDS)
def test_no_other_table_is_nearer_to_the_targets(seed):
    rng = np.random.default_rng(seed)
    for case in draw_cases("actor_critic_iteration", seed)[:3]:
        _, v, s, _, r, s_next, te, tr, gamma, lam, *_ = case.args
        y = n_step_mixture(r, v[s], v[s_next], te, tr, gamma, lam) + v[s]
        found = ps5_judge._fitted(*case.args)
        for step in 0.3 * rng.normal(size=(50, len(v))):
            assert (((found + step)[s] - y) ** 2).sum() > ((found[s] - y) ** 2).sum()
        never = np.setdiff1d(np.arange(len(v)), s)
        assert len(never) == 2
        np.testing.assert_array_equal(found[never], v[never])


@pytest.mark.parametrize("seed", SEEDS)
def test_the_step_is_the_slope_of_the_weighted_log_probabilities(seed):
    for case in draw_cases("actor_critic_iteration", seed)[:3]:
        theta, _, s, a, r, s_next, te, tr, gamma, lam, alpha, _ = case.args
        new = ps5_judge._fitted(*case.args)
        adv = n_step_mixture(r, new[s], new[s_next], te, tr, gamma, lam)

        def surrogate(theta, s=s, a=a, adv=adv):
            log_pi = theta - np.log(np.exp(theta).sum(axis=1, keepdims=True))
            return (adv * log_pi[s, a]).sum() / len(s)

        found = ps5_judge._change(*case.args, new) / alpha
        for at in np.ndindex(theta.shape):
            up = np.zeros(theta.shape)
            up[at] = 1e-6
            slope = (surrogate(theta + up) - surrogate(theta - up)) / 2e-6
            assert found[at] == pytest.approx(slope, abs=1e-6)


def test_in_the_whole_world_the_fit_stays_and_the_step_is_the_slope_of_j():
    """The actor-critic's own formula gives what the judge has from a linear solve and differences of J."""
    for case in cases_of("actor_critic_iteration", ps5.WHOLE, range(12)):
        theta, v, *batch, gamma, _, _, m = case
        np.testing.assert_allclose(ps5_judge._fitted(*case), v, atol=1e-10)
        step = ps5_judge._change(*case, v)
        np.testing.assert_allclose(step, ps5_judge._slope_of_j(*case), atol=1e-8)
        assert np.abs(step).max() > 1e-3
        pi = ps5.softmax(theta[:3])  # the batch holds each action as often as π takes it ...
        s, a = batch[0].ravel(), batch[1].ravel()
        taken = np.array([[np.mean(a[s == x] == y) for y in range(2)] for x in range(3)])
        np.testing.assert_allclose(pi, taken, atol=1e-12)
        d = np.bincount(s, minlength=3) / len(s)  # ... and each state as the discounted occupancy
        there = batch[3].ravel()
        P = np.array([[np.mean(there[s == x] == y) for y in range(3)] for x in range(3)])
        np.testing.assert_allclose(np.linalg.solve((np.eye(3) - gamma * P).T, m), d, atol=1e-12)
        assert m.min() > 0


# ---------------------------------------------------------------- 4  the network


@pytest.mark.parametrize("seed", SEEDS)
def test_the_gradient_by_hand_is_that_of_differences_with_the_advantage_held_fixed(seed):
    for case in draw_cases("torch_gradient", seed):
        W, U, u, x, a, q_hat = case.args
        adv = q_hat - np.tanh(x @ W) @ u

        def J(W, U, x=x, a=a, adv=adv):
            pi = ps5.softmax(np.tanh(x @ W) @ U)
            return np.mean(adv * np.log(pi[np.arange(len(a)), a]))

        for k, found in enumerate(ps5_judge._network(*case.args)):
            for at in np.ndindex(found.shape):
                up = [np.zeros(W.shape), np.zeros(U.shape)]
                up[k][at] = 1e-6
                slope = (J(W + up[0], U + up[1]) - J(W - up[0], U - up[1])) / 2e-6
                assert found[at] == pytest.approx(slope, abs=1e-6)


def test_a_critic_that_is_not_detached_is_far_outside_the_tolerance():
    for W, U, u, *rest in cases_of("torch_gradient", ps5.SHARED, MANY_SEEDS):
        right, left = (ps5_judge._network(W, U, u, *rest, leak=k)[0] for k in (0.0, 1.0))
        assert np.abs(right - left).max() > 20 * ps5_judge.STEP_TOLERANCE * np.abs(right).max()


# ---------------------------------------------------------------- 5  soft values


@pytest.mark.parametrize("seed", SEEDS)
def test_no_policy_is_worth_more_than_the_soft_value_and_the_soft_policy_is_worth_it(seed):
    rng = np.random.default_rng(seed)
    for case in draw_cases("soft_value", seed):
        q, temperature = case.args
        best, pi = ps5_judge._soft_value(q, temperature), ps5.softmax(q, temperature)
        np.testing.assert_allclose(
            ps5_judge._with_entropy(q, pi, temperature), best, atol=1e-9 * max(1, np.abs(q).max())
        )
        for other in rng.dirichlet(np.ones(q.shape[1]), (200, len(q))):
            assert np.all(ps5_judge._with_entropy(q, other, temperature) <= best + 1e-9)
        np.testing.assert_allclose(ps5_judge._soft_value(q + 5.0, temperature), best + 5.0)


def test_a_policy_falls_short_of_the_soft_value_by_its_kl_to_the_soft_policy():
    for q, pi, temperature in cases_of("value_with_entropy", ps5.ANY):
        soft = ps5.softmax(q, temperature)
        short = ps5_judge._soft_value(q, temperature) - ps5_judge._with_entropy(q, pi, temperature)
        kl = (pi * np.log(pi / soft)).sum(axis=1)
        np.testing.assert_allclose(short, temperature * kl, atol=1e-12)


def test_the_soft_value_is_always_well_above_the_hard_maximum_where_that_is_asked():
    for seed in MANY_SEEDS:
        for case in draw_cases("soft_value", seed):
            q, temperature = case.args
            above = (ps5_judge._soft_value(q, temperature) - q.max(axis=1)).max()
            assert above > 10 * ps5_judge.SOFT_TOLERANCE * temperature


def test_float32_is_near_enough_to_what_a_policy_is_worth():
    for case in (c for seed in range(200) for c in draw_cases("value_with_entropy", seed)):
        q, pi, temperature = (np.float32(x) for x in case.args)
        rough = (pi * (q - temperature * np.log(np.where(pi > 0, pi, np.float32(1))))).sum(axis=1)
        assert rough.dtype == np.float32
        off = np.abs(rough - ps5_judge._with_entropy(*case.args)).max()
        near_1000 = case.part == ps5.SOFT
        allowed = ps5_judge.SOFT_TOLERANCE if near_1000 else ps5_judge.ENTROPY_TOLERANCE
        assert off < allowed / 4 * temperature


# ---------------------------------------------------------------- what the set and its answers say


def section(stem: str, words: str) -> str:
    nb = nbformat.read(ROOT / stem / "ps5" / "ps5.ipynb", 4)
    return next(c.source for c in nb.cells if words in c.source)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("start", "low", "high"), [("uniform(world, 0.95)", 45, 51.34), ("world.start", -2, 2)]
)
def test_the_iteration_learns_the_ring_with_resets_and_is_stuck_without(start, low, high, capsys):
    text = section("assignments", "your iteration in the Ring of Fire")
    code = re.search(r"```python\n(.*?)```", text, re.DOTALL)[1]
    for seed in (0, 1, 2):
        space = {"np": np}
        exec(bank.ITERATION, space)
        exec(code.replace("uniform(world, 0.95)", start).replace("rng(0)", f"rng({seed})"), space)
        said = dict(map(str.split, capsys.readouterr().out.splitlines()))
        assert float(said["0"]) == pytest.approx(-1.43, abs=0.05)
        assert low < float(said["200"]) < high, said
        if low > 0:
            assert float(said["50"]) > 40, said


def trapped(R, gamma, A, T, pay):
    """π(finish) of the best policy of the trap of question 6b, by soft value iteration."""
    V = 0.0
    for _ in range(4000):
        V = ps5_judge._soft_value(np.array([[R, *[gamma * V] * (A - 1)]]), T)[0] - pay * T
    return np.exp((R - V - pay * T) / T)


def test_the_numbers_of_the_entropy_trap():
    R, gamma, A = 100.0, 0.95, 4
    turn = R * (1 - gamma) / np.log(A - 1)
    assert turn == pytest.approx(4.55, abs=0.005)
    finish = lambda T, pay: R - pay * T  # noqa: E731
    never = lambda T, pay: T * (np.log(A - 1) - pay) / (1 - gamma)  # noqa: E731
    assert finish(0.99 * turn, 0) > never(0.99 * turn, 0)
    assert finish(1.01 * turn, 0) < never(1.01 * turn, 0)
    assert np.log(A) == pytest.approx(1.386, abs=5e-4)
    assert np.log(A / (A - 1)) / (1 - gamma) == pytest.approx(5.754, abs=5e-4)
    for T in (0.1, 1.0, 4.55, 100.0, 1e4):
        assert finish(T, np.log(A)) > never(T, np.log(A))
    shares = [trapped(R, gamma, A, T, 0.0) for T in (1.0, 4.0, 5.0, 10.0)]
    assert shares[0] > 0.9
    assert np.all(np.diff(shares) < 0)
    assert shares[-1] < 1e-3
    assert all(trapped(R, gamma, A, T, np.log(A)) > 0.24 for T in (1.0, 4.0, 10.0, 1e4))
    text = section("solutions", "The entropy trap") + section("solutions", "T>\\frac{R")
    for number in ("4.55", "1.386", "5.754"):
        assert number in text


def test_the_three_soft_functions_at_work_print_the_identity(capsys):
    even = ps5_judge._with_entropy(np.zeros((1, 2)), np.full((1, 2), 0.5), 1.0)
    assert even[0] == pytest.approx(0.693, abs=5e-4)  # the first hint of exercise 5c
    text = section("assignments", "To see all three at work")
    space = {"np": np}
    for exercise in ("soft_value", "soft_policy", "value_with_entropy"):
        exec(next(iter(bank.RIGHT[exercise].values())), space)
    exec(re.search(r"```python\n(.*?)```", text, re.DOTALL)[1], space)
    for line in capsys.readouterr().out.splitlines():
        best, worth, even = (
            np.array(x.split(), dtype=float) for x in re.findall(r"\[([^\[\],]+)\]", line)[:3]
        )
        np.testing.assert_allclose(worth, best)
        assert np.all(even < best)


# ---------------------------------------------------------------- every mistake that the judge knows


@pytest.mark.parametrize(
    ("exercise", "name"),
    [
        ("td_residual", "end of a row"),
        ("td_residual", "end of a row, nothing masked"),
        ("td_residual", "end of a row, all masked"),
        ("gae", "end of a row"),
        ("gae", "end of a row, nothing masked"),
        ("torch_gradient", "loss"),
        ("torch_gradient", "cross-entropy"),
        ("torch_gradient", "Â turned round"),
        ("torch_gradient", "everything detached"),
        ("torch_gradient", "mean of each"),
        ("soft_value", "base 2"),
        ("soft_value", "one more"),
        ("soft_value", "root of the temperature"),
        ("soft_value", "zeros"),
        ("soft_policy", "base 2"),
        ("soft_policy", "mixed with chance"),
        ("soft_policy", "root of the temperature"),
    ],
)
def test_every_part_says_the_same_of_a_mistake_that_spoils_them_all(exercise, name):
    source, _, hint = bank.MUTANTS[exercise][name]
    space: dict[str, Any] = {"np": np}
    exec(source, space)
    for seed in SEEDS:
        report = check(exercise, space[exercise], seed=seed)
        assert all(hint in part.message for part in report.parts), str(report)


@pytest.mark.parametrize("exercise", ["soft_value", "value_with_entropy"])
def test_as_many_states_as_actions_make_no_wrong_shape(exercise):
    def wrong_where_square(*case):
        return {"value": TRUTHS[exercise](*case) + 3.21 * (len(case[0]) == case[0].shape[1])}

    report = judged(exercise, wrong_where_square, None)
    assert any(part.message for part in report.parts)
    assert "one V for each state" not in str(report)


SLIPS = {
    "td_residual": ps5_judge.TD_SLIPS,
    "gae": ps5_judge.GAE_SLIPS,
    "soft_value": ps5_judge.SOFT_SLIPS,
    "soft_policy": ps5_judge.POLICY_SLIPS,
    "value_with_entropy": ps5_judge.ENTROPY_SLIPS,
}


def judged(exercise, answers, seed):
    values = [
        Value({k: np.asarray(x, dtype=np.float64) for k, x in answers(*case.args).items()})
        for case in draw_cases(exercise, seed)
    ]
    return judge(exercise, values, seed=seed)


def iterated(fit=ps5_judge._fitted, change=ps5_judge._change):
    """θ and V of an answer whose steps 2, or 3 to 5, go wrong in a way."""

    def answer(*case):
        v = fit(*case)
        return {"v": v, "theta": case[0] + change(*case, v)}

    return answer


def network(way):
    return lambda *case: dict(zip("WU", way(*case), strict=True))


WAYS = [
    (exercise, slip, lambda *case, way=way: {"value": way(*case)}, SLIPS[exercise])
    for exercise in SLIPS
    for slip in SLIPS[exercise]
    for way in slip.ways
]
WAYS += [
    ("actor_critic_iteration", slip, iterated(**{step: way}), ps5_judge.FIT_SLIPS + ps5_judge.UPDATE_SLIPS)
    for step, slips in (("fit", ps5_judge.FIT_SLIPS), ("change", ps5_judge.UPDATE_SLIPS))
    for slip in slips
    for way in slip.ways
]  # fmt: skip
WAYS += [
    ("torch_gradient", slip, network(way), ps5_judge._net_slips("W"))
    for slip, (_, _, ways) in zip(ps5_judge._net_slips("W"), ps5_judge.NET_WAYS, strict=False)
    for way in ways
]


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # a wrong way may divide by 0
@pytest.mark.slow
def test_every_mistake_that_the_judge_knows_is_one_and_gets_a_named_hint():
    """The hint is its own, or that of another mistake which looks the same in all parts that fail."""
    for exercise, slip, answers, all_slips in WAYS:
        report = judged(exercise, answers, 8)
        said = {part.message.split("\n")[0] for part in report.parts if part.message}
        assert said, (exercise, slip.name)
        assert said <= {other.hint for other in all_slips}, (exercise, slip.name, str(report))
        assert slip.hint in said or len(said) == 1, (exercise, slip.name, str(report))


# ---------------------------------------------------------------- odd answers, odd forms

TRUTHS = {
    "td_residual": ps5_judge._td,
    "gae": ps5_judge._gae,
    "actor_critic_iteration": lambda *case: tuple(iterated()(*case)[k] for k in ("theta", "v")),
    "torch_gradient": ps5_judge._network,
    "soft_value": ps5_judge._soft_value,
    "soft_policy": ps5.softmax,
    "value_with_entropy": ps5_judge._with_entropy,
}  # fmt: skip


def formed(exercise, form, seed=None):
    """The right answers in another form, in the order in which a probe asks for them."""

    def one(found):
        return tuple(map(form, found)) if isinstance(found, tuple) else form(found)

    truths = [TRUTHS[exercise](*case.args) for case in draw_cases(exercise, seed)]
    following = map(one, truths)
    return lambda *args: next(following)


@pytest.mark.parametrize("exercise", TRUTHS)
@pytest.mark.parametrize(
    ("odd", "words"),
    [
        (lambda x: x * np.nan, "nan"),
        (lambda x: NotImplemented, "NotImplementedType"),
        (lambda x: None, "None"),
        (lambda x: "Δ", "no array of numbers"),
        (lambda x: [[1.0], [1.0, 2.0]], "no array of numbers"),
        (lambda x: np.zeros((2, 3, 4, 5)), "shape"),
    ],
)
def test_odd_answers_are_told_what_is_odd(exercise, odd, words):
    report = check(exercise, formed(exercise, odd))
    assert report.score == 0
    assert all(words in part.message for part in report.parts), str(report)


@pytest.mark.parametrize("exercise", TRUTHS)
@pytest.mark.parametrize(
    "form",
    [
        lambda x: x.tolist(),
        lambda x: np.ma.masked_array(x),
        lambda x: np.asarray(x, dtype=object),
        lambda x: np.asfortranarray(x),
        lambda x: np.float32(x),
    ],
)
def test_the_form_of_a_right_answer_does_not_matter(exercise, form):
    for seed in (None, 4):
        values = probe(exercise, formed(exercise, form, seed), seed=seed)
        assert judge(exercise, values, seed=seed).score == pytest.approx(1)
