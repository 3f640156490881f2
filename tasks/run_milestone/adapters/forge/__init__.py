"""The port of a forge, where pull requests and issues are kept. Each forge is a room of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from ...model import Check, Comment, ForgeIssue, ForgeMilestone, PersonReview, Proposal, PullRequest, ReviewThread
    from ...model.branch_rules import BranchRules, ForgeRights

LONGEST_LOG = 20_000
"""Characters. Of a longer log of a failed check only the end is kept."""


class Forge(Protocol):
    """What the runner needs of a forge. Every method returns what the forge has afterwards, never what was sent.

    Before something is created it is looked for, so that two calls create one. Missing labels are created, those of
    the stop table as policy.stops.LABELS says. Errors: OutsideError with the forge's own message.
    """

    # ---- what is allowed --------------------------------------------------------------------------------------

    def rights(self) -> ForgeRights:
        """Return what is allowed in the repository."""

    def branch_rules(self, *branches: str) -> dict[str, BranchRules]:
        """Return the rules of these branches, also where it does not exist yet. One without rules is absent."""

    # ---- pull requests ----------------------------------------------------------------------------------------

    def pulls(self, *heads: str) -> tuple[PullRequest, ...]:
        """Return the pull requests of these head branches (of all, without any), in all states, oldest first.

        Never those from forks, whatever their branches are called.
        """

    def create(self, head: str, proposal: Proposal) -> PullRequest:
        """Open a pull request, or update the open one of the same `head` branch."""

    def edit(self, number: int, proposal: Proposal) -> PullRequest:
        """Change title, body and base to what is proposed, and add its labels. Other labels stay."""

    def retarget(self, number: int, base: str) -> PullRequest:
        """Change the base branch of a pull request."""

    def label(self, number: int, *labels: str) -> PullRequest:
        """Add labels. An existing one is no error."""

    def unlabel(self, number: int, *labels: str) -> PullRequest:
        """Remove labels. A missing one is no error."""

    def set_draft(self, number: int, *, draft: bool) -> PullRequest:
        """Convert a pull request to a draft, or mark it ready."""

    def close(self, number: int) -> PullRequest:
        """Close without merging. Closing twice is no error."""

    def reopen(self, number: int) -> PullRequest:
        """Reopen a closed pull request."""

    def merge(self, number: int, *, head: str) -> PullRequest:
        """Merge as the repository allows, if the pull request is still at commit `head`. No branch is deleted.

        Merging twice is no error. Refused: a head that moved, a conflict, a draft, and the target branch. Where its
        base has a merge queue it is put into that, once, and stays open until the queue merges it.
        """

    def is_queued(self, number: int) -> bool:
        """Return whether a pull request waits in a merge queue."""

    def checks(self, number: int) -> tuple[Check, ...]:
        """Return the checks on the pull request's head, empty where none ever started."""

    def reviews(self, *numbers: int) -> dict[int, tuple[PersonReview, ...]]:
        """Return the reviews that were submitted on these pull requests, oldest first. Those by bots are marked.

        Each has the unresolved and resolved threads that it opened.
        """

    def answer_thread(self, number: int, thread: ReviewThread, body: str) -> ReviewThread:
        """Answer in a thread of a review, or replace the runner's answer in it. `body` ends in ANSWER_MARK."""

    def ask_again(self, number: int, login: str) -> tuple[str, ...]:
        """Ask a person for another review; returns whose reviews are awaited. Asking twice is no error."""

    def makers(self, number: int) -> dict[str, tuple[str, ...]]:
        """Return the logins of who wrote and committed each commit of a pull request, where they are known."""

    def members(self, *teams: str) -> dict[str, tuple[str, ...]]:
        """Return the logins of the members of teams (`@acme/dba`), those of their child teams included.

        A team that does not exist, or that this login may not see, is absent.
        """

    @property
    def login(self) -> str:
        """The account that this program acts as."""

    # ---- comments, on pull requests and issues ----------------------------------------------------------------

    def comments(self, number: int) -> tuple[Comment, ...]:
        """Return the comments, oldest first."""

    def comment(self, number: int, body: str, *, update: int | None = None) -> Comment:
        """Add a comment, or replace the body of our comment with the id `update`."""

    # ---- issues and milestones --------------------------------------------------------------------------------

    def issues(self, milestone: str) -> tuple[ForgeIssue, ...]:
        """Return a milestone's issues, open and closed, in the order of their numbers."""

    def open_issues(self, most: int) -> tuple[ForgeIssue, ...]:
        """Return the newest open issues, whatever milestone they are in, the oldest of them first."""

    def create_issue(
        self, *, title: str, body: str, milestone: str | None = None, labels: tuple[str, ...] = ()
    ) -> ForgeIssue:
        """Open an issue under a new number. The caller has looked for an existing one."""

    def block(self, number: int, *, by: int) -> None:
        """Record that an issue is blocked by another. Doing it twice is no error."""

    def add_sub_issue(self, number: int, part: int) -> None:
        """Record that an issue is a part of another. Doing it twice is no error."""

    def ensure_milestone(self, title: str, description: str = "") -> ForgeMilestone:
        """Return the milestone of this title, created where there is none."""

    def close_milestone(self, title: str) -> ForgeMilestone:
        """Close a milestone. Its issues stay as they are."""
