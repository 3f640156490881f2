"""Play the shortest story: an approval, one line that changes after it, and the run that does not take it."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

from ..core.errors import ExitCode, OutsideError, UsageError
from ..core.fs import write_text
from ..render import demo as words
from .base import load_plan, put

if TYPE_CHECKING:
    from ..plan.project import Project

PLAN = """\
id: m1
title: Discounts
agent: {kind: replay, changes: changes}
commands: {lint: ["true"], test: ["{python}", "-m", "unittest", "-q"], review: [printf, "[]"]}
limits: {coverage: 0}
phases:
  - title: First
    issues:
      - number: 1
        title: Give regular customers a discount
        slug: discount
        criteria: [The discount is 10 percent]
        paths: {allow: [prices.py]}
"""
CHANGE = """\
- Added the discount, and a file with its figure

diff --git a/prices.py b/prices.py
--- a/prices.py
+++ b/prices.py
@@ -4,2 +4,6 @@
 def total(lines):
     return sum(lines)
+
+
+def discounted(cents):
+    return cents * 9 // 10
diff --git a/settings.cfg b/settings.cfg
new file mode 100644
--- /dev/null
+++ b/settings.cfg
@@ -0,0 +1,2 @@
+[discount]
+percent = 10
"""
FILES = {
    "plans/m1/plan.yaml": PLAN,
    "plans/m1/changes/01-1.patch": CHANGE,
    "prices.py": '"""What an order costs, in cents."""\n\n\ndef total(lines):\n    return sum(lines)\n',
    "test_prices.py": """\
import unittest

from prices import total


class TestTotal(unittest.TestCase):
    def test_lines_add_up(self):
        self.assertEqual(total([150, 99]), 249)
""",
    ".gitignore": "/state/\n__pycache__/\n",
}
BRANCH = "feat/m1-01-discount"


def play(folder: Path) -> int:
    """Make a project in a new folder and play the story there.

    Errors: UsageError where the folder is not empty.
    """
    if folder.exists() and any(folder.iterdir()):
        raise UsageError(f"{folder} is not empty.", "Name a new folder with `--dir DIR`.")
    for name, text in FILES.items():
        write_text(folder / name, text)
    _git(folder, "init", "--quiet", "--initial-branch=main", "--template=")
    _commit(folder, "Add up orders")
    put(words.begins(folder))
    with contextlib.chdir(folder):
        return _story(Path.cwd())


def _story(root: Path) -> int:
    from ..plan.project import Project
    from ..store import State
    from .decide import leave_decision

    project = Project(root)
    put(words.typed("run-milestone m1"))
    _run(project)
    put(words.typed("run-milestone decide m1 01 approve", words.APPROVAL))
    leave_decision(load_plan(project, "m1"), State(project.state("m1")), "01", "approve", "10 percent, as agreed")
    put(words.typed(f"git switch {BRANCH} && sed -i 's/10/90/' settings.cfg && git commit -a", words.CHANGE))
    _change_a_line(root)
    put(words.typed("run-milestone m1", words.REFUSAL))
    _run(project)
    put(words.ended(root.name))
    return ExitCode.DONE


def _run(project: Project) -> None:
    from ..model import RunOptions
    from ..runner.run import run

    code = run(project, load_plan(project, "m1"), RunOptions())
    if code != ExitCode.WAITING:
        raise OutsideError(f"The demo's run ended with {code}.", "`run-milestone doctor` tells what is missing here.")


def _change_a_line(root: Path) -> None:
    """Commit another figure on the issue's branch, as anybody with access to it can."""
    _git(root, "switch", "--quiet", BRANCH)
    write_text(root / "settings.cfg", "[discount]\npercent = 90\n")
    _commit(root, "Give more")
    _git(root, "switch", "--quiet", "main")


def _commit(root: Path, message: str) -> None:
    _git(root, "add", "--all")
    _git(root, "commit", "--quiet", f"--message={message}")


def _git(root: Path, *arguments: str) -> None:
    from ..adapters.process import Processes
    from ..runner.sample_repo import SEALED

    author = {"GIT_AUTHOR_NAME": "A colleague", "GIT_AUTHOR_EMAIL": "colleague@localhost"}
    processes = Processes()
    try:
        result = processes.trusted(("git", *arguments), cwd=root, env={**SEALED, **author})
    finally:
        processes.stop()
    if result.code != 0:
        raise OutsideError(f"`git {arguments[0]}` failed: {result.err.strip()}.", "Correct that and try again.")
