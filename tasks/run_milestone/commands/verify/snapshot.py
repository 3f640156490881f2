"""The branches and pull requests that records are compared with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ...model import Passed, Proposed, Step

if TYPE_CHECKING:
    from ...adapters.git import Git
    from ...model import Milestone, World
    from ...store import State


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A milestone with its state, the branches here, and what the remote and the forge say."""

    milestone: Milestone
    state: State
    git: Git
    local: dict[str, str]
    world: World
    epic: str
    changes: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """The identity of the change between two commits."""


def finished(snapshot: Snapshot, number: str) -> bool:
    """Return whether an issue passed its review, or its pull request was merged."""
    markers = snapshot.state.markers
    proposed = markers.evidence(f"{number}:{Step.PR}", Proposed)
    return markers.read(f"{number}:{Step.REVIEW_GATE}") is not None or bool(proposed and proposed.state == "merged")


def rests_on(snapshot: Snapshot, gate: str, passed: Passed | None) -> Iterator[str]:
    """Yield the decisions that a passed gate rests on and that are missing."""
    known = {decision.id for decision in snapshot.state.decisions.at(gate)}
    for number in passed.decisions if passed else ():
        if number not in known:
            yield f"{gate} was passed by decision {number}, which is missing"
