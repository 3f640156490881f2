"""What records are held against, and what more than one of the checks asks of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...model import Passed, Proposed, Step

if TYPE_CHECKING:
    from ...adapters.git import Git
    from ...model import Milestone, PullRequest
    from ...store import State


@dataclass(frozen=True, slots=True)
class Ground:
    """What records are held against: the branches here and on the remote, and the pull requests."""

    milestone: Milestone
    state: State
    git: Git
    here: dict[str, str]
    there: dict[str, str]
    pulls: tuple[PullRequest, ...]
    epic: str


Check = Callable[[Ground], Iterator[str]]
"""Yields what the records say and the ground does not."""


def finished(ground: Ground, number: str) -> bool:
    """Return whether an issue came through its review, or its pull request was merged."""
    markers = ground.state.markers
    proposed = markers.evidence(f"{number}:{Step.PR}", Proposed)
    return markers.read(f"{number}:{Step.REVIEW_GATE}") is not None or bool(proposed and proposed.state == "merged")


def rests_on(ground: Ground, gate: str, passed: Passed | None) -> Iterator[str]:
    """Yield the decisions by which a gate was passed and that are not there."""
    known = {decision.id: decision for decision in ground.state.decisions.all()}
    for number in passed.decisions if passed else ():
        if number not in known or known[number].gate != gate:
            yield f"{gate} was passed by decision {number}, which is not there"
