"""Inputs and probes (psN) and judges (psN_judge) of the problem sets; pgkit.check drives them."""
