"""What the prose of notebook 02 says in figures."""

import re


def kept(text: str) -> None:
    def numbers(pattern: str) -> list[float]:
        return [float(x) for x in re.findall(pattern, text)]

    assert numbers(r"π\(a₁\) ends at (\S+)") == [0.75, 0.75, 0.25, 0.9]
    assert numbers(r"weights against copies: at most (\S+)")[0] < 1e-12
    assert numbers(r"after 50 steps (\S+) apart")[0] < 1e-12
    assert "The answer: 2.0." in text
    assert "+1.5 and -0.5 on the logit of a₁" in text
    assert numbers(r"200 random starts: at most (\S+)")[0] < 1e-9
    assert "The answer: 0.591." in text
    assert "+22, the old push 11 times as strong" in text
    found = re.findall(r"w = (\d): boundary (\S+) ± (\S+), predicted log\(w\)/2 = (\S+)", text)
    assert [w for w, *_ in found] == ["1", "3", "9"]
    for _, at, off, predicted in found:
        assert abs(float(at) - float(predicted)) < 0.03
        assert 0.02 < float(off) < 0.12
    assert found[-1][-1] == "1.099"
    assert "The answer: door 2." in text
    assert (
        numbers(r"(\d+) of 200, at a mean reward of")[0] >= 196
    )  # all but who tried one door only
    assert numbers(r"at a mean reward of (-\d\.\d+)")[0] < -4.9
    losses = numbers(r"steps: loss +(\S+),")
    assert losses == numbers(r"lead of a₁ +(\S+)")  # far out, the loss is the lead
    assert (
        abs((losses[1] - losses[0]) / 900 - (losses[2] - losses[1]) / 3000) < 1e-3
    )  # as much with every step
    choose, reward = numbers(r"fresh data: (\d+) of 200"), numbers(r"mean reward (-0\.\d+)")
    assert choose == [200]
    assert -0.51 < reward[-1] < -0.5
    assert re.search(r"data that stay: median of 200 runs from -2.167 at 0 to -5 at 200", text)
    assert re.search(r"0 of 200 learners choose door 1", text)
