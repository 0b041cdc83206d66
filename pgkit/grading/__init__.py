"""Grading a class: submissions rebuilt from the source, run in a sandbox, judged outside it.

`rebuild` (trusted) makes a notebook of the course's own cells and the student's answers. `sandbox` runs it
where it can harm nobody and brings back values, nothing else. The judge (pgkit.check.judge) compares them.
"""
