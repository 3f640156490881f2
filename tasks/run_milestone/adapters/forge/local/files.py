"""Read and write the local forge's files, whole and strictly, with one writer at a time."""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ....core.errors import DamagedStateError, OutsideError
from ....core.fs import read_json, write_json
from ....model import Label
from ....policy.stops import LABELS

if TYPE_CHECKING:
    from ...git import Git

Record = dict[str, Any]
KINDS = {"pulls": "pull request", "issues": "issue"}


class Files:
    """`folder`/pulls/310.json and `folder`/issues/295.json, which share their numbers, and the files beside them.

    Errors: OutsideError for a number that does not exist, DamagedStateError for a file that cannot be used.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Lock the folder: a number is given once, and a branch has one open pull request."""
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
            raise OutsideError(
                f"The local forge cannot be written: {why}.", "Fix that and run the same command again."
            ) from None

    def numbers(self, kind: str) -> list[int]:
        """Return the numbers of all records of a kind, in order."""
        try:
            names = os.listdir(self.folder / kind)
        except FileNotFoundError:
            return []
        except OSError as error:
            raise damaged(self.folder / kind, error.strerror or "it is no folder") from None
        return sorted(int(name.removesuffix(".json")) for name in names if re.fullmatch(r"[1-9]\d{0,17}\.json", name))

    def next(self) -> int:
        """Return the number that the next pull request or issue gets."""
        return max((number for kind in KINDS for number in self.numbers(kind)), default=0) + 1

    def path(self, kind: str, number: int) -> Path:
        """Return the file of a record."""
        return self.folder / kind / f"{number}.json"

    def kind(self, number: int) -> str:
        """Return whether a number is a pull request's or an issue's. An unused one counts as an issue's."""
        return "pulls" if os.path.lexists(self.path("pulls", number)) else "issues"

    def read(self, kind: str, number: int) -> Record:
        """Return a valid record."""
        path = self.path(kind, number)
        if not os.path.lexists(path):
            raise OutsideError(f"There is no {KINDS[kind]} {number}.", f"Look into {path.parent}.")
        record = read_json(path)
        return _valid(path, record, _record_problem(kind, number, record))

    def write(self, kind: str, record: Record) -> Record:
        """Write a record. Returns it read back."""
        number: int = record["number"]
        write_json(self.path(kind, number), {**record, "updated": now()})
        return self.read(kind, number)

    def change(self, kind: str, number: int, **what: object) -> Record:
        """Change fields of a record. Writes nothing where nothing differs."""
        record = self.read(kind, number)
        return record if record == {**record, **what} else self.write(kind, {**record, **what})

    def table(self, name: str, *fields: str) -> dict[str, dict[str, str]]:
        """Return a file of entries by name, each with these text fields. Empty where there is no file."""
        path = self.folder / f"{name}.json"
        if not os.path.lexists(path):
            return {}
        entries = read_json(path)
        return _valid(path, entries, _table_problem(entries, fields))

    def enter(self, name: str, key: str, entry: dict[str, str]) -> None:
        """Write an entry of a file of entries."""
        path = self.folder / f"{name}.json"
        entries = self.table(name)
        if entries.get(key) != entry:
            write_json(path, {**entries, key: entry})

    def ensure_labels(self, names: Iterable[str]) -> None:
        """Enter the labels that are missing in labels.json, those of the stop table with their colours."""
        known = self.table("labels", "colour", "description")
        for label in (LABELS.get(name, Label(name, "ededed")) for name in names if name not in known):
            self.enter("labels", label.name, {"colour": label.colour, "description": label.description})

    def checks(self, commit: str) -> list[dict[str, Any]]:
        """Return the list `[{name, state, …}]` of `checks/<commit>.json`, which a person or a CI writes."""
        path = self.folder / "checks" / f"{commit}.json"
        if not os.path.lexists(path):
            return []
        record = read_json(path)
        checks: list[dict[str, Any]] = _valid(path, record, _checks_problem(record))["checks"]
        return checks


class Repository:
    """A repository whose forge is files in `folder`. Merges go through `git`, but never into `target`."""

    def __init__(self, folder: Path, git: Git, target: str) -> None:
        self._files = Files(folder)
        self._git = git
        self._target = target


def now() -> str:
    """Return the time, UTC, ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def damaged(path: Path, why: str) -> DamagedStateError:
    """Return the error for a file that cannot be used."""
    return DamagedStateError(f"{path} cannot be used: {why}.", "Correct it and run the same command again.")


def _valid(path: Path, record: Any, problem: str | None) -> Record:
    if problem:
        raise damaged(path, problem)
    return dict(record)


_TEXTS = {"pulls": ("head", "base", "title", "body", "state"), "issues": ("title", "body", "state")}
_STATES = {"pulls": ("open", "closed", "merged"), "issues": ("open", "closed")}


def _record_problem(kind: str, number: int, record: Any) -> str | None:
    """Return why a JSON value is no valid record."""
    if not isinstance(record, dict) or record.get("number") != number:
        return f"it has no `number` of {number}"
    if missing := [name for name in _TEXTS[kind] if not isinstance(record.get(name), str)]:
        return f"`{missing[0]}` is not a text"
    if record["state"] not in _STATES[kind]:
        return f"`state` is none of {', '.join(_STATES[kind])}"
    labels, comments = record.get("labels", []), record.get("comments", [])
    if not isinstance(labels, list) or not all(isinstance(label, str) for label in labels):
        return "`labels` is not a list of texts"
    for name in ("blocked_by", "sub_issues"):
        if not isinstance(record.get(name, []), list) or not all(type(one) is int for one in record.get(name, [])):
            return f"`{name}` is not a list of numbers of issues"
    if not isinstance(record.get("draft", False), bool) or not isinstance(comments, list):
        return "`draft` is not true or false, or `comments` not a list"
    if not all(isinstance(comment, dict) and isinstance(comment.get("body"), str) for comment in comments):
        return "a comment has no `body`"
    return None


def _table_problem(table: Any, fields: tuple[str, ...]) -> str | None:
    if not isinstance(table, dict) or not all(isinstance(entry, dict) for entry in table.values()):
        return "it is no mapping of names to entries"
    texts = ((f"{key}: `{field}`", entry.get(field)) for key, entry in table.items() for field in fields)
    return next((f"{what} is not a text" for what, text in texts if not isinstance(text, str)), None)


def _checks_problem(record: Any) -> str | None:
    checks = record.get("checks") if isinstance(record, dict) else None
    if not isinstance(checks, list) or not all(isinstance(check, dict) for check in checks):
        return "it has no list of `checks`"
    texts = ((field, check.get(field)) for check in checks for field in ("name", "state"))
    return next((f"a check's `{field}` is not a text" for field, text in texts if not isinstance(text, str)), None)


def joined(labels: Iterable[str], more: Iterable[str]) -> list[str]:
    """Return labels and more of them, each once."""
    return list(dict.fromkeys((*labels, *more)))
