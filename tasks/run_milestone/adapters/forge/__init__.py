"""forge: where pull requests live; one protocol, one room per forge."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from ...model import Check, Comment, ForgeIssue, ForgeMilestone, Proposal, PullRequest

LONGEST_LOG = 20_000
"""Characters of a failed check's log that are kept, from its end."""


class Forge(Protocol):
    """What the runner needs of a forge. Every method returns what the forge says afterwards, never what was sent.

    What is made is looked for first, so that asking twice makes one. Labels that are missing are made, those of the
    stop table as policy.LABELS says. Errors: OutsideError, with the forge's own words, redacted by whoever shows them.
    """

    # ---- pull requests ----------------------------------------------------------------------------------------

    def pulls(self, *heads: str) -> tuple[PullRequest, ...]:
        """Return the pull requests of these head branches (of all, without any), in all states, oldest first.

        Never those from forks, whatever their branches are called.
        """

    def create(self, head: str, proposal: Proposal) -> PullRequest:
        """Open a pull request; brings an open one of the same `head` branch up to date instead of making a second."""

    def edit(self, number: int, proposal: Proposal) -> PullRequest:
        """Make a pull request what is proposed; labels that others added stay."""

    def retarget(self, number: int, base: str) -> PullRequest:
        """Let a pull request go into another branch."""

    def label(self, number: int, *labels: str) -> PullRequest:
        """Add labels; one that is there is no error."""

    def unlabel(self, number: int, *labels: str) -> PullRequest:
        """Take labels away; one that is not there is no error."""

    def set_draft(self, number: int, *, draft: bool) -> PullRequest:
        """Turn a pull request into a draft, or mark it ready."""

    def close(self, number: int) -> PullRequest:
        """Close without merging; closing twice is no error."""

    def reopen(self, number: int) -> PullRequest:
        """Open a closed pull request again."""

    def merge(self, number: int, *, head: str) -> PullRequest:
        """Merge with a merge commit, if the pull request is still at commit `head`; no branch is deleted.

        Merging twice is no error. Refused: a head that moved, a conflict, a draft, and the target branch.
        """

    def checks(self, number: int) -> tuple[Check, ...]:
        """Return the checks on the pull request's head as they stand, empty where none ever started."""

    # ---- comments, on pull requests and issues ----------------------------------------------------------------

    def comments(self, number: int) -> tuple[Comment, ...]:
        """Return the comments, oldest first."""

    def comment(self, number: int, body: str, *, update: int | None = None) -> Comment:
        """Add a comment, or make the own comment with the id `update` read so."""

    # ---- issues and milestones --------------------------------------------------------------------------------

    def issues(self, milestone: str) -> tuple[ForgeIssue, ...]:
        """Return a milestone's issues, open and closed, in the order of their numbers."""

    def create_issue(
        self, *, title: str, body: str, milestone: str | None = None, labels: tuple[str, ...] = ()
    ) -> ForgeIssue:
        """Open an issue under a new number, always: whoever asks has looked for it."""

    def ensure_milestone(self, title: str, description: str = "") -> ForgeMilestone:
        """Return the milestone of this title, made where there is none."""

    def close_milestone(self, title: str) -> ForgeMilestone:
        """Close a milestone; its issues stay as they are."""
