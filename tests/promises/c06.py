"""What the prose of notebook 06 says in figures."""

import re
from itertools import pairwise


def numbers(pattern: str, text: str) -> list[float]:
    found = re.search(pattern, text)
    assert found, pattern
    return [float(x) for x in found.groups()]


def kept(text: str) -> None:
    def time(name: str, kind: str) -> list[float]:
        return numbers(
            rf"{name} +{kind} *: time +([\d.e+]+) +share of j at least ([\d.e+-]+)", text
        )

    (slow, rare), (fast, _) = time("B", "plain"), time("B", "natural")
    assert abs(slow / 1.967e6 - 1) < 0.01  # science.md 2.1
    assert abs(fast / 2.175 - 1) < 0.01
    assert 0.8e6 < slow / fast < 1e6  # "nearly a million times"
    assert rare < 2e-6
    assert abs(time("A", "plain")[0] / 301.9 - 1) < 0.01
    assert time("coin toss", "plain")[0] < 15  # "hardly worth the trouble"
    assert re.search(r"π\(stay\|j\) +0.1000 -> 0.1000 +\+0 %", text)  # "the same to the last digit"
    lost = numbers(r"∂J/∂θ₂ .* (-\d+) %", text)[0]
    assert lost < -50  # "more than half"
    assert numbers(r"d\(j\) .* (-\d+) %", text)[0] < -45  # "nearly all of it because of d(j)"
    assert "The answer: 10." in text
    ours, formula, others = numbers(
        r"gain: ours ([\d.]+), formula ([\d.]+), best of 10000 others ([\d.]+)", text
    )
    assert abs(ours - formula) < 1e-6
    assert others <= ours + 1e-6
    left = []
    for size in ("0.5", "0.25", "0.125", "0.0625"):
        half, there, _ = numbers(
            rf"{size}: ½ dᵀGd ([\d.]+) +KL\(π‖π'\) ([\d.]+) +KL\(π'‖π\) ([\d.]+)", text
        )
        left.append(half - there)
    assert all(6.5 < a / b < 9 for a, b in pairwise(left[:3]))  # "by eight"
    assert "coin toss     : cosine 1.000" in text
    plain, natural = numbers(r"on the plateau: .* J gains ([\d.]+) plain, ([\d.]+) natural", text)
    assert 1.4 < natural / plain < 1.6  # "half as much again"
    (many, sure), (few, kept_) = (
        numbers(
            rf"{name} +direction, KL-sized: (\d+) updates; π\(switch\|i\) is down to ([\d.e-]+)",
            text,
        )
        for name in ("plain", "natural")
    )
    assert many <= few  # "just as quickly"
    assert 1e-11 < sure < 1e-10  # "one in tens of billions"
    assert 0.02 < kept_ < 0.05  # "a few per cent"
    scales = re.findall(
        r"c = +([\d.]+): natural (\d+) updates; plain (\w+), with the best α .*: (\w+)", text
    )
    assert [(s, n) for s, n, *_ in scales] == [
        ("1", "4"),
        ("0.3", "4"),
        ("0.1", "4"),
        ("0.05", "4"),
    ]
    assert [best for *_, best in scales] == ["1", "10", "659", "inf"]
    assert numbers(r"λ = 0 +policies ([\de.-]+) apart", text)[0] < 1e-12  # "rounding errors"
    apart = [
        numbers(rf"λ = {x} +policies ([\de.-]+) apart", text)[0]
        for x in ("1e-06", "0.0001", "0.01")
    ]
    assert apart == sorted(apart)
    assert numbers(r"plain +policies ([\de.-]+) apart", text)[0] > 0.5
    assert "4 parameters, rank of G: 2" in text
    pinv, two = re.search(
        r"stay minus switch: (\[.*?\]) +with 2 parameters: (\[.*?\])", text
    ).groups()
    assert pinv == two
    assert numbers(r"ε = 0.001: real KL ([\d.]+) ε", text)[0] > 0.98
    assert numbers(r"ε = +1.0: real KL ([\d.]+) ε", text)[0] < 0.75

    def arrived(name: str, symbol: str, value: str) -> list[float]:
        row = rf"{name}, +{symbol} = +{value}: +(\d+) of 64 arrived, +(\d+) stuck below 20"
        return numbers(row, text)

    for value in ("0.01", "0.1"):
        home, stuck = arrived("natural", "ε", value)
        assert home <= 58
        assert stuck >= 5  # "natural alone is not enough"
        assert arrived("natural with a baseline", "ε", value)[0] >= 58
    assert arrived("plain with a baseline", "α", "1.0")[0] >= 60
    assert arrived("plain with a baseline", "α", "0.1")[0] == 0  # "nobody is there yet"
    assert numbers(r"20 of its steps: J = ([\d.]+) from S", text)[0] > 51
    assert "From rollouts: 0 of 100." in text
    costs = [numbers(rf"update {k}: real KL +([\d.]+) ε", text)[0] for k in (1, 2, 3)]
    assert max(costs) > 2  # there is something to mend
