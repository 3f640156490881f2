"""Keep the comments on pull requests and issues in their files."""

from __future__ import annotations

from typing import Any

from ....core.errors import OutsideError
from ....model import Comment
from .files import Repository, now

ME = "run-milestone"
"""The author of the comments that name none."""


class Comments(Repository):
    """The list `comments` of a pull request or an issue."""

    login = ME
    """The account that this program acts as."""

    def comments(self, number: int) -> tuple[Comment, ...]:
        """Return the comments of a pull request or an issue, oldest first."""
        record = self._files.read(self._files.kind(number), number)
        return tuple(_comment(place, entry) for place, entry in enumerate(record.get("comments", []), start=1))

    def comment(self, number: int, body: str, *, update: int | None = None) -> Comment:
        """Add a comment, or replace the body of the comment `update`."""
        kind = self._files.kind(number)
        with self._files.lock():
            comments: list[dict[str, Any]] = list(self._files.read(kind, number).get("comments", []))
            place = len(comments) + 1 if update is None else update
            if not 1 <= place <= len(comments) + (update is None):
                raise OutsideError(
                    f"There is no comment {place} on {number}.", f"Look into {self._files.path(kind, number)}."
                )
            same = comments[place - 1 : place]
            if [comment["body"] for comment in same] != [body]:
                comments[place - 1 : place] = [{**(same[0] if same else {"author": ME}), "body": body, "at": now()}]
            self._files.change(kind, number, comments=comments)
        return self.comments(number)[place - 1]


def _comment(number: int, entry: dict[str, Any]) -> Comment:
    """Return a comment. Its author may write to the repository unless the file says otherwise."""
    author, at = str(entry.get("author", ME)), str(entry.get("at", ""))
    edited, writer = bool(entry.get("edited", False)), bool(entry.get("writer", True))
    return Comment(number, author, entry["body"], at, writer, edited, is_by_app=author.endswith("[bot]"))
