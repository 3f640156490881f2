"""Know when commands ran without a sandbox: an approval that came in meanwhile may be theirs."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from ..model import Step
from .graph import BOOTSTRAP

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..model import Approval
    from .graph import Node

BEGAN, ENDED = "unboxed began", "unboxed ended"
"""Events of the journal around a task that starts untrusted commands without a sandbox."""
_START = {Step.IMPLEMENT, Step.LINT, Step.TEST, Step.INSPECT, Step.REVIEW}
Span = tuple[int, int | None]
"""Nanoseconds since 1970, from and to; None where it did not end yet."""


def starts_commands(node: Node) -> bool:
    """Return whether a task starts commands that a tree can steer."""
    return node.step in _START or node.name == BOOTSTRAP


def spans(entries: Iterable[dict[str, Any]]) -> list[Span]:
    """Return when such commands ran, from the journal. A run that was killed ends them, with the next one's start."""
    open_: dict[str, int] = {}
    closed: list[Span] = []
    for entry in entries:
        event, task, at = entry.get("event"), str(entry.get("task")), _nanoseconds(str(entry.get("at")))
        if event == BEGAN:
            open_[task] = at
        elif event == ENDED and task in open_:
            closed.append((open_.pop(task), at))
        elif event == "run started":
            closed += [(began, at) for began in open_.values()]
            open_.clear()
    return [*closed, *((began, None) for began in open_.values())]


def refusal(approval: Approval, when: Iterable[Span]) -> str | None:
    """Return why an approval file cannot be told from one that a command wrote, None where it can."""
    came = approval.came
    if came and any(began <= came and (ended is None or came <= ended) for began, ended in when):
        return (
            "it was written while an agent or tests ran without a sandbox, which could have written it; touch it again"
        )
    return None


def _nanoseconds(at: str) -> int:
    try:
        return int(datetime.fromisoformat(at).timestamp() * 1_000) * 1_000_000
    except ValueError:
        return 0
