"""What the prose of notebook 10 says in figures."""

import re


def numbers(pattern: str, text: str) -> list[float]:
    found = re.search(pattern, text)
    assert found, pattern
    return [float(x) for x in found.groups()]


def kept(text: str) -> None:
    assert "ring-of-fire, T = 0.3, paid for H. After 60 steps from S: 100 % at +100" in text
    assert numbers(r"largest \|V - V of π\| +(\S+)", text)[0] < 1e-9
    assert numbers(r"largest \|Q - T log π - V\| (\S+)", text)[0] < 1e-9  # "the same for all four"
    assert numbers(r"(\d+) policies; V\(S\) =", text)[0] <= 13
    assert numbers(r"smallest rise of any state (\S+)", text)[0] > -1e-11  # "better in every state"
    assert numbers(r"it ends (\S+) from soft value iteration", text)[0] < 1e-9
    rows = {
        temperature: numbers(rf"\n +{temperature} +([\d.]+) +([\d.]+) +([-\d.]+) +([\d.]+)\n", text)
        for temperature in ("0.3", "1", "2", "3", "5", "10")
    }
    assert [row[0] for row in rows.values()] == [1.0, 1.0, 1.0, 0.233, 0.0, 0.0]
    assert rows["2"][3] > 51.4 > rows["1"][3]  # the two lives cross between
    assert all(worth < max(51.34, never) + 25 for _, worth, _, never in rows.values())
    assert "γ = 0.95: T = 2.78" in text  # as the question says
    patient, minutes = (float(x) for x in re.findall(r"The answer: (\d+\.\d+)", text))
    assert 0.6 < patient < 0.8  # "patience makes it worse"
    assert "paid for entropy        at T = 1, 2, 3, 5, 10: 1.00, 1.00, 0.23, 0.00, 0.00" in text
    wage_free = numbers(
        r"above uniform +at T = 1, 2, 3, 5, 10: 1.00, 1.00, ([\d.]+), ([\d.]+)", text
    )
    assert wage_free[0] > 0.99  # "at T = 3 all arrive"
    assert numbers(r"T = 0.3: (\d) of 8 runs go to \+100", text)[0] >= 7
    reached, ended = numbers(r"T = 3: (\d) of 8; at most (\d+)% of their walks end", text)
    assert reached == 0
    assert ended <= 10
    table = re.findall(r"\n +(0\.\d+) +(-[\d.]+) +(-[\d.]+) +([\d.]+) +([\d.]+) +([\d.]+)", text)
    assert [row[0] for row in table] == ["0.3", "0.1", "0.03", "0.01"]
    noises = [[float(x) for x in row] for row in table]
    for _, by_score, through, raw, centred, slope in noises:
        assert abs(by_score - through) < 4 * raw / 200_000**0.5 + 0.002  # "same mean"
        assert raw > centred > slope
    assert [row[3] for row in noises] == sorted(row[3] for row in noises)  # surer, noisier
    assert [row[5] for row in noises] == sorted((row[5] for row in noises), reverse=True)
    for temperature, variance in ((0.01, 0.004622), (0.1, 0.046224), (1.0, 0.462244)):
        k, ours, formula = numbers(
            rf"T = {temperature} +k\* = (-[\d.]+) +σ\*² = ([\d.]+) +by the formula ([\d.]+)",
            text,
        )
        assert (k, ours, formula) == (-0.907551, variance, variance)
        if temperature > 0.01:
            k, spread, learned, _ = numbers(
                rf"T = {temperature}: k = (-[\d.]+) ± ([\d.]+)   σ² = ([\d.]+) ± ([\d.]+) over 12",
                text,
            )
            assert abs(k + 0.907551) < 0.02
            assert spread < 0.04
            assert abs(learned / variance - 1) < 0.1
    assert "The answer: nothing." in text
    assert 1 < minutes < 4  # typical bet: 30
    assert "16 of 16 are there at the end" in text
    assert "4 gradients of 4546 numbers" in text
    assert numbers(r"numbers, largest difference (\S+)", text)[0] < 1e-9
    entropy, arrive = numbers(r"yours: T = \S+, mean entropy ([\d.]+), (\d+)% of the walks", text)
    assert abs(entropy - 0.6) > 0.1  # as left, it misses
    assert arrive == 100
