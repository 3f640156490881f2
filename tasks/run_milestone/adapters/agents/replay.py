"""Apply recorded changes as the agent, one patch per issue and attempt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...core.errors import DamagedStateError
from ...core.fs import read_text
from .base import Assignment, Report

if TYPE_CHECKING:
    from pathlib import Path

    from ..process import Processes, Result

_ENVIRONMENT = {
    "GIT_DIR": "/dev/null",  # else git would silently skip what the repository around the tree ignores
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "LC_ALL": "C",
}


class ReplayAgent:
    """Applies `changes/07-2.patch` of the plan's folder at attempt 2 of issue 07.

    The `- ` lines before the first `diff --git` are its report.
    """

    def __init__(self, processes: Processes) -> None:
        self._processes = processes

    def work(self, assignment: Assignment) -> Report:
        """Apply the recorded attempt. A tree that has it already stays as it is."""
        number, attempt = assignment.issue.number, assignment.attempt
        spec = assignment.issue.agent or assignment.milestone.agent
        name = f"{spec.changes or 'changes'}/{number}-{attempt}.patch"
        try:
            patch = read_text(assignment.plan_folder / name)
        except DamagedStateError as error:
            return Report(problem=error.what)
        if patch is None:
            return Report(problem=f"no recorded change for issue #{number}, attempt {attempt} ({name})")
        return self._replay(assignment.tree, patch, name)

    def _replay(self, tree: Path, patch: str, name: str) -> Report:
        lines = _report_lines(patch)
        if self._apply(tree, patch, "--reverse", "--check").code == 0:
            return Report(lines)
        result = self._apply(tree, patch)
        if result.code == 0:
            return Report(lines)
        why = "; ".join(line.removeprefix("error: ") for line in result.err.splitlines()[-3:])
        return Report(problem=f"{name} does not apply: {why}")

    def _apply(self, tree: Path, patch: str, *options: str) -> Result:
        argv = ("git", "-c", "core.hooksPath=/dev/null", "apply", "--whitespace=nowarn", *options, "-")
        return self._processes.trusted(argv, cwd=tree, env=_ENVIRONMENT, stdin=patch)


def _report_lines(patch: str) -> tuple[str, ...]:
    before, _, _ = f"\n{patch}".partition("\ndiff --git ")
    return tuple(line.removeprefix("- ") for line in before.splitlines() if line.startswith("- "))
