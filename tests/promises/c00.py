"""What the prose of notebook 00 says in figures."""

import re


def kept(text: str) -> None:
    others, alike = (
        int(x)
        for x in re.search(r"The answer: (\d+) players\. With α = 1 it is (\d+)", text).groups()
    )
    assert others < alike - 10
    assert others < 75
    tried = int(re.search(r"α = 3.0, 100 updates: (\d+) of 100", text)[1])
    assert tried < 85
    assert "log_softmax: 2 of 3 parts right" in text
    done, asked = (int(x) for x in re.search(r"(\d+) of (\d+) checks passed", text).groups())
    assert asked >= 12
    assert done >= asked - 1  # a machine may lack the server extension for low latency
    assert "weight Q̂ - V" in text
    assert "REINFORCE" in text
