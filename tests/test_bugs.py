"""The bug gallery: each bug is the shipped line replaced, and its curve differs as its explanation says.

12 to 48 seeds, deterministic: right and wrong see the same draws.  The bounds stand well inside what was measured.
"""

import numpy as np
import pytest

from pgkit.bugs import BUGS, find, source_of

SLOW = {"no_terminal_mask"}
KEYS = [pytest.param(k, marks=pytest.mark.slow) if k in SLOW else k for k in BUGS]

# key -> what the explanation says of (J of the right runs, J of the wrong runs), each [K, B]
SAYS = {
    "no_minus_pi": lambda r, w: (
        w[1].mean() > r[1].mean()
        and w[-1].max() < 0.66 < 0.68 < r[-1].min()
        and np.abs(w[-1] - w[len(w) // 2]).max() < 0.005
        and r[-1].mean() > r[len(r) // 2].mean() + 0.01
    ),
    "no_weights": lambda r, w: (
        abs(w[-1].mean() - w[0].mean()) < 0.1
        and (w[-1] > 1.1).any()
        and (w[-1] < 0.9).any()
        and r[-1].mean() > 1.55
    ),
    "sign": lambda r, w: r[-1].min() > 17 and w[-1].max() < 8 < w[0].min(),
    "past_rewards": lambda r, w: (
        w[-1].std() > 4 * r[-1].std() and abs(np.median(w[-1]) - np.median(r[-1])) < 1
    ),
    "off_by_one": lambda r, w: np.ptp(w) == 0 and r[-1].min() > r[0].max() + 0.5,
    "mean_over_time": lambda r, w: (
        w[20].max() < r[20].mean()
        and w[-1].mean() > 17
        and w[-1].mean() - w[0].mean() > 0.9 * (r[-1].mean() - r[0].mean())
    ),
    "sum_over_episodes": lambda r, w: (
        (w[-1] < 13).any() and (w[-1] > 18).mean() > 0.6 and r[-1].min() > 17.5
    ),
    "stale_policy": lambda r, w: w[-1].max() < 16 and abs(w[-1].mean() - w[20].mean()) < 0.5,
    "action_baseline": lambda r, w: np.abs(w[-1] - w[0]).max() < 0.1 and r[-1].min() > 17.5,
    "critic_sign": lambda r, w: (
        w[-1].max() < 15 < 40 < r[-1].min() and w[-1].mean() < w[len(w) // 4].mean() + 2
    ),
    "no_terminal_mask": lambda r, w: (
        np.median(w[-1]) < 0.8 * np.median(w, axis=1).max() and np.median(r[-1]) > 490
    ),
    "masked_reward": lambda r, w: (
        r[-1].max() < 0.25
        and np.median(r[-1]) < 0.1
        and (np.diff(np.median(w, axis=1)) > -1e-9).all()
        and np.median(w[0]) == pytest.approx(np.sqrt(1 / 18))
        and np.abs(w[-1] - np.sqrt(55 / 180)).max()
        < 0.03  # V = 0: the error is that of the truth itself
    ),
    "entropy_sign": lambda r, w: (
        (r[-1] > 50).mean() > 0.5
        and (w[-1] < 1.2).mean() > 0.8
        and np.abs(np.median(w[4:], axis=1) - 1).max() < 0.1
    ),
    "times_fisher": lambda r, w: r[10].min() > 0.4 and w[-1].max() < 0.1 and w[-1].min() > 0.01,
    "times_beta": lambda r, w: w[-1].mean() < r[-1].mean() - 0.5 and w[-1].mean() > w[0].mean() + 2,
    "no_value": lambda r, w: (
        w[-1].std() > 1.5 and abs(w[-1].mean() - w[0].mean()) < 2 and r[-1].min() > 517
    ),
    "resets_unused": lambda r, w: (
        np.abs(w[-1] - 0.95).max() < 0.06
        and np.ptp(w[-10:], axis=0).max() < 0.06
        and np.median(r[-1]) > 35
    ),
    "scored_from_mu": lambda r, w: w[-1].mean() > 95 and np.abs(r[-1]).max() < 2,
}


def test_there_are_at_least_ten_and_each_is_tested():
    assert len(BUGS) >= 10
    assert SAYS.keys() == BUGS.keys()


@pytest.mark.slow
@pytest.mark.parametrize("key", KEYS)
def test_the_curve_shows_what_the_explanation_says(key):
    iterations, right, wrong = find(key).curves()
    assert right.shape == wrong.shape == (len(iterations), find(key).runs)
    assert SAYS[key](right, wrong)


@pytest.mark.parametrize("key", BUGS)
def test_the_right_line_is_in_the_shipped_source_once_and_the_shipped_class_stays_as_it_is(key):
    bug = find(key)
    if bug.scored_from_mu:
        return
    before = getattr(bug.algorithm, bug.method)
    assert source_of(bug.algorithm, bug.method).count(bug.right_line) == 1
    broken = bug.broken()
    assert issubclass(broken, bug.algorithm)
    assert broken is not bug.algorithm
    assert getattr(bug.algorithm, bug.method) is before


@pytest.mark.parametrize("key", BUGS)
def test_no_distractor_is_the_answer_and_each_is_ruled_out_in_words(key):
    bug = find(key)
    assert len(bug.distractors) >= 3
    assert bug.title not in bug.distractors
    assert all(
        why.endswith(".") for why in [*bug.distractors.values(), bug.explanation, bug.symptom]
    )


def test_an_unknown_bug_is_refused_with_the_names():
    with pytest.raises(ValueError, match=r"key = 'gremlin'.*stale_policy"):
        find("gremlin")
