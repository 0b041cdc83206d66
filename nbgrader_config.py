"""nbgrader for this course: `solutions/` is the source folder, `assignments/` the release folder.

Works in any folder that has this file, `solutions/` and pgkit in its environment; nbgrader makes
submitted/, autograded/, feedback/ and gradebook.db beside them.
"""

import os

c = get_config()

c.CourseDirectory.course_id = "pgkit"
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "assignments"
# What is carried along besides the notebook. Never *.py: a file beside a notebook shadows packages.
c.CourseDirectory.include = ["*.ipynb", "*.csv", "*.txt", "*.png"]
c.CourseDirectory.max_file_size = 1000  # kB

# The line that raises NotImplementedError with the exercise's name stands in the notebook itself.
c.ClearSolutions.code_stub = {"python": "# YOUR CODE HERE"}
c.ClearSolutions.text_stub = "*Your answer here.*"

# nbgrader's 30 s a cell is short for cells that train; checks take about 3 s.
c.ExecutePreprocessor.timeout = 120
c.ExecutePreprocessor.interrupt_on_timeout = True
c.ExecutePreprocessor.iopub_timeout = 20
c.ExecutePreprocessor.shutdown_kernel = "immediate"  # a graded kernel has nothing left to save: most of a second each

# `nbgrader autograde`, and the formgrader's button, go through pgkit's rebuilding, sandbox and judge, as `pgkit grade`
# does. With PGKIT_PLAIN_AUTOGRADE=1 nbgrader does it its own way: on this machine, with your rights, your files.
if not os.environ.get("PGKIT_PLAIN_AUTOGRADE"):
    c.Autograde.sanitize_preprocessors = ["pgkit.grading.hooks.Rebuild"]
    c.Autograde.autograde_preprocessors = [
        "pgkit.grading.hooks.SandboxedRun",
        "nbgrader.preprocessors.SaveAutoGrades",
        "nbgrader.preprocessors.AssignLatePenalties",
    ]

# Late days (pgkit release psN --due TIME): how many a student has for the whole course, and which share of a set's
# points each further day costs. As it stands being late is written down and costs nothing.
c.AssignLatePenalties.plugin_class = "pgkit.grading.late.LateDays"
c.LateDays.free_days = 0
c.LateDays.per_day = 0.0
c.LateDays.grace_minutes = 0
