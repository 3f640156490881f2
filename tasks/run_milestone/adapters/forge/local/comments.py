"""comments: what is said below pull requests and issues, in their files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ....core.errors import OutsideError
from ....model import Comment
from .files import now

if TYPE_CHECKING:
    from .files import Records

ME = "run-milestone"
"""Who writes the comments that have no other author."""


class Comments:
    """The list `comments` of a pull request or an issue."""

    def __init__(self, files: Records) -> None:
        self._files = files

    def of(self, number: int) -> tuple[Comment, ...]:
        """Return the comments of a pull request or an issue, oldest first."""
        record = self._files.read(self._files.room(number), number)
        return tuple(_comment(position, said) for position, said in enumerate(record.get("comments", []), start=1))

    def say(self, number: int, body: str, *, update: int | None = None) -> Comment:
        """Add a comment, or make the comment `update` read so."""
        room = self._files.room(number)
        with self._files.alone():
            said: list[dict[str, Any]] = list(self._files.read(room, number).get("comments", []))
            place = len(said) + 1 if update is None else update
            if not 1 <= place <= len(said) + (update is None):
                raise OutsideError(
                    f"There is no comment {place} on {number}.", f"Look into {self._files.path(room, number)}."
                )
            same = said[place - 1 : place]
            if [comment["body"] for comment in same] != [body]:
                said[place - 1 : place] = [{**(same[0] if same else {"author": ME}), "body": body, "at": now()}]
            self._files.change(room, number, comments=said)
        return self.of(number)[place - 1]


def _comment(position: int, said: dict[str, Any]) -> Comment:
    """Tell a comment; whoever can write the files may write to the repository, unless the file says otherwise."""
    author, at = str(said.get("author", ME)), str(said.get("at", ""))
    return Comment(position, author, said["body"], at, writer=bool(said.get("writer", True)))
