"""What the prose of notebook 11 says in figures."""

import re


def numbers(pattern: str, text: str) -> list[float]:
    found = re.search(pattern, text)
    assert found, pattern
    return [float(x) for x in found.groups()]


def kept(text: str) -> None:
    assert "AWR in the closed ring after 0 iterations from expert resets, 32 runs" in text
    assert "weighted classification [0.75 0.25]" in text
    plain, shifted = re.findall(r"^AWR[^\[\n]*(\[.*\])", text, re.MULTILINE)[:2]
    assert plain == shifted  # "add 100 to every return, and V takes it away"

    hot, cold, clipped = (float(x) for x in re.findall(r"The answer: (\d+(?:\.\d+)?)", text)[:3])
    assert abs(hot - 0.5) < 0.02  # behaviour cloning
    assert cold <= 2  # winner takes all
    assert 80 <= clipped <= 120  # the better half
    for beta in (1, 3, 10):
        found, theory = numbers(rf"β = +{beta}: ESS/n ([\d.]+), theory ([\d.]+)", text)
        assert abs(found - theory) < 0.03

    value, promised = numbers(r"value ([\d.]+), β log Z ([\d.]+)", text)
    assert value == promised
    assert numbers(r"best of 100000 random policies ([\d.]+)", text)[0] <= value
    assert numbers(r"the regression is off by (\S+)", text)[0] < 1e-12
    assert numbers(r"AWR and the natural step differ by (\S+)", text)[0] < 1e-12
    kls = []
    for beta in (400, 800, 1600):
        kl, near = numbers(rf"β = {beta}: mean KL (\S+), Var\(A\)/2β² (\S+)", text)
        kls.append(kl)
        assert abs(kl / near - 1) < 0.15
    assert 3.5 < kls[1] / kls[2] < 4.3  # "twice the β, a quarter of the KL"

    assert numbers(r"weights differ by (\S+)", text)[0] < 1e-9
    early, late = (numbers(rf"iteration +{k}: σ = +([\d.]+)", text)[0] for k in (1, 40))
    assert late < early / 3  # "σ shrinks"

    rows = {
        name: [int(n) for n in re.search(rf"^{name} +(.*)$", text, re.MULTILINE).group(1).split()]
        for name in ("expert", "uniform", "nominal")
    }
    for name in ("expert", "uniform"):
        assert min(rows[name][2:7]) >= 90  # "a plateau from 0.2 to 2"
        assert rows[name][7] <= 10  # "at 5 hardly a run"
        assert rows[name][8] == 0  # "at 20 none"
        assert rows[name][0] < 90  # "to the left it fades"
    assert rows["nominal"][6] == 71
    ends = [
        numbers(rf"β = {b}: median of 24 runs from \S+ at 0 to (\S+) at 40", text)[0]
        for b in ("0.05", "1", "5")
    ]
    assert ends[1] > 45
    assert ends[2] < 30

    ratios = [numbers(rf"β = {b}: risky / safe ([\d.]+)", text)[0] for b in (1, 2, 3)]
    assert ratios[0] == 1.35
    assert ratios[1] > 1 > ratios[2]
    assert "The answer: 2.5" in text
    low, _, best = numbers(r"no clip: β = 0.01 ([\d.]+), β = 1 ([\d.]+), best ([\d.]+)", text)
    assert low < 0.1  # "far worse than pulling at random"
    assert best < 0.56  # the hint: "without a clip the best is 0.55"
    assert numbers(r"clip 20: β = 0.01 ([\d.]+)", text)[0] > 0.6
    as_is = numbers(r"as it is: (\d+) of 24", text)[0]
    assert abs(numbers(r"replay 1\): (\d+) of 24", text)[0] - as_is) <= 7  # it is not the old data
    assert numbers(r"clip 2\): (\d+) of 24", text)[0] < as_is / 2  # "it is the jackpots"
    assert numbers(r"yours: mean J ([\d.]+)", text)[0] < 0.1  # "below 0.1"
    for name in ("REINFORCE", "actor-critic", "AWR"):
        assert numbers(rf"{name} +differs from its setting by (\S+)", text)[0] == 0
    assert "One loop, three knobs after 0 iterations, 24 runs. REINFORCE (on a slide" in text
