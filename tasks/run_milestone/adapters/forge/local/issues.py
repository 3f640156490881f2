"""planning: issues in files of their own, milestones and releases in one file each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ....model import ForgeIssue, ForgeMilestone, Release
from .files import given, now
from .labels import joined

if TYPE_CHECKING:
    from ...git import Git
    from .files import Record, Records
    from .labels import Labels


class Planning:
    """`issues/295.json`, `milestones.json` and `releases.json`; `git` tags what is released."""

    def __init__(self, files: Records, labels: Labels, git: Git) -> None:
        self._files = files
        self._labels = labels
        self._git = git

    def issues(self, milestone: str) -> tuple[ForgeIssue, ...]:
        """Return a milestone's issues, in the order of their numbers."""
        records = [self._files.read("issues", number) for number in self._files.numbers("issues")]
        return tuple(self._issue(record) for record in records if record.get("milestone") == milestone)

    def create_issue(
        self, *, title: str, body: str, milestone: str | None = None, labels: tuple[str, ...] = ()
    ) -> ForgeIssue:
        """Open an issue under the next number."""
        with self._files.alone():
            self._labels.put(labels)
            said = {"title": title, "body": body, "state": "open", "labels": joined((), labels), "milestone": milestone}
            return self._issue(self._files.write("issues", {"number": self._files.next(), **said, "created": now()}))

    def edit_issue(
        self, number: int, *, title: str | None = None, body: str | None = None, state: str | None = None
    ) -> ForgeIssue:
        """Make what is given read so."""
        with self._files.alone():
            return self._issue(self._files.change("issues", number, **given(title=title, body=body, state=state)))

    def ensure_milestone(self, title: str, description: str = "") -> ForgeMilestone:
        """Return the milestone of this title, entered in milestones.json where it is not there."""
        return self._milestone(title, {"description": description, "state": "open"})

    def close_milestone(self, title: str) -> ForgeMilestone:
        """Close a milestone."""
        known = self._milestone(title, {"description": "", "state": "closed"})
        with self._files.alone():
            self._files.enter("milestones", title, {"description": known.description, "state": "closed"})
        return self._milestone(title, {})

    def _milestone(self, title: str, otherwise: dict[str, str]) -> ForgeMilestone:
        with self._files.alone():
            entries = self._files.table("milestones", "description", "state")
            if title not in entries:
                self._files.enter("milestones", title, otherwise)
            entry = self._files.table("milestones", "description", "state")[title]
            return ForgeMilestone(title, entry["description"], entry["state"])

    def release(self, tag: str, *, commit: str, title: str, notes: str) -> Release:
        """Tag a commit of the bare remote, and enter the notes in releases.json."""
        with self._files.alone():
            tagged = self._git.push_tag(commit, tag)
            said = self._files.table("releases", "title", "notes")
            entry = said.get(tag, {"title": title, "notes": notes})
            self._files.enter("releases", tag, entry)
            return Release(tag, tagged, entry["title"], entry["notes"], f"{self._files.folder.name}/releases.json")

    def _issue(self, record: Record) -> ForgeIssue:
        said = {name: record[name] for name in ("number", "title", "body", "state")}
        url = f"{self._files.folder.name}/issues/{record['number']}.json"
        return ForgeIssue(**said, url=url, labels=tuple(record.get("labels", ())))
