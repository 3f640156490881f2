"""state: WHAT IS DONE, and what people decided; the only writers of `state/<id>/`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..core import fastpath
from ..core.errors import DamagedStateError
from ..core.fs import read_json, write_json, write_text
from ..core.text import for_record
from ..model import Landed, World
from .approvals import Approvals
from .decisions import Decisions
from .gate_comments import AskedOnForge
from .gates import OpenGates
from .issue_registry import IssueRegistry
from .journal import Journal
from .json_record import clean, read_record, write_record
from .markers import Markers

if TYPE_CHECKING:
    from pathlib import Path

    from ..model import Approval


class State:
    """Everything recorded about one milestone, by what it is."""

    def __init__(self, folder: Path) -> None:
        """Look at `folder` (`state/m4.1`); nothing is created before something is written."""
        self.folder = folder
        self.markers = Markers(folder)
        self.gates = OpenGates(folder / "gates")
        self.approvals = Approvals(folder / "approvals")
        self.asked = AskedOnForge(folder / "asked")
        self.registry = IssueRegistry(folder, self.markers)
        self.decisions = Decisions(folder / "decisions", self.registry)
        self.journal = Journal(folder / "journal.jsonl")

    @property
    def is_shared(self) -> bool:
        """Whether other machines have these records too: then an answer has to be sent to count there."""
        return (self.folder / "shared.json").exists()

    def validate(self) -> int:
        """Read everything there is; returns how many entries the journal holds.

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

    def refuse(self, approval: Approval, why: str) -> str:
        """Set aside an approval file that cannot be taken, with the reason in the journal; returns its new name."""
        aside = self.approvals.set_aside(approval)
        self.journal.add("approval refused", file=approval.file, why=why)
        return aside.name

    def remember(self, world: World) -> None:
        """Write `remote.json`: what the remote and the forge said when they were last asked."""
        write_record(self.folder / "remote.json", world)

    def remembered(self) -> World | None:
        """Return what the remote and the forge last said, None where nobody asked yet."""
        return read_record(self.folder / "remote.json", World)

    def write_landed(self, landed: Landed) -> None:
        """Write `landing.json`."""
        write_record(self.folder / "landing.json", landed)

    def landed(self) -> Landed | None:
        """Return what has landed, None where nothing was to land yet."""
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

    def write_report(self, text: str) -> Path:
        """Write `report.html`; returns where it is."""
        path = self.folder / "report.html"
        write_text(path, for_record(text))
        return path

    def summary(self) -> dict[str, Any] | None:
        """Return what `summary.json` says, None where there is none."""
        facts = read_json(self.folder / "summary.json")
        if facts is not None and not isinstance(facts, dict):
            raise DamagedStateError(
                f"{self.folder / 'summary.json'} holds no summary.", "Delete it; the next run writes it again."
            )
        return facts

    def seal(self, folders: list[str], files: list[str], code: int, texts: dict[str, str]) -> None:
        """Seal how a run ended (see seal.py)."""
        shown = {name: for_record(text) for name, text in texts.items()}
        fastpath.write(str(self.folder / "seal"), folders, files, code, shown)

    def sealed(self) -> dict[str, str]:
        """Return what the seal says for each command; empty where anything changed since."""
        return (fastpath.read(str(self.folder / "seal")) or (0, {}))[1]

    def logs(self, issue: str) -> Path:
        """Return the folder that holds an issue's logs; it exists afterwards."""
        folder = self.folder / "logs" / issue
        folder.mkdir(parents=True, exist_ok=True)
        return folder
