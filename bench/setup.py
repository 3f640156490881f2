"""Measure what the set-up of a second issue costs where lock files agree: `python -m bench.setup`.

It needs npm and uv, and their registries. An example that cannot be made here is left out by name.
"""

from __future__ import annotations

import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from run_milestone.adapters.git.tree_cache import TreeCache

from .table import Row, Skipped, printed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MOST = 0.15
"""The share of the first set-up that the second may take."""
ISSUES = 4
"""How many issues, and copies: of all but the first the median counts."""
WAITING = 3
"""The exit code of a run that waits for a person: here for the end of the phase."""


@dataclass(frozen=True)
class Example:
    """A small project whose dependencies are locked."""

    name: str
    files: Mapping[str, str]
    lock: tuple[str, ...]


EXAMPLES = (
    Example(
        "npm",
        {
            "package.json": '{"name": "shop", "version": "1.0.0", "devDependencies": {"eslint": "9", "mocha": "11"}}\n',
            ".gitignore": "node_modules\n",
        },
        ("npm", "install", "--silent", "--package-lock-only", "--ignore-scripts"),
    ),
    Example(
        "uv",
        {
            "pyproject.toml": '[project]\nname = "shop"\nversion = "1.0"\nrequires-python = ">=3.11"\n'
            'dependencies = ["fastapi", "sqlalchemy", "alembic"]\n\n'
            '[dependency-groups]\ndev = ["pytest", "ruff", "mypy"]\n\n'
            '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n',
            "src/shop/__init__.py": "",
            ".gitignore": ".venv\n",
        },
        ("uv", "lock", "--quiet"),
    ),
)
PATCH = """\
diff --git a/{name}.txt b/{name}.txt
new file mode 100644
--- /dev/null
+++ b/{name}.txt
@@ -0,0 +1 @@
+{name}
"""


def against_first_setup(folder: Path) -> Iterator[Row | Skipped]:
    """Compare the set-up of an issue with that of the milestone, for every example."""
    for example in EXAMPLES:
        what = f"set-up of a second issue, {example.name}"
        try:
            first, second, copied = measure(example, folder / f"setup-{example.name}" / "shop")
        except (OSError, subprocess.CalledProcessError) as error:
            yield Skipped(what, f"{example.name} is not installed, or its registry cannot be reached ({error})")
        else:
            yield Row(what, second, "the first", first, bar=MOST)
            yield Row(f"the same, while every other is in work, {example.name}", copied, "the first", first, bar=MOST)


def measure(example: Example, root: Path) -> tuple[float, float, float]:
    """Return the seconds that the commands of the set-up took, the set-up of a tree after the first, and a copy."""
    root.mkdir(parents=True)
    for name, text in example.files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    _call(root, *example.lock)
    who = ("-c", "user.name=Bench", "-c", "user.email=bench@example.com")
    for words in (("init", "--quiet", "--initial-branch=main"), ("add", "."), (*who, "commit", "--quiet", "-mBegin")):
        _call(root, "git", *words)
    _call(root, sys.executable, "-m", "run_milestone", "init")
    _write_plan(root / "plans" / "m1")
    _call(root, sys.executable, "-m", "run_milestone", "m1", may_wait=True)
    log = (root / "state/m1/logs/baseline/setup.log").read_text(encoding="utf-8")
    first = sum(map(float, re.findall(r"^\[exit 0 after ([\d.]+) s\]", log, re.MULTILINE)))
    second = statistics.median(_took(root, f"{number:02}:setup") for number in range(2, ISSUES + 1))
    return first, second, _copying(root.with_name(f"{root.name}.worktrees"))


def _copying(trees: Path) -> float:
    """Return the seconds that a tree takes to get a copy, because no other tree can do without its own."""
    cache, took = TreeCache(trees / "m1-setup"), []
    key = next((trees / "m1-setup").glob("*/made.json")).parent.name
    for number in range(ISSUES):
        began = time.monotonic()
        cache.take(trees / f"m1-copy-{number}", key)
        took.append(time.monotonic() - began)
    return statistics.median(took[1:])  # the first one takes what the last issue released


def _write_plan(folder: Path) -> None:
    """Keep the set-up that `init` wrote, and let recorded changes implement the issues."""
    plan = yaml.safe_load((folder / "plan.yaml").read_text(encoding="utf-8"))
    issues = []
    for number in range(1, ISSUES + 1):
        name = f"note-{number}"
        (folder / "changes").mkdir(exist_ok=True)
        (folder / "changes" / f"{number:02}-1.patch").write_text(PATCH.format(name=name), encoding="utf-8")
        issues.append({"number": number, "title": name, "type": "docs", "criteria": [f"{name} is there"]})
    plan.update(agent={"kind": "replay", "changes": "changes"}, phases=[{"issues": issues}])
    plan["commands"] = {"test": ["true"], "lint": ["true"], "review": "none"}
    (folder / "plan.yaml").write_text(yaml.safe_dump(plan, sort_keys=False), encoding="utf-8")


def _call(root: Path, *words: str, may_wait: bool = False) -> None:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    done = subprocess.run(words, cwd=root, check=False, capture_output=True, env=environment)
    if not (may_wait and done.returncode == WAITING):
        done.check_returncode()


def _took(root: Path, task: str) -> float:
    """Return how many seconds a task took, by the journal."""
    lines = (root / "state/m1/journal.jsonl").read_text(encoding="utf-8").splitlines()
    return sum(float(entry.get("took", 0)) for entry in map(json.loads, lines) if entry.get("task") == task)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="run-milestone-bench-") as place:
        print(printed([*against_first_setup(Path(place).resolve())]))
