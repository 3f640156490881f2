"""What a forge holds: pull requests, checks, comments, issues, milestones, labels."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@dataclass(frozen=True, slots=True)
class PullRequest:
    """A pull request on the forge. `state` is open, closed or merged."""

    number: int
    head: str
    base: str
    title: str
    body: str
    state: str
    url: str
    draft: bool = False
    labels: tuple[str, ...] = ()
    head_sha: str | None = None
    """The head commit; once it is merged, the one that was merged. None where unknown."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A pull request to create or update: its text, its base branch, and labels to add."""

    title: str
    body: str
    base: str
    labels: tuple[str, ...] = ()


class CheckState(StrEnum):
    """The state of a check on the head commit of a pull request."""

    PASSED = "passed"
    FAILED = "failed"
    PENDING = "pending"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Check:
    """A check (CI) on the head of a pull request. A failed one has the end of its `log`, if there is one."""

    name: str
    state: CheckState
    url: str = ""
    required: bool = False
    log: str = ""


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment on a pull request or an issue. `at` is when it was last written, UTC, ISO 8601."""

    id: int
    author: str
    body: str
    at: str
    writer: bool
    """Whether its author may write to the repository."""
    is_edited: bool = False
    """Whether it was written again, by its author or by somebody else who may."""
    is_by_app: bool = False
    """Whether no person wrote it."""


ANSWER_MARK = "<!-- run-milestone: answer -->"
"""What ends the runner's answer in a thread, so that it is found again."""


class ReviewState(StrEnum):
    """What a person's review says. A dismissed one says nothing any more."""

    APPROVED = "approved"
    CHANGES_REQUESTED = "changes_requested"
    COMMENTED = "commented"
    DISMISSED = "dismissed"


@dataclass(frozen=True, slots=True)
class ReviewThread:
    """What a reviewer wrote about a line of a file; `line` is None for a whole file or a line that is gone."""

    path: str
    line: int | None
    body: str
    resolved: bool = False
    id: str = ""
    """Names it on the forge."""
    answer: str = ""
    """What the runner answered in it, empty where it did not."""
    outdated: bool = False
    """Whether its lines changed since."""


@dataclass(frozen=True, slots=True)
class PersonReview:
    """A person's review of a pull request. `commit` is the head it was given for, empty where the forge forgot it."""

    author: str
    state: ReviewState
    commit: str
    at: str
    """When it was submitted, UTC, ISO 8601."""
    body: str = ""
    writer: bool = False
    """Whether its author may write to the repository now."""
    threads: tuple[ReviewThread, ...] = ()
    is_asked_again: bool = False
    """Whether its author was asked for another review and has not given it yet."""
    bot: bool = False
    """Whether no person wrote it."""


@dataclass(frozen=True, slots=True)
class ForgeIssue:
    """An issue on the forge. `state` is open or closed."""

    number: int
    title: str
    body: str
    state: str
    url: str
    labels: tuple[str, ...] = ()
    blocked_by: tuple[int, ...] = ()
    """Open issues of the repository that have to be done first, as the forge records it: blockers and sub-issues."""


@dataclass(frozen=True, slots=True)
class ForgeMilestone:
    """A milestone on the forge. `state` is open or closed."""

    title: str
    description: str
    state: str


@dataclass(frozen=True, slots=True)
class Label:
    """A label on the forge. `colour` is six hexadecimal digits, in lower case."""

    name: str
    colour: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class Teams:
    """The members of the forge's teams that a plan or CODEOWNERS names, as the forge told them last, by team."""

    members: dict[str, tuple[str, ...]] = field(default_factory=dict)


class _Derived:
    """Room for what a snapshot derives of itself when it is first asked for."""

    __slots__ = ("_by_branch",)
    _by_branch: dict[str, PullRequest]


@dataclass(frozen=True, slots=True)
class World(_Derived):
    """What the remote and the forge said when they were asked: branches with their commits, and pull requests."""

    asked: str
    """UTC, ISO 8601."""
    heads: dict[str, str]
    pulls: tuple[PullRequest, ...]
    reviews: dict[str, tuple[PersonReview, ...]] = field(default_factory=dict)
    """What people said in reviews of open pull requests, by number."""

    def reviews_of(self, branch: str) -> tuple[PersonReview, ...]:
        """Return people's reviews of the open pull request of a branch, oldest first."""
        pull = self.pull(branch)
        return self.reviews.get(str(pull.number), ()) if pull is not None else ()

    def pull(self, branch: str) -> PullRequest | None:
        """Return the pull request of a branch: an open one before a merged one before a closed one."""
        return self.by_branch.get(branch)

    @property
    def by_branch(self) -> Mapping[str, PullRequest]:
        """The pull request of each branch."""
        if not hasattr(self, "_by_branch"):
            object.__setattr__(self, "_by_branch", by_branch(self.pulls))
        return self._by_branch


def by_branch(pulls: Iterable[PullRequest]) -> dict[str, PullRequest]:
    """Return the pull request of each branch: open before merged before closed, the newest of each."""
    rank = {"open": 0, "merged": 1, "closed": 2}
    return {pull.head: pull for pull in sorted(pulls, key=lambda pull: (-rank[pull.state], pull.number))}


def pull_of(branch: str, pulls: Iterable[PullRequest]) -> PullRequest | None:
    """Return the pull request of one branch."""
    return by_branch(pulls).get(branch)
