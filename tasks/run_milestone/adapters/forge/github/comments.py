"""Read and write comments on pull requests and issues, and tell which of their authors may write."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from ....model import Comment
from . import responses, text_limits
from .base import Repository
from .error_mapping import NotThereError
from .graphql import viewer_of

if TYPE_CHECKING:
    from .gh import Gh


class Comments(Repository):
    """The comments of one repository."""

    def comments(self, number: int) -> tuple[Comment, ...]:
        """Return the comments of a pull request or an issue, oldest first."""
        listed = _list(self._gh, number)
        writers = {login: self._may_write(login) for login in {_author(one) for one in listed}}
        return tuple(_comment(one, writer=writers[_author(one)]) for one in listed)

    def comment(self, number: int, body: str, *, update: int | None = None) -> Comment:
        """Add a comment, or replace the body of the comment `update`."""
        fit = text_limits.body(body)
        if update is None:
            made = self._add(number, fit)
        else:
            made = self._gh.send(responses.COMMENT, "PATCH", f"issues/comments/{update}", {"body": fit})
        return _comment(made, writer=self._may_write(_author(made)))

    def _add(self, number: int, body: str) -> responses.Comment:
        retry = self._gh.retry()
        while True:
            if retry.again:
                for one in reversed(_list(self._gh, number)):
                    if one.body == body:
                        return one
            with retry:
                return self._gh.send_once(responses.COMMENT, "POST", f"issues/{number}/comments", {"body": body})

    def _may_write(self, login: str) -> bool:
        """Return whether an account may write. An app (a job's token is one) is no collaborator: only our own may."""
        if login.endswith("[bot]"):
            return login == self.login
        try:
            path = self._gh.path(f"collaborators/{login}/permission")
            return self._gh.ask(responses.PERMISSION, "api", path).permission in {"admin", "maintain", "write"}
        except NotThereError:
            return False

    @cached_property
    def login(self) -> str:
        """The account that this program acts as."""
        return viewer_of(self._gh)


def _list(gh: Gh, number: int) -> list[responses.Comment]:
    return gh.pages(responses.COMMENTS, f"issues/{number}/comments?per_page=100")


def _author(comment: responses.Comment) -> str:
    return comment.user.login if comment.user else "ghost"


def _comment(comment: responses.Comment, *, writer: bool) -> Comment:
    author = _author(comment)
    is_by_app = author.endswith("[bot]") or (comment.user is not None and comment.user.type != "User")
    is_edited = comment.updated_at != comment.created_at
    return Comment(comment.id, author, comment.body or "", comment.updated_at, writer, is_edited, is_by_app)
