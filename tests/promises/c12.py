"""What the prose of notebook 12 says in figures."""

import re

from pgkit.race import CONFIGURATIONS


def numbers(pattern: str, text: str) -> list[float]:
    found = re.search(pattern, text)
    assert found, pattern
    return [float(x) for x in found.groups()]


def kept(text: str) -> None:
    assert "64 runs each, not started" in text
    assert len(re.findall(r"weight .* norm .* -> ", text)) == len(CONFIGURATIONS)
    assert "line 2, column 4: the line has 4 letters" in text
    assert "line 1, column 3: unknown letter 'x'" in text
    assert "has no letter S" in text
    assert "cannot be reached from S" in text
    # "every run of the natural critic ends at +1", two steps away: γ
    assert "The answer: plain, with resets." in text
    assert "of natural critic: 0.95 [0.95, 0.95]" in text
    assert numbers(r"has taken ([\d.]+) times as many steps", text)[0] > 3  # "several times"
    # "B is better"
    (a, few), (b, many) = (
        numbers(rf"{x}: mean J ([\d.]+); (\d+) of 100 runs found", text) for x in "AB"
    )
    assert b > a + 5
    assert many > few + 10
    # "more than one study in four has it backwards"
    (three,) = numbers(r"The answer: (\d+) %", text)
    assert 25 < three < 35
    shares = [float(x) for x in re.findall(r"\d+: (\d+)[,.]", text.split("for n seeds each:")[1])]
    assert shares[:5] == sorted(shares[:5], reverse=True)
    assert shares[4] <= 5
    # the mean moves as far as it likes, the IQM does not
    good, broke = (
        numbers(rf"{name}: mean (-?[\d.]+), median ([\d.]+), IQM ([\d.]+)", text)
        for name in ("sixteen good runs", "one of them broke")
    )
    assert abs(good[2] - broke[2]) < 1
    assert good[0] - broke[0] > 60
    # by hand and by the package: the same up to the draw of the resamples
    hand = numbers(r"by hand: ([\d.]+) \[([\d.]+), ([\d.]+)\]", text)
    ours = numbers(r"the package: ([\d.]+) \[([\d.]+), ([\d.]+)\]", text)
    assert all(abs(x - y) < 1.5 for x, y in zip(hand, ours, strict=True))
    # "about what it says, a little less, and least for few runs"; "with few seeds nearly always too close"
    rows = re.findall(r"n = +(\d+): (\d+)% hold the truth, (\d+)% say too close", text)
    held, called = ([int(row[k]) for row in rows] for k in (1, 2))
    assert held[0] == min(held)
    assert held[0] >= 85
    assert all(90 <= x <= 98 for x in held[1:])
    assert called == sorted(called, reverse=True)
    assert called[0] >= 75
    assert called[-1] <= 60
    # pairs
    assert numbers(r"correlation of the pairs ([\d.]+)", text)[0] > 0.9
    pairs = numbers(r"as pairs +difference \S+ \[(\S+), (\S+)\]", text)
    strangers = numbers(r"as strangers +difference \S+ \[(\S+), (\S+)\]", text)
    assert pairs[0] * pairs[1] > 0  # "clear"
    assert strangers[0] * strangers[1] < 0  # "lost in the noise"
    # peeking
    (found,) = numbers(r"The answer: (\d+) races", text)
    (once,) = numbers(r"Looked at once, after 100 runs: (\d+)", text)
    assert once <= 12
    assert found > 2.5 * once
    assert found >= 20
    # any environment
    assert "cartpole: 4 numbers, 2 actions" in text
    assert "only Box and Discrete spaces are supported" in text or "pgkit[gym]" in text
    assert "λ = 0.95 wins, after 16 iterations" in text
    assert "LunarLander after" in text or "pgkit[box2d]" in text or "pgkit[gym]" in text
    # the file, and the beginning that decides nothing
    assert "The same as in the file, to the last digit." in text
    assert text.count("Too close to call, after 40 iterations") == 2
