"""What the prose of notebook 07 says in figures."""

import re


def numbers(pattern: str, text: str) -> list[float]:
    found = re.search(pattern, text)
    assert found, pattern
    return [float(x) for x in found.groups()]


def kept(text: str) -> None:
    assert "The rollout shown scored 507; its steps weigh 507.0, 407.0, 307.0, 206.0, 105.0" in text
    rows = dict(re.findall(r"^(none|V\(s\), exact|leave-one-out|b\(s, a\)) .* (\d+)$", text, re.M))
    assert rows["none"] == "22"  # "the 22 of 100 in the lab's first row"
    assert "J = 512.5; 14 % of all rollouts score less than 507" in text
    assert "points uphill with probability 0.5000" in text
    assert text.count("mean (1.425000, 1.425000)") == 5
    assert numbers(r"c =   0: .* variance +([\d.]+)", text) == [104.76]
    (hundred,), (two,) = (numbers(rf"c = {c}: .* variance +([\d.]+)", text) for c in (100, 200))
    assert hundred == 144479.76
    assert 3.8 < two / hundred < 4  # "nearly four times"
    assert "the first step has length 13" in text
    assert numbers(r"as short as the slope: (\d+)", text)[0] == 35575  # "36 000"
    assert "The answer: it shrinks, mean fixed. Variance 144479.76 and 12.061" in text
    for name, mean, variance in (
        ("none", 1.425, 144479.759), ("one constant", 1.425, 26284.446),
        ("V(s), no clock", 1.425, 26277.686), ("b_t", 1.425, 18.821),
        ("V_t(s)", 1.425, 12.061), ("b(s,a)", 0, 11.185),
    ):  # fmt: skip
        row = numbers(rf"{re.escape(name)} +mean \( *([-\d.]+), .*variance +([\d.]+)", text)
        assert row == [mean, variance], name
    plain, best = (
        numbers(rf"b = {b} = [\d.]+: variance ([\d.]+)", text)[0] for b in ("J ", r"b\*")
    )
    assert 0 < plain - best < 1e-3  # "the fourth digit"
    mean, median = (
        numbers(rf"least sum of {w} *: V = ([\d.]+)", text)[0] for w in ("squares", "distances")
    )
    assert (mean, median) == (49.7, 0.1)
    learned = re.search(r"Of 100 runs learn: \{(.*?)\}", text)
    assert learned
    assert "'V_t(s)': 100, 'leave-one-out': 100" in learned.group(1)
    assert numbers(r"'no baseline': (\d+), 'V\(s\)': (\d+)", text)[0] <= 35
    assert numbers(r"'no baseline': (\d+), 'V\(s\)': (\d+)", text)[1] <= 40
    assert "The answer: nothing at all. 100 runs, 100 updates: θ moved by 0." in text
    assert "V_t(s) fitted on the batch: 0.00, 0.25, 0.53, 0.75" in text  # "three quarters"
    assert numbers(r"same-batch +(\d+) of 100 learn", text)[0] >= 95
    assert numbers(r"previous-batch +(\d+) of 100 learn", text)[0] <= 65
    assert "with a baseline 0 of 100 runs reach +100" in text
    assert re.search(r"1 local optimum +0 +100 +0 +0 +0\n", text)
    assert numbers(r"natural gradient alone: (\d+) of 100", text)[0] <= 35
    assert numbers(r"variance, with a baseline: (\d+) of 100", text)[0] >= 95
    assert "yours: mean (1.425, 1.425), variance 104.76" in text
