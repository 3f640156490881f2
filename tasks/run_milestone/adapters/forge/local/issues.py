"""Keep issues in files of their own, and the milestones in one file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ....model import ForgeIssue, ForgeMilestone
from .files import Repository, joined, now

if TYPE_CHECKING:
    from .files import Record


class Issues(Repository):
    """`issues/295.json` and `milestones.json`."""

    def issues(self, milestone: str) -> tuple[ForgeIssue, ...]:
        """Return a milestone's issues, in the order of their numbers."""
        records = [self._files.read("issues", number) for number in self._files.numbers("issues")]
        return tuple(self._issue(record) for record in records if record.get("milestone") == milestone)

    def open_issues(self, most: int) -> tuple[ForgeIssue, ...]:
        """Return the newest open issues, the oldest of them first."""
        issues = (self._issue(self._files.read("issues", number)) for number in self._files.numbers("issues"))
        return tuple([issue for issue in issues if issue.state == "open"][-most:])

    def create_issue(
        self, *, title: str, body: str, milestone: str | None = None, labels: tuple[str, ...] = ()
    ) -> ForgeIssue:
        """Open an issue under the next number."""
        with self._files.lock():
            self._files.ensure_labels(labels)
            number, record = self._files.next(), {"title": title, "body": body, "state": "open", "milestone": milestone}
            labelled = {"number": number, **record, "labels": joined((), labels), "created": now()}
            return self._issue(self._files.write("issues", labelled))

    def block(self, number: int, *, by: int) -> None:
        """Enter the other issue in `blocked_by`."""
        self._relate("blocked_by", number, by)

    def add_sub_issue(self, number: int, part: int) -> None:
        """Enter the other issue in `sub_issues`."""
        self._relate("sub_issues", number, part)

    def _relate(self, kind: str, number: int, other: int) -> None:
        with self._files.lock():
            self._files.read("issues", other)
            listed = self._files.read("issues", number).get(kind, [])
            self._files.change("issues", number, **{kind: list(dict.fromkeys((*listed, other)))})

    def _blockers(self, record: Record) -> tuple[int, ...]:
        """Return the open issues that block an issue, and its open parts."""
        named = dict.fromkeys((*record.get("blocked_by", []), *record.get("sub_issues", [])))
        existing = self._files.numbers("issues")
        return tuple(one for one in named if one in existing and self._files.read("issues", one)["state"] == "open")

    def ensure_milestone(self, title: str, description: str = "") -> ForgeMilestone:
        """Return the milestone of this title, created where there is none."""
        return self._milestone(title, {"description": description, "state": "open"})

    def close_milestone(self, title: str) -> ForgeMilestone:
        """Close a milestone."""
        known = self._milestone(title, {"description": "", "state": "closed"})
        with self._files.lock():
            self._files.enter("milestones", title, {"description": known.description, "state": "closed"})
        return self._milestone(title, {})

    def _milestone(self, title: str, otherwise: dict[str, str]) -> ForgeMilestone:
        with self._files.lock():
            entries = self._files.table("milestones", "description", "state")
            if title not in entries:
                self._files.enter("milestones", title, otherwise)
            entry = self._files.table("milestones", "description", "state")[title]
            return ForgeMilestone(title, entry["description"], entry["state"])

    def _issue(self, record: Record) -> ForgeIssue:
        fields = {name: record[name] for name in ("number", "title", "body", "state")}
        url = f"{self._files.folder.name}/issues/{record['number']}.json"
        return ForgeIssue(**fields, url=url, labels=tuple(record.get("labels", ())), blocked_by=self._blockers(record))
