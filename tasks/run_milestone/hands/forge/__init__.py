"""forge: where pull requests live; one protocol, one file per forge."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from ...model import PullRequest


class Forge(Protocol):
    """What the runner needs of a forge. Every method returns what the forge says afterwards, never what was sent.

    Errors: OutsideError, with the forge's own words, redacted by whoever shows them.
    """

    def pulls(self) -> tuple[PullRequest, ...]:
        """Return every pull request of this repository in all states (never from forks), oldest first."""

    def create(self, *, head: str, base: str, title: str, body: str, labels: tuple[str, ...]) -> PullRequest:
        """Open a pull request; adopts an open one of the same head branch instead of making a second."""

    def edit(self, number: int, *, title: str, body: str, base: str, labels: tuple[str, ...]) -> PullRequest:
        """Make title, body and base read so, and add `labels`; labels that others added stay."""

    def set_draft(self, number: int, *, draft: bool) -> PullRequest:
        """Turn a pull request into a draft, or mark it ready."""

    def close(self, number: int) -> PullRequest:
        """Close without merging; closing twice is no error."""

    def reopen(self, number: int) -> PullRequest:
        """Open a closed pull request again."""

    def comment(self, number: int, body: str) -> None:
        """Add a comment."""
