"""What the prose of notebook 04 says in figures."""

import re


def numbers(pattern: str, text: str) -> list[float]:
    found = re.search(pattern, text)
    assert found, pattern
    return [float(x) for x in found.groups()]


def kept(text: str) -> None:
    assert "coin toss J = 12.5, always work 18.2, best possible J* = 18.2" in text
    median, above = numbers(r"200 updates: median ([\d.]+), (\d+) of 200 runs above 17.7", text)
    assert median > 18
    assert above >= 196
    assert "1024 trajectories, total probability 1.000000000000, J = 12.5000" in text
    assert text.count("[1.425 1.425]") == 2  # the slope, and formula (1)
    assert "The answer: only the cloud grows. Variance 104.8 and 230.1" in text
    assert (
        numbers(r"100 more a step: past has mean ([\de.-]+), variance ([\d.]+)", text)[1] == 78808.7
    )
    assert text.count("mean (1.425000000, 1.425000000)") == 3
    for k in (1, 2):  # unbiased
        true, mean, error = numbers(
            rf"θ{k}: exact ([\d.]+), mean of samples ([\d.]+) ± ([\d.]+)", text
        )
        assert abs(mean - true) < 3 * error
    assert abs(numbers(r"The answer: ([\d.]+) times", text)[0] - 4) < 0.2
    one, small = numbers(r"measured: from ([\d.]+) at 1 to ([\d.]+) at 0.125", text)
    assert 4.8 < one / 2.02 < 5.3  # "five times as long"
    assert abs(one / small - 8) < 0.3
    assert "The exact gradient has length 2.02" in text
    assert numbers(r"N = 1, α = 0.02: (\d+) of 100", text)[0] >= 90
    same, other = numbers(r"with γ\^t .*∂g₁/∂θ₂ = ([-+.\d]+) +∂g₂/∂θ₁ = ([-+.\d]+)", text)
    assert same == other
    same, other = numbers(r"without  .*∂g₁/∂θ₂ = ([-+.\d]+) +∂g₂/∂θ₁ = ([-+.\d]+)", text)
    assert same < -0.02
    assert other > 0.02  # "opposite signs"
    slow, fast = (numbers(rf"{name}: median J after 25, 50, 75, 100 updates \[([\d.]+)", text)[0]
                  for name in (r"with γ\^t", "without "))  # fmt: skip
    assert fast > slow + 5
    resting, stale = numbers(r"predicted: J = ([\d.]+); the 48 stale runs: median ([\d.]+)", text)
    assert abs(resting - stale) < 0.1  # "right to a tenth"
    assert "64 of 64 runs reach +100" in text
    yours, package = (
        numbers(rf"{who} +mean .*, variance (\d+)", text)[0] for who in ("yours", "package")
    )
    assert yours > 2 * package
    assert numbers(r"N = 64, α = 0.1: (\d+) of 100", text)[0] <= 5
    assert "The answer: it depends on α" in text
    four, many = numbers(r"N = 4: at best (\d+) of 100, .*; N = 64: at best (\d+) of 100", text)
    assert min(four, many) >= 95  # the exercise can be done
    assert "slope of J [1.0899 1.2444], d-form [0.218  0.2489], ratio [5. 5.]" in text
    assert "d sums to 1.000, slope over d-form [20. 20.]" in text
