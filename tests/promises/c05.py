"""What the prose of notebook 05 says in figures."""

import re


def kept(text: str) -> None:
    assert "REINFORCE: 0 of 100 at +100, 100 at +1" in text
    assert "+100: 1.5e-05    +1: 0.50" in text
    assert "The answer: none of these" in text
    for name in ("uniform", "expert"):
        assert int(re.search(rf"μ {name}: (\d+) of 100 at \+100", text)[1]) >= 97
    flat, steep = (float(x) for x in re.findall(r"gradient gap seen from .*?: +([\d.]+)", text))
    assert steep > 200 * flat
    assert 10 <= float(re.search(r"The answer: ([\d.]+) runs", text)[1]) <= 45
    assert "0 below the line" in text
    assert re.search(r"nominal: +κ = inf +gradient gap 0\.0e\+00 +J from S 0\.950", text)
    assert re.search(r"uniform: +κ = 3\.2 +gradient gap [\d.]+e-1\d +J from S 51\.334", text)
    few, many = (int(x) for x in re.findall(r"updates: +(\d+) of 100", text))
    assert few <= 8
    assert many >= 70
    assert "only inside, 0 of 100 escape; half inside, half S, 0 of 100" in text
    assert int(re.search(r"all but inside, (\d+) of 100", text)[1]) >= 97
