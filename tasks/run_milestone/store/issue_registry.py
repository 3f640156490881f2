"""Keeps which issue has which number, and moves an issue's records when the plan renumbers it."""

from __future__ import annotations

import contextlib
import os
from dataclasses import replace
from typing import TYPE_CHECKING

from ..core.fs import read_json, write_json
from ..model import BranchMade, Step
from ..policy.graph import step_name
from ..policy.issue_identity import Roll, match, revise
from ..policy.naming import branch_of
from .json_record import read_record, write_record
from .markers import identity

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from ..model import Issue, Milestone
    from ..policy.issue_identity import Known, Move, Revision
    from .markers import Markers
    from .steady import Steady

FILE = "issues.json"
STAGE = "moving"
"""Folder in which records wait until the records at their destination have moved away."""


class IssueRegistry:
    """`state/<id>/issues.json`."""

    def __init__(self, folder: Path, markers: Markers, steady: Steady) -> None:
        """Use `folder` (`state/m4.1`)."""
        self._folder = folder
        self._steady = steady
        self._markers = markers
        self._file: tuple[int, ...] = ()
        self._roll = Roll()
        self._matched: tuple[Milestone | None, dict[str, Known]] = (None, {})
        self._branches: tuple[Milestone | None, dict[str, str]] = (None, {})

    @property
    def roll(self) -> Roll:
        """Every issue that the milestone ever had. It is empty before the first run."""
        self._refresh()
        return self._roll

    def _refresh(self) -> None:
        """Read the file again if it has changed. Where state is shared, others write it too."""
        if self._steady.has(FILE):
            return
        path = self._folder / FILE
        file = identity(path)
        if file != self._file:
            self._roll = read_record(path, Roll) or Roll()
            self._file, self._matched, self._branches = file, (None, {}), (None, {})
        self._steady.note(FILE)

    def _write(self, roll: Roll) -> None:
        write_record(self._folder / FILE, roll)
        self._steady.forget(FILE)

    def known(self, milestone: Milestone, issue: Issue) -> Known | None:
        """Return the record of an issue of the plan, None where there is none."""
        self._refresh()
        if self._matched[0] is not milestone:
            self._matched = milestone, match(milestone.issues, self._roll.issues)
        return self._matched[1].get(issue.number)

    def branch(self, milestone: Milestone, issue: Issue) -> str:
        """Return the branch that holds an issue's work, else the branch that it will get."""
        known = self.known(milestone, issue)
        return (known.branch if known else None) or branch_of(milestone, issue)

    def branches(self, milestone: Milestone) -> Mapping[str, str]:
        """Return the branch of every issue of the plan, by its number."""
        self._refresh()
        if self._branches[0] is not milestone:
            self._branches = milestone, {issue.number: self.branch(milestone, issue) for issue in milestone.issues}
        return self._branches[1]

    def all_branches(self, milestone: Milestone) -> tuple[str, ...]:
        """Return the branch of every issue that the milestone has or had."""
        former = (known.branch for known in self.roll.issues)
        return tuple(filter(None, (*self.branches(milestone).values(), *former)))

    def marks(self, milestone: Milestone, issue: Issue) -> tuple[str, ...]:
        """Return the marks of an issue's commits: `m4.1/03` for every number it had, the current one first."""
        known = self.known(milestone, issue)
        numbers = [issue.number, *(span.number for span in reversed(known.spans) if span.number)] if known else []
        return tuple(dict.fromkeys(f"{milestone.id}/{number}" for number in numbers or [issue.number]))

    def pin(self, milestone: Milestone, issue: Issue, branch: str) -> None:
        """Record that an issue's work is on this branch, also when its number or title changes."""
        known = self.known(milestone, issue)
        roll = self.roll
        self._write(replace(roll, issues=tuple(replace(k, branch=branch) if k == known else k for k in roll.issues)))

    # ---- a changed plan -----------------------------------------------------------------------------------------

    def foresee(self, milestone: Milestone, decision: int) -> tuple[Revision, ...]:
        """Return how the plan's issues have changed since the last run. `decision` is the next decision's number."""
        return revise(milestone.issues, self.roll, decision)[1] if self.roll.issues else ()

    def take_up(self, milestone: Milestone, decision: int) -> tuple[Revision, ...]:
        """Record the plan's issues and the folders that have to move. `carry_out` moves them."""
        roll = self._with_branches(self.roll)
        revised, revisions = revise(milestone.issues, roll, decision)
        if revised != self.roll:
            self._write(revised)
        return revisions

    def _with_branches(self, roll: Roll) -> Roll:
        return replace(roll, issues=tuple(self._with_branch(known) for known in roll.issues))

    def _with_branch(self, known: Known) -> Known:
        if not known.number or known.branch:
            return known
        made = self._markers.evidence(step_name(known.number, Step.BRANCH), BranchMade)
        return replace(known, branch=made.branch) if made else known

    def carry_out(self) -> None:
        """Move the folders of records to their new places. After a crash at any point the next call continues."""
        if not self.roll.staged:
            for move in self.roll.moves:
                self._stage(move)
            self._write(replace(self.roll, staged=True))
        for move in self.roll.moves:
            self._settle(move)
        with contextlib.suppress(FileNotFoundError):
            (self._folder / STAGE).rmdir()
        self._write(Roll(self.roll.issues))

    def _stage(self, move: Move) -> None:
        source, stage = self._folder / move.source, self._staged(move)
        if source.is_dir() and not stage.exists():
            stage.parent.mkdir(exist_ok=True)
            os.rename(source, stage)

    def _settle(self, move: Move) -> None:
        stage, target = self._staged(move), self._folder / move.target
        if not stage.is_dir():
            return
        if move.number:
            _rename_markers(stage, move.number)
        if target.exists():
            os.rename(target, self._free(target))
        target.parent.mkdir(parents=True, exist_ok=True)
        os.rename(stage, target)

    def _staged(self, move: Move) -> Path:
        return self._folder / STAGE / move.target.replace("/", "~")

    def _free(self, target: Path) -> Path:
        """Return a path for records of an unknown issue that are in the way of a known one's."""
        removed = self._folder / "removed"
        removed.mkdir(exist_ok=True)
        names = (removed / f"{target.parent.name}-{target.name}-unknown.{number}" for number in range(1, 1000))
        return next(path for path in names if not path.exists())


def _rename_markers(folder: Path, number: str) -> None:
    """Give the markers in a folder the task names of another number."""
    for path in sorted(folder.glob("*.json")):
        marker = read_json(path)
        if isinstance(marker, dict) and isinstance(marker.get("task"), str):
            write_json(path, {**marker, "task": f"{number}:{marker['task'].rpartition(':')[2]}"})
