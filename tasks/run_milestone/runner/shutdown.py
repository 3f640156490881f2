"""Leave pull requests as drafts when a run is stopped, and list what is saved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..core.fs import shown
from ..core.units import count
from ..model import Proposed, Step
from ..store import State

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..adapters.forge import Forge
    from ..model import Issue, Milestone, PullRequest


DRAFTED = "ready for review (a panic made it a draft)"
"""The input by which a marker says that its pull request is to be made ready again."""


def leave_drafts(milestone: Milestone, state: State, forge: Forge) -> list[str]:
    """Make every open pull request of the milestone a draft; the next run makes ready again those it had made."""
    return list(_drafts(milestone, state, forge))


def _drafts(milestone: Milestone, state: State, forge: Forge) -> Iterator[str]:
    issues = {state.registry.branch(milestone, issue): issue for issue in milestone.issues}
    for pull in forge.pulls(*issues):
        if pull.head in issues and pull.state == "open" and not pull.draft:
            _remember(state, issues[pull.head], pull)
            forge.set_draft(pull.number, draft=True)
            yield f"✓ PR #{pull.number} is a draft until the next run"


def _remember(state: State, issue: Issue, pull: PullRequest) -> None:
    """Note in the step's marker, before the draft is made, that the step has to run again."""
    name = f"{issue.number}:{Step.PR}"
    marker = state.markers.read(name)
    proposed = state.markers.evidence(name, Proposed)
    if marker is not None and proposed is not None and proposed.number == pull.number:
        state.correct(name, {**marker.inputs, DRAFTED: "no"}, proposed)


def saved(milestone: Milestone, state: State) -> list[str]:
    """Tell what a stopped run leaves: everything it had recorded."""
    done = sum(state.markers.read(f"{issue.number}:{step}") is not None for issue in milestone.issues for step in Step)
    decisions, gates = len(state.decisions.all()), len(state.gates.all())
    kept = f"{count(done, 'finished step')}, {count(decisions, 'decision')}, {count(gates, 'open question')}"
    return [f"✓ Saved in {shown(state.folder)}/: {kept}", f"`run-milestone {milestone.id}` goes on from there."]
