"""records: the local forge's files; each is written whole, read strictly, and by one writer at a time."""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ....core.errors import DamagedStateError, OutsideError
from ....core.fs import read_json, write_json

Record = dict[str, Any]
ROOMS = {"pulls": "pull request", "issues": "issue"}


class Records:
    """`folder`/pulls/310.json and `folder`/issues/295.json, which share their numbers, and what else lies there.

    Errors: OutsideError for a number that is not there, DamagedStateError for a file that cannot be used.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the folder against every other writer: numbers are given once, a head has one open pull request."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            handle = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX)
                yield
            finally:
                os.close(handle)
        except OSError as error:
            why = f"{error.filename or self.folder}: {error.strerror}"
            raise OutsideError(f"The local forge cannot be written: {why}.", "Mend that and run again.") from None

    def numbers(self, room: str) -> list[int]:
        """Return the numbers in a room, in order."""
        try:
            names = os.listdir(self.folder / room)
        except FileNotFoundError:
            return []
        except OSError as error:
            raise damaged(self.folder / room, error.strerror or "it is no folder") from None
        return sorted(int(name.removesuffix(".json")) for name in names if re.fullmatch(r"[1-9]\d{0,17}\.json", name))

    def next(self) -> int:
        """Return the number that the next pull request or issue gets."""
        return max((number for room in ROOMS for number in self.numbers(room)), default=0) + 1

    def path(self, room: str, number: int) -> Path:
        """Return where a record lies."""
        return self.folder / room / f"{number}.json"

    def room(self, number: int) -> str:
        """Return whether a number is a pull request's or an issue's; one that nobody has counts as an issue's."""
        return "pulls" if os.path.lexists(self.path("pulls", number)) else "issues"

    def read(self, room: str, number: int) -> Record:
        """Return a record that is whole."""
        path = self.path(room, number)
        if not os.path.lexists(path):
            what = ROOMS[room]
            raise OutsideError(f"There is no {what} {number}.", f"Look into {path.parent} for those there are.")
        return _whole(path, lambda record: _wrong(room, number, record))

    def write(self, room: str, record: Record) -> Record:
        """Write a record; returns it read back."""
        number: int = record["number"]
        write_json(self.path(room, number), {**record, "updated": now()})
        return self.read(room, number)

    def change(self, room: str, number: int, **what: object) -> Record:
        """Write what differs, and nothing at all where nothing does."""
        record = self.read(room, number)
        return record if record == {**record, **what} else self.write(room, {**record, **what})

    def table(self, name: str, *facts: str) -> dict[str, dict[str, str]]:
        """Return a file of entries by name, each with these facts as texts; empty where there is none."""
        path = self.folder / f"{name}.json"
        return _whole(path, lambda table: _wrong_table(table, facts)) if os.path.lexists(path) else {}

    def enter(self, name: str, key: str, entry: dict[str, str]) -> None:
        """Make an entry of a file of entries read so."""
        path = self.folder / f"{name}.json"
        entries = self.table(name)
        if entries.get(key) != entry:
            write_json(path, {**entries, key: entry})

    def checks(self, commit: str) -> list[dict[str, Any]]:
        """Return what `checks/<commit>.json` says, which a person or a CI writes: a list of `{name, state, …}`."""
        path = self.folder / "checks" / f"{commit}.json"
        return _whole(path, _wrong_checks)["checks"] if os.path.lexists(path) else []


def now() -> str:
    """Return the time, UTC, ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def damaged(path: Path, why: str) -> DamagedStateError:
    """Return the error that names a file that cannot be used."""
    return DamagedStateError(f"{path} cannot be used: {why}.", "Mend it and run the same command again.")


def _whole(path: Path, wrong: Callable[[Any], str | None]) -> Record:
    record = read_json(path)
    if why := wrong(record):
        raise damaged(path, why)
    return dict(record)


_TEXTS = {"pulls": ("head", "base", "title", "body", "state"), "issues": ("title", "body", "state")}
_STATES = {"pulls": ("open", "closed", "merged"), "issues": ("open", "closed")}


def _wrong(room: str, number: int, record: Any) -> str | None:
    """Return what keeps a JSON value from being a record."""
    if not isinstance(record, dict) or record.get("number") != number:
        return f"it has no `number` of {number}"
    if missing := [name for name in _TEXTS[room] if not isinstance(record.get(name), str)]:
        return f"`{missing[0]}` is not a text"
    if record["state"] not in _STATES[room]:
        return f"`state` is none of {', '.join(_STATES[room])}"
    labels, comments = record.get("labels", []), record.get("comments", [])
    if not isinstance(labels, list) or not all(isinstance(label, str) for label in labels):
        return "`labels` is not a list of texts"
    if not isinstance(record.get("draft", False), bool) or not isinstance(comments, list):
        return "`draft` is not true or false, or `comments` not a list"
    if not all(isinstance(comment, dict) and isinstance(comment.get("body"), str) for comment in comments):
        return "a comment has no `body`"
    return None


def _wrong_table(table: Any, facts: tuple[str, ...]) -> str | None:
    if not isinstance(table, dict) or not all(isinstance(entry, dict) for entry in table.values()):
        return "it is no mapping of names to entries"
    lacking = (f"{key}: `{fact}`" for key, entry in table.items() for fact in facts if not _text(entry, fact))
    return next((f"{what} is not a text" for what in lacking), None)


def _wrong_checks(said: Any) -> str | None:
    checks = said.get("checks") if isinstance(said, dict) else None
    if not isinstance(checks, list) or not all(isinstance(check, dict) for check in checks):
        return "it has no list of `checks`"
    lacking = (fact for check in checks for fact in ("name", "state") if not _text(check, fact))
    return next((f"a check's `{fact}` is not a text" for fact in lacking), None)


def _text(entry: dict[str, Any], fact: str) -> bool:
    return isinstance(entry.get(fact), str)


def given(**what: str | None) -> dict[str, str]:
    """Return the facts that were given at all."""
    return {name: value for name, value in what.items() if value is not None}
