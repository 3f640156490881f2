"""Explain why each task would run now, or why not, from local records."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..core.errors import DamagedStateError, UsageError
from ..model import Implemented, Kind, Step
from ..policy.topics import answers_to
from ..render.console import Console
from ..runner.plan_changes import foretold
from ..runner.session import Session

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..model import Gate, Milestone
    from ..plan.project import Project
    from ..policy.graph import Node


def explain(project: Project, milestone: Milestone, asked: str) -> str:
    """Return a line per task, or only for an issue (`03`) or a task (`03:test`, `m4.1:03:test`)."""
    asked = asked.removeprefix(f"{milestone.id}:")
    session = Session(project, milestone, Console())
    nodes = [node for node in session.nodes.values() if not node.group and _wanted(node, asked)]
    if not nodes:
        raise UsageError(f"{milestone.id} has no task {asked!r}.", f"`run-milestone why {milestone.id}` lists all.")
    with session.looking():
        lines = [f"{milestone.id}:{line}" for line in _lines(session, nodes)]
    return "\n".join([*foretold(milestone, session.store), *lines, ""])


def _wanted(node: Node, asked: str) -> bool:
    number, _, step = asked.partition(":")
    name = ":".join(filter(None, (f"{number:0>2}" if number.isdigit() else number, step)))
    return not asked or name in {node.name, node.issue}


def reasons(session: Session, nodes: Iterable[Node]) -> Iterator[tuple[str, str]]:
    """Yield the tasks that would run, each with the reason."""
    held_up: set[str] = set()
    for node in nodes:
        before = next((name for name in node.after if name in held_up), None)
        reason = _reason(session, node, before)
        if reason is not None:
            held_up.add(node.name)
            yield node.name, reason


def _lines(session: Session, nodes: list[Node]) -> Iterator[str]:
    due = dict(reasons(session, nodes))
    for node in nodes:
        settled = session.settled(node.issue) if node.issue else None
        yield (
            f"{node.name}: will run: {due[node.name]}"
            if node.name in due
            else f"{node.name}: done" + (f", because {settled}" if settled else "")
        )


def _reason(session: Session, node: Node, before: str | None) -> str | None:
    """Return why a task will run. Where an earlier one runs first, its outcome decides.

    A barrier or review that runs again delays an issue, but changes none of its inputs.
    """
    gate = session.store.gates.read(node.issue or node.name)
    only_later = before is not None and session.nodes[before].issue is None and node.issue is not None
    if before is not None and not only_later:
        return f"{before} comes first" if session.is_needed(node) else None
    try:
        verdict = session.check(node)
        reason = verdict.why if verdict.run else None
    except DamagedStateError as error:
        return str(error)
    if only_later and reason is not None:
        return f"{before} comes first"
    if gate is None or reason is None:
        return reason
    return _committed(session, node, gate) or f"gate {gate.gate} waits for {' | '.join(answers_to(gate))}"


def _committed(session: Session, node: Node, gate: Gate) -> str | None:
    """Return a reason if a person made the commits that the gate waits for."""
    if gate.kind is not Kind.HUMAN or node.step is not Step.IMPLEMENT or node.issue is None:
        return None
    waited = session.store.markers.evidence(node.name, Implemented)
    head = session.ctx.branches.heads.get(session.ctx.branch(session.ctx.issues[node.issue]))
    return "the commits that it waited for are there" if waited and head not in {None, waited.head} else None
