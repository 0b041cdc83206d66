"""What the prose of notebook 05 says in figures."""

import re


def numbers(pattern: str, text: str) -> list[float]:
    found = re.search(pattern, text)
    assert found, pattern
    return [float(x) for x in found.groups()]


def kept(text: str) -> None:
    assert "REINFORCE: 0 of 100 at +100, 100 at +1" in text
    assert "+100: 1.5e-05    +1: 0.50" in text
    assert "The answer: none of these. The best of them: 0 of 100 at +100." in text
    assert "A wholly random policy sees it in 15 of a million rollouts" in text
    flat, steep = (float(x) for x in re.findall(r"gradient gap seen from .*?: +([\d.]+)", text))
    assert flat < 0.2  # "all but flat"
    assert steep > 200 * flat
    assert "μ nominal: 0 of 100 at +100" in text
    for name in ("uniform", "expert"):  # "with w = 1 all do"
        assert f"μ {name}: 100 of 100 at +100" in text
    assert "μ nominal  κ = inf" in text
    assert "μ uniform  κ = 3.200" in text
    assert "μ expert   κ = 0.512" in text
    assert 10 <= numbers(r"The answer: ([\d.]+) runs", text)[0] <= 45
    few, many = numbers(r"under 10 runs at w = (\d+)%, over 90 at (\d+)%", text)
    assert few < 10 < many <= 30
    assert "300 random policies and reset distributions: 0 below the line" in text
    far = numbers(r"promise is (\d+) to \d+ times the truth", text)[0]
    assert far > 10  # "far from tight"
    assert re.search(r"nominal: +κ = inf +gradient gap 0\.0e\+00 +J from S 0\.950", text)
    assert re.search(r"uniform: +κ = 3\.2 +gradient gap [\d.]+e-1\d +J from S 51\.334", text)
    assert numbers(r"to ([\d.e+]+) at 20\.", text)[0] > 3e8  # "hundreds of millions"
    few, many = (int(x) for x in re.findall(r"updates: +(\d+) of 100", text))
    assert few <= 8
    assert many >= 70
    (worse, escaped), (better, fewer) = (
        numbers(rf"{name} +w = +\d+%  κ = ([\d.]+) +(\d+) of 100 escape", text)
        for name in ("uniform", "expert")
    )
    assert better < worse
    assert fewer < escaped / 3  # "far fewer"
    assert "only inside, 0 of 100 escape; half inside, half S, 0 of 100" in text
    assert numbers(r"all but inside, (\d+) of 100", text)[0] >= 97
    assert numbers(r"student B: from .*? to ([\d.]+) at 500", text)[0] > 51.34  # beats the best
    a, b = numbers(r"The answer: A\. From S, at the end: A ([\d.]+), B (-?[\d.]+)\.", text)
    assert a > 40
    assert b < 0.95  # not even the exit
    assert numbers(r"With the bug: from .*? to ([\d.]+)\.\n", text)[0] < 0.95
    young, old = (int(x) for x in re.findall(r"of the old world: (\d+) of 100", text))
    assert young >= 90
    assert 30 <= old <= 60  # "half"; 44 to 47 with three seeds
    low, turned = numbers(r"gap from μ (\d+) to \d+;\s+2000 updates later (\d+) of 100", text)
    assert low >= 5  # "there is much to gain"
    assert turned >= 85  # "so they do turn"
    assert "2 cells, κ = inf: 0 of 100 escape" in text
