"""Keep pull requests in files, merge them in the bare remote, and read the checks written beside them."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ....core.errors import OutsideError
from ....model import Check, CheckState, PullRequest
from .. import LONGEST_LOG
from ..errors import refuse_same, unmerged
from .files import Repository, damaged, joined, now

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ....model import Proposal
    from .files import Record


class Pulls(Repository):
    """`pulls/310.json` and `checks/<commit>.json`."""

    def pulls(self, *heads: str) -> tuple[PullRequest, ...]:
        """Return the pull requests of these head branches (of all, without any), oldest first."""
        records = [self._settled(number) for number in self._files.numbers("pulls")]
        wanted = [record for record in records if not heads or record["head"] in heads]
        live = self._heads() if any(record["state"] == "open" for record in wanted) else {}
        return tuple(self._pull(record, live) for record in wanted)

    def create(self, head: str, proposal: Proposal) -> PullRequest:
        """Open a pull request under the next number. An open one of the same head is edited and returned instead."""
        refuse_same(head, proposal.base)
        with self._writing():
            if (number := self._open_of(head)) is not None:
                return self._edit(number, proposal)
            self._files.ensure_labels(proposal.labels)
            proposed = {"title": proposal.title, "body": proposal.body, "head": head, "base": proposal.base}
            fresh = {"state": "open", "draft": False, "labels": joined((), proposal.labels), "comments": []}
            record = {"number": self._files.next(), **proposed, **fresh, "head_sha": None, "created": now()}
            return self._current(self._files.write("pulls", record))

    def edit(self, number: int, proposal: Proposal) -> PullRequest:
        """Change title, body, base and labels to what is proposed."""
        with self._writing():
            return self._edit(number, proposal)

    def _edit(self, number: int, proposal: Proposal) -> PullRequest:
        self._refuse_base(number, proposal.base)
        self._files.ensure_labels(proposal.labels)
        proposed = {"title": proposal.title, "body": proposal.body, "base": proposal.base}
        return self._change(number, **proposed, labels=self._joined(number, proposal.labels))

    def retarget(self, number: int, base: str) -> PullRequest:
        """Change the base branch."""
        with self._writing():
            self._refuse_base(number, base)
            return self._change(number, base=base)

    def label(self, number: int, *labels: str) -> PullRequest:
        """Add labels."""
        with self._writing():
            self._files.ensure_labels(labels)
            return self._change(number, labels=self._joined(number, labels))

    def unlabel(self, number: int, *labels: str) -> PullRequest:
        """Remove labels."""
        with self._writing():
            kept = [label for label in self._joined(number, ()) if label not in labels]
            return self._change(number, labels=kept)

    def set_draft(self, number: int, *, draft: bool) -> PullRequest:
        """Convert a pull request to a draft, or mark it ready."""
        with self._writing():
            return self._change(number, draft=draft)

    def close(self, number: int) -> PullRequest:
        """Close without merging."""
        with self._writing():
            self._refuse_merged(number, "closed")
            return self._change(number, state="closed")

    def reopen(self, number: int) -> PullRequest:
        """Reopen a closed pull request, unless its branch has another open one."""
        with self._writing():
            self._refuse_merged(number, "reopened")
            other = self._open_of(self._files.read("pulls", number)["head"])
            if other not in {None, number}:
                raise OutsideError(
                    f"Pull request {number} cannot be reopened: {other} is open for the same branch.",
                    f"Close one of them: set its state in {self._files.path('pulls', number)} or beside it.",
                )
            return self._change(number, state="open")

    def merge(self, number: int, *, head: str) -> PullRequest:
        """Merge into the base branch of the bare remote, between two writes of the record: what began is known."""
        with self._writing():
            record = self._settled(number)
            if record["state"] == "merged":
                return self._change(number, state="merged")
            self._refuse_merge(record, head)
            self._files.change("pulls", number, head_sha=head)
            self._merge_branch(record, head)
            return self._change(number, state="merged", head_sha=head)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Hold the lock, and first write the end of merges that a kill cut short."""
        with self._files.lock():
            for number in self._files.numbers("pulls"):
                if self._is_open(number) and self._settled(number)["state"] == "merged":
                    self._files.change("pulls", number, state="merged")
            yield

    def _is_open(self, number: int) -> bool:
        return bool(self._files.read("pulls", number)["state"] == "open")

    def _settled(self, number: int) -> Record:
        """Return a record. A merge that began and reached the base is over, though its last write failed."""
        record = self._files.read("pulls", number)
        begun = record.get("head_sha") if record["state"] == "open" else None
        if not begun or self._git.remote_head(record["head"]) not in {None, begun}:
            return record
        base = self._git.remote_head(record["base"])
        if base is not None and not self._git.has(base):
            self._git.fetch(record["base"])
        is_over = base is not None and self._git.has(begun) and self._git.is_ancestor(begun, base)
        return {**record, "state": "merged"} if is_over else record

    def _refuse_merge(self, record: Record, head: str) -> None:
        at = self._heads().get(record["head"])
        reasons = {
            f"it is {record['state']}": record["state"] != "open",
            "it is a draft": record.get("draft", False),
            f"its base is {record['base']}, which people merge into": record["base"] == self._target,
            f"its head has moved from {head[:10]} to {at and at[:10]}": at != head,
        }
        for why in (why for why, holds in reasons.items() if holds):
            raise unmerged(record["number"], why)

    def _merge_branch(self, record: Record, head: str) -> None:
        base = self._heads().get(record["base"])
        if base is None:
            raise unmerged(record["number"], f"its base {record['base']} is gone")
        self._git.fetch(record["head"])
        self._git.fetch(record["base"])
        if self._git.is_ancestor(head, base):  # merged by hand, or before a crash
            return
        message = f"Merge pull request #{record['number']} from {record['head']}\n\n{record['title']}\n"
        made = self._git.join(base, head, message)
        if made is None:
            raise unmerged(record["number"], f"it conflicts with {record['base']}")
        self._git.push(made, record["base"], base)

    def checks(self, number: int) -> tuple[Check, ...]:
        """Return the checks on the head as `checks/<commit>.json` has them, which a person or a CI writes."""
        commit = self._current(self._settled(number)).head_sha
        return tuple(map(_check, self._files.checks(commit))) if commit else ()

    def _open_of(self, head: str) -> int | None:
        records = map(self._settled, self._files.numbers("pulls"))
        return next(
            (record["number"] for record in records if (record["head"], record["state"]) == (head, "open")), None
        )

    def _refuse_base(self, number: int, base: str) -> None:
        refuse_same(self._files.read("pulls", number)["head"], base)

    def _refuse_merged(self, number: int, what: str) -> None:
        if self._settled(number)["state"] == "merged":
            raise OutsideError(
                f"Pull request {number} is merged and cannot be {what}.", "Open a new one for its branch."
            )

    def _joined(self, number: int, labels: tuple[str, ...]) -> list[str]:
        return joined(self._files.read("pulls", number).get("labels", []), labels)

    def _change(self, number: int, **what: object) -> PullRequest:
        return self._current(self._files.change("pulls", number, **what))

    def _current(self, record: Record) -> PullRequest:
        live = self._git.remote_head(record["head"]) if record["state"] == "open" and self._is_made() else None
        return self._pull(record, {record["head"]: live} if live else {})

    def _heads(self) -> dict[str, str]:
        """Return the remote's branches, none where the remote does not exist yet."""
        return self._git.remote_heads() if self._is_made() else {}

    def _is_made(self) -> bool:
        place = self._git.local_remote
        return place is None or place.exists()

    def _pull(self, record: Record, heads: dict[str, str]) -> PullRequest:
        number = record["number"]
        return PullRequest(
            number,
            **{name: record[name] for name in ("head", "base", "title", "body", "state")},
            url=f"{self._files.folder.name}/pulls/{number}.json",
            draft=record.get("draft", False),
            labels=tuple(record.get("labels", ())),
            head_sha=heads.get(record["head"]) if record["state"] == "open" else record.get("head_sha"),
        )


def _check(entry: dict[str, Any]) -> Check:
    if entry["state"] not in tuple(CheckState):
        raise damaged(Path("checks"), f"`state` of {entry['name']} is none of {', '.join(CheckState)}")
    url, log = str(entry.get("url", "")), str(entry.get("log", ""))[-LONGEST_LOG:]
    return Check(entry["name"], CheckState(entry["state"]), url, bool(entry.get("required", False)), log)
