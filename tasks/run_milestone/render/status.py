"""How a milestone stands: what `status` and `gates` print, and their JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..core.serialize import plain
from ..core.units import count
from ..model import Kind
from ..policy.graph import BOOTSTRAP, COMPLETE, PLAN_REVIEW, phase_name
from ..store.issue_status import issue_statuses
from ..store.summary import summarise
from .gate import decide_commands
from .phrases import found_at, headline, wanted

if TYPE_CHECKING:
    from ..model import Gate, Milestone
    from ..store import State

_SIGN = {"done": "✓", "skipped": "⏭", "waiting": "🛑", "open": "·"}


def status_text(milestone: Milestone, state: State) -> str:
    """Return one line per issue, then how the whole stands."""
    facts, told = summarise(milestone, state), issue_statuses(milestone, state)
    begun = state.markers.read(BOOTSTRAP) is not None
    asked = {gate.gate: headline(gate.kind, gate.findings) for gate in state.gates.all()}
    lines = [f"Milestone {milestone.id}: {milestone.title} — {facts['status'] if begun else 'not started'}", ""]
    for phase in milestone.phases:
        passed = next(entry["approved"] for entry in facts["phases"] if entry["number"] == phase.number)
        lines.append(f"Phase {phase.number}: {phase.title}{' (approved)' if passed else ''}")
        lines += [_line(story, asked.get(story.number)) for story in told if story.phase == phase.number]
    done, left_out = facts["issues"]["completed"], facts["issues"]["skipped"]
    lines += [
        "",
        f"{count(len(told), 'issue')}: {done} completed, {left_out} skipped, {len(told) - done - left_out} open",
    ]
    world = state.remembered()
    lines.append(f"Remote and forge last asked: {world.asked if world else 'never'}")
    if facts["waiting"]:
        lines.append(f"Waiting for decisions: {', '.join(facts['waiting'])} (`run-milestone gates {milestone.id}`)")
    return "\n".join(lines) + "\n"


def _line(story: Any, asked: str | None) -> str:
    notes = [
        f"PR #{story.pr}" if story.pr else "",
        story.verdict or "",
        "landed" if story.merged else "",
        ", ".join(story.labels),
        story.reason or "",
        asked or "",
    ]
    told = " · ".join(note for note in notes if note)
    return f"  {_SIGN[story.status]} #{story.number} {story.title}" + (f" — {told}" if told else "")


def statuses(milestone: Milestone, state: State) -> dict[str, str]:
    """Return how each issue and each task of the milestone itself stands: done, skipped, waiting or open."""
    told = {story.number: story.status for story in issue_statuses(milestone, state)}
    waiting = {gate.gate for gate in state.gates.all()}
    own = [BOOTSTRAP, PLAN_REVIEW, *(phase_name(phase.number) for phase in milestone.phases), COMPLETE]
    done = {name: "done" if state.markers.read(name) else "open" for name in own}
    return {**told, **{name: "waiting" if name in waiting else status for name, status in done.items()}}


def gates_text(milestone: Milestone, state: State) -> str:
    """Return every open gate with the commands that answer it."""
    blocks = [_gate(milestone, gate, shared=state.is_shared) for gate in state.gates.all()]
    return "\n".join(blocks) or f"No gate of {milestone.id} waits for a decision.\n"


def _gate(milestone: Milestone, gate: Gate, *, shared: bool) -> str:
    """Return a question as a run puts it: what was found, where, and the commands that answer it."""
    head = f"{gate.gate}: {headline(gate.kind, gate.findings)} (since {gate.opened})"
    found = (f"  - {found_at(finding)}" for finding in gate.findings)
    issue = next((issue for issue in milestone.issues if issue.number == gate.gate), None)
    work = wanted(issue) if issue and gate.kind is Kind.HUMAN else []
    lines = [head, *found, *(f"  {line}" for line in work)]
    return "\n".join([*lines, *decide_commands(milestone.id, gate, shared=shared), ""])


def gates_json(milestone: Milestone, state: State) -> list[dict[str, Any]]:
    """Return the open gates as in their files, each with its commands."""
    offered = ((gate, decide_commands(milestone.id, gate, shared=state.is_shared)) for gate in state.gates.all())
    return [{**plain(gate), "commands": [command.strip() for command in commands]} for gate, commands in offered]
