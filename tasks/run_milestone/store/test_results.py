"""Remembers how the tests of a commit ended, so that a change can be compared with its base. Losing it costs a run."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ..core.errors import DamagedStateError
from ..core.fs import read_json, write_json
from ..core.serialize import digest, plain, thaw
from ..model import Case
from .json_record import clean

if TYPE_CHECKING:
    from pathlib import Path

    from ..model import Commands


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

    def _path(self, commit: str, commands: Commands, part: str) -> Path:
        if not re.fullmatch(r"[0-9a-f]{40,64}", commit):
            raise ValueError(f"{commit!r} is no commit")
        return self._folder / f"{commit}-{digest([part, commands.test] if part else commands.test)[:12]}.json"
