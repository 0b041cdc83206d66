"""Placeholder until the kernels stand."""


def supports(world):
    return False
