"""asking: a gate's question as a comment, once, where people talk about it; and what it becomes when it is answered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...core.errors import OutsideError
from ...model import Asked, Proposed, Step
from ...render import gate_comments

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ...adapters.forge import Forge
    from ...model import Decision, Gate, Milestone
    from ...store import State


class Asking:
    """The questions of one milestone on its forge."""

    def __init__(self, milestone: Milestone, state: State, forge: Forge, say: Callable[[Iterable[str]], None]) -> None:
        """Ask about a milestone; `say` tells the terminal where."""
        self._milestone = milestone
        self._state = state
        self._forge = forge
        self._say = say
        self._issues = {issue.number: issue for issue in milestone.issues}
        self._is_local = milestone.forge == "local"
        self._own_issue: int | None = None

    def put(self, gate: Gate) -> None:
        """Put a question where it is not yet; the one before it, of the same gate, is closed."""
        known, key = self._state.asked.read(gate.gate), gate_comments.key(gate)
        if known is not None and known.key == key:
            return
        if known is not None:
            self.close(known)
        thread = self._thread(gate)
        if thread is None:
            return
        mark = gate_comments.question_mark(self._milestone, gate.gate, key)
        there = [comment for comment in self._forge.comments(thread) if comment.writer and mark in comment.body]
        update = there[-1].id if there else None
        posted = self._forge.comment(thread, gate_comments.question(self._milestone, gate), update=update)
        self._state.asked.note(Asked(gate.gate, key, thread, posted.id))
        if not self._is_local:
            self._say([f"→ Also asked in a comment on #{thread}"])

    def put_again(self, asked: Asked) -> None:
        """Put a question again whose comment somebody deleted: what is not shown cannot be answered."""
        self._state.asked.drop(asked.gate)
        gate = self._state.gates.read(asked.gate)
        if gate is not None:
            self.put(gate)

    def close(self, asked: Asked) -> None:
        """Say in a question's comment how it was answered, or that it is not asked any more."""
        decisions = self._state.decisions.all()
        answer = next((one for one in reversed(decisions) if one.gate == asked.gate and _key(one) == asked.key), None)
        text = gate_comments.closed(self._milestone, asked.gate, asked.key, answer)
        if any(comment.id == asked.comment for comment in self._forge.comments(asked.thread)):
            self._forge.comment(asked.thread, text, update=asked.comment)
        self._state.asked.drop(asked.gate)

    # ---- where ------------------------------------------------------------------------------------------------

    def _thread(self, gate: Gate) -> int | None:
        """Return where a gate is asked: the issue's pull request, else its issue, else the milestone's own issue."""
        issue = self._issues.get(gate.gate)
        if issue is None:
            return self._tracking()
        proposed = self._state.markers.evidence(f"{issue.number}:{Step.PR}", Proposed)
        if proposed is not None and proposed.number:
            return proposed.number
        return issue.github if issue.github and self._exists(issue.github) else self._tracking()

    def _exists(self, number: int) -> bool:
        """Return whether a forge in files has this issue; one on the network says so itself."""
        if self._is_local:
            try:
                self._forge.comments(number)
            except OutsideError:
                return False
        return True

    def _tracking(self) -> int | None:
        """Return the milestone's own issue; a forge in files, which nobody is told of, gets none by itself."""
        if self._own_issue is None:
            title, mark = self._milestone.title, gate_comments.tracking_mark(self._milestone)
            found = next((issue.number for issue in self._forge.issues(title) if mark in issue.body), None)
            self._own_issue = found if found or self._is_local else self._make_issue(title)
        return self._own_issue

    def _make_issue(self, title: str) -> int:
        self._forge.ensure_milestone(title)
        name, body = gate_comments.tracking_title(self._milestone), gate_comments.tracking_body(self._milestone)
        return self._forge.create_issue(title=name, body=body, milestone=title).number


def _key(decision: Decision) -> str:
    return f"{(decision.digest or '')[:16]}-{decision.attempt}"
