"""Ask a git that keeps running for object ids, files and commits."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ...core.errors import OutsideError
from .cmd import object_id
from .reasons import not_started

if TYPE_CHECKING:
    from pathlib import Path

    from ..process import Coprocess
    from .cmd import GitCmd

_BODY = re.compile(r"[0-9a-f]+ (?:blob|tree|commit|tag) (\d+)")
"""The line before an object's bytes: its id, kind and size."""


class CatFile:
    """Resolves names and reads files in one git directory through a git that keeps running."""

    def __init__(self, git: GitCmd, directory: Path) -> None:
        """Prepare to ask about `directory`. git is started with the first question."""
        self._names = git.coprocess("cat-file", "--batch-check", directory=directory)
        self._files = git.coprocess("cat-file", "--batch", directory=directory, body=_BODY)

    def resolve(self, name: str) -> str | None:
        """Return the object id of `name` (`refs/heads/main^{commit}`), None where it names nothing.

        Errors: OutsideError where git gives no answer or no object id, UsageError where it could not be started.
        """
        if "\n" in name:
            return None
        line, _ = _ask(self._names, name)
        return None if line.endswith(" missing") else object_id(line.partition(" ")[0], name)

    def read(self, name: str, kind: str = "blob") -> bytes | None:
        """Return the bytes of the file `name` (`<commit>:src/a.py`), None where it is no file. Errors: as `resolve`.

        With another `kind` (`commit`), an object of that kind is read.
        """
        line, content = _ask(self._files, name)
        if line.endswith(" missing"):
            return None
        object_id(line.partition(" ")[0], name)
        return content if line.split(" ")[1:2] == [kind] else None

    def size(self, name: str) -> int:
        """Return the size in bytes of the file `name` (`<commit>:src/a.py`), 0 where it is no file."""
        line, _ = _ask(self._names, name)
        match = _BODY.fullmatch(line)
        return int(match[1]) if match and " blob " in line else 0

    def close(self) -> None:
        """End the processes."""
        self._names.close()
        self._files.close()


def _ask(process: Coprocess, name: str) -> tuple[str, bytes]:
    try:
        answer = process.ask(name)
    except OSError as error:
        raise not_started(error.strerror) from None
    if answer is None:
        raise OutsideError(f"`git cat-file` failed: no answer about {name}.", "Run the same command again.")
    return answer
