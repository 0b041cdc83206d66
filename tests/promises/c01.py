"""What the prose of notebook 01 says in figures."""

import re


def kept(text: str) -> None:
    steps = {
        int(k): [float(x) for x in row.split()]
        for k, row in re.findall(r"step (\d): π = \[(.*?)\]", text)
    }
    assert 0.035 <= steps[0][2] < 0.045
    assert 0.88 < steps[8][2] < 0.9
    assert steps[1][2] - steps[0][2] > 0 < steps[8][2] - steps[4][2]
    assert "The answer: 9.0 times" in text
    assert float(re.search(r"nudging and the box: (\S+)", text)[1]) < 1e-8
    assert float(re.search(r"mean score, at most +(\S+)", text)[1]) < 1e-14
    assert float(re.search(r"shift by 7, at most +(\S+)", text)[1]) < 1e-14
    assert re.search(r"as the formula says: \[ *nan +-inf +-inf\]", text)
    assert re.search(r"shifted, in logs: +\[ *0\. +-1000\. +-2000\.\]", text)
    assert "down -log π: π = [0.7 0.3]" in text
    assert float(re.search(r"down 1 - π: π = \[(\S+)", text)[1]) > 0.99
    found = re.findall(r"updates: loss (\S+) +mean probability of the right label (\S+)", text)
    losses, right = ([float(x) for x in column] for column in zip(*found, strict=True))
    assert losses == sorted(losses, reverse=True)
    assert right == sorted(right, reverse=True)
    assert right[0] - right[-1] > 0.02
    rows = re.findall(r"^(?:nudged|package|sum) +\[(.*?)\]$", text, re.MULTILINE)
    assert len(rows) == 3
    first, *others = ([float(x) for x in row.split()] for row in rows)
    assert all(abs(x - y) < 2e-6 for row in others for x, y in zip(first, row, strict=True))
    found = re.findall(r"N = +(\d+): boundary at x₁ = (\S+) ± (\S+)", text)
    (_, _, wide), (_, middle, medium), (_, _, narrow) = found
    assert abs(float(middle)) < 0.06
    assert 1.5 < float(wide) / float(medium) < 3
    assert 1.6 < float(medium) / float(narrow) < 2.6
    assert 12 <= int(re.search(r"^(\d+) steps$", text, re.MULTILINE)[1]) <= 25
