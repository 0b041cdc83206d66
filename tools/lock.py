"""Write requirements.lock from pyproject.toml: exact versions of everything, for every extra."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HEAD = "# The exact versions that everything is tested with. Made by `make lock` from pyproject.toml.\n"
NEW = ROOT / "requirements.lock.new"

subprocess.run(
    [
        sys.executable, "-m", "piptools", "compile", "--quiet", "--all-extras", "--strip-extras",
        "--no-header", "--no-annotate", "--no-emit-index-url", "--no-emit-find-links",
        "--no-emit-trusted-host", "--resolver=backtracking", "--output-file", str(NEW),
        "pyproject.toml",
    ],
    cwd=ROOT, check=True, stdout=subprocess.DEVNULL,
)  # fmt: skip
pins = [re.sub(r"\+cpu$", "", line) for line in NEW.read_text().splitlines() if "==" in line]
NEW.write_text(HEAD + "\n".join(pins) + "\n")
NEW.replace(ROOT / "requirements.lock")
