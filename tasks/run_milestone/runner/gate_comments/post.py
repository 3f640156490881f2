"""Post a gate's question as a comment, once, and edit that comment when the question is closed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...core.errors import OutsideError
from ...model import Asked, Proposed, Step
from ...policy.gating import question_key
from ...render import gate_comments as words

if TYPE_CHECKING:
    from ...adapters.forge import Forge
    from ...model import Decision, Gate, Milestone
    from ...render.console import Console
    from ...store import State


class Poster:
    """The questions of one milestone on its forge."""

    def __init__(self, milestone: Milestone, state: State, forge: Forge, console: Console) -> None:
        """Post for a milestone, and print on the console where."""
        self._milestone = milestone
        self._state = state
        self._forge = forge
        self._console = console
        self._issues = {issue.number: issue for issue in milestone.issues}
        self._is_local = milestone.forge == "local"
        self._milestone_issue: int | None = None

    def post(self, gate: Gate) -> None:
        """Post a question unless it is posted; the gate's question before it is closed."""
        known, key = self._state.asked.read(gate.gate), question_key(gate)
        if known is not None and known.key == key:
            return
        if known is not None:
            self.close(known)
        thread = self._thread(gate)
        if thread is None:
            return
        mark = words.question_mark(self._milestone, gate.gate, key)
        posted = [comment for comment in self._forge.comments(thread) if comment.writer and mark in comment.body]
        update = posted[-1].id if posted else None
        comment = self._forge.comment(
            thread, words.question(self._state.with_teams(self._milestone), gate), update=update
        )
        self._state.asked.note(Asked(gate.gate, key, thread, comment.id))
        if not self._is_local:
            self._console.say([words.posted(thread)])

    def post_again(self, asked: Asked) -> None:
        """Post a question again whose comment was deleted, because what is not shown cannot be answered."""
        self._state.asked.drop(asked.gate)
        gate = self._state.gates.read(asked.gate)
        if gate is not None:
            self.post(gate)

    def close(self, asked: Asked) -> None:
        """Say in a question's comment how it was answered, or that it is not asked any more."""
        text = words.closed(self._milestone, asked.gate, asked.key, self._answers(asked))
        if any(comment.id == asked.comment for comment in self._forge.comments(asked.thread)):
            self._forge.comment(asked.thread, text, update=asked.comment)
        self._state.asked.drop(asked.gate)

    def _answers(self, asked: Asked) -> list[Decision]:
        """Return the newest decision about what was asked, else that about each question which it put together."""
        made = [one for one in self._state.decisions.all() if one.gate == asked.gate]
        if whole := [one for one in made if question_key(one) == asked.key]:
            return whole[-1:]
        beginning = asked.key.partition("-")[0]
        opened = (one for one in self._state.journal.entries() if one.get("gate") == asked.gate)
        put_together = {
            one
            for entry in opened
            if str(entry.get("digest")).startswith(beginning)
            for one in entry.get("digests", ())
        }
        return list({one.digest: one for one in made if one.digest in put_together}.values())

    # ---- where ------------------------------------------------------------------------------------------------

    def _thread(self, gate: Gate) -> int | None:
        """Return where a gate is asked: the issue's pull request, else its issue, else the milestone's own issue."""
        issue = self._issues.get(gate.gate)
        if issue is None:
            return self._milestone_thread()
        proposed = self._state.markers.evidence(f"{issue.number}:{Step.PR}", Proposed)
        if proposed is not None and proposed.number:
            return proposed.number
        return issue.github if issue.github and self._exists(issue.github) else self._milestone_thread()

    def _exists(self, number: int) -> bool:
        """Return whether a forge in files has this issue; a forge on the network is trusted to."""
        if self._is_local:
            try:
                self._forge.comments(number)
            except OutsideError:
                return False
        return True

    def _milestone_thread(self) -> int | None:
        """Return the milestone's own issue; a forge in files, which notifies no one, gets none by itself."""
        if self._milestone_issue is None:
            title, mark = self._milestone.title, words.tracking_mark(self._milestone)
            number = next((issue.number for issue in self._forge.issues(title) if mark in issue.body), None)
            self._milestone_issue = number if number or self._is_local else self._make_issue(title)
        return self._milestone_issue

    def _make_issue(self, title: str) -> int:
        self._forge.ensure_milestone(title)
        name, body = words.tracking_title(self._milestone), words.tracking_body(self._milestone)
        return self._forge.create_issue(title=name, body=body, milestone=title).number
