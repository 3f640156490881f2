"""Reads and writes the files below `state/<id>/`: what is done, and what people decided. Nothing else writes there."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from ..core import fastpath
from ..core.errors import DamagedStateError
from ..core.fs import read_json, remove_tree, write_json, write_text
from ..core.serialize import thaw
from ..core.text import for_record
from ..model import Landed, Teams, World
from ..policy.teams import with_members
from .approvals import Approvals
from .crossings import Crossings
from .decisions import Decisions
from .gate_comments import AskedOnForge
from .gates import OpenGates
from .issue_registry import IssueRegistry
from .journal import Journal
from .json_record import clean, read_record, write_record
from .markers import Markers, identity, marker_digest
from .steady import Steady
from .test_results import TestResults
from .usage import Usage

if TYPE_CHECKING:
    from pathlib import Path

    from ..model import Approval, Milestone


class State:
    """The records of one milestone, by kind."""

    def __init__(self, folder: Path) -> None:
        """Use `folder` (`state/m4.1`). Nothing is created before something is written."""
        self.folder = folder
        self.steady = Steady()
        self.journal = Journal(folder / "journal.jsonl")
        self.markers = Markers(folder, self.steady)
        self.gates = OpenGates(folder / "gates", self.journal)
        self.approvals = Approvals(folder / "approvals")
        self.asked = AskedOnForge(folder / "asked")
        self.registry = IssueRegistry(folder, self.markers, self.steady)
        self.decisions = Decisions(folder / "decisions", self.registry, self.journal, self.steady)
        self.crossings = Crossings(self.journal)
        self.usage = Usage(self.journal)
        self._remembered: tuple[tuple[int, ...], World | None] = ((), None)
        self.test_results = TestResults(folder / "cache" / "tests")

    @property
    def is_shared(self) -> bool:
        """Whether other machines share these records. An answer then counts there once it is sent."""
        return (self.folder / "shared.json").exists()

    def validate(self) -> int:
        """Read every record, and return how many entries the journal holds.

        Errors: DamagedStateError names the first file that cannot be read, or the journal's first broken line.
        """
        broken = self.journal.broken()
        if broken is not None:
            raise DamagedStateError(
                f"{self.folder / 'journal.jsonl'} was changed: {broken}.",
                "Restore it from a backup, or move it and journal.head aside to start a new one; "
                "then run the same command again.",
            )
        self.decisions.all()
        self.gates.all()
        return sum(1 for _ in self.journal.entries())

    def correct(self, task: str, inputs: dict[str, str], evidence: Any) -> None:
        """Write a marker again after something changed that it records; what it took stays."""
        before = self.markers.read(task)
        self.journal.add("recorded", task=task, record=marker_digest(inputs, evidence))
        self.markers.write(task, inputs, evidence, before.took if before else 0.0)

    def note_connections(self, tree: Path, command: tuple[str, ...], hosts: tuple[str, ...]) -> None:
        """Enter into the journal which hosts a command in a tree reached and was refused; without any do nothing."""
        if hosts:
            self.journal.add("connections", tree=tree.name, program=os.path.basename(command[0]), hosts=hosts)

    def refuse(self, approval: Approval, why: str) -> str:
        """Move an approval to `stale/` with the reason in the journal, and return its new name."""
        aside = self.approvals.set_aside(approval)
        self.journal.add("approval refused", file=approval.file, why=why)
        return aside.name

    def remember(self, world: World) -> None:
        """Write `remote.json`: the branches and pull requests that the remote and the forge had when last asked."""
        write_record(self.folder / "remote.json", world)

    def remembered(self) -> World | None:
        """Read `remote.json`, None where the remote was not asked yet. It is read again once it changes."""
        file = identity(self.folder / "remote.json")
        if not file or file != self._remembered[0]:
            self._remembered = file, read_record(self.folder / "remote.json", World)
        return self._remembered[1]

    def remember_teams(self, teams: Teams) -> None:
        """Write who the members of the forge's teams were when it was last asked."""
        write_record(self.folder / "cache" / "teams.json", teams, lasting=False)

    def with_teams(self, milestone: Milestone) -> Milestone:
        """Return a milestone with the teams of the forge, as it told them last, beside those of the plan."""
        known = read_record(self.folder / "cache" / "teams.json", Teams)
        return with_members(milestone, known.members) if known else milestone

    def forget_issue(self, number: str) -> None:
        """Delete what is recorded of an issue: answers, decisions, its open question, markers and logs.

        The journal stays: what was used of the budget was used.
        """
        for approval in self.approvals.all():
            if approval.gate == number:
                self.approvals.take(approval)
        self.decisions.forget(number)
        self.gates.close(number)
        remove_tree(self.folder / "logs" / number)
        self.markers.forget(number)

    def forget_all(self) -> None:
        """Delete every record but the lock, which the caller holds."""
        for entry in self.folder.iterdir():
            if entry.is_dir() and not entry.is_symlink():
                remove_tree(entry)
            elif entry.name != "lock":
                entry.unlink()

    def write_landed(self, landed: Landed) -> None:
        """Write `landing.json`."""
        write_record(self.folder / "landing.json", landed)

    def landed(self) -> Landed | None:
        """Read `landing.json`, None before the first landing."""
        return read_record(self.folder / "landing.json", Landed)

    def write_plan_review(self, text: str) -> None:
        """Write `plan-review.md`."""
        write_text(self.folder / "plan-review.md", for_record(text))

    def write_summary(self, facts: dict[str, Any], text: str) -> None:
        """Write `summary.json` and `summary.md`."""
        write_json(self.folder / "summary.json", clean(facts))
        write_text(self.folder / "summary.md", for_record(text))

    def write_metrics(self, facts: dict[str, Any]) -> None:
        """Write `metrics.json`."""
        write_json(self.folder / "metrics.json", clean(facts))

    def write_report(self, page: str) -> Path:
        """Write `report.html`, whose template redacts every value that it shows, and return its path."""
        path = self.folder / "report.html"
        write_text(path, page)
        return path

    def summary(self) -> dict[str, Any] | None:
        """Read `summary.json`, None where there is none."""
        facts = read_json(self.folder / "summary.json")
        if facts is not None and not isinstance(facts, dict):
            raise DamagedStateError(
                f"{self.folder / 'summary.json'} holds no summary.", "Delete it; the next run writes it again."
            )
        return facts

    def seal(self, watched: fastpath.Watched, code: int, texts: dict[str, str]) -> None:
        """Write the seal: how a run ended, and what commands print until what is watched changes (core/fastpath)."""
        shown = {name: for_record(text) for name, text in texts.items()}
        fastpath.write(str(self.folder / "seal"), watched, code, shown)

    def sealed(self) -> dict[str, str]:
        """Return the text that the seal holds for each command. It is empty where anything has changed since."""
        return (fastpath.read(str(self.folder / "seal")) or (0, {}))[1]

    def seal_issues(self, seals: dict[str, str]) -> None:
        """Write the seals of issues of which nothing is due; a cache that this machine alone uses."""
        if seals != self.sealed_issues():
            write_json(self.folder / "cache" / "issue-seals.json", seals, lasting=False)

    def sealed_issues(self) -> dict[str, str]:
        """Read the seals of issues, by number; none where the file is damaged."""
        try:
            return thaw(dict[str, str], read_json(self.folder / "cache" / "issue-seals.json") or {})
        except (DamagedStateError, ValueError):
            return {}

    def logs(self, issue: str) -> Path:
        """Make the folder of an issue's logs, and return it."""
        folder = self.folder / "logs" / issue
        folder.mkdir(parents=True, exist_ok=True)
        return folder
