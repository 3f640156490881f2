"""comments: what people and the runner say below pull requests and issues, and who of them may write."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from ....model import Comment
from . import responses, text_limits
from .error_mapping import NotThereError
from .graphql import viewer_of

if TYPE_CHECKING:
    from .gh import Gh


class Comments:
    """The comments of one repository."""

    def __init__(self, gh: Gh) -> None:
        self._gh = gh

    def of(self, number: int) -> tuple[Comment, ...]:
        """Return the comments of a pull request or an issue, oldest first."""
        said = self._gh.pages(responses.COMMENTS, f"issues/{number}/comments?per_page=100")
        writers = {login: self._may_write(login) for login in {_author(one) for one in said}}
        return tuple(_comment(one, writer=writers[_author(one)]) for one in said)

    def say(self, number: int, body: str, *, update: int | None = None) -> Comment:
        """Add a comment, or make the comment `update` read so."""
        fit = text_limits.body(body)
        if update is not None:
            made = self._gh.send(responses.COMMENT, "PATCH", f"issues/comments/{update}", {"body": fit})
        else:
            made = self._gh.send(
                responses.COMMENT, "POST", f"issues/{number}/comments", {"body": fit}, lambda: self._said(number, fit)
            )
        return _comment(made, writer=self._may_write(_author(made)))

    def _said(self, number: int, body: str) -> responses.Said | None:
        said = self._gh.pages(responses.COMMENTS, f"issues/{number}/comments?per_page=100")
        return next((one for one in reversed(said) if one.body == body), None)

    def _may_write(self, login: str) -> bool:
        """Return whether somebody may write; an app (a job's token is one) is no collaborator and writes as itself."""
        if login.endswith("[bot]"):
            return login == self._me
        try:
            path = self._gh.path(f"collaborators/{login}/permission")
            return self._gh.ask(responses.PERMISSION, "api", path).permission in {"admin", "maintain", "write"}
        except NotThereError:
            return False

    @cached_property
    def _me(self) -> str:
        return viewer_of(self._gh)


def _author(said: responses.Said) -> str:
    return said.user.login if said.user else "ghost"


def _comment(said: responses.Said, *, writer: bool) -> Comment:
    return Comment(said.id, _author(said), said.body or "", said.updated_at, writer)
