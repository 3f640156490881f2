"""local: a forge in plain files beside a bare remote, for work that needs no server and for trying things out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ....errors import OutsideError
from ....model import Check, CheckState, Comment, ForgeIssue, ForgeMilestone, Label, PullRequest, Release
from ....policy import LABELS
from .. import LONGEST_LOG
from .records import Record, Records, damaged, now

if TYPE_CHECKING:
    from ...git import Git

ME = "run-milestone"
"""Who writes the comments that have no other author."""


class LocalForge:
    """Pull requests and issues as files in `folder`; `git` reaches the remote in whose branches it merges.

    Nothing is ever merged into `target`. Errors: OutsideError for what a forge would refuse, DamagedStateError for
    a file that cannot be used.
    """

    def __init__(self, folder: Path, git: Git, target: str) -> None:
        self._files = Records(folder)
        self._git = git
        self._target = target

    # ---- pull requests ----------------------------------------------------------------------------------------

    def pulls(self, *heads: str) -> tuple[PullRequest, ...]:
        """Return the pull requests of these head branches (of all, without any), oldest first."""
        records = [self._files.read("pulls", number) for number in self._files.numbers("pulls")]
        wanted = [record for record in records if not heads or record["head"] in heads]
        live = self._heads() if any(record["state"] == "open" for record in wanted) else {}
        return tuple(self._told(record, live) for record in wanted)

    def create(
        self, *, head: str, base: str, title: str, body: str, labels: tuple[str, ...] = (), draft: bool = False
    ) -> PullRequest:
        """Open a pull request under the next number; an open one of the same head is edited and returned instead."""
        _refuse_same(head, base)
        said = {"title": title, "body": body, "head": head, "base": base}
        with self._files.alone():
            self._ensure(labels)
            if (found := self._open(head)) is not None:
                return self._change(found, **said, labels=self._joined(found, labels))
            record = {"number": self._files.next(), **said, "state": "open", "draft": draft, "labels": _once(labels)}
            return self._say(self._files.write("pulls", {**record, "comments": [], "head_sha": None, "created": now()}))

    def edit(
        self,
        number: int,
        *,
        title: str | None = None,
        body: str | None = None,
        base: str | None = None,
        labels: tuple[str, ...] = (),
    ) -> PullRequest:
        """Make what is given read so, and add `labels`."""
        with self._files.alone():
            self._ensure(labels)
            if base is not None:
                _refuse_same(self._files.read("pulls", number)["head"], base)
            return self._change(
                number, **_given(title=title, body=body, base=base), labels=self._joined(number, labels)
            )

    def unlabel(self, number: int, *labels: str) -> PullRequest:
        """Take labels away."""
        with self._files.alone():
            kept = [label for label in self._joined(number, ()) if label not in labels]
            return self._change(number, labels=kept)

    def set_draft(self, number: int, *, draft: bool) -> PullRequest:
        """Turn a pull request into a draft, or mark it ready."""
        with self._files.alone():
            return self._change(number, draft=draft)

    def close(self, number: int) -> PullRequest:
        """Close without merging."""
        with self._files.alone():
            self._refuse_merged(number, "closed")
            return self._change(number, state="closed")

    def reopen(self, number: int) -> PullRequest:
        """Open a closed pull request again, unless its head has got another one."""
        with self._files.alone():
            self._refuse_merged(number, "reopened")
            other = self._open(self._files.read("pulls", number)["head"])
            if other not in {None, number}:
                raise OutsideError(
                    f"Pull request {number} cannot be reopened: {other} is open for the same branch.",
                    f"Close one of them: set its state in {self._files.path('pulls', number)} or beside it.",
                )
            return self._change(number, state="open")

    def merge(self, number: int, *, head: str) -> PullRequest:
        """Merge into the base branch of the bare remote; the record follows the branch."""
        with self._files.alone():
            record = self._files.read("pulls", number)
            if record["state"] == "merged":
                return self._say(record)
            self._refuse_merge(record, head)
            self._merge_branch(record, head)
            return self._change(number, state="merged", head_sha=head)

    def _refuse_merge(self, record: Record, head: str) -> None:
        at = self._heads().get(record["head"])
        reasons = {
            f"it is {record['state']}": record["state"] != "open",
            "it is a draft": record.get("draft", False),
            f"its base is {record['base']}, which people merge into": record["base"] == self._target,
            f"its head has moved from {head[:10]} to {at and at[:10]}": at != head,
        }
        for why in (why for why, holds in reasons.items() if holds):
            raise _unmerged(record, why)

    def _merge_branch(self, record: Record, head: str) -> None:
        there = self._heads().get(record["base"])
        if there is None:
            raise _unmerged(record, f"its base {record['base']} is gone")
        self._git.fetch(record["head"])
        self._git.fetch(record["base"])
        if self._git.is_ancestor(head, there):  # merged by hand, or before a crash
            return
        message = f"Merge pull request #{record['number']} from {record['head']}\n\n{record['title']}\n"
        made = self._git.join(there, head, message)
        if made is None:
            raise _unmerged(record, f"it conflicts with {record['base']}")
        self._git.push(made, record["base"], there)

    def checks(self, number: int) -> tuple[Check, ...]:
        """Return what `checks/<commit>.json` says of the head, which a person or a CI writes."""
        commit = self._say(self._files.read("pulls", number)).head_sha
        return tuple(map(_check, self._files.checks(commit))) if commit else ()

    # ---- comments ---------------------------------------------------------------------------------------------

    def comments(self, number: int) -> tuple[Comment, ...]:
        """Return the comments of a pull request or an issue, oldest first."""
        record = self._files.read(self._files.room(number), number)
        return tuple(_comment(position, said) for position, said in enumerate(record.get("comments", []), start=1))

    def comment(self, number: int, body: str, *, update: int | None = None) -> Comment:
        """Add a comment, or make the comment `update` read so."""
        room = self._files.room(number)
        with self._files.alone():
            said: list[dict[str, Any]] = list(self._files.read(room, number).get("comments", []))
            place = len(said) + 1 if update is None else update
            if not 1 <= place <= len(said) + (update is None):
                raise OutsideError(
                    f"There is no comment {place} on {number}.", f"Look into {self._files.path(room, number)}."
                )
            same = said[place - 1 : place]
            if [comment["body"] for comment in same] != [body]:
                said[place - 1 : place] = [{**(same[0] if same else {"author": ME}), "body": body, "at": now()}]
            self._files.change(room, number, comments=said)
        return self.comments(number)[place - 1]

    # ---- issues, milestones, releases, labels -----------------------------------------------------------------

    def issues(self, milestone: str) -> tuple[ForgeIssue, ...]:
        """Return a milestone's issues, in the order of their numbers."""
        records = [self._files.read("issues", number) for number in self._files.numbers("issues")]
        return tuple(self._issue(record) for record in records if record.get("milestone") == milestone)

    def create_issue(
        self, *, title: str, body: str, milestone: str | None = None, labels: tuple[str, ...] = ()
    ) -> ForgeIssue:
        """Open an issue under the next number."""
        with self._files.alone():
            self._ensure(labels)
            said = {"title": title, "body": body, "state": "open", "labels": _once(labels), "milestone": milestone}
            return self._issue(self._files.write("issues", {"number": self._files.next(), **said, "created": now()}))

    def edit_issue(
        self, number: int, *, title: str | None = None, body: str | None = None, state: str | None = None
    ) -> ForgeIssue:
        """Make what is given read so."""
        with self._files.alone():
            return self._issue(self._files.change("issues", number, **_given(title=title, body=body, state=state)))

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

    def ensure_labels(self, *names: str) -> tuple[Label, ...]:
        """Return these labels, those entered in labels.json that are missing."""
        with self._files.alone():
            return self._ensure(names)

    def _ensure(self, names: tuple[str, ...]) -> tuple[Label, ...]:
        known = self._files.table("labels", "colour", "description")
        for name in names:
            if name not in known:
                label = LABELS.get(name, Label(name, "ededed"))
                self._files.enter("labels", name, {"colour": label.colour, "description": label.description})
        entries = self._files.table("labels", "colour", "description")
        return tuple(Label(name, entries[name]["colour"], entries[name]["description"]) for name in names)

    # ---- telling ----------------------------------------------------------------------------------------------

    def _open(self, head: str) -> int | None:
        records = (self._files.read("pulls", number) for number in self._files.numbers("pulls"))
        return next(
            (record["number"] for record in records if (record["head"], record["state"]) == (head, "open")), None
        )

    def _refuse_merged(self, number: int, what: str) -> None:
        if self._files.read("pulls", number)["state"] == "merged":
            raise OutsideError(
                f"Pull request {number} is merged and cannot be {what}.", "Open a new one for its branch."
            )

    def _joined(self, number: int, labels: tuple[str, ...]) -> list[str]:
        return _once((*self._files.read("pulls", number).get("labels", []), *labels))

    def _change(self, number: int, **what: object) -> PullRequest:
        return self._say(self._files.change("pulls", number, **what))

    def _say(self, record: Record) -> PullRequest:
        live = self._git.remote_head(record["head"]) if record["state"] == "open" and self._is_made() else None
        return self._told(record, {record["head"]: live} if live else {})

    def _heads(self) -> dict[str, str]:
        """Return the remote's branches; none where the remote is still to be made."""
        return self._git.remote_heads() if self._is_made() else {}

    def _is_made(self) -> bool:
        place = self._git.local_remote
        return place is None or place.exists()

    def _told(self, record: Record, heads: dict[str, str]) -> PullRequest:
        number = record["number"]
        return PullRequest(
            number,
            **{name: record[name] for name in ("head", "base", "title", "body", "state")},
            url=f"{self._files.folder.name}/pulls/{number}.json",
            draft=record.get("draft", False),
            labels=tuple(record.get("labels", ())),
            head_sha=heads.get(record["head"]) if record["state"] == "open" else record.get("head_sha"),
        )

    def _issue(self, record: Record) -> ForgeIssue:
        said = {name: record[name] for name in ("number", "title", "body", "state")}
        url = f"{self._files.folder.name}/issues/{record['number']}.json"
        return ForgeIssue(**said, url=url, labels=tuple(record.get("labels", ())))


def _check(said: dict[str, Any]) -> Check:
    if said["state"] not in tuple(CheckState):
        raise damaged(Path("checks"), f"`state` of {said['name']} is none of {', '.join(CheckState)}")
    url, log = str(said.get("url", "")), str(said.get("log", ""))[-LONGEST_LOG:]
    return Check(said["name"], CheckState(said["state"]), url, bool(said.get("required", False)), log)


def _comment(position: int, said: dict[str, Any]) -> Comment:
    """Tell a comment; whoever can write the files may write to the repository, unless the file says otherwise."""
    author, at = str(said.get("author", ME)), str(said.get("at", ""))
    return Comment(position, author, said["body"], at, writer=bool(said.get("writer", True)))


def _given(**what: str | None) -> dict[str, str]:
    return {name: value for name, value in what.items() if value is not None}


def _once(labels: tuple[str, ...]) -> list[str]:
    return list(dict.fromkeys(labels))


def _refuse_same(head: str, base: str) -> None:
    if head == base:
        raise OutsideError(
            f"A pull request from {head} into itself is refused.", "Give the plan another branch than its target."
        )


def _unmerged(record: Record, why: str) -> OutsideError:
    return OutsideError(f"Pull request {record['number']} cannot be merged: {why}.", "Mend that and run again.")
