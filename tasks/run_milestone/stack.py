"""stack: on what an issue stands, the milestone branch or the branches of the issues it depends on; pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .model import pull_of
from .plan.ids import branch_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .model import Issue, Milestone, PullRequest


@dataclass(frozen=True, slots=True)
class Base:
    """`branch` is what the issue's pull request goes against; `upon` are the issues whose open work it holds."""

    branch: str
    upon: tuple[str, ...] = ()


def base_of(milestone: Milestone, issue: Issue, pulls: tuple[PullRequest, ...]) -> Base:
    """Return the milestone branch where all that the issue depends on is merged, else what holds that.

    Of one open issue that is its branch. Of several it is a branch of its own, `<the issue's branch>-base`, in which
    the runner merges them into the milestone branch, so that reviewers see this issue's change and nothing else.
    """
    if not issue.depends_on:
        return Base(milestone.branch)
    stack = _Stack(milestone, pulls)
    tips = stack.tips(issue)
    if len(tips) > 1:
        return Base(join_of(milestone, issue), tips)
    return Base(stack.branches[tips[0]], tips) if tips else Base(milestone.branch)


def join_of(milestone: Milestone, issue: Issue) -> str:
    """Return the branch that joins the several open issues which this one depends on."""
    return f"{branch_of(milestone, issue)}-base"


def retargets(milestone: Milestone, pull: PullRequest, pulls: tuple[PullRequest, ...]) -> tuple[PullRequest, ...]:
    """Return which pull requests have to go into the milestone branch before `pull` is merged: first those on it.

    A forge that deletes the branch of a merged pull request closes what is based on it, for good.
    """
    own = {branch_of(milestone, issue) for issue in milestone.issues}
    on_it = [other for other in pulls if other.state == "open" and other.base == pull.head and other.head in own]
    return (*on_it, *([pull] if pull.base != milestone.branch else []))


class _Stack:
    """The issues of a milestone by number, with their branches and where those were merged into."""

    def __init__(self, milestone: Milestone, pulls: tuple[PullRequest, ...]) -> None:
        self._milestone = milestone
        self._pulls = pulls
        self._issues = {issue.number: issue for issue in milestone.issues}
        self.branches = {number: branch_of(milestone, issue) for number, issue in self._issues.items()}
        self._owners = {name: number for number, name in self.branches.items()}
        self._owners |= {join_of(milestone, issue): number for number, issue in self._issues.items()}

    def tips(self, issue: Issue) -> tuple[str, ...]:
        """Return the open issues it depends on, without those that another one of them already holds."""
        found = tuple(dict.fromkeys(tip for number in issue.depends_on for tip in self._open(number)))
        held = {below for number in found for below in self._below(number)}
        return tuple(number for number in found if number not in held)

    def _open(self, number: str) -> Iterator[str]:
        """Yield whose branch holds an issue's work: its own, one it was merged into, or none but the milestone's."""
        seen = set[str]()
        while number not in seen:
            seen.add(number)
            pull = pull_of(self.branches[number], self._pulls)
            if pull is None or pull.state != "merged":
                yield number
                return
            if pull.base not in self._owners:
                return
            number = self._owners[pull.base]

    def _below(self, number: str) -> set[str]:
        found, left = set[str](), list(self._issues[number].depends_on)
        while left:
            name = left.pop()
            if name not in found:
                found.add(name)
                left += self._issues[name].depends_on
        return found
