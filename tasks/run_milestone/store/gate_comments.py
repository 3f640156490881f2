"""Record where questions were posted on the forge: `asked/03.json` names the comment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..model import Asked
from .json_record import names_in, read_record, write_record

if TYPE_CHECKING:
    from pathlib import Path


class AskedOnForge:
    """The folder `state/<id>/asked`; a gate has one question at a time."""

    def __init__(self, folder: Path) -> None:
        """Look at `folder` (`state/m4.1/asked`)."""
        self._folder = folder

    def _path(self, gate: str) -> Path:
        return self._folder / f"{gate}.json"

    def read(self, gate: str) -> Asked | None:
        """Return where a gate's question was posted, None where it was not."""
        return read_record(self._path(gate), Asked)

    def all(self) -> tuple[Asked, ...]:
        """Return every question that was posted and not yet marked as closed, by gate."""
        names = (name.removesuffix(".json") for name in names_in(self._folder))
        return tuple(asked for name in names if (asked := self.read(name)) is not None)

    def note(self, asked: Asked) -> None:
        """Record where a question was posted, after it was."""
        write_record(self._path(asked.gate), asked)

    def drop(self, gate: str) -> None:
        """Forget a question that is closed."""
        self._path(gate).unlink(missing_ok=True)
