"""names: what a name stands for and holds, asked of a git that stays; a process per question would cost a run most."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ...core.errors import OutsideError, UsageError
from .cmd import object_id

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ..process import Talk
    from .cmd import Calls


class Names:
    """Tells what names in one git directory stand for, always as they are now."""

    def __init__(self, calls: Calls, directory: Path) -> None:
        """Prepare to ask about `directory`; git is started with the first question."""
        self._talk = calls.talk("cat-file", "--batch-check", directory=directory)

    def resolve(self, name: str) -> str | None:
        """Return the object id that `name` (`refs/heads/main^{commit}`) stands for, None where it names nothing.

        Errors: OutsideError where git gives no answer or no object id, UsageError where it could not be started.
        """
        if "\n" in name:
            return None
        said, _ = _answer(self._talk, name, lambda _: 0)
        return None if said.endswith(" missing") else object_id(said.partition(" ")[0], name)

    def size(self, name: str) -> int:
        """Return the size in bytes of the file that `name` (`<commit>:src/a.py`) stands for, 0 where it is no file."""
        said, _ = _answer(self._talk, name, lambda _: 0)
        return _size(said) if _OBJECT.fullmatch(said) and " blob " in said else 0

    def close(self) -> None:
        """End the git that stays."""
        self._talk.close()


class Files:
    """Reads what objects in one git directory hold."""

    def __init__(self, calls: Calls, directory: Path) -> None:
        """Prepare to read in `directory`; git is started with the first question."""
        self._talk = calls.talk("cat-file", "--batch", directory=directory)

    def read(self, name: str) -> bytes | None:
        """Return the bytes of the file that `name` (`<commit>:src/a.py`) stands for, None where it is no file.

        Errors: as `resolve`.
        """
        said, content = _answer(self._talk, name, lambda line: _size(line) + 1 if _OBJECT.fullmatch(line) else 0)
        if said.endswith(" missing"):
            return None
        object_id(said.partition(" ")[0], name)
        return content[:-1] if said.split(" ")[1:2] == ["blob"] else None

    def close(self) -> None:
        """End the git that stays."""
        self._talk.close()


_OBJECT = re.compile(r"[0-9a-f]+ (?:blob|tree|commit|tag) \d+")
"""The line before an object's bytes: its id, kind and size."""


def _size(line: str) -> int:
    return int(line.rpartition(" ")[2])


def _answer(talk: Talk, name: str, size: Callable[[str], int]) -> tuple[str, bytes]:
    """Return what a git that stays says about `name`: a line, and as many bytes as that tells."""
    try:
        said = talk.read(name, size)
    except OSError as error:
        raise UsageError(f"git could not be started: {error.strerror}.", "Install git and run again.") from None
    if said is None:
        raise OutsideError(f"`git cat-file` failed: no answer about {name}.", "Run the same command again.")
    return said
