"""What the prose of notebook 03 says in figures."""

import re


def kept(text: str) -> None:
    def numbers(pattern: str) -> list[float]:
        return [float(x) for x in re.findall(pattern, text)]

    assert "All credits: −5.13" in text  # the walk that ends badly, after fourteen moves
    assert re.search(r"t = 13 .* reward -10", text)
    assert "backwards: [7.5, 15.0, 50.0, 100.0]" in text
    assert numbers(r"1000 trajectories: at most (\S+) apart")[0] < 1e-12
    assert "The answer: t = 9, into +100" in text
    credit = numbers(r"credit of the step into the fire, Q̂_6 = (\S+)")
    assert credit == sorted(credit)
    assert credit[0] < credit[1] < 0 < credit[2] < 66 < credit[-1] < 67
    assert "The answer: 64.2 %" in text
    assert "first 13.5 steps" in text
    assert "burnt at t = 5; the last step pays +1: Q̂ = +1.00, but G_0 = -7.32" in text
    assert "(row 2, column 2, up   , Q̂ =  85.00)" in text
    assert numbers(r"nudging differ by at most (\S+)")[0] < 1e-7
    same = re.search(r"multi-step: \[(.*?)\] +notebook 02: \[(.*?)\]", text)
    assert same
    assert same[1] == same[2]
    loss, minus_j = numbers(r"loss = (\S+),") + numbers(r"-J = (\S+)")
    assert round(loss) == 49
    assert round(minus_j) == -7
    ratios = numbers(r", ratio +(\S+)")
    assert abs(ratios[0] - 1) < 0.02
    assert ratios == sorted(ratios)
    promised, got = numbers(r"loss falls by +(\S+),"), numbers(r"J grows by +(\S+),")
    assert promised[3] < promised[2]
    assert 2.9 < (got[3] - minus_j) / (got[2] - minus_j) < 3.6
    expert = dict(re.findall(r"cut at T = +(\S+): expert +(\S+),", text))
    assert float(expert["13"]) == 0
    assert expert["14"] == expert["never"] == "51.33"
    random = dict(re.findall(r"cut at T = +(\S+): .* random policy +(\S+)", text))
    assert 0.08 < 1 - float(random["30"]) / float(random["never"]) < 0.11
    (cut, off), (mended, _) = (
        (float(x), float(e)) for x, e in re.findall(r"mean of Q̂_0 = (\S+) ± (\S+)", text)
    )
    exact = numbers(r"the exact value is (\S+)")[0]
    assert abs(mended - exact) < 3 * off
    assert abs(cut - float(random["30"])) < 3 * off
    assert "from -1.29 at 0 to 0 at 29" in text
    assert "wanted [  7.5  15.   50.  100. ]" in text
    assert re.search(r"yours +0 of 64 runs", text)
    assert re.search(r"the package's +64 of 64 runs", text)
    assert "your reward_to_go returned numbers of shape (64, 16), but (64, 16, 6) is needed" in text
    assert "def too_little(r, gamma):" in text
