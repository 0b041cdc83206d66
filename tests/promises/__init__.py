"""What each lecture notebook says in figures, held against what its cells printed: cNN.kept(text)."""

from importlib import import_module
from pathlib import Path

KEPT = {
    path.stem[1:]: import_module(f"promises.{path.stem}").kept
    for path in sorted(Path(__file__).parent.glob("c[0-9][0-9].py"))
}
