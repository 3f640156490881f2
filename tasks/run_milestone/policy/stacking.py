"""Decide the base of an issue: the milestone branch, or the branches of issues it depends on."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..model import Issue, Milestone, PullRequest


@dataclass(frozen=True, slots=True)
class Base:
    """`branch` is the base of the issue's pull request; `issues` are those whose open work it holds."""

    branch: str
    issues: tuple[str, ...] = ()


def base_of(milestone: Milestone, issue: Issue, pulls: Mapping[str, PullRequest], branches: Mapping[str, str]) -> Base:
    """Return the milestone branch where all that the issue depends on is merged, else the branch that holds it.

    For one open issue that is its branch. For several it is `<the issue's branch>-base`, in which the runner merges
    them into the milestone branch, so that reviewers see only the change of this issue.
    `pulls` has the pull request of each branch, `branches` every issue's branch by its number.
    """
    if not issue.depends_on:
        return Base(milestone.branch)
    stack = _Stack(milestone, pulls, branches)
    tips = stack.tips(issue)
    if len(tips) > 1:
        return Base(join_of(branches[issue.number]), tips)
    return Base(branches[tips[0]], tips) if tips else Base(milestone.branch)


def join_of(branch: str) -> str:
    """Return the branch that joins the open issues which the issue of `branch` depends on."""
    return f"{branch}-base"


def retargets(
    milestone: Milestone, pull: PullRequest, pulls: tuple[PullRequest, ...], branches: Mapping[str, str]
) -> tuple[PullRequest, ...]:
    """Return the pull requests to retarget to the milestone branch before `pull` is merged.

    A forge that deletes the branch of a merged pull request closes those that are based on it for good.
    """
    ours = set(branches.values())
    on_it = [other for other in pulls if other.state == "open" and other.base == pull.head and other.head in ours]
    return (*on_it, *([pull] if pull.base != milestone.branch else []))


class _Stack:
    """The issues of a milestone, with their branches and pull requests."""

    def __init__(self, milestone: Milestone, pulls: Mapping[str, PullRequest], branches: Mapping[str, str]) -> None:
        self._milestone = milestone
        self._pulls = pulls
        self._branches = branches

    @cached_property  # few issues need it
    def _owners(self) -> dict[str, str]:
        owners = {name: number for number, name in self._branches.items()}
        return {**owners, **{join_of(name): number for name, number in owners.items()}}

    def tips(self, issue: Issue) -> tuple[str, ...]:
        """Return the open issues that it depends on, without those that another of them holds."""
        tips = tuple(dict.fromkeys(tip for number in issue.depends_on for tip in self._open(number)))
        held = {below for number in tips for below in self._below(number)} if len(tips) > 1 else set()
        return tuple(number for number in tips if number not in held)

    def _open(self, number: str) -> Iterator[str]:
        """Yield the issue whose branch holds the work: itself or one it was merged into, none once all is merged."""
        seen = set[str]()
        while number not in seen:
            seen.add(number)
            pull = self._pulls.get(self._branches[number])
            if pull is None or pull.state != "merged":
                yield number
                return
            if pull.base == self._milestone.branch or pull.base not in self._owners:
                return
            number = self._owners[pull.base]

    def _below(self, number: str) -> set[str]:
        below, left = set[str](), list(self._milestone.by_number[number].depends_on)
        while left:
            name = left.pop()
            if name not in below:
                below.add(name)
                left += self._milestone.by_number[name].depends_on
        return below
