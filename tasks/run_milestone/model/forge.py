"""What a forge tells: pull requests, checks, comments, issues, milestones, releases, labels; and what it is told."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class PullRequest:
    """A pull request as the forge tells it. `state` is open, closed or merged."""

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
    """The commit that its head branch is at; the one that was merged, once it is. None where nobody can tell."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a pull request says, the branch `base` that it is to go into, and the `labels` it has at least."""

    title: str
    body: str
    base: str
    labels: tuple[str, ...] = ()


class CheckState(StrEnum):
    """How a check on a pull request's commit stands."""

    PASSED = "passed"
    FAILED = "failed"
    PENDING = "pending"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Check:
    """A check (CI) on a pull request's head. A failed one has the tail of its `log`, where the forge has one."""

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


@dataclass(frozen=True, slots=True)
class ForgeIssue:
    """An issue as the forge tells it. `state` is open or closed."""

    number: int
    title: str
    body: str
    state: str
    url: str
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ForgeMilestone:
    """A milestone as the forge tells it. `state` is open or closed."""

    title: str
    description: str
    state: str


@dataclass(frozen=True, slots=True)
class Release:
    """A tag with release notes; `commit` is what is tagged."""

    tag: str
    commit: str
    title: str
    notes: str
    url: str


@dataclass(frozen=True, slots=True)
class Label:
    """A label as the forge has it. `colour` is six hexadecimal digits, in lower case."""

    name: str
    colour: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class World:
    """What the remote and the forge said when they were asked: branches with their commits, and pull requests."""

    asked: str
    """UTC, ISO 8601."""
    heads: dict[str, str]
    pulls: tuple[PullRequest, ...]

    def pull(self, branch: str) -> PullRequest | None:
        """Return the pull request of a branch: an open one before a merged one before a closed one."""
        return pull_of(branch, self.pulls)


def pull_of(branch: str, pulls: tuple[PullRequest, ...]) -> PullRequest | None:
    """Return the pull request of a branch: an open one before a merged one before a closed one, the newest of each."""
    rank = {"open": 0, "merged": 1, "closed": 2}
    own = [pull for pull in pulls if pull.head == branch]
    return min(own, key=lambda pull: (rank[pull.state], -pull.number), default=None)
