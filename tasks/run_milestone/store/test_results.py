"""Remembers how the tests of a commit ended, so that a change can be compared with its base. Losing it costs a run."""

from __future__ import annotations

import re
import shutil
from collections import Counter
from typing import TYPE_CHECKING, Any, TypeVar

from ..core.errors import DamagedStateError
from ..core.fs import read_json, write_json
from ..core.serialize import digest, plain, thaw
from ..model import Case
from .json_record import clean

if TYPE_CHECKING:
    from pathlib import Path

    from ..model import Commands

T = TypeVar("T")


class UnfinishedRuns:
    """What the finished commands of one issue's test step came to, until the step ends. Losing it costs their runs."""

    def __init__(self, folder: Path, works_from: Any) -> None:
        """Use `folder`; what a step left that worked from anything else does not count."""
        self._folder = folder
        self._works_from = works_from
        self._runs = Counter[str]()
        self.reused = 0
        """How many runs were not made again."""

    def name(self, run: Any) -> str:
        """Return the name of the next such run: the step makes some of them several times."""
        key = digest([self._works_from, run])[:24]
        self._runs[key] += 1
        return f"{key}-{self._runs[key]}"

    def read(self, name: str, shape: type[T]) -> T | None:
        """Return what a run came to, None where it has not finished."""
        try:
            result = thaw(shape, read_json(self._path(name)))
        except (DamagedStateError, ValueError):
            return None
        self.reused += 1
        return result

    def write(self, name: str, result: Any) -> None:
        """Keep what a run came to."""
        write_json(self._path(name), clean(plain(result)), lasting=False)

    def drop(self) -> None:
        """Forget all runs, once the step has its own record of what they came to."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.json"


class TestResults:
    """The results by commit and test command, in `cache/tests/` of a milestone's state."""

    def __init__(self, folder: Path) -> None:
        """Use `folder` (`state/m4.1/cache/tests`)."""
        self._folder = folder

    def read(self, commit: str, commands: Commands, part: str = "") -> tuple[Case, ...] | None:
        """Return the tests of a commit, None where they are not known."""
        try:
            return thaw(tuple[Case, ...], read_json(self._path(commit, commands, part)))
        except (DamagedStateError, ValueError):
            return None

    def write(self, commit: str, commands: Commands, cases: tuple[Case, ...], part: str = "") -> None:
        """Remember the tests of a commit, without their output."""
        rows = [{**row, "output": ""} for row in plain(cases)]
        write_json(self._path(commit, commands, part), clean(rows), lasting=False)

    def unfinished(self, issue: str, works_from: Any) -> UnfinishedRuns:
        """Return the finished runs of an issue's test step that was broken off while it worked from just this."""
        return UnfinishedRuns(self._folder / f"unfinished-{issue}", works_from)

    def _path(self, commit: str, commands: Commands, part: str) -> Path:
        if not re.fullmatch(r"[0-9a-f]{40,64}", commit):
            raise ValueError(f"{commit!r} is no commit")
        return self._folder / f"{commit}-{digest([part, commands.test] if part else commands.test)[:12]}.json"
