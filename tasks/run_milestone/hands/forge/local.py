"""local: a forge in plain files beside a bare remote, for work that needs no server and for trying things out."""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ...errors import DamagedStateError, OutsideError
from ...files import read_json, write_json
from ...model import PullRequest

_TEXTS = ("head", "base", "title", "body", "state")
_STATES = ("open", "closed", "merged")


class LocalForge:
    """Pull requests in `folder`/pulls/310.json; issues in `folder`/issues/295.json share their numbers.

    Errors: OutsideError for what a forge would refuse, DamagedStateError for a file that cannot be used.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def pulls(self) -> tuple[PullRequest, ...]:
        """Return every pull request, oldest first."""
        return tuple(self._told(self._read(number)) for number in self._numbers("pulls"))

    def create(self, *, head: str, base: str, title: str, body: str, labels: tuple[str, ...]) -> PullRequest:
        """Open a pull request under the next number; an open one of the same head is edited and returned instead."""
        _refuse_same(head, base)
        said = {"title": title, "body": body, "head": head, "base": base}
        with self._alone():
            if (found := self._open(head)) is not None:
                return self._change(found, **said, labels=_joined(self._read(found), labels))
            number = max((*self._numbers("pulls"), *self._numbers("issues")), default=0) + 1
            rest = {"state": "open", "draft": False, "labels": _joined({}, labels), "comments": [], "head_sha": None}
            return self._write({"number": number, **said, **rest, "created": _now()})

    def edit(self, number: int, *, title: str, body: str, base: str, labels: tuple[str, ...]) -> PullRequest:
        """Make title, body and base read so, and add `labels`."""
        with self._alone():
            record = self._read(number)
            _refuse_same(record["head"], base)
            return self._change(number, title=title, body=body, base=base, labels=_joined(record, labels))

    def set_draft(self, number: int, *, draft: bool) -> PullRequest:
        """Turn a pull request into a draft, or mark it ready."""
        with self._alone():
            return self._change(number, draft=draft)

    def close(self, number: int) -> PullRequest:
        """Close without merging."""
        with self._alone():
            self._refuse_merged(number, "closed")
            return self._change(number, state="closed")

    def reopen(self, number: int) -> PullRequest:
        """Open a closed pull request again, unless its head has got another one."""
        with self._alone():
            self._refuse_merged(number, "reopened")
            other = self._open(self._read(number)["head"])
            if other not in {None, number}:
                raise OutsideError(
                    f"Pull request {number} cannot be reopened: {other} is open for the same branch.",
                    f"Close one of them: set its state in {self._path('pulls', number)} or beside it.",
                )
            return self._change(number, state="open")

    def comment(self, number: int, body: str) -> None:
        """Add a comment."""
        with self._alone():
            self._change(number, comments=[*self._read(number).get("comments", []), {"body": body, "at": _now()}])

    # ---- files ------------------------------------------------------------------------------------------------

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold the folder against every other writer: numbers are given once, a head has one open pull request."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            handle = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX)
                yield
            finally:
                os.close(handle)
        except OSError as error:
            why = f"{error.filename or self._folder}: {error.strerror}"
            raise OutsideError(f"The local forge cannot be written: {why}.", "Mend that and run again.") from None

    def _path(self, room: str, number: int) -> Path:
        return self._folder / room / f"{number}.json"

    def _numbers(self, room: str) -> list[int]:
        try:
            names = os.listdir(self._folder / room)
        except FileNotFoundError:
            return []
        except OSError as error:
            raise _damaged(self._folder / room, error.strerror or "it is no folder") from None
        return sorted(int(name.removesuffix(".json")) for name in names if re.fullmatch(r"[1-9]\d{0,17}\.json", name))

    def _open(self, head: str) -> int | None:
        records = map(self._read, self._numbers("pulls"))
        return next(
            (record["number"] for record in records if (record["head"], record["state"]) == (head, "open")), None
        )

    def _read(self, number: int) -> dict[str, Any]:
        path = self._path("pulls", number)
        record = read_json(path)
        if record is None and not os.path.lexists(path):
            raise OutsideError(f"There is no pull request {number}.", f"Look into {path.parent} for those there are.")
        if why := _wrong(record, number):
            raise _damaged(path, why)
        return dict(record)

    def _refuse_merged(self, number: int, what: str) -> None:
        if self._read(number)["state"] == "merged":
            raise OutsideError(
                f"Pull request {number} is merged and cannot be {what}.", "Open a new one for its branch."
            )

    def _change(self, number: int, **what: object) -> PullRequest:
        """Write what differs, and nothing at all where nothing does."""
        record = self._read(number)
        return self._told(record) if record == {**record, **what} else self._write({**record, **what})

    def _write(self, record: dict[str, Any]) -> PullRequest:
        write_json(self._path("pulls", record["number"]), {**record, "updated": _now()})
        return self._told(self._read(record["number"]))

    def _told(self, record: dict[str, Any]) -> PullRequest:
        number, said = record["number"], {name: record[name] for name in _TEXTS}
        url = f"{self._folder.name}/pulls/{number}.json"
        return PullRequest(
            number, **said, url=url, draft=record.get("draft", False), labels=tuple(record.get("labels", ()))
        )


def _damaged(path: Path, why: str) -> DamagedStateError:
    return DamagedStateError(f"{path} cannot be used: {why}.", "Mend it and run the same command again.")


def _wrong(record: Any, number: int) -> str | None:
    """Return what keeps a JSON value from being pull request `number`."""
    if not isinstance(record, dict) or record.get("number") != number:
        return f"it has no `number` of {number}"
    if missing := [name for name in _TEXTS if not isinstance(record.get(name), str)]:
        return f"`{missing[0]}` is not a text"
    if record["state"] not in _STATES:
        return f"`state` is none of {', '.join(_STATES)}"
    labels, comments = record.get("labels", []), record.get("comments", [])
    if not isinstance(labels, list) or not all(isinstance(label, str) for label in labels):
        return "`labels` is not a list of texts"
    if not isinstance(record.get("draft", False), bool) or not isinstance(comments, list):
        return "`draft` is not true or false, or `comments` not a list"
    return None


def _joined(record: dict[str, Any], labels: tuple[str, ...]) -> list[str]:
    return list(dict.fromkeys((*record.get("labels", []), *labels)))


def _refuse_same(head: str, base: str) -> None:
    if head == base:
        raise OutsideError(
            f"A pull request from {head} into itself is refused.", "Give the plan another branch than its target."
        )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
