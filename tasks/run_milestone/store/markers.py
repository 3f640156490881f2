"""Reads and writes markers: one file per finished task, written after everything else that the task does."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar, cast

from ..core.errors import DamagedStateError
from ..core.serialize import plain, thaw
from ..model import Marker
from .json_record import read_record, record_digest, write_record

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from .steady import Steady

T = TypeVar("T")


class Markers:
    """The markers of one milestone, by the name of the task (`bootstrap`, `03:test`, `phase-1`)."""

    def __init__(self, folder: Path, steady: Steady) -> None:
        """Use `folder` (`state/m4.1`)."""
        self._folder = folder
        self._steady = steady
        self._paths: dict[str, Path] = {}
        self._known: dict[str, tuple[tuple[int, ...], Marker]] = {}
        """Markers that were read, each with the identity of its file. One run reads the same marker a hundred times."""
        self._evidence: dict[tuple[str, type[Any]], tuple[Marker, Any]] = {}
        """The evidence of markers as it was asked for."""

    def path(self, task: str) -> Path:
        """Return the path of a task's marker: `issues/03/test.json`, `phases/1.json`, `bootstrap.json`."""
        if task not in self._paths:
            self._paths[task] = self._path(task)
        return self._paths[task]

    def _path(self, task: str) -> Path:
        if ":" in task:
            issue, step = task.split(":")
            return self._folder / f"issues/{issue}/{step}.json"
        if task.startswith("phase-"):
            return self._folder / "phases" / f"{task.removeprefix('phase-')}.json"
        return self._folder / f"{task}.json"

    def read(self, task: str) -> Marker | None:
        """Return a task's marker, None where there is none.

        Errors: DamagedStateError where the file is damaged or is another task's marker.
        """
        known, marker = self._known.get(task, ((), None))
        if self._steady.has(task):
            return marker
        path = self.path(task)
        file = identity(path)
        if file and file == known:
            self._steady.note(task)
            return marker
        self._known.pop(task, None)
        marker = read_record(path, Marker)
        if marker is not None and marker.task != task:
            raise DamagedStateError(
                f"{path} is the marker of {marker.task}, not of {task}.",
                f"Delete it so that {task} runs again; then run the same command again.",
            )
        if marker is not None:
            self._known[task] = file, marker
        self._steady.note(task)
        return marker

    def identity(self, task: str) -> tuple[int, ...]:
        """Return the identity of a task's file; empty where there is none."""
        return identity(self.path(task))

    def identities(self, issue: str) -> list[tuple[Any, ...]]:
        """Return the name and identity of every file in an issue's folder, none where there is no folder."""
        try:
            entries = sorted(os.scandir(self._folder / "issues" / issue), key=lambda entry: entry.name)
            return [(entry.name, *_identity(entry.stat(follow_symlinks=False))) for entry in entries]
        except OSError:
            return []

    def evidence(self, task: str, shape: type[T]) -> T | None:
        """Return the evidence in a task's marker as `shape`, None where there is no marker.

        Errors: DamagedStateError where it does not have this shape.
        """
        marker = self.read(task)
        if marker is None:
            return None
        of, evidence = self._evidence.get((task, shape), (None, None))
        if of is marker:
            return cast("T", evidence)
        try:
            thawed = thaw(shape, marker.evidence)
        except ValueError as error:
            raise DamagedStateError(
                f"{self.path(task)} cannot be read: {error}.",
                f"Delete it so that {task} runs again; then run the same command again.",
            ) from None
        self._evidence[task, shape] = marker, thawed
        return thawed

    def write(self, task: str, inputs: dict[str, str], evidence: Any, took: float) -> Marker:
        """Record that a task is done, with its inputs, its evidence and the seconds it took."""
        marker = Marker(task, inputs, plain(evidence), datetime.now(UTC).isoformat(timespec="seconds"), round(took, 3))
        write_record(self.path(task), marker, lasting=False)  # after a power cut the task runs again
        self._drop(task)
        return marker

    def forget(self, task: str) -> None:
        """Delete a task's marker, or all markers of an issue."""
        if task.isdigit():
            for path in self._of_issue(task):
                path.unlink(missing_ok=True)
                self._drop(f"{task}:{path.stem}")
        else:
            self.path(task).unlink(missing_ok=True)
            self._drop(task)

    def _drop(self, task: str) -> None:
        self._known.pop(task, None)
        self._steady.forget(task)

    def _of_issue(self, issue: str) -> Iterator[Path]:
        yield from (self._folder / "issues" / issue).glob("*.json")


def marker_digest(inputs: Mapping[str, str], evidence: Any) -> str:
    """Return the digest of what a marker says, whatever its task is called."""
    return record_digest({"inputs": dict(inputs), "evidence": plain(evidence)})


def identity(path: Path) -> tuple[int, ...]:
    """Return inode, size and change time of a file, which change when the file does; empty where it cannot be read."""
    try:
        status = os.stat(path, follow_symlinks=False)
    except OSError:
        return ()
    return _identity(status)


def _identity(status: os.stat_result) -> tuple[int, ...]:
    return status.st_ino, status.st_size, status.st_ctime_ns
