"""What the prose of notebook 09 says in figures."""

import re


def numbers(pattern: str, text: str) -> list[float]:
    found = re.search(pattern, text)
    assert found, pattern
    return [float(x) for x in found.groups()]


def kept(text: str) -> None:
    assert "CartPole, while it learns after 0 iterations, 16 runs" in text
    (iterations,) = numbers(r"(\d+) iterations, \d+ s for 16 runs together", text)
    assert iterations <= 34
    (minutes,) = numbers(r"steps, ([\d.]+) minutes of CartPole", text)
    assert 1 < minutes < 6  # "in some minutes"
    (ours,) = numbers(r"actor-critic: (\d+) of 24 at 475 or more after 32 iterations", text)
    assert ours >= 20  # "nearly all runs with a critic"
    answers = [float(x) for x in re.findall(r"The answer: (\d+) runs", text)]
    assert len(answers) == 2
    assert answers[0] <= 14  # without a critic
    assert answers[1] <= 3  # without the mask
    assert "The answer: with N = 1024." in text
    best = {
        int(n): float(x)
        for n, x in re.findall(r"(\d+): ([\d.]+)", text.split("Best λ for N:")[1][:80])
    }
    assert list(best.values()) == sorted(best.values())
    assert best[4] < 0.5 < best[1024] < 1  # "a λ below 1"
    assert "bias is 0.69, its noise 0.96" in text
    said = r"upright for (\d+) steps, worth (\d+); the critic says (\d+)"
    right = numbers(rf"With \(1-d\): {said}", text)
    slide = numbers(rf"As on the slide: {said}", text)
    assert right[0] >= 475
    assert abs(right[1] - right[2]) <= 5
    assert slide[0] < 100
    assert slide[2] >= 90  # "falling is free": 1/(1-γ) = 100 for every state
    assert slide[2] > slide[1] + 25
    rows = {
        name: numbers(
            rf"{name} +mean J after 50, 100, 200 updates: ([-\d.]+), ([-\d.]+), ([-\d.]+)", text
        )
        for name in ("REINFORCE, α = 0.1", "REINFORCE, α = 0.3", "actor-critic, α = 0.3")
    }
    small, large, critic = rows.values()
    assert critic[0] < large[0]  # "it starts late"
    assert critic[1] > large[1]  # "then it overtakes"
    assert critic[2] > max(large[2], small[2]) + 1  # "and ends higher"
    assert large[2] < small[2] + 1  # "the larger step is no gain in the end"
    assert numbers(r"they differ by (\S+)", text)[0] < 1e-12
    assert "24 gradients of 226 numbers" in text
    assert numbers(r"largest difference (\S+)", text)[0] < 1e-9
    assert numbers(r"yours: median \d+ steps, (\d+) of 24", text)[0] <= 2  # "as left, almost none"
