"""What every step works from: one issue, what earlier steps found, and the hands to reach outside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from ..core.errors import DamagedStateError
from ..model import AgentSpec, BranchMade, Decision, Implemented, Step, Verb
from ..policy.gating import asks_for_work

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from ..adapters import Hands
    from ..model import Issue, Milestone, World
    from ..store import State

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Job:
    """One issue in one run. `tree` is where its files are laid out, `branch` its branch's name."""

    milestone: Milestone
    issue: Issue
    branch: str
    reach: Callable[[], Hands]
    """Gives the hands; only a run that has begun has any."""
    world: World | None
    """What the remote and the forge said at the run's start; None where nobody asked them."""
    state: State
    plan_folder: Path
    tree: Path
    index: str
    """Names the index that the tree is laid out with: the issue's number, or one for all."""
    head: str | None
    """The commit the branch is at, None before it exists."""
    heads: Mapping[str, str]
    """The local branches and their commits."""
    decisions: tuple[Decision, ...]
    """The decisions about this issue, in order."""
    marks: tuple[str, ...]
    """What binds commits to this issue: its mark, and those of the numbers it had."""
    attempting: Callable[[str], None]
    """Told the issue's number before an agent is asked, so that the attempt counts however it ends."""
    unreviewed: str | None = None
    """Who leaves out code review in this run, None where nobody does."""
    one_tree: bool = False
    """Whether all issues share the tree, and people work in their own checkout."""
    known_failures: tuple[str, ...] = ()
    """Tests that failed on the base before any work; they do not count."""

    @property
    def hands(self) -> Hands:
        """What the step reaches outside with."""
        return self.reach()

    def found(self, step: Step, shape: type[T]) -> T:
        """Return the evidence an earlier step left."""
        evidence = self.state.markers.evidence(f"{self.issue.number}:{step}", shape)
        if evidence is None:
            raise DamagedStateError(
                f"The marker of {self.issue.number}:{step} is gone while later steps run.",
                "Run the same command again.",
            )
        return evidence

    @property
    def counted_from(self) -> str | None:
        """The commit that the issue's change is counted from, as recorded; None before there is a branch."""
        return counted_from(self.state, self.issue.number)

    @property
    def base(self) -> str:
        """The commit that the issue's change is counted from."""
        return self.counted_from or self.found(Step.BRANCH, BranchMade).base

    @property
    def agent(self) -> AgentSpec:
        """Who implements this issue."""
        return self.issue.agent or self.milestone.agent

    @property
    def reworks(self) -> tuple[Decision, ...]:
        """The decisions that ask for another attempt at the implementation."""
        return tuple(decision for decision in self.decisions if asks_for_work(decision))

    @property
    def rework(self) -> Decision | None:
        """The decision that the work is done after; a retry asks for the same as before it. None: it is the first."""
        asked = (decision for decision in reversed(self.reworks) if decision.verb is not Verb.RETRY)
        return next(asked, None)

    @property
    def attempt(self) -> int:
        """Which attempt at the implementation this is, from 1, over all runs."""
        return 1 + len(self.reworks)

    @property
    def afresh(self) -> bool:
        """Whether this attempt starts from the base: it is the first, or one that throws the others' work away."""
        return self.rework is None or self.rework.verb is Verb.RESTART

    @property
    def mark(self) -> str:
        """What binds commits and pull requests to this issue: `m4.1/03`."""
        return f"{self.milestone.id}/{self.issue.number}"

    @property
    def label(self) -> str:
        """The issue's reference in titles: `(#297)`, or `(03)` where the forge has no issue for it."""
        return f"(#{self.issue.github})" if self.issue.github else f"({self.issue.number})"


def counted_from(state: State, issue: str) -> str | None:
    """Return the commit that an issue's change is counted from, as recorded; None before there is a branch.

    An attempt that merged its base in (a conflict was resolved) counts from there, until the branch is looked at again.
    """
    made = state.markers.evidence(f"{issue}:{Step.BRANCH}", BranchMade)
    done = state.markers.evidence(f"{issue}:{Step.IMPLEMENT}", Implemented)
    if made is not None and done is not None and done.base and done.head != made.work:
        return done.base
    return made.base if made else None
