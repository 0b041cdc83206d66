"""What the prose of notebook 08 says in figures."""

import re


def numbers(pattern: str, text: str) -> list[float]:
    found = re.search(pattern, text)
    assert found, pattern
    return [float(x) for x in found.groups()]


def kept(text: str) -> None:
    assert "Random walk, 200 runs, after 0 episodes" in text
    assert "The answer: only A." in text
    row = r" +".join([r"([\d.]+)"] * 5)
    truth = [k / 6 for k in range(1, 6)]
    mc, td = (numbers(rf"{name} +mean +{row}", text) for name in ("Monte Carlo", "TD"))
    assert max(abs(x - y) for x, y in zip(mc, truth, strict=True)) < 0.03  # "up to noise"
    assert td[1:4] == [0.5, 0.5, 0.5]  # "TD's targets in B, C and D are ½"
    assert abs(td[0] - 0.25) < 0.02 > abs(td[4] - 0.75)
    assert min(numbers(rf"Monte Carlo +variance +{row}", text)) > 0.12
    assert max(numbers(rf"TD +variance +{row}", text)) < 0.07
    mc, td = (
        numbers(rf"{name} +bias² of V ([\d.]+) +variance of V ([\d.]+)", text)
        for name in ("Monte Carlo", "TD")
    )
    assert td[0] > 0.018 > 0.002 > mc[0]  # "the table is right"
    assert mc[1] > 8 * td[1]
    assert "The answer: TD's." in text
    for k, (low, high) in {1: (0.45, 0.56), 10: (0.2, 0.5), 100: (0.0, 0.17)}.items():
        mc, td = numbers(rf"after +{k} episodes V is off by ([\d.]+) \(MC\), ([\d.]+) \(TD\)", text)
        assert low <= mc < td <= high, k  # after one episode "both are off by about ½"
    assert "5 states: 0.2500 (Monte Carlo), 0.0278 (TD): 9 times" in text
    assert "visits until the mean of G is known to ±0.01: 2500" in text
    errors = {
        name: numbers(rf"{name} +{row}", text)
        for name in [f"MC, α = {a}" for a in ("0.01", "0.02", "0.03", "0.04")]
        + [f"TD, α = +{a}" for a in ("0.05", "0.1", "0.15")]
    }
    for column in range(1, 5):  # "from the tenth episode on each of its α against each of MC's"
        mc, td = (
            [row[column] for name, row in errors.items() if name[:2] == m] for m in ("MC", "TD")
        )
        assert max(td) < min(mc)
    said = r": median of 200 runs from 0.2357 at 0 to ([\d.]+) at 100"
    for name in ("Monte Carlo", "TD"):
        constant, falling = (
            numbers(rf"{name}, {how} α{said}", text)[0] for how in ("constant", "falling")
        )
        assert falling < 0.8 * constant
    assert "Monte Carlo  V(A) = 0.0000, V(B) = 0.7500;  solved at once: 0.0000, 0.7500" in text
    assert "TD           V(A) = 0.7500, V(B) = 0.7500;  solved at once: 0.7500, 0.7500" in text
    for N in (5, 25, 100):
        mc, td, share = numbers(
            rf"{N} episodes: error ([\d.]+) \(MC\), ([\d.]+) \(TD\); TD nearer in (\d+) %", text
        )
        assert td < 0.8 * mc  # "TD makes more of the same data"
        assert share >= 70
    assert "The answer: 0.5. The factor is above 1 for γ > ½." in text
    assert "γ = 0.99: w = 11487.72" in text
    assert "an update multiplies V by 1.098000" in text
    assert numbers(r"Baird, off-policy: a sweep multiplies w by up to ([\d.]+)", text) == [1.002393]
    assert numbers(r"Baird, on-policy : a sweep multiplies w by up to ([\d.]+)", text) == [1]
    assert "w1..6 = 114.4, w7 = 6.9, w8 = 335.0" in text
    assert "The answer: 0 chains." in text
    assert numbers(r"than the policy visits them, (\d+) do", text)[0] > 200
    assert "Right: from 0.236 to 0.067. With the bug: from 0.236 to 0.544" in text
    mc, td = numbers(r"yours: V\(A\) = ([\d.]+) \(Monte Carlo\), ([\d.]+) \(TD\)", text)
    assert (mc, td) == (0.0, 0.333)  # as it was left
